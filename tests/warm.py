"""Runs programs of ours in processes of their own that have the libraries loaded: a start is mostly that."""

import multiprocessing
import os
import runpy
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIBRARIES = ["myst_nb.sphinx_ext", "nbclient", "nbformat", "sphinx.cmd.build", "yaml"]

context = multiprocessing.get_context("forkserver" if sys.platform != "win32" else "spawn")
if sys.platform != "win32":
    context.set_forkserver_preload(LIBRARIES)


def run(program, *, cwd, said):
    """Run a program in a folder, as `python program` does; return its status and all that it has said.

    Parameters
    ----------
    program
        The path of a Python file below `cwd`; of this repository, it sees the packages of `src` alone.
    cwd
        The folder to run in.
    said
        A file for what it says.
    """
    process = context.Process(target=_run, args=(str(program), str(cwd), str(said)))
    process.start()
    process.join()
    return subprocess.CompletedProcess(program, process.exitcode, Path(said).read_text(encoding="utf-8"), "")


def _run(program, cwd, said):
    with open(said, "w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(cwd)
    ours = (ROOT / "tools", ROOT / "tests", ROOT)
    sys.path[:] = [place for place in sys.path if Path(place or cwd) not in ours]
    sys.path.insert(0, str(Path(cwd, program).parent))
    sys.argv = [program]
    runpy.run_path(program, run_name="__main__")
