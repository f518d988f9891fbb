"""Self-checks of the chapter on regularization."""

from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import typeset


def _layer(rng: np.random.Generator) -> tuple[Any, ...]:
    return rng.integers(0, 7, size=(1, 3)).astype(float), nice(rng, 3, low=0.5, high=2.0), nice(rng, 1, 3)


def _groups(rng: np.random.Generator) -> tuple[Any, ...]:
    return nice(rng, 4), nice(rng, 4), np.array([0, 0, 1, 1]), float(rng.choice([0.2, 0.4, 0.6, 0.75]))


SELFCHECKS = (
    selfcheck(
        "reg-elastic",
        r"Near its minimum $w^*$ the cost of a weight is $\frac12h(w - w^*)^2$. Two penalties are added, $\lambda_1|w|$ and "
        r"$\frac12\lambda_2w^2$. Where is the minimum now, for two weights with the same $h$ and these values of $w^*$?",
        r"w^*, h, \lambda_1, \lambda_2",
        draw=lambda rng: (
            rng.permutation([nice(rng, low=-3.0, high=3.0), -nice(rng, low=0.1, high=0.5)]),
            nice(rng, low=0.5, high=2.0),
            nice(rng, low=0.2, high=1.0),
            nice(rng, low=0.1, high=2.0),
        ),
    ),
    selfcheck(
        "reg-dropout",
        r"Four nodes with the outputs $a$ feed one linear output with the weights $w$. The first two share a mask of inverted "
        r"dropout, and so do the last two; each pair is dropped with the probability $p$. Give the mean and the variance of "
        r"the output.",
        "a, w, -, p",
        draw=_groups,
    ),
    selfcheck(
        "reg-stop",
        r"The validation costs after the epochs 1, 2, 3, ... are $C$. Training stops as soon as $k$ epochs (the patience) have "
        r"passed since the best one, or at the end of the list; only a lower cost counts as better. Give the epoch after "
        r"which training stops, and the epoch whose parameters are returned.",
        "C, k",
        draw=lambda rng: (rng.integers(1, 7, size=8) / 10 + 0.2, int(rng.integers(2, 4))),
        few=True,
    ),
    selfcheck(
        "reg-layer-norm",
        r"Layer normalisation of three nodes: $z_j = \gamma_j\,(u_j - \bar u)/s + b_j$, where $\bar u$ is the mean of the numbers $u$ "
        r"and $s$ their standard deviation (divided by 3, and without $\epsilon$). Each node has its own entry of $\gamma$. The errors are "
        r"$\delta = \partial C/\partial z$. Give the three derivatives $\partial C/\partial u$.",
        lambda u, gamma, delta: (
            rf"For $u = {typeset(u[0])}$, $\gamma = {typeset(gamma)}$ and $\delta = {typeset(delta[0])}$:"
        ),
        draw=_layer,
    ),
)
