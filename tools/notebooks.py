"""Write the chapters as Jupyter notebooks: for students without solutions, for instructors with them.

A notebook is made from the chapter's one source. Directives and roles become plain Markdown, with the numbers
that the site prints; stubs, checks and hints stay cells. Nothing is run; equal sources give equal bytes.
"""

from __future__ import annotations

import lean_start  # noqa: F401 - before nbformat

# isort: split
import argparse
import hashlib
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from pybtex.backends.markdown import Backend
from pybtex.database import BibliographyData, parse_file
from pybtex.style.formatting.plain import Style

import launch
from fysstk_book import exercises, sources
from fysstk_book.sources import Directive, Page

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "_build" / "notebooks"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# Two kernels at a time, one thread each: threads that wait for each other are slower than none.
# What they solve is nobody's progress.
SETTINGS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "FYSSTK_PROGRESS": "off"}
ABOUT = (
    "*This notebook belongs to a page of the book and needs its packages, `fysstk_nn` and `fysstk_book`. "
    "Numbers of chapters, equations, figures and exercises are those of the book.*"
)
# The modules that chapters import, one for each library of the extra `notebooks`.
NEEDED = ("fysstk_book", "matplotlib", "sympy", "lark", "autograd", "sklearn", "mlxtend", "distributed")

# Roles and directives that become plain text, a piece of code, or a quotation with a bold title.
TEXT = {"term", "abbr", "kbd", "sub", "sup", "emphasis"}
CODE = {"func", "meth", "class", "mod", "attr", "data", "code", "file"}
QUOTES = {"admonition", "margin", "sidebar", "dropdown", "epigraph"}
QUOTES |= {"note", "tip", "hint", "important", "warning", "caution", "danger", "attention", "seealso"}

ROLE = re.compile(r"\{([a-zA-Z][\w:-]*)\}`([^`]+)`")
LINK_TO_PAGE = re.compile(r"\]\(([\w-]+)\.md\)")


def is_notebook(path: Path) -> bool:
    """Tell whether a page has cells to run."""
    text = path.read_text(encoding="utf8") if path.suffix == ".md" else ""
    return text.startswith("---") and "\n```{code-cell}" in text


