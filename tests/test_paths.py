"""The short ways through the book: all of the lecture, in its time, closed in themselves."""

import re
import symtable
from pathlib import Path

import pytest

from fysstk_book import exercises, paths, sources

ROOT = Path(__file__).parents[1]
PAGES = {page.name: page for page in sources.pages(ROOT)}
CHAPTERS = [page for page in PAGES.values() if page.chapter]
SHORT = [path for path in paths.PATHS if path != "book"]
ON = {path: {page.name: paths.on(path, page) for page in CHAPTERS} for path in paths.PATHS}
EXERCISES = {path: paths.exercises_on(path, ROOT) for path in SHORT}


def hours(path):
    """How long a path takes, exercises included."""
    parts = [one for found in ON[path].values() for one in found]
    return (sum(paths.minutes(parts)) + sum(exercises.find(id).minutes for id in EXERCISES[path])) / 60


def text(path):
    """All that a path shows of each chapter, without exercises."""
    for name, found in ON[path].items():
        for one in found:
            if one.title not in {"Exercises", "References"}:
                yield name, one


def test_each_path_contains_the_shorter_one():
    for name in PAGES:
        if PAGES[name].chapter:
            shown = [{one.title for one in ON[path][name]} for path in paths.PATHS]
            assert shown[0] <= shown[1] <= shown[2]
    assert set(EXERCISES["evening"]) <= set(EXERCISES["week"])


def test_an_evening_is_an_evening_and_the_week_about_ten_hours():
    assert 2 <= hours("evening") <= 3.25
    assert 9 <= hours("week") <= 11


def test_the_page_says_how_fast_one_reads():
    said = " ".join(PAGES["paths"].text.split())
    assert f"a minute for {paths.WORDS} words" in said
    assert f"a minute for {paths.LINES} lines of code" in said


def test_every_heading_of_the_lecture_is_on_the_weeks_path():
    labels = {one.label for found in ON["week"].values() for one in found if one.title not in paths.CLOSING}
    labels |= {f"ch-{name}" for name, found in ON["week"].items() if found}
    labels |= {f"ch-{page.name}" for page in PAGES.values() if not page.chapter}
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \|$", PAGES["crosswalk"].text, flags=re.MULTILINE)
    missing = [
        f"{number} {heading}"
        for number, heading, place in rows
        if not labels & set(re.findall(r"\{ref\}`(?:[^`<]*<)?((?:sec|ch)-[a-z0-9-]+)>?`", place)[-1:])
    ]
    assert missing == []


CITED = re.compile(r"\{(?:eq|numref)\}`(?:[^`<]*<)?([^`>]+)>?`(?!, beyond the week\)| \(beyond the week\))")


@pytest.mark.parametrize("path", SHORT)
def test_nothing_on_a_path_cites_an_equation_or_a_figure_from_off_it(path):
    """What a reader of the path is told to use, the reader has met.

    A figure may be pointed out where the text says, right behind its number, that it is beyond the week.
    """
    home = {}
    for page in CHAPTERS:
        for one in paths.sections(page):
            for match in sources.MATH.finditer(one.text):
                if match[2]:
                    home[match[2].strip()] = (page.name, one)
            for label in re.findall(r"\bname: (fig-[\w-]+)", one.text):
                home[label] = (page.name, one)
    assert "fig-ua-error" in home
    missing = []
    for name, one in text(path):
        if one.title == "Common mistakes":  # they look back at the whole chapter
            continue
        shown = {(where, part.title) for where, found in ON[path].items() for part in found}
        for label in CITED.findall(" ".join(one.text.split())):
            if label in home and (home[label][0], home[label][1].title) not in shown:
                missing.append(f"{name}: {one.title!r} cites {label} of {home[label][0]}")
    assert missing == []


def made_and_needed(code):
    """Return the names that a cell makes, and those that it takes from other cells (or from Python)."""
    module = symtable.symtable(code, "cell", "exec")
    made = {one.get_name() for one in module.get_symbols() if one.is_assigned() or one.is_imported()}
    needed, scopes = set(), [module]
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        needed |= {
            one.get_name()
            for one in scope.get_symbols()
            if one.is_referenced() and (scope is module or one.is_global())
        }
    return made, needed - made


