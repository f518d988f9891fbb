"""Networks in files and as text: what comes back, what is refused, and what an interruption leaves."""

import json
import os
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fysstk_nn import files
from fysstk_nn.activations import LeakyReLU, Sigmoid
from fysstk_nn.costs import HalfSquaredError
from fysstk_nn.files import from_json, load, save, to_json
from fysstk_nn.mlp import MLP
from fysstk_nn.params import Params

NETWORKS = [
    MLP((2, 3, 1)),
    MLP((1, 1)),
    MLP(
        (4, 3, 2, 3), ("elu(0.5)", LeakyReLU(0.2)), "softmax", "cross_entropy", (0.1, 0.2, 0), batch_norm=True
    ),
]


@pytest.mark.parametrize("net", NETWORKS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_save_and_load(net, dtype, tmp_path, rng):
    params = net.init(rng=rng, dtype=dtype)
    params.statistics[:] = rng.uniform(1, 2, size=params.statistics.size)
    path = tmp_path / "network.with.dots"
    save(path, net, params)
    again, loaded = load(str(path))
    assert again == net and loaded.dtype == dtype
    np.testing.assert_array_equal(loaded.theta, params.theta)
    np.testing.assert_array_equal(loaded.statistics, params.statistics)
    X = rng.normal(size=(3, net.sizes[0]))
    np.testing.assert_array_equal(again.predict(loaded, X), net.predict(params, X))
    loaded.W[1] = 0
    assert os.listdir(tmp_path) == ["network.with.dots"]


def test_a_cut_file_is_never_half_a_network(tmp_path):
    net = NETWORKS[2]
    path = tmp_path / "network"
    save(path, net, net.init())
    whole = path.read_bytes()
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        with pytest.raises(
            ValueError, match=r"network holds no network that save\(\) wrote, or is damaged: "
        ):
            load(path)


@settings(max_examples=60)
@given(place=st.floats(0, 0.999), flip=st.integers(1, 255))
def test_a_changed_byte_is_noticed_or_harmless(tmp_path_factory, place, flip):
    net, params = MLP((3, 4, 2)), MLP((3, 4, 2)).init()
    path = tmp_path_factory.mktemp("files") / "network"
    save(path, net, params)
    raw = bytearray(path.read_bytes())
    raw[int(place * len(raw))] ^= flip
    path.write_bytes(raw)
    try:
        again, loaded = load(path)
    except ValueError as error:
        assert "damaged" in str(error)
    else:  # a date, say, that nobody reads
        assert again == net
        np.testing.assert_array_equal(loaded.theta, params.theta)


def archive(path, **arrays):
    with path.open("wb") as file:
        np.savez(file, statistics=np.ones(0), **arrays)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("hello"),
        lambda path: path.write_bytes(np.random.default_rng(0).bytes(1000)),
        lambda path: path.write_bytes(pickle.dumps({"theta": [1.0]})),
        lambda path: path.write_bytes(np.ones(3).tobytes()),
        lambda path: archive(path, theta=np.ones(3)),
        lambda path: archive(path, theta=np.ones(3), header=np.array(None)),
        lambda path: archive(path, theta=np.ones(3), header=np.array("[1]")),
        lambda path: archive(path, theta=np.ones(3), header=np.array("{")),
    ],
)
def test_foreign_files(write, tmp_path):
    path = tmp_path / "file"
    write(path)
    with pytest.raises(ValueError, match=r"file holds no network that save\(\) wrote, or is damaged: "):
        load(path)


@pytest.mark.parametrize(
    ("change", "theta", "message"),
    [
        (
            {"format": "fysstk_nn network, version 2"},
            np.ones(9),
            "its format is 'fysstk_nn network, v",
        ),
        ({"sizes": [2, 3, 1]}, np.ones(9), "theta has 9 numbers"),
        ({"hidden": ["swish"]}, np.ones(9), "there is no activation 'swish'"),
        ({"output": None}, np.ones(9), "an activation is given by its name"),
        ({}, np.full(9, np.nan), "its parameters are not finite"),
        ({}, np.ones(9, int), "dtype must be float32 or float64"),
    ],
)
def test_headers_and_arrays_that_do_not_fit(change, theta, message, tmp_path):
    path = tmp_path / "network"
    save(path, MLP((2, 2, 1)), MLP((2, 2, 1)).init())
    with np.load(path) as file:
        header = {**json.loads(str(file["header"])), **change}
    archive(path, header=np.array(json.dumps(header)), theta=theta)
    with pytest.raises(ValueError, match=message):
        load(path)


def test_statistics_that_are_not_finite(tmp_path):
    net = MLP((2, 2, 1), batch_norm=True)
    params = net.init()
    params.var[1][0] = np.inf
    save(tmp_path / "network", net, params)
    with pytest.raises(ValueError, match="its parameters are not finite"):
        load(tmp_path / "network")


