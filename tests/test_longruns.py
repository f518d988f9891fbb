"""The long runs on digits: stored with their origin, shown as tables, and in part made again."""

import dataclasses
import os

import numpy as np
import pytest
from tqdm import tqdm

import digits
from fysstk_book import longruns, measured
from fysstk_book.measured import Curves, Line
from fysstk_nn.activations import sigmoid
from fysstk_nn.datasets import Samples, Split, mnist
from fysstk_nn.gradcheck import central_difference

SEVEN = [float(epoch) for epoch in range(1, 8)]
RESULTS = {
    "sokirko": Line(SEVEN, [[20, 15, 9, 8, 7, 6, 5.5], [22, 15, 9, 8, 7, 7, 6.5]]),
    "nielsen-darkness": Line([1.0], [[77.5]]),
}


@pytest.fixture
def folder(tmp_path):
    save(tmp_path, RESULTS)
    return tmp_path


def save(where, lines):
    curves = Curves(lines, "epoch", "test error, %", seeds=[0, 1])
    measured.save(
        "digits",
        curves,
        data="<digits>: 5,000 to train on, 3 to test",
        decides="?",
        seconds=1.0,
        command="make it",
        where=where,
    )


def test_table_of_a_chapter(folder):
    table = longruns.table("digits-sokirko", folder)
    (network, _), reported = longruns.NETWORKS["sokirko"], longruns.EMPTY
    assert table.rows == (
        (network, reported, "21.00 ± 1.41", "6.50 ± 0.71", "6.00 ± 0.71", "6.00 ± 0.71", "7", "2"),
    )
    assert longruns.table("digits-nielsen", folder).rows == (
        ("average darkness", "77.75", "–", "–", "77.50", "–", "–", "1"),
    )
    caption, head, row = repr(table).splitlines()
    assert caption.startswith(
        "Test error in percent, mean ± standard deviation of the runs. Measured on <digits>"
    )
    assert caption.endswith(f"NumPy {np.__version__}: make it.")
    assert head.split()[0] == "network"
    assert row.index(reported) == head.index("the source says")
    html = table._repr_html_()
    assert "&lt;digits&gt;" in html
    assert html.count("<tr>") == 2


def test_errors_of_a_run(folder):
    assert longruns.errors("sokirko", folder).shape == (2, 7)
    assert longruns.sizes(folder) == [5000, 3]
    np.testing.assert_allclose(longruns.reached("sokirko", where=folder), [6, np.sqrt(0.5)])
    np.testing.assert_allclose(longruns.reached("sokirko", 1, folder), [21, np.sqrt(2)])
    np.testing.assert_allclose(longruns.reached("nielsen-darkness", where=folder), [77.5])
    with pytest.raises(ValueError, match="no run 'other'; choose from sokirko, nielsen-darkness"):
        longruns.errors("other", folder)


def test_results_of_something_else(folder):
    save(folder, {"something": Line([1.0], [[3.0]])})
    with pytest.raises(ValueError, match=r"digits\.json holds no results of make digits; run it again"):
        longruns.table("digits-sokirko", folder)


@pytest.fixture
def few(monkeypatch, tmp_path):
    """Let the tool find a few made-up digits, and write into folders of the test's."""
    rng = np.random.default_rng(0)
    y = np.arange(40) % 10
    X = rng.uniform(size=(40, 784)).astype(np.float32)
    X[np.arange(40), y] = 5
    data = Samples(X, y, tuple("0123456789"), "made up")
    monkeypatch.setattr(digits, "mnist", lambda source=None: Split(data, data.take(range(20))))
    monkeypatch.setattr(digits, "BUILD", tmp_path / "build")
    monkeypatch.setattr(measured, "folder", lambda: tmp_path / "book")
    return tmp_path