class Book:
    """All that a page may refer to: the numbers and titles of the others, and the bibliography."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.pages = {page.name: page for page in sources.pages(root) if page.path.is_file()}
        self.entries = sources.entries(root)

    @cached_property
    def bibliography(self) -> BibliographyData:
        """The works of book/references.bib."""
        return parse_file(str(self.root / "book" / "references.bib"))

    @cached_property
    def references(self) -> dict[str, str]:
        """The full references in Markdown by their keys, sorted by author."""
        works = Style().format_bibliography(self.bibliography, list(self.bibliography.entries))
        texts = {work.key: work.text.render(Backend()) for work in works}
        return {key: " ".join(re.sub(r"\\([.:()-])", r"\1", text).split()) for key, text in texts.items()}

    def short(self, key: str) -> tuple[str, str]:
        """Return how a work is cited: ("Glorot and Bengio", "2010")."""
        work = self.bibliography.entries[key]
        people = work.persons.get("author") or work.persons.get("editor") or []
        names = [re.sub(r"[{}]", "", " ".join((*who.prelast_names, *who.last_names))) for who in people]
        first = names[0] if names else work.fields.get("key", key)
        who = f"{first} et al." if len(names) > 2 else " and ".join(names) or first
        return who, work.fields.get("year", "no year")

    def long(self, keys: Iterable[str]) -> list[str]:
        """Return full references in Markdown, sorted by author."""
        wanted = set(keys)
        return [text for key, text in self.references.items() if key in wanted]


class Writer:
    """Turns one page into cells, from top to bottom. What it cannot say is noted in `problems`."""

    def __init__(self, page: Page, book: Book, *, solutions: bool) -> None:
        self.page = page
        self.book = book
        self.solutions = solutions
        self.problems: list[str] = []
        self.cells: list[nbformat.NotebookNode] = []
        self.markdown: list[str] = []
        self.cited: dict[str, None] = {}
        self.section = [page.chapter or 0, 0, 0, 0, 0, 0]
        self.imports_hint = re.search(r"^from fysstk_book\.check import .*\bhint\b", page.text, re.MULTILINE)

    def notebook(self) -> nbformat.NotebookNode:
        """Return the page as a notebook."""
        in_solution = False
        for block in sources.blocks(self.page.text):
            name = block.name if isinstance(block, Directive) else ""
            in_solution = name == "solution-start" or (in_solution and name != "solution-end")
            if self.solutions or not (in_solution or name == "solution-end"):
                self.add(block)
        if self.page is next(iter(self.book.pages.values())):  # the front page
            self.flush()
            self.markdown.append(self.contents())
        if references := self.book.long(self.cited):
            self.markdown.append("\n".join(f"- {reference}" for reference in references))
        self.flush()
        identify(self.cells)
        self.cells.insert(1, new_cell("code", install(), id=launch.INSTALL))
        return nbformat.v4.new_notebook(cells=self.cells, metadata=METADATA)

    def add(self, block: str | Directive) -> None:
        """Append one block of the page."""
        if isinstance(block, str):
            self.prose(block)
        elif block.name == "code-cell":
            self.code(block.body.strip("\n"), block.options)
        elif block.name == "hints":
            self.hints(block.argument)
        else:
            if block.name == "exercise":
                self.flush()
            self.markdown.append(self.directive(block))

    def flush(self) -> None:
        """Make a cell of the Markdown so far."""
        source = re.sub(r"\n{3,}", "\n\n", "\n\n".join(self.markdown)).strip()
        self.markdown = []
        if source:
            self.cells.append(new_cell("markdown", source))

    def contents(self) -> str:
        """Return the list of the notebooks in the order of the book; a folder shows them by their names."""
        lines: list[str] = []
        part = ""
        for page in self.book.pages.values():
            if page is not self.page and is_notebook(page.path):
                if page.part != part:
                    lines.append(f"\n**{page.part}**\n")
                    part = page.part
                number = f"{page.chapter}. " if page.chapter else ""
                lines.append(f"- [{number}{self.inline(page.title)}]({page.name}.ipynb)")
        return "\n".join(["## All notebooks, in the order of the book", *lines] if lines else [])

    # Cells

    def code(self, source: str, options: dict) -> None:
        """Append a cell of code, and the caption of its figure."""
        self.flush()
        cell = new_cell("code", source)
        if tags := options.get("tags"):
            cell.metadata["tags"] = [tags] if isinstance(tags, str) else list(tags)
            if "hide-input" in cell.metadata["tags"]:
                cell.metadata["jupyter"] = {"source_hidden": True}
        self.cells.append(cell)
        figure = options.get("mystnb", {}).get("figure", {})
        if caption := figure.get("caption"):
            number = self.number(figure.get("name", ""))
            self.markdown.append(f"**Figure {number}.** {self.inline(' '.join(caption.split()))}")
            self.flush()

    def hints(self, id: str) -> None:
        """Append a cell that gives hints to those who ask for them, and not to those who run all cells."""
        lines = [] if self.imports_hint else ["from fysstk_book.check import hint", ""]
        lines += ["# Stuck? Remove the # of the next line and run the cell; run it again for the next hint."]
        lines += [f'# hint("{id}")']
        self.code("\n".join(lines), {"tags": ["hint"]})

    # Markdown

    def prose(self, text: str) -> None:
        """Append a passage; each heading starts a new cell."""
        for part in re.split(r"^(#{1,6} .*)$", text, flags=re.MULTILINE):
            heading = sources.HEADING.match(part)
            if heading:
                self.flush()
                is_title = len(heading[1]) == 1
                number = f"{self.page.chapter}. " if is_title and self.page.chapter else ""
                self.markdown.append(f"{heading[1]} {number}{self.inline(heading[2])}")
                self.markdown += [ABOUT] if is_title else []
            else:
                self.markdown.append(self.passage(part))

    def passage(self, text: str) -> str:
        """Return a passage without headings as plain Markdown."""
        lines = (line for line in text.splitlines() if not self.is_invisible(line))
        pieces = sources.MATH.split("\n".join(lines))
        said = [self.inline(pieces[0])]
        for latex, label, after in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
            said += [self.equation(latex, label), self.inline(after)]
        return "".join(said).strip()

    @staticmethod
    def is_invisible(line: str) -> bool:
        """Tell whether a line is a label, a comment, a cell break or an attribute of what follows."""
        return bool(sources.TARGET.match(line) or re.match(r"^(%( |$)|\+\+\+|\{[.#][^}]*\}$)", line))

    def equation(self, latex: str, label: str | None) -> str:
        """Return a displayed equation with the number that the book prints."""
        latex = "\n".join(line for line in latex.strip().splitlines() if line.strip())
        if "\\\\" in latex and "\\begin" not in latex:
            latex = f"\\begin{{split}}\n{latex}\n\\end{{split}}"
        tag = f" \\tag{{{self.number(label.strip())}}}" if label else ""
        return f"$$\n{latex}{tag}\n$$"

    def directive(self, block: Directive) -> str:
        """Return a directive as plain Markdown."""
        name, title, body = block.name, block.argument, block.body
        if name in {"", "code-block", "code"}:
            return f"```{title}\n{body}\n```"
        if name == "exercise":
            return self.exercise(title, block.options.get("label", ""), body)
        if name == "solution-start":
            return f"**Solution of {self.refer('numref', title).lower()}**"
        if name in {"solution-end", "div"}:
            return self.inside(body)
        if name == "math":
            return self.equation(body, block.options.get("label"))
        if name in {"table", "list-table"}:
            table = body if name == "table" else list_table(body)
            number = self.number(block.options.get("name") or block.options.get("label") or "")
            caption = f"**Table {number}.** {title}" if title else ""
            return self.inline(f"{caption}\n\n{table}").strip()
        if name == "due":  # it is for the browser that knows what was answered
            return ""
        if name == "playground":
            return (
                f"*On the book's page, this network can be set, stepped and trained.*\n\n{self.inside(body)}"
            )
        if name == "admonition" and block.options.get("class") == "dropdown":
            summary = f"<details><summary>{self.inline(title)}</summary>"
            return f"{summary}\n\n{self.inside(body)}\n\n</details>"
        if name in QUOTES:
            bold = title or {"admonition": "", "margin": "", "epigraph": ""}.get(name, name.capitalize())
            return quote(self.inline(bold), self.inside(body))
        self.problems.append(f"{self.page.path.name}: the directive {{{name}}} has no form in a notebook")
        return self.inside(body)

    def inside(self, text: str) -> str:
        """Return the body of a directive as plain Markdown."""
        parts = [
            self.passage(block) if isinstance(block, str) else self.directive(block)
            for block in sources.blocks(text)
        ]
        return "\n\n".join(part for part in parts if part)

    def exercise(self, title: str, label: str, body: str) -> str:
        """Return the statement of an exercise under a heading, with what it takes."""
        heading = f"### Exercise {self.number(label)}. {self.inline(title)}"
        found = exercises.find(label.removeprefix("ex-"))
        effort = f"*Difficulty {found.difficulty} of 3, about {found.minutes} minutes*"
        return f"{heading}\n\n{effort}\n\n{self.inside(body)}"

    # What stands inside a line

    def inline(self, text: str) -> str:
        """Replace roles and links to pages by text that Jupyter shows."""
        text = ROLE.sub(lambda role: self.role(role[1], role[2]), text)
        return LINK_TO_PAGE.sub(lambda link: f"]({link[1]}.ipynb)", text)

    def role(self, name: str, content: str) -> str:
        """Return the readable text of one role."""
        explicit = re.fullmatch(r"(.*?)\s*<([^<>]+)>", content, re.DOTALL)
        text, target = (explicit[1], explicit[2]) if explicit else (None, content)
        kind = name.removeprefix("py:")
        if name in {"ref", "numref", "eq", "doc"}:
            return self.refer(name, target, text)
        if name.split(":")[0] == "cite":
            return self.cite(target, textual=name.endswith(":t"))
        if name == "math":
            return f"${content}$"
        if kind in TEXT:
            return text or content
        if kind in CODE:
            return f"`{text or target.removeprefix('~').rpartition('.' if target[0] == '~' else ' ')[2]}`"
        self.problems.append(f"{self.page.path.name}: the role {{{name}}} has no form in a notebook")
        return text or content

    def refer(self, role: str, target: str, text: str | None = None) -> str:
        """Return what a cross-reference prints; where it leads to another notebook, as a link."""
        if role == "doc":
            name = target.rpartition("/")[2].removesuffix(".md")
            page = self.book.pages.get(name)
            return self.link(text or (page.title if page else self.unknown(target)), name)
        entry = self.book.entries.get(target)
        if entry is None:
            return text or self.unknown(target)
        if role == "eq":
            return f"({entry.number})"
        if role == "numref":
            name = "Chapter" if entry.kind == "section" else entry.kind.capitalize()
            words = text.replace("%s", entry.number).replace("{number}", entry.number) if text else ""
            return self.link(words or f"{name} {entry.number}", entry.page)
        return self.link(text or self.inline(entry.text), entry.page)

    def link(self, text: str, page: str) -> str:
        """Link a text to another page's notebook, if it has one."""
        return f"[{text}]({page}.ipynb)" if page != self.page.name and self.has_notebook(page) else text

    def has_notebook(self, page: str) -> bool:
        """Tell whether a page is one of the notebooks."""
        return page in self.book.pages and is_notebook(self.book.pages[page].path)

    def number(self, label: str) -> str:
        """Return the number of an equation, figure, table or exercise."""
        entry = self.book.entries.get(label)
        return entry.number if entry else self.unknown(label)

    def unknown(self, label: str) -> str:
        """Note a label that nothing in the book has."""
        self.problems.append(f"{self.page.path.name}: nothing in the book has the label {label!r}")
        return label

    def cite(self, keys: str, *, textual: bool) -> str:
        """Return a citation as the site prints it, and remember the works for the list at the end."""
        said = []
        for key in (key.strip() for key in keys.split(",")):
            if key not in self.book.bibliography.entries:
                self.problems.append(f"{self.page.path.name}: there is no work {key!r} in references.bib")
                continue
            self.cited[key] = None
            said.append(self.book.short(key))
        if textual:
            return ", ".join(f"{who} [{year}]" for who, year in said)
        return f"[{'; '.join(f'{who}, {year}' for who, year in said)}]"


