"""Write the book's questions for learning platforms: Moodle XML and JSON, into _build/questions."""

from __future__ import annotations

import sys

from fysstk_book import sources
from fysstk_book.questions import loading, moodle
from inputs import ROOT

FOLDER = ROOT / "_build" / "questions"


def main() -> int:
    """Write both files, and say how many questions they have."""
    try:
        known = loading.load(ROOT)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    titles = {page.name: page.title.replace("$", "") for page in sources.pages(ROOT) if page.chapter}
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in (
        ("questions.xml", moodle.to_xml(known, titles)),
        ("questions.json", moodle.to_json(known)),
    ):
        (FOLDER / name).write_text(text, encoding="utf8")
        print(f"{FOLDER / name}: {len(text.encode()) / 1e3:.0f} kB")
    numbers = sum(len(one.numbers) for one in known.selfchecks.values())
    print(
        f"{len(known.selfchecks)} self-checks with {numbers} sets of numbers, "
        f"{len(known.understanding)} questions of understanding"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
