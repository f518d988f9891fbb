"""Compare the numbers in the text with the runs that they come from, and list those that nothing holds.

    python tools/held_numbers.py                 how many numbers each page leaves open
    python tools/held_numbers.py iris data       which they are, on some pages
    python tools/held_numbers.py --keep iris     let tests/open_numbers/ say so: fewer than before, never more

`make book` and `make chapter` compare the values; `fysstk_book.held` says how a number is held.
A number needs no run if it stands in a formula or in code, or is of one of the `KINDS` below.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from pybtex.database import parse_file

from fysstk_book import held, sources
from fysstk_book.sources import Directive
from inputs import ROOT
from run_chapters import Chapter, cell_above, last_cell, place

Values = dict[str, list[float] | str]
OPEN = Path(
    "tests", "open_numbers"
)  # one file for each page that has open numbers, one line for each of them

# What is no text: formulas, code, comments, labels, targets of roles and links, addresses, layout.
NO_TEXT = re.compile(
    r"\$\$.*?\$\$|(?<![\\$])\$(?!\$)[^$]+\$|\{(?!n\}|term\})[\w:+-]+\}`[^`]*`|\{n\}`[^`\n]*`|``.+?``|`[^`]*`"
    r"|<!--.*?-->"
    r"|\]\([^)]*\)|<https?:[^>]*>|^%.*$|^\([^()\s]+\)=\s*$|^\s*(?:#+ )?\d+\.(?= )|\{[.#][^}]*\}|&#?\w+;"
    r"|^\*\*Time\*\*.*$|^\|?[ :|-]+\|?$",
    re.DOTALL | re.MULTILINE,
)
# A number: not inside a word. Or a word, where it is likely that a run has given it.
RUNS = r"(?:runs?|seeds?|shuffles?|trials?|draws?|epochs?|steps?)"
PARTS = rf"(?:per ?cent|percent|times as|orders? of|of (?:the |these |those |their )?(?:\w+ )?{RUNS})"
TENS = "(?:twen|thir|for|fif|six|seven|eigh|nine)ty"
COUNT = f"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|hundred|{TENS})"
SHARE = "(?:half|a third|a quarter|a fifth|a tenth)"
THINGS = rf"(?:the |these |those |all )?(?:\w+ )?(?:units|nodes|images|samples|networks?|errors?|{RUNS})"
NUMBER = re.compile(
    rf"(?<![\w.,^_/#&=-])[{held.MINUS}+±]?(?:\d{{1,3}}(?:[,\u2009\u202f]\d{{3}})+|\d+)(?:\.\d+)?(?:e-?\d+)?"
    rf"(?:-\d+)*(?![\w-])|\b{COUNT}\b(?=(?: \w+)? {RUNS}\b| {PARTS}\b)|\b{SHARE}(?= of {THINGS}\b)",
    re.IGNORECASE,
)
MEASURED = rf"(?:[ \u00a0]?(?:%|±)| {PARTS}\b| (?:times|of|out of)\b|(?: \w+)? {RUNS}\b)"
NUMBERED = (
    "(?:chapter|section|part|equation|figure|table|exercise|page|week|slide|step|layer|node|neuron|unit|class|"
    "digit|row|column|line|case|number|level|seed|volume)s?|version|Python|NumPy|Linux(?: from)?|axis"
)

# The kinds of numbers that need no run, by what stands before them, by themselves, and by what follows.
KINDS = {
    "a year": ("", r"1[6-9]\d\d|20\d\d", ""),
    "the number of a chapter, an equation, a week ...": (
        rf"\b(?:{NUMBERED})\s(?:[\d.]+(?:, | and | or | to ))*$",
        ".*",
        "",
    ),
    "a small whole number that counts or names what the sentence shows": ("", r"-?\d|10", f"(?!{MEASURED})"),
    "the number of a heading": (r"#+ $", r"\d+", r"\. "),
    "a limit that a program sets": ("", r"\d+", r" (?:megabytes|seconds|minutes)\b"),
    "the name of a row": (r"(?:^|[\n\0] *)\| $", r"\d+", r" \|"),
    "the sizes of a network": ("", r"\d+(?:-\d+)+", ""),
    "a speed of reading, which `test_paths` holds to `fysstk_book.paths`": (
        r"\ba minute for $",
        r"\d+",
        r" (?:words|lines of code)\b",
    ),
    "a side of an image": (r"\d by $", r"\d+", ""),
    "the other side of an image": ("", r"\d+", r" by \d"),
}


# What the text says and the run finds


def complaints(
    pages: Iterable[Path], chapters: Iterable[Chapter], root: Path = ROOT, *, alone: bool = False
) -> list[str]:
    """Return a line for each number in the text that is not what its run has found.

    Pages that stand alone are not asked for what other pages compute.
    """
    by_name = {chapter.name: (chapter, values(chapter)) for chapter in chapters}
    found = []
    for page in pages:
        for one in held.find(page.read_text(encoding="utf-8")):
            if alone and one.page not in {"", page.stem}:
                continue
            if wrong := _complaint(one, page, by_name, root):
                found.append(f"{page.relative_to(root).as_posix()}:{one.line}: {wrong}")
    return found


def _complaint(one: held.Held, page: Path, chapters: dict[str, tuple[Chapter, Values]], root: Path) -> str:
    if not one.shown:
        return "write {n}`number <- expression`, on one line"
    if one.source:
        known = one.source in works(root)
        return "" if known else f"there is no work {one.source!r} in book/references.bib"
    if (one.page or page.stem) not in chapters:
        return f"{one.page or page.stem} has no code cells that could compute {one.expression}"
    chapter, computed = chapters[one.page or page.stem]
    index = last_cell(chapter.notebook) if one.page else cell_above(chapter.notebook, one.line)
    if index is None:
        return (
            f"no cell above it computes {one.expression}; write {page.stem}: {one.expression} for a later one"
        )
    value = computed.get(place(index, one.expression), "it was not computed")
    wrong = value if isinstance(value, str) else held.disagreement(one.shown, value)
    return f"the text says {one.shown!r}, and {one.expression} is not that; {wrong}" if wrong else ""


@cache
def works(root: Path) -> set[str]:
    """Return the keys of the bibliography."""
    return set(parse_file(str(root / "book" / "references.bib")).entries)


def values(chapter: Chapter) -> Values:
    """Return what a chapter's run has computed for its numbers."""
    return chapter.notes["held"]