def quote(title: str, body: str) -> str:
    """Return a quotation with a bold title. An equation in it stands on one line: Jupyter wants that."""
    body = sources.MATH.sub(lambda math: f"$${' '.join(math[1].split())}$$", body)
    text = f"**{title}**\n\n{body}" if title else body
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def list_table(body: str) -> str:
    """Turn the body of a {list-table} into a Markdown table whose first row is the head."""
    rows = re.split(r"^\* - ?", body, flags=re.MULTILINE)[1:]
    table = [re.split(r"^ +- ?", row, flags=re.MULTILINE) for row in rows]
    lines = ["| " + " | ".join(" ".join(cell.split()) for cell in row) + " |" for row in table]
    return "\n".join([*lines[:1], "|" + " --- |" * len(table[0]), *lines[1:]]) if lines else ""


def install() -> str:
    """Return the cell that says how to install what the notebooks need, and nothing where it is there."""
    wheel, site = launch.wheel(), launch.site()
    how = "Run this line in a cell of its own, then go on:"
    package = f"fysstk-nn[notebooks] @ {site}/notebooks/{wheel}"
    if not site:
        how = f"Put {wheel}, which the book's front page offers,\nbeside this notebook. {how}"
        package = f"./{wheel}[notebooks]"
    return f'''# Says how to install the book's package where it, or a library that it needs, is missing.
from importlib.util import find_spec

needed = {json.dumps(NEEDED)}
if not all(map(find_spec, needed)):
    print("""The book's package, or a library that it needs, is not installed.
{how}

%pip install -q "{package}"
""")'''


