"""Self-checks of the chapter on optimizers."""

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import number

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
)
