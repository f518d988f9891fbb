"""Numbers in the text are those of the runs, and no new ones come in that no run holds."""

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

import held_numbers
import run_chapters
import warm
from fysstk_book import held, sources

ROOT = Path(__file__).parents[1]
PAGES = [page for page in sources.pages(ROOT) if page.path.is_file()]


# --- What is written ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "values", "wrong"),
    [
        ("0.149", [0.14949, 0.1485], [0.1496, 0.1484, 0.15, -0.149]),
        ("0.30", [0.2951, 0.3049], [0.29, 0.31, 0.306]),
        ("−0.5", [-0.5, -0.46], [0.5, -0.56]),
        ("+0.36", [0.36], [-0.36]),
        ("97", [97.4, 96.6], [97.6, 0.97]),
        ("97.3 %", [0.973], [97.3, 0.974]),
        ("22,699", [22699], [22698, 22]),
        ("13\u202f546", [13546], [13]),
        (r"$12\,560$", [12560], [12561]),
        ("7.3e-3", [0.00732], [0.0074, 7.3]),
        (r"$7.3\cdot10^{-3}$", [0.00732], [0.0074]),
        ("7.3·10⁻³", [0.00732], [0.0074]),
        ("$10^{-16}$", [1.1e-16], [2e-16, 1e-15]),
        ("three", [3, 2.8], [4, 2, 3.4]),
        ("ten", [10], [9, 11]),
        ("Twenty-seven numbers", [27], [20, 7]),
        ("about a hundred", [96], [80]),
        ("seven times", [7.2], [8, 7.8, 6]),
        ("twice", [2, 2.1], [3, 2.5]),
        ("half", [0.52], [0.4, 2]),
        ("a third", [0.32], [0.4]),
        ("90", [90.4], [93]),
        ("about 90", [93.2], [95.5, 80]),
        ("around epoch 400", [407], [340]),
        ("about 15,000", [15400], [15600]),
        ("about 2.7", [2.74], [2.8]),
        ("more than 90 %", [0.93, 0.9001], [0.9, 0.89]),
        ("at least 90", [90, 95], [89]),
        ("less than 5", [4, -7], [5, 6]),
        ("at most 5", [5], [5.01]),
        ("nearly 90", [88], [90.5, 80]),
    ],
)
def test_a_number_is_its_value_rounded_to_the_digits_shown(shown, values, wrong):
    for value in values:
        assert held.disagreement(shown, [value]) == ""
    for value in wrong:
        assert "computed: " in held.disagreement(shown, [value])


@pytest.mark.parametrize(
    ("shown", "values"),
    [
        ("8 to 14 of 41", [8, 14, 41]),
        ("8–14 of 41", [8, 14, 41]),
        ("0.08-0.11", [0.082, 0.11]),
        ("6.4 ± 0.4", [6.41, 0.38]),
        ("6.4 ± 0.4 %", [0.0641, 0.0038]),
        ("27.7, 14.0 and 12.1 %", [0.277, 0.14, 0.121]),
        ("two of the four", [2, 4]),
        ("784-30-10", [784, 30, 10]),
    ],
)
def test_several_numbers_are_as_many_values(shown, values):
    assert held.disagreement(shown, values) == ""
    assert "computed" in held.disagreement(shown, values[:-1])
    for i in range(len(values)):
        changed = [1.3 * v + 1 if j == i else v for j, v in enumerate(values)]
        assert held.disagreement(shown, changed)


def test_words_without_a_number_are_a_statement():
    assert held.disagreement("scatters more", [1.0, 1.0]) == ""
    assert held.disagreement("scatters more", [1.0, 0.0]) == "computed: it does not hold"
    assert held.disagreement("scatters more", [0.124]) == "0 numbers shown, 1 value computed: 0.124"


PAGE = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
(one)=
# One

At the end it is {n}`6 <- one: x`, says {n}`5.5 <- @somebody`.

