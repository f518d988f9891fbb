"""The checker: mistakes that it knows, conventions that it permits, and mistakes that nobody described."""

import math
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from check_samples import (
    ANY_WEIGHTS,
    GRADIENTS,
    NUMBER,
    PERMISSIVE,
    PLAIN,
    SLOPE,
    VALUE,
    WORD,
    gradients,
    number,
    says,
    slope,
)
from fysstk_book.check.case import show
from fysstk_book.exercises import Convention, Mistake, nice

pytestmark = pytest.mark.usefixtures("fresh_checker", "in_a_thread")


# -- known mistakes, plain and varied ---------------------------------------------------------------------
@pytest.mark.parametrize("exercise", [SLOPE, PERMISSIVE, PLAIN, GRADIENTS, NUMBER, VALUE, WORD, ANY_WEIGHTS])
def test_known_mistakes_are_named(exercise):
    for mistake in exercise.mistakes:
        wrong = exercise.make(mistake.wrong)
        says(exercise, wrong, "known mistake", mistake.name, mistake.say, mistake=mistake.name)


VARIATIONS = {
    "list": lambda v: v.tolist(),
    "tuple": lambda v: tuple(v.tolist()),
    "extra axis behind": lambda v: v[:, np.newaxis],
    "extra axis before": lambda v: v[np.newaxis],
    "two extra axes": lambda v: v[np.newaxis, :, np.newaxis],
    "float32": lambda v: v.astype(np.float32).astype(float),
}


@pytest.mark.parametrize("exercise", [SLOPE, PERMISSIVE, PLAIN])
@pytest.mark.parametrize("name", list(VARIATIONS))
def test_known_mistakes_are_found_in_other_shapes(exercise, name):
    vary = VARIATIONS[name]
    mistake = exercise.mistakes[0]
    tolerant = replace(exercise, rtol=1e-5)
    result = says(tolerant, lambda *xs: vary(mistake.wrong(*xs)), "known mistake", mistake.name)
    assert result.mistake.startswith(mistake.name)


@pytest.mark.parametrize("exercise", [SLOPE, PERMISSIVE, PLAIN])
def test_known_mistakes_are_found_summed(exercise):
    result = says(exercise, lambda X, y, w: -X.T @ (X @ w - y), "known mistake", "the sign is turned")
    assert result.mistake.startswith("the sign is turned")


def test_known_mistakes_are_found_averaged_and_transposed():
    def turned(a, d):
        return -a.T @ d

    weights = replace(
        GRADIENTS, reference=lambda a, d: a.T @ d, mistakes=(Mistake("the sign is turned", turned, "Plus."),)
    )
    for name, answer in {
        "transposed": lambda a, d: turned(a, d).T,
        "averaged": lambda a, d: turned(a, d) / len(a),
        "both": lambda a, d: turned(a, d).T / len(a),
        "in a list": lambda a, d: (turned(a, d).T / len(a)).tolist(),
        "with an axis": lambda a, d: turned(a, d)[None] / len(a),
    }.items():
        result = says(weights, answer, "known mistake", "Looks like: the sign is turned.", "Besides")
        assert result.mistake.startswith("the sign is turned, "), name


def test_two_mistakes_in_two_results_are_both_named():
    result = says(
        GRADIENTS,
        lambda a, d: (a.T @ d**2, d.mean(axis=0)),
        "known mistake",
        "squared the error",
        "averaged the bias",
    )
    assert result.mistake == "squared the error; averaged the bias"
    says(GRADIENTS, lambda a, d: (a.T @ d, d.mean(axis=0)[:, None]), "known mistake", "averaged the bias")
    says(
        GRADIENTS,
        lambda a, d: ((a.T @ d).T, d.mean(axis=0)),
        "known mistake",
        "transposed",
        "averaged the bias",
    )


def test_a_mistake_that_fails_on_some_inputs_is_named():
    def fails_for_one(X, y, w):
        if len(X) == 1:
            raise ZeroDivisionError
        return slope(X, y, w) * len(X) / (len(X) - 1)

    exercise = replace(SLOPE, mistakes=(Mistake("divided by n - 1", fails_for_one, "By n."),))
    says(exercise, lambda X, y, w: X.T @ (X @ w - y) / np.float64(len(X) - 1) if len(X) > 1 else 1 / 0,
         "known mistake", mistake="divided by n - 1")  # fmt: skip


def test_a_mistake_that_changes_its_input_is_named():
    def in_place(X, y, w):
        y -= X @ w
        return -X.T @ y / len(X)

    says(SLOPE, in_place, "changes its input", "`y`", "copy")
    named = replace(SLOPE, mistakes=(Mistake("overwrote the targets", in_place, "Copy."),))
    says(named, in_place, "known mistake", mistake="overwrote the targets")
    says(replace(SLOPE, may_change_input=True), in_place, "right")


