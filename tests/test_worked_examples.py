"""Small networks worked out by hand, with a pencil: the numbers in the comments are exact fractions.

Pencil work needs sigmoids with round values: sigma(0) = 1/2 with slope 1/4, and sigma(ln 3) = 3/4 with slope
3/16.
"""

from math import log

import numpy as np
import pytest

from fysstk_nn import autodiff, perceptron, scalar
from fysstk_nn.autodiff import Var, grad
from fysstk_nn.mlp import MLP
from fysstk_nn.params import Params


def close(expected):
    return pytest.approx(expected, rel=1e-14, abs=1e-16)


# --- one neuron: x = 2, y = 0, w1 = ln 3, b1 = -ln 3 --------------------------------------------------------


def test_one_neuron():
    # z1 = 2 ln 3 - ln 3 = ln 3, a1 = 3/4, C = 1/2 (3/4)^2 = 9/32.
    assert perceptron.forward(2.0, log(3), -log(3)) == close((log(3), 3 / 4))
    assert perceptron.cost(2.0, 0.0, log(3), -log(3)) == close(9 / 32)
    # delta1 = 3/4 * 3/16 = 9/64, dC/dw1 = 9/64 * 2 = 9/32, dC/db1 = 9/64.
    assert perceptron.gradients(2.0, 0.0, log(3), -log(3)) == close((9 / 32, 9 / 64))


def test_one_step_of_one_neuron():
    # eta = 64/9 takes 2 from w1 and 1 from b1.
    run = perceptron.train(2.0, 0.0, log(3), -log(3), eta=64 / 9, epochs=1)
    assert (run.w1[1], run.b1[1]) == close((log(3) - 2, -log(3) - 1))


# --- the scalar network: x = 2, y = 1/4, w1 = ln(3)/2, b1 = 0, w2 = 4, b2 = -3 ------------------------------

SCALAR = {"w1": log(3) / 2, "b1": 0.0, "w2": 4.0, "b2": -3.0}


def test_scalar_network_forward():
    # z1 = ln 3, a1 = 3/4, z2 = 4 * 3/4 - 3 = 0, a2 = 1/2, C = 1/2 (1/2 - 1/4)^2 = 1/32.
    assert scalar.forward(2.0, **SCALAR) == close((log(3), 3 / 4, 0.0, 1 / 2))
    assert scalar.cost(2.0, 1 / 4, **SCALAR) == close(1 / 32)


def test_scalar_network_gradients():
    # delta2 = (1/2 - 1/4) * 1/4 = 1/16: dC/dw2 = 1/16 * 3/4 = 3/64, dC/db2 = 1/16.
    # delta1 = 1/16 * 4 * 3/16 = 3/64:   dC/dw1 = 3/64 * 2 = 3/32,   dC/db1 = 3/64.
    assert scalar.gradients(2.0, 1 / 4, **SCALAR) == close((3 / 32, 3 / 64, 3 / 64, 1 / 16))


def test_scalar_network_with_linear_output():
    # a2 = z2 = 0 and slope 1: delta2 = 0 - 1/4 = -1/4, dC/dw2 = -3/16,
    # delta1 = -1/4 * 4 * 3/16 = -3/16, dC/dw1 = -3/8.
    gradients = scalar.gradients(2.0, 1 / 4, **SCALAR, f2="identity")
    assert gradients == close((-3 / 8, -3 / 16, -3 / 16, -1 / 4))


def test_scalar_network_by_automatic_differentiation():
    w1, b1, w2, b2 = (Var(value, name) for name, value in SCALAR.items())
    a1 = autodiff.sigmoid(w1 * 2.0 + b1)
    a2 = autodiff.sigmoid(w2 * a1 + b2)
    C = (a2 - 1 / 4) ** 2 / 2
    assert C.value == close(1 / 32)
    assert grad(C, [w1, b1, w2, b2]) == close([3 / 32, 3 / 64, 3 / 64, 1 / 16])


