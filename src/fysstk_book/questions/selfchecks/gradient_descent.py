"""Self-checks of the chapter on gradient descent."""

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import number, typeset

COST = r"the cost is the mean of the half squared errors, $\frac1{2n}\sum_i(x_i\theta - y_i)^2$. "

SELFCHECKS = (
    selfcheck(
        "gd-direction",
        r"The gradient of the cost is $g$. No parameter may change by more than $\epsilon$. Which step lowers the cost most, "
        r"to first order? Give its three components.",
        r"g, \epsilon",
        draw=lambda rng: (nice(rng, 3, low=-3.0, high=3.0), nice(rng, low=0.1, high=1.0)),
    ),
    selfcheck(
        "gd-descent",
        r"A line through the origin, $\tilde y = x\theta$, is fitted to three samples with the inputs $x$ and the targets $y$; "
        r"the cost is $\frac1{2n}\sum_i(x_i\theta - y_i)^2 + \frac12\alpha\theta^2$. "
        r"Start from $\theta = 0$ and take two steps of gradient descent with the learning rate $\eta$. What is $\theta$?",
        lambda X, y, alpha, eta, steps: (
            rf"For $x = {typeset(X[:, 0])}$, $y = {typeset(y)}$, $\alpha = {number(alpha)}$ and $\eta = {number(eta)}$:"
        ),
        draw=lambda rng: (
            nice(rng, 3, 1),
            nice(rng, 3),
            nice(rng, low=0.2, high=0.9),
            nice(rng, low=0.1, high=0.5),
            2,
        ),
        say={"took the gradient without the ½ of the cost": "The ½ of the cost cancels the 2 of the square."},
    ),
    selfcheck(
        "gd-sgd",
        r"A line through the origin, $\tilde y = x\theta$, is fitted to three samples with the inputs $x_0, x_1, x_2$ in $x$ "
        r"and the targets in $y$; "
        + COST
        + r"Start from $\theta$ and run through one epoch in batches of two, in the order that is given, with the learning "
        r"rate $\eta$; the last batch has one sample. What is $\theta$ at the end, and what is the mean of its two positions "
        r"after a step?",
        lambda theta, X, y, eta, order, m: (
            rf"For $\theta = {number(theta[0])}$, $x = {typeset(X[:, 0])}$, $y = {typeset(y)}$, $\eta = {number(eta)}$ and the "
            rf"order {', '.join(str(i) for i in order)}:"
        ),
        draw=lambda rng: (
            nice(rng, 1),
            nice(rng, 3, 1),
            nice(rng, 3),
            nice(rng, low=0.1, high=0.5),
            rng.permutation(3),
            2,
        ),
        say={
            "ignored the order": "The first batch has the first two samples of the given order, not x₀ and x₁.",
            "ended after the first batch": "The epoch goes on to the last sample.",
            "doubled the gradient": "The cost carries the factor 1/2, and the 2 of the square cancels it.",
            "put X in the given order, but not y": "Each target belongs to its x: both have to move together.",
            "put y in the given order, but not X": "Each target belongs to its x: both have to move together.",
        },
        twins={
            ("dropped the last, smaller batch", "ended after the first batch"): (
                "stopped after the first batch",
                "Every sample is used once in an epoch, also the one that is left for the last batch.",
            )
        },
    ),
    selfcheck(
        "gd-limit",
        r"A linear model with the design matrix $X$ is fitted by gradient descent; its cost is the mean of the half squared "
        r"errors plus $\frac12\alpha|\theta|^2$. Above which learning rate does it diverge, and which rate is the best? Give "
        r"both, in this order.",
        r"X, \alpha",
        draw=lambda rng: (rng.integers(-3, 4, size=(3, 2)).astype(float), nice(rng, low=0.2, high=0.9)),
    ),
    selfcheck(
        "gd-decay",
        r"After $E$ epochs over $n$ samples in batches of $m$, the learning rate is to be $p\,\eta_0$. Give $k$ for "
        r"$\eta_t = \eta_0e^{-kt}$ and for $\eta_t = \eta_0/(1+kt)$, in this order; $t$ counts the steps.",
        "p, E, n, m",
        draw=lambda rng: (
            nice(rng, low=0.1, high=0.5),
            int(rng.integers(2, 10)),
            int(rng.integers(20, 60)),
            int(rng.integers(7, 15)),
        ),
        say={"forgot the 1 in the denominator": "The first is right. For the second: 1 + kt has to be 1/p."},
    ),
)
