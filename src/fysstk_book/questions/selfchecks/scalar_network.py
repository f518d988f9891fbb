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
        + "Both neurons have a sigmoid. The input $x$ may be any number. Between which two limits does the output lie? "
        "Give both, the smaller one first.",
        "w_1, b_1, w_2, b_2",
        draw=lambda rng: (nice(rng), nice(rng), -abs(nice(rng)), nice(rng)),
    ),
    selfcheck(
        "scalar-delta",
        r"A network has one hidden neuron and one output neuron, both with a sigmoid; their outputs are $a_1$ and $a_2$. "
        r"The input $x$ leads to the hidden neuron with the weight $w_1$, the hidden neuron to the output with $w_2$, and "
        r"$x$ also leads to the output directly, with the weight $v$. "
        + COST
        + r"What is $\partial C/\partial x$?",
        "a_1, a_2, y, w_1, w_2, v",
    ),
    selfcheck(
        "scalar-gradients",
        r"Two sigmoid neurons in a row have the same weight $w$ and the same bias $b$. The input of the first is $x$, and "
        r"its output is the input of the second. "
        + COST
        + r"Give $\partial C/\partial w$ and $\partial C/\partial b$, in this order.",
        "x, y, w, b",
        say={
            "put a₁ where the weight belongs": "On the way back from z₂ to a₁ the factor is the weight, as in every "
            "neuron.",
        },
    ),
    selfcheck(
        "scalar-linear",
        WEIGHTS
        + r"The hidden neuron has a sigmoid, and the output is linear, $a_2 = z_2$. There are two samples, with the inputs "
        r"$x$, the targets $y$ and their uncertainties $s$, and $C$ is the mean of $\frac12\left((a_2 - y)/s\right)^2$. "
        + HIDDEN,
        "x, y, s, w_1, b_1, w_2, b_2",
        draw=lambda rng: (
            nice(rng, 2),
            nice(rng, 2),
            nice(rng, 2, low=0.3, high=2.0),
            nice(rng),
            nice(rng),
            nice(rng),
            nice(rng),
        ),
        part=_of_the_hidden_neuron,
        least=0.1,
    ),
    selfcheck(
        "scalar-chain",
        r"In a chain of sigmoid neurons all weights are equal to $w$ and all biases to $b$. The input and the outputs of all "
        r"neurons are equal to $a$. Which $w$ and $b$ make $\delta_l = \partial C/\partial z_l$ the same in every layer $l$? "
        "Give both, in this order.",
        "a",
    ),
    selfcheck(
        "scalar-penalty",
        r"The cost of a fit does not depend on one of the weights. Gradient descent with the learning rate $\eta$ begins "
        r"with the value $w$ of this weight and takes $n$ steps. What is it then, if the penalty $\frac\lambda2 w^2$ is "
        r"added to the cost, and what, if it is $\lambda|w|$? Give both, in this order.",
        r"w, \eta, \lambda, n",
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
