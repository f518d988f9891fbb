"""The checker: what it says to right, wrong and hostile answers, and that it survives all of them."""

import builtins
import contextlib
import ctypes
import functools
import gc
import io
import itertools
import json
import math
import os
import random
import subprocess
import sys
import threading
import time
import warnings
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

import fysstk_book.exercises
from fysstk_book.check import check, hint, progress, record
from fysstk_book.check.case import show
from fysstk_book.check.diagnosis import diagnose, is_stub
from fysstk_book.check.running import ON_PLATFORM, RUNNERS, Returned, runner
from fysstk_book.check.values import (
    MOST_PARTS,
    Foreign,
    Huge,
    agree,
    close,
    conform,
    describe,
    plain,
    unchanged,
)
from fysstk_book.exercises import COLUMN, TRANSPOSED, Convention, Exercise, Mistake, find, nice, summed

SAFE = ["process"] if runner() == "process" else ["thread"]
PATIENCE = 60
"""Seconds after which what should have been stopped at once was not stopped: a busy machine is slow."""
EVERY_RUNNER = [*SAFE, "here"] if SAFE == ["thread"] else ["process", "thread", "here"]


@pytest.fixture(autouse=True)
def no_file(monkeypatch):
    monkeypatch.setenv("FYSSTK_PROGRESS", "off")
    monkeypatch.delenv("FYSSTK_CHECK_RUNNER", raising=False)
    record.forget()


@pytest.fixture(params=EVERY_RUNNER)
def any_runner(request, monkeypatch):
    """Run the test once in every way that answers can run on this platform."""
    monkeypatch.setenv("FYSSTK_CHECK_RUNNER", request.param)
    return request.param


# -- three sample exercises -------------------------------------------------------------------------------


def slope(X, y, w):
    """The gradient of the mean half squared error of a line through the origin."""
    return X.T @ (X @ w - y) / len(X)


def shapes(rng):
    n, m = rng.integers(1, 5, size=2)
    return nice(rng, n, m), nice(rng, n), nice(rng, m)


SLOPE = Exercise(
    id="sample-slope",
    chapter="sample",
    title="The slope",
    difficulty=2,
    minutes=10,
    equation="eq-sample",
    hints=("Start from the residual.", "Then look at equation {eq}`eq-sample`."),
    reference=slope,
    inputs=shapes,
    mistakes=(
        Mistake("the sign is turned", lambda X, y, w: -slope(X, y, w), "Output minus target."),
        Mistake("forgot the matrix X", lambda X, y, w: X @ w - y, "The chain rule has one more factor."),
        Mistake("doubled", lambda X, y, w: 2 * slope(X, y, w), "The half cancels the two."),
    ),
    conventions=(COLUMN,),
)
PERMISSIVE = replace(SLOPE, conventions=(COLUMN, summed(lambda X, y, w: len(X))))
PLAIN = replace(SLOPE, conventions=())


def gradients(a, delta):
    """The gradients of the weights and of the biases."""
    return a.T @ delta, delta.sum(axis=0)


def batches(rng):
    n = rng.integers(2, 5)
    return nice(rng, n, 2), nice(rng, n, 3)


GRADIENTS = Exercise(
    id="sample-gradients",
    chapter="sample",
    title="Two gradients",
    difficulty=1,
    minutes=5,
    hints=("Rows are samples.",),
    reference=gradients,
    inputs=batches,
    mistakes=(
        Mistake("averaged the bias", lambda a, d: (a.T @ d, d.mean(axis=0)), "The bias sums."),
        Mistake("summed over the nodes", lambda a, d: (a.T @ d, d.sum(axis=1)), "Sum over the rows."),
        Mistake("squared the error", lambda a, d: (a.T @ d**2, d.sum(axis=0)), "Once is enough."),
    ),
)


def number(x):
    """A function of one number."""
    return math.exp(x) / (1 + x * x)


NUMBER = Exercise(
    id="sample-number",
    chapter="sample",
    title="A number",
    difficulty=1,
    minutes=1,
    hints=("Look.",),
    reference=number,
    inputs=lambda rng: (nice(rng),),
    cases=((0.0,), (1.0,)),
    mistakes=(Mistake("forgot the square", lambda x: math.exp(x) / (1 + x), "Twice."),),
    seconds=10.0,
)

WORD = Exercise(
    id="sample-word",
    chapter="sample",
    title="A word",
    difficulty=1,
    minutes=1,
    hints=("b or c",),
    reference="B",
    mistakes=(Mistake("took the first", "a", "Read on."),),
)
VALUE = Exercise(
    id="sample-value",
    chapter="sample",
    title="Three numbers",
    difficulty=1,
    minutes=1,
    hints=("x",),
    reference=lambda: np.array([0.5, 0.0, 0.0]),
    mistakes=(Mistake("the OR gate", lambda: np.array([0.25, 0.5, 0.5]), "Another gate."),),
)
ANY_WEIGHTS = Exercise(
    id="sample-weights",
    chapter="sample",
    title="Any weights of AND",
    difficulty=1,
    minutes=1,
    hints=("x",),
    reference=(np.array([1.0, 1.0]), -1.5),
    use=lambda wb: [int(x1 * wb[0][0] + x2 * wb[0][1] + wb[1] > 0) for x1 in (0, 1) for x2 in (0, 1)],
    mistakes=(Mistake("computes OR", (np.array([1.0, 1.0]), -0.5), "One input alone must not do."),),
)
SCORE = Exercise(
    id="sample-score",
    chapter="sample",
    title="A score",
    difficulty=1,
    minutes=1,
    hints=("x",),
    inputs=lambda rng: (rng.normal(size=(50, 1)),),
    use=lambda predict, X: np.mean((predict(X) > 0) == (X[:, 0] > 0)),
    at_least=0.9,
    trials=2,
    mistakes=(
        Mistake(
            "always the same", lambda X: np.ones(len(X)), "Train.", sign=lambda f: np.ptp(f(np.eye(3))) == 0
        ),
    ),
)


