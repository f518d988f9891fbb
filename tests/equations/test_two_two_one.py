"""The nine derivatives of the 2-2-1 network, as printed in book/two-two-one.md.

The page's own definitions of the forward pass are differentiated, by SymPy for any activation, and by central
differences and autograd for the sigmoid.
"""

from __future__ import annotations

from itertools import product

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp

from fysstk_nn.datasets import polynomial
from fysstk_nn.gradcheck import central_difference

# The cost and the errors are introduced in words and in the claims themselves.
DEFINED = [
    "def-two-inputs",
    "def-two-hidden",
    "def-two-output",
    r"C = \frac12 (a^{(2)} - y)^2",
    r"\delta^{(2)} = \frac{\partial C}{\partial z^{(2)}}",
    r"\delta_j^{(1)} = \frac{\partial C}{\partial z_j^{(1)}}",
]
NODES = (0, 1)
DERIVATIVES = {  # with the indices that the formulas leave open
    "eq-two-delta2": {},
    "eq-two-dw2": {"i": NODES},
    "eq-two-db2": {},
    "eq-two-dz2-dz1": {"j": NODES},
    "eq-two-delta1": {"j": NODES},
    "eq-two-dw1": {"i": NODES, "j": NODES},
    "eq-two-four-weights": {},
    "eq-two-db1": {"j": NODES},
}


def s(z):
    return 1 / (1 + anp.exp(-z))


def network(x, y, W1, b1, w2, b2, f):
    return {
        "x_j": x,
        "y": y,
        "w_{ij}^{(1)}": W1,
        "b_j^{(1)}": b1,
        "w_i^{(2)}": w2,
        "b^{(2)}": b2,
        r"\sigma": f,
    }


def matrix(name):
    return np.array(sp.symbols(f"{name}00 {name}01 {name}10 {name}11", real=True)).reshape(2, 2)


def pair(name):
    return np.array(sp.symbols(f"{name}0 {name}1", real=True))


y, c = sp.symbols("y c", real=True)
ANY_NETWORK = network(pair("x"), y, matrix("w"), pair("b"), pair("v"), c, sp.Function("f"))


@pytest.mark.equation("eq-two-delta2", method="sympy")
@pytest.mark.equation("eq-two-dw2", method="sympy")
@pytest.mark.equation("eq-two-db2", method="sympy")
@pytest.mark.equation("eq-two-dz2-dz1", method="sympy")
@pytest.mark.equation("eq-two-delta1", method="sympy")
@pytest.mark.equation("eq-two-dw1", method="sympy")
@pytest.mark.equation("eq-two-four-weights", method="sympy")
@pytest.mark.equation("eq-two-db1", method="sympy")
def test_nine_derivatives_for_any_activation(printed):
    for label, indices in DERIVATIVES.items():
        for choice in product(*indices.values()):  # one by one: a range that is printed has to have each
            one = {name: [node] for name, node in zip(indices, choice, strict=True)}
            printed(label).holds(also=ANY_NETWORK, where=DEFINED, **one)


def random_network(rng):
    """Return theta (W1 row by row, b1, w2, b2), x, y and what the printed names stand for."""
    theta, x, y = rng.normal(size=9), rng.normal(size=2), rng.uniform()
    names = network(x, y, theta[:4].reshape(2, 2), theta[4:6], theta[6:8], theta[8], s)
    return theta, x, y, names


def cost(theta, x, y):
    W1, b1, w2, b2 = anp.reshape(theta[:4], (2, 2)), theta[4:6], theta[6:8], theta[8]
    return 0.5 * (s(anp.dot(w2, s(anp.dot(x, W1) + b1)) + b2) - y) ** 2


@pytest.mark.equation("eq-two-delta2", method="central differences")
@pytest.mark.equation("eq-two-dw2", method="central differences")
@pytest.mark.equation("eq-two-db2", method="central differences")
@pytest.mark.equation("eq-two-dz2-dz1", method="central differences")
@pytest.mark.equation("eq-two-delta1", method="central differences")
@pytest.mark.equation("eq-two-dw1", method="central differences")
@pytest.mark.equation("eq-two-four-weights", method="central differences")
@pytest.mark.equation("eq-two-db1", method="central differences")
def test_nine_derivatives_numerically(rng, printed):
    for _ in range(3):
        *_, names = random_network(rng)
        for label, indices in DERIVATIVES.items():
            printed(label).holds(also=names, where=DEFINED, within=1e-9, **indices)


