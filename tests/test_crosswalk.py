"""The crosswalk names every heading of the lecture once, in order, and the chapters name no other."""

from __future__ import annotations

import re
from pathlib import Path

BOOK = Path(__file__).resolve().parents[1] / "book"
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \|$", flags=re.M)
HEADINGS = 110
"""How many headings the lecture has."""


def rows():
    return ROW.findall((BOOK / "crosswalk.md").read_text(encoding="utf-8"))


def test_every_heading_has_a_row_and_every_row_a_link():
    assert [int(number) for number, _, _ in rows()] == list(range(1, HEADINGS + 1))
    for number, heading, place in rows():
        assert re.search(r"\{ref\}`(ch|sec)-", place), f"row {number}, {heading}: no link"


def test_every_link_leads_to_a_label_of_the_book():
    text = "\n".join(page.read_text(encoding="utf-8") for page in BOOK.glob("*.md"))
    labels = set(re.findall(r"^\(([a-z0-9-]+)\)=$", text, flags=re.M))
    for number, heading, place in rows():
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
