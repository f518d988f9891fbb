"""Light pages: no script, style sheet, icon or map that the page does not use."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from docutils import nodes
from fontTools import subset
from sphinx.application import Sphinx

# What extensions give to every page, and the mark in a page's HTML that says it is needed there.
NEEDED_FOR = {
    "togglebutton": 'class="toggle',
    "toggleHint": 'class="toggle',
    "toggleOpenOnPrint": 'class="toggle',
    "sphinx-design": 'class="sd-',
    "design-tabs": 'class="sd-tab',
    "thebe": 'class="thebe',
}
DEFERRED = ("doctools.js", "sphinx_highlight.js", "clipboard.min.js", "copybutton.js", "sphinx-book-theme.js")
# Copied by the theme, and asked for by no page.
UNUSED = ("**/*.map", "scripts/fontawesome.js", "locales", "**/*.ttf", "**/fa-*.woff2")
THEME = "styles/pydata-sphinx-theme.css"
FONT = "vendor/fontawesome/webfonts/fa-solid-900.ttf"
ICON = re.compile(r'((?:\.fa-[a-z0-9-]+:+before,?)+)\{content:"[^"]+"\}')


def drop_unneeded(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document
) -> None:
    """Take unneeded files from a page, and let the other scripts wait until the page is there."""
    body = context.get("body", "")
    for kind in ("css_files", "script_files"):
        context[kind] = [file for file in context.get(kind, []) if is_needed(words(file), body)]
    for script in context["script_files"]:
        if str(script.filename or "").endswith(DEFERRED):
            script.attributes["defer"] = "defer"
            if pagename == "search":  # its scripts, which the theme adds, want these at once
                del script.attributes["defer"]


def words(file) -> str:
    """Return the name of a file of Sphinx's, or the text of an inline script."""
    return str(file.filename or file.attributes.get("body", ""))


def is_needed(name: str, body: str) -> bool:
    """Tell whether a page with that body needs a file."""
    return all(mark in body for part, mark in NEEDED_FOR.items() if part in name)


def trim_site(app: Sphinx, exception: Exception | None) -> None:
    """Remove what no page asks for, and all icons that no page shows."""
    if exception is not None or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    if (static / FONT).is_file():
        trim_icons(Path(app.outdir))
    for pattern in UNUSED:
        for path in static.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def trim_icons(site: Path) -> None:
    """Keep those icons of the theme's sheet and font that some page or script names."""
    sheet = site / "_static" / THEME
    text = sheet.read_text(encoding="utf-8")
    pages = [*site.rglob("*.html"), *site.rglob("_static/**/*.js")]
    shown = {name for page in pages for name in re.findall(r"\bfa-[a-z0-9-]+", page.read_text("utf-8"))}
    text = ICON.sub(lambda rule: rule[0] if shown & set(re.findall(r"fa-[a-z0-9-]+", rule[1])) else "", text)
    text = re.sub(r"@font-face\{[^}]*(Brands|fa-regular)[^}]*\}", "", text)
    text = re.sub(
        r"(fa-solid-900)\.woff2\) format\(.woff2.\),url\([^)]*\.ttf\) format\(.truetype.\)", r"\1.woff)", text
    )
    sheet.write_text(text, encoding="utf-8")
    sheets = "".join(path.read_text("utf-8") for path in site.rglob("_static/**/*.css"))
    escaped = {int(code, 16) for code in re.findall(r"\\([ef][0-9a-f]{3})\b", sheets)}
    make_font(site / "_static" / FONT, escaped | {ord(letter) for letter in sheets if letter > "\ue000"})


def make_font(path: Path, characters: set[int]) -> None:
    """Leave only these characters in a font, and compress it."""
    options = subset.Options()
    font = subset.load_font(path, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    font.flavor = options.flavor = "woff"  # woff2 would need one more package
    subset.save_font(font, path.with_suffix(".woff"), options)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register all of it."""
    app.connect("html-page-context", drop_unneeded, priority=900)
    app.connect("build-finished", trim_site)
    app.add_js_file("scroll.js", defer="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