@pytest.mark.equation("eq-two-dw2", method="autograd")
@pytest.mark.equation("eq-two-db2", method="autograd")
@pytest.mark.equation("eq-two-dw1", method="autograd")
@pytest.mark.equation("eq-two-four-weights", method="autograd")
@pytest.mark.equation("eq-two-db1", method="autograd")
def test_nine_derivatives_by_autograd(rng, printed):
    for _ in range(3):
        theta, x, y, names = random_network(rng)
        slope = autograd.grad(cost)(theta, x, y)
        found = {
            r"\frac{\partial C}{\partial w_{ij}^{(1)}}": slope[:4].reshape(2, 2),
            r"\frac{\partial C}{\partial b_j^{(1)}}": slope[4:6],
            r"\delta_j^{(1)}": slope[4:6],
            r"\frac{\partial C}{\partial w_i^{(2)}}": slope[6:8],
            r"\frac{\partial C}{\partial b^{(2)}}": slope[8],
            r"\delta^{(2)}": slope[8],
        }
        for label in ("eq-two-dw2", "eq-two-db2", "eq-two-dw1", "eq-two-four-weights", "eq-two-db1"):
            printed(label).holds(also={**names, **found}, where=DEFINED, within=1e-14, **DERIVATIVES[label])


@pytest.mark.equation("eq-two-outer", method="sympy")
def test_outer_product(printed):
    slopes = [
        [printed("eq-two-dw1").value(also=ANY_NETWORK, where=DEFINED, side=0, i=i, j=j) for j in NODES]
        for i in NODES
    ]
    dW = {r"\frac{\partial C}{\partial W^{(1)}}": slopes}
    printed("eq-two-outer").holds(dW, also=ANY_NETWORK, where=DEFINED)


@pytest.mark.equation("eq-two-outer", method="central differences")
def test_outer_product_numerically(rng, printed):
    for _ in range(4):
        theta, x, y, names = random_network(rng)
        slopes = central_difference(lambda t, x=x, y=y: cost(t, x, y), theta)
        dW = {r"\frac{\partial C}{\partial W^{(1)}}": slopes[:4].reshape(2, 2)}
        printed("eq-two-outer").holds(dW, also=names, where=DEFINED, within=1e-9)


# --- the other convention ---


@pytest.mark.equation("eq-two-transposed", method="sympy")
def test_the_other_convention_is_the_transposed_matrix(printed):
    """Solve for the matrix V that gives the same weighted sums for all inputs and biases."""
    V, a, b, W = matrix("v"), pair("a"), pair("b"), matrix("w")
    names = {"a_j^{(0)}": a, "b_j^{(1)}": b}
    column = np.ravel(printed("def-two-column").value({"v_{ij}": V}, also=names))
    row = [printed("def-two-hidden").value({"w_{ij}^{(1)}": W}, also=names, side=1, j=j) for j in NODES]
    differences = [sp.Poly(column[j] - row[j], *a) for j in NODES]
    found = sp.solve([coefficient for p in differences for coefficient in p.coeffs()], list(V.flat))
    V = np.array([[found[v] for v in line] for line in V])
    printed("eq-two-transposed").holds(
        {"v_{ij}": V, "w_{ij}^{(1)}": W, "V": V, "W^{(1)}": W}, i=NODES, j=NODES
    )


@pytest.mark.equation("eq-two-dv", method="sympy")
def test_derivatives_in_the_other_convention(printed):
    V = matrix("v")
    inputs = {"a_j^{(0)}": pair("x")}
    column = np.ravel(printed("def-two-column").value({"v_{ij}": V, "b_j^{(1)}": pair("b")}, also=inputs))
    names = {**ANY_NETWORK, **inputs, "z_j^{(1)}": column, "w_i^{(2)}": pair("u")}
    cost = (
        sp.Rational(1, 2) * (printed("def-two-output").value(also=names, where=DEFINED, statement=1) - y) ** 2
    )
    dV = {r"\frac{\partial C}{\partial v_{ij}}": lambda i, j: sp.diff(cost, V[i, j])}
    printed("eq-two-dv").holds(dV, also=names, where=DEFINED, i=NODES, j=NODES)


