"""The three ways through the book: one evening, the lecture's week, the whole book.

A section on the evening's path says so in its source, with ``{.evening}`` above its heading; one that only
the whole book has says ``{.beyond}``; all others belong to the week. Each path contains the shorter ones. The
few exercises of the two shorter paths are listed in ``book/paths.yml``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fysstk_book import sources
from fysstk_book.sources import Directive, Page

__all__ = ["CLOSING", "PATHS", "Section", "exercises_on", "minutes", "on", "sections", "size"]

PATHS = ("evening", "week", "book")
"""The paths, each contained in the next."""

CLOSING = ("Common mistakes", "What to remember", "Exercises", "References")
"""The sections with which each chapter ends; a path has them where it has anything of the chapter."""

WORDS, LINES = 150, 15  # read in a minute; a figure takes half of one, an equation one with a pencil
CARE = 2.4  # a careful reading of the whole text took this many times as long as the counted one


@dataclass(frozen=True)
class Section:
    """A section of a chapter, or what stands between its title and its first section.

    The path is the shortest one on which it lies. Times are in minutes: to read it, and to follow its
    displayed equations with a pencil.
    """

    page: Page
    level: int
    title: str
    label: str
    path: str
    text: str
    reading: float
    pencil: float


def sections(page: Page) -> list[Section]:
    """Return the sections of a chapter, in order.

    A section without a mark lies on the path of the section around it, outermost on the week's. The closing
    sections lie on the shortest path that has any of the chapter.
    """
    return list(_sections(page, page.text))


@lru_cache(maxsize=256)
def _sections(page: Page, text: str) -> tuple[Section, ...]:
    found: list[Section] = []
    around = {0: "week"}  # by level
    for level, title, label, mark, passage in _cut(text):
        around = {one: path for one, path in around.items() if one < level}
        outer = around[max(around)]
        path = mark or outer
        if level == 2 and title in CLOSING:
            path = min((one.path for one in found), key=PATHS.index)
        around[level] = path
        found.append(Section(page, level, title, label, path, passage, *_times(passage)))
    return tuple(found)


def on(path: str, page: Page) -> list[Section]:
    """Return the sections of a chapter that lie on a path; none if it has no part of the chapter.

    The introduction and the closing sections come along with any other section.
    """
    found = sections(page)
    wanted = [one for one in found[1:] if one.title not in CLOSING and _within(one.path, path)]
    if not wanted:
        return []
    return [one for one in found if one in wanted or one is found[0] or one.title in CLOSING]


def minutes(parts: list[Section]) -> tuple[float, float]:
    """Return how long sections take to read, and to follow with a pencil; exercises are not counted."""
    counted = [one for one in parts if one.title not in ("Exercises", "References")]
    return sum(one.reading for one in counted), sum(one.pencil for one in counted)


def exercises_on(path: str, root: Path) -> list[str]:
    """Return the ids of the exercises of a path, in the order in which ``book/paths.yml`` lists them."""
    listed = sources.read_yaml((root / "book" / "paths.yml").read_text(encoding="utf8"))
    return [id for name in PATHS if _within(name, path) for id in listed.get(name, ())]


def size(text: str) -> tuple[int, int, int, int]:
    """Return how many words, displayed equations, figures and lines of visible code a passage has."""
    words = displays = figures = lines = 0
    for block in sources.blocks(f"\n{text}"):
        if isinstance(block, str):
            words += len(sources.MATH.sub(" ", block).split())
            displays += len(sources.MATH.findall(block))
        elif block.name == "code-cell":
            figures += bool(block.options.get("mystnb", {}).get("figure"))
            hidden = {"hide-input", "setup", "exercise", "solution"} & set(_tags(block))
            lines += 0 if hidden else len(block.body.splitlines())
        elif block.name not in sources.OPAQUE | {"exercise"}:
            inside = size(block.body)
            words, displays = words + inside[0], displays + inside[1]
            figures, lines = figures + inside[2], lines + inside[3]
    return words, displays, figures, lines


def _times(text: str) -> tuple[float, float]:
    words, displays, figures, lines = size(text)
    return words / WORDS + figures / 2 + lines / LINES, float(displays)


def _tags(cell: Directive) -> list[str]:
    tags = cell.options.get("tags", [])
    return [tags] if isinstance(tags, str) else list(tags)


def _within(path: str, longer: str) -> bool:
    return PATHS.index(path) <= PATHS.index(longer)


HEAD = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
MARK = re.compile(r"^\{\.(evening|beyond)\}$")


def _cut(text: str) -> list[tuple[int, str, str, str, str]]:
    """Cut a page at its headings: level, title, label, mark and text of each section."""
    found: list[tuple[int, str, str, str, list[str]]] = []
    label = mark = ""
    for block in sources.blocks(text):
        if isinstance(block, Directive):
            if found:
                found[-1][4].append(block.source)
            continue
        for line in block.splitlines():
            if match := sources.TARGET.match(line):
                label = match[1]
            elif match := MARK.match(line):
                mark = {"evening": "evening", "beyond": "book"}[match[1]]
            elif match := HEAD.match(line):
                found.append((len(match[1]), match[2], label, mark, []))
                label = mark = ""
            elif found:
                found[-1][4].append(line)
    return [(*head, "\n".join(lines)) for *head, lines in found]  # type: ignore[misc]
