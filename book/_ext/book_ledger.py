"""The ledger: a tick beside each proved equation, and the page that the ticks lead to.

The tests of tests/equations measure how well every equation holds and write `_build/ledger.json`. A labelled
equation that has a row there gets a quiet link to that row; the directive `{ledger}` prints all rows,
`{ledger-example}` shows how one of them came about, and `{mutants}` what the tests of formulas notice.
"""

from __future__ import annotations

import html
import importlib.util
import inspect
import json
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from book_markdown import ROOT, BookDirective
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

from fysstk_book import sources
from fysstk_book.printed.formula import Formula
from fysstk_book.printed.tree import Node, outline, parse

logger = logging.getLogger(__name__)
LEDGER = ROOT / "_build" / "ledger.json"
MUTANTS = ROOT / "book" / "measured" / "mutants.json"
PAGE = "book/equations"
SMALL = 1e-8


class Ledger(BookDirective):
    """All rows of the ledger, one table for each chapter: ```{ledger}```."""

    def run(self) -> list[nodes.Node]:
        """Return a summary and one section for each chapter."""
        self.env.note_dependency(str(LEDGER))
        if not LEDGER.is_file():
            where = LEDGER.relative_to(ROOT)
            logger.warning("%s is missing: run `pytest tests/equations`", where, location=self.get_location())
            return []
        rows = json.loads(LEDGER.read_text(encoding="utf8"))
        return [self.summary(rows), *self.chapters(rows)]

    def summary(self, rows: list[dict]) -> nodes.paragraph:
        """Say how many equations and tests there are."""
        tests = {test for row in rows for test in row["tests"]}
        by_eye = sum(row["reading"] == "by eye" for row in rows)
        exact = sum(row["discrepancy"] == 0 for row in rows)
        close = sum(row["discrepancy"] <= SMALL for row in rows)
        text = (
            f"This build checked {len(rows)} equations with {len(tests)} tests: {len(rows) - by_eye} by "
            f"value, {by_eye} by eye. In {exact} of them nothing at all was left over, and {close} hold to "
            "within "
        )
        return nodes.paragraph("", "", nodes.Text(text), number(SMALL), nodes.Text("."))

    def chapters(self, rows: list[dict]) -> Iterator[nodes.Node]:
        """Return a section with a table for each page that has rows."""
        for page in sources.pages(ROOT):
            if of_page := [row for row in rows if row["page"] == page.name]:
                section = self.section(page, f"ledger-{page.name}")
                files = sorted({test.partition("::")[0] for row in of_page for test in row["tests"]})
                self.markdown(f"Tests: {', '.join(f'`{file}`' for file in files)}", section)
                section += self.table(of_page)
                yield section

    def table(self, rows: list[dict]) -> nodes.table:
        """Return the table of one page."""
        group = nodes.tgroup(cols=4)
        group += [nodes.colspec(colwidth=1) for _ in range(4)]
        titles = [
            nodes.Text(title) for title in ("No.", "Equation", "How it was checked", "Largest discrepancy")
        ]
        group += nodes.thead("", table_row(titles))
        group += nodes.tbody("", *[self.row(row) for row in rows])
        return nodes.table("", group, classes=["ledger"])

    def row(self, row: dict) -> nodes.row:
        """Return the row of one equation; its id is what the tick links to."""
        label, latex = row["label"], row["latex"]
        link = addnodes.pending_xref(
            "",
            nodes.inline("", label),
            refdomain="math",
            reftype="eq",
            reftarget=label,
            refdoc=self.env.docname,
            refexplicit=False,
            refwarn=True,
        )
        equation = nodes.math_block(latex, latex, nowrap=False, number=None, label=None)
        tests = dict.fromkeys(test.partition("::")[2].partition("[")[0] for test in row["tests"])
        how = nodes.container("", nodes.paragraph("", ", ".join(row["methods"])))
        if row["reading"]:
            how += nodes.paragraph("", f"read {row['reading']}")
        how += [nodes.paragraph("", "", nodes.literal("", test)) for test in tests]
        return table_row([link, equation, how, number(row["discrepancy"])], ids=[f"ledger-{label}"])