@pytest.mark.equation("eq-two-dv", method="central differences")
def test_derivatives_in_the_other_convention_numerically(rng, printed):
    for _ in range(4):
        theta, x, y, names = random_network(rng)
        b, w2, b2 = theta[4:6], theta[6:8], theta[8]
        dV = central_difference(
            lambda V, x=x, y=y, b=b, w2=w2, b2=b2: 0.5 * (s(w2 @ s(V @ x + b) + b2) - y) ** 2,
            names["w_{ij}^{(1)}"].T,
        )
        printed("eq-two-dv").holds(
            {r"\frac{\partial C}{\partial v_{ij}}": dV},
            also=names,
            where=DEFINED,
            within=1e-9,
            i=NODES,
            j=NODES,
        )


# --- XOR and symmetry ---


@pytest.mark.equation("eq-two-xor", method="numeric")
def test_xor_by_hand(printed):
    chosen = printed("def-two-xor").defined()
    W1, b1, w2, b2 = (
        np.asarray(chosen[name], dtype=float) for name in ("W^{( 1 )}", "b^{( 1 )}", "w^{( 2 )}", "b^{( 2 )}")
    )

    def output(x0, x1):
        return printed("def-two-output").value(
            also=network([x0, x1], 0, W1, b1, w2, b2, s), where=DEFINED, statement=1
        )

    printed("eq-two-xor").holds({"a^{(2)}": output}, within=1e-15)
    bounds = printed("eq-two-xor").value(), 1 - printed("eq-two-xor").value(statement=1)
    nearest = 10 ** np.ceil(np.log10(output(0, 0)))  # the next power of ten
    np.testing.assert_allclose(np.array(bounds, dtype=float), nearest, rtol=1e-9)


@pytest.mark.equation("eq-two-symmetry", method="sympy")
def test_equal_nodes_get_equal_gradients(printed):
    w0, w1, b, v = sp.symbols("w0 w1 b v", real=True)
    equal = np.array([[w0, w0], [w1, w1]]), np.array([b, b]), np.array([v, v])
    names = network(pair("x"), y, *equal, c, sp.Function("f"))
    printed("eq-two-symmetry").holds(also=names, where=DEFINED, i=NODES)


@pytest.mark.equation("eq-two-symmetry", method="central differences")
def test_equal_nodes_get_equal_gradients_numerically(rng, printed):
    for _ in range(4):
        equal = np.repeat(rng.normal(size=(2, 1)), 2, axis=1), np.full(2, 0.3), np.full(2, rng.normal())
        names = network(rng.normal(size=2), rng.uniform(), *equal, rng.normal(), s)
        printed("eq-two-symmetry").holds(also=names, where=DEFINED, within=1e-9, i=NODES)


@pytest.mark.equation("def-two-update", method="autograd")
def test_the_update_is_a_step_of_gradient_descent(rng, printed):
    theta, x, y, names = random_network(rng)
    after = theta - 0.3 * autograd.grad(cost)(theta, x, y)
    W1, b1, w2, b2 = theta[:4].reshape(2, 2), theta[4:6], theta[6:8], theta[8]
    hidden = s(x @ W1 + b1)
    output = s(hidden @ w2 + b2)
    delta2 = (output - y) * output * (1 - output)
    deltas = {r"\delta^{(2)}": delta2, r"\delta_j^{(1)}": w2 * delta2 * hidden * (1 - hidden)}
    printed("def-two-update").holds(
        {r"\eta": 0.3, "a_i^{(0)}": x, "a_i^{(1)}": hidden, **deltas},
        also=names,
        after=network(x, y, after[:4].reshape(2, 2), after[4:6], after[6:8], after[8], s),
        i=NODES,
        j=NODES,
    )


@pytest.mark.equation("def-two-polynomial", method="numeric")
def test_the_polynomial_is_that_of_the_data_set(printed, discrepancy):
    for x, y in zip(*polynomial(n=5, rng=1), strict=True):
        discrepancy(printed("def-two-polynomial").value({"x_i": x}) - float(y), within=1e-12)


@pytest.mark.equation("def-two-column", method="numeric")
def test_columns_are_multiplied_from_the_left(rng, printed, discrepancy):
    V, a, b = rng.normal(size=(2, 2)), rng.normal(size=2), rng.normal(size=2)
    found = printed("def-two-column").value({"v_{ij}": V, "a_j^{(0)}": a, "b_j^{(1)}": b})
    discrepancy(np.abs(np.ravel(found) - (V @ a + b)).max(), within=1e-12)
