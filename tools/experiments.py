"""The book's long measurements: what each decides, who takes part, and what they may choose from.

A `Race` is a comparison by the protocol of `fysstk_book.compare`; a `Sweep` measures curves.
`tools/measure.py` runs them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from tqdm import tqdm

from fysstk_book.compare import Comparison, Contestant, compare
from fysstk_book.measured import Curves, Line
from fysstk_nn.datasets import digits
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import Adam, GradientDescent, Momentum
from fysstk_nn.params import Normal, Params
from fysstk_nn.train import fit


@dataclass(frozen=True)
class Race:
    """A comparison, with the arguments of `compare`."""

    decides: str
    data: str
    contestants: Mapping[str, Contestant]
    seeds: Sequence[int] = range(20)
    tuning: Sequence[int] = range(100, 110)
    options: Mapping[str, Any] = field(default_factory=dict)

    def measure(self, jobs: int | None = None, progress: bool = True) -> Comparison:
        """Make all runs."""
        return compare(
            self.contestants,
            seeds=self.seeds,
            tuning=self.tuning,
            n_jobs=jobs,
            progress=progress,
            **self.options,
        )

    def again(self, stored: Comparison, rng: np.random.Generator) -> tuple[str, float, float, float]:
        """Make one of the stored runs again: what it was, both scores, and the spread of the stored ones."""
        name = str(rng.choice(list(self.contestants)))
        number = int(rng.integers(len(stored.seeds)))
        row, seed = stored.rows[name], stored.seeds[number]
        try:
            score = float(self.contestants[name].score(seed=seed, **row.setting))
        except FloatingPointError:
            score = np.nan
        if not np.isfinite(score) and row.diverged:
            score = row.scores[number]
        return f"{name}, seed {seed}", score, row.scores[number], float(np.std(row.scores))


@dataclass(frozen=True)
class Sweep:
    """Curves: for each line where it is measured, and a function of a seed that returns a number for each x.

    Several lines may come from one run: a line is then (x, function, key), and the function returns a dict.
    """

    decides: str
    data: str
    lines: Mapping[str, tuple[Any, ...]]
    xlabel: str
    ylabel: str
    budget: str
    seeds: Sequence[int] = range(10)

    def measure(self, jobs: int | None = None, progress: bool = True) -> Curves:
        """Make all runs."""
        functions = list(dict.fromkeys(line[1] for line in self.lines.values()))
        tasks = [delayed(function)(seed) for function in functions for seed in self.seeds]
        done = Parallel(n_jobs=jobs, return_as="generator")(tasks)
        found = list(tqdm(done, total=len(tasks), unit="run", disable=not progress))
        runs = {
            function: found[i * len(self.seeds) : (i + 1) * len(self.seeds)]
            for i, function in enumerate(functions)
        }
        lines = {
            name: Line([float(x) for x in line[0]], [_values(run, line) for run in runs[line[1]]])
            for name, line in self.lines.items()
        }
        return Curves(lines, self.xlabel, self.ylabel, self.budget, list(self.seeds))

    def again(self, stored: Curves, rng: np.random.Generator) -> tuple[str, Any, Any, float]:
        """Make one of the stored runs again: what it was, both results, and the spread of the stored ones."""
        name = str(rng.choice(list(self.lines)))
        number = int(rng.integers(len(stored.seeds)))
        seed, line = stored.seeds[number], self.lines[name]
        values = _values(line[1](seed), line)
        return (
            f"{name}, seed {seed}",
            values,
            stored.lines[name].runs[number],
            np.std(stored.runs(name), axis=0),
        )


Experiment = Race | Sweep


def _values(run: Any, line: tuple[Any, ...]) -> list[float]:
    return [float(value) for value in (run[line[2]] if len(line) > 2 else run)]


EXPERIMENTS: dict[str, Experiment] = {}
"""The experiments by name, in the order of the chapters."""


# Digits of 8 by 8 pixels, which most experiments learn from.

DIGITS = "the 1,797 digits of 8 by 8 pixels from scikit-learn"
PERCENT = "test accuracy in %"
IN_PERCENT = {"quantity": PERCENT, "failed": 10.0, "margin": 0.5}


@functools.cache
def images() -> tuple[Any, Any, Any]:
    """Return the digits' images, of pixels from 0 to 1, their classes, and these one-hot."""
    samples = digits()
    return samples.X.astype(np.float32), samples.y, samples.targets.astype(np.float32)


def order(seed: int) -> Any:
    """Return the order in which a seed deals the digits."""
    return np.random.default_rng(seed).permutation(len(images()[0]))


def learn(
    X: Any,
    Y: Any,
    seed: int,
    *,
    hidden: Sequence[int],
    f: str,
    optimizer: Any,
    epochs: int,
    batch: int | None,
    scheme: Any = None,
    ends: tuple[str, str] = ("softmax", "cross_entropy"),
    bias: float = 0.0,
    dropout: Any = 0.0,
    batch_norm: bool = False,
    **options: Any,
) -> tuple[MLP, Params]:
    """Train a network, with the start and the shuffling of a seed; return it with its parameters."""
    net = MLP((X.shape[1], *hidden, Y.shape[1]), f, *ends, dropout=dropout, batch_norm=batch_norm)
    scheme = scheme or ("he" if "relu" in f or f == "elu" else "glorot")
    start = net.init(scheme, rng=seed, bias=bias, dtype=X.dtype)
    run = fit(
        net,
        start,
        X,
        Y,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=batch,
        rng=seed,
        overwrite=True,
        **options,
    )
    return net, run.params


def accuracy(trained: tuple[MLP, Params], X: Any, classes: Any) -> float:
    """Return the percentage of right answers."""
    net, params = trained
    return 100 * float(np.mean(net.predict(params, X).argmax(axis=1) == classes))


def plain_digits(
    seed: int, rule: Callable[[float], Any], eta: float, n: int, scale: Any = None, **how: Any
) -> float:
    """Learn from n digits with the rule at eta, and return the accuracy on the others."""
    X, y, Y = images()
    X = 2 * X - 1 if scale == "centred" else X
    rows = order(seed)
    return accuracy(
        learn(X[rows[:n]], Y[rows[:n]], seed, optimizer=rule(eta), **how), X[rows[n:]], y[rows[n:]]
    )


# Batch normalisation: does it allow more starts, and larger rates?

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


# Deep sigmoid networks: do they fail, or does plain gradient descent?

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
