"""Print the built site as one PDF: cover, contents, all pages, the answers and the solutions.

The pages become one long document. Chromium prints it piece by piece, chapter by chapter, and does so twice:
the first time shows on which page each heading stands, the second one has these numbers in the contents. Then
the pieces are joined. Nothing is fetched: the site itself answers every request, and its own MathJax sets the
formulas.
"""

from __future__ import annotations

import argparse
import copy
import io
import json
import mimetypes
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, Route, sync_playwright
from playwright.sync_api import Page as Tab
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    Fit,
    FloatObject,
    NameObject,
    NullObject,
    NumberObject,
    TextStringObject,
)

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
TARGET = ROOT / "_build" / "neural-networks-checked.pdf"
STYLE = Path(__file__).with_suffix(".css")
HOST = "http://book.invalid"  # answered from the site's folder; there is no such host
NOT_PRINTED = (
    "script, .headerlink, .ledger-tick, button, details.above-input, details.above-output, .not-in-print"
)
CHROMIUMS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chromium-headless-shell",
)

# A formula wider than the column is set smaller. Returns what is too wide even so.
FIT_WIDTH = """() => {
  const width = document.body.clientWidth;
  for (const math of document.querySelectorAll('article mjx-container[display="true"]')) {
    const inner = math.querySelector("mjx-math").getBoundingClientRect().width;
    const room = math.parentElement.getBoundingClientRect().width;
    if (inner > room) math.style.setProperty("font-size", `${Math.floor(104 * room / inner)}%`, "important");
  }
  const wide = [...document.querySelectorAll("article *")].filter(
    (one) => !one.closest("mjx-assistive-mml") && one.getBoundingClientRect().right > width + 2);
  return wide.map((one) => `${one.closest("article").id}: ${one.tagName} ${one.textContent.slice(0, 60)}`);
}"""

# Shows one piece of the document, and says how many pages stand before it.
SHOW_ONLY = """([number, pages]) => {
  [...document.body.children].forEach((one, i) => { one.style.display = i === number ? "" : "none" });
  document.documentElement.style.counterReset = `page ${pages}`;
}"""
# Writes the numbers of pages where the document left places for them.
FILL_IN = """(pages) => document.querySelectorAll(".page-number").forEach(
  (place) => { place.textContent = pages[place.dataset.of] ?? "" })"""


class PrintError(Exception):
    """The book cannot be printed; the message says why."""


class Place(NamedTuple):
    """A page, counted from 0, and a height on it, in points from below."""

    page: int
    top: float


@dataclass
class Entry:
    """A line of the contents: where it leads, what it says, and what is inside it."""

    target: str
    title: str
    inside: list[Entry] = field(default_factory=list)
    heading: Tag | None = None

    def all(self) -> Iterator[Entry]:
        """Yield this entry and those inside it, in the order of the book."""
        yield self
        for entry in self.inside:
            yield from entry.all()

    def is_said_by_its_page(self) -> bool:
        """Tell whether a part begins with a page of its own, which has the part's title."""
        return bool(self.inside) and self.inside[0].title == self.title


def read(path: Path) -> BeautifulSoup:
    """Return a page of the site."""
    if not path.is_file():
        raise PrintError(f"There is no page {path}. `make book` builds the site.")
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def parts(front: BeautifulSoup) -> list[tuple[str, list[str]]]:
    """Return the parts of the book and the pages of each, as the front page's menu lists them."""
    found: list[tuple[str, list[str]]] = []
    for tag in front.select("nav.bd-links :is(p.caption, li.toctree-l1 > a)"):
        if tag.name == "p":
            found.append((tag.get_text(" ", strip=True), []))
        elif found:  # before the first part, the menu may name the front page
            found[-1][1].append(Path(tag["href"]).stem)
    return found


def printable(soup: BeautifulSoup, name: str) -> Tag:
    """Return the content of a page, in which every id and every link to the book is unique in all of it."""
    article = soup.select_one("article.bd-article")
    article["id"] = name
    for useless in article.select(NOT_PRINTED):
        useless.decompose()
    for tag in article.select("[id]"):
        if tag is not article and tag.find_parent("svg") is None and tag.name != "svg":
            tag["id"] = f"{name}--{tag['id']}"
    for link in article.select("a[href]"):
        link["href"] = inner_link(link["href"], name)
        if not link["href"]:
            link.unwrap()
    return article


