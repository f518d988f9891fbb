"""The long runs on digits: what `make digits` has measured, and the pages show.

The errors are in book/measured: those of Sokirko's program in digits-program.json, all others in digits.json,
with what made them; see `fysstk_book.measured`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fysstk_book import measured

__all__ = ["NETWORKS", "Table", "errors", "reached", "sizes", "table"]

NETWORKS = {
    "sokirko-program": (
        "his program, 784-16-16-16-16-10, k = 0.001",
        "10 after 1 epoch, 5 after more than 5",
    ),
    "sokirko-program-k": ("his program, k = 0.01", ""),
    "sokirko-program-wide": ("his program, 784-500-150-10, k = 0.01", "5 after 1 epoch, 2.7 after 4"),
    "sokirko-biases-his": ("his program with biases, k = 0.001", ""),
    "sokirko-biases-right": ("the same, the biases' gradient right", ""),
    "sokirko-biases-his-k": ("his program with biases, k = 0.01", ""),
    "sokirko-biases-right-k": ("the same, the biases' gradient right", ""),
    "sokirko": ("our baseline: 784-16-16-16-16-10", ""),
    "sokirko-steps": ("the same, η = 0.1/(1 + 0.001 t)", ""),
    "sokirko-deskewed": ("deskewed images", ""),
    "sokirko-softmax": ("softmax and cross-entropy", ""),
    "sokirko-both": ("softmax, cross-entropy, deskewed", ""),
    "sokirko-wide": ("784-512-512-10, squares", ""),
    "sokirko-adam": ("784-512-512-10, softmax, Adam", ""),
    "sokirko-shifted": ("with dropout and shifted copies", ""),
    "nielsen-darkness": ("average darkness", "77.75"),
    "nielsen-0": ("784-10", "a question to the reader"),
    "nielsen-30": ("784-30-10", "4.58 at best"),
    "nielsen-100": ("784-100-10", "3.41"),
    "nielsen-4": ("784-30-4, binary digits", "worse than 10 outputs"),
    "nielsen-0-small": ("784-10, smaller first weights, η = 0.3", ""),
    "nielsen-30-small": ("784-30-10, smaller first weights", ""),
    "nielsen-100-small": ("784-100-10, smaller first weights", ""),
    "nielsen-4-small": ("784-30-4, smaller first weights", ""),
    "nielsen-notes": ("784-512-10, ReLU, softmax, Adam (the Notes')", ""),
}
"""What was trained, by the name of its run, and what the source says that it reaches, in percent."""

FILES = ("digits", "digits-program")
COLUMNS = ("network", "the source says", "after 1 epoch", "after 6", "at the end", "best", "epochs", "runs")
EMPTY = "–"


@dataclass(frozen=True)
class Table:
    """A table of measured errors, beside what the sources report.

    Attributes
    ----------
    caption : str
        What was measured, on which data, when and with what.
    rows : tuple of tuple of str
        One entry for each of the `COLUMNS`.
    """

    caption: str
    rows: tuple[tuple[str, ...], ...] = ()

    def __repr__(self) -> str:
        """Return the table as text."""
        lines = [COLUMNS, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = [
            "  ".join(entry.ljust(width) for entry, width in zip(line, widths, strict=True)) for line in lines
        ]
        return "\n".join([self.caption, *(line.rstrip() for line in text)])

    def _repr_html_(self) -> str:
        """Return the table for a page or a notebook."""
        caption = html.escape(self.caption)
        head, *body = (
            "<tr>" + "".join(f"<{tag}>{html.escape(entry)}</{tag}>" for entry in line) + "</tr>"
            for tag, line in [("th", COLUMNS), *(("td", row) for row in self.rows)]
        )
        return (
            '<div class="pst-scrollable-table-container"><table class="table">'
            f"<caption>{caption}</caption><thead>{head}</thead><tbody>{''.join(body)}</tbody></table></div>"
        )


def table(chapter: str, where: Path | None = None) -> Table:
    """Return what the long runs of a chapter have reached.

    Parameters
    ----------
    chapter : str
        The page's name: ``"digits-sokirko"`` or ``"digits-nielsen"``.
    where : Path, optional
        The folder of the files, if it is not that of the book.

    Returns
    -------
    Table
        Errors are means over runs that differ in their seed, ± their standard deviation.
    """
    files = _stored(where)
    origins = dict.fromkeys(_origin(found.provenance) for found in files)
    caption = " ".join(["Test error in percent, mean ± standard deviation of the runs.", *origins])
    runs = _runs(files)
    prefix = chapter.removeprefix("digits-")
    names = [name for name in NETWORKS if name in runs and name.startswith(prefix)]
    return Table(caption, tuple(_row(name, runs[name]) for name in names))


def errors(name: str, where: Path | None = None) -> npt.NDArray[np.float64]:
    """Return the test errors of a run's seeds after each epoch, in percent, shape (seeds, epochs)."""
    runs = _runs(_stored(where))
    if name not in runs:
        raise ValueError(f"there is no run {name!r}; choose from {', '.join(runs)}")
    return runs[name]


def reached(name: str, epochs: int = 0, where: Path | None = None) -> npt.NDArray[np.float64]:
    """Return mean and standard deviation of a run's errors in percent after so many epochs, 0: at the end."""
    final = errors(name, where)[:, epochs - 1]
    return np.array([final.mean(), final.std(ddof=1)]) if len(final) > 1 else final


def sizes(where: Path | None = None) -> list[int]:
    """Return how many images the runs were trained on, and with how many they were tested."""
    data = _stored(where)[0].provenance["data"]
    return [int(number.replace(",", "")) for number in re.findall(r"([\d,]+) to (?:train|test)", data)]


def _row(name: str, runs: npt.NDArray[np.float64]) -> tuple[str, ...]:
    """Return one run, or several that differ in their seed, as a row of the table."""
    network, reported = NETWORKS[name]
    seeds, epochs = runs.shape
    trained = epochs > 1  # else there are no epochs, as for the darkness
    return (
        network,
        reported or EMPTY,
        _spread(runs[:, 0]) if trained else EMPTY,
        _spread(runs[:, 5]) if epochs >= 6 else EMPTY,
        _spread(runs[:, -1]),
        _spread(runs.min(axis=1)) if trained else EMPTY,
        str(epochs) if trained else EMPTY,
        str(seeds),
    )


def _spread(values: npt.NDArray[np.float64]) -> str:
    """Return the mean of several runs with their standard deviation, or the one number."""
    if len(values) == 1:
        return f"{values[0]:.2f}"
    return f"{values.mean():.2f} ± {values.std(ddof=1):.2f}"


def _origin(made: Mapping[str, Any]) -> str:
    """Say on which data, when and with what the runs of a file were made."""
    versions = made["versions"]
    with_what = f"Python {versions['python']} and NumPy {versions['numpy']}"
    return f"Measured on {made['data']}, in {made['date'][:4]} with {with_what}: {made['command']}."


def _runs(files: list[measured.Curves]) -> dict[str, npt.NDArray[np.float64]]:
    """Return the errors of all runs of some files."""
    return {name: found.runs(name) for found in files for name in found.lines}


def _stored(where: Path | None) -> list[measured.Curves]:
    """Return what the files hold; there is at least one of them."""
    where = where or measured.folder()
    there = [name for name in FILES if (where / f"{name}.json").is_file()]
    files = []
    for name in there or FILES[:1]:
        found = measured.load(name, where)
        if not isinstance(found, measured.Curves) or set(found.lines) - set(NETWORKS):
            raise ValueError(f"{where / name}.json holds no results of make digits; run it again")
        files.append(found)
    return files
