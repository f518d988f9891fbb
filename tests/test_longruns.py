"""The table of the long runs, and the tool that makes them."""

import dataclasses
import json

import numpy as np
import pytest
from tqdm import tqdm

import digits
from fysstk_book import longruns
from fysstk_nn.datasets import Samples, Split

RESULTS = {
    "data": "MNIST, folder mnist: 5 to train on, 3 to test",
    "rows": [
        {
            "run": "a",
            "chapter": "digits-sokirko",
            "network": "784-<16>-10",
            "reported": "about 10",
            "epochs": 7,
            "errors": [[20, 15, 9, 8, 7, 6, 5.5], [22, 15, 9, 8, 7, 7, 6.5]],
        },
        {
            "run": "b",
            "chapter": "digits-nielsen",
            "network": "darkness",
            "reported": "",
            "epochs": 0,
            "errors": [[77.5]],
        },
    ],
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "digits.json"
    path.write_text(json.dumps(RESULTS), encoding="utf8")
    return path


def test_table_of_a_chapter(path):
    table = longruns.table("digits-sokirko", path)
    assert table.rows == (
        ("784-<16>-10", "about 10", "21.00 ± 1.41", "6.50 ± 0.71", "6.00 ± 0.71", "6.00 ± 0.71", "7", "2"),
    )
    assert longruns.table("digits-nielsen", path).rows == (
        ("darkness", "–", "–", "–", "77.50", "–", "–", "1"),
    )
    caption, head, row = repr(table).splitlines()
    assert caption == f"Test error in percent. Measured by make digits on {RESULTS['data']}."
    assert head.split()[0] == "network"
    assert row.index("about 10") == head.index("the source says")
    html = table._repr_html_()
    assert "<td>784-&lt;16&gt;-10</td>" in html
    assert html.count("<tr>") == 2


def test_without_results_it_says_how_to_make_them(tmp_path):
    table = longruns.table("digits-sokirko", tmp_path / "none.json")
    assert repr(table) == "The long runs have not been made here: FYSSTK_MNIST=folder make digits"
    assert table._repr_html_() == f"<p>{table!r}</p>"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"data": "x", "rows": [{}]}', '{"data": 1, "rows": 2}'])
def test_damaged_results(path, content):
    path.write_text(content, encoding="utf8")
    with pytest.raises(ValueError, match=r"digits\.json holds no results of make digits; run it again"):
        longruns.table("digits-sokirko", path)


@pytest.fixture
def few(monkeypatch, path):
    """Let the tool find a few made-up digits, and write into a folder of the test's."""
    rng = np.random.default_rng(0)
    y = np.arange(40) % 10
    X = rng.uniform(size=(40, 784)).astype(np.float32)
    X[np.arange(40), y] = 5
    data = Samples(X, y, tuple("0123456789"), "made up")
    monkeypatch.setattr(digits, "mnist", lambda: Split(data, data.take(range(20))))
    monkeypatch.setattr(longruns, "RESULTS", path)
    monkeypatch.setattr(longruns.table, "__defaults__", (path,))
    return path


def run(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["digits.py", *arguments])
    return digits.main()


def test_runs_that_are_asked_for_are_written_beside_earlier_ones(few, monkeypatch, capfd):
    assert run(monkeypatch, "nielsen-0", "darkness") == 0
    assert run(monkeypatch, "nielsen-4") == 0
    results = json.loads(few.read_text(encoding="utf8"))
    assert results["data"] == "made up: 40 to train on, 20 to test"
    assert [row["run"] for row in results["rows"]] == ["darkness", "nielsen-0", "nielsen-4"]
    assert [len(row["errors"]) for row in results["rows"]] == [1, 3, 3]
    assert all(0 <= e <= 100 for row in results["rows"] for errors in row["errors"] for e in errors)
    assert len(longruns.table("digits-nielsen", few).rows) == 3
    out, bar = capfd.readouterr()
    assert "784-30-4, binary digits" in out
    assert "90/90" in bar


@pytest.mark.parametrize("name", ["nielsen-0", "wide-shifted"])
def test_a_killed_run_goes_on_where_it_was(name, few, monkeypatch):
    short = dataclasses.replace(digits.RUNS[name], epochs=4)
    data, bar = digits.mnist(), tqdm(disable=True)
    whole = list(short.errors(data, 1, bar))
    assert len(whole) == 4 and list(few.parent.glob("*.npz")) == []
    started = short.errors(data, 1, bar)
    assert [next(started), next(started)] == whole[:2]
    started.close()  # as after a kill: two epochs are in the file
    assert len(list(few.parent.glob("*.npz"))) == 1
    assert list(short.errors(data, 1, bar)) == whole
    assert list(few.parent.glob("*.npz")) == []
    started = short.errors(data, 1, bar)
    next(started)
    other = dataclasses.replace(short, batch_size=7)  # other settings start anew
    assert other.checkpoint(data, 1) != short.checkpoint(data, 1) != short.checkpoint(data, 2)


def test_unknown_run(few, monkeypatch, capfd):
    with pytest.raises(SystemExit):
        run(monkeypatch, "nielsen-31")
    assert "there is no run 'nielsen-31'; choose from sokirko" in capfd.readouterr().err


def test_folder_that_does_not_exist(monkeypatch, tmp_path, capfd):
    monkeypatch.setenv("FYSSTK_MNIST", str(tmp_path / "none"))
    assert run(monkeypatch) == 1
    assert "there is no folder" in capfd.readouterr().err


def test_jitter_moves_each_image_by_up_to_two_pixels(rng):
    X = np.zeros((400, 784), np.float32)
    X[:, 14 * 28 + 14] = 1
    moved = digits.jitter(X, rng)
    rows, columns = np.divmod(moved.argmax(axis=1), 28)
    assert set(rows) == set(columns) == {12, 13, 14, 15, 16}
    np.testing.assert_array_equal(moved.sum(axis=1), 1)


def test_darkness_takes_the_nearest_mean():
    train = Samples(np.arange(10.0)[:, np.newaxis], np.arange(10), tuple("0123456789"), "")
    test = Samples(np.array([[3.4], [3.6], [20.0]]), np.array([3, 4, 9]), train.names, "")
    assert digits.darkness(train, test).tolist() == [3, 4, 9]
