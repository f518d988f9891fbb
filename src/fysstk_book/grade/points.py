"""From verdicts to points, for everybody in the course, in a file that Canvas or Moodle imports."""

import csv
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from fysstk_book.check.results import RIGHT
from fysstk_book.exercises import catalogue
from fysstk_book.grade.intake import Submission
from fysstk_book.grade.reading import decode
from fysstk_book.grade.table import Row

# The columns by which a platform's list is known, and where in it a student's number, names and points stand.
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE = ("Identifier", "Full name", "Email address", "Grade")
NUMBERS = ("id", "identifier", "number", "user id")
NAMES = (
    "student",
    "full name",
    "name",
    "sis login id",
    "login",
    "username",
    "email address",
    "email",
    "mail",
)


@dataclass(frozen=True)
class Person:
    """One line of a list of the course: the cells, and the number and the names that the person goes by."""

    cells: dict[str, str]
    number: str
    names: frozenset[str]


@dataclass
class Scores:
    """Points for everybody: what can be had, and what each student has, by exercise."""

    worth: dict[str, float]
    of: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def most(self) -> float:
        """All that can be had."""
        return sum(self.worth.values())

    def total(self, student: str) -> float:
        """Return what a student has in all."""
        return sum(self.of.get(student, {}).values(), 0.0)


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a CSV file with a head, whatever wrote it: any encoding, commas, semicolons or tabs.

    Raises
    ------
    ValueError
        When it has no head or no lines.
    """
    text = decode(path.read_bytes())
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    lines = list(csv.DictReader(text.splitlines(), delimiter=delimiter))
    if not lines:
        raise ValueError(f"{path}: expected a first line with the columns' names and at least one more")
    return [
        {(name or "").strip(): (text or "").strip() for name, text in line.items() if isinstance(text, str)}
        for line in lines
    ]


def read_points(path: Path) -> dict[str, float]:
    """Read how many points each exercise is worth: a CSV file with the columns `exercise` and `points`.

    Raises
    ------
    ValueError
        For unknown exercises and for points that are no numbers.
    """
    known = {exercise.id for exercise in catalogue() if exercise.checked}
    worth: dict[str, float] = {}
    for line in read_csv(path):
        cells = {name.lower(): text for name, text in line.items()}
        if not {"exercise", "points"} <= cells.keys():
            raise ValueError(f"{path}: expected the columns exercise and points, not {', '.join(line)}")
        id, text = cells["exercise"], cells["points"]
        if id not in known:
            raise ValueError(f"{path}: there is no exercise {id!r} that is checked")
        try:
            worth[id] = float(text.replace(",", "."))
        except ValueError:
            raise ValueError(f"{path}: the points of {id} are {text!r}, which is no number") from None
    return worth


def score(rows: Iterable[Row], worth: dict[str, float]) -> Scores:
    """Give each student an exercise's points where the verdict is right, and none where it is not."""
    scores = Scores(worth)
    for row in rows:
        own = scores.of.setdefault(row.student, {})
        if row.exercise in worth and row.verdict in RIGHT:
            own[row.exercise] = worth[row.exercise]
    return scores


# -- the list of the course -------------------------------------------------------------------------------


def read_roster(path: Path) -> list[Person]:
    """Read the list of a course: Canvas's gradebook, Moodle's worksheet, or any CSV file with names."""
    people = []
    for line in read_csv(path):
        cells = {name.lower(): text for name, text in line.items()}
        names = {_plain(cells[name]) for name in NAMES if cells.get(name)}
        names |= {name.partition("@")[0] for name in names if "@" in name}
        for name in [name for name in names if ", " in name]:  # Canvas writes "Last, First"
            last, _, first = name.partition(", ")
            names |= {f"{first} {last}", f"{last}{first}".replace(" ", "")}
        number = next((cells[name] for name in NUMBERS if cells.get(name)), "")
        if names and not any("points possible" in name for name in names):
            people.append(Person(line, number.rpartition(" ")[2], frozenset(names)))
    if not people:
        raise ValueError(f"{path}: expected a column with names, such as {', '.join(NAMES[:4])}")
    return people


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def match(people: list[Person], submissions: list[Submission]) -> tuple[dict[str, Person], list[str]]:
    """Find each submission's person, by number or else by name; return them, and who is on no list."""
    by_number = {person.number: person for person in people if person.number}
    by_name: dict[str, list[Person]] = defaultdict(list)
    for person in people:
        for name in person.names:
            by_name[name].append(person)
    found: dict[str, Person] = {}
    for one in submissions:
        named = by_name.get(_plain(one.student), [])
        if one.id in by_number:
            found[one.student] = by_number[one.id]
        elif len(named) == 1:
            found[one.student] = named[0]
    return found, [one.student for one in submissions if one.student not in found]


def absent(people: list[Person], found: dict[str, Person]) -> list[Row]:
    """Return a row for everybody on the list who returned nothing."""
    there = {id(person) for person in found.values()}
    return [Row(label(person), "", "nothing returned", "") for person in people if id(person) not in there]


def label(person: Person) -> str:
    """Return how a person is called in the list."""
    lower = {name.lower(): text for name, text in person.cells.items()}
    return next((lower[name] for name in ("full name", "student", "name", *NAMES) if lower.get(name)), "?")


# -- the files --------------------------------------------------------------------------------------------


def overview(scores: Scores, students: Iterable[str]) -> list[list[object]]:
    """Return one line for each student: the total, and the points for each exercise."""
    head: list[object] = ["student", "points", "of", *scores.worth]
    lines: list[list[object]] = [
        [
            student,
            scores.total(student),
            scores.most,
            *(scores.of.get(student, {}).get(id, 0.0) for id in scores.worth),
        ]
        for student in students
    ]
    return [head, *lines]


def for_platform(
    scores: Scores, people: list[Person], found: dict[str, Person], assignment: str
) -> tuple[str, list[list[object]]] | None:
    """Return the platform's name and the lines of the file that it imports; None for a list of no platform.

    Somebody who returned nothing gets an empty cell, which changes nothing there.
    """
    total: dict[int, float] = {}
    for student, person in found.items():  # two submissions of one person: the better one
        total[id(person)] = max(scores.total(student), total.get(id(person), 0.0))
    columns = set(people[0].cells)
    points = [total.get(id(person), "") for person in people]
    if {"Student", "ID"} <= columns:
        head = [name for name in CANVAS if name in columns]
        possible: list[object] = ["Points Possible", *[""] * (len(head) - 1), scores.most]
        lines: list[list[object]] = [
            [*(person.cells[name] for name in head), much]
            for person, much in zip(people, points, strict=True)
        ]
        return "canvas", [[*head, assignment], possible, *lines]
    if "Identifier" in columns:
        head = [name for name in MOODLE[:3] if name in columns]
        lines = [
            [*(person.cells[name] for name in head), much]
            for person, much in zip(people, points, strict=True)
        ]
        return "moodle", [[*head, "Grade"], *lines]
    return None
