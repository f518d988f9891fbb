"""The equations of the scalar network and of chains of neurons, as printed in book/scalar-network.md.

The page's own definitions of the forward pass are differentiated, by SymPy for any activations, and by
central differences and autograd for three different ones.
"""

from __future__ import annotations

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp

# What the page says in words: the cost, and that sigma_1' stands for the slope at z_1.
DEFINED = [
    "def-scalar-hidden",
    "def-scalar-output",
    r"C = \frac12 (a_2 - y)^2",
    r"\delta_1 = \frac{\partial C}{\partial z_1}, \delta_2 = \frac{\partial C}{\partial z_2}",
    r"\sigma_1' = \frac{\partial a_1}{\partial z_1}, \sigma_2' = \frac{\partial a_2}{\partial z_2}",
]
CHAIN = [
    "def-scalar-chain",
    r"C = \frac12 (a_L - y)^2",
    r"\delta_l = \frac{\partial C}{\partial z_l}",
    r"\sigma_l' = \frac{\partial a_l}{\partial z_l}",
]
DERIVATIVES = [
    "eq-scalar-delta2",
    "eq-scalar-dw2",
    "eq-scalar-db2",
    "eq-scalar-chain",
    "eq-scalar-dz2-da1",
    "eq-scalar-delta1",
    "eq-scalar-dw1",
    "eq-scalar-db1",
]


def s(z):
    return 1 / (1 + anp.exp(-z))


ACTIVATIONS = [None, s, anp.tanh, anp.sin]  # of layers 1, 2, 3, 1, 2, 3 ...


def activation(l):
    return ACTIVATIONS[(l - 1) % 3 + 1]


@pytest.mark.equation("eq-scalar-delta2", method="sympy")
@pytest.mark.equation("eq-scalar-dw2", method="sympy")
@pytest.mark.equation("eq-scalar-db2", method="sympy")
@pytest.mark.equation("eq-scalar-chain", method="sympy")
@pytest.mark.equation("eq-scalar-dz2-da1", method="sympy")
@pytest.mark.equation("eq-scalar-delta1", method="sympy")
@pytest.mark.equation("eq-scalar-dw1", method="sympy")
@pytest.mark.equation("eq-scalar-db1", method="sympy")
def test_all_derivatives_for_any_activations(printed):
    x, y, w1, b1, w2, b2 = sp.symbols("x y w1 b1 w2 b2", real=True)
    names = {
        "a_0": x,
        "y": y,
        "w_l": [None, w1, w2],
        "b_l": [None, b1, b2],
        r"\sigma_l": lambda l: sp.Function(f"f{l}"),
    }
    for label in DERIVATIVES:
        printed(label).holds(also=names, where=DEFINED)


@pytest.mark.equation("eq-scalar-delta2", method="central differences")
@pytest.mark.equation("eq-scalar-dw2", method="central differences")
@pytest.mark.equation("eq-scalar-db2", method="central differences")
@pytest.mark.equation("eq-scalar-chain", method="central differences")
@pytest.mark.equation("eq-scalar-dz2-da1", method="central differences")
@pytest.mark.equation("eq-scalar-delta1", method="central differences")
@pytest.mark.equation("eq-scalar-dw1", method="central differences")
@pytest.mark.equation("eq-scalar-db1", method="central differences")
def test_all_derivatives_numerically(rng, printed):
    for _ in range(3):
        w1, b1, w2, b2 = rng.normal(size=4)
        names = {
            "a_0": rng.normal(),
            "y": rng.uniform(),
            "w_l": [None, w1, w2],
            "b_l": [None, b1, b2],
            r"\sigma_l": activation,
        }
        for label in DERIVATIVES:
            printed(label).holds(also=names, where=DEFINED, within=1e-8)


