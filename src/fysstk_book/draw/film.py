"""A training run as a short film: one SVG whose pictures are switched by CSS, with no script and no video.

Whoever asked for reduced motion, and whoever prints, sees the last picture.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from fysstk_book.draw.networks import HasSizes, HasWeights
from fysstk_book.draw.style import CLASSES, PALETTE

Array = npt.NDArray[np.float64]

STYLE = """
.fk-film { display: block; height: auto; max-width: 46rem; width: 100% }
.fk-again {
  background: none; border: 1px solid currentColor; border-radius: .3rem; color: inherit; cursor: pointer;
  font-size: .85rem; padding: .1rem .6rem;
}
.fk-film text { fill: currentColor; font: 13px system-ui, sans-serif; text-anchor: middle }
.fk-film .fk-faint { fill: none; opacity: .55; stroke: currentColor }
.fk-frame {
  animation: fk-on 0s linear var(--on) forwards, fk-off 0s linear var(--off) forwards;
  visibility: hidden;
}
@media (max-width: 575px) { .fk-film text { font-size: 21px } }
.fk-frame.fk-last { animation: fk-on 0s linear var(--on) forwards }
@keyframes fk-on { to { visibility: visible } }
@keyframes fk-off { to { visibility: hidden } }
@media (prefers-reduced-motion: reduce) {
  .fk-again { display: none }
  .fk-frame, .fk-frame.fk-last { animation: none }
  .fk-frame.fk-last { visibility: visible }
}
@media print {
  .fk-again { display: none }
  .fk-frame, .fk-frame.fk-last { animation: none }
  .fk-frame.fk-last { visibility: visible }
}
"""


AGAIN = (
    '<button type="button" class="fk-again" '
    'onclick="const film = this.previousElementSibling; film.replaceWith(film.cloneNode(true))">'
    "Play again</button>"
)


class Network(HasSizes, Protocol):
    """A network with two inputs and one output, as ``fysstk_nn.mlp.MLP``."""

    def predict(self, params: Any, X: Any) -> Any:
        """Return the outputs for inputs of shape (m, 2)."""

    def cost_of(self, params: Any, X: Any, y: Any) -> float:
        """Return the cost on the samples (X, y)."""


@dataclass(frozen=True)
class Film:
    """A picture that moves. A notebook shows it; ``str()`` of it is the HTML."""

    html: str
    description: str

    def __str__(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return f"Film({self.description!r})"

    def _repr_html_(self) -> str:
        return self.html


def film(
    net: Network,
    history: Sequence[HasWeights],
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    epochs: Sequence[int] | None = None,
    seconds: float = 5.0,
    margin: float = 0.4,
) -> Film:
    """Show a network with two inputs while it learns: its weights, where it answers 1, and its cost.

    Parameters
    ----------
    net : MLP
        A network with two inputs and one output between 0 and 1.
    history : sequence of Params
        Its parameters at some moments of the training, at least two: one picture each.
    X : array, shape (n, 2)
        The data's inputs.
    y : array, shape (n,)
        Their classes, 0 or 1.
    epochs : sequence of int, optional
        The epoch of each picture; 0, 1, 2, ... unless given.
    seconds : float
        How long the film lasts. It plays once. Up to five seconds no reader needs a button to stop it.
    margin : float
        How far the plane reaches beyond the data.

    Raises
    ------
    ValueError
        If the network has not two inputs and one output, there are fewer than two pictures, or `epochs`
        does not name the epoch of each.
    """
    points, classes = np.asarray(X, dtype=float), np.asarray(y, dtype=float).reshape(-1)
    sizes = list(net.sizes)
    if sizes[0] != 2 or sizes[-1] != 1 or points.shape[1:] != (2,):
        raise ValueError(f"a film needs two inputs and one output; the network is {sizes}")
    if len(history) < 2:
        raise ValueError(f"a film needs at least two moments of the training, got {len(history)}")
    epochs = range(len(history)) if epochs is None else epochs
    if len(epochs) != len(history):
        raise ValueError(f"there are {len(history)} pictures, but {len(epochs)} epochs")
    costs = [net.cost_of(params, points, classes) for params in history]
    plane = _Plane(points.min(axis=0) - margin, points.max(axis=0) + margin)
    curve = _curve(costs)
    largest = max(float(np.abs(W).max()) for params in history for W in params.W[1:])

    frames = []
    for k, (params, epoch, cost) in enumerate(zip(history, epochs, costs, strict=True)):
        x, h = curve[k]
        picture = _edges(sizes, params, largest) + plane.region(net, params)
        picture += f'<circle cx="{x:.1f}" cy="{h:.1f}" r="5" fill="{PALETTE["red"]}"/>'
        picture += f'<text x="380" y="278">epoch {epoch}: cost {cost:.3f}</text>'
        on, off = (seconds * moment / len(history) for moment in (k, k + 1))
        last = " fk-last" if k == len(history) - 1 else ""
        frames.append(f'<g class="fk-frame{last}" style="--on:{on:.2f}s;--off:{off:.2f}s">{picture}</g>')
    description = (
        f"A network with layers of {', '.join(map(str, sizes))} nodes learns {len(points)} points of two "
        "classes. Left its weights, in the middle the part of the plane where it answers more than 0.5, "
        f"right its cost, which goes from {costs[0]:.3f} to {costs[-1]:.3f} in "
        f"{epochs[-1] - epochs[0]} epochs."
    )
    still = _nodes(sizes) + plane.points(points, classes) + _axes(curve)
    return Film(
        '<div class="fk-stage">'
        f'<svg class="fk-film" viewBox="0 0 760 290" role="img" aria-label="{html.escape(description)}">'
        f"<style>{STYLE}</style>{''.join(frames)}{still}</svg>{AGAIN}</div>",
        description,
    )


class _Plane:
    """The plane of the two inputs, in the square from (270, 30) to (490, 250)."""

    def __init__(self, lower: Array, upper: Array) -> None:
        self.lower, self.upper = lower, upper
        axes = np.linspace(lower, upper, 61)
        self.x1, self.x2 = np.meshgrid(axes[:, 0], axes[:, 1])

    def place(self, points: Array) -> Array:
        """Return where points are in the picture."""
        share = (points - self.lower) / (self.upper - self.lower)
        return np.column_stack([270 + 220 * share[:, 0], 250 - 220 * share[:, 1]])

    def region(self, net: Network, params: HasWeights) -> str:
        """Return the part of the plane where the network answers more than 0.5."""
        grid = np.column_stack([self.x1.ravel(), self.x2.ravel()])
        answer = np.asarray(net.predict(params, grid), dtype=float).reshape(self.x1.shape)
        filled = Figure().add_subplot().contourf(self.x1, self.x2, answer, levels=[0.5, 2.0])
        polygons = [polygon for path in filled.get_paths() for polygon in path.to_polygons()]
        outlines = [self.place(np.asarray(polygon)) for polygon in polygons]
        path = "".join("M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in outline) + "Z" for outline in outlines)
        look = f'fill="{CLASSES[1][0]}" fill-opacity=".25" fill-rule="evenodd" stroke="{CLASSES[1][0]}"'
        return f'<path d="{path}" {look}/>'

    def points(self, X: Array, y: Array) -> str:
        """Return the data, squares for class 0 and discs for class 1, and the frame."""
        marks = []
        for (x, h), value in zip(self.place(X), y, strict=True):
            if value > 0.5:
                marks.append(f'<circle cx="{x:.1f}" cy="{h:.1f}" r="8" fill="{CLASSES[1][0]}"/>')
            else:
                corner = f'x="{x - 7:.1f}" y="{h - 7:.1f}"'
                marks.append(f'<rect {corner} width="14" height="14" fill="{CLASSES[0][0]}"/>')
        frame = '<rect class="fk-faint" x="270" y="30" width="220" height="220"/>'
        return frame + "".join(marks) + '<text x="380" y="18">answers more than ½</text>'


def _positions(sizes: Sequence[int]) -> list[list[tuple[float, float]]]:
    """Return where the nodes of each layer are, in the square from (20, 30) to (220, 250)."""
    step = min(70.0, 190 / max(sizes))
    return [
        [(35 + 170 * l / (len(sizes) - 1), 140 + step * (i - (size - 1) / 2)) for i in range(size)]
        for l, size in enumerate(sizes)
    ]


def _edges(sizes: Sequence[int], params: HasWeights, largest: float) -> str:
    """Return the weights as lines: wide if large, solid and blue if positive, dashed and red if negative."""
    places, lines = _positions(sizes), []
    for l, (before, after) in enumerate(pairwise(places), 1):
        for (i, (x1, y1)), (j, (x2, y2)) in product(enumerate(before), enumerate(after)):
            w = float(params.W[l][i, j])
            look = (
                f'stroke="{PALETTE["blue"]}"'
                if w >= 0
                else f'stroke="{PALETTE["red"]}" stroke-dasharray="6 4"'
            )
            ends = f'x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}"'
            lines.append(f'<line {ends} {look} stroke-width="{0.5 + 5 * abs(w) / largest:.1f}"/>')
    return "".join(lines)


def _nodes(sizes: Sequence[int]) -> str:
    """Return the nodes as discs, over the ends of the lines."""
    colours = [PALETTE["grey"], *[PALETTE["blue"]] * (len(sizes) - 2), PALETTE["green"]]
    discs = [
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="11" fill="{colour}"/>'
        for layer, colour in zip(_positions(sizes), colours, strict=True)
        for x, y in layer
    ]
    return "".join(discs) + '<text x="120" y="18">weights</text>'


def _curve(costs: Sequence[float]) -> Array:
    """Return the points of the cost's curve, on a logarithmic scale, between (540, 30) and (740, 250)."""
    height = np.log(np.maximum(costs, 1e-12))
    share = (height - height.min()) / max(float(np.ptp(height)), 1e-12)
    return np.column_stack([np.linspace(540, 740, len(height)), 240 - 200 * share])


def _axes(curve: Array) -> str:
    """Return the curve of the cost with its axes."""
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in curve)
    return (
        '<path class="fk-faint" d="M530 30V250H750"/>'
        f'<path d="M{path}" fill="none" stroke="{PALETTE["red"]}" stroke-width="1.5" opacity=".7"/>'
        '<text x="640" y="18">cost, on a log scale</text>'
    )
