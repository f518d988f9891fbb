"""Divergence: a run whose numbers are no longer finite, where that began, and what to try."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from fysstk_nn._validate import Array, is_finite
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import State
from fysstk_nn.params import Params
from fysstk_nn.runs import History, TrainState
from fysstk_nn.trace import Trace

__all__ = ["DivergenceError", "check_kept", "diverged"]


class DivergenceError(FloatingPointError):
    """The cost, or something else that a run keeps, has become infinite or NaN.

    Attributes
    ----------
    history : History
        What was measured until then.
    params : Params or None
        Those that the run had at the end of an earlier epoch, 100 steps ago or more, or that it began with:
        the trouble may have been on its way. None where `fit` was to `overwrite`, and kept no copy.
    """

    def __init__(self, message: str, history: History, params: Params | None = None) -> None:
        super().__init__(message)
        self.history = history
        self.params = params

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle all parts: another process may be the one that trains."""
        return DivergenceError, (self.args[0], self.history, self.params)


ADVICE = (
    "Try a smaller learning rate, ClipNorm(1.0) in front of the optimizer, inputs scaled to about 1, "
    "or smaller initial weights."
)


def check_kept(net: MLP, params: Params, state: TrainState) -> None:
    """Raise a FloatingPointError unless all that a run keeps is finite: what one can go on from, or save."""
    after = f"after epoch {state.epoch}"
    if not is_finite(params.theta):
        raise diverged(net, params, None, f"the parameters are not finite {after}")
    if not is_finite(params.statistics):
        raise FloatingPointError(
            f"the running mean or variance of a normalised layer is not finite {after}: what the layer is "
            f"given is too large for {params.dtype}. Scale the inputs to about 1"
        )
    if not all(is_finite(vector) for vector in _vectors(state.optimizer)):
        raise FloatingPointError(
            f"what the optimizer remembers is not finite {after}: a gradient, or the sum of its squares, was "
            f"too large for {params.dtype}. {ADVICE}"
        )


def _vectors(state: State) -> Iterator[Array]:
    """Yield all vectors that an optimizer remembers, or the optimizers of a chain."""
    yield from state.memory
    for part in state.parts:
        yield from _vectors(part)


def diverged(net: MLP, params: Params, trace: Trace | None, what: str) -> FloatingPointError:
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
