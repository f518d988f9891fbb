"""The network: both passes by hand, dropout, batch normalisation, and who owns what."""

import dataclasses
import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fysstk_nn import mlp
from fysstk_nn.activations import LeakyReLU, relu, sigmoid, tanh
from fysstk_nn.costs import Cost, Penalty, half_squared_error, one_hot
from fysstk_nn.dropout_batch_norm import EPSILON, MOMENTUM
from fysstk_nn.mlp import BLOCK, MLP
from fysstk_nn.params import Params
from fysstk_nn.trace import Trace


def snapshot(*arrays):
    """Return a check that the arrays have not changed."""
    before = [array.copy() for array in arrays]

    def unchanged():
        return all(np.array_equal(a, b) for a, b in zip(arrays, before, strict=True))

    return unchanged


# By hand.


def test_a_network_by_hand():
    # 2-2-1, ReLU, linear output. One sample x = (1, 2), target 3.
    net = MLP((2, 2, 1), "relu")
    params = Params.from_layers([([[1, -1], [1, 1]], [0, -2]), ([[2], [3]], [0.5])])
    trace = net.forward(params, [[1, 2]])
    # z1 = (1 + 2, -1 + 2) + (0, -2) = (3, -1), a1 = (3, 0), z2 = 2 * 3 + 0.5 = 6.5.
    np.testing.assert_array_equal(trace.z[1], [[3, -1]])
    np.testing.assert_array_equal(trace.a[1], [[3, 0]])
    np.testing.assert_array_equal(trace.output, [[6.5]])
    assert trace.z[0] is None and trace.a[2] is trace.output
    # C = 3.5^2 / 2. delta2 = 3.5; delta1 = (3.5 * 2, 3.5 * 3) o (1, 0) = (7, 0).
    assert net.cost_of(params, [[1, 2]], [3]) == 6.125
    deltas = net.deltas(params, trace, [3])
    assert deltas[0] is None
    np.testing.assert_array_equal(deltas[2], [[3.5]])
    np.testing.assert_array_equal(deltas[1], [[7, 0]])
    gradient = net.backprop(params, trace, [3])
    np.testing.assert_array_equal(gradient.W[2], [[3 * 3.5], [0]])
    np.testing.assert_array_equal(gradient.b[2], [3.5])
    np.testing.assert_array_equal(gradient.W[1], [[7, 0], [14, 0]])
    np.testing.assert_array_equal(gradient.b[1], [7, 0])


def test_a_batch_is_the_mean_of_its_samples(rng):
    net = MLP((3, 4, 2), "tanh", "sigmoid", "binary_cross_entropy")
    params, X, y = net.init(rng=rng), rng.normal(size=(6, 3)), rng.uniform(size=(6, 2))
    each = [net.gradient(params, X[i : i + 1], y[i : i + 1]).theta for i in range(6)]
    np.testing.assert_allclose(
        net.gradient(params, X, y).theta, np.mean(each, axis=0), rtol=1e-12, atol=1e-15
    )
    costs = [net.cost_of(params, X[i : i + 1], y[i : i + 1]) for i in range(6)]
    np.testing.assert_allclose(net.cost_of(params, X, y), np.mean(costs), rtol=1e-13)


def test_no_hidden_layer_is_a_regression(rng):
    X, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 1))
    net = MLP((3, 1))
    design = np.hstack([X, np.ones((20, 1))])
    theta = np.linalg.lstsq(design, y, rcond=None)[0]
    params = Params.from_layers([(theta[:3], theta[3])])
    np.testing.assert_allclose(net.predict(params, X), design @ theta, rtol=1e-12)
    np.testing.assert_allclose(net.gradient(params, X, y).theta, 0, atol=1e-13)


