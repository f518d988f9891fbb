"""The equations of book/digits-nielsen.md: the spread of the first sums, blank pixels, a layer of bits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import sympy as sp
import sympy.stats

from fysstk_nn.activations import sigmoid
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import GradientDescent
from fysstk_nn.train import fit


@pytest.mark.equation("eq-nielsen-variance", method="sympy")
@pytest.mark.parametrize("pixels", [1, 3])
def test_variance_of_a_weighted_sum(pixels, discrepancy):
    w = [sp.stats.Normal(f"w{i}", 0, 1) for i in range(pixels)]
    b, x = sp.stats.Normal("b", 0, 1), sp.symbols(f"x:{pixels}", positive=True)
    z = sum(xi * wi for xi, wi in zip(x, w, strict=True)) + b
    residual = sp.simplify(sp.stats.variance(sp.expand(z)) - 1 - sum(xi**2 for xi in x))
    discrepancy(abs(residual))
    assert residual == 0


@pytest.mark.equation("eq-nielsen-variance", method="numeric")
def test_spread_of_the_package_s_first_sums(rng, discrepancy):
    x = rng.uniform(size=(1, 40)) * (rng.random(40) < 0.5)
    net = MLP((40, 20_000, 1), hidden="sigmoid")
    params = net.init("normal", rng=rng)
    params.b[1][:] = rng.normal(size=20_000)
    expected = 1 + np.sum(x**2)
    error = abs(net.forward(params, x).z[1].var() / expected - 1)
    discrepancy(error)
    assert error < 5 * np.sqrt(2 / 20_000)  # five standard deviations of a variance from 20,000 numbers


@pytest.mark.equation("eq-nielsen-blank", method="numeric")
def test_weights_of_blank_pixels_have_no_gradient_and_stay(rng, discrepancy):
    X, y = rng.uniform(size=(12, 6)), np.eye(3)[rng.integers(0, 3, 12)]
    X[:, [0, 4]] = 0
    net = MLP((6, 5, 3), hidden="sigmoid", output="sigmoid")
    params = net.init("normal", rng=rng)
    gradient = net.gradient(params, X, y).W[1]
    discrepancy(np.abs(gradient[[0, 4]]).max())
    assert not gradient[[0, 4]].any()
    assert (np.abs(np.delete(gradient, [0, 4], axis=0)) > 0).all()
    trained = fit(net, params, X, y, optimizer=GradientDescent(3.0), epochs=5, batch_size=4).params
    assert np.array_equal(trained.W[1][[0, 4]], params.W[1][[0, 4]])
    assert not np.array_equal(trained.W[1], params.W[1])


@pytest.mark.equation("eq-nielsen-blank", method="central differences")
def test_gradient_of_the_first_weights(rng, discrepancy):
    X, y = rng.uniform(size=(7, 4)), rng.uniform(size=(7, 2))
    X[:, 2] = 0
    net = MLP((4, 3, 2), hidden="sigmoid", output="sigmoid")
    params = net.init("normal", rng=rng)
    delta = net.deltas(params, net.forward(params, X), y)[1]
    printed, h = X.T @ delta, 1e-5
    for i, j in itertools.product(range(4), range(3)):
        up, down = params.copy(), params.copy()
        up.W[1][i, j] += h
        down.W[1][i, j] -= h
        measured = (net.cost_of(up, X, y) - net.cost_of(down, X, y)) / (2 * h)
        discrepancy(abs(measured - printed[i, j]))
        assert abs(measured - printed[i, j]) < 1e-9
    assert not printed[2].any()


@pytest.mark.equation("eq-nielsen-bits", method="numeric")
def test_bounds_of_the_four_sums(discrepancy):
    beta = (np.arange(10)[:, np.newaxis] >> np.arange(4)) & 1
    assert ["".join(map(str, row[::-1])) for row in beta] == [f"{d:04b}" for d in range(10)]
    W, b = 10 * beta, -5
    largest_wrong, smallest_right = 0.01, 0.99
    for d in range(10):
        # z is linear and no weight is negative, so the extremes are at the ends of the intervals.
        low, high = np.zeros(10), np.full(10, largest_wrong)
        low[d], high[d] = smallest_right, 1
        for j in range(4):
            if beta[d, j]:
                discrepancy(max(0.0, 4.9 - (low @ W + b)[j]))
                assert (low @ W + b)[j] >= 4.9 - 1e-12
            else:
                discrepancy(max(0.0, (high @ W + b)[j] + 4.5))
                assert (high @ W + b)[j] <= -4.5 + 1e-12
    assert beta.sum(axis=0).max() == 5
    assert round(float(sigmoid(np.array(4.9))), 3) == 0.993
    assert round(float(sigmoid(np.array(-4.5))), 3) == 0.011
