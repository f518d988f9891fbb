"""How a result is laid beside the expected one, and what the two have in common, put into words."""

from fractions import Fraction
from typing import Any

import numpy as np

from fysstk_book.check.case import MOST_SHOWN, Case, argument_names, show
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
    """Say how many elements of an array are right."""
    arrays = numeric_parts(case, 0)
    if len(arrays) != 1 or arrays[0][0].size < 2:
        return ""
    right = close(*arrays[0], case.exercise.rtol, case.exercise.atol)
    return f"{int(right.sum())} of its {right.size} numbers are right."


def constant(case: Case) -> str:
    """Say whether got/expected or got - expected is the same number throughout the wrong parts."""
    wrong = _wrong_parts(case)
    pairs = [row[k] for row in _rows_of_pairs(case) for k in wrong]
    arrays = [
        (pair.expected, pair.got)
        for pair in pairs
        if isinstance(pair.expected, np.ndarray) and isinstance(pair.got, np.ndarray)
    ]
    if not arrays or len(arrays) < len(pairs):
        return ""
    a = np.concatenate([expected.astype(complex).ravel() for expected, _ in arrays])
    b = np.concatenate([got.astype(complex).ravel() for _, got in arrays])
    if a.size < 3 or not np.isfinite(a).all() or not (np.abs(b) < 1e100).all():
        return ""
    parts = len(_rows_of_pairs(case)[0])
    there = f" in the {ORDINALS[wrong[0]]} part" if len(wrong) == 1 < parts <= len(ORDINALS) else ""
    zero = np.abs(a) < 1e-12
    if not zero.all() and (np.abs(b[zero]) < 1e-9).all():
        ratios = b[~zero] / a[~zero]
        if np.abs(ratios[0]) > 1e-9 and np.allclose(ratios, ratios[0], rtol=1e-6, atol=0):
            return f"The ratio is constant: you get {_factor(ratios[0].real)} times what is expected{there}."
    differences = b - a
    if np.allclose(differences, differences[0], rtol=1e-6, atol=1e-9):
        amount = differences[0].real
        more = "more" if amount > 0 else "less"
        return f"The difference is constant: you get {abs(amount):.6g} {more} than expected{there}."
    if all(expected.dtype.kind in "iub" for expected, _ in arrays):  # counts and the like
        return _argument_as_factor(case, wrong)
    return _argument_as_factor(case, wrong) or (
        "Neither the ratio nor the difference is constant: what is lost is not a factor or a constant of the "
        "whole result."
    )


def _argument_as_factor(case: Case, wrong: list[int]) -> str:
    """Say whether what was got is what was expected times, or divided by, one of the arguments."""
    names = argument_names(case.exercise, len(case.drawn[0]))
    numbers = [k for k in range(len(names)) if all(is_a(inputs[k], float, int) for inputs in case.drawn)]
    for k in numbers:
        for power, words in ((-1, "divided by"), (1, "multiplied by")):
            if all(
                _is_scaled(row, wrong, inputs[k], power)
                for row, inputs in zip(_rows_of_pairs(case), case.drawn, strict=True)
            ):
                return f"In each case you get what is expected, {words} `{names[k]}`."
    return ""


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
