"""Questions in the pages: under exercises, at the end of chapters and overviews, and what is due today.

The questions are those of `fysstk_book.questions`. A page holds their words, and keys in place of answers.
Without JavaScript there is the question and, folded, the answer, in character references: whoever reads the
page's source does not read it by accident. _static/questions/questions.js does the rest.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import html
import json
import os
import pickle
import re
import sys
from dataclasses import dataclass
from typing import Any

from book_exercises import exercise, folded, number_of
from book_markdown import ROOT, BookDirective
from book_mathjax import mathml
from book_parts import chapters_after
from book_scripts import write_bundle
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

from fysstk_book import exercises, sources
from fysstk_book.questions import loading
from fysstk_book.questions.markup import to_html
from fysstk_book.questions.model import SelfCheck, Understanding, Value, entries, shape
from fysstk_book.questions.packed import pack

sys.path.append(str(ROOT / "tools"))
import depends
import inputs

logger = logging.getLogger(__name__)
KEPT = ROOT / "_build" / "questions.pickle"
FOLDER = ROOT / "book" / "_static" / "questions"
SCRIPT = "questions.js"
TITLE = "Can you still?"
BEFORE = "References"
"""The section before which a chapter's questions stand."""
WORDS = ("no", "one", "two", "three", "four", "five", "six")
# Room for fields and buttons from the start: nothing jumps when the script comes, if it comes.
HEAD = """
const root = document.documentElement.classList;
root.add("q-ready");
addEventListener("load", () => {
  if (!root.contains("q-live")) root.remove("q-ready");
});
"""


PARTS = ("exercises", "numbers", "choices")
"""The columns of "Your progress" that count."""


class question(nodes.General, nodes.Element):  # noqa: N801 - docutils names its nodes in lower case
    """A question: its id, its place ("exercise" or "set"), and its number in a set."""


class raw_part(nodes.General, nodes.Element):  # noqa: N801
    """HTML that belongs to the site alone."""


@functools.cache
def all_questions() -> loading.Questions:
    """Return the questions of the book. They are kept: to find good numbers for all takes seconds."""
    files = inputs.digest("_toc.yml", "book/questions", "src", extra=inputs.machine())
    known, key, questions = "", "", None
    with contextlib.suppress(OSError, EOFError, ValueError, TypeError, pickle.UnpicklingError):
        known, key, questions = pickle.loads(KEPT.read_bytes())
    if known == files:
        return questions
    # Something in src has changed, but perhaps nothing that the questions rest on.
    programs = [ROOT.joinpath("src", "fysstk_book", place) for place in ("questions", "exercises")]
    needed = depends.reach(path for place in programs for path in place.rglob("*.py"))
    state = [depends.fingerprint(path) for path in sorted(needed)]
    now = inputs.digest("_toc.yml", "book/questions", extra=(*inputs.machine(), *state))
    questions = questions if key == now else loading.load(ROOT)
    KEPT.parent.mkdir(exist_ok=True)
    draft = KEPT.with_suffix(f".{os.getpid()}.tmp")
    draft.write_bytes(pickle.dumps((files, now, questions)))
    draft.replace(KEPT)
    return questions


class PutQuestions(SphinxTransform):
    """Put self-checks under their exercises, and a set at the end of each chapter and overview."""

    default_priority = 15  # after solutions and hints are folded

    def apply(self, **kwargs: object) -> None:
        """Add the questions of one page."""
        name = self.env.docname.rpartition("/")[2]
        page = next((one for one in sources.pages(ROOT) if one.name == name), None)
        try:
            known = all_questions()
        except ValueError as error:
            raise ExtensionError(str(error)) from None
        for box in list(self.document.findall(exercise)):
            self.put_under(box, known)
        if page is None or self.document.first_child_matching_class(nodes.section) is None:
            return
        if page.chapter:
            own = [id for id, one in known.understanding.items() if one.chapter == name]
            self.put_set(list(dict.fromkeys([*known.sets.get(name, ()), *own])))
        elif chapters := chapters_after(name):
            self.put_set(known.mixed([one.name for one in chapters]))

    def put_under(self, box: exercise, known: loading.Questions) -> None:
        """Put an exercise's self-checks before its first hint, or at the end of what follows it."""
        found = known.of_exercise(box["names"][0].removeprefix("ex-"))
        after = box.parent[box.parent.index(box) + 1 :]
        place = box.parent.index(box) + 1
        for node in after:
            if isinstance(node, exercise | nodes.section | folded):
                break
            place += 1
        new = [question(id=one.id, place="exercise", number=i) for i, one in enumerate(found)]
        box.parent.insert(place, new)

    def put_set(self, ids: list[str]) -> None:
        """Add a section with these questions before the references, or at the end."""
        if not ids:
            return
        self.env.metadata[self.env.docname]["asked"] = (ids, fingerprint(ids))
        chapter = self.document[self.document.first_child_matching_class(nodes.section)]
        section = nodes.section("", nodes.title("", TITLE), ids=["can-you-still"], names=["can-you-still"])
        section += [question(id=id, place="set", number=i) for i, id in enumerate(ids, 1)]
        titles = [one[0].astext() if isinstance(one, nodes.section) else "" for one in chapter]
        place = titles.index(BEFORE) if BEFORE in titles else len(titles)
        chapter.insert(place, section)


