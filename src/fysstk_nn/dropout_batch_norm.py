"""Dropout and batch normalisation: the two passes of `mlp` again, with what both put between the lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fysstk_nn._validate import Array, Seed, as_generator
from fysstk_nn.activations import Activation
from fysstk_nn.costs import Cost
from fysstk_nn.params import Params
from fysstk_nn.trace import Trace

__all__ = ["EPSILON", "MOMENTUM", "backprop_into", "forward_into", "update_statistics"]

EPSILON = 1e-5
"""Added to the variance in batch normalisation, so that no constant column is divided by 0."""

MOMENTUM = 0.1
"""How much of a batch's mean and variance enters the running statistics."""


def forward_into(
    params: Params,
    trace: Trace,
    f: Sequence[Activation],
    p: Sequence[float],
    rng: Seed | None,
) -> None:
    """Propagate the inputs ``trace.a[0]`` forward; the arguments are those of `mlp.MLP.forward_into`.

    Parameters
    ----------
    params : Params
    trace : Trace
        What is filled.
    f : sequence of Activation
        ``f[l]`` is the activation function of layer l.
    p : sequence of float
        ``p[l]`` is the probability that a node of layer l is dropped.
    rng : numpy.random.Generator, int or None
        Draws the nodes that drop out; needed only there.
    """
    W, b, z, h, a = params.W, params.b, trace.z, trace.h, trace.a
    if trace.mask[0] is not None:
        a[0] = a[0] * _drop(trace.mask[0], p[0], rng)
    for l in range(1, params.L + 1):
        a[l - 1].dot(W[l], out=z[l])
        if trace.zhat[l] is not None:
            _normalise(params, trace, l)
        z[l] += b[l]
        f[l].into(z[l], out=h[l])
        if trace.mask[l] is not None:
            np.multiply(h[l], _drop(trace.mask[l], p[l], rng), out=a[l])


def backprop_into(
    params: Params,
    trace: Trace,
    y: Array,
    gradient: Params,
    delta: list[Array],
    f: Sequence[Activation],
    C: Cost,
) -> None:
    """Propagate the error backward; the arguments are those of `mlp.MLP.backprop_into`.

    Parameters
    ----------
    params, trace, y
        Of the forward pass, and its targets.
    gradient : Params
        Holds ∂C/∂W^l, ∂C/∂b^l and ∂C/∂γ^l in the end.
    delta : list of ndarray
        ``delta[l]``, shape (n, M_l), is ∂C/∂z^l in the end.
    f : sequence of Activation
        ``f[l]`` is the activation function of layer l.
    C : Cost
        The cost.
    """
    W, dW, db, h, a, L = params.W, gradient.W, gradient.b, trace.h, trace.a, params.L
    C.output_delta(f[L], trace.z[L], a[L], y, out=delta[L])  # equation 1
    for l in range(L, 0, -1):
        d = delta[l]
        trace.ones.dot(d, out=db[l])  # equation 3
        if trace.zhat[l] is not None:
            d = _normalise_back(params, trace, gradient, d, l)
        a[l - 1].T.dot(d, out=dW[l])  # equation 2
        if l > 1:
            d.dot(W[l].T, out=delta[l - 1])  # equation 4
            if trace.mask[l - 1] is not None:
                delta[l - 1] *= trace.mask[l - 1]
            f[l - 1].pull_back(delta[l - 1], h[l - 1])


def update_statistics(params: Params, trace: Trace) -> None:
    """Let the running statistics of `params` follow the batch that `trace` normalised, in place.

    The variance is scaled by n/(n - 1), which makes it an unbiased estimate of the data's.
    """
    n = len(trace.output)
    for l in range(1, params.L):
        params.mean[l][:] += MOMENTUM * (trace.mean[l] - params.mean[l])
        params.var[l][:] += MOMENTUM * (n / (n - 1) * trace.var[l] - params.var[l])


def _drop(mask: Array, p: float, rng: Seed | None) -> Array:
    """Draw which nodes of a layer are dropped; return its mask (Srivastava et al. 2014)."""
    as_generator(rng).random(out=mask, dtype=mask.dtype)
    np.greater_equal(mask, p, out=mask)
    mask *= 1 / (1 - p)
    return mask


def _normalise(params: Params, trace: Trace, l: int) -> None:
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


def _normalise_back(params: Params, trace: Trace, gradient: Params, delta: Array, l: int) -> Array:
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
