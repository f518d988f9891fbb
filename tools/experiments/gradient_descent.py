"""Batch sizes at their own rates, and the curvature that training meets."""

from __future__ import annotations

import functools
from functools import partial
from typing import Any

import numpy as np

from experiments.kinds import Experiment, Race, Sweep
from experiments.learning import DIGITS, IN_PERCENT, plain_digits
from fysstk_book.compare import Contestant
from fysstk_nn.datasets import polynomial
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import GradientDescent
from fysstk_nn.params import Params
from fysstk_nn.train import fit

EXPERIMENTS: dict[str, Experiment] = {}


def least_squares_race(seed: int, m: int, part: float, epochs: int = 20) -> float:
    """Return log10 of the distance from the solution of a least-squares problem, batches of m of 100.

    The learning rate is a part of 2/(λmin + λmax), which the curvatures of the problem give.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(100, 2)) * [1.0, 0.3]
    y = x @ [1.0, 2.0] + rng.normal(0, 0.1, size=100)
    eta, theta = part * 2 / np.linalg.eigvalsh(x.T @ x / 100).sum(), np.zeros(2)
    with np.errstate(all="ignore"):
        for _ in range(epochs):
            order = rng.permutation(100)
            for rows in np.split(order, 100 // m):
                theta = theta - eta * x[rows].T @ (x[rows] @ theta - y[rows]) / m
        return float(np.log10(np.linalg.norm(theta - np.linalg.lstsq(x, y)[0])))


PARTS = (
    *(float(f"{part:.2g}") for part in np.geomspace(0.001, 0.5, 22)),
    *(0.6, 0.7, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1),
)
EXPERIMENTS["batch-size-line"] = Race(
    "Are small batches faster on a small least-squares problem, each at its own rate?",
    "100 samples of a line in two features, drawn anew for each seed",
    {f"m = {m}": Contestant(partial(least_squares_race, m=m), {"part": PARTS}) for m in (100, 10, 1)},
    tuning=range(100, 120),
    options={
        "quantity": "log10 of the distance from the solution",
        "higher_is_better": False,
        "budget": "20 epochs; rates are parts of 2/(λmin + λmax)",
        "longer": {"epochs": 200},
    },
)


def decaying_race(seed: int, part: float, decay: float = 0.0, epochs: int = 20) -> float:
    """Return log10 of the distance from the solution with batches of 10, at a rate that falls like 1/t."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(100, 2)) * [1.0, 0.3]
    y = x @ [1.0, 2.0] + rng.normal(0, 0.1, size=100)
    eta, theta, t = part * 2 / np.linalg.eigvalsh(x.T @ x / 100).sum(), np.zeros(2), 0
    with np.errstate(all="ignore"):
        for _ in range(epochs):
            for rows in np.split(rng.permutation(100), 10):
                theta = theta - eta / (1 + decay * t) * x[rows].T @ (x[rows] @ theta - y[rows]) / 10
                t += 1
        return float(np.log10(np.linalg.norm(theta - np.linalg.lstsq(x, y)[0])))


DECAYED = (0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.6)

EXPERIMENTS["decay-line"] = Race(
    "How much nearer does a decaying rate come in 20 epochs, each at its own start?",
    "100 samples of a line in two features, drawn anew for each seed",
    {
        "constant": Contestant(decaying_race, {"part": DECAYED}),
        "falling": Contestant(
            decaying_race, {"part": DECAYED, "decay": (0.003, 0.01, 0.02, 0.03, 0.05, 0.1, 0.3)}
        ),
    },
    range(40),
    range(100, 120),
    {
        "quantity": "log10 of the distance from the solution",
        "higher_is_better": False,
        "budget": "batches of 10, 20 epochs; first rates are parts of 2/(λmin + λmax)",
        "failed": 3.0,
    },
)

SHALLOW_30 = {"f": "tanh", "hidden": (30,), "epochs": 10}

EXPERIMENTS["batch-size-digits"] = Race(
    "Are small batches faster on digits, each at its own rate?",
    f"1,000 of {DIGITS}; tested on the others",
    {
        f"m = {m}": Contestant(
            partial(plain_digits, rule=GradientDescent, n=1000, batch=m, **SHALLOW_30),
            {"eta": (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)},
        )
        for m in (1000, 100, 10, 1)
    },
    range(10),
    range(100, 105),
    options={
        **IN_PERCENT,
        "budget": "one hidden layer of 30 tanh, 10 epochs of gradient descent",
        "longer": {"epochs": 30},
    },
)


def curved_samples(seed: int) -> tuple[Any, Any]:
    """Return 200 noisy values of the lecture's polynomial, inputs and values scaled."""
    X, y = polynomial(n=200, rng=seed, noise=0.3)
    return (X - X.mean(axis=0)) / X.std(axis=0), ((y - y.mean()) / y.std())[:, None]


SHARPNESS_EPOCHS = (*range(0, 100, 10), *range(100, 1000, 100), *range(1000, 20001, 1000))


def hessian(net: MLP, params: Params, X: Any, y: Any) -> Any:
    """Return the matrix of second derivatives, by central differences of the gradient."""
    rows, there = [], params.copy()
    for i in range(params.theta.size):
        ends = []
        for h in (1e-5, -1e-5):
            there.theta[:] = params.theta
            there.theta[i] += h
            ends.append(net.gradient(there, X, y).theta)
        rows.append((ends[0] - ends[1]) / 2e-5)
    H = np.array(rows)
    return (H + H.T) / 2


@functools.cache
def sharpness(eta: float, seed: int) -> dict[str, list[float]]:
    """Return the largest curvature times η, the share of negative ones, and the lowest."""
    X, y = curved_samples(seed)
    net = MLP((2, 10, 1), hidden="tanh")
    params, run = net.init(rng=seed), None
    found: dict[str, list[float]] = {"largest": [], "negative": [], "lowest": []}
    for before, epoch in zip((0, *SHARPNESS_EPOCHS), SHARPNESS_EPOCHS, strict=False):
        if epoch:
            rule = GradientDescent(eta)
            run = fit(net, params, X, y, optimizer=rule, epochs=epoch - before, resume=run)
            params = run.params
        curvatures = np.linalg.eigvalsh(hessian(net, params, X, y))
        found["largest"].append(eta * curvatures[-1])
        found["negative"].append(np.mean(curvatures < -1e-6))
        found["lowest"].append(curvatures[0] / curvatures[-1])
    return found


SHARP = {eta: partial(sharpness, eta) for eta in (0.1, 0.3, 0.6)}

for name, key, ylabel in (
    ("sharpness", "largest", "largest curvature times η"),
    ("negative-curvatures", "negative", "share of negative curvatures"),
    ("lowest-curvatures", "lowest", "lowest curvature over the largest"),
):
    EXPERIMENTS[name] = Sweep(
        "Does the landscape of a network look like a valley near the end of training?",
        "200 noisy values of the lecture's polynomial",
        {f"η = {eta:g}": (SHARPNESS_EPOCHS, run, key) for eta, run in SHARP.items()},
        "epoch",
        ylabel,
        "one hidden layer of 10 tanh, 41 parameters, full-batch gradient descent",
        range(10),
    )