def test_there_is_no_pickle_inside(tmp_path):
    save(tmp_path / "network", MLP((2, 2, 1)), MLP((2, 2, 1)).init())
    with np.load(tmp_path / "network", allow_pickle=False) as file:
        assert sorted(file) == ["header", "statistics", "theta"]
    with zipfile.ZipFile(tmp_path / "network") as archive:
        assert all(b"pickle" not in archive.read(name) for name in archive.namelist())


def test_saving_is_atomic(tmp_path, monkeypatch):
    net, path = MLP((2, 2, 1)), tmp_path / "network"
    save(path, net, net.init(rng=1))
    before = path.read_bytes()

    def full_disk(file, **arrays):
        file.write(b"half a netw")
        raise OSError("No space left on device")

    monkeypatch.setattr(files.np, "savez", full_disk)
    with pytest.raises(OSError, match="No space left"):
        save(path, net, net.init(rng=2))
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["network"]


def test_what_a_killed_run_left_is_no_obstacle(tmp_path):
    net, path = MLP((2, 2, 1)), tmp_path / "network"
    path.with_name(f"network.{os.getpid()}.partial").write_bytes(b"half a netw")  # numbers are used again
    save(path, net, net.init(rng=1))
    assert os.listdir(tmp_path) == ["network"]
    np.testing.assert_array_equal(load(path)[1].theta, net.init(rng=1).theta)


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError):
        save(tmp_path / "nowhere" / "network", MLP((1, 1)), MLP((1, 1)).init())


def test_what_cannot_be_saved(tmp_path):
    class MySigmoid(Sigmoid):
        name = "my_sigmoid"

    class MyError(HalfSquaredError):
        pass

    for net in (MLP((2, 2, 1), MySigmoid()), MLP((2, 2, 1), cost=MyError())):
        with pytest.raises(ValueError, match="only a network with the package's own activations and costs"):
            save(tmp_path / "network", net, net.init())
    with pytest.raises(ValueError, match="for a network"):
        save(tmp_path / "network", MLP((2, 2, 1)), MLP((2, 3, 1)).init())
    assert os.listdir(tmp_path) == []


# Weights as text


def test_a_network_survives_json(rng):
    net = MLP((2, 3, 4, 2), hidden=("tanh", "leaky_relu(0.2)"), output="softmax", cost="cross_entropy")
    params = net.init(rng=rng)
    again, read = from_json(to_json(net, params))
    assert again == net
    np.testing.assert_array_equal(read.theta, params.theta)


def test_json_is_plain():
    net = MLP((1, 2, 1))
    params = Params.from_layers([([[1.0, -0.1]], [0.0, 2.0]), ([[3.0], [4.0]], [5.0])])
    assert json.loads(to_json(net, params)) == {
        "format": "fysstk_nn weights, version 1",
        "sizes": [1, 2, 1],
        "hidden": ["sigmoid"],
        "output": "identity",
        "cost": "half_squared_error",
        "layers": [{"W": [[1.0, -0.1]], "b": [0.0, 2.0]}, {"W": [[3.0], [4.0]], "b": [5.0]}],
    }


def test_what_json_has_no_place_for():
    for options in ({"dropout": 0.5}, {"batch_norm": True}):
        net = MLP((2, 2, 1), **options)
        with pytest.raises(ValueError, match="no place for dropout and batch normalisation: use save"):
            to_json(net, net.init())
    net = MLP((1, 1))
    params = net.init()
    params.W[1][:] = np.nan
    with pytest.raises(ValueError, match="only finite parameters"):
        to_json(net, params)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"format": "another"}, "no JSON object with the format 'fysstk_nn weights, version 1'"),
        ({"sizes": [1, 3, 1]}, r"parameters are for a network \(1, 2, 1\), but this one is \(1, 3, 1\)"),
        ({"hidden": ["sine"]}, "there is no activation 'sine'"),
        ({"layers": []}, "needs at least one layer"),
        ({"layers": [{"W": [[1.0, 2.0]]}]}, "it has no 'b'"),
        ({"layers": [{"W": [[1.0, "x"]], "b": [0.0, 0.0]}]}, r"W\[1\] must hold real numbers"),
        ({"layers": [{"W": [[1.0, float("nan")]], "b": [0.0, 0.0]}]}, r"W\[1\] must be finite"),
        ({"layers": 3}, "not iterable"),
    ],
)
def test_json_that_describes_no_network(change, what):
    net = MLP((1, 2, 1))
    text = json.dumps({**json.loads(to_json(net, net.init())), **change})
    with pytest.raises(ValueError, match=f"the text describes no network: .*{what}"):
        from_json(text)


def test_text_that_is_no_json():
    for text in ("", "{", "[1]", '{"sizes": [1, 1]}'):
        with pytest.raises(ValueError, match="the text describes no network"):
            from_json(text)
