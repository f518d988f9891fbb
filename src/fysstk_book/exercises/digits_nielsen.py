"""Exercises of the second chapter on handwritten digits."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice


def by_darkness(X_train: Any, y_train: Any, X_test: Any) -> Any:
    """Class whose mean darkness is closest to each image's."""
    return _by_darkness(X_train, y_train, X_test)


def spread(x: Any) -> Any:
    """Standard deviation of a node's weighted sum, with weights and bias from N(0, 1)."""
    return np.sqrt(1 + np.sum(x**2))


def never_change(X: Any, hidden: Any) -> Any:
    """Number of weights between pixels that are always blank and hidden nodes."""
    return hidden * int(np.sum(np.all(X == 0, axis=0)))


def answered(outputs: Any, labels: Any, least: Any) -> Any:
    """Fraction of images with an answer, and the fraction of those answers that is wrong."""
    sure = outputs.max(axis=1) >= least
    return np.mean(sure), np.mean((outputs.argmax(axis=1) != labels)[sure])


def _by_darkness(
    X_train: Any, y_train: Any, X_test: Any, *, grey: Any = np.mean, centre: Any = np.mean
) -> Any:
    train, test = grey(X_train, axis=1), grey(X_test, axis=1)
    means = np.array([centre(train[y_train == c]) for c in range(y_train.max() + 1)])
    return np.abs(test[:, np.newaxis] - means).argmin(axis=1)


def _the_lightest(X_train: Any, y_train: Any, X_test: Any) -> Any:
    """Answer as if every image were far lighter than each class."""
    return _by_darkness(X_train, y_train, np.zeros_like(X_test))


def _signed(X_train: Any, y_train: Any, X_test: Any) -> Any:
    means = np.array([X_train[y_train == c].mean() for c in range(y_train.max() + 1)])
    return (X_test.mean(axis=1)[:, np.newaxis] - means).argmin(axis=1)


def _for_ten_classes(X_train: Any, y_train: Any, X_test: Any) -> Any:
    classes = [X_train[y_train == c] for c in range(10)]
    means = np.array([images.mean() if len(images) else np.nan for images in classes])
    return np.abs(X_test.mean(axis=1)[:, np.newaxis] - means).argmin(axis=1)


def _nearest_image(X_train: Any, y_train: Any, X_test: Any) -> Any:
    distance = np.abs(X_test.mean(axis=1)[:, np.newaxis] - X_train.mean(axis=1))
    return y_train[distance.argmin(axis=1)]


def _inked(X: Any, axis: int) -> Any:
    return X.sum(axis=axis) / np.maximum((X > 0).sum(axis=axis), 1)


def _images(rng: np.random.Generator) -> tuple[Any, Any, Any]:
    y = rng.permutation(np.repeat([0, 1, 2], rng.integers(2, 5, size=3)))
    darkness = rng.permutation([0.3, 0.5, 0.7])

    def draw(levels: Any) -> Any:
        X = levels[:, np.newaxis] + rng.uniform(-0.3, 0.3, (len(levels), 6))
        return np.round(X * (rng.random(X.shape) < 0.8), 2)

    return draw(darkness[y]), y, draw(rng.choice(darkness, 12))


def _pixels(rng: np.random.Generator) -> tuple[Any, int]:
    n, pixels = (int(k) for k in rng.integers(3, 8, size=2))
    X = np.round(rng.uniform(0.1, 1, (n, pixels)), 1) * (rng.random((n, pixels)) < 0.6)
    X[:, 0] = 0
    X[:, 1] = np.arange(n) == n - 1  # a pixel with ink in the last image only
    return X, int(rng.integers(2, 9))


def _outputs(rng: np.random.Generator) -> tuple[Any, Any, float]:
    n = int(rng.integers(10, 20))
    outputs = np.round(rng.uniform(0, 0.8, (n, 10)), 2)
    labels = rng.integers(0, 10, n)
    right = rng.random(n) < 0.6
    outputs[right, labels[right]] = 0.9
    outputs[0, labels[0]], outputs[1, labels[1] - 1] = 0.95, 0.85
    return outputs, labels, 0.7


