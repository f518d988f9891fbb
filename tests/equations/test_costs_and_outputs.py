"""The equations of book/costs-and-outputs.md: costs, softmax, the fused deltas, and their stable forms."""

from __future__ import annotations

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad

from fysstk_nn import costs
from fysstk_nn.activations import sigmoid, softmax
from fysstk_nn.costs import one_hot
from fysstk_nn.gradcheck import central_difference, jacobian_central

a, p = sp.symbols("a p", positive=True)
y, z, f = sp.symbols("y z f", real=True)
sigma = 1 / (1 + sp.exp(-z))
bce = -(y * sp.log(a) + (1 - y) * sp.log(1 - a))


@pytest.mark.equation("eq-cost-wish", method="sympy")
def test_the_wish_and_the_cost_that_fulfils_it(discrepancy):
    printed = ((a - y) / (a * (1 - a)), -y / a + (1 - y) / (1 - a))
    for right in printed:
        residual = sp.simplify(right - sp.diff(bce, a))
        discrepancy(residual)
        assert residual == 0


@pytest.mark.equation("eq-cost-delta-sigmoid", method="sympy")
def test_delta_of_sigmoid_and_cross_entropy(discrepancy):
    middle = (-y / a + (1 - y) / (1 - a)) * a * (1 - a)
    derivative = sp.diff(bce.subs(a, sigma), z)
    for residual in (
        sp.simplify(middle - (-y * (1 - a) + (1 - y) * a)),
        sp.simplify(middle - (a - y)),
        sp.simplify(derivative - (sigma - y)),
    ):
        discrepancy(residual)
        assert residual == 0


@pytest.mark.equation("eq-cost-delta-sigmoid", method="central differences")
def test_delta_of_sigmoid_and_cross_entropy_numerically(rng, discrepancy):
    z, y = rng.normal(size=(5, 3)), rng.integers(0, 2, size=(5, 3)).astype(float)
    measured = central_difference(lambda z: costs.binary_cross_entropy(sigmoid(z), y), z)
    for printed in (
        (sigmoid(z) - y) / 5,
        costs.binary_cross_entropy.output_delta(sigmoid, z, sigmoid(z), y),
    ):
        error = np.abs(printed - measured).max()
        discrepancy(error)
        assert error < 1e-9


def times(z0, exp=sp.exp):
    return (
        (z0 + 1 - exp(-z0)) / 2,
        (exp(z0) + 3 * z0 + sp.Rational(5, 2) - 3 * exp(-z0) - exp(-2 * z0) / 2) / 2,
    )


@pytest.mark.equation("eq-cost-time", method="sympy")
def test_time_to_forget(discrepancy):
    for delta, printed in zip((sigma, sigma**2 * (1 - sigma)), times(z), strict=True):
        at_zero = printed.subs(z, 0)
        residual = sp.simplify(sp.diff(printed, z) - 1 / (2 * delta))
        discrepancy(abs(residual) + abs(at_zero))
        assert residual == 0
        assert at_zero == 0


@pytest.mark.equation("eq-cost-time", method="numeric")
def test_time_to_forget_numerically(discrepancy):
    def s(z):
        return 1 / (1 + np.exp(-z))

    for z0 in (0.5, 2.0, 4.0):
        for delta, printed in zip((s, lambda z: s(z) ** 2 * (1 - s(z))), times(z0, np.exp), strict=True):
            error = abs(quad(lambda z, delta=delta: 1 / (2 * delta(z)), 0, z0)[0] - float(printed))
            discrepancy(error)
            assert error < 1e-10


@pytest.mark.equation("eq-cost-curvature", method="sympy")
def test_the_cross_entropy_is_convex(discrepancy):
    residual = sp.simplify(sp.diff(bce.subs(a, sigma), z, 2) - sigma * (1 - sigma))
    discrepancy(residual)
    assert residual == 0
    assert sp.ask(sp.Q.positive(sp.exp(-z) / (1 + sp.exp(-z)) ** 2))


@pytest.mark.equation("eq-cost-likelihood", method="numeric")
def test_cross_entropy_is_minus_the_log_likelihood(rng, discrepancy):
    for n in (1, 4, 30):
        a, y = rng.uniform(0.05, 0.95, size=n), rng.integers(0, 2, size=n)
        likelihood = np.prod([ai if yi == 1 else 1 - ai for ai, yi in zip(a, y, strict=True)])
        product = np.prod(a**y * (1 - a) ** (1 - y))
        printed = -np.mean(y * np.log(a) + (1 - y) * np.log(1 - a))
        error = max(abs(-np.log(likelihood) / n - printed), abs(-np.log(product) / n - printed))
        discrepancy(error)
        assert error < 1e-13
        assert abs(costs.binary_cross_entropy(a, y) - printed) < 1e-13


