"""From what an answer returned to what a good teacher would say about it."""

import dis
import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from fysstk_nn._book import point_to, resolve
from fysstk_nn.check.results import Result, Table
from fysstk_nn.check.running import EXERCISES, Raised, Returned, Run, _call, run_answer, untouched
from fysstk_nn.check.values import (
    Blank,
    Foreign,
    Huge,
    Misfit,
    Pair,
    agree,
    close,
    conform,
    describe,
    pair_agrees,
    plain,
    size,
)
from fysstk_nn.exercises import Exercise, Mistake

Outcome = Returned | Raised


@dataclass
class Case:
    """One check under way: the exercise, its inputs, and what came out of the answer."""

    exercise: Exercise
    answer: Any
    drawn: list[tuple[Any, ...]]
    trusted: bool = False
    run: Run = field(default_factory=Run)
    expected: list[Any] = field(default_factory=list)

    def say(self, verdict: str, headline: str, *body: str | Table, mistake: str = "") -> Result:
        """Make the result, with the labels in its texts turned into equation numbers."""
        parts = tuple(resolve(part) if isinstance(part, str) else part for part in body if part)
        return Result(self.exercise.id, verdict, resolve(headline), parts, mistake)

    @property
    def got(self) -> list[Any]:
        """The values returned; all outcomes must have returned."""
        return [outcome.value for outcome in self.run.outcomes if isinstance(outcome, Returned)]

    def agrees(self, expected: Any, got: Any) -> bool:
        """Compare two plain results within the exercise's tolerance."""
        return agree(expected, got, self.exercise.rtol, self.exercise.atol)

    @property
    def pointer(self) -> str:
        """Where to read on in the book."""
        return point_to(self.exercise.equation, self.exercise.chapter)


def diagnose(exercise: Exercise, answer: Any, *, trusted: bool = False) -> Result:
    """Check an answer and say what is right or wrong with it.

    A trusted answer may be the catalogue's own: the tests check its mistakes and references that way.
    """
    case = Case(exercise, answer, exercise.draw_inputs(), trusted)
    for step in (_attempted, _form, _fate, _results):
        result = step(case)
        if result is not None:
            return result
    return _right(case)


# -- before anything runs ---------------------------------------------------------------------------------