@pytest.mark.equation("eq-scalar-dw2", method="autograd")
@pytest.mark.equation("eq-scalar-db2", method="autograd")
@pytest.mark.equation("eq-scalar-dw1", method="autograd")
@pytest.mark.equation("eq-scalar-db1", method="autograd")
def test_four_derivatives_by_autograd(rng, printed):
    def cost(theta, x, y):
        w1, b1, w2, b2 = theta
        return 0.5 * (anp.tanh(w2 * s(w1 * x + b1) + b2) - y) ** 2

    for _ in range(3):
        theta, x, y = rng.normal(size=4), rng.normal(), rng.uniform()
        dw1, db1, dw2, db2 = autograd.grad(cost)(theta, x, y)
        a1 = s(theta[0] * x + theta[1])
        a2 = np.tanh(theta[2] * a1 + theta[3])
        names = {
            "a_l": [x, a1, a2],
            "y": y,
            "w_2": theta[2],
            r"\sigma_l'": [None, a1 * (1 - a1), 1 - a2**2],
            r"\delta_l": [None, db1, db2],
            r"\frac{\partial C}{\partial w_l}": [None, dw1, dw2],
            r"\frac{\partial C}{\partial b_l}": [None, db1, db2],
        }
        for label in ("eq-scalar-dw2", "eq-scalar-db2", "eq-scalar-dw1", "eq-scalar-db1"):
            printed(label).holds(also=names, within=1e-14)


@pytest.mark.equation("eq-scalar-example", method="central differences")
def test_the_example(printed):
    names = {
        "a_0": 2.0,
        "y": 1.0,
        "w_l": [None, 0.0, 2.0],
        "b_l": [None, 0.0, -1.0],
        r"\sigma_l": lambda l: s,
    }
    printed("eq-scalar-example").holds(also=names, where=DEFINED, within=1e-9)


# --- chains of any length ---


def cost_from(l, z_l, w, b, y):
    """Cost as a function of z_l: the rest of the forward pass."""
    a = activation(l)(z_l)
    for k in range(l + 1, len(w)):
        a = activation(k)(w[k] * a + b[k])
    return 0.5 * (a - y) ** 2


def chain(L, rng):
    """What the names of the definitions stand for in a chain of L neurons."""
    return {
        "L": L,
        "a_0": rng.normal(),
        "y": rng.uniform(),
        "w_l": [None, *rng.normal(size=L)],
        "b_l": [None, *rng.normal(size=L)],
        r"\sigma_l": activation,
    }


@pytest.mark.equation("eq-scalar-chain-delta", method="central differences")
@pytest.mark.equation("eq-scalar-chain-gradients", method="central differences")
@pytest.mark.equation("eq-scalar-chain-product", method="central differences")
@pytest.mark.parametrize("L", [2, 3, 6])
def test_chain(L, rng, printed):
    names = chain(L, rng)
    printed("eq-scalar-chain-delta").holds(also=names, where=CHAIN, within=1e-8)
    for l in range(1, L):  # the printed range has all of them
        printed("eq-scalar-chain-delta").holds(also=names, where=CHAIN, within=1e-8, l=[l])
    printed("eq-scalar-chain-gradients").holds(also=names, where=CHAIN, within=1e-8, l=range(1, L + 1))
    printed("eq-scalar-chain-product").holds(also=names, where=CHAIN, within=1e-8)


@pytest.mark.equation("eq-scalar-chain-gradients", method="central differences")
@pytest.mark.equation("eq-scalar-chain-product", method="central differences")
def test_chain_of_one(rng, printed):
    names = chain(1, rng)
    printed("eq-scalar-chain-gradients").holds(also=names, where=CHAIN, within=1e-8, l=[1])
    printed("eq-scalar-chain-product").holds(also=names, where=CHAIN, within=1e-8)


