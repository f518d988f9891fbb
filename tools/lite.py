"""Add JupyterLite to a copy of the site: the notebooks, run by the reader's browser, with nothing to install.

The copy is _build/html-lite, a site of its own; _build/html stays as `make book` left it. JupyterLite, the
notebooks and the package's wheel are in the copy. Python itself (Pyodide), NumPy, SciPy, Matplotlib and so on
come from Pyodide's host and from PyPI when a notebook starts, so running one needs a connection; unless a
downloaded Pyodide is handed over, which then is in the copy as well.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL

import lean_start
import pyodide_archive
from launch import make_wheel, write_notebooks

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
TARGET = ROOT / "_build" / "html-lite"
FOLDER = "lite"  # in the copy
# The package is in the site; the other names are those that chapters import beside it.
PACKAGES = ["matplotlib", "autograd", "sympy", "scikit-learn"]
INSTALL = f"%pip install -q fysstk_nn {' '.join(PACKAGES)}"
ABOUT = "# In the browser, this fetches the packages; it takes a minute and needs a connection."
ABOUT_LOCAL = "# In the browser, this fetches the packages from this site; it takes a minute."
KERNEL = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
DOWNLOAD = re.compile(
    r'(<a class="[^"]*\bdownload-notebook\b[^"]*" href="((?:\.\./)*)notebooks/([\w-]+\.ipynb)")'
)


NOTICE = """
fetch(PYTHON, { method: "HEAD", mode: "no-cors" }).catch(() => {
  const notice = document.createElement("p");
  notice.setAttribute("role", "status");
  notice.textContent =
    `No connection to ${new URL(PYTHON).host}, where Python comes from: you can read and edit notebooks ` +
    "here, and not run them. Connect and reload the page, or use the book's own `make lab`.";
  notice.style.cssText =
    "position: fixed; inset: auto 0 0 0; z-index: 10000; margin: 0; padding: 0.6rem 1rem; " +
    "background: #fff3cd; color: #3d2f00; font: 1rem/1.4 sans-serif;";
  document.body.append(notice);
});
"""


class LiteError(Exception):
    """JupyterLite cannot be added; the message says why."""


def build(site: Path, target: Path, archive: Path | None = None) -> None:
    """Copy the site to `target` and add JupyterLite to the copy; with the Pyodide in `archive`, if given."""
    if not (site / "notebooks").is_dir():
        raise LiteError(f"There are no notebooks in {site}. `make book` builds the site.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".draft-", dir=target.parent) as scratch:
        draft = Path(scratch)
        wheels = add_pyodide(archive, draft) if archive else []
        about = ABOUT_LOCAL if archive else ABOUT
        write_notebooks(site / "notebooks", draft / "notebooks", f"{about}\n{INSTALL}", KERNEL)
        wheels.append(make_wheel(draft / "wheels"))
        shutil.copytree(site, draft / "html", ignore=shutil.ignore_patterns(".complete.json"))
        make_lite(draft, wheels)
        for page in (draft / "html").rglob("*.html"):
            if FOLDER not in page.relative_to(draft / "html").parts:
                add_link(page)
            elif page.name == "index.html" and not archive:
                add_notice(page)
        shutil.rmtree(target, ignore_errors=True)
        (draft / "html").rename(target)


def add_pyodide(archive: Path, draft: Path) -> list[Path]:
    """Put a Pyodide, cut down, where JupyterLite looks for it; return the wheels of what it lacks."""
    try:
        folder = pyodide_archive.unpack(archive, draft)
        lock = pyodide_archive.read_lock(folder)
        wanted = [*pyodide_archive.KERNEL, *pyodide_archive.own_requirements(), *PACKAGES]
        held, lacking = pyodide_archive.needed(wanted, lock["packages"])
        pyodide_archive.check_files(folder, lock["packages"], held)
        wheels = [pyodide_archive.wheel(name, draft / "wheels") for name in lacking]
        pyodide_archive.write(folder, lock, held, draft / "settings" / "static" / "pyodide")
    except pyodide_archive.ArchiveError as error:
        raise LiteError(str(error)) from None
    print(f"Of Pyodide's {len(lock['packages'])} packages, {len(held)} are kept: {', '.join(held)}.")
    if lacking:
        print(f"Pyodide lacks {', '.join(lacking)}: taken from .venv.")
    return wheels


def make_lite(draft: Path, wheels: list[Path]) -> None:
    """Build JupyterLite into the copy of the site."""
    (draft / "settings").mkdir(exist_ok=True)
    command = [lean_start.__file__, "jupyterlite_core", "build", "--lite-dir", str(draft / "settings")]
    command += ["--contents", str(draft / "notebooks")]
    command += [word for wheel in wheels for word in ("--piplite-wheels", str(wheel))]
    command += [
        "--output-dir",
        str(draft / "html" / FOLDER),
        "--no-sourcemaps",
        "--no-unused-shared-packages",
    ]
    run(*command, cwd=draft / "settings")


def run(*arguments: str, cwd: Path) -> None:
    """Run this Python; raise LiteError with what it said if it fails."""
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise LiteError(f"`python {' '.join(arguments[:3])}` failed:\n\n{done.stdout}{done.stderr}")


def add_link(page: Path) -> None:
    """Put a link that runs the page's notebook before the one that downloads it."""
    text = page.read_text(encoding="utf-8")
    link = (
        rf'<a class="btn btn-sm run-notebook" href="\2{FOLDER}/lab/index.html?path=\3" '
        r'title="Run this page in your browser, with JupyterLite">Run</a>\n\1'
    )
    new = DOWNLOAD.sub(link, text)
    if new != text:
        page.write_text(new, encoding="utf-8")


def add_notice(page: Path) -> None:
    """Let a page of JupyterLite say so where the host that Python comes from cannot be reached."""
    text = page.read_text(encoding="utf-8")
    script = f"<script>{NOTICE.replace('PYTHON', json.dumps(PYODIDE_CDN_URL))}</script>"
    page.write_text(text.replace("</body>", f"{script}</body>", 1), encoding="utf-8")


def main() -> int:
    """Build, and say where it is."""
    parser = argparse.ArgumentParser(description="Add JupyterLite to a copy of the site.")
    parser.add_argument("--pyodide", type=Path, help="a downloaded Pyodide, packed or unpacked")
    archive = parser.parse_args().pyodide
    start = time.perf_counter()
    try:
        build(SITE, TARGET, archive)
    except LiteError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The site with JupyterLite is in {TARGET} ({time.perf_counter() - start:.0f} s). Serve it:")
    print(f"    {sys.executable} -m http.server -d {TARGET}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
