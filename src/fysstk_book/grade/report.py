"""A page for the lecture: how many had each exercise right, and the mistakes that came most often."""

import html
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from fysstk_book.check.results import RIGHT
from fysstk_book.exercises import Exercise, catalogue
from fysstk_book.grade.table import Row
from fysstk_book.numbers import book, resolve

MOST_MISTAKES = 3
UNTRIED = frozenset({"not attempted", "not reached", "missing"})

STYLE = """
:root { color-scheme: light dark; --edge: #7f8c9b; --right: #1f9d6b; --wrong: #d1752a; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin: 2.5rem 0 .5rem; border-bottom: 1px solid var(--edge); }
article { margin: 1.4rem 0; break-inside: avoid; }
h3 { margin: 0; font-size: 1rem; display: flex; gap: 1rem; justify-content: space-between; flex-wrap: wrap; }
h3 span { font-weight: 400; }
.bar { display: flex; height: .6rem; margin: .3rem 0 .4rem; border-radius: .3rem; overflow: hidden;
  background: color-mix(in srgb, var(--edge) 30%, transparent); }
.bar i:first-child { background: var(--right); }
.bar i { background: repeating-linear-gradient(45deg, var(--wrong) 0 4px, transparent 4px 6px); }
ul { margin: 0; padding-left: 1.2rem; }
.quiet { opacity: .8; }
"""


@dataclass
class Tally:
    """What became of one exercise: students who had it right, wrong, or did not try; and the mistakes."""

    right: int = 0
    wrong: int = 0
    untried: int = 0
    mistakes: Counter[str] = field(default_factory=Counter)


def tally(rows: Iterable[Row]) -> dict[str, Tally]:
    """Count the verdicts of each exercise."""
    counted: dict[str, Tally] = {}
    for row in rows:
        if not row.exercise:
            continue
        one = counted.setdefault(row.exercise, Tally())
        if row.verdict in RIGHT:
            one.right += 1
        elif row.verdict in UNTRIED:
            one.untried += 1
        else:
            one.wrong += 1
            one.mistakes[row.mistake or row.verdict] += 1
    return counted


def words(exercise: Exercise, mistake: str) -> str:
    """Return what the book says to a mistake, also where it came in another form or with another."""
    named = [one for one in exercise.mistakes if resolve(one.name) in mistake]
    return resolve(max(named, key=lambda one: len(one.name)).say) if named else ""


def page(rows: list[Row], title: str = "What the class made of the exercises") -> str:
    """Return the page: one file of HTML that needs nothing else."""
    counted, students = tally(rows), {row.student for row in rows}
    chapters: dict[str, list[Exercise]] = {}
    for exercise in catalogue():
        one = counted.get(exercise.id)
        if one and one.right + one.wrong + one.untried:
            chapters.setdefault(exercise.chapter, []).append(exercise)
    order = list(book().titles)
    parts = []
    for chapter in sorted(chapters, key=lambda name: order.index(name) if name in order else len(order)):
        parts.append(f"<h2>{html.escape(book().titles.get(chapter, chapter))}</h2>")
        parts += [_article(exercise, counted[exercise.id]) for exercise in chapters[chapter]]
    many = f"{len(students)} student{'' if len(students) == 1 else 's'}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head><body>\n"
        f"<h1>{html.escape(title)}</h1>\n<p>{many}. The bars show who had it right (full), who had it wrong "
        "(hatched) and who did not try (empty).</p>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _article(exercise: Exercise, one: Tally) -> str:
    """Return the part about one exercise."""
    everybody = one.right + one.wrong + one.untried
    said = f"{one.right} of {everybody} right, {one.wrong} wrong, {one.untried} not tried"
    bars = "".join(f'<i style="width:{100 * n / everybody:.1f}%"></i>' for n in (one.right, one.wrong))
    items = []
    for mistake, times in one.mistakes.most_common(MOST_MISTAKES):
        say = words(exercise, mistake)
        more = f' <span class="quiet">{html.escape(say)}</span>' if say else ""
        items.append(f"<li>{times} × {html.escape(mistake)}.{more}</li>")
    return (
        f"<article><h3>{html.escape(exercise.title)} ({html.escape(exercise.id)})<span>{said}</span></h3>"
        f'<div class="bar" role="img" aria-label="{said}">{bars}</div>'
        + (f"<ul>{''.join(items)}</ul>" if items else "")
        + "</article>"
    )
