"""Train the networks of the digit chapters for as long as it takes, and write what they reach.

    FYSSTK_MNIST=folder make digits      everything
    python tools/digits.py wide notes    some runs only, beside those of before on the same data

The results go into _build/digits.json, after each run; the pages show them as a table. A run that is killed
goes on, in the next call, after the last epoch that it has finished.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from fysstk_book import longruns
from fysstk_nn.datasets import Samples, Split, deskew, mnist, shift
from fysstk_nn.files import load_run, save_run
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import Adam, GradientDescent, Rule
from fysstk_nn.params import Params
from fysstk_nn.schedules import ExponentialDecay, InverseTime
from fysstk_nn.train import fit


@dataclass(frozen=True)
class Run:
    """A network, how it is trained, and what the source says that it reaches."""

    chapter: str
    network: str
    net: MLP
    optimizer: Rule
    epochs: int
    batch_size: int
    reported: str = ""
    scheme: str = "he"
    random_biases: bool = False
    seeds: int = 3
    prepare: Callable[[Samples], Samples] = lambda samples: samples
    vary: Callable[[Any, np.random.Generator], Any] = lambda X, rng: X

    def errors(self, data: Split, seed: int, bar: tqdm) -> Iterator[float]:
        """Train, and yield the test error in percent after each epoch."""
        train, test = self.prepare(data.train), self.prepare(data.test)
        rng = np.random.default_rng(seed)
        params, run, done = start(self, rng), None, []
        targets, kept = self.targets(train), self.checkpoint(data, seed)
        if kept.is_file():  # an earlier call has been killed
            _, run = load_run(kept)
            params, done = run.params, run.history.metrics["test error"]
            bar.update(len(done))
            yield from done
        for epoch in range(len(done), self.epochs):
            if epoch > 0:
                rng = np.random.default_rng([seed, epoch])
            run = fit(
                self.net,
                params,
                self.vary(train.X, rng),
                targets,
                optimizer=self.optimizer,
                epochs=1,
                batch_size=self.batch_size,
                rng=rng,
                resume=run,
                overwrite=True,
            )
            bar.update()
            found = error(self.classes(self.net.predict(params, test.X)), test)
            run.history.metrics.setdefault("test error", []).append(found)
            save_run(kept, self.net, run)
            if run.interrupted:
                raise KeyboardInterrupt
            yield found
        kept.unlink()

    def checkpoint(self, data: Split, seed: int) -> Path:
        """Return the file that keeps a run after each epoch: another one for other settings or data."""
        functions = self.prepare.__qualname__, self.vary.__qualname__
        settings = self.net, self.optimizer, self.batch_size, self.scheme, self.random_biases, functions
        number = hashlib.sha256(repr((settings, str(data), seed)).encode()).hexdigest()[:12]
        longruns.RESULTS.parent.mkdir(exist_ok=True)
        return longruns.RESULTS.parent / f"digits-{number}.npz"

    def targets(self, samples: Samples) -> Any:
        """Return the targets that the network learns."""
        return samples.targets

    def classes(self, outputs: Any) -> Any:
        """Return which digits the outputs mean."""
        return outputs.argmax(axis=1)


class FourBits(Run):
    """A network with four outputs, for the digits as binary numbers."""

    def targets(self, samples: Samples) -> Any:
        """Return the binary digits, the lowest first."""
        return ((samples.y[:, np.newaxis] >> np.arange(4)) & 1).astype(samples.X.dtype)

    def classes(self, outputs: Any) -> Any:
        """Return the numbers that the outputs round to; 10 to 15 are always wrong."""
        return (outputs > 0.5) @ (1 << np.arange(4))


@dataclass(frozen=True)
class Baseline:
    """A method without a network."""

    chapter: str
    network: str
    classify: Callable[[Samples, Samples], Any]
    reported: str
    epochs: int = 0
    seeds: int = 1

    def errors(self, data: Split, seed: int, bar: tqdm) -> Iterator[float]:
        """Yield the test error in percent, once."""
        yield error(self.classify(data.train, data.test), data.test)


def start(run: Run, rng: np.random.Generator) -> Params:
    """Return the parameters to start from."""
    params = run.net.init(run.scheme, rng=rng, dtype=np.float32)
    if run.random_biases:
        for b in params.b[1:]:
            b[:] = rng.normal(size=b.shape)
    return params


def error(classes: Any, test: Samples) -> float:
    """Return the fraction of wrong answers in percent."""
    return 100 * float(np.mean(classes != test.y))


def straight(samples: Samples) -> Samples:
    """Return the samples without their slant."""
    return Samples(deskew(samples.X), samples.y, samples.names, samples.source)


def jitter(X: Any, rng: np.random.Generator) -> Any:
    """Return a copy of all images, each moved by up to two pixels down or up, and right or left."""
    moved = np.empty_like(X)
    moves = rng.integers(-2, 3, size=(len(X), 2))
    for down, right in np.unique(moves, axis=0):
        rows = (moves == (down, right)).all(axis=1)
        moved[rows] = shift(X[rows], int(down), int(right))
    return moved


def darkness(train: Samples, test: Samples) -> Any:
    """Return the digit whose mean darkness is closest to the image's."""
    means = np.array([train.X[train.y == c].mean() for c in range(10)])
    return np.abs(test.X.mean(axis=1)[:, np.newaxis] - means).argmin(axis=1)