# -- conventions ------------------------------------------------------------------------------------------
def test_permitted_conventions_are_right_up_to_them():
    says(
        PERMISSIVE, lambda X, y, w: X.T @ (X @ w - y), "right up to a convention", "the sum over the samples"
    )
    own = replace(NUMBER, conventions=(Convention("the logarithm", lambda result, x: math.log(result)),))
    says(own, lambda x: x - math.log(1 + x * x), "right up to a convention", "Right, up to the logarithm.")


def test_layouts_and_scales_that_are_not_permitted_are_named():
    says(
        PLAIN,
        lambda X, y, w: X.T @ (X @ w - y),
        "known mistake",
        "multiplied by the number of rows of `X`",
        "1/n",
    )
    says(
        PLAIN,
        lambda X, y, w: slope(X, y, w) / len(X),
        "known mistake",
        "divided by the number of rows of `X`",
    )
    square = replace(PLAIN, inputs=lambda rng: (nice(rng, 3, 3), nice(rng, 3), nice(rng, 3)),
                     reference=lambda X, y, w: X @ X, mistakes=())  # fmt: skip
    says(square, lambda X, y, w: (X @ X).T, "wrong shape", "transposed")


def test_what_converts_without_loss_is_right_with_a_remark_where_it_matters():
    says(PLAIN, lambda *xs: slope(*xs)[:, None], "right", "where the book's has", "broadcast")
    says(PLAIN, lambda *xs: slope(*xs)[None], "right", "where the book's has")
    says(
        NUMBER,
        lambda x: np.array([[number(x)]]),
        "right",
        "A single number is asked for; yours has the shape (1, 1)",
    )
    says(NUMBER, lambda x: [number(x)], "right", "A single number is asked for")
    says(NUMBER, lambda x: (number(x),), "right", "a comma at the end of the line")
    says(NUMBER, lambda x: str(number(x)), "right", "no quotation marks")
    says(NUMBER, lambda x: str(number(x)).replace(".", ","), "right", "decimal point")
    for exact in (Fraction, Decimal):
        says(NUMBER, lambda x, exact=exact: exact(number(x)), "right")
    says(GRADIENTS, lambda a, d: [gradients(a, d)], "right")
    says(GRADIENTS, lambda a, d: (a.T @ d, d.sum(axis=0, keepdims=True)), "right", "broadcast")
    says(
        GRADIENTS,
        lambda a, d: (np.matrix(a.T @ d), d.sum(axis=0).astype(np.float32)),
        "right",
        "seven digits",
    )
    says(WORD, ["b)"], "right")
    says(VALUE, "0.5", "wrong shape")


def test_a_factor_that_is_a_length_by_chance_is_not_taken_for_one():
    pairs = replace(PLAIN, inputs=lambda rng: (nice(rng, 2, 2), nice(rng, 2), nice(rng, 2)), mistakes=())
    says(pairs, lambda *xs: 2 * slope(*xs), "known mistake", "the division by `len(X)` left out, or")
    says(PLAIN, lambda X, y, w: slope(X, y, w) * X.shape[1], "known mistake", "the number of columns of `X`")
    vector = replace(PLAIN, reference=lambda y: y**2, inputs=lambda rng: (nice(rng, rng.integers(1, 5)),))
    says(replace(vector, mistakes=()), lambda y: y**2 / len(y), "known mistake", "the length of `y`")
    cube = replace(
        PLAIN, reference=lambda a: a, inputs=lambda rng: (nice(rng, 2, 3, rng.integers(1, 5)),), mistakes=()
    )
    says(cube, lambda a: a * a.shape[2], "known mistake", "multiplied by `a.shape[2]`")


def test_a_mistake_in_another_layout_goes_before_another_scale():
    mean = Mistake("took the mean", lambda X, y, w: slope(X, y, w) / len(X), "Once.")
    says(replace(PLAIN, mistakes=(mean,)), lambda *xs: mean.wrong(*xs)[None], "known mistake", mean.name)


def test_lists_of_numpy_numbers_are_arrays():
    squares = replace(
        PLAIN,
        reference=lambda y: [np.float64(v) ** 2 for v in y],
        inputs=lambda rng: (nice(rng, rng.integers(1, 5)),),
        mistakes=(Mistake("forgot the square", lambda y: [np.float64(v) for v in y], "Twice."),),
    )
    says(squares, lambda y: (y**2)[:, None], "right", "An axis of length one looks harmless")
    says(squares, lambda y: y[:, None], "known mistake", mistake="forgot the square")


