"""The equations of book/vanishing-gradients.md, as printed.

Expectations over random weights are exact here where it can be: a weight is plus or minus the root of its
variance, and the mean runs over all combinations of signs.
"""

import functools
from itertools import product

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad

from fysstk_book.printed.names import from_one
from fysstk_book.printed.numbers import samples
from fysstk_nn.activations import relu, sigmoid, tanh
from fysstk_nn.autodiff import Var, gradients
from fysstk_nn.autodiff import sigmoid as recorded_sigmoid
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import ClipNorm
from fysstk_nn.params import Constant, Normal, glorot, he


def expectation(f, q):
    """Return the mean of f(z) for a normal z with variance q."""
    s = np.sqrt(q)
    density = lambda z: np.exp(-z * z / (2 * q)) / (s * np.sqrt(2 * np.pi))  # noqa: E731
    return quad(lambda z: f(z) * density(z), -12 * s, 12 * s, points=(-1, 0, 1), limit=500)[0]


def normal(q):
    """Return values of a normal z with variance q, and the function that takes a mean over them."""
    z, spacing = np.linspace(-60, 60, 24_001, retstep=True)
    weights = spacing * np.exp(-z * z / (2 * q)) / np.sqrt(2 * np.pi * q)
    return samples(z), lambda values: np.sum(weights * np.asarray(values))


def all_weights(M, v):
    """Return all rows of M weights that are plus or minus the root of v, their variance."""
    return np.sqrt(v) * np.array(list(product((-1, 1), repeat=M)))


def chain(w, b):
    """Return z and dC/dz of a chain of sigmoid neurons, by automatic differentiation."""
    z, a = [None], Var(0.7)
    for weight, bias in zip(w[1:], b[1:], strict=True):
        z.append(a * float(weight) + float(bias))
        a = recorded_sigmoid(z[-1])
    adjoints = gradients(0.5 * (a - 0.2) ** 2)
    return [None, *(v.value for v in z[1:])], [None, *(adjoints[v] for v in z[1:])]


@pytest.mark.equation("eq-van-chain", method="autodiff")
@pytest.mark.parametrize("L", [2, 5, 9])
def test_delta_through_a_chain(L, rng, printed):
    w, b = rng.normal(scale=2, size=L + 1), rng.normal(size=L + 1)
    z, delta = chain(w, b)
    names = {"w_l": w, "z_l": z, r"\delta_l": delta, "L": L, "f'": sigmoid.derivative}
    printed("eq-van-chain").holds(names, within=1e-14)


@pytest.mark.equation("eq-van-chain-bound", method="autodiff")
def test_bound_for_a_chain_of_sigmoids(rng, printed):
    for _ in range(50):
        w, b = rng.normal(scale=2, size=7), rng.normal(size=7)
        printed("eq-van-chain-bound").holds({"w_l": w, r"\delta_l": chain(w, b)[1], "L": 6}, within=0)


@pytest.mark.equation("eq-van-chain-bound", method="autodiff")
def test_the_bound_is_reached_where_every_z_is_zero(rng, printed, discrepancy):
    w = rng.normal(scale=2, size=7)
    b = [None, -0.7 * w[1], *(-0.5 * w[2:])]
    names = {"w_l": w, r"\delta_l": chain(w, b)[1], "L": 6}
    sides = [printed("eq-van-chain-bound").value(also=names, side=side) for side in (0, 1)]
    discrepancy(sides[0] - sides[1])
    assert sides[0] == pytest.approx(sides[1], rel=1e-12)


@pytest.mark.equation("eq-van-forward", method="numeric")
@pytest.mark.parametrize("M", [1, 4, 7])
def test_variance_of_a_sum_over_random_weights(M, rng, printed):
    a = rng.normal(loc=0.5, size=M)  # with a mean, as a sigmoid's
    names = {
        "z_j^l": [None, None, None, {1: all_weights(M, 0.07) @ a}],
        "v_l": [None, None, None, 0.07],
        "M_l": [9, 9, M],
        "a_i^l": [None, None, from_one(a)],
        r"\overline{a^2}": np.mean(a**2),
    }
    printed("eq-van-forward").holds(names, j=[1], l=[3])
    assert M == 1 or abs(np.var(all_weights(M, 0.07) @ a) / (M * 0.07 * a.var()) - 1) > 0.1  # no variance


