"""The playground in a browser: what is set shows, what is run is Python's run, and everyone can use it.

tests/conftest.py says which site and which browser. Most tests share one page, on which they follow links.
"""

import contextlib
import itertools
import json
import re
from urllib.parse import unquote

import numpy as np
import pytest

from fysstk_nn.files import from_json, to_json
from fysstk_nn.gates import XOR
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import Adam, GradientDescent, Momentum
from fysstk_nn.params import Params
from fysstk_nn.train import fit
from test_playground import GARBLED, embedded

pytestmark = pytest.mark.browser

EMBED = "one-neuron"
XOR_NET = MLP((2, 2, 1), "tanh", "sigmoid")
BY_HAND = (
    "data=points&points=1,2,2&hidden=relu&output=identity&w=1,-1,0.5,1,2,-1,0,0.5,0.5&eta=0.02&pass=backward"
)
DESK, LAPTOP, PHONE = ({"width": w, "height": h} for w, h in ((1280, 720), (1366, 768), (375, 700)))
ONE_SCREEN = (
    "layers=2",
    "data=circles&layers=8,8&pass=backward",
    "data=spirals&layers=8,8,8,8&share=70&l2=0.01&of=mean&pass=backward",
)

# The page writes its address, a little late, when it has come to rest: for that we wait, and ask it nothing
# meanwhile, for who asks in each frame lets it draw each frame.
WATCH = """(() => {
  const save = history.replaceState.bind(history);
  let rested;
  const stir = () => (window.rest = new Promise(done => (rested = done)));
  stir();
  history.replaceState = (...what) => { save(...what); rested(); };
  addEventListener("hashchange", stir);
})()"""
AT_REST = """() => Promise.race([window.rest, new Promise((_, fail) =>
  setTimeout(fail, 60_000, Error("a minute has passed, and the page has not written its address")))])"""
FOLLOW = """situation => new Promise(done => {
  addEventListener("hashchange", done, { once: true });
  location.hash = "&" + situation;
})"""
# The milliseconds that each of the next frames takes.
FRAMES = """count => new Promise(done => {
  const times = [];
  const next = time => {
    times.push(time);
    if (times.length <= count) requestAnimationFrame(next);
    else done(times.slice(1).map((t, i) => t - times[i]));
  };
  requestAnimationFrame(next);
})"""
# What is to be on one screen, and is not.
OUT_OF_SIGHT = """parts => parts.filter(part => {
  const element = document.querySelector(part), box = element.getBoundingClientRect();
  return !element.checkVisibility() || box.width < 20 || box.height < 15
    || box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight;
})"""
PARTS = [
    "[data-act=run]",
    "[data-key=data]",
    ".pg-network",
    ".pg-surface",
    ".pg-costs",
    ".pg-scores",
    ".pg-strip",
]
# Whether the theme's ink is on each canvas once the theme has changed.
INKS = """async theme => {
  const {dataset} = document.documentElement, before = dataset.theme;
  dataset.theme = theme;
  await null;
  const ink = getComputedStyle(document.querySelector(".playground")).color.match(/[0-9]+/g).map(Number);
  const found = [...document.querySelectorAll(".playground canvas")].map(canvas => {
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let k = 0; k < data.length; k += 4)
      if (data[k + 3] > 100 && ink.every((value, i) => Math.abs(value - data[k + i]) < 9)) return true;
    return false;
  });
  dataset.theme = before;
  return found;
}"""
# The equations that are in sight at some moment of the passes.
WALK = """() => {
  const seen = new Set();
  for (let k = 0; k < 16; k++) {
    document.querySelector("[data-act=next]").click();
    document.querySelectorAll(".pg-equation:not([hidden])").forEach(e => seen.add(e.dataset.equation));
  }
  return [...seen];
}"""
# Texts of the drawing that leave it, and those below units that cover a unit.
MISPLACED = """() => {
  const box = e => e.getBoundingClientRect(), all = box(document.querySelector(".pg-network"));
  const units = [...document.querySelectorAll(".pg-unit rect")].map(box);
  const inside = (t, u) =>
    t.left < u.right - 1 && t.right > u.left + 1 && t.top < u.bottom - 4 && t.bottom > u.top + 4;
  return [...document.querySelectorAll(".pg-network text:not(:empty)")].filter(text => {
    const t = box(text), label = text.closest(".pg-unit");
    return t.left < all.left - 1 || t.right > all.right + 1
      || t.top < all.top - 1 || t.bottom > all.bottom + 1 || (label && units.some(u => inside(t, u)));
  }).map(text => text.textContent);
}"""


