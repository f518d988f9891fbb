"""The few equations of book/hyperparameters.md, as the page prints them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import sympy as sp
import sympy.stats
from scipy.stats import loguniform
from sklearn.model_selection import ParameterGrid

from fysstk_book.compare import interval
from fysstk_book.printed.names import from_one
from fysstk_book.printed.numbers import samples
from fysstk_nn.costs import cost_function


@pytest.mark.equation("eq-hyper-first-cost", method="numeric")
@pytest.mark.parametrize("K", [2, 10, 26])
def test_cost_of_knowing_nothing(K, printed):
    cost = cost_function("cross_entropy")(np.full((K, K), 1 / K), np.eye(K))
    printed("eq-hyper-first-cost").holds({"C_0": cost, "K": K})


@pytest.mark.equation("eq-hyper-grid", method="numeric")
def test_size_of_a_grid(printed):
    grid = {name: list(range(values)) for name, values in zip("abcde", (2, 3, 3, 4, 5), strict=True)}
    sizes = [len(values) for values in grid.values()]
    printed("eq-hyper-grid").holds({"N": 7 * len(ParameterGrid(grid)), "k": 7, "n_i": sizes}, i=range(5))


@pytest.mark.equation("eq-hyper-distinct", method="numeric")
@pytest.mark.parametrize(("values", "d"), [(3, 2), (4, 3)])
def test_distinct_values(values, d, rng, printed, discrepancy):
    grid = np.array(list(itertools.product(range(values), repeat=d)))
    random = rng.uniform(size=grid.shape)
    for k, (points, names) in enumerate([(grid, {"n": len(grid), "d": d}), (random, {"n": len(grid)})]):
        error = len(np.unique(points[:, 0])) - printed("eq-hyper-distinct").value(names, statement=k)
        discrepancy(error)
        assert abs(error) < 1e-9


@pytest.mark.equation("eq-hyper-draws", method="sympy")
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_chance_of_a_good_draw(n, printed):
    q = sp.symbols("q", positive=True)
    outcomes = itertools.product((q, 1 - q), repeat=n)
    at_least_one = sum(sp.prod(outcome) for outcome in outcomes if q in outcome)
    printed("eq-hyper-draws").holds({"p": at_least_one, "q": q, "n": n})


@pytest.mark.equation("eq-hyper-paired", method="numeric")
@pytest.mark.parametrize("n", [2, 5, 20])
def test_standard_error_of_paired_differences(n, rng, printed):
    luck = rng.normal(size=n)
    d = (luck + rng.normal(0, 0.1, n)) - (luck + rng.normal(0.3, 0.1, n))
    names = {"n": n, "d_i": from_one(d), r"\bar d": d.mean(), r"s_\text{diff}": d.std(ddof=1)}
    printed("eq-hyper-paired").holds({**names, r"s_\text{mean}": interval(d).error})


@pytest.mark.equation("eq-hyper-paired", method="numeric")
def test_means_of_n_differences_scatter_by_their_standard_error(rng, printed, discrepancy):
    means = rng.normal(0.3, 2.0, (40_000, 9)).mean(axis=1)
    predicted = printed("eq-hyper-paired").value({r"s_\text{diff}": 2.0, "n": 9}, side=1)
    discrepancy(means.std() - predicted)
    assert abs(means.std() / predicted - 1) < 0.02


@pytest.mark.equation("eq-hyper-paired-spread", method="numeric")
def test_spread_of_paired_differences(rng, printed):
    A = rng.normal(size=12)
    B = 0.7 * A + rng.normal(0, 0.3, 12)
    spreads = {r"s_\text{diff}": A - B, r"s_\text{A}": A, r"s_\text{B}": B}
    names = {name: scores.std(ddof=1) for name, scores in spreads.items()}
    printed("eq-hyper-paired-spread").holds(names | {"r": np.corrcoef(A, B)[0, 1]})


@pytest.mark.equation("eq-hyper-loguniform", method="numeric")
@pytest.mark.parametrize(("a", "b"), [(1e-4, 1e-3), (0.01, 0.5), (2e-4, 0.9)])
def test_probability_of_a_decade(a, b, printed):
    low, high, n = 1e-4, 1.0, 100_000
    eta = loguniform(low, high).ppf((np.arange(n) + 0.5) / n)  # n values that are equally likely
    names = {"P": np.mean, "a": a, "b": b, r"\eta": samples(eta)}
    limits = {r"\eta_\text{min}": low, r"\eta_\text{max}": high}
    printed("eq-hyper-loguniform").holds(names | limits, within=2 / n)


@pytest.mark.equation("eq-hyper-winner", method="sympy")
def test_winner_of_two(printed):
    mu, s, A, B = sp.symbols("mu s A B", positive=True)
    d = sp.Symbol("d", real=True)  # max(A, B) = (A + B)/2 + |A - B|/2, and A - B has variance 2 s^2
    density = sp.exp(-(d**2) / (4 * s**2)) / (2 * s * sp.sqrt(sp.pi))
    mean_distance = sp.integrate(2 * d * density, (d, 0, sp.oo))

    def expected(value):
        assert value == sp.Max(A, B)
        return mu + mean_distance / 2

    printed("eq-hyper-winner").holds({r"\mathbb E": expected, "A": A, "B": B, r"\mu": mu, "s": s})


@pytest.mark.equation("eq-hyper-winner", method="numeric")
def test_winner_of_two_by_simulation(rng, printed):
    A, B = rng.normal(0.95, 0.01, size=(2, 400_000))
    names = {"A": samples(A), "B": samples(B), r"\mu": 0.95, "s": 0.01}
    printed("eq-hyper-winner").holds(names, within=1e-4)
