"""Add JupyterLite to a copy of the site: the notebooks, run by the reader's browser, with nothing to install.

The copy is _build/html-lite, a site of its own; _build/html stays as `make book` left it. JupyterLite, the
notebooks and the package's wheel are in the copy. Python itself (Pyodide), NumPy, SciPy, Matplotlib and so on
come from Pyodide's host and from PyPI when a notebook starts, so running one needs a connection.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL

from launch import make_wheel, write_notebooks

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
TARGET = ROOT / "_build" / "html-lite"
FOLDER = "lite"  # in the copy
# The package is in the site; the other names are those that chapters import beside it.
INSTALL = "%pip install -q fysstk_nn matplotlib autograd sympy scikit-learn"
ABOUT = "# In the browser, this fetches the packages; it takes a minute and needs a connection."
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


def build(site: Path, target: Path) -> None:
    """Copy the site to `target` and add JupyterLite to the copy."""
    if not (site / "notebooks").is_dir():
        raise LiteError(f"There are no notebooks in {site}. `make book` builds the site.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".draft-", dir=target.parent) as scratch:
        draft = Path(scratch)
        write_notebooks(site / "notebooks", draft / "notebooks", f"{ABOUT}\n{INSTALL}", KERNEL)
        wheel = make_wheel(draft / "wheels")
        shutil.copytree(site, draft / "html", ignore=shutil.ignore_patterns(".complete.json"))
        make_lite(draft, wheel)
        for page in (draft / "html").rglob("*.html"):
            if FOLDER not in page.relative_to(draft / "html").parts:
                add_link(page)
            elif page.name == "index.html":
                add_notice(page)
        shutil.rmtree(target, ignore_errors=True)
        (draft / "html").rename(target)


def make_lite(draft: Path, wheel: Path) -> None:
    """Build JupyterLite into the copy of the site."""
    (draft / "settings").mkdir()
    command = ["-m", "jupyterlite_core", "build", "--lite-dir", str(draft / "settings")]
    command += ["--contents", str(draft / "notebooks"), "--piplite-wheels", str(wheel)]
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
    start = time.perf_counter()
    try:
        build(SITE, TARGET)
    except LiteError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The site with JupyterLite is in {TARGET} ({time.perf_counter() - start:.0f} s). Serve it:")
    print(f"    {sys.executable} -m http.server -d {TARGET}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
