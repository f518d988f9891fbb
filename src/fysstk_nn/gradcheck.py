r"""Numerical derivatives: the independent oracle for every derivative that we work out or program.

Nothing here knows how a function computes its value. It is called at shifted points, and the derivative is
read off the results; so a mistake in an analytic gradient cannot hide in the check of it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fysstk_nn._validate import as_array, as_number, check_type

__all__ = [
    "GradientCheck",
    "central_difference",
    "check_gradient",
    "complex_step",
    "jacobian_central",
    "relative_error",
]

CUBE_ROOT_OF_EPSILON = float(np.finfo(np.float64).eps) ** (1 / 3)  # about 6e-6


def central_difference(f: Callable[[Any], Any], x: npt.ArrayLike, h: float | None = None) -> Any:
    r"""Return the gradient of a scalar function from central differences.

    Entry :math:`i` is :math:`(f(x + h e_i) - f(x - h e_i)) / 2h`. The truncation error grows as :math:`h^2`,
    the rounding error as :math:`\epsilon / h`. Their sum is smallest for a step of the order of
    :math:`\epsilon^{1/3}`, which leaves about ten correct digits (equation eq-autodiff-central).

    Parameters
    ----------
    f : callable
        Takes an array shaped like `x` (a float if `x` is a single number) and returns one number.
    x : array_like, any shape
        Where to differentiate; converted to float64 and never changed.
    h : float, optional
        The step, the same for all entries. Without it, each entry gets
        :math:`\epsilon^{1/3} \max(1, |x_i|)`.

    Returns
    -------
    float or ndarray of float64
        The gradient, shaped like `x`.

    Raises
    ------
    TypeError
        If `x` or what `f` returns is not made of real numbers.
    ValueError
        If `x` is empty, if `f` returns more than one number, or if one of them is not finite.

    Examples
    --------
    >>> central_difference(lambda x: x[0] ** 2 * x[1], [3.0, 5.0]).round(6)
    array([30.,  9.])
    """
    check_type(f, Callable, "f", "a function")
    gradient = jacobian_central(lambda x: _one_number(f(x)), x, h)
    return gradient if gradient.ndim else float(gradient)


def jacobian_central(
    f: Callable[[Any], Any], x: npt.ArrayLike, h: float | None = None
) -> npt.NDArray[np.float64]:
    r"""Return the Jacobian :math:`\partial f_i / \partial x_j` from central differences.

    Parameters
    ----------
    f : callable
        Takes an array shaped like `x` (a float if `x` is a single number) and returns numbers of any shape.
    x : array_like, any shape
        Where to differentiate; converted to float64 and never changed.
    h : float, optional
        The step, as in `central_difference`.

    Returns
    -------
    ndarray of float64, shape (shape of f) + (shape of x)

    Raises
    ------
    TypeError, ValueError
        As `central_difference`; and if `h` is not positive.
    """
    check_type(f, Callable, "f", "a function")
    x = _point(x)
    columns = []
    for i in np.ndindex(x.shape):
        step = CUBE_ROOT_OF_EPSILON * max(1.0, abs(x[i])) if h is None else as_number(h, "h", above=0)
        right, left = _shifted(x, i, step), _shifted(x, i, -step)
        width = right[i] - left[i]  # not quite 2 step, because x + step is rounded
        if width == 0:
            raise ValueError(f"the step {step:g} is lost in rounding at x = {x[i]:g}")
        columns.append((_values(f, right) - _values(f, left)) / width)
    return np.stack(columns, axis=-1).reshape(columns[0].shape + x.shape)


def complex_step(f: Callable[[Any], Any], x: npt.ArrayLike, h: float = 1e-20) -> Any:
    r"""Return the gradient of a scalar function from one imaginary step per entry.

    For an analytic function, :math:`\mathrm{Im}\, f(x + i h e_j) / h = \partial f / \partial x_j + O(h^2)`.
    No difference is taken, so no digits cancel and :math:`h` can be tiny (equation
    eq-autodiff-complex-step; Squire and Trapp, 1998).

    Parameters
    ----------
    f : callable
        Takes a complex array shaped like `x` (a complex number if `x` is one number) and returns one complex
        number. It must be built from analytic operations: no absolute values, maxima or conjugates.
    x : array_like, any shape
        Where to differentiate; converted to float64 and never changed.
    h : float, default 1e-20
        The step.

    Returns
    -------
    float or ndarray of float64
        The gradient, shaped like `x`.

    Raises
    ------
    TypeError
        If `f` returns a real number: it has lost the imaginary part, and with it the derivative.
    ValueError
        If `x` is empty or not finite, if `f` returns more than one number or NaN, or if `h` is not positive.

    Examples
    --------
    >>> complex_step(np.exp, 1.0)
    2.718281828459045
    """
    check_type(f, Callable, "f", "a function")
    x = _point(x)
    h = as_number(h, "h", above=0)
    gradient = np.empty_like(x)
    for i in np.ndindex(x.shape):
        value = np.asarray(_one_number(f(_shifted(x.astype(complex), i, 1j * h)[()])))
        if value.dtype.kind != "c":
            raise TypeError("f returned a real number: it has dropped the imaginary part of its argument")
        gradient[i] = value.item().imag / h
    if not np.isfinite(gradient).all():
        raise ValueError("f is not finite near x")
    return gradient if gradient.ndim else float(gradient)


def relative_error(a: npt.ArrayLike, b: npt.ArrayLike, floor: float = 0.0) -> float:
    r"""Return the largest :math:`|a_i - b_i| / \max(|a_i|, |b_i|)`, where two zeros agree perfectly.

    Parameters
    ----------
    a, b : array_like
        Two arrays of the same shape, or two numbers.
    floor : float, default 0
        The smallest denominator: numbers below it are compared by their difference, in units of `floor`.

    Returns
    -------
    float
        Between 0 (equal) and 2 (opposite signs).

    Raises
    ------
    TypeError, ValueError
        If `a` or `b` is not made of finite real numbers, is empty, or if their shapes differ.

    Examples
    --------
    >>> relative_error([1.0, 100.0], [1.0, 101.0])
    0.009900990099009901
    """
    return float(_relative_errors(_point(a, "a"), _point(b, "b"), as_number(floor, "floor", minimum=0)).max())


@dataclass(frozen=True, repr=False)
class GradientCheck:
    """The outcome of `check_gradient`; true if the gradient passed.

    Attributes
    ----------
    ok : bool
        Whether no entry is off by more than the tolerance.
    largest_error : float
        The largest relative error of all entries.
    index : tuple of int
        Which entry has it.
    analytic, numeric : float
        That entry of the gradient to be checked, and from central differences.
    """

    ok: bool
    largest_error: float
    index: tuple[int, ...]
    analytic: float
    numeric: float

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        verdict = "the gradient agrees" if self.ok else "the gradient is WRONG"
        entry = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        return (
            f"{verdict}: largest relative error {self.largest_error:.1e},\n"
            f"in entry gradient{entry}: {self.analytic:.10g}, central difference {self.numeric:.10g}"
        )


def check_gradient(
    f: Callable[[Any], Any],
    gradient: Callable[[Any], Any] | npt.ArrayLike,
    x: npt.ArrayLike,
    rtol: float = 1e-6,
) -> GradientCheck:
    r"""Compare a gradient, entry by entry, with central differences.

    Entries smaller than :math:`10^{-4} \max(1, |f(x)|)` are compared by their difference, in these units:
    there, rounding in `f` spoils the relative error of the central difference.

    Parameters
    ----------
    f : callable
        Takes an array shaped like `x` and returns one number.
    gradient : callable or array_like
        What to check: a function of `x`, or its value at `x`; shaped like `x`.
    x : array_like, any shape
        Where to compare. Choose a random point: at zero many mistakes vanish.
    rtol : float, default 1e-6
        The largest relative error that passes.

    Returns
    -------
    GradientCheck
        Prints as a sentence, on two lines, that names the worst entry.

    Raises
    ------
    TypeError, ValueError
        As `central_difference`; and if the gradient is not finite or not shaped like `x`.

    Examples
    --------
    >>> def gradient(x):
    ...     return np.array([2 * x[0] * x[1], x[0]])
    >>> check_gradient(lambda x: x[0] ** 2 * x[1], gradient, [3.0, 5.0])
    the gradient is WRONG: largest relative error 6.7e-01,
    in entry gradient[1]: 3, central difference 9
    """
    x = _point(x)
    numeric = np.asarray(central_difference(f, x))
    value = gradient(x.copy()[()]) if callable(gradient) else gradient
    analytic = _point(value, "gradient")
    floor = 1e-4 * max(1.0, abs(float(_values(f, x.copy()))))
    errors = _relative_errors(analytic, numeric, floor)
    worst = np.unravel_index(int(errors.argmax()), errors.shape)
    index = tuple(int(i) for i in worst)
    largest = float(errors[index])
    tolerance = as_number(rtol, "rtol", above=0)
    return GradientCheck(largest <= tolerance, largest, index, float(analytic[index]), float(numeric[index]))


def _point(x: npt.ArrayLike, name: str = "x") -> npt.NDArray[np.float64]:
    """Return a new float64 array, checked."""
    return np.array(as_array(x, name), dtype=np.float64)


def _shifted(x: npt.NDArray[Any], i: tuple[int, ...], step: complex) -> npt.NDArray[Any]:
    """Return a copy of `x` with entry `i` shifted by `step`."""
    moved = x.copy()
    moved[i] += step
    return moved


def _values(f: Callable[[Any], Any], x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return what `f` gives at `x`, checked and copied; a single number is passed to `f` as a float."""
    return _point(f(x if x.ndim else float(x)), "f(x)")


def _one_number(value: Any) -> Any:
    """Return `value` if it is a single number, without its axes of length 1."""
    if np.size(value) != 1:
        raise ValueError(f"f must return one number, it returned an array of shape {np.shape(value)}")
    return np.reshape(value, ())[()]


def _relative_errors(
    a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], floor: float
) -> npt.NDArray[np.float64]:
    """Return the relative error of each entry; 0 where both are 0."""
    if a.shape != b.shape:
        raise ValueError(f"the shapes differ: {a.shape} and {b.shape}")
    scale = np.maximum(np.maximum(np.abs(a), np.abs(b)), max(floor, math.ulp(0.0)))
    return np.asarray(np.abs(a - b) / scale)
