"""Batch normalisation, and what each recipe gains with right and with wrong labels."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from experiments.kinds import Experiment, Race, Sweep
from experiments.learning import (
    DIGITS,
    IN_PERCENT,
    PERCENT,
    accuracy,
    deal,
    images,
    large_digits,
    learn,
    plain_digits,
)
from fysstk_book.compare import Contestant
from fysstk_nn.datasets import polynomial
from fysstk_nn.optimizers import Adam, AdamW, GradientDescent
from fysstk_nn.params import Normal

EXPERIMENTS: dict[str, Experiment] = {}


DEEP_30 = {"n": 300, "hidden": (30,) * 4, "epochs": 20, "batch": 50}

RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


def batch_norm_runs(f: str, scheme: Any, batch_norm: bool, seed: int) -> list[float]:
    """Return the accuracy at each of the rates; a diverged run guesses."""
    found = []
    for eta in RATES:
        try:
            found.append(
                plain_digits(seed, GradientDescent, eta, f=f, scheme=scheme, batch_norm=batch_norm, **DEEP_30)
            )
        except FloatingPointError:
            found.append(10.0)
    return found


EXPERIMENTS["batch-norm-rates"] = Sweep(
    "Does batch normalisation allow larger learning rates?",
    f"300 of {DIGITS}; tested on the others",
    {
        f"{label}, {'with' if batch_norm else 'without'}": (
            RATES,
            partial(batch_norm_runs, f, scheme, batch_norm),
        )
        for label, f, scheme in (
            ("sigmoid, σ = 0.01", "sigmoid", Normal(0.01)),
            ("sigmoid, σ = 0.1", "sigmoid", Normal(0.1)),
            ("sigmoid, σ = 1", "sigmoid", Normal(1.0)),
            ("ReLU, He", "relu", "he"),
        )
        for batch_norm in (False, True)
    },
    "learning rate",
    PERCENT,
    "four hidden layers of 30, 20 epochs of gradient descent in batches of 50",
)

EXPERIMENTS["batch-norm-starts"] = Race(
    "What does batch normalisation gain for each start, at each one's own rate?",
    f"300 of {DIGITS}; tested on the others",
    {
        f"{label}, {'with' if batch_norm else 'without'}": Contestant(
            partial(plain_digits, rule=GradientDescent, f=f, scheme=scheme, batch_norm=batch_norm, **DEEP_30),
            {"eta": (0.001, 0.003, *RATES, 100.0, 300.0)},
        )
        for label, f, scheme in (
            ("ReLU, He", "relu", "he"),
            ("sigmoid, σ = 0.01", "sigmoid", Normal(0.01)),
            ("sigmoid, σ = 0.1", "sigmoid", Normal(0.1)),
            ("sigmoid, σ = 1", "sigmoid", Normal(1.0)),
        )
        for batch_norm in (False, True)
    },
    options={
        **IN_PERCENT,
        "budget": "four hidden layers of 30, 20 epochs of gradient descent in batches of 50",
        "edge": "say",
        "longer": {"epochs": 80},
    },
)


def regularized(
    seed: int,
    wrong: float,
    eta: float = 0.01,
    f: str = "relu",
    decay: float | None = None,
    drop_inputs: float = 0.0,
    drop_hidden: float = 0.0,
    both_sets: bool = False,
    patience: int | None = None,
    epochs: int = 80,
    n: int = 150,
    **options: Any,
) -> float:
    """Learn from n digits, some with wrong labels, and return the accuracy on digits with right ones."""
    labels, train, validation, test = deal(seed, wrong, n)
    X, one_hot = images()[0], np.eye(10, dtype=np.float32)
    if patience is not None:
        options |= {"validation": (X[validation], one_hot[labels[validation]]), "patience": patience}
    if both_sets:
        train = np.concatenate([train, validation])
    optimizer = Adam(eta) if decay is None else AdamW(eta, decay=decay)
    trained = learn(
        X[train],
        one_hot[labels[train]],
        seed,
        hidden=(100,),
        f=f,
        optimizer=optimizer,
        epochs=epochs,
        batch=75,
        dropout=(drop_inputs, drop_hidden),
        **options,
    )
    return accuracy(trained, X[test], labels[test])


SLOPES = {"eta": (0.001, 0.003, 0.01, 0.03, 0.1)}

RECIPES: dict[str, dict[str, Any]] = {
    "none": {},
    "L2": {"l2": (0.0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)},
    "L1": {"l1": (0.0, 0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01)},
    "AdamW": {"decay": (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)},
    "max-norm": {"max_norm": (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0)},
    "early stopping": {"patience": (3, 5, 10, 20)},
    "dropout, hidden": {"drop_hidden": (0.0, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8)},
    "dropout, inputs and hidden": {
        "drop_inputs": (0.0, 0.1, 0.2, 0.35, 0.5),
        "drop_hidden": (0.0, 0.2, 0.5, 0.7),
    },
    "batch norm": {"batch_norm": (True,)},
    "no recipe, 300 digits": {"both_sets": (True,)},
}


def recipes(
    question: str, wrong: float, rates: tuple[float, ...], epochs: int, longer: int | None, tuning: int = 5
) -> Race:
    """Return the comparison of all recipes, with a fraction of wrong labels."""
    return Race(
        question,
        f"150 of {DIGITS} ({wrong:.0%} wrong), 150 to validate, tested on 1,497",
        {
            name: Contestant(partial(regularized, wrong=wrong, epochs=epochs), {"eta": rates, **grid})
            for name, grid in RECIPES.items()
        },
        tuning=range(100, 100 + tuning),
        options={
            **IN_PERCENT,
            "budget": f"one hidden layer of 100 ReLU, {epochs} epochs of Adam in batches of 75",
            "edge": "say",
            "longer": {"epochs": longer} if longer else None,
        },
    )


EXPERIMENTS["regularizers-clean"] = recipes(
    "What does each recipe gain with 0% wrong labels, at its own rate and strength?",
    0.0,
    SLOPES["eta"],
    80,
    240,
    tuning=10,
)
EXPERIMENTS["regularizers-noisy"] = recipes(
    "What does each recipe gain with 20% wrong labels, at its own rate and strength?",
    0.2,
    (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03),
    80,
    None,
    tuning=3,
)
EXPERIMENTS["regularizers-noisy-plateau"] = recipes(
    "What does each recipe gain with 20% wrong labels, where training goes on until it has learned them?",
    0.2,
    (0.01,),
    240,
    480,
)


EXPERIMENTS["l2-few"] = Race(
    "What does L2 gain on 40 clean digits, at its own rate and strength?",
    f"40 of {DIGITS}, tested on 1,717",
    {
        name: Contestant(partial(regularized, wrong=0.0, n=40), {**SLOPES, **RECIPES[name]})
        for name in ("none", "L2")
    },
    options={
        **IN_PERCENT,
        "budget": "one hidden layer of 100 ReLU, 80 epochs of Adam in batches of 75",
        "edge": "say",
        "longer": {"epochs": 240},
    },
)


def activations_as_recipes(wrong: float) -> Race:
    """Return the comparison of activations without any recipe."""
    return Race(
        f"Does an activation that throws information away overfit less, with {wrong:.0%} wrong labels?",
        f"150 of {DIGITS} ({wrong:.0%} wrong labels), tested on 1,497",
        {
            name.replace("_", " "): Contestant(
                partial(regularized, wrong=wrong, f=name), {"eta": (0.0003, *SLOPES["eta"])}
            )
            for name in ("relu", "leaky_relu", "tanh", "sigmoid")
        },
        options={
            **IN_PERCENT,
            "budget": "one hidden layer of 100, 80 epochs of Adam in batches of 75",
            "edge": "say",
            "longer": {"epochs": 400},
        },
    )


EXPERIMENTS["activations-clean"] = activations_as_recipes(0.0)

EXPERIMENTS["activations-noisy"] = activations_as_recipes(0.2)

EXPERIMENTS["dropout-mnist"] = Race(
    "What does dropout gain on clean digits of 28 by 28 pixels?",
    "MNIST, sample of 5,000 digits: 4,000 to train on, 1,000 to test",
    {
        "none": Contestant(
            partial(large_digits, hidden=(100,), epochs=30), {"eta": (0.001, 0.003, 0.01, 0.03)}
        ),
        "dropout 0.2, 0.5": Contestant(
            partial(large_digits, hidden=(100,), epochs=30, dropout=(0.2, 0.5)),
            {"eta": (0.001, 0.003, 0.01, 0.03)},
        ),
    },
    range(20),
    range(100, 103),
    {
        **IN_PERCENT,
        "budget": "one hidden layer of 100 ReLU, 30 epochs of Adam in batches of 64",
        "longer": {"epochs": 100},
    },
)


def noisy_polynomial(seed: int, eta: float, dropout: float, n: int = 50, epochs: int = 100) -> float:
    """Learn n noisy values of the lecture's polynomial; return the root mean square error on 500 others."""
    X, y = polynomial(n + 500, rng=seed, noise=0.3)
    X, scale = (X - X[:n].mean(axis=0)) / X[:n].std(axis=0), y[:n].std()
    y = ((y - y[:n].mean()) / scale)[:, None]
    net, params = learn(
        X[:n], y[:n], seed, hidden=(50,), f="tanh", optimizer=Adam(eta), epochs=epochs, batch=10,
        ends=("identity", "half_squared_error"), dropout=dropout,
    )  # fmt: skip
    return scale * (2 * net.cost_of(params, X[n:], y[n:])) ** 0.5


EXPERIMENTS["dropout-regression"] = Race(
    "Does dropout hurt a regression?",
    "50 values of the lecture's polynomial with noise of 0.3, tested on 500",
    {
        f"p = {p:g}": Contestant(
            partial(noisy_polynomial, dropout=p), {"eta": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)}
        )
        for p in (0.0, 0.1, 0.2, 0.5)
    },
    options={
        "quantity": "root mean square test error",
        "budget": "one hidden layer of 50 tanh, 100 epochs of Adam in batches of 10",
        "higher_is_better": False,
        "edge": "say",
        "longer": {"epochs": 400},
    },
)