def svm(**settings: Any) -> Callable[[Samples, Samples], Any]:
    """Return a support vector machine of scikit-learn."""

    def classify(train: Samples, test: Samples) -> Any:
        from sklearn.svm import SVC

        return SVC(**settings).fit(train.X, train.y).predict(test.X)

    return classify


DEEP = (784, 16, 16, 16, 16, 10)
WIDE = (784, 512, 512, 10)
SOFTMAX: dict[str, Any] = {"hidden": "relu", "output": "softmax", "cost": "cross_entropy"}
SMALL: dict[str, Any] = {"scheme": "lecun", "random_biases": False}


def sokirko(name: str, reported: str = "", *, sizes: tuple[int, ...] = DEEP, **changes: Any) -> Run:
    """Return a network trained as Sokirko does: ReLU, batches of 64, eta = 0.1."""
    kind = {"hidden": "relu", "output": "sigmoid", "cost": "half_squared_error"}
    net = MLP(sizes, **changes.pop("kind", kind))
    settings = {"optimizer": GradientDescent(0.1), "epochs": 30, **changes}
    return Run("digits-sokirko", name, net, batch_size=64, reported=reported, **settings)


def wide(name: str, decay: float, *, dropout: Any = 0.0, **settings: Any) -> Run:
    """Return a wide network for the best result, trained by Adam with a learning rate that decays."""
    net, adam = MLP(WIDE, dropout=dropout, **SOFTMAX), Adam(ExponentialDecay(0.002, decay=decay))
    return Run("digits-sokirko", name, net, adam, **settings)


def nielsen(
    name: str, reported: str = "", *, sizes: tuple[int, ...], kind: type[Run] = Run, **changes: Any
) -> Run:
    """Return a network trained as Nielsen does: all from N(0, 1), batches of 10, eta = 3, 30 epochs."""
    settings = {"optimizer": GradientDescent(3.0), "scheme": "normal", "random_biases": True, **changes}
    net = MLP(sizes, hidden="sigmoid", output="sigmoid", cost="half_squared_error")
    return kind("digits-nielsen", name, net, epochs=30, batch_size=10, reported=reported, **settings)


def baseline(name: str, reported: str, classify: Callable[[Samples, Samples], Any]) -> Baseline:
    """Return a method that Nielsen compares with."""
    return Baseline("digits-nielsen", name, classify, reported)


