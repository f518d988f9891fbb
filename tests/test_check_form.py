"""The checker: results of another type or shape than expected, and how values compare."""

import itertools
import math
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from check_samples import GRADIENTS, NUMBER, PLAIN, SLOPE, VALUE, gradients, number, says, slope
from fysstk_book.check.case import show
from fysstk_book.check.diagnosis import diagnose
from fysstk_book.check.values import (
    Foreign,
    Huge,
    agree,
    close,
    conform,
    describe,
    plain,
    unchanged,
)
from fysstk_book.exercises import Convention, find, nice

pytestmark = pytest.mark.usefixtures("fresh_checker", "in_a_thread")


# -- wrong in form ----------------------------------------------------------------------------------------
def test_a_call_instead_of_the_function():
    says(
        NUMBER, number(1.0), "wrong type", "A function is asked for, and this is a number.", "without calling"
    )
    says(NUMBER, np.ones(3), "wrong type", "an array of shape (3,)")
    says(VALUE, lambda: np.array([0.5, 0, 0]), "wrong type", "this is a function")


def test_other_arguments():
    says(
        SLOPE,
        lambda X, y: X,
        "wrong type",
        "X, y, w",
        "does not take the arguments",
        mistake="other arguments",
    )
    says(SLOPE, lambda: 0.0, "wrong type", "none")
    says(SLOPE, lambda X, y, w, eta: X, "wrong type", "X, y, w, eta")
    says(SLOPE, lambda X, y, w, *, eta=1.0: slope(X, y, w), "right")
    says(SLOPE, slope_with_default, "right")


def test_arguments_in_another_order():
    says(SLOPE, lambda w, X, y: X.T @ (X @ w - y), "wrong type", "another order", "passed  X, y, w")
    says(GRADIENTS, lambda d, a: (a.T @ d, 0.0), "wrong shape")
    scaled = replace(PLAIN, reference=lambda x, w: x * w, inputs=lambda rng: (nice(rng), nice(rng)))
    says(scaled, lambda w, x: w * x, "right")


def slope_with_default(X, y, w, scale=1.0):
    return scale * X.T @ (X @ w - y) / len(X)


class Weird:
    pass


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "return"),
        ("half", "a string"),
        ((1.0, "a"), "a tuple of 2"),
        ([], "shape (0,)"),
        ({"a": 1.0}, "a dictionary"),
        (Weird(), "Weird"),
        (Weird, "a class"),
        (number, "a function"),
        ((x for x in [1.0]), "a generator"),
        (np.ma.masked_array([1.0], [True]), "a masked array"),
        (np.array([None]), "Python objects"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), "datetime"),
        (itertools.count(), "itertools.count"),
        (10**400, "an integer too long"),
    ],
)
def test_wrong_types_are_told(value, words):
    verdict = "wrong shape" if type(value) is list else "wrong type"
    says(NUMBER, lambda x: value, verdict, words)


def test_wrong_types_in_parts_are_told():
    says(
        GRADIENTS,
        lambda a, d: a.T @ d,
        "wrong type",
        "2 results are asked for, and you return one.",
    )
    says(GRADIENTS, lambda a, d: a.sum(), "wrong type", "2 results are asked for, and you return one.")
    says(GRADIENTS, lambda a, d: (a.T @ d, None), "wrong type", "[1]", "None")
    says(GRADIENTS, lambda a, d: (a.T @ d, d.sum(axis=0), 1.0), "wrong type", "asked for, and you return 3")
    says(GRADIENTS, lambda a, d: (a.T @ d, d), "known mistake", mistake="sum left out")
    says(GRADIENTS, lambda a, d: (a.T @ d, d[:, :2]), "wrong shape", "[1]")
    named = replace(GRADIENTS, reference=lambda a, d: {"dW": a.T @ d, "db": d.sum(axis=0)}, mistakes=())
    says(named, lambda a, d: {"dW": a.T @ d, "db": d.sum(axis=0)}, "right")
    says(named, lambda a, d: {"dW": a.T @ d}, "wrong type", "'dW', 'db'")
    says(named, lambda a, d: {"dW": a.T @ d, "db": d[:, :2]}, "wrong shape", "['db']")


def test_wrong_dtypes_are_told():
    says(NUMBER, lambda x: int(number(x)), "wrong dtype", "cut to integers")
    says(PLAIN, lambda *xs: slope(*xs).astype(int), "wrong dtype", "cut to integers")
    strict = replace(PLAIN, rtol=1e-12, atol=0.0)
    says(strict, lambda *xs: slope(*xs).astype(np.float32), "right", "`float32`, which keeps seven digits")
    says(PLAIN, lambda *xs: slope(*xs).astype(np.float16), "wrong dtype", "float16")
    says(PLAIN, lambda *xs: slope(*xs) + 0j, "wrong dtype", "complex", "1j")
    says(GRADIENTS, lambda a, d: (a.T @ d + 0j, d.sum(axis=0)), "wrong dtype", "complex")
    single = replace(PLAIN, dtype="float32", rtol=1e-4)
    says(single, slope, "wrong dtype", "`float64` where `float32`")
    says(single, lambda *xs: slope(*xs).astype(np.float32), "right")
    says(
        replace(GRADIENTS, dtype="float32"),
        lambda a, d: gradients(a, d),
        "wrong dtype",
        mistake="float64 for float32",
    )


