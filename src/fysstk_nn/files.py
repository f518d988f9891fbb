"""Networks and runs in files, as NumPy archives and as JSON text: nothing that is read can run code."""

from __future__ import annotations

import contextlib
import glob
import io
import itertools
import json
import math
import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fysstk_nn._validate import Array, as_array, as_count, check_type
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import Optimizer, State
from fysstk_nn.params import Params
from fysstk_nn.runs import Fit, History, TrainState

__all__ = ["Checkpoint", "from_json", "load", "load_run", "save", "save_run", "to_json"]

FORMAT = "fysstk_nn network, version 1"

FilePath = str | os.PathLike[str]


def save(path: FilePath, net: MLP, params: Params) -> None:
    """Write a network and its parameters to one file.

    The file is a NumPy .npz archive, with the network's description as JSON text; there is no pickle in it.
    It appears under its name when it is complete: an interrupted `save` leaves an earlier file as it was.

    Raises
    ------
    TypeError, ValueError
        If `params` does not fit the network or is not finite, or the network has an activation or a cost
        that is not one of the package's own.
    OSError
        If the file cannot be written.
    """
    _write(path, _header(net), _arrays(net, params))


def load(path: FilePath) -> tuple[MLP, Params]:
    """Read the network and the parameters that `save` wrote, or those of a run.

    Returns
    -------
    (MLP, Params)

    Raises
    ------
    ValueError
        If the file is damaged, or is none that `save` wrote.
    OSError
        If it cannot be read.
    """
    with _reading(path, "network that save()") as (header, arrays):
        net = _network(header)
        params = _params(net, arrays)
        if params is None:
            raise ValueError("it has no parameters")
        return net, params


def save_run(path: FilePath, net: MLP, run: Fit) -> None:
    """Write all that it takes to continue a run in another process, bit for bit, to one file.

    That is the network, the parameters, the running statistics of batch normalisation, what the optimizer
    remembers, the state of the random generator, and the history. The data are not in it, nor the settings
    of `fit`. Everything else is as for `save`.

    Raises
    ------
    TypeError, ValueError, OSError
        As `save`; and if the random generator is not one of NumPy's.
    """
    state = run.state
    arrays = _arrays(net, run.params)
    for prefix, params in (("latest_", state.latest), ("best_", state.best)):
        if params is not None:
            arrays |= _arrays(net, params, prefix)
    for vector in _vectors(state.optimizer):
        arrays[f"memory_{len(arrays)}"] = as_array(vector, "run.state.optimizer.memory")
    about = {
        "epoch": state.epoch,
        "best_epoch": state.best_epoch,
        "best_cost": state.best_cost,
        "history": asdict(run.history),
        "optimizer": _describe_state(state.optimizer),
        "rng": json.loads(json.dumps(state.rng.bit_generator.state, default=np.ndarray.tolist)),
    }
    _generator(about["rng"])
    _write(path, {**_header(net), "run": about}, arrays)


def load_run(path: FilePath) -> tuple[MLP, Fit]:
    """Read the network and the run that `save_run` or a `Checkpoint` wrote.

    Returns
    -------
    (MLP, Fit)
        To continue it: ``fit(net, run.params, X, y, resume=run, ...)``, with the settings of before.

    Raises
    ------
    ValueError
        If the file is damaged, or holds no run.
    OSError
        If it cannot be read.
    """
    with _reading(path, "run that save_run()") as (header, arrays):
        net, about = _network(header), header["run"]
        params, latest, best = (_params(net, arrays, prefix) for prefix in ("", "latest_", "best_"))
        if params is None:
            raise ValueError("it has no parameters")
        memory = (as_array(arrays[name], name) for name in arrays if name.startswith("memory_"))
        state = TrainState(
            as_count(about["epoch"], "epoch", minimum=0),
            _optimizer_state(about["optimizer"], memory, params.theta),
            _generator(about["rng"]),
            latest,
            best,
            as_count(about["best_epoch"], "best_epoch", minimum=0),
            float(about["best_cost"]),
        )
        return net, Fit(params, _history(about["history"]), state)