def says(exercise, answer, verdict, *words, mistake=None):
    """Check the answer; the verdict and the words must be in what is said."""
    result = diagnose(exercise, answer)
    text = repr(result)
    assert result.verdict == verdict, text
    for word in words:
        assert word in text
    if mistake is not None:
        assert result.mistake == mistake, result.mistake
    assert "expected_" not in text
    assert result._repr_html_().count("<div") == 1
    return result


# -- right ------------------------------------------------------------------------------------------------


def loop_slope(X, y, w):
    total = [0.0] * X.shape[1]
    for row, target in zip(X, y, strict=True):
        error = sum(x * v for x, v in zip(row, w, strict=True)) - target
        total = [t + error * x / len(X) for t, x in zip(total, row, strict=True)]
    return total


@pytest.mark.parametrize(
    "answer",
    [
        lambda X, y, w: X.T @ (X @ w - y) / len(X),
        lambda X, y, w: np.einsum("ni,n->i", X, X @ w - y) / X.shape[0],
        loop_slope,
        lambda X, y, w: tuple(loop_slope(X, y, w)),
        lambda *arguments: slope(*arguments),
        functools.partial(loop_slope),
        type("Callable", (), {"__call__": lambda self, X, y, w: slope(X, y, w)})(),
    ],
)
def test_another_formula_is_right(answer):
    result = says(SLOPE, answer, "right", "20 inputs", "1e-06")
    assert result.right


def test_numpy_numbers_and_plain_numbers_are_the_same(any_runner):
    for kind in (float, np.float64, np.array, lambda v: np.array([v])[0]):
        says(NUMBER, lambda x, kind=kind: kind(number(x)), "right")


@pytest.mark.parametrize("answer", ["B", "b", " b\n", np.str_("b"), np.array("b")])
def test_a_word_is_read_kindly(answer):
    says(WORD, answer, "right")


def test_values(any_runner):
    says(VALUE, np.array([0.5, 0, 0]), "right")
    says(VALUE, [0.5, 0, 0], "right")
    says(VALUE, (0.5, 0.0, 1e-12), "right")
    says(ANY_WEIGHTS, (np.array([2.0, 3.0]), -4.0), "right")
    says(ANY_WEIGHTS, ([20, 20], -30), "right")


def test_score(any_runner):
    says(SCORE, lambda X: X[:, 0], "right", "at least 0.9")
    says(SCORE, lambda X: -X[:, 0], "wrong", "needed", "reached")
    says(
        SCORE,
        lambda X: np.ones(len(X)),
        "known mistake",
        "always the same",
        "Train.",
        mistake="always the same",
    )
    says(SCORE, lambda X: X[:, 7], "raises", "IndexError")
    text = replace(SCORE, use=lambda predict, X: "no number")
    says(text, lambda X: X[:, 0], "wrong type", "no score")
    empty = replace(SCORE, use=lambda predict, X: float("nan"))
    says(empty, lambda X: X[:, 0], "not a number")
    low = replace(SCORE, at_least=None, at_most=0.2)
    says(low, lambda X: -X[:, 0], "right", "at most 0.2")
    says(low, lambda X: X[:, 0], "wrong", "at most 0.2")


def test_what_it_prints_or_plots_is_not_in_the_way(any_runner, capfd):
    def chatty(x):
        print("x" * 1000)
        print("y", file=sys.stderr)
        plt.plot([1, 2])
        plt.show()
        return number(x)

    open_before = plt.get_fignums()
    says(NUMBER, chatty, "right", "printed", "not shown")
    assert capfd.readouterr() == ("", "")
    assert plt.get_fignums() == open_before


def test_plots_for_every_input_raise_no_warning():
    def plots(x):
        plt.figure()
        return number(x)

    assert "warned" not in repr(says(replace(NUMBER, trials=30), plots, "right"))


def test_an_answer_may_use_threads(any_runner):
    def in_a_thread(x):
        found = []
        thread = threading.Thread(target=lambda: found.append(number(x)))
        thread.start()
        thread.join()
        return found[0]

    says(NUMBER, in_a_thread, "right")


def test_an_answer_may_use_the_threads_of_scikit_learn():
    """The threads of OpenMP do not live on in a forked process, which must not wait for them."""
    ensemble = pytest.importorskip("sklearn.ensemble")
    X, y = np.random.default_rng(0).normal(size=(200, 2)), np.arange(200) % 2
    model = ensemble.HistGradientBoostingClassifier(max_iter=1)
    model.fit(X, y)

    def answer(x):
        model.fit(X, y)
        return number(x)

    says(replace(NUMBER, trials=1, cases=(), seconds=20.0), answer, "right")


def test_warnings_are_told():
    def warned(x):
        np.exp(np.float64(1e4))
        return number(x)

    says(NUMBER, warned, "right", "overflow")
    quiet = says(NUMBER, lambda x: number(x) + np.exp(np.float64(-1e4)), "right")
    assert "warned" not in repr(quiet)


# -- not attempted ----------------------------------------------------------------------------------------


def stub(x): ...


def stub_with_docstring(x):
    """Return the number."""


def stub_that_passes(x):
    pass


def stub_that_raises(x):
    raise NotImplementedError


class StubClass:
    def forward(self, x): ...


@pytest.mark.parametrize(
    "answer", [..., stub, stub_with_docstring, stub_that_passes, stub_that_raises, lambda x: ..., StubClass]
)
def test_stub_is_not_attempted(answer):
    says(NUMBER, answer, "not attempted", "`...`" if answer is not stub_that_raises else "Not attempted")


@pytest.mark.parametrize(
    "answer", [..., None, (1.0, ...), [...], {"a": ...}, np.array([1, ...], dtype=object)]
)
def test_value_stub_is_not_attempted(answer):
    says(VALUE, answer, "not attempted")


def test_half_filled_stub_is_not_attempted():
    says(GRADIENTS, lambda a, d: (a.T @ d, ...), "not attempted")
    says(GRADIENTS, lambda a, d: {"dw": ...}, "not attempted")


