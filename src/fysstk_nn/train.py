"""Training: mini-batches, epochs, early stopping, and a history of what happened on the way."""

from __future__ import annotations

import copy
import io
import json
import math
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from tqdm import tqdm

from fysstk_nn._validate import (
    Array,
    Seed,
    as_array,
    as_count,
    as_generator,
    as_matrix,
    as_number,
    is_finite,
)
from fysstk_nn.costs import Penalty
from fysstk_nn.mlp import MLP, Trace
from fysstk_nn.optimizers import Adam, Rule, State
from fysstk_nn.params import Params

__all__ = [
    "Fit",
    "History",
    "TrainState",
    "accuracy",
    "fit",
    "fit_quasi_newton",
    "from_json",
    "load",
    "save",
    "to_json",
]

Metric = Callable[[Array, Array], float]
"""A function of the outputs and the targets, both of shape (n, M_L)."""

ADAM = Adam()


@dataclass
class History:
    """What was measured in each epoch: lists with one number for each.

    Attributes
    ----------
    cost : list of float
        The training cost, penalty included: the mean over the epoch's samples, each with the parameters
        of the moment, with its dropped nodes. In a full-batch run it is the cost before the epoch's step.
    validation_cost : list of float
        The cost on the validation set after the epoch, without penalty; empty without such a set.
    metrics, validation_metrics : dict of str to list of float
        The metrics on the training and the validation set after the epoch.
    """

    cost: list[float] = field(default_factory=list)
    validation_cost: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    validation_metrics: dict[str, list[float]] = field(default_factory=dict)


@dataclass
class TrainState:
    """What a run needs to be continued as if it had never stopped.

    Attributes
    ----------
    epoch : int
        How many epochs have been run.
    optimizer : State
        What the optimizer remembers.
    rng : numpy.random.Generator
        The source of the next epoch's shuffling and dropped nodes.
    latest : Params or None
        The parameters after the last epoch, where early stopping handed out better ones.
    best : Params or None
        The parameters with the lowest validation cost so far, where that is watched.
    best_epoch : int
        The epoch, counted from 1, after which they were found.
    best_cost : float
        Their validation cost.
    """

    epoch: int
    optimizer: State
    rng: np.random.Generator
    latest: Params | None = None
    best: Params | None = None
    best_epoch: int = 0
    best_cost: float = math.inf


@dataclass(frozen=True)
class Fit:
    """The result of a run.

    Attributes
    ----------
    params : Params
        The trained parameters; with early stopping those with the lowest validation cost.
    history : History
        What was measured in each epoch.
    state : TrainState
        What it takes to continue.
    """

    params: Params
    history: History
    state: TrainState


