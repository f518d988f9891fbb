"""Results of another kind than expected: type, shape, numbers that are none or have few digits."""

import dis
import re
import types
from typing import Any

import numpy as np

from fysstk_book.check.case import Case, show
from fysstk_book.check.results import Result, Table
from fysstk_book.check.values import (
    Foreign,
    Misfit,
    close,
    conform,
    describe,
    is_a,
)
from fysstk_book.check.words import Array, comparison, numeric_parts, parts_of


def misfits(case: Case, failing: list[int]) -> dict[int, Misfit]:
    """Return the results whose type or shape is not the expected one, by input."""
    return {i: laid for i in failing if isinstance(laid := conform(case.expected[i], case.got[i]), Misfit)}


# How the descriptions of numbers, strings and collections begin; all else is a foreign object.
USUAL = ("a number", "an array of shape", "a string", "a tuple", "a list", "an empty", "a dictionary", "True")


def does_not_fit(case: Case, failing: list[int]) -> Result | None:
    """Say which type or shape was expected and which came."""
    unfit = misfits(case, failing)
    if not unfit:
        return None
    i = case.smallest(list(unfit))
    misfit = unfit[i]
    if _has_decimal_comma(case):
        return case.say(
            "wrong type",
            "A decimal comma makes two numbers of one.",
            Table((("got", show(case.got[i])),)),
            "Python writes decimals with a point: `0.5`, not `0,5`.",
            mistake="a decimal comma",
        )
    advice = _about_axes(case, misfit)
    if misfit.verdict == "wrong type":
        advice = {
            "None": _without_return(case) if misfit.got == "None" else "",
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


def _about_axes(case: Case, misfit: Misfit) -> str:
    """Say what may have made another shape than expected."""
    expected, got = _shape_in(misfit.expected), _shape_in(misfit.got)
    if expected == ():
        return "A single number is asked for. Is a sum missing, or do you return all steps for the last?"
    if len(got) < len(expected):
        return "An axis is lost: which sum, mean or product went over it, and is one like `np.outer` meant?"
    if len(got) > len(expected):
        return "There is an axis too many. Which sum or mean should take it away?"
    if _has_product(case.answer):
        return "Write the shape below each factor: which axis disappears, and which one should?"
    long = "long" if sum(got) > sum(expected) else "short"
    where = "It" if len(expected) == 1 else "One of the axes"
    return f"{where} is too {long}: what does it count, and where does it begin and end?"


def _shape_in(description: str) -> tuple[int, ...]:
    """Read a shape from a description; a number has none."""
    found = re.search(r"of shape \(([\d, ]*)\)", description)
    return tuple(int(part) for part in found[1].split(",") if part.strip()) if found else ()


def _has_product(answer: Any) -> bool:
    """Tell whether the code of an answer multiplies matrices."""
    if not is_a(answer, types.FunctionType):
        return False
    instructions = list(dis.get_instructions(answer.__code__))
    names = {"dot", "matmul", "einsum"} & set(answer.__code__.co_names)
    return bool(names) or any(line.argrepr in ("@", "@=") for line in instructions)


def _has_decimal_comma(case: Case) -> bool:
    """Tell whether a value of whole numbers is twice as long as it should be, as with 0,5 for 0.5."""
    if case.exercise.takes_function or case.exercise.use is not None:
        return False
    expected, got = np.ravel(np.asarray(case.expected[0], dtype=object)), case.got[0]
    whole = isinstance(got, tuple | list) and all(type(part) is int for part in got)
    return whole and 0 < len(expected) < len(got) <= 2 * len(expected)


def _without_return(case: Case) -> str:
    """Say why a function may return nothing."""
    function = case.answer
    if is_a(function, types.FunctionType) and {"exit", "quit"} & set(function.__code__.co_names):
        return "`exit` and `quit` leave Python, and in a notebook they do nothing: end with `return`."
    if case.run.notes.printed:
        return "It prints its result: `print` shows a number, `return` hands it over."
    return "Does your function end without `return`?"


def _number_of(description: str) -> int:
    """Read from a description how many results there are; an array or a number is one."""
    found = re.fullmatch(r"a (?:tuple|list) of (\d+)", description)
    if found:
        return int(found[1])
    return 1 if description.startswith(("a number", "an array of shape")) else 0


def is_not_finite(case: Case, failing: list[int]) -> Result | None:
    """Say where the result is not finite and should be."""
    bad = [i for i in failing for a, b in numeric_parts(case, i) if (np.isfinite(a) & ~np.isfinite(b)).any()]
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


def _numbers_of(case: Case, failing: list[int]) -> list[tuple[Array, Array]]:
    """Return the numeric parts of the failing results, where they have no others."""
    numbers = [pair for i in failing for pair in numeric_parts(case, i)]
    return numbers if len(numbers) == sum(len(parts_of(case, i)) for i in failing) else []


def has_other_numbers(case: Case, failing: list[int]) -> Result | None:
    """Look for numbers that are right but for their type."""
    numbers = _numbers_of(case, failing)
    if not numbers:
        return None
    for cut in (np.trunc, np.floor, np.round) if case.exercise.takes_function else ():
        if all(b.dtype.kind in "iu" and close(np.asarray(cut(a)), b, 0, 0).all() for a, b in numbers):
            return _other_dtype(
                case,
                failing,
                "Your numbers are cut to integers.",
                "integers for floats",
                "Where does this type come from: an array made without a decimal point, an `astype`, a `//`?",
            )
    if all(b.dtype == "float16" and close(a, b, 1e-2, 0).all() for a, b in numbers):
        return _other_dtype(
            case,
            failing,
            "Right to the few digits that `float16` keeps.",
            "float16 for float64",
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
    return None


def is_imprecise(case: Case, failing: list[int]) -> Result | None:
    """Look for numbers that are right to a few digits."""
    numbers = _numbers_of(case, failing)
    if not numbers:
        return None
    i = case.clearest(failing)
    for decimals in range(1, 9) if all(a.dtype.kind in "fiu" for a, _ in numbers) else ():
        if all(close(np.asarray(np.round(a, decimals)), b, 0, 1e-12).all() for a, b in numbers):
            return case.say(
                "wrong",
                f"Rounded to {decimals} decimal{'s' if decimals > 1 else ''}.",
                case.table(i, *comparison(case, i)),
                "Keep all digits until the end: give the result of the computation itself, or more digits.",
                mistake=f"rounded to {decimals} decimals",
            )
    if all(
        a.dtype.kind in "iu" and b.dtype.kind == "f" and np.abs(a - b).max() < 1 and (b != np.round(b)).any()
        for a, b in numbers
    ):
        return case.say(
            "wrong",
            "A whole number is asked for, and yours has a fraction.",
            case.table(i, *comparison(case, i)),
            "Does the question ask you to round up or down?",
            case.pointer,
            mistake="a fraction for a whole number",
        )
    if all(close(a, b, 1e-2, 0).all() for a, b in numbers):
        return case.say(
            "wrong",
            "Close, but not close enough.",
            case.table(i, *comparison(case, i)),
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


def has_wrong_dtype(case: Case) -> Result | None:
    """Compare the type of the numbers where it is the point of the exercise."""
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
