"""The house: set-up, build, lock and workflows do what the README promises."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from packaging.requirements import Requirement
from pybtex.database import parse_file

import build_book
import check_yaml
import inputs
import open_lab
import run_chapters
import warm

ROOT = Path(__file__).parents[1]

CHAPTER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
(one)=
# One

Prose.

```{code-cell} ipython3
---
tags: [hide-input]
---
x = 20
print(x + 1)
import module
with open("../runs", "a") as file:
    file.write("one\\n")
```
"""


# --- YAML ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("_config.yml", "title: a\nexecute:\n  cache: b\n  cache: c\n", "_config.yml:4"),
        (".github/workflows/ci.yml", "jobs: {}\njobs: {}\n", ".github/workflows/ci.yml:2"),
        ("book/a.md", CHAPTER.replace("kernelspec:", "jupytext: 1\nkernelspec:"), "book/a.md:6"),
        ("book/a.md", CHAPTER.replace("tags: [hide", "tags: [x]\ntags: [hide"), "book/a.md:19"),
        ("book/a.md", CHAPTER.replace("tags: [hide-input]", "tags: [hide"), "book/a.md:"),
    ],
)
def test_a_duplicate_key_is_found_wherever_there_is_yaml(tmp_path, name, text, where):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(text)
    found = check_yaml.problems(tmp_path)
    assert len(found) == 1
    assert found[0].startswith(where)


def test_rules_and_tables_of_a_page_are_not_taken_for_yaml(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "a.md").write_text(CHAPTER + "\n---\n\na: 1\na: 1\n\n---\n")
    assert check_yaml.problems(tmp_path) == []


def test_our_own_yaml_has_no_duplicate_key():
    assert check_yaml.problems() == []


# --- What has changed --------------------------------------------------------------------------------------


def test_the_digest_sees_contents_names_and_extras_but_no_byproducts(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("1")
    seen = {inputs.digest("src", root=tmp_path)}
    (tmp_path / "src" / "__pycache__").mkdir()
    (tmp_path / "src" / "__pycache__" / "a.pyc").write_text("1")
    assert inputs.digest("src", "not/there", root=tmp_path) in seen
    (tmp_path / "src" / "a.py").write_text("2")
    seen.add(inputs.digest("src", root=tmp_path))
    (tmp_path / "src" / "a.py").rename(tmp_path / "src" / "b.py")
    seen.add(inputs.digest("src", root=tmp_path))
    seen.add(inputs.digest("src", extra=["numpy==3"], root=tmp_path))
    assert len(seen) == 4


def test_another_version_of_a_package_makes_another_machine():
    assert f"numpy-{version('numpy')}" in inputs.machine()


def test_what_says_the_same_is_left_with_its_date(tmp_path):
    """Sphinx makes every page again that has looked into a newer file."""
    path = write(tmp_path / "ledger.json", "[]")
    os.utime(path, (1, 1))
    build_book.write_whole(path, "[]")
    assert path.stat().st_mtime == 1
    build_book.write_whole(path, "[1]")
    assert (path.read_text(), path.stat().st_mtime > 1) == ("[1]", True)


# --- Running the chapters ----------------------------------------------------------------------------------


def write(path, text):
    path.write_text(text)
    return path


def test_what_is_kept_depends_on_the_code_and_not_on_the_prose(tmp_path):
    page = tmp_path / "one.md"
    kept = run_chapters.read(write(page, CHAPTER), tmp_path).kept
    assert run_chapters.read(write(page, CHAPTER.replace("Prose", "Better prose")), tmp_path).kept == kept
    caption = CHAPTER.replace(
        "tags: [hide-input]", "tags: [hide-input]\nmystnb: {figure: {caption: A point}}"
    )
    assert run_chapters.read(write(page, caption), tmp_path).kept == kept
    assert (
        run_chapters.read(write(page, CHAPTER.replace("hide-input", "remove-output")), tmp_path).kept != kept
    )
    assert run_chapters.read(write(page, CHAPTER.replace("20", "21")), tmp_path).kept != kept
    assert run_chapters.read(write(page, "# Plain text"), tmp_path) is None


def test_kernels_see_neither_the_users_settings_nor_many_threads(monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", "/home/user/.ipython")
    with run_chapters.calm_environment() as scratch:
        assert run_chapters.os.environ["IPYTHONDIR"] == str(scratch)
        assert run_chapters.os.environ["OMP_NUM_THREADS"] == "1"
        assert run_chapters.os.environ["FYSSTK_PROGRESS"] == "off"
        assert Path(run_chapters.os.environ["MATPLOTLIBRC"]).is_file()
    assert run_chapters.os.environ["IPYTHONDIR"] == "/home/user/.ipython"
    assert not scratch.exists()


# --- Building -----------------------------------------------------------------------------------------------


@pytest.fixture
def small_book(tmp_path):
    """A repository with our tools and a book of two pages; returns a function that builds it."""
    for tool in (ROOT / "tools").glob("*.py"):
        if tool.name != "notebooks.py":
            (tmp_path / "tools").mkdir(exist_ok=True)
            shutil.copyfile(tool, tmp_path / "tools" / tool.name)
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "module.py").touch()
    (tmp_path / "src").mkdir()
    (tmp_path / "tests" / "equations").mkdir(parents=True)
    (tmp_path / "_config.yml").write_text("title: A book\nonly_build_toc_files: true\n")
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\nparts:\n- {numbered: 1, chapters: [{file: book/one}]}\n"
    )
    (tmp_path / "book" / "index.md").write_text("# A book\n\nSee {ref}`one`.\n")
    (tmp_path / "book" / "one.md").write_text(CHAPTER)
    (tmp_path / "tests" / "equations" / "test_one.py").write_text(
        "import pathlib\n\ndef test_one():\n    pathlib.Path('_build/ledger.json').write_text('[]')\n"
    )

    def build():
        run = warm.run("tools/build_book.py", cwd=tmp_path, **warm.BARE)
        return run.returncode, run.stdout

    return build


