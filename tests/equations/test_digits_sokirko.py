"""The equations of book/digits-sokirko.md: counts, schedules, the factor of the mean, slant."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy as sp

from fysstk_nn.activations import sigmoid, softmax
from fysstk_nn.datasets import deskew
from fysstk_nn.gradcheck import central_difference
from fysstk_nn.mlp import MLP
from fysstk_nn.schedules import InverseTime


@pytest.mark.equation("eq-sokirko-parameters", method="numeric")
def test_number_of_parameters(discrepancy):
    params = MLP((784, 16, 16, 16, 16, 10)).init()
    discrepancy(abs(params.theta.size - 13_546))
    assert params.theta.size == 12_560 + 3 * 272 + 170 == 13_546
    assert round(100 * (784 * 16 + 16) / 13_546) == 93


@pytest.mark.equation("eq-sokirko-decay", method="numeric")
def test_learning_rate_after_some_epochs(discrepancy):
    steps = math.ceil(60_000 / 64)
    assert steps == 938
    assert math.ceil(4_000 / 64) * 15 == 945
    for e in (0, 1, 5, 30):
        error = abs(InverseTime(0.1, decay=0.001)(steps * e) - 0.1 / (1 + 0.938 * e))
        error = max(error, abs(InverseTime(0.1, decay=0.001)(e) - 0.1 / (1 + 0.001 * e)))
        discrepancy(error)
        assert error < 1e-15
    assert round(0.1 / (1 + 0.938 * 5), 3) == 0.018
    assert round(0.1 / (1 + 0.001 * 5), 4) == 0.0995


@pytest.mark.equation("eq-sokirko-mean", method="central differences")
def test_gradient_of_the_mean_over_the_outputs(rng, discrepancy):
    a, y = rng.uniform(size=10), np.eye(10)[4]
    measured = central_difference(lambda a: np.sum((a - y) ** 2) / (2 * 10), a)
    error = np.abs(measured - (a - y) / 10).max()
    discrepancy(error)
    assert error < 1e-9


@pytest.mark.equation("eq-sokirko-deltas", method="central differences")
def test_errors_of_the_two_outputs(rng, discrepancy):
    y = np.eye(10)[7]
    for z in (rng.normal(size=10), np.zeros(10)):
        a = sigmoid(z)
        measured = central_difference(lambda z: np.sum((sigmoid(z) - y) ** 2) / 2, z)
        error = np.abs(measured - (a - y) * a * (1 - a)).max()
        measured = central_difference(lambda z: -np.sum(y * np.log(softmax(z))), z)
        error = max(error, np.abs(measured - (softmax(z) - y)).max())
        discrepancy(error)
        assert error < 1e-8


@pytest.mark.equation("eq-sokirko-deltas", method="sympy")
def test_errors_at_the_start(discrepancy):
    half = sp.Rational(1, 2)
    squares, soft = (half - 1) * half * (1 - half), sp.Rational(1, 10) - 1
    discrepancy(abs(squares + sp.Rational(1, 8)) + abs(soft + sp.Rational(9, 10)))
    assert (squares, soft) == (-sp.Rational(1, 8), -sp.Rational(9, 10))
    assert 7 < soft / squares < 7.5


def moments(image):
    y, x = np.indices(image.shape)
    ink = image.sum()
    x, y = x - (image * x).sum() / ink, y - (image * y).sum() / ink
    return x, y, (image * x * y).sum(), (image * y**2).sum()


@pytest.mark.equation("eq-sokirko-slant", method="numeric")
def test_slant_is_the_slope_of_weighted_least_squares(rng, discrepancy):
    for shape in ((28, 28), (5, 9)):
        image = rng.uniform(size=shape)
        x, y, xy, yy = moments(image)
        # polyfit multiplies residuals, not their squares, by the weights.
        slope, _ = np.polyfit(y.ravel(), x.ravel(), 1, w=np.sqrt(image).ravel())
        error = abs(xy / yy - slope)
        discrepancy(error)
        assert error < 1e-10


@pytest.mark.equation("eq-sokirko-shear", method="sympy")
def test_shear_takes_the_mixed_moment_away(discrepancy):
    ink = sp.symbols("I1:5", positive=True)
    x, y = sp.symbols("x1:5"), sp.symbols("y1:5")
    mean = lambda values: sum(i * v for i, v in zip(ink, values, strict=True)) / sum(ink)  # noqa: E731
    x0, y0 = mean(x), mean(y)
    mixed = lambda x, x0: sum(i * (u - x0) * (v - y0) for i, u, v in zip(ink, x, y, strict=True))  # noqa: E731
    yy = sum(i * (v - y0) ** 2 for i, v in zip(ink, y, strict=True))
    alpha = mixed(x, x0) / yy
    moved = [u - alpha * (v - y0) for u, v in zip(x, y, strict=True)]
    numbers = dict(zip((*ink, *x, *y), (3, 1, 2, 5, -1, 4, 0, 2, 1, 1, 3, -2), strict=True))
    residual = sp.simplify(mixed(moved, x0).subs(numbers))
    shifted = sp.simplify((mean(moved) - x0).subs(numbers))
    general = sp.simplify(mixed(x, x0) - alpha * yy)
    discrepancy(abs(residual) + abs(shifted) + abs(general))
    assert residual == shifted == general == 0


@pytest.mark.equation("eq-sokirko-shear", method="numeric")
def test_deskewed_image_has_no_slant(rng, discrepancy):
    image = np.zeros((28, 28))
    image[6:22, 9:19] = rng.uniform(size=(16, 10))
    *_, xy, yy = moments(deskew(image.reshape(1, -1)).reshape(28, 28))
    discrepancy(abs(xy / yy))
    assert abs(xy / yy) < 1e-12
