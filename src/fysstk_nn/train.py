"""Training: steps along the gradient of a batch, epoch by epoch, until it is time to stop."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from fysstk_nn._interrupt import Interrupts
from fysstk_nn._validate import (
    Array,
    Seed,
    as_array,
    as_count,
    as_generator,
    as_number,
    check_flags,
    check_type,
    is_finite,
)
from fysstk_nn.costs import Penalty, Weighted
from fysstk_nn.divergence import ADVICE, DivergenceError, check_kept, diverged
from fysstk_nn.files import Checkpoint, save_run
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import Adam, Rule
from fysstk_nn.params import Params
from fysstk_nn.runs import Fit, History, TrainState
from fysstk_nn.trace import Trace

__all__ = ["accuracy", "fit"]

Metric = Callable[[Array, Array], float]
"""A function of the outputs and the targets, both of shape (n, M_L)."""

ADAM = Adam()

LOOK = 100
"""How many steps pass at least before `fit` looks whether all that it keeps is finite."""


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
    sample_weight: npt.ArrayLike | None = None,
    validation: Sequence[npt.ArrayLike] | None = None,
    patience: int | None = None,
    l1: float = 0.0,
    l2: float = 0.0,
    max_norm: float | None = None,
    metrics: Mapping[str, Metric] | None = None,
    progress: bool = False,
    resume: Fit | None = None,
    checkpoint: Checkpoint | None = None,
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
    sample_weight : array_like, shape (n,), optional
        How much each sample counts in the cost, at least 0; by default all count alike. Only their ratios
        matter. In a full-batch run a weight of 2 is the same as the sample twice. Batch normalisation takes
        no notice of it.
    validation : (array_like, array_like) or three of them, optional
        Samples and targets that are not trained on, and their weights, if any; their cost is measured after
        each epoch.
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
        An earlier run to continue; `params` is then its ``params``, and the other arguments are the same,
        but for the learning rate, perhaps. Two runs of 5 epochs give bit for bit what one of 10 gives.
        `rng` is not used.
    checkpoint : files.Checkpoint, optional
        A file that the run is written to every few epochs and at its end: see there how to continue it.
    overwrite : bool
        Whether to train `params` itself and not a copy. It saves memory on a large network.

    Returns
    -------
    Fit
        The trained parameters, the history, and what it takes to continue. If Ctrl-C, or a notebook's stop
        button, is pressed, the run ends with the epoch that it is in, and this is what it has reached.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or shape, or not finite.
    DivergenceError
        If the cost becomes infinite or NaN in training; the message says where, and what to try. It is a
        FloatingPointError that carries the history.

    Warns
    -----
    RuntimeWarning
        If the run has been interrupted.
    """
    check_type(net, MLP, "net", "an MLP")
    check_flags(progress=progress, overwrite=overwrite)
    net.check_params(params)
    params.check_numbers()
    X, y = net.check_samples(X, y, params.dtype)
    held_out = None if validation is None else _check_validation(net, validation, params.dtype)
    _warn_of_large_inputs(net, X)
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
    if not isinstance(checkpoint, Checkpoint | None):
        raise TypeError(f"checkpoint must be a Checkpoint('run.npz'), not {type(checkpoint).__name__}")
    penalty = Penalty(l1, l2)
    longest = None if max_norm is None else as_number(max_norm, "max_norm", above=0)
    check_type(metrics, Mapping | None, "metrics", 'a dict such as {"accuracy": accuracy}')
    metrics = dict(metrics or {})
    for name, metric in metrics.items():
        check_type(metric, Callable, f"metrics[{name!r}]", "a function of outputs and targets")

    if resume is None:
        params = params if overwrite else params.copy()
        history = History()
        state = TrainState(0, optimizer.init(params.theta), as_generator(rng))
    else:
        params, history, state = _continue(params, optimizer, resume, overwrite)
    trained, targets = net, y
    if sample_weight is not None:
        weights = _check_weights(sample_weight, "sample_weight", y)
        trained, targets = replace(net, cost=Weighted(net.C)), np.hstack([y, weights])
    run = _Run(trained, params, optimizer, penalty, longest, state)
    batches = _Batches(net, X, targets, batch_size)
    last = state.epoch + epochs
    if checkpoint is not None:  # what cannot be written is better known before the first epoch
        save_run(checkpoint.path, net, _so_far(params, history, state, patience))
    kept, looked = None if overwrite else params.copy(), state.optimizer.t
    # Each batch checks its cost, which says more than NumPy's warnings.
    with (
        np.errstate(all="ignore"),
        tqdm(total=epochs, unit="epoch", disable=not progress) as bar,
        Interrupts() as interrupts,
    ):
        try:
            while state.epoch < last and not _out_of_patience(state, patience) and not interrupts.asked:
                state.epoch += 1
                history.cost.append(run.epoch(batches))
                if net.batch_norm or state.optimizer.t - looked >= LOOK:
                    check_kept(net, params, state)
                    looked = state.optimizer.t
                    if kept is not None:
                        _assign(kept, params)
                _measure(history.metrics, metrics, net, params, X, y)
                if held_out is not None:
                    history.validation_cost.append(_cost_of(net, params, *held_out))
                    _measure(history.validation_metrics, metrics, net, params, *held_out[:2])
                    _keep_the_best(state, params, history.validation_cost[-1], patience)
                if checkpoint is not None and state.epoch % checkpoint.every == 0:
                    check_kept(net, params, state)
                    save_run(checkpoint.path, net, _so_far(params, history, state, patience))
                if progress:
                    bar.set_postfix(cost=f"{history.cost[-1]:.4g}", refresh=False)
                    bar.update()
            check_kept(net, params, state)
        except FloatingPointError as error:
            raise DivergenceError(str(error), history, kept) from error
    if interrupts.asked:
        what = f"interrupted: {state.epoch} of {last} epochs have been run"
        warnings.warn(f"{what}, and this is what they have reached", RuntimeWarning, stacklevel=2)
    if patience is not None and state.best is not None:
        state.latest = params.copy()
        _assign(params, state.best)
    state.rng = copy.deepcopy(state.rng)
    result = Fit(params, history, state, interrupts.asked)
    if checkpoint is not None:
        save_run(checkpoint.path, net, result)
    return result


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
                raise diverged(self.net, self.params, trace, where)
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


