"""Gives a parsed formula its value: numbers, arrays or SymPy expressions, as the test's values are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from fysstk_book.printed import numbers
from fysstk_book.printed.names import (
    Binding,
    FromOne,
    UnboundError,
    corners,
    elements,
    fit,
    is_letter,
    letter,
    look_up,
    single,
)
from fysstk_book.printed.numbers import FUNCTIONS, Samples, add, divide, is_integer, multiply, norm, power
from fysstk_book.printed.tidy import UnreadableError
from fysstk_book.printed.tree import Node, walk

__all__ = ["Definition", "Reading", "compare"]

NEAR = 1e-9  # of what it tends to
STEP = 6e-6  # of central differences: the cube root of the rounding error


@dataclass(frozen=True)
class Definition:
    """What a page defines: a name, perhaps with arguments, and the sides that say what it is."""

    node: Node
    arguments: tuple[Node, ...]
    sides: tuple[Node, ...]


@dataclass
class Reading:
    """What is known while a formula is evaluated.

    Parameters
    ----------
    names : list of Binding
        What the test binds.
    definitions : list of Definition
        Printed definitions, for names that the test does not bind.
    ranges : dict
        For each index letter the values that sums without printed bounds run over, or a function of other
        indices that returns them.
    indices : dict
        The values of index letters here.
    rounding : -1, 0 or 1
        Reads rounded numbers at the lower end of what rounds to them, as printed, or at the upper end.
    whole_numbers : bool
        Takes integers for rounded as well, except in powers.
    """

    names: list[Binding]
    definitions: list[Definition] = field(default_factory=list)
    ranges: Mapping[str, Any] = field(default_factory=dict)
    indices: dict[str, Any] = field(default_factory=dict)
    rounding: int = 0
    whole_numbers: bool = False
    symbolic: bool = False
    used: set[str] = field(default_factory=set)
    moved: dict[Any, Any] = field(default_factory=dict)
    known: dict[Any, Any] = field(default_factory=dict)

    def inside(self, **indices: Any) -> Reading:
        """Return this reading with more indices."""
        return replace(self, indices={**self.indices, **indices})

    def value(self, node: Node) -> Any:
        """Return the value of a node."""
        method: Callable[[Node], Any] = getattr(self, f"_{node.kind}", self._unreadable)
        return method(node)

    def _unreadable(self, node: Node) -> Any:
        raise UnreadableError(f"{node} has no value: it is a {node.kind}")

    # numbers and signs

    def _number(self, node: Node) -> Any:
        text = node.parts[0]
        if "." not in text and not (self.rounding and self.whole_numbers):
            return int(text)
        return numbers.whole(Fraction(text) + self.rounding * half_a_unit(text))

    def _signed(self, node: Node) -> Any:
        sign, inside = node.parts
        value = self.value(inside)
        return numbers.whole(-value) if sign == "-" else value

    def _add(self, node: Node) -> Any:
        sign, left, right = node.parts
        a, b = self.value(left), self.value(right)
        return add(a, -b if sign == "-" else b)

    def _multiply(self, node: Node) -> Any:
        sign, left, right = node.parts
        a, b = self.value(left), self.value(right)
        return divide(a, b) if sign == "/" else multiply(a, b, sign)

    def _frac(self, node: Node) -> Any:
        return divide(*map(self.value, node.parts))

    def _sqrt(self, node: Node) -> Any:
        value = self.value(node.parts[0])
        return sp.sqrt(value) if self.symbolic and numbers.exact(value) else numbers.SQRT(value)

    # factors side by side

    def _juxt(self, node: Node) -> Any:
        factors = list(node.parts)
        result = None
        while factors:
            value = self._next(factors)
            result = value if result is None else multiply(result, value)
        return result

    def _next(self, factors: list[Node]) -> Any:
        """Take one factor off the list, with its argument if it is a function, and return its value."""
        first = factors.pop(0)
        if first.kind == "slope" and first.parts[2] is None:
            return self._differentiate(self._take_all(factors, first), first.parts[3], first.parts[1])
        value, exponent = self._function_or_value(first)
        if not callable(value):
            return value
        while callable(value):
            group = factors[0] if factors else None
            inner, low, high = _argument(group)
            if first.parts[0] == r"\operatorname{diag}" and inner is not None:
                factors.pop(0)
                value = self._diagonal(inner.parts[1])
            elif inner is not None:
                factors.pop(0)
                value = plain_value(value(*self._arguments(_items(inner.parts[1]))))
                value = self._scripted(value, low, high)
            elif is_operator(first):
                value = value(self._argument_without_brackets(factors, first))
            elif group is None:
                return value  # a function itself, as in F \circ G
            else:
                raise UnreadableError(f"{first} is a function here, and {group} is no argument in brackets")
        return value if exponent is None else power(value, self.value(exponent))

    def _arguments(self, items: tuple[Node, ...]) -> Iterator[Any]:
        r"""Yield the arguments of a function; ``x_1, \dots, x_n`` are all that are numbered between them."""
        for place, item in enumerate(items):
            if item.kind != "dots":
                if place == 0 or items[place - 1].kind != "dots":
                    yield self.value(item)
                continue
            first, last = items[place - 1], items[place + 1]
            if first.kind != "name" or last.kind != "name" or None in (first.parts[2], last.parts[2]):
                raise UnreadableError(f"dots between {first} and {last}")
            start, end = (int(self.value(n.parts[2])) for n in (first, last))
            for i in range(start + 1, end + 1):
                number = Node("number", (str(i),))
                yield self.value(Node("name", (*first.parts[:2], number, first.parts[3])))

    def _diagonal(self, inside: Node) -> Any:
        """Return the matrix of ``diag(p_i)``, where i runs over the test's range."""
        letters = [
            name for name in sorted(free_letters(inside)) if name not in self.indices and name in self.ranges
        ]
        if not letters:
            return np.diag(np.asarray(self.value(inside)))
        runs = product_of_ranges(letters, self.ranges, self.indices)
        return np.diag(vector([self.inside(**indices).value(inside) for indices in runs]))

    def _take_all(self, factors: list[Node], first: Node) -> Node:
        if not factors:
            raise UnreadableError(f"nothing follows {first}")
        rest = factors[0] if len(factors) == 1 else Node("juxt", tuple(factors))
        factors.clear()
        return rest

    def _argument_without_brackets(self, factors: list[Node], first: Node) -> Any:
        r"""Return the value of all factors up to the next function: ``\cos t \sin t`` is a product."""
        taken: list[Node] = []
        while factors and not (taken and is_operator(factors[0])):
            taken.append(factors.pop(0))
        return self.value(self._take_all(taken, first))

    def _function_or_value(self, node: Node) -> tuple[Any, Node | None]:
        """Return a factor's value; of a function, also the power that its result is raised to."""
        if node.kind != "name":
            return self.value(node), None
        value, left_over = self._named(node)
        if callable(value) and left_over is not None:
            return value, left_over
        return (value if left_over is None else self._raised(value, left_over)), None

    # names

    def _name(self, node: Node) -> Any:
        value, left_over = self._named(node)
        return value if left_over is None else self._raised(value, left_over)

    def _named(self, node: Node) -> tuple[Any, Node | None]:
        """Return the value of a name, and the upper index that is a power."""
        base, primes, low, high = node.parts
        index = letter(node)
        if index in self.indices:
            if low is None:
                return self.indices[index], high
            if np.ndim(self.indices[index]):  # in a sum over masks m, m_j is an entry of m
                return self._scripted(self.indices[index], low, None), high
        found = self._bound(node)
        if found is not None:
            return found
        if primes:
            function, left_over = self._named(Node("name", (base, 0, low, high)))
            if not callable(function):
                raise UnboundError(
                    f"{node} has no value, and {base} is no function that one could differentiate"
                )
            return slope_of(function, primes), left_over
        if low is None:
            if base in FUNCTIONS:
                return self._exactly(base), high
            if base == "e":
                return (sp.E if self.symbolic else float(np.e)), high
            if base == r"\pi":
                return (sp.pi if self.symbolic else float(np.pi)), high
            if base == r"\infty":
                return (sp.oo if self.symbolic else np.inf), high
        raise UnboundError(f"{node} has no value: bind it{self._here()}")

    def _exactly(self, base: str) -> Callable[..., Any]:
        """Return a function that, where the test computes in symbols, leaves the logarithm of 2 as it is."""
        function = FUNCTIONS[base]
        if not self.symbolic or base in (r"\max", r"\min"):
            return function
        return lambda *values: function(*(sp.sympify(v) if numbers.exact(v) else v for v in values))

    def _here(self) -> str:
        return f" (at {self.indices})" if self.indices else ""

    def _bound(self, node: Node) -> tuple[Any, Node | None] | None:
        """Return what the test or a definition gives to a name: first to the very name."""
        exponent = node.parts[3] if node.kind == "name" else None
        plain = None if exponent is None else Node("name", (*node.parts[:3], None))
        candidates: list[tuple[Any, Binding | Definition, Any]] = []
        sources: list[Binding | Definition] = [*self.names, *self.definitions]
        for source in sources:
            if not _is_akin(source.node, node):
                continue
            matched = self._fit(source.node, node)
            if matched is None and source.node == plain and isinstance(source, Binding):
                matched = {}, exponent
            if matched is not None:
                rank = _rank(source.node, matched), isinstance(source, Definition)
                candidates.append((rank, source, matched))
        for _, source, (letters, left_over) in sorted(candidates, key=lambda c: c[0]):
            here = self._place(node, left_over) if self.moved or isinstance(source, Definition) else None
            if here in self.moved:
                return self.moved[here], left_over
            if isinstance(source, Definition):
                return self._defined(source, letters, here), left_over
            self.used.add(source.key)
            return plain_value(look_up(source.value, letters, source.key)), left_over
        return None

    def _fit(self, key: Node, node: Node) -> Any:
        """Match a name with a key; where its indices have no values, only with the very same key."""
        if not _is_akin(key, node):
            return None
        try:
            matched = fit(key, node, self.value)
        except UnboundError:
            if key != node:
                raise
            matched = None
        if key == node and not (
            matched and all(is_integer(v) or name in self.indices for name, v in matched[0].items())
        ):
            return {}, None
        return matched

    def _place(self, node: Node, left_over: Node | None) -> Any:
        """Return what says which quantity a name is, with its indices as numbers."""
        indices: list[Any] = []
        for corner in _corners_of(node):
            if corner is None or corner is left_over:
                indices.append(None)
            else:
                indices.append(tuple(self._index(e) for e in self._apart(node, elements(corner))))
        return _bare(node), tuple(indices)

    def _apart(self, node: Node, index: tuple[Node, ...]) -> tuple[Node, ...]:
        """Take the 12 of w_{12} for two indices if w_{ij} is known, and for one if w_i is."""
        if len(index) != 1 or index[0].kind != "number":
            return index
        digits = index[0].parts[0]
        known = (*(b.node for b in self.names), *(d.node for d in self.definitions))
        lengths = {len(elements(c)) for n in known if _bare(n) == _bare(node) for c in _corners_of(n) if c}
        return tuple(Node("number", (d,)) for d in digits) if len(digits) in lengths - {1} else index

    def _index(self, element: Node) -> Any:
        try:
            value = self.value(element)
        except (UnboundError, UnreadableError):
            return element
        if np.ndim(value):  # a mask
            return tuple(np.ravel(value))
        return int(value) if is_integer(value) else element

    def _defined(self, source: Definition, letters: Mapping[str, Any], here: Any) -> Any:
        """Evaluate a printed definition; of several sides, the first for which all names have values."""
        self.used.add(str(source.node))
        if here in self.known:
            return self.known[here]
        missing: UnboundError | None = None
        for side in source.sides:
            reading = replace(self, indices=dict(letters))
            try:
                if source.arguments:
                    return reading._function(source.arguments, side)
                value = reading.value(side)
            except UnboundError as error:
                missing = missing or error
                continue
            self.known[here] = value
            return value
        raise missing or UnboundError(f"{source.node} is defined by nothing")

    def _function(self, arguments: Sequence[Node], side: Node) -> Callable[..., Any]:
        def function(*values: Any) -> Any:
            if len(values) != len(arguments):
                raise TypeError(f"{len(values)} arguments for {', '.join(map(str, arguments))}")
            own = {self._place(a, None) for a in arguments}
            moved = {place: v for place, v in self.moved.items() if place not in own}
            extra = [Binding(str(a), a, v) for a, v in zip(arguments, values, strict=True)]
            symbolic = self.symbolic or any(map(numbers.is_symbolic, values))
            reading = replace(self, moved=moved, names=[*extra, *self.names], known={}, symbolic=symbolic)
            return reading.value(side)

        return function

    # derivatives

    def _slope(self, node: Node) -> Any:
        found = self._bound(node)
        if found is not None:
            return found[0]
        _sign, order, above, below = node.parts
        if above is None:
            raise UnreadableError(f"nothing follows {node}")
        return self._differentiate(above, below, order)

    def _differentiate(self, above: Node, below: Node, order: int) -> Any:
        """Differentiate by SymPy where the variable is a symbol, else by central differences."""
        place = self._place(below, None)
        try:
            at = self.value(below)
        except UnboundError:
            at = sp.Dummy(str(below), real=True)
            return self._moved(place, below, at, above, symbolic=True).diff(at, order)
        if isinstance(at, sp.Basic):
            variable = sp.Dummy(str(below), real=True) if not at.is_Symbol or self._follows(below) else at
            moved = self._moved(place, below, variable, above, symbolic=True)
            return sp.diff(moved, variable, order).subs(variable, at)
        if is_symbolic_array(at):
            return np.vectorize(lambda x: sp.diff(self.value(above), x, order), otypes=[object])(at)
        if order > 1:
            return second_difference(lambda x: self._moved(place, below, x, above), at)
        return central(lambda x: self._moved(place, below, x, above), at)

    def _follows(self, below: Node) -> bool:
        return any(self._fit(d.node, below) is not None for d in self.definitions)

    def _moved(self, place: Any, below: Node, value: Any, above: Node, symbolic: bool = False) -> Any:
        """Evaluate what is differentiated with another value of the variable."""
        names = self.names
        if below.kind == "name" and self._bound_or_none(below) is None:
            names = [Binding(str(below), below, value), *names]
        reading = replace(
            self,
            moved={**self.moved, place: value},
            names=names,
            known={},
            symbolic=self.symbolic or symbolic,
        )
        if is_letter(below) and letter(below) in self.indices:
            reading = reading.inside(**{letter(below): value})
        result = reading.value(above)
        while callable(result):  # C(x; w, b) is differentiated as it is printed, by w
            source = next(d for d in self.definitions if self._fit(d.node, above) is not None)
            result = reading.value(source.sides[0])
        return sp.sympify(result) if symbolic and numbers.exact(result) else result

    def _bound_or_none(self, node: Node) -> Any:
        return self._bound(node)

    # brackets and indices of brackets

    def _group(self, node: Node) -> Any:
        opening, inside = node.parts
        if inside.kind == "chains":
            if opening == "[":
                return int(bool(self.holds(inside)))
            raise UnreadableError(f"{node} holds a relation, and has no value")
        if opening in (r"\lvert", r"\lVert"):
            return norm(self.value(inside))
        if opening == r"\lfloor":
            return numbers.FLOOR(self.value(inside))
        return self.value(inside)

    def _list(self, node: Node) -> Any:
        if any(item.kind == "dots" for item in node.parts):
            return vector(list(self.spelled_out(node)))
        return vector([self.value(item) for item in node.parts])

    def spelled_out(self, node: Node) -> Iterator[Any]:
        r"""Yield the values of a list, with what its dots stand for: ``L-1, \dots, 1``."""
        items = node.parts if node.kind == "list" else (node,)
        values: list[Any] = [None if item.kind == "dots" else self.value(item) for item in items]
        for place, value in enumerate(values):
            if value is not None:
                yield value
                continue
            if place == 0 or place + 1 >= len(values) or values[place + 1] is None:
                raise UnreadableError(f"dots at the end of {node}")
            start, end = values[place - 1], values[place + 1]
            if not is_integer(start) or not is_integer(end):
                raise UnreadableError(f"the dots of {node} stand between {start} and {end}")
            step = 1 if end >= start else -1
            if place >= 2 and values[place - 2] is not None:
                step = int(start - values[place - 2])
            yield from range(int(start) + step, int(end), step)

    def _scripts(self, node: Node) -> Any:
        found = self._bound(node)
        if found is not None:
            return found[0]
        inner, primes, low, high = node.parts
        if high is not None:
            found = self._bound(Node("scripts", (inner, primes, low, None)))
            if found is not None:
                return self._raised(found[0], high)
        if inner.kind == "group" and inner.parts[0] == r"\langle":
            return self._at(inner.parts[1], low)
        exactly = replace(self, rounding=0) if inner.kind == "number" else self
        value = exactly.value(inner)
        if primes:
            value = slope_of(value, primes)
        return exactly._scripted(value, low, high)

    def _at(self, inside: Node, point: Node | None) -> Any:
        r"""Return the value of ``\left. ... \right|_{t=0}``."""
        if point is None or point.kind != "chains":
            raise UnreadableError(f"the place at which {inside} is taken")
        (_, (name, to), relations, _), *_ = (chain.parts for chain in point.parts)
        if relations != ("=",):
            raise UnreadableError(f"{point} says no place")
        symbol = sp.Dummy(str(name), real=True)
        known = self._bound_or_none(name)
        if known is not None and isinstance(known[0], sp.Symbol):
            return sp.sympify(self.value(inside)).subs(known[0], self.value(to))
        moved = self._moved(self._place(name, None), name, symbol, inside, symbolic=True)
        return sp.sympify(moved).subs(symbol, self.value(to))

    def _scripted(self, value: Any, low: Node | None, high: Node | None) -> Any:
        if low is not None:
            for element in elements(low):
                place = element_number(self.value(element))
                if place >= len(value):
                    raise UnboundError(f"there is no entry {place + 1} of {len(value)}{self._here()}")
                value = value[place]
        return value if high is None else self._raised(value, high)

    def _raised(self, value: Any, high: Node) -> Any:
        """Raise to a power; T transposes and + is the pseudo-inverse."""
        if isinstance(value, float) and value == np.e:
            return FUNCTIONS[r"\exp"](self.value(high))
        if high.kind == "mark":
            if high.parts[0] == "+":
                return pseudo_inverse(value)
            raise UnboundError(f"{value} with {high}: bind the name together with its mark")
        if high == single("T") and "T" not in self.indices and self._bound_or_none(high) is None:
            return np.transpose(value)
        return power(value, self.value(high))

    # sums, products, limits

    def _big(self, node: Node) -> Any:
        operator, low, high, body = node.parts
        if operator == r"\lim":
            return self._limit(low, body)
        if operator == r"\int":
            return self._integral(low, high, body)
        if low is None:
            return np.sum(self.value(body))
        result: Any = None
        for indices in self._runs(low, high):
            value = self.inside(**indices).value(body)
            result = value if result is None else COMBINE[operator](result, value)
        if result is None:
            if operator not in NOTHING:
                raise ValueError(f"{node} runs over nothing")
            return NOTHING[operator]
        return result

    def _count(self, node: Node) -> Any:
        """Return how many indices satisfy a relation."""
        letters = sorted(counted_letters(node))
        runs = product_of_ranges(letters, self.ranges, self.indices)
        return sum(bool(self.inside(**indices).holds(node.parts[0])) for indices in runs)

    def _runs(self, low: Node, high: Node | None) -> Iterator[dict[str, Any]]:
        """Yield the indices under a sum: i = 1, or i with the test's range, or i with a condition."""
        if low.kind != "chains":
            yield from self._over([letter(e) for e in elements(low)], ())
            return
        first, *conditions = low.parts
        _, sides, relations, _ = first.parts
        if high is not None and relations == ("=",) and len(sides) == 2:
            start, end = self.value(sides[1]), self.value(high)
            if not is_integer(start) or not is_integer(end):
                raise UnboundError(f"the sum runs from {start} to {end}")
            yield from ({letter(sides[0]): i} for i in range(int(start), int(end) + 1))
        elif (
            relations == (r"\in",)
            and is_letter(sides[0])
            and not conditions
            and letter(sides[0]) not in self.ranges
        ):
            yield from ({letter(sides[0]): i} for i in self.value(sides[1]))
        else:
            index = sides[0] if is_letter(sides[0]) else sides[0].parts[2]
            yield from self._over(
                [letter(e) for e in elements(index)], (first, *conditions) if relations else conditions
            )

    def _over(self, letters: list[str], conditions: Sequence[Node]) -> Iterator[dict[str, Any]]:
        for indices in product_of_ranges(letters, {**self.ranges}, self.indices):
            reading = self.inside(**indices)
            if all(reading.holds(Node("chains", (condition,))) for condition in conditions):
                yield {name: indices[name] for name in letters}

    def _limit(self, low: Node, body: Node) -> Any:
        (_, (variable, to), _, _), *_ = (chain.parts for chain in low.parts)
        side = "+-"
        if to.kind in ("scripts", "name") and to.parts[3] is not None and to.parts[3].kind == "mark":
            side, to = to.parts[3].parts[0], to.parts[0]
        point = sp.sympify(replace(self, symbolic=True).value(to))
        place, distance = self._place(variable, None), sp.Dummy("h", positive=True)
        if point.is_infinite:
            return sp.limit(self._moved(place, variable, distance, body, symbolic=True), distance, point)
        left, *right = (  # a positive distance decides on which side of a case one is
            sp.limit(self._moved(place, variable, point + sign * distance, body, symbolic=True), distance, 0)
            for sign in {"+": (1,), "-": (-1,)}.get(side, (-1, 1))
        )
        if right and left != right[0] and sp.simplify(left - right[0]) != 0:
            raise ValueError(f"there is no limit: {left} from the left and {right[0]} from the right")
        return left

    def _integral(self, low: Node | None, high: Node | None, body: Node) -> Any:
        """Return an integral; the last two factors, or the numerator of a fraction, name the variable."""
        below = body.parts[1:] if body.kind == "frac" else ()
        above = body.parts[0] if below else body
        factors = list(above.parts) if above.kind == "juxt" else [above]
        if (
            low is None
            or high is None
            or len(factors) < 2
            or str(factors[-2]) != "d"
            or not is_letter(factors[-1])
        ):
            raise UnreadableError(f"an integral without bounds or without dx: {body}")
        inside, variable = Node("juxt", tuple(factors[:-2]) or (Node("number", ("1",)),)), factors[-1]
        inside = inside.parts[0] if len(inside.parts) == 1 else inside
        inside = Node("frac", (inside, *below)) if below else inside
        a, b = self.value(low), self.value(high)
        if self.symbolic:
            symbol = sp.Dummy(str(variable), real=True)
            return sp.integrate(
                self._moved(self._place(variable, None), variable, symbol, inside), (symbol, a, b)
            )
        from scipy.integrate import quad

        place = self._place(variable, None)
        return quad(lambda x: self._moved(place, variable, x, inside), float(a), float(b), epsabs=1e-12)[0]

    # grids

    def _matrix(self, node: Node) -> Any:
        rows = [row.parts for row in node.parts]
        width = max(map(len, rows))
        empty = Node("number", ("0",))
        cells = [[self.value(c) for c in (*row, *[empty] * (width - len(row)))] for row in rows]
        return vector([vector(row) for row in cells])

    def _cases(self, node: Node) -> Any:
        rows = []
        for row in node.parts:
            if len(row.parts) != 2:
                raise UnreadableError(f"a case needs a value and a condition: {row}")
            value, condition = row.parts
            rows.append((value, self.holds(condition if condition.kind == "chains" else condition.parts[1])))
        if any(isinstance(truth, sp.Basic) and truth not in (sp.true, sp.false) for _, truth in rows):
            return sp.Piecewise(*((self.value(value), truth) for value, truth in rows))
        if any(np.ndim(truth) for _, truth in rows):
            values = [np.asarray(self.value(value), dtype=float) for value, _ in rows]
            shape = np.shape(rows[0][1])
            chosen = np.select([t for _, t in rows], [np.broadcast_to(v, shape) for v in values], np.nan)
            return chosen.view(Samples)
        for value, truth in rows:
            if truth:
                return self.value(value)
        raise ValueError(f"none of the cases of {node} holds{self._here()}")

    # relations

    def holds(self, chains: Node) -> Any:
        """Tell whether relations hold; for arrays or symbols, return theirs."""
        if chains.kind != "chains":
            raise UnreadableError(f"{chains} is no condition")
        truth: Any = True
        for chain in chains.parts:
            _, sides, relations, _ = chain.parts
            if not relations:
                raise UnreadableError(f"{chain} is no condition")
            for left, relation, right in zip(sides, relations, sides[1:], strict=False):
                one = self._relation(left, relation, right)
                truth = one if truth is True else (truth & one)
        return truth

    def _chains(self, node: Node) -> Any:
        """Return the truth of an event, the argument of a probability: P(a < x < b)."""
        return self.holds(node)

    def _relation(self, left: Node, relation: str, right: Node) -> Any:
        if relation == r"\in":
            if right.kind == "group" and right.parts[0] == "[":
                a, b = map(self.value, right.parts[1].parts)
                value = self.value(left)
                return (a <= value) & (value <= b)
            return self.value(left) in self.value(right)
        if relation == "=" and right.kind == "list":
            return any(compare(self.value(left), "=", v) for v in self.spelled_out(right))
        return compare(self.value(left), relation, self.value(right))


