"""The equations of book/data.md, as printed: the best of many, scaling, principal components, whitening."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
import sympy.stats
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from fysstk_book.printed.names import from_one
from fysstk_nn.costs import one_hot
from fysstk_nn.gradcheck import central_difference


def cloud(rng, n=30, p=4):
    """Return correlated samples whose means are 0."""
    X = rng.normal(size=(n, p)) @ rng.normal(size=(p, p)) + rng.normal(size=p)
    return X - X.mean(axis=0)


def components(X):
    """Return the eigenvalues of the covariance matrix, the largest first, and the eigenvectors."""
    eigenvalues, U = np.linalg.eigh(X.T @ X / (len(X) - 1))
    return eigenvalues[::-1], U[:, ::-1]


@pytest.mark.equation("eq-data-binomial", method="sympy")
def test_variance_of_a_measured_accuracy(printed):
    # A sum of n independent answers: the variance of one of them, for every p, over n.
    n, p, measured = sp.symbols("n p m", positive=True)
    one = sp.expand(sp.stats.variance(sp.stats.Bernoulli("right", p)))
    names = {r"\operatorname{Var}": lambda a: sp.diff(a, measured) ** 2 * one / n, r"\hat p": measured}
    printed("eq-data-binomial").holds({**names, "p": p, "n": n})


@pytest.mark.equation("eq-data-binomial", method="numeric")
@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_variance_of_a_measured_accuracy_by_cases(n, printed):
    p = sp.Rational(19, 20)
    spread = sp.stats.variance(sp.stats.Binomial("right", n, p)) / sp.Integer(n) ** 2
    printed("eq-data-binomial").holds({r"\operatorname{Var}": lambda _: spread, r"\hat p": p, "p": p, "n": n})


def expected_maximum(K):
    """Integrate x times the density of the largest of K standard normal numbers."""
    return quad(lambda x: x * K * norm.pdf(x) * norm.cdf(x) ** (K - 1), -12, 12, limit=400)[0]


@pytest.mark.equation("eq-data-max-two", method="sympy")
def test_the_better_of_two(printed, discrepancy):
    s, u = sp.symbols("s u", positive=True)
    width = s * sp.sqrt(2)  # of the difference
    density = sp.exp(-(u**2) / (2 * width**2)) / (width * sp.sqrt(2 * sp.pi))
    mean_size = 2 * sp.integrate(u * density, (u, 0, sp.oo))
    first, second = sp.symbols("xi_1 xi_2", real=True)

    def expected(value):
        assert value == sp.Max(first, second)  # (ξ1 + ξ2)/2 + |ξ1 - ξ2|/2
        return mean_size / 2

    page = printed("eq-data-max-two")
    names = {r"\mathbb E": expected, r"\xi_1": first, r"\xi_2": second}
    residual = sp.simplify(page.value(names, side=0) - page.value({"s": s}, side=1))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-data-max-two", method="numeric")
def test_the_better_of_two_in_numbers(printed):
    names = {r"\mathbb E": lambda _: 0.3 * expected_maximum(2), r"\xi_1": 0.0, r"\xi_2": 0.0, "s": 0.3}
    printed("eq-data-max-two").holds(names, within=1e-10)


@pytest.mark.equation("eq-data-max-bound", method="numeric")
@pytest.mark.parametrize("K", [2, 5, 40, 1000])
def test_the_best_of_many_is_below_the_bound(K, printed, discrepancy):
    names = {r"\mathbb E": lambda _: 0.3 * expected_maximum(K), "K": K, "s": 0.3}
    page = printed("eq-data-max-bound")
    page.holds(names | {r"\xi_k": [0.0] * K}, k=range(K))
    # The bound is the smallest that the argument gives, ln K / t + t s^2 / 2 at the best t.
    at = np.sqrt(2 * np.log(K)) / 0.3 * np.linspace(0.5, 1.5, 201)
    error = min(np.log(K) / at + at * 0.3**2 / 2) - page.value({"K": K, "s": 0.3}, side=1)
    discrepancy(error)
    assert abs(error) < 1e-12


GAPS = {rf"E_\text{{{name}}}": sp.Symbol(name) for name in ("best", "train", "val", "test", "val,1", "val,2")}


@pytest.mark.equation("eq-data-gaps", method="sympy")
def test_the_gaps_add_up(printed):
    printed("eq-data-gaps").holds(also=GAPS)


@pytest.mark.equation("eq-data-mismatch", method="sympy")
def test_variance_and_mismatch_add_up(printed):
    printed("eq-data-mismatch").holds(also=GAPS)


@pytest.mark.equation("eq-data-absorb", method="sympy")
def test_scaling_is_absorbed_by_the_first_layer(printed):
    names = {key: list(sp.symbols(f"{key[0]}:3")) for key in ("x_i", "s_i", "b_j")}
    names |= {r"\mu_i": list(sp.symbols("mu:3")), "w_{ij}": lambda i, j: sp.Symbol(f"w{i}{j}")}
    printed("eq-data-absorb").holds(names, i=range(3), j=range(3))


@pytest.mark.equation("eq-data-absorb", method="numeric")
def test_what_a_scaler_does_is_absorbed(rng, printed, discrepancy):
    X, W, b = rng.normal(3, 2, size=(20, 5)), rng.normal(size=(5, 4)), rng.normal(size=4)
    scaled = StandardScaler().fit_transform(X)
    names = {"w_{ij}": W, "x_i": X[7], r"\mu_i": X.mean(axis=0), "s_i": X.std(axis=0), "b_j": b}
    for j in range(4):
        error = (scaled @ W + b)[7, j] - printed("eq-data-absorb").value(names, side=1, i=range(5), j=j)
        discrepancy(error)
        assert abs(error) < 1e-12


def variance(v):
    return float(np.var(v, ddof=1))


@pytest.mark.equation("eq-data-along", method="numeric")
def test_variance_along_a_direction(rng, printed):
    X, v = cloud(rng), rng.normal(size=4)
    names = {r"\operatorname{Var}": variance, "X": X, "v": v / np.linalg.norm(v), "n": 30}
    printed("eq-data-along").holds(names, where=["def-data-cov"])


@pytest.mark.equation("eq-data-eigen", method="central differences")
def test_the_lagrange_condition(rng, printed, discrepancy):
    X = cloud(rng)
    covariance = np.cov(X.T)
    multiplier, v = 0.7, rng.normal(size=4)
    measured = central_difference(lambda v: float(v @ covariance @ v - multiplier * (v @ v - 1)), v)
    names = {r"\Sigma": covariance, r"\lambda": multiplier, "v": v}
    page = printed("eq-data-eigen")
    error = np.abs(page.value(names, side=1) - measured).max()
    discrepancy(error)
    assert error < 1e-7
    eigenvalues, U = components(X)
    for j in range(4):  # where the derivative is zero, and only there, v is an eigenvector
        page.holds(names | {r"\lambda": eigenvalues[j], "v": U[:, j]}, within=1e-7)
    directions = rng.normal(size=(2000, 4))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    along = np.einsum("ni,ij,nj->n", directions, covariance, directions)
    assert along.max() <= eigenvalues[0]


@pytest.fixture
def turned(rng):
    """The names of the rotated and the whitened data."""
    X = cloud(rng)
    eigenvalues, U = components(X)
    names = {"X": X, "U": U, "n": 30, r"\Lambda": np.diag(eigenvalues), r"\lambda_j": from_one(eigenvalues)}
    return names | {"I": np.eye(4)}


@pytest.mark.equation("eq-data-decorrelated", method="numeric")
def test_rotated(turned, printed):
    page = printed("eq-data-decorrelated")
    page.holds(also=turned, where=["def-data-cov"], within=1e-10)
    explained = PCA().fit(turned["X"]).explained_variance_
    assert np.allclose(
        page.value(also=turned, where=["def-data-cov"], side=1), np.diag(explained), atol=1e-10
    )


@pytest.mark.equation("eq-data-white", method="numeric")
def test_whitened(turned, printed):
    white = PCA(whiten=True).fit_transform(turned["X"])
    eigenvalues = np.diag(turned[r"\Lambda"])
    inverse_root = {r"\Lambda^{-1/2}": np.diag(eigenvalues**-0.5)}
    page = printed("eq-data-white")
    page.holds(also=turned | {r"X_\text{white}": white}, within=1e-10)
    own = printed("def-data-white").value({"X": turned["X"], "U": turned["U"]} | inverse_root, side=1)
    assert np.allclose(np.abs(own), np.abs(white), atol=1e-10)


@pytest.mark.equation("eq-data-svd", method="numeric")
def test_singular_values(turned, printed):
    s = np.linalg.svd(turned["X"], compute_uv=False)
    printed("eq-data-svd").holds({"s_j": from_one(s)}, also=turned, j=range(1, 5), within=1e-10)


@pytest.mark.equation("eq-data-reconstruction", method="numeric")
@pytest.mark.parametrize("k", [1, 2, 5])
def test_what_is_lost_is_the_variance_left_out(k, rng, printed):
    X = cloud(rng, p=6)
    eigenvalues, U = components(X)
    names = {"x_i": from_one(X), "n": 30, "U_k": lambda k: U[:, :k], r"\lambda_j": from_one(eigenvalues)}
    printed("eq-data-reconstruction").holds(names, k=[k], j=range(1, 7), within=1e-10)


@pytest.mark.equation("eq-data-noise", method="numeric")
def test_noise_after_whitening(rng, printed):
    eigenvalues, U = components(cloud(rng))
    tau = 0.1
    transform = U / np.sqrt(eigenvalues)
    covariance = transform.T @ (tau**2 * np.eye(4)) @ transform  # of the transformed noise
    names = {r"\operatorname{Var}": lambda j: covariance[j, j], r"\text{noise}_j": lambda j: j}
    printed("eq-data-noise").holds(
        names | {r"\tau": tau, r"\lambda_j": eigenvalues}, j=range(4), within=1e-10
    )
    measured = (tau * rng.normal(size=(200_000, 4)) @ transform).var(axis=0)
    assert np.allclose(measured, np.diag(covariance), rtol=0.03)


@pytest.mark.equation("eq-data-one-hot", method="numeric")
def test_all_classes_are_equally_far_apart(printed):
    codes = one_hot(np.arange(10), 10)
    for c in range(10):
        others = [other for other in range(10) if other != c]
        printed("eq-data-one-hot").holds({"e_c": list(codes)}, c=[c], **{"c'": others})


@pytest.mark.equation("def-data-scale", method="numeric")
def test_scaled_features_have_mean_zero_and_deviation_one(rng, printed, discrepancy):
    X = rng.normal(3.0, [1.0, 20.0], size=(50, 2))
    names = {r"\mu_i": from_one(X.mean(axis=0)), "s_i": from_one(X.std(axis=0))}
    for i in (1, 2):
        column = [printed("def-data-scale").value({"x_i": from_one(row), **names}, i=i) for row in X]
        discrepancy(np.mean(column), within=1e-12)
        discrepancy(np.std(column) - 1, within=1e-12)
