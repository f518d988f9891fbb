"""Pictures of networks, graphs and training, drawn from the objects themselves.

Every function returns the matplotlib ``Axes`` that it drew on and takes one as ``ax=``. Backgrounds are
transparent and all colours have a contrast of at least 3:1 both on white and on near-black, so that one
picture serves the light and the dark page. Signs and classes differ in line style and marker too, never in
colour alone.
"""

from fysstk_nn._optional import needs

with needs("fysstk_book.draw"):
    import matplotlib  # noqa: F401

from fysstk_book.draw.film import Film, film
from fysstk_book.draw.graphs import graph
from fysstk_book.draw.networks import network, neuron, unrolled
from fysstk_book.draw.plots import (
    activations,
    curves,
    decision_boundary,
    fit,
    gate_points,
    image,
    intervals,
    line,
    matrix,
    surface,
)
from fysstk_book.draw.style import INK, PALETTE, use_style

__all__ = [
    "INK",
    "PALETTE",
    "Film",
    "activations",
    "curves",
    "decision_boundary",
    "film",
    "fit",
    "gate_points",
    "graph",
    "image",
    "intervals",
    "line",
    "matrix",
    "network",
    "neuron",
    "surface",
    "unrolled",
    "use_style",
]
