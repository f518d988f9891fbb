"""Self-checks of the first chapter on handwritten digits."""

from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck


def _classified(rng: np.random.Generator) -> tuple[Any, Any]:
    """Draw the outputs for five images of three classes, and the right classes."""
    return rng.permuted(np.tile(np.arange(1, 10) / 10, (5, 1)), axis=1)[:, :3], rng.integers(0, 3, size=5)


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
        "sokirko-error",
        r"A network has three outputs, and its answer is the largest one, counted from 0. The rows of $A$ are its outputs "
        r"for five images, and the entries of $k$ the right classes. What is its error rate, in per cent?",
        "A, k",
        draw=_classified,
        few=True,
        say={
            "asked that the right output be above one half": "It is enough that the right output is the largest."
        },
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
