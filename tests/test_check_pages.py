"""Faults of the table of contents and of equations are found before anything runs, and say where they are."""

import pytest

import check_pages

TOC = """format: jb-book
root: book/index
parts:
  - caption: Part I
    numbered: 1
    chapters:
      - file: book/gates
"""


@pytest.fixture
def book(tmp_path):
    """Return a function that writes a small book and says what is wrong with it."""

    def problems(toc=TOC, **pages):
        (tmp_path / "_toc.yml").write_text(toc)
        (tmp_path / "book").mkdir(exist_ok=True)
        for name, text in {"index": "# A book\n", "gates": "# Gates\n", **pages}.items():
            (tmp_path / "book" / f"{name}.md").write_text(text)
        return check_pages.problems(tmp_path)

    return problems


def test_this_book_has_no_such_fault():
    assert check_pages.problems() == []


def test_a_right_book_is_left_alone(book):
    assert (
        book(gates="# Gates\n\n$$\na = b\n$$\n\n$$\n\\begin{aligned} c &= d \\end{aligned}\n$$ (eq-c)\n")
        == []
    )


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("    chapters:", "   chapters:", 6),
        ("      - file: book/gates", "     file: book/gates", 7),
        ("    numbered: 1", "    numbered: [1", 6),
    ],
)
def test_a_wrong_indent_is_named_by_its_line(book, before, after, line):
    (said,) = book(TOC.replace(before, after))
    assert said.startswith((f"_toc.yml:{line}: ", "_toc.yml: the list of pages should have the form"))
    assert "unicode string" not in said


@pytest.mark.parametrize("toc", ["", "- book/gates\n", "root: book/index\n", TOC.replace("file", "fiel")])
def test_another_form_is_answered_with_the_right_one(book, toc):
    (said,) = book(toc)
    assert said.startswith("_toc.yml: the list of pages should have the form\n\nformat: jb-book\n")


def test_pages_that_are_missing_unlisted_or_twice_there(book):
    assert book(TOC + "      - file: book/gone\n") == ["_toc.yml: there is no book/gone.md"]
    assert book(TOC + "      - file: book/gates\n")[0] == "_toc.yml: book/gates stands there twice"
    (said,) = book(more="# More\n")
    assert said == "book/more.md is not in _toc.yml: add the line `- file: book/more`, or remove the page"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# Gates\n\n\\begin{align}\na &= b\n\\end{align}\n", 3),
        ("# Gates\n\n```python\n$$\n```\n\n(sec-here)=\n{.evening}\n$$\na = b\n$$\n", 9),
    ],
)
def test_an_equation_that_takes_a_number_without_a_label(book, text, line):
    (said,) = book(gates=text)
    assert (
        said == f"book/gates.md:{line}: this equation has no label: write it between `$$` and `$$ (eq-...)`"
    )


@pytest.mark.parametrize(
    "text",
    [
        "\\begin{align*}\na &= b\n\\end{align*}\n",
        "```text\n\\begin{align}\n```\n",
        "(sec)=\n$$\na\n$$ (eq-a)\n",
    ],
)
def test_equations_that_take_none_and_code_are_left_alone(book, text):
    assert book(gates=f"# Gates\n\n{text}") == []
