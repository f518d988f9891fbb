"""Hygiene of the book's pages: what every chapter, figure, exercise and cell must have, and what none may.

Sphinx finds broken directives when it builds; these tests find in seconds what Sphinx does not look for.
"""

import functools
import re
from collections import Counter
from pathlib import Path

import pytest

from fysstk_book import draw, exercises, paths, sources
from fysstk_book.sources import Directive

ROOT = Path(__file__).parents[1]
PAGES = [page for page in sources.pages(ROOT) if page.path.is_file()]
CHAPTERS = [page for page in PAGES if page.chapter]
CARD = ("You will be able to", "You need", "Time", "Lecture slides")
CLOSING = ["Common mistakes", "What to remember", "Exercises", "References"]
LONGEST_CELL, LONGEST_FOLDED_CELL = 15, 22
LONGEST_LINE = 84  # what a box on the page shows at 1280 pixels

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
each_chapter = pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.name)


@functools.cache
def blocks(page):
    """Return a page's blocks, those inside admonitions, margin notes and exercises included."""
    return flat(page.text)


def flat(text):
    """Return the blocks of a text, those inside other blocks included."""
    found = []
    inside = list(sources.blocks(text))
    while inside:
        block = inside.pop(0)
        found.append(block)
        if isinstance(block, Directive) and block.name not in {"code-cell", *sources.OPAQUE}:
            inside = [*sources.blocks(block.body), *inside]
    return found


def directives(page, *names):
    return [block for block in blocks(page) if isinstance(block, Directive) and block.name in names]


def prose(page):
    """Return what a page says outside of its code: passages, arguments of directives, captions, alt texts."""
    said = []
    for block in blocks(page):
        if isinstance(block, str):
            said.append(block)
        elif block.name == "code-cell":
            said += figure_of(block).values()
        elif block.name:
            said.append(block.argument)
    return "\n".join(said)


def figure_of(cell):
    """Return the name, the caption and the alt text of a cell's figure, as far as it has them."""
    settings = cell.options.get("mystnb", {})
    found = {**settings.get("figure", {}), **settings.get("image", {})}
    return {key: str(found[key]).strip() for key in ("name", "caption", "alt") if found.get(key)}


def roles(page, *names):
    """Return the targets of some roles, `text <target>` or plain."""
    contents = re.findall(rf"\{{(?:{'|'.join(names)})\}}`([^`]+)`", prose(page))
    return [re.sub(r"^.*<([^<>]+)>$", r"\1", content, flags=re.DOTALL) for content in contents]


def headings(page, level):
    return re.findall(rf"^{'#' * level} +(.*?)\s*$", prose(page), re.MULTILINE)


def tags(cell):
    found = cell.options.get("tags", [])
    return {found} if isinstance(found, str) else set(found)


@functools.cache
def labels(page):
    """Return all labels of a page, with repetitions."""
    targets = re.findall(r"^\(([^()\s]+)\)=\s*$", prose(page), re.MULTILINE)
    others = [entry.label for entry in sources.labelled(page.path) if entry.kind != "section"]
    return targets + others


# The pages and their parts


def test_all_sources_are_in_the_table_of_contents():
    written = {path.stem for path in (ROOT / "book").glob("*.md")}
    assert written == {page.name for page in PAGES}


@each_page
def test_page_has_one_title_with_a_label(page):
    assert len(headings(page, 1)) == 1
    head = rf"^\(ch-{page.name}\)=\n(\{{\.beyond\}}\n)?# "
    assert re.search(head, page.text, re.MULTILINE) or page.name == "index"


@each_chapter
def test_chapter_starts_with_its_card(page):
    first = next(block for block in sources.blocks(page.text) if isinstance(block, Directive))
    assert (first.name, first.argument) == ("admonition", "Before you start")
    assert first.options.get("class") == "chapter-card"
    assert tuple(re.findall(r"^\*\*(.+?)\*\*", first.body, re.MULTILINE)) == CARD
    assert re.search(r"\d+ minutes", first.body)


TIME = re.compile(r"^\*\*Time\*\* about (\d+) minutes for the text and (\d+) with a pencil, ", re.MULTILINE)


@each_chapter
def test_the_cards_time_is_that_of_a_careful_reading(page):
    """It was estimated at one; a text that grows has to be read again."""
    text, pencil = map(int, TIME.search(prose(page)).groups())
    counted, equations = paths.minutes(paths.on("book", page))
    estimate = paths.CARE * counted
    assert abs(text - estimate) <= 0.3 * estimate, (
        f"by its size the text takes about {round(estimate)} minutes"
    )
    assert pencil >= equations, "less than a minute for an equation"


