"""Links to places outside the site, and what they lead to: one address sets them all, none means no link."""

import json
import os
import re
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest
import yaml
from docutils import nodes

import build_book
import launch

ROOT = Path(__file__).parents[1]
GITHUB = "https://github.com/owner/name"


@pytest.fixture
def address(monkeypatch):
    """Return a function that sets the repository's address."""
    return lambda text: monkeypatch.setenv(launch.VARIABLE, text)


def test_without_an_address_there_is_no_link(monkeypatch):
    monkeypatch.delenv(launch.VARIABLE, raising=False)
    assert launch.repository() == ""
    assert launch.links(launch.repository(), "book/gates", notebook=True) == {}


@pytest.mark.parametrize("written", [GITHUB, f"{GITHUB}/", f"{GITHUB}.git", f" {GITHUB} "])
def test_an_address_is_read_in_all_its_forms(address, written):
    address(written)
    assert launch.repository() == GITHUB


@pytest.mark.parametrize("wrong", ["owner/name", "http://github.com/owner/name", "https://github.com", 'a"b'])
def test_another_text_is_refused_and_stops_the_build(address, wrong):
    address(wrong)
    with pytest.raises(ValueError, match=re.escape(repr(wrong))):
        launch.repository()
    with pytest.raises(build_book.BuildError, match=r"should look like https://github\.com/owner/name"):
        build_book.build()


