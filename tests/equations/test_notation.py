"""The column convention z = V a + b, as printed in book/notation.md.

The network is the page's own, in rows, and V comes from its definition; central differences and autograd
differentiate the cost in columns.
"""

from __future__ import annotations

import autograd
import autograd.numpy as anp
import pytest

from fysstk_book.printed.names import from_one
from fysstk_nn.gradcheck import central_difference

SIZES = (2, 3, 4, 5)
SAMPLES = 6
L = len(SIZES) - 1
ACTIVATIONS = [None, anp.tanh, anp.sin, lambda z: 1 / (1 + anp.exp(-z))]  # another one in each layer


def cost_from(l, Z, V, b, y):
    """Cost of a batch, one column for each sample, as a function of layer l's weighted sums."""
    A = ACTIVATIONS[l](Z)
    for k in range(l + 1, L + 1):
        A = ACTIVATIONS[k](V[k] @ A + b[k])
    return anp.sum((A - y) ** 2) / (2 * SAMPLES)


def by_autograd(function, x):
    return autograd.grad(function)(x)


@pytest.fixture(params=[central_difference, by_autograd])
def names(request, rng, printed):
    """What the names stand for in columns; the derivatives are taken in one of two ways."""
    derivative = request.param
    W = [None, *(0.5 * rng.normal(size=(m, n)) for m, n in zip(SIZES, SIZES[1:], strict=False))]
    b = [None, *(rng.normal(size=n) for n in SIZES[1:])]
    rows = {"W^l": W, "b^l": b, "X": rng.normal(size=(SAMPLES, SIZES[0])), "f^l": ACTIVATIONS}
    read = {"also": rows, "where": ["def-notation-forward"]}
    layers = range(1, L + 1)
    Z = [None, *(printed("def-notation-forward").value(**read, side=0, l=l).T for l in layers)]
    A = [rows["X"].T, *(printed("def-notation-forward").value(**read, statement=1, l=l).T for l in layers)]
    V = [None, *(printed("def-notation-transposed").value({"W^l": W}, l=l) for l in layers)]
    b, y = [None, *(v[:, None] for v in b[1:])], rng.normal(size=(SIZES[L], SAMPLES))
    return {
        r"\delta^l": lambda l: derivative(lambda z: cost_from(l, z, V, b, y), Z[l]),
        r"\frac{\partial C}{\partial V^l}": lambda l: derivative(
            lambda v: cost_from(l, v @ A[l - 1] + b[l], V, b, y), V[l]
        ),
        "V^l": V,
        "Z^l": Z,
        "A^l": A,
        "f'^l": [None, *(autograd.elementwise_grad(f) for f in ACTIVATIONS[1:])],
    }


@pytest.mark.equation("eq-notation-column-delta", method="central differences")
@pytest.mark.equation("eq-notation-column-delta", method="autograd")
def test_delta_in_columns(names, printed):
    printed("eq-notation-column-delta").holds(also=names, within=1e-8, l=range(1, L))


@pytest.mark.equation("eq-notation-column-dv", method="central differences")
@pytest.mark.equation("eq-notation-column-dv", method="autograd")
def test_dv_in_columns(names, printed):
    printed("eq-notation-column-dv").holds(also=names, within=1e-8, l=range(1, L + 1))


@pytest.mark.equation("def-notation-transposed", method="numeric")
def test_the_transposed_matrix_has_its_indices_exchanged(rng, printed):
    W = [None, rng.normal(size=(2, 3)), rng.normal(size=(3, 2))]
    V = [None, *(w.T for w in W[1:])]
    for l in (1, 2):
        printed("def-notation-transposed").holds(
            {"W^l": W, "V^l": V, "w_{ij}^l": from_one(W), "v_{ij}^l": from_one(V)},
            l=[l],
            i=range(1, W[l].shape[0] + 1),
            j=range(1, W[l].shape[1] + 1),
        )
