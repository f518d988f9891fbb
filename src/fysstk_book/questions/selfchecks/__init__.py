"""Makes self-checks from the catalogue: one exercise, asked on a few inputs, with its usual mistakes.

A chapter's module (`one_neuron.py` for the chapter `one-neuron`) holds a tuple `SELFCHECKS`. It gives the
question and the kind of input. Right and wrong answers come from the exercise's own reference and mistakes,
so that the page and the notebook never disagree.
"""

import importlib
import itertools
import math
import pkgutil
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, find
from fysstk_book.questions.model import Number, SelfCheck, Value, Wrong, entries, shape
from fysstk_book.questions.selfchecks._left_out import LEFT_OUT, UNASKED
from fysstk_book.questions.selfchecks._typeset import typeset

__all__ = ["LEFT_OUT", "UNASKED", "Family", "of_chapter", "selfcheck", "selfchecks", "together"]

TRIALS = 200
"""So many inputs are drawn at most to find those on which every mistake can be told from every other."""

ENOUGH = 60
"""After so many it is enough that each mistake is shown on some input, if not all on the same."""

LEAST = 0.01
"""Smaller right values are not asked for: with a pocket calculator they lose digits."""

_Shown = tuple[Number, set[str]]
"""Inputs with their right and wrong answers, and the mistakes of the catalogue that they show."""

Draw = Callable[[np.random.Generator], tuple[Any, ...]]
Part = Callable[[Any], Any]


@dataclass(frozen=True)
class Family:
    """An exercise whose answer is one value, as a member of a family with other numbers.

    Parameters
    ----------
    own
        The exercise's own numbers: there the family must give what the catalogue says.
    right
        The answer for any numbers.
    wrong
        For each mistake of the catalogue that makes sense with other numbers, its value.
    """

    own: tuple[Any, ...]
    right: Callable[..., Any]
    wrong: Mapping[str, Callable[..., Any]]


def selfcheck(
    id: str,
    ask: str,
    names: str | Callable[..., str],
    *,
    draw: Draw | None = None,
    part: Part = lambda result: result,
    digits: int = 3,
    least: float = LEAST,
    count: int = 4,
    few: bool = False,
    say: Mapping[str, str | tuple[str, str]] | None = None,
    twins: Mapping[tuple[str, ...], tuple[str, str]] | None = None,
    family: Family | None = None,
) -> SelfCheck:
    r"""Return the self-check of an exercise.

    Parameters
    ----------
    id
        The exercise's id, with "/b" for a second question about it.
    ask
        The question.
    names
        The inputs' letters in LaTeX, in the order of the reference's arguments, with ", " between them, and "-"
        for one that is not shown; or a function that makes the words from the inputs.
    draw
        Draws one tuple of inputs; by default as the exercise does.
    part
        What is asked for, out of the reference's result.
    digits
        Significant digits that are asked for.
    least
        Size of the smallest right value, zero aside. A difference of larger ones loses digits below.
    count
        How many inputs, three to six.
    few
        Whether there are so few possible answers that two inputs may have the same one.
    say
        Other words for mistakes, by name, where those of the catalogue do not fit the page; a pair changes the
        name, too.
    twins
        Name and words for mistakes that give the same value on some inputs.
    family
        The family of an exercise whose answer is a value.

    Raises
    ------
    ValueError
        If too few inputs can be found, if `say` names a mistake that the exercise does not have, or if the family
        does not agree with the catalogue.
    """
    exercise = find(id.partition("/")[0])
    right, mistakes = _answers(exercise, family)
    words = {mistake.name: (mistake.name, mistake.say) for mistake in exercise.mistakes}
    for name, other in (say or {}).items():
        if name not in words:
            raise ValueError(f"{id}: the exercise has no mistake {name!r}")
        words[name] = (name, other) if isinstance(other, str) else other
    merged = {frozenset(names): pair for names, pair in (twins or {}).items()}

    def number(inputs: tuple[Any, ...], known: list[_Shown]) -> _Shown | None:
        value = _value(right, part, inputs, digits, border=0.02)
        if value is None or value == given_away or not _askable(value, digits, least):
            return None
        given = names(*inputs) if callable(names) else f"For {assigned(names, inputs)}:"
        if any(given == other.given or (value == other.right and not few) for other, _ in known):
            return None
        seen = _look(value, digits)
        found: list[tuple[Value, _Look, set[str]]] = []
        for name, answer in mistakes.items():
            wrong = _value(answer, part, inputs, digits)
            if wrong is None or not _apart(look := _look(wrong, digits), seen):
                continue
            same = [names for _, other, names in found if not _apart(other, look)]
            for group_names in same:
                group_names.add(name)
            if not same:
                found.append((wrong, look, {name}))
        wrongs, shown = [], set[str]()
        for wrong, _, group_names in found:
            pair = words[min(group_names)] if len(group_names) == 1 else merged.get(frozenset(group_names))
            if pair:
                wrongs.append(Wrong(wrong, *pair))
                shown |= group_names
        return Number(given, value, tuple(wrongs)), shown

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # a mistake may take the mean of nothing
        given_away = family and _value(family.right, part, family.own, digits)
        chosen = _search(id, number, draw or exercise.inputs, count, len(mistakes))
    shown = set().union(*(names for _, names in chosen))
    return SelfCheck(id, exercise.id, ask, tuple(one for one, _ in chosen), digits, tuple(sorted(shown)))


