"""MathJax from the site itself: pages need no other host, and open from a plain folder.

The package sphinx-mathjax-offline carries MathJax 3.2.2 (Apache License 2.0), all 24 MB of it. Pages need one
script, its fonts, and the TeX extensions that it loads when a formula asks for them; only these are copied.
"""

import importlib
import shutil
from pathlib import Path

SCRIPT = "tex-chtml.js"
PARTS = (SCRIPT, "output/chtml/fonts/woff-v2", "input/tex/extensions")


def source() -> Path:
    """Return the folder with MathJax in the installed package."""
    return Path(importlib.import_module("sphinx-mathjax-offline").__file__).parent / "static" / "mathjax"


def copy(app, exception):
    """Copy what pages need into the built site."""
    if exception is not None or app.builder.format != "html":
        return
    here, there = source(), Path(app.outdir) / "_static" / "mathjax"
    for part in PARTS:
        (there / part).parent.mkdir(parents=True, exist_ok=True)
        if (here / part).is_dir():
            shutil.copytree(here / part, there / part, dirs_exist_ok=True)
        else:
            shutil.copyfile(here / part, there / part)


def point_to_the_copy(app, config):
    """Let the pages load MathJax from the site."""
    config.mathjax_path = f"mathjax/{SCRIPT}"


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("config-inited", point_to_the_copy)
    app.connect("build-finished", copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
