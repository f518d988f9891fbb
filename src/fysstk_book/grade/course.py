"""Grades everybody: several notebooks at a time; each student's rows are kept as soon as they are there."""

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from fysstk_book.check.results import RIGHT
from fysstk_book.grade import journal
from fysstk_book.grade.intake import Submission
from fysstk_book.grade.journal import Journal
from fysstk_book.grade.sandbox import Limits
from fysstk_book.grade.session import Judge, Running, grade_notebook
from fysstk_book.grade.table import Row, one_for_each, readable

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Way:
    """How to grade: within which limits, shut in how, how many at a time."""

    limits: Limits = field(default_factory=Limits)
    protection: str = "limits"
    jobs: int = 1


def grade_all(
    submissions: list[Submission],
    way: Way,
    kept: Journal | None = None,
    tell: Tell = lambda line: None,
    step: Callable[[], object] = lambda: None,
) -> list[Row]:
    """Grade all submissions that the journal does not hold, and return everybody's rows, sorted by student.

    `tell` hears one line for each student, and `step` that one more is done.
    """
    running, judges = Running(), _Judges()
    rows: dict[str, list[Row]] = {}

    def grade(one: Submission) -> list[Row]:
        key = journal.key(one, way.limits, way.protection)
        old = kept.read(one.student, key) if kept else None
        if old is not None:
            tell(f"{one.student}: {_right(old)} right, kept from before")
            return old
        new = grade_student(one, way, judges.own(), running)
        failed = any(row.verdict == "not graded" for row in new)  # the next run tries again
        if kept and not running.stopped and not failed:
            kept.write(one.student, key, new)
        tell(f"{one.student}: {_right(new)} right, {len(new)} rows")
        return new

    pool = ThreadPoolExecutor(max(1, way.jobs))
    try:
        waiting: dict[Future[list[Row]], Submission] = {pool.submit(grade, one): one for one in submissions}
        while waiting:
            for done in wait(waiting, timeout=1.0, return_when=FIRST_COMPLETED).done:
                one = waiting.pop(done)
                try:
                    rows[one.student] = done.result()
                except Exception as error:  # the grader's own trouble with one student is not the others'
                    rows[one.student] = [_not_graded(one, error)]
                    tell(f"{one.student}: not graded: {error}")
                step()
    finally:
        running.stop()
        pool.shutdown(wait=True, cancel_futures=True)
        judges.close()
    return [row for one in submissions for row in rows[one.student]]


def _right(rows: list[Row]) -> int:
    return sum(row.verdict in RIGHT for row in rows)


def _not_graded(one: Submission, error: Exception) -> Row:
    words = readable(f"{type(error).__name__}: {error}")
    return Row(one.student, "", "not graded", f"the grader itself failed: {words}"[:500])


class _Judges:
    """One judge for each thread, ended together."""

    def __init__(self) -> None:
        self.local = threading.local()
        self.all: list[Judge] = []

    def own(self) -> Judge:
        """Return this thread's judge."""
        if not hasattr(self.local, "judge"):
            self.local.judge = Judge()
            self.all.append(self.local.judge)
        judge: Judge = self.local.judge
        return judge

    def close(self) -> None:
        """End them all."""
        for judge in self.all:
            with contextlib.suppress(OSError):
                judge.close()


def grade_student(one: Submission, way: Way, judge: Judge, running: Running) -> list[Row]:
    """Grade all notebooks of one student, and say what else there is to say."""
    rows: list[Row] = []
    for name in one.notebooks:
        if running.stopped:
            break
        files = one.files
        try:
            rows += grade_notebook(one.student, files, name, way.limits, way.protection, judge, running)
        except Exception as error:  # one notebook's trouble is not the other's
            rows.append(_not_graded(one, error))
    rows += [Row(one.student, "", "not a notebook", f"{name}: {words}") for name, words in one.faults]
    if not one.notebooks and not one.faults:
        names = ", ".join(PurePosixPath(readable(file.name)).name for file in one.files[:5])
        rows.append(Row(one.student, "", "no notebook", f"what was returned: {names or 'nothing'}"))
    rows += [Row(one.student, "", "late", f"{readable(name)}: it was handed in late") for name in one.late]
    return one_for_each(_clean(row) for row in rows)


def _clean(row: Row) -> Row:
    return Row(row.student, row.exercise, row.verdict, readable(row.mistake))
