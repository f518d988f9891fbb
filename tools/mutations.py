"""The small ways in which a printed formula can be wrong: a sign, an index, a layer, a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from fysstk_book.printed.tidy import UnreadableError
from fysstk_book.printed.tree import Node, parse, walk

__all__ = ["KINDS", "Mutant", "mutants"]

KINDS = ("sign", "indices", "layer", "dropped", "fraction", "name", "number", "relation")
TURNED = {"<": ">", ">": "<", r"\leq": r"\geq", r"\geq": r"\leq", "=": "<", r"\ne": "="}
ONE = Node("number", ("1",))
TRANSPOSE = Node("name", ("T", 0, None, None))


@dataclass(frozen=True)
class Mutant:
    """A formula with one change: its kind, what was changed, and the LaTeX that came out."""

    kind: str
    change: str
    text: str

    @property
    def tree(self) -> Node | None:
        """The changed formula, or None if it cannot be read any more."""
        try:
            return parse(self.text)
        except UnreadableError:
            return None


def mutants(tree: Node) -> list[Mutant]:
    """Return every small change of a formula, without repetitions; a few of them cannot be read.

    Changes that nothing could notice are left out: those that let two sides of an equation be the same, and
    those of words.
    """
    found = {str(tree): Mutant("", "", str(tree))}
    names = sorted(set(_plain_names(tree)), key=str)
    for kind, change, new in _changes(tree, names):
        if not _is_empty(new):
            found.setdefault(str(new), Mutant(kind, change, str(new)))
    return list(found.values())[1:]


def _is_empty(tree: Node) -> bool:
    """Tell whether two neighbouring sides are the same, or one says that dx/dx = 1."""
    for node in walk(tree):
        if node.kind == "chain" and node.parts[2]:
            sides = [str(side).strip() for side in node.parts[1]]
            if any(a == b for a, b in zip(sides, sides[1:], strict=False)):
                return True
            slope = node.parts[1][0]
            if slope.kind == "slope" and slope.parts[2] == slope.parts[3] and sides[1:] == ["1"]:
                return True
    return False


def _is_words(node: Node) -> bool:
    """Tell whether this is a side note, such as: for f and f'."""
    words = any(
        n.kind == "name" and n.parts[0].startswith(r"\text{") for n in node.parts if isinstance(n, Node)
    )
    return (node.kind == "juxt" and words) or (
        node.kind == "chain" and bool(node.parts[0] or node.parts[3]) and not node.parts[2]
    )


def _plain_names(tree: Node) -> Iterator[Node]:
    for node in walk(tree):
        if node.kind == "name" and not re.match(
            r"\\(operatorname|mathrm|mathbb|text|partial)|d$", node.parts[0]
        ):
            power = node.parts[3] is not None and node.parts[3].kind == "number"
            yield replace(node, parts=(*node.parts[:3], None)) if power else node


def _changes(node: Any, names: list[Node]) -> Iterator[tuple[str, str, Any]]:
    """Yield every change of a node or of something inside it."""
    if isinstance(node, tuple):
        for place, part in enumerate(node):
            for kind, change, new in _changes(part, names):
                yield kind, change, (*node[:place], new, *node[place + 1 :])
    elif isinstance(node, Node) and not _is_words(node):
        yield from _own_changes(node, names)
        for kind, change, new in _changes(node.parts, names):
            yield kind, change, replace(node, parts=new)


def _own_changes(node: Node, names: list[Node]) -> Iterator[tuple[str, str, Node]]:
    kind, parts = node.kind, node.parts
    if kind == "add":
        yield "sign", f"sign before {parts[2]}", Node(kind, ("-" if parts[0] == "+" else "+", *parts[1:]))
    elif kind == "signed":
        yield "sign", f"sign of {parts[1]}", parts[1]
    elif kind == "number":
        yield "number", f"{parts[0]} by 1", Node(kind, (_next_digit(parts[0]),))
    elif kind == "juxt":
        for place, factor in enumerate(parts):
            rest = parts[:place] + parts[place + 1 :]
            if factor.kind != "group":
                yield "dropped", f"factor {factor}", rest[0] if len(rest) == 1 else Node(kind, rest)
    elif kind == "multiply":
        yield "dropped", f"factor {parts[1]}", parts[2]
        yield "dropped", f"factor {parts[2]}", parts[1]
    elif kind == "frac":
        yield "fraction", f"{node} turned over", Node(kind, parts[::-1])
    elif kind == "chain":
        for place, relation in enumerate(parts[2]):
            if relation in TURNED:
                relations = (*parts[2][:place], TURNED[relation], *parts[2][place + 1 :])
                yield "relation", f"{relation} turned", Node(kind, (*parts[:2], relations, parts[3]))
    if kind in ("name", "scripts"):
        yield from _changes_of_indices(node)
    if kind == "name":
        for other in names:
            if other.parts[0] != parts[0] and (other.parts[2] is None) == (parts[2] is None):
                yield "name", f"{node} is {other}", other


def _changes_of_indices(node: Node) -> Iterator[tuple[str, str, Node]]:
    _, primes, low, high = node.parts
    if primes:
        yield "dropped", f"prime of {node}", _scripted(node, primes - 1, low, high)
    if low is not None and low.kind in ("juxt", "list") and len(low.parts) == 2:
        turned = Node(low.kind, low.parts[::-1])
        yield "indices", f"indices of {node} swapped", _scripted(node, primes, turned, high)
    if high is None:
        return
    transposed = high == TRANSPOSE
    what = "transpose" if transposed else "upper index"
    yield "dropped", f"{what} of {node}", _scripted(node, primes, low, None)
    if low is not None and not transposed:
        yield "indices", f"corners of {node} swapped", _scripted(node, primes, high, low)
    if not transposed and high.kind in ("name", "add"):
        for sign in "+-":
            back = high.kind == "add" and high.parts[0] != sign and high.parts[2] == ONE
            moved = high.parts[1] if back else Node("add", (sign, high, ONE))
            yield "layer", f"upper index of {node} {sign} 1", _scripted(node, primes, low, moved)


def _scripted(node: Node, primes: int, low: Node | None, high: Node | None) -> Node:
    if node.kind == "scripts" and (primes, low, high) == (0, None, None):
        inner: Node = node.parts[0]
        return inner
    return Node(node.kind, (node.parts[0], primes, low, high))


def _next_digit(digits: str) -> str:
    return f"{digits[:-1]}{(int(digits[-1]) + 1) % 10 or 1}"
