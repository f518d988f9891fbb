"""Plots of data, functions, costs and decisions, with labelled axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, cast

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba

from fysstk_book.draw.diagram import number
from fysstk_book.draw.style import CLASSES, INK, PALETTE

Array = npt.NDArray[np.float64]


class HasTable(Protocol):
    """A logic gate, as those of ``fysstk_nn.gates``."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def X(self) -> npt.ArrayLike:  # noqa: N802
        """The inputs, shape (4, 2)."""

    @property
    def y(self) -> npt.ArrayLike:
        """The outputs, shape (4,)."""


def _new(ax: Axes | None) -> Axes:
    """Return the axes given, or those of a new figure."""
    return plt.subplots()[1] if ax is None else ax


def _columns(X: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Array, npt.NDArray[Any]]:
    """Return X with shape (n, 2) and the classes with shape (n,)."""
    points, classes = np.asarray(X, dtype=float), np.asarray(y).reshape(-1)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"X must have shape (n, 2) to be drawn in a plane, got {points.shape}")
    if len(classes) != len(points):
        raise ValueError(f"X has {len(points)} rows, y has {len(classes)} numbers")
    return points, classes


def _scatter(ax: Axes, X: Array, y: npt.NDArray[Any], size: float) -> None:
    """Draw points, each class with its colour and its marker."""
    for value, (colour, marker) in zip(np.unique(y), CLASSES * (1 + len(y) // len(CLASSES)), strict=False):
        x1, x2 = X[y == value].T
        look: dict[str, Any] = {
            "marker": marker,
            "color": colour,
            "edgecolors": INK,
            "linewidths": 0.6,
            "zorder": 3,
        }
        ax.scatter(x1, x2, s=size, label=f"$y = {value:g}$", **look)


def gate_points(gate: HasTable, ax: Axes | None = None) -> Axes:
    """Draw the four inputs of a logic gate: squares where it gives 0, discs where it gives 1.

    Parameters
    ----------
    gate : Gate
        Has .X of shape (4, 2), .y of shape (4,) and .name.
    ax : Axes, optional
        Where to draw.
    """
    X, y = _columns(gate.X, gate.y)
    ax = _new(ax)
    _scatter(ax, X, y, 110.0)
    ax.set(xlim=(-0.4, 1.4), ylim=(-0.4, 1.4), xticks=(0, 1), yticks=(0, 1), xlabel="$x_1$", ylabel="$x_2$")
    ax.set_aspect("equal")
    ax.set_title(str(gate.name))
    return ax


def line(
    w: Sequence[float],
    b: float,
    *,
    label: str | None = None,
    colour: str = INK,
    normal: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw the decision boundary w . x + b = 0 of one neuron with two inputs, a straight line.

    Parameters
    ----------
    w : sequence of two floats
        The weights, not both zero.
    b : float
        The bias.
    label : str, optional
        Its text in the legend.
    colour : str
        A colour.
    normal : bool
        Whether an arrow shows the direction of w, towards the side where the neuron gives 1.
    ax : Axes, optional
        Where to draw; its limits stay as they are.

    Raises
    ------
    ValueError
        If w is not two numbers, or zero.
    """
    weights = np.asarray(w, dtype=float)
    if weights.shape != (2,) or not weights.any():
        raise ValueError(f"w must be two numbers, not both 0, got {w!r}")
    ax = _new(ax)
    limits = ax.get_xlim(), ax.get_ylim()
    foot = -b * weights / (weights @ weights)
    ax.axline(foot, foot + weights[::-1] * (-1, 1), color=colour, linewidth=1.8, linestyle="-", label=label)
    if normal:
        length = 0.18 * max(np.ptp(limits[0]), np.ptp(limits[1]))
        tip = foot + length * weights / np.hypot(*weights)
        ax.annotate(
            "", tip, foot, arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.4, "shrinkA": 0}
        )
    ax.set(xlim=limits[0], ylim=limits[1])
    return ax


def decision_boundary(
    predict: Callable[[Array], npt.ArrayLike],
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    level: float = 0.5,
    margin: float = 0.4,
    resolution: int = 200,
    ax: Axes | None = None,
) -> Axes:
    """Draw where a model of two inputs answers more than `level`, and the data.

    Parameters
    ----------
    predict : callable
        Takes inputs of shape (m, 2) and returns m numbers: scores, probabilities or classes.
    X : array, shape (n, 2)
        The data's inputs.
    y : array, shape (n,)
        Their classes.
    level : float
        The line is where `predict` crosses it.
    margin : float
        How far the picture reaches beyond the data.
    resolution : int
        Points per axis at which `predict` is asked.
    ax : Axes, optional
        Where to draw.

    Raises
    ------
    ValueError
        If the shapes of X, y or the predictions do not fit.
    """
    points, classes = _columns(X, y)
    lower, upper = points.min(axis=0) - margin, points.max(axis=0) + margin
    x1, x2 = np.meshgrid(*np.linspace(lower, upper, resolution).T)
    answer = np.asarray(predict(np.column_stack([x1.ravel(), x2.ravel()])), dtype=float)
    if answer.size != x1.size:
        raise ValueError(f"predict must return one number per row: {x1.size} rows gave shape {answer.shape}")
    score = answer.reshape(x1.shape)
    ax = _new(ax)
    above = (score > level).astype(float)
    tints = LinearSegmentedColormap.from_list("sides", [colour for colour, _ in CLASSES[:2]])
    extent = (float(lower[0]), float(upper[0]), float(lower[1]), float(upper[1]))
    ax.imshow(
        above,
        extent=extent,
        origin="lower",
        cmap=tints,
        alpha=0.22,
        vmin=0,
        vmax=1,
        aspect="auto",
        interpolation="nearest",
    )
    if 0 < above.mean() < 1:
        ax.contour(x1, x2, score, levels=[level], colors=[INK], linewidths=1.8)
    _scatter(ax, points, classes, 60.0)
    ax.set(xlim=extent[:2], ylim=extent[2:], xlabel="$x_1$", ylabel="$x_2$")
    return ax


def intervals(
    values: Mapping[str, npt.ArrayLike],
    ends: Mapping[str, Sequence[float]],
    xlabel: str = "difference",
    *,
    zero: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw a row for each label: its numbers as small dots, their mean with an interval as a large one.

    Parameters
    ----------
    values : mapping of str to numbers
        What was measured, such as one difference for each seed.
    ends : mapping of str to (low, high)
        The interval of each mean.
    xlabel : str
        What the numbers are.
    zero : bool
        Whether a line marks 0.
    ax : Axes, optional
        Where to draw; a new figure is as high as the rows need.

    Raises
    ------
    TypeError
        If `values` is no mapping with at least one label.
    ValueError
        If `ends` does not have the same labels.
    """
    if not isinstance(values, Mapping) or not values:
        raise TypeError("intervals needs a mapping such as {'dropout': [0.3, -0.1, 0.2]}")
    if set(values) != set(ends):
        raise ValueError(f"values has the labels {list(values)}, but ends has {list(ends)}")
    if ax is None:
        ax = plt.subplots(figsize=(5.8, 1.0 + 0.42 * len(values)))[1]
    for row, (label, numbers) in enumerate(values.items()):
        found, (low, high) = np.asarray(numbers, dtype=float), ends[label]
        ax.plot(found, np.full(found.shape, row), ".", color=PALETTE["sky"], alpha=0.6, markersize=5)
        ax.plot([low, high], [row + 0.22] * 2, "-", color=PALETTE["blue"], linewidth=2.2)
        ax.plot(found.mean(), row + 0.22, "D", color=PALETTE["blue"], markersize=5)
    if zero:
        ax.axvline(0, color=INK, linewidth=0.8, linestyle="-")
    ax.set(yticks=range(len(values)), yticklabels=list(values), xlabel=xlabel)
    ax.set_ylim(len(values) - 0.4, -0.5)
    ax.grid(True, axis="x")
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
    """Draw one line per label, each with its colour and its line style.

    Parameters
    ----------
    values : mapping from str to numbers
        For each label (none for "") a sequence of numbers, drawn against 0, 1, 2, ...; or a pair (x, y) of
        two sequences.
    xlabel, ylabel : str
        What the axes mean.
    logx, logy : bool
        Whether the axis is logarithmic.
    title : str, optional
        Written above.
    ax : Axes, optional
        Where to draw.

    Raises
    ------
    TypeError
        If `values` is not a mapping with at least one curve.
    ValueError
        If the x and y of a curve have different lengths.
    """
    if not isinstance(values, Mapping) or not values:
        raise TypeError("curves needs a mapping such as {'training': [0.5, 0.3, 0.2]}")
    ax = _new(ax)
    for label, data in values.items():
        pair = isinstance(data, tuple) and len(data) == 2 and np.ndim(data[0]) == 1
        x, y = data if pair else (np.arange(len(data)), data)
        if np.shape(x) != np.shape(y) or np.ndim(y) != 1:
            raise ValueError(f"the curve {label!r} has x of shape {np.shape(x)} and y of shape {np.shape(y)}")
        ax.plot(x, y, label=label or "_")
    ax.set(
        xlabel=xlabel, ylabel=ylabel, xscale="log" if logx else "linear", yscale="log" if logy else "linear"
    )
    ax.grid(True)
    named = sum(bool(label) for label in values)
    if named:
        beside = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
        ax.legend(**(beside if named > 4 else {}))
    if title is not None:
        ax.set_title(title)
    return ax


def fit(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    models: Mapping[str, Any] | None = None,
    *,
    xlabel: str = "$x$",
    ylabel: str = "$y$",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw data with one input, and what models make of them.

    Parameters
    ----------
    x, y : array, shape (n,) or (n, 1)
        The data.
    models : mapping from str to (x, y) or callable
        For each label the points of its line, or a function of an array of shape (m,) to be drawn over the
        range of the data.
    xlabel, ylabel, title, ax
        As in `curves`.

    Raises
    ------
    ValueError
        If x and y have different lengths.
    """
    inputs, targets = np.asarray(x, dtype=float).reshape(-1), np.asarray(y, dtype=float).reshape(-1)
    if inputs.shape != targets.shape:
        raise ValueError(f"x has {inputs.size} numbers, y has {targets.size}")
    fine = np.linspace(inputs.min(), inputs.max(), 200)
    lines = {
        label: (fine, np.asarray(model(fine)).reshape(-1)) if callable(model) else model
        for label, model in (models or {}).items()
    }
    ax = curves(lines, xlabel, ylabel, title=title, ax=ax) if lines else _new(ax)
    look: dict[str, Any] = {
        "color": PALETTE["orange"],
        "markersize": 4.0,
        "markeredgecolor": INK,
        "markeredgewidth": 0.5,
    }
    ax.plot(inputs, targets, "o", label="data", zorder=1.5, **look)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if lines:
        ax.legend()
    return ax


def activations(
    *functions: Any,
    derivative: bool = False,
    zlim: tuple[float, float] = (-5.0, 5.0),
    ax: Axes | None = None,
) -> Axes:
    """Draw activation functions, or their derivatives, against z.

    Parameters
    ----------
    *functions : Activation
        Objects of ``fysstk_nn.activations``: callable, with .derivative and .name.
    derivative : bool
        Whether f'(z) is drawn and not f(z).
    zlim : tuple of two floats
        The range of z.
    ax : Axes, optional
        Where to draw.

    Raises
    ------
    ValueError
        If there is no function to draw.
    """
    if not functions:
        raise ValueError("name at least one activation function to draw")
    z = np.linspace(*zlim, 401)
    lines = {}
    for f in functions:
        y = np.asarray(f.derivative(z) if derivative else f(z), dtype=float)
        jump = np.abs(np.diff(y, prepend=y[0])) > 0.5
        name = f.name.replace("_", " ").replace("relu", "ReLU").replace("elu", "ELU")
        lines[name] = z, np.where(jump, np.nan, y)  # a jump is no vertical line
    return curves(lines, "$z$", r"$f\,'(z)$" if derivative else "$f(z)$", ax=ax)


def surface(
    f: Callable[[Array, Array], npt.ArrayLike],
    xlim: tuple[float, float] = (-1.0, 1.0),
    ylim: tuple[float, float] = (-1.0, 1.0),
    *,
    kind: str = "contour",
    levels: Any = 12,
    path: npt.ArrayLike | None = None,
    xlabel: str = "$x_1$",
    ylabel: str = "$x_2$",
    zlabel: str | None = None,
    resolution: int = 120,
    ax: Axes | None = None,
) -> Axes:
    """Draw a function of two variables: a shaded map with contour lines, or a surface in space.

    Parameters
    ----------
    f : callable
        ``f(x, y)`` takes two arrays of one shape and returns one of the same shape.
    xlim, ylim : tuple of two floats
        The ranges of x and y.
    kind : {"contour", "3d"}
        A map, on which darker means lower, or a surface in space.
    levels : int or sequence of float
        How many contour lines, or where.
    path : array, shape (n, 2), optional
        Points to join on the map, such as the steps of gradient descent.
    xlabel, ylabel, zlabel : str
        What the axes mean; on a map, `zlabel` is the title.
    resolution : int
        Points per axis.
    ax : Axes, optional
        Where to draw; for "3d" it must have been made with projection="3d".

    Raises
    ------
    ValueError
        If `kind` is unknown, `f` does not keep the shape, or `path` is not a list of points.
    TypeError
        If `kind` is "3d" and `ax` is flat.
    """
    if kind not in ("contour", "3d"):
        raise ValueError(f"kind must be 'contour' or '3d', got {kind!r}")
    x, y = np.meshgrid(np.linspace(*xlim, resolution), np.linspace(*ylim, resolution))
    z = np.asarray(f(x, y), dtype=float)
    if z.shape != x.shape:
        raise ValueError(f"f must keep the shape of its arguments, {x.shape}; it returned {z.shape}")
    if kind == "3d":
        space: Any = plt.figure(figsize=(5.2, 4.2)).add_subplot(projection="3d") if ax is None else ax
        if space.name != "3d":
            raise TypeError('kind="3d" needs axes made with projection="3d"')
        space.plot_wireframe(x, y, z, rcount=16, ccount=16, color=PALETTE["blue"], linewidth=0.8)
        space.set(xlabel=xlabel, ylabel=ylabel, zlabel=zlabel or "")
        return cast(Axes, space)
    points = None if path is None else np.asarray(path, dtype=float)
    if points is not None and (points.ndim != 2 or points.shape[1] != 2):
        raise ValueError(f"path must have shape (n, 2), got {points.shape}")
    ax = _new(ax)
    ends = [to_rgba(PALETTE["blue"], 0.5), to_rgba(PALETTE["blue"], 0.03)]
    filled = ax.contourf(x, y, z, levels=levels, cmap=LinearSegmentedColormap.from_list("depth", ends))
    filled.set_rasterized(True)
    lines = ax.contour(x, y, z, levels=filled.levels, colors=[INK], linewidths=0.7, linestyles="-")
    ax.clabel(lines, list(filled.levels)[::2], fontsize=10, fmt="%.3g")
    if points is not None:
        look: dict[str, Any] = {
            "color": PALETTE["red"],
            "marker": "o",
            "markersize": 3.0,
            "linestyle": "-",
            "linewidth": 1.4,
        }
        ax.plot(points[:, 0], points[:, 1], **look)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=zlabel or "")
    return ax


def matrix(
    M: npt.ArrayLike,
    *,
    values: bool | None = None,
    digits: int = 2,
    xlabel: str = "",
    ylabel: str = "",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a matrix as a table of cells: blue for positive, red with a minus for negative, empty for 0.

    Parameters
    ----------
    M : array, shape (rows, columns)
        The matrix.
    values : bool, optional
        Whether the numbers are written into the cells; unless given, they are if there are at most 100.
    digits : int
        Significant digits.
    xlabel, ylabel, title, ax
        As in `curves`.

    Raises
    ------
    ValueError
        If M is not a matrix.
    """
    table = np.asarray(M, dtype=float)
    if table.ndim != 2 or table.size == 0:
        raise ValueError(f"M must be a matrix, got shape {table.shape}")
    values = table.size <= 100 if values is None else values
    rows, columns = table.shape
    ax = _new(ax)
    cells = np.zeros((rows, columns, 4))
    cells[table >= 0] = to_rgba(PALETTE["blue"])
    cells[table < 0] = to_rgba(PALETTE["red"])
    cells[:, :, 3] = np.abs(table) / max(float(np.abs(table).max()), 1e-300) * (0.3 if values else 0.9)
    ax.imshow(cells, extent=(0, columns, rows, 0), interpolation="nearest")
    if values:
        size = float(np.clip(90 / max(rows, columns), 6, 12))
        for (i, j), value in np.ndenumerate(table):
            ax.text(j + 0.5, i + 0.5, number(value, digits), ha="center", va="center", fontsize=size)
    else:
        i, j = np.nonzero(table < 0)
        ax.hlines(i + 0.5, j + 0.3, j + 0.7, color=INK, linewidth=min(1.2, 30 / max(rows, columns)))
    ax.set(xlabel=xlabel, ylabel=ylabel, xticks=[], yticks=[], title=title or "")
    ax.spines[:].set_visible(True)
    return ax


def image(pixels: npt.ArrayLike, *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw a grey picture, such as a handwritten digit: 0 is the empty page, the largest value is full ink.

    Pictures with negative values, such as filtered ones or weights, are for `matrix`.

    Parameters
    ----------
    pixels : array, shape (rows, columns)
        The brightness of the ink, none negative.
    title, ax
        As in `curves`.

    Raises
    ------
    ValueError
        If `pixels` is not a matrix, or holds negative numbers.
    """
    ink = np.asarray(pixels, dtype=float)
    if ink.ndim != 2 or ink.size == 0:
        raise ValueError(f"pixels must be a matrix, got shape {ink.shape}")
    if ink.min() < 0:
        raise ValueError(
            f"pixels must not be negative, the smallest is {ink.min():g}; draw.matrix takes both signs"
        )
    ax = _new(ax)
    cells = np.broadcast_to(to_rgba(INK), (*ink.shape, 4)).copy()
    cells[:, :, 3] = ink / max(float(ink.max()), 1e-300)
    ax.imshow(cells, interpolation="nearest")
    ax.set(xticks=[], yticks=[], title=title or "")
    ax.spines[:].set(visible=True, alpha=0.4)
    return ax
