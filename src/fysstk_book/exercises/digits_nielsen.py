"""Exercises of the second chapter on handwritten digits."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice


def by_pieces(X_train: Any, y_train: Any, X_test: Any, pieces: Any) -> Any:
    """Class whose mean darkness, piece by piece, is closest to each image's."""
    return _by_pieces(X_train, y_train, X_test, pieces)


def differ(x: Any, x2: Any) -> Any:
    """Fraction of random nodes whose weighted sums have different signs for two images."""
    return np.arccos(_correlation(x, x2)) / np.pi


def constant_pixels(X: Any, W: Any, b: Any, b_after: Any) -> Any:
    """Weights after training of the pixels that are the same in all training images."""
    always = _always(X)
    return W[always] + np.outer(X[0, always], b_after - b)


def cheapest(outputs: Any, labels: Any, person: Any, misrouted: Any) -> Any:
    """Smallest mean cost of a letter over all limits below which the network refuses."""
    return min(_costs(outputs, labels, person, misrouted))


def _squares(X: Any, pieces: int) -> Any:
    size = round(X.shape[1] ** 0.5) // pieces
    return X.reshape(len(X), pieces, size, pieces, size).mean(axis=(2, 4)).reshape(len(X), -1)


def _stripes(X: Any, pieces: int) -> Any:
    return X.reshape(len(X), pieces**2, -1).mean(axis=2)


def _lattices(X: Any, pieces: int) -> Any:
    size = round(X.shape[1] ** 0.5) // pieces
    return X.reshape(len(X), size, pieces, size, pieces).mean(axis=(1, 3)).reshape(len(X), -1)


def _by_pieces(
    X_train: Any,
    y_train: Any,
    X_test: Any,
    pieces: Any,
    *,
    cut: Any = _squares,
    centre: Any = np.mean,
    power: int = 2,
) -> Any:
    train, test = cut(X_train, pieces), cut(X_test, pieces)
    means = np.array([centre(train[y_train == c], axis=0) for c in range(y_train.max() + 1)])
    return (np.abs(test[:, np.newaxis] - means) ** power).sum(axis=2).argmin(axis=1)


def _nearest_image(X_train: Any, y_train: Any, X_test: Any, pieces: Any) -> Any:
    distance = _squares(X_test, pieces)[:, np.newaxis] - _squares(X_train, pieces)
    return y_train[(distance**2).sum(axis=2).argmin(axis=1)]


def _signed(X_train: Any, y_train: Any, X_test: Any, pieces: Any) -> Any:
    train, test = _squares(X_train, pieces), _squares(X_test, pieces)
    means = np.array([train[y_train == c].mean(axis=0) for c in range(y_train.max() + 1)])
    return np.abs((test[:, np.newaxis] - means).sum(axis=2)).argmin(axis=1)


def _correlation(x: Any, x2: Any, bias: float = 1.0) -> Any:
    return (bias + x @ x2) / np.sqrt((bias + x @ x) * (bias + x2 @ x2))


def _always(X: Any) -> Any:
    return (X[0] == X).all(axis=0)


def _limits(outputs: Any) -> list[float]:
    return [-np.inf, *np.unique(outputs.max(axis=1)).tolist(), np.inf]


def _costs(
    outputs: Any,
    labels: Any,
    person: Any,
    misrouted: Any,
    *,
    limits: Any = None,
    sure: Any = None,
    per: Any = None,
) -> list[float]:
    """Return the mean cost of a letter for each limit."""
    sure = outputs.max(axis=1) if sure is None else sure
    wrong = outputs.argmax(axis=1) != labels
    found = []
    for limit in _limits(outputs) if limits is None else limits:
        kept = sure >= limit
        mistakes = np.sum(wrong & kept)
        letters = len(labels) if per is None else per(kept)
        found.append(float((person * np.sum(~kept) + misrouted * mistakes) / letters))
    return found


def _one_by_one(outputs: Any, labels: Any, person: Any, misrouted: Any) -> Any:
    order = np.argsort(-outputs.max(axis=1), kind="stable")
    wrong = np.concatenate([[0], np.cumsum((outputs.argmax(axis=1) != labels)[order])])
    return np.min(person * np.arange(len(labels), -1, -1) + misrouted * wrong) / len(labels)


