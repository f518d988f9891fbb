"""What all tests share: the same random numbers in every run, and the built site in one browser per worker.

`make book` builds the site; a Chromium shows it. Where one of them is missing the tests that need it are
left out, except on CI, where they must run. FYSSTK_SITE names another site than _build/html, CHROMIUM another
browser.
"""

import lean_start  # noqa: F401 - before nbformat

# isort: split
import os

# Before numpy is imported: there is a worker for each core, and threads beside them wait for one another.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Before scipy is imported: without it scikit-learn would leave out two of its checks of our estimators.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

# isort: split
import functools
import gc
import gzip
import http.server
import shutil
import signal
import sys
import threading
from pathlib import Path

import hypothesis
import numpy as np
import pytest

# A shell lets its background jobs ignore Ctrl-C, which our tests send to themselves.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No test writes into the home folder.
os.environ["FYSSTK_PROGRESS"] = "off"

# What is imported and collected stays to the end: to look for garbage in it takes a third of the collection.
gc.disable()


def pytest_xdist_auto_num_workers():
    """Ask for one worker more than there are cores: one always waits, for its browser or a program."""
    return 1 + (os.cpu_count() or 1)


def pytest_collection_modifyitems(items):
    """Put files that need a browser together, and those that need a warm Python: one worker starts each.

    Workers first get equal shares, in this order; who has nothing left takes from the end of another's.
    """
    shares = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    if shares == 1:
        return
    browsing = {item.path for item in items if item.get_closest_marker("browser")}
    browsed = [item for item in items if item.path in browsing]
    warm = [item for item in items if item.path not in browsing and hasattr(item.module, "warm")]
    others = [item for item in items if item.path not in browsing and not hasattr(item.module, "warm")]
    first = max(0, len(items) // shares - len(browsed))
    items[:] = [*browsed, *others[:first], *warm, *others[first:]]


def pytest_collection_finish():
    gc.freeze()
    gc.enable()


# No deadline: a slow machine is no mistake.
hypothesis.settings.register_profile("book", deadline=None, derandomize=True)
hypothesis.settings.load_profile("book")

SITE = Path(os.environ.get("FYSSTK_SITE", Path(__file__).parents[1] / "_build" / "html")).resolve()
BROWSERS = (
    "chromium-headless-shell",  # draws no windows around the pages: a fifth less to do
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--js-flags=--single-threaded",  # there is a worker for each core: threads beside it only cost
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # there is no other host
)


@pytest.fixture
def rng():
    """Return a random generator that gives the same numbers in every run."""
    return np.random.default_rng(2024)


def leave_out(missing):
    """Leave a test out because of what is missing; on CI nothing may be."""
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture(scope="session")
def site():
    """The folder of the built site."""
    if not (SITE / "book" / "index.html").is_file():
        leave_out(f"there is no site in {SITE}: `make book` builds it")
    import build_book

    if "FYSSTK_SITE" not in os.environ and not build_book.is_complete(SITE, build_book.made_from()):
        leave_out(f"the site in {SITE} is stale, something has changed since: `make book` builds it again")
    return SITE


@functools.cache
def compressed(path, changed):
    """What is in a file, compressed; `changed` is when it was last written."""
    return gzip.compress(path.read_bytes(), 6)


class Server(http.server.SimpleHTTPRequestHandler):
    """Serves a folder as public hosts do: text is compressed, kept for minutes, and connections stay open."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path /= "index.html"
        if not path.is_file():
            self.send_error(404)
            return
        kind = self.guess_type(str(path))
        self.send_response(200)
        if kind.startswith("text/") or kind.endswith(("javascript", "xml", "json")):
            body = compressed(path, path.stat().st_mtime_ns)
            self.send_header("Content-Encoding", "gzip")
        else:
            body = path.read_bytes()
        self.send_header("Cache-Control", "max-age=600")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def serve():
    """A function that serves a folder on a free port of this machine, and returns its address."""
    servers = []

    def serve(folder):
        handler = functools.partial(Server, directory=folder)
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def address(site, serve):
    """The address of the built site."""
    return serve(site)


@pytest.fixture(scope="session")
def browser():
    """One browser for all tests of a worker. It finds no other host than this machine."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        leave_out("no Chromium was found (Debian and Ubuntu: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS, timeout=PATIENCE)
        browser.new_page().close()  # whoever measures finds it awake
        yield browser
        browser.close()


PATIENCE = 120_000
"""Milliseconds that a page may take for anything at all: a busy machine is slow, and slow is no mistake."""


@pytest.fixture
def visit(browser):
    """A function that opens an empty tab, with a memory of its own, which ends with the test."""
    contexts = []

    def visit(**options):
        contexts.append(browser.new_context(**options))
        contexts[-1].set_default_timeout(PATIENCE)
        return contexts[-1].new_page()

    yield visit
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def one_tab(browser):
    """The tab of a worker."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


@pytest.fixture
def tab(one_tab):
    """An empty tab that remembers nothing. A new one would take a process, and compile all scripts anew."""
    one_tab.set_viewport_size({"width": 1280, "height": 900})
    one_tab.emulate_media(media="screen", reduced_motion="no-preference", color_scheme="light")
    one_tab.mouse.move(-1, -1)
    yield one_tab
    one_tab.unroute_all()
    one_tab.context.clear_permissions()
    if one_tab.url != "about:blank":
        one_tab.evaluate("[localStorage, sessionStorage].forEach(memory => memory.clear())")
        one_tab.goto("about:blank")  # the next test is not asked for what this page still waits for


# Formulas are drawn by glyphs, which are hidden from screen readers, and said by MathML, which axe does not
# read: both are most of a page's elements, and a word stands for them. Axe cannot judge what has the shades
# of what scrolls, which keep off its text, and what is scrolled out of sight: the shades go, and the menus
# are opened whole. Nothing is shown meanwhile, so that all of it is laid out once.
PLAIN = """() => {
  document.documentElement.hidden = true;
  for (const drawn of document.querySelectorAll("mjx-math[aria-hidden=true]:has(+ mjx-assistive-mml)"))
    drawn.parentElement.replaceWith("formula");
  document.querySelectorAll(".question math").forEach(e => e.replaceWith(e.textContent));
  document.querySelectorAll(".copybtn svg > :not(title)").forEach(e => e.remove());
  for (const {style} of [...document.styleSheets].flatMap(sheet => [...sheet.cssRules]))
    if (style?.background.includes(" local")) style.backgroundImage = "none";
  for (const menu of document.querySelectorAll(".bd-sidebar")) menu.style.maxHeight = "none";
}"""
# Contrast is what axe takes longest for. Texts of one colour, size and weight on one ground have the same:
# one of each look is enough, and it is marked for axe, unless it has passed on another page. What lies below
# a ground without holes is not seen. What leaves its place may lie on anything, and is always looked at.
# Ticks and single letters, which axe cannot judge either, become a word, and a word in the colour of what is
# drawn is put beside the drawing. Spans that are but their text are dissolved.
MARK_NEW_LOOKS = """([inside, known]) => {
  document.documentElement.hidden = false;
  const all = [...document.querySelectorAll(`:is(${inside}) *`)].filter(e => !e.closest("mjx-container"));
  const found = {}, coloured = new Set();
  for (const theme of ["light", "dark"]) {
    document.documentElement.dataset.theme = document.documentElement.dataset.mode = theme;
    const grounds = new Map([[null, ["", ""]]]), looks = new Set();
    const ground = e => {
      if (!grounds.has(e)) {
        const s = getComputedStyle(e), colour = s.backgroundColor, clear = colour === "rgba(0, 0, 0, 0)";
        let [below, seen] = ground(e.parentElement), plain = true;
        if (/absolute|fixed/.test(s.position)) below += `alone ${grounds.size}`;
        if (s.backgroundImage !== "none") [plain, below] = [false, below + colour + s.backgroundImage];
        else if (!clear) [plain, below] = [false, colour.startsWith("rgb(") ? colour : below + colour];
        const veil = [s.opacity, s.filter, s.mixBlendMode].join();
        if (veil !== "1,none,normal") [plain, seen] = [false, seen + veil];
        if (!plain) coloured.add(e);
        grounds.set(e, [below, seen]);
      }
      return grounds.get(e);
    };
    for (const e of all) {
      const says = e.matches("input, select, textarea") || [...e.childNodes].some(n => n.data?.trim());
      if (!says || !e.checkVisibility({visibilityProperty: true})) continue;
      const s = getComputedStyle(e);
      let drawing = e.closest("svg"), colour = drawing ? s.fill : s.color;
      while (drawing && getComputedStyle(drawing).position !== "static") drawing = drawing.parentElement;
      const look = [colour, s.fontSize, s.fontWeight, s.textShadow, ...ground(drawing ?? e)].join();
      if (looks.has(look) || known[theme].includes(look)) continue;
      const text = drawing ? document.createElement("span") : e;
      text.dataset[theme] = looks.size;
      looks.add(look);
      if (drawing || !/[\\p{L}\\p{N}]{2}/u.test(e.textContent)) text.textContent = "text";
      if (!drawing) continue;
      text.style.cssText = `color: ${colour}; font: ${s.fontWeight} ${s.fontSize} sans-serif`;
      drawing.after(text);
    }
    found[theme] = [...looks];
  }
  for (const e of all)
    if (e.matches("span, em, strong, cite") && [...e.attributes].every(a => a.name === "class")
        && !coloured.has(e))
      e.replaceWith(...e.childNodes);
  return found;
}"""
# What axe finds wrong, and what it cannot judge the contrast of. A link in a text must differ by more than
# its colour, which is enough for axe where it is strong.
RUN_AXE = """async ([theme, include, options]) => {
  document.documentElement.dataset.theme = document.documentElement.dataset.mode = theme;
  axe.configure({rules: [
    {id: "color-contrast", selector: `[data-${theme}]`},
    {id: "link-in-text-block", any: ["link-in-text-block-style"]},
  ]});
  const kinds = {resultTypes: ["violations", "incomplete"]};
  const {violations, incomplete} = await axe.run(include, {...kinds, ...options});
  const found = [...violations, ...incomplete.filter(({id}) => id === "color-contrast")];
  return found.flatMap(({id, nodes}) => nodes.slice(0, 3).map(
    node => `${id}: ${node.html.slice(0, 160)} (${node.failureSummary.slice(0, 300)})`));
}"""


@pytest.fixture(scope="session")
def barriers():
    """A function that returns what axe finds wrong on a page, in light and in dark mode, briefly."""
    from axe_playwright_python.sync_playwright import Axe

    known = {"light": [], "dark": []}

    def barriers(page, inside="html", viewport=None):
        page.evaluate(PLAIN)
        page.emulate_media(reduced_motion="reduce")  # a colour on its way from light to dark is neither
        if viewport:
            page.set_viewport_size(viewport)
        looks = page.evaluate(MARK_NEW_LOOKS, [inside, known])
        page.evaluate(Axe().axe_script)
        # Of headers, axe takes a formula for empty; tests/test_site.py looks itself.
        but_headers = {"rules": {"empty-table-header": {"enabled": False}}}
        found = page.evaluate(RUN_AXE, ["light", inside, but_headers])
        if looks["dark"]:
            found += page.evaluate(RUN_AXE, ["dark", inside, {"runOnly": ["color-contrast"]}])
        if not found:
            for theme in known:
                known[theme] += [look for look in looks[theme] if "alone" not in look]
        return found

    return barriers


@pytest.fixture
def fresh_checker(monkeypatch):
    """Let the checker forget what it has noted, write nothing, and choose its own way to run answers."""
    from fysstk_book.check import record

    monkeypatch.setenv("FYSSTK_PROGRESS", "off")
    monkeypatch.delenv("FYSSTK_CHECK_RUNNER", raising=False)
    record.forget()


@pytest.fixture
def in_a_thread(monkeypatch):
    """Let answers run in a thread, which is quicker: our own code needs no process of its own."""
    monkeypatch.setenv("FYSSTK_CHECK_RUNNER", "thread")


@pytest.fixture(params=["process", "thread", "here"] if sys.platform == "linux" else ["thread", "here"])
def any_runner(request, monkeypatch):
    """Run the test once in every way that answers can run on this platform."""
    monkeypatch.setenv("FYSSTK_CHECK_RUNNER", request.param)
    return request.param
