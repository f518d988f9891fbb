"""Run the tests that are nearest to what has changed since the branch left main: `make test-fast`.

A changed module brings the tests that import it themselves; a page or an entry of the catalogue, the tests of
its equations, of its form, of its exercises, and of what pages say of each other; a test, itself. Without a
change, the tests of the algebra run. What else may notice is named, and left to `make test`; so are the tests
that need a browser.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import depends
from inputs import ROOT

BASES = ("origin/main", "main")
OF_PAGES = ("test_chapters.py", "test_notebooks.py", "test_exercises.py")  # tests have a page's name
BETWEEN_PAGES = (  # one page names what stands on another
    "test_common_mistakes.py",
    "test_crosswalk.py",
    "test_papers.py",
    "test_paths.py",
    "test_questions_words.py",
    "test_selfchecks.py",
    "test_selfchecks_by_hand.py",
)


@dataclass
class Choice:
    """Test files to run, those of which the tests with certain names suffice, and those left out."""

    files: set[Path] = field(default_factory=set)
    pages: set[str] = field(default_factory=set)
    left_out: set[Path] = field(default_factory=set)


def changed(root: Path = ROOT) -> list[Path]:
    """Return the files that differ from where this branch left main, committed or not."""

    def git(*command: str) -> str:
        found = subprocess.run(["git", *command], cwd=root, capture_output=True, text=True)
        return found.stdout if found.returncode == 0 else ""

    base = next((b for name in BASES if (b := git("merge-base", "HEAD", name).strip())), "HEAD")
    names = git("diff", "--name-only", "--no-renames", "-z", base)
    names += git("ls-files", "--others", "--exclude-standard", "-z")
    return sorted({root / name for name in names.split("\0") if name})


def choose(paths: Iterable[Path], root: Path = ROOT) -> Choice:
    """Choose the tests for changed files."""
    tests = sorted((root / "tests").rglob("test_*.py"))
    programs = {path for path in paths if path.suffix == ".py" and path.is_file()}
    pages = {path.stem for path in paths if path.suffix == ".md" and path.parent == root / "book"}
    pages |= {path.stem.replace("_", "-") for path in programs if path.parent.name == "exercises"}
    found = Choice({test for test in tests if test in programs}, pages)
    names = {page.replace("-", "_") for page in pages}
    parts = {part for path in programs for part in (path.stem, path.parent.name)} - {"tests", "exercises"}
    modules = programs - found.files
    for test in tests:
        name = test.stem.removeprefix("test_")
        in_equations = test.parent != root / "tests"
        between = pages and test.name in BETWEEN_PAGES and not in_equations
        own = any(name == part or name.startswith(f"{part}_") for part in parts) and not in_equations
        settings = {test.with_name("conftest.py"), root / "tests" / "conftest.py"}
        if name in names or between or (modules and own) or modules & (settings | imported(test, root)):
            found.files.add(test)
        elif modules & depends.reach([test], root):
            found.left_out.add(test)
    if not found.files and not found.pages:
        algebra = {path.stem for path in (root / "src" / "fysstk_nn").glob("*.py")}
        found.files = {test for test in tests if test.stem.removeprefix("test_") in algebra}
        found.left_out = set(tests) - found.files
    return found


def imported(test: Path, root: Path) -> set[Path]:
    """Return the modules that a test imports itself; none for equations, which belong to their page."""
    if test.parent != root / "tests":
        return set()
    names = depends.imports(test.read_text(encoding="utf-8"))
    return {file for name in names for file in depends.find(name, root)[-1:]}


def named(paths: Iterable[Path], root: Path = ROOT) -> str:
    """Return names of tests in one line."""
    return ", ".join(sorted(path.relative_to(root / "tests").as_posix() for path in paths)) or "none"


def main() -> int:
    """Choose, say what is left out, run; return the exit status."""
    paths = changed()
    choice = choose(paths)
    print(f"{len(paths)} changed files. Tests: {named(choice.files)}")
    if choice.pages:
        print(f"Of {', '.join(OF_PAGES)}: those of {', '.join(sorted(choice.pages))}")
    print(f"Left out, though a change may reach them: {named(choice.left_out)}")
    print("Left out as well: all that looks at the built site in a browser. `make test` runs everything.\n")
    pytest = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal", "-m", "not browser"]
    status = 0
    if choice.files:
        status = subprocess.call([*pytest, *map(str, sorted(choice.files))], cwd=ROOT)
    if choice.pages:
        files = [str(ROOT / "tests" / name) for name in OF_PAGES]
        only = " or ".join(sorted(choice.pages))
        status = status or subprocess.call([*pytest, *files, "-k", only], cwd=ROOT)
    return 0 if status == 5 else status  # 5: no test of that name


if __name__ == "__main__":
    sys.exit(main())
