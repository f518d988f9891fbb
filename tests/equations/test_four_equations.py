"""The four equations of backpropagation, as printed in book/four-equations.md.

The oracles never see the equations: SymPy differentiates the cost of a small network symbolically, central
differences nudge each quantity of a larger one, and autograd records the forward pass.
"""

from __future__ import annotations

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp

from fysstk_nn.gradcheck import central_difference

SIZES = (3, 4, 2, 3)
L = len(SIZES) - 1


def sigma(z):
    return 1 / (1 + anp.exp(-z))


def sigma_prime(z):
    return sigma(z) * (1 - sigma(z))


@pytest.fixture
def net(rng):
    """Weights, biases, one sample and its forward pass; index 0 is empty as in the book."""
    W = [None, *(rng.normal(size=(m, n)) for m, n in zip(SIZES, SIZES[1:], strict=False))]
    b = [None, *(rng.normal(size=n) for n in SIZES[1:])]
    x, y = rng.normal(size=SIZES[0]), rng.uniform(size=SIZES[-1])
    z, a = [None], [x]
    for l in range(1, L + 1):
        z.append(a[l - 1] @ W[l] + b[l])
        a.append(sigma(z[l]))
    return W, b, x, y, z, a


def cost_from(l, z_l, W, b, y):
    """Cost of one sample as a function of layer l's inputs z_l: the rest of the forward pass."""
    a = sigma(z_l)
    for k in range(l + 1, L + 1):
        a = sigma(a @ W[k] + b[k])
    return 0.5 * anp.sum((a - y) ** 2)


def errors(net):
    """All deltas by central differences: the definition, without any of the four equations."""
    W, b, _x, y, z, _a = net
    return [
        None,
        *(central_difference(lambda z_l, l=l: cost_from(l, z_l, W, b, y), z[l]) for l in range(1, L + 1)),
    ]


def errors_by_autograd(net):
    W, b, _x, y, z, _a = net
    return [
        None,
        *(autograd.grad(lambda z_l, l=l: cost_from(l, z_l, W, b, y))(z[l]) for l in range(1, L + 1)),
    ]


def symbols(name, *shape):
    return np.array(sp.symbols(name + "".join(f"_(:{n})" for n in shape))).reshape(shape)


# --- local derivatives ---


@pytest.mark.equation("eq-four-local-parameters", method="sympy")
def test_dz_dw_is_the_input_and_dz_db_is_one(discrepancy):
    w, a, b = symbols("w", 3, 2), symbols("a", 3), symbols("b", 2)
    z = [sum(w[i, j] * a[i] for i in range(3)) + b[j] for j in range(2)]
    for j in range(2):
        assert sp.diff(z[j], b[j]) == 1
        for i in range(3):
            residual = sp.diff(z[j], w[i, j]) - a[i]
            discrepancy(residual)
            assert residual == 0


@pytest.mark.equation("eq-four-local-input", method="sympy")
def test_dz_da_is_the_weight_from_i_to_j(discrepancy):
    w, a, b = symbols("w", 3, 2), symbols("a", 3), symbols("b", 2)
    for j in range(2):
        z = sum(w[i, j] * a[i] for i in range(3)) + b[j]
        for i in range(3):
            residual = sp.diff(z, a[i]) - w[i, j]
            discrepancy(residual)
            assert residual == 0


@pytest.mark.equation("eq-four-local-sigmoid", method="sympy")
def test_slope_of_the_sigmoid_through_its_output(discrepancy):
    z = sp.symbols("z", real=True)
    a = 1 / (1 + sp.exp(-z))
    residual = sp.simplify(sp.diff(a, z) - a * (1 - a))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-four-local-sigmoid", method="central differences")
def test_slope_of_the_sigmoid_numerically(rng, discrepancy):
    z = rng.normal(size=9)
    a = sigma(z)
    error = np.abs(central_difference(lambda z: np.sum(sigma(z)), z) - a * (1 - a)).max()
    discrepancy(error)
    assert error < 1e-9


# --- the four equations with indices ---


