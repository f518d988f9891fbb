"""Networks and runs in files, and as text: what comes back, what is refused, what interruptions leave."""

import copy
import itertools
import json
import os
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fysstk_nn import files, train
from fysstk_nn.activations import LeakyReLU, Sigmoid
from fysstk_nn.costs import HalfSquaredError
from fysstk_nn.files import Checkpoint, from_json, load, load_run, save, save_run, to_json
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import Adam, Chain, ClipNorm, Momentum
from fysstk_nn.params import Params
from fysstk_nn.schedules import InverseTime
from fysstk_nn.train import fit

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
        np.savez(file, **{"statistics": np.ones(0), **arrays})


def contents(path):
    """Return the arrays of a file by name."""
    with np.load(path) as file:
        return dict(file)


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
        ({}, np.full(9, np.nan), r"params\.theta must be finite, but params\.theta\[0\] is nan"),
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
    """What `load` refuses, `save` does not write; and what was there stays."""
    net, path = MLP((2, 2, 1), batch_norm=True), tmp_path / "network"
    save(path, net, net.init())
    before = path.read_bytes()
    for part, value, message in [
        ("theta", np.nan, r"params\.theta must be finite, but params\.theta\[1\] is nan"),
        ("statistics", np.inf, r"params\.mean\[1\] must be finite, but params\.mean\[1\]\[1\] is inf"),
    ]:
        params = net.init()
        getattr(params, part)[1] = value
        with pytest.raises(ValueError, match=message):
            save(path, net, params)
        arrays = {"theta": params.theta, "statistics": params.statistics}
        archive(tmp_path / "other", **{**contents(path), **arrays})
        with pytest.raises(ValueError, match=message):
            load(tmp_path / "other")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("statistics", "message"),
    [
        (np.array([0.0, 0, 1, -1]), r"params\.var\[1\] must not be negative, but it holds -1"),
        (np.array([0.0, 0, 1, 1j]), "statistics must be float64 like theta, not complex128"),
        (np.array([0.0, 0, 1, 1], np.float32), "statistics must be float64 like theta, not float32"),
        (np.ones(3), r"statistics must have shape \(4,\), not \(3,\)"),
    ],
)
def test_statistics_that_make_no_sense(statistics, message, tmp_path):
    net, path = MLP((2, 2, 1), batch_norm=True), tmp_path / "network"
    save(path, net, net.init())
    archive(path, **{**contents(path), "statistics": statistics})
    with pytest.raises(ValueError, match=message):
        load(path)


def test_a_file_cannot_grow_when_it_is_read(tmp_path):
    net, path = MLP((1000, 1)), tmp_path / "network"
    params = net.init("zeros")
    save(path, net, params)
    np.savez_compressed(tmp_path / "bomb.npz", **contents(path))
    assert (tmp_path / "bomb.npz").stat().st_size < path.stat().st_size / 5
    with pytest.raises(ValueError, match="is damaged: it is compressed"):
        load(tmp_path / "bomb.npz")
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    parts["theta.npy"] = parts["theta.npy"].replace(b"(1001,), }", b"(9**9,), }").replace(b"9**9", b"9999")
    with zipfile.ZipFile(path, "w") as file:
        for name, raw in parts.items():
            file.writestr(name, raw)
    with pytest.raises(ValueError, match="an array is larger or smaller than it says"):
        load(path)


def test_text_that_is_nested_too_deeply(tmp_path):
    deep = 100_000 * "["
    with pytest.raises(ValueError, match="the text describes no network: maximum recursion depth"):
        from_json(deep)
    with pytest.raises(ValueError, match="the text describes no network: maximum recursion depth"):
        from_json(json.dumps({"format": "fysstk_nn weights, version 1"})[:-1] + f', "layers": {deep}')
    archive(tmp_path / "network", theta=np.ones(3), header=np.array(deep))
    with pytest.raises(ValueError, match="is damaged: maximum recursion depth"):
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


def test_what_killed_processes_left_is_cleared_away(tmp_path):
    net, path = MLP((2, 2, 1)), tmp_path / "network"
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True)
    left = [f"network.{int(ended.stdout)}.partial", "network.99999999999999999999.partial"]
    others = [f"network.{os.getppid()}.partial", "network.x.partial", "other.1.partial", "network.1"]
    for name in left + others:
        (tmp_path / name).write_bytes(b"half a netw")
    save(path, net, net.init())
    assert sorted(os.listdir(tmp_path)) == sorted(["network", *others])


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


