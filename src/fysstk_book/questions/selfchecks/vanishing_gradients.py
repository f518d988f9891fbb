"""Self-checks of the chapter on vanishing and exploding gradients."""

import math
from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import Family, selfcheck
from fysstk_book.questions.selfchecks._typeset import number, typeset


class UpperEnd:
    """Stands in for a generator: what it draws is always the upper end."""

    def triangular(self, left: float, mode: float, right: float, size: object) -> float:
        """Return the upper end."""
        return right

    def normal(self, mean: float, deviation: float, size: object) -> float:
        """Return the deviation."""
        return deviation


def _one_layer_back(rng: np.random.Generator) -> tuple[Any, ...]:
    return nice(rng, 1, 2), [nice(rng, 2, 2)], [rng.integers(1, 10, size=(1, 2)) / 10]


def _clipped(rng: np.random.Generator) -> tuple[Any, ...]:
    return [rng.integers(-6, 7, size=2).astype(float), rng.integers(1, 7, size=1).astype(float)], float(
        rng.choice([2.0, 3.0, 4.0])
    )


SELFCHECKS = (
    selfcheck(
        "van-depth",
        r"On the way back each layer multiplies the mean square of the deltas by $\chi$. After how many layers is the *root* "
        r"mean square for the first time below $\tau$ times its value at the top?",
        r"\chi, \tau",
        draw=lambda rng: (float(rng.integers(2, 9)) / 10, float(rng.choice([1e-2, 1e-3, 1e-4, 1e-5]))),
        family=Family(
            (0.1716, 1e-6),
            lambda chi, tau: math.ceil(2 * math.log(tau) / math.log(chi)),
            {
                "rounded down": lambda chi, tau: math.floor(2 * math.log(tau) / math.log(chi)),
                "looked at the mean square": lambda chi, tau: math.ceil(math.log(tau) / math.log(chi)),
            },
        ),
        say={"rounded down": "After so many layers it is still a little above τ."},
    ),
    selfcheck(
        "van-variances",
        r"The inputs of a ReLU network have mean square 1. Its layers have $(M_0, M_1, M_2, M_3)$ nodes, and the weights "
        r"(independent, with mean 0) the variances $(v_1, v_2, v_3)$. Give the three variances of $z^1$, $z^2$ and $z^3$.",
        lambda sizes, v: rf"For $(M_0, M_1, M_2, M_3) = {sizes}$ and $(v_1, v_2, v_3) = {v}$:",
        draw=lambda rng: (
            tuple(int(M) for M in rng.integers(2, 11, size=4)),
            tuple(float(v) for v in rng.integers(1, 10, size=3) / 10),
        ),
    ),
    selfcheck(
        "van-glorot",
        r"Weights between $n_\text{in}$ and $n_\text{out}$ nodes are to have Glorot's variance, and a density that is a "
        r"triangle: highest at 0, and zero at $\pm r$. What is $r$?",
        r"-, n_\text{in}, n_\text{out}",
        draw=lambda rng: (UpperEnd(), int(rng.integers(2, 60)), int(rng.integers(2, 60))),
        say={"counted the inputs only": "Glorot's variance has both numbers in it."},
        twins={
            ("took the standard deviation for the limit", "drew from a normal distribution"): (
                "took the standard deviation for the limit",
                "The variance of the triangle is r²/6, not r².",
            )
        },
    ),
    selfcheck(
        "van-leaky",
        r"A layer of leaky ReLU, $f(z) = z$ for $z>0$ and $\alpha z$ otherwise, has $n$ inputs per node. The weights are "
        r"drawn with mean 0. Which standard deviation keeps the variance of $z$ from layer to layer?",
        r"n, \alpha",
        draw=lambda rng: (int(rng.integers(2, 60)), nice(rng, low=0.2, high=0.8)),
    ),
    selfcheck(
        "van-deltas",
        r"For one sample, the last layer has the deltas $\delta^L$. The weights that lead to it are $W^L$ (rows: nodes of "
        r"layer $L-1$), and the slopes of that layer's activations $f'$. Give the mean squares of $\delta^L$ and of "
        r"$\delta^{L-1}$, in this order.",
        lambda delta, W, slopes: (
            rf"For $\delta^L = {typeset(delta)}$, $W^L = {typeset(W[0])}$ and $f' = {typeset(slopes[0])}$:"
        ),
        draw=_one_layer_back,
        say={
            "left the last layer out": "The first of the two numbers is that of the deltas that are given.",
            "variances instead of mean squares": "A variance takes the square of the mean away. Here nothing is taken away.",
        },
    ),
    selfcheck(
        "van-clip",
        r"The gradient consists of $\partial C/\partial w$ and $\partial C/\partial b$. Clip it by norm to the length $c$. "
        r"Give the three numbers after clipping, those for $w$ first.",
        lambda gradients, limit: (
            rf"For $\partial C/\partial w = {typeset(gradients[0])}$, $\partial C/\partial b = {number(gradients[1][0])}$ and "
            rf"$c = {number(limit)}$:"
        ),
        draw=_clipped,
        part=np.concatenate,
        say={
            "clipped each array by itself": (
                "clipped each part by itself",
                "The parts are one gradient: shortened by different factors it changes its direction.",
            ),
            "added up the lengths of the arrays": (
                "added up the lengths of the parts",
                "Lengths do not add up; their squares do.",
            ),
            "took the length of the longest array": (
                "took the length of the longer part",
                "Both parts together are one gradient, and it is longer than either of them.",
            ),
        },
    ),
    selfcheck(
        "van-residual",
        r"A layer with a residual connection computes $a^l = a^{l-1} + f(a^{l-1}W^l + b^l)$. For one sample, the gradient "
        r"$g = \partial C/\partial a^l$ and the slopes $f'$ at $z^l$ are given. Give the mean squares of "
        r"$\partial C/\partial a^l$ and of $\partial C/\partial a^{l-1}$, in this order.",
        lambda g, W, slopes: (
            rf"For $g = {typeset(g)}$, $W^l = {typeset(W[0])}$ and $f' = {typeset(slopes[0])}$:"
        ),
        draw=_one_layer_back,
    ),
)
