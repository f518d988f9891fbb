"""Self-checks of the second chapter on handwritten digits."""

from typing import Any

import numpy as np

from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import number, typeset


def _images(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw three training images of each of two classes, and three test images, with two pixels each."""
    y = np.repeat([0, 1], 3)
    while True:
        X, X_test = (
            np.where(rng.random((n, 2)) < 0.2, 0.0, rng.integers(1, 10, size=(n, 2)) / 10) for n in (6, 3)
        )
        distances = np.abs(X_test.mean(axis=1) - np.array([[X[:3].mean()], [X[3:].mean()]]))
        gaps = distances[0] - distances[1]
        if np.abs(gaps).min() > 0.01 and gaps.min() < 0 < gaps.max():  # no ties, and both classes
            return X, y, X_test


def _of_both_classes(X: Any, y: Any, X_test: Any) -> str:
    return (
        rf"For the training images $X_0 = {typeset(X[y == 0])}$ of class 0, $X_1 = {typeset(X[y == 1])}$ of class 1, and "
        rf"the test images $X = {typeset(X_test)}$:"
    )


def _answers(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw the outputs for five images of three classes, some of them exactly at the limit."""
    outputs = rng.permuted(np.tile(np.arange(1, 10) / 10, (5, 1)), axis=1)[:, :3]
    return outputs, rng.integers(0, 3, size=5), 0.8


SELFCHECKS = (
    selfcheck(
        "nielsen-darkness",
        r"Images with two pixels belong to the classes 0 and 1; each row is an image. The rows of $X_0$ and $X_1$ are the training images of the two classes. Give to each test image, a row of $X$, the class whose mean darkness (the mean over all pixels of its training images) is closest to the image's own, and answer with the three classes.",
        _of_both_classes,
        draw=_images,
        few=True,
    ),
    selfcheck(
        "nielsen-spread",
        r"A node computes $z = \sum_i x_iw_i + b$ for an image with the pixels $x$. All weights and the bias are "
        r"independent, and drawn from $N(0, 1)$. What is the standard deviation of $z$?",
        "x",
        draw=lambda rng: (rng.integers(0, 11, size=int(rng.integers(3, 5))) / 10,),
    ),
    selfcheck(
        "nielsen-blank",
        r"Each row of $X$ is a training image, each column a pixel. The first hidden layer has $M_1$ nodes. How many of its "
        r"weights does gradient descent (without a penalty) leave as they are?",
        "X, M_1",
        draw=lambda rng: (
            (
                rng.integers(1, 10, size=(3, 5))
                * (rng.random((3, 5)) < 0.4)
                * (np.arange(5) != rng.integers(0, 5))
            )
            / 10,
            int(rng.integers(2, 9)),
        ),
    ),
    selfcheck(
        "nielsen-sure",
        r"A network has three outputs; it answers with the largest one, counted from 0, and only if that is at least "
        r"$\ell$. The rows of $A$ are its outputs for five images, and the entries of $k$ the right classes. Give the "
        r"fraction of the images that get an answer, and the fraction of these answers that is wrong.",
        lambda A, k, least: rf"For $A = {typeset(A)}$, $k = {typeset(k)}$ and $\ell = {number(least)}$:",
        draw=_answers,
        few=True,
    ),
)
