"""Exercises of the chapter on the chain rule."""

import math
from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice


def two_derivatives(t: Any) -> Any:
    """Partial and total derivative by t of f = x^2 y exp(-t), along the unit circle."""
    x, y, warm = math.cos(t), math.sin(t), math.exp(-t)
    direct = -(x**2) * y * warm
    return direct, 2 * x * y * warm * -y + x**2 * warm * x + direct


def _walk_wrong(pair: Any) -> Any:
    """Return `two_derivatives` with another pair, made from the three terms and t."""

    def wrong(t: Any) -> Any:
        x, y, warm = math.cos(t), math.sin(t), math.exp(-t)
        return pair(-2 * x * y**2 * warm, x**3 * warm, -(x**2) * y * warm, t)

    return wrong


def cartesian_gradient(gradient: Any, s: Any, t: Any) -> Any:
    """Gradient by x and y from the gradient by radius and angle."""
    return gradient @ np.array([[np.cos(t), np.sin(t)], [-np.sin(t) / s, np.cos(t) / s]])


def _cartesian_wrong(matrix: Any) -> Any:
    """Return `cartesian_gradient` with another matrix, made from cos t, sin t and s."""
    return lambda gradient, s, t: np.asarray(gradient) @ np.array(matrix(np.cos(t), np.sin(t), s))


def value_and_slope(x: Any) -> Any:
    """Value and derivative of log(1 + x^2 exp(-x^2)), with shared intermediate results."""
    a = x**2
    b = math.exp(-a)
    c = a * b
    d = 1 + c
    return math.log(d), 2 * x * (b - c) / d


def product_gradient(x: Any) -> Any:
    """All derivatives of a product, from the products before and after each factor."""
    before = np.cumprod(np.concatenate([[1.0], x[:-1]]))
    after = np.cumprod(np.concatenate([[1.0], x[:0:-1]]))[::-1]
    return before * after


