r"""Finds the value of a printed name among those that a test gives.

A test gives values to names as they are printed, with letters for their indices: ``w_{ij}^l`` stands for
``w_{jk}^{l+1}`` and for ``w_{01}^2`` as well. Such a value is a function of those letters, or a list or array
that is looked up by the upper index first, as the book's code does: ``W[l][i, j]``. An upper index that the
test's name does not have is a power.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fysstk_book.printed.numbers import is_integer
from fysstk_book.printed.tidy import UnreadableError
from fysstk_book.printed.tree import Node, parse

__all__ = ["FromOne", "UnboundError", "bindings", "from_one", "single"]


class UnboundError(LookupError):
    """A printed name without a value."""


class FromOne:
    """A list or array whose entries are counted from 1, as the page counts nodes."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __getitem__(self, index: int) -> Any:
        if not 1 <= index <= len(self.values):
            raise IndexError(f"there is no entry {index}: they are counted from 1 to {len(self.values)}")
        inner = self.values[index - 1]
        return FromOne(inner) if np.ndim(inner) else inner

    def __len__(self) -> int:
        return len(self.values)


def from_one(values: Any) -> Any:
    """Count the entries of an array from 1; of a list of arrays, one for each layer, those of each array."""
    if isinstance(values, list) and any(np.ndim(v) for v in values):
        return [v if v is None else FromOne(np.asarray(v)) for v in values]
    return FromOne(values if isinstance(values, list | tuple) else np.asarray(values))


@dataclass(frozen=True)
class Binding:
    """A name as the test writes it, and its value."""

    key: str
    node: Node
    value: Any


def bindings(names: Mapping[str, Any]) -> list[Binding]:
    """Return what a test binds; two names that stand for the same printed one are refused."""
    found = [Binding(key, single(key), value) for key, value in names.items()]
    seen: dict[Any, str] = {}
    for binding in found:
        kind = signature(binding.node)
        if kind in seen:
            raise ValueError(f"{binding.key!r} and {seen[kind]!r} stand for the same printed names")
        seen[kind] = binding.key
    return found


@functools.cache
def single(key: str) -> Node:
    """Return the node of one name or expression."""
    tree = parse(key)
    node = tree.parts[0].parts[0].parts[1][0] if tree.parts[0].kind == "chains" else tree
    if not isinstance(node, Node) or parse(str(node)) != tree:
        raise UnreadableError(f"{key!r} is not one name")
    return node


def corners(node: Node) -> tuple[Any, tuple[Node | None, ...], tuple[Node | None, ...]]:
    """Return what a name is without its indices, then its lower and its upper ones."""
    if node.kind == "name":
        base, primes, low, high = node.parts
        return (base, primes), (low,), (high,)
    if node.kind == "slope":
        sign, order, above, below = node.parts
        parts = [n for n in (above, below) if n is not None]
        if all(n.kind == "name" for n in parts):
            split = [n.parts for n in parts]
            bare = ("slope", order, sign, *((p[0], p[1]) for p in split))
            return bare, tuple(p[2] for p in split), tuple(p[3] for p in split)
    return node, (), ()


def signature(node: Node) -> Any:
    """Return what two keys share if they stand for the same printed names."""
    bare, low, high = corners(node)
    return bare, *(tuple(_letterless(e) for e in elements(index)) for index in (*low, *high))


def _letterless(element: Node) -> Any:
    return "" if is_letter(element) else element


def is_letter(node: Node) -> bool:
    """Tell whether a node is one Latin letter, which in an index of a key stands for any number."""
    if node.kind != "name" or node.parts[2:] != (None, None):
        return False
    base = node.parts[0]
    return len(base) == 1 and base.isascii() and base.isalpha()


def letter(node: Node) -> str:
    """Return the name of an index, with its primes."""
    return str(node.parts[0] + "'" * node.parts[1])


def elements(index: Node | None) -> tuple[Node, ...]:
    """Return the single indices of a corner: i and j of ``ij``, 1 of ``(1)``."""
    if index is None:
        return ()
    if index.kind in ("juxt", "list"):
        return tuple(e for part in index.parts for e in elements(part))
    if index.kind == "group" and index.parts[0] in "({":
        return elements(index.parts[1])
    return (index,)


def fit(key: Node, printed: Node, number: Callable[[Node], Any]) -> tuple[dict[str, Any], Node | None] | None:
    """Match a printed name with a key; `number` evaluates an index.

    Returns
    -------
    tuple or None
        The letters of the key with their values, upper ones first, and the upper index that is left over as
        a power; None if the key stands for other names.
    """
    bare, low, high = corners(key)
    other, printed_low, printed_high = corners(printed)
    if bare != other or not low:
        return None
    letters: dict[str, Any] = {}
    left_over = None
    for wanted, there in zip((*high, *low), (*printed_high, *printed_low), strict=True):
        if wanted is None and there is not None and printed.kind == "name" and there is printed_high[0]:
            left_over = there
        elif not _fit_corner(elements(wanted), elements(there), letters, number):
            return None
    return letters, left_over


def _fit_corner(wanted: Any, there: Any, letters: dict[str, Any], number: Callable[[Node], Any]) -> bool:
    if len(there) == 1 < len(wanted) and there[0].kind == "number":
        there = tuple(Node("number", (digit,)) for digit in there[0].parts[0])
    if len(there) != len(wanted):
        return False
    for want, element in zip(wanted, there, strict=True):
        if is_letter(want):
            if is_tag(element):
                return False
            value = number(element)
            known = letters.setdefault(letter(want), value)
            if known is not value and not np.array_equal(known, value):  # x and y of \mu_{xy} may be arrays
                return False
        elif want != element and (is_tag(want) or is_tag(element) or number(want) != number(element)):
            return False
    return True


def is_tag(node: Node) -> bool:
    """Tell whether an index is a word or a star, no number."""
    return node.kind == "mark" or (
        node.kind == "name" and node.parts[0].startswith((r"\text", r"\mathrm", r"\mathbf"))
    )


def look_up(value: Any, letters: Mapping[str, Any], key: str) -> Any:
    """Return the entry of a binding's value for these indices."""
    if not letters:
        return value
    if callable(value):
        return value(**letters)
    for name, index in letters.items():
        if not isinstance(value, Mapping):
            if not is_integer(index):
                raise UnboundError(f"{key} with {name} = {index}, which is no whole number")
            index = int(index)
            if index < 0:
                raise UnboundError(f"{key} with {name} = {index}")
        try:
            value = value[index]
        except (IndexError, KeyError, TypeError) as error:
            raise UnboundError(f"{key} has no value for {name} = {index}: {error}") from None
    if value is None:
        raise UnboundError(f"{key} has no value for {dict(letters)}")
    return value
