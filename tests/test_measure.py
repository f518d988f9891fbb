"""The long measurements: declared, stored, and still what the program gives."""

import json

import numpy as np
import pytest

import experiments
import measure
from fysstk_book import measured
from fysstk_book.compare import Comparison, Contestant

# The digits have a tool and tests of their own.
OTHERS = ("digits", "mutants", "with-jax")  # made by other commands
STORED = sorted(p.stem for p in measured.folder().glob("*.json") if not p.stem.startswith(OTHERS))


def score(seed, eta):
    return -((eta - 1) ** 2) + 0.01 * np.random.default_rng([seed, round(10 * eta)]).normal()


def curve(seed):
    return {"up": [seed, seed + 1.0], "down": [1.0, -seed]}


SMALL = {
    "race": experiments.Race(
        "Which is better?",
        "made up",
        {"A": Contestant(score, {"eta": (0.5, 1.0, 2.0)}), "B": Contestant(score, {"eta": (0.5,)})},
        range(5),
        range(5, 8),
    ),
    "edge": experiments.Race(
        "Which is better?",
        "made up",
        {"A": Contestant(score, {"eta": (2.0, 4.0)}), "B": Contestant(score, {"eta": (1.0,)})},
        range(3),
        range(5, 8),
    ),
    "sweep": experiments.Sweep(
        "Does it rise?",
        "made up",
        {"up": ((1, 2), curve, "up"), "down": ((1, 2), curve, "down")},
        "x",
        "y",
        "no time",
        range(3),
    ),
}


@pytest.fixture
def small(monkeypatch, tmp_path):
    monkeypatch.setattr(experiments, "EXPERIMENTS", SMALL)
    monkeypatch.setattr(measure, "EXPERIMENTS", SMALL)
    monkeypatch.setattr(measured, "folder", lambda: tmp_path)
    return tmp_path


def test_it_writes_what_is_asked_for(small, capfd):
    assert measure.main(["race", "sweep"]) == 0
    assert sorted(path.name for path in small.iterdir()) == ["race.json", "sweep.json"]
    assert measured.load("race").verdict("B") == "worse"
    assert measured.load("race").provenance["decides"] == "Which is better?"
    assert measured.load("sweep").lines["down"].runs == [[1, 0], [1, -1], [1, -2]]
    assert measure.main(["--missing"]) == 1
    out, err = capfd.readouterr()
    assert "edge: the best eta of 'A' is 2, the end of (2.0, 4.0)" in err and "not written: edge" in err
    assert "race: Which is better?" in out and out.count("sweep:") == 1


def test_an_unknown_name(small, capfd):
    with pytest.raises(SystemExit):
        measure.main(["rice"])
    assert "there is no experiment 'rice'; choose from race, edge, sweep" in capfd.readouterr().err


@pytest.mark.parametrize("name", ["race", "sweep"])
def test_a_changed_number_is_noticed(small, name):
    measure.main([name])
    rng = np.random.default_rng(0)
    what, new, old, _ = SMALL[name].again(measured.load(name), rng)
    np.testing.assert_allclose(new, old, rtol=1e-6)
    text = json.loads((small / f"{name}.json").read_text())
    for row in text.get("rows", text.get("lines")).values():
        key = "scores" if "scores" in row else "runs"
        row[key] = (np.array(row[key]) + 0.01).tolist()
    (small / f"{name}.json").write_text(json.dumps(text))
    _, new, old, _ = SMALL[name].again(measured.load(name), np.random.default_rng(0))
    assert not np.allclose(new, old, rtol=1e-6)


def test_every_file_belongs_to_an_experiment_and_is_small():
    assert STORED and set(STORED) <= set(experiments.EXPERIMENTS)
    for name in STORED:
        path = measured.folder() / f"{name}.json"
        assert path.stat().st_size < 200_000


@pytest.mark.parametrize("name", STORED)
def test_a_file_is_what_its_experiment_declares(name):
    result, experiment = measured.load(name), experiments.EXPERIMENTS[name]
    assert result.provenance["data"] == experiment.data
    assert result.provenance["decides"] == experiment.decides
    assert result.seeds == list(experiment.seeds)
    if isinstance(result, Comparison):
        assert list(result.rows) == list(experiment.contestants)
        assert {key: getattr(result, key) for key in ("quantity", "budget")} == {
            key: experiment.options[key] for key in ("quantity", "budget")
        }
        assert not set(result.seeds) & set(result.tuning)
        for label, row in result.rows.items():
            grid = experiment.contestants[label].grid
            assert all(value in grid[key] for key, value in row.setting.items())
            assert len(row.tried) in (0, np.prod([len(values) for values in grid.values()]))
    else:
        assert list(result.lines) == list(experiment.lines)
        for label, line in experiment.lines.items():
            np.testing.assert_allclose(result.x(label), line[0], rtol=1e-6)  # stored with seven digits


def test_a_random_part_is_measured_again():
    # Another part each time: digit by digit with the program, versions and machine that made it, and else
    # within the scatter of the seeds, as other roundings lead a training elsewhere.
    rng = np.random.default_rng()
    files = {name: measured.load(name) for name in STORED}
    # The time of one run: a part that takes longer than a few seconds is left to `make measure`.
    cost = {name: result.provenance["seconds"] / runs(name, result) for name, result in files.items()}
    name = str(rng.choice([name for name in STORED if cost[name] < 4]))
    what, new, old, spread = experiments.EXPERIMENTS[name].again(files[name], rng)
    same = files[name].provenance["versions"] == measured.versions()
    scatter = 5 * np.max(spread) + 0.01 * np.abs(old)
    tolerance = 1e-5 * np.abs(old) + 1e-9 if same else scatter
    assert (np.abs(np.subtract(new, old)) <= tolerance).all(), f"{name}, {what}: {new}, but stored is {old}"


def runs(name, result):
    if isinstance(result, Comparison):
        tried = sum(len(row.tried) for row in result.rows.values()) * len(result.tuning)
        return tried + len(result.rows) * len(result.seeds)
    functions = {line[1] for line in experiments.EXPERIMENTS[name].lines.values()}
    return len(functions) * len(result.seeds)
