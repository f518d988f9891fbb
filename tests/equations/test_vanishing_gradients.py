"""The equations of book/vanishing-gradients.md, as printed."""

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad

from fysstk_nn.activations import relu, sigmoid, tanh
from fysstk_nn.autodiff import Var, gradients
from fysstk_nn.autodiff import sigmoid as recorded_sigmoid
from fysstk_nn.gradcheck import central_difference
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import ClipNorm
from fysstk_nn.params import Constant, Normal, glorot, he


def expectation(f, q):
    """Return the mean of f(z) for a normal z with variance q."""
    s = np.sqrt(q)
    density = lambda z: np.exp(-z * z / (2 * q)) / (s * np.sqrt(2 * np.pi))  # noqa: E731
    return quad(lambda z: f(z) * density(z), -12 * s, 12 * s, points=(-1, 0, 1), limit=500)[0]


def chain(rng, L):
    """Return weights, z, and dC/dz of a chain of sigmoid neurons, by automatic differentiation."""
    w, b = rng.normal(scale=2, size=L + 1), rng.normal(size=L + 1)
    z, a = [None], Var(0.7)
    for l in range(1, L + 1):
        z.append(a * float(w[l]) + float(b[l]))
        a = recorded_sigmoid(z[l])
    adjoints = gradients(0.5 * (a - 0.2) ** 2)
    return w, [v and v.value for v in z], [v and adjoints[v] for v in z]


@pytest.mark.equation("eq-van-chain", method="autodiff")
@pytest.mark.parametrize("L", [2, 5, 9])
def test_delta_through_a_chain(L, rng, discrepancy):
    w, z, delta = chain(rng, L)
    printed = delta[L] * np.prod([w[l] * sigmoid.derivative(z[l - 1]) for l in range(2, L + 1)])
    discrepancy(abs(printed - delta[1]))
    assert printed == pytest.approx(delta[1], rel=1e-12)


@pytest.mark.equation("eq-van-chain-bound", method="autodiff")
def test_bound_for_a_chain_of_sigmoids(rng, discrepancy):
    for _ in range(50):
        w, _, delta = chain(rng, 6)
        excess = abs(delta[1]) - abs(delta[6]) * np.prod(np.abs(w[2:]) / 4)
        discrepancy(max(excess, 0))
        assert excess <= 0


@pytest.mark.equation("eq-van-forward", method="numeric")
def test_variance_of_a_sum_over_random_weights(rng, discrepancy):
    M, v = 30, 0.07
    a = rng.normal(loc=0.5, size=M)  # with a mean, as a sigmoid's
    z = a @ rng.normal(scale=np.sqrt(v), size=(M, 200_000))
    printed = M * v * np.mean(a**2)
    error = abs(z.var() / printed - 1)
    discrepancy(error)
    assert error < 0.02
    assert abs(z.var() / (M * v * a.var()) - 1) > 0.1  # the variance of a would be wrong


@pytest.mark.equation("eq-van-relu-half", method="sympy")
def test_relu_halves_the_mean_square(discrepancy):
    z, q = sp.Symbol("z", real=True), sp.Symbol("q", positive=True)
    density = sp.exp(-(z**2) / (2 * q)) / sp.sqrt(2 * sp.pi * q)
    square = sp.integrate(z**2 * density, (z, 0, sp.oo))
    slope = sp.integrate(density, (z, 0, sp.oo))
    residuals = [sp.simplify(square - q / 2), sp.simplify(slope - sp.Rational(1, 2))]
    discrepancy(sum(abs(r) for r in residuals))
    assert residuals == [0, 0]


@pytest.mark.equation("eq-van-relu-half", method="numeric")
def test_relu_halves_the_mean_square_of_any_symmetric_z(rng, discrepancy):
    z = rng.uniform(1, 3, size=1000)
    z = np.concatenate([z, -z])
    error = max(abs(np.mean(relu(z) ** 2) - z.var() / 2), abs(np.mean(relu.derivative(z) ** 2) - 0.5))
    discrepancy(error)
    assert error < 1e-12


@pytest.mark.equation("eq-van-backward", method="numeric")
@pytest.mark.parametrize(("name", "v"), [("relu", 2 / 300), ("tanh", 1 / 300), ("sigmoid", 1.0)])
def test_mean_square_of_delta_in_a_wide_layer(name, v, rng, discrepancy):
    widths, ratios = (200, 300, 500, 1), []
    for _ in range(6):
        net = MLP(widths, hidden=name)
        params, X = net.init(Normal(np.sqrt(v)), rng=rng), rng.normal(size=(60, 200))
        trace = net.forward(params, X)
        delta = net.deltas(params, trace, rng.normal(size=(60, 1)))
        slope2 = np.mean(net.f[1].derivative(trace.z[1]) ** 2)
        printed = widths[2] * v * slope2 * np.mean(delta[2] ** 2)
        ratios.append(np.mean(delta[1] ** 2) / printed)
    error = abs(np.mean(ratios) - 1)
    discrepancy(error)
    assert error < 0.1


