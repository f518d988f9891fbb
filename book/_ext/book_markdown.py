"""What the book's Sphinx extensions share: directives that write the book's own Markdown."""

from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from fysstk_book.sources import Page

ROOT = Path(__file__).resolve().parents[2]


class BookDirective(SphinxDirective):
    """A directive whose output is easiest said in Markdown."""

    def markdown(self, text: str, parent: nodes.Element) -> list[nodes.Node]:
        """Read `text` as the book's Markdown into `parent`, and return what it became."""
        lines = StringList(text.splitlines(), source=self.get_source_info()[0])
        self.state.nested_parse(lines, self.content_offset, parent)
        return parent.children

    def section(self, page: Page, id: str) -> nodes.section:
        """Return a section that is headed by a page's title, as the table of contents prints it."""
        number = f"{page.chapter}. " if page.chapter else ""
        title, _ = self.state.inline_text(number + page.title, self.lineno)
        section = nodes.section("", nodes.title("", "", *title), ids=[id], names=[id])
        self.state.document.note_explicit_target(section, section)
        return section
