"""One neuron per layer: the hand-written derivatives against autodiff, autograd, sympy and differences."""

import doctest

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from fysstk_nn import autodiff, scalar
from fysstk_nn.activations import ELU, softmax
from fysstk_nn.autodiff import Var
from fysstk_nn.gradcheck import central_difference, check_gradient
from fysstk_nn.perceptron import gradients as one_neuron_gradients

NUMBER = st.floats(-3, 3)
SMOOTH = ["identity", "sigmoid", "tanh", "softplus"]
X_BATCH, Y_BATCH = np.array([-1.0, 0.5, 2.0, 0.1]), np.array([0.0, 1.0, 0.3, -0.7])
THETA = (0.4, -0.3, 1.5, 0.2)


# --- one hidden neuron ------------------------------------------------------------------------------------


@given(NUMBER, NUMBER, st.tuples(NUMBER, NUMBER, NUMBER, NUMBER))
def test_gradients_agree_with_autodiff(x, y, theta):
    variables = [Var(t) for t in theta]
    C = scalar.cost(x, y, *variables, f1=autodiff.sigmoid, f2=autodiff.sigmoid)
    assert C.value == pytest.approx(scalar.cost(x, y, *theta), rel=1e-14)
    np.testing.assert_allclose(
        scalar.gradients(x, y, *theta), autodiff.grad(C, variables), rtol=1e-11, atol=1e-15
    )


@pytest.mark.parametrize("f1", [*SMOOTH, "elu", "leaky_relu(0.2)"])
@pytest.mark.parametrize("f2", SMOOTH)
def test_gradients_agree_with_differences_for_all_activations(f1, f2):
    def cost(theta):
        _, _, _, a2 = scalar.forward(X_BATCH, *theta, scalar.activation(f1), scalar.activation(f2))
        return np.mean((a2 - Y_BATCH) ** 2 / 2)

    assert check_gradient(cost, scalar.gradients(X_BATCH, Y_BATCH, *THETA, f1, f2), THETA)


def test_gradients_agree_with_sympy():
    x, y, w1, b1, w2, b2 = symbols = sympy.symbols("x y w1 b1 w2 b2")
    C = scalar.cost(*symbols, f1=lambda z: 1 / (1 + sympy.exp(-z)), f2=sympy.tanh)
    derivatives = sympy.lambdify(symbols, [sympy.diff(C, p) for p in (w1, b1, w2, b2)], "math")(
        0.7, 1.0, *THETA
    )
    found = scalar.gradients(0.7, 1.0, *THETA, "sigmoid", "tanh")
    np.testing.assert_allclose(found, derivatives, rtol=1e-13)


def test_gradients_of_a_batch_agree_with_autograd():
    def sigmoid(z):
        return 1 / (1 + anp.exp(-z))

    def cost(theta):
        return scalar.cost(X_BATCH, Y_BATCH, *theta, f1=sigmoid, f2=sigmoid)

    expected = autograd.grad(cost)(np.array(THETA))
    np.testing.assert_allclose(scalar.gradients(X_BATCH, Y_BATCH, *THETA), expected, rtol=1e-13)


def test_batch_is_the_mean_over_samples():
    pairs = list(zip(X_BATCH, Y_BATCH, strict=True))
    gradients = [scalar.gradients(x, y, *THETA) for x, y in pairs]
    np.testing.assert_allclose(
        scalar.gradients(X_BATCH, Y_BATCH, *THETA), np.mean(gradients, axis=0), rtol=1e-14
    )
    costs = [scalar.cost(x, y, *THETA) for x, y in pairs]
    assert scalar.cost(X_BATCH, Y_BATCH, *THETA) == pytest.approx(np.mean(costs), rel=1e-14)


def test_the_printed_derivatives_of_the_lecture_fail():
    # The slide has a1 in the place of w2 in dC/dw1, and no w2 in dC/db1: both differ from the differences.
    x, y = 0.7, 1.0
    _, a1, z2, a2 = scalar.forward(x, *THETA)
    s1, s2 = a1 * (1 - a1), a2 * (1 - a2)
    numeric = central_difference(lambda t: scalar.cost(x, y, *t), THETA)
    assert abs((a2 - y) * s2 * a1 * s1 * x - numeric[0]) > 1e-3
    assert abs((a2 - y) * s2 * s1 - numeric[1]) > 1e-3
    assert z2 == pytest.approx(THETA[2] * a1 + THETA[3])