def inner_link(href: str, name: str) -> str:
    """Return a link of page `name` as one inside the printed book; nothing if it has no meaning there."""
    url = urlsplit(href)
    if url.scheme or url.netloc:
        return href
    if url.path and not url.path.endswith(".html"):
        return ""
    page = Path(url.path).stem or name
    return f"#{page}--{url.fragment}" if url.fragment else f"#{page}"


def drop_dead_links(book: BeautifulSoup) -> None:
    """Keep the text of links that lead nowhere in the printed book."""
    ids = {tag["id"] for tag in book.select("[id]")}
    for link in book.select("a[href^='#']"):
        if link["href"][1:] not in ids:
            link.unwrap()


def headings(article: Tag) -> Entry:
    """Return the contents of one page: its title and its sections."""
    heading = article.find("h1")
    sections = [h for h in article.find_all("h2") if h.parent.get("id")]
    inside = [Entry(h.parent["id"], text_of(h), [], h) for h in sections]
    return Entry(article["id"], text_of(heading), inside, heading)


def text_of(tag: Tag) -> str:
    """Return the text of a heading on one line, formulas without TeX's marks."""
    return " ".join(re.sub(r"\\[()]?|[{}]", "", tag.get_text()).split())


def move_solutions(article: Tag, book: BeautifulSoup) -> Tag | None:
    """Take hints and solutions out of a page; return them as a section for the end of the book."""
    section = book.new_tag("section", id=f"solutions--{article['id']}")
    for box in article.select("div.exercise[id]"):
        folded = [tag for tag in next_until_exercise(box) if is_folded(tag)]
        if not folded:
            continue
        number = box.select_one(".exercise-number")
        heading = book.new_tag("h3", id=f"solution--{box['id']}")
        heading.append(number.get_text().rstrip(". ") if number else "Exercise")
        back = book.new_tag("a", href=f"#{box['id']}")
        back["class"] = "from"
        back.append(" from page ")
        back.append(page_number(book, box["id"]))
        heading.append(back)
        section.append(heading)
        there = book.new_tag("p")
        there["class"] = "to-solution"
        link = book.new_tag("a", href=f"#solution--{box['id']}")
        link.append("Hints and solution: page ")
        link.append(page_number(book, f"solution--{box['id']}"))
        there.append(link)
        folded[-1].insert_after(there)
        for tag in folded:
            section.append(tag.extract())
    if not section.contents:
        return None
    for folded in section.select("details"):
        folded.name = "div"
    for summary in section.select("summary"):
        summary.name = "p"
        summary["class"] = "folded-title"  # it heads what follows
        label = book.new_tag("strong")
        label.extend(list(summary.contents))
        summary.append(label)
    title = book.new_tag("h2")
    title.append(text_of(article.find("h1")))
    section.insert(0, title)
    return section


def move_answers(article: Tag, book: BeautifulSoup) -> Tag | None:
    """Take the answers to a page's questions out of it; return them as a section for the end of the book."""
    section = book.new_tag("section", id=f"answers--{article['id']}")
    for question in article.select(".question[id]"):
        answer = question.select_one("noscript details.answer > p")
        if answer is None:
            continue
        line = book.new_tag("p")
        line.append(link := book.new_tag("a", href=f"#{question['id']}"))
        link.append(f"{named(question)}, page ")
        link.append(page_number(book, question["id"]))
        line.append(": ")
        line.extend(list(answer.contents))
        section.append(line)
        question.noscript.decompose()
    if not section.contents:
        return None
    title = book.new_tag("h2")
    title.append(text_of(article.find("h1")))
    section.insert(0, title)
    return section


def named(question: Tag) -> str:
    """Return the name of a question: its number in a set, or the exercise that it belongs to."""
    if question.get("data-place") == "exercise":
        return question.find_previous(class_="exercise-number").get_text().rstrip(". ")
    return question.select_one(".q-title").get_text().partition(" · ")[0]


def next_until_exercise(box: Tag) -> Iterator[Tag]:
    """Yield what stands after an exercise on its level, up to the next one."""
    for tag in box.find_next_siblings():
        if "exercise" in tag.get("class", ()):
            return
        yield tag


def is_folded(tag: Tag) -> bool:
    """Tell whether this is a hint or a solution."""
    return tag.name == "details" and bool({"hint", "solution"}.intersection(tag.get("class", ())))


def page_number(book: BeautifulSoup, target: str) -> Tag:
    """Return the place for the number of the page where `target` stands."""
    number = book.new_tag("span", attrs={"class": "page-number", "data-of": target})
    number.string = "000"
    return number


