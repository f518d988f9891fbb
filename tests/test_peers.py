"""The same weights in scikit-learn, and in PyTorch where it is installed: the same outputs and gradients."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor

from fysstk_nn import optimizers
from fysstk_nn.costs import Penalty, one_hot
from fysstk_nn.dropout_batch_norm import EPSILON, MOMENTUM
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import Adam, GradientDescent, Momentum, Nesterov
from fysstk_nn.params import Params
from fysstk_nn.quasi_newton import fit_quasi_newton
from fysstk_nn.train import fit

# scikit-learn

SKLEARN_NAMES = {"identity": "identity", "sigmoid": "logistic", "tanh": "tanh", "relu": "relu"}
NO_STEP = 1e-300


def sklearn_network(net, **settings):
    """Return an untrained network of scikit-learn: full batches, and no penalty unless `settings` say so."""
    kind = MLPRegressor if net.C.name == "half_squared_error" else MLPClassifier
    usual = {"solver": "sgd", "alpha": 0.0, "momentum": 0.0, "batch_size": 20, "random_state": 1}
    usual |= {"tol": 0.0, "n_iter_no_change": 1000}
    activation = SKLEARN_NAMES[net.f[1].name]
    return kind(hidden_layer_sizes=net.sizes[1:-1], activation=activation, **{**usual, **settings})


def trained(estimator, X, target, steps):
    """Return the network after so many full-batch steps, and its weights as our parameters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.set_params(max_iter=steps).fit(X, target)
    return estimator, Params.from_layers(list(zip(estimator.coefs_, estimator.intercepts_, strict=True)))