def test_scalar_network_as_a_chain_and_as_a_multilayer_perceptron():
    w1, b1, w2, b2 = SCALAR.values()
    dw, db = scalar.gradients_chain(2.0, 1 / 4, [w1, w2], [b1, b2])
    assert (dw.tolist(), db.tolist()) == (close([3 / 32, 3 / 64]), close([3 / 64, 1 / 16]))

    net = MLP((1, 1, 1), hidden="sigmoid", output="sigmoid")
    params = Params.from_layers([([[w1]], [b1]), ([[w2]], [b2])])
    gradient = net.gradient(params, [[2.0]], [1 / 4])
    assert (gradient.W[1][0, 0], gradient.W[2][0, 0]) == close((3 / 32, 3 / 64))
    assert (gradient.b[1][0], gradient.b[2][0]) == close((3 / 64, 1 / 16))


def test_chain_of_three_linear_neurons():
    # x = 1, w = (2, 3, -1), b = (1, 0, 2), f(z) = z: a = 1, 3, 9, -7. With y = -5, delta3 = -2,
    # delta2 = -2 * -1 = 2, delta1 = 2 * 3 = 6, and dC/dw_l = delta_l a_{l-1}: 6 * 1, 2 * 3, -2 * 9.
    z, a = scalar.forward_chain(1.0, [2.0, 3.0, -1.0], [1.0, 0.0, 2.0], lambda z: z)
    assert (z, a) == ([None, 3.0, 9.0, -7.0], [1.0, 3.0, 9.0, -7.0])
    dw, db = scalar.gradients_chain(1.0, -5.0, [2.0, 3.0, -1.0], [1.0, 0.0, 2.0], "identity")
    assert dw.tolist() == [6.0, 6.0, -18.0]
    assert db.tolist() == [6.0, 2.0, -2.0]


# --- the 2-2-1 network --------------------------------------------------------------------------------------
#
# x = (1, 2), y = 1, z_j = sum_i w_ij a_i + b_j, all activations sigmoid:
#
#     w_00 = 1    w_01 = ln 3        w_0 = 2
#     w_10 = -1   w_11 = 1           w_1 = -4
#     b_0 = 1     b_1 = -2           b = 2

W1, B1 = np.array([[1.0, log(3)], [-1.0, 1.0]]), np.array([1.0, -2.0])
W2, B2 = np.array([[2.0], [-4.0]]), np.array([2.0])
NET = MLP((2, 2, 1), hidden="sigmoid", output="sigmoid", cost="half_squared_error")
PARAMS = Params.from_layers([(W1, B1), (W2, B2)])
X, Y = np.array([[1.0, 2.0]]), np.array([1.0])

# delta = (1/2 - 1) * 1/4 = -1/8
#   dC/dw_0 = -1/8 * 1/2 = -1/16    dC/dw_1 = -1/8 * 3/4 = -3/32    dC/db = -1/8
# delta_0 = -1/8 * 2 * 1/4 = -1/16
#   dC/dw_00 = 1 * -1/16            dC/dw_10 = 2 * -1/16 = -1/8     dC/db_0 = -1/16
# delta_1 = -1/8 * -4 * 3/16 = 3/32
#   dC/dw_01 = 1 * 3/32             dC/dw_11 = 2 * 3/32 = 3/16      dC/db_1 = 3/32
DW1, DB1 = np.array([[-1 / 16, 3 / 32], [-1 / 8, 3 / 16]]), np.array([-1 / 16, 3 / 32])
DW2, DB2 = np.array([[-1 / 16], [-3 / 32]]), np.array([-1 / 8])


def test_two_two_one_forward():
    # z_0 = 1 - 2 + 1 = 0 and a_0 = 1/2; z_1 = ln 3 + 2 - 2 = ln 3 and a_1 = 3/4;
    # z = 2 * 1/2 - 4 * 3/4 + 2 = 0 and a = 1/2; C = 1/2 (1/2 - 1)^2 = 1/8.
    trace = NET.forward(PARAMS, X)
    np.testing.assert_allclose(trace.z[1], [[0, log(3)]], atol=1e-15)
    np.testing.assert_allclose(trace.a[1], [[1 / 2, 3 / 4]], rtol=1e-15)
    np.testing.assert_allclose(trace.z[2], [[0]], atol=1e-15)
    np.testing.assert_allclose(trace.output, [[1 / 2]], rtol=1e-15)
    assert NET.cost_of(PARAMS, X, Y) == close(1 / 8)


