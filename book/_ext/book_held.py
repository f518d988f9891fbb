"""Held numbers, ``{n}`0.149 <- spread["relu"]```: Sphinx reads the number alone, also in captions.

That it is what the run finds is checked before; `fysstk_book.held` says how it is written.
"""

from __future__ import annotations

from sphinx.application import Sphinx

from fysstk_book import held


def show_numbers(app: Sphinx, docname: str, source: list[str]) -> None:
    """Replace a page's held numbers by what the reader sees."""
    source[0] = held.plain(source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register it."""
    app.connect("source-read", show_numbers)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
