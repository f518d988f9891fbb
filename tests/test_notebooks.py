"""The notebooks: plain Markdown, the book's numbers, stubs, checks, no solutions for students."""

import functools
import importlib.util
import re
import tomllib
from pathlib import Path

import nbformat
import pytest

import launch
import notebooks
from fysstk_book import sources
from fysstk_book.sources import Directive

ROOT = Path(__file__).parents[1]
PAGES = [page for page in sources.pages(ROOT) if page.path.is_file() and notebooks.is_notebook(page.path)]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
# These run here; `tools/notebooks.py --run student` runs them all.
RUN_HERE = [("student", "four-equations"), ("instructor", "chain-rule")]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Both sets of notebooks, and what the writer complained about."""
    folder = tmp_path_factory.mktemp("notebooks")
    return folder, notebooks.write_both(folder)


@functools.cache
def read(path):
    return nbformat.read(path, as_version=4)


@pytest.fixture
def student(written, page):
    return read(written[0] / "student" / f"{page.name}.ipynb")


@pytest.fixture
def instructor(written, page):
    return read(written[0] / "instructor" / f"{page.name}.ipynb")


def markdown(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def tagged(notebook, tag):
    return [cell.source for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


SOLUTION = re.compile(r"^```\{solution-start\}.*?^```\{solution-end\}\n```", re.MULTILINE | re.DOTALL)


def cells(text):
    blocks = [block for block in sources.blocks(text) if isinstance(block, Directive)]
    return [block.body.strip("\n") for block in blocks if block.name == "code-cell"]


def test_everything_on_the_pages_can_be_said(written):
    assert not written[1], "\n".join(written[1])


def test_each_page_with_code_is_in_both_sets(written):
    for name in ("student", "instructor"):
        assert {path.stem for path in (written[0] / name).iterdir()} == {page.name for page in PAGES}


def test_the_same_sources_give_the_same_bytes(written, tmp_path):
    notebooks.write_all(tmp_path, solutions=False)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (written[0] / "student" / path.name).read_bytes()


def test_a_notebook_of_a_page_that_is_gone_is_removed(tmp_path):
    old = tmp_path / "gone.ipynb"
    old.write_text("{}")
    notebooks.write_all(tmp_path, solutions=False, only=[PAGES[0].path])
    assert [path.stem for path in tmp_path.iterdir()] == [PAGES[0].name]


@each_page
def test_notebook_is_valid_and_has_no_outputs(student, instructor):
    for notebook in (student, instructor):
        nbformat.validate(notebook)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


@each_page
def test_markdown_is_plain(student, instructor):
    for text in (markdown(student), markdown(instructor)):
        text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        assert not re.search(r"\{[a-z][\w:-]*\}`", text), "a role"
        assert not re.search(r"^(`{3,}|:{3,})", text, re.MULTILINE), "a directive"
        assert not re.search(r"^\([\w-]+\)=|\$\$ *\([\w-]+\)$", text, re.MULTILINE), "a label"
        assert not re.search(r"\.md\)", text), "a link to a source"


@each_page
def test_links_lead_to_notebooks_that_exist(student):
    names = {page.name for page in PAGES}
    assert set(re.findall(r"\]\(([\w-]+)\.ipynb\)", markdown(student))) <= names


@each_page
def test_numbers_are_those_of_the_book(page, instructor):
    text = markdown(instructor)
    for kind, pattern in (
        ("equation", r"\\tag\{([\d.]+)\}"),
        ("figure", r"^\*\*Figure ([\d.]+)\.\*\*"),
        ("exercise", r"^### Exercise ([\d.]+)\. "),
    ):
        numbers = [e.number for e in sources.entries(ROOT).values() if (e.page, e.kind) == (page.name, kind)]
        assert re.findall(pattern, text, re.MULTILINE) == numbers


@each_page
def test_cells_are_those_of_the_page(page, student, instructor):
    for notebook, expected in ((student, cells(SOLUTION.sub("", page.text))), (instructor, cells(page.text))):
        code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.id != launch.INSTALL]
        assert [cell.source for cell in code if "hint" not in cell.metadata.get("tags", [])] == expected


@each_page
def test_hints_are_asked_for(page, student):
    ids = [b.argument for b in sources.blocks(page.text) if isinstance(b, Directive) and b.name == "hints"]
    found = tagged(student, "hint")
    assert len(found) == len(ids)
    assert all(f'# hint("{id}")' in source for id, source in zip(ids, found, strict=True))


@each_page
def test_students_see_no_solution(page, student):
    solutions, rest = SOLUTION.findall(page.text), SOLUTION.sub("", page.text)
    lines = {line.strip() for solution in solutions for line in solution.splitlines()}
    secret = {
        line
        for line in lines
        if len(line) > 15 and not line.startswith(("```", "check(")) and line not in rest
    }
    shown = "\n".join(cell.source for cell in student.cells)
    assert not {line for line in secret if line in shown}
    assert not tagged(student, "solution")


@pytest.mark.parametrize(("audience", "name"), RUN_HERE)
def test_notebook_runs_from_top_to_bottom(written, audience, name):
    assert not notebooks.run(written[0] / audience / f"{name}.ipynb")


# What the pages do not happen to use


def one_page(tmp_path, text):
    """Turn the text of a book with one page into a notebook; return its writer and its Markdown."""
    (tmp_path / "book").mkdir()
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/index\n")
    (tmp_path / "book" / "index.md").write_text(text, encoding="utf8")
    (tmp_path / "book" / "references.bib").write_text(BIB)
    book = notebooks.Book(tmp_path)
    writer = notebooks.Writer(book.pages["index"], book, solutions=True)
    return writer, markdown(writer.notebook())


BIB = """@article{two, author={Ada Lovelace and Alan {van Turing}}, title={T}, journal={J}, year={1950}}
@article{many, author={A. B. and C. D. and E. F.}, title={T}, journal={J}, year={1951}}
"""


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("{term}`neuron`, {term}`neurons <neuron>`", "neuron, neurons"),
        ("{math}`x`, {py:func}`fysstk_nn.mlp.MLP`, {func}`~a.b`", "$x$, `fysstk_nn.mlp.MLP`, `b`"),
        ("see {cite}`two,many`", "see [Lovelace and van Turing, 1950; B. et al., 1951]"),
        ("{cite:t}`two` say", "Lovelace and van Turing [1950] say"),
        ("(a)=\n## Head\n\nsee {ref}`a`, {ref}`there <a>`", "## Head\n\nsee Head, there"),
        ("$$ x $$ (eq-x)\n\nby {eq}`eq-x`", "$$\nx \\tag{1}\n$$\n\nby (1)"),
        ("$$\na \\\\\nb\n$$", "$$\n\\begin{split}\na \\\\\nb\n\\end{split}\n$$"),
        ("```{math}\n:label: eq-m\ny\n```", "$$\ny \\tag{1}\n$$"),
        (":::{note}\nMind\n\n$$\nz\n$$\n:::", "> **Note**\n>\n> Mind\n>\n> $$z$$"),
        ("```{margin} Aside\nText\n```", "> **Aside**\n>\n> Text"),
        ("% a comment\n+++\nText", "Text"),
        ("```python\n{ref}`x`\n```", "```python\n{ref}`x`\n```"),
        ("```{list-table} Names\n:name: tab-n\n* - a\n  - b\n* - 1\n  - 2\n```",
         "**Table 1.** Names\n\n| a | b |\n| --- | --- |\n| 1 | 2 |"),
    ],
)  # fmt: skip
def test_markdown_of(tmp_path, text, plain):
    writer, said = one_page(tmp_path, text)
    assert not writer.problems
    assert said.partition("\n\n- ")[0] == plain


@pytest.mark.parametrize("text", ["{ref}`nowhere`", "{cite}`nobody`", "{glue}`x`", "```{glue} x\n```"])
def test_what_cannot_be_said_is_reported(tmp_path, text):
    writer, _ = one_page(tmp_path, text)
    assert len(writer.problems) == 1
    assert writer.problems[0].startswith("index.md: ")


def test_the_front_page_lists_the_notebooks_in_the_order_of_the_book(written):
    front = nbformat.read(written[0] / "student" / "index.ipynb", as_version=4)
    links = re.findall(r"^- \[.*\]\(([\w-]+)\.ipynb\)$", front.cells[-1].source, re.MULTILINE)
    assert links == [page.name for page in PAGES if page.name != "index"]
    assert "- [1. Logic gates" in front.cells[-1].source


# The cell that says how to install the package


def run_cell(monkeypatch, capsys, missing):
    """Run the cell where the module `missing` is not installed; return what it prints."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else find(name))
    exec(notebooks.install(), {})
    return capsys.readouterr().out