@pytest.mark.equation("eq-four-delta-output", method="central differences")
@pytest.mark.equation("eq-four-vector-delta-output", method="central differences")
def test_output_error(net, discrepancy):
    W, b, x, y, z, a = net
    dC_da = central_difference(lambda a: 0.5 * np.sum((a - y) ** 2), a[L])
    error = np.abs(dC_da * sigma_prime(z[L]) - errors(net)[L]).max()
    discrepancy(error)
    assert error < 1e-8


@pytest.mark.equation("eq-four-delta-output", method="sympy")
def test_output_error_for_any_cost_and_any_activation(discrepancy):
    z1, z2 = sp.symbols("z1 z2")
    f, C = sp.Function("f"), sp.Function("C")
    a1, a2 = sp.symbols("a1 a2")
    delta = sp.diff(C(f(z1), f(z2)), z1)
    printed = sp.diff(C(a1, f(z2)), a1).subs(a1, f(z1)) * sp.diff(f(z1), z1)
    residual = sp.simplify((delta - printed).doit())
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-four-delta-output-sigmoid", method="sympy")
def test_output_error_of_sigmoid_nodes(discrepancy):
    z1, z2, y1, y2 = sp.symbols("z1 z2 y1 y2", real=True)
    a1, a2 = 1 / (1 + sp.exp(-z1)), 1 / (1 + sp.exp(-z2))
    C = ((a1 - y1) ** 2 + (a2 - y2) ** 2) / 2
    residual = sp.simplify(sp.diff(C, z1) - (a1 - y1) * a1 * (1 - a1))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-four-delta-output-sigmoid", method="autograd")
def test_output_error_of_sigmoid_nodes_numerically(net, discrepancy):
    _W, _b, _x, y, _z, a = net
    error = np.abs((a[L] - y) * a[L] * (1 - a[L]) - errors_by_autograd(net)[L]).max()
    discrepancy(error)
    assert error < 1e-12


@pytest.mark.equation("eq-four-sum-over-paths", method="central differences")
def test_the_paths_through_the_next_layer_add_up(net, discrepancy):
    W, b, _x, _y, z, _a = net
    delta = errors(net)
    for l in range(1, L):
        for j in range(SIZES[l]):
            paths = 0.0
            for k in range(SIZES[l + 1]):
                dz_dz = central_difference(lambda z_l, k=k, l=l: (sigma(z_l) @ W[l + 1] + b[l + 1])[k], z[l])[
                    j
                ]
                paths += delta[l + 1][k] * dz_dz
            discrepancy(abs(paths - delta[l][j]))
            assert abs(paths - delta[l][j]) < 1e-8


@pytest.mark.equation("eq-four-dz-dz", method="central differences")
def test_one_step_from_z_to_the_next_z(net, discrepancy):
    W, b, _x, _y, z, _a = net
    for l in range(1, L):
        for k in range(SIZES[l + 1]):
            measured = central_difference(lambda z_l, k=k, l=l: (sigma(z_l) @ W[l + 1] + b[l + 1])[k], z[l])
            for j in range(SIZES[l]):
                error = abs(W[l + 1][j, k] * sigma_prime(z[l][j]) - measured[j])
                discrepancy(error)
                assert error < 1e-8


@pytest.mark.equation("eq-four-dz-dz", method="sympy")
def test_one_step_from_z_to_the_next_z_symbolically(discrepancy):
    f, w, z, b = sp.Function("f"), symbols("w", 2, 2), symbols("z", 2), symbols("b", 2)
    for j in range(2):
        for k in range(2):
            z_next = sum(w[i, k] * f(z[i]) for i in range(2)) + b[k]
            residual = sp.simplify(sp.diff(z_next, z[j]) - w[j, k] * sp.diff(f(z[j]), z[j]))
            discrepancy(residual)
            assert residual == 0