# Runs

X = np.random.default_rng(1).normal(size=(23, 2))
Y = X[:, 0] * X[:, 1]


def same(run, other):
    """Check that two runs agree bit for bit, and could go on alike."""
    for params, theirs in [
        (run.params, other.params),
        (run.state.latest, other.state.latest),
        (run.state.best, other.state.best),
    ]:
        assert (params is None) == (theirs is None)
        if params is not None:
            np.testing.assert_array_equal(params.theta, theirs.theta)
            np.testing.assert_array_equal(params.statistics, theirs.statistics)
    assert run.history == other.history
    states = run.state, other.state
    assert len({(state.epoch, state.best_epoch, state.best_cost) for state in states}) == 1
    optimizers = [state.optimizer for state in states]
    while optimizers:
        one, two, *optimizers = optimizers
        assert (one.kind, one.t, one.size) == (two.kind, two.t, two.size)
        for vector, theirs in zip(one.memory, two.memory, strict=True):
            np.testing.assert_array_equal(vector, theirs)
        for parts in zip(one.parts, two.parts, strict=True):
            optimizers += parts
    draws = [copy.deepcopy(state.rng).random(3).tolist() for state in states]
    assert draws[0] == draws[1]


RUNS = {
    "plain": {},
    "batches": {"batch_size": 5, "optimizer": Momentum(0.01)},
    "chain": {"batch_size": 5, "optimizer": Chain(ClipNorm(1.0), Adam(InverseTime(0.01)))},
    "patience": {"batch_size": 7, "validation": (X[:5], Y[:5]), "patience": 2},
    "metrics": {"metrics": {"largest": lambda a, y: np.abs(a).max()}, "validation": (X[:5], Y[:5])},
}


