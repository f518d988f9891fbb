"""Watches what a formula's names stand for while its tests run, to know what can be put in their place.

From the same notes it tells whether a changed formula has the value of the printed one for whatever its names
may stand for: then it is no wrong formula, and no test could notice it.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp

from fysstk_book.printed.formula import Formula, Statement, _is_known, _kind, _Question
from fysstk_book.printed.names import FromOne
from fysstk_book.printed.numbers import Samples, is_integer
from fysstk_book.printed.tree import Node, parse, walk
from fysstk_book.printed.value import Reading
from mutations import PRODUCTS, others, own_changes, units

__all__ = ["Notes", "is_equivalent", "watching"]

PROBES, AT_MOST = 3, 60  # readings of a name with the same indices in which others are tried, and of all
CASES = 3  # readings of each statement that are kept
DRAWS, ENOUGH = 40, 8  # random values for all names, and how many of them must give the sides a value


@dataclass
class Notes:
    """What the tests of a formula give to its names.

    Attributes
    ----------
    label : str
        The formula's.
    tree : Node
        Its tree.
    stand_ins : dict
        For each name, derivative, indexed bracket or product that was read, those with a value of its kind
        each time.
    cases : dict
        Statements, with readings in which they were checked.
    probes : Counter
        How often each name was tried during a test: in all, and with the same indices.
    claims, defined : set of Node
        Chains that were claimed, and those that gave a name its value.
    """

    label: str
    tree: Node
    stand_ins: dict[Node, list[Node]] = field(default_factory=dict)
    cases: dict[Statement, list[Reading]] = field(default_factory=dict)
    probes: Counter[Any] = field(default_factory=Counter)
    claims: set[Node] = field(default_factory=set)
    defined: set[Node] = field(default_factory=set)

    def __post_init__(self) -> None:
        printed = list(units(self.tree))
        self.others = {node: [new for _, _, new in others(node, printed)] for node in printed}
        for node in walk(self.tree):
            if node.kind in PRODUCTS:
                self.others[node] = [new for _, _, new in own_changes(node)]
        self.in_index = {inner for node in walk(self.tree) for inner in _index_names(node)}
        self.arguments = _arguments(self.tree)

    def note(self, reading: Reading, node: Node, value: Any) -> None:
        """Keep those that have a value here as well, of the same kind as the node's."""
        if node not in self.others:
            return
        where = (node, *map(str, (reading.indices, list(reading.moved))))
        if self.probes[where] >= PROBES or self.probes[node] >= AT_MOST:
            return
        self.probes.update([where, node])
        left = self.stand_ins.get(node, self.others[node])
        apart = replace(reading, used=set(), known={**reading.known})
        self.stand_ins[node] = [other for other in left if self._fits(apart, node, value, other)]

    def changeable(self) -> dict[Node, list[Node]]:
        """Return the stand-ins, and none for what defines a name: without it, the rest has no value."""
        return self.stand_ins | {chain: [] for chain in self.defined - self.claims}

    def _fits(self, reading: Reading, node: Node, value: Any, other: Node) -> bool:
        if other.kind == "slope" and not _is_known(other, _names_known(reading)):
            return False
        try:
            found, _ = reading._function_or_value(other)
        except Exception:
            return False
        if node in self.in_index and is_integer(value) and not (is_integer(found) and found <= value):
            return False
        sort = _sort_of(value)
        called = sort == "function" and node.kind == other.kind == "name"
        if called and self.arguments.get(node.parts[0]) != self.arguments.get(other.parts[0]):
            return False
        return sort != "" and _sort_of(found) == sort and _shape_of(value) == _shape_of(found)


def _arguments(tree: Node) -> dict[str, set[int]]:
    """Return for each letter that brackets follow how many arguments these hold."""
    found: dict[str, set[int]] = {}
    for node in walk(tree):
        for name, then in pairwise(node.parts) if node.kind == "juxt" else ():
            inner = then.parts[0] if then.kind == "scripts" else then
            if name.kind == "name" and inner.kind == "group":
                inside = inner.parts[1]
                count = len(inside.parts) if inside.kind == "list" else 1
                found.setdefault(name.parts[0], set()).add(count)
    return found


def _shape_of(value: Any) -> tuple[int, ...]:
    """Return the shape of an array, also of one that is counted from 1."""
    return np.shape(value.values if isinstance(value, FromOne) else value)


def _names_known(reading: Reading) -> set[Any]:
    return {_kind(source.node) for source in (*reading.names, *reading.definitions)}


def _sort_of(value: Any) -> str:
    """Return what a value is good for: to be called or to be computed with; or nothing, as a tag."""
    if callable(value):
        return "function"
    return "" if value is None or np.asarray(value).dtype.kind in "US" else "value"


def _index_names(node: Node) -> Iterator[Node]:
    """Yield the names in the indices of a name, and in the bounds of a sum."""
    corners = (
        node.parts[2:4] if node.kind in ("name", "scripts") else node.parts[1:3] if node.kind == "big" else ()
    )
    for corner in corners:
        yield from walk(corner) if isinstance(corner, Node) else ()


