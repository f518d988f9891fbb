"""What came out: compares with the reference and names the mistake behind a result that differs."""

import types
from dataclasses import replace

import numpy as np

from fysstk_book.check.case import Case, argument_names, outcomes_of, show
from fysstk_book.check.ending import changes_input, raises_error
from fysstk_book.check.form import does_not_fit, is_imprecise, is_not_finite, misfits
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
    Raised,
    Returned,
    asked_again,
)
from fysstk_book.check.values import (
    is_a,
)
from fysstk_book.check.words import (
    ORDINALS,
    comparison,
    constant,
    lay,
    right_elements,
    right_parts,
    what_was_checked,
)


def is_wrong(case: Case) -> Result | None:
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
        return is_unsteady(case) or case.say(
            "right up to a convention",
            f"Right, up to {convention.name}.",
            convention.say,
            what_was_checked(case).replace("It agrees", "Apart from that, it agrees"),
            mistake=convention.name,
        )
    turned = _takes_another_order(case)
    if turned is not None:
        return turned
    found = known(case)
    if found:
        return name_mistakes(case, failing, found)
    found, broken = _known_elsewhere(case, failing)
    if found:
        return name_mistakes(case, failing, found, _breaking_down(case, broken))
    for question in (raises_error, changes_input, does_not_fit, is_not_finite):
        result = question(case, failing)
        if result is not None:
            return result
    return is_unsteady(case) or is_imprecise(case, failing) or _unknown(case, failing)


def _succeeds(case: Case, i: int) -> bool:
    outcome, expected = case.outcomes[i], case.expected[i]
    if not isinstance(outcome, Returned) or outcome.changed or not case.agrees(expected, outcome.value):
        return False
    return not any(
        np.iscomplexobj(pair.got) and not np.iscomplexobj(pair.expected)
        for pair in lay(expected, outcome.value)
        if isinstance(pair.got, np.ndarray) and isinstance(pair.expected, np.ndarray)
    )


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
        for pair in lay(case.expected[i], outcome.value)
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


def name_mistakes(
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
    unfit = misfits(case, failing)
    i = case.smallest(list(unfit) or failing)
    rows = comparison(case, i)
    if i in unfit:
        where = unfit[i].where
        rows = [(f"expected{where}", unfit[i].expected), (f"got{where}", unfit[i].got)]
    return case.say(
        "known mistake" if scaled else "wrong shape",
        f"The right numbers, but{_in_part(found)} {' and '.join(words)}.",
        case.table(i, *rows) if layout else "",
        *_advice(words),
        case.pointer,
        mistake=", ".join(words).replace("`", ""),
    )


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
        case.table(i, *comparison(case, i)),
        right_parts(case),
        constant(case) if case.exercise.takes_function else right_elements(case),
        case.pointer,
    )


def is_unsteady(case: Case) -> Result | None:
    """Notice that the same input gives different results."""
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
