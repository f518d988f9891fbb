"""The few equations of book/building-the-mlp.md."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from fysstk_book.printed.numbers import samples
from fysstk_nn.gradcheck import central_difference, relative_error
from fysstk_nn.mlp import MLP
from fysstk_nn.params import Params


@pytest.mark.equation("eq-mlp-parameters", method="numeric")
@pytest.mark.parametrize("sizes", [(1, 1), (2, 3, 1), (784, 30, 10), (4, 5, 3, 2)])
def test_number_of_parameters(sizes, printed):
    counted = MLP(sizes).init(rng=0).theta.size
    printed("eq-mlp-parameters").holds({"P": counted, "L": len(sizes) - 1, "M_l": sizes})


@pytest.mark.equation("eq-mlp-descent", method="numeric")
@pytest.mark.parametrize("eta", [1e-2, 1e-4])
def test_first_order_change_along_any_direction(eta, rng, printed):
    net = MLP((3, 4, 2), hidden="tanh")
    params, X, y = net.init(rng=rng), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    gradient = net.gradient(params, X, y).theta
    for _ in range(5):
        d = rng.normal(size=gradient.size)
        before = net.cost_of(params, X, y)
        after = net.cost_of(Params(params.theta - eta * d, net.sizes), X, y)
        names = {r"\Delta\mathcal C": after - before, r"\eta": eta, "d": d, r"\nabla\mathcal C": gradient}
        printed("eq-mlp-descent").holds(names, approx=30 * eta**2)


@pytest.mark.equation("eq-mlp-other-cost", method="central differences")
def test_no_slope_at_the_output_is_the_gradient_of_another_cost(rng, printed):
    """The printed derivative is that of the binary cross-entropy, and with a sigmoid the slope cancels."""
    n = 7
    A, Y = rng.uniform(0.1, 0.9, size=(n, 3)), rng.uniform(size=(n, 3))
    cross_entropy = lambda A: -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / n  # noqa: E731
    names = {"A^l": {2: samples(A)}, "Y": samples(Y), "n": n, "L": 2}
    slope = {r"\frac{\partial\mathcal C}{\partial A^l}": {2: samples(central_difference(cross_entropy, A))}}
    printed("eq-mlp-other-cost").holds({**names, **slope}, within=1e-7)
    of_z = printed("eq-mlp-other-cost").value(names) * A * (1 - A)
    np.testing.assert_allclose(of_z, (A - Y) / n, rtol=1e-12)


@pytest.mark.equation("eq-mlp-scale", method="sympy")
def test_a_scaled_gradient_is_another_learning_rate(printed):
    eta, c = sp.symbols("eta c")
    names = {r"\theta": sp.symbols("theta:3"), r"\nabla\mathcal C": sp.symbols("g:3"), r"\eta": eta, "c": c}
    printed("eq-mlp-scale").holds(names)


@pytest.mark.equation("eq-mlp-forward-cost", method="numeric")
@pytest.mark.parametrize("L", [2, 3, 6])
def test_multiplications_of_a_forward_pass(L, printed):
    inputs, width, outputs = 7, 5, 3
    sizes = (inputs, *[width] * (L - 1), outputs)
    counted = sum(W.size for W in MLP(sizes).init(rng=0).W[1:])
    names = {r"N_\text{forward}": counted, "M_l": sizes, "M": width, "L": L}
    printed("eq-mlp-forward-cost").holds(names)


@pytest.mark.equation("def-mlp-relative-error", method="numeric")
def test_the_relative_error_is_that_of_the_package(printed, discrepancy):
    for g, other in ((2.0, 2.1), (-0.3, 0.2), (1e-7, 3e-7)):
        found = printed("def-mlp-relative-error").value({"g": g, r"g_\text{num}": other})
        discrepancy(found - relative_error(g, other), within=1e-12)
