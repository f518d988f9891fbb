"""Exercises of the chapter on logic gates."""

from typing import Any

import numpy as np
from scipy.optimize import brentq

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_nn.activations import sigmoid, step
from fysstk_nn.gates import INPUTS, design_matrix

_PATTERN = np.array([1.0, -1.0, -1.0, 1.0])


def residual(y: Any) -> Any:
    """Errors y - X theta of the best line through the four targets y00, y01, y10, y11."""
    return (y @ _PATTERN) / 4 * _PATTERN


def coefficients(y: Any) -> Any:
    """Coefficients of 1, x1, x2 and x1 x2 in the polynomial through the four targets."""
    y00, y01, y10, y11 = y
    return np.array([y00, y10 - y00, y01 - y00, y00 - y01 - y10 + y11])


def logistic_gradient(theta: Any, X: Any, y: Any, l2: Any) -> Any:
    """Gradient of the penalised logistic cost; the first column of X is ones."""
    return X.T @ (sigmoid(X @ theta) - y) + l2 * np.concatenate([[0.0], theta[1:]])


def _logistic_inputs(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw a few labelled points with one to three features, and a penalty."""
    n, features = int(rng.integers(1, 6)), int(rng.integers(1, 4))
    X = design_matrix(nice(rng, n, features))
    return nice(rng, features + 1), X, rng.integers(0, 2, size=n), nice(rng, low=0.1, high=3.0)


def turning_point() -> float:
    """Value of C at which logistic regression gets the OR of three inputs right."""
    w = _or3_slope()
    return float(w / _or3_pull(w))


def _or3_slope() -> float:
    """Slope at which the seven rows with a 1 balance the row without, at intercept 0."""
    return float(brentq(lambda w: 3 * sigmoid(w) + 3 * sigmoid(2 * w) + sigmoid(3 * w) - 6.5, 0.1, 10.0))


def _or3_pull(w: float) -> float:
    """Sum of y - p over the four rows in which x1 is 1."""
    return float((1 - sigmoid(w)) + 2 * (1 - sigmoid(2 * w)) + (1 - sigmoid(3 * w)))


def _step_network(weights: Any) -> Any:
    """Truth table of two hidden step neurons and one output step neuron."""
    W1, b1, W2, b2 = (np.asarray(part, dtype=float) for part in weights)
    if W1.shape != (2, 2) or b1.shape != (2,) or W2.size != 2 or b2.size != 1:
        raise ValueError(
            f"W1, b1, W2, b2 must have the shapes (2, 2), (2,), (2,) and (), "
            f"got {W1.shape}, {b1.shape}, {W2.shape} and {b2.shape}"
        )
    return step(step(INPUTS @ W1 + b1) @ W2.reshape(2) + b2.reshape(()))


def _or_and(w_or: float, w_and: float, b: float) -> Any:
    """Return a step network whose hidden neurons are OR and AND."""
    return np.ones((2, 2)), np.array([-0.5, -1.5]), np.array([w_or, w_and]), b


EXERCISES = (
    Exercise(
        id="gates-nand-line",
        chapter="gates",
        title="The best line through NAND",
        difficulty=1,
        minutes=5,
        equation="eq-gates-effects",
        hints=(
            "You need no matrix: equation {eq}`eq-gates-effects` gives each slope as a difference of two means.",
            "NAND is 1 minus AND, and equation {eq}`eq-gates-thetas` has AND. "
            "What does that do to the three numbers?",
        ),
        reference=np.array([1.25, -0.5, -0.5]),
        mistakes=(
            Mistake(
                "AND's own line",
                np.array([-0.25, 0.5, 0.5]),
                "These are the numbers for AND. NAND is its negation: the slopes must fall where AND's rise.",
            ),
            Mistake(
                "turned all three signs of AND's line",
                np.array([0.25, -0.5, -0.5]),
                "The slopes are right. NAND is 1 - AND, not -AND: what does the 1 add to?",
            ),
            Mistake(
                "took the mean target as the intercept",
                np.array([0.75, -0.5, -0.5]),
                "The slopes are right. The intercept is the prediction at the origin, "
                "while the mean is the prediction at the centre of the square.",
            ),
            Mistake(
                "let the line pass through the target at the origin",
                np.array([1.0, -0.5, -0.5]),
                "The slopes are right. The best line misses every one of the four targets a little, "
                "also the one at the origin.",
            ),
            Mistake(
                "wrote the intercept last",
                np.array([-0.5, -0.5, 1.25]),
                "The right three numbers. The column of ones comes first in the design matrix, "
                "so the intercept comes first in theta.",
            ),
            Mistake(
                "the weights and the bias of the NAND neuron",
                np.array([3.0, -2.0, -2.0]),
                "That neuron separates NAND, but it is not the line with the smallest squared error.",
            ),
        ),
    ),
    Exercise(
        id="gates-residual",
        chapter="gates",
        title="What the line leaves over",
        difficulty=2,
        minutes=10,
        equation="eq-gates-residual",
        hints=(
            "The targets come in the order y00, y01, y10, y11.",
            "First compute the interaction I, one number. Then hand it out to the four rows with the right signs.",
        ),
        reference=residual,
        inputs=lambda rng: (nice(rng, 4),),
        cases=tuple(
            (np.array(y, dtype=float),) for y in ((0, 1, 1, 0), (0, 1, 1, 1), (0, 0, 0, 1), (0, 0, 1, 1))
        ),
        mistakes=(
            Mistake(
                "prediction minus target",
                lambda y: -residual(y),
                "The size is right, the sign is turned: the residual is what the line leaves over, y - ỹ.",
            ),
            Mistake(
                "forgot the factor 1/4",
                lambda y: 4 * residual(y),
                "The pattern is right. The four rows share the interaction among them.",
            ),
            Mistake(
                "the same sign in every row",
                lambda y: (y @ _PATTERN) / 4 * np.ones(4),
                "Errors of the best line with an intercept add up to zero. Yours do not.",
            ),
            Mistake(
                "subtracted the mean only",
                lambda y: y - y.mean(),
                "This is what a horizontal line leaves over. The best line may also slope in x1 and in x2.",
            ),
            Mistake(
                "gave the fitted values",
                lambda y: y - residual(y),
                "These are the predictions. The residual is what is missing from them to the targets.",
            ),
            Mistake(
                "the signs of the rows in the wrong order",
                lambda y: (y @ _PATTERN) / 4 * np.array([1.0, -1.0, 1.0, -1.0]),
                "The size is right. Which two rows have the same sign? Those with an even number of ones.",
            ),
        ),
    ),
    Exercise(
        id="gates-polynomial",
        chapter="gates",
        title="Every gate is a polynomial",
        difficulty=2,
        minutes=10,
        equation="eq-gates-polynomial",
        hints=(
            "Put x1 = x2 = 0 into the polynomial: only one coefficient is left. Then (1, 0), then (0, 1), then (1, 1).",
            "Mind the order of the targets: y00, y01, y10, y11. The row (0, 1) has x2 = 1.",
        ),
        reference=coefficients,
        inputs=lambda rng: (nice(rng, 4),),
        cases=tuple(
            (np.array(y, dtype=float),) for y in ((0, 1, 1, 0), (0, 1, 1, 1), (0, 0, 0, 1), (1, 1, 0, 1))
        ),
        mistakes=(
            Mistake(
                "mixed up x1 and x2",
                lambda y: coefficients(y)[[0, 2, 1, 3]],
                "The coefficients of x1 and x2 are exchanged: y01 is the target of x1 = 0, x2 = 1.",
            ),
            Mistake(
                "took the slopes of the best line",
                lambda y: np.array(
                    [
                        y.mean() - (-y[0] * 2 + y[3] * 2) / 4,
                        (y[2] + y[3] - y[0] - y[1]) / 2,
                        (y[1] + y[3] - y[0] - y[2]) / 2,
                        y[0] - y[1] - y[2] + y[3],
                    ]
                ),
                "The first three numbers fit the four targets without the product. Once the product is there, "
                "the polynomial must pass through all four.",
            ),
            Mistake(
                "the sign of the interaction",
                lambda y: coefficients(y) * np.array([1.0, 1.0, 1.0, -1.0]),
                "The first three are right. Put in (1, 1) and see what the last one must add.",
            ),
            Mistake(
                "forgot to subtract y00",
                lambda y: np.array([y[0], y[2], y[1], y[3] - y[1] - y[2] + y[0]]),
                "At (1, 0) the constant is still there: the coefficient of x1 is the change from the origin.",
            ),
            Mistake(
                "forgot y00 in the interaction",
                lambda y: np.array([y[0], y[2] - y[0], y[1] - y[0], y[3] - y[1] - y[2]]),
                "The first three are right. At (1, 1) the polynomial is the sum of all four coefficients.",
            ),
            Mistake(
                "took the target at (1, 1) for the interaction",
                lambda y: np.array([y[0], y[2] - y[0], y[1] - y[0], y[3]]),
                "At (1, 1) the polynomial is the sum of all four coefficients.",
            ),
        ),
    ),
    Exercise(
        id="gates-logistic-gradient",
        chapter="gates",
        title="The gradient of logistic regression",
        difficulty=2,
        minutes=10,
        equation="eq-gates-logistic-gradient",
        hints=(
            "Write all components at once: prediction minus target for all rows, then the transposed design matrix.",
            "The penalty adds l2 times θ, but not for the intercept. Set that component to zero.",
        ),
        reference=logistic_gradient,
        inputs=_logistic_inputs,
        mistakes=(
            Mistake(
                "penalised the intercept",
                lambda theta, X, y, l2: X.T @ (sigmoid(X @ theta) - y) + l2 * theta,
                "Only the slopes are penalised; the first component of θ is the intercept.",
            ),
            Mistake(
                "forgot the penalty",
                lambda theta, X, y, l2: X.T @ (sigmoid(X @ theta) - y),
                "This is the gradient of the cross-entropy alone. The penalty has a derivative too.",
            ),
            Mistake(
                "target minus prediction",
                lambda theta, X, y, l2: (
                    X.T @ (y - sigmoid(X @ theta)) + l2 * np.concatenate([[0.0], theta[1:]])
                ),
                "The sign of the first term is turned: this is the gradient of the log-likelihood, "
                "which one maximises; the cost is its negative.",
            ),
            Mistake(
                "lost the factor 1/2 of the penalty",
                lambda theta, X, y, l2: (
                    X.T @ (sigmoid(X @ theta) - y) + 2 * l2 * np.concatenate([[0.0], theta[1:]])
                ),
                "The penalty is half of l2 times the squares; its derivative has no factor 2.",
            ),
            Mistake(
                "multiplied by σ′",
                lambda theta, X, y, l2: (
                    X.T @ ((sigmoid(X @ theta) - y) * sigmoid(X @ theta) * (1 - sigmoid(X @ theta)))
                    + l2 * np.concatenate([[0.0], theta[1:]])
                ),
                "p(1 - p) appears with the squared error. With the cross-entropy it cancels.",
            ),
            Mistake(
                "forgot the sigmoid",
                lambda theta, X, y, l2: X.T @ (X @ theta - y) + l2 * np.concatenate([[0.0], theta[1:]]),
                "This is the gradient of linear regression. The prediction here is p, not z.",
            ),
            Mistake(
                "took the mean over the samples in the first term",
                lambda theta, X, y, l2: (
                    X.T @ (sigmoid(X @ theta) - y) / len(y) + l2 * np.concatenate([[0.0], theta[1:]])
                ),
                "The cost {eq}`def-gates-cross-entropy` is a sum over the rows. With a mean the penalty would weigh more.",
            ),
        ),
    ),
    Exercise(
        id="gates-turning-point",
        chapter="gates",
        title="When the penalty lets go",
        difficulty=3,
        minutes=20,
        equation="eq-gates-turning",
        hints=(
            "At the turning point the row (0, 0, 0) has p = 1/2, so the intercept is 0. By symmetry the three "
            "slopes are one number w. How many rows have one, two, three ones?",
            "The first condition: all eight p add up to 7, the number of ones among the targets. "
            "Find w with `scipy.optimize.brentq`.",
            "The second condition is that of one slope: λw is the sum of 1 - p over the four rows with x1 = 1. "
            "One of them has a single 1, two have two, one has three.",
        ),
        reference=turning_point,
        rtol=1e-3,
        mistakes=(
            Mistake(
                "gave λ instead of C",
                lambda: 1 / turning_point(),
                "You found the strength of the penalty. `C` is its inverse.",
            ),
            Mistake(
                "the answer for two inputs",
                4.543633127,
                "This is the turning point of the chapter's OR, with four rows. Now there are eight.",
            ),
            Mistake(
                "gave the slope w",
                _or3_slope,
                "This is w at the turning point, the first half. The second condition turns it into `C`.",
            ),
            Mistake(
                "summed over all rows for the slope's condition",
                lambda: (
                    _or3_slope()
                    / (
                        3 * (1 - sigmoid(_or3_slope()))
                        + 3 * (1 - sigmoid(2 * _or3_slope()))
                        + 1
                        - sigmoid(3 * _or3_slope())
                    )
                ),
                "The derivative with respect to the first slope counts the rows with x1 = 1 only.",
            ),
            Mistake(
                "counted each kind of row once",
                lambda: (
                    _or3_slope()
                    / (
                        (1 - sigmoid(_or3_slope()))
                        + (1 - sigmoid(2 * _or3_slope()))
                        + 1
                        - sigmoid(3 * _or3_slope())
                    )
                ),
                "Two rows have x1 = 1 and exactly one of the other inputs on.",
            ),
        ),
    ),
    Exercise(
        id="gates-xnor",
        chapter="gates",
        title="A network for equality",
        difficulty=2,
        minutes=10,
        equation="eq-gates-steps",
        hints=(
            "Keep the hidden neurons of the XOR network. Which row does each output weight have to change?",
            "Equality is the negation of XOR. What happens to step(z) when you turn the sign of z?",
        ),
        reference=lambda: _or_and(-1.0, 1.0, 0.5),
        use=_step_network,
        mistakes=(
            Mistake(
                "the XOR network itself",
                lambda: _or_and(1.0, -1.0, -0.5),
                "This one fires where the inputs differ. You want it to fire where they are equal.",
            ),
            Mistake(
                "fires at (1, 1) only",
                lambda: _or_and(0.0, 1.0, -0.5),
                "The row (1, 1) works. At (0, 0) no hidden neuron fires, so only the output's bias can help.",
            ),
            Mistake(
                "fires at (0, 0) only",
                lambda: _or_and(-1.0, 0.0, 0.5),
                "The row (0, 0) works. At (1, 1) both hidden neurons fire; their sum must end above zero.",
            ),
            Mistake(
                "fires for every input",
                lambda: _or_and(0.0, 0.0, 0.5),
                "The output's bias is stronger than everything that the hidden neurons can send against it.",
            ),
            Mistake(
                "never fires",
                lambda: _or_and(0.0, 0.0, -0.5),
                "The output's input never gets above zero. Remember that step(0) is 0.",
            ),
        ),
    ),
)
