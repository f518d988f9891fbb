"""The equations of book/activations.md, as printed."""

import numpy as np
import pytest
import sympy as sp

from fysstk_nn.activations import ELU, LeakyReLU, elu, sigmoid, softmax, softplus, tanh
from fysstk_nn.gradcheck import central_difference, jacobian_central
from fysstk_nn.mlp import MLP

z = sp.Symbol("z", real=True)
SIGMA = 1 / (1 + sp.exp(-z))
Z = np.linspace(-6.05, 6.05, 122)  # no point at a kink


@pytest.mark.equation("eq-act-reflection", method="sympy")
def test_reflection(discrepancy):
    residual = sp.simplify(SIGMA.subs(z, -z) - (1 - SIGMA))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-act-tanh", method="sympy")
def test_tanh_is_a_scaled_sigmoid(discrepancy):
    residual = sp.simplify((sp.tanh(z) - (2 * SIGMA.subs(z, 2 * z) - 1)).rewrite(sp.exp))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-act-tanh", method="numeric")
def test_tanh_is_a_scaled_sigmoid_in_the_package(discrepancy):
    error = np.abs(tanh(Z) - (2 * sigmoid(2 * Z) - 1)).max()
    discrepancy(error)
    assert error < 1e-14


@pytest.mark.equation("eq-act-tanh-slope", method="sympy")
def test_slope_of_tanh(discrepancy):
    residual = sp.simplify((sp.diff(sp.tanh(z), z) - (1 - sp.tanh(z) ** 2)).rewrite(sp.exp))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-act-leaky", method="proof by cases")
@pytest.mark.parametrize("sign", [1, -1])
def test_leaky_relu_without_cases(sign, discrepancy):
    alpha, size = sp.symbols("alpha size", positive=True)
    value = sign * size
    printed = sp.Max(0, value) - alpha * sp.Max(0, -value)
    residual = sp.simplify(printed - (value if sign > 0 else alpha * value))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-act-leaky", method="numeric")
@pytest.mark.parametrize("alpha", [0.01, 0.3])
def test_leaky_relu_of_the_package(alpha, discrepancy):
    error = np.abs(LeakyReLU(alpha)(Z) - (np.maximum(Z, 0) - alpha * np.maximum(-Z, 0))).max()
    discrepancy(error)
    assert error < 1e-14


@pytest.mark.equation("eq-act-elu-slope", method="sympy")
def test_slope_of_elu_from_its_output(discrepancy):
    alpha = sp.Symbol("alpha", positive=True)
    a = alpha * (sp.exp(z) - 1)  # the branch z < 0
    residual = sp.simplify(sp.diff(a, z) - (a + alpha))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-act-elu-slope", method="central differences")
@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_slope_of_elu_numerically(alpha, discrepancy):
    a = ELU(alpha)(Z)
    printed = np.where(a > 0, 1.0, a + alpha)
    numeric = (ELU(alpha)(Z + 1e-5) - ELU(alpha)(Z - 1e-5)) / 2e-5
    error = np.abs(printed - numeric).max()
    discrepancy(error)
    assert error < 1e-8


@pytest.mark.equation("eq-act-elu-smooth", method="sympy")
def test_slope_of_elu_is_continuous_for_alpha_one_only(discrepancy):
    alpha = sp.Symbol("alpha", positive=True)
    left = sp.limit(sp.diff(alpha * (sp.exp(z) - 1), z), z, 0, "-")
    right = sp.limit(sp.diff(z, z), z, 0, "+")
    discrepancy(sp.simplify(left - alpha))
    assert left == alpha
    assert sp.solve(left - right, alpha) == [1]
    assert abs(elu.derivative(-1e-9) - elu.derivative(1e-9)) < 1e-8


@pytest.mark.equation("eq-act-softplus-slope", method="sympy")
def test_slope_of_softplus(discrepancy):
    a = sp.log(1 + sp.exp(z))
    for printed in (SIGMA, 1 - sp.exp(-a)):
        residual = sp.simplify(sp.diff(a, z) - printed)
        discrepancy(residual)
        assert residual == 0


@pytest.mark.equation("eq-act-softplus-slope", method="central differences")
def test_slope_of_softplus_numerically(discrepancy):
    numeric = (softplus(Z + 1e-5) - softplus(Z - 1e-5)) / 2e-5
    error = max(np.abs(numeric - sigmoid(Z)).max(), np.abs(numeric - (1 - np.exp(-softplus(Z)))).max())
    discrepancy(error)
    assert error < 1e-9


