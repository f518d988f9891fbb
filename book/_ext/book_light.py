"""Light, calm pages: no script, style sheet, rule or icon that is of no use, and a place for each figure."""

from __future__ import annotations

import logging
import re
import shutil
from pathlib import Path

from docutils import nodes
from fontTools import subset
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells each step to whoever listens

# What extensions give to every page, and the mark in a page's HTML that says it is needed there.
TOGGLES = r'class="(?:[^"]* )?(?:toggle|dropdown)[ "]'
NEEDED_FOR = {
    "togglebutton": TOGGLES,
    "toggleHint": TOGGLES,
    "toggleOpenOnPrint": TOGGLES,
    "sphinx-design": 'class="sd-',
    "design-tabs": 'class="sd-tab',
    "thebe": 'class="thebe',
}
DEFERRED = ("doctools.js", "sphinx_highlight.js", "clipboard.min.js", "copybutton.js", "sphinx-book-theme.js")
# Copied by the theme, and asked for by no page.
UNUSED = ("**/*.map", "scripts/fontawesome.js", "locales", "**/*.ttf", "**/fa-*.woff2")
THEME = "styles/pydata-sphinx-theme.css"
FONT = "vendor/fontawesome/webfonts/fa-solid-900"  # its newest themes have woff2 alone
RULE = re.compile(r"/\*.*?\*/|([^{}@;/]+)\{[^{}]*\}", re.DOTALL)  # or a comment, such as that on a licence
# The theme's script lays out the whole page to find boxes that scroll; scroll.js waits until each comes near.
SCRIPT = "scripts/pydata-sphinx-theme.js"
BOXES = (
    '["pre",".nboutput > .output_area",".cell_output > .output",'
    '".jp-RenderedHTMLCommon",".pst-scrollable-table-container"]'
)
CODE = re.compile(r"<pre>.*?</pre>", re.DOTALL)
# Names and punctuation, which have the colour of the code itself: half of all that Pygments marks. And the
# empty mark with which it keeps an empty first line.
UNCOLOURED = re.compile(r'<span class="(?:n|nn|p|w)">([^<]*)</span>|<span></span>(?!\n)')
FIGURE = re.compile(r'<img (?![^>]*style="width)[^>]*src="[^"]*_images/(?P<name>[^"/]+\.svg)"')


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


def keep_places(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document
) -> None:
    """Tell the browser how large the figures of a page are, so that nothing moves when one comes."""
    files = {name: Path(app.srcdir, uri) for uri, name in app.builder.images.items()}
    context["body"] = FIGURE.sub(
        lambda image: image[0] + size_in_pixels(files[image["name"]]), context.get("body", "")
    )


def lighten_code(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document
) -> None:
    """Take those marks from a page's code that change nothing in it."""
    context["body"] = CODE.sub(lambda code: UNCOLOURED.sub(r"\1", code[0]), context.get("body", ""))


def size_in_pixels(path: Path) -> str:
    """Return width and height of an SVG as attributes; nothing if it has none of its own."""
    head = path.read_text(encoding="utf-8").partition("<svg")[2].partition(">")[0]
    sides = re.findall(r' (width|height)="([\d.]+)(pt|px|)"', head)
    return "".join(
        f' {side}="{float(size) * (4 / 3 if unit == "pt" else 1):.0f}"' for side, size, unit in sides
    )


def words(file) -> str:
    """Return the name of a file of Sphinx's, or the text of an inline script."""
    return str(file.filename or file.attributes.get("body", ""))


def is_needed(name: str, body: str) -> bool:
    """Tell whether a page with that body needs a file."""
    return all(re.search(mark, body) for part, mark in NEEDED_FOR.items() if part in name)


def trim_site(app: Sphinx, exception: Exception | None) -> None:
    """Remove what no page asks for, and all icons that no page shows."""
    if exception is not None or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    if (static / THEME).is_file():
        trim_theme(Path(app.outdir))
        leave_boxes_alone(static / SCRIPT)
    for pattern in UNUSED:
        for path in static.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def trim_theme(site: Path) -> None:
    """Keep those rules of the theme's sheet, and those icons, whose classes some page or script names."""
    sheet = site / "_static" / THEME
    text = sheet.read_text(encoding="utf-8")
    pages = [*site.rglob("*.html"), *site.rglob("_static/**/*.js")]
    named = {word for page in pages for word in re.findall(r"[\w-]+", page.read_text("utf-8"))}
    text = RULE.sub(lambda rule: rule[0] if can_apply(rule[1] or "", named) else "", text)
    text = re.sub(r"@media[^{}]*\{\}", "", text)
    text = re.sub(r"@font-face\{[^}]*(Brands|fa-regular)[^}]*\}", "", text)
    text = re.sub(r"(fa-solid-900)\.woff2\)[^;}]*", r"\1.woff)", text)
    sheet.write_text(text, encoding="utf-8")
    sheets = "".join(path.read_text("utf-8") for path in site.rglob("_static/**/*.css"))
    icons = {chr(int(code, 16)) for code in re.findall(r"\\([ef][0-9a-f]{3})\b", sheets)}
    icons |= {letter for letter in sheets if letter > "\ue000"}
    font = site / "_static" / FONT
    source = next(path for ending in (".ttf", ".woff2") if (path := font.with_suffix(ending)).is_file())
    write_font(source, font.with_suffix(".woff"), "".join(icons))


def can_apply(selectors: str, named: set[str]) -> bool:
    """Tell whether one of the selectors of a rule needs no class but those that are named somewhere."""
    bare = selectors
    while bare != (bare := re.sub(r"\([^()]*\)", "", bare)):  # what :not() and :is() say does not count
        pass
    return any(set(re.findall(r"\.([\w-]+)", one)) <= named for one in bare.split(","))


def leave_boxes_alone(script: Path) -> None:
    """Let the theme's script look for no boxes that scroll."""
    text = script.read_text(encoding="utf-8")
    if BOXES not in text:
        raise ExtensionError(f"{script.name} does not look for {BOXES} any more: mend book_light.py")
    script.write_text(text.replace(BOXES, '["none"]'), encoding="utf-8")


def write_font(path: Path, target: Path, characters: str) -> None:
    """Write a font with the glyphs of these characters alone, compressed."""
    options = subset.Options(flavor="woff")  # to write woff2 takes one more package
    options.drop_tables += ["FFTM"]  # when the font was made
    with subset.load_font(path, options) as font:
        subsetter = subset.Subsetter(options)
        subsetter.populate(text=characters)
        subsetter.subset(font)
        subset.save_font(font, target, options)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register all of it."""
    app.connect("html-page-context", drop_unneeded, priority=900)
    app.connect("html-page-context", keep_places)
    app.connect("html-page-context", lighten_code)
    app.connect("build-finished", trim_site, priority=900)  # after all others: it looks at what there is
    app.add_js_file("scroll.js", defer="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
