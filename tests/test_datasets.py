"""The data sets: what they hold, and that they are the same every time."""

import doctest

import numpy as np
import pytest

from fysstk_nn import datasets
from fysstk_nn.gates import INPUTS, XOR


def test_gate_is_a_copy_of_the_truth_table():
    X, y = datasets.gate("XOR")
    np.testing.assert_array_equal(X, INPUTS)
    np.testing.assert_array_equal(y, XOR.y)
    X[0, 0], y[0] = 7, 7
    assert datasets.gate("xor")[1].tolist() == [0, 1, 1, 0]


def test_gate_errors():
    with pytest.raises(ValueError, match="there is no gate 'XNOR'; choose from AND, OR, XOR, NAND"):
        datasets.gate("XNOR")
    with pytest.raises(TypeError, match="a gate is given by its name, not by int"):
        datasets.gate(1)


def test_polynomial_is_the_lectures_function_on_the_unit_square():
    X, y = datasets.polynomial()
    assert X.shape == (100, 2)
    assert y.shape == (100,)
    assert ((X >= 0) & (X < 1)).all()
    x0, x1 = X[:, 0], X[:, 1]
    np.testing.assert_allclose(y, x0**2 + 3 * x0 * x1 + x1**2 + 5, rtol=1e-15)
    assert 5 <= y.min() < y.max() <= 10


def test_noise_changes_the_values_and_not_the_points():
    X, y = datasets.polynomial(2000, rng=1)
    noisy_X, noisy_y = datasets.polynomial(2000, rng=1, noise=0.3)
    np.testing.assert_array_equal(X, noisy_X)
    assert np.std(noisy_y - y) == pytest.approx(0.3, rel=0.05)
    assert abs(np.mean(noisy_y - y)) < 0.03


@pytest.mark.parametrize("make", [datasets.polynomial, datasets.scalar_curve])
def test_same_seed_same_data(make):
    for first, second in zip(make(10, rng=3, noise=1.0), make(10, rng=3, noise=1.0), strict=True):
        np.testing.assert_array_equal(first, second)
    assert (make(10, rng=4)[0] != make(10, rng=3)[0]).all()
    rng = np.random.default_rng(3)
    np.testing.assert_array_equal(make(10, rng=rng)[0], make(10, rng=3)[0])
    assert (make(10, rng=rng)[0] != make(10, rng=3)[0]).all()  # the generator has moved on


def test_scalar_curve_is_ordered_and_lies_on_the_curve():
    x, y = datasets.scalar_curve(40)
    assert x.shape == y.shape == (40,)
    assert (np.diff(x) > 0).all()
    assert ((x >= -1) & (x < 1)).all()
    np.testing.assert_allclose(y, np.sin(3 * x) + 0.3 * x**2, rtol=1e-15)


def test_scalar_curve_of_ones_own():
    x, y = datasets.scalar_curve(5, function=lambda x: 2 * x + 1, low=2.0, high=4.0)
    np.testing.assert_allclose(y, 2 * x + 1)
    assert ((x >= 2) & (x < 4)).all()


@pytest.mark.parametrize("make", [datasets.polynomial, datasets.scalar_curve])
def test_errors(make):
    with pytest.raises(ValueError, match="n must be at least 1, not 0"):
        make(0)
    with pytest.raises(TypeError, match="n must be an integer"):
        make(2.5)
    with pytest.raises(ValueError, match="noise must be >= 0"):
        make(5, noise=-1.0)
    with pytest.raises(TypeError, match="rng must be"):
        make(5, rng=None)


def test_scalar_curve_errors():
    with pytest.raises(ValueError, match="low must be less than high, not 1 and 1"):
        datasets.scalar_curve(low=1.0, high=1.0)
    with pytest.raises(ValueError, match=r"function\(x\) must have shape \(50,\)"):
        datasets.scalar_curve(function=lambda x: x[:3])
    with pytest.raises(ValueError, match=r"function\(x\) must be finite"):
        datasets.scalar_curve(function=lambda x: x * np.nan)


def test_examples_in_the_docstrings():
    assert doctest.testmod(datasets).failed == 0
