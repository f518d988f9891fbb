"""One gradient, four ways: backpropagation, the book's autodiff, autograd, and central differences.

The network is written down twice more here, in scalars for autodiff and in arrays for autograd. Neither
shares a line with the package, and backpropagation has to agree with both in every combination of hidden
activation, output, cost, depth, batch size, dropout, batch normalisation and penalty.
"""

import math

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from fysstk_nn import autodiff
from fysstk_nn.autodiff import Var
from fysstk_nn.costs import Penalty, one_hot
from fysstk_nn.dropout_batch_norm import EPSILON
from fysstk_nn.gradcheck import central_difference
from fysstk_nn.mlp import MLP
from fysstk_nn.params import Params

HIDDEN = ["identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "elu(0.5)", "softplus", "softmax"]
OUTPUTS = [
    ("identity", "half_squared_error"),
    ("sigmoid", "half_squared_error"),
    ("softmax", "half_squared_error"),
    ("tanh", "mean_squared_error"),
    ("sigmoid", "binary_cross_entropy"),
    ("softmax", "cross_entropy"),
    ("identity", "hinge"),
]
MORE_OUTPUTS = [  # all that is left of the outputs and costs that go together
    (output, cost)
    for cost in ("half_squared_error", "mean_squared_error", "hinge")
    for output in HIDDEN
    if (output, cost) not in OUTPUTS
]
MODES = [  # dropout, batch norm, whether in training
    ((0.0, 0.0), False, False),
    ((0.0, 0.5), False, True),
    ((0.3, 0.3), False, True),
    ((0.0, 0.0), True, True),
    ((0.0, 0.0), True, False),
    ((0.2, 0.4), True, True),
]
PENALTIES = [Penalty(), Penalty(l1=0.02), Penalty(l2=0.3), Penalty(l1=0.01, l2=0.1)]


def problem(hidden, output, cost, depth, n, mode, seed):
    """Return a network with two inputs and two outputs, parameters, data, and what mode it runs in."""
    rng = np.random.default_rng(seed)
    (p_input, p_hidden), batch_norm, training = mode
    sizes = (2, *rng.integers(2, 4, size=depth).tolist(), 2)
    dropout = (p_input, *[p_hidden] * depth)
    net = MLP(sizes, hidden, output, cost, dropout=dropout, batch_norm=batch_norm)
    params = net.init("lecun", rng=rng)
    params.theta += rng.normal(scale=0.3, size=params.theta.size)
    params.statistics[:] = rng.uniform(0.5, 1.5, size=params.statistics.size)
    X = rng.normal(size=(n, 2))
    y = rng.uniform(size=(n, 2))
    if cost == "cross_entropy":
        y = one_hot(rng.integers(2, size=n), 2)
    if cost == "hinge":
        y = np.sign(y - 0.5)
    return net, params, X, y, training


# The network in arrays, for autograd.

ARRAY_ACTIVATIONS = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + anp.exp(-z)),
    "tanh": anp.tanh,
    "relu": lambda z: anp.where(z > 0, z, 0 * z),
    "leaky_relu": lambda z: anp.where(z > 0, z, 0.01 * z),
    "elu": lambda z: anp.where(z > 0, z, anp.exp(z) - 1),
    "elu(0.5)": lambda z: anp.where(z > 0, z, 0.5 * (anp.exp(z) - 1)),
    "softplus": lambda z: anp.log(1 + anp.exp(z)),
    "softmax": lambda z: anp.exp(z) / anp.sum(anp.exp(z), axis=1, keepdims=True),
}
ARRAY_COSTS = {
    "half_squared_error": lambda a, y: anp.sum((a - y) ** 2) / (2 * len(y)),
    "mean_squared_error": lambda a, y: anp.mean((a - y) ** 2),
    "binary_cross_entropy": lambda a, y: -anp.sum(y * anp.log(a) + (1 - y) * anp.log(1 - a)) / len(y),
    "cross_entropy": lambda a, y: -anp.sum(y * anp.log(a)) / len(y),
    "hinge": lambda a, y: anp.sum(anp.where(y * a < 1, 1 - y * a, 0 * a)) / len(y),
}


