"""What an answer returns, reduced to plain values, and how two of them compare.

Nothing here calls a method of the answer's own objects: an object that claims to equal everything,
or an array subclass with operators of its own, is recognised by its type and compares to nothing.
(`isinstance` would ask the object for its class; `is_a` does not.)
"""

import difflib
import types
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_NUMBERS = 2_000_000
MOST_PARTS = 100_000
DEEPEST = 20
LONGEST_INTEGER = 1000  # in bits
NUMBERS = {bool, int, float, complex, Fraction, Decimal}


@dataclass(frozen=True)
class Foreign:
    """Stands for something that is not a number, a string, an array or a collection of those."""

    kind: str


@dataclass(frozen=True)
class Huge:
    """Stands for an array too large to hand over."""

    shape: tuple[int, ...]


@dataclass(frozen=True)
class Blank:
    """Stands for the `...` of a stub."""


def is_a(value: object, *kinds: type) -> bool:
    """Tell whether a value is of one of these types, without asking the value."""
    return issubclass(type(value), kinds)


def plain(value: Any) -> Any:
    """Return a copy of `value` made of exact built-in types and plain arrays only."""
    return _plain(value, [MOST_PARTS], ())


def _plain(value: Any, budget: list[int], inside: tuple[int, ...]) -> Any:
    """Copy one value; `budget` holds how many more may be copied, `inside` the collections around it."""
    kind = type(value)
    budget[0] -= 1
    if kind is str and len(value) > MOST_PARTS:
        return Foreign(f"a string of {len(value)} characters")
    if kind is int and value.bit_length() > LONGEST_INTEGER:
        return Foreign("an integer too long for a floating-point number")
    if value is None or kind in (bool, int, float, complex, str):
        return value
    if kind in (Foreign, Huge, Blank):
        return value
    if value is Ellipsis:
        return Blank()
    if kind in (tuple, list, dict):
        if id(value) in inside or len(inside) == DEEPEST:
            return Foreign(f"a {kind.__name__} that contains itself")
        if len(value) > budget[0]:
            return Huge((len(value),))
        inside = (*inside, id(value))
        if kind is dict:
            return {
                str(key): _plain(part, budget, inside)
                for key, part in value.items()
                if type(key) in (str, int)
            }
        return kind(_plain(part, budget, inside) for part in value)
    if is_a(value, np.generic):
        return _plain_array(np.asarray(value))
    if kind is np.ndarray:
        return _plain_array(value)
    if kind is np.matrix:
        return _plain_array(np.asarray(value))
    if kind in (Fraction, Decimal):
        return float(value)
    if type.__getattribute__(kind, "__module__").partition(".")[0] in FRIENDS:
        return _converted(value)
    if is_a(value, tuple):
        return tuple(_plain(part, budget, inside) for part in tuple.__iter__(value))
    return Foreign(_describe_type(value))


FRIENDS = ("pandas", "sympy", "torch", "jax", "jaxlib")
"""Libraries whose numbers and tables convert to numpy's."""


def _converted(value: Any) -> Any:
    """Convert a number, a series or a table of another library, where nothing is lost by it."""
    described = Foreign(_describe_type(value))
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O":
            array = array.astype(float)
    except Exception:  # a symbol, or a class that only claims to be theirs
        return described
    return _plain_array(array) if array.dtype.kind in "biufc" else described


def _plain_array(value: NDArray[Any]) -> Any:
    if value.size > MOST_NUMBERS:
        return Huge(value.shape)
    if value.dtype.kind == "U":
        return value.tolist()
    if value.dtype.kind == "O" and any(part is Ellipsis for part in value.flat):
        return Blank()
    if value.dtype.kind == "O" and value.size and {type(part) for part in value.flat} <= NUMBERS:
        return value.astype(complex if complex in map(type, value.flat) else float)
    if value.dtype.kind not in "biufc":
        return Foreign(f"an array of {'Python objects' if value.dtype.kind == 'O' else value.dtype}")
    return np.array(value, order="C", copy=True)


def _describe_type(value: object) -> str:
    kind = type(value)
    if is_a(value, types.GeneratorType):
        return "a generator"
    if is_a(value, types.FunctionType, types.BuiltinFunctionType, types.MethodType):
        return "a function"
    if is_a(value, type):
        return "a class"
    if is_a(value, np.ma.MaskedArray):
        return "a masked array"
    module = type.__getattribute__(kind, "__module__")
    name = type.__getattribute__(kind, "__name__")
    text = name if module in ("builtins", "__main__") else f"{str(module).split('.')[0]}.{name}"
    return ("an " if text[:1].lower() in "aeiou" else "a ") + text