def test_a_book_is_built_whole_and_strictly_and_its_chapters_run_once(small_book, tmp_path):
    site = tmp_path / "_build" / "html"
    page = tmp_path / "book" / "one.md"
    page.write_text(CHAPTER + "\n```{index} depth\n```\n\n(more)=\n## More\n")
    status, said = small_book()
    assert status == 0, said
    assert f"Open {site}/index.html" in said
    assert "21\n" in (site / "book" / "one.html").read_text()
    assert (tmp_path / "runs").read_text() == "one\n", "Sphinx shows what was kept and runs nothing itself"
    status, said = small_book()
    assert (status, "Nothing has changed" in said) == (0, True)

    # A module changes and a reference breaks: the chapter runs again, and it fails as often as one tries.
    (tmp_path / "book" / "module.py").write_text("x = 1")
    (tmp_path / "book" / "index.md").write_text("# A book\n\nSee {ref}`nowhere`.\n")
    for _ in range(2):
        status, said = small_book()
        assert (status, "undefined label: 'nowhere'" in said) == (1, True), said
        assert not site.exists()
        assert not list((tmp_path / "_build").glob(".draft-*"))
    assert (tmp_path / "runs").read_text() == "one\none\n"

    # It is mended, in other words: pages are made again that have changed, or say what has changed on others.
    (tmp_path / "book" / "index.md").write_text("# A book\n\nRead {ref}`more`.\n")
    status, said = small_book()
    assert (status, "Site: book/index and what depends on it" in said) == (0, True), said
    assert "Read <a" in (site / "book" / "index.html").read_text()
    assert '"indexentries": {"depth": [[1,' in (site / "searchindex.js").read_text(), "of a page not written"
    page.write_text(page.read_text().replace("More", "Much more"))
    status, said = small_book()
    assert (status, "Site: book/one and what depends on it" in said) == (0, True), said
    assert "Much more" in (site / "book" / "index.html").read_text()
    assert "21\n" in (site / "book" / "one.html").read_text()
    whole = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    shutil.rmtree(tmp_path / "_build" / "rendered")
    (site / "book" / "one.html").unlink()
    status, said = small_book()
    assert (status, "Site: 2 pages" in said) == (0, True), said
    again = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    assert again.keys() == whole.keys()
    assert [path for path in whole if again[path] != whole[path]] == [], "as if made at one go"
    assert (tmp_path / "runs").read_text() == "one\none\n"


def test_a_failing_cell_fails_every_time_and_is_shown(small_book, tmp_path):
    (tmp_path / "book" / "one.md").write_text(CHAPTER.replace("x + 1", "x / 0"))
    for _ in range(2):
        status, said = small_book()
        assert status == 1
        assert "book/one.md:17: this cell fails" in said
        assert "ZeroDivisionError: division by zero" in said
        assert not (tmp_path / "_build" / "html").exists()


