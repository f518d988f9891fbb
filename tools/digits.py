"""Train the networks of the digit chapters for as long as it takes, and write what they reach.

    FYSSTK_MNIST=folder make digits              everything, into _build/digits.json
    python tools/digits.py nielsen-0 nielsen-30  some runs only, beside those of before on the same data
    python tools/digits.py --book                into book/measured, to which the pages' text is held

The results are written after each run; a run that is killed goes on, in the next call, after the last epoch
that it has finished. The runs of Sokirko's program go into a file of their own, digits-program.json. With
--book, one epoch of each run on the sample of digits that comes with the package goes into digits-sample.json
and digits-program-sample.json: the tests make some of these again, wherever they run.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import itertools
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from fysstk_book import longruns, measured
from fysstk_nn.activations import sigmoid
from fysstk_nn.datasets import Samples, Split, deskew, mnist, shift
from fysstk_nn.files import load_run, save_run
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import Adam, GradientDescent, Rule
from fysstk_nn.params import Params
from fysstk_nn.schedules import ExponentialDecay, InverseTime
from fysstk_nn.train import fit
from inputs import ROOT

BUILD = ROOT / "_build"


@dataclass(frozen=True)
class Run:
    """A network, and how it is trained."""

    net: MLP
    optimizer: Rule
    epochs: int
    batch_size: int
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
            rng.bit_generator.state = json.loads(kept.with_suffix(f".{len(done)}").read_text())
            bar.update(len(done))
            yield from done
        for epoch in range(len(done), self.epochs):
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
            kept.with_suffix(f".{epoch + 1}").write_text(json.dumps(rng.bit_generator.state))
            save_run(kept, self.net, run)
            kept.with_suffix(f".{epoch}").unlink(missing_ok=True)
            if run.interrupted:
                raise KeyboardInterrupt
            yield found
        kept.unlink()
        kept.with_suffix(f".{self.epochs}").unlink()

    def checkpoint(self, data: Split, seed: int) -> Path:
        """Return the file that keeps a run after each epoch: another one for other settings or data."""
        functions = self.prepare.__qualname__, self.vary.__qualname__
        settings = self.net, self.optimizer, self.batch_size, self.scheme, self.random_biases, functions
        number = hashlib.sha256(repr((settings, str(data), seed)).encode()).hexdigest()[:12]
        BUILD.mkdir(parents=True, exist_ok=True)
        return BUILD / f"digits-{number}.npz"

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

    classify: Callable[[Samples, Samples], Any]
    epochs: int = 1
    seeds: int = 1

    def errors(self, data: Split, seed: int, bar: tqdm) -> Iterator[float]:
        """Yield the test error in percent, once."""
        yield error(self.classify(data.train, data.test), data.test)


@dataclass(frozen=True)
class Program:
    """Sokirko's own program, with its settings and its bugs; the page tells them one by one.

    Attributes
    ----------
    k : float
        The decay of the learning rate: 0.1 / (1 + sqrt(k t)) in step t.
    biases : str
        ``"none"``; ``"his"``, with the slopes of the biases taken at the biases, and those of the weights at
        the sums without the biases; or ``"right"``, with all slopes at the sums with the biases.
    """

    k: float
    biases: str = "none"
    sizes: tuple[int, ...] = (784, 16, 16, 16, 16, 10)
    epochs: int = 100
    seeds: int = 5

    def errors(self, data: Split, seed: int, bar: tqdm) -> Iterator[float]:
        """Train, and yield the test error in percent after each epoch; the images are shuffled only once."""
        rng = np.random.default_rng(seed)
        W = [
            rng.normal(0, np.sqrt(2 / n) / 2, size=(n, m)).astype(np.float32)
            for n, m in itertools.pairwise(self.sizes)
        ]
        b = [np.zeros(m, np.float32) for m in self.sizes[1:]]
        order = rng.permutation(len(data.train.X))
        X, targets = 255 * data.train.X[order], data.train.targets[order]
        done, kept = [], self.checkpoint(data, seed)
        if kept.is_file():  # an earlier call has been killed
            with np.load(kept) as stored:
                done = stored["errors"].tolist()
                W, b = [stored[f"W{i}"] for i in range(len(W))], [stored[f"b{i}"] for i in range(len(b))]
            bar.update(len(done))
            yield from done
        starts = range(0, len(X), 64)
        for epoch in range(len(done), self.epochs):
            for t, i in enumerate(starts, epoch * len(starts)):
                eta = self.learning_rate(t)
                gradients = self.gradients(W, b, X[i : i + 64], targets[i : i + 64])
                for array, gradient in zip([*W, *b], gradients, strict=False):
                    array -= np.float32(eta) * gradient
            bar.update()
            done.append(error(self.outputs(W, b, 255 * data.test.X)[0][-1].argmax(axis=1), data.test))
            arrays = {f"W{i}": w for i, w in enumerate(W)} | {f"b{i}": c for i, c in enumerate(b)}
            draft = kept.with_suffix(".tmp.npz")
            np.savez(draft, errors=done, **arrays)
            draft.replace(kept)
            yield done[-1]
        kept.unlink()

    def learning_rate(self, t: int) -> float:
        """Return the learning rate of step t, the first of which is 0."""
        return 0.1 / (1 + math.sqrt(self.k * t))

    def outputs(self, W: list[Any], b: list[Any], X: Any) -> tuple[list[Any], list[Any]]:
        """Return the activations of all layers, inputs first, and the weighted sums without the biases."""
        a, sums = [X], []
        for w, c in zip(W, b, strict=True):
            sums.append(a[-1] @ w)
            z = sums[-1] + c
            a.append(sigmoid(z / 50) if w is W[-1] else np.maximum(z, 0))
        return a, sums

    def gradients(self, W: list[Any], b: list[Any], X: Any, targets: Any) -> list[Any]:
        """Return what the program takes for the gradients of all weights, then (if there are any) biases."""
        a, sums = self.outputs(W, b, X)
        dC_da = (a[-1] - targets) / targets.shape[1]
        for_weights, for_biases = [], []
        for layer in reversed(range(len(W))):
            slope = squeezed_slope if layer == len(W) - 1 else relu_slope
            z = sums[layer] if self.biases == "his" else sums[layer] + b[layer]
            delta = dC_da * slope(z)
            for_weights.append(a[layer].T @ delta / len(X))
            for_biases.append((dC_da * slope(b[layer]) if self.biases == "his" else delta).mean(axis=0))
            dC_da = delta @ W[layer].T
        return for_weights[::-1] + (for_biases[::-1] if self.biases != "none" else [])

    def checkpoint(self, data: Split, seed: int) -> Path:
        """Return the file that keeps a run after each epoch: another one for other settings or data."""
        settings = self.k, self.biases, self.sizes, str(data), seed
        number = hashlib.sha256(repr(settings).encode()).hexdigest()[:12]
        BUILD.mkdir(parents=True, exist_ok=True)
        return BUILD / f"digits-program-{number}.npz"


def relu_slope(z: Any) -> Any:
    """Return the slope of the program's ReLU, 1 at zero too."""
    return (z >= 0).astype(z.dtype)