def fingerprint(ids: list[str]) -> str:
    """Return a hash of questions: of their words, numbers and answers."""
    return hashlib.sha256(repr([all_questions().find(id) for id in ids]).encode()).hexdigest()


def asked_otherwise(app: Sphinx, env: BuildEnvironment, *_: object) -> list[str]:
    """Return the pages with a set in which a question has changed: it may belong to another chapter."""
    sets = {name: data["asked"] for name, data in env.metadata.items() if "asked" in data}
    return [name for name, (ids, before) in sets.items() if fingerprint(ids) != before]


class Due(BookDirective):
    """The line "due today" of the front page: ```{due}```."""

    def run(self) -> list[nodes.Node]:
        """Return the line as it is for who has answered nothing yet."""
        text = (
            '<p class="q-due not-in-print"><strong>Due today</strong> · <span>Questions that you have '
            "answered come back here when it is time. "
            '<a href="progress.html">Your progress</a> says when.</span></p>'
        )
        return [raw_part("", nodes.raw("", text, format="html"), index=True)]


class Progress(BookDirective):
    """The table of what was answered, and its buttons: ```{progress}```."""

    def run(self) -> list[nodes.Node]:
        """Return the table, which the script fills."""
        rows = "".join(
            f'<tr data-chapter="{one["page"]}"><th scope="row">'
            f'<a href="{one["page"]}.html">{html.escape(one["title"])}</a></th>'
            + "".join(f'<td data-part="{part}">{len(one[part])}</td>' for part in PARTS)
            + '<td data-part="due"></td></tr>'
            for one in index()
        )
        heads = ("Chapter", "Exercises", "Self-checks", "Questions", "Due today")
        text = (
            '<div class="q-progress"><p class="q-silent">Nothing is counted here without JavaScript.</p>'
            '<div class="pst-scrollable-table-container"><table class="table"><thead><tr>'
            + "".join(f'<th scope="col">{head}</th>' for head in heads)
            + f"</tr></thead><tbody>{rows}</tbody></table></div>"
            '<div class="q-acts"><button type="button" data-act="export">Save to a file</button>'
            '<span><input type="file" id="q-import" data-act="import" accept=".json,application/json">'
            '<label class="q-button" for="q-import">Load from a file</label></span>'
            '<button type="button" data-act="delete">Delete</button></div><p role="status"></p></div>'
        )
        return [raw_part("", nodes.raw("", text, format="html"), index=True)]


def index() -> list[dict[str, Any]]:
    """Return for each chapter its title, its checked exercises, and where each of its questions stands."""
    known = all_questions()
    found = []
    for page in sources.pages(ROOT):
        if not page.chapter:
            continue
        checked = [one.id for one in exercises.catalogue() if one.chapter == page.name and one.checked]
        numbers = {id: anchor(id) for id in known.selfchecks if known.chapter(id) == page.name}
        choices = {id: anchor(id) for id, one in known.understanding.items() if one.chapter == page.name}
        title = page.title.replace("$", "")
        found.append(
            {"page": page.name, "title": title, "exercises": checked, "numbers": numbers, "choices": choices}
        )
    return found


def anchor(id: str, place: str = "exercise") -> str:
    """Return the id of a question's element: there may be two of a self-check on one page."""
    return f"{'q' if place == 'exercise' else 'again'}-{id.replace('/', '-')}"


# The elements


@dataclass(frozen=True)
class Place:
    """Where a question stands: its element's id, its title in HTML, and its first set of numbers."""

    id: str
    title: str
    start: int


