"""Remembers, in one small file, how far a student has come.

The file is `.fysstk-nn-progress.json` in the home folder; the variable FYSSTK_PROGRESS names another one, or
says "off". Nothing else depends on the file: it may be missing, damaged, unwritable or deleted at any time.
"""

import contextlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fysstk_book.check.results import Progress, Result
from fysstk_book.exercises import Exercise

OFF = "off"


@dataclass
class Record:
    """What is known about one exercise: whether it was ever right, the last verdict, tries and hints."""

    right: bool = False
    verdict: str = ""
    tries: int = 0
    hints: int = 0


# What a session knows even where nothing may be written.
_session: dict[str, Record] = {}


def place() -> Path | None:
    """Return the path of the file, or None when progress is not kept."""
    chosen = os.environ.get("FYSSTK_PROGRESS", "").strip()
    if chosen.lower() == OFF:
        return None
    if chosen:
        return Path(chosen).expanduser()
    try:
        return Path.home() / ".fysstk-nn-progress.json"
    except RuntimeError:
        return None


def _record(value: Any) -> Record | None:
    """Return one entry of the file, or None when it is not what this module writes."""
    if not isinstance(value, dict):
        return None
    kinds = {"right": bool, "verdict": str, "tries": int, "hints": int}
    fits = {name: value[name] for name, kind in kinds.items() if type(value.get(name)) is kind}
    return Record(**fits) if len(fits) == len(kinds) else None


def load() -> dict[str, Record]:
    """Read the file; what is damaged in it counts as not there."""
    path = place()
    if path is None:
        return dict(_session)
    try:
        entries = json.loads(path.read_text("utf-8"))["exercises"].items()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return dict(_session) if not path.exists() and not path.parent.exists() else {}
    return {str(id): record for id, value in entries if (record := _record(value)) is not None}


def _save(records: dict[str, Record]) -> None:
    """Write the file as a whole: first under another name, then in place of the old one."""
    path = place()
    if path is None:
        return
    text = json.dumps(
        {"version": 1, "exercises": {id: asdict(records[id]) for id in sorted(records)}}, indent=1
    )
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text + "\n")
            os.replace(name, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(name)


def _update(id: str, record: Record) -> None:
    _session[id] = record
    _save({**load(), id: record})


def note_result(result: Result) -> None:
    """Remember the result of a check; a stub that was merely run does not count as a try."""
    old = load().get(result.exercise, Record())
    tried = result.verdict != "not attempted"
    if tried or not old.tries:
        record = Record(old.right or result.right, result.verdict, old.tries + tried, old.hints)
        if record != old:
            _update(result.exercise, record)


def next_hint(exercise: Exercise) -> int:
    """Return the stage of the next hint (the last one is repeated), and remember it."""
    old = load().get(exercise.id, Record())
    stage = min(old.hints + 1, len(exercise.hints))
    if stage != old.hints:
        _update(exercise.id, Record(old.right, old.verdict, old.tries, stage))
    return stage


def forget() -> None:
    """Delete the file, and what this session remembers."""
    _session.clear()
    path = place()
    if path is not None:
        with contextlib.suppress(OSError):
            path.unlink()


def by_chapter(chapters: dict[str, list[Exercise]], titles: dict[str, str]) -> Progress:
    """Make the table over the chapters, from the exercises of each."""
    records, nobody = load(), Record()
    rows = [("chapter", "title", "right", "tried", "minutes left")]
    for name, exercises in chapters.items():
        checked = [exercise for exercise in exercises if exercise.checked]
        right = [exercise for exercise in checked if records.get(exercise.id, nobody).right]
        tried = [exercise for exercise in checked if records.get(exercise.id, nobody).tries]
        left = sum(exercise.minutes for exercise in exercises if exercise not in right)
        rows.append(
            (name, titles.get(name, ""), f"{len(right)} of {len(checked)}", str(len(tried)), str(left))
        )
    return _progress(rows, [exercise for exercises in chapters.values() for exercise in exercises], records)


def table(exercises: list[Exercise]) -> Progress:
    """Make the table over some exercises."""
    records = load()
    rows = [("exercise", "title", "difficulty", "minutes", "so far")]
    for exercise in exercises:
        level = "●" * exercise.difficulty + "○" * (3 - exercise.difficulty)
        said = _so_far(exercise, records.get(exercise.id, Record()))
        rows.append((exercise.id, exercise.title, level, str(exercise.minutes), said))
    return _progress(rows, exercises, records)


def _progress(
    rows: list[tuple[str, str, str, str, str]], exercises: list[Exercise], records: dict[str, Record]
) -> Progress:
    """Add to a table how many of its exercises are right, and where this is kept."""
    path = place()
    checked = [exercise for exercise in exercises if exercise.checked]
    done = sum(records.get(exercise.id, Record()).right for exercise in checked)
    others = len(exercises) - len(checked)
    summary = f"{done} of {len(checked)} checked exercises right" + (
        f", and {others} with a model answer." if others else "."
    )
    where = (
        "This session only: progress is not kept in a file."
        if path is None
        else f"Kept in `{path}`; delete it to start anew."
    )
    return Progress(tuple(rows), summary, where)


def _so_far(exercise: Exercise, record: Record) -> str:
    if not exercise.checked:
        state = "model answer"
    elif record.right:
        state = "right"
    elif record.tries:
        state = f"{record.tries} {'try' if record.tries == 1 else 'tries'}, last: {record.verdict}"
    else:
        state = ""
    hints = f"{record.hints} of {len(exercise.hints)} hints" if record.hints else ""
    return ", ".join(part for part in (state, hints) if part)