@dataclass(frozen=True)
class Checkpoint:
    """Where `train.fit` writes a run to, so that nothing is lost if the process is killed.

    Parameters
    ----------
    path : str or path
        The file. It is replaced as a whole: at any moment it holds a run that can be continued.
    every : int
        How many epochs pass between two writes. The end of the run is always written.

    Examples
    --------
    ::

        checkpoint = Checkpoint("digits.npz", every=5)
        run = fit(net, net.init(), X, y, epochs=100, checkpoint=checkpoint)
        # later, perhaps in another process
        net, run = load_run("digits.npz")
        rest = 100 - run.state.epoch
        run = fit(net, run.params, X, y, epochs=rest, resume=run)
    """

    path: FilePath
    every: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.path, str | os.PathLike):
            raise TypeError(f"path must be a file's name, not {type(self.path).__name__}")
        as_count(self.every, "every")


JSON_FORMAT = "fysstk_nn weights, version 1"


def to_json(net: MLP, params: Params) -> str:
    """Return a network with its weights and biases as JSON text, which the book's playground can import.

    Each number has all digits that it takes to read it back unchanged.

    Raises
    ------
    TypeError, ValueError
        As `save`; and if the network has dropout or batch normalisation, or a number is not finite.
    """
    check_type(net, MLP, "net", "an MLP")
    net.check_params(params)
    if any(net.p) or net.batch_norm:
        raise ValueError("JSON has no place for dropout and batch normalisation: use save")
    params.check_numbers()
    layers = [{"W": W.tolist(), "b": b.tolist()} for W, b in zip(params.W[1:], params.b[1:], strict=True)]
    return json.dumps({"format": JSON_FORMAT, **_description(net), "layers": layers})


def from_json(text: str) -> tuple[MLP, Params]:
    """Read the network that `to_json`, or the book's playground, wrote.

    Returns
    -------
    (MLP, Params)
        The parameters are float64.

    Raises
    ------
    ValueError
        If the text is no JSON, or describes no network; the message says what is missing or wrong.
    """
    try:
        header = json.loads(text)
        if not isinstance(header, dict) or header.get("format") != JSON_FORMAT:
            raise ValueError(f"it is no JSON object with the format {JSON_FORMAT!r}")
        net = _network({"dropout": 0.0, "batch_norm": False, **header})
        params = Params.from_layers([(layer["W"], layer["b"]) for layer in header["layers"]])
        net.check_params(params)
    except KeyError as error:
        raise ValueError(f"the text describes no network: it has no {error}") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the text describes no network: {error}") from error
    return net, params


# The archive.


