"""Whatever is public says which argument is wrong: right calls, spoilt in one argument at a time."""

import importlib
import inspect
import pkgutil
import re
import traceback
from pathlib import Path

import numpy as np
import pytest

import fysstk_nn
from fysstk_nn import autodiff, gradcheck, linear, params, perceptron, scalar
from fysstk_nn import datasets as ds
from fysstk_nn.activations import ACTIVATIONS, ELU, LeakyReLU, activation
from fysstk_nn.autodiff import Dual, Var
from fysstk_nn.costs import COSTS, Penalty, cost_function, one_hot
from fysstk_nn.estimators import MLPClassifier, MLPRegressor
from fysstk_nn.files import from_json, load, save, to_json
from fysstk_nn.gates import design_matrix
from fysstk_nn.idx import find_idx, read_idx
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import (
    AdaGrad,
    Adam,
    AdamW,
    Chain,
    ClipNorm,
    ClipValue,
    GradientDescent,
    Momentum,
    Nesterov,
    RMSProp,
)
from fysstk_nn.quasi_newton import fit_quasi_newton
from fysstk_nn.schedules import (
    Constant,
    Cosine,
    ExponentialDecay,
    InverseSqrt,
    InverseTime,
    StepDecay,
    WarmUp,
)
from fysstk_nn.train import accuracy, fit

X, Y = np.arange(8.0).reshape(4, 2) / 8, np.array([[0.0], [1.0], [1.0], [0.0]])
NET = MLP((2, 3, 1), "tanh", "sigmoid", "binary_cross_entropy")
THETA = NET.init()
TRACE = NET.forward(THETA, X)
RUN = fit(NET, THETA, X, Y, epochs=1)
S = ds.Samples(X, np.array([0, 0, 1, 1]), ("a", "b"), "made up")
CHAIN = {"w": [0.1, 0.2], "b": [0.1, 0.2], "f": "tanh"}
TWO = {"x": 1.0, "y": 0.5, "w1": 0.1, "b1": 0.1, "w2": 0.1, "b2": 0.1, "f1": "tanh", "f2": "sigmoid"}


def estimator(model):
    """Return a function that makes and fits an estimator: fit looks at the settings."""
    return lambda **settings: model(**settings).fit(X, [0, 1, 1, 0])


SETTINGS = {
    **{"hidden": (2,), "activation": "tanh", "eta": 0.1, "optimizer": None, "epochs": 1, "batch_size": 2},
    **{"l2": 0.1, "dropout": 0.1, "batch_norm": False, "scheme": "he", "patience": None},
}

