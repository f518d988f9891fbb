"""Find what is wrong with the list of pages and with equations before anything runs, by file and line."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
# Sphinx numbers what stands in an environment of its own, and what a target is put on.
ALIGNED = "equation|align|gather|multline|eqnarray|alignat|flalign"
ENVIRONMENT = re.compile(rf"^[ \t]*(\\begin\{{(?:{ALIGNED})\}})", re.MULTILINE)
TARGET = re.compile(r"^\([^()\s]+\)=\s*(?:\{[^}\n]*\}\s*)?(\$\$)", re.MULTILINE)
FORM = """
format: jb-book
root: book/index
parts:
  - caption: Part I
    chapters:
      - file: book/gates"""


def problems(root: Path = ROOT) -> list[str]:
    """Return a line for each fault; the table of contents comes first, for the rest depends on it."""
    return list(in_contents(root)) or [*unlisted(root), *unlabelled(root)]


def contents(root: Path = ROOT) -> list[str]:
    """Return the names of the pages as ``_toc.yml`` lists them, without their ending."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    listed = [toc["root"], *(item["file"] for part in toc["parts"] for item in part["chapters"])]
    return [name.removesuffix(".md") for name in listed]


def in_contents(root: Path) -> Iterator[str]:
    """Yield what is wrong with the table of contents: YAML, form, pages that are missing or listed twice."""
    try:
        listed = contents(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        yield f"_toc.yml:{line}: {error.problem}; is the line indented as its neighbours are?"
        return
    except (KeyError, TypeError, AttributeError):
        yield f"_toc.yml: the list of pages should have the form\n{FORM}"
        return
    for name in listed:
        if not (root / f"{name}.md").is_file():
            yield f"_toc.yml: there is no {name}.md"
        if listed.count(name) > 1:
            yield f"_toc.yml: {name} stands there twice"


def unlisted(root: Path) -> Iterator[str]:
    """Yield the pages that the table of contents lacks; the build would leave them out in silence."""
    listed = set(contents(root))
    for path in sorted(root.glob("book/*.md")):
        name = path.relative_to(root).with_suffix("").as_posix()
        if name not in listed:
            yield f"{name}.md is not in _toc.yml: add the line `- file: {name}`, or remove the page"


def unlabelled(root: Path) -> Iterator[str]:
    """Yield equations that the site would number although they have no label, and shift all that follow."""
    from fysstk_book import sources

    for page in sources.pages(root):
        if not page.path.is_file():
            continue
        text = without_code(page.path.read_text(encoding="utf-8"))
        inside = [equation.span() for equation in sources.MATH.finditer(text)]
        starts = [match.start(1) for match in ENVIRONMENT.finditer(text)]
        starts = [start for start in starts if not any(a < start < b for a, b in inside)]
        for start in (match.start(1) for match in TARGET.finditer(text)):
            equation = sources.MATH.match(text, start)
            starts += [start] if equation and not equation[2] else []
        for start in sorted(starts):
            name, line = page.path.relative_to(root).as_posix(), text.count("\n", 0, start) + 1
            yield f"{name}:{line}: this equation has no label: write it between `$$` and `$$ (eq-...)`"


def without_code(text: str) -> str:
    """Return a page with the lines of its code emptied, so that line numbers stay."""
    from fysstk_book import sources

    for block in sources.blocks(text):
        if isinstance(block, sources.Directive) and block.name in {"", "code-cell"}:
            text = text.replace(block.source, "\n" * block.source.count("\n"), 1)
    return text


def main() -> int:
    """Print what is wrong; return the exit status."""
    found = problems()
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
