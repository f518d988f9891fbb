"""From what an answer returned to what a good teacher would say about it.

`diagnose` asks one question after the other; the first that has something to say decides the verdict.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from fysstk_book.check.before import has_wrong_form, is_copied, is_not_attempted, is_spoilt
from fysstk_book.check.case import Case
from fysstk_book.check.ending import ends_badly, is_unfinished
from fysstk_book.check.form import has_wrong_dtype
from fysstk_book.check.outcome import is_unsteady, is_wrong
from fysstk_book.check.results import Result
from fysstk_book.check.running import Run
from fysstk_book.check.scores import misses_score
from fysstk_book.check.words import remarks, what_was_checked
from fysstk_book.exercises import Exercise


def diagnose(
    exercise: Exercise, answer: Any, *, trusted: bool = False, elsewhere: Run | None = None
) -> Result:
    """Check an answer and say what is right or wrong with it.

    A trusted answer may be the catalogue's own: the tests check its mistakes and references so. One that
    has run `elsewhere` is only looked at: for the grader, something stands here in the answer's place.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _diagnose(Case(exercise, answer, exercise.draw_inputs(), trusted, elsewhere))


def _diagnose(case: Case) -> Result:
    exercise = case.exercise
    if not exercise.checked:
        return case.say(
            "model answer",
            "No program checks this one.",
            "Compare yours with the model answer that the chapter folds away below the exercise.",
        )
    questions: tuple[Callable[[Case], Result | None], ...] = (
        is_not_attempted,
        is_spoilt,
        is_copied,
        has_wrong_form,
        ends_badly,
        is_unfinished,
        misses_score if exercise.scored else is_wrong,
        is_unsteady,
        has_wrong_dtype,
    )
    for question in questions:
        result = question(case)
        if result is not None:
            return result
    return _right(case)


def _right(case: Case) -> Result:
    notes = case.run.notes
    return case.say(
        "right",
        "Right.",
        what_was_checked(case),
        *remarks(case),
        f"Python warned on the way: {notes.warned.rstrip('.!')}." if notes.warned else "",
        f"What it printed ({notes.printed} characters) is not shown." if notes.printed else "",
    )
