"""Cost functions: the value, the derivative with respect to the outputs, and the delta of the output layer.

A cost C is the mean over the n samples of a batch of a cost per sample. Its derivatives therefore carry a
factor 1/n, which enters at the output layer and is handed down with the deltas.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from fysstk_nn._validate import Array, as_array, as_count, as_dtype, as_number, as_rectangle, check_type
from fysstk_nn.activations import Activation, sigmoid, softmax, softplus
from fysstk_nn.params import Params

__all__ = [
    "COSTS",
    "Cost",
    "Penalty",
    "Weighted",
    "binary_cross_entropy",
    "cost_function",
    "cross_entropy",
    "half_squared_error",
    "hinge",
    "mean_squared_error",
    "one_hot",
]


class Cost(ABC):
    """What all cost functions have in common.

    To add one, derive from this class and write `name`, `mean` and `gradient`.
    """

    output: ClassVar[Activation | None] = None
    """The only output layer that the cost is made for, with outputs between 0 and 1; None if all will do."""

    reason: ClassVar[str] = ""
    """Why no other output will do."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The name that `cost_function` looks it up by."""

    @abstractmethod
    def mean(self, a: Array, y: Array) -> float:
        """Return the mean cost of the samples, unchecked: the form that training calls."""

    @abstractmethod
    def gradient(self, a: Array, y: Array, out: Array | None = None) -> Array:
        """Return ∂C/∂a, with the 1/n of the mean.

        Parameters
        ----------
        a, y : ndarray, shape (n, M_L)
            Outputs and targets.
        out : ndarray, shape (n, M_L), optional
            Where to write it.

        Returns
        -------
        ndarray, shape (n, M_L)
        """

    def check_output(self, f: Activation) -> None:
        """Raise a ValueError if outputs a = f(z) do not suit the cost; all of them do unless it says so."""
        if self.output is not None and not isinstance(f, type(self.output)):
            raise ValueError(f"{self} needs {self.output} outputs, not {f}: {self.reason}")

    def check_targets(self, y: Array) -> None:
        """Raise a ValueError if the targets `y` do not suit the cost; all numbers do unless it says so."""
        return

    def __call__(self, a: npt.ArrayLike, y: npt.ArrayLike) -> float:
        """Return the cost of outputs `a` for targets `y`, the mean over the samples.

        Parameters
        ----------
        a, y : array_like, shape (n, M_L) or (n,)
            One row for each sample; a vector holds n samples of one output, a number is one sample.

        Raises
        ------
        TypeError, ValueError
            If the shapes differ, a number is not finite, or the targets do not suit the cost.
        """
        a = np.atleast_1d(as_array(a, "a"))
        y = np.atleast_1d(as_array(y, "y"))
        if a.shape != y.shape:
            raise ValueError(f"the outputs have shape {a.shape}, but the targets have shape {y.shape}")
        if self.output is not None and not ((a >= 0) & (a <= 1)).all():
            raise ValueError(f"{self.name} needs outputs between 0 and 1, not {a.min():g} to {a.max():g}")
        self.check_targets(y)
        return self.mean(a, y)

    def output_cost(self, f: Activation, z: Array, a: Array, y: Array) -> float:
        """Return the cost of a = f(z): `mean`, unless it is more accurate when written through z."""
        return self.mean(a, y)

    def output_delta(self, f: Activation, z: Array, a: Array, y: Array, out: Array | None = None) -> Array:
        """Return δ^L = ∂C/∂z = f'(z) ∘ ∂C/∂a, equation (eq-four-matrix-delta-output).

        Parameters
        ----------
        f : Activation
            The output layer's activation function, one that `check_output` accepts.
        z, a, y : ndarray, shape (n, M_L)
            Inputs of f, outputs a = f(z), and targets.
        out : ndarray, shape (n, M_L), optional
            Where to write it.

        Returns
        -------
        ndarray, shape (n, M_L)
        """
        delta = self.gradient(a, y, out)
        f.pull_back(delta, a)
        return delta

    def each(self, f: Activation, z: Array, a: Array, y: Array) -> Array:
        """Return the cost of each sample, shape (n,); `output_cost` is their mean."""
        rows = [slice(i, i + 1) for i in range(len(y))]
        return np.array([self.output_cost(f, z[i], a[i], y[i]) for i in rows], a.dtype)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class HalfSquaredError(Cost):
    """1/2 Σ_j (a_j - y_j)² for each sample: the lecture's cost, with the derivative a - y."""

    name = "half_squared_error"

    def mean(self, a: Array, y: Array) -> float:
        """Return the mean cost of the samples."""
        return 0.5 * _sum_of_squares(a, y, len(a))

    def gradient(self, a: Array, y: Array, out: Array | None = None) -> Array:
        """Return ∂C/∂a = (a - y) / n."""
        out = np.subtract(a, y, out=out)
        out *= 1 / len(a)
        return out

    def each(self, f: Activation, z: Array, a: Array, y: Array) -> Array:
        """Return the cost of each sample."""
        each: Array = 0.5 * np.square(a - y).sum(axis=1)
        return each