def squeezed_slope(z: Any) -> Any:
    """Return what the program takes for the slope of the stretched sigmoid: without the factor 1/50."""
    a = sigmoid(z / 50)
    return a * (1 - a)


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


DEEP = (784, 16, 16, 16, 16, 10)
WIDE = (784, 512, 512, 10)
SQUARES = {"hidden": "relu", "output": "sigmoid", "cost": "half_squared_error"}
SOFTMAX: dict[str, Any] = {"hidden": "relu", "output": "softmax", "cost": "cross_entropy"}
SMALL: dict[str, Any] = {"scheme": "lecun", "random_biases": False}


def sokirko(*, sizes: tuple[int, ...] = DEEP, kind: dict[str, Any] = SQUARES, **changes: Any) -> Run:
    """Return a network close to what Sokirko's text says: ReLU, batches of 64, eta = 0.1."""
    settings = {"optimizer": GradientDescent(0.1), "epochs": 30, **changes}
    return Run(MLP(sizes, **kind), batch_size=64, **settings)


def wide(decay: float, *, dropout: Any = 0.0, **settings: Any) -> Run:
    """Return a wide network for the best result, trained by Adam with a learning rate that decays."""
    net, adam = MLP(WIDE, dropout=dropout, **SOFTMAX), Adam(ExponentialDecay(0.002, decay=decay))
    return Run(net, adam, **settings)


def nielsen(*sizes: int, kind: type[Run] = Run, **changes: Any) -> Run:
    """Return a network trained as Nielsen does: all from N(0, 1), batches of 10, eta = 3, 30 epochs."""
    settings = {"optimizer": GradientDescent(3.0), "scheme": "normal", "random_biases": True, **changes}
    net = MLP(sizes, hidden="sigmoid", output="sigmoid", cost="half_squared_error")
    return kind(net, epochs=30, batch_size=10, **settings)


