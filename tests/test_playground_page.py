"""The playground in a browser: what is set shows, what is run is Python's run, and everyone can use it.

tests/conftest.py says which site and which browser.
"""

import json
import re
from urllib.parse import unquote

import numpy as np
import pytest

from fysstk_nn.files import from_json, to_json
from fysstk_nn.gates import XOR
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import GradientDescent
from fysstk_nn.params import Params
from fysstk_nn.train import fit

pytestmark = pytest.mark.browser

EMBED = "one-neuron"
XOR_NET = MLP((2, 2, 1), "tanh", "sigmoid")

# The page writes its address, a little late, when it has come to rest.
COUNT_SAVES = """(() => {
  const save = history.replaceState.bind(history);
  window.saves = 0;
  history.replaceState = (...what) => { save(...what); window.saves++; };
})()"""
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


@pytest.fixture(scope="module")
def pages(address):
    """The addresses of the playground and of a chapter that has one: {page name: address}."""
    return {name: f"{address}/book/{name}.html" for name in ("playground", EMBED)}


class Page:
    """A page with a playground, and what a reader does on it."""

    def __init__(self, page):
        self.page = page
        self.errors, self.hosts = [], set()
        page.add_init_script(COUNT_SAVES)
        page.on(
            "console",
            lambda message: (
                message.type == "error" and self.errors.append(f"{message.text} {message.location}")
            ),
        )
        page.on("pageerror", lambda error: self.errors.append(f"{error} {error.stack}"))
        page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))

    def open(self, address):
        """Load the page anew, and wait until the network of the address has trained."""
        self.page.goto("about:blank")
        self.page.goto(address)
        self.page.wait_for_selector(".pg-live .pg-unit")
        self.page.wait_for_function("window.saves > 0")
        return self

    def go(self, situation):
        """Follow a link to another situation on the page."""
        before = self.page.evaluate("window.saves")
        self.page.evaluate("situation => { location.hash = situation }", situation)
        self.page.wait_for_function("before => window.saves > before", arg=before)

    def do(self, act):
        self.page.click(f"[data-act={act}]")

    def status(self):
        return self.page.inner_text(".pg-status")

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
        return self.page.inner_text(".pg-python code")

    def situation(self):
        return unquote(self.page.url).partition("#")[2]

    def wait_for(self, words, there=True):
        """Wait until the address has these words, or no longer has them."""
        self.page.wait_for_function(
            "([words, there]) => decodeURIComponent(location.hash).includes(words) === there",
            arg=[words, there],
        )


@pytest.fixture
def playground(visit, pages):
    """The playground's page; in the end no script has failed, and no other host was asked."""
    view = Page(visit(viewport={"width": 1200, "height": 1000}))
    yield view.open(pages["playground"])
    # Of what the theme's scripts complain about, tests/test_site.py takes care.
    assert not [error for error in view.errors if "/_static/playground/" in error]
    assert view.hosts <= {pages["playground"].split("/")[2], ""}


def test_a_typed_weight_changes_the_outputs(playground):
    page = playground.page
    assert playground.values("z of layer 1") == [0, 0]
    page.get_by_label("Data point", exact=True).fill("2")
    page.keyboard.press("Enter")
    field = page.get_by_label("Weight of layer 1 from 2 to 1")
    field.fill("1.5")
    field.press("Enter")
    assert playground.values("z of layer 1")[0] == 1.5
    assert playground.values("a of layer 1")[0] == pytest.approx(np.tanh(1.5), abs=1e-4)
    field.press("ArrowUp")
    assert playground.values("z of layer 1")[0] == pytest.approx(1.6)
    assert playground.theta()[2] == pytest.approx(1.6)


def test_a_line_can_be_dragged(playground):
    page = playground.page
    before = playground.theta()
    label = page.locator(".pg-network .pg-weight").first
    label.scroll_into_view_if_needed()
    box = label.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y, steps=5)
    page.mouse.up()
    moved = playground.theta() - before
    assert moved[0] == pytest.approx(1.0, abs=1e-4)
    assert not moved[1:].any()


