r"""Networks of one neuron per layer, by hand: all quantities are scalars, and each derivative is one line.

First one hidden layer with its four parameters, then a chain of any length. `x` and `y` are two numbers, or
two arrays of shape (n,): a batch, whose cost is the mean of the samples' costs, as is its gradient.

>>> dw1, db1, dw2, db2 = gradients(x=2.0, y=1.0, w1=0.0, b1=0.0, w2=2.0, b2=-1.0)
>>> dw1, db1, dw2, db2
(-0.125, -0.0625, -0.0625, -0.125)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fysstk_nn._validate import Array, as_array, as_count, as_number
from fysstk_nn.activations import Activation, activation, sigmoid

__all__ = [
    "Training",
    "cost",
    "cost_chain",
    "forward",
    "forward_chain",
    "gradients",
    "gradients_chain",
    "train",
]


def forward(
    x: Any,
    w1: Any,
    b1: Any,
    w2: Any,
    b2: Any,
    f1: Callable[[Any], Any] = sigmoid,
    f2: Callable[[Any], Any] = sigmoid,
) -> tuple[Any, Any, Any, Any]:
    r"""Return :math:`z_1, a_1, z_2, a_2` of a network with one hidden neuron.

    .. math::

        \begin{aligned}
        z_1 &= w_1 x + b_1, & a_1 &= f_1(z_1), \\
        z_2 &= w_2 a_1 + b_2, & a_2 &= f_2(z_2)
        \end{aligned}

    Nothing is checked or converted here, so that the formulas also take symbols, `autodiff.Var` and the like
    (with an `f1` and `f2` that know them).

    Parameters
    ----------
    x : float or ndarray, shape (n,)
        The input.
    w1, b1, w2, b2 : float
        Weights and biases.
    f1, f2 : callable, default sigmoid
        The activation functions of the hidden neuron and of the output.

    Returns
    -------
    z1, a1, z2, a2 : float or ndarray, shape of x
    """
    z1 = w1 * x + b1
    a1 = f1(z1)
    z2 = w2 * a1 + b2
    a2 = f2(z2)
    return z1, a1, z2, a2


def cost(
    x: Any,
    y: Any,
    w1: Any,
    b1: Any,
    w2: Any,
    b2: Any,
    f1: Callable[[Any], Any] = sigmoid,
    f2: Callable[[Any], Any] = sigmoid,
) -> Any:
    r"""Return the cost :math:`C = \frac12 (a_2 - y)^2`; of a batch, the mean. Arguments as `forward`."""
    *_, a2 = forward(x, w1, b1, w2, b2, f1, f2)
    return _mean((a2 - y) ** 2 / 2)


def gradients(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    w1: float,
    b1: float,
    w2: float,
    b2: float,
    f1: str | Activation = sigmoid,
    f2: str | Activation = sigmoid,
) -> tuple[float, float, float, float]:
    r"""Return the derivatives of the cost by :math:`w_1, b_1, w_2` and :math:`b_2`.

    With :math:`\delta_2 = (a_2 - y) f_2'(z_2)` and :math:`\delta_1 = \delta_2 w_2 f_1'(z_1)` they are
    :math:`\delta_1 x`, :math:`\delta_1`, :math:`\delta_2 a_1` and :math:`\delta_2`
    (equations eq-scalar-dw1, eq-scalar-db1, eq-scalar-dw2 and eq-scalar-db2).

    Parameters
    ----------
    x, y : float or array_like, shape (n,)
        Input and target.
    w1, b1, w2, b2 : float
        Weights and biases.
    f1, f2 : Activation or str, default sigmoid
        The activation functions of the hidden neuron and of the output.

    Returns
    -------
    dC_dw1, dC_db1, dC_dw2, dC_db2 : float
        Of a batch, the means over the samples.

    Raises
    ------
    TypeError, ValueError
        If an argument is not made of finite numbers, if `x` and `y` differ in shape, or if an activation
        function is unknown.
    """
    x, y = _samples(x, y)
    w1, b1, w2, b2 = _parameters(w1, b1, w2, b2)
    f1, f2 = activation(f1), activation(f2)
    z1, a1, z2, a2 = forward(x, w1, b1, w2, b2, f1, f2)
    delta2 = (a2 - y) * f2.derivative(z2)
    delta1 = delta2 * w2 * f1.derivative(z1)
    return _mean(delta1 * x), _mean(delta1), _mean(delta2 * a1), _mean(delta2)


@dataclass(frozen=True, eq=False)
class Training:
    """The course of a training by `train`: every array has one entry for the start and one for each epoch.

    Attributes
    ----------
    w1, b1, w2, b2 : ndarray, shape (epochs + 1,)
        Weights and biases.
    cost : ndarray, shape (epochs + 1,)
        The cost, without the penalties.
    """

    w1: Array
    b1: Array
    w2: Array
    b2: Array
    cost: Array


def train(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    w1: float,
    b1: float,
    w2: float,
    b2: float,
    f1: str | Activation = sigmoid,
    f2: str | Activation = sigmoid,
    *,
    eta: float = 1.0,
    epochs: int = 100,
    l1: float = 0.0,
    l2: float = 0.0,
) -> Training:
    r"""Train the network by gradient descent, with penalties on the weights if you like.

    Each epoch subtracts :math:`\eta` times the gradient of
    :math:`C + \lambda_1 (|w_1| + |w_2|) + \frac12 \lambda_2 (w_1^2 + w_2^2)`; the biases are not penalised.
    The derivative of :math:`|w|` at 0 is taken as 0.

    Parameters
    ----------
    x, y : float or array_like, shape (n,)
        Inputs and targets; each epoch uses all of them.
    w1, b1, w2, b2 : float
        Where to start.
    f1, f2 : Activation or str, default sigmoid
        The activation functions of the hidden neuron and of the output.
    eta : float, default 1
        The learning rate.
    epochs : int, default 100
        The number of updates.
    l1, l2 : float, default 0
        The penalties :math:`\lambda_1` and :math:`\lambda_2`.

    Returns
    -------
    Training

    Raises
    ------
    TypeError, ValueError
        As `gradients`; and if `eta` is not positive, `epochs` less than 1 or a penalty negative.
    FloatingPointError
        If the parameters grow beyond all bounds: the learning rate is too large.

    Examples
    --------
    >>> run = train(2.0, 1.0, w1=0.0, b1=0.0, w2=2.0, b2=-1.0, eta=0.5)
    >>> run.cost[[0, -1]].round(3)
    array([0.125, 0.003])
    """
    x, y = _samples(x, y)
    f1, f2 = activation(f1), activation(f2)
    eta = as_number(eta, "eta", above=0)
    l1, l2 = as_number(l1, "l1", minimum=0), as_number(l2, "l2", minimum=0)
    w1, b1, w2, b2 = _parameters(w1, b1, w2, b2)
    course = [(w1, b1, w2, b2, cost(x, y, w1, b1, w2, b2, f1, f2))]
    for epoch in range(as_count(epochs, "epochs")):
        dw1, db1, dw2, db2 = gradients(x, y, w1, b1, w2, b2, f1, f2)
        w1 -= eta * (dw1 + l1 * float(np.sign(w1)) + l2 * w1)
        b1 -= eta * db1
        w2 -= eta * (dw2 + l1 * float(np.sign(w2)) + l2 * w2)
        b2 -= eta * db2
        if max(abs(w1), abs(b1), abs(w2), abs(b2)) > LARGEST_PARAMETER:
            raise FloatingPointError(f"the parameters have exploded in epoch {epoch + 1}; try a smaller eta")
        course.append((w1, b1, w2, b2, cost(x, y, w1, b1, w2, b2, f1, f2)))
    return Training(*np.array(course).T)


LARGEST_PARAMETER = 1e50  # its fourth power is still finite


def forward_chain(
    x: Any, w: Sequence[Any], b: Sequence[Any], f: Callable[[Any], Any] = sigmoid
) -> tuple[list[Any], list[Any]]:
    r"""Return all :math:`z_l = w_l a_{l-1} + b_l` and :math:`a_l = f(z_l)` of a chain of :math:`L` neurons.

    As in `forward`, nothing is converted.

    Parameters
    ----------
    x : float or ndarray, shape (n,)
        The input :math:`a_0`.
    w, b : sequence of L floats
        Weights and biases from the first layer to the last.
    f : callable, default sigmoid
        The activation function of every layer.

    Returns
    -------
    z, a : list of length L + 1
        With the layer as index: ``z[1]`` to ``z[L]`` (``z[0]`` is None), and ``a[0] = x`` to ``a[L]``.

    Raises
    ------
    ValueError
        If there are no layers, or not as many biases as weights.

    Examples
    --------
    >>> forward_chain(1.0, [2.0, 3.0], [0.5, -0.5], f=lambda z: z)
    ([None, 2.5, 7.0], [1.0, 2.5, 7.0])
    """
    if len(w) != len(b) or len(w) == 0:
        raise ValueError(f"each layer has one weight and one bias, got {len(w)} weights and {len(b)} biases")
    z, a = [None], [x]
    for w_l, b_l in zip(w, b, strict=True):
        z.append(w_l * a[-1] + b_l)
        a.append(f(z[-1]))
    return z, a


def cost_chain(x: Any, y: Any, w: Sequence[Any], b: Sequence[Any], f: Callable[[Any], Any] = sigmoid) -> Any:
    r"""Return the cost :math:`C = \frac12 (a_L - y)^2`; of a batch, the mean.

    Arguments and errors as `forward_chain`.
    """
    _, a = forward_chain(x, w, b, f)
    return _mean((a[-1] - y) ** 2 / 2)


def gradients_chain(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    w: npt.ArrayLike,
    b: npt.ArrayLike,
    f: str | Activation = sigmoid,
) -> tuple[Array, Array]:
    r"""Return the derivatives of the cost of a chain by all its weights and biases.

    Backwards from :math:`\delta_L = (a_L - y) f'(z_L)`, each layer has
    :math:`\delta_l = \delta_{l+1} w_{l+1} f'(z_l)`, :math:`\partial C/\partial w_l = \delta_l a_{l-1}` and
    :math:`\partial C/\partial b_l = \delta_l` (equations eq-scalar-chain-delta and
    eq-scalar-chain-gradients).

    Parameters
    ----------
    x, y : float or array_like, shape (n,)
        Input and target.
    w, b : array_like, shape (L,)
        Weights and biases from the first layer to the last.
    f : Activation or str, default sigmoid
        The activation function of every layer.

    Returns
    -------
    dC_dw, dC_db : ndarray, shape (L,)
        Laid out as `w` and `b`; of a batch, the means over the samples.

    Raises
    ------
    TypeError, ValueError
        As `gradients` and `forward_chain`.
    """
    x, y = _samples(x, y)
    w = as_array(w, "w", ndim=1, dtype=np.float64)
    b = as_array(b, "b", ndim=1, dtype=np.float64)
    f = activation(f)
    z, a = forward_chain(x, list(w), list(b), f)
    L = len(w)
    dw, db = np.empty_like(w), np.empty_like(b)
    dC_da = a[L] - y
    for l in range(L, 0, -1):
        delta = dC_da * f.derivative(z[l])
        dw[l - 1] = _mean(delta * a[l - 1])  # w[l - 1] is the weight of layer l
        db[l - 1] = _mean(delta)
        dC_da = delta * w[l - 1]
    return dw, db


def _mean(values: Any) -> Any:
    """Return the mean of a batch, and anything that is not a batch as it is; numbers as Python floats."""
    result = values.mean() if np.ndim(values) else values
    return float(result) if isinstance(result, float) else result


def _samples(x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Array, Array]:
    """Return inputs and as many targets: two numbers, or two arrays of shape (n,)."""
    x, y = as_array(x, "x", ndim=(0, 1)), as_array(y, "y", ndim=(0, 1))
    if x.shape != y.shape:
        raise ValueError(f"x has shape {x.shape}, y has shape {y.shape}")
    return x, y


def _parameters(w1: float, b1: float, w2: float, b2: float) -> tuple[float, float, float, float]:
    """Return the four parameters, checked."""
    return as_number(w1, "w1"), as_number(b1, "b1"), as_number(w2, "w2"), as_number(b2, "b2")