def test_a_function_that_does_something_is_no_stub():
    assert not is_stub(lambda: 1.0)
    assert not is_stub(number)
    assert not is_stub(int)
    assert not is_stub(0)


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
    column = says(
        SLOPE,
        lambda *xs: slope(*xs)[:, None],
        "right up to a convention",
        "columns",
        "Apart from that, it agrees",
    )
    assert column.right
    says(
        PERMISSIVE, lambda X, y, w: X.T @ (X @ w - y), "right up to a convention", "the sum over the samples"
    )
    transposed = replace(GRADIENTS, conventions=(TRANSPOSED, COLUMN))
    says(transposed, lambda a, d: (d.T @ a, d.sum(axis=0)), "right up to a convention", "transposed")
    says(
        transposed,
        lambda a, d: (a.T @ d, d.sum(axis=0)[:, None]),
        "right up to a convention",
        "vectors written as columns",
    )
    both = replace(GRADIENTS, conventions=(summed(lambda a, d: len(a)),))
    says(
        both, lambda a, d: tuple(len(a) * part for part in gradients(a, d)), "right up to a convention", "sum"
    )
    own = replace(NUMBER, conventions=(Convention("the logarithm", lambda result, x: math.log(result)),))
    says(own, lambda x: x - math.log(1 + x * x), "right up to a convention", "Right, up to the logarithm.")


def test_layouts_and_scales_that_are_not_permitted_are_named():
    says(PLAIN, lambda *xs: slope(*xs)[:, None], "wrong shape", "extra axis", "expected", "got")
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
    says(NUMBER, lambda x: np.array([number(x)]), "wrong shape", "extra axis", "an array of shape (1,)")
    says(NUMBER, lambda x: (number(x),), "wrong shape", "extra axis", "a tuple of shape (1,)")
    says(NUMBER, lambda x: [number(x)], "wrong shape", "extra axis", "a list of shape (1,)")


def test_a_factor_that_is_a_length_by_chance_is_not_taken_for_one():
    pairs = replace(PLAIN, inputs=lambda rng: (nice(rng, 2, 2), nice(rng, 2), nice(rng, 2)), mistakes=())
    says(pairs, lambda *xs: 2 * slope(*xs), "wrong", "ratio is constant: you get 2 times")
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
    says(squares, lambda y: (y**2)[:, None], "wrong shape", "extra axis")
    says(squares, lambda y: y[:, None], "known mistake", "forgot the square", "extra axis")


# -- unknown mistakes -------------------------------------------------------------------------------------


def test_unknown_mistake_shows_the_smallest_failing_input():
    def only_large_batches(X, y, w):
        return slope(X, y, w) + (len(X) > 1) * X[0]

    result = says(
        PLAIN, only_large_batches, "wrong", "Right for", "smallest", "expected", "got", "Neither the ratio"
    )
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
        (lambda v: v * v, "Neither the ratio nor the difference"),
        (lambda v: 0 * v, "Neither the ratio nor the difference"),
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
        reference=lambda x, w, b: (x * w + b, x * w * b),
        inputs=lambda rng: (nice(rng), nice(rng), nice(rng)),
        cases=((0.0, 1.0, 2.0),),
        mistakes=(),
    )
    says(product, lambda x, w, b: (x * w + b, x * b), "wrong", "you get what is expected, divided by `w`")
    says(product, lambda x, w, b: (x * w + b, x * w * w * b), "wrong", "expected, multiplied by `w`")
    says(product, lambda x, w, b: (x * w + b, x * w), "wrong", "divided by `b`", "the first is right")
    says(product, lambda x, w, b: (x * w + b, x + w + b), "wrong", "Neither")


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
        ("0.5", "a string"),
        ((1.0, "a"), "a tuple of 2"),
        ([], "shape (0,)"),
        ({"a": 1.0}, "a dictionary"),
        (Weird(), "Weird"),
        (Weird, "a class"),
        (number, "a function"),
        ((x for x in [1.0]), "a generator"),
        (np.ones((1, 1)).view(np.matrix), "a numpy matrix"),
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
    says(GRADIENTS, lambda a, d: (a.T @ d, d), "wrong shape", "[1]")
    named = replace(GRADIENTS, reference=lambda a, d: {"dW": a.T @ d, "db": d.sum(axis=0)}, mistakes=())
    says(named, lambda a, d: {"dW": a.T @ d, "db": d.sum(axis=0)}, "right")
    says(named, lambda a, d: {"dW": a.T @ d}, "wrong type", "'dW', 'db'")
    says(named, lambda a, d: {"dW": a.T @ d, "db": d}, "wrong shape", "['db']")


def test_wrong_dtypes_are_told():
    says(NUMBER, lambda x: int(number(x)), "wrong dtype", "cut to integers")
    says(PLAIN, lambda *xs: slope(*xs).astype(int), "wrong dtype", "cut to integers")
    strict = replace(PLAIN, rtol=1e-12, atol=0.0)
    says(strict, lambda *xs: slope(*xs).astype(np.float32), "wrong dtype", "float32")
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


# -- errors -----------------------------------------------------------------------------------------------


def test_errors_name_the_line(any_runner):
    def deep(x):
        return np.linalg.inv(np.zeros((2, 2)))[0, 0] * x

    says(
        NUMBER,
        deep,
        "raises",
        "LinAlgError: Singular matrix",
        "return np.linalg.inv",
        "For example with:",
        mistake="LinAlgError",
    )


ROWS = np.ones((3, 4))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: ROWS @ np.ones((3, 5)), "4 columns and 3 rows"),
        (lambda x: np.dot(ROWS, np.ones(3)), "4 columns and 3 rows"),
        (lambda x: np.ones(2) @ ROWS, "2 columns and 3 rows"),
        (lambda x: ROWS @ x, "For a number it is *"),
        (lambda x: ROWS + np.ones(3), "(3,4) and (3,) do not go together"),
        (lambda x: ROWS.copy().__imul__(np.ones((3, 5))), "(3,4) and (3,5) do not go together"),
        (lambda x: np.zeros(2).__setitem__(slice(None), np.ones(3)), "(3,) and (2,) do not go together"),
        (lambda x: x if ROWS > 0 else -x, "np.where"),
    ],
)
def test_errors_about_shapes_are_explained(answer, words):
    says(NUMBER, answer, "raises", "ValueError", words)


