"""Playgrounds: a network in the page that the reader can set, step and train.

The directive `{playground} address` writes what a page needs without JavaScript: a drawing of the network, a
question, and the equations. The script _static/playground/playground.js puts the live one in their place. Its
source are small modules; the site carries them as one classic script, because browsers load no modules from a
plain folder.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs

import matplotlib.pyplot as plt
import numpy as np
from book_markdown import ROOT, BookDirective
from book_scripts import write_bundle
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from fysstk_book import draw, sources
from fysstk_nn.params import Params, init_params

FOLDER = ROOT / "book" / "_static" / "playground"
DRAWINGS = "_build/playground"
LEDGER_PAGE = "equations.html"  # beside all other pages of the book
EQUATIONS = {
    "one-neuron": {
        "z": "def-one-z",
        "a": "def-one-a",
        "cost": "def-one-cost",
        "output": "eq-one-delta",
        "dw": "eq-one-dw",
        "db": "eq-one-db",
        "step": "def-one-update",
    },
    "scalar-network": {
        "z1 a1": "def-scalar-hidden",
        "z2 a2": "def-scalar-output",
        "output": "eq-scalar-delta2",
        "hidden": "eq-scalar-delta1",
        "dw1": "eq-scalar-dw1",
        "db1": "eq-scalar-db1",
        "dw2": "eq-scalar-dw2",
        "db2": "eq-scalar-db2",
    },
    "two-two-one": {
        "z1 a1": "def-two-hidden",
        "z2 a2": "def-two-output",
        "output": "eq-two-delta2",
        "hidden": "eq-two-delta1",
        "dw1": "eq-two-dw1",
        "db1": "eq-two-db1",
        "dw2": "eq-two-dw2",
        "db2": "eq-two-db2",
        "step": "def-two-update",
    },
    "": {
        "z": "def-four-z",
        "a": "def-four-a",
        "cost": "def-four-cost",
        "output": "eq-four-delta-output",
        "hidden": "eq-four-delta-hidden",
        "dw": "eq-four-dw",
        "db": "eq-four-db",
        "step": "def-four-update",
    },
}
"""Which equations of the book a page's playground fills with numbers; "" stands for all other pages. A part
with a number is that of one layer alone."""
NOT_YET = {"four-equations": ["step"]}
"""Parts whose equation stands further down on the page than its playground."""
SCRIPT = "playground.js"
"""The module that starts all others, and the script that is made of them."""
# No drawing, and room for the live one: nothing jumps when it comes. It does not come to an old browser.
# The page of the playground is laid out in its own way; body:has(.pg-full) would be weighed at each change.
HEAD = """
const page = document.documentElement.classList;
page.add("pg-ready"{whole});
addEventListener("load", () => {
  if (document.querySelector(".playground:not(.pg-live)")) page.remove("pg-ready");
});
"""
NOTE = "This is a drawing: the script that brings it to life cannot run in this browser."
OPTIONS = ("first", "names", "controls", "show")
"""What the directive hands on to the script, in attributes."""
INPUTS = {"curve": 1}
"""Data sets that have not two inputs."""


class playground(nodes.General, nodes.Element):  # noqa: N801 - docutils names its nodes in lower case
    """A playground: its drawing, its question and its equations."""


class playground_equation(nodes.General, nodes.Element):  # noqa: N801
    """One equation, and which numbers the playground writes below it."""


class PlaygroundDirective(BookDirective):
    """A playground: ```{playground} address``` with the option `:alt:`, around a question to the reader."""

    has_content = True
    optional_arguments = 1
    option_spec = {  # noqa: RUF012
        "alt": directives.unchanged_required,
        "page": directives.flag,
        "first": directives.nonnegative_int,  # the number of the first node of a layer, as the chapter counts
        "names": lambda words: directives.choice(words, ("layer",)),  # indices are those of layers
        "controls": directives.unchanged_required,  # the settings that the reader can change
        "show": lambda words: directives.choice(words, ("norms",)),  # what else is in sight
    }

    def run(self) -> list[nodes.Node]:
        """Return the playground as it is without JavaScript."""
        address = self.arguments[0] if self.arguments else ""
        if "alt" not in self.options:
            raise self.error("a playground needs an alt text for its drawing")
        options = {name: str(self.options[name]) for name in OPTIONS if name in self.options}
        box = playground(address=address, page="page" in self.options, options=options)
        self.set_source_info(box)
        image = nodes.image(uri=f"/{self.draw(address)}", alt=self.options["alt"])
        question = nodes.container(classes=["playground-question"])
        self.state.nested_parse(self.content, self.content_offset, question)
        equations = nodes.container("", *self.equations(), classes=["playground-equations"])
        box += [
            nodes.container("", image, nodes.paragraph("", NOTE), classes=["playground-static"]),
            question,
            equations,
        ]
        return [box]

    def draw(self, address: str) -> str:
        """Draw the network that an address starts from; return the file's place."""
        params = network(address)
        page = self.env.docname.rpartition("/")[2]
        path = ROOT / DRAWINGS / f"{page}-{self.env.new_serialno('playground')}.svg"
        path.parent.mkdir(parents=True, exist_ok=True)
        with plt.rc_context():
            draw.use_style()
            figure = draw.network(params).figure
            figure.savefig(path, metadata={"Date": None})
            plt.close(figure)
        return path.relative_to(ROOT).as_posix()

    def equations(self) -> list[nodes.Node]:
        """Return the equations of this page's playground, with their numbers and ticks."""
        known = sources.equations(ROOT)
        page = self.env.docname.rpartition("/")[2]
        found = []
        for part, label in equations_of(page).items():
            latex = re.sub(r"[\s.,]+$", "", " ".join(known[label].text.split()))
            line = playground_equation(part=part)
            self.markdown(rf"$\displaystyle {latex}$ {{eq}}`{label}`", line)
            if label.startswith("eq-"):
                words = f"How equation ({known[label].number}) was checked"
                tick = nodes.reference(
                    "", "✓", refuri=f"{LEDGER_PAGE}#ledger-{label}", reftitle=words, classes=["ledger-tick"]
                )
                line.children[-1] += [nodes.Text(" "), tick]
            found.append(line)
        return found


