"""What a build depends on, as hashes: equal hashes mean that nothing needs to be done again."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VARIABLES = ("FYSSTK_MNIST",)
LEFT_OUT = {"__pycache__", ".ipynb_checkpoints", ".DS_Store"}


def files(*places: str, root: Path = ROOT) -> list[Path]:
    """Return the files at or below `places`, sorted; places that do not exist count as empty."""
    found = []
    for place in places:
        path = root / place
        found += [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sorted(p for p in set(found) if not LEFT_OUT.intersection(p.parts))


def digest(*places: str, extra: Iterable[str] = (), root: Path = ROOT) -> str:
    """Return a hash of all files at or below `places`, names and contents, and of the strings `extra`."""
    total = hashlib.sha256()
    for path in files(*places, root=root):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(root).as_posix()}\0{content}\0".encode())
    for text in extra:
        total.update(f"{text}\0".encode())
    return total.hexdigest()


@cache
def machine() -> tuple[str, ...]:
    """Return what else decides the numbers: Python, the packages, the variables that the book reads."""
    # The folders' names say name and version: to read what is in all of them takes a hundred times longer.
    packages = sorted({folder.stem for place in sys.path for folder in Path(place).glob("*.dist-info")})
    variables = [f"{name}={os.environ.get(name, '')}" for name in VARIABLES]
    return (platform.python_version(), platform.machine(), *packages, *variables)