def test_a_number_in_the_text_is_that_of_the_run_or_there_is_no_site(small_book, tmp_path):
    page = tmp_path / "book" / "one.md"
    (tmp_path / "book" / "_ext").mkdir()
    shutil.copy(ROOT / "book" / "_ext" / "book_held.py", tmp_path / "book" / "_ext")
    with (tmp_path / "_config.yml").open("a") as config:
        config.write("sphinx: {local_extensions: {book_held: book/_ext}}\n")
    text = CHAPTER + "\nIt prints {n}`21 <- x + 1`.\n"
    page.write_text(text)
    status, said = small_book()
    assert (status, "Numbers: 1 held to their runs" in said) == (0, True), said
    assert "It prints 21." in (tmp_path / "_build" / "html" / "book" / "one.html").read_text()
    for wrong, complaint in (
        (text.replace("21", "22"), "one.md:27: the text says '22', and x + 1 is not that; computed: 21"),
        (text + "Not 0.3.\n", "one.md:28: nothing holds 0.3 to a run: "),
    ):
        page.write_text(wrong)
        status, said = small_book()
        assert (status, f"book/{complaint}" in said) == (1, True), said
        assert not (tmp_path / "_build" / "html").exists()
    assert (tmp_path / "runs").read_text() == "one\n", "other text needs no other run"


@pytest.fixture
def steps(tmp_path, monkeypatch):
    """Let the steps of a build do nothing; return the list of those that were taken."""
    taken = []
    monkeypatch.setattr(inputs, "ROOT", tmp_path)
    places = {"BUILD": "", "SITE": "html", "PREVIOUS": "html-previous", "DRAFT": ".draft-site"}
    for name, place in {**places, "RENDERED": "rendered"}.items():
        monkeypatch.setattr(build_book, name, tmp_path / place)
    monkeypatch.setattr(build_book, "LEDGER", tmp_path / "ledger.json")
    (tmp_path / "ledger.json").write_text("[]")
    monkeypatch.setattr(build_book, "digest", lambda *_, **__: "sources")
    for name in ("check_sources", "check_numbers", "check_equations", "export_notebooks"):
        monkeypatch.setattr(build_book, name, lambda *_, name=name: taken.append(name))

    def run_chapters():
        taken.append("run_chapters")
        return []

    def render_site(chapters, draft):
        taken.append("render_site")
        (draft / "html").mkdir()
        (draft / "html" / "index.html").write_text("new")

    monkeypatch.setattr(build_book, "run_chapters", run_chapters)
    monkeypatch.setattr(build_book, "render_site", render_site)
    return taken


def test_an_equation_that_fails_is_named_with_page_line_and_reason():
    said = "E       AssertionError: eq-four-db: a = b does not hold: 1 and 2, which is 1 too far\nE   more"
    (complaint,) = build_book.equations_that_fail(f"{said}\n{said}\nE   ValueError: eq-nowhere: no")
    page, line, reason = complaint.split(":", 2)
    assert (ROOT / page).read_text("utf-8").split("\n")[int(line) - 1] == "$$ (eq-four-db)"
    assert reason == " eq-four-db: a = b does not hold: 1 and 2, which is 1 too far"


def test_chapters_and_equations_come_before_the_site(steps):
    build_book.build()
    before = ["check_sources", "run_chapters", "check_numbers", "check_equations"]
    assert steps == [*before, "render_site", "export_notebooks"]


@pytest.mark.parametrize("trouble", [KeyboardInterrupt, OSError(28, "No space left"), SystemExit])
@pytest.mark.parametrize("at", ["run_chapters", "check_equations", "export_notebooks", "publish"])
def test_a_build_that_ends_early_leaves_no_site(steps, tmp_path, monkeypatch, trouble, at):
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "index.html").write_text("old")

    def fail(*_):
        raise trouble

    monkeypatch.setattr(build_book, at, fail)
    with pytest.raises(BaseException):  # noqa: B017 - whichever it was
        build_book.build()
    assert not (tmp_path / "html").exists()
    assert (tmp_path / "html-previous" / "index.html").read_text() == "old"
    assert not list(tmp_path.glob(".draft-*"))


def test_a_site_that_has_lost_a_file_is_built_again(steps, tmp_path):
    build_book.build()
    steps.clear()
    build_book.build()
    assert steps == []
    (tmp_path / "html" / "index.html").unlink()
    build_book.build()
    assert "render_site" in steps
    assert (tmp_path / "html" / "index.html").is_file()


