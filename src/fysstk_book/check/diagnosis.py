"""From what an answer returned to what a good teacher would say about it.

`diagnose` asks one question after the other; the first that has something to say decides the verdict.
"""

import dis
import functools
import inspect
import re
import types
import warnings
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from fysstk_book.check.case import MOST_SHOWN, Case, argument_names, outcomes_of, show
from fysstk_book.check.recognise import (
    DIVIDED,
    EXTRA_AXIS,
    MULTIPLIED,
    REVERSED,
    TRANSPOSED,
    Finding,
    known,
    permitted,
    reproduces,
)
from fysstk_book.check.results import Result, Table
from fysstk_book.check.running import (
    EXERCISES,
    EXHAUSTING,
    Raised,
    Returned,
    Run,
    asked_again,
    run_answer,
)
from fysstk_book.check.state import ORIGINAL, altered
from fysstk_book.check.values import (
    Blank,
    Foreign,
    Misfit,
    Pair,
    close,
    conform,
    describe,
    is_a,
    pair_agrees,
    plain,
)
from fysstk_book.exercises import Exercise

Array = np.ndarray[Any, Any]


def diagnose(exercise: Exercise, answer: Any, *, trusted: bool = False) -> Result:
    """Check an answer and say what is right or wrong with it.

    A trusted answer may be the catalogue's own: the tests check its mistakes and references that way.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _diagnose(Case(exercise, answer, exercise.draw_inputs(), trusted))


def _diagnose(case: Case) -> Result:
    exercise = case.exercise
    if not exercise.checked:
        return case.say(
            "model answer",
            "No program checks this one.",
            "Compare yours with the model answer that the chapter folds away below the exercise.",
        )
    questions: tuple[Callable[[Case], Result | None], ...] = (
        _is_stub,
        _is_spoilt,
        _is_copied,
        _has_wrong_form,
        _ends_badly,
        _is_unfinished,
        _misses_score if exercise.scored else _is_wrong,
        _is_unsteady,
        _has_wrong_dtype,
    )
    for question in questions:
        result = question(case)
        if result is not None:
            return result
    return _right(case)


# -- before anything runs ---------------------------------------------------------------------------------


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


def _is_stub(case: Case) -> Result | None:
    if is_stub(case.answer) or (case.answer is None and not case.exercise.takes_function):
        return _not_attempted(case)
    return None


def _not_attempted(case: Case, more: str = "") -> Result:
    minutes, id = case.exercise.minutes, case.exercise.id
    return case.say(
        "not attempted",
        "Not attempted yet.",
        more
        or f"Put your answer in place of the `...`, run that cell, and check again. Allow {minutes} minutes"
        + (f'; `hint("{id}")` helps you to start.' if case.exercise.hints else "."),
    )


def _is_spoilt(case: Case) -> Result | None:
    """Notice that the notebook replaced a function of numpy before."""
    name = altered(ORIGINAL)
    return _alters(case, name, "Somewhere above, this notebook replaces") if name else None


def _alters(case: Case, name: str, begin: str) -> Result:
    return case.say(
        "alters numpy",
        f"{begin} `{name}`.",
        "Everything else relies on it. Give your own version another name, and restart the kernel."
        if begin.startswith("Some")
        else "Everything else relies on it. Give your own version another name.",
        mistake=f"replaces {name}",
    )


def _is_copied(case: Case) -> Result | None:
    answer = case.answer
    while is_a(answer, functools.partial):
        answer = answer.func
    own = not is_a(answer, types.FunctionType) or not answer.__code__.co_filename.startswith(EXERCISES)
    return None if own or case.trusted else _copied(case)


def _copied(case: Case) -> Result:
    return case.say(
        "copies the solution",
        "This runs the book's own solution.",
        "It is right, of course, but it is not yours. Write your own version and check that.",
    )


def _has_wrong_form(case: Case) -> Result | None:
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


def _takes_another_order(case: Case) -> Result | None:
    """Notice that a wrong answer has the exercise's arguments, but in another order."""
    answer, names = case.answer, argument_names(case.exercise, len(case.drawn[0]))
    if case.exercise.use is not None or not is_a(answer, types.FunctionType):
        return None
    own = list(answer.__code__.co_varnames[: answer.__code__.co_argcount])[: len(names)]
    if own == names or sorted(own) != sorted(names):
        return None
    return case.say(
        "wrong type",
        "Your function takes its arguments in another order.",
        Table((("passed", ", ".join(names)), ("yours", ", ".join(own)))),
        "They are passed by their place, in the order of the exercise.",
        mistake="arguments in another order",
    )


