"""The errata page runs, and each of its cells and formulas tells what is printed from what is right."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fysstk_book import sources
from fysstk_book.printed.formula import Formula
from fysstk_book.printed.names import from_one
from fysstk_book.printed.tree import parse
from fysstk_nn.activations import sigmoid
from fysstk_nn.gradcheck import central_difference

PAGE = Path(__file__).resolve().parents[1] / "book" / "errata.md"
SECTIONS = dict(
    re.findall(r"^\(erratum-([a-z]+)\)=\n(.*?)(?=^\(erratum-|^## |\Z)", PAGE.read_text("utf-8"), re.M | re.S)
)


def test_every_erratum_has_its_number_a_printed_and_a_right_version_and_a_cell() -> None:
    for number, (name, section) in enumerate(SECTIONS.items(), 1):
        assert section.startswith(f"### {number}. "), f"erratum {name}: heading"
        assert "**Printed**" in section, f"erratum {name}: what is printed"
        assert re.search(r"\*\*(Right|Both are right)", section), f"erratum {name}: what is right"
        assert "{code-cell}" in section, f"erratum {name}: a cell that tells them apart"


def test_the_table_sorts_every_erratum_once_under_its_number() -> None:
    listed = re.findall(
        r"\{ref\}`(\d+) <erratum-([a-z]+)>`", PAGE.read_text("utf-8").split("## The lecture")[0]
    )
    assert sorted((int(number), name) for number, name in listed) == list(enumerate(SECTIONS, 1))


def test_every_reference_to_an_erratum_leads_somewhere() -> None:
    for chapter in PAGE.parent.glob("*.md"):
        used = re.findall(r"\{ref\}`(?:[^`<]*<)?erratum-([a-z0-9-]+)", chapter.read_text(encoding="utf-8"))
        assert set(used) <= set(SECTIONS), chapter.name


# The formulas: what is printed and what is right are read from the page.


def formula(name: str, which: str) -> Formula:
    """Return the displayed formula behind **Printed** or **Right** of an entry."""
    printed, right = re.split(r"^\*\*Right", SECTIONS[name], flags=re.M)
    text = {"Printed": printed, "Right": right}[which]
    return Formula(
        f"erratum-{name}", parse(sources.MATH.findall(text)[0][0]), find=lambda label: pytest.fail(label)
    )


def scalar() -> dict[str, Any]:
    a_0, y, theta = 0.7, 1.0, np.array([0.4, -0.3, 1.5, 0.2])

    def forward(theta):
        a_1 = sigmoid(theta[0] * a_0 + theta[1])
        return a_1, sigmoid(theta[2] * a_1 + theta[3])

    measured = central_difference(lambda t: 0.5 * (forward(t)[1] - y) ** 2, theta)
    a_1, a_2 = forward(theta)
    return {
        r"\frac{\partial C}{\partial w_1}": measured[0],
        r"\frac{\partial C}{\partial b_1}": measured[1],
        **{"a_0": a_0, "a_1": a_1, "a_2": a_2, "y": y, "w_2": theta[2]},
        r"\sigma_1'": a_1 * (1 - a_1),
        r"\sigma_2'": a_2 * (1 - a_2),
    }


def layer() -> dict[str, Any]:
    x, y = np.array([0.3, -0.8]), 0.5
    W, b, w = np.array([[0.5, -0.4], [0.7, 0.2]]), np.array([0.1, -0.2]), np.array([0.9, -1.1])
    measured = central_difference(lambda W: 0.5 * (sigmoid(w @ sigmoid(W @ x + b)) - y) ** 2, W)
    a = sigmoid(W @ x + b)
    out = sigmoid(w @ a)
    delta = w * a * (1 - a) * (out - y) * out * (1 - out)
    return {
        r"\frac{\partial C}{\partial w_{00}^{(1)}}": measured[0, 0],
        r"\frac{\partial C}{\partial w_{01}^{(1)}}": measured[0, 1],
        r"\delta_i^{(l)}": lambda l, i: delta[i],
        "a_i^{(l)}": [x, a],
    }


def indices() -> dict[str, Any]:
    rng = np.random.default_rng(5)
    W, b, z = [None, None, rng.normal(size=(3, 3))], rng.normal(size=3), rng.normal(size=3)
    out = rng.normal(size=3)

    def cost(z):
        return float(np.sum(out * (sigmoid(z) @ W[2] + b) ** 2))

    a = sigmoid(z)
    delta = {1: central_difference(cost, z), 2: 2 * out * (a @ W[2] + b)}
    jacobian = np.array([central_difference(lambda a, j=j: (a @ W[2] + b)[j], a) for j in range(3)])
    return {
        r"\frac{\partial z_j^l}{\partial a_i^{l-1}}": lambda l, j, i: jacobian[j - 1, i - 1],
        "w_{ij}^l": from_one(W),
        r"\delta_j^l": lambda l, j: delta[l][j - 1],
        r"\sigma'": lambda z: sigmoid(z) * (1 - sigmoid(z)),
        "z_j^l": lambda l, j: z[j - 1],
    }


def sign() -> dict[str, Any]:
    f, y = np.array([0.8]), 1.0
    loss = lambda f: -float((y * np.log(sigmoid(f)) + (1 - y) * np.log(1 - sigmoid(f)))[0])  # noqa: E731
    measured = central_difference(loss, f)[0]
    return {
        r"\frac{\partial L_i}{\partial f_j}": lambda i, j: measured,
        r"\sigma": sigmoid,
        "f_j": lambda j: f[0],
        "y_{ij}": lambda i, j: y,
    }


def mean() -> dict[str, Any]:
    rng = np.random.default_rng(23)
    y, output = rng.normal(size=5), rng.normal(size=5)
    measured = central_difference(lambda o: float(np.sum((y - o) ** 2)) / 10, output)
    return {r"\frac{\partial E}{\partial y'}": measured, "y'": output, "y": y, "n": 5}


# For each of the formulas that stand side by side, the indices that it leaves open.
RANGES = {
    "indices": [{"l": [2], "i": [1, 2, 3], "j": [1, 2, 3]}, {"l": [1], "j": [1, 2, 3], "k": [1, 2, 3]}],
    "sign": [{"i": [1], "j": [1]}],
}


@pytest.mark.parametrize("make", [scalar, layer, indices, sign, mean], ids=lambda make: make.__name__)
def test_the_right_formula_holds_and_the_printed_one_does_not(make) -> None:
    name = make.__name__
    right, printed = formula(name, "Right"), formula(name, "Printed")
    for only in range(len(right.statements)):
        ranges = RANGES[name][only] if name in RANGES else {}
        right.holds(also=make(), within=1e-7, only=only, **ranges)
        with pytest.raises(AssertionError):
            printed.holds(also=make(), within=1e-7, only=only, **ranges)


# The cells


def cells() -> list[tuple[str, str]]:
    """Return the page's cells in their order, each with the name of its erratum; "" for none."""
    found, name = [], ""
    pattern = r"^\(erratum-([a-z]+)\)=$|^```\{code-cell\}[^\n]*\n(.*?)^```$"
    for label, source in re.findall(pattern, PAGE.read_text(encoding="utf-8"), flags=re.M | re.S):
        name = label or name
        if source:
            found.append((name, re.sub(r"\A---\n.*?\n---\n", "", source, flags=re.S)))
    return found


