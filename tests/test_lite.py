"""JupyterLite: the copy has the notebooks, the wheel and the links; the site itself stays as it was."""

import hashlib
import json
import re
import tarfile
import zipfile

import nbformat
import pytest

import build_book
import lite
import pyodide_archive

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


@pytest.fixture
def pyodide(tmp_path):
    """A folder like an unpacked Pyodide: its lock and its files have the form, and nothing runs."""
    folder = tmp_path / "unpacked" / "pyodide"
    folder.mkdir(parents=True)
    for name in pyodide_archive.CORE:
        (folder / name).write_text(name)
    needs = {"matplotlib": ["NumPy", "python_dateutil"], "scikit-learn": ["scipy"], "scipy": ["numpy"]}
    needs |= {
        name: [] for name in ("numpy", "tqdm", "python-dateutil", "micropip", "ipython", "jedi", "astropy")
    }
    lock = {"info": {"python": f"{pyodide_archive.PYODIDE_PYTHON_VERSION}.2"}, "packages": {}}
    for name, depends in needs.items():
        (folder / f"{name}-1.0.whl").write_text(name)
        one = {"depends": depends, "file_name": f"{name}-1.0.whl"}
        lock["packages"][name] = {**one, "sha256": hashlib.sha256(name.encode()).hexdigest()}
    (folder / "pyodide-lock.json").write_text(json.dumps(lock))
    return folder


@pytest.fixture
def packed(pyodide, tmp_path):
    """The same in one file."""
    archive = tmp_path / "a pyodide.tar.bz2"
    with tarfile.open(archive, "w:bz2") as tar:
        tar.add(pyodide, "pyodide")
    return archive


def test_a_pyodide_is_the_same_packed_and_unpacked(pyodide, packed, tmp_path):
    assert pyodide_archive.unpack(pyodide, tmp_path) == pyodide, "it is read where it is"
    copy = pyodide_archive.unpack(packed, tmp_path / "elsewhere")
    assert copy != pyodide
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == {
        path.name: path.read_bytes() for path in pyodide.iterdir()
    }


def test_a_downloaded_pyodide_is_cut_down_and_put_into_the_site(sites, packed, tmp_path, capsys):
    lite.build(sites[0], tmp_path / "html-lite", packed)
    folder = tmp_path / "html-lite" / lite.FOLDER
    kept = {path.name for path in (folder / "static" / "pyodide").iterdir()}
    assert {*pyodide_archive.CORE, "numpy-1.0.whl", "python-dateutil-1.0.whl", "pyodide-lock.json"} <= kept
    assert "astropy-1.0.whl" not in kept
    lock = json.loads((folder / "static" / "pyodide" / "pyodide-lock.json").read_text())
    assert {one["file_name"] for one in lock["packages"].values()} == {n for n in kept if n.endswith(".whl")}
    settings = json.loads((folder / "jupyter-lite.json").read_text())["jupyter-config-data"]
    kernel = settings["litePluginSettings"]["@jupyterlite/pyodide-kernel-extension:kernel"]
    assert kernel["pyodideUrl"] == "./static/pyodide/pyodide.mjs"
    said = capsys.readouterr().out
    assert "Of Pyodide's 10 packages, 9 are kept:" in said
    assert "Pyodide lacks autograd, comm, mpmath, sympy: taken from .venv." in said
    local = json.loads((folder / "pypi" / "all.json").read_text())
    assert set(local) == {"autograd", "comm", "mpmath", "sympy", "fysstk-nn"}
    page = (folder / "lab" / "index.html").read_text()
    assert "No connection to" not in page
    assert "needs a connection" not in (folder / "files" / "one.ipynb").read_text()


def test_a_wheel_is_written_again_from_what_was_installed(tmp_path):
    path = pyodide_archive.wheel("autograd", tmp_path)
    held = zipfile.ZipFile(path).namelist()
    assert "autograd/numpy/numpy_vjps.py" in held
    assert re.search(r"autograd-[\d.]+\.dist-info/METADATA", " ".join(held))
    with pytest.raises(pyodide_archive.ArchiveError, match=r"numpy.*compiled parts"):
        pyodide_archive.wheel("numpy", tmp_path)
    with pytest.raises(pyodide_archive.ArchiveError, match=r"nowhere, which is neither in .* nor in \.venv"):
        pyodide_archive.needed(["nowhere"], {})


def spoil(folder, how):
    """Make a Pyodide unusable in one way; return the archive to hand over."""
    lock = json.loads((folder / "pyodide-lock.json").read_text())
    if how == "missing":
        return folder / "elsewhere"
    if how == "no archive":
        (folder.parent / "text.tar.bz2").write_text("text")
        return folder.parent / "text.tar.bz2"
    if how == "cut off":
        with tarfile.open(folder.parent / "cut.tar.bz2", "w:bz2") as tar:
            tar.add(folder, "pyodide")
        whole = (folder.parent / "cut.tar.bz2").read_bytes()
        (folder.parent / "cut.tar.bz2").write_bytes(whole[: len(whole) // 2])
        return folder.parent / "cut.tar.bz2"
    if how == "no lock":
        (folder / "pyodide-lock.json").unlink()
    if how == "lock unread":
        (folder / "pyodide-lock.json").write_text("[]")
    if how == "core":
        (folder / "pyodide.asm.wasm").unlink()
    if how == "package":
        (folder / "scipy-1.0.whl").unlink()
    if how == "hash":
        (folder / "scipy-1.0.whl").write_text("other")
    if how == "python":
        lock["info"]["python"] = "3.12.1"
        (folder / "pyodide-lock.json").write_text(json.dumps(lock))
    if how == "nowhere":
        lock["packages"]["scipy"]["depends"].append("libnowhere")
        (folder / "pyodide-lock.json").write_text(json.dumps(lock))
    return folder


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("missing", "elsewhere, which does not exist"),
        ("no archive", r"text\.tar\.bz2 is not an archive that can be unpacked"),
        ("cut off", r"cut\.tar\.bz2 is not an archive that can be unpacked"),
        ("no lock", r"is not Pyodide: there is no pyodide-lock\.json"),
        ("lock unread", r"pyodide-lock\.json cannot be read"),
        ("core", r"lacks pyodide\.asm\.wasm"),
        ("package", "lacks the files of scipy, which the notebooks need"),
        ("hash", "gives other hashes for scipy"),
        ("python", r"holds Python 3\.12\.1; jupyterlite-pyodide-kernel .* needs 3\.14"),
        ("nowhere", "own lock lacks libnowhere, which scipy needs"),
    ],
)
def test_a_pyodide_that_cannot_be_used_is_refused_before_anything_is_written(
    sites, pyodide, tmp_path, how, said
):
    target = tmp_path / "built" / "html-lite"
    with pytest.raises(lite.LiteError, match=said):
        lite.build(sites[0], target, spoil(pyodide, how))
    assert list(target.parent.iterdir()) == []