@pytest.mark.equation("eq-van-relu-half", method="sympy")
def test_relu_halves_the_mean_square(printed):
    z, q = sp.Symbol("z", positive=True), sp.Symbol("q", positive=True)
    density = sp.exp(-(z**2) / (2 * q)) / sp.sqrt(2 * sp.pi * q)

    def mean(of):
        return sp.integrate((of(z) + of(-z)) * density, (z, 0, sp.oo))

    def square(prime):  # ReLU as its chapter prints it
        value = printed("def-act-relu").value
        return lambda at: value({"z": at}, statement=prime) ** 2

    names = {
        "z": sp.Symbol("z_", real=True),
        r"\mathbb E": lambda body: body,  # whose names stand for the expectations
        r"\operatorname{Var}": lambda _: mean(lambda at: at**2),
        r"\operatorname{ReLU}": lambda _: sp.sqrt(mean(square(0))),
        r"\operatorname{ReLU}'": lambda _: sp.sqrt(mean(square(1))),
    }
    printed("eq-van-relu-half").holds(names)


@pytest.mark.equation("eq-van-relu-half", method="numeric")
def test_relu_halves_the_mean_square_of_any_symmetric_z(rng, printed):
    z = rng.uniform(1, 3, size=1000)
    names = {"z": samples([*z, *-z])}
    printed("eq-van-relu-half").holds(names, where=["def-act-relu"])
    package = {r"\operatorname{ReLU}": relu, r"\operatorname{ReLU}'": relu.derivative}
    printed("eq-van-relu-half").holds({**names, **package})


@pytest.mark.equation("eq-van-backward", method="numeric")
@pytest.mark.parametrize("M", [1, 3, 6])
def test_mean_square_of_delta_for_independent_factors(M, rng, printed):
    z, delta, v = rng.normal(size=5), rng.normal(size=M), 0.3
    sums = all_weights(M, v) @ delta
    names = {
        r"\delta^l": [None, None, np.outer(tanh.derivative(z), sums).ravel(), delta],
        "M_l": [8, 8, 8, M],
        "v_l": [None, 2, 2, v],
        "f'": tanh.derivative,
        "z^l": [None, None, z, 7 * z[:M]],
    }
    printed("eq-van-backward").holds(names, l=[3])


@pytest.mark.equation("eq-van-backward", method="numeric")
@pytest.mark.parametrize(("name", "v"), [("relu", 2 / 300), ("tanh", 1 / 300), ("sigmoid", 1.0)])
def test_mean_square_of_delta_in_a_wide_layer(name, v, rng, printed, discrepancy):
    widths, ratios = (200, 300, 500, 1), []
    for _ in range(6):
        net = MLP(widths, hidden=name)
        params, X = net.init(Normal(np.sqrt(v)), rng=rng), rng.normal(size=(60, 200))
        trace = net.forward(params, X)
        delta = [d if d is None else d.ravel() for d in net.deltas(params, trace, rng.normal(size=(60, 1)))]
        names = {
            r"\delta^l": delta,
            "M_l": widths,
            "v_l": lambda l: v,
            "f'": net.f[1].derivative,
            "z^l": [None, trace.z[1].ravel()],
        }
        left, right = (printed("eq-van-backward").value(names, side=side, l=2) for side in (0, 1))
        ratios.append(left / right)
    error = abs(np.mean(ratios) - 1)
    discrepancy(error)
    assert error < 0.1


@pytest.mark.equation("eq-van-difference", method="numeric")
@pytest.mark.parametrize("f", [sigmoid, tanh])
def test_difference_of_two_samples_for_independent_factors(f, rng, printed):
    z, dz = (np.array(v) for v in zip(*product(rng.normal(size=3), rng.normal(size=3)), strict=True))
    M, v, h = len(z), 0.3, 1e-6
    weights = all_weights(M, v)
    after = (weights @ f(z + h * dz) - weights @ f(z - h * dz)) / (2 * h)
    chi = M * v * np.mean(f.derivative(z) ** 2)
    names = {r"\Delta z^l": [None, None, dz, after], r"\chi": chi}
    printed("eq-van-difference").holds(names, approx=1e-8, l=[2])


