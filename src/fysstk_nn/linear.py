r"""Linear models: ordinary least squares, and logistic regression with Newton's method.

Both take a design matrix whose first column is ones (`fysstk_nn.gates.design_matrix` makes it), so that
``theta[0]`` is the intercept and ``theta[1:]`` are the weights. Only logistic regression insists on the ones,
because it leaves the intercept out of the penalty.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from fysstk_nn._validate import Array, as_array, as_count, as_matrix, as_number, as_rectangle
from fysstk_nn.activations import sigmoid, softplus

__all__ = [
    "SeparableDataError",
    "accuracy",
    "is_separable",
    "logistic_cost",
    "logistic_regression",
    "ols",
    "predict_class",
    "predict_linear",
    "predict_proba",
]


SMALLEST_MARGIN = 1e-6  # the linear programmes are solved to about 1e-7


class SeparableDataError(ValueError):
    """The classes can be separated, so the cost of logistic regression without a penalty has no minimum."""


def ols(X: npt.ArrayLike, y: npt.ArrayLike) -> Array:
    r"""Return the parameters of ordinary least squares, :math:`\theta = X^+ y`.

    The pseudo-inverse :math:`X^+` gives the minimum of :math:`\|X\theta - y\|^2`; of several minima, the one
    with the smallest :math:`\|\theta\|` (equation eq-gates-ols; Penrose, 1955). Where
    :math:`X^T X` can be inverted, :math:`X^+ = (X^T X)^{-1} X^T`.

    Parameters
    ----------
    X : array_like, shape (n, p)
        The design matrix.
    y : array_like, shape (n,)
        The targets.

    Returns
    -------
    ndarray, shape (p,)

    Raises
    ------
    TypeError, ValueError
        If `X` or `y` is not made of finite numbers, is empty, or if their lengths differ.
    """
    X, y = _samples(X, y)
    theta: Array = np.linalg.pinv(X) @ y
    return theta


def predict_linear(X: npt.ArrayLike, theta: npt.ArrayLike) -> Array:
    r"""Return the predictions :math:`X\theta` of a linear model.

    Parameters
    ----------
    X : array_like, shape (n, p)
        The design matrix.
    theta : array_like, shape (p,)
        The parameters.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    TypeError, ValueError
        If one of the arrays is not made of finite numbers, or if their shapes do not fit.
    """
    theta = as_array(theta, "theta", ndim=1)
    z: Array = as_matrix(X, features=len(theta), built_for="theta is for") @ theta
    return z


def predict_proba(X: npt.ArrayLike, theta: npt.ArrayLike) -> Array:
    r"""Return the probability :math:`\sigma(X\theta)` of class 1, for each sample.

    Arguments and errors as `predict_linear`.
    """
    p: Array = sigmoid(predict_linear(X, theta))
    return p


def predict_class(X: npt.ArrayLike, theta: npt.ArrayLike) -> npt.NDArray[np.int_]:
    r"""Return 1 where the probability of class 1 is above one half, else 0.

    A sample on the boundary, :math:`x \cdot \theta = 0`, is in class 0. Arguments and errors as
    `predict_linear`.
    """
    return (predict_linear(X, theta) > 0).astype(int)


def accuracy(y: npt.ArrayLike, yhat: npt.ArrayLike) -> float:
    """Return the fraction of the predicted classes that are right.

    Parameters
    ----------
    y : array_like, shape (n,)
        The true classes.
    yhat : array_like, shape (n,)
        The predicted classes, not probabilities.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If the shapes differ, or if there are no samples.
    """
    y, yhat = as_rectangle(y, "y"), as_rectangle(yhat, "yhat")
    if y.shape != yhat.shape:
        raise ValueError(f"y has shape {y.shape}, the predictions have shape {yhat.shape}")
    if y.size == 0:
        raise ValueError("there are no samples")
    return float(np.mean(y == yhat))


def logistic_cost(X: npt.ArrayLike, y: npt.ArrayLike, theta: npt.ArrayLike, l2: float = 0.0) -> float:
    r"""Return the cost that logistic regression minimises: cross-entropy, summed over samples, and penalty.

    .. math:: C = \sum_i [ \ln(1 + e^{z_i}) - y_i z_i ] + \tfrac12 \lambda \|w\|^2, \quad z = X\theta

    (equation eq-gates-logistic-cost).

    Parameters
    ----------
    X : array_like, shape (n, p)
        The design matrix, whose first column is ones.
    y : array_like, shape (n,)
        The classes, 0 or 1.
    theta : array_like, shape (p,)
        Intercept and weights, :math:`\theta = (b, w)`.
    l2 : float, default 0
        The penalty :math:`\lambda`.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        As `logistic_regression`.
    """
    X, y = _classified_samples(X, y)
    z = predict_linear(X, theta)
    w = as_array(theta, "theta")[1:]
    surprise = softplus((1 - 2 * y) * z)  # ln(1 + exp(z)) - y z for y = 0 or 1, but nothing cancels
    return float(np.sum(surprise) + 0.5 * as_number(l2, "l2", minimum=0) * w @ w)


def is_separable(X: npt.ArrayLike, y: npt.ArrayLike) -> bool:
    r"""Return whether a line (a plane, ...) has all of class 1 on one side and all of class 0 on the other.

    With :math:`s_i = \pm 1` for the two classes, a linear programme finds the direction :math:`\theta` whose
    smallest margin :math:`s_i\, x_i \cdot \theta` is as large as possible. The data are separable, with no
    sample on the line itself, if that margin is positive; here, above :math:`10^{-6}` in units of the largest
    entry in each column.

    Parameters
    ----------
    X : array_like, shape (n, p)
        The design matrix, with a column of ones if the line need not pass through the origin.
    y : array_like, shape (n,)
        The classes, 0 or 1.

    Returns
    -------
    bool

    Raises
    ------
    TypeError, ValueError
        If `X` or `y` is not made of finite numbers, if their lengths differ, or if `y` is not 0 or 1.

    Examples
    --------
    >>> from fysstk_nn.gates import GATES
    >>> {name: is_separable(gate.design, gate.y) for name, gate in GATES.items()}
    {'AND': True, 'OR': True, 'XOR': False, 'NAND': True}
    """
    X, y = _classified_samples(X, y)
    margins = _margins(X, y)
    n, p = margins.shape
    smallest = np.append(np.zeros(p), 1.0)  # the unknowns are theta and the smallest margin t
    constraints = np.column_stack([-margins, np.ones(n)])  # t - margin_i <= 0
    found = linprog(-smallest, A_ub=constraints, b_ub=np.zeros(n), bounds=[(-1, 1)] * p + [(None, None)])
    return bool(-found.fun > SMALLEST_MARGIN)


def logistic_regression(
    X: npt.ArrayLike, y: npt.ArrayLike, l2: float = 0.0, *, max_iterations: int = 100
) -> Array:
    r"""Return the parameters that minimise the cost of logistic regression, by Newton's method.

    The cost is convex, see `logistic_cost`. Its gradient is :math:`X^T(p - y) + \lambda (0, w)`, its
    Hessian matrix :math:`X^T \mathrm{diag}(p(1 - p)) X + \lambda\, \mathrm{diag}(0, 1, \ldots, 1)`. A Newton
    step that raises the cost is halved until it does not.

    Parameters
    ----------
    X : array_like, shape (n, p)
        The design matrix, whose first column is ones.
    y : array_like, shape (n,)
        The classes, 0 or 1; both must occur.
    l2 : float, default 0
        The penalty :math:`\lambda`. It spares the intercept, and scikit-learn's ``C`` is ``1 / l2``.
    max_iterations : int, default 100
        The largest number of Newton steps. About ten are usual.

    Returns
    -------
    ndarray of float64, shape (p,)
        The intercept, then the weights.

    Raises
    ------
    SeparableDataError
        If there is no penalty and a line separates the classes, where samples of both may lie on the line but
        not all: the longer the weights the lower the cost, without end (Albert and Anderson, 1984). It is a
        ValueError.
    TypeError, ValueError
        If an argument is not made of finite numbers or has the wrong shape, if the first column of `X` is not
        ones, if `y` holds anything but 0 and 1, or only one of them.
    RuntimeError
        If the method has not converged.
    """
    X, y = _classified_samples(X, y)
    l2 = as_number(l2, "l2", minimum=0)
    if not (X[:, 0] == 1).all():
        raise ValueError("the first column of X must be ones; design_matrix(X) puts them there")
    if y.min() == y.max():
        raise ValueError(f"all samples are of class {y[0]:g}, there is nothing to tell apart")
    if l2 == 0 and not _has_minimum(X, y):
        raise SeparableDataError(
            "the classes are separable, so without a penalty the cost has no minimum: "
            "the weights would grow for ever; use l2 > 0"
        )
    penalty = np.full(X.shape[1], l2)
    penalty[0] = 0.0
    sign = 1 - 2 * y  # 1 for class 0 and -1 for class 1
    theta = np.zeros(X.shape[1])
    cost = logistic_cost(X, y, theta, l2)
    for _ in range(as_count(max_iterations, "max_iterations")):
        z = X @ theta
        residual = sign * sigmoid(sign * z)  # p - y, with all digits even where p is nearly y
        gradient = X.T @ residual + penalty * theta
        hessian = (X.T * sigmoid.derivative(z)) @ X + np.diag(penalty)
        step = _solve(hessian, gradient)
        if gradient @ step <= 1e-12 * cost:  # so close, a Newton step doubles the number of correct digits
            return theta - step
        while (new_cost := logistic_cost(X, y, theta - step, l2)) > cost:
            step = step / 2
        theta, cost = theta - step, new_cost
    raise RuntimeError(f"Newton's method has not converged in {max_iterations} steps")


def _solve(matrix: Array, right: Array) -> Array:
    """Solve a symmetric positive system, scaled to ones on the diagonal so that units do not matter."""
    diagonal = np.diag(matrix)
    scale = 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    solution: Array = scale * np.linalg.lstsq(scale[:, np.newaxis] * matrix * scale, scale * right)[0]
    return solution


def _margins(X: Array, y: Array) -> Array:
    r"""Return the rows :math:`s_i x_i`, each column in units of its largest entry."""
    largest = np.abs(X).max(axis=0)
    margins: Array = (2 * y - 1)[:, np.newaxis] * X / np.where(largest > 0, largest, 1.0)
    return margins


def _has_minimum(X: Array, y: Array) -> bool:
    """Return whether no direction makes all margins at least 0 and one of them positive."""
    margins = _margins(X, y)
    found = linprog(-margins.sum(axis=0), A_ub=-margins, b_ub=np.zeros(len(y)), bounds=(-1, 1))
    return bool(-found.fun <= SMALLEST_MARGIN * len(y))


def _samples(X: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Array, Array]:
    """Return a design matrix and as many targets, both in float64."""
    X = as_matrix(X, dtype=np.float64)
    y = as_array(y, "y", ndim=1, dtype=np.float64)
    if len(X) != len(y):
        raise ValueError(f"X has {len(X)} samples, y has {len(y)}")
    return X, y


def _classified_samples(X: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Array, Array]:
    """Return a design matrix and as many classes 0 or 1."""
    X, y = _samples(X, y)
    if not np.isin(y, (0, 1)).all():
        raise ValueError(f"the classes must be 0 and 1, y holds {_first_other(y):g}")
    return X, y


def _first_other(y: Array) -> Any:
    return y[~np.isin(y, (0, 1))][0]
