"""Activations in six layers, each at its own rate."""

from __future__ import annotations

from functools import partial

import numpy as np

from experiments.kinds import Experiment, Race
from experiments.learning import DIGITS, IN_PERCENT, images, learn, order, plain_digits
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
