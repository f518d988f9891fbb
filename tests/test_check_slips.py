"""The checker: slips that nobody listed, made from the reference's own source, and slips of the keyboard."""

import math
from dataclasses import replace

import numpy as np
import pytest

from check_samples import GRADIENTS, NUMBER, PLAIN, VALUE, WORD, number, says, slope
from fysstk_book.check.diagnosis import diagnose
from fysstk_book.check.slips import read, slips, two_slips
from fysstk_book.exercises import Exercise, find, nice

pytestmark = pytest.mark.usefixtures("fresh_checker")


def energy(m, v, h, g):
    """A function with a little of everything."""
    kinetic = 0.5 * m * v**2
    if h > 0:
        kinetic += m * g * h
    return kinetic - math.floor(h)


def chained(x, w):
    """Call a helper of the same module."""
    return energy(x, w, 1.0, 9.81) * np.sum([x, w], axis=0)


ENERGY = Exercise(
    id="sample-energy",
    chapter="sample",
    title="An energy",
    difficulty=1,
    minutes=1,
    hints=("Look.",),
    reference=energy,
    inputs=lambda rng: (nice(rng), nice(rng), nice(rng), nice(rng)),
    cases=((1.0, 1.0, 0.0, 2.0), (1.0, 2.0, 3.0, 4.0)),
)


def test_the_slips_of_a_function():
    names = {slip.name for slip in slips(energy)}
    for name in (
        "the factor `0.5` left out",
        "the power `v ** 2` left out",
        "`>=` where `>` belongs",
        "a condition left out",
        "a step in the opposite direction",
        "`ceil` where `floor` belongs",
        "`g` where `h` belongs",
        "`m` and `v` exchanged",
        "`^` where `**` belongs",
        "`h` one too large",
    ):
        assert name in names, name
    assert {"no `axis`", "the sum of `x` where each of its entries belongs"} <= {
        s.name for s in slips(chained)
    }
    assert all(slip.say.endswith((".", "?")) for slip in slips(energy))


def test_the_source_is_whole_again_after_each_slip():
    made = [slip.wrong for slip in slips(energy)]
    assert read(energy).function()(1.0, 2.0, 3.0, 4.0) == energy(1.0, 2.0, 3.0, 4.0)
    assert len({function.__code__ for function in made}) > 20


def test_functions_without_a_source_or_with_a_while_have_none():
    def endless(x):
        while x > 0:
            x -= 1
        return x

    for function in (endless, math.exp, eval("lambda x: x + 1")):
        assert read(function) is None
        assert not list(slips(function)) and not list(two_slips(function))


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (
            lambda m, v, h, g: m * v**2 + (m * g * h if h > 0 else 0) - math.floor(h),
            "the factor 0.5 left out",
        ),
        (lambda m, v, h, g: 0.5 * m * v**2 + m * g * h - math.floor(h), "a condition left out"),
        (
            lambda m, v, h, g: 0.5 * m * v + (m * g if h > 0 else 0) - math.floor(h),
            "the factor h left out, and the power v ** 2 left out",
        ),
    ],
)
def test_slips_are_named_with_an_example(answer, mistake):
    result = says(ENERGY, answer, "known mistake", "expected", "got")
    assert mistake in result.mistake


def test_slips_that_cannot_be_told_apart_are_named_together():

    def equal(rng):
        height = nice(rng)
        return nice(rng), nice(rng), height, height

    same = replace(ENERGY, inputs=equal, cases=())
    result = says(
        same,
        lambda m, v, h, g: 0.5 * m * v**2 + (m * h if h > 0 else 0) - math.floor(h),
        "known mistake",
        "the factor `g` left out, or the factor `h` left out",
    )
    assert result.mistake.count(", or ") <= 2


def test_a_slip_in_one_part_says_which():
    result = says(GRADIENTS, lambda a, d: (a.T @ d, d.sum(axis=0) + 1.5), "wrong", "in the second part")
    assert result.mistake
    says(GRADIENTS, lambda a, d: (d[:, :2], d.sum(axis=0)), "wrong shape", "`[0]`")


def test_relations_of_values():
    three = replace(VALUE, reference=lambda: np.array([0.4, -0.3, 0.2]), mistakes=())
    says(three, [-0.4, 0.3, -0.2], "wrong", "The sign is turned.", mistake="the sign is turned")
    says(three, [0.4, 0.3, 0.2], "wrong", "sign")
    says(three, [0.2, 0.4, -0.3], "wrong", mistake="in another order")
    says(three, [0.8, -0.6, 0.4], "wrong", mistake="a factor 2")
    lone = replace(VALUE, reference=lambda: math.log(10), mistakes=())
    says(lone, 1.0, "wrong", "Which logarithm")
    says(lone, 1 / math.log(10), "wrong", mistake="the reciprocal")
    says(lone, 2.3, "wrong", mistake="rounded to 1 decimals")
    says(lone, math.degrees(math.log(10)), "wrong", "degrees")
    says(lone, 230.2585, "wrong", mistake="a power of ten")
    count = replace(VALUE, reference=lambda: 12, mistakes=())
    says(count, 13, "wrong", mistake="off by one")


def test_slips_of_the_keyboard():
    half = replace(VALUE, reference=lambda: 0.5, mistakes=())
    says(half, (0, 5), "wrong type", mistake="a decimal comma")
    says(half, "0,5", "right", "decimal point")
    says(half, (0.5,), "right", "a comma at the end")
    says(NUMBER, lambda x: print(number(x)), "wrong type", "`return` hands it over")

    def leaves(x):
        if x > 1e9:
            exit()

    says(NUMBER, leaves, "wrong type", "end with `return`")
    says(NUMBER, lambda x: x ^ 2, "raises", "write `**`")
    says(replace(WORD, reference="cross_entropy", mistakes=()), "Cross-Entropy", "right")
    says(
        replace(WORD, reference="cross_entropy", mistakes=()),
        "crossentrpy",
        "wrong",
        mistake="a misspelt word",
    )
    says(NUMBER, lambda x: round(number(x), 3), "wrong", mistake="rounded to 3 decimals")
    says(NUMBER, lambda x: number(0.5), "wrong", mistake="the same result for every input")


def test_numbers_that_are_not_finite_do_not_hide_a_mistake():
    def squared(X, y, w):
        result = -slope(X, y, w)
        result[:1] = np.nan
        return result

    wide = replace(PLAIN, inputs=lambda rng: (nice(rng, 3, 4), nice(rng, 3), nice(rng, 4)))
    says(wide, squared, "known mistake", "the sign is turned", "Besides, the result is not finite here:")


def test_the_catalogue_is_not_needed_to_name_a_slip():
    bare = replace(find("scalar-delta"), mistakes=())
    result = diagnose(bare, lambda a1, a2, y, w2: (a2 - y) * a2 * (1 - a2) * a1 * (1 - a1))
    assert (result.verdict, result.mistake) == ("known mistake", "the factor w2 left out")
