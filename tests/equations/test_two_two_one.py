"""The nine derivatives of the 2-2-1 network, as printed in book/two-two-one.md."""

from __future__ import annotations

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp

from fysstk_nn.gradcheck import central_difference

x = sp.symbols("x0 x1")
w = sp.Matrix(2, 2, sp.symbols("w00 w01 w10 w11"))
b = sp.symbols("b0 b1")
v = sp.symbols("v0 v1")
c, y = sp.symbols("c y")


def symbolic_sigmoid(z):
    return 1 / (1 + sp.exp(-z))


Z1 = [w[0, j] * x[0] + w[1, j] * x[1] + b[j] for j in range(2)]
A1 = [symbolic_sigmoid(z) for z in Z1]
Z2 = v[0] * A1[0] + v[1] * A1[1] + c
A2 = symbolic_sigmoid(Z2)
C = (A2 - y) ** 2 / 2
DELTA2 = (A2 - y) * A2 * (1 - A2)
DELTA1 = [v[j] * A1[j] * (1 - A1[j]) * DELTA2 for j in range(2)]


def s(z):
    return 1 / (1 + anp.exp(-z))


def cost(theta, x, y):
    W1, b1, w2, b2 = anp.reshape(theta[:4], (2, 2)), theta[4:6], theta[6:8], theta[8]
    return 0.5 * (s(anp.dot(w2, s(anp.dot(x, W1) + b1)) + b2) - y) ** 2


def printed(theta, x, y):
    """The nine derivatives one by one, in the order of theta: W1 row by row, b1, w2, b2."""
    w00, w01, w10, w11, b0, b1, v0, v1, c = theta
    a0 = s(w00 * x[0] + w10 * x[1] + b0)
    a1 = s(w01 * x[0] + w11 * x[1] + b1)
    a2 = s(v0 * a0 + v1 * a1 + c)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta10, delta11 = v0 * a0 * (1 - a0) * delta2, v1 * a1 * (1 - a1) * delta2
    return np.array(
        [
            delta10 * x[0],
            delta11 * x[0],
            delta10 * x[1],
            delta11 * x[1],
            delta10,
            delta11,
            delta2 * a0,
            delta2 * a1,
            delta2,
        ]
    )


def vanishes(expression, discrepancy):
    residual = sp.simplify(expression)
    discrepancy(residual)
    return residual == 0


@pytest.mark.equation("eq-two-delta2", method="sympy")
def test_error_of_the_output(discrepancy):
    z = sp.symbols("z")
    f = symbolic_sigmoid(z)
    assert vanishes(sp.diff((f - y) ** 2 / 2, z) - (f - y) * sp.diff(f, z), discrepancy)


@pytest.mark.equation("eq-two-dw2", method="sympy")
@pytest.mark.equation("eq-two-db2", method="sympy")
def test_derivatives_of_the_output_layer(discrepancy):
    for i in range(2):
        assert vanishes(sp.diff(C, v[i]) - DELTA2 * A1[i], discrepancy)
    assert vanishes(sp.diff(C, c) - DELTA2, discrepancy)


@pytest.mark.equation("eq-two-dz2-dz1", method="sympy")
@pytest.mark.equation("eq-two-delta1", method="sympy")
def test_errors_of_the_hidden_nodes(discrepancy):
    z = sp.symbols("z0 z1")
    a = [symbolic_sigmoid(z[j]) for j in range(2)]
    z2 = v[0] * a[0] + v[1] * a[1] + c
    a2 = symbolic_sigmoid(z2)
    for j in range(2):
        assert vanishes(sp.diff(z2, z[j]) - v[j] * sp.diff(a[j], z[j]), discrepancy)
        delta = v[j] * sp.diff(a[j], z[j]) * (a2 - y) * a2 * (1 - a2)
        assert vanishes(sp.diff((a2 - y) ** 2 / 2, z[j]) - delta, discrepancy)


@pytest.mark.equation("eq-two-dw1", method="sympy")
@pytest.mark.equation("eq-two-four-weights", method="sympy")
@pytest.mark.equation("eq-two-db1", method="sympy")
def test_derivatives_of_the_hidden_layer(discrepancy):
    four = {
        w[0, 0]: DELTA1[0] * x[0],
        w[0, 1]: DELTA1[1] * x[0],
        w[1, 0]: DELTA1[0] * x[1],
        w[1, 1]: DELTA1[1] * x[1],
    }
    for weight, formula in four.items():
        assert vanishes(sp.diff(C, weight) - formula, discrepancy)
    for j in range(2):
        assert vanishes(sp.diff(C, b[j]) - DELTA1[j], discrepancy)


