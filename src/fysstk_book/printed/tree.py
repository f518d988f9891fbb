"""Parses tidy LaTeX into a tree of nodes, and writes such a tree as LaTeX again."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput, v_args

from fysstk_book.printed.tidy import UnreadableError, tidy

__all__ = ["Node", "latex", "outline", "parse", "walk"]

CLOSE = {"(": ")", "[": "]", "{": "}", r"\lvert": r"\rvert", r"\lVert": r"\rVert"}
CLOSE |= {r"\lfloor": r"\rfloor", r"\langle": r"\rangle"}


@dataclass(frozen=True)
class Node:
    r"""A piece of a formula: its kind and its parts, which are nodes, words of LaTeX or None.

    ======== =========================================== ==========================================
    kind     parts                                       example
    ======== =========================================== ==========================================
    number   digits                                      ``1.2946``
    name     base, primes, lower index, upper index      ``f'^l``, ``w_{ij}^l``, ``\hat{y}``
    slope    sign, order, above, below                   ``\frac{\partial^2 C}{\partial z^2}``
    scripts  node, primes, lower index, upper index      ``(W^l)^T``
    juxt     factors                                     ``2 x y``, ``f(x)``
    multiply operation, left, right                      ``a \circ b``
    add      sign, left, right                           ``a - b``
    signed   sign, node                                  ``-a``
    frac     above, below                                ``\frac{1}{n}``
    sqrt     inside                                      ``\sqrt{x}``
    group    opening bracket, inside                     ``(a, b)``, ``\lvert x \rvert``
    big      operator, below, above, body                ``\sum_{i=1}^{n} x_i``
    matrix   rows, which are nodes of cells              ``\begin{pmatrix} 1 & 0 \end{pmatrix}``
    count    chains                                      ``\#\{y_i < a\}``
    cases    rows, which are nodes of value, condition   ``\begin{cases} 1 & z > 0 \end{cases}``
    list     items                                       ``1, \dots, L``
    dots                                                 ``\ldots``
    mark     sign                                        the star of ``\theta^*``
    chain    words, sides, relations, words              ``a = b \le c``
    chains   chains                                      ``m = 4,\; k = 2``
    formula  chains and words in order                   all of it
    ======== =========================================== ==========================================
    """

    kind: str
    parts: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return latex(self)


def parse(text: str) -> Node:
    """Return the tree of a formula.

    Parameters
    ----------
    text : str
        LaTeX as it stands on the page.

    Raises
    ------
    UnreadableError
        If it is no formula in the book's notation; the message shows the place.
    """
    return _parse(tidy(text))


@functools.cache
def _parse(text: str) -> Node:
    try:
        tree: Any = _parser().parse(text)
    except UnexpectedInput as error:
        at = error.pos_in_stream if error.pos_in_stream is not None else len(text)
        at = len(text) if at < 0 else at
        raise UnreadableError(
            f"cannot read {text[max(0, at - 40) : at]} <here> {text[at : at + 40]}"
        ) from None
    assert isinstance(tree, Node)
    return tree


@functools.cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf8")
    return Lark(grammar, start="formula", parser="lalr", transformer=_Builder(), maybe_placeholders=False)


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all nodes inside it."""
    yield node
    for part in node.parts:
        for inner in part if isinstance(part, tuple) else (part,):
            if isinstance(inner, Node):
                yield from walk(inner)


def outline(node: Node, depth: int = 0) -> str:
    """Return a tree as lines, one for each node: its kind and its LaTeX, what is inside indented below."""
    lines = [f"{'  ' * depth}{node.kind:<{max(1, 12 - 2 * depth)}} {node}"]
    for part in node.parts if node.kind not in ("name", "number") else ():
        inner = part if isinstance(part, tuple) else (part,)
        lines += [outline(n, depth + 1) for n in inner if isinstance(n, Node)]
    return "\n".join(lines)


