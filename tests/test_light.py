"""The site's style sheet keeps every rule that can apply, and loses those that cannot."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "book" / "_ext"))
import book_light
import pydata_sphinx_theme

NAMED = {"shown", "also-shown"}


@pytest.mark.parametrize(
    ("selectors", "kept"),
    [
        ("a", True),
        (".shown > p", True),
        (".shown .also-shown", True),
        (".gone", False),
        (".shown .gone", False),
        (".gone,p", True),
        (":root", True),
        (".shown:not(.gone)", True),
        ("p:is(.gone, .shown:not(.gone))", True),
        (".gone:not(.shown)", False),
    ],
)
def test_a_rule_stays_if_it_can_apply(selectors, kept):
    assert book_light.can_apply(selectors, NAMED) is kept


def test_theme_keeps_what_pages_and_scripts_name(tmp_path):
    for path in (book_light.THEME, book_light.FONT, "script.js"):
        (tmp_path / "_static" / path).parent.mkdir(parents=True, exist_ok=True)
    theme = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
    (tmp_path / "_static" / book_light.FONT).write_bytes((theme / book_light.FONT).read_bytes())
    (tmp_path / "_static" / book_light.THEME).write_text(
        '/*! (c) a.b */:root{--x:1px}@media (min-width:9px){.one,.two{top:0}}.three:before{content:"\\f00c"}'
        "@media print{.two{top:0}}@keyframes k{0%{top:0}to{top:1px}}"
    )
    (tmp_path / "_static" / "script.js").write_text('node.classList.add("three")')
    (tmp_path / "page.html").write_text('<p class="one">')
    book_light.trim_theme(tmp_path)
    assert (tmp_path / "_static" / book_light.THEME).read_text() == (
        '/*! (c) a.b */:root{--x:1px}@media (min-width:9px){.one,.two{top:0}}.three:before{content:"\\f00c"}'
        "@keyframes k{0%{top:0}to{top:1px}}"
    )
