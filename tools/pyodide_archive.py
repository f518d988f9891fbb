"""A downloaded Pyodide (Python for the browser), cut down to what the notebooks need.

The archive says in pyodide-lock.json which packages it holds, what each of them needs, and the hash of its
file. What the notebooks import and the archive lacks has no compiled parts, and comes from this environment.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
import tomllib
import zipfile
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any

from jupyterlite_pyodide_kernel.constants import PYODIDE_LOCK, PYODIDE_PYTHON_VERSION, PYODIDE_VERSION
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
CORE = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"]
WANTED = f"pyodide-{PYODIDE_VERSION}.tar.bz2"
# What the kernel installs when it starts; its own wheels (ipykernel, pyodide-kernel, piplite) come with it.
KERNEL = ["micropip", "comm", "ipython", "jedi"]
IN_THE_BROWSER = {"sys_platform": "emscripten", "platform_machine": "wasm32", "extra": ""}
IN_THE_BROWSER |= {"python_version": PYODIDE_PYTHON_VERSION}


class ArchiveError(Exception):
    """The archive cannot be used; the message says why."""


def unpack(archive: Path, scratch: Path) -> Path:
    """Return the folder that holds Pyodide; an archive that is packed goes into `scratch` first."""
    if not archive.exists():
        raise ArchiveError(f"PYODIDE names {archive}, which does not exist. Download {WANTED}, or unpack it.")
    folder = archive
    if not archive.is_dir():
        folder = scratch / "unpacked"
        try:
            with tarfile.open(archive) as tar:
                # As an option of `extractall` it would need Python 3.11.4; Debian 12 has 3.11.2.
                tar.extraction_filter = getattr(tarfile, "data_filter", None)
                tar.extractall(folder)
        except (tarfile.TarError, EOFError) as error:
            raise ArchiveError(f"{archive} is not an archive that can be unpacked: {error}.") from None
    for place in [folder, *sorted(folder.glob("*/"))]:
        if (place / PYODIDE_LOCK).is_file():
            return place
    raise ArchiveError(f"{archive} is not Pyodide: there is no {PYODIDE_LOCK} in it. Download {WANTED}.")


def read_lock(folder: Path) -> dict[str, Any]:
    """Return the archive's lock, after a look at whether the kernel can use this Pyodide."""
    try:
        lock: dict[str, Any] = json.loads((folder / PYODIDE_LOCK).read_text(encoding="utf-8"))
        python = lock["info"]["python"]
        lock["packages"] = {canonicalize_name(name): one for name, one in lock["packages"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ArchiveError(f"{folder / PYODIDE_LOCK} cannot be read. Download {WANTED} again.") from None
    if ".".join(python.split(".")[:2]) != PYODIDE_PYTHON_VERSION:
        kernel = f"jupyterlite-pyodide-kernel {version('jupyterlite-pyodide-kernel')}"
        raise ArchiveError(
            f"This Pyodide holds Python {python}; {kernel} needs {PYODIDE_PYTHON_VERSION}. Download {WANTED}."
        )
    if missing := [name for name in CORE if not (folder / name).is_file()]:
        raise ArchiveError(f"The archive lacks {', '.join(missing)}. Download {WANTED} again.")
    return lock


def needed(names: Iterable[str], packages: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return all that `names` need, themselves included: what the archive holds, and what it lacks."""
    held, lacking, waiting = set(), set(), [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in held | lacking:
            continue
        if name in packages:
            held.add(name)
            needs = packages[name]["depends"]
            if unlisted := [one for one in needs if canonicalize_name(one) not in packages]:
                raise ArchiveError(f"The archive's own lock lacks {', '.join(unlisted)}, which {name} needs.")
        else:
            lacking.add(name)
            needs = requirements(name)
        waiting += [canonicalize_name(one) for one in needs]
    return sorted(held), sorted(lacking)


def requirements(name: str) -> list[str]:
    """Return the names that a package of this environment requires in the browser."""
    try:
        listed = [Requirement(line) for line in distribution(name).requires or ()]
    except PackageNotFoundError:
        raise ArchiveError(
            f"The notebooks need {name}, which is neither in the archive nor in .venv."
        ) from None
    return [one.name for one in listed if one.marker is None or one.marker.evaluate(IN_THE_BROWSER)]


def own_requirements() -> list[str]:
    """Return what this package requires wherever it is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(line).name for line in project["dependencies"]]


def check_files(folder: Path, packages: dict[str, Any], names: Iterable[str]) -> None:
    """Raise ArchiveError unless the archive has the files of these packages, as its lock describes them."""
    missing, other = [], []
    for name in names:
        path = folder / packages[name]["file_name"]
        if not path.is_file():
            missing.append(name)
        elif hashlib.sha256(path.read_bytes()).hexdigest() != packages[name]["sha256"]:
            other.append(name)
    if missing:
        raise ArchiveError(
            f"The archive lacks the files of {', '.join(missing)}, which the notebooks need. Is it the core "
            f"alone? Download {WANTED}."
        )
    if other:
        raise ArchiveError(
            f"The archive is damaged: its lock gives other hashes for {', '.join(other)}. Download it again."
        )


def write(folder: Path, lock: dict[str, Any], names: Iterable[str], target: Path) -> None:
    """Copy the core and these packages to `target`, with a lock that lists no others."""
    target.mkdir(parents=True)
    packages = {name: lock["packages"][name] for name in names}
    for file in [*CORE, *(one["file_name"] for one in packages.values())]:
        shutil.copy(folder / file, target / file)
    (target / PYODIDE_LOCK).write_text(json.dumps({**lock, "packages": packages}), encoding="utf-8")


def wheel(name: str, folder: Path) -> Path:
    """Write the wheel of a package of this environment again, from the files that were installed."""
    found = distribution(name)
    tag = next(
        line for line in (found.read_text("WHEEL") or "Tag: none").splitlines() if line.startswith("Tag:")
    )
    if not tag.endswith("-none-any"):
        raise ArchiveError(f"The notebooks need {name}; the archive lacks it, and it has compiled parts.")
    folder.mkdir(exist_ok=True)
    path = folder / f"{name.replace('-', '_')}-{found.version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in found.files or ():
            if ".." not in file.parts and file.suffix != ".pyc":
                packed.write(Path(str(file.locate())), str(file))
    return path
