"""Formulas, typeset once: pages need no script for them, and nothing moves while one reads.

The package sphinx-mathjax-offline carries MathJax 3.2.2 (Apache License 2.0) and its fonts; mini-racer (ISC)
runs it. Each formula becomes MathJax's own HTML, with MathML in it for screen readers. A formula that MathJax
cannot read is a warning, and so fails `make book`. The fonts get those glyphs that the pages show, no others.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import html
import importlib
import json
import re
import shutil
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from book_light import write_font
from py_mini_racer import JSEvalException, MiniRacer
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.ext.mathjax import html_visit_displaymath, html_visit_math
from sphinx.util import logging

logger = logging.getLogger(__name__)
COMPONENTS = (
    "startup.js",
    "core.js",
    "adaptors/liteDOM.js",
    "input/tex.js",
    "input/tex/extensions/boldsymbol.js",
    "output/chtml.js",
    "output/chtml/fonts/tex.js",
    "a11y/assistive-mml.js",
)
FONTS = "output/chtml/fonts/woff-v2"
SHEET = "mathjax/mathjax.css"  # in _static
KEPT = ".formulas"  # beside what Sphinx remembers of the pages
# An unknown command is an error here; in a browser MathJax would look for a package, or print it in red.
SETTINGS = """
var window = undefined, global = globalThis;
globalThis.MathJax = {
  loader: {load: []},
  startup: {typeset: false},
  tex: {packages: {'[+]': ['boldsymbol'], '[-]': ['autoload', 'noundefined', 'require']},
        formatError(jax, error) { throw Error(error.message) }},
  chtml: {fontURL: 'fonts', adaptiveCSS: true},
};
"""
FUNCTIONS = """
MathJax.startup.getComponents();
MathJax.startup.makeMethods();
function typeset(tex, display) {
  const measures = {display, em: 16, ex: 8, containerWidth: 1280};
  const html = MathJax.startup.adaptor.outerHTML(MathJax.tex2chtml(tex, measures));
  return display ? html.replace(' style="', ` style="--wide: ${width(tex).toFixed(1)}; `) : html;
}
function width(tex) {  // in em; on a phone the style sheet makes a wide formula smaller
  const all = MathJax.startup.document, one = new all.options.MathItem(tex, all.inputJax[0], true);
  one.setMetrics(16, 8, 1280, 1e6, 1);
  one.compile(all);
  return all.outputJax.getBBox(one, all).w;
}
function mathml(tex) {
  return MathJax.tex2mml(tex, {display: false}).replace(/ xmlns="[^"]*"| data-[a-z-]*="[^"]*"|\\n */g, "");
}
function sheet() { return MathJax.startup.adaptor.textContent(MathJax.chtmlStylesheet()); }
"""
# What Sphinx writes for MathJax in the browser: TeX in an element of the class "math", between delimiters
# unless it is an environment.
FORMULA = re.compile(
    r'(?P<open><(?P<tag>span|div) class="math[^>]*>\s*(?:<span class="eqno">.*?</span>)?)'
    r"(?:\\\((?P<inline>.*?)\\\)|\\\[(?P<display>.*?)\\\]|(?P<bare>\\begin\{.*?\}))(?=</(?P=tag)>)",
    re.DOTALL,
)
# A formula in a line, with the signs that touch it.
TOUCHED = re.compile(
    r'[(\[“]?<span class="math (?:(?!</mjx-container>).)*</mjx-container></span>[.,;:!?)\]’”]+', re.DOTALL
)
# In the style sheet: the family and the file of a font, and what a rule shows.
FONT_FACE = re.compile(r'@font-face[^{]*\{font-family: ([\w-]+);src: url\("fonts/([\w-]+\.woff)"')
GLYPH = re.compile(r'([^{}]*)\{[^{}]*content: "((?:\\.|[^"\\])*)"')
# In MathML, a minus with nothing to subtract from; browsers know it at the beginning of a row alone.
SIGN = re.compile(r"(<(?:math|mrow|mtd)>|<mo[^>]*>(?:[=≈<≤>≥,;:⋅(←→]|&lt;|&gt;)</mo>)<mo>−</mo>")
STRUT = "MJXZERO"  # shows nothing, and sets the height of lines
STRETCHED = ("MJXTEX-S1", "MJXTEX-S4", "MJXTEX", "MJXTEX-A")  # where the parts of tall braces come from


def source() -> Path:
    """Return the folder with MathJax in the installed package."""
    return Path(importlib.import_module("sphinx-mathjax-offline").__file__).parent / "static" / "mathjax"


def start(engine: MiniRacer) -> None:
    """Let MathJax run in an engine."""
    engine.eval(SETTINGS)
    for component in COMPONENTS:
        engine.eval((source() / component).read_text(encoding="utf-8"))
    engine.eval(FUNCTIONS)


@functools.cache
def mathml(tex: str) -> str:
    """Return a formula as MathML, which browsers typeset by themselves and which is short.

    Raises
    ------
    ValueError
        If MathJax cannot read it.
    """
    try:
        found = kept_engine().eval(f"mathml({json.dumps(tex)})")
    except JSEvalException as error:
        raise ValueError(f"MathJax cannot read {tex!r}: {str(error).splitlines()[0]}") from None
    found = re.sub(r"&#x(\w+);", lambda code: chr(int(code[1], 16)), found)
    found = re.sub(r"<mtable[^>]*>", "<mtable>", found)
    found = re.sub(r"<mrow>(<(m[ino])>[^<]*</\2>)</mrow>", r"\1", found).replace("<mo>/</mo>", "<mi>/</mi>")
    found = SIGN.sub(r'\1<mo form="prefix">−</mo>', found)
    return re.sub(
        r' mathvariant="(?!normal)([a-z-]+)">(\w+)<', lambda one: f">{styled(one[2], one[1])}<", found
    )


def styled(letters: str, style: str) -> str:
    """Return letters in a style such as "bold-italic", from Unicode: browsers do not know `mathvariant`."""
    return "".join(styled_letter(letter, style.replace("-", " ").upper()) for letter in letters)


def styled_letter(letter: str, style: str) -> str:
    """Return one letter in a style such as "BOLD ITALIC"; as it is where Unicode has none."""
    name = re.sub(r"^(?:LATIN|GREEK) | LETTER", "", unicodedata.name(letter))
    for whole in (f"MATHEMATICAL {style} {name}", f"{style} {name}"):
        with contextlib.suppress(KeyError):
            return unicodedata.lookup(whole.replace("DOUBLE STRUCK", "DOUBLE-STRUCK"))
    return letter


@functools.cache
def kept_engine() -> MiniRacer:
    """Return an engine with MathJax, which lives as long as the build."""
    engine = MiniRacer()
    atexit.register(engine.close)  # left to the end of Python 3.13, it waits for a thread that has gone
    start(engine)
    return engine


def typeset_site(site: Path, kept: Path) -> None:
    """Typeset the formulas of all pages below `site`, and write their style sheet and fonts.

    The folder `kept` holds what an earlier run has made: each formula as HTML, and the rules for all of them.
    """
    rules, formulas = kept / "rules.css", kept / "formulas.json"
    known = json.loads(formulas.read_text(encoding="utf-8")) if formulas.is_file() else {}
    new: dict[str, str] = {}
    with contextlib.ExitStack() as stack:

        @functools.cache
        def engine() -> MiniRacer:
            found = stack.enter_context(MiniRacer())
            start(found)
            return found

        def typeset(tex: str, display: bool) -> str:
            call = f"typeset({json.dumps(tex)}, {json.dumps(display)})"
            if call not in known:
                known[call] = new[call] = engine().eval(call)
            return known[call]

        for page in sorted(site.rglob("*.html")):
            text = page.read_text(encoding="utf-8")
            changed = FORMULA.sub(functools.partial(replace, typeset, page.relative_to(site)), text)
            if changed != text:
                page.write_text(
                    TOUCHED.sub(r'<span class="together">\g<0></span>', changed), encoding="utf-8"
                )
        sheet = rules.read_text(encoding="utf-8") if rules.is_file() else ""
        if new or not sheet:
            sheet = merged(sheet, tidy(engine().eval("sheet()")))
    kept.mkdir(parents=True, exist_ok=True)
    rules.write_text(sheet, encoding="utf-8")
    formulas.write_text(json.dumps(known, ensure_ascii=False, indent=0), encoding="utf-8")
    write_sheet(site / "_static" / SHEET, sheet)


def replace(typeset: Callable[[str, bool], str], page: Path, found: re.Match) -> str:
    """Return one formula as HTML; complain where MathJax cannot read it, and leave it as it is."""
    tex = html.unescape(found["inline"] or found["display"] or found["bare"])
    try:
        return found["open"] + typeset(tex, found["inline"] is None)
    except JSEvalException as error:
        logger.warning("%s: MathJax cannot read %r: %s", page, tex, str(error).splitlines()[0])
        return found[0]


def tidy(rules: str) -> str:
    """Return a style sheet with one rule a line."""
    for sign in "{};":  # the glyph of a brace must not look like the end of a rule
        rules = rules.replace(f'"{sign}"', f'"\\{ord(sign):X}"')
    return re.sub(r"\s+", " ", re.sub(r"\s*([{};])\s*", r"\1", rules)).replace(";}", "}").replace("}", "}\n")


def merged(old: str, new: str) -> str:
    """Return the rules of two tidy sheets, each once; a rule follows the one that it followed."""
    rules = old.splitlines()
    known, place = set(rules), 0
    for rule in new.splitlines():
        if rule in known:
            place = rules.index(rule) + 1
        else:
            rules.insert(place, rule)
            place += 1
    return "\n".join([*rules, ""])


def write_sheet(path: Path, rules: str) -> None:
    """Write a tidy style sheet, and beside it the fonts that it needs, no more."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(rules, encoding="utf-8")
    (path.parent / "fonts").mkdir(exist_ok=True)
    shown = glyphs(rules)
    for family, font in FONT_FACE.findall(rules):
        if family == STRUT:
            shutil.copyfile(source() / FONTS / font, path.parent / "fonts" / font)
        elif family in shown:
            write_font(source() / FONTS / font, path.parent / "fonts" / font, shown[family])


def glyphs(rules: str) -> dict[str, str]:
    """Return the characters that the style sheet shows in each family of fonts."""
    shown = defaultdict(str)
    for selector, content in GLYPH.findall(rules):
        variant = re.search(r"\.TEX(-\w+)", selector)
        families = STRETCHED if "stretch" in selector else [f"MJXTEX{variant[1] if variant else ''}"]
        for family in families:
            shown[family] += re.sub(r"\\([0-9A-F]+) ?", lambda code: chr(int(code[1], 16)), content)
    return shown


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Typeset the site that was just written."""
    if exception is None and app.builder.format == "html":
        typeset_site(Path(app.outdir), Path(app.doctreedir).parent / KEPT)


def use_our_renderer(app: Sphinx, config: Config) -> None:
    """Choose Sphinx's marks for MathJax, without its script."""
    config.html_math_renderer = "typeset"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register all of it."""
    app.add_html_math_renderer("typeset", (html_visit_math, None), (html_visit_displaymath, None))
    app.connect("config-inited", use_our_renderer)
    app.connect("build-finished", finish)
    app.add_css_file(SHEET)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