COMBINE: dict[str, Callable[[Any, Any], Any]] = {
    r"\sum": add,
    r"\prod": multiply,
    r"\max_": FUNCTIONS[r"\max"],
    r"\min_": FUNCTIONS[r"\min"],
}
NOTHING = {r"\sum": 0, r"\prod": 1}


def compare(a: Any, relation: str, b: Any) -> Any:
    """Tell whether a relation holds exactly; of symbols, return SymPy's relation."""
    a, b = numbers.meet(a, b)
    if numbers.is_symbolic(a) or numbers.is_symbolic(b):
        kind = {"=": sp.Eq, "<": sp.Lt, ">": sp.Gt, r"\leq": sp.Le, r"\geq": sp.Ge, r"\ne": sp.Ne}[relation]
        return kind(a, b)
    if relation == "=":
        return a == b
    if relation == r"\ne":
        return a != b
    if relation == "<":
        return a < b
    if relation == ">":
        return a > b
    if relation == r"\leq":
        return a <= b
    if relation == r"\geq":
        return a >= b
    if relation == r"\to":  # for epsilon \to 0, the test takes a small one
        return abs(a - b) <= NEAR
    raise UnreadableError(f"{relation} is no condition that holds or does not")


def half_a_unit(digits: str) -> Fraction:
    """Return half a unit of the last digit that counts: the 4 of 1.24, and the 7 of 23700."""
    exponent = Decimal(digits).as_tuple().exponent
    assert isinstance(exponent, int)
    if "." not in digits:
        exponent = len(digits) - len(digits.rstrip("0"))
    return Fraction(10) ** exponent / 2


