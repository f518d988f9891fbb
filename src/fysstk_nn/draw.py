"""Pictures of networks, graphs and training, drawn from the objects themselves.

Every function returns the matplotlib ``Axes`` that it drew on and takes one as ``ax=``. Backgrounds are
transparent and all colours have a contrast of at least 3:1 both on white and on near-black, so that one
picture serves the light and the dark page. Signs and classes differ in line style and marker too, never in
colour alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Protocol, cast

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch
from matplotlib.transforms import Bbox
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating[Any]]
Point = tuple[float, float]

#: The book's colours: Okabe and Ito's hues, darkened until each has 3:1 on white and on the dark page.
#: Blue, red and grey also have 4.5:1 on white; only these colour text.
PALETTE: dict[str, str] = {
    "blue": "#0072b2",
    "orange": "#c87d00",
    "green": "#009066",
    "red": "#c84b00",
    "purple": "#b8639b",
    "sky": "#2f93cb",
    "yellow": "#9c8a00",
    "grey": "#6e6e6e",
}
INK = PALETTE["grey"]

_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (3, 1)))
_MARKERS = ("s", "o", "^", "D", "v", "P", "X")
_CLASS_COLOURS = ("orange", "blue", "green", "purple", "red", "sky", "yellow")
_RADIUS = 0.32  # of a node, in units of the diagram
_UNIT = 0.8  # inches that one unit of a diagram takes when it has the page to itself
_WIDEST = 7.4  # inches, the text width of the page


def use_style() -> None:
    """Set the look of all figures of a chapter; call it in the first cell.

    Figures become SVG with a transparent background, mid-tone axes and the book's colours; the same code
    gives the same bytes every time. Outside a notebook only the style is set.
    """
    colours = [PALETTE[name] for name in ("blue", "red", "green", "purple", "orange", "sky", "yellow")]
    plt.rcParams.update(
        {
            "figure.figsize": (6.4, 3.8),
            "figure.dpi": 144,
            "figure.facecolor": "none",
            "figure.constrained_layout.use": True,
            "axes.facecolor": "none",
            "savefig.facecolor": "none",
            "savefig.transparent": True,
            "svg.hashsalt": "fysstk_nn",
            "svg.fonttype": "path",
            "font.size": 11,
            "mathtext.fontset": "cm",
            "text.color": INK,
            "axes.labelcolor": INK,
            "axes.edgecolor": INK,
            "axes.titlecolor": INK,
            "axes.titlesize": 12,
            "xtick.color": INK,
            "ytick.color": INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": cycler(color=colours) + cycler(linestyle=_STYLES),
            "grid.color": INK,
            "grid.alpha": 0.25,
            "grid.linewidth": 0.6,
            "lines.linewidth": 1.8,
            "legend.frameon": False,
            "legend.handlelength": 2.6,
        }
    )
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    if get_ipython() is not None:
        set_matplotlib_formats("svg", metadata={"Date": None})  # type: ignore[no-untyped-call]


# ----------------------------------------------------------------------------------------------------
# Diagrams: a plane in which one unit is the distance between neighbouring nodes


def _canvas(ax: Axes | None, left: float, right: float, bottom: float, top: float) -> Axes:
    """Return axes without a frame that show this rectangle, one unit alike in both directions."""
    if ax is None:
        unit = min(_UNIT, _WIDEST / (right - left))
        figure = plt.figure(figsize=((right - left) * unit, (top - bottom) * unit), layout="none")
        ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    elif isinstance(ax.figure, Figure) and ax.figure.get_layout_engine() is not None:
        ax.figure.draw_without_rendering()
    ax.set_axis_off()
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    ax.set_aspect("equal")
    ax.apply_aspect()
    return ax


def _font(ax: Axes, size: float = 0.2) -> float:
    """Return the font size, in points, of letters that are `size` units high."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    unit = (ax.transData.transform((1, 0)) - ax.transData.transform((0, 0)))[0] * 72 / figure.dpi
    return float(np.clip(size * unit, 4.0, 13.0))


def _box(ax: Axes, text: mpl.text.Text) -> Bbox:
    """Return the rectangle that a text covers, in data units."""
    return text.get_window_extent().transformed(ax.transData.inverted())


def _crosses(box: Bbox, start: Point, end: Point) -> bool:
    """Return whether the straight line from start to end meets the box."""
    return bool(mpl.path.Path([start, end]).intersects_bbox(box))


