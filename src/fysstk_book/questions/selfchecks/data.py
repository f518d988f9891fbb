"""Self-checks of the chapter on data."""

from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck


def _cross(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw a cross of four points whose principal components are the axes, and one new point."""
    a, b = nice(rng, low=2.0, high=4.0), nice(rng, low=0.5, high=1.5)
    centre = rng.integers(1, 5, size=2)
    arms = np.array([[a, 0.0], [-a, 0.0], [0.0, b], [0.0, -b]])[:, :: int(rng.choice([-1, 1]))]
    return (arms + centre).round(1), nice(rng, 1, 2, low=0.5, high=6.0), 1


SELFCHECKS = (
    selfcheck(
        "data-scale",
        r"The training set $X$ has three samples (rows) of two features (columns). Scale the test sample $x$ with the means "
        r"and the standard deviations of the training set (divide by $n$, not by $n - 1$). Give its two scaled features.",
        "X, x",
        draw=lambda rng: (
            rng.integers(1, 9, size=(3, 2)).astype(float),
            rng.integers(1, 9, size=(1, 2)).astype(float),
        ),
        part=lambda result: result[1],
        say={
            "divided by n - 1 in the standard deviation": "The question asks for n.",
            "took one mean and one deviation for all features": "Each feature has its own unit, and so its own mean and deviation: one for each column.",
            "scaled the test set with its own numbers": "A single new sample has no standard deviation. Which numbers are "
            "known when the network is used?",
        },
    ),
    selfcheck(
        "data-variances",
        r"The rows of $X$ are samples. Give the two variances of the principal components (divide by $n - 1$), the largest first.",
        "X",
        draw=lambda rng: (rng.integers(0, 7, size=(3, 2)).astype(float),),
        say={
            "divided the features by their deviations first": "The question asks for the components of the data as they are.",
            "divided by n instead of n - 1": "The question asks for n - 1, as the book's covariance has it.",
            "returned the smallest first": "The largest is asked for first. (NumPy's `eigvalsh` sorts the other way "
            "round.)",
            "returned the singular values": "A variance is a square: the square of the singular value over n - 1.",
        },
        least=0.1,
    ),
    selfcheck(
        "data-whiten",
        r"The rows of $X$ are the training set. Whiten the new sample $x$: subtract the mean, project on the first "
        r"principal component, and divide by its standard deviation (with $n - 1$), everything fitted on the training set. "
        r"What is the absolute value of the result?",
        "X, x, -",
        draw=_cross,
        part=np.abs,
        say={
            "divided by the variance instead of its root": "A whitened component has the variance 1 on the training set: "
            "divide by the root of the variance.",
            "divided by the singular values": "A singular value grows with the number of samples; the standard deviation "
            "is the singular value over the root of n - 1.",
            "subtracted the mean of the new data": "One new sample minus its own mean is zero, whatever it is. The mean "
            "is fitted on the training set.",
        },
    ),
    selfcheck(
        "data-shift",
        r"Move the picture $I$ by $d$ rows down and $r$ columns to the right (negative numbers: up and left). What comes in "
        r"from outside is 0. Give the moved picture, with three rows of three pixels.",
        "I, d, r",
        draw=lambda rng: (
            rng.permutation(np.arange(1.0, 10.0)).reshape(3, 3),
            int(rng.choice([-1, 1])),
            int(rng.choice([-1, 1, 0])),
        ),
        say={
            "let the picture come in again on the other side": "What comes in from outside has to be 0.",
            "exchanged the two directions": "Down is from row to row, and right is from column to column.",
            "moved the other way": "The first row is at the top: moving down brings it to the second.",
        },
    ),
    selfcheck(
        "data-coins",
        r"$K$ classifiers toss a coin for each of $n$ test samples, independently. What is the expected accuracy of the "
        r"best of them?",
        "K, n",
        draw=lambda rng: (int(rng.integers(2, 7)), int(rng.integers(1, 4))),
        say={
            "used the bound for Gaussian errors": "That is an upper bound, and one for Gaussians. The exact answer is "
            "smaller."
        },
    ),
)
