"""Run the chapters, several at a time, and keep what they print and draw.

A chapter's outputs are kept in _build/executed, under a hash of its cells, the installed libraries and the
Python. Beside them stand notes: which of our modules and files the run rests on (reads.py says how that is
known), so that it is made again when one of them has changed, and only then; and the values of the numbers
that the text holds to the run, computed in the chapter's kernel, each below the last cell that begins above
the number. Each file there is written in one step, so an interrupted run leaves whole files only.
"""

from __future__ import annotations

import lean_start  # noqa: F401 - before nbformat

# isort: split
import contextlib
import hashlib
import importlib.util
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from jupyter_cache import get_cache
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets.config import Config

import depends
import reads
from fysstk_book import held
from inputs import ROOT, machine

STORE = ROOT / "_build" / "executed"
SECONDS_PER_CELL = 120
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Chapter:
    """A page with code cells: its source, the notebook read from it, and the file that keeps its outputs.

    `asked` has the expressions to compute, each with the index of the cell after which to do so.
    """

    source: Path
    notebook: nbformat.NotebookNode
    kept: Path
    asked: tuple[tuple[int, str], ...] = ()

    @property
    def name(self) -> str:
        """The file name without its ending."""
        return self.source.stem

    @property
    def notes(self) -> dict[str, Any]:
        """What was written down about the run: nothing if there was none."""
        try:
            return json.loads(self.kept.with_suffix(".json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    @property
    def fresh(self) -> bool:
        """Whether a run would give again what is kept."""
        notes = self.notes
        return self.kept.is_file() and bool(notes) and notes["state"] == reads.state(notes["rests_on"])

    @property
    def code(self) -> str:
        """All cells, with their tags."""
        cells = code_cells(self.notebook)
        return "\n".join(f"{cell.source}\n{cell.metadata.get('tags', '')}" for cell in cells)


class ChapterError(Exception):
    """A cell of a chapter raised, took too long or killed its kernel; the message shows which and how."""


def read(source: Path, store: Path, others: Sequence[str] = ()) -> Chapter | None:
    """Read a page as Sphinx will; None if it is plain text without code cells.

    `others` are the expressions that numbers on any page want computed at the end of this one.
    """
    text = source.read_text(encoding="utf-8")
    if not is_myst_markdown_notebook(text):
        return None
    notebook = read_myst_markdown_notebook(held.plain(text), add_source_map=True, path=source)
    cells = [[c.source, settings(c)] for c in code_cells(notebook)]
    wanted = {(cell_above(notebook, one.line), one.expression) for one in held.find(text) if not one.page}
    wanted |= {(last_cell(notebook), expression) for expression in others}
    asked = tuple(sorted((i, expression) for i, expression in wanted if expression and i is not None))
    tools = [Path(tool).read_text(encoding="utf-8") for tool in (__file__, reads.__file__)]
    code = json.dumps(
        [cells, notebook.metadata.get("kernelspec", {}), asked, machine(), tools], sort_keys=True
    )
    name = f"{source.stem}-{hashlib.sha256(code.encode()).hexdigest()[:16]}.ipynb"
    return Chapter(source, notebook, store / name, asked)


def read_all(pages: Iterable[Path], store: Path = STORE, only: str = "") -> list[Chapter]:
    """Read all pages that have code cells, or only the one with that name."""
    others: dict[str, list[str]] = {}
    for page in pages:
        for one in held.find(page.read_text(encoding="utf-8")):
            others.setdefault(one.page, []).append(one.expression)
    wanted = [page for page in pages if only in {"", page.stem}]
    return [c for page in wanted if (c := read(page, store, others.get(page.stem, ())))]


def settings(cell: nbformat.NotebookNode) -> dict:
    """Return a cell's settings that its outputs depend on: not the caption and the alt text of a figure."""
    shown = cell.metadata.get("mystnb", {})
    return {**cell.metadata, "mystnb": {k: v for k, v in shown.items() if k not in {"figure", "image"}}}


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Return the cells to run."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def cell_above(notebook: nbformat.NotebookNode, line: int) -> int | None:
    """Return the index of the last code cell that begins above a line of the source, or in it."""
    begins = notebook.metadata["source_map"]  # the line of each cell's fence, from 1
    above = [i for i, c in enumerate(notebook.cells) if c.cell_type == "code" and begins[i] <= line]
    return above[-1] if above else None


def last_cell(notebook: nbformat.NotebookNode) -> int | None:
    """Return the index of the last code cell."""
    return cell_above(notebook, sys.maxsize)


@contextlib.contextmanager
def calm_environment() -> Iterator[Path]:
    """Let kernels start without the user's settings, with one thread each, and with fixed hashes and dates.

    The solutions that the chapters run must not count as solved by whoever builds the book.

    Yield an empty folder with a short name, as sockets need it; it is removed in the end.
    """
    matplotlib = Path(next(iter(importlib.util.find_spec("matplotlib").submodule_search_locations)))
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="nn-", ignore_cleanup_errors=True) as scratch:
        start_up = Path(scratch, "profile_default", "startup", "reads.py")
        start_up.parent.mkdir(parents=True)
        start_up.write_text(reads.START_UP, encoding="utf-8")
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
    values: dict[str, list[float] | str] = {}
    loaded: list[str] = []
    log = sockets / f"{chapter.name}.reads"

    async def after(cell_index: int) -> None:
        await compute(client, chapter, cell_index, values)
        if cell_index == last_cell(chapter.notebook):
            loaded.extend((await ask(client, {"": reads.LOADED}))[""])

    client = NotebookClient(
        chapter.notebook,
        timeout=SECONDS_PER_CELL,
        resources={"metadata": {"path": str(chapter.source.parent)}},
        record_timing=False,  # it would become part of the cells, and no outputs would be found for them
        shutdown_kernel="immediate",  # else the kernel is interrupted first, and complains
        on_cell_start=lambda cell, cell_index: started.append(cell_index),
        on_cell_executed=lambda cell_index, **_: after(cell_index),
        config=Config({"KernelManager": {"transport": "ipc", "ip": str(sockets / chapter.name)}}),
    )
    start, clock = time.time(), time.perf_counter()
    try:
        client.execute(env={**os.environ, reads.VARIABLE: str(log)})
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise ChapterError(describe(chapter, started[-1], error)) from None
    seconds = time.perf_counter() - clock
    opened = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
    found = reads.rests_on(chapter.code, loaded, opened)
    shown = json.dumps([cell.outputs for cell in code_cells(chapter.notebook)], sort_keys=True)
    notes = {
        "seconds": seconds,
        "held": values,
        "shown": hashlib.sha256(shown.encode()).hexdigest(),
        "rests_on": found,
        "state": reads.state(found, before=start),
    }
    chapter.kept.parent.mkdir(parents=True, exist_ok=True)
    write_whole(chapter.kept, nbformat.writes(chapter.notebook))
    write_whole(chapter.kept.with_suffix(".json"), json.dumps(notes))
    return seconds


def write_whole(path: Path, text: str) -> None:
    """Replace a file in one step."""
    draft = path.with_name(f"{path.name}.tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


async def compute(
    client: NotebookClient, chapter: Chapter, index: int, values: dict[str, list[float] | str]
) -> None:
    """Compute what is asked for below a cell, without a trace in the notebook; errors become text."""
    wanted = [expression for i, expression in chapter.asked if i == index]
    # A list of numbers, whatever the expression is: a number, an array or several of them.
    numbers = "[float(x) for x in __import__('numpy').ravel(({}))]"
    if wanted:
        answers = await ask(client, {expression: numbers.format(expression) for expression in wanted})
        values.update({place(index, expression): answer for expression, answer in answers.items()})


async def ask(client: NotebookClient, wanted: dict[str, str]) -> dict[str, Any]:
    """Return the values of lists that are computed in the kernel, without a trace; errors become text."""
    asked = {str(i): f"__import__('json').dumps({one})" for i, one in enumerate(wanted.values())}
    message = client.kc.execute("", silent=True, user_expressions=asked)
    reply = await client.async_wait_for_reply(message)
    found: dict[str, Any] = {}
    for i, name in enumerate(wanted):
        answer = reply["content"]["user_expressions"][str(i)]
        if answer["status"] == "ok":
            found[name] = json.loads(depends.literal(answer["data"]["text/plain"]))
        else:
            found[name] = f"{answer['ename']}: {answer['evalue']}"
    return found


def place(index: int, expression: str) -> str:
    """Return the name under which the value of an expression below a cell is kept."""
    return f"{index}: {expression}"


def run_all(
    chapters: Iterable[Chapter], sockets: Path, jobs: int, say: Callable[[str], None] = print
) -> list[str]:
    """Run chapters, `jobs` at a time; return what is wrong with them."""
    complaints = []
    pool = ThreadPoolExecutor(jobs)
    try:
        running = {pool.submit(run, c, sockets): c for c in chapters}
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
    from jupyter_cache.base import CacheBundleIn  # with a database, which only this needs

    cache = get_cache(str(folder))
    cache.change_cache_limit(10_000)
    for chapter in chapters:
        kept = nbformat.read(chapter.kept, as_version=4)
        for cell, ran in zip(code_cells(chapter.notebook), code_cells(kept), strict=True):
            cell.outputs, cell.execution_count = ran.outputs, ran.execution_count
        data = {"execution_seconds": chapter.notes["seconds"]}
        bundle = CacheBundleIn(chapter.notebook, str(chapter.source), data=data)
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
