"""The errata page runs, and each of its cells tells the printed formula from the right one."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "book" / "errata.md"


def test_every_erratum_has_a_label_a_printed_and_a_right_version_and_a_cell() -> None:
    sections = re.split(r"^\(erratum-", PAGE.read_text(encoding="utf-8"), flags=re.M)[1:]
    numbers = [int(section.split(")")[0]) for section in sections]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    for number, section in zip(numbers, sections, strict=True):
        assert re.search(rf"^### {number}\. ", section, flags=re.M), f"erratum {number}: heading"
        assert "**Printed**" in section, f"erratum {number}: what is printed"
        assert re.search(r"\*\*(Right|Both are right)", section), f"erratum {number}: what is right"
        assert "{code-cell}" in section, f"erratum {number}: a cell that tells them apart"


def test_every_reference_to_an_erratum_leads_somewhere() -> None:
    known = set(re.findall(r"^\((erratum-\d+)\)=", PAGE.read_text(encoding="utf-8"), flags=re.M))
    used = {
        label
        for chapter in PAGE.parent.glob("*.md")
        for label in re.findall(r"\{ref\}`(?:[^`<]*<)?(erratum-\d+)", chapter.read_text(encoding="utf-8"))
    }
    assert used <= known, f"unknown errata: {sorted(used - known)}"
