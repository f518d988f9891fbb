"""Grades a folder of returned notebooks: `python -m fysstk_book.grade FOLDER -o table.csv`.

Every notebook runs in a process of its own, with limits of time and memory and without the network. The table
has one row for each student and exercise. A notebook that hangs, crashes or is none is one row that says so.
"""

import contextlib
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path

from fysstk_book.check.results import RIGHT
from fysstk_book.exercises import catalogue

__all__ = ["Limits", "Row", "grade_folder", "grade_notebook", "submissions", "write_table"]

# What the table says beyond the checker's own verdicts: of an exercise, and of a whole notebook.
VERDICTS = (
    "not reached",
    "missing",
    "hangs",
    "crashes",
    "not a notebook",
    "no notebook",
    "no checks",
)
# All that a notebook may know of this machine's environment.
ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT", "FYSSTK_MNIST")


@dataclass(frozen=True)
class Limits:
    """What one notebook may use: seconds in all and in one cell, and megabytes of memory."""

    seconds: float = 300.0
    cell_seconds: float = 60.0
    megabytes: int = 4096


@dataclass(frozen=True)
class Row:
    """One line of the table; `exercise` is empty where the row is about the notebook as a whole."""

    student: str
    exercise: str
    verdict: str
    mistake: str


def submissions(folder: Path) -> list[tuple[str, Path | None]]:
    """List who returned what: (student, notebook), or None where somebody returned no notebook.

    A student is a folder in `folder` with notebooks at any depth, or a single file in it. Hidden files and
    Jupyter's checkpoints are passed over.
    """
    found: list[tuple[str, Path | None]] = []
    for entry in sorted(folder.iterdir(), key=lambda path: path.name):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            notebooks = sorted(
                path
                for path in entry.rglob("*.ipynb")
                if not any(part.startswith(".") for part in path.relative_to(entry).parts)
            )
            found += [(entry.name, notebook) for notebook in notebooks] or [(entry.name, None)]
        else:
            found.append((entry.stem, entry))
    return found


def grade_folder(
    folder: Path,
    limits: Limits | None = None,
    jobs: int = 1,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Row]:
    """Grade all notebooks in a folder, `jobs` at a time, and return the rows of the table.

    Raises
    ------
    NotADirectoryError
        When `folder` is not a folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder")
    limits = limits or Limits()
    returned = submissions(folder)

    def grade(item: tuple[str, Path | None]) -> list[Row]:
        student, path = item
        if path is None:
            rows = [Row(student, "", "no notebook", "the folder holds no .ipynb file")]
        else:
            rows = grade_notebook(student, path, limits)
        right = sum(row.verdict in RIGHT for row in rows)
        tell(f"{student}: {path.name if path else 'nothing'}: {right} right, {len(rows)} rows")
        return rows

    with ThreadPoolExecutor(max(1, jobs)) as pool:
        return _one_for_each(row for rows in pool.map(grade, returned) for row in rows)


def _one_for_each(rows: Iterable[Row]) -> list[Row]:
    """Keep one row for each student and exercise, the best where several notebooks check it."""
    kept: dict[tuple[str, ...], Row] = {}
    for row in rows:
        key = (row.student, row.exercise) if row.exercise else (row.student, "", row.mistake)
        if key not in kept or _rank(row) < _rank(kept[key]):
            kept[key] = row
    return list(kept.values())


def _rank(row: Row) -> int:
    """Order verdicts: right, wrong in some way, and those of exercises that were not tried."""
    if row.verdict in RIGHT:
        return 0
    untried = ("not attempted", "not reached", "missing")
    return 2 + untried.index(row.verdict) if row.verdict in untried else 1


def grade_notebook(student: str, path: Path, limits: Limits) -> list[Row]:
    """Run one notebook in a process of its own and return its rows."""
    with tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        report = place / "report.jsonl"
        report.touch()
        ended = _run(path, report, place, limits)
        lines = _read(report)
    said = {line["exercise"]: line for line in lines if line.get("exercise")}
    rows = [Row(student, id, line["verdict"], line["mistake"]) for id, line in said.items()]
    troubles = [line for line in lines if "exercise" in line and not line["exercise"]]
    if not any(line.get("end") for line in lines):
        troubles.append({"verdict": ended[0], "mistake": ended[1]})
    elif not said and not troubles:
        troubles.append({"verdict": "no checks", "mistake": "no exercise is checked in it"})
    else:
        rows += _missing(student, said)
    return rows + [
        Row(student, "", line["verdict"], f"{path.name}: {line['mistake']}") for line in troubles[:1]
    ]


def _missing(student: str, said: Iterable[str]) -> list[Row]:
    """Name the exercises of the same chapters whose check is not in the notebook any more."""
    exercises = [exercise for exercise in catalogue() if exercise.checked]
    chapters = {exercise.chapter for exercise in exercises if exercise.id in said}
    return [
        Row(student, exercise.id, "missing", "the notebook does not check it")
        for exercise in exercises
        if exercise.chapter in chapters and exercise.id not in said
    ]


def _run(path: Path, report: Path, place: Path, limits: Limits) -> tuple[str, str]:
    """Run the worker on a notebook; return what to say should it not have come to its end."""
    work = place / "work"
    work.mkdir()
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ} | {
        "HOME": str(work),
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(_matplotlib_folder(place)),
        "FYSSTK_PROGRESS": "off",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-P", "-m", "fysstk_book.grade.worker", str(path.resolve()), str(report)]
    command += [str(limits.cell_seconds), str(limits.megabytes)]
    worker = subprocess.Popen(
        command,
        cwd=work,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        code = worker.wait(limits.seconds)
    except subprocess.TimeoutExpired:
        return "hangs", f"stopped after {limits.seconds:g} seconds"
    finally:
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(worker.pid, signal.SIGKILL)
        worker.kill()
        worker.wait()
    if code < 0:
        return "crashes", f"Python was ended by {signal.Signals(-code).name}"
    return "crashes", f"Python was left with exit code {code}"


def _matplotlib_folder(place: Path) -> Path:
    """Give the notebook its own copy of matplotlib's list of fonts, which takes long to make."""
    folder = place / "matplotlib"
    folder.mkdir()
    with contextlib.suppress(ImportError, OSError):
        import matplotlib

        for fonts in Path(matplotlib.get_cachedir()).glob("fontlist*.json"):
            shutil.copy(fonts, folder)
    return folder


def _read(report: Path) -> list[dict[str, str]]:
    """Read what the worker reported, as far as it came."""
    lines = []
    for text in report.read_text("utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and all(isinstance(value, str) for value in line.values()):
            lines.append(line)
    return lines


def _cell(text: str) -> str:
    """Keep a spreadsheet from taking a cell of the table for a formula."""
    text = " ".join(text.split())
    return "'" + text if text.startswith(("=", "+", "-", "@")) else text


def write_table(rows: Iterable[Row], path: Path) -> None:
    """Write the rows as CSV (UTF-8, with a header)."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("student", "exercise", "verdict", "mistake"))
        table.writerows([_cell(text) for text in astuple(row)] for row in rows)
