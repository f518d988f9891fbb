"""The equations of book/regularization.md: penalties, projection, early stopping, dropout, batch norm."""

from __future__ import annotations

import itertools

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp
from scipy.optimize import minimize_scalar

from fysstk_nn.costs import Penalty
from fysstk_nn.gradcheck import central_difference, jacobian_central
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import GradientDescent
from fysstk_nn.train import fit


@pytest.mark.equation("eq-reg-l2-gradient", method="central differences")
def test_gradient_of_the_penalty(rng, discrepancy):
    net, strength = MLP((3, 4, 2), hidden="tanh"), 0.3
    params, X, y = net.init(rng=rng), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    plain = net.gradient(params, X, y)

    def cost(W):
        changed = params.copy()
        changed.W[1] = W
        return net.cost_of(changed, X, y) + strength / 2 * sum(np.sum(w**2) for w in changed.W[1:])

    error = np.abs(plain.W[1] + strength * params.W[1] - central_difference(cost, params.W[1].copy())).max()
    discrepancy(error)
    assert error < 1e-8
    whole = net.gradient(params, X, y, penalty=Penalty(l2=strength))
    assert np.allclose(whole.W[2], plain.W[2] + strength * params.W[2], rtol=1e-12)
    assert np.array_equal(whole.b[1], plain.b[1])


@pytest.mark.equation("eq-reg-decay", method="sympy")
def test_weight_decay(discrepancy):
    w, eta, strength, slope = sp.symbols("w eta lambda g")
    penalised = slope * w + strength / 2 * w**2  # near w, any cost is a line to first order
    residual = sp.expand(w - eta * sp.diff(penalised, w) - ((1 - eta * strength) * w - eta * slope))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-reg-decay", method="numeric")
def test_weight_decay_in_training(rng, discrepancy):
    net, eta, strength = MLP((3, 2)), 0.1, 0.4
    params, X, y = net.init(rng=rng), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    run = fit(net, params, X, y, optimizer=GradientDescent(eta), epochs=1, l2=strength)
    printed = (1 - eta * strength) * params.W[1] - eta * net.gradient(params, X, y).W[1]
    error = np.abs(run.params.W[1] - printed).max()
    discrepancy(error)
    assert error < 1e-14


@pytest.mark.equation("eq-reg-l2-shrink", method="sympy")
def test_minimum_with_l2(discrepancy):
    w, best, h, strength = sp.symbols("w w_s h lambda", positive=True)
    (found,) = sp.solve(sp.diff(h / 2 * (w - best) ** 2 + strength / 2 * w**2, w), w)
    residual = sp.simplify(found - h / (h + strength) * best)
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-reg-l1-soft", method="numeric")
@pytest.mark.parametrize("best", [-2.0, -0.4, 0.0, 0.3, 0.75, 3.0])
def test_minimum_with_l1(best, discrepancy):
    h, strength = 2.0, 1.2
    cost = lambda w: h / 2 * (w - best) ** 2 + strength * abs(w)  # noqa: E731
    found = minimize_scalar(cost, bounds=(-4, 4), method="bounded", options={"xatol": 1e-10}).x
    printed = np.sign(best) * max(abs(best) - strength / h, 0)
    error = abs(found - printed)
    discrepancy(error)
    assert error < 1e-6


@pytest.mark.equation("eq-reg-projection", method="numeric")
def test_projection_is_the_nearest_point(rng, discrepancy):
    c = 1.3
    for _ in range(50):
        w = rng.normal(size=4) * rng.uniform(0.1, 3)
        projected = w * min(1, c / np.linalg.norm(w))
        assert np.linalg.norm(projected) <= c + 1e-12
        others = rng.normal(size=(2000, 4))
        others *= (
            c * rng.uniform(0, 1, size=(2000, 1)) ** 0.25 / np.linalg.norm(others, axis=1, keepdims=True)
        )
        assert np.all(np.linalg.norm(others - w, axis=1) >= np.linalg.norm(projected - w))
        error = abs(np.linalg.norm(projected - w) - max(np.linalg.norm(w) - c, 0))
        discrepancy(error)
        assert error < 1e-12


@pytest.mark.equation("eq-reg-projection", method="numeric")
def test_projection_in_training(rng, discrepancy):
    net, c = MLP((3, 4, 2), hidden="tanh"), 0.8
    params, X, y = net.init(rng=rng), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    eta = GradientDescent(0.5)
    free = fit(net, params, X, y, optimizer=eta, epochs=1).params
    held = fit(net, params, X, y, optimizer=eta, epochs=1, max_norm=c).params
    for l in (1, 2):
        printed = free.W[l] * np.minimum(1, c / np.linalg.norm(free.W[l], axis=0))
        error = np.abs(held.W[l] - printed).max()
        discrepancy(error)
        assert error < 1e-14


@pytest.mark.equation("eq-reg-early", method="sympy")
def test_weight_after_k_steps(discrepancy):
    w, best, h, eta = 0, *sp.symbols("w_s h eta")
    for k in range(1, 6):
        w = sp.expand(w - eta * h * (w - best))
        residual = sp.expand(w - (1 - (1 - eta * h) ** k) * best)
        discrepancy(residual)
        assert residual == 0


