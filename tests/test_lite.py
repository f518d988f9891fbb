"""JupyterLite: the copy has the notebooks, the wheel and the links; the site itself stays as it was."""

import json
import zipfile

import nbformat
import pytest

import build_book
import lite

PAGE = """<html><body>
<a class="btn btn-sm download-notebook" href="../notebooks/one.ipynb" download
   title="Download">Notebook</a></body></html>"""
PLAIN = "<html><body>No notebook.</body></html>"


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    """A site of two pages and one notebook, and its copy with JupyterLite."""
    site = tmp_path_factory.mktemp("built") / "html"
    (site / "book").mkdir(parents=True)
    (site / "notebooks").mkdir()
    (site / "book" / "one.html").write_text(PAGE)
    (site / "book" / "plain.html").write_text(PLAIN)
    (site / build_book.COMPLETE).write_text("{}")
    cells = [nbformat.v4.new_markdown_cell("# A line can do it"), nbformat.v4.new_code_cell("x = 1")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), site / "notebooks" / "one.ipynb")
    before = build_book.size(site)
    lite.build(site, site.with_name("html-lite"))
    assert build_book.size(site) == before
    return site, site.with_name("html-lite")


def test_the_notebooks_are_listed_and_install_the_package_first(sites):
    folder = sites[1] / lite.FOLDER
    listed = json.loads((folder / "api" / "contents" / "all.json").read_text())["content"]
    assert [entry["path"] for entry in listed] == ["one.ipynb"]
    notebook = nbformat.read(folder / "files" / "one.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert lite.INSTALL in notebook.cells[0].source
    assert "%pip install -q fysstk_nn " in lite.INSTALL
    assert notebook.cells[2].source == "x = 1"


def test_the_wheel_is_listed_where_the_kernel_looks(sites):
    folder = sites[1] / lite.FOLDER
    releases = json.loads((folder / "pypi" / "all.json").read_text())["fysstk-nn"]["releases"]
    [[release]] = releases.values()
    wheel = folder / "pypi" / release["filename"]
    assert release["filename"].endswith("-py3-none-any.whl"), "Pyodide installs nothing else"
    assert {
        "fysstk_nn/mlp.py",
        "fysstk_book/exercises/gates.py",
        "fysstk_book/measured/deep-sigmoid.json",
    } <= set(zipfile.ZipFile(wheel).namelist())
    settings = json.loads((folder / "jupyter-lite.json").read_text())["jupyter-config-data"]
    kernel = settings["litePluginSettings"]["@jupyterlite/pyodide-kernel-extension:kernel"]
    assert any("pypi/all.json" in address for address in kernel["pipliteUrls"])


def test_pages_with_a_notebook_get_a_link_that_leads_to_it(sites):
    page = (sites[1] / "book" / "one.html").read_text()
    assert 'href="../lite/lab/index.html?path=one.ipynb"' in page
    assert page.index("run-notebook") < page.index("download-notebook")
    assert (sites[1] / "lite" / "lab" / "index.html").is_file()
    assert (sites[1] / "book" / "plain.html").read_text() == PLAIN
    assert (sites[0] / "book" / "one.html").read_text() == PAGE


def test_the_copy_does_not_pass_for_the_site_of_a_build(sites):
    assert not (sites[1] / build_book.COMPLETE).exists()


def test_without_a_site_it_says_what_to_do(tmp_path):
    with pytest.raises(lite.LiteError, match="make book"):
        lite.build(tmp_path / "html", tmp_path / "html-lite")
    assert not (tmp_path / "html-lite").exists()


@pytest.mark.browser
def test_a_notebook_opens_in_the_browser_with_all_other_hosts_blocked(sites, serve, visit):
    address = serve(sites[1])
    tab = visit()
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(f"{address}/book/one.html")
    tab.click("a.run-notebook")
    tab.wait_for_selector(".jp-Notebook h1")
    shown = tab.inner_text(".jp-Notebook")
    assert "A line can do it" in shown
    assert lite.INSTALL in shown
    others = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    assert [url for url in others if "pyodide" not in url] == []
    notice = tab.wait_for_selector("p[role=status]").inner_text()
    assert "where Python comes from: you can read and edit notebooks here, and not run them" in notice
