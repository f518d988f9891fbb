"""Quasi-Newton methods: scipy minimises the cost as a function of the flat vector of all parameters."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from fysstk_nn._validate import Array, as_count, as_number, check_type
from fysstk_nn.costs import Penalty
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import State
from fysstk_nn.params import Params
from fysstk_nn.runs import Fit, History, TrainState

__all__ = ["fit_quasi_newton"]


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
    check_type(net, MLP, "net", "an MLP")
    net.check_params(params)
    if any(net.p) or net.batch_norm:
        raise ValueError("a quasi-Newton method needs a network without dropout and batch normalisation")
    check_type(method, str, "method", "a string")
    if method not in ("BFGS", "L-BFGS-B"):
        raise ValueError(f"method must be 'BFGS' or 'L-BFGS-B', not {method!r}")
    maximum = as_count(iterations, "iterations")
    work, penalty = params.astype(np.float64), Penalty(l2=l2)
    X, y = net.check_samples(X, y, np.float64)
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
        what = f"the search ended at a cost of {result.fun}"
        raise FloatingPointError(f"{what}. Try inputs scaled to about 1, or smaller initial weights")
    work.theta[:] = result.x
    state = TrainState(len(history.cost) - 1, State(method), np.random.default_rng(0))
    return Fit(work.astype(params.dtype), history, state)
