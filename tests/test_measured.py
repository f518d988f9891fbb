"""What was measured in long runs: stored with its origin, and read again."""

import json
import re
from datetime import date

import numpy as np
import pytest

from fysstk_book import measured
from fysstk_book.compare import compare
from fysstk_book.measured import Curves, Line, load, save


def score(seed, eta):
    return 1 / 3 - (eta - 1) ** 2 + 0.1 * np.random.default_rng([seed, round(10 * eta)]).normal()


@pytest.fixture
def comparison():
    race = {"A": (score, {"eta": (0.5, 1.0, 1.5)}), "B": (score, {"eta": (0.5, 1.0, 2.0)})}
    return compare(race, seeds=range(5), tuning=range(5, 9), quantity="accuracy")


@pytest.fixture
def curves():
    x = [1.0, 2.0, 4.0]
    lines = {"up": Line(x, [[1, 2, 3], [2, 3, 4], [9, 9, 9]]), "down": Line([5.0, 6.0], [[3, 1]] * 3)}
    return Curves(lines, "epoch", "cost", "three epochs", [0, 1, 2])


def test_a_comparison_comes_back_with_its_origin(comparison, tmp_path):
    save(
        "race", comparison, data="made up, 3 numbers", decides="which is better", seconds=1.25, where=tmp_path
    )
    again = load("race", tmp_path)
    assert again.provenance["command"] == "make measure NAME=race"
    assert again.provenance["data"] == "made up, 3 numbers"
    assert again.provenance["seconds"] == 1.2
    assert set(again.provenance["versions"]) == {
        "program",
        "python",
        "numpy",
        "scikit-learn",
        "machine",
        "kernels",
    }
    np.testing.assert_allclose(again.scores("A"), comparison.scores("A"), rtol=1e-6)
    assert again.difference("B") == pytest.approx(comparison.difference("B"), rel=1e-5)
    table = 1 + len(comparison.rows)
    assert repr(again).splitlines()[-table:] == repr(comparison).splitlines()[-table:]
    origin = f"Measured by make measure NAME=race on made up, 3 numbers, {again.provenance['date']}."
    assert origin in " ".join(repr(again).splitlines()[:-table])
    save("race", again, data="made up, 3 numbers", decides="which is better", seconds=1.25, where=tmp_path)
    assert repr(load("race", tmp_path)) == repr(again)
    assert [path.name for path in tmp_path.iterdir()] == ["race.json"]


def test_curves_come_back(curves, tmp_path):
    save("curves", curves, data="none", decides="nothing", seconds=0, where=tmp_path)
    again = load("curves", tmp_path)
    assert again.lines == curves.lines and again.provenance["data"] == "none"
    assert repr(again).splitlines() == [
        "cost against epoch; three epochs; 3 seeds",
        "up: 3 points",
        "down: 2 points",
    ]
    np.testing.assert_array_equal(again.x("up"), [1, 2, 4])
    assert again.runs("up").shape == (3, 3)
    with pytest.raises(ValueError, match="there is no line 'left'; choose from up, down"):
        again.runs("left")


def test_curves_are_drawn_as_medians(curves):
    ax = curves.draw(logx=True)
    up, down = ax.get_lines()
    np.testing.assert_array_equal(up.get_ydata(), [2, 3, 4])
    np.testing.assert_array_equal(down.get_xdata(), [5, 6])
    assert (ax.get_xscale(), ax.get_yscale(), len(ax.collections)) == ("log", "linear", 2)
    (only,) = curves.draw("down").get_lines()
    np.testing.assert_array_equal(only.get_ydata(), [3, 1])


def test_what_there_is_not(tmp_path):
    with pytest.raises(FileNotFoundError, match="under the name 'race'; there are: none"):
        load("race", tmp_path)
    (tmp_path / "b.json").write_text("{")
    (tmp_path / "a.json").write_text("[]")
    (tmp_path / "c.json").write_text("{}")
    (tmp_path / "d.json").write_text(json.dumps({"lines": {"a": {"z": 3}}, "xlabel": "", "ylabel": ""}))
    with pytest.raises(FileNotFoundError, match="there are: a, b, c, d"):
        load("race", tmp_path)
    for name, message in {
        "a": "holds no result, but a list",
        "b": "is no JSON",
        "c": "no stored comparison",
        "d": "no stored curves",
    }.items():
        with pytest.raises(ValueError, match=message):
            load(name, tmp_path)


def test_without_the_books_sources_the_wheel_has_them(monkeypatch, tmp_path):
    assert measured.folder().name == "measured" and measured.folder().parent.name == "book"
    monkeypatch.setattr(measured, "__file__", str(tmp_path / "a" / "b" / "measured.py"))
    assert measured.folder() == tmp_path / "a" / "b" / "measured"


@pytest.mark.parametrize("path", sorted(measured.folder().glob("*.json")), ids=lambda path: path.stem)
def test_every_stored_result_says_in_the_same_way_what_made_it(path):
    made = json.loads(path.read_text("utf8"))["provenance"]
    wanted = measured.provenance(command="make it", data="none", decides="nothing", seconds=0)
    assert list(made) == list(wanted)
    assert list(made["versions"]) == list(wanted["versions"])
    assert all(
        isinstance(value, str) and value for key, value in made.items() if key not in ("seconds", "versions")
    )
    assert re.fullmatch("[0-9a-f]{16}", made["versions"]["program"])
    assert date.fromisoformat(made["date"]) and made["command"].startswith(
        ("make ", "FYSSTK_MNIST=folder make ", "python tools/with_jax.py")
    )
    assert made["seconds"] >= 0


def test_the_hash_of_the_program_sees_code_and_no_comments(monkeypatch, tmp_path):
    def hashed(text):
        (tmp_path / "a.py").write_text(text)
        measured._program.cache_clear()
        return measured._program()

    monkeypatch.setattr(measured.fysstk_nn, "__path__", [str(tmp_path)])
    first = hashed('"""One."""\nx = 1\n')
    assert hashed('"""Two."""\nx = 1  # a comment\n') == first != hashed('"""One."""\nx = 2\n')
    monkeypatch.undo()
    measured._program.cache_clear()
    assert len(measured.versions()["program"]) == 16
