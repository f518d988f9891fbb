"""The equations of book/network-types.md: convolution, recurrence, radial basis functions."""

from __future__ import annotations

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp

from fysstk_nn.gradcheck import central_difference


def convolve(x, w, b=0.0):
    """The sum of the definition, written out."""
    n, k = len(x), len(w)
    return np.array([sum(w[i] * x[j + i] for i in range(k)) + b for j in range(n - k + 1)])


@pytest.mark.equation("eq-types-matrix", method="numeric")
def test_a_convolution_is_a_constrained_dense_layer(rng, discrepancy):
    n, k = 9, 4
    x, w = rng.normal(size=n), rng.normal(size=k)
    W = np.zeros((n, n - k + 1))
    for j in range(n - k + 1):
        for i in range(k):
            W[j + i, j] = w[i]
    error = np.abs(x @ W + 0.3 - convolve(x, w, 0.3)).max()
    discrepancy(error)
    assert error < 1e-14


@pytest.mark.equation("eq-types-count", method="numeric")
def test_numbers_of_weights(discrepancy):
    N, K = 28, 3
    nodes = np.lib.stride_tricks.sliding_window_view(np.zeros((N, N)), (K, K)).shape[:2]
    dense = N * N * nodes[0] * nodes[1]
    printed = N**2 * (N - K + 1) ** 2
    discrepancy(abs(dense - printed))
    assert printed == dense == 784 * 676 == 529_984
    assert K**2 == 9


@pytest.mark.equation("eq-types-shared", method="central differences")
def test_gradient_of_a_shared_weight(rng, discrepancy):
    n, k = 8, 3
    x, y, w = rng.normal(size=n), rng.normal(size=n - k + 1), rng.normal(size=k)
    delta = np.tanh(convolve(x, w)) - y
    delta = delta * (1 - np.tanh(convolve(x, w)) ** 2)
    measured = central_difference(lambda w: 0.5 * np.sum((np.tanh(convolve(x, w)) - y) ** 2), w)
    printed = [sum(delta[j] * x[j + i] for j in range(n - k + 1)) for i in range(k)]
    W = np.zeros((n, n - k + 1))
    for j in range(n - k + 1):
        W[j : j + k, j] = w
    dense = central_difference(lambda W: 0.5 * np.sum((np.tanh(x @ W) - y) ** 2), W)
    over_places = [sum(dense[j + i, j] for j in range(n - k + 1)) for i in range(k)]
    error = max(np.abs(printed - measured).max(), np.abs(over_places - measured).max())
    discrepancy(error)
    assert error < 1e-8


@pytest.mark.equation("eq-types-shift", method="numeric")
def test_a_shifted_signal_gives_a_shifted_answer(rng, discrepancy):
    x, w, s = rng.normal(size=12), rng.normal(size=3), 2
    shifted = np.concatenate([rng.normal(size=s), x[:-s]])  # x'_i = x_{i-s} for i >= s
    error = np.abs(convolve(shifted, w)[s:] - convolve(x, w)[:-s]).max()
    discrepancy(error)
    assert error < 1e-14


def states(parameters, x):
    wh, wx, b = parameters
    h = [0.0]
    for reading in x:
        h.append(anp.tanh(wh * h[-1] + wx * reading + b))
    return h


def recurrent_cost(parameters, x, y):
    return 0.5 * (states(parameters, x)[-1] - y) ** 2


def printed_gradient(parameters, x, y):
    wh, _wx, _b = parameters
    h, T = states(parameters, x), len(x)
    delta = [0.0] * (T + 1)
    delta[T] = (h[T] - y) * (1 - h[T] ** 2)
    for t in range(T - 1, 0, -1):
        delta[t] = delta[t + 1] * wh * (1 - h[t] ** 2)
    times = range(1, T + 1)
    return np.array(
        [sum(delta[t] * h[t - 1] for t in times), sum(delta[t] * x[t - 1] for t in times), sum(delta[1:])]
    )


@pytest.mark.equation("eq-types-delta-time", method="central differences")
@pytest.mark.equation("eq-types-gradient-time", method="central differences")
def test_backpropagation_through_time(rng, discrepancy):
    for T in (1, 2, 7):
        parameters, x = rng.normal(size=3), rng.normal(size=T)
        measured = central_difference(lambda p, x=x: recurrent_cost(p, x, 0.4), parameters)
        error = np.abs(printed_gradient(parameters, x, 0.4) - measured).max()
        discrepancy(error)
        assert error < 1e-8


@pytest.mark.equation("eq-types-delta-time", method="autograd")
@pytest.mark.equation("eq-types-gradient-time", method="autograd")
def test_backpropagation_through_time_by_autograd(rng, discrepancy):
    parameters, x = rng.normal(size=3), rng.normal(size=7)
    recorded = autograd.grad(recurrent_cost)(parameters, x, 0.4)
    error = np.abs(printed_gradient(parameters, x, 0.4) - recorded).max()
    discrepancy(error)
    assert error < 1e-13


@pytest.mark.equation("eq-types-slope", method="sympy")
def test_slope_at_the_origin(discrepancy):
    h, w = sp.symbols("h w")
    residual = sp.diff(sp.tanh(w * h), h).subs(h, 0) - w
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-types-normal", method="numeric")
def test_least_squares_on_bells(rng, discrepancy):
    x, y, centres = rng.uniform(0, 5, size=30), rng.normal(size=30), np.linspace(0, 5, 6)
    Phi = np.exp(-((x[:, None] - centres) ** 2) / 2)
    v = np.linalg.pinv(Phi) @ y
    error = np.abs(Phi.T @ Phi @ v - Phi.T @ y).max()
    discrepancy(error)
    assert error < 1e-10
    slope = central_difference(lambda v: np.sum((Phi @ v - y) ** 2), v)
    assert np.abs(slope).max() < 1e-5


@pytest.mark.equation("eq-types-positive", method="numeric")
def test_bells_on_all_points_are_positive_definite(rng, discrepancy):
    smallest = np.inf
    for _ in range(20):
        x = np.cumsum(rng.uniform(0.3, 1.0, size=8))
        Phi = np.exp(-((x[:, None] - x) ** 2) / (2 * 0.5**2))
        smallest = min(smallest, np.linalg.eigvalsh(Phi).min())
    discrepancy(max(0.0, -smallest))
    assert smallest > 1e-8
