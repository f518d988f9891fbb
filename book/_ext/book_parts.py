"""The overview of a part: what its chapters teach, need and take, gathered from the chapters themselves.

The directive `{part}` stands on the page that opens a part. It says what the part takes, draws which of its
chapters need which, and lists them. Nothing of this is typed: outcomes, needs and times are those of the
chapters' cards, the exercises those of the catalogue, and the equations those of the ledger.
"""

from __future__ import annotations

import html
import itertools
import json
import re
import textwrap

from book_exercises import catalogue_file
from book_ledger import LEDGER
from book_markdown import ROOT, BookDirective
from docutils import nodes
from sphinx.application import Sphinx

from fysstk_book import exercises, paths, sources
from fysstk_book.sources import Directive, Page

WIDTH, HEIGHT, ACROSS, DOWN, LINE = 144, 78, 26, 12, 17  # a box of the map, the gaps, a line of text


class Part(BookDirective):
    """What the chapters after this page teach, need and take: ```{part}```."""

    def run(self) -> list[nodes.Node]:
        """Return a summary, the map and the list of the chapters."""
        chapters = chapters_after(self.env.docname.rpartition("/")[2])
        catalogue = [catalogue_file(page.name) for page in chapters]
        for file in (LEDGER, *catalogue, *(page.path for page in chapters)):
            self.env.note_dependency(str(file))
        if not chapters:
            raise self.error("the pages after a part's overview must be numbered chapters")
        try:
            needs = {page: needed(page) for page in chapters}
            items = [item(page, needs[page]) for page in chapters]
        except ValueError as error:
            raise self.error(str(error)) from None
        place = nodes.container()
        self.markdown(summary(chapters), place)
        place += nodes.raw("", draw_map(needs), format="html")
        self.markdown("\n\n".join(items), place)
        place.children[-1]["classes"].append("part-chapters")
        return place.children


def chapters_after(name: str) -> list[Page]:
    """Return the numbered pages that follow an unnumbered one in the table of contents."""
    pages = iter(sources.pages(ROOT))
    _ = next((page for page in pages if page.name == name), None)
    return list(itertools.takewhile(lambda page: page.chapter, pages))


def said(page: Page, what: str) -> str:
    """Return an entry of a chapter's card: what stands after "You need", "Time" and so on."""
    cards = (block for block in sources.blocks(page.text) if isinstance(block, Directive))
    body = next((one.body for one in cards if one.options.get("class") == "chapter-card"), "")
    found = re.search(rf"^\*\*{what}\*\* (.+)$", body, re.MULTILINE)
    if not found:
        raise ValueError(f"{page.path.name}: the chapter's card does not say {what!r}")
    return found[1]


def needed(page: Page) -> list[Page]:
    """Return the chapters that a chapter builds on: those in the first sentence of what you need."""
    first = re.split(r"\. |\.$", said(page, "You need"))[0]
    labels = re.findall(r"\{ref\}`(?:[^`<]*<)?ch-([a-z0-9-]+)>?`", first)
    return sorted((one for one in sources.pages(ROOT) if one.name in labels), key=number)


def number(page: Page) -> int:
    """Return the number of a chapter."""
    return page.chapter or 0


TIME = re.compile(r"(\d+) minutes? for the text and (\d+) with a pencil, (\d+) seconds? to run")


def times(page: Page) -> tuple[int, int, int]:
    """Return what a chapter's card says: minutes for the text and with a pencil, seconds to run."""
    found = TIME.search(said(page, "Time"))
    if not found:
        raise ValueError(
            f"{page.path.name}: the card's time should be like "
            "'45 minutes for the text and 30 with a pencil, 5 seconds to run'"
        )
    return int(found[1]), int(found[2]), int(found[3])


def exercises_of(page: Page) -> list[exercises.Exercise]:
    """Return the exercises of a chapter."""
    return [one for one in exercises.catalogue() if one.chapter == page.name]


def equations_of(page: Page) -> int:
    """Return how many equations of a chapter have a row in the ledger."""
    rows = json.loads(LEDGER.read_text(encoding="utf8")) if LEDGER.is_file() else []
    return sum(row["page"] == page.name for row in rows)


def summary(chapters: list[Page]) -> str:
    """Say what the part takes."""
    text, pencil, seconds = (sum(column) for column in zip(*map(times, chapters), strict=True))
    tasks = [one for page in chapters for one in exercises_of(page)]
    facts = [
        f"**{count(len(chapters), 'chapter')}**",
        f"{duration(text)} for the text, {duration(pencil)} with a pencil, {count(seconds, 'second')} to run",
        f"{count(len(tasks), 'exercise')} for {duration(sum(one.minutes for one in tasks))}",
        count(sum(map(equations_of, chapters)), "checked equation"),
    ]
    return " · ".join(facts)


def item(page: Page, needs: list[Page]) -> str:
    """Write the item of a chapter in the list, which counts as the table of contents does."""
    text, pencil, seconds = times(page)
    outcome = said(page, "You will be able to").split(";")[0].rstrip(".")
    facts = [
        f"{count(text, 'minute')} for the text, {pencil} with a pencil, {count(seconds, 'second')} to run"
    ]
    if tasks := exercises_of(page):
        facts.append(f"{{ref}}`{count(len(tasks), 'exercise')} <exercises-{page.name}>`")
    if equations := equations_of(page):
        facts.append(f"{{ref}}`{count(equations, 'checked equation')} <ledger-{page.name}>`")
    facts.append(on_the_short_paths(page))
    if needs:
        facts.append(f"needs {named(needs, '{{ref}}`{0} <ch-{1}>`')}")
    lines = [f"{{ref}}`ch-{page.name}`", f"You will be able to {outcome}.", " · ".join(facts)]
    return f"{page.chapter}. " + "\n\n    ".join(lines)