# -- how it ran -------------------------------------------------------------------------------------------


def _ends_badly(case: Case) -> Result | None:
    """Run the answer, and deal with one that did not come to a regular end."""
    if case.exercise.takes_function or case.exercise.use is not None:
        case.run = run_answer(case.exercise, case.answer, case.drawn)
    else:
        value = Returned(plain(case.answer))
        case.run = Run([value], value)
    run = case.run
    if run.ended == "too slow":
        return _too_slow(case)
    if run.notes.peeked and not case.trusted:
        return _copied(case)
    if run.notes.altered:
        return _alters(case, run.notes.altered, "Your answer replaces")
    if run.ended == "died":
        return case.say(
            "stops Python",
            "Your answer ended Python itself.",
            "It left with an exit, or it crashed the interpreter. This notebook is unharmed.",
            case.table(len(run.outcomes)),
        )
    last = run.outcomes[-1]
    if isinstance(last, Raised) and last.kind in EXHAUSTING:
        return _raises(case, [len(run.outcomes) - 1])
    return None


def _too_slow(case: Case) -> Result:
    done = len(case.outcomes)
    came = f"It finished {done} of {len(case.drawn)} inputs. " if done else ""
    left = "It could not be stopped and still runs in the background: restart the kernel."
    return case.say(
        "too slow",
        f"Stopped after {case.exercise.seconds:g} seconds.",
        came + "Is there a loop that never ends, or a loop over numbers where one array operation would do?",
        case.table(done),
        left if case.run.still_running else "",
    )


def _is_unfinished(case: Case) -> Result | None:
    if any(_has_blank(value) for value in case.got):
        return _not_attempted(case, "Part of it still is the `...` that waits for you.")
    if all(
        isinstance(outcome, Raised) and outcome.kind == "NotImplementedError" for outcome in case.outcomes
    ):
        return _not_attempted(case)
    return None