# By name, a function and arguments that are right.
CALLS = {
    **{f"activations.{f}": (f, {"z": X}) for f in ACTIVATIONS.values()},
    **{
        f"activations.{f}.derivative": (f.derivative, {"z": X})
        for f in ACTIVATIONS.values()
        if f.name != "softmax"
    },
    **{f"activations.{f}.slope": (f.slope, {"a": X}) for f in ACTIVATIONS.values() if f.name != "softmax"},
    "activations.softmax.jacobian": (ACTIVATIONS["softmax"].jacobian, {"z": X}),
    "activations.activation": (activation, {"name": "tanh"}),
    "activations.ELU": (ELU, {"alpha": 1.0}),
    "activations.LeakyReLU": (LeakyReLU, {"alpha": 1.0}),
    **{
        f"autodiff.{name}": (getattr(autodiff, name), {"x": 0.5})
        for name in ("exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu")
    },
    "autodiff.Var": (Var, {"value": 1.0, "name": "x"}),
    "autodiff.Dual": (Dual, {"value": 1.0, "tangent": 1.0}),
    "autodiff.grad": (autodiff.grad, {"f": Var(1.0), "variables": [Var(1.0)]}),
    "autodiff.gradients": (autodiff.gradients, {"f": Var(1.0)}),
    "autodiff.graph": (autodiff.graph, {"f": Var(1.0)}),
    "autodiff.trace_table": (autodiff.trace_table, {"f": Var(1.0)}),
    "autodiff.count_operations": (lambda outputs: autodiff.count_operations(outputs), {"outputs": Var(1.0)}),
    "autodiff.forward_derivative": (
        autodiff.forward_derivative,
        {"fun": lambda x: x * x, "x": 1.0, "direction": 1.0},
    ),
    **{
        f"costs.{C}": (C, {"a": Y, "y": Y})
        for C in COSTS.values()
        if C.name not in ("hinge", "cross_entropy")
    },
    "costs.hinge": (COSTS["hinge"], {"a": Y, "y": 2 * Y - 1}),
    "costs.cross_entropy": (COSTS["cross_entropy"], {"a": Y, "y": Y**0}),
    "costs.cost_function": (cost_function, {"name": "hinge"}),
    "costs.Penalty": (Penalty, {"l1": 0.1, "l2": 0.1}),
    "costs.one_hot": (one_hot, {"labels": [0, 1], "classes": 2, "dtype": np.float32}),
    "datasets.gate": (ds.gate, {"name": "XOR"}),
    "datasets.polynomial": (ds.polynomial, {"n": 5, "rng": 0, "noise": 0.1}),
    "datasets.scalar_curve": (
        ds.scalar_curve,
        {"n": 5, "function": np.sin, "low": 0.0, "high": 1.0, "rng": 0, "noise": 0.1},
    ),
    "datasets.mnist": (ds.mnist, {"source": "sample"}),
    "datasets.shift": (ds.shift, {"X": np.ones((2, 9)), "down": 1, "right": 1}),
    "datasets.deskew": (ds.deskew, {"X": np.ones((2, 9))}),
    "datasets.Samples.split": (S.split, {"test": 0.5, "rng": 0}),
    "datasets.Samples.take": (S.take, {"rows": [0, 1]}),
    "estimators.MLPClassifier": (estimator(MLPClassifier), SETTINGS),
    "estimators.MLPRegressor": (estimator(MLPRegressor), SETTINGS),
    "files.save": (save, {"path": "nowhere/file", "net": NET, "params": THETA}),
    "files.load": (load, {"path": "nowhere"}),
    "files.to_json": (to_json, {"net": NET, "params": THETA}),
    "files.from_json": (from_json, {"text": to_json(NET, THETA)}),
    "gates.design_matrix": (design_matrix, {"X": X}),
    "gradcheck.central_difference": (gradcheck.central_difference, {"f": np.sum, "x": [1.0], "h": 0.1}),
    "gradcheck.complex_step": (gradcheck.complex_step, {"f": np.sum, "x": [1.0], "h": 0.1}),
    "gradcheck.jacobian_central": (gradcheck.jacobian_central, {"f": np.sin, "x": [1.0], "h": 0.1}),
    "gradcheck.check_gradient": (
        gradcheck.check_gradient,
        {"f": np.sum, "gradient": np.ones_like, "x": [1.0], "rtol": 0.1},
    ),
    "gradcheck.relative_error": (gradcheck.relative_error, {"a": X, "b": X, "floor": 0.1}),
    "idx.find_idx": (find_idx, {"folder": Path("nowhere"), "name": "x", "axes": 1}),
    "idx.read_idx": (read_idx, {"path": Path("nowhere"), "axes": 1}),
    "linear.ols": (linear.ols, {"X": X, "y": Y[:, 0]}),
    "linear.accuracy": (linear.accuracy, {"y": [1], "yhat": [1]}),
    "linear.is_separable": (linear.is_separable, {"X": X, "y": Y[:, 0]}),
    "linear.logistic_cost": (linear.logistic_cost, {"X": X, "y": Y[:, 0], "theta": [0.1, 0.1], "l2": 0.1}),
    "linear.logistic_regression": (
        linear.logistic_regression,
        {"X": design_matrix(X), "y": Y[:, 0], "l2": 0.1, "max_iterations": 10},
    ),
    **{
        f"linear.{name}": (getattr(linear, name), {"X": X, "theta": [0.1, 0.1]})
        for name in ("predict_class", "predict_linear", "predict_proba")
    },
    "mlp.MLP": (
        MLP,
        {
            "sizes": (2, 3, 1),
            "hidden": "tanh",
            "output": "sigmoid",
            "cost": "hinge",
            "dropout": 0.1,
            "batch_norm": False,
        },
    ),
    "mlp.MLP.init": (NET.init, {"scheme": "he", "rng": 0, "dtype": np.float64, "bias": 0.1}),
    "mlp.MLP.forward": (NET.forward, {"params": THETA, "X": X, "training": False, "rng": None}),
    "mlp.MLP.predict": (NET.predict, {"params": THETA, "X": X}),
    "mlp.MLP.backprop": (NET.backprop, {"params": THETA, "trace": TRACE, "y": Y, "out": None}),
    "mlp.MLP.deltas": (NET.deltas, {"params": THETA, "trace": TRACE, "y": Y}),
    "mlp.MLP.cost_of": (
        NET.cost_of,
        {"params": THETA, "X": X, "y": Y, "training": False, "rng": None, "penalty": Penalty()},
    ),
    "mlp.MLP.gradient": (
        NET.gradient,
        {"params": THETA, "X": X, "y": Y, "training": False, "rng": None, "penalty": Penalty()},
    ),
    "optimizers.GradientDescent": (GradientDescent, {"eta": 0.1}),
    "optimizers.Momentum": (Momentum, {"eta": 0.1, "beta": 0.1, "dampened": False}),
    "optimizers.Nesterov": (Nesterov, {"eta": 0.1, "beta": 0.1}),
    "optimizers.AdaGrad": (AdaGrad, {"eta": 0.1, "epsilon": 0.1}),
    "optimizers.RMSProp": (RMSProp, {"eta": 0.1, "rho": 0.1, "epsilon": 0.1}),
    "optimizers.Adam": (Adam, {"eta": 0.1, "beta1": 0.1, "beta2": 0.1, "epsilon": 0.1}),
    "optimizers.AdamW": (AdamW, {"eta": 0.1, "beta1": 0.1, "beta2": 0.1, "epsilon": 0.1, "decay": 0.1}),
    "optimizers.ClipNorm": (ClipNorm, {"limit": 0.1}),
    "optimizers.ClipValue": (ClipValue, {"limit": 0.1}),
    "optimizers.Chain": (lambda rules: Chain(rules), {"rules": Adam()}),
    "optimizers.Optimizer.step": (
        Adam().step,
        {"theta": np.ones(2), "gradient": np.ones(2), "state": Adam().init(np.ones(2))},
    ),
    "optimizers.Optimizer.init": (Adam().init, {"theta": np.ones(2)}),
    "params.Constant": (params.Constant, {"c": 1.0}),
    "params.Normal": (params.Normal, {"s": 1.0}),
    "params.Sparse": (params.Sparse, {"k": 1}),
    "params.init_params": (
        params.init_params,
        {"sizes": (2, 1), "scheme": "he", "rng": 0, "dtype": np.float32, "bias": 0.1, "batch_norm": False},
    ),
    "params.initialiser": (params.initialiser, {"scheme": "he"}),
    "params.Params": (
        params.Params,
        {"theta": np.ones(3), "sizes": (2, 1), "batch_norm": False, "statistics": np.ones(0)},
    ),
    "params.Params.from_layers": (params.Params.from_layers, {"layers": [([[1.0]], [1.0])]}),
    "params.Params.astype": (THETA.astype, {"dtype": np.float32}),
    "perceptron.step_neuron": (perceptron.step_neuron, {"X": X, "w": [1.0, 1.0], "b": 0.1}),
    "perceptron.rosenblatt": (
        perceptron.rosenblatt,
        {"X": X, "y": [1, 1, 0, 0], "epochs": 2, "eta": 1.0, "w": [1.0, 1.0], "b": 0.1},
    ),
    "perceptron.convergence_bound": (
        perceptron.convergence_bound,
        {"X": [[0.0], [1.0]], "y": [0, 1], "w": [1.0], "b": -0.5},
    ),
    "perceptron.gradients": (perceptron.gradients, {"x": 1.0, "y": 0.5, "w1": 0.1, "b1": 0.1}),
    "perceptron.train": (
        perceptron.train,
        {"x": 1.0, "y": 0.5, "w1": 0.1, "b1": 0.1, "eta": 0.1, "epochs": 2},
    ),
    "quasi_newton.fit_quasi_newton": (
        fit_quasi_newton,
        {
            "net": NET,
            "params": THETA,
            "X": X,
            "y": Y,
            "method": "BFGS",
            "iterations": 2,
            "tolerance": 0.1,
            "l2": 0.1,
        },
    ),
    "scalar.gradients": (scalar.gradients, TWO),
    "scalar.gradients_chain": (scalar.gradients_chain, {"x": 1.0, "y": 0.5, **CHAIN}),
    "scalar.train": (scalar.train, {**TWO, "eta": 0.1, "epochs": 2, "l1": 0.1, "l2": 0.1}),
    **{f"schedules.{kind.__name__}": (kind, {"eta": 0.1}) for kind in (Constant,)},
    **{
        f"schedules.{kind.__name__}": (kind, {"eta": 0.1, "decay": 0.1})
        for kind in (ExponentialDecay, InverseSqrt, InverseTime)
    },
    "schedules.StepDecay": (StepDecay, {"eta": 0.1, "factor": 0.1, "every": 2}),
    "schedules.Cosine": (Cosine, {"eta": 0.1, "steps": 2, "last": 0.1}),
    "schedules.WarmUp": (WarmUp, {"eta": 0.1, "steps": 2}),
    "train.accuracy": (accuracy, {"outputs": Y, "y": Y, "threshold": 0.5}),
    "train.fit": (
        fit,
        {
            **{
                "net": NET,
                "params": THETA,
                "X": X,
                "y": Y,
                "optimizer": Adam(),
                "epochs": 1,
                "batch_size": 2,
                "rng": 0,
            },
            **{
                "sample_weight": np.ones(4),
                "validation": (X, Y),
                "patience": 2,
                "l1": 0.1,
                "l2": 0.1,
                "max_norm": 1.0,
            },
            **{"metrics": {"accuracy": accuracy}, "progress": False, "resume": None, "overwrite": False},
        },
    ),
}
MASKED = np.ma.masked_array([[1.0, 2.0], [3.0, 4.0]], [[True, False], [False, False]])
WRONG = {
    "an object": object(),
    "None": None,
    "a string": "no such thing",
    "NaN": np.nan,
    "a dict": {"a": 1},
    "strings": ["a", "b"],
    "a ragged list": [[1.0], [1.0, 2.0]],
    "a masked array": MASKED,
}