# How many units there are, which data, and what is said.
SEEN = """() => [
  document.querySelectorAll(".pg-unit").length,
  document.querySelector("[data-key=data]").value,
  document.querySelector(".pg-status").textContent,
]"""
# Take a step with what a menu has; nothing, where a menu was refused.
STEP_WITH = """menu => {
  if (document.querySelector("select[aria-invalid]")) return null;
  const {value} = menu;
  document.querySelector("[data-act=step]").click();
  return [value, document.querySelector(".pg-status").textContent];
}"""
# Pairs of texts of the drawing that cover each other.
COVERED = """() => {
  const texts = [...document.querySelectorAll(".pg-network text:not(:empty)")];
  const box = e => e.getBoundingClientRect();
  const meet = (t, u) => t.left < u.right && t.right > u.left && t.top < u.bottom - 4 && t.bottom > u.top + 4;
  return texts.flatMap((one, i) => texts.slice(i + 1).filter(other => meet(box(one), box(other)))
    .map(other => [one.textContent, other.textContent]));
}"""


@pytest.fixture(scope="module")
def pages(address):
    """The address of each page that has a playground: {page name: address}."""
    return {name: f"{address}/book/{name}.html" for name, _ in embedded()}


class Page:
    """A page with a playground, and what a reader does on it."""

    def __init__(self, page, address):
        self.page, self.address = page, address
        self.errors, self.hosts = [], set()
        self.visits = itertools.count()
        page.add_init_script(WATCH)
        page.on(
            "console",
            lambda message: (
                message.type == "error" and self.errors.append(f"{message.text} {message.location}")
            ),
        )
        page.on("pageerror", lambda error: self.errors.append(f"{error} {error.stack}"))
        page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))

    def open(self, situation="", address=None):
        """Load the page anew, for it never had this number, and wait until the network has trained."""
        self.page.goto(f"{address or self.address}?{next(self.visits)}{situation and '#' + situation}")
        self.page.evaluate(AT_REST)
        return self

    def follow(self, situation):
        """Follow a link to another situation on the page, which saves nothing older from then on."""
        self.page.evaluate(FOLLOW, situation)
        return self

    def go(self, situation):
        """Follow a link, and wait until the network has trained."""
        self.follow(situation).page.evaluate(AT_REST)
        return self

    def do(self, act):
        self.page.click(f"[data-act={act}]")

    def wait(self, words):
        self.page.wait_for_function(
            "words => document.querySelector('.pg-status').textContent.includes(words)",
            arg=words,
            polling=50,
        )

    def status(self):
        return self.page.text_content(".pg-status")

    def note(self):
        """What stands beside a field, or None."""
        note = self.page.locator(".pg-note")
        return note.text_content() if note.is_visible() else None

    def type(self, label, text):
        """Type into a field, and leave it."""
        field = self.page.get_by_label(label, exact=True)
        field.fill(text)
        field.blur()
        return field

    def labels(self, layer=None):
        """What stands below the units, in their order: ["x₁ 1", "a₁ 0.5", ...]."""
        return self.page.locator(".pg-unit text").all_text_contents()

    def values(self, what):
        """The row `what` of the table of values, such as "a of layer 2"."""
        cells = self.page.locator(f".pg-values tr:has(th:text-is('{what}')) td")
        return [float(text.replace("−", "-")) for text in cells.all_inner_texts() if text]

    def theta(self):
        """All parameters, as the export has them."""
        self.page.evaluate("document.querySelector('.pg-json').open = true")
        self.page.click("text=Export")
        return from_json(self.page.input_value(".pg-json textarea"))[1].theta

    def python(self):
        self.page.evaluate("document.querySelector('.pg-python').open = true")
        self.page.wait_for_function("document.querySelector('.pg-python code').textContent !== ''")
        return self.page.text_content(".pg-python code")

    def situation(self):
        return unquote(self.page.url).partition("#")[2]

    def wait_for(self, words, there=True):
        """Wait until the address has these words, or no longer has them."""
        self.page.wait_for_function(
            "([words, there]) => decodeURIComponent(location.hash).includes(words) === there",
            arg=[words, there],
            polling=50,
        )


def number(text):
    """The number at the end of a label such as "δ₁ −0.5"."""
    return float(text.split()[-1].replace("−", "-"))


@contextlib.contextmanager
def page_in(browser, address, **options):
    """A page; in the end no script has failed, and no other host was asked."""
    context = browser.new_context(viewport=DESK, **options)
    context.set_default_timeout(60_000)
    view = Page(context.new_page(), address)
    yield view
    # Of what the theme's scripts complain about, tests/test_site.py takes care.
    assert not [error for error in view.errors if "/_static/playground/" in error]
    assert view.hosts <= {address.split("/")[2], ""}
    context.close()


@pytest.fixture(scope="module")
def shared(browser, pages):
    """One page for most tests."""
    with page_in(browser, pages["playground"]) as view:
        yield view.open()


@pytest.fixture(scope="module")
def reopened(browser, pages):
    """Another page, which each of its tests opens anew: a new tab takes a process, and all scripts again."""
    with page_in(browser, pages["playground"]) as view:
        yield view


