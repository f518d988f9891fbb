"""Keeps what is graded: one small file for each student, written as soon as the student is done."""

import hashlib
import json
import re
from dataclasses import asdict
from functools import cache
from pathlib import Path

import fysstk_nn
from fysstk_book.grade.intake import Submission
from fysstk_book.grade.sandbox import Limits
from fysstk_book.grade.table import Row, readable, write_whole


class Journal:
    """A folder of results; what was graded from other files, or in another way, does not count."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, *, fresh: bool) -> None:
        """Make the folder; with `fresh`, forget what is in it."""
        self.folder.mkdir(exist_ok=True)
        for path in self.folder.glob("*.json" if fresh else ".*.tmp"):
            path.unlink()

    def place(self, student: str) -> Path:
        """Return the file of a student: a name that can be read, and one that is nobody else's."""
        text = re.sub(r"[^\w.-]+", "-", student)[:60].strip("-.") or "student"
        return self.folder / f"{text}-{hashlib.sha256(student.encode()).hexdigest()[:10]}.json"

    def read(self, student: str, key: str) -> list[Row] | None:
        """Return a student's rows, or None where they have to be graded (again)."""
        try:
            kept = json.loads(self.place(student).read_text("utf-8"))
            if kept["key"] != key or kept["student"] != student:
                return None
            return [Row(**{name: str(row[name]) for name in Row.__match_args__}) for row in kept["rows"]]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def write(self, student: str, key: str, rows: list[Row]) -> None:
        """Keep a student's rows."""
        kept = {"student": student, "key": key, "rows": [asdict(row) for row in rows]}
        write_whole(self.place(student), (json.dumps(kept, indent=1) + "\n").encode())


def key(submission: Submission, limits: Limits, protection: str) -> str:
    """Return a sign of all that the rows of a student depend on."""
    found = hashlib.sha256(f"{version()} {limits} {protection} {submission.student}".encode())
    for name, words in [*submission.faults, *((name, "late") for name in submission.late)]:
        found.update(f"\n{name}: {words}".encode("utf-8", "surrogateescape"))
    for file in submission.files:
        found.update(f"\n{readable(file.name)} ".encode())
        try:
            with file.path.open("rb") as content:
                found.update(hashlib.file_digest(content, "sha256").digest())
        except OSError as error:
            found.update(str(error.errno).encode())
    return found.hexdigest()


@cache
def version() -> str:
    """Return a sign of the two packages' sources: other sources may judge otherwise."""
    found = hashlib.sha256()
    for folder in (Path(__file__).parents[1], Path(fysstk_nn.__file__).parent):
        for path in sorted(folder.rglob("*.py")):
            found.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return found.hexdigest()
