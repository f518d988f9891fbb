"""Reads the book's sources: which page holds which equation, figure or exercise, and the number beside it.

Sphinx gives the numbers when it builds the site. The checker, the ledger and the notebooks need the same ones
without a build, so they are counted here by the same rule: pages in the order of the table of contents,
chapters numbered through all parts, things numbered within their chapter (``2.7``), and on all pages without
a chapter number together (``3``).
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fysstk_book import held


@dataclass(frozen=True)
class Page:
    """One source file of the book: its name without folder and suffix; its chapter number, if it has one.

    The part is the caption that the table of contents has above the page.
    """

    name: str
    path: Path
    chapter: int | None
    part: str

    @property
    def text(self) -> str:
        """The page's source, with held numbers as the reader sees them."""
        return held.plain(self.path.read_text(encoding="utf8"))

    @property
    def title(self) -> str:
        """The page's first heading."""
        prose = (line for block in blocks(self.text) if isinstance(block, str) for line in block.splitlines())
        return next((match[2] for line in prose if (match := HEADING.match(line))), self.name)


@dataclass(frozen=True)
class Entry:
    """Something with a label: its kind, where it stands, its printed number and its own text.

    The kinds are section, equation, figure, table and exercise.
    The text of a section or exercise is its title, of an equation its LaTeX, of a figure its caption.
    """

    kind: str
    label: str
    page: str
    number: str
    text: str


@dataclass(frozen=True)
class Directive:
    """A fenced block: its name ("" for plain code), the rest of its first line, its options and its body."""

    name: str
    argument: str
    options: dict[str, Any]
    body: str
    source: str


def find_root(start: Path | None = None) -> Path | None:
    """Return the folder with ``_toc.yml`` at or above `start` (by default this file), or None without one."""
    here = (start or Path(__file__)).resolve()
    return next((folder for folder in (here, *here.parents) if (folder / "_toc.yml").is_file()), None)


def pages(root: Path) -> list[Page]:
    """Return the pages in the order of ``_toc.yml``; chapters are numbered through all numbered parts."""
    toc = _toc((root / "_toc.yml").read_text(encoding="utf8"))
    everywhere = {**toc.get("defaults", {}), **toc.get("options", {})}.get("numbered", False)
    found = [_page(root, toc["root"], None, "")]
    chapter, caption = 0, ""
    for part in toc.get("parts", [toc]):
        numbered = {"numbered": everywhere, **part, **part.get("options", {})}["numbered"]
        caption = part.get("caption", caption)
        for item in (*part.get("chapters", ()), *part.get("sections", ())):
            if "file" in item:
                chapter += bool(numbered)
                found.append(_page(root, item["file"], chapter if numbered else None, caption))
    return found


@lru_cache(maxsize=4)
def _toc(text: str) -> Any:
    return read_yaml(text)


def read_yaml(text: str) -> Any:
    """Read YAML, with the parser in C where there is one: a book has a thousand small pieces of it."""
    import yaml  # type: ignore[import-untyped, unused-ignore]

    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def entries(root: Path) -> dict[str, Entry]:
    """Return everything in the book that has a label and a number, by label, in the order of the book."""
    return {entry.label: entry for entry in _all_entries(root, _fingerprint(root))}


def equations(root: Path) -> dict[str, Entry]:
    """Return the labelled equations (claims ``eq-...`` and definitions ``def-...``) by label."""
    return {label: entry for label, entry in entries(root).items() if entry.kind == "equation"}


def labelled(path: Path) -> list[Entry]:
    """Return everything with a label on one page, in order and with repetitions, without numbers."""
    found = _numbered(held.plain(path.read_text(encoding="utf8")))
    return [Entry(kind, label, path.stem, "", text) for kind, label, text, _ in found if label]


INFO = re.compile(r"^(?:\{([\w:-]+)\})?\s*(.*)$")
FENCE = re.compile("```|~~~|:::")
TARGET = re.compile(r"^\(([^()\s]+)\)=\s*$")
HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
MATH = re.compile(r"\$\$(.+?)\$\$(?:[ \t]*\(([^)$\r\n]+?)\))?", re.DOTALL)


@lru_cache(maxsize=4096)
def blocks(text: str) -> tuple[str | Directive, ...]:
    """Cut Markdown into prose and fenced blocks, in order; fences inside a block stay in its body."""
    return tuple(_blocks(text))