# OpenBLAS takes what an earlier product has left in its buffer along, and not into the result, where a vector
# of 32 bits meets five columns (0.3.31 with AVX-512). If that is no number, the processor notes it.
@pytest.mark.filterwarnings("ignore:invalid value encountered in dot")
@settings(max_examples=40)
@given(
    sizes=st.lists(st.integers(1, 7), min_size=2, max_size=6).map(tuple),
    n=st.integers(1, 9),
    dtype=st.sampled_from([np.float32, np.float64]),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
    batch_norm=st.booleans(),
    p=st.sampled_from([0.0, 0.4]),
)
def test_shapes_and_types(sizes, n, dtype, scale, batch_norm, p):
    rng = np.random.default_rng(n)
    net = MLP(sizes, "softplus", "tanh", dropout=p, batch_norm=batch_norm)
    params = net.init(rng=rng, dtype=dtype)
    X, y = scale * rng.normal(size=(n, sizes[0])), rng.normal(size=(n, sizes[-1]))
    unchanged = snapshot(X, y, params.theta, params.statistics)
    training = n > 1
    trace = net.forward(params, X, training=training, rng=1)
    for l in range(1, net.L + 1):
        assert trace.z[l].shape == trace.h[l].shape == trace.a[l].shape == (n, sizes[l])
        assert trace.z[l].dtype == trace.a[l].dtype == dtype
    kept = snapshot(*trace.z[1:], *trace.a)
    gradient = net.backprop(params, trace, y)
    assert gradient.theta.shape == params.theta.shape and gradient.dtype == dtype
    assert np.isfinite(gradient.theta).all() and np.isfinite(trace.output).all()
    assert net.predict(params, X).dtype == dtype
    assert [d.shape for d in net.deltas(params, trace, y)[1:]] == [(n, m) for m in sizes[1:]]
    assert type(net.cost_of(params, X, y, training=training, rng=1)) is float
    assert unchanged() and kept()


# Who owns what.


def test_results_belong_to_the_caller(rng):
    net = MLP((3, 4, 2), "tanh")
    params, X, y = net.init(rng=rng), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    first, second = net.forward(params, X), net.forward(params, X)
    assert not np.shares_memory(first.a[1], second.a[1]) and not np.shares_memory(first.z[1], first.a[1])
    gradient = net.backprop(params, first, y)
    assert not np.shares_memory(gradient.theta, params.theta)
    out = params.zeros_like()
    assert net.backprop(params, first, y, out=out) is out
    np.testing.assert_array_equal(out.theta, gradient.theta)
    output = net.predict(params, X)
    output[:] = 0
    np.testing.assert_array_equal(first.output, net.predict(params, X))


def test_a_trace_can_be_used_again_and_gives_the_same(rng):
    net = MLP((3, 4, 4, 2), "elu", "softmax", "cross_entropy", dropout=(0.2, 0.3, 0), batch_norm=True)
    params = net.init(rng=rng)
    trace, delta = net.empty_trace(6, np.float64, training=True), net.empty_deltas(6, np.float64)
    gradient = params.zeros_like()
    for seed in range(3):
        X, y = rng.normal(size=(6, 3)), one_hot(rng.integers(2, size=6), 2)
        trace.a[0] = X
        net.forward_into(params, trace, np.random.default_rng(seed))
        net.backprop_into(params, trace, y, gradient, delta)
        expected = net.gradient(params, X, y, training=True, rng=seed)
        np.testing.assert_array_equal(gradient.theta, expected.theta)
    first = trace.head(2)
    assert first.output.shape == (2, 2) and np.shares_memory(first.a[1], trace.a[1]) and first.training


def test_hidden_z_and_h_share_memory_only_where_nobody_looks():
    net = MLP((3, 4, 2), dropout=0.5)
    trace = net.empty_trace(5, np.float64, training=True)
    assert trace.z[1] is trace.h[1] and trace.a[1] is not trace.h[1] and trace.z[2] is not trace.h[2]
    trace = net.empty_trace(5, np.float64, keep_z=True)
    assert trace.z[1] is not trace.h[1] and trace.a[1] is trace.h[1]