class _Edge:
    """A straight edge between two nodes, perhaps with a label that interrupts it."""

    def __init__(self, start: Point, end: Point, label: str = "", **style: Any) -> None:
        p, q = np.array(start, dtype=float), np.array(end, dtype=float)
        step = (q - p) / max(float(np.hypot(*(q - p))), 1e-12) * _RADIUS
        self.start, self.end = p + step, q - step
        self.label, self.style = label, style
        self.gap: tuple[float, float] | None = None

    def at(self, t: float) -> Point:
        x, y = self.start + t * (self.end - self.start)
        return float(x), float(y)

    def pieces(self) -> list[tuple[Point, Point]]:
        """Return the parts of the edge that are drawn: one, or two around the label."""
        if self.gap is None:
            return [(self.at(0), self.at(1))]
        return [(self.at(0), self.at(self.gap[0])), (self.at(self.gap[1]), self.at(1))]


def _label_edges(ax: Axes, edges: Sequence[_Edge], taken: list[Bbox], colour: str, size: float) -> None:
    """Write the edges' labels where they cover no node, no other label and as few other edges as possible."""
    places = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82, 0.12, 0.88)
    for edge in edges:
        if not edge.label:
            continue
        text = ax.text(
            *edge.at(0.5), edge.label, ha="center", va="center", fontsize=size, color=colour, zorder=5
        )
        best, lowest = 0.5, np.inf
        for t in places:
            text.set_position(edge.at(t))
            box = _box(ax, text).padded(0.02)
            cost = 100.0 * sum(box.overlaps(other) for other in taken)
            cost += sum(_crosses(box, other.at(0), other.at(1)) for other in edges if other is not edge)
            if cost + abs(t - 0.5) < lowest:
                best, lowest = t, cost + abs(t - 0.5)
        text.set_position(edge.at(best))
        box = _box(ax, text).padded(0.02)
        taken.append(box)
        inside = [t for t in np.linspace(0, 1, 201) if box.contains(*edge.at(t))]
        edge.gap = (inside[0], inside[-1]) if inside else None


def _lines(ax: Axes, edges: Iterable[_Edge]) -> None:
    """Draw the edges, each in its own width, colour and line style."""
    pieces = [(piece, edge.style) for edge in edges for piece in edge.pieces()]
    ax.add_collection(
        LineCollection(
            [piece for piece, _ in pieces],
            linewidths=[style.get("width", 1.0) for _, style in pieces],
            colors=[to_rgba(style.get("colour", INK), style.get("alpha", 1.0)) for _, style in pieces],
            linestyles=[style.get("dashes", "-") for _, style in pieces],
            zorder=1,
        ),
        autolim=False,
    )


def _arrow(ax: Axes, start: Point, end: Point, colour: str, width: float = 1.4, **kwargs: Any) -> None:
    """Draw one arrow from start to end."""
    ax.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=_font(ax, 0.24),
            color=colour,
            linewidth=width,
            **kwargs,
        )
    )


# ----------------------------------------------------------------------------------------------------
# Networks


class _HasSizes(Protocol):
    @property
    def sizes(self) -> Sequence[int]: ...


class _HasWeights(_HasSizes, Protocol):
    @property
    def W(self) -> Sequence[Any]: ...  # noqa: N802

    @property
    def b(self) -> Sequence[Any]: ...


def _check_sizes(sizes: Sequence[int] | _HasSizes) -> list[int]:
    """Return the numbers of nodes per layer as a list of at least two positive ints."""
    numbers: Any = getattr(sizes, "sizes", sizes)
    try:
        result = [int(size) for size in numbers]
    except (TypeError, ValueError):
        raise TypeError(f"sizes must be a sequence of whole numbers or have .sizes, got {sizes!r}") from None
    if len(result) < 2 or min(result) < 1 or any(float(a) != b for a, b in zip(numbers, result, strict=True)):
        raise ValueError(f"sizes must be at least two positive whole numbers, got {list(numbers)}")
    return result


def _shown(size: int, most: int) -> list[int | None]:
    """Return the indices of the nodes that are drawn; None stands for the dots of the left-out ones."""
    if size <= most:
        return list(range(size))
    return [*range(most - 2), None, size - 1]