```{code-cell} ipython3
---
mystnb:
  figure:
    name: fig-one
    caption: |
      It rises to {n}`5.25 <- x` here, a
      {n}`quarter <- x - 5` more.
  image:
    alt: A point at {n}`5.3 <- x`.
---
x = 5.25
```

| what | value |
| --- | --- |
| x | {n}`about 5 <- x` and {n}`above 5 and half <- x, x % 1 * 2` |

:::{note}
It {n}`grows <- x > 5`.
:::

```{code-cell} ipython3
x = 6
```

Now {n}`0.143 <- 0.857 / x`.
"""


def test_the_reader_sees_the_numbers_alone_on_the_same_lines():
    said = held.plain(PAGE)
    assert "{n}" not in said
    assert said.count("\n") == PAGE.count("\n")
    assert "alt: A point at 5.3.\n" in said
    assert "| x | about 5 and above 5 and half |" in said


def test_each_held_number_has_its_line_and_its_place():
    found = held.find(PAGE)
    lines = PAGE.split("\n")
    assert len(found) == 9
    assert all(one.shown in lines[one.line - 1] for one in found)
    assert (found[0].page, found[0].expression) == ("one", "x")
    assert (found[1].source, found[1].expression) == ("somebody", "")


WRONG = (
    PAGE.partition("(one)=")[0]
    + """# Two

It is {n}`5 <- x`, {n}`6 <- two: x`, {n}`5 <- three: x`, {n}`5 <- @nobody`.

```{code-cell} ipython3
x = 5
```

It is {n}`5 <- y`.
It is {n}`5 <- x +`.
It is {n}`5 <- x, x`.
It is {n}`5 <- "x"`.
It is {n}`5`.
It is {n}`4 <- x`, {n}`5 <- x`.
It {n}`shrinks <- x < 5`.
"""
)
RUN = f"""
import sys
from pathlib import Path

sys.path.insert(0, {str(ROOT / "tools")!r})

import run_chapters

pages = sorted(Path("book").glob("*.md"))
with run_chapters.calm_environment() as sockets:
    print("\\n".join(run_chapters.run_all(run_chapters.read_all(pages, Path("kept")), sockets, 2)))
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The folder of a book whose two pages have been run."""
    root = tmp_path_factory.mktemp("root")
    (root / "book").mkdir()
    (root / "kept").mkdir()
    (root / "book" / "references.bib").write_text("@article{somebody, title={T}}\n")
    (root / "book" / "one.md").write_text(PAGE, encoding="utf-8")
    (root / "book" / "two.md").write_text(WRONG, encoding="utf-8")
    return run(root)


def run(root):
    """Run a book's pages and keep what they give in its folder, which is returned."""
    (root / "run.py").write_text(RUN)
    done = warm.run("run.py", cwd=root)
    assert done.returncode == 0, done.stdout
    return root


def complaints(root, name="one"):
    """Return what is wrong with one of the two pages; nothing is run."""
    pages = sorted((root / "book").glob("*.md"))
    chapters = run_chapters.read_all(pages, root / "kept")
    return held_numbers.complaints([root / "book" / f"{name}.md"], chapters, root)


def test_values_are_computed_where_the_numbers_stand(book):
    assert complaints(book) == []


@pytest.mark.parametrize(
    ("right", "wrong", "line", "why"),
    [
        ("`6 <- one: x`", "`5.25 <- one: x`", 14, "the text says '5.25', and x is not that; computed: 6"),
        ("`5.25 <- x`", "`5.24 <- x`", 22, "the text says '5.24', and x is not that; computed: 5.25"),
        ("`5.3 <- x`", "`5.2 <- x`", 25, None),
        ("`5.3 <- x`", "`5.4 <- x`", 25, "the text says '5.4', and x is not that; computed: 5.25"),
        (
            "`about 5 <- x`",
            "`about 7 <- x`",
            32,
            "the text says 'about 7', and x is not that; computed: 5.25",
        ),
        (
            "0.143 <-",
            "0.142 <-",
            42,
            "the text says '0.142', and 0.857 / x is not that; computed: 0.1428333333",
        ),
    ],
)
def test_a_number_that_is_changed_is_named_with_page_line_and_value(book, right, wrong, line, why):
    page = book / "book" / "one.md"
    assert PAGE.count(right) == 1
    page.write_text(PAGE.replace(right, wrong), encoding="utf-8")
    found = complaints(book)
    page.write_text(PAGE, encoding="utf-8")
    assert found == ([f"book/one.md:{line}: {why}"] if why else [])


