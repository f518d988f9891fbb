"""The questions of the pages: what they hold, what a reader may type, what is said to it, what comes back.

The page's modules run under Node, once for all tests of this file; cases and results travel as JSON.
"""

import gzip
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

sys.path.append(str(Path(__file__).parents[1] / "book" / "_ext"))
import book_questions
import book_scripts
from book_parts import chapters_after
from docutils import nodes
from docutils.utils import new_document

from fysstk_book import sources
from fysstk_book.questions import keys, loading, moodle
from fysstk_book.questions.markup import to_html
from fysstk_book.questions.model import Choice, Number, SelfCheck, Understanding, Wrong, entries, shape
from fysstk_book.questions.packed import pack, taken_apart, veiled
from test_playground import node

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "book" / "_static" / "questions"
KNOWN = book_questions.all_questions()  # as the build keeps them; tests/test_selfchecks.py finds them anew
SCRIPT_LARGEST = 40_000
"""Bytes of the script for all pages, as the site carries it."""
PAGE_LARGEST = 30_000
"""Bytes of a page's questions: of their data, and of data and words together as hosts send them."""

# What people type, what is asked for, and what is read.
TYPED = [
    ("0.333", [], [0.333]),
    ("0,333", [], [0.333]),
    ("1/3", [], [1 / 3]),
    ("1e-3", [], [0.001]),
    ("1,5e−3", [], [0.0015]),
    ("−0.5", [], [-0.5]),
    ("–0,5", [], [-0.5]),
    ("sqrt(2)/2", [], [2**-0.5]),
    ("√2/2", [], [2**-0.5]),
    ("e", [], [2.718281828459045]),
    ("2π", [], [6.283185307179586]),
    ("exp(-1)", [], [0.36787944117144233]),
    ("2^3", [], [8]),
    ("2**3", [], [8]),
    ("-2^2", [], [-4]),
    ("2^-1", [], [0.5]),
    ("1.5·10^-3", [], [0.0015]),
    ("1.5 x 10^−3", [], [0.0015]),
    ("3²", [], [9]),
    ("½", [], [0.5]),
    (" dw1 = 0.25 ", [], [0.25]),
    ("≈ .25", [], [0.25]),
    ("1/3 = 0.333", [], [0.333]),
    ("0.25.", [], [0.25]),
    ("(0.25)", [], [0.25]),
    ("[0.25]", [], [0.25]),
    ("np.float64(0.25)", [], [0.25]),
    ("np.exp(-1) * 2 sqrt(4)", [], [4 * 0.36787944117144233]),
    ("1 -2", [], [-1]),
    ("1, 2", [2], [1, 2]),
    ("(1, 2)", [2], [1, 2]),
    ("[1, 2,]", [2], [1, 2]),
    ("1 2", [2], [1, 2]),
    ("1; 2", [2], [1, 2]),
    ("1,2", [2], [1, 2]),
    ("0,5; 1,2", [2], [0.5, 1.2]),
    ("0,5 1,2", [2], [0.5, 1.2]),
    ("0,5, 1,2", [2], [0.5, 1.2]),
    ("[0.1 -0.2]", [2], [0.1, -0.2]),
    ("array([ 0.1, -0.2], dtype=float64)", [2], [0.1, -0.2]),
    ("w1, b1 = 1/2, -1/4", [2], [0.5, -0.25]),
    ("[[1], [2]]", [2], [1, 2]),
    ("1, 2; 3, 4", [2, 2], [1, 2, 3, 4]),
    ("[[1,2],[3,4]]", [2, 2], [1, 2, 3, 4]),
    ("((1,2),(3,4))", [2, 2], [1, 2, 3, 4]),
    ("[[1. 2.]\n [3. 4.]]", [2, 2], [1, 2, 3, 4]),
    ("1 -2; 3 4", [2, 2], [1, -2, 3, 4]),
    ("0,5 1; 2 3", [2, 2], [0.5, 1, 2, 3]),
]
NONSENSE = [
    ("", [], "Type your answer first."),
    ("abc", [], "I do not know “abc”: the answer is made of numbers."),
    ("0.5 J", [], "I do not know “J”: the answer is made of numbers."),
    ("constructor", [], "I do not know “constructor”: the answer is made of numbers."),
    ("alert(1)", [], "I do not know “alert”: the answer is made of numbers."),
    ("<b>1</b>", [], "I do not understand “<”."),
    ("12 %", [], "Write a plain number, without %."),
    ("1/0", [], "This is not a finite number."),
    ("1e999", [], "This is not a finite number."),
    ("(1", [], "A closing ) is missing."),
    ("1)", [], "I do not understand “)” there."),
    ("1 +", [], "Something is missing at the end."),
    ("0.1.2", [], "I do not understand “.2” there."),
    ("exp 1", [], "Write brackets after exp, as in exp(2)."),
    ("(" * 60, [], "These are too many brackets."),
    ("[1, 2] + 1", [], "I calculate with numbers, not with lists."),
    ("1, 2, 3", [], "I read a vector with 3 entries; the answer is one number."),
    ("1,234.5", [], "I read a vector with 2 entries; the answer is one number."),
    ("1", [2], "I read one number; the answer is a vector with 2 entries, such as 1, 2."),
    ("1, 2; 3", [3], "The rows must be equally long."),
    (
        "1, 2",
        [2, 2],
        "I read a vector with 2 entries; the answer is a matrix with 2 rows and 2 columns, "
        "its rows with ; between them, such as 1, 2; 3, 4.",
    ),
]
TYPESET = {
    "1/3": "<math><mfrac><mn>1</mn><mn>3</mn></mfrac></math>",
    "-(1+2)*e": "<math><mrow><mrow><mo>−</mo><mrow><mo>(</mo><mrow><mn>1</mn><mo>+</mo><mn>2</mn></mrow>"
    "<mo>)</mo></mrow></mrow><mo>·</mo><mi>e</mi></mrow></math>",
    "2^-1": "<math><msup><mn>2</mn><mrow><mo>−</mo><mn>1</mn></mrow></msup></math>",
    "sqrt(2)": "<math><msqrt><mn>2</mn></msqrt></math>",
    "log(2)": "<math><mrow><mi>ln</mi><mo>&#8289;</mo><mrow><mo>(</mo><mn>2</mn><mo>)</mo></mrow></mrow>"
    "</math>",
    "1e-3": "<math><mrow><mn>1</mn><mo>·</mo><msup><mn>10</mn><mrow><mo>−</mo><mn>3</mn></mrow></msup></mrow>"
    "</math>",
}
NUMBERS = [0.12348, 0.1235, 785, -9.996, 0.0, 1e-12, 1 / 3, -0.05, 123456.0, 0.000123456]
# (what is known, right?, the day) and what is known afterwards: box, day, ever right, tries.
ANSWERED = [
    (None, True, 100, [1, 101, True, 1]),
    (None, False, 100, [1, 101, False, 1]),
    ([1, 101, False, 1], True, 100, [1, 101, True, 2]),  # right on the same day: before its time
    ([1, 101, True, 1], True, 101, [2, 104, True, 2]),
    ([2, 104, True, 2], True, 103, [2, 104, True, 3]),
    ([2, 104, True, 3], True, 110, [3, 117, True, 4]),
    ([3, 117, True, 4], True, 117, [4, 131, True, 5]),
    ([4, 131, True, 5], True, 131, [5, 161, True, 6]),
    ([5, 161, True, 6], True, 161, [5, 191, True, 7]),
    ([5, 191, True, 7], False, 170, [1, 171, True, 8]),
]
FIELDS = ("box", "due", "right", "tries")
A_QUESTION = {"box": 2, "due": 9, "right": True, "tries": 3}
AN_EXERCISE = {"right": True, "verdict": "right", "tries": 2, "hints": 1}
FILES = {
    "own": json.dumps({"version": 1, "questions": {"a": A_QUESTION}, "exercises": {"b": AN_EXERCISE}}),
    "notebook": json.dumps({"version": 1, "exercises": {"b": AN_EXERCISE}}),
    "partly damaged": json.dumps({"version": 1, "questions": {"a": A_QUESTION, "c": {"box": -1}, "d": 3}}),
    "cut": '{"version": 1, "questions": {"a": {"box"',
    "empty": "",
    "list": "[1, 2]",
    "other": '{"cells": []}',
    "newer": '{"version": 2, "questions": {}}',
}
DRIVER = """
import { readFileSync } from "node:fs";
const at = (name) => new URL(name, `file://${process.argv[2]}/`);
const { digest, keyOf } = await import(at("keys.js"));
const { NotUnderstood, read } = await import(at("reading.js"));
const { typeset } = await import(at("formula.js"));
const { given, judge, judgeChoice, shapes, unveiled } = await import(at("judge.js"));
const { answered, dayOf, dueOn } = await import(at("schedule.js"));
const { checked, Damaged, merge, Store } = await import(at("record.js"));
const cases = JSON.parse(readFileSync(0, "utf8"));
const attempt = (kind, compute) => {
  try {
    return compute();
  } catch (error) {
    if (error instanceof kind) return error.message;
    throw error;
  }
};
const broken = { getItem: () => null, setItem: () => { throw new Error("full"); }, removeItem() {} };
const forbidden = () => {
  throw new Error("SecurityError");
};
const kept = (store) => {
  store.change(({ questions }) => { questions.a = cases.entry; });
  return [store.load().questions.a, store.trouble];
};
console.log(JSON.stringify({
  digests: cases.digests.map(digest),
  keys: cases.numbers.map((number) => keyOf(number, 3, "salt", 0)),
  read: cases.typed.map(([text, shape]) => attempt(NotUnderstood, () => read(text, [shape]).values)),
  typeset: cases.typeset.map((text) => typeset(read(text, [[]]).tree)),
  judged: cases.judged.map(([id, i, text]) => attempt(NotUnderstood, () => {
    const number = cases.packed[id].numbers[i];
    const found = judge(id, cases.packed[id], i, read(text, shapes(number)));
    return { ...found, name: cases.packed[id].words[found.word]?.map(unveiled)[0] };
  })),
  given: Object.values(cases.packed).map((one) => one.numbers.map((_, i) => given(one, i))),
  chosen: cases.chosen.map(([id, question, i]) => judgeChoice(id, question, i).verdict),
  answered: cases.answered.map(([known, right, today]) => answered(known, right, today)),
  due: dueOn(cases.waiting, 10),
  days: cases.times.map((time) => dayOf(new Date(...time))),
  files: Object.fromEntries(Object.entries(cases.files).map(([name, text]) =>
    [name, attempt(Damaged, () => checked(text))])),
  merged: [cases.merge[0]].map((record) => (merge(record, cases.merge[1]), record))[0],
  full: kept(new Store(() => broken)),
  forbidden: kept(new Store(forbidden)),
}));
"""


