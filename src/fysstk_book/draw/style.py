"""One look for all figures: colours that work on white and on the dark page, for every eye and in print."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.rcsetup import cycler

#: The book's colours: Okabe and Ito's hues, darkened until each has a contrast of 3:1 on white and on the
#: dark page. Blue, red and grey have 4.5:1 on white as well, so these three may colour text; on the dark
#: page the style sheet lifts the brightness of all figures, and with it their contrast.
PALETTE: dict[str, str] = {
    "blue": "#0072b2",
    "orange": "#c87d00",
    "green": "#009066",
    "red": "#c44a00",
    "purple": "#b8639b",
    "sky": "#2f93cb",
    "yellow": "#9c8a00",
    "grey": "#696969",
}

#: The grey of all text, axes and frames.
INK = PALETTE["grey"]

#: The looks of classes 0, 1, 2, ...: a colour and a marker each.
CLASSES = tuple(
    zip(
        (PALETTE[name] for name in ("orange", "blue", "green", "purple", "red", "sky", "yellow")),
        ("s", "o", "^", "D", "v", "P", "X"),
        strict=True,
    )
)

_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (3, 1)))


def use_style() -> None:
    """Set the look of all figures of a chapter; call it in the first cell.

    Figures become SVG with a transparent background, mid-tone axes and the book's colours. The same code
    gives the same bytes every time. Outside a notebook only the style is set.
    """
    colours = [PALETTE[name] for name in ("blue", "red", "green", "purple", "orange", "sky", "yellow")]
    plt.rcParams.update(
        {
            "figure.figsize": (5.8, 3.6),
            "figure.dpi": 144,
            "figure.facecolor": "none",
            "figure.constrained_layout.use": True,
            "savefig.facecolor": "none",
            "savefig.transparent": True,
            "svg.hashsalt": "fysstk_nn",
            "svg.fonttype": "path",
            "font.size": 12,  # at least 9 px on a phone, if no figure is wider than diagram.WIDEST
            "mathtext.fontset": "cm",
            "text.color": INK,
            "axes.facecolor": "none",
            "axes.labelcolor": INK,
            "axes.edgecolor": INK,
            "axes.titlecolor": INK,
            "axes.titlesize": 13,
            "axes.labelsize": 13,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": cycler(color=colours) + cycler(linestyle=_LINES),
            "axes3d.xaxis.panecolor": "none",
            "axes3d.yaxis.panecolor": "none",
            "axes3d.zaxis.panecolor": "none",
            "xtick.color": INK,
            "ytick.color": INK,
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
