"""Penalties, learning rates and the amount of data on the curve of the scalar network."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from experiments.kinds import Experiment, Race, Sweep
from fysstk_book.compare import Contestant
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


def penalised_curve(seed: int, n: int, epochs: int = 20000, **penalty: float) -> float:
    """Fit eight tanh to n noisy points with a penalty; return the error on the curve."""
    X, y = noisy_curve(n, seed)
    net = MLP((1, 8, 1), hidden="tanh")
    run = fit(
        net,
        net.init(rng=seed, scheme="normal"),
        X,
        y,
        optimizer=GradientDescent(0.2),
        epochs=epochs,
        **penalty,
    )
    return curve_error(net, run.params)


LAMBDAS = (0.0, 0.00001, 0.0001, 0.001, 0.01)

for n in (5, 80):
    EXPERIMENTS[f"curve-penalty-{n}"] = Race(
        f"Does a penalty help with {n} noisy points, at its own strength and to convergence?",
        f"{n} points of sin 3x + 0.3 x² with noise of 0.1, drawn anew for each seed; tested on the curve",
        {
            "no penalty": Contestant(partial(penalised_curve, n=n)),
            "L2": Contestant(partial(penalised_curve, n=n), {"l2": LAMBDAS}),
            "L1": Contestant(partial(penalised_curve, n=n), {"l1": LAMBDAS}),
        },
        range(12),
        range(100, 105),
        options={
            "quantity": "root mean square error",
            "budget": "eight tanh, 20,000 epochs of gradient descent at 0.2",
            "higher_is_better": False,
            "edge": "say",
        },
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