@pytest.fixture(scope="module")
def touched(browser, pages):
    """A page on a screen that is touched."""
    with page_in(browser, pages["playground"], has_touch=True) as view:
        yield view


@pytest.fixture
def anew(reopened):
    """The other page, as wide as a desk's, for whoever wants motion."""
    reopened.page.set_viewport_size(DESK)
    reopened.page.emulate_media(reduced_motion="no-preference")
    return reopened


@pytest.fixture
def playground(shared):
    """The shared page, on XOR with two tanh units."""
    shared.page.set_viewport_size(DESK)
    return shared.go("data=xor&point=1")


# One screen


@pytest.mark.parametrize("size", [DESK, LAPTOP], ids=["1280x720", "1366x768"])
@pytest.mark.parametrize("place", ["http", "file"])
def test_all_of_it_is_on_one_screen(anew, pages, site, place, size):
    address = pages["playground"] if place == "http" else (site / "book/playground.html").as_uri()
    anew.page.set_viewport_size(size)
    view = anew.open(address=address)
    for situation in ("", *ONE_SCREEN):
        if situation:
            view.go(situation)
        view.page.evaluate("scrollTo(0, 0)")
        assert view.page.evaluate(OUT_OF_SIGHT, PARTS) == [], situation
        assert view.page.evaluate(MISPLACED) == [], situation
        view.do("lecture")
        parts = [part for part in PARTS if part != "[data-key=data]"]
        assert view.page.evaluate(OUT_OF_SIGHT, parts) == [], f"lecture: {situation}"
        assert view.page.evaluate(MISPLACED) == [], f"lecture: {situation}"
        view.do("lecture")


@pytest.mark.parametrize("layers", ["2", "8,8,8,8"])
def test_a_phone_shows_network_and_surface_first(touched, layers):
    touched.page.set_viewport_size(PHONE)
    view = touched.open(f"layers={layers}&pass=backward")
    assert view.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    top = {
        part: view.page.evaluate("part => document.querySelector(part).getBoundingClientRect().top", part)
        for part in (".pg-bar", ".pg-stage", ".pg-surface", ".pg-settings")
    }
    assert list(top.values()) == sorted(top.values())
    assert not view.page.locator("[data-key=data]").is_visible(), "the settings are folded"
    view.page.tap(".pg-settings > summary")
    assert view.page.locator("[data-key=data]").is_visible()
    assert view.page.evaluate(MISPLACED) == []
    assert view.page.evaluate(COVERED) == []


def test_lecture_mode_has_a_key_and_an_address(playground):
    page = playground.page
    sidebar = page.locator(".bd-sidebar-primary")
    assert sidebar.is_visible()
    width = page.locator(".pg-stage").bounding_box()["width"]
    page.keyboard.press("l")
    playground.wait_for("lecture=1")
    assert not sidebar.is_visible() and not page.locator("h1").is_visible()
    assert page.locator(".pg-stage").bounding_box()["width"] > 1.4 * width
    page.keyboard.press("PageDown")
    assert playground.page.text_content(".pg-title").startswith("Forward 1 of 6")
    page.keyboard.press("Escape")
    playground.wait_for("lecture", there=False)
    assert sidebar.is_visible()
    playground.go("lecture=1")
    assert not sidebar.is_visible()


# First contact, and training


def test_whoever_presses_run_sees_it_learn(shared):
    shared.open()
    assert shared.page.input_value("[data-key=data]") == "circles"
    assert "Training cost 0.7" in shared.page.text_content(".pg-scores")
    shared.do("run")
    shared.page.wait_for_function("/Step [2-9]\\d\\d/.test(document.querySelector('.pg-scores').textContent)")
    shared.do("run")
    training, test = re.findall(r"([\d.]+) % right", shared.page.text_content(".pg-scores"))
    assert float(training) >= 98 and float(test) >= 95


def test_a_step_is_pythons_step(shared):
    shared.go("eta=2&batch=3&seed=4&l1=0.001&l2=0.01")
    shared.do("step")
    shared.do("step")
    options = {"optimizer": GradientDescent(2), "epochs": 1, "batch_size": 3, "l1": 0.001, "l2": 0.01}
    expected = fit(XOR_NET, XOR_NET.init(rng=4), XOR.X, XOR.y, **options, rng=4)
    np.testing.assert_allclose(shared.theta(), expected.params.theta, rtol=1e-12)
    assert shared.status().startswith("Step 2: cost 0.")