@pytest.fixture(scope="module")
def real_page(tmp_path_factory):
    """The folder of a book with one page of this one, which has been run."""
    root = tmp_path_factory.mktemp("real")
    (root / "book").mkdir()
    (root / "kept").mkdir()
    for name in ("one-neuron.md", "references.bib"):
        shutil.copy(ROOT / "book" / name, root / "book")
    return run(root)


@pytest.mark.parametrize("kind", ["alt text", "caption", "prose"])
def test_a_changed_number_on_a_page_of_the_book_is_named(real_page, kind):
    page = real_page / "book" / "one-neuron.md"
    text = page.read_text("utf-8")
    lines = text.split("\n")
    places = {one.line: one for one in reversed(held.find(text)) if re.search("[1-9]", one.shown)}
    kinds = {"alt text": set(), "caption": set(), "prose": set()}
    for i in places:
        in_alt, in_caption = lines[i - 1].strip().startswith("alt: "), lines[i - 1].startswith("      ")
        kinds["alt text" if in_alt else "caption" if in_caption else "prose"].add(i)
    line = min(kinds[kind])
    right = places[line].shown
    wrong = re.sub("[1-9]", lambda digit: str(int(digit[0]) % 9 + 1), right, count=1)
    lines[line - 1] = lines[line - 1].replace(f"`{right} <-", f"`{wrong} <-", 1)
    assert complaints(real_page, "one-neuron") == []
    page.write_text("\n".join(lines), encoding="utf-8")
    found = complaints(real_page, "one-neuron")
    page.write_text(text, encoding="utf-8")
    (complaint,) = found
    assert complaint.startswith(f"book/one-neuron.md:{line}: the text says '{wrong}', and ")


def test_what_cannot_be_computed_is_named_with_its_reason(book):
    said = complaints(book, "two")
    expected = [
        (13, "no cell above it computes x; write two: x for a later one"),
        (13, "the text says '6', and x is not that; computed: 5"),
        (13, "three has no code cells that could compute x"),
        (13, "there is no work 'nobody' in book/references.bib"),
        (19, "NameError: name 'y' is not defined"),
        (20, "SyntaxError: "),
        (21, "1 number shown, 2 values computed: 5, 5"),
        (22, "ValueError: could not convert string to float: "),
        (23, "write {n}`number <- expression`, on one line"),
        (24, "the text says '4', and x is not that; computed: 5"),
        (25, "the text says 'shrinks', and x < 5 is not that; computed: it does not hold"),
    ]
    assert len(said) == len(expected)
    for found, (line, why) in zip(said, expected, strict=True):
        assert found.startswith(f"book/two.md:{line}: ")
        assert why in found


def test_asking_for_values_changes_nothing_that_is_kept_for_sphinx(tmp_path):
    page = tmp_path / "one.md"
    page.write_text(PAGE, encoding="utf-8")
    asked = run_chapters.read(page, tmp_path)
    page.write_text(held.plain(PAGE), encoding="utf-8")
    bare = run_chapters.read(page, tmp_path)
    code = [[cell.source, cell.metadata] for cell in asked.notebook.cells if cell.cell_type == "code"]
    assert code == [[cell.source, cell.metadata] for cell in bare.notebook.cells if cell.cell_type == "code"]
    assert asked.notebook.metadata == bare.notebook.metadata
    page.write_text(PAGE.replace("0.143", "0.144").replace("Now", "And now"), encoding="utf-8")
    assert run_chapters.read(page, tmp_path).kept == asked.kept, "other text needs no other run"
    page.write_text(PAGE.replace("0.857 / x", "0.858 / x"), encoding="utf-8")
    assert run_chapters.read(page, tmp_path).kept != asked.kept