@pytest.mark.equation("eq-four-delta-hidden", method="central differences")
@pytest.mark.equation("eq-four-vector-delta-hidden", method="central differences")
def test_hidden_error(net, discrepancy):
    W, _b, _x, _y, z, _a = net
    delta = errors(net)
    for l in range(1, L):
        with_indices = np.array(
            [
                sum(delta[l + 1][k] * W[l + 1][j, k] for k in range(SIZES[l + 1])) * sigma_prime(z[l][j])
                for j in range(SIZES[l])
            ]
        )
        as_vectors = (W[l + 1] @ delta[l + 1]) * sigma_prime(z[l])
        for printed in (with_indices, as_vectors):
            error = np.abs(printed - delta[l]).max()
            discrepancy(error)
            assert error < 1e-8


@pytest.mark.equation("eq-four-delta-hidden", method="autograd")
def test_hidden_error_by_autograd(net, discrepancy):
    W, _b, _x, _y, z, _a = net
    delta = errors_by_autograd(net)
    for l in range(1, L):
        error = np.abs((W[l + 1] @ delta[l + 1]) * sigma_prime(z[l]) - delta[l]).max()
        discrepancy(error)
        assert error < 1e-12


def cost_of_parameters(W, b, x, y):
    a = x
    for l in range(1, L + 1):
        a = sigma(a @ W[l] + b[l])
    return 0.5 * np.sum((a - y) ** 2)


@pytest.mark.equation("eq-four-dw", method="central differences")
@pytest.mark.equation("eq-four-vector-dw", method="central differences")
def test_gradient_of_the_weights(net, discrepancy):
    W, b, x, y, _z, a = net
    delta = errors(net)
    for l in range(1, L + 1):
        measured = central_difference(
            lambda V, l=l: cost_of_parameters([*W[:l], V, *W[l + 1 :]], b, x, y), W[l]
        )
        with_indices = np.array(
            [[delta[l][j] * a[l - 1][i] for j in range(SIZES[l])] for i in range(SIZES[l - 1])]
        )
        column, row = a[l - 1][:, None], delta[l][:, None].T
        for printed in (with_indices, column @ row):
            error = np.abs(printed - measured).max()
            discrepancy(error)
            assert error < 1e-8


@pytest.mark.equation("eq-four-db", method="central differences")
def test_gradient_of_the_biases(net, discrepancy):
    W, b, x, y, _z, _a = net
    delta = errors(net)
    for l in range(1, L + 1):
        measured = central_difference(
            lambda c, l=l: cost_of_parameters(W, [*b[:l], c, *b[l + 1 :]], x, y), b[l]
        )
        error = np.abs(delta[l] - measured).max()
        discrepancy(error)
        assert error < 1e-8


@pytest.mark.equation("eq-four-delta-hidden", method="sympy")
@pytest.mark.equation("eq-four-dw", method="sympy")
@pytest.mark.equation("eq-four-db", method="sympy")
def test_two_two_one_symbolically(discrepancy):
    x, W1, b1, v = symbols("x", 2), symbols("w", 2, 2), symbols("b", 2), symbols("v", 2)
    c, y = sp.symbols("c y")
    a1 = [1 / (1 + sp.exp(-(x[0] * W1[0, j] + x[1] * W1[1, j] + b1[j]))) for j in range(2)]
    out = 1 / (1 + sp.exp(-(v[0] * a1[0] + v[1] * a1[1] + c)))
    C = (out - y) ** 2 / 2
    delta2 = (out - y) * out * (1 - out)
    for j in range(2):
        delta1 = delta2 * v[j] * a1[j] * (1 - a1[j])
        residuals = [sp.diff(C, b1[j]) - delta1, *(sp.diff(C, W1[i, j]) - delta1 * x[i] for i in range(2))]
        for residual in residuals:
            simplified = sp.simplify(residual)
            discrepancy(simplified)
            assert simplified == 0


