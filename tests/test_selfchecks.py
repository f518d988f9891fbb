"""Self-checks: every exercise is asked or left out for a reason, and no two answers can be mixed up."""

import itertools
import math
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from fysstk_book.exercises import catalogue, find
from fysstk_book.questions.model import entries, shape
from fysstk_book.questions.selfchecks import LEFT_OUT, UNASKED, Family, of_chapter, selfcheck
from fysstk_book.questions.selfchecks._typeset import typeset
from test_questions import KNOWN

ALL = list(KNOWN.selfchecks.values())
CHECKED = [exercise for exercise in catalogue() if exercise.checked]
BY_ID = pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)


def unit(number, digits):
    """Return one unit of the last significant digit."""
    return 10.0 ** (math.floor(math.log10(abs(number))) + 1 - digits) if number else 10.0**-digits


def mixed_up(one, other, digits):
    """Tell whether two values agree within three units of the last digit, in every entry."""
    if len(shape(one)) == len(shape(other)) == 2 and shape(one) != shape(other):
        return False
    a, b = entries(one), entries(other)
    return len(a) == len(b) and all(
        abs(x - y) <= 3 * max(unit(x, digits), unit(y, digits)) for x, y in zip(a, b, strict=True)
    )


def test_every_checked_exercise_is_asked_or_left_out_with_a_reason():
    asked = {check.exercise for check in ALL}
    assert asked | set(LEFT_OUT) == {exercise.id for exercise in CHECKED}
    assert not asked & set(LEFT_OUT)
    assert len(asked) >= 100
    assert all(LEFT_OUT.values())


def test_ids_are_unique_and_stand_in_the_module_of_their_chapter():
    assert len({check.id for check in ALL}) == len(ALL)
    for chapter in {exercise.chapter for exercise in CHECKED}:
        assert {find(check.exercise).chapter for check in of_chapter(chapter)} <= {chapter}
    assert of_chapter("a-chapter-without-any") == ()


def test_every_mistake_of_the_catalogue_is_shown_or_left_out_with_a_reason():
    for exercise in CHECKED:
        if exercise.id in LEFT_OUT:
            continue
        names = {mistake.name for mistake in exercise.mistakes}
        shown = set().union(*(check.shown for check in ALL if check.exercise == exercise.id))
        unasked = UNASKED.get(exercise.id, {})
        assert names == shown | set(unasked), exercise.id
        assert not shown & set(unasked), exercise.id
        assert all(unasked.values())


@BY_ID
def test_inputs_are_few_and_short_and_have_mistakes(check):
    assert 3 <= len(check.numbers) <= 6
    assert len({number.given for number in check.numbers}) == len(check.numbers)
    for number in check.numbers:
        assert len(number.given) <= 300
        assert len(entries(number.right)) <= 9
        assert number.wrong
        longest = max(re.findall(r"\d+\.\d+|\d+", number.given), key=len)
        assert len(longest) <= 5


@BY_ID
def test_right_and_wrong_values_can_be_told_apart(check):
    for number in check.numbers:
        values = [number.right, *(wrong.value for wrong in number.wrong)]
        for one, other in itertools.combinations(values, 2):
            assert not mixed_up(one, other, check.digits), (number.given, one, other)
        assert len({wrong.name for wrong in number.wrong}) == len(number.wrong)


@BY_ID
def test_right_values_can_be_typed_and_are_rounded(check):
    for number in check.numbers:
        for x in entries(number.right):
            assert x == 0 or 0.01 <= abs(x) < 10.0 ** max(3, check.digits)
            assert x == float(f"{x:.{check.digits + 3}g}")
            assert abs(abs(x) / unit(x, check.digits) % 1 - 0.5) > 0.01  # how it is rounded is no riddle
            assert math.copysign(1, x) > 0 or x < 0  # no minus zero


def tokens(formula):
    return re.findall(r"\\[A-Za-z]+|\S", formula)


def mentions(text, letter):
    """Tell whether a formula of the text contains the letter, and not as the beginning of a longer one."""
    wanted = tokens(letter)
    for formula in re.findall(r"\$(.+?)\$", text):
        found = tokens(formula)
        for start in range(len(found) - len(wanted) + 1):
            end = start + len(wanted)
            if found[start:end] == wanted and found[end : end + 1] not in (["_"], ["'"]):
                return True
    return False


@BY_ID
def test_the_question_names_every_letter_that_is_given(check):
    for number in check.numbers:
        for formula in re.findall(r"\$(.+?)\$", number.given):
            letter = formula.partition(" = ")[0]
            derivative = re.fullmatch(r"\\partial (x_\d)/\\partial (x_\d)", letter)
            for each in derivative.groups() if derivative else [letter]:
                assert mentions(check.ask, each), each


def test_a_letter_is_not_found_in_a_longer_one():
    assert mentions("the weight $w_1x$", "w_1") and mentions(r"$\lambda w$", "w")
    assert not mentions("$w_1$", "w") and not mentions(r"$\omega x'$", "x")


def texts(check):
    yield check.ask
    for number in check.numbers:
        yield number.given
        for wrong in number.wrong:
            yield wrong.name
            yield wrong.say


@BY_ID
def test_formulas_are_balanced_and_roles_stay_in_the_book(check):
    for text in texts(check):
        assert text.count("$") % 2 == 0, text
        assert text.count("`") % 2 == 0, text
        assert text.count("{") == text.count("}"), text
        assert text.count(r"\begin{pmatrix}") == text.count(r"\end{pmatrix}"), text
        assert not re.search(r"\{(eq|ref|term|cite|doc)\}", text), text
        assert "nan" not in text.split() and "inf" not in text.split(), text
    assert check.ask.rstrip()[-1] in ".?)"
    assert all(number.given.endswith(":") for number in check.numbers)


def test_the_questions_are_the_same_in_a_process_with_other_hashes():
    code = "from fysstk_book.questions.selfchecks import selfchecks; print(list(selfchecks()))"
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf8"},
        capture_output=True,
        encoding="utf8",
        check=True,
    )
    assert done.stdout == f"{ALL}\n"


def test_numbers_vectors_and_matrices_are_typeset():
    assert typeset(-0.0) == "0"
    assert typeset(0.5) == "0.5"
    assert typeset(1e-7) == "10^{-7}"
    assert typeset(2.5e-8) == r"2.5\cdot10^{-8}"
    assert typeset([1, -2.5]) == r"\begin{pmatrix} 1 & -2.5 \end{pmatrix}"
    assert typeset([[1.0, 2.0], [3.0, 4.0]]) == r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}"


def test_words_for_a_mistake_that_the_exercise_does_not_have_are_refused():
    with pytest.raises(ValueError, match="one-cost: the exercise has no mistake 'forgot to sleep'"):
        selfcheck("one-cost", "?", "x, y, w_1, b_1", say={"forgot to sleep": "Good night."})


def test_a_family_that_disagrees_with_the_catalogue_is_refused():
    family = Family((0.03,), np.log10, {})
    with pytest.raises(
        ValueError, match="hyper-first: the family does not give the catalogue's value for 'right'"
    ):
        selfcheck("hyper-first", "?", "M", draw=lambda rng: (3,), family=family)


def test_too_few_inputs_are_refused():
    with pytest.raises(ValueError, match="one-delta: 4 inputs are needed, and 0 were found"):
        selfcheck("one-delta", "?", "a_1, y", draw=lambda rng: (0.5, 1.0))
    with pytest.raises(ValueError, match="hyper-first: draw is needed"):
        selfcheck("hyper-first", "?", "M")
