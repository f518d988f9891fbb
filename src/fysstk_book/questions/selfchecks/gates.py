"""Self-checks of the chapter on logic gates."""

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import typeset

TARGETS = r"Four rows $(x_1, x_2) = (0, 0), (0, 1), (1, 0), (1, 1)$ have the targets $y$, in this order. "


SELFCHECKS = (
    selfcheck(
        "gates-nand-line",
        TARGETS
        + r"One row is left out, and the line $\tilde y = \theta_0 + \theta_1x_1 + \theta_2x_2$ with the smallest squared "
        r"error is fitted to the three others. What does it say about the row that was left out? Give the four answers, "
        r"one for each row.",
        "y",
        draw=lambda rng: (rng.integers(-3, 6, size=4).astype(float),),
    ),
    selfcheck(
        "gates-middle",
        r"The two inputs of a network are 0 or 1. Its two hidden neurons say 1 where $z_j = \sum_i x_iW_{ij} + b_j$ is positive, "
        r"and else 0; so does the output neuron, which sees the hidden neurons only. $W$ and $b$ are fixed. How many of the 16 "
        r"truth tables can the network compute, with the best weights and bias of the output neuron for each?",
        "W, b",
        few=True,
        say={
            "took the weights of a neuron from a row of W1": (
                "took the weights of a neuron from a row of W",
                "Hidden neuron j receives the inputs times *column* j of W.",
            ),
        },
        twins={
            ("let a line separate four points in any way", "counted all tables"): (
                "counted all tables",
                "All four rows stay apart here. But for which two tables is there no line between four corners of a square?",
            ),
        },
    ),
    selfcheck(
        "gates-signs",
        r"False is $-1$ and true is $+1$. Four rows $(s_1, s_2)$, which are $(-1, -1)$, $(-1, 1)$, $(1, -1)$ and $(1, 1)$, have the targets $y$, in "
        r"this order. Give $c_0$, $c_1$, $c_2$ and $c_{12}$ of the polynomial $c_0 + c_1s_1 + c_2s_2 + c_{12}s_1s_2$ that "
        r"passes through all of them.",
        "y",
        draw=lambda rng: (rng.integers(-3, 6, size=4).astype(float),),
        say={
            "gave the coefficients of x1 and x2": (
                "gave the coefficients for inputs 0 and 1",
                "This polynomial fits where false is 0. Put in -1 and 1.",
            ),
            "mixed up the two inputs": "The coefficients of s1 and s2 are exchanged: in the second row s1 is -1 and s2 is 1.",
        },
    ),
    selfcheck(
        "gates-logistic-gradient",
        r"Logistic regression with one input has two samples $x$, and its targets $s$ are $-1$ and $+1$. Its cost is "
        r"$\sum_i\ln(1 + e^{-s_iz_i})$ with $z_i = \theta_0 + \theta_1x_i$, plus the penalty $\frac\lambda2\theta_1^2$ on the "
        r"slope. Give the gradient at $\theta = (\theta_0, \theta_1)$, the intercept first.",
        lambda theta, X, s, l2: (
            rf"For $\theta = {typeset(theta)}$, $x = {typeset(X[:, 1])}$, $s = {typeset(s)}$ and $\lambda = {l2:g}$:"
        ),
        draw=lambda rng: (
            nice(rng, 2),
            np.column_stack([np.ones(2), nice(rng, 2)]),
            rng.choice([-1, 1], size=2),
            nice(rng, low=0.1, high=3.0),
        ),
        say={
            "lost the factor 1/2 of the penalty": "The penalty is half of λ times the square; its derivative has no factor 2.",
            "took the mean over the samples in the first term": "The cost here is a sum over the samples. With a mean the "
            "penalty would weigh more.",
        },
    ),
)
