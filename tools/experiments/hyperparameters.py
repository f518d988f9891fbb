"""How many layers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from experiments.kinds import Experiment, Race
from experiments.learning import (
    DIGITS,
    IN_PERCENT,
    accuracy,
    images,
    large_digits,
    learn,
    order,
    plain_digits,
)
from fysstk_book.compare import Contestant
from fysstk_nn.optimizers import Adam

EXPERIMENTS: dict[str, Experiment] = {}


def shaped(seed: int, hidden: Sequence[int], eta: float, l2: float, epochs: int = 20) -> float:
    """Learn from 600 digits with tanh layers, and return the accuracy on the others."""
    return plain_digits(seed, Adam, eta, n=600, hidden=hidden, f="tanh", epochs=epochs, batch=64, l2=l2)


EXPERIMENTS["layers-digits"] = Race(
    "How many layers for 600 digits?",
    f"600 of {DIGITS}; tested on the others",
    {
        str(hidden): Contestant(
            partial(shaped, hidden=hidden),
            {"eta": (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0), "l2": (0.0, 0.0001, 0.001, 0.01)},
        )
        for hidden in ((64,), (), (16,), (16, 16), (64, 64))
    },
    tuning=range(100, 105),
    options={
        **IN_PERCENT,
        "budget": "tanh, 20 epochs of Adam in batches of 64",
        "edge": "say",
        "longer": {"epochs": 40},
    },
)

EXPERIMENTS["layers-mnist"] = Race(
    "One hidden layer of 300, or two of 150?",
    "MNIST, sample of 5,000 digits: 4,000 to train on, 1,000 to test",
    {
        str(hidden): Contestant(
            partial(large_digits, hidden=hidden, epochs=10, scheme="he"),
            {"eta": (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01)},
        )
        for hidden in ((300,), (150, 150))
    },
    range(20),
    range(100, 110),
    {**IN_PERCENT, "budget": "ReLU, 10 epochs of Adam in batches of 64"},
)


def nine_trials(seed: int, dice: bool) -> float:
    """Choose rate and penalty by nine trials, on a shifted grid or at random; return the test accuracy."""
    X, y, Y = images()
    train, validation, test = np.split(order(seed), [300, 600])
    rng = np.random.default_rng(seed + 10**6)
    places = rng.uniform(size=(9, 2))
    if not dice:
        places = (np.array([(i, j) for i in range(3) for j in range(3)]) + rng.uniform(size=2)) / 3
    trials = []
    for u, v in places:
        trained = learn(
            X[train], Y[train], seed, hidden=(32,), f="tanh", optimizer=Adam(10 ** (4 * u - 4)), epochs=10,
            batch=50, l2=10 ** (5 * v - 6),
        )  # fmt: skip
        trials.append((accuracy(trained, X[validation], y[validation]), accuracy(trained, X[test], y[test])))
    return max(trials, key=lambda scores: scores[0])[1]


EXPERIMENTS["grid-or-dice"] = Race(
    "Nine trials of a rate and a penalty: on a grid, or at random?",
    f"300 of {DIGITS} to train on, 300 to choose by; tested on the others",
    {name: Contestant(partial(nine_trials, dice=name == "random")) for name in ("grid", "random")},
    range(100),
    (),
    {
        **IN_PERCENT,
        "budget": "rates from 1e-4 to 1, penalties from 1e-6 to 0.1; 32 tanh, 10 epochs of Adam",
    },
)
