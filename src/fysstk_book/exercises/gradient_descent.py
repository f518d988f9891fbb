"""Exercises of the chapter on gradient descent."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_book.exercises._measured import covering


def best_step(gradient: Any, epsilon: Any) -> Any:
    """Step of a given length against the gradient."""
    return -epsilon * gradient / np.linalg.norm(gradient)


def gradient_descent(X: Any, y: Any, eta: Any, steps: Any) -> Any:
    """Minimise the half mean squared error of a linear model."""
    return _descend(X, y, eta, steps)


def _descend(X: Any, y: Any, eta: Any, steps: Any, factor: Any = lambda n: 1 / n) -> Any:
    theta = np.zeros(X.shape[1])
    for _ in range(steps):
        theta = theta - eta * factor(len(X)) * X.T @ (X @ theta - y)
    return theta


def one_epoch(theta: Any, X: Any, y: Any, eta: Any, order: Any, m: Any) -> Any:
    """Go through the samples once, in mini-batches."""
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
    start_theta = theta
    for start in range(0, len(order), m):
        rows = order[start : start + m]
        if drop and len(rows) < m:
            break
        at = start_theta if frozen else theta
        theta = theta - eta * X[rows].T @ (X[rows] @ at - y[rows]) / divide(rows, m)
    return theta


def _first_batch(theta: Any, X: Any, y: Any, eta: Any, order: Any, m: Any) -> Any:
    return _epoch(theta, X, y, eta, order[:m], m)


def _in_own_order(theta: Any, X: Any, y: Any, eta: Any, order: Any, m: Any) -> Any:
    return _epoch(theta, X, y, eta, np.arange(len(X)), m)


def largest_rate(X: Any) -> Any:
    """Learning rate above which gradient descent on least squares diverges."""
    return 2 / np.linalg.eigvalsh(X.T @ X / len(X)).max()


def rate(t: Any, eta0: Any, factor: Any, every: Any) -> Any:
    """Learning rate that drops by a factor after every so many steps."""
    return eta0 * factor ** (t // every)


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
        title="The best short step",
        difficulty=1,
        minutes=4,
        equation="eq-gd-cauchy",
        hints=("Which direction? And how do you give a vector the length epsilon?",),
        reference=best_step,
        inputs=lambda rng: (nice(rng, int(rng.integers(2, 5))), nice(rng, low=0.1, high=1.0)),
        mistakes=(
            Mistake(
                "walked uphill",
                lambda gradient, epsilon: -best_step(gradient, epsilon),
                "The gradient points to where the cost rises fastest.",
            ),
            Mistake(
                "did not divide by the length of the gradient",
                lambda gradient, epsilon: -epsilon * gradient,
                "This is gradient descent with η = epsilon; here the step has to be epsilon long.",
            ),
            Mistake(
                "divided by the square of the length",
                lambda gradient, epsilon: -epsilon * gradient / (gradient @ gradient),
                "The length is the root of the sum of squares.",
            ),
            Mistake(
                "divided by the sum of the components",
                lambda gradient, epsilon: -epsilon * gradient / np.abs(gradient).sum(),
                "The length is Euclid's: the root of the sum of squares.",
            ),
            Mistake(
                "took the signs only",
                lambda gradient, epsilon: -epsilon * np.sign(gradient),
                "This step has the length epsilon times √P, and another direction.",
            ),
            Mistake(
                "divided by the largest component",
                lambda gradient, epsilon: -epsilon * gradient / np.max(gradient),
                "The length is Euclid's: the root of the sum of squares.",
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
            "The gradient is Xᵀ(Xθ - y)/n, see {eq}`eq-gd-ols-gradient`.",
            "Start from as many zeros as X has columns, and repeat θ ← θ - η gradient.",
        ),
        reference=gradient_descent,
        inputs=lambda rng: (*_regression(rng), nice(rng, low=0.1, high=0.5), int(rng.integers(2, 6))),
        cases=((np.array([[1.0]]), np.array([2.0]), 0.5, 1),),
        mistakes=(
            Mistake(
                "walked uphill",
                lambda X, y, eta, steps: _descend(X, y, -eta, steps),
                "The step goes against the gradient.",
            ),
            Mistake(
                "forgot to divide by the number of samples",
                lambda X, y, eta, steps: _descend(X, y, eta, steps, lambda n: 1.0),
                "The cost is a mean over the samples, and so is its gradient.",
            ),
            Mistake(
                "took the gradient without the ½ of the cost",
                lambda X, y, eta, steps: _descend(X, y, eta, steps, lambda n: 2 / n),
                "The ½ in {eq}`def-gd-ols` cancels the 2 of the square.",
            ),
            Mistake(
                "took one step too few",
                lambda X, y, eta, steps: _descend(X, y, eta, steps - 1),
                "Count the steps: the start is not one of them.",
            ),
            Mistake(
                "took y - Xθ for the error",
                lambda X, y, eta, steps: _descend(X, -y, eta, steps),
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
        ),
    ),
    Exercise(
        id="gd-limit",
        chapter="gradient-descent",
        title="The limit of stability",
        difficulty=2,
        minutes=6,
        equation="eq-gd-stable",
        hints=(
            "The curvatures are the eigenvalues of H = XᵀX/n.",
            "The steepest direction diverges first; `np.linalg.eigvalsh` gives the eigenvalues.",
        ),
        reference=largest_rate,
        inputs=lambda rng: (nice(rng, int(rng.integers(4, 8)), int(rng.integers(2, 4))),),
        cases=((np.array([[1.0], [2.0]]),),),
        mistakes=(
            Mistake(
                "took the singular value of X without its square",
                lambda X: 2 * len(X) / np.linalg.norm(X, 2),
                "The eigenvalues of XᵀX are the squares of the singular values of X.",
            ),
            Mistake(
                "gave the rate that converges in one step along the steepest direction",
                lambda X: largest_rate(X) / 2,
                "At 1/λ the factor is zero. It reaches -1 at another rate.",
            ),
            Mistake(
                "used the smallest curvature",
                lambda X: 2 / np.linalg.eigvalsh(X.T @ X / len(X)).min(),
                "The steepest direction sets the limit.",
            ),
            Mistake(
                "forgot to divide by the number of samples",
                lambda X: largest_rate(X) / len(X),
                "H is XᵀX/n.",
            ),
            Mistake(
                "used the singular values of X instead of their squares",
                lambda X: 2 / np.linalg.svd(X / np.sqrt(len(X)), compute_uv=False).max(),
                "The eigenvalues of XᵀX are the squares of the singular values of X.",
            ),
            Mistake(
                "used the trace, the sum of all curvatures",
                lambda X: 2 / np.trace(X.T @ X / len(X)),
                "That is a safe choice, but not the limit: only the largest curvature counts.",
            ),
            Mistake(
                "gave the best learning rate instead of the largest",
                lambda X: 2 / (_eigenvalues(X).min() + _eigenvalues(X).max()),
                "At this rate the steepest and the flattest direction shrink alike. Asked is where the steepest stops shrinking.",
            ),
            Mistake(
                "took a singular value of X for a curvature",
                lambda X: 2 / np.linalg.norm(X, 2),
                "The eigenvalues of XᵀX are the squares of the singular values of X, and H has 1/n besides.",
            ),
        ),
    ),
    Exercise(
        id="gd-decay",
        chapter="gradient-descent",
        title="Decay",
        difficulty=1,
        minutes=3,
        equation="def-gd-schedules",
        hints=("`t // every` counts the periods that have passed.",),
        reference=rate,
        inputs=lambda rng: (
            int(rng.integers(0, 50)),
            nice(rng, low=0.1, high=2.0),
            nice(rng, low=0.1, high=0.9),
            int(rng.integers(2, 11)),
        ),
        cases=((0, 1.0, 0.5, 10), (9, 1.0, 0.5, 10), (10, 1.0, 0.5, 10)),
        mistakes=(
            Mistake(
                "let the rate fall smoothly",
                lambda t, eta0, factor, every: eta0 * factor ** (t / every),
                "The rate stays constant within a period: round down.",
            ),
            Mistake(
                "dropped the rate once only",
                lambda t, eta0, factor, every: eta0 * (factor if t >= every else 1.0),
                "It drops again after each period.",
            ),
            Mistake(
                "dropped the rate at every step",
                lambda t, eta0, factor, every: eta0 * factor**t,
                "It drops after every T steps, not after each one.",
            ),
            Mistake(
                "dropped the rate one period too early",
                lambda t, eta0, factor, every: eta0 * factor ** (t // every + 1),
                "At t = 0 the rate is η₀.",
            ),
            Mistake(
                "forgot the initial rate",
                lambda t, eta0, factor, every: factor ** (t // every),
                "That is what became of the rate. What did it start from?",
            ),
            Mistake(
                "rounded to the nearest period",
                lambda t, eta0, factor, every: eta0 * factor ** round(t / every),
                "The rate drops when a period is complete, not in its middle.",
            ),
            Mistake(
                "took the rest of the division",
                lambda t, eta0, factor, every: eta0 * factor ** (t % every),
                "How many whole periods are over? In Python that is `//`.",
            ),
            Mistake(
                "multiplied by the number of periods",
                lambda t, eta0, factor, every: eta0 * factor * (t // every),
                "Each period that is over brings one more factor: a power.",
            ),
            Mistake(
                "dropped the rate one step too early",
                lambda t, eta0, factor, every: eta0 * factor ** ((t + 1) // every),
                "`t` counts from 0: the first period has the steps 0 to `every` - 1.",
            ),
            Mistake(
                "dropped the rate at the start of each period, also of the first",
                lambda t, eta0, factor, every: eta0 * factor ** (-(-t // every)),
                "In the first period the rate is still `eta0`.",
            ),
            Mistake(
                "divided by the factor",
                lambda t, eta0, factor, every: eta0 / factor ** (t // every),
                "The factor is smaller than 1: divided by it, the rate grows.",
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