def test_errors_for_some_inputs_are_counted():
    says(
        NUMBER,
        lambda x: number(x) if x != 1.0 else 1 // 0,
        "raises",
        "inputs, for example",
        "ZeroDivisionError",
    )


class Unprintable(Exception):  # noqa: N818
    def __str__(self):
        raise RuntimeError("no")


class Chatty(BaseException):
    def __str__(self):
        return "words " * 10000


def raising(error):
    def answer(x):
        raise error

    return answer


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyError("w2"), "KeyError: 'w2'"),
        (SystemExit(0), "tries to end Python"),
        (KeyboardInterrupt(), "interrupts itself"),
        (GeneratorExit(), "GeneratorExit"),
        (BaseException("bare"), "BaseException: bare"),
        (Unprintable(), "Unprintable"),
        (Chatty(), "Chatty: words"),
        (MemoryError(), "more memory than there is"),
        (AssertionError(), "AssertionError"),
    ],
)
def test_everything_that_is_raised_is_caught(error, words, any_runner):
    result = says(NUMBER, raising(error), "raises", words)
    assert len(repr(result)) < 2000


def test_recursion(any_runner):
    def again(x):
        return x * again(x)

    says(NUMBER, again, "recursion", "calls itself", "return x * again(x)")


def test_an_answer_in_the_wrong_form_for_its_use():
    says(ANY_WEIGHTS, 3.0, "raises", "TypeError")
    xor = find("two-xor")
    says(xor, 3.0, "wrong type", "form", "a number")


def test_asking_for_input_does_not_hang(any_runner):
    says(NUMBER, lambda x: float(input("x? ")), "raises", "EOFError", "input()")
    says(NUMBER, lambda x: float(sys.stdin.readline() or number(x)), "right")


# -- never returns ----------------------------------------------------------------------------------------


def forever(x):
    while True:
        x += 1e-9


def test_endless_loop_is_stopped(any_runner):
    start = time.monotonic()
    result = says(replace(NUMBER, seconds=0.3), forever, "too slow", "Stopped after 0.3 seconds", "x")
    assert time.monotonic() - start < PATIENCE
    assert "background" not in repr(result)


def test_slow_on_a_later_input():
    says(
        replace(NUMBER, seconds=0.3),
        lambda x: number(x) if x != 1.0 else forever(x),
        "too slow",
        "1 of 22 inputs",
    )


@pytest.mark.parametrize("how", SAFE)
def test_sleep_is_stopped(how):
    start = time.monotonic()
    says(replace(NUMBER, seconds=0.3), lambda x: time.sleep(10 * PATIENCE), "too slow")
    assert time.monotonic() - start < PATIENCE


def test_loop_that_catches_everything(monkeypatch):
    """A thread cannot be stopped then, and is left behind; a process can."""
    enough = threading.Event()

    def stubborn(x):
        while not enough.is_set():
            with contextlib.suppress(BaseException):
                while not enough.is_set():
                    time.sleep(0.001)
        return 0.0

    if "process" in SAFE:
        assert "background" not in repr(says(replace(NUMBER, seconds=0.3), stubborn, "too slow"))
    monkeypatch.setenv("FYSSTK_CHECK_RUNNER", "thread")
    try:
        says(replace(NUMBER, seconds=0.3), stubborn, "too slow", "still runs in the background: restart")
    finally:
        enough.set()
    says(NUMBER, number, "right")


# -- hostile ----------------------------------------------------------------------------------------------


class EqualsAll:
    """Claims to equal everything, in every way."""

    __array_priority__ = 1e9
    shape = ()
    dtype = np.dtype(float)

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 0

    def always(self, *others):
        return self

    def true(self, *others):
        return True

    __sub__ = __rsub__ = __add__ = __radd__ = __mul__ = __abs__ = __array_ufunc__ = always
    __lt__ = __le__ = __gt__ = __ge__ = __bool__ = all = any = true
    __class__ = np.ndarray


class EqualArray(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, bool)

    def __array_ufunc__(self, *arguments, **options):
        return np.ones(self.shape, bool)

    def __sub__(self, other):
        return np.zeros(self.shape)

    def all(self, *arguments, **options):
        return True


class EqualFloat(float):
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__

    def __hash__(self):
        return 0


class EqualStr(str):
    def __eq__(self, other):
        return True

    def casefold(self):
        return "b"

    def __hash__(self):
        return 0


class EqualTuple(tuple):
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


class Lying:
    def __array__(self, *arguments, **options):
        return np.ones(3)

    def __float__(self):
        return 1.0


@pytest.mark.parametrize(
    "value",
    [
        EqualsAll(),
        (EqualsAll(), EqualsAll()),
        [EqualsAll()],
        np.zeros(3).view(EqualArray),
        EqualFloat(0.0),
        EqualTuple((0.0,)),
        {"dW": EqualsAll()},
        np.array([EqualsAll()], dtype=object),
        Lying(),
        True,
        np.ma.masked_all(3),
    ],
)
@pytest.mark.parametrize(
    "exercise", [NUMBER, SLOPE, GRADIENTS, VALUE, WORD], ids=lambda exercise: exercise.id
)
def test_objects_that_equal_everything_do_not_fool(exercise, value):
    answer = (lambda *xs: value) if exercise.takes_function else value
    assert not diagnose(exercise, answer).right
    scored = replace(SCORE, use=lambda predict, X: predict(X))
    assert diagnose(scored, lambda X: value).right is (value is True)


class Hostile:
    """Raises whatever it is asked, its class included."""

    @property
    def __class__(self):
        raise RuntimeError("no class")

    def __getattr__(self, name):
        raise RuntimeError("no attributes")

    def __repr__(self):
        raise RuntimeError("no repr")

    __str__ = __len__ = __iter__ = __bool__ = __float__ = __array__ = __repr__


