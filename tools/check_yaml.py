"""Refuse duplicate keys in the repository's YAML, which parsers accept in silence, the last one winning.

That includes the YAML inside the chapters: their front matter and the options of their code cells.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from yamllint import linter
from yamllint.config import YamlLintConfig

ROOT = Path(__file__).resolve().parents[1]
RULES = YamlLintConfig("rules: {key-duplicates: enable}")
FENCE = re.compile(r"^\s*(`{3,}|~{3,}|:{3,})\s*\{")


def problems(root: Path = ROOT) -> list[str]:
    """Return a line for every duplicate key and every syntax error, as `file:line: message`."""
    found = []
    for path in sorted([*root.glob("*.yml"), *root.glob("*.cff"), *root.glob(".github/**/*.yml")]):
        found += _complaints(path.relative_to(root), 0, path.read_text(encoding="utf-8"))
    for path in sorted(root.glob("book/**/*.md")):
        for line, text in blocks(path.read_text(encoding="utf-8")):
            found += _complaints(path.relative_to(root), line, text)
    return found


def blocks(page: str) -> Iterator[tuple[int, str]]:
    """Yield (lines before it, text) of each YAML block: the front matter and the directives' options."""
    lines = page.splitlines()
    for i, line in enumerate(lines):
        starts = line.strip() == "---" and (i == 0 or FENCE.match(lines[i - 1]))
        if starts:
            end = next((j for j in range(i + 1, len(lines)) if lines[j].strip() == "---"), len(lines))
            yield i + 1, "\n".join(lines[i + 1 : end]) + "\n"


def _complaints(path: Path, offset: int, text: str) -> list[str]:
    return [f"{path}:{offset + p.line}: {p.desc}" for p in linter.run(text, RULES)]


def main() -> int:
    """Print what is wrong; return the exit status."""
    found = problems()
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
