"""Recognises wrong results: permitted conventions, known mistakes and slips, in any layout or scale."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fysstk_book.check.case import Case, Outcome, argument_names, outcomes_of
from fysstk_book.check.running import Raised, Returned
from fysstk_book.check.slips import slips, two_slips
from fysstk_book.check.values import Misfit, conform, fit, plain
from fysstk_book.exercises import Convention, Mistake

TRANSPOSED = "transposed"
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


def _reverse(array: Any, beside: Any) -> Any:
    return array[::-1] if array.ndim == 1 else array


LAYOUTS: tuple[tuple[str, Callable[[Any, Any], Any] | None], ...] = (
    ("", None),
    (TRANSPOSED, _transpose),
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
    alone = [
        scale
        for lengths, name in found.items()
        for scale in (
            Scale(f"{MULTIPLIED} {name}", [float(n) for n in lengths]),
            Scale(f"{DIVIDED} {name}", [1.0 / n if n else np.nan for n in lengths]),
        )
    ]
    exchanged = [
        Scale(f"{DIVIDED} {one} where {other} belongs", [b / a if a else np.nan for a, b in pairs])
        for (wrong, one), (right, other) in itertools.permutations(found.items(), 2)
        for pairs in [list(zip(wrong, right, strict=True))]
        if any(a != b for a, b in pairs)
    ]
    return alone + exchanged


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

    The other layout is the transposed array; one with a single row or column has already been put right.
    """
    for layout, move in LAYOUTS:
        if scale is None and move is None:
            continue

        def same(i: int, a: Any, b: Any, move: Any = move) -> bool:
            moved = a if move is None else fit(case.expected[i], each(move, a, b))
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
    """Return the catalogue's mistakes that explain the answer's results; empty when none does.

    A mistake that reproduces them as they are goes first. Then come the right numbers in another layout or
    scale, the mistakes in another layout or convention and then in another scale, and at last a mistake for
    each of several results.
    """
    wrong: Wrong = []
    for mistake in case.exercise.mistakes:
        made = outcomes_of(case.exercise, case.exercise.make(mistake.wrong), case.drawn)
        outcomes = case.fitted(made)
        if reproduces(case, outcomes):
            return [Finding(mistake.name, mistake.say)]
        wrong.append((mistake, outcomes))
    if reproduces(case, case.truth):
        return []
    found = _right_otherwise(case) or _varied(case, wrong)
    return [found] if found is not None else _by_parts(case, wrong, [])


def slipped(case: Case) -> list[Finding]:
    """Return a slip for each of several results, or two slips at once, that explain them; else nothing."""
    wrong = [(m, case.fitted(outcomes_of(case.exercise, m.wrong, case.drawn))) for m in _listed(case)]
    return _by_parts(case, wrong, _all_slips(case)) or _two(case)


def one_slip(case: Case) -> Finding | None:
    """Return a slip that gives the same results, and with it those that it cannot be told from.

    It has no name where there are no words for it.
    """
    return _one_of(_exact(case, slips(_function(case))))


def _listed(case: Case) -> tuple[Mistake, ...]:
    return case.exercise.mistakes if case.exercise.takes_function else ()


def _function(case: Case) -> Any:
    """Return the reference whose slips may explain the answer, or nothing that has slips."""
    return case.exercise.reference if case.exercise.takes_function else None


def _right_otherwise(case: Case) -> Finding | None:
    """Look for the right numbers in another order, layout or scale."""
    if _in_another_order(case):
        return Finding(
            "returned the results in another order", "The exercise names them in the order that it expects."
        )
    if follows(case, case.truth, lambda i, a, b: case.agrees(each(_reverse, a, b), b)):
        return Finding("", "", (REVERSED,))
    if _in_reverse(case):
        return Finding("", "", (REVERSED,))
    for scale in (None, *_scales(case)):
        words = deviation(case, case.truth, scale)
        if words is not None:
            return Finding("", "", words)
    return None


def _in_reverse(case: Case) -> bool:
    """Tell whether lists came with their first entry last."""

    def same(i: int, a: Any, b: Any) -> bool:
        return isinstance(a, tuple | list) and case.agrees(a[::-1], b)

    return follows(case, case.truth, same)


