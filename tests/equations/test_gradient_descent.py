"""The equations of book/gradient-descent.md: directions, stability, batches, the noise floor."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import sympy as sp

from fysstk_nn.gradcheck import central_difference, jacobian_central


def rosenbrock(v):
    return (1 - v[0]) ** 2 + 5 * (v[1] - v[0] ** 2) ** 2


@pytest.mark.equation("eq-gd-linear", method="central differences")
def test_first_order_change(rng, discrepancy):
    v, direction, t = np.array([0.4, -0.3]), rng.normal(size=2), 1e-5
    gradient = central_difference(rosenbrock, v)
    change = (rosenbrock(v + t * direction) - rosenbrock(v - t * direction)) / 2
    error = abs(change - gradient @ (t * direction)) / t
    discrepancy(error)
    assert error < 1e-7


@pytest.mark.equation("eq-gd-cauchy", method="numeric")
def test_no_direction_falls_faster(rng, discrepancy):
    for size in (2, 5, 50):
        gradient, epsilon = rng.normal(size=size), 0.3
        best = -epsilon * gradient / np.linalg.norm(gradient)
        error = abs(gradient @ best + epsilon * np.linalg.norm(gradient))
        discrepancy(error)
        assert error < 1e-12
        others = rng.normal(size=(2000, size))
        others *= epsilon / np.linalg.norm(others, axis=1, keepdims=True)
        assert np.all(others @ gradient >= gradient @ best)


@pytest.mark.equation("eq-gd-distance", method="sympy")
def test_distance_on_a_parabola(discrepancy):
    theta, optimum, rate, curvature = sp.symbols("theta theta_s eta lambda")
    position = theta
    slope = sp.diff(curvature * (theta - optimum) ** 2 / 2, theta)
    for k in range(1, 5):
        position = sp.expand(position - rate * slope.subs(theta, position))
        residual = sp.expand(position - optimum - (1 - rate * curvature) ** k * (theta - optimum))
        discrepancy(residual)
        assert residual == 0


@pytest.mark.equation("eq-gd-stable", method="sympy")
def test_limit_of_stability(discrepancy):
    rate, curvature = sp.symbols("eta lambda", positive=True)
    ends = sp.solve(sp.Eq((1 - rate * curvature) ** 2, 1), rate)
    discrepancy(abs(sp.simplify(ends[0] - 2 / curvature)))
    assert ends == [2 / curvature]
    for eta, stable in ((0.1, True), (1.0, True), (1.99, True), (2.01, False), (5.0, False)):
        assert (abs(1 - eta) < 1) is stable


@pytest.mark.equation("eq-gd-best-rate", method="numeric")
def test_best_rate(discrepancy):
    for low, high in ((0.1, 1.0), (0.5, 0.6), (1.0, 100.0)):
        factor = lambda eta, low=low, high=high: max(abs(1 - eta * low), abs(1 - eta * high))  # noqa: E731
        best, kappa = 2 / (low + high), high / low
        error = abs(factor(best) - (kappa - 1) / (kappa + 1))
        discrepancy(error)
        assert error < 1e-12
        assert all(factor(best) <= factor(eta) for eta in np.linspace(0, 2 / high, 1001))
    assert abs(99 / 101 - 0.98) < 1e-3


@pytest.mark.equation("eq-gd-ols-gradient", method="central differences")
def test_gradient_and_curvature_of_least_squares(rng, discrepancy):
    X, y, theta = rng.normal(size=(9, 3)), rng.normal(size=9), rng.normal(size=3)
    n = len(X)
    measured = central_difference(lambda t: (X @ t - y) @ (X @ t - y) / (2 * n), theta)
    error = np.abs(X.T @ (X @ theta - y) / n - measured).max()
    hessian = jacobian_central(lambda t: X.T @ (X @ t - y) / n, theta)
    error = max(error, np.abs(X.T @ X / n - hessian).max())
    discrepancy(error)
    assert error < 1e-8


@pytest.mark.equation("eq-gd-unbiased", method="numeric")
@pytest.mark.equation("eq-gd-variance", method="numeric")
@pytest.mark.parametrize("m", [1, 2, 3, 6])
def test_all_batches_of_a_small_data_set(m, rng, discrepancy):
    gradients = rng.normal(size=6)
    n = len(gradients)
    batches = np.array([np.mean(batch) for batch in itertools.combinations(gradients, m)])
    error = abs(batches.mean() - gradients.mean())
    error = max(error, abs(batches.var() - gradients.var() / m * (n - m) / (n - 1)))
    discrepancy(error)
    assert error < 1e-13


@pytest.mark.equation("eq-gd-floor", method="sympy")
def test_noise_floor(discrepancy):
    rate, curvature, s, D = sp.symbols("eta lambda s D", positive=True)
    (floor,) = sp.solve(sp.Eq(D, (1 - rate * curvature) ** 2 * D + rate**2 * s**2), D)
    residual = sp.simplify(floor - rate * s**2 / (curvature * (2 - rate * curvature)))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-gd-floor", method="numeric")
def test_noise_floor_by_simulation(rng, discrepancy):
    rate, curvature, s = 0.3, 1.5, 0.8
    distance = np.zeros(20_000)
    for _ in range(100):
        distance = distance - rate * (curvature * distance + s * rng.normal(size=distance.size))
    predicted = rate * s**2 / (curvature * (2 - rate * curvature))
    error = abs(np.mean(distance**2) - predicted)
    discrepancy(error)
    assert error < 0.05 * predicted
