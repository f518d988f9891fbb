"""The numerical derivatives: against exact ones, and in the ways in which they can fail."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fysstk_nn import gradcheck
from fysstk_nn.gradcheck import (
    CUBE_ROOT_OF_EPSILON,
    GradientCheck,
    central_difference,
    check_gradient,
    complex_step,
    jacobian_central,
    relative_error,
)

NUMBERS = arrays(np.float64, (3,), elements=st.floats(-3, 3))


def f(x):
    return np.exp(x[0] / 3) * x[1] ** 2 + np.sin(x[2]) * x[0]


def gradient_of_f(x):
    e = np.exp(x[0] / 3)
    return np.array([e * x[1] ** 2 / 3 + np.sin(x[2]), 2 * e * x[1], np.cos(x[2]) * x[0]])


@given(NUMBERS)
def test_central_difference_has_about_ten_digits(x):
    np.testing.assert_allclose(central_difference(f, x), gradient_of_f(x), rtol=1e-8, atol=1e-8)


@given(NUMBERS)
def test_complex_step_has_all_digits(x):
    np.testing.assert_allclose(complex_step(f, x), gradient_of_f(x), rtol=1e-13, atol=1e-14)


def test_central_difference_of_a_parabola_has_rounding_error_only():
    # (x + h)^2 - (x - h)^2 = 4 x h: there is no truncation error.
    assert central_difference(lambda x: x**2, 3.0, h=0.5) == 6.0
    assert central_difference(lambda x: x**3, 3.0, h=0.5) == 27.25  # 3 x^2 + h^2


@pytest.mark.parametrize("derivative", [central_difference, complex_step])
def test_gradient_has_the_shape_of_x(derivative):
    x = np.arange(6.0).reshape(1, 2, 3)
    gradient = derivative(lambda x: (x**2).sum(), x)
    assert gradient.shape == x.shape
    np.testing.assert_allclose(gradient, 2 * x, atol=1e-9)
    assert type(derivative(lambda x: x * x, 2)) is float


@pytest.mark.parametrize("derivative", [central_difference, complex_step])
def test_x_is_converted_to_float64_and_not_changed(derivative):
    def f(x):
        result = (x**3).sum()
        x[...] = np.inf
        return result

    x = np.array([1, 2], dtype=np.float32)
    gradient = derivative(f, x)
    assert x.tolist() == [1, 2]
    assert gradient.dtype == np.float64
    np.testing.assert_allclose(gradient, [3, 12], rtol=1e-9)


def test_f_may_return_an_array_with_one_number():
    assert central_difference(lambda x: np.array([[x**2]]), 3.0) == pytest.approx(6)


def test_default_step_scales_with_large_entries():
    points = []
    central_difference(lambda x: points.append(x) or 0.0, 1000.0)
    assert points[0] - 1000.0 == pytest.approx(1000 * CUBE_ROOT_OF_EPSILON)
    assert central_difference(lambda x: x * x, 1e8) == pytest.approx(2e8, rel=1e-9)


def test_step_that_vanishes_in_rounding_is_an_error_not_a_division_by_zero():
    with pytest.raises(ValueError, match=r"the step 1e-20 is lost in rounding at x = 1"):
        central_difference(lambda x: x, 1.0, h=1e-20)


def test_step_that_is_rounded_is_divided_by_what_it_really_was():
    # 1 + 1e-15 is rounded to 1 + 5 eps: dividing by 2e-15 would be off by 10 %.
    assert central_difference(lambda x: x, 1.0, h=1e-15) == pytest.approx(1.0, rel=1e-15)


def test_complex_step_is_exact_where_differences_have_lost_everything():
    exact = np.exp(1.0)
    assert complex_step(np.exp, 1.0) == pytest.approx(exact, rel=1e-15)
    assert abs(central_difference(np.exp, 1.0, h=1e-15) - exact) > 0.01


@pytest.mark.parametrize("f", [abs, np.real, lambda x: float(x.real), lambda x: 1.0])
def test_complex_step_says_when_the_imaginary_part_is_lost(f):
    with pytest.raises(TypeError, match="it has dropped the imaginary part"):
        complex_step(f, 1.0)


def test_jacobian_has_the_shape_of_f_and_then_of_x():
    A = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    np.testing.assert_allclose(jacobian_central(lambda x: A @ x, np.ones(3)), A, rtol=1e-9)
    X = np.arange(4.0).reshape(2, 2)
    jacobian = jacobian_central(lambda X: X.T, X)  # the identity returns a view: it must have been copied
    np.testing.assert_allclose(jacobian, np.einsum("il,jk->ijkl", np.eye(2), np.eye(2)), atol=1e-9)
    assert jacobian_central(np.sin, 0.0).shape == ()
    assert jacobian_central(lambda x: [x, x**2, 1.0], 2.0).shape == (3,)


@pytest.mark.parametrize("derivative", [central_difference, complex_step])
def test_clear_errors(derivative):
    with pytest.raises(ValueError, match=r"f must return one number, it returned an array of shape \(2,\)"):
        derivative(lambda x: x, np.ones(2))
    with pytest.raises(ValueError, match="x is empty"):
        derivative(np.sum, [])
    with pytest.raises(ValueError, match="x must be finite"):
        derivative(np.sum, [1.0, np.nan])
    with pytest.raises(TypeError, match="x must hold real numbers"):
        derivative(np.sum, ["a"])
    with pytest.raises(ValueError, match="h must be > 0, not 0"):
        derivative(np.sum, [1.0], h=0)
    with pytest.raises(ValueError, match="finite"):
        derivative(lambda x: x * np.nan, 1.0)


def test_central_difference_refuses_what_is_not_a_number():
    with pytest.raises(TypeError, match=r"f\(x\) must hold real numbers"):
        central_difference(lambda x: "1", 1.0)
    with pytest.raises(TypeError, match=r"f\(x\) must hold real numbers"):
        central_difference(lambda x: 1j * x, 1.0)


def test_relative_error():
    assert relative_error(1.0, 1.0) == 0
    assert relative_error(0.0, 0.0) == 0
    assert relative_error(1.0, -1.0) == 2
    assert relative_error([1.0, 2.0], [1.0, 4.0]) == 0.5
    assert relative_error(1e-12, 2e-12) == 0.5
    assert relative_error([[1e-12]], [[2e-12]], floor=1.0) == pytest.approx(1e-12)
    with pytest.raises(ValueError, match=r"the shapes differ: \(2,\) and \(1, 2\)"):
        relative_error([1.0, 2.0], [[1.0, 2.0]])
    with pytest.raises(ValueError, match="b must be finite"):
        relative_error(1.0, np.inf)


@given(NUMBERS)
def test_correct_gradient_passes(x):
    assert check_gradient(f, gradient_of_f, x)


def test_wrong_gradient_is_caught_and_its_worst_entry_named():
    x = np.array([[0.5, 1.0], [2.0, -1.5]])
    wrong = 3 * x**2
    wrong[1, 0] *= 1.001
    check = check_gradient(lambda x: (x**3).sum(), wrong, x)
    assert not check
    assert check.index == (1, 0)
    assert (check.analytic, check.numeric) == pytest.approx((12.012, 12.0))
    assert check.largest_error == pytest.approx(1e-3, rel=1e-2)
    assert repr(check) == (
        "the gradient is WRONG: largest relative error 1.0e-03,\n"
        f"in entry gradient[1, 0]: 12.012, central difference {check.numeric:.10g}"
    )
    assert check_gradient(lambda x: (x**3).sum(), wrong, x, rtol=0.01).ok


def test_repr_fits_into_the_box_of_an_output_with_the_longest_numbers():
    check = GradientCheck(False, 1.2e-10, (784, 123), -1.234567891e-123, -9.876543219e-123)
    assert max(map(len, repr(check).splitlines())) <= 88


def test_repr_of_a_passed_check_of_one_number():
    check = check_gradient(np.sin, np.cos, 0.3)
    assert check.index == ()
    assert repr(check).startswith("the gradient agrees: largest relative error ")
    assert ",\nin entry gradient: 0.9553364891, central difference 0.955336489" in repr(check)


def test_small_wrong_entries_are_caught_beside_large_ones():
    # The second entry is 1e-8 of the first, and wrong by a factor of two.
    def f(x):
        return x[0] + 1e-8 * x[1] ** 2

    assert check_gradient(f, [1.0, 2e-8], [0.5, 1.0])
    assert not check_gradient(f, [1.0, 1e-8], [0.5, 1.0])


def test_entries_that_are_zero_but_for_rounding_pass():
    def f(x):
        return 100 * np.cos(x[0]) + x[1]

    assert check_gradient(f, [0.0, 1.0], [0.0, 0.3])
    assert check_gradient(f, [1e-13, 1.0], [0.0, 0.3])
    assert check_gradient(lambda x: 1e6 + np.sin(x), np.cos, 1.5707)  # rounding of 1e6, divided by h: 1e-5


def test_check_gradient_refuses_bad_gradients():
    with pytest.raises(ValueError, match=r"the shapes differ: \(3,\) and \(2,\)"):
        check_gradient(np.sum, np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match="gradient must be finite"):
        check_gradient(np.sum, [1.0, np.nan], np.ones(2))
    with pytest.raises(TypeError, match="gradient must hold real numbers"):
        check_gradient(np.sum, lambda x: None, np.ones(2))
    with pytest.raises(ValueError, match="rtol must be > 0"):
        check_gradient(np.sum, np.ones(2), np.ones(2), rtol=0)


def test_gradient_that_changes_x_cannot_spoil_the_check():
    def gradient(x):
        result = 2 * x
        x[...] = 0
        return result

    x = np.array([1.0, 2.0])
    assert check_gradient(lambda x: (x**2).sum(), gradient, x)
    assert x.tolist() == [1.0, 2.0]


def test_examples_in_the_docstrings():
    assert doctest.testmod(gradcheck).failed == 0
