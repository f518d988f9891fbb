"""What a network can represent, and what training finds."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.kinds import Experiment, Sweep
from fysstk_nn.activations import sigmoid
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import Adam
from fysstk_nn.params import Params
from fysstk_nn.train import fit

EXPERIMENTS: dict[str, Experiment] = {}


UA_WIDTHS = (4, 8, 16, 32, 64)


def target(x: Any) -> Any:
    """Return sin 2πx + x²/2, the function of the chapter on approximation."""
    return np.sin(2 * np.pi * x) + 0.5 * x**2


def hidden_outputs(params: Params, x: Any) -> Any:
    """Return the outputs of the hidden sigmoids, and a column of ones for the bias."""
    return np.hstack([sigmoid(x @ params.W[1] + params.b[1]), np.ones_like(x)])


def approximation(seed: int) -> dict[str, list[float]]:
    """Return the largest error of m sigmoids: trained, trained longer, and with output weights solved for."""
    found: dict[str, list[float]] = {"1,500 epochs": [], "6,000 epochs": [], "least squares": []}
    x, fine = np.linspace(0, 1, 200)[:, None], np.linspace(0, 1, 2000)[:, None]
    for m in UA_WIDTHS:
        net = MLP((1, m, 1), hidden="sigmoid")
        params = net.init(rng=seed, scheme="normal")
        params.W[1][:] *= 10
        params.b[1][:] = -params.W[1][0] * np.random.default_rng(seed).uniform(0, 1, m)
        V = np.linalg.lstsq(hidden_outputs(params, x), target(x))[0]
        best = hidden_outputs(params, fine) @ V
        found["least squares"].append(float(np.log10(np.abs(best - target(fine)).max())))
        run = None
        for key, epochs in (("1,500 epochs", 1500), ("6,000 epochs", 4500)):
            run = fit(net, params, x, target(x), optimizer=Adam(0.02), epochs=epochs, resume=run)
            params = run.params
            error = np.abs(net.predict(params, fine) - target(fine)).max()
            found[key].append(float(np.log10(error)))
    return found


EXPERIMENTS["approximation"] = Sweep(
    "Are trained sigmoids best with few nodes?",
    "200 points of sin 2πx + x²/2 on [0, 1]",
    {key: (UA_WIDTHS, approximation, key) for key in ("1,500 epochs", "6,000 epochs", "least squares")},
    "hidden nodes m",
    "log10 of the largest error",
    "one hidden layer of sigmoids; Adam at 0.02 on all points, or output weights by least squares",
    range(20),
)
