"""The table for those who come from PyTorch or Keras: a test for each row, where these are installed."""

import inspect
import os
from pathlib import Path

import numpy as np
import pytest

from fysstk_nn import dropout_batch_norm
from fysstk_nn.activations import LeakyReLU
from fysstk_nn.costs import Penalty, cost_function, one_hot
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import AdaGrad, Adam, ClipNorm, Momentum, RMSProp, State

TABLE = Path(__file__).parents[1].joinpath("book", "notation.md").read_text(encoding="utf8")
ROWS = [
    line.split("|")[1].strip() for line in TABLE.split("(notation-peers)=")[1].splitlines() if "|" in line
][2:]

G = np.array([[0.3, -2.0, 1.0], [0.1, 0.5, -0.7], [4.0, 0.2, 0.2]])
"""Three gradients, one after the other."""


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


@pytest.fixture
def keras():
    pytest.importorskip("torch")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    keras.config.set_floatx("float64")
    yield keras
    keras.config.set_floatx("float32")


def array(tensor):
    """Return a tensor of either library as an array."""
    return tensor.detach().cpu().numpy()


def ours(optimizer, gradients=G):
    """Return where the optimizer gets to from 0, after each gradient."""
    theta, path = np.zeros(3), []
    state = optimizer.init(theta)
    for g in gradients:
        optimizer.step(theta, g.copy(), state)
        path.append(theta.copy())
    return np.array(path)


def of_torch(torch, name, gradients=G, **settings):
    """Return the same for an optimizer of PyTorch."""
    theta, path = torch.zeros(3, dtype=torch.float64, requires_grad=True), []
    optimizer = getattr(torch.optim, name)([theta], **settings)
    for g in gradients:
        theta.grad = torch.tensor(g)
        optimizer.step()
        path.append(array(theta).copy())
    return np.array(path)


def of_keras(keras, name, gradients=G, rates=None, **settings):
    """Return the same for an optimizer of Keras."""
    theta, path = keras.Variable(np.zeros(3), dtype="float64"), []
    optimizer = getattr(keras.optimizers, name)(**settings)
    for i, g in enumerate(gradients):
        if rates is not None:
            optimizer.learning_rate = rates[i]
        optimizer.apply([keras.ops.convert_to_tensor(g)], [theta])
        path.append(array(theta.value).copy())
    return np.array(path)


def close(one, other, rtol=1e-6):
    np.testing.assert_allclose(one, other, rtol=rtol)


def differ(one, other):
    assert not np.allclose(one, other, rtol=1e-4, atol=0)


def weights_of_a_layer(torch, keras):
    assert MLP((3, 2)).init().W[1].shape == (3, 2)
    assert tuple(torch.nn.Linear(3, 2).weight.shape) == (2, 3)
    dense = keras.layers.Dense(2)
    dense.build((None, 3))
    assert tuple(dense.kernel.shape) == (3, 2)


def squared_error(torch, keras):
    a, y = G, np.ones((3, 3))
    theirs = torch.nn.MSELoss()(torch.tensor(a), torch.tensor(y)).item()
    close(theirs, 2 / 3 * cost_function("half_squared_error")(a, y))
    close(theirs, cost_function("mean_squared_error")(a, y))
    close(float(keras.losses.MeanSquaredError()(y, a)), theirs)


def cross_entropy(torch, keras):
    labels = np.array([0, 2, 1])
    a = np.exp(G) / np.exp(G).sum(axis=1, keepdims=True)
    cost = cost_function("cross_entropy")(a, one_hot(labels, 3))
    close(torch.nn.CrossEntropyLoss()(torch.tensor(G), torch.tensor(labels)).item(), cost)
    close(float(keras.losses.CategoricalCrossentropy()(one_hot(labels, 3), a)), cost)


def binary_cross_entropy(torch, keras):
    a, y = 1 / (1 + np.exp(-G)), np.array([[0.0, 1, 1], [1, 0, 0], [1, 1, 0]])
    cost = cost_function("binary_cross_entropy")(a, y)
    close(torch.nn.BCELoss()(torch.tensor(a), torch.tensor(y)).item(), cost / 3)
    close(float(keras.losses.BinaryCrossentropy()(y, a)), cost / 3)


