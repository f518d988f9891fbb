"""The four equations of backpropagation, as printed in book/four-equations.md.

The oracles never see the equations. The page's own definitions say what a forward pass and a cost are; they
are differentiated by SymPy for a small network of symbols, by central differences for a larger one, and by
autograd, which records a forward pass.
"""

from __future__ import annotations

from pathlib import Path

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp

from fysstk_book import sources
from fysstk_book.printed.names import from_one
from fysstk_nn import plain
from fysstk_nn.gradcheck import central_difference

ROOT = Path(__file__).parents[2]
SIZES = (2, 3, 2, 2)
L = len(SIZES) - 1
DEFINED = ["def-four-z", "def-four-a", "def-four-cost", "def-four-delta"]


def nodes(l):
    return range(1, SIZES[l] + 1)


LAYERS = {"l": range(1, L + 1), "j": nodes}
HIDDEN = {"l": range(1, L), "j": nodes}
WEIGHTS = {**LAYERS, "i": lambda l: nodes(l - 1)}


def sigma(z):
    return 1 / (1 + anp.exp(-z))


# Another function in each layer, so that none can stand for another.
F = [None, anp.arctan, anp.tanh, sigma]
F_PRIME = [
    None,
    lambda z: 1 / (1 + z**2),
    lambda z: 1 - anp.tanh(z) ** 2,
    lambda z: sigma(z) * (1 - sigma(z)),
]


@pytest.fixture
def net(rng):
    """Weights, biases, one sample and its forward pass; index 0 is empty as in the book."""
    W = [None, *(rng.normal(size=(m, n)) for m, n in zip(SIZES, SIZES[1:], strict=False))]
    b = [None, *(rng.normal(size=n) for n in SIZES[1:])]
    x, y = rng.normal(size=SIZES[0]), rng.uniform(size=SIZES[-1])
    z, a = [None], [x]
    for l in range(1, L + 1):
        z.append(a[l - 1] @ W[l] + b[l])
        a.append(F[l](z[l]))
    return W, b, x, y, z, a


@pytest.fixture
def names(net):
    """What the names of the definitions stand for."""
    W, b, x, y, _z, _a = net
    return {
        "w_{ij}^l": from_one(W),
        "b_j^l": from_one(b),
        "x_j": from_one(x),
        "y_j": from_one(y),
        "f^l": F,
        "f'^l": F_PRIME,
        "M_l": SIZES,
        "L": L,
    }


def cost_from(l, z_l, W, b, y):
    """Cost of one sample as a function of layer l's inputs z_l: the rest of the forward pass."""
    a = F[l](z_l)
    for k in range(l + 1, L + 1):
        a = F[k](a @ W[k] + b[k])
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
    return np.array(sp.symbols(name + "".join(f"_(:{n})" for n in shape), real=True)).reshape(shape)


def network_of_symbols(sizes, f=None):
    """What the names of the definitions stand for in a network without numbers, with activation f or any."""
    edges = list(enumerate(zip(sizes, sizes[1:], strict=False), start=1))
    return {
        "w_{ij}^l": from_one([None, *(symbols(f"w{l}", m, n) for l, (m, n) in edges)]),
        "b_j^l": from_one([None, *(symbols(f"b{l}", n) for l, (_, n) in edges)]),
        "x_j": from_one(symbols("x", sizes[0])),
        "y_j": from_one(symbols("y", sizes[-1])),
        "f^l": lambda l: f or sp.Function(f"f{l}"),
        "M_l": sizes,
        "L": len(sizes) - 1,
    }


@pytest.fixture
def sigmoid(printed):
    """The sigmoid as another chapter prints it."""
    return lambda z: printed("def-perceptron-sigmoid").value({"z": z})


# --- local derivatives ---

ONE_LAYER = {"l": [1], "j": range(1, 3), "i": range(1, 4)}


@pytest.mark.equation("eq-four-local-parameters", method="sympy")
@pytest.mark.equation("eq-four-local-input", method="sympy")
def test_local_derivatives_of_the_weighted_sum(printed):
    names = network_of_symbols((3, 2), None) | {"a_j^l": from_one([symbols("a", 3)])}
    printed("eq-four-local-parameters").holds(also=names, where=["def-four-z"], **ONE_LAYER)
    printed("eq-four-local-input").holds(also=names, where=["def-four-z"], **ONE_LAYER)


