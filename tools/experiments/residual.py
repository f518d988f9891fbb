"""Residual connections: the gradient by depth, and thirty layers that learn."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from experiments.kinds import Experiment, Race, Sweep
from experiments.learning import DIGITS, IN_PERCENT, images, order
from fysstk_book.compare import Contestant
from fysstk_nn.activations import Activation, activation, softmax
from fysstk_nn.mlp import MLP
from fysstk_nn.params import Params

EXPERIMENTS: dict[str, Experiment] = {}


def residual(params: Params, X: Any, Y: Any, f: Activation, skip: bool) -> tuple[Any, Params, list[Any]]:
    """Return the outputs, the gradient, and dC/da of layers 1 to L - 1, of a network with or without skips.

    With them, a layer adds to what it was given: a^l = a^(l-1) + f(a^(l-1) W^l + b^l) for l = 2, ..., L - 1.
    """
    L, gradient = params.L, params.zeros_like()
    a, slopes = [X], [None]
    for l in range(1, L):
        h = f(a[-1] @ params.W[l] + params.b[l])
        slopes.append(f.slope(h))
        a.append(h + a[-1] if skip and l > 1 else h)
    z = a[-1] @ params.W[L] + params.b[L]
    outputs = softmax(z)
    delta, along = (outputs - Y) / len(X), []
    for l in range(L, 0, -1):
        gradient.W[l] = a[l - 1].T @ delta
        gradient.b[l] = delta.sum(axis=0)
        if l > 1:
            back = delta @ params.W[l].T
            along.append(back + along[-1] if skip and l < L else back)
            delta = along[-1] * slopes[l - 1]
    return outputs, gradient, along[::-1]


def deep_start(depth: int, f: str, skip: bool, seed: int) -> Params:
    """Return He's or Glorot's weights for layers of 40; with skips, divided by the root of the depth."""
    net = MLP((64, *[40] * depth, 10), f, "softmax", "cross_entropy")
    params = net.init("he" if f == "relu" else "glorot", rng=seed, dtype=np.float32)
    if skip:
        for W in params.W[2:-1]:
            W[:] /= depth**0.5
    return params


DEPTHS = (2, 3, 5, 8, 12, 20, 30, 50, 80)


def gradient_by_depth(f: str, skip: bool, seed: int) -> list[float]:
    """Return log10 of the mean square of dC/da in layer 1 over that in the last hidden layer, by depth."""
    X, _, Y = images()
    rows, found = order(seed)[:200], []
    for depth in DEPTHS:
        params = deep_start(depth, f, skip, seed).astype(np.float64)
        along = residual(params, 2.0 * X[rows] - 1, Y[rows], activation(f), skip)[2]
        found.append(float(np.log10(np.mean(along[0] ** 2) / np.mean(along[-1] ** 2))))
    return found


def residual_score(seed: int, f: str, skip: bool, depth: int, eta: float, epochs: int = 8) -> float:
    """Train a deep network by gradient descent, with or without skips, and return the accuracy."""
    X, y, Y = images()
    X = 2 * X - 1
    rows, rng = order(seed), np.random.default_rng(seed)
    params, function = deep_start(depth, f, skip, seed), activation(f)
    with np.errstate(all="ignore"):
        for _ in range(epochs):
            for part in np.array_split(rng.permutation(rows[:800]), 32):
                params.theta -= np.float32(eta) * residual(params, X[part], Y[part], function, skip)[1].theta
            if not np.isfinite(params.theta).all():
                return np.nan
        outputs = residual(params, X[rows[800:]], Y[rows[800:]], function, skip)[0]
    return 100 * float(np.mean(outputs.argmax(axis=1) == y[rows[800:]]))


BLOCKS = {
    f"{label}, {'with' if skip else 'without'} skips": (f, skip)
    for label, f in (("ReLU", "relu"), ("tanh", "tanh"), ("sigmoid", "sigmoid"))
    for skip in (False, True)
}

EXPERIMENTS["residual-gradients"] = Sweep(
    "How much of the gradient reaches the first layer, with and without residual connections?",
    f"200 of {DIGITS}",
    {name: (DEPTHS, partial(gradient_by_depth, *block)) for name, block in BLOCKS.items()},
    "hidden layers",
    "log10 of (∂C/∂a)² in layer 1 over that in the last",
    "layers of 40, weights by He (ReLU) or Glorot, with skips divided by √depth; before training",
)

EXPERIMENTS["residual-training"] = Race(
    "Do residual connections let thirty layers learn, each at its own rate?",
    f"800 of {DIGITS}; tested on the others",
    {
        name: Contestant(
            partial(residual_score, f=f, skip=skip, depth=30),
            {"eta": (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)},
        )
        for name, (f, skip) in BLOCKS.items()
    },
    range(10),
    range(100, 102),
    {
        **IN_PERCENT,
        "budget": "thirty hidden layers of 40, 8 epochs of gradient descent in batches of 25",
        "edge": "say",
    },
)
