"""Exercises on the page: numbered statements, staged hints, folded solutions, and a list of them all.

The directives are those of sphinx-exercise, so that a chapter reads the same elsewhere. The title stands in
the chapter; difficulty, minutes and hints come from the catalogue `fysstk_book.exercises`.
"""

from __future__ import annotations

import html
import os
from pathlib import Path

from book_markdown import ROOT, BookDirective
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from fysstk_book import exercises, sources

logger = logging.getLogger(__name__)


class exercise(nodes.Admonition, nodes.Element):  # noqa: N801 - docutils names its nodes in lower case
    """A numbered exercise; its first child is the title."""


class exercise_title(nodes.Part, nodes.TextElement):  # noqa: N801
    """The title line; its number is known when the page is written."""


# Sphinx's search index skips comments with all that is in them. Nobody should meet a solution by searching.
class folded(nodes.comment):  # noqa: N801
    """A hint, an answer or a solution: shown when the reader asks for it, and not in the search index."""


class solution_start(nodes.Element):  # noqa: N801
    """What follows belongs to a solution, up to the next `solution_end`."""


class solution_end(nodes.Element):  # noqa: N801
    """The end of a solution."""


class ExerciseDirective(BookDirective):
    """A directive that looks into the catalogue."""

    def find(self, id: str) -> exercises.Exercise | None:
        """Return the exercise with that id, or None after a warning."""
        try:
            found = exercises.find(id)
        except LookupError as error:
            logger.warning("%s", error, location=self.get_location())
            return None
        self.env.note_dependency(str(catalogue_file(found.chapter)))
        return found


class Exercise(ExerciseDirective):
    """A statement: ```{exercise} Title``` with the option `:label: ex-<id>`."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"label": directives.unchanged_required, "class": directives.class_option}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Return a box with the title, what it takes, and the statement."""
        label = self.options.get("label", "")
        if not label.startswith("ex-"):
            raise self.error(f"an exercise needs a label that starts with ex-, not {label!r}")
        box = exercise(title=self.arguments[0], classes=self.options.get("class", []), names=[label])
        self.set_source_info(box)
        self.state.document.note_explicit_target(box, box)
        title = exercise_title()
        title += self.state.inline_text(self.arguments[0], self.lineno)[0]
        box += title
        if found := self.find(label.removeprefix("ex-")):
            box += nodes.paragraph("", effort(found), classes=["exercise-effort"])
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


class Hints(ExerciseDirective):
    """The hints of an exercise, each folded into the one before: ```{hints} <id>```."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the first hint; the second is inside it."""
        found = self.find(self.arguments[0])
        place = first = nodes.container()
        for number, text in enumerate(found.hints if found else (), 1):
            hint = folded(summary=f"Hint {number} of {len(found.hints)}", classes=["hint"])
            self.markdown(text, hint)
            place += hint
            place = hint
        return first.children


class SolutionStart(SphinxDirective):
    """The next nodes, up to ```{solution-end}```, are the solution: ```{solution-start} <label>```."""

    required_arguments = 1
    option_spec = {"class": directives.class_option}  # noqa: RUF012 - for sphinx-exercise; always folded here

    def run(self) -> list[nodes.Node]:
        """Return a mark that `FoldSolutions` looks for."""
        mark = solution_start(of=self.arguments[0])
        self.set_source_info(mark)
        return [mark]


class SolutionEnd(SphinxDirective):
    """The end of a solution."""

    def run(self) -> list[nodes.Node]:
        """Return a mark that `FoldSolutions` looks for."""
        mark = solution_end()
        self.set_source_info(mark)
        return [mark]


class FoldSolutions(SphinxTransform):
    """Move all that stands between the marks of a solution, code cells too, into one folded node."""

    default_priority = 10

    def apply(self, **kwargs: object) -> None:
        """Fold every solution of the page."""
        for start in list(self.document.findall(solution_start)):
            parent, solution = start.parent, folded(of=start["of"], classes=["solution"])
            after = parent[parent.index(start) + 1 :]
            end = next((node for node in after if isinstance(node, solution_end)), None)
            inside = after[: after.index(end)] if end is not None else []
            if end is None or any(isinstance(node, nodes.section | solution_start) for node in inside):
                logger.warning("the solution of %s has no end in its section", start["of"], location=start)
            for node in inside:
                parent.remove(node)
                solution += node
            parent.replace(start, solution)
        for end in list(self.document.findall(solution_end)):
            end.parent.remove(end)


class FoldAnswers(SphinxTransform):
    """Fold every admonition of the class `dropdown`, such as the answer to a question, as hints are."""

    default_priority = 10

    def apply(self, **kwargs: object) -> None:
        """Make its title the line that opens it."""
        for box in list(self.document.findall(nodes.Admonition)):
            if "dropdown" in box["classes"]:
                title, *inside = box.children
                answer = folded("", "", *inside, summary=title.astext(), classes=["answer"])
                box.parent.replace(box, answer)


class DropStubOutputs(SphinxTransform):
    """Take away what checks say to empty stubs: nobody can fill them in on the site."""

    default_priority = 10

    def apply(self, **kwargs: object) -> None:
        """Drop the outputs of the cells tagged `check`."""
        for cell in self.document.findall(nodes.container):
            if "tag_check" in cell["classes"]:
                for output in [part for part in cell if "cell_output" in part["classes"]]:
                    cell.remove(output)


