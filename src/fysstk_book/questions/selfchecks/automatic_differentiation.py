"""Self-checks of the chapter on automatic differentiation."""

from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import number


def _program(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw a program of four variables, in which some have two parents."""
    parents = [[], [0], [[0, 1], [1]][rng.integers(0, 2)], [[0, 2], [1, 2]][rng.integers(0, 2)]]
    return parents, [[nice(rng, low=-3.0, high=3.0) for _ in some] for some in parents]


def _local_derivatives(parents: Any, local: Any) -> str:
    parts = [
        rf"$\partial x_{j}/\partial x_{p} = {number(slope)}$"
        for j, some in enumerate(parents)
        for p, slope in zip(some, local[j], strict=True)
    ]
    return "For " + ", ".join(parts[:-1]) + " and " + parts[-1] + ":"


SELFCHECKS = (
    selfcheck(
        "autodiff-sweep",
        r"A program computes $x_1$, $x_2$ and $x_3$ from its input $x_0$, one after the other, and $x_3$ is the result $f$. "
        r"The local derivatives $\partial x_j/\partial x_p$ of each variable with respect to its parents are given; all "
        r"others are zero. Give the four adjoints $\partial f/\partial x_0$ to $\partial f/\partial x_3$, in this order.",
        _local_derivatives,
        draw=_program,
    ),
    selfcheck(
        "autodiff-quotient",
        r"Two dual numbers are given as pairs of value and tangent, $u$ and $v$. Give the pair of their quotient $u/v$.",
        "u, v",
        say={
            "took the tangent of the product": "This is the tangent of uv. Which pair, multiplied by v, gives u?",
        },
    ),
    selfcheck(
        "autodiff-step",
        r"The error of a difference of fourth order is bounded by $\frac{h^4}{30}|f^{(5)}| + \frac{3\varepsilon|f|}{2h}$. "
        r"Which step $h$ minimises this bound?",
        r"|f|, |f^{(5)}|, \varepsilon",
        draw=lambda rng: (
            nice(rng, low=0.1, high=3.0),
            nice(rng, low=0.1, high=3.0),
            10.0 ** -int(rng.integers(3, 10)),
        ),
    ),
    selfcheck(
        "autodiff-loop",
        r"A loop starts from $y_0 = x$ and applies $y \leftarrow \frac12(y + x/y)$ exactly $k$ times. What is the "
        r"derivative $dy_k/dx$ of what it has computed?",
        "x, k",
        draw=lambda rng: (nice(rng, low=0.5, high=5.0), 2),
        part=lambda result: result[1],
    ),
    selfcheck(
        "autodiff-update",
        r"Two weights in a row make a network without any activation, with the cost $C = \frac12(w_2w_1x - y)^2$. What are "
        r"$w_1$ and $w_2$ after one step of gradient descent with the learning rate $\eta$? Give both, in this order.",
        r"w_1, w_2, x, y, \eta",
        least=0.1,
    ),
)
