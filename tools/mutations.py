"""The small ways in which a printed formula can be wrong: a sign, an index, a layer, a name.

A name gives way to one with another letter or index, and a product to one without a factor, only where that
has a value of the same kind, as `stand_ins` knows: a formula that nobody can compute says nothing about the
values that its test tries.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fysstk_book.printed.names import is_letter
from fysstk_book.printed.tidy import UnreadableError
from fysstk_book.printed.tree import Node, parse, walk
from fysstk_book.printed.value import is_operator

__all__ = ["KINDS", "PRODUCTS", "Mutant", "mutants", "others", "own_changes", "units"]

UNITS = ("name", "slope", "scripts")  # what has a value as a whole: w_{ij}^l, a derivative, (W^l)^T
PRODUCTS = ("juxt", "multiply")

# for what was read, those that have a value of its kind where it stands
StandIns = Mapping[Node, Collection[Node]]

KINDS = ("sign", "indices", "layer", "dropped", "fraction", "name", "number", "relation")
TURNED = {"<": ">", ">": "<", r"\leq": r"\geq", r"\geq": r"\leq", "=": r"\ne", r"\ne": "="}
ORDER = ("O", r"\mathcal{O}")
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


def mutants(tree: Node, stand_ins: StandIns) -> list[Mutant]:
    """Return every small change of a formula, without repetitions; a few of them cannot be read.

    Changes that nothing could notice are left out: those of layout, those of words, and those that let two
    sides of an equation be the same.

    Parameters
    ----------
    tree : Node
        The formula.
    stand_ins : dict of Node
        For a name, derivative, indexed bracket or product that was read, those that may take its place; for
        what defines a name, nothing.
    """
    found = {str(tree): Mutant("", "", str(tree))}
    for kind, change, new in _changes(tree, stand_ins, list(units(tree))):
        mutant = Mutant(kind, change, str(new))
        if mutant.text not in found and not _is_empty(new) and mutant.tree != tree:
            found[mutant.text] = mutant
    return list(found.values())[1:]


def units(tree: Node) -> Iterator[Node]:
    """Yield what has a value as a whole, but words: names, derivatives and brackets with indices."""
    for node in walk(tree):
        if node.kind in UNITS and not str(node).startswith(r"\text{"):
            yield node


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


def others(node: Node, printed: Collection[Node]) -> Iterator[tuple[str, str, Node]]:
    """Yield what might stand in the place of a name, a derivative or an indexed bracket: kind, change, node.

    Parameters
    ----------
    node : Node
        A name, a derivative or a bracket with indices.
    printed : collection of Node
        The names and derivatives of the formula.
    """
    names = [other for other in printed if other.kind == node.kind and other != node]
    if node.kind == "name":
        for other in dict.fromkeys(_without_power(n) for n in names):
            if other.parts[0] not in (node.parts[0], *ORDER) and (other.parts[2] is None) == (
                node.parts[2] is None
            ):
                yield "name", f"{node} is {other}", _with_power(other, _power(node))
    elif node.kind == "slope":
        for other in names:
            yield "name", f"{node} is {other}", other
        for place in (2, 3):
            for _, change, new in others(node.parts[place], printed) if node.parts[place] else ():
                yield (
                    "name",
                    change,
                    replace(node, parts=(*node.parts[:place], new, *node.parts[place + 1 :])),
                )
    yield from _changes_of_indices(node) if node.kind in ("name", "scripts") else ()
    inside = node.parts[1:] if node.kind == "scripts" else node.parts
    for kind, change, new in _changes(inside, {}):
        yield kind, change, replace(node, parts=(*node.parts[: len(node.parts) - len(inside)], *new))


def _power(node: Node) -> Node | None:
    """Return the power of a name: an upper index that is a number."""
    high: Node | None = node.parts[3]
    return high if high is not None and high.kind == "number" else None


def _without_power(node: Node) -> Node:
    return replace(node, parts=(*node.parts[:3], None)) if _power(node) else node


def _with_power(node: Node, power: Node | None) -> Node:
    return replace(node, parts=(*node.parts[:3], power)) if power and node.parts[3] is None else node


def _changes(
    node: Any, stand_ins: StandIns, printed: Collection[Node] = ()
) -> Iterator[tuple[str, str, Any]]:
    """Yield every change of a node or of something inside it."""
    if isinstance(node, tuple):
        for place, part in enumerate(node):
            for kind, change, new in _changes(part, stand_ins, printed):
                yield kind, change, (*node[:place], new, *node[place + 1 :])
    elif isinstance(node, Node) and node in stand_ins and node.kind in UNITS:
        yield from (row for row in others(node, printed) if row[2] in stand_ins[node])
        if node.kind == "scripts":
            for kind, change, new in _changes(node.parts[0], stand_ins, printed):
                yield kind, change, replace(node, parts=(new, *node.parts[1:]))
    elif isinstance(node, Node) and not _is_words(node):
        yield from (row for row in own_changes(node) if row[2] in stand_ins.get(node, (row[2],)))
        for kind, change, new in _changes(node.parts, stand_ins, printed):
            if _keeps_its_form(node, kind, new, stand_ins):
                if node.kind == "big" and new[2] != node.parts[2] and new[2].kind == "number":
                    last = int(node.parts[2].parts[0]) - 1  # nothing is numbered beyond the printed bound
                    new = (*new[:2], Node("number", (str(last),)), *new[3:])
                yield kind, change, replace(node, parts=new)


def _keeps_its_form(node: Node, kind: str, new: tuple[Any, ...], stand_ins: StandIns) -> bool:
    """Tell whether a sum keeps its index, an integral its dx, and what defines a name that name."""
    if node.kind == "big":
        body, other = node.parts[3], new[3]
        ends = node.parts[0] == r"\int" and body.kind == "juxt"
        if ends and (other.kind != "juxt" or body.parts[-2:] != other.parts[-2:]):
            return False
        return new[1] == node.parts[1] or _is_bound(kind, node.parts[1], new[1])
    return not (node.kind == "chain" and node in stand_ins and new[1][0] != node.parts[1][0])


def _is_bound(kind: str, low: Node, new: Node) -> bool:
    """Tell whether what is changed under a sum is a bound: the i of i = 1 is a name that the sum makes."""
    first, now = (n.parts[0].parts[1][0] if n.kind == "chains" else n for n in (low, new))
    return kind != "relation" and first == now


def own_changes(node: Node) -> Iterator[tuple[str, str, Node]]:
    """Yield the changes of a node that leave what is inside it as it is: kind, change, node."""
    kind, parts = node.kind, node.parts
    if kind == "add":
        if not _is_order(parts[2]):
            yield "sign", f"sign before {parts[2]}", Node(kind, ("-" if parts[0] == "+" else "+", *parts[1:]))
    elif kind == "signed":
        yield "sign", f"sign of {parts[1]}", parts[1]
    elif kind == "number":
        yield "number", f"{parts[0]} by 1", Node(kind, (_next_digit(parts[0]),))
    elif kind == "juxt":
        for place, factor in enumerate(parts):
            rest = parts[:place] + parts[place + 1 :]
            before, after = place > 0 and is_operator(parts[place - 1]), parts[place + 1 : place + 2]
            alone = before and (not after or is_operator(after[0]))  # ln x without x has no value
            if factor.kind != "group" and not alone and not _is_order(node):
                yield "dropped", f"factor {factor}", rest[0] if len(rest) == 1 else Node(kind, rest)
    elif kind == "multiply":
        yield "dropped", f"factor {parts[1]}", parts[2]
        yield "dropped", f"factor {parts[2]}", parts[1]
    elif kind == "frac":
        yield "fraction", f"{node} turned over", Node(kind, parts[::-1])
    elif kind == "chain":
        for place, relation in enumerate(parts[2]):
            is_range = is_letter(parts[1][place]) and parts[1][place + 1].kind == "list"
            if relation in TURNED and not is_range:
                relations = (*parts[2][:place], TURNED[relation], *parts[2][place + 1 :])
                yield "relation", f"{relation} turned", Node(kind, (*parts[:2], relations, parts[3]))
    if kind in ("name", "scripts"):
        yield from _changes_of_indices(node)


def _is_order(node: Node) -> bool:
    """Tell whether this is O(h), which may have any sign and any value of that size."""
    return node.kind == "juxt" and str(node.parts[0]) in ORDER


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