def test_run_pause_and_reset(playground):
    start = playground.theta()
    playground.do("run")
    assert playground.page.inner_text("[data-act=run]") == "Pause"
    playground.page.evaluate(FRAMES, 5)
    playground.do("run")
    steps = int(re.search(r"Paused after step (\d+)", playground.status())[1])
    assert steps > 3
    run = fit(XOR_NET, XOR_NET.init(rng=1), XOR.X, XOR.y, optimizer=GradientDescent(0.5), epochs=steps)
    np.testing.assert_allclose(playground.theta(), run.params.theta, rtol=1e-9)
    playground.wait_for(f"steps={steps}")
    playground.do("reset")
    np.testing.assert_array_equal(playground.theta(), start)
    playground.wait_for("steps", there=False)
    playground.do("seed")
    np.testing.assert_allclose(playground.theta(), XOR_NET.init(rng=2).theta, rtol=1e-13)


def test_other_settings_take_over_in_the_middle_of_a_training(shared):
    page = shared.page
    shared.go("steps=30&batch=3&eta=0.5&layers=2&point=1")
    points = "document.querySelector('.pg-curve').getAttribute('points').split(' ').length"
    measured = page.evaluate(points)
    theta = shared.theta()
    shared.type("Learning rate η", "0,1")
    assert page.get_by_label("Learning rate η").input_value() == "0.1"
    np.testing.assert_array_equal(shared.theta(), theta)
    assert page.evaluate(points) == measured > 20
    assert "goes on from step 30" in shared.status()
    for _ in range(4):
        shared.do("step")
    page.get_by_label("Optimizer").select_option("adam")
    shared.type("L2 penalty λ₂", "0.01")
    for _ in range(3):
        shared.do("step")
    assert "Step 37" in page.text_content(".pg-scores")
    shared.wait_for("steps=37&past=gd,0.5,3,0,0,30;gd,0.1,3,0,0,4")
    theta = shared.theta()
    names = {}
    exec(shared.python(), names)
    np.testing.assert_allclose(names["params"].theta, theta, rtol=1e-9)
    shared.go(shared.situation())
    np.testing.assert_array_equal(shared.theta(), theta)


def test_a_divergence_says_what_to_do_and_can_be_undone(shared):
    page = shared.page
    shared.go("data=polynomial&output=identity&hidden=relu&eta=0.01&steps=5")
    safe = shared.theta()
    shared.type("Learning rate η", "90")
    shared.do("run")
    shared.wait("lower the learning rate η")
    assert page.inner_text("[data-act=run]") == "Run" and "Back to step 5" in shared.note()
    for act in ("step", "run"):
        shared.do(act)
        assert "lower the learning rate η" in shared.status(), act
    shared.do("back")
    np.testing.assert_allclose(shared.theta(), safe, rtol=1e-12)
    assert shared.note() is None
    shared.do("run")
    shared.wait("lower the learning rate η")
    shared.type("Learning rate η", "0.01")
    np.testing.assert_allclose(shared.theta(), safe, rtol=1e-12)
    shared.do("step")
    assert re.match(r"Step 6: cost \d", shared.status())
    shared.follow("data=polynomial&output=identity&hidden=identity&eta=1000&steps=60")
    shared.wait("lower the learning rate η")


def test_three_optimizers_race_from_the_same_weights(shared):
    shared.go("data=xor&layers=3&eta=0.3&race=momentum,0.2;adam,0.05&steps=40&point=1")
    said = shared.page.get_attribute(".pg-costs svg", "aria-label")
    net = MLP((2, 3, 1), "tanh", "sigmoid")
    for rule, name in (
        (GradientDescent(0.3), "gradient descent 0.3"),
        (Momentum(0.2), "momentum 0.2"),
        (Adam(0.05), "adam 0.05"),
    ):
        run = fit(net, net.init(rng=1), XOR.X, XOR.y, optimizer=rule, epochs=40)
        shown = float(re.search(rf"{name} ([\d.]+)", said)[1])
        assert shown == pytest.approx(net.cost_of(run.params, XOR.X, XOR.y), rel=5e-3)


# The two passes


