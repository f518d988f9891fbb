"""Every claim of the book has a test, every such test has a claim, and no two equations share a label."""

import ast
import json
import re
import shutil
from pathlib import Path

import pytest

import warm
from fysstk_book import sources

ROOT = Path(__file__).parents[1]


def labelled_equations():
    """Return (label, page) of all labelled equations in the book's sources, repetitions included."""
    return [
        (entry.label, path.name)
        for path in sorted((ROOT / "book").glob("*.md"))
        for entry in sources.labelled(path)
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


def test_every_definition_is_read_by_a_test():
    """In its own test, or as what a name stands for in another's; but for the one that is all words."""
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests" / "equations").glob("test_*.py"))
    read = set(re.findall(r'"(def-[\w-]+)"', tests))
    definitions = [(label, page) for label, page in labelled_equations() if label.startswith("def-")]
    missing = [f"{page}: {label}" for label, page in definitions if label not in read]
    missing.remove("iris.md: def-iris-confusion")
    assert len(definitions) > 80
    assert not missing, "definitions that no test reads:\n  " + "\n  ".join(missing)


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


# The file that a whole run of tests/equations writes

TESTS = """
import pytest

@pytest.mark.equation("eq-a", method="numeric")
@pytest.mark.equation("eq-b", method="sympy", printed=r"b")
def test_both(printed, discrepancy):
    printed("eq-a").holds({"a": 1, "c": 1 - 2 ** -30})
    discrepancy(-3e-9)

@pytest.mark.equation("eq-a", method="sympy")
@pytest.mark.parametrize("x", [1, 2])
def test_one(printed, x):
    printed("eq-a").holds({"a": x, "c": x})
"""


@pytest.fixture
def small_book(tmp_path):
    """A book of one page with two equations, and two files that prove them."""
    folder = tmp_path / "tests" / "equations"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "equations" / "conftest.py", folder)
    for name in ("test_first.py", "test_second.py"):
        (folder / name).write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    equation(label, method): ...\n")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/page\n")
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "page.md").write_text(
        "# Page\n\n$$ x $$ (def-x)\n\n$$ a \\leq c + 1 $$ (eq-a)\n\n$$ b $$ (eq-b)\n"
    )
    return tmp_path


def run(root, *arguments):
    """Run pytest on the small book, with no plugin that is not asked for."""
    (root / "run.py").write_text("import pytest\n\nraise SystemExit(pytest.main())\n")
    bare = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return warm.run("run.py", "-q", "-p", "no:cacheprovider", *arguments, cwd=root, **bare)


@pytest.mark.parametrize("arguments", [[], ["tests/equations", "-p", "xdist", "-n", "2"]])
def test_a_whole_run_writes_the_ledger(small_book, arguments):
    assert run(small_book, *arguments).returncode == 0
    first, second = json.loads((small_book / "_build" / "ledger.json").read_text("utf8"))
    assert [first["label"], first["page"], first["number"], first["latex"]] == [
        "eq-a",
        "page",
        "2",
        r"a \leq c + 1",
    ]
    assert first["methods"] == ["numeric", "sympy"]
    assert first["discrepancy"] == 3e-9
    assert [first["reading"], second["reading"]] == ["by value", "by eye"]
    assert len(first["tests"]) == 6
    assert [second["label"], second["methods"], len(second["tests"])] == ["eq-b", ["sympy"], 2]
    assert [path.name for path in (small_book / "_build").iterdir()] == ["ledger.json"]


@pytest.mark.parametrize("arguments", [["-k", "test_one"], ["tests/equations/test_first.py"]])
def test_a_run_of_some_tests_leaves_the_ledger_alone(small_book, arguments):
    assert run(small_book, *arguments).returncode == 0
    assert not (small_book / "_build").exists()


def test_tests_that_give_no_row_fail(small_book):
    (small_book / "tests" / "equations" / "test_second.py").write_text(FAULTY)
    done = run(small_book)
    for complaint in ("needs @pytest.mark.equation", "'magic' is none of", "take the fixture `printed`"):
        assert complaint in done.stdout
    for complaint in (
        "prints an equation 'eq-lost'",
        "measures nothing",
        "the discrepancy is nan, not a finite number",
        "eq-a is marked and not read",
        "the page prints eq-a differently now",
        "eq-a does not use b",
        "does not hold: 3 and 2, which is 1 too far",
    ):
        assert complaint in done.stdout
    assert not (small_book / "_build").exists()


