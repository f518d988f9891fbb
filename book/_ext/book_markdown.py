"""What the book's Sphinx extensions share: directives that write the book's own Markdown."""

from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]


class BookDirective(SphinxDirective):
    """A directive whose output is easiest said in Markdown."""

    def markdown(self, text: str, parent: nodes.Element) -> list[nodes.Node]:
        """Read `text` as the book's Markdown, headings included, into `parent`, and return what it became."""
        lines = StringList(text.splitlines(), source=self.get_source_info()[0])
        self.state.nested_parse(lines, self.content_offset, parent, match_titles=True)
        return parent.children
