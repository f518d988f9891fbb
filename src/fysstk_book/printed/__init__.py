"""Reads a printed formula, from its LaTeX to its value: what a test proves is what the page prints."""

from fysstk_nn._optional import needs

with needs("fysstk_book.printed"):
    import lark  # noqa: F401
    import sympy  # noqa: F401
