"""The tests of the printed formulas notice small changes, and what they do not notice is known."""

import json
import runpy
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

import mutants as command
import warm
from fysstk_book import sources
from fysstk_book.printed.formula import Formula
from fysstk_book.printed.names import from_one
from fysstk_book.printed.tree import parse
from mutations import KINDS, mutants, others, units
from stand_ins import Notes, is_equivalent, watching

ROOT = Path(__file__).parents[1]


def changes(latex):
    """Every change, as if every name had a value everywhere."""
    tree = parse(latex)
    printed = list(units(tree))
    return mutants(tree, {node: [new for _, _, new in others(node, printed)] for node in printed})


def texts(latex, kind):
    return {m.text for m in changes(latex) if m.kind == kind}


def noted(latex, names, **ranges):
    """What is known of a formula's names after it has been found true."""
    notes = Notes("eq-here", parse(latex))
    with watching(notes):
        Formula("eq-here", notes.tree, parse).holds(names, **ranges)
    return notes


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
        ("relation", r"a = \sum_{i=1}^n b_i", {r"a \ne \sum_{i=1}^n b_i"}),
        ("name", r"\frac{da}{dx} = \frac{db}{dy}", {r"\frac{db}{dx} = \frac{db}{dy}"}),
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
    assert {m.kind for latex in some for m in changes(latex)} == set(KINDS)


def test_nothing_is_changed_that_nothing_could_notice():
    some = changes(r"4 \to 2 \quad\text{for } f'")
    assert some and not [m for m in some if "f" in m.change]
    for latex, empty in [("a = b", "a = a"), (r"\frac{dx}{dy} = 1", r"\frac{dx}{dx} = 1")]:
        assert parse(empty) not in [m.tree for m in changes(latex)]
    assert not [
        m for m in changes(r"\sum_{i=1}^n \ln x_i = y") if "factor x" in m.change or " i is" in m.change
    ]


def test_a_name_gives_way_to_what_has_a_value_of_its_kind_there():
    names = {
        "y": 13.5,
        "n": 2,
        "f": lambda x: 2 * x,
        "g": abs,
        "x_i": from_one([2, 3]),
        "v": np.ones(2),
        "c": 3.5,
    }
    notes = noted("y = c + \\sum_{i=1}^n f(x_i) + g(v v - 2)", names)
    found = {str(node): set(map(str, new)) for node, new in notes.stand_ins.items()}
    assert found["f"] == {"g"}
    assert found["c"] == {"y", "n"}  # i has no value outside of its sum, and v is an array
    assert found["n"] == set()  # the bound of a sum is a whole number, and c is 3.5
    assert found["x_{i}"] == set()  # there are no x_{n + 1}, no other x
    assert "x_{i + 1}" not in found["x_{i}"]


@pytest.mark.parametrize(
    ("latex", "names", "there", "left_out"),
    [
        ("y = f(a) + g(a, a)", {"y": 3, "f": abs, "g": lambda a, b: a + b, "a": 1}, [], ["y = g ( a )"]),
        (
            "y = A x",
            {"y": np.ones(2), "A": np.eye(2), "x": np.ones(2)},
            ["y = x"],
            ["y = y x", "A = A x"],
        ),
        ("y = A x", {"y": np.ones(2), "A": np.ones((2, 1)), "x": np.ones(1)}, [], ["y = x", "y = y x"]),
        ("A^T A = B", {"A": np.ones((3, 1)), "B": np.full((1, 1), 3)}, [], ["A A", "A^{T} B", "A^{T} = B"]),
        (r"\sum_{i=1}^2 x_i = y", {"x_i": from_one([2, 3]), "y": 5}, [r"\sum_{i=1}^1 x_i = y"], ["^3 x_i"]),
        (r"\sum_{i=1}^n x_i = m", {"x_i": from_one([2, 3]), "n": 2, "m": 5}, [], ["^m x_i"]),
        (r"b = 2 \qquad y = b x", {"y": 6, "x": 3}, [r"b = 3 \qquad y = b x"], [r"b \ne 2", "x = 2"]),
        (r"\int_0^1 x^2 d x = a", {"a": 1 / 3}, [r"\int_0^1 x d x = a"], ["x^2 d = a", "x^2 x = a"]),
        (r"a_j = 1 \quad (j = 0, 1)", {"a_j": [1, 1]}, [r"a_j = 2 \quad (j = 0, 1)"], [r"j \ne 0"]),
    ],
)
def test_a_change_leaves_a_formula_with_a_value_of_the_same_kind(latex, names, there, left_out):
    notes = noted(latex, names)
    found = {str(m.tree) for m in mutants(notes.tree, notes.changeable())}
    assert found and {str(parse(text)) for text in there} <= found
    for text in left_out:
        assert not [one for one in found if text.replace(" ", "") in one.replace(" ", "")]