def _check_validation(net: MLP, validation: Any, dtype: npt.DTypeLike) -> tuple[Array, Array, Array | None]:
    """Return validation samples, targets and weights, or say what is wrong, and that it is with them."""
    if not isinstance(validation, tuple | list) or len(validation) not in (2, 3):
        what = (
            f"{len(validation)} parts" if isinstance(validation, tuple | list) else type(validation).__name__
        )
        raise TypeError(f"validation must be a pair (X, y) of samples and targets, not {what}")
    try:
        X, y = net.check_samples(validation[0], validation[1], dtype)
        return X, y, None if len(validation) == 2 else _check_weights(validation[2], "sample_weight", y)
    except (TypeError, ValueError) as error:
        raise type(error)(f"in validation = (X, y): {error}") from error


def _check_weights(weights: npt.ArrayLike, name: str, y: Array) -> Array:
    """Return the weights of the samples as a column, scaled to the mean 1."""
    w = as_array(weights, name, shape=(len(y),), dtype=np.float64)
    if w.min() < 0 or w.max() == 0:
        raise ValueError(
            f"{name} must be at least 0, and not 0 for all samples, not {w.min():g} to {w.max():g}"
        )
    w = w / w.max()
    column: Array = (w / w.mean()).astype(y.dtype)[:, np.newaxis]
    return column