@contextmanager
def watching(notes: Notes) -> Iterator[None]:
    """Take notes of one formula while a test runs."""
    notes.probes.clear()
    names = ("_named", "_slope", "_scripts", "_juxt", "_multiply")
    methods = {name: getattr(Reading, name) for name in names}
    cases = _Question.cases
    asking = {name: getattr(Formula, name) for name in ("holds", "value", "defined")}
    state = {"label": "", "busy": False}

    def noting(method: Callable[..., Any]) -> Callable[..., Any]:
        def read(self: Reading, node: Node) -> Any:
            found = method(self, node)
            if state["label"] == notes.label and not state["busy"]:
                state["busy"] = True
                try:
                    value, power = found if method is methods["_named"] else (found, None)
                    raised = power is not None and not callable(value)
                    notes.note(self, node, self._raised(value, power) if raised else value)
                finally:
                    state["busy"] = False
            return found

        return read

    def about(method: Callable[..., Any]) -> Callable[..., Any]:
        def ask(self: Formula, *args: Any, **kwargs: Any) -> Any:
            before, state["label"] = state["label"], self.label
            try:
                return method(self, *args, **kwargs)
            finally:
                state["label"] = before

        return ask

    def keeping(self: _Question, statement: Statement, everything: bool = False) -> Iterator[Reading]:
        for reading in cases(self, statement, everything):
            kept = notes.cases.setdefault(statement, [])
            if self.formula.label == notes.label:
                notes.claims |= {s.chain for _, s in self.claims}
                notes.defined |= {self.formula.statements[k].chain for k in self.local}
                kept += [reading] if len(kept) < CASES else []
            yield reading

    for name, method in methods.items():
        setattr(Reading, name, noting(method))
    _Question.cases = keeping  # type: ignore
    for name, method in asking.items():
        setattr(Formula, name, about(method))
    try:
        yield
    finally:
        for name, method in methods.items():
            setattr(Reading, name, method)
        _Question.cases = cases  # type: ignore
        for name, method in asking.items():
            setattr(Formula, name, method)


@dataclass
class Anything(Reading):
    """A reading in which every name has a random value of the same shape; `draw` numbers them."""

    draw: int = 0

    def _bound(self, node: Node) -> tuple[Any, Node | None] | None:
        found = super()._bound(node)
        if found is None:
            return None
        place = self._place(node, found[1])
        return found if place in self.moved else (self._random(found[0], place), found[1])

    def _slope(self, node: Node) -> Any:
        found = self._bound(node)
        if found is not None:
            return found[0]
        above, below = (self.value(part) for part in node.parts[2:])
        if np.ndim(above) or np.ndim(below) or callable(above):
            raise NotImplementedError("a derivative of arrays")
        return self._random(0.5, (node.parts[1], *(self._place(part, None) for part in node.parts[2:])))

    def _differentiate(self, *_: Any) -> Any:
        raise NotImplementedError("what is random has no derivative")

    _limit = _integral = _differentiate

    def _random(self, value: Any, place: Any) -> Any:
        rng = np.random.default_rng(zlib.crc32(f"{self.draw} {place}".encode()))
        if callable(value):
            return _other_function(value, rng)
        if is_integer(value) and not isinstance(value, float):
            return int(value) + int(rng.choice([0, 0, 1, 2]))
        if np.ndim(value) == 0 and not isinstance(value, int | float | complex | np.number | sp.Basic):
            value = float(value)
        shape = np.shape(value)
        found = rng.normal(size=shape) if self.draw % 2 else rng.uniform(0.05, 0.95, size=shape)
        return found.view(Samples) if isinstance(value, Samples) else found if shape else float(found)


def _other_function(function: Callable[..., Any], rng: np.random.Generator) -> Callable[..., Any]:
    """Return another function with results of the same shape, which depends on every argument."""

    def other(*values: Any) -> Any:
        result = np.asarray(function(*values), dtype=float)
        for value in values:
            value = np.asarray(value, dtype=float)
            factor, shift = rng_values
            moved = np.sin(factor * value + shift)
            result = result + (
                moved
                if moved.shape in ((), result.shape)
                else np.sum(moved * np.arange(1, moved.size + 1).reshape(moved.shape))
            )
        return result if result.ndim else float(result)

    rng_values = rng.normal(size=2)
    return other


def is_equivalent(notes: Notes, changed: Node) -> bool:
    """Tell whether a changed formula's sides have the values of the printed ones, whatever its names are."""
    old, new = (Formula(notes.label, tree, parse).statements for tree in (notes.tree, changed))
    if len(old) != len(new):
        return False
    return all(a == b or _same(a, b, notes.cases.get(a, [])) for a, b in zip(old, new, strict=True))


def _same(old: Statement, new: Statement, readings: list[Reading]) -> bool:
    rest = [
        replace(s, chain=replace(s.chain, parts=(*s.chain.parts[:1], (), *s.chain.parts[2:])))
        for s in (old, new)
    ]
    if rest[0] != rest[1] or len(old.sides) != len(new.sides):
        return False
    pairs = [(a, b) for a, b in zip(old.sides, new.sides, strict=True) if a != b]
    return bool(readings) and all(_agree(reading, a, b) for reading in readings for a, b in pairs)


def _agree(reading: Reading, a: Node, b: Node) -> bool:
    given = {f.name: getattr(reading, f.name) for f in fields(Reading)}
    done = 0
    for draw in range(DRAWS):
        anything = Anything(**{**given, "used": set(), "known": {}, "symbolic": False}, draw=draw)
        try:
            first, second = (
                np.asarray(replace(anything, known={}).value(side), dtype=float) for side in (a, b)
            )
        except Exception:
            continue
        if first.shape != second.shape or not np.allclose(first, second, rtol=1e-7, atol=1e-9):
            return False
        done += 1
    return done >= ENOUGH
