"""Where a page can be seen and run outside the site: in its repository, on Binder, in Colab, downloaded.

Two addresses say it. BOOK_REPOSITORY_URL is the repository's; without it no link leaves the site.
BOOK_SITE_URL is where the site will stand; notebooks that are downloaded install the package from there.
Binder makes its environment from .binder/. Colab opens notebooks only from a branch of a GitHub repository;
the workflow .github/workflows/pages.yml fills that branch with what this program writes.
"""

from __future__ import annotations

import lean_start  # noqa: F401 - before nbformat

# isort: split
import argparse
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

import nbformat

ROOT = Path(__file__).resolve().parents[1]
STUDENT = ROOT / "_build" / "notebooks" / "student"
COLAB = ROOT / "_build" / "notebooks" / "colab"
VARIABLE = "BOOK_REPOSITORY_URL"
SITE = "BOOK_SITE_URL"
BRANCH = "notebooks"  # where Colab finds them
ADDRESS = re.compile(r"https://[\w.-]+(:\d+)?/[\w.-]+(/[\w.-]+)+")
GITHUB = "https://github.com/"
INSTALL = "install"  # the id of the cell that says how to install the package


def repository() -> str:
    """Return the address of the book's repository, or nothing if there is none."""
    address = os.environ.get(VARIABLE, "").strip().rstrip("/").removesuffix(".git")
    if address and not ADDRESS.fullmatch(address):
        raise ValueError(f"{VARIABLE} should look like https://github.com/owner/name, not like {address!r}")
    return address


def site() -> str:
    """Return the address of the published site: as it is set, else GitHub's for the repository, else none."""
    address = os.environ.get(SITE, "").strip().rstrip("/")
    if address and not re.fullmatch(r"https?://[^\s\"'\\]+", address):
        raise ValueError(f"{SITE} should look like https://owner.github.io/name, not like {address!r}")
    if not address and (found := re.fullmatch(re.escape(GITHUB) + r"([\w.-]+)/([\w.-]+)", repository())):
        address = f"https://{found[1].lower()}.github.io/{found[2]}"
    return address


def wheel() -> str:
    """Return the name of the package's wheel, which the site carries beside the notebooks."""
    return f"fysstk_nn-{version('fysstk-nn')}-py3-none-any.whl"


def make_wheel(folder: Path) -> Path:
    """Build the package's wheel into `folder`, with the build tools of this environment."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"The package's wheel could not be built:\n\n{done.stdout}{done.stderr}")
    return folder / wheel()


def links(address: str, page: str, *, notebook: bool) -> dict[str, str]:
    """Return where a page such as "book/gates" can be opened, by the name of the place.

    The addresses that end in a line are of the page's first one; report.js puts the reader's line there.
    """
    if not address:
        return {}
    found = {"Source": f"{address}/blob/HEAD/{page}.md"}
    on_github = address.startswith(GITHUB)
    if on_github:
        found["Edit this page"] = f"{address}/edit/HEAD/{page}.md#L1"
        found["Report an error here"] = f"{address}/issues/new?template=error.yml&page={page}.md&line=1"
    if notebook:
        file = f"{Path(page).name}.ipynb"
        name = address.removeprefix(GITHUB)
        place = f"gh/{name}" if on_github else f"git/{quote(address, safe='')}"
        found["Binder"] = (
            f"https://mybinder.org/v2/{place}/HEAD?urlpath={quote(f'lab/tree/work/{file}', safe='')}"
        )
        if on_github:
            found["Colab"] = f"https://colab.research.google.com/github/{name}/blob/{BRANCH}/{file}"
    return found


def write_notebooks(source: Path, target: Path, first: str, kernel: dict[str, str] | None = None) -> None:
    """Copy the notebooks, each with a cell at its top that installs, in place of the one that asks for it."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        notebook.metadata.kernelspec = kernel or notebook.metadata.kernelspec
        notebook.cells = [cell for cell in notebook.cells if cell.id != INSTALL]
        notebook.cells.insert(0, nbformat.v4.new_code_cell(first, id=INSTALL))
        nbformat.write(notebook, target / path.name)


def main() -> int:
    """Write the notebooks for Colab, which install the package from the repository."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--to", type=Path, default=COLAB, help="the folder to write them into")
    target = parser.parse_args().to
    if not (address := repository()):
        print(f"Set {VARIABLE} to the address of the repository first.", file=sys.stderr)
        return 1
    write_notebooks(STUDENT, target, f'%pip install -q "fysstk-nn[notebooks] @ git+{address}"')
    print(f"{len(list(target.glob('*.ipynb')))} notebooks for Colab in {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
