"""Exercises of the chapter on vanishing and exploding gradients."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_book.exercises._measured import covering


def variances(sizes: Any, v: Any) -> Any:
    """Variance of z in each layer of a ReLU network."""
    result, mean_square = [], 1.0
    for M, variance in zip(sizes[:-1], v, strict=True):
        result.append(M * variance * mean_square)
        mean_square = result[-1] / 2
    return result


def _variances_with(sizes: Any, v: Any, first: float, factor: float, shift: int = 0) -> Any:
    """`variances` with another mean square of the inputs, loss per layer, or number of terms."""
    result, mean_square = [], first
    for l, variance in enumerate(v):
        result.append(sizes[l + shift] * variance * mean_square)
        mean_square = result[-1] * factor
    return result


def glorot_triangle(rng: Any, n_in: Any, n_out: Any) -> Any:
    """Glorot's weights, drawn from a density in the form of a triangle."""
    return _triangle(rng, n_in, n_out, np.sqrt(12 / (n_in + n_out)))


def _triangle(rng: Any, n_in: Any, n_out: Any, r: Any) -> Any:
    return rng.triangular(-r, 0, r, (n_in, n_out))


def _drawn(answer: Any, n_in: Any, n_out: Any) -> Any:
    return answer(np.random.default_rng(n_in), n_in, n_out)


def leaky_deviation(n_in: Any, alpha: Any) -> Any:
    """Standard deviation of the weights that keep the size of z, for leaky ReLU."""
    return np.sqrt(2 / ((1 + alpha**2) * n_in))


def mean_squares(delta: Any, W: Any, slopes: Any) -> Any:
    """Mean squares of the deltas, from the last layer to the first."""
    result = [np.mean(delta**2)]
    for V, slope in zip(W, slopes, strict=True):
        delta = (delta @ V.T) * slope
        result.append(np.mean(delta**2))
    return result


def _without_slopes(delta: Any, W: Any, slopes: Any) -> Any:
    return mean_squares(delta, W, [np.ones_like(slope) for slope in slopes])


def _squared_slopes(delta: Any, W: Any, slopes: Any) -> Any:
    return mean_squares(delta, W, [slope**2 for slope in slopes])


def _sums(delta: Any, W: Any, slopes: Any) -> Any:
    sizes = [delta.size, *(slope.size for slope in slopes)]
    return [mean * size for mean, size in zip(mean_squares(delta, W, slopes), sizes, strict=True)]


def _of_each(measure: Any, delta: Any, W: Any, slopes: Any) -> Any:
    result = [measure(delta)]
    for V, slope in zip(W, slopes, strict=True):
        delta = (delta @ V.T) * slope
        result.append(measure(delta))
    return result


def clip(gradients: Any, limit: Any) -> Any:
    """Shorten several arrays together, as one vector."""
    length = np.sqrt(sum(np.sum(g**2) for g in gradients))
    return [g * min(1.0, limit / length) for g in gradients]


def _divided_by_zero(gradients: Any, limit: Any) -> Any:
    length = np.sqrt(sum(np.sum(g**2) for g in gradients))
    return [np.minimum(length, limit) * g / length for g in gradients]


def _clip_with(length: Any) -> Any:
    return lambda gradients, limit: [
        g * min(1.0, limit / length([np.linalg.norm(part) for part in gradients])) for g in gradients
    ]


def _network(rng: np.random.Generator) -> tuple[Any, ...]:
    sizes = tuple(int(size) for size in rng.integers(1, 9, size=int(rng.integers(3, 6))))
    return sizes, tuple(float(v) for v in rng.integers(1, 10, size=len(sizes) - 1) / 10)


def _widths(rng: np.random.Generator) -> tuple[Any, ...]:
    n_in = int(rng.integers(1, 7))
    return n_in, n_in + int(rng.integers(1, 7))