def test_a_step_is_pythons_step(playground):
    playground.go("eta=2&batch=3&seed=4&l2=0.01")
    playground.do("step")
    playground.do("step")
    params = XOR_NET.init(rng=4)
    expected = fit(
        XOR_NET, params, XOR.X, XOR.y, optimizer=GradientDescent(2), epochs=1, batch_size=3, l2=0.01, rng=4
    )
    np.testing.assert_allclose(playground.theta(), expected.params.theta, rtol=1e-12)
    assert playground.status().startswith("Step 2: cost 0.")


def test_run_pause_and_reset(playground):
    start = playground.theta()
    playground.do("run")
    assert playground.page.inner_text("[data-act=run]") == "Pause"
    playground.page.evaluate(FRAMES, 5)
    playground.do("run")
    steps = int(re.search(r"Paused after step (\d+)", playground.status())[1])
    assert steps > 3
    params = XOR_NET.init(rng=1)
    run = fit(XOR_NET, params, XOR.X, XOR.y, optimizer=GradientDescent(0.5), epochs=steps)
    np.testing.assert_allclose(playground.theta(), run.params.theta, rtol=1e-9)
    playground.wait_for(f"steps={steps}")
    playground.do("reset")
    np.testing.assert_array_equal(playground.theta(), start)
    playground.wait_for("steps", there=False)


def test_the_address_brings_everything_back(playground):
    address = "data=circles&layers=3,2&hidden=relu&cost=binary_cross_entropy&init=he&seed=7&optimizer=adam"
    address += "&eta=0.02&batch=50&l2=0.001&steps=40&point=12&unit=2,1&pass=backward"
    base = playground.page.url.partition("#")[0]
    playground.open(f"{base}#{address}")
    assert playground.situation() == address
    theta = playground.theta()
    playground.do("step")
    playground.wait_for("steps=41")
    playground.go(address)
    np.testing.assert_array_equal(playground.theta(), theta)
    assert playground.page.get_by_label("Seed").input_value() == "7"
    assert playground.page.get_by_label("Units in layer 2").input_value() == "2"


def test_an_address_that_makes_no_sense_is_refused_in_words(playground):
    playground.open(playground.page.url.partition("#")[0] + "#layers=99")
    assert "layers must be a whole number from 1 to 8" in playground.status()
    assert playground.values("z of layer 2")


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


def test_every_choice_is_possible_or_refused(playground):
    page = playground.page
    for label in (
        "Data set",
        "Hidden layers",
        "Activation",
        "Output",
        "Cost",
        "Initial weights",
        "Optimizer",
    ):
        menu = page.get_by_role("combobox", name=label, exact=True)
        for value in menu.locator("option").evaluate_all("options => options.map((o) => o.value)"):
            menu.select_option(value)
            refused = playground.status().startswith("Not possible: ")
            assert menu.input_value() == value or refused, (label, value)
            playground.do("step")
            assert re.match(r"Step \d+: cost \d", playground.status()), (label, value)
    page.get_by_role("combobox", name="Data set").select_option("polynomial")
    page.get_by_role("combobox", name="Cost", exact=True).select_option("binary_cross_entropy")
    assert "Not possible" in playground.status()
    assert page.get_by_role("combobox", name="Cost", exact=True).input_value() != "binary_cross_entropy"


def test_a_rate_that_is_too_large_is_reported(playground):
    playground.go("data=polynomial&output=identity&hidden=relu&eta=9")
    playground.do("run")
    playground.page.wait_for_function(
        "document.querySelector('.pg-status').textContent.includes('too large')"
    )
    assert playground.page.inner_text("[data-act=run]") == "Run"


def test_two_passes(playground):
    page = playground.page
    page.click("[data-pass=backward]")
    assert page.get_attribute("[data-pass=backward]", "aria-pressed") == "true"
    params = XOR_NET.init(rng=1)
    delta = XOR_NET.deltas(params, XOR_NET.forward(params, XOR.X[:1]), XOR.y[:1])
    assert playground.values("δ of layer 1") == pytest.approx(delta[1][0].tolist(), abs=1e-4)
    assert playground.values("δ of layer 2") == pytest.approx(delta[2][0].tolist(), abs=1e-4)
    hidden = page.inner_text("[data-equation=hidden] .pg-result")
    assert hidden.startswith("δ = (") and hidden.endswith(f"= {delta[1][0, 0]:.4g}")
    page.click("[data-pass=forward]")
    assert page.inner_text("[data-equation=hidden] .pg-result") == ""
    assert page.inner_text("[data-equation=z] .pg-result").startswith("z = ")