@dataclass(frozen=True)
class MeanSquaredError(Cost):
    """1/M_L Σ_j (a_j - y_j)² for each sample: the mean over output nodes as well as over samples."""

    name = "mean_squared_error"

    def mean(self, a: Array, y: Array) -> float:
        """Return the mean cost of the samples."""
        return _sum_of_squares(a, y, a.size)

    def gradient(self, a: Array, y: Array, out: Array | None = None) -> Array:
        """Return ∂C/∂a = 2 (a - y) / (n M_L)."""
        out = np.subtract(a, y, out=out)
        out *= 2 / out.size
        return out


@dataclass(frozen=True)
class BinaryCrossEntropy(Cost):
    """-Σ_j [y_j log a_j + (1 - y_j) log(1 - a_j)]: each output is the probability of one attribute.

    The outputs are sigmoids: written through z, the cost never overflows, and the delta of the output layer
    is a - y, free of the small factor a(1 - a). Where only the probabilities are known, they are kept away
    from 0 and 1 by the smallest normal number, so that no logarithm is infinite.
    """

    name = "binary_cross_entropy"
    output = sigmoid
    reason = (
        "each output is a yes or no of its own, with a probability between 0 and 1. "
        "For one class out of several take softmax and cross_entropy"
    )

    def check_targets(self, y: Array) -> None:
        """Raise a ValueError unless all targets lie between 0 and 1."""
        if not ((y >= 0) & (y <= 1)).all():
            raise ValueError(f"{self.name} needs targets between 0 and 1, not {y.min():g} to {y.max():g}")

    def mean(self, a: Array, y: Array) -> float:
        """Return the mean cost of the samples."""
        return -float(np.sum(y * np.log(_positive(a)) + (1 - y) * np.log(_positive(1 - a)))) / len(a)

    def gradient(self, a: Array, y: Array, out: Array | None = None) -> Array:
        """Return ∂C/∂a = ((1 - y) / (1 - a) - y / a) / n."""
        out = np.divide(1 - y, _positive(1 - a), out=out)
        out -= y / _positive(a)
        out *= 1 / len(a)
        return out

    def output_cost(self, f: Activation, z: Array, a: Array, y: Array) -> float:
        """Return the cost, by -log a = softplus(-z) and -log(1 - a) = softplus(z)."""
        return float(np.sum(y * softplus(-z) + (1 - y) * softplus(z))) / len(z)

    def output_delta(self, f: Activation, z: Array, a: Array, y: Array, out: Array | None = None) -> Array:
        """Return δ^L = (a - y) / n: a(1 - a) cancels."""
        return half_squared_error.gradient(a, y, out)

    def each(self, f: Activation, z: Array, a: Array, y: Array) -> Array:
        """Return the cost of each sample."""
        each: Array = (y * softplus(-z) + (1 - y) * softplus(z)).sum(axis=1)
        return each