def assigned(names: str, inputs: tuple[Any, ...]) -> str:
    """Return "$x = 2$, $w = 0.5$ and $b = 0$" for the inputs whose names are not "-"."""
    letters = names.split(", ")
    shown = [
        f"${letter} = {typeset(value)}$"
        for letter, value in zip(letters, inputs, strict=True)
        if letter != "-"
    ]
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def _answers(
    exercise: Exercise, family: Family | None
) -> tuple[Callable[..., Any], dict[str, Callable[..., Any]]]:
    """Return the right answer and those of the mistakes that are asked, all as functions of the inputs."""
    asked = {
        mistake.name: mistake.wrong
        for mistake in exercise.mistakes
        if mistake.name not in UNASKED.get(exercise.id, {})
        and (family is None or mistake.name in family.wrong)  # a test says which ones a family lacks
    }
    if family is None:
        return exercise.reference, asked
    for name, wrong in [("right", exercise.reference), *asked.items()]:
        answer = family.right if name == "right" else family.wrong[name]
        if not np.allclose(answer(*family.own), exercise.make(wrong), rtol=1e-6):
            raise ValueError(f"{exercise.id}: the family does not give the catalogue's value for {name!r}")
    return family.right, {name: family.wrong[name] for name in asked}


def _value(
    answer: Callable[..., Any], part: Part, inputs: tuple[Any, ...], digits: int, border: float = 1e-6
) -> Value | None:
    """Return the part that is asked for, with three digits more than are asked for.

    None where the answer breaks down on these inputs, or where a number lies so near the border between two
    rounded ones that a reader's way of computing could end on the other side.
    """
    try:
        array = np.asarray(part(answer(*inputs)), dtype=float).squeeze()
    except (ArithmeticError, IndexError, TypeError, ValueError):
        return None
    numbers = array.ravel().tolist()
    if array.ndim > 2 or not numbers or not all(abs(x) <= 1e5 for x in numbers):  # nor is "not a number"
        return None
    if any(abs(abs(x) / _unit(x, digits) % 1 - 0.5) < border for x in numbers):
        return None
    rounded = [_round(x, digits + 3) for x in numbers]
    if array.ndim == 2:
        columns = array.shape[1]
        return [rounded[i : i + columns] for i in range(0, len(rounded), columns)]
    return rounded if array.ndim else rounded[0]


def _round(number: float, digits: int) -> float:
    """Round to significant digits; zero without a sign, and what is zero but for rounding errors as well."""
    return float(f"{number:.{digits - 1}e}") if abs(number) > 1e-9 else 0.0