class HostileMeta(type):
    def __getattribute__(cls, name):
        raise RuntimeError("no attributes")


def hostile_class():
    """Make a type that raises whatever it is asked. It must not outlive its test: Sphinx asks all objects."""

    class HostileClass(tuple, metaclass=HostileMeta):
        pass

    return HostileClass


HOSTILE = {
    "object": Hostile,
    "tuple": lambda: hostile_class()((1.0,)),
    "class": hostile_class,
    "in a list": lambda: [Hostile()],
    "in a tuple": lambda: (hostile_class()(),),
}


@pytest.mark.parametrize("name", list(HOSTILE))
@pytest.mark.parametrize("exercise", [NUMBER, VALUE, ANY_WEIGHTS], ids=lambda e: e.id)
def test_objects_that_raise_on_every_question(exercise, name, any_runner):
    value = HOSTILE[name]()
    answer = (lambda *xs: value) if exercise.takes_function else value
    result = diagnose(exercise, answer)
    assert not result.right
    repr(result)
    result._repr_html_()
    if exercise.takes_function:
        assert not diagnose(exercise, value).right


def test_signatures_that_are_none():
    def answer(x):
        return number(x)

    answer.__signature__ = "no signature"
    says(NUMBER, answer, "right")
    answer.__signature__ = None
    answer.__wrapped__ = answer
    says(NUMBER, answer, "right")


def test_a_list_that_contains_itself_is_no_stub():
    own = []
    own.append(own)
    says(VALUE, own, "wrong type", "a list")


def test_strings_that_equal_everything_do_not_fool():
    assert not diagnose(WORD, EqualStr("x")).right
    assert not diagnose(replace(NUMBER, reference=lambda x: "b", mistakes=()), lambda x: EqualStr("x")).right


def from_the_catalogue(x):
    from fysstk_book.exercises import find

    return find("four-hidden-delta").reference(*x)


def from_the_stack(*arguments):
    frame = sys._getframe()
    while frame is not None:
        exercise = frame.f_locals.get("exercise")
        if isinstance(exercise, Exercise):
            return exercise.reference(*arguments)
        frame = frame.f_back
    raise AssertionError("nothing on the stack")


def from_an_error(*arguments):
    try:
        raise ValueError
    except ValueError as error:
        frame = error.__traceback__.tb_frame
        while frame is not None:
            exercise = frame.f_locals.get("exercise")
            if isinstance(exercise, Exercise):
                return exercise.reference(*arguments)
            frame = frame.f_back
    raise AssertionError("nothing on the stack")


def from_the_heap(*arguments):
    for thing in gc.get_objects():
        if type(thing) is Exercise and thing.id == "four-hidden-delta":
            return thing.reference(*arguments)
    raise AssertionError("nothing on the heap")


def from_a_thread(*arguments):
    found = []
    reference = sys.modules["fysstk_book.exercises.four_equations"].hidden_delta
    thread = threading.Thread(target=lambda: found.append(reference(*arguments)))
    thread.start()
    thread.join()
    return found[0]


def unwatched(*arguments):
    sys.setprofile(None)
    return find("four-hidden-delta").reference(*arguments)


@pytest.fixture
def real():
    return find("four-hidden-delta")


@pytest.mark.parametrize("answer", [from_the_stack, from_an_error, from_the_heap, from_a_thread, unwatched])
def test_reading_the_solution_is_noticed(answer, real, any_runner):
    assert diagnose(replace(real, trials=2, seconds=60.0), answer).verdict == "copies the solution"


def test_handing_in_the_solution_is_noticed(real, any_runner):
    class Wrapped:
        def __call__(self, *arguments):
            return real.reference(*arguments)

    for answer in (
        real.reference,
        functools.partial(real.reference),
        functools.partial(functools.partial(real.reference)),
        lambda *xs: real.reference(*xs),
        lambda *xs: next(map(real.reference, *[[x] for x in xs])),
        Wrapped(),
        np.vectorize(real.reference, signature="(n,m),(k,m),(n,k)->(n,k)"),
        real.mistakes[0].wrong,
    ):
        result = diagnose(real, answer)
        assert result.verdict == "copies the solution", answer
        assert not result.right


def test_functions_among_the_arguments_may_be_called():
    exercise = next(e for e in fysstk_book.exercises.catalogue() if e.id == "four-hidden-delta")
    helper = exercise.reference

    def using(rng):
        return (helper, nice(rng))

    given = replace(NUMBER, inputs=using, cases=(), reference=lambda f, x: x, mistakes=(), use=None)
    says(given, lambda f, x: x, "right")