@v_args(inline=True)
class _Builder(Transformer[Token, Node]):
    """Turns what the grammar recognised into nodes, from the inside out."""

    def formula(self, *clauses: Node) -> Node:
        return Node("formula", clauses)

    def clause(self, first: Node, *rest: Any) -> Node:
        parts = (str(r) if isinstance(r, Token) else r for r in rest)
        return Node("implies", (first, *parts)) if rest else first

    def statement(self, inside: Node) -> Node:
        return inside

    def words(self, *words: Token) -> Node:
        return Node("words", tuple(map(_word, words)))

    def chains(self, *parts: Node) -> Node:
        """Join what commas separate: a side without a relation is the next item of the list before it."""
        found: list[Node] = []
        for part in parts:
            loose = part.kind in ("dots", "chains") or (not part.parts[2] and not part.parts[0])
            if loose and found and part.kind != "chains":
                words, sides, relations, after = found[-1].parts
                items = sides[-1].parts if sides[-1].kind == "list" else (sides[-1],)
                new = part if part.kind == "dots" else part.parts[1][0]
                after = after or (part.parts[3] if part.kind == "chain" else ())
                found[-1] = Node(
                    "chain", (words, (*sides[:-1], Node("list", (*items, new))), relations, after)
                )
            elif part.kind == "chains":  # after a colon: a condition
                found += [Node("chain", (("where",), *c.parts[1:])) for c in part.parts]
            elif part.kind == "dots":
                found.append(Node("chain", ((), (part,), (), ())))
            else:
                found.append(part)
        return Node("chains", tuple(found))

    def chain(self, *parts: Any) -> Node:
        before: list[str] = []
        sides: list[Node] = []
        relations: list[str] = []
        after: list[str] = []
        for part in parts:
            if isinstance(part, Node):
                sides.append(part)
            elif part.type == "RELATION":
                relations.append(str(part))
            else:
                (after if sides else before).append(_word(part))
        return Node("chain", (tuple(before), tuple(sides), tuple(relations), tuple(after)))

    def dots(self, _: Token) -> Node:
        return Node("dots")

    def signed(self, sign: Token, node: Node) -> Node:
        return Node("signed", (str(sign), node))

    def add(self, left: Node, sign: Token, right: Node) -> Node:
        return Node("add", (str(sign), left, right))

    def multiply(self, left: Node, operation: Token, *right: Any) -> Node:
        node = right[0] if len(right) == 1 else Node("signed", (str(right[0]), right[1]))
        return Node("multiply", (str(operation), left, node))

    def juxt(self, *factors: Node) -> Node:
        return factors[0] if len(factors) == 1 else Node("juxt", factors)

    def big(self, operator: Token, *rest: Node) -> Node:
        *scripts, body = rest
        low, high = (next((s.parts[1] for s in scripts if s.parts[0] == kind), None) for kind in "_^")
        return Node("big", (str(operator), low, high, body))

    def sub(self, index: Node) -> Node:
        return Node("script", ("_", index))

    def sup(self, index: Node) -> Node:
        return Node("script", ("^", index))

    def prime(self, _: Token) -> Node:
        return Node("script", ("'", None))

    def index(self, inside: Any) -> Node:
        return Node("mark", (str(inside),)) if isinstance(inside, Token) else _plain(inside)

    def factor(self, atom: Node, *scripts: Node) -> Node:
        if not scripts:
            return atom
        kinds = [s.parts[0] for s in scripts]
        if kinds.count("_") > 1 or kinds.count("^") > 1:
            raise UnreadableError(f"two indices at the same corner of {atom}")
        low, high = (next((s.parts[1] for s in scripts if s.parts[0] == kind), None) for kind in "_^")
        primes = kinds.count("'")
        if atom.kind == "name" and atom.parts[1:4] == (0, None, None):
            return Node("name", (atom.parts[0], primes, low, high))
        if atom.kind == "number" and low is not None:  # 1_{ik}
            return Node("name", (atom.parts[0], primes, low, high))
        return Node("scripts", (atom, primes, low, high))

    def number(self, digits: Token) -> Node:
        return Node("number", (str(digits),))

    def name(self, base: Token) -> Node:
        return Node("name", (str(base), 0, None, None))

    def decorated(self, sign: Token, inside: Node) -> Node:
        return Node("name", (f"{sign}{{{latex(inside)}}}", 0, None, None))

    def prefixed(self, sign: Token, node: Node) -> Node:
        if node.kind != "name":
            raise UnreadableError(f"{sign} stands before {node}, which is no name")
        return Node("name", (f"{sign} {node.parts[0]}", *node.parts[1:]))

    def frac(self, above: Node, below: Node) -> Node:
        return _slope(above, below) or Node("frac", (above, below))

    def sqrt(self, inside: Node) -> Node:
        return Node("sqrt", (inside,))

    def brace(self, inside: Node) -> Node:
        return Node("group", ("{", _plain(inside)))

    def count(self, inside: Node) -> Node:
        return Node("count", (inside,))

    def group(self, opening: Token, inside: Node, closing: Token) -> Node:
        if CLOSE[opening] != closing:
            raise UnreadableError(f"{closing} closes {opening}")
        return Node("group", (str(opening), _plain(inside)))

    def matrix(self, *rows: Node) -> Node:
        return Node("matrix", rows)

    def cases(self, *rows: Node) -> Node:
        return Node("cases", rows)

    def row(self, *cells: Node) -> Node:
        return Node("row", cells)

    def cell(self, *inside: Node) -> Node:
        return _plain(inside[0]) if inside else Node("number", ("0",))


def _word(token: Token) -> str:
    return token.removeprefix(r"\word{").removesuffix("}")


