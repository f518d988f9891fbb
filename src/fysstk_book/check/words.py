"""How a result is laid beside the expected one, and what the two have in common, put into words."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from fysstk_book.check.case import MOST_SHOWN, Case, argument_names, show
from fysstk_book.check.running import Returned
from fysstk_book.check.values import (
    Misfit,
    Pair,
    close,
    conform,
    is_a,
    pair_agrees,
    plain,
)
from fysstk_book.exercises import Exercise

Array = np.ndarray[Any, Any]


ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def lay(expected: Any, got: Any) -> list[Pair]:
    """Lay two results beside each other, part by part; empty when they do not fit."""
    laid = conform(expected, got)
    return [] if isinstance(laid, Misfit) else laid


def parts_of(case: Case, i: int) -> list[Pair]:
    """Return the parts of the i-th result beside the expected ones; empty when they do not fit."""
    return lay(case.expected[i], case.got[i])


def numeric_parts(case: Case, i: int) -> list[tuple[Array, Array]]:
    """Return the numeric parts of the i-th result: expected and got."""
    return [
        (pair.expected, pair.got)
        for pair in parts_of(case, i)
        if isinstance(pair.expected, np.ndarray) and isinstance(pair.got, np.ndarray)
    ]


def _may_show_expected(case: Case) -> bool:
    """Tell whether the expected result may be shown: not when it is the solution itself."""
    exercise = case.exercise
    if exercise.takes_function:
        return True
    return exercise.use is not None and not case.agrees(case.expected[0], plain(exercise.reference_answer))


def comparison(case: Case, i: int) -> list[tuple[str, str]]:
    """Return rows with what was expected and what was got; of large arrays only the worst element."""
    expected, got = case.expected[i], case.got[i]
    rows = [("expected", show(expected)), ("got", show(got))]
    if isinstance(expected, np.ndarray) and isinstance(got, np.ndarray) and expected.size > MOST_SHOWN:
        worst = np.unravel_index(np.argmax(np.abs(expected - got)), expected.shape)
        where = ", ".join(map(str, worst))
        rows = [(f"expected[{where}]", show(expected[worst])), (f"got[{where}]", show(got[worst]))]
    return rows if _may_show_expected(case) else rows[1:]


def _rows_of_pairs(case: Case) -> list[list[Pair]]:
    """Return the parts of every result beside the expected ones, as rows of equal length, or nothing."""
    rows = [parts_of(case, i) for i in range(len(case.drawn))]
    return rows if len({len(row) for row in rows}) == 1 else []


def _wrong_parts(case: Case) -> list[int]:
    """Return which parts of the result are wrong for at least one input."""
    rows = _rows_of_pairs(case)
    rtol, atol = case.exercise.rtol, case.exercise.atol
    parts = range(len(rows[0]) if rows else 0)
    return [k for k in parts if not all(pair_agrees(row[k], rtol, atol) for row in rows)]


def right_parts(case: Case) -> str:
    """Say which of several results are right on all inputs."""
    rows, wrong = _rows_of_pairs(case), _wrong_parts(case)
    number = len(rows[0]) if rows else 0
    right = [ORDINALS[k] for k in range(min(number, len(ORDINALS))) if k not in wrong]
    if not right or number > len(ORDINALS):
        return ""
    if len(right) == 1:
        return f"Of its {number} parts, the {right[0]} is right."
    return f"Of its {number} parts, the {', '.join(right[:-1])} and {right[-1]} are right."


def right_elements(case: Case) -> str:
    """Say which entries of a dictionary, or how many elements of an array, are right."""
    if isinstance(case.expected[0], dict):
        rtol, atol = case.exercise.rtol, case.exercise.atol
        pairs = parts_of(case, 0)
        keys = dict.fromkeys(
            pair.where.split("]")[0] + "]" for pair in pairs if not pair_agrees(pair, rtol, atol)
        )
        return (
            f"Look again at {' and '.join(keys)}: the other entries are right."
            if len(keys) < len(case.expected[0])
            else ""
        )
    arrays = numeric_parts(case, 0)
    if len(arrays) != 1 or arrays[0][0].size < 2:
        return ""
    right = close(*arrays[0], case.exercise.rtol, case.exercise.atol)
    return f"{int(right.sum())} of its {right.size} numbers are right."


@dataclass(frozen=True)
class Relation:
    """How wrong numbers follow from the right ones: a name, and a sentence that says it."""

    name: str
    sentence: str


LOGARITHM = "another logarithm", "Which logarithm: the natural one, or that to base 2 or 10?"
DEGREES = "degrees for radians", "Are these degrees, where radians belong, or the reverse?"
POINT = (
    "a power of ten",
    "It is off by a power of ten. Where does the decimal point belong? Is it in per cent?",
)
COMMON = {"2": 2.0, "3": 3.0, "4": 4.0, "8": 8.0, "3/2": 1.5, "π": math.pi, "2π": 2 * math.pi, "√2": 2**0.5}

FACTORS: tuple[tuple[float, tuple[str, str]], ...] = (
    (-1.0, ("the sign is turned", "The sign is turned.")),
    *((f, LOGARITHM) for x in (math.log(2), math.log(10), math.log2(10)) for f in (x, 1 / x)),
    *((f, DEGREES) for f in (180 / math.pi, math.pi / 180)),
    *((10.0**k, POINT) for k in (-6, -4, -3, -2, -1, 1, 2, 3, 4, 6)),
    *((f, (f"a factor {x}", f"It is off by a factor {x}.")) for x, c in COMMON.items() for f in (c, 1 / c)),
)
"""Factors by which an answer may be off, and what to say to each."""

RELATIONS: tuple[tuple[Callable[[Array], Array], str, str], ...] = (
    (lambda a: 1 / a, "the reciprocal", "It is the reciprocal: what stands above the line, and what below?"),
    (lambda a: 1 - a, "one minus the result", "It is one minus the result: which of the two is asked for?"),
    (lambda a: a**2, "squared", "It is squared where it should not be, or a root is missing."),
    (lambda a: np.sqrt(a), "the root", "A root was taken that should not be, or a square is missing."),
    (lambda a: np.log(a), "the logarithm", "It is the logarithm of the result."),
    (lambda a: np.exp(a), "the exponential", "It is the exponential of the result."),
    (lambda a: np.exp(-a), "the exponential", "It is an exponential of the result."),
    (lambda a: -a, "the sign is turned", "The sign is turned."),
)
"""What else students do to a right number."""


def constant(case: Case) -> Relation | None:
    """Say how the wrong numbers follow from the right ones, by the same rule throughout."""
    if len(case.got) < len(case.drawn):
        return None
    wrong = _wrong_parts(case)
    pairs = [row[k] for row in _rows_of_pairs(case) for k in wrong]
    arrays = [
        (pair.expected, pair.got)
        for pair in pairs
        if isinstance(pair.expected, np.ndarray) and isinstance(pair.got, np.ndarray)
    ]
    if not arrays or len(arrays) < len(pairs):
        return None
    a = np.concatenate([expected.astype(complex).ravel() for expected, _ in arrays])
    b = np.concatenate([got.astype(complex).ravel() for _, got in arrays])
    if (
        not np.isfinite(a).all()
        or not (np.abs(b) < 1e100).all()
        or any(x.dtype.kind == "b" for x, _ in arrays)
    ):
        return None
    parts = len(_rows_of_pairs(case)[0])
    there = f" in the {ORDINALS[wrong[0]]} part" if len(wrong) == 1 < parts <= len(ORDINALS) else ""
    if not case.exercise.takes_function:
        apart = ~close(a, b, case.exercise.rtol, case.exercise.atol)
        if not there and not apart.all():
            there = f" in {int(apart.sum())} of its {a.size} numbers, and the others are right"
        return _of_a_value(a[apart], b[apart], there)
    return _of_functions(a, b, there) or _argument_as_factor(case, wrong)


def _of_functions(a: Array, b: Array, there: str) -> Relation | None:
    """Look for a ratio, a difference or a simple function; where few numbers agree it may be chance."""
    if a.size < 3:
        return None
    zero = np.abs(a) < 1e-12
    if not zero.all() and (np.abs(b[zero]) < 1e-9).all():
        ratios = b[~zero] / a[~zero]
        if np.abs(ratios[0]) > 1e-9 and np.allclose(ratios, ratios[0], rtol=1e-6, atol=0):
            ratio = ratios[0].real
            name, sentence = _named(ratio, 1e-6) or (f"{_factor(ratio)} times", "")
            told = f"The ratio is constant: you get {_factor(ratio)} times what is expected{there}."
            turned = "The sign is turned" + (there or " everywhere") + "."
            more = "" if sentence.startswith("It is off") else f" {sentence}".rstrip()
            return Relation(name, turned if ratio == -1 or name == "the sign is turned" else told + more)
    differences = b - a
    if np.allclose(differences, differences[0], rtol=1e-6, atol=1e-9):
        amount = differences[0].real
        more = "more" if amount > 0 else "less"
        told = f"The difference is constant: you get {abs(amount):.6g} {more} than expected{there}."
        return Relation(f"{abs(amount):.6g} {more}", told)
    return _related(a, b, 1e-6)


def _of_a_value(a: Array, b: Array, there: str) -> Relation | None:
    """Look for what a student does to a right value; it may be rounded, and may not be told."""
    if a.size == 0 or (np.abs(a) < 1e-12).any():
        return None
    ratios = b / a
    if np.allclose(ratios, ratios[0], rtol=3e-4, atol=0):
        named = _named(ratios[0].real, 3e-4)
        if named is not None:
            return Relation(named[0], named[1].removesuffix(".") + f"{there}." if there else named[1])
    whole = (a == np.round(a.real)).all() and (b == np.round(b.real)).all()
    if whole and np.abs(b - a).max() == 1 and a.size == 1:
        return Relation("off by one", "You are off by one. Do you count posts or the gaps between them?")
    return _related(a, b, 3e-4)


def _named(ratio: float, rtol: float) -> tuple[str, str] | None:
    return next((words for factor, words in FACTORS if abs(ratio - factor) <= rtol * abs(factor)), None)


def _related(a: Array, b: Array, rtol: float) -> Relation | None:
    with np.errstate(all="ignore"):
        for change, name, sentence in RELATIONS:
            changed = change(a)
            if np.isfinite(changed).all() and np.allclose(b, changed, rtol=rtol, atol=0):
                return Relation(name, sentence)
    alike = np.allclose(np.abs(a), np.abs(b), rtol=rtol, atol=0)
    if alike and np.isreal(b).all():
        if (b.real >= 0).all():
            return Relation("the absolute value", "The sizes are right, but all are positive.")
        return Relation("signs", "The sizes are right, but some of the signs are not.")
    if a.size > 1 and np.allclose(np.sort_complex(a), np.sort_complex(b), rtol=rtol, atol=1e-12):
        return Relation("in another order", "These are the right numbers, but in another order.")
    return None


def _argument_as_factor(case: Case, wrong: list[int]) -> Relation | None:
    """Say whether what was got is what was expected times, or divided by, one of the arguments."""
    names = argument_names(case.exercise, len(case.drawn[0]))
    numbers = [k for k in range(len(names)) if all(is_a(inputs[k], float, int) for inputs in case.drawn)]
    for k in numbers:
        for power, words in ((-1, "divided by"), (1, "multiplied by")):
            if all(
                _is_scaled(row, wrong, inputs[k], power)
                for row, inputs in zip(_rows_of_pairs(case), case.drawn, strict=True)
            ):
                told = f"In each case you get what is expected, {words} `{names[k]}`."
                return Relation(f"{words} {names[k]}", told)
    return None


def _is_scaled(row: list[Pair], wrong: list[int], factor: float, power: int) -> bool:
    pairs = [(row[k].expected, row[k].got) for k in wrong]
    return (factor != 0 or power > 0) and all(
        isinstance(a, np.ndarray)
        and isinstance(b, np.ndarray)
        and close(a * factor**power, b, 1e-6, 1e-12).all()
        for a, b in pairs
    )


def _factor(ratio: float) -> str:
    fraction = Fraction(ratio).limit_denominator(12)
    if abs(ratio - float(fraction)) < 1e-6 * abs(ratio) and fraction.denominator > 1:
        return f"{fraction.numerator}/{fraction.denominator}"
    return f"{ratio:.6g}"


def needed(exercise: Exercise) -> str:
    """Say which score is needed."""
    least = [] if exercise.at_least is None else [f"at least {exercise.at_least:g}"]
    most = [] if exercise.at_most is None else [f"at most {exercise.at_most:g}"]
    return ", ".join(least + most)


def what_was_checked(case: Case) -> str:
    """Say on how many inputs the answer agrees, and how closely, or which score it reaches."""
    exercise, number = case.exercise, len(case.drawn)
    if exercise.scored:
        return f"It reaches the score that is asked for: {needed(exercise)}."
    if not exercise.takes_function:
        return ""
    return f"It agrees with the book's on all {number} inputs, to a relative {exercise.rtol:g}."


def remarks(case: Case) -> list[str]:
    """Say in what a right answer differs from the book's form."""
    said: dict[str, str] = {}
    for expected, outcome in zip(case.expected, case.raw, strict=False):
        if isinstance(outcome, Returned):
            for kind, remark in _remarks(expected, outcome.value):
                said.setdefault(kind, remark)
    return list(said.values())


def _remarks(expected: Any, got: Any) -> Iterator[tuple[str, str]]:
    if isinstance(expected, tuple):
        if isinstance(got, tuple | list) and len(got) == len(expected):
            for a, b in zip(expected, got, strict=True):
                yield from _remarks(a, b)
        return
    if isinstance(expected, str):
        return
    if isinstance(got, str):
        yield "text", "It came as text: a number needs no quotation marks, and has a decimal point."
        return
    try:
        wanted, shape = np.shape(expected), np.shape(got)
    except ValueError:
        return
    if wanted == () != shape:
        comma = "It came in a tuple: is there a comma at the end of the line?"
        other = f"A single number is asked for; yours has the shape {shape}."
        yield "shape", comma if isinstance(got, tuple) else other
    elif wanted != shape:
        told = f"Yours has the shape {shape} where the book's has {wanted}. An axis of length one looks "
        yield "shape", told + "harmless, but later sums and products broadcast over it."
    if isinstance(got, np.ndarray) and got.dtype == np.float32:
        yield "type", "Your numbers are `float32`, which keeps seven digits: they were compared to fewer."
