"""Self-checks of the chapter on regularization."""

from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import number, typeset


def _batch(rng: np.random.Generator) -> tuple[Any, ...]:
    return rng.integers(0, 7, size=(3, 1)).astype(float), nice(rng, 1, low=0.5, high=2.0), nice(rng, 3, 1)


SELFCHECKS = (
    selfcheck(
        "reg-decay",
        r"The cost is $C$ plus the penalty $\frac{\lambda}{2} w^2$. What is the weight $w$ after one step of gradient descent "
        r"with the learning rate $\eta$, if the gradient without the penalty is $\partial C/\partial w$?",
        r"w, \partial C/\partial w, \eta, \lambda",
        draw=lambda rng: (nice(rng), nice(rng), nice(rng, low=0.1, high=0.9), nice(rng, low=0.1, high=0.9)),
    ),
    selfcheck(
        "reg-project",
        r"Each column of $W$ holds the weights into a node. Cut them back to the length $c$ where they are longer, and give "
        r"the new matrix.",
        "W, c",
        draw=lambda rng: (nice(rng, 2, 2, low=-3.0, high=3.0), nice(rng, low=0.8, high=3.0)),
        say={"projected the rows, the weights out of a node": "Column j holds the weights into node j."},
    ),
    selfcheck(
        "reg-dropout",
        r"Each row of $A$ holds the outputs of three nodes for one of two samples. Inverted dropout in training drops each "
        r"node with the probability $p$: where the random number in $U$ is below $p$. Give what the next layer sees.",
        "A, p, U",
        draw=lambda rng: (
            nice(rng, 2, 3),
            float(rng.choice([0.2, 0.3, 0.4, 0.6])),
            rng.integers(0, 10, size=(2, 3)) / 10 + 0.05,
        ),
        say={"used the same mask for all samples": "Each row of U belongs to one sample."},
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
        "reg-bn",
        r"A node is batch-normalised over three samples, $z = \gamma\,(u - \bar u)/s + b$, where $\bar u$ is their mean and "
        r"$s$ their standard deviation (divided by $n$, and without $\epsilon$). The errors are "
        r"$\delta = \partial C/\partial z$. Give the three derivatives $\partial C/\partial u$.",
        lambda u, gamma, delta: (
            rf"For $u = {typeset(u[:, 0])}$, $\gamma = {number(gamma[0])}$ and $\delta = {typeset(delta[:, 0])}$:"
        ),
        draw=_batch,
        say={
            "forgot the way through the variance": "The standard deviation depends on u, too: there is a third term.",
        },
    ),
)
