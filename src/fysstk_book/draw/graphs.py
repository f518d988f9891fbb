"""Computational graphs of expressions of `fysstk_nn.autodiff`, with values and gradients."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from fysstk_book.draw import diagram
from fysstk_book.draw.diagram import RADIUS, Edge, Point
from fysstk_book.draw.style import INK, PALETTE
from fysstk_nn import autodiff
from fysstk_nn.autodiff import Var


def graph(
    f: Var,
    values: bool = True,
    gradients: bool | Mapping[str, str] = False,
    *,
    edges: str | Mapping[tuple[str, str], str] | None = "auto",
    digits: int = 3,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    r"""Draw the computational graph of an expression: inputs left, the result right.

    An operand that is used twice by one operation, as in ``x * x``, has one edge to it; what stands on this
    edge is the sum of both.

    Parameters
    ----------
    f : Var
        The last node of the expression. Nodes that were `named` carry their name above.
    values : bool
        Whether each node's value stands above it.
    gradients : bool or dict
        Whether :math:`\partial f/\partial v` stands below each node v, in red. A dictionary gives names to
        some, by the names of their nodes: ``{"z_1": "delta_1"}``.
    edges : {"auto", "local", "sent", None} or dict
        What stands on the edge from u to v: the local derivative :math:`\partial v/\partial u`; or what the
        backward sweep sends along it, :math:`\partial f/\partial v \cdot \partial v/\partial u`; or nothing.
        "auto" means "local" together with `gradients`, else nothing. A dictionary gives texts, by the names
        of both ends: ``{("x", "a"): "$2x$"}``.
    digits : int
        Significant digits.
    title, ax
        As in `network`.

    Raises
    ------
    TypeError
        If `f` is not a Var.
    ValueError
        If `edges` is none of these.
    """
    if not isinstance(f, Var):
        raise TypeError(f"graph draws the Var that an expression results in, got {type(f).__name__}")
    if not isinstance(edges, Mapping) and edges not in ("auto", "local", "sent", None):
        raise ValueError(f"edges must be 'auto', 'local', 'sent', None or a dictionary; got {edges!r}")
    if edges == "auto":
        edges = "local" if gradients else None
    order, adjoint = autodiff.graph(f), autodiff.gradients(f)
    wide = edges is not None or (values and any(node.name for node in order if node.parents))
    named = isinstance(gradients, Mapping)  # names take room beside the numbers
    place, routes = _layout(order, 2.4 if named else 2.1 if wide else 1.6)

    corners = np.array([at for route in routes.values() for at in route] + list(place.values()))
    (left, bottom), (right, top) = corners.min(axis=0), corners.max(axis=0)
    margins = RADIUS + 0.36 * values + 0.1, RADIUS + 0.36 * bool(gradients) + 0.1
    ax = diagram.canvas(
        ax, left - 0.8, right + 0.8, bottom - margins[1], top + margins[0] + 0.45 * (title is not None)
    )
    size = diagram.font(ax)
    taken: list[Bbox] = []
    lines = []
    for (parent, child), route in routes.items():
        slope = sum(s for p, s in zip(child.parents, child.local, strict=True) if p is parent)
        if isinstance(edges, Mapping):
            label = edges.get((parent.name or "", child.name or ""), "")
        else:
            sent = slope * adjoint[child] if edges == "sent" else slope
            label = diagram.number(sent, digits) if edges else ""
        ink = PALETTE["red"] if edges == "sent" else INK
        lines.append(Edge(route, label, ink=ink, width=1.2, arrow=True))
    for node, at in place.items():
        colour = PALETTE["green"] if node is f else INK if node.parents else PALETTE["blue"]
        taken.append(diagram.node(ax, at, colour))
        diagram.inside(ax, at, _inside(node), 1.1 * size)
        name = [diagram.mathematics(node.name)] if node.name and node.parents else []
        above = " = ".join(name + [diagram.number(node.value, digits)] * values)
        if above:
            taken.append(diagram.note(ax, at, 1, above, 0.82 * size, lines))
        if gradients:
            below = diagram.number(adjoint[node], digits)
            if isinstance(gradients, Mapping) and node.name and node.name in gradients:
                below = f"{diagram.mathematics(gradients[node.name])} = {below}"
            taken.append(diagram.note(ax, at, -1, below, 0.82 * size, lines, PALETTE["red"]))
    diagram.label_edges(ax, lines, taken, 0.82 * size)
    diagram.draw_edges(ax, lines)
    if title is not None:
        diagram.write(ax, ((left + right) / 2, top + margins[0] + 0.2), title, 1.1 * size)
    return ax


def _inside(node: Var) -> str:
    """Return what stands in a node: an input's name (or value, if it has none), else the operation."""
    if not node.parents:
        return diagram.mathematics(node.name) if node.name else diagram.number(node.value)
    if "**" in node.op:
        base, exponent = (part.strip() for part in node.op.split("**"))
        operand = r"(\cdot)"
        return f"${base or operand}^{{{exponent or operand}}}$"
    signs = {"*": "×", "neg": "−", "sigmoid": r"$\sigma$", "sqrt": "√", "0.5": "½"}
    return " ".join(signs.get(part, part.replace("-", "−")) for part in node.op.split())