class ExerciseList(BookDirective):
    """A list of all exercises of the catalogue, chapter by chapter: ```{exercise-list}```."""

    def run(self) -> list[nodes.Node]:
        """Return one section with a table for each chapter."""
        for path in Path(exercises.__file__).parent.glob("*.py"):
            self.env.note_dependency(str(path))
        everything = list(exercises.catalogue())
        checked = sum(found.checked for found in everything)
        hours = round(sum(found.minutes for found in everything) / 60)
        summary = (
            f"There are {len(everything)} exercises. {checked} of them are checked by code, "
            f"the others come with a model answer. Together they take about {hours} hours."
        )
        sections = []
        for page in sources.pages(ROOT):
            if of_page := [found for found in everything if found.chapter == page.name]:
                section = self.section(page, f"exercises-{page.name}")
                self.markdown(table(page, of_page), section)
                sections.append(section)
        return [nodes.paragraph("", summary), *sections]


def table(page: sources.Page, found: list[exercises.Exercise]) -> str:
    """Write the table of one page's exercises, in the order of the page."""
    order = [entry.label for entry in sources.labelled(page.path) if entry.kind == "exercise"]
    by_label = {f"ex-{one.id}": one for one in found}
    lines = ["| Number | Exercise | Difficulty | Minutes | Answer |", "| :-- | :-- | :-: | --: | :-- |"]
    for label in sorted(by_label, key=lambda label: order.index(label) if label in order else len(order)):
        one = by_label[label]
        row = [f"{{numref}}`{{number}} <{label}>`", f"{{ref}}`{label}`", f"{one.difficulty} of 3"]
        row += [str(one.minutes), "checked" if one.checked else "model answer"]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def effort(found: exercises.Exercise) -> str:
    """Say what an exercise takes."""
    how = "checked by code" if found.checked else "compare with the model answer"
    return f"Difficulty {found.difficulty} of 3 · about {found.minutes} minutes · {how}"


def catalogue_file(chapter: str) -> Path:
    """Return the module that holds a chapter's exercises."""
    return Path(exercises.__file__).with_name(chapter.replace("-", "_") + ".py")


def number_of(translator: HTML5Translator, label: str) -> str:
    """Return "Exercise 8.2" for a label, as `{numref}` prints it; without a number where there is none."""
    env = translator.builder.env
    docname, id, _ = env.get_domain("std").labels.get(label, ("", "", ""))
    number = env.toc_fignumbers.get(docname, {}).get("exercise", {}).get(id)
    return "Exercise " + ".".join(map(str, number)) if number else "Exercise"


def visit_exercise(self: HTML5Translator, node: exercise) -> None:
    """Open the box."""
    self.body.append(self.starttag(node, "div", CLASS="exercise admonition"))


def depart_exercise(self: HTML5Translator, node: exercise) -> None:
    """Close the box."""
    self.body.append("</div>\n")


def visit_exercise_title(self: HTML5Translator, node: exercise_title) -> None:
    """Open the title with the exercise's number."""
    number = number_of(self, node.parent["names"][0])
    self.body.append(self.starttag(node, "p", "", CLASS="admonition-title"))
    self.body.append(f'<span class="exercise-number">{number}.</span> ')


def depart_exercise_title(self: HTML5Translator, node: exercise_title) -> None:
    """Close the title."""
    self.body.append("</p>\n")


def visit_folded(self: HTML5Translator, node: folded) -> None:
    """Open a native, closed <details>: it works with the keyboard and without scripts."""
    of = node.get("of")
    summary = node["summary"] if of is None else f"Solution of {number_of(self, of).lower()}"
    self.body.append(self.starttag(node, "details", ""))
    self.body.append(f"<summary>{html.escape(summary)}</summary>\n")


def depart_folded(self: HTML5Translator, node: folded) -> None:
    """Close it."""
    self.body.append("</details>\n")


def name_exercises(app: Sphinx, config: Config) -> None:
    """Let `{numref}` say "Exercise 8.2"."""
    config.numfig_format.setdefault("exercise", "Exercise %s")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register all of it; what a build's kernels solve is nobody's progress."""
    os.environ["FYSSTK_PROGRESS"] = "off"
    app.add_enumerable_node(
        exercise, "exercise", lambda node: node["title"], html=(visit_exercise, depart_exercise)
    )
    app.add_node(exercise_title, html=(visit_exercise_title, depart_exercise_title))
    app.add_node(folded, html=(visit_folded, depart_folded))
    for mark in (solution_start, solution_end):
        app.add_node(mark)
    app.add_directive("exercise", Exercise)
    app.add_directive("hints", Hints)
    app.add_directive("solution-start", SolutionStart)
    app.add_directive("solution-end", SolutionEnd)
    app.add_directive("exercise-list", ExerciseList)
    app.add_transform(FoldSolutions)
    app.add_transform(FoldAnswers)
    app.add_transform(DropStubOutputs)
    app.connect("config-inited", name_exercises)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
