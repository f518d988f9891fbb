"""The table of the equations that tests have proved: which tests, by which methods, and how well.

A proof is what a test has noted about itself, as pairs of a name and a value: ``equation`` with (label,
method), ``discrepancy``, ``read`` with (label, places), ``pinned`` and ``asked`` with labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fysstk_book.printed.formula import Formula
from fysstk_book.printed.tree import Node, parse
from fysstk_book.sources import Entry

__all__ = ["Proof", "files_of", "noted", "rows"]

Proof = Sequence[Sequence[Any]]


def rows(
    proofs: Mapping[str, Proof], equations: Mapping[str, Entry], tree_of: Callable[[str], Node]
) -> list[dict[str, Any]]:
    """Return one row per proved claim, in the order of the book; definitions, `def-`, have none.

    Parameters
    ----------
    proofs
        What each test has noted, by the test's name.
    equations
        The book's equations by label.
    tree_of
        Returns the parsed formula of a label.
    """
    claims = (label for label in equations if not label.startswith("def-"))
    found: dict[str, list[tuple[str, str]]] = {label: [] for label in claims}
    for test in sorted(proofs):
        for label, method in noted(proofs[test], "equation"):
            if label in found:
                found[label].append((test, method))
    return [_row(equations[label], tests, proofs, tree_of) for label, tests in found.items() if tests]


def noted(proof: Proof, name: str) -> list[Any]:
    """Return the values that a test has noted under a name."""
    return [value for found, value in proof if found == name]


def files_of(tests: Iterable[str]) -> set[str]:
    """Return the names of the files in which tests stand."""
    return {Path(test.partition("::")[0]).name for test in tests}


def _row(
    equation: Entry,
    tests: Sequence[tuple[str, str]],
    proofs: Mapping[str, Proof],
    tree_of: Callable[[str], Node],
) -> dict[str, Any]:
    label, mine = equation.label, [proofs[test] for test, _ in tests]
    read = {
        tuple(place)
        for proof in mine
        for of, places in noted(proof, "read")
        if of == label
        for place in places
    }
    pinned = any(label in noted(proof, "pinned") for proof in mine)
    by_value = bool(read) and read >= Formula(label, parse(equation.text), tree_of).places
    return {
        "label": label,
        "page": equation.page,
        "number": equation.number,
        "latex": equation.text,
        "methods": list(dict.fromkeys(method for _, method in tests)),
        "reading": "by value" if by_value else "by eye" if pinned else None,
        "discrepancy": max(error for proof in mine for error in noted(proof, "discrepancy")),
        "tests": list(dict.fromkeys(test for test, _ in tests)),
    }