def fit(
    net: MLP,
    params: Params,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    optimizer: Rule = ADAM,
    epochs: int = 100,
    batch_size: int | None = None,
    rng: Seed = 0,
    validation: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    patience: int | None = None,
    l1: float = 0.0,
    l2: float = 0.0,
    max_norm: float | None = None,
    metrics: Mapping[str, Metric] | None = None,
    progress: bool = False,
    resume: Fit | None = None,
    overwrite: bool = False,
) -> Fit:
    """Minimise the network's cost on the samples (X, y), step by step along the gradient of a batch.

    Parameters
    ----------
    net : MLP
        The network.
    params : Params
        Where to start; `net.init()` makes one. They are not changed, unless `overwrite`.
    X : array_like, shape (n, M_0)
        The samples. An array of the parameters' type is used as it is, any other is converted once.
    y : array_like, shape (n, M_L), or (n,) for one output
        The targets.
    optimizer : Rule
        Turns a gradient into a step.
    epochs : int
        How many times each sample is used.
    batch_size : int, optional
        Samples in a batch: 1 for stochastic gradient descent, all of them by default. In each epoch the
        samples are shuffled and dealt into batches, the last of which may be smaller.
    rng : numpy.random.Generator or int
        Shuffles the samples and draws the nodes that drop out. A full-batch run without dropout draws none.
    validation : (array_like, array_like), optional
        Samples and targets that are not trained on; their cost is measured after each epoch.
    patience : int, optional
        Stop when the validation cost has not fallen for so many epochs, and return the parameters with the
        lowest one.
    l1, l2 : float
        Strength of the penalty on the weights: see `costs.Penalty`.
    max_norm : float, optional
        The largest length that the weights into a node may have together; after each step they are
        shortened to it.
    metrics : dict of str to function, optional
        Functions of outputs and targets, to be evaluated after each epoch: ``{"accuracy": accuracy}``.
    progress : bool
        Whether to show a progress bar.
    resume : Fit, optional
        An earlier run to continue; `params` is then its ``params``, and the other arguments are the same.
        Two runs of 5 epochs give bit for bit what one of 10 gives. `rng` is not used.
    overwrite : bool
        Whether to train `params` itself and not a copy. It saves memory on a large network.

    Returns
    -------
    Fit
        The trained parameters, the history, and what it takes to continue.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or shape, or not finite.
    FloatingPointError
        If the cost becomes infinite or NaN in training; the message says where, and what to try.
    """
    net.check_params(params)
    as_array(params.theta, "params.theta")
    X, y = _samples(net, X, y, params.dtype, "X")
    X_val, y_val = (None, None) if validation is None else _samples(net, *validation, params.dtype, "X_val")
    n = len(X)
    epochs = as_count(epochs, "epochs", minimum=0)
    batch_size = n if batch_size is None else min(n, as_count(batch_size, "batch_size"))
    if net.batch_norm and (batch_size == 1 or n % batch_size == 1):
        raise ValueError(f"batch normalisation needs 2 rows, but {n} in batches of {batch_size} leave 1")
    if not isinstance(optimizer, Rule):
        raise TypeError(f"optimizer must be an object such as Adam(0.001), not {type(optimizer).__name__}")
    if patience is not None:
        as_count(patience, "patience")
        if validation is None:
            raise ValueError("early stopping by patience needs a validation set")
    penalty = Penalty(l1, l2)
    longest = None if max_norm is None else as_number(max_norm, "max_norm", above=0)
    metrics = dict(metrics or {})

    if resume is None:
        params = params if overwrite else params.copy()
        history = History()
        state = TrainState(0, optimizer.init(params.theta), as_generator(rng))
    else:
        params, history, state = _continue(params, resume, overwrite)
    run = _Run(net, params, optimizer, penalty, longest, state)
    batches = _Batches(net, X, y, batch_size)
    last = state.epoch + epochs
    # Each batch checks its cost, which says more than NumPy's warnings.
    with np.errstate(all="ignore"), tqdm(total=epochs, unit="epoch", disable=not progress) as bar:
        while state.epoch < last and not _out_of_patience(state, patience):
            state.epoch += 1
            history.cost.append(run.epoch(batches))
            _measure(history.metrics, metrics, net, params, X, y)
            if X_val is not None and y_val is not None:
                history.validation_cost.append(net.cost_of(params, X_val, y_val))
                _measure(history.validation_metrics, metrics, net, params, X_val, y_val)
                _keep_the_best(state, params, history.validation_cost[-1], patience)
            if progress:
                bar.set_postfix(cost=f"{history.cost[-1]:.4g}", refresh=False)
                bar.update()
    if not is_finite(params.theta):
        raise _diverged(net, params, None, f"the parameters are not finite after epoch {state.epoch}")
    if patience is not None and state.best is not None:
        state.latest = params.copy()
        _assign(params, state.best)
    state.rng = copy.deepcopy(state.rng)
    return Fit(params, history, state)


@dataclass
class _Run:
    """A run of training: steps, and the epochs that are made of them."""

    net: MLP
    params: Params
    optimizer: Rule
    penalty: Penalty
    longest: float | None
    state: TrainState
    gradient: Params = field(init=False)

    def __post_init__(self) -> None:
        self.gradient = self.params.zeros_like()

    def epoch(self, batches: _Batches) -> float:
        """Take a step for each batch; return the mean cost of the samples."""
        total = 0.0
        for number, (trace, delta, y) in enumerate(batches.deal(self.state.rng), 1):
            cost = self.step(trace, delta, y)
            if not math.isfinite(cost):
                where = f"the cost is {cost} in epoch {self.state.epoch}, batch {number}"
                raise _diverged(self.net, self.params, trace, where)
            total += cost * len(y)
        return total / len(batches.X)

    def step(self, trace: Trace, delta: list[Any], y: Array) -> float:
        """Take one step for the batch in ``trace.a[0]``; return the cost before it."""
        net, params, gradient = self.net, self.params, self.gradient
        net.forward_into(params, trace, self.state.rng)
        cost = net.C.output_cost(net.f[-1], trace.z[-1], trace.a[-1], y)
        if self.penalty:
            cost += self.penalty(params)
        if not math.isfinite(cost):
            return cost
        net.backprop_into(params, trace, y, gradient, delta)
        if self.penalty:
            self.penalty.add_gradient(params, gradient)
        self.optimizer.step(params.theta, gradient.theta, self.state.optimizer)
        if self.longest is not None:
            _shorten(params, self.longest)
        if net.batch_norm:
            net.update_statistics(params, trace)
        return cost


