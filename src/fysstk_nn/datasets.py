r"""Data sets that the chapters learn from, each a pair (X, y) that is the same every time it is made.

Random ones take ``rng``, a seed or a ``numpy.random.Generator``.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from fysstk_nn._validate import Array, Seed, as_array, as_count, as_generator, as_number
from fysstk_nn.gates import GATES

__all__ = ["gate", "polynomial", "scalar_curve"]


def gate(name: str) -> tuple[Array, npt.NDArray[np.int_]]:
    """Return the truth table of a logic gate.

    Parameters
    ----------
    name : {"AND", "OR", "XOR", "NAND"}
        Which gate; upper or lower case.

    Returns
    -------
    X : ndarray, shape (4, 2)
        The inputs.
    y : ndarray of int, shape (4,)
        The outputs.

    Raises
    ------
    TypeError
        If `name` is not a string.
    ValueError
        If there is no such gate.

    Examples
    --------
    >>> X, y = gate("xor")
    >>> y
    array([0, 1, 1, 0])
    """
    if not isinstance(name, str):
        raise TypeError(f"a gate is given by its name, not by {type(name).__name__}")
    if name.upper() not in GATES:
        raise ValueError(f"there is no gate {name!r}; choose from {', '.join(GATES)}")
    found = GATES[name.upper()]
    return found.X.copy(), found.y.copy()


def polynomial(n: int = 100, *, rng: Seed = 0, noise: float = 0.0) -> tuple[Array, Array]:
    r"""Return samples of :math:`f(x_0, x_1) = x_0^2 + 3 x_0 x_1 + x_1^2 + 5`, which the lecture fits.

    Parameters
    ----------
    n : int, default 100
        The number of samples.
    rng : int or Generator, default 0
        Draws the points, uniformly from the unit square, and the noise.
    noise : float, default 0
        The standard deviation of normal noise that is added to the values.

    Returns
    -------
    X : ndarray, shape (n, 2)
        The points.
    y : ndarray, shape (n,)
        The values, between 5 and 10 without noise.

    Raises
    ------
    TypeError, ValueError
        If `n` is not a positive integer, or `noise` not a number of at least 0.
    """
    rng = as_generator(rng)
    X = rng.uniform(size=(as_count(n, "n"), 2))
    x0, x1 = X.T
    y = x0**2 + 3 * x0 * x1 + x1**2 + 5
    return X, y + rng.normal(scale=as_number(noise, "noise", minimum=0), size=n)


def scalar_curve(
    n: int = 50,
    *,
    function: Callable[[Array], npt.ArrayLike] | None = None,
    low: float = -1.0,
    high: float = 1.0,
    rng: Seed = 0,
    noise: float = 0.0,
) -> tuple[Array, Array]:
    r"""Return samples of a curve :math:`y = f(x)`, ordered by :math:`x`.

    Parameters
    ----------
    n : int, default 50
        The number of samples.
    function : callable, optional
        The curve: takes an array of shape (n,) and returns one; without it
        :math:`f(x) = \sin 3x + 0.3 x^2`.
    low, high : float, default -1 and 1
        The interval from which the points are drawn uniformly.
    rng : int or Generator, default 0
        Draws the points and the noise.
    noise : float, default 0
        The standard deviation of normal noise that is added to the values.

    Returns
    -------
    x, y : ndarray, shape (n,)

    Raises
    ------
    TypeError, ValueError
        If `n` is not a positive integer, if the interval is empty, if `noise` is negative, or if `function`
        does not return n finite numbers.
    """
    rng = as_generator(rng)
    low, high = as_number(low, "low"), as_number(high, "high")
    if low >= high:
        raise ValueError(f"low must be less than high, not {low:g} and {high:g}")
    x = np.sort(rng.uniform(low, high, size=as_count(n, "n")))
    curve = np.sin(3 * x) + 0.3 * x**2 if function is None else function(x)
    y = as_array(curve, "function(x)", shape=x.shape)
    return x, y + rng.normal(scale=as_number(noise, "noise", minimum=0), size=n)
