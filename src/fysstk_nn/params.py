"""The parameters of a network: one flat vector theta, and every weight matrix and bias as a view of it.

The network sees layers, ``params.W[l]`` and ``params.b[l]``; an optimizer sees the 1-D array
``params.theta``. They are the same memory, so what one writes the other reads.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from fysstk_nn._validate import (
    Array,
    Seed,
    as_array,
    as_count,
    as_dtype,
    as_generator,
    as_number,
    check_flags,
    check_type,
)

__all__ = [
    "INITIALISERS",
    "Constant",
    "Initialiser",
    "Normal",
    "Params",
    "Sparse",
    "constant",
    "glorot",
    "he",
    "init_params",
    "initialiser",
    "lecun",
    "normal",
    "sparse",
    "zeros",
]


# What layer 0 has for weights: None. No code may ask for them, so the type need not say so.
_NONE = cast(Array, None)


class Layers(list[Array]):
    """The arrays of all layers: assigning to one writes into its memory, which is a part of theta."""

    def __setitem__(self, l: Any, value: Any) -> None:
        self[l][...] = value


@dataclass(eq=False)
class Params:
    """All parameters of a network with layers of M_0, M_1, ..., M_L nodes.

    A gradient with respect to the parameters is a `Params` as well: ``gradient.W[2]`` holds the
    derivatives with respect to ``params.W[2]``. The numbers may be changed in place, through theta or
    through a layer, as in ``params.W[2] -= eta * gradient.W[2]``; the arrays cannot be exchanged.

    Parameters
    ----------
    theta : ndarray, shape (number of parameters,)
        Contiguous, float32 or float64; it is used as it is, not copied. First all weight matrices, then
        all biases, then all gammas.
    sizes : sequence of int
        M_0, ..., M_L, with L >= 1.
    batch_norm : bool
        Whether the hidden layers have a scale gamma, and running statistics, for batch normalisation.
    statistics : ndarray, optional
        The running means and variances, flat; zeros and ones unless given. They are no parameters, for no
        gradient changes them, but a prediction needs them.

    Attributes
    ----------
    L : int
        The number of the output layer; layers 1 to L - 1 are hidden.
    W : list
        ``W[l]`` is the weight matrix of layer l, shape (M_{l-1}, M_l), for l = 1, ..., L. ``W[0]`` is None:
        the input layer has no weights, and l stays the layer's printed number.
    b : list
        ``b[l]`` is the bias of layer l, shape (M_l,). ``b[0]`` is None.
    gamma : list
        ``gamma[l]``, shape (M_l,), is the scale of a batch-normalised layer; None for all others.
    mean, var : list
        ``mean[l]`` and ``var[l]``, shape (M_l,), are its running statistics; None for all other layers.
    weights : ndarray
        The part of theta that holds all weight matrices: what a weight penalty acts on.

    Raises
    ------
    TypeError, ValueError
        If the sizes are no positive integers, or `theta` or `statistics` does not fit them.
    """

    theta: Array
    sizes: tuple[int, ...]
    batch_norm: bool = False
    statistics: Array = _NONE
    L: int = field(init=False, repr=False)
    W: Layers = field(init=False, repr=False)
    b: Layers = field(init=False, repr=False)
    gamma: Layers = field(init=False, repr=False)
    mean: Layers = field(init=False, repr=False)
    var: Layers = field(init=False, repr=False)
    weights: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        sizes = check_sizes(self.sizes)
        check_flags(batch_norm=self.batch_norm)
        theta = self.theta
        if not isinstance(theta, np.ndarray) or theta.ndim != 1 or not theta.flags.c_contiguous:
            raise TypeError("theta must be a contiguous 1-D NumPy array, because the layers are views of it")
        as_dtype(theta.dtype)
        hidden = sizes[1:-1] if self.batch_norm else ()
        weights = sum(m * n for m, n in pairwise(sizes))
        expected = weights + sum(sizes[1:]) + sum(hidden)
        if theta.size != expected:
            raise ValueError(f"theta has {theta.size} numbers, but the network {sizes} needs {expected}")
        statistics = self.statistics
        if statistics is _NONE:
            statistics = np.concatenate([np.zeros(sum(hidden)), np.ones(sum(hidden))]).astype(theta.dtype)
        check_type(statistics, np.ndarray, "statistics", "a NumPy array")
        if statistics.dtype != theta.dtype:
            raise TypeError(f"statistics must be {theta.dtype} like theta, not {statistics.dtype}")
        if statistics.shape != (2 * sum(hidden),):
            raise ValueError(f"statistics must have shape ({2 * sum(hidden)},), not {statistics.shape}")

        W, rest = _views(theta, list(pairwise(sizes)))
        b, rest = _views(rest, [(n,) for n in sizes[1:]])
        gamma, _ = _views(rest, [(n,) for n in hidden])
        mean, rest = _views(statistics, [(n,) for n in hidden])
        var, _ = _views(rest, [(n,) for n in hidden])
        unnormalised = [_NONE] * (len(sizes) - len(hidden) - 1)  # the output layer, or all layers
        for name, value in {
            "sizes": sizes,
            "L": len(sizes) - 1,
            "statistics": statistics,
            "W": Layers([_NONE, *W]),
            "b": Layers([_NONE, *b]),
            "gamma": Layers([_NONE, *gamma, *unnormalised]),
            "mean": Layers([_NONE, *mean, *unnormalised]),
            "var": Layers([_NONE, *var, *unnormalised]),
            "weights": theta[:weights],
        }.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        """Let ``theta -= ...`` pass, which changes the numbers and hands back the same array."""
        if vars(self).get(name, value) is not value:
            raise AttributeError(f"{name} cannot be exchanged; write params.{name}[:] = ... for new numbers")
        object.__setattr__(self, name, value)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The floating-point type of all parameters."""
        return self.theta.dtype

    @classmethod
    def from_layers(cls, layers: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]]) -> Params:
        """Return parameters that hold a copy of the given weights and biases.

        Parameters
        ----------
        layers : sequence of (W, b)
            From layer 1 to layer L: W of shape (M_{l-1}, M_l), b of shape (M_l,).

        Raises
        ------
        TypeError, ValueError
            If an array is no matrix or vector of finite numbers, or does not fit the layer before it.
        """
        pairs = isinstance(layers, list | tuple) and all(
            isinstance(layer, list | tuple) and len(layer) == 2 for layer in layers
        )
        if not pairs:
            raise TypeError("layers must be a list of pairs (W, b), one for each layer")
        if len(layers) == 0:
            raise ValueError("a network needs at least one layer (W, b)")
        W = [as_array(W, f"W[{l}]", ndim=2) for l, (W, _) in enumerate(layers, 1)]
        b = [as_array(b, f"b[{l}]", shape=(W[l - 1].shape[1],)) for l, (_, b) in enumerate(layers, 1)]
        for l, (before, after) in enumerate(pairwise(W), 2):
            if before.shape[1] != after.shape[0]:
                raise ValueError(
                    f"W[{l}] has {len(after)} rows, but layer {l - 1} has {before.shape[1]} nodes"
                )
        theta = np.concatenate([part.ravel() for part in (*W, *b)])
        return cls(theta, (W[0].shape[0], *(part.shape[1] for part in W)))

    def check_numbers(self) -> None:
        """Raise a ValueError unless all numbers are finite, and no running variance is negative."""
        as_array(self.theta, "params.theta")
        for l, var in enumerate(self.var):
            if var is not None:
                as_array(self.mean[l], f"params.mean[{l}]")
                if as_array(var, f"params.var[{l}]").min() < 0:
                    raise ValueError(f"params.var[{l}] must not be negative, but it holds {var.min():g}")

    def copy(self) -> Params:
        """Return parameters with the same numbers in memory of their own."""
        return Params(self.theta.copy(), self.sizes, self.batch_norm, self.statistics.copy())

    def zeros_like(self) -> Params:
        """Return parameters for the same layers, all of them 0: where a gradient is written."""
        return Params(np.zeros_like(self.theta), self.sizes, self.batch_norm)

    def astype(self, dtype: npt.DTypeLike) -> Params:
        """Return a copy in float32 or float64."""
        dtype = as_dtype(dtype)
        return Params(self.theta.astype(dtype), self.sizes, self.batch_norm, self.statistics.astype(dtype))

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle theta alone and build the views again, or they would no longer be views."""
        return Params, (self.theta, self.sizes, self.batch_norm, self.statistics)


def check_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the layers' sizes (M_0, ..., M_L) as a tuple of positive integers.

    Raises
    ------
    TypeError, ValueError
        If a size is not a positive integer, or there are fewer than two layers.
    """
    try:
        checked = tuple(as_count(size, f"sizes[{l}]") for l, size in enumerate(sizes))
    except TypeError as error:
        raise TypeError(f"sizes must be a sequence of integers such as (2, 3, 1): {error}") from None
    if len(checked) < 2:
        raise ValueError(f"a network needs an input and an output layer, but sizes is {checked}")
    return checked


