"""The book's Sphinx extensions, on a tiny book: what they print, and what they refuse."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import warm
from fysstk_book import exercises

ROOT = Path(__file__).parents[1]
# Any exercise with two hints that refer to no equation, and with a title in plain words.
EXERCISE = next(
    one
    for one in exercises.catalogue()
    if len(one.hints) > 1 and "{" not in "".join(one.hints) and re.fullmatch(r"[\w ,]+", one.title)
)

TOC = """
format: jb-book
root: book/index
parts:
  - caption: One
    chapters:
      - file: book/part
        title: Overview
  - numbered: 1
    chapters:
      - file: book/first
      - file: book/second
  - caption: Appendices
    chapters:
      - file: book/equations
"""
FIRST = """(ch-first)=
# First: a title that the map cuts off

:::{admonition} Before you start
:class: chapter-card
**You will be able to** read.

**You need** nothing.

**Time** about 70 minutes for the text and 55 with a pencil, 4 seconds to run
:::

$$
x
$$ (def-first)

{.evening}
## In short

## At length

{.beyond}
## Further
"""
PART = "(ch-part)=\n# Part I: One\n\n```{part}\n```\n"
NOTEBOOK = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
"""
SECOND = f"""(ch-second)=
# Second

:::{{admonition}} Before you start
:class: chapter-card
**You will be able to** say what the second page of a tiny book is about, in one sentence; and more.

**You need** the first page ({{ref}}`ch-first`). If you like, look at the ledger ({{ref}}`ch-equations`).

**Time** about 25 minutes for the text and 5 with a pencil, 1 second to run
:::

$$
a = b
$$ (eq-proved)

$$
c = d
$$ (def-not-proved)

```{{exercise}} {EXERCISE.title}
:label: ex-{EXERCISE.id}
Do it. See {{eq}}`eq-proved`.
```

```{{code-cell}} ipython3
:tags: [exercise]
answer = ...
```

```{{hints}} {EXERCISE.id}
```

```{{solution-start}} ex-{EXERCISE.id}
:class: dropdown
```

The secret word is xyzzyplugh.

```{{code-cell}} ipython3
:tags: [solution]
answer = "plughxyzzy"
```

```{{solution-end}}
```

Back to {{numref}}`ex-{EXERCISE.id}`, {{ref}}`ex-{EXERCISE.id}`.
"""
LEDGER = [
    {
        "label": "eq-proved",
        "page": "second",
        "number": "2.1",
        "latex": "a = b",
        "methods": ["sympy", "numeric"],
        "reading": "by value",
        "discrepancy": 2.5e-9,
        "tests": ["tests/equations/test_second.py::test_it[1]", "tests/equations/test_second.py::test_it[2]"],
    }
]


EXAMPLE = """```{ledger-example} tests/test_second.py::test_it
:label: eq-proved
:from: = b
:to: = -b
```
"""
MUTANTS = {
    "provenance": {"date": "2026-11-28", "command": "make mutants"},
    "each": 7,
    "labels": {"eq-proved": {"sign": [10, 1, 0], "name": [15, 4, 1]}, "eq-other": {"name": [5, 0, 0]}},
    "left out": {"eq-proved": [20, 4], "eq-other": [5, 1]},
    "equivalent": [{"label": "eq-proved", "change": "", "latex": "a = b 1"}],
    "survivors": [{"label": "eq-proved", "latex": "a^{2} = b", "reason": "Both are 1."}],
}


def write_example(root):
    """Write a test for the page that shows one, and what is said of changed formulas."""
    (root / "tests").mkdir(parents=True)
    code = 'def test_it(printed):\n    printed("eq-proved").holds({"a": 1, "b": 1})\n'
    (root / "tests" / "test_second.py").write_text(code)
    (root / "book" / "measured").mkdir(parents=True)
    (root / "book" / "measured" / "mutants.json").write_text(json.dumps(MUTANTS))


def build(root, pages):
    """Build a book of these pages; return the exit status and what was said."""
    (root / "book").mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "book" / "_ext", root / "book" / "_ext")
    (root / "tools").mkdir()
    for tool in ("depends.py", "inputs.py", "launch.py", "lean_start.py", "notebooks.py"):
        shutil.copy(ROOT / "tools" / tool, root / "tools")
    (root / "_toc.yml").write_text(TOC)
    (root / "_config.yml").write_text(CONFIG)
    (root / "book" / "references.bib").write_text("")
    for name, text in pages.items():
        (root / "book" / f"{name}.md").write_text(text, encoding="utf8")
    (root / "build.py").write_text("from jupyter_book.cli.main import main\n\nmain()\n")
    return warm.run("build.py", "build", root, "-W", "-n", "--keep-going", cwd=root)


