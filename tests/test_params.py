"""The flat vector and its layers, and how weights are drawn."""

import copy
import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fysstk_nn.params import (
    INITIALISERS,
    Initialiser,
    Params,
    constant,
    glorot,
    he,
    init_params,
    initialiser,
    lecun,
    normal,
    sparse,
    zeros,
)

SIZES = st.lists(st.integers(1, 6), min_size=2, max_size=5).map(tuple)


@given(sizes=SIZES, batch_norm=st.booleans(), dtype=st.sampled_from([np.float32, np.float64]))
def test_layers_are_views_that_cover_theta_exactly_once(sizes, batch_norm, dtype):
    params = init_params(sizes, batch_norm=batch_norm, dtype=dtype)
    L = len(sizes) - 1
    assert params.L == L and params.sizes == sizes and params.dtype == dtype
    assert params.W[0] is None and params.b[0] is None
    assert len(params.W) == len(params.b) == len(params.gamma) == len(params.mean) == len(params.var) == L + 1
    for l, (m, n) in enumerate(pairwise(sizes), 1):
        assert params.W[l].shape == (m, n) and params.b[l].shape == (n,)
        assert (params.gamma[l] is not None) == (batch_norm and l < L)
    params.theta[:] = 0
    arrays = [*params.W[1:], *params.b[1:], *(g for g in params.gamma if g is not None)]
    for array in arrays:
        assert np.shares_memory(array, params.theta)
        array += 1
    np.testing.assert_array_equal(params.theta, np.ones(sum(array.size for array in arrays)))
    assert params.weights.size == sum(W.size for W in params.W[1:])
    params.weights[:] = 7
    assert all((W == 7).all() for W in params.W[1:]) and all((b == 1).all() for b in params.b[1:])


def test_numbers_can_be_changed_in_all_ways_that_one_would_write():
    params = Params(np.arange(9.0), (2, 2, 1))
    theta = params.theta
    params.theta -= 1
    params.theta[:] *= 2
    params.W[1] += 10
    params.b[1] = [5, 6]
    params.W[2][0, 0] = 0
    np.testing.assert_array_equal(theta, [8, 10, 12, 14, 0, 8, 5, 6, 14])
    assert params.theta is theta and np.shares_memory(params.b[1], theta)
    with pytest.raises(AttributeError, match=r"theta cannot be exchanged; write params\.theta\[:\] = "):
        params.theta = np.zeros(9)
    with pytest.raises(ValueError, match="could not broadcast"):
        params.W[1] = np.zeros((3, 3))


def test_from_layers_copies():
    W = [np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])]
    params = Params.from_layers([(W[0], [5, 6]), (W[1], [7])])
    assert params.sizes == (1, 2, 1)
    np.testing.assert_array_equal(params.theta, [1, 2, 3, 4, 5, 6, 7])
    params.theta[:] = 0
    assert W[0].any()
    single = Params.from_layers([(np.ones((2, 1), np.float32), np.ones(1, np.float32))])
    assert single.dtype == np.float32


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([], "at least one layer"),
        ([([1, 2], [1])], r"W\[1\] must have 2 axes"),
        ([([[1, 2]], [1])], r"b\[1\] must have shape \(2,\), not \(1,\)"),
        ([([[1, 2]], [1, np.nan])], r"b\[1\] must be finite"),
        ([([[1, 2]], [1, 2]), ([[1], [2], [3]], [1])], r"W\[2\] has 3 rows, but layer 1 has 2 nodes"),
    ],
)
def test_layers_that_do_not_fit(layers, message):
    with pytest.raises(ValueError, match=message):
        Params.from_layers(layers)


def test_copies_have_memory_of_their_own():
    params = init_params((2, 3, 1), batch_norm=True)
    for other in (params.copy(), pickle.loads(pickle.dumps(params)), copy.deepcopy(params)):
        np.testing.assert_array_equal(other.theta, params.theta)
        other.W[1] = 9
        other.var[1] = 8
        assert (other.theta[:6] == 9).all() and (other.statistics[3:] == 8).all()
        assert not np.shares_memory(other.theta, params.theta)
    assert (params.W[1] != 9).all() and (params.var[1] == 1).all()
    empty = params.zeros_like()
    assert not empty.theta.any() and empty.sizes == params.sizes and empty.batch_norm
    single = params.astype(np.float32)
    assert single.dtype == single.statistics.dtype == np.float32