def test_a_name_is_watched_also_after_another_formula_was_asked():
    other = Formula("eq-other", parse("b = 2"), parse)
    names = {"f": lambda x: x * other.value(), "c": 6, "a": 3, "b": 7}
    notes = noted("c = f(a) = a + 3", {key: names[key] for key in "fca"})
    assert set(map(str, notes.stand_ins[parse("a").parts[0].parts[0].parts[1][0]])) == {"c"}
    assert notes.probes[parse("a").parts[0].parts[0].parts[1][0]] == 2


def test_what_o_stands_for_has_any_sign():
    assert not [m for m in changes("a = b - O(h^2)") if m.text == "a = b + O ( h^{2} )"]


@pytest.mark.parametrize(
    ("latex", "same", "different"),
    [
        ("y = a b + 0 c", "y = a b + 1 (0 c)", "y = a b + c"),
        (r"y = \sum_{i=1}^n x_i", r"y = \sum_{j=1}^n x_j", r"y = \sum_{i=1}^n x_1"),
        ("y = |a - b|", "y = |b - a|", "y = a - b"),
    ],
)
def test_what_has_the_same_value_for_all_values_is_no_mutant(latex, same, different):
    values = {"y": 6, "a": 3, "b": 2, "c": 5, "n": 3, "x_i": from_one([1, 2, 3])}
    values["y"] = 1 if "|" in latex else 6
    names = {key: value for key, value in values.items() if key.rstrip("_i") in latex}
    notes = noted(latex, names)
    assert is_equivalent(notes, parse(same))
    assert not is_equivalent(notes, parse(different))
    assert not is_equivalent(notes, parse(latex.replace("=", r"\leq")))


def test_a_draw_is_the_same_again_and_another_one_for_another_book():
    book = dict(list(command.formulas().items())[:8])
    new = {**book, "eq-new": "a = b + c"}
    assert command.drawn(book, 4) == command.drawn(book, 4) != command.drawn(new, 4)
    for label, latex in book.items():
        every = changes(latex)
        few = command.chosen(label, every, 3)
        assert command.chosen(label, every, None) == every
        assert min(3, len(every)) <= len(few) <= len(every)
        (one,) = command.chosen(label, every, 3, "seed")
        assert one in few


def test_what_is_drawn_is_of_the_stored_result_unless_the_formula_is_another_now():
    book = command.formulas()
    some = list(command.stored_changes().items())[::20]
    assert all(len(command.kept(label, book[label])) == len(keys) for label, keys in some)
    assert [label for label, _ in some if command.kept(label, f"0 + {book[label]}")] == []
    assert command.kept("eq-new", "a = b + c") == []


def test_tests_that_fail_on_what_is_printed_are_said_and_nothing_is_changed(monkeypatch, capsys):
    broken = command.Outcome(broken=["eq-gates-ols: test_it fails without any change: 1 is not 2"])
    monkeypatch.setattr(command, "run", lambda *_: broken)
    monkeypatch.setattr(command, "store", lambda _: pytest.fail("this stores a result"))
    assert command.main([]) == 1
    assert capsys.readouterr().out.splitlines() == [
        *broken.broken,
        "Nothing was changed: mend these tests first.",
    ]


def test_a_sample_of_changes_is_noticed():
    """Other changes each time a formula changes: what survives makes a test stronger, or is listed."""
    done = warm.run("tools/mutants.py", "--draw", "30", cwd=ROOT)
    assert done.returncode == 0, done.stdout


