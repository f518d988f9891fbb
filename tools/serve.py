"""Show a page while it is written: what is saved is rendered again, and the browser loads it.

The page that was saved last is the one that is shown. When a module or a list is saved, it is rendered again;
its cells run only if what they rest on has changed. Each time a process of its own is forked, which finds the
libraries loaded and our own modules as they are now.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import http.server
import importlib
import json
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from inputs import ROOT, files

PREVIEWS = ROOT / "_build" / "preview"
WATCHED = ("book", "src", "_toc.yml", "_config.yml")
EVERY = 0.25  # seconds between two looks
PORT = 8000
CHANGES = "/_changes"
SCRIPT = f"""<script>
new EventSource("{CHANGES}?COUNT").onmessage = ({{data}}) => {{
  const fault = JSON.parse(data);
  if (!fault) return location.reload();
  const box = document.createElement("pre");
  box.style = "position:fixed;inset:auto 0 0;max-height:60vh;overflow:auto;z-index:9999;margin:0;padding:1em;"
    + "background:#400;color:#fff;white-space:pre-wrap";
  box.textContent = fault;
  document.body.append(box);
}};
</script>"""
# What takes seconds to import, and is none of ours.
LIBRARIES = (
    "fontTools.subset",
    "jupyter_book.config",
    "jupyter_cache.cache.main",
    "matplotlib.pyplot",
    "minify_html",
    "myst_nb.sphinx_",
    "nbclient",
    "py_mini_racer",
    "pybtex.database",
    "sphinx.application",
    "sphinx.builders.html",
    "sphinx.ext.autodoc",
    "sphinx_book_theme",
    "sphinxcontrib.bibtex",
    "sympy",
)


class News:
    """Which page is shown, how often one was rendered, and what was wrong with it the last time."""

    def __init__(self, page: str) -> None:
        self.page = page
        self.count = 0
        self.fault = ""
        self.condition = threading.Condition()

    def tell(self, fault: str) -> None:
        """Say that the page was rendered, or what was wrong."""
        with self.condition:
            self.count, self.fault = self.count + 1, fault
            self.condition.notify_all()

    def wait(self, seen: int) -> bool:
        """Wait until more than what was `seen` has happened; return False after ten seconds without it."""
        with self.condition:
            return self.condition.wait_for(lambda: self.count != seen, timeout=10)


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the previews, adds the script to pages, and tells the browser what happens."""

    def __init__(self, *arguments, news: News, **options):
        self.news = news
        super().__init__(*arguments, **options)

    def do_GET(self) -> None:
        """Answer one request."""
        path = Path(self.translate_path(self.path))
        place, _, seen = self.path.partition("?")
        if place == CHANGES:
            self.tell_changes(int(seen))
        elif self.path == "/":
            self.send_response(307)
            self.send_header("Location", f"/{self.news.page}/book/{self.news.page}.html")
            self.end_headers()
        elif path.suffix == ".html" and path.is_file():
            script = SCRIPT.replace("COUNT", str(self.news.count))
            body = path.read_text(encoding="utf-8").replace("</body>", f"{script}</body>").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        else:
            super().do_GET()

    def end_headers(self) -> None:
        """Let the browser ask each time: any file may be new."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def tell_changes(self, seen: int) -> None:
        """Send a line each time that a page is rendered, for as long as somebody listens."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                line = ": still here"
                if self.news.wait(seen):
                    seen, line = self.news.count, f"data: {json.dumps(self.news.fault)}"
                self.wfile.write(f"{line}\n\n".encode())

    def log_message(self, *arguments: object) -> None:
        """Say nothing: the terminal is for what is rendered."""


def dates() -> dict[Path, int]:
    """Return when each watched file was saved."""
    found = {}
    for path in files(*WATCHED):
        with contextlib.suppress(OSError):  # an editor has just removed it
            found[path] = path.stat().st_mtime_ns
    return found


def saved(before: dict[Path, int], now: dict[Path, int]) -> list[Path]:
    """Return the files that were changed, added or removed."""
    return sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))


def page_of(paths: list[Path], current: str) -> str:
    """Return the page to show after these files were saved."""
    pages = [path.stem for path in paths if path.parent == ROOT / "book" and path.suffix == ".md"]
    return next((page for page in pages if (ROOT / "book" / f"{page}.md").is_file()), current)


def render(page: str) -> str:
    """Render a page in a process of its own; return what was wrong, or nothing."""
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_render, args=(page, send))
    process.start()
    send.close()
    said = []
    with contextlib.suppress(EOFError):
        while True:
            said.append(receive.recv())
            print(said[-1], end="", flush=True)
    process.join()
    return "".join(said) if process.exitcode else ""


def _render(page: str, send) -> None:
    class Pipe:
        """Stands for the terminal."""

        def write(self, text: str) -> int:
            send.send(text)
            return len(text)

        def flush(self) -> None:
            pass

        def isatty(self) -> bool:
            return False

    sys.stdout = sys.stderr = Pipe()
    import preview

    sys.exit(preview.preview(page))


def watch(news: News, render: Callable[[str], str] = render) -> None:
    """Render the page now, and whenever something is saved, until interrupted."""
    known: dict[Path, int] = {}
    while True:
        now = dates()
        if changed := saved(known, now):
            news.page = page_of(changed, news.page) if known else news.page
            known = now
            start = time.perf_counter()
            news.tell(render(news.page))
            print(f"{news.page}: {time.perf_counter() - start:.1f} s", flush=True)
        time.sleep(EVERY)


def listen(port: int, news: News) -> http.server.ThreadingHTTPServer:
    """Serve the previews on a port of this machine alone, or on a free one if that is taken."""
    handler = functools.partial(Handler, directory=str(PREVIEWS), news=news)
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main() -> int:
    """Read the command line, and serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", nargs="?", default="index", help="the page's file name, as `gates`")
    parser.add_argument("--port", type=int, default=PORT)
    arguments = parser.parse_args()
    page = Path(arguments.page).stem
    if not (ROOT / "book" / f"{page}.md").is_file():
        parser.error(f"there is no page book/{page}.md")
    PREVIEWS.mkdir(parents=True, exist_ok=True)
    for library in LIBRARIES:
        importlib.import_module(library)
    news = News(page)
    server = listen(arguments.port, news)
    print(f"Open http://127.0.0.1:{server.server_port}/ and save a page in book/; Ctrl-C ends.", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        watch(news)
    os.write(1, b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
