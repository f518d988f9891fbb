"""Penalties, learning rates and the amount of data on the curve of the scalar network."""

from __future__ import annotations

import functools
import itertools
from functools import partial
from typing import Any

import numpy as np

from experiments.kinds import Experiment, Sweep
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import GradientDescent
from fysstk_nn.params import Params
from fysstk_nn.train import fit

EXPERIMENTS: dict[str, Experiment] = {}


def noisy_curve(n: int, seed: int) -> tuple[Any, Any]:
    """Return n noisy points of the curve of the chapter on scalar networks."""
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(-1, 1, size=(n, 1)), axis=0)
    return x, scalar_curve(x) + rng.normal(0, 0.1, size=(n, 1))


def scalar_curve(x: Any) -> Any:
    """Return sin 3x + 0.3 x²."""
    return np.sin(3 * x) + 0.3 * x**2


def curve_error(net: MLP, params: Params) -> float:
    """Return the root mean square error on the curve itself."""
    grid = np.linspace(-1, 1, 500)[:, None]
    return float(np.mean((net.predict(params, grid) - scalar_curve(grid)) ** 2)) ** 0.5


STRENGTHS = (0.0, 0.00001, 0.0001, 0.001, 0.01)
RATES = (0.05, 0.2)


@functools.cache
def penalised(n: int, seed: int) -> dict[str, list[float]]:
    """Return the errors of eight tanh that fit n noisy points, for both norms, both RATES and all STRENGTHS.

    All of these networks start from the same weights and are trained side by side, one along the first axis.
    """
    X, y = noisy_curve(n, seed)
    grid = np.linspace(-1, 1, 500)[:, None]
    start = MLP((1, 8, 1), hidden="tanh").init(rng=seed, scheme="normal")
    settings = list(itertools.product(("L2", "L1"), RATES, STRENGTHS))
    eta = np.array([eta for _, eta, _ in settings])[:, None, None]
    l2, l1 = (
        np.array([strength * (norm == which) for norm, _, strength in settings])[:, None, None]
        for which in ("L2", "L1")
    )
    theta = [
        np.repeat(part[None], len(settings), axis=0) for l in (1, 2) for part in (start.W[l], start.b[l])
    ]
    W1, b1, W2, b2 = (part.reshape(len(settings), -1, part.shape[-1]) for part in theta)
    for _ in range(20000):
        a = np.tanh(X @ W1 + b1)
        delta2 = (a @ W2 + b2 - y) / n
        delta1 = delta2 * W2.swapaxes(1, 2) * (1 - a**2)
        steps = (X.T @ delta1, delta1.sum(1, keepdims=True), a.swapaxes(1, 2) @ delta2)
        b2 -= eta * delta2.sum(1, keepdims=True)
        b1 -= eta * steps[1]
        for W, step in ((W1, steps[0]), (W2, steps[2])):
            W -= eta * (step + l2 * W + l1 * np.sign(W))
    outputs = np.tanh(grid @ W1 + b1) @ W2 + b2
    errors = np.sqrt(np.mean((outputs - scalar_curve(grid)) ** 2, axis=(1, 2)))
    found: dict[str, list[float]] = {}
    for (norm, rate, _), error in zip(settings, errors, strict=True):
        found.setdefault(f"{norm}, {n} points, η = {rate:g}", []).append(float(error))
    return found


EXPERIMENTS["curve-penalties"] = Sweep(
    "For how many points, and at which learning rates, does a penalty help?",
    "5, 20 or 80 points of sin 3x + 0.3 x² with noise of 0.1, drawn anew for each seed; tested on the curve",
    {
        f"{norm}, {n} points, η = {rate:g}": (STRENGTHS, run, f"{norm}, {n} points, η = {rate:g}")
        for n, run in ((n, partial(penalised, n)) for n in (5, 20, 80))
        for norm, rate in itertools.product(("L2", "L1"), RATES)
    },
    "λ",
    "root mean square error",
    "eight tanh, 20,000 epochs of gradient descent on all points",
    range(20),
)

CURVE_RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)


def rate_runs(n: int, seed: int) -> dict[str, list[float]]:
    """Return the error after 1,000 and 20,000 epochs for all CURVE_RATES; a diverged run counts as 1."""
    found: dict[str, list[float]] = {"1,000": [], "20,000": []}
    X, y = noisy_curve(n, seed)
    net = MLP((1, 8, 1), hidden="tanh")
    for eta in CURVE_RATES:
        params, run = net.init(rng=seed, scheme="normal"), None
        for key, epochs in (("1,000", 1000), ("20,000", 19000)):
            try:
                run = fit(net, params, X, y, optimizer=GradientDescent(eta), epochs=epochs, resume=run)
                params = run.params
                found[key].append(curve_error(net, params))
            except FloatingPointError:
                found[key].append(1.0)
    return found


EXPERIMENTS["curve-rates"] = Sweep(
    "How does the test error depend on the learning rate, with few and with many points?",
    "5 or 80 points of sin 3x + 0.3 x² with noise of 0.1, drawn anew for each seed",
    {
        f"{n} points, {epochs} epochs": (CURVE_RATES, run, epochs)
        for n, run in ((n, partial(rate_runs, n)) for n in (5, 80))
        for epochs in ("1,000", "20,000")
    },
    "learning rate",
    "root mean square error",
    "eight tanh, full-batch gradient descent, no penalty",
)
