"""Grades one notebook: starts it shut in, and carries its questions to the judge and the answers back."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fysstk_book.exercises import catalogue
from fysstk_book.grade import sandbox
from fysstk_book.grade.intake import File
from fysstk_book.grade.namespaces import INSIDE
from fysstk_book.grade.sandbox import SEPARATE, Limits
from fysstk_book.grade.table import Row
from fysstk_book.grade.wire import Head, WireError, receive, send

JUDGE_SECONDS = 300.0
MOST_MESSAGES = 20_000


class JudgeError(RuntimeError):
    """The judge did not answer."""


class Judge:
    """A process that judges, one question after the other; it is started when it is first asked."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, head: Head, body: bytes = b"") -> tuple[Head, bytes]:
        """Ask one question.

        Raises
        ------
        JudgeError
            When there is no answer; the next question is put to a new judge.
        """
        if self.process is None:
            environment = dict(os.environ) | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "fysstk_book.grade.judge"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )
        judge = self.process
        assert judge.stdin and judge.stdout
        impatience = threading.Timer(JUDGE_SECONDS, judge.kill)
        impatience.start()
        try:
            send(judge.stdin, head, body)  # type: ignore[arg-type]
            answer = receive(judge.stdout)  # type: ignore[arg-type]
        except (OSError, WireError):
            answer = None
        finally:
            impatience.cancel()
        if answer is None:
            self.close()
            raise JudgeError("the judge did not answer")
        return answer

    def close(self) -> None:
        """End the process."""
        judge, self.process = self.process, None
        if judge is not None:
            judge.kill()
            judge.wait()
            for stream in (judge.stdin, judge.stdout):
                with contextlib.suppress(OSError):
                    if stream:
                        stream.close()


class Running:
    """The guards that are at work, so that all of them can be stopped at once."""

    def __init__(self) -> None:
        self.guards: set[subprocess.Popen[bytes]] = set()
        self.lock = threading.Lock()
        self.stopped = False

    def add(self, guard: subprocess.Popen[bytes]) -> None:
        """Remember a guard; stop it at once where all are to stop."""
        with self.lock:
            self.guards.add(guard)
            stop = self.stopped
        if stop:
            _let_go(guard)

    def remove(self, guard: subprocess.Popen[bytes]) -> None:
        """Forget a guard that has ended."""
        with self.lock:
            self.guards.discard(guard)

    def stop(self) -> None:
        """End all notebooks."""
        with self.lock:
            self.stopped = True
            guards = list(self.guards)
        for guard in guards:
            _let_go(guard)


def _end(guard: subprocess.Popen[bytes]) -> None:
    """Tell a guard that the notebook is done, whatever still runs of it."""
    with contextlib.suppress(OSError, ValueError):
        if guard.stdin:
            guard.stdin.write(b".")


def _let_go(guard: subprocess.Popen[bytes]) -> None:
    """Close a guard's stdin: it then ends the notebook and all that came from it."""
    with contextlib.suppress(OSError, ValueError):
        if guard.stdin:
            guard.stdin.close()


class Heard:
    """What came from one notebook: verdicts of the judge, and what the notebook says of itself."""

    def __init__(self) -> None:
        self.checked: dict[str, tuple[str, str]] = {}
        self.unreached: dict[str, str] = {}
        self.troubles: list[tuple[str, str]] = []
        self.looks: list[str] = []
        self.ended = False

    def note(self, head: Head, known: set[str]) -> None:
        """Note what a notebook says of itself; what nobody could have said is passed over."""
        what, id, mistake = head.get("say"), head.get("exercise"), str(head.get("mistake"))[:1000]
        if what == "end":
            self.ended = True
        elif what == "not reached" and id in known:
            self.unreached[id] = mistake
        elif what == "hangs":
            self.troubles.append((what, mistake))
        elif what == "look":
            self.looks.append(mistake)


