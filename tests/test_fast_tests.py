"""`make test-fast` chooses the tests that are nearest to a change, and names those that it leaves out."""

import subprocess

import pytest

import fast_tests

FILES = {
    "src/fysstk_nn/__init__.py": "",
    "src/fysstk_nn/low.py": "x = 1",
    "src/fysstk_nn/high.py": "import fysstk_nn.low",
    "src/fysstk_book/check/words.py": "",
    "src/fysstk_book/exercises/some_page.py": "",
    "book/some-page.md": "# Page",
    "book/_static/some.css": "",
    "book/questions/some-page.yml": "",
    "README.md": "",
    "tests/conftest.py": "",
    "tests/test_low.py": "from fysstk_nn.low import x",
    "tests/test_high.py": "from fysstk_nn import high",
    "tests/test_check_slips.py": "",
    "tests/test_exercises.py": "",
    "tests/test_floors.py": "",
    "tests/test_ledger.py": "",
    "tests/test_other.py": "import json\nname = 'some.css'",
    "tests/test_paths.py": "",
    "tests/test_questions_words.py": "",
    "tests/equations/test_some_page.py": "",
}

OF_LEDGER = [
    "test_ledger.py::test_every_claim_has_a_test",
    "test_ledger.py::test_every_test_has_a_claim",
    "test_ledger.py::test_no_two_equations_share_a_label",
]
BETWEEN = [*OF_LEDGER, "test_paths.py", "test_questions_words.py"]
PAGE = ", ".join(["equations/test_some_page.py", *BETWEEN])
ENTRY = ", ".join(["equations/test_some_page.py", "test_floors.py", *BETWEEN])
ALL = ", ".join(sorted(name.removeprefix("tests/") for name in FILES if "/test_" in name))
ALGEBRA = "test_high.py, test_low.py"
OTHERS = ", ".join(name for name in ALL.split(", ") if name not in ALGEBRA)


@pytest.fixture
def root(tmp_path):
    """A repository."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("changes", "files", "pages", "left_out"),
    [
        (["src/fysstk_nn/low.py"], "test_floors.py, test_low.py", set(), "test_high.py"),
        (["src/fysstk_nn/high.py"], "test_floors.py, test_high.py", set(), "none"),
        (["book/some-page.md"], PAGE, {"some-page"}, "none"),
        (["tests/test_other.py"], "test_other.py", set(), "none"),
        (["tests/conftest.py"], ALL, set(), "none"),
        (["src/fysstk_book/check/words.py"], "test_check_slips.py, test_floors.py", set(), "none"),
        (["src/fysstk_book/exercises/some_page.py"], ENTRY, {"some-page"}, "none"),
        (["book/_static/some.css"], "test_other.py", set(), "none"),
        (["book/questions/some-page.yml"], "test_questions_words.py", set(), "none"),
        (["README.md"], "none", set(), "none"),
        ([], ALGEBRA, set(), OTHERS),
    ],
)
def test_the_nearest_tests_are_chosen_and_the_others_named(root, changes, files, pages, left_out):
    choice = fast_tests.choose([root / name for name in changes], root)
    assert fast_tests.named(choice.files, root) == files
    assert choice.pages == pages
    assert fast_tests.named(choice.left_out, root) == left_out


def test_what_has_changed_is_what_differs_from_main_committed_or_not(root):
    def git(*command):
        author = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        subprocess.run(["git", *author, *command], cwd=root, check=True, capture_output=True)

    git("init", "-b", "main")
    git("add", ".")
    git("commit", "-m", "all")
    git("checkout", "-b", "branch")
    assert fast_tests.changed(root) == []
    (root / "src/fysstk_nn/low.py").write_text("x = 2")
    git("commit", "-am", "low")
    (root / "tests/test_high.py").write_text("x = 2")
    (root / "tests/test_new.py").write_text("x = 3")
    (root / "src/fysstk_nn/high.py").write_text("# A comment.\nimport fysstk_nn.low\n")
    paths = fast_tests.changed(root)
    comments = [path.name for path in paths if fast_tests.only_comments(path, root)]
    assert comments == ["high.py"]
    names = [path.relative_to(root).as_posix() for path in paths if path.name not in comments]
    assert names == ["src/fysstk_nn/low.py", "tests/test_high.py", "tests/test_new.py"]