def test_the_keyboard_is_enough(playground):
    page = playground.page
    page.get_by_label("Data point", exact=True).focus()
    reached = []
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.getAttribute('class') ?? document.activeElement.ariaLabel")
        )
    assert reached.count("pg-unit") == 1, "one stop for the whole drawing"
    page.locator(".pg-unit[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.ariaLabel").startswith("Output: z ")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.ariaLabel").startswith("Unit 2 of hidden layer 1: z ")
    page.locator("[data-act=step]").focus()
    page.keyboard.press("Enter")
    assert playground.status().startswith("Step 1")


def test_no_barrier_is_found(playground, barriers):
    page = playground.page
    page.click("[data-pass=backward]")
    for part in (".pg-python", ".pg-json"):
        page.evaluate(f"document.querySelector('{part}').open = true")
    page.wait_for_function("document.querySelector('.pg-python code').textContent !== ''")
    assert barriers(page, ".playground") == []


@pytest.mark.parametrize("layers", ["2", "8,8,8,8"])
def test_it_fits_on_a_phone(visit, pages, layers):
    page = visit(viewport={"width": 375, "height": 700})
    page.goto(f"{pages['playground']}#layers={layers}&pass=backward")
    page.wait_for_selector(".pg-live .pg-unit")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_who_asked_for_rest_sees_few_changes(visit, pages):
    page = visit(reduced_motion="reduce")
    page.goto(pages["playground"])
    page.wait_for_selector(".pg-live .pg-unit")
    count = """() => new Promise((done) => {
      let changes = 0;
      const start = performance.now();
      const line = document.querySelector(".pg-network text:not(:empty)");
      new MutationObserver(() => changes++).observe(line, { childList: true });
      setTimeout(() => done([changes, (performance.now() - start) / 1000]), 1500);
    })"""
    assert page.evaluate(count)[0] == 0, "nothing runs by itself"
    page.click("[data-act=run]")
    changes, seconds = page.evaluate(count)
    assert changes <= 2 * seconds + 1, "two changes in a second"


def test_without_javascript_there_is_the_drawing(visit, pages):
    page = visit(java_script_enabled=False)
    page.goto(pages["playground"])
    image = page.locator(".playground-static img")
    assert image.is_visible()
    assert "two inputs, two hidden units and one output" in image.get_attribute("alt")
    assert page.locator(".playground-equations").is_hidden()


def test_a_chapter_has_its_own_situation(visit, pages):
    page = visit()
    page.goto(pages[EMBED])
    page.wait_for_selector(".pg-live .pg-unit")
    before = page.url
    assert page.locator(".playground-static img").is_hidden()
    assert page.locator(".playground-question").is_visible()
    address = page.get_attribute(".playground", "data-state")
    link = page.get_attribute(".pg-more a", "href")
    assert unquote(link) == f"playground.html#{address}"
    page.click("[data-act=step]")
    assert page.url == before, "a chapter's address stays as it is"
    page.click("[data-act=reset]")
    assert unquote(page.get_attribute(".pg-more a", "href")) == f"playground.html#{address}"


def test_the_drawing_is_fast(playground):
    playground.go("data=spirals&layers=8,8&cost=binary_cross_entropy&optimizer=adam&eta=0.02")
    idle = np.median(playground.page.evaluate(FRAMES, 10))
    playground.do("run")
    busy = np.median(playground.page.evaluate(FRAMES, 20))
    playground.do("run")
    steps = int(re.search(r"step (\d+)", playground.status())[1])
    print(f"2-8-8-1 on 200 points: {busy:.0f} ms a frame; {idle:.0f} ms at rest; {steps} steps")
    assert steps > 5
    assert busy < 2000, "far above what any machine takes: something blocks the page"


def test_parameters_in_an_address_are_exact(playground):
    params = Params(np.random.default_rng(0).normal(size=9), (2, 2, 1))
    numbers = ",".join(json.dumps(value) for value in params.theta.tolist())
    playground.open(playground.page.url.partition("#")[0] + f"#w={numbers}")
    np.testing.assert_array_equal(playground.theta(), params.theta)
    assert f"w={numbers}" in playground.situation()