@pytest.mark.equation("eq-reg-early-lambda", method="sympy")
def test_steps_act_like_a_penalty(discrepancy):
    h, eta, k, strength = sp.symbols("h eta k lambda", positive=True)
    stopped = sp.diff(1 - (1 - eta * h) ** k, h).subs(h, 0)
    penalised = sp.diff(h / (h + strength), h).subs(h, 0)
    (found,) = sp.solve(sp.Eq(stopped, penalised), strength)
    residual = sp.simplify(found - 1 / (eta * k))
    discrepancy(residual)
    assert residual == 0


def masks(nodes, p):
    """All masks of inverted dropout, and the probability of each."""
    kept = np.array(list(itertools.product([0, 1], repeat=nodes)))
    return kept / (1 - p), np.prod(np.where(kept == 1, 1 - p, p), axis=1)


@pytest.mark.equation("eq-reg-vanilla-mean", method="proof by cases")
def test_vanilla_mean(discrepancy):
    p, a = sp.symbols("p a")
    residual = sp.expand(p * 0 * a + (1 - p) * 1 * a - (1 - p) * a)
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-reg-inverted", method="sympy")
def test_inverted_mean_and_variance(discrepancy):
    p = sp.symbols("p", positive=True)
    mean = p * 0 + (1 - p) / (1 - p)
    variance = sp.simplify(p * (0 - mean) ** 2 + (1 - p) * (1 / (1 - p) - mean) ** 2)
    residual = abs(sp.simplify(mean - 1)) + abs(sp.simplify(variance - p / (1 - p)))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-reg-inverted", method="numeric")
def test_masks_of_the_package(discrepancy):
    net, p = MLP((2, 20_000, 1), hidden="tanh", dropout=0.2), 0.2
    trace = net.forward(net.init(rng=1), np.ones((5, 2)), training=True, rng=2)
    mask = trace.mask[1]
    assert np.allclose(np.unique(mask), [0, 1 / (1 - p)])
    error = max(abs(mask.mean() - 1), abs(mask.var() - p / (1 - p)))
    discrepancy(error)
    assert error < 0.01


@pytest.mark.equation("eq-reg-ensemble", method="numeric")
@pytest.mark.equation("eq-reg-dropout-penalty", method="numeric")
@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_all_masks_of_a_linear_layer(p, rng, discrepancy):
    a, w, b, y = rng.normal(size=7), rng.normal(size=7), 0.4, -0.3
    m, probability = masks(7, p)
    outputs, plain = (m * a) @ w + b, a @ w + b
    error = abs(probability @ outputs - plain)
    mean_cost = probability @ (0.5 * (outputs - y) ** 2)
    printed = 0.5 * (plain - y) ** 2 + p / (2 * (1 - p)) * np.sum(a**2 * w**2)
    error = max(error, abs(mean_cost - printed))
    discrepancy(error)
    assert error < 1e-12


@pytest.mark.equation("eq-reg-geometric", method="numeric")
@pytest.mark.parametrize("p", [0.2, 0.5])
def test_geometric_mean_of_all_softmax_networks(p, rng, discrepancy):
    softmax = lambda z: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)  # noqa: E731
    a, W, b = rng.normal(size=7), rng.normal(size=(7, 3)), rng.normal(size=3)
    m, probability = masks(7, p)
    product = np.prod(softmax((m * a) @ W + b) ** probability[:, None], axis=0)
    error = np.abs(product / product.sum() - softmax(a @ W + b)).max()
    discrepancy(error)
    assert error < 1e-12


def normalised(u, eps):
    return (u - u.mean(axis=0)) / np.sqrt(u.var(axis=0) + eps)


@pytest.mark.equation("eq-reg-bn-moments", method="numeric")
def test_moments(rng, discrepancy):
    u, eps = rng.normal(3, 2, size=(9, 4)), 0.1
    uhat, v = normalised(u, eps), u.var(axis=0)
    error = max(np.abs(uhat.mean(axis=0)).max(), np.abs((uhat**2).mean(axis=0) - v / (v + eps)).max())
    discrepancy(error)
    assert error < 1e-14


@pytest.mark.equation("eq-reg-bn-invariance", method="numeric")
def test_scale_of_the_weights_does_not_matter(rng, discrepancy):
    A, w = rng.normal(size=(8, 5)), rng.normal(size=(5, 3))
    for alpha in (0.01, 2.0, 100.0):
        error = np.abs(normalised(A @ (alpha * w), 0) - normalised(A @ w, 0)).max()
        discrepancy(error)
        assert error < 1e-12


def printed_backward(u, gamma, delta, eps):
    n, s, uhat = len(u), np.sqrt(u.var(axis=0) + eps), normalised(u, eps)
    db, dgamma = delta.sum(axis=0), (delta * uhat).sum(axis=0)
    return gamma / s * (delta - db / n - uhat / n * dgamma), dgamma, db


