"""The equations of book/network-types.md: convolution, recurrence, radial basis functions."""

from __future__ import annotations

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp

from fysstk_book.printed.names import from_one
from fysstk_nn.gradcheck import central_difference, jacobian_central

N, K = 9, 4  # inputs of a convolution, and weights of its kernel
PLACES = range(N - K + 1)


@pytest.fixture
def convolve(printed):
    """The layer of the definition."""

    def convolve(x, w, b=0.0):
        names = {"x_i": x, "w_i": w, "b": b, "n": len(x), "k": len(w)}
        places = range(len(x) - len(w) + 1)
        return np.array([printed("def-types-convolution").value(also=names, j=[j], side=1) for j in places])

    return convolve


@pytest.mark.equation("eq-types-matrix", method="sympy")
def test_a_convolution_is_a_constrained_dense_layer(convolve, printed):
    """The layer is linear: W is its Jacobian, and b its value at zero."""
    x, w, b = sp.symbols("x:9"), sp.symbols("w:4"), sp.Symbol("b")
    z = sp.Matrix(convolve(x, w, b))
    W, bias = z.jacobian(x).T, list(z.subs(dict.fromkeys(x, 0)))
    read = set()

    def entry(i, j):
        read.add((i, j))
        return W[i, j]

    names = {"W_{ij}": entry, "w_i": w, "b_j": bias, "b": b, "k": K, r"\text{all other}": 1}
    others = lambda j: [l for l in range(N) if not 0 <= l - j < K]  # noqa: E731
    printed("eq-types-matrix").holds(names, j=PLACES, l=others)
    assert len(read) == len(W), "the printed range and all others are the whole matrix"


@pytest.mark.equation("eq-types-count", method="numeric")
def test_numbers_of_weights(printed, discrepancy):
    printed("eq-types-count").holds({"N": 28, "K": 3})
    image = np.zeros((28, 28))
    nodes = np.lib.stride_tricks.sliding_window_view(image, (3, 3)).shape[:2]
    counted = image.size * nodes[0] * nodes[1]
    discrepancy(printed("eq-types-count").value() - counted)
    assert printed("eq-types-count").value() == counted


@pytest.mark.equation("eq-types-shared", method="central differences")
def test_gradient_of_a_shared_weight(rng, convolve, printed):
    for _ in range(3):
        x, y, w = rng.normal(size=N), rng.normal(size=N - K + 1), rng.normal(size=K)
        W = jacobian_central(lambda x, w=w: convolve(x, w), x).T

        def cost(z, y=y):
            return 0.5 * np.sum((np.tanh(z) - y) ** 2)

        names = {
            r"\frac{\partial C}{\partial w_i}": central_difference(lambda w, x=x: cost(convolve(x, w)), w),
            r"\frac{\partial C}{\partial W_{lj}}": central_difference(lambda W, x=x: cost(x @ W), W),
            r"\delta_j": central_difference(cost, convolve(x, w)),
            "x_i": x,
            "n": N,
            "k": K,
        }
        printed("eq-types-shared").holds(names, within=1e-8, i=range(K))


@pytest.mark.equation("eq-types-shift", method="sympy")
def test_a_shifted_signal_gives_a_shifted_answer(printed):
    """The same kernel on both signals; the page defines the layer for one of them."""
    shifted = r"z'_j = \sum_{i=0}^{k-1} w_i x'_{j+i} + b"
    names = {
        "x_i": lambda i: sp.Symbol(f"x{i}"),
        "x'_i": lambda i: sp.Symbol(f"x{i - 2}"),
        "w_i": sp.symbols("w:4"),
        "b": sp.Symbol("b"),
        "k": K,
        "r": 2,
    }
    printed("eq-types-shift").holds(
        also=names, where=["def-types-convolution", shifted], i=range(12), j=range(2, 9)
    )


# --- recurrence ---


def states(z_of_state, x):
    h = [0.0]
    for t in range(1, len(x) + 1):
        h.append(anp.tanh(z_of_state(t, h[-1], x[t - 1])))
    return h


def recurrent_cost(parameters, x, y, extra=None):
    """Cost of the last state; `extra` is added to each weighted sum, so that its derivatives are delta."""
    wh, wx, b = parameters
    extra = np.zeros(len(x)) if extra is None else extra
    return 0.5 * (states(lambda t, h, x: wh * h + wx * x + b + extra[t - 1], x)[-1] - y) ** 2


RECURRENT = ["def-types-recurrent", r"C = \frac12 (h_T - y)^2"]


def recurrence(rng, T, gradient):
    """What the names stand for; `gradient` gives delta and the three slopes of the cost."""
    (wh, wx, b), x, y = rng.normal(size=3), rng.normal(size=T), rng.uniform()
    delta = gradient(lambda e: recurrent_cost((wh, wx, b), x, y, e), np.zeros(T))
    slopes = gradient(lambda p: recurrent_cost(p, x, y), np.array([wh, wx, b]))
    leaves = {
        "w_k": {"h": wh, "x": wx},  # these indices are letters that stand for themselves
        "h": "h",
        "x": "x",
        "b": b,
        "x_t": [None, *x],
        "y": y,
        "T": T,
        r"\delta_t": [None, *delta],
    }
    return leaves, {
        r"\frac{\partial C}{\partial w_k}": {"h": slopes[0], "x": slopes[1]},
        r"\frac{\partial C}{\partial b}": slopes[2],
    }


