"""Exercises of the chapter on the chain rule."""

import math
from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_nn.activations import sigmoid


def total_derivative(t: Any) -> Any:
    """Total derivative of f = x y + t y along x = cos t, y = t^2."""
    x, y = math.cos(t), t**2
    return y * -math.sin(t) + (x + t) * 2 * t + y


def polar_gradient(gradient: Any, s: Any, t: Any) -> Any:
    """Gradient by radius and angle from the gradient by x and y."""
    jacobian = np.array([[np.cos(t), -s * np.sin(t)], [np.sin(t), s * np.cos(t)]])
    return gradient @ jacobian


def _polar_wrong(gradient: Any, jacobian: Any) -> Any:
    return np.asarray(gradient) @ np.array(jacobian)


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


def weight_gradient(a_before: Any, W: Any, b: Any, y: Any) -> Any:
    """Gradient of the half squared error by the weights of a sigmoid output layer."""
    return np.outer(a_before, _error(a_before, W, b, y))


def _error(a_before: Any, W: Any, b: Any, y: Any) -> Any:
    a = sigmoid(a_before @ W + b)
    return (a - y) * a * (1 - a)


def _layer(rng: np.random.Generator) -> tuple[Any, ...]:
    before, here = rng.integers(1, 5, size=2)
    return (
        nice(rng, before),
        nice(rng, before, here),
        nice(rng, here),
        rng.integers(0, 2, size=here).astype(float),
    )