@pytest.mark.parametrize("theta", [[1.0, 2.0], np.ones((2, 1)), np.ones(4)[::2], np.ones(2, int)])
def test_theta_must_be_a_contiguous_vector_of_floats(theta):
    with pytest.raises(TypeError):
        Params(theta, (1, 1))


def test_sizes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"theta has 3 numbers, but the network \(1, 1\) needs 2"):
        Params(np.ones(3), (1, 1))
    with pytest.raises(ValueError, match=r"statistics must have shape \(4,\), not \(2,\)"):
        Params(np.ones(9), (1, 2, 1), True, np.ones(2))
    for sizes, error in [((3,), ValueError), ((2, 0), ValueError), ((2, 1.5), TypeError), (3, TypeError)]:
        with pytest.raises(error, match=r"sizes|layer"):
            init_params(sizes)


# How weights are drawn.


@pytest.mark.parametrize(
    ("scheme", "variance"),
    [
        ("lecun", 1 / 400),
        ("glorot", 2 / 500),
        ("he", 2 / 400),
        ("normal", 1),
        (normal(0.1), 0.01),
        ("sparse", 1 / 400),
    ],
    ids=str,
)
def test_mean_and_variance(scheme, variance):
    W = initialiser(scheme)(np.random.default_rng(1), 400, 100)
    assert W.shape == (400, 100)
    # The standard error of the mean is sqrt(variance / 40,000); that of a normal variance is 0.7 %.
    np.testing.assert_allclose(W.mean(), 0, atol=4 * np.sqrt(variance / 40_000))
    np.testing.assert_allclose(W.var(), variance, rtol=0.1 if scheme == "sparse" else 0.04)


def test_weights_that_are_not_random(rng):
    assert not zeros(rng, 3, 4).any()
    assert (constant(0.5)(rng, 3, 4) == 0.5).all()
    assert (init_params((3, 4), "constant(-2.5)").W[1] == -2.5).all()


@given(k=st.integers(1, 5), n_in=st.integers(1, 8), n_out=st.integers(1, 8))
def test_sparse_connects_each_node_to_k_others(k, n_in, n_out):
    W = sparse(k)(np.random.default_rng(0), n_in, n_out)
    assert ((W != 0).sum(axis=0) == min(k, n_in)).all()


def test_names():
    for name, scheme in INITIALISERS.items():
        assert initialiser(name) is scheme
    for scheme in (lecun, glorot, he, constant(3), normal(0.5), sparse(2)):
        assert initialiser(scheme) is scheme
    assert initialiser("constant(3)") == constant(3)
    assert initialiser("normal(1e-2)") == normal(0.01)
    assert initialiser("sparse(2)") == sparse(2)
    for name in ("xavier", "constant", "he(2)", "normal(a)", "normal(-1)", "sparse(0)"):
        with pytest.raises(ValueError, match=r"there is no initialiser|must be"):
            initialiser(name)
    for name in (None, np.zeros):
        with pytest.raises(TypeError, match="an initialiser is given by name or as an object"):
            initialiser(name)
    for make in (lambda: normal("a"), lambda: sparse(1.5), lambda: constant(None)):
        with pytest.raises(TypeError):
            make()


def test_the_seed_decides_and_no_global_state_is_touched():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, second, other = (init_params((5, 4, 3), rng=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.theta, second.theta)
    assert not np.array_equal(first.theta, other.theta)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    rng = np.random.default_rng(1)
    np.testing.assert_array_equal(init_params((5, 4, 3), rng=rng).theta, first.theta)
    assert not np.array_equal(init_params((5, 4, 3), rng=rng).theta, first.theta)


def test_one_seed_is_one_network_in_both_types():
    double, single = (init_params((5, 4, 3), dtype=dtype) for dtype in (np.float64, np.float32))
    np.testing.assert_array_equal(single.theta, double.theta.astype(np.float32))


def test_biases_and_gammas():
    params = init_params((3, 4, 2), bias=0.1, batch_norm=True)
    assert (params.b[1] == 0.1).all() and (params.b[2] == 0.1).all() and (params.gamma[1] == 1).all()
    assert (params.mean[1] == 0).all() and (params.var[1] == 1).all() and params.gamma[2] is None
    assert "statistics" in repr(params) and "W=" not in repr(params)


def test_an_initialiser_of_ones_own(rng):
    class Ramp(Initialiser):
        def __call__(self, rng, n_in, n_out):
            return np.arange(n_in * n_out, dtype=float).reshape(n_in, n_out)

    np.testing.assert_array_equal(init_params((2, 2), Ramp()).W[1], [[0, 1], [2, 3]])
