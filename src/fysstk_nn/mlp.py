"""The multilayer perceptron: a forward pass, and backpropagation as four equations in one loop.

A network is a frozen description. Its parameters are a `Params`, what a forward pass computes is a `Trace`,
and gradients are a `Params` again. All of them belong to the caller: nothing is stored on the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from fysstk_nn._validate import Array, Seed, as_generator, as_matrix, as_number, as_targets
from fysstk_nn.activations import Activation, activation
from fysstk_nn.costs import Cost, Penalty, cost_function
from fysstk_nn.params import Initialiser, Params, check_sizes, init_params

__all__ = ["MLP", "Trace"]

EPSILON = 1e-5
"""Added to the variance in batch normalisation, so that no constant column is divided by 0."""

MOMENTUM = 0.1
"""How much of a batch's mean and variance enters the running statistics."""

BLOCK = 256
"""How many rows a prediction takes at a time: memory then does not grow with the data."""

NO_PENALTY = Penalty()


@dataclass(frozen=True, eq=False)
class Trace:
    """What a forward pass computed, layer by layer; index l is the layer's printed number.

    Attributes
    ----------
    z : list of ndarray
        ``z[l]``, shape (n, M_l), is what the activation function of layer l was given. ``z[0]`` is None.
    h : list of ndarray
        ``h[l]`` = f(z[l]), shape (n, M_l); ``h[0]`` is None.
    a : list of ndarray
        ``a[l]``, shape (n, M_l), is what layer l hands on: h[l], unless dropout set some nodes to 0.
        ``a[0]`` holds the inputs.
    mask : list of ndarray or None
        ``a[l] = mask[l] * h[l]`` where layer l has dropout, with 0 for a dropped node and 1/(1 - p) for the
        others.
    zhat, mean, var : list of ndarray or None
        Where layer l is batch-normalised: a[l-1] W[l] with mean 0 and variance 1, and the mean and
        variance that it had before.
    ones : ndarray, shape (n,)
        A one for each sample: the product with it is the sum over the rows of a matrix, and takes a third
        of the time of ``sum(axis=0)``.
    training : bool
        Whether nodes were dropped, and normalised by the batch instead of the running statistics.
    """

    z: list[Any]
    h: list[Any]
    a: list[Any]
    mask: list[Any]
    zhat: list[Any]
    mean: list[Any]
    var: list[Any]
    ones: Array
    training: bool

    @property
    def output(self) -> Array:
        """The outputs a[L] of the network, shape (n, M_L)."""
        output: Array = self.a[-1]
        return output

    def head(self, n: int) -> Trace:
        """Return a trace for `n` rows that uses the first rows of this one's memory."""
        parts = (self.z, self.h, self.a, self.mask, self.zhat)
        z, h, a, mask, zhat = ([array if array is None else array[:n] for array in part] for part in parts)
        return Trace(z, h, a, mask, zhat, self.mean.copy(), self.var.copy(), self.ones[:n], self.training)