def test_six_key_presses_are_backpropagation(shared):
    """Each moment of the backward pass has the numbers of `MLP.deltas`, and motion between."""
    page = shared.page
    shared.go(BY_HAND)
    net = MLP((2, 2, 1), "relu", "identity")
    params = Params(np.array([1, -1, 0.5, 1, 2, -1, 0, 0.5, 0.5]), (2, 2, 1))
    X, y = np.array([[1.0, 2.0]]), np.array([2.0])
    trace = net.forward(params, X)
    delta = net.deltas(params, trace, y)
    gradient = net.backprop(params, trace, y)
    edges = page.locator(".pg-network .pg-weight")

    def result():
        shown = page.locator(".pg-equations .pg-result")
        return [text for text in shown.all_text_contents() if text]

    def flow():
        return [number(text) for text in edges.all_text_contents()]

    page.locator(".pg-unit[tabindex='0']").focus()
    page.keyboard.press("n")
    assert page.text_content(".pg-title").startswith("Backward 1 of 6: the error of the output")
    assert number(shared.labels()[4]) == delta[2].item() and shared.labels()[4].startswith("δ")
    assert [text[0] for text in shared.labels()] == ["x", "x", "a", "a", "δ"]
    assert result() == ["δ = 1·1 = 1"]
    page.keyboard.press("n")
    assert page.locator(".pg-dot-back").count() == 2, "dots run back along the edges"
    assert flow()[4:] == (delta[2] * params.W[2].T).ravel().tolist() == [2, -1]
    assert result() == ["along its edges: 1·2 = 2"]
    page.keyboard.press("n")
    assert [number(text) for text in shared.labels()[2:4]] == [2, -1]
    assert shared.labels()[2].startswith("Σ") and result() == ["sum = 1·2 = 2"]
    page.keyboard.press("n")
    assert [number(text) for text in shared.labels()[2:4]] == delta[1].ravel().tolist()
    assert result() == ["δ = (1·2)·1 = 2"]
    page.keyboard.press("n")
    assert flow() == [*gradient.W[1].T.ravel(), *gradient.W[2].ravel()]
    assert result() == ["from 1: 2·1 = 2\nfrom 2: 2·2 = 4", "bias: 2"]
    np.testing.assert_array_equal(shared.theta(), params.theta)
    page.locator(".pg-unit[tabindex='0']").focus()
    page.keyboard.press("n")
    assert page.text_content(".pg-title").startswith("Backward 6 of 6: the step")
    after = fit(net, params, X, y, optimizer=GradientDescent(0.02), epochs=1).params
    np.testing.assert_allclose(shared.theta(), after.theta, rtol=1e-13)
    assert result()[0].splitlines() == [
        "from 1: 1 − 0.02·2 = 0.96",
        "from 2: 0.5 − 0.02·4 = 0.42",
        "bias: 0 − 0.02·2 = (−0.04)",
    ]
    assert "Training cost 0.0341" in page.text_content(".pg-scores")
    page.keyboard.press("p")
    np.testing.assert_array_equal(shared.theta(), params.theta)
    assert page.text_content(".pg-title").startswith("Backward 5 of 6")


def test_the_forward_pass_goes_layer_by_layer(shared):
    page = shared.page
    shared.go("data=xor&layers=3,2&hidden=sigmoid&seed=3&point=3")
    net = MLP((2, 3, 2, 1), "sigmoid", "sigmoid")
    trace = net.forward(net.init(rng=3), XOR.X[2:3])
    layers = [slice(2, 5), slice(5, 7), slice(7, 8)]
    page.click("[data-act=next]")
    assert shared.labels() == ["x₁ 1", "x₂ 0", *[""] * 6]
    for l in (1, 2, 3):
        for sign, numbers in (("z", trace.z[l]), ("a", trace.a[l])):
            page.click("[data-act=next]")
            texts = shared.labels()
            assert [text[0] for text in texts[layers[l - 1]]] == [sign] * numbers.size
            shown = [number(text) for text in texts[layers[l - 1]]]
            np.testing.assert_allclose(shown, numbers.ravel(), rtol=0.05)
            assert texts[layers[l - 1].stop :] == [""] * (8 - layers[l - 1].stop)
    page.click("[data-act=next]")
    assert page.text_content(".pg-title").startswith("Forward 8 of 8: the cost")


@pytest.mark.parametrize("of", ["point", "mean"])
def test_units_and_lines_show_this_point_or_the_mean(shared, of):
    page = shared.page
    shared.go("data=xor&layers=2&pass=backward&point=3&seed=5")
    page.click(f"[data-of={of}]")
    net, X, y = XOR_NET, XOR.X, XOR.y
    params = net.init(rng=5)
    chosen = slice(2, 3) if of == "point" else slice(None)
    trace = net.forward(params, X[chosen])
    delta = net.deltas(params, trace, y[chosen])
    gradient = net.backprop(params, trace, y[chosen])
    for l in (1, 2):
        # delta carries 1/n: its sum over the points is the mean.
        np.testing.assert_allclose(shared.values(f"δ of layer {l}"), delta[l].sum(axis=0), rtol=5e-3)
        np.testing.assert_allclose(shared.values(f"a of layer {l}"), trace.a[l].mean(axis=0), rtol=1e-3)
    shown = [number(text) for text in page.locator(".pg-weight").all_text_contents()]
    expected = [*gradient.W[1].T.ravel(), *gradient.W[2].ravel()]
    np.testing.assert_allclose(shown, expected, rtol=0.06, atol=1e-12)


def test_all_moments_follow_by_one_press(anew):
    anew.page.emulate_media(reduced_motion="reduce")
    view = anew.open("layers=&pass=backward&eta=1")
    view.page.locator(".pg-unit[tabindex='0']").focus()
    view.page.keyboard.press("a")
    view.page.wait_for_function(
        "/the step/.test(document.querySelector('.pg-title').textContent)", polling=50
    )
    assert view.page.locator(".pg-dot").count() == 0, "who asked for rest sees states, and no motion"
    view.wait_for("steps=1")


