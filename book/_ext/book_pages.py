"""What every page of the site gets: one <h1>, a description for search engines, a link to its notebook."""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path

from book_markdown import ROOT
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from fysstk_book import sources

sys.path.append(str(ROOT / "tools"))
import launch
import notebooks

logger = logging.getLogger(__name__)
HERE = Path(__file__).parent
FOLDER = "notebooks"  # in the site


def configure(app: Sphinx, config: Config) -> None:
    """Replace the theme's download menu, which offers the book's source, by a link to the notebook."""
    config.templates_path.append(str(HERE / "templates"))
    config.html_static_path.append(str(HERE / "static"))
    config.html_copy_source = False  # the sources hold the solutions
    options = config.html_theme_options
    options["use_download_button"] = False
    options["article_header_end"] = ["download-notebook.html", "article-header-buttons.html"]


def describe_page(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document
) -> None:
    """Add the description and the name of the notebook to what the page's template sees."""
    if doctree is None:
        return
    # The empty corner of a table heads nothing; and the roles of citations do not fit together.
    body = re.sub(r"<th([^>]*)>(\s|</?p>)*</th>", r"<td\1></td>", context["body"])
    context["body"] = re.sub(r' role="(doc-biblioentry"|list"(?= class="citation-list))', "", body)
    if words := description(doctree):
        context["metatags"] += f'\n<meta name="description" content="{html.escape(words)}" />'
    if notebooks.is_notebook(Path(app.env.doc2path(pagename))):
        context["notebook"] = f"{FOLDER}/{Path(pagename).name}.ipynb"


def lead_into_the_book(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document
) -> None:
    """Let the front page's Next lead to the first part; what stands before it is for looking things up."""
    first = next((page for page in sources.pages(ROOT) if page.part.startswith("Part ")), None)
    if first and pagename == app.config.root_doc and context.get("next"):
        docname = first.path.relative_to(ROOT).with_suffix("").as_posix()
        if docname in app.env.titles:
            title = app.builder.render_partial(app.env.titles[docname])["title"]
            context["next"] = {"link": app.builder.get_relative_uri(pagename, docname), "title": title}


def add_launch_links(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document
) -> None:
    """Add a menu of where the page can be opened outside the site, if the book has a repository."""
    if doctree is None:
        return
    found = launch.links(launch.repository(), pagename, notebook="notebook" in context)
    buttons = [{"type": "link", "text": place, "url": url} for place, url in found.items()]
    if buttons:
        menu = {"type": "group", "tooltip": "Open elsewhere", "icon": "fas fa-rocket", "buttons": buttons}
        context["header_buttons"].insert(0, {**menu, "label": "launch-buttons"})
        context["body"] = with_lines(context.get("body", ""), doctree)


def with_lines(body: str, doctree: nodes.document) -> str:
    """Note at each section the line of the source where it begins, for the links that name a line."""
    for section in doctree.findall(nodes.section):
        for id in section["ids"] if section.line else ():
            start = rf'(<section\b[^>]* id="{re.escape(id)}")'
            body = re.sub(start, rf'\1 data-line="{section.line}"', body, count=1)
    return body


def description(doctree: nodes.document) -> str:
    """Return what the reader will be able to do, else the first sentences, in at most 300 characters."""
    paragraphs = [" ".join(node.astext().split()) for node in doctree.findall(nodes.paragraph)]
    aims = (text for text in paragraphs if text.startswith("You will be able to"))
    text = next(aims, next((text for text in paragraphs if len(text) > 60), ""))
    return text if len(text) <= 300 else re.sub(r"\s+\S*$", " …", text[:299])


def compare_numbers(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn where the numbers that notebooks and checker print are not those of the site."""
    pages = sources.pages(ROOT)
    docnames = {page.name: page.path.relative_to(ROOT).with_suffix("").as_posix() for page in pages}
    if not set(docnames.values()) <= env.all_docs.keys():
        return  # a preview of a few pages
    for entry in sources.entries(ROOT).values():
        kind = "displaymath" if entry.kind == "equation" else entry.kind
        id = nodes.make_id(f"equation-{entry.label}" if entry.kind == "equation" else entry.label)
        printed = env.toc_fignumbers.get(docnames[entry.page], {}).get(kind, {}).get(id, ())
        if entry.kind != "section" and entry.number != (number := ".".join(map(str, printed))):
            message = "the site gives %s the number %r, the notebooks %r"
            logger.warning(message, entry.label, number, entry.number, location=docnames[entry.page])


def write_notebooks(app: Sphinx, exception: Exception | None) -> None:
    """Put the notebooks of the pages that were built beside them, and the wheel beside a whole book."""
    if exception is None and app.builder.format == "html":
        built = [Path(app.env.doc2path(name)) for name in app.env.all_docs]
        notebooks.write_all(Path(app.outdir, FOLDER), solutions=False, only=built)
        if (ROOT / "pyproject.toml").is_file() and all(page.path in built for page in sources.pages(ROOT)):
            launch.make_wheel(Path(app.outdir, FOLDER))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register all of it."""
    app.connect("config-inited", configure)
    app.connect("html-page-context", describe_page)
    app.connect("html-page-context", lead_into_the_book)
    app.connect("html-page-context", add_launch_links, priority=502)  # after the theme's list of buttons
    app.connect("env-check-consistency", compare_numbers)
    app.connect("build-finished", write_notebooks)
    app.add_css_file("machinery.css")
    if launch.repository():
        app.add_js_file("report.js", defer="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