class Example(BookDirective):
    """An equation, from LaTeX to tree to test, and what the test says of a change.

    The argument is the path of a test and its name, ``tests/equations/test_x.py::test_y``; the options are
    the label, and the LaTeX that is changed, with what takes its place.
    """

    required_arguments = 1
    option_spec = dict.fromkeys(("label", "from", "to"), directives.unchanged_required)

    def run(self) -> list[nodes.Node]:
        """Return the steps, each of them made here and now."""
        file, _, name = self.arguments[0].partition("::")
        self.env.note_dependency(str(ROOT / file))
        label, old, new = (self.options[option] for option in ("label", "from", "to"))
        equations = sources.equations(ROOT)
        latex = equations[label].text
        self.env.note_dependency(str(ROOT / "book" / f"{equations[label].page}.md"))
        test = load_test(file, name)
        if message := complaint(test, {}):
            raise self.error(f"{name} fails: {message}")
        changed = latex.replace(old, new)
        message = complaint(test, {label: changed})
        if changed == latex or not message:
            raise self.error(f"{name} does not notice {changed!r}")
        side = parse(latex).parts[0].parts[0].parts[1][-1]
        text = [
            f"Equation {{eq}}`{label}` stands in the source of its page as",
            fenced("latex", latex),
            f"The reader takes this apart. Of the last side, ${side}$, it makes this tree, where `juxt` "
            "stands for factors side by side:",
            fenced("text", outline(side)),
            "The test gives values to the names, here a SymPy symbol, and asks whether the formula holds:",
            fenced("python", textwrap.dedent(inspect.getsource(test))),
            f"If the page said `{new.strip()}` in the place of `{old.strip()}`, the book could not be built:",
            fenced("text", "\n".join(textwrap.wrap(message, 85))),
        ]
        holder = nodes.container()
        self.markdown("\n\n".join(text), holder)
        return holder.children


def fenced(language: str, text: str) -> str:
    """Return a block of code in Markdown."""
    return f"```{language}\n{text.strip()}\n```"


