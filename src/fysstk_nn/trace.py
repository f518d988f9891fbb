"""The trace of a forward pass: all that it computed, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fysstk_nn._validate import Array

__all__ = ["Trace"]


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
    plain : bool
        Whether there is neither dropout nor batch normalisation: all masks and all zhat are None.
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
    plain: bool = field(init=False)

    def __post_init__(self) -> None:
        plain = all(extra is None for extra in (*self.mask, *self.zhat))
        object.__setattr__(self, "plain", plain)

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