def _images(rng: np.random.Generator) -> tuple[Any, ...]:
    pieces, size = [(2, 2), (2, 3), (3, 2)][int(rng.integers(3))]
    y = rng.permutation(np.repeat([0, 1, 2], rng.integers(2, 5, size=3)))
    darkness = rng.uniform(0.3, 0.7, (3, (pieces * size) ** 2))

    def draw(levels: Any) -> Any:
        X = levels + rng.uniform(-0.3, 0.3, levels.shape)
        return np.round(X * (rng.random(X.shape) < 0.8), 1)

    return draw(darkness[y]), y, draw(darkness[rng.integers(0, 3, 12)]), pieces


def _two_images(rng: np.random.Generator) -> tuple[Any, Any]:
    pixels = int(rng.integers(3, 8))
    x, x2 = np.round(rng.uniform(0.1, 1, (2, pixels)), 1) * (rng.random((2, pixels)) < 0.7)
    x[0], x2[1] = 0.5, 1.0
    return x, x2


def _trained(rng: np.random.Generator) -> tuple[Any, ...]:
    n, pixels, hidden = (int(k) for k in rng.integers([3, 4, 1], [6, 7, 4]))
    X = np.round(rng.uniform(0.1, 1, (n, pixels)), 1)
    X[:, 0], X[:, 2] = 0, 0.5  # blank in all images, and equally grey in all
    X[:, 1] = np.arange(n) == n - 1  # ink in the last image only
    b = nice(rng, hidden)
    return X, nice(rng, pixels, hidden), b, np.round(b + nice(rng, hidden), 1)