def typed(value):
    """Write a value as a reader would, with all its digits."""
    if isinstance(value, list):
        return f"[{', '.join(map(typed, value))}]"
    return repr(float(value))


def beyond(value, digits):
    """Move the last entry of a value out of tolerance: two and a half last digits, whole numbers by one."""
    if isinstance(value, list):
        return [*value[:-1], beyond(value[-1], digits)]
    unit = moodle.unit(value, digits)
    return value + (2.5 * unit if unit else 1)


JUDGED = [
    (one.id, i, typed(answer), verdict, name)
    for one in KNOWN.selfchecks.values()
    for i, number in enumerate(one.numbers)
    for answer, verdict, name in [
        (number.right, "right", None),
        *((wrong.value, "mistake", wrong.name) for wrong in number.wrong),
        (beyond(number.right, one.digits), "not right", None),
    ]
]


def plain(tex):
    return f"<math><mi>{tex}</mi></math>"


@pytest.fixture(scope="session")
def page(tmp_path_factory):
    """What the page's modules make of all cases."""
    driver = tmp_path_factory.mktemp("questions") / "driver.mjs"
    driver.write_text(DRIVER, encoding="utf8")
    known = [None if one[0] is None else dict(zip(FIELDS, one[0], strict=True)) for one in ANSWERED]
    cases = {
        "digests": ["", "abc", "one-cost|0|0|1.23e-1"],
        "numbers": NUMBERS,
        "typed": [(text, asked) for text, asked, _ in (*TYPED, *NONSENSE)],
        "typeset": list(TYPESET),
        "packed": {id: pack(one, plain) for id, one in KNOWN.selfchecks.items()},
        "judged": [case[:3] for case in JUDGED],
        "chosen": [
            (id, pack(one, plain), i)
            for id, one in KNOWN.understanding.items()
            for i in range(len(one.choices))
        ],
        "answered": [(old, right, day) for old, (_, right, day, _) in zip(known, ANSWERED, strict=True)],
        "waiting": {id: {"due": due, "box": 1} for id, due in {"b": 9, "a": 8, "later": 11, "c": 10}.items()},
        "times": [(2026, 10, 28, 23, 59), (2026, 10, 29, 0, 1), (2026, 10, 29, 23, 59)],
        "files": FILES,
        "merge": [
            {"questions": {"a": A_QUESTION}, "exercises": {"b": {**AN_EXERCISE, "tries": 1}}},
            {"questions": {"a": {**A_QUESTION, "tries": 1, "right": False}}, "exercises": {"b": AN_EXERCISE}},
        ],
        "entry": A_QUESTION,
    }
    run = subprocess.run(
        [node(), driver, FOLDER], input=json.dumps(cases), capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_page_and_build_make_the_same_keys(page):
    assert page["digests"] == [keys.digest(text) for text in ("", "abc", "one-cost|0|0|1.23e-1")]
    assert page["keys"] == [keys.digest(f"salt|0|{keys.rounded(number, 3)}") for number in NUMBERS]
    for number, key in zip(NUMBERS, page["keys"], strict=True):
        assert keys.keys(number, 3, "salt").startswith(key)


def test_tolerance_is_the_two_roundings_between_which_a_value_lies():
    assert keys.accepted(0.12348, 3) == ["1.23e-1", "1.24e-1"]
    assert keys.accepted(0.12362, 3) == ["1.24e-1", "1.23e-1"]
    assert keys.accepted(-9.996, 3) == ["-1.00e1", "-9.99e0"]
    assert keys.accepted(785, 3) == ["7.85e2"]
    assert keys.accepted(0.125, 3) == ["1.25e-1"]
    assert keys.accepted(1e-17, 3) == ["0"]


@pytest.mark.parametrize(("number", "case"), list(enumerate(TYPED)), ids=[text for text, *_ in TYPED])
def test_what_people_type_is_read(page, number, case):
    assert page["read"][number] == pytest.approx(case[2], rel=1e-12)


@pytest.mark.parametrize(("number", "case"), list(enumerate(NONSENSE, len(TYPED))), ids=str)
def test_what_is_not_understood_gets_one_sentence(page, number, case):
    assert page["read"][number] == case[2]


def test_what_was_understood_is_typeset(page):
    assert dict(zip(TYPESET, page["typeset"], strict=True)) == TYPESET


def test_every_right_value_is_taken_every_mistake_named_and_nothing_beyond_tolerance(page):
    faults = []
    for (id, i, text, verdict, name), found in zip(JUDGED, page["judged"], strict=True):
        got = found["verdict"] if isinstance(found, dict) else found
        good = got not in ("right", "rounded") if verdict == "not right" else got == verdict
        if not good or (name and found["name"] != to_html(name, plain)):
            faults.append(f"{id} {i}: {text} should be {verdict} {name or ''}, and is {found}")
    assert faults == []


def test_each_set_of_numbers_is_shown_as_it_was_written(page):
    for one, shown in zip(KNOWN.selfchecks.values(), page["given"], strict=True):
        assert shown == [to_html(number.given, plain) for number in one.numbers]
    markup = '<mi>x</mi><mo>=</mo><mo form="prefix">−</mo><mn>1.5</mn><mo>−</mo><mn>2</mn>'
    assert taken_apart(markup)[1] == ["−1.5", "2"]


def test_one_choice_is_right(page):
    chosen = iter(page["chosen"])
    for one in KNOWN.understanding.values():
        assert [next(chosen) == "right" for _ in one.choices] == [choice.right for choice in one.choices]


def test_questions_come_back_by_the_boxes(page):
    assert [[known[field] for field in FIELDS] for known in page["answered"]] == [one[3] for one in ANSWERED]
    assert page["due"] == ["a", "b", "c"]
    days = page["days"]
    assert [day - days[0] for day in days] == [0, 1, 1]


def test_the_page_says_when_they_come_back():
    days = re.search(r"DAYS = \[(.*)\]", (FOLDER / "schedule.js").read_text("utf8"))[1]
    assert days == "1, 3, 7, 14, 30"
    said = " ".join((ROOT / "book" / "progress.md").read_text("utf8").split())
    assert "after a day, in the others after three days, a week, two weeks and a month" in said


def test_files_of_this_page_and_of_notebooks_are_read_and_damaged_ones_refused(page):
    files = page["files"]
    assert files["own"]["questions"] == {"a": A_QUESTION}
    assert files["own"]["exercises"] == files["notebook"]["exercises"] == {"b": AN_EXERCISE}
    assert files["partly damaged"]["questions"] == {"a": A_QUESTION}
    for name in ("cut", "empty", "list", "other", "newer"):
        assert files[name].endswith(": nothing was changed."), name
    assert page["merged"] == {"questions": {"a": A_QUESTION}, "exercises": {"b": AN_EXERCISE}}


def test_the_file_of_the_notebooks_is_the_one_that_the_page_reads(tmp_path, monkeypatch):
    from fysstk_book.check import record
    from fysstk_book.exercises import find

    monkeypatch.setenv("FYSSTK_PROGRESS", str(tmp_path / "progress.json"))
    record.forget()
    record.next_hint(find("one-cost"))
    written = json.loads((tmp_path / "progress.json").read_text("utf8"))
    assert written["version"] == 1
    assert set(written["exercises"]["one-cost"]) == set(AN_EXERCISE)


def test_progress_goes_on_in_memory_where_nothing_can_be_stored(page):
    for kind in ("full", "forbidden"):
        known, trouble = page[kind]
        assert known == A_QUESTION
        assert "your progress lasts until you leave" in trouble


# What pages hold


def pages_with_questions():
    """Return the questions of each page, in the places where they stand."""
    for one in sources.pages(ROOT):
        if one.chapter:
            under = [("exercise", id) for id in KNOWN.selfchecks if KNOWN.chapter(id) == one.name]
            yield one.name, [*under, *(("set", id) for id in KNOWN.sets[one.name])]
        elif chapters := chapters_after(one.name):
            yield one.name, [("set", id) for id in KNOWN.mixed([chapter.name for chapter in chapters])]


PAGES = dict(pages_with_questions())


def written(places):
    """Return the questions of a page as HTML, and their data."""
    html = "".join(
        book_questions.written(
            KNOWN.find(id), book_questions.Place(book_questions.anchor(id, place), "Question 1", i)
        )
        for i, (place, id) in enumerate(places)
    )
    packed = {id: pack(KNOWN.find(id), book_questions.mathml) for _, id in places}
    return html, book_questions.data("question-data", packed)


@pytest.fixture(scope="session")
def all_written():
    return {name: written(places) for name, places in PAGES.items()}


def test_every_chapter_and_part_has_questions():
    assert len(PAGES) == 23 + 6
    assert all(len(places) >= 5 for places in PAGES.values())
    for name, places in PAGES.items():
        if name.startswith("part-"):
            asked = {KNOWN.chapter(id) for _, id in places}
            assert asked <= {chapter.name for chapter in chapters_after(name)}
            assert len(asked) >= min(len(chapters_after(name)), loading.MIXED) * 0.8


def test_scripts_and_questions_are_small(all_written, capsys):
    script = book_scripts.bundle(FOLDER / book_questions.SCRIPT)
    sheet = book_scripts.minified((FOLDER / "questions.css").read_text("utf8"), "style")
    sizes = {
        name: (len(data.encode()), len(gzip.compress((html + data).encode(), 6)))
        for name, (html, data) in all_written.items()
    }
    largest, packed = (max(column) for column in zip(*sizes.values(), strict=True))
    with capsys.disabled():
        print(
            f"\nscript {len(script.encode())} bytes, sheet {len(sheet)}; "
            f"data of a page at most {largest}, with its words at most {packed} as sent",
            end="",
        )
    assert len((script + sheet).encode()) < SCRIPT_LARGEST
    assert max(largest, packed) < PAGE_LARGEST


def test_the_script_is_classic_and_has_every_module(tmp_path):
    entry = FOLDER / book_questions.SCRIPT
    script = book_scripts.bundle(entry)
    assert set(book_scripts.modules(entry)) == {path.name for path in FOLDER.glob("*.js")}
    path = tmp_path / "bundle.cjs"
    path.write_text(script, encoding="utf8")
    subprocess.run([node(), "--check", path], check=True, timeout=60)
    for path in FOLDER.iterdir():
        text = path.read_text("utf8")
        assert not re.search(
            r"https?:|\bfetch\(|XMLHttpRequest|WebSocket|@import|\beval\(|\bFunction\(", text
        )


def test_no_answer_stands_in_a_page_in_the_clear(all_written):
    for name, places in PAGES.items():
        html, data = all_written[name]
        for i, (_, id) in enumerate(places):
            one = KNOWN.find(id)
            if isinstance(one, SelfCheck):
                number = one.numbers[i % len(one.numbers)]
                shown = book_questions.shown(number.right, one.digits)
                if len(shown) > 4:
                    assert shown not in re.sub(r'"given":\[[^]]*\]', "", data), id
                    assert shown not in html.replace(to_html(number.given, book_questions.mathml), ""), id
                for wrong in number.wrong:
                    assert len(wrong.say) < 20 or wrong.say not in html + data
            else:
                for choice in one.choices:
                    assert to_html(choice.say, book_questions.mathml) not in html + data
    assert veiled("a <b>w</b> &lt; 1") == "n <b>j</b> &lt; 1"


def test_answers_without_a_script_are_those_of_the_question():
    assert book_questions.shown(0.27746, 3) == "0.277"
    assert book_questions.shown([1.0, -0.5], 3) == "(1, -0.5)"
    assert book_questions.shown([[1.0, 2.0], [3.0, 4.0]], 3) == "1, 2; 3, 4"
    assert book_questions.shown(1234567.0, 3) == "1234567"


def test_each_question_leads_back_to_a_place_of_the_book():
    for one in KNOWN.understanding.values():
        if one.after:
            assert book_questions.address(one.after).startswith(f"{one.chapter}.html#")
    with pytest.raises(ValueError, match="after must be a label of the book, got 'sec-none'"):
        book_questions.address("sec-none")


# What is refused


def number(**other):
    return Number(**{"given": "For $x = 1$:", "right": 0.5, "wrong": (), **other})


def choices(*right):
    return tuple(Choice(f"choice {i}", one, "Because.") for i, one in enumerate(right))


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: Wrong(float("nan"), "a", "b"), "a value must be a finite number, a list of them"),
        (lambda: Wrong([[1.0], [1.0, 2.0]], "a", "b"), "rows of equal length, got"),
        (lambda: Wrong(1.0, "", "b"), "name must be a text with words, got ''"),
        (lambda: number(given=" "), "given must be a text"),
        (lambda: SelfCheck("a", "a", "What?", (number(),)), "a: numbers must be three to six, got 1"),
        (lambda: SelfCheck("b", "a", "What?", (number(),) * 3), "id must be 'a', the exercise's"),
        (lambda: SelfCheck("a", "a", "What?", (number(),) * 3, digits=0), "a: digits must be 1 to 6, got 0"),
        (lambda: Understanding("u", "gates", "What?", choices(True, False)), "choices must be three to five"),
        (
            lambda: Understanding("u", "gates", "What?", choices(True, True, False)),
            "u: exactly one of the choices must be right, got 2",
        ),
        (
            lambda: Understanding("u", "gates", "What?", (choices(True)[0], *choices(False, False)[:2])),
            "u: two of the choices have the same text",
        ),
    ],
)
def test_questions_that_are_none(make, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        make()


GOOD = """
- id: new-one
  ask: What?
  choices:
    - {text: One, say: No.}
    - {text: Two, say: Yes., right: true}
    - {text: Three, say: No.}
"""


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"gates.yml": "- ["}, "gates.yml: this is no YAML"),
        ({"gates.yml": "a: b"}, "gates.yml: expected a list of questions, got dict"),
        ({"gates.yml": "- id: a\n  ask: b"}, "gates.yml: question 1 must have the keys id, ask and choices"),
        ({"gates.yml": GOOD.replace("ask", "asks")}, "gates.yml: question 1 must have the keys"),
        ({"gates.yml": GOOD.replace("right: true", "right: 2")}, "gates.yml: new-one: choices must be"),
        ({"gates.yml": GOOD.replace(", right: true", "")}, "gates.yml: new-one: new-one: exactly one of"),
        ({"gates.yml": GOOD, "iris.yml": GOOD}, "iris.yml: new-one: id must be new"),
        ({"sets.yml": "nowhere: [a]"}, "sets.yml: expected the names of chapters, got 'nowhere'"),
        ({"sets.yml": "gates: [a]"}, "sets.yml: gates: there is no question 'a'"),
        ({"sets.yml": "gates: [one-cost, one-cost]"}, "sets.yml: gates: expected a list of ids, each once"),
    ],
)
def test_files_of_questions_that_are_none(tmp_path, files, complaint):
    shutil.copy(ROOT / "_toc.yml", tmp_path)
    (tmp_path / "book" / "questions").mkdir(parents=True)
    for name, text in files.items():
        (tmp_path / "book" / "questions" / name).write_text(text)
    with pytest.raises(ValueError, match=re.escape(complaint)):
        loading.load(tmp_path)


