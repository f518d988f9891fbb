"""Answers that must reach a score instead of equalling the reference, such as trained networks."""

from typing import Any

import numpy as np

from fysstk_book.check.case import Case
from fysstk_book.check.ending import changes_input, raises_error
from fysstk_book.check.outcome import name_mistakes
from fysstk_book.check.recognise import (
    Finding,
)
from fysstk_book.check.results import Result, Table
from fysstk_book.check.values import (
    Misfit,
    conform,
    describe,
)
from fysstk_book.check.words import needed
from fysstk_book.exercises import Exercise


def misses_score(case: Case) -> Result | None:
    """Compare the scores with what is needed; None when all reach it."""
    exercise, everywhere = case.exercise, list(range(len(case.drawn)))
    trouble = raises_error(case, everywhere)
    if trouble is not None:
        return trouble
    for i in case.run.notes.signs:
        mistake = exercise.mistakes[i]
        return name_mistakes(case, everywhere, [Finding(mistake.name, mistake.say)])
    trouble = changes_input(case, everywhere)
    if trouble is not None:
        return trouble
    scores = [_score(value) for value in case.got]
    if any(score is None for score in scores):
        return case.say(
            "wrong type",
            "Your answer gives no score.",
            Table((("expected", "a number"), ("got", describe(case.got[scores.index(None)])))),
            mistake="no score",
        )
    misses = [score for score in scores if score is not None and not _reaches(exercise, score)]
    if not misses:
        return None
    worst = min(misses) if exercise.at_least is not None else max(misses)
    return case.say(
        "wrong" if np.isfinite(worst) else "not a number",
        "Not good enough yet.",
        Table((("needed", needed(exercise)), ("reached", f"{worst:.4g}"))),
        case.pointer,
    )


def _score(value: Any) -> float | None:
    pairs = conform(0.0, value)
    if isinstance(pairs, Misfit) or not isinstance(pairs[0].got, np.ndarray):
        return None
    return float(pairs[0].got.real)


def _reaches(exercise: Exercise, score: float) -> bool:
    return (exercise.at_least is None or score >= exercise.at_least) and (
        exercise.at_most is None or score <= exercise.at_most
    )