@pytest.mark.equation("eq-cost-gauss", method="sympy")
def test_squared_error_is_gaussian_noise(discrepancy):
    s = sp.symbols("s", positive=True)
    u = sp.symbols("u", real=True)
    density = sp.exp(-((y - u) ** 2) / (2 * s**2)) / (s * sp.sqrt(2 * sp.pi))
    assert sp.simplify(sp.integrate(density, (y, -sp.oo, sp.oo))) == 1
    printed = (u - y) ** 2 / (2 * s**2) + sp.log(s * sp.sqrt(2 * sp.pi))
    residual = sp.simplify(sp.expand_log(-sp.log(density) - printed, force=True))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-cost-calibrated", method="sympy")
def test_the_best_answer_is_the_probability(discrepancy):
    mean = -p * sp.log(a) - (1 - p) * sp.log(1 - a)
    residual = sp.simplify(sp.diff(mean, a) - (a - p) / (a * (1 - a)))
    discrepancy(residual)
    assert residual == 0
    assert sp.solve(sp.diff(mean, a), a) == [p]
    assert sp.simplify(mean.subs({a: sp.Rational(1, 2), p: sp.Rational(1, 2)}) - sp.log(2)) == 0


@pytest.mark.equation("eq-cost-brier", method="sympy")
def test_the_squared_error_agrees(discrepancy):
    mean = p * (a - 1) ** 2 / 2 + (1 - p) * a**2 / 2
    residual = sp.expand(mean - (a - p) ** 2 / 2 - p * (1 - p) / 2)
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-cost-shift", method="sympy")
def test_a_constant_changes_nothing(discrepancy):
    zs, c = sp.symbols("z1:5", real=True), sp.symbols("c", real=True)
    total = sum(sp.exp(zk) for zk in zs)
    shifted = sum(sp.exp(zk + c) for zk in zs)
    for zk in zs:
        residual = sp.simplify(sp.exp(zk + c) / shifted - sp.exp(zk) / total)
        discrepancy(residual)
        assert residual == 0


@pytest.mark.equation("eq-cost-two-classes", method="sympy")
def test_two_classes_are_a_sigmoid(discrepancy):
    z1, z2 = sp.symbols("z1 z2", real=True)
    first = sp.exp(z1) / (sp.exp(z1) + sp.exp(z2))
    for printed in (1 / (1 + sp.exp(-(z1 - z2))), sigma.subs(z, z1 - z2)):
        residual = sp.simplify(first - printed)
        discrepancy(residual)
        assert residual == 0


@pytest.mark.equation("eq-cost-jacobian-cases", method="sympy")
@pytest.mark.equation("eq-cost-jacobian", method="sympy")
def test_jacobian(discrepancy):
    zs = sp.symbols("z1:5", real=True)
    outputs = [sp.exp(zk) / sum(sp.exp(zm) for zm in zs) for zk in zs]
    for i, ai in enumerate(outputs):
        for j, aj in enumerate(outputs):
            derivative = sp.diff(ai, zs[j])
            by_case = ai - ai**2 if i == j else -ai * aj
            for printed in (by_case, ai * ((1 if i == j else 0) - aj)):
                residual = sp.simplify(derivative - printed)
                discrepancy(residual)
                assert residual == 0


@pytest.mark.equation("eq-cost-jacobian", method="central differences")
def test_jacobian_numerically(rng, discrepancy):
    for M in (2, 3, 7):
        z = rng.normal(size=M)
        a = softmax(z)
        printed = a[:, None] * (np.eye(M) - a[None, :])
        error = np.abs(printed - jacobian_central(softmax, z)).max()
        discrepancy(error)
        assert error < 1e-9
        assert np.abs(printed.sum(axis=0)).max() < 1e-15


@pytest.mark.equation("eq-cost-delta-softmax", method="sympy")
def test_delta_of_softmax_and_cross_entropy(discrepancy):
    zs, targets = sp.symbols("z1:4", real=True), sp.symbols("y1:3", real=True)
    targets = (*targets, 1 - sum(targets))  # they add up to 1
    total = sum(sp.exp(zk) for zk in zs)
    cost = -sum(yk * sp.log(sp.exp(zk) / total) for yk, zk in zip(targets, zs, strict=True))
    for yj, zj in zip(targets, zs, strict=True):
        residual = sp.simplify(sp.diff(cost, zj) - (sp.exp(zj) / total - yj))
        discrepancy(residual)
        assert residual == 0


@pytest.mark.equation("eq-cost-delta-softmax", method="autograd")
def test_delta_of_softmax_and_cross_entropy_by_autograd(rng, discrepancy):
    z, y = rng.normal(size=(5, 4)), one_hot(rng.integers(0, 4, size=5), 4)

    def cost(z):
        a = anp.exp(z) / anp.sum(anp.exp(z), axis=1, keepdims=True)
        return -anp.sum(y * anp.log(a))

    middle = np.einsum("nk,nkj->nj", -y / softmax(z), softmax.jacobian(z))
    for printed in (softmax(z) - y, middle):
        error = np.abs(printed - autograd.grad(cost)(z)).max()
        discrepancy(error)
        assert error < 1e-13