# For learning platforms


def test_moodle_file_has_every_question_with_its_words():
    titles = {one.name: one.title for one in sources.pages(ROOT) if one.chapter}
    quiz = ElementTree.fromstring(moodle.to_xml(KNOWN, titles))
    found = {
        kind: [q for q in quiz if q.get("type") == kind] for kind in ("numerical", "cloze", "multichoice")
    }
    assert len([q for q in quiz if q.get("type") == "category"]) == len(titles)
    numbers = [
        (f"{one.id} {i}", one, number)
        for one in KNOWN.selfchecks.values()
        for i, number in enumerate(one.numbers, 1)
    ]
    single = {name: number for name, one, number in numbers if shape(number.right) == ()}
    assert [q.findtext("name/text") for q in found["numerical"]] == sorted(
        single, key=[q.findtext("name/text") for q in found["numerical"]].index
    )
    for question in found["numerical"]:
        number = single[question.findtext("name/text")]
        answers = question.findall("answer")
        assert [answer.get("fraction") for answer in answers] == ["100"] + ["0"] * len(number.wrong)
        values = [number.right, *(wrong.value for wrong in number.wrong)]
        assert [float(a.findtext("text")) for a in answers] == pytest.approx([entries(v)[0] for v in values])
        for answer, wrong in zip(answers[1:], number.wrong, strict=True):
            assert to_html(wrong.say) in answer.findtext("feedback/text")
    assert len(found["cloze"]) == len(numbers) - len(single)
    for question in found["cloze"]:
        number = next(number for name, _, number in numbers if name == question.findtext("name/text"))
        text = question.findtext("questiontext/text")
        assert len(re.findall(r"\{1:NUMERICAL:=", text)) == len(entries(number.right))
    assert {q.findtext("name/text") for q in found["multichoice"]} == set(KNOWN.understanding)
    for question in found["multichoice"]:
        one = KNOWN.understanding[question.findtext("name/text")]
        answers = question.findall("answer")
        assert [a.get("fraction") == "100" for a in answers] == [choice.right for choice in one.choices]
        assert [a.findtext("feedback/text") for a in answers] == [to_html(c.say) for c in one.choices]


