"""The plain program and the package: the same numbers, and a file that can be read at a glance."""

import ast
import inspect

import numpy as np
import pytest

from fysstk_nn import plain
from fysstk_nn.gates import XOR
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import GradientDescent
from fysstk_nn.train import fit

NAMES = {"identity": plain.identity, "sigmoid": plain.sigmoid, "tanh": np.tanh, "relu": plain.relu}
COSTS = {"half_squared_error": plain.half_squared_error, "binary_cross_entropy": plain.binary_cross_entropy}
PAIRS = [(output, "half_squared_error") for output in NAMES] + [("sigmoid", "binary_cross_entropy")]


def close(ours, theirs):
    """Check that two arrays agree to 1e-12 of the larger one's largest number."""
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12 * max(1, np.abs(theirs).max()))


def test_all_functions_are_covered():
    functions = {name for name, value in vars(plain).items() if inspect.isfunction(value)} - {"pairwise"}
    program = {"slope", "derivative", "init", "forward", "backprop", "train"}
    assert functions - program == set(NAMES) - {"tanh"} | set(COSTS)
    assert {output for output, _ in PAIRS} == set(NAMES) and {cost for _, cost in PAIRS} == set(COSTS)


@pytest.mark.parametrize("sizes", [(3, 2), (4, 5, 3), (2, 7, 4, 6, 3)])
@pytest.mark.parametrize("hidden", NAMES)
@pytest.mark.parametrize(("output", "cost"), PAIRS)
def test_the_same_outputs_cost_and_gradient(sizes, hidden, output, cost, rng):
    net = MLP(sizes, hidden, output, cost)
    L = net.L
    W, b = plain.init(sizes, np.random.default_rng(5))
    params = net.init(rng=5)
    for l in range(1, L + 1):
        np.testing.assert_array_equal(W[l], params.W[l])
        b[l][:] = params.b[l] = rng.normal(size=sizes[l])
    X, y = rng.normal(size=(9, sizes[0])), rng.uniform(size=(9, sizes[-1]))

    f = [None, *[NAMES[hidden]] * (L - 1), NAMES[output]]
    a = plain.forward(X, W, b, f)
    trace = net.forward(params, X)
    gradient = net.backprop(params, trace, y)
    dW, db = plain.backprop(a, y, W, f, COSTS[cost])
    close(COSTS[cost](a[L], y), net.cost_of(params, X, y))
    for l in range(L + 1):
        close(a[l], trace.a[l])
    for l in range(1, L + 1):
        assert dW[l].shape == (sizes[l - 1], sizes[l]) and db[l].shape == (sizes[l],)
        close(dW[l], gradient.W[l])
        close(db[l], gradient.b[l])


@pytest.mark.parametrize("batch_size", [1, 6, 10])
def test_the_same_path(batch_size, rng):
    """The same generator deals the same batches, so that both programs go the same way."""
    sizes, X, y = (3, 6, 5, 2), rng.normal(size=(20, 3)), rng.uniform(size=(20, 2))
    net, f = MLP(sizes, "tanh", "sigmoid"), [None, np.tanh, np.tanh, plain.sigmoid]
    W, b = plain.init(sizes, np.random.default_rng(1))
    plain.train(X, y, W, b, f, plain.half_squared_error, 0.5, 30, batch_size, np.random.default_rng(2))
    settings = {"optimizer": GradientDescent(0.5), "epochs": 30, "batch_size": batch_size, "rng": 2}
    run = fit(net, net.init(rng=1), X, y, **settings)
    for l in range(1, 4):
        close(W[l], run.params.W[l])
        close(b[l], run.params.b[l])


def test_it_learns_xor():
    f = [None, np.tanh, plain.sigmoid]
    W, b = plain.init((2, 4, 1), np.random.default_rng(0))
    y = XOR.y.reshape(4, 1)
    plain.train(XOR.X, y, W, b, f, plain.binary_cross_entropy, 0.5, 1000, 4, np.random.default_rng(0))
    np.testing.assert_allclose(plain.forward(XOR.X, W, b, f)[-1], y, atol=0.05)


def test_it_can_be_read_at_a_glance():
    source = inspect.getsource(plain)
    lines = source.splitlines()
    assert len(lines) <= 100 and max(map(len, lines)) <= 80
    tree = ast.parse(source)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imports] == ["from itertools import pairwise", "import numpy as np"]
