"""Checks of arguments that every module shares: what was expected, and what came instead."""

from __future__ import annotations

import math
import numbers
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.floating[Any]]
"""A NumPy array of floating-point numbers."""

Seed: TypeAlias = int | np.random.Generator
"""What every ``rng`` argument takes: a seed, or a generator that is then used (and advanced)."""


def as_array(
    value: npt.ArrayLike,
    name: str,
    *,
    ndim: int | tuple[int, ...] | None = None,
    shape: tuple[int, ...] | None = None,
    dtype: npt.DTypeLike | None = None,
    finite: bool = True,
) -> Array:
    """Return `value` as a floating-point array, or say what is wrong with it.

    float32 and float64 stay what they are; integers and booleans become float64. Nothing is copied that
    does not have to be, and `value` is never changed.

    Parameters
    ----------
    value : array_like
        What the caller was given.
    name : str
        The argument's name, for the message.
    ndim : int or tuple of int, optional
        The numbers of axes that are accepted.
    shape : tuple of int, optional
        The exact shape that is expected.
    dtype : numpy dtype, optional
        The floating-point type to convert to.
    finite : bool
        Whether NaN and infinity are errors.

    Returns
    -------
    ndarray
        Of floating-point type and at least one element.

    Raises
    ------
    TypeError
        If `value` does not hold real numbers.
    ValueError
        If it is empty, ragged, of the wrong shape, not finite, or has masked values.
    """
    array = as_rectangle(value, name)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, not {_type_name(value, array)}")
    if array.dtype.kind != "f" or array.dtype.itemsize < 4:
        array = array.astype(np.float64)
    if dtype is not None:
        array = array.astype(as_dtype(dtype), copy=False)
    if shape is not None and array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, not {array.shape}")
    if ndim is not None:
        allowed = (ndim,) if isinstance(ndim, int) else ndim
        if array.ndim not in allowed:
            expected = " or ".join(str(n) for n in allowed)
            raise ValueError(f"{name} must have {expected} axes, but its shape is {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} is empty: its shape is {array.shape}")
    if finite and not is_finite(array):
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name} must be finite, but {name}[{', '.join(map(str, where))}] is {array[where]}")
    return array


def as_rectangle(value: Any, name: str) -> npt.NDArray[Any]:
    """Return `value` as an array of whatever it holds.

    Raises
    ------
    ValueError
        If it is ragged, or has masked values.
    """
    check_unmasked(value, name)
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be rectangular, but its rows differ in length") from error


def check_unmasked(value: object, name: str) -> None:
    """Raise a ValueError if `value` is a masked array that hides numbers, or a list of such arrays.

    NumPy's functions would use the hidden numbers like all others.
    """
    parts = value if isinstance(value, list | tuple) else (value,)
    if any(isinstance(part, np.ma.MaskedArray) and np.any(part.mask) for part in parts):
        raise ValueError(
            f"{name} is a masked array that hides some of its numbers: drop the samples that have such, "
            f"or put other numbers in their place with {name}.filled(...)"
        )


def check_type(value: object, kind: Any, name: str, expected: str) -> None:
    """Raise a TypeError unless `value` is an instance of `kind`: "net must be an MLP, not str"."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {expected}, not {type(value).__name__}")


def check_flags(**flags: object) -> None:
    """Raise a TypeError unless all of these arguments are True or False."""
    for name, flag in flags.items():
        check_type(flag, bool | np.bool_, name, "True or False")


def is_finite(array: Array) -> bool:
    """Return whether all numbers are finite.

    If their sum is finite, or that of their squares, so are they: one pass over the data, and no array
    beside it. If it is not, it may only have overflowed; then the extremes tell, through which a NaN passes.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if array.flags.forc:
            flat = array.ravel(order="K")
            total = flat.dot(flat)  # BLAS takes half the time of NumPy's sum
        else:  # some columns of a table, say, which would be copied
            total = array.sum()
    return math.isfinite(total) or (math.isfinite(array.min()) and math.isfinite(array.max()))


