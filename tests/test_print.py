"""The printed book: all pages in the order of the menu, solutions at the end, links and numbers that lead."""

import re

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader, PdfWriter

import print_book
from print_book import Entry, Place

ABOUT = {"title": "A book", "author": "Its authors", "terms": "Free to copy."}
MENU = """<nav class="bd-links">
<p class="caption">Part I: First</p><ul><li class="toctree-l1"><a href="one.html">1. One</a></li></ul>
<p class="caption">Part II: Second</p><ul><li class="toctree-l1"><a href="part.html">Overview</a></li></ul>
<ul><li class="toctree-l1"><a href="two.html">2. Two</a></li></ul>
</nav>"""
FRONT = f"""<html><head><link rel="stylesheet" href="../_static/a.css"></head><body>{MENU}
<article class="bd-article"><section id="a-book"><h1>A book<a class="headerlink" href="#a-book">#</a></h1>
<div class="lead-in"><p>What it is about.</p></div><p>Read <a href="one.html">one</a>.</p></section></article>
</body></html>"""
ONE = """<html><head><link rel="stylesheet" href="../_static/b.css"></head><body><article class="bd-article">
<section id="one"><h1>1. One</h1><p>See <a id="here" href="two.html#far">there</a>,
<a href="#one">here</a>, <a href="../notebooks/one.ipynb">the notebook</a>,
<a href="two.html#gone">nowhere</a> and <a href="https://example.org/">outside</a>.</p>
<script>alert(1)</script></section>
<section id="exercises"><h2>Exercises</h2>
<div class="exercise" id="ex-a"><p><span class="exercise-number">Exercise 1.1.</span> Add.</p></div>
<details class="hint"><summary>Hint 1 of 1</summary><p>Carry the one.</p></details>
<details class="solution"><summary>Solution of exercise 1.1</summary><p>It is four.</p></details>
<div class="question" id="q-a" data-place="exercise"><p class="q-title"><span>Here</span></p><p>2 + 2?</p>
<form><input type="text"></form><noscript><details class="answer"><summary>Answer</summary><p>&#52;&#46;</p>
</details></noscript></div>
<div class="exercise" id="ex-b"><p><span class="exercise-number">Exercise 1.2.</span> Think.</p></div>
<details class="solution"><summary>Solution of exercise 1.2</summary><p>It depends.</p></details>
</section><section id="can-you-still"><h2>Can you still?</h2><div class="question" id="again-b">
<p class="q-title"><span>Question 1 · from <a href="two.html">Two</a></span></p><form><p>Why?</p></form>
<noscript><details class="answer"><summary>Answer</summary><p>Because.</p></details></noscript></div>
</section></article></body></html>"""
TWO = """<html><head></head><body><article class="bd-article"><section id="two"><h1>2. Two</h1>
<p>Text.</p><section id="far"><h2>Far <span class="math">\\(\\exp x^{2}\\)</span></h2>
<p>The end.</p></section></section></article></body></html>"""

PART = """<html><head></head><body><article class="bd-article">
<section id="part"><h1>Part II: Second</h1><p>What it asks.</p></section></article></body></html>"""


def write_site(folder):
    """Write a site of a front page, two chapters, and an overview of the second part; return its folder."""
    pages = {"book/index": FRONT, "book/one": ONE, "book/part": PART, "book/two": TWO}
    pages["index"] = '<meta http-equiv="Refresh" content="0; url=book/index.html" />'
    for name, text in pages.items():
        path = folder / "html" / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "html"


@pytest.fixture
def site(tmp_path):
    return write_site(tmp_path)


@pytest.fixture
def made(site):
    """The printable document and its contents."""
    html, contents = print_book.make_book(site, ABOUT)
    return BeautifulSoup(html, "html.parser"), contents