def test_numbers_come_out_as_python_floats():
    results = [
        scalar.cost(1, 0, *THETA),
        scalar.cost(X_BATCH, Y_BATCH, *THETA),
        *scalar.gradients(1, 0, *THETA),
        *scalar.gradients(X_BATCH, Y_BATCH, *THETA),
    ]
    assert {type(number) for number in results} == {float}


def test_own_activation_object():
    theta = (-0.4, -0.3, 1.5, 0.2)
    gradient = scalar.gradients(0.7, 1.0, *theta, f1=ELU(0.5), f2="identity")
    assert check_gradient(lambda t: scalar.cost(0.7, 1.0, *t, f1=ELU(0.5), f2=lambda z: z), gradient, theta)


def test_gradient_errors():
    with pytest.raises(ValueError, match=r"x has shape \(4,\), y has shape \(3,\)"):
        scalar.gradients(X_BATCH, Y_BATCH[:3], *THETA)
    with pytest.raises(ValueError, match="x must have 0 or 1 axes"):
        scalar.gradients(np.ones((3, 1)), np.ones((3, 1)), *THETA)
    with pytest.raises(ValueError, match="y must be finite"):
        scalar.gradients(1.0, np.nan, *THETA)
    with pytest.raises(TypeError, match="w2 must be a number, not list"):
        scalar.gradients(1.0, 1.0, 0.1, 0.2, [0.3], 0.4)
    with pytest.raises(ValueError, match="there is no activation 'sigmiod'"):
        scalar.gradients(1.0, 1.0, *THETA, f1="sigmiod")
    with pytest.raises(ValueError, match="softmax"):
        scalar.gradients(1.0, 1.0, *THETA, f2=softmax)
    with pytest.raises(ValueError, match="x is empty"):
        scalar.gradients([], [], *THETA)


# --- training ---------------------------------------------------------------------------------------------


def test_train_subtracts_eta_times_the_gradient():
    run = scalar.train(X_BATCH, Y_BATCH, *THETA, eta=0.5, epochs=3)
    gradient = np.array(scalar.gradients(X_BATCH, Y_BATCH, *THETA))
    after = np.array([run.w1[1], run.b1[1], run.w2[1], run.b2[1]])
    np.testing.assert_allclose(after, THETA - 0.5 * gradient, rtol=1e-15)
    assert (run.w1[0], run.b1[0], run.w2[0], run.b2[0]) == THETA
    assert run.cost.shape == (4,)
    assert run.cost[2] == scalar.cost(X_BATCH, Y_BATCH, run.w1[2], run.b1[2], run.w2[2], run.b2[2])


def test_train_fits_a_curve_with_a_linear_output():
    x = np.linspace(-3, 3, 30)
    y = 2 / (1 + np.exp(-(1.5 * x + 0.3))) - 1  # a network of this kind can be exact
    run = scalar.train(x, y, 1.0, 0.0, 1.0, 0.0, f2="identity", eta=0.5, epochs=1000)
    assert run.cost[-1] < 1e-3 * run.cost[0]


@pytest.mark.parametrize(("l1", "l2"), [(0.1, 0.0), (0.0, 0.1), (0.2, 0.3)])
def test_penalties_act_on_the_weights_only(l1, l2):
    w1, b1, w2, b2 = theta = (0.4, -0.3, -1.5, 0.2)
    free = scalar.train(0.7, 1.0, *theta, eta=0.5, epochs=1)
    run = scalar.train(0.7, 1.0, *theta, eta=0.5, epochs=1, l1=l1, l2=l2)
    assert run.w1[1] == pytest.approx(free.w1[1] - 0.5 * (l1 + l2 * w1))
    assert run.w2[1] == pytest.approx(free.w2[1] - 0.5 * (-l1 + l2 * w2))
    assert (run.b1[1], run.b2[1]) == (free.b1[1], free.b2[1])
    assert (run.b1[0], run.b2[0]) == (b1, b2)
    assert run.cost[0] == free.cost[0]  # the recorded cost has no penalty in it


def test_l1_leaves_a_weight_of_zero_at_rest():
    run = scalar.train(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, f1="identity", f2="identity", l1=1.0, epochs=2)
    assert run.w1.tolist() == run.w2.tolist() == [0.0, 0.0, 0.0]


def test_exploding_training_is_a_clear_error():
    with pytest.raises(FloatingPointError, match="have exploded in epoch"):
        scalar.train(5.0, 1.0, *THETA, f1="identity", f2="identity", eta=10.0)