@pytest.mark.equation("eq-two-dw2", method="central differences")
@pytest.mark.equation("eq-two-db2", method="central differences")
@pytest.mark.equation("eq-two-delta1", method="central differences")
@pytest.mark.equation("eq-two-four-weights", method="central differences")
@pytest.mark.equation("eq-two-db1", method="central differences")
def test_nine_derivatives_numerically(rng, discrepancy):
    for _ in range(5):
        theta, x, y = rng.normal(size=9), rng.normal(size=2), rng.uniform()
        measured = central_difference(lambda t, x=x, y=y: cost(t, x, y), theta)
        error = np.abs(printed(theta, x, y) - measured).max()
        discrepancy(error)
        assert error < 1e-9


@pytest.mark.equation("eq-two-dw2", method="autograd")
@pytest.mark.equation("eq-two-db2", method="autograd")
@pytest.mark.equation("eq-two-four-weights", method="autograd")
@pytest.mark.equation("eq-two-db1", method="autograd")
def test_nine_derivatives_by_autograd(rng, discrepancy):
    for _ in range(5):
        theta, x, y = rng.normal(size=9), rng.normal(size=2), rng.uniform()
        error = np.abs(printed(theta, x, y) - autograd.grad(cost)(theta, x, y)).max()
        discrepancy(error)
        assert error < 1e-14


@pytest.mark.equation("eq-two-outer", method="central differences")
@pytest.mark.equation("eq-two-dw1", method="central differences")
def test_outer_product(rng, discrepancy):
    theta, x, y = rng.normal(size=9), rng.normal(size=2), 0.3
    delta1 = printed(theta, x, y)[4:6]
    measured = central_difference(lambda t: cost(t, x, y), theta)[:4].reshape(2, 2)
    error = np.abs(x[:, None] @ delta1[None, :] - measured).max()
    discrepancy(error)
    assert error < 1e-9


@pytest.mark.equation("eq-two-transposed", method="numeric")
@pytest.mark.equation("eq-two-dv", method="central differences")
def test_the_other_convention(rng, discrepancy):
    W, b, a, w2, y = rng.normal(size=(2, 2)), rng.normal(size=2), rng.normal(size=2), rng.normal(size=2), 0.4
    V = W.T
    error = np.abs((V @ a[:, None]).ravel() + b - (a @ W + b)).max()
    discrepancy(error)
    assert error < 1e-14

    def cost_of_v(V):
        return 0.5 * (s(w2 @ s(V @ a + b)) - y) ** 2

    hidden = s(V @ a + b)
    out = s(w2 @ hidden)
    delta1 = w2 * hidden * (1 - hidden) * (out - y) * out * (1 - out)
    with_indices = np.array([[delta1[i] * a[j] for j in range(2)] for i in range(2)])
    error = np.abs(with_indices - central_difference(cost_of_v, V)).max()
    discrepancy(error)
    assert error < 1e-9


@pytest.mark.equation("eq-two-xor", method="numeric")
def test_xor_by_hand(discrepancy):
    W1, b1 = np.array([[20.0, -20.0], [20.0, -20.0]]), np.array([-10.0, 30.0])
    w2, b2 = np.array([20.0, 20.0]), -30.0
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    outputs = s(s(X @ W1 + b1) @ w2 + b2)
    error = np.abs(outputs - np.array([0, 1, 1, 0])).max()
    discrepancy(error)
    assert error < 1e-4


@pytest.mark.equation("eq-two-symmetry", method="sympy")
def test_equal_nodes_get_equal_gradients(discrepancy):
    equal = {w[0, 1]: w[0, 0], w[1, 1]: w[1, 0], b[1]: b[0], v[1]: v[0]}
    pairs = [(w[0, 0], w[0, 1]), (w[1, 0], w[1, 1]), (b[0], b[1]), (v[0], v[1])]
    for one, other in pairs:
        assert vanishes((sp.diff(C, one) - sp.diff(C, other)).subs(equal), discrepancy)