# What nothing holds


def open_numbers(text: str) -> list[tuple[int, str, str]]:
    """Return the open numbers of a page's source: line, number, and the words around it."""
    inputs = given(text)
    found = []
    for line, words in passages(text):
        said = NO_TEXT.sub(lambda away: re.sub(r"[^\n]", "\0", away[0]), words)
        for match in NUMBER.finditer(said):
            start = line + said.count("\n", 0, match.start())
            before = said[max(0, match.start() - 60) : match.start()]
            after = " ".join(said[match.end() : match.end() + 30].split("\n"))
            if not needs_none(before, match[0], after, inputs):
                around = words[max(0, match.start() - 30) : match.end() + 20]
                found.append((start, match[0], " ".join(around.split())))
    return found


def needs_none(before: str, number: str, after: str, inputs: set[float]) -> bool:
    """Tell whether a number is of a kind that needs no run, or was given to one on this page."""
    for is_before, is_number, is_after in KINDS.values():
        if (
            re.search(is_before, before, re.IGNORECASE)
            and re.fullmatch(is_number, number)
            and re.match(is_after, after, re.IGNORECASE)
        ):
            return True
    value = abs(held.numbers(number)[0].value)
    if re.match(r"[ \u00a0]?%| per ?cent", after):
        return round(value / 100, 12) in inputs
    is_small = number.isalpha() or len(number) < 2
    return value in inputs and not (is_small and re.match(rf"[ \u00a0]?±| {PARTS}", after))


def given(text: str) -> set[float]:
    """Return the numbers that a page's code cells and exercises are given."""
    found: set[float] = set()
    for block in sources.blocks(held.plain(text)):
        if isinstance(block, Directive) and block.name == "code-cell":
            lines = (line for line in block.body.splitlines() if not line.startswith("%"))
            try:
                tree = ast.parse("\n".join(lines))
            except SyntaxError:
                continue
            constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
            found |= {abs(float(c)) for c in constants if isinstance(c, int | float)}
        elif isinstance(block, Directive) and block.name == "exercise":
            found |= {abs(number.value) for number in held.numbers(block.body)}
            found |= {abs(number.value) / 100 for number in held.numbers(block.body)}
    return found


