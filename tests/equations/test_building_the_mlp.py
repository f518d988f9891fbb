"""The few equations of book/building-the-mlp.md."""

from __future__ import annotations

import numpy as np
import pytest

from fysstk_nn.mlp import MLP
from fysstk_nn.params import Params


@pytest.mark.equation("eq-mlp-parameters", method="numeric")
@pytest.mark.parametrize("sizes", [(1, 1), (2, 3, 1), (784, 30, 10), (4, 5, 3, 2)])
def test_number_of_parameters(sizes, discrepancy):
    printed = sum((m + 1) * n for m, n in zip(sizes, sizes[1:], strict=False))
    counted = MLP(sizes).init(rng=0).theta.size
    discrepancy(abs(printed - counted))
    assert printed == counted
    if sizes == (784, 30, 10):
        assert printed == 785 * 30 + 31 * 10 == 23_860


@pytest.mark.equation("eq-mlp-descent", method="numeric")
def test_first_order_change_along_any_direction(rng, discrepancy):
    net = MLP((3, 4, 2), hidden="tanh")
    params, X, y = net.init(rng=rng), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    gradient = net.gradient(params, X, y).theta
    eta = 1e-6
    for _ in range(5):
        d = rng.normal(size=gradient.size)
        before = net.cost_of(Params(params.theta + eta * d, net.sizes), X, y)
        after = net.cost_of(Params(params.theta - eta * d, net.sizes), X, y)
        error = abs((after - before) / 2 - -eta * (d @ gradient)) / eta  # centred: the second order cancels
        discrepancy(error)
        assert error < 1e-7


@pytest.mark.equation("eq-mlp-other-cost", method="central differences")
def test_no_slope_at_the_output_is_the_gradient_of_another_cost(rng, discrepancy):
    """The printed derivative is that of the binary cross-entropy, and with a sigmoid the slope cancels."""
    z, y = rng.normal(size=(7, 3)), rng.uniform(size=(7, 3))
    a, n, h = 1 / (1 + np.exp(-z)), 7, 1e-6
    printed = (a - y) / (a * (1 - a)) / n

    def cost(a):
        return -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a)) / n

    for i, j in np.ndindex(a.shape):
        step = np.zeros_like(a)
        step[i, j] = h
        error = abs((cost(a + step) - cost(a - step)) / (2 * h) - printed[i, j])
        discrepancy(error)
        assert error < 1e-7
    np.testing.assert_allclose(printed * a * (1 - a), (a - y) / n, rtol=1e-12)


@pytest.mark.equation("eq-mlp-scale", method="numeric")
def test_a_scaled_gradient_is_another_learning_rate(rng, discrepancy):
    theta, gradient, eta, c = rng.normal(size=9), rng.normal(size=9), 0.3, 50.0
    error = np.abs((theta - eta * (c * gradient)) - (theta - (c * eta) * gradient)).max()
    discrepancy(error)
    assert error < 1e-13


@pytest.mark.equation("eq-mlp-forward-cost", method="numeric")
@pytest.mark.parametrize("L", [2, 3, 6])
def test_multiplications_of_a_forward_pass(L, discrepancy):
    inputs, width, outputs = 7, 5, 3
    sizes = (inputs, *[width] * (L - 1), outputs)
    counted = sum(W.size for W in MLP(sizes).init(rng=0).W[1:])
    printed = inputs * width + (L - 2) * width**2 + width * outputs
    discrepancy(abs(printed - counted))
    assert printed == counted
