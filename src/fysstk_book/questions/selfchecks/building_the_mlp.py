"""Self-checks of the chapter on building the multilayer perceptron."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.model import SelfCheck
from fysstk_book.questions.selfchecks import selfcheck, together
from fysstk_book.questions.selfchecks._typeset import number

SHORTCUTS = (
    r"In a network with one node in each layer, the two hidden layers add to what they are given: "
    r"$a^l = a^{l-1} + \tanh(w^la^{l-1} + b^l)$ for $l = 1, 2$, with $a^0 = x$. The output is linear, $a^3 = w^3a^2 + b^3$. "
)


@dataclass(frozen=True)
class Cubic:
    """The function c θ₁³ + θ₁θ₂ of two parameters."""

    c: float

    def __call__(self, theta: Any) -> Any:
        """Return the value at theta."""
        return self.c * theta[0] ** 3 + theta[0] * theta[1]


def _budget(rng: np.random.Generator) -> tuple[Any, ...]:
    inputs, outputs, hidden, M = (int(k) for k in rng.integers((4, 2, 2, 3), (12, 9, 4, 9)))
    parameters = (inputs + 1) * M + (hidden - 1) * (M + 1) * M + (M + 1) * outputs
    return inputs, outputs, hidden, parameters + int(rng.choice([-1, 0, 0, 3]))


def _one_node_wide(rng: np.random.Generator) -> tuple[Any, Any]:
    """Draw the weights and the biases of three layers with one node each."""
    return [nice(rng, 1, 1) for _ in range(3)], [nice(rng, 1) for _ in range(3)]


def _weights(W: Any, b: Any) -> str:
    pairs = [rf"$w^{l + 1} = {number(W[l].item())}$, $b^{l + 1} = {number(b[l].item())}$" for l in range(3)]
    return ", ".join(pairs[:2]) + ", " + pairs[2].replace(", ", " and ")


def _angle(side: float) -> SelfCheck:
    """Ask for an angle above or below 90 degrees."""

    def draw(rng: np.random.Generator) -> tuple[Any, Any]:
        if side < 0:
            rng.random()  # other numbers than for the other side
        d, g = nice(rng, 2, low=-0.9, high=0.9), nice(rng, 2, low=-1.0, high=1.0)
        return d, g * side * np.sign(d @ g)

    return selfcheck(
        "mlp-downhill",
        r"A program steps by $-\eta d$, while the true gradient is $g$. What is the angle between $d$ and $g$, in degrees?",
        "d, g",
        draw=draw,
        count=3,
        say={
            "measured the angle from the gradient's opposite": "90° is the border either way, but beyond it now lies "
            "uphill. Take the angle between d and the gradient itself.",
            "returned the angle in radians": "The answer is asked for in degrees: multiply by 180/π.",
        },
        twins={
            (
                "took the absolute value, so that uphill looks like downhill",
                "measured the angle from the gradient's opposite",
            ): (
                "took the absolute value, or the angle from the gradient's opposite",
                "The sign matters: beyond 90° the cost rises. Take the angle between d and the gradient itself.",
            )
        },
    )


SELFCHECKS = (
    selfcheck(
        "mlp-parameters",
        r"A network has $M_0$ inputs, $h$ hidden layers of the same width $M$, and $M_L$ outputs, and may have at most $P$ "
        r"weights and biases together. What is the largest width $M$ that it can have?",
        "M_0, M_L, h, P",
        draw=_budget,
        digits=4,
    ),
    selfcheck(
        "mlp-forward",
        SHORTCUTS
        + "What is the output for the input $x$, the weights $w^1$, $w^2$, $w^3$ and the biases $b^1$, $b^2$, $b^3$?",
        lambda X, W, b: f"For $x = {number(X.item())}$, {_weights(W, b)}:",
        draw=lambda rng: (nice(rng, 1, 1), *_one_node_wide(rng)),
        say={"stopped at the last hidden layer": "This is a². The linear output is still to come."},
    ),
    selfcheck(
        "mlp-backprop",
        SHORTCUTS
        + r"The cost $C$ of one sample with the input $x$ and the target $y$ is half the squared error. What is "
        r"$\partial C/\partial w^1$, for the weights $w^1$, $w^2$, $w^3$ and the biases $b^1$, $b^2$, $b^3$?",
        lambda X, y, W, b: f"For $x = {number(X.item())}$, $y = {number(y.item())}$, {_weights(W, b)}:",
        draw=lambda rng: (nice(rng, 1, 1), nice(rng, 1, 1), *_one_node_wide(rng)),
        part=lambda result: result[0],
        say={"took the slope from the sum": "1 - t² wants the tanh alone, and not what the layer hands on."},
    ),
    selfcheck(
        "mlp-check",
        r"Your gradient check takes central differences with the step $h = 10^{-5}$. Which two numbers should it give for "
        r"the function $C(\theta_1, \theta_2) = c\,\theta_1^3 + \theta_1\theta_2$ at $(\theta_1, \theta_2)$, to three digits?",
        lambda cost, theta: (
            rf"For $c = {number(cost.c)}$ and $(\theta_1, \theta_2) = ({number(theta[0])}, {number(theta[1])})$:"
        ),
        draw=lambda rng: (Cubic(nice(rng, low=0.5, high=3.0)), nice(rng, 2)),
        say={
            "returned a single entry's derivative for all": "Each of the two parameters has a derivative of its own."
        },
    ),
    together(_angle(1.0), _angle(-1.0)),
)