def test_embedded_fields_hide_what_would_end_them():
    wrong = Wrong([2.0, 1.0], "took {w} ~ #1", "It is $\\frac{1}{2}$.")
    fields = moodle._fields(number(right=[1.0, 0.123456], wrong=(wrong,)), 3)
    assert "{1:NUMERICAL:=1:0#Right.~%0%2:0#Looks like: took {w\\} \\~ \\#1. It is \\\\(" in fields
    assert "{1:NUMERICAL:=0.123456:0.001#Right.~%0%1:0#" in fields


def test_json_has_all_there_is():
    found = json.loads(moodle.to_json(KNOWN))
    assert {one["id"] for one in found["questions"]} == set(KNOWN.all())
    assert found["sets"] == {name: list(ids) for name, ids in KNOWN.sets.items()}


def test_a_page_is_made_again_when_a_question_of_another_chapter_changes(monkeypatch):
    of_others = {name: [id for id in ids if KNOWN.chapter(id) != name] for name, ids in KNOWN.sets.items()}
    name, (id, *_) = next((name, ids) for name, ids in of_others.items() if ids)
    env = SimpleNamespace(metadata={"book/index": {}} | {f"book/{page}": {} for page in KNOWN.sets})
    for page, ids in KNOWN.sets.items():
        document = new_document(page)
        document += nodes.section()
        document.settings.env = SimpleNamespace(docname=f"book/{page}", metadata=env.metadata)
        book_questions.PutQuestions(document).put_set(list(ids))
    assert book_questions.asked_otherwise(None, env) == []
    changed = replace(KNOWN.find(id), ask="How many?")
    kinds = {kind: {**getattr(KNOWN, kind)} for kind in ("selfchecks", "understanding")}
    kinds["selfchecks" if id in KNOWN.selfchecks else "understanding"][id] = changed
    monkeypatch.setattr(book_questions, "all_questions", lambda: replace(KNOWN, **kinds))
    expected = [f"book/{page}" for page, ids in KNOWN.sets.items() if id in ids]
    assert f"book/{name}" in expected
    assert book_questions.asked_otherwise(None, env) == expected
