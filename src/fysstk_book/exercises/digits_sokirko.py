"""Exercises of the first chapter on handwritten digits."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_nn.activations import sigmoid, softmax


def rate_after(epochs: Any, n: Any, m: Any, eta0: Any, k: Any) -> Any:
    """Learning rate eta0 / (1 + sqrt(k t)) after so many epochs."""
    return eta0 / (1 + np.sqrt(k * epochs * int(np.ceil(n / m))))


def plain_sigmoid(W: Any, eta: Any, c: Any) -> Any:
    """Weights and learning rate of a plain sigmoid that does what one stretched by c does."""
    return W / c, eta / c**2


def output_deltas(z: Any, y: Any) -> Any:
    """Errors of the outputs: sigmoid with squares, softmax with cross-entropy."""
    a = sigmoid(z)
    return (a - y) * a * (1 - a), softmax(z) - y


def slant(image: Any) -> Any:
    """Slope of the line x = alpha y through the ink."""
    return _slant(image)


def _slant(
    image: Any, *, centred: bool = True, weighted: bool = True, by: str = "yy", middle: bool = False
) -> Any:
    weight = image if weighted else (image > 0).astype(float)
    y, x = np.indices(image.shape).astype(float)
    if middle:
        x, y = x - x.mean(), y - y.mean()
    elif centred:
        x -= (weight * x).sum() / weight.sum()
        y -= (weight * y).sum() / weight.sum()
    xy, xx, yy = (weight * x * y).sum(), (weight * x * x).sum(), (weight * y * y).sum()
    return xy / {"yy": yy, "xx": xx, "both": np.sqrt(xx * yy), "sum": weight.sum()}[by]


def _stretched(rng: np.random.Generator) -> tuple[Any, ...]:
    m, n = rng.integers(1, 5, size=2)
    return nice(rng, m, n), nice(rng, low=0.1, high=2.0), float(rng.choice([0.5, 2.5, 4.0, 10.0, 50.0]))


def _sample(rng: np.random.Generator) -> tuple[Any, Any]:
    return nice(rng, 10), np.eye(10)[rng.integers(0, 10)]


def _image(rng: np.random.Generator) -> tuple[Any]:
    rows, columns = (int(side) for side in rng.integers(3, 8, size=2))
    image = np.round(rng.uniform(size=(rows, columns)) * (rng.random((rows, columns)) < 0.6), 1)
    image[0, 0], image[-1, -1] = 0.5, 1.0
    return (image,)


EXERCISES = (
    Exercise(
        id="sokirko-decay",
        chapter="digits-sokirko",
        title="The learning rate after some epochs",
        difficulty=1,
        minutes=5,
        equation="eq-sokirko-decay",
        hints=(
            "How many steps make an epoch, if the last batch may be smaller?",
            "A last batch that is not full is a step, too: how many steps do 21 samples make in batches of 10?",
        ),
        reference=rate_after,
        inputs=lambda rng: (
            int(rng.integers(1, 9)),
            100 * int(rng.integers(5, 30)) + 7,
            int(rng.choice([10, 32, 64])),
            nice(rng, low=0.1, high=1.0),
            0.001,
        ),
        cases=((0, 4000, 64, 0.1, 0.001), (5, 60000, 64, 0.1, 0.001), (2, 20, 10, 0.5, 0.1)),
        rtol=1e-9,
        mistakes=(
            Mistake(
                "took k out of the root",
                lambda epochs, n, m, eta0, k: eta0 / (1 + k * np.sqrt(epochs * np.ceil(n / m))),
                "The root reaches over k as well as over the steps.",
            ),
            Mistake(
                "rounded up over all epochs together",
                lambda epochs, n, m, eta0, k: eta0 / (1 + np.sqrt(k * np.ceil(epochs * n / m))),
                "Every epoch ends with its own smaller batch: round up within one epoch.",
            ),
            Mistake(
                "dropped the last batch of each epoch",
                lambda epochs, n, m, eta0, k: eta0 / (1 + np.sqrt(k * epochs * (n // m))),
                "A batch with fewer samples is a step, too.",
            ),
            Mistake(
                "took fractions of a step",
                lambda epochs, n, m, eta0, k: eta0 / (1 + np.sqrt(k * epochs * n / m)),
                "Each epoch has a whole number of steps.",
            ),
            Mistake(
                "counted epochs instead of steps",
                lambda epochs, n, m, eta0, k: eta0 / (1 + np.sqrt(k * epochs)),
                "Here t counts the steps: {eq}`eq-sokirko-decay` has 938 of them in each epoch.",
            ),
            Mistake(
                "counted samples instead of steps",
                lambda epochs, n, m, eta0, k: eta0 / (1 + np.sqrt(k * epochs * n)),
                "There is one step for each batch, not for each sample.",
            ),
            Mistake(
                "forgot the square root",
                lambda epochs, n, m, eta0, k: eta0 / (1 + k * epochs * np.ceil(n / m)),
                "That is another schedule. Here the rate is divided by 1 plus the root of kt.",
            ),
            Mistake(
                "took the root of the 1 as well",
                lambda epochs, n, m, eta0, k: eta0 / np.sqrt(1 + k * epochs * np.ceil(n / m)),
                "The 1 stands outside the root.",
            ),
            Mistake(
                "forgot the 1",
                lambda epochs, n, m, eta0, k: eta0 / np.sqrt(k * max(epochs, 1) * np.ceil(n / m)),
                "At t = 0 the rate should be eta0.",
            ),
        ),
    ),
    Exercise(
        id="sokirko-stretch",
        chapter="digits-sokirko",
        title="The sigmoid, unstretched",
        difficulty=3,
        minutes=10,
        equation="eq-sokirko-squeezed",
        hints=(
            "Which V gives aV the value of (aW)/c, whatever a is?",
            "A step changes W by -η ∂C/∂W, and V = W/c by a c-th of that. Now express ∂C/∂W by ∂C/∂V.",
        ),
        reference=plain_sigmoid,
        inputs=_stretched,
        cases=((np.array([[100.0, -50.0]]), 0.1, 50.0),),
        mistakes=(
            Mistake(
                "kept the learning rate",
                lambda W, eta, c: (W / c, eta),
                "The weights V are on another scale than W, and so are their steps.",
            ),
            Mistake(
                "divided the learning rate by c only once",
                lambda W, eta, c: (W / c, eta / c),
                "c enters twice: ∂C/∂W is a c-th of ∂C/∂V, and the change of V is a c-th of that of W.",
            ),
            Mistake(
                "multiplied the learning rate by c squared",
                lambda W, eta, c: (W / c, eta * c**2),
                "V is smaller than W for c > 1, and its gradient is larger. Do its steps have to be longer?",
            ),
            Mistake(
                "let the two factors cancel the wrong way",
                lambda W, eta, c: (W / c, eta * c),
                "∂C/∂W is ∂C/∂V divided by c, since V = W/c.",
            ),
            Mistake(
                "multiplied the weights",
                lambda W, eta, c: (W * c, eta / c**2),
                "The stretched sigmoid sees z/c.",
            ),
            Mistake(
                "kept the weights",
                lambda W, eta, c: (1.0 * W, eta / c**2),
                "A plain sigmoid does not divide z: the weights have to.",
            ),
        ),
    ),
    Exercise(
        id="sokirko-deltas",
        chapter="digits-sokirko",
        title="Two errors of the output layer",
        difficulty=2,
        minutes=8,
        equation="eq-sokirko-deltas",
        hints=(
            "First compute the two kinds of outputs from the same z.",
            "Only one of the two has a factor a(1 - a), see {eq}`eq-sokirko-deltas`.",
        ),
        reference=output_deltas,
        inputs=_sample,
        cases=((np.zeros(10), np.eye(10)[3]),),
        mistakes=(
            Mistake(
                "took the softmax for both",
                lambda z, y: ((softmax(z) - y) * softmax(z) * (1 - softmax(z)), softmax(z) - y),
                "The first of the two networks has sigmoids at the output: each output for itself.",
            ),
            Mistake(
                "forgot the slope of the sigmoid",
                lambda z, y: (sigmoid(z) - y, softmax(z) - y),
                "The squared error does not cancel σ′.",
            ),
            Mistake(
                "put a factor a(1 - a) on softmax as well",
                lambda z, y: (output_deltas(z, y)[0], (softmax(z) - y) * softmax(z) * (1 - softmax(z))),
                "Cross-entropy cancels the derivative of softmax.",
            ),
            Mistake(
                "the signs are turned",
                lambda z, y: tuple(-delta for delta in output_deltas(z, y)),
                "Output minus target.",
            ),
            Mistake(
                "exchanged the two",
                lambda z, y: output_deltas(z, y)[::-1],
                "First the sigmoids, then softmax.",
            ),
            Mistake(
                "used the sigmoid's outputs for both",
                lambda z, y: (output_deltas(z, y)[0], sigmoid(z) - y),
                "The second one has the outputs of softmax.",
            ),
            Mistake(
                "forgot to divide the exponentials by their sum",
                lambda z, y: (output_deltas(z, y)[0], np.exp(z) - y),
                "The outputs of softmax add up to 1.",
            ),
        ),
    ),
    Exercise(
        id="sokirko-slant",
        chapter="digits-sokirko",
        title="The slant of an image",
        difficulty=3,
        minutes=15,
        equation="eq-sokirko-slant",
        hints=(
            "`np.indices` gives the row and the column of each pixel of a shape.",
            "First the centre, {eq}`def-sokirko-moments`; then the two moments around it.",
        ),
        reference=slant,
        inputs=_image,
        cases=((np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]),),),
        mistakes=(
            Mistake(
                "took the middle of the picture for the centre of the ink",
                lambda image: _slant(image, middle=True),
                "The line goes through the centre of the ink: each pixel counts by its value in both means.",
            ),
            Mistake(
                "did not subtract the centre",
                lambda image: _slant(image, centred=False),
                "The line has to go through the centre of the ink.",
            ),
            Mistake(
                "divided by the spread of the columns",
                lambda image: _slant(image, by="xx"),
                "That is the slope of y against x. We want x = αy.",
            ),
            Mistake(
                "computed the correlation",
                lambda image: _slant(image, by="both"),
                "A slope is divided by the spread in y alone.",
            ),
            Mistake(
                "divided by the ink",
                lambda image: _slant(image, by="sum"),
                "That is the mean of the products; the slope needs μ_yy below.",
            ),
            Mistake(
                "the sign is turned",
                lambda image: -_slant(image),
                "Rows are counted downwards, and α is positive if the ink drifts to the right on the way down.",
            ),
            Mistake(
                "all pixels with ink count the same",
                lambda image: _slant(image, weighted=False),
                "Each pixel counts by its grey value.",
            ),
            Mistake(
                "gave the angle",
                lambda image: np.arctan(slant(image)),
                "α is the slope: how many columns to the side for each row down.",
            ),
        ),
    ),
    Exercise(
        id="sokirko-images",
        chapter="digits-sokirko",
        title="How many test images does it take?",
        difficulty=2,
        minutes=10,
        hints=(
            "Equation {eq}`eq-iris-standard-error` gives the uncertainty of one error rate. What is that of a difference?",
        ),
    ),
)