def visit_question(self: HTML5Translator, node: question) -> None:
    """Write a question as it is without JavaScript, and what the script brings to life."""
    one = all_questions().find(node["id"])
    try:
        self.body.append(written(one, place_of(self, node, one)))
    except ValueError as error:
        raise ExtensionError(f"{node['id']}: {error}") from None
    raise nodes.SkipNode


def place_of(self: HTML5Translator, node: question, one: SelfCheck | Understanding) -> Place:
    """Return where a question stands on this page."""
    page = self.builder.current_docname.rpartition("/")[2]
    in_set = node["place"] == "set"
    chapter = all_questions().chapter(node["id"])
    if not in_set:
        part = node["id"].partition("/")[2]
        return Place(anchor(node["id"]), f"Or answer here, with numbers{f' ({part})' if part else ''}", 0)
    facts = [f"Question {node['number']}"]
    if isinstance(one, SelfCheck):
        number = number_of(self, f"ex-{one.exercise}")
        facts.append(f'<a href="{chapter}.html#ex-{one.exercise}">{number}</a>')
    if chapter != page:
        title = next(page.title for page in sources.pages(ROOT) if page.name == chapter)
        facts.append(f'from <a href="{chapter}.html">{html.escape(title.replace("$", ""))}</a>')
    first = isinstance(one, Understanding) and chapter == page
    start = 1 if chapter == page else 2
    return Place(anchor(node["id"], "exercise" if first else "set"), " · ".join(facts), start)


def written(one: SelfCheck | Understanding, place: Place) -> str:
    """Return a question's element."""
    attributes = {"id": place.id, "data-question": one.id}
    if isinstance(one, SelfCheck):
        start = place.start % len(one.numbers)
        chapter = exercises.find(one.exercise).chapter
        attributes |= {
            "data-number": str(start),
            "data-of": one.exercise,
            "data-place": "exercise" if place.id == anchor(one.id) else "set",
        }
        if attributes["data-place"] == "set":
            attributes["data-exercise"] = f"{chapter}.html#ex-{one.exercise}"
        inside = with_field(one, start, place.id)
    else:
        if one.after:
            attributes["data-after"] = address(one.after)
        inside = with_choices(one, place.id)
    opened = " ".join(f'{name}="{html.escape(value)}"' for name, value in attributes.items())
    head = f'<p class="q-title"><span>{place.title}</span><span class="q-mark"></span></p>'
    return f'<div class="question" {opened}>{head}{inside}</div>\n'


def with_field(one: SelfCheck, start: int, id: str) -> str:
    """Return the question, the field and the folded answer of a self-check."""
    number = one.numbers[start]
    whole = all(entry.is_integer() for entry in entries_of(one))
    digits = "" if whole else f', to <span class="q-digits">{count(one.digits, "significant digit")}</span>'
    answer = f"{shown(number.right, one.digits)}"
    return (
        f'<p class="q-ask">{to_html(one.ask, mathml)}</p>'
        f'<p class="q-given">{to_html(number.given, mathml)}</p>'
        f'<form><label class="q-label" for="{id}-field">Your answer{form(number.right)}{digits}</label>'
        f'<div class="q-row"><input type="text" id="{id}-field" autocomplete="off" autocapitalize="off" '
        f'spellcheck="false" aria-describedby="{id}-reading"><button type="submit">Check</button>'
        '<button type="button" class="q-another">Another one</button></div>'
        f'<p class="q-reading" id="{id}-reading"></p>{AFTER}</form>{without_script(answer)}'
    )


def with_choices(one: Understanding, id: str) -> str:
    """Return the question, the choices and the folded answer of a question of understanding."""
    choices = "".join(
        f'<label class="q-choice"><input type="radio" name="{id}" value="{i}">'
        f"<span>{to_html(choice.text, mathml)}</span></label>"
        for i, choice in enumerate(one.choices)
    )
    i, right = next((i, choice) for i, choice in enumerate(one.choices, 1) if choice.right)
    return (
        f'<form><fieldset><legend class="q-ask">{to_html(one.ask, mathml)}</legend>{choices}</fieldset>'
        f'<div class="q-row"><button type="submit">Check</button></div>{AFTER}</form>'
        + without_script(f"The {ORDINALS[i]} choice. ", to_html(right.say, mathml))
    )