def _backward(rng: np.random.Generator) -> tuple[Any, ...]:
    n, sizes = int(rng.integers(1, 4)), [int(size) for size in rng.integers(1, 5, size=4)]
    W = [nice(rng, M, N) for N, M in zip(sizes, sizes[1:], strict=False)]
    slopes = [nice(rng, n, M, low=0.1, high=0.9) for M in sizes[1:]]
    return nice(rng, n, sizes[0]), W, slopes


def _gradients(rng: np.random.Generator) -> tuple[Any, ...]:
    a, b = (int(size) for size in rng.integers(1, 4, size=2))
    return [nice(rng, a, b), nice(rng, b)], float(rng.choice([0.5, 1.5, 20.0]))


def past_residuals(g: Any, W: Any, slopes: Any) -> Any:
    """Mean squares of the gradient before and after each of the layers that it passes."""
    return _mean_squares_of(lambda g, V, slope: g + _through(g, V, slope), g, W, slopes)


def _through(g: Any, V: Any, slope: Any) -> Any:
    return (g * slope) @ V.T


def _mean_squares_of(step: Any, g: Any, W: Any, slopes: Any) -> Any:
    result = [np.mean(g**2)]
    for V, slope in zip(W, slopes, strict=True):
        g = step(g, V, slope)
        result.append(np.mean(g**2))
    return result


def _residual_layers(rng: np.random.Generator) -> Any:
    n, M, layers = (int(rng.integers(2, 5)) for _ in range(3))
    return (
        nice(rng, n, M),
        [nice(rng, M, M) for _ in range(layers)],
        [np.abs(nice(rng, n, M, low=-0.9, high=0.9)) for _ in range(layers)],
    )


