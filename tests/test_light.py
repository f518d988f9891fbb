"""The site's style sheet keeps every rule that can apply and no other; figures are small and have a size."""

import gzip
import re
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
    font = Path(f"{book_light.FONT}.ttf")
    (tmp_path / "_static" / font).write_bytes((theme / font).read_bytes())
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


@pytest.mark.parametrize(
    "others", ["", " format('woff2'),url(../fa-solid-900.ttf) format('truetype')", ' format("woff2")']
)
def test_the_sheet_asks_for_the_font_that_was_written(tmp_path, others):
    font = tmp_path / "_static" / book_light.FONT
    font.parent.mkdir(parents=True)
    theme = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
    font.with_suffix(".ttf").write_bytes((theme / book_light.FONT).with_suffix(".ttf").read_bytes())
    sheet = tmp_path / "_static" / book_light.THEME
    sheet.parent.mkdir()
    sheet.write_text(f"@font-face{{font-weight:900;src:url(../fa-solid-900.woff2){others}}}.a{{top:0}}")
    (tmp_path / "page.html").write_text('<p class="a">')
    book_light.trim_theme(tmp_path)
    assert sheet.read_text() == "@font-face{font-weight:900;src:url(../fa-solid-900.woff)}.a{top:0}"
    assert font.with_suffix(".woff").stat().st_size < 10_000


def test_figures_say_their_size_in_pixels(tmp_path):
    figure = tmp_path / "figure.svg"
    figure.write_text(
        '<?xml version="1.0"?><svg height="30pt" viewBox="0 0 1 1" width="60.3"><g width="1"/></svg>'
    )
    assert book_light.size_in_pixels(figure) == ' height="40" width="60"'
    figure.write_text('<svg viewBox="0 0 1 1" stroke-width="2" width="100%"/>')
    assert book_light.size_in_pixels(figure) == ""


def test_figures_are_smaller_than_pictures_of_pixels_would_be(site):
    """A chart as PNG, at twice the pixel density, takes about 20 kB with 256 colours, and 80 kB with all."""
    figures = [*site.glob("_images/*")]
    assert {figure.suffix for figure in figures} == {".svg"}
    sizes = {figure.name: len(gzip.compress(figure.read_bytes())) for figure in figures}
    assert max(sizes.values()) < 40e3, max(sizes, key=sizes.get)
    assert sum(sizes.values()) / len(sizes) < 20e3


def test_code_is_marked_where_that_changes_something():
    left = '<span class="o">=</span><span class="mi">1</span></pre>'
    marked = f'<pre><span></span><span class="n">a</span>{left}'
    context = {"body": f'<span class="n">name</span>{marked}<pre><span></span>\n</pre>'}
    book_light.lighten_code(None, "", "", context, None)
    assert context["body"] == f'<span class="n">name</span><pre>a{left}<pre><span></span>\n</pre>'


def test_what_is_not_marked_has_the_colour_of_code(site):
    sheet = (site / "_static/pygments.css").read_text("utf-8")
    for theme in ("light", "dark"):
        found = dict(re.findall(rf'\[data-theme="{theme}"\] \.highlight ?(\S*) \{{([^}}]*)\}}', sheet))
        colour = found[""].split("color: ")[-1].strip()
        assert {found[f".{mark}"].strip() for mark in ("n", "nn", "p", "w")} == {f"color: {colour}"}
