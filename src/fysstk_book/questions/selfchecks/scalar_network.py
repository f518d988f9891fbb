"""Self-checks of the chapter on one hidden layer of scalars."""

from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck

WEIGHTS = (
    r"A network has one input $x$, one hidden neuron with the weight $w_1$ and the bias $b_1$, and one output neuron with "
    r"$w_2$ and $b_2$. "
)
COST = r"The target is $y$, and the cost $C$ is half the squared error. "
HIDDEN = r"Give $\partial C/\partial w_1$ and $\partial C/\partial b_1$, in this order."


def _of_the_hidden_neuron(result: Any) -> Any:
    return result[:2]


SELFCHECKS = (
    selfcheck(
        "scalar-forward",
        WEIGHTS
        + "Both neurons have a sigmoid. What are the outputs $a_1$ and $a_2$ of the two? Give both, in this order.",
        "x, w_1, b_1, w_2, b_2",
    ),
    selfcheck(
        "scalar-delta",
        r"A network has one hidden neuron and one output neuron, both with a sigmoid; their outputs are $a_1$ and $a_2$. "
        r"The weight between them is $w_2$. " + COST + r"What is the error $\delta_1$ of the hidden neuron?",
        "a_1, a_2, y, w_2",
    ),
    selfcheck(
        "scalar-gradients",
        WEIGHTS + "Both neurons have a sigmoid. " + COST + HIDDEN,
        "x, y, w_1, b_1, w_2, b_2",
        part=_of_the_hidden_neuron,
        say={
            "used the formulas as they are printed on the lecture's slide": "The slide has a slip: between the layers "
            "stands ∂z₂/∂a₁. Differentiate z₂ = w₂a₁ + b₂ yourself.",
            "forgot the hidden neuron's slope": "You have reached ∂C/∂a₁. δ₁ also has the factor a₁(1 - a₁).",
            "returned the output layer first": (
                "gave the derivatives of the output neuron",
                "These belong to w₂ and b₂. Those for w₁ and b₁ are asked for.",
            ),
        },
    ),
    selfcheck(
        "scalar-linear",
        WEIGHTS + "The hidden neuron has a sigmoid, and the output is linear, $a_2 = z_2$. " + COST + HIDDEN,
        "x, y, w_1, b_1, w_2, b_2",
        part=_of_the_hidden_neuron,
        least=0.1,
    ),
    selfcheck(
        "scalar-chain",
        r"Three sigmoid neurons in a row, each with one input: the weights are $w = (w_1, w_2, w_3)$ and the biases "
        r"$b = (b_1, b_2, b_3)$. The input of the first is $x$, the target for the last is $y$, and the cost $C$ is half "
        r"the squared error. What is $\delta_1 = \partial C/\partial z_1$ of the first neuron?",
        "x, y, w, b",
        draw=lambda rng: (
            nice(rng),
            nice(rng, low=0.0, high=1.0),
            nice(rng, 3, low=-4.0, high=4.0),
            nice(rng, 3, low=-1.0, high=1.0),
        ),
    ),
    selfcheck(
        "scalar-penalty",
        r"The derivatives of the bare cost with respect to two weights $w$ are $\partial C/\partial w$. Add the penalty "
        r"$\lambda_1\sum|w| + \frac{\lambda_2}2\sum w^2$ to the cost. What are the two derivatives now? (At $w = 0$ take "
        r"0 for the slope of $|w|$.)",
        r"\partial C/\partial w, w, \lambda_1, \lambda_2",
        draw=lambda rng: (
            nice(rng, 2),
            rng.permutation([0.0, -abs(nice(rng))]),
            nice(rng, low=0.1, high=1.0),
            nice(rng, low=0.1, high=1.0),
        ),
        say={
            "gave |w| the slope 1 at zero": "At w = 0 the question asks for the slope 0.",
            "exchanged the two strengths": "λ₁ belongs to the sum of the absolute values, and λ₂ to that of the squares.",
        },
    ),
    selfcheck(
        "scalar-autograd",
        WEIGHTS
        + r"The hidden neuron has $\tanh$ for its activation, and the output is linear, $a_2 = z_2$. "
        + COST
        + HIDDEN,
        lambda theta, x, y: (
            r"For $x = {:g}$, $y = {:g}$, $w_1 = {:g}$, $b_1 = {:g}$, $w_2 = {:g}$ and $b_2 = {:g}$:".format(
                x, y, *theta
            )
        ),
        part=lambda result: np.asarray(result)[:2],
    ),
)
