"""The long runs on digits: what `make digits` has measured, and the pages show.

The errors are in book/measured/digits.json, with what made them; see `fysstk_book.measured`.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fysstk_book import measured

__all__ = ["NETWORKS", "Table", "errors", "reached", "sizes", "table"]

NETWORKS = {
    "sokirko": ("our baseline: 784-16-16-16-16-10", "10 after 1 epoch, 5 after more than 5"),
    "sokirko-steps": ("the same, η = 0.1/(1 + 0.001 t)", ""),
    "sokirko-deskewed": ("deskewed images", ""),
    "sokirko-softmax": ("softmax and cross-entropy", ""),
    "sokirko-both": ("softmax, cross-entropy, deskewed", ""),
    "sokirko-wide": ("784-512-512-10, squares", "2.7 with 784-500-150-10, 4 epochs"),
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
        The folder of digits.json, if it is not that of the book.

    Returns
    -------
    Table
        Errors are means over runs that differ in their seed, ± their standard deviation.
    """
    found = _stored(where)
    origin = found.provenance
    versions = origin["versions"]
    caption = (
        f"Test error in percent, mean ± standard deviation of the runs. Measured on {origin['data']}, "
        f"in {origin['date'][:4]} with Python {versions['python']} and NumPy {versions['numpy']}: "
        f"{origin['command']}."
    )
    prefix = chapter.removeprefix("digits-")
    names = [name for name in NETWORKS if name in found.lines and name.startswith(prefix)]
    return Table(caption, tuple(_row(name, found.runs(name)) for name in names))


def errors(name: str, where: Path | None = None) -> npt.NDArray[np.float64]:
    """Return the test errors of a run's seeds after each epoch, in percent, shape (seeds, epochs)."""
    return _stored(where).runs(name)


def reached(name: str, epochs: int = 0, where: Path | None = None) -> npt.NDArray[np.float64]:
    """Return mean and standard deviation of a run's errors in percent after so many epochs, 0: at the end."""
    final = errors(name, where)[:, epochs - 1]
    return np.array([final.mean(), final.std(ddof=1)]) if len(final) > 1 else final


def sizes(where: Path | None = None) -> list[int]:
    """Return how many images the runs were trained on, and with how many they were tested."""
    data = _stored(where).provenance["data"]
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


def _stored(where: Path | None) -> measured.Curves:
    where = where or measured.folder()
    found = measured.load("digits", where)
    if not isinstance(found, measured.Curves) or set(found.lines) - set(NETWORKS):
        raise ValueError(f"{where / 'digits.json'} holds no results of make digits; run it again")
    return found
