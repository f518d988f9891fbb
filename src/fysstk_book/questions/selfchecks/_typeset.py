"""Typesets numbers, vectors and matrices."""

from typing import Any

import numpy as np


def typeset(value: Any) -> str:
    """Return a number, a row or a matrix in LaTeX."""
    array = np.asarray(value)
    if array.ndim == 0:
        return number(array.item())
    rows = [" & ".join(number(x) for x in row.tolist()) for row in np.atleast_2d(array)]
    return r"\begin{pmatrix} " + r" \\ ".join(rows) + r" \end{pmatrix}"


def number(x: float) -> str:
    """Return a number with at most six digits; a small one with a power of ten, a missing one as a question mark."""
    if np.isnan(x):
        return "?"
    if not x or abs(x) >= 0.01:
        return f"{x + 0.0:.6g}"
    factor, power = np.format_float_scientific(x, precision=5, trim="-").split("e")
    return ("" if factor == "1" else rf"{factor}\cdot") + f"10^{{{int(power)}}}"
