"""Races of the optimizers on landscapes and a network, schedules, and the size of updates."""

from __future__ import annotations

import functools
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from experiments.kinds import Experiment, Race, Sweep
from experiments.learning import DIGITS, PERCENT, accuracy, images, learn, order
from fysstk_book.compare import Contestant
from fysstk_nn.datasets import polynomial
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import AdaGrad, Adam, GradientDescent, Momentum, Nesterov, RMSProp
from fysstk_nn.quasi_newton import fit_quasi_newton
from fysstk_nn.schedules import Cosine, WarmUp

EXPERIMENTS: dict[str, Experiment] = {}


DECADES = tuple(float(f"{eta:.3g}") for eta in np.geomspace(1e-4, 10, 41))

RULES: dict[str, Callable[..., Any]] = {
    "gradient descent": GradientDescent,
    "momentum": Momentum,
    "Nesterov": Nesterov,
    "AdaGrad": AdaGrad,
    "RMSProp": RMSProp,
    "Adam": Adam,
}


def valley(theta: Any) -> tuple[float, Any]:
    """Return cost and gradient of a valley along the first axis, with κ = 25."""
    h = np.array([1.0, 25.0])
    return float(h @ theta**2 / 2), h * theta


def turned_valley(theta: Any) -> tuple[float, Any]:
    """Return cost and gradient of the same valley, turned by 45 degrees."""
    Q = np.array([[1.0, 1.0], [-1.0, 1.0]]) / 2**0.5
    cost, slope = valley(Q @ theta)
    return cost, Q.T @ slope


def rosenbrock(theta: Any) -> tuple[float, Any]:
    """Return cost and gradient of Rosenbrock's function."""
    a, b = theta
    return (1 - a) ** 2 + 100 * (b - a**2) ** 2, np.array(
        [-2 * (1 - a) - 400 * a * (b - a**2), 200 * (b - a**2)]
    )