def _letters(rng: np.random.Generator) -> tuple[Any, ...]:
    n = int(rng.integers(10, 20))
    outputs = np.round(rng.uniform(0, 0.8, (n, 10)), 2)
    labels = rng.integers(0, 10, n)
    sure = np.round(rng.uniform(0.3, 1, n), 1)
    right = rng.random(n) < sure
    outputs[right, labels[right]] = np.round(0.45 + 0.5 * sure[right], 2)  # wrong ones may be larger
    return outputs, labels, 5.0, float(rng.choice([8, 12, 20, 50]))


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
        title="How dark is a digit, piece by piece?",
        difficulty=2,
        minutes=12,
        hints=(
            "How many rows and columns of pixels has a piece? Row r of the image is `X[i, r * side : (r + 1) * side]`.",
            "`X.reshape(n, pieces, size, pieces, size)` has one axis for each number that says where a pixel is: which of these do you average over?",
        ),
        reference=by_pieces,
        inputs=_images,
        cases=(
            (
                np.array([[0.0, 0.0, 0.0, 0.8], [0.8, 0.0, 0.0, 0.0], [0.2, 0.2, 0.2, 0.3]]),
                np.array([0, 1, 1]),
                np.array([[0.1, 0.1, 0.1, 0.6], [0.5, 0.1, 0.1, 0.1]]),
                2,
            ),
        ),
        mistakes=(
            Mistake(
                "took the darkness of the whole image",
                lambda X_train, y_train, X_test, pieces: _by_pieces(X_train, y_train, X_test, 1),
                "That is the baseline of the text. Here each piece has a darkness of its own.",
            ),
            Mistake(
                "cut the image into stripes",
                lambda *inputs: _by_pieces(*inputs, cut=_stripes),
                "Pixels that follow each other in a row of `X` lie side by side. A square piece takes some pixels of each of several rows of the image.",
            ),
            Mistake(
                "put pixels together that are some way apart",
                lambda *inputs: _by_pieces(*inputs, cut=_lattices),
                "Such pixels are spread over the whole image. In `reshape` the axis that says which piece comes before the one that says where in the piece.",
            ),
            Mistake(
                "compared the images pixel by pixel",
                lambda X_train, y_train, X_test, pieces: _by_pieces(
                    X_train, y_train, X_test, round(X_train.shape[1] ** 0.5)
                ),
                "That is the case of as many pieces as pixels. Average over each piece first.",
            ),
            Mistake(
                "added up signed differences",
                _signed,
                "Then one piece that is too dark makes up for another that is too light. Square each difference first.",
            ),
            Mistake(
                "added up the differences without squares",
                lambda *inputs: _by_pieces(*inputs, power=1),
                "The exercise asks for the sum of the squares.",
            ),
            Mistake(
                "took the class of the single image that is closest",
                _nearest_image,
                "Here the training images of a class are averaged first.",
            ),
            Mistake(
                "added the images of a class up",
                lambda *inputs: _by_pieces(*inputs, centre=np.sum),
                "The sum of many images is far from any single one: compare with a class's mean.",
            ),
            Mistake(
                "numbered the classes from 1",
                lambda *inputs: by_pieces(*inputs) + 1,
                "The first class is 0.",
            ),
        ),
    ),
    Exercise(
        id="nielsen-spread",
        chapter="digits-nielsen",
        title="Do two images look alike to a node?",
        difficulty=2,
        minutes=12,
        equation="eq-nielsen-variance",
        hints=(
            "Treat the bias as the weight of one more pixel that is 1 in each image. Then z and z' are the scalar products of one random vector with two fixed ones.",
            "Only the plane of the two fixed vectors matters, and in it all directions of the random vector are equally likely. For which of them do the two products differ in sign?",
        ),
        reference=differ,
        inputs=_two_images,
        cases=((np.array([1.0, 0.0]), np.array([0.0, 1.0])),),
        mistakes=(
            Mistake(
                "forgot the bias",
                lambda x, x2: np.arccos(_correlation(x, x2, bias=0.0)) / np.pi,
                "Both sums have the same b in them, and so are more alike than the pixels alone make them.",
            ),
            Mistake(
                "gave the correlation of the two sums",
                _correlation,
                "That is the cosine of the angle between the two images. Which fraction of all directions lies between them?",
            ),
            Mistake(
                "took the fraction to fall in a straight line with the correlation",
                lambda x, x2: (1 - _correlation(x, x2)) / 2,
                "It does at the ends and in the middle. In between, it is the angle that is divided evenly, and not its cosine.",
            ),
            Mistake(
                "left the angle in radians",
                lambda x, x2: np.arccos(_correlation(x, x2)),
                "A fraction: if the images were opposite, all nodes would differ.",
            ),
            Mistake(
                "divided the angle by a full turn",
                lambda x, x2: differ(x, x2) / 2,
                "The sign changes where the random vector points into the angle, and also where it points the opposite way.",
            ),
            Mistake(
                "gave the fraction of the nodes that agree",
                lambda x, x2: 1 - differ(x, x2),
                "That is the rest.",
            ),
            Mistake(
                "took the two sums to be independent",
                lambda x, x2: 0.5,
                "They have the same weights in them. What is the mean of z z'?",
            ),
            Mistake(
                "forgot the roots in the correlation",
                lambda x, x2: np.arccos((1 + x @ x2) / ((1 + x @ x) * (1 + x2 @ x2))) / np.pi,
                "An image has the angle zero with itself.",
            ),
        ),
    ),
    Exercise(
        id="nielsen-blank",
        chapter="digits-nielsen",
        title="Weights that you can predict",
        difficulty=2,
        minutes=10,
        equation="eq-nielsen-blank",
        hints=(
            "Take a pixel that has the value c in all training images, and put it into the sum for the gradient.",
            "What is left beside c is the gradient of another parameter, and you know how that one has moved.",
        ),
        reference=constant_pixels,
        inputs=_trained,
        cases=(
            (
                np.array([[0.0, 1.0, 0.3], [0.0, 1.0, 0.1]]),
                np.array([[1.0], [2.0], [3.0]]),
                np.array([0.5]),
                np.array([0.7]),
            ),
        ),
        mistakes=(
            Mistake(
                "left all of them as they were",
                lambda X, W, b, b_after: W[_always(X)],
                "So it is for pixels that are 0. If a pixel has ink in all images, and the same ink, what is its gradient?",
            ),
            Mistake(
                "moved them as the bias, whatever the pixel holds",
                lambda X, W, b, b_after: W[_always(X)] + (b_after - b),
                "So it is for pixels that are 1. The gradient is proportional to what comes in.",
            ),
            Mistake(
                "moved them against the bias",
                lambda X, W, b, b_after: constant_pixels(X, W, b_after, b),
                "Both gradients have the same sign if the pixel is positive.",
            ),
            Mistake(
                "used the new bias in the place of its change",
                lambda X, W, b, b_after: constant_pixels(X, W, 0 * b, b_after),
                "A step adds to what is there already. The bias did not start from 0 either.",
            ),
            Mistake(
                "gave the change alone",
                lambda X, W, b, b_after: constant_pixels(X, 0 * W, b, b_after),
                "The weights are asked for, and they started from W.",
            ),
            Mistake(
                "summed the pixel over the images",
                lambda X, W, b, b_after: W[_always(X)] + np.outer(X.sum(axis=0)[_always(X)], b_after - b),
                "The bias has moved for all of the images, too.",
            ),
            Mistake(
                "gave the weights of the blank pixels only",
                lambda X, W, b, b_after: W[(X == 0).all(axis=0)],
                "A pixel that is equally grey in all images has weights that you can predict as well.",
            ),
            Mistake(
                "gave a row for each pixel",
                lambda X, W, b, b_after: W + np.outer(X[0], b_after - b),
                "Where the pixel changes from image to image, its gradient is another sum.",
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
        title="What does a refusal cost?",
        difficulty=2,
        minutes=12,
        hints=(
            "The cost changes only where the limit passes the largest output of some letter. So only so many limits need to be tried.",
            "For one limit: count the letters that are refused, and the wrong answers among the others.",
        ),
        reference=cheapest,
        inputs=_letters,
        cases=(
            (np.array([[0.9, 0.1], [0.9, 0.2], [0.3, 0.6]]), np.array([0, 1, 1]), 1.0, 4.0),
            (np.array([[0.9, 0.1], [0.2, 0.6]]), np.array([1, 0]), 5.0, 50.0),
            (np.array([[0.9, 0.1], [0.2, 0.6], [0.7, 0.1]]), np.array([0, 1, 0]), 5.0, 50.0),
            (np.array([[0.9, 0.1], [0.2, 0.6]]), np.array([1, 0]), 5.0, 0.5),
        ),
        mistakes=(
            Mistake(
                "let the network answer always",
                lambda *inputs: _costs(*inputs, limits=[-np.inf])[0],
                "A person is cheaper than a letter that goes astray. And a letter that is refused is not misrouted: is it charged once only?",
            ),
            Mistake(
                "compared only all with none",
                lambda *inputs: min(_costs(*inputs, limits=[-np.inf, np.inf])),
                "In between the network answers where it is surest, and passes the rest on.",
            ),
            Mistake(
                "never refused all of the letters",
                lambda *inputs: min(_costs(*inputs, limits=_limits(inputs[0])[:-1])),
                "If even the surest answers are wrong, a person should read everything.",
            ),
            Mistake(
                "always refused the letter that is least sure",
                lambda *inputs: min(_costs(*inputs, limits=_limits(inputs[0])[2:])),
                "The limit may be so low that all letters are answered.",
            ),
            Mistake(
                "tried the four limits of the text",
                lambda *inputs: min(_costs(*inputs, limits=[0.0, 0.5, 0.9, 0.99])),
                "The best limit may lie between them.",
            ),
            Mistake(
                "refused the letters that are wrong",
                lambda outputs, labels, person, misrouted: (
                    np.mean(outputs.argmax(axis=1) != labels) * min(person, misrouted)
                ),
                "In use nobody knows which answers are wrong. The network can only go by its outputs.",
            ),
            Mistake(
                "asked for the output of the right digit",
                lambda outputs, labels, person, misrouted: min(
                    _costs(outputs, labels, person, misrouted, sure=outputs[np.arange(len(labels)), labels])
                ),
                "In use nobody knows the right digit. Look at the largest output.",
            ),
            Mistake(
                "divided by the letters that are answered",
                lambda *inputs: min(_costs(*inputs, per=lambda kept: max(kept.sum(), 1))),
                "Refused letters are letters, too: the mean is over all of them.",
            ),
            Mistake(
                "gave the sum over all letters",
                lambda *inputs: cheapest(*inputs) * len(inputs[1]),
                "The mean cost of a letter is asked for.",
            ),
            Mistake(
                "decided letter by letter where the largest outputs are equal",
                _one_by_one,
                "Letters with the same largest output are on the same side of any limit.",
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
