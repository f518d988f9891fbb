"""The equations of book/limits.md: asymptotics, memory, units, and two laws for one planet."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import sympy as sp

from fysstk_nn.mlp import MLP


def network_on_a_ray(hidden, rng, nodes=7):
    """A network, its output along a ray as a function of t, and alpha, beta, v, b of the ray."""
    net = MLP((3, nodes, 1), hidden=hidden)
    params = net.init(rng=rng)
    params.b[1], params.b[2] = rng.normal(size=nodes), rng.normal(size=1)
    x0, d = rng.normal(size=3), rng.normal(size=3)
    along = lambda t: net.predict(params, x0 + np.atleast_1d(t)[:, None] * d)[:, 0]  # noqa: E731
    alpha, beta = d @ params.W[1], x0 @ params.W[1] + params.b[1]
    return along, alpha, beta, params.W[2][:, 0], params.b[2][0]


@pytest.mark.equation("eq-limits-tanh", method="numeric")
def test_tanh_network_becomes_constant(rng, discrepancy):
    for _ in range(20):
        along, alpha, _, v, b = network_on_a_ray("tanh", rng)
        far = 1e3 / np.abs(alpha).min()
        error = abs(along(far)[0] - (b + v @ np.sign(alpha)))
        discrepancy(error)
        assert error < 1e-12


@pytest.mark.equation("eq-limits-tanh-rate", method="numeric")
def test_rate_of_saturation(rng, discrepancy):
    for _ in range(20):
        along, alpha, beta, v, b = network_on_a_ray("tanh", rng)
        t = np.max(-beta / alpha) + np.linspace(1e-3, 20, 400)
        bound = 2 * np.exp(-2 * np.abs(np.outer(t, alpha) + beta)) @ np.abs(v)
        excess = np.max(np.abs(along(t) - (b + v @ np.sign(alpha))) - bound)
        discrepancy(max(excess, 0))
        assert excess < 1e-13


@pytest.mark.equation("eq-limits-tanh-rate", method="sympy")
def test_tail_of_tanh(discrepancy):
    z = sp.symbols("z", positive=True)
    residual = sp.simplify((1 - sp.tanh(z) - 2 / (sp.exp(2 * z) + 1)).rewrite(sp.exp))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-limits-relu", method="numeric")
def test_relu_network_becomes_linear(rng, discrepancy):
    for _ in range(20):
        along, alpha, beta, v, b = network_on_a_ray("relu", rng)
        last = np.max(-beta / alpha)
        t = last + np.linspace(0, 10, 50)
        on = alpha > 0
        printed = b + (np.outer(t, alpha[on]) + beta[on]) @ v[on]
        error = np.max(np.abs(along(t) - printed) / (1 + np.abs(printed)))
        discrepancy(error)
        assert error < 1e-12


@pytest.mark.equation("eq-limits-homogeneous", method="numeric")
@pytest.mark.parametrize("sizes", [(3, 5, 2), (3, 6, 4, 5, 1)])
def test_homogeneous_without_biases(sizes, rng, discrepancy):
    net = MLP(sizes, hidden="relu")
    params, X = net.init("he", rng=rng), rng.normal(size=(10, 3))
    for c in (0.0, 0.3, 7.0):
        error = np.abs(net.predict(params, c * X) - c * net.predict(params, X)).max()
        discrepancy(error)
        assert error < 1e-12


@pytest.mark.equation("eq-limits-memory", method="numeric")
@pytest.mark.parametrize("width", [40, 60, 200])
def test_random_layer_memorises(width, rng, discrepancy):
    X, Y = rng.normal(size=(40, 5)), np.eye(10)[rng.integers(0, 10, 40)]
    H = np.tanh(X @ rng.normal(size=(5, width)) + rng.normal(size=width))
    assert np.linalg.matrix_rank(H) == 40
    V = np.linalg.pinv(H) @ Y
    error = np.abs(H @ V - Y).max()
    discrepancy(error)
    assert error < 1e-6


@pytest.mark.equation("eq-limits-chance", method="sympy")
def test_chance(discrepancy):
    K, m = 3, 4  # all outcomes of 4 guesses among 3 classes
    share = sp.Rational(1, K)
    mean = square = 0
    for outcome in itertools.product([0, 1], repeat=m):
        weight = sp.prod([share if right else 1 - share for right in outcome])
        accuracy = sp.Rational(sum(outcome), m)
        mean, square = mean + weight * accuracy, square + weight * accuracy**2
    residual = abs(mean - share) + abs(sp.sqrt(square - mean**2) - sp.sqrt(share * (1 - share) / m))
    discrepancy(sp.simplify(residual))
    assert sp.simplify(residual) == 0


@pytest.mark.equation("eq-limits-units", method="sympy")
def test_units(discrepancy):
    w, new, x, c, eta = sp.symbols("w w_n x c eta", positive=True)
    cost = sp.Function("C")
    old = sp.diff(cost(w * x), w)
    in_new_units = sp.diff(cost(new * (c * x)), new).subs(new, w / c).doit()
    residual = sp.simplify(in_new_units - c * old)
    step = sp.simplify(c * (-eta * in_new_units) - (-(c**2) * eta * old))
    discrepancy(abs(residual) + abs(step))
    assert residual == 0
    assert step == 0


@pytest.mark.equation("eq-limits-units", method="numeric")
def test_units_in_a_network(rng, discrepancy):
    net, c, eta = MLP((2, 3, 1), hidden="tanh"), 10.0, 0.1
    params, X, y = net.init(rng=rng), rng.normal(size=(5, 2)), rng.normal(size=5)
    scaled = params.copy()
    scaled.W[1] = params.W[1] / c
    old, new = net.gradient(params, X, y).W[1], net.gradient(scaled, c * X, y).W[1]
    error = max(np.abs(new - c * old).max(), np.abs(c * (-eta * new) + c**2 * eta * old).max())
    discrepancy(error)
    assert error < 1e-12


@pytest.mark.equation("eq-limits-one-hot", method="numeric")
def test_one_hot_distances(discrepancy):
    distance = np.linalg.norm(np.eye(12)[:, None] - np.eye(12)[None], axis=-1)
    error = np.abs(distance[~np.eye(12, dtype=bool)] - np.sqrt(2)).max()
    discrepancy(error)
    assert error < 1e-15


e, M = sp.symbols("e M", real=True)
KEPLER = 2 * e * sp.sin(M) + sp.Rational(5, 4) * e**2 * sp.sin(2 * M)
EQUANT = 2 * e * sp.sin(M) + e**2 * sp.sin(2 * M)


def kepler(mean_anomaly, eccentricity):
    E = mean_anomaly
    for _ in range(100):
        E = mean_anomaly + eccentricity * np.sin(E)
    root = np.sqrt((1 + eccentricity) / (1 - eccentricity))
    return 2 * np.arctan(root * np.tan(E / 2)) - mean_anomaly


def equant(mean_anomaly, eccentricity):
    rho = eccentricity * np.cos(mean_anomaly)
    rho = rho + np.sqrt(1 - (eccentricity * np.sin(mean_anomaly)) ** 2)
    planet = np.array([rho * np.cos(mean_anomaly) - eccentricity, rho * np.sin(mean_anomaly)])
    assert np.allclose(np.hypot(*planet), 1)  # it stays on the circle
    return np.arctan2(planet[1], planet[0] - eccentricity) - mean_anomaly


def residual_of_second_order(law, printed, discrepancy):
    """The printed expansion is off by terms of third order: an eighth for half the eccentricity."""
    angle = np.linspace(-3.1, 3.1, 201)
    series = sp.lambdify((M, e), printed)
    errors = [np.abs(law(angle, size) - series(angle, size)).max() for size in (2e-3, 1e-3)]
    discrepancy(errors[1])
    assert errors[1] < 5e-9
    assert abs(errors[0] / errors[1] - 8) < 0.2


@pytest.mark.equation("eq-limits-kepler", method="numeric")
def test_expansion_of_kepler(discrepancy):
    residual_of_second_order(kepler, KEPLER, discrepancy)


@pytest.mark.equation("eq-limits-equant", method="numeric")
def test_expansion_of_the_equant(discrepancy):
    residual_of_second_order(equant, EQUANT, discrepancy)


@pytest.mark.equation("eq-limits-equant", method="sympy")
def test_expansion_of_the_equant_symbolically(discrepancy):
    rho = e * sp.cos(M) + sp.sqrt(1 - e**2 * sp.sin(M) ** 2)
    tangent = sp.tan(M + EQUANT) * (rho * sp.cos(M) - 2 * e) - rho * sp.sin(M)
    for order in range(3):
        residual = sp.simplify(sp.diff(tangent, e, order).subs(e, 0))
        discrepancy(residual)
        assert residual == 0


@pytest.mark.equation("eq-limits-difference", method="sympy")
def test_difference_of_the_laws(discrepancy):
    residual = sp.expand(KEPLER - EQUANT - sp.Rational(1, 4) * e**2 * sp.sin(2 * M))
    discrepancy(residual)
    assert residual == 0
    arcminutes = 180 * 60 / np.pi
    angle = np.linspace(-3.1, 3.1, 2001)
    assert abs(0.0934**2 / 4 * arcminutes - 7.5) < 0.05
    assert abs(np.abs(kepler(angle, 0.0934) - equant(angle, 0.0934)).max() * arcminutes - 9) < 0.1