def test_the_site_is_where_it_is_said_to_be_or_on_the_repositorys_pages(monkeypatch):
    for variable in (launch.SITE, launch.VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    assert launch.site() == ""
    monkeypatch.setenv(launch.VARIABLE, "https://git.example.org/a/b")
    assert launch.site() == ""
    monkeypatch.setenv(launch.VARIABLE, "https://github.com/Owner/name")
    assert launch.site() == "https://owner.github.io/name"
    monkeypatch.setenv(launch.SITE, " https://example.org/book/ ")
    assert launch.site() == "https://example.org/book"
    monkeypatch.setenv(launch.SITE, "example.org")
    with pytest.raises(ValueError, match=r"BOOK_SITE_URL should look like .* not like 'example\.org'"):
        launch.site()


def test_a_notebook_on_github_opens_everywhere():
    assert launch.links(GITHUB, "book/gates", notebook=True) == {
        "Source": "https://github.com/owner/name/blob/HEAD/book/gates.md",
        "Edit this page": "https://github.com/owner/name/edit/HEAD/book/gates.md#L1",
        "Report an error here": "https://github.com/owner/name/issues/new?template=error.yml&page=book/gates.md&line=1",
        "Binder": "https://mybinder.org/v2/gh/owner/name/HEAD?urlpath=lab%2Ftree%2Fwork%2Fgates.ipynb",
        "Colab": "https://colab.research.google.com/github/owner/name/blob/notebooks/gates.ipynb",
    }


def test_elsewhere_there_is_no_colab_and_without_cells_there_is_only_the_source():
    found = launch.links("https://git.example.org/a/b/c", "book/gates", notebook=True)
    assert list(found) == ["Source", "Binder"]
    assert "/v2/git/https%3A%2F%2Fgit.example.org%2Fa%2Fb%2Fc/HEAD?" in found["Binder"]
    on_github = launch.links(GITHUB, "book/glossary", notebook=False)
    assert list(on_github) == ["Source", "Edit this page", "Report an error here"]


def test_a_page_gets_a_menu_only_with_an_address(address, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "book" / "_ext")
    import book_pages

    def menus():
        context = {"notebook": "notebooks/gates.ipynb", "header_buttons": ["other"]}
        page = nodes.document(None, None)
        section = nodes.section(ids=["one", "two"])
        section.line = 7
        page += [section, nodes.section(ids=["made-by-the-build"])]
        context["body"] = '<section class="evening" id="one"></section><section id="made-by-the-build">'
        book_pages.add_launch_links(SimpleNamespace(), "book/gates", "page.html", context, page)
        assert ('<section class="evening" id="one" data-line="7">' in context["body"]) == bool(
            launch.repository()
        )
        assert context["body"].endswith('<section id="made-by-the-build">')
        return context["header_buttons"]

    address("")
    assert menus() == ["other"]
    address(GITHUB)
    menu, other = menus()
    assert [button["text"] for button in menu["buttons"]] == [
        *("Source", "Edit this page", "Report an error here", "Binder", "Colab"),
    ]


def test_a_new_address_builds_the_site_anew(address, monkeypatch):
    seen = []
    monkeypatch.setattr(build_book, "digest", lambda *places, extra: seen.append(extra) or "")
    monkeypatch.setattr(build_book, "is_complete", lambda *_: True)
    monkeypatch.setattr(build_book, "LEDGER", SimpleNamespace(is_file=lambda: True))
    for text in ("", GITHUB):
        address(text)
        build_book.build()
    assert seen[0] != seen[1]


def test_colabs_notebooks_install_the_package_first(address, monkeypatch, tmp_path, capsys):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")])
    notebook.metadata.kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    (tmp_path / "student").mkdir()
    nbformat.write(notebook, tmp_path / "student" / "gates.ipynb")
    monkeypatch.setattr(launch, "STUDENT", tmp_path / "student")
    monkeypatch.setattr("sys.argv", ["launch.py", "--to", str(tmp_path / "colab")])
    address("")
    assert launch.main() == 1
    assert launch.VARIABLE in capsys.readouterr().err
    address(GITHUB)
    assert launch.main() == 0
    written = nbformat.read(tmp_path / "colab" / "gates.ipynb", as_version=4)
    nbformat.validate(written)
    assert f'"fysstk-nn[notebooks] @ git+{GITHUB}"' in written.cells[0].source
    assert written.cells[1].source == "x = 1"


def test_binder_installs_the_lock_and_fills_the_folder_that_the_links_open():
    script = ROOT / ".binder" / "postBuild"
    assert os.access(script, os.X_OK)
    assert "--require-hashes --no-deps -r requirements.txt" in script.read_text()
    folder = re.search(r"student/\*\.ipynb (\w+)/", script.read_text())[1]
    assert f"lab%2Ftree%2F{folder}%2Fgates" in launch.links(GITHUB, "book/gates", notebook=True)["Binder"]
    assert re.fullmatch(r"python-3\.1[1-4]\n", (ROOT / ".binder" / "runtime.txt").read_text())


def test_the_workflow_that_publishes_sets_the_address_and_fills_colabs_branch():
    text = (ROOT / ".github" / "workflows" / "pages.yml").read_text()
    workflow = yaml.safe_load(text)
    assert launch.VARIABLE in workflow["env"]
    assert f"HEAD:{launch.BRANCH}" in text


def test_the_form_for_errors_has_the_fields_that_the_link_fills():
    folder = ROOT / ".github" / "ISSUE_TEMPLATE"
    link = launch.links(GITHUB, "book/gates", notebook=False)["Report an error here"]
    asked = parse_qs(urlsplit(link).query)
    forms = {path.name: yaml.safe_load(path.read_text()) for path in folder.glob("*.yml")}
    form = forms[asked.pop("template")[0]]
    assert asked.keys() <= {field.get("id") for field in form["body"]}
    for name, form in forms.items():
        if name != "config.yml":
            assert {"name", "description", "body"} <= form.keys()
            kinds = {"markdown", "input", "textarea", "dropdown", "checkboxes"}
            assert {field["type"] for field in form["body"]} <= kinds


def test_the_development_container_sets_up_what_the_book_needs():
    settings = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert settings["postCreateCommand"] == "make setup"
    recipe = (ROOT / ".devcontainer" / settings["build"]["dockerfile"]).read_text()
    assert re.search(r"^FROM python:3\.1[1-4]", recipe, re.MULTILINE)
    assert {"make", "git", "chromium"} <= set(recipe.split())


def test_the_links_name_the_line_of_the_section_that_is_being_read(browser):
    """The script alone, on a page of two long sections."""
    page = browser.new_page(viewport={"width": 800, "height": 600})
    sections = "".join(f'<section data-line="{line}" style="height: 2000px"></section>' for line in (7, 90))
    links = "".join(f'<a href="{url}" style="position: fixed">x</a>' for url in ("/e#L1", "/n?page=a&line=1"))
    page.set_content(sections + links)
    page.add_script_tag(path=ROOT / "book" / "_ext" / "static" / "report.js")
    follow = """(top) => {
      scrollTo(0, top);
      return [...document.links].map((link) => {
        link.addEventListener("click", (event) => event.preventDefault());
        link.click();
        return link.getAttribute("href").replace(/^.*(#|&)/, "");
      });
    }"""
    assert page.evaluate(follow, 0) == ["L7", "line=7"]
    assert page.evaluate(follow, 2500) == ["L90", "line=90"]
    page.close()
