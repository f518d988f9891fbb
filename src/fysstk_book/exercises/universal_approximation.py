"""Exercises of the chapter on what one hidden layer can do."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_nn.activations import sigmoid, step


def split(W: Any) -> Any:
    """Two matrices with the given product and as few numbers in between as possible."""
    U, s, Vt = np.linalg.svd(W, full_matrices=False)
    r = np.sum(s > 1e-10 * s[0])
    return U[:, :r] * s[:r], Vt[:r]


def _split(W: Any, nodes: int) -> Any:
    U, s, Vt = np.linalg.svd(W, full_matrices=False)
    return U[:, :nodes] * s[:nodes], Vt[:nodes]


def _middle(parameters: Any, W: Any) -> Any:
    """Return the number of hidden nodes of the student's two layers, and what they multiply by."""
    W1, W2 = (np.asarray(one, dtype=float) for one in parameters(W))
    if W1.ndim != 2 or W2.ndim != 2 or W1.shape[1] != len(W2):
        raise ValueError(f"W1 and W2 must have the shapes (d, m) and (m, q), got {W1.shape} and {W2.shape}")
    return W1.shape[1], W1 @ W2


def _of_some_rank(rng: np.random.Generator) -> tuple[Any, ...]:
    d, q = rng.integers(2, 5, size=2)
    rank = int(rng.integers(1, min(d, q)))
    while True:
        W = rng.integers(-2, 3, size=(d, rank)) @ rng.integers(-2, 3, size=(rank, q))
        if np.linalg.matrix_rank(W) == rank:
            return (W.astype(float),)


def box(low: Any, high: Any) -> Any:
    """Step network that says 1 in a box."""
    d = len(low)
    W1 = np.hstack([np.eye(d), np.eye(d)])
    return W1, -np.concatenate([low, high]), np.concatenate([np.ones(d), -np.ones(d)]), 0.5 - d


def _walls(low: Any, high: Any, bias: float, second: float) -> Any:
    d = len(low)
    return (
        np.hstack([np.eye(d), np.eye(d)]),
        -np.concatenate([low, high]),
        np.repeat([1.0, second], d),
        bias,
    )


def _in_and_around(network: Any, low: Any, high: Any) -> Any:
    """Return what the student's network says at points inside of the box and on all its sides."""
    W1, b1, w2, b2 = (np.asarray(one, dtype=float) for one in network(low, high))
    d = len(low)
    if W1.shape != (d, 2 * d) or b1.shape != (2 * d,) or w2.size != 2 * d or b2.size != 1:
        raise ValueError(
            f"W1, b1, w2, b2 must have the shapes {(d, 2 * d)}, {(2 * d,)}, {(2 * d,)} and (), "
            f"got {W1.shape}, {b1.shape}, {w2.shape} and {b2.shape}"
        )
    places = np.array(np.meshgrid(*d * [[-0.9, -0.4, 0.4, 0.9]])).reshape(d, -1).T
    points = (low + high) / 2 + places * (high - low)
    return step(step(points @ W1 + b1) @ w2.reshape(2 * d) + b2.reshape(()))


def _corners(rng: np.random.Generator) -> tuple[Any, ...]:
    d = int(rng.integers(1, 4))
    low = nice(rng, d, low=-1.0, high=1.0)
    return low, low + rng.choice([0.5, 1.0, 1.5, 2.0], size=d)


def to_sigmoid(w: Any, b: Any, v: Any, c: Any) -> Any:
    """Parameters of a sigmoid network that computes the same as a tanh network."""
    return 2 * w, 2 * b, 2 * v, c - np.sum(v)


def stairs(p: Any, m: Any) -> Any:
    """Places of the steps and levels of the best staircase for x**p on [0, 1]."""
    return (np.arange(1, m) / m) ** (1 / p), (np.arange(m) + 0.5) / m