def contents_html(book: BeautifulSoup, contents: list[Entry]) -> Tag:
    """Return the table of contents; its page numbers are filled in later.

    Pages about all chapters have a section for each of them. These lines are not shown, but have to be there:
    Chromium notes where something stands only if a link leads to it.
    """
    chapters = {chapter.title for part in contents for chapter in part.inside}
    nav = book.new_tag("nav", id="contents")
    nav.append(heading := book.new_tag("h1"))
    heading.string = "Contents"
    for part in contents:
        if part.title and not part.is_said_by_its_page():
            nav.append(heading := book.new_tag("h2"))
            heading.string = part.title
        for chapter in part.inside:
            for entry in chapter.all():
                line = book.new_tag("a", href=f"#{entry.target}")
                again = entry is not chapter and entry.title in chapters
                of_chapter = "part" if entry.title == part.title else "chapter"
                line["class"] = of_chapter if entry is chapter else "again" if again else "section"
                line.append(words := book.new_tag("span"))
                words.extend(copy.copy(entry.heading).contents)
                line.append(page_number(book, entry.target))
                nav.append(line)
    return nav


def cover_html(book: BeautifulSoup, front: BeautifulSoup, about: Mapping[str, str]) -> Tag:
    """Return the first page: the logo, the title, what the book is about, and who made it."""
    cover = book.new_tag("section", id="cover")
    if logo := front.select_one("img.logo__image"):
        cover.append(book.new_tag("img", src=logo["src"], alt=""))
    lead = front.select_one(".lead-in")
    said = {
        "title": about["title"],
        "lead-in": lead.get_text(" ", strip=True) if lead else "",
        "by": about["author"],
        "terms": about["terms"],
    }
    for name, text in said.items():
        tag = book.new_tag("h1" if name == "title" else "p")
        tag["class"] = name
        tag.string = text
        cover.append(tag)
    return cover


def running_heads(contents: list[Entry], title: str) -> str:
    """Return the style that prints the book's title and the chapter's at the head of each page."""
    style = "color: #4d5a6b; font: 9pt sans-serif;"
    rules = [f"@page {{ @top-left {{ content: {json.dumps(title, ensure_ascii=False)}; {style} }} }}"]
    for part in contents:
        for chapter in part.inside:
            words = json.dumps(chapter.title if chapter.title != title else "", ensure_ascii=False)
            rules.append(f"@page {chapter.target} {{ @top-right {{ content: {words}; {style} }} }}")
            rules.append(f"#{chapter.target} {{ page: {chapter.target} }}")
    return "\n".join(rules)


def make_book(site: Path, about: Mapping[str, str]) -> tuple[str, list[Entry]]:
    """Return the whole book as one HTML document, and its contents: parts, chapters, sections."""
    front_path = front_page(site)
    front = read(front_path)
    book = BeautifulSoup('<html lang="en"><head></head><body></body></html>', "html.parser")
    book.html["data-theme"] = book.html["data-mode"] = "light"
    answers, solutions = (
        closing(book, "answers", "Answers"),
        closing(book, "solutions", "Hints and solutions"),
    )
    articles, contents = [], []
    sheets = {}
    for part, pages in [("", [front_path.stem]), *parts(front)]:
        contents.append(entry := Entry("", part))
        for name in pages:
            page = read(front_path.with_name(f"{name}.html"))
            sheets |= {sheet["href"]: sheet for sheet in page.head.select("link[rel=stylesheet]")}
            article = printable(page, name)
            entry.inside.append(headings(article))
            entry.target = entry.inside[0].target
            if part and len(entry.inside) == 1 and not entry.is_said_by_its_page():
                article.insert(0, label := book.new_tag("p"))
                label["class"] = "part"
                label.string = part
            if section := move_solutions(article, book):
                solutions.append(section)
            if section := move_answers(article, book):
                answers.append(section)
            articles.append(article)
    for last in (answers, solutions):
        if last.select("section"):
            contents.append(Entry(last["id"], "", [headings(last)]))
            articles.append(last)
    for one in [cover_html(book, front, about), contents_html(book, contents), *articles]:
        book.body.append(one)
    drop_dead_links(book)
    settings = [s for s in front.head.select("script:not([src])") if "window.MathJax" in s.get_text()]
    mathjax = front.head.select("script[src*='/mathjax/']")
    for tag in [*sheets.values(), *settings, *mathjax]:
        book.head.append(tag)
    book.head.append(style := book.new_tag("style"))
    style.string = f"{STYLE.read_text(encoding='utf-8')}\n{running_heads(contents, about['title'])}"
    return f"<!doctype html>\n{book}", contents


