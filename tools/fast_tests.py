"""Run the tests that are nearest to what has changed since the branch left main: `make test-fast`.

A changed module brings the tests that import it themselves, and that of the floors; a page or an entry of the
catalogue, the tests of its equations, of its form, of its exercises, and of what pages say of each other; a
test, itself; any other file, the tests that name it. Comments change nothing. Without a change, the tests of
the algebra run. What else may notice is named, and left to `make test`; so are the tests that need a browser.
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
    "test_book_numbers.py",
    "test_check_pages.py",
    "test_common_mistakes.py",
    "test_crosswalk.py",
    "test_errata.py::test_every_reference_to_an_erratum_leads_somewhere",
    "test_glossary.py",
    "test_held.py::test_no_page_gains_numbers_that_no_run_holds",
    "test_ledger.py::test_every_claim_has_a_test",
    "test_ledger.py::test_every_test_has_a_claim",
    "test_ledger.py::test_no_two_equations_share_a_label",
    "test_papers.py",
    "test_paths.py",
    "test_questions_words.py",
    "test_search.py::test_every_synonym_has_its_section",
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
    names = _git(root, "diff", "--name-only", "--no-renames", "-z", _base(root))
    names += _git(root, "ls-files", "--others", "--exclude-standard", "-z")
    return sorted({root / name for name in names.split("\0") if name})


def only_comments(path: Path, root: Path = ROOT) -> bool:
    """Tell whether a file is a program that differs from what it was in comments and layout alone."""
    if path.suffix != ".py" or not path.is_file():
        return False
    old = _git(root, "show", f"{_base(root)}:{path.relative_to(root).as_posix()}")
    return depends.same_code(old, path.read_text(encoding="utf-8"))


def _git(root: Path, *command: str) -> str:
    found = subprocess.run(["git", *command], cwd=root, capture_output=True, text=True, encoding="utf-8")
    return found.stdout if found.returncode == 0 else ""


def _base(root: Path) -> str:
    return next((b for name in BASES if (b := _git(root, "merge-base", "HEAD", name).strip())), "HEAD")


def choose(paths: Iterable[Path], root: Path = ROOT) -> Choice:
    """Choose the tests for changed files; without any, those of the algebra."""
    paths = list(paths)
    tests = sorted((root / "tests").rglob("test_*.py"))
    programs = {path for path in paths if path.suffix == ".py" and path.is_file()}
    pages = {path.stem for path in paths if path.suffix == ".md" and path.parent == root / "book"}
    pages |= {path.stem.replace("_", "-") for path in programs if path.parent.name == "exercises"}
    found = Choice({test for test in tests if test in programs}, pages)
    names = {page.replace("-", "_") for page in pages}
    modules = programs - found.files
    others = {path for path in paths if path not in programs and path.stem not in pages}
    nearest = {part for path in modules | others for part in (path.stem, path.parent.name)}
    nearest -= {"tests", "exercises"}
    if pages:
        between = (root / "tests" / name for name in BETWEEN_PAGES)
        found.files |= {test for test in between if test.with_name(test.name.partition("::")[0]) in tests}
    for test in tests:
        name = test.stem.removeprefix("test_")
        in_equations = test.parent != root / "tests"
        own = any(name == part or name.startswith(f"{part}_") for part in nearest) and not in_equations
        settings = {test.with_name("conftest.py"), root / "tests" / "conftest.py"}
        floors = test.name == "test_floors.py" and any(root / "src" in path.parents for path in modules)
        says = any(path.name in test.read_text(encoding="utf-8") for path in others)
        if name in names or own or floors or says or modules & (settings | imported(test, root)):
            found.files.add(test)
        elif modules & depends.reach([test], root):
            found.left_out.add(test)
    if not paths:
        algebra = {path.stem for path in (root / "src" / "fysstk_nn").glob("*.py")}
        of_modules = [test for test in tests if test.parent == root / "tests"]
        found.files = {test for test in of_modules if test.stem.removeprefix("test_") in algebra}
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
    telling = [path for path in paths if not only_comments(path)]
    choice = choose(telling) if telling or not paths else Choice()
    print(f"{len(paths)} changed files, {len(paths) - len(telling)} in comments alone.")
    print(f"Tests: {named(choice.files)}")
    if choice.pages:
        print(f"Of {', '.join(OF_PAGES)}: those of {', '.join(sorted(choice.pages))}")
    print(f"Left out, though a change may reach them: {named(choice.left_out)}")
    print("Left out as well: all that looks at the built site in a browser. `make test` runs everything.\n")
    pytest = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal", "-m", "not browser"]
    files = sorted(choice.files)
    if choice.pages:
        only = " or ".join(sorted(choice.pages))
        files += [ROOT / "tests" / name for name in OF_PAGES]
        pytest += ["-k", f"{only} or not ({' or '.join(OF_PAGES)})"]
    status = subprocess.call([*pytest, *map(str, files)], cwd=ROOT) if files else 0
    return 0 if status == 5 else status  # 5: all of them need a browser


if __name__ == "__main__":
    sys.exit(main())