def on_the_short_paths(page: Page) -> str:
    """Say how much of a chapter the lecture's week has, and the evening."""
    every = [one for one in paths.sections(page) if one.level == 2 and one.title not in paths.CLOSING]
    evening, week = (sum(one in paths.on(path, page) for one in every) for path in ("evening", "week"))
    if not week:
        return "beyond the week"
    said = f"{week} of {count(len(every), 'section')} in the week"
    return f"{said}, {evening} in the evening" if evening else said


def named(pages: list[Page], form: str = "{0}") -> str:
    """Return "chapters 1, 2 and 3", each number in a form that may use the page's name, too."""
    return f"{'chapters' if pages[1:] else 'chapter'} {listed(pages, form)}"


def listed(pages: list[Page], form: str = "{0}") -> str:
    """Return "1, 2 and 3"."""
    *others, last = (form.format(one.chapter, one.name) for one in pages)
    return f"{', '.join(others)} and {last}" if others else last


def count(many: int, what: str) -> str:
    """Return "1 exercise", "2 exercises"."""
    return f"{many} {what}" if many == 1 else f"{many} {what}s"


def duration(minutes: int) -> str:
    """Return minutes in words, from an hour and a half on in half hours."""
    if minutes < 90:
        return count(minutes, "minute")
    return f"{round(minutes / 30) / 2:g} hours".replace(".5", "½")


# The map: a column for each depth, boxes joined by arrows.


def columns(needs: dict[Page, list[Page]]) -> list[list[Page]]:
    """Put each chapter of the part one column to the right of all that it needs, near to them."""
    inside = {page: [one for one in wanted if one in needs] for page, wanted in needs.items()}
    depth: dict[Page, int] = {}
    for page in sorted(needs, key=number):
        depth[page] = max((depth[one] + 1 for one in inside[page]), default=0)
    found: list[list[Page]] = []
    for _, group in itertools.groupby(sorted(needs, key=lambda page: (depth[page], number(page))), depth.get):
        row = {page: i for column in found for i, page in enumerate(column)}
        found.append(
            sorted(group, key=lambda p: sum(map(row.__getitem__, inside[p])) / max(1, len(inside[p])))
        )
    return found


def draw_map(needs: dict[Page, list[Page]]) -> str:
    """Draw which chapters of the part need which, as SVG; its description says the same in words."""
    grid = columns(needs)
    corner = {
        page: (x * (WIDTH + ACROSS), y * (HEIGHT + DOWN))
        for x, column in enumerate(grid)
        for y, page in enumerate(column)
    }
    width = len(grid) * (WIDTH + ACROSS) - ACROSS
    height = max(map(len, grid)) * (HEIGHT + DOWN) - DOWN
    drawn = [arrow(corner[one], corner[page]) for page in needs for one in needs[page] if one in needs]
    drawn += [box(page, needs, *corner[page]) for page in needs]
    caption = "An arrow leads from a chapter to one that needs it."
    if any(one not in needs for wanted in needs.values() for one in wanted):
        caption += " “After” names chapters of other parts."
    return (
        f'<figure class="part-map"><svg viewBox="-2 -2 {width + 4} {height + 4}" width="{width + 4}" '
        f'role="img" aria-label="{html.escape(description(needs))}">{"".join(drawn)}</svg>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def description(needs: dict[Page, list[Page]]) -> str:
    """Say in words what the map shows."""
    sentences = []
    for page, wanted in needs.items():
        sentences.append(f"Chapter {page.chapter} needs {named(wanted) if wanted else 'no other chapter'}.")
    return f"What needs what. {' '.join(sentences)}"


def arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    """Draw an arrow from the right side of one box to the left side of another."""
    x0, y0, x1, y1 = start[0] + WIDTH, start[1] + HEIGHT / 2, end[0] - 7, end[1] + HEIGHT / 2
    bend = (x0 + x1) / 2
    return (
        f'<path class="line" d="M{x0} {y0:g}C{bend:g} {y0:g} {bend:g} {y1:g} {x1} {y1:g}"/>'
        f'<path class="head" d="M{x1 + 7} {y1:g}l-8 -4.5v9z"/>'
    )


def box(page: Page, needs: dict[Page, list[Page]], x: int, y: int) -> str:
    """Draw the box of a chapter: its number, which chapters of other parts it needs, and its title."""
    before = [one for one in needs[page] if one not in needs]
    number = f"{page.chapter} · after {listed(before)}" if before else str(page.chapter)
    lines = [f'<tspan class="number">{number}</tspan>']
    lines += map(html.escape, textwrap.wrap(page.title.split(":")[0], 16)[:3])
    top = y + (HEIGHT - LINE * len(lines)) / 2 + 13
    text = "".join(f'<text x="{x + 9}" y="{top + LINE * i:g}">{line}</text>' for i, line in enumerate(lines))
    return f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="5"/>{text}'


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("part", Part)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
