"""The questions of understanding: enough of them, fair ones, and a set of questions for each chapter."""

from collections import Counter
from pathlib import Path

import pytest

from fysstk_book import exercises, sources
from fysstk_book.questions.model import Choice, Understanding
from test_questions import KNOWN

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "book" / "questions"
PAGES = sources.pages(ROOT)
CHAPTERS = [page.name for page in PAGES if page.chapter]  # in the order of the book


def questions():
    """All of them, each checked by the model: three to five choices, exactly one right, no two alike."""
    for name in CHAPTERS:
        for one in sources.read_yaml((FOLDER / f"{name}.yml").read_text(encoding="utf8")):
            assert set(one) <= {"id", "after", "ask", "choices"}, one["id"]
            choices = tuple(Choice(c["text"], c.get("right", False), c["say"]) for c in one["choices"])
            yield Understanding(one["id"], name, one["ask"], choices, one.get("after"))


ALL = list(questions())
SETS = sources.read_yaml((FOLDER / "sets.yml").read_text(encoding="utf8"))
CHAPTER = {one.id: exercises.find(one.exercise).chapter for one in KNOWN.selfchecks.values()} | {
    one.id: one.chapter for one in ALL
}


def right(one):
    return next(place for place, choice in enumerate(one.choices) if choice.right)


def test_every_chapter_has_three_to_five_questions_and_nothing_else_lies_there():
    assert len(ALL) >= 100
    assert set(Counter(one.chapter for one in ALL).values()) <= {3, 4, 5}
    assert {file.stem for file in FOLDER.glob("*.yml")} == {*CHAPTERS, "sets"}


def test_an_id_names_one_question():
    assert not [id for id, times in Counter(one.id for one in ALL).items() if times > 1]
    assert not {one.id for one in ALL} & {one.id for one in exercises.catalogue()}


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
def test_no_choice_gives_itself_away_and_each_is_answered(one):
    texts = [choice.text for choice in one.choices]
    assert len({text.casefold().rstrip(".") for text in texts}) == len(texts)
    assert len({text.endswith(".") for text in texts}) == 1, "sentences or phrases, not both"
    assert max(map(len, texts)) <= 2 * min(map(len, texts)) or max(map(len, texts)) <= 20
    says = [choice.say for choice in one.choices]
    assert len(set(says)) == len(says) and all(say.endswith(".") for say in says)
    for words in (one.ask, *texts, *says):
        assert words.count("$") % 2 == 0 and words.count("`") % 2 == 0
    assert one.ask.endswith("?")


def test_neither_the_place_nor_the_length_of_the_right_choice_helps():
    places = Counter(map(right, ALL))
    assert max(places.values()) <= 0.35 * len(ALL), places
    longest = [
        one.id for one in ALL if len(one.choices[right(one)].text) == max(len(c.text) for c in one.choices)
    ]
    assert len(longest) <= 0.4 * len(ALL), longest


@pytest.mark.parametrize("one", [one for one in ALL if one.after], ids=lambda one: one.id)
def test_what_a_question_belongs_to_stands_in_its_chapter(one):
    page = next(page for page in PAGES if page.name == one.chapter)
    assert f"({one.after})" in page.text


def test_every_chapter_has_a_set_with_its_own_questions_and_some_of_before():
    assert list(SETS) == CHAPTERS
    for name, ids in SETS.items():
        assert 5 <= len(ids) <= 8 and len(set(ids)) == len(ids), name
        assert set(ids) <= set(CHAPTER), (name, set(ids) - set(CHAPTER))
        places = [CHAPTERS.index(CHAPTER[id]) for id in ids]
        here = CHAPTERS.index(name)
        assert max(places) == here, f"{name} asks for what comes later"
        assert sum(place < here for place in places) in ({0} if here == 0 else {1, 2}), name
        assert {one.id for one in ALL if one.chapter == name} <= set(ids), name
