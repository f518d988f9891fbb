"""Render pages with Sphinx, as Jupyter Book configures it from _config.yml."""

from __future__ import annotations

import lean_start  # noqa: F401 - before nbformat

# isort: split
import functools
import gc
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

import pybtex.plugin
from jupyter_book.config import get_final_config
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.console import color_terminal, nocolor
from sphinx.util.docutils import docutils_namespace, patch_docutils
from sphinx.util.index_entries import split_index_msg

from depends import fingerprint
from inputs import ROOT


def render(
    out: Path,
    doctrees: Path,
    warnings: TextIO,
    *,
    builder: str = "html",
    strict: bool = False,
    changed: Iterable[str] | None = None,
    **settings: Any,
) -> bool:
    """Render all pages of the table of contents into `out`; return whether nothing was wrong.

    Strict means that every warning counts as an error, and every reference without a target as a warning;
    all of them are reported before the run ends. `settings` replace those of _config.yml, by Sphinx's names.
    Nothing of an earlier run is used: a warning that was shown once is shown again. Else say which pages have
    `changed` since a run into the same folders that found nothing wrong: they are rendered, with those that
    depend on them.
    """
    # Millions of objects live to the end; to look for garbage among them takes a third of the time.
    gc.set_threshold(100_000, 50, 1000)
    settings = {"external_toc_path": (ROOT / "_toc.yml").as_posix(), "nitpicky": strict, **settings}
    config, _ = get_final_config(
        user_yaml=ROOT / "_config.yml",
        cli_config={"latex_individualpages": False, **settings},
        sourcedir=ROOT,
    )
    if not color_terminal():
        nocolor()
    # For each citation it would ask all installed packages for plugins, which takes 0.05 s.
    pybtex.plugin.find_plugin = functools.cache(pybtex.plugin.find_plugin)
    with patch_docutils(None), docutils_namespace():
        app = Sphinx(
            srcdir=ROOT,
            confdir=None,
            outdir=out,
            doctreedir=doctrees,
            buildername=builder,
            confoverrides=config,
            status=None,
            warning=warnings,
            freshenv=changed is None,
            warningiserror=strict,
            keep_going=True,
        )
        if changed is not None:
            app.connect("env-get-outdated", lambda app, env, *_: [*changed, *outdated(env)])
        app.connect("env-get-updated", write_whom_it_concerns)  # the numbers are known by then
        app.build(force_all=changed is None)
    mend_search_index(Path(app.outdir, "searchindex.js"), app.env)
    remove_old_images(app)
    return app.statuscode == 0


def mend_search_index(index: Path, env: BuildEnvironment) -> None:
    """Make the search index of an incremental run that of a full one.

    Such a run leaves words that no page has any more, and loses the terms of pages that it does not write.
    """
    if index.is_file():
        start, end = "Search.setIndex(", ")"
        found = json.loads(index.read_text(encoding="utf-8").removeprefix(start).removesuffix(end))
        for kind in ("terms", "titleterms"):
            found[kind] = {word: pages for word, pages in found[kind].items() if pages != []}
        found["indexentries"] = index_entries(env, found["docnames"])
        index.write_text(start + json.dumps(found, sort_keys=True) + end, encoding="utf-8")


def index_entries(env: BuildEnvironment, pages: list[str]) -> dict[str, list[tuple[int, str, bool]]]:
    """Return where each term stands: the place of its page, the id, and whether it is the main one."""
    found: dict[str, set[tuple[int, str, bool]]] = {}
    entries = env.get_domain("index").entries
    for place, page in enumerate(pages):
        for kind, value, id, main, _ in entries.get(page, []):
            for term in split_index_msg(kind, value)[: 1 if kind in ("see", "seealso") else None]:
                found.setdefault(term.lower(), set()).add((place, id, main == "main"))
    return {term: sorted(places) for term, places in found.items()}


def remove_old_images(app: Sphinx) -> None:
    """Remove the images that an earlier run had copied and no page shows any more."""
    shown = {name for _, name in app.env.images.values()}
    for path in Path(app.outdir, "_images").glob("*"):
        if path.name not in shown:
            path.unlink()


def outdated(env: BuildEnvironment) -> list[str]:
    """Return the pages that have looked into files which have changed, whatever the date of these is."""
    now = fingerprints(env)
    return [
        page for page, files in env.dependencies.items() if any(now[f] != env.book_files[f] for f in files)
    ]


def fingerprints(env: BuildEnvironment) -> dict[str, str]:
    """Return hashes of all files that pages have looked into."""
    return {file: fingerprint(ROOT / file) for files in env.dependencies.values() for file in files}


def write_whom_it_concerns(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return what to write again: all pages, if something has changed that pages say of each other."""
    env.book_files = fingerprints(env)
    before, env.book_mentions = getattr(env, "book_mentions", None), mentions(env)
    return sorted(env.found_docs) if before != env.book_mentions else []


def mentions(env: BuildEnvironment) -> str:
    """Return what a page may say of others: titles, numbers, labels, terms, works."""
    std, math = env.get_domain("std"), env.get_domain("math")
    works = env.domains["cite"].citations if "cite" in env.domains else []
    found = {
        "titles": {name: title.astext() for name, title in env.titles.items()},
        "menu": env.toctree_includes,
        "numbers": [env.toc_secnumbers, env.toc_fignumbers],
        "labels": [std.labels, std.anonlabels],
        "objects": [sorted(map(repr, std.objects.items())), sorted(map(repr, std._terms.items()))],
        "equations": {label: page for label, (page, _) in math.equations.items()},
        "code": sorted(map(repr, env.get_domain("py").objects.items())),
        "works": sorted((one.key, one.formatted_entry.label) for one in works),
    }
    return json.dumps(found, sort_keys=True, default=str)
