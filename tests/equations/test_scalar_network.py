"""The equations of the scalar network and of chains of neurons, as printed in book/scalar-network.md."""

from __future__ import annotations

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp

from fysstk_nn.gradcheck import central_difference

x, y, w1, b1, w2, b2 = sp.symbols("x y w1 b1 w2 b2", real=True)
z1, z2 = sp.symbols("z1 z2", real=True)


def symbolic_sigmoid(z):
    return 1 / (1 + sp.exp(-z))


def symbolic_slope(z):
    return symbolic_sigmoid(z) * (1 - symbolic_sigmoid(z))


Z1 = w1 * x + b1
A1 = symbolic_sigmoid(Z1)
Z2 = w2 * A1 + b2
A2 = symbolic_sigmoid(Z2)
C = (A2 - y) ** 2 / 2
DELTA2 = (A2 - y) * symbolic_slope(Z2)
DELTA1 = DELTA2 * w2 * symbolic_slope(Z1)


def s(z):
    return 1 / (1 + anp.exp(-z))


def cost(theta, x, y):
    w1, b1, w2, b2 = theta
    return 0.5 * (s(w2 * s(w1 * x + b1) + b2) - y) ** 2


def printed_gradient(theta, x, y):
    w1, b1, w2, b2 = theta
    a1 = s(w1 * x + b1)
    a2 = s(w2 * a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    slope1 = a1 * (1 - a1)
    return np.array(
        [
            (a2 - y) * a2 * (1 - a2) * w2 * slope1 * x,
            (a2 - y) * a2 * (1 - a2) * w2 * slope1,
            delta2 * a1,
            delta2,
        ]
    )


@pytest.mark.equation("eq-scalar-delta2", method="sympy")
def test_error_of_the_output_neuron(discrepancy):
    cost_of_z2 = (symbolic_sigmoid(z2) - y) ** 2 / 2
    residual = sp.simplify(sp.diff(cost_of_z2, z2) - (symbolic_sigmoid(z2) - y) * symbolic_slope(z2))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-scalar-dw2", method="sympy")
@pytest.mark.equation("eq-scalar-db2", method="sympy")
@pytest.mark.equation("eq-scalar-dw1", method="sympy")
@pytest.mark.equation("eq-scalar-db1", method="sympy")
def test_four_derivatives(discrepancy):
    for parameter, printed in ((w2, DELTA2 * A1), (b2, DELTA2), (w1, DELTA1 * x), (b1, DELTA1)):
        residual = sp.simplify(sp.diff(C, parameter) - printed)
        discrepancy(residual)
        assert residual == 0


@pytest.mark.equation("eq-scalar-dw2", method="central differences")
@pytest.mark.equation("eq-scalar-db2", method="central differences")
@pytest.mark.equation("eq-scalar-dw1", method="central differences")
@pytest.mark.equation("eq-scalar-db1", method="central differences")
def test_four_derivatives_numerically(rng, discrepancy):
    for _ in range(5):
        theta, x, y = rng.normal(size=4), rng.normal(), rng.uniform()
        measured = central_difference(lambda t, x=x, y=y: cost(t, x, y), theta)
        error = np.abs(printed_gradient(theta, x, y) - measured).max()
        discrepancy(error)
        assert error < 1e-9


@pytest.mark.equation("eq-scalar-dw2", method="autograd")
@pytest.mark.equation("eq-scalar-db2", method="autograd")
@pytest.mark.equation("eq-scalar-dw1", method="autograd")
@pytest.mark.equation("eq-scalar-db1", method="autograd")
def test_four_derivatives_by_autograd(rng, discrepancy):
    for _ in range(5):
        theta, x, y = rng.normal(size=4), rng.normal(), rng.uniform()
        error = np.abs(printed_gradient(theta, x, y) - autograd.grad(cost)(theta, x, y)).max()
        discrepancy(error)
        assert error < 1e-14


@pytest.mark.equation("eq-scalar-chain", method="sympy")
@pytest.mark.equation("eq-scalar-delta1", method="sympy")
def test_error_of_the_hidden_neuron(discrepancy):
    a1 = symbolic_sigmoid(z1)
    inner = w2 * a1 + b2
    cost_of_z1 = (symbolic_sigmoid(inner) - y) ** 2 / 2
    dC_dz2 = sp.diff((symbolic_sigmoid(z2) - y) ** 2 / 2, z2).subs(z2, inner)
    a = sp.symbols("a")
    dz2_da1 = sp.diff(w2 * a + b2, a)
    three_factors = dC_dz2 * dz2_da1 * sp.diff(a1, z1)
    closed = (symbolic_sigmoid(inner) - y) * symbolic_slope(inner) * w2 * symbolic_slope(z1)
    for printed in (three_factors, closed):
        residual = sp.simplify(sp.diff(cost_of_z1, z1) - printed)
        discrepancy(residual)
        assert residual == 0


@pytest.mark.equation("eq-scalar-dz2-da1", method="sympy")
def test_the_step_through_the_weight(discrepancy):
    a = sp.symbols("a")
    residual = sp.diff(w2 * a + b2, a) - w2
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-scalar-example", method="sympy")
def test_the_example(discrepancy):
    at = {x: 2, y: 1, w1: 0, b1: 0, w2: 2, b2: -1}
    residuals = [
        sp.diff(C, b2).subs(at) + sp.Rational(1, 8),
        sp.diff(C, w2).subs(at) + sp.Rational(1, 16),
        sp.diff(C, b1).subs(at) + sp.Rational(1, 16),
        sp.diff(C, w1).subs(at) + sp.Rational(1, 8),
    ]
    discrepancy(max(abs(residual) for residual in residuals))
    assert residuals == [0, 0, 0, 0]


# --- chains of any length ---


def chain(parameters, x):
    """Outputs a[0..L] of a chain; `parameters` holds the weights and then the biases."""
    L = len(parameters) // 2
    a = [x]
    for l in range(L):
        a.append(s(parameters[l] * a[-1] + parameters[L + l]))
    return a


def chain_cost(parameters, x, y):
    return 0.5 * (chain(parameters, x)[-1] - y) ** 2


def chain_deltas(parameters, x, y):
    """The errors by the printed recursion; index 0 is empty, as in the book."""
    L = len(parameters) // 2
    w, a = [None, *parameters[:L]], chain(parameters, x)
    delta = [None] * (L + 1)
    delta[L] = (a[L] - y) * a[L] * (1 - a[L])
    for l in range(L - 1, 0, -1):
        delta[l] = delta[l + 1] * w[l + 1] * a[l] * (1 - a[l])
    return delta, a, w


@pytest.mark.equation("eq-scalar-chain-delta", method="central differences")
@pytest.mark.equation("eq-scalar-chain-gradients", method="central differences")
@pytest.mark.parametrize("L", [1, 2, 3, 7])
def test_chain(L, rng, discrepancy):
    parameters, x, y = rng.normal(size=2 * L), rng.normal(), rng.uniform()
    delta, a, _w = chain_deltas(parameters, x, y)
    printed = [*(delta[l] * a[l - 1] for l in range(1, L + 1)), *delta[1:]]
    error = np.abs(np.array(printed) - central_difference(lambda p: chain_cost(p, x, y), parameters)).max()
    discrepancy(error)
    assert error < 1e-9


@pytest.mark.equation("eq-scalar-chain-delta", method="autograd")
@pytest.mark.equation("eq-scalar-chain-gradients", method="autograd")
def test_chain_by_autograd(rng, discrepancy):
    L, x, y = 6, 0.4, 0.9
    parameters = rng.normal(size=2 * L)
    delta, a, _w = chain_deltas(parameters, x, y)
    printed = [*(delta[l] * a[l - 1] for l in range(1, L + 1)), *delta[1:]]
    error = np.abs(np.array(printed) - autograd.grad(chain_cost)(parameters, x, y)).max()
    discrepancy(error)
    assert error < 1e-14


@pytest.mark.equation("eq-scalar-chain-product", method="central differences")
def test_product_over_the_layers(rng, discrepancy):
    L, x, y = 6, 0.4, 0.9
    parameters = rng.normal(size=2 * L)
    a = chain(parameters, x)
    w = [None, *parameters[:L]]
    product = (a[L] - y) * a[L] * (1 - a[L])
    for l in range(1, L):
        product *= w[l + 1] * a[l] * (1 - a[l])
    dC_db1 = central_difference(lambda p: chain_cost(p, x, y), parameters)[L]
    discrepancy(abs(product - dC_db1))
    assert abs(product - dC_db1) < 1e-10


@pytest.mark.equation("eq-scalar-chain-product", method="sympy")
def test_product_over_three_layers_symbolically(discrepancy):
    f = sp.Function("f")
    w3, b3 = sp.symbols("w3 b3")
    a1 = f(z1)
    a2 = f(w2 * a1 + b2)
    a3 = f(w3 * a2 + b3)
    cost_of_z1 = (a3 - y) ** 2 / 2
    u = sp.symbols("u")
    slope = sp.diff(f(u), u)
    printed = (
        (a3 - y)
        * slope.subs(u, w3 * a2 + b3).doit()
        * (w2 * slope.subs(u, z1))
        * (w3 * slope.subs(u, w2 * a1 + b2).doit())
    )
    difference = (sp.diff(cost_of_z1, z1) - printed).subs(f, sp.tanh).doit()
    at = {z1: 0.3, w2: -1.2, b2: 0.4, w3: 0.7, b3: 0.1, y: 0.5}
    residual = abs(sp.N(difference.subs(at)))
    discrepancy(residual)
    assert residual < 1e-14


@pytest.mark.equation("eq-scalar-vanishing", method="numeric")
def test_a_quarter_for_each_layer(rng, discrepancy):
    worst = 0.0
    for _ in range(200):
        L = int(rng.integers(2, 12))
        parameters = np.concatenate([rng.uniform(-1, 1, size=L), rng.normal(size=L)])
        delta, _a, _w = chain_deltas(parameters, rng.normal(), rng.uniform())
        worst = max(worst, abs(delta[1]) - 0.25 ** (L - 1) * abs(delta[L]))
    discrepancy(max(worst, 0.0))
    assert worst <= 0
    assert abs(0.25**9 - 4e-6) < 2e-7


# --- penalties ---


@pytest.mark.equation("eq-scalar-l2", method="sympy")
def test_slope_of_the_l2_penalty(discrepancy):
    w, strength = sp.symbols("w lambda", real=True)
    residual = sp.simplify(sp.diff(strength / 2 * w**2, w) - strength * w)
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-scalar-l1", method="central differences")
def test_slope_of_the_l1_penalty(rng, discrepancy):
    w = rng.normal(size=20)
    w = w[np.abs(w) > 1e-3]
    error = np.abs(0.3 * np.sign(w) - central_difference(lambda w: 0.3 * np.sum(np.abs(w)), w)).max()
    discrepancy(error)
    assert error < 1e-8