def _node_label(layer: int, index: int, last: int, kind: str) -> str:
    """Return the TeX of what is written into a node."""
    if kind == "z" and layer > 0:
        return rf"$z_{{{index}}}^{{{layer}}}$"
    if layer == 0:
        return rf"$x_{{{index}}}$"
    return rf"$a_{{{index}}}^{{{layer}}}$"


def network(
    sizes: Sequence[int] | _HasSizes,
    params: _HasWeights | None = None,
    *,
    labels: str | Sequence[Sequence[str]] | None = "a",
    weights: str | None = "auto",
    biases: bool | None = None,
    captions: bool = True,
    highlight: int | Sequence[int] | None = None,
    sweep: str | None = None,
    first: int = 1,
    most: int = 8,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    r"""Draw a feed-forward network, left to right.

    Parameters
    ----------
    sizes
        Nodes per layer, input first, or anything with ``.sizes`` (a network, its parameters).
    params
        Parameters with ``W[l]`` of shape (M_{l-1}, M_l) and ``b[l]`` of shape (M_l,). An edge's width is |w|;
        it is solid and blue for w > 0, dashed and red for w < 0. May also be given as `sizes`.
    labels
        What stands in the nodes: "a" for activations, "z" for the weighted sums, None for nothing, or your
        own texts, one list per layer.
    weights
        What stands on the edges: "value", "index" for :math:`w_{ij}^{l}`, None, or "auto": values if there
        are `params`, else indices, and nothing in networks with more than twelve weights.
    biases
        Whether biases are written below the nodes; by default as the weights are.
    captions
        Whether each layer is named below.
    highlight
        A layer's number, or a path through the network: the (printed) index of one node per layer.
    sweep
        "forward" for arrows with :math:`z^l, a^l`, "backward" for arrows with :math:`\delta^l`, or "both".
    first
        Index of the first node of a layer: 1, or 0.
    most
        Layers with more nodes are drawn with dots.
    """
    if params is None and hasattr(sizes, "W"):
        params = cast(_HasWeights, sizes)
    sizes = _check_sizes(sizes)
    if params is not None and _check_sizes(params) != sizes:
        raise ValueError(f"params are of a network {_check_sizes(params)}, sizes are {sizes}")
    if weights not in ("auto", "value", "index", None):
        raise ValueError(f"weights must be 'auto', 'value', 'index' or None, got {weights!r}")
    if sweep not in ("forward", "backward", "both", None):
        raise ValueError(f"sweep must be 'forward', 'backward', 'both' or None, got {sweep!r}")
    if weights == "value" and params is None:
        raise ValueError("weights='value' needs params")
    if most < 3:
        raise ValueError(f"most must be at least 3, got {most}")
    count = sum(m * n for m, n in pairwise(sizes))
    if weights == "auto":
        weights = None if count > 12 else "index" if params is None else "value"
    biases = weights is not None if biases is None else biases
    last = len(sizes) - 1
    path = _check_path(highlight, sizes, first)

    columns = [_shown(size, most) for size in sizes]
    dx, dy = (2.6, 1.35) if weights or biases else (2.0, 0.95)
    where: dict[tuple[int, int], Point] = {}
    for l, column in enumerate(columns):
        for slot, i in enumerate(column):
            y = ((len(column) - 1) / 2 - slot) * dy
            if i is not None:
                where[l, i] = (l * dx, y)
    half = (max(len(column) for column in columns) - 1) / 2 * dy
    below = half + _RADIUS + 0.1 + 0.35 * biases
    bottom = -below - 0.62 * captions - 0.55 * (sweep in ("backward", "both"))
    top = half + _RADIUS + 0.1 + 0.55 * (sweep in ("forward", "both")) + 0.45 * (title is not None)
    ax = _canvas(ax, -0.75, last * dx + 0.75, bottom, top)

    size = _font(ax)
    taken: list[Bbox] = []
    for (l, i), (x, y) in where.items():
        lit = highlight == l or (path is not None and path[l] == i)
        colour = PALETTE["orange"] if lit else INK if l == 0 else PALETTE["blue" if l < last else "green"]
        face = to_rgba(colour, 0.3 if lit else 0.0 if l == 0 else 0.12)
        ax.add_patch(
            Circle((x, y), _RADIUS, facecolor=face, edgecolor=colour, linewidth=2.4 if lit else 1.4, zorder=3)
        )
        taken.append(Bbox.from_extents(x - _RADIUS, y - _RADIUS, x + _RADIUS, y + _RADIUS))
        text = _text_of_node(labels, sizes, l, i, first)
        ax.text(
            x, y, text, ha="center", va="center", fontsize=size if len(text) < 20 else 0.8 * size, zorder=4
        )
        if biases and l > 0:
            bias = f"{params.b[l][i]:.3g}" if params is not None and weights == "value" else ""
            bias = (bias or rf"$b_{{{i + first}}}^{{{l}}}$").replace("-", "−")
            note = ax.text(x, y - _RADIUS - 0.05, bias, ha="center", va="top", fontsize=0.85 * size, zorder=4)
            taken.append(_box(ax, note))
    for l, column in enumerate(columns):
        if None in column:
            y = ((len(column) - 1) / 2 - column.index(None)) * dy
            ax.text(l * dx, y, r"$\vdots$", ha="center", va="center", fontsize=1.3 * size)

    for l in range(1, last + 1):
        edges = []
        scale = 1.0 if params is None else max(float(np.max(np.abs(params.W[l]))), 1e-12)
        for i in columns[l - 1]:
            for j in columns[l]:
                if i is None or j is None:
                    continue
                style: dict[str, Any] = {"width": 1.0, "alpha": 0.75 if count <= 60 else 0.45}
                label = rf"$w_{{{i + first}{j + first}}}^{{{l}}}$" if weights == "index" else ""
                if max(i, j) + first > 9 and label:
                    label = rf"$w_{{{i + first},{j + first}}}^{{{l}}}$"
                if params is not None:
                    w = float(params.W[l][i, j])
                    style["width"] = 0.4 + 2.4 * abs(w) / scale
                    style["colour"] = PALETTE["blue" if w >= 0 else "red"]
                    style["dashes"] = "-" if w >= 0 else "--"
                    label = f"{w:.3g}".replace("-", "−") if weights == "value" else label
                if path is not None:
                    on = path[l - 1] == i and path[l] == j
                    style |= {"width": 2.8, "alpha": 1.0} if on else {"alpha": 0.35}
                    style |= {"colour": PALETTE["orange"]} if on and params is None else {}
                edges.append(_Edge(where[l - 1, i], where[l, j], label, **style))
        _label_edges(ax, edges, taken, INK, 0.85 * size)
        _lines(ax, edges)

    if captions:
        for l, nodes in enumerate(sizes):
            name = "input" if l == 0 else "output" if l == last else "hidden"
            extra = f", {nodes} nodes" if nodes > most else ""
            ax.text(l * dx, -below, f"{name}{extra}\nlayer {l}", ha="center", va="top", fontsize=0.8 * size)
    if sweep in ("forward", "both"):
        names = [r"$x$", *(rf"$z^{{{l}}},\,a^{{{l}}}$" for l in range(1, last + 1))]
        _strip(ax, names, dx, half + _RADIUS + 0.35, PALETTE["blue"], size, backward=False)
    if sweep in ("backward", "both"):
        names = ["", *(rf"$\delta^{{{l}}}$" for l in range(1, last + 1))]
        _strip(ax, names, dx, bottom + 0.3, PALETTE["red"], size, backward=True)
    if title is not None:
        ax.text(last * dx / 2, top - 0.05, title, ha="center", va="top", fontsize=1.1 * size)
    return ax


def _check_path(highlight: int | Sequence[int] | None, sizes: list[int], first: int) -> list[int] | None:
    """Return the path to highlight, counted from 0, or None if a layer or nothing is to be highlighted."""
    if highlight is None:
        return None
    if isinstance(highlight, int):
        if not 0 <= highlight < len(sizes):
            raise ValueError(f"highlight names layer {highlight}, the layers are 0 to {len(sizes) - 1}")
        return None
    path = [int(i) - first for i in highlight]
    if len(path) != len(sizes) or any(not 0 <= i < size for i, size in zip(path, sizes, strict=False)):
        raise ValueError(
            f"a path needs one node of each layer {sizes}, counted from {first}; got {list(highlight)}"
        )
    return path


def _text_of_node(
    labels: str | Sequence[Sequence[str]] | None, sizes: list[int], l: int, i: int, first: int
) -> str:
    """Return the text inside node i (from 0) of layer l."""
    if labels is None:
        return ""
    if isinstance(labels, str):
        if labels not in ("a", "z"):
            raise ValueError(f"labels must be 'a', 'z', None or one list of texts per layer, got {labels!r}")
        return _node_label(l, i + first, len(sizes) - 1, labels)
    if [len(texts) for texts in labels] != sizes:
        raise ValueError(
            f"labels have {[len(texts) for texts in labels]} texts per layer, the network is {sizes}"
        )
    return str(labels[l][i])


def _strip(ax: Axes, names: list[str], dx: float, y: float, colour: str, size: float, backward: bool) -> None:
    """Write one name per layer in a row and join them by arrows."""
    boxes = [
        _box(ax, ax.text(l * dx, y, name, ha="center", va="center", fontsize=1.1 * size, color=colour))
        if name
        else None
        for l, name in enumerate(names)
    ]
    for left, right in pairwise(boxes):
        if left is not None and right is not None:
            start, end = (left.x1 + 0.12, y), (right.x0 - 0.12, y)
            _arrow(ax, *((end, start) if backward else (start, end)), colour, shrinkA=0, shrinkB=0)


# ----------------------------------------------------------------------------------------------------
# Computational graphs


class _Node(Protocol):
    @property
    def value(self) -> float: ...
    @property
    def parents(self) -> Sequence[Any]: ...
    @property
    def local(self) -> Sequence[float]: ...
    @property
    def op(self) -> str | None: ...
    @property
    def name(self) -> str | None: ...


_SYMBOLS = {
    "add": "+",
    "sub": "−",
    "mul": "×",
    "div": "/",
    "neg": "−",
    "pow": "pow",
    "*": "×",
    "-": "−",
    "truediv": "/",
}


def _topological(f: _Node) -> list[Any]:
    """Return all nodes that f depends on, parents before children, f last."""
    order: list[Any] = []
    seen: set[int] = set()
    stack: list[tuple[Any, bool]] = [(f, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((parent, False) for parent in reversed(list(node.parents)))
    return order


def _adjoints(order: Sequence[_Node]) -> dict[int, float]:
    """Return df/dnode for all nodes of a topological order that ends with f."""
    adjoint = {id(node): 0.0 for node in order}
    adjoint[id(order[-1])] = 1.0
    for node in reversed(order):
        for parent, slope in zip(node.parents, node.local, strict=True):
            adjoint[id(parent)] += adjoint[id(node)] * slope
    return adjoint


def _layout(order: Sequence[_Node]) -> tuple[dict[int, Point], dict[tuple[int, int], list[Point]]]:
    """Place the nodes in columns, so that few edges cross; long edges get a bend in each column they pass.

    Returns the nodes' positions and, for each pair (parent, child), the points of the edge between them.
    """
    column = {id(node): 0 for node in order}
    for node in order:
        if node.parents:
            column[id(node)] = 1 + max(column[id(parent)] for parent in node.parents)
    for node in reversed(order):  # an input stands just before its first use
        users = [column[id(child)] for child in order if any(parent is node for parent in child.parents)]
        if users and not node.parents:
            column[id(node)] = min(users) - 1
    chains: dict[tuple[int, int], list[Any]] = {}
    columns: list[list[Any]] = [[] for _ in range(max(column.values()) + 1)]
    for node in order:
        columns[column[id(node)]].append(id(node))
    for node in order:
        for parent in {id(parent) for parent in node.parents}:
            bends = [(parent, id(node), c) for c in range(column[parent] + 1, column[id(node)])]
            for bend in bends:
                columns[bend[2]].append(bend)
            chains[parent, id(node)] = [parent, *bends, id(node)]
    neighbours: dict[Any, tuple[list[Any], list[Any]]] = {key: ([], []) for keys in columns for key in keys}
    for chain in chains.values():
        for a, b in pairwise(chain):
            neighbours[b][0].append(a)
            neighbours[a][1].append(b)

    height = {key: float(-row) for keys in columns for row, key in enumerate(keys)}
    for sweep in range(12):  # each column sorts itself by the mean height of its neighbours, forth and back
        side = sweep % 2
        for keys in columns[::-1] if side else columns:
            wish = {
                key: float(np.mean([height[n] for n in neighbours[key][side]] or [height[key]]))
                for key in keys
            }
            keys.sort(key=lambda key: -wish[key])
            heights = [wish[key] for key in keys]
            for _ in range(len(keys)):  # push apart what is nearer than one row
                for k in range(1, len(keys)):
                    excess = 1.0 - (heights[k - 1] - heights[k])
                    if excess > 0:
                        heights[k - 1] += excess / 2
                        heights[k] -= excess / 2
            for k in range(1, len(keys)):
                heights[k] = min(heights[k], heights[k - 1] - 1.0)
            height |= dict(zip(keys, heights, strict=True))
    place = {key: (2.0 * c, 1.35 * height[key]) for c, keys in enumerate(columns) for key in keys}
    nodes = {id(node): place[id(node)] for node in order}
    return nodes, {pair: [place[key] for key in chain] for pair, chain in chains.items()}


def graph(
    f: _Node,
    values: bool = True,
    gradients: bool = False,
    *,
    edges: str | None = "auto",
    names: Mapping[Any, str] | None = None,
    precision: int = 3,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    r"""Draw the computational graph of an expression, inputs left, the result right.

    Parameters
    ----------
    f
        The last node of an expression of ``fysstk_nn.autodiff``: .value, .parents, .local, .op and .name.
    values
        Whether each node's value is written above it.
    gradients
        Whether df/dnode is written below each node, in red.
    edges
        What stands on the edges: "local" for the derivative of the node by its parent, "sent" for what flows
        back along the edge (local derivative times the child's gradient), None, or "auto": "local" with
        `gradients`.
    names
        Texts for nodes that have no name of their own, by node.
    precision
        Significant digits.
    """
    if not hasattr(f, "parents") or not hasattr(f, "local"):
        raise TypeError(f"graph draws the result of an autodiff expression, got {type(f).__name__}")
    if edges not in ("auto", "local", "sent", None):
        raise ValueError(f"edges must be 'auto', 'local', 'sent' or None, got {edges!r}")
    edges = ("local" if gradients else None) if edges == "auto" else edges
    order = _topological(f)
    adjoint = _adjoints(order)
    place, routes = _layout(order)
    given = {id(node): name for node, name in (names or {}).items()}

    def number(value: float) -> str:
        return f"{float(value):.{precision}g}".replace("-", "−")

    points = [p for route in routes.values() for p in route] + list(place.values())
    xs, ys = zip(*points, strict=True)
    margin = 0.95
    ax = _canvas(
        ax, min(xs) - margin, max(xs) + margin, min(ys) - 0.75, max(ys) + 0.75 + 0.4 * (title is not None)
    )
    size = _font(ax)
    taken: list[Bbox] = []
    for node in order:
        x, y = place[id(node)]
        leaf = not node.parents
        name = given.get(id(node), node.name)
        colour = PALETTE["green"] if node is f else PALETTE["blue"] if leaf and name else INK
        ax.add_patch(
            Circle(
                (x, y), _RADIUS, facecolor=to_rgba(colour, 0.12), edgecolor=colour, linewidth=1.4, zorder=3
            )
        )
        taken.append(Bbox.from_extents(x - _RADIUS, y - _RADIUS, x + _RADIUS, y + _RADIUS))
        inside = (
            (_math(name) if name else number(node.value))
            if leaf
            else _SYMBOLS.get(str(node.op), str(node.op))
        )
        fit = min(1.0, 4.2 / max(len(inside.strip("$")), 1)) if not inside.startswith("$") else 1.0
        ax.text(x, y, inside, ha="center", va="center", fontsize=1.15 * size * max(fit, 0.55), zorder=4)
        above = [_math(name)] if name and not leaf else []
        above += [number(node.value)] if values and (name or not leaf) else []
        if above:
            note = ax.text(
                x, y + _RADIUS + 0.04, " = ".join(above), ha="center", va="bottom", fontsize=0.85 * size
            )
            taken.append(_box(ax, note))
        if gradients and (name or not leaf):
            note = ax.text(x, y - _RADIUS - 0.04, number(adjoint[id(node)]), ha="center", va="top",
                           fontsize=0.85 * size, color=PALETTE["red"])  # fmt: skip
            taken.append(_box(ax, note))

    drawn: list[_Edge] = []
    for node in order:
        slopes: dict[int, float] = {}
        for parent, slope in zip(node.parents, node.local, strict=True):
            slopes[id(parent)] = slopes.get(id(parent), 0.0) + float(slope)
        for parent_id, slope in slopes.items():
            label = "" if edges is None else number(slope if edges == "local" else slope * adjoint[id(node)])
            route = routes[parent_id, id(node)]
            widest = max(range(len(route) - 1), key=lambda k: abs(route[k + 1][0] - route[k][0]))
            for k, (a, b) in enumerate(pairwise(route)):
                edge = _Edge(a, b, label if k == widest else "", colour=INK, width=1.2)
                if k > 0:
                    edge.start = np.array(a)
                if k < len(route) - 2:
                    edge.end = np.array(b)
                else:
                    edge.style["head"] = True
                drawn.append(edge)
    _label_edges(ax, drawn, taken, PALETTE["red"] if edges == "sent" else INK, 0.8 * size)
    _lines(ax, drawn)
    for edge in drawn:
        if "head" in edge.style:
            start = edge.at(edge.gap[1] if edge.gap else 0.5)
            _arrow(ax, start, edge.at(1), INK, width=0.0 if edge.gap is None else 1.2, shrinkA=0, shrinkB=0)
    if title is not None:
        ax.text((min(xs) + max(xs)) / 2, max(ys) + 1.1, title, ha="center", va="top", fontsize=1.1 * size)
    return ax


def _math(name: str) -> str:
    """Set a plain name such as w_1 or x as mathematics; leave what is already marked up."""
    name = str(name)
    if "$" in name or not name.replace("_", "").isalnum():
        return name
    letter, *digits = name.split("_")
    letter = rf"\{letter}" if letter in ("delta", "eta", "theta", "sigma") else letter
    if len(letter) > 1 and letter[0] != "\\":
        head = letter.rstrip("0123456789")
        letter, digits = (
            (head, [letter[len(head) :], *digits]) if len(head) == 1 else (rf"\mathrm{{{letter}}}", digits)
        )
    return f"${letter}" + (f"_{{{','.join(digits)}}}" if digits else "") + "$"


# ----------------------------------------------------------------------------------------------------
# Plots


def _axes(ax: Axes | None) -> Axes:
    """Return the axes given, or new ones."""
    return plt.subplots()[1] if ax is None else ax


def _table(X: ArrayLike, y: ArrayLike) -> tuple[Array, NDArray[Any]]:
    """Return X of shape (n, 2) and the class of each row, shape (n,)."""
    points, classes = np.asarray(X, dtype=float), np.asarray(y).reshape(-1)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"X must have shape (n, 2) to be drawn in a plane, got {points.shape}")
    if len(classes) != len(points):
        raise ValueError(f"X has {len(points)} rows, y has {len(classes)}")
    return points, classes


def _scatter(ax: Axes, X: Array, y: NDArray[Any], size: float) -> None:
    """Draw points, each class with a colour and a marker of its own."""
    for k, value in enumerate(np.unique(y)):
        ax.scatter(
            X[y == value, 0],
            X[y == value, 1],
            s=size,
            marker=_MARKERS[k % len(_MARKERS)],
            color=PALETTE[_CLASS_COLOURS[k % len(_CLASS_COLOURS)]],
            edgecolors=INK,
            linewidths=0.6,
            label=f"$y = {value:g}$",
            zorder=3,
        )


def gate_points(gate: Any, ax: Axes | None = None) -> Axes:
    """Draw the four inputs of a logic gate: squares where it gives 0, discs where it gives 1.

    `gate` has .X (4, 2), .y (4,) and .name, as those of ``fysstk_nn.gates``.
    """
    X, y = _table(gate.X, gate.y)
    ax = _axes(ax)
    _scatter(ax, X, y, 110.0)
    ax.set(xlim=(-0.4, 1.4), ylim=(-0.4, 1.4), xticks=(0, 1), yticks=(0, 1), xlabel="$x_1$", ylabel="$x_2$")
    ax.set_aspect("equal")
    ax.set_title(str(gate.name))
    return ax


def decision_boundary(
    predict: Callable[[Array], ArrayLike],
    X: ArrayLike,
    y: ArrayLike,
    *,
    level: float = 0.5,
    margin: float = 0.4,
    resolution: int = 200,
    ax: Axes | None = None,
) -> Axes:
    """Draw where a model of two inputs answers more than `level`, and the data.

    `predict` takes X of shape (n, 2) and returns n numbers (scores, or classes). The line is
    ``predict(x) = level``.
    """
    points, classes = _table(X, y)
    lower, upper = points.min(axis=0) - margin, points.max(axis=0) + margin
    x1, x2 = np.meshgrid(*(np.linspace(a, b, resolution) for a, b in zip(lower, upper, strict=True)))
    answer = np.asarray(predict(np.column_stack([x1.ravel(), x2.ravel()])), dtype=float)
    if answer.size != x1.size:
        raise ValueError(
            f"predict must return one number per row, got shape {answer.shape} for {x1.size} rows"
        )
    score = answer.reshape(x1.shape)
    ax = _axes(ax)
    side = (score > level).astype(float)
    tint = LinearSegmentedColormap.from_list("sides", [PALETTE[name] for name in _CLASS_COLOURS[:2]])
    ax.imshow(side, extent=(lower[0], upper[0], lower[1], upper[1]), origin="lower", cmap=tint, alpha=0.22,
              vmin=0, vmax=1, aspect="auto", interpolation="nearest")  # fmt: skip
    if 0 < side.mean() < 1:
        ax.contour(x1, x2, score, levels=[level], colors=[INK], linewidths=1.8)
    _scatter(ax, points, classes, 60.0)
    ax.set(xlim=(lower[0], upper[0]), ylim=(lower[1], upper[1]), xlabel="$x_1$", ylabel="$x_2$")
    return ax


def curves(
    values: Mapping[str, Any],
    xlabel: str = "epoch",
    ylabel: str = "cost",
    *,
    logx: bool = False,
    logy: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one line per label: a sequence of numbers, against 0, 1, 2, ..., or a pair (x, y) of sequences."""
    if not isinstance(values, Mapping) or not values:
        raise TypeError("curves needs a mapping such as {'training': [0.5, 0.3, 0.2]}")
    ax = _axes(ax)
    for label, data in values.items():
        pair = isinstance(data, tuple) and len(data) == 2 and np.ndim(data[0]) == 1
        x, y = data if pair else (np.arange(len(data)), data)
        if np.shape(x) != np.shape(y) or np.ndim(y) != 1:
            raise ValueError(f"curve {label!r}: x has shape {np.shape(x)}, y has {np.shape(y)}")
        ax.plot(x, y, label=label)
    ax.set(
        xlabel=xlabel, ylabel=ylabel, xscale="log" if logx else "linear", yscale="log" if logy else "linear"
    )
    ax.grid(True)
    if len(values) > 1 or next(iter(values)):
        ax.legend()
    if title is not None:
        ax.set_title(title)
    return ax


def surface(
    f: Callable[[Array, Array], ArrayLike],
    xlim: tuple[float, float] = (-1.0, 1.0),
    ylim: tuple[float, float] = (-1.0, 1.0),
    *,
    levels: int | Sequence[float] = 12,
    path: ArrayLike | None = None,
    xlabel: str = "$x_1$",
    ylabel: str = "$x_2$",
    zlabel: str | None = None,
    resolution: int = 120,
    ax: Axes | None = None,
) -> Axes:
    """Draw a function of two variables as a shaded map with contour lines, and perhaps a path (n, 2) on it.

    `f(x, y)` takes and returns arrays of one shape.
    """
    x, y = np.meshgrid(np.linspace(*xlim, resolution), np.linspace(*ylim, resolution))
    z = np.asarray(f(x, y), dtype=float)
    if z.shape != x.shape:
        raise ValueError(f"f must return an array of the shape it is given, {x.shape}; got {z.shape}")
    ax = _axes(ax)
    shades = LinearSegmentedColormap.from_list(
        "shades", [to_rgba(PALETTE["blue"], 0.75), to_rgba(PALETTE["blue"], 0.05)]
    )
    filled = ax.contourf(x, y, z, levels=levels, cmap=shades, antialiased=True)
    filled.set_rasterized(True)
    lines = ax.contour(x, y, z, levels=filled.levels, colors=[INK], linewidths=0.7, linestyles="-")
    ax.clabel(lines, list(lines.levels)[::2], fontsize=7, fmt="%.3g")
    if path is not None:
        points = np.asarray(path, dtype=float)
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(f"path must have shape (n, 2), got {points.shape}")
        ax.plot(*points.T, color=PALETTE["red"], marker="o", markersize=3, linewidth=1.2, linestyle="-")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if zlabel is not None:
        ax.set_title(zlabel)
    return ax