def product_of_ranges(
    letters: Sequence[str], ranges: Mapping[str, Any], known: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield all combinations of the letters' values; a range may be a function of other letters."""
    waiting = list(letters)
    if not waiting:
        yield {}
        return
    for name in waiting:
        values = ranges.get(name)
        if values is None:
            raise UnboundError(f"the index {name} has no range: give {name}=range(...)")
        if callable(values):
            wanted = values.__code__.co_varnames[: values.__code__.co_argcount]
            if not all(w in known for w in wanted):
                continue
            values = values(*(known[w] for w in wanted))
        rest = [other for other in waiting if other != name]
        for value in values if np.iterable(values) else [values]:
            for others in product_of_ranges(rest, ranges, {**known, name: value}):
                yield {name: value, **others}
        return
    raise UnboundError(f"the ranges of {', '.join(waiting)} depend on indices that have no value")


def plain_value(value: Any) -> Any:
    """Return what a test gave as something to compute with."""
    if isinstance(value, FromOne):
        return value.values
    if isinstance(value, sp.MatrixBase):
        array = np.array(value.tolist(), dtype=object)
        return array[:, 0] if array.shape[1] == 1 else array
    if isinstance(value, list | tuple):
        return vector(list(value))
    return bool_to_int(value)


def bool_to_int(value: Any) -> Any:
    if isinstance(value, bool | np.bool_):
        return int(value)
    if isinstance(value, np.integer):
        return int(value)
    return value


def vector(values: list[Any]) -> Any:
    """Return an array of numbers, fractions or expressions."""
    kinds = [np.asarray(v).dtype for v in values]
    if any(kind.hasobject for kind in kinds):
        shape = np.shape(values[0])
        found = np.empty((len(values), *shape), dtype=object)
        for place, value in enumerate(values):
            found[place] = value
        return found
    return np.array(values)


def is_symbolic_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and numbers.is_symbolic(value)


def element_number(index: Any) -> int:
    """Return the place in an array of what the page counts from 1."""
    if not is_integer(index) or index < 1:
        raise UnboundError(f"there is no entry {index}")
    return int(index) - 1


def pseudo_inverse(value: Any) -> Any:
    if numbers.is_symbolic(value) or np.asarray(value).dtype == object:
        return np.array(sp.Matrix(value).pinv().tolist(), dtype=object)
    return np.linalg.pinv(value)


def slope_of(function: Callable[..., Any], order: int) -> Callable[..., Any]:
    """Return the derivative of a function of one variable, by SymPy or by central differences."""

    def slope(x: Any) -> Any:
        if isinstance(x, sp.Basic):
            variable = sp.Dummy("x", real=True)
            return sp.diff(function(variable), variable, order).subs(variable, x)
        if order == 1:
            return central(function, x)
        return second_difference(function, x) if order == 2 else central(slope_of(function, order - 1), x)

    return slope


def central(function: Callable[[Any], Any], x: Any) -> Any:
    """Return a derivative by central differences; of a vector, one for each entry."""
    x = np.asarray(x, dtype=float) if np.ndim(x) else float(x)
    if np.ndim(x) == 0 or isinstance(x, Samples):
        h = STEP * np.maximum(1.0, np.abs(x))
        return (function(x + h) - function(x - h)) / (2 * h)
    found = np.empty(x.shape)
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = STEP * max(1.0, abs(x[place]))
        difference = function(x + step) - function(x - step)
        if np.ndim(difference):  # an activation function, entry by entry
            difference = difference[place]
        found[place] = difference / (2 * step[place])
    return found


def second_difference(function: Callable[[Any], Any], x: Any) -> Any:
    h = 3e-4 * max(1.0, abs(float(x)))
    values = [function(float(x) + k * h) for k in (-2, -1, 0, 1, 2)]
    return (-values[0] + 16 * values[1] - 30 * values[2] + 16 * values[3] - values[4]) / (12 * h * h)


def is_operator(node: Node) -> bool:
    """Tell whether a factor is a function whose argument may go without brackets."""
    return node.kind == "name" and (node.parts[0] in FUNCTIONS or node.parts[0].startswith(r"\operatorname"))


def _argument(node: Node | None) -> tuple[Node | None, Node | None, Node | None]:
    """Return the brackets that follow a function, and the indices behind them."""
    if node is not None and node.kind == "scripts" and not node.parts[1]:
        inner, _, low, high = node.parts
    else:
        inner, low, high = node, None, None
    if inner is not None and inner.kind == "group" and inner.parts[0] in "([":
        return inner, low, high
    return None, None, None


def _items(inside: Node) -> tuple[Node, ...]:
    return inside.parts if inside.kind == "list" else (inside,)


def _corners_of(node: Node) -> tuple[Node | None, ...]:
    _, low, high = corners(node)
    return (*low, *high)


def _bare(node: Node) -> Any:
    return corners(node)[0]


def _is_akin(key: Node, node: Node) -> bool:
    """Tell whether a key could stand for a node: it is of the same kind, and a name is of the same letter."""
    return key.kind == node.kind and (key.kind != "name" or key.parts[:2] == node.parts[:2])


def free_letters(node: Node) -> set[str]:
    """Return the letters in a node that no sum, product or limit inside it runs over."""
    if node.kind == "big":
        _, low, high, body = node.parts
        own = {letter(n) for n in _first_side(low) if is_index(n)} if low is not None else set()
        around = (
            set().union(*(free_letters(n) for n in (low, high) if n is not None))
            if low is not None
            else set()
        )
        return (free_letters(body) | around) - own
    if node.kind == "count":
        return free_letters(node.parts[0]) - counted_letters(node)
    found = {letter(node)} if is_index(node) else set()
    for part in node.parts:
        for inner in part if isinstance(part, tuple) else (part,):
            if isinstance(inner, Node):
                found |= free_letters(inner)
    return found


def counted_letters(node: Node) -> set[str]:
    r"""Return the indices of the names in ``\#\{y_i < a\}``, over which it counts."""
    corner = [n.parts[2] for n in walk(node.parts[0]) if n.kind == "name" and n.parts[2] is not None]
    return {letter(e) for low in corner for e in elements(low) if is_letter(e)}


def _rank(key: Node, matched: Any) -> tuple[bool, int, int]:
    """Prefer keys without a power left over, then those with more numbers, then with more letters."""
    letters, left_over = matched
    _, low, high = corners(key)
    named = sum(not is_letter(e) for corner in (*low, *high) for e in elements(corner))
    return left_over is not None, -named, -len(letters)


def is_index(node: Node) -> bool:
    """Tell whether a node is one letter that may be an index, perhaps with primes or raised to a power."""
    return (
        node.kind == "name"
        and node.parts[2] is None
        and is_letter(Node("name", (node.parts[0], 0, None, None)))
    )


def _first_side(low: Node) -> Iterator[Node]:
    """Yield the nodes under a sum that may name its index."""
    if low.kind == "chains":
        low = low.parts[0].parts[1][0]
    yield from walk(low)
