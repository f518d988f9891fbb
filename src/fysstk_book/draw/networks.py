"""Networks, single neurons and unrolled recurrent units, drawn from sizes or from their parameters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any, Protocol, runtime_checkable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from fysstk_book.draw import diagram
from fysstk_book.draw.diagram import RADIUS, Edge, Point
from fysstk_book.draw.style import INK, PALETTE


class HasSizes(Protocol):
    """Anything that knows the number of nodes in each of its layers."""

    @property
    def sizes(self) -> Sequence[int]:
        """M_0, M_1, ..., M_L."""


@runtime_checkable
class HasWeights(HasSizes, Protocol):
    """The parameters of a network, as ``fysstk_nn.params.Params``."""

    @property
    def W(self) -> Sequence[Any]:  # noqa: N802
        """``W[l]`` has shape (M_{l-1}, M_l)."""

    @property
    def b(self) -> Sequence[Any]:
        """``b[l]`` has shape (M_l,)."""


def network(
    sizes: Sequence[int] | HasSizes,
    params: HasWeights | None = None,
    *,
    labels: str | Sequence[Sequence[Any]] | None = "a",
    weights: str | None = "auto",
    biases: bool | None = None,
    z: Sequence[Any] | None = None,
    delta: Sequence[Any] | None = None,
    captions: bool = True,
    highlight: int | Sequence[int] | None = None,
    sweep: str | None = None,
    first: int = 1,
    brackets: bool = False,
    most: int = 8,
    digits: int = 3,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    r"""Draw a feed-forward network, left to right.

    Parameters
    ----------
    sizes : sequence of int, or an object with ``.sizes``
        Nodes per layer, input first. A network will do, and so will its parameters.
    params : Params, optional
        Weights and biases. An edge is as wide as its weight is large in its layer; it is solid and blue for
        w > 0, dashed and red for w < 0.
    labels : {"a", "z", None} or one sequence of texts or numbers per layer
        What stands in the nodes: activations, weighted sums, nothing, or your own.
    weights : {"auto", "value", "index", None}
        What stands on the edges: the weights' values, their names :math:`w_{ij}^l`, or nothing. "auto" writes
        values if there are `params`, else names, and nothing in networks with more than twelve weights. A
        chain of single nodes has names with one index, :math:`w_l`, :math:`b_l` and :math:`a_l`.
    biases : bool, optional
        Whether the biases stand below their nodes; unless given, they do if the weights are written.
    z, delta : one sequence of numbers per layer, optional
        Weighted sums, above their nodes; errors, in red below them (in place of the biases), with red heads
        on the edges along which they come. What stands for the input is not looked at.
    captions : bool
        Whether each layer is named below.
    highlight : int or sequence of int, optional
        A layer's number, or a path through the network: the printed index of one node in each layer.
    sweep : {"forward", "backward", "both"}, optional
        Arrows above for the forward pass, with :math:`z^l, a^l`, and below for :math:`\delta^l`.
    first : {1, 0}
        The index of the first node of a layer.
    brackets : bool
        Whether names have the layer in brackets, and no index for the only node of a layer, as on the
        lecture's 2-2-1 slides: :math:`w_{01}^{(1)}`, :math:`w_0^{(2)}`, :math:`a^{(2)}`.
    most : int
        Of a layer with more nodes than that, only the first and the last are drawn.
    digits : int
        Significant digits of printed weights and biases.
    title : str, optional
        Written above the network.
    ax : Axes, optional
        Where to draw; by default a new figure of the right size.

    Raises
    ------
    TypeError
        If `sizes` is not a sequence of whole numbers and has no such ``.sizes``.
    ValueError
        If an argument is out of its range, or `params` are those of another network.
    """
    if params is None and isinstance(sizes, HasWeights):
        params = sizes
    layers = _check_sizes(sizes)
    if params is not None and _check_sizes(params) != layers:
        raise ValueError(f"the params are of a network {_check_sizes(params)}, the sizes are {layers}")
    _check_choice("weights", weights, ("auto", "value", "index", None))
    _check_choice("sweep", sweep, ("forward", "backward", "both", None))
    if weights == "value" and params is None:
        raise ValueError("weights='value' needs params")
    if most < 3:
        raise ValueError(f"most must be at least 3, got {most}")
    if weights == "auto":
        few = sum(m * n for m, n in pairwise(layers)) <= 12
        weights = None if not few else "index" if params is None else "value"
    texts = _node_texts(labels, layers, first, digits, brackets)
    path = _check_highlight(highlight, layers, first)
    biases = weights is not None and delta is None if biases is None else biases
    if biases and delta is not None:
        raise ValueError("biases and delta both stand below the nodes; choose one")
    notes = {"z": _check_notes("z", z, layers), "delta": _check_notes("delta", delta, layers)}

    place = _places(layers, most, (2.7, 1.4) if biases or weights else (2.1, 0.98))
    right, half = place[len(layers) - 1, 0][0], max(y for _, y in place.values())
    below = -half - RADIUS - 0.12 - 0.32 * (biases or delta is not None)
    bottom = below - 0.66 * captions - 0.55 * (sweep in ("backward", "both"))
    above = half + RADIUS + 0.12 + 0.32 * (z is not None) + 0.55 * (sweep in ("forward", "both"))
    ax = diagram.canvas(ax, -0.8, right + 0.8, bottom, above + 0.45 * (title is not None))
    size = diagram.font(ax)

    taken: list[Bbox] = []
    for (l, i), at in place.items():
        lit = highlight == l or (path is not None and path[l] == i)
        colour = "orange" if lit else "grey" if l == 0 else "green" if l == len(layers) - 1 else "blue"
        taken.append(
            diagram.node(
                ax,
                at,
                PALETTE[colour],
                tint=0.16 if lit else 0.0 if l == 0 else 0.09,
                width=2.6 if lit else 1.4,
            )
        )
        diagram.inside(ax, at, texts[l][i], size)
        if biases and l > 0:
            text = rf"$b_{{{l}}}$"
            if max(layers) > 1:
                text = _symbol("b", "" if brackets and layers[l] == 1 else str(i + first), l, brackets)
            if params is not None and weights != "index":
                text = f"$b = ${diagram.number(params.b[l][i], digits)}"
            under = (at[0], at[1] - RADIUS - 0.05)
            taken.append(diagram.write(ax, under, text, 0.88 * size, va="top"))
        for name, side, colour in (("z", 1, INK), ("delta", -1, PALETTE["red"])):
            if notes[name] is not None and l > 0:
                symbol = r"\delta" if name == "delta" else name
                text = f"${symbol} = ${diagram.number(notes[name][l][i], digits)}"
                taken.append(diagram.note(ax, at, side, text, 0.88 * size, [], colour))
    _dots(ax, layers, place, size)

    for l in range(1, len(layers)):
        edges = _edges(l, place, params, weights, path, first, digits, brackets, dense=max(layers) > 5)
        diagram.label_edges(ax, edges, taken, 0.88 * size)
        diagram.draw_edges(ax, edges)
        if delta is not None and l > 1:
            for edge in edges:
                diagram.arrow(ax, edge.at(0.1), edge.at(0), PALETTE["red"], width=0.0)
    if captions:
        _captions(ax, layers, place, below, most, size)
    if sweep in ("forward", "both"):
        names = ["$x$", *(rf"$z^{{{l}}},\,a^{{{l}}}$" for l in range(1, len(layers)))]
        _sweep(ax, names, place, above - 0.3, PALETTE["blue"], backward=False)
    if sweep in ("backward", "both"):
        names = ["", *(rf"$\delta^{{{l}}}$" for l in range(1, len(layers)))]
        _sweep(ax, names, place, bottom + 0.28, PALETTE["red"], backward=True)
    if title is not None:
        diagram.write(ax, (right / 2, above + 0.2), title, 1.1 * size)
    return ax


def _check_choice(name: str, value: object, choices: tuple[str | None, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}; got {value!r}")


def _check_sizes(sizes: Sequence[int] | HasSizes) -> list[int]:
    """Return the numbers of nodes per layer: at least two of them, all positive."""
    given: Any = getattr(sizes, "sizes", sizes)
    try:
        layers = [int(size) for size in given]
    except (TypeError, ValueError):
        raise TypeError(f"sizes must be a sequence of whole numbers or have .sizes, got {sizes!r}") from None
    if len(layers) < 2 or min(layers) < 1 or layers != [float(size) for size in given]:
        raise ValueError(f"sizes must be at least two positive whole numbers, got {list(given)}")
    return layers


def _check_highlight(
    highlight: int | Sequence[int] | None, layers: list[int], first: int
) -> list[int] | None:
    """Return the path to highlight, counted from 0; None if `highlight` is a layer or nothing."""
    if highlight is None:
        return None
    if isinstance(highlight, int | np.integer):
        if not 0 <= highlight < len(layers):
            raise ValueError(f"there is no layer {highlight} to highlight: they are 0 to {len(layers) - 1}")
        return None
    path = [int(i) - first for i in highlight]
    if len(path) != len(layers) or not all(0 <= i < size for i, size in zip(path, layers, strict=True)):
        raise ValueError(
            f"a path has one node of each layer {layers}, counted from {first}; got {list(highlight)}"
        )
    return path


def _check_notes(name: str, notes: Sequence[Any] | None, layers: list[int]) -> Any:
    """Return the numbers at the nodes, if they are as many as these."""
    if notes is not None:
        counts = [len(numbers) for numbers in notes[1:]]
        if len(notes) != len(layers) or counts != layers[1:]:
            raise ValueError(f"{name} has {counts} numbers in the layers after the input, not {layers[1:]}")
    return notes


def _node_texts(
    labels: str | Sequence[Sequence[Any]] | None,
    layers: list[int],
    first: int,
    digits: int,
    brackets: bool,
) -> list[list[str]]:
    """Return what is written into each node."""
    if labels is None:
        return [[""] * size for size in layers]
    if isinstance(labels, str):
        _check_choice("labels", labels, ("a", "z", None))
        if max(layers) == 1:
            return [["$x$"], *([rf"${labels}_{{{l}}}$"] for l in range(1, len(layers)))]
        inputs = [rf"$x_{{{i + first}}}$" for i in range(layers[0])]
        others = [
            [
                _symbol(labels, "" if brackets and size == 1 else str(i + first), l, brackets)
                for i in range(size)
            ]
            for l, size in enumerate(layers)
            if l > 0
        ]
        return [inputs, *others]
    if [len(texts) for texts in labels] != layers:
        raise ValueError(
            f"the labels are {[len(texts) for texts in labels]} per layer, the network is {layers}"
        )
    return [
        [text if isinstance(text, str) else diagram.number(text, digits) for text in texts]
        for texts in labels
    ]


def _symbol(letter: str, indices: str, layer: int, brackets: bool) -> str:
    """Return a letter with its indices, if there are any, and its layer."""
    below = f"_{{{indices}}}" if indices else ""
    return f"${letter}{below}^{{({layer})}}$" if brackets else f"${letter}{below}^{{{layer}}}$"


def _places(layers: list[int], most: int, step: tuple[float, float]) -> dict[tuple[int, int], Point]:
    """Return where node (layer, index) is, for all that are drawn; above the last there may be a gap."""
    places = {}
    for l, size in enumerate(layers):
        shown = list(range(size)) if size <= most else [*range(most - 2), size - 1]
        slots = list(range(size)) if size <= most else [*range(most - 2), most - 1]
        for i, slot in zip(shown, slots, strict=True):
            places[l, i] = (l * step[0], ((min(size, most) - 1) / 2 - slot) * step[1])
    return places


def _dots(ax: Axes, layers: list[int], place: dict[tuple[int, int], Point], size: float) -> None:
    """Write dots where nodes were left out."""
    for l, last in enumerate(layers):
        drawn = [i for layer, i in place if layer == l]
        if len(drawn) < last:
            (x, upper), (_, lower) = place[l, drawn[-2]], place[l, drawn[-1]]
            diagram.write(ax, (x, (upper + lower) / 2), r"$\vdots$", 1.3 * size)


def _edges(
    l: int,
    place: dict[tuple[int, int], Point],
    params: HasWeights | None,
    weights: str | None,
    path: list[int] | None,
    first: int,
    digits: int,
    brackets: bool,
    dense: bool,
) -> list[Edge]:
    """Return the edges from layer l - 1 to layer l."""
    edges = []
    chain = all(i == 0 for _, i in place)
    before, after = ([i for layer, i in place if layer == k] for k in (l - 1, l))
    largest = 1.0 if params is None else max(float(np.max(np.abs(params.W[l]))), 1e-300)
    for i, j in product(before, after):
        look: dict[str, Any] = {"alpha": 0.5 if dense else 0.8}
        label = ""
        if weights == "index":
            comma = "," if max(i, j) + first > 9 else ""
            to = "" if brackets and len(after) == 1 else f"{comma}{j + first}"
            label = rf"$w_{{{l}}}$" if chain else _symbol("w", f"{i + first}{to}", l, brackets)
        if params is not None:
            w = float(params.W[l][i, j])
            colour = PALETTE["blue" if w >= 0 else "red"]
            look |= {
                "width": 0.5 + 2.3 * abs(w) / largest,
                "colour": colour,
                "dashes": "-" if w >= 0 else "--",
            }
            if weights == "value":
                label, look["ink"] = diagram.number(w, digits), colour
        if path is not None and (path[l - 1], path[l]) == (i, j):
            look |= {"width": 3.0, "alpha": 1.0, "colour": look.get("colour", PALETTE["orange"])}
        elif path is not None:
            look["alpha"] = 0.4
        edges.append(Edge([place[l - 1, i], place[l, j]], label, **look))
    return edges


def _captions(
    ax: Axes, layers: list[int], place: dict[tuple[int, int], Point], y: float, most: int, size: float
) -> None:
    """Write below each layer what it is."""
    for l, nodes in enumerate(layers):
        name = "input" if l == 0 else "output" if l == len(layers) - 1 else "hidden"
        count = f", {nodes} nodes" if nodes > most else ""
        diagram.write(ax, (place[l, 0][0], y), f"{name}{count}\nlayer {l}", 0.88 * size, va="top")


def _sweep(
    ax: Axes, names: list[str], place: dict[tuple[int, int], Point], y: float, colour: str, backward: bool
) -> None:
    """Write a row of names, one per layer, and join them by arrows."""
    size = 1.15 * diagram.font(ax)
    boxes = [
        diagram.write(ax, (place[l, 0][0], y), name, size, colour=colour)
        for l, name in enumerate(names)
        if name
    ]
    for left, right in pairwise(boxes):
        start, end = (left.x1 + 0.12, y), (right.x0 - 0.12, y)
        if backward:
            start, end = end, start
        diagram.arrow(ax, start, end, colour)


def neuron(
    inputs: int | Sequence[float] = 3,
    bias: float | None = None,
    *,
    activation: str = "f",
    first: int = 1,
    digits: int = 3,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    r"""Draw one neuron from the inside: weighted inputs, their sum z, the activation function, the output a.

    Parameters
    ----------
    inputs : int or sequence of float
        The number of inputs, or their weights; then the values are written on the edges.
    bias : float, optional
        The value of the bias; its name b is written if there is none.
    activation : str
        What stands for the activation function, such as ``f`` or ``$\sigma$``.
    first : {1, 0}
        The index of the first input.
    digits : int
        Significant digits of the values.
    title, ax
        As in `network`.

    Raises
    ------
    ValueError
        If there is no input.
    """
    weights = None if isinstance(inputs, int) else [float(w) for w in inputs]
    count = inputs if isinstance(inputs, int) else len(inputs)
    if count < 1:
        raise ValueError(f"a neuron needs at least one input, got {count}")
    half = (count - 1) / 2 * 1.05
    top = max(half, 1.25) + RADIUS + 0.12
    ax = diagram.canvas(ax, -0.6, 6.3, -max(half, 0.5) - RADIUS - 0.12, top + 0.45 * (title is not None))
    size = diagram.font(ax)
    total, function = (2.6, 0.0), (4.4, 0.0)
    edges = []
    taken = [diagram.node(ax, total, PALETTE["blue"]), diagram.node(ax, function, PALETTE["green"])]
    for k in range(count):
        at = (0.0, half - 1.05 * k)
        taken.append(diagram.node(ax, at, INK, tint=0.0))
        diagram.inside(ax, at, f"$x_{{{k + first}}}$", size)
        label = f"$w_{{{k + first}}}$" if weights is None else diagram.number(weights[k], digits)
        edges.append(Edge([at, total], label, arrow=True))
    above = (total[0], 1.25)
    taken.append(diagram.node(ax, above, INK, tint=0.0))
    diagram.inside(ax, above, "$1$", size)
    edges.append(Edge([above, total], "$b$" if bias is None else diagram.number(bias, digits), arrow=True))
    edges.append(Edge([total, function], "$z$", arrow=True))
    edges.append(Edge([function, (6.2, 0.0)], arrow=True))
    diagram.inside(ax, total, r"$\Sigma$", 1.2 * size)
    diagram.inside(ax, function, diagram.mathematics(activation), 1.2 * size)
    diagram.write(ax, (6.1, 0.0), "$a$", 1.1 * size)
    diagram.label_edges(ax, edges, taken, 0.88 * size)
    diagram.draw_edges(ax, edges)
    if title is not None:
        diagram.write(ax, (2.85, top + 0.2), title, 1.1 * size)
    return ax


def unrolled(
    steps: int = 3,
    *,
    names: tuple[str, str] = ("$w_x$", "$w_h$"),
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a recurrent unit with its loop, and beside it the same unit unrolled in time.

    Parameters
    ----------
    steps : int
        The number of time steps, at least 2.
    names : tuple of two str
        The weights from input to state and from state to state; all steps share them.
    title, ax
        As in `network`.

    Raises
    ------
    ValueError
        If there are fewer than two steps.
    """
    if steps < 2:
        raise ValueError(f"to unroll a unit takes at least 2 steps, got {steps}")
    start = 3.5
    right = start + 1.9 * (steps - 1)
    ax = diagram.canvas(ax, -0.75, right + 0.5, -2.15, 1.85 + 0.45 * (title is not None))
    size = diagram.font(ax)
    edges, taken = [], []
    around = np.linspace(np.pi / 4, 3 * np.pi / 4, 41)
    loop = 1.6 * np.sin(2 * around - np.pi / 2) * np.array([np.cos(around), np.sin(around)])  # a petal
    red = PALETTE["red"]
    edges.append(Edge(list(zip(*loop, strict=True)), names[1], arrow=True, colour=red, ink=red, smooth=False))
    for x, index in [(0.0, "t"), *((start + 1.9 * t, str(t + 1)) for t in range(steps))]:
        below, state = (x, -1.7), (x, 0.0)
        for letter, at, colour in (("x", below, "grey"), ("h", state, "blue")):
            taken.append(diagram.node(ax, at, PALETTE[colour], tint=0.0 if letter == "x" else 0.1))
            diagram.inside(ax, at, f"${letter}_{{{index}}}$", size)
        edges.append(Edge([below, state], names[0], arrow=True))
        if index != "t":
            edges.append(Edge([(x - 1.9, 0.0), state], names[1], arrow=True, colour=red, ink=red))
    diagram.write(ax, (1.0, -0.85), "$=$", 1.3 * size)
    diagram.write(ax, (start - 1.78, 0.0), "$h_0$", size)
    diagram.label_edges(ax, edges, taken, 0.88 * size)
    diagram.draw_edges(ax, edges)
    if title is not None:
        diagram.write(ax, (right / 2, 2.05), title, 1.1 * size)
    return ax