# Weights and settings


def test_a_typed_weight_changes_the_outputs(playground):
    page = playground.page
    assert playground.values("z of layer 1") == [0, 0]
    playground.type("Point", "2")
    field = page.get_by_label("Weight of layer 1 from 2 to 1")
    field.fill("1,5")
    field.press("Enter")
    assert field.input_value() == "1.5"
    assert playground.values("z of layer 1")[0] == 1.5
    assert playground.values("a of layer 1")[0] == pytest.approx(np.tanh(1.5), abs=1e-4)
    field.press("ArrowUp")
    assert playground.values("z of layer 1")[0] == pytest.approx(1.6)
    assert playground.theta()[2] == pytest.approx(1.6)
    field.fill("a lot")
    field.press("Enter")
    assert playground.note() == 'A weight must be a number, not "a lot".'


def test_a_line_can_be_dragged_by_mouse_and_by_touch(playground, touched):
    touched.page.set_viewport_size(DESK)
    for view in (playground, touched.open("data=xor")):
        page = view.page
        before = view.theta()
        page.evaluate("scrollTo(0, 0)")
        box = page.locator(".pg-network .pg-weight").first.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        if view is playground:
            page.mouse.move(x, y)
            page.mouse.down()
            page.mouse.move(x + 50, y, steps=5)
            page.mouse.up()
        else:
            touch = page.context.new_cdp_session(page)
            for kind, move in (("touchStart", 0), ("touchMove", 25), ("touchMove", 50), ("touchEnd", None)):
                points = [] if move is None else [{"x": x + move, "y": y}]
                touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        moved = view.theta() - before
        assert moved[0] == pytest.approx(1.0, abs=0.02)
        assert not moved[1:].any()


def test_the_address_brings_everything_back(shared):
    address = (
        "data=circles&noise=0.2&share=70&features=x1,x2,x1x2&layers=3,2&hidden=relu"
        "&cost=binary_cross_entropy&init=he&seed=7&optimizer=adam&eta=0.02&batch=50&l1=0.0001&l2=0.001"
        "&steps=40&point=12&unit=2,1&of=mean&pass=backward"
    )
    shared.open(address)
    assert shared.situation() == address
    theta = shared.theta()
    shared.do("step")
    shared.wait_for("steps=41")
    shared.go(address)
    np.testing.assert_array_equal(shared.theta(), theta)
    assert shared.page.get_by_label("Seed").input_value() == "7"
    assert shared.page.get_by_label("Units in layer 2").input_value() == "2"
    assert shared.page.get_by_label("x₁x₂").is_checked()


def test_a_link_brings_the_playground_into_view(playground):
    playground.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    playground.page.locator(".pg-situations a", has_text="spirals").evaluate("link => link.click()")
    playground.wait_for("data=spirals")
    assert playground.page.evaluate(OUT_OF_SIGHT, ["[data-act=run]", ".pg-surface"]) == []


@pytest.mark.parametrize("place", ["http", "file"])
def test_no_address_is_a_dead_page(anew, pages, site, place):
    address = pages["playground"] if place == "http" else (site / "book/playground.html").as_uri()
    view = anew
    for number, garbled in enumerate(GARBLED):
        if number in (0, 1, 2, 4, 10):  # typed into a new page; the others are links on it
            view.open(garbled, address)
        else:
            view.go(garbled)
        units, data, status = view.page.evaluate(SEEN)
        assert units >= 3 and data, garbled
        if garbled != "&&&":
            assert "cannot be, and is left out" in status, garbled
    view.page.goto(f"{address}#how-to-use-it")
    assert view.page.locator(".pg-live .pg-unit").first.is_visible()
    assert view.status() == "", "a place on the page is no situation"
    assert not view.errors


def test_what_is_refused_stays_as_typed_with_a_sentence_beside_it(playground):
    page = playground.page
    for label, text, said in (
        ("Learning rate η", "fast", 'Learning rate η must be a number from 1e-9 to 1000, not "fast"'),
        ("L2 penalty λ₂", "-1", "L2 penalty λ₂ must be a number from 0"),
        ("Units in layer 1", "", 'Units in layer 1 must be a whole number from 1 to 8, not ""'),
        ("Seed", "1.5", "Seed must be a whole number"),
        ("Point", "99", "Point must be a whole number from 1 to 4"),
    ):
        before = page.locator(".pg-stage").bounding_box()
        field = playground.type(label, text)
        assert said in playground.note(), label
        assert field.input_value() == text and field.get_attribute("aria-invalid") == "true"
        assert said in playground.status()
        note, box = page.locator(".pg-note").bounding_box(), field.bounding_box()
        assert 0 <= note["y"] - box["y"] - box["height"] < 20, "the sentence is beside the field"
        assert page.locator(".pg-stage").bounding_box() == before, "and moves nothing"
        playground.go("data=xor&point=1")
        assert playground.note() is None
    page.get_by_label("Data set").select_option("polynomial")
    page.get_by_role("combobox", name="Cost", exact=True).select_option("binary_cross_entropy")
    assert "Cost: binary cross-entropy needs outputs between 0 and 1" in playground.note()


