"""Write a copy of the site without solutions, to publish while students still work on the exercises.

The copy is _build/html-public, or _build/html-lite-public where the site with JupyterLite is the source; the
source stays as it is. The notebooks to download have no solutions anyway.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
LITE = ROOT / "_build" / "html-lite"
START = re.compile(r'<details class="solution"[^>]*>')
TAG = re.compile(r"<(/?)details\b[^>]*>")
SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.DOTALL)
IMAGES = "_images"


class PublicError(Exception):
    """The copy cannot be made; the message says why."""


def solutions(page: str) -> Iterator[tuple[int, int]]:
    """Find where the solutions of a page begin and end; there may be other folded parts inside."""
    position = 0
    while start := START.search(page, position):
        depth = 0
        for tag in TAG.finditer(page, start.start()):
            depth += -1 if tag[1] else 1
            if depth == 0:
                position = tag.end()
                break
        else:
            raise PublicError("a solution has no end")
        yield start.start(), position


def without_solutions(page: str) -> str:
    """Return a page that says, in each solution's place, that it is left out."""
    kept, position = [], 0
    for start, end in solutions(page):
        summary = SUMMARY.search(page, start, end)
        title = summary[1] if summary else "Solution"
        kept += [
            page[position:start],
            f'<p class="solution-left-out"><em>{title}: not in this edition.</em></p>',
        ]
        position = end
    return "".join([*kept, page[position:]])


def build(site: Path, target: Path) -> int:
    """Copy a site without its solutions; return how many were left out."""
    if not site.is_dir():
        raise PublicError(f"There is no site in {site}. `make book` builds it.")
    count = 0
    with tempfile.TemporaryDirectory(prefix=".draft-", dir=target.parent) as scratch:
        draft = Path(scratch, "html")
        shutil.copytree(site, draft, ignore=shutil.ignore_patterns(".complete.json", "*.pdf"))
        pages = [path for path in draft.rglob("*.html") if "lite" not in path.relative_to(draft).parts]
        named = []
        for path in pages:
            text = path.read_text(encoding="utf-8")
            found = len(list(solutions(text)))
            if found:
                text = without_solutions(text)
                path.write_text(text, encoding="utf-8")
            count += found
            named.append(text)
        everything = "\n".join(named)
        for image in (draft / IMAGES).glob("*"):  # what only a solution shows
            if image.name not in everything:
                image.unlink()
        shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
    return count


def main() -> int:
    """Make the copy, and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lite", action="store_true", help="start from the site with JupyterLite")
    site = LITE if parser.parse_args().lite else SITE
    target = site.with_name(f"{site.name}-public")
    try:
        count = build(site, target)
    except PublicError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{count} solutions are left out of {target / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