def descend(
    seed: int, landscape: str, rule: Callable[..., Any], eta: float, steps: int, beta: float = 0.0
) -> float:
    """Return log10 of the cost after some steps from a start that belongs to the seed."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi)
    start = 10**0.5 * np.array([np.cos(angle), np.sin(angle)])
    if landscape == "turned":  # turned with the valley: the same race, but for the axes
        start = np.array([[1.0, -1.0], [1.0, 1.0]]) / 2**0.5 @ start
    if landscape == "Rosenbrock":
        start = np.array([-1.2, 1.0]) + rng.normal(0, 0.2, size=2)
    function = {"valley": valley, "turned": turned_valley, "Rosenbrock": rosenbrock}[landscape]
    optimizer = rule(eta, beta=beta) if beta else rule(eta)
    state = optimizer.init(start)
    with np.errstate(all="ignore"):
        for _ in range(steps):
            optimizer.step(start, function(start)[1], state)
        return float(np.log10(max(function(start)[0], 1e-30)))


for landscape, steps in (("valley", 100), ("turned", 100), ("Rosenbrock", 1000)):
    EXPERIMENTS[f"race-{landscape.lower()}"] = Race(
        f"Which optimizer is fastest on {landscape}, each at its own rate?",
        "starts drawn anew for each seed",
        {
            **{
                name: Contestant(
                    partial(descend, landscape=landscape, rule=rule, steps=steps), {"eta": DECADES}
                )
                for name, rule in RULES.items()
            },
            "momentum, own β": Contestant(
                partial(descend, landscape=landscape, rule=Momentum, steps=steps),
                {"eta": DECADES, "beta": (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)},
            ),
        },
        tuning=range(100, 105 if landscape == "Rosenbrock" else 110),
        options={
            "quantity": "log10 of the cost, at least -30",
            "budget": f"{steps} steps",
            "higher_is_better": False,
            "edge": "say",
            "failed": 3.0,
        },
    )


def narrow(seed: int, rule: Callable[..., Any], eta: float) -> float:
    """Return log10 of the mean cost in the last 20 of 100 steps in a valley with κ = 400.

    Momentum swings through the minimum: its cost after one certain step says where the swing is.
    """
    angle = np.random.default_rng(seed).uniform(0, 2 * np.pi)
    theta = 10**0.5 * np.array([np.cos(angle), np.sin(angle)])
    optimizer, h, costs = rule(eta), np.array([1.0, 400.0]), []
    state = optimizer.init(theta)
    with np.errstate(all="ignore"):
        for _ in range(100):
            optimizer.step(theta, h * theta, state)
            costs.append(h @ theta**2 / 2)
        return float(np.log10(np.mean(costs[-20:])))


NARROW_RATES = tuple(float(f"{eta:.2g}") for eta in np.geomspace(0.001, 0.009, 25))

EXPERIMENTS["race-narrow"] = Race(
    "Is momentum with β = 0.9 ahead in a valley with κ = 400?",
    "starts drawn anew for each seed",
    {
        name: Contestant(partial(narrow, rule=rule), {"eta": NARROW_RATES})
        for name, rule in (("gradient descent", GradientDescent), ("momentum", Momentum))
    },
    range(40),
    range(100, 120),
    {
        "quantity": "log10 of the cost",
        "budget": "mean cost of steps 81 to 100",
        "higher_is_better": False,
        "failed": 3.0,
    },
)


def polynomial_cost(
    seed: int, rule: Callable[[Any], Any], eta: float, epochs: int = 30, schedule: str = "constant"
) -> float:
    """Return log10 of the cost on all 200 exact values of the lecture's polynomial after training."""
    X, y = polynomial(n=200, rng=seed)
    X, y = (X - X.mean(axis=0)) / X.std(axis=0), ((y - y.mean()) / y.std())[:, None]
    steps = 20 * epochs
    rate = {
        "constant": eta,
        "cosine": Cosine(eta, steps),
        "warm-up": WarmUp(eta, steps // 10),
        "warm-up and cosine": WarmUp(Cosine(eta, steps), steps // 10),
    }[schedule]
    net, params = learn(
        X, y, seed, hidden=(10,), f="tanh", optimizer=rule(rate), epochs=epochs, batch=10,
        ends=("identity", "half_squared_error"),
    )  # fmt: skip
    return float(np.log10(net.cost_of(params, X, y)))


def bfgs_cost(seed: int, epochs: int = 30) -> float:
    """Return log10 of the cost after as many iterations of BFGS as the others have epochs."""
    X, y = polynomial(n=200, rng=seed)
    X, y = (X - X.mean(axis=0)) / X.std(axis=0), ((y - y.mean()) / y.std())[:, None]
    net = MLP((2, 10, 1), hidden="tanh")
    run = fit_quasi_newton(net, net.init(rng=seed), X, y, iterations=epochs)
    return float(np.log10(net.cost_of(run.params, X, y)))


WIDE_RATES = {"eta": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0)}

LOG_COST = {"quantity": "log10 of the training cost", "higher_is_better": False, "edge": "say", "failed": 0.0}

EXPERIMENTS["race-network"] = Race(
    "Which optimizer trains a small network best, each at its own rate?",
    "200 exact values of the lecture's polynomial, drawn anew for each seed",
    {
        **{name: Contestant(partial(polynomial_cost, rule=rule), WIDE_RATES) for name, rule in RULES.items()},
        "BFGS, all samples": Contestant(bfgs_cost),
    },
    tuning=range(100, 105),
    options={
        **LOG_COST,
        "budget": "one hidden layer of 10 tanh, 30 epochs in batches of 10",
        "longer": {"epochs": 120},
    },
)

EXPERIMENTS["schedules"] = Race(
    "What do warm-up and a cosine schedule bring?",
    "200 exact values of the lecture's polynomial, drawn anew for each seed",
    {
        f"{name}, {schedule}": Contestant(partial(polynomial_cost, rule=rule, schedule=schedule), WIDE_RATES)
        for name, rule in (("Adam", Adam), ("descent", GradientDescent))
        for schedule in ("constant", "cosine", "warm-up", "warm-up and cosine")
    },
    tuning=range(100, 105),
    options={
        **LOG_COST,
        "budget": "one hidden layer of 10 tanh, 30 epochs in batches of 10",
        "longer": {"epochs": 120},
    },
)

RATIO_RATES = tuple(float(f"{eta:.2g}") for eta in np.geomspace(1e-5, 1, 16))


@functools.cache
def update_ratio(rule: Callable[[float], Any], scale: float, seed: int) -> dict[str, list[float]]:
    """Return, for all rates, the median of |ΔW| / |W| in the first hidden layer, and the accuracy."""
    X, y, Y = images()
    rows = order(seed)
    train, test = rows[:800], rows[800:]
    found: dict[str, list[float]] = {"ratio": [], "accuracy": []}
    for eta in RATIO_RATES:
        net = MLP((64, 50, 50, 10), "relu", "softmax", "cross_entropy")
        params = net.init("he", rng=seed, dtype=np.float32)
        optimizer, rng = rule(scale * eta), np.random.default_rng(seed)
        state, ratios = optimizer.init(params.theta), []
        with np.errstate(all="ignore"):
            for _ in range(10):
                for part in np.array_split(rng.permutation(train), 32):
                    before = params.W[1].copy()
                    try:
                        gradient = net.gradient(params, X[part], Y[part])
                        optimizer.step(params.theta, gradient.theta, state)
                    except (FloatingPointError, ValueError):
                        break
                    ratios.append(np.linalg.norm(params.W[1] - before) / np.linalg.norm(before))
        usable = np.isfinite(params.theta).all() and len(ratios) == 320
        found["ratio"].append(float(np.log10(max(np.median(ratios[32:]), 1e-9))) if usable else -9.0)
        found["accuracy"].append(accuracy((net, params), X[test], y[test]) if usable else 10.0)
    return found


RATIO_RUNS = {
    "Adam": (1.0, partial(update_ratio, Adam, 1.0)),
    "descent": (30.0, partial(update_ratio, GradientDescent, 30.0)),
}

for name, key, ylabel in (
    ("update-ratio", "ratio", "log10 of the median |ΔW| / |W|"),
    ("update-accuracy", "accuracy", PERCENT),
):
    EXPERIMENTS[name] = Sweep(
        "Which ratio of update to weight goes with good learning?",
        f"800 of {DIGITS}; tested on the others",
        {rule: ([scale * eta for eta in RATIO_RATES], run, key) for rule, (scale, run) in RATIO_RUNS.items()},
        "learning rate",
        ylabel,
        "two hidden layers of 50 ReLU, 10 epochs in batches of 25",
    )
