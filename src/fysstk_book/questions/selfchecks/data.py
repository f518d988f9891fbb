"""Self-checks of the chapter on data."""

from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck


def _cross(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw an oblique cross of four points, whose principal components are the diagonals, and one new point."""
    a, b = nice(rng, low=2.0, high=4.0), nice(rng, low=0.5, high=1.5)
    arms = np.array([[a, a], [-a, -a], [b, -b], [-b, b]])
    return (arms + rng.integers(1, 5, size=2)).round(1), nice(rng, 1, 2, low=0.5, high=6.0)


def _with_gaps(rng: np.random.Generator) -> tuple[Any, ...]:
    X = rng.integers(1, 9, size=(4, 2)).astype(float)
    X[int(rng.integers(0, 4)), 0] = np.nan
    X[int(rng.integers(0, 4)), 1] = np.nan
    return X, rng.integers(1, 9, size=(1, 2)).astype(float)


def _products(rng: np.random.Generator) -> tuple[Any, ...]:
    X = rng.integers(-1, 5, size=(3, 3)).astype(float)
    return (X @ X.T,)


SELFCHECKS = (
    selfcheck(
        "data-scale",
        r"The training set $X$ has four samples (rows) of two features (columns), and two gaps. Scale the test sample $x$ with "
        r"the means and the standard deviations of the known values of the training set (divide by their number, not by one "
        r"less). Give its two scaled features.",
        "X, x",
        draw=_with_gaps,
        part=lambda result: result[1],
        say={
            "divided by n - 1 in the standard deviation": "The question asks for their number itself.",
            "scaled the test set with its own numbers": "A single new sample has no standard deviation. Which numbers are "
            "known when the network is used?",
            "put zeros into the gaps before scaling": "Zero may be far from all values of a feature. Leave the gaps out.",
        },
    ),
    selfcheck(
        "data-variances",
        r"$G$ holds the scalar products of three samples with each other, $G_{ij} = x_i\cdot x_j$, as they were measured: their "
        r"mean is not zero. Give the two largest variances of the principal components (divide by $n - 1$), the largest first.",
        "G",
        draw=_products,
        say={
            "divided by n instead of n - 1": "The question asks for n - 1, as the book's covariance has it.",
            "returned the smallest first": "The largest is asked for first. (NumPy's `eigvalsh` sorts the other way "
            "round.)",
        },
        least=0.1,
    ),
    selfcheck(
        "data-whiten",
        r"The rows of $X$ are the training set; its covariance matrix $\Sigma$ has $n - 1$. A symmetric matrix $W$ with positive "
        r"eigenvalues whitens it, $W\Sigma W = I$. What becomes of the new sample $x$, which is a row: subtract the mean, and "
        r"multiply by $W$?",
        "X, x",
        draw=_cross,
        say={
            "divided by the variance instead of its root": "The variance along a principal component becomes 1 if the "
            "component is divided by its standard deviation.",
            "divided by n instead of n - 1": "The question asks for n - 1.",
            "subtracted the mean of the new data": "One new sample minus its own mean is zero, whatever it is. The mean "
            "is fitted on the training set.",
        },
    ),
    selfcheck(
        "data-shift",
        r"Move the picture $I$ by $d$ rows down and $r$ columns to the right (negative numbers: up and left). The ink of a "
        r"pixel moves with it, and is divided among the pixels that it then covers, in proportion to the area. What comes in from "
        r"outside is 0. Give the moved picture, with three rows of three pixels.",
        "I, d, r",
        draw=lambda rng: (
            rng.permutation(np.arange(1.0, 10.0)).reshape(3, 3),
            float(rng.choice([-0.5, 0.5, 0.2, -0.2])),
            float(rng.choice([-1, 1, -0.5, 0.5])),
        ),
        say={
            "let the picture come in again on the other side": "What comes in from outside has to be 0.",
            "exchanged the two directions": "Down is from row to row, and right is from column to column.",
            "moved the other way": "The first row is at the top: moving down brings it to the second.",
            "cut negative moves off towards zero": "A move by -0.5 lies between -1 and 0, not between 0 and 1.",
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
