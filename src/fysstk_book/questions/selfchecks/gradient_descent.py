"""Self-checks of the chapter on gradient descent."""

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import number, typeset

COST = r"the cost is the mean of the half squared errors, $\frac1{2n}\sum_i(x_i\theta - y_i)^2$. "

TOO_EARLY = "dropped the rate one period too early"
AT_ONCE = "dropped the rate at the start of each period, also of the first"
TO_THE_NEAREST = "rounded to the nearest period"
ONE_STEP = "dropped the rate one step too early"
EARLY = (
    (TOO_EARLY, AT_ONCE),
    (TOO_EARLY, AT_ONCE, TO_THE_NEAREST),
    (TOO_EARLY, AT_ONCE, TO_THE_NEAREST, ONE_STEP),
    (TOO_EARLY, AT_ONCE, ONE_STEP),
)
WHOLE_PERIODS = (
    "The rate drops when a period is complete: how many whole periods are over in step t, counted from 0?"
)

SELFCHECKS = (
    selfcheck(
        "gd-direction",
        r"The gradient of the cost is $g$. Which step of length $\epsilon$ lowers the cost most, to first order? Give its two "
        r"components.",
        r"g, \epsilon",
        draw=lambda rng: (nice(rng, 2, low=-3.0, high=3.0), nice(rng, low=0.1, high=1.0)),
        say={
            "took the signs only": "This step is longer than ε, and it has another direction.",
            "did not divide by the length of the gradient": "The step has to be ε long, whatever the gradient's length.",
        },
    ),
    selfcheck(
        "gd-descent",
        r"A line through the origin, $\tilde y = x\theta$, is fitted to three samples with the inputs $x$ and the targets $y$; "
        + COST
        + r"Start from $\theta = 0$ and take two steps of gradient descent with the learning rate $\eta$. What is $\theta$?",
        lambda X, y, eta, steps: (
            rf"For $x = {typeset(X[:, 0])}$, $y = {typeset(y)}$ and $\eta = {number(eta)}$:"
        ),
        draw=lambda rng: (nice(rng, 3, 1), nice(rng, 3), nice(rng, low=0.1, high=0.5), 2),
        say={"took the gradient without the ½ of the cost": "The ½ of the cost cancels the 2 of the square."},
    ),
    selfcheck(
        "gd-sgd",
        r"A line through the origin, $\tilde y = x\theta$, is fitted to three samples with the inputs $x_0, x_1, x_2$ in $x$ "
        r"and the targets in $y$; "
        + COST
        + r"Start from $\theta$ and run through one epoch in batches of two, in the order that is given, with the learning "
        r"rate $\eta$; the last batch has one sample. What is $\theta$ at the end?",
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
        r"errors. Above which learning rate does it diverge?",
        "X",
        draw=lambda rng: (rng.integers(-3, 4, size=(3, 2)).astype(float),),
        twins={
            (
                "used the trace, the sum of all curvatures",
                "gave the best learning rate instead of the largest",
            ): (
                "divided 2 by the sum of both curvatures",
                "At this rate the steepest and the flattest direction shrink alike. It is a safe choice, but not the "
                "limit: only the largest curvature counts.",
            )
        },
    ),
    selfcheck(
        "gd-decay",
        r"The learning rate begins with $\eta_0$ and is multiplied by $\rho$ after every $T$ steps. What is it in step $t$, "
        r"counted from 0?",
        r"t, \eta_0, \rho, T",
        draw=lambda rng: (
            int(rng.integers(4, 20)),
            nice(rng, low=0.2, high=2.0),
            nice(rng, low=0.3, high=0.9),
            int(rng.integers(2, 8)),
        ),
        say={
            "took the rest of the division": "How many whole periods are over? Not the rest of the division counts, but "
            "its whole part.",
        },
        count=6,
        few=True,
        twins=dict.fromkeys(EARLY, (TOO_EARLY, WHOLE_PERIODS)),
    ),
)
