"""The catalogue of exercises: one small declarative object each, one module per chapter.

A chapter's module (`scalar_network.py` for the chapter `scalar-network`) holds a tuple `EXERCISES`.
The modules in this folder are found by themselves and imported only when an exercise in them is asked for.
"""

import contextlib
import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Convention", "Exercise", "Mistake", "catalogue", "find", "nice"]

Reference = Any
Inputs = Callable[[np.random.Generator], tuple[Any, ...]]


@dataclass(frozen=True, eq=False)
class Mistake:
    """A wrong answer that students give, and what a good teacher says to it.

    Parameters
    ----------
    name
        What was done, in a few words that continue "Looks like: ...": "forgot the factor w2".
    wrong
        The wrong answer itself: a function with the reference's arguments where the answer is a function;
        where the answer is a value, the wrong value, or a function without arguments that makes it.
    say
        One or two kind sentences that lead on without giving the answer away.
    sign
        For scored answers: `sign(answer)` is true when the answer shows this mistake.
        Without it, a mistake is recognised by its numbers.
    """

    name: str
    wrong: Any
    say: str
    sign: Callable[[Any], bool] | None = None


@dataclass(frozen=True, eq=False)
class Convention:
    """Another right way to state the answer.

    Parameters
    ----------
    name
        Continues "right, up to ...": "the velocity that holds the learning rate".
    right
        Makes this convention's answer from the reference's: `right(result, *inputs)`.
    say
        One sentence on the difference; may be empty.
    """

    name: str
    right: Callable[..., Any]
    say: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Exercise:
    """One exercise of the book.

    Parameters
    ----------
    id
        The name that `check` takes, such as "scalar-delta"; the label in the chapter is "ex-" + id.
    chapter
        The chapter's file name without ".md", such as "scalar-network".
    title
        The title that the chapter prints.
    difficulty
        1 (apply one line of the chapter), 2 (combine), 3 (think).
    minutes
        How long a student needs.
    hints
        One to three, each a step further; they may use `code` and {eq}`labels`.
    equation
        Label of the equation in the book that the answer rests on.
    reference
        The right answer: a function when there are `inputs`, else the value or a function without arguments
        that makes it. Without a reference and without a score the exercise has a model answer and no check.
    inputs
        `inputs(rng)` draws one tuple of arguments for the answer.
    cases
        Further tuples of arguments, chosen by hand; they are tried first.
    use
        How the answer is used: what `use(answer, *inputs)` returns is compared. By default a function is
        called with the inputs and a value is compared as it is.
    compared
        What it is that `use` returns, where the student may not know: "the outputs of your network for nine x".
    at_least, at_most
        For scored answers (trained networks): what `use` returns must reach this number.
    mistakes
        Known mistakes, the likelier first.
    conventions
        Other permitted ways to state the answer.
    rtol, atol
        Tolerance of the comparison.
    trials
        How many inputs are drawn.
    seconds
        The time that the answer may take for all inputs together.
    dtype
        Set it where the type of the numbers is the point of the exercise, such as "float32".
    may_change_input
        Set it where the answer is meant to work in place.
    """

    id: str
    chapter: str
    title: str
    difficulty: int
    minutes: int
    hints: tuple[str, ...] = ()
    equation: str | None = None
    reference: Reference = None
    inputs: Inputs | None = None
    cases: tuple[tuple[Any, ...], ...] = ()
    use: Callable[..., Any] | None = None
    compared: str = ""
    at_least: float | None = None
    at_most: float | None = None
    mistakes: tuple[Mistake, ...] = ()
    conventions: tuple[Convention, ...] = ()
    rtol: float = 1e-6
    atol: float = 1e-9
    trials: int = 20
    seconds: float = 5.0
    dtype: str | None = None
    may_change_input: bool = False

    def __post_init__(self) -> None:
        if self.difficulty not in (1, 2, 3):
            raise ValueError(f"{self.id}: difficulty is 1, 2 or 3, not {self.difficulty}")
        for field in ("hints", "cases", "mistakes", "conventions"):
            if type(getattr(self, field)) is not tuple:
                raise TypeError(
                    f"{self.id}: {field} is a tuple; with a single entry it needs a comma: (...,)"
                )
        if self.takes_function and not self.scored and not callable(self.reference):
            raise TypeError(f"{self.id}: with inputs, the reference is a function")

    @property
    def scored(self) -> bool:
        """Whether the answer must reach a score instead of equalling the reference."""
        return self.at_least is not None or self.at_most is not None

    @property
    def checked(self) -> bool:
        """Whether code checks this exercise; the others have a model answer to compare with."""
        return self.scored or self.reference is not None

    @property
    def takes_function(self) -> bool:
        """Whether the answer is a function (tried on inputs) rather than a value."""
        return self.inputs is not None or bool(self.cases)

    def draw_inputs(self) -> list[tuple[Any, ...]]:
        """Return all inputs, the same ones on every call; a value has one empty tuple."""
        if not self.takes_function:
            return [()]
        drawn: list[tuple[Any, ...]] = []
        if self.inputs is not None:
            seed = int.from_bytes(self.id.encode(), "little")
            drawn = [self.inputs(np.random.default_rng([trial, seed])) for trial in range(self.trials)]
        return [*self.cases, *drawn]

    @cached_property
    def reference_answer(self) -> Any:
        """The right answer, made when it is first needed."""
        return self.make(self.reference)

    def make(self, answer: Any) -> Any:
        """Return the answer that `reference` or a mistake's `wrong` stands for."""
        if not self.takes_function and callable(answer):
            return answer()
        return answer

    def apply(self, answer: Any, inputs: tuple[Any, ...]) -> Any:
        """Return what is compared: the answer's result for these inputs."""
        if self.use is not None:
            return self.use(answer, *inputs)
        if self.takes_function:
            return answer(*inputs)
        return answer


def nice(rng: np.random.Generator, *shape: int, low: float = -2.0, high: float = 2.0) -> Any:
    """Draw numbers with one decimal, never zero, so that a failing input is pleasant to read.

    Without a shape it returns one Python float, else an array of that shape.
    """
    tenths = rng.integers(round(10 * low), round(10 * high), size=shape, endpoint=True)
    tenths = np.where(tenths == 0, round(10 * high), tenths)
    return tenths / 10 if shape else float(tenths / 10)


@cache
def _modules() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def _of_module(name: str) -> tuple[Exercise, ...]:
    exercises: tuple[Exercise, ...] = importlib.import_module(f"{__name__}.{name}").EXERCISES
    return exercises


def catalogue() -> Iterator[Exercise]:
    """Go through all exercises of the book, module by module."""
    for name in _modules():
        yield from _of_module(name)


@cache
def _source(name: str) -> str:
    """Return the source of a module of exercises, or nothing where there is none."""
    with contextlib.suppress(OSError):
        return (Path(__file__).parent / f"{name}.py").read_text(encoding="utf8")
    return ""


def find(id: str) -> Exercise:
    """Return the exercise with that id.

    Only the modules that are needed are imported: one whose source has the id comes first.

    Raises
    ------
    LookupError
        When no exercise has that id; the message names similar ones.
    """
    seen: list[str] = []
    for name in sorted(_modules(), key=lambda name: (f'id="{id}"' not in _source(name), name)):
        for exercise in _of_module(name):
            if exercise.id == id:
                return exercise
            seen.append(exercise.id)
    similar = difflib.get_close_matches(str(id), seen, n=3)
    advice = " Did you mean " + " or ".join(f'"{name}"' for name in similar) + "?" if similar else ""
    raise LookupError(f'There is no exercise "{id}".{advice}')