def by_autograd(function, x):
    return autograd.grad(function)(x)


@pytest.mark.equation("eq-types-delta-time", method="central differences")
@pytest.mark.equation("eq-types-delta-time", method="autograd")
@pytest.mark.equation("eq-types-gradient-time", method="central differences")
@pytest.mark.equation("eq-types-gradient-time", method="autograd")
@pytest.mark.parametrize("gradient", [central_difference, by_autograd])
def test_backpropagation_through_time(gradient, rng, printed):
    for T in (2, 3, 7):
        leaves, slopes = recurrence(rng, T, gradient)
        printed("eq-types-delta-time").holds(also=leaves, where=RECURRENT, within=1e-8)
        for t in range(1, T):  # the printed range has all of them
            printed("eq-types-delta-time").holds(also=leaves, where=RECURRENT, within=1e-8, t=[t])
        printed("eq-types-gradient-time").holds(slopes, also=leaves, where=RECURRENT, within=1e-8)
        printed("eq-types-gradient-time").holds(also=leaves, where=RECURRENT, within=1e-8)


@pytest.mark.equation("eq-types-slope", method="sympy")
def test_slope_at_the_origin(printed):
    printed("eq-types-slope").holds({"w_h": sp.Symbol("w", real=True)})


# --- radial basis functions ---


@pytest.fixture
def bells(printed):
    """The matrix of all bells at all points, from the page's definition."""

    def bells(x, centres, width):
        names = {"x": None, "c_j": centres, r"\ell": width}
        return np.array(
            [
                [printed("def-types-rbf").value({**names, "x": v}, j=j, side=1) for j in range(len(centres))]
                for v in x
            ]
        )

    return bells


@pytest.mark.equation("eq-types-normal", method="numeric")
def test_least_squares_on_bells(rng, bells, printed):
    x, y, centres = rng.uniform(0, 5, size=30), rng.normal(size=30), np.linspace(0, 5, 6)
    Phi = bells(x, centres, 1.0)
    v = np.linalg.lstsq(Phi, y)[0]
    printed("eq-types-normal").holds({"v": v, r"\Phi": Phi, "y": y}, within=1e-10)
    assert np.abs(central_difference(lambda v: np.sum((Phi @ v - y) ** 2), v)).max() < 1e-5


@pytest.mark.equation("eq-types-positive", method="numeric")
def test_bells_on_all_points_are_positive_definite(rng, bells, printed):
    n = 4
    for _ in range(5):
        x = np.cumsum(rng.uniform(0.3, 1.0, size=n))
        Phi = bells(x, x, 0.5)
        weakest = np.linalg.eigh(Phi)[1][:, 0]
        for u in (weakest, -weakest, 0.01 * rng.normal(size=n), np.array([1.0, -1.0, 2.0, -2.0])):
            names = {"u": u, "u_i": u, r"\Phi_{ij}": Phi}
            printed("eq-types-positive").holds(names, i=range(n), j=range(n))
    with pytest.raises(ValueError, match="no index satisfies"):
        printed("eq-types-positive").holds(
            {**names, "u": np.zeros(n), "u_i": np.zeros(n)}, i=range(n), j=range(n)
        )


@pytest.mark.equation("def-types-attention", method="numeric")
def test_attention_is_a_softmax_over_all_places(rng, printed):
    Q, K, V = rng.normal(size=(3, 4, 3))
    scores = Q @ K.T / np.sqrt(3)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    vectors = {"q_t": from_one(Q), "k_j": from_one(K), "v_j": from_one(V), "n": 3}
    places = range(1, 5)
    printed("def-types-attention").holds(
        {"h_t": from_one(weights @ V), r"\alpha_{tj}": from_one(weights), **vectors},
        t=places,
        j=places,
        i=places,
    )


@pytest.mark.equation("def-types-fixed-point", method="numeric")
def test_a_fixed_point_is_where_the_recurrence_stays(printed):
    h = 0.9
    for _ in range(300):
        h = np.tanh(1.7 * h)
    printed("def-types-fixed-point").holds({"h^*": h, "w_h": 1.7})


@pytest.mark.equation("def-types-rbf", method="numeric")
def test_a_radial_basis_falls_with_the_squared_distance(rng, printed, discrepancy):
    c, x = rng.normal(size=(2, 3)), rng.normal(size=3)
    for j in (1, 2):
        found = printed("def-types-rbf").value({"c_j": from_one(c), "x": x, r"\ell": 0.7}, j=j)
        discrepancy(found - np.exp(-np.sum((x - c[j - 1]) ** 2) / (2 * 0.7**2)), within=1e-12)