ORDINALS = ("", "first", "second", "third", "fourth", "fifth")
AFTER = '<div class="q-verdict" role="status"></div><p class="q-trouble"></p>'


def without_script(answer: str, why: str = "") -> str:
    """Return the folded answer, which is there without JavaScript alone."""
    return (
        '<noscript><details class="answer"><summary>Answer</summary>'
        f"<p>{coded(answer)}{coded_text(why)}</p></details></noscript>"
    )


def coded(text: str) -> str:
    """Write a text in character references, which nobody reads in passing."""
    return "".join(f"&#{ord(letter)};" for letter in text)


def coded_text(markup: str) -> str:
    """Write the vowels of HTML's texts in character references: nobody reads the words in passing."""
    parts = re.split(r"(<[^>]*>|&#?\w+;)", markup)
    return "".join(
        part if i % 2 else re.sub("[aeiou]", lambda letter: coded(letter[0]), part)
        for i, part in enumerate(parts)
    )


def form(value: Value) -> str:
    """Say which form an answer has, if it is not one number."""
    sides = shape(value)
    if len(sides) == 1:
        return f": {count(sides[0], 'entry', 'entries')}, such as 1, 2"
    if sides:
        return f": {count(sides[0], 'row')} and {count(sides[1], 'column')}, such as 1, 2; 3, 4"
    return ""


def count(many: int, one: str, more: str = "") -> str:
    """Return "three significant digits"."""
    word = WORDS[many] if many < len(WORDS) else str(many)
    return f"{word} {one if many == 1 else more or one + 's'}"


def entries_of(one: SelfCheck) -> list[float]:
    """Return all right numbers of a self-check."""
    return [float(entry) for number in one.numbers for entry in entries(number.right)]


def shown(value: Value, digits: int) -> str:
    """Return an answer as a reader would type it."""
    if not isinstance(value, list):
        return f"{value:.0f}" if float(value).is_integer() else f"{float(f'{value:.{digits - 1}e}'):.10g}"
    inner = [shown(part, digits) for part in value]
    return "; ".join(part[1:-1] for part in inner) if isinstance(value[0], list) else f"({', '.join(inner)})"


def address(label: str) -> str:
    """Return where a label of the book is on the site.

    Raises
    ------
    ValueError
        If the book has no such label.
    """
    if entry := labels().get(label):
        id = nodes.make_id(f"equation-{label}" if entry.kind == "equation" else label)
        return f"{entry.page}.html#{id}"
    raise ValueError(f"after must be a label of the book, got {label!r}")


@functools.cache
def labels() -> dict[str, sources.Entry]:
    """Return what has a label in the book."""
    return sources.entries(ROOT)


# The page around them


def visit_part(self: HTML5Translator, node: raw_part) -> None:
    """Write what is inside."""


def ignore(self: nodes.NodeVisitor, node: nodes.Element) -> None:
    """Leave questions out of other formats."""
    raise nodes.SkipNode


def load_script(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Give a page with questions their data, the script and the style."""
    if doctree is None:
        return
    ids = dict.fromkeys(node["id"] for node in doctree.findall(question))
    parts = list(doctree.findall(raw_part))
    if not ids and not parts:
        return
    if ids:
        context["body"] += data("question-data", {id: pack(all_questions().find(id), mathml) for id in ids})
    if parts:
        context["body"] += data("question-index", index())
    app.add_css_file("questions/questions.css")
    app.add_js_file(None, body=HEAD)
    app.add_js_file(f"questions/{SCRIPT}", defer="defer", priority=900)


def data(id: str, value: Any) -> str:
    """Return JSON in an element that is not shown."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("</", r"<\/")
    return f'<script type="application/json" id="{id}">{text}</script>\n'


def write_script(app: Sphinx, exception: Exception | None) -> None:
    """Let the site carry one script and one sheet."""
    if exception is None and app.builder.format == "html":
        write_bundle(app, FOLDER / SCRIPT)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register all of it."""
    others = dict.fromkeys(("latex", "text", "man", "texinfo"), (ignore, None))
    app.add_node(question, html=(visit_question, None), **others)
    app.add_node(raw_part, html=(visit_part, visit_part), **others)
    app.add_directive("due", Due)
    app.add_directive("progress", Progress)
    app.add_transform(PutQuestions)
    app.connect("env-get-outdated", asked_otherwise)
    app.connect("html-page-context", load_script)
    app.connect("build-finished", write_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