@pytest.mark.parametrize("settings", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_run_comes_back_bit_for_bit(settings, dtype, tmp_path):
    net = MLP((2, 5, 1), "tanh", dropout=0.3, batch_norm=True)
    start, path = net.init(dtype=dtype), tmp_path / "run"
    settings = {"rng": 3, **settings}
    run = fit(net, start, X, Y, epochs=6, **settings)
    save_run(path, net, run)
    again, loaded = load_run(path)
    assert again == net
    same(loaded, run)
    longer = fit(again, loaded.params, X, Y, epochs=5, resume=loaded, **settings)
    same(longer, fit(net, start, X, Y, epochs=11, **settings))
    np.testing.assert_array_equal(load(path)[1].theta, run.params.theta)
    assert os.listdir(tmp_path) == ["run"]


@pytest.mark.parametrize("bits", ["MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"])
def test_every_generator_goes_on_where_it_was(bits, tmp_path):
    net = MLP((2, 3, 1), dropout=0.5)
    rng = np.random.Generator(getattr(np.random, bits)(4))
    rng.integers(10, dtype=np.int32)  # leaves half a draw in the buffer of some
    run = fit(net, net.init(), X, Y, epochs=2, batch_size=4, rng=rng)
    save_run(tmp_path / "run", net, run)
    same(load_run(tmp_path / "run")[1], run)


def test_checkpoints(tmp_path):
    """What is written on the way is what a shorter run would have returned."""
    net, path, seen = MLP((2, 5, 1), "tanh", batch_norm=True), tmp_path / "run", {}

    def look(a, y):
        epoch = len(seen)
        seen[epoch] = load_run(path)[1].state.epoch
        return 0.0

    settings = {"batch_size": 6, "rng": 1, "validation": (X[:6], Y[:6]), "patience": 30}
    run = fit(net, net.init(), X, Y, epochs=8, checkpoint=Checkpoint(path, 3), **settings)
    same(load_run(path)[1], run)
    fit(net, net.init(), X, Y, epochs=8, checkpoint=Checkpoint(path, 3), metrics={"look": look}, batch_size=6)
    assert list(seen.values()) == [0, 0, 0, 3, 3, 3, 6, 6]
    for name in ("save_run",):  # the process ends in the middle of the seventh epoch
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(train, name, dies_after(3, getattr(train, name)))
            with pytest.raises(SystemExit):
                fit(net, net.init(), X, Y, epochs=8, checkpoint=Checkpoint(path, 3), **settings)
    again, loaded = load_run(path)
    same(loaded, fit(net, net.init(), X, Y, epochs=6, **settings))
    same(fit(again, loaded.params, X, Y, epochs=2, resume=loaded, **settings), run)


def dies_after(calls, function):
    """Return the function, which ends the process after so many calls."""
    count = itertools.count(1)

    def wrapper(*arguments):
        function(*arguments)
        if next(count) == calls:
            raise SystemExit

    return wrapper


def test_what_cannot_be_written_is_known_before_the_first_epoch(tmp_path):
    class MySigmoid(Sigmoid):
        name = "my_sigmoid"

    def never(a, y):
        raise AssertionError("an epoch has been run")

    def trained(net, **settings):
        return fit(net, net.init(), X, Y, metrics={"never": never}, **settings)

    with pytest.raises(ValueError, match="only a network with the package's own activations"):
        trained(MLP((2, 2, 1), MySigmoid()), checkpoint=Checkpoint(tmp_path / "run"))
    with pytest.raises(FileNotFoundError):
        trained(MLP((2, 2, 1)), checkpoint=Checkpoint(tmp_path / "nowhere" / "run"))
    with pytest.raises(TypeError, match=r"checkpoint must be a Checkpoint\('run.npz'\), not str"):
        trained(MLP((2, 2, 1)), checkpoint="run")
    with pytest.raises(TypeError, match="path must be a file's name, not int"):
        Checkpoint(3)
    with pytest.raises(ValueError, match="every must be at least 1, not 0"):
        Checkpoint("run", 0)

    class Other:
        state = {"bit_generator": "Other"}  # noqa: RUF012

    run = fit(MLP((1, 1)), MLP((1, 1)).init(), [[1.0]], [1.0], epochs=1)
    run.state.rng = type("Foreign", (), {"bit_generator": Other()})()
    with pytest.raises(ValueError, match="only NumPy's own random generators can be saved, not 'Other'"):
        save_run(tmp_path / "run", MLP((1, 1)), run)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda about: about.clear(), "there is no 'epoch'"),
        (lambda about: about.update(epoch=-1), "epoch must be at least 0"),
        (lambda about: about.update(history={}), "there is no 'cost'"),
        (lambda about: about["history"].update(cost="abc"), "could not convert string to float"),
        (lambda about: about["optimizer"].update(vectors=3), "memory does not fit the parameters"),
        (lambda about: about["optimizer"].update(size=3), "memory does not fit the parameters"),
        (lambda about: about["rng"].update(bit_generator="os"), "only NumPy's own random generators"),
        (lambda about: about["rng"].update(state=3), "not subscriptable"),
    ],
)
def test_runs_that_make_no_sense(change, message, tmp_path):
    net, path = MLP((2, 3, 1)), tmp_path / "run"
    save_run(path, net, fit(net, net.init(), X, Y, epochs=2, batch_size=5))
    arrays = contents(path)
    header = json.loads(str(arrays["header"]))
    change(header["run"])
    archive(path, **{**arrays, "header": np.array(json.dumps(header))})
    with pytest.raises(
        ValueError, match=rf"run holds no run that save_run\(\) wrote, or is damaged: .*{message}"
    ):
        load_run(path)


def test_a_network_alone_is_no_run(tmp_path):
    net, path = MLP((2, 2, 1)), tmp_path / "network"
    save(path, net, net.init())
    with pytest.raises(
        ValueError, match=r"holds no run that save_run\(\) wrote, or is damaged: there is no 'run'"
    ):
        load_run(path)


def test_a_run_whose_memory_is_not_finite_is_not_saved(tmp_path):
    net = MLP((2, 2, 1))
    run = fit(net, net.init(), X, Y, epochs=1)
    run.state.optimizer.memory[1][2] = np.inf
    with pytest.raises(ValueError, match=r"run\.state\.optimizer\.memory must be finite"):
        save_run(tmp_path / "run", net, run)
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
    with pytest.raises(ValueError, match=r"params\.theta must be finite"):
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
