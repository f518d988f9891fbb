"""Runs one notebook, and asks the judge about every check in it."""

import builtins
import contextlib
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from fysstk_book.grade import kernel
from fysstk_book.grade.reading import read_cells
from fysstk_book.grade.wire import Head, receive, send

# Where no namespace shuts a notebook in, these ways out are closed to Python itself.
FORBIDDEN = """
socket.connect socket.bind socket.sendto socket.sendmsg socket.getaddrinfo socket.gethostbyname
socket.gethostbyaddr subprocess.Popen os.system os.exec os.posix_spawn os.spawn os.startfile pty.spawn
"""


class CellTooSlow(BaseException):
    """A cell has had its time; as a BaseException it passes the `except Exception` of a notebook."""


def forbid() -> None:  # pragma: no cover - an audit hook cannot be taken back
    """Refuse Python's ways to the network and to other programs."""
    forbidden = frozenset(FORBIDDEN.split())

    def refuse(event: str, arguments: object) -> None:
        if event in forbidden:
            raise PermissionError(
                f"a notebook that is graded has no network and starts no programs ({event})"
            )

    sys.addaudithook(refuse)


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `CellTooSlow` after so many seconds, and each second from then on, where there are timers."""
    if not hasattr(signal, "setitimer"):  # pragma: no cover - Windows
        yield
        return

    def strike(number: int, frame: object) -> None:
        raise CellTooSlow

    signal.signal(signal.SIGALRM, strike)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class Channel:
    """The way to the grader: it hears what is said, and answers what is asked."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream

    def say(self, what: str, mistake: str = "", exercise: str = "") -> None:
        """Tell something about an exercise, or about the notebook as a whole."""
        send(self.stream, {"say": what, "exercise": exercise[:200], "mistake": mistake[:1000]})

    def ask(self, question: str, exercise: str, body: bytes = b"") -> tuple[Head, bytes]:
        """Ask for an exercise, or for the verdict on an answer."""
        with _undisturbed():
            send(self.stream, {"ask": question, "exercise": exercise}, body)
            answer = receive(self.stream)
        if answer is None:
            raise ConnectionError("the grader is gone")
        if "unknown" in answer[0]:
            raise LookupError(answer[0]["unknown"])
        if "trouble" in answer[0]:
            raise RuntimeError(answer[0]["trouble"])
        return answer


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold the cell's alarm back: a message that is broken off could not be understood."""
    if not hasattr(signal, "pthread_sigmask"):  # pragma: no cover - Windows
        yield
        return
    old = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)


def install(channel: Channel, reached: set[str]) -> Callable[[], str]:
    """Let every `check` ask the judge; return a function that undoes what a cell did to the packages.

    That function names the first thing that it had to put back, if there was any.
    """
    import fysstk_book.check as checker
    from fysstk_book.check.state import altered, put_back, snapshot
    from fysstk_book.grade import handover

    names = snapshot()

    def check(id: str, answer: Any) -> Any:
        put_back(names)
        _, task = channel.ask("task", id)
        said, _ = channel.ask("judge", id, handover.carry_out(task, answer))
        reached.add(id)
        return handover.from_json(said)

    def idle(*arguments: Any, **options: Any) -> None:
        return None

    checker.check = check
    checker.hint = checker.progress = idle  # type: ignore[assignment]
    names = snapshot()
    own = [entry for entry in names if entry[0].__name__.startswith("fysstk_book")]

    def repair() -> str:
        found = altered(own)
        put_back(names)
        return found

    return repair


def run_cells(sources: list[str], channel: Channel, cell_seconds: float, programs: bool) -> None:
    """Run the cells one after the other; an error ends its cell, not the notebook."""
    shell = kernel.start(programs)
    builtins.input = _nobody_answers
    reached: set[str] = set()
    repair = install(channel, reached)
    mentioned: dict[str, str] = {}
    first = ""
    for number, source in enumerate(sources, start=1):
        raised: BaseException | None = None
        try:
            with time_limit(cell_seconds):
                raised = kernel.run_cell(shell, source)
        except BaseException as error:
            raised = error
        trouble = ""
        if isinstance(raised, CellTooSlow):
            trouble = f"code cell {number} did not end in {cell_seconds:g} seconds"
            channel.say("hangs", trouble)
        elif raised is not None:
            trouble = describe(raised, number)
        if touched := repair():
            channel.say("look", f"code cell {number} replaces {touched}")
        ids = kernel.checks_in(shell, source)
        first = first or trouble
        mentioned |= {id: trouble for id in ids if trouble or id not in mentioned}
    for id, trouble in mentioned.items():
        if id not in reached:
            channel.say("not reached", _why(first, trouble), id)


def _why(first: str, own: str) -> str:
    """Quote the first cell that failed, and the check's own where that is another."""
    if not own:
        return f"its check did not run; the first error: {first}" if first else "its check did not run"
    return own if own == first else f"{first}; then {own}"


def _nobody_answers(prompt: object = "") -> str:
    raise EOFError("nobody answers input() while a notebook is graded")


def describe(raised: BaseException, number: int) -> str:
    """Say what a cell raised."""
    kind = type(raised).__name__
    try:
        message = str(raised)
    except BaseException:
        message = ""
    return f"{kind} in code cell {number}: {message}"[:300].rstrip(": ")


def unpack(returned: Path) -> None:
    """Copy what the student returned into the place to work in, and the list of fonts to matplotlib's."""
    for source, target in (
        (returned / "files", Path.cwd()),
        (returned / ".matplotlib", Path(os.environ["MPLCONFIGDIR"])),
    ):
        with contextlib.suppress(shutil.Error, OSError):
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True, copy_function=shutil.copyfile)


def main(arguments: list[str]) -> int:  # pragma: no cover - runs in the worker's process
    """Run a notebook.

    The arguments: the channel's number, the folder of what was returned, the notebook's path in it, the
    seconds for a cell, and whether other programs may run.
    """
    channel = Channel(_stream(int(arguments[0])))
    returned, name = Path(arguments[1]), os.fsdecode(bytes.fromhex(arguments[2]))
    seconds, shut_in = float(arguments[3]), arguments[4] == "True"
    unpack(returned)
    sources = read_cells(returned / "files" / name)
    if not shut_in:
        forbid()
    os.chdir((Path.cwd() / name).parent)
    sys.path.insert(0, os.getcwd())
    sys.argv = ["notebook"]
    run_cells(sources, channel, seconds, shut_in)
    channel.say("end")
    os._exit(0)  # threads that were left behind keep nobody waiting


def _stream(number: int) -> BinaryIO:  # pragma: no cover - as above
    """Return the socket as a stream."""
    os.set_inheritable(number, False)
    stream: Any = socket.socket(fileno=number).makefile("rwb")
    return cast(BinaryIO, stream)


if __name__ == "__main__":  # pragma: no cover - as above
    sys.exit(main(sys.argv[1:]))
