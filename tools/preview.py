"""Run one chapter and render its page, quickly: what an author looks at while writing.

The page is built alone, so links to other chapters stay unresolved and chapter numbers are missing;
`make book` checks those. Each chapter has a folder of its own in _build/preview, so several people
can preview several chapters at once.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# What a page cannot know when it is built alone.
EXPECTED_ALONE = re.compile(
    r"undefined label|term not in glossary|equation not found|could not find bibtex key|duplicate label"
    r"|unknown document|cross-reference target not found|reference target not found"
    r"|Failed to create a cross reference|No number is assigned"
)


class OnlyOwnWarnings:
    """A stream for Sphinx's warnings that drops those a page built alone must raise."""

    def __init__(self, stream):
        self.stream = stream
        self.count = 0
        self.dropped = 0

    def write(self, text: str) -> int:
        if EXPECTED_ALONE.search(text):
            self.dropped += 1
        elif text.strip():
            self.count += "WARNING" in text or "ERROR" in text
            self.stream.write(text)
        return len(text)

    def flush(self) -> None:
        self.stream.flush()

    def isatty(self) -> bool:
        return False


def preview(name: str) -> int:
    """Build book/<name>.md into _build/preview/<name>; return the exit status."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    from jupyter_book.config import get_final_config

    source = ROOT / "book" / f"{name}.md"
    if not source.is_file():
        print(f"There is no chapter {source.relative_to(ROOT)}.", file=sys.stderr)
        return 1
    out = ROOT / "_build" / "preview" / name
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        toc = Path(scratch, "_toc.yml")
        toc.write_text(f"format: jb-book\nroot: book/{name}\n", encoding="utf-8")
        overrides = {
            "latex_individualpages": False,
            "external_toc_path": toc.as_posix(),
            "nb_execution_mode": "force",
            "nb_execution_raise_on_error": False,
        }
        config, _ = get_final_config(user_yaml=ROOT / "_config.yml", cli_config=overrides, sourcedir=ROOT)
        warnings = OnlyOwnWarnings(sys.stderr)
        with patch_docutils(None), docutils_namespace():
            app = Sphinx(
                srcdir=ROOT,
                confdir=None,
                outdir=out,
                doctreedir=Path(scratch, "doctrees"),
                buildername="html",
                confoverrides=config,
                status=None,
                warning=warnings,
                freshenv=True,
            )
            app.build(force_all=True)
    page = out / "book" / f"{name}.html"
    print(
        f"{warnings.count} warnings; {warnings.dropped} more about links that only `make book` can resolve.\n"
        f"Open file://{page}"
    )
    return 1 if warnings.count or app.statuscode else 0


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="the chapter's file name without its ending, as `gates`")
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(threads, "1")
    return preview(Path(parser.parse_args().name).stem)


if __name__ == "__main__":
    sys.exit(main())