@pytest.mark.equation("eq-four-example-gradient", method="numeric")
def test_the_example_that_one_does_in_ones_head(discrepancy):
    x, y = np.array([1.0, 2.0]), 2.0
    W1, b1 = np.array([[1.0, -1.0], [0.5, 1.0]]), np.array([0.0, 0.5])
    W2, b2 = np.array([[2.0], [-1.0]]), np.array([0.5])

    def cost(W1, b1, W2, b2):
        return float(0.5 * np.sum((np.maximum(x @ W1 + b1, 0) @ W2 + b2 - y) ** 2))

    printed = {
        "W1": ([[2, -1], [4, -2]], central_difference(lambda v: cost(v, b1, W2, b2), W1)),
        "b1": ([2, -1], central_difference(lambda v: cost(W1, v, W2, b2), b1)),
        "W2": ([[2], [1.5]], central_difference(lambda v: cost(W1, b1, v, b2), W2)),
        "b2": ([1], central_difference(lambda v: cost(W1, b1, W2, v), b2)),
    }
    assert cost(W1, b1, W2, b2) == 0.5
    for by_hand, measured in printed.values():
        error = np.abs(np.array(by_hand) - measured).max()
        discrepancy(error)
        assert error < 1e-8


# --- vectors and batches ---


@pytest.mark.equation("eq-four-vector-forward", method="numeric")
def test_forward_with_column_vectors(net, discrepancy):
    W, b, _x, _y, z, a = net
    for l in range(1, L + 1):
        with_indices = [
            sum(W[l][i, j] * a[l - 1][i] for i in range(SIZES[l - 1])) + b[l][j] for j in range(SIZES[l])
        ]
        error = np.abs(W[l].T @ a[l - 1] + b[l] - with_indices).max()
        discrepancy(error)
        assert error < 1e-13


@pytest.fixture
def batch(rng):
    n = 5
    W = [None, *(rng.normal(size=(m, k)) for m, k in zip(SIZES, SIZES[1:], strict=False))]
    b = [None, *(rng.normal(size=k) for k in SIZES[1:])]
    X, Y = rng.normal(size=(n, SIZES[0])), rng.uniform(size=(n, SIZES[-1]))
    Z, A = [None], [X]
    for l in range(1, L + 1):
        Z.append(A[l - 1] @ W[l] + b[l])
        A.append(sigma(Z[l]))
    return n, W, b, X, Y, Z, A


def batch_cost_from(l, Z_l, W, b, Y):
    A = sigma(Z_l)
    for k in range(l + 1, L + 1):
        A = sigma(A @ W[k] + b[k])
    return anp.sum((A - Y) ** 2) / (2 * len(Y))


def batch_errors(batch):
    _n, W, b, _X, Y, Z, _A = batch
    return [
        None,
        *(central_difference(lambda v, l=l: batch_cost_from(l, v, W, b, Y), Z[l]) for l in range(1, L + 1)),
    ]


@pytest.mark.equation("eq-four-matrix-forward", method="numeric")
def test_a_batch_is_its_samples_stacked(batch, discrepancy):
    n, W, b, X, _Y, Z, A = batch
    for s in range(n):
        a = X[s]
        for l in range(1, L + 1):
            z = W[l].T @ a + b[l]
            a = sigma(z)
            error = max(np.abs(z - Z[l][s]).max(), np.abs(a - A[l][s]).max())
            discrepancy(error)
            assert error < 1e-13


@pytest.mark.equation("eq-four-matrix-cost-gradient", method="central differences")
def test_the_mean_enters_through_the_derivative_of_the_cost(batch, discrepancy):
    n, _W, _b, _X, Y, _Z, A = batch
    measured = central_difference(lambda a: np.mean(0.5 * np.sum((a - Y) ** 2, axis=1)), A[L])
    error = np.abs((A[L] - Y) / n - measured).max()
    discrepancy(error)
    assert error < 1e-9


@pytest.mark.equation("eq-four-matrix-delta-output", method="central differences")
def test_output_error_of_a_batch(batch, discrepancy):
    n, _W, _b, _X, Y, Z, A = batch
    error = np.abs((A[L] - Y) / n * sigma_prime(Z[L]) - batch_errors(batch)[L]).max()
    discrepancy(error)
    assert error < 1e-9