def l2_penalty(torch, keras):
    params = MLP((3, 2)).init(bias=1.0)
    gradient = params.zeros_like()
    Penalty(l2=0.6).add_gradient(params, gradient)
    close(gradient.W[1], 0.6 * params.W[1])
    assert (gradient.b[1] == 0).all()
    layer = torch.nn.Linear(3, 2).double()
    before = [array(part).copy() for part in (layer.weight, layer.bias)]
    for part in layer.parameters():
        part.grad = torch.zeros_like(part)
    torch.optim.SGD(layer.parameters(), lr=1.0, weight_decay=0.6).step()
    for part, old in zip((layer.weight, layer.bias), before, strict=True):
        close(array(part), 0.4 * old)
    close(float(keras.regularizers.L2(0.3)(params.W[1])), Penalty(l2=0.6)(params))


def momentum(torch, keras):
    close(ours(Momentum(0.1, 0.8)), of_torch(torch, "SGD", lr=0.1, momentum=0.8))
    close(ours(Momentum(0.1, 0.8)), of_keras(keras, "SGD", learning_rate=0.1, momentum=0.8))
    rates = [0.1, 0.01, 0.01]
    theta, state, optimizer = np.zeros(3), None, Momentum(0.1, 0.8)
    state = optimizer.init(theta)
    for g, eta in zip(G, rates, strict=True):
        Momentum(eta, 0.8).step(theta, g.copy(), state)
    differ(theta, of_keras(keras, "SGD", rates=rates, learning_rate=0.1, momentum=0.8)[-1])


def dampened_momentum(torch, keras):
    mine = ours(Momentum(0.1, 0.8, dampened=True))
    theirs = of_torch(torch, "SGD", lr=0.1, momentum=0.8, dampening=0.8)
    close(mine[0], -0.2 * 0.1 * G[0])
    close(theirs[0], -0.1 * G[0])
    assert not [name for name in inspect.signature(keras.optimizers.SGD).parameters if "damp" in name]


def adam(torch, keras):
    close(ours(Adam(0.1)), of_torch(torch, "Adam", lr=0.1))
    assert torch.optim.Adam([torch.zeros(1)]).defaults["eps"] == Adam().epsilon == 1e-8
    assert keras.optimizers.Adam().epsilon == 1e-7
    g, epsilon = 1e-3 * G[:1], 1e-4  # in the first step m = (1 - beta1) g and v = (1 - beta2) g^2
    close(ours(Adam(0.1, epsilon=epsilon), g), -0.1 * g / (abs(g) + epsilon))
    theirs = of_keras(keras, "Adam", g, learning_rate=0.1, epsilon=epsilon)
    close(theirs, -0.1 * g / (abs(g) + epsilon / np.sqrt(1 - 0.999)))


def rmsprop(torch, keras):
    assert (RMSProp().rho, RMSProp().epsilon) == (0.9, 1e-8)
    assert torch.optim.RMSprop([torch.zeros(1)]).defaults["alpha"] == 0.99
    close(ours(RMSProp(0.1)), of_torch(torch, "RMSprop", lr=0.1, alpha=0.9))
    assert keras.optimizers.RMSprop().epsilon == 1e-7
    g, epsilon = 1e-3 * G[:1], 1e-4
    close(ours(RMSProp(0.1, epsilon=epsilon), g), -0.1 * g / (np.sqrt(0.1 * g**2) + epsilon))
    theirs = of_keras(keras, "RMSprop", g, learning_rate=0.1, epsilon=epsilon)
    close(theirs, -0.1 * g / np.sqrt(0.1 * g**2 + epsilon))


def adagrad(torch, keras):
    close(ours(AdaGrad(0.1)), of_torch(torch, "Adagrad", lr=0.1))
    g = 1e-3 * G[:1]
    close(
        of_keras(keras, "Adagrad", g, learning_rate=0.1, epsilon=1e-4), -0.1 * g / np.sqrt(0.1 + g**2 + 1e-4)
    )