@each_page
def test_the_first_cell_of_code_is_quiet_where_all_is_there(student, monkeypatch, capsys):
    first = next(cell for cell in student.cells if cell.cell_type == "code")
    assert first.source == notebooks.install()
    assert run_cell(monkeypatch, capsys, None) == ""


@pytest.mark.parametrize("missing", notebooks.NEEDED)
def test_it_says_the_line_that_installs_from_the_site(monkeypatch, capsys, missing):
    monkeypatch.setenv(launch.SITE, "https://example.org/book/")
    line = f'%pip install -q "fysstk-nn[notebooks] @ https://example.org/book/notebooks/{launch.wheel()}"'
    assert line in run_cell(monkeypatch, capsys, missing).splitlines()


def test_without_an_address_it_installs_a_file_that_lies_beside_the_notebook(monkeypatch, capsys):
    monkeypatch.delenv(launch.SITE, raising=False)
    monkeypatch.delenv(launch.VARIABLE, raising=False)
    said = run_cell(monkeypatch, capsys, "fysstk_book")
    assert f'%pip install -q "./{launch.wheel()}[notebooks]"' in said.splitlines()
    assert "front page" in said
    front = (ROOT / "book" / "index.md").read_text("utf8")
    assert f'href="../notebooks/{launch.wheel()}"' in front


def test_each_library_of_the_extra_is_looked_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    known = {"scikit-learn": "sklearn"}
    libraries = [re.split(r"[<>=!~\[]", line)[0] for line in project["optional-dependencies"]["notebooks"]]
    assert set(notebooks.NEEDED) == {"fysstk_book", *(known.get(name, name) for name in libraries)}


def test_the_wheel_is_named_as_the_build_names_it(tmp_path):
    assert launch.make_wheel(tmp_path).is_file()
