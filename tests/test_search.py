"""The search knows the words of readers, and leads them to the section: `book/synonyms.yml`."""

import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from docutils.nodes import make_id

ROOT = Path(__file__).parents[1]
SYNONYMS = yaml.safe_load((ROOT / "book" / "synonyms.yml").read_text(encoding="utf8"))


def test_every_synonym_has_its_section():
    for key in SYNONYMS:
        page, _, id = key.partition("#")
        text = (ROOT / "book" / f"{page}.md").read_text(encoding="utf8")
        titles = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
        assert id in {make_id(re.sub(r"[$`*]", "", title)) for title in titles}, f"{key}: no such section"


def test_no_word_leads_to_two_sections():
    words = [word.lower() for said in SYNONYMS.values() for word in said]
    assert sorted({word for word in words if words.count(word) > 1}) == []


PAGE = "# A page\n\nBefore.\n\n## Deep down\n\nThe section that is meant.\n\n## Last\n\nAfter.\n"


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A function that builds a site of one page with these synonyms: its folder, and the warnings."""
    import io

    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    place = tmp_path / "book" / "_ext"
    place.mkdir(parents=True)
    shutil.copy(ROOT / "book" / "_ext" / "book_search.py", place)
    (tmp_path / "index.md").write_text(PAGE)
    monkeypatch.syspath_prepend(place)
    monkeypatch.delitem(sys.modules, "book_search", raising=False)

    def build(synonyms):
        (tmp_path / "book" / "synonyms.yml").write_text(synonyms)
        out, warnings = tmp_path / "html", io.StringIO()
        settings = {"extensions": ["myst_parser", "book_search"], "html_theme": "basic"}
        settings["source_suffix"] = {".md": "markdown"}  # what MyST-NB, once loaded, leaves behind is another
        with patch_docutils(None), docutils_namespace():
            doctrees = tmp_path / "doctrees"
            app = Sphinx(tmp_path, None, out, doctrees, "html", settings, None, warnings, freshenv=True)
            app.build()
        return out, warnings.getvalue()

    yield build
    sys.modules.pop("book_search", None)


@pytest.mark.browser
def test_the_search_leads_to_the_section(tiny, tab):
    site, warnings = tiny("index#deep-down: [SGD, regularisation, dead relu]\n")
    assert not warnings
    found = {}
    for asked in ("SGD", "sgd", "regularisation", "dead relu"):
        tab.goto(f"{(site / 'search.html').as_uri()}?q={asked}")
        found[asked] = tab.locator("#search-results li a").first.get_attribute("href").rpartition("/")[2]
    assert found == dict.fromkeys(found, "index.html#deep-down")


@pytest.mark.parametrize(
    ("synonyms", "said"),
    [
        ("index#deep: [SGD]\n", "index has no section deep"),
        ("- SGD\n", "must give each page#id a list of words"),
        ("index#deep-down: SGD\n", "the synonyms of index#deep-down must be a list of words, got 'SGD'"),
    ],
)
def test_a_wrong_list_is_refused(tiny, synonyms, said):
    from sphinx.errors import SphinxError

    try:
        _, warnings = tiny(synonyms)
    except SphinxError as error:
        warnings = str(error)
    assert said in warnings


# What readers ask for, and the section to which the first result leads.
ASKED = {
    "SGD": "gradient-descent.html#not-all-samples-at-once",
    "dead relu": "activations.html#dead-units",
    "softmax derivative": "costs-and-outputs.html#one-out-of-many-softmax",
    "regularisation": "regularization.html#regularization",
    "weight initialisation": "vanishing-gradients.html#the-recipes-of-glorot-and-he",
}


@pytest.mark.browser
@pytest.mark.parametrize("asked", ASKED)
def test_the_search_of_the_book_leads_to_the_section(address, tab, asked):
    tab.goto(f"{address}/search.html?q={asked}")
    found = tab.locator("#search-results li a").first
    found.wait_for()
    assert ASKED[asked] in found.get_attribute("href")


@pytest.mark.browser
def test_what_is_typed_begins_beside_the_magnifier(tab):
    tab.set_content(
        "<form class='bd-search'><input class='form-control' style='width: 300px'></form>"
        f"<style>{(ROOT / 'book' / '_static' / 'custom.css').read_text(encoding='utf8')}</style>"
    )
    left = tab.evaluate("parseFloat(getComputedStyle(document.querySelector('input')).paddingLeft)")
    assert left > 23  # where the theme's magnifier ends
