"""Notes which files of this repository a chapter's run rests on, and tells whether they are still the same.

A run that would read the same again gives the same again. So what a chapter prints and draws is kept with the
modules of ours that its kernel had loaded, and with the files that it or a process of its had opened.
Of the book's pages it reads nothing but the numbers and titles that checks and hints name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import depends
from fysstk_book import numbers
from inputs import ROOT

VARIABLE = "BOOK_READS"  # names the file that a kernel writes the opened files into, one a line
CATALOGUE = "src/fysstk_book/exercises"
NUMBERS = "fysstk_book/numbers.py"  # takes no more than that from the pages; other readers may

# IPython runs this before the first cell, and it leaves no name behind.
START_UP = f"""
def _note():
    import os, sys
    place, root = os.environ.pop({VARIABLE!r}, ""), {str(ROOT)!r} + os.sep
    away = tuple(root + name for name in (".", "_build" + os.sep))
    if place:
        log = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

        def hook(event, details):
            if event == "open" and isinstance(details[0], str) and not set("wax") & set(details[1] or ""):
                path = os.path.realpath(details[0])
                if path.startswith(root) and not path.startswith(away):
                    os.write(log, os.fsencode(path) + b"\\n")

        sys.addaudithook(hook)
_note()
del _note
"""
# Asked at the end, as an expression: the files of the loaded modules.
LOADED = "[getattr(m, '__file__', None) or '' for m in __import__('sys').modules.values()]"

SHOWS_SOURCE = re.compile(
    r"\b(inspect|getsource|linecache|traceback|tokenize)\b|raises-exception|\?\?|^%", re.MULTILINE
)
LABEL = re.compile(r"\b(?:eq|def)-[a-z0-9-]+")


def rests_on(code: str, loaded: Sequence[str], opened: Iterable[str], root: Path = ROOT) -> dict[str, Any]:
    """Return what a run rests on, as JSON can hold it.

    Parameters
    ----------
    code
        All cells of the chapter with their tags.
    loaded, opened
        The files of the modules that its kernel had loaded, and those that were opened.
    """
    ours = {path for file in loaded if file and _place(path := Path(file).resolve(), root)}
    modules = depends.reach(ours, root)  # with what a child may have loaded
    files = {Path(file) for file in opened}
    pages = {file for file in files if file.parent == root / "book" and file.suffix == ".md"}
    if any(_reads_pages(file.read_text("utf-8")) for file in modules if not file.match(NUMBERS)):
        pages = set()
    others = {
        file for file in files - pages if file.suffix not in {".py", ".pyc"} and file.name != "_toc.yml"
    }
    names = sorted(_place(file, root) for file in modules | others)
    found: dict[str, Any] = {"files": names, "as_text": bool(SHOWS_SOURCE.search(code))}
    if pages:
        text = "\n".join([code, *(file.read_text("utf-8") for file in modules if CATALOGUE in str(file))])
        found["labels"] = sorted(set(LABEL.findall(text)))
    return found


def state(found: dict[str, Any], root: Path = ROOT, before: float = math.inf) -> dict[str, Any]:
    """Return the present state of what a run rests on: equal states give equal runs.

    It is never that of a run which began `before` one of the files was written.
    """
    if any(path.is_file() and path.stat().st_mtime >= before for path in map(root.joinpath, found["files"])):
        return {}
    now = {file: depends.fingerprint(root / file, as_text=found["as_text"]) for file in found["files"]}
    if "labels" in found:
        now["book"] = named(found["labels"], root)
    return now


def named(labels: Iterable[str], root: Path) -> list[Any]:
    """Return what checks and hints may say of the book: numbers of equations, and titles."""
    stamps = tuple(path.stat().st_mtime_ns for path in [root / "_toc.yml", *sorted(root.glob("book/*.md"))])
    known = book(root, stamps)
    return [
        [[label, known.equations.get(label), known.chapter_of.get(label)] for label in labels],
        list(known.titles.items()),
    ]


@lru_cache(maxsize=1)
def book(root: Path, stamps: tuple[int, ...]) -> numbers.Book:
    """Return the numbers and titles of the book whose files were written at these times."""
    return numbers.read_book(root)


def _reads_pages(code: str) -> bool:
    return any(name.startswith("fysstk_book.sources") for name in depends.imports(code))


def _place(path: Path, root: Path) -> str:
    """Return where a file of ours lies; nothing if it is none of ours."""
    if not path.is_relative_to(root) or path.relative_to(root).parts[0].startswith((".", "_build")):
        return ""
    return path.relative_to(root).as_posix()
