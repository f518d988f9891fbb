"""The equations of book/limits.md, as printed: asymptotics, memory, units, and two laws for one planet."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest
import sympy as sp

from fysstk_book.printed.names import from_one
from fysstk_book.printed.numbers import samples
from fysstk_nn.costs import one_hot
from fysstk_nn.mlp import MLP

NODES = 7
ACTIVATIONS = {"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0)}


class Ray:
    """A network, its output along a ray as a function of t, and the names of the page for both."""

    def __init__(self, hidden, rng):
        net = MLP((3, NODES, 1), hidden=hidden)
        params = net.init(rng=rng)
        params.b[1], params.b[2] = rng.normal(size=NODES), rng.normal(size=1)
        x0, d = rng.normal(size=3), rng.normal(size=3)
        self.along = lambda t: net.predict(params, x0 + np.atleast_1d(t)[:, None] * d)[:, 0]
        self.alpha, self.beta = d @ params.W[1], x0 @ params.W[1] + params.b[1]
        self.network = {
            "w_j": from_one(params.W[1].T),
            "b_j": from_one(params.b[1]),
            "x_0": x0,
            "d": d,
            "f": ACTIVATIONS[hidden],
        }
        self.names = {
            "b": params.b[2][0],
            "v_j": from_one(params.W[2][:, 0]),
            r"\alpha_j": from_one(self.alpha),
            r"\beta_j": from_one(self.beta),
            "M": NODES,
        }


J = range(1, NODES + 1)


@pytest.mark.equation("eq-limits-tanh", method="sympy")
def test_limit_of_the_printed_network(printed):
    def tanh(z):
        return sp.tanh(z).rewrite(sp.exp)  # of which SymPy finds limits ten times faster

    names = {"b": sp.Symbol("b", real=True), "v_j": [None, *sp.symbols("v1:4", real=True)], "f": tanh}
    rays = {r"\alpha_j": [None, 2, -3, sp.Rational(1, 5)], r"\beta_j": [None, 1, -1, 4], "M": 3}
    printed("eq-limits-tanh").holds(also=names | rays, where=["def-limits-ray"], j=range(1, 4))


@pytest.mark.equation("eq-limits-tanh", method="numeric")
@pytest.mark.parametrize("seed", range(20))
def test_tanh_network_becomes_constant(seed, printed, discrepancy):
    ray = Ray("tanh", np.random.default_rng(seed))
    far = 1e3 / np.abs(ray.alpha).min()
    limit = printed("eq-limits-tanh").value(also=ray.names, side=1, j=J)
    discrepancy(limit - ray.along(far)[0])
    assert abs(limit - ray.along(far)[0]) < 1e-12


@pytest.mark.equation("eq-limits-tanh-rate", method="numeric")
@pytest.mark.parametrize("seed", range(5))
def test_rate_of_saturation(seed, printed):
    ray = Ray("tanh", np.random.default_rng(seed))
    start = np.max(-ray.beta / ray.alpha)
    limit = printed("eq-limits-tanh").value(also=ray.names, side=1, j=J)
    names = {"g": lambda t: limit if t == "oo" else ray.along(t)[0], r"\infty": "oo"}
    for t in start + np.linspace(1e-3, 20, 40):
        printed("eq-limits-tanh-rate").holds(names | {"t": t}, also=ray.names, j=J, within=1e-13)


@pytest.mark.equation("eq-limits-tanh-rate", method="sympy")
def test_tail_of_tanh(printed, discrepancy):
    z = sp.symbols("z", positive=True)
    residual = sp.simplify((1 - sp.tanh(z) - 2 / (sp.exp(2 * z) + 1)).rewrite(sp.exp))
    discrepancy(residual)
    assert residual == 0  # and 2/(exp(2z) + 1) is less than 2 exp(-2z), the printed term of each node
    names = {"v_j": [None, 1], r"\alpha_j": [None, 1], r"\beta_j": [None, 0], "t": z}
    term = printed("eq-limits-tanh-rate").value(names, side=1, j=[1])
    assert sp.simplify(term - 2 * sp.exp(-2 * z)) == 0


@pytest.mark.equation("eq-limits-relu", method="numeric")
@pytest.mark.parametrize("seed", range(5))
def test_relu_network_becomes_linear(seed, printed):
    ray = Ray("relu", np.random.default_rng(seed))
    crossings = -ray.beta / ray.alpha
    names = {"g": lambda t: ray.along(t)[0], "t_j": from_one(crossings)}
    for t in crossings.max() + np.linspace(0, 10, 12):
        printed("eq-limits-relu").holds(names | {"t": t}, also=ray.names, j=J, within=1e-11)


@pytest.mark.equation("eq-limits-homogeneous", method="numeric")
@pytest.mark.parametrize("sizes", [(3, 5, 2), (3, 6, 4, 5, 1)])
@pytest.mark.parametrize("c", [0.0, 0.3, 7.0])
def test_homogeneous_without_biases(sizes, c, rng, printed):
    net = MLP(sizes, hidden="relu")
    params = net.init("he", rng=rng)
    names = {"F": lambda x: net.predict(params, x[None])[0], "x": rng.normal(size=3), "c": c}
    printed("eq-limits-homogeneous").holds(names)


@pytest.mark.equation("eq-limits-memory", method="numeric")
@pytest.mark.parametrize("width", [40, 60, 200])
def test_random_layer_memorises(width, rng, printed):
    X, Y = rng.normal(size=(40, 5)), np.eye(10)[rng.integers(0, 10, 40)]
    H = np.tanh(X @ rng.normal(size=(5, width)) + rng.normal(size=width))
    assert np.linalg.matrix_rank(H) == 40
    page = printed("eq-limits-memory")
    V = page.value({"H": H, "Y": Y}, side=1, statement=0)
    page.holds({"H": H, "Y": Y, "V": V}, within=1e-6)


@pytest.mark.equation("eq-limits-chance", method="numeric")
@pytest.mark.parametrize(("K", "m"), [(3, 4), (10, 3), (2, 6)])
def test_chance(K, m, printed, discrepancy):
    share, mean, square = sp.Rational(1, K), 0, 0
    for outcome in itertools.product([0, 1], repeat=m):  # of all guesses
        weight = sp.prod([share if right else 1 - share for right in outcome])
        accuracy = sp.Rational(sum(outcome), m)
        mean, square = mean + weight * accuracy, square + weight * accuracy**2
    spread = sp.sqrt(square - mean**2)
    for side, exact in enumerate((mean, spread)):
        error = float(printed("eq-limits-chance").value(also={"K": K, "m": m}, side=side) - exact)
        discrepancy(error)
        assert abs(error) < 1e-12


@pytest.mark.equation("eq-limits-units", method="sympy")
def test_units(printed):
    w, x, c, eta = sp.symbols("w x c eta", positive=True)
    cost = sp.Function("C")
    old = sp.diff(cost(w * x), w)
    inner = sp.Symbol("v", positive=True)
    new = sp.diff(cost(inner * (c * x)), inner).subs(inner, w / c).doit()
    names = {
        r"\frac{\partial\mathcal C}{\partial w'}": new,
        r"\frac{\partial\mathcal C}{\partial w}": old,
        r"\Delta w'": -eta * new,
        r"\Delta w": c * (-eta * new),
    }
    printed("eq-limits-units").holds(names | {"c": c, r"\eta": eta})


@pytest.mark.equation("eq-limits-units", method="numeric")
def test_units_in_a_network(rng, printed):
    net, c, eta = MLP((2, 3, 1), hidden="tanh"), 10.0, 0.1
    params, X, y = net.init(rng=rng), rng.normal(size=(5, 2)), rng.normal(size=5)
    scaled = params.copy()
    scaled.W[1] = params.W[1] / c
    old, new = net.gradient(params, X, y).W[1], net.gradient(scaled, c * X, y).W[1]
    names = {
        r"\frac{\partial\mathcal C}{\partial w'}": new,
        r"\frac{\partial\mathcal C}{\partial w}": old,
        r"\Delta w'": -eta * new,
        r"\Delta w": c * (-eta * new),
    }
    printed("eq-limits-units").holds(names | {"c": c, r"\eta": eta})


@pytest.mark.equation("eq-limits-one-hot", method="numeric")
def test_one_hot_distances(printed):
    codes = one_hot(np.arange(12), 12)
    printed("eq-limits-one-hot").holds({"e_k": list(codes)}, k=range(12), l=range(12))


e, M = sp.symbols("e M", real=True)
SERIES = {"e": e, "M": M, r"\mathcal O": sp.Order}


def kepler(mean_anomaly, eccentricity):
    E = mean_anomaly
    for _ in range(100):
        E = mean_anomaly + eccentricity * np.sin(E)
    root = np.sqrt((1 + eccentricity) / (1 - eccentricity))
    return 2 * np.arctan(root * np.tan(E / 2))


def equant(mean_anomaly, eccentricity):
    rho = eccentricity * np.cos(mean_anomaly)
    rho = rho + np.sqrt(1 - (eccentricity * np.sin(mean_anomaly)) ** 2)
    planet = np.array([rho * np.cos(mean_anomaly) - eccentricity, rho * np.sin(mean_anomaly)])
    assert np.allclose(np.hypot(*planet), 1)  # it stays on the circle
    return np.arctan2(planet[1], planet[0] - eccentricity)


def taylor(angle, value):
    """Expand an angle around e = 0, from M and its known value there on, to third order."""
    terms = [value, sp.Order(e**4)]
    for order in (1, 2, 3):
        angle = sp.diff(angle, e)
        terms.append(sp.trigsimp(angle.subs(e, 0)) * e**order / sp.factorial(order))
    return sp.Add(*terms)


@functools.cache
def kepler_series():
    """Expand the true anomaly of Kepler's ellipse: tan ν/2 = √((1+e)/(1-e)) tan E/2, E = M + e sin E."""
    E = sp.Symbol("E", real=True)
    by_E = taylor(2 * sp.atan(sp.sqrt((1 + e) / (1 - e)) * sp.tan(E / 2)), E)
    by_M = M
    for _ in range(3):  # solves Kepler's equation to one order more each time
        by_M = M + e * sp.sin(by_M)
    return taylor(by_E.removeO().subs(E, by_M), M)


