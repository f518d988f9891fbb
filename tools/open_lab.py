"""Open JupyterLab on a working copy of the notebooks, in work/.

A notebook is copied once. What a student writes into the copy stays: neither a rebuild of the book nor a
newer version of the chapter replaces it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "_build" / "notebooks" / "student"
WORK = ROOT / "work"


def copy_new(source: Path, target: Path) -> list[str]:
    """Copy the notebooks that `target` lacks; return the names of those whose chapter has changed since.

    Beside each working copy, in .original, lies the notebook as it was copied: this is how we tell.
    """
    originals = target / ".original"
    originals.mkdir(parents=True, exist_ok=True)
    changed = []
    for notebook in sorted(source.glob("*.ipynb")):
        copy, original = target / notebook.name, originals / notebook.name
        if not copy.exists():
            shutil.copyfile(notebook, original)
            shutil.copyfile(notebook, copy)
        elif not original.is_file() or original.read_bytes() != notebook.read_bytes():
            changed.append(notebook.name)
    return changed


def main() -> int:
    """Copy what is new, say what has changed, open JupyterLab."""
    changed = copy_new(NOTEBOOKS, WORK)
    if changed:
        print("The book has newer versions of these; yours in work/ stay as they are. To start one afresh,")
        print(f"rename yours and call `make lab` again: {', '.join(changed)}")
    return subprocess.call([sys.executable, "-m", "jupyterlab", *options(sys.argv[1:], root=is_root())])


def options(chosen: list[str], *, root: bool) -> list[str]:
    """Return how JupyterLab is started: on the front page, as root too, then as the user has chosen."""
    place = [f"--notebook-dir={WORK}", "--LabApp.default_url=/lab/tree/index.ipynb"]
    return [*place, *["--allow-root"] * root, *chosen]


def is_root() -> bool:
    """Tell whether this process runs as root, as in most containers; Windows knows no such thing."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
