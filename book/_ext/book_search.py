"""The words under which readers search but which the book does not write, by sections: `book/synonyms.yml`.

They become entries of Sphinx's index, which the search of the site knows, and which lead to the section.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.addnodes import index
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform
from sphinx.util.logging import getLogger

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "book" / "synonyms.yml"
logger = getLogger(__name__)


class Synonyms(SphinxTransform):
    """Gives each section of a page its synonyms, before Sphinx collects the entries of its index."""

    default_priority = 840  # the domains read the page at 850

    def apply(self, **_: Any) -> None:
        """Put one index node in front of each section that has synonyms."""
        self.env.note_dependency(str(FILE))
        page = self.env.docname.rpartition("/")[2]
        words = {
            key.partition("#")[2]: said for key, said in read(FILE).items() if key.startswith(f"{page}#")
        }
        for section in list(self.document.findall(nodes.section)):
            for id in sorted(words.keys() & set(section["ids"])):
                entries = [("single", word, id, "main", None) for word in words.pop(id)]
                section.parent.insert(section.parent.index(section), index(entries=entries))
        for id in words:
            logger.warning("%s: %s has no section %s", FILE.name, page, id)


def read(file: Path) -> Mapping[str, list[str]]:
    """Return the synonyms of each section, by ``page#id``.

    Raises
    ------
    ExtensionError
        If the file holds anything else.
    """
    words = yaml.safe_load(file.read_text(encoding="utf8"))
    if not isinstance(words, dict):
        raise ExtensionError(f"{file.name} must give each page#id a list of words, got {words!r}")
    for key, listed in words.items():
        if not isinstance(listed, list) or not all(isinstance(word, str) and word for word in listed):
            raise ExtensionError(
                f"{file.name}: the synonyms of {key} must be a list of words, got {listed!r}"
            )
    return words


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the transform."""
    app.add_transform(Synonyms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