def _has_blank(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return any(map(_has_blank, value))
    if isinstance(value, dict):
        return any(map(_has_blank, value.values()))
    return isinstance(value, Blank)


# -- what came out ----------------------------------------------------------------------------------------


def _is_wrong(case: Case) -> Result | None:
    """Compare with the reference; None when the answer is right."""
    truth = outcomes_of(case.exercise, case.exercise.reference_answer, case.drawn)
    case.expected = [outcome.value for outcome in truth if isinstance(outcome, Returned)]
    if len(case.expected) < len(truth):
        raise RuntimeError(f"the reference of {case.exercise.id} fails: {truth}")
    failing = [i for i in range(len(case.drawn)) if not _succeeds(case, i)]
    if not failing:
        return None
    convention = permitted(case)
    if convention is not None:
        return _is_unsteady(case) or case.say(
            "right up to a convention",
            f"Right, up to {convention.name}.",
            convention.say,
            _what_was_checked(case).replace("It agrees", "Apart from that, it agrees"),
            mistake=convention.name,
        )
    turned = _takes_another_order(case)
    if turned is not None:
        return turned
    found = known(case)
    if found:
        return _known(case, failing, found)
    found, broken = _known_elsewhere(case, failing)
    if found:
        return _known(case, failing, found, _breaking_down(case, broken))
    for question in (_raises, _changes_input, _misfits, _is_not_finite):
        result = question(case, failing)
        if result is not None:
            return result
    return _is_unsteady(case) or _is_imprecise(case, failing) or _unknown(case, failing)


def _succeeds(case: Case, i: int) -> bool:
    outcome, expected = case.outcomes[i], case.expected[i]
    if not isinstance(outcome, Returned) or outcome.changed or not case.agrees(expected, outcome.value):
        return False
    return not any(
        np.iscomplexobj(pair.got) and not np.iscomplexobj(pair.expected)
        for pair in _laid(expected, outcome.value)
        if isinstance(pair.got, np.ndarray) and isinstance(pair.expected, np.ndarray)
    )


def _laid(expected: Any, got: Any) -> list[Pair]:
    laid = conform(expected, got)
    return [] if isinstance(laid, Misfit) else laid


def _pairs(case: Case, i: int) -> list[Pair]:
    """Return the parts of the i-th result beside the expected ones; empty when they do not fit."""
    return _laid(case.expected[i], case.got[i])


def _arrays(case: Case, i: int) -> list[tuple[Array, Array]]:
    """Return the numeric parts of the i-th result: expected and got."""
    return [
        (pair.expected, pair.got)
        for pair in _pairs(case, i)
        if isinstance(pair.expected, np.ndarray) and isinstance(pair.got, np.ndarray)
    ]


ADVICE = {
    TRANSPOSED: "Which index counts the rows in the book, and which the columns?",
    EXTRA_AXIS: "An axis of length one looks harmless, but later sums and products broadcast over it. "
    "Take it out where it arises.",
    MULTIPLIED: "Is it a sum where the book has a mean? Look where its 1/n belongs.",
    DIVIDED: "Is it a mean where the book has a sum, or is one division too many?",
}


def _advice(words: tuple[str, ...]) -> list[str]:
    return [advice for word in words for begin, advice in ADVICE.items() if word.startswith(begin)]


# What single inputs, such as zeros, may lead to; the mistake shows in the results for the others.
ARITHMETIC = ("ZeroDivisionError", "FloatingPointError", "OverflowError")


def _breaks_down(case: Case, i: int) -> bool:
    """Tell whether the arithmetic fails for this input, and not in the reference."""
    outcome = case.outcomes[i]
    if isinstance(outcome, Raised):
        return outcome.kind in ARITHMETIC
    return any(
        (np.isfinite(pair.expected) & ~np.isfinite(pair.got)).any()
        for pair in _laid(case.expected[i], outcome.value)
        if isinstance(pair.expected, np.ndarray) and isinstance(pair.got, np.ndarray)
    )


def _known_elsewhere(case: Case, failing: list[int]) -> tuple[list[Finding], list[int]]:
    """Look for known mistakes without the few inputs for which the arithmetic fails, and return these."""
    broken = [i for i in failing if _breaks_down(case, i)]
    rest = [i for i in range(len(case.drawn)) if i not in broken]
    if not broken or len(rest) < max(3, len(broken)):
        return [], broken
    others = replace(
        case,
        drawn=[case.drawn[i] for i in rest],
        expected=[case.expected[i] for i in rest],
        run=replace(case.run, outcomes=[case.outcomes[i] for i in rest]),
    )
    found = [] if reproduces(others, others.truth) else known(others)
    return (found if all(finding.name for finding in found) else []), broken


def _breaking_down(case: Case, broken: list[int]) -> tuple[str | Table, ...]:
    i = case.smallest(broken)
    outcome = case.outcomes[i]
    if isinstance(outcome, Raised):
        error = f"{outcome.kind}: {outcome.message}".rstrip(": ")
        return "Besides, it stops with an error here:", case.table(i, ("error", error))
    return "Besides, the result is not finite here:", case.table(i, ("got", show(outcome.value)))


def _known(
    case: Case, failing: list[int], found: list[Finding], besides: tuple[str | Table, ...] = ()
) -> Result:
    """Name the known mistakes, or the layout or scale in which right numbers came."""
    first = found[0]
    if len(found) == 1 and not first.name:
        return _right_numbers_but(case, failing, first)
    body: list[str] = []
    for finding in found:
        if finding is not first:
            body.append(f"And{_in_part(finding)}: {_called(finding)}.")
        if finding.name and finding.words:
            body.append(f"Besides, the numbers are {' and '.join(finding.words)}.")
        body += [finding.say, *_advice(finding.words)]
    names = "; ".join(", ".join(filter(None, (finding.name, *finding.words))) for finding in found)
    headline = f"Looks like{_in_part(first) if len(found) > 1 else ''}: {_called(first)}."
    return case.say("known mistake", headline, *body, *besides, case.pointer, mistake=names.replace("`", ""))


def _called(finding: Finding) -> str:
    return finding.name or " and ".join(finding.words)


def _in_part(finding: Finding) -> str:
    """Say in which of several results a mistake was found."""
    if finding.part is None or finding.part >= len(ORDINALS):
        return ""
    return f" in the {ORDINALS[finding.part]} part"


def _right_numbers_but(case: Case, failing: list[int], found: Finding) -> Result:
    words = found.words
    layout = bool({TRANSPOSED, EXTRA_AXIS, REVERSED} & set(words))
    scaled = bool(set(words) - {TRANSPOSED, EXTRA_AXIS})
    misfits = _all_misfits(case, failing)
    i = case.smallest(list(misfits) or failing)
    rows = _comparison(case, i)
    if i in misfits:
        where = misfits[i].where
        rows = [(f"expected{where}", misfits[i].expected), (f"got{where}", misfits[i].got)]
    return case.say(
        "known mistake" if scaled else "wrong shape",
        f"The right numbers, but{_in_part(found)} {' and '.join(words)}.",
        case.table(i, *rows) if layout else "",
        *_advice(words),
        case.pointer,
        mistake=", ".join(words).replace("`", ""),
    )


ENDINGS = {
    "SystemExit": "Your answer tries to end Python.",
    "KeyboardInterrupt": "Your answer interrupts itself.",
    "MemoryError": "Your answer asks for more memory than there is.",
}


SHAPES = (
    (
        r"\(size (?P<rows>\d+) is different from (?P<columns>\d+)\)|"
        r"not aligned: (?P<columns_>\d+) \(dim \d+\) != (?P<rows_>\d+)",
        "A product A @ B adds up over the columns of A and the rows of B. Here there are {columns} columns "
        "and {rows} rows. Write the shape below each factor: is one of them to be transposed, or their "
        "order to be changed?",
    ),
    (
        r"does not have enough dimensions",
        "The product @ is for vectors and matrices. For a number it is *.",
    ),
    (
        r"shapes? (?P<first>\([\d,]+\)) (?:into shape )?(?P<second>\([\d,]+\))",
        "Element by element, {first} and {second} do not go together: counted from the right, two lengths "
        "have to be equal, or one of them 1. Is a product @ meant, a transpose, or a new axis?",
    ),
    (
        r"truth value of an array",
        "`if`, `and` and `or` ask for one True or False, and an array has many. `np.where` decides for each.",
    ),
)
"""What NumPy's errors say about shapes, and what that means."""


def _about_shapes(message: str) -> str:
    """Return the meaning of an error of NumPy's about shapes; empty for any other."""
    for pattern, advice in SHAPES:
        if match := re.search(pattern, message):
            sizes = {name.rstrip("_"): size for name, size in match.groupdict().items() if size is not None}
            return advice.format(**sizes)
    return ""


def _raises(case: Case, failing: list[int]) -> Result | None:
    errors = {i: outcome for i in failing if isinstance(outcome := case.outcomes[i], Raised)}
    if not errors:
        return None
    i = case.smallest(list(errors))
    error = errors[i]
    where = (("in your code", error.line),) if error.line else ()
    if error.kind == "RecursionError":
        return case.say(
            "recursion",
            "Your function calls itself without end.",
            Table(where) if where else "",
            "Every recursion needs a case that returns without another call. Does each call come closer?",
            case.table(i),
        )
    what = (("error", f"{error.kind}: {error.message}".rstrip(": ")),)
    if case.exercise.use is not None and not where:
        return case.say(
            "wrong type",
            "Your answer does not have the form that the exercise asks for.",
            Table((*what, ("your answer", describe(plain(case.answer))))),
            case.table(i),
            mistake=error.kind,
        )
    some = f"This happens for {len(errors)} of {len(case.drawn)} inputs, for example with:"
    partly = len(errors) < len(case.drawn) and error.kind not in EXHAUSTING
    return case.say(
        "raises",
        ENDINGS.get(error.kind, "Your answer stops with an error."),
        Table((*what, *where)),
        _about_shapes(error.message),
        some if partly else ("For example with:" if case.exercise.takes_function else ""),
        case.table(i),
        mistake=error.kind,
    )


def _changes_input(case: Case, failing: list[int]) -> Result | None:
    for i in failing:
        outcome = case.outcomes[i]
        if isinstance(outcome, Returned) and outcome.changed:
            names = argument_names(case.exercise, len(case.drawn[i]))
            which = " and ".join(f"`{names[k]}`" for k in outcome.changed)
            return case.say(
                "changes its input",
                f"Your function changes its argument{'s' if len(outcome.changed) > 1 else ''} {which}.",
                "Whoever calls it still needs the old numbers. Lines such as `x += ...` and `x[0] = ...` "
                "write into the caller's own array: make a new one, or copy it first.",
                mistake=f"changes {which.replace('`', '')}",
            )
    return None


def _all_misfits(case: Case, failing: list[int]) -> dict[int, Misfit]:
    """Return the results whose type or shape is not the expected one, by input."""
    return {i: laid for i in failing if isinstance(laid := conform(case.expected[i], case.got[i]), Misfit)}


# How the descriptions of numbers, strings and collections begin; all else is a foreign object.
USUAL = ("a number", "an array of shape", "a string", "a tuple", "a list", "an empty", "a dictionary", "True")


def _misfits(case: Case, failing: list[int]) -> Result | None:
    misfits = _all_misfits(case, failing)
    if not misfits:
        return None
    i = case.smallest(list(misfits))
    misfit = misfits[i]
    advice = "Write the shape below each factor: which axis disappears, and which one should?"
    if misfit.verdict == "wrong type":
        advice = {
            "None": "Does your function end without `return`?",
            "a generator": "A generator computes nothing until it is asked: return a list or an array.",
            "a masked array": "Return a plain array: the exercise leaves no number out.",
            "a numpy matrix": "Use plain arrays with `@`; a matrix changes the meaning of `*`.",
            "a coroutine": "`async` is not needed here: begin with `def` alone.",
            "a function": "A function stands here without the parentheses that call it.",
        }.get(misfit.got, "" if misfit.got.startswith(USUAL) else "Return plain numbers or numpy arrays.")
    kind = misfit.verdict.removeprefix("wrong ")
    part = f" in part `{misfit.where}`" if misfit.where else ""
    asked, given = _number_of(misfit.expected), _number_of(misfit.got)
    always = len({describe(expected) for expected in case.expected}) == 1
    if asked > 1 and given and always and not misfit.where:
        return case.say(
            misfit.verdict,
            f"{asked} results are asked for, and you return {'one' if given == 1 else given}.",
            "Return them together in one list, in order."
            if misfit.expected.startswith("a list")
            else "Return them together and in order, with commas: `return first, second`.",
            mistake=f"{given} for {asked} results",
        )
    return case.say(
        misfit.verdict,
        f"The result has another {kind} than expected{part}.",
        case.table(i, ("expected", misfit.expected), ("got", misfit.got)),
        advice,
        case.pointer if misfit.verdict == "wrong shape" else "",
        mistake=f"{misfit.got} for {misfit.expected}",
    )


def _number_of(description: str) -> int:
    """Read from a description how many results there are; an array or a number is one."""
    found = re.fullmatch(r"a (?:tuple|list) of (\d+)", description)
    if found:
        return int(found[1])
    return 1 if description.startswith(("a number", "an array of shape")) else 0


def _is_not_finite(case: Case, failing: list[int]) -> Result | None:
    bad = [i for i in failing for a, b in _arrays(case, i) if (np.isfinite(a) & ~np.isfinite(b)).any()]
    if not bad:
        return None
    i = case.smallest(bad)
    warned = case.run.notes.warned
    return case.say(
        "not a number",
        "The result is not finite where it should be.",
        case.table(i, ("got", show(case.got[i]))),
        f"Meanwhile Python warned: {warned.rstrip('.!')}." if warned else "",
        "Is there a division by zero, the logarithm of 0, or the exponential of a large number?",
        mistake="not finite",
    )


def _is_imprecise(case: Case, failing: list[int]) -> Result | None:
    """Look for numbers that are right but for their type, or right to a few digits."""
    numbers = [pair for i in failing for pair in _arrays(case, i)]
    if not numbers or len(numbers) < sum(len(_pairs(case, i)) for i in failing):
        return None
    for cut in (np.trunc, np.floor, np.round) if case.exercise.takes_function else ():
        if all(b.dtype.kind in "iu" and close(cut(a), b, 0, 0).all() for a, b in numbers):
            return _other_dtype(
                case,
                failing,
                "Your numbers are cut to integers.",
                "integers for floats",
                "Where does this type come from: an array made without a decimal point, an `astype`, a `//`?",
            )
    for kind, rtol in (("float16", 1e-2), ("float32", 1e-4)):
        if all(b.dtype == kind and close(a, b, rtol, 0).all() for a, b in numbers):
            return _other_dtype(
                case,
                failing,
                f"Right to the few digits that `{kind}` keeps.",
                f"{kind} for float64",
                "Where does this type come from: a `dtype=`, an `astype`?",
            )
    rtol, atol = case.exercise.rtol, case.exercise.atol
    if all(close(a, b, rtol, atol).all() for a, b in numbers):
        return _other_dtype(
            case,
            failing,
            "Your numbers are complex, and should be real.",
            "complex for real",
            "Where does this type come from: a `1j`, a root or a power of a negative number, an `astype`?",
        )
    if all(
        a.dtype.kind in "iu" and b.dtype.kind == "f" and np.abs(a - b).max() < 1 and (b != np.round(b)).any()
        for a, b in numbers
    ):
        i = case.smallest(failing)
        return case.say(
            "wrong",
            "A whole number is asked for, and yours has a fraction.",
            case.table(i, *_comparison(case, i)),
            "Does the question ask you to round up or down?",
            case.pointer,
            mistake="a fraction for a whole number",
        )
    if all(close(a, b, 1e-2, 0).all() for a, b in numbers):
        i = case.smallest(failing)
        return case.say(
            "wrong",
            "Close, but not close enough.",
            case.table(i, *_comparison(case, i)),
            "It is less than one per cent off. Did you round, stop an iteration early, or use an "
            "approximation?",
            case.pointer,
            mistake="less than one per cent off",
        )
    return None


def _other_dtype(case: Case, failing: list[int], headline: str, mistake: str, advice: str) -> Result:
    i = case.smallest(failing)
    return case.say(
        "wrong dtype",
        headline,
        case.table(i, ("got", show(case.got[i]))),
        advice,
        mistake=mistake,
    )


# -- wrong in a way that nobody has described -------------------------------------------------------------


def _may_show_expected(case: Case) -> bool:
    """Tell whether the expected result may be shown: not when it is the solution itself."""
    exercise = case.exercise
    if exercise.takes_function:
        return True
    return exercise.use is not None and not case.agrees(case.expected[0], plain(exercise.reference_answer))


def _comparison(case: Case, i: int) -> list[tuple[str, str]]:
    """Return rows with what was expected and what was got; of large arrays only the worst element."""
    expected, got = case.expected[i], case.got[i]
    rows = [("expected", show(expected)), ("got", show(got))]
    if isinstance(expected, np.ndarray) and isinstance(got, np.ndarray) and expected.size > MOST_SHOWN:
        worst = np.unravel_index(np.argmax(np.abs(expected - got)), expected.shape)
        where = ", ".join(map(str, worst))
        rows = [(f"expected[{where}]", show(expected[worst])), (f"got[{where}]", show(got[worst]))]
    return rows if _may_show_expected(case) else rows[1:]


def _unknown(case: Case, failing: list[int]) -> Result:
    i, total = case.smallest(failing), len(case.drawn)
    headline = "Not the right answer yet."
    if len(failing) < total:
        headline = f"Right for {total - len(failing)} of {total} inputs, but not for all."
    elif case.exercise.takes_function:
        headline = "Not the expected result yet."
    smallest = "The smallest input where it goes wrong:" if len(failing) > 1 else ""
    return case.say(
        "wrong",
        headline,
        smallest,
        case.table(i, *_comparison(case, i)),
        _right_parts(case),
        _constant(case) if case.exercise.takes_function else _right_elements(case),
        case.pointer,
    )


ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def _rows_of_pairs(case: Case) -> list[list[Pair]]:
    """Return the parts of every result beside the expected ones, as rows of equal length, or nothing."""
    rows = [_pairs(case, i) for i in range(len(case.drawn))]
    return rows if len({len(row) for row in rows}) == 1 else []


def _wrong_parts(case: Case) -> list[int]:
    """Return which parts of the result are wrong for at least one input."""
    rows = _rows_of_pairs(case)
    rtol, atol = case.exercise.rtol, case.exercise.atol
    parts = range(len(rows[0]) if rows else 0)
    return [k for k in parts if not all(pair_agrees(row[k], rtol, atol) for row in rows)]


def _right_parts(case: Case) -> str:
    """Say which of several results are right on all inputs."""
    rows, wrong = _rows_of_pairs(case), _wrong_parts(case)
    number = len(rows[0]) if rows else 0
    right = [ORDINALS[k] for k in range(min(number, len(ORDINALS))) if k not in wrong]
    if not right or number > len(ORDINALS):
        return ""
    if len(right) == 1:
        return f"Of its {number} parts, the {right[0]} is right."
    return f"Of its {number} parts, the {', '.join(right[:-1])} and {right[-1]} are right."


def _right_elements(case: Case) -> str:
    """Say how many elements of an array are right."""
    arrays = _arrays(case, 0)
    if len(arrays) != 1 or arrays[0][0].size < 2:
        return ""
    right = close(*arrays[0], case.exercise.rtol, case.exercise.atol)
    return f"{int(right.sum())} of its {right.size} numbers are right."


def _constant(case: Case) -> str:
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


# -- scores -----------------------------------------------------------------------------------------------


def _misses_score(case: Case) -> Result | None:
    exercise, everywhere = case.exercise, list(range(len(case.drawn)))
    trouble = _raises(case, everywhere)
    if trouble is not None:
        return trouble
    for i in case.run.notes.signs:
        mistake = exercise.mistakes[i]
        return _known(case, everywhere, [Finding(mistake.name, mistake.say)])
    trouble = _changes_input(case, everywhere)
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
        Table((("needed", _needed(exercise)), ("reached", f"{worst:.4g}"))),
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


def _needed(exercise: Exercise) -> str:
    least = [] if exercise.at_least is None else [f"at least {exercise.at_least:g}"]
    most = [] if exercise.at_most is None else [f"at most {exercise.at_most:g}"]
    return ", ".join(least + most)


# -- nearly or entirely right -----------------------------------------------------------------------------


def _is_unsteady(case: Case) -> Result | None:
    i = asked_again(case.exercise, case.drawn)
    first, again = case.outcomes[i], case.run.again
    if not isinstance(first, Returned) or (
        isinstance(again, Returned) and case.agrees(first.value, again.value)
    ):
        return None
    second = show(again.value) if isinstance(again, Returned) else "an error"
    return case.say(
        "depends on chance",
        "The same input gives different results.",
        case.table(i, ("first", show(first.value)), ("later", second)),
        "Does it draw random numbers, or remember something from earlier calls?",
        mistake="different results for the same input",
    )


def _has_wrong_dtype(case: Case) -> Result | None:
    wanted = case.exercise.dtype
    if wanted is None:
        return None
    for value in case.got:
        for part in _leaves(value):
            kind = part.dtype if isinstance(part, np.ndarray) else np.asarray(part).dtype
            if kind != np.dtype(wanted):
                return case.say(
                    "wrong dtype",
                    f"The numbers are right, but they are `{kind}` where `{wanted}` is asked for.",
                    "Which operand brings in the other type?",
                    case.pointer,
                    mistake=f"{kind} for {wanted}",
                )
    return None


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, tuple | list):
        return [leaf for part in value for leaf in _leaves(part)]
    return [] if value is None or isinstance(value, str | dict | Foreign) else [value]


def _what_was_checked(case: Case) -> str:
    exercise, number = case.exercise, len(case.drawn)
    if exercise.scored:
        return f"It reaches the score that is asked for: {_needed(exercise)}."
    if not exercise.takes_function:
        return ""
    return f"It agrees with the book's on all {number} inputs, to a relative {exercise.rtol:g}."


def _right(case: Case) -> Result:
    notes = case.run.notes
    return case.say(
        "right",
        "Right.",
        _what_was_checked(case),
        f"Python warned on the way: {notes.warned.rstrip('.!')}." if notes.warned else "",
        f"What it printed ({notes.printed} characters) is not shown." if notes.printed else "",
    )
