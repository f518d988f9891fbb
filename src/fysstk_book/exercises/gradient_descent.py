"""Exercises of the chapter on gradient descent."""

import math
from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_book.exercises._measured import covering


def best_step(gradient: Any, epsilon: Any) -> Any:
    """Step against the gradient that changes no parameter by more than epsilon."""
    return -epsilon * np.sign(gradient)


def gradient_descent(X: Any, y: Any, alpha: Any, eta: Any, steps: Any) -> Any:
    """Minimise the half mean squared error of a linear model with a penalty."""
    return _descend(X, y, alpha, eta, steps)


def _descend(X: Any, y: Any, alpha: Any, eta: Any, steps: Any, factor: Any = lambda n: 1 / n) -> Any:
    theta = np.zeros(X.shape[1])
    for _ in range(steps):
        theta = theta - eta * (factor(len(X)) * X.T @ (X @ theta - y) + alpha * theta)
    return theta


def one_epoch(theta: Any, X: Any, y: Any, eta: Any, order: Any, m: Any) -> Any:
    """Go through the samples once, in mini-batches: the last position and the mean of all."""
    return _epoch(theta, X, y, eta, order, m)


def _epoch(
    theta: Any,
    X: Any,
    y: Any,
    eta: Any,
    order: Any,
    m: Any,
    *,
    divide: Any = lambda rows, m: len(rows),
    drop: bool = False,
    frozen: bool = False,
) -> Any:
    steps = []
    start_theta = theta
    for start in range(0, len(order), m):
        rows = order[start : start + m]
        if drop and len(rows) < m:
            break
        at = start_theta if frozen else theta
        theta = theta - eta * X[rows].T @ (X[rows] @ at - y[rows]) / divide(rows, m)
        steps.append(theta)
    return theta, np.mean(steps, axis=0) if steps else theta


def _with_the_start(theta: Any, X: Any, y: Any, eta: Any, order: Any, m: Any) -> Any:
    end, mean = one_epoch(theta, X, y, eta, order, m)
    steps = math.ceil(len(order) / m)
    return end, (theta + steps * mean) / (steps + 1)


def _first_batch(theta: Any, X: Any, y: Any, eta: Any, order: Any, m: Any) -> Any:
    return _epoch(theta, X, y, eta, order[:m], m)


def _in_own_order(theta: Any, X: Any, y: Any, eta: Any, order: Any, m: Any) -> Any:
    return _epoch(theta, X, y, eta, np.arange(len(X)), m)


def rates(X: Any, alpha: Any) -> Any:
    """Largest and best learning rate of gradient descent on least squares with a penalty."""
    return _rates(_eigenvalues(X) + alpha)


def _rates(curvatures: Any) -> Any:
    return 2 / curvatures[-1], 2 / (curvatures[0] + curvatures[-1])


def decays(part: Any, epochs: Any, n: Any, m: Any) -> Any:
    """Constants of the exponential and of the inverse schedule that end at a part of the first rate."""
    return _decays(part, epochs * math.ceil(n / m))


def _decays(part: Any, t: Any) -> Any:
    return -np.log(part) / t, (1 / part - 1) / t


def _eigenvalues(X: Any) -> Any:
    return np.linalg.eigvalsh(X.T @ X / len(X))


def _regression(rng: np.random.Generator) -> tuple[Any, Any]:
    n, p = int(rng.integers(2, 6)), int(rng.integers(1, 4))
    return nice(rng, n, p, low=-1, high=1), nice(rng, n)


def _one_epoch(rng: np.random.Generator) -> tuple[Any, ...]:
    X, y = _regression(rng)
    order, m = rng.permutation(len(X)), int(rng.integers(1, 4))
    return nice(rng, X.shape[1]), X, y, nice(rng, low=0.1, high=0.5), order, m


