"""The equations of book/gradient-descent.md, as printed: directions, stability, batches, the noise floor."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import sympy as sp
from scipy.optimize import linprog, minimize_scalar

from fysstk_book.printed.names import from_one
from fysstk_nn.gradcheck import central_difference, jacobian_central
from fysstk_nn.schedules import ExponentialDecay, InverseTime, StepDecay

PARABOLA = {r"\theta^*": sp.Symbol("theta_s"), r"\lambda": sp.Symbol("lambda", positive=True)}
RATE = sp.Symbol("eta", positive=True)


def rosenbrock(v):
    return (1 - v[0]) ** 2 + 5 * (v[1] - v[0] ** 2) ** 2


@pytest.fixture
def parabola(printed):
    """Cost and slope of the page's parabola at a position of symbols."""
    cost = printed("def-gd-parabola").value

    def slope(at):
        theta = sp.Dummy("theta")
        return sp.diff(cost({r"\theta": theta}, also=PARABOLA), theta).subs(theta, at)

    return slope


@pytest.fixture
def step(printed, parabola):
    """One step of gradient descent, by the page's rule and on its parabola."""

    def step(theta):
        names = {r"\theta": theta, r"\eta": RATE, r"\nabla C": parabola}
        return printed("def-gd-update").value(names)

    return step


@pytest.mark.equation("eq-gd-linear", method="central differences")
def test_first_order_change(rng, printed):
    v, direction = np.array([0.4, -0.3]), rng.normal(size=2)
    for t in (1e-1, 1e-3, 1e-5):
        names = {
            r"\Delta C": rosenbrock(v + t * direction) - rosenbrock(v),
            r"\nabla C": central_difference(rosenbrock, v),
            r"\Delta\theta": t * direction,
        }
        printed("eq-gd-linear").holds(names, approx=30 * t**2)


@pytest.mark.equation("eq-gd-cauchy", method="numeric")
def test_the_best_direction_is_found_by_searching(rng, printed):
    for epsilon in (0.3, 2.0):
        gradient = rng.normal(size=2)

        def step(angle, epsilon=epsilon):
            return epsilon * np.array([np.cos(angle), np.sin(angle)])

        uphill = np.arctan2(*gradient[::-1])
        angle = minimize_scalar(
            lambda t, g=gradient: g @ step(t), bounds=(uphill, uphill + 2 * np.pi), options={"xatol": 1e-10}
        ).x
        names = {r"\Delta\theta": step(angle), r"\nabla C": gradient, r"\epsilon": epsilon}
        printed("eq-gd-cauchy").holds(names, within=1e-6)


@pytest.mark.equation("eq-gd-cauchy", method="numeric")
def test_no_direction_falls_faster(rng, printed):
    for size in (2, 5, 50):
        names = {r"\nabla C": rng.normal(size=size), r"\epsilon": 0.3}
        printed("eq-gd-cauchy").holds(names)
        least = printed("eq-gd-cauchy").value(names, statement=1)
        others = rng.normal(size=(2000, size))
        others *= 0.3 / np.linalg.norm(others, axis=1, keepdims=True)
        assert np.all(others @ names[r"\nabla C"] >= least)


@pytest.mark.equation("eq-gd-distance", method="sympy")
def test_distance_on_a_parabola(printed, step):
    position = [sp.Symbol("theta0")]
    for _ in range(4):
        position.append(sp.expand(step(position[-1])))
    names = {r"\theta_t": position, r"\eta": RATE, **PARABOLA}
    printed("eq-gd-distance").holds(names, t=range(5))


@pytest.mark.equation("eq-gd-distance", method="sympy")
def test_distance_after_any_number_of_steps(printed, step, discrepancy):
    k, start = sp.Symbol("k", integer=True, nonnegative=True), sp.Symbol("theta0")
    names = {r"\theta_t": [start], r"\eta": RATE, **PARABOLA}
    now, then = (printed("eq-gd-distance").value(names, t=n) for n in (k, k + 1))
    optimum = PARABOLA[r"\theta^*"]
    residual = sp.simplify(step(optimum + now) - optimum - then)
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-gd-stable", method="numeric")
@pytest.mark.parametrize("curvature", [0.5, 1, 4])
def test_limit_of_stability(curvature, printed):
    limit = 2 / curvature
    rates = (-1.0, -0.01, 0.0, 0.01, 0.5 * limit, 0.99 * limit, limit, 1.01 * limit, 3 * limit)
    printed("eq-gd-stable").holds({r"\lambda": curvature}, **{r"\eta": rates})
    names = {r"\theta^*": 0.0, r"\lambda": curvature, r"\theta_t": [1.0]}
    for eta in rates:
        far = abs(printed("eq-gd-distance").value({**names, r"\eta": eta}, t=300))
        low, high = (
            printed("eq-gd-stable").value({r"\lambda": curvature}, side=k, **{r"\eta": eta}) for k in (0, 2)
        )
        assert (far < 0.9) is bool(low < eta < high)


