"""The errata page runs, and each of its cells tells the printed formula from the right one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

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


def cells() -> list[tuple[int, str]]:
    """Return the page's cells in their order, each with the number of its erratum; 0 stands for none."""
    found, number = [], 0
    pattern = r"^\(erratum-(\d+)\)=$|^```\{code-cell\}[^\n]*\n(.*?)^```$"
    for label, source in re.findall(pattern, PAGE.read_text(encoding="utf-8"), flags=re.M | re.S):
        number = int(label) if label else number
        if source:
            found.append((number, re.sub(r"\A---\n.*?\n---\n", "", source, flags=re.S)))
    return found


def test_the_cells_tell_the_printed_from_the_right_version() -> None:
    """Run the cells; what is right agrees with what they measure, and what is printed does not."""
    compared: dict[int, list[dict[str, float]]] = {}
    namespace: dict[str, Any] = {}
    for number, source in cells():
        if number:  # the page's own `compare`, from the cell before the first erratum, only prints
            rows = compared.setdefault(number, [])
            namespace["compare"] = lambda rows=rows, **values: rows.append(values)
        exec(compile(source, f"erratum {number}", "exec"), namespace)
        for name in ("scores", "error", "shared", "printed", "rows", "norms"):
            if name in namespace:
                namespace[f"{name} of {number}"] = namespace.pop(name)
    measured = {number: rows for number, rows in compared.items() if any("measured" in row for row in rows)}
    assert len(measured) >= 6
    for number, rows in measured.items():
        for row in rows:
            wrong = row.get("printed", row.get("updated_on_the_way"))
            tolerance = 0.01 if number == 17 else 1e-6  # the mean of 100,000 random numbers
            assert abs(row["right"] - row["measured"]) < tolerance, (number, row)
            assert abs(wrong - row["measured"]) > 10 * tolerance, (number, row)
    (momentum,) = compared[14]
    assert np.isclose(momentum["with_factor"], momentum["rescaled"])
    assert not np.isclose(momentum["with_factor"], momentum["same_eta"])
    for row in compared[22]:
        (first, of_unit), (_, of_hundred) = row.items()
        assert np.isclose(of_unit, of_hundred) == first.startswith("right"), row
    assert namespace["scores of 2"] == [0.5, 0.5]  # those of XOR, the last gate
    assert len(namespace["printed of 10"]) == len(namespace["rows of 10"]) + 1
    assert namespace["shared of 9"], "sympy.cse shares nothing"
    assert namespace["error of 8"] < 0.01
    assert namespace["norms of 12"][0] < 1e-4