def test_train_errors():
    with pytest.raises(ValueError, match="eta must be > 0"):
        scalar.train(1.0, 1.0, *THETA, eta=0.0)
    with pytest.raises(ValueError, match="epochs must be at least 1"):
        scalar.train(1.0, 1.0, *THETA, epochs=0)
    with pytest.raises(ValueError, match="l1 must be >= 0"):
        scalar.train(1.0, 1.0, *THETA, l1=-0.1)
    with pytest.raises(ValueError, match="l2 must be >= 0"):
        scalar.train(1.0, 1.0, *THETA, l2=-0.1)


# --- the chain --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("L", [1, 2, 3, 7])
def test_chain_agrees_with_autodiff(rng, L):
    w, b = rng.normal(size=L), rng.normal(size=L)
    weights, biases = [Var(v) for v in w], [Var(v) for v in b]
    C = scalar.cost_chain(0.5, 1.0, weights, biases, autodiff.tanh)
    dw, db = scalar.gradients_chain(0.5, 1.0, w, b, "tanh")
    assert dw.shape == db.shape == (L,)
    np.testing.assert_allclose([*dw, *db], autodiff.grad(C, weights + biases), rtol=1e-12)


def test_chain_of_one_and_two_layers_is_the_special_case():
    assert np.ravel(scalar.gradients_chain(0.7, 1.0, [0.4], [-0.3])) == pytest.approx(
        one_neuron_gradients(0.7, 1.0, 0.4, -0.3), rel=1e-15
    )
    w1, b1, w2, b2 = THETA
    dw, db = scalar.gradients_chain(X_BATCH, Y_BATCH, [w1, w2], [b1, b2])
    expected = scalar.gradients(X_BATCH, Y_BATCH, *THETA)
    assert (dw[0], db[0], dw[1], db[1]) == pytest.approx(expected, rel=1e-15)
    assert scalar.cost_chain(X_BATCH, Y_BATCH, [w1, w2], [b1, b2]) == scalar.cost(X_BATCH, Y_BATCH, *THETA)


def test_chain_of_a_batch_agrees_with_differences(rng):
    w, b = rng.normal(size=5), rng.normal(size=5)
    dw, db = scalar.gradients_chain(X_BATCH, Y_BATCH, w, b)
    theta = np.concatenate([w, b])
    gradient = np.concatenate([dw, db])
    assert check_gradient(lambda t: scalar.cost_chain(X_BATCH, Y_BATCH, t[:5], t[5:]), gradient, theta)


def test_chain_is_indexed_by_the_layer():
    z, a = scalar.forward_chain(1.0, [2.0, 3.0], [0.5, -0.5], f=lambda z: z)
    assert (z, a) == ([None, 2.5, 7.0], [1.0, 2.5, 7.0])


def test_deltas_of_a_sigmoid_chain_shrink_by_at_least_four_times_the_weight():
    w = np.ones(10)
    _, db = scalar.gradients_chain(0.3, 1.0, w, -w / 2)
    assert (np.abs(db[:-1]) <= np.abs(db[1:]) / 4 * (1 + 1e-12)).all()


def test_chain_errors():
    with pytest.raises(ValueError, match="got 2 weights and 1 biases"):
        scalar.forward_chain(1.0, [1.0, 2.0], [0.0])
    with pytest.raises(ValueError, match="got 0 weights and 0 biases"):
        scalar.forward_chain(1.0, [], [])
    with pytest.raises(ValueError, match="got 1 weights and 2 biases"):
        scalar.gradients_chain(1.0, 0.0, [1.0], [0.0, 1.0])
    with pytest.raises(ValueError, match="w must have 1 axes"):
        scalar.gradients_chain(1.0, 0.0, [[1.0]], [0.0])
    with pytest.raises(ValueError, match="b must be finite"):
        scalar.gradients_chain(1.0, 0.0, [1.0], [np.inf])


def test_arguments_are_not_changed():
    w, b, x = np.array([1, 2]), np.array([0, 1]), X_BATCH.copy()
    dw, _ = scalar.gradients_chain(x, Y_BATCH, w, b)
    assert dw.dtype == np.float64
    assert w.tolist() == [1, 2]
    np.testing.assert_array_equal(x, X_BATCH)


def test_examples_in_the_docstrings():
    assert doctest.testmod(scalar).failed == 0
