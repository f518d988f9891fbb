"""Questions in a browser: what is typed is answered at once, and stays; without a script they can be read.

tests/conftest.py says which site and which browser. Most tests share one page.
"""

import json
import re
from pathlib import Path

import pytest

from fysstk_book.questions import loading
from fysstk_book.questions.model import SelfCheck, shape
from test_questions import KNOWN, PAGES, typed

pytestmark = pytest.mark.browser

NAME = "one-neuron"
COST, GRADIENTS = KNOWN.selfchecks["one-cost"], KNOWN.selfchecks["one-gradients"]
CHOICES = next(KNOWN.understanding[id] for id in KNOWN.sets[NAME] if id in KNOWN.understanding)
MATRIX = "four-backprop"
PHONE = {"width": 390, "height": 800}
# What the page's own functions say of every answer that is foreseen: [id, i, text] in, verdicts out.
JUDGE = """cases => cases.map(([id, i, text]) => {
  const { data, judge, read, shapes } = window.questions;
  return judge(id, data[id], i, read(text, shapes(data[id].numbers[i]))).verdict;
})"""


class Reader:
    """A page with questions, and what a reader does on it."""

    def __init__(self, page, address):
        self.page, self.address, self.errors, self.hosts = page, address, [], set()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))

    def open(self, name=NAME):
        self.page.goto(f"{self.address}/book/{name}.html", wait_until="load")
        self.page.wait_for_selector("html.q-live", state="attached")
        return self

    def box(self, id, place="q"):
        return self.page.locator(f"#{place}-{id.replace('/', '-')}")

    def answer(self, id, text, place="q"):
        """Type an answer, press Enter, and return what is said."""
        field = self.box(id, place).locator("input[type=text]")
        field.fill(text)
        field.press("Enter")
        return self.verdict(id, place)

    def verdict(self, id, place="q"):
        return self.box(id, place).locator(".q-verdict").inner_text()

    def stored(self):
        return json.loads(self.page.evaluate("localStorage.getItem('fysstk-questions')") or "{}")


@pytest.fixture(scope="module")
def shared(one_tab, address):
    return Reader(one_tab, address)


@pytest.fixture
def reader(shared, tab):
    shared.errors.clear()
    yield shared
    assert shared.errors == []
    assert shared.hosts <= {shared.address.split("/")[2]}


def mistake(one):
    """The first foreseen mistake in the first numbers of a self-check that has the shape of the right one."""
    right = one.numbers[0].right
    return next(wrong for wrong in one.numbers[0].wrong if shape(wrong.value) == shape(right))


def test_a_number_is_answered_at_once_and_stays(reader):
    reader.open()
    right, wrong = COST.numbers[0].right, mistake(COST)
    assert reader.answer("one-cost", typed(right)).startswith("✓ Right") or "Right." in reader.verdict(
        "one-cost"
    )
    said = reader.answer("one-cost", typed(wrong.value))
    assert said.startswith("Not quite. It looks like this:")
    assert wrong.name in said
    for nonsense in ("a bit", "<img src=x onerror=alert(1)>", ""):
        reader.answer("one-cost", nonsense)
        assert reader.box("one-cost").locator(".q-note").count() == 1
    assert reader.answer("one-cost", typed(right).replace(".", ",")).endswith("Right.")
    assert reader.stored()["questions"]["one-cost"]["tries"] == 3
    mark = reader.box("one-cost").locator(".q-mark")
    assert mark.inner_text() == "✓ answered"
    reader.page.reload(wait_until="load")
    reader.page.wait_for_selector("html.q-live", state="attached")
    assert mark.inner_text() == "✓ answered"
    assert reader.verdict("one-cost") == ""


def test_fractions_and_vectors_are_typeset_as_they_are_read(reader):
    reader.open()
    box = reader.box("one-gradients")
    box.locator("input").fill("1/3, -sqrt(2)/2")
    assert box.locator(".q-reading math mfrac").count() == 2
    right = GRADIENTS.numbers[0].right
    assert "Right" in reader.answer("one-gradients", typed(right))
    assert "Right" in reader.answer("one-gradients", "; ".join(map(typed, right)).replace(".", ","))
    said = reader.answer("one-gradients", f"{typed(right[0])}, 77")
    assert said.startswith("Not yet. The first entry is right.")
    assert "Hint 1 of" in said
    assert "one number; the answer is a vector" in reader.answer("one-gradients", "0.5")
    reader.open("four-equations")
    right = KNOWN.selfchecks[MATRIX].numbers[0].right
    assert "Right" in reader.answer(MATRIX, typed(right))
    rows = "; ".join(", ".join(map(typed, row)) for row in right)
    assert "Right" in reader.answer(MATRIX, rows)
    assert reader.box(MATRIX).locator(".q-reading mtr").count() == len(right)