def closing(book: BeautifulSoup, name: str, words: str) -> Tag:
    """Return an article for the end of the book, with its title."""
    article = book.new_tag("article", id=name)
    article["class"] = f"bd-article {name}"
    article.append(title := book.new_tag("h1"))
    title.string = words
    return article


def front_page(site: Path) -> Path:
    """Return the first page of the site, to which its index.html may forward."""
    forward = read(site / "index.html").select_one("meta[http-equiv=Refresh]")
    return site / (forward["content"].partition("url=")[2] if forward else "index.html")


def answer(route: Route, site: Path, address: str, html: str) -> None:
    """Answer a request of the browser from the site's folder; refuse all others."""
    url = urlsplit(route.request.url)
    path = (site / unquote(url.path).lstrip("/")).resolve()
    if route.request.url == address:
        route.fulfill(body=html, content_type="text/html; charset=utf-8")
    elif f"{url.scheme}://{url.netloc}" == HOST and path.is_relative_to(site) and path.is_file():
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        route.fulfill(body=path.read_bytes(), content_type=kind)
    else:
        route.abort()


def find_chromium() -> str:
    """Return the path of a Chromium."""
    found = next(filter(None, map(shutil.which, CHROMIUMS)), os.environ.get("CHROMIUM"))
    if not found:
        raise PrintError("Printing needs Chromium (looked for: " + ", ".join(CHROMIUMS) + ").")
    return found


def print_pieces(tab: Tab, tagged: bool) -> list[PdfReader]:
    """Print each piece of the document as a PDF of its own, with pages numbered through all of them.

    One by one, because the time that Chromium needs grows faster than the number of pages. Tags say what is a
    heading, a table, a picture and its description; they take time, too.
    """
    pieces, pages = [], 0
    for number in range(tab.locator("body > *").count()):
        tab.evaluate(SHOW_ONLY, [number, pages])
        pdf = tab.pdf(prefer_css_page_size=True, print_background=True, tagged=tagged)
        pieces.append(PdfReader(io.BytesIO(pdf)))
        pages += len(pieces[-1].pages)
    return pieces


def find_places(pieces: list[PdfReader]) -> dict[str, Place]:
    """Return where in the joined pieces each target of a link stands."""
    places, before = {}, 0
    for piece in pieces:
        for name, target in piece.named_destinations.items():
            page = before + piece.get_destination_page_number(target)
            places[name.lstrip("/")] = Place(page, float(target.top or 0))
        before += len(piece.pages)
    return places


def join(pieces: list[PdfReader]) -> PdfWriter:
    """Return all pieces as one PDF: their pages in a row, and their trees of tags under one root."""
    writer = PdfWriter()
    root, book = DictionaryObject(), DictionaryObject()
    root_at, book_at = writer._add_object(root), writer._add_object(book)
    parts, parents, names = ArrayObject(), ArrayObject(), []
    first = 0  # the number of the piece's first page or link in the tree that leads from them to their tags
    for piece in pieces:
        for page in piece.pages:
            added = writer.add_page(page)
            added[NameObject("/StructParents")] = NumberObject(first + page["/StructParents"])
            for link in added.get("/Annots", ()):
                number = first + link.get_object()["/StructParent"]
                link.get_object()[NameObject("/StructParent")] = NumberObject(number)
        tree = piece.root_object["/StructTreeRoot"].clone(writer)
        part = tree["/K"]
        part[NameObject("/S")], part[NameObject("/P")] = NameObject("/Part"), book_at
        parts.append(part.indirect_reference)
        for number, tags in pairs(tree["/ParentTree"], "/Nums"):
            parents += [NumberObject(first + number), tags]
        names += pairs(tree.get("/IDTree", {}), "/Names")
        first += tree["/ParentTreeNextKey"]
    tags = {"/S": "/Document", "/P": root_at, "/K": parts, "/Type": "/StructElem"}
    book.update(dictionary(tags))
    tree = dictionary({"/Nums": parents})
    root.update(dictionary({"/Type": "/StructTreeRoot", "/K": book_at}))
    root[NameObject("/ParentTree")] = writer._add_object(tree)
    root[NameObject("/ParentTreeNextKey")] = NumberObject(first)
    if names:
        named = ArrayObject(value for pair in sorted(names, key=lambda pair: pair[0]) for value in pair)
        root[NameObject("/IDTree")] = writer._add_object(dictionary({"/Names": named}))
    catalog = {"/StructTreeRoot": root_at, "/MarkInfo": dictionary({"/Marked": BooleanObject(True)})}
    catalog["/Lang"] = TextStringObject("en")
    catalog["/ViewerPreferences"] = dictionary({"/DisplayDocTitle": BooleanObject(True)})
    writer.root_object.update(dictionary(catalog))
    return writer