def test_a_network_is_a_value():
    net = MLP([2, 3, 1], hidden="relu", dropout=0.5)
    assert net == MLP((2, 3, 1), hidden=[relu], dropout=(0, 0.5)) and hash(net) == hash(
        MLP((2, 3, 1), "relu", dropout=0.5)
    )
    assert net != MLP((2, 3, 1), "tanh", dropout=0.5)
    assert net.sizes == (2, 3, 1) and net.L == 2 and net.p == (0, 0.5) and net.C is half_squared_error
    assert net.f == (None, relu, net.output)
    with pytest.raises(dataclasses.FrozenInstanceError):
        net.cost = "hinge"
    assert MLP((2, 3, 3, 1), ("tanh", LeakyReLU(0.2))).f[1:3] == (tanh, LeakyReLU(0.2))
    assert "sizes=(2, 3, 1)" in repr(net)


# Dropout.


def test_dropout_is_inverted(rng):
    net = MLP((50, 400, 300, 2), "sigmoid", dropout=(0.2, 0.5, 0.1))
    params, X = net.init(rng=rng), rng.uniform(1, 2, size=(40, 50))
    trace = net.forward(params, X, training=True, rng=1)
    for l, p in enumerate((0.2, 0.5, 0.1)):
        mask = trace.mask[l]
        assert set(np.unique(mask)) == {0, 1 / (1 - p)}
        np.testing.assert_allclose((mask == 0).mean(), p, atol=4 * np.sqrt(p * (1 - p) / mask.size))
        np.testing.assert_allclose(mask.mean(), 1, atol=0.05)
        np.testing.assert_array_equal(trace.a[l], mask * (X if l == 0 else trace.h[l]))
    assert trace.mask[3] is None
    np.testing.assert_array_equal(trace.h[1], sigmoid(trace.z[1]))
    still = net.forward(params, X)
    assert still.mask == [None] * 4 and still.a[1] is still.h[1]
    np.testing.assert_array_equal(still.output, net.predict(params, X))


def test_the_rng_decides_who_is_dropped(rng):
    net = MLP((3, 20, 1), dropout=0.5)
    params, X, y = net.init(rng=rng), rng.normal(size=(4, 3)), rng.normal(size=4)
    cost = [net.cost_of(params, X, y, training=True, rng=seed) for seed in (1, 1, 2)]
    assert cost[0] == cost[1] != cost[2]
    generator = np.random.default_rng(1)
    assert net.cost_of(params, X, y, training=True, rng=generator) == cost[0]
    assert net.cost_of(params, X, y, training=True, rng=generator) != cost[0]
    with pytest.raises(TypeError, match="rng must be"):
        net.forward(params, X, training=True)


# Batch normalisation.