def _cost_of(net: MLP, params: Params, X: Array, y: Array, weights: Array | None) -> float:
    """Return the cost on a validation set."""
    if weights is None:
        return net.cost_of(params, X, y)
    trace = net.forward(params, X)
    return float(np.mean(weights[:, 0] * net.C.each(net.f[-1], trace.z[-1], trace.output, y)))


def _warn_of_large_inputs(net: MLP, X: Array) -> None:
    """Warn of inputs such as grey levels from 0 to 255, far out where a sigmoid is flat."""
    if net.batch_norm or net.f[1].name not in ("sigmoid", "tanh", "softmax"):
        return
    some = X[: 2**20 // len(X[0])]  # all of a large table would take a tenth of an epoch's time
    largest = max(float(some.max()), -float(some.min()))
    if largest > 100:
        warnings.warn(
            f"X holds inputs as large as {largest:.3g}: there {net.f[1]} is flat, and layer 1 hardly learns. "
            "Scale them to about 1, for example X / 255 for grey levels, or (X - X.mean(0)) / X.std(0)",
            stacklevel=3,
        )


def _continue(
    params: Params, optimizer: Rule, resume: Fit, overwrite: bool
) -> tuple[Params, History, TrainState]:
    """Return where an earlier run stood, in copies: the earlier run can be continued twice."""
    if not isinstance(resume, Fit):
        raise TypeError(f"resume must be what fit returned, not {type(resume).__name__}")
    if resume.state.optimizer.kind != optimizer.kind:
        made = resume.state.optimizer.kind
        raise ValueError(f"the run was made with {made}; it cannot be continued with {optimizer.kind}")
    if not np.array_equal(params.theta, resume.params.theta):
        raise ValueError("to continue a run, pass its own parameters: fit(net, run.params, ..., resume=run)")
    history, state = copy.deepcopy((resume.history, resume.state))
    params = params if overwrite else params.copy()
    if state.latest is not None:
        _assign(params, state.latest)
        state.latest = None
    return params, history, state


def _so_far(params: Params, history: History, state: TrainState, patience: int | None) -> Fit:
    """Return a run in the middle, without copies: what `fit` would return if it stopped here."""
    if patience is None or state.best is None:
        return Fit(params, history, state)
    return Fit(state.best, history, replace(state, latest=params))


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
        if not is_finite(outputs):
            raise FloatingPointError(f"the outputs are no longer finite. {ADVICE}")
        for name, metric in metrics.items():
            lists.setdefault(name, []).append(float(metric(outputs, y)))


def _shorten(params: Params, longest: float) -> None:
    """Shorten the weights into each node to that length, where they are longer."""
    for W in params.W[1:]:
        length = np.sqrt(np.einsum("ij,ij->j", W, W))
        W *= longest / np.maximum(length, longest)


def accuracy(outputs: npt.ArrayLike, y: npt.ArrayLike, threshold: float | None = None) -> float:
    """Return the fraction of samples that are classified correctly.

    Parameters
    ----------
    outputs, y : array_like, shape (n, M_L)
        With several outputs the class is the largest one, in `outputs` as in `y`. A single output says
        "yes" above the threshold.
    threshold : float, optional
        1/2 for targets 0 and 1, and 0 for targets -1 and 1, as the hinge cost has them: if no target is
        negative, they are taken for zeros and ones, unless you say 0 here.

    Raises
    ------
    TypeError, ValueError
        If the shapes differ, or a number is not finite: NaN is no class.
    """
    a, y = as_array(outputs, "outputs"), as_array(y, "y")
    if a.shape != y.shape or a.ndim != 2:
        raise ValueError(f"outputs and y must both have shape (n, M_L), not {a.shape} and {y.shape}")
    if a.shape[1] == 1:
        threshold = (
            (0.0 if (y < 0).any() else 0.5) if threshold is None else as_number(threshold, "threshold")
        )
        return float(np.mean((a > threshold) == (y > threshold)))
    return float(np.mean(a.argmax(axis=1) == y.argmax(axis=1)))