def test_complex_numbers_are_told(any_runner):
    says(NUMBER, lambda x: complex(number(x)), "wrong dtype", "complex")
    root = replace(NUMBER, reference=lambda x: complex(x) ** 0.5, mistakes=())
    says(root, lambda x: np.sqrt(x + 0j), "right")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_a_number_is_told(bad):
    says(NUMBER, lambda x: number(x) if x else bad, "not a number", "x", "0")
    says(
        PLAIN, lambda *xs: np.log(-np.ones_like(slope(*xs))), "not a number", "Python warned", "invalid value"
    )


def test_infinity_is_right_where_it_is_expected():
    infinite = replace(NUMBER, reference=lambda x: np.array([np.inf, np.nan, x]), mistakes=())
    says(infinite, lambda x: [np.inf, np.nan, x], "right")
    says(infinite, lambda x: [-np.inf, np.nan, x], "wrong")


# -- values -----------------------------------------------------------------------------------------------
def test_plain_values():
    named = itertools.starmap
    assert plain(np.float32(1.5)) == np.array(1.5)
    assert plain([1, (2.0, "x"), {"a": None, 3: 1, None: 2}]) == [1, (2.0, "x"), {"a": None, "3": 1}]
    assert plain(np.array(["a", "b"])) == ["a", "b"]
    assert plain(named(len, [])) == Foreign("an itertools.starmap")
    assert plain(np.array([1, None])) == Foreign("an array of Python objects")
    assert plain(np.ones(3, dtype=object)).dtype == float
    assert plain(Fraction(1, 4)) == plain(Decimal("0.25")) == 0.25
    assert plain(np.ones((2, 1)).view(np.matrix)).shape == (2, 1)
    assert plain(np.broadcast_to(1.0, (10**5, 10**5))) == Huge((10**5, 10**5))
    record_type = __import__("collections").namedtuple("Pair", "a b")
    assert plain(record_type(1, 2)) == (1, 2)
    array = np.arange(3.0)
    copy = plain(array)
    array[0] = 7
    assert copy[0] == 0


def test_descriptions():
    kinds = {
        "a generator": (x for x in ()),
        "a function": len,
        "a class": int,
        "a masked array": np.ma.zeros(2),
        "True or False": True,
        "an empty tuple": (),
        "an empty list": [],
        "a dictionary with the keys 'a'": {"a": 1},
        "`...`": ...,
        "an array of shape (1000000, 1000000)": np.broadcast_to(0, (10**6, 10**6)),
        "a datetime.date": __import__("datetime").date(2024, 1, 1),
    }
    for words, value in kinds.items():
        assert describe(plain(value)) == words


def test_how_values_are_shown():
    shown = {
        "0.5": np.float64(0.5),
        "3": 3,
        "True": np.True_,
        "(1, [0.5, 2])": (1, [0.5, 2.0]),
        "(1,)": (1,),
        "{'a': [1., 2.]}": {"a": np.array([1.0, 2.0])},
        "an array of shape (100,)": np.zeros(100),
        "a list of 100": [0] * 100,
        "the function number": number,
        "a function": lambda: 0,
        "`...`": plain(...),
        "None": None,
        "'b'": "b",
        "a numpy.Generator": np.random.default_rng(0),
    }
    for words, value in shown.items():
        assert show(value) == words
    assert len(show("x" * 1000)) == 200


def test_functions_in_collections_may_be_called():
    exercise = find("four-hidden-delta")
    helper = exercise.reference

    def using(rng):
        return ([helper], {"f": helper}, (nice(rng), helper))

    arguments = exercise.draw_inputs()[0]
    given = replace(NUMBER, inputs=using, cases=(), reference=lambda a, b, c: 1.0, mistakes=())

    def calls_them(a, b, c):
        for function in (a[0], b["f"], c[1]):
            function(*arguments)
        return 1.0

    says(given, calls_them, "right")


def test_mistakes_in_a_convention_of_the_exercise_are_named():
    logarithm = Convention("the logarithm", lambda result, x: np.log(np.abs(result)))
    own = replace(NUMBER, conventions=(logarithm,))
    wrong = own.mistakes[0]
    says(own, lambda x: np.log(np.abs(wrong.wrong(x))), "known mistake", wrong.name)