@pytest.mark.equation("eq-cost-stable-sigmoid", method="numeric")
def test_stable_form_for_sigmoid(discrepancy):
    for number in (-800, -36, -3.5, 0, 0.25, 2, 40, 800):
        exact = sp.Float(number, 400)
        for target in (0, 1):
            true = -sp.log(1 / (1 + sp.exp(-exact)) if target else 1 / (1 + sp.exp(exact)))
            first = sp.log(1 + sp.exp(exact)) - target * exact
            second = max(number, 0) - target * number + np.log1p(np.exp(-abs(number)))
            error = max(abs(first - true), abs(sp.Float(second) - true))
            discrepancy(error)
            assert error < 1e-12


@pytest.mark.equation("eq-cost-stable-softmax", method="numeric")
def test_stable_form_for_softmax(rng, discrepancy):
    rows = [rng.normal(size=5), np.array([1000.0, 0.0, -1000.0]), np.array([-2000.0, -2001.0])]
    for row in rows:
        exact = [sp.Float(zk, 1200) for zk in row]
        total = sum(sp.exp(zk) for zk in exact)
        for c in range(len(row)):
            m = row.max()
            printed = m + np.log(np.exp(row - m).sum()) - row[c]
            error = abs(sp.Float(printed) + sp.log(sp.exp(exact[c]) / total))
            discrepancy(error)
            assert error < 1e-12


@pytest.mark.equation("eq-cost-logistic", method="sympy")
def test_labels_of_plus_and_minus_one(discrepancy):
    for s in (1, -1):
        cost = sp.log(1 + sp.exp(-s * f))
        label = sp.Rational(1 + s, 2)
        out = 1 / (1 + sp.exp(-f))
        same = sp.simplify(sp.exp(cost) - (1 / out if s == 1 else 1 / (1 - out)))
        forms = (-s / (1 + sp.exp(s * f)), out - label)
        residuals = [sp.simplify(sp.diff(cost, f) - printed) for printed in forms]
        discrepancy(max(abs(r) for r in [same, *residuals]))
        assert [same, *residuals] == [0, 0, 0]


@pytest.mark.equation("eq-cost-hinge-slope", method="central differences")
def test_slope_of_the_hinge(rng, discrepancy):
    f, s = rng.normal(scale=2, size=40), rng.choice([-1.0, 1.0], size=40)
    assert np.abs(s * f - 1).min() > 1e-4  # away from the kink
    measured = central_difference(lambda f: np.sum(np.maximum(0, 1 - s * f)), f, h=1e-5)
    error = np.abs(np.where(s * f < 1, -s, 0) - measured).max()
    discrepancy(error)
    assert error < 1e-9
    assert np.allclose(costs.hinge.gradient(f[:, None], s[:, None])[:, 0], np.where(s * f < 1, -s, 0) / 40)


@pytest.mark.equation("eq-cost-bounds", method="proof by cases")
def test_both_losses_lie_above_the_mistakes(discrepancy):
    margin = np.concatenate([np.linspace(-30, 30, 60_001), [0.0]])
    mistakes = (margin <= 0).astype(float)
    for loss in (np.maximum(0, 1 - margin), np.logaddexp(0, -margin) / np.log(2)):
        assert np.all(loss >= mistakes - 1e-15)
        tight = abs(loss[-1] - 1)
        discrepancy(tight)
        assert tight < 1e-15
        assert np.all(np.diff(loss[:-1]) <= 0)  # falling: at least 1 left of 0, at least 0 on the right


@pytest.mark.equation("eq-cost-mean", method="sympy")
def test_the_squared_error_asks_for_the_mean(discrepancy):
    out, *values = sp.symbols("a y1:6", real=True)
    mean = sum(values) / 5
    variance = sum((v - mean) ** 2 for v in values) / 5
    expected = sum((out - v) ** 2 / 2 for v in values) / 5
    residual = sp.expand(expected - (out - mean) ** 2 / 2 - variance / 2)
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-cost-median", method="central differences")
def test_the_absolute_error_asks_for_the_median(rng, discrepancy):
    values = rng.normal(size=9)
    for out in rng.normal(size=20):
        assert np.abs(values - out).min() > 1e-4

        def total(v):
            return np.abs(v[0] - values).sum()

        printed = np.sum(values < out) - np.sum(values > out)
        error = abs(printed - central_difference(total, np.array([out]), h=1e-5)[0])
        discrepancy(error)
        assert error < 1e-8
    totals = [np.abs(values - v).sum() for v in values]
    assert values[np.argmin(totals)] == np.median(values)
