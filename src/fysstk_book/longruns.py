"""The results of the long runs on digits, which `make digits` writes and the pages show."""

from __future__ import annotations

import html
import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["RESULTS", "Table", "table"]

RESULTS = Path(__file__).resolve().parents[2] / "_build" / "digits.json"
"""Where `make digits` writes, in a checkout of the book."""

COLUMNS = ("network", "the source says", "after 1 epoch", "after 6", "at the end", "best", "epochs", "runs")
EMPTY = "–"


@dataclass(frozen=True)
class Table:
    """A table of measured errors, beside what the sources report.

    Attributes
    ----------
    caption : str
        What was measured, on which data; or how to measure it.
    rows : tuple of tuple of str
        One entry for each of the `COLUMNS`.
    """

    caption: str
    rows: tuple[tuple[str, ...], ...] = ()

    def __repr__(self) -> str:
        """Return the table as text."""
        if not self.rows:
            return self.caption
        lines = [COLUMNS, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = [
            "  ".join(entry.ljust(width) for entry, width in zip(line, widths, strict=True)) for line in lines
        ]
        return "\n".join([self.caption, *(line.rstrip() for line in text)])

    def _repr_html_(self) -> str:
        """Return the table for a page or a notebook."""
        caption = html.escape(self.caption)
        if not self.rows:
            return f"<p>{caption}</p>"
        head, *body = (
            "<tr>" + "".join(f"<{tag}>{html.escape(entry)}</{tag}>" for entry in line) + "</tr>"
            for tag, line in [("th", COLUMNS), *(("td", row) for row in self.rows)]
        )
        return (
            '<div class="pst-scrollable-table-container"><table class="table">'
            f"<caption>{caption}</caption><thead>{head}</thead><tbody>{''.join(body)}</tbody></table></div>"
        )


def table(chapter: str, path: Path = RESULTS) -> Table:
    """Return what the long runs of a chapter have reached.

    Parameters
    ----------
    chapter : str
        The page's name: ``"digits-sokirko"`` or ``"digits-nielsen"``.
    path : Path
        The file of results.

    Returns
    -------
    Table
        Without rows, and with a word on how to make them, where there is no such file yet.

    Raises
    ------
    ValueError
        If the file holds no results.
    """
    if not path.is_file():
        return Table("The long runs have not been made here: FYSSTK_MNIST=folder make digits")
    try:
        results = json.loads(path.read_text(encoding="utf8"))
        rows = tuple(_row(row) for row in results["rows"] if row["chapter"] == chapter)
        return Table(f"Test error in percent. Measured by make digits on {results['data']}.", rows)
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{path} holds no results of make digits; run it again ({error!r})") from error


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    """Return one run, or several that differ in their seed, as a row of the table."""
    errors = row["errors"]  # for each seed, the test error in percent after each epoch
    epochs = row["epochs"]
    return (
        row["network"],
        row["reported"] or EMPTY,
        _spread([run[0] for run in errors]) if epochs else EMPTY,
        _spread([run[5] for run in errors]) if epochs >= 6 else EMPTY,
        _spread([run[-1] for run in errors]),
        _spread([min(run) for run in errors]) if epochs else EMPTY,
        str(epochs or EMPTY),
        str(len(errors)),
    )


def _spread(values: list[float]) -> str:
    """Return the mean of several runs with their standard deviation, or the one number."""
    if len(values) == 1:
        return f"{values[0]:.2f}"
    return f"{statistics.mean(values):.2f} ± {statistics.stdev(values):.2f}"