@pytest.mark.equation("eq-scalar-chain-delta", method="sympy")
@pytest.mark.equation("eq-scalar-chain-gradients", method="sympy")
@pytest.mark.equation("eq-scalar-chain-product", method="sympy")
def test_chain_of_three_with_any_activations(printed):
    names = {
        "L": 3,
        "a_0": sp.Symbol("x", real=True),
        "y": sp.Symbol("y", real=True),
        "w_l": [None, *sp.symbols("w1:4", real=True)],
        "b_l": [None, *sp.symbols("b1:4", real=True)],
        r"\sigma_l": lambda l: sp.Function(f"f{l}"),
    }
    printed("eq-scalar-chain-delta").holds(also=names, where=CHAIN)
    printed("eq-scalar-chain-gradients").holds(also=names, where=CHAIN, l=(1, 2, 3))
    printed("eq-scalar-chain-product").holds(also=names, where=CHAIN)


@pytest.mark.equation("eq-scalar-chain-delta", method="autograd")
@pytest.mark.equation("eq-scalar-chain-gradients", method="autograd")
def test_chain_by_autograd(rng, printed):
    L = 6
    names = chain(L, rng)
    w, b, y = names["w_l"], names["b_l"], names["y"]
    z = [None, w[1] * names["a_0"] + b[1]]
    for l in range(2, L + 1):
        z.append(w[l] * activation(l - 1)(z[-1]) + b[l])
    of_layers = range(1, L + 1)
    found = {
        r"\delta_l": [
            None,
            *(autograd.grad(lambda v, l=l: cost_from(l, v, w, b, y))(z[l]) for l in of_layers),
        ],
        r"\sigma_l'": [None, *(autograd.grad(activation(l))(z[l]) for l in of_layers)],
        r"\frac{\partial C}{\partial w_l}": lambda l: autograd.grad(
            lambda v: cost_from(1, v[1] * names["a_0"] + b[1], v, b, y)
        )(np.array([0.0, *w[1:]]))[l],
        r"\frac{\partial C}{\partial b_l}": lambda l: autograd.grad(
            lambda c: cost_from(1, w[1] * names["a_0"] + c[1], w, c, y)
        )(np.array([0.0, *b[1:]]))[l],
    }
    printed("eq-scalar-chain-delta").holds(also={**names, **found}, within=1e-14)
    printed("eq-scalar-chain-gradients").holds(
        also={**names, **found}, where=CHAIN, within=1e-14, l=of_layers
    )


@pytest.mark.equation("eq-scalar-vanishing", method="central differences")
def test_a_quarter_for_each_layer(rng, printed):
    sigmoids = {r"\sigma_l": lambda l: s}
    for L in (2, 3, 5, 9):
        names = chain(L, rng) | sigmoids | {"w_l": [None, *rng.uniform(-1, 1, size=L)]}
        printed("eq-scalar-vanishing").holds(also=names, where=CHAIN, within=1e-10)
    for L in (2, 4):  # weights of 1 and weighted sums of 0 reach the bound
        names = {"L": L, "w_l": [None, *[1.0] * L], "b_l": [None, *[-0.5] * L], "a_0": 0.5, "y": 0.0}
        small, bound = (
            printed("eq-scalar-vanishing").value(also=names | sigmoids, where=CHAIN, side=side)
            for side in (0, 1)
        )
        assert abs(small - bound) < 1e-10


# --- penalties ---


@pytest.mark.equation("eq-scalar-l2", method="sympy")
@pytest.mark.equation("eq-scalar-l1", method="sympy")
def test_slopes_of_the_penalties(printed):
    names = {"w": sp.Symbol("w", real=True), r"\lambda": sp.Symbol("lambda", positive=True)}
    printed("eq-scalar-l2").holds(names)
    printed("eq-scalar-l1").holds(names)


@pytest.mark.equation("eq-scalar-l2", method="central differences")
@pytest.mark.equation("eq-scalar-l1", method="central differences")
def test_slopes_of_the_penalties_numerically(printed):
    for w in (-2.0, -0.3, 0.7, 1.9):
        for label in ("eq-scalar-l2", "eq-scalar-l1"):
            printed(label).holds({"w": w, r"\lambda": 0.3}, within=1e-8)