def test_the_page_says_how_much_longer_a_careful_reading_takes():
    said = [sum(map(int, TIME.search(prose(page)).groups())) for page in PAGES if page.chapter]
    counted = [sum(paths.minutes(paths.on("book", page))) for page in PAGES if page.chapter]
    assert 2.4 <= sum(said) / sum(counted) < 2.5
    page = next(page for page in PAGES if page.name == "paths")
    assert "about two and a half times as long" in " ".join(page.text.split())


DOUBLED = re.compile(r"\(['\"\s]*\{eq\}`|\{eq\}`[^`]+`['\"\s]*\)")


def test_no_equation_number_stands_in_a_second_pair_of_brackets():
    """The role prints brackets: `({eq}`...`)` would be read as "((4.2))"."""
    assert DOUBLED.search("by a rule ({eq}`eq-a`) of") and DOUBLED.search("(see {eq}`eq-a`), and")
    assert DOUBLED.search("{eq}`eq-a` (by {eq}`eq-b` and {eq}`eq-c`)") and not DOUBLED.search(
        "(1), {eq}`eq-a`"
    )
    written = [*(ROOT / "book").rglob("*.md"), *(ROOT / "book").rglob("*.yml"), *(ROOT / "src").rglob("*.*")]
    said = {".md", ".py", ".yml", ".json"}
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in written
        if path.suffix in said
        for match in DOUBLED.finditer(path.read_text(encoding="utf8"))
    ]
    assert found == []


@each_chapter
def test_chapter_ends_with_mistakes_summary_exercises_and_references(page):
    assert headings(page, 2)[-4:] == CLOSING


def test_each_part_with_chapters_opens_with_its_overview():
    parts = list(dict.fromkeys(page.part for page in CHAPTERS))
    first = [next(page for page in PAGES if page.part == part) for part in parts]
    assert [page.title for page in first] == parts
    assert [len(directives(page, "part")) for page in first] == [1] * len(parts)
    with_directive = [page for page in PAGES if directives(page, "part")]
    assert with_directive == first


# Cells and figures


@each_page
def test_cells_are_short(page):
    long = []
    for cell in directives(page, "code-cell"):
        limit = LONGEST_FOLDED_CELL if tags(cell) & {"solution", "hide-input"} else LONGEST_CELL
        lines = sum(bool(line.strip()) for line in cell.body.splitlines())
        if lines > limit:
            long.append(f"{lines} lines where {limit} are the limit:\n{cell.body}")
    assert not long, "\n\n".join(long)


@each_page
def test_lines_of_code_fit_the_page(page):
    lines = [line for cell in directives(page, "code-cell") for line in cell.body.splitlines()]
    assert [line for line in lines if len(line) > LONGEST_LINE] == []


@each_page
def test_figures_have_a_name_a_caption_and_an_alt_text(page):
    no_pictures = {"use_style", "film", "Film"}  # a film brings its own description
    pictures = "|".join(n for n in draw.__all__ if callable(getattr(draw, n)) and n not in no_pictures)
    draws = re.compile(rf"^[^#\n]*(plt\.(show|subplots|figure)\(|\bdraw\.({pictures})\()", re.MULTILINE)
    for cell in directives(page, "code-cell"):
        figure = figure_of(cell)
        if figure or (draws.search(cell.body) and "exercise" not in tags(cell)):
            missing = {"name", "caption", "alt"} - set(figure)
            assert not missing, f"no {' and no '.join(sorted(missing))}:\n{cell.body}"
            assert figure["name"].startswith("fig-"), figure["name"]
            assert len(figure["alt"]) > 30, f"{figure['name']}: the alt text says too little"
            assert figure["alt"] != figure["caption"], f"{figure['name']}: the alt text repeats the caption"


@each_page
def test_images_in_the_text_have_alt_texts(page):
    assert not re.search(r"!\[\s*\]\(", prose(page))
    assert all(image.options.get("alt") for image in directives(page, "image", "figure"))


# Exercises


@each_page
def test_each_exercise_has_its_cells_hints_and_solution(page):
    found = list(sources.blocks(page.text))
    for i, block in enumerate(found):
        if not isinstance(block, Directive) or block.name != "exercise":
            continue
        label = block.options["label"]
        entry = exercises.find(label.removeprefix("ex-"))
        end = next(
            (j for j, b in enumerate(found) if j > i and getattr(b, "name", "") == "exercise"), len(found)
        )
        after = [b for b in found[i + 1 : end] if isinstance(b, Directive)]
        parts = [role(part) for part in after]
        assert (entry.chapter, entry.title) == (page.name, block.argument), (
            f"{label}: the catalogue disagrees"
        )
        assert [p for p in parts if p in {"start", "end"}] == ["start", "end"], f"{label}: no single solution"
        assert after[parts.index("start")].argument == label
        if entry.checked:
            order = ["exercise", "check", "hints", "start", "solution", "end"]
            assert list(dict.fromkeys(p for p in parts if p in order)) == order, f"{label}: {parts}"
            assert f'check("{entry.id}", ' in after[parts.index("check")].body
            assert after[parts.index("hints")].argument == entry.id