def clipping_by_norm(torch, keras):
    g, length = G[0].copy(), np.linalg.norm(G[0])
    ClipNorm(1e-6).step(np.zeros(3), g, State())
    close(g, 1e-6 * G[0] / length)
    theta = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    theta.grad = torch.tensor(1e-6 * G[0])  # so short that the 1e-6 shows
    torch.nn.utils.clip_grad_norm_([theta], 1e-6)
    length *= 1e-6
    close(array(theta.grad), 1e-6 * (1e-6 * G[0]) / (length + 1e-6))
    close(of_keras(keras, "SGD", 1e-6 * G[:1], learning_rate=1.0, global_clipnorm=1e-6)[0], -g)


def batch_normalisation(torch, keras):
    assert (dropout_batch_norm.MOMENTUM, dropout_batch_norm.EPSILON) == (0.1, 1e-5)
    mean, var = G.mean(axis=0), G.var(axis=0)
    layer = torch.nn.BatchNorm1d(3).double()
    assert (layer.momentum, layer.eps) == (0.1, 1e-5)
    layer(torch.tensor(G))
    close(array(layer.running_mean), 0.1 * mean)
    close(array(layer.running_var), 0.9 + 0.1 * 3 / 2 * var)
    theirs = keras.layers.BatchNormalization()
    assert (theirs.momentum, theirs.epsilon) == (0.99, 1e-3)
    theirs(G, training=True)
    close(array(theirs.moving_mean.value), 0.01 * mean)
    close(array(theirs.moving_variance.value), 0.99 + 0.01 * var)


def dropout(torch, keras):
    ones = np.ones((1000, 20))
    net = MLP((20, 1), dropout=[0.3])
    for kept in (
        net.forward(net.init(), ones, training=True, rng=0).a[0],
        array(torch.nn.Dropout(0.3)(torch.tensor(ones))),
        array(keras.layers.Dropout(0.3)(ones, training=True)),
    ):
        np.testing.assert_allclose(np.unique(kept), [0, 1 / 0.7])
        assert abs(np.mean(kept == 0) - 0.3) < 0.02


def first_weights(torch, keras):
    m, n = 400, 200
    params = MLP((m, n)).init(rng=0)
    assert abs(params.W[1].std() * np.sqrt((m + n) / 2) - 1) < 0.02 and (params.b[1] == 0).all()
    assert np.abs(params.W[1]).max() > 4 * params.W[1].std()  # normal, not uniform
    layer = torch.nn.Linear(m, n)
    for part in (layer.weight, layer.bias):
        assert 0.95 < np.abs(array(part)).max() * np.sqrt(m) <= 1.0001
    dense = keras.layers.Dense(n)
    dense.build((None, m))
    kernel = array(dense.kernel.value)
    assert 0.99 < np.abs(kernel).max() / np.sqrt(6 / (m + n)) <= 1.0001
    assert (array(dense.bias.value) == 0).all()


def leaky_relu(torch, keras):
    assert LeakyReLU()(-1.0) == -0.01
    assert torch.nn.LeakyReLU().negative_slope == 0.01
    close(keras.layers.LeakyReLU().negative_slope, 0.3)


TESTS = {
    "weights of a layer": weights_of_a_layer,
    "squared error": squared_error,
    "cross-entropy": cross_entropy,
    "binary cross-entropy": binary_cross_entropy,
    "L2 penalty": l2_penalty,
    "momentum": momentum,
    "dampened momentum": dampened_momentum,
    "Adam": adam,
    "RMSProp": rmsprop,
    "AdaGrad": adagrad,
    "clipping by norm": clipping_by_norm,
    "batch normalisation": batch_normalisation,
    "dropout": dropout,
    "first weights": first_weights,
    "leaky ReLU": leaky_relu,
}


def test_each_row_has_a_test():
    assert list(TESTS) == ROWS


@pytest.mark.parametrize("row", TESTS)
def test_row(row, torch, keras):
    TESTS[row](torch, keras)
