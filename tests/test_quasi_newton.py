"""Quasi-Newton methods: what they reach, and what they refuse."""

import numpy as np
import pytest

from fysstk_nn.costs import Penalty
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import GradientDescent
from fysstk_nn.quasi_newton import fit_quasi_newton
from fysstk_nn.train import fit


@pytest.fixture
def task(rng):
    """Return a small regression: network, parameters, samples and targets."""
    net = MLP((3, 6, 5, 2), ("tanh", "relu"))
    X = rng.normal(size=(23, 3))
    return net, net.init(rng=rng), X, np.stack([X[:, 0] * X[:, 1], np.sin(X[:, 2])], axis=1)


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B"])
def test_quasi_newton_beats_gradient_descent(task, method):
    net = MLP((3, 6, 2), "tanh")
    _, _, X, y = task
    params = net.init()
    run = fit_quasi_newton(net, params, X, y, method=method, iterations=60, l2=1e-3)
    costs = run.history.cost
    penalty = Penalty(l2=1e-3)
    assert costs[0] == net.cost_of(params, X, y, penalty=penalty)
    np.testing.assert_allclose(costs[-1], net.cost_of(run.params, X, y, penalty=penalty), rtol=1e-12)
    assert all(a >= b for a, b in zip(costs, costs[1:], strict=False)) and run.state.epoch == len(costs) - 1
    slow = fit(net, params, X, y, optimizer=GradientDescent(0.3), epochs=60, l2=1e-3)
    assert costs[-1] < 0.5 * slow.history.cost[-1]


def test_quasi_newton_finds_least_squares(rng):
    X, y = rng.normal(size=(30, 4)), rng.normal(size=(30, 1))
    net = MLP((4, 1))
    design = np.hstack([X, np.ones((30, 1))])
    expected = np.linalg.lstsq(design, y, rcond=None)[0].ravel()
    run = fit_quasi_newton(net, net.init(), X, y, tolerance=1e-10)
    np.testing.assert_allclose(run.params.theta, expected, rtol=1e-7, atol=1e-9)
    single = fit_quasi_newton(net, net.init(dtype=np.float32), X, y)
    assert single.params.dtype == np.float32
    np.testing.assert_allclose(single.params.theta, expected, rtol=1e-3, atol=1e-5)


def test_quasi_newton_refuses(task):
    net, params, X, y = task
    with pytest.raises(ValueError, match="method must be 'BFGS' or 'L-BFGS-B', not 'Newton'"):
        fit_quasi_newton(net, params, X, y, method="Newton")
    for other in (MLP((3, 4, 2), dropout=0.5), MLP((3, 4, 2), batch_norm=True)):
        with pytest.raises(ValueError, match="without dropout and batch normalisation"):
            fit_quasi_newton(other, other.init(), X, y)
    params.W[1] = 1e308
    with pytest.raises(FloatingPointError, match="the search ended at a cost of"):
        fit_quasi_newton(MLP((3, 6, 5, 2), "relu"), params, X, y)


def test_the_start_is_left_as_it_was(task):
    net, params, X, y = task
    before = params.theta.copy()
    fit_quasi_newton(net, params, X, y, iterations=3)
    np.testing.assert_array_equal(params.theta, before)