@dataclass(frozen=True)
class CrossEntropy(Cost):
    """-Σ_j y_j log a_j: the outputs are the probabilities of classes that exclude each other.

    The targets of a sample add up to 1: usually they are one-hot, see `one_hot`. The outputs are softmax:
    written through z, the cost never overflows, and the delta of the output layer is a - y. Where only the
    probabilities are known, they are kept away from 0 by the smallest normal number.
    """

    name = "cross_entropy"
    output = softmax
    reason = (
        "the outputs must add up to 1, or the cost would be least where all of them are 1. "
        "For a yes or no take sigmoid and binary_cross_entropy"
    )

    def check_targets(self, y: Array) -> None:
        """Raise a ValueError unless each row of targets is a set of probabilities."""
        if y.ndim != 2:
            raise ValueError(f"{self.name} needs targets of shape (n, classes), not {y.shape}")
        if not (y >= 0).all() or not np.allclose(y.sum(axis=1), 1, rtol=0, atol=1e-5):
            raise ValueError(f"{self.name} needs rows of targets that add up to 1, such as one-hot vectors")

    def mean(self, a: Array, y: Array) -> float:
        """Return the mean cost of the samples."""
        return -float(np.vdot(y, np.log(_positive(a)))) / len(a)

    def gradient(self, a: Array, y: Array, out: Array | None = None) -> Array:
        """Return ∂C/∂a = -y / (n a)."""
        out = np.divide(y, _positive(a), out=out)
        out *= -1 / len(a)
        return out

    def output_cost(self, f: Activation, z: Array, a: Array, y: Array) -> float:
        """Return the cost, by -log a_j = log(Σ_k exp(z_k)) - z_j."""
        if a.min() > 1e-37:  # then log a is as accurate, and faster
            return -float(np.vdot(y, np.log(a))) / len(a)
        z = z - z.max(axis=1, keepdims=True)  # as in softmax: only differences count
        return (float(np.log(np.exp(z).sum(axis=1)).sum()) - float(np.vdot(y, z))) / len(z)

    def output_delta(self, f: Activation, z: Array, a: Array, y: Array, out: Array | None = None) -> Array:
        """Return δ^L = (a - y) / n: the Jacobian matrix cancels."""
        return half_squared_error.gradient(a, y, out)

    def each(self, f: Activation, z: Array, a: Array, y: Array) -> Array:
        """Return the cost of each sample."""
        z = z - z.max(axis=1, keepdims=True)
        each: Array = np.log(np.exp(z).sum(axis=1)) - (y * z).sum(axis=1)
        return each


@dataclass(frozen=True)
class Hinge(Cost):
    """Σ_j max(0, 1 - y_j a_j), for targets -1 and 1: no cost for an output beyond 1 on the right side."""

    name = "hinge"

    def check_targets(self, y: Array) -> None:
        """Raise a ValueError unless all targets are -1 or 1."""
        if not (np.abs(y) == 1).all():
            raise ValueError(f"{self.name} needs targets that are -1 or 1")

    def mean(self, a: Array, y: Array) -> float:
        """Return the mean cost of the samples."""
        return float(np.maximum(0, 1 - y * a).sum(dtype=np.float64)) / len(a)

    def gradient(self, a: Array, y: Array, out: Array | None = None) -> Array:
        """Return ∂C/∂a = -y/n where y a < 1, else 0."""
        out = np.multiply(y, y * a < 1, out=out)
        out *= -1 / len(a)
        return out


@dataclass(frozen=True)
class Weighted(Cost):
    """A cost in which some samples count more than others: Σ_i w_i C_i / n.

    The weights are the last column of the targets, and so they stay with their samples however these are
    shuffled. Their mean over all samples is 1.

    Parameters
    ----------
    cost : Cost
        The cost of a sample.
    """

    cost: Cost

    def __post_init__(self) -> None:
        check_type(self.cost, Cost, "cost", "a Cost")

    @property
    def name(self) -> str:
        """The name."""
        return f"weighted {self.cost}"

    def check_output(self, f: Activation) -> None:
        """Raise a ValueError if outputs a = f(z) do not suit the cost."""
        self.cost.check_output(f)

    def mean(self, a: Array, y: Array) -> float:
        """Return the mean cost of the samples."""
        each = [self.cost.mean(a[i : i + 1], y[i : i + 1, :-1]) for i in range(len(a))]
        return float(y[:, -1] @ np.array(each)) / len(a)

    def gradient(self, a: Array, y: Array, out: Array | None = None) -> Array:
        """Return ∂C/∂a: that of the cost, times the weights."""
        out = self.cost.gradient(a, y[:, :-1], out)
        out *= y[:, -1:]
        return out

    def output_cost(self, f: Activation, z: Array, a: Array, y: Array) -> float:
        """Return the mean cost of the samples."""
        return float(self.cost.each(f, z, a, y[:, :-1]) @ y[:, -1]) / len(y)

    def output_delta(self, f: Activation, z: Array, a: Array, y: Array, out: Array | None = None) -> Array:
        """Return δ^L: that of the cost, times the weights."""
        out = self.cost.output_delta(f, z, a, y[:, :-1], out)
        out *= y[:, -1:]
        return out

    def each(self, f: Activation, z: Array, a: Array, y: Array) -> Array:
        """Return the cost of each sample, times its weight."""
        return self.cost.each(f, z, a, y[:, :-1]) * y[:, -1]


