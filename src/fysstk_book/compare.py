"""Compares methods fairly: each at its own best setting, on the same seeds, by paired differences.

A method is a function that trains with some settings and a seed, and returns one number. `compare` follows
one protocol:

1. On the *tuning* seeds, every method tries every setting of its grid. The best mean wins. If it lies at the
   end of its grid, the true best may lie beyond, and the comparison is refused.
2. On *other* seeds, each method runs at the setting that it chose. Chosen and judged by the same runs, the
   winner of a large grid would look better than it is.
3. The seeds are the same for all, so that the luck of the draw cancels in the *paired* differences. Their
   mean comes with Student's t-interval. Only the interval can say that there is no difference.
"""

from __future__ import annotations

import html
import itertools
import math
import numbers
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit
from tqdm import tqdm

from fysstk_nn._optional import needs
from fysstk_nn._validate import as_count

__all__ = ["Comparison", "Contestant", "Difference", "Row", "compare", "interval"]

Setting = dict[str, Any]


class Contestant(NamedTuple):
    """A method and what it may choose from.

    Attributes
    ----------
    score : callable
        ``score(seed=seed, **setting)`` trains with the data split and the start that belong to the seed, and
        returns one number. A run that diverges may return NaN, or raise FloatingPointError.
    grid : mapping of str to sequence
        For each hyperparameter the values to try, in order: ``{"eta": (0.03, 0.1, 0.3, 1.0)}``.
    """

    score: Callable[..., float]
    grid: Mapping[str, Sequence[Any]] = {}


class Difference(NamedTuple):
    """The mean of paired differences, with its uncertainty.

    Attributes
    ----------
    mean : float
        The mean over the seeds.
    error : float
        Its standard error, s/√n.
    low, high : float
        The ends of Student's t-interval.
    """

    mean: float
    error: float
    low: float
    high: float


def interval(values: npt.ArrayLike, confidence: float = 0.95) -> Difference:
    """Return the mean of n independent numbers, its standard error and Student's t-interval.

    Parameters
    ----------
    values : array_like, shape (n,)
        At least two finite numbers.
    confidence : float
        How often such an interval covers the true mean.

    Raises
    ------
    ValueError
        If there are fewer than two numbers, or one of them is not finite.
    """
    row = np.asarray(values, dtype=float)
    if row.ndim != 1 or len(row) < 2 or not np.isfinite(row).all():
        raise ValueError(f"an interval needs two or more finite numbers in a row, not {values!r}")
    n = len(row)
    mean, error = float(row.mean()), float(row.std(ddof=1) / math.sqrt(n))
    reach = float(stdtrit(n - 1, 0.5 + confidence / 2)) * error
    return Difference(mean, error, mean - reach, mean + reach)