RUNS: dict[str, Run | Program | Baseline] = {
    "sokirko-program": Program(0.001),
    "sokirko-program-k": Program(0.01),
    "sokirko-program-wide": Program(0.01, sizes=(784, 500, 150, 10), epochs=11),
    "sokirko-biases-his": Program(0.001, "his", epochs=30, seeds=10),
    "sokirko-biases-right": Program(0.001, "right", epochs=30, seeds=10),
    "sokirko-biases-his-k": Program(0.01, "his", epochs=30, seeds=10),
    "sokirko-biases-right-k": Program(0.01, "right", epochs=30, seeds=10),
    "sokirko": sokirko(),
    "sokirko-steps": sokirko(optimizer=GradientDescent(InverseTime(0.1, decay=0.001))),
    "sokirko-deskewed": sokirko(prepare=straight),
    "sokirko-softmax": sokirko(kind=SOFTMAX),
    "sokirko-both": sokirko(kind=SOFTMAX, prepare=straight),
    "sokirko-wide": sokirko(sizes=WIDE, epochs=11, seeds=1),
    "sokirko-adam": wide(0.0013, epochs=8, batch_size=64),
    "sokirko-shifted": wide(0.0008, epochs=30, batch_size=128, dropout=[0.0, 0.2, 0.2], vary=jitter, seeds=1),
    "nielsen-darkness": Baseline(darkness),
    "nielsen-0": nielsen(784, 10),
    "nielsen-30": nielsen(784, 30, 10),
    "nielsen-100": nielsen(784, 100, 10),
    "nielsen-4": nielsen(784, 30, 4, kind=FourBits),
    "nielsen-0-small": nielsen(784, 10, optimizer=GradientDescent(0.3), **SMALL),
    "nielsen-30-small": nielsen(784, 30, 10, **SMALL),
    "nielsen-100-small": nielsen(784, 100, 10, **SMALL),
    "nielsen-4-small": nielsen(784, 30, 4, kind=FourBits, **SMALL),
    "nielsen-notes": Run(
        MLP((784, 512, 10), **SOFTMAX), Adam(), epochs=5, batch_size=128, scheme="glorot", seeds=1
    ),
}
"""The runs by name, in the order of the pages' tables; `fysstk_book.longruns` says what each is called."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the runs that are asked for, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="*", metavar="run", help=", ".join(RUNS))
    parser.add_argument("--book", action="store_true", help="write what the pages show")
    options = parser.parse_args(arguments)
    wanted = options.runs or list(RUNS)
    if unknown := [name for name in wanted if name not in RUNS]:
        parser.error(f"there is no run {unknown[0]!r}; choose from {', '.join(RUNS)}")
    try:
        data = mnist()
    except (OSError, ValueError, ImportError) as error:
        print(error, file=sys.stderr)
        return 1
    print(data)
    where = measured.folder() if options.book else BUILD
    for name in wanted:
        measure(file_of(name), name, data, where)
        if options.book:
            measure(f"{file_of(name)}-sample", name, mnist("sample"), where, epochs=1)
    for chapter in ("digits-sokirko", "digits-nielsen"):
        print(f"\n{longruns.table(chapter, where)}")
    print(f"\nWritten to {where / 'digits.json'}")
    return 0


def file_of(name: str) -> str:
    """Return the name of the file for a run: those of Sokirko's program have one of their own."""
    return "digits-program" if isinstance(RUNS[name], Program) else "digits"


def measure(file: str, name: str, data: Split, where: Path, *, epochs: int = 0) -> None:
    """Make one run with all its seeds, and write it beside those of before."""
    run = dataclasses.replace(RUNS[name], epochs=epochs or RUNS[name].epochs)
    begin = time.perf_counter()
    with tqdm(total=run.epochs * run.seeds, desc=name, unit="epoch") as bar:
        errors = [list(run.errors(data, seed, bar)) for seed in range(run.seeds)]
    earlier, seconds = kept(file, str(data), where)
    lines = {**earlier, name: measured.Line([float(e + 1) for e in range(run.epochs)], errors)}
    measured.save(
        file,
        measured.Curves(
            {name: lines[name] for name in RUNS if name in lines},
            "epoch",
            "test error, %",
            budget="as in tools/digits.py",
            seeds=list(range(max(len(line.runs) for line in lines.values()))),
        ),
        data=str(data),
        decides="How far do the networks of the digit chapters get?",
        seconds=seconds + time.perf_counter() - begin,
        where=where,
        command="FYSSTK_MNIST=folder make digits",
    )


def kept(file: str, data: str, where: Path) -> tuple[dict[str, measured.Line], float]:
    """Return what earlier runs on the same data and with the same versions left, and how long they took."""
    try:
        found = measured.load(file, where)
    except (FileNotFoundError, ValueError):
        return {}, 0.0
    origin = found.provenance
    same = isinstance(found, measured.Curves) and origin["data"] == data
    if not same or origin["versions"] != measured.versions():
        return {}, 0.0
    return found.lines, origin["seconds"]


if __name__ == "__main__":
    sys.exit(main())
