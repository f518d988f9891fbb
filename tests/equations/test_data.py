"""The equations of book/data.md: splits, the best of many, scaling, principal components, whitening."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.decomposition import PCA

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
def test_variance_of_a_measured_accuracy(discrepancy):
    p = sp.symbols("p", positive=True)
    for n in (1, 2, 5, 9):
        chances = [sp.binomial(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
        mean = sum(c * sp.Rational(k, n) for k, c in enumerate(chances))
        square = sum(c * sp.Rational(k, n) ** 2 for k, c in enumerate(chances))
        residual = sp.expand(square - mean**2 - p * (1 - p) / n)
        discrepancy(residual)
        assert residual == 0
    assert abs(np.sqrt(0.95 * 0.05 / 360) - 0.011) < 5e-4


def expected_maximum(K):
    """Integrate x times the density of the largest of K standard normal numbers."""
    return quad(lambda x: x * K * norm.pdf(x) * norm.cdf(x) ** (K - 1), -12, 12, limit=400)[0]


@pytest.mark.equation("eq-data-max-two", method="numeric")
def test_the_better_of_two(discrepancy):
    error = abs(expected_maximum(2) - 1 / np.sqrt(np.pi))
    discrepancy(error)
    assert error < 1e-10
    assert abs(1 / np.sqrt(np.pi) - 0.56) < 5e-3


@pytest.mark.equation("eq-data-max-two", method="sympy")
def test_the_better_of_two_by_symbols(discrepancy):
    s, u = sp.symbols("s u", positive=True)
    width = s * sp.sqrt(2)  # of the difference
    density = sp.exp(-(u**2) / (2 * width**2)) / (width * sp.sqrt(2 * sp.pi))
    mean_size = 2 * sp.integrate(u * density, (u, 0, sp.oo))
    residual = sp.simplify(mean_size / 2 - s / sp.sqrt(sp.pi))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-data-max-bound", method="numeric")
def test_the_best_of_many_is_below_the_bound(discrepancy):
    for K in (2, 5, 40, 1000):
        assert 0 < expected_maximum(K) <= np.sqrt(2 * np.log(K))
    s = 0.3
    for K in (2, 40):
        smallest = min(
            np.log(K) / t + t * s**2 / 2 for t in np.sqrt(2 * np.log(K)) / s * np.linspace(0.5, 1.5, 201)
        )
        error = abs(smallest - s * np.sqrt(2 * np.log(K)))
        discrepancy(error)
        assert error < 1e-12
    assert abs(expected_maximum(40) - 2.16) < 5e-3
    assert abs(np.sqrt(2 * np.log(40)) - 2.7) < 0.05


@pytest.mark.equation("eq-data-gaps", method="sympy")
@pytest.mark.equation("eq-data-mismatch", method="sympy")
def test_the_gaps_add_up(discrepancy):
    best, train, val, test, val1, val2 = sp.symbols("best train val test val1 val2")
    residuals = [
        sp.expand(best + (train - best) + (val - train) + (test - val) - test),
        sp.expand((val1 - train) + (val2 - val1) - (val2 - train)),
    ]
    discrepancy(max(abs(r) for r in residuals))
    assert residuals == [0, 0]


@pytest.mark.equation("eq-data-absorb", method="numeric")
def test_scaling_is_absorbed_by_the_first_layer(rng, discrepancy):
    X, W, b = rng.normal(3, 2, size=(20, 5)), rng.normal(size=(5, 4)), rng.normal(size=4)
    mean, s = X.mean(axis=0), X.std(axis=0)
    scaled = (X - mean) / s @ W + b
    raw = X @ (W / s[:, None]) + (b - (mean / s) @ W)
    error = np.abs(scaled - raw).max()
    discrepancy(error)
    assert error < 1e-12


@pytest.mark.equation("eq-data-along", method="numeric")
def test_variance_along_a_direction(rng, discrepancy):
    X = cloud(rng)
    v = rng.normal(size=4)
    v /= np.linalg.norm(v)
    measured = np.var(X @ v, ddof=1)
    covariance = np.cov(X.T)
    error = max(abs(v @ covariance @ v - measured), abs((X @ v) @ (X @ v) / 29 - measured))
    discrepancy(error)
    assert error < 1e-12


@pytest.mark.equation("eq-data-eigen", method="central differences")
def test_the_lagrange_condition(rng, discrepancy):
    X = cloud(rng)
    covariance = np.cov(X.T)
    multiplier, v = 0.7, rng.normal(size=4)
    measured = central_difference(lambda v: v @ covariance @ v - multiplier * (v @ v - 1), v)
    error = np.abs(2 * covariance @ v - 2 * multiplier * v - measured).max()
    discrepancy(error)
    assert error < 1e-7
    eigenvalues, U = components(X)
    directions = rng.normal(size=(2000, 4))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    along = np.einsum("ni,ij,nj->n", directions, covariance, directions)
    assert along.max() <= eigenvalues[0]
    assert abs(U[:, 0] @ covariance @ U[:, 0] - eigenvalues[0]) < 1e-12


@pytest.mark.equation("eq-data-decorrelated", method="numeric")
@pytest.mark.equation("eq-data-white", method="numeric")
@pytest.mark.equation("eq-data-svd", method="numeric")
def test_rotated_and_whitened(rng, discrepancy):
    X = cloud(rng)
    eigenvalues, U = components(X)
    rotated, white = X @ U, X @ U / np.sqrt(eigenvalues)
    errors = [
        np.abs(np.cov(rotated.T) - np.diag(eigenvalues)).max(),
        np.abs(U.T @ np.cov(X.T) @ U - np.diag(eigenvalues)).max(),
        np.abs(white.T @ white / 29 - np.eye(4)).max(),
        np.abs(np.linalg.svd(X, compute_uv=False) ** 2 / 29 - eigenvalues).max(),
        np.abs(PCA().fit(X).explained_variance_ - eigenvalues).max(),
        np.abs(np.abs(PCA(whiten=True).fit_transform(X)) - np.abs(white)).max(),
    ]
    discrepancy(max(errors))
    assert max(errors) < 1e-10


@pytest.mark.equation("eq-data-reconstruction", method="numeric")
def test_what_is_lost_is_the_variance_left_out(rng, discrepancy):
    X = cloud(rng, p=6)
    eigenvalues, U = components(X)
    for k in range(7):
        lost = np.sum((X - X @ U[:, :k] @ U[:, :k].T) ** 2) / 29
        error = abs(lost - eigenvalues[k:].sum())
        discrepancy(error)
        assert error < 1e-10


@pytest.mark.equation("eq-data-noise", method="numeric")
def test_noise_after_whitening(rng, discrepancy):
    eigenvalues, U = components(cloud(rng))
    tau = 0.1
    transform = U / np.sqrt(eigenvalues)
    covariance = transform.T @ (tau**2 * np.eye(4)) @ transform  # of the transformed noise
    error = np.abs(np.diag(covariance) - tau**2 / eigenvalues).max()
    discrepancy(error)
    assert error < 1e-10
    measured = (tau * rng.normal(size=(200_000, 4)) @ transform).var(axis=0)
    assert np.allclose(measured, tau**2 / eigenvalues, rtol=0.03)


@pytest.mark.equation("eq-data-one-hot", method="numeric")
def test_all_classes_are_equally_far_apart(discrepancy):
    codes = one_hot(np.arange(10), 10)
    for c in range(10):
        for other in range(c):
            error = abs(np.linalg.norm(codes[c] - codes[other]) - np.sqrt(2))
            discrepancy(error)
            assert error < 1e-15
