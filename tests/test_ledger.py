"""Every claim of the book has a test, every such test has a claim, and no two equations share a label."""

import ast
from pathlib import Path

from fysstk_nn import _sources

ROOT = Path(__file__).parents[1]


def labelled_equations():
    """Return (label, page) of all labelled equations in the book's sources, repetitions included."""
    return [
        (entry.label, path.name)
        for path in sorted((ROOT / "book").glob("*.md"))
        for entry in _sources.labelled(path)
        if entry.kind == "equation"
    ]


def marks_in_the_tests():
    """Return (label, place) of all `pytest.mark.equation(label, ...)` in the sources of tests/equations."""
    found = []
    for path in sorted((ROOT / "tests" / "equations").glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.equation":
                place = f"{path.name}:{node.lineno}"
                label = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
                assert isinstance(label, str), f"{place}: the label of an equation is a literal string"
                found.append((label, place))
    return found


def test_every_claim_has_a_test():
    tested = {label for label, _ in marks_in_the_tests()}
    claims = [(label, page) for label, page in labelled_equations() if label.startswith("eq-")]
    missing = [f"{page}: {label}" for label, page in claims if label not in tested]
    assert tested, "tests/equations holds no test of an equation"
    assert not missing, "claims without a test in tests/equations:\n  " + "\n  ".join(missing)


def test_every_test_has_a_claim():
    printed = {label for label, _ in labelled_equations()}
    stray = [f"{place}: {label}" for label, place in marks_in_the_tests() if label not in printed]
    assert printed, "the book holds no labelled equation"
    assert not stray, "tests of equations that no page prints:\n  " + "\n  ".join(stray)


def test_no_two_equations_share_a_label():
    pages = {}
    for label, page in labelled_equations():
        pages.setdefault(label, []).append(page)
    twice = {label: where for label, where in pages.items() if len(where) > 1}
    assert not twice, f"labels used more than once: {twice}"
