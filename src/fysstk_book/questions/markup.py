"""Turns the words of a question, which are Markdown with formulas, into HTML."""

from __future__ import annotations

import functools
import html
from collections.abc import Callable
from typing import Any

from fysstk_book import numbers

Math = Callable[[str], str]
"""Returns a formula's HTML from its LaTeX."""


def for_mathjax(tex: str) -> str:
    r"""Leave a formula to MathJax, between \\( and \\)."""
    return rf"\({html.escape(tex)}\)"


def to_html(text: str, math: Math = for_mathjax) -> str:
    """Return one paragraph of Markdown as HTML without the paragraph around it.

    It may have formulas, `code`, emphasis and the numbers of equations, {eq}`label`; HTML counts as text.
    """
    return str(_parser().renderInline(numbers.resolve(text), {"math": math})).strip()


@functools.cache
def _parser() -> Any:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    parser = MarkdownIt("commonmark", {"html": False}).use(dollarmath_plugin, double_inline=True)
    parser.add_render_rule("math_inline", _math)
    parser.add_render_rule("math_inline_double", _math)
    return parser


def _math(self: Any, tokens: list[Any], index: int, options: Any, env: dict[str, Math]) -> str:
    return env["math"](tokens[index].content.strip())
