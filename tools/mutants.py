"""Changes printed formulas in small ways and looks whether their tests notice: `mutants.py eq-gates-ols ...`.

A test that passes on a formula with a wrong sign proves nothing. Each formula is changed in every way that
`mutants` knows, one at a time, and the tests of its label run on it in this process, without any pin.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tqdm import tqdm

from fysstk_book import sources
from fysstk_book.printed.tree import Node, parse, walk

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests" / "equations"
TURNED = {"<": ">", ">": "<", r"\leq": r"\geq", r"\geq": r"\leq", "=": "<", r"\ne": "="}


def mutants(tree: Node) -> list[tuple[str, Node]]:
    """Return (what was changed, tree) for every small change of a formula, without repetitions."""
    found: dict[str, tuple[str, Node]] = {}
    for change, mutant in _changes(tree, sorted({*_plain_names(tree)}, key=str)):
        text = str(mutant)
        if mutant != tree and text not in found:
            with contextlib.suppress(ValueError):
                found[text] = (change, parse(text))
    return list(found.values())


def _plain_names(tree: Node) -> Iterator[Node]:
    for node in walk(tree):
        if node.kind == "name" and not re.match(
            r"\\(operatorname|mathrm|mathbb|text|partial)|d$", node.parts[0]
        ):
            yield replace(node, parts=(*node.parts[:3], None)) if _is_number(node.parts[3]) else node


def _is_number(node: Node | None) -> bool:
    return node is not None and node.kind == "number"


def _changes(node: Any, names: list[Node]) -> Iterator[tuple[str, Any]]:
    """Yield every change of a node or of something inside it."""
    if isinstance(node, tuple):
        for place, part in enumerate(node):
            for change, new in _changes(part, names):
                yield change, (*node[:place], new, *node[place + 1 :])
        return
    if not isinstance(node, Node):
        return
    yield from _own_changes(node, names)
    for place, part in enumerate(node.parts):
        if isinstance(part, Node | tuple):
            for change, new in _changes(part, names):
                yield change, replace(node, parts=(*node.parts[:place], new, *node.parts[place + 1 :]))


def _own_changes(node: Node, names: list[Node]) -> Iterator[tuple[str, Node]]:
    kind, parts = node.kind, node.parts
    if kind == "add":
        yield f"sign before {parts[2]}", Node(kind, ("-" if parts[0] == "+" else "+", *parts[1:]))
    elif kind == "signed":
        yield f"sign of {parts[1]}", parts[1]
    elif kind == "number":
        yield f"{parts[0]} by 1", Node(kind, (_next_digit(parts[0]),))
    elif kind == "juxt":
        for place, factor in enumerate(parts):
            rest = parts[:place] + parts[place + 1 :]
            if factor.kind != "group" and rest:
                yield f"factor {factor} dropped", rest[0] if len(rest) == 1 else Node(kind, rest)
    elif kind == "multiply":
        yield f"factor {parts[1]} dropped", parts[2]
        yield f"factor {parts[2]} dropped", parts[1]
    elif kind == "frac":
        yield f"{node} turned over", Node(kind, parts[::-1])
    elif kind == "chain":
        for place, relation in enumerate(parts[2]):
            if relation in TURNED:
                relations = (*parts[2][:place], TURNED[relation], *parts[2][place + 1 :])
                yield f"{relation} turned", Node(kind, (*parts[:2], relations, parts[3]))
    if kind in ("name", "scripts"):
        yield from _indices(node)
    if kind == "name":
        for other in names:
            if other.parts[0] != parts[0] and (other.parts[2] is None) == (parts[2] is None):
                yield f"{node} is {other}", other


def _indices(node: Node) -> Iterator[tuple[str, Node]]:
    _, primes, low, high = node.parts
    if primes:
        yield f"prime of {node} dropped", _scripted(node, primes - 1, low, high)
    if low is not None and low.kind in ("juxt", "list") and len(low.parts) == 2:
        yield f"indices of {node} swapped", _scripted(node, primes, Node(low.kind, low.parts[::-1]), high)
    if high is not None:
        what = "transpose" if high == parse("T").parts[0].parts[0].parts[1][0] else "upper index"
        yield f"{what} of {node} dropped", _scripted(node, primes, low, None)
        if what != "transpose" and high.kind in ("name", "add"):
            for sign in "+-":
                moved = high.parts[1] if high.kind == "add" and high.parts[0] != sign else high
                if moved is high:
                    moved = Node("add", (sign, high, Node("number", ("1",))))
                yield f"upper index of {node} {sign} 1", _scripted(node, primes, low, moved)


def _scripted(node: Node, primes: int, low: Node | None, high: Node | None) -> Node:
    if node.kind == "scripts" and (primes, low, high) == (0, None, None):
        inner: Node = node.parts[0]
        return inner
    return Node(node.kind, (node.parts[0], primes, low, high))


def _next_digit(digits: str) -> str:
    return f"{digits[:-1]}{(int(digits[-1]) + 1) % 10 or 1}"


class Run:
    """A pytest plugin that runs the tests of each label on its mutants instead of running all tests once."""

    def __init__(self, labels: list[str], sample: int | None, seed: int) -> None:
        self.labels, self.caught, self.survivors = labels, 0, list[tuple[str, str, Node]]()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests that were collected on every mutant of their labels."""
        from _pytest.runner import runtestprotocol

        reader = next(p for p in session.config.pluginmanager.get_plugins() if hasattr(p, "MUTANTS"))
        equations = sources.equations(ROOT)
        items: dict[str, list[pytest.Item]] = {}
        for item in session.items:
            for mark in item.iter_markers("equation"):
                items.setdefault(mark.args[0], []).append(item)
        work = [
            (label, *mutant)
            for label in self.labels or items
            if label in items
            for mutant in mutants(parse(equations[label].text))
        ]
        for label, change, tree in tqdm(work, unit="mutant", file=sys.__stderr__):
            reader.MUTANTS[label] = tree
            for item in items[label]:
                reports = runtestprotocol(item, log=False, nextitem=None)
                if any(report.failed for report in reports):
                    self.caught += 1
                    break
            else:
                self.survivors.append((label, change, tree))
            del reader.MUTANTS[label]
        return True


def main() -> int:
    """Read the command line, change and run, and say what survived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels", nargs="*", help="labels of equations; all, if there are none")
    labels = parser.parse_args().labels
    files = {
        path for path in TESTS.glob("test_*.py") if any(f'"{label}"' in path.read_text() for label in labels)
    }
    run = Run(labels, None, 0)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        pytest.main(
            [*map(str, files or [TESTS]), "-n0", "-q", "-p", "no:cacheprovider", "--no-header"], plugins=[run]
        )
    total = run.caught + len(run.survivors)
    if not total:
        print(said.getvalue())
        return 1
    for label, change, tree in run.survivors:
        print(f"{label}: {change}\n    {tree}")
    print(f"{run.caught} of {total} mutants caught")
    return 0


if __name__ == "__main__":
    sys.exit(main())
