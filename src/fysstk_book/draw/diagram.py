"""Nodes, edges and labels on a plane in which one unit looks the same in both directions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from fysstk_book.draw.style import INK

Point = tuple[float, float]
Array = npt.NDArray[np.float64]

RADIUS = 0.34  # of a node
UNIT = 0.8  # inches per unit, for a diagram that has the page to itself
WIDEST = 6.8  # inches: wider, and its letters are too small on a phone


def canvas(ax: Axes | None, left: float, right: float, bottom: float, top: float) -> Axes:
    """Return axes without a frame that show this rectangle; new ones, of the right size, if `ax` is None."""
    if ax is None:
        unit = min(UNIT, WIDEST / (right - left))
        figure = plt.figure(figsize=((right - left) * unit, (top - bottom) * unit), layout="none")
        ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    elif isinstance(ax.figure, Figure) and ax.figure.get_layout_engine() is not None:
        ax.figure.draw_without_rendering()  # the layout engine moves the axes only now
    ax.set_axis_off()
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    ax.set_aspect("equal")
    ax.apply_aspect()
    return ax


def font(ax: Axes, height: float = 0.27) -> float:
    """Return the font size, in points, of letters so many units high; a little more where units are small."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    unit = (ax.transData.transform((1, 0)) - ax.transData.transform((0, 0)))[0] / figure.dpi  # in inches
    magnify = float(np.clip((UNIT / unit) ** 0.35, 1.0, 1.25))
    return float(np.clip(72 * height * unit * magnify, 3.0, 14.5))


def write(ax: Axes, at: Point, text: str, size: float, *, colour: str = INK, **align: Any) -> Bbox:
    """Write a text, centred unless told otherwise, and return the rectangle that it covers."""
    align = {"ha": "center", "va": "center"} | align
    return box(ax.text(*at, text, fontsize=size, color=colour, zorder=5, **align))


def inside(ax: Axes, at: Point, text: str, size: float) -> None:
    """Write a text into a node: of this size, or smaller if its corners would leave the circle."""
    label = ax.text(*at, text, ha="center", va="center", fontsize=size, color=INK, zorder=5)
    while text and np.hypot(*box(label).size) > 1.88 * RADIUS and size > 3.0:
        size *= 0.97  # step by step: letters come in whole pixels
        label.set_fontsize(size)


def box(text: Text) -> Bbox:
    """Return the rectangle that a text covers, in units."""
    assert text.axes is not None
    return text.get_window_extent().transformed(text.axes.transData.inverted())


def note(
    ax: Axes, at: Point, side: int, text: str, size: float, edges: Iterable[Edge], colour: str = INK
) -> Bbox:
    """Write a text above (side 1) or below (side -1) a node, so that few edges cross it."""
    y = at[1] + side * (RADIUS + 0.05)
    va = "bottom" if side > 0 else "top"
    label = ax.text(at[0], y, text, ha="center", va=va, fontsize=size, color=colour, zorder=5)
    centred, lines = box(label), list(edges)
    half = centred.width / 2
    shift = min((0.0, half, -half), key=lambda dx: sum(e.meets(centred.translated(dx, 0)) for e in lines))
    label.set_x(at[0] + shift)
    return centred.translated(shift, 0)


def node(ax: Axes, at: Point, colour: str, *, tint: float = 0.1, width: float = 1.4) -> Bbox:
    """Draw a node and return the square around it."""
    (x, y), r = at, RADIUS
    ax.add_patch(Circle(at, r, facecolor=to_rgba(colour, tint), edgecolor=colour, linewidth=width, zorder=3))
    return Bbox.from_extents(x - r, y - r, x + r, y + r)


def number(value: float, digits: int = 3) -> str:
    """Return a number with so many significant digits and a real minus sign."""
    text = f"{float(value):.{digits}g}"
    return ("0" if float(text) == 0 else text).replace("-", "−")


def mathematics(name: str) -> str:
    """Set a plain name such as w_1, z1 or delta as mathematics; leave what is marked up already."""
    letters = name.rstrip("0123456789").rstrip("_") or name
    digits = name[len(letters) :].lstrip("_")
    if not name.isascii() or not letters.isalpha():
        return name
    if letters in (
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "eta",
        "theta",
        "lambda",
        "mu",
        "sigma",
        "phi",
    ):
        letters = rf"\{letters}"
    elif len(letters) > 1:
        letters = rf"\mathrm{{{letters}}}"
    return f"${letters}_{{{digits}}}$" if digits else f"${letters}$"


