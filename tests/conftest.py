"""What all tests share: the same random numbers in every run, and the built site in one browser per worker.

`make book` builds the site; a Chromium shows it. Where one of them is missing the tests that need it are
left out, except on CI, where they must run. FYSSTK_SITE names another site than _build/html, CHROMIUM another
browser.
"""

import lean_start  # noqa: F401 - before nbformat

# isort: split
import functools
import gzip
import http.server
import os
import shutil
import signal
import sys
import threading
from pathlib import Path

import hypothesis
import numpy as np
import pytest

# Before scipy is imported: without it scikit-learn would leave out two of its checks of our estimators.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

# A shell lets its background jobs ignore Ctrl-C, which our tests send to themselves.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No test writes into the home folder.
os.environ["FYSSTK_PROGRESS"] = "off"

# No deadline: a slow machine is no mistake.
hypothesis.settings.register_profile("book", deadline=None, derandomize=True)
hypothesis.settings.load_profile("book")

SITE = Path(os.environ.get("FYSSTK_SITE", Path(__file__).parents[1] / "_build" / "html")).resolve()
BROWSERS = (
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


class Server(http.server.SimpleHTTPRequestHandler):
    """Serves a folder as public hosts do: text is compressed, and connections stay open."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path /= "index.html"
        if not path.is_file():
            self.send_error(404)
            return
        kind, body = self.guess_type(str(path)), path.read_bytes()
        self.send_response(200)
        if kind.startswith("text/") or kind.endswith(("javascript", "xml", "json")):
            body = gzip.compress(body, 6)
            self.send_header("Content-Encoding", "gzip")
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


# Formulas are drawn by glyphs, which are hidden from screen readers, and said by MathML, which axe does not
# read: both are most of a page's elements.
WITHOUT_FORMULAS = """() => {
  document.querySelectorAll("mjx-math[aria-hidden=true]").forEach(e => e.replaceChildren());
  document.querySelectorAll("mjx-assistive-mml math").forEach(e => e.replaceChildren(e.textContent));
  document.querySelectorAll(".question math").forEach(e => e.replaceWith(e.textContent));
}"""
SET_THEME = (
    "theme => { document.documentElement.dataset.theme = document.documentElement.dataset.mode = theme }"
)
# Contrast is what axe takes longest for. Texts of one colour, size and weight on one ground have the same:
# one of each look is enough. What leaves its place may lie on anything, and is looked at in any case.
MARK_ONE_OF_EACH_LOOK = """inside => {
  document.querySelectorAll("[data-look]").forEach(e => e.removeAttribute("data-look"));
  const grounds = new Map([[null, ""]]), looks = new Set();
  const ground = e => {
    if (!grounds.has(e)) {
      const s = getComputedStyle(e);
      let own = [s.backgroundColor, s.backgroundImage, s.opacity, s.filter, s.mixBlendMode].join();
      if (own === "rgba(0, 0, 0, 0),none,1,none,normal") own = "";
      if (/absolute|fixed/.test(s.position)) own += `alone ${grounds.size}`;
      grounds.set(e, ground(e.parentElement) + own);
    }
    return grounds.get(e);
  };
  for (const e of document.querySelectorAll(`${inside} *`)) {
    const says = e.matches("input, select, textarea") || [...e.childNodes].some(n => n.data?.trim());
    if (!says || !e.checkVisibility() || e.closest("mjx-container")) continue;
    const s = getComputedStyle(e);
    const look = [s.color, s.fontSize, s.fontWeight, s.textShadow, ground(e)].join();
    if (!looks.has(look)) e.dataset.look = looks.add(look).size;
  }
}"""
RUN_AXE = """async ([include, options]) => (await axe.run({include: [include]}, options)).violations
  .flatMap(({id, nodes}) => nodes.slice(0, 3).map(node =>
    `${id}: ${node.html.slice(0, 160)} (${node.failureSummary.slice(0, 300)})`))"""


@pytest.fixture(scope="session")
def barriers():
    """A function that returns what axe finds wrong on a page, in light and in dark mode, briefly."""
    from axe_playwright_python.sync_playwright import Axe

    def barriers(page, inside="html"):
        page.emulate_media(reduced_motion="reduce")  # a colour on its way from light to dark is neither
        page.evaluate(WITHOUT_FORMULAS)
        page.evaluate(Axe().axe_script)
        # Of headers, axe takes a formula for empty; tests/test_site.py looks itself.
        not_now = {rule: {"enabled": False} for rule in ("empty-table-header", "color-contrast")}
        found = page.evaluate(RUN_AXE, [inside, {"resultTypes": ["violations"], "rules": not_now}])
        for theme in ("light", "dark"):
            page.evaluate(SET_THEME, theme)
            page.evaluate(MARK_ONE_OF_EACH_LOOK, inside)
            contrast = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}
            found += [f"{theme}: {one}" for one in page.evaluate(RUN_AXE, ["[data-look]", contrast])]
        return found

    return barriers


@pytest.fixture
def fresh_checker(monkeypatch):
    """Let the checker forget what it has noted, write nothing, and choose its own way to run answers."""
    from fysstk_book.check import record

    monkeypatch.setenv("FYSSTK_PROGRESS", "off")
    monkeypatch.delenv("FYSSTK_CHECK_RUNNER", raising=False)
    record.forget()


@pytest.fixture(params=["process", "thread", "here"] if sys.platform == "linux" else ["thread", "here"])
def any_runner(request, monkeypatch):
    """Run the test once in every way that answers can run on this platform."""
    monkeypatch.setenv("FYSSTK_CHECK_RUNNER", request.param)
    return request.param
