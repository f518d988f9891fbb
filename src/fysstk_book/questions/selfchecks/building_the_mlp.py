"""Self-checks of the chapter on building the multilayer perceptron."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import number, typeset

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


def _claimed(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw a cost, what a program takes for its gradient, a point, and a direction."""
    return Cubic(nice(rng, low=0.5, high=3.0)), nice(rng, 2), nice(rng, 2), nice(rng, 2)


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
        r"A program says that the gradient of $C(\theta_1, \theta_2) = c\,\theta_1^3 + \theta_1\theta_2$ at the point "
        r"$\theta$ is $g$. You check it with two evaluations, along the direction $v$. What relative error do you find?",
        lambda cost, g, theta, v: (
            rf"For $c = {number(cost.c)}$, $\theta = {typeset(theta)}$, $g = {typeset(g)}$ and $v = {typeset(v)}$:"
        ),
        draw=_claimed,
    ),
    selfcheck(
        "mlp-downhill",
        r"A vector is as long as $g$, makes the angle $\varphi$ with it, in degrees, and lies on the side of $v$. What are its "
        r"components?",
        r"g, v, \varphi",
        draw=lambda rng: (nice(rng, 2), nice(rng, 2), float(rng.choice([20, 30, 60, 75, 100, 120]))),
    ),
)
