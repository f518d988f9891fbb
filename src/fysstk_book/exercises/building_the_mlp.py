"""Exercises of the chapter on building the multilayer perceptron."""

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


def numeric_gradient(cost: Any, theta: Any) -> Any:
    """Gradient by central differences."""
    return _differences(cost, theta, 1.0, 1.0, 2.0)


def _differences(cost: Any, theta: Any, up: float, down: float, over: float) -> Any:
    h = 1e-5
    gradient = np.zeros_like(theta)
    for i in range(len(theta)):
        step = np.zeros_like(theta)
        step[i] = h
        gradient[i] = (cost(theta + up * step) - cost(theta - down * step)) / (over * h)
    return gradient


def angle(d: Any, gradient: Any) -> Any:
    """Angle between two directions in degrees."""
    return np.degrees(np.arccos(np.clip(_cosine(d, gradient), -1, 1)))


def _cosine(d: Any, gradient: Any) -> Any:
    return d @ gradient / (np.linalg.norm(d) * np.linalg.norm(gradient))


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


def _cubic(rng: np.random.Generator) -> tuple[Any, ...]:
    size = int(rng.integers(1, 5))
    c = nice(rng, size)
    theta = np.where(rng.random(size) < 0.2, 0.0, nice(rng, size))
    return (lambda theta: float(np.sum(c * theta**3) + np.prod(theta))), theta


def _directions(rng: np.random.Generator) -> tuple[Any, ...]:
    size = int(rng.integers(2, 6))
    return nice(rng, size), nice(rng, size)


def _digits() -> Any:
    with needs("this exercise"):
        from sklearn.datasets import load_digits

    images, digits = load_digits(return_X_y=True)
    return images / 16, digits


def _unseen(rng: np.random.Generator) -> tuple[Any, ...]:
    images, digits = _digits()
    return images[1200:], digits[1200:]


def _accuracy(recognise: Any, X: Any, d: Any) -> float:
    answers = np.asarray(recognise(X))
    return float(np.mean(answers == d)) if answers.shape == np.shape(d) else 0.0


def _nearest_mean(X: Any) -> Any:
    images, digits = _digits()
    means = np.array([images[:1200][digits[:1200] == d].mean(axis=0) for d in range(10)])
    return ((X[:, None, :] - means) ** 2).sum(axis=2).argmin(axis=1)


def _nearest_neighbour(X: Any) -> Any:
    images, digits = _digits()
    distances = (X**2).sum(axis=1)[:, None] - 2 * X @ images[:1200].T + (images[:1200] ** 2).sum(axis=1)
    return digits[distances.argmin(axis=1)]


