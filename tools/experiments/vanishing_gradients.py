"""Deep networks: what saturates, what vanishes, what explodes, and what helps."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from experiments.kinds import Experiment, Race, Sweep
from experiments.learning import DIGITS, IN_PERCENT, PERCENT, accuracy, images, order, plain_digits
from fysstk_book.compare import Contestant
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import Adam, Chain, ClipNorm, ClipValue, GradientDescent, Momentum
from fysstk_nn.params import Initialiser, Normal
from fysstk_nn.train import fit

EXPERIMENTS: dict[str, Experiment] = {}


DEEP_40 = {"n": 800, "scale": "centred", "hidden": (40,) * 5, "epochs": 8, "batch": 25}

STEEP = {
    "Glorot": "glorot",
    "4/√M": Normal(4 / 40**0.5),
    "√(36π/M)": Normal((36 * np.pi / 40) ** 0.5),
    "N(0,1)": "normal",
}

DESCENT = {"eta": (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)}

ADAM = {"eta": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)}

BALL = {"eta": (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)}

EXPERIMENTS["deep-sigmoid"] = Race(
    "Does a deep sigmoid network fail to learn, or does plain gradient descent fail to train it?",
    f"800 of {DIGITS}; tested on the others",
    {
        "sigmoid, Glorot, descent": Contestant(
            partial(plain_digits, rule=GradientDescent, f="sigmoid", **DEEP_40), DESCENT
        ),
        "sigmoid, Glorot, Adam": Contestant(partial(plain_digits, rule=Adam, f="sigmoid", **DEEP_40), ADAM),
        "sigmoid, Glorot, momentum": Contestant(
            partial(plain_digits, rule=Momentum, f="sigmoid", **DEEP_40), BALL
        ),
        **{
            f"sigmoid, {label}, descent": Contestant(
                partial(plain_digits, rule=GradientDescent, f="sigmoid", scheme=STEEP[label], **DEEP_40),
                DESCENT,
            )
            for label in ("4/√M", "√(36π/M)", "N(0,1)")
        },
        "sigmoid, batch norm, descent": Contestant(
            partial(plain_digits, rule=GradientDescent, f="sigmoid", batch_norm=True, **DEEP_40), DESCENT
        ),
        "tanh, Glorot, descent": Contestant(
            partial(plain_digits, rule=GradientDescent, f="tanh", **DEEP_40), DESCENT
        ),
        "ReLU, He, descent": Contestant(
            partial(plain_digits, rule=GradientDescent, f="relu", **DEEP_40), DESCENT
        ),
    },
    range(10),
    range(100, 105),
    {
        **IN_PERCENT,
        "budget": "five hidden layers of 40, 8 epochs in batches of 25",
        "edge": "say",
        "longer": {"epochs": 40},
    },
)

EPOCHS = (0, 1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 100, 120)


@dataclass(frozen=True)
class Uniform(Initialiser):
    """Weights from the uniform distribution on [-1/√n, 1/√n], n inputs: the usual one before 2010."""

    def __call__(self, rng: np.random.Generator, n_in: int, n_out: int) -> Any:
        """Return the weights."""
        return rng.uniform(-1, 1, (n_in, n_out)) / n_in**0.5


@functools.cache
def saturation(seed: int) -> dict[str, list[float]]:
    """Return the mean activation of each hidden layer, and the accuracy, after each of the EPOCHS."""
    X, y, Y = images()
    rows = order(seed)
    train, test = rows[:1000], rows[1000:]
    net = MLP((64, 100, 100, 100, 100, 10), output="softmax", cost="cross_entropy")
    params, run = net.init(Uniform(), rng=seed, dtype=np.float32), None
    found: dict[str, list[float]] = {}
    for epoch in range(EPOCHS[-1] + 1):
        if epoch:
            rule = GradientDescent(1.0)
            run = fit(
                net, params, X[train], Y[train], optimizer=rule, epochs=1, batch_size=10, rng=seed, resume=run
            )
            params = run.params
        if epoch in EPOCHS:
            for l, a in enumerate(net.forward(params, X[train]).a[1:-1], 1):
                found.setdefault(f"layer {l}", []).append(float(a.mean()))
            found.setdefault("accuracy", []).append(accuracy((net, params), X[test], y[test]))
    return found


BEFORE_2010 = {
    "data": f"1,000 of {DIGITS}; tested on the others",
    "budget": "four hidden layers of 100 sigmoids, weights within ±1/√n, descent at 1 in batches of 10",
    "xlabel": "epoch",
}

EXPERIMENTS["saturation"] = Sweep(
    "Which layer of a deep sigmoid network saturates during training?",
    lines={f"layer {l}": (EPOCHS, saturation, f"layer {l}") for l in (1, 2, 3, 4)},
    ylabel="mean activation",
    **BEFORE_2010,
)

EXPERIMENTS["saturation-accuracy"] = Sweep(
    "Does a deep sigmoid network whose top layer saturates learn in the end?",
    lines={"accuracy": (EPOCHS, saturation, "accuracy")},
    ylabel=PERCENT,
    **BEFORE_2010,
)

SIGMAS = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 16.0, 20.0)


def chi(width: int, seed: int) -> list[float]:
    """Return χ per layer of ten sigmoid layers whose weights have the deviation σ/√M, for all SIGMAS."""
    found = []
    for sigma in SIGMAS:
        rng = np.random.default_rng(seed)
        net = MLP((width,) * 11 + (1,))
        params = net.init(Normal(sigma / width**0.5), rng=rng)
        trace = net.forward(params, rng.normal(size=(100, width)))
        deltas = net.deltas(params, trace, rng.normal(size=(100, 1)))
        found.append((np.mean(deltas[1] ** 2) / np.mean(deltas[10] ** 2)) ** (1 / 9))
    return found


EXPERIMENTS["sigmoid-chi"] = Sweep(
    "Which variance of the weights makes χ = 1 for sigmoids: 16/M, or the saturated 36π/M?",
    "normal inputs, 100 samples",
    {f"M = {width}": (SIGMAS, partial(chi, width)) for width in (50, 100, 400)},
    "σ √M",
    "χ",
    "ten layers of M sigmoids with weights from N(0, σ²), before training",
)

STARTS = {
    "Glorot": "glorot",
    "He": "he",
    "N(0,1)": "normal",
    "4/√M": Normal(4 / 40**0.5),
    "sparse": "sparse",
}
EXPERIMENTS["starts"] = Race(
    "Which start suits which activation in five layers under gradient descent, each at its own rate?",
    f"800 of {DIGITS}; tested on the others",
    {
        f"{label}, {start}": Contestant(
            partial(plain_digits, rule=GradientDescent, f=f, scheme=scheme, **DEEP_40),
            {"eta": (0.0003, 0.001, 0.003, *DESCENT["eta"])},
        )
        for label, f in (("tanh", "tanh"), ("ReLU", "relu"), ("sigmoid", "sigmoid"))
        for start, scheme in STARTS.items()
    },
    tuning=range(100, 105),
    options={
        **IN_PERCENT,
        "budget": "five hidden layers of 40, 8 epochs of gradient descent in batches of 25",
        "edge": "say",
    },
)

EXPERIMENTS["bias-start"] = Race(
    "Do ReLU networks train better from small positive biases?",
    f"800 of {DIGITS}; tested on the others",
    {
        f"bias {bias:g}": Contestant(
            partial(plain_digits, rule=GradientDescent, f="relu", bias=bias, **DEEP_40),
            {"eta": (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)},
        )
        for bias in (0.0, 0.01, 0.1)
    },
    tuning=range(100, 105),
    options={
        **IN_PERCENT,
        "budget": "five hidden layers of 40 ReLU, 8 epochs of gradient descent in batches of 25",
        "edge": "say",
    },
)


def clipped(limit: float | None, by_value: bool, eta: float) -> Any:
    """Return gradient descent, with a clipping in front of it where there is a limit."""
    rule = GradientDescent(eta)
    return rule if limit is None else Chain(ClipValue(limit) if by_value else ClipNorm(limit), rule)


def exploding(
    seed: int, eta: float, limit: float | None = None, by_value: bool = False, scheme: Any = None, **how: Any
) -> float:
    """Train ten layers of ReLU from weights that are too large by √2, with a clipping or another remedy."""
    rule = partial(clipped, limit, by_value)
    how = {"n": 800, "scale": "centred", "hidden": (40,) * 10, "epochs": 8, "batch": 25, "f": "relu", **how}
    return plain_digits(seed, rule, eta, scheme=scheme or Normal((4 / 40) ** 0.5), **how)


CLIP_RATES = {"eta": (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)}

EXPERIMENTS["clipping"] = Race(
    "What rescues a deep ReLU network whose gradients explode?",
    f"800 of {DIGITS}; tested on the others",
    {
        "as it is": Contestant(exploding, {"eta": (0.0001, 0.0003, *CLIP_RATES["eta"])}),
        "clipped by norm": Contestant(exploding, {**CLIP_RATES, "limit": (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)}),
        "clipped by value": Contestant(
            partial(exploding, by_value=True),
            {**CLIP_RATES, "limit": (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)},
        ),
        "batch normalisation": Contestant(partial(exploding, batch_norm=True), CLIP_RATES),
        "He's weights": Contestant(partial(exploding, scheme="he"), CLIP_RATES),
        "He's, batch normalisation": Contestant(partial(exploding, scheme="he", batch_norm=True), CLIP_RATES),
    },
    tuning=range(100, 103),
    options={
        **IN_PERCENT,
        "budget": "ten hidden layers of 40 ReLU, 8 epochs of gradient descent in batches of 25",
        "edge": "say",
    },
)