def link(status, info=""):
    """Return one line of Sphinx's report on links."""
    return {"filename": "book/a.md", "lineno": 7, "status": status, "uri": "https://b.org", "info": info}


NOWHERE = "Failed to resolve 'b.org' ([Errno -2] Name or service not known)"


@pytest.mark.parametrize(
    ("report", "status", "words"),
    [
        ([], 0, "All 0 links lead somewhere."),
        ([link("working"), link("redirected"), link("ignored")], 0, "All 2 links lead somewhere."),
        ([link("working"), link("broken", "404")], 1, "1 of 2 links are broken."),
        ([link("working"), link("broken", NOWHERE)], 1, "1 of 2 links are broken."),
        ([link("timeout", "timed out")], 1, "1 of 1 links are broken."),
        ([link("broken", NOWHERE)] * 9, 1, "No host of the 9 links could be found: is there a network?"),
    ],
)
def test_the_link_check_says_which_links_are_broken_and_when_there_is_no_network(
    steps, monkeypatch, capsys, report, status, words
):
    def render(out, doctrees, warnings, **settings):
        assert settings["builder"] == "linkcheck"
        warnings.write("a figure is missing")
        out.mkdir()
        (out / "output.json").write_text("".join(json.dumps(line) + "\n" for line in report))
        return True

    monkeypatch.setattr("render.render", render)
    monkeypatch.setattr("sys.argv", ["build_book.py", "--linkcheck"])
    monkeypatch.setattr(build_book.signal, "signal", lambda *_: None)
    assert build_book.main() == status
    said = capsys.readouterr()
    assert words in said.out + said.err
    assert ("book/a.md:7: https://b.org: " in said.out) == ("links are broken" in words)
    assert "figure" not in said.out + said.err
    assert "not built" not in said.err


def test_a_full_disk_is_recognised_behind_other_errors():
    def wrapped(inner):
        try:
            try:
                raise inner
            except Exception as error:
                raise ValueError("an extension failed") from error
        except ValueError as outer:
            return outer

    assert build_book.disk_is_full(wrapped(OSError(28, "No space left on device")))
    assert build_book.disk_is_full(RuntimeError("(sqlite3) database or disk is full"))
    assert not build_book.disk_is_full(wrapped(OSError(2, "No such file")))


# --- JupyterLab --------------------------------------------------------------------------------------------


def test_lab_opens_the_front_page_and_takes_options(monkeypatch):
    lab = open_lab.options(["--no-browser", "--port=9000"], root=False)
    assert lab[-2:] == ["--no-browser", "--port=9000"]
    assert f"--notebook-dir={open_lab.WORK}" in lab
    assert "--LabApp.default_url=/lab/tree/index.ipynb" in lab
    assert "--allow-root" not in lab
    assert "--allow-root" in open_lab.options([], root=True)


def test_the_working_copy_of_a_notebook_is_never_overwritten(tmp_path):
    book, work = tmp_path / "book", tmp_path / "work"
    book.mkdir()
    (book / "gates.ipynb").write_text("first version")
    assert open_lab.copy_new(book, work) == []
    (work / "gates.ipynb").write_text("my answers")
    assert open_lab.copy_new(book, work) == []
    (book / "gates.ipynb").write_text("second version")
    (book / "perceptron.ipynb").write_text("new")
    assert open_lab.copy_new(book, work) == ["gates.ipynb"]
    assert (work / "gates.ipynb").read_text() == "my answers"
    assert (work / "perceptron.ipynb").read_text() == "new"


# --- The files of the house --------------------------------------------------------------------------------


def test_every_page_is_in_the_table_of_contents_once():
    listed = [page.relative_to(ROOT).as_posix() for page in build_book.pages()]
    assert sorted(listed) == sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "book").glob("*.md"))


def test_the_readme_the_help_and_ci_name_the_same_commands():
    readme = (ROOT / "README.md").read_text()
    assert re.search(r"```\w*\nmake book\nmake test\n```", readme)
    assert "\nmake book\nmake test\n" in (ROOT / ".ci" / "run").read_text()
    shown = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()
    steps = {"setup", "pyodide", "lint-code", "lint-types", "lint-words"}  # of other commands
    assert [t for t in phony if t not in steps and f"make {t} " not in shown] == []
    assert [t for t in re.findall(r"`make (\w+)", readme) if t not in phony] == []