OPTIONAL = {
    "batch_size",
    "classes",
    "dtype",
    "function",
    "h",
    "max_norm",
    "metrics",
    "name",
    "optimizer",
    "out",
    "patience",
    "resume",
    "rng",
    "sample_weight",
    "source",
    "statistics",
    "threshold",
    "validation",
    "w",
}
"""Arguments that may be None, in one function or another."""

MAY_BE_NAN = {"activations", "autodiff"}
"""Modules whose functions hand NaN on, as NumPy's do."""

LEFT_OUT = {
    "Activation, Cost, Initialiser, Optimizer, Rule, Schedule": "abstract",
    "Fit, History, Samples, Split, State, TrainState, Trace, GradientCheck, Rosenblatt, Training": "results",
    "DivergenceError, SeparableDataError": "errors",
    "glorot, he, lecun, zeros, Weighted": "called with arguments that are checked before",
    "dropout_batch_norm, divergence, runs, plain": "inner parts of mlp and train",
    "half_adder, nand, truth_table, xor_from_nands, Gate": "truth tables, for whatever has them",
    "forward, cost, forward_chain, cost_chain": "formulas that SymPy reads as well",
    "Checkpoint, save_run, load_run": "tested with files",
    "constant, normal, sparse": "other names",
    "digits, iris": "no arguments",
}
"""What the table does not hold, and why."""


