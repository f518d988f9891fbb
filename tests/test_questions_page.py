"""Questions in a browser: what is typed is answered at once, and stays; without a script they can be read.

tests/conftest.py says which site and which browser. One chapter stays open from test to test.
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
DESK = {"width": 1280, "height": 900}
# What the page's own functions say of every answer that is foreseen: [id, i, text] in, verdicts out.
JUDGE = """cases => cases.map(([id, i, text]) => {
  const { data, judge, read, shapes } = window.questions;
  return judge(id, data[id], i, read(text, shapes(data[id].numbers[i]))).verdict;
})"""
# Lets the script find the questions for the first time, those of an open page as they came with it.
BEGIN = """asTheyCame => {
  document.querySelectorAll(".question").forEach((box, i) => { box.outerHTML = asTheyCame[i]; });
  document.documentElement.classList.remove("q-live");
  const script = document.createElement("script");
  script.src = document.querySelector("script[src*=questions]").src;
  document.head.append(script);
}"""


class Reader:
    """A page with questions, and what a reader does on it."""

    def __init__(self, page, address):
        self.page, self.address, self.errors, self.hosts = page, address, [], set()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))

    def open(self, name=NAME, root=None):
        self.page.goto(f"{root or self.address}/book/{name}.html", wait_until="load")
        self.page.wait_for_selector("html.q-live", state="attached")
        self.note_boxes()
        return self

    def note_boxes(self):
        self.boxes = self.page.locator(".question").evaluate_all("all => all.map(e => e.outerHTML)")

    def begin_anew(self):
        """Let the questions of the open page begin anew, as if it were opened again."""
        self.page.evaluate(BEGIN, self.boxes)
        self.page.wait_for_selector("html.q-live", state="attached")

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
    yield Reader(one_tab, address)
    one_tab.goto("about:blank")


@pytest.fixture
def reader(shared, tab):
    shared.errors.clear()
    yield shared
    no_complaint(shared)


@pytest.fixture
def neuron(shared):
    """The reader of the page NAME, which stays open from test to test: to open it takes longest."""
    page = shared.page
    page.set_viewport_size(DESK)
    page.emulate_media(media="screen")
    shared.errors.clear()
    if page.url.partition("#")[0] == f"{shared.address}/book/{NAME}.html":
        shared.begin_anew()
    else:
        shared.open()
    yield shared
    page.evaluate("localStorage.clear()")
    no_complaint(shared)


def no_complaint(reader):
    assert reader.errors == []
    assert reader.hosts <= {reader.address.split("/")[2], ""}  # a file has no host


def mistake(one):
    """The first foreseen mistake in the first numbers of a self-check that has the shape of the right one."""
    right = one.numbers[0].right
    return next(wrong for wrong in one.numbers[0].wrong if shape(wrong.value) == shape(right))


def test_a_number_is_answered_at_once_and_stays(neuron):
    right, wrong = COST.numbers[0].right, mistake(COST)
    assert neuron.answer("one-cost", typed(right)).startswith("✓ Right") or "Right." in neuron.verdict(
        "one-cost"
    )
    said = neuron.answer("one-cost", typed(wrong.value))
    assert said.startswith("Not quite. It looks like this:")
    assert wrong.name in said
    for nonsense in ("a bit", "<img src=x onerror=alert(1)>", ""):
        neuron.answer("one-cost", nonsense)
        assert neuron.box("one-cost").locator(".q-note").count() == 1
    assert neuron.answer("one-cost", typed(right).replace(".", ",")).endswith("Right.")
    assert neuron.stored()["questions"]["one-cost"]["tries"] == 3
    mark = neuron.box("one-cost").locator(".q-mark")
    assert mark.inner_text() == "✓ answered"
    neuron.page.reload(wait_until="load")
    neuron.page.wait_for_selector("html.q-live", state="attached")
    assert mark.inner_text() == "✓ answered"
    assert neuron.verdict("one-cost") == ""


def test_fractions_and_vectors_are_typeset_as_they_are_read(neuron):
    box = neuron.box("one-gradients")
    box.locator("input").fill("1/3, -sqrt(2)/2")
    assert box.locator(".q-reading math mfrac").count() == 2
    right = GRADIENTS.numbers[0].right
    assert "Right" in neuron.answer("one-gradients", typed(right))
    assert "Right" in neuron.answer("one-gradients", "; ".join(map(typed, right)).replace(".", ","))
    said = neuron.answer("one-gradients", f"{typed(right[0])}, 77")
    assert said.startswith("Not yet. The first entry is right.")
    assert "Hint 1 of" in said
    assert "one number; the answer is a vector" in neuron.answer("one-gradients", "0.5")


def test_hints_come_in_stages_and_another_one_gives_other_numbers(neuron):
    box = neuron.box("one-gradients")
    assert [neuron.answer("one-gradients", "77, 88").count("Hint ") for _ in range(3)] == [1, 2, 2]
    given = box.locator(".q-given").inner_text()
    box.locator(".q-another").click()
    assert box.locator(".q-given").inner_text() != given
    assert neuron.verdict("one-gradients") == ""
    assert "Right" in neuron.answer("one-gradients", typed(GRADIENTS.numbers[1].right))
    for _ in GRADIENTS.numbers[1:]:
        box.locator(".q-another").click()
    assert box.locator(".q-given").inner_text() == given


def test_each_choice_has_its_own_sentence(neuron):
    box = neuron.box(CHOICES.id)
    box.locator("button").click()
    assert neuron.verdict(CHOICES.id) == "Choose one of them first."
    said = []
    for i, choice in enumerate(CHOICES.choices):
        box.locator("input").nth(i).check()
        box.locator("button").click()
        said.append(neuron.verdict(CHOICES.id))
        assert said[-1].startswith("Right." if choice.right else "Not this one.") or "✓" in said[-1]
    assert len(set(said)) == len(said)
    link = box.locator(".q-verdict a")
    if CHOICES.choices[-1].right is False and CHOICES.after:
        assert link.get_attribute("href").startswith(f"{NAME}.html#")


def test_keyboard_alone(neuron):
    page = neuron.page
    neuron.box("one-cost").locator("input").focus()
    page.keyboard.type(typed(COST.numbers[0].right))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Check"
    page.keyboard.press("Space")
    assert "Right" in neuron.verdict("one-cost")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "q-one-cost-field"
    box = neuron.box(CHOICES.id)
    box.locator("input").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert neuron.verdict(CHOICES.id)
    assert box.locator("input").nth(1).is_checked()


def test_paper_has_room_to_write(neuron):
    page = neuron.page
    neuron.answer("one-cost", "77")
    page.emulate_media(media="print")
    box = neuron.box("one-cost")
    for part in ("input", "button", ".q-verdict"):
        assert not box.locator(part).first.is_visible()
    assert box.locator("form").evaluate("e => e.getBoundingClientRect().height") > 30
    assert neuron.box(CHOICES.id).locator("input").first.is_visible()


def test_the_page_itself_knows_every_answer(neuron):
    for name in (NAME, "part-training"):
        if name != NAME:
            neuron.open(name)
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
        assert neuron.page.evaluate(JUDGE, cases) == wanted


def test_a_matrix_is_typeset_as_it_is_read(reader):
    reader.open("four-equations")
    right = KNOWN.selfchecks[MATRIX].numbers[0].right
    assert "Right" in reader.answer(MATRIX, typed(right))
    rows = "; ".join(", ".join(map(typed, row)) for row in right)
    assert "Right" in reader.answer(MATRIX, rows)
    assert reader.box(MATRIX).locator(".q-reading mtr").count() == len(right)


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
    page.route("**/questions/questions.js*", lambda route: route.abort())
    page.goto(f"{reader.address}/book/{NAME}.html", wait_until="domcontentloaded")
    page.evaluate("document.documentElement.classList.add('q-ready')")
    assert page.locator("html.q-live").count() == 0
    before = page.locator(".question").evaluate_all(heights)
    page.unroute("**/questions/questions.js*")
    page.wait_for_load_state()
    reader.errors.clear()
    reader.note_boxes()
    reader.begin_anew()
    assert page.locator(".question").evaluate_all(heights) == before
    reader.box("one-cost").locator("input").fill("0.5")
    assert page.locator(".question").evaluate_all(heights) == before


@pytest.fixture
def without_scripts(tab):
    """The tab runs no script of a page."""
    session = tab.context.new_cdp_session(tab)
    session.send("Emulation.setScriptExecutionDisabled", {"value": True})
    yield
    session.detach()


def test_without_javascript_question_and_folded_answer(without_scripts, tab, address):
    page = tab
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


def test_from_a_folder(reader, site):
    reader.open(root=site.as_uri())
    assert "Right" in reader.answer("one-cost", typed(COST.numbers[0].right))


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
def test_it_goes_on_where_nothing_can_be_stored(reader, trouble):
    reader.open()  # the theme's own script wants the storage at the start
    reader.page.evaluate(trouble)
    reader.begin_anew()
    box = reader.box("one-cost")
    assert "Right" in reader.answer("one-cost", typed(COST.numbers[0].right))
    assert "your progress lasts until you leave" in box.locator(".q-trouble").inner_text()
    assert reader.errors == []
    reader.page.goto("about:blank")  # here the memory of the tab cannot be emptied
    reader.errors.clear()  # the theme's own script wants the storage at the end


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