@pytest.mark.equation("eq-van-difference", method="numeric")
@pytest.mark.parametrize(("name", "v"), [("relu", 2 / 600), ("tanh", 1 / 600), ("sigmoid", 1 / 600)])
def test_difference_of_two_samples(name, v, rng, discrepancy):
    M, ratios = 600, []
    for _ in range(6):
        net = MLP((M, M, M, 1), hidden=name)
        params = net.init(Normal(np.sqrt(v)), rng=rng)
        x = rng.normal(size=(20, M))
        one, two = net.forward(params, x), net.forward(params, x + 1e-6 * rng.normal(size=(20, M)))
        chi = M * v * np.mean(net.f[1].derivative(one.z[1]) ** 2)
        before, after = (np.mean((one.z[l] - two.z[l]) ** 2) for l in (1, 2))
        ratios.append(after / (chi * before))
    error = abs(np.mean(ratios) - 1)
    discrepancy(error)
    assert error < 0.05


@pytest.mark.equation("eq-van-glorot", method="sympy")
def test_variance_of_glorot(discrepancy):
    m, n, v = sp.symbols("m n v", positive=True)
    (solution,) = sp.solve(sp.Rational(1, 2) * (m * v + n * v) - 1, v)
    residual = sp.simplify(solution - 2 / (m + n))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-van-glorot", method="numeric")
def test_variance_of_glorot_in_the_package(rng, discrepancy):
    error = abs(glorot(rng, 300, 700).var() - 2 / 1000)
    discrepancy(error)
    assert error < 2e-5


@pytest.mark.equation("eq-van-uniform", method="sympy")
def test_limit_of_the_uniform_distribution(discrepancy):
    m, n, w = sp.symbols("m n w", positive=True)
    r = sp.sqrt(6 / (m + n))
    variance = sp.integrate(w**2 / (2 * r), (w, -r, r))
    residual = sp.simplify(variance - 2 / (m + n))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-van-he", method="numeric")
def test_variance_of_he(rng, discrepancy):
    W = he(rng, 400, 600)
    error = abs(W.var() - 2 / 400)
    discrepancy(error)
    assert error < 5e-5
    z = rng.normal(scale=3.0, size=(500, 400))
    assert np.var(relu(z) @ W) == pytest.approx(np.var(z), rel=0.05)  # it keeps the variance


@pytest.mark.equation("eq-van-telescope", method="sympy")
@pytest.mark.parametrize("L", [2, 3, 6])
def test_product_of_the_backward_factors_of_he(L, discrepancy):
    M = sp.symbols(f"M:{L + 1}", positive=True)
    v = [None, *(2 / M[l - 1] for l in range(1, L + 1))]
    product = sp.prod([M[l] * v[l] * sp.Rational(1, 2) for l in range(2, L + 1)])
    residual = sp.simplify(product - M[L] / M[1])
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-van-tanh", method="sympy")
def test_mean_square_of_tanh_to_second_order(discrepancy):
    z, q = sp.Symbol("z"), sp.Symbol("q", positive=True)
    series = sp.series(sp.tanh(z) ** 2, z, 0, 6).removeO()
    moments = {2: q, 4: 3 * q**2}  # of a normal z with variance q
    mean = sum(series.coeff(z, k) * moment for k, moment in moments.items())
    residual = sp.expand(mean - (q - 2 * q**2))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-van-tanh", method="numeric")
def test_mean_square_of_tanh_numerically(discrepancy):
    q = 0.01
    error = abs(expectation(lambda z: tanh(z) ** 2, q) - (q - 2 * q**2))
    discrepancy(error)
    assert error < 10 * q**3
    for _ in range(1000):
        q = q - 2 * q**2
    assert q == pytest.approx(1 / (2 * 1000 + 100), rel=0.01)  # it falls like 1/(2l)


@pytest.mark.equation("eq-van-sigmoid-variance", method="numeric")
def test_variance_of_numbers_between_0_and_1(rng, discrepancy):
    samples = [sigmoid(rng.normal(scale=s, size=2000)) for s in (0.1, 1, 10, 1e4)] + [np.array([0.0, 1.0])]
    excess = max(a.var() - 0.25 for a in samples)
    discrepancy(max(excess, 0))
    assert excess < 1e-12
    assert all(a.var() <= a.mean() * (1 - a.mean()) + 1e-12 for a in samples)


@pytest.mark.equation("eq-van-sigmoid-z", method="numeric")
@pytest.mark.parametrize("M", [20, 100])
def test_mean_square_of_z_behind_sigmoids(M, rng, discrepancy):
    net, layers = MLP((M, M, M, M, 1), hidden="sigmoid"), []
    for _ in range(60):
        trace = net.forward(net.init("normal", rng=rng), rng.normal(size=(30, M)))
        layers.append([np.mean(trace.z[l] ** 2) for l in (2, 3)])
    for measured in np.mean(layers, axis=0):
        excess = max(M / 4 - measured, measured - M / 2, 0)
        discrepancy(excess)
        assert excess == 0