def test_two_two_one_deltas():
    _, delta1, delta2 = NET.deltas(PARAMS, NET.forward(PARAMS, X), Y)
    np.testing.assert_allclose(delta2, [[-1 / 8]], rtol=1e-14)
    np.testing.assert_allclose(delta1, [[-1 / 16, 3 / 32]], rtol=1e-14)


def test_two_two_one_all_nine_derivatives():
    gradient = NET.gradient(PARAMS, X, Y)
    np.testing.assert_allclose(gradient.W[1], DW1, rtol=1e-14)
    np.testing.assert_allclose(gradient.b[1], DB1, rtol=1e-14)
    np.testing.assert_allclose(gradient.W[2], DW2, rtol=1e-14)
    np.testing.assert_allclose(gradient.b[2], DB2, rtol=1e-14)


def test_two_two_one_by_automatic_differentiation():
    w00, w01, w10, w11, b0, b1, w0, w1, b = variables = [Var(v) for v in (*W1.flat, *B1, *W2.flat, *B2)]
    x0, x1 = X[0]
    a0 = autodiff.sigmoid(w00 * x0 + w10 * x1 + b0)
    a1 = autodiff.sigmoid(w01 * x0 + w11 * x1 + b1)
    a = autodiff.sigmoid(w0 * a0 + w1 * a1 + b)
    expected = [*DW1.flat, *DB1, *DW2.flat, *DB2]
    assert grad((a - Y[0]) ** 2 / 2, variables) == close(expected)


def test_two_two_one_in_the_lectures_transposed_convention():
    # The lecture writes z = W a for this network, W = W1 transposed: its w_01 is our w_10.
    W = W1.T
    z = W @ X[0] + B1
    a = 1 / (1 + np.exp(-z))
    delta = np.array([-1 / 16, 3 / 32])
    np.testing.assert_allclose(a, [1 / 2, 3 / 4])
    np.testing.assert_allclose(np.outer(delta, X[0]), DW1.T)  # dC/dw_ij = delta_i a_j^(0)


def test_two_two_one_batch_of_two_samples():
    # The same sample twice, with targets 1 and 1/2. The second has a - y = 0 and no gradient, so the mean is
    # half of the first one's gradient, and the cost is (1/8 + 0) / 2.
    X_twice, Y_both = np.vstack([X, X]), np.array([1.0, 1 / 2])
    assert NET.cost_of(PARAMS, X_twice, Y_both) == close(1 / 16)
    gradient = NET.gradient(PARAMS, X_twice, Y_both)
    np.testing.assert_allclose(gradient.W[1], DW1 / 2, rtol=1e-14)
    np.testing.assert_allclose(gradient.b[1], DB1 / 2, rtol=1e-14)
    np.testing.assert_allclose(gradient.W[2], DW2 / 2, rtol=1e-14)
    np.testing.assert_allclose(gradient.b[2], DB2 / 2, rtol=1e-14)


def test_two_two_one_with_linear_output():
    # a = z = 0: delta = 0 - 1 = -1, eight times the delta above, and so is everything behind it.
    net = MLP((2, 2, 1), hidden="sigmoid", output="identity")
    gradient = net.gradient(PARAMS, X, Y)
    np.testing.assert_allclose(gradient.W[2], [[-1 / 2], [-3 / 4]], rtol=1e-14)
    np.testing.assert_allclose(gradient.W[1], 8 * DW1, rtol=1e-14)
    np.testing.assert_allclose(gradient.b[1], 8 * DB1, rtol=1e-14)


def test_two_two_one_solves_xor_with_large_weights():
    # Hidden neurons OR (x0 + x1 - 1/2) and AND (x0 + x1 - 3/2), output OR and not AND; all times 100.
    params = Params.from_layers(
        [([[100, 100], [100, 100]], [-50, -150]), ([[100], [-100]], [-50])],
    )
    inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    np.testing.assert_allclose(NET.predict(params, inputs).ravel(), [0, 1, 1, 0], atol=1e-20)
