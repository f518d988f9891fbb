"""Make .venv: the locked requirements, then this package. Needs Python 3.11 and its standard library only.

A new environment is made beside the old one, in .venv-new, and takes its place when it is complete: whatever
goes wrong before, the old one still works. What was installed is written down last, so an interrupted set-up
starts again, and a complete one is recognised in a moment.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
OLDEST = (3, 11)
MINUTES, SIZE = "about five minutes", "1.3 GB"


class SetUpError(Exception):
    """Something on this machine is missing; the message says what to do."""


def main(arguments: list[str]) -> int:
    """Bring .venv up to date; return the exit status. With ``--named``, the user has chosen this Python."""
    named = "--named" in arguments
    other = found_state().get("python", version()) != version() and not named
    if Path(sys.prefix).resolve() == VENV or other:  # a complete .venv is kept with the Python that it has
        return subprocess.call([base_python(), __file__, "--named"])
    try:
        with alone():
            set_up()
    except SetUpError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except PermissionError as error:
        print(f"\nThis folder cannot be written to: {error.filename}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(f"\n{disk_is_full()}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the next `make` sets .venv up again.", file=sys.stderr)
        return 130
    return 0


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Wait until no other set-up works in this folder."""
    with open(ROOT / ".venv-lock", "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another set-up is under way; waiting for it ...", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def set_up() -> None:
    """Install what is missing: all of it, or the package alone when only its metadata has changed."""
    new = ROOT / ".venv-new"
    if not VENV.exists() and complete(new):  # the last set-up was stopped between its last two steps
        new.rename(VENV)
    wanted, found = wanted_state(), found_state()
    if found == wanted:
        return
    check_python()
    if not found and complete(VENV):
        print(".venv is damaged: what was installed is no longer there.", flush=True)
    if {**found, "package": ""} == {**wanted, "package": ""}:
        install_package(VENV, wanted)
        return
    print(f"Setting up .venv with Python {wanted['python']}, once ({MINUTES}, {SIZE}) ...", flush=True)
    try:
        create(new)
        # The lock names everything, so pip need not look for dependencies. Older pips would, for the
        # `coverage[toml]` of another package: they take a newer release, and then miss its hash.
        pip(new, "install", "--require-hashes", "--no-deps", "-r", "requirements.txt")
        install_package(new, wanted)
    except (SetUpError, OSError):
        shutil.rmtree(new, ignore_errors=True)  # half of it is of no use, and may fill the disk
        raise
    take_its_place(new)
    print("Set up.", flush=True)


def install_package(venv: Path, wanted: dict[str, str]) -> None:
    """Install this package into an environment, and write down what that is now made from."""
    (venv / "set-up.json").unlink(missing_ok=True)
    pip(venv, "install", "--no-deps", "--no-build-isolation", "-e", ".")
    pip(venv, "check")
    state = {**wanted, "holds": sorted(contents(venv))}
    (venv / "set-up.json").write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")


def take_its_place(new: Path) -> None:
    """Put a complete environment where the old one is; the scripts in it name the folder they lie in."""
    for path in [new / "pyvenv.cfg", *(new / "bin").iterdir()]:
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            if bytes(new) in content:
                path.write_bytes(content.replace(bytes(new), bytes(VENV)))
    old = ROOT / ".venv-old"
    shutil.rmtree(old, ignore_errors=True)
    if VENV.exists():
        VENV.rename(old)
    new.rename(VENV)
    shutil.rmtree(old, ignore_errors=True)


def version() -> str:
    """Return this Python's version, as the environment's state has it."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def base_python() -> str:
    """Return the Python that .venv was made with."""
    text = (VENV / "pyvenv.cfg").read_text(encoding="utf-8")
    found = dict(re.findall(r"^(\w+) *= *(.+)$", text, re.MULTILINE))
    return found.get("executable") or str(Path(found["home"]) / "python3")


def check_python() -> None:
    """Raise SetUpError if this Python cannot make the environment."""
    if sys.version_info < OLDEST:
        raise SetUpError(
            f"This book needs Python {OLDEST[0]}.{OLDEST[1]} or later; {sys.executable} is "
            f"{sys.version.split()[0]}.\nName another one: make book PYTHON=/path/to/python3.11"
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as error:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SetUpError(
            f"{sys.executable} lacks the module `{error.name}`, which makes virtual environments.\n"
            f"On Debian and Ubuntu: sudo apt-get install python{version}-venv"
        ) from None


def wanted_state() -> dict[str, str]:
    """Return what .venv is made from: the Python, the place, the lock and the package's metadata."""
    return {
        "python": version(),
        "place": str(ROOT),
        "lock": digest("requirements.txt"),
        "package": digest("pyproject.toml"),
    }


def found_state() -> dict[str, str]:
    """Return what .venv was made from; nothing if it is missing, unfinished or damaged."""
    try:
        state = json.loads((VENV / "set-up.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    holds = set(state.pop("holds", ()))
    return state if complete(VENV) and holds <= contents(VENV) else {}


def contents(venv: Path) -> set[str]:
    """Return the names of what lies in an environment's folder of packages."""
    return {path.name for path in venv.glob("lib/python*/site-packages/*") if path.name != "__pycache__"}


def complete(venv: Path) -> bool:
    """Tell whether an environment was set up to its end, and its Python is still there."""
    return (venv / "set-up.json").is_file() and os.access(venv / "bin" / "python", os.X_OK)


def digest(name: str) -> str:
    """Return the hash of a file of the repository."""
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def create(venv: Path) -> None:
    """Make an environment anew, with pip alone."""
    run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(venv)])
    run([str(venv / "bin" / "python"), "-m", "ensurepip", "--upgrade", "--default-pip"])


def pip(venv: Path, *arguments: str) -> None:
    """Call an environment's pip, and once more if the network fails: a download may have broken off."""
    command = [str(venv / "bin" / "python"), "-m", "pip", *arguments]
    command += ["--disable-pip-version-check", "--no-input", "--retries", "10"]
    try:
        run(command)
    except SetUpError as error:
        if "network" not in str(error).splitlines()[-1]:
            raise
        print(f"{error}\nTrying once more ...", flush=True)
        run(command)


FULL = r"No space left on device|Disk quota exceeded"
CAUSES = {
    r"name resolution|Name or service not|NewConnection|ConnectionError|unreachable|timed out": (
        "There is no way to the network: connect, and call the same command again; downloads are kept."
    ),
    r"DO NOT MATCH THE HASHES": "A download is not what the lock names: a proxy, or a damaged cache?",
    r"No matching distribution found for (\S+)": "There is no file of {0} for this Python and machine.",
}


def disk_is_full() -> str:
    """Return the words for a full disk, with the room in the two folders that a set-up writes to."""
    free = {place: shutil.disk_usage(place).free / 1e6 for place in (str(ROOT), tempfile.gettempdir())}
    room = ", ".join(f"{place} has room for {size:,.0f} MB" for place, size in free.items())
    return f"The disk is full: the environment needs {SIZE}; {room}."


def run(command: list[str]) -> None:
    """Run a command in the repository and show how far it is; raise SetUpError with the cause if it fails."""
    environment = {**os.environ, "PIP_USER": "0", "PYTHONNOUSERSITE": "1", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said, progress = [], Progress()
    assert process.stdout is not None
    with process:
        for line in process.stdout:
            said.append(line.rstrip())
            progress.see(line)
    progress.end()
    if process.returncode:
        text = "\n".join(said)
        found = ((re.search(pattern, text), words) for pattern, words in CAUSES.items())
        cause = next((words.format(*match.groups()) for match, words in found if match), "")
        cause = disk_is_full() if re.search(FULL, text) else cause
        cause = cause or f"`{' '.join(command[:5])} ...` failed. If .venv is damaged: make distclean"
        raise SetUpError("\n".join([*said[-20:], "", cause]))


class Progress:
    """What pip is doing, in one line that is written over on a terminal and every ten seconds elsewhere."""

    def __init__(self) -> None:
        self.started = self.shown = time.monotonic()
        self.packages = 0
        self.all = (ROOT / "requirements.txt").read_text(encoding="utf-8").count("==")

    def see(self, line: str) -> None:
        """Look at a line that pip wrote."""
        self.packages += line.startswith("Collecting ")
        if self.packages and line.startswith(("Collecting ", "Installing ")):
            now = time.monotonic()
            on_terminal = sys.stdout.isatty()
            if on_terminal or now - self.shown > 10 or line.startswith("Installing "):
                installing = line.startswith("Installing ")
                what = "installing them" if installing else f"{self.packages} of at most {self.all}"
                end = "\r" if on_terminal else "\n"
                print(f"  packages: {what} ({now - self.started:.0f} s)        ", end=end, flush=True)
                self.shown = now

    def end(self) -> None:
        """Leave the line."""
        if self.packages and sys.stdout.isatty():
            print()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