def _product_by_division(x: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.prod(x) / x


def shared_gradient(w: Any, a_before: Any, b: Any, y: Any) -> Any:
    """Derivative of the half squared error by a weight that all nodes of a tanh output layer share."""
    a = np.tanh(w * a_before + b)
    return np.sum((a - y) * (1 - a**2) * a_before)


def _layer(rng: np.random.Generator) -> tuple[Any, ...]:
    n = int(rng.integers(2, 5))
    return nice(rng), nice(rng, n), nice(rng, n), nice(rng, n, low=-0.9, high=0.9)


def _shared_wrong(path: Any) -> Any:
    """Return `shared_gradient` with another product along each path, made from a, y and the input."""

    def wrong(w: Any, a_before: Any, b: Any, y: Any) -> Any:
        return np.sum(path(np.tanh(w * a_before + b), y, a_before))

    return wrong


def _along_each_path(w: Any, a_before: Any, b: Any, y: Any) -> Any:
    a = np.tanh(w * a_before + b)
    return (a - y) * (1 - a**2) * a_before


def _slope_wrong(factor: Any) -> Any:
    """Return `value_and_slope` with another formula for the slope in terms of x, b, c and d."""

    def wrong(x: Any) -> Any:
        b = math.exp(-(x**2))
        c = x**2 * b
        return math.log(1 + c), factor(x, b, c, 1 + c)

    return wrong


EXERCISES = (
    Exercise(
        id="chain-walk",
        chapter="chain-rule",
        title="A walk over a cooling plate",
        difficulty=1,
        minutes=8,
        equation="eq-chain-explicit",
        hints=(
            "How many ways lead from t to f? Equation {eq}`eq-chain-explicit` has one term for each, and your first number "
            "is one of them.",
            "∂f/∂t is taken at fixed x and fixed y: of x²y exp(-t) it leaves -x²y exp(-t).",
        ),
        reference=two_derivatives,
        inputs=lambda rng: (nice(rng),),
        mistakes=(
            Mistake(
                "left out the direct path from t to f",
                _walk_wrong(lambda by_x, by_y, direct, t: (direct, by_x + by_y)),
                "The plate cools while you stand still. Which term of df/dt says so?",
            ),
            Mistake(
                "gave df/dt for both",
                _walk_wrong(lambda by_x, by_y, direct, t: (by_x + by_y + direct,) * 2),
                "If you put the path into f first, no partial derivative is left: x and y must be held fixed.",
            ),
            Mistake(
                "returned df/dt first",
                _walk_wrong(lambda by_x, by_y, direct, t: (by_x + by_y + direct, direct)),
                "Both numbers are right, in the other order: the thermometer comes first.",
            ),
            Mistake(
                "left out the path through y",
                _walk_wrong(lambda by_x, by_y, direct, t: (direct, by_x + direct)),
                "y moves with t as well. It contributes ∂f/∂y times its velocity.",
            ),
            Mistake(
                "left out the path through x",
                _walk_wrong(lambda by_x, by_y, direct, t: (direct, by_y + direct)),
                "x moves with t as well. It contributes ∂f/∂x times its velocity.",
            ),
            Mistake(
                "the derivative of the cosine has the wrong sign",
                _walk_wrong(lambda by_x, by_y, direct, t: (direct, -by_x + by_y + direct)),
                "For small positive t the cosine falls. What does that say about dx/dt?",
            ),
            Mistake(
                "the derivative of exp(-t) has the wrong sign",
                _walk_wrong(lambda by_x, by_y, direct, t: (-direct, by_x + by_y - direct)),
                "A plate that cools shows a lower temperature at each place as time goes on.",
            ),
            Mistake(
                "added the partial derivatives without the velocities",
                lambda t: (
                    two_derivatives(t)[0],
                    (math.sin(2 * t) + math.cos(t) ** 2) * math.exp(-t) + two_derivatives(t)[0],
                ),
                "A partial derivative says what f does per step of x. It still has to be multiplied by how fast x moves.",
            ),
            Mistake(
                "left exp(-t) out of ∂f/∂x and ∂f/∂y",
                _walk_wrong(lambda by_x, by_y, direct, t: (direct, (by_x + by_y) * math.exp(t) + direct)),
                "A cold plate has small slopes: the factor exp(-t) stays, whatever you differentiate by.",
            ),
            Mistake(
                "multiplied where the paths add",
                _walk_wrong(lambda by_x, by_y, direct, t: (direct, by_x * by_y * direct)),
                "Along one path the factors are multiplied; the paths themselves add.",
            ),
        ),
    ),
    Exercise(
        id="chain-polar",
        chapter="chain-rule",
        title="Back from polar coordinates",
        difficulty=2,
        minutes=12,
        equation="eq-chain-matrix",
        hints=(
            "Equation {eq}`eq-chain-matrix` says: what you are given is what you want, times a Jacobian. How do you get "
            "rid of a matrix on the right?",
            "The Jacobian has the columns (cos t, sin t) and (-s sin t, s cos t). They are at right angles, and their "
            "lengths are 1 and s, which makes the inverse easy to guess.",
        ),
        reference=cartesian_gradient,
        inputs=lambda rng: (nice(rng, 2), nice(rng, low=0.5, high=2.0), nice(rng)),
        cases=((np.array([1.0, 2.0]), 2.0, 0.0),),
        mistakes=(
            Mistake(
                "multiplied by the Jacobian instead of its inverse",
                _cartesian_wrong(lambda c, s, r: [[c, -r * s], [s, r * c]]),
                "That leads from the gradient by (x, y) to the one by (s, t). You want the way back.",
            ),
            Mistake(
                "took the transposed Jacobian for its inverse",
                _cartesian_wrong(lambda c, s, r: [[c, s], [-r * s, r * c]]),
                "Transposing inverts a matrix whose columns have the length 1. How long is the second column?",
            ),
            Mistake(
                "forgot the radius",
                _cartesian_wrong(lambda c, s, r: [[c, s], [-s, c]]),
                "Far from the origin the same angle is a longer way. Where does s appear in ∂x/∂t?",
            ),
            Mistake(
                "the sign of the sine is turned",
                _cartesian_wrong(lambda c, s, r: [[c, -s], [s / r, c / r]]),
                "On the positive y-axis, at t = 90°, a function that grows with s grows with y. Does yours?",
            ),
            Mistake(
                "multiplied the inverse from the left",
                _cartesian_wrong(lambda c, s, r: [[c, -s / r], [s, c / r]]),
                "The gradient is a row, and stands on the left of the matrix.",
            ),
            Mistake(
                "divided by s twice",
                _cartesian_wrong(lambda c, s, r: [[c, s], [-s / r**2, c / r**2]]),
                "The second column of the Jacobian has the length s. What does the inverse do with a length?",
            ),
            Mistake(
                "returned the derivative by y first",
                _cartesian_wrong(lambda c, s, r: [[s, c], [c / r, -s / r]]),
                "Both numbers are right, in the other order: x comes first.",
            ),
        ),
    ),
    Exercise(
        id="chain-names",
        chapter="chain-rule",
        title="A function of your own with named steps",
        difficulty=2,
        minutes=15,
        equation="eq-chain-root-a",
        hints=(
            "One operation for each name: a = x², b = exp(-a), c = ab, d = 1 + c.",
            "Go back from log d, one name at a time. Which of the names is used twice?",
            "a feeds c directly and through b, as in equation {eq}`eq-chain-root-a`: two terms. Mind the sign in ∂b/∂a.",
        ),
        reference=value_and_slope,
        inputs=lambda rng: (nice(rng),),
        cases=((0.0,),),
        mistakes=(
            Mistake(
                "left out the path from a straight to c",
                _slope_wrong(lambda x, b, c, d: -2 * x * c / d),
                "a is a factor of c = ab itself, not only an ingredient of b. That is a second path.",
            ),
            Mistake(
                "left out the path from a through b",
                _slope_wrong(lambda x, b, c, d: 2 * x * b / d),
                "b depends on a, and c on b. That path counts as well.",
            ),
            Mistake(
                "the factor 2x at one of the two paths only",
                _slope_wrong(lambda x, b, c, d: (2 * x * b - c) / d),
                "Both paths begin at a, and a = x²: each has the factor ∂a/∂x = 2x. "
                "Is a bracket missing, or the inner derivative of exp(-x²)?",
            ),
            Mistake(
                "the sign of the exponent got lost",
                _slope_wrong(lambda x, b, c, d: 2 * x * (b + c) / d),
                "b = exp(-a) falls when a grows.",
            ),
            Mistake(
                "stopped at the derivative by a",
                _slope_wrong(lambda x, b, c, d: (b - c) / d),
                "This is ∂f/∂a. One more step leads from a to x.",
            ),
            Mistake(
                "forgot the logarithm on the way back",
                _slope_wrong(lambda x, b, c, d: 2 * x * (b - c)),
                "This is the derivative of d. What does the logarithm do with it?",
            ),
        ),
    ),
    Exercise(
        id="chain-product",
        chapter="chain-rule",
        title="The gradient of a product, without division",
        difficulty=3,
        minutes=20,
        equation="eq-chain-names",
        hints=(
            "Split each derivative into the factors before x_i and those after it.",
            "The products before each factor all come from one pass from left to right; `np.cumprod` does such a pass.",
            "The products after each factor come from the same pass over the reversed array. "
            "Both passes begin with the empty product, 1.",
        ),
        seconds=5.0,
        reference=product_gradient,
        inputs=lambda rng: (nice(rng, int(rng.integers(2, 6))),),
        cases=(
            (np.array([2.0, 0.0, 3.0]),),
            (np.array([0.0, 0.0, 1.5]),),
            (np.array([4.0]),),
            (np.linspace(0.9999, 1.0001, 90_001),),  # too long for n^2 operations
        ),
        mistakes=(
            Mistake(
                "divided the whole product by each factor",
                _product_by_division,
                "That works until one of the factors is zero. The derivative exists there; the division does not.",
            ),
            Mistake(
                "kept the factor itself in the product",
                lambda x: np.full(len(x), np.prod(x)),
                "x_i does not occur in its own derivative: it is the one factor that drops out.",
            ),
            Mistake(
                "took only the factors before each x_i",
                lambda x: np.cumprod(np.concatenate([[1.0], x[:-1]])),
                "The factors that come after x_i multiply its derivative as well.",
            ),
            Mistake(
                "took only the factors after each x_i",
                lambda x: np.cumprod(np.concatenate([[1.0], x[:0:-1]]))[::-1],
                "The factors that come before x_i multiply its derivative as well.",
            ),
            Mistake(
                "the products after each factor are in the reverse order",
                lambda x: (
                    np.cumprod(np.concatenate([[1.0], x[:-1]]))
                    * np.cumprod(np.concatenate([[1.0], x[:0:-1]]))
                ),
                "The pass from right to left delivers the last element first. Turn its result around.",
            ),
        ),
    ),
    Exercise(
        id="chain-layer",
        chapter="chain-rule",
        title="One weight in many places",
        difficulty=2,
        minutes=12,
        equation="eq-chain-layer-cost",
        hints=(
            "Draw the paths from w to the cost. How many are there, and what do paths do?",
            "Along one path the three factors are those of {eq}`eq-chain-layer-cost`, with the slope of tanh, 1 - a², in "
            "the middle.",
        ),
        reference=shared_gradient,
        inputs=_layer,
        mistakes=(
            Mistake(
                "followed the first path only",
                lambda *inputs: _along_each_path(*inputs)[0],
                "The weight stands in every node. How many paths lead from it to the cost?",
            ),
            Mistake(
                "took the mean over the paths",
                lambda *inputs: np.mean(_along_each_path(*inputs)),
                "Paths add. Nothing in the cost divides by the number of nodes.",
            ),
            Mistake(
                "multiplied where the paths add",
                lambda *inputs: np.prod(_along_each_path(*inputs)),
                "Along one path the factors are multiplied; the paths themselves add.",
            ),
            Mistake(
                "forgot the derivative of tanh",
                _shared_wrong(lambda a, y, before: (a - y) * before),
                "Each path from w to the cost has three steps. The one from z to a is missing.",
            ),
            Mistake(
                "kept the slope of the sigmoid",
                _shared_wrong(lambda a, y, before: (a - y) * a * (1 - a) * before),
                "a(1 - a) is the slope of the sigmoid. What is the derivative of tanh?",
            ),
            Mistake(
                "took tanh′ at a instead of z",
                _shared_wrong(lambda a, y, before: (a - y) * (1 - np.tanh(a) ** 2) * before),
                "1 - a² is tanh′(z) already. Putting a into tanh once more takes the derivative at the wrong point.",
            ),
            Mistake(
                "the sign is turned",
                lambda *inputs: -shared_gradient(*inputs),
                "The derivative of (a - y)²/2 by a is a - y.",
            ),
            Mistake(
                "lost the factor 1/2 of the cost",
                lambda *inputs: 2 * shared_gradient(*inputs),
                "The 2 from the square cancels the 1/2 in the definition of the cost.",
            ),
            Mistake(
                "left out the inputs of the layer",
                _shared_wrong(lambda a, y, before: (a - y) * (1 - a**2)),
                "A weight is multiplied by its input: how fast does z react to it?",
            ),
        ),
    ),
    Exercise(
        id="chain-brackets",
        chapter="chain-rule",
        title="Where should the brackets go?",
        difficulty=2,
        minutes=10,
        equation="eq-chain-bracket-cost",
        hints=(
            "A (p × q) matrix times a (q × r) matrix takes pqr multiplications. Write down the shapes of the k Jacobians.",
            "From the output's side the matrix that you carry along stays (m × n). And from the input's side?",
        ),
    ),
)
