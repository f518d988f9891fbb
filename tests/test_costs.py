"""The cost functions, the deltas of the output layer, and the penalty on weights."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fysstk_nn.activations import ACTIVATIONS, activation, identity, sigmoid, softmax
from fysstk_nn.costs import (
    COSTS,
    Cost,
    Penalty,
    Weighted,
    binary_cross_entropy,
    cost_function,
    cross_entropy,
    half_squared_error,
    hinge,
    mean_squared_error,
    one_hot,
)
from fysstk_nn.gradcheck import central_difference
from fysstk_nn.mlp import MLP
from fysstk_nn.params import init_params


def accepted(cost, output):
    """Return whether a network may have this cost with these outputs."""
    try:
        MLP((3, 3), output=output, cost=cost)
    except ValueError:
        return False
    return True


PAIRS = [(cost, output) for cost in COSTS for output in ACTIVATIONS if accepted(cost, output)]
SMOOTH = [pair for pair in PAIRS if pair[1] != "step"]


def targets(cost, rng, n=5):
    if cost == "cross_entropy":
        return one_hot(rng.integers(3, size=n), 3)
    y = rng.uniform(size=(n, 3))
    return np.sign(y - 0.5) if cost == "hinge" else y


def test_values_by_hand():
    a, y = [[1.0, 2.0], [3.0, 5.0]], [[1.0, 1.0], [1.0, 1.0]]
    # Errors 0, 1 and 2, 4: squares 0 + 1 = 1 and 4 + 16 = 20.
    assert half_squared_error(a, y) == (1 / 2 + 20 / 2) / 2
    assert mean_squared_error(a, y) == 21 / 4
    # 1 - y a: 0, -1 and -2, -4 with y = 1; with y = -1 they are 2, 3 and 4, 6.
    assert hinge(a, y) == 0
    assert hinge(a, [[-1, -1], [-1, -1]]) == (2 + 3 + 4 + 6) / 2
    a = [[0.25, 0.75], [0.5, 0.5]]
    np.testing.assert_allclose(cross_entropy(a, [[1, 0], [0, 1]]), (np.log(4) + np.log(2)) / 2)
    np.testing.assert_allclose(
        binary_cross_entropy(a, [[1, 0], [1, 1]]), (np.log(4) + np.log(4) + 2 * np.log(2)) / 2
    )


def test_one_sample_is_the_lectures_cost():
    assert half_squared_error(0.7, 0.2) == pytest.approx(0.5 * 0.5**2)
    assert half_squared_error([0.7, 0.2], [0.2, 0.2]) == pytest.approx(0.5 * 0.5**2 / 2)  # two samples


@pytest.mark.parametrize(("cost", "output"), SMOOTH)
def test_gradient_and_delta_against_central_differences(cost, output, rng):
    C, f = cost_function(cost), activation(output)
    z, y = rng.normal(size=(5, 3)), targets(cost, rng)
    a = f(z)
    before = [array.copy() for array in (z, a, y)]
    expected = central_difference(lambda a: C.mean(a, y), a)
    np.testing.assert_allclose(C.gradient(a, y), expected, rtol=1e-6, atol=1e-9)
    expected = central_difference(lambda z: C.output_cost(f, z, f(z), y), z)
    np.testing.assert_allclose(C.output_delta(f, z, a, y), expected, rtol=1e-6, atol=1e-9)
    for array, kept in zip((z, a, y), before, strict=True):
        np.testing.assert_array_equal(array, kept)


@pytest.mark.parametrize(("cost", "output"), PAIRS)
def test_fused_and_general_form_agree(cost, output, rng):
    C, f = cost_function(cost), activation(output)
    z, y = 3 * rng.normal(size=(5, 3)), targets(cost, rng)
    a = f(z)
    general = Cost.output_delta(C, f, z, a, y)
    np.testing.assert_allclose(C.output_delta(f, z, a, y), general, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(C.output_cost(f, z, a, y), C(a, y), rtol=1e-9)


@pytest.mark.parametrize(("cost", "output"), PAIRS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_written_where_one_says(cost, output, dtype, rng):
    C, f = cost_function(cost), activation(output)
    z, y = rng.normal(size=(5, 3)).astype(dtype), targets(cost, rng).astype(dtype)
    for write in (lambda out: C.gradient(f(z), y, out), lambda out: C.output_delta(f, z, f(z), y, out)):
        out = np.empty((5, 3), dtype)
        assert write(out) is out
        new = write(None)
        assert new.dtype == dtype
        np.testing.assert_array_equal(new, out)
    assert type(C(f(z), y)) is type(C.output_cost(f, z, f(z), y)) is float


@settings(max_examples=40)
@given(
    y=st.sampled_from([0.0, 1.0]),
    z=st.floats(-1e4, 1e4),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_cross_entropies_far_out(y, z, dtype):
    # With one logit z against 0, both cost log(1 + exp(-z)) for the class that z speaks for.
    exact = np.logaddexp(0, -z if y else z)
    logits, classes = np.array([[z, 0]], dtype), np.array([[y, 1 - y]], dtype)
    with np.errstate(all="raise", under="ignore"):
        for C, f, z, y in (
            (binary_cross_entropy, sigmoid, logits[:, :1], classes[:, :1]),
            (cross_entropy, softmax, logits, classes),
        ):
            a = f(z)
            np.testing.assert_allclose(C.output_cost(f, z, a, y), exact, rtol=1e-6, atol=1e-6)
            assert np.isfinite(C.output_delta(f, z, a, y)).all()
            assert np.isfinite(C(a, y)) and np.isfinite(C.gradient(a, y)).all()


def exact_output(output, z):
    """Return log a and log(1 - a) of sigmoid and softmax outputs, or a itself, with 50 digits."""
    if output == "sigmoid":
        return [-mp.log1p(mp.exp(-x)) for x in z], [-mp.log1p(mp.exp(x)) for x in z]
    if output == "softmax":
        total = mp.log(mp.fsum(mp.exp(x) for x in z))
        return [x - total for x in z], None
    a = {
        "identity": lambda x: x,
        "step": lambda x: mp.mpf(x > 0),
        "tanh": mp.tanh,
        "relu": lambda x: max(x, 0),
        "leaky_relu": lambda x: x if x > 0 else x * mp.mpf(0.01),
        "elu": lambda x: x if x > 0 else mp.expm1(x),
        "softplus": lambda x: mp.log1p(mp.exp(x)),
    }[output]
    return [a(x) for x in z], None


def exact_cost(cost, output, z, y):
    """Return the cost of one sample, written through z with mpmath."""
    a, complement = exact_output(output, z)
    pairs = list(zip(a, y, strict=True))
    if cost == "binary_cross_entropy":
        return -mp.fsum(t * p + (1 - t) * q for p, q, t in zip(a, complement, y, strict=True))
    if cost == "cross_entropy":
        return -mp.fsum(t * p for p, t in pairs)
    if output in ("sigmoid", "softmax"):
        pairs = [(mp.exp(p), t) for p, t in pairs]
    if cost == "hinge":
        return mp.fsum(max(0, 1 - t * p) for p, t in pairs)
    squares = mp.fsum((p - t) ** 2 for p, t in pairs)
    return squares / 2 if cost == "half_squared_error" else squares / len(z)


def exact_cost_and_gradient(cost, output, z, y):
    """Return the cost of one sample, and its derivatives by z, rounded from 50 digits."""
    with mp.workdps(50):
        z, y = [[mp.mpf(float(x)) for x in row] for row in (z, y)]
        moved = [lambda x, j=j: exact_cost(cost, output, [*z[:j], x, *z[j + 1 :]], y) for j in range(len(z))]
        return float(exact_cost(cost, output, z, y)), [
            float(mp.diff(f, x)) for f, x in zip(moved, z, strict=True)
        ]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("cost", "output"), PAIRS)
def test_every_pair_has_its_exact_cost_and_gradient_at_any_size(cost, output, dtype, rng):
    # The scale of the rounding errors is that of the outputs and targets from which the cost is formed.
    C, f, eps = cost_function(cost), activation(output), float(np.finfo(dtype).eps)
    sizes = [0.3, 1, 5, 17, 40, 90, 300, 710, 1000, 1e4]
    rows = [[40, 0.1, 0.9], [-710, -710.5, 0.9], [1e4, -1e4, 0.5]]
    rows += [rng.choice([-1, 1], 3) * rng.choice(sizes, 3) * rng.uniform(0.9, 1, 3) for _ in range(12)]
    for row in rows:
        z = np.array([row], dtype)
        z[np.abs(z) > 1e4] = 1e4
        y = targets(cost, rng, 1).astype(dtype)
        if cost == "binary_cross_entropy":
            y = y.round()
        a = f(z)
        value, gradient = exact_cost_and_gradient(cost, output, z[0], y[0])
        with np.errstate(all="raise", under="ignore", over="ignore"):
            delta, ours = C.output_delta(f, z, a, y)[0], C.output_cost(f, z, a, y)
        scale = max(1.0, float(np.abs(a).max()))
        np.testing.assert_allclose(delta, gradient, rtol=8 * eps, atol=8 * eps * scale)
        np.testing.assert_allclose(ours, value, rtol=8 * eps, atol=8 * eps)


@pytest.mark.parametrize(
    ("cost", "a", "y", "exact"),
    [
        ("half_squared_error", 1e20, -1e20, 2e40),
        ("mean_squared_error", 1e20, -1e20, 4e40),
        ("half_squared_error", 3e38, -3e38, 18e76),  # the error itself is too large for float32
        ("hinge", 3e38, -1.0, 3e38),
    ],
)
def test_a_cost_of_large_float32_outputs_is_finite_where_the_exact_one_is(cost, a, y, exact):
    C, a, y = cost_function(cost), np.full((3, 2), a, np.float32), np.full((3, 2), y, np.float32)
    with np.errstate(over="ignore"):
        nodes = 1 if cost == "mean_squared_error" else 2
        np.testing.assert_allclose(C.mean(a, y), nodes * exact, rtol=1e-6)
        np.testing.assert_allclose(C.output_cost(identity, a, a, y), nodes * exact, rtol=1e-6)


def test_a_mean_of_squares_is_finite_where_only_their_sum_overflows():
    a = np.full((100, 1), 1e154)
    np.testing.assert_allclose(half_squared_error(a, 0 * a), 0.5e308)
    with np.errstate(over="ignore"):
        assert half_squared_error(10 * a, 0 * a) == np.inf
        assert np.isnan(half_squared_error.mean(np.array([[np.nan]]), np.array([[0.0]])))


@pytest.mark.parametrize(("cost", "output"), PAIRS)
def test_the_cost_of_each_sample_and_their_weighted_mean(cost, output, rng):
    C, f = cost_function(cost), activation(output)
    z, y, w = 2 * rng.normal(size=(6, 3)), targets(cost, rng, 6), np.array([0.0, 1.0, 2.0, 1.0, 0.5, 1.5])
    a, weighted, both = f(z), Weighted(C), np.column_stack([y, w])
    each = [C.output_cost(f, z[i : i + 1], a[i : i + 1], y[i : i + 1]) for i in range(6)]
    np.testing.assert_allclose(C.each(f, z, a, y), each, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(weighted.output_cost(f, z, a, both), np.mean(w * each), rtol=1e-12)
    np.testing.assert_allclose(weighted.mean(a, both), np.mean(w * each), rtol=1e-12)
    np.testing.assert_allclose(weighted.each(f, z, a, both), w * each, rtol=1e-12)
    for ours, plain in (
        (weighted.output_delta(f, z, a, both), C.output_delta(f, z, a, y)),
        (weighted.gradient(a, both), C.gradient(a, y)),
    ):
        np.testing.assert_array_equal(ours, w[:, np.newaxis] * plain)


def test_fused_deltas_are_a_minus_y(rng):
    z, y = rng.normal(size=(4, 3)), one_hot([0, 1, 2, 1])
    for C, f in ((binary_cross_entropy, sigmoid), (cross_entropy, softmax), (half_squared_error, identity)):
        np.testing.assert_allclose(C.output_delta(f, z, f(z), y), (f(z) - y) / 4, rtol=1e-15)


@pytest.mark.parametrize(
    ("cost", "a", "y", "message"),
    [
        (
            "half_squared_error",
            [[1.0]],
            [[1.0, 2.0]],
            r"outputs have shape \(1, 1\), but",
        ),
        ("half_squared_error", [np.nan], [1.0], r"a must be finite, but a\[0\] is nan"),
        ("half_squared_error", [1.0], [np.inf], r"y must be finite"),
        ("half_squared_error", [], [], "a is empty"),
        ("binary_cross_entropy", [1.5], [1.0], "needs outputs between 0 and 1, not 1.5 to 1.5"),
        ("binary_cross_entropy", [0.5], [-1.0], "needs targets between 0 and 1, not -1 to -1"),
        ("cross_entropy", [[0.5, 0.5]], [[1.0, 1.0]], "rows of targets that add up to 1"),
        ("cross_entropy", [[0.5, 0.5]], [[2.0, -1.0]], "rows of targets that add up to 1"),
        ("cross_entropy", [0.5, 0.5], [1.0, 0.0], r"needs targets of shape \(n, classes\), not \(2,\)"),
        ("hinge", [0.5], [0.0], "needs targets that are -1 or 1"),
    ],
)
def test_what_makes_no_sense(cost, a, y, message):
    with pytest.raises(ValueError, match=message):
        cost_function(cost)(a, y)


def test_names():
    for name, cost in COSTS.items():
        assert cost_function(name) is cost and cost_function(cost) is cost and str(cost) == cost.name == name
    with pytest.raises(ValueError, match="there is no cost 'mse'; choose from half_squared_error, "):
        cost_function("mse")
    with pytest.raises(TypeError, match="a cost is given by its name or as an object, not as NoneType"):
        cost_function(None)


# The penalty.


@given(l1=st.floats(0, 2), l2=st.floats(0, 2), seed=st.integers(0, 5))
@settings(max_examples=30)
def test_penalty_and_its_gradient(l1, l2, seed):
    params = init_params((3, 4, 2), rng=seed, bias=5.0, batch_norm=True)
    penalty = Penalty(l1, l2)
    w = np.concatenate([W.ravel() for W in params.W[1:]])
    np.testing.assert_allclose(penalty(params), l1 * np.abs(w).sum() + l2 / 2 * (w**2).sum(), rtol=1e-12)
    gradient = params.zeros_like()
    gradient.theta += 1
    penalty.add_gradient(params, gradient)
    np.testing.assert_allclose(gradient.weights, 1 + l1 * np.sign(w) + l2 * w, rtol=1e-12)
    assert (gradient.theta[w.size :] == 1).all()  # no bias and no gamma is penalised
    assert bool(penalty) == (l1 > 0 or l2 > 0)


def test_penalty_in_pieces_and_in_float32():
    params = init_params((300, 200, 2), dtype=np.float32)
    gradient = params.zeros_like()
    Penalty(l1=0.5, l2=2.0).add_gradient(params, gradient)
    expected = 0.5 * np.sign(params.weights) + 2 * params.weights
    np.testing.assert_allclose(gradient.weights, expected, rtol=1e-6)
    assert gradient.dtype == np.float32


def test_penalty_of_a_weight_that_is_zero():
    params = init_params((2, 2), "zeros")
    gradient = params.zeros_like()
    Penalty(l1=1.0).add_gradient(params, gradient)
    assert not gradient.theta.any()


def test_strengths_are_numbers_from_0_up():
    assert type(Penalty(np.float32(0.5)).l1) is float
    with pytest.raises(ValueError, match="l1 must be >= 0"):
        Penalty(l1=-1)
    with pytest.raises(TypeError, match="l2 must be a number"):
        Penalty(l2="a")


# One-hot targets.


@given(arrays(np.int64, st.integers(1, 20), elements=st.integers(0, 9)))
def test_one_hot(labels):
    y = one_hot(labels, 10, dtype=np.float32)
    assert y.shape == (labels.size, 10) and y.dtype == np.float32
    np.testing.assert_array_equal(y.argmax(axis=1), labels)
    np.testing.assert_array_equal(y.sum(axis=1), 1)
    assert one_hot(labels).shape == (labels.size, labels.max() + 1)


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0.0, 1.0], TypeError, "labels must be integers, not float64"),
        ([[0], [1]], ValueError, r"labels must have shape \(n,\)"),
        (np.array([], int), ValueError, r"labels must have shape \(n,\)"),
        ([0, 3], ValueError, "labels must lie between 0 and 2, not 0 and 3"),
        ([-1, 2], ValueError, "labels must lie between 0 and 2, not -1 and 2"),
    ],
)
def test_labels_that_are_none(labels, error, message):
    with pytest.raises(error, match=message):
        one_hot(labels, 3)
