"""The reference of the package, from its docstrings, with links to the equations that they name."""

from __future__ import annotations

import functools
import inspect
import re

from book_markdown import ROOT
from sphinx.application import Sphinx
from sphinx.config import Config

from fysstk_book import sources

LABEL = re.compile(r"\(?\b((?:eq|def)-[a-z0-9-]+)\b\)?")


def configure(app: Sphinx, config: Config) -> None:
    """Read NumPy docstrings, in the order of the source."""
    config.autodoc_member_order = "bysource"
    config.autodoc_typehints = "none"  # the docstrings say shapes, which types do not
    config.napoleon_google_docstring = False
    config.napoleon_use_ivar = True
    config.napoleon_use_rtype = False
    config.python_use_unqualified_type_names = True
    # Types in signatures are often those of other packages, which have no page here.
    config.nitpick_ignore_regex += [("py:class", ".*"), ("py:.*", r"(?!fysstk_(nn|book)).*")]


def skip_fields(app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object) -> bool | None:
    """Leave out the fields of a class: its docstring describes them together."""
    described = isinstance(obj, property | functools.cached_property) or inspect.isroutine(obj)
    return True if what == "class" and not described else None


def link_equations(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Turn the labels of equations into links, and keep a bar (|w|) from being a substitution."""
    known = sources.equations(ROOT)
    for i, line in enumerate(lines):
        linked = LABEL.sub(lambda m: f":eq:`{m[1]}`" if m[1] in known else m[0], line)
        lines[i] = re.sub(r"(?<!\\)\|", r"\|", linked)


def name_objects(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Say which ready-made objects a module has: autodoc knows classes and functions only."""
    if what == "module":
        made = [
            public for public in getattr(obj, "__all__", ()) if type(getattr(obj, public)).__module__ == name
        ]
        objects = [public for public in made if not inspect.isroutine(getattr(obj, public))]
        if objects:
            lines += ["", f"Ready to use: {', '.join(f'``{public}``' for public in objects)}.", ""]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register all of it."""
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("sphinx.ext.napoleon")
    app.connect("config-inited", configure)
    app.connect("autodoc-skip-member", skip_fields)
    app.connect("autodoc-process-docstring", link_equations, priority=400)
    app.connect("autodoc-process-docstring", name_objects)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
