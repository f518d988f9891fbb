"""Names equations by their number and chapters by their title, as the book prints them.

They come from the book's sources where these are at hand (an editable install), else from a table that was
written into the wheel when it was built (hatch_build.py).
"""

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path

from fysstk_book import sources

TABLE = "book.json"
EQ_ROLE = re.compile(r"(?:\bequations?\s+)?\{eq\}`([^`]+)`", re.IGNORECASE)


@dataclass(frozen=True)
class Book:
    """Numbers of labelled equations, the page that each stands on, and titles by page."""

    equations: dict[str, str]
    titles: dict[str, str]
    chapter_of: dict[str, str]


def read_book(root: Path) -> Book:
    """Read the book's sources under `root`."""
    found = sources.equations(root)
    return Book(
        equations={label: entry.number for label, entry in found.items()},
        titles={page.name: page.title for page in sources.pages(root) if page.path.is_file()},
        chapter_of={label: entry.page for label, entry in found.items()},
    )


@functools.cache
def book() -> Book:
    """Return the book's numbers and titles; without sources and table, an empty book."""
    here = Path(__file__)
    root = sources.find_root(here)
    if root is not None and (root / "src" / "fysstk_book").is_dir():
        try:
            return read_book(root)
        except ImportError:  # PyYAML, with which the sources are read, is not among the dependencies
            return Book({}, {}, {})
    table = here.with_name(TABLE)
    return Book(**json.loads(table.read_text("utf-8"))) if table.is_file() else Book({}, {}, {})


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
