"""Activations in six layers, each at its own rate."""

from __future__ import annotations

import functools
from functools import partial
from typing import Any

import numpy as np

from experiments.kinds import Experiment, Race, Sweep
from experiments.learning import DIGITS, IN_PERCENT, PERCENT, accuracy, images, learn, order, plain_digits
from fysstk_book.compare import Contestant
from fysstk_nn.optimizers import Adam, GradientDescent

EXPERIMENTS: dict[str, Experiment] = {}


ADAM = {"eta": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)}
DEEP = {"n": 800, "scale": "centred", "hidden": (30,) * 6, "epochs": 8, "batch": 32}

CURVES = {"ELU": "elu", "leaky ReLU": "leaky_relu", "ReLU": "relu", "tanh": "tanh", "sigmoid": "sigmoid"}

EXPERIMENTS["activations-descent"] = Race(
    "Which activation is best in six layers under gradient descent, each at its own rate?",
    f"800 of {DIGITS}; tested on the others",
    {
        name: Contestant(
            partial(plain_digits, rule=GradientDescent, f=f, **DEEP),
            {"eta": (0.003, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 3.0)},
        )
        for name, f in CURVES.items()
    },
    tuning=range(100, 105),
    options={
        **IN_PERCENT,
        "reference": "ReLU",
        "budget": "six hidden layers of 30, 8 epochs of gradient descent in batches of 32",
        "edge": "say",
        "longer": {"epochs": 40},
    },
)

EXPERIMENTS["activations-adam"] = Race(
    "Which activation is best in six layers under Adam, each at its own rate?",
    f"800 of {DIGITS}; tested on the others",
    {name: Contestant(partial(plain_digits, rule=Adam, f=f, **DEEP), ADAM) for name, f in CURVES.items()},
    tuning=range(100, 105),
    options={
        **IN_PERCENT,
        "reference": "ReLU",
        "budget": "six hidden layers of 30, 8 epochs of Adam in batches of 32",
        "edge": "say",
    },
)


def small_rate_cost(seed: int, f: str, eta: float, epochs: int = 8) -> float:
    """Return the training cost of the six layers."""
    X, _, Y = images()
    rows = order(seed)[:800]
    net, params = learn(
        2 * X[rows] - 1,
        Y[rows],
        seed,
        hidden=(30,) * 6,
        f=f,
        optimizer=GradientDescent(eta),
        epochs=epochs,
        batch=32,
    )
    return float(np.log10(net.cost_of(params, 2 * X[rows] - 1, Y[rows])))


EXPERIMENTS["activations-speed"] = Race(
    "Which activation has the lowest training cost after 8 epochs, each at its own rate?",
    f"800 of {DIGITS}",
    {
        name: Contestant(
            partial(small_rate_cost, f=f),
            {"eta": (0.003, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 3.0)},
        )
        for name, f in CURVES.items()
    },
    tuning=range(100, 105),
    options={
        "quantity": "log10 of the training cost",
        "higher_is_better": False,
        "failed": 0.4,
        "reference": "ReLU",
        "budget": "six hidden layers of 30, 8 epochs of gradient descent in batches of 32",
        "edge": "say",
    },
)


TWO = {"n": 800, "scale": "centred", "hidden": (50, 50), "epochs": 5, "batch": 25}

EXPERIMENTS["activations-two-layers"] = Race(
    "Is tanh ahead of ReLU in two layers as well, each at its own rate?",
    f"800 of {DIGITS}; tested on the others",
    {
        name: Contestant(
            partial(plain_digits, rule=GradientDescent, f=CURVES[name], **TWO),
            {"eta": (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)},
        )
        for name in ("ReLU", "tanh")
    },
    range(40),
    range(100, 110),
    {**IN_PERCENT, "budget": "two hidden layers of 50, 5 epochs of gradient descent in batches of 25"},
)

SILENCING = {
    "ReLU, descent": ("relu", GradientDescent, (0.03, 0.1, 0.3, 0.6, 1.0)),
    "ReLU, Adam": ("relu", Adam, (0.001, 0.003, 0.01, 0.03, 0.1)),
    "leaky ReLU, Adam": ("leaky_relu", Adam, (0.001, 0.003, 0.01, 0.03, 0.1)),
}


@functools.cache
def silent_units(f: str, rule: Any, rates: tuple[float, ...], seed: int) -> dict[str, list[float]]:
    """Return the share of silent units in two layers, and the accuracy, for all rates."""
    X, y, Y = images()
    X, rows = 2 * X - 1, order(seed)
    train, test = rows[:800], rows[800:]
    found: dict[str, list[float]] = {"silent": [], "accuracy": []}
    for eta in rates:
        net, params = learn(
            X[train], Y[train], seed, hidden=(50, 50), f=f, optimizer=rule(eta), epochs=5, batch=25
        )
        layers = net.forward(params, X[train]).z[1:-1]
        found["silent"].append(float(np.mean([(z <= 0).all(axis=0) for z in layers])))
        found["accuracy"].append(accuracy((net, params), X[test], y[test]))
    return found


for name, key, ylabel in (
    ("silent-units", "silent", "share of silent units"),
    ("silent-accuracy", "accuracy", PERCENT),
):
    EXPERIMENTS[name] = Sweep(
        "How many units fall silent at which learning rate, and what does it cost?",
        f"800 of {DIGITS}; tested on the others",
        {
            label: (rates, partial(silent_units, f, rule, rates), key)
            for label, (f, rule, rates) in SILENCING.items()
        },
        "learning rate",
        ylabel,
        "two hidden layers of 50, 5 epochs in batches of 25",
        range(20),
    )
