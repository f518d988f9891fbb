"""The numbers that hints and diagnoses print are those that Sphinx gives the equations."""

import gc
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from fysstk_book import numbers

ROOT = Path(__file__).parents[1]

TOC = """
format: jb-book
root: book/index
parts:
  - caption: Start here
    chapters:
      - file: book/notation
  - caption: "Part I: One"
    numbered: 1
    chapters:
      - file: book/first
  - caption: "Part II: Two"
    chapters:
      - file: book/second-part
        title: Overview
  - numbered: 1   # goes on counting
    chapters:
      - file: book/third
      - file: book/fourth
  - caption: Appendices
    chapters:
      - file: book/last
"""

PAGES = {
    "index": "# The book\n\n$$ a = 1 $$ (eq-index)\n",
    "notation": "# Notation\n\n$$ b = 1 $$ (def-notation)\n\n$$\nunlabelled\n$$\n\n$$ c = 2 $$ (def-more)\n",
    "first": """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
(ch-first)=
# The *first* chapter

Inline $x$ and $$ no display $$ in a line, then

$$
x = 1
$$ (eq-first-one)

$$ x = 2 $$

## A section

$$ x = 3 $$ (def-first-two)

```{code-cell} ipython3
print("$$ y = 1 $$ (eq-in-code)")
```

```python
$$ y = 2 $$ (eq-in-a-block)
```

````{admonition} Nested
:class: tip

```{math}
:label: eq-first-directive
x = 4
```

- in a list:

  $$ x = 5 $$ (eq-first-list)

> $$ x = 6 $$ (eq-first-quote)

```{math}
x = 7
```
````

:::{admonition} Colons
$$
x &= 8 \\\\
  &= 9
$$ (eq-first-colons)
:::

### Deeper

$$ x = 12 $$ (eq-first-last)
""",
    "second-part": "# Part II: Two\n\n$$ e = 1 $$ (def-second-part)\n",
    "third": "# Third\n\nNo equation.\n\n```\n$$ x = 1 $$ (eq-fenced)\n```\n\n$$ x = 2 $$ (eq-third)\n",
    "fourth": "# Fourth\n\n$$ x = 1 $$ (eq-fourth)\n\n$$ x = 2 $$ (eq-fourth-more)\n",
    "last": "# Last\n\n$$ d = 1 $$ (eq-last)\n",
}


@pytest.fixture(scope="module")
def small_book(tmp_path_factory):
    root = tmp_path_factory.mktemp("book")
    (root / "book").mkdir()
    (root / "_toc.yml").write_text(TOC)
    for name, text in PAGES.items():
        (root / "book" / f"{name}.md").write_text(text)
    return root


def sphinx_numbers(root):
    """Number the equations with Sphinx itself, set as _config.yml sets it."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    settings = {
        "extensions": ["sphinx_external_toc", "sphinx_multitoc_numbering", "myst_nb"],
        "external_toc_path": str(root / "_toc.yml"),
        "external_toc_exclude_missing": False,
        "myst_enable_extensions": ["amsmath", "dollarmath", "colon_fence"],
        "nb_execution_mode": "off",
        "numfig": True,
        "numfig_secnum_depth": 1,
        "math_numfig": True,
        "suppress_warnings": ["*"],
    }
    out = root / "out"
    gc.collect()  # an extension asks every object in memory for its class, those that raise included
    with patch_docutils(None), docutils_namespace():
        app = Sphinx(root, None, out, out / "doctrees", "dummy", settings, status=None, warning=io.StringIO())
        app.build(force_all=True)
    found = {}
    for label, (page, _) in app.env.get_domain("math").equations.items():
        number = app.env.toc_fignumbers[page]["displaymath"].get(f"equation-{label}", ())
        found[label] = ".".join(map(str, number))
    return found


@pytest.mark.filterwarnings("ignore")
def test_numbers_are_those_of_sphinx(small_book):
    ours = numbers.read_book(small_book)
    theirs = sphinx_numbers(small_book)
    assert {label: theirs.get(label) for label in ours.equations} == ours.equations
    assert len(theirs) == len(ours.equations)


def test_small_book(small_book):
    book = numbers.read_book(small_book)
    assert book.titles["first"] == "The *first* chapter"
    assert list(book.titles) == list(PAGES)
    assert book.chapter_of["eq-third"] == "third"
    assert book.equations["eq-fourth-more"] == "3.2"
    assert not [label for label in book.equations if "-in-" in label or "fenced" in label]


def test_missing_pages_are_passed_over(tmp_path):
    (tmp_path / "_toc.yml").write_text("root: intro\nchapters:\n- file: one\n- file: two\n")
    (tmp_path / "two.md").write_text("no title\n\n$$ x $$ (eq-two)\n")
    book = numbers.read_book(tmp_path)
    assert book.titles == {"two": "two"}
    assert list(book.equations) == ["eq-two"]


def test_the_book_itself():
    numbers.book.cache_clear()
    book = numbers.book()
    assert book.equations
    assert book == numbers.read_book(ROOT)


def test_texts_name_equations_by_number(monkeypatch):
    known = numbers.Book({"eq-a": "8.4"}, {"scalar": "The scalar network"}, {"eq-a": "scalar"})
    monkeypatch.setattr(numbers, "book", lambda: known)
    assert numbers.resolve("By {eq}`eq-a` and equation {eq}`eq-a`.") == "By (8.4) and equation (8.4)."
    assert numbers.resolve("By equation {eq}`eq-b`.") == "By the equation in the book."
    assert numbers.resolve("By {eq}`eq-b`.") == "By the equation in the book."
    assert numbers.point_to("eq-a", "scalar") == "See equation (8.4) in the chapter “The scalar network”."
    assert numbers.point_to(None, "scalar") == "See the chapter “The scalar network”."
    assert numbers.point_to("eq-b", "unknown") == "See the chapter “unknown”."


def test_without_sources_and_table(monkeypatch, tmp_path):
    numbers.book.cache_clear()
    monkeypatch.setattr(numbers, "__file__", str(tmp_path / "lib" / "fysstk_book" / "numbers.py"))
    try:
        assert numbers.book() == numbers.Book({}, {}, {})
    finally:
        numbers.book.cache_clear()


def test_wheel_carries_the_numbers(tmp_path):
    """A wheel has them in a table, and reads it where the book's sources are missing."""
    script = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    made = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    with zipfile.ZipFile(tmp_path / made.stdout.split()[-1]) as wheel:
        wheel.extractall(tmp_path / "site")
    table = json.loads((tmp_path / "site" / "fysstk_book" / numbers.TABLE).read_text("utf-8"))
    assert table["equations"] == numbers.read_book(ROOT).equations
    script = (
        "import json; from fysstk_book import numbers; b = numbers.book(); "
        "print(json.dumps([numbers.__file__, b.equations, b.titles, b.chapter_of]))"
    )
    told = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path / "site",
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
    )
    path, equations, titles, chapter_of = json.loads(told.stdout)
    assert path.startswith(str(tmp_path))
    assert equations == table["equations"]
    assert list(titles) == list(numbers.book().titles)
    assert chapter_of == numbers.book().chapter_of


def test_sources_that_cannot_be_read(monkeypatch):
    def no_yaml(root):
        raise ImportError("yaml")

    numbers.book.cache_clear()
    monkeypatch.setattr(numbers, "read_book", no_yaml)
    try:
        assert numbers.book() == numbers.Book({}, {}, {})
    finally:
        numbers.book.cache_clear()