def is_stub(answer: object) -> bool:
    """Tell whether an answer is still the stub of the chapter: `...`, or a function that does nothing."""
    if answer is Ellipsis:
        return True
    if type(answer) in (tuple, list) and isinstance(answer, tuple | list):
        return any(is_stub(part) for part in answer)
    if type(answer) is dict:
        return any(is_stub(part) for part in answer.values())
    if isinstance(answer, types.FunctionType):
        code = answer.__code__
        harmless = {"RESUME", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE", "NOP", "POP_TOP"}
        steps = [step for step in dis.get_instructions(code) if step.opname not in ("RESUME", "NOP")]
        returned = steps[-2:] if steps[-1].opname == "RETURN_VALUE" else steps[-1:]
        return {step.opname for step in steps} <= harmless and returned[0].argval in (None, Ellipsis)
    return False


def _attempted(case: Case) -> Result | None:
    if is_stub(case.answer):
        return _not_attempted(case)
    return None


def _not_attempted(case: Case, more: str = "") -> Result:
    minutes = case.exercise.minutes
    return case.say(
        "not attempted",
        "Not attempted yet.",
        more
        or f"Replace the `...` in the cell above, run it, and check again. Allow about {minutes} minutes; "
        f'`hint("{case.exercise.id}")` helps you to start.',
    )


def _form(case: Case) -> Result | None:
    """Look at the answer without running it: is it a function where one is asked for, and the student's own."""
    exercise, answer = case.exercise, case.answer
    code = getattr(answer, "__code__", None)
    if isinstance(code, types.CodeType) and code.co_filename.startswith(EXERCISES) and not case.trusted:
        return _copied(case)
    if not exercise.takes_function:
        if isinstance(answer, types.FunctionType) and not callable(exercise.reference_answer):
            return case.say(
                "wrong type",
                "A value is asked for, and this is a function.",
                "Call your function and check what it returns.",
            )
        return None
    if not callable(answer):
        return case.say(
            "wrong type",
            f"A function is asked for, and this is {describe(plain(answer))}.",
            f'Write `check("{exercise.id}", name_of_your_function)`, without calling the function.',
        )
    if exercise.use is None and isinstance(answer, types.FunctionType):
        try:
            inspect.signature(answer).bind(*case.drawn[0])
        except TypeError:
            return _wrong_arguments(case)
    return None


def _wrong_arguments(case: Case) -> Result:
    names = ", ".join(argument_names(case.exercise, len(case.drawn[0])))
    takes = ", ".join(inspect.signature(case.answer).parameters) or "none"
    return case.say(
        "wrong type",
        "Your function does not take the arguments that the exercise passes.",
        Table((("passed", names), ("yours", takes))),
        "Take them in this order.",
        mistake="arguments",
    )


def _copied(case: Case) -> Result:
    return case.say(
        "copies the solution",
        "This runs the book's own solution.",
        "It is right, of course, but it is not yours. Write your own version and check that.",
    )


def argument_names(exercise: Exercise, number: int) -> list[str]:
    """Return the names of the arguments, as the reference calls them."""
    try:
        names = list(inspect.signature(exercise.reference).parameters)
    except (TypeError, ValueError):
        names = []
    return names if len(names) == number else [f"argument {i + 1}" for i in range(number)]


# -- how the run went -------------------------------------------------------------------------------------


def _fate(case: Case) -> Result | None:
    """Run the answer; deal with one that did not come to a regular end."""
    exercise = case.exercise
    if exercise.takes_function or exercise.use is not None:
        case.run = run_answer(exercise, case.answer, case.drawn)
    else:
        value = Returned(plain(case.answer))
        case.run = Run([value], value)
    run = case.run
    if run.ended == "too slow":
        return _too_slow(case)
    if run.notes.peeked and not case.trusted:
        return _copied(case)
    if run.notes.altered:
        return case.say(
            "alters numpy",
            f"Your answer replaces `{run.notes.altered}`.",
            "Everything else in the notebook relies on it. Choose another name for your own version.",
        )
    if run.ended == "died":
        return case.say(
            "stops Python",
            "Your answer ended Python itself.",
            "It left with an exit, or crashed the interpreter. The notebook is unharmed.",
            _input_table(case, len(run.outcomes)),
        )
    if any(_has_blank(outcome.value) for outcome in run.outcomes if isinstance(outcome, Returned)):
        return _not_attempted(case, "The result still holds a `...` that waits for you.")
    if all(isinstance(outcome, Raised) and outcome.kind == "NotImplementedError" for outcome in run.outcomes):
        return _not_attempted(case)
    return None


def _has_blank(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return any(map(_has_blank, value))
    if isinstance(value, dict):
        return any(map(_has_blank, value.values()))
    return isinstance(value, Blank)


def _too_slow(case: Case) -> Result:
    done, seconds = len(case.run.outcomes), case.exercise.seconds
    came = f"It finished {done} of {len(case.drawn)} inputs. " if done else ""
    left = (
        "It did not let itself be stopped and still runs in the background: restart the kernel."
        if case.run.still_running
        else ""
    )
    return case.say(
        "too slow",
        f"Stopped after {seconds:g} seconds.",
        came + "Is there a loop that never ends, or a loop over numbers where one array operation would do?",
        _input_table(case, done),
        left,
    )


def _input_table(case: Case, index: int, *more: tuple[str, str]) -> Table | str:
    """Show the arguments of one input, and further rows below them."""
    rows: list[tuple[str, str]] = []
    if case.exercise.takes_function and index < len(case.drawn):
        inputs = case.drawn[index]
        names = argument_names(case.exercise, len(inputs))
        rows = [(name, show(value)) for name, value in zip(names, inputs, strict=True)]
    rows += more
    return Table(tuple(rows)) if rows else ""


def show(value: Any) -> str:
    """Print a value compactly."""
    if isinstance(value, np.ndarray | np.generic) and np.ndim(value) > 0:
        array = np.asarray(value)
        if array.size > 40:
            return describe(array)
        return np.array2string(array, precision=6, suppress_small=False, separator=", ", max_line_width=80)
    if isinstance(value, np.generic | np.ndarray):
        value = value.item()
    if isinstance(value, float):
        return f"{value:.8g}"
    if isinstance(value, tuple):
        return "(" + ", ".join(show(part) for part in value) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, list):
        return "[" + ", ".join(show(part) for part in value) + "]" if size(value) <= 40 else describe(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {show(part)}" for key, part in value.items()) + "}"
    if isinstance(value, types.FunctionType):
        return "a function" if value.__name__ == "<lambda>" else f"the function {value.__name__}"
    if isinstance(value, Foreign | Huge | Blank):
        return describe(value)
    if isinstance(value, np.random.Generator):
        return "a random generator"
    text = " ".join(repr(value).split())
    return text if len(text) <= 200 else text[:197] + "..."


# -- what came out ----------------------------------------------------------------------------------------


def outcomes_of(exercise: Exercise, answer: Any, drawn: list[tuple[Any, ...]]) -> list[Outcome]:
    """Return what one of the catalogue's own answers, right or wrong, makes of the inputs."""
    with untouched(), np.errstate(all="ignore"):
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [_call(exercise, answer, inputs) for inputs in drawn]


def _results(case: Case) -> Result | None:
    """Compare with the truth; None when the answer is right."""
    exercise, outcomes = case.exercise, case.run.outcomes
    if exercise.scored:
        return _scored(case)
    truth = outcomes_of(exercise, exercise.reference_answer, case.drawn)
    case.expected = [outcome.value for outcome in truth if isinstance(outcome, Returned)]
    if len(case.expected) < len(truth):
        raise RuntimeError(f"the reference of {exercise.id} fails: {truth}")
    failing = [i for i, outcome in enumerate(outcomes) if not _succeeds(case, i, outcome)]
    if not failing:
        return _unsteady(case) or _wrong_dtype(case)
    steps: tuple[Callable[[Case, list[int]], Result | None], ...] = (
        _convention,
        _known,
        _raising,
        _changing,
        _deviating,
        _misfitting,
        _not_numbers,
        _imprecise,
    )
    for step in steps:
        result = step(case, failing)
        if result is not None:
            return result
    return _unknown(case, failing)


def _succeeds(case: Case, i: int, outcome: Outcome) -> bool:
    return (
        isinstance(outcome, Returned)
        and not outcome.changed
        and case.agrees(case.expected[i], outcome.value)
        and not _complex_for_real(case.expected[i], outcome.value)
    )


def _complex_for_real(expected: Any, got: Any) -> bool:
    pairs = conform(expected, got)
    return not isinstance(pairs, Misfit) and any(
        np.iscomplexobj(pair.got) and not np.iscomplexobj(pair.expected) for pair in pairs
    )


def _unsteady(case: Case) -> Result | None:
    first, again = case.run.outcomes[0], case.run.again
    if not isinstance(first, Returned) or (
        isinstance(again, Returned) and case.agrees(first.value, again.value)
    ):
        return None
    return case.say(
        "depends on chance",
        "The same input gives different results.",
        "Called a second time with the first input, your answer returned something else. "
        "Does it draw random numbers, or remember something from earlier calls?",
        _input_table(
            case,
            0,
            ("first", show(first.value)),
            ("again", show(again.value) if isinstance(again, Returned) else "an error"),
        ),
    )


def _wrong_dtype(case: Case) -> Result | None:
    wanted = case.exercise.dtype
    if wanted is None:
        return None
    for expected, got in zip(case.expected, case.got, strict=True):
        pairs = conform(expected, got)
        for pair in pairs if not isinstance(pairs, Misfit) else []:
            if isinstance(pair.got, np.ndarray) and pair.got.dtype != np.dtype(wanted):
                return case.say(
                    "wrong dtype",
                    f"The numbers are right, but they are `{pair.got.dtype}` where `{wanted}` is asked for.",
                    "Which operand brings in the other type?",
                    case.pointer,
                    mistake=f"{pair.got.dtype} for {wanted}",
                )
    return None


# -- layouts and scales -----------------------------------------------------------------------------------

Change = Callable[[Any], Any]


def _each(change: Change, value: Any) -> Any:
    """Apply a change to every array and number in a result."""
    if isinstance(value, tuple | list) and any(isinstance(part, np.ndarray | tuple | list) for part in value):
        return type(value)(_each(change, part) for part in value)
    if isinstance(value, tuple):
        return tuple(_each(change, part) for part in value)
    if isinstance(value, dict):
        return {key: _each(change, part) for key, part in value.items()}
    if isinstance(value, str) or value is None or isinstance(value, Foreign | Huge | Blank):
        return value
    return change(np.asarray(value))


def _fit_axes(base: Any, got: Any) -> Any:
    """Reshape the parts of `base` to those of `got` where they differ by axes of length one only."""
    pairs = [base], [got]
    if isinstance(base, tuple | list) and isinstance(got, tuple | list) and len(base) == len(got):
        pairs = list(base), list(got)
    fitted = []
    for one, other in zip(*pairs, strict=True):
        try:
            a, b = np.asarray(one), np.asarray(other)
        except ValueError:
            return base
        same = [n for n in a.shape if n != 1] == [n for n in b.shape if n != 1]
        fitted.append(a.reshape(b.shape) if same and a.dtype.kind in "biufc" else one)
    return (
        tuple(fitted)
        if isinstance(base, tuple | list)
        and len(pairs[0]) == len(fitted) > 0
        and (pairs[0] is not base and isinstance(got, tuple | list) and len(base) == len(got))
        else fitted[0]
    )


def _lengths(case: Case) -> list[list[float]]:
    """Return, for every axis of an argument that all inputs have, its length in each input."""
    found = []
    if not case.exercise.takes_function:
        return []
    for position, first in enumerate(case.drawn[0]):
        for axis in range(np.ndim(first) if isinstance(first, np.ndarray) else 0):
            try:
                lengths = [float(inputs[position].shape[axis]) for inputs in case.drawn]
            except (AttributeError, IndexError):
                continue
            if set(lengths) != {1.0} and lengths not in found:
                found.append(lengths)
    return found


@dataclass(frozen=True)
class Deviation:
    """How two series of results differ although they are the same numbers at heart."""

    words: tuple[str, ...]
    verdict: str


def _deviation(case: Case, base: list[Outcome]) -> Deviation | None:
    """Tell how the answer's results follow from `base` by layout and scale; None when they do not."""
    outcomes = case.run.outcomes
    if not _matching(case, base, lambda i, a, b: _loosely(a, b)):
        return None
    layouts: list[tuple[str, Callable[[Any, Any], Any]]] = [
        ("", lambda a, b: a),
        ("transposed", lambda a, b: _each(lambda array: array.T, a)),
        ("with an extra axis of length one", _fit_axes),
    ]
    scales: list[tuple[str, list[float]]] = [("", [1.0] * len(outcomes))]
    for lengths in _lengths(case):
        scales.append(("summed over the samples instead of averaged", lengths))
        scales.append(("divided by the number of samples", [1 / n for n in lengths]))
    for scale_words, factors in scales:
        for layout_words, layout in layouts:

            def same(i: int, a: Any, b: Any, layout: Any = layout, factors: Any = factors) -> bool:
                moved = layout(a, b)
                factor = factors[i]
                return case.agrees(moved if factor == 1.0 else _each(lambda array: array * factor, moved), b)

            if _matching(case, base, same):
                words = tuple(word for word in (layout_words, scale_words) if word)
                return Deviation(words, "wrong" if scale_words or not layout_words else "wrong shape")
    return None


def _loosely(a: Any, b: Any) -> bool:
    return not isinstance(b, str) or isinstance(a, str)


def _matching(case: Case, base: list[Outcome], same: Callable[[int, Any, Any], bool]) -> bool:
    """Tell whether the answer's outcomes follow `base` on all inputs, errors included."""
    returned = 0
    for i, (a, b) in enumerate(zip(base, case.run.outcomes, strict=True)):
        if isinstance(a, Raised) or isinstance(b, Raised):
            if not (isinstance(a, Raised) and isinstance(b, Raised) and a.kind == b.kind):
                return False
        elif a.changed != b.changed or not same(i, a.value, b.value):
            return False
        else:
            returned += 1
    return returned > 0


# -- the verdicts -----------------------------------------------------------------------------------------


def _with_convention(case: Case, outcomes: list[Outcome], right: Callable[..., Any]) -> list[Outcome]:
    return [
        Returned(plain(right(outcome.value, *inputs)), outcome.changed)
        if isinstance(outcome, Returned)
        else outcome
        for outcome, inputs in zip(outcomes, case.drawn, strict=True)
    ]


def _convention(case: Case, failing: list[int]) -> Result | None:
    truth: list[Outcome] = [Returned(value) for value in case.expected]
    for convention in case.exercise.conventions:
        other = _with_convention(case, truth, convention.right)
        if _matching(case, other, lambda i, a, b: case.agrees(a, b)):
            return case.say(
                "right up to a convention",
                f"Right, up to {convention.name}.",
                convention.say,
                _what_was_checked(case),
                mistake=convention.name,
            )
    return None


def _known(case: Case, failing: list[int]) -> Result | None:
    """Look for a known mistake: as it is, then one for each result, then varied."""
    wrong = [
        (mistake, outcomes_of(case.exercise, case.exercise.make(mistake.wrong), case.drawn))
        for mistake in case.exercise.mistakes
    ]
    for mistake, outcomes in wrong:
        if _matching(case, outcomes, lambda i, a, b: case.agrees(a, b)):
            return _name(case, failing, mistake)
    truth: list[Outcome] = [Returned(value) for value in case.expected]
    if _deviation(case, truth) is not None:
        return None
    parts = _known_by_parts(case, failing, wrong)
    if parts is not None:
        return parts
    for mistake, outcomes in wrong:
        deviation = _deviation(case, outcomes)
        if deviation is not None:
            return _name(case, failing, mistake, "; besides, " + " and ".join(deviation.words))
        for convention in case.exercise.conventions:
            other = _with_convention(case, outcomes, convention.right)
            if _matching(case, other, lambda i, a, b: case.agrees(a, b)):
                return _name(case, failing, mistake)
    return None


def _known_by_parts(
    case: Case, failing: list[int], wrong: list[tuple[Mistake, list[Outcome]]]
) -> Result | None:
    """Where the answer has several results, look for a mistake behind each wrong one."""
    values = [case.expected, case.run.outcomes]
    number = len(case.expected[0]) if isinstance(case.expected[0], tuple) else 0
    if number < 2 or any(isinstance(outcome, Raised) or outcome.changed for outcome in case.run.outcomes):
        return None
    got = case.got
    if any(not isinstance(value, tuple | list) or len(value) != number for value in [*got, *case.expected]):
        return None
    del values

    def part_agrees(results: list[Any], k: int) -> bool:
        return all(case.agrees(result[k], value[k]) for result, value in zip(results, got, strict=True))

    named: list[Mistake] = []
    for k in range(number):
        if part_agrees(case.expected, k):
            continue
        for mistake, outcomes in wrong:
            results = [outcome.value for outcome in outcomes if isinstance(outcome, Returned)]
            if (
                len(results) == len(got)
                and all(isinstance(result, tuple | list) and len(result) == number for result in results)
                and part_agrees(results, k)
            ):
                if mistake not in named:
                    named.append(mistake)
                break
        else:
            return None
    return _name(case, failing, *named) if named else None


def _name(case: Case, failing: list[int], mistake: Mistake, *others: Mistake | str) -> Result:
    extra = "".join(other for other in others if isinstance(other, str))
    more = [other for other in others if isinstance(other, Mistake)]
    body: list[str | Table] = [mistake.say]
    for other in more:
        body += [f"And it looks like: {other.name}.", other.say]
    name = "; ".join([mistake.name, *(other.name for other in more)])
    return case.say(
        "known mistake", f"Looks like: {mistake.name}{extra}.", *body, case.pointer, mistake=name + extra
    )


def _smallest(case: Case, failing: list[int]) -> int:
    """Choose the failing input with the fewest numbers, and among those the one that prints shortest."""
    return min(failing, key=lambda i: (size(case.drawn[i]), len(show(case.drawn[i])), i))


def _raising(case: Case, failing: list[int]) -> Result | None:
    raised = [i for i in failing if isinstance(case.run.outcomes[i], Raised)]
    if not raised:
        return None
    i = _smallest(case, raised)
    error = case.run.outcomes[i]
    assert isinstance(error, Raised)
    table = _input_table(case, i)
    if error.kind == "RecursionError":
        return case.say(
            "recursion",
            "Your function calls itself without end.",
            "Every recursion needs a case that returns without another call. Does each call come closer to it?",
            Table((("in your code", error.line),)) if error.line else "",
            table,
        )
    rows = [("the error", f"{error.kind}: {error.message}" if error.message else error.kind)]
    if error.line:
        rows.append(("in your code", error.line))
    headline = {
        "SystemExit": "Your answer tries to end Python.",
        "MemoryError": "Your answer needs more memory than there is.",
        "KeyboardInterrupt": "Your answer interrupts itself.",
    }.get(error.kind, "Your answer stops with an error.")
    some = len(raised) < len(case.drawn) and case.exercise.takes_function
    return case.say(
        "raises",
        headline,
        Table(tuple(rows)),
        f"This happens for {len(raised)} of {len(case.drawn)} inputs, for example:" if some else "",
        table,
        mistake=error.kind,
    )


def _changing(case: Case, failing: list[int]) -> Result | None:
    for i in failing:
        outcome = case.run.outcomes[i]
        if isinstance(outcome, Returned) and outcome.changed:
            names = argument_names(case.exercise, len(case.drawn[i]))
            which = " and ".join(f"`{names[k]}`" for k in outcome.changed)
            return case.say(
                "changes its input",
                f"Your function changes its argument {which}.",
                "The caller still needs the old numbers. Lines such as `x += ...` or `x[0] = ...` work on the "
                "caller's own array: make a new one, or copy it first.",
                mistake="changes its input",
            )
    return None


def _deviating(case: Case, failing: list[int]) -> Result | None:
    """Right numbers in another layout or scale that the exercise does not permit."""
    truth: list[Outcome] = [Returned(value) for value in case.expected]
    deviation = _deviation(case, truth)
    if deviation is None or not deviation.words:
        return None
    words = " and ".join(deviation.words)
    advice = {
        "transposed": "Which index counts the rows in the book?",
        "with an extra axis of length one": "Take the extra axis out, for example with `result[:, 0]` or "
        "`result.item()`; it makes later sums and products broadcast in ways that you do not want.",
        "summed over the samples instead of averaged": "The book's cost is a mean over the samples: "
        "where does the 1/n belong?",
        "divided by the number of samples": "There is one division by n too many.",
    }
    i = _smallest(case, failing)
    shapes = ("expected", describe(case.expected[i])), ("got", describe(case.got[i]))
    return case.say(
        deviation.verdict,
        f"The right numbers, but {words}.",
        *(advice[word] for word in deviation.words),
        _input_table(case, i, *shapes) if deviation.verdict == "wrong shape" else "",
        case.pointer,
        mistake=words,
    )


def _where(text: str, case: Case) -> str:
    return f" in result{text}" if text else ""


def _misfitting(case: Case, failing: list[int]) -> Result | None:
    misfits = {i: laid for i in failing if isinstance(laid := conform(case.expected[i], case.got[i]), Misfit)}
    if not misfits:
        return None
    i = _smallest(case, list(misfits))
    misfit = misfits[i]
    if misfit.got == "None":
        advice = "Does your function end without `return`?"
    elif misfit.got == "a generator":
        advice = "A generator computes nothing until it is asked: return a list or an array."
    elif misfit.verdict == "wrong shape":
        advice = "Write the shape of each factor below it: which axis disappears, and which one should?"
    else:
        advice = ""
    kind = "shape" if misfit.verdict == "wrong shape" else "type"
    return case.say(
        misfit.verdict,
        f"The result has another {kind} than expected{_where(misfit.where, case)}.",
        _input_table(case, i, ("expected", misfit.expected), ("got", misfit.got)),
        advice,
        mistake=f"{misfit.got} for {misfit.expected}",
    )


def _pairs(case: Case, i: int) -> list[Pair]:
    laid = conform(case.expected[i], case.got[i])
    return [] if isinstance(laid, Misfit) else laid


def _not_numbers(case: Case, failing: list[int]) -> Result | None:
    bad = [
        i
        for i in failing
        for pair in _pairs(case, i)
        if isinstance(pair.got, np.ndarray)
        and isinstance(pair.expected, np.ndarray)
        and (~np.isfinite(pair.got) & np.isfinite(pair.expected)).any()
    ]
    if not bad:
        return None
    i = _smallest(case, bad)
    warned = case.run.notes.warned
    return case.say(
        "not a number",
        "The result is not finite where it should be.",
        _input_table(case, i, ("got", show(case.got[i]))),
        f"While it ran, numpy warned: {warned}." if warned else "",
        "Is there a division by zero, or the exponential of a large number?",
    )


def _imprecise(case: Case, failing: list[int]) -> Result | None:
    """Right but for the type of the numbers, or right to a few digits."""
    pairs = [pair for i in failing for pair in _pairs(case, i)]
    numbers = [
        (pair.expected, pair.got)
        for pair in pairs
        if isinstance(pair.expected, np.ndarray) and isinstance(pair.got, np.ndarray)
    ]
    if len(numbers) < len(pairs) or not numbers:
        return None
    if all(
        got.dtype.kind in "iu" and close(cut(expected), got, 0, 0).all()
        for cut in (np.trunc, np.floor, np.round)
        for expected, got in numbers
        if expected.dtype.kind == "f"
    ):
        pass
    for cut in (np.trunc, np.floor, np.round):
        if all(got.dtype.kind in "iu" and close(cut(expected), got, 0, 0).all() for expected, got in numbers):
            return _dtype(case, "integers", "Your numbers are cut to integers.", failing)
    for kinds, rtol in (("float16", 1e-2), ("float32", 1e-4)):
        if all(str(got.dtype) == kinds and close(expected, got, rtol, 0).all() for expected, got in numbers):
            return _dtype(case, kinds, f"Right to the few digits that `{kinds}` keeps.", failing)
    if all(
        np.iscomplexobj(got) and close(expected, got, case.exercise.rtol, case.exercise.atol).all()
        for expected, got in numbers
    ):
        return _dtype(case, "complex", "The numbers are complex where they should be real.", failing)
    if all(close(expected, got, 1e-2, 0).all() for expected, got in numbers):
        return _nearly(case, failing)
    return None


def _dtype(case: Case, kind: str, headline: str, failing: list[int]) -> Result:
    i = _smallest(case, failing)
    return case.say(
        "wrong dtype",
        headline,
        "Where does this type come from: an array made of integers, an integer division, an `astype`?",
        _input_table(case, i, ("got", show(case.got[i]))),
        mistake=f"{kind} for floats",
    )


def _nearly(case: Case, failing: list[int]) -> Result:
    i = _smallest(case, failing)
    rows = [("got", show(case.got[i]))]
    if _may_show(case):
        rows.insert(0, ("expected", show(case.expected[i])))
    return case.say(
        "wrong",
        "Close, but not close enough.",
        "The result differs by less than one per cent. Did you round on the way, stop an iteration early, or use an "
        "approximation?",
        _input_table(case, i, *rows),
        mistake="nearly right",
    )


def _may_show(case: Case) -> bool:
    """Tell whether the expected result may be shown: never when it is the solution itself."""
    exercise = case.exercise
    if exercise.takes_function:
        return True
    return exercise.use is not None and not case.agrees(plain(exercise.reference_answer), case.expected[0])


def _unknown(case: Case, failing: list[int]) -> Result:
    i = _smallest(case, failing)
    rows = [("expected", show(case.expected[i])), ("got", show(case.got[i]))]
    if not case.exercise.takes_function:
        rows = rows if _may_show(case) else rows[1:]
        return case.say(
            "wrong",
            "Not the right answer yet.",
            Table(tuple(rows)),
            _which_elements(case) if not _may_show(case) else "",
            case.pointer,
            mistake="",
        )
    total = len(case.drawn)
    headline = (
        f"Not right for {len(failing)} of {total} inputs."
        if len(failing) < total
        else "Not the expected numbers."
    )
    return case.say(
        "wrong",
        headline,
        _input_table(case, i, *rows),
        _right_parts(case),
        _constant(case),
        case.pointer,
    )


def _which_elements(case: Case) -> str:
    pairs = _pairs(case, 0)
    if len(pairs) == 1 and isinstance(pairs[0].expected, np.ndarray) and isinstance(pairs[0].got, np.ndarray):
        right = close(pairs[0].expected, pairs[0].got, case.exercise.rtol, case.exercise.atol)
        if right.size > 1:
            return f"{int(right.sum())} of its {right.size} numbers are right."
    elif len(pairs) > 1:
        return _right_parts(case)
    return ""


ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def _right_parts(case: Case) -> str:
    """Say which of several results are right on all inputs."""
    pairs = [_pairs(case, i) for i in range(len(case.drawn))]
    number = len(pairs[0])
    if number < 2 or number > len(ORDINALS) or any(len(row) != number for row in pairs):
        return ""
    rtol, atol = case.exercise.rtol, case.exercise.atol
    right = [ORDINALS[k] for k in range(number) if all(pair_agrees(row[k], rtol, atol) for row in pairs)]
    if not right:
        return ""
    names = right[0] if len(right) == 1 else ", ".join(right[:-1]) + " and " + right[-1]
    return f"Of the {number} results, the {names} {'is' if len(right) == 1 else 'are'} right."


def _constant(case: Case) -> str:
    """Say whether got/expected or got - expected is the same on all inputs."""
    expected, got = [], []
    for i in range(len(case.drawn)):
        for pair in _pairs(case, i):
            if not isinstance(pair.expected, np.ndarray) or not isinstance(pair.got, np.ndarray):
                return ""
            if not pair_agrees(pair, case.exercise.rtol, case.exercise.atol) or len(_pairs(case, i)) == 1:
                expected.append(pair.expected.astype(complex).ravel())
                got.append(pair.got.astype(complex).ravel())
    a, b = np.concatenate(expected), np.concatenate(got)
    if a.size < 2 or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return ""
    large = np.abs(a) > 1e-12
    if large.any() and not np.any(np.abs(b[~large]) > 1e-9):
        ratios = b[large] / a[large]
        if np.allclose(ratios, ratios[0], rtol=1e-6, atol=0) and abs(ratios[0]) > 1e-9:
            return f"Your result is always {_factor(ratios[0].real)} times the expected one."
    differences = b - a
    if np.allclose(differences, differences[0], rtol=1e-6, atol=1e-9):
        amount = differences[0].real
        return f"Your result is always {abs(amount):.6g} {'more' if amount > 0 else 'less'} than expected."
    return "Neither the ratio nor the difference of the two is constant: it is not a lost factor."


def _factor(ratio: float) -> str:
    fraction = Fraction(ratio).limit_denominator(12)
    if abs(ratio - float(fraction)) < 1e-6 * abs(ratio) and fraction.denominator > 1:
        return f"{fraction.numerator}/{fraction.denominator}"
    return f"{ratio:.6g}"


# -- scores -----------------------------------------------------------------------------------------------


def _scored(case: Case) -> Result | None:
    exercise = case.exercise
    raised = [i for i, outcome in enumerate(case.run.outcomes) if isinstance(outcome, Raised)]
    for mistake in exercise.mistakes:
        if mistake.sign is not None and not raised and _shows(mistake, case.answer):
            return _name(case, [0], mistake)
    if raised:
        return _raising(case, raised)
    changing = _changing(case, list(range(len(case.run.outcomes))))
    if changing is not None:
        return changing
    scores = [conform(0.0, value) for value in case.got]
    numbers = [
        float(laid[0].got.real)
        for laid in scores
        if not isinstance(laid, Misfit) and isinstance(laid[0].got, np.ndarray)
    ]
    if len(numbers) < len(scores):
        return case.say(
            "wrong type",
            "Your answer gives no score.",
            Table((("expected", "a number"), ("got", describe(case.got[0])))),
        )
    if all(_reaches(exercise, number) for number in numbers):
        return _unsteady(case)
    worst = min(numbers) if exercise.at_least is not None else max(numbers)
    verdict = "not a number" if not np.isfinite(worst) else "wrong"
    return case.say(
        verdict,
        "Not good enough yet.",
        Table((("needed", _needed(exercise)), ("reached", f"{worst:.4g}"))),
        "It was measured on data that your answer has not seen.",
        case.pointer,
    )


def _shows(mistake: Mistake, answer: Any) -> bool:
    if mistake.sign is None:
        return False
    with untouched():
        try:
            return bool(mistake.sign(answer))
        except Exception:
            return False


def _reaches(exercise: Exercise, number: float) -> bool:
    return (exercise.at_least is None or number >= exercise.at_least) and (
        exercise.at_most is None or number <= exercise.at_most
    )


def _needed(exercise: Exercise) -> str:
    limits = []
    if exercise.at_least is not None:
        limits.append(f"at least {exercise.at_least:g}")
    if exercise.at_most is not None:
        limits.append(f"at most {exercise.at_most:g}")
    return ", ".join(limits)


# -- right ------------------------------------------------------------------------------------------------


def _what_was_checked(case: Case) -> str:
    exercise, number = case.exercise, len(case.drawn)
    if exercise.scored:
        return f"Measured on data that your answer has not seen; needed was {_needed(exercise)}."
    if not exercise.takes_function:
        return ""
    return f"Checked on {number} inputs, to a relative precision of {exercise.rtol:g}."


def _right(case: Case) -> Result:
    notes = case.run.notes
    return case.say(
        "right",
        "Right.",
        _what_was_checked(case),
        f"It printed {notes.printed} characters on the way, which are not shown." if notes.printed else "",
    )