def names_from_skipped_cells(path, page):
    """List what the cells on a path take from cells of sections that are not on it."""
    shown, skipped, missing = set(), {}, []
    for one in paths.sections(page):
        if one.title == "Exercises":  # each has its own cells, and stands there whole
            continue
        for block in sources.blocks(f"\n{one.text}"):
            if isinstance(block, sources.Directive) and block.name == "code-cell":
                made, needed = made_and_needed(block.body)
                if one in paths.on(path, page):
                    missing += [
                        f"{page.name}: {one.title!r} needs {name} of {skipped[name]!r}"
                        for name in sorted((needed - shown) & skipped.keys())
                    ]
                    shown |= made
                else:
                    skipped |= dict.fromkeys(made, one.title)
    return missing


@pytest.mark.parametrize("path", SHORT)
def test_no_cell_on_a_path_takes_a_name_from_a_skipped_section(path):
    assert [line for page in CHAPTERS for line in names_from_skipped_cells(path, page)] == []


def test_a_name_from_a_skipped_section_is_found(tmp_path):
    page = sources.Page("small", tmp_path / "small.md", 1, "")
    cell = "```{{code-cell}} ipython3\n{}\n```\n\n".format
    page.path.write_text(
        "# Small\n\n" + cell("import numpy as np") + "{.beyond}\n## Aside\n\n"
        + cell("row, x = 1, 2\ndef search(n):\n    return np.ones(n)")
        + "## Main\n\n" + cell("x = [row for row in np.ones(3)]\ndef f(n):\n    return search(n)")
        + cell("print(x, f(2))")
    )  # fmt: skip
    assert names_from_skipped_cells("week", page) == ["small: 'Main' needs search of 'Aside'"]
    assert names_from_skipped_cells("book", page) == []


@pytest.mark.parametrize("path", SHORT)
def test_what_a_chapter_on_a_path_needs_is_on_it(path):
    for name, found in ON[path].items():
        if found:
            card = re.search(r"^\*\*You need\*\* (.+)$", PAGES[name].text, re.MULTILINE)[1]
            first = re.split(r"\. |\.$", card)[0]
            for other in re.findall(r"\{ref\}`(?:[^`<]*<)?ch-([a-z0-9-]+)>?`", first):
                if path == "week":
                    assert ON[path][other], f"{name} needs {other}, which is not on the path"


@pytest.mark.parametrize("path", SHORT)
def test_exercises_on_a_path_rest_on_what_it_shows(path):
    for id in EXERCISES[path]:
        one = exercises.find(id)
        assert ON[path][one.chapter], f"{id}: the path has nothing of {one.chapter}"
        if one.equation:
            shown = {m[2] for _, part in text(path) for m in sources.MATH.finditer(part.text) if m[2]}
            assert one.equation in shown, f"{id} rests on {one.equation}, which is not on the path"


def test_paths_of_a_small_page(tmp_path):
    page = sources.Page("small", tmp_path / "small.md", 1, "")
    page.path.write_text(
        "(ch-small)=\n# Small\nintro\n\n{.evening}\n## First\none two\n\n"
        "(sec-b)=\n{.beyond}\n## Second\n$$a$$\n\n"
        "### Part of it\n\n## Third\n\n{.beyond}\n### Aside\n\n## Exercises\n## References\n"
    )
    assert [(one.title, one.label, one.path) for one in paths.sections(page)] == [
        ("Small", "ch-small", "week"),
        ("First", "", "evening"),
        ("Second", "sec-b", "book"),
        ("Part of it", "", "book"),
        ("Third", "", "week"),
        ("Aside", "", "book"),
        ("Exercises", "", "evening"),
        ("References", "", "evening"),
    ]
    assert [one.title for one in paths.on("evening", page)] == ["Small", "First", "Exercises", "References"]
    assert paths.minutes(paths.on("book", page))[1] == 1
    page.path.write_text("{.beyond}\n# Small\n\n## First\n")
    assert paths.on("week", page) == []
    assert [one.title for one in paths.on("book", page)] == ["Small", "First"]
