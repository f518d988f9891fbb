"""JupyterLite: the copy has the notebooks, the wheel and the links; the site itself stays as it was."""

import functools
import http.server
import json
import shutil
import threading
import zipfile

import nbformat
import pytest

import build_book
import lite
import print_book

PAGE = """<html><body>
<a class="btn btn-sm download-notebook" href="../notebooks/one.ipynb" download
   title="Download">Notebook</a></body></html>"""
PLAIN = "<html><body>No notebook.</body></html>"

CHROMIUM = next(filter(None, map(shutil.which, print_book.CHROMIUMS)), None)
in_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium found: browser tests are left out")


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
    assert {"fysstk_nn/mlp.py", "fysstk_nn/exercises/gates.py"} <= set(zipfile.ZipFile(wheel).namelist())
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


@pytest.fixture
def served(sites):
    """The address of the copy, served from this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=sites[1])
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@in_browser
@pytest.mark.browser
def test_a_notebook_opens_in_the_browser_with_all_other_hosts_blocked(served):
    from playwright.sync_api import sync_playwright

    refused = []

    def answer(route):
        if route.request.url.startswith(served):
            route.continue_()
        else:
            refused.append(route.request.url)
            route.abort()

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        tab = browser.new_page()
        tab.set_default_timeout(120_000)
        tab.route("**/*", answer)
        tab.goto(f"{served}/book/one.html")
        tab.click("a.run-notebook")
        tab.wait_for_selector(".jp-Notebook h1")
        shown = tab.inner_text(".jp-Notebook")
        browser.close()
    assert "A line can do it" in shown
    assert lite.INSTALL in shown
    assert [url for url in refused if "pyodide" not in url] == []