def _views(theta: Array, shapes: Sequence[tuple[int, ...]]) -> tuple[list[Array], Array]:
    """Cut the front of a vector into arrays of the given shapes; return them, and what is left."""
    views = []
    for shape in shapes:
        size = math.prod(shape)
        views.append(theta[:size].reshape(shape))
        theta = theta[size:]
    return views, theta


class Initialiser(ABC):
    """A rule by which the weights of a layer are drawn before training."""

    @abstractmethod
    def __call__(self, rng: np.random.Generator, n_in: int, n_out: int) -> Array:
        """Return a weight matrix of shape (n_in, n_out), in float64."""


@dataclass(frozen=True)
class Constant(Initialiser):
    """All weights are `c`.

    All nodes of a layer then start alike, receive the same gradient and stay alike for ever: the symmetry
    that random weights are there to break.
    """

    c: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "c", as_number(self.c, "c"))

    def __call__(self, rng: np.random.Generator, n_in: int, n_out: int) -> Array:
        """Return the weights; no random number is drawn."""
        return np.full((n_in, n_out), self.c)


@dataclass(frozen=True)
class Normal(Initialiser):
    """Normally distributed weights with mean 0 and standard deviation `s`, whatever the layer's size."""

    s: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "s", as_number(self.s, "s", minimum=0))

    def __call__(self, rng: np.random.Generator, n_in: int, n_out: int) -> Array:
        """Return the weights."""
        return rng.normal(0.0, self.s, (n_in, n_out))