EXERCISES = (
    Exercise(
        id="gd-direction",
        chapter="gradient-descent",
        title="The best step in a box",
        difficulty=2,
        minutes=8,
        equation="eq-gd-linear",
        hints=(
            "Write the scalar product as a sum over the parameters. Each term may be chosen for itself.",
            "How far does each parameter go, and to which side?",
        ),
        reference=best_step,
        inputs=lambda rng: (nice(rng, int(rng.integers(2, 5))), nice(rng, low=0.1, high=1.0)),
        mistakes=(
            Mistake(
                "walked uphill",
                lambda gradient, epsilon: -best_step(gradient, epsilon),
                "The gradient points to where the cost rises fastest.",
            ),
            Mistake(
                "took the best step of the circle",
                lambda gradient, epsilon: -epsilon * gradient / np.linalg.norm(gradient),
                "This step stays inside of the box, and most parameters could go further.",
            ),
            Mistake(
                "did not divide by anything",
                lambda gradient, epsilon: -epsilon * gradient,
                "This is gradient descent with η = epsilon, and no parameter may change by more than epsilon.",
            ),
            Mistake(
                "scaled the gradient to fit into the box",
                lambda gradient, epsilon: -epsilon * gradient / np.abs(gradient).max(),
                "Only the largest component is at the wall. Would it help to let the others go as far?",
            ),
            Mistake(
                "moved the steepest parameter only",
                lambda gradient, epsilon: (
                    best_step(gradient, epsilon) * (np.abs(gradient) == np.abs(gradient).max())
                ),
                "That is best if the sum of all changes is limited. Here each has a limit of its own.",
            ),
            Mistake(
                "gave the steps of all parameters together the length epsilon",
                lambda gradient, epsilon: best_step(gradient, epsilon) / np.sqrt(len(gradient)),
                "The directions are right. How far may each parameter go?",
            ),
        ),
    ),
    Exercise(
        id="gd-descent",
        chapter="gradient-descent",
        title="Your own gradient descent",
        difficulty=2,
        minutes=12,
        equation="eq-gd-ols-gradient",
        hints=(
            "The gradient of the first part is Xᵀ(Xθ - y)/n, see {eq}`eq-gd-ols-gradient`. And that of the penalty?",
            "Start from as many zeros as X has columns, and repeat θ ← θ - η gradient.",
        ),
        reference=gradient_descent,
        inputs=lambda rng: (
            *_regression(rng),
            nice(rng, low=0.1, high=0.9),
            nice(rng, low=0.1, high=0.5),
            int(rng.integers(2, 6)),
        ),
        cases=((np.array([[1.0]]), np.array([2.0]), 0.5, 0.5, 2),),
        mistakes=(
            Mistake(
                "walked uphill",
                lambda X, y, alpha, eta, steps: _descend(X, y, alpha, -eta, steps),
                "The step goes against the gradient.",
            ),
            Mistake(
                "forgot to divide by the number of samples",
                lambda X, y, alpha, eta, steps: _descend(X, y, alpha, eta, steps, lambda n: 1.0),
                "The cost is a mean over the samples, and so is its gradient.",
            ),
            Mistake(
                "took the gradient without the ½ of the cost",
                lambda X, y, alpha, eta, steps: _descend(X, y, alpha, eta, steps, lambda n: 2 / n),
                "The ½ in {eq}`def-gd-ols` cancels the 2 of the square.",
            ),
            Mistake(
                "forgot the penalty",
                lambda X, y, alpha, eta, steps: _descend(X, y, 0.0, eta, steps),
                "That is least squares. What does the penalty add to the gradient?",
            ),
            Mistake(
                "took the gradient of the penalty without its ½",
                lambda X, y, alpha, eta, steps: _descend(X, y, 2 * alpha, eta, steps),
                "The ½ of the penalty cancels the 2 of the square.",
            ),
            Mistake(
                "divided the penalty by the number of samples",
                lambda X, y, alpha, eta, steps: _descend(X, y, alpha / len(X), eta, steps),
                "The mean is over the errors. The penalty is added once, as it is.",
            ),
            Mistake(
                "rewarded large parameters",
                lambda X, y, alpha, eta, steps: _descend(X, y, -alpha, eta, steps),
                "The penalty pulls θ towards 0. Check its sign.",
            ),
            Mistake(
                "took one step too few",
                lambda X, y, alpha, eta, steps: _descend(X, y, alpha, eta, steps - 1),
                "Count the steps: the start is not one of them.",
            ),
            Mistake(
                "took y - Xθ for the error",
                lambda X, y, alpha, eta, steps: _descend(X, y, alpha, eta, steps, lambda n: -1 / n),
                "Prediction minus target, in the same order in which you subtract the gradient.",
            ),
        ),
    ),
    Exercise(
        id="gd-sgd",
        chapter="gradient-descent",
        title="Your own stochastic gradient descent",
        difficulty=2,
        minutes=15,
        equation="def-gd-batch",
        hints=(
            "`range(0, len(order), m)` gives the starts of the batches.",
            "The rows of a batch are a slice of `order`; divide by their number.",
        ),
        reference=one_epoch,
        inputs=_one_epoch,
        cases=((np.array([1.0]), np.array([[1.0], [0.5]]), np.array([0.3, -1.0]), 0.5, np.array([1, 0]), 3),),
        mistakes=(
            Mistake(
                "ignored the order",
                lambda theta, X, y, eta, order, m: _epoch(theta, X, y, eta, np.arange(len(X)), m),
                "The batch starts at place `start` of the order, not at row `start` of X.",
            ),
            Mistake(
                "dropped the last, smaller batch",
                lambda theta, X, y, eta, order, m: _epoch(theta, X, y, eta, order, m, drop=True),
                "Every sample is used once in an epoch, also those in a short last batch.",
            ),
            Mistake(
                "divided the last batch by m although it is smaller",
                lambda theta, X, y, eta, order, m: _epoch(
                    theta, X, y, eta, order, m, divide=lambda rows, m: m
                ),
                "The mean of a batch divides by the number of samples that it has.",
            ),
            Mistake(
                "summed over the batch instead of taking the mean",
                lambda theta, X, y, eta, order, m: _epoch(
                    theta, X, y, eta, order, m, divide=lambda rows, m: 1
                ),
                "Divide by the number of samples in the batch.",
            ),
            Mistake(
                "computed all gradients at the starting point",
                lambda theta, X, y, eta, order, m: _epoch(theta, X, y, eta, order, m, frozen=True),
                "Each batch sees the parameters that the batch before it has left.",
            ),
            Mistake(
                "ended after the first batch",
                _first_batch,
                "Does a `return` stand inside the loop? The epoch goes on to the last sample.",
            ),
            Mistake(
                "put X in the given order, but not y",
                lambda theta, X, y, eta, order, m: _in_own_order(theta, X[order], y, eta, order, m),
                "Each target belongs to its row of X: both have to move together.",
            ),
            Mistake(
                "put y in the given order, but not X",
                lambda theta, X, y, eta, order, m: _in_own_order(theta, X, y[order], eta, order, m),
                "Each target belongs to its row of X: both have to move together.",
            ),
            Mistake(
                "doubled the gradient",
                lambda theta, X, y, eta, order, m: _epoch(theta, X, y, 2 * eta, order, m),
                "The cost {eq}`def-gd-ols` carries the factor 1/2, and the 2 of the square cancels it.",
            ),
            Mistake(
                "counted the start as a step",
                _with_the_start,
                "The first is right. The mean is over the positions *after* each step, so the start is not among them.",
            ),
            Mistake(
                "took the middle between start and end",
                lambda theta, X, y, eta, order, m: (
                    one_epoch(theta, X, y, eta, order, m)[0],
                    (theta + one_epoch(theta, X, y, eta, order, m)[0]) / 2,
                ),
                "The first is right. The path is no straight line: keep each position, and average them all.",
            ),
            Mistake(
                "took the mean over the parameters",
                lambda theta, X, y, eta, order, m: (
                    one_epoch(theta, X, y, eta, order, m)[0],
                    np.full_like(theta, np.mean(one_epoch(theta, X, y, eta, order, m)[1])),
                ),
                "The first is right. Each parameter has a mean of its own, over the steps: axis 0.",
            ),
            Mistake(
                "gave the end twice",
                lambda theta, X, y, eta, order, m: (one_epoch(theta, X, y, eta, order, m)[0],) * 2,
                "The first is right. If all positions in your list are the same, did you change `theta` in place?",
            ),
        ),
    ),
    Exercise(
        id="gd-limit",
        chapter="gradient-descent",
        title="The limit of stability, with a penalty",
        difficulty=2,
        minutes=10,
        equation="eq-gd-stable",
        hints=(
            "The second derivatives of ½α|θ|² are α on the diagonal, and 0 elsewhere.",
            "If u is an eigenvector of XᵀX/n with the eigenvalue λ, what is H u?",
            "`np.linalg.eigvalsh` gives the eigenvalues, in rising order.",
        ),
        reference=rates,
        inputs=lambda rng: (
            nice(rng, int(rng.integers(4, 8)), int(rng.integers(2, 4))),
            nice(rng, low=0.1, high=0.9),
        ),
        cases=((np.array([[1.0], [2.0]]), 0.5),),
        mistakes=(
            Mistake(
                "forgot the penalty",
                lambda X, alpha: _rates(_eigenvalues(X)),
                "These are the rates of least squares. The penalty has a curvature as well.",
            ),
            Mistake(
                "took twice the penalty's curvature",
                lambda X, alpha: _rates(_eigenvalues(X) + 2 * alpha),
                "The ½ of the penalty cancels the 2 of the square.",
            ),
            Mistake(
                "divided the penalty by the number of samples",
                lambda X, alpha: _rates(_eigenvalues(X) + alpha / len(X)),
                "The mean is over the errors. The penalty is added once, as it is.",
            ),
            Mistake(
                "subtracted the penalty",
                lambda X, alpha: _rates(_eigenvalues(X) - alpha),
                "A parabola is added to the landscape: it becomes steeper.",
            ),
            Mistake(
                "forgot to divide by the number of samples",
                lambda X, alpha: _rates(len(X) * _eigenvalues(X) + alpha),
                "The mean over the samples gives XᵀX/n.",
            ),
            Mistake(
                "used the singular values of X instead of their squares",
                lambda X, alpha: _rates(np.sqrt(_eigenvalues(X)) + alpha),
                "The eigenvalues of XᵀX are the squares of the singular values of X.",
            ),
            Mistake(
                "exchanged the two rates",
                lambda X, alpha: rates(X, alpha)[::-1],
                "The exercise asks for the largest rate first, and then for the best one.",
            ),
            Mistake(
                "used the smallest curvature for the limit",
                lambda X, alpha: (2 / (_eigenvalues(X)[0] + alpha), rates(X, alpha)[1]),
                "The steepest direction sets the limit.",
            ),
            Mistake(
                "gave the rate that is best for the steepest direction alone",
                lambda X, alpha: (rates(X, alpha)[0], rates(X, alpha)[0] / 2),
                "At 1/λ the steepest direction is done in one step. But the flattest one is slow: make both factors equal in size.",
            ),
        ),
    ),
    Exercise(
        id="gd-decay",
        chapter="gradient-descent",
        title="How fast must it decay?",
        difficulty=2,
        minutes=8,
        equation="def-gd-schedules",
        hints=(
            "How many steps are there in an epoch, if the last batch may be smaller?",
            "Set η at the last step equal to `part` times η₀. What cancels? Solve for k.",
        ),
        reference=decays,
        inputs=lambda rng: (
            nice(rng, low=0.1, high=0.5),
            int(rng.integers(2, 50)),
            int(rng.integers(50, 100)),
            int(rng.integers(7, 30)),
        ),
        cases=((0.1, 50, 100, 10), (0.5, 1, 10, 4)),
        mistakes=(
            Mistake(
                "dropped the last, smaller batch",
                lambda part, epochs, n, m: _decays(part, epochs * (n // m)),
                "The last batch counts as a step as well, if it is smaller too.",
            ),
            Mistake(
                "did not round the number of steps",
                lambda part, epochs, n, m: _decays(part, epochs * n / m),
                "An epoch has a whole number of steps.",
            ),
            Mistake(
                "counted epochs instead of steps",
                lambda part, epochs, n, m: _decays(part, epochs),
                "In the schedules t counts steps. How many of them are in an epoch?",
            ),
            Mistake(
                "counted samples instead of steps",
                lambda part, epochs, n, m: _decays(part, epochs * n),
                "A step uses m samples.",
            ),
            Mistake(
                "forgot the 1 in the denominator",
                lambda part, epochs, n, m: (
                    decays(part, epochs, n, m)[0],
                    1 / part / (epochs * math.ceil(n / m)),
                ),
                "The first is right. For the second: 1 + kt has to be 1/part.",
            ),
            Mistake(
                "turned the sign of the exponential's constant",
                lambda part, epochs, n, m: (-decays(part, epochs, n, m)[0], decays(part, epochs, n, m)[1]),
                "The logarithm of a number below 1 is negative, and so is the exponent: k itself is positive.",
            ),
            Mistake(
                "took the logarithm to base 10",
                lambda part, epochs, n, m: (
                    decays(part, epochs, n, m)[0] / np.log(10),
                    decays(part, epochs, n, m)[1],
                ),
                "The schedule has e to a power, so its logarithm is the natural one.",
            ),
            Mistake(
                "exchanged the two schedules",
                lambda part, epochs, n, m: decays(part, epochs, n, m)[::-1],
                "The exercise asks for the exponential first.",
            ),
        ),
    ),
    Exercise(
        id="gd-one-variable",
        chapter="gradient-descent",
        title="The ball on a curve",
        difficulty=1,
        minutes=5,
        equation="eq-gd-cauchy",
        hints=("What is the direction of steepest descent on a line? There are only two to choose from.",),
    ),
    Exercise(
        id="gd-online",
        chapter="gradient-descent",
        title="One at a time",
        difficulty=2,
        minutes=10,
        equation="eq-gd-variance",
        hints=(
            "Think of the number of updates per epoch, of the noise in each of them, and of what a computer does.",
        ),
    ),
    Exercise(
        id="gd-measure",
        chapter="gradient-descent",
        title="Measure: how much nearer with a falling rate?",
        difficulty=3,
        minutes=25,
        equation="eq-gd-floor",
        hints=(
            "Two contestants: one with a grid of parts, one with a grid of parts and a grid of decays.",
            "A falling rate can start at a part above 1. Try decays between 0.01 and 0.3; more tuning seeds help here.",
        ),
        **covering("decay-line", "falling", "constant", widest=0.9, percent=False),
    ),
)
