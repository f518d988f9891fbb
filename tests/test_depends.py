"""What depends on what, read from imports; and what a chapter's run rests on, noted while it runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import depends
import reads
import warm

ROOT = Path(__file__).parents[1]


def write(root, files):
    """Write files below a folder."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def names(root, found):
    return sorted(path.relative_to(root).as_posix() for path in found)


def test_imports_lead_to_modules_and_the_packages_on_the_way(tmp_path):
    files = {
        "src/a/__init__.py": "",
        "src/a/b.py": "from a.c import value",
        "src/a/c.py": "def f():\n    import tool.deep",
        "src/a/unused.py": "",
        "tools/tool/__init__.py": "import numpy",
        "tools/tool/deep.py": "import a.b  # a circle",
        "tests/test_it.py": "from a import b",
    }
    write(tmp_path, files)
    found = names(tmp_path, depends.reach([tmp_path / "tests/test_it.py"], tmp_path))
    assert found == sorted(set(files) - {"src/a/unused.py"})
    assert depends.find("numpy", tmp_path) == []


def test_a_relative_import_is_refused():
    with pytest.raises(ValueError, match="line 1: a relative import"):
        list(depends.imports("from . import x"))


def test_the_static_reader_finds_all_that_an_import_loads():
    """Held against Python itself, for a module that leads to many others."""
    code = "import sys, fysstk_book.check\nfor m in sys.modules.values(): print(getattr(m, '__file__', ''))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = {Path(file) for file in said.splitlines() if file.startswith(str(ROOT / "src"))}
    assert len(loaded) > 20
    assert loaded <= depends.reach(depends.find("fysstk_book.check"))


def test_a_comment_changes_no_fingerprint_and_a_docstring_does(tmp_path):
    module, data = tmp_path / "a.py", tmp_path / "a.json"

    def of(text, path=module, **options):
        path.write_text(text)
        return depends.fingerprint(path, **options)

    assert of("x = 1") == of("# why\nx  =  1\n") != of("x = 2")
    assert of("x = 1", as_text=True) != of("x = 1  # why", as_text=True)
    assert of("def f():\n    'a'") != of("def f():\n    'b'")
    assert of("1 +") != of("1 + ")
    assert of("{}", data) != of("{ }", data)
    assert depends.fingerprint(tmp_path / "none") == ""


# --- A chapter's run ----------------------------------------------------------------------------------------

HEAD = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
# One

```{code-cell} ipython3
"""
BOOK = {
    "book/one.md": HEAD + "import json, os, helper\ncount = open('../runs', 'a').write('.')\n"
    "pid = os.fork()\nif not pid:\n    open('../data/child.txt').read()\n    os._exit(0)\n"
    "os.waitpid(pid, 0)\n"
    "print(helper.x, json.load(open('../data/a.json')))\n```\n",
    "book/helper.py": "from other import x\n",
    "book/other.py": "x = 1  # one\n",
    "book/unused.py": "x = 1\n",
    "data/a.json": "[1]",
    "data/b.json": "[1]",
    "data/child.txt": "1",
}
RUN = """
import sys
from pathlib import Path

import run_chapters

[chapter] = run_chapters.read_all([Path("book/one.md").resolve()])
if not chapter.fresh:
    with run_chapters.calm_environment() as sockets:
        run_chapters.run(chapter, sockets)
"""


@pytest.fixture(scope="module")
def run_again(tmp_path_factory):
    """A function that runs a chapter if it has to be, and returns how often it has run so far."""
    root = tmp_path_factory.mktemp("book")
    write(root, BOOK)
    write(root, {f"tools/{path.name}": path.read_text("utf-8") for path in (ROOT / "tools").glob("*.py")})
    write(root, {"tools/run_one.py": RUN})

    def run_again(files=BOOK):
        write(root, files)
        assert warm.run("tools/run_one.py", cwd=root).returncode == 0
        return len((root / "runs").read_text())

    run_again.root = root
    return run_again


def test_a_run_is_made_again_when_what_it_rests_on_has_changed_and_only_then(run_again):
    runs = run_again()
    assert run_again({}) == runs
    for same in (
        {"book/other.py": "# a comment\nx = 1\n"},
        {"book/unused.py": "x = 2"},
        {"data/b.json": "[2]"},
        {"book/one.md": BOOK["book/one.md"].replace("# One", "# The first")},
    ):
        assert run_again(same) == runs, same
    for other in (
        {"book/other.py": "x = 2\n"},
        {"data/a.json": "[2]"},
        {"data/child.txt": "2"},
        {"book/one.md": BOOK["book/one.md"].replace("helper.x", "helper.x + 1")},
        {"tools/reads.py": (ROOT / "tools" / "reads.py").read_text("utf-8") + "# a tool\n"},
    ):
        assert run_again(other) == (runs := runs + 1), other
        assert run_again({}) == runs, other
    [notes] = [json.loads(path.read_text()) for path in run_again.root.glob("_build/executed/one-*.json")][
        -1:
    ]
    assert {"book/helper.py", "book/other.py", "data/a.json", "data/child.txt"} <= set(
        notes["rests_on"]["files"]
    )


@pytest.mark.parametrize(
    "code",
    ["import inspect", "print(inspect.getsource(f))", "f??", "%psource f", "1 / 0\n['raises-exception']"],
)
def test_whoever_shows_source_code_sees_comments_too(code):
    assert reads.rests_on(code, [], [])["as_text"]
    assert not reads.rests_on("f(x)  # why?", [], [])["as_text"]


def test_checks_rest_on_the_numbers_of_their_equations_and_not_on_the_pages(monkeypatch):
    loaded = [str(ROOT / "src" / "fysstk_book" / "exercises" / "gates.py"), "/usr/lib/python3/os.py"]
    opened = [
        str(ROOT / "book" / "gates.md"),
        str(ROOT / "_toc.yml"),
        str(ROOT / "book" / "measured" / "x.json"),
    ]
    found = reads.rests_on("check('gates-and', 1)", loaded, opened)
    assert "src/fysstk_book/exercises/gates.py" in found["files"]
    assert [file for file in found["files"] if not file.startswith("src/")] == ["book/measured/x.json"]
    assert found["labels"] and all(label.startswith(("eq-gates", "def-gates")) for label in found["labels"])
    now = reads.state(found)
    book = reads.numbers.read_book(ROOT)
    other = {**book.equations, found["labels"][0]: "9.99"}
    monkeypatch.setattr(
        reads.numbers, "read_book", lambda root: type(book)(other, book.titles, book.chapter_of)
    )
    reads.book.cache_clear()
    assert reads.state(found) != now
    reads.book.cache_clear()


def test_whoever_reads_more_in_the_pages_rests_on_them():
    loaded = [str(ROOT / "src" / "fysstk_book" / "paths.py")]
    assert "book/gates.md" in reads.rests_on("", loaded, [str(ROOT / "book" / "gates.md")])["files"]
    loaded = [str(ROOT / "src" / "fysstk_book" / "numbers.py")]
    assert "book/gates.md" not in reads.rests_on("", loaded, [str(ROOT / "book" / "gates.md")])["files"]


def test_a_file_that_is_written_during_a_run_leaves_its_result_in_doubt(tmp_path):
    write(tmp_path, {"a.py": "x = 1"})
    found = {"files": ["a.py"], "as_text": False}
    written = (tmp_path / "a.py").stat().st_mtime
    assert reads.state(found, tmp_path, before=written + 1) == reads.state(found, tmp_path) != {}
    assert reads.state(found, tmp_path, before=written - 1) == {}