FAULTY = """
import pytest

def test_without_a_mark(discrepancy):
    discrepancy(0)

@pytest.mark.equation("eq-a", method="magic")
def test_by_unknown_means(discrepancy):
    discrepancy(0)

@pytest.mark.equation("eq-lost", method="sympy")
def test_of_nothing(discrepancy):
    discrepancy(0)

@pytest.mark.equation("eq-a", method="sympy")
def test_without_the_fixture():
    pass

@pytest.mark.equation("eq-a", method="sympy")
def test_that_does_not_measure(discrepancy):
    pass

@pytest.mark.equation("eq-a", method="sympy")
def test_that_measures_nonsense(discrepancy):
    discrepancy(float("nan"))

@pytest.mark.equation("eq-a", method="sympy")
def test_that_does_not_look(discrepancy):
    discrepancy(0)

@pytest.mark.equation("eq-a", method="sympy", printed=r"a \\leq b + 1")
def test_that_looked_long_ago(discrepancy):
    discrepancy(0)

@pytest.mark.equation("eq-a", method="sympy")
def test_of_another_formula(printed):
    printed("eq-a").holds({"a": 1, "c": 1, "b": 1})

@pytest.mark.equation("eq-a", method="sympy")
def test_of_something_wrong(printed):
    printed("eq-a").holds({"a": 3, "c": 1})
"""


HALF = """
import pytest

@pytest.mark.equation("eq-a", method="numeric")
def test_of_one_side(printed, discrepancy):
    assert printed("eq-a").value({"c": 1}) == 2
    discrepancy(0)
"""


def test_an_equation_of_which_nothing_reads_one_side_fails(small_book):
    folder = small_book / "tests" / "equations"
    (folder / "test_second.py").unlink()
    (folder / "test_first.py").write_text(HALF)
    done = run(small_book)
    assert done.returncode == 1
    assert "eq-a: no test reads all of it by value, and none pins it" in done.stdout
    assert not (small_book / "_build").exists()


def test_the_example_for_contributors_proves_its_equation(small_book):
    chapter = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf8").split("## A new equation")[1]
    claim = re.search(r"```markdown\n(.*?)```", chapter, re.DOTALL)[1]
    folder = small_book / "tests" / "equations"
    for path in folder.glob("test_*.py"):
        path.unlink()
    example = re.search(r"```python\n(.*?)```", chapter, re.DOTALL)[1]
    (folder / "test_softsign.py").write_text(example, encoding="utf8")
    page = small_book / "book" / "page.md"
    page.write_text(f"# Softsign\n\n{claim}", encoding="utf8")
    assert run(small_book).returncode == 0
    (row,) = json.loads((small_book / "_build" / "ledger.json").read_text("utf8"))
    assert row["reading"] == "by value"
    assert 0 < row["discrepancy"] < 1e-8
    page.write_text(f"# Softsign\n\n{claim}".replace("= ", "= -"), encoding="utf8")
    said = " ".join(run(small_book).stdout.split())
    assert "eq-softsign-slope: " in said
    assert "does not hold: 0.111111 and -0.111111, which is 0.222 too far" in said


ONE = """
import pytest

@pytest.mark.equation("eq-{name}", method="numeric")
def test_it(printed):
    printed("eq-{name}").holds({{"{name}": 2}}, where=["def-x"])
"""


def test_a_build_runs_the_files_that_rest_on_what_has_changed_and_no_others(small_book):
    shutil.copytree(ROOT / "tools", small_book / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    (small_book / "pyproject.toml").touch()
    folder, page = small_book / "tests" / "equations", small_book / "book" / "page.md"
    for file, name in (("test_first.py", "a"), ("test_second.py", "b")):
        (folder / file).write_text(ONE.format(name=name))
    text = "# Page\n\n$$ x = 2 $$ (def-x)\n\n$$ a = 2 $$ (eq-a)\n\n$$ b = x $$ (eq-b)\n"
    page.write_text(text)

    (small_book / "tools" / "check.py").write_text("import build_book\nbuild_book.check_equations()\n")

    def build():
        done = warm.run("tools/check.py", cwd=small_book, **warm.BARE)
        table = json.loads((small_book / "_build" / "ledger.json").read_text("utf8"))
        ran = re.search(r"checked, (\d|unchanged)", done.stdout)
        return ran[1] if ran else done.stdout, [(row["number"], row["latex"]) for row in table]

    assert build() == ("2", [("2", "a = 2"), ("3", "b = x")])
    (folder / "test_first.py").write_text("# a comment\n" + ONE.format(name="a"))
    page.write_text(text.replace("# Page\n", "# Page\n\n$$ c $$ (def-c)\n"))
    assert build() == ("unchanged", [("3", "a = 2"), ("4", "b = x")]), "numbers alone need no test"
    page.write_text(text.replace("a = 2", "a = 1 + 1"))
    assert build() == ("1", [("2", "a = 1 + 1"), ("3", "b = x")])
    page.write_text(text.replace("x = 2", "x = 3"))  # of a definition that the second file looks up
    said, _ = build()
    assert "eq-b: b = x does not hold: 2 and 3" in said
    assert "eq-a" not in said
    page.write_text(text.replace("x = 2", "x = 4 - 2"))
    (folder / "test_first.py").write_text(ONE.format(name="a") + "\n    assert True\n")
    assert build() == ("2", [("2", "a = 2"), ("3", "b = x")])
