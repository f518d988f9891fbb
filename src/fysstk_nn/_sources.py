"""Reads the book's sources: which page holds which equation, figure or exercise, and the number beside it.

Sphinx gives the numbers when it builds the site. The checker, the ledger and the notebooks need the same ones
without a build, so they are counted here by the same rule: pages in the order of the table of contents,
chapters numbered through all parts, things numbered within their chapter (``2.7``), and on all pages without
a chapter number together (``3``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

KINDS = ("section", "equation", "figure", "table", "exercise")


@dataclass(frozen=True)
class Page:
    """One source file of the book: its name without folder and suffix; its chapter number, if it has one."""

    name: str
    path: Path
    chapter: int | None
    part: str

    @property
    def text(self) -> str:
        """The page's source."""
        return self.path.read_text(encoding="utf8")

    @property
    def title(self) -> str:
        """The page's first heading."""
        prose = (line for kind, lines in _blocks(self.text) if kind == "prose" for line in lines)
        return next((match[2] for line in prose if (match := _HEADING.match(line))), self.name)


@dataclass(frozen=True)
class Entry:
    """Something with a label: its kind, where it stands, its printed number and its own text.

    The text of a section or exercise is its title, of an equation its LaTeX, of a figure its caption.
    """

    kind: str
    label: str
    page: str
    number: str
    text: str


def find_root(start: Path | None = None) -> Path | None:
    """Return the folder with ``_toc.yml`` at or above `start` (by default this file), or None without one."""
    here = (start or Path(__file__)).resolve()
    return next((folder for folder in (here, *here.parents) if (folder / "_toc.yml").is_file()), None)


def pages(root: Path) -> list[Page]:
    """Return the pages in the order of ``_toc.yml``; chapters are numbered through all numbered parts."""
    import yaml  # type: ignore[import-untyped, unused-ignore]

    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf8"))
    everywhere = {**toc.get("defaults", {}), **toc.get("options", {})}.get("numbered", False)
    found = [_page(root, toc["root"], None, "")]
    chapter = 0
    for part in toc.get("parts", [toc]):
        numbered = {"numbered": everywhere, **part, **part.get("options", {})}["numbered"]
        for item in (*part.get("chapters", ()), *part.get("sections", ())):
            if "file" in item:
                chapter += bool(numbered)
                found.append(
                    _page(root, item["file"], chapter if numbered else None, part.get("caption", ""))
                )
    return found


def entries(root: Path) -> dict[str, Entry]:
    """Return everything in the book that has a label and a number, by label, in the order of the book."""
    return {entry.label: entry for entry in _all_entries(root, _fingerprint(root))}


def equations(root: Path) -> dict[str, Entry]:
    """Return the labelled equations (claims ``eq-...`` and definitions ``def-...``) by label."""
    return {label: entry for label, entry in entries(root).items() if entry.kind == "equation"}


def labelled(path: Path) -> list[Entry]:
    """Return everything with a label on one page, in order and with repetitions, without numbers."""
    found = _labelled(path.read_text(encoding="utf8"))
    kinds = {f"h{level}": "section" for level in range(1, 7)}
    return [Entry(kinds.get(kind, kind), label, path.stem, "", text) for kind, label, text in found if label]


def _page(root: Path, file: str, chapter: int | None, part: str) -> Page:
    path = root / file
    return Page(path.stem, path if path.suffix else path.with_suffix(".md"), chapter, part)


def _fingerprint(root: Path) -> tuple[tuple[str, int], ...]:
    """Say which state the sources are in, so that an edited book is read again."""
    files = [root / "_toc.yml", *(page.path for page in pages(root))]
    return tuple((str(path), path.stat().st_mtime_ns) for path in files if path.is_file())


@lru_cache(maxsize=4)
def _all_entries(root: Path, _fingerprint: tuple[tuple[str, int], ...]) -> tuple[Entry, ...]:
    counts: dict[tuple[str, int | None], int] = {}
    found = []
    for page in pages(root):
        if not page.path.is_file():
            continue
        depths = [page.chapter or 0, 0, 0, 0, 0, 0]
        for kind, label, text in _labelled(page.text):
            if kind.startswith("h"):
                level = int(kind[1])
                if level > 1:
                    depths[level - 1] += 1
                    depths[level:] = [0] * (6 - level)
                number = ".".join(map(str, depths[:level])) if page.chapter else ""
                kind = "section"
            else:
                counts[kind, page.chapter] = count = counts.get((kind, page.chapter), 0) + 1
                number = f"{page.chapter}.{count}" if page.chapter else str(count)
            if label:
                found.append(Entry(kind, label, page.name, number, text))
    return tuple(found)


