"""Self-checks of the chapter on optimizers."""

from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import number


def _centred(rng: np.random.Generator) -> tuple[Any, ...]:
    m = nice(rng, 2, low=-1.0, high=1.0)
    v = (m**2 + nice(rng, 2, low=0.2, high=1.0)).round(2)
    return nice(rng, 2), m, v, nice(rng, 2), nice(rng, low=0.1, high=1.0), nice(rng, low=0.1, high=0.9), 0.1


SELFCHECKS = (
    selfcheck(
        "opt-pace",
        r"On the parabola $\frac12\lambda\theta^2$, Nesterov's variant makes $v_t = \beta v_{t-1} + g_t$ and "
        r"$\phi_t = \phi_{t-1} - \eta(g_t + \beta v_t)$, with $g_t = \lambda\phi_{t-1}$. By which factor does $|\phi|$ change "
        r"per step in the long run (the size of the larger root)?",
        r"\eta, \beta, \lambda",
        draw=lambda rng: (
            nice(rng, low=0.1, high=0.9),
            nice(rng, low=0.2, high=0.9),
            nice(rng, low=0.2, high=2.0),
        ),
    ),
    selfcheck(
        "opt-adagrad",
        r"The cost is $\frac12\lambda\theta^2$. AdaGrad starts from $\theta$ with the sum $G = 0$ and takes two steps with the "
        r"learning rate $\eta$ ($\epsilon\to0$). Where is it then? (You do not need $\lambda$.)",
        lambda theta, eta, steps: rf"For $\theta = {number(theta)}$ and $\eta = {number(eta)}$:",
        draw=lambda rng: (nice(rng, low=0.5, high=2.0), nice(rng, low=0.1, high=0.45), 2),
    ),
    selfcheck(
        "opt-rmsprop",
        r"Centred RMSProp keeps running means, $m$ of the gradient $g$ and $v$ of its square, with the factor $\rho$. It puts "
        r"$v - m^2$ in the place of $v$ under the root, and adds $\epsilon$ *after* the root is taken. Two parameters $\theta$ "
        r"take one step along $-g$ with the learning rate $\eta$. What is the new $\theta$?",
        r"\theta, m, v, g, \eta, \rho, \epsilon",
        draw=_centred,
        part=lambda result: result[0],
        say={
            "put epsilon under the root": "Here ε is added after the root is taken.",
            "stepped along the mean of the gradients": "The mean serves for the variance alone; the step goes along g.",
        },
        least=0.1,
    ),
    selfcheck(
        "opt-adam",
        r"A parameter $\theta$ takes step $t$ of AdamW (counted from 1): it shrinks by the factor $1-\eta\lambda$, and then "
        r"Adam takes its step with the learning rate $\eta$ and the gradient $g$ of the cost. The means before the step are $m$ "
        r"and $v$, the factors $\beta_1$ and $\beta_2$, and $\epsilon$ is added after the root is taken. Give the new $\theta$, "
        r"and the new $m$ and $v$ without correction, in this order.",
        r"\theta, m, v, g, t, \eta, \beta_1, \beta_2, \epsilon, \lambda",
        draw=lambda rng: (
            nice(rng),
            nice(rng, low=-1.0, high=1.0),
            nice(rng, low=0.1, high=1.0),
            nice(rng),
            int(rng.integers(2, 5)),
            nice(rng, low=0.1, high=1.0),
            0.8,
            0.9,
            0.1,
            nice(rng, low=0.2, high=0.9),
        ),
        say={
            "counted the steps from 0": "In the first step t is 1. With 0 the correction would divide by zero.",
        },
        least=0.1,
    ),
)
