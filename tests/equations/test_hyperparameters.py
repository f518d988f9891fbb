"""The few equations of book/hyperparameters.md."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import sympy as sp
from scipy.stats import loguniform
from sklearn.model_selection import ParameterGrid

from fysstk_nn.costs import cost_function


@pytest.mark.equation("eq-hyper-first-cost", method="numeric")
@pytest.mark.parametrize("K", [2, 10, 26])
def test_cost_of_knowing_nothing(K, discrepancy):
    outputs, targets = np.full((K, K), 1 / K), np.eye(K)
    error = abs(cost_function("cross_entropy")(outputs, targets) - np.log(K))
    discrepancy(error)
    assert error < 1e-12
    assert abs(np.log(10) - 2.303) < 5e-4


@pytest.mark.equation("eq-hyper-grid", method="numeric")
def test_size_of_a_grid(discrepancy):
    grid = {name: range(4) for name in "abcde"}
    counted = 5 * len(ParameterGrid({name: list(values) for name, values in grid.items()}))
    printed = 5 * int(np.prod([len(values) for values in grid.values()]))
    discrepancy(abs(counted - printed))
    assert printed == counted == 5120


@pytest.mark.equation("eq-hyper-distinct", method="numeric")
def test_distinct_values(rng, discrepancy):
    for values, d in ((3, 2), (4, 3)):
        grid = np.array(list(itertools.product(range(values), repeat=d)))
        n = len(grid)
        distinct = len(np.unique(grid[:, 0]))
        discrepancy(abs(distinct - n ** (1 / d)))
        assert abs(distinct - n ** (1 / d)) < 1e-9
        assert len(np.unique(rng.uniform(size=(n, d))[:, 0])) == n


@pytest.mark.equation("eq-hyper-draws", method="sympy")
def test_chance_of_a_good_draw(discrepancy):
    q = sp.symbols("q", positive=True)
    for n in range(1, 5):
        outcomes = itertools.product((q, 1 - q), repeat=n)
        at_least_one = sum(sp.prod(outcome) for outcome in outcomes if q in outcome)
        residual = sp.expand(at_least_one - (1 - (1 - q) ** n))
        discrepancy(residual)
        assert residual == 0
    assert 1 - 0.95**59 >= 0.95 > 1 - 0.95**58


@pytest.mark.equation("eq-hyper-loguniform", method="numeric")
def test_probability_of_a_decade(discrepancy):
    low, high = 1e-4, 1.0
    distribution = loguniform(low, high)
    for a, b in ((1e-4, 1e-3), (0.01, 0.5), (2e-4, 0.9)):
        error = abs(distribution.cdf(b) - distribution.cdf(a) - np.log(b / a) / np.log(high / low))
        discrepancy(error)
        assert error < 1e-12


@pytest.mark.equation("eq-hyper-winner", method="sympy")
def test_winner_of_two(discrepancy):
    d, s = sp.symbols("d s", positive=True)  # max(A, B) = (A + B)/2 + |A - B|/2, and A - B has variance 2 s^2
    density = sp.exp(-(d**2) / (4 * s**2)) / (2 * s * sp.sqrt(sp.pi))
    mean_distance = sp.integrate(2 * d * density, (d, 0, sp.oo))
    residual = sp.simplify(mean_distance / 2 - s / sp.sqrt(sp.pi))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-hyper-winner", method="numeric")
def test_winner_of_two_by_simulation(rng, discrepancy):
    best = rng.normal(0.95, 0.01, size=(400_000, 2)).max(axis=1).mean()
    error = abs(best - (0.95 + 0.01 / np.sqrt(np.pi)))
    discrepancy(error)
    assert error < 1e-4