RUNS: dict[str, Run | Baseline] = {
    "sokirko": sokirko("his: 784-16-16-16-16-10", "10 after 1 epoch, 5 after more than 5"),
    "sokirko-steps": sokirko(
        "his, decay counted in steps", optimizer=GradientDescent(InverseTime(0.1, decay=0.001))
    ),
    "sokirko-deskewed": sokirko("deskewed images", prepare=straight),
    "sokirko-softmax": sokirko("softmax and cross-entropy", kind=SOFTMAX),
    "sokirko-both": sokirko("softmax, cross-entropy, deskewed", kind=SOFTMAX, prepare=straight),
    "sokirko-wide": sokirko(
        "784-512-512-10, squares", "2.7, much larger, 4 epochs", sizes=WIDE, epochs=11, seeds=1
    ),
    "wide": wide("784-512-512-10, softmax, Adam", 0.0013, epochs=8, batch_size=64),
    "wide-shifted": wide(
        "with dropout and shifted copies",
        0.0008,
        epochs=30,
        batch_size=128,
        dropout=[0.0, 0.2, 0.2],
        vary=jitter,
        seeds=1,
    ),
    "darkness": baseline("average darkness", "77.75", darkness),
    "svm-2015": baseline("support vector machine, γ = 1/784", "5.65", svm(gamma="auto")),
    "svm": baseline("support vector machine, default today", "", svm()),
    "nielsen-0": nielsen("784-10", "a question to the reader", sizes=(784, 10)),
    "nielsen-30": nielsen("784-30-10", "4.58 at best", sizes=(784, 30, 10)),
    "nielsen-100": nielsen("784-100-10", "3.41", sizes=(784, 100, 10)),
    "nielsen-4": nielsen(
        "784-30-4, binary digits", "worse than 10 outputs", sizes=(784, 30, 4), kind=FourBits
    ),
    "nielsen-0-small": nielsen(
        "784-10, smaller first weights, η = 0.3",
        sizes=(784, 10),
        optimizer=GradientDescent(0.3),
        **SMALL,
    ),
    "nielsen-30-small": nielsen("784-30-10, smaller first weights", sizes=(784, 30, 10), **SMALL),
    "nielsen-100-small": nielsen("784-100-10, smaller first weights", sizes=(784, 100, 10), **SMALL),
    "nielsen-4-small": nielsen("784-30-4, smaller first weights", sizes=(784, 30, 4), kind=FourBits, **SMALL),
    "notes": Run(
        "digits-nielsen",
        "784-512-10, ReLU, softmax, Adam (the Notes')",
        MLP((784, 512, 10), **SOFTMAX),
        Adam(),
        epochs=5,
        batch_size=128,
        scheme="glorot",
        seeds=1,
    ),
}
"""The runs by name, in the order of the pages' tables."""


def main() -> int:
    """Make the runs that are asked for, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="*", metavar="run", help=", ".join(RUNS))
    wanted = parser.parse_args().runs or list(RUNS)
    if unknown := [name for name in wanted if name not in RUNS]:
        parser.error(f"there is no run {unknown[0]!r}; choose from {', '.join(RUNS)}")
    try:
        data = mnist()
    except (OSError, ValueError, ImportError) as error:
        print(error, file=sys.stderr)
        return 1
    print(data)
    rows = kept(str(data))
    for name in wanted:
        rows[name] = measure(RUNS[name], data)
        write(str(data), rows)
    for chapter in ("digits-sokirko", "digits-nielsen"):
        print(f"\n{longruns.table(chapter)}")
    print(f"\nWritten to {longruns.RESULTS}")
    return 0


def measure(run: Run | Baseline, data: Split) -> dict[str, Any]:
    """Make one run, with all its seeds, and return its row."""
    begin = time.perf_counter()
    with tqdm(total=run.epochs * run.seeds, desc=run.network, unit="epoch") as bar:
        errors = [list(run.errors(data, seed, bar)) for seed in range(run.seeds)]
    return {
        "chapter": run.chapter,
        "network": run.network,
        "reported": run.reported,
        "epochs": run.epochs,
        "errors": errors,
        "seconds": round(time.perf_counter() - begin, 1),
    }


def kept(data: str) -> dict[str, dict[str, Any]]:
    """Return the rows that earlier runs on the same data left."""
    if not longruns.RESULTS.is_file():
        return {}
    try:
        results = json.loads(longruns.RESULTS.read_text(encoding="utf8"))
        rows = {row["run"]: row for row in results["rows"]}
        return rows if results["data"] == data else {}
    except (KeyError, TypeError, ValueError):
        return {}


def write(data: str, rows: dict[str, dict[str, Any]]) -> None:
    """Write the results, in the order of `RUNS` and in one step."""
    results = {"data": data, "rows": [{"run": name, **rows[name]} for name in RUNS if name in rows]}
    longruns.RESULTS.parent.mkdir(exist_ok=True)
    draft = longruns.RESULTS.with_suffix(".tmp")
    draft.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf8")
    os.replace(draft, longruns.RESULTS)


if __name__ == "__main__":
    sys.exit(main())