@pytest.fixture
def the_world():
    """What an answer could disturb; compared before and after the test."""

    def state():
        return (
            np.geterr(),
            {key: value for key, value in np.get_printoptions().items() if key != "override_repr"},
            np.random.get_state()[1].tolist(),  # noqa: NPY002
            random.getstate(),
            warnings.filters[:],
            warnings.showwarning,
            (sys.stdout, sys.stderr, sys.stdin, sys.displayhook, sys.excepthook),
            sys.path[:],
            sys.getrecursionlimit(),
            gc.isenabled(),
            os.getcwd(),
            {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
            sys.gettrace(),
            sys.getprofile(),
            dict(plt.rcParams),
            plt.get_fignums(),
            dict(vars(np)),
            dict(vars(np.linalg)),
            dict(vars(math)),
            dict(vars(builtins)),
            dict(vars(np.random)),
        )

    before = state()
    yield
    for one, other in zip(before, state(), strict=True):
        assert one == other


def disturb(x):
    np.seterr(all="raise")
    np.set_printoptions(precision=1)
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    warnings.simplefilter("error")
    warnings.showwarning = print
    sys.stdout = io.StringIO()
    sys.excepthook = print
    sys.path.append("nowhere")
    sys.setrecursionlimit(10**6)
    gc.disable()
    os.chdir("/")
    os.environ["HOME"] = "nowhere"
    plt.rcParams["figure.dpi"] = 1
    plt.figure(1)
    return number(x)


def test_global_state_is_put_back(any_runner, the_world):
    says(NUMBER, disturb, "right")


def test_global_state_is_put_back_after_an_error(any_runner, the_world):
    says(NUMBER, lambda x: disturb(x) / 0, "raises")


def test_global_state_is_put_back_after_a_stop(any_runner, the_world):
    says(replace(NUMBER, seconds=0.3), lambda x: forever(disturb(x)), "too slow")


def always_true(*arguments, **options):
    return True


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (np, "allclose"),
        (np, "exp"),
        (np, "abs"),
        (np.linalg, "inv"),
        (math, "exp"),
        (builtins, "all"),
        (builtins, "abs"),
        (fysstk_book.check.values, "agree"),
        (fysstk_book.check.values, "close"),
        (fysstk_book.check.diagnosis, "_is_wrong"),
    ],
)
def test_replacing_functions_is_told_and_undone(module, name, any_runner, the_world):
    original = getattr(module, name)

    def replacing(x):
        setattr(module, name, always_true)
        return 0.0

    says(NUMBER, replacing, "alters numpy", f"{module.__name__}.{name}", "another name")
    assert getattr(module, name) is original


def test_a_notebook_that_replaced_a_function_is_told(monkeypatch):
    monkeypatch.setattr(np, "exp", always_true)
    says(NUMBER, number, "alters numpy", "Somewhere above", "`numpy.exp`", "restart")


def test_settings_of_the_notebook_do_not_matter(monkeypatch):
    def formatter(value):
        raise RuntimeError("no numbers")

    calm = repr(diagnose(PLAIN, lambda *xs: slope(*xs) ** 2))
    printing = np.printoptions(formatter={"float": formatter}, precision=1)
    with printing, np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert repr(diagnose(PLAIN, lambda *xs: slope(*xs) ** 2)) == calm
        assert diagnose(NUMBER, lambda x: np.float64(1) / np.float64(0)).verdict == "not a number"


def test_inputs_on_the_stack_are_copies(any_runner):
    def spoil(X, y, w):
        frame = sys._getframe()
        while frame is not None:
            for name in ("drawn", "inputs"):
                arrays = frame.f_locals.get(name)
                for part in arrays if type(arrays) in (list, tuple) else ():
                    for array in part if type(part) is tuple else (part,):
                        if type(array) is np.ndarray:
                            array[...] = 0
            exercise = frame.f_locals.get("exercise")
            if type(exercise) is Exercise:
                object.__setattr__(exercise, "rtol", 1e9)
                object.__setattr__(exercise, "atol", 1e9)
            if frame.f_code.co_name in ("work", "_right_here", "_be_child"):
                break
            frame = frame.f_back
        return 0 * w

    assert not diagnose(PLAIN, spoil).right


def test_random_answers_are_told(any_runner):
    generator = np.random.default_rng()
    says(NUMBER, lambda x: number(x) + generator.normal(), "depends on chance", "random numbers")
    calls = itertools.count()
    says(NUMBER, lambda x: number(x) + (next(calls) > 21), "depends on chance", "first", "later")
    calls = itertools.count()
    says(NUMBER, lambda x: number(x) if next(calls) < 22 else 1 / 0, "depends on chance", "an error")
    calls = itertools.count()
    says(SCORE, lambda X: X[:, 0] if next(calls) < 2 else -X[:, 0], "depends on chance")
    calls = itertools.count()
    says(SLOPE, lambda *xs: slope(*xs)[:, None] * (next(calls) < 20), "depends on chance")


def test_an_answer_that_checks_itself_is_an_error(any_runner):
    says(NUMBER, lambda x: check("one-cost", number), "raises", "must not call check")
    says(NUMBER, lambda x: hint("one-cost"), "raises", "must not call check")
    says(NUMBER, number, "right")


@pytest.mark.parametrize(
    "value",
    [np.broadcast_to(0.0, (10**6, 10**6)), [0.0] * (MOST_PARTS + 1), range(10**12), 10**5000, "x" * 10**8],
    ids=["array", "list", "range", "integer", "string"],
)
def test_huge_results(value, any_runner):
    assert diagnose(NUMBER, lambda x: value).verdict in ("wrong shape", "wrong type")


def test_results_that_contain_themselves(any_runner):
    own = []
    own += [own] * 10
    assert diagnose(NUMBER, lambda x: own).verdict == "wrong type"
    table = {}
    table["again"] = table
    assert diagnose(NUMBER, lambda x: table).verdict == "wrong type"