CONFIG = """
title: Tiny
execute:
  execute_notebooks: "off"
parse:
  myst_enable_extensions: [attrs_block, dollarmath, colon_fence]
sphinx:
  local_extensions:
    book_exercises: book/_ext
    book_ledger: book/_ext
    book_pages: book/_ext
    book_parts: book/_ext
    book_paths: book/_ext
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of a tiny site."""
    root = tmp_path_factory.mktemp("tiny")
    (root / "_build").mkdir()
    (root / "_build" / "ledger.json").write_text(json.dumps(LEDGER))
    pages = {
        "index": "# Tiny\n",
        "part": PART,
        "first": FIRST,
        "second": NOTEBOOK + SECOND,
        "equations": f"(ch-equations)=\n# Ledger\n\n{EXAMPLE}\n```{{mutants}}\n```\n\n```{{ledger}}\n```\n",
    }
    write_example(root)
    done = build(root, pages)
    assert done.returncode == 0, done.stdout
    return root / "_build" / "html"


@pytest.fixture(scope="module")
def second(site):
    return (site / "book" / "second.html").read_text("utf8")


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_each_page_has_one_h1_a_description_and_its_notebook(site, second):
    assert second.count("<h1") == 1
    assert re.search(
        r'<meta name="description" content="You will be able to say what the second page', second
    )
    link = re.search(r'<a class="[^"]*download-notebook" href="([^"]+)" download', second)
    assert (site / "book" / link[1]).resolve().is_file()
    assert "download-notebook" not in (site / "book" / "first.html").read_text("utf8")


def test_proved_equations_have_a_tick_that_leads_to_their_row(site, second):
    (tick,) = re.findall(r'<a class="ledger-tick"[^>]*>', second)
    assert 'href="equations.html#ledger-eq-proved"' in tick
    assert 'aria-label="How equation (2.1) was checked"' in tick
    ledger = (site / "book" / "equations.html").read_text("utf8")
    row = re.search(r'<tr[^>]*id="ledger-eq-proved".*?</tr>', ledger, re.DOTALL)[0]
    assert words(row) == r"(2.1) \[a = b\] sympy, numeric read by value test_it \(2.5\times 10^{-9}\)"
    assert 'href="second.html#equation-eq-proved"' in row
    assert "checked 1 equations with 2 tests: 1 by value, 0 by eye. In 0 of them" in words(ledger)


def test_the_ledger_shows_how_a_tick_comes_about_and_what_the_tests_miss(site):
    ledger = words((site / "book" / "equations.html").read_text("utf8"))
    assert "Equation (2.1) stands in the source of its page as a = b" in ledger
    assert "def test_it ( printed ):" in ledger
    assert "eq-proved: a = -b does not hold: 1 and -1, which is 2 too far" in ledger
    assert "36 in all. The tests noticed 83.3 % by value: in 30 the sides" in ledger
    assert (
        "Another 5 they noticed by an error" in ledger and "They missed 1. Not counted: 1 changes" in ledger
    )
    assert "a sign turned round 11 10 1 0" in ledger
    assert "another name of the same formula 25 20 4 1" in ledger
    assert re.search(r"\(2\.1\) ?: \S*a\^\{2\} = b\S* ?\. Both are 1\.", ledger)


def test_exercises_are_numbered_by_chapter_and_say_what_they_take(second):
    box = re.search(rf'<div class="exercise admonition" id="ex-{EXERCISE.id}">.*?</div>', second, re.DOTALL)[
        0
    ]
    assert words(box).startswith(f"Exercise 2.1. {EXERCISE.title} Difficulty {EXERCISE.difficulty}")
    assert f"about {EXERCISE.minutes} minutes" in words(box)
    assert f"Back to Exercise 2.1 , {EXERCISE.title}" in words(second)


def test_hints_and_solution_are_closed(second):
    details = re.findall(r"<details[^>]*>\s*<summary>(.*?)</summary>", second)
    hints = [f"Hint {n} of {len(EXERCISE.hints)}" for n in range(1, len(EXERCISE.hints) + 1)]
    assert details == [*hints, "Solution of exercise 2.1"]
    assert "<details open" not in second
    solution = re.search(r'<details class="solution">.*?</details>', second, re.DOTALL)[0]
    assert "xyzzyplugh" in solution
    assert "plughxyzzy" in solution
    assert "Back to" not in solution


def test_solutions_are_nowhere_but_on_the_page(site):
    hits = {path.name for path in site.rglob("*") if path.is_file() and b"xyzzyplugh" in path.read_bytes()}
    assert hits == {"second.html"}
    assert not (site / "_sources").exists()
    assert "sentenc" in (site / "searchindex.js").read_text("utf8")  # Sphinx keeps the stems of words