def test_hints_come_in_stages_and_another_one_gives_other_numbers(reader):
    reader.open()
    box = reader.box("one-gradients")
    assert [reader.answer("one-gradients", "77, 88").count("Hint ") for _ in range(3)] == [1, 2, 2]
    given = box.locator(".q-given").inner_text()
    box.locator(".q-another").click()
    assert box.locator(".q-given").inner_text() != given
    assert reader.verdict("one-gradients") == ""
    assert "Right" in reader.answer("one-gradients", typed(GRADIENTS.numbers[1].right))
    for _ in GRADIENTS.numbers[1:]:
        box.locator(".q-another").click()
    assert box.locator(".q-given").inner_text() == given


def test_each_choice_has_its_own_sentence(reader):
    reader.open()
    box = reader.box(CHOICES.id)
    box.locator("button").click()
    assert reader.verdict(CHOICES.id) == "Choose one of them first."
    said = []
    for i, choice in enumerate(CHOICES.choices):
        box.locator("input").nth(i).check()
        box.locator("button").click()
        said.append(reader.verdict(CHOICES.id))
        assert said[-1].startswith("Right." if choice.right else "Not this one.") or "✓" in said[-1]
    assert len(set(said)) == len(said)
    link = box.locator(".q-verdict a")
    if CHOICES.choices[-1].right is False and CHOICES.after:
        assert link.get_attribute("href").startswith(f"{NAME}.html#")


def test_the_page_itself_knows_every_answer(reader):
    for name in ("one-neuron", "part-training"):
        reader.open(name)
        cases, wanted = [], []
        for _, id in PAGES[name]:
            one = KNOWN.find(id)
            for i, number in enumerate(one.numbers if isinstance(one, SelfCheck) else ()):
                for value, verdict in [
                    (number.right, "right"),
                    *((w.value, "mistake") for w in number.wrong),
                ]:
                    cases.append([id, i, typed(value)])
                    wanted.append(verdict)
        assert len(cases) > 20
        assert reader.page.evaluate(JUDGE, cases) == wanted


def test_keyboard_alone(reader):
    page = reader.open().page
    reader.box("one-cost").locator("input").focus()
    page.keyboard.type(typed(COST.numbers[0].right))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Check"
    page.keyboard.press("Space")
    assert "Right" in reader.verdict("one-cost")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "q-one-cost-field"
    box = reader.box(CHOICES.id)
    box.locator("input").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert reader.verdict(CHOICES.id)
    assert box.locator("input").nth(1).is_checked()


def test_everybody_can_use_them(reader, barriers):
    page = reader.open().page
    page.set_viewport_size(PHONE)
    page.add_style_tag(content="* { content-visibility: visible !important }")
    reader.answer("one-cost", typed(mistake(COST).value))
    reader.answer("one-gradients", "77, 88")
    reader.answer("one-delta", "a bit")
    box = reader.box(CHOICES.id)
    box.locator("input").first.check()
    box.locator("button").click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for part in page.locator(".question .q-verdict").all():
        assert part.get_attribute("role") == "status"
    assert page.locator(".question input[type=text]").evaluate_all("all => all.every(e => e.labels.length)")
    assert barriers(page, "#exercises, #can-you-still") == []


def test_nothing_moves_until_one_answers(reader):
    """The fields are there before the script; only an answer makes a box larger."""
    heights = "all => all.map(e => e.getBoundingClientRect().height)"
    page = reader.page
    page.route("**/questions/questions.js", lambda route: route.abort())
    page.goto(f"{reader.address}/book/{NAME}.html", wait_until="domcontentloaded")
    page.evaluate("document.documentElement.classList.add('q-ready')")
    before = page.locator(".question").evaluate_all(heights)
    page.unroute("**/questions/questions.js")
    reader.errors.clear()
    reader.open()
    assert page.locator(".question").evaluate_all(heights) == before
    reader.box("one-cost").locator("input").fill("0.5")
    assert page.locator(".question").evaluate_all(heights) == before


def test_without_javascript_question_and_folded_answer(visit, address):
    page = visit(java_script_enabled=False)
    page.goto(f"{address}/book/{NAME}.html")
    box = page.locator("#q-one-cost")
    assert not box.locator("input").is_visible()
    answer = box.locator("details.answer > p")
    assert not answer.is_visible()
    box.locator("details.answer summary").click()
    assert answer.inner_text() == f"{COST.numbers[0].right:.3g}"
    assert "cannot run" in box.evaluate("e => getComputedStyle(e, '::after').content")
    right = next(choice for choice in CHOICES.choices if choice.right)
    choices = page.locator(f"#q-{CHOICES.id}")
    choices.locator("summary").click()
    said = choices.locator("details.answer > p").inner_text()
    assert "choice." in said
    assert re.sub(r"\$.*|\W+$", "", right.say)[:20] in said


def test_from_a_folder(visit, site):
    page = visit()
    reader = Reader(page, site.as_uri())
    reader.open()
    assert "Right" in reader.answer("one-cost", typed(COST.numbers[0].right))
    assert reader.errors == []


def test_paper_has_room_to_write(reader):
    page = reader.open().page
    reader.answer("one-cost", "77")
    page.emulate_media(media="print")
    box = reader.box("one-cost")
    for part in ("input", "button", ".q-verdict"):
        assert not box.locator(part).first.is_visible()
    assert box.locator("form").evaluate("e => e.getBoundingClientRect().height") > 30
    assert reader.box(CHOICES.id).locator("input").first.is_visible()


