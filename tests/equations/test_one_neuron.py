"""The equations of one sigmoid neuron, as printed in book/one-neuron.md."""

from __future__ import annotations

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp

from fysstk_nn.gradcheck import central_difference

x, y, w1, b1 = sp.symbols("x y w1 b1", real=True)
z = sp.symbols("z", real=True)
sigma = 1 / (1 + sp.exp(-z))
a1 = sigma.subs(z, w1 * x + b1)
C = (a1 - y) ** 2 / 2


def s(z):
    return 1 / (1 + anp.exp(-z))


def cost(parameters, x, y):
    return 0.5 * (s(parameters[0] * x + parameters[1]) - y) ** 2


@pytest.mark.equation("eq-one-sigmoid-derivative", method="sympy")
def test_slope_of_the_sigmoid(discrepancy):
    split = 1 / (1 + sp.exp(-z)) - 1 / (1 + sp.exp(-z)) ** 2
    for printed in (split, sigma * (1 - sigma)):
        residual = sp.simplify(sp.diff(sigma, z) - printed)
        discrepancy(residual)
        assert residual == 0


@pytest.mark.equation("eq-one-sigmoid-derivative", method="central differences")
def test_slope_of_the_sigmoid_numerically(discrepancy):
    points = np.linspace(-6, 6, 13)
    measured = central_difference(lambda z: np.sum(s(z)), points)
    error = np.abs(s(points) * (1 - s(points)) - measured).max()
    discrepancy(error)
    assert error < 1e-9


@pytest.mark.equation("eq-one-sigmoid-bound", method="sympy")
def test_the_slope_is_at_most_a_quarter(discrepancy):
    a = sp.symbols("a", positive=True)
    assert sp.solve(sp.diff(a * (1 - a), a), a) == [sp.Rational(1, 2)]
    residual = (a * (1 - a)).subs(a, sp.Rational(1, 2)) - sp.Rational(1, 4)
    discrepancy(residual)
    assert residual == 0
    slope = s(np.linspace(-30, 30, 601)) * (1 - s(np.linspace(-30, 30, 601)))
    assert np.all(slope > 0) and slope.max() == slope[300] == 0.25


@pytest.mark.equation("eq-one-chain", method="sympy")
def test_the_chain_has_three_factors(discrepancy):
    a = sp.symbols("a")
    dC_da = sp.diff((a - y) ** 2 / 2, a).subs(a, a1)
    da_dz = sp.diff(sigma, z).subs(z, w1 * x + b1)
    dz_dw = sp.diff(w1 * x + b1, w1)
    residual = sp.simplify(sp.diff(C, w1) - dC_da * da_dz * dz_dw)
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-one-dc-da", method="sympy")
def test_derivative_of_the_cost(discrepancy):
    a = sp.symbols("a")
    residual = sp.simplify(sp.diff((a - y) ** 2 / 2, a) - (a - y))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-one-delta", method="sympy")
def test_delta_is_the_derivative_with_respect_to_z(discrepancy):
    residual = sp.simplify(sp.diff((sigma - y) ** 2 / 2, z) - (sigma - y) * sp.diff(sigma, z))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-one-dw", method="sympy")
@pytest.mark.equation("eq-one-db", method="sympy")
def test_the_two_derivatives(discrepancy):
    delta = (a1 - y) * a1 * (1 - a1)
    for parameter, printed in ((w1, delta * x), (b1, delta)):
        residual = sp.simplify(sp.diff(C, parameter) - printed)
        discrepancy(residual)
        assert residual == 0


@pytest.mark.equation("eq-one-dw", method="central differences")
@pytest.mark.equation("eq-one-db", method="central differences")
@pytest.mark.parametrize("sample", [(2.0, 1.0, 0.3, -0.2), (-1.5, 0.0, 1.2, 0.7), (0.4, 0.5, -2.0, 1.0)])
def test_the_two_derivatives_numerically(sample, discrepancy):
    x, y, w, b = sample
    a = s(w * x + b)
    delta = (a - y) * a * (1 - a)
    error = np.abs(
        np.array([delta * x, delta]) - central_difference(lambda p: cost(p, x, y), np.array([w, b]))
    ).max()
    discrepancy(error)
    assert error < 1e-9


