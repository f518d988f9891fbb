"""Keeps what the equations' tests have noted, file by file, for as long as they would note it again.

The tests of one file rest on the modules of ours that it imports, on the measured data, and on the formulas
that they have taken from the pages.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import depends
from fysstk_book import sources
from fysstk_book.printed import ledger
from fysstk_book.printed.tree import Node, parse
from inputs import ROOT, digest, machine

TESTS = ROOT / "tests" / "equations"
STORE = ROOT / "_build" / "proofs"
VARIABLE = "BOOK_PROOFS"  # names the folder in which the tests leave what they have noted
KEYS = "keys.json"


def stale() -> list[Path]:
    """Return the files whose tests have to run."""
    kept = keys()
    files = sorted(TESTS.glob("test_*.py"))
    return [path for path in files if not kept.get(path.stem) or kept[path.stem] != key(path)]


def keep(files: list[Path]) -> None:
    """Remember what the tests of these files, which have just passed, rest on."""
    STORE.mkdir(parents=True, exist_ok=True)
    draft = STORE / f"{KEYS}.tmp"
    draft.write_text(json.dumps({**keys(), **{path.stem: key(path) for path in files}}), encoding="utf-8")
    draft.replace(STORE / KEYS)


def table() -> list[dict[str, Any]]:
    """Return the ledger's rows, from the proofs that are kept."""
    found: dict[str, ledger.Proof] = {}
    for path in sorted(TESTS.glob("test_*.py")):
        found |= proofs(path.stem)
    return ledger.rows(found, sources.equations(ROOT), lambda label: tree(printed()[label]))


def key(path: Path) -> str:
    """Return a hash of all that the tests of a file rest on; with no proofs kept it fits nothing."""
    kept = proofs(path.stem)
    if not kept:
        return ""
    labels = {label for proof in kept.values() for label in ledger.noted(proof, "asked")}
    labels |= {label for proof in kept.values() for label, _ in ledger.noted(proof, "equation")}
    formulas = [f"{label} {printed().get(label, '')}" for label in sorted(labels)]
    modules = sorted(depends.reach([path, TESTS / "conftest.py"]))
    code = [f"{module.relative_to(ROOT)} {depends.fingerprint(module)}" for module in modules]
    return digest("book/measured", "pyproject.toml", extra=(*machine(), *formulas, *code))


def proofs(name: str) -> dict[str, ledger.Proof]:
    """Return what the tests of a file have noted, by the tests' names."""
    try:
        found: dict[str, ledger.Proof] = json.loads((STORE / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def keys() -> dict[str, str]:
    """Return what was kept of each file."""
    try:
        found: dict[str, str] = json.loads((STORE / KEYS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


@lru_cache(maxsize=1)
def printed() -> dict[str, str]:
    """Return the LaTeX of all labelled equations, also of pages that are not in the table of contents yet."""
    entries = [entry for page in sorted((ROOT / "book").glob("*.md")) for entry in sources.labelled(page)]
    return {entry.label: entry.text for entry in entries if entry.kind == "equation"}


@lru_cache(maxsize=1000)
def tree(text: str) -> Node:
    """Return a parsed formula."""
    return parse(text)