def role(part):
    """Return what a block is for an exercise."""
    if part.name == "code-cell":
        return next(iter(tags(part) & {"exercise", "check", "solution"}), "cell")
    return part.name.removeprefix("solution-")


def test_the_catalogue_and_the_pages_have_the_same_exercises():
    printed = [
        entry.label for page in PAGES for entry in sources.labelled(page.path) if entry.kind == "exercise"
    ]
    assert Counter(printed) == Counter(f"ex-{entry.id}" for entry in exercises.catalogue())


# Labels and references


def test_labels_are_unique():
    places = Counter(label for page in PAGES for label in labels(page))
    assert not [label for label, times in places.items() if times > 1]


@each_page
def test_labels_say_what_they_are(page):
    for entry in sources.labelled(page.path):
        prefix = {"equation": ("eq-", "def-"), "figure": ("fig-",), "exercise": ("ex-",), "table": ("tab-",)}
        assert entry.label.startswith(prefix.get(entry.kind, "")), entry


@each_page
def test_references_lead_somewhere(page):
    known = {label for other in PAGES for label in labels(other)}
    unknown = sorted(set(roles(page, "ref", "numref", "eq")) - known)
    assert not unknown


@each_page
def test_terms_are_in_the_glossary(page):
    glossary = next(other for other in PAGES if other.name == "glossary")
    bodies = [block.body for block in directives(glossary, "glossary")]
    known = {line.strip().lower() for body in bodies for line in body.splitlines() if line[:1].strip()}
    assert known
    unknown = sorted({term.lower() for term in roles(page, "term")} - known)
    assert not unknown


@each_page
def test_cited_works_are_in_the_bibliography(page):
    known = set(
        re.findall(r"^@\w+\{([^,\s]+),", (ROOT / "book/references.bib").read_text("utf8"), re.MULTILINE)
    )
    cited = {key.strip() for keys in roles(page, r"cite(?::\w+)?") for key in keys.split(",")}
    assert not sorted(cited - known)


# What no page may have


@each_page
def test_only_labelled_equations_are_numbered(page):
    bad = re.findall(r"\\begin\{(?:align|equation|gather|multline|eqnarray)\}|\\(?:tag|label)\{", prose(page))
    assert not bad, "write $$ ... $$ (eq-label), with \\begin{aligned} for several lines"


@each_page
def test_nothing_is_fetched_from_elsewhere(page):
    code = "\n".join(cell.body for cell in directives(page, "code-cell"))
    assert not re.search(r"https?://|urllib|requests\.|fetch_openml\(", code)
    said = prose(page)
    assert not re.search(r"<(script|iframe|img|link)\b|!\[[^]]*\]\(https?:", said)
    bare = re.findall(r".{0,20}(?<!\]\()(?<!<)https?://\S+", said)
    assert not bare, "an address is the target of a link: [words](https://...)"


def test_styles_and_templates_load_nothing_from_elsewhere():
    own = [path for ending in ("css", "html") for path in (ROOT / "book").rglob(f"*.{ending}")]
    loads = re.compile(r"url\(\s*['\"]?(https?:)?//|@import|(src|href)=['\"](https?:)?//")
    assert not [path.name for path in own if loads.search(path.read_text("utf8"))]


def test_no_place_of_one_machine_and_no_unfinished_work_is_mentioned():
    files = [p for folder in ("book", "src") for p in (ROOT / folder).rglob("*") if p.suffix in TEXT]
    pattern = re.compile(r"(?<![\w.:/])/(work|tmp|home|root|Users|mnt)\b|\b[A-Z]:\\\\|\b(TODO|FIXME|XXX)\b")
    files = [p for p in files if p.name not in OWN_ROOT]
    found = [f"{p.name}: {m[0]}" for p in files for m in pattern.finditer(p.read_text("utf8"))]
    assert not found, "\n".join(found)


OWN_ROOT = {"namespaces.py"}  # makes a file system for a notebook, which has a /tmp as any other
TEXT = {".md", ".py", ".bib", ".css", ".html", ".yml"}


DOORS = {
    "You learn": ["ch-part-neurons", "ch-paths", "ch-playground"],
    "You teach": ["ch-instructors", "ch-crosswalk"],
    "You take part": ["ch-contributing", "ch-equations", "ch-api"],
}


def test_the_front_page_has_a_door_for_students_for_lecturers_and_for_contributors():
    index = next(page for page in PAGES if page.name == "index")
    doors = [one.body for one in blocks(index) if isinstance(one, Directive) and one.argument == "door"]
    assert {
        re.search(r"\*\*(.+?)\*\*", door)[1]: re.findall(r"\{ref\}`[^`<]*<(ch-[\w-]+)>`", door)
        for door in doors
    } == DOORS
