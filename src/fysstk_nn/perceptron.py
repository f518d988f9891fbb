r"""Single neurons: the step neuron with Rosenblatt's learning rule, and the sigmoid neuron with one input.

The step neuron learns from its mistakes and needs no derivative. The sigmoid neuron is the smallest network
that learns by gradient descent: two parameters, one derivative for each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fysstk_nn._validate import Array, as_array, as_count, as_matrix, as_number
from fysstk_nn.activations import sigmoid

__all__ = [
    "Rosenblatt",
    "Training",
    "convergence_bound",
    "cost",
    "forward",
    "gradients",
    "rosenblatt",
    "step_neuron",
    "train",
]

# --- the step neuron --------------------------------------------------------------------------------------


def step_neuron(X: npt.ArrayLike, w: npt.ArrayLike, b: float) -> npt.NDArray[np.int_]:
    r"""Return the outputs of a step neuron: 1 where :math:`x \cdot w + b > 0`, else 0.

    Parameters
    ----------
    X : array_like, shape (n, p)
        One input in each row.
    w : array_like, shape (p,)
        The weights.
    b : float
        The bias.

    Returns
    -------
    ndarray of int, shape (n,)

    Raises
    ------
    TypeError, ValueError
        If an argument is not made of finite numbers, or if the shapes do not fit.

    Examples
    --------
    >>> from fysstk_nn.gates import INPUTS
    >>> step_neuron(INPUTS, [-2, -2], 3)  # NAND
    array([1, 1, 1, 0])
    """
    w = as_array(w, "w", ndim=1)
    X = as_matrix(X, features=len(w), built_for="the neuron has weights for")
    return (X @ w + as_number(b, "b") > 0).astype(int)


@dataclass(frozen=True, eq=False)
class Rosenblatt:
    """What `rosenblatt` has learned, and how it got there.

    Attributes
    ----------
    w : ndarray, shape (p,)
        The weights at the end.
    b : float
        The bias at the end.
    converged : bool
        Whether the last epoch made no mistake.
    mistakes : list of int
        The number of mistakes in each epoch.
    history : list of tuple (w, b)
        The line at the start, and after each correction.
    samples : list of int
        Which sample caused each correction: ``samples[k]`` leads from ``history[k]`` to ``history[k + 1]``.
    """

    w: Array
    b: float
    converged: bool
    mistakes: list[int]
    history: list[tuple[Array, float]]
    samples: list[int]


def rosenblatt(
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    epochs: int = 100,
    *,
    eta: float = 1.0,
    w: npt.ArrayLike | None = None,
    b: float = 0.0,
) -> Rosenblatt:
    r"""Train a step neuron with Rosenblatt's rule, one sample after the other.

    After each wrong output, and only then, the parameters are corrected
    (equation eq-perceptron-rule; Rosenblatt, 1958):

    .. math:: w \leftarrow w + \eta (y - \hat y) x, \qquad b \leftarrow b + \eta (y - \hat y).

    It stops after the first epoch without a mistake. If the classes are separable there is one, see
    `convergence_bound`; otherwise all epochs are used.

    Parameters
    ----------
    X : array_like, shape (n, p)
        The inputs, without a column of ones.
    y : array_like, shape (n,)
        The targets, 0 or 1.
    epochs : int, default 100
        The largest number of times to go through all samples.
    eta : float, default 1
        The learning rate. From zero parameters it scales `w` and `b`, and changes no output.
    w : array_like, shape (p,), optional
        The weights to start from; zero without it.
    b : float, default 0
        The bias to start from.

    Returns
    -------
    Rosenblatt

    Raises
    ------
    TypeError, ValueError
        If an argument is not made of finite numbers or has the wrong shape, if `y` holds anything but 0
        and 1, if `eta` is not positive or `epochs` less than 1.

    Examples
    --------
    >>> from fysstk_nn.gates import OR
    >>> result = rosenblatt(OR.X, OR.y)
    >>> result.converged, result.mistakes
    (True, [1, 2, 1, 0])
    """
    X, y = _classes(X, y)
    if w is None:
        w = np.zeros(X.shape[1])
    weights = as_array(w, "w", shape=(X.shape[1],), dtype=np.float64).copy()
    bias, eta = as_number(b, "b"), as_number(eta, "eta", above=0)
    history = [(weights, bias)]
    samples: list[int] = []
    mistakes: list[int] = []
    for _ in range(as_count(epochs, "epochs")):
        corrections_before = len(samples)
        for i, (x, target) in enumerate(zip(X, y, strict=True)):
            output = float(x @ weights + bias > 0)
            if output != target:
                weights = weights + eta * (target - output) * x
                bias = float(bias + eta * (target - output))
                history.append((weights, bias))
                samples.append(i)
        mistakes.append(len(samples) - corrections_before)
        if mistakes[-1] == 0:
            break
    return Rosenblatt(weights, bias, mistakes[-1] == 0, mistakes, history, samples)


def convergence_bound(X: npt.ArrayLike, y: npt.ArrayLike, w: npt.ArrayLike, b: float) -> float:
    r"""Return Novikoff's bound :math:`(R/\gamma)^2` on the number of corrections by Rosenblatt's rule.

    Write :math:`\tilde x = (x, 1)` and :math:`\tilde w = (w, b)`. Then :math:`R = \max_i \|\tilde x_i\|`, and
    :math:`\gamma = \min_i s_i\, \tilde x_i \cdot \tilde w / \|\tilde w\|` is the margin of a line that
    separates the classes, with :math:`s_i = \pm 1` (equation eq-perceptron-novikoff; Novikoff, 1963). The
    bound holds for a start from zero, in any order of the samples and for any learning rate.

    Parameters
    ----------
    X : array_like, shape (n, p)
        The inputs.
    y : array_like, shape (n,)
        The targets, 0 or 1.
    w : array_like, shape (p,)
        The weights of a line that separates the classes; the one with the widest margin gives the best bound.
    b : float
        Its bias.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        As `rosenblatt`; and if the line does not separate the classes.
    """
    X, y = _classes(X, y)
    line = np.append(as_array(w, "w", shape=(X.shape[1],)), as_number(b, "b"))
    points = np.column_stack([X, np.ones(len(X))])
    margins = (2 * y - 1) * (points @ line)
    if margins.min() <= 0:
        wrong = int(margins.argmin())
        raise ValueError(
            f"the line does not separate the classes: sample {wrong} is on the wrong side, or on it"
        )
    gamma = margins.min() / np.linalg.norm(line)
    radius = np.linalg.norm(points, axis=1).max()
    return float((radius / gamma) ** 2)


def _classes(X: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Array, Array]:
    """Return inputs and as many targets 0 or 1, both in float64."""
    X = as_matrix(X, dtype=np.float64)
    y = as_array(y, "y", shape=(len(X),), dtype=np.float64)
    if not np.isin(y, (0, 1)).all():
        raise ValueError(f"the targets must be 0 and 1, y holds {y[~np.isin(y, (0, 1))][0]:g}")
    return X, y


# --- the sigmoid neuron with one input --------------------------------------------------------------------
#
# x and y are two numbers, or two arrays of shape (n,): a batch, whose cost is the mean of the samples' costs.


def forward(x: Any, w1: Any, b1: Any, f1: Callable[[Any], Any] = sigmoid) -> tuple[Any, Any]:
    r"""Return :math:`z_1 = w_1 x + b_1` and :math:`a_1 = f_1(z_1)`.

    Nothing is checked or converted here, so that the formula also takes symbols, `autodiff.Var` and the like
    (with an `f1` that knows them).

    Parameters
    ----------
    x : float or ndarray, shape (n,)
        The input.
    w1, b1 : float
        Weight and bias.
    f1 : callable, default sigmoid
        The activation function.

    Returns
    -------
    z1, a1 : float or ndarray, shape of x
        Weighted input and output.
    """
    z1 = w1 * x + b1
    a1 = f1(z1)
    return z1, a1


def cost(x: Any, y: Any, w1: Any, b1: Any, f1: Callable[[Any], Any] = sigmoid) -> Any:
    r"""Return the cost :math:`C = \frac12 (a_1 - y)^2`; of a batch, the mean. Arguments as `forward`."""
    _, a1 = forward(x, w1, b1, f1)
    C = (a1 - y) ** 2 / 2
    C = C.mean() if np.ndim(C) else C
    return float(C) if isinstance(C, float) else C


def gradients(x: npt.ArrayLike, y: npt.ArrayLike, w1: float, b1: float) -> tuple[float, float]:
    r"""Return :math:`\partial C/\partial w_1` and :math:`\partial C/\partial b_1` of the sigmoid neuron.

    With :math:`\delta_1 = (a_1 - y)\, \sigma'(z_1)` they are :math:`\delta_1 x` and :math:`\delta_1`
    (equations eq-one-dw and eq-one-db).

    Parameters
    ----------
    x : float or array_like, shape (n,)
        The input.
    y : float or array_like, shape (n,)
        The target.
    w1, b1 : float
        Weight and bias.

    Returns
    -------
    dC_dw1, dC_db1 : float
        Of a batch, the mean over the samples.

    Raises
    ------
    TypeError, ValueError
        If an argument is not made of finite numbers, or if `x` and `y` differ in shape.
    """
    x, y = _samples(x, y)
    z1, a1 = forward(x, as_number(w1, "w1"), as_number(b1, "b1"))
    delta1 = (a1 - y) * sigmoid.derivative(z1)
    return float(np.mean(delta1 * x)), float(np.mean(delta1))


@dataclass(frozen=True, eq=False)
class Training:
    """The course of a training by `train`: every array has one entry for the start and one for each epoch.

    Attributes
    ----------
    w1, b1 : ndarray, shape (epochs + 1,)
        Weight and bias.
    cost : ndarray, shape (epochs + 1,)
        The cost.
    """

    w1: Array
    b1: Array
    cost: Array


def train(
    x: npt.ArrayLike, y: npt.ArrayLike, w1: float, b1: float, *, eta: float = 1.0, epochs: int = 100
) -> Training:
    r"""Train the sigmoid neuron by gradient descent.

    Each epoch does :math:`w_1 \leftarrow w_1 - \eta\, \partial C/\partial w_1`, and the same for :math:`b_1`.

    Parameters
    ----------
    x, y : float or array_like, shape (n,)
        Inputs and targets; each epoch uses all of them.
    w1, b1 : float
        Where to start.
    eta : float, default 1
        The learning rate.
    epochs : int, default 100
        The number of updates.

    Returns
    -------
    Training

    Raises
    ------
    TypeError, ValueError
        As `gradients`; and if `eta` is not positive or `epochs` less than 1.

    Examples
    --------
    >>> run = train(1.0, 0.0, w1=0.6, b1=0.9, eta=0.15, epochs=300)
    >>> run.cost[[0, -1]].round(3)
    array([0.334, 0.004])
    """
    x, y = _samples(x, y)
    w1, b1 = as_number(w1, "w1"), as_number(b1, "b1")
    eta = as_number(eta, "eta", above=0)
    course = [(w1, b1, cost(x, y, w1, b1))]
    for _ in range(as_count(epochs, "epochs")):
        dC_dw1, dC_db1 = gradients(x, y, w1, b1)
        w1 = w1 - eta * dC_dw1
        b1 = b1 - eta * dC_db1
        course.append((w1, b1, cost(x, y, w1, b1)))
    return Training(*np.array(course).T)


def _samples(x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Array, Array]:
    """Return inputs and as many targets: two numbers, or two arrays of shape (n,)."""
    x, y = as_array(x, "x", ndim=(0, 1)), as_array(y, "y", ndim=(0, 1))
    if x.shape != y.shape:
        raise ValueError(f"x has shape {x.shape}, y has shape {y.shape}")
    return x, y