@pytest.mark.equation("eq-one-dw", method="autograd")
@pytest.mark.equation("eq-one-db", method="autograd")
def test_the_two_derivatives_by_autograd(discrepancy):
    x, y, w, b = 2.0, 1.0, 0.3, -0.2
    a = s(w * x + b)
    delta = (a - y) * a * (1 - a)
    error = np.abs(np.array([delta * x, delta]) - autograd.grad(cost)(np.array([w, b]), x, y)).max()
    discrepancy(error)
    assert error < 1e-14


@pytest.mark.equation("eq-one-example", method="sympy")
def test_the_example(discrepancy):
    at = {x: 2, y: 1, w1: 0, b1: 0}
    delta = sp.diff((sigma - 1) ** 2 / 2, z).subs(z, 0)
    residuals = [
        delta + sp.Rational(1, 8),
        sp.diff(C, w1).subs(at) + sp.Rational(1, 4),
        sp.diff(C, b1).subs(at) + sp.Rational(1, 8),
    ]
    discrepancy(max(abs(r) for r in residuals))
    assert residuals == [0, 0, 0]


@pytest.mark.equation("eq-one-decrease", method="sympy")
def test_first_order_decrease(discrepancy):
    eta = sp.symbols("eta", positive=True)
    dw, db = sp.diff(C, w1), sp.diff(C, b1)
    after = C.subs({w1: w1 - eta * dw, b1: b1 - eta * db}, simultaneous=True)
    slope = sp.diff(after, eta).subs(eta, 0)
    delta = (a1 - y) * a1 * (1 - a1)
    point = {x: sp.Rational(7, 5), y: sp.Rational(1, 3), w1: sp.Rational(4, 5), b1: sp.Rational(-2, 5)}
    for printed in (-(dw**2 + db**2), -(delta**2) * (1 + x**2)):
        residual = abs(sp.N((slope - printed).subs(point), 30))
        discrepancy(residual)
        assert residual < 1e-25


@pytest.mark.equation("eq-one-decrease", method="numeric")
def test_first_order_decrease_numerically(discrepancy):
    x, y, w, b, eta = 1.4, 0.3, 0.8, -0.4, 1e-5
    a = s(w * x + b)
    delta = (a - y) * a * (1 - a)
    measured = cost([w - eta * delta * x, b - eta * delta], x, y) - cost([w, b], x, y)
    error = abs(measured + eta * delta**2 * (1 + x**2)) / eta
    discrepancy(error)
    assert error < 1e-6


@pytest.mark.equation("eq-one-delta-zero-target", method="sympy")
def test_delta_for_the_target_zero(discrepancy):
    residual = sp.simplify(sp.diff(sigma**2 / 2, z) - sigma**2 * (1 - sigma))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-one-delta-max", method="sympy")
def test_largest_delta(discrepancy):
    a = sp.symbols("a", positive=True)
    delta = a**2 * (1 - a)
    assert sp.solve(sp.diff(delta, a), a) == [sp.Rational(2, 3)]
    residual = delta.subs(a, sp.Rational(2, 3)) - sp.Rational(4, 27)
    discrepancy(residual)
    assert residual == 0
    assert abs(4 / 27 - 0.148) < 5e-4


@pytest.mark.equation("eq-one-delta-tail", method="sympy")
def test_tail_of_delta(discrepancy):
    ratio = sp.limit(sigma**2 * (1 - sigma) * sp.exp(z), z, sp.oo)
    discrepancy(abs(ratio - 1))
    assert ratio == 1


@pytest.mark.equation("eq-one-delta-tail", method="numeric")
def test_tail_of_delta_numerically(discrepancy):
    far = 12.0
    error = abs(s(far) ** 2 * (1 - s(far)) - np.exp(-far))
    discrepancy(error)
    assert error < 4 * np.exp(-2 * far)


@pytest.mark.equation("eq-one-curvature", method="sympy")
def test_curvature(discrepancy):
    residual = sp.simplify(sp.diff(sigma**2 / 2, z, 2) - sigma**2 * (1 - sigma) * (2 - 3 * sigma))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-one-batch", method="central differences")
def test_gradient_of_the_mean_cost(rng, discrepancy):
    x, y, parameters = rng.normal(size=6), rng.uniform(size=6), rng.normal(size=2)
    a = s(parameters[0] * x + parameters[1])
    delta = (a - y) * a * (1 - a)
    printed = np.array([np.mean(delta * x), np.mean(delta)])
    error = np.abs(printed - central_difference(lambda p: np.mean(cost(p, x, y)), parameters)).max()
    discrepancy(error)
    assert error < 1e-9