@pytest.mark.equation("eq-four-local-sigmoid", method="sympy")
def test_slope_of_the_sigmoid_through_its_output(printed, sigmoid):
    names = {"z_j^l": lambda j, l: sp.symbols("z", real=True), "f^l": lambda l: sigmoid}
    printed("eq-four-local-sigmoid").holds(names, where=["def-four-a"], j=[1], l=[1])


@pytest.mark.equation("eq-four-local-sigmoid", method="central differences")
def test_slope_of_the_sigmoid_numerically(names, printed):
    sigmoids = {**names, "f^l": lambda l: sigma}
    printed("eq-four-local-sigmoid").holds(also=sigmoids, where=DEFINED, within=1e-9, **LAYERS)


# --- the four equations with indices ---


@pytest.mark.equation("eq-four-delta-output", method="central differences")
@pytest.mark.equation("eq-four-delta-output-sigmoid", method="central differences")
def test_output_error(names, printed):
    for label in ("eq-four-delta-output", "eq-four-delta-output-sigmoid"):
        printed(label).holds(also=names, where=DEFINED, within=1e-8, j=nodes(L))


@pytest.mark.equation("eq-four-delta-output", method="sympy")
def test_output_error_for_any_cost_and_any_activation(printed):
    names = network_of_symbols((1, 2)) | {"K": sp.Function("K")}
    any_cost = r"\mathcal C = K(a_1^L, a_2^L)"
    printed("eq-four-delta-output").holds(
        also=names, where=["def-four-z", "def-four-a", "def-four-delta", any_cost], j=(1, 2)
    )


@pytest.mark.equation("eq-four-delta-output-sigmoid", method="sympy")
def test_output_error_of_sigmoid_nodes(printed, sigmoid):
    names = network_of_symbols((1, 2), sigmoid)
    printed("eq-four-delta-output-sigmoid").holds(also=names, where=DEFINED, j=(1, 2))


@pytest.mark.equation("eq-four-delta-output-sigmoid", method="autograd")
def test_output_error_of_sigmoid_nodes_numerically(net, names, printed):
    delta = {r"\delta_j^l": from_one(errors_by_autograd(net))}
    printed("eq-four-delta-output-sigmoid").holds(delta, also=names, where=DEFINED, j=nodes(L))


@pytest.mark.equation("eq-four-sum-over-paths", method="central differences")
@pytest.mark.equation("eq-four-delta-hidden", method="central differences")
def test_hidden_error(names, printed):
    for label in ("eq-four-sum-over-paths", "eq-four-delta-hidden"):
        printed(label).holds(also=names, where=DEFINED, within=1e-8, **HIDDEN)


@pytest.mark.equation("eq-four-dz-dz", method="central differences")
def test_one_step_from_z_to_the_next_z(names, printed):
    next_nodes = {"k": lambda l: nodes(l + 1)}
    printed("eq-four-dz-dz").holds(also=names, where=DEFINED, within=1e-8, **HIDDEN, **next_nodes)


@pytest.mark.equation("eq-four-dz-dz", method="sympy")
def test_one_step_from_z_to_the_next_z_symbolically(printed):
    names = network_of_symbols((1, 2, 2))
    printed("eq-four-dz-dz").holds(also=names, where=DEFINED, l=[1], j=(1, 2), k=(1, 2))


@pytest.mark.equation("eq-four-delta-hidden", method="autograd")
def test_hidden_error_by_autograd(net, names, printed):
    delta = {r"\delta_j^l": from_one(errors_by_autograd(net))}
    printed("eq-four-delta-hidden").holds(delta, also=names, where=DEFINED, **HIDDEN)


@pytest.mark.equation("eq-four-dw", method="central differences")
@pytest.mark.equation("eq-four-db", method="central differences")
def test_gradient_of_the_parameters(names, printed):
    printed("eq-four-dw").holds(also=names, where=DEFINED, within=1e-8, **WEIGHTS)
    printed("eq-four-db").holds(also=names, where=DEFINED, within=1e-8, **LAYERS)