def _layout(order: list[Var], step: float) -> tuple[dict[Var, Point], dict[tuple[Var, Var], list[Point]]]:
    """Place the nodes in columns so that few edges cross; a longer edge bends in each column it passes.

    Returns the place of each node and, for each pair (parent, child), the points on the edge.
    """
    column: dict[Var, int] = {}
    for node in order:  # as far left as the parents allow ...
        column[node] = 1 + max((column[parent] for parent in node.parents), default=-1)
    for node in order:  # ... but an input stands just before its first use
        if not node.parents:
            users = [column[child] for child in order if node in child.parents]
            column[node] = min(users, default=1) - 1

    rows: list[list[Any]] = [[] for _ in range(1 + max(column.values()))]
    chains: dict[tuple[Var, Var], list[Any]] = {}
    for node in order:
        rows[column[node]].append(node)
        for parent in dict.fromkeys(node.parents):
            bends = [(parent, node, c) for c in range(column[parent] + 1, column[node])]
            for bend in bends:
                rows[bend[2]].append(bend)
            chains[parent, node] = [parent, *bends, node]
    height = _heights(rows, list(chains.values()))
    place = {key: (step * c, 1.45 * height[key]) for c, keys in enumerate(rows) for key in keys}
    routes = {pair: [place[key] for key in chain] for pair, chain in chains.items()}
    return {node: place[node] for node in order}, routes


def _heights(rows: list[list[Any]], chains: list[list[Any]]) -> dict[Any, float]:
    """Return a height for each key, so that those of one column are at least 1 apart.

    Each column in turn, forth and back, goes to the mean height of its neighbours on one side, and is then
    pushed apart again.
    """
    neighbours: dict[Any, tuple[list[Any], list[Any]]] = {key: ([], []) for keys in rows for key in keys}
    for chain in chains:
        for left, right in pairwise(chain):
            neighbours[right][0].append(left)
            neighbours[left][1].append(right)
    height = {key: (len(keys) - 1) / 2 - row for keys in rows for row, key in enumerate(keys)}
    for sweep in range(24):
        side = sweep % 2
        for keys in reversed(rows) if side else rows:
            wish = {key: _mean([height[n] for n in neighbours[key][side]], height[key]) for key in keys}
            keys.sort(key=lambda key: (-wish[key], -height[key]))
            height |= zip(keys, _apart([wish[key] for key in keys]), strict=True)
    return height


def _mean(numbers: list[float], default: float) -> float:
    return sum(numbers) / len(numbers) if numbers else default


def _apart(heights: list[float]) -> list[float]:
    """Return falling heights at least 1 apart, as near to the given ones as their mean allows."""
    result: list[float] = []
    for h in heights:
        result.append(h if not result else min(h, result[-1] - 1.0))
    shift = _mean([a - b for a, b in zip(heights, result, strict=True)], 0.0)
    return [h + shift for h in result]
