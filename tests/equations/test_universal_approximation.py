"""The constructions and bounds of book/universal-approximation.md."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from scipy.special import expit

from fysstk_book.printed.names import from_one

x, s, l, r, z = sp.symbols("x s l r z", real=True)
k, d = sp.symbols("k d", positive=True)


@pytest.fixture
def sigmoid(printed):
    """The sigmoid as another chapter prints it."""
    return lambda z: printed("def-perceptron-sigmoid").value({"z": z})


def step(z):
    """The step of the page; at its corner the staircase takes 0."""
    return int(z > 0)


@pytest.mark.equation("eq-ua-collapse", method="sympy")
def test_two_linear_layers_are_one(printed):
    W1, W2 = sp.Matrix(2, 3, sp.symbols("v:6")), sp.Matrix(3, 2, sp.symbols("w:6"))
    names = {
        "x": np.array(sp.symbols("x:2")),
        "W^l": [None, np.array(W1), np.array(W2)],
        "b^l": [None, np.array(sp.symbols("b:3")), np.array(sp.symbols("c:2"))],
    }
    printed("eq-ua-collapse").holds(names)


@pytest.mark.equation("eq-ua-collapse", method="numeric")
def test_two_linear_layers_are_one_for_a_batch(rng, printed):
    names = {
        "x": rng.normal(size=(7, 3)),
        "W^l": [None, rng.normal(size=(3, 5)), rng.normal(size=(5, 2))],
        "b^l": [None, rng.normal(size=5), rng.normal(size=2)],
    }
    printed("eq-ua-collapse").holds(names)


@pytest.mark.equation("eq-ua-step", method="sympy")
@pytest.mark.parametrize("place", [s + d, s - d])
def test_a_steep_sigmoid_is_a_step(place, sigmoid, printed):
    printed("eq-ua-step").holds({r"\sigma": sigmoid, "x": place, "s": s})


@pytest.mark.equation("eq-ua-tanh", method="sympy")
def test_tanh_is_a_stretched_sigmoid(sigmoid, printed):
    names = {r"\sigma": sigmoid, r"\tanh": lambda z: sp.tanh(z).rewrite(sp.exp), "z": z}
    printed("eq-ua-tanh").holds(names)


@pytest.mark.equation("eq-ua-bump-height", method="numeric")
def test_height_of_a_bump(rng, printed):
    for _ in range(20):
        left = rng.normal()
        names = {r"\sigma": expit, "k": rng.uniform(1, 20), "l": left, "r": left + rng.uniform(0.1, 2)}
        printed("eq-ua-bump-height").holds(names, where=["def-ua-bump"])


# --- stairs and polygons ---

CURVE = lambda x: np.sin(2 * np.pi * x) + 0.5 * x**2  # noqa: E731
GRID = [*np.linspace(0, 1, 41), 1 / 3, 1 / 16, 0.0624, 0.999]
OUTSIDE = [-0.5, 1.5]  # the bounds are claimed between 0 and 1, and fail here


def construction(F, m, **bounds):
    """What the names stand for in a construction with m pieces; bounds are K or K_2."""
    names = {"F": F, "m": m, "h": 1 / m, "x_j": [j / m for j in range(m + 1)], **bounds}
    return names | {r"\xi_j": from_one([(j + 0.5) / m for j in range(m)])} | {r"\Theta": step}


@pytest.mark.equation("eq-ua-staircase-error", method="numeric")
def test_bound_for_steps(printed):
    for m in (2, 5, 16):
        names = construction(CURVE, m, K=2 * np.pi + 1)
        printed("eq-ua-staircase-error").holds(also=names, where=["def-ua-staircase"], x=[*GRID, *OUTSIDE])


@pytest.mark.equation("eq-ua-staircase-error", method="numeric")
@pytest.mark.parametrize("m", [2, 5])
def test_a_straight_line_reaches_the_bound_for_steps(m, printed, discrepancy):
    names = construction(lambda x: -3 * x, m, K=3)
    read = {"also": names, "where": ["def-ua-staircase"], "x": [*OUTSIDE, *(j / m for j in range(1, m))]}
    error, bound = (printed("eq-ua-staircase-error").value(**read, side=side) for side in (0, 1))
    discrepancy(error - bound)
    assert abs(error - bound) < 1e-12


RELU = {r"\mathrm{ReLU}": lambda z: max(z, 0.0)}


@pytest.mark.equation("eq-ua-polygon", method="numeric")
def test_the_polygon_joins_the_points(printed):
    def curve(x):
        return CURVE(x) + 2  # not 0 at 0

    for m in (2, 5, 16):
        corners = np.arange(m + 1) / m
        names = construction(curve, m) | RELU
        for place in GRID:
            P = lambda x, corners=corners: np.interp(x, corners, curve(corners))  # noqa: E731
            printed("eq-ua-polygon").holds({"P": P}, also={**names, "x": place})


@pytest.mark.equation("eq-ua-polygon-error", method="numeric")
def test_bound_for_the_polygon(printed):
    for m in (2, 5):
        names = construction(CURVE, m, K_2=4 * np.pi**2 + 1) | RELU
        printed("eq-ua-polygon-error").holds(also=names, where=["eq-ua-polygon"], x=[*GRID, *OUTSIDE])


@pytest.mark.equation("eq-ua-polygon-error", method="numeric")
@pytest.mark.parametrize("m", [2, 5])
def test_a_parabola_reaches_the_bound_for_the_polygon(m, printed, discrepancy):
    names = construction(lambda x: 3 * x**2, m, K_2=6) | RELU
    read = {"also": names, "where": ["eq-ua-polygon"], "x": [*OUTSIDE, *((j + 0.5) / m for j in range(m))]}
    error, bound = (printed("eq-ua-polygon-error").value(**read, side=side) for side in (0, 1))
    discrepancy(error - bound)
    assert abs(error - bound) < 1e-12


# --- jumps ---


@pytest.mark.equation("eq-ua-jump", method="numeric")
def test_no_continuous_function_does_better_than_half_the_jump(rng, printed):
    J, m, sides = 3.0, 5, (-1e-9, 1e-9)
    jump = {"F": lambda x: 2.0 + J * step(x), "J": J, "m": m, r"\sigma": expit}
    for _ in range(100):
        v, w, b = rng.normal(size=m), 10 * rng.normal(size=m), rng.normal(size=m)
        network = {"c": 3.5 + rng.normal(), "v_j": from_one(v), "w_j": from_one(w), "b_j": from_one(b)}
        printed("eq-ua-jump").holds(also=jump | network, where=["def-ua-network"], x=sides, within=1e-6)
    printed("eq-ua-jump").holds({"f": lambda x: 3.5}, also=jump, x=sides)  # the best constant reaches it
    bound = printed("eq-ua-jump").value({"J": J})
    assert bound == max(abs(jump["F"](x) - 3.5) for x in sides)


@pytest.mark.equation("eq-ua-jump-l2", method="sympy")
def test_mean_error_at_a_jump(printed, discrepancy):
    t = sp.symbols("t", positive=True)  # t = 1/(1 + exp(u)) with u = kx, so that du = -dt/(t (1 - t))
    one_side = sp.integrate(t / (1 - t), (t, 0, sp.Rational(1, 2)))
    residual = sp.simplify(2 * one_side / k - printed("eq-ua-jump-l2").value({"k": k}))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-ua-jump-l2", method="numeric")
@pytest.mark.parametrize("steepness", [1.0, 4.0, 30.0])
def test_mean_error_at_a_jump_numerically(steepness, printed):
    names = {r"\Theta": step, r"\sigma": expit, "k": steepness}
    printed("eq-ua-jump-l2").holds(names, within=1e-9)


# --- two dimensions ---


@pytest.mark.equation("eq-ua-waves-error", method="numeric")
def test_stairs_for_waves_keep_to_the_bound(printed):
    rng = np.random.default_rng(2)
    k, c, phase = rng.integers(-4, 5, size=(7, 2)), rng.normal(size=7), rng.uniform(0, 6, size=7)
    points = rng.uniform(-3, 3, size=(400, 2))
    for h in (0.5, 0.1):

        def staircase(x, h=h):
            middles = (np.floor(k @ x / h) + 0.5) * h
            return np.cos(middles + phase) @ c

        names = {"F": lambda x: np.cos(k @ x + phase) @ c, "f": staircase, "h": h, "A_j": list(c)}
        read = {"j": range(7), "x": list(points)}
        printed("eq-ua-waves-error").holds(names, **read)
        error, bound = (printed("eq-ua-waves-error").value(names, side=side, **read) for side in (0, 1))
        assert bound / 10 < error <= bound
    stairs = {
        "F": np.sin,
        "f": lambda x: np.sin((np.floor(x / 0.1) + 0.5) * 0.1),
        "h": 0.1,
        "A_j": [1.0],
    }
    one = {"j": range(1), "x": [0.0]}
    printed("eq-ua-waves-error").holds(stairs, **one)  # steepest here: it is all but reached
    assert printed("eq-ua-waves-error").value(stairs, side=0, **one) > 0.999 * 0.1 / 2


@pytest.mark.equation("def-ua-waves", method="numeric")
def test_a_sum_of_waves_is_the_real_part_of_a_sum_of_exponentials(rng, printed):
    A, phase, omega, x = rng.normal(size=3), rng.normal(size=3), rng.normal(size=(3, 2)), rng.normal(size=2)

    def waves(x):
        return np.sum(A * np.exp(1j * (omega @ x + phase))).real

    names = {"F": waves, "A_j": from_one(A), r"\omega_j": from_one(omega), r"\varphi_j": from_one(phase)}
    printed("def-ua-waves").holds({**names, "x": x}, j=range(1, 4))


@pytest.mark.equation("def-ua-network", method="numeric")
def test_the_network_is_a_sum_of_nodes(rng, printed, discrepancy):
    w, v, b, x = rng.normal(size=(3, 2)), rng.normal(size=3), rng.normal(size=3), rng.normal(size=2)
    names = {
        "w_j": from_one(w),
        "v_j": from_one(v),
        "b_j": from_one(b),
        "x": x,
        "c": 0.4,
        "m": 3,
        r"\sigma": np.tanh,
    }
    discrepancy(printed("def-ua-network").value(names) - (0.4 + v @ np.tanh(w @ x + b)), within=1e-12)