# Progress


def test_progress_is_counted_saved_loaded_and_deleted(reader, tmp_path):
    reader.open()
    reader.answer("one-cost", typed(COST.numbers[0].right))
    page = reader.open("progress").page
    row = page.locator(f"tr[data-chapter={NAME}]")
    part = {name: row.locator(f"[data-part={name}]") for name in ("exercises", "numbers", "choices", "due")}
    assert part["numbers"].inner_text().startswith("1 of ")
    assert part["exercises"].inner_text().startswith("0 of ")
    status = page.locator(".q-progress [role=status]")
    with page.expect_download() as download:
        page.click("[data-act=export]")
    saved = tmp_path / "saved.json"
    download.value.save_as(saved)
    assert json.loads(saved.read_text())["questions"]["one-cost"]["right"] is True
    notebook = tmp_path / "notebook.json"
    entry = {"right": True, "verdict": "right", "tries": 1, "hints": 0}
    notebook.write_text(json.dumps({"version": 1, "exercises": {"one-cost": entry, "one-delta": entry}}))
    page.set_input_files("[data-act=import]", notebook)
    page.wait_for_function("() => document.querySelector('.q-progress [role=status]').textContent")
    status.filter(has_text="2 exercises from notebook.json").wait_for()
    assert part["exercises"].inner_text().startswith("2 of ")
    before = reader.stored()
    for text in ("", "{", "[]", '{"version": 9, "questions": {}}', "\x00\xff" * 50):
        damaged = tmp_path / "damaged.json"
        damaged.write_text(text)
        page.set_input_files("[data-act=import]", damaged)
        status.filter(has_text="nothing was changed").wait_for()
        assert reader.stored() == before
        page.evaluate("document.querySelector('.q-progress [role=status]').textContent = ''")
    page.click("[data-act=delete]")
    assert reader.stored() == before
    page.click("[data-act=delete]")
    assert status.inner_text() == "Your progress is deleted."
    assert reader.stored() == {}
    assert part["numbers"].inner_text().startswith("0 of ")
    page.set_input_files("[data-act=import]", saved)
    status.filter(has_text="1 question and 0 exercises").wait_for()
    assert part["numbers"].inner_text().startswith("1 of ")


def test_what_is_due_stands_on_the_front_page(visit, address):
    page = visit()
    page.clock.install(time="2026-11-02T12:00:00")
    reader = Reader(page, address)
    reader.open("index")
    line = page.locator(".q-due")
    assert "come back here" in line.inner_text()
    height = line.evaluate("e => e.getBoundingClientRect().height")
    reader.open()
    reader.answer("one-cost", typed(COST.numbers[0].right))
    reader.open("index")
    assert "come back here" in line.inner_text()
    page.clock.set_system_time("2026-11-03T08:00:00")
    reader.open("index")
    assert line.inner_text().startswith("Due today · 1 question: 1 in One neuron")
    assert line.evaluate("e => e.getBoundingClientRect().height") == height
    line.locator("a").first.click()
    page.wait_for_url(f"**/{NAME}.html#q-one-cost")
    page.wait_for_selector("html.q-live", state="attached")
    assert reader.box("one-cost").locator(".q-mark").inner_text() == "due today"
    reader.answer("one-cost", typed(COST.numbers[0].right))
    assert reader.box("one-cost").locator(".q-mark").inner_text() == "✓ answered"
    assert reader.errors == []


FORBIDDEN = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('SecurityError') } })"
FULL = "void (Storage.prototype.setItem = () => { throw new Error('QuotaExceededError') })"


@pytest.mark.parametrize("trouble", [FORBIDDEN, FULL], ids=["forbidden", "full"])
def test_it_goes_on_where_nothing_can_be_stored(visit, address, trouble):
    page = visit()
    page.goto(f"{address}/book/{NAME}.html")  # the theme's own script wants the storage at the start
    source = page.evaluate(
        "fetch(document.querySelector('script[src*=questions]').src).then(one => one.text())"
    )
    page.evaluate(trouble)
    page.evaluate(source)
    reader = Reader(page, address)
    box = reader.box("one-cost")
    assert "Right" in reader.answer("one-cost", typed(COST.numbers[0].right))
    assert "your progress lasts until you leave" in box.locator(".q-trouble").inner_text()


def test_every_page_says_where_it_stands(site):
    """Anchors of questions, and what they lead back to, are there."""
    for name, places in PAGES.items():
        text = (site / "book" / f"{name}.html").read_text("utf8")
        assert text.count('class="question"') == len(places), name
        ids = re.findall(r' id="([^"]+)"', text)
        assert len(ids) == len(set(ids)), name
        for target in re.findall(r'data-(?:after|exercise)="([^"]+)"', text):
            page, _, id = target.partition("#")
            assert f'id="{id}"' in Path(site, "book", page).read_text("utf8"), target
    assert loading.MIXED >= 5
