"""A word of the glossary is linked or defined where a reader first meets it, on each of the three paths."""

import re
from pathlib import Path

import pytest

from fysstk_book import paths, sources

ROOT = Path(__file__).parents[1]
PAGES = {page.name: page for page in sources.pages(ROOT)}
LISTED = re.search(r"```\{glossary\}\n(.*?)\n```", PAGES["glossary"].text, re.DOTALL)[1]


def bare(word):
    """Return a term in small letters, with spaces for hyphens and ends of lines."""
    return re.sub(r"[\s-]+", " ", word.lower())


TERMS = {bare(term) for term in re.findall(r"^\S.*$", LISTED, re.MULTILINE)}
ANY = "|".join(term.replace(" ", r"[\s-]+") for term in sorted(TERMS, key=len, reverse=True))
WORD = re.compile(rf"(?<![\w-])({ANY})(?:e?s)?(?![\w-])", re.IGNORECASE)
LINK = re.compile(r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`")
ASIDE = {*sources.OPAQUE, "exercise", "margin"}
SILENT = {"Exercises", "References"}


def prose(text):
    """Yield what a section says in sentences: paragraphs, captions and boxes, without the chapter's card."""
    for block in sources.blocks(f"\n{text}"):
        if isinstance(block, str):
            yield block
        elif block.name == "code-cell":
            yield block.options.get("mystnb", {}).get("figure", {}).get("caption", "")
        elif block.name not in ASIDE and block.options.get("class") != "chapter-card":
            yield from prose(block.body)


def sentences(text):
    """Yield the sentences of a section, without headings, formulas, code and targets of links."""
    for passage in prose(text):
        said = sources.MATH.sub("\n\n", passage)
        said = re.sub(r"^(#+ .*|\(\S+\)=)$", "", said, flags=re.MULTILINE)
        said = re.sub(r"(\{term\})?(?:\{[\w:]+\})?(`[^`]+`|\$[^$]+\$)", lambda m: m[0] if m[1] else "x", said)
        said = re.sub(r"\]\([^)]*\)", "]", said)
        yield from re.split(r"\n\s*\n|\n(?=[-|] )|(?<=[.!?:])\s+", said)


def words(sentence):
    """Return the glossary's terms in a sentence; of terms inside terms the longest."""
    return {bare(match[1]) for match in WORD.finditer(sentence)}


def met(sentence):
    """Return the terms that a sentence links, or sets in italics or bold as the word that it defines."""
    set_off = re.findall(r"(?<!\*)\*{1,2}([^*]+?)\*{1,2}(?!\*)", sentence)
    defined = {bare(found[1]) for text in set_off if (found := WORD.fullmatch(text))}
    return {bare(term) for term in LINK.findall(sentence)} | defined


def unexplained(sections):
    """List the terms that a text uses before it links or defines them, with the place."""
    known, found = set(), []
    for where, text in sections:
        for sentence in sentences(text):
            known |= met(sentence)
            new = words(LINK.sub("", sentence)) - known
            found += [f"{where}: {term}, in {' '.join(sentence.split())[:90]!r}" for term in sorted(new)]
            known |= new
    return found


def test_a_use_before_the_link_is_found():
    text = "A *neuron* has a bias.\n\n| weights | 1 |\n\nThe {term}`weights <weight>` and a {term}`bias`."
    assert unexplained([("here", text)]) == [
        "here: bias, in 'A *neuron* has a bias.'",
        "here: weight, in '| weights | 1 |'",
    ]


@pytest.mark.parametrize("path", paths.PATHS)
def test_every_word_of_the_glossary_is_explained_where_a_path_first_uses_it(path):
    chapters = [page for page in PAGES.values() if page.chapter]
    shown = [one for page in chapters for one in paths.on(path, page) if one.title not in SILENT]
    assert unexplained([(f"{one.page.name}, {one.title!r}", one.text) for one in shown]) == []


def test_the_front_page_explains_its_words():
    assert unexplained([("index", PAGES["index"].text)]) == []
