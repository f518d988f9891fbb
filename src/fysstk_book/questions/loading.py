"""Finds the book's questions: self-checks by the catalogue, the others and the sets in `book/questions`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fysstk_book import exercises, sources
from fysstk_book.questions.model import Choice, SelfCheck, Understanding
from fysstk_book.questions.selfchecks import selfchecks

FOLDER = Path("book", "questions")
SETS = "sets.yml"
MIXED = 8
"""Questions in the mixed set of a part."""

MINUTES = {Understanding: 1, SelfCheck: 3}

Question = SelfCheck | Understanding


@dataclass(frozen=True)
class Questions:
    """All questions of the book by their ids, and the set "Can you still?" of each chapter."""

    selfchecks: dict[str, SelfCheck]
    understanding: dict[str, Understanding]
    sets: dict[str, tuple[str, ...]]

    def all(self) -> dict[str, Question]:
        """Return all of them by their ids, self-checks first."""
        return {**self.selfchecks, **self.understanding}

    def find(self, id: str) -> Question:
        """Return the question with that id; a KeyError if there is none."""
        return self.selfchecks.get(id) or self.understanding[id]

    def chapter(self, id: str) -> str:
        """Return the chapter that a question belongs to."""
        question = self.find(id)
        if isinstance(question, Understanding):
            return question.chapter
        return _chapter_of(question.exercise)

    def minutes(self, id: str) -> int:
        """Return how long a question takes: the page on the ways through the book says it."""
        return MINUTES[type(self.find(id))]

    def of_exercise(self, id: str) -> list[SelfCheck]:
        """Return the self-checks of an exercise."""
        return [one for one in self.selfchecks.values() if one.exercise == id]

    def mixed(self, chapters: list[str]) -> list[str]:
        """Return a mixed set: one question of each chapter in turn, from the ends of their own sets."""
        own = [[id for id in self.sets.get(name, ()) if self.chapter(id) == name][::-1] for name in chapters]
        longest = max(map(len, own), default=0)
        turns = [ids[turn] for turn in range(longest) for ids in own if turn < len(ids)]
        return list(dict.fromkeys(turns))[:MIXED]


@cache
def _chapter_of(exercise: str) -> str:
    return exercises.find(exercise).chapter


def load(root: Path) -> Questions:
    """Read all questions of the book.

    Raises
    ------
    ValueError
        If a file does not say what it should; the message names the file, the question and what was expected.
    """
    asked = {one.id: one for one in selfchecks()}
    understanding: dict[str, Understanding] = {}
    for path in sorted((root / FOLDER).glob("*.yml")):
        if path.name == SETS:
            continue
        for one in read(path):
            if one.id in understanding or one.id in asked:
                raise ValueError(f"{path.name}: {one.id}: id must be new, and another question has it")
            understanding[one.id] = one
    return Questions(asked, understanding, _sets(root, {*asked, *understanding}))


def read(path: Path) -> list[Understanding]:
    """Return the questions of understanding in one file, which is named after its chapter."""
    found = []
    for number, entry in enumerate(_listed(path), 1):
        where = f"{path.name}: question {number}"
        if not isinstance(entry, dict) or not {"id", "ask", "choices"} <= entry.keys() <= _KEYS:
            raise ValueError(
                f"{where} must have the keys id, ask and choices, and may have after, got {entry!r}"
            )
        where = f"{path.name}: {entry['id']}"
        if not isinstance(entry["choices"], list) or not all(map(_is_choice, entry["choices"])):
            raise ValueError(f"{where}: choices must be a list of text, say and, on one of them, right: true")
        try:
            choices = tuple(
                Choice(_line(one["text"]), one.get("right", False), _line(one["say"]))
                for one in entry["choices"]
            )
            ask = _line(entry["ask"])
            found.append(Understanding(str(entry["id"]), path.stem, ask, choices, entry.get("after")))
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
    return found


_KEYS = {"id", "ask", "choices", "after"}


def _is_choice(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and {"text", "say"} <= value.keys() <= {"text", "say", "right"}
        and value.get("right", False) in (True, False)
    )


def _line(text: Any) -> str:
    return " ".join(str(text).split())


def _listed(path: Path) -> list[Any]:
    import yaml  # type: ignore[import-untyped, unused-ignore]

    try:
        entries = sources.read_yaml(path.read_text(encoding="utf8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name}: this is no YAML: {error}") from None
    if not isinstance(entries, list):
        raise ValueError(f"{path.name}: expected a list of questions, got {type(entries).__name__}")
    return entries


def _sets(root: Path, known: set[str]) -> dict[str, tuple[str, ...]]:
    path = root / FOLDER / SETS
    entries = sources.read_yaml(path.read_text(encoding="utf8")) if path.is_file() else {}
    chapters = {page.name for page in sources.pages(root) if page.chapter}
    for name, ids in (entries or {}).items():
        if name not in chapters:
            raise ValueError(f"{SETS}: expected the names of chapters, got {name!r}")
        if not isinstance(ids, list) or len(set(ids)) < len(ids):
            raise ValueError(f"{SETS}: {name}: expected a list of ids, each once, got {ids!r}")
        if unknown := [id for id in ids if id not in known]:
            raise ValueError(f"{SETS}: {name}: there is no question {', '.join(map(repr, unknown))}")
    return {name: tuple(ids) for name, ids in (entries or {}).items()}
