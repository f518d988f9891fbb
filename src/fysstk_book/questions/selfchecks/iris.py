"""Self-checks of the chapter on irises."""

from typing import Any

import numpy as np

from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import typeset


def _answers(rng: np.random.Generator) -> tuple[Any, ...]:
    y = rng.permutation([0, 0, 0, 0, 1, 1, 1])
    return y, np.where(rng.random(7) < 0.6, y, 1 - y), 2


def _flowers(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw three flowers of each of two classes, and three to be classified, with two features each."""
    while True:
        X, X_test = rng.integers(0, 8, size=(6, 2)), rng.integers(0, 8, size=(3, 2))
        means = np.array([X[:3].mean(axis=0), X[3:].mean(axis=0)])
        distances = ((X_test - means[:, np.newaxis]) ** 2).sum(axis=2)
        gaps = distances[0] - distances[1]
        if np.abs(gaps).min() > 0.5 and gaps.min() < 0 < gaps.max():  # no ties, and both classes
            return X, np.repeat([0, 1], 3), X_test


SELFCHECKS = (
    selfcheck(
        "iris-confusion",
        r"Seven samples belong to the classes $y$, and a network gives them the classes $k$. Give the $2\times2$ confusion "
        r"matrix, with the true class in the rows, as the book has it.",
        "y, k, -",
        draw=_answers,
        say={
            "each pair was counted once, however often it occurs": "Each sample adds 1 to its element, however many have "
            "done so before."
        },
    ),
    selfcheck(
        "iris-scale",
        r"The training part has one feature with the values $x$, the test part two flowers with the values $x'$. Scale the "
        r"test part by the mean and the standard deviation of the training part (divide by $n$). Give its two values.",
        lambda X, X_test: rf"For $x = {typeset(X[:, 0])}$ and $x' = {typeset(X_test[:, 0])}$:",
        draw=lambda rng: (
            rng.integers(1, 10, size=(4, 1)).astype(float),
            rng.integers(1, 10, size=(2, 1)).astype(float),
        ),
        part=lambda result: result[1],
        say={
            "forgot to subtract the mean": "The values have the right spread, but they are not centred.",
            "forgot to divide by the deviation": "The values are centred, but they still have their own spread.",
            "scaled the training part only": "A network that has learned on scaled values needs them scaled in the test "
            "as well.",
        },
    ),
    selfcheck(
        "iris-recall",
        r"The confusion matrix $N$ has the true class in the rows. Give the recall and the precision of class 1 (the second "
        r"row and column), in this order.",
        "N",
        draw=lambda rng: (rng.integers(1, 9, size=(3, 3)) + 10 * np.eye(3, dtype=int),),
        part=lambda result: [part[1] for part in result],
    ),
    selfcheck(
        "iris-uncertainty",
        r"A network has classified $k$ of $n$ test samples correctly. What is the standard deviation of its accuracy, as a "
        r"fraction?",
        "k, n",
        draw=lambda rng: (int(rng.integers(11, 19)), int(rng.choice([20, 25]))),
    ),
    selfcheck(
        "iris-nearest",
        r"The rows of $X_0$ and $X_1$ are the training samples of the classes 0 and 1. Give to each test sample, a row of "
        r"$X$, the class whose mean over the training samples is nearest (in Euclid's sense), and answer with the three "
        r"classes.",
        lambda X, y, X_test: (
            rf"For $X_0 = {typeset(X[y == 0])}$, $X_1 = {typeset(X[y == 1])}$ and $X = {typeset(X_test)}$:"
        ),
        draw=_flowers,
        few=True,
    ),
)