def _power(rng: np.random.Generator) -> tuple[Any, ...]:
    return float(rng.choice([0.25, 0.5, 1.5, 2.0, 3.0, 4.0])), int(rng.integers(2, 7))


def too_wrong(J: Any, k: Any, epsilon: Any) -> Any:
    """Width of the region in which a sigmoid is off by more than epsilon from a jump."""
    return max(0.0, _width(J / epsilon - 1, k))


def _width(ratio: Any, k: Any) -> Any:
    """Return twice the place at which e^(kx) is the ratio; 0 if it is at none."""
    return 2 * float(np.log(ratio)) / k if ratio > 0 else 0.0


def _a_jump(rng: np.random.Generator) -> tuple[Any, ...]:
    J, k = nice(rng, low=0.5, high=3.0), float(rng.choice([5.0, 10.0, 20.0, 50.0]))
    return abs(J), k, round(abs(J) * float(rng.choice([0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.7])), 4)


def output_weights(x: Any, y: Any) -> Any:
    """Changes of the slope of a polygon through given points."""
    return np.diff(np.diff(y) / np.diff(x), prepend=0.0)


def _points(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw three to seven points at different distances."""
    n = int(rng.integers(3, 8))
    return np.cumsum(rng.choice([0.2, 0.4, 0.5, 0.8, 1.0, 1.25], size=n)) - 1.0, nice(rng, n)


def _computes(parameters: Any, w: Any, b: Any, v: Any, c: Any) -> Any:
    """Evaluate the network that the student's function returns."""
    new_w, new_b, new_v, new_c = parameters(w, b, v, c)
    x = np.linspace(-2, 2, 9)[:, None]
    return np.asarray(new_c) + sigmoid(x * np.asarray(new_w) + np.asarray(new_b)) @ np.asarray(new_v)


def _tanh_network(rng: np.random.Generator) -> tuple[Any, ...]:
    m = int(rng.integers(1, 4))
    return nice(rng, m), nice(rng, m), nice(rng, m), nice(rng)


EXERCISES = (
    Exercise(
        id="ua-collapse",
        chapter="universal-approximation",
        title="How narrow may the middle be?",
        difficulty=2,
        minutes=12,
        equation="eq-ua-collapse",
        hints=(
            "Each column of W1 @ W2 is a sum of columns of W1. So how many of them can be independent?",
            "The least number is the rank of W. The singular value decomposition writes W as U @ diag(s) @ Vt: which "
            "columns of U and which rows of Vt count?",
        ),
        reference=split,
        inputs=_of_some_rank,
        use=_middle,
        compared="the number of hidden nodes, and W1 @ W2",
        cases=(
            (np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]),),
            (np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]),),
            (np.array([[1.0, 0.0, 1.0], [0.0, 2.0, 2.0], [1.0, 2.0, 3.0]]),),
        ),
        mistakes=(
            Mistake(
                "as many hidden nodes as inputs",
                lambda W: (np.eye(len(W)), W),
                "The product is right. But if one row of W is a sum of others, fewer nodes will do.",
            ),
            Mistake(
                "as many hidden nodes as outputs",
                lambda W: (W, np.eye(W.shape[1])),
                "The product is right. But if one column of W is a sum of others, fewer nodes will do.",
            ),
            Mistake(
                "a single hidden node, whatever W",
                lambda W: _split(W, 1),
                "With one node all columns of the product point the same way. Are those of W all multiples of one?",
            ),
            Mistake(
                "one hidden node too few",
                lambda W: _split(W, int(np.linalg.matrix_rank(W)) - 1),
                "This is close to W, but not W: the last singular value that is not 0 has a part in it, too.",
            ),
            Mistake(
                "left out the singular values",
                lambda W: (lambda W1, W2: (W1 / np.linalg.norm(W1, axis=0), W2))(*split(W)),
                "W = U @ diag(s) @ Vt: the singular values must go into one of the two matrices.",
            ),
            Mistake(
                "put the singular values into both matrices",
                lambda W: (lambda W1, W2: (W1, np.linalg.norm(W1, axis=0)[:, None] * W2))(*split(W)),
                "Then they are squared in the product. Put them into one of the two, or their roots into both.",
            ),
        ),
    ),
    Exercise(
        id="ua-bump",
        chapter="universal-approximation",
        title="A box, with one more layer",
        difficulty=2,
        minutes=12,
        equation="def-ua-bump",
        hints=(
            "For each dimension take two steps, up at low and down at high: that is a wall, 1 between and 0 outside.",
            "To what do the walls add up inside the box, and to what at most anywhere else?",
        ),
        reference=box,
        inputs=_corners,
        use=_in_and_around,
        compared="what your network says at points inside the box and around it",
        cases=(
            (np.array([0.0, 0.0]), np.array([1.0, 1.0])),
            (np.array([0.5]), np.array([2.0])),
            (np.array([0.0, -1.0, 0.5]), np.array([1.0, 0.5, 1.0])),
        ),
        mistakes=(
            Mistake(
                "let one wall be enough",
                lambda low, high: _walls(low, high, -0.5, -1.0),
                "This says 1 on the arms of the cross as well. All walls must be 1 at once.",
            ),
            Mistake(
                "the threshold of the plane in every dimension",
                lambda low, high: _walls(low, high, -1.5, -1.0),
                "Inside, d walls add up to d, and outside to d - 1 at most. 3/2 is between them for d = 2 only.",
            ),
            Mistake(
                "the output never says 1",
                lambda low, high: _walls(low, high, -0.5 - len(low), -1.0),
                "Does each wall go up at low and down at high, with biases of minus the places? Then they add up to d "
                "inside the box, and no threshold above d is ever reached.",
            ),
            Mistake(
                "added the second steps instead of subtracting them",
                lambda low, high: _walls(low, high, 0.5 - len(low), 1.0),
                "The second step of a wall takes away what the first has added: its weight is -1.",
            ),
            Mistake(
                "forgot the upper sides",
                lambda low, high: _walls(low, high, 0.5 - len(low), 0.0),
                "This is a corner that goes on for ever. Each wall has to end, at `high`.",
            ),
        ),
    ),
    Exercise(
        id="ua-tanh",
        chapter="universal-approximation",
        title="From tanh to sigmoids",
        difficulty=2,
        minutes=8,
        equation="eq-ua-tanh",
        hints=(
            "Replace each tanh with {eq}`eq-ua-tanh` and multiply out.",
            "Every hidden node leaves a constant behind. Where does it go?",
        ),
        reference=to_sigmoid,
        inputs=_tanh_network,
        use=_computes,
        compared="the outputs of your network for nine x from −2 to 2",
        mistakes=(
            Mistake(
                "halved the weight and the bias instead of doubling them",
                lambda w, b, v, c: (w / 2, b / 2, 2 * v, c - np.sum(v)),
                "tanh z = 2σ(2z) − 1: which argument does the sigmoid get?",
            ),
            Mistake(
                "changed nothing",
                lambda w, b, v, c: (w, b, v, c),
                "The sigmoid lies between 0 and 1, and tanh between -1 and 1.",
            ),
            Mistake(
                "forgot the constants",
                lambda w, b, v, c: (2 * w, 2 * b, 2 * v, c),
                "tanh z = 2σ(2z) - 1: the -1 of each node, times its weight, belongs into c.",
            ),
            Mistake(
                "forgot to double the bias",
                lambda w, b, v, c: (2 * w, b, 2 * v, c - np.sum(v)),
                "The argument of the sigmoid is 2z, and z contains the bias.",
            ),
            Mistake(
                "forgot to double the output weights",
                lambda w, b, v, c: (2 * w, 2 * b, v, c - np.sum(v)),
                "The sigmoid is multiplied by 2.",
            ),
            Mistake(
                "took the number of nodes for the sum of their weights",
                lambda w, b, v, c: (2 * w, 2 * b, 2 * v, c - len(v)),
                "Each node's -1 is multiplied by its output weight.",
            ),
            Mistake(
                "forgot to double what goes into the nodes",
                lambda w, b, v, c: (w, b, 2 * v, c - np.sum(v)),
                "The argument of the sigmoid is 2z: both the weight and the bias have a part in it.",
            ),
            Mistake(
                "added the constants instead of subtracting them",
                lambda w, b, v, c: (2 * w, 2 * b, 2 * v, c + np.sum(v)),
                "tanh z = 2σ(2z) - 1: there is a minus before the 1.",
            ),
        ),
    ),
    Exercise(
        id="ua-cells",
        chapter="universal-approximation",
        title="Steps where they are needed",
        difficulty=2,
        minutes=12,
        equation="eq-ua-staircase-error",
        hints=(
            "By how much does F change within a cell, and which level is off by the least then?",
            "F rises from 0 to 1. How is the rise best shared out among m levels?",
        ),
        reference=stairs,
        inputs=_power,
        cases=((0.5, 2), (2.0, 4), (1.0, 3)),
        mistakes=(
            Mistake(
                "took cells of equal width",
                lambda p, m: (np.arange(1, m) / m, ((np.arange(m) + 0.5) / m) ** p),
                "For p = 1 this is right. Otherwise F changes more in one cell than in another: make the worst one narrower.",
            ),
            Mistake(
                "took the value in the middle of each cell for its level",
                lambda p, m: (
                    stairs(p, m)[0],
                    (
                        (np.concatenate([[0.0], stairs(p, m)[0]]) + np.concatenate([stairs(p, m)[0], [1.0]]))
                        / 2
                    )
                    ** p,
                ),
                "The steps are right. In a cell F runs from one value to another: which level is equally far from both?",
            ),
            Mistake(
                "turned the power round",
                lambda p, m: ((np.arange(1, m) / m) ** p, stairs(p, m)[1]),
                "The levels are right. At a step x^p has a certain value: solve for x.",
            ),
            Mistake(
                "took the value at the left end of each cell for its level",
                lambda p, m: (stairs(p, m)[0], np.arange(m) / m),
                "The steps are right. At the right end of a cell this level is off by all that F has risen there.",
            ),
            Mistake(
                "made the first and the last level exact",
                lambda p, m: ((np.arange(0.5, m - 1) / (m - 1)) ** (1 / p), np.arange(m) / (m - 1)),
                "At 0 and at 1 you are exact, and all other cells pay for it. May the ends not be off as far as the rest?",
            ),
            Mistake(
                "gave the jumps in place of the levels",
                lambda p, m: (stairs(p, m)[0], np.full(m, 1 / m)),
                "By so much each step rises. How high is the staircase there?",
            ),
        ),
    ),
    Exercise(
        id="ua-polygon",
        chapter="universal-approximation",
        title="Through given points",
        difficulty=2,
        minutes=8,
        equation="eq-ua-polygon",
        hints=(
            "First the m slopes: each a difference of neighbouring y over the difference of their x.",
            "Then their changes, the first one included: before the first cell the slope is 0. `np.diff` has an argument for that.",
        ),
        reference=output_weights,
        inputs=_points,
        cases=((np.array([0.0, 0.5]), np.array([1.0, 3.0])),),
        mistakes=(
            Mistake(
                "returned the slopes, not their changes",
                lambda x, y: np.diff(y) / np.diff(x),
                "Each node changes the slope; the slopes are sums of these changes.",
            ),
            Mistake(
                "forgot to divide by the widths",
                lambda x, y: np.diff(np.diff(y), prepend=0.0),
                "A slope is a difference over the width of its cell.",
            ),
            Mistake(
                "took all cells as equally wide",
                lambda x, y: np.diff(np.diff(y) * (len(x) - 1) / (x[-1] - x[0]), prepend=0.0),
                "These points lie at different distances. Each slope has a width of its own.",
            ),
            Mistake(
                "left out the first node",
                lambda x, y: np.diff(np.diff(y) / np.diff(x)),
                "The first node sets the slope of the first cell: before it the slope is 0.",
            ),
            Mistake(
                "took old slope minus new",
                lambda x, y: -output_weights(x, y),
                "The change is the new slope minus the old one.",
            ),
        ),
    ),
    Exercise(
        id="ua-jump",
        chapter="universal-approximation",
        title="How far does a jump reach?",
        difficulty=2,
        minutes=10,
        equation="eq-ua-jump",
        hints=(
            "Take x > 0. What is J - f(x), written with σ(-kx)? And on the other side?",
            "At which distance is it just ε? Is there always such a distance?",
        ),
        reference=too_wrong,
        inputs=_a_jump,
        cases=((1.0, 10.0, 0.1), (3.0, 20.0, 2.0), (0.5, 10.0, 0.05), (1.0, 10.0, 1.5)),
        mistakes=(
            Mistake(
                "counted one side of the jump only",
                lambda J, k, epsilon: too_wrong(J, k, epsilon) / 2,
                "So far the region reaches to the right. It reaches to the left as well.",
            ),
            Mistake(
                "said that the error can vanish",
                lambda J, k, epsilon: 0.0,
                "The network is continuous: it takes some way to get from 0 to J. How long is it?",
            ),
            Mistake(
                "used the upper bound of the error",
                lambda J, k, epsilon: max(0.0, _width(J / epsilon, k)),
                "Wherever the network is too wrong, you are right, but the region is smaller: take the error itself, not "
                "exp(-k|x|).",
            ),
            Mistake(
                "forgot the size of the jump",
                lambda J, k, epsilon: max(0.0, _width(1 / epsilon - 1, k)),
                "For J = 1 this is right. The network is J times a sigmoid, and so is its error.",
            ),
            Mistake(
                "gave a negative width where the network is nowhere so wrong",
                lambda J, k, epsilon: _width(J / epsilon - 1, k),
                "Right where ε is less than half the jump. Where it is more, how wide is the region?",
            ),
            Mistake(
                "multiplied by k",
                lambda J, k, epsilon: too_wrong(J, k, epsilon) * k * k,
                "A steeper sigmoid is faster: the region gets narrower as k grows.",
            ),
        ),
    ),
    Exercise(
        id="ua-which",
        chapter="universal-approximation",
        title="Which activations are enough?",
        difficulty=2,
        minutes=5,
        equation="def-ua-network",
        hints=("Leshno's condition is a single one. Which of the five are polynomials?",),
        reference=(True, False, True, False, True),
        mistakes=(
            Mistake(
                "asked for bounded activations",
                (False, False, True, False, True),
                "ReLU is not bounded. Does Leshno's theorem ask for that?",
            ),
            Mistake(
                "asked for monotone activations",
                (True, False, False, False, True),
                "The sine is not monotone. Does Leshno's theorem ask for that?",
            ),
            Mistake(
                "asked for continuous activations",
                (True, False, True, False, False),
                "The step has one jump, which the theorem permits; think of the staircase.",
            ),
            Mistake(
                "took every non-linear activation",
                (True, True, True, False, True),
                "Sums of squares of linear functions are polynomials of degree 2, however many you add.",
            ),
            Mistake(
                "gave the opposite answers",
                (False, True, False, True, False),
                "Polynomials are the ones that are not enough.",
            ),
        ),
    ),
    Exercise(
        id="ua-dimension",
        chapter="universal-approximation",
        title="The curse of dimension",
        difficulty=2,
        minutes=10,
        equation="eq-ua-staircase-error",
        hints=("Count the cells along each of the d axes, and multiply.",),
    ),
)
