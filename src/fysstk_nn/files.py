"""Networks in files, as NumPy archives and as JSON text: nothing that is read can run code."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fysstk_nn._validate import is_finite
from fysstk_nn.mlp import MLP
from fysstk_nn.params import Params

__all__ = ["from_json", "load", "save", "to_json"]

FORMAT = "fysstk_nn network, version 1"


def save(path: str | os.PathLike[str], net: MLP, params: Params) -> None:
    """Write a network and its parameters to one file.

    The file is a NumPy .npz archive, with the network's description as JSON text; there is no pickle in it.
    It appears under its name when it is complete: an interrupted `save` leaves an earlier file as it was.

    Raises
    ------
    TypeError, ValueError
        If `params` does not fit the network, or the network has an activation or a cost that is not one of
        the package's own.
    OSError
        If the file cannot be written.
    """
    net.check_params(params)
    header = {"format": FORMAT, **_description(net), "dropout": net.p, "batch_norm": net.batch_norm}
    path = Path(path)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with open(partial, "wb") as file:
            text = np.array(json.dumps(header))
            np.savez(file, header=text, theta=params.theta, statistics=params.statistics)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def load(path: str | os.PathLike[str]) -> tuple[MLP, Params]:
    """Read the network and the parameters that `save` wrote.

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
    raw = Path(path).read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = {
                name: np.lib.format.read_array(io.BytesIO(archive.read(f"{name}.npy")), allow_pickle=False)
                for name in ("header", "theta", "statistics")
            }
        header = json.loads(str(parts["header"]))
        if header["format"] != FORMAT:
            raise ValueError(f"its format is {header['format']!r}, not {FORMAT!r}")
        net = _network(header)
        params = Params(parts["theta"], tuple(net.sizes), net.batch_norm, parts["statistics"])
        if not (is_finite(params.theta) and is_finite(params.statistics)):
            raise ValueError("its parameters are not finite")
    except Exception as error:  # a damaged archive can fail in a dozen ways
        what = "holds no network that save() wrote, or is damaged"
        raise ValueError(f"{os.fspath(path)} {what}: {error}") from error
    return net, params


JSON_FORMAT = "fysstk_nn weights, version 1"


def to_json(net: MLP, params: Params) -> str:
    """Return a network with its weights and biases as JSON text, which the book's playground can import.

    Each number has all digits that it takes to read it back unchanged.

    Raises
    ------
    TypeError, ValueError
        As `save`; and if the network has dropout or batch normalisation, or a number is not finite.
    """
    net.check_params(params)
    if any(net.p) or net.batch_norm:
        raise ValueError("JSON has no place for dropout and batch normalisation: use save")
    if not is_finite(params.theta):
        raise ValueError("only finite parameters can be written as JSON")
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
    except (TypeError, ValueError) as error:
        raise ValueError(f"the text describes no network: {error}") from error
    return net, params


def _description(net: MLP) -> dict[str, Any]:
    """Return the sizes and the names of a network's functions, or say that they have none."""
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