def describe(value: Any) -> str:
    """Say in words what a plain value is: "an array of shape (3, 2)"."""
    if isinstance(value, Foreign):
        return value.kind
    if isinstance(value, Huge):
        return f"an array of shape {value.shape}"
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return "a number" if value.ndim == 0 else f"an array of shape {value.shape}"
    if isinstance(value, bool | np.bool_):
        return "True or False"
    if isinstance(value, int | float | complex | np.number):
        return "a number"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, tuple):
        return f"a tuple of {len(value)}" if value else "an empty tuple"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, dict):
        return "a dictionary with the keys " + ", ".join(repr(key) for key in value)
    return "`...`"


@dataclass(frozen=True)
class Pair:
    """One number, array or string of the expected result beside the one that was got."""

    where: str
    expected: NDArray[Any] | str | None
    got: NDArray[Any] | str | None


@dataclass(frozen=True)
class Misfit:
    """Two values that cannot be compared number by number: wrong type or wrong shape."""

    verdict: str
    where: str
    expected: str
    got: str


def _numbers(value: Any) -> NDArray[Any] | None:
    """Return a number, an array or a rectangular collection of numbers as an array, else None."""
    if isinstance(value, np.ndarray):
        return value if value.dtype.kind in "biufc" else None
    if isinstance(value, bool | int | float | complex | np.bool_ | np.number):
        return np.asarray(float(value) if isinstance(value, int) and abs(value) >= 2**63 else value)
    if isinstance(value, list | tuple):
        parts = [_numbers(part) for part in value]
        if any(part is None for part in parts) or len({part.shape for part in parts if part is not None}) > 1:
            return None
        return np.array([part for part in parts if part is not None])
    return None


def conform(expected: Any, got: Any, where: str = "") -> list[Pair] | Misfit:
    """Lay the expected and the got result side by side, leaf by leaf."""
    if isinstance(expected, str):
        if isinstance(got, str):
            return [Pair(where, expected, got)]
        return Misfit("wrong type", where, describe(expected), describe(got))
    if expected is None:
        return [] if got is None else Misfit("wrong type", where, "None", describe(got))
    if isinstance(expected, dict):
        if not isinstance(got, dict) or set(got) != set(expected):
            return Misfit("wrong type", where, describe(expected), describe(got))
        return _conform_parts([(f"{where}[{key!r}]", expected[key], got[key]) for key in expected])
    if isinstance(expected, tuple) or (isinstance(expected, list) and _numbers(expected) is None):
        return _conform_collection(expected, got, where)
    wanted, numbers = _numbers(expected), _numbers(got)
    if wanted is None:
        return Misfit("wrong type", where, describe(expected), describe(got))
    if numbers is None:
        if isinstance(got, Huge):
            return Misfit("wrong shape", where, describe(expected), describe(got))
        return Misfit("wrong type", where, describe(expected), describe(got))
    if wanted.shape != numbers.shape:
        shown = describe(numbers)
        if isinstance(got, tuple | list):
            shown = shown.replace("an array", "a list" if isinstance(got, list) else "a tuple")
        return Misfit("wrong shape", where, describe(wanted), shown)
    return [Pair(where, wanted, numbers)]


def fit(expected: Any, got: Any) -> Any:
    """Bring a result to the expected form where nothing is lost by it; else return it as it is.

    Axes of length one come and go, a list of rows becomes a matrix, a number in quotation marks a number,
    and an array that stacks several results those results.
    """
    if isinstance(expected, tuple) or (isinstance(expected, list) and _numbers(expected) is None):
        if isinstance(got, tuple | list) and len(got) == len(expected):
            return type(got)(fit(a, b) for a, b in zip(expected, got, strict=True))
        if isinstance(got, np.ndarray) and got.ndim > 0 and len(got) == len(expected):
            rows = tuple(fit(a, b) for a, b in zip(expected, got, strict=True))
            return got if isinstance(conform(expected, rows), Misfit) else rows
        if isinstance(got, tuple | list | np.ndarray) and _length(got) == 1:
            inner = fit(expected, got[0])
            return got if isinstance(conform(expected, inner), Misfit) else inner
        return got
    if isinstance(expected, str):
        lone = isinstance(got, tuple | list) and len(got) == 1 and isinstance(got[0], str)
        return got[0] if lone else got
    if isinstance(got, str):
        return _read_number(got)
    wanted, numbers = _numbers(expected), _numbers(got)
    if wanted is None or numbers is None or wanted.shape == numbers.shape:
        return got
    alike = [n for n in wanted.shape if n != 1] == [n for n in numbers.shape if n != 1]
    return numbers.reshape(wanted.shape) if alike else got


def _length(value: Any) -> int:
    return 0 if isinstance(value, np.ndarray) and value.ndim == 0 else len(value)


def _read_number(text: str) -> Any:
    """Read a number in quotation marks, also with a decimal comma or as a fraction; else return the text."""
    try:
        return float(Fraction(text.strip().replace(",", ".")))
    except (ValueError, ZeroDivisionError):
        return text


