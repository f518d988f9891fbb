"""What a question is: the numbers it gives, the answer that is right, and the mistakes that are foreseen."""

from __future__ import annotations

import math
from dataclasses import dataclass

KINDS = "a finite number, a list of them, or a list of rows of equal length"
Value = float | list[float] | list[list[float]]
"""One number, a vector, or a matrix as a list of its rows."""


@dataclass(frozen=True)
class Wrong:
    """A wrong answer that is foreseen.

    Parameters
    ----------
    value
        What the mistake gives on these numbers.
    name
        The mistake in a few words, those of the catalogue: "forgot the factor w2".
    say
        One or two kind sentences in Markdown, with ``$...$`` and `` `code` ``.
    """

    value: Value
    name: str
    say: str

    def __post_init__(self) -> None:
        shape(self.value)
        words("name", self.name)
        words("say", self.say)


@dataclass(frozen=True)
class Number:
    """One set of numbers for a question; "another one" takes the next.

    Parameters
    ----------
    given
        What is given, in Markdown and complete in itself: "For $x = 2$, $w_1 = 0.5$ and $b_1 = 0$:".
    right
        The right answer.
    wrong
        The mistakes that can be told from it, and from each other, on these numbers.
    """

    given: str
    right: Value
    wrong: tuple[Wrong, ...]

    def __post_init__(self) -> None:
        words("given", self.given)
        shape(self.right)


@dataclass(frozen=True)
class SelfCheck:
    """A question with a number for its answer, made from an exercise.

    Parameters
    ----------
    id
        The exercise's id, or that with a part: "one-gradients/b".
    exercise
        The exercise's id in the catalogue, which has its title and its hints.
    ask
        The question in Markdown, complete in itself: which cost, mean or sum, rows or columns.
    numbers
        Three to six sets of numbers.
    digits
        How many significant digits are asked for. A value is right within rounding to them.
    shown
        The catalogue's mistakes that some of the numbers show, in alphabetical order.
    """

    id: str
    exercise: str
    ask: str
    numbers: tuple[Number, ...]
    digits: int = 3
    shown: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        words("ask", self.ask)
        if self.id.partition("/")[0] != self.exercise:
            raise ValueError(
                f"id must be {self.exercise!r}, the exercise's, or begin with it, got {self.id!r}"
            )
        if not 3 <= len(self.numbers) <= 6:
            raise ValueError(f"{self.id}: numbers must be three to six, got {len(self.numbers)}")
        if not 1 <= self.digits <= 6:
            raise ValueError(f"{self.id}: digits must be 1 to 6, got {self.digits}")


@dataclass(frozen=True)
class Choice:
    """One choice of a question of understanding.

    Parameters
    ----------
    text
        What the reader chooses, in Markdown.
    right
        Whether it is the right one.
    say
        One sentence: why it is right, or why it is not.
    """

    text: str
    right: bool
    say: str

    def __post_init__(self) -> None:
        words("text", self.text)
        words("say", self.say)


@dataclass(frozen=True)
class Understanding:
    """A question that needs no number: three to five choices, exactly one of them right.

    Parameters
    ----------
    id
        A name of its own among all questions.
    chapter
        The chapter's file without its ending: "one-neuron".
    ask
        The question, in Markdown.
    choices
        In the order in which they are shown.
    after
        The label of the section or equation that it belongs to, if any.
    """

    id: str
    chapter: str
    ask: str
    choices: tuple[Choice, ...]
    after: str | None = None

    def __post_init__(self) -> None:
        words("ask", self.ask)
        if not 3 <= len(self.choices) <= 5:
            raise ValueError(f"{self.id}: choices must be three to five, got {len(self.choices)}")
        if (right := sum(choice.right for choice in self.choices)) != 1:
            raise ValueError(f"{self.id}: exactly one of the choices must be right, got {right}")
        texts = [choice.text for choice in self.choices]
        if len(set(texts)) < len(texts):
            raise ValueError(f"{self.id}: two of the choices have the same text: {texts}")


def words(name: str, text: object) -> None:
    """Refuse what is not a text with words in it."""
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{name} must be a text with words, got {text!r}")


def shape(value: Value) -> tuple[int, ...]:
    """Return a value's shape: ``()``, ``(entries,)`` or ``(rows, columns)``.

    Raises
    ------
    ValueError
        If it is neither a finite number, nor a list of them, nor rows of equal length.
    """
    if isinstance(value, list) and value:
        inner = {shape(part) for part in value}
        if len(inner) == 1 and len(first := inner.pop()) < 2:
            return (len(value), *first)
    elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return ()
    raise ValueError(f"a value must be {KINDS}, got {value!r}")


def entries(value: Value) -> list[float]:
    """Return a value's numbers, row by row."""
    if not isinstance(value, list):
        return [value]
    return [number for part in value for number in entries(part)]