def test_the_contents_follow_the_menu(made):
    assert [part.title for part in made[1]] == ["", "Part I: First", "Part II: Second", "", ""]
    lines = [(e.title, e.target) for part in made[1] for chapter in part.inside for e in chapter.all()]
    assert lines == [
        ("A book", "index"),
        ("1. One", "one"),
        ("Exercises", "one--exercises"),
        ("Can you still?", "one--can-you-still"),
        ("Part II: Second", "part"),
        ("2. Two", "two"),
        ("Far exp x^2", "two--far"),
        ("Answers", "answers"),
        ("1. One", "answers--one"),
        ("Hints and solutions", "solutions"),
        ("1. One", "solutions--one"),
    ]
    printed = [(print_book.text_of(a.span), a["href"][1:]) for a in made[0].select("#contents a")]
    assert printed == lines
    assert [a["href"] for a in made[0].select("#contents a.again")] == [
        "#answers--one",
        "#solutions--one",
    ]
    assert [h.get_text() for h in made[0].select("#contents h2")] == ["Part I: First"]
    assert [a["href"] for a in made[0].select("#contents a.part")] == ["#part"]


def test_pages_stand_in_order_under_the_names_of_their_parts(made):
    assert [a["id"] for a in made[0].select("article")] == [
        *("index", "one", "part", "two"),
        *("answers", "solutions"),
    ]
    assert [p.get_text() for p in made[0].select("article p.part")] == ["Part I: First"]
    assert made[0].select_one("#cover .lead-in").get_text() == "What it is about."


def test_links_lead_inside_the_book_or_outside_or_are_plain_text(made):
    links = {a.get_text(): a["href"] for a in made[0].select("#one a")}
    assert links.pop("Hints and solution: page 000") in {"#solution--one--ex-a", "#solution--one--ex-b"}
    assert links == {
        "there": "#two--far",
        "here": "#one--one",
        "Two": "#two",
        "outside": "https://example.org/",
    }
    assert made[0].select_one("#index a")["href"] == "#one"
    ids = [tag["id"] for tag in made[0].select("[id]")]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in made[0].select("a[href^='#']")} <= set(ids)


def test_solutions_stand_at_the_end_only(made):
    chapter, solutions = (made[0].find(id=name).get_text(" ", strip=True) for name in ("one", "solutions"))
    answers = made[0].find(id="answers").get_text(" ", strip=True)
    assert "Exercise 1.1, page 000 : 4." in answers and "Question 1, page 000 : Because." in answers
    assert "Because." not in chapter
    for text in ("Carry the one.", "It is four.", "It depends."):
        assert text not in chapter
        assert text in solutions
    assert [h.get_text().split(" from")[0] for h in made[0].select("#solutions h3")] == [
        "Exercise 1.1",
        "Exercise 1.2",
    ]
    assert not made[0].select("details")


def test_all_style_sheets_and_no_scripts_of_the_pages_are_taken(made):
    assert [link["href"] for link in made[0].head.select("link")] == ["../_static/a.css", "../_static/b.css"]
    assert "alert" not in str(made[0])


def test_each_chapter_has_its_name_at_the_head_of_the_page():
    heads = print_book.running_heads([Entry("one", "", [Entry("one", 'The "one"')])], "A book")
    assert '@page one { @top-right { content: "The \\"one\\"";' in heads
    assert "#one { page: one }" in heads
    assert '@top-right { content: "";' in print_book.running_heads(
        [Entry("index", "", [Entry("index", "A book")])], "A book"
    )


def test_bookmarks_lead_to_pages():
    writer = PdfWriter()
    for _ in range(3):
        writer.add_blank_page(200, 200)
    contents = [
        Entry("a", "", [Entry("a", "Front")]),
        Entry("b", "Part", [Entry("b", "Chapter", [Entry("c", "Section")])]),
        Entry("c", "Other", [Entry("c", "Other"), Entry("b", "Last")]),
    ]
    print_book.set_outline(writer, contents, {"a": Place(0, 9), "b": Place(1, 9), "c": Place(2, 9)})

    def read(outline):
        return [
            read(item) if isinstance(item, list) else (item.title, writer.get_destination_page_number(item))
            for item in outline
        ]

    part = [("Part", 1), [("Chapter", 1), [("Section", 2)]]]
    assert read(writer.outline) == [("Front", 0), *part, ("Other", 2), [("Last", 1)]]


