"""Make .venv: the locked requirements, then this package. Needs Python 3.11 and its standard library only.

What was installed is written down last, so an interrupted set-up starts again, and a complete one is
recognised in a moment.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
READY = VENV / "set-up.json"
OLDEST = (3, 11)


class SetUpError(Exception):
    """Something on this machine is missing; the message says what to do."""


def main() -> int:
    """Bring .venv up to date; return the exit status."""
    if (
        Path(sys.prefix).resolve() == VENV
    ):  # called by the environment's own Python, which we may have to remove
        base = getattr(sys, "_base_executable", sys.executable)
        return subprocess.call([base, __file__])
    try:
        set_up()
    except SetUpError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the next `make` sets .venv up again.", file=sys.stderr)
        return 130
    return 0


def set_up() -> None:
    """Install what is missing: all of it, or the package alone when only its metadata has changed."""
    check_python()
    wanted = wanted_state()
    found = found_state()
    if found == wanted:
        return
    print(f"Setting up .venv with Python {wanted['python']} (once; a minute or two) ...", flush=True)
    if {**found, "package": ""} != {**wanted, "package": ""}:
        create()
        # The lock names everything, so pip need not look for dependencies. Older pips would, for the
        # `coverage[toml]` of another package: they take a newer release, and then miss its hash.
        pip("install", "--require-hashes", "--no-deps", "-r", "requirements.txt")
    READY.unlink(missing_ok=True)
    pip("install", "--no-deps", "--no-build-isolation", "-e", ".")
    pip("check")
    READY.write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
    print("Set up.", flush=True)


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
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "place": str(ROOT),
        "lock": digest("requirements.txt"),
        "package": digest("pyproject.toml"),
    }


def found_state() -> dict[str, str]:
    """Return what .venv was made from; nothing if it is missing, unfinished or its Python is gone."""
    try:
        state = json.loads(READY.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if os.access(VENV / "bin" / "python", os.X_OK) else {}


def digest(name: str) -> str:
    """Return the hash of a file of the repository."""
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def create() -> None:
    """Make .venv anew, empty."""
    run([sys.executable, "-m", "venv", "--clear", str(VENV)], "Python could not make .venv")


def pip(*arguments: str) -> None:
    """Call the environment's pip, and once more if it fails: a download may have broken off."""
    command = [str(VENV / "bin" / "python"), "-m", "pip", *arguments]
    command += ["--disable-pip-version-check", "--no-input", "--retries", "10"]
    complaint = "pip could not install the requirements (no network, or no wheel for this Python?)"
    try:
        run(command, complaint)
    except SetUpError as error:
        print(f"{error}\nTrying once more ...", flush=True)
        run(command, complaint)


def run(command: list[str], complaint: str) -> None:
    """Run a command in the repository; raise SetUpError with the end of what it said if it fails."""
    environment = {**os.environ, "PIP_USER": "0", "PYTHONNOUSERSITE": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        said = "\n".join(done.stdout.splitlines()[-20:])
        raise SetUpError(f"{said}\n\n{complaint}")


if __name__ == "__main__":
    sys.exit(main())
