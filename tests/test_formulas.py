"""The book's formulas: typeset once, with fonts that have all glyphs of the book and no others."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

sys.path.insert(0, str(Path(__file__).parents[1] / "book" / "_ext"))
import book_mathjax

PAGE = r"""<p><span class="math notranslate nohighlight">\(\mathcal C = \tfrac12\sum_i a_i^2\)</span></p>
<div class="math notranslate nohighlight">
\[\left\{\begin{matrix} \boldsymbol W & x \\ y & z \\ t & u \\ \theta & \{\} \end{matrix}\right.\]</div>
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of a site with one page, typeset."""
    root = tmp_path_factory.mktemp("formulas")
    (root / "page.html").write_text(PAGE, encoding="utf-8")
    book_mathjax.typeset_site(root, tmp_path_factory.mktemp("kept"))
    return root


def test_formulas_are_typeset_and_spoken(site):
    page = (site / "page.html").read_text(encoding="utf-8")
    assert page.count("<mjx-math") == page.count("<mjx-assistive-mml") == 2
    assert r"\(" not in page
    assert r"\[" not in page


def test_a_sign_stays_with_the_formula_that_it_touches(tmp_path):
    formula = r'<span class="math notranslate nohighlight">\({}\)</span>'
    (tmp_path / "page.html").write_text(f"<p>({formula.format('a')}), {formula.format('b')} and so on.</p>")
    book_mathjax.typeset_site(tmp_path, tmp_path / "kept")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert re.findall(r'<span class="together">(.)<span.*?</mjx-container></span>(..)</span>', page) == [
        ("(", "),")
    ]
    assert page.count('class="together"') == 1
    book_mathjax.typeset_site(tmp_path, tmp_path / "kept")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page


def test_formulas_of_an_earlier_run_are_used_again(tmp_path, monkeypatch):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "page.html").write_text(PAGE, encoding="utf-8")
    book_mathjax.typeset_site(tmp_path / "first", tmp_path / "kept")
    monkeypatch.setattr(book_mathjax, "MiniRacer", None)  # no engine is started
    book_mathjax.typeset_site(tmp_path / "second", tmp_path / "kept")
    for file in ("page.html", f"_static/{book_mathjax.SHEET}"):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()


def test_fonts_have_every_glyph_that_is_shown(site):
    sheet = site / "_static" / book_mathjax.SHEET
    rules = sheet.read_text(encoding="utf-8")
    shown = book_mathjax.glyphs(rules)
    assert {"C"} == set(shown["MJXTEX-C"])
    assert "\N{MATHEMATICAL BOLD CAPITAL W}" not in shown["MJXTEX-BI"]  # the fonts have plain letters
    assert "W" in shown["MJXTEX-BI"]
    assert set("{}12=") < set(shown["MJXTEX"])
    assert "\N{LEFT CURLY BRACKET MIDDLE PIECE}" in shown["MJXTEX-S4"]
    files = dict(book_mathjax.FONT_FACE.findall(rules))
    have = {
        family: set(TTFont(sheet.parent / "fonts" / files[family]).getBestCmap() or ()) for family in shown
    }
    stretched = set.union(*(have[family] for family in book_mathjax.STRETCHED))
    for family, text in shown.items():
        there = stretched if family in book_mathjax.STRETCHED else have[family]
        assert {ord(sign) for sign in text} <= there, family


def test_fonts_have_no_other_glyphs(site):
    fonts = {path.stem: path.stat().st_size for path in (site / "_static" / "mathjax" / "fonts").iterdir()}
    assert "MathJax_Fraktur-Regular" not in fonts
    assert fonts["MathJax_Main-Regular"] < 5000


def test_python_ends_with_an_engine_that_is_kept():
    """A build on Python 3.13 printed its last line and never came to its end."""
    code = "import book_mathjax; book_mathjax.kept_engine()"
    folder = Path(book_mathjax.__file__).parent
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, timeout=300)
