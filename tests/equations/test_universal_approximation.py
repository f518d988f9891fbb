"""The constructions and bounds of book/universal-approximation.md."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

z, u, k = sp.symbols("z u k", positive=True)


def sigma(z):
    return 1 / (1 + np.exp(-z))


def symbolic_sigma(z):
    return 1 / (1 + sp.exp(-z))


def F(x):
    return np.sin(2 * np.pi * x) + 0.5 * x**2


LARGEST_SLOPE = 2 * np.pi + 1
LARGEST_CURVATURE = 4 * np.pi**2 + 1


@pytest.mark.equation("eq-ua-collapse", method="numeric")
def test_two_linear_layers_are_one(rng, discrepancy):
    W1, b1, W2, b2 = rng.normal(size=(3, 5)), rng.normal(size=5), rng.normal(size=(5, 2)), rng.normal(size=2)
    x = rng.normal(size=(7, 3))
    error = np.abs((x @ W1 + b1) @ W2 + b2 - (x @ (W1 @ W2) + (b1 @ W2 + b2))).max()
    discrepancy(error)
    assert error < 1e-13


@pytest.mark.equation("eq-ua-collapse", method="sympy")
def test_two_linear_layers_are_one_symbolically(discrepancy):
    x = sp.Matrix(1, 2, sp.symbols("x:2"))
    W1, W2 = sp.Matrix(2, 3, sp.symbols("v:6")), sp.Matrix(3, 2, sp.symbols("w:6"))
    b1, b2 = sp.Matrix(1, 3, sp.symbols("b:3")), sp.Matrix(1, 2, sp.symbols("c:2"))
    residual = ((x * W1 + b1) * W2 + b2 - (x * (W1 * W2) + (b1 * W2 + b2))).expand()
    discrepancy(max(abs(entry) for entry in residual))
    assert residual == sp.zeros(1, 2)


@pytest.mark.equation("eq-ua-step", method="sympy")
def test_a_steep_sigmoid_is_a_step(discrepancy):
    distance = sp.symbols("d", positive=True)
    right = sp.limit(symbolic_sigma(k * distance), k, sp.oo)
    left = sp.limit(symbolic_sigma(-k * distance), k, sp.oo)
    discrepancy(max(abs(right - 1), abs(left)))
    assert (left, right) == (0, 1)


@pytest.mark.equation("eq-ua-step-error", method="sympy")
def test_distance_from_the_step(discrepancy):
    above = sp.simplify(1 - symbolic_sigma(u) - symbolic_sigma(-u))
    margin = sp.simplify(sp.exp(-u) - symbolic_sigma(-u) - sp.exp(-2 * u) / (1 + sp.exp(-u)))
    discrepancy(max(abs(above), abs(margin)))
    assert above == 0 and margin == 0  # exp(-u) exceeds sigma(-u) by exp(-2u)/(1 + exp(-u)) > 0


@pytest.mark.equation("eq-ua-step-error", method="numeric")
def test_distance_from_the_step_numerically(discrepancy):
    x = np.linspace(-1, 1, 401) + 1e-3  # no point lies on the step itself
    for steepness in (1.0, 5.0, 20.0):
        u = steepness * np.abs(x - 0.1)
        error = np.abs(np.abs(sigma(steepness * (x - 0.1)) - (x > 0.1)) - sigma(-u)).max()
        discrepancy(error)
        assert error < 1e-12
        assert np.all(sigma(-u) < np.exp(-u))


@pytest.mark.equation("eq-ua-tanh", method="sympy")
def test_tanh_is_a_stretched_sigmoid(discrepancy):
    residual = sp.simplify((sp.tanh(z) - (2 * symbolic_sigma(2 * z) - 1)).rewrite(sp.exp))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-ua-bump-height", method="numeric")
def test_height_of_a_bump(rng, discrepancy):
    for _ in range(20):
        left, width, steepness = rng.normal(), rng.uniform(0.1, 2), rng.uniform(1, 20)
        right = left + width
        middle = (left + right) / 2
        height = sigma(steepness * (middle - left)) - sigma(steepness * (middle - right))
        error = abs(height - np.tanh(steepness * (right - left) / 4))
        discrepancy(error)
        assert error < 1e-12
    assert abs(np.tanh(5) - 0.9999) < 1e-5


@pytest.mark.equation("eq-ua-staircase-error", method="numeric")
def test_bound_for_steps(discrepancy):
    x = np.linspace(0, 1, 50_001)
    for m in (2, 5, 16, 64):
        middles = (np.arange(m) + 0.5) / m
        stairs = F(middles[0]) + (x[:, None] > np.arange(1, m) / m) @ np.diff(F(middles))
        excess = np.abs(F(x) - stairs).max() - LARGEST_SLOPE / (2 * m)
        discrepancy(max(excess, 0.0))
        assert excess <= 0


@pytest.mark.equation("eq-ua-polygon", method="numeric")
@pytest.mark.equation("eq-ua-polygon-error", method="numeric")
def test_polygon_and_its_bound(discrepancy):
    x = np.linspace(0, 1, 50_001)
    for m in (2, 5, 16, 64):
        corners = np.arange(m + 1) / m
        slopes = (F(corners[1:]) - F(corners[:-1])) * m
        changes = slopes - np.array([0.0, *slopes[:-1]])

        def P(x, corners=corners, changes=changes):
            return F(0.0) + np.maximum(x[:, None] - corners[:-1], 0) @ changes

        error = np.abs(P(corners) - F(corners)).max()
        discrepancy(error)
        assert error < 1e-12
        assert np.abs(P(x) - np.interp(x, corners, F(corners))).max() < 1e-12
        assert np.abs(P(x) - F(x)).max() <= LARGEST_CURVATURE / (8 * m**2)


@pytest.mark.equation("eq-ua-jump", method="numeric")
def test_no_continuous_function_does_better_than_half_the_jump(rng, discrepancy):
    J, tiny = 3.0, 1e-9
    worst = 0.0
    for _ in range(200):
        v, w, b = rng.normal(size=5), 10 * rng.normal(size=5), rng.normal(size=5)
        left, right = (float(np.sum(v * sigma(w * x + b))) for x in (-tiny, tiny))
        error = max(abs(2.0 - left), abs(2.0 + J - right))
        worst = max(worst, J / 2 - error)
    discrepancy(max(worst, 0.0))
    assert worst < 1e-6


@pytest.mark.equation("eq-ua-jump-l2", method="sympy")
def test_mean_error_at_a_jump(discrepancy):
    t = sp.symbols("t", positive=True)  # t = 1/(1 + exp(u)), so that du = -dt/(t (1 - t))
    one_side = sp.integrate(t / (1 - t), (t, 0, sp.Rational(1, 2)))
    residual = sp.simplify(2 * one_side - (2 * sp.log(2) - 1))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-ua-jump-l2", method="numeric")
def test_mean_error_at_a_jump_numerically(discrepancy):
    from scipy.integrate import quad

    for steepness in (1.0, 4.0, 30.0):
        one_side, _ = quad(lambda x, s=steepness: sigma(-s * x) ** 2, 0, 60 / steepness)
        error = abs(2 * one_side - (2 * np.log(2) - 1) / steepness)
        discrepancy(error)
        assert error < 1e-9