def load_test(file: str, name: str) -> Callable[..., None]:
    """Return a test function of a file."""
    spec = importlib.util.spec_from_file_location(name, ROOT / file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    test: Callable[..., None] = getattr(module, name)
    return test


def complaint(test: Callable[..., None], instead: dict[str, str]) -> str:
    """Run a test, with other LaTeX in the place of what some pages print, and return what it says."""
    equations = sources.equations(ROOT)

    def tree_of(label: str) -> Node:
        return parse(instead.get(label, equations[label].text))

    try:
        test(lambda label: Formula(label, tree_of(label), tree_of))
    except AssertionError as error:
        return str(error)
    return ""


class Mutants(BookDirective):
    """What the tests notice of small changes of the formulas, from `make mutants`: ```{mutants}```."""

    def run(self) -> list[nodes.Node]:
        """Return a summary, a table of the kinds, and the changes that nothing noticed."""
        self.env.note_dependency(str(MUTANTS))
        holder = nodes.container()
        self.markdown(mutation_report(json.loads(MUTANTS.read_text(encoding="utf8"))), holder)
        return holder.children


WHAT = {
    "sign": "a sign turned round",
    "indices": "two indices swapped",
    "layer": "a layer up or down",
    "dropped": "a factor, prime, index or transpose dropped",
    "fraction": "a fraction turned over",
    "name": "another name of the same formula",
    "number": "another number",
    "relation": "a relation turned",
}


def mutation_report(result: dict[str, Any]) -> str:
    """Say in Markdown what was changed and what was noticed."""
    made, kinds = result["provenance"], counts_of_kinds(result["labels"])
    by_value, by_error, missed = (sum(counts[n] for counts in kinds.values()) for n in range(3))
    tried = by_value + by_error + missed
    fit, left_out = (sum(counts[n] for counts in result["left out"].values()) for n in range(2))
    each = result["each"]
    which = "every change" if each is None else f"at most {each} changes"
    drawn = "" if each is None else ", drawn, and those below"
    lines = [
        f"On {made['date']}, `{made['command']}` tried {which} of each of {len(result['labels'])} "
        f"formulas{drawn}: {tried} in all. The tests noticed {percent(by_value, tried)} by value: in "
        f"{by_value} the sides no longer agreed. Another {by_error} they noticed by an error: the formula "
        "has no value (shapes that do not fit, an index out of range), or it lacks a name that the test "
        f"knows. They missed {missed}. Not counted: {len(result['equivalent'])} changes after which each "
        "side has the value that it had, whatever the names stand for. "
        f"These formulas have {fit} small changes that leave a value of the same kind; {left_out} others "
        "were left out.",
        "",
        "| Change | Tried | By value | By an error | Missed |",
        "|:--|--:|--:|--:|--:|",
    ]
    for kind, counts in kinds.items():
        lines.append(f"| {WHAT[kind]} | {sum(counts)} | {' | '.join(map(str, counts))} |")
    if result["survivors"]:
        lines += ["", "Each of those that were missed, with the reason:", ""]
    for one in result["survivors"]:
        lines.append(f"* {{eq}}`{one['label']}`: {in_line(one['latex'])}. {one['reason']}")
    return "\n".join(lines)


def in_line(latex: str) -> str:
    """Return a formula as part of a sentence, which may break between the rows of the display."""
    return "\N{EM SPACE}".join(f"${row}$" for row in latex.split(r" \qquad "))


def counts_of_kinds(labels: dict[str, dict[str, list[int]]]) -> dict[str, list[int]]:
    """Add the counts of all formulas, for each kind of change."""
    found = {kind: [row[kind] for row in labels.values() if kind in row] for kind in WHAT}
    return {kind: [sum(count) for count in zip(*rows, strict=True)] for kind, rows in found.items() if rows}


def percent(part: int, whole: int) -> str:
    """Return a share, rounded down: only all is 100 %."""
    return f"{1000 * part // max(whole, 1) / 10:g} %"


def table_row(cells: list[nodes.Node], **attributes: list[str]) -> nodes.row:
    """Return a row of a table; inline cells are put into a paragraph."""
    row = nodes.row("", **attributes)
    for cell in cells:
        inline = isinstance(cell, nodes.Text | nodes.Inline)
        row += nodes.entry("", nodes.paragraph("", "", cell) if inline else cell)
    return row


def number(discrepancy: float) -> nodes.Node:
    """Print a discrepancy with two digits, as one does by hand."""
    if discrepancy == 0:
        return nodes.Text("0")
    mantissa, exponent = f"{discrepancy:.1e}".split("e")
    power = f"10^{{{int(exponent)}}}"
    latex = power if mantissa == "1.0" else rf"{mantissa}\times {power}"
    return nodes.math(latex, latex)


def tick_equations(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Tell each proved equation of a page where its row is."""
    if PAGE not in app.env.all_docs or not LEDGER.is_file():
        return  # a single chapter is being looked at, or the ledger's page has complained already
    proved = {row["label"] for row in json.loads(LEDGER.read_text(encoding="utf8"))}
    for equation in doctree.findall(nodes.math_block):
        label = equation.get("label") or ""
        if label in proved:
            uri = app.builder.get_relative_uri(docname, PAGE)
            equation["ledger"] = f"{uri}#ledger-{label}"
        elif label.startswith("eq-"):
            logger.warning("no test proves the equation %s", label, location=equation)


def with_tick(visit):
    """Return a visitor of displayed equations that writes the tick beside the number."""

    def visit_and_tick(self: HTML5Translator, node: nodes.math_block) -> None:
        start = len(self.body)
        try:
            visit(self, node)
        finally:
            if "ledger" in node:
                words = f"How equation ({get_node_equation_number(self, node)}) was checked"
                self.body[start:] = [add_tick("".join(self.body[start:]), node["ledger"], words)]

    return visit_and_tick


def add_tick(equation: str, uri: str, words: str) -> str:
    """Put a link into the number of an equation, as HTML."""
    words = html.escape(words)
    link = f'<a class="ledger-tick" href="{uri}" title="{words}" aria-label="{words}">✓</a>'
    return equation.replace('<span class="eqno">', f'<span class="eqno">{link} ', 1)


def install_tick(app: Sphinx) -> None:
    """Wrap the renderer of displayed equations."""
    renderers = app.registry.html_block_math_renderers
    for name, (visit, depart) in renderers.items():
        renderers[name] = with_tick(visit), depart


def setup(app: Sphinx) -> dict[str, bool]:
    """Register all of it."""
    app.add_directive("ledger", Ledger)
    app.add_directive("ledger-example", Example)
    app.add_directive("mutants", Mutants)
    app.connect("doctree-resolved", tick_equations)
    app.connect("builder-inited", install_tick)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