def test_runs_that_are_asked_for_are_written_beside_earlier_ones(few, capfd):
    assert digits.main(["nielsen-0", "nielsen-darkness"]) == 0
    assert digits.main(["nielsen-4"]) == 0
    found = measured.load("digits", few / "build")
    assert found.provenance["data"] == "made up: 40 to train on, 20 to test"
    assert found.provenance["command"] == "FYSSTK_MNIST=folder make digits"
    assert list(found.lines) == ["nielsen-darkness", "nielsen-0", "nielsen-4"]
    assert [found.runs(name).shape for name in found.lines] == [(1, 1), (3, 30), (3, 30)]
    assert all((found.runs(name) >= 0).all() and (found.runs(name) <= 100).all() for name in found.lines)
    assert not (few / "book").exists()
    out, bar = capfd.readouterr()
    assert "784-30-4, binary digits" in out
    assert "90/90" in bar


@pytest.mark.parametrize("name", ["nielsen-0", "sokirko-shifted", "sokirko-biases-his"])
def test_a_killed_run_goes_on_where_it_was(name, few, monkeypatch):
    short = dataclasses.replace(digits.RUNS[name], epochs=4)
    data, bar = digits.mnist(), tqdm(disable=True)
    whole = list(short.errors(data, 1, bar))
    assert len(whole) == 4 and list((few / "build").glob("*.npz")) == []
    started = short.errors(data, 1, bar)
    assert [next(started), next(started)] == whole[:2]
    started.close()  # as after a kill: two epochs are in the file
    assert len(list((few / "build").glob("*.npz"))) == 1
    assert list(short.errors(data, 1, bar)) == whole
    assert list((few / "build").glob("*.npz")) == []
    started = short.errors(data, 1, bar)
    next(started)
    changed = {"k": 0.5} if name == "sokirko-biases-his" else {"batch_size": 7}
    other = dataclasses.replace(short, **changed)  # other settings start anew
    assert other.checkpoint(data, 1) != short.checkpoint(data, 1) != short.checkpoint(data, 2)


def test_results_of_other_data_are_not_kept(few, monkeypatch):
    digits.main(["nielsen-darkness"])
    data = digits.mnist()
    monkeypatch.setattr(digits, "mnist", lambda source=None: Split(data.test, data.test))
    digits.main(["nielsen-notes"])
    assert list(measured.load("digits", few / "build").lines) == ["nielsen-notes"]


def test_the_books_results_have_one_epoch_on_the_sample_beside_them(few):
    digits.main(["--book", "nielsen-notes"])
    assert measured.load("digits", few / "book").runs("nielsen-notes").shape == (1, 5)
    assert measured.load("digits-sample", few / "book").runs("nielsen-notes").shape == (1, 1)


def test_unknown_run(few, capfd):
    with pytest.raises(SystemExit):
        digits.main(["nielsen-31"])
    assert "there is no run 'nielsen-31'; choose from sokirko" in capfd.readouterr().err


def test_folder_that_does_not_exist(monkeypatch, tmp_path, capfd):
    monkeypatch.setenv("FYSSTK_MNIST", str(tmp_path / "none"))
    assert digits.main([]) == 1
    assert "there is no folder" in capfd.readouterr().err


# --- What the book ships ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [f"{name}{end}" for name in longruns.FILES for end in ("", "-sample")])
def test_each_run_is_in_the_book_with_all_its_seeds_and_epochs(name):
    found = measured.load(name)
    file = name.removesuffix("-sample")
    runs = {run: settings for run, settings in digits.RUNS.items() if digits.file_of(run) == file}
    assert list(found.lines) == list(runs) and list(digits.RUNS) == list(longruns.NETWORKS)
    for run, settings in runs.items():
        epochs = settings.epochs if name == file else 1
        assert found.runs(run).shape == (settings.seeds, epochs)
    assert set(found.provenance) == {"command", "data", "decides", "date", "seconds", "versions"}