# -- unknown mistakes -------------------------------------------------------------------------------------
def test_unknown_mistake_shows_the_smallest_failing_input():
    def only_large_batches(X, y, w):
        return slope(X, y, w) + (len(X) > 1) * X[0]

    result = says(PLAIN, only_large_batches, "wrong", "Right for", "For example:", "expected", "got")
    shown = repr(result)
    sizes = [len(X) * (X.shape[1] + 1) + X.shape[1] for X, y, w in PLAIN.draw_inputs() if len(X) > 1]
    smallest = min(sizes)
    X = next(X for X, y, w in PLAIN.draw_inputs() if len(X) > 1 and X.size + len(X) + X.shape[1] == smallest)
    assert str(float(X[0, 0])).removesuffix("0") in shown


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda v: 3 * v, "you get 3 times"),
        (lambda v: -v / 2, "you get -1/2 times"),
        (lambda v: 0.123 * v, "you get 0.123 times"),
        (lambda v: v + 1.5, "you get 1.5 more"),
        (lambda v: v - 0.25, "you get 0.25 less"),
        (lambda v: v * v, "It is squared"),
        (lambda v: np.log10(np.exp(v)), "Which logarithm"),
        (lambda v: 1 - v, "one minus the result"),
    ],
)
def test_constant_ratio_and_difference_are_told(change, words):
    says(NUMBER, lambda x: change(number(x)), "wrong", words, "x")
    says(PLAIN, lambda *xs: change(slope(*xs)), "wrong", words)


def test_ratios_beyond_all_numbers_are_not_told():
    tiny = replace(NUMBER, reference=lambda x: 1e-9 * number(x), mistakes=(), atol=0.0)
    assert "atio" not in repr(says(tiny, lambda x: 1e308, "wrong"))


RATIO = replace(
    NUMBER,
    reference=lambda x, p: x / (1 - p),
    inputs=lambda rng: (nice(rng), nice(rng, low=0.1, high=0.4)),
    cases=((1.0, 0.0),),
    mistakes=(
        Mistake("divided by p", lambda x, p: x / p if p else 1e9, "Which part is left?"),
        Mistake("multiplied", lambda x, p: x * (1 - p), "Divide."),
    ),
)


def test_a_known_mistake_is_named_although_the_arithmetic_fails_for_one_input():
    says(RATIO, lambda x, p: x / np.float64(p), "known mistake", "divided by p", "not finite here", "inf")
    says(
        RATIO, lambda x, p: x / p, "known mistake", "divided by p", "stops with an error here", "ZeroDivision"
    )
    says(RATIO, lambda x, p: x / (1 - p) if p else np.nan, "not a number")
    says(RATIO, lambda x, p: x / (1 - p) if p else 1 / 0, "raises", "1 of 21 inputs")
    says(RATIO, lambda x, p: x / p if p > 0.35 else np.nan, "not a number")  # too few tell anything


def test_results_in_another_order_are_told():
    two = replace(NUMBER, reference=lambda x: (x, x**2), mistakes=())
    says(two, lambda x: (x**2, x), "known mistake", "another order")
    four = replace(NUMBER, reference=lambda x: (x, x + np.ones(2), x**2, x**3), mistakes=())
    says(four, lambda x: (x, x**2, x + np.ones(2), x**3), "known mistake", "another order")
    says(four, lambda x: (x, x**2, x, x**3), "wrong shape")
    series = replace(NUMBER, reference=lambda x: x ** np.arange(5), mistakes=())
    says(series, lambda x: list(x ** np.arange(5))[::-1], "known mistake", "in the reverse order", "got")


def test_an_argument_of_zeros_and_ones_is_not_taken_for_a_factor():
    flag = replace(
        NUMBER,
        reference=lambda y, x: x + y,
        inputs=lambda rng: (int(rng.integers(2)), nice(rng)),
        cases=(),
        mistakes=(),
    )
    assert "`y`" not in repr(says(flag, lambda y, x: x + y + (0.0 if y else x * x), "wrong"))


def test_a_count_with_a_fraction():
    count = replace(NUMBER, reference=lambda x: int(np.ceil(7.3 * abs(x))), mistakes=())
    says(count, lambda x: 7.3 * abs(x), "wrong", "A whole number is asked for", "up or down")
    assert "ratio" not in repr(says(count, lambda x: int(7.3 * abs(x)) - int(x > 0), "wrong"))


def test_a_whole_number_for_a_value_is_not_called_cut():
    value = replace(NUMBER, reference=np.array([1.25, -0.5]), inputs=None, cases=(), mistakes=())
    says(value, [1, -1], "wrong", "Not the right answer yet")


