"""What can be said of an answer before it runs: a stub, a copy of the solution, a wrong form."""

import dis
import functools
import inspect
import types
from typing import Any

from fysstk_book.check.case import MOST_SHOWN, Case, argument_names
from fysstk_book.check.results import Result, Table
from fysstk_book.check.running import (
    EXERCISES,
)
from fysstk_book.check.state import ORIGINAL, altered
from fysstk_book.check.values import (
    describe,
    is_a,
    plain,
)


def is_stub(answer: Any, depth: int = 0) -> bool:
    """Tell whether an answer is still the chapter's stub: `...`, or a function or class that does nothing."""
    if answer is Ellipsis:
        return True
    if type(answer) in (tuple, list, dict):
        parts = list(answer.values() if type(answer) is dict else answer)[:MOST_SHOWN]
        return depth < 3 and any(is_stub(part, depth + 1) for part in parts)
    if is_a(answer, types.FunctionType):
        return _does_nothing(answer.__code__)
    if type(answer) is type:
        methods = [part for part in vars(answer).values() if is_a(part, types.FunctionType)]
        return bool(methods) and all(_does_nothing(method.__code__) for method in methods)
    return False


def _does_nothing(code: types.CodeType) -> bool:
    steps = [step for step in dis.get_instructions(code) if step.opname not in ("RESUME", "NOP")]
    constants = [step.argval for step in steps if step.opname in ("LOAD_CONST", "RETURN_CONST")]
    return {step.opname for step in steps} <= {"LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"} and (
        constants[-1:] in ([None], [Ellipsis])
    )


def is_not_attempted(case: Case) -> Result | None:
    """Notice a stub."""
    if is_stub(case.answer) or (case.answer is None and not case.exercise.takes_function):
        return not_attempted(case)
    return None


def not_attempted(case: Case, more: str = "") -> Result:
    """Say, neutrally, that there is no answer yet."""
    minutes, id = case.exercise.minutes, case.exercise.id
    return case.say(
        "not attempted",
        "Not attempted yet.",
        more
        or f"Put your answer in place of the `...`, run that cell, and check again. Allow {minutes} minutes"
        + (f'; `hint("{id}")` helps you to start.' if case.exercise.hints else "."),
    )


def is_spoilt(case: Case) -> Result | None:
    """Notice that the notebook replaced a function of numpy before."""
    name = altered(ORIGINAL)
    return alters(case, name, "Somewhere above, this notebook replaces") if name else None


def alters(case: Case, name: str, begin: str) -> Result:
    """Say that a function of numpy or of a module was replaced."""
    return case.say(
        "alters numpy",
        f"{begin} `{name}`.",
        "Everything else relies on it. Give your own version another name, and restart the kernel."
        if begin.startswith("Some")
        else "Everything else relies on it. Give your own version another name.",
        mistake=f"replaces {name}",
    )


def is_copied(case: Case) -> Result | None:
    """Notice that the answer is the catalogue's own function."""
    answer = case.answer
    while is_a(answer, functools.partial):
        answer = answer.func
    own = not is_a(answer, types.FunctionType) or not answer.__code__.co_filename.startswith(EXERCISES)
    return None if own or case.trusted else copied(case)


def copied(case: Case) -> Result:
    """Say that this is the book's own solution."""
    return case.say(
        "copies the solution",
        "This runs the book's own solution.",
        "It is right, of course, but it is not yours. Write your own version and check that.",
    )


def has_wrong_form(case: Case) -> Result | None:
    """Look at the answer without running it."""
    exercise, answer = case.exercise, case.answer
    if not exercise.takes_function:
        if is_a(answer, types.FunctionType) and not callable(exercise.reference_answer):
            return case.say(
                "wrong type",
                "A value is asked for, and this is a function.",
                "Call your function, and check what it returns.",
                mistake="a function for a value",
            )
        return None
    if not callable(answer) and callable(exercise.reference):
        return case.say(
            "wrong type",
            f"A function is asked for, and this is {describe(plain(answer))}.",
            f'Write `check("{exercise.id}", name_of_your_function)`, without calling the function.',
            mistake="a value for a function",
        )
    if exercise.use is None and is_a(answer, types.FunctionType):
        try:
            signature = inspect.signature(answer)
        except Exception:  # it carries a signature that is none
            return None
        try:
            signature.bind(*case.drawn[0])
        except TypeError:
            takes = ", ".join(signature.parameters) or "none"
            names = ", ".join(argument_names(exercise, len(case.drawn[0])))
            return case.say(
                "wrong type",
                "Your function does not take the arguments that the exercise passes.",
                Table((("passed", names), ("yours", takes))),
                mistake="other arguments",
            )
    return None
