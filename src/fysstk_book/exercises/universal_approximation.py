"""Exercises of the chapter on what one hidden layer can do."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_nn.activations import sigmoid


def collapse(W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    """One linear layer that does what two do."""
    return W1 @ W2, b1 @ W2 + b2


def bump(x: Any, left: Any, right: Any, height: Any, k: Any) -> Any:
    """Difference of two sigmoids."""
    return height * (sigmoid(k * (x - left)) - sigmoid(k * (x - right)))


def to_sigmoid(w: Any, b: Any, v: Any, c: Any) -> Any:
    """Parameters of a sigmoid network that computes the same as a tanh network."""
    return 2 * w, 2 * b, 2 * v, c - np.sum(v)


def cells(K: Any, epsilon: Any) -> Any:
    """Smallest number of cells that the bound allows."""
    return int(np.ceil(K / (2 * epsilon)))


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


def _two_layers(rng: np.random.Generator) -> tuple[Any, ...]:
    inputs, hidden, outputs = rng.integers(1, 4, size=3)
    return nice(rng, inputs, hidden), nice(rng, hidden), nice(rng, hidden, outputs), nice(rng, outputs)


def _bump(rng: np.random.Generator) -> tuple[Any, ...]:
    left = nice(rng, low=-1, high=1)
    return (
        np.linspace(-2, 3, 6),
        left,
        left + nice(rng, low=0.2, high=1.5),
        nice(rng),
        nice(rng, low=1, high=20),
    )


def _tanh_network(rng: np.random.Generator) -> tuple[Any, ...]:
    m = int(rng.integers(1, 4))
    return nice(rng, m), nice(rng, m), nice(rng, m), nice(rng)


EXERCISES = (
    Exercise(
        id="ua-collapse",
        chapter="universal-approximation",
        title="Two linear layers are one",
        difficulty=1,
        minutes=5,
        equation="eq-ua-collapse",
        hints=("Multiply out (x W1 + b1) W2 + b2 and collect what stands with x and what does not.",),
        reference=collapse,
        inputs=_two_layers,
        mistakes=(
            Mistake(
                "added the biases without passing the first one through W2",
                lambda W1, b1, W2, b2: (W1 @ W2, np.sum(b1) + b2),
                "The first bias goes through the second layer, too.",
            ),
            Mistake(
                "forgot the first bias",
                lambda W1, b1, W2, b2: (W1 @ W2, b2),
                "The first layer adds b1 before the second one multiplies.",
            ),
            Mistake(
                "forgot the second bias",
                lambda W1, b1, W2, b2: (W1 @ W2, b1 @ W2),
                "The second layer adds b2 at the end.",
            ),
            Mistake(
                "returned the bias first",
                lambda W1, b1, W2, b2: (b1 @ W2 + b2, W1 @ W2),
                "The order asked for is W, b.",
            ),
        ),
    ),
    Exercise(
        id="ua-bump",
        chapter="universal-approximation",
        title="A bump of your own",
        difficulty=1,
        minutes=5,
        equation="def-ua-bump",
        hints=("A step up at `left` minus a step up at `right`, times the height.",),
        reference=bump,
        inputs=_bump,
        mistakes=(
            Mistake(
                "added the two steps",
                lambda x, left, right, height, k: (
                    height * (sigmoid(k * (x - left)) + sigmoid(k * (x - right)))
                ),
                "The second step takes away what the first one has added.",
            ),
            Mistake(
                "exchanged left and right",
                lambda x, left, right, height, k: bump(x, right, left, height, k),
                "It goes up at the left and down at the right.",
            ),
            Mistake(
                "forgot the height",
                lambda x, left, right, height, k: bump(x, left, right, 1.0, k),
                "Two sigmoids make a bump of height 1, nearly.",
            ),
            Mistake(
                "shifted after scaling",
                lambda x, left, right, height, k: height * (sigmoid(k * x - left) - sigmoid(k * x - right)),
                "The step of σ(kx + b) is at x = -b/k: the bias is -k times the place.",
            ),
            Mistake(
                "forgot the weight k",
                lambda x, left, right, height, k: bump(x, left, right, height, 1.0),
                "k makes the steps steep.",
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
        title="How many cells?",
        difficulty=1,
        minutes=4,
        equation="eq-ua-staircase-error",
        hints=("Solve K/(2m) ≤ ε for m. m is a whole number.",),
        reference=cells,
        inputs=lambda rng: (nice(rng, low=0.5, high=20), 10 ** -float(rng.uniform(0.5, 3))),
        cases=((0.5, 0.5), (2.0, 0.5), (1.0, 0.5), (3.0, 0.25)),
        mistakes=(
            Mistake(
                "rounded down",
                lambda K, epsilon: int(np.floor(K / (2 * epsilon))),
                "With fewer cells the bound no longer promises ε: round up.",
            ),
            Mistake(
                "forgot the factor 2",
                lambda K, epsilon: int(np.ceil(K / epsilon)),
                "No point is farther from the middle of its cell than half a cell.",
            ),
            Mistake(
                "multiplied by 2 instead of dividing",
                lambda K, epsilon: int(np.ceil(2 * K / epsilon)),
                "The 2 stands under the fraction: K/(2m).",
            ),
            Mistake(
                "used the bound for kinks",
                lambda K, epsilon: int(np.ceil(np.sqrt(K / (8 * epsilon)))),
                "This exercise is about steps.",
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
        title="A jump",
        difficulty=1,
        minutes=4,
        equation="eq-ua-jump",
        hints=("How large is the jump?",),
        reference=1.5,
        mistakes=(
            Mistake("gave the size of the jump", 3.0, "The network may pass through the middle of the jump."),
            Mistake(
                "said that the error can vanish",
                0.0,
                "The mean error can; the largest cannot, since the network is continuous.",
            ),
            Mistake(
                "gave the middle of the jump", 3.5, "That is the value to pass through. How wrong is it?"
            ),
            Mistake("halved the upper value", 2.5, "The jump is the difference of the two values."),
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
