"""Says which files of this repository a piece of code needs: its imports are read, and nothing is run."""

from __future__ import annotations

import ast
import hashlib
import threading
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from inputs import ROOT

PLACES = ("src", "tools", "tests", "book/_ext")  # where a name in an import is looked for
ONE_AT_A_TIME = threading.Lock()


def find(name: str, root: Path = ROOT) -> list[Path]:
    """Return the files that ``import name`` loads, packages on the way included; none if it is not ours."""
    for place in PLACES:
        folder, found = root / place, []
        for part in name.split("."):
            if (package := folder / part / "__init__.py").is_file():
                found.append(package)
                folder = package.parent
                continue
            if (module := folder / f"{part}.py").is_file():
                found.append(module)
            break  # what follows is a name in that module
        if found:
            return found
    return []


def parse(code: str) -> ast.Module:
    """Return a program's syntax tree. Python 3.11 miscounts its depth when two threads parse at a time."""
    with ONE_AT_A_TIME:
        return ast.parse(code)


def literal(code: str) -> Any:
    """Return the value of a literal."""
    with ONE_AT_A_TIME:
        return ast.literal_eval(code)


@lru_cache(maxsize=1000)
def imports(code: str) -> tuple[str, ...]:
    """Return the dotted names of all that a program imports, anywhere in it."""
    found: list[str] = []
    for node in statements(parse(code)):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"line {node.lineno}: a relative import, which this reader does not follow")
            found += (f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(dict.fromkeys(found))


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands below a node, but for expressions: most of a program, and they hold no import."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.expr):
            yield child
            yield from statements(child)


def reach(paths: Iterable[Path], root: Path = ROOT) -> set[Path]:
    """Return some programs of ours with all modules of ours that they import, directly or not."""
    found: set[Path] = set()
    waiting = list(paths)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            names = imports(path.read_text(encoding="utf-8"))
            waiting += (file for name in names for file in find(name, root))
    return found


def fingerprint(path: Path, *, as_text: bool = False) -> str:
    """Return a hash of a file, which is "" where there is none.

    Comments and layout of a Python program do not count, unless it is wanted `as_text`.
    """
    if not path.is_file():
        return ""
    content = path.read_bytes()
    if path.suffix == ".py" and not as_text:
        content = _tree(content)
    return hashlib.sha256(content).hexdigest()[:16]


def same_code(one: str, other: str) -> bool:
    """Tell whether two programs differ in comments and layout at most."""
    return one == other or _tree(one.encode()) == _tree(other.encode())


@lru_cache(maxsize=1000)
def _tree(code: bytes) -> bytes:
    try:
        return ast.dump(parse(code)).encode()
    except SyntaxError:
        return code