@pytest.mark.equation("eq-reg-bn-jacobian", method="central differences")
@pytest.mark.parametrize("n", [2, 3, 7])
def test_jacobian(n, rng, discrepancy):
    u, eps = rng.normal(size=n), 1e-2
    uhat, s = normalised(u, eps), np.sqrt(u.var() + eps)
    printed = (np.eye(n) - 1 / n - np.outer(uhat, uhat) / n) / s
    error = np.abs(printed - jacobian_central(lambda t: normalised(t, eps), u)).max()
    discrepancy(error)
    assert error < 1e-7


@pytest.mark.equation("eq-reg-bn-jacobian", method="sympy")
def test_jacobian_symbolically(discrepancy):
    n, eps = 3, sp.symbols("epsilon", positive=True)
    u = sp.symbols("u1:4", real=True)
    mean = sum(u) / n
    s = sp.sqrt(sum((t - mean) ** 2 for t in u) / n + eps)
    uhat = [(t - mean) / s for t in u]
    for i, k in itertools.product(range(n), repeat=2):
        printed = (int(i == k) - sp.Rational(1, n) - uhat[i] * uhat[k] / n) / s
        residual = sp.simplify(sp.diff(uhat[i], u[k]) - printed)
        discrepancy(residual)
        assert residual == 0


@pytest.mark.equation("eq-reg-bn-parameters", method="central differences")
@pytest.mark.equation("eq-reg-bn-backward", method="central differences")
@pytest.mark.equation("eq-reg-bn-zero-sum", method="numeric")
def test_backward(rng, discrepancy):
    u, gamma, b, y = rng.normal(size=(6, 3)), rng.normal(size=3), rng.normal(size=3), rng.normal(size=(6, 3))
    eps = 1e-3
    cost = lambda u, gamma, b: np.sum((gamma * normalised(u, eps) + b - y) ** 2) / 2  # noqa: E731
    du, dgamma, db = printed_backward(u, gamma, gamma * normalised(u, eps) + b - y, eps)
    error = max(
        np.abs(du - central_difference(lambda t: cost(t, gamma, b), u)).max(),
        np.abs(dgamma - central_difference(lambda t: cost(u, t, b), gamma)).max(),
        np.abs(db - central_difference(lambda t: cost(u, gamma, t), b)).max(),
        np.abs(du.sum(axis=0)).max(),
    )
    discrepancy(error)
    assert error < 1e-7


@pytest.mark.equation("eq-reg-bn-backward", method="autograd")
def test_backward_of_the_package(rng, discrepancy):
    net = MLP((3, 5, 2), hidden="tanh", batch_norm=True)
    params, X, y = net.init(rng=rng), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    params.gamma[1] = rng.uniform(0.5, 2, size=5)

    def cost(W1):
        u = anp.dot(X, W1)
        uhat = (u - anp.mean(u, axis=0)) / anp.sqrt(anp.var(u, axis=0) + 1e-5)
        out = anp.dot(anp.tanh(params.gamma[1] * uhat + params.b[1]), params.W[2]) + params.b[2]
        return anp.sum((out - y) ** 2) / (2 * len(X))

    trace = net.forward(params, X, training=True)
    delta = net.deltas(params, trace, y)[1]
    printed = X.T @ printed_backward(X @ params.W[1], params.gamma[1], delta, 1e-5)[0]
    referee = autograd.grad(cost)(params.W[1].copy())
    error = max(np.abs(printed - referee).max(), np.abs(net.backprop(params, trace, y).W[1] - referee).max())
    discrepancy(error)
    assert error < 1e-12


@pytest.mark.equation("eq-reg-bn-running", method="sympy")
def test_running_average(discrepancy):
    alpha, start = sp.symbols("alpha mu_0")
    means = sp.symbols("mu_1:6")
    running = start
    for k, mean in enumerate(means, 1):
        running = running + alpha * (mean - running)
        printed = (1 - alpha) ** k * start
        printed += alpha * sum((1 - alpha) ** (k - j) * means[j - 1] for j in range(1, k + 1))
        residual = sp.expand(running - printed)
        discrepancy(residual)
        assert residual == 0
    assert 0.9**44 < 0.01 < 0.9**43


@pytest.mark.equation("eq-reg-bn-output", method="numeric")
def test_bound_at_the_output(rng, discrepancy):
    for _ in range(200):
        n = int(rng.integers(2, 9))
        u, y, gamma, b = rng.normal(size=n), rng.normal(size=n), rng.normal(), rng.normal()
        bound = 0.5 * (b - y.mean()) ** 2
        assert np.mean(0.5 * (gamma * normalised(u, 0) + b - y) ** 2) >= bound - 1e-12
        uhat = normalised(u, 0)
        reached = np.mean(0.5 * (gamma * uhat + b - (gamma * uhat + y.mean())) ** 2)  # these targets reach it
        discrepancy(abs(reached - bound))
        assert abs(reached - bound) < 1e-12
