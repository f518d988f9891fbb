"""The crosswalk names every heading of the lecture once, in order, and the chapters name no other."""

from __future__ import annotations

import re
from pathlib import Path

from fysstk_book.exercises import catalogue

BOOK = Path(__file__).resolve().parents[1] / "book"
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \|$", flags=re.M)
HEADINGS = 110
"""How many headings the lecture has."""


def rows():
    return ROW.findall((BOOK / "crosswalk.md").read_text(encoding="utf-8"))


TASK = re.compile(r"^\| T(\d+) \| (.+?) \| (.+?) \| (.+?) \|$", flags=re.M)
TASKS = 56
"""How many tasks the sources set, in words, or by a code or figure that they begin."""


def tasks():
    return TASK.findall((BOOK / "crosswalk.md").read_text(encoding="utf-8"))


def test_every_task_has_a_section_that_does_it_and_an_exercise():
    assert [int(number) for number, *_ in tasks()] == list(range(1, TASKS + 1))
    titles = {exercise.id: exercise.title for exercise in catalogue()}
    for number, task, place, exercise in tasks():
        assert re.search(r"\{ref\}`(ch|sec)-", place), f"T{number}, {task}: no section"
        title, id = re.fullmatch(r"\{ref\}`(.+) <ex-([a-z0-9-]+)>`", exercise).groups()
        assert titles[id] == title, f"T{number}, {task}: the exercise {id} is called {titles[id]!r}"


def test_every_source_is_asked_for_its_tasks():
    sources = " ".join(task for _, task, *_ in tasks())
    for key in ("sokirko2020", "ainews2018", "nielsen2015", "cs231n", "notes_nn_intro"):
        assert f"{{cite}}`{key}`" in sources


def test_every_heading_has_a_row_and_every_row_a_link():
    assert [int(number) for number, _, _ in rows()] == list(range(1, HEADINGS + 1))
    for number, heading, place in rows():
        assert re.search(r"\{ref\}`(ch|sec)-", place), f"row {number}, {heading}: no link"


def test_every_link_leads_to_a_label_of_the_book():
    text = "\n".join(page.read_text(encoding="utf-8") for page in BOOK.glob("*.md"))
    labels = set(re.findall(r"^\(([a-z0-9-]+)\)=$", text, flags=re.M))
    places = [row[:3] for row in rows()] + [(f"T{number}", task, place) for number, task, place, _ in tasks()]
    for number, heading, place in places:
        for label in re.findall(r"\{ref\}`(?:[^`<]*<)?([a-z0-9-]+)>?`", place):
            assert label in labels, f"row {number}, {heading}: there is no label {label}"


def test_the_chapters_name_the_lectures_headings_as_it_does():
    known = {plain(heading) for _, heading, _ in rows()}
    for page in BOOK.glob("*.md"):
        card = re.search(r"^\*\*Lecture slides\*\* (.+)$", page.read_text(encoding="utf-8"), flags=re.M)
        for heading in card[1].split("·") if card else ():
            name = plain(re.sub(r"\((three|two|all) parts\)", "", heading))
            assert not name or name in known, f"{page.name}: the lecture has no heading {heading.strip()!r}"


def plain(heading):
    """A heading without markup, case and the full stop at the end."""
    return re.sub(r"[*_`]", "", heading).strip().rstrip(".").lower()
