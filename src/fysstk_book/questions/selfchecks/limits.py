"""Self-checks of the chapter on what networks need and cannot do."""

from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import number, typeset


def _deep(rng: np.random.Generator) -> tuple[Any, Any]:
    return [nice(rng, 1, 2), nice(rng, 2, 2), nice(rng, 2, 1)], np.ones(1)


SELFCHECKS = (
    selfcheck(
        "limits-relu",
        r"A ReLU network has one input $x$, two hidden layers of two nodes each and one linear output, and biases that are not "
        r"given. The weights of the three layers are $u$, $W$ (from row to column) and $v$. What is the slope of the output, as a "
        r"function of $x$, far to the left and far to the right?",
        lambda W, d: f"For $u = {typeset(W[0][0])}$, $W = {typeset(W[1])}$ and $v = {typeset(W[2][:, 0])}$:",
        draw=_deep,
        say={
            "gave the slope outwards at the left end, not that in t": (
                "gave the slope outwards at the left end, not that in x",
                "Walking to the left, x falls: the change of the output for a growing x has the other sign.",
            ),
            "gave both ends the same slope": "To the left other nodes are on: those that fall with x.",
            "exchanged the two ends": "The left end, for large negative x, comes first.",
            "multiplied all matrices, as if every node were on": "A node whose sum falls is off in the end.",
        },
    ),
    selfcheck(
        "limits-memory",
        r"Two hidden nodes have the outputs $h$ for the only sample, whose target is $y$. The two output weights (there is no "
        r"bias) are trained by gradient descent on $\frac12(h\cdot v - y)^2$ from the start $v_0$, with a small rate, to the "
        r"end. Where does it end?",
        lambda H, Y, V0: (
            f"For $h = {typeset(H[0])}$, $y = {number(Y[0, 0])}$ and $v_0 = {typeset(V0[:, 0])}$:"
        ),
        draw=lambda rng: (nice(rng, 1, 2), nice(rng, 1, 1), nice(rng, 2, 1)),
    ),
    selfcheck(
        "limits-units",
        r"An input comes in a new unit, $x' = cx$, and its weight starts from $w' = w/c$. One network has learned by gradient "
        r"descent with the rate $\eta$ and the penalty $\frac12\lambda w^2$, another one by AdamW with the rate $\alpha$ and the "
        r"decay $\beta$ ($w \leftarrow (1 - \alpha\beta)\,w - \alpha u$, where $u$ is the gradient over its own recent size). "
        r"Which $\eta$, $\lambda$, $\alpha$ and $\beta$ for $w'$ make training do exactly what it did before?",
        r"\eta, \lambda, \alpha, \beta, c",
        draw=lambda rng: (
            *(nice(rng, low=0.1, high=2.0) for _ in range(4)),
            float(rng.choice([0.2, 0.5, 2.0, 5.0])),
        ),
    ),
    selfcheck(
        "limits-chi",
        r"Kepler's and Ptolemy's longitudes differ by $\frac14e^2\sin2M$, in radians. You know only Ptolemy's law, and the "
        r"noise of your observations, a standard deviation of $s$ minutes of arc. How many observations, all around the "
        r"orbit, make $\chi^2$ too large by $k\sqrt{2n}$, on average? Give the smallest $n$.",
        "e, s, k",
        draw=lambda rng: (
            round(float(rng.uniform(0.07, 0.2)), 2),
            float(rng.integers(4, 15)),
            float(rng.integers(2, 6)),
        ),
    ),
)