@dataclass(frozen=True)
class Row:
    """What one contestant reached.

    Attributes
    ----------
    setting : dict
        The setting that it chose on the tuning seeds.
    scores : list of float
        One score for each seed, with that setting.
    diverged : int
        How many of them stand for a run that diverged.
    tried : list of (dict, float)
        Every setting of its grid with its mean score on the tuning seeds.
    edges : list of str
        The hyperparameters whose chosen value lies at the end of its grid.
    longer : list of float
        The scores with the longer budget, where one was asked for.
    """

    setting: Setting
    scores: list[float]
    diverged: int = 0
    tried: list[tuple[Setting, float]] = field(default_factory=list)
    edges: list[str] = field(default_factory=list)
    longer: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Comparison:
    """The result of `compare`: a table as text and as HTML, and a figure.

    Attributes
    ----------
    rows : dict of str to Row
        What each contestant reached.
    reference : str
        The contestant that the others are compared with.
    quantity : str
        What the scores are, with their unit.
    budget : str
        How long each run may take.
    higher_is_better : bool
        Whether a higher score is a better one.
    seeds, tuning : list of int
        The seeds of the final runs, and those on which the settings were chosen.
    confidence : float
        That of all intervals.
    margin : float or None
        The largest difference that does not matter.
    provenance : dict
        What made it, where it was measured before and stored.
    """

    rows: dict[str, Row]
    reference: str
    quantity: str = "score"
    budget: str = ""
    higher_is_better: bool = True
    seeds: list[int] = field(default_factory=list)
    tuning: list[int] = field(default_factory=list)
    confidence: float = 0.95
    margin: float | None = None
    provenance: dict[str, Any] = field(default_factory=dict)

    def scores(self, name: str) -> npt.NDArray[np.float64]:
        """Return the scores of a contestant, one for each seed."""
        if name not in self.rows:
            raise ValueError(f"there is no contestant {name!r}; choose from {', '.join(self.rows)}")
        return np.array(self.rows[name].scores)

    def difference(self, name: str, other: str | None = None) -> Difference:
        """Return by how much `name` scores above `other` (by default the reference), seed by seed."""
        return interval(self.scores(name) - self.scores(other or self.reference), self.confidence)

    def gain_with_longer_budget(self, name: str) -> Difference:
        """Return what the longer budget adds: next to nothing if the shorter one has reached a plateau.

        Raises
        ------
        ValueError
            If no longer budget was tried.
        """
        if not self.rows[name].longer:
            raise ValueError("no longer budget was tried; compare(..., longer={'epochs': 100}) does it")
        return interval(np.array(self.rows[name].longer) - self.scores(name), self.confidence)

    def verdict(self, name: str, other: str | None = None) -> str:
        """Say what the interval says: better, worse, equal within the margin, or open."""
        _, _, low, high = self.difference(name, other)
        if not self.higher_is_better:
            low, high = -high, -low
        if low > 0:
            return "better"
        if high < 0:
            return "worse"
        if self.margin is not None and max(-low, high) <= self.margin:
            return f"equal within {self.margin:g}"
        return "open: 0 is inside"

    def __repr__(self) -> str:
        """Return the table as text."""
        head, body = self._cells()
        widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in (head, *body)
        ]
        return "\n".join([textwrap.fill(self._caption(), 88), *lines])

    def _repr_html_(self) -> str:
        """Return the table for a page or a notebook."""
        head, body = self._cells()
        top, *rest = (
            "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in line) + "</tr>"
            for tag, line in [("th", head), *(("td", line) for line in body)]
        )
        return (
            '<div class="pst-scrollable-table-container"><table class="table">'
            f"<caption>{html.escape(self._caption())}</caption><thead>{top}</thead>"
            f"<tbody>{''.join(rest)}</tbody></table></div>"
        )

    def draw(self, ax: Any = None, *, ranked: bool = False) -> Any:
        """Draw the differences from the reference as points with their intervals, and each seed as a dot.

        The rows stand in the order of the table or, if `ranked`, from the best mean to the worst.
        """
        from fysstk_book import draw

        others = [name for name in self.rows if name != self.reference]
        if ranked:
            others.sort(key=lambda name: self.difference(name).mean, reverse=self.higher_is_better)
        base = self.scores(self.reference)
        return draw.intervals(
            {name: self.scores(name) - base for name in others},
            {name: self.difference(name)[2:] for name in others},
            xlabel=f"{self.quantity}: difference from {self.reference}",
            ax=ax,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; `from_dict` reads it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return the comparison that `as_dict` wrote.

        Raises
        ------
        ValueError
            If it did not write this.
        """
        try:
            rows = {
                name: Row(**{**row, "tried": [(setting, mean) for setting, mean in row["tried"]]})
                for name, row in stored["rows"].items()
            }
            return cls(**{**stored, "rows": rows})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"this is no stored comparison ({error!r})") from error

    def _caption(self) -> str:
        """Say what was measured, and how."""
        first = self.quantity[:1]
        parts = [(first.upper() if first.isascii() else first) + self.quantity[1:]]
        parts += [self.budget] * bool(self.budget)
        parts.append(f"{len(self.seeds)} seeds")
        if self.tuning:
            parts.append(f"settings chosen on {len(self.tuning)} others")
        text = "; ".join(parts) + f". Differences are paired, with {self.confidence:.0%} intervals."
        if self.provenance:
            data, command, date = (self.provenance[key] for key in ("data", "command", "date"))
            text += f" Measured by {command} on {data}, {date}."
        return text

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        """Return the head and the lines of the table."""
        longer = any(row.longer for row in self.rows.values())
        head = ["", "at", "mean ± s.e.", f"minus {self.reference}", "verdict"]
        head += ["gain with longer budget"] * longer
        body = []
        for name, row in self.rows.items():
            mean = interval(row.scores, self.confidence)
            notes = [f"{row.diverged} diverged"] * bool(row.diverged)
            notes += [f"{edge} at the end of its grid" for edge in row.edges]
            line = [
                name,
                ", ".join(f"{key} = {_short(value)}" for key, value in row.setting.items()) or "–",
                f"{_rounded(mean.mean, mean.error)} ± {_rounded(mean.error, mean.error)}",
                *(("–", "") if name == self.reference else self._judged(name)),
            ]
            line[-1] = "; ".join([line[-1]] * bool(line[-1]) + notes)
            if longer:
                line.append(_with_interval(self.gain_with_longer_budget(name)) if row.longer else "–")
            body.append(line)
        return head, body

    def _judged(self, name: str) -> tuple[str, str]:
        return _with_interval(self.difference(name)), self.verdict(name)


def compare(
    contestants: Mapping[str, Contestant | tuple[Callable[..., float], Mapping[str, Sequence[Any]]]],
    *,
    seeds: Iterable[int],
    tuning: Iterable[int] = (),
    quantity: str = "score",
    budget: str = "",
    higher_is_better: bool = True,
    reference: str | None = None,
    longer: Mapping[str, Any] | None = None,
    margin: float | None = None,
    confidence: float = 0.95,
    edge: str = "refuse",
    failed: float | None = None,
    n_jobs: int | None = None,
    progress: bool = False,
) -> Comparison:
    """Compare methods, each at the setting that suits it best, on the same seeds.

    Parameters
    ----------
    contestants : mapping of str to Contestant
        The methods by name; a pair (score, grid) will do.
    seeds : iterable of int
        Those of the final runs: 10 or more, 20 for a claim that there is no difference.
    tuning : iterable of int
        Those on which settings are chosen, none of them among `seeds`. Needed if there is a choice.
    quantity, budget : str
        What the scores are, and how long a run may take: for the table.
    higher_is_better : bool
        Whether a higher score is a better one.
    reference : str, optional
        The contestant that the others are compared with: the first one unless named.
    longer : mapping, optional
        Settings that lengthen a run, such as ``{"epochs": 100}``. The final runs are then made a second time
        with these; what they gain says whether the budget was enough.
    margin : float, optional
        The largest difference that does not matter: an interval within ± margin is called equal.
    confidence : float
        That of the intervals.
    edge : {"refuse", "say"}
        What to do if the best value lies at the end of its grid. A number 0 at the end is no such end, as
        nothing lies beyond it, and neither is the only value of a grid, or a value that is no number.
    failed : float, optional
        The score that a diverged run counts as: the worst score of all the others unless given.
    n_jobs : int, optional
        How many runs at a time, as joblib has it: -1 for all cores. Without it joblib's own configuration
        decides, so that ``joblib.parallel_config("dask")`` sends the runs to a cluster.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Comparison

    Raises
    ------
    TypeError, ValueError
        If an argument makes no sense; or if a best value lies at the end of its grid.

    Examples
    --------
    >>> def walk(seed, eta):
    ...     return -((eta - 0.3) ** 2) + 0.01 * np.random.default_rng(seed).normal()
    >>> rates = {"tuned": (0.1, 0.3, 1), "too slow": (0.1,)}
    >>> race = {name: (walk, {"eta": eta}) for name, eta in rates.items()}
    >>> compare(race, seeds=range(10), tuning=range(10, 15)).verdict("too slow")
    'worse'
    """
    if not isinstance(contestants, Mapping) or len(contestants) < 2:
        raise TypeError("contestants must be a mapping of two or more names to (score, grid)")
    runners = {name: Contestant(*pair) for name, pair in contestants.items()}
    reference = next(iter(runners)) if reference is None else reference
    if reference not in runners:
        raise ValueError(f"there is no contestant {reference!r}; choose from {', '.join(runners)}")
    if edge not in ("refuse", "say"):
        raise ValueError(f"edge must be 'refuse' or 'say', not {edge!r}")
    settings = {name: _settings(name, runner.grid) for name, runner in runners.items()}
    choosers = [name for name in runners if len(settings[name]) > 1]
    final, first = _seeds(seeds, tuning, bool(choosers))
    judge = _Judge(runners, higher_is_better, failed, n_jobs, progress)

    tried = judge.scores([(name, setting) for name in choosers for setting in settings[name]], first)
    rows = {}
    for name, runner in runners.items():
        rows[name] = Row(settings[name][0], [])
        if name in choosers:
            mine = [(setting, float(np.mean(scores))) for (who, setting), scores, _ in tried if who == name]
            rows[name] = Row(_best(mine, runner.grid, higher_is_better), [], tried=mine)
            rows[name].edges.extend(_edges(rows[name].setting, runner.grid))
    if edge == "refuse" and any(row.edges for row in rows.values()):
        raise ValueError(_advice(runners, rows))

    chosen = [(name, row.setting) for name, row in rows.items()]
    extended = [(name, {**setting, **longer}) for name, setting in chosen] if longer else []
    for number, ((name, _), scores, diverged) in enumerate(judge.scores(chosen + extended, final)):
        if number < len(chosen):
            rows[name] = replace(rows[name], scores=scores, diverged=diverged)
        else:
            rows[name] = replace(rows[name], longer=scores)
    return Comparison(rows, reference, quantity, budget, higher_is_better, final, first, confidence, margin)


@dataclass(frozen=True)
class _Judge:
    """Runs contestants with settings on seeds, in parallel, and gives runs that diverged a bad score."""

    runners: Mapping[str, Contestant]
    higher_is_better: bool
    failed: float | None
    n_jobs: int | None
    progress: bool

    def scores(
        self, tasks: list[tuple[str, Setting]], seeds: list[int]
    ) -> list[tuple[tuple[str, Setting], list[float], int]]:
        """Return each task with its scores, one for each seed, and how many of them diverged."""
        with needs("a comparison"):
            from joblib import Parallel, delayed

        jobs = [
            delayed(_score)(self.runners[name].score, setting, seed)
            for name, setting in tasks
            for seed in seeds
        ]
        done = Parallel(n_jobs=self.n_jobs, return_as="generator")(jobs)
        found = np.array(list(tqdm(done, total=len(jobs), unit="run", disable=not self.progress)))
        diverged = ~np.isfinite(found)
        if diverged.any():
            found[diverged] = self.failed if self.failed is not None else self._worst(found[~diverged])
        return (
            [
                (task, scores.tolist(), int(lost.sum()))
                for task, scores, lost in zip(
                    tasks, np.split(found, len(tasks)), np.split(diverged, len(tasks)), strict=True
                )
            ]
            if tasks
            else []
        )

    def _worst(self, finite: npt.NDArray[np.float64]) -> float:
        if not len(finite):
            raise ValueError("every run diverged; try smaller learning rates")
        return float(finite.min() if self.higher_is_better else finite.max())


def _score(score: Callable[..., Any], setting: Setting, seed: int) -> float:
    """Return the score of one run, NaN if it diverged."""
    try:
        value = score(seed=seed, **setting)
    except FloatingPointError:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, numbers.Real | np.number):
        raise TypeError(f"a score must be one number, but the run with {setting} returned {value!r}")
    return float(value)


def _seeds(seeds: Iterable[int], tuning: Iterable[int], needed: bool) -> tuple[list[int], list[int]]:
    """Return both kinds of seeds as lists; none of them in both."""
    final, first = ([as_count(seed, "a seed", minimum=0) for seed in each] for each in (seeds, tuning))
    if len(set(final)) < max(2, len(final)) or len(set(first)) < len(first):
        raise ValueError(
            f"seeds must be two or more different ones, and so must tuning, not {final}, {first}"
        )
    if both := set(final) & set(first):
        raise ValueError(f"seed {min(both)} would choose a setting and judge it as well; take other seeds")
    if needed and not first:
        raise ValueError("a grid of several settings needs tuning seeds to choose on")
    return final, first if needed else []


def _settings(name: str, grid: Mapping[str, Sequence[Any]]) -> list[Setting]:
    """Return every combination of a grid's values."""
    for key, values in grid.items():
        if isinstance(values, str) or not isinstance(values, Sequence) or not values:
            raise TypeError(
                f"the grid of {name!r} must name values such as (0.1, 0.3), not {values!r} for {key}"
            )
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def _best(
    tried: list[tuple[Setting, float]], grid: Mapping[str, Sequence[Any]], higher_is_better: bool
) -> Setting:
    """Return the setting with the best mean; of equally good ones, one inside its grid."""
    sign = 1 if higher_is_better else -1
    return max(tried, key=lambda pair: (sign * pair[1], not _edges(pair[0], grid)))[0]


def _edges(setting: Setting, grid: Mapping[str, Sequence[Any]]) -> list[str]:
    """Return the hyperparameters whose value lies at the end of its grid, with something beyond it."""
    return [
        key
        for key, value in setting.items()
        if len(grid[key]) > 1
        and value
        and all(isinstance(each, numbers.Real) for each in grid[key])
        and value in (min(grid[key]), max(grid[key]))
    ]


def _advice(runners: Mapping[str, Contestant], rows: Mapping[str, Row]) -> str:
    """Say which best values lie at the end of a grid."""
    where = [
        f"the best {edge} of {name!r} is {row.setting[edge]:g}, the end of {tuple(runners[name].grid[edge])}"
        for name, row in rows.items()
        for edge in row.edges
    ]
    return "; ".join(where) + ". The true best may lie beyond: widen the grid, or pass edge='say'"


def _short(value: Any) -> str:
    """Return a hyperparameter as text."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _rounded(value: float, error: float, sign: str = "") -> str:
    """Return a number with two digits of its error."""
    digits = 3 if not error else max(0, 1 - math.floor(math.log10(error)))
    return f"{value:{sign}.{digits}f}" if digits < 7 else f"{value:{sign}.2e}"


def _with_interval(found: Difference) -> str:
    """Return a difference with the ends of its interval."""
    mean, low, high = (_rounded(value, found.error, "+") for value in (found.mean, found.low, found.high))
    return f"{mean} [{low}, {high}]"
