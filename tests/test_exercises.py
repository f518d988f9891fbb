"""Every exercise of the book: its catalogue entry, its place in the chapter, what the checker says to it."""

import functools
import re
from pathlib import Path

import numpy as np
import pytest

from fysstk_book import numbers, sources
from fysstk_book.check import case, outcome, recognise
from fysstk_book.check.diagnosis import diagnose
from fysstk_book.exercises import Exercise, catalogue, find

ROOT = Path(__file__).parents[1]
BOOK = numbers.read_book(ROOT)
ALL = tuple(catalogue())
CHECKED = tuple(exercise for exercise in ALL if exercise.checked)


def each(exercises):
    names = [f"{exercise.chapter}:{exercise.id}" for exercise in exercises]
    return pytest.mark.parametrize("exercise", exercises, ids=names)


# -- reading a chapter ------------------------------------------------------------------------------------

CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```\s*$", re.DOTALL | re.MULTILINE)


def cells(text):
    """The code cells of a text: (tags, source)."""
    found = []
    for block in CELL.findall(text):
        head, source = "", block
        if block.startswith("---\n"):
            head, source = block[4:].split("\n---\n", 1)
        elif block.startswith(":"):
            lines = block.split("\n")
            number = next(i for i, line in enumerate(lines) if not line.startswith(":"))
            head, source = "\n".join(lines[:number]), "\n".join(lines[number:])
        listed = re.search(r"tags:\s*\[(.*?)\]", head)
        dashed = re.search(r"tags:\s*\n((?:\s*-\s*\S+\n?)+)", head)
        names = listed[1].split(",") if listed else re.findall(r"-\s*(\S+)", dashed[1]) if dashed else []
        found.append(({name.strip(" \"'") for name in names}, source))
    return found


@functools.cache
def chapter_text(chapter):
    return (ROOT / "book" / f"{chapter}.md").read_text("utf-8")


def after(pattern, text):
    """The text from the first match on; a match must exist."""
    found = re.search(pattern, text, re.MULTILINE)
    assert found, f"not in the chapter: {pattern}"
    return text[found.start() :]


def statement(exercise):
    """The chapter's text of one exercise, from its statement to its solution's beginning."""
    text = chapter_text(exercise.chapter)
    label = f"ex-{exercise.id}"
    begin = re.search(rf"^[`:]{{3,}}\{{exercise\}}[^\n]*\n:label: {label}\s*$", text, re.MULTILINE)
    assert begin, f"{exercise.chapter}.md has no exercise labelled {label}"
    rest = text[begin.start() :]
    return rest[
        : after(rf"\{{solution-start\}} {label}\s*$", rest) and rest.index(f"{{solution-start}} {label}")
    ]


def solution(exercise):
    """The chapter's text of one solution."""
    rest = after(rf"\{{solution-start\}} ex-{exercise.id}\s*$", chapter_text(exercise.chapter))
    return rest[: rest.index("{solution-end}")]


def run(sources):
    """Run cells in one namespace; `check` records what it is given."""
    given = {}
    namespace = {"__name__": "__main__"}
    for source in sources:
        exec(compile(source, "<cell>", "exec"), namespace)
        namespace["check"] = lambda id, answer: given.__setitem__(id, answer)
        namespace["hint"] = lambda id: None
    return given


def set_up(exercise):
    """The cells that an exercise may rely on: the chapter's first, and those tagged setup."""
    first, *others = cells(chapter_text(exercise.chapter))
    return [first[1], *(source for tags, source in others if "setup" in tags)]


def tagged(text, *names):
    return [source for tags, source in cells(text) if tags & set(names)]


# -- the catalogue ----------------------------------------------------------------------------------------


def test_ids_are_unique():
    ids = [exercise.id for exercise in ALL]
    assert len(ids) == len(set(ids))


def test_there_are_150_or_more():
    assert len(ALL) >= 150


@each(ALL)
def test_entry_is_complete(exercise):
    book = BOOK
    assert (ROOT / "book" / f"{exercise.chapter}.md").is_file()
    assert exercise.minutes > 0
    assert 1 <= len(exercise.hints) <= 3 or not exercise.checked
    assert find(exercise.id) is exercise
    if exercise.equation is not None:
        assert exercise.equation in book.equations, f"no equation {exercise.equation} in the book"
    texts = [*exercise.hints, *(mistake.say for mistake in exercise.mistakes)]
    for label in re.findall(r"\{eq\}`([^`]+)`", " ".join(texts)):
        assert label in book.equations, f"no equation {label} in the book"
    assert not re.search(r"\{(?!eq\})\w+\}`|\$", " ".join(texts)), (
        "hints and comments are plain text with {eq}"
    )


@each(CHECKED)
def test_entry_knows_mistakes(exercise):
    assert len(exercise.mistakes) >= 3
    names = [mistake.name for mistake in exercise.mistakes]
    assert len(names) == len(set(names))
    assert all(mistake.say.strip().endswith((".", "?", "!")) for mistake in exercise.mistakes)


@each(ALL)
def test_chapter_contains_it(exercise):
    text = statement(exercise)
    assert re.match(r"[`:]+\{exercise\}\s+(.*)", text)[1].strip() == exercise.title
    assert solution(exercise)
    if exercise.checked:
        assert tagged(text, "exercise"), "no stub"
        assert any(f'check("{exercise.id}"' in source for source in tagged(text, "check")), "no check"
        assert re.search(rf"\{{hints\}}\s+{exercise.id}\s*$", text, re.MULTILINE), "no hints"
        assert tagged(solution(exercise), "solution"), "no solution that runs"


