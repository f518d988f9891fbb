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

from fysstk_nn import dropout_batch_norm as extras
from fysstk_nn._validate import (
    Array,
    Seed,
    as_generator,
    as_matrix,
    as_number,
    as_targets,
    check_flags,
    check_type,
)
from fysstk_nn.activations import Activation, activation
from fysstk_nn.costs import Cost, Penalty, cost_function
from fysstk_nn.params import Initialiser, Params, check_sizes, init_params
from fysstk_nn.trace import Trace

__all__ = ["MLP"]

BLOCK = 256
"""How many rows a prediction takes at a time: memory then does not grow with the data."""

NO_PENALTY = Penalty()


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
    >>> net = MLP((2, 3, 1), "tanh", "sigmoid", cost="binary_cross_entropy")
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
        check_flags(batch_norm=self.batch_norm)
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

    def forward_into(self, params: Params, trace: Trace, rng: Seed | None = None) -> None:
        """Propagate the inputs ``trace.a[0]`` forward (eq-four-matrix-forward)."""
        if not trace.plain:
            return extras.forward_into(params, trace, self.f, self.p, rng)
        W, b, f, z, a = params.W, params.b, self.f, trace.z, trace.a
        for l in range(1, self.L + 1):
            a[l - 1].dot(W[l], out=z[l])
            z[l] += b[l]
            f[l].into(z[l], out=a[l])

    def backprop_into(
        self, params: Params, trace: Trace, y: Array, gradient: Params, delta: list[Array]
    ) -> None:
        """Propagate the error backward: the four equations, from the output layer down.

        ``delta[l]``, shape (n, M_l), is ∂C/∂z^l at the end of the pass, and `gradient`
        holds ∂C/∂W^l and ∂C/∂b^l. Equation 1 is (eq-four-matrix-delta-output),
        2 (eq-four-matrix-dw), 3 (eq-four-matrix-db), 4 (eq-four-matrix-delta-hidden).
        """
        if not trace.plain:
            f, C = self.f, self.C
            return extras.backprop_into(params, trace, y, gradient, delta, f, C)
        W, dW, db, f, a, L = params.W, gradient.W, gradient.b, self.f, trace.a, self.L
        self.C.output_delta(f[L], trace.z[L], a[L], y, out=delta[L])  # equation 1
        for l in range(L, 0, -1):
            a[l - 1].T.dot(delta[l], out=dW[l])  # equation 2
            trace.ones.dot(delta[l], out=db[l])  # equation 3
            if l > 1:
                delta[l].dot(W[l].T, out=delta[l - 1])  # equation 4
                f[l - 1].pull_back(delta[l - 1], a[l - 1])

    def update_statistics(self, params: Params, trace: Trace) -> None:
        """Let the running statistics of `params` follow the batch that `trace` normalised, in place."""
        extras.update_statistics(params, trace)

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
        check_flags(training=training)
        X = as_matrix(X, features=self.sizes[0], dtype=params.dtype)
        rng = None if rng is None else as_generator(rng)
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
        self.check_params(params)
        gradient = params.zeros_like() if out is None else out
        self._backprop(params, trace, y, gradient)
        return gradient

    def deltas(self, params: Params, trace: Trace, y: npt.ArrayLike) -> list[Any]:
        """Return [None, δ^1, ..., δ^L], with δ^l = ∂C/∂z^l of shape (n, M_l).

        Arguments and errors are those of `backprop`.
        """
        self.check_params(params)
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
        check_type(penalty, Penalty, "penalty", "a Penalty")
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
        check_flags(training=training)
        check_type(penalty, Penalty, "penalty", "a Penalty")
        rng = None if rng is None else as_generator(rng)
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
        check_type(trace, Trace, "trace", "a Trace, as net.forward() returns")
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
    if isinstance(hidden, str | Activation) or not isinstance(hidden, Iterable):
        return (activation(hidden),) * (L - 1)
    f = tuple(activation(name) for name in hidden)
    if len(f) != L - 1:
        raise ValueError(f"hidden names {len(f)} activations for {L - 1} hidden layers")
    return f


def _dropout_probabilities(dropout: float | Sequence[float], L: int) -> tuple[float, ...]:
    """Return the dropout probabilities of layers 0 to L - 1."""
    if not isinstance(dropout, list | tuple):
        return (0.0, *[as_number(dropout, "dropout", minimum=0, below=1)] * (L - 1))
    p = tuple(as_number(p, f"dropout[{l}]", minimum=0, below=1) for l, p in enumerate(dropout))
    if len(p) != L:
        raise ValueError(f"dropout has {len(p)} probabilities, but layers 0 to {L - 1} need {L}")
    return p
