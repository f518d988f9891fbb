"""The checker: what it says to right answers and to stubs, the same words every time, and progress."""

import functools
import json
import os
import subprocess
import sys
import threading
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

import fysstk_book.exercises
from check_samples import (
    ANY_WEIGHTS,
    EVERY_RUNNER,
    GRADIENTS,
    NUMBER,
    SCORE,
    SLOPE,
    VALUE,
    WORD,
    forever,
    loop_slope,
    number,
    raising,
    says,
    slope,
)
from fysstk_book.check import check, hint, progress, record
from fysstk_book.check.before import is_stub
from fysstk_book.check.diagnosis import diagnose
from fysstk_book.check.running import ON_PLATFORM, RUNNERS, runner
from fysstk_book.check.values import (
    unchanged,
)
from fysstk_book.exercises import Exercise, Mistake, find, nice

pytestmark = pytest.mark.usefixtures("fresh_checker")


# -- right ------------------------------------------------------------------------------------------------
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


# -- check, hint, progress --------------------------------------------------------------------------------
def test_check_finds_the_exercise():
    assert check("one-cost", ...).verdict == "not attempted"
    with pytest.raises(LookupError, match=r"Did you mean .*one-cost"):
        check("one-csot", ...)
    with pytest.raises(LookupError, match="no exercise"):
        check("", ...)


def test_only_the_modules_that_are_needed_are_imported():
    script = """if True:
        import sys
        from fysstk_book.check import check
        check("one-cost", ...)
        check("gates-nand-line", ...)
        print([m for m in sys.modules if m.startswith(("fysstk_book.exercises.", "scipy.optimize"))])"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True,
                          env={**os.environ, "FYSSTK_PROGRESS": "off"})  # fmt: skip
    assert told.stdout.strip() == "['fysstk_book.exercises.one_neuron', 'fysstk_book.exercises.gates']"


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
    assert "1 try, last: wrong" in repr(progress("one-neuron"))
    check("one-cost", lambda x, y, w1, b1: 0.0)
    hint("one-cost")
    assert "2 tries, last: wrong" in repr(progress("one-neuron"))
    assert f"1 of {len(find('one-cost').hints)} hints" in repr(progress("one-neuron"))
    record.note_result(replace_verdict("one-cost", "right"))
    record.note_result(replace_verdict("one-cost", "wrong"))
    table = progress()
    assert "1 of" in table.summary
    assert "<table>" in table._repr_html_()
    assert json.loads(file.read_text())["exercises"]["one-cost"]["right"]
    assert os.listdir(file.parent) == ["progress.json"]
    assert "0 of" in progress(forget=True).summary
    assert not file.exists()


def test_progress_is_one_line_a_chapter_and_each_exercise_for_one_that_is_named(file):
    record.note_result(replace_verdict("one-cost", "right"))
    whole, chapter = progress(), progress("one-neuron")
    assert [row[0] for row in whole.rows[1:4]] == ["gates", "perceptron", "network-types"]
    assert len(whole.rows) == 1 + len({exercise.chapter for exercise in fysstk_book.exercises.catalogue()})
    here = [exercise for exercise in fysstk_book.exercises.catalogue() if exercise.chapter == "one-neuron"]
    (row,) = [row for row in whole.rows if row[0] == "one-neuron"]
    minutes = sum(exercise.minutes for exercise in here if exercise.id != "one-cost")
    assert row[2:] == (f"1 of {sum(exercise.checked for exercise in here)}", "1", str(minutes))
    assert {row[0] for row in chapter.rows[1:]} == {exercise.id for exercise in here}
    assert chapter.summary.startswith("1 of ")
    with pytest.raises(LookupError, match=r'no chapter "gate" with exercises\. Did you mean "gates"\?'):
        progress("gate")
    with pytest.raises(LookupError, match="Choose from gates, perceptron"):
        progress("zzz")


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
    assert "1 try" in repr(progress("one-neuron"))
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