@pytest.mark.equation("eq-van-difference", method="numeric")
@pytest.mark.parametrize(("name", "v"), [("relu", 2 / 600), ("tanh", 1 / 600), ("sigmoid", 1 / 600)])
def test_difference_of_two_samples(name, v, rng, printed, discrepancy):
    M, ratios = 600, []
    for _ in range(6):
        net = MLP((M, M, M, 1), hidden=name)
        params = net.init(Normal(np.sqrt(v)), rng=rng)
        x = rng.normal(size=(20, M))
        one, two = net.forward(params, x), net.forward(params, x + 1e-6 * rng.normal(size=(20, M)))
        differences = [None, *((one.z[l] - two.z[l]).ravel() for l in (1, 2))]
        names = {r"\Delta z^l": differences, r"\chi": M * v * np.mean(net.f[1].derivative(one.z[1]) ** 2)}
        left, right = (printed("eq-van-difference").value(also=names, side=side, l=1) for side in (0, 1))
        ratios.append(left / right)
    error = abs(np.mean(ratios) - 1)
    discrepancy(error)
    assert error < 0.05


@pytest.mark.equation("eq-van-glorot", method="numeric")
def test_condition_and_rule_of_glorot_hold_together(printed):
    names = {"M_l": [3, 5, 4, 6, 2], "v_l": [None, 0.25, 0.2, 0.2, 0.25]}
    printed("eq-van-glorot").holds(names, l=range(1, 5))


@pytest.mark.equation("eq-van-glorot", method="sympy")
def test_variance_of_glorot(printed, discrepancy):
    m, n, v = sp.symbols("m n v", positive=True)
    (solution,) = sp.solve(sp.Eq((m * v + n * v) / 2, 1), v)
    residual = sp.simplify(solution - printed("eq-van-glorot").value(also={"M_l": [m, n]}, l=1))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-van-glorot", method="numeric")
def test_variance_of_glorot_in_the_package(rng, printed, discrepancy):
    error = abs(glorot(rng, 300, 700).var() - printed("eq-van-glorot").value(also={"M_l": [300, 700]}, l=1))
    discrepancy(error)
    assert error < 2e-5


@pytest.mark.equation("eq-van-uniform", method="sympy")
def test_limit_of_the_uniform_distribution(printed):
    M, w, r = [*sp.symbols("m n", positive=True)], sp.Symbol("w"), sp.Symbol("r", positive=True)
    variance = sp.integrate(w**2 / (2 * r), (w, -r, r))
    (limit,) = sp.solve(variance - printed("eq-van-glorot").value(also={"M_l": M}, l=1), r)
    printed("eq-van-uniform").holds({"r": limit, "M_l": M}, l=[1])


@pytest.mark.equation("eq-van-he", method="sympy")
def test_he_keeps_the_variance_of_relu(printed):
    M, q, v = sp.symbols("m q v", positive=True)
    below = {r"\operatorname{Var}": lambda z: q, "z": sp.Symbol("z")}
    square = printed("eq-van-relu-half").value(also=below)
    after = printed("eq-van-forward").value(
        also={"M_l": [M], "v_l": [None, v], r"\overline{a^2}": square}, l=1
    )
    (solution,) = sp.solve(sp.Eq(after, q), v)
    printed("eq-van-he").holds({"v_l": [None, solution], "M_l": [M]}, l=[1])


@pytest.mark.equation("eq-van-he", method="numeric")
def test_variance_of_he(rng, printed):
    W = he(rng, 400, 600)
    printed("eq-van-he").holds({"v_l": [None, W.var()], "M_l": [400]}, within=5e-5, l=[1])
    z = rng.normal(scale=3.0, size=(500, 400))
    assert np.var(relu(z) @ W) == pytest.approx(np.var(z), rel=0.05)  # it keeps the variance


@pytest.mark.equation("eq-van-telescope", method="numeric")
@pytest.mark.parametrize("L", [2, 3, 6])
def test_product_of_the_backward_factors_of_he(L, printed):
    names = {"M_l": list(sp.symbols(f"M:{L + 1}", positive=True)), "L": L}
    printed("eq-van-telescope").holds(names, where=["eq-van-he", r"\chi_l = M_l v_l \frac12"])


@pytest.mark.equation("eq-van-tanh", method="sympy")
def test_mean_square_of_tanh_to_second_order(printed):
    z, q = sp.Symbol("z"), sp.Symbol("q", positive=True)

    def mean(body):
        series = sp.series(body, z, 0, 6).removeO()
        moments = {0: 1, 2: q, 4: 3 * q**2}  # of a normal z with variance q
        return sum(series.coeff(z, k) * moment for k, moment in moments.items())

    printed("eq-van-tanh").holds({"z": z, "q": q, r"\mathbb E": mean}, approx=0)