if "process" in SAFE:

    class TestOnlyAProcessSurvives:
        @pytest.mark.parametrize(
            "end",
            [
                lambda x: os._exit(0),
                lambda x: os._exit(3),
                lambda x: os.kill(os.getpid(), 9),
                lambda x: os.kill(os.getpid(), 11),
                lambda x: ctypes.string_at(0),
                lambda x: os.abort(),
            ],
        )
        def test_sudden_ends(self, end):
            says(NUMBER, end, "stops Python", "unharmed")

        def test_end_on_a_later_input(self):
            says(NUMBER, lambda x: number(x) if x != 1.0 else os._exit(0), "stops Python", "x  1")

        def test_end_when_it_is_asked_again(self):
            calls = itertools.count()
            says(NUMBER, lambda x: number(x) if next(calls) < 22 else os._exit(0), "stops Python")

        def test_answers_that_fork(self):
            def forking(x):
                os.fork()
                return number(x)

            assert diagnose(replace(NUMBER, trials=1, cases=()), forking).verdict in ("right", "stops Python")

        def test_an_answer_that_reports_for_itself(self):
            def forged(x):
                frame = sys._getframe()
                while "tell" not in frame.f_locals:
                    frame = frame.f_back
                for _ in range(3):
                    frame.f_locals["tell"]("outcome", Returned(number(1.0)))
                return number(x)

            says(NUMBER, forged, "stops Python")

        def test_without_another_process(self, monkeypatch):
            def full():
                raise OSError("no more processes")

            monkeypatch.setattr(os, "fork", full)
            before = os.listdir("/proc/self/fd")
            says(NUMBER, number, "right")
            assert len(os.listdir("/proc/self/fd")) == len(before)

        def test_too_much_memory(self):
            says(NUMBER, lambda x: np.ones(10**10).sum(), "raises", "more memory than there is")
            says(NUMBER, lambda x: len("x" * 10**11), "raises", "more memory than there is")

        def test_growing_memory(self):
            def grow(x):
                heap = []
                while True:
                    heap.append(np.ones(10**7))

            says(replace(NUMBER, seconds=300.0), grow, "raises", "more memory than there is")

        def test_recursion_without_limit(self):
            def again(x):
                sys.setrecursionlimit(10**9)
                return [again(x)]

            result = diagnose(replace(NUMBER, seconds=2.0), again)
            assert result.verdict in ("raises", "recursion", "stops Python", "too slow")

        def test_one_long_call_in_c(self):
            start = time.monotonic()
            says(replace(NUMBER, seconds=0.3), lambda x: 10 ** (10**9), "too slow")
            assert time.monotonic() - start < PATIENCE

        def test_children_end_with_it(self):
            name = f"1{os.getpid():09}"

            def leave_behind(x):
                subprocess.Popen(["sleep", name])
                return number(x)

            def running():
                return subprocess.run(["ps", "ax"], capture_output=True, text=True, check=True).stdout

            diagnose(NUMBER, leave_behind)
            end = time.monotonic() + PATIENCE
            while name in running() and time.monotonic() < end:
                time.sleep(0.05)
            assert name not in running()

        def test_garbage_in_the_pipe(self):
            def pipes():
                found = {}
                for descriptor in os.listdir("/proc/self/fd"):
                    with contextlib.suppress(OSError):
                        found[os.readlink(f"/proc/self/fd/{descriptor}")] = int(descriptor)
                return {name: number for name, number in found.items() if name.startswith("pipe:")}

            others = pipes()

            def write_everywhere(x):
                for name, descriptor in pipes().items():
                    if name not in others:
                        os.write(descriptor, b"\xff" * 64)
                return number(x)

            assert not diagnose(NUMBER, write_everywhere).right

        def test_only_plain_values_are_unpickled(self):
            import pickle

            from fysstk_book.check.running import Run, _take_messages

            for thing in (subprocess.Popen, os.system, eval):
                message = pickle.dumps(("outcome", thing))
                run = Run()
                assert not _take_messages(run, bytearray(len(message).to_bytes(8, "little") + message))
                assert not run.outcomes

        def test_nothing_is_left_open(self):
            before = os.listdir("/proc/self/fd")
            for _ in range(5):
                diagnose(NUMBER, number)
            assert len(os.listdir("/proc/self/fd")) == len(before)
            with pytest.raises(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)


# -- the same answer, the same words ----------------------------------------------------------------------


def test_results_are_deterministic():
    answers = [lambda *xs: slope(*xs) ** 2, lambda *xs: -slope(*xs), slope, lambda *xs: None]
    for answer in answers:
        assert repr(diagnose(SLOPE, answer)) == repr(diagnose(SLOPE, answer))
    first, second = SLOPE.draw_inputs(), SLOPE.draw_inputs()
    assert unchanged(first, second)


def test_verdicts_do_not_depend_on_the_runner(monkeypatch):
    answers = [slope, lambda *xs: slope(*xs) ** 2, lambda *xs: -slope(*xs), lambda *xs: undefined]  # noqa: F821
    said = []
    for how in EVERY_RUNNER:
        monkeypatch.setenv("FYSSTK_CHECK_RUNNER", how)
        said.append([repr(diagnose(SLOPE, answer)) for answer in answers])
    assert all(words == said[0] for words in said)


def test_runner_by_platform(monkeypatch):
    monkeypatch.delenv("FYSSTK_CHECK_RUNNER", raising=False)
    for platform in ("linux", "darwin", "win32", "emscripten"):
        monkeypatch.setattr(sys, "platform", platform)
        assert runner() == ON_PLATFORM.get(platform, "thread")
        assert runner() in RUNNERS
    monkeypatch.setenv("FYSSTK_CHECK_RUNNER", "unheard-of")
    assert runner() in RUNNERS


def test_a_broken_reference_is_the_books_fault():
    broken = replace(NUMBER, reference=lambda x: 1 / 0)
    with pytest.raises(RuntimeError, match="the reference of sample-number fails"):
        diagnose(broken, number)


def test_interrupting_a_check_ends_the_answer(monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("fysstk_book.check.running._out_of_time", interrupted)
    with pytest.raises(KeyboardInterrupt):
        diagnose(NUMBER, forever)
    monkeypatch.undo()
    monkeypatch.setenv("FYSSTK_PROGRESS", "off")
    says(NUMBER, number, "right")


# -- values -----------------------------------------------------------------------------------------------


def test_plain_values():
    named = itertools.starmap
    assert plain(np.float32(1.5)) == np.array(1.5)
    assert plain([1, (2.0, "x"), {"a": None, 3: 1, None: 2}]) == [1, (2.0, "x"), {"a": None, "3": 1}]
    assert plain(np.array(["a", "b"])) == ["a", "b"]
    assert plain(named(len, [])) == Foreign("an itertools.starmap")
    assert plain(np.ones(3, dtype=object)) == Foreign("an array of Python objects")
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
        "a numpy matrix": np.zeros((1, 1)).view(np.matrix),
        "a masked array": np.ma.zeros(2),
        "True or False": True,
        "an empty tuple": (),
        "an empty list": [],
        "a dictionary with the keys 'a'": {"a": 1},
        "`...`": ...,
        "an array of shape (1000000, 1000000)": np.broadcast_to(0, (10**6, 10**6)),
        "a fractions.Fraction": __import__("fractions").Fraction(1, 2),
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


# -- check, hint, progress --------------------------------------------------------------------------------


def test_check_finds_the_exercise():
    assert check("one-cost", ...).verdict == "not attempted"
    with pytest.raises(LookupError, match=r"Did you mean .*one-cost"):
        check("one-csot", ...)
    with pytest.raises(LookupError, match="no exercise"):
        check("", ...)


def test_only_the_module_that_is_needed_is_imported():
    script = "import sys; from fysstk_book.check import check; check('one-cost', ...); " \
        "print([m for m in sys.modules if m.startswith('fysstk_book.exercises.')])"  # fmt: skip
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True,
                          env={**os.environ, "FYSSTK_PROGRESS": "off"})  # fmt: skip
    assert told.stdout.strip() == "['fysstk_book.exercises.one_neuron']"