@pytest.mark.parametrize("hidden", SKLEARN_NAMES)
@pytest.mark.parametrize("task", ["regression", "two classes", "three classes"])
@pytest.mark.parametrize("alpha", [0.0, 0.7])
def test_sklearn_gives_the_same_outputs_cost_and_gradient(hidden, task, alpha, rng):
    X = rng.normal(size=(20, 3))
    if task == "regression":
        net = MLP((3, 5, 4, 2), hidden)
        y = target = rng.normal(size=(20, 2))
    elif task == "two classes":
        net = MLP((3, 5, 4, 1), hidden, "sigmoid", "binary_cross_entropy")
        target = rng.integers(2, size=20)
        y = target[:, None]
    else:
        net = MLP((3, 5, 4, 3), hidden, "softmax", "cross_entropy")
        target = rng.integers(3, size=20)
        y = one_hot(target)

    start, params = trained(sklearn_network(net, learning_rate_init=NO_STEP, alpha=alpha), X, target, 1)
    outputs = start.predict(X) if task == "regression" else start.predict_proba(X)[:, -net.sizes[-1] :]
    np.testing.assert_allclose(net.predict(params, X), outputs, rtol=1e-12, atol=1e-15)
    penalty = Penalty(l2=alpha / 20)  # alpha is our l2 times n
    share = 1 / 2 if task == "regression" else 1  # it descends on the sum over outputs, but reports the mean
    cost = share * net.cost_of(params, X, y) + penalty(params)
    np.testing.assert_allclose(cost, start.loss_, rtol=1e-12)

    # The same seed and one step of gradient descent at rate 1: the difference is the gradient.
    _, after = trained(sklearn_network(net, learning_rate_init=1.0, alpha=alpha), X, target, 1)
    gradient = net.gradient(params, X, y, penalty=penalty).theta
    np.testing.assert_allclose(gradient, params.theta - after.theta, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize(
    ("ours", "settings", "rtol"),
    [
        (GradientDescent(0.05), {}, 1e-9),
        (Momentum(0.05, 0.8), {"momentum": 0.8, "nesterovs_momentum": False}, 1e-9),
        (Nesterov(0.05, 0.8), {"momentum": 0.8}, 1e-9),
        # It adds epsilon before the correction of the start at 0, and we after it.
        (Adam(0.05), {"solver": "adam"}, 1e-4),
    ],
    ids=["GradientDescent", "Momentum", "Nesterov", "Adam"],
)
def test_sklearn_takes_the_same_path(ours, settings, rtol, rng):
    X, y = rng.normal(size=(20, 3)), rng.normal(size=20)
    net = MLP((3, 6, 1), "tanh")
    _, start = trained(sklearn_network(net, learning_rate_init=NO_STEP), X, y, 1)
    theirs, end = trained(sklearn_network(net, learning_rate_init=0.05, **settings), X, y, 30)
    run = fit(net, start, X, y, optimizer=ours, epochs=30)
    np.testing.assert_allclose(run.history.cost, theirs.loss_curve_, rtol=rtol)
    np.testing.assert_allclose(run.params.theta, end.theta, rtol=10 * rtol, atol=rtol)


def test_no_hidden_layer_is_logistic_regression(rng):
    X = rng.normal(size=(80, 2))
    y = (X @ [1, -2] + 0.5 * rng.normal(size=80) > 0).astype(float)
    net = MLP((2, 1), output="sigmoid", cost="binary_cross_entropy")
    run = fit_quasi_newton(net, net.init(), X, y, l2=0.5 / 80, tolerance=1e-9)
    logistic = LogisticRegression(C=2.0, tol=1e-10, max_iter=1000).fit(X, y)
    np.testing.assert_allclose(run.params.W[1].ravel(), logistic.coef_.ravel(), rtol=1e-5)
    np.testing.assert_allclose(run.params.b[1], logistic.intercept_, rtol=1e-5, atol=1e-7)


# PyTorch

TORCH_COSTS = {
    ("identity", "mean_squared_error"): lambda torch: torch.nn.MSELoss(),
    ("sigmoid", "half_squared_error"): lambda torch: lambda a, y: 0.5 * ((a - y) ** 2).sum() / len(y),
    ("sigmoid", "binary_cross_entropy"): lambda torch: (
        lambda a, y: torch.nn.functional.binary_cross_entropy(a, y, reduction="sum") / len(y)
    ),
    ("softmax", "cross_entropy"): lambda torch: lambda a, y: -(y * a.log()).sum() / len(y),
}


def torch_network(torch, net, params):
    """Return the same network as modules, in float64."""
    modules = {
        "identity": torch.nn.Identity,
        "sigmoid": torch.nn.Sigmoid,
        "tanh": torch.nn.Tanh,
        "relu": torch.nn.ReLU,
        "leaky_relu": lambda: torch.nn.LeakyReLU(0.01),
        "elu": torch.nn.ELU,
        "softplus": torch.nn.Softplus,
        "softmax": lambda: torch.nn.Softmax(dim=1),
    }
    layers = []
    for l in range(1, net.L + 1):
        normalised = params.gamma[l] is not None
        linear = torch.nn.Linear(net.sizes[l - 1], net.sizes[l], bias=not normalised)
        layers.append(linear)
        bias = linear.bias
        if normalised:
            norm = torch.nn.BatchNorm1d(net.sizes[l], eps=EPSILON, momentum=MOMENTUM)
            norm.weight.data = torch.tensor(params.gamma[l])
            layers.append(norm)
            bias = norm.bias
        linear.weight.data = torch.tensor(params.W[l].T.copy())
        bias.data = torch.tensor(params.b[l])
        layers.append(modules[net.f[l].name]())
    return torch.nn.Sequential(*layers).double()


def torch_gradient(net, model):
    """Return the gradients in the order of our flat vector."""
    linear = [module for module in model if type(module).__name__ == "Linear"]
    norm = [module for module in model if type(module).__name__ == "BatchNorm1d"]
    biases = [module.bias for module in (*norm, linear[-1])] if norm else [module.bias for module in linear]
    parts = (
        [module.weight.grad.T for module in linear] + [b.grad for b in biases] + [m.weight.grad for m in norm]
    )
    return np.concatenate([part.numpy().ravel() for part in parts])


@pytest.mark.parametrize(
    "hidden", ["identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus", "softmax"]
)
@pytest.mark.parametrize(("output", "cost"), TORCH_COSTS)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_torch_gives_the_same_outputs_and_gradients(hidden, output, cost, batch_norm, rng):
    torch = pytest.importorskip("torch")
    net = MLP((4, 6, 5, 3), hidden, output, cost, batch_norm=batch_norm)
    params, X = net.init(rng=rng), rng.normal(size=(12, 4))
    params.theta += 0.1 * rng.normal(size=params.theta.size)
    y = one_hot(rng.integers(3, size=12), 3)
    model = torch_network(torch, net, params)
    outputs = model(torch.tensor(X))
    value = TORCH_COSTS[output, cost](torch)(outputs, torch.tensor(y))
    value.backward()
    trace = net.forward(params, X, training=True)
    np.testing.assert_allclose(trace.output, outputs.detach().numpy(), rtol=1e-10)
    np.testing.assert_allclose(net.cost_of(params, X, y, training=True), value.item(), rtol=1e-10)
    gradient = net.backprop(params, trace, y)
    np.testing.assert_allclose(gradient.theta, torch_gradient(net, model), rtol=1e-8, atol=1e-12)
    if batch_norm:  # torch has updated its running statistics on the way
        net.update_statistics(params, trace)
        model.eval()
        np.testing.assert_allclose(net.predict(params, X), model(torch.tensor(X)).detach().numpy(), rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "settings", "torch_name", "torch_settings"),
    [
        ("GradientDescent", {}, "SGD", {}),
        ("Momentum", {"beta": 0.8}, "SGD", {"momentum": 0.8}),
        ("Nesterov", {"beta": 0.8}, "SGD", {"momentum": 0.8, "nesterov": True}),
        ("AdaGrad", {}, "Adagrad", {}),
        ("RMSProp", {"rho": 0.9}, "RMSprop", {"alpha": 0.9}),
        ("Adam", {}, "Adam", {}),
        ("Adam", {"beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3}, "Adam", {"betas": (0.5, 0.9), "eps": 1e-3}),
    ],
)
def test_torch_takes_the_same_steps(name, settings, torch_name, torch_settings, rng):
    torch = pytest.importorskip("torch")
    theta = rng.normal(size=50)
    other = torch.tensor(theta, requires_grad=True)
    ours = getattr(optimizers, name)(0.05, **settings)
    theirs = getattr(torch.optim, torch_name)([other], lr=0.05, **torch_settings)
    state = ours.init(theta)
    for g in rng.normal(size=(150, 50)):
        ours.step(theta, g, state)
        other.grad = torch.tensor(g)
        theirs.step()
    np.testing.assert_allclose(theta, other.detach().numpy(), rtol=1e-9, atol=1e-12)


def test_torch_clips_to_the_same_norm(rng):
    torch = pytest.importorskip("torch")
    g = rng.normal(size=50)
    other = torch.zeros(50, dtype=torch.float64, requires_grad=True)
    other.grad = torch.tensor(g)
    torch.nn.utils.clip_grad_norm_([other], 1.5)
    optimizers.ClipNorm(1.5).step(np.zeros(50), g, optimizers.State())
    np.testing.assert_allclose(g, other.grad.numpy(), rtol=1e-5)  # torch divides by the norm plus 1e-6