@dataclass(frozen=True)
class MLP:
    """A fully connected feed-forward network with layers l = 0, 1, ..., L of M_l nodes.

    Parameters
    ----------
    sizes : sequence of int
        M_0, ..., M_L: the number of inputs, of nodes in each hidden layer, and of outputs.
    hidden : str, Activation, or a sequence of L - 1 of them
        The activation function of the hidden layers, the same for all or one for each.
    output : str or Activation
        The activation function of the output layer.
    cost : str or Cost
        The cost function that training minimises.
    dropout : float or sequence of L floats
        The probability p that a node is dropped in training. A number is meant for all hidden layers; a
        sequence gives p for layers 0 (the inputs) to L - 1. The nodes that stay are scaled by 1/(1 - p)
        (inverted dropout), so that predictions need no scaling (Srivastava et al. 2014).
    batch_norm : bool
        Whether each hidden layer normalises z = a W over the batch before it scales it by gamma and adds b
        (Ioffe and Szegedy 2015). The bias b takes the place of their beta.

    Attributes
    ----------
    L : int
        The number of the output layer.
    f : tuple of Activation
        ``f[l]`` is the activation function of layer l; ``f[0]`` is None.
    C : Cost
        The cost function.
    p : tuple of float
        ``p[l]`` is the dropout probability of layer l.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or the cost does not suit the outputs.

    Examples
    --------
    >>> net = MLP((2, 3, 1), hidden="tanh", output="sigmoid", cost="binary_cross_entropy")
    >>> params = net.init(rng=1)
    >>> trace = net.forward(params, [[0.0, 1.0], [1.0, 1.0]])
    >>> trace.output.shape
    (2, 1)
    >>> gradient = net.backprop(params, trace, [1.0, 0.0])
    >>> gradient.W[1].shape
    (2, 3)
    """

    sizes: Sequence[int]
    hidden: str | Activation | Sequence[str | Activation] = "sigmoid"
    output: str | Activation = "identity"
    cost: str | Cost = "half_squared_error"
    dropout: float | Sequence[float] = 0.0
    batch_norm: bool = False
    L: int = field(init=False, repr=False, compare=False)
    f: tuple[Activation, ...] = field(init=False, repr=False, compare=False)
    C: Cost = field(init=False, repr=False, compare=False)
    p: tuple[float, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        sizes = check_sizes(self.sizes)
        L = len(sizes) - 1
        hidden = _hidden_activations(self.hidden, L)
        output = activation(self.output)
        C = cost_function(self.cost)
        p = _dropout_probabilities(self.dropout, L)
        C.check_output(output)
        if not isinstance(self.batch_norm, bool):
            raise TypeError(f"batch_norm must be True or False, not {type(self.batch_norm).__name__}")
        for name, value in {
            "sizes": sizes,
            "hidden": hidden,
            "output": output,
            "cost": C,
            "dropout": p,
            "L": L,
            "f": (None, *hidden, output),
            "C": C,
            "p": p,
        }.items():
            object.__setattr__(self, name, value)

    def init(
        self,
        scheme: str | Initialiser = "glorot",
        *,
        rng: Seed = 0,
        dtype: npt.DTypeLike = np.float64,
        bias: float = 0.0,
    ) -> Params:
        """Return parameters for this network to start training from: see `params.init_params`."""
        return init_params(self.sizes, scheme, rng=rng, dtype=dtype, bias=bias, batch_norm=self.batch_norm)

    # The two passes. They check nothing and allocate nothing of a batch's size without batch norm: they write
    # into a trace, a gradient and deltas that the caller owns and may use again for the next batch.

    def forward_into(self, params: Params, trace: Trace, rng: np.random.Generator | None = None) -> None:
        """Propagate the inputs ``trace.a[0]`` forward: z^l = a^{l-1} W^l + b^l and a^l = f^l(z^l)."""
        W, b, f = params.W, params.b, self.f
        z, h, a, mask = trace.z, trace.h, trace.a, trace.mask
        if mask[0] is not None:  # dropout
            a[0] = a[0] * self._drop(trace, 0, rng)
        for l in range(1, self.L + 1):
            a[l - 1].dot(W[l], out=z[l])
            if trace.zhat[l] is not None:  # batch norm
                self._normalise(params, trace, l)
            z[l] += b[l]
            f[l].into(z[l], out=h[l])
            if mask[l] is not None:  # dropout
                np.multiply(h[l], self._drop(trace, l, rng), out=a[l])

    def backprop_into(
        self, params: Params, trace: Trace, y: Array, gradient: Params, delta: list[Array]
    ) -> None:
        """Propagate the error backward: the four equations, from the output layer down.

        ``delta[l]`` is δ^l = ∂C/∂z^l, shape (n, M_l), and `gradient` holds ∂C/∂W^l and ∂C/∂b^l.
        """
        W, dW, db, f = params.W, gradient.W, gradient.b, self.f
        h, a, ones, L = trace.h, trace.a, trace.ones, self.L
        self.C.output_delta(f[L], trace.z[L], a[L], y, out=delta[L])  # (eq-four-matrix-delta-output)
        for l in range(L, 0, -1):
            d = delta[l]
            ones.dot(d, out=db[l])  # (eq-four-matrix-db)
            if trace.zhat[l] is not None:  # batch norm
                d = self._normalise_back(params, trace, gradient, d, l)
            a[l - 1].T.dot(d, out=dW[l])  # (eq-four-matrix-dw)
            if l > 1:
                d.dot(W[l].T, out=delta[l - 1])  # (eq-four-matrix-delta-hidden)
                if trace.mask[l - 1] is not None:  # dropout
                    delta[l - 1] *= trace.mask[l - 1]
                f[l - 1].pull_back(delta[l - 1], h[l - 1])

    def _drop(self, trace: Trace, l: int, rng: np.random.Generator | None) -> Array:
        """Draw which nodes of layer l are dropped; return its mask (Srivastava et al. 2014)."""
        mask: Array = trace.mask[l]
        as_generator(rng).random(out=mask, dtype=mask.dtype)
        np.greater_equal(mask, self.p[l], out=mask)
        mask *= 1 / (1 - self.p[l])
        return mask

    def _normalise(self, params: Params, trace: Trace, l: int) -> None:
        """Replace z = a W by γ ẑ, where ẑ has mean 0 and variance 1 over the batch."""
        z, zhat = trace.z[l], trace.zhat[l]
        if trace.training:
            mean, var = z.mean(axis=0), z.var(axis=0)
        else:
            mean, var = params.mean[l].copy(), params.var[l].copy()
        trace.mean[l], trace.var[l] = mean, var
        np.subtract(z, mean, out=zhat)
        zhat /= np.sqrt(var + EPSILON)
        np.multiply(params.gamma[l], zhat, out=z)

    def _normalise_back(self, params: Params, trace: Trace, gradient: Params, delta: Array, l: int) -> Array:
        """Return ∂C/∂(a W) from δ = ∂C/∂z, and write ∂C/∂γ.

        It is γ/s (δ - ∂C/∂b / n - ẑ ∂C/∂γ / n) with s = √(var + EPSILON): the last two terms are there
        because each row has a part in the mean and the variance of the batch (Ioffe and Szegedy 2015).
        """
        zhat, n = trace.zhat[l], len(delta)
        db, dgamma = gradient.b[l], gradient.gamma[l]
        np.einsum("ij,ij->j", delta, zhat, out=dgamma)
        d = delta - (db + zhat * dgamma) / n if trace.training else delta
        result: Array = params.gamma[l] / np.sqrt(trace.var[l] + EPSILON) * d
        return result

    def update_statistics(self, params: Params, trace: Trace) -> None:
        """Let the running statistics of `params` follow the batch that `trace` normalised, in place.

        The variance is scaled by n/(n - 1), which makes it an unbiased estimate of the data's.
        """
        n = len(trace.output)
        for l in range(1, self.L):
            params.mean[l][:] += MOMENTUM * (trace.mean[l] - params.mean[l])
            params.var[l][:] += MOMENTUM * (n / (n - 1) * trace.var[l] - params.var[l])

    def empty_trace(
        self, n: int, dtype: npt.DTypeLike, *, training: bool = False, keep_z: bool = False
    ) -> Trace:
        """Return a trace with room for `n` rows, which ``forward_into`` can fill again and again.

        ``trace.a[0]`` is for the caller to set. Unless `keep_z`, the z of the hidden layers share their
        memory with h: backpropagation needs only one of them.
        """
        M, L = self.sizes, self.L

        def layers(wanted: Iterable[int]) -> list[Any]:
            arrays: list[Any] = [None] * (L + 1)
            for l in wanted:
                arrays[l] = np.empty((n, M[l]), dtype)
            return arrays

        h = layers(range(1, L + 1))
        z = layers(range(1, L + 1)) if keep_z else [*h[:L], *layers([L])[L:]]
        mask = layers(l for l in range(L) if training and self.p[l] > 0)
        zhat = layers(range(1, L) if self.batch_norm else ())
        a = [h[l] if mask[l] is None else np.empty_like(mask[l]) for l in range(L + 1)]
        return Trace(z, h, a, mask, zhat, layers(()), layers(()), np.ones(n, dtype), training)

    def empty_deltas(self, n: int, dtype: npt.DTypeLike) -> list[Any]:
        """Return [None, δ^1, ..., δ^L] with room for `n` rows, for ``backprop_into`` to fill."""
        return [None, *(np.empty((n, M_l), dtype) for M_l in self.sizes[1:])]

    # The same for callers who want their arguments checked and their results new.

    def forward(
        self, params: Params, X: npt.ArrayLike, *, training: bool = False, rng: Seed | None = None
    ) -> Trace:
        """Propagate `X` through the network, and return all that was computed on the way.

        Parameters
        ----------
        params : Params
            Of a network of the same sizes.
        X : array_like, shape (n, M_0)
            One sample in each row.
        training : bool
            Whether nodes drop out, and batch normalisation uses the batch's own mean and variance.
        rng : numpy.random.Generator or int, optional
            What draws the nodes that drop out; needed only there.

        Returns
        -------
        Trace

        Raises
        ------
        TypeError, ValueError
            If `params` or `X` does not fit the network, or `X` is not finite.
        """
        self.check_params(params)
        X = as_matrix(X, features=self.sizes[0], dtype=params.dtype)
        generator = self._check_training(len(X), rng) if training else None
        trace = self.empty_trace(len(X), params.dtype, training=training, keep_z=True)
        trace.a[0] = X
        with np.errstate(over="ignore"):
            self.forward_into(params, trace, generator)
        return trace

    def backprop(
        self, params: Params, trace: Trace, y: npt.ArrayLike, *, out: Params | None = None
    ) -> Params:
        """Return the gradient of the cost with respect to all parameters.

        Parameters
        ----------
        params : Params
            The parameters that `trace` was computed with.
        trace : Trace
            From `forward`; it is not changed.
        y : array_like, shape (n, M_L), or (n,) for one output
            The targets.
        out : Params, optional
            Where to write the gradient; new memory otherwise.

        Returns
        -------
        Params
            ∂C/∂W^l in ``W[l]``, ∂C/∂b^l in ``b[l]``, and all of them flat in ``theta``.

        Raises
        ------
        TypeError, ValueError
            If `params`, `y` or `out` does not fit the network or the trace.
        """
        gradient = params.zeros_like() if out is None else out
        self._backprop(params, trace, y, gradient)
        return gradient

    def deltas(self, params: Params, trace: Trace, y: npt.ArrayLike) -> list[Any]:
        """Return [None, δ^1, ..., δ^L], with δ^l = ∂C/∂z^l of shape (n, M_l).

        Arguments and errors are those of `backprop`.
        """
        return self._backprop(params, trace, y, params.zeros_like())

    def gradient(
        self,
        params: Params,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        *,
        training: bool = False,
        rng: Seed | None = None,
        penalty: Penalty = NO_PENALTY,
    ) -> Params:
        """Return the gradient of `cost_of`, for the same arguments: `forward`, then `backprop`."""
        trace = self.forward(params, X, training=training, rng=rng)
        gradient = self.backprop(params, trace, y)
        penalty.add_gradient(params, gradient)
        return gradient

    def predict(self, params: Params, X: npt.ArrayLike) -> Array:
        """Return the outputs of the network for `X`, shape (n, M_L): no dropout, running statistics.

        Raises
        ------
        TypeError, ValueError
            If `params` or `X` does not fit the network, or `X` is not finite.
        """
        self.check_params(params)
        X = as_matrix(X, features=self.sizes[0], dtype=params.dtype)
        return np.concatenate([trace.output.copy() for _, trace in self._blocks(params, X)])

    def cost_of(
        self,
        params: Params,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        *,
        training: bool = False,
        rng: Seed | None = None,
        penalty: Penalty = NO_PENALTY,
    ) -> float:
        """Return the cost of the network's outputs for `X` with targets `y`, plus the penalty if any.

        Parameters
        ----------
        params : Params
            Of a network of the same sizes.
        X : array_like, shape (n, M_0)
        y : array_like, shape (n, M_L), or (n,) for one output
        training : bool
            Whether nodes drop out, and batch normalisation uses the batch's own mean and variance.
        rng : numpy.random.Generator or int, optional
            What draws the nodes that drop out; needed only there.
        penalty : Penalty
            On the weights.

        Raises
        ------
        TypeError, ValueError
            If an argument does not fit the network, or is not finite.
        """
        self.check_params(params)
        X = as_matrix(X, features=self.sizes[0], dtype=params.dtype)
        y = self.check_targets(y, len(X), params.dtype)
        if training:
            trace = self.forward(params, X, training=True, rng=rng)
            return self._cost(trace, y) + penalty(params)
        total = sum(len(trace.output) * self._cost(trace, y[rows]) for rows, trace in self._blocks(params, X))
        return total / len(X) + penalty(params)

    def check_params(self, params: Params) -> None:
        """Raise a TypeError or ValueError unless `params` belongs to a network like this one."""
        if not isinstance(params, Params):
            raise TypeError(f"params must be a Params, as net.init() returns, not {type(params).__name__}")
        if params.sizes != self.sizes:
            raise ValueError(f"the parameters are for a network {params.sizes}, but this one is {self.sizes}")
        if params.batch_norm != self.batch_norm:
            raise ValueError("only one of the network and its parameters has batch normalisation")

    def check_samples(self, X: npt.ArrayLike, y: npt.ArrayLike, dtype: npt.DTypeLike) -> tuple[Array, Array]:
        """Return (n, M_0) samples and (n, M_L) targets, or raise a TypeError or ValueError."""
        X = as_matrix(X, features=self.sizes[0], dtype=dtype)
        return X, self.check_targets(y, len(X), dtype)

    def check_targets(self, y: npt.ArrayLike, n: int, dtype: npt.DTypeLike) -> Array:
        """Return `y` as an (n, M_L) array, or raise a TypeError or ValueError."""
        y = as_targets(y, samples=n, outputs=self.sizes[-1], dtype=dtype)
        self.C.check_targets(y)
        return y

    def _check_training(self, n: int, rng: Seed | None) -> np.random.Generator | None:
        """Return the generator that draws the dropped nodes, if there are any."""
        if self.batch_norm and n < 2:
            raise ValueError("batch normalisation needs at least 2 rows in a batch, for their variance")
        return as_generator(rng) if any(self.p) else None

    def _backprop(self, params: Params, trace: Trace, y: npt.ArrayLike, gradient: Params) -> list[Any]:
        """Check the arguments, fill `gradient` and return the deltas."""
        self.check_params(params)
        self.check_params(gradient)
        y = self.check_targets(y, len(trace.output), params.dtype)
        delta = self.empty_deltas(len(y), params.dtype)
        self.backprop_into(params, trace, y, gradient, delta)
        return delta

    def _cost(self, trace: Trace, y: Array) -> float:
        """Return the cost of a trace, without penalty."""
        return self.C.output_cost(self.f[-1], trace.z[-1], trace.a[-1], y)

    def _blocks(self, params: Params, X: Array) -> Iterator[tuple[slice, Trace]]:
        """Propagate `X` a block of rows at a time; a trace is overwritten by the next block."""
        whole = self.empty_trace(min(BLOCK, len(X)), params.dtype)
        for start in range(0, len(X), BLOCK):
            rows = slice(start, min(start + BLOCK, len(X)))
            trace = whole.head(rows.stop - rows.start)
            trace.a[0] = X[rows]
            with np.errstate(over="ignore"):
                self.forward_into(params, trace)
            yield rows, trace


def _hidden_activations(
    hidden: str | Activation | Sequence[str | Activation], L: int
) -> tuple[Activation, ...]:
    """Return the activation functions of layers 1 to L - 1."""
    if isinstance(hidden, str | Activation):
        return (activation(hidden),) * (L - 1)
    f = tuple(activation(name) for name in hidden)
    if len(f) != L - 1:
        raise ValueError(f"hidden names {len(f)} activations for {L - 1} hidden layers")
    return f


def _dropout_probabilities(dropout: float | Sequence[float], L: int) -> tuple[float, ...]:
    """Return the dropout probabilities of layers 0 to L - 1."""
    if not isinstance(dropout, Sequence):
        return (0.0, *[as_number(dropout, "dropout", minimum=0, below=1)] * (L - 1))
    p = tuple(as_number(p, f"dropout[{l}]", minimum=0, below=1) for l, p in enumerate(dropout))
    if len(p) != L:
        raise ValueError(f"dropout has {len(p)} probabilities, but layers 0 to {L - 1} need {L}")
    return p