@pytest.mark.equation("eq-four-delta-hidden", method="sympy")
@pytest.mark.equation("eq-four-dw", method="sympy")
@pytest.mark.equation("eq-four-db", method="sympy")
def test_one_two_two_symbolically(printed):
    names = network_of_symbols((1, 2, 2))
    printed("eq-four-delta-hidden").holds(also=names, where=DEFINED, l=[1], j=(1, 2))
    printed("eq-four-dw").holds(also=names, where=DEFINED, l=[1], j=(1, 2), i=[1])
    printed("eq-four-db").holds(also=names, where=DEFINED, l=[1], j=(1, 2))


@pytest.mark.equation("eq-four-example-gradient", method="numeric")
def test_the_example_that_one_does_in_ones_head(printed):
    example = printed("def-four-example").defined()
    parameters = ["W^1", "b^1", "W^2", "b^2"]
    W1, b1, W2, b2 = (np.asarray(example[single_name(name)], dtype=float) for name in parameters)

    def cost(W1, b1, W2, b2):
        return float(0.5 * np.sum((np.maximum(example["x"] @ W1 + b1, 0) @ W2 + b2 - example["y"]) ** 2))

    values = [W1, b1, W2, b2]
    assert cost(*values) == 1
    slopes = {
        rf"\frac{{\partial\mathcal C}}{{\partial {name}}}": central_difference(
            lambda v, k=k: cost(*values[:k], v, *values[k + 1 :]), values[k]
        )
        for k, name in enumerate(parameters)
    }
    printed("eq-four-example-gradient").holds(slopes, within=1e-8)


def single_name(name):
    return f"{name[0]}^{{{name[-1]}}}"


# --- vectors and batches ---


@pytest.mark.equation("eq-four-vector-forward", method="numeric")
def test_forward_with_row_vectors(net, names, printed):
    W, b, _x, _y, _z, a = net

    def z(l):
        return [printed("def-four-z").value(also=names, where=DEFINED, l=l, j=j) for j in nodes(l)]

    printed("eq-four-vector-forward").holds({"z^l": z, "W^l": W, "a^l": a, "b^l": b}, l=range(1, L + 1))


@pytest.mark.equation("eq-four-vector-delta-hidden", method="central differences")
@pytest.mark.equation("eq-four-vector-dw", method="central differences")
def test_the_equations_in_vectors(net, names, printed):
    W, b, x, y, z, a = net
    vectors = {
        r"\delta^l": errors(net),
        "W^l": W,
        "z^l": z,
        "f'^l": names["f'^l"],
    }
    printed("eq-four-vector-delta-hidden").holds(also=vectors, within=1e-8, l=range(1, L))

    def dW(l):
        return central_difference(lambda V: cost_of_parameters([*W[:l], V, *W[l + 1 :]], b, x, y), W[l])

    rows = {
        r"\delta^l": [None if d is None else d[None, :] for d in errors(net)],
        "a^l": [v[None, :] for v in a],
        r"\frac{\partial\mathcal C}{\partial W^l}": dW,
    }
    printed("eq-four-vector-dw").holds(rows, within=1e-8, l=range(1, L + 1))


def cost_of_parameters(W, b, x, y):
    a = x
    for l in range(1, L + 1):
        a = F[l](a @ W[l] + b[l])
    return 0.5 * np.sum((a - y) ** 2)


@pytest.fixture
def batch(rng):
    """What the names of the page stand for in a batch: its forward pass, deltas and slopes of the cost."""
    n = 5
    W = [None, *(rng.normal(size=(m, k)) for m, k in zip(SIZES, SIZES[1:], strict=False))]
    b = [None, *(rng.normal(size=k) for k in SIZES[1:])]
    X, Y = rng.normal(size=(n, SIZES[0])), rng.uniform(size=(n, SIZES[-1]))
    Z, A = [None], [X]
    for l in range(1, L + 1):
        Z.append(A[l - 1] @ W[l] + b[l])
        A.append(F[l](Z[l]))
    delta = batch_errors(central_difference, W, b, Y, Z)
    return {
        "n": n,
        "W^l": W,
        "b^l": b,
        "X": X,
        "Y": Y,
        "Z^l": Z,
        "A^l": A,
        "L": L,
        r"\delta^l": delta,
        r"\delta_{sj}^l": from_one(delta),
        "f^l": F,
        "f'^l": F_PRIME,
        r"\frac{\partial\mathcal C}{\partial A^L}": lambda L: central_difference(
            lambda a: np.mean(0.5 * np.sum((a - Y) ** 2, axis=1)), A[L]
        ),
    }