def array_cost(theta, net, params, trace, X, y, penalty):
    """Return the cost as a function of the flat vector, cut up by hand."""
    M, L, taken = net.sizes, net.L, 0

    def take(*shape):
        nonlocal taken
        taken += math.prod(shape)
        return anp.reshape(theta[taken - math.prod(shape) : taken], shape)

    weights = theta[: sum(m * n for m, n in zip(M[:-1], M[1:], strict=True))]
    W = [take(m, n) for m, n in zip(M[:-1], M[1:], strict=True)]
    b = [take(n) for n in M[1:]]
    gamma = [take(n) for n in M[1:-1]] if net.batch_norm else []
    a = X if trace.mask[0] is None else X * trace.mask[0]
    for l in range(1, L + 1):
        z = anp.dot(a, W[l - 1])
        if net.batch_norm and l < L:
            mean, var = params.mean[l], params.var[l]
            if trace.training:
                mean = anp.mean(z, axis=0)
                var = anp.mean((z - mean) ** 2, axis=0)
            z = gamma[l - 1] * (z - mean) / anp.sqrt(var + EPSILON)
        a = ARRAY_ACTIVATIONS[net.f[l].name](z + b[l - 1])
        if l < L and trace.mask[l] is not None:
            a = a * trace.mask[l]
    cost = ARRAY_COSTS[net.C.name](a, y)
    if penalty.l1:
        cost = cost + penalty.l1 * anp.sum(anp.abs(weights))
    if penalty.l2:
        cost = cost + penalty.l2 / 2 * anp.sum(weights**2)
    return cost


# The network in scalars, for the book's autodiff: the sums of the index form.

SCALAR_ACTIVATIONS = {
    "identity": lambda z: z,
    "sigmoid": autodiff.sigmoid,
    "tanh": autodiff.tanh,
    "relu": autodiff.relu,
    "leaky_relu": lambda z: autodiff.relu(z) - 0.01 * autodiff.relu(-z),
    "elu": lambda z: z if z.value > 0 else autodiff.exp(z) - 1,
    "elu(0.5)": lambda z: z if z.value > 0 else 0.5 * (autodiff.exp(z) - 1),
    "softplus": lambda z: autodiff.log(1 + autodiff.exp(z)),
}


def total(terms):
    """Return the sum without the 0 that `sum` begins with, which would be one more node of the graph."""
    first, *rest = terms
    return sum(rest, first)


def scalar_activation(name, z):
    if name == "softmax":
        e = [autodiff.exp(zj) for zj in z]
        S = total(e)
        return [ej / S for ej in e]
    return [SCALAR_ACTIVATIONS[name](zj) for zj in z]


def scalar_sample_cost(name, a, y):
    log = autodiff.log
    if name == "half_squared_error":
        return total((aj - yj) ** 2 for aj, yj in zip(a, y, strict=True)) / 2
    if name == "mean_squared_error":
        return total((aj - yj) ** 2 for aj, yj in zip(a, y, strict=True)) / len(y)
    if name == "binary_cross_entropy":
        return -total(yj * log(aj) + (1 - yj) * log(1 - aj) for aj, yj in zip(a, y, strict=True))
    if name == "cross_entropy":
        return -total(yj * log(aj) for aj, yj in zip(a, y, strict=True))
    return total(autodiff.relu(1 - yj * aj) for aj, yj in zip(a, y, strict=True))


def scalar_gradient(net, params, trace, X, y, penalty):
    """Return the gradient of the cost, flat, by the book's autodiff."""
    theta = [Var(value) for value in params.theta.tolist()]
    rest = iter(theta)
    M, L, n = net.sizes, net.L, len(X)
    W = [
        [[next(rest) for _ in range(cols)] for _ in range(rows)] for rows, cols in zip(M, M[1:], strict=False)
    ]
    b = [[next(rest) for _ in range(cols)] for cols in M[1:]]
    gamma = [[next(rest) for _ in range(cols)] for cols in M[1:-1]] if net.batch_norm else []
    a = (X if trace.mask[0] is None else X * trace.mask[0]).tolist()
    for l in range(1, L + 1):
        columns = list(zip(*W[l - 1], strict=True))
        z = [[total(w * ai for w, ai in zip(column, row, strict=True)) for column in columns] for row in a]
        if net.batch_norm and l < L:
            for j in range(M[l]):
                mean, var = float(params.mean[l][j]), float(params.var[l][j])
                if trace.training:
                    mean = total(row[j] for row in z) / n
                    var = total((row[j] - mean) ** 2 for row in z) / n
                scale = gamma[l - 1][j] / autodiff.sqrt(var + EPSILON)
                for row in z:
                    row[j] = (row[j] - mean) * scale
        z = [[zj + bj for zj, bj in zip(row, b[l - 1], strict=True)] for row in z]
        a = [scalar_activation(net.f[l].name, row) for row in z]
        if l < L and trace.mask[l] is not None:
            mask = trace.mask[l].tolist()
            a = [[aj * mj for aj, mj in zip(*rows, strict=True)] for rows in zip(a, mask, strict=True)]
    cost = total(scalar_sample_cost(net.C.name, ai, yi) for ai, yi in zip(a, y.tolist(), strict=True)) / n
    weights = [w for matrix in W for row in matrix for w in row]
    if penalty.l1:
        cost = cost + penalty.l1 * total(w if w.value > 0 else -w for w in weights)
    if penalty.l2:
        cost = cost + penalty.l2 / 2 * total(w**2 for w in weights)
    return np.array(autodiff.grad(cost, theta))