@pytest.mark.equation("eq-act-softplus-stable", method="numeric")
def test_stable_softplus(discrepancy):
    rest = np.log(1 + np.exp(-np.abs(Z)))
    error = np.abs(np.maximum(0, Z) + rest - np.log(1 + np.exp(Z))).max()
    discrepancy(error)
    assert error < 1e-13
    assert (rest > 0).all() and (rest < np.log(2)).all()
    far = np.array([-1e4, 1e4])
    assert np.array_equal(np.maximum(0, far) + np.log(1 + np.exp(-np.abs(far))), [0, 1e4])


@pytest.mark.equation("eq-act-softmax-shift", method="sympy")
def test_softmax_sees_differences_only(discrepancy):
    x, c = sp.symbols("x:4", real=True), sp.Symbol("c", real=True)
    for i in range(4):
        a = sp.exp(x[i]) / sum(sp.exp(v) for v in x)
        shifted = a.subs({v: v + c for v in x}, simultaneous=True)
        residual = sp.simplify(shifted - a)
        discrepancy(residual)
        assert residual == 0


@pytest.mark.equation("eq-act-softmax-shift", method="numeric")
def test_softmax_of_the_package_sees_differences_only(rng, discrepancy):
    rows = rng.normal(size=(5, 4))
    error = np.abs(softmax(rows + 1000.0) - softmax(rows)).max()
    discrepancy(error)
    assert error < 1e-12


@pytest.mark.equation("eq-act-softmax-two", method="numeric")
def test_softmax_of_two_classes_is_a_sigmoid(rng, discrepancy):
    rows = rng.normal(scale=3, size=(50, 2))
    error = np.abs(softmax(rows)[:, 0] - sigmoid(rows[:, 0] - rows[:, 1])).max()
    discrepancy(error)
    assert error < 1e-14


@pytest.mark.equation("eq-act-softmax-jacobian", method="sympy")
def test_jacobian_of_softmax(discrepancy):
    x = sp.symbols("x:3", real=True)
    a = [sp.exp(v) / sum(sp.exp(u) for u in x) for v in x]
    for i in range(3):
        for j in range(3):
            residual = sp.simplify(sp.diff(a[i], x[j]) - a[i] * (int(i == j) - a[j]))
            discrepancy(residual)
            assert residual == 0


@pytest.mark.equation("eq-act-softmax-jacobian", method="central differences")
def test_jacobian_of_softmax_numerically(rng, discrepancy):
    row = rng.normal(size=5)
    a = softmax(row)
    printed = a[:, None] * (np.eye(5) - a)
    error = np.abs(printed - jacobian_central(softmax, row)).max()
    discrepancy(error)
    assert error < 1e-9


@pytest.mark.equation("eq-act-softmax-pull-back", method="central differences")
def test_delta_through_softmax(rng, discrepancy):
    row, y = rng.normal(size=6), rng.normal(size=6)

    def cost(row):
        return 0.5 * np.sum((softmax(row) - y) ** 2)

    a = softmax(row)
    g = a - y
    printed = a * (g - g @ a)
    error = np.abs(printed - central_difference(cost, row)).max()
    discrepancy(error)
    assert error < 1e-9


@pytest.mark.equation("eq-act-dead", method="central differences")
def test_a_dead_unit_has_no_gradient(rng, discrepancy):
    net = MLP((3, 4, 2), hidden="relu")
    params, X, y = net.init("he", rng=rng), rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
    params.b[1][2] = -100.0
    assert (net.forward(params, X).z[1][:, 2] <= 0).all()

    def cost(column):
        changed = params.copy()
        changed.W[1][:, 2], changed.b[1][2] = column[:3], column[3]
        return net.cost_of(changed, X, y)

    column = np.append(params.W[1][:, 2], params.b[1][2])
    gradient = net.gradient(params, X, y)
    own = np.append(gradient.W[1][:, 2], gradient.b[1][2])
    error = max(np.abs(own).max(), np.abs(central_difference(cost, column)).max())
    discrepancy(error)
    assert error == 0
    assert np.abs(gradient.W[1][:, [0, 1, 3]]).max() > 0
