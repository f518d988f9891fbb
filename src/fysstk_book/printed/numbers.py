"""Arithmetic for exact fractions, floats, arrays and SymPy expressions alike: what a formula's signs mean.

An array is a vector or a matrix, and side by side such things are multiplied as matrices. `samples` marks an
array of independent values instead, with which everything happens one by one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

__all__ = [
    "FUNCTIONS",
    "Samples",
    "add",
    "divide",
    "functional",
    "is_symbolic",
    "multiply",
    "norm",
    "power",
    "samples",
]


class Samples(np.ndarray[Any, Any]):
    """An array of independent values, not a vector."""


def is_symbolic(value: Any) -> bool:
    """Tell whether a value is a SymPy expression or holds some."""
    if isinstance(value, np.ndarray):
        return value.dtype == object and any(isinstance(v, sp.Basic) for v in value.flat)
    return isinstance(value, sp.Basic)


def meet(a: Any, b: Any) -> tuple[Any, Any]:
    """Return two values of kinds that work together: a fraction gives way to what it meets."""
    return _for(a, b), _for(b, a)


def _for(a: Any, b: Any) -> Any:
    if isinstance(a, sp.MatrixBase):
        a = np.array(a.tolist(), dtype=object)
    if not isinstance(a, Fraction) or isinstance(b, int | Fraction):
        return a
    if isinstance(b, sp.Basic) or (isinstance(b, np.ndarray) and b.dtype == object):
        return sp.Rational(a.numerator, a.denominator)
    return float(a)


def exact(a: Any) -> bool:
    """Tell whether a value is a Python integer or fraction."""
    return isinstance(a, int | Fraction)


def whole(a: Any) -> Any:
    """Return a fraction that is an integer as one."""
    return int(a) if isinstance(a, Fraction) and a.denominator == 1 else a


def add(a: Any, b: Any) -> Any:
    """Return a + b."""
    a, b = meet(a, b)
    return whole(a + b)


def _one_by_one(a: Any, b: Any) -> bool:
    return isinstance(a, Samples) or isinstance(b, Samples) or np.ndim(a) == 0 or np.ndim(b) == 0


def multiply(a: Any, b: Any, sign: str = "") -> Any:
    r"""Return the product that a sign stands for; without a sign it is the matrix product of arrays.

    The sign ``\circ`` multiplies entry by entry, or composes two functions.
    """
    if callable(a) or callable(b):
        if sign == r"\circ" and callable(a) and callable(b):
            return lambda *args: a(b(*args))
        raise TypeError("a function is multiplied; its argument is missing")
    a, b = meet(a, b)
    if sign == r"\circ" or _one_by_one(a, b):
        return whole(a * b)
    return a @ b


def divide(a: Any, b: Any) -> Any:
    """Return a / b; of integers, an exact fraction."""
    a, b = meet(a, b)
    if exact(a) and exact(b):
        return whole(Fraction(a) / b)
    return a / b


def power(a: Any, n: Any) -> Any:
    """Return a to the power n; of a square matrix, the matrix power."""
    a, n = meet(a, n)
    if np.ndim(a) == 2 and not isinstance(a, Samples):
        return _matrix_power(a, n)
    if exact(a) and isinstance(n, int):
        return whole(Fraction(a) ** n)
    if exact(a) and exact(n):
        return float(a) ** float(n)
    if isinstance(a, np.ndarray) and a.dtype != object and exact(n) and n < 0:
        return a.astype(float) ** n
    return a**n


def _matrix_power(a: Any, n: Any) -> Any:
    if a.shape[0] != a.shape[1]:
        raise ValueError(f"a power of a matrix of shape {a.shape}, which is not square")
    if a.dtype == object:
        return np.array((sp.Matrix(a) ** sp.sympify(n)).tolist(), dtype=object)
    if float(n).is_integer():
        return np.linalg.matrix_power(a.astype(float) if n < 0 else a, int(n))
    values, vectors = np.linalg.eigh(a)
    return (vectors * values ** float(n)) @ vectors.T


def norm(a: Any) -> Any:
    """Return the absolute value of a number and the length of a vector."""
    if isinstance(a, Samples) or np.ndim(a) == 0:
        return abs(a)
    if is_symbolic(a):
        return sp.sqrt(sum(x**2 for x in np.ravel(a)))
    return np.sqrt(np.sum(np.abs(np.asarray(a, dtype=float)) ** 2))


def functional(numeric: Callable[..., Any], symbolic: Callable[..., Any]) -> Callable[..., Any]:
    """Return one function for numbers, arrays and SymPy expressions."""

    def function(*values: Any) -> Any:
        if any(map(is_symbolic, values)):
            if any(np.ndim(v) for v in values):
                return np.vectorize(symbolic, otypes=[object])(*values)
            return symbolic(*values)
        return numeric(*(float(v) if exact(v) else v for v in values))

    return function


def _largest(pick: Callable[..., Any]) -> Callable[..., Any]:
    def function(*values: Any) -> Any:
        if len(values) == 1:
            return pick.reduce(np.ravel(values[0]))  # type: ignore[attr-defined]
        return whole(values[0] if len(values) == 1 else _reduce(pick, values))

    return function


def _reduce(pick: Callable[..., Any], values: tuple[Any, ...]) -> Any:
    if all(map(exact, values)):
        return (max if pick is np.maximum else min)(values)
    result = values[0]
    for value in values[1:]:
        result = pick(*(float(v) if exact(v) else v for v in (result, value)))
    return result


def _diagonal(values: Any) -> Any:
    return np.diag(np.asarray(values))


def _over_samples(numeric: Callable[..., Any]) -> Callable[..., Any]:
    def function(values: Any) -> Any:
        if np.ndim(values) == 0:
            raise ValueError("an average of one number: bind the samples, or the average itself")
        return numeric(np.asarray(values), axis=0)

    return function


FUNCTIONS: dict[str, Callable[..., Any]] = {
    r"\ln": functional(np.log, sp.log),
    r"\exp": functional(np.exp, sp.exp),
    r"\sin": functional(np.sin, sp.sin),
    r"\cos": functional(np.cos, sp.cos),
    r"\tan": functional(np.tan, sp.tan),
    r"\tanh": functional(np.tanh, sp.tanh),
    r"\operatorname{sign}": functional(np.sign, sp.sign),
    r"\mathrm{sign}": functional(np.sign, sp.sign),
    r"\operatorname{Im}": functional(np.imag, sp.im),
    r"\max": functional(_largest(np.maximum), sp.Max),
    r"\min": functional(_largest(np.minimum), sp.Min),
    r"\operatorname{diag}": _diagonal,
    r"\mathbb{E}": _over_samples(np.mean),
    r"\operatorname{Var}": _over_samples(np.var),
}
SQRT = functional(np.sqrt, sp.sqrt)
FLOOR = functional(np.floor, sp.floor)


def is_integer(value: Any) -> bool:
    """Tell whether a value is a whole number, of whatever type."""
    if isinstance(value, bool | np.bool_):
        return False
    if isinstance(value, sp.Basic):
        return bool(value.is_Integer)
    return isinstance(value, int | np.integer) or (
        isinstance(value, float) and math.isfinite(value) and value.is_integer()
    )


def samples(values: Any) -> Samples:
    """Mark an array as independent values, with which formulas compute one by one."""
    return np.asarray(values).view(Samples)