def test_arguments_carry_the_names_that_use_gives_them():
    used = replace(
        NUMBER,
        reference=lambda rng, rows: rng.normal(size=rows),
        inputs=lambda rng: (int(rng.integers(2, 5)), int(rng.integers(9))),
        use=lambda answer, rows, seed: answer(np.random.default_rng(seed), rows),
        cases=(),
        mistakes=(),
    )
    says(used, lambda rng, rows: rng.normal(size=rows) ** 2, "wrong", "rows", "seed")


def test_several_changed_arguments_and_a_list_of_matrices():
    def change(a, b):
        a[0][0, 0], b[0] = 0, 0
        return 1.0

    pair = replace(
        NUMBER,
        reference=lambda a, b: a[0].sum() + b.sum(),
        inputs=lambda rng: ([nice(rng, 2, 2), nice(rng, 3)], nice(rng, 2)),
        mistakes=(),
        cases=(),
    )
    says(pair, change, "changes its input", "its arguments `a` and `b`")
    assert show([np.eye(2), np.ones(2)]) == "[[[1., 0.],\n  [0., 1.]],\n [1., 1.]]"
    parts = replace(pair, reference=lambda a, b: [part * 2 for part in a])
    says(parts, lambda a, b: b, "wrong type", "2 results are asked for", "in one list")


def test_chance_is_seen_where_there_is_something_to_draw():
    generator = np.random.default_rng(1)
    masked = replace(
        NUMBER,
        reference=lambda a, p: a * (1 - p),
        inputs=lambda rng: (nice(rng, 6), 0.5),
        cases=((np.ones(6), 0.0),),
        mistakes=(),
    )
    says(masked, lambda a, p: a * (generator.random(6) >= p), "depends on chance", "first", "later")


def test_a_lost_argument_is_told():
    product = replace(
        NUMBER,
        reference=eval("lambda x, w, b: (x * w + b, x * w * b)"),  # no source, and so no slips
        inputs=lambda rng: (nice(rng), nice(rng), nice(rng)),
        cases=((0.0, 1.0, 2.0),),
        mistakes=(),
    )
    says(product, lambda x, w, b: (x * w + b, x * b), "wrong", "you get what is expected, divided by `w`")
    says(product, lambda x, w, b: (x * w + b, x * w * w * b), "wrong", "expected, multiplied by `w`")
    says(product, lambda x, w, b: (x * w + b, x * w), "wrong", "divided by `b`", "the first is right")
    assert not says(product, lambda x, w, b: (x * w + b, x + w + b), "wrong", "the first is right").mistake


def test_right_parts_are_told():
    says(
        GRADIENTS, lambda a, d: (a.T @ d, d.sum(axis=0) ** 2), "wrong", "Of its 2 parts, the first is right."
    )
    three = replace(GRADIENTS, reference=lambda a, d: (1.0, 2.0, a.sum()), mistakes=())
    says(three, lambda a, d: (1.0, 2.0, a.sum() ** 3), "wrong", "the first and second are right")


def test_the_worst_element_of_a_large_array_is_shown():
    large = replace(NUMBER, reference=lambda x: x * np.arange(100.0), mistakes=(), cases=())

    def one_off(x):
        result = x * np.arange(100.0)
        result[7] = 1e3
        return result

    says(large, one_off, "wrong", "got[7]", "1000")
    says(large, lambda x: [[1.0] * 50] * 2, "wrong shape", "(100,)", "(2, 50)")


def test_the_expected_value_is_not_shown_where_it_is_the_solution():
    result = says(VALUE, np.array([0.5, 0.1, 0.0]), "wrong", "2 of its 3 numbers are right")
    assert "expected" not in repr(result)
    assert "expected" not in repr(says(WORD, "c", "wrong"))
    pair = replace(VALUE, reference=(0.25, 0.75), mistakes=())
    assert "0.75" not in repr(says(pair, (0.25, 0.7), "wrong", "the first is right"))
    mixed = replace(VALUE, reference=(0.25, np.ones(3)), mistakes=())
    assert "[1" not in repr(says(mixed, (0.25, np.zeros(3)), "wrong", "the first is right"))
    result = says(
        ANY_WEIGHTS, (np.array([-1.0, -1.0]), 1.5), "wrong", "expected", "[0, 0, 0, 1]", "[1, 1, 1, 0]"
    )
    assert "-1.5" not in repr(result)
    same = replace(VALUE, use=lambda value: np.asarray(value))
    assert "expected" not in repr(says(same, np.array([0.5, 0.1, 0.0]), "wrong"))


def test_nearly_right():
    says(NUMBER, lambda x: number(x) * 1.001, "wrong", "less than one per cent")
    says(VALUE, np.array([0.499, 0.0, 0.0]), "wrong", "Close")