def test_results_that_do_not_fit_at_all():
    says(PLAIN, lambda X, y, w: [[1.0], [1.0, 2.0]], "wrong type", "a list of 2")
    says(GRADIENTS, lambda a, d: (a.T @ d,), "wrong type", "and you return one")
    says(GRADIENTS, lambda a, d: ("a", 1.0), "wrong type", "a string")
    words = replace(GRADIENTS, reference=lambda a, d: ("yes", a.sum()), mistakes=())
    says(words, lambda a, d: ("yes", a.sum() ** 2), "wrong", "the first is right")
    says(words, lambda a, d: ("no", a.sum()), "wrong", "the second is right")
    says(words, lambda a, d: ("Yes", a.sum()), "right")
    many = replace(NUMBER, reference=lambda x: (x,) * 12, mistakes=())
    says(many, lambda x: (x,) * 11 + (x * x,), "wrong", "expected")
    once = replace(NUMBER, inputs=None, cases=((1.0,),), mistakes=())
    says(once, lambda x: 7.0, "wrong", "got")


def test_closeness_refers_to_the_largest_number():
    a = np.array([1e6, 1.0])
    assert close(a, a + 0.1, 1e-6, 0).all()
    assert not close(a, a + np.array([0.0, 10.0]), 1e-6, 0).all()
    assert agree(np.array([]), [], 1e-6, 0)
    assert agree(None, None, 0, 0)
    assert not agree(None, 1.0, 0, 0)
    assert agree([True, False], np.array([True, False]), 0, 0)
    assert agree(["a", "b"], plain(np.array(["A ", "b"])), 0, 0)
    assert agree(10**20, 10**20, 1e-6, 0)
    assert conform(1.0, Huge((3,))).verdict == "wrong shape"
    assert conform(Foreign("a function"), 1.0).verdict == "wrong type"


def test_unchanged_looks_inside():
    class Holder:
        def __init__(self, x):
            self.x = np.array(x)

    assert unchanged(Holder(1.0), Holder(1.0))
    assert not unchanged(Holder(1.0), Holder(2.0))
    assert not unchanged([1], (1,))
    assert not unchanged({"a": 1}, {"a": 2})
    assert not unchanged({"a": 1}, {"b": 1})
    assert unchanged(math.nan, math.nan)
    assert unchanged(np.array([math.nan]), np.array([math.nan]))
    assert unchanged(number, number)
    assert unchanged(object, object)
    assert unchanged(slice(1), slice(1))


# -- several results in one array, and one array transposed -----------------------------------------------
def centred(theta, m, v, g, eta, rho, epsilon):
    m = rho * m + (1 - rho) * g
    v = rho * v + (1 - rho) * g**2
    return np.array([theta - eta * g / (np.sqrt(v - m * m) + epsilon), m, v])


def adamw(theta, m, v, g, t, eta, beta1, beta2, epsilon, decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    step = eta * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + epsilon)
    return np.stack([theta - eta * decay * theta - step, m, v])


@pytest.mark.parametrize(("name", "answer"), [("opt-rmsprop", centred), ("opt-adam", adamw)])
def test_an_array_that_stacks_the_results_counts_as_the_results(name, answer):
    says(find(name), answer, "right")
    says(find(name), lambda *inputs: answer(*inputs)[:1], "wrong type", "you return one")


def test_a_mistake_in_a_stacked_result_is_named_as_in_a_tuple():
    def mean_left_out(theta, m, v, g, eta, rho, epsilon):
        _, m, v = centred(theta, m, v, g, eta, rho, epsilon)
        return np.array([theta - eta * g / (np.sqrt(v) + epsilon), m, v])

    def in_a_tuple(*inputs):
        return tuple(mean_left_out(*inputs))

    exercise = find("opt-rmsprop")
    says(exercise, mean_left_out, "known mistake", "left the mean out")
    assert str(diagnose(exercise, mean_left_out)) == str(diagnose(exercise, in_a_tuple))


def filter_in_rows(w, n, s):
    starts = range(0, n - len(w) + 1, s)
    rows = np.zeros((len(starts), n))
    for j, start in enumerate(starts):
        rows[j, start : start + len(w)] = w
    return rows


def softmax_of_columns(Z):
    shifted = Z.T - Z.T.max(axis=0)
    total = np.exp(shifted).sum(axis=0)
    outputs = np.exp(shifted) / total
    return outputs, -(outputs * (shifted - np.log(total))).sum(axis=0)


def softsign_slope_turned(a):
    return ((1 - np.abs(a)) ** 2).T


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("types-matrix", filter_in_rows),
        ("act-softmax", softmax_of_columns),
        ("act-softsign", softsign_slope_turned),
    ],
)
def test_a_transposed_result_is_named_though_some_inputs_have_a_single_row(name, answer):
    says(find(name), answer, "wrong shape", "The right numbers, but transposed.")
