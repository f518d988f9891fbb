"""What the papers say exists: exercises, commands, options, paths, names and variables; docstrings too."""

import ast
import functools
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fysstk_book import exercises

ROOT = Path(__file__).parents[1]
PAPERS = [
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md"),
    *("book/index.md", "book/instructors.md", "book/paths.md", "book/exercises.md", "book/playground.md"),
]
MODULES = [path for folder in ("src", "tools") for path in sorted((ROOT / folder).rglob("*.py"))]
# What a paper tells its reader to make, by an example that it shows whole, and what others make.
EXAMPLES = {
    "CONTRIBUTING.md": {
        "softsign",
        "eq-softsign-slope",
        "book/softsign.md",
        "tests/equations/test_softsign.py",
    },
    "book/instructors.md": {"one-slope"},
    "src/fysstk_book/check/record.py": {".fysstk-nn-progress.json"},
    "src/fysstk_nn/idx.py": {"MNIST/raw"},
    "src/fysstk_nn/autodiff.py": {"1/x"},  # a quotient
}
GENERATED = ("_build/", "work/", ".venv", "returned/", "student/", "instructor/")
CODE = re.compile(r"``?\s?([^`]+?)\s?``?(?!`)")


@functools.cache
def text_of(name):
    """Return a paper's text, or the docstrings of a module as one text."""
    text = (ROOT / name).read_text("utf8")
    if name in PAPERS:
        return text
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    nodes = ast.walk(ast.parse(text))
    return "\n".join(ast.get_docstring(node) or "" for node in nodes if isinstance(node, kinds))


@functools.cache
def places():
    """Return the paths of all files and folders of ours, from a slash on."""
    found = []
    for folder, inner, files in os.walk(ROOT):
        inner[:] = [name for name in inner if name not in {".git", ".venv", "_build"}]
        found += [f"/{Path(folder, name).relative_to(ROOT).as_posix()}" for name in inner + files]
    return found


each_text = pytest.mark.parametrize("name", [*PAPERS, *(str(path.relative_to(ROOT)) for path in MODULES)])
each_paper = pytest.mark.parametrize("name", PAPERS)


def missing(name, found, known):
    """Return what `found` holds, `known` does not, and the text `name` does not introduce itself."""
    return sorted(set(found) - set(known) - EXAMPLES.get(name, set()))


@each_text
def test_exercises_that_are_named_exist(name):
    ids = re.findall(r'\b(?:check|hint|progress|model_answer)\("([\w-]+)"', text_of(name))
    chapters = {exercise.chapter for exercise in exercises.catalogue()}
    known = {exercise.id for exercise in exercises.catalogue()} | chapters
    assert not missing(name, ids, known)


@each_text
def test_targets_of_make_exist(name):
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf8"), re.MULTILINE)
    said = re.findall(r"(?:^|`)(?:[A-Z_]+=\S+ )?make ([a-z][a-z-]*)", text_of(name), re.MULTILINE)
    assert not missing(name, said, targets)


@each_text
def test_paths_exist(name):
    """Code with a slash or a file's ending is a path from the root, or one that a command makes."""
    wrong = []
    for code in CODE.findall(text_of(name)):
        if not re.fullmatch(r"[\w./-]*(?:/[\w.-]*|\.(?:py|md|yml|toml|txt|json|cff))", code):
            continue
        there = (ROOT / code).exists() or any(place.endswith(f"/{code.strip('/')}") for place in places())
        if not there and not code.startswith(GENERATED) and code not in EXAMPLES.get(name, ()):
            wrong.append(code)
    assert not wrong


def is_name(name):
    """Tell whether a dotted name can be imported."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:end]))
        except ImportError:
            continue
        for part in parts[end:]:
            if not hasattr(found, part):
                return part in getattr(found, "__dataclass_fields__", {})
            found = getattr(found, part)
        return True
    return False


@each_text
def test_names_of_the_packages_exist(name):
    text = re.sub(r"https?://\S+|\S+\.whl", "", text_of(name))
    old = {"fysstk_nn.check"} if name == "CHANGELOG.md" else set()  # what a change has done away with
    said = {found.rstrip(".") for found in re.findall(r"\bfysstk_(?:nn|book)(?:\.\w+)+", text)} - old
    assert not [found for found in said if not is_name(found)]


@each_paper
def test_variables_exist(name):
    said = re.findall(r"\b(?:FYSSTK|BOOK)_[A-Z_]+\b", text_of(name))
    code = "".join(path.read_text("utf8") for path in MODULES)
    assert not [variable for variable in said if f'"{variable}"' not in code]


def options(*command):
    """Return the options of a program, as its help lists them."""
    said = subprocess.run([sys.executable, *command, "--help"], cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", said.stdout))


def test_options_of_the_grader_exist():
    parts = re.split(
        r"^\(ch-instructors-(?:grading|adding)\)=", text_of("book/instructors.md"), flags=re.MULTILINE
    )
    grading = parts[1]
    said = set(re.findall(r"`(--[a-z-]+)", grading))
    assert len(said) > 5
    assert said <= options("-m", "fysstk_book.grade")


@each_paper
def test_options_of_other_programs_exist(name):
    for program, rest in re.findall(
        r"(?:\.venv/bin/)?python (-m \w[\w.]*|tools/\w+\.py)([^`\n]*)", text_of(name)
    ):
        if program not in {"-m pytest", "-m http.server"}:
            said = set(re.findall(r"(?<!\S)--[a-z][a-z-]*", rest))
            assert said <= (options(*program.split()) if said else said), program
        if program.startswith("tools/"):
            assert (ROOT / program).is_file()


@each_paper
def test_a_command_that_needs_the_environment_says_where_it_is(name):
    """``python`` alone may be any Python; only the standard library's own programs run in all of them."""
    alone = re.findall(r"(?:^|`|\$ )python (?!-m http\.server)[^`\n]*", text_of(name), re.MULTILINE)
    assert not alone


def test_marks_of_tests_that_are_named_exist():
    files = re.findall(r"\btests/[\w/]+\.py", "".join(text_of(name) for name in PAPERS))
    assert not missing("CONTRIBUTING.md", [f for f in files if not (ROOT / f).is_file()], ())