def public():
    """Yield the full names of all functions and classes that the modules of the algebra export."""
    for module in pkgutil.iter_modules(fysstk_nn.__path__):
        for name in getattr(importlib.import_module(f"fysstk_nn.{module.name}"), "__all__", ()):
            if callable(getattr(importlib.import_module(f"fysstk_nn.{module.name}"), name)):
                yield module.name, name


def test_the_table_is_complete():
    left_out = set(", ".join(LEFT_OUT).split(", "))
    held = {name.partition(".")[2].partition(".")[0] for name in CALLS}
    missing = [f"{m}.{n}" for m, n in public() if n not in held and not {m, n} & left_out]
    assert not missing, f"give these a right call in the table: {missing}"


@pytest.mark.parametrize("name", CALLS)
def test_right_arguments_are_taken(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    function, right = CALLS[name]
    try:
        call(function, right)
    except FileNotFoundError as error:
        assert "nowhere" in str(error)


@pytest.mark.parametrize("name", CALLS)
def test_wrong_arguments_are_named(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    function, right = CALLS[name]
    for argument in right:
        for what, value in WRONG.items():
            may = (
                (what == "None" and argument in OPTIONAL)
                or (what == "NaN" and name.partition(".")[0] in MAY_BE_NAN)
                or (what == "a string" and argument in ("name", "path"))
            )
            try:
                with np.errstate(invalid="ignore"):
                    call(function, {**right, argument: value})
            except (TypeError, ValueError, OSError) as error:
                assert may or is_our_own(error) or re.search(rf"\b{argument}\b", str(error)), (
                    f"{name}({argument}={what}) fails from inside: {error!r}"
                )
            else:
                assert may, f"{name}({argument}={what}) is taken in silence"


def call(function, arguments):
    """Call a function by the names of its arguments, or by their places where they have no names."""
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:  # pragma: no cover
        parameters = {}
    if set(arguments) <= set(parameters) or any(p.kind == p.VAR_KEYWORD for p in parameters.values()):
        return function(**arguments)
    return function(*arguments.values())


def is_our_own(error):
    """Return whether the package raised the error itself, in a sentence of its own."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return "fysstk_nn" in last.filename and (last.line or "").startswith("raise ")


@pytest.mark.parametrize("model", [MLPClassifier, MLPRegressor])
def test_estimators_take_no_masked_arrays(model):
    masked = {
        "X": (np.ma.masked_equal(X, X[1, 1]), [0, 1, 1, 0]),
        "y": (X, np.ma.masked_equal([0, 1, 2, 0], 2)),
        "sample_weight": (X, [0, 1, 1, 0], np.ma.masked_equal([1, 2, 3, 4], 3)),
    }
    for name, arguments in masked.items():
        with pytest.raises(ValueError, match=f"{name} is a masked array that hides some of its numbers"):
            model((2,), epochs=1).fit(*arguments)
    with pytest.raises(ValueError, match="X is a masked array"):
        model((2,), epochs=1).fit(*masked["y"][:1], [0, 1, 1, 0]).predict(masked["X"][0])


def test_a_masked_array_that_hides_nothing_is_an_array():
    open_array = np.ma.masked_equal(X, -1)
    np.testing.assert_array_equal(NET.predict(THETA, open_array), NET.predict(THETA, X))
    with pytest.raises(ValueError, match="X is a masked array"):
        NET.predict(THETA, [np.ma.masked_equal([1.0, 2.0], 2.0)])