def _plain(chains: Node) -> Node:
    """Return the expression or list that stands alone, without a relation or words; else the chains."""
    if chains.kind == "chains" and len(chains.parts) == 1:
        words, sides, relations, after = chains.parts[0].parts
        if not words and not relations and not after:
            side: Node = sides[0]
            return side
    return chains


def _slope(above: Node, below: Node) -> Node | None:
    r"""Return the derivative that a fraction like ``\partial^2 C / \partial z^2`` is, or None."""
    top, bottom = ((n.parts if n.kind == "juxt" else (n,)) for n in (above, below))
    sign = bottom[0].parts[0] if bottom[0].kind == "name" else ""
    if sign not in (r"\partial", "d") or bottom[0].parts[1:] != (0, None, None) or len(bottom) != 2:
        return None
    head = top[0]
    if head.kind != "name" or head.parts[:3] != (sign, 0, None) or len(top) > 2:
        return None
    order = 1
    variable = bottom[1]
    if head.parts[3] is not None:
        if head.parts[3].kind != "number" or variable.kind != "name" or variable.parts[3] != head.parts[3]:
            raise UnreadableError(f"the order of the derivative {latex(Node('frac', (above, below)))}")
        order = int(head.parts[3].parts[0])
        variable = Node("name", (*variable.parts[:3], None))
    return Node("slope", (sign, order, top[1] if len(top) == 2 else None, variable))


def latex(node: Node) -> str:
    """Write a tree as LaTeX that parses into the same tree."""
    text: str = _WRITE[node.kind](*node.parts)
    return text


def _scripts(text: str, primes: int, low: Node | None, high: Node | None) -> str:
    text += "'" * primes
    text += f"_{{{latex(low)}}}" if low is not None else ""
    return text + (f"^{{{latex(high)}}}" if high is not None else "")


def _chain(before: tuple[str, ...], sides: tuple[Node, ...], relations: tuple[str, ...], after: Any) -> str:
    text = latex(sides[0])
    for relation, side in zip(relations, sides[1:], strict=True):
        text += f" {relation} {latex(side)}"
    return " ".join([*map(_text, before), text, *map(_text, after)])


def _text(words: str) -> str:
    return rf"\text{{{words}}}"


def _written_slope(sign: str, order: int, above: Node | None, below: Node) -> str:
    power = f"^{{{order}}}" if order > 1 else ""
    return rf"\frac{{{sign}{power} {latex(above) if above else ''}}}{{{sign} {latex(below)}{power}}}"


def _big(operator: str, low: Node | None, high: Node | None, body: Node) -> str:
    return f"{_scripts(operator.rstrip('_'), 0, low, high)} {latex(body)}"


_SIZED = {r"\lvert": r"\left|", r"\lVert": r"\|", r"\langle": r"\left."}
_CLOSED = {**CLOSE, r"\lvert": r"\right|", r"\lVert": r"\|", r"\langle": r"\right|"}
_NEW_LINE = r" \\ "
_WRITE: dict[str, Any] = {
    "number": lambda digits: digits,
    "name": _scripts,
    "slope": _written_slope,
    "scripts": lambda inside, *scripts: _scripts(latex(inside), *scripts),
    "juxt": lambda *factors: " ".join(map(latex, factors)),
    "multiply": lambda op, left, right: f"{latex(left)} {op} {latex(right)}",
    "add": lambda sign, left, right: f"{latex(left)} {sign} {latex(right)}",
    "signed": lambda sign, inside: f"{sign}{latex(inside)}",
    "frac": lambda above, below: rf"\frac{{{latex(above)}}}{{{latex(below)}}}",
    "sqrt": lambda inside: rf"\sqrt{{{latex(inside)}}}",
    "group": lambda opening, inside: f"{_SIZED.get(opening, opening)} {latex(inside)} {_CLOSED[opening]}",
    "big": _big,
    "count": lambda inside: rf"\#\{{{latex(inside)}\}}",
    "matrix": lambda *rows: rf"\begin{{pmatrix}} {_NEW_LINE.join(map(latex, rows))} \end{{pmatrix}}",
    "cases": lambda *rows: rf"\begin{{cases}} {_NEW_LINE.join(map(latex, rows))} \end{{cases}}",
    "row": lambda *cells: " & ".join(map(latex, cells)),
    "list": lambda *items: ", ".join(map(latex, items)),
    "dots": lambda: r"\ldots",
    "mark": lambda sign: sign,
    "chain": _chain,
    "chains": lambda *chains: ", ".join(map(latex, chains)),
    "words": lambda *words: " ".join(map(_text, words)),
    "implies": lambda *parts: " ".join(p if isinstance(p, str) else latex(p) for p in parts),
    "formula": lambda *clauses: r" \qquad ".join(map(latex, clauses)),
}
