"""What came out: compares with the reference and names the mistake behind a result that differs."""

import dis
import types
from dataclasses import replace
from typing import Any

import numpy as np

from fysstk_book.check.case import Case, argument_names, outcomes_of, show
from fysstk_book.check.ending import changes_input, raises_error
from fysstk_book.check.form import does_not_fit, has_other_numbers, is_imprecise, is_not_finite, misfits
from fysstk_book.check.recognise import (
    DIVIDED,
    MANY,
    MULTIPLIED,
    REVERSED,
    TRANSPOSED,
    Finding,
    known,
    one_slip,
    permitted,
    reproduces,
    slipped,
)
from fysstk_book.check.results import Result, Table
from fysstk_book.check.running import (
    Raised,
    Returned,
    asked_again,
)
from fysstk_book.check.values import (
    is_a,
    misspelt,
    pair_agrees,
)
from fysstk_book.check.words import (
    ORDINALS,
    comparison,
    constant,
    lay,
    numeric_parts,
    parts_of,
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
    case.raw = case.outcomes
    case.run = replace(case.run, outcomes=case.fitted(case.outcomes))
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
    if len(found) > 1 or any(finding.name and finding.words for finding in found):
        single = one_slip(case)
        found = found if single is None or not single.name else [single]
    if found:
        return name_mistakes(case, failing, found)
    found, broken = _known_elsewhere(case, failing)
    if found:
        return name_mistakes(case, failing, found, _breaking_down(case, broken))
    steady = all(isinstance(outcome, Returned) and not outcome.changed for outcome in case.outcomes)
    result = has_other_numbers(case, failing) if steady else None
    if result is None:
        relation, single = constant(case), one_slip(case)
        if single is not None and single.name and (relation is None or MANY not in single.name):
            result = name_mistakes(case, failing, [single])
        elif steady and (ignores := _never_changes(case, failing)) is not None:
            result = ignores
        elif relation is None and single is None and (found := slipped(case)):
            result = name_mistakes(case, failing, found)
    if result is not None:
        return result
    for question in (raises_error, changes_input, does_not_fit, is_not_finite):
        result = question(case, failing)
        if result is not None:
            return result
    return is_unsteady(case) or is_imprecise(case, failing) or _unknown(case, failing)


def _never_changes(case: Case, failing: list[int]) -> Result | None:
    """Notice a function that returns the same for every input, where the right results differ."""

    def alike(values: list[Any]) -> bool:
        return all(case.agrees(values[0], value) for value in values)

    if len(case.got) < 3 or not alike(case.got) or alike(case.expected) or misfits(case, failing):
        return None
    if is_not_finite(case, failing) or not (unused := _unused(case)):
        return None
    i = case.clearest(failing)
    return case.say(
        "wrong",
        "Your function returns the same for every input.",
        case.table(i, *comparison(case, i)),
        f"It makes no use of {unused}: does it take numbers of the notebook in their place?",
        case.pointer,
        mistake="the same result for every input",
    )


def _unused(case: Case) -> str:
    """Name the arguments that the answer's code does not mention; nothing where it mentions all."""
    if not is_a(case.answer, types.FunctionType):
        return ""
    code = case.answer.__code__
    names = code.co_varnames[: code.co_argcount]
    used = {line.argval for line in dis.get_instructions(code) if line.opname.startswith("LOAD")}
    used |= set(code.co_cellvars)
    return " and ".join(f"`{name}`" for name in names if name not in used)


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
    if not broken:
        return [], broken
    if len(rest) < max(3, len(broken)):
        compare = all(isinstance(outcome, Returned) for outcome in case.outcomes)
        return (_named_in(replace(case, blind=True)) if compare and _half_is_finite(case) else []), broken
    others = replace(
        case,
        drawn=[case.drawn[i] for i in rest],
        expected=[case.expected[i] for i in rest],
        run=replace(case.run, outcomes=[case.outcomes[i] for i in rest]),
    )
    return _named_in(others), broken


def _half_is_finite(case: Case) -> bool:
    got = [b for i in range(len(case.drawn)) for _, b in numeric_parts(case, i)]
    finite = sum(int(np.isfinite(b).sum()) for b in got)
    return 2 * finite >= sum(b.size for b in got) > 0


def _named_in(case: Case) -> list[Finding]:
    """Return the known mistakes or the slip behind these results; none where the numbers are right."""
    if reproduces(case, case.truth):
        return []
    slip = None if (found := known(case)) else one_slip(case)
    found = found if slip is None else [slip]
    return found if all(finding.name for finding in found) else []


def _breaking_down(case: Case, broken: list[int]) -> tuple[str | Table, ...]:
    i = case.smallest(broken)
    outcome = case.outcomes[i]
    if isinstance(outcome, Raised):
        error = f"{outcome.kind}: {outcome.message}".rstrip(": ")
        return "Besides, it stops with an error here:", case.table(i, ("error", error))
    return "Besides, the result is not finite here:", case.table(i, ("got", show(outcome.value)))


def _example(case: Case, failing: list[int], found: list[Finding]) -> str | Table:
    """Show an input with the expected result beside the name, where the numbers compare."""
    compare = case.expected and len(case.got) == len(case.drawn)
    if not case.exercise.takes_function or not compare:
        return ""
    if misfits(case, failing):
        return ""
    i = case.clearest(failing)
    return case.table(i, *comparison(case, i))


def _compared(case: Case) -> str:
    """Say what the shown numbers are where they are not what the student returned."""
    return f"Compared are {case.exercise.compared}." if case.exercise.compared else ""


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
    example = "" if besides else _example(case, failing, found)
    if example:
        body.append(_compared(case))
    return case.say(
        "known mistake", headline, *body, example, *besides, case.pointer, mistake=names.replace("`", "")
    )


def _called(finding: Finding) -> str:
    return finding.name or " and ".join(finding.words)


def _in_part(finding: Finding) -> str:
    """Say in which of several results a mistake was found."""
    if finding.part is None or finding.part >= len(ORDINALS):
        return ""
    return f" in the {ORDINALS[finding.part]} part"


def _right_numbers_but(case: Case, failing: list[int], found: Finding) -> Result:
    words = found.words
    layout = bool({TRANSPOSED, REVERSED} & set(words))
    scaled = bool(set(words) - {TRANSPOSED})
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
    i, total = case.clearest(failing), len(case.drawn)
    headline = "Not the right answer yet."
    if len(failing) < total:
        headline = f"Right for {total - len(failing)} of {total} inputs, but not for all."
    elif case.exercise.takes_function:
        headline = "Not the expected result yet."
    relation = constant(case)
    return case.say(
        "wrong",
        headline,
        "For example:" if len(failing) > 1 else "",
        case.table(i, *comparison(case, i)),
        _compared(case),
        right_parts(case),
        relation.sentence if relation else "" if case.exercise.takes_function else right_elements(case),
        _spelling(case),
        case.pointer,
        mistake=relation.name if relation else "a misspelt word" if _spelling(case) else "",
    )


def _spelling(case: Case) -> str:
    pairs = [
        pair for i in range(len(case.drawn)) for pair in parts_of(case, i) if not pair_agrees(pair, 0, 0)
    ]
    texts = [pair for pair in pairs if isinstance(pair.expected, str) and isinstance(pair.got, str)]
    near = any(misspelt(str(pair.expected), str(pair.got)) for pair in texts)
    return "It is nearly a name that is asked for: look at the spelling." if near else ""


def is_unsteady(case: Case) -> Result | None:
    """Notice that the same input gives different results."""
    i = asked_again(case.exercise, case.drawn)
    first, again = (case.raw or case.outcomes)[i], case.run.again
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