def test_as_a_program_it_is_found_by_its_name(monkeypatch):
    """So that the processes of --jobs find its functions."""
    monkeypatch.setattr(command, "main", lambda: 3)
    with pytest.raises(SystemExit, match="3"):
        runpy.run_path(command.__file__, run_name="__main__")


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


def test_what_stopped_a_test_counts_and_not_what_its_fixtures_say_of_that():
    plugin = command.Run(["eq-gates-ols"], 1)
    for error in (ValueError("shapes do not fit"), AssertionError("this test measures nothing")):
        plugin.pytest_exception_interact(SimpleNamespace(excinfo=SimpleNamespace(value=error)))
    assert isinstance(plugin.raised, ValueError)


def test_survivors_are_listed_and_nothing_else_is(listed):
    label = "eq-perceptron-sigmoid-derivative"
    first, second, third, *_ = changes(command.formulas()[label])
    tried = [
        command.Tried(label, first.kind, first.change, first.text, ""),
        command.Tried(label, second.kind, second.change, second.text, "by value"),
        command.Tried(label, third.kind, third.change, third.text, "equivalent"),
    ]
    listed({})
    (complaint,) = command.complaints(command.Outcome(tried))
    assert complaint.startswith(f"{label}: nothing notices") and first.text in complaint
    listed({label: {first.text: "It is as true."}})
    assert command.complaints(command.Outcome(tried)) == []
    listed({label: {first.text: "So.", second.text: "No.", third.text: "No.", "a = b": "Old."}})
    caught, equal, gone = command.complaints(command.Outcome(tried, gone={label: ["a = b"]}))
    assert "is caught" in caught and "has the printed formula's value" in equal
    assert "is no change of the formula any more" in gone
    stored = command.summary(command.Outcome(tried, changes={label: ["1", "2", "3"]}), 2, 1.0)
    assert sum(map(np.array, stored["labels"][label].values())).tolist() == [1, 0, 1]
    assert [one["reason"] for one in stored["survivors"]] == ["So."]
    assert [one["latex"] for one in stored["equivalent"]] == [third.text]
    gone = {"eq-gone": {"sign": [0, 0, 1]}}
    lost = [{"label": "eq-gone", "change": "sign", "latex": "a", "reason": "So."}]
    other = {**stored, "labels": {"eq-first": {"sign": [1, 0, 0]}, label: {}, **gone}, "survivors": lost}
    other["changes"] = {"eq-first": ["4"], label: [], "eq-gone": ["5"]}
    both = command.join(other, stored, [label], ["eq-first", label])
    assert both["labels"] == {"eq-first": {"sign": [1, 0, 0]}, **stored["labels"]}
    assert both["changes"] == {"eq-first": ["4"], label: ["1", "2", "3"]}
    assert both["survivors"] == stored["survivors"] and both["equivalent"] == stored["equivalent"]
    assert both["provenance"]["seconds"] == 2.0 and both["provenance"]["data"].startswith("2 claims")


def test_the_stored_result_is_whole_and_of_this_book():
    stored = json.loads(command.RESULT.read_text("utf8"))
    counts = {label: np.sum(list(kinds.values()), axis=0) for label, kinds in stored["labels"].items()}
    by_value, by_error, missed = np.sum(list(counts.values()), axis=0)
    assert by_value >= 0.95 * (by_value + by_error + missed)
    assert missed < 0.02 * (by_value + by_error + missed)
    assert missed == len(stored["survivors"])
    left = Counter(one["label"] for one in stored["survivors"])
    assert left == {label: count[2] for label, count in counts.items() if count[2]}
    assert all(one["reason"] for one in stored["survivors"])
    equal = Counter(one["label"] for one in stored["equivalent"])
    tried = {label: len(keys) for label, keys in stored["changes"].items() if keys}
    assert tried == {label: count.sum() + equal[label] for label, count in counts.items()}
    assert set(counts) | set(stored["by eye"]) <= set(sources.equations(ROOT))
    assert len(counts) > 300 and set(counts) <= set(stored["left out"])
    assert command.RESULT.stat().st_size < 200_000