def grade_notebook(
    student: str,
    files: Iterable[File],
    notebook: str,
    limits: Limits,
    protection: str,
    judge: Judge,
    running: Running | None = None,
) -> list[Row]:
    """Run one notebook, with the student's other files beside it, and return its rows."""
    heard, running = Heard(), running or Running()
    known = {exercise.id for exercise in catalogue()}
    with tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True) as folder:
        place = Path(folder).resolve()
        sandbox.prepare(place)
        _lay_out(files, place / "returned" / "files")
        with contextlib.suppress(JudgeError):
            path = os.fsencode(place / "returned" / "files" / notebook).hex()
            found, _ = judge.ask({"ask": "scan", "path": path})
            heard.looks = found.get("found", [])
            if "unreadable" in found:
                words = f"{Path(notebook).name}: {found['unreadable']}"
                return [Row(student, "", "not a notebook", words)]
        ours, theirs = socket.socketpair()
        shut_in = protection in SEPARATE
        returned = (INSIDE if shut_in else place) / "returned"
        command = [sys.executable, "-P", "-m", "fysstk_book.grade.worker", str(theirs.fileno())]
        command += [str(returned), os.fsencode(notebook).hex(), f"{limits.cell_seconds}", str(shut_in)]
        guard = sandbox.start(command, place, protection, limits, channel=theirs.fileno())
        running.add(guard)
        theirs.close()
        try:
            _relay(ours, judge, heard, known)
            if heard.ended:
                _end(guard)
            told, _ = sandbox.wait(guard)
        finally:
            ours.close()
            _let_go(guard)
            running.remove(guard)
            guard.wait()
    return _rows(student, notebook, heard, told, limits)


def _lay_out(files: Iterable[File], target: Path) -> None:
    """Copy what a student returned to where the notebook finds it."""
    for file in files:
        place = target / file.name
        with contextlib.suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            if not file.path.is_symlink():
                shutil.copyfile(file.path, place)


def _relay(channel: socket.socket, judge: Judge, heard: Heard, known: set[str]) -> None:
    """Carry questions to the judge and answers back, until the notebook has ended."""
    stream: Any = channel.makefile("rwb")
    with contextlib.suppress(OSError, WireError), stream:
        for _ in range(MOST_MESSAGES):
            message = None if heard.ended else receive(stream)
            if message is None:
                return
            head, body = message
            if "ask" not in head:
                heard.note(head, known)
                continue
            id = head.get("exercise")
            question = "judge" if head["ask"] == "judge" else "task"
            try:
                answer, content = judge.ask({"ask": question, "exercise": id}, body)
            except JudgeError as error:
                answer, content = {"trouble": str(error)}, b""
            if question == "judge" and isinstance(id, str) and id in known:
                if "verdict" in answer:
                    heard.checked[id] = answer["verdict"], answer["mistake"]
                else:
                    heard.checked[id] = "not graded", str(answer.get("trouble", ""))[:300]
            send(stream, answer, content)


def _rows(student: str, notebook: str, heard: Heard, told: dict[str, Any], limits: Limits) -> list[Row]:
    """Make the rows of one notebook from what was heard and how it ended."""
    name = Path(notebook).name
    rows = [Row(student, id, verdict, mistake) for id, (verdict, mistake) in heard.checked.items()]
    said = heard.checked.keys() | heard.unreached.keys()
    rows += [
        Row(student, id, "not reached", mistake)
        for id, mistake in heard.unreached.items()
        if id not in heard.checked
    ]
    troubles = list(heard.troubles)
    if not heard.ended:
        troubles.append(_ending(told, limits))
    elif not said and not troubles:
        troubles.append(("no checks", "no exercise is checked in it"))
    elif said:
        rows += _missing(student, said)
    rows += [Row(student, "", verdict, f"{name}: {mistake}") for verdict, mistake in troubles[:1]]
    if heard.looks:
        looks = "; ".join(dict.fromkeys(heard.looks))
        rows.append(Row(student, "", "look", f"{name}: {looks}"[:500]))
    return rows


def _ending(told: dict[str, Any], limits: Limits) -> tuple[str, str]:
    """Say how a notebook ended that did not come to its end."""
    ended, code = told.get("ended"), told.get("code", 0)
    if ended == "seconds":
        return "hangs", f"stopped after {limits.seconds:g} seconds"
    if ended in ("megabytes", "disk", "processes"):
        much = {
            "megabytes": f"{limits.megabytes} megabytes of memory",
            "disk": f"{limits.disk} megabytes of disk",
            "processes": "the processes it may start",
        }
        return "crashes", f"stopped after it had used more than {much[ended]}"
    if ended == "exit" and code > 128:
        with contextlib.suppress(ValueError):
            return "crashes", f"Python was ended by {signal.Signals(code - 128).name}"
    if ended == "exit":
        return "crashes", f"Python was left with exit code {code}"
    return "crashes", "the notebook was ended"


def _missing(student: str, said: Iterable[str]) -> list[Row]:
    """Name the exercises of the same chapters whose check is not in the notebook any more."""
    said = set(said)
    exercises = [exercise for exercise in catalogue() if exercise.checked]
    chapters = {exercise.chapter for exercise in exercises if exercise.id in said}
    return [
        Row(student, exercise.id, "missing", "the notebook does not check it")
        for exercise in exercises
        if exercise.chapter in chapters and exercise.id not in said
    ]
