"""Finds the numbers of the book's equations and the titles of its chapters.

They come from the book's sources where these are at hand (an editable install), else from a table that was
written into the wheel when it was built. An equation's number is the one that Sphinx prints: its chapter's
number, and its place among all labelled equations of that chapter.
"""

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path

TABLE = "book.json"

# Displayed mathematics: $$ ... $$ with or without a label; the directive; the environments that number.
EQUATION = re.compile(
    r"""
    ^[ \t>]*\$\$ .*? (?<!\\)\$\$ (?:[ \t]*\((?P<dollar>[^()\s]+)\))?
  | ^[ \t>]*(?P<fence>`{3,}|:{3,})\{math\}[^\n]*\n
    (?P<options>(?:[ \t>]*:[\w-]+:[^\n]*\n)*) .*? ^[ \t>]*(?P=fence)
  | ^[ \t>]*\\begin\{(?P<name>(?:equation|multline|gather|align|alignat|flalign|eqnarray)\*?)\}
    .*? \\end\{(?P=name)\}
    """,
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,}|:{3,})\s*(\{[\w:-]+\})?")
NOT_TEXT = {"{code-cell}", "{code-block}", "{code}", "{literalinclude}", "{raw}", "{bibliography}"}
EQ_ROLE = re.compile(r"(?:\bequations?\s+)?\{eq\}`([^`]+)`", re.IGNORECASE)


@dataclass(frozen=True)
class Book:
    """Numbers of labelled equations by label, titles by file name, and where each equation stands."""

    equations: dict[str, str]
    titles: dict[str, str]
    chapter_of: dict[str, str]


@functools.cache
def book() -> Book:
    """Return the book's numbers and titles; without sources and table, an empty book."""
    root = Path(__file__).parents[2]
    if (root / "_toc.yml").is_file() and (root / "src" / "fysstk_nn" / "_book.py").is_file():
        return read_book(root)
    table = Path(__file__).with_name(TABLE)
    return Book(**json.loads(table.read_text("utf-8"))) if table.is_file() else Book({}, {}, {})


def read_book(root: Path) -> Book:
    """Read the titles and number the equations of all pages that `_toc.yml` under `root` lists."""
    numbers: dict[str, str] = {}
    titles: dict[str, str] = {}
    chapter_of: dict[str, str] = {}
    counters: dict[str, int] = {}
    for page, chapter in table_of_contents((root / "_toc.yml").read_text("utf-8")):
        path = next((path for path in (root / f"{page}.md", root / page) if path.is_file()), None)
        if path is None:
            continue
        text = path.read_text("utf-8")
        name = Path(page).name
        title = re.search(r"^#\s+(.+?)\s*$", without_code(text), re.MULTILINE)
        titles[name] = title[1] if title else name
        for label in equation_labels(text):
            counters[chapter] = counters.get(chapter, 0) + 1
            if label is not None:
                numbers[label] = f"{chapter}.{counters[chapter]}" if chapter else str(counters[chapter])
                chapter_of[label] = name
    return Book(numbers, titles, chapter_of)


def table_of_contents(text: str) -> list[tuple[str, str]]:
    """List the pages of a `_toc.yml` in order, each with its chapter's number (empty where not numbered).

    The file has one entry to a line; a page below `sections:` belongs to the chapter above it. The chapters
    of all parts marked `numbered` count on from one part to the next.
    """
    pages: list[tuple[str, str]] = []
    number, numbered, everywhere = 0, False, False
    parts_at = chapters_at = -1
    for line in text.splitlines():
        found = re.match(r"^(\s*(?:-\s+)?)([\w-]+):\s*(.*?)\s*(?:#.*)?$", line)
        if not found:
            continue
        indent, key, value = len(found[1]), found[2], found[3].strip("\"'")
        if key == "root":
            pages.append((value, ""))
        elif key == "numbered":
            yes = value.lower() not in ("false", "no", "0")
            if parts_at < 0 and chapters_at < 0:
                everywhere = yes
            numbered = yes
        elif key == "parts":
            parts_at = indent
        elif key == "caption":
            numbered, chapters_at = everywhere, -1
        elif key == "chapters":
            chapters_at = -1
        elif key == "file":
            if chapters_at < 0:
                chapters_at = indent
            if indent <= chapters_at and numbered:
                number += 1
            pages.append((value, str(number) if numbered else ""))
    return pages


def without_code(text: str) -> str:
    """Blank what is not text in a MyST page: its header, comments, code cells and blocks of code."""
    lines: list[str] = []
    open_fences: list[str] = []
    in_code = head = False
    for i, line in enumerate(text.splitlines()):
        if i == 0 and line.rstrip() == "---":
            head = True
        elif head:
            head = line.rstrip() != "---"
            lines.append("")
            continue
        fence = FENCE.match(line)
        closes = (
            fence is not None
            and bool(open_fences)
            and fence[1].startswith(open_fences[-1])
            and line.strip(" \t>") == fence[1]
        )
        if closes:
            open_fences.pop()
            lines.append("" if in_code else line)
            in_code = False
        elif fence and not in_code:
            open_fences.append(fence[1])
            in_code = fence[2] in NOT_TEXT or (fence[2] is None and not fence[1].startswith(":"))
            lines.append("" if in_code else line)
        else:
            lines.append("" if in_code or head or line.startswith("%") else line)
    return "\n".join(lines)


def equation_labels(text: str) -> list[str | None]:
    """List the labels of a page's numbered equations, in order; None stands for one that has no label."""
    labels: list[str | None] = []
    for found in EQUATION.finditer(without_code(text)):
        if found["fence"]:
            label = re.search(r":label:\s*(\S+)", found["options"] or "")
            labels += [label[1]] if label else []
        elif found["name"]:
            labels += [] if found["name"].endswith("*") else [None]
        elif found["dollar"]:
            labels.append(found["dollar"])
    return labels


def resolve(text: str) -> str:
    """Turn {eq}`labels` in a text into the numbers that the book prints."""

    def number(match: re.Match[str]) -> str:
        known = book().equations.get(match[1])
        if known is not None:
            word = match[0].partition("{")[0]
            return f"{word}({known})"
        return "the equation in the book"

    return EQ_ROLE.sub(number, text)


def point_to(equation: str | None, chapter: str) -> str:
    """Say where in the book to read on."""
    known = book()
    title = known.titles.get(chapter, chapter)
    if equation in known.equations:
        home = known.chapter_of[equation]
        title = known.titles.get(home, home)
        return f"See equation ({known.equations[equation]}) in the chapter “{title}”."
    return f"See the chapter “{title}”."