def equations_of(page: str) -> dict[str, str]:
    """Return the labels of the equations that a page's playground shows, by their parts."""
    found = EQUATIONS.get(page, EQUATIONS[""])
    return {part: label for part, label in found.items() if part not in NOT_YET.get(page, ())}


def network(address: str) -> Params:
    """Return the parameters that an address of the playground starts from."""
    key = {name: values[0] for name, values in parse_qs(address, keep_blank_values=True).items()}
    rows = key.get("points", "2,1")
    inputs = (
        rows.partition(";")[0].count(",") if key.get("data") == "points" else INPUTS.get(key.get("data"), 2)
    )
    inputs = key["features"].count(",") + 1 if "features" in key else inputs
    layers = [int(count) for count in key.get("layers", "2").split(",") if count]
    sizes = (inputs, *layers, 1)
    if "w" in key:
        return Params(np.array([float(number) for number in key["w"].split(",")]), sizes)
    return init_params(sizes, key.get("init", "glorot"), rng=int(key.get("seed", 1)))


def visit_playground(self: HTML5Translator, node: playground) -> None:
    """Open the element that the module looks for."""
    kind = "page" if node["page"] else "embed"
    attributes = {"data-playground": kind, "data-state": node["address"], "data-page": "playground.html"}
    attributes |= {f"data-{name}": value for name, value in node["options"].items()}
    classes = "playground pg-full" if node["page"] else "playground"
    self.body.append(self.starttag(node, "div", CLASS=classes, **attributes))


def visit_equation(self: HTML5Translator, node: playground_equation) -> None:
    """Open the element below which numbers are written."""
    self.body.append(self.starttag(node, "div", CLASS="pg-equation", **{"data-equation": node["part"]}))


def close(self: HTML5Translator, node: nodes.Element) -> None:
    """Close the element."""
    self.body.append("</div>\n")


def ignore(self: nodes.NodeVisitor, node: nodes.Element) -> None:
    """In other formats the contents stand alone."""


def load_script(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
) -> None:
    """Load style and script on a page that has a playground."""
    found = list(doctree.findall(playground)) if doctree else []
    if not found:
        return
    whole = any(box["page"] for box in found)
    app.add_css_file("playground/playground.css")
    app.add_js_file(None, body=HEAD.replace("{whole}", ', "pg-whole"' if whole else ""))
    app.add_js_file(f"playground/{SCRIPT}", defer="defer", priority=900)


def write_script(app: Sphinx, exception: Exception | None) -> None:
    """Let the site carry one script and one sheet."""
    if exception is None and app.builder.format == "html":
        write_bundle(app, FOLDER / SCRIPT)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register all of it."""
    others = dict.fromkeys(("latex", "text", "man", "texinfo"), (ignore, ignore))
    app.add_node(playground, html=(visit_playground, close), **others)
    app.add_node(playground_equation, html=(visit_equation, close), **others)
    app.add_directive("playground", PlaygroundDirective)
    app.connect("html-page-context", load_script)
    app.connect("build-finished", write_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
