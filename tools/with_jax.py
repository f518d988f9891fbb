"""Trains the networks of two chapters with JAX and stores their costs: `python tools/with_jax.py`.

JAX is an extra of the package, `pip install fysstk-nn[jax,notebooks]`; the book itself does without it.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from experiments.scalar_network import noisy_curve
from fysstk_book import measured, with_jax
from fysstk_nn.datasets import polynomial

EVERY = 100
"""One of so many costs is stored."""


def start(inputs: int, hidden: int) -> list[Any]:
    """Return the starting weights of both chapters: normal, with biases of 0."""
    rng = np.random.default_rng(0)
    W1, W2 = rng.normal(size=(inputs, hidden)), rng.normal(size=(hidden, 1))
    return [W1, np.zeros(hidden), W2, np.zeros(1)]


def runs() -> dict[str, tuple[Any, Any, list[Any], float]]:
    """Return inputs, targets, starting weights and learning rate by name."""
    X, y = noisy_curve(n=30, seed=1)
    X2, y2 = polynomial(n=100, rng=0)
    return {
        "1 tanh": (X, y, start(1, 1), 0.2),
        "8 tanh": (X, y, start(1, 8), 0.2),
        "polynomial, 8 tanh": (X2, y2.reshape(-1, 1), start(2, 8), 0.1),
    }


def main() -> None:
    """Train all of them, and store every hundredth cost."""
    import jax

    begin, lines = time.perf_counter(), {}
    for name, (X, y, theta, eta) in runs().items():
        costs = with_jax.train(theta, X, y, eta, epochs=3000)[1][::EVERY]
        lines[name] = measured.Line([float(i * EVERY) for i in range(len(costs))], [costs])
    budget = f"JAX {jax.__version__}, 3,000 epochs of gradient descent on all samples"
    measured.save(
        "with-jax",
        measured.Curves(lines, "epoch", "cost", budget, [0]),
        data="30 points of sin 3x + 0.3 x² with noise of 0.1; 100 points of the lecture's polynomial",
        decides="Does JAX train the two networks as the derivatives by hand do?",
        seconds=time.perf_counter() - begin,
        command="python tools/with_jax.py",
    )


if __name__ == "__main__":
    main()