@dataclass(frozen=True)
class LeCun(Initialiser):
    """Variance 1/n_in: z then has the variance of the inputs (LeCun et al. 1998)."""

    def __call__(self, rng: np.random.Generator, n_in: int, n_out: int) -> Array:
        """Return the weights."""
        return rng.normal(0.0, math.sqrt(1 / n_in), (n_in, n_out))


@dataclass(frozen=True)
class Glorot(Initialiser):
    """Variance 2/(n_in + n_out), a compromise between the forward and the backward pass.

    Glorot and Bengio (2010) derive the variance; we draw from the normal distribution that has it.
    """

    def __call__(self, rng: np.random.Generator, n_in: int, n_out: int) -> Array:
        """Return the weights."""
        return rng.normal(0.0, math.sqrt(2 / (n_in + n_out)), (n_in, n_out))


@dataclass(frozen=True)
class He(Initialiser):
    """Variance 2/n_in, for ReLU, which sets half of the nodes to 0 (He et al. 2015)."""

    def __call__(self, rng: np.random.Generator, n_in: int, n_out: int) -> Array:
        """Return the weights."""
        return rng.normal(0.0, math.sqrt(2 / n_in), (n_in, n_out))


@dataclass(frozen=True)
class Sparse(Initialiser):
    """Each node starts with `k` connections, drawn from N(0, 1/k), to randomly chosen nodes below it.

    All other weights start at 0. A layer with fewer than `k` inputs is fully connected.
    """

    k: int = 15

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", as_count(self.k, "k"))

    def __call__(self, rng: np.random.Generator, n_in: int, n_out: int) -> Array:
        """Return the weights."""
        k = min(self.k, n_in)
        connected = rng.permuted(np.tile(np.arange(n_in) < k, (n_out, 1)), axis=1).T
        return np.where(connected, rng.normal(0.0, math.sqrt(1 / k), (n_in, n_out)), 0.0)