@functools.cache
def equant_series():
    """Expand the angle of the equant: its tangent relative to M is 2e sin M / (ρ - 2e cos M)."""
    rho = e * sp.cos(M) + sp.sqrt(1 - e**2 * sp.sin(M) ** 2)
    return taylor(sp.atan(2 * e * sp.sin(M) / (rho - 2 * e * sp.cos(M))), M)


@pytest.mark.equation("eq-limits-kepler", method="sympy")
def test_expansion_of_kepler_symbolically(printed):
    printed("eq-limits-kepler").holds({r"\nu_\text{Kepler}": kepler_series(), **SERIES})


@pytest.mark.equation("eq-limits-equant", method="sympy")
def test_expansion_of_the_equant_in_full(printed):
    printed("eq-limits-equant").holds(also={r"\nu_\text{equant}": equant_series(), **SERIES}, only=1)


@pytest.mark.equation("eq-limits-difference", method="sympy")
def test_difference_of_the_two_expansions(printed):
    names = {r"\nu_\text{Kepler}": kepler_series(), r"\nu_\text{equant}": equant_series()}
    printed("eq-limits-difference").holds(names | SERIES)


def series(page, statement, side):
    """Return a printed expansion without its remainder, as a function of M and e."""
    expansion = page.value(SERIES, statement=statement, side=side)
    return expansion.removeO() if isinstance(expansion, sp.Expr) else expansion