def test_every_exercise_of_a_chapter_has_an_entry():
    known = {exercise.id for exercise in ALL}
    for page in sorted((ROOT / "book").glob("*.md")):
        for entry in sources.labelled(page):
            id = entry.label.removeprefix("ex-")
            assert entry.kind != "exercise" or id in known, f"{page.name}: no catalogue entry for {id}"


# -- what the checker says --------------------------------------------------------------------------------


@each(CHECKED)
def test_stub_is_not_attempted(exercise):
    given = run([*set_up(exercise), *tagged(statement(exercise), "exercise", "check")])
    assert diagnose(exercise, given[exercise.id]).verdict == "not attempted"


@each(CHECKED)
def test_solution_passes(exercise):
    given = run([*set_up(exercise), *tagged(solution(exercise), "solution")])
    result = diagnose(exercise, given[exercise.id])
    assert result.verdict == "right", result


@each(CHECKED)
def test_reference_passes(exercise, in_a_thread):
    if exercise.reference is not None:
        result = diagnose(exercise, exercise.reference_answer, trusted=True)
        assert result.verdict == "right", result


def remembering(function):
    """The function, which computes but once for the same objects."""
    known = {}

    def asked(*objects):
        key = tuple(map(id, objects))
        if key not in known:
            known[key] = function(*objects), objects  # while they live here nobody else has their ids
        return known[key][0]

    return asked


@each(CHECKED)
def test_each_mistake_has_its_own_diagnosis(exercise, in_a_thread, monkeypatch):
    """What the reference and the mistakes make of the inputs does not change, and is computed once."""
    drawn, outcomes_of = exercise.draw_inputs(), remembering(case.outcomes_of)
    monkeypatch.setattr(Exercise, "draw_inputs", lambda self: drawn)
    for module in (outcome, recognise):
        monkeypatch.setattr(module, "outcomes_of", outcomes_of)
    for mistake in exercise.mistakes:
        result = diagnose(exercise, exercise.make(mistake.wrong), trusted=True)
        assert (result.verdict, result.mistake) == ("known mistake", mistake.name), result


@each(CHECKED)
def test_comments_and_hints_do_not_give_the_solution_away(exercise):
    said = re.sub(r"\s", "", " ".join([*exercise.hints, *(mistake.say for mistake in exercise.mistakes)]))
    for source in tagged(solution(exercise), "solution"):
        for line in re.findall(r"(?:return|=)\s+(\S.{14,})$", source, re.MULTILINE):
            assert re.sub(r"\s", "", line) not in said, f"the solution is in a comment or a hint: {line}"


def perturbed(value, rng):
    """The value with one of its numbers, chosen by chance, a little off."""
    if isinstance(value, bool | np.bool_):
        return not value
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, dict):
        key = list(value)[rng.integers(len(value))]
        return {**value, key: perturbed(value[key], rng)}
    if isinstance(value, tuple | list) and not all(isinstance(part, bool | int | float) for part in value):
        filled = [k for k, part in enumerate(value) if np.size(part) > 0]
        k = filled[rng.integers(len(filled))]
        return type(value)(perturbed(part, rng) if i == k else part for i, part in enumerate(value))
    array = np.array(value)
    if array.dtype.kind == "b":
        array.flat[rng.integers(array.size)] ^= True
        return array
    step = 1 if array.dtype.kind in "iu" else 0.05 * np.abs(array).max() + 0.01
    array.flat[rng.integers(array.size)] += step
    return array.item() if array.ndim == 0 else array


def replaced(value, rng):
    """The value with all its numbers drawn anew."""
    if isinstance(value, str):
        return "".join(rng.permutation(list("wrong"))) + value
    if isinstance(value, dict):
        return {key: replaced(part, rng) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(replaced(part, rng) for part in value)
    if isinstance(value, np.ndarray | int | float):
        return rng.normal(scale=3.0, size=np.shape(value))
    return object()


@each([exercise for exercise in CHECKED if not exercise.scored])
def test_perturbed_solution_fails(exercise, in_a_thread, monkeypatch):
    """A small step in one number is seen; where many answers are right, a random one hardly ever is.

    By which slip it may have come about is not asked: a search that takes seconds, and finds nothing.
    """
    for search in ("slips", "two_slips"):
        monkeypatch.setattr(recognise, search, lambda function, **_: ())
    change, seeds = (perturbed, 1) if exercise.use is None else (replaced, 5)
    answer = exercise.reference_answer
    verdicts = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        off = functools.partial(off_by, answer, change, rng) if callable(answer) else change(answer, rng)
        verdicts.append(diagnose(exercise, off, trusted=True))
    assert sum(verdict.right for verdict in verdicts) <= seeds // 3, verdicts


def off_by(answer, change, rng, *inputs):
    return change(answer(*inputs), rng)


@pytest.mark.parametrize("id", ["mlp-digits", "hyper-digits"])
def test_who_changes_the_images_finds_them_whole_the_next_time(id, any_runner):
    """They are read once for all checks."""
    exercise = find(id)
    right = exercise.make(exercise.reference)

    def untidy(images):
        images = np.asarray(images)
        answer = right(images.copy())
        images[:] = 0
        return answer

    first, second = (diagnose(exercise, answer, trusted=True).verdict for answer in (untidy, right))
    assert first != "right" == second