def _unit(number: float, digits: int) -> float:
    """Return one unit of the last digit that is asked for."""
    if abs(number) < 1e-9:
        return 10.0**-digits
    return 10.0 ** (math.floor(math.log10(abs(number))) + 1 - digits)


_Look = tuple[tuple[int, ...] | None, list[float], list[float]]


def _look(value: Value, digits: int) -> _Look:
    """Return what tells a value from others: its shape as a matrix, its numbers, and how much each may be off."""
    numbers = entries(value)
    is_matrix = isinstance(value, list) and isinstance(value[0], list)
    return shape(value) if is_matrix else None, numbers, [3.5 * _unit(x, digits) for x in numbers]


def _apart(one: _Look, other: _Look) -> bool:
    """Tell whether two values have other shapes as matrices, or differ by more than three last digits."""
    (matrix, a, off_a), (matrix_b, b, off_b) = one, other
    return (
        (matrix is not None and matrix_b is not None and matrix != matrix_b)
        or len(a) != len(b)
        or any(abs(x - y) > max(v, w) for x, y, v, w in zip(a, b, off_a, off_b, strict=True))
    )


def _askable(value: Value, digits: int, least: float) -> bool:
    """Tell whether a right answer is neither nothing, nor too small or too large to be typed."""
    numbers = entries(value)
    return any(numbers) and all(not x or least <= abs(x) < max(1e3, 10.0**digits) for x in numbers)


def _search(
    id: str,
    number: Callable[[tuple[Any, ...], list[_Shown]], _Shown | None],
    draw: Draw | None,
    count: int,
    wanted: int,
) -> list[_Shown]:
    """Return the inputs that show most of the mistakes, and together all that can be shown."""
    if draw is None:
        raise ValueError(f"{id}: draw is needed, since the exercise itself draws no inputs")
    seed = int.from_bytes(id.encode(), "little")
    found: list[_Shown] = []
    for trial in range(TRIALS):
        candidate = number(draw(np.random.default_rng([trial, seed])), found)
        if candidate is None:
            continue
        found.append(candidate)
        most = max(len(names) for _, names in found)
        complete = most == wanted or (
            trial > ENOUGH and len(set().union(*(names for _, names in found))) == wanted
        )
        if complete and sum(len(names) == most for _, names in found) >= 2 * count:
            break
    if len(found) < count:
        raise ValueError(f"{id}: {count} inputs are needed, and {len(found)} were found")
    chosen: list[_Shown] = []
    shown: set[str] = set()
    while len(chosen) < count:
        best = max(found, key=lambda pair: (len(pair[1] - shown), len(pair[1]), -_repeats(pair[0], chosen)))
        found.remove(best)
        chosen.append(best)
        shown |= best[1]
    return chosen


def _repeats(number: Number, chosen: list[_Shown]) -> int:
    """Count the letters that have the same value as in an input that is chosen already."""
    return sum(len(set(number.given.split("$")) & set(other.given.split("$"))) for other, _ in chosen)


def together(first: SelfCheck, second: SelfCheck) -> SelfCheck:
    """Return one self-check with the inputs of two, by turns."""
    numbers = itertools.chain.from_iterable(zip(first.numbers, second.numbers, strict=True))
    return replace(first, numbers=tuple(numbers), shown=tuple(sorted({*first.shown, *second.shown})))


@cache
def of_chapter(chapter: str) -> tuple[SelfCheck, ...]:
    """Return the self-checks of a chapter, such as "one-neuron"; none if it has none."""
    module = chapter.replace("-", "_")
    if module not in _modules():
        return ()
    made: tuple[SelfCheck, ...] = importlib.import_module(f"{__name__}.{module}").SELFCHECKS
    return made


def _modules() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def selfchecks() -> Iterator[SelfCheck]:
    """Go through all self-checks of the book, chapter by chapter."""
    for module in _modules():
        yield from of_chapter(module.replace("_", "-"))