@pytest.mark.equation("eq-van-saturated-slope", method="numeric")
@pytest.mark.parametrize(("q", "tolerance"), [(50.0, 0.05), (1e3, 0.005), (1e5, 1e-4)])
def test_mean_square_slope_of_saturated_sigmoids(q, tolerance, discrepancy):
    measured = quad(
        lambda z: sigmoid.derivative(z) ** 2 * np.exp(-z * z / (2 * q)), -60, 60, points=(0,), limit=500
    )[0] / np.sqrt(2 * np.pi * q)
    printed = 1 / (6 * np.sqrt(2 * np.pi * q))
    discrepancy(abs(measured - printed))
    assert printed == pytest.approx(measured, rel=tolerance)


@pytest.mark.equation("eq-van-saturated-chi", method="numeric")
def test_factor_per_layer_of_saturated_sigmoids(discrepancy):
    for M, tolerance in ((100, 0.06), (10_000, 0.02)):
        q = M / 2
        for _ in range(50):  # the variance that reproduces itself from layer to layer
            q = M * expectation(lambda z: sigmoid(z) ** 2, q)
        measured = M * expectation(lambda z: sigmoid.derivative(z) ** 2, q)
        printed = np.sqrt(M / np.pi) / 6
        discrepancy(abs(measured - printed))
        assert printed == pytest.approx(measured, rel=tolerance)


@pytest.mark.equation("eq-van-chi-any", method="numeric")
@pytest.mark.parametrize(("Mv", "tolerance"), [(16, 0.07), (36 * np.pi, 0.06), (1e4, 0.02)])
def test_factor_per_layer_for_any_variance(Mv, tolerance, discrepancy):
    q = Mv / 2
    for _ in range(50):  # the variance that reproduces itself from layer to layer
        q = Mv * expectation(lambda z: sigmoid(z) ** 2, q)
    measured = Mv * expectation(lambda z: sigmoid.derivative(z) ** 2, q)
    printed = np.sqrt(Mv / np.pi) / 6
    discrepancy(abs(measured - printed))
    assert printed == pytest.approx(measured, rel=tolerance)
    if Mv == 36 * np.pi:
        assert printed == pytest.approx(1, rel=1e-12)


@pytest.mark.equation("eq-van-residual", method="central differences")
@pytest.mark.parametrize("f", [sigmoid, tanh])
def test_gradient_past_a_residual_connection(f, rng, discrepancy):
    W, b, V, y = rng.normal(size=(4, 4)), rng.normal(size=4), rng.normal(size=(4, 2)), rng.normal(size=(3, 2))
    before = rng.normal(size=(3, 4))

    def after(a):
        return a + f(a @ W + b)

    def cost(a):
        return 0.5 * np.sum((np.tanh(after(a) @ V) - y) ** 2)

    def cost_of_the_sum(a):
        return 0.5 * np.sum((np.tanh(a @ V) - y) ** 2)

    above = central_difference(cost_of_the_sum, after(before))
    printed = above + (above * f.derivative(before @ W + b)) @ W.T
    error = np.abs(printed - central_difference(cost, before)).max()
    discrepancy(error)
    assert error < 1e-8


@pytest.mark.equation("eq-van-symmetry", method="numeric")
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu"])
def test_equal_weights_have_equal_gradients(name, rng, discrepancy):
    net = MLP((3, 5, 4, 2), hidden=name)
    params, X, y = net.init(Constant(0.3), rng=rng), rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
    for _ in range(3):  # and after some steps they still have
        gradient = net.gradient(params, X, y)
        error = max(np.ptp(gradient.W[l], axis=1).max() for l in (1, 2))
        discrepancy(error)
        assert error < 1e-15
        assert np.abs(gradient.W[2]).max() > 0
        params.theta[:] -= 0.1 * gradient.theta


@pytest.mark.equation("eq-van-recurrent", method="numeric")
@pytest.mark.parametrize("rho", [0.9, 1.0, 1.1])
def test_powers_of_one_matrix(rho, rng, discrepancy):
    Q, _ = np.linalg.qr(rng.normal(size=(8, 8)))
    start = rng.normal(size=8)
    delta = start
    for _ in range(40):
        delta = delta @ (rho * Q).T
    printed = rho**40 * np.linalg.norm(start)
    discrepancy(abs(np.linalg.norm(delta) - printed))
    assert np.linalg.norm(delta) == pytest.approx(printed, rel=1e-12)


@pytest.mark.equation("eq-van-clip", method="numeric")
def test_length_of_a_clipped_gradient(rng, discrepancy):
    for c in (0.5, 5.0):
        g = rng.normal(size=6)
        clipped = g.copy()
        ClipNorm(c).step(np.zeros(6), clipped, ClipNorm(c).init(np.zeros(6)))
        length = np.linalg.norm(g)
        error = max(
            abs(np.linalg.norm(g * min(1, c / length)) - min(length, c)),
            np.abs(clipped - g * min(1, c / length)).max(),
        )
        discrepancy(error)
        assert error < 1e-14