def dictionary(entries: Mapping[str, object]) -> DictionaryObject:
    """Return a dictionary of a PDF; values that are plain text are names."""
    values = {key: NameObject(value) if type(value) is str else value for key, value in entries.items()}
    return DictionaryObject({NameObject(key): value for key, value in values.items()})


def pairs(tree: Mapping, kind: str) -> Iterator[tuple]:
    """Yield the keys of a tree of numbers or names, with their values."""
    for kid in tree.get("/Kids", ()):
        yield from pairs(kid.get_object(), kind)
    leaves = tree.get(kind, ())
    yield from zip(leaves[::2], leaves[1::2], strict=True)


def set_links(writer: PdfWriter, places: Mapping[str, Place]) -> None:
    """Let the links lead to pages, where each piece had only names, most of which other pieces know."""
    for page in writer.pages:
        for reference in page.get("/Annots", ()):
            link = reference.get_object()
            if place := places.get(str(link.get("/Dest", "")).lstrip("/")):
                target = writer.pages[place.page].indirect_reference
                where = [target, NameObject("/XYZ"), NullObject(), FloatObject(place.top), NullObject()]
                link[NameObject("/Dest")] = ArrayObject(where)


def set_outline(writer: PdfWriter, contents: list[Entry], places: Mapping[str, Place]) -> None:
    """Add bookmarks for parts, chapters and sections."""

    def add(entry: Entry, parent: object) -> None:
        place = places[entry.target]
        if entry.title:
            where = {"page_number": place.page, "fit": Fit.xyz(left=0, top=place.top)}
            parent = writer.add_outline_item(title=entry.title, parent=parent, is_open=False, **where)
        for inner in entry.inside[entry.is_said_by_its_page() :]:
            add(inner, parent)

    for part in contents:
        add(part, None)
    writer.page_mode = "/UseOutlines"


def print_site(browser: Browser, site: Path, target: Path, about: Mapping[str, str]) -> int:
    """Print the site into the file `target`; return the number of pages."""
    site = site.resolve()
    html, contents = make_book(site, about)
    address = f"{HOST}/{front_page(site).relative_to(site).parent.as_posix()}/printed-book.html"
    tab = browser.new_page(viewport={"width": 657, "height": 980})
    tab.set_default_timeout(600_000)
    tab.emulate_media(media="print", color_scheme="light", reduced_motion="reduce")
    tab.route("**/*", lambda route: answer(route, site, address, html))
    tab.goto(address)
    tab.evaluate("async () => { await window.MathJax?.startup?.promise; await document.fonts.ready }")
    for complaint in tab.evaluate(FIT_WIDTH):
        print(f"wider than the page: {complaint}", file=sys.stderr)
    places = find_places(print_pieces(tab, tagged=False))
    tab.evaluate(FILL_IN, {name: place.page + 1 for name, place in places.items()})
    pieces = print_pieces(tab, tagged=True)
    tab.close()
    writer, places = join(pieces), find_places(pieces)
    set_links(writer, places)
    set_outline(writer, contents, places)
    writer.add_metadata({"/Title": about["title"], "/Author": about["author"]})
    writer.compress_identical_objects()
    draft = target.with_suffix(".tmp")
    writer.write(draft)
    draft.replace(target)
    return len(writer.pages)


def main() -> int:
    """Print the built book and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, default=SITE, help="the folder of the built site")
    parser.add_argument("--to", type=Path, default=TARGET, help="the PDF to write")
    arguments = parser.parse_args()
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    about = {
        "title": config["title"],
        "author": config["author"],
        "terms": f"© {config['copyright']}. Text and figures under CC BY 4.0, code under the BSD 3-clause "
        "licence. The code that draws figures is left out; it is on the site and in the notebooks.",
    }
    start = time.perf_counter()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(),
                args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            )
            pages = print_site(browser, arguments.site, arguments.to, about)
            browser.close()
    except PrintError as error:
        print(error, file=sys.stderr)
        return 1
    size = arguments.to.stat().st_size / 1e6
    print(f"{arguments.to}: {pages} pages, {size:.1f} MB ({time.perf_counter() - start:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
