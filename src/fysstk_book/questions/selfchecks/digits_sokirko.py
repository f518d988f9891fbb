"""Self-checks of the first chapter on handwritten digits."""

from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import number, typeset


def _image(rng: np.random.Generator) -> tuple[Any]:
    """Draw a picture of three rows and three columns with ink in four pixels."""
    image = np.zeros(9)
    image[rng.permutation(9)[:4]] = rng.choice([0.2, 0.5, 0.8, 1.0], size=4)
    return (image.reshape(3, 3),)


SELFCHECKS = (
    selfcheck(
        "sokirko-decay",
        r"The learning rate after $t$ steps is $\eta_0/(1 + \sqrt{kt})$. There are $n$ samples, in batches of $m$; the last "
        r"batch of an epoch may be smaller. What is the learning rate after $E$ epochs?",
        r"E, n, m, \eta_0, k",
        draw=lambda rng: (
            int(rng.integers(2, 6)),
            int(rng.integers(21, 60)),
            int(rng.choice([10, 20])),
            nice(rng, low=0.1, high=1.0),
            float(rng.choice([0.1, 0.2, 0.5])),
        ),
        say={
            "counted epochs instead of steps": "Here t counts the steps. How many of them make an epoch?",
            "forgot the 1": "At t = 0 the rate should be η₀.",
        },
    ),
    selfcheck(
        "sokirko-stretch",
        r"An output layer $a = \sigma(z/c)$, $z = a^{L-1}W$, is trained by gradient descent with the right derivative and the "
        r"learning rate $\eta$. A plain sigmoid layer with the weights $V$ and another learning rate gives the same outputs "
        r"in every step. Give the two weights in $V$ at the start, and then that learning rate.",
        lambda W, eta, c: rf"For $W = {typeset(W[:, 0])}$, $\eta = {number(eta)}$ and $c = {number(c)}$:",
        draw=lambda rng: (
            nice(rng, 2, 1),
            nice(rng, low=0.1, high=2.0),
            float(rng.choice([2.5, 4.0, 5.0, 8.0])),
        ),
        part=lambda result: [*result[0][:, 0], result[1]],
    ),
    selfcheck(
        "sokirko-deltas",
        r"Two output nodes have the weighted sums $z$ and the targets $y$. Give two rows: the errors $\delta$ if the nodes "
        r"are sigmoids and the cost is half the squared error, and those if they are softmax and the cost is the "
        r"cross-entropy (one sample, without a mean).",
        "z, y",
        draw=lambda rng: (nice(rng, 2), rng.permutation([0.0, 1.0])),
    ),
    selfcheck(
        "sokirko-slant",
        r"The ink of an image has the grey values $I$; rows are $y$, counted downwards, and columns are $x$. What is its "
        r"slant $\alpha$: the slope of the line $x = \alpha y$ that fits the ink best, counted from the centre of the ink and "
        r"with the least squares in $x$?",
        "I",
        draw=_image,
    ),
)
