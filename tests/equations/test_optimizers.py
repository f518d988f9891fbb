"""The equations of book/optimizers.md, checked on the rules written out in plain Python."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from fysstk_nn.optimizers import AdaGrad, Adam, Momentum, Nesterov, RMSProp


def walk(optimizer, gradient, theta, steps):
    """The package's optimizer, step by step."""
    theta = np.array(theta, dtype=float)
    state, path = optimizer.init(theta), [theta.copy()]
    for _ in range(steps):
        optimizer.step(theta, np.asarray(gradient(theta), dtype=float), state)
        path.append(theta.copy())
    return np.array(path)


H = np.array([[3.0, 1.0], [1.0, 2.0]])


@pytest.mark.equation("eq-opt-momentum-sum", method="sympy")
def test_velocity_is_a_weighted_sum(discrepancy):
    beta = sp.symbols("beta")
    g = sp.symbols("g1:6")
    v = sp.Integer(0)
    for t in range(1, 6):
        v = beta * v + g[t - 1]
        residual = sp.expand(v - sum(beta ** (t - s) * g[s - 1] for s in range(1, t + 1)))
        discrepancy(residual)
        assert residual == 0


@pytest.mark.equation("eq-opt-terminal", method="sympy")
def test_terminal_velocity(discrepancy):
    beta, g, v = sp.symbols("beta g v")
    (at_rest,) = sp.solve(sp.Eq(v, beta * v + g), v)
    residual = sp.simplify(at_rest - g / (1 - beta))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-opt-conventions", method="numeric")
def test_two_conventions_one_path(rng, discrepancy):
    for beta in (0.0, 0.5, 0.9):
        start, eta = rng.normal(size=2), 0.05
        velocity, dampened = np.zeros(2), np.zeros(2)
        a, b = start.copy(), start.copy()
        for _ in range(30):
            velocity = beta * velocity + H @ a
            a = a - eta * velocity
            dampened = beta * dampened + (1 - beta) * H @ b
            b = b - eta / (1 - beta) * dampened
        package = walk(Momentum(eta / (1 - beta), beta=beta, dampened=True), lambda t: H @ t, start, 30)[-1]
        error = max(np.abs(a - b).max(), np.abs(a - package).max())
        discrepancy(error)
        assert error < 1e-12


def radius(eta, beta, curvature):
    """Spectral radius of one step of momentum on a parabola, for (theta, v)."""
    step = np.array([[1 - eta * curvature, -eta * beta], [curvature, beta]])
    return np.abs(np.linalg.eigvals(step)).max()


@pytest.mark.equation("eq-opt-stable", method="numeric")
def test_limit_of_stability(discrepancy):
    for beta in (0.0, 0.3, 0.9):
        limit = 2 * (1 + beta)
        error = abs(radius(limit, beta, 1.0) - 1)
        discrepancy(error)
        assert error < 1e-7
        assert radius(0.999 * limit, beta, 1.0) < 1 < radius(1.001 * limit, beta, 1.0)
        assert radius(0.001, beta, 1.0) < 1


@pytest.mark.equation("eq-opt-root-kappa", method="numeric")
def test_root_of_the_condition_number(discrepancy):
    for low, high in ((1.0, 25.0), (0.1, 10.0), (1.0, 100.0)):
        root = np.sqrt(high / low)
        eta = 4 / (np.sqrt(high) + np.sqrt(low)) ** 2
        beta = ((root - 1) / (root + 1)) ** 2
        error = abs(max(radius(eta, beta, low), radius(eta, beta, high)) - (root - 1) / (root + 1))
        discrepancy(error)
        assert error < 1e-6  # a double eigenvalue: roots of rounding errors
    assert abs(1 - 9 / 11 - 0.18) < 5e-3


