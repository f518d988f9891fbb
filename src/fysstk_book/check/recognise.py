"""Recognises wrong results: permitted conventions, known mistakes, and both in another layout or scale."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fysstk_book.check.case import Case, Outcome, argument_names, outcomes_of
from fysstk_book.check.running import Raised, Returned
from fysstk_book.check.values import plain
from fysstk_book.exercises import Convention, Mistake

TRANSPOSED = "transposed"
EXTRA_AXIS = "with an extra axis of length one"
REVERSED = "in the reverse order"
MULTIPLIED = "multiplied by"
DIVIDED = "divided by"


@dataclass(frozen=True)
class Finding:
    """A recognised mistake: its name, what to say, in what layout or scale it came, and in which part."""

    name: str
    say: str
    words: tuple[str, ...] = ()
    part: int | None = None


Wrong = list[tuple[Mistake, list[Outcome]]]


def follows(case: Case, base: list[Outcome], same: Callable[[int, Any, Any], bool]) -> bool:
    """Tell whether the answer did on every input what `base` did, errors and changed inputs included."""
    returned = 0
    for i, (a, b) in enumerate(zip(base, case.outcomes, strict=True)):
        if isinstance(a, Raised) or isinstance(b, Raised):
            if not (isinstance(a, Raised) and isinstance(b, Raised) and a.kind == b.kind):
                return False
        elif a.changed != b.changed or not same(i, a.value, b.value):
            return False
        else:
            returned += 1
    return returned > 0


def reproduces(case: Case, base: list[Outcome]) -> bool:
    """Tell whether the answer gives the numbers of `base` on every input."""
    return follows(case, base, lambda i, a, b: case.agrees(a, b))


# -- layout and scale -------------------------------------------------------------------------------------


def each(change: Callable[[Any, Any], Any], value: Any, beside: Any = None) -> Any:
    """Apply `change(number or array, the same part of beside)` throughout a result."""
    if isinstance(value, tuple | list) and not all(map(_is_number, value)):
        fits = isinstance(beside, tuple | list) and len(beside) == len(value)
        others = beside if fits else [None] * len(value)
        return tuple(each(change, part, other) for part, other in zip(value, others, strict=True))
    if isinstance(value, bool | int | float | complex | np.ndarray | tuple | list):
        return change(np.asarray(value), beside)
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, bool | int | float | complex) or (
        isinstance(value, np.ndarray) and value.ndim == 0
    )


def _transpose(array: Any, beside: Any) -> Any:
    return array.T


def _as_beside(array: Any, beside: Any) -> Any:
    """Reshape an array to the shape of `beside` where only axes of length one differ."""
    if not isinstance(beside, np.ndarray | list | tuple | int | float):
        return array
    try:
        shape = np.shape(beside)
    except ValueError:
        return array
    if [n for n in array.shape if n != 1] != [n for n in shape if n != 1]:
        return array
    return array.reshape(shape)


def _reverse(array: Any, beside: Any) -> Any:
    return array[::-1] if array.ndim == 1 else array


LAYOUTS: tuple[tuple[str, Callable[[Any, Any], Any] | None], ...] = (
    ("", None),
    (TRANSPOSED, _transpose),
    (EXTRA_AXIS, _as_beside),
)


@dataclass(frozen=True)
class Scale:
    """Factors by which results may be off, one for each input, and how to name them."""

    words: str
    factors: list[float]


def _scales(case: Case) -> list[Scale]:
    """Return the lengths of the axes of the array arguments, since one may count samples, and their inverses.

    An axis that has the same length in every input explains nothing that a constant does not.
    """
    names = argument_names(case.exercise, len(case.drawn[0]))
    found: dict[tuple[int, ...], str] = {}
    for position, first in enumerate(case.drawn[0]):
        for axis in range(first.ndim if isinstance(first, np.ndarray) else 0):
            arrays = [inputs[position] for inputs in case.drawn]
            if all(isinstance(array, np.ndarray) and array.ndim > axis for array in arrays):
                lengths = tuple(array.shape[axis] for array in arrays)
                if len(set(lengths)) > 1:
                    found.setdefault(lengths, _length(names[position], axis, first.ndim))
    return [
        scale
        for lengths, name in found.items()
        for scale in (
            Scale(f"{MULTIPLIED} {name}", [float(n) for n in lengths]),
            Scale(f"{DIVIDED} {name}", [1.0 / n if n else np.nan for n in lengths]),
        )
    ]


def _length(name: str, axis: int, dimensions: int) -> str:
    if dimensions == 1:
        return f"the length of `{name}`"
    return (
        f"the number of {('rows', 'columns')[axis]} of `{name}`"
        if dimensions == 2
        else (f"`{name}.shape[{axis}]`")
    )


def deviation(case: Case, base: list[Outcome], scale: Scale | None = None) -> tuple[str, ...] | None:
    """Say by what layout and scale the answer's results follow from `base`; None when they do not.

    The layouts are the transposed array and axes of length one.
    """
    for layout, move in LAYOUTS:
        if scale is None and move is None:
            continue

        def same(i: int, a: Any, b: Any, move: Any = move) -> bool:
            moved = a if move is None else each(move, a, b)
            factor = 1.0 if scale is None else scale.factors[i]
            return case.agrees(moved if factor == 1.0 else each(lambda array, _: array * factor, moved), b)

        if follows(case, base, same):
            return tuple(word for word in (layout, scale.words if scale else "") if word)
    return None


# -- conventions and mistakes -----------------------------------------------------------------------------


def in_convention(case: Case, outcomes: list[Outcome], convention: Convention) -> list[Outcome]:
    """Return the outcomes as that convention states them."""
    return [
        replace(outcome, value=plain(convention.right(outcome.value, *inputs)))
        if isinstance(outcome, Returned)
        else outcome
        for outcome, inputs in zip(outcomes, case.drawn, strict=True)
    ]


def permitted(case: Case) -> Convention | None:
    """Return the convention in which the answer is right, if there is one."""
    for convention in case.exercise.conventions:
        if reproduces(case, in_convention(case, case.truth, convention)):
            return convention
    return None


def known(case: Case) -> list[Finding]:
    """Return the known mistakes that explain the answer's results; empty when none does.

    A mistake that reproduces them as they are goes first. Then come the right numbers and the mistakes in
    another layout or convention, then both in another scale, then a mistake for each of several results.
    """
    wrong: Wrong = []
    for mistake in case.exercise.mistakes:
        outcomes = outcomes_of(case.exercise, case.exercise.make(mistake.wrong), case.drawn)
        if reproduces(case, outcomes):
            return [Finding(mistake.name, mistake.say)]
        wrong.append((mistake, outcomes))
    found = _varied(case, wrong)
    return [found] if found is not None else _by_parts(case, wrong)


def _varied(case: Case, wrong: Wrong) -> Finding | None:
    """Look for the truth and the mistakes in another layout or convention, and then in another scale."""
    if reproduces(case, case.truth):
        return None
    if _in_another_order(case):
        return Finding(
            "returned the results in another order", "The exercise names them in the order that it expects."
        )
    if follows(case, case.truth, lambda i, a, b: case.agrees(each(_reverse, a, b), b)):
        return Finding("", "", (REVERSED,))
    for scale in (None, *_scales(case)):
        words = deviation(case, case.truth, scale)
        if words is not None:
            return Finding("", "", words)
        for mistake, outcomes in wrong:
            words = deviation(case, outcomes, scale)
            if words is not None:
                return Finding(mistake.name, mistake.say, words)
            for convention in case.exercise.conventions if scale is None else ():
                if reproduces(case, in_convention(case, outcomes, convention)):
                    return Finding(mistake.name, mistake.say)
    return None


def _in_another_order(case: Case) -> bool:
    """Tell whether the two, three or four results are all right, but not in the order asked for."""
    lengths = {len(value) if isinstance(value, tuple) else 0 for value in case.expected}
    number = lengths.pop()
    if lengths or not 2 <= number <= 4:
        return False
    for order in itertools.permutations(range(number)):

        def same(i: int, a: Any, b: Any, order: tuple[int, ...] = order) -> bool:
            return case.agrees(tuple(a[k] for k in order), b)

        if follows(case, case.truth, same):
            return True
    return False


def _part(outcomes: list[Outcome], k: int) -> list[Outcome] | None:
    """Return the k-th of several results; None where an outcome does not have it."""
    parts: list[Outcome] = []
    for outcome in outcomes:
        if (
            not isinstance(outcome, Returned)
            or outcome.changed
            or not isinstance(outcome.value, tuple | list)
        ):
            return None
        if k >= len(outcome.value):
            return None
        parts.append(Returned(outcome.value[k]))
    return parts


def _by_parts(case: Case, wrong: Wrong) -> list[Finding]:
    """Where there are several results, look for a mistake behind each one that is wrong."""
    number = len(case.expected[0]) if isinstance(case.expected[0], tuple) else 0
    exercise = replace(case.exercise, conventions=())
    found: list[Finding] = []
    for k in range(number):
        outcomes, truth = _part(case.outcomes, k), _part(case.truth, k)
        if outcomes is None or truth is None:
            return []
        part = Case(exercise, case.answer, case.drawn)
        part.run.outcomes = outcomes
        part.expected = [outcome.value for outcome in truth if isinstance(outcome, Returned)]
        if reproduces(part, truth):
            continue
        parts = [(mistake, of_part) for mistake, all_ in wrong if (of_part := _part(all_, k)) is not None]
        exact = (
            Finding(mistake.name, mistake.say) for mistake, of_part in parts if reproduces(part, of_part)
        )
        finding = next(exact, None) or _varied(part, parts)
        if finding is None:
            return []
        if all(finding != replace(other, part=None) for other in found):
            found.append(replace(finding, part=k))
    return found
