"""Reads the code cells of a returned notebook, in whatever way it was saved."""

import codecs
import json
import re
from pathlib import Path
from typing import Any

LARGEST_NOTEBOOK = 50 * 1024**2
CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)", re.MULTILINE)
SIGNATURES = {
    b"PK\x03\x04": "it is a zip archive",
    b"%PDF": "it is a PDF",
    b"\x1f\x8b": "it is a compressed file",
    b"\x89PNG": "it is a picture",
    b"\xff\xd8\xff": "it is a picture",
}


class NotANotebookError(ValueError):
    """The file is no Jupyter notebook."""


def decode(content: bytes) -> str:
    """Return a text saved as UTF-8 or UTF-16, with or without a byte order mark, or else as Windows-1252."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    for mark, codec in ((b"{\x00", "utf-16-le"), (b"\x00{", "utf-16-be")):
        if content.lstrip()[:2] == mark:
            return content.decode(codec, errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def read_cells(path: Path) -> list[str]:
    """Return the sources of a notebook's code cells.

    Raises
    ------
    NotANotebookError
        When the file is none; the message continues "not a notebook: ...".
    """
    if path.is_symlink() or not path.is_file():
        raise NotANotebookError("it is no file, or a link, and links are not followed")
    if path.stat().st_size > LARGEST_NOTEBOOK:
        raise NotANotebookError(f"it is larger than {LARGEST_NOTEBOOK // 1024**2} MB")
    content = path.read_bytes()
    for signature, words in SIGNATURES.items():
        if content.startswith(signature):
            raise NotANotebookError(words)
    text = decode(content)
    if not text.strip("\x00 \t\r\n"):
        raise NotANotebookError("it is empty")
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        raise NotANotebookError(_not_json(text)) from None
    cells = _cells(notebook)
    if cells is None:
        raise NotANotebookError("it has no list of cells")
    return [source for cell in cells if (source := _source(cell)) is not None]


def _not_json(text: str) -> str:
    """Say what stands in a file that is not JSON."""
    if CONFLICT.search(text):
        return "it holds the marks of a merge conflict (<<<<<<<), which its author has to resolve"
    if text.lstrip()[:1] == "<":
        return "it is a web page, perhaps saved in place of the notebook"
    if text.lstrip().startswith('{"cells"') or '"cell_type"' in text[:5000]:
        return "it begins like a notebook and is cut off or damaged"
    return "it is not written in JSON"


def _cells(notebook: Any) -> list[Any] | None:
    """Return the cells; notebooks of format 3 keep them in worksheets."""
    if not isinstance(notebook, dict):
        return None
    cells = notebook.get("cells")
    sheets = notebook.get("worksheets")
    if cells is None and isinstance(sheets, list):
        found = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        cells = [cell for part in found if isinstance(part, list) for cell in part]
    return cells if isinstance(cells, list) else None


def _source(cell: Any) -> str | None:
    """Return the source of a code cell, and None for any other."""
    if not isinstance(cell, dict) or cell.get("cell_type") != "code":
        return None
    source = cell.get("source", cell.get("input", ""))
    return "".join(map(str, source)) if isinstance(source, list) else str(source)
