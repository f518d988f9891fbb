"""The tests of the printed formulas notice small changes, and what they do not notice is known."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

import mutants as command
from fysstk_book import sources
from fysstk_book.printed.tree import parse
from mutations import KINDS, mutants

ROOT = Path(__file__).parents[1]


def texts(latex, kind):
    return {m.text for m in mutants(parse(latex)) if m.kind == kind}


@pytest.mark.parametrize(
    ("kind", "latex", "expected"),
    [
        ("sign", "a = b - c", {"a = b + c"}),
        ("sign", "a = -b", {"a = b"}),
        ("indices", "w_{ij}^l = 1", {"w_{j i}^{l} = 1", "w_{l}^{i j} = 1"}),
        ("layer", "a^l = 1", {"a^{l + 1} = 1", "a^{l - 1} = 1"}),
        ("layer", "a^{l+1} = 1", {"a^{l + 1 + 1} = 1", "a^{l} = 1"}),
        ("dropped", "f'(z) = (X)^T", {"( z ) = ( X )^{T}", "f ( z ) = ( X )^{T}", "f' ( z ) = ( X )"}),
        ("dropped", r"x \circ y = 1", {"x = 1", "y = 1"}),
        ("fraction", r"\frac{a}{b} = 1", {r"\frac{b}{a} = 1"}),
        ("name", "a = b_i + c_i", {"a = c_{i} + c_{i}", "a = b_{i} + b_{i}"}),
        ("number", "a = 9 + 0.5", {"a = 1 + 0.5", "a = 9 + 0.6"}),
        ("relation", r"a \leq b < c", {r"a \geq b < c", r"a \leq b > c"}),
    ],
)
def test_a_formula_is_changed_in_small_ways(kind, latex, expected):
    found = texts(latex, kind)
    assert set(map(parse, expected)) <= set(map(parse, found))
    assert parse(latex) not in map(parse, found)


def test_the_kinds_are_those_that_are_counted():
    book = command.formulas()
    assert len(book) > 300
    some = list(book.values())[::15]
    assert {m.kind for latex in some for m in mutants(parse(latex))} == set(KINDS)


def test_nothing_is_changed_that_nothing_could_notice():
    noted = mutants(parse(r"4 \to 2 \quad\text{for } f'"))
    assert noted and not [m for m in noted if "f" in m.change]
    for latex, empty in [("a = b", "a = a"), (r"\frac{dx}{dy} = 1", r"\frac{dx}{dx} = 1")]:
        assert parse(empty) not in [m.tree for m in mutants(parse(latex))]


def test_a_draw_is_the_same_again_and_another_one_for_another_book():
    book = dict(list(command.formulas().items())[:8])
    new = {**book, "eq-new": "a = b + c"}
    assert command.drawn(book, 5, 4) == command.drawn(book, 5, 4) != command.drawn(new, 5, 4)
    every, few = command.chosen(book, None), command.chosen(book, 3)
    assert all(min(3, len(every[label])) <= len(few[label]) <= len(every[label]) for label in book)
    assert few == {label: command.chosen(new, 3)[label] for label in book}


def test_a_sample_of_changes_is_noticed():
    """Other changes each time a formula changes: what survives makes a test stronger, or is listed."""
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "mutants.py", "--draw", "30"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """A function that writes a list of survivors of its own."""

    def write(reasons):
        content = {
            label: [{"latex": latex, "reason": reason} for latex, reason in rows.items()]
            for label, rows in reasons.items()
        }
        (tmp_path / "survivors.yml").write_text(yaml.safe_dump(content))
        monkeypatch.setattr(command, "LISTED", tmp_path / "survivors.yml")

    return write


def test_survivors_are_listed_and_nothing_else_is(listed):
    label = "eq-perceptron-sigmoid-derivative"
    first, second, *_ = mutants(parse(command.formulas()[label]))
    tried = [
        command.Tried(label, first.kind, first.change, first.text, ""),
        command.Tried(label, second.kind, second.change, second.text, "by value"),
    ]
    listed({})
    (complaint,) = command.complaints(tried)
    assert complaint.startswith(f"{label}: nothing notices") and first.text in complaint
    listed({label: {first.text: "It is as true."}})
    assert command.complaints(tried) == []
    listed({label: {first.text: "So.", second.text: "No.", "a = b": "Old."}})
    caught, gone = command.complaints(tried)
    assert "is caught" in caught and "is no change of the formula any more" in gone
    stored = command.summary(tried, [], {"each": 2})
    assert stored["labels"] == {label: [1, 0, 1]}
    assert [one["reason"] for one in stored["survivors"]] == ["So."]


def test_the_stored_result_is_whole():
    stored = json.loads(command.RESULT.read_text("utf8"))
    kinds, labels = (
        [sum(counts[n] for counts in stored[key].values()) for n in range(3)] for key in ("kinds", "labels")
    )
    assert kinds == labels
    assert kinds[2] == len(stored["survivors"])
    assert kinds[0] > 0.8 * sum(kinds)
    missed = Counter(one["label"] for one in stored["survivors"])
    assert missed == {label: counts[2] for label, counts in stored["labels"].items() if counts[2]}
    assert all(one["reason"] for one in stored["survivors"])
    assert set(missed) <= set(sources.equations(ROOT))
    assert command.RESULT.stat().st_size < 200_000