def _write(path: FilePath, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write an archive beside the file, and let it take the file's place when it is complete."""
    check_type(path, str | os.PathLike, "path", "a path")
    path = Path(path)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    _clear(path)
    try:
        with open(partial, "wb") as file:
            contents: Any = {"header": np.array(json.dumps(header)), **arrays}
            np.savez(file, **contents)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _clear(path: Path) -> None:
    """Remove what processes that were killed while they wrote this file have left beside it."""
    for left in path.parent.glob(f"{glob.escape(path.name)}.*.partial"):
        number = left.name.split(".")[-2]
        if number.isdigit() and not _is_alive(int(number)):
            with contextlib.suppress(OSError):
                left.unlink()


def _is_alive(process: int) -> bool:
    """Return whether there is a process of that number; on Windows an open file cannot be removed anyway."""
    if os.name == "nt":
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


@contextlib.contextmanager
def _reading(path: FilePath, what: str) -> Iterator[tuple[dict[str, Any], dict[str, Array]]]:
    """Hand out the header and the arrays of a file; say which file it is if they turn out to be wrong."""
    check_type(path, str | os.PathLike, "path", "a path")
    raw = Path(path).read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = archive.infolist()
            # `save` compresses nothing: whatever takes more room than the file is a trap.
            if sum(max(member.file_size, member.compress_size) for member in members) > len(raw):
                raise ValueError("it is compressed")
            names = [member.filename.removesuffix(".npy") for member in members]
            arrays = {name: _array(archive.read(f"{name}.npy")) for name in names}
        header = json.loads(str(arrays.pop("header")))
        if header["format"] != FORMAT:
            raise ValueError(f"its format is {header['format']!r}, not {FORMAT!r}")
        yield header, arrays
    except Exception as error:  # a damaged archive can fail in a dozen ways
        missing = "there is no " if isinstance(error, KeyError) else ""
        message = f"{os.fspath(path)} holds no {what} wrote, or is damaged: {missing}{error}"
        raise ValueError(message) from error


def _array(data: bytes) -> Array:
    """Return the array of a .npy file that is not larger than it says."""
    file = io.BytesIO(data)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("an array is in another format than NumPy's 1.0")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    if math.prod(shape) * dtype.itemsize != len(data) - file.tell():
        raise ValueError("an array is larger or smaller than it says")
    file.seek(0)
    array: Array = np.lib.format.read_array(file, allow_pickle=False)
    return array


# What the header says, and what the arrays are.


def _header(net: MLP) -> dict[str, Any]:
    """Return the description of a network, with what JSON text has no place for."""
    return {"format": FORMAT, **_description(net), "dropout": net.p, "batch_norm": net.batch_norm}


def _description(net: MLP) -> dict[str, Any]:
    """Return the sizes and the names of a network's functions, or say that they have none."""
    check_type(net, MLP, "net", "an MLP")
    description = {
        "sizes": net.sizes,
        "hidden": [f.name for f in net.f[1:-1]],
        "output": net.f[-1].name,
        "cost": net.C.name,
    }
    try:
        known = _network({**description, "dropout": net.p, "batch_norm": net.batch_norm}) == net
    except ValueError:
        known = False
    if not known:
        raise ValueError("only a network with the package's own activations and costs can be saved")
    return description


def _network(header: Mapping[str, Any]) -> MLP:
    """Return the network that a file's header describes."""
    return MLP(
        header["sizes"],
        hidden=header["hidden"],
        output=header["output"],
        cost=header["cost"],
        dropout=header["dropout"],
        batch_norm=header["batch_norm"],
    )


def _arrays(net: MLP, params: Params, prefix: str = "") -> dict[str, Array]:
    """Return the arrays of checked parameters by name."""
    net.check_params(params)
    params.check_numbers()
    return {f"{prefix}theta": params.theta, f"{prefix}statistics": params.statistics}


def _params(net: MLP, arrays: Mapping[str, Array], prefix: str = "") -> Params | None:
    """Return the parameters of that name, checked, if there are any."""
    if f"{prefix}theta" not in arrays:
        return None
    theta, statistics = arrays[f"{prefix}theta"], arrays[f"{prefix}statistics"]
    params = Params(theta, tuple(net.sizes), net.batch_norm, statistics)
    params.check_numbers()
    return params


def _vectors(state: State) -> Iterator[Array]:
    """Yield all vectors that an optimizer remembers, or the optimizers of a chain, in order."""
    yield from state.memory
    for part in state.parts:
        yield from _vectors(part)


def _describe_state(state: State) -> dict[str, Any]:
    """Return what the header says of an optimizer's state."""
    own = {"kind": state.kind, "t": state.t, "size": state.size, "vectors": len(state.memory)}
    return {**own, "parts": [_describe_state(part) for part in state.parts]}


def _optimizer_state(about: Mapping[str, Any], memory: Iterator[Array], theta: Array) -> State:
    """Return an optimizer's state from its description and from the next vectors."""
    number, size = as_count(about["vectors"], "vectors", minimum=0), theta.size if about["size"] else 0
    vectors = tuple(itertools.islice(memory, number))
    fitting = [v for v in vectors if v.shape == theta.shape and v.dtype == theta.dtype]
    if len(fitting) != number or about["size"] != size:
        raise ValueError("the optimizer's memory does not fit the parameters")
    scratch = np.empty(min(size, Optimizer.CHUNK), theta.dtype)
    parts = tuple(_optimizer_state(part, memory, theta) for part in about["parts"])
    return State(str(about["kind"]), as_count(about["t"], "t", minimum=0), size, vectors, scratch, parts)


def _generator(state: Mapping[str, Any]) -> np.random.Generator:
    """Return a random generator in the given state."""
    kind = state["bit_generator"]
    if kind not in ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"):
        raise ValueError(f"only NumPy's own random generators can be saved, not {kind!r}")
    bits = getattr(np.random, kind)()
    bits.state = state
    return np.random.Generator(bits)


def _history(about: Mapping[str, Any]) -> History:
    """Return a history of floats."""

    def floats(values: Any) -> list[float]:
        return [float(value) for value in values]

    return History(
        floats(about["cost"]),
        floats(about["validation_cost"]),
        {str(name): floats(values) for name, values in about["metrics"].items()},
        {str(name): floats(values) for name, values in about["validation_metrics"].items()},
    )