@pytest.mark.equation("eq-van-tanh", method="numeric")
def test_mean_square_of_tanh_numerically(printed):
    for q in (0.01, 0.001):
        nodes, weights = np.polynomial.hermite_e.hermegauss(60)
        names = {"z": samples(np.sqrt(q) * nodes), "q": q}
        mean = {r"\mathbb E": lambda values, w=weights: np.sum(w * np.asarray(values)) / np.sum(w)}
        printed("eq-van-tanh").holds({**names, **mean}, approx=10 * q**3)
    q = 0.01
    for _ in range(1000):
        q = printed("eq-van-tanh").value({"q": q})
    assert q == pytest.approx(1 / (2 * 1000 + 100), rel=0.01)  # it falls like 1/(2l)


@pytest.mark.equation("eq-van-sigmoid-variance", method="numeric")
def test_variance_of_numbers_between_0_and_1(rng, printed, discrepancy):
    for scale in (0.1, 1, 10, 1e4):
        a = sigmoid(rng.normal(scale=scale, size=2000))
        printed("eq-van-sigmoid-variance").holds({"a": a})
        assert a.var() <= a.mean() * (1 - a.mean()) + 1e-12
    variance, bound = (printed("eq-van-sigmoid-variance").value(also={"a": [0, 1]}, side=k) for k in (0, 1))
    discrepancy(float(variance - bound))
    assert variance == bound  # for zeros and ones it is reached


@pytest.mark.equation("eq-van-sigmoid-z", method="numeric")
@pytest.mark.parametrize(("scale", "reached"), [(0, 0), (1, None), (5, None), (1e4, 2)])
def test_bounds_for_the_mean_square_of_z_behind_sigmoids(scale, reached, printed, discrepancy):
    half = scale * np.array([0.2, 0.7, 1.3])
    a = sigmoid(np.array([*half, *-half]))  # z and -z are equally likely
    names = {"z": all_weights(6, 1) @ a, "M": 6}
    printed("eq-van-sigmoid-z").holds(names)
    if reached is not None:
        bound, square = (printed("eq-van-sigmoid-z").value(also=names, side=k) for k in (reached, 1))
        discrepancy(float(bound) - square)
        assert square == pytest.approx(float(bound), rel=1e-12)


@pytest.mark.equation("eq-van-sigmoid-z", method="numeric")
@pytest.mark.parametrize("M", [20, 100])
def test_mean_square_of_z_behind_sigmoids(M, rng, printed):
    net, layers = MLP((M, M, M, M, 1), hidden="sigmoid"), []
    for _ in range(60):
        trace = net.forward(net.init("normal", rng=rng), rng.normal(size=(30, M)))
        layers.append([np.mean(trace.z[l] ** 2) for l in (2, 3)])
    for measured in np.mean(layers, axis=0):
        printed("eq-van-sigmoid-z").holds({"z": 0, r"\mathbb E": lambda _, m=measured: m, "M": M}, within=0)


@pytest.mark.equation("eq-van-saturated-slope", method="numeric")
@pytest.mark.parametrize(("q", "tolerance"), [(50.0, 0.05), (1e3, 0.005), (1e5, 1e-4)])
def test_mean_square_slope_of_saturated_sigmoids(q, tolerance, printed):
    z, mean = normal(q)
    names = {"z": z, r"\mathbb E": mean, "q": q, r"\sigma'": sigmoid.derivative}
    measured = mean(sigmoid.derivative(z) ** 2)
    printed("eq-van-saturated-slope").holds(names, approx=tolerance * measured)


@functools.cache
def saturated(Mv):
    """Return the slopes where the variance of z reproduces itself from layer to layer, and how to average."""
    q = Mv / 2
    for _ in range(50):
        q = Mv * expectation(lambda z: sigmoid(z) ** 2, q)
    z, mean = normal(q)
    return {r"\sigma'": sigmoid.derivative(z), r"\mathbb E": mean}, expectation(
        lambda z: sigmoid.derivative(z) ** 2, q
    )