class Edge:
    """A line from node to node, perhaps through bends, with a label that interrupts it and a head."""

    def __init__(
        self,
        points: Sequence[Point],
        label: str = "",
        *,
        colour: str = INK,
        ink: str = INK,
        width: float = 1.0,
        alpha: float = 1.0,
        dashes: str = "-",
        arrow: bool = False,
        smooth: bool = True,
    ) -> None:
        self.points = _smooth(points) if smooth else np.array(points, dtype=float)
        lengths = np.hypot(*np.diff(self.points, axis=0).T)
        self.along: Array = np.concatenate([[0.0], np.cumsum(lengths)])
        self.label, self.colour, self.ink = label, colour, ink
        self.width, self.alpha, self.dashes, self.arrow = width, alpha, dashes, arrow
        self.gap: tuple[float, float] | None = None

    def at(self, t: float) -> Point:
        """Return the point at fraction t of the visible part, which lies outside of both nodes."""
        s = RADIUS + t * (self.along[-1] - 2 * RADIUS)
        x, y = (float(np.interp(s, self.along, axis)) for axis in self.points.T)
        return x, y

    def piece(self, start: float, end: float) -> list[Point]:
        """Return the corners of the line between two fractions of the visible part."""
        inner = (self.along - RADIUS) / max(self.along[-1] - 2 * RADIUS, 1e-9)
        corners = [(float(x), float(y)) for x, y in self.points[(inner > start) & (inner < end)]]
        return [self.at(start), *corners, self.at(end)]

    def pieces(self) -> list[list[Point]]:
        """Return the lines to draw: one, or two with the label between them."""
        end = 1 - 0.08 / max(self.along[-1] - 2 * RADIUS, 0.1) if self.arrow else 1.0
        if self.gap is None:
            return [self.piece(0, end)]
        first, second = self.piece(0, self.gap[0]), self.piece(self.gap[1], end)
        return [piece for piece, there in ((first, self.gap[0] > 0), (second, self.gap[1] < end)) if there]

    def meets(self, rectangle: Bbox) -> bool:
        """Return whether the line passes through a rectangle."""
        return self._path.intersects_bbox(rectangle, filled=False)

    @cached_property
    def _path(self) -> Path:
        """The whole visible line."""
        return Path(self.piece(0, 1))


def _smooth(points: Sequence[Point]) -> Array:
    """Return the corners of a line through the points: straight between two, level at every bend."""
    corners = np.array(points, dtype=float)
    if len(corners) == 2:
        return corners
    t = np.linspace(0, 1, 17)[:, None]
    curves = []
    for k, (a, b) in enumerate(pairwise(corners)):
        half = np.array([(b[0] - a[0]) / 2, 0.0])
        leave = a + half if k > 0 else a + (b - a) / 3
        arrive = b - half if k < len(corners) - 2 else b - (b - a) / 3
        curves.append(
            (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * leave + 3 * (1 - t) * t**2 * arrive + t**3 * b
        )
    return np.concatenate([curves[0], *(curve[1:] for curve in curves[1:])])


def label_edges(ax: Axes, edges: Sequence[Edge], taken: list[Bbox], size: float) -> None:
    """Write the labels where they cover no node and no other text, and as few other edges as possible.

    `taken` holds the rectangles that are covered already; those of the labels are appended.
    """
    for edge in edges:
        if edge.label:
            text = ax.text(
                0, 0, edge.label, ha="center", va="center", fontsize=size, color=edge.ink, zorder=5
            )
            text.set_position(_place(edge, box(text), [other for other in edges if other is not edge], taken))
            taken.append(box(text))


def _place(edge: Edge, label: Bbox, others: Sequence[Edge], taken: Sequence[Bbox]) -> Point:
    """Choose the point on an edge for a label of this size, and open a gap in the line for it."""
    half = np.array(label.size) / 2 + (0.06, 0.03)

    def around(t: float) -> Bbox:
        return Bbox([edge.at(t) - half, edge.at(t) + half])

    def cost(t: float) -> float:
        rectangle = around(t)
        collisions = sum(rectangle.overlaps(other) for other in taken)
        return 100.0 * collisions + sum(other.meets(rectangle) for other in others) + abs(t - 0.5)

    best = min((0.5, 0.43, 0.57, 0.36, 0.64, 0.29, 0.71, 0.22, 0.78, 0.16, 0.84, 0.11, 0.89), key=cost)
    rectangle = around(best)
    covered = [t for t in np.linspace(0, 1, 201).tolist() if rectangle.contains(*edge.at(t))]
    edge.gap = (covered[0], covered[-1])
    return edge.at(best)


def draw_edges(ax: Axes, edges: Iterable[Edge]) -> None:
    """Draw the lines, each in its own look, and the heads of those that are arrows."""
    drawn = [(piece, edge) for edge in edges for piece in edge.pieces()]
    lines = LineCollection(
        [piece for piece, _ in drawn],
        linewidths=[edge.width for _, edge in drawn],
        colors=[to_rgba(edge.colour, edge.alpha) for _, edge in drawn],
        linestyles=[edge.dashes for _, edge in drawn],
        zorder=1,
    )
    ax.add_collection(lines, autolim=False)
    for edge in {id(edge): edge for _, edge in drawn if edge.arrow}.values():
        arrow(ax, edge.at(0.9), edge.at(1), edge.colour, width=0.0)


def arrow(ax: Axes, start: Point, end: Point, colour: str = INK, width: float = 1.4) -> None:
    """Draw an arrow from point to point."""
    look: dict[str, Any] = {
        "arrowstyle": "-|>",
        "mutation_scale": font(ax),
        "color": colour,
        "linewidth": width,
    }
    ax.add_patch(FancyArrowPatch(start, end, shrinkA=0, shrinkB=0, **look))