class _Batches:
    """The samples, dealt into batches: in memory that all batches of a run share."""

    def __init__(self, net: MLP, X: Array, y: Array, size: int) -> None:
        self.X, self.y, self.size = X, y, size
        n, rest = len(X), len(X) % size
        trace, delta = net.empty_trace(size, X.dtype, training=True), net.empty_deltas(size, X.dtype)
        if size == n:
            self.whole = trace, delta, y
        else:
            trace.a[0], target = np.empty((size, X.shape[1]), X.dtype), np.empty((size, y.shape[1]), y.dtype)
            self.whole = trace, delta, target
            self.rest = trace.head(rest), [d if d is None else d[:rest] for d in delta], target[:rest]

    def deal(self, rng: np.random.Generator) -> Iterator[tuple[Trace, list[Any], Array]]:
        """Yield the trace, deltas and targets of each batch, with its samples in ``trace.a[0]``."""
        n, size = len(self.X), self.size
        if size == n:
            self.whole[0].a[0] = self.X
            yield self.whole
            return
        order = rng.permutation(n)
        for i in range(0, n, size):
            rows = order[i : i + size]
            trace, delta, target = self.whole if len(rows) == size else self.rest
            self.X.take(rows, 0, out=trace.a[0], mode="clip")  # unlike X[rows], it allocates nothing
            self.y.take(rows, 0, out=target, mode="clip")
            yield trace, delta, target


def _samples(
    net: MLP, X: npt.ArrayLike, y: npt.ArrayLike, dtype: npt.DTypeLike, name: str
) -> tuple[Array, Array]:
    """Return checked samples and targets in the given type."""
    X = as_matrix(X, name, features=net.sizes[0], dtype=dtype)
    return X, net.check_targets(y, len(X), dtype)


def _continue(params: Params, resume: Fit, overwrite: bool) -> tuple[Params, History, TrainState]:
    """Return where an earlier run stood, in copies: the earlier run can be continued twice."""
    if not isinstance(resume, Fit):
        raise TypeError(f"resume must be what fit returned, not {type(resume).__name__}")
    if not np.array_equal(params.theta, resume.params.theta):
        raise ValueError("to continue a run, pass its own parameters: fit(net, run.params, ..., resume=run)")
    history, state = copy.deepcopy((resume.history, resume.state))
    params = params if overwrite else params.copy()
    if state.latest is not None:
        _assign(params, state.latest)
        state.latest = None
    return params, history, state


def _out_of_patience(state: TrainState, patience: int | None) -> bool:
    """Return whether the validation cost has not fallen for too long."""
    return patience is not None and state.best is not None and state.epoch - state.best_epoch >= patience


def _keep_the_best(state: TrainState, params: Params, cost: float, patience: int | None) -> None:
    """Remember the parameters if they have the lowest validation cost so far."""
    if not math.isfinite(cost):
        raise FloatingPointError(f"the validation cost is {cost} after epoch {state.epoch}. {ADVICE}")
    if patience is not None and cost < state.best_cost:
        state.best_cost, state.best_epoch = cost, state.epoch
        state.best = params.copy()


def _assign(params: Params, other: Params) -> None:
    """Give `params` the numbers of `other`."""
    params.theta[:] = other.theta
    params.statistics[:] = other.statistics


def _measure(
    lists: dict[str, list[float]], metrics: Mapping[str, Metric], net: MLP, params: Params, X: Array, y: Array
) -> None:
    """Evaluate all metrics, and append each to the list of its name."""
    if metrics:
        outputs = net.predict(params, X)
        for name, metric in metrics.items():
            lists.setdefault(name, []).append(float(metric(outputs, y)))


def _shorten(params: Params, longest: float) -> None:
    """Shorten the weights into each node to that length, where they are longer."""
    for W in params.W[1:]:
        length = np.sqrt(np.einsum("ij,ij->j", W, W))
        W *= longest / np.maximum(length, longest)


ADVICE = (
    "Try a smaller learning rate, ClipNorm(1.0) in front of the optimizer, inputs scaled to about 1, "
    "or smaller initial weights."
)


def _diverged(net: MLP, params: Params, trace: Trace | None, what: str) -> FloatingPointError:
    """Return the error for a cost that is not finite: where it began, and what to try."""
    return FloatingPointError(f"{what}. {_first_overflow(net, params, trace)}. {ADVICE}")