def _reads(recognise: Any, scale: float) -> bool:
    """Tell whether the answers are good for pixels on another scale, and bad for these."""
    X, y = _digits()[0][:200], _digits()[1][:200]
    with np.errstate(all="ignore"):
        good, bad = np.asarray(recognise(scale * X)), np.asarray(recognise(X))
    return good.shape == bad.shape == y.shape and bool(np.mean(good == y) > 0.8 > np.mean(bad == y))


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
        title="Your own gradient check",
        difficulty=2,
        minutes=10,
        equation="def-mlp-relative-error",
        hints=(
            "Make a copy of theta before you change one entry.",
            "Move one entry up and down by h, and divide by the distance between the two places. Then the next entry.",
        ),
        reference=numeric_gradient,
        inputs=_cubic,
        rtol=1e-5,
        atol=1e-7,
        mistakes=(
            Mistake(
                "divided by h instead of 2h",
                lambda cost, theta: _differences(cost, theta, 1.0, 1.0, 1.0),
                "From θ - h to θ + h the distance is 2h.",
            ),
            Mistake(
                "nudged all entries at once",
                lambda cost, theta: np.full_like(theta, (cost(theta + 1e-5) - cost(theta - 1e-5)) / 2e-5),
                "A partial derivative changes one entry and keeps the others.",
            ),
            Mistake(
                "took the difference the wrong way round",
                lambda cost, theta: -numeric_gradient(cost, theta),
                "Up minus down.",
            ),
            Mistake(
                "returned a single entry's derivative for all",
                lambda cost, theta: np.full_like(theta, numeric_gradient(cost, theta)[0]),
                "Each entry of theta has a derivative of its own.",
            ),
            Mistake(
                "took the one-sided difference",
                lambda cost, theta: np.array(
                    [(cost(theta + 1e-5 * e) - cost(theta)) / 1e-5 for e in np.eye(len(theta))]
                ),
                "The central difference looks to both sides, and its error is far smaller.",
            ),
        ),
    ),
    Exercise(
        id="mlp-slip",
        chapter="building-the-mlp",
        title="Find the slip",
        difficulty=2,
        minutes=8,
        equation="def-four-update",
        hints=(
            "Each formula on its own is right. Look at the order.",
            "Which array changes between the forward pass and its last use?",
        ),
        reference="c",
        mistakes=(
            Mistake(
                "line a", "a", "For a linear output and the mean half squared error, (a2 - y)/n is right."
            ),
            Mistake(
                "line b",
                "b",
                "Both are right: the matrix product sums over the samples, and so does sum(axis=0).",
            ),
            Mistake("line d", "d", "The formula is right. But is W2 still what it was in the forward pass?"),
            Mistake("line e", "e", "Both formulas are right."),
            Mistake("line f", "f", "After the last line of the backward pass, W1 may change."),
        ),
    ),
    Exercise(
        id="mlp-downhill",
        chapter="building-the-mlp",
        title="Does it go downhill?",
        difficulty=1,
        minutes=5,
        equation="eq-mlp-descent",
        hints=("d · g = |d| |g| cos(angle).",),
        reference=angle,
        inputs=_directions,
        cases=(
            (np.array([1.0, 2.0]), np.array([50.0, 100.0])),
            (np.array([1.0, 0.0]), np.array([-3.0, 0.0])),
            (np.array([0.1, -1.1]), np.array([0.1, -1.1])),  # rounding makes this cosine more than 1
            (np.array([0.1, -1.1]), np.array([-0.1, 1.1])),
        ),
        rtol=1e-4,
        atol=1e-4,
        mistakes=(
            Mistake(
                "returned the angle in radians",
                lambda d, gradient: np.radians(angle(d, gradient)),
                "NumPy's arccos answers in radians.",
            ),
            Mistake(
                "returned the cosine",
                _cosine,
                "One more step leads from the cosine to the angle.",
            ),
            Mistake(
                "forgot to divide by one of the lengths",
                lambda d, gradient: np.degrees(np.arccos(np.clip(d @ gradient / np.linalg.norm(d), -1, 1))),
                "Divide by the lengths of both.",
            ),
            Mistake(
                "took the absolute value, so that uphill looks like downhill",
                lambda d, gradient: np.degrees(np.arccos(np.clip(abs(_cosine(d, gradient)), -1, 1))),
                "The sign matters: beyond 90° the cost rises.",
            ),
            Mistake(
                "measured the angle from the gradient's opposite",
                lambda d, gradient: 180.0 - angle(d, gradient),
                "90° is the border either way, but beyond it now lies uphill. Take the angle between `d` and the gradient itself.",
            ),
            Mistake(
                "forgot to divide by the lengths",
                lambda d, gradient: np.degrees(np.arccos(d @ gradient)),
                "The cosine is the product of two unit vectors.",
            ),
            Mistake(
                "forgot to divide by one of the lengths, and left the range of the cosine",
                lambda d, gradient: np.degrees(np.arccos(d @ gradient / np.linalg.norm(gradient))),
                "Both vectors have a length.",
            ),
        ),
    ),
    Exercise(
        id="mlp-digits",
        chapter="building-the-mlp",
        title="Recognise digits",
        difficulty=3,
        minutes=25,
        equation="eq-four-matrix-delta-output",
        hints=(
            "A network that works has 40 hidden tanh nodes, and softmax with cross-entropy at the output.",
            "Train with `Adam(0.003)` in batches of 32; the digit is the `argmax` of the outputs along axis 1.",
        ),
        reference=_nearest_neighbour,
        inputs=_unseen,
        use=_accuracy,
        at_least=0.9,
        trials=1,
        mistakes=(
            Mistake(
                "the pixels are scaled twice",
                lambda X: _nearest_neighbour(X / 16),
                "For pixels 16 times as large the answers are good: those that come are between 0 and 1 already.",
                sign=lambda recognise: _reads(recognise, 16.0),
            ),
            Mistake(
                "the pixels are not scaled as in training",
                lambda X: _nearest_neighbour(X * 16),
                "For pixels a sixteenth as large the answers are good: in which range were they in training?",
                sign=lambda recognise: _reads(recognise, 1 / 16),
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
