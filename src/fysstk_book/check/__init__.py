"""Checks the answers to the book's exercises, gives hints, and shows how far you have come.

>>> from fysstk_book.check import check, hint, progress
"""

import difflib
from typing import Any

from fysstk_book.check import record
from fysstk_book.check.diagnosis import diagnose
from fysstk_book.check.results import Hint, Progress, Result
from fysstk_book.check.running import refuse_inside_an_answer
from fysstk_book.exercises import catalogue, find
from fysstk_book.numbers import book, resolve

__all__ = ["Hint", "Progress", "Result", "check", "hint", "progress"]


def check(id: str, answer: Any) -> Result:
    """Check your answer to an exercise and say what is right or wrong with it.

    Parameters
    ----------
    id
        The exercise's name as the chapter gives it, such as "scalar-delta".
    answer
        Your function (without calling it), or your value.

    Returns
    -------
    Result
        A short text, in a notebook a box; programs look at `result.right` and `result.verdict`.

    Raises
    ------
    LookupError
        When there is no exercise with that id; the message names similar ones.
    """
    refuse_inside_an_answer()
    result = diagnose(find(id), answer)
    record.note_result(result)
    return result


def hint(id: str, stage: int | None = None) -> Hint:
    """Give the next hint to an exercise, or the one with the number `stage`.

    Raises
    ------
    LookupError
        When there is no exercise with that id.
    ValueError
        When the exercise has no hint with that number.
    """
    refuse_inside_an_answer()
    exercise = find(id)
    number = len(exercise.hints)
    if not number:
        return Hint(id, 0, 0, "This exercise has no hints.")
    if stage is None:
        stage = record.next_hint(exercise)
    elif stage not in range(1, number + 1):
        raise ValueError(f"{id} has the hints 1 to {number}, and no hint {stage}")
    return Hint(id, stage, number, resolve(exercise.hints[stage - 1]))


def progress(chapter: str | None = None, *, forget: bool = False) -> Progress:
    """Show how far you have come: by chapter, or exercise by exercise in the one that you name.

    Parameters
    ----------
    chapter
        The chapter's file name without its ending, such as "gates".
    forget
        Start anew first.

    Raises
    ------
    LookupError
        When there is no such chapter, or it has no exercises; the message names similar ones.
    """
    if forget:
        record.forget()
    titles = book().titles
    everything = list(catalogue())
    chapters = list(dict.fromkeys(exercise.chapter for exercise in everything))
    chapters.sort(key=lambda name: list(titles).index(name) if name in titles else len(titles))
    if chapter is None:
        return record.by_chapter(
            {name: [e for e in everything if e.chapter == name] for name in chapters}, titles
        )
    if chapter not in chapters:
        near = difflib.get_close_matches(str(chapter), chapters, n=1)
        raise LookupError(
            f'There is no chapter "{chapter}" with exercises. '
            + (f'Did you mean "{near[0]}"?' if near else f"Choose from {', '.join(chapters)}.")
        )
    return record.table([exercise for exercise in everything if exercise.chapter == chapter])