zeros = Constant(0.0)
lecun = LeCun()
glorot = Glorot()
he = He()
constant = Constant
normal = Normal
sparse = Sparse

INITIALISERS: dict[str, Initialiser] = {
    "zeros": zeros,
    "normal": Normal(),
    "lecun": lecun,
    "glorot": glorot,
    "he": he,
    "sparse": Sparse(),
}
"""The initialisers that need no argument, by name; `normal` has s = 1 and `sparse` k = 15."""

_WITH_ARGUMENT: dict[str, Callable[[str], Initialiser]] = {
    "constant": lambda c: Constant(float(c)),
    "normal": lambda s: Normal(float(s)),
    "sparse": lambda k: Sparse(int(k)),
}


def initialiser(scheme: str | Initialiser) -> Initialiser:
    """Return the initialiser of that name; an initialiser is returned as it is.

    Parameters
    ----------
    scheme : str or Initialiser
        A key of `INITIALISERS`; or a name with its argument: ``"constant(0.5)"``, ``"normal(0.1)"``,
        ``"sparse(3)"``.

    Raises
    ------
    ValueError
        If there is no initialiser of that name.
    TypeError
        If `scheme` is neither a string nor an initialiser.
    """
    if isinstance(scheme, Initialiser):
        return scheme
    if not isinstance(scheme, str):
        raise TypeError(f"an initialiser is given by name or as an object, not as {type(scheme).__name__}")
    if scheme in INITIALISERS:
        return INITIALISERS[scheme]
    match = re.fullmatch(r"(constant|normal|sparse)\((-?\d[\d.e+-]*)\)", scheme)
    if match is None:
        names = ", ".join([*INITIALISERS, "constant(c)", "normal(s)", "sparse(k)"])
        raise ValueError(f"there is no initialiser {scheme!r}; choose from {names}")
    return _WITH_ARGUMENT[match[1]](match[2])


def init_params(
    sizes: Sequence[int],
    scheme: str | Initialiser = "glorot",
    *,
    rng: Seed = 0,
    dtype: npt.DTypeLike = np.float64,
    bias: float = 0.0,
    batch_norm: bool = False,
) -> Params:
    """Return parameters to start training from: random weights, all biases equal, all gammas 1.

    Parameters
    ----------
    sizes : sequence of int
        M_0, ..., M_L: nodes in each layer, the input layer first.
    scheme : str or Initialiser
        How weights are drawn; see `initialiser`.
    rng : numpy.random.Generator or int
        Where random numbers come from; a generator advances, a seed gives the same weights each time.
    dtype : numpy dtype
        float32 or float64. The weights are drawn in float64, so that one seed gives the same network,
        rounded, in float32.
    bias : float
        The value of all biases.
    batch_norm : bool
        Whether hidden layers have gammas and running statistics.

    Returns
    -------
    Params

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type, a size is not positive, or the scheme is unknown.
    """
    check_flags(batch_norm=batch_norm)
    sizes = check_sizes(sizes)
    draw = initialiser(scheme)
    rng = as_generator(rng)
    hidden = sum(sizes[1:-1]) if batch_norm else 0
    weights = [draw(rng, n_in, n_out).ravel() for n_in, n_out in pairwise(sizes)]
    biases = np.full(sum(sizes[1:]), as_number(bias, "bias"))
    theta = np.concatenate([*weights, biases, np.ones(hidden)])
    return Params(theta.astype(as_dtype(dtype), copy=False), sizes, batch_norm)