def test_the_cells_tell_the_printed_from_the_right_version() -> None:
    """Run the cells; what is right agrees with what they measure, and what is printed does not."""
    compared: dict[str, list[dict[str, float]]] = {}
    left: dict[str, dict[str, Any]] = {}
    namespace: dict[str, Any] = {}
    for name, source in cells():
        if name:  # the page's own `compare`, from the cell before the first erratum, only prints
            rows = compared.setdefault(name, [])
            namespace["compare"] = lambda rows=rows, **values: rows.append(values)
        exec(compile(source, f"erratum {name}", "exec"), namespace)
        left[name] = dict(namespace)
    measured = {name: rows for name, rows in compared.items() if any("measured" in row for row in rows)}
    assert measured.keys() == {
        "scalar",
        "layer",
        "indices",
        "sign",
        "decay",
        "mean",
        "order",
        "dropout",
        "glorot",
    }
    loose = {"dropout": 0.01, "glorot": 1e-3}  # the means of many random numbers
    for name, rows in measured.items():
        for row in rows:
            wrong = row.get("printed", row.get("updated_on_the_way"))
            tolerance = loose.get(name, 1e-6)
            assert abs(row["right"] - row["measured"]) < tolerance, (name, row)
            assert abs(wrong - row["measured"]) > 10 * tolerance, (name, row)
    (momentum,) = compared["momentum"]
    assert np.isclose(momentum["with_factor"], momentum["rescaled"])
    assert not np.isclose(momentum["with_factor"], momentum["same_eta"])
    for row in compared["adagrad"]:
        (first, of_unit), (_, of_hundred) = row.items()
        assert np.isclose(of_unit, of_hundred) == first.startswith("right"), row
    (bias,) = compared["bias"]
    assert np.isclose(bias["delta"], bias["dC_db"])
    assert bias["delta_times_a"] == bias["dC_dw"] == 0
    assert left["penalty"]["scores"] == [0.5, 0.5]  # those of XOR, the last gate
    assert np.allclose(left["rows"]["right"], left["rows"]["theta"])
    assert not np.allclose(left["rows"]["printed"], left["rows"]["theta"], atol=0.1)
    assert left["cse"]["shared"], "sympy.cse shares nothing"
    assert left["theorem"]["error"] < 0.01
    assert left["jumps"]["error"].max() == pytest.approx(0.5, abs=0.02)
    assert np.mean(left["jumps"]["error"] ** 2) < 1e-3
    assert left["equal"]["distinct"] > 4 and left["equal"]["copies"]
