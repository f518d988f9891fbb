"""Self-checks of the chapter on logic gates."""

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import typeset

TARGETS = r"Four rows $(x_1, x_2) = (0, 0), (0, 1), (1, 0), (1, 1)$ have the targets $y$, in this order. "

SELFCHECKS = (
    selfcheck(
        "gates-residual",
        TARGETS
        + r"What does the line $\tilde y = \theta_0 + \theta_1x_1 + \theta_2x_2$ with the smallest squared error leave over? "
        r"Give the four residuals $y - \tilde y$.",
        "y",
        draw=lambda rng: (rng.integers(0, 5, size=4).astype(float),),
    ),
    selfcheck(
        "gates-polynomial",
        TARGETS
        + r"Give $c_0$, $c_1$, $c_2$ and $c_{12}$ of the polynomial $c_0 + c_1x_1 + c_2x_2 + c_{12}x_1x_2$ that passes "
        r"through all of them.",
        "y",
        draw=lambda rng: (rng.integers(-3, 6, size=4).astype(float),),
    ),
    selfcheck(
        "gates-logistic-gradient",
        r"Logistic regression with one input has two samples $x$ with the targets $y$. Its cost is the cross-entropy, "
        r"*summed* over the samples, with the natural logarithm, plus the penalty $\frac\lambda2\theta_1^2$ on the slope. "
        r"Give the gradient at $\theta = (\theta_0, \theta_1)$, the intercept first.",
        lambda theta, X, y, l2: (
            rf"For $\theta = {typeset(theta)}$, $x = {typeset(X[:, 1])}$, $y = {typeset(y)}$ and $\lambda = {l2:g}$:"
        ),
        draw=lambda rng: (
            nice(rng, 2),
            np.column_stack([np.ones(2), nice(rng, 2)]),
            rng.integers(0, 2, size=2),
            nice(rng, low=0.1, high=3.0),
        ),
        say={
            "took the mean over the samples in the first term": "The cost here is a sum over the samples. With a mean the "
            "penalty would weigh more."
        },
    ),
)
