"""The copy of the site without solutions."""

import pytest

import public

PAGE = """<p>Before</p>
<details class="hint"><summary>Hint 1 of 1</summary>a hint</details>
<details class="solution">
<summary>Solution of exercise 2.1</summary>
xyzzy <details class="answer"><summary>Why?</summary>plugh</details> xyzzy <img src="_images/one.png">
</details>
<p>Between <img src="_images/two.png"></p>
<details class="solution" id="x"><summary>Solution of exercise 2.2</summary>xyzzy</details>
<p>After</p>
"""


@pytest.fixture
def site(tmp_path):
    root = tmp_path / "html"
    (root / "book").mkdir(parents=True)
    (root / "_images").mkdir()
    (root / "index.html").write_text("<p>No solution</p>")
    (root / "book" / "one.html").write_text(PAGE)
    for name in ("one.png", "two.png"):
        (root / "_images" / name).write_text("")
    (root / "book.pdf").write_text("xyzzy")
    (root / ".complete.json").write_text("{}")
    return root


def test_solutions_are_left_out_and_all_else_stays(site):
    target = site.with_name("html-public")
    assert public.build(site, target) == 2
    page = (target / "book" / "one.html").read_text()
    for word in ("xyzzy", "plugh", "<summary>Why"):
        assert word not in page
    for words in (
        "Before",
        "a hint",
        "Between",
        "After",
        "<em>Solution of exercise 2.1: not in this edition.</em>",
    ):
        assert words in page
    assert page.count("<details") == page.count("</details>") == 1
    assert not [path for path in target.rglob("*") if path.is_file() and "xyzzy" in path.read_text()]
    assert [path.name for path in (target / "_images").iterdir()] == ["two.png"]
    assert not (target / ".complete.json").exists(), "it is no complete site to the build"
    assert (site / "book" / "one.html").read_text() == PAGE
    assert public.build(site, target) == 2, "a second time, in place of the first"


def test_what_cannot_be_copied_is_told(site, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(public, "SITE", tmp_path / "nothing")
    monkeypatch.setattr("sys.argv", ["public.py"])
    assert public.main() == 1
    assert "`make book` builds it" in capsys.readouterr().err
    (site / "book" / "one.html").write_text('<details class="solution"><p>')
    with pytest.raises(public.PublicError, match="no end"):
        public.build(site, tmp_path / "html-public")
    monkeypatch.setattr(public, "LITE", site)
    (site / "book" / "one.html").write_text(PAGE)
    monkeypatch.setattr("sys.argv", ["public.py", "--lite"])
    assert public.main() == 0
    assert "2 solutions are left out" in capsys.readouterr().out