def batch_cost_from(l, Z_l, W, b, Y):
    A = F[l](Z_l)
    for k in range(l + 1, L + 1):
        A = F[k](A @ W[k] + b[k])
    return anp.sum((A - Y) ** 2) / (2 * len(Y))


def batch_errors(derivative, W, b, Y, Z):
    return [
        None,
        *(derivative(lambda v, l=l: batch_cost_from(l, v, W, b, Y), Z[l]) for l in range(1, L + 1)),
    ]


@pytest.mark.equation("eq-four-matrix-forward", method="numeric")
def test_a_batch_is_its_samples_stacked(batch, printed):
    n, W, b, X = (batch[name] for name in ("n", "W^l", "b^l", "X"))
    Z, A = [None], [X]
    for l in range(1, L + 1):
        Z.append(np.array([W[l].T @ A[l - 1][s] + b[l] for s in range(n)]))
        A.append(F[l](Z[l]))
    printed("eq-four-matrix-forward").holds(also={**batch, "Z^l": Z, "A^l": A}, l=range(1, L + 1))


@pytest.mark.equation("eq-four-matrix-cost-gradient", method="central differences")
@pytest.mark.equation("eq-four-matrix-delta-output", method="central differences")
def test_output_error_of_a_batch(batch, printed):
    printed("eq-four-matrix-cost-gradient").holds(also=batch, within=1e-9)
    printed("eq-four-matrix-delta-output").holds(also=batch, within=1e-9)


@pytest.mark.equation("eq-four-matrix-delta-hidden", method="central differences")
def test_hidden_error_of_a_batch(batch, printed):
    printed("eq-four-matrix-delta-hidden").holds(also=batch, within=1e-9, l=range(1, L))


@pytest.mark.equation("eq-four-matrix-delta-hidden", method="autograd")
def test_hidden_error_of_a_batch_by_autograd(batch, printed):
    def gradient(function, z):
        return autograd.grad(function)(z)

    delta = batch_errors(gradient, batch["W^l"], batch["b^l"], batch["Y"], batch["Z^l"])
    printed("eq-four-matrix-delta-hidden").holds({r"\delta^l": delta}, also=batch, l=range(1, L))


@pytest.mark.equation("eq-four-matrix-dw", method="central differences")
@pytest.mark.equation("eq-four-matrix-db", method="central differences")
def test_gradients_of_a_batch(batch, printed):
    W, b, X, Y = (batch[name] for name in ("W^l", "b^l", "X", "Y"))

    def cost(W, b):
        return batch_cost_from(1, X @ W[1] + b[1], W, b, Y)

    slopes = {
        r"\frac{\partial\mathcal C}{\partial W^l}": lambda l: central_difference(
            lambda V: cost([*W[:l], V, *W[l + 1 :]], b), W[l]
        ),
    }
    printed("eq-four-matrix-dw").holds(also={**batch, **slopes}, within=1e-9, l=range(1, L + 1))
    of_b = [
        None,
        *(
            central_difference(lambda c, l=l: cost(W, [*b[:l], c, *b[l + 1 :]]), b[l])
            for l in range(1, L + 1)
        ),
    ]
    slopes = {r"\frac{\partial\mathcal C}{\partial b_j^l}": from_one(of_b)}
    printed("eq-four-matrix-db").holds(also={**batch, **slopes}, within=1e-9, **LAYERS)


# --- the cost of a backward pass ---


class Counted(np.ndarray):
    """An array that counts the multiplications of the products of matrices that it takes part in."""

    count = 0

    def __array_ufunc__(self, ufunc, method, *operands, **how):
        arrays = [np.asarray(operand) for operand in operands]
        if ufunc is np.matmul:
            (rows, inner), (_, columns) = map(np.shape, arrays)
            Counted.count += rows * inner * columns
        return np.asarray(getattr(ufunc, method)(*arrays, **how)).view(Counted)