def again(name, data):
    """Measure a random seed of a random run again, for one epoch; return what it gives and what is stored."""
    rng = np.random.default_rng()
    found = measured.load(name)
    run = str(rng.choice(list(found.lines)))
    seed = int(rng.integers(len(found.lines[run].runs)))
    once = dataclasses.replace(digits.RUNS[run], epochs=1)
    [new], old = once.errors(data, seed, tqdm(disable=True)), found.runs(run)[:, 0]
    # With other versions, or on another machine, sums are rounded otherwise, and a training goes its own way.
    same = found.provenance["versions"] == measured.versions()
    slack = 1e-4 if same else 3 + 4 * np.std(old)
    assert abs(new - old[seed]) <= slack, f"{run}, seed {seed}: {new}, but stored is {old[seed]}"


@pytest.mark.parametrize("name", longruns.FILES)
def test_a_random_part_is_measured_again_on_the_sample(name):
    again(f"{name}-sample", mnist("sample"))


@pytest.mark.parametrize("name", longruns.FILES)
def test_a_random_part_is_measured_again_on_the_books_data_where_it_is_at_hand(name):
    if os.environ.get("FYSSTK_MNIST"):
        data = mnist()
        if str(data) == measured.load(name).provenance["data"]:
            again(name, data)


def test_one_caption_says_for_both_files_what_made_them():
    assert repr(longruns.table("digits-sokirko")).count("Measured on") == 1


# --- Sokirko's program --------------------------------------------------------------------------------------


def made_up(sizes, rng):
    W = [rng.normal(0, 9, size=pair) for pair in zip(sizes, sizes[1:], strict=False)]
    b = [rng.normal(0, 9, size=size) for size in sizes[1:]]
    return W, b, rng.uniform(size=(6, sizes[0])), np.eye(sizes[-1])[rng.integers(sizes[-1], size=6)]


@pytest.mark.parametrize("biases", ["none", "right"])
def test_the_program_takes_a_gradient_50_times_too_large(biases, rng):
    sizes = (5, 9, 8, 4)
    W, b, X, targets = made_up(sizes, rng)
    program = digits.Program(0.001, biases, sizes)

    def cost(b, W):
        return float(((program.outputs(W, b, X)[0][-1] - targets) ** 2).mean()) / 2

    found = program.gradients(W, b, X, targets)
    arrays = [*W, *b] if biases == "right" else W
    assert [each.shape for each in found] == [each.shape for each in arrays]
    for array, gradient in zip(arrays, found, strict=True):

        def moved(values, array=array):
            before = array.copy()
            array[:] = values.reshape(array.shape)
            result = cost(b, W)
            array[:] = before
            return result

        measured_slope = central_difference(moved, array.ravel().copy())
        np.testing.assert_allclose(gradient.ravel(), 50 * measured_slope, rtol=1e-5, atol=1e-7)
        assert np.abs(gradient).max() > 1e-3


def test_the_program_takes_slopes_of_biases_at_the_biases(rng):
    W, b, X, targets = made_up((3, 2), rng)
    a = sigmoid((X[:1] @ W[0] + b[0]) / 50)
    wanted = (a - targets[:1]) / 2 * sigmoid(b[0] / 50) * (1 - sigmoid(b[0] / 50))
    sums = sigmoid(X[:1] @ W[0] / 50)
    weights, biases = digits.Program(0.001, "his", (3, 2)).gradients(W, b, X[:1], targets[:1])
    np.testing.assert_allclose(biases, wanted[0])
    np.testing.assert_allclose(weights, X[:1].T @ ((a - targets[:1]) / 2 * sums * (1 - sums)))
    W, b, X, targets = made_up((3, 4, 2), rng)
    X, b[0] = 0 * X, np.array([-1.0, 1.0, 0.0, -2.0])
    first = digits.Program(0.001, "his", (3, 4, 2)).gradients(W, b, X, targets)[2]
    assert (first == 0).tolist() == [True, False, False, True]  # a negative bias never moves again


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
