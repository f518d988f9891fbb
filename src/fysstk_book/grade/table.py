"""The table: one row for each student and exercise, in a file that any spreadsheet can open and trust."""

import contextlib
import csv
import io
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

from fysstk_book.check.results import RIGHT

# What the table says beyond the checker's own verdicts: of an exercise, and of a whole notebook or student.
VERDICTS = (
    "not reached",
    "missing",
    "not graded",
    "hangs",
    "crashes",
    "not a notebook",
    "no notebook",
    "no checks",
    "late",
    "look",
    "nothing returned",
)
HEAD = ("student", "exercise", "verdict", "mistake")
# What begins so is a formula; a spreadsheet that splits lines at another sign sees more beginnings.
FORMULA = re.compile(r"(?:^|(?<=[;,\t|]))(\s*[\"']?)(?=[=+\-@＝＋－＠])")


@dataclass(frozen=True)
class Row:
    """One line of the table; `exercise` is empty where the row is about a notebook or student as a whole."""

    student: str
    exercise: str
    verdict: str
    mistake: str


def readable(text: str) -> str:
    """Return a text that every program can read: in composed letters, with escapes for what is no Unicode."""
    text = unicodedata.normalize("NFC", text)
    # A byte of a file name that is no UTF-8 stands in it as half a character: show the byte.
    text = re.sub("[\udc80-\udcff]", lambda half: f"\\x{ord(half[0]) - 0xDC00:02x}", text)
    text = text.encode("utf-8", "backslashreplace").decode()
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", lambda sign: f"\\x{ord(sign[0]):02x}", text)


def one_for_each(rows: Iterable[Row]) -> list[Row]:
    """Keep one row for each student and exercise: the best where several notebooks check it."""
    kept: dict[tuple[str, ...], Row] = {}
    for row in rows:
        key = (row.student, row.exercise) if row.exercise else (row.student, "", row.verdict, row.mistake)
        if key not in kept or rank(row.verdict) < rank(kept[key].verdict):
            kept[key] = row
    return list(kept.values())


def rank(verdict: str) -> int:
    """Order verdicts: right, wrong in some way, and those of exercises that were not tried."""
    if verdict in RIGHT:
        return 0
    untried = ("not graded", "not attempted", "not reached", "missing")
    return 2 + untried.index(verdict) if verdict in untried else 1


def safe(text: str) -> str:
    """Return a text for one cell: on one line, and no formula, whatever the spreadsheet splits cells at."""
    return FORMULA.sub(r"'\1", " ".join(readable(text).split()))


def write_rows(rows: Iterable[Iterable[object]], path: Path) -> Path:
    """Write rows of cells as CSV (UTF-8, marked so that spreadsheets see it), all at once.

    Returns
    -------
    Path
        Where they are: beside `path` where that cannot be replaced, as when a spreadsheet has it open.
    """
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerows(
        [cell if isinstance(cell, int | float) else safe(str(cell)) for cell in row] for row in rows
    )
    return write_whole(path, text.getvalue().encode("utf-8-sig"))


def write_table(rows: Iterable[Row], path: Path) -> Path:
    """Write the table, with its head."""
    return write_rows([HEAD, *(astuple(row) for row in rows)], path)


def write_whole(path: Path, content: bytes) -> Path:
    """Put a file in the place of another in one step: at any moment, one of the two is there."""
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, 0o666 & ~_umask())
        for place in (path, *(path.with_stem(f"{path.stem}-{number}") for number in range(2, 100))):
            with contextlib.suppress(PermissionError):  # Windows: a spreadsheet has it open
                os.replace(draft, place)
                return place
        raise PermissionError(f"{path} cannot be replaced")
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(draft)
        raise


def _umask() -> int:
    """Return the rights that new files do not get; Python can only ask by setting them."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def try_place(path: Path) -> None:
    """See that a file can be written here, before hours of work depend on it.

    Raises
    ------
    OSError
        When it cannot; the message says why.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; the table needs the name of a file")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} to write {path.name} into")
    if path.exists():
        with path.open("r+b"):  # fails where a spreadsheet has the file open
            pass
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".tmp", dir=path.parent)
    os.close(handle)
    os.unlink(draft)
