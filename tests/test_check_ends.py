"""The checker: answers that raise errors, and answers that never return."""

import contextlib
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from check_samples import ANY_WEIGHTS, NUMBER, PATIENCE, SAFE, forever, number, raising, says
from fysstk_book.exercises import find

pytestmark = pytest.mark.usefixtures("fresh_checker")


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
def test_endless_loop_is_stopped(any_runner):
    start = time.monotonic()
    result = says(
        replace(NUMBER, seconds=0.3), forever, "too slow", "Stopped: it takes more than 0.3 seconds", "x"
    )
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
