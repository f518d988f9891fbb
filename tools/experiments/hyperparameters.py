"""How many layers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from experiments.kinds import Experiment, Race
from experiments.learning import DIGITS, IN_PERCENT, large_digits, plain_digits
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
            {"eta": (0.001, 0.003, 0.01, 0.03, 0.1), "l2": (0.0, 0.0001, 0.001, 0.01)},
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
            {"eta": (0.0003, 0.001, 0.003)},
        )
        for hidden in ((300,), (150, 150))
    },
    range(10),
    range(100, 102),
    {**IN_PERCENT, "budget": "ReLU, 10 epochs of Adam in batches of 64"},
)
