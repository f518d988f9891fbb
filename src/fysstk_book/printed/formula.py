r"""A printed formula that a test can question: whether it holds for some values, and what its sides are.

A formula claims its relations. What it says besides is used as it stands: a range (``l = L-1, \dots, 1``)
says which indices are tried, a condition (``for c > 0``) leaves out what it excludes, and ``m = ...`` defines
m if the test gives no value to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sympy as sp

from fysstk_book.printed import numbers
from fysstk_book.printed.names import (
    Binding,
    UnboundError,
    bindings,
    corners,
    elements,
    is_letter,
    letter,
    single,
)
from fysstk_book.printed.tidy import UnreadableError
from fysstk_book.printed.tree import Node, parse, walk
from fysstk_book.printed.value import Definition, Reading, free_letters, product_of_ranges

__all__ = ["Formula", "ShapesError", "definitions"]

CONDITION = ("for", "if", "with", "where")
CLOSE = 1e-12
ROUNDING = 1e-15  # of its size: what a floating-point number may be off after a few steps


class ShapesError(AssertionError):
    """Two sides have different shapes, so that there are no values to compare."""


@dataclass(frozen=True)
class Statement:
    """One chain of sides and relations, and what must be true where it is claimed."""

    chain: Node
    conditions: tuple[Node, ...] = ()
    premise: tuple[Node, ...] = ()  # of an implication
    both_ways: bool = False

    @property
    def sides(self) -> tuple[Node, ...]:
        sides: tuple[Node, ...] = self.chain.parts[1]
        return sides

    @property
    def relations(self) -> tuple[str, ...]:
        relations: tuple[str, ...] = self.chain.parts[2]
        return relations


@dataclass
class Formula:
    """A printed formula.

    Parameters
    ----------
    label : str
        Its label in the book.
    tree : Node
        Its parsed LaTeX.
    find : callable
        Returns the tree of another label, for definitions.
    record : callable, optional
        Is given every discrepancy.
    read : set
        Receives the places of the sides that have been evaluated: (statement, side).
    strict : bool
        Refuses what a test binds and the formula does not print.
    """

    label: str
    tree: Node
    find: Callable[[str], Node]
    record: Callable[[Any], None] | None = None
    read: set[tuple[int, int]] = field(default_factory=set)
    strict: bool = True

    @property
    def statements(self) -> list[Statement]:
        """What the formula says, in order; conditions in brackets belong to what stands before them."""
        return list(_statements(self.tree))

    @property
    def places(self) -> set[tuple[int, int]]:
        """All sides that there are to read."""
        return {(k, n) for k, s in enumerate(self.statements) for n in range(len(s.sides))}

    def holds(
        self,
        names: Mapping[str, Any] | None = None,
        *,
        where: Sequence[str] = (),
        also: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        within: float = CLOSE,
        approx: float | None = None,
        only: int | None = None,
        **ranges: Any,
    ) -> None:
        r"""Check that all the relations hold, for all values of the indices.

        Parameters
        ----------
        names : dict
            Values for names as they are printed, with letters for indices: ``{"w_{ij}^l": W, r"\eta": 0.1}``.
            Each of them has to occur.
        where : sequence of str
            Labels of definitions, from which names that are not bound take their values. LaTeX in the place
            of a label is a definition that the test makes itself.
        also : dict
            More names, of which those that occur are used: the vocabulary of a chapter.
        after : dict
            Values on the left of an arrow ``\leftarrow``: those after the step.
        within : float
            How far the sides of an equation may be apart, and a side of ``\le`` too large. Symbolic ones may
            not differ at all.
        approx : float, optional
            The same for ``\approx``, ``\sim`` and ``\to``. Without it, the right-hand side has to be a
            rounded number, and the left one must round to it.
        only : int, optional
            The number of the one statement that is checked, from 0.
        **ranges : iterable or callable
            The values of each index that the formula leaves open: ``l=range(1, L)``. A function of other
            indices returns them: ``j=lambda l: range(1, M[l] + 1)``. A name in Greek takes several values in
            the same way: ``**{r"\eta": (0.1, 0.5)}``.

        Raises
        ------
        AssertionError
            If a relation does not hold; the message says where, and by how much.
        UnboundError
            If a printed name has no value.
        ValueError
            If a name or an index is given that the formula does not print.
        """
        __tracebackhide__ = True
        question = self._ask(names, where, also, ranges, only)
        if not question.claims:
            raise ValueError(
                f"{self.label} only defines what it has on the left: bind these names, to compare"
            )
        for k, statement in question.claims:
            tried = 0
            truths = set()
            for reading in question.cases(statement):
                tried += 1
                premise = all(self._truth(reading, c, within) for c in statement.premise)
                if statement.both_ways:
                    truth = self._truth(reading, statement.chain, within)
                    truths.add(truth)
                    self.read |= {(k, n) for n in range(len(statement.sides))}
                    assert truth == premise, (
                        f"{self.label}: {'' if premise else 'not '}{statement.premise[0]}, "
                        f"but {'' if truth else 'not '}{statement.chain}{reading._here()}"
                    )
                elif premise:
                    truths |= {True, False}
                    self._check(k, statement, reading, question, after, within, approx)
            if not tried:
                raise ValueError(f"{self.label}: no index satisfies the conditions of {statement.chain}")
            if statement.premise and len(truths) < 2:
                raise ValueError(f"{self.label}: try values on both sides of {statement.premise[0]}")
            if statement.both_ways and self.record:
                self.record(0)
        question.finish()

    def value(
        self,
        names: Mapping[str, Any] | None = None,
        *,
        where: Sequence[str] = (),
        also: Mapping[str, Any] | None = None,
        statement: int = 0,
        side: int = -1,
        **indices: Any,
    ) -> Any:
        """Return the value of one side of a statement: by default the last side of the first one.

        The names are bound as in `holds`; every index has one value.
        """
        question = self._ask(
            names, where, also, {k: v if np.iterable(v) else [v] for k, v in indices.items()}, None
        )
        (reading, *more) = question.cases(self.statements[statement], everything=True)
        if more:
            raise ValueError(f"{self.label}: give every index one value")
        sides = self.statements[statement].sides
        self.read.add((statement, side % len(sides)))
        return reading.value(sides[side])

    def defined(self, names: Mapping[str, Any] | None = None, where: Sequence[str] = ()) -> dict[str, Any]:
        r"""Return the values of all names that the formula defines, under their LaTeX: ``{"W^{1}": ...}``."""
        reading = Reading(bindings(names or {}), [*definitions(self.tree), *self._definitions(where)])
        found = {}
        for k, statement in enumerate(self.statements):
            self.read |= {(k, n) for n in range(len(statement.sides))}
            found[str(statement.sides[0])] = reading.value(statement.sides[-1])
        return found

    def _definitions(self, where: Sequence[str]) -> list[Definition]:
        """Return the definitions with these labels, and those that the test writes itself, in LaTeX."""
        return definitions(
            *(self.find(w) if re.fullmatch(r"(def|eq)-[\w-]+", w) else parse(w) for w in where)
        )

    def _ask(self, names: Any, where: Any, also: Any, ranges: Any, only: int | None) -> _Question:
        try:
            return _Question(self, bindings(names or {}), bindings(also or {}), where, ranges, only)
        except (UnreadableError, UnboundError, ValueError) as error:
            raise type(error)(f"{self.label}: {error}") from None

    def _truth(self, reading: Reading, chain: Node, within: float) -> bool:
        """Tell whether a premise holds; equations up to rounding."""
        _, sides, relations, _ = chain.parts
        values = [reading.value(side) for side in sides]
        for a, relation, b in zip(values, relations, values[1:], strict=False):
            if relation == "=" and not numbers.is_symbolic(a) and not numbers.is_symbolic(b):
                good = bool(np.max(np.abs(np.asarray(difference(a, b, self.label), dtype=float))) <= within)
            else:
                from fysstk_book.printed.value import compare

                good = bool(np.all(compare(a, relation, b)))
            if not good:
                return False
        return True

    def _check(
        self,
        k: int,
        statement: Statement,
        reading: Reading,
        question: _Question,
        after: Mapping[str, Any] | None,
        within: float,
        approx: float | None,
    ) -> None:
        """Compare the sides of one statement with each other."""
        sides, relations = statement.sides, statement.relations
        first = reading
        if relations[0] == r"\leftarrow":
            if after is None:
                raise ValueError(f"{self.label}: what stands left of the arrow needs after={{...}}")
            first = replace(reading, names=[*question.after(after), *reading.names], known={})
        values = [first.value(sides[0]), *map(reading.value, sides[1:])]
        self.read |= {(k, n) for n in range(len(sides))}
        for n, relation in enumerate(relations):
            a, b = values[n], values[n + 1]
            what = f"{self.label}: {sides[n]} {relation} {sides[n + 1]}{reading._here()}"
            tolerance = _tolerance(relation, sides[n], sides[n + 1], b, reading, within, approx, what)
            _compare(a, relation, b, tolerance, what, self.record)


class _Question:
    """A formula together with what a test gives it."""

    def __init__(
        self,
        formula: Formula,
        names: list[Binding],
        also: list[Binding],
        where: Sequence[str],
        ranges: dict[str, Any],
        only: int | None,
    ) -> None:
        self.formula, self.names = formula, names
        self.given = dict(ranges)
        taken = {b.node for b in names}
        everything = [*names, *(b for b in also if b.node not in taken)]
        outside = formula._definitions(where)
        self.ranges, local, claims = self._sort(everything, outside)
        symbolic = any(_holds_symbols(b.value) for b in everything) or any(
            isinstance(v, sp.Basic) for r in ranges.values() if isinstance(r, list | tuple) for v in r
        )
        self.reading = Reading(everything, [*local.values(), *outside], {**self.given}, symbolic=symbolic)
        self.local = local
        self.claims = [(k, s) for k, s in claims if only is None or k == only]
        self.only = only
        self.used_ranges: set[str] = set()

    def _sort(self, names: list[Binding], outside: list[Definition]) -> Any:
        """Tell ranges and definitions from claims, by what the test and other definitions know."""
        ranges: dict[int, dict[str, list[Any]]] = {}
        local: dict[int, Definition] = {}
        claims = []
        known = {_kind(n) for n in [*(b.node for b in names), *(d.node for d in outside)]}
        for k, statement in enumerate(self.formula.statements):
            name = _defines(statement)
            if not statement.relations:
                continue
            if name is None or _is_known(name[0], known):
                claims.append((k, statement))
            elif statement.sides[-1].kind == "list" and is_letter(name[0]):
                ranges[k] = {}  # evaluated with the indices
            elif letter_of(name[0]) not in self.given:
                local[k] = Definition(name[0], name[1], statement.sides[1:])
                known.add(name[0])
            else:
                claims.append((k, statement))
        return ranges, local, claims

    def after(self, names: Mapping[str, Any]) -> list[Binding]:
        return bindings(names)

    def cases(self, statement: Statement, everything: bool = False) -> Iterator[Reading]:
        """Yield a reading for each choice of the indices that the formula allows."""
        free = free_letters(statement.chain).union(*map(free_letters, statement.premise))
        everywhere = [n for tree in (statement.chain, *statement.premise) for n in walk(tree)]
        free |= {name for name in self.given if name.startswith("\\") and single(name) in everywhere}
        printed, conditions = self._printed_ranges(statement)
        reading = self.reading
        mine = {k: v for k, v in {**self.given, **printed}.items() if k in free}
        sums = {letter(n) for n in walk(statement.chain) if n.kind == "name" and n.parts[2] is None}
        self.used_ranges |= set(mine) | (sums & set(self.given))
        for definition in reading.definitions:
            for side in definition.sides:
                self.used_ranges |= {letter(n) for n in walk(side) if n.kind == "name" and n.parts[2] is None}
        for indices in product_of_ranges(list(mine), mine, {}):
            case = reading.inside(**indices)
            if all(bool(np.all(self._condition(case, c))) for c in conditions):
                yield case

    def _condition(self, reading: Reading, chain: Node) -> Any:
        truth = reading.holds(Node("chains", (chain,)))
        if isinstance(truth, sp.Basic) and truth not in (sp.true, sp.false):
            raise UnboundError(f"{self.formula.label}: the test's symbols do not say whether {chain}")
        return truth

    def _printed_ranges(self, statement: Statement) -> tuple[dict[str, Any], list[Node]]:
        """Return the ranges that the page prints for indices, and its other conditions."""
        ranges: dict[str, Any] = {}
        conditions = []
        chains = [*statement.conditions]
        chains += [s.chain for k, s in enumerate(self.formula.statements) if k in self.ranges]
        known = {_kind(b.node) for b in self.reading.names}
        for chain in chains:
            _, sides, relations, _ = chain.parts
            if relations == ("=",) and is_letter(sides[0]) and _kind(sides[0]) not in known:
                name = letter(sides[0])
                values = _as_range(sides[1], self.reading)
                if name in self.given and not callable(self.given[name]):
                    given = list(self.given[name])
                    values = [v for v in values if v in given]
                ranges[name] = values
            elif relations:
                conditions.append(chain)
        return ranges, conditions

    def finish(self) -> None:
        """Refuse names and indices that the formula does not print, and definitions that nothing uses."""
        label, used = self.formula.label, self.reading.used
        printed = {b.key for b in self.names} & used
        for k, definition in self.local.items():
            if str(definition.node) in used:
                self.formula.read |= {(k, n) for n in range(len(self.formula.statements[k].sides))}
            elif self.only is None:
                raise UnboundError(
                    f"{label}: {definition.node} has no value, and nothing uses its definition"
                )
        for k in self.ranges:
            self.formula.read |= {(k, n) for n in range(len(self.formula.statements[k].sides))}
        if not self.formula.strict:
            return
        if stray := [b.key for b in self.names if b.key not in printed]:
            raise ValueError(f"{label} does not use {', '.join(stray)}")
        if stray := [name for name in self.given if name not in self.used_ranges]:
            raise ValueError(f"{label} has no open index {', '.join(stray)}")


def definitions(*trees: Node) -> list[Definition]:
    r"""Return what printed definitions say: of ``a_1 = \sigma(z_1)`` the name and the sides after it."""
    found = []
    for tree in trees:
        for statement in _statements(tree):
            name = _defines(statement)
            if name is not None and not (statement.sides[-1].kind == "list" and is_letter(name[0])):
                found.append(Definition(name[0], name[1], statement.sides[1:]))
    return found


def _statements(tree: Node) -> Iterator[Statement]:
    found: list[Statement] = []
    everywhere: list[Node] = []
    for clause in tree.parts:
        if clause.kind == "words":
            continue
        if clause.kind == "implies":
            found += list(_implication(clause))
            continue
        for chain in clause.parts:
            words, sides, relations, _ = chain.parts
            if any(word.startswith("usually") for word in words):
                continue
            if not relations and sides[0].kind == "group" and sides[0].parts[1].kind == "chains":
                inner = sides[0].parts[1].parts
                if found and not any(c.parts[0][:1] == ("usually",) for c in inner):
                    found[-1] = replace(found[-1], conditions=(*found[-1].conditions, *inner))
            elif words and words[0].split()[0] in CONDITION and _defined_by(chain) is None:
                everywhere.append(chain)
            elif relations or sides[-1].kind == "cases":
                found += list(_by_case(Statement(chain)))
            else:  # a side alone, which a test reads with value
                found.append(Statement(chain))
    everywhere = [c for c in everywhere if c.parts[2]]
    yield from (replace(s, conditions=(*s.conditions, *everywhere)) for s in found)


def _implication(clause: Node) -> Iterator[Statement]:
    r"""Yield the statements of ``A \Longrightarrow B``; where A only defines a name, B follows from it."""
    (first, arrow, *rest) = clause.parts
    if len(rest) != 1:
        raise UnreadableError(f"more than one arrow in {clause}")
    both = arrow == r"\Longleftrightarrow"
    if not both:
        for chain in first.parts:
            yield Statement(chain)
    for chain in rest[0].parts:
        yield Statement(chain, premise=first.parts, both_ways=both)


def _by_case(statement: Statement) -> Iterator[Statement]:
    r"""Make one statement of each case that says more than a value: ``4\ln2 = 2.773`` if m = 4."""
    _, sides, relations, after = statement.chain.parts
    last = sides[-1]
    if last.kind != "cases" or all(row.parts[0].kind != "chains" for row in last.parts):
        yield statement
        return
    for row in last.parts:
        value, condition = row.parts
        chain = value.parts[0] if value.kind == "chains" else Node("chain", ((), (value,), (), ()))
        inside = condition if condition.kind == "chains" else condition.parts[1]
        joined = Node("chain", ((), (*sides[:-1], *chain.parts[1]), (*relations, *chain.parts[2]), after))
        yield replace(statement, chain=joined, conditions=(*statement.conditions, *inside.parts))


def _defines(statement: Statement) -> tuple[Node, tuple[Node, ...]] | None:
    """Return the name that a statement may define, and its arguments."""
    if statement.premise:
        return None
    return _defined_by(statement.chain)


def _defined_by(chain: Node) -> tuple[Node, tuple[Node, ...]] | None:
    _, sides, relations, _ = chain.parts
    if not relations or relations[0] != "=":
        return None
    left = sides[0]
    if left.kind in ("name", "slope"):
        return left, ()
    if left.kind == "juxt" and len(left.parts) == 2:
        name, group = left.parts
        if name.kind == "name" and group.kind == "group" and group.parts[0] == "(":
            inside = group.parts[1]
            arguments = inside.parts if inside.kind == "list" else (inside,)
            if all(a.kind == "name" for a in arguments):
                return name, arguments
    return None


def _kind(node: Node, digits: bool = False) -> Any:
    """Return what two names share if one binding could serve both; the 12 of w_{12} may be two indices."""
    bare, low, _ = corners(node)
    counts = []
    for index in map(elements, low):
        number = digits and len(index) == 1 and index[0].kind == "number"
        counts.append(len(index[0].parts[0]) if number else len(index))
    return bare, tuple(counts)


def _is_known(node: Node, known: set[Any]) -> bool:
    """Tell whether a name has a value, or a derivative can be taken."""
    if _kind(node) in known or node in known or _kind(node, digits=True) in known:
        return True
    if node.kind == "name" and node.parts[1]:  # f' can be taken of f
        return _is_known(Node("name", (node.parts[0], 0, *node.parts[2:])), known)
    return node.kind == "slope" and all(n is not None and _is_known(n, known) for n in node.parts[2:])


def letter_of(node: Node) -> str:
    return letter(node) if node.kind == "name" and node.parts[2] is None else ""


def _as_range(node: Node, reading: Reading) -> list[Any]:
    return list(reading.spelled_out(node))


def _holds_symbols(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_holds_symbols, value))
    if isinstance(value, Mapping):
        return any(map(_holds_symbols, value.values()))
    if hasattr(value, "values") and not callable(value.values):  # counted from 1
        return _holds_symbols(value.values)
    return isinstance(value, sp.MatrixBase) or numbers.is_symbolic(value)


def difference(a: Any, b: Any, what: str) -> Any:
    """Return a - b; a column or row with one index is the same as a list, and 0 is every zero."""
    a, b = (v.values if hasattr(v, "values") and not callable(v.values) else v for v in (a, b))
    if callable(a) or callable(b):
        raise TypeError(f"{what}: a function is compared with a value")
    a, b = numbers.meet(a, b)
    if np.shape(a) != np.shape(b):
        if np.ndim(a) == 2 and np.ndim(b) == 1 and 1 in np.shape(a):
            a = np.ravel(a)
        elif np.ndim(b) == 2 and np.ndim(a) == 1 and 1 in np.shape(b):
            b = np.ravel(b)
        elif np.size(a) == 1 == np.size(b):
            a, b = np.ravel(a)[0], np.ravel(b)[0]
        zero = any(np.ndim(v) == 0 and isinstance(v, int | float) and v == 0 for v in (a, b))
        samples = isinstance(a, numbers.Samples) or isinstance(b, numbers.Samples)
        if np.shape(a) != np.shape(b) and not zero and not samples:
            raise ShapesError(f"{what}: shapes {np.shape(a)} and {np.shape(b)}")
    return numbers.add(a, -b)


def _tolerance(
    relation: str,
    left: Node,
    right: Node,
    value: Any,
    reading: Reading,
    within: float,
    approx: float | None,
    what: str,
) -> float:
    """Return how far two sides may be apart: half a unit of the last digit where one is a rounded number."""
    near = relation in (r"\approx", r"\sim", r"\to")
    if near and approx is not None:
        return approx
    if relation not in ("=", r"\ne") and not near:
        return within
    decimal = any(n.kind == "number" and "." in n.parts[0] for n in walk(right))
    bare = not any(n.kind in ("name", "slope") for n in walk(right))
    if (near and decimal) or (decimal and bare) or (near and bare and len(str(right)) > 1):
        ends = [
            replace(reading, rounding=r, whole_numbers=not decimal, known={}).value(right) for r in (-1, 1)
        ]
        spread = max(float(np.max(np.abs(np.asarray(numbers.add(end, -value), dtype=float)))) for end in ends)
        return spread * (1 + 1e-9) + (within if decimal else 0.0)
    if near:
        raise ValueError(f"{what} is an approximation: say how good with approx=...")
    return within


def _compare(
    a: Any, relation: str, b: Any, tolerance: float, what: str, record: Callable[[Any], None] | None
) -> None:
    if relation == r"\in":
        assert a in b, f"{what} does not hold"
        return
    residual = difference(a, b, what)
    if numbers.is_symbolic(residual):
        _compare_symbols(residual, relation, tolerance, what, record)
        return
    gap = np.asarray(residual, dtype=complex if np.iscomplexobj(residual) else float)
    if relation in ("=", r"\approx", r"\sim", r"\to", r"\leftarrow"):
        error = float(np.max(np.abs(gap), initial=0.0))
        good = error <= tolerance
    elif relation == r"\ne":
        error, good = 0.0, bool(np.any(np.abs(gap) > tolerance))
    else:
        sign = 1 if relation in ("<", r"\leq") else -1
        error = float(np.max(sign * gap, initial=-np.inf))
        good = error < -ROUNDING * _size(a, b) if relation in "<>" else error <= tolerance
        error = max(error, 0.0)
    if record:
        record(error)
    assert good, f"{what} does not hold: {_short(a)} and {_short(b)}, which is {error:.3g} too far"


def _size(*values: Any) -> float:
    """Return how large the largest finite entry is."""
    sizes = np.abs(np.concatenate([np.ravel(np.asarray(v, dtype=float)) for v in values]))
    return float(np.max(sizes[np.isfinite(sizes)], initial=0.0))


def _compare_symbols(residual: Any, relation: str, tolerance: float, what: str, record: Any) -> None:
    for entry in np.ravel(np.asarray(residual, dtype=object)):
        entry = sp.sympify(entry)
        if relation in ("=", r"\leftarrow", r"\to", r"\approx"):
            rest = _simplest(entry)
            if relation == "=" or not rest.is_number:
                assert rest == 0 or isinstance(rest, sp.Order), f"{what} does not hold: {rest} is left over"
                error: Any = 0
            else:
                error = abs(complex(rest))
                assert error <= tolerance, f"{what} does not hold: {error:.3g} is left over"
        else:
            kind = {"<": sp.Lt, ">": sp.Gt, r"\leq": sp.Le, r"\geq": sp.Ge, r"\ne": sp.Ne}[relation]
            truth = sp.simplify(kind(sp.simplify(entry), 0))
            assert truth == sp.true, f"{what}: SymPy finds {truth}"
            error = 0
        if record:
            record(error)


def _simplest(entry: Any) -> Any:
    order = entry.getO()
    if order is not None:
        return order if order.contains(entry.removeO()) else entry
    for attempt in (
        sp.expand,
        lambda e: sp.expand(e.doit()),
        lambda e: sp.simplify(e.doit()),
        lambda e: sp.simplify(sp.expand(e.rewrite(sp.exp))),
    ):
        rest = attempt(entry)
        if rest == 0 or isinstance(rest, sp.Order):
            return rest
    if rest.is_number and rest.equals(0):
        return sp.Integer(0)
    return rest


def _short(value: Any) -> str:
    return np.array2string(np.asarray(value), precision=6, threshold=12).replace("\n", " ")