def off_by_third_order(law, expansion, discrepancy):
    """An expansion to second order is off by an eighth for half the eccentricity."""
    angle = np.linspace(-3.1, 3.1, 201)
    at = sp.lambdify((M, e), expansion)
    errors = [np.abs(law(angle, size) - at(angle, size)).max() for size in (2e-3, 1e-3)]
    discrepancy(errors[1])
    assert errors[1] < 5e-9
    assert abs(errors[0] / errors[1] - 8) < 0.2


@pytest.mark.equation("eq-limits-kepler", method="numeric")
def test_expansion_of_kepler(printed, discrepancy):
    off_by_third_order(kepler, series(printed("eq-limits-kepler"), 0, 1), discrepancy)


@pytest.mark.equation("eq-limits-equant", method="numeric")
def test_expansion_of_the_equant(printed, discrepancy):
    page = printed("eq-limits-equant")
    off_by_third_order(equant, series(page, 1, 1), discrepancy)
    angle = samples(np.linspace(-3.1, 3.1, 51))
    rho = 0.1 * np.cos(angle) + np.sqrt(1 - (0.1 * np.sin(angle)) ** 2)
    names = {r"\nu_\text{equant}": equant(angle, 0.1), r"\rho": rho, "M": angle, "e": 0.1}
    page.holds(names, only=0, within=1e-10)


@pytest.mark.equation("eq-limits-equant", method="sympy")
def test_expansion_of_the_equant_symbolically(printed, discrepancy):
    page = printed("eq-limits-equant")
    rho = e * sp.cos(M) + sp.sqrt(1 - e**2 * sp.sin(M) ** 2)
    tangent = page.value({"e": e, "M": M, r"\rho": rho}, side=1)
    gap = sp.tan(series(page, 1, 1)) - tangent
    for order in range(3):
        residual = sp.simplify(sp.diff(gap, e, order).subs(e, 0))
        discrepancy(residual)
        assert residual == 0


@pytest.mark.equation("eq-limits-difference", method="sympy")
def test_difference_of_the_laws(printed, discrepancy):
    difference = series(printed("eq-limits-kepler"), 0, 1) - series(printed("eq-limits-equant"), 1, 1)
    residual = sp.expand(difference - series(printed("eq-limits-difference"), 0, 1))
    discrepancy(residual)
    assert residual == 0
    arcminutes = 180 * 60 / np.pi
    angle = np.linspace(-3.1, 3.1, 2001)
    assert abs(0.0934**2 / 4 * arcminutes - 7.5) < 0.05
    assert abs(np.abs(kepler(angle, 0.0934) - equant(angle, 0.0934)).max() * arcminutes - 9) < 0.1


@pytest.mark.equation("def-limits-ray", method="numeric")
def test_a_network_along_a_ray(rng, printed):
    w, v, b, x0, d = (
        rng.normal(size=(3, 2)),
        rng.normal(size=3),
        rng.normal(size=3),
        rng.normal(size=2),
        rng.normal(size=2),
    )
    names = {
        "w_j": from_one(w),
        "v_j": from_one(v),
        "b_j": from_one(b),
        "x_0": x0,
        "d": d,
        "b": 0.3,
        "M": 3,
        "f": np.tanh,
        r"\alpha_j": from_one(w @ d),
        r"\beta_j": from_one(w @ x0 + b),
        "g": lambda t: 0.3 + v @ np.tanh(w @ (x0 + t * d) + b),
    }
    printed("def-limits-ray").holds(names, t=(0.0, 0.7, 2.0), j=range(1, 4))