OWN = {
    "x1,x2,y\n0.5,1,0\n0.25,0,1\n1,1,1,": "0.5,1,0;0.25,0,1;1,1,1",
    "0,5;1\n0,25;0": "0.5,1;0.25,0",
    "−1\t0,5\t1\n1\t0\t0": "-1,0.5,1;1,0,0",
}


def test_own_rows_are_understood_or_refused_by_their_line_and_never_lost(playground):
    page = playground.page
    menu = page.get_by_label("Data set")
    menu.select_option("points")
    for text, expected in OWN.items():
        field = playground.type("Rows: inputs and target in each line", text)
        playground.wait_for(f"points={expected}")
        assert field.input_value() == text
    refused = "1 2 3\n4 five 6"
    field = playground.type("Rows: inputs and target in each line", refused)
    assert 'kept, but not used yet: line 2: "five" is no number' in playground.note()
    playground.type("Learning rate η", "0.2")
    assert playground.labels(), "the network is still there"
    menu.select_option("xor")
    menu.select_option("points")
    playground.do("step")
    assert field.input_value() == refused
    playground.type("Rows: inputs and target in each line", "1 2 3\n4 5 6")
    playground.wait_for("points=1,2,3;4,5,6")
    assert "A target is 3, and a sigmoid output lies between 0 and 1" in playground.note()


def test_every_choice_is_possible_or_refused(playground):
    page = playground.page
    labels = ("Data set", "Hidden layers", "Activation", "Output", "Cost", "Initial weights", "Optimizer")
    for label in labels:
        menu = page.get_by_role("combobox", name=label, exact=True).element_handle()
        for value in menu.evaluate("menu => [...menu.options].map(option => option.value)"):
            menu.select_option(value)
            taken = menu.evaluate(STEP_WITH)
            if taken is None:
                assert playground.note()
                playground.go(playground.situation())
                continue
            assert taken[0] == value, (label, value)
            assert re.match(r"Step \d+: cost \d|The training has left", taken[1]), (label, value)
    playground.go("data=xor")
    for sign in ("x₁²", "x₂²", "x₁x₂", "sin πx₁", "sin πx₂"):
        page.get_by_label(sign, exact=True).check()
    playground.do("step")
    assert len(playground.labels()) == 7 + 2 + 1


def test_weights_go_out_and_come_in(playground):
    net = MLP((2, 3, 1), "relu", "sigmoid")
    params = net.init(rng=9)
    playground.page.evaluate("document.querySelector('.pg-json').open = true")
    playground.page.fill(".pg-json textarea", to_json(net, params))
    playground.page.click(".pg-json button:text-is('Import')")
    assert playground.status() == "Imported."
    np.testing.assert_array_equal(playground.theta(), params.theta)
    assert from_json(playground.page.input_value(".pg-json textarea"))[0] == net
    playground.page.fill(".pg-json textarea", "{}")
    playground.page.click(".pg-json button:text-is('Import')")
    assert "Not imported: the format must be" in playground.status()


def test_the_python_that_is_shown_makes_the_same_network(playground, capsys):
    playground.do("step")
    field = playground.page.get_by_label("Weight of layer 1 from 1 to 2")
    field.fill("-2")
    field.press("Enter")
    for _ in range(3):
        playground.do("step")
    names = {}
    exec(playground.python(), names)
    np.testing.assert_allclose(names["params"].theta, playground.theta(), rtol=1e-12)
    assert "cost: 0." in capsys.readouterr().out


def test_parameters_in_an_address_are_exact(shared):
    params = Params(np.random.default_rng(0).normal(size=9), (2, 2, 1))
    numbers = ",".join(json.dumps(value) for value in params.theta.tolist())
    shared.go(f"w={numbers}")
    np.testing.assert_array_equal(shared.theta(), params.theta)
    assert f"w={numbers}" in shared.situation()


# For everybody


def test_the_keyboard_is_enough(playground):
    page = playground.page
    page.get_by_label("Point", exact=True).focus()
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.getAttribute('class') ?? ''"))
    assert sum("pg-unit" in one for one in reached) == 1, "one stop for the whole drawing"
    page.locator(".pg-unit[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.ariaLabel").startswith("Output: z ")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.ariaLabel").startswith("Unit 2 of hidden layer 1: z ")
    scrolled = page.evaluate("scrollY")
    page.keyboard.press(" ")
    assert page.evaluate("scrollY") == scrolled, "the space bar chooses, and does not scroll"
    page.keyboard.press("s")
    assert playground.status().startswith("Step 1")
    page.locator("[data-act=step]").focus()
    page.keyboard.press("Enter")
    assert playground.status().startswith("Step 2")
    page.get_by_label("Seed").focus()
    page.keyboard.press("s")
    assert playground.status().startswith("Step 2"), "a letter in a field is a letter"


