"""What most experiments share: digits, and networks that learn from them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fysstk_nn.datasets import digits, mnist
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import Adam
from fysstk_nn.params import Params
from fysstk_nn.train import fit

DIGITS = "the 1,797 digits of 8 by 8 pixels from scikit-learn"

PERCENT = "test accuracy in %"

IN_PERCENT = {"quantity": PERCENT, "failed": 10.0, "margin": 0.5}


@functools.cache
def images() -> tuple[Any, Any, Any]:
    """Return the digits' images, of pixels from 0 to 1, their classes, and these one-hot."""
    samples = digits()
    return samples.X.astype(np.float32), samples.y, samples.targets.astype(np.float32)


def order(seed: int) -> Any:
    """Return the order in which a seed deals the digits."""
    return np.random.default_rng(seed).permutation(len(images()[0]))


def learn(
    X: Any,
    Y: Any,
    seed: int,
    *,
    hidden: Sequence[int],
    f: str,
    optimizer: Any,
    epochs: int,
    batch: int | None,
    scheme: Any = None,
    ends: tuple[str, str] = ("softmax", "cross_entropy"),
    bias: float = 0.0,
    dropout: Any = 0.0,
    batch_norm: bool = False,
    **options: Any,
) -> tuple[MLP, Params]:
    """Train a network, with the start and the shuffling of a seed; return it with its parameters."""
    net = MLP((X.shape[1], *hidden, Y.shape[1]), f, *ends, dropout=dropout, batch_norm=batch_norm)
    scheme = scheme or ("he" if "relu" in f or f == "elu" else "glorot")
    start = net.init(scheme, rng=seed, bias=bias, dtype=X.dtype)
    run = fit(
        net,
        start,
        X,
        Y,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=batch,
        rng=seed,
        overwrite=True,
        **options,
    )
    return net, run.params


def accuracy(trained: tuple[MLP, Params], X: Any, classes: Any) -> float:
    """Return the percentage of right answers."""
    net, params = trained
    return 100 * float(np.mean(net.predict(params, X).argmax(axis=1) == classes))


def plain_digits(
    seed: int, rule: Callable[[float], Any], eta: float, n: int, scale: Any = None, **how: Any
) -> float:
    """Learn from n digits with the rule at eta, and return the accuracy on the others."""
    X, y, Y = images()
    X = 2 * X - 1 if scale == "centred" else X
    rows = order(seed)
    return accuracy(
        learn(X[rows[:n]], Y[rows[:n]], seed, optimizer=rule(eta), **how), X[rows[n:]], y[rows[n:]]
    )


def deal(seed: int, wrong: float, n: int = 150) -> tuple[Any, Any, Any, Any]:
    """Return labels, some of the first 2n of them wrong, and the rows to train, to validate and to test."""
    labels, rng = images()[1].copy(), np.random.default_rng(seed)
    rows = rng.permutation(len(labels))
    flip = rows[: 2 * n][rng.random(2 * n) < wrong]
    labels[flip] = (labels[flip] + rng.integers(1, 10, len(flip))) % 10
    return labels, rows[:n], rows[n : 2 * n], rows[2 * n :]


@functools.cache
def sample() -> Any:
    """Return the sample of MNIST."""
    return mnist("sample")


def large_digits(seed: int, eta: float, hidden: Sequence[int], epochs: int, **how: Any) -> float:
    """Learn from 4,000 digits of MNIST with Adam, and return the accuracy on 1,000."""
    data = sample()
    trained = learn(
        data.train.X, data.train.targets, seed, hidden=hidden, f="relu", optimizer=Adam(eta), epochs=epochs,
        batch=64, **how,
    )  # fmt: skip
    return accuracy(trained, data.test.X, data.test.y)
