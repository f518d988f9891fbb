"""`make serve`: what is saved is rendered, and the browser hears of it."""

import json
import urllib.request

import pytest

import serve


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A book of two pages that is watched, with a preview of the first."""
    for name, text in {
        "book/one.md": "# One",
        "book/two.md": "# Two",
        "src/module.py": "",
        "_build/preview/one/book/one.html": "<html><body>One</body></html>",
        "_build/preview/one/_static/a.css": "p {}",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(serve, "ROOT", tmp_path)
    monkeypatch.setattr(serve, "PREVIEWS", tmp_path / "_build" / "preview")
    monkeypatch.setattr(serve, "files", lambda *places: [p for p in tmp_path.rglob("*.*") if p.is_file()])
    return tmp_path


@pytest.fixture
def ask(root):
    """A function that asks the server for a path; its `news` can be told what happens."""
    news = serve.News("one")
    server = serve.listen(0, news)

    def ask(path):
        return urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}{path}", timeout=60)

    ask.news = news
    yield ask
    server.shutdown()
    server.server_close()


def test_pages_are_served_with_the_script_and_other_files_as_they_are(ask):
    page = ask("/")
    assert page.url.endswith("/one/book/one.html")
    assert page.headers["Cache-Control"] == "no-cache"
    assert page.read().decode() == f"<html><body>One{serve.SCRIPT.replace('COUNT', '0')}</body></html>"
    assert ask("/one/_static/a.css").read() == b"p {}"


def test_the_browser_hears_of_each_rendering_and_of_faults(ask):
    ask.news.tell("")  # between the page and its first question
    changes = ask("/_changes?0")
    for fault in ("", "one.md:3: this cell fails\n\nNameError"):
        if fault:
            ask.news.tell(fault)
        line = changes.readline().decode()
        assert line.startswith("data: ")
        assert json.loads(line.removeprefix("data: ")) == fault
        assert changes.readline() == b"\n"


def test_what_is_saved_is_rendered(root, monkeypatch):
    rendered = []
    steps = [
        lambda: (root / "book" / "two.md").write_text("# Two, changed"),
        lambda: None,
        lambda: (root / "src" / "module.py").write_text("x = 1"),
        lambda: (root / "book" / "one.md").unlink(),
        lambda: (root / "book" / "one.md").write_text("# One again"),
    ]

    def sleep(seconds):
        if not steps:
            raise KeyboardInterrupt
        steps.pop(0)()

    monkeypatch.setattr(serve.time, "sleep", sleep)
    news = serve.News("one")
    with pytest.raises(KeyboardInterrupt):
        serve.watch(news, lambda page: rendered.append(page) or "")
    assert rendered == ["one", "two", "two", "two", "one"]
    assert (news.count, news.page) == (5, "one")


def test_a_page_is_rendered_in_a_process_of_its_own(monkeypatch, capsys):
    import preview

    def render(page):
        print(f"rendered {page}")
        return int(page == "bad")

    monkeypatch.setattr(preview, "preview", render)
    assert serve.render("good") == ""
    assert serve.render("bad") == "rendered bad\n"
    assert capsys.readouterr().out == "rendered good\nrendered bad\n"
