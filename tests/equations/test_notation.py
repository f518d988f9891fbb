"""The column convention z = V a + b, as printed in book/notation.md, checked by two oracles."""

from __future__ import annotations

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from fysstk_nn.gradcheck import central_difference

SIZES = (2, 3, 4, 5)
SAMPLES = 6
L = len(SIZES) - 1


def f(z):
    return anp.tanh(z)


def f_prime(z):
    return 1 - anp.tanh(z) ** 2


def cost_from(l, Z, V, b, y):
    """Cost of a batch, one column for each sample, as a function of layer l's weighted sums."""
    A = f(Z)
    for k in range(l + 1, L + 1):
        A = f(V[k] @ A + b[k])
    return anp.sum((A - y) ** 2) / (2 * SAMPLES)


@pytest.fixture
def net(rng):
    """Weights of shape (M_l, M_{l-1}), biases as columns, a batch and its forward pass; index 0 is empty."""
    V = [None, *(rng.normal(size=(n, m)) for m, n in zip(SIZES, SIZES[1:], strict=False))]
    b = [None, *(rng.normal(size=(n, 1)) for n in SIZES[1:])]
    A, Z = [rng.normal(size=(SIZES[0], SAMPLES))], [None]
    for l in range(1, L + 1):
        Z.append(V[l] @ A[l - 1] + b[l])
        A.append(f(Z[l]))
    return V, b, Z, A, rng.normal(size=(SIZES[L], SAMPLES))


def by_differences(function, x):
    return central_difference(function, x)


def by_autograd(function, x):
    return autograd.grad(function)(x)


def check_delta(net, derivative, tolerance, discrepancy):
    V, b, Z, _A, y = net
    delta = [None, *(derivative(lambda Z_l, l=l: cost_from(l, Z_l, V, b, y), Z[l]) for l in range(1, L + 1))]
    for l in range(1, L):
        error = np.abs(V[l + 1].T @ delta[l + 1] * f_prime(Z[l]) - delta[l]).max()
        discrepancy(error)
        assert error < tolerance


def check_dv(net, derivative, tolerance, discrepancy):
    V, b, Z, A, y = net
    for l in range(1, L + 1):
        delta = derivative(lambda Z_l, l=l: cost_from(l, Z_l, V, b, y), Z[l])
        dV = derivative(lambda V_l, l=l: cost_from(l, V_l @ A[l - 1] + b[l], V, b, y), V[l])
        error = np.abs(delta @ A[l - 1].T - dV).max()
        discrepancy(error)
        assert error < tolerance


@pytest.mark.equation("eq-notation-column-delta", method="central differences")
def test_delta_by_central_differences(net, discrepancy):
    check_delta(net, by_differences, 1e-8, discrepancy)


@pytest.mark.equation("eq-notation-column-delta", method="autograd")
def test_delta_by_autograd(net, discrepancy):
    check_delta(net, by_autograd, 1e-13, discrepancy)


@pytest.mark.equation("eq-notation-column-dv", method="central differences")
def test_dv_by_central_differences(net, discrepancy):
    check_dv(net, by_differences, 1e-8, discrepancy)


@pytest.mark.equation("eq-notation-column-dv", method="autograd")
def test_dv_by_autograd(net, discrepancy):
    check_dv(net, by_autograd, 1e-13, discrepancy)