def _conform_collection(expected: Any, got: Any, where: str) -> list[Pair] | Misfit:
    if isinstance(got, np.ndarray) and got.ndim > 0:
        rows = _conform_collection(expected, list(got), where)
        return (
            Misfit("wrong type", where, describe(expected), describe(got))
            if isinstance(rows, Misfit)
            else rows
        )
    if not isinstance(got, tuple | list):
        return Misfit("wrong type", where, describe(expected), describe(got))
    if len(got) != len(expected):
        return Misfit("wrong type", where, describe(expected), describe(got))
    return _conform_parts(
        [(f"{where}[{i}]", a, b) for i, (a, b) in enumerate(zip(expected, got, strict=True))]
    )


def _conform_parts(parts: list[tuple[str, Any, Any]]) -> list[Pair] | Misfit:
    pairs: list[Pair] = []
    for where, expected, got in parts:
        laid = conform(expected, got, where)
        if isinstance(laid, Misfit):
            return laid
        pairs += laid
    return pairs


def close(expected: NDArray[Any], got: NDArray[Any], rtol: float, atol: float) -> NDArray[np.bool_]:
    """Tell which elements agree; the relative tolerance refers to the array's largest element."""
    if expected.dtype.kind == "b" and got.dtype.kind == "b":
        same: NDArray[np.bool_] = expected == got
        return same
    if got.dtype == np.float32:  # it keeps seven digits, and each operation loses some
        rtol, atol = max(rtol, 1e-4), max(atol, 1e-6)
    a = expected.astype(np.complex128 if expected.dtype.kind == "c" else np.float64)
    b = got.astype(np.complex128 if got.dtype.kind == "c" else np.float64)
    finite = np.abs(a[np.isfinite(a)])
    scale = float(finite.max()) if finite.size else 0.0
    with np.errstate(all="ignore"):
        near = np.abs(a - b) <= atol + rtol * scale
    agree: NDArray[np.bool_] = near | (a == b) | (np.isnan(a) & np.isnan(b))
    return agree


def agree(expected: Any, got: Any, rtol: float, atol: float) -> bool:
    """Tell whether two plain results are the same within the tolerance."""
    pairs = conform(expected, got)
    return not isinstance(pairs, Misfit) and all(pair_agrees(pair, rtol, atol) for pair in pairs)


def pair_agrees(pair: Pair, rtol: float, atol: float) -> bool:
    """Tell whether both sides of a pair are the same; of strings the letters and digits count alone."""
    if isinstance(pair.expected, str) and isinstance(pair.got, str):
        return letters(pair.expected) == letters(pair.got)
    if isinstance(pair.expected, np.ndarray) and isinstance(pair.got, np.ndarray):
        return bool(close(pair.expected, pair.got, rtol, atol).all())
    return pair.expected is pair.got


def difference(expected: Any, got: Any) -> float:
    """Return how far two results are apart at most, relatively; 1 where they do not compare."""
    pairs = conform(expected, got)
    if isinstance(pairs, Misfit):
        return 1.0
    largest = 0.0
    for pair in pairs:
        a, b = pair.expected, pair.got
        if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray) or a.size == 0:
            continue
        a, b = a.astype(complex), b.astype(complex)
        with np.errstate(all="ignore"):
            apart = np.abs(a - b) / np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-3)
        largest = max(largest, float(np.where(np.isfinite(apart), apart, 1.0).max()))
    return largest


def letters(text: str) -> str:
    """Return the letters and digits of a text in lower case, or the text where it has none."""
    kept = "".join(letter for letter in text.casefold() if letter.isalnum())
    return kept or " ".join(text.split())


def misspelt(expected: str, got: str) -> bool:
    """Tell whether a text is nearly the expected one."""
    a, b = letters(expected), letters(got)
    return min(len(a), len(b)) > 3 and difflib.SequenceMatcher(None, a, b).ratio() > 0.8


def size(value: Any) -> int:
    """Count the numbers and characters in a value, to find the smallest failing input."""
    if isinstance(value, np.ndarray):
        return int(value.size)
    if isinstance(value, tuple | list):
        return sum(size(part) for part in value)
    if isinstance(value, dict):
        return sum(size(part) for part in value.values())
    return 1


def unchanged(before: Any, after: Any) -> bool:
    """Tell whether an argument is, bit by bit, what it was; objects are compared by their attributes."""
    if type(before) is not type(after):
        return False
    if isinstance(before, np.ndarray):
        alike = before.shape == after.shape and before.dtype == after.dtype
        return bool(alike and (before.dtype.kind == "O" or before.tobytes() == after.tobytes()))
    if isinstance(before, tuple | list):
        return len(before) == len(after) and all(map(unchanged, before, after))
    if isinstance(before, dict):
        return list(before) == list(after) and all(unchanged(before[key], after[key]) for key in before)
    if isinstance(before, np.random.Generator | types.FunctionType | types.ModuleType | type):
        return True
    if isinstance(before, bool | int | float | complex | str):
        return bool(before == after or before != before)
    if hasattr(before, "__dict__"):
        return unchanged(vars(before), vars(after))
    return True