EXERCISES = (
    Exercise(
        id="van-depth",
        chapter="vanishing-gradients",
        title="How many layers to a millionth?",
        difficulty=2,
        minutes=15,
        equation="eq-van-backward",
        hints=(
            "A normal number of variance q is a standard normal number times √q. Put its sigmoid into the formula, get a new q, and go round again.",
            "σ' is a(1 - a), with the same random numbers and the last q.",
            "χ is a factor of the mean *square*. What does the root lose per layer?",
        ),
        reference=16,
        mistakes=(
            Mistake("rounded down", 15, "After so many layers it is still a little above a millionth."),
            Mistake(
                "looked at the mean square",
                8,
                "The mean square is below a millionth then. Its root is asked for.",
            ),
            Mistake(
                "took the slope at z = 0",
                20,
                "A quarter is the largest slope. What is the mean of its square when z scatters?",
            ),
            Mistake(
                "left q at 1",
                17,
                "Another q comes out of 4 E[σ²] than you have put in. Repeat until it stays.",
            ),
            Mistake(
                "took the variance of a linear layer",
                13,
                "The mean square of the activations is not 1: they lie between 0 and 1.",
            ),
            Mistake(
                "forgot the variance of the weights",
                9,
                "χ has a factor Mv in front, and here it is 4.",
            ),
        ),
    ),
    Exercise(
        id="van-variances",
        chapter="vanishing-gradients",
        title="Variances through a ReLU network",
        difficulty=2,
        minutes=12,
        equation="eq-van-relu-half",
        hints=(
            "Two numbers alternate: the mean square of the activations, and the variance of z.",
            "Equation {eq}`eq-van-forward` leads to z, equation {eq}`eq-van-relu-half` from there to the activations.",
            "The inputs have passed no ReLU: for the first layer there is no ½.",
        ),
        reference=variances,
        inputs=_network,
        cases=(((3, 2), (0.5,)),),
        mistakes=(
            Mistake(
                "forgot that ReLU sets half of the nodes to 0",
                lambda sizes, v: _variances_with(sizes, v, 1.0, 1.0),
                "That is a linear network. What does ReLU do to the mean square?",
            ),
            Mistake(
                "halved the inputs as well",
                lambda sizes, v: _variances_with(sizes, v, 0.5, 0.5),
                "The inputs have mean square 1 as they are. Or did you list the activations? The question is about z.",
            ),
            Mistake(
                "counted the nodes of the layer itself",
                lambda sizes, v: _variances_with(sizes, v, 1.0, 0.5, shift=1),
                "z is a sum over the nodes of the layer before.",
            ),
            Mistake(
                "took v for a standard deviation",
                lambda sizes, v: variances(sizes, [s * s for s in v]),
                "v is the variance already.",
            ),
            Mistake(
                "forgot the number of nodes",
                lambda sizes, v: _variances_with([1] * len(sizes), v, 1.0, 0.5),
                "z is a sum of many terms, and each adds to the variance.",
            ),
        ),
    ),
    Exercise(
        id="van-glorot",
        chapter="vanishing-gradients",
        title="Glorot's weights from a triangle",
        difficulty=2,
        minutes=10,
        equation="eq-van-glorot",
        hints=(
            "The density is (r - |w|)/r². The variance is the mean of w²: twice the integral from 0 to r.",
            "Set the variance equal to {eq}`eq-van-glorot`, and solve for r. Draw from −r over 0 to r.",
        ),
        reference=glorot_triangle,
        inputs=_widths,
        cases=((2, 1),),
        use=_drawn,
        mistakes=(
            Mistake(
                "took the standard deviation for the limit",
                lambda rng, n_in, n_out: _triangle(rng, n_in, n_out, np.sqrt(2 / (n_in + n_out))),
                "The variance of the triangle is r²/6, not r².",
            ),
            Mistake(
                "forgot the root",
                lambda rng, n_in, n_out: _triangle(rng, n_in, n_out, 12 / (n_in + n_out)),
                "The limit is a length, not a variance.",
            ),
            Mistake(
                "counted the inputs only",
                lambda rng, n_in, n_out: _triangle(rng, n_in, n_out, np.sqrt(6 / n_in)),
                "That is LeCun's variance. Glorot's has both numbers in it.",
            ),
            Mistake(
                "took the limit of the uniform distribution",
                lambda rng, n_in, n_out: _triangle(rng, n_in, n_out, np.sqrt(6 / (n_in + n_out))),
                "r²/3 is the variance of a uniform distribution. A triangle has more weights near 0. Integrate.",
            ),
            Mistake(
                "drew from a normal distribution",
                lambda rng, n_in, n_out: rng.normal(0, np.sqrt(2 / (n_in + n_out)), (n_in, n_out)),
                "The variance is right. The exercise asks for a triangle.",
            ),
            Mistake(
                "drew positive weights only",
                lambda rng, n_in, n_out: rng.triangular(0, 0, np.sqrt(12 / (n_in + n_out)), (n_in, n_out)),
                "The mean should be 0: start at −r.",
            ),
            Mistake(
                "took the variance for the limit",
                lambda rng, n_in, n_out: _triangle(rng, n_in, n_out, 2 / (n_in + n_out)),
                "A limit is not a variance. The triangle from −r to r has the variance r²/6: solve for r.",
            ),
            Mistake(
                "took the whole width for the limit",
                lambda rng, n_in, n_out: _triangle(rng, n_in, n_out, np.sqrt(48 / (n_in + n_out))),
                "The variance is the width squared over 24, and the width of the triangle is 2r: draw from −r to r.",
            ),
        ),
    ),
    Exercise(
        id="van-leaky",
        chapter="vanishing-gradients",
        title="He's rule for leaky ReLU",
        difficulty=2,
        minutes=10,
        equation="eq-van-relu-half",
        hints=(
            "z and -z are equally likely. What does f² give for the one, and what for the other?",
            "The mean of the two is the factor that takes the place of ½ in {eq}`eq-van-he`. Asked is a standard deviation; v is a variance.",
        ),
        reference=leaky_deviation,
        inputs=lambda rng: (int(rng.integers(2, 400)), nice(rng, low=0.1, high=0.9)),
        cases=((8, 0.0), (8, 1.0), (100, 0.5)),
        mistakes=(
            Mistake(
                "the variance",
                lambda n_in, alpha: 2 / ((1 + alpha**2) * n_in),
                "This is the variance. The standard deviation is asked for.",
            ),
            Mistake(
                "He's rule as it is",
                lambda n_in, alpha: np.sqrt(2 / n_in),
                "This is for a negative side that gives nothing. Leaky ReLU lets a part of it through.",
            ),
            Mistake(
                "did not square the slope",
                lambda n_in, alpha: np.sqrt(2 / ((1 + alpha) * n_in)),
                "In a mean square the slope appears squared.",
            ),
            Mistake(
                "took the square of the mean slope",
                lambda n_in, alpha: 2 / ((1 + alpha) * np.sqrt(n_in)),
                "First square the values of f, then take the mean of both sides.",
            ),
            Mistake(
                "forgot that each side comes up half of the time",
                lambda n_in, alpha: np.sqrt(1 / ((1 + alpha**2) * n_in)),
                "z is positive for half of the draws and negative for the other half: a mean of two squares.",
            ),
            Mistake(
                "multiplied by 1 + α² instead of dividing",
                lambda n_in, alpha: np.sqrt(2 * (1 + alpha**2) / n_in),
                "The more f lets through, the smaller the weights have to be.",
            ),
            Mistake(
                "put a minus between the two sides",
                lambda n_in, alpha: np.sqrt(2 / ((1 - alpha**2) * n_in)) if alpha < 1 else np.inf,
                "Squares of both sides are positive: they add up.",
            ),
        ),
    ),
    Exercise(
        id="van-deltas",
        chapter="vanishing-gradients",
        title="The size of each delta",
        difficulty=2,
        minutes=12,
        equation="eq-four-matrix-delta-hidden",
        hints=(
            "The first number is the mean square of `delta` itself.",
            "Each step is equation {eq}`eq-four-matrix-delta-hidden`: times the transposed weights, times the slopes.",
        ),
        reference=mean_squares,
        inputs=_backward,
        cases=(
            (np.array([[0.5, -1.0]]), [], []),
            (np.array([[0.5, -1.0]]), [np.array([[2.0, -0.5]])], [np.array([[0.2]])]),
        ),
        mistakes=(
            Mistake(
                "squares of the means instead of means of the squares",
                lambda delta, W, slopes: _of_each(lambda d: np.mean(d) ** 2, delta, W, slopes),
                "Square first, then take the mean: otherwise the signs cancel.",
            ),
            Mistake(
                "left the slopes out",
                _without_slopes,
                "Each layer multiplies by f′ as well.",
            ),
            Mistake(
                "left the last layer out",
                lambda delta, W, slopes: mean_squares(delta, W, slopes)[1:],
                "The list starts with the deltas that you are given.",
            ),
            Mistake(
                "the roots of the mean squares",
                lambda delta, W, slopes: [np.sqrt(q) for q in mean_squares(delta, W, slopes)],
                "The mean squares are asked for, without the root.",
            ),
            Mistake(
                "sums of squares instead of means",
                _sums,
                "Divide by the number of entries, or layers of different width cannot be compared.",
            ),
            Mistake(
                "squared the slopes",
                _squared_slopes,
                "The slope enters the delta once. It is the square of the delta that has the square of the slope.",
            ),
            Mistake(
                "variances instead of mean squares",
                lambda delta, W, slopes: _of_each(np.var, delta, W, slopes),
                "`np.var` subtracts the square of the mean.",
            ),
        ),
    ),
    Exercise(
        id="van-clip",
        chapter="vanishing-gradients",
        title="Clip by norm",
        difficulty=2,
        minutes=10,
        equation="def-van-clip-norm",
        hints=(
            "First the length of everything together: the root of the sum of all squares.",
            "All arrays are multiplied by the same number, which is never more than 1.",
        ),
        reference=clip,
        inputs=_gradients,
        cases=(
            ([np.zeros(2), np.zeros((1, 2))], 1.0),
            ([np.array([3.0, 4.0])], 2.0),
            ([np.array([3.0]), np.array([4.0]), np.array([0.0])], 5.0),
        ),
        mistakes=(
            Mistake(
                "divided by the length of a gradient that is zero",
                _divided_by_zero,
                "What is 0/0? A gradient of length 0 needs no clipping.",
            ),
            Mistake(
                "clipped each array by itself",
                lambda gradients, limit: [g * min(1.0, limit / np.linalg.norm(g)) for g in gradients],
                "The arrays are one gradient: shortened by different factors it changes its direction.",
            ),
            Mistake(
                "clipped by value",
                lambda gradients, limit: [np.clip(g, -limit, limit) for g in gradients],
                "That cuts off components. By norm, all of them are scaled by one factor.",
            ),
            Mistake(
                "lengthened short gradients",
                lambda gradients, limit: [
                    g * limit / np.sqrt(sum(np.sum(h**2) for h in gradients)) for g in gradients
                ],
                "A gradient that is shorter than the limit stays as it is.",
            ),
            Mistake(
                "forgot the root",
                lambda gradients, limit: [
                    g * min(1.0, limit / sum(np.sum(h**2) for h in gradients)) for g in gradients
                ],
                "You divide by the square of the length.",
            ),
            Mistake(
                "did not clip",
                lambda gradients, limit: [g + 0.0 for g in gradients],
                "Your gradients come back as they were.",
            ),
            Mistake(
                "added up the lengths of the arrays",
                _clip_with(sum),
                "Lengths do not add up; their squares do.",
            ),
            Mistake(
                "took the length of the longest array",
                _clip_with(max),
                "All arrays together are one gradient, and it is longer than any of them.",
            ),
        ),
    ),
    Exercise(
        id="van-residual",
        chapter="vanishing-gradients",
        title="Back past residual connections",
        difficulty=2,
        minutes=12,
        equation="eq-van-residual",
        hints=(
            "The first number is the mean square of `g` itself.",
            "In each step keep `g`, and add to it what comes through the layer.",
        ),
        reference=past_residuals,
        inputs=_residual_layers,
        cases=(
            (np.array([[0.5]]), [np.array([[-2.0]])], [np.array([[0.2]])]),
            (np.array([[0.5, -1.0]]), [], []),
        ),
        mistakes=(
            Mistake(
                "left the direct way out",
                lambda g, W, slopes: _mean_squares_of(_through, g, W, slopes),
                "Without the first term this is a network without residual connections.",
            ),
            Mistake(
                "left the slopes out",
                lambda g, W, slopes: _mean_squares_of(lambda g, V, slope: g + g @ V.T, g, W, slopes),
                "What comes through the layer is multiplied by f′(z).",
            ),
            Mistake(
                "multiplied the direct way by the slope as well",
                lambda g, W, slopes: _mean_squares_of(
                    lambda g, V, slope: g * slope + (g * slope) @ V.T, g, W, slopes
                ),
                "The direct way has no factor at all.",
            ),
            Mistake(
                "did not transpose the weights",
                lambda g, W, slopes: _mean_squares_of(lambda g, V, slope: g + (g * slope) @ V, g, W, slopes),
                "Going back, the weights are transposed.",
            ),
            Mistake(
                "took the slope after the weights",
                lambda g, W, slopes: _mean_squares_of(
                    lambda g, V, slope: g + (g @ V.T) * slope, g, W, slopes
                ),
                "The slope belongs to the upper end of the weights: first f′(z), then the transposed W.",
            ),
            Mistake(
                "averaged the two ways",
                lambda g, W, slopes: _mean_squares_of(
                    lambda g, V, slope: (g + (g * slope) @ V.T) / 2, g, W, slopes
                ),
                "The chain rule adds the two ways.",
            ),
        ),
    ),
    Exercise(
        id="van-measure",
        chapter="vanishing-gradients",
        title="Measure: ReLU or tanh in five layers?",
        difficulty=3,
        minutes=25,
        hints=(
            "Call `trained` with `GradientDescent`: once with `relu` and `he`, once with `tanh` and `glorot`.",
            "Try rates from 0.03 to 1 for both, and take ten seeds.",
        ),
        **covering("starts", "ReLU, He", "tanh, Glorot", widest=8.0),
    ),
)