def compare_gradients(hidden, output, cost, depth, n, mode, penalty, seed):
    """Assert that backpropagation agrees with autograd, autodiff and a central difference."""
    net, params, X, y, training = problem(hidden, output, cost, depth, n, mode, seed)
    keywords = {"training": training, "rng": 1, "penalty": penalty}
    gradient = net.gradient(params, X, y, **keywords).theta
    trace = net.forward(params, X, training=training, rng=1)

    scale = np.abs(gradient).max() + 1e-3
    digits = 7 if cost == "binary_cross_entropy" else 10  # in the others' 1 - a digits cancel
    tight = {"rtol": 10**-digits, "atol": 10 ** -(digits + 2) * scale}
    arguments = (net, params, trace, X, y, penalty)
    np.testing.assert_allclose(autograd.grad(array_cost)(params.theta, *arguments), gradient, **tight)
    np.testing.assert_allclose(scalar_gradient(*arguments), gradient, **tight)

    direction = np.random.default_rng(seed).normal(size=gradient.size)
    direction /= np.linalg.norm(direction)

    def cost_along(t):
        moved = Params(params.theta + t * direction, params.sizes, params.batch_norm, params.statistics)
        return net.cost_of(moved, X, y, **keywords)

    slope = central_difference(cost_along, 0.0)
    np.testing.assert_allclose(slope, gradient @ direction, rtol=1e-6, atol=1e-6 * scale)


def rows(mode, number):
    """Return the size of batch `number`: one or two, but two normalised rows would always be -1 and 1."""
    return 3 if mode[1] else (1, 2)[number % 2]


@pytest.mark.parametrize(("output", "cost"), OUTPUTS)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_backprop_agrees_with_autodiff_autograd_and_central_differences(hidden, output, cost):
    seed = 1000 * HIDDEN.index(hidden) + 100 * OUTPUTS.index((output, cost))
    for depth in range(5):
        for number, mode in enumerate(MODES):
            seed += 1
            penalty = PENALTIES[(depth + number) % len(PENALTIES)]  # each mode meets all of them
            compare_gradients(hidden, output, cost, depth, rows(mode, seed), mode, penalty, seed)


@pytest.mark.parametrize(("output", "cost"), MORE_OUTPUTS)
def test_all_other_outputs_and_costs(output, cost):
    seed = 10_000 + 100 * MORE_OUTPUTS.index((output, cost))
    for depth in range(5):
        for number, penalty in enumerate(PENALTIES):
            seed += 1
            hidden, mode = HIDDEN[seed % len(HIDDEN)], MODES[(depth + number) % len(MODES)]
            compare_gradients(hidden, output, cost, depth, rows(mode, seed), mode, penalty, seed)


@pytest.mark.parametrize("depth", range(5))
@pytest.mark.parametrize("mode", MODES)
def test_each_component_agrees_with_its_central_difference(depth, mode):
    net, params, X, y, training = problem("tanh", "softmax", "cross_entropy", depth, 4, mode, seed=depth)

    def cost(theta):
        moved = Params(theta, params.sizes, params.batch_norm, params.statistics)
        return net.cost_of(moved, X, y, training=training, rng=5)

    gradient = net.gradient(params, X, y, training=training, rng=5).theta
    np.testing.assert_allclose(central_difference(cost, params.theta), gradient, rtol=1e-6, atol=1e-8)


def test_no_gradient_passes_a_step(rng):
    net = MLP((3, 4, 4, 2), hidden=("tanh", "step"))
    params, X, y = net.init(rng=rng), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    gradient = net.gradient(params, X, y)
    assert not gradient.W[1].any() and not gradient.W[2].any()
    a, error = net.forward(params, X).a[2], (net.predict(params, X) - y) / 5
    np.testing.assert_allclose(gradient.W[3], a.T @ error, rtol=1e-14)


def test_gradients_in_float32_are_those_of_float64_rounded(rng):
    net = MLP((5, 8, 8, 3), "elu", "softmax", "cross_entropy", dropout=0.2, batch_norm=True)
    params, X = net.init(rng=3), rng.normal(size=(20, 5))
    y = one_hot(rng.integers(3, size=20))
    exact = net.gradient(params, X, y, training=True, rng=1)
    trace = net.forward(params.astype(np.float32), X, training=True, rng=1)
    assert all(array.dtype == np.float32 for array in [*trace.z[1:], *trace.a])
    mask = net.forward(params, X, training=True, rng=1).mask[1]
    if not np.array_equal(mask > 0, trace.mask[1] > 0):  # float32 draws other random numbers
        net = MLP((5, 8, 8, 3), "elu", "softmax", "cross_entropy", batch_norm=True)
        exact = net.gradient(params, X, y, training=True)
    rough = net.gradient(params.astype(np.float32), X, y, training=True, rng=1)
    assert rough.theta.dtype == np.float32
    np.testing.assert_allclose(rough.theta, exact.theta, rtol=2e-3, atol=2e-6)