def test_a_part_gathers_what_its_chapters_say(site):
    page = (site / "book" / "part.html").read_text("utf8")
    article = page[page.index('<article class="bd-article"') : page.index("</article>")]
    assert (
        "2 chapters · 1½ hours for the text, 60 minutes with a pencil, 5 seconds to run · 0 exercises"
        in words(article)
    )
    assert (
        'aria-label="What needs what. Chapter 1 needs no other chapter. Chapter 2 needs chapter 1."'
        in article
    )
    assert words(re.search(r"<svg.*</svg>", article)[0]) == "1 First 2 Second"
    first, second = re.findall(r"<li>.*?</li>", article, re.DOTALL)
    assert words(first) == (
        "First: a title that the map cuts off You will be able to read. "
        "70 minutes for the text, 55 with a pencil, 4 seconds to run · "
        "2 of 3 sections in the week, 1 in the evening"
    )
    assert words(second) == (
        "Second You will be able to say what the second page of a tiny book is about, in one sentence. "
        "25 minutes for the text, 5 with a pencil, 1 second to run · 1 checked equation · beyond the week · "
        "needs chapter 1"
    )
    assert re.findall(r'href="([^"]+)"', second) == [
        "second.html#ch-second",
        "equations.html#ledger-second",
        "first.html#ch-first",
    ]


def test_the_menu_marks_the_chapters_of_the_week_and_of_the_evening_by_more_than_colour(site):
    week, evening = (site / "_static" / "paths.css").read_text("utf8").splitlines()
    for rule, mark, said in (
        (week, "•", "on the week\\2019s path"),
        (evening, "••", "on the evening\\2019s and the week\\2019s path"),
    ):
        assert re.findall(r'href="(.+?)"', rule) == ["first.html"]
        assert ":has(" not in rule, "each change of a page would have all its links weighed anew"
        assert f'content: "\\00a0{mark}" / ", {said}"' in rule
    page = (site / "book" / "first.html").read_text("utf8")
    assert "paths.css" in page
    itself = evening[evening.rindex("::after") :]
    assert f'<style>.bd-sidebar-primary a[href="#"]{itself}' in page, "the page's own link, in the same way"
    assert '<style>.bd-sidebar-primary a[href="#"]' not in (site / "book" / "second.html").read_text("utf8")


def test_a_part_has_no_number_and_its_place_in_the_menu_and_in_the_row_of_pages(site):
    page = (site / "book" / "first.html").read_text("utf8")
    menu = re.search(r'<nav class="bd-links.*?</nav>', page, re.DOTALL)[0]
    assert (
        words(menu) == "Tiny One Overview 1. First: a title that the map cuts off 2. Second Appendices Ledger"
    )
    assert "previous Part I: One" in words(page)


def test_faults_fail_a_strict_build(tmp_path):
    pages = {
        "index": "# Tiny\n",
        "part": "# Part\n\n```{part}\n```\n",
        "first": "# First\n\n```{exercise} Lost\n:label: ex-lost\nWhere?\n```\n\n```{hints} gone\n```\n"
        "\n$$\na = b\n$$ (eq-proved)\n",
        "second": NOTEBOOK
        + "# Second\n\n```{solution-start} ex-lost\n```\n\nA {ref}`nowhere`.\n\n## Next\n\n"
        "```{exercise} Unnamed\nWhat?\n```\n",
        "equations": "# Ledger\n\n```{ledger}\n```\n\n" + EXAMPLE.replace("-b", "b^2"),
    }
    write_example(tmp_path)
    done = build(tmp_path, pages)
    assert done.returncode != 0
    for complaint in (
        "first.md: the chapter's card does not say 'You need'",
        "_build/ledger.json is missing: run `pytest tests/equations`",
        'There is no exercise "lost"',
        'There is no exercise "gone"',
        "the solution of ex-lost has no end in its section",
        "test_it does not notice 'a = b^2'",
        "an exercise needs a label that starts with ex-",
    ):
        assert complaint in done.stdout


SETS_UP = """
import sys
from unittest.mock import MagicMock

sys.path.insert(0, "book/_ext")
import book_exercises

from fysstk_book.check import check

book_exercises.setup(MagicMock())
print(check(sys.argv[1], None).verdict)
"""


@pytest.mark.parametrize("home", ["a folder", "no folder"])
def test_what_a_build_solves_is_nobodys_progress(tmp_path, home):
    """Whoever calls Sphinx, as `jupyter-book build .` does, finds nothing in the home folder afterwards."""
    (tmp_path / "no folder").touch()
    (tmp_path / "a folder").mkdir()
    environment = {"HOME": str(tmp_path / home), "PATH": "", "MPLCONFIGDIR": str(tmp_path)}
    command = [sys.executable, "-c", SETS_UP, EXERCISE.id]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert list((tmp_path / "a folder").iterdir()) == []
