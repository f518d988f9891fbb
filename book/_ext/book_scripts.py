"""Scripts of the site: small modules in the source, one classic script on the site.

Browsers load no modules from a plain folder, and a lecture hall should load few bytes.
"""

from __future__ import annotations

import re
from pathlib import Path

import minify_html
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

IMPORT = re.compile(r'^import \{ ([^}]*) \} from "\./(\w+\.js)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:class|const|function\*?)\s)", re.MULTILINE)
TOP = re.compile(r"^(?:class|const|let|function\*?) (\w+)", re.MULTILINE)


def lean(text: str) -> str:
    """Return a script or a style sheet without indentation and without the lines that are comments."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not re.fullmatch(r"//.*|/\*.*\*/", line))


def minified(text: str, tag: str) -> str:
    """Return a script (tag "script") or a style sheet ("style") in fewer bytes.

    Chapters bring them along, to phones and over the network of a full lecture hall. minify-html parses them;
    it takes them as parts of a page, keeps comments that begin with /**, and drops "use strict".
    """
    page = minify_html.minify(f"<{tag}>{lean(text)}</{tag}>", minify_js=True, minify_css=True)
    return page.removeprefix(f"<{tag}>").removesuffix(f"</{tag}>")


def modules(entry: Path, done: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return a module's name after those of the modules that it imports, each once."""
    for match in IMPORT.finditer(entry.read_text("utf8")):
        if match[2] not in done:
            done = modules(entry.with_name(match[2]), done)
    return (*done, entry.name)


def bundle(entry: Path) -> str:
    """Return a module with all that it imports as one classic script.

    Its modules share one scope, so no two of them may use a name for different things.
    """
    known: dict[str, str] = {}
    parts = []
    for module in modules(entry):
        text = EXPORT.sub("", IMPORT.sub("", entry.with_name(module).read_text("utf8")))
        if left := re.search(r"^(import|export)\b.*", text, re.MULTILINE):
            raise ExtensionError(f"{module}: the bundle cannot take {left[0]!r}")
        for top in TOP.findall(text):
            if top in known:
                raise ExtensionError(f"{module} and {known[top]} both define {top}")
            known[top] = module
        parts.append(text)
    return '"use strict";' + minified("\n".join(["(() => {", *parts, "})();"]), "script")


def write_bundle(app: Sphinx, entry: Path) -> None:
    """Let the site carry what browsers need of the folder of `entry`: one script, and its style sheets."""
    for source in entry.parent.iterdir():
        target = Path(app.outdir, "_static", entry.parent.name, source.name)
        if source.name == entry.name:
            target.write_text(bundle(entry), encoding="utf8")
        elif source.suffix == ".js":
            target.unlink()
        else:
            target.write_text(minified(source.read_text("utf8"), "style"), encoding="utf8")