@pytest.mark.parametrize("mode", ["page", "lecture", "moment"])
def test_no_barrier_is_found(anew, barriers, mode):
    view = anew.open(
        {"page": "pass=backward&of=mean", "lecture": "lecture=1", "moment": f"{BY_HAND}&at=8"}[mode]
    )
    if mode == "page":
        for part in (".pg-python", ".pg-json"):
            view.page.evaluate(f"document.querySelector('{part}').open = true")
        view.type("Seed", "x")
    assert barriers(view.page, ".playground") == []


def test_who_asked_for_rest_sees_few_changes(anew):
    anew.page.emulate_media(reduced_motion="reduce")
    view = anew.open("data=xor")
    count = """() => new Promise((done) => {
      let changes = 0;
      const start = performance.now();
      const line = document.querySelectorAll(".pg-unit text")[2];
      new MutationObserver(() => changes++).observe(line, { childList: true });
      setTimeout(() => done([changes, (performance.now() - start) / 1000]), 1500);
    })"""
    assert view.page.evaluate(count)[0] == 0, "nothing runs by itself"
    view.page.click("[data-act=run]")
    changes, seconds = view.page.evaluate(count)
    assert changes <= 2 * seconds + 1, "two changes in a second"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_curves_have_the_ink_of_the_theme(shared, theme):
    shared.go("data=curve&output=identity&steps=20")
    inks = shared.page.evaluate(INKS, theme)
    assert inks == [True, True], "the units, and the output"


@pytest.mark.parametrize("how", ["no script at all", "a script that fails"])
def test_a_page_that_cannot_run_its_script_says_so(visit, pages, how):
    page = visit(java_script_enabled=how != "no script at all")
    page.route("**/_static/playground/playground.js*", lambda route: route.fulfill(body="?. no script"))
    page.goto(pages["playground"], wait_until="load")
    image = page.locator(".playground-static img")
    image.wait_for()
    assert "two inputs, four hidden units and one output" in image.get_attribute("alt")
    assert "cannot run in this browser" in page.inner_text(".playground-static")
    assert not page.locator(".playground-equations").is_visible()


# The signs of the nodes, and the heads of the table of weights, where a chapter counts in its own way.
COUNTED = {
    "two-two-one": (["x₀", "x₁", "a₀", "a₁", "a"], ["to 0", "to 1"]),
    "scalar-network": (["x", "δ₁", "δ₂"], ["to 1"]),
}


@pytest.mark.parametrize("place", ["http", "file"])
def test_chapters_have_their_own_situations(anew, pages, site, place):
    page = anew.page
    for name, address in embedded():
        if name == "playground" or (place == "http" and name != EMBED):
            continue
        page.goto(pages[name] if place == "http" else (site / f"book/{name}.html").as_uri())
        before = page.url
        assert page.locator(".pg-live .pg-unit").first.is_visible(), name
        if name in COUNTED:
            signs = [text.split()[0] for text in anew.labels()]
            heads = page.locator(".pg-weights th[scope=col]").all_text_contents()
            assert (signs, heads) == COUNTED[name], "nodes are counted as the chapter counts"
        assert not page.locator(".playground-static img").is_visible()
        assert page.locator(".playground-question").is_visible()
        home = unquote(page.get_attribute(".pg-more a", "href"))
        said = set(home.removeprefix("playground.html#").split("&"))
        assert set(address.split("&")) - said <= {"points=2,1", "data=xor"}, "these are usual"
        assert page.evaluate(MISPLACED) == [], name
        page.click("[data-act=step]")
        assert re.match(r"Step 1: cost \d", page.text_content(".pg-status")), name
        assert page.url == before, "a chapter's address stays as it is"
        page.click("[data-act=reset]")
        assert unquote(page.get_attribute(".pg-more a", "href")) == home
        shown = page.evaluate(WALK)
        assert len(shown) >= 4, name
    assert not anew.errors


def test_the_drawing_is_fast(shared):
    shared.go("data=spirals&layers=8,8&cost=binary_cross_entropy&optimizer=adam&eta=0.02")
    idle = np.median(shared.page.evaluate(FRAMES, 10))
    shared.do("run")
    busy = np.median(shared.page.evaluate(FRAMES, 30))
    shared.do("run")
    steps = int(re.search(r"step (\d+)", shared.status())[1])
    print(f"2-8-8-1 on 200 points: {busy:.0f} ms a frame; {idle:.0f} ms at rest; {steps} steps")
    assert steps > 5
    assert busy < 2000, "far above what any machine takes: something blocks the page"