def passages(text: str) -> Iterator[tuple[int, str]]:
    """Yield what a page says outside of its code, with the line where it begins.

    This is the prose, inside of boxes as well, and the captions and alt texts of figures. Statements of
    exercises are left out: their numbers are the task's data.
    """
    lines = text.split("\n")
    first = len(lines) - len(sources.body_lines(text)) if lines[0].strip() == "---" else 0
    yield from _passages("\n".join(lines[first:]), first + 1)


def _passages(text: str, number: int) -> Iterator[tuple[int, str]]:
    """Yield the passages of a text, the first line of which has that number."""
    for block in sources.blocks(text):
        if isinstance(block, str):
            yield number, block
            number += block.count("\n") + 1
            continue
        inside = block.source.split("\n")[1:-1]
        if block.name == "code-cell":
            yield from _figure(inside, number + 1)
        elif block.name not in {*sources.OPAQUE - {"figure"}, "exercise", "epigraph"}:
            no_title = block.name in {"hints", "solution-start", "solution-end"}
            yield number, "" if no_title else block.argument
            yield from _passages("\n".join(inside), number + 1)
        number += block.source.count("\n") + 1


def _figure(lines: list[str], number: int) -> Iterator[tuple[int, str]]:
    """Yield the caption and the alt text that stand in a cell's options."""
    if not lines or lines[0].strip() != "---":
        return
    for i, line in enumerate(lines[1:], 1):
        if line.strip() == "---":
            return
        if key := re.match(r"( *)(caption|alt): *(.*)", line):
            more = lines[i + 1 :]
            indent = len(key[1])
            end = next(
                (j for j, m in enumerate(more) if m.strip() and not m.startswith(" " * (indent + 1))),
                len(more),
            )
            yield number + i, "\n".join([re.sub(r"^[|>]-?$", "", key[3]), *more[:end]])


# What is allowed to be open


def allowed(page: str, root: Path = ROOT) -> Counter[str]:
    """Return the numbers that a page may leave open for now."""
    path = root / OPEN / f"{page}.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return Counter(line.partition("\t")[0] for line in lines)


def too_many(page: Path, root: Path = ROOT) -> list[str]:
    """Return a line for each open number of a page that is not among those allowed."""
    left = allowed(page.stem, root)
    found = []
    for line, number, around in open_numbers(page.read_text(encoding="utf-8")):
        left[number] -= 1
        if left[number] < 0:
            where = f"{page.relative_to(root).as_posix()}:{line}"
            found.append(f"{where}: nothing holds {number} to a run: ... {around} ...")
    return found


def keep(page: Path, root: Path = ROOT) -> None:
    """Write down the open numbers of a page; no file where there are none."""
    path = root / OPEN / f"{page.stem}.txt"
    lines = [f"{number}\t{around}" for _, number, around in open_numbers(page.read_text(encoding="utf-8"))]
    if lines:
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    else:
        path.unlink(missing_ok=True)


def main() -> int:
    """Count or list the open numbers, or keep the list."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pages", nargs="*", metavar="page", help="the name of a page, as `iris`")
    parser.add_argument("--keep", action="store_true", help="write them to tests/open_numbers/")
    arguments = parser.parse_args()
    pages = {page.name: page.path for page in sources.pages(ROOT)}
    if unknown := [name for name in arguments.pages if name not in pages]:
        parser.error(f"there is no page {unknown[0]!r}")
    for name in arguments.pages or pages:
        text = pages[name].read_text(encoding="utf-8")
        found = open_numbers(text)
        if arguments.keep:
            if grown := too_many(pages[name]):
                print("\n".join(grown), file=sys.stderr)
                return 1
            keep(pages[name])
        print(f"{name:<28} {len(held.find(text)):4} held {len(found):4} open")
        if arguments.pages and not arguments.keep:
            for line, number, around in found:
                print(f"  {line:4}: {number:10} {around}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
