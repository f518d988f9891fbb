"""The equations of book/digits-nielsen.md, as printed: the spread of the first sums, blank pixels, bits."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
import sympy.stats

from fysstk_nn.activations import sigmoid
from fysstk_nn.gradcheck import central_difference
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import GradientDescent
from fysstk_nn.train import fit


def variance(z):
    """Return E[(z - E z)²], multiplied out: SymPy integrates its terms faster than the square of the sum."""
    return sp.stats.E(sp.expand((z - sp.stats.E(z)) ** 2))


@pytest.mark.equation("eq-nielsen-variance", method="sympy")
@pytest.mark.parametrize("pixels", [1, 3])
def test_variance_of_a_weighted_sum(pixels, printed):
    w = [sp.stats.Normal(f"w{i}", 0, 1) for i in range(pixels)]
    b, x = sp.stats.Normal("b", 0, 1), sp.symbols(f"x:{pixels}", positive=True)
    z = sp.expand(sum(xi * wi for xi, wi in zip(x, w, strict=True)) + b)
    names = {r"\operatorname{Var}": variance, "z": z, "x_i": list(x)}
    printed("eq-nielsen-variance").holds(names, i=range(pixels))


@pytest.mark.equation("eq-nielsen-variance", method="numeric")
def test_spread_of_the_package_s_first_sums(rng, printed, discrepancy):
    x = rng.uniform(size=(1, 40)) * (rng.random(40) < 0.5)
    net = MLP((40, 20_000, 1), hidden="sigmoid")
    params = net.init("normal", rng=rng)
    params.b[1][:] = rng.normal(size=20_000)
    expected = printed("eq-nielsen-variance").value({"x_i": x[0]}, side=1, i=range(40))
    error = abs(net.forward(params, x).z[1].var() / expected - 1)
    discrepancy(error)
    assert error < 5 * np.sqrt(2 / 20_000)  # five standard deviations of a variance from 20,000 numbers


@pytest.fixture
def blank(rng):
    """A network, its parameters, and samples of which two pixels are always blank."""
    X, y = rng.uniform(size=(12, 6)), np.eye(3)[rng.integers(0, 3, 12)]
    X[:, [0, 4]] = 0
    net = MLP((6, 5, 3), hidden="sigmoid", output="sigmoid")
    return net, net.init("normal", rng=rng), X, y


@pytest.mark.equation("eq-nielsen-blank", method="central differences")
def test_weights_of_blank_pixels_have_no_gradient(blank, printed):
    net, params, X, y = blank

    def cost(W):
        changed = params.copy()
        changed.W[1][:] = W
        return net.cost_of(changed, X, y)

    delta = net.deltas(params, net.forward(params, X), y)[1]
    measured = central_difference(cost, params.W[1])
    names = {
        r"\frac{\partial C}{\partial w_{ij}^1}": lambda i, j: measured[i, j],
        "x_{si}": lambda s, i: X[s - 1, i],
        r"\delta_{sj}^1": lambda s, j: delta[s - 1, j],
        "n": len(X),
    }
    page = printed("eq-nielsen-blank")
    page.holds(names, i=[0, 4], j=range(5), within=1e-8)
    for i in range(6):  # the sum is the gradient of the other weights as well, and is not zero there
        slope, total = (page.value(names, side=side, i=i, j=2) for side in (0, 1))
        assert abs(total - measured[i, 2]) < 1e-8
        assert slope == measured[i, 2]
        assert (total == 0) == (i in (0, 4))


@pytest.mark.equation("eq-nielsen-blank", method="numeric")
def test_weights_of_blank_pixels_stay(blank, printed):
    net, params, X, y = blank
    trained = fit(net, params, X, y, optimizer=GradientDescent(3.0), epochs=5, batch_size=4).params
    step = trained.W[1] - params.W[1]
    assert not step[[0, 4]].any()
    assert np.delete(step, [0, 4], axis=0).all()
    gradient = net.gradient(params, X, y).W[1][[0, 4]]
    names = {r"\frac{\partial C}{\partial w_{ij}^1}": lambda i, j: gradient[i, j], "n": 1}
    names |= {"x_{si}": lambda s, i: 0.0, r"\delta_{sj}^1": lambda s, j: 1.0}
    printed("eq-nielsen-blank").holds(names, i=range(2), j=range(5))


@pytest.mark.equation("eq-nielsen-bits", method="proof by cases")
def test_bounds_of_the_four_sums(printed):
    beta = (np.arange(10)[:, np.newaxis] >> np.arange(4)) & 1
    page = printed("eq-nielsen-bits")
    names = {r"\beta_j": lambda j: lambda i: beta[i, j]}
    b = page.value(side=1, statement=1)
    W = np.array([[page.value(names, side=1, i=i, j=j) for j in range(4)] for i in range(10)])
    weights = {"w_{ij}": W, "b_j": [b] * 4}  # as printed: that they serve is what the bounds show
    for only in (0, 1):
        page.holds(also=names | weights, only=only, i=range(10), j=range(4))
    found = {3: [], 4: []}
    for d in range(10):
        # z is linear and no weight is negative, so the extremes are at the ends of the intervals.
        low, high = np.zeros(10), np.full(10, 0.01 - 1e-12)
        low[d], high[d] = 0.99, 1
        for a in (low, high):
            z = a @ W + b
            names |= {"z_j": z, "a_i": a, "d": d}
            page.holds(also=names, only=2, j=range(4))
            for only, bit in ((3, 1), (4, 0)):
                for j in np.flatnonzero(beta[d] == bit):
                    page.holds(also=names, only=only, j=[int(j)])
                    assert page.value(also=names, side=0, statement=only, j=int(j)) == z[j]
                    found[only].append(z[j])
    for d, only, extreme in ((1, 3, min(found[3])), (0, 4, max(found[4]))):  # neither bound could be sharper
        assert abs(page.value(also=names | {"d": d}, side=1, statement=only, j=0) - extreme) < 1e-9
    assert beta.sum(axis=0).max() == 5
    assert round(float(sigmoid(np.array(4.9))), 3) == 0.993
    assert round(float(sigmoid(np.array(-4.5))), 3) == 0.011
