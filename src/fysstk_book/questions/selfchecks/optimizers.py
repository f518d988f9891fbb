"""Self-checks of the chapter on optimizers."""

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import Family, selfcheck

SELFCHECKS = (
    selfcheck(
        "opt-momentum",
        r"A parameter $\theta$ has the velocity $v$ and meets the gradient $g$. Take one step with momentum in the book's "
        r"(undampened) convention, with the learning rate $\eta$ and the factor $\beta$. Give the new $\theta$ and the new "
        r"$v$.",
        r"\theta, v, g, \eta, \beta",
        draw=lambda rng: (
            nice(rng),
            nice(rng),
            nice(rng),
            nice(rng, low=0.1, high=1.0),
            nice(rng, low=0.1, high=0.9),
        ),
        say={
            "returned the velocity first": "θ is asked for first, then v.",
            "dampened the gradient": "The factor 1 - β belongs to the other, dampened convention.",
            "kept the step as the velocity, with η and the minus sign": "Some books do, and walk the same path. In this "
            "book's convention v is a sum of gradients, and the step is -ηv.",
        },
    ),
    selfcheck(
        "opt-convention",
        r"A paper trains with *dampened* momentum, $v \leftarrow \beta v + (1 - \beta)g$, and the learning rate $\eta$. Which "
        r"learning rate gives the same path with the undampened rule $v \leftarrow \beta v + g$?",
        r"\beta, \eta",
        draw=lambda rng: (
            float(rng.choice([0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.98])),
            nice(rng, low=0.1, high=2.0),
        ),
        family=Family(
            (0.95, 0.4),
            lambda beta, eta: (1 - beta) * eta,
            {
                "went the other way": lambda beta, eta: eta / (1 - beta),
                "multiplied by β": lambda beta, eta: eta * beta,
                "left η as it was": lambda beta, eta: eta,
                "gave the factor only": lambda beta, eta: 1 - beta,
                "divided by β": lambda beta, eta: eta / beta,
            },
        ),
    ),
    selfcheck(
        "opt-rmsprop",
        r"RMSProp keeps the running mean $v$ of the squares of the gradient $g$ with the factor $\rho$, and adds $\epsilon$ "
        r"*after* the root is taken. Two parameters $\theta$ take one step with the learning rate $\eta$. What is the new "
        r"$\theta$?",
        r"\theta, v, g, \eta, \rho, \epsilon",
        draw=lambda rng: (
            nice(rng, 2),
            nice(rng, 2, low=0.1, high=2.0),
            nice(rng, 2),
            nice(rng, low=0.1, high=1.0),
            nice(rng, low=0.1, high=0.9),
            0.1,
        ),
        part=lambda result: result[0],
        say={"put epsilon under the root": "Here ε is added after the root is taken."},
        least=0.1,
    ),
    selfcheck(
        "opt-adam",
        r"A parameter $\theta$ takes step $t$ of Adam (counted from 1) with the learning rate $\eta$ and the gradient $g$; "
        r"the means before the step are $m$ and $v$, the factors $\beta_1$ and $\beta_2$, and $\epsilon$ is added after the "
        r"root is taken. Give the new $\theta$, and the new $m$ and $v$ without correction, in this order.",
        r"\theta, m, v, g, t, \eta, \beta_1, \beta_2, \epsilon",
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
        ),
        say={
            "counted the steps from 0": "In the first step t is 1. With 0 the correction would divide by zero.",
        },
        least=0.1,
    ),
    selfcheck(
        "opt-first",
        r"How far does Adam move a parameter in its very first step, in units of $\eta$, if the bias correction is left out? "
        r"Take $\epsilon = 0$, and the factors $\beta_1$ and $\beta_2$.",
        r"\beta_1, \beta_2",
        draw=lambda rng: (
            float(rng.choice([0.5, 0.6, 0.7, 0.8, 0.95])),
            float(rng.choice([0.64, 0.75, 0.84, 0.91, 0.98, 0.99])),
        ),
        family=Family(
            (0.9, 0.96),
            lambda beta1, beta2: (1 - beta1) / np.sqrt(1 - beta2),
            {
                "took the numbers of the text": lambda beta1, beta2: 0.1 / np.sqrt(0.001),
                "left the bias correction in": lambda beta1, beta2: 1.0,
                "forgot the root": lambda beta1, beta2: (1 - beta1) / (1 - beta2),
                "took β₁ and β₂ where 1 − β₁ and 1 − β₂ belong": lambda beta1, beta2: beta1 / np.sqrt(beta2),
                "turned the fraction upside down": lambda beta1, beta2: np.sqrt(1 - beta2) / (1 - beta1),
                "took β₁ where 1 − β₁ belongs": lambda beta1, beta2: beta1 / np.sqrt(1 - beta2),
                "took the first mean alone": lambda beta1, beta2: 1 - beta1,
                "took the factors the wrong way round": lambda beta1, beta2: (1 - beta2) / np.sqrt(1 - beta1),
            },
        ),
        say={
            "took the numbers of the text": "In the text β₁ is 0.9 and β₂ is 0.999. Take those of the question."
        },
    ),
)
