"""The two kinds of measurement: a race of contestants, and a sweep of curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from tqdm import tqdm

from fysstk_book.compare import Comparison, Contestant, compare
from fysstk_book.measured import Curves, Line


@dataclass(frozen=True)
class Race:
    """A comparison, with the arguments of `compare`."""

    decides: str
    data: str
    contestants: Mapping[str, Contestant]
    seeds: Sequence[int] = range(20)
    tuning: Sequence[int] = range(100, 110)
    options: Mapping[str, Any] = field(default_factory=dict)

    def measure(self, jobs: int | None = None, progress: bool = True) -> Comparison:
        """Make all runs."""
        return compare(
            self.contestants,
            seeds=self.seeds,
            tuning=self.tuning,
            n_jobs=jobs,
            progress=progress,
            **self.options,
        )

    def again(self, stored: Comparison, rng: np.random.Generator) -> tuple[str, float, float, float]:
        """Make one of the stored runs again: what it was, both scores, and the spread of the stored ones."""
        name = str(rng.choice(list(self.contestants)))
        number = int(rng.integers(len(stored.seeds)))
        row, seed = stored.rows[name], stored.seeds[number]
        try:
            score = float(self.contestants[name].score(seed=seed, **row.setting))
        except FloatingPointError:
            score = np.nan
        if not np.isfinite(score) and row.diverged:
            score = row.scores[number]
        return f"{name}, seed {seed}", score, row.scores[number], float(np.std(row.scores))


@dataclass(frozen=True)
class Sweep:
    """Curves: for each line where it is measured, and a function of a seed that returns a number for each x.

    Several lines may come from one run: a line is then (x, function, key), and the function returns a dict.
    """

    decides: str
    data: str
    lines: Mapping[str, tuple[Any, ...]]
    xlabel: str
    ylabel: str
    budget: str
    seeds: Sequence[int] = range(10)

    def measure(self, jobs: int | None = None, progress: bool = True) -> Curves:
        """Make all runs."""
        functions = list(dict.fromkeys(line[1] for line in self.lines.values()))
        tasks = [delayed(function)(seed) for function in functions for seed in self.seeds]
        done = Parallel(n_jobs=jobs, return_as="generator")(tasks)
        found = list(tqdm(done, total=len(tasks), unit="run", disable=not progress))
        runs = {
            function: found[i * len(self.seeds) : (i + 1) * len(self.seeds)]
            for i, function in enumerate(functions)
        }
        lines = {
            name: Line([float(x) for x in line[0]], [_values(run, line) for run in runs[line[1]]])
            for name, line in self.lines.items()
        }
        return Curves(lines, self.xlabel, self.ylabel, self.budget, list(self.seeds))

    def again(self, stored: Curves, rng: np.random.Generator) -> tuple[str, Any, Any, float]:
        """Make one of the stored runs again: what it was, both results, and the spread of the stored ones."""
        name = str(rng.choice(list(self.lines)))
        number = int(rng.integers(len(stored.seeds)))
        seed, line = stored.seeds[number], self.lines[name]
        values = _values(line[1](seed), line)
        return (
            f"{name}, seed {seed}",
            values,
            stored.lines[name].runs[number],
            np.std(stored.runs(name), axis=0),
        )


Experiment = Race | Sweep


def _values(run: Any, line: tuple[Any, ...]) -> list[float]:
    return [float(value) for value in (run[line[2]] if len(line) > 2 else run)]
