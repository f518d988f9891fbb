"""Render pages with Sphinx, as Jupyter Book configures it from _config.yml."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TextIO

from jupyter_book.config import get_final_config
from sphinx.application import Sphinx
from sphinx.util.console import color_terminal, nocolor
from sphinx.util.docutils import docutils_namespace, patch_docutils

from inputs import ROOT


def render(
    out: Path,
    doctrees: Path,
    warnings: TextIO,
    *,
    builder: str = "html",
    strict: bool = False,
    **settings: Any,
) -> bool:
    """Render all pages of the table of contents into `out`; return whether nothing was wrong.

    Strict means that every warning counts as an error, and every reference without a target as a warning;
    all of them are reported before the run ends. `settings` replace those of _config.yml, by Sphinx's names.
    Nothing of an earlier run is used: a warning that was shown once is shown again.
    """
    settings = {"external_toc_path": (ROOT / "_toc.yml").as_posix(), "nitpicky": strict, **settings}
    config, _ = get_final_config(
        user_yaml=ROOT / "_config.yml",
        cli_config={"latex_individualpages": False, **settings},
        sourcedir=ROOT,
    )
    if not color_terminal():
        nocolor()
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
            freshenv=True,
            warningiserror=strict,
            keep_going=True,
        )
        app.build(force_all=True)
    return app.statuscode == 0