def test_hints_come_one_after_the_other():
    exercise = next(e for e in fysstk_book.exercises.catalogue() if len(e.hints) > 1)
    stages = [hint(exercise.id).stage for _ in range(len(exercise.hints) + 2)]
    assert stages == [*range(1, len(exercise.hints) + 1), len(exercise.hints), len(exercise.hints)]
    first = hint(exercise.id, 1)
    assert f"hint 1 of {len(exercise.hints)}" in repr(first)
    assert "<p" in first._repr_html_()
    with pytest.raises(ValueError, match="and no hint 9"):
        hint(exercise.id, 9)


def test_exercises_without_hints(monkeypatch):
    monkeypatch.setattr("fysstk_book.check.find", lambda id: replace(NUMBER, hints=()))
    assert "no hints" in repr(hint("sample-number"))


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "deep" / "progress.json"
    monkeypatch.setenv("FYSSTK_PROGRESS", str(path))
    return path


def test_progress_is_kept(file):
    table = repr(progress())
    assert "0 of" in table
    assert str(file) in table
    assert not file.exists()
    check("one-cost", ...)
    assert "not attempted" in file.read_text()
    check("one-cost", lambda x, y, w1, b1: 0.0)
    assert "1 try, last: wrong" in repr(progress())
    check("one-cost", lambda x, y, w1, b1: 0.0)
    hint("one-cost")
    assert "2 tries, last: wrong" in repr(progress())
    assert f"1 of {len(find('one-cost').hints)} hints" in repr(progress())
    record.note_result(replace_verdict("one-cost", "right"))
    record.note_result(replace_verdict("one-cost", "wrong"))
    table = progress()
    assert "1 of" in table.summary
    assert "<table>" in table._repr_html_()
    assert json.loads(file.read_text())["exercises"]["one-cost"]["right"]
    assert os.listdir(file.parent) == ["progress.json"]
    assert "0 of" in progress(forget=True).summary
    assert not file.exists()


def replace_verdict(id, verdict):
    from fysstk_book.check.results import Result

    return Result(id, verdict, "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"exercises": 3}',
        '{"exercises": {"one-cost": 3}}',
        '{"exercises": {"one-cost": {"right": "yes", "verdict": "", "tries": 1, "hints": 0}}}',
        "[" * 100_000,
        "\x00\xff",
    ],
)
def test_damaged_file_counts_as_none(file, text):
    file.parent.mkdir()
    file.write_text(text, encoding="latin-1")
    assert "0 of" in progress().summary
    check("one-cost", ...)
    assert "one-cost" in json.loads(file.read_text())["exercises"]


def test_unwritable_place_is_no_error(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("FYSSTK_PROGRESS", str(blocked / "progress.json"))
    check("one-cost", ...)
    assert hint("one-cost").stage == 1
    assert blocked.read_text() == "in the way"
    monkeypatch.setenv("FYSSTK_PROGRESS", str(tmp_path))
    check("one-cost", ...)
    progress(forget=True)
    assert sorted(os.listdir(tmp_path)) == ["file"]


def test_file_is_never_written_half(file, monkeypatch):
    check("one-cost", ...)
    before = file.read_text()

    def fails(*arguments):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fails)
    check("one-delta", ...)
    assert file.read_text() == before
    assert os.listdir(file.parent) == ["progress.json"]


def test_nothing_is_written_when_off(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FYSSTK_PROGRESS", "off")
    check("one-cost", lambda x, y, w1, b1: 0.0)
    hint("one-cost")
    assert os.listdir(tmp_path) == []
    assert "1 try" in repr(progress())
    assert "not kept in a file" in repr(progress())
    monkeypatch.delenv("FYSSTK_PROGRESS")
    assert record.place() == tmp_path / ".fysstk-nn-progress.json"
    monkeypatch.setattr("pathlib.Path.home", raising(RuntimeError()).__get__(0).__func__ and no_home)
    assert record.place() is None


def no_home():
    raise RuntimeError("no home")


# -- the declaration --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("difficulty", 4, ValueError),
        ("hints", "one", TypeError),
        ("mistakes", [Mistake("a", 1, "b")], TypeError),
        ("reference", 3.0, TypeError),
    ],
)
def test_wrong_declarations_are_refused(field, value, error):
    with pytest.raises(error, match="sample-number"):
        replace(NUMBER, **{field: value})


def test_model_answers_are_not_checked():
    open_question = Exercise(id="sample-open", chapter="sample", title="Why?", difficulty=3, minutes=20)
    assert not open_question.checked
    assert NUMBER.checked


def test_nice_numbers():
    rng = np.random.default_rng(0)
    numbers = nice(rng, 1000)
    assert (numbers != 0).all()
    assert np.allclose(numbers * 10, np.round(numbers * 10))
    assert numbers.min() >= -2
    assert numbers.max() <= 2
    assert isinstance(nice(rng), float)
    assert 0.1 <= nice(rng, low=0.1, high=0.9) <= 0.9


def test_answer_to_an_open_question_is_welcome():
    open_question = Exercise(id="sample-open", chapter="sample", title="Why?", difficulty=3, minutes=20)
    assert "model answer" in repr(diagnose(open_question, "because"))
