"""How an answer ended: too slow, with an error, unfinished, or having changed what was passed to it."""

import re
from typing import Any

from fysstk_book.check.before import alters, copied, not_attempted
from fysstk_book.check.case import Case, argument_names
from fysstk_book.check.results import Result, Table
from fysstk_book.check.running import (
    EXHAUSTING,
    Raised,
    Returned,
    Run,
    run_answer,
)
from fysstk_book.check.values import (
    Blank,
    describe,
    plain,
)


def ends_badly(case: Case) -> Result | None:
    """Run the answer, and deal with one that did not come to a regular end."""
    if case.elsewhere is not None:
        case.run = case.elsewhere
    elif case.exercise.takes_function or case.exercise.use is not None:
        case.run = run_answer(case.exercise, case.answer, case.drawn)
    else:
        value = Returned(plain(case.answer))
        case.run = Run([value], value)
    run = case.run
    if run.ended == "too slow":
        return _too_slow(case)
    if run.notes.peeked and not case.trusted:
        return copied(case)
    if run.notes.altered:
        return alters(case, run.notes.altered, "Your answer replaces")
    if run.ended == "died":
        return case.say(
            "stops Python",
            "Your answer ended Python itself.",
            "It left with an exit, or it crashed the interpreter. This notebook is unharmed.",
            case.table(len(run.outcomes)),
        )
    last = run.outcomes[-1]
    if isinstance(last, Raised) and last.kind in EXHAUSTING:
        return raises_error(case, [len(run.outcomes) - 1])
    return None


def _too_slow(case: Case) -> Result:
    done = len(case.outcomes)
    came = f"It finished {done} of {len(case.drawn)} inputs. " if done else ""
    left = "It could not be stopped and still runs in the background: restart the kernel."
    return case.say(
        "too slow",
        f"Stopped: it takes more than {case.exercise.seconds:g} seconds.",
        came + "Is there a loop that never ends, or a loop over numbers where one array operation would do?",
        case.table(done),
        left if case.run.still_running else "",
    )


def is_unfinished(case: Case) -> Result | None:
    """Notice a `...` in the results, or a stub that raises."""
    if any(_has_blank(value) for value in case.got):
        return not_attempted(case, "Part of it still is the `...` that waits for you.")
    if all(
        isinstance(outcome, Raised) and outcome.kind == "NotImplementedError" for outcome in case.outcomes
    ):
        return not_attempted(case)
    return None


def _has_blank(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return any(map(_has_blank, value))
    if isinstance(value, dict):
        return any(map(_has_blank, value.values()))
    return isinstance(value, Blank)


ENDINGS = {
    "SystemExit": "Your answer tries to end Python.",
    "KeyboardInterrupt": "Your answer interrupts itself.",
    "MemoryError": "Your answer asks for more memory than there is.",
}


SHAPES = (
    (
        r"could not broadcast input array from shape (?P<right>\([\d,]+\)) into shape (?P<left>\([\d,]+\))",
        "The place on the left of `=` has the shape {left}, and what is to go there {right}. With slices: "
        "what do they give for 0, for a negative number, and for one larger than the array?",
    ),
    (
        r"index (?P<index>-?\d+) is out of bounds for axis (?P<axis>\d+) with size (?P<size>\d+)",
        "There is no index {index} along axis {axis}, which has {size} entries. Which index counts rows, and "
        "which columns? Does the count start at 0, and end one before the length?",
    ),
    (
        r"must be square",
        "This works for square matrices only, and this one is not. Is an inverse what is asked for?",
    ),
    (
        r"Singular matrix",
        "This matrix has no inverse: some of its rows or columns follow from the others. Has it more rows "
        "than there are independent equations?",
    ),
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
        r"for \^: |bitwise_xor",
        "`^` is no power in Python: write `**`.",
    ),
    (
        r"truth value of an array",
        "`if`, `and` and `or` ask for one True or False, and an array has many. `np.where` decides for each.",
    ),
)
"""What NumPy's errors say about shapes, and what that means."""


FORMS = (
    (
        r"not enough values to unpack \(expected (?P<asked>\d+), got (?P<came>\d+)\)",
        "{asked} things are asked for, and {came} came: which one is missing?",
    ),
    (
        r"too many values to unpack \(expected (?P<asked>\d+)",
        "{asked} things are asked for, and more came.",
    ),
    (
        r"inhomogeneous",
        "Several things of different shapes came where one array is asked for. Does a function that you "
        "call return more than its solution, as `np.linalg.lstsq` does? Then take the first: `[0]`.",
    ),
)
"""What the errors of using an answer say about its form, and what that means."""


def _about_form(message: str) -> str:
    """Return the meaning of an error about an answer's form; empty for any other."""
    for pattern, advice in FORMS:
        if match := re.search(pattern, message):
            return advice.format(**match.groupdict())
    return ""


def _about_shapes(message: str) -> str:
    """Return the meaning of an error of NumPy's about shapes; empty for any other."""
    for pattern, advice in SHAPES:
        if match := re.search(pattern, message):
            sizes = {name.rstrip("_"): size for name, size in match.groupdict().items() if size is not None}
            return advice.format(**sizes)
    return ""


def raises_error(case: Case, failing: list[int]) -> Result | None:
    """Say which error the answer raises, where, and for which input."""
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
        came = describe(plain(case.answer))
        form = _about_form(error.message)
        rows = () if form else what
        return case.say(
            "wrong type",
            "Your answer does not have the form that the exercise asks for.",
            form,
            Table((*rows, ("your answer", came))) if came != "a function" else Table(rows) if rows else "",
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


def changes_input(case: Case, failing: list[int]) -> Result | None:
    """Say which of its arguments the answer changes."""
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