def _weight_gradient_wrong(factor: Any) -> Any:
    """Return `weight_gradient` with another formula for the row of errors."""

    def wrong(a_before: Any, W: Any, b: Any, y: Any) -> Any:
        return np.outer(a_before, factor(sigmoid(a_before @ W + b), y))

    return wrong


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
        title="A walk with a hill and a clock",
        difficulty=1,
        minutes=8,
        equation="eq-chain-explicit",
        hints=(
            "How many ways lead from t to f? Equation {eq}`eq-chain-explicit` has one term for each.",
            "∂f/∂y is taken at fixed x and fixed t, so both terms of f = xy + ty take part: it is x + t.",
        ),
        reference=total_derivative,
        inputs=lambda rng: (nice(rng),),
        mistakes=(
            Mistake(
                "left out the direct path from t to f",
                lambda t: t**2 * -math.sin(t) + (math.cos(t) + t) * 2 * t,
                "The landscape rises while you stand still. Which term says so?",
            ),
            Mistake(
                "left out the path through y",
                lambda t: t**2 * -math.sin(t) + t**2,
                "y moves with t as well. It contributes ∂f/∂y times its velocity.",
            ),
            Mistake(
                "left out the path through x",
                lambda t: (math.cos(t) + t) * 2 * t + t**2,
                "x moves with t as well. It contributes ∂f/∂x times its velocity.",
            ),
            Mistake(
                "the derivative of the cosine has the wrong sign",
                lambda t: t**2 * math.sin(t) + (math.cos(t) + t) * 2 * t + t**2,
                "For small positive t the cosine falls. What does that say about dx/dt?",
            ),
            Mistake(
                "added the partial derivatives without the velocities",
                lambda t: t**2 + math.cos(t) + t + t**2,
                "A partial derivative says what f does per step of x. It still has to be multiplied by how fast x moves.",
            ),
            Mistake(
                "took the t in the term t y for a constant in ∂f/∂y, and left it out",
                lambda t: t**2 * -math.sin(t) + math.cos(t) * 2 * t + t**2,
                "At fixed t the term ty is linear in y, with slope t. It belongs into ∂f/∂y.",
            ),
            Mistake(
                "multiplied where the paths add",
                lambda t: -np.sin(t) * t**2 * (np.cos(t) + t) * 2 * t * t**2,
                "Along one path the factors are multiplied; the paths themselves add.",
            ),
        ),
    ),
    Exercise(
        id="chain-polar",
        chapter="chain-rule",
        title="Gradient in polar coordinates",
        difficulty=1,
        minutes=10,
        equation="eq-chain-matrix",
        hints=(
            "Equation {eq}`eq-chain-matrix` is a row times a matrix. Write down the four entries of the matrix first.",
            "First column: the derivatives of x and of y by s. Second column: those by t.",
        ),
        reference=polar_gradient,
        inputs=lambda rng: (nice(rng, 2), nice(rng, low=0.5, high=2.0), nice(rng)),
        cases=((np.array([1.0, 2.0]), 2.0, 0.0),),
        mistakes=(
            Mistake(
                "divided by s, or inverted the Jacobian",
                lambda gradient, s, t: polar_gradient(gradient, s, t) / np.array([1.0, s**2]),
                "The derivative by the angle is asked for: how far does the point move when t grows by a little, and does s multiply or divide that?",
            ),
            Mistake(
                "multiplied by the transposed Jacobian",
                lambda gradient, s, t: _polar_wrong(
                    gradient, [[np.cos(t), np.sin(t)], [-s * np.sin(t), s * np.cos(t)]]
                ),
                "Rows of the Jacobian are outputs (x, y), columns are inputs (s, t), and the gradient stands on its left.",
            ),
            Mistake(
                "forgot the radius in the derivatives by the angle",
                lambda gradient, s, t: _polar_wrong(
                    gradient, [[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]]
                ),
                "Far from the origin the same angle is a longer way. Where does s appear in ∂x/∂t?",
            ),
            Mistake(
                "returned the derivative by the angle first",
                lambda gradient, s, t: _polar_wrong(
                    gradient, [[-s * np.sin(t), np.cos(t)], [s * np.cos(t), np.sin(t)]]
                ),
                "Both numbers are right, in the other order: the radius s comes first.",
            ),
            Mistake(
                "the derivative of the cosine has the wrong sign",
                lambda gradient, s, t: _polar_wrong(
                    gradient, [[np.cos(t), s * np.sin(t)], [np.sin(t), s * np.cos(t)]]
                ),
                "∂x/∂t is the derivative of s cos t at fixed s. Check its sign for a small positive t.",
            ),
            Mistake(
                "inverted the Jacobian",
                lambda gradient, s, t: _polar_wrong(
                    gradient, [[np.cos(t), np.sin(t)], [-np.sin(t) / s, np.cos(t) / s]]
                ),
                "The inverse leads from (s, t) back to (x, y). Here you go from the gradient by (x, y) to the one by (s, t).",
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
        title="The last layer's weights",
        difficulty=2,
        minutes=12,
        equation="eq-chain-layer-cost",
        hints=(
            "First the way forward: z, then a. Everything else in equation {eq}`eq-chain-layer-cost` follows from a.",
            "The result has one entry for each pair (i, j). Which factors carry an i, which a j? "
            "`np.outer(u, v)` has the entries u_i v_j.",
        ),
        reference=weight_gradient,
        inputs=_layer,
        mistakes=(
            Mistake(
                "forgot the derivative of the sigmoid",
                _weight_gradient_wrong(lambda a, y: a - y),
                "The path from w to the cost has three steps. The one from z to a is missing.",
            ),
            Mistake(
                "the sign is turned",
                _weight_gradient_wrong(lambda a, y: (y - a) * a * (1 - a)),
                "The derivative of (a - y)²/2 by a is a - y.",
            ),
            Mistake(
                "took σ′ at a instead of z",
                _weight_gradient_wrong(lambda a, y: (a - y) * sigmoid(a) * (1 - sigmoid(a))),
                "a(1 - a) is σ′(z) already. Putting a into σ once more takes the derivative at the wrong point.",
            ),
            Mistake(
                "lost the factor 1/2 of the cost",
                _weight_gradient_wrong(lambda a, y: 2 * (a - y) * a * (1 - a)),
                "The 2 from the square cancels the 1/2 in the definition of the cost.",
            ),
            Mistake(
                "left out the inputs of the layer",
                lambda a_before, W, b, y: np.outer(np.ones(len(a_before)), _error(a_before, W, b, y)),
                "This is the derivative by z, repeated. A weight is multiplied by its input: how fast does z react to it?",
            ),
            Mistake(
                "multiplied by the weights in place of the inputs",
                lambda a_before, W, b, y: W * _error(a_before, W, b, y),
                "∂z/∂a is the weight; ∂z/∂w is what the weight is multiplied with.",
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