def test_batch_norm_normalises_the_batch(rng):
    net = MLP((5, 4, 1), "identity", batch_norm=True)
    params, X = net.init(rng=rng), 7 + 3 * rng.normal(size=(50, 5))
    params.b[1] = [1, 2, 3, 4]
    params.gamma[1] = [1, 2, 3, 0.5]
    trace = net.forward(params, X, training=True)
    z = X @ params.W[1]
    np.testing.assert_allclose(trace.mean[1], z.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(trace.var[1], z.var(axis=0), rtol=1e-12)
    np.testing.assert_allclose(trace.zhat[1].mean(axis=0), 0, atol=1e-13)
    np.testing.assert_allclose(
        trace.zhat[1].var(axis=0), z.var(axis=0) / (z.var(axis=0) + EPSILON), rtol=1e-12
    )
    np.testing.assert_allclose(trace.z[1].mean(axis=0), params.b[1], rtol=1e-12)
    np.testing.assert_allclose(trace.z[1].std(axis=0), params.gamma[1], rtol=1e-5)
    assert trace.zhat[2] is None  # the output layer is left alone


def test_predictions_use_the_running_statistics(rng):
    net = MLP((5, 4, 1), "tanh", batch_norm=True)
    params, X = net.init(rng=rng), rng.normal(size=(64, 5))
    trace = net.forward(params, X, training=True)
    net.update_statistics(params, trace)
    np.testing.assert_allclose(params.mean[1], MOMENTUM * trace.mean[1], rtol=1e-12)
    np.testing.assert_allclose(params.var[1], (1 - MOMENTUM) + MOMENTUM * trace.var[1] * 64 / 63, rtol=1e-12)
    for _ in range(300):
        net.update_statistics(params, trace)
    scale = params.gamma[1] / np.sqrt(trace.var[1] * 64 / 63 + EPSILON)
    a = tanh(scale * (X @ params.W[1] - trace.mean[1]) + params.b[1])
    np.testing.assert_allclose(net.predict(params, X), a @ params.W[2] + params.b[2], rtol=1e-9)
    # One sample at a time gives the same, for nothing depends on the rest of the batch.
    np.testing.assert_allclose(net.predict(params, X[:1]), net.predict(params, X)[:1], rtol=1e-12)


def test_the_running_statistics_of_a_trace_do_not_move_with_the_parameters(rng):
    net = MLP((2, 3, 1), batch_norm=True)
    params, X, y = net.init(rng=rng), rng.normal(size=(4, 2)), rng.normal(size=4)
    trace = net.forward(params, X)
    expected = net.backprop(params, trace, y).theta
    params.var[1] = 100.0
    np.testing.assert_array_equal(net.backprop(params, trace, y).theta, expected)


def test_a_constant_column_does_not_divide_by_zero(rng):
    net = MLP((2, 3, 1), batch_norm=True)
    params = net.init(rng=rng)
    gradient = net.gradient(params, np.ones((4, 2)), np.arange(4), training=True)
    assert np.isfinite(gradient.theta).all()


# Predictions, in blocks.


@pytest.mark.parametrize("n", [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 5])
def test_blocks_do_not_show(n, rng):
    net = MLP((3, 4, 2), "tanh", "softmax", "cross_entropy")
    params, X, y = net.init(rng=rng), rng.normal(size=(n, 3)), one_hot(rng.integers(2, size=n), 2)
    trace = net.forward(params, X)
    np.testing.assert_allclose(net.predict(params, X), trace.output, rtol=1e-13)
    expected = -np.log(trace.output[y == 1]).mean()
    np.testing.assert_allclose(net.cost_of(params, X, y), expected, rtol=1e-12)
    penalty = Penalty(l2=0.1)
    np.testing.assert_allclose(
        net.cost_of(params, X, y, penalty=penalty),
        expected + 0.05 * params.weights @ params.weights,
        rtol=1e-12,
    )


def test_no_warning_for_numbers_that_saturate():
    net = MLP((1, 1), output="sigmoid", cost="binary_cross_entropy")
    params = Params.from_layers([([[1e4]], [0.0])])
    np.testing.assert_array_equal(net.predict(params, [[-1.0], [1.0]]), [[0.0], [1.0]])
    assert net.cost_of(params, [[-1.0], [1.0]], [1, 1]) == 5000
    assert net.forward(params, [[-1.0]]).output == 0


# What is refused.


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sizes": (2,)}, ValueError, "needs an input and an output layer"),
        ({"sizes": (2, 0)}, ValueError, r"sizes\[1\] must be at least 1"),
        ({"sizes": 3}, TypeError, "sizes must be a sequence of integers"),
        ({"hidden": "swish"}, ValueError, "there is no activation 'swish'"),
        ({"hidden": ("relu", "relu")}, ValueError, "hidden names 2 activations for 1 hidden layers"),
        ({"output": None}, TypeError, "an activation is given by its name"),
        ({"cost": "mse"}, ValueError, "there is no cost 'mse'"),
        ({"cost": "cross_entropy"}, ValueError, "cross_entropy needs softmax outputs, not identity"),
        (
            {"cost": "cross_entropy", "output": "sigmoid"},
            ValueError,
            "not sigmoid: the outputs must add up to 1",
        ),
        ({"cost": "binary_cross_entropy", "output": "tanh"}, ValueError, "needs sigmoid outputs, not tanh"),
        (
            {"cost": "binary_cross_entropy", "output": "softmax"},
            ValueError,
            "not softmax: each output is a yes",
        ),
        ({"dropout": 1.0}, ValueError, "dropout must be >= 0 and < 1, not 1"),
        ({"dropout": (0.1, -0.1)}, ValueError, r"dropout\[1\] must be >= 0"),
        ({"dropout": (0.1,)}, ValueError, "dropout has 1 probabilities, but layers 0 to 1 need 2"),
        ({"batch_norm": 1}, TypeError, "batch_norm must be True or False"),
    ],
)
def test_networks_that_make_no_sense(arguments, error, message):
    with pytest.raises(error, match=message):
        MLP(**{"sizes": (2, 3, 1), **arguments})