def _varied(case: Case, wrong: Wrong) -> Finding | None:
    """Look for the mistakes in another layout or convention, and then in another scale."""
    for scale in (None, *_scales(case)):
        for mistake, outcomes in wrong:
            words = deviation(case, outcomes, scale)
            if words is not None:
                return Finding(mistake.name, mistake.say, words)
            for convention in case.exercise.conventions if scale is None else ():
                if reproduces(case, in_convention(case, outcomes, convention)):
                    return Finding(mistake.name, mistake.say)
    return None


# -- slips ------------------------------------------------------------------------------------------------

MOST_PAIRS = 3000


def _exact(case: Case, variants: Iterable[Mistake]) -> list[Mistake]:
    """Return the variants that give the answer's results on every input."""
    order = sorted(range(len(case.drawn)), key=lambda i: isinstance(case.outcomes[i], Raised))
    if not order or isinstance(case.outcomes[order[0]], Raised):
        return []
    return [variant for variant in variants if _does_the_same(case, variant.wrong, order)]


def _does_the_same(case: Case, function: Any, order: list[int]) -> bool:
    for i in order:
        (made,), came = outcomes_of(case.exercise, function, [case.drawn[i]]), case.outcomes[i]
        if isinstance(made, Raised) or isinstance(came, Raised):
            if not (isinstance(made, Raised) and isinstance(came, Raised) and made.kind == came.kind):
                return False
        elif made.changed != came.changed:
            return False
        else:
            value = fit(case.expected[i], made.value)
            if not case.agrees(value, came.value):
                return False
    return True


def _one_of(same: list[Mistake]) -> Finding | None:
    """Name the slips that give the same numbers; none of them when they are many."""
    if not same:
        return None
    names = list(dict.fromkeys(slip.name.removesuffix(", throughout") for slip in same if slip.name))
    if not names:
        return Finding("", "")  # something was changed for which there are no words
    if len(names) > MOST_TWINS:
        names = [*sorted(names, key=len)[:MOST_TWINS], MANY]
    return Finding(", or ".join(names), next(slip.say for slip in same if slip.name))


MOST_TWINS = 2
MANY = "another slip with the same results"


def _all_slips(case: Case) -> Wrong:
    """Return all slips with what they make of the inputs."""
    if not isinstance(case.expected[0], tuple):
        return []
    made = [(slip, outcomes_of(case.exercise, slip.wrong, case.drawn)) for slip in slips(_function(case))]
    return [(slip, case.fitted(outcomes)) for slip, outcomes in made]


def _two(case: Case) -> list[Finding]:
    """Look for a known mistake with a slip besides, and for two slips at once; for numbers alone."""
    kinds = {part.dtype.kind for part in _leaves(case.expected)}
    fit = all(
        isinstance(outcome, Returned) and not isinstance(conform(expected, outcome.value), Misfit)
        for outcome, expected in zip(case.outcomes, case.expected, strict=True)
    )
    if not fit or not kinds & {"f", "c"}:
        return []
    for mistake in _listed(case):
        found = _one_of(_exact(case, slips(mistake.wrong, likely=True)))
        if found is not None and found.name:
            return [Finding(mistake.name, mistake.say), found]
    same = _exact(case, itertools.islice(two_slips(_function(case)), MOST_PAIRS))
    found = _one_of(same) if len({slip.name for slip in same}) <= MOST_TWINS else None
    return [] if found is None else [found]


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, tuple | list):
        return [leaf for part in value for leaf in _leaves(part)]
    return [np.asarray(value)]


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


def _by_parts(case: Case, wrong: Wrong, slipped: Wrong) -> list[Finding]:
    """Where there are several results, look for a mistake or a slip behind each one that is wrong."""
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
        listed, others = (_with_part(all_, k) for all_ in (wrong, slipped))
        exact = (Finding(m.name, m.say) for m, of_part in listed if reproduces(part, of_part))
        finding = next(exact, None) or _right_otherwise(part) or _varied(part, listed)
        finding = finding or _one_of([slip for slip, of_part in others if reproduces(part, of_part)])
        if finding is None or not (finding.name or finding.words):
            return []
        if all(finding != replace(other, part=None) for other in found):
            found.append(replace(finding, part=k))
    return found


def _with_part(wrong: Wrong, k: int) -> Wrong:
    return [(m, of_part) for m, outcomes in wrong if (of_part := _part(outcomes, k)) is not None]