def new_cell(kind: str, source: str, id: str = "") -> nbformat.NotebookNode:
    """Return a cell; nbformat's own function would hold each against the schema, and the notebook again."""
    run = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return nbformat.from_dict({"cell_type": kind, "id": id, "metadata": {}, "source": source, **run})


def identify(cells: list[nbformat.NotebookNode]) -> None:
    """Give each cell an id that depends on its content alone: an edit elsewhere does not change it."""
    seen: Counter[str] = Counter()
    for cell in cells:
        content = f"{cell.cell_type}\n{cell.source}"
        seen[content] += 1
        cell.id = hashlib.sha256(f"{seen[content]}\n{content}".encode()).hexdigest()[:12]


def write_all(
    folder: Path, *, solutions: bool, only: Iterable[Path] | None = None, book: Book | None = None
) -> list[str]:
    """Write the notebooks of the book's pages into a folder of their own; return what went wrong."""
    book = book or Book()
    wanted = {path.resolve() for path in only} if only is not None else None
    problems: list[str] = []
    written = set()
    folder.mkdir(parents=True, exist_ok=True)
    for page in book.pages.values():
        if is_notebook(page.path) and (wanted is None or page.path.resolve() in wanted):
            writer = Writer(page, book, solutions=solutions)
            target = folder / f"{page.name}.ipynb"
            target.write_text(nbformat.v4.writes(writer.notebook()) + "\n", encoding="utf8")
            written.add(target)
            problems += writer.problems
    for old in set(folder.glob("*.ipynb")) - written:
        old.unlink()
    return problems


def write_both(target: Path = TARGET) -> list[str]:
    """Write both sets; return what went wrong."""
    book = Book()
    problems = write_all(target / "student", solutions=False, book=book)
    problems += write_all(target / "instructor", solutions=True, book=book)
    return list(dict.fromkeys(problems))


def run(path: Path) -> str:
    """Run a notebook from top to bottom, in a kernel of its own; return what went wrong, if anything did."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": path.parent}})
    try:
        client.execute(env=os.environ | SETTINGS)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        return f"{path.parent.name}/{path.name}: {error}"
    return ""


def run_all(folder: Path) -> list[str]:
    """Run the notebooks in a folder, two at a time; return what went wrong."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        return [problem for problem in pool.map(run, sorted(folder.glob("*.ipynb"))) if problem]


def main() -> int:
    """Write both sets, and run them if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, default=TARGET, help="folder for student/ and instructor/")
    # The instructors' notebooks have the very cells of the pages, which the build runs anyway.
    parser.add_argument("--run", choices=("student", "instructor"), help="run one set, to see that it does")
    arguments = parser.parse_args()
    target = arguments.to
    problems = write_both(target)
    if arguments.run:
        problems += run_all(target / arguments.run)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(list(target.glob('student/*.ipynb')))} notebooks for students in {target / 'student'}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