def test_arguments_that_do_not_fit(rng):
    net = MLP((2, 3, 1))
    params, X, y = net.init(), rng.normal(size=(4, 2)), rng.normal(size=4)
    trace = net.forward(params, X)
    for method in (net.forward, net.predict):
        with pytest.raises(ValueError, match=r"^X has 3 features, the network was built for 2$"):
            method(params, np.ones((4, 3)))
        with pytest.raises(ValueError, match=r"X must be finite, but X\[0, 1\] is nan"):
            method(params, [[0, np.nan]])
        with pytest.raises(TypeError, match="params must be a Params"):
            method(params.theta, X)
        with pytest.raises(ValueError, match=r"for a network \(2, 4, 1\), but this one is \(2, 3, 1\)"):
            method(MLP((2, 4, 1)).init(), X)
        with pytest.raises(ValueError, match="only one of the network and its parameters has batch norm"):
            method(MLP((2, 3, 1), batch_norm=True).init(), X)
    for method in (net.backprop, net.deltas):
        with pytest.raises(ValueError, match="y has 3 rows, but X has 4"):
            method(params, trace, y[:3])
        with pytest.raises(ValueError, match=r"y must have shape \(4, 1\)"):
            method(params, trace, np.ones((4, 2)))
    with pytest.raises(TypeError, match="params must be a Params"):
        net.backprop(params, trace, y, out=params.theta)
    with pytest.raises(ValueError, match="targets that are -1 or 1"):
        MLP((2, 3, 1), cost="hinge").cost_of(params, X, y)
    with pytest.raises(ValueError, match="needs at least 2 rows in a batch"):
        bn = MLP((2, 3, 1), batch_norm=True)
        bn.forward(bn.init(), X[:1], training=True)


def test_a_cost_of_ones_own(rng):
    class Quartic(Cost):
        name = "quartic"

        def mean(self, a, y):
            return float(((a - y) ** 4).sum()) / len(a)

        def gradient(self, a, y, out=None):
            return np.multiply(4 / len(a), (a - y) ** 3, out=out)

    net = MLP((2, 3, 1), "tanh", cost=Quartic())
    params, X, y = net.init(rng=rng), rng.normal(size=(4, 2)), rng.normal(size=4)
    moved = params.copy()
    direction = rng.normal(size=params.theta.size)
    moved.theta += 1e-6 * direction
    change = (net.cost_of(moved, X, y) - net.cost_of(params, X, y)) / 1e-6
    np.testing.assert_allclose(change, net.gradient(params, X, y).theta @ direction, rtol=1e-4)


def test_the_example_in_the_docstring():
    assert doctest.testmod(mlp).failed == 0
    assert isinstance(MLP((1, 1)).forward(MLP((1, 1)).init(), [[1]]), Trace)
