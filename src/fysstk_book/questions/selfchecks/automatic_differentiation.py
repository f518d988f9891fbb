"""Self-checks of the chapter on automatic differentiation."""

from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck


def _program(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw a program of five variables, in which some have two parents."""
    parents: list[list[int]] = [[], [0]]
    for j in range(2, 5):
        older = int(rng.integers(0, j))
        parents.append([[j - 1], [older, j - 1]][rng.integers(0, 2)])
    return (parents,)


def _made_from(parents: Any) -> str:
    parts = [
        f"$x_{j}$ is made from " + " and ".join(f"$x_{p}$" for p in some)
        for j, some in enumerate(parents)
        if some
    ]
    return "When " + ", ".join(parts) + " (a name that stands twice is used twice):"


SELFCHECKS = (
    selfcheck(
        "autodiff-sweep",
        r"A program computes $x_1$ to $x_4$ from its input $x_0$, one after the other: first $x_1$, then $x_2$, $x_3$ and "
        r"$x_4$. How many paths lead from each of the first four variables, $x_0$ to $x_3$, to the result $x_4$? Give the "
        r"four numbers, in this order.",
        _made_from,
        draw=_program,
        part=lambda result: result[:4],
    ),
    selfcheck(
        "autodiff-soft",
        r"A node computes $\ln(e^p + e^q)$ from its two parents $p$ and $q$. Give the two local derivatives, by $p$ and by "
        r"$q$, in this order.",
        "p, q",
        draw=lambda rng: (nice(rng), nice(rng)),
        part=lambda result: result[1:],
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
        r"A loop starts from $E_0 = M$ and applies $E \leftarrow M + e\sin E$ exactly $k$ times, with all angles in "
        r"radians. What is the derivative $dE_k/de$ of what it has computed?",
        "M, e, k",
        draw=lambda rng: (nice(rng, low=0.3, high=2.8), nice(rng, low=0.2, high=0.9), 2),
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
