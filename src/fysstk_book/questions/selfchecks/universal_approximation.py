"""Self-checks of the chapter on what one hidden layer can do."""

from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import number


def _table(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw a small matrix in which some rows are sums of others."""
    rank = int(rng.integers(1, 3))
    while True:
        W = rng.integers(-2, 3, size=(3, rank)) @ rng.integers(-2, 3, size=(rank, 4))
        if np.linalg.matrix_rank(W) == rank:
            return (W,)


SELFCHECKS = (
    selfcheck(
        "ua-collapse",
        r"A linear layer without biases multiplies its input, a row with three numbers, by the matrix $W$. Two linear layers in "
        r"a row do the same. How many hidden nodes do they need at least?",
        "W",
        draw=_table,
        part=lambda result: np.shape(result[0])[1],
        few=True,
        say={
            "as many hidden nodes as inputs": "Three are enough. But one row of W is a sum of multiples of others: fewer "
            "will do.",
            "as many hidden nodes as outputs": "Four are enough. But some columns of W are sums of multiples of others: "
            "fewer will do.",
            "one hidden node too few": "Count the rows that are not sums of multiples of others: each needs a node.",
        },
        twins={
            ("a single hidden node, whatever W", "one hidden node too few"): (
                "one hidden node too few",
                "With one node all rows of the product are multiples of one. Those of W are not.",
            ),
        },
    ),
    selfcheck(
        "ua-tanh",
        r"A network computes $f(x) = c + v\tanh(wx + b)$. Another one computes the same as $c' + v'\sigma(w'x + b')$, with "
        r"$w'$ of the same sign as $w$. Give $w'$, $b'$, $v'$ and $c'$, in this order.",
        lambda w, b, v, c: (
            f"For $w = {number(w[0])}$, $b = {number(b[0])}$, $v = {number(v[0])}$ and $c = {number(c)}$:"
        ),
        draw=lambda rng: (nice(rng, 1), nice(rng, 1), nice(rng, 1), nice(rng)),
        part=lambda result: [np.asarray(array).item() for array in result],
        say={
            "took the number of nodes for the sum of their weights": "The -1 is multiplied by the output weight."
        },
    ),
    selfcheck(
        "ua-cells",
        r"A staircase with $m$ levels approximates $F(x) = x^p$ on $[0, 1]$. Its steps may be at any places, and its largest "
        r"error is as small as it can be. Give the places of the $m - 1$ steps and then the $m$ levels, each from left to "
        r"right.",
        "p, m",
        draw=lambda rng: (float(rng.choice([0.5, 1.5, 2.0, 3.0, 4.0])), 3),
        part=np.concatenate,
    ),
    selfcheck(
        "ua-polygon",
        r"A ReLU network passes through the points $(x_j, y_j)$. Its three hidden nodes are "
        r"$\operatorname{ReLU}(x - x_j)$, with the kinks at all points but the last, and its output bias is the first $y$. Give "
        r"the three output weights.",
        "x, y",
        draw=lambda rng: (np.cumsum([0.0, *rng.choice([0.2, 0.5, 0.8, 1.0, 2.0], size=3)]), nice(rng, 4)),
        say={
            "left out the first node": "The first node sets the slope of the first cell: before it the slope is 0."
        },
    ),
    selfcheck(
        "ua-jump",
        r"A function is 0 for $x < 0$ and $J$ for $x > 0$, and a network says $J\sigma(kx)$. How wide is the region in which "
        r"it is wrong by more than $\varepsilon$?",
        r"J, k, \varepsilon",
        draw=lambda rng: (
            float(rng.choice([2.0, 3.0, 4.0, 5.0])),
            float(rng.choice([5.0, 10.0, 20.0])),
            float(rng.choice([0.05, 0.1, 0.2, 0.4])),
        ),
    ),
)