@pytest.mark.equation("eq-opt-nesterov", method="numeric")
def test_the_look_ahead_point(rng, discrepancy):
    eta, beta = 0.08, 0.8
    theta, v = rng.normal(size=2), np.zeros(2)
    phi, u = theta.copy(), np.zeros(2)
    package = walk(Nesterov(eta, beta=beta), lambda t: H @ t, theta, 30)
    for t in range(30):
        v = beta * v + H @ (theta - eta * beta * v)
        theta = theta - eta * v
        g = H @ phi
        u = beta * u + g
        phi = phi - eta * (g + beta * u)
        error = max(np.abs(phi - (theta - eta * beta * v)).max(), np.abs(phi - package[t + 1]).max())
        discrepancy(error)
        assert error < 1e-12


@pytest.mark.equation("eq-opt-adagrad-steps", method="numeric")
def test_adagrad_on_a_slope(discrepancy):
    g = np.array([1e-2, 3.0, -50.0])
    path = walk(AdaGrad(0.5, epsilon=1e-300), lambda _: g, np.zeros(3), 20)
    for t in range(1, 21):
        error = np.abs(np.abs(path[t] - path[t - 1]) - 0.5 / np.sqrt(t)).max()
        discrepancy(error)
        assert error < 1e-12


@pytest.mark.equation("eq-opt-rmsprop-limit", method="numeric")
def test_rmsprop_on_a_slope(discrepancy):
    g = np.array([1e-2, 3.0, -50.0])
    path = walk(RMSProp(0.1, rho=0.9, epsilon=1e-300), lambda _: g, np.zeros(3), 400)
    error = np.abs(path[-1] - path[-2] + 0.1 * np.sign(g)).max()
    discrepancy(error)
    assert error < 1e-12


@pytest.mark.equation("eq-opt-adam-bias", method="sympy")
def test_means_of_a_constant_gradient(discrepancy):
    beta, g = sp.symbols("beta g")
    m = sp.Integer(0)
    for t in range(1, 7):
        m = beta * m + (1 - beta) * g
        residual = sp.expand(m - (1 - beta**t) * g)
        discrepancy(residual)
        assert residual == 0


@pytest.mark.equation("eq-opt-adam-first", method="numeric")
def test_first_step_of_adam(rng, discrepancy):
    g = rng.normal(size=5) * 10.0 ** np.arange(-3, 2)
    first = walk(Adam(0.01, epsilon=1e-300), lambda _: g, np.zeros(5), 1)[1]
    error = np.abs(first + 0.01 * np.sign(g)).max()
    discrepancy(error)
    assert error < 1e-15
    assert abs(0.1 / np.sqrt(0.001) - 3.2) < 0.05


@pytest.mark.equation("eq-opt-adam-scale", method="numeric")
def test_adam_does_not_see_the_scale(rng, discrepancy):
    start = rng.normal(size=2)
    paths = [walk(Adam(0.05, epsilon=1e-300), lambda t, c=c: c * H @ t, start, 40) for c in (1.0, 50.0, 1e-4)]
    error = max(np.abs(paths[0] - other).max() for other in paths[1:])
    discrepancy(error)
    assert error < 1e-10


@pytest.mark.equation("eq-opt-newton", method="numeric")
def test_newton_reaches_the_minimum_of_a_parabola(rng, discrepancy):
    for size in (1, 3, 8):
        A = rng.normal(size=(size, size))
        curvature, optimum, theta = A @ A.T + np.eye(size), rng.normal(size=size), rng.normal(size=size)
        gradient = curvature @ (theta - optimum)
        error = np.abs(theta - np.linalg.solve(curvature, gradient) - optimum).max()
        discrepancy(error)
        assert error < 1e-10


@pytest.mark.equation("eq-opt-saddle", method="numeric")
def test_leaving_a_saddle(discrepancy):
    eta, delta, y = 0.1, 1e-6, 1e-6
    for t in range(1, 100):
        y = y - eta * (-y)
        error = abs(y - (1 + eta) ** t * delta)
        discrepancy(error)
        assert error < 1e-12
