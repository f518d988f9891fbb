"""Self-checks of the chapter on what one hidden layer can do."""

from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import Family, selfcheck
from fysstk_book.questions.selfchecks._typeset import number, typeset


def _bump(rng: np.random.Generator) -> tuple[Any, ...]:
    left = nice(rng, low=-1.0, high=1.0)
    right = round(left + nice(rng, low=0.3, high=1.5), 1)
    return (
        round(left + nice(rng, low=-0.3, high=1.0), 1),
        left,
        right,
        nice(rng),
        nice(rng, low=1.0, high=5.0),
    )


SELFCHECKS = (
    selfcheck(
        "ua-collapse",
        r"Two linear layers with one input, two nodes and one output compute $(xW_1 + b_1)W_2 + b_2$. A single one computes "
        r"the same as $xw + b$. Give $w$ and $b$, in this order.",
        lambda W1, b1, W2, b2: (
            rf"For $W_1 = {typeset(W1)}$, $b_1 = {typeset(b1)}$, $W_2 = {typeset(W2)}$ and $b_2 = {number(b2[0])}$:"
        ),
        draw=lambda rng: (nice(rng, 1, 2), nice(rng, 2), nice(rng, 2, 1), nice(rng, 1)),
        part=lambda result: [np.asarray(array).item() for array in result],
        say={"returned the bias first": "The weight w is asked for first."},
    ),
    selfcheck(
        "ua-bump",
        r"A bump between $l$ and $r$ with the height $h$ is made of two sigmoids with the weight $k$. What is its value at "
        r"$x$?",
        "x, l, r, h, k",
        draw=_bump,
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
        r"A staircase of $m$ cells on $[0, 1]$ approximates a function that nowhere changes faster than $|F'| \le K$; its "
        r"value in each cell is right in the middle. What is the smallest $m$ for which the bound promises an error of at "
        r"most $\varepsilon$?",
        r"K, \varepsilon",
        draw=lambda rng: (
            float(rng.integers(2, 13)),
            float(rng.choice([0.03, 0.06, 0.07, 0.09, 0.11, 0.13])),
        ),
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
        r"The function is $F(x) = p$ for $x < 0$ and $F(x) = q$ for $x \ge 0$. Below which number can a network with sigmoids "
        r"never bring its largest error?",
        "p, q",
        draw=lambda rng: tuple(float(x) for x in np.sort(rng.integers(1, 30, size=2) / 2)),
        family=Family(
            (2.0, 5.0),
            lambda p, q: (q - p) / 2,
            {
                "gave the size of the jump": lambda p, q: q - p,
                "said that the error can vanish": lambda p, q: 0.0,
                "gave the middle of the jump": lambda p, q: (p + q) / 2,
                "halved the upper value": lambda p, q: q / 2,
            },
        ),
    ),
)
