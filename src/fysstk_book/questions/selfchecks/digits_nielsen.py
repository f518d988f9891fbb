"""Self-checks of the second chapter on handwritten digits."""

from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import typeset


def _two_images(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw two images with three pixels each, none of them blank, and not too much alike."""
    x, x2 = rng.permuted(np.tile(np.arange(11), (2, 1)), axis=1)[:, :3] / 10
    return x, x2


def _trained(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw three images of four pixels, of which one is equally grey in all, and one blank."""
    X = rng.permuted(np.tile(np.arange(10), (4, 1)), axis=1)[:, :3].T / 10
    X[:, 1], X[:, 2] = rng.integers(2, 10) / 10, 0
    b = nice(rng, 1)
    return X, nice(rng, 4, 1), b, np.round(b + nice(rng, 1), 1)


def _letters(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw the outputs for five letters of three kinds, and what a refusal and a wrong answer cost."""
    outputs = rng.permuted(np.tile(np.arange(1, 10) / 10, (5, 1)), axis=1)[:, :3]
    k = np.where(rng.random(5) < 0.6, outputs.argmax(axis=1), rng.integers(0, 3, size=5))
    return outputs, k, 5.0, float(rng.choice([12, 20, 50]))


SELFCHECKS = (
    selfcheck(
        "nielsen-spread",
        r"A hidden node computes $z = \sum_i x_iw_i + b$ for an image with the pixels $x$, and $z'$ for one with the pixels "
        r"$x'$. All weights and the bias are independent, and drawn from $N(0, 1)$. With which probability have $z$ and $z'$ "
        r"different signs?",
        "x, x'",
        draw=_two_images,
    ),
    selfcheck(
        "nielsen-blank",
        r"Each row of $X$ is a training image, each column a pixel. Before the training, a hidden node had the weights $w$ and "
        r"the bias $b$; after it, with plain gradient descent, its bias is $b'$. Give its two weights that you can predict, in "
        r"the order of the pixels.",
        lambda X, W, b, b_after: (
            rf"For $X = {typeset(X)}$, $w = {typeset(W[:, 0])}$, $b = {typeset(b)}$ and $b' = {typeset(b_after)}$:"
        ),
        draw=_trained,
        part=lambda result: result[:, 0],
    ),
    selfcheck(
        "nielsen-sure",
        r"A network with three outputs reads five letters. The rows of $A$ are its outputs, and the entries of $k$ the right "
        r"classes, counted from 0. It answers with its largest output if that is at least $\ell$, and refuses otherwise. A "
        r"refusal costs $p$ cents, a wrong answer $m$ cents. What does a letter cost on average with the best $\ell$?",
        "A, k, p, m",
        draw=_letters,
    ),
)