def test_without_a_site_it_says_what_to_do(tmp_path):
    with pytest.raises(print_book.PrintError, match="make book"):
        print_book.make_book(tmp_path, ABOUT)


@pytest.fixture(scope="module")
def pdf(browser, tmp_path_factory):
    """The site as it is printed."""
    folder = tmp_path_factory.mktemp("printed")
    count = print_book.print_site(browser, write_site(folder), folder / "book.pdf", ABOUT)
    pdf = PdfReader(folder / "book.pdf")
    assert len(pdf.pages) == count == 8, (
        "cover, contents, front page, overview, two chapters, answers, solutions"
    )
    return pdf


@pytest.mark.browser
def test_the_printed_numbers_are_those_of_the_pages(pdf):
    text = [" ".join(page.extract_text().split()) for page in pdf.pages]
    assert [re.search(r"\d+$|^(?=.*A book)", page) is not None for page in text] == [True] * 8
    assert "What it is about." in text[0]
    for title, page in {"1. One": 4, "Second": 5, "Far": 6, "Answers": 7, "Hints and solutions": 8}.items():
        assert re.search(rf"(?i){re.escape(title)} (\S+ \S+ )?{page}\b", text[1])
        assert title in text[page - 1]
    assert "Hints and solution: page 8" in text[3]
    assert "Exercise 1.1, page 4 : 4." in text[6] or "Exercise 1.1, page 4: 4." in text[6]
    assert "from page 4" in text[7]
    assert "It is four." in text[7]
    links = [link.get_object() for link in pdf.pages[3]["/Annots"]]
    targets = [link["/Dest"][0].get_object() for link in links if "/Dest" in link]
    assert pdf.pages[5].get_object() in targets, "a link from one chapter to another"
    assert [item.title for item in pdf.outline if not isinstance(item, list)] == [
        "A book",
        "Part I: First",
        "Part II: Second",
        "Answers",
        "Hints and solutions",
    ]
    assert pdf.metadata.title == "A book"


@pytest.mark.browser
def test_the_pdf_is_tagged(pdf):
    root = pdf.root_object
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"] == "en"
    tree = root["/StructTreeRoot"]
    kinds, seen = [], {}

    def walk(tag, parent):
        assert tag["/P"] == parent
        kinds.append(tag["/S"])
        inner = tag.get("/K", [])
        for kid in inner if isinstance(inner, list) else [inner]:
            if isinstance(kid, int):
                seen[pdf.get_page_number(tag["/Pg"]), kid] = tag
            elif kid.get_object().get("/Type") == "/MCR":
                seen[pdf.get_page_number(kid.get_object()["/Pg"]), kid.get_object()["/MCID"]] = tag
            elif kid.get_object().get("/Type") != "/OBJR":
                walk(kid.get_object(), tag)

    walk(tree["/K"], tree)
    assert kinds.count("/Document") == 1 and kinds.count("/Part") == 8, "cover, contents, six articles"
    assert kinds.count("/H1") == 8
    assert {"/P", "/Link", "/H2", "/H3"} <= set(kinds)
    parents = dict(print_book.pairs(tree["/ParentTree"], "/Nums"))
    for number, page in enumerate(pdf.pages):
        for mark, tag in enumerate(parents[page["/StructParents"]]):
            assert seen[number, mark] == tag.get_object()
        for link in page.get("/Annots", ()):
            tag = parents[link.get_object()["/StructParent"]].get_object()
            assert link in [kid.get_object().get("/Obj") for kid in tag["/K"] if not isinstance(kid, int)]
