"""Reads and writes what was measured in long runs: small JSON files, each with what made it.

`tools/measure.py` (`make measure`) and `tools/digits.py` write them into book/measured. They are part of
the book's sources, and of the wheel.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

import fysstk_nn
from fysstk_book.compare import Comparison

__all__ = ["Curves", "Line", "folder", "load", "provenance", "save", "versions"]


@dataclass(frozen=True)
class Line:
    """A quantity that was measured at several x in several runs.

    Attributes
    ----------
    x : list of float
        Where it was measured.
    runs : list of list of float
        One list for each seed, with a number for each x.
    """

    x: list[float]
    runs: list[list[float]]


@dataclass(frozen=True)
class Curves:
    """Quantities that depend on a number, such as the epoch, each measured in several runs.

    Attributes
    ----------
    lines : dict of str to Line
        What was measured, by name.
    xlabel, ylabel : str
        What the numbers are.
    budget : str
        How it was measured.
    seeds : list of int
        Those of the runs.
    provenance : dict
        What made it.
    """

    lines: dict[str, Line]
    xlabel: str
    ylabel: str
    budget: str = ""
    seeds: list[int] = field(default_factory=list)
    provenance: dict[str, Any] = field(default_factory=dict)

    def x(self, name: str) -> npt.NDArray[np.float64]:
        """Return where a line was measured, shape (points,)."""
        return np.array(self._line(name).x)

    def runs(self, name: str) -> npt.NDArray[np.float64]:
        """Return all runs of a line, shape (seeds, points)."""
        return np.array(self._line(name).runs)

    def __repr__(self) -> str:
        """Say what it is."""
        lines = [f"{self.ylabel} against {self.xlabel}; {self.budget}; {len(self.seeds)} seeds"]
        lines += [f"{name}: {len(line.x)} points" for name, line in self.lines.items()]
        return "\n".join(lines)

    def draw(self, *names: str, logx: bool = False, logy: bool = False, ax: Any = None) -> Any:
        """Draw the median of each line (or of those named), with the middle half of the runs as a band."""
        from fysstk_book import draw

        names = names or tuple(self.lines)
        medians = {name: (self.x(name), np.median(self.runs(name), axis=0)) for name in names}
        ax = draw.curves(medians, self.xlabel, self.ylabel, logx=logx, logy=logy, ax=ax)
        for name, curve in zip(names, ax.get_lines()[-len(names) :], strict=True):
            low, high = np.quantile(self.runs(name), (0.25, 0.75), axis=0)
            ax.fill_between(self.x(name), low, high, color=curve.get_color(), alpha=0.2, linewidth=0)
        return ax

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; `from_dict` reads it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return the curves that `as_dict` wrote.

        Raises
        ------
        ValueError
            If it did not write this.
        """
        try:
            return cls(**{**stored, "lines": {name: Line(**line) for name, line in stored["lines"].items()}})
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"these are no stored curves ({error!r})") from error

    def _line(self, name: str) -> Line:
        if name not in self.lines:
            raise ValueError(f"there is no line {name!r}; choose from {', '.join(self.lines)}")
        return self.lines[name]


def folder() -> Path:
    """Return where the files are: in the book's sources where these are at hand, else in the package."""
    here = Path(__file__).resolve()
    sources = here.parents[2] / "book" / "measured"
    return sources if sources.is_dir() else here.with_name("measured")


def load(name: str, where: Path | None = None) -> Comparison | Curves:
    """Return a stored result.

    Parameters
    ----------
    name : str
        The name of the file, without its ending.
    where : Path, optional
        Its folder, if it is another one than `folder()`.

    Raises
    ------
    FileNotFoundError
        If there is no such result; the message lists those that there are.
    ValueError
        If the file holds none.
    """
    where = where or folder()
    path = where / f"{name}.json"
    if not path.is_file():
        names = ", ".join(sorted(each.stem for each in where.glob("*.json"))) or "none"
        raise FileNotFoundError(f"nothing was measured under the name {name!r}; there are: {names}")
    try:
        stored = json.loads(path.read_text(encoding="utf8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON ({error})") from error
    if not isinstance(stored, dict):
        raise ValueError(f"{path} holds no result, but a {type(stored).__name__}")
    kind = Curves if "lines" in stored else Comparison
    return kind.from_dict(stored)


def save(
    name: str,
    result: Comparison | Curves,
    *,
    data: str,
    decides: str,
    seconds: float,
    command: str = "",
    where: Path | None = None,
) -> None:
    """Write a result, with what made it, in one step.

    Parameters
    ----------
    name : str
        The name of the file, without its ending.
    result : Comparison or Curves
        What was measured.
    data : str
        The data set and its size.
    decides : str
        The question that it answers.
    seconds : float
        How long it took.
    command : str
        What makes it; by default `make measure` with its name.
    where : Path, optional
        The folder, if it is another one than `folder()`.
    """
    command = command or f"make measure NAME={name}"
    made = provenance(command=command, data=data, decides=decides, seconds=seconds)
    path = (where or folder()) / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = _short(replace(result, provenance=made).as_dict())
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(stored, ensure_ascii=False) + "\n", encoding="utf8")
    os.replace(draft, path)


def provenance(*, command: str, data: str, decides: str, seconds: float) -> dict[str, Any]:
    """Return what every stored result says of its origin; the parameters are those of `save`."""
    return {
        "command": command,
        "data": data,
        "decides": decides,
        "date": date.today().isoformat(),
        "seconds": round(seconds, 1),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Return what the digits of a result depend on: `program` is a hash of the code of `fysstk_nn`."""
    import sklearn
    from threadpoolctl import threadpool_info

    kernels = sorted({f"{info['internal_api']} {info.get('architecture')}" for info in threadpool_info()})
    return {
        "program": _program(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
        "machine": platform.machine(),
        "kernels": ", ".join(kernels),
    }


@functools.cache
def _program() -> str:
    """Return a hash of all code of `fysstk_nn`; comments and docstrings do not count."""
    digest = hashlib.sha256()
    for path in sorted(Path(fysstk_nn.__path__[0]).glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                node.value.value = None
        digest.update(ast.dump(tree).encode())
    return digest.hexdigest()[:16]


def _short(value: Any) -> Any:
    """Return the same with all floats rounded to seven digits."""
    if isinstance(value, float):
        return float(f"{value:.7g}")
    if isinstance(value, Mapping):
        return {key: _short(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_short(each) for each in value]
    return value
