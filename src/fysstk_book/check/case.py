"""One check under way, and how values are shown to the student."""

import contextlib
import inspect
import types
import warnings
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from fysstk_book.check.results import Result, Table
from fysstk_book.check.running import Raised, Returned, Run, call
from fysstk_book.check.values import Blank, Foreign, Huge, agree, describe, difference, fit, plain, size
from fysstk_book.exercises import Exercise
from fysstk_book.numbers import point_to, resolve

Outcome = Returned | Raised
MOST_SHOWN = 40
# Whatever the notebook has set for itself, arrays are shown in this way.
PRINTING: Any = {
    "precision": 6,
    "threshold": 1000,
    "edgeitems": 3,
    "linewidth": 80,
    "suppress": False,
    "nanstr": "nan",
    "infstr": "inf",
    "sign": "-",
    "formatter": None,
    "floatmode": "maxprec",
    "legacy": False,
}


@dataclass
class Case:
    """An exercise, the answer to it, the inputs, what came out and what should have come out.

    `elsewhere` is what came out where the answer has run in another process.
    """

    exercise: Exercise
    answer: Any
    drawn: list[tuple[Any, ...]]
    trusted: bool = False
    elsewhere: Run | None = None
    blind: bool = False
    """Whether numbers that are not finite are left out of the comparison."""
    run: Run = field(default_factory=Run)
    expected: list[Any] = field(default_factory=list)
    raw: list[Outcome] = field(default_factory=list)
    """What the answer did, before its results were brought to the form of the expected ones."""

    @property
    def outcomes(self) -> list[Outcome]:
        """What the answer did with each input."""
        return self.run.outcomes

    @property
    def got(self) -> list[Any]:
        """The values that the answer returned; complete once it is known that it raised nothing."""
        return [outcome.value for outcome in self.outcomes if isinstance(outcome, Returned)]

    @property
    def truth(self) -> list[Outcome]:
        """The expected values as outcomes."""
        return [Returned(value) for value in self.expected]

    def agrees(self, expected: Any, got: Any) -> bool:
        """Compare two plain results within the exercise's tolerance."""
        if self.blind:
            got = _seen(expected, got)
        return agree(expected, got, self.exercise.rtol, self.exercise.atol)

    def fitted(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Bring results to the form of the expected ones, where nothing is lost by it."""
        return [
            replace(outcome, value=fit(expected, outcome.value)) if isinstance(outcome, Returned) else outcome
            for outcome, expected in zip(outcomes, self.expected, strict=True)
        ]

    def say(self, verdict: str, headline: str, *body: str | Table, mistake: str = "") -> Result:
        """Make the result; labels of equations in its texts become numbers."""
        parts = tuple(resolve(part) if isinstance(part, str) else part for part in body if part)
        return Result(self.exercise.id, verdict, resolve(headline), parts, resolve(mistake))

    @property
    def pointer(self) -> str:
        """Where to read on in the book."""
        return point_to(self.exercise.equation, self.exercise.chapter)

    def smallest(self, failing: list[int]) -> int:
        """Choose the failing input with the fewest numbers, and among those the one that prints shortest."""
        fewest = min(size(self.drawn[i]) for i in failing)
        few = [i for i in failing if size(self.drawn[i]) == fewest]
        return min(few, key=lambda i: (len(show(self.drawn[i])), i))

    def clearest(self, failing: list[int]) -> int:
        """Choose the failing input in which the difference is seen best: short, and a tenth apart or more."""
        came = [i for i in failing if i < len(self.got)]
        clear = [i for i in came if difference(self.expected[i], self.got[i]) >= 0.1]
        return self.smallest(clear or failing)

    def table(self, index: int, *more: tuple[str, str]) -> Table | str:
        """Show the arguments of one input, and further rows below them."""
        rows: list[tuple[str, str]] = []
        if index < len(self.drawn):
            inputs = self.drawn[index]
            names = argument_names(self.exercise, len(inputs))
            rows = [(name, show(value)) for name, value in zip(names, inputs, strict=True)]
        rows += more
        return Table(tuple(rows)) if rows else ""


def _seen(expected: Any, got: Any) -> Any:
    """Put the expected numbers where the result is not finite."""
    if isinstance(expected, tuple) and isinstance(got, tuple) and len(expected) == len(got):
        return tuple(map(_seen, expected, got))
    if isinstance(got, str | dict) or isinstance(expected, str | dict):
        return got
    with contextlib.suppress(TypeError, ValueError):
        a, b = np.asarray(expected, dtype=float), np.asarray(got, dtype=float)
        return np.where(np.isfinite(b), b, a) if a.shape == b.shape else got
    return got


def outcomes_of(exercise: Exercise, answer: Any, drawn: list[tuple[Any, ...]]) -> list[Outcome]:
    """Return what one of the catalogue's own answers, right or wrong, makes of the inputs."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [call(exercise, answer, inputs) for inputs in drawn]


def argument_names(exercise: Exercise, number: int) -> list[str]:
    """Return the names of the arguments, as `use` or the reference calls them."""
    sources: tuple[tuple[Any, int], ...] = ((exercise.use, 1), (exercise.reference, 0))
    for function, own in sources:  # `use` takes the answer first
        try:
            names = list(inspect.signature(function).parameters)[own:]
        except (TypeError, ValueError):
            continue
        if len(names) == number:
            return names
    return [f"argument {i + 1}" for i in range(number)]


def show(value: Any) -> str:
    """Print a value compactly; long arrays by their shape only."""
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    if isinstance(value, np.ndarray | list) and size(value) > MOST_SHOWN:
        return describe(value)
    if isinstance(value, np.ndarray):
        with np.printoptions(**PRINTING):
            return np.array2string(value, separator=", ")
    if isinstance(value, float):
        return f"{value:.8g}"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(show, value)) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, list):
        parts = [show(part).replace("\n", "\n ") for part in value]
        matrices = any("\n" in part for part in parts)
        return "[" + (",\n " if matrices else ", ").join(parts) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {show(part)}" for key, part in value.items()) + "}"
    if isinstance(value, Foreign | Huge | Blank):
        return describe(value)
    if isinstance(value, types.FunctionType):
        return "a function" if value.__name__ == "<lambda>" else f"the function {value.__name__}"
    if value is None or isinstance(value, bool | int | complex | str):
        text = repr(value)
        return text if len(text) <= 200 else text[:197] + "..."
    return describe(plain(value))