half_squared_error = HalfSquaredError()
mean_squared_error = MeanSquaredError()
binary_cross_entropy = BinaryCrossEntropy()
cross_entropy = CrossEntropy()
hinge = Hinge()

COSTS: dict[str, Cost] = {
    cost.name: cost
    for cost in (half_squared_error, mean_squared_error, binary_cross_entropy, cross_entropy, hinge)
}
"""All cost functions by name."""


def cost_function(name: str | Cost) -> Cost:
    """Return the cost function of that name; a cost function is returned as it is.

    Raises
    ------
    ValueError
        If there is no cost function of that name.
    TypeError
        If `name` is neither a string nor a cost function.
    """
    if isinstance(name, Cost):
        return name
    if not isinstance(name, str):
        raise TypeError(f"a cost is given by its name or as an object, not as {type(name).__name__}")
    if name not in COSTS:
        raise ValueError(f"there is no cost {name!r}; choose from {', '.join(COSTS)}")
    return COSTS[name]


@dataclass(frozen=True)
class Penalty:
    """l1 Σ |w| + l2/2 Σ w², over all weights and no biases: what keeps weights small.

    It is added to the cost of a batch, whose size it does not depend on. scikit-learn divides its penalty
    by the number of samples of the batch: its ``alpha`` is our l2 times n.

    Parameters
    ----------
    l1, l2 : float
        The strengths, at least 0.
    """

    l1: float = 0.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "l1", as_number(self.l1, "l1", minimum=0))
        object.__setattr__(self, "l2", as_number(self.l2, "l2", minimum=0))

    def __bool__(self) -> bool:
        """Return whether there is any penalty at all."""
        return self.l1 > 0 or self.l2 > 0

    def __call__(self, params: Params) -> float:
        """Return the penalty on these parameters."""
        w = params.weights
        total = 0.5 * self.l2 * float(w @ w) if self.l2 else 0.0
        return total + self.l1 * float(np.linalg.norm(w, 1)) if self.l1 else total

    def add_gradient(self, params: Params, gradient: Params) -> None:
        """Add l1 sign(w) + l2 w to the gradient with respect to the weights, in place; sign(0) is 0."""
        size, chunk = params.weights.size, 32768
        for i in range(0, size, chunk):  # a piece at a time stays in the cache and needs no large array
            w, dw = params.weights[i : i + chunk], gradient.weights[i : i + chunk]
            if self.l2:
                dw += self.l2 * w
            if self.l1:
                dw += self.l1 * np.sign(w)


def one_hot(labels: npt.ArrayLike, classes: int | None = None, dtype: npt.DTypeLike = np.float64) -> Array:
    """Return targets for `cross_entropy`: row i is 1 in column ``labels[i]`` and 0 elsewhere.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        Classes, numbered from 0.
    classes : int, optional
        How many classes there are; by default the largest label plus one.
    dtype : numpy dtype
        The type of the result.

    Returns
    -------
    ndarray, shape (n, classes)

    Raises
    ------
    TypeError, ValueError
        If the labels are no integers, form no vector, or lie outside 0, ..., classes - 1.
    """
    found = as_rectangle(labels, "labels")
    if found.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, not {found.dtype}")
    if found.ndim != 1 or found.size == 0:
        raise ValueError(f"labels must have shape (n,) with n >= 1, not {found.shape}")
    classes = as_count(int(found.max()) + 1 if classes is None else classes, "classes")
    if found.min() < 0 or found.max() >= classes:
        raise ValueError(f"labels must lie between 0 and {classes - 1}, not {found.min()} and {found.max()}")
    targets = np.zeros((found.size, classes), as_dtype(dtype))
    targets[np.arange(found.size), found] = 1
    return targets


def _sum_of_squares(a: Array, y: Array, n: int) -> float:
    """Return Σ (a - y)² / n; where the squares are too large for the type, in float64 and scaled first."""
    error = a - y
    total = float(np.vdot(error, error))
    if not math.isfinite(total):
        error = a.astype(np.float64) - y
        largest = float(np.abs(error).max())
        if 0 < largest < math.inf:
            error /= largest
            return float(np.vdot(error, error)) / n * largest * largest
    return total / n


def _positive(a: Array) -> Array:
    """Return `a` with zeros replaced by the smallest normal number, so that log(a) and 1/a are finite."""
    kept: Array = np.maximum(a, np.finfo(a.dtype).tiny)
    return kept
