"""Chooses how notebooks are shut in on this machine, and starts them so."""

import contextlib
import json
import os
import shutil
import site
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fysstk_book import exercises
from fysstk_book.grade.guard import MOST_PROCESSES
from fysstk_book.grade.namespaces import INSIDE, ROOMS

# From the strongest on; the first that works here is taken.
PROTECTIONS = ("bubblewrap", "namespaces", "landlock", "limits")
SEPARATE = frozenset({"bubblewrap", "namespaces"})
WORDS = {
    "bubblewrap": "bubblewrap; own processes, files, network and users, no other file to be seen or changed",
    "namespaces": "namespaces; own processes, files, network and users, no other file to be seen or changed",
    "landlock": "Landlock; no other file of yours to be read or changed, no TCP and no signals where the "
    "kernel can forbid them, but the processes and users are yours",
    "limits": "limits of time and memory only: a notebook can read, change and delete your files",
}
# All that a notebook may know of this machine's environment.
ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "FYSSTK_MNIST")
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/sys/devices/system/cpu")
OF_ETC: tuple[str, ...] = (
    "alternatives",
    "fonts",
    "group",
    "hosts",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
)
OF_ETC += ("localtime", "mime.types", "nsswitch.conf", "passwd", "protocols", "services", "ssl", "timezone")


@dataclass(frozen=True)
class Limits:
    """What one notebook may use: seconds in all and in one cell; megabytes of memory and of disk, in all."""

    seconds: float = 300.0
    cell_seconds: float = 60.0
    megabytes: int = 4096
    disk: int = 512


class ProtectionError(RuntimeError):
    """The protection that was asked for does not work on this machine."""


def readable() -> tuple[str, ...]:
    """List what a notebook has to read: the system's programs, this Python, and its packages."""
    paths = [*SYSTEM, *(f"/etc/{name}" for name in OF_ETC)]
    paths += [sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.dirname(os.path.realpath(sys.executable))]
    paths += [*sys.path, *site.getsitepackages()]
    for name in ("FYSSTK_MNIST", "LD_LIBRARY_PATH", "PYTHONPATH"):
        paths += os.environ.get(name, "").split(os.pathsep)
    paths = [os.path.abspath(path) for path in paths if path and os.path.lexists(path)]
    paths += [os.path.realpath(path) for path in paths]
    home = os.path.realpath(os.path.expanduser("~"))
    # A folder that holds your home, or is it, would show all of it.
    kept: list[str] = []
    for path in sorted(set(paths)):
        holds_home = (home + "/").startswith(path.rstrip("/") + "/")
        if not holds_home and not any(path.startswith(parent + "/") for parent in kept):
            kept.append(path)
    return tuple(kept)


def environment(protection: str, place: Path) -> dict[str, str]:
    """Return the environment of a notebook: Python's own, and folders of its own."""
    root = INSIDE if protection in SEPARATE else place
    kept = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    return kept | {
        "HOME": str(root / "home"),
        "USER": "student",
        "LOGNAME": "student",
        "TMPDIR": str(root / "tmp"),
        "IPYTHONDIR": str(root / "home" / ".ipython"),
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(root / "home" / ".matplotlib"),
        "FYSSTK_PROGRESS": "off",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
    }


def prepare(place: Path) -> None:
    """Make the rooms of a notebook; among what it finds there is matplotlib's list of fonts, slow to make."""
    for room in ROOMS:
        (place / room).mkdir()
    fonts = place / "returned" / ".matplotlib"
    fonts.mkdir()
    (place / "returned" / "files").mkdir()
    with contextlib.suppress(ImportError, OSError):
        import matplotlib

        for path in Path(matplotlib.get_cachedir()).glob("fontlist*.json"):
            shutil.copy(path, fonts)


def start(
    command: list[str],
    place: Path,
    protection: str,
    limits: Limits,
    channel: int | None = None,
    heard: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a program under a guard, which ends it when it has had its share or when its stdin is closed.

    The guard prints one line of JSON: how the program ended. A byte on its stdin ends the program at once.
    """
    plan: dict[str, Any] = {
        "command": command,
        "place": str(place),
        "protection": protection,
        "environment": environment(protection, place),
        "channel": channel,
        "heard": heard,
        "seconds": limits.seconds,
        "megabytes": limits.megabytes,
        "disk": limits.disk,
        "processes": MOST_PROCESSES,
        "view": {
            "read": readable(),
            "without": str(Path(exercises.__file__).parent),
            "returned": str(place / "returned"),
            "megabytes": limits.disk,
        },
    }
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "fysstk_book.grade.guard", json.dumps(plan)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if heard else subprocess.DEVNULL,
        bufsize=0,
        pass_fds=() if channel is None else (channel,),
    )


def works(protection: str) -> str:
    """Try a protection; return why it does not work here, or nothing."""
    if protection != "limits" and sys.platform != "linux":
        return "it is for Linux"
    if protection == "bubblewrap" and shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    with tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True) as folder:
        place = Path(folder).resolve()
        prepare(place)
        program = "import fysstk_book.grade.worker; open('x', 'w').close()"
        guard = start([sys.executable, "-P", "-c", program], place, protection, Limits(60.0), heard=True)
        try:
            told, trouble = wait(guard)
        finally:
            guard.kill()
            guard.wait()
    return "" if told.get("code") == 0 else (trouble or str(told))


def wait(guard: subprocess.Popen[bytes]) -> tuple[dict[str, Any], str]:
    """Wait for a guard, whose stdin stays open meanwhile; return what it told, and what it complained of."""
    assert guard.stdin and guard.stdout
    line = guard.stdout.readline()
    guard.stdin.close()
    trouble = guard.stderr.read().decode(errors="replace").strip() if guard.stderr else ""
    for stream in (guard.stdout, guard.stderr):
        if stream:
            stream.close()
    with contextlib.suppress(ValueError):
        return json.loads(line), trouble.splitlines()[-1] if trouble else ""
    return {"ended": "lost"}, trouble


def choose(wanted: str = "auto") -> str:
    """Return the strongest protection that works here, or the one that was asked for.

    Raises
    ------
    ProtectionError
        When the one that was asked for does not work here.
    """
    if wanted != "auto":
        trouble = works(wanted)
        if trouble:
            raise ProtectionError(f"the protection {wanted} does not work here: {trouble}")
        return wanted
    return next((name for name in PROTECTIONS if not works(name)), "limits")
