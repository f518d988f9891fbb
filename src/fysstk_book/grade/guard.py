"""Runs one program shut in, watches its time, memory and disk, and ends with it all that it started."""

import contextlib
import json
import os
import select
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from fysstk_book.grade import landlock, linux, namespaces

MOST_PROCESSES = 256
POLL, MEASURE = 0.05, 0.4  # seconds


def be_private() -> None:
    """Let no other process of this user read this one's memory, where Linux can see to it."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            linux.call("prctl", linux.PR_SET_DUMPABLE, 0, 0, 0, 0)


def watch(plan: dict[str, Any]) -> dict[str, Any]:
    """Run the program of a plan to its end, or to the end of what it may use; say how it ended."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            linux.call("prctl", linux.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    start = measured = time.monotonic()
    child = start_program(plan)
    be_private()
    place = Path(plan["place"])
    try:
        while True:
            code = _reap(child)
            if code is not None:
                return {"ended": "exit", "code": code}
            if select.select([0], [], [], POLL)[0]:
                return {"ended": "told" if os.read(0, 1) else "orphaned"}
            if time.monotonic() - start > plan["seconds"]:
                return {"ended": "seconds"}
            if time.monotonic() - measured > MEASURE:
                measured = time.monotonic()
                for what, used in _used(place, plan["protection"]).items():
                    if used > plan[what]:
                        return {"ended": what}
    finally:
        end_all(child)


def _reap(child: int) -> int | None:
    """Bury what has ended; return the program's exit code, 128 and the signal where one ended it."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == child:
                code = os.waitstatus_to_exitcode(status)
                found = code if code >= 0 else 128 - code
    return found


def _used(place: Path, protection: str) -> dict[str, float]:
    """Measure what the program and all its children use: processes, megabytes of memory and of disk."""
    family = descendants(os.getpid())
    used: dict[str, float] = {"processes": len(family)}
    used["megabytes"] = sum(_memory(pid) for pid in family) / 1024**2
    if protection not in ("bubblewrap", "namespaces"):  # there, the work place itself has a size
        used["disk"] = sum(_size(path) for path in place.rglob("*")) / 1024**2
    return used


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.lstat().st_size
    return 0


def descendants(root: int) -> list[int]:
    """Return the numbers of all processes that come from this one, where there is a /proc to ask."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            parents[int(entry.name)] = int(fields[1])
    found, waiting = [], [root]
    while waiting:
        parent = waiting.pop()
        children = [pid for pid, its_parent in parents.items() if its_parent == parent]
        found += children
        waiting += children
    return found


def _memory(pid: int) -> int:
    """Return a process's bytes, with what it shares divided among those that share it."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def end_all(child: int) -> None:
    """End the program, its session, and all that came from it, wherever it has gone."""
    for end in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            end(child, signal.SIGKILL)
    for _ in range(100):  # those that start others meanwhile are found in the next round
        family = descendants(os.getpid())
        for pid in family:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        _reap(child)
        if not family:
            return
        time.sleep(0.02)


def start_program(plan: dict[str, Any]) -> int:
    """Start the program of a plan, shut in as the plan says; return its process number."""
    child = os.fork()
    if child:
        if plan["channel"] is not None:  # from here on it is the program's: it ends when that ends
            os.close(plan["channel"])
        return child
    try:  # pragma: no cover - runs in the child
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1) if plan["heard"] else (0, 1, 2):
            os.dup2(nothing, descriptor)
        if plan["channel"] is not None:
            os.set_inheritable(plan["channel"], True)
        _limit(plan)
        command = _shut_in(plan)
        os.execvpe(command[0], command, plan["environment"])
    except BaseException as error:  # pragma: no cover - as above
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    os._exit(127)  # pragma: no cover - as above


def _limit(plan: dict[str, Any]) -> None:  # pragma: no cover - runs in the child
    """Limit the memory of each process and the size of each file, where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        size, largest = int(plan["megabytes"]) * 1024**2, int(plan["disk"]) * 1024**2
        for what, limit in (
            (resource.RLIMIT_AS, size),
            (resource.RLIMIT_FSIZE, largest),
            (resource.RLIMIT_CORE, 0),
        ):
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(what, (limit, limit))


def _shut_in(plan: dict[str, Any]) -> list[str]:  # pragma: no cover - runs in the child
    """Enter the protection of the plan, and return the command to go on with."""
    command: list[str] = plan["command"]
    view = namespaces.View(**plan["view"])
    place = plan["place"]
    if plan["protection"] == "bubblewrap":
        return namespaces.bubblewrap(view) + command
    if plan["protection"] == "namespaces":
        namespaces.enter(view)
        return command
    os.chdir(os.path.join(place, "work"))
    if plan["protection"] == "landlock":
        rooms = [os.path.join(place, name) for name in ("work", "home", "tmp")]
        devices = [f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "shm")]
        landlock.enter([*view.read, view.returned, "/proc"], [*rooms, *devices], view.without)
    return command


def main() -> NoReturn:  # pragma: no cover - runs in the guard's process
    """Carry out the plan that stands in the first argument; the answer is one line of JSON."""
    plan = json.loads(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the grader's to deal with
    told = watch(plan)
    if told["ended"] == "orphaned":  # the grader is gone: nobody else will tidy up
        shutil.rmtree(plan["place"], ignore_errors=True)
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(told).encode() + b"\n")
    os._exit(0)  # nothing is left to tidy up


if __name__ == "__main__":  # pragma: no cover - as above
    main()
