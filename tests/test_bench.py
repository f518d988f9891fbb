"""The benchmark runs, on workloads that are too small to say anything; and the memory that training takes."""

import dataclasses
import gzip
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

PATH = Path(__file__).parents[1] / "benchmarks" / "bench.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["bench"]


@pytest.mark.parametrize("number", range(5))
def test_all_contestants_run(bench, number):
    work = bench.WORKLOADS[number]
    work = dataclasses.replace(work, rows=min(work.rows, 20), batch=min(work.batch, 8), epochs=1)
    seconds = bench.interleaved(bench.contestants(work, *work.data()), rounds=1)
    assert {"fysstk_nn", "sklearn", "floor"} <= set(seconds)
    assert all(value > 0 for value in seconds.values())
    assert work.name in work.describe


@pytest.mark.parametrize("batch", [8, 20])
@pytest.mark.parametrize("number", range(5))
def test_bare_numpy_calls_end_at_the_same_parameters(bench, number, batch):
    work = dataclasses.replace(bench.WORKLOADS[number], rows=20, batch=batch, epochs=2)
    X, y = work.data()
    theta = bench.ours(work, X, y)()
    np.testing.assert_array_equal(bench.bare_numpy(work, X, y)(), theta)
    assert not np.array_equal(theta, bench.network(work)[1].theta)


@pytest.mark.parametrize("sizes", [(784, 512, 10), (784, 512, 512, 10)])
def test_training_takes_three_copies_of_the_parameters_and_one_batch(bench, sizes):
    """They are the gradient and Adam's two moments; the tenths are scratch."""
    work = dataclasses.replace(bench.WORKLOADS[0], sizes=sizes)
    assert bench.memory(work)["copies_of_parameters"] < 3.2


def test_digits_from_a_folder(bench, tmp_path, monkeypatch):
    images = np.arange(3 * 28 * 28, dtype=np.uint8).reshape(3, 28, 28)
    header = bytes([0, 0, 8, 3]) + np.array([3, 28, 28], ">u4").tobytes()
    (tmp_path / "train-images-idx3-ubyte").write_bytes(header + images.tobytes())
    with gzip.open(tmp_path / "train-labels-idx1-ubyte.gz", "wb") as file:
        file.write(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9]))
    monkeypatch.setenv("FYSSTK_MNIST", str(tmp_path))
    X, y, source = bench.digits()
    assert X.shape == (3, 784) and X.dtype == np.float32 and source.startswith("3 MNIST")
    np.testing.assert_allclose(X, images.reshape(3, 784) / 255, rtol=1e-6)
    np.testing.assert_array_equal(y.argmax(axis=1), [7, 0, 9])


def test_the_table_is_written(bench, tmp_path, monkeypatch, capsys):
    tiny = [dataclasses.replace(work, rows=20, batch=10, epochs=1) for work in bench.WORKLOADS[:2]]
    monkeypatch.setattr(bench, "WORKLOADS", tiny)
    rng = np.random.default_rng(0)
    y = np.eye(10, dtype=np.float32)[rng.integers(10, size=20)]
    few = rng.random((20, 784), dtype=np.float32), y, "few"
    monkeypatch.setattr(bench, "digits", lambda: few)
    monkeypatch.setattr(bench, "DIGITS", 30)
    path = tmp_path / "_build" / "bench.json"
    monkeypatch.setattr(sys, "argv", ["bench.py", "--rounds", "1", "--output", str(path)])
    monkeypatch.setattr(bench, "torch", None)
    bench.main()
    results = json.loads(path.read_text())
    assert set(results) == {"versions", "W1", "W2", "W6"}
    assert results["W1"].keys() == {"fysstk_nn", "sklearn", "bare_numpy", "floor", "products", "memory"}
    assert len(results["W6"]["epochs"]["fysstk_nn"]) == 15
    printed = capsys.readouterr().out
    assert "x ours" in printed and "PyTorch is not installed" in printed and "last/second epoch" in printed