# --- What nothing holds -------------------------------------------------------------------------------------


CELL = "```{code-cell} ipython3\n---\nmystnb:\n"


@pytest.mark.parametrize(
    "text",
    [
        "an error of 0.149 after it",
        "It reads 97 % of them.",
        "It reads 97.",
        "It gets 3 % better.",
        "five different shuffles are drawn",
        "two of their runs are lost",
        "a third of the units is dead",
        "eighty per cent of them",
        "larger by a hundred orders of magnitude",
        "from 0.149 to here",
        "22,699 images",
        "−0.5 at most",
        "about 1e-16",
        "> quoted is 0.149 as well",
        "| a | 0.149 |",
        ":::{note}\nIt is 0.149.\n:::",
        "```{margin} Aside\nIt is 0.149.\n```",
        "```{solution-start} ex-one\n```\nIt is 0.149.\n```{solution-end}\n```",
        CELL + "  figure:\n    caption: |\n      Rises\n      to 0.149.\n---\n```",
        CELL + "  image:\n    alt: Rises to 0.149.\n---\n```",
    ],
)
def test_numbers_that_nothing_holds_are_found(text):
    assert len(held_numbers.open_numbers(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "by {n}`0.149 <- x` and $0.149$ and `0.149` and $$0.149$$",
        "in 1986, {cite}`a1986`, {numref}`fig-12`, [here](https://a.org/0.149), <https://a.org/0.149>",
        "Chapter 12, Figures 12.1 and 12.3, week 41, Python 3.11",
        "a 784-30-10 network with images of 28 by 28 pixels, w2, float32",
        "the digits 0 to 9, and 2 inputs",
        "two lines, three of them",
        "**Time** about 30 minutes for the text and 20 with a pencil, 12 seconds to run",
        "12. An item\n\n% a comment on 0.149",
        "<!-- 0.149 -->",
        "```python\n0.149\n```",
        "```{exercise} One\n:label: ex-one\nThe error is 0.149.\n```\n\nWith 0.149 you find it.",
        "```{code-cell} ipython3\neta = 0.149\n```\n\nWith a rate of 0.149, or 14.9 %.",
        "```{code-cell} ipython3\nfor seed in range(5):\n    pass\n```\n\nwith five different seeds",
    ],
)
def test_numbers_of_other_kinds_need_no_run(text):
    assert held_numbers.open_numbers(text) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_gains_numbers_that_no_run_holds(page):
    assert not held_numbers.too_many(page.path)


def test_the_lists_of_open_numbers_are_those_of_pages():
    assert {path.stem for path in (ROOT / held_numbers.OPEN).glob("*")} <= {page.name for page in PAGES}


def test_the_list_of_open_numbers_shrinks_and_does_not_grow(tmp_path):
    page = tmp_path / "book" / "one.md"
    page.parent.mkdir()
    (tmp_path / "tests").mkdir()
    page.write_text("It is 0.149, then 0.149, then 0.3.")
    assert len(held_numbers.too_many(page, tmp_path)) == 3
    held_numbers.keep(page, tmp_path)
    assert held_numbers.allowed("one", tmp_path) == Counter({"0.149": 2, "0.3": 1})
    assert held_numbers.too_many(page, tmp_path) == []
    page.write_text("It is 0.149, then\n0.149, then 0.149.")
    [complaint] = held_numbers.too_many(page, tmp_path)
    assert (
        complaint
        == "book/one.md:2: nothing holds 0.149 to a run: ... It is 0.149, then 0.149, then 0.149. ..."
    )
    page.write_text("It is {n}`0.149 <- x`.")
    held_numbers.keep(page, tmp_path)
    assert held_numbers.allowed("one", tmp_path) == Counter()
