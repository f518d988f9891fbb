"""Run one chapter and render its page, quickly: what an author looks at while writing.

The page is built alone, so links to other chapters stay unresolved, chapter numbers are missing, and
numbers that another chapter computes are not compared; `make book` does all that. Each chapter has a
folder of its own in _build/preview, so several people can preview several chapters at once.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import tempfile
from pathlib import Path

import held_numbers
import run_chapters
from inputs import ROOT
from render import render

# What a page cannot know when it is built alone.
EXPECTED_ALONE = re.compile(
    r"undefined label|term not in glossary|equation not found|could not find bibtex key|duplicate label"
    r"|unknown document|cross-reference target not found|reference target not found"
    r"|Failed to create a cross reference|No number is assigned"
)


class OwnWarnings(io.StringIO):
    """A stream for Sphinx's warnings: passes on the page's own, and counts those of its being alone."""

    def __init__(self):
        super().__init__()
        self.count = 0
        self.dropped = 0

    def write(self, text: str) -> int:
        """Take one warning."""
        if EXPECTED_ALONE.search(text):
            self.dropped += 1
        elif text.strip():
            self.count += "WARNING" in text or "ERROR" in text
            sys.stderr.write(text)
        return len(text)


def preview(name: str) -> int:
    """Run book/<name>.md and render it into _build/preview/<name>; return the exit status."""
    source = ROOT / "book" / f"{name}.md"
    if not source.is_file():
        print(f"There is no chapter {source.relative_to(ROOT)}.", file=sys.stderr)
        return 1
    out = ROOT / "_build" / "preview" / name
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        chapters = run_chapters.read_all(sorted(source.parent.glob("*.md")), only=name)
        try:
            for chapter in chapters:
                run_or_reuse(chapter)
        except run_chapters.ChapterError as failure:
            print(failure, file=sys.stderr)
            return 1
        run_chapters.fill_cache(chapters, scratch / "cache")
        faults = held_numbers.complaints([source], chapters, alone=True)
        faults += held_numbers.too_many(source)
        print("\n".join(faults), file=sys.stderr, end="\n" if faults else "")
        toc = scratch / "_toc.yml"
        toc.write_text(f"format: jb-book\nroot: book/{name}\n", encoding="utf-8")
        warnings = OwnWarnings()
        render(
            out,
            out.parent / ".kept" / name / "doctrees",  # beside it stand the formulas that were typeset
            warnings,
            external_toc_path=toc.as_posix(),
            nb_execution_mode="cache",
            nb_execution_cache_path=str(scratch / "cache"),
        )
    print(
        f"{warnings.count} warnings; {warnings.dropped} more about links that only `make book` can resolve."
    )
    print(f"Open {out / 'book' / name}.html")
    return 1 if warnings.count or faults else 0


def run_or_reuse(chapter: run_chapters.Chapter) -> None:
    """Run a chapter, unless what an earlier run gave is still right."""
    if chapter.fresh:
        print("Nothing that its code rests on has changed: the outputs are those of the last run.")
    else:
        with run_chapters.calm_environment() as sockets:
            seconds = run_chapters.run(chapter, sockets)
        print(f"All cells ran in {seconds:.1f} s.", flush=True)


def main() -> int:
    """Read the command line, preview, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="the chapter's file name without its ending, as `gates`")
    return preview(Path(parser.parse_args().name).stem)


if __name__ == "__main__":
    sys.exit(main())