def test_what_the_readme_shows_and_links_to_is_there():
    readme = (ROOT / "README.md").read_text()
    for image in re.findall(r"!\[[^]]{30,}\]\(([^)]+)\)", readme):
        assert (ROOT / image).stat().st_size < 300_000
    links = re.findall(r"\]\(([^):]+)\)", readme)
    assert "docs/front-page.png" in links
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_the_readmes_example_computes_xor(capsys):
    example = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out.split() == ["[[0.]", "[1.]", "[1.]", "[0.]]"]


# Its author's own address, which has no https.
NO_HTTPS = {"http://neuralnetworksanddeeplearning.com"}


def test_links_that_leave_the_book_are_well_formed_and_encrypted():
    works = parse_file(str(ROOT / "book" / "references.bib")).entries.values()
    links = [work.fields["url"] for work in works if "url" in work.fields]
    for page in (ROOT / "book").glob("*.md"):
        links += re.findall(r"\bhttps?:[^\s)>\"'`}]*", page.read_text())
    assert links
    for link in set(links) - NO_HTTPS:
        url = urlsplit(link)
        assert (url.scheme, bool(re.fullmatch(r"[\w-]+(\.[\w-]+)+", url.netloc))) == ("https", True), link
    for work in works:
        assert re.fullmatch(r"10\.\d{4,}/\S+", work.fields.get("doi", "10.0000/none")), work.key


def test_the_allow_list_of_the_link_check_has_reasons_and_no_dead_entries():
    text = (ROOT / "_config.yml").read_text()
    inside, pattern = yaml.safe_load(text)["sphinx"]["config"]["linkcheck_ignore"]
    assert re.match(inside, "equations.html#ledger-eq-one-db")
    assert not re.match(inside, "https://doi.org/")
    dois = re.findall(r"doi\s*=\s*\{(\S+)\}", (ROOT / "book" / "references.bib").read_text())
    ignored = {doi.split("/")[0] for doi in dois if re.match(pattern, f"https://doi.org/{doi}")}
    assert ignored == {f"10.{number}" for number in re.findall(r"\d{4}", pattern)}
    assert len(ignored) < len({doi.split("/")[0] for doi in dois}), "some are followed"


def test_the_lock_is_hashed_names_no_index_and_covers_the_dependencies():
    lock = (ROOT / "requirements.txt").read_text()
    assert not re.search(r"^\s*(-i|--index-url|--extra-index-url|--find-links|-f)\b", lock, re.MULTILINE)
    assert "uv pip compile" in lock[:500], "the lock says how to renew it"
    entries = re.split(r"\n(?=[A-Za-z0-9])", lock.split("\n", lock[: lock.index("==")].count("\n"))[-1])
    assert all("--hash=sha256:" in entry for entry in entries)
    pinned = dict(re.match(r"([\w.-]+)==([\w.]+)", entry).groups() for entry in entries)
    assert pinned["jupyter-book"].startswith("1.0.4")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        # `make` leaves JAX to those who ask for it: the book shows what it has stored
        *(r for name, extra in project["optional-dependencies"].items() if name != "jax" for r in extra),
    ]
    for requirement in map(Requirement, wanted):
        if requirement.name == "fysstk-nn":  # an extra that has another one in it
            continue
        assert requirement.specifier.contains(pinned[requirement.name]), requirement


def test_the_workflows_run_what_ci_runs_from_the_oldest_python_on():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    jobs = workflow["jobs"]
    assert {"run": ".ci/run"} in jobs["book"]["steps"]
    assert {"run": "make book"} in jobs["versions"]["steps"]
    assert jobs["book"]["strategy"]["matrix"]["python"][0] == "3.11"
    assert {row["resolution"] for row in jobs["versions"]["strategy"]["matrix"]["include"]} == {
        "lowest-direct",
        "highest",
    }
    assert {"pull_request", "schedule"} <= set(workflow[True])  # YAML reads the key `on` as true


def test_the_actions_linter_is_content():
    linter = shutil.which("actionlint")
    if linter:
        subprocess.run([linter], cwd=ROOT, check=True)


def test_the_site_says_what_it_was_made_from(steps, tmp_path):
    build_book.build()
    assert json.loads((tmp_path / "html" / build_book.COMPLETE).read_text()) == {
        "sources": "sources",
        "size": [1, 3],
    }
