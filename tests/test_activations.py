"""The activation functions: values, both forms of the derivative, and their behaviour far out."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from fysstk_nn.activations import (
    ACTIVATIONS,
    ELU,
    Activation,
    LeakyReLU,
    activation,
    elu,
    identity,
    leaky_relu,
    relu,
    sigmoid,
    softmax,
    softplus,
    step,
    tanh,
)
from fysstk_nn.gradcheck import central_difference, complex_step, jacobian_central

ELEMENTWISE = [f for f in ACTIVATIONS.values() if f is not softmax] + [LeakyReLU(0.2), LeakyReLU(0), ELU(0.3)]
by_name = pytest.mark.parametrize("f", ELEMENTWISE, ids=str)
NUMBERS = st.floats(-30, 30)

# At z = 2 and z = -2, by hand: e^-2 = 0.1353352832366127.
BY_HAND = {
    "identity": (2.0, -2.0),
    "step": (1.0, 0.0),
    "sigmoid": (0.8807970779778824, 0.11920292202211755),
    "tanh": (0.9640275800758169, -0.9640275800758169),
    "relu": (2.0, 0.0),
    "leaky_relu": (2.0, -0.02),
    "elu": (2.0, -0.8646647167633873),
    "softplus": (2.1269280110429727, 0.1269280110429725),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_values_by_hand(name):
    np.testing.assert_allclose(activation(name)([2, -2]), BY_HAND[name], rtol=1e-15)


@by_name
@settings(max_examples=25)
@given(z=NUMBERS)
def test_derivative_is_the_slope_of_the_value(f, z):
    if abs(z) < 1e-3:
        return  # several have a kink or a jump at 0
    expected = central_difference(f, z, h=1e-5 * abs(z))
    np.testing.assert_allclose(f.derivative(z), expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("f", [identity, sigmoid, tanh], ids=str)
@given(z=NUMBERS)
def test_derivative_to_all_digits(f, z):
    np.testing.assert_allclose(f.derivative(z), complex_step(f, z), rtol=1e-12)


@by_name
@settings(max_examples=25)
@given(z=NUMBERS)
def test_slope_says_the_same_from_the_output(f, z):
    np.testing.assert_allclose(f.slope(f(z)), f.derivative(z), rtol=1e-12, atol=1e-13)


@by_name
@settings(max_examples=25)
@given(z=arrays(np.float64, array_shapes(max_dims=2), elements=NUMBERS), seed=st.integers(0, 9))
def test_pull_back_is_the_chain_rule(f, z, seed):
    delta = np.random.default_rng(seed).normal(size=z.shape)
    before, a = delta.copy(), f(z)
    kept = a.copy()
    assert f.pull_back(delta, a) is None
    np.testing.assert_allclose(delta, before * f.derivative(z), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(a, kept)


@by_name
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_overflows_far_out(f, dtype):
    z = np.array([-1e4, -800, -90, 0, 90, 800, 1e4], dtype)
    limits = {"step": (0, 1), "sigmoid": (0, 1), "tanh": (-1, 1), "relu": (0, 1e4), "softplus": (0, 1e4)}
    with np.errstate(all="raise", under="ignore"):
        a, slope, derivative = f(z), f.slope(f(z)), f.derivative(z)
    for array in (a, slope, derivative):
        assert array.dtype == dtype and np.isfinite(array).all()
    assert (np.diff(a) >= 0).all()
    if f.name in limits:
        assert (a[0], a[-1]) == limits[f.name]


@by_name
def test_numbers_in_numbers_out(f):
    for value in (f(1), f.derivative(1), f.slope(1)):
        assert isinstance(value, float)
    z = np.arange(-3, 3).reshape(2, 3)
    for array in (f(z), f.derivative(z), f.slope(z), f([[1, 2, 3], [4, 5, 6]])):
        assert array.shape == (2, 3) and array.dtype == np.float64
    np.testing.assert_array_equal(z, np.arange(-3, 3).reshape(2, 3))


@pytest.mark.parametrize("f", [*ELEMENTWISE, softmax], ids=str)
def test_in_place_is_the_same(f, rng):
    z = rng.normal(size=(4, 5))
    expected, out = f(z), np.empty((4, 5))
    f.into(z, out)
    np.testing.assert_array_equal(out, expected)
    f.into(z, z)
    np.testing.assert_array_equal(z, expected)


@given(st.floats(-700, 700))
def test_the_sigmoid_has_all_digits_in_both_tails(z):
    exact = 1 / (1 + math.exp(-z)) if z > 0 else math.exp(z) / (1 + math.exp(z))
    np.testing.assert_allclose(sigmoid(z), exact, rtol=1e-15)
    np.testing.assert_allclose(
        sigmoid.derivative(z), math.exp(-abs(z)) / (1 + math.exp(-abs(z))) ** 2, rtol=1e-14
    )


@given(NUMBERS)
def test_relations_between_them(z):
    np.testing.assert_allclose(tanh(z), 2 * sigmoid(2 * z) - 1, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(softplus(z) - softplus(-z), z, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(softmax([z, 0.0])[0], sigmoid(z), rtol=1e-13)
    assert relu(z) - relu(-z) == z
    assert leaky_relu(z) == (z if z > 0 else 0.01 * z)


def test_the_convention_at_the_kink_is_the_slope_from_the_left():
    for f, slope in [(step, 0), (relu, 0), (leaky_relu, 0.01), (elu, 1), (ELU(0.3), 0.3)]:
        assert f(0.0) == 0
        assert f.derivative(0.0) == f.slope(0.0) == slope


@given(z=arrays(np.float64, (3, 4), elements=NUMBERS), shift=st.floats(-1e3, 1e3))
def test_softmax_is_a_distribution_that_a_shift_does_not_change(z, shift):
    a = softmax(z)
    assert (a >= 0).all()
    np.testing.assert_allclose(a.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(softmax(z + shift), a, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(softmax(z[0]), a[0], rtol=1e-15)


@given(z=arrays(np.float64, (3,), elements=st.floats(-5, 5)))
def test_jacobian_of_softmax(z):
    J = softmax.jacobian(z)
    np.testing.assert_allclose(J, jacobian_central(softmax, z), atol=1e-8)
    np.testing.assert_allclose(J.sum(axis=1), 0, atol=1e-15)


def test_softmax_pulls_back_by_its_jacobian(rng):
    z, delta = rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
    expected = np.einsum("nij,nj->ni", softmax.jacobian(z), delta)
    softmax.pull_back(delta, softmax(z))
    np.testing.assert_allclose(delta, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_far_out(dtype):
    with np.errstate(all="raise", under="ignore"):
        a = softmax(np.array([[1e4, -1e4, 0], [1e4, 1e4, 1e4], [-1e4, -1e4, -1e4]], dtype))
    assert a.dtype == dtype
    np.testing.assert_allclose(a, [[1, 0, 0], [1 / 3] * 3, [1 / 3] * 3], rtol=1e-6)


def test_softmax_has_no_elementwise_derivative():
    for method in (softmax.derivative, softmax.slope):
        with pytest.raises(TypeError, match=r"use softmax\.jacobian\(z\)"):
            method(np.ones(3))
    with pytest.raises(ValueError, match="softmax needs a whole row of numbers"):
        softmax(1.0)


def test_names():
    for name, f in ACTIVATIONS.items():
        assert activation(name) is f and activation(f) is f and str(f) == f.name == name
    for f in (LeakyReLU(0.2), ELU(1e-05), LeakyReLU(0), ELU(3)):
        assert activation(f.name) == f
    assert LeakyReLU(0.01) == leaky_relu
    for name in ("rely", "elu()", "relu(1)", "elu(-1)", "elu(a)"):
        with pytest.raises(ValueError, match="there is no activation"):
            activation(name)
    for name in (None, 3, np.tanh):
        with pytest.raises(TypeError, match="an activation is given by its name or as an object"):
            activation(name)


@pytest.mark.parametrize("kind", [LeakyReLU, ELU])
def test_alpha_is_a_number_from_0_up(kind):
    assert type(kind(np.float32(0.5)).alpha) is float
    with pytest.raises(ValueError, match="alpha must be >= 0"):
        kind(-0.1)
    with pytest.raises(TypeError, match="alpha must be a number"):
        kind("a")


def test_a_function_of_ones_own():
    class Square(Activation):
        name = "square"

        def into(self, z, out):
            np.multiply(z, z, out=out)

        def derivative(self, z):
            return 2 * np.asarray(z)

        def slope(self, a):
            return 2 * np.sqrt(a)

    f = Square()
    assert f(3) == 9 and f.derivative(3) == f.slope(9) == 6 and activation(f) is f and str(f) == "square"
    delta = np.ones(2)
    f.pull_back(delta, f([1, 2]))
    np.testing.assert_array_equal(delta, [2, 4])


def test_they_cannot_be_changed():
    with pytest.raises(AttributeError):
        elu.alpha = 2