# Line by line: the fence we are in decides what a line means. Code is opaque, directives are looked into.
_FENCE = re.compile(r"^\s*(`{3,}|~{3,}|:{3,})\s*(?:\{([\w:-]+)\})?\s*(.*)$")
_TARGET = re.compile(r"^\(([^()\s]+)\)=\s*$")
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_MATH = re.compile(r"\$\$(.+?)\$\$(?:[ \t]*\(([^)$\r\n]+?)\))?", re.DOTALL)
_OPAQUE = {
    "code-cell",
    "code-block",
    "code",
    "raw",
    "literalinclude",
    "math",
    "figure",
    "table",
    "list-table",
}


def _labelled(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, label, text) of all that Sphinx numbers on a page, in order; headings are h1 to h6."""
    target = ""
    for kind, lines in _blocks(text):
        if kind != "prose":
            yield from _directive(kind, lines)
            continue
        yield from _prose(lines, target)
        rest = [line for line in lines if line.strip()]
        target = match[1] if rest and (match := _TARGET.match(rest[-1])) else ""


def _prose(lines: list[str], target: str) -> Iterator[tuple[str, str, str]]:
    passage: list[str] = []
    for line in lines:
        if match := _TARGET.match(line):
            target = match[1]
        elif match := _HEADING.match(line):
            yield from _equations_in(passage)
            passage = []
            yield f"h{len(match[1])}", target, match[2]
            target = ""
        else:
            passage.append(line)
            target = "" if line.strip() else target
    yield from _equations_in(passage)


def _equations_in(lines: list[str]) -> Iterator[tuple[str, str, str]]:
    for match in _MATH.finditer("\n".join(lines)):
        if match[2]:
            yield "equation", match[2].strip(), match[1].strip()


def _directive(kind: str, lines: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield what one opaque block, or the head of an exercise, puts into the numbering."""
    argument, options, body = _options(lines)
    label = str(options.get("label") or options.get("name") or "")
    if kind == "code-cell":
        figure = options.get("mystnb", {}).get("figure", {})
        if figure.get("caption"):
            yield "figure", str(figure.get("name", "")), str(figure["caption"]).strip()
    elif kind == "exercise":
        yield "exercise", label, argument
    elif kind == "math" and label:
        yield "equation", label, "\n".join(body).strip()
    elif kind == "figure" and body:
        yield "figure", label, "\n".join(body).strip()
    elif kind in {"table", "list-table"} and argument:
        yield "table", label, argument


def _options(lines: list[str]) -> tuple[str, dict[str, Any], list[str]]:
    """Split a directive's lines into argument, options (YAML block or ``:key: value``) and body."""
    import yaml

    argument, body = lines[0], lines[1:]
    if body and body[0].strip() == "---":
        end = next((i for i, line in enumerate(body[1:], 1) if line.strip() == "---"), len(body))
        return argument, yaml.safe_load("\n".join(body[1:end])) or {}, body[end + 1 :]
    options: dict[str, Any] = {}
    while body and (match := re.match(r"^\s*:([\w-]+):\s*(.*)$", body[0])):
        options[match[1]] = match[2].strip()
        body = body[1:]
    return argument, options, body


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Cut a page into passages of prose and opaque directives; the first line of a directive is its argument.

    The bodies of transparent directives (admonitions, margin notes, exercises) are prose.
    """
    lines = text.splitlines()
    if lines and lines[0].strip() == "---" and "---" in lines[1:]:
        lines = lines[lines.index("---", 1) + 1 :]
    prose: list[str] = []
    opaque: list[str] | None = None
    fences: list[str] = []
    kind = ""
    for i, line in enumerate(lines):
        match = _FENCE.match(line)
        closes = match and not match[2] and not match[3] and fences and match[1].startswith(fences[-1])
        if closes:
            fences.pop()
            if opaque is not None:
                yield kind, opaque
                opaque = None
            else:
                prose.append("")
        elif opaque is not None:
            opaque.append(line)
        elif match:
            fences.append(match[1])
            if match[2] == "exercise":
                yield "prose", prose
                prose = []
                yield "exercise", [match[3], *_head(lines[i + 1 :])]
            elif match[2] in _OPAQUE or not match[2]:
                yield "prose", prose
                prose, opaque, kind = [], [match[3]], match[2] or "code"
            else:
                prose.append("")
        else:
            prose.append(line)
    yield "prose", prose


def _head(lines: list[str]) -> list[str]:
    """Return the option lines at the start of `lines`."""
    end = next((i for i, line in enumerate(lines) if not re.match(r"^\s*:[\w-]+:", line)), len(lines))
    return lines[:end]
