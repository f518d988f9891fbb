"""Run the chapters, several at a time, and keep what they print and draw.

A chapter's outputs are kept in _build/executed/<key>/, where the key is a hash of the package, the
installed libraries, the Python and the results of `make digits`: when one of them changes, every chapter
runs again. Each file there is written in one step, so an interrupted run leaves whole files only.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets.config import Config

from inputs import ROOT, digest, machine

STORE = ROOT / "_build" / "executed"
SECONDS_PER_CELL = 120
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Chapter:
    """A page with code cells: its source, the notebook read from it, and the file that keeps its outputs."""

    source: Path
    notebook: nbformat.NotebookNode
    kept: Path

    @property
    def name(self) -> str:
        """The file name without its ending."""
        return self.source.stem


class ChapterError(Exception):
    """A cell of a chapter raised, took too long or killed its kernel; the message shows which and how."""


def read(source: Path, store: Path) -> Chapter | None:
    """Read a page as Sphinx will; None if it is plain text without code cells."""
    text = source.read_text(encoding="utf-8")
    if not is_myst_markdown_notebook(text):
        return None
    notebook = read_myst_markdown_notebook(text, add_source_map=True, path=source)
    cells = [[c.source, c.metadata] for c in notebook.cells if c.cell_type == "code"]
    code = json.dumps([cells, notebook.metadata.get("kernelspec", {})], sort_keys=True)
    return Chapter(
        source, notebook, store / f"{source.stem}-{hashlib.sha256(code.encode()).hexdigest()[:16]}.ipynb"
    )


def store_for_this_package() -> Path:
    """Return the folder for outputs made by the present package; those made by earlier ones are removed."""
    store = STORE / digest("src", "tools/run_chapters.py", "_build/digits.json", extra=machine())[:16]
    for old in STORE.glob("*"):
        if old != store:
            shutil.rmtree(old, ignore_errors=True)
    store.mkdir(parents=True, exist_ok=True)
    return store


@contextlib.contextmanager
def calm_environment() -> Iterator[Path]:
    """Let kernels start without the user's settings, with one thread each, and with fixed hashes and dates.

    The solutions that the chapters run must not count as solved by whoever builds the book.

    Yield an empty folder with a short name, as sockets need it; it is removed in the end.
    """
    matplotlib = Path(next(iter(importlib.util.find_spec("matplotlib").submodule_search_locations)))
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="nn-", ignore_cleanup_errors=True) as scratch:
        os.environ.update(
            JUPYTER_PREFER_ENV_PATH="1",
            JUPYTER_RUNTIME_DIR=scratch,
            IPYTHONDIR=scratch,
            MATPLOTLIBRC=str(matplotlib / "mpl-data" / "matplotlibrc"),
            OMP_NUM_THREADS="1",
            OPENBLAS_NUM_THREADS="1",
            PYTHONHASHSEED="0",
            SOURCE_DATE_EPOCH="0",
            FYSSTK_PROGRESS="off",
        )
        if os.path.isdir(folder := before.get("FYSSTK_MNIST", "")):
            os.environ["FYSSTK_MNIST"] = os.path.abspath(folder)  # the kernels run in book/
        try:
            yield Path(scratch)
        finally:
            os.environ.clear()
            os.environ.update(before)


def run(chapter: Chapter, sockets: Path) -> float:
    """Run a chapter in a fresh kernel and keep the result; return the seconds it took.

    The kernel is reached through sockets in the folder `sockets`, not through the network.
    """
    started = []
    client = NotebookClient(
        chapter.notebook,
        timeout=SECONDS_PER_CELL,
        resources={"metadata": {"path": str(chapter.source.parent)}},
        record_timing=False,  # it would become part of the cells, and no outputs would be found for them
        on_cell_start=lambda cell, cell_index: started.append(cell_index),
        config=Config({"KernelManager": {"transport": "ipc", "ip": str(sockets / chapter.name)}}),
    )
    start = time.perf_counter()
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise ChapterError(describe(chapter, started[-1], error)) from None
    seconds = time.perf_counter() - start
    chapter.notebook.metadata["execution_seconds"] = seconds
    draft = chapter.kept.with_suffix(".tmp")
    draft.write_text(nbformat.writes(chapter.notebook), encoding="utf-8")
    draft.replace(chapter.kept)
    return seconds


def run_all(
    chapters: Iterable[Chapter], sockets: Path, jobs: int, say: Callable[[str], None] = print
) -> list[str]:
    """Run the chapters whose outputs are not kept, `jobs` at a time; return what is wrong with them."""
    complaints = []
    pool = ThreadPoolExecutor(jobs)
    try:
        running = {pool.submit(run, c, sockets): c for c in chapters if not c.kept.is_file()}
        for done in as_completed(running):
            try:
                say(f"  {running[done].name:<28} {done.result():6.1f} s")
            except ChapterError as failure:
                say(f"  {running[done].name:<28} failed")
                complaints.append(str(failure))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return complaints


def describe(chapter: Chapter, index: int, error: Exception) -> str:
    """Say where in the source cell number `index` failed; show it and the end of its traceback."""
    cell = chapter.notebook.cells[index]
    line = chapter.notebook.metadata["source_map"][index] + 1
    tracebacks = [o.traceback for o in cell.get("outputs", []) if o.output_type == "error"]
    reason = "\n".join(tracebacks[-1][-6:]) if tracebacks else f"{type(error).__name__}: {error}"
    return (
        f"book/{chapter.source.name}:{line}: this cell fails\n\n"
        f"{_indent(cell.source)}\n\n{_indent(ANSI.sub('', reason))}\n"
    )


def fill_cache(chapters: Iterable[Chapter], folder: Path) -> None:
    """Hand the kept outputs to Sphinx as a jupyter-cache, made anew each time."""
    cache = get_cache(str(folder))
    cache.change_cache_limit(10_000)
    for chapter in chapters:
        kept = nbformat.read(chapter.kept, as_version=4)
        seconds = kept.metadata.pop("execution_seconds")
        bundle = CacheBundleIn(kept, str(chapter.source), data={"execution_seconds": seconds})
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