def count(function, *arguments):
    """Run a function; return its result and how many multiplications its products of matrices took."""
    Counted.count = 0
    return function(*arguments), Counted.count


def counted_network(sizes, rng):
    """One sample, its target and a network of sigmoids for the program of the next chapter."""
    x, y = rng.normal(size=(1, sizes[0])), rng.uniform(size=(1, sizes[-1]))
    W, b = plain.init(sizes, rng)
    return x.view(Counted), y, W, b, [None] + [plain.sigmoid] * (len(sizes) - 1)


def count_passes(sizes, rng):
    """Count the multiplications of `plain.forward` and of `plain.backprop` for one sample."""
    x, y, W, b, f = counted_network(sizes, rng)
    a, forward = count(plain.forward, x, W, b, f)
    _, backward = count(plain.backprop, a, y, W, f, plain.half_squared_error)
    return forward, backward


def of_the_page(name):
    """Return a function that a cell of the page defines."""
    page = next(page for page in sources.pages(ROOT) if page.name == "four-equations")
    cells = [one for one in sources.blocks(page.text) if getattr(one, "name", "") == "code-cell"]
    space = {"np": np}
    exec(next(cell.body for cell in cells if f"def {name}(" in cell.body), space)
    return space[name]


SEVERAL = pytest.mark.parametrize("sizes", [(1, 1), (2, 2, 1), (3, 5, 4, 2), (7, 1, 6)])


@pytest.mark.equation("eq-four-operations", method="numeric")
@SEVERAL
def test_multiplications_of_a_backward_pass(sizes, rng, printed):
    _, backward = count_passes(sizes, rng)
    names = {r"\text{backward}": backward, "M_l": sizes, "L": len(sizes) - 1}
    printed("eq-four-operations").holds(names)


@pytest.mark.equation("eq-four-operations", method="numeric")
@SEVERAL
def test_multiplications_of_the_pages_program(sizes, rng, printed):
    x, y, W, b, f = counted_network(sizes, rng)
    _, forward = count(plain.forward, x, W, b, f)
    _, both = count(of_the_page("backpropagate"), x, y, W, b)
    assert of_the_page("multiplications")(sizes) == (forward, both - forward)
    names = {r"\text{backward}": both - forward, "M_l": sizes, "L": len(sizes) - 1}
    printed("eq-four-operations").holds(names)


@pytest.mark.equation("eq-four-speedup", method="numeric")
def test_differences_against_backpropagation(printed, rng):
    sizes = (784, 30, 10)
    forward, backward = count_passes(sizes, rng)
    W, b = plain.init(sizes, rng)
    parameters = sum(one.size for one in [*W[1:], *b[1:]])
    printed("eq-four-speedup").holds()
    assert float(printed("eq-four-speedup").value(side=0)) == 2 * parameters * forward / (forward + backward)


@pytest.mark.equation("def-four-update", method="autograd")
def test_the_update_is_a_step_of_gradient_descent(net, printed):
    W, b, x, y, _z, _a = net

    def cost(W, b):
        a = x
        for l in range(1, L + 1):
            a = F[l](anp.dot(a, W[l - 1]) + b[l - 1])
        return anp.sum((a - y) ** 2) / 2

    dW, db = ([None, *autograd.grad(cost, k)(W[1:], b[1:])] for k in (0, 1))
    slopes = {r"\frac{\partial\mathcal C}{\partial W^l}": dW, r"\frac{\partial\mathcal C}{\partial b^l}": db}
    lower = {
        "W^l": [None, *(w - 0.1 * slope for w, slope in zip(W[1:], dW[1:], strict=True))],
        "b^l": [None, *(v - 0.1 * slope for v, slope in zip(b[1:], db[1:], strict=True))],
    }
    printed("def-four-update").holds(
        {"W^l": W, "b^l": b, r"\eta": 0.1, **slopes}, after=lower, l=range(1, L + 1)
    )
    assert cost(lower["W^l"][1:], lower["b^l"][1:]) < cost(W[1:], b[1:])