@pytest.mark.equation("eq-four-matrix-delta-hidden", method="central differences")
def test_hidden_error_of_a_batch(batch, discrepancy):
    _n, W, _b, _X, _Y, Z, _A = batch
    delta = batch_errors(batch)
    for l in range(1, L):
        error = np.abs((delta[l + 1] @ W[l + 1].T) * sigma_prime(Z[l]) - delta[l]).max()
        discrepancy(error)
        assert error < 1e-9


@pytest.mark.equation("eq-four-matrix-delta-hidden", method="autograd")
def test_hidden_error_of_a_batch_by_autograd(batch, discrepancy):
    _n, W, b, _X, Y, Z, _A = batch
    delta = [
        None,
        *(autograd.grad(lambda v, l=l: batch_cost_from(l, v, W, b, Y))(Z[l]) for l in range(1, L + 1)),
    ]
    for l in range(1, L):
        error = np.abs((delta[l + 1] @ W[l + 1].T) * sigma_prime(Z[l]) - delta[l]).max()
        discrepancy(error)
        assert error < 1e-12


@pytest.mark.equation("eq-four-matrix-dw", method="central differences")
@pytest.mark.equation("eq-four-matrix-db", method="central differences")
def test_gradients_of_a_batch(batch, discrepancy):
    _n, W, b, X, Y, _Z, A = batch
    delta = batch_errors(batch)

    def cost(W, b):
        return batch_cost_from(1, X @ W[1] + b[1], W, b, Y)

    for l in range(1, L + 1):
        dW = central_difference(lambda V, l=l: cost([*W[:l], V, *W[l + 1 :]], b), W[l])
        db = central_difference(lambda c, l=l: cost(W, [*b[:l], c, *b[l + 1 :]]), b[l])
        error = max(np.abs(A[l - 1].T @ delta[l] - dW).max(), np.abs(sum(delta[l]) - db).max())
        discrepancy(error)
        assert error < 1e-9


# --- the cost of a backward pass ---


class Counted(float):
    """A number that counts how often it is multiplied."""

    count = 0

    def __mul__(self, other):
        Counted.count += 1
        return Counted(float(self) * float(other))

    def __add__(self, other):
        return Counted(float(self) + float(other))

    __radd__ = __add__


def count_backward(sizes):
    """Run equations 2 and 4 for one sample in plain loops; count the multiplications."""
    Counted.count = 0
    delta = [Counted(1.0)] * sizes[-1]
    for l in range(len(sizes) - 1, 0, -1):
        for _i in range(sizes[l - 1]):
            for j in range(sizes[l]):
                delta[j] * 0.5  # equation 2: dC/dw_ij = delta_j a_i
        if l > 1:
            delta = [sum(delta[k] * 0.5 for k in range(sizes[l])) for _j in range(sizes[l - 1])]  # equation 4
    return Counted.count


@pytest.mark.equation("eq-four-operations", method="numeric")
@pytest.mark.parametrize("sizes", [(1, 1), (2, 2, 1), (3, 5, 4, 2), (7, 1, 6)])
def test_multiplications_of_a_backward_pass(sizes, discrepancy):
    weights = [m * n for m, n in zip(sizes, sizes[1:], strict=False)]
    printed = 2 * sum(weights) - sizes[0] * sizes[1]
    discrepancy(abs(count_backward(sizes) - printed))
    assert count_backward(sizes) == printed


@pytest.mark.equation("eq-four-speedup", method="numeric")
def test_differences_against_backpropagation(discrepancy):
    sizes = (784, 30, 10)
    parameters = sum(m * n + n for m, n in zip(sizes, sizes[1:], strict=False))
    forward = sum(m * n for m, n in zip(sizes, sizes[1:], strict=False))
    backward = 2 * forward - sizes[0] * sizes[1]
    assert (parameters, forward, backward) == (23_860, 23_820, 24_120)
    ratio = 2 * parameters * forward / (forward + backward)
    error = abs(ratio - 23_700) / ratio  # the page prints three digits, so compare in proportion
    discrepancy(error)
    assert error < 50 / 23_700