BITS = (np.arange(10)[:, np.newaxis] >> np.arange(4)) & 1
"""The binary digits of 0 to 9, the lowest first."""


def _old_outputs() -> Any:
    """Return the extreme outputs of a good network: 0.99 or 1 for the digit, and 0 or almost 0.01 else."""
    rng = np.random.default_rng(0)
    rows = []
    for digit in range(10):
        patterns = [np.zeros(10), np.ones(10), *BITS.T, *(1 - BITS.T), *(rng.random((20, 10)) < 0.5)]
        for pattern in patterns:
            for own in (0.99, 1.0):
                a = 0.0099 * pattern
                a[digit] = own
                rows.append(a)
    return np.array(rows)


def _read(answer: Any) -> Any:
    """Return which of the four new outputs are above one half, for all extreme old ones."""
    try:
        W, b = answer
        W, b = np.asarray(W, dtype=float), np.asarray(b, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError("the answer is a pair of arrays (W, b)") from error
    if W.shape != (10, 4) or b.shape != (4,):
        raise ValueError(f"expected W of shape (10, 4) and b of shape (4,), got {W.shape} and {b.shape}")
    return (_old_outputs() @ W + b > 0).astype(int)


EXERCISES = (
    Exercise(
        id="nielsen-darkness",
        chapter="digits-nielsen",
        title="How dark is a digit?",
        difficulty=1,
        minutes=8,
        hints=(
            "First the mean of all pixels of all training images of each class.",
            "Then compare each test image's mean with these numbers: which is closest, above or below?",
        ),
        reference=by_darkness,
        inputs=_images,
        mistakes=(
            Mistake(
                "made a mean for ten classes, whichever there are",
                _for_ten_classes,
                "The mean of an empty class is not a number, and `argmin` stops at it. How many classes are in `y_train`?",
            ),
            Mistake(
                "took signed differences",
                _signed,
                "A difference of -0.5 is not closer than one of 0.1: what counts is its size.",
            ),
            Mistake(
                "added the images of a class up",
                lambda *inputs: _by_darkness(*inputs, grey=np.sum, centre=np.sum),
                "The sum of many images is far from any single one: compare with a class's mean.",
            ),
            Mistake(
                "the lightest class for every image",
                _the_lightest,
                "So it comes out where a class's number is far larger than an image's, as with a sum on one side "
                "and a mean on the other, or where the two are added: what is compared with what?",
            ),
            Mistake(
                "took the class of the single image that is closest",
                _nearest_image,
                "Here the training images of a class are averaged first.",
            ),
            Mistake(
                "took the median of the images' darkness",
                lambda X_train, y_train, X_test: _by_darkness(X_train, y_train, X_test, centre=np.median),
                "The median is another centre; the exercise asks for the mean.",
            ),
            Mistake(
                "averaged over the pixels with ink only",
                lambda X_train, y_train, X_test: _by_darkness(X_train, y_train, X_test, grey=_inked),
                "The white pixels count as well: they are what tells a 1 from a 0.",
            ),
            Mistake(
                "numbered the classes from 1",
                lambda X_train, y_train, X_test: _by_darkness(X_train, y_train, X_test) + 1,
                "The first class is 0.",
            ),
        ),
    ),
    Exercise(
        id="nielsen-spread",
        chapter="digits-nielsen",
        title="The spread of a weighted sum",
        difficulty=1,
        minutes=6,
        equation="eq-nielsen-variance",
        hints=("Variances of independent terms add up. What is the variance of x_i w_i?",),
        reference=spread,
        inputs=lambda rng: (np.abs(nice(rng, int(rng.integers(2, 9)))) / 2,),
        cases=((np.zeros(3),),),
        mistakes=(
            Mistake(
                "gave the variance",
                lambda x: spread(x) ** 2,
                "The standard deviation is its root.",
            ),
            Mistake(
                "forgot the bias",
                lambda x: np.sqrt(np.sum(x**2)),
                "A node with no ink at all still has its bias.",
            ),
            Mistake(
                "did not square the pixels",
                lambda x: np.sqrt(1 + np.sum(x)),
                "If w has variance 1, what is the variance of w/2?",
            ),
            Mistake(
                "gave each pixel the same share",
                lambda x: np.sqrt(1 + len(x)),
                "That is right for an image that is black all over.",
            ),
            Mistake(
                "averaged over the pixels",
                lambda x: np.sqrt(1 + np.mean(x**2)),
                "The node adds its inputs up, it does not average them.",
            ),
            Mistake(
                "added deviations instead of variances",
                lambda x: 1 + np.sum(np.abs(x)),
                "Independent terms partly cancel. It is their variances that add up.",
            ),
        ),
    ),
    Exercise(
        id="nielsen-blank",
        chapter="digits-nielsen",
        title="Weights that never change",
        difficulty=2,
        minutes=6,
        equation="eq-nielsen-blank",
        hints=(
            "Which columns of X hold nothing but zeros?",
            "Each such pixel has one weight to every hidden node.",
        ),
        reference=never_change,
        inputs=_pixels,
        cases=(
            (np.array([[0.0, 0.5], [0.0, 0.5]]), 1),
            (np.array([[0.0, 0.5, 0.2], [0.0, 0.5, 0.0]]), 3),
            (np.array([[0.0, 1.0]]), 2),
        ),
        mistakes=(
            Mistake(
                "counted pixels that are the same in all images, blank or not",
                lambda X, hidden: hidden * int(np.sum(np.ptp(X, axis=0) == 0)),
                "Such a pixel does not change, but if it has ink, its weights do. Blank means 0 in every image.",
            ),
            Mistake(
                "counted pixels whose sum over the images is 0 or less than one",
                lambda X, hidden: hidden * int(np.sum(X.sum(axis=0) < 1)),
                "A little ink is ink. Blank means 0 in every image.",
            ),
            Mistake(
                "forgot the hidden nodes",
                lambda X, hidden: never_change(X, hidden) // hidden,
                "Each blank pixel is connected to all of them.",
            ),
            Mistake(
                "counted the pixels that are blank in some image",
                lambda X, hidden: hidden * int(np.sum(np.any(X == 0, axis=0))),
                "A single image with ink there is enough to change the weight.",
            ),
            Mistake(
                "looked at the first image only",
                lambda X, hidden: hidden * int(np.sum(X[0] == 0)),
                "The weight is changed by all images of the training set.",
            ),
            Mistake(
                "counted the weights that do change",
                lambda X, hidden: hidden * X.shape[1] - never_change(X, hidden),
                "These are the others.",
            ),
            Mistake(
                "counted the zeros in the data",
                lambda X, hidden: hidden * int(np.sum(X == 0)),
                "A weight belongs to a pixel, not to a pixel of one image.",
            ),
            Mistake(
                "counted blank images",
                lambda X, hidden: hidden * int(np.sum(np.all(X == 0, axis=1))),
                "One image in each row, one pixel in each column.",
            ),
        ),
    ),
    Exercise(
        id="nielsen-bits",
        chapter="digits-nielsen",
        title="From ten outputs to four",
        difficulty=2,
        minutes=12,
        equation="eq-nielsen-bits",
        hints=(
            "Write down the binary digits of 0 to 9. Which old outputs should push new output 0 up?",
            "Give each new output positive weights from the digits that have this bit, and none from the others. The sum is then either small or as large as a weight: which bias puts zero between the two?",
        ),
        reference=lambda: (10.0 * BITS, np.full(4, -5.0)),
        use=_read,
        mistakes=(
            Mistake(
                "counted the bits from the other end",
                lambda: (10.0 * BITS[:, ::-1], np.full(4, -5.0)),
                "New output 0 is the lowest bit: it is on for odd digits.",
            ),
            Mistake(
                "answers the opposite",
                lambda: (-10.0 * BITS, np.full(4, 5.0)),
                "Every bit is turned round: on where it should be off.",
            ),
            Mistake(
                "forgot the bias",
                lambda: (10.0 * BITS, np.zeros(4)),
                "Old outputs that should be 0 are a little above it, so each new output is switched on.",
            ),
            Mistake(
                "chose a bias that is too strong",
                lambda: (10.0 * BITS, np.full(4, -10.0)),
                "Nothing ever gets above one half: an old output of 0.99 is not quite 1.",
            ),
            Mistake(
                "numbered the digits from 1",
                lambda: (
                    10.0 * ((np.arange(1, 11)[:, np.newaxis] >> np.arange(4)) & 1),
                    np.full(4, -5.0),
                ),
                "Row 0 of W belongs to the digit 0, whose bits are all off.",
            ),
        ),
    ),
    Exercise(
        id="nielsen-sure",
        chapter="digits-nielsen",
        title="Answer only when sure",
        difficulty=2,
        minutes=8,
        hints=(
            "`outputs.max(axis=1)` is how sure the network is of each answer.",
            "Count the wrong answers among those that are given, and divide by the number of those.",
        ),
        reference=answered,
        inputs=_outputs,
        mistakes=(
            Mistake(
                "divided by all images",
                lambda outputs, labels, least: (
                    answered(outputs, labels, least)[0],
                    np.prod(answered(outputs, labels, least)),
                ),
                "The second number is about the answers that are given, not about all images.",
            ),
            Mistake(
                "gave the wrong fraction of all answers",
                lambda outputs, labels, least: (
                    answered(outputs, labels, least)[0],
                    np.mean(outputs.argmax(axis=1) != labels),
                ),
                "Leave out the images that get no answer.",
            ),
            Mistake(
                "gave the fraction of right answers",
                lambda outputs, labels, least: (
                    answered(outputs, labels, least)[0],
                    1 - answered(outputs, labels, least)[1],
                ),
                "The second number is an error.",
            ),
            Mistake(
                "gave the fraction that gets no answer",
                lambda outputs, labels, least: (
                    1 - answered(outputs, labels, least)[0],
                    answered(outputs, labels, least)[1],
                ),
                "The first number counts the images that do get one.",
            ),
            Mistake(
                "looked at the output of the right digit",
                lambda outputs, labels, least: (
                    np.mean(outputs[np.arange(len(labels)), labels] >= least),
                    np.mean(
                        (outputs.argmax(axis=1) != labels)[outputs[np.arange(len(labels)), labels] >= least]
                    ),
                ),
                "In use nobody knows the right digit. Look at the largest output.",
            ),
            Mistake(
                "counted instead of taking fractions",
                lambda outputs, labels, least: (
                    np.sum(outputs.max(axis=1) >= least),
                    np.sum((outputs.argmax(axis=1) != labels) & (outputs.max(axis=1) >= least)),
                ),
                "Divide each number by how many there could be: all images, and all answers.",
            ),
            Mistake(
                "left out images whose largest output is exactly at the limit",
                lambda outputs, labels, least: answered(outputs, labels, np.nextafter(least, 1)),
                "At least means that the limit itself counts.",
            ),
        ),
    ),
    Exercise(
        id="nielsen-code",
        chapter="digits-nielsen",
        title="Is it the binary numbers?",
        difficulty=3,
        minutes=20,
        hints=(
            "`rng.permutation(16)[:10]` draws ten of the sixteen codes. Train with a few such draws.",
            "Look for the nearest code of the ten instead of rounding: how much does this repair?",
        ),
    ),
)
