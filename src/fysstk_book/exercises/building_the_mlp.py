"""Exercises of the chapter on building the multilayer perceptron."""

from functools import cache
from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_nn._optional import needs
from fysstk_nn.activations import sigmoid


def parameters(sizes: Any) -> Any:
    """Number of weights and biases."""
    return sum((m + 1) * n for m, n in zip(sizes[:-1], sizes[1:], strict=True))


def widest(inputs: Any, outputs: Any, hidden: Any, budget: Any) -> Any:
    """Largest width of equal hidden layers that keeps the parameters within a budget; 0 if none does."""
    return _widest(parameters, inputs, outputs, hidden, budget)


def _widest(count: Any, inputs: Any, outputs: Any, hidden: Any, budget: Any) -> int:
    widths = range(1, budget // inputs + 1)
    return max((M for M in widths if count((inputs, *[M] * hidden, outputs)) <= budget), default=0)


def outputs_of_layers(X: Any, W: Any, b: Any, f: Any = np.tanh, shortcut: float = 1.0) -> Any:
    """Outputs of all layers, X first and the linear output last; hidden layers add to what they are given."""
    a = [X]
    for V, c in zip(W[:-1], b[:-1], strict=True):
        a.append(shortcut * a[-1] + f(a[-1] @ V + c))
    a.append(a[-1] @ W[-1] + b[-1])
    return a


def forward(X: Any, W: Any, b: Any) -> Any:
    """Outputs of the network."""
    return outputs_of_layers(X, W, b)[-1]


def _adds_the_input(X: Any, W: Any, b: Any) -> Any:
    a = X
    for V, c in zip(W[:-1], b[:-1], strict=True):
        a = X + np.tanh(a @ V + c)
    return a @ W[-1] + b[-1]


def _shortcut_inside(X: Any, W: Any, b: Any) -> Any:
    a = X
    for V, c in zip(W[:-1], b[:-1], strict=True):
        a = np.tanh(a + a @ V + c)
    return a @ W[-1] + b[-1]


def _backprop(
    *,
    slope: Any = lambda t: 1 - t**2,
    mean: bool = True,
    sign: float = 1.0,
    shortcut: float = 1.0,
    transposed: bool = True,
    of_outputs: bool = False,
) -> Any:
    """Return a function for the weight gradients, right by default."""

    def weight_gradients(X: Any, y: Any, W: Any, b: Any) -> Any:
        a = outputs_of_layers(X, W, b)
        delta = sign * (a[-1] - y) / (len(X) if mean else 1)
        gradients: list[Any] = [a[-2].T @ delta]
        da = delta @ W[-1].T
        for l in range(len(W) - 2, -1, -1):
            delta = da * slope(a[l + 1] if of_outputs else a[l + 1] - a[l])
            gradients.insert(0, a[l].T @ delta)
            da = shortcut * da + delta @ (W[l].T if transposed else W[l])
        return gradients

    return weight_gradients


weight_gradients = _backprop()


def check_along(cost: Any, g: Any, theta: Any, v: Any) -> Any:
    """Relative error of the gradient g along the direction v."""
    return _relative(g @ v, _difference(cost, theta, v))


def _difference(cost: Any, theta: Any, v: Any, h: float = 1e-5) -> Any:
    return (cost(theta + h * v) - cost(theta - h * v)) / (2 * h)


def _relative(a: Any, b: Any) -> Any:
    return abs(a - b) / max(abs(a), abs(b))


def _by_entries(cost: Any, g: Any, theta: Any, v: Any) -> Any:
    return max(check_along(cost, g, theta, e) for e in np.eye(len(theta)))


def _length(v: Any) -> Any:
    return np.linalg.norm(v)


def turned(g: Any, v: Any, degrees: Any) -> Any:
    """Vector as long as g, at an angle to g, on the side of v."""
    return _turned(g, v, np.radians(degrees))


def _turned(g: Any, v: Any, phi: Any, *, perpendicular: bool = True, side: float = 1.0) -> Any:
    aside = v - (v @ g) / (g @ g) * g if perpendicular else v
    return np.cos(phi) * g + side * np.sin(phi) * _length(g) * aside / _length(aside)


def _not_of_length_one(g: Any, v: Any, degrees: Any) -> Any:
    phi = np.radians(degrees)
    return np.cos(phi) * g + np.sin(phi) * (v - (v @ g) / (g @ g) * g)


def _budget(rng: np.random.Generator) -> tuple[Any, ...]:
    inputs, outputs, hidden, M = (int(k) for k in rng.integers((2, 1, 1, 2), (12, 9, 5, 12)))
    least = parameters((inputs, *[M] * hidden, outputs))
    return inputs, outputs, hidden, least - int(rng.integers(0, 2))


def _layers(rng: np.random.Generator) -> tuple[Any, Any, Any, Any]:
    """Return samples, targets, and two or three hidden layers as wide as the input."""
    n, m, outputs = (int(k) for k in rng.integers(2, 5, size=3))
    sizes = [m] * int(rng.integers(3, 5)) + [outputs]
    W = [nice(rng, m, k) for m, k in zip(sizes[:-1], sizes[1:], strict=True)]
    return nice(rng, n, m), nice(rng, n, outputs), W, [nice(rng, k) for k in sizes[1:]]


def _input_and_layers(rng: np.random.Generator) -> tuple[Any, ...]:
    X, _, W, b = _layers(rng)
    return X, W, b


def _claimed(rng: np.random.Generator) -> tuple[Any, ...]:
    """Return a cost, what a program takes for its gradient, a point, and a direction."""
    size = int(rng.integers(1, 5))
    c, theta, v = nice(rng, size), nice(rng, size), nice(rng, size)
    right = 3 * c * theta**2 + np.prod(theta) / theta
    wrong = right * rng.choice([1.0, 0.5, 2.0, -1.0]) + rng.choice([0.0, 1.0]) * nice(rng, size)
    return (lambda theta: float(np.sum(c * theta**3) + np.prod(theta))), wrong, theta, v


def _to_turn(rng: np.random.Generator) -> tuple[Any, ...]:
    size = int(rng.integers(2, 6))
    return nice(rng, size), nice(rng, size), float(rng.choice([5, 20, 30, 60, 75, 80, 100, 120, 150]))


def _digits() -> Any:
    """Return the images, between 0 and 1, and the digits, as arrays that may be changed."""
    return [part.copy() for part in _kept_digits()]


@cache
def _kept_digits() -> Any:
    with needs("this exercise"):
        from sklearn.datasets import load_digits

    images, digits = load_digits(return_X_y=True)
    return images / 16, digits


def _unseen(rng: np.random.Generator) -> tuple[Any, ...]:
    images, digits = (part[1200:] for part in _digits())
    inverted = np.arange(len(images)) % 2 == 1
    return np.where(inverted[:, None], 1 - images, images), digits


def _accuracy(recognise: Any, X: Any, d: Any) -> float:
    answers = np.asarray(recognise(X))
    return float(np.mean(answers == d)) if answers.shape == np.shape(d) else 0.0


def _turned_back(X: Any) -> Any:
    return np.where(X[:, :1] > 0.5, 1 - X, X)  # the pixel in the corner belongs to no digit


def _nearest_mean(X: Any) -> Any:
    X, (images, digits) = _turned_back(X), _digits()
    means = np.array([images[:1200][digits[:1200] == d].mean(axis=0) for d in range(10)])
    return ((X[:, None, :] - means) ** 2).sum(axis=2).argmin(axis=1)


def _nearest_neighbour(X: Any) -> Any:
    images, digits = _digits()
    distances = (X**2).sum(axis=1)[:, None] - 2 * X @ images[:1200].T + (images[:1200] ** 2).sum(axis=1)
    return digits[distances.argmin(axis=1)]


def _read_by_neighbour(X: Any) -> Any:
    return _nearest_neighbour(_turned_back(X))


def _reads(recognise: Any, well: Any, badly: Any) -> bool:
    """Tell whether the answers are good for images changed in the one way, and bad in the other."""
    X, y = _digits()[0][:200], _digits()[1][:200]
    with np.errstate(all="ignore"):
        good, bad = np.asarray(recognise(well(X))), np.asarray(recognise(badly(X)))
    return good.shape == bad.shape == y.shape and bool(np.mean(good == y) > 0.8 > np.mean(bad == y))


def _as_it_is(X: Any) -> Any:
    return X


EXERCISES = (
    Exercise(
        id="mlp-parameters",
        chapter="building-the-mlp",
        title="As wide as the budget allows",
        difficulty=2,
        minutes=8,
        equation="eq-mlp-parameters",
        hints=(
            "Write the number of parameters for the sizes (inputs, M, M, ..., M, outputs) first.",
            "It grows with M. Go up from M = 1 while the next one still fits; or solve a quadratic equation and round down.",
        ),
        reference=widest,
        inputs=_budget,
        cases=((784, 10, 1, 23_860), (784, 10, 3, 23_860), (5, 2, 2, 0), (9, 2, 2, 31)),
        mistakes=(
            Mistake(
                "gave the first width that is too much",
                lambda inputs, outputs, hidden, budget: widest(inputs, outputs, hidden, budget) + 1,
                "The network has to stay within the budget.",
            ),
            Mistake(
                "forgot the biases",
                lambda *args: _widest(
                    lambda sizes: sum(m * n for m, n in zip(sizes[:-1], sizes[1:], strict=True)), *args
                ),
                "Every node behind the input has a bias.",
            ),
            Mistake(
                "counted biases for the inputs",
                lambda *args: _widest(lambda sizes: parameters(sizes) + sizes[0], *args),
                "The inputs are data: they have no bias.",
            ),
            Mistake(
                "left out the last layer",
                lambda *args: _widest(lambda sizes: parameters(sizes[:-1]), *args),
                "The weights and biases of the output layer count, too.",
            ),
            Mistake(
                "one hidden layer too many",
                lambda inputs, outputs, hidden, budget: widest(inputs, outputs, hidden + 1, budget),
                "With h hidden layers there are h - 1 square matrices between them.",
            ),
            Mistake(
                "took one hidden layer, whatever was asked for",
                lambda inputs, outputs, hidden, budget: widest(inputs, outputs, 1, budget),
                "Between hidden layers there are square matrices, with M times M weights each.",
            ),
        ),
    ),
    Exercise(
        id="mlp-forward",
        chapter="building-the-mlp",
        title="Layers with a shortcut",
        difficulty=2,
        minutes=8,
        equation="eq-four-matrix-forward",
        hints=(
            "A loop over all layers but the last, and then one line for the linear output.",
            "In the loop, the new array is the old one plus tanh of z.",
        ),
        reference=forward,
        inputs=_input_and_layers,
        cases=(
            (np.array([[0.5]]), [np.array([[0.8]]), np.array([[-1.2]])], [np.array([0.1]), np.array([0.3])]),
        ),
        mistakes=(
            Mistake(
                "added X in every layer",
                _adds_the_input,
                "The shortcut adds what goes into the layer, which is the output of the layer before.",
            ),
            Mistake(
                "put the shortcut inside the activation",
                _shortcut_inside,
                "The layer adds its input to the output of its activation, outside of it.",
            ),
            Mistake(
                "left the shortcuts out",
                lambda X, W, b: outputs_of_layers(X, W, b, shortcut=0.0)[-1],
                "A hidden layer here hands on what it is given plus its tanh.",
            ),
            Mistake(
                "put a tanh on the output as well",
                lambda X, W, b: np.tanh(forward(X, W, b)),
                "The output layer is linear here.",
            ),
            Mistake(
                "left the hidden layers linear",
                lambda X, W, b: outputs_of_layers(X, W, b, lambda z: z)[-1],
                "Without tanh in the hidden layers all of them collapse into one.",
            ),
            Mistake(
                "used the sigmoid",
                lambda X, W, b: outputs_of_layers(X, W, b, sigmoid)[-1],
                "The hidden layers have a tanh here.",
            ),
            Mistake(
                "forgot the biases",
                lambda X, W, b: forward(X, W, [0 * c for c in b]),
                "z = a W + b.",
            ),
            Mistake(
                "stopped at the last hidden layer",
                lambda X, W, b: outputs_of_layers(X, W, b)[-2],
                "One linear layer is still to come: as many layers as there are arrays in `W`.",
            ),
        ),
    ),
    Exercise(
        id="mlp-backprop",
        chapter="building-the-mlp",
        title="Back through the shortcuts",
        difficulty=3,
        minutes=25,
        equation="eq-four-matrix-delta-hidden",
        hints=(
            "Keep two things for each hidden layer on the way forward: what it hands on, and its tanh alone.",
            "Start with δ of the linear output, (a - y)/n. Carry ∂C/∂a from layer to layer, not δ: a reaches the "
            "cost in two ways.",
            "∂C/∂a of the layer below is ∂C/∂a, through the shortcut, plus δ Wᵀ, through the weights.",
        ),
        reference=weight_gradients,
        inputs=_layers,
        cases=(
            (
                np.array([[0.5]]),
                np.array([[1.0]]),
                [np.array([[0.8]]), np.array([[-1.2]])],
                [np.array([0.1]), np.array([0.3])],
            ),
        ),
        mistakes=(
            Mistake(
                "forgot the shortcuts on the way back",
                _backprop(shortcut=0.0),
                "What a layer is given reaches its output in two ways, and so the error comes back in two.",
            ),
            Mistake(
                "took the slope from the sum",
                _backprop(of_outputs=True),
                "1 - t² wants the tanh alone, and not what the layer hands on.",
            ),
            Mistake(
                "used the slope of the sigmoid",
                _backprop(slope=lambda t: t * (1 - t)),
                "The hidden layers have a tanh: its slope is 1 - t².",
            ),
            Mistake(
                "forgot the slopes",
                _backprop(slope=np.ones_like),
                "Each hidden layer multiplies the error by its slope.",
            ),
            Mistake(
                "the sign is turned",
                _backprop(sign=-1.0),
                "Output minus target; the minus sign of descent belongs to the update.",
            ),
            Mistake(
                "the weights are not transposed on the way back",
                _backprop(transposed=False),
                "The error travels back as δ Wᵀ. Square matrices let the other product pass.",
            ),
        ),
    ),
    Exercise(
        id="mlp-check",
        chapter="building-the-mlp",
        title="A gradient check in two evaluations",
        difficulty=2,
        minutes=10,
        equation="def-mlp-relative-error",
        hints=(
            "How fast does the cost change if you walk from θ along v? The gradient g says one number, two evaluations "
            "of the cost say the other.",
            "Of a right gradient, g · v is the slope of C(θ + tv) at t = 0.",
        ),
        reference=check_along,
        inputs=_claimed,
        rtol=1e-6,
        atol=2e-7,
        mistakes=(
            Mistake(
                "divided by h instead of 2h",
                lambda cost, g, theta, v: _relative(g @ v, 2 * _difference(cost, theta, v)),
                "From θ - hv to θ + hv the distance is 2h in units of v.",
            ),
            Mistake(
                "checked entry by entry",
                _by_entries,
                "That takes two evaluations for each parameter. Move all of them at once, each by its part of v.",
            ),
            Mistake(
                "moved all entries by the same step",
                lambda cost, g, theta, v: _relative(g @ v, _difference(cost, theta, np.ones_like(v))),
                "Both numbers must be slopes along v.",
            ),
            Mistake(
                "made v a unit vector for the differences only",
                lambda cost, g, theta, v: _relative(g @ v, _difference(cost, theta, v / _length(v))),
                "A longer v makes both slopes larger. Take the same v for both.",
            ),
            Mistake(
                "took the length of g for the slope along v",
                lambda cost, g, theta, v: _relative(_length(g), _difference(cost, theta, v)),
                "The length of the gradient is the slope in the steepest direction, and not along v.",
            ),
            Mistake(
                "gave the difference, not the relative error",
                lambda cost, g, theta, v: abs(g @ v - _difference(cost, theta, v)),
                "Is 0.01 a large error? That depends on the size of the slopes.",
            ),
            Mistake(
                "divided by the sum of the two slopes",
                lambda cost, g, theta, v: (
                    abs(g @ v - (d := _difference(cost, theta, v))) / (abs(g @ v) + abs(d))
                ),
                "Others define it like that. In this book the difference is divided by the larger of the two.",
            ),
            Mistake(
                "divided by the larger number, with its sign",
                lambda cost, g, theta, v: abs(g @ v - (d := _difference(cost, theta, v))) / max(g @ v, d),
                "If both slopes are negative, the larger number is the smaller slope.",
            ),
            Mistake(
                "kept the sign of the difference",
                lambda cost, g, theta, v: (
                    (g @ v - (d := _difference(cost, theta, v))) / max(abs(g @ v), abs(d))
                ),
                "An error has no sign here: take the absolute value.",
            ),
            Mistake(
                "took the one-sided difference",
                lambda cost, g, theta, v: _relative(g @ v, (cost(theta + 1e-5 * v) - cost(theta)) / 1e-5),
                "The central difference looks to both sides, and its error is far smaller.",
            ),
        ),
    ),
    Exercise(
        id="mlp-slip",
        chapter="building-the-mlp",
        title="Which check sees which slip?",
        difficulty=3,
        minutes=12,
        equation="def-mlp-relative-error",
        hints=(
            "For each check write down which factors are 1 or 0, and which sums have a single term.",
            "With all weights and biases zero: what comes back to the hidden layer, by the right code and by each of the others?",
        ),
        reference=("ab", "cd"),
        mistakes=(
            Mistake(
                "thought that zero weights hide the early update",
                ("ab", "cde"),
                "W2 is zero before the update. Is it still zero when the error goes back through it?",
            ),
            Mistake(
                "exchanged the two checks",
                ("cd", "ab"),
                "First the check with a single sample, then the one with zero weights.",
            ),
            Mistake(
                "missed that with one sample a mean is a sum",
                ("a", "cd"),
                "What is the mean of a single row, and what is its sum?",
            ),
            Mistake(
                "missed that with one sample n is 1",
                ("b", "cd"),
                "What does a division by the number of samples do, if there is one?",
            ),
            Mistake(
                "missed that with zero weights no transpose is seen",
                ("ab", "d"),
                "Two products with a matrix of zeros: can you tell them apart?",
            ),
            Mistake(
                "missed that with zero weights no slope is seen",
                ("ab", "c"),
                "What is it that the slope multiplies, if the weights behind are zero?",
            ),
            Mistake(
                "thought that layers of equal width hide the transpose from both",
                ("abc", "cd"),
                "Equal widths let the product run, but its numbers are others.",
            ),
            Mistake(
                "thought that zero weights hide everything",
                ("ab", "abcde"),
                "With zero weights the hidden outputs are ½ and not 0, and the output layer has a gradient.",
            ),
        ),
    ),
    Exercise(
        id="mlp-downhill",
        chapter="building-the-mlp",
        title="A wrong gradient to order",
        difficulty=2,
        minutes=12,
        equation="eq-mlp-descent",
        hints=(
            "Write the vector as a part along g and a part perpendicular to g. How long is each?",
            "Perpendicular to g is what is left of v after its part along g has been taken away. Bring it to the right length.",
        ),
        reference=turned,
        inputs=_to_turn,
        cases=(
            (np.array([2.0, 0.0]), np.array([0.5, 3.0]), 30.0),
            (np.array([1.0, -1.0, 0.5]), np.array([1.0, 0.5, -1.0]), 0.0),
            (np.array([1.0, -1.0, 0.5]), np.array([1.0, 0.5, -1.0]), 90.0),
            (np.array([0.3, 0.4]), np.array([-1.0, 1.0]), 180.0),
        ),
        mistakes=(
            Mistake(
                "took the angle in radians",
                lambda g, v, degrees: _turned(g, v, degrees),
                "NumPy's sine and cosine take radians.",
            ),
            Mistake(
                "took v itself for the perpendicular direction",
                lambda g, v, degrees: _turned(g, v, np.radians(degrees), perpendicular=False),
                "v has a part along g as well. Take it away first.",
            ),
            Mistake(
                "turned to the other side",
                lambda g, v, degrees: _turned(g, v, np.radians(degrees), side=-1.0),
                "The vector should lie on the side of v.",
            ),
            Mistake(
                "exchanged sine and cosine",
                lambda g, v, degrees: turned(g, v, 90 - degrees),
                "At 0° the vector should be g itself.",
            ),
            Mistake(
                "did not bring the perpendicular part to the right length",
                _not_of_length_one,
                "A vector along g and one across it: both have the length of g before sine and cosine are applied.",
            ),
            Mistake(
                "returned a unit vector",
                lambda g, v, degrees: turned(g, v, degrees) / _length(g),
                "It should be as long as g.",
            ),
            Mistake(
                "returned a vector as long as v",
                lambda g, v, degrees: turned(g, v, degrees) / _length(g) * _length(v),
                "v says only to which side; the length is that of g.",
            ),
        ),
    ),
    Exercise(
        id="mlp-digits",
        chapter="building-the-mlp",
        title="Digits from a careless scanner",
        difficulty=3,
        minutes=25,
        equation="eq-four-matrix-delta-output",
        hints=(
            "Train a network on the images as they are. What does it say about 1 - X_test?",
            "Which images should the network meet in its training? Or how could you tell of an image which kind it is?",
            "40 hidden tanh nodes will do, with softmax and cross-entropy at the output, trained with `Adam(0.003)` in batches of 32.",
        ),
        reference=_read_by_neighbour,
        inputs=_unseen,
        use=_accuracy,
        at_least=0.9,
        trials=1,
        mistakes=(
            Mistake(
                "the pixels are scaled twice",
                lambda X: _read_by_neighbour(X / 16),
                "For pixels 16 times as large the answers are good: those that come are between 0 and 1 already.",
                sign=lambda recognise: _reads(recognise, lambda X: 16 * X, _as_it_is),
            ),
            Mistake(
                "the pixels are not scaled as in training",
                lambda X: _read_by_neighbour(X * 16),
                "For pixels a sixteenth as large the answers are good: in which range were they in training?",
                sign=lambda recognise: _reads(recognise, lambda X: X / 16, _as_it_is),
            ),
            Mistake(
                "the inverted images are misread",
                _nearest_neighbour,
                "The images as they are it reads well. Has it ever met an inverted one?",
                sign=lambda recognise: _reads(recognise, _as_it_is, lambda X: 1 - X),
            ),
            Mistake(
                "the images that are not inverted are misread",
                lambda X: _nearest_neighbour(1 - X),
                "The inverted images it reads well. Does it turn the others over, too?",
                sign=lambda recognise: _reads(recognise, lambda X: 1 - X, _as_it_is),
            ),
            Mistake(
                "another number of answers than of images",
                lambda X: np.arange(10),
                "One digit for each image is asked for. Along which axis does `argmax` look?",
                sign=lambda recognise: (
                    np.ndim(answers := recognise(_digits()[0][:50])) == 1 and len(answers) != 50
                ),
            ),
            Mistake(
                "the answer is the same digit for every image",
                lambda X: np.zeros(len(X), dtype=int),
                "Has it learned anything, or is the learning rate too small, or too large? And are the pixels "
                "scaled as they were in training?",
                sign=lambda recognise: len(np.unique(recognise(_digits()[0][:100]))) == 1,
            ),
            Mistake(
                "the answers are the outputs, not the digits",
                lambda X: np.eye(10)[_nearest_mean(X)],
                "The network has ten outputs for each image. Which one is the largest?",
                sign=lambda recognise: np.ndim(recognise(_digits()[0][:5])) == 2,
            ),
            Mistake(
                "the answers are shifted by one digit",
                lambda X: (_nearest_mean(X) + 1) % 10,
                "Compare a few answers with the targets: output number k stands for the digit k.",
                sign=lambda recognise: bool(
                    np.mean((np.asarray(recognise(_digits()[0][:200])) - _digits()[1][:200]) % 10 == 1) > 0.5
                ),
            ),
        ),
    ),
)
