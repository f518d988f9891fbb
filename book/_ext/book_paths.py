"""The short ways through the book on its pages: ```{path} week``` lists one, and the menu marks its chapters.

Which sections and exercises belong to a path is said in the chapters and in `book/paths.yml`; times are
counted.
"""

from __future__ import annotations

from pathlib import Path

from book_markdown import ROOT, BookDirective
from book_parts import count, duration
from book_questions import all_questions
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

from fysstk_book import exercises, paths, sources
from fysstk_book.sources import Page

LISTED = ROOT / "book" / "paths.yml"


class Way(BookDirective):
    """The chapters of a path with their sections and exercises, or with `:summary:` what it takes."""

    required_arguments = 1
    option_spec = {"summary": lambda text: True}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Return the sentence or the list."""
        path = self.arguments[0]
        if path not in paths.PATHS:
            raise self.error(f"a path is one of {', '.join(paths.PATHS)}, not {path!r}")
        every = [page for page in sources.pages(ROOT) if page.chapter]
        chapters = [page for page in every if paths.on(path, page)]
        catalogue = Path(exercises.__file__).parent.glob("*.py")
        for file in (LISTED, *catalogue, *(page.path for page in every)):
            self.env.note_dependency(str(file))
        place = nodes.container()
        self.markdown(summary(path, chapters), place)
        if "summary" not in self.options:
            self.markdown("\n\n".join(item(path, page) for page in chapters), place)
            place.children[-1]["classes"].append("way")
        return place.children


def summary(path: str, chapters: list[Page]) -> str:
    """Say what a path takes."""
    reading, pencil = (sum(paths.minutes(paths.on(path, page))[i] for page in chapters) for i in (0, 1))
    tasks = [exercises.find(id) for id in listed(path)]
    work = sum(one.minutes for one in tasks)
    facts = [
        f"**About {duration(round(reading + pencil + work))}**",
        f"{duration(round(reading))} to read",
        f"{duration(round(pencil))} with a pencil",
        f"{count(len(tasks), 'exercise')} for {duration(work)}",
    ]
    known = all_questions()
    if asked := {id for page in chapters for id in known.sets.get(page.name, ())}:
        more = sum(known.minutes(id) for id in asked)
        facts.append(f"on top of that, {count(len(asked), 'question')} for {duration(more)}")
    return " · ".join(facts)


def listed(path: str) -> list[str]:
    """Return the ids of a path's exercises: all there are for the whole book."""
    return [one.id for one in exercises.catalogue()] if path == "book" else paths.exercises_on(path, ROOT)


def item(path: str, page: Page) -> str:
    """Write the item of a chapter in the list, with the number that the table of contents gives it."""
    found = paths.on(path, page)
    reading, pencil = paths.minutes(found)
    facts = [f"{count(round(reading), 'minute')} to read, {round(pencil)} with a pencil"]
    tasks = [id for id in listed(path) if exercises.find(id).chapter == page.name]
    if tasks:
        facts.append("exercises " + ", ".join(f"{{ref}}`ex-{id}`" for id in tasks))
    lines = [f"{page.chapter} {{ref}}`ch-{page.name}`", said(page, found), " · ".join(facts)]
    return "- " + "\n\n  ".join(lines)


def said(page: Page, found: list[paths.Section]) -> str:
    """Name the sections to read: those of the second level, or that all of them are."""
    every = [one for one in paths.sections(page) if one.level == 2 and one.title not in paths.CLOSING]
    shown = [one for one in every if one in found]
    if shown == every:
        return "The whole chapter."
    links = [
        f"{{ref}}`{one.title} <{one.label}>`" if one.label and "$" not in one.title else one.title
        for one in shown
    ]
    return " · ".join(links)


MARKS = {  # a chapter of the evening is one of the week, too
    "week": r'"\00a0•" / ", on the week\2019s path"',
    "evening": r'"\00a0••" / ", on the evening\2019s and the week\2019s path"',
}

LINKS = ('a[href$="/{0}.html"]', 'a[href="{0}.html"]')  # from another folder, and from the same one
ITSELF = 'a[href="#"]'
"""What a page's own link in the menu leads to."""


def rule(path: str, links: list[str]) -> str:
    """Write the rule that marks these links of the menu."""
    which = ", ".join(f".bd-sidebar-primary {link}::after" for link in links)
    return f"{which} {{ content: {MARKS[path]}; color: var(--pst-color-text-muted); }}\n"


def mark_the_menu(app: Sphinx, config: Config) -> None:
    """Write the style sheet that marks the chapters of the short paths, if the menu has them."""
    whole = Path(app.srcdir, config.external_toc_path) == ROOT / "_toc.yml"
    pages = sources.pages(ROOT) if whole else []  # else one page is looked at, while it is written
    rules = []
    path_of: dict[str, str] = {}
    for path in MARKS:
        names = [page.name for page in pages if page.chapter and paths.on(path, page)] or ["none"]
        path_of |= dict.fromkeys(names, path)
        rules.append(rule(path, [link.format(name) for name in names for link in LINKS]))
    folder = Path(app.doctreedir).parent / ".paths"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "paths.css").write_text("".join(rules), encoding="utf8")
    config.html_static_path.append(str(folder))

    def mark_itself(
        app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
    ) -> None:
        # html:has(#ch-...) in the sheet would have all links weighed again whenever a page changes.
        if path := path_of.get(Path(pagename).name):
            context["metatags"] += f"\n<style>{rule(path, [ITSELF])}</style>"

    app.connect("html-page-context", mark_itself)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive and the style sheet."""
    app.add_directive("path", Way)
    app.connect("config-inited", mark_the_menu)
    app.add_css_file("paths.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