def _first_overflow(net: MLP, params: Params, trace: Trace | None) -> str:
    """Say which layer is the first with numbers that are not finite."""
    for l in range(1, net.L + 1):
        if not (is_finite(params.W[l]) and is_finite(params.b[l])):
            return f"The parameters of layer {l} are no longer finite: the step before was too large"
        if trace is not None and not (is_finite(trace.z[l]) and is_finite(trace.a[l])):
            return f"Layer {l} is the first to overflow"
    largest = "" if trace is None else f", as large as {np.abs(trace.output).max():.0e}"
    return f"The outputs of layer {net.L} are finite{largest}, but the cost is not"


def accuracy(outputs: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Return the fraction of samples that are classified correctly.

    Parameters
    ----------
    outputs, y : array_like, shape (n, M_L)
        With several outputs the class is the largest one, in `outputs` as in `y`. A single output says
        "yes" above 1/2.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    a, y = np.asarray(outputs), np.asarray(y)
    if a.shape != y.shape or a.ndim != 2:
        raise ValueError(f"outputs and y must both have shape (n, M_L), not {a.shape} and {y.shape}")
    if a.shape[1] == 1:
        return float(np.mean((a > 0.5) == (y > 0.5)))
    return float(np.mean(a.argmax(axis=1) == y.argmax(axis=1)))


def fit_quasi_newton(
    net: MLP,
    params: Params,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    method: str = "BFGS",
    iterations: int = 200,
    tolerance: float = 1e-5,
    l2: float = 0.0,
) -> Fit:
    """Minimise the network's cost on all samples at once by a quasi-Newton method of scipy.

    The method sees the cost and its gradient as functions of the flat vector theta, and builds up an
    approximation to the second derivatives from the gradients it has met (Nocedal and Wright 2006).

    Parameters
    ----------
    net : MLP
        A network without dropout and batch normalisation, whose cost would change from call to call.
    params : Params
        Where to start. They are not changed. The search runs in float64, whatever their type.
    X : array_like, shape (n, M_0)
    y : array_like, shape (n, M_L), or (n,) for one output
    method : {"BFGS", "L-BFGS-B"}
        BFGS stores a matrix with a row and a column for each parameter; L-BFGS-B needs a few vectors only.
    iterations : int
        How many steps to take at most.
    tolerance : float
        Stop when no component of the gradient is larger.
    l2 : float
        Strength of the penalty on the weights, as in `fit`; an l1 penalty has no smooth gradient.

    Returns
    -------
    Fit
        Its ``history.cost`` holds the cost at the start and after each iteration.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or shape, or not finite.
    FloatingPointError
        If the search ends at a cost that is infinite or NaN.
    """
    net.check_params(params)
    if any(net.p) or net.batch_norm:
        raise ValueError("a quasi-Newton method needs a network without dropout and batch normalisation")
    if method not in ("BFGS", "L-BFGS-B"):
        raise ValueError(f"method must be 'BFGS' or 'L-BFGS-B', not {method!r}")
    maximum = as_count(iterations, "iterations")
    work, penalty = params.astype(np.float64), Penalty(l2=l2)
    X, y = _samples(net, X, y, np.float64, "X")
    gradient = work.zeros_like()
    trace, delta = net.empty_trace(len(X), np.float64), net.empty_deltas(len(X), np.float64)
    trace.a[0] = X

    def cost_and_gradient(theta: Array) -> tuple[float, Array]:
        work.theta[:] = theta
        net.forward_into(work, trace)
        net.backprop_into(work, trace, y, gradient, delta)
        penalty.add_gradient(work, gradient)
        cost = net.C.output_cost(net.f[-1], trace.z[-1], trace.output, y)
        return cost + penalty(work), gradient.theta.copy()

    with np.errstate(all="ignore"):
        history = History(cost=[net.cost_of(work, X, y, penalty=penalty)])
        result = minimize(
            cost_and_gradient,
            work.theta.copy(),
            jac=True,
            method=method,
            callback=lambda intermediate_result: history.cost.append(float(intermediate_result.fun)),
            options={"maxiter": maximum, "gtol": as_number(tolerance, "tolerance", minimum=0)},
        )
    if not math.isfinite(result.fun):
        raise FloatingPointError(f"the search ended at a cost of {result.fun}. {ADVICE}")
    work.theta[:] = result.x
    state = TrainState(len(history.cost) - 1, State(), np.random.default_rng(0))
    return Fit(work.astype(params.dtype), history, state)


FORMAT = "fysstk_nn network, version 1"


def save(path: str | os.PathLike[str], net: MLP, params: Params) -> None:
    """Write a network and its parameters to one file.

    The file is a NumPy .npz archive, with the network's description as JSON text; there is no pickle in it.
    It appears under its name when it is complete: an interrupted `save` leaves an earlier file as it was.

    Raises
    ------
    TypeError, ValueError
        If `params` does not fit the network, or the network has an activation or a cost that is not one of
        the package's own.
    OSError
        If the file cannot be written.
    """
    net.check_params(params)
    header = {"format": FORMAT, **_description(net), "dropout": net.p, "batch_norm": net.batch_norm}
    path = Path(path)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with open(partial, "wb") as file:
            text = np.array(json.dumps(header))
            np.savez(file, header=text, theta=params.theta, statistics=params.statistics)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def load(path: str | os.PathLike[str]) -> tuple[MLP, Params]:
    """Read the network and the parameters that `save` wrote.

    Returns
    -------
    (MLP, Params)

    Raises
    ------
    ValueError
        If the file is damaged, or is none that `save` wrote.
    OSError
        If it cannot be read.
    """
    raw = Path(path).read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = {
                name: np.lib.format.read_array(io.BytesIO(archive.read(f"{name}.npy")), allow_pickle=False)
                for name in ("header", "theta", "statistics")
            }
        header = json.loads(str(parts["header"]))
        if header["format"] != FORMAT:
            raise ValueError(f"its format is {header['format']!r}, not {FORMAT!r}")
        net = _network(header)
        params = Params(parts["theta"], tuple(net.sizes), net.batch_norm, parts["statistics"])
        if not (is_finite(params.theta) and is_finite(params.statistics)):
            raise ValueError("its parameters are not finite")
    except Exception as error:  # a damaged archive can fail in a dozen ways
        what = "holds no network that save() wrote, or is damaged"
        raise ValueError(f"{os.fspath(path)} {what}: {error}") from error
    return net, params


JSON_FORMAT = "fysstk_nn weights, version 1"


def to_json(net: MLP, params: Params) -> str:
    """Return a network with its weights and biases as JSON text, which the book's playground can import.

    Each number has all digits that it takes to read it back unchanged.

    Raises
    ------
    TypeError, ValueError
        As `save`; and if the network has dropout or batch normalisation, or a number is not finite.
    """
    net.check_params(params)
    if any(net.p) or net.batch_norm:
        raise ValueError("JSON has no place for dropout and batch normalisation: use save")
    if not is_finite(params.theta):
        raise ValueError("only finite parameters can be written as JSON")
    layers = [{"W": W.tolist(), "b": b.tolist()} for W, b in zip(params.W[1:], params.b[1:], strict=True)]
    return json.dumps({"format": JSON_FORMAT, **_description(net), "layers": layers})


def from_json(text: str) -> tuple[MLP, Params]:
    """Read the network that `to_json`, or the book's playground, wrote.

    Returns
    -------
    (MLP, Params)
        The parameters are float64.

    Raises
    ------
    ValueError
        If the text is no JSON, or describes no network; the message says what is missing or wrong.
    """
    try:
        header = json.loads(text)
        if not isinstance(header, dict) or header.get("format") != JSON_FORMAT:
            raise ValueError(f"it is no JSON object with the format {JSON_FORMAT!r}")
        net = _network({"dropout": 0.0, "batch_norm": False, **header})
        params = Params.from_layers([(layer["W"], layer["b"]) for layer in header["layers"]])
        net.check_params(params)
    except KeyError as error:
        raise ValueError(f"the text describes no network: it has no {error}") from error
    except (TypeError, ValueError) as error:
        raise ValueError(f"the text describes no network: {error}") from error
    return net, params


def _description(net: MLP) -> dict[str, Any]:
    """Return the sizes and the names of a network's functions, or say that they have none."""
    description = {
        "sizes": net.sizes,
        "hidden": [f.name for f in net.f[1:-1]],
        "output": net.f[-1].name,
        "cost": net.C.name,
    }
    try:
        known = _network({**description, "dropout": net.p, "batch_norm": net.batch_norm}) == net
    except ValueError:
        known = False
    if not known:
        raise ValueError("only a network with the package's own activations and costs can be saved")
    return description


def _network(header: Mapping[str, Any]) -> MLP:
    """Return the network that a file's header describes."""
    return MLP(
        header["sizes"],
        hidden=header["hidden"],
        output=header["output"],
        cost=header["cost"],
        dropout=header["dropout"],
        batch_norm=header["batch_norm"],
    )
