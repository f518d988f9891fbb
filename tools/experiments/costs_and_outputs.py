"""Costs at their own rates, and attributes against classes."""

from __future__ import annotations

from functools import partial

import numpy as np

from experiments.kinds import Experiment, Race
from experiments.learning import DIGITS, IN_PERCENT, accuracy, images, learn, order
from fysstk_book.compare import Contestant
from fysstk_nn.costs import one_hot
from fysstk_nn.optimizers import Adam, GradientDescent

EXPERIMENTS: dict[str, Experiment] = {}


GROUPS = ({0, 2, 4, 6, 8}, {2, 3, 5, 7}, {0, 6, 8, 9}, {5, 6, 7, 8, 9})

TABLE = np.array([[d in group for group in GROUPS] for d in range(10)], dtype=np.float32)
COMBINATIONS, WHICH = np.unique(TABLE, axis=0, return_inverse=True)


def attributes(seed: int, ask: str, width: int, eta: float, epochs: int = 30) -> float:
    """Learn attributes of 500 digits, their combination, or the digit; return the right attributes in %."""
    X, y, Y = images()
    rows = order(seed)
    train, test = rows[:500], rows[500:]
    wanted, meaning = {
        "attributes": (TABLE[y], np.eye(4, dtype=np.float32)),
        "combinations": (one_hot(WHICH[y], len(COMBINATIONS), np.float32), COMBINATIONS),
        "classes": (Y, TABLE),
    }[ask]
    ends = ("sigmoid", "binary_cross_entropy") if ask == "attributes" else ("softmax", "cross_entropy")
    net, params = learn(
        X[train], wanted[train], seed, hidden=(width,), f="sigmoid",
        optimizer=Adam(eta), epochs=epochs, batch=25, ends=ends,
    )  # fmt: skip
    a = net.predict(params, X[test])
    answers = a @ meaning > 0.5
    return 100 * float(np.mean(answers == TABLE[y[test]]))


EXPERIMENTS["attributes"] = Race(
    "Ask for four attributes, for their combination, or for the class that implies them?",
    f"500 of {DIGITS}; tested on the others",
    {
        f"{ask}, {width} nodes": Contestant(
            partial(attributes, ask=ask, width=width), {"eta": (0.003, 0.01, 0.03, 0.1, 0.3)}
        )
        for width in (30, 100)
        for ask in ("attributes", "combinations", "classes")
    },
    tuning=range(100, 105),
    options={
        "quantity": "attributes right in %",
        "budget": "one hidden layer of sigmoids, 30 epochs of Adam in batches of 25",
        "longer": {"epochs": 300},
        "edge": "say",
        "margin": 0.5,
    },
)


def paired(seed: int, ends: tuple[str, str], eta: float, epochs: int = 20) -> float:
    """Learn from 500 digits with an output function and a cost, and return the accuracy on the others."""
    X, y, Y = images()
    rows = order(seed)
    targets = 2 * Y - 1 if ends[1] == "hinge" else Y
    trained = learn(
        X[rows[:500]], targets[rows[:500]], seed, hidden=(30,), f="sigmoid", optimizer=GradientDescent(eta),
        epochs=epochs, batch=25, ends=ends,
    )  # fmt: skip
    return accuracy(trained, X[rows[500:]], y[rows[500:]])


PAIRS = {
    "softmax, cross-entropy": ("softmax", "cross_entropy"),
    "sigmoid, cross-entropy": ("sigmoid", "binary_cross_entropy"),
    "sigmoid, squared error": ("sigmoid", "half_squared_error"),
    "identity, hinge": ("identity", "hinge"),
}

for epochs in (3, 20):
    EXPERIMENTS[f"costs-{epochs}"] = Race(
        f"Which cost trains better in {epochs} epochs, each at its own rate?",
        f"500 of {DIGITS}; tested on the others",
        {
            name: Contestant(
                partial(paired, ends=ends),
                {"eta": (0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 20.0, 50.0), "epochs": (epochs,)},
            )
            for name, ends in PAIRS.items()
        },
        options={
            **IN_PERCENT,
            "budget": f"one hidden layer of 30 sigmoids, {epochs} epochs of descent in batches of 25",
            "edge": "say",
            **({"longer": {"epochs": 200}} if epochs == 20 else {}),
        },
    )

EXPERIMENTS["softmax-squares"] = Race(
    "Is it softmax or the cross-entropy that makes the early lead?",
    f"500 of {DIGITS}; tested on the others",
    {
        name: Contestant(
            partial(paired, ends=("softmax", cost), epochs=3),
            {"eta": (0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 20.0)},
        )
        for name, cost in (("cross-entropy", "cross_entropy"), ("squared error", "half_squared_error"))
    },
    range(40),
    range(100, 110),
    {
        **IN_PERCENT,
        "budget": "one hidden layer of 30 sigmoids, softmax, 3 epochs of descent in batches of 25",
    },
)
