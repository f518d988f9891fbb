"""Build the book without Jupyter Book 1: by Sphinx alone, with the newest Sphinx, MyST and theme there are.

Jupyter Book 1 adds a configuration to Sphinx and little else. This program writes that configuration as a
conf.py, makes an environment of the newest versions in .venv-next, and renders the site with it from the
outputs that `make book` has kept. It shows what a change would need before the change has to be made.
"""

from __future__ import annotations

import json
import pprint
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from jupyter_book.config import get_final_config

import build_book
import run_chapters

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "_build" / "next"
VENV = ROOT / ".venv-next"
PYTHON = VENV / "bin" / "python"
# What Jupyter Book 1 brings along, and what our extensions import; the newest of each.
PACKAGES = [
    *("sphinx", "myst-nb", "sphinx-book-theme", "sphinx-external-toc", "sphinx-multitoc-numbering"),
    *("sphinx-copybutton", "sphinx-design", "sphinx-togglebutton", "sphinx-thebe", "sphinxcontrib-bibtex"),
    *(
        "sphinx-jupyterbook-latex",
        "sphinx-mathjax-offline",
        "fonttools",
        "brotli",
        "minify-html",
        "mini-racer",
    ),
    *("pytest", "hatchling", "editables"),
]
OWN = {"jupyter_book", "sphinx_comments"}  # Jupyter Book's own extensions; the book uses neither
HEAD = """\
# What `jupyter-book config sphinx` makes of _config.yml, without Jupyter Book.
import sys

sys.path.insert(0, {extensions!r})
"""


def settings() -> dict[str, object]:
    """Return the settings that Jupyter Book hands to Sphinx, without its own extensions."""
    chosen = {
        "external_toc_path": str(ROOT / "_toc.yml"),
        "latex_individualpages": False,
        "nb_execution_mode": "cache",
        "nb_execution_cache_path": str(TARGET / "cache"),
        "nitpicky": True,
    }
    found, _ = get_final_config(user_yaml=ROOT / "_config.yml", cli_config=chosen, sourcedir=ROOT)
    for name in ("templates_path", "html_static_path"):  # relative to conf.py, which lies elsewhere
        found[name] = [str(ROOT / place) for place in found.get(name, ())]
    for name in ("html_logo", "html_favicon"):
        found[name] = str(ROOT / found[name])
    found["bibtex_bibfiles"] = [str(ROOT / place) for place in found["bibtex_bibfiles"]]
    found["extensions"] = [name for name in found["extensions"] if name not in OWN]
    return found


def write_conf(folder: Path) -> None:
    """Write conf.py into `folder`."""
    lines = [HEAD.format(extensions=str(ROOT / "book" / "_ext"))]
    lines += [f"{name} = {pprint.pformat(value)}" for name, value in sorted(settings().items())]
    (folder / "conf.py").write_text("\n".join(lines) + "\n", encoding="utf-8")


def make_environment() -> None:
    """Make .venv-next anew, with the newest versions."""
    venv.create(VENV, clear=True, with_pip=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *PACKAGES], check=True)
    subprocess.run([*pip, "--no-build-isolation", "-e", f"{ROOT}[notebooks,grade]"], check=True)


def main() -> int:
    """Render the site into _build/next/html; return the exit status of Sphinx."""
    if not PYTHON.is_file() or "--fresh" in sys.argv:
        make_environment()
    listed = json.loads(subprocess.check_output([str(PYTHON), "-m", "pip", "list", "--format=json"]))
    print(", ".join(f"{one['name']} {one['version']}" for one in listed if "sphinx" in one["name"].lower()))
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    write_conf(TARGET)
    chapters = run_chapters.read_all(build_book.pages())
    if not all(chapter.fresh for chapter in chapters):
        print("The chapters' outputs are not at hand: call `make book` first.", file=sys.stderr)
        return 1
    run_chapters.fill_cache(chapters, TARGET / "cache")
    command = [str(PYTHON), "-m", "sphinx", "-b", "html", "-q", "-W", "--keep-going", "-c", str(TARGET)]
    command += ["-d", str(TARGET / "doctrees")]
    status = subprocess.call([*command, str(ROOT), str(TARGET / "html")], cwd=ROOT)
    if status:
        print("The newest versions find the faults above.", file=sys.stderr)
    else:
        print(f"Open {TARGET / 'html' / 'index.html'}")
    return status


if __name__ == "__main__":
    sys.exit(main())