@pytest.mark.equation("eq-van-saturated-chi", method="numeric")
@pytest.mark.parametrize(("M", "tolerance"), [(100, 0.06), (10_000, 0.02)])
def test_factor_per_layer_of_saturated_sigmoids(M, tolerance, printed):
    names, square = saturated(M)
    chi = M * square
    printed("eq-van-saturated-chi").holds(
        {r"\chi": chi, "M": M, **names}, within=1e-9, approx=tolerance * chi
    )


@pytest.mark.equation("eq-van-chi-any", method="numeric")
@pytest.mark.parametrize(("Mv", "tolerance"), [(16, 0.07), (36 * np.pi, 0.06), (1e4, 0.02)])
def test_factor_per_layer_for_any_variance(Mv, tolerance, printed):
    names, square = saturated(Mv)
    chi = Mv * square
    known = {r"\chi": chi, "M": 40, "v": Mv / 40, **names}
    printed("eq-van-chi-any").holds(known, within=1e-9, approx=tolerance * chi)
    if Mv == 36 * np.pi:
        assert printed("eq-van-chi-any").value(known) == pytest.approx(1, rel=1e-12)


@pytest.mark.equation("eq-van-residual", method="central differences")
@pytest.mark.parametrize("f", [sigmoid, tanh])
def test_gradient_past_a_residual_connection(f, rng, printed):
    names = {
        "W^l": [None, *rng.normal(size=(2, 4, 4))],
        "b^l": [None, *rng.normal(size=(2, 4))],
        "a^0": rng.normal(size=4),
        "y": rng.normal(size=3),
        "V": rng.normal(size=(4, 3)),
        "f": f,
        "f'": f.derivative,
    }
    forward = ["def-van-residual", "z^l = a^{l-1}W^l + b^l", r"\mathcal C = \frac12 |\tanh(a^2 V) - y|^2"]
    printed("eq-van-residual").holds(also=names, where=forward, within=1e-8, l=(1, 2))


@pytest.mark.equation("eq-van-symmetry", method="numeric")
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu"])
def test_equal_weights_have_equal_gradients(name, rng, printed):
    sizes = (3, 5, 4, 2)
    net = MLP(sizes, hidden=name)
    params, X, y = net.init(Constant(0.3), rng=rng), rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
    nodes = {"i": lambda l: range(1, sizes[l - 1] + 1), "j": lambda l: range(1, sizes[l] + 1)}
    for _ in range(3):  # and after some steps they still have
        gradient = net.gradient(params, X, y)
        slopes = {r"\frac{\partial\mathcal C}{\partial w_{ij}^l}": from_one(list(gradient.W))}
        printed("eq-van-symmetry").holds(slopes, within=1e-15, l=(1, 2), **nodes, **{"j'": nodes["j"]})
        assert np.abs(gradient.W[2]).max() > 0
        assert np.ptp(gradient.W[1], axis=0).max() > 1e-6  # the rows are not equal
        assert np.ptp(gradient.W[3], axis=1).max() > 1e-6  # nor the columns of the output layer
        params.theta[:] -= 0.1 * gradient.theta


@pytest.mark.equation("eq-van-recurrent", method="numeric")
@pytest.mark.parametrize("rho", [0.9, 1.0, 1.1])
def test_powers_of_one_matrix(rho, rng, printed):
    Q, _ = np.linalg.qr(rng.normal(size=(8, 8)))
    steps = 40
    delta = [rng.normal(size=8)]
    for _ in range(steps):
        delta.insert(0, delta[0] @ (rho * Q).T)
    printed("eq-van-recurrent").holds({r"\delta_t": delta, r"\rho": rho}, t=[steps], k=range(steps + 1))


@pytest.mark.equation("eq-van-clip", method="numeric")
def test_length_of_a_clipped_gradient(rng, printed, discrepancy):
    for c in (0.5, 5.0):
        g = rng.normal(size=6)
        printed("eq-van-clip").holds({"g": g, "c": c}, within=1e-14)
        clipped = g.copy()
        ClipNorm(c).step(np.zeros(6), clipped, ClipNorm(c).init(np.zeros(6)))
        by_the_page = printed("def-van-clip-norm").value({"g": g, "c": c})
        error = max(
            np.abs(clipped - by_the_page).max(),
            abs(np.linalg.norm(clipped) - printed("eq-van-clip").value({"g": g, "c": c})),
        )
        discrepancy(error)
        assert error < 1e-14