@pytest.mark.equation("eq-gd-stable", method="sympy")
def test_limits_of_the_interval(printed, discrepancy):
    curvature, eta = PARABOLA[r"\lambda"], sp.Symbol("eta", real=True)
    ends = sp.solve((1 - eta * curvature) ** 2 - 1, eta)
    printed_ends = {
        printed("eq-gd-stable").value({r"\lambda": curvature}, side=k, **{r"\eta": eta}) for k in (0, 2)
    }
    assert printed_ends == set(ends)
    discrepancy(0)


@pytest.mark.equation("eq-gd-best-rate", method="numeric")
def test_best_rate(printed):
    for low, high in ((0.1, 1.0), (0.5, 0.6), (1.0, 100.0)):
        # the least factor t with |1 - eta low| <= t and |1 - eta high| <= t
        bounds = [[sign * curvature, -1] for sign in (1, -1) for curvature in (low, high)]
        eta, factor = linprog([0, 1], A_ub=bounds, b_ub=[1, 1, -1, -1]).x
        names = {r"\lambda_\text{min}": low, r"\lambda_\text{max}": high}
        formula = printed("eq-gd-best-rate")
        formula.holds({r"\eta_\text{best}": eta, **names}, only=0)
        formula.holds({r"\kappa": high / low, **names}, only=2)
        assert abs(formula.value(names, statement=1) - factor) < 1e-12


@pytest.mark.equation("eq-gd-ols-gradient", method="central differences")
def test_gradient_and_curvature_of_least_squares(rng, printed):
    theta = rng.normal(size=3)
    data = {"X": rng.normal(size=(9, 3)), "y": rng.normal(size=9), "n": 9}

    def cost(theta):
        return printed("def-gd-ols").value({r"\theta": theta, **data})

    def gradient(theta):
        return central_difference(cost, theta)

    slopes = {r"\nabla C": gradient(theta), "H": jacobian_central(gradient, theta, h=1e-3)}
    printed("eq-gd-ols-gradient").holds({r"\theta": theta, **slopes, **data}, within=1e-7)


@pytest.mark.equation("eq-gd-unbiased", method="numeric")
@pytest.mark.equation("eq-gd-variance", method="numeric")
@pytest.mark.parametrize("m", [1, 2, 3, 6])
def test_all_batches_of_a_small_data_set(m, rng, printed):
    gradients = rng.normal(size=6)
    names = {r"\nabla C_i": from_one(gradients), "n": len(gradients), "m": m}
    batches = [
        printed("def-gd-batch").value({"B": batch}, also=names)
        for batch in itertools.combinations(range(1, 7), m)
    ]
    printed("eq-gd-unbiased").holds({"g": batches}, also=names, where=["def-gd-mean"])
    printed("eq-gd-variance").holds({"g": batches, "s": gradients.std()}, also=names)


@pytest.mark.equation("eq-gd-floor", method="sympy")
def test_noise_floor(printed, parabola):
    distance, s, D = sp.symbols("d s D", positive=True)
    after = [
        distance - RATE * (parabola(PARABOLA[r"\theta^*"] + distance) + error) for error in (s, -s)
    ]  # two errors of mean zero and variance s^2
    mean_square = sp.expand(sum(d**2 for d in after) / 2).subs(distance**2, D)
    (floor,) = sp.solve(sp.Eq(D, mean_square), D)
    names = {r"D_\infty": floor, r"\eta": RATE, r"\lambda": PARABOLA[r"\lambda"], "s": s}
    printed("eq-gd-floor").holds(names)


@pytest.mark.equation("eq-gd-floor", method="numeric")
def test_noise_floor_by_simulation(rng, printed):
    rate, curvature, s = 0.3, 1.5, 0.8
    distance = np.zeros(20_000)
    for _ in range(100):
        distance = distance - rate * (curvature * distance + s * rng.normal(size=distance.size))
    names = {r"D_\infty": np.mean(distance**2), r"\eta": rate, r"\lambda": curvature, "s": s}
    printed("eq-gd-floor").holds(names, within=0.005)


@pytest.mark.equation("def-gd-schedules", method="numeric")
def test_the_schedules_are_those_of_the_package(printed, discrepancy):
    names = {r"\eta_0": 0.5, r"\rho": 0.3, r"\tau": 10, "k": 0.1}
    ours = (
        StepDecay(0.5, factor=0.3, every=10),
        ExponentialDecay(0.5, decay=0.1),
        InverseTime(0.5, decay=0.1),
    )
    for statement, schedule in enumerate(ours):
        for t in (0, 9, 10, 25):
            found = printed("def-gd-schedules").value(also={**names, "t": t}, statement=statement)
            discrepancy(found - schedule(t), within=1e-12)
