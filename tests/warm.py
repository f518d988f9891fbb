"""Runs programs of ours in processes of their own that have the libraries loaded: a start is mostly that."""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIBRARIES = [
    "tools.lean_start",  # found where the tests run from the repository's folder
    "fysstk_book.printed",
    "jupyter_book.cli.main",
    "jupyter_cache.cache.main",
    "myst_nb.sphinx_ext",
    "nbclient",
    "nbformat",
    "pytest",
    "scipy.optimize",
    "sphinx.cmd.build",
    "sphinx_book_theme",
    "sphinxcontrib.bibtex",
    "sympy",
    "yaml",
    "tests.warm_end",
]

BARE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "xdist.plugin"}
"""An environment in which a build's pytest loads no plugin but the one whose option a build names."""

context = multiprocessing.get_context("forkserver" if sys.platform != "win32" else "spawn")
if sys.platform != "win32":
    context.set_forkserver_preload(LIBRARIES)


def run(program, *arguments, cwd, **environment):
    """Run a program in a folder, as `python program ...` does; return its status and all that it has said.

    Parameters
    ----------
    program
        The path of a Python file below `cwd`; of this repository, it sees the packages of `src` alone.
    *arguments
        What it finds in `sys.argv`.
    cwd
        The folder to run in.
    **environment
        What its environment has beside ours.
    """
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder, "said")
        command = [str(program), *map(str, arguments)]
        process = context.Process(target=_run, args=(command, str(cwd), {**os.environ, **environment}, said))
        process.start()
        process.join()
        return subprocess.CompletedProcess(command, process.exitcode, said.read_text(encoding="utf-8"), "")


def _run(command, cwd, environment, said):
    with open(said, "w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    # The tests have put folders of this repository into the path; the program has its own copies.
    kept = ROOT / "src", Path(sys.prefix)
    sys.path[:] = [
        place for place in sys.path if not _is_below(place, ROOT) or any(_is_below(place, k) for k in kept)
    ]
    sys.path.insert(0, str(Path(cwd, command[0]).parent))
    sys.argv = command
    runpy.run_path(command[0], run_name="__main__")


def _is_below(place, folder):
    return Path(place).absolute().is_relative_to(folder)
