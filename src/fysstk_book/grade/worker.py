"""Runs one notebook without the network and reports every check in it, one JSON object to a line."""

import ast
import contextlib
import ctypes
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

LARGEST_NOTEBOOK = 50 * 1024**2
LARGEST_FILE = 200 * 1024**2
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
FORBIDDEN = (
    "socket.connect",
    "socket.bind",
    "socket.sendto",
    "socket.sendmsg",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.gethostbyaddr",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "pty.spawn",
)
CHECK = re.compile(r"""\bcheck\(\s*["']([\w-]+)["']""")


class NotANotebookError(ValueError):
    """The file is no Jupyter notebook."""


class CellTooSlow(BaseException):
    """A cell has had its time; as a BaseException it passes the `except Exception` of a notebook."""


def read_cells(path: Path) -> list[str]:
    """Return the sources of a notebook's code cells."""
    if not path.is_file():
        raise NotANotebookError("it is no file, or a link that leads nowhere")
    if path.stat().st_size > LARGEST_NOTEBOOK:
        raise NotANotebookError(f"larger than {LARGEST_NOTEBOOK // 1024**2} MB")
    try:
        notebook = json.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError):
        raise NotANotebookError("it is not written in JSON") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise NotANotebookError("it has no list of cells")
    found = []
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", "")
            found.append("".join(map(str, source)) if isinstance(source, list) else str(source))
    return found


def as_python(source: str) -> str:
    """Take IPython's own commands (%matplotlib, !pip) out of a cell."""
    lines = source.splitlines()
    if lines and lines[0].startswith("%%"):
        lines = lines[1:] if re.match(r"%%(time|timeit|capture|prun)\b", lines[0]) else []
    return "\n".join(re.sub(r"^(\s*)[%!].*", r"\1pass", line) for line in lines)


def limit_memory(megabytes: int) -> None:  # pragma: no cover - runs in the worker's process
    """Limit the memory and the size of files, where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        size = megabytes * 1024**2
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def cut_network() -> None:  # pragma: no cover - runs in the worker's process
    """Leave the network, where Linux lets an ordinary user; and in any case refuse Python's ways to it."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            own = os.getuid(), os.getgid()
            if ctypes.CDLL(None).unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0:
                # In the new namespace, too, this user is who he was.
                for name, number in (("uid_map", own[0]), ("setgroups", None), ("gid_map", own[1])):
                    text = "deny" if number is None else f"{number} {number} 1"
                    Path(f"/proc/self/{name}").write_text(text)

    def refuse(event: str, arguments: object) -> None:
        if event in FORBIDDEN:
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


class Reporter:
    """Writes one JSON object to a line, at once, so that a crash loses nothing."""

    def __init__(self, file: TextIO) -> None:
        self.file = file

    def __call__(self, **said: str) -> None:
        """Write one line."""
        self.file.write(json.dumps(said) + "\n")
        self.file.flush()


def install(report: Callable[..., None]) -> Callable[[], None]:
    """Let every `check` report; return a function that undoes what a notebook did to the package."""
    import fysstk_book.check as checker
    from fysstk_book.check.diagnosis import diagnose
    from fysstk_book.check.state import put_back, snapshot
    from fysstk_book.exercises import catalogue, find

    for _ in catalogue():  # so that all of it is remembered
        pass
    names = snapshot()

    def check(id: str, answer: Any) -> Any:
        put_back(names)
        result = diagnose(find(id), answer)
        report(exercise=id, verdict=result.verdict, mistake=result.mistake)
        return result

    checker.check = check
    checker.hint = lambda *arguments, **options: None  # type: ignore[assignment]
    names = snapshot()
    return lambda: put_back(names)


def run_cells(sources: list[str], report: Reporter, cell_seconds: float) -> None:
    """Run the cells one after the other; an error ends its cell, not the notebook."""
    reached: set[str] = set()

    def note(**said: str) -> None:
        reached.add(said["exercise"])
        report(**said)

    repair = install(note)
    namespace: dict[str, Any] = {"__name__": "__main__", "display": lambda *shown, **options: None}
    mentioned: dict[str, str] = {}
    slow: list[str] = []
    for number, source in enumerate(sources, start=1):
        error = ""
        try:
            code = compile(ast.parse(as_python(source)), f"<cell {number}>", "exec")
            with time_limit(cell_seconds):
                exec(code, namespace)
        except CellTooSlow:
            error = f"code cell {number} did not end in {cell_seconds:g} seconds"
            slow.append(error)
        except BaseException as raised:
            error = describe(raised, number)
        repair()
        mentioned |= {id: error for id in CHECK.findall(source) if error or id not in mentioned}
    for id, error in mentioned.items():
        if id not in reached:
            report(exercise=id, verdict="not reached", mistake=error or "its check did not run")
    if slow:
        report(exercise="", verdict="hangs", mistake=slow[0])


def describe(raised: BaseException, number: int) -> str:
    """Say what a cell raised."""
    kind = type(raised).__name__
    try:
        message = str(raised)
    except BaseException:
        message = ""
    return f"{kind} in code cell {number}: {message}"[:300].rstrip(": ")


def main(arguments: list[str]) -> int:  # pragma: no cover - runs in the worker's process
    """Run the notebook; the arguments are its path, the report's path, and the two limits."""
    path, place = Path(arguments[0]), Path(arguments[1])
    with place.open("a", encoding="utf-8") as file:
        report = Reporter(file)
        try:
            sources = read_cells(path)
        except (NotANotebookError, OSError) as error:
            report(exercise="", verdict="not a notebook", mistake=str(error))
            report(end="end")
            return 0
        limit_memory(int(arguments[3]))
        cut_network()
        sys.argv = ["notebook"]
        run_cells(sources, report, float(arguments[2]))
        report(end="end")
    return 0


if __name__ == "__main__":  # pragma: no cover - as above
    sys.exit(main(sys.argv[1:]))
