"""Least squares and logistic regression: against scikit-learn, and against the conditions for a minimum."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from fysstk_nn import linear
from fysstk_nn.gates import GATES, design_matrix
from fysstk_nn.gradcheck import central_difference
from fysstk_nn.linear import (
    SeparableDataError,
    accuracy,
    is_separable,
    logistic_cost,
    logistic_regression,
    ols,
    predict_class,
    predict_linear,
    predict_proba,
)


def overlapping_classes(rng, n=60, p=3):
    """Return a design matrix and classes that no plane separates."""
    X = rng.normal(size=(n, p))
    y = (X @ rng.normal(size=p) + rng.normal(scale=2, size=n) > 0.3).astype(int)
    X[:2], y[:2] = 0.0, [0, 1]  # one point in both classes
    return design_matrix(X), y


# --- ordinary least squares -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "theta", "predictions"),
    [
        ("XOR", [0.5, 0, 0], [0.5, 0.5, 0.5, 0.5]),
        ("OR", [0.25, 0.5, 0.5], [0.25, 0.75, 0.75, 1.25]),
        ("AND", [-0.25, 0.5, 0.5], [-0.25, 0.25, 0.25, 0.75]),
        ("NAND", [1.25, -0.5, -0.5], [1.25, 0.75, 0.75, 0.25]),
    ],
)
def test_ols_on_the_gates(name, theta, predictions):
    gate = GATES[name]
    found = ols(gate.design, gate.y)
    np.testing.assert_allclose(found, theta, atol=1e-14)
    np.testing.assert_allclose(predict_linear(gate.design, found), predictions, atol=1e-14)


def test_ols_residual_is_orthogonal_to_all_columns(rng):
    X, y = rng.normal(size=(20, 4)), rng.normal(size=20)
    np.testing.assert_allclose(X.T @ (X @ ols(X, y) - y), 0, atol=1e-13)


def test_ols_takes_the_shortest_of_many_solutions():
    X = [[1.0, 1.0], [2.0, 2.0]]  # every theta with theta_0 + theta_1 = 3 is exact
    np.testing.assert_allclose(ols(X, [3.0, 6.0]), [1.5, 1.5])


# --- logistic regression ----------------------------------------------------------------------------------


@pytest.mark.parametrize("C", [1e-3, 1.0, 1e3, 1e6])
@pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
def test_logistic_regression_agrees_with_scikit_learn_on_the_gates(gate, C):
    theirs = LogisticRegression(C=C, tol=1e-12, max_iter=1000, solver="newton-cholesky").fit(gate.X, gate.y)
    ours = logistic_regression(gate.design, gate.y, l2=1 / C)
    np.testing.assert_allclose(ours, [*theirs.intercept_, *theirs.coef_[0]], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(
        predict_proba(gate.design, ours), theirs.predict_proba(gate.X)[:, 1], rtol=1e-7
    )


@pytest.mark.parametrize("C", [1e-2, 1.0, 1e2, np.inf])
def test_logistic_regression_agrees_with_scikit_learn_on_random_data(rng, C):
    X, y = overlapping_classes(rng)
    theirs = LogisticRegression(C=C, tol=1e-12, max_iter=1000, solver="newton-cholesky").fit(X[:, 1:], y)
    ours = logistic_regression(X, y, l2=1 / C)
    np.testing.assert_allclose(ours, [*theirs.intercept_, *theirs.coef_[0]], rtol=1e-9)
    np.testing.assert_array_equal(predict_class(X, ours), theirs.predict(X[:, 1:]))


def test_scikit_learns_default_penalty_spoils_or_and_and():
    scores = {}
    for name, gate in GATES.items():
        for l2 in (1.0, 1e-6):
            theta = logistic_regression(gate.design, gate.y, l2=l2)
            scores[name, l2] = accuracy(gate.y, predict_class(gate.design, theta))
    assert scores["OR", 1.0] == scores["AND", 1.0] == 0.75
    assert scores["OR", 1e-6] == scores["AND", 1e-6] == 1.0
    assert scores["XOR", 1.0] == scores["XOR", 1e-6] == 0.5


@pytest.mark.parametrize("l2", [0.0, 0.7])
def test_logistic_regression_finds_a_stationary_point_of_the_cost(rng, l2):
    X, y = overlapping_classes(rng)
    theta = logistic_regression(X, y, l2=l2)
    np.testing.assert_allclose(central_difference(lambda t: logistic_cost(X, y, t, l2), theta), 0, atol=1e-8)
    for shift in rng.normal(scale=0.1, size=(20, X.shape[1])):
        assert logistic_cost(X, y, theta + shift, l2) > logistic_cost(X, y, theta, l2)


def test_logistic_cost_by_hand():
    # z = 0 for both samples: ln 2 each; theta_1 = 2 adds 0.5 * 3 * 4 = 6, the intercept nothing.
    X = [[1.0, 0.5], [1.0, 0.5]]
    assert logistic_cost(X, [0, 1], [-1.0, 2.0], l2=3.0) == pytest.approx(2 * np.log(2) + 6, rel=1e-15)


def test_logistic_cost_neither_overflows_nor_cancels():
    assert logistic_cost([[1.0], [1.0]], [0, 1], [1000.0]) == 1000.0
    assert logistic_cost([[1.0]], [1], [40.0]) == pytest.approx(np.exp(-40), rel=1e-14)


def test_without_penalty_xor_has_a_minimum_at_zero():
    np.testing.assert_array_equal(logistic_regression(GATES["XOR"].design, GATES["XOR"].y), np.zeros(3))


@pytest.mark.parametrize("name", ["AND", "OR", "NAND"])
def test_separable_data_without_penalty_are_a_clear_error(name):
    gate = GATES[name]
    with pytest.raises(SeparableDataError, match="without a penalty the cost has no minimum"):
        logistic_regression(gate.design, gate.y)
    with pytest.raises(ValueError, match="use l2 > 0"):
        logistic_regression(gate.design, gate.y)


def test_data_separated_but_for_samples_on_the_line_have_no_minimum_either():
    X, y = design_matrix([[-1.0], [0.0], [0.0], [1.0]]), [0, 0, 1, 1]
    assert not is_separable(X, y)
    with pytest.raises(SeparableDataError):
        logistic_regression(X, y)
    assert np.isfinite(logistic_regression(X, y, l2=1.0)).all()


def test_separable_cost_falls_for_ever():
    gate = GATES["OR"]
    theta = np.array([-1.0, 2.0, 2.0])
    costs = [logistic_cost(gate.design, gate.y, scale * theta) for scale in (1, 10, 100, 500)]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < 1e-200


def test_units_of_the_features_do_not_matter(rng):
    X, y = overlapping_classes(rng)
    units = np.array([1.0, 1e-8, 1e9, 1.0])
    np.testing.assert_allclose(
        logistic_regression(X * units, y) * units, logistic_regression(X, y), rtol=1e-6
    )
    assert is_separable(X * units, y) == is_separable(X, y)


def test_column_of_zeros_gets_weight_zero(rng):
    X, y = overlapping_classes(rng)
    theta = logistic_regression(np.column_stack([X, np.zeros(len(X))]), y)
    np.testing.assert_allclose(theta, np.append(logistic_regression(X, y), 0.0), rtol=1e-9)


def test_newtons_method_halves_a_step_that_overshoots(monkeypatch):
    # Found by a random search: without halving, one of the full steps would raise the cost by 0.1.
    X = design_matrix([[8, -5], [-32, -5], [-2, -9], [0, 0]])
    y = np.array([0, 1, 1, 0])
    costs = []

    def recorded(*arguments):
        costs.append(logistic_cost(*arguments))
        return costs[-1]

    monkeypatch.setattr(linear, "logistic_cost", recorded)
    theta = logistic_regression(X, y, l2=1e-3)
    assert np.diff(costs).max() > 0.1
    gradient = X.T @ (predict_proba(X, theta) - y) + 1e-3 * np.array([0, 1, 1]) * theta
    np.testing.assert_allclose(gradient, 0, atol=1e-10)


def test_newtons_method_needs_few_steps(rng):
    X, y = overlapping_classes(rng)
    np.testing.assert_array_equal(logistic_regression(X, y, max_iterations=8), logistic_regression(X, y))


def test_running_out_of_iterations_is_an_error(rng):
    X, y = overlapping_classes(rng)
    with pytest.raises(RuntimeError, match="has not converged in 1 steps"):
        logistic_regression(X, y, max_iterations=1)


def test_float32_design_is_computed_in_float64(rng):
    X, y = overlapping_classes(rng)
    assert logistic_regression(X.astype(np.float32), y).dtype == np.float64
    assert ols(X.astype(np.float32), y).dtype == np.float64


# --- separability -----------------------------------------------------------------------------------------


@given(st.integers(0, 15))
def test_of_the_sixteen_gates_only_xor_and_its_opposite_are_not_separable(code):
    y = [int(bit) for bit in f"{code:04b}"]
    assert is_separable(GATES["XOR"].design, y) == (y not in ([0, 1, 1, 0], [1, 0, 0, 1]))


def test_separability_with_and_without_intercept():
    X = np.array([[1.0], [2.0]])
    assert not is_separable(X, [0, 1])  # both are on the same side of the origin
    assert is_separable(design_matrix(X), [0, 1])


@pytest.mark.parametrize("gap", [1.0, 1e-3])
def test_separability_sees_a_narrow_gap(rng, gap):
    X = rng.normal(size=(200, 2))
    z = X @ [1.0, -2.0] + 0.5
    X += np.outer(np.sign(z), [gap, -2 * gap]) / 5  # moves each sample away from the line by gap / sqrt(5)
    assert is_separable(design_matrix(X), z > 0)
    i = int(np.argmax(z))
    flipped = z > 0
    flipped[i] = False  # the sample farthest on one side now belongs to the other class
    assert not is_separable(design_matrix(X), flipped)


# --- scores and errors ------------------------------------------------------------------------------------


def test_class_is_one_above_one_half_only():
    X = [[1.0], [0.0], [-1.0]]
    assert predict_class(X, [2.0]).tolist() == [1, 0, 0]
    np.testing.assert_allclose(predict_proba(X, [2.0]), [0.8807970779778823, 0.5, 0.11920292202211755])


def test_accuracy():
    assert accuracy([0, 1, 1, 0], [0, 1, 0, 1]) == 0.5
    assert accuracy(["a"], ["a"]) == 1.0
    with pytest.raises(ValueError, match=r"y has shape \(2,\), the predictions have shape \(2, 1\)"):
        accuracy([0, 1], [[0], [1]])
    with pytest.raises(ValueError, match="there are no samples"):
        accuracy([], [])


def test_clear_errors():
    X, y = GATES["OR"].design, GATES["OR"].y
    with pytest.raises(ValueError, match="X has 4 samples, y has 3"):
        ols(X, y[:3])
    with pytest.raises(ValueError, match="X has 3 features, theta is for 2"):
        predict_linear(X, [1.0, 2.0])
    with pytest.raises(ValueError, match="X must be finite"):
        ols(X * np.nan, y)
    with pytest.raises(ValueError, match="the classes must be 0 and 1, y holds -1"):
        logistic_regression(X, 2 * y - 1, l2=1.0)
    with pytest.raises(ValueError, match="the first column of X must be ones"):
        logistic_regression(GATES["OR"].X, y, l2=1.0)
    with pytest.raises(ValueError, match="all samples are of class 1, there is nothing to tell apart"):
        logistic_regression(X, np.ones(4), l2=1.0)
    with pytest.raises(ValueError, match="l2 must be >= 0"):
        logistic_regression(X, y, l2=-1.0)
    with pytest.raises(TypeError, match="y must hold real numbers"):
        ols(X, ["0", "1", "1", "1"])


def test_examples_in_the_docstrings():
    assert doctest.testmod(linear).failed == 0