def as_matrix(
    X: npt.ArrayLike,
    name: str = "X",
    *,
    features: int | None = None,
    dtype: npt.DTypeLike | None = None,
    built_for: str = "the network was built for",
    finite: bool = True,
) -> Array:
    """Return `X` as an (n, features) array: one sample in each row.

    Raises
    ------
    TypeError, ValueError
        As `as_array`; and where the number of columns is not `features`, for example
        "X has 3 features, the network was built for 2".
    """
    matrix = as_array(X, name, dtype=dtype, finite=finite)
    if matrix.ndim != 2:
        raise ValueError(f"{name} must have 2 axes, one row for each sample, but its shape is {matrix.shape}")
    columns = matrix.shape[1]
    if features is not None and columns != features:
        raise ValueError(f"{name} has {columns} feature{'s' * (columns != 1)}, {built_for} {features}")
    return matrix


def as_targets(
    y: npt.ArrayLike,
    name: str = "y",
    *,
    samples: int,
    outputs: int,
    dtype: npt.DTypeLike | None = None,
) -> Array:
    """Return `y` as an (n, M_L) array of targets; for one output node a vector (n,) will do.

    Raises
    ------
    TypeError, ValueError
        As `as_array`; and where `y` does not have one row for each sample or one column for each output.
    """
    targets = as_array(y, name, dtype=dtype)
    if targets.ndim == 1 and outputs == 1:
        targets = targets[:, np.newaxis]
    if targets.ndim != 2 or targets.shape[1] != outputs:
        hint = "" if outputs == 1 else " (class numbers have to be one-hot encoded first)"
        raise ValueError(f"{name} must have shape ({samples}, {outputs}), not {targets.shape}{hint}")
    if targets.shape[0] != samples:
        raise ValueError(f"{name} has {targets.shape[0]} rows, but X has {samples}")
    return targets


def as_dtype(dtype: npt.DTypeLike) -> np.dtype[Any]:
    """Return `dtype` as one of the two types that we compute in, float32 or float64.

    Raises
    ------
    TypeError
        If it is any other type.
    """
    try:
        found = np.dtype(dtype)
    except TypeError as error:
        raise TypeError(f"dtype must be float32 or float64, not {dtype!r}") from error
    if found not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise TypeError(f"dtype must be float32 or float64, not {found}")
    return found


def as_number(
    value: Any,
    name: str,
    *,
    minimum: float = -math.inf,
    maximum: float = math.inf,
    above: float = -math.inf,
    below: float = math.inf,
) -> float:
    """Return `value` as a finite Python float within ``[minimum, maximum]`` and ``(above, below)``.

    Hyperparameters stay Python floats, because a NumPy float64 scalar would promote float32 arrays.

    Raises
    ------
    TypeError
        If `value` is not a real number.
    ValueError
        If it is not finite or out of range.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real | np.number):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    try:
        number = float(value)
    except OverflowError:  # an integer of more than 308 digits
        number = math.inf if cast(Any, value) > 0 else -math.inf
    if not (math.isfinite(number) and minimum <= number <= maximum and above < number < below):
        bounds = [
            f"{sign} {bound:g}"
            for sign, bound in ((">=", minimum), (">", above), ("<=", maximum), ("<", below))
            if math.isfinite(bound)
        ]
        raise ValueError(f"{name} must be {' and '.join(bounds) or 'finite'}, not {number:g}")
    return number


def as_count(value: Any, name: str, *, minimum: int = 1) -> int:
    """Return `value` as a Python int of at least `minimum`.

    Raises
    ------
    TypeError
        If `value` is not an integer (2.0 is not).
    ValueError
        If it is smaller than `minimum`.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, not {value}")
    return int(value)


def as_generator(rng: Any) -> np.random.Generator:
    """Return the random generator that `rng` is, or that it is the seed of.

    Raises
    ------
    TypeError
        If `rng` is neither a ``numpy.random.Generator`` nor an integer. None is not accepted: a run that
        cannot be repeated has to be asked for, with ``numpy.random.default_rng()``.
    ValueError
        If the seed is negative.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, bool) or not isinstance(rng, numbers.Integral):
        raise TypeError(f"rng must be a numpy.random.Generator or an integer seed, not {type(rng).__name__}")
    return np.random.default_rng(as_count(rng, "rng", minimum=0))


def _type_name(value: object, array: npt.NDArray[Any]) -> str:
    """Say what kind of thing `value` is: a list of strings, say, or None."""
    if array.ndim == 0:
        return type(value).__name__
    kinds = {"O": "objects", "U": "strings", "S": "bytes", "c": "complex numbers"}
    return kinds.get(array.dtype.kind, str(array.dtype))
