"""Self-checks of the chapter on irises."""

from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import typeset


def _answers(rng: np.random.Generator) -> tuple[Any, ...]:
    outputs = np.array([rng.permutation(np.arange(2, 10))[:2] for _ in range(6)]) / 10
    y = np.where(rng.random(6) < 0.6, outputs.argmax(axis=1), rng.integers(0, 2, size=6))
    return y, outputs, float(rng.choice([0.6, 0.7]))


def _two_networks(rng: np.random.Generator) -> tuple[Any, ...]:
    a = (rng.random(8) < 0.7).astype(int)
    b = np.where(rng.random(8) < 0.6, a, 1 - a)
    a[:2], b[:2] = (1, 0), (0, 0)
    order = rng.permutation(8)
    return a[order], b[order]


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
        r"Six samples belong to the classes $y$. The rows of $A$ are the two outputs of a network for each of them. It answers "
        r"with the class whose output is largest, and refuses if that output is less than $m$. Give the $2\times3$ confusion "
        r"matrix, with the true class in the rows and the refusals in the last column.",
        "y, A, m",
        draw=_answers,
        say={
            "each pair was counted once, however often it occurs": "Each sample adds 1 to its element, however many have "
            "done so before.",
            "let the network answer always": "Where the largest output is less than m, there is no answer.",
            "refused an output that is exactly as large as asked for": "Only what is less than m is refused.",
        },
    ),
    selfcheck(
        "iris-scale",
        r"A node was trained with two scaled inputs $(x_i - \mu_i)/\sigma_i$, with the means $\mu$ and the deviations $\sigma$; its "
        r"weights are $w$, its bias is $b$. Give the weights and the bias of a node that has the same $z$ for the unscaled "
        r"$x$, in the order $w_1, w_2, b$.",
        lambda W, b, mean, deviation: (
            rf"For $w = {typeset(W[:, 0])}$, $b = {typeset(b)}$, $\mu = {typeset(mean)}$ and $\sigma = {typeset(deviation)}$:"
        ),
        draw=lambda rng: (
            nice(rng, 2, 1),
            nice(rng, 1),
            nice(rng, 2, low=0.5, high=6.0),
            nice(rng, 2, low=0.2, high=3.0),
        ),
        part=lambda result: [*result[0][:, 0], result[1][0]],
    ),
    selfcheck(
        "iris-recall",
        r"The confusion matrix $N$ has the true class in the rows. In a field the three species have the shares $\pi$, and "
        r"the network makes its mistakes there as often as in the test, species by species. What is the precision of the "
        r"answer 2 in that field (the second row and column)?",
        r"N, \pi",
        draw=lambda rng: (
            rng.integers(1, 9, size=(3, 3)) + np.diag(rng.integers(5, 40, size=3)),
            rng.permutation([0.1, 0.3, 0.6]),
        ),
        part=lambda result: result[1],
    ),
    selfcheck(
        "iris-uncertainty",
        r"Two networks A and B see the same eight flowers. In $a$ and $b$ a 1 stands where the network is right, a 0 where it "
        r"is wrong. Give the accuracy of A minus that of B, and the standard deviation of this difference (variances of a "
        r"sample divided by $n$).",
        "a, b",
        draw=_two_networks,
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
