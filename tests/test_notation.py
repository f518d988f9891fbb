"""The notation page: each row of its tables names something that exists, has that shape, and says so."""

import importlib
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from fysstk_nn.gates import OR
from fysstk_nn.linear import ols
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import GradientDescent
from fysstk_nn.perceptron import rosenblatt
from fysstk_nn.train import fit

PAGE = Path(__file__).parents[1] / "book" / "notation.md"
HEADER = ["Symbol", "Meaning", "Shape", "In code", "See"]


def rows():
    """Return (section, cells) of every row of the tables with the page's five columns."""
    found, section, inside = [], "", False
    for line in PAGE.read_text(encoding="utf8").splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif cells == HEADER:
            inside = True
        elif inside and not cells[0].startswith(":--"):
            assert len(cells) == 5, line
            found.append((section, cells))
    return found


ROWS = rows()
CODE = [(row[2], code, row) for _, row in ROWS for code in re.findall(r"`([^`]+)`", row[3])]
DOCUMENTED = [(row[2], name) for _, row in ROWS for name in re.findall(r"`([^`]+)`", row[4])]


@pytest.fixture(scope="module")
def names():
    """Return what the page's code is made of; all sizes differ, so that no shape is right by accident."""
    net = MLP((2, 3, 4, 5), hidden="tanh", output="identity", cost="half_squared_error")
    params = net.init(rng=1)
    generator = np.random.default_rng(0)
    X, y = generator.normal(size=(6, 2)), generator.normal(size=(6, 5))
    trace = net.forward(params, X)
    optimizer, theta = GradientDescent(0.1), params.theta.copy()
    return {
        "net": net,
        "params": params,
        "X": X,
        "y": y,
        "trace": trace,
        "gradient": net.backprop(params, trace, y),
        "optimizer": optimizer,
        "theta": theta,
        "state": optimizer.init(theta),
        "result": fit(net, params, X, y, epochs=7),
        "fit": fit,
        "gate": OR,
        "ols": ols,
        "rosenblatt": rosenblatt,
        "np": np,
        "l": 2,
        "i": 1,
        "j": 3,
    }


def shape(text, names, code):
    """Return the shape that the page prints, in numbers."""
    text = text.strip("$")
    if text == "number":
        return ()
    M, net = names["net"].sizes, names["net"]
    p = 2 if "rosenblatt" in code else 3
    sizes = {"n": 6, "p": p, "M_0": M[0], "M_{l-1}": M[1], "M_l": M[2], "M_L": M[net.L], "E": 7}
    sizes["P"] = names["params"].theta.size
    parts = [part.strip() for part in text.strip("()").split(",")]
    return tuple(sizes[part] if part in sizes else int(part) for part in parts if part)


def test_the_tables_are_there():
    assert len(ROWS) >= 30
    assert {section for section, _ in ROWS} >= {"Forward", "Backward", "Training"}


@pytest.mark.parametrize(("printed", "code", "row"), CODE, ids=[code for _, code, _ in CODE])
def test_code_exists_and_has_the_shape(printed, code, row, names):
    if argument := re.fullmatch(r"(\w+)\((\w+)=\.\.\.\)", code):
        function, keyword = argument.groups()
        assert keyword in inspect.signature(names[function]).parameters
        return
    value = eval(code, dict(names))
    if code.startswith("optimizer.step("):
        assert value is None
        value = names["theta"]
        assert not np.array_equal(value, names["params"].theta)
    if printed == "function":
        assert callable(value)
    else:
        assert np.shape(value) == shape(printed, names, code)


@pytest.mark.parametrize(("printed", "name"), DOCUMENTED, ids=[f"{n}-{s}" for s, n in DOCUMENTED])
def test_the_docstring_exists_and_mentions_the_shape(printed, name):
    first, *attributes = name.split(".")
    thing = next(getattr(module, first) for module in MODULES if first in module.__all__)
    for attribute in attributes:
        thing = getattr(thing, attribute)
    documentation = inspect.getdoc(thing)
    assert documentation
    words = [documentation, inspect.getdoc(thing.fget) if isinstance(thing, property) else ""]
    if "M_" in printed and name not in BY_REFERENCE:
        assert printed.strip("$") in " ".join(" ".join(words).split())


MODULES = [
    importlib.import_module(f"fysstk_nn.{name}")
    for name in (
        "activations",
        "gates",
        "schedules",
        "optimizers",
        "params",
        "linear",
        "perceptron",
        "costs",
        "trace",
        "mlp",
        "runs",
        "train",
    )
]

# Their docstrings speak of any shape, or say that the result is of the type of the parameters.
BY_REFERENCE = {"Activation", "MLP.backprop"}


def test_gradients_have_the_shapes_of_the_parameters(names):
    params, gradient = names["params"], names["gradient"]
    assert type(gradient) is type(params)
    assert [np.shape(W) for W in gradient.W] == [np.shape(W) for W in params.W]


def test_layer_zero_has_no_weights(names):
    assert names["params"].W[0] is None
    assert names["params"].b[0] is None


def test_slope_is_the_derivative_written_through_the_output(names):
    net, trace = names["net"], names["trace"]
    np.testing.assert_allclose(net.f[2].slope(trace.a[2]), net.f[2].derivative(trace.z[2]), rtol=1e-12)