def _blocks(text: str) -> Iterator[str | Directive]:
    lines, read = body_lines(text), 0
    for token in _parser().parse("\n".join(lines)) if FENCE.search(text) else ():
        name, argument = INFO.findall(token.info.strip())[0]
        if token.map is None or (token.type != "fence" and not (token.type == "colon_fence" and name)):
            continue
        start, end = token.map
        if start > read:
            yield "\n".join(lines[read:start])
        inside = token.content.splitlines()
        options, inside = _options(inside) if name else ({}, inside)
        body = textwrap.dedent("\n".join(inside))
        yield Directive(name, argument, options, body, "\n".join(lines[start:end]))
        read = end
    if read < len(lines):
        yield "\n".join(lines[read:])


@lru_cache(maxsize=1)
def _parser() -> Any:
    """Return a parser that knows where the blocks of a page are, and does not look inside its lines."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.colon_fence import colon_fence_plugin

    parser = MarkdownIt("commonmark").use(colon_fence_plugin)
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def body_lines(text: str) -> list[str]:
    """Return the lines of a page after its front matter."""
    lines = text.splitlines()
    if lines and lines[0].strip() == "---" and "---" in lines[1:]:
        return lines[lines.index("---", 1) + 1 :]
    return lines


def _options(lines: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Split a directive's lines into its options (a YAML block or ``:key: value``) and its body."""
    if lines and lines[0].strip() == "---":
        end = next((i for i, line in enumerate(lines[1:], 1) if line.strip() == "---"), len(lines))
        return read_yaml("\n".join(lines[1:end])) or {}, lines[end + 1 :]
    end = next((i for i, line in enumerate(lines) if not re.match(r"\s*:[\w-]+:", line)), len(lines))
    pairs = (line.strip()[1:].split(":", 1) for line in lines[:end])
    options = {key: value.strip() for key, value in pairs}
    return {k: read_yaml(v) if v.startswith("[") else v for k, v in options.items()}, lines[end:]


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
        for kind, label, text, level in _numbered(page.text):
            if kind == "section":  # the table of contents numbers chapters, not their sections
                number = str(page.chapter) if page.chapter and level == 1 else ""
            else:
                counts[kind, page.chapter] = count = counts.get((kind, page.chapter), 0) + 1
                number = f"{page.chapter}.{count}" if page.chapter else str(count)
            if label:
                found.append(Entry(kind, label, page.name, number, text))
    return tuple(found)


def _numbered(text: str) -> Iterator[tuple[str, str, str, int]]:
    """Yield (kind, label, text, heading level) of all that Sphinx numbers on a page, in order."""
    target = ""
    for block in blocks(text):
        if isinstance(block, Directive):
            yield from _numbered_directive(block)
            continue
        passage = ""
        for line in block.splitlines():
            if match := TARGET.match(line):
                target = match[1]
            elif match := HEADING.match(line):
                yield from _numbered_equations(passage)
                yield "section", target, match[2], len(match[1])
                passage = target = ""
            else:
                passage += line + "\n"
        yield from _numbered_equations(passage)


def _numbered_equations(passage: str) -> Iterator[tuple[str, str, str, int]]:
    for match in MATH.finditer(passage):
        if match[2]:
            yield "equation", match[2].strip(), match[1].strip(), 0


def _numbered_directive(block: Directive) -> Iterator[tuple[str, str, str, int]]:
    """Yield what a fenced block puts into the numbering: itself and, where it holds prose, what is inside."""
    options = block.options
    label = str(options.get("label") or options.get("name") or "")
    if block.name == "code-cell":
        figure = options.get("mystnb", {}).get("figure", {})
        if figure.get("caption"):
            yield "figure", str(figure.get("name", "")), str(figure["caption"]).strip(), 0
    elif block.name == "math" and label:
        yield "equation", label, block.body.strip(), 0
    elif block.name == "figure" and block.body.strip():
        yield "figure", label, block.body.strip(), 0
    elif block.name in {"table", "list-table"}:
        if block.argument:
            yield "table", label, block.argument, 0
    elif block.name not in OPAQUE:
        if block.name == "exercise":
            yield "exercise", label, block.argument, 0
        yield from _numbered(block.body)


OPAQUE = {"", "code-block", "code", "raw", "literalinclude", "math", "figure", "eval-rst"}
