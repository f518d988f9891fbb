"""Training: batches, history, early stopping, continuation, and trouble."""

import concurrent.futures
import dataclasses
import itertools
import math
import pickle
import signal
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fysstk_nn._interrupt import Interrupts
from fysstk_nn.costs import Penalty, one_hot
from fysstk_nn.datasets import iris
from fysstk_nn.divergence import DivergenceError
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import AdaGrad, Adam, Chain, ClipNorm, GradientDescent, Momentum, RMSProp
from fysstk_nn.params import Params
from fysstk_nn.quasi_newton import fit_quasi_newton
from fysstk_nn.schedules import InverseSqrt, Schedule, StepDecay
from fysstk_nn.train import accuracy, fit

XOR_X, XOR_Y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), [0, 1, 1, 0]


@pytest.fixture
def task(rng):
    """Return a small regression: network, parameters, samples and targets."""
    net = MLP((3, 6, 5, 2), ("tanh", "relu"))
    X = rng.normal(size=(23, 3))
    return net, net.init(rng=rng), X, np.stack([X[:, 0] * X[:, 1], np.sin(X[:, 2])], axis=1)


# What a run computes.


def test_full_batch_is_gradient_descent(task):
    net, params, X, y = task
    run = fit(net, params, X, y, optimizer=GradientDescent(0.1), epochs=5)
    theta, costs = params.theta.copy(), []
    for _ in range(5):
        moved = Params(theta, net.sizes)
        costs.append(net.cost_of(moved, X, y))
        theta -= 0.1 * net.gradient(moved, X, y).theta
    np.testing.assert_allclose(run.params.theta, theta, rtol=1e-12)
    np.testing.assert_allclose(run.history.cost, costs, rtol=1e-12)
    assert all(a > b for a, b in zip(costs, costs[1:], strict=False))


@pytest.mark.parametrize("batch_size", [1, 4, 10, 22, 23, 50])
def test_each_sample_is_used_once_in_an_epoch(task, batch_size):
    """Retrace a run with shuffled batches, penalty and dropout by the public methods."""
    _, _, X, y = task
    net = MLP((3, 6, 5, 2), "tanh", dropout=(0.1, 0.2, 0.3))
    params = net.init()
    run = fit(
        net, params, X, y, optimizer=Momentum(0.05), epochs=3, batch_size=batch_size, rng=5, l1=0.001, l2=0.01
    )
    rng, penalty = np.random.default_rng(5), Penalty(0.001, 0.01)
    moved, optimizer = params.copy(), Momentum(0.05)
    state, costs = optimizer.init(moved.theta), []
    for _ in range(3):
        order = np.arange(23) if batch_size >= 23 else rng.permutation(23)
        total = 0.0
        for i in range(0, 23, batch_size):
            rows = order[i : i + batch_size]
            trace = net.forward(moved, X[rows], training=True, rng=rng)
            gradient = net.backprop(moved, trace, y[rows])
            total += len(rows) * (net.C(trace.output, y[rows]) + penalty(moved))
            penalty.add_gradient(moved, gradient)
            optimizer.step(moved.theta, gradient.theta, state)
        costs.append(total / 23)
    np.testing.assert_allclose(run.params.theta, moved.theta, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(run.history.cost, costs, rtol=1e-10)


def test_batch_norm_keeps_running_statistics(task):
    _, _, X, y = task
    net = MLP((3, 6, 2), "tanh", batch_norm=True)
    params = net.init()
    run = fit(net, params, X, y, epochs=2, batch_size=10, rng=1)
    moved, optimizer, rng = params.copy(), Adam(), np.random.default_rng(1)
    state = optimizer.init(moved.theta)
    for _ in range(2):
        order = rng.permutation(23)
        for rows in (order[:10], order[10:20], order[20:]):
            trace = net.forward(moved, X[rows], training=True)
            optimizer.step(moved.theta, net.backprop(moved, trace, y[rows]).theta, state)
            net.update_statistics(moved, trace)
    np.testing.assert_allclose(run.params.theta, moved.theta, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(run.params.statistics, moved.statistics, rtol=1e-10)
    assert (params.mean[1] == 0).all()


def test_max_norm_shortens_the_weights_into_each_node(task):
    net, params, X, y = task
    run = fit(net, params, X, y, optimizer=GradientDescent(0.5), epochs=20, max_norm=0.7)
    lengths = [np.linalg.norm(W, axis=0) for W in run.params.W[1:]]
    assert all((length <= 0.7 + 1e-12).all() for length in lengths)
    assert any(np.isclose(length, 0.7).any() for length in lengths)
    free = fit(net, params, X, y, optimizer=GradientDescent(0.5), epochs=20, max_norm=1e6)
    np.testing.assert_array_equal(
        free.params.theta, fit(net, params, X, y, optimizer=GradientDescent(0.5), epochs=20).params.theta
    )


def test_it_learns_xor():
    net = MLP((2, 4, 1), "tanh", "sigmoid", "binary_cross_entropy")
    run = fit(net, net.init(), XOR_X, XOR_Y, optimizer=Adam(0.05), epochs=300, metrics={"accuracy": accuracy})
    np.testing.assert_allclose(net.predict(run.params, XOR_X).ravel(), XOR_Y, atol=0.05)
    assert run.history.metrics["accuracy"][-1] == 1 and run.history.cost[-1] < 0.01


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_type_from_end_to_end(task, dtype):
    net, params, X, y = task
    run = fit(net, params.astype(dtype), X, y, epochs=2, batch_size=5)
    assert run.params.dtype == dtype and all(v.dtype == dtype for v in run.state.optimizer.memory)
    if dtype == np.float32:
        exact = fit(net, params, X, y, epochs=2, batch_size=5)
        np.testing.assert_allclose(run.params.theta, exact.params.theta, rtol=1e-3, atol=1e-5)


def test_nothing_that_was_passed_in_changes(task):
    net, params, X, y = task
    before = [array.copy() for array in (params.theta, params.statistics, X, y)]
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    fit(net, params, X, y, epochs=2, batch_size=5, l2=0.1, max_norm=1.0, validation=(X, y), patience=1)
    for array, kept in zip((params.theta, params.statistics, X, y), before, strict=True):
        np.testing.assert_array_equal(array, kept)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_overwrite_trains_the_parameters_themselves(task):
    net, params, X, y = task
    expected = fit(net, params, X, y, epochs=3).params.theta
    run = fit(net, params, X, y, epochs=3, overwrite=True)
    assert run.params is params
    np.testing.assert_array_equal(params.theta, expected)


def test_the_seed_decides(task):
    net, params, X, y = task
    runs = [fit(net, params, X, y, epochs=2, batch_size=4, rng=seed).params.theta for seed in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])
    generator = np.random.default_rng(1)
    drawn = fit(net, params, X, y, epochs=2, batch_size=4, rng=generator)
    np.testing.assert_array_equal(drawn.params.theta, runs[0])
    assert generator.random() != np.random.default_rng(1).random()


def test_data_in_any_layout(task):
    net, params, X, y = task
    expected = [fit(net, params, X, y, epochs=2, batch_size=size).params.theta for size in (6, None)]
    wide = np.zeros((46, 6))
    wide[::2, ::2] = X
    for same in (np.asfortranarray(X), wide[::2, ::2], X.tolist(), X.astype(">f8")):
        runs = [fit(net, params, same, y, epochs=2, batch_size=size) for size in (6, None)]
        np.testing.assert_allclose([run.params.theta for run in runs], expected, rtol=1e-9)


# History, validation, early stopping.


def test_history(task):
    net, params, X, y = task
    worst = {"worst": lambda a, y: np.abs(a - y).max()}
    run = fit(net, params, X, y, epochs=4, metrics=worst, validation=(X[:5], y[:5]))
    history = run.history
    assert len(history.cost) == len(history.validation_cost) == run.state.epoch == 4
    assert [len(lists["worst"]) for lists in (history.metrics, history.validation_metrics)] == [4, 4]
    assert history.validation_cost[-1] == net.cost_of(run.params, X[:5], y[:5])
    assert history.metrics["worst"][-1] == np.abs(net.predict(run.params, X) - y).max()
    assert all(type(value) is float for value in history.cost + history.metrics["worst"])
    empty = fit(net, params, X, y, epochs=0)
    assert empty.history.cost == [] and np.array_equal(empty.params.theta, params.theta)


def overfitting():
    """Return a large network on few noisy samples, and a validation set that will soon get worse."""
    rng = np.random.default_rng(3)
    X, X_val = rng.uniform(-1, 1, size=(12, 1)), rng.uniform(-1, 1, size=(50, 1))
    y, y_val = (np.sin(3 * x) + 0.4 * rng.normal(size=x.shape) for x in (X, X_val))
    net = MLP((1, 40, 1), "tanh", batch_norm=True)
    arguments = {"validation": (X_val, y_val), "optimizer": Adam(0.02), "batch_size": 5, "rng": 1}
    return net, net.init(), X, y, arguments


def test_early_stopping_hands_out_the_best_parameters():
    net, params, X, y, arguments = overfitting()
    run = fit(net, params, X, y, epochs=500, patience=15, **arguments)
    costs = run.history.validation_cost
    assert len(costs) == run.state.best_epoch + 15 < 500
    assert run.state.best_epoch == np.argmin(costs) + 1 and run.state.best_cost == min(costs)
    assert net.cost_of(run.params, *arguments["validation"]) == min(costs)
    without = fit(net, params, X, y, epochs=len(costs), **arguments)
    np.testing.assert_array_equal(run.state.latest.theta, without.params.theta)
    assert run.history == without.history and without.state.best is None
    again = fit(net, run.params, X, y, epochs=100, patience=15, resume=run, **arguments)
    assert again.state.epoch == run.state.epoch  # it had stopped, and stays so
    np.testing.assert_array_equal(again.params.theta, run.params.theta)
    longer = fit(net, run.params, X, y, epochs=10, patience=40, resume=run, **arguments)
    assert longer.state.epoch == run.state.epoch + 10


# Continuation.


@settings(max_examples=15)
@given(
    parts=st.lists(st.integers(0, 4), min_size=2, max_size=4),
    batch_size=st.sampled_from([None, 1, 5, 7]),
    optimizer=st.sampled_from(
        [GradientDescent(InverseSqrt(0.1, 0.3)), Momentum(0.05), Adam(0.01), Chain(ClipNorm(0.5), Adam(0.02))]
    ),
    patience=st.sampled_from([None, 1, 3]),
    extras=st.booleans(),
)
def test_many_short_runs_are_one_long_run(parts, batch_size, optimizer, patience, extras):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(17, 2)), rng.normal(size=17)
    batch_norm = extras and batch_size != 1
    net = MLP((2, 5, 1), "tanh", dropout=0.3 if extras else 0.0, batch_norm=batch_norm)
    params = net.init(rng=1)
    arguments = {
        "optimizer": optimizer,
        "batch_size": batch_size,
        "patience": patience,
        "validation": (X[:6], y[:6]),
        "l2": 0.01,
        "metrics": {"size": lambda a, y: np.abs(a).mean()},
    }
    long = fit(net, params, X, y, epochs=sum(parts), rng=3, **arguments)
    short = fit(net, params, X, y, epochs=parts[0], rng=3, **arguments)
    for epochs in parts[1:]:
        short = pickle.loads(pickle.dumps(short))
        short = fit(net, short.params, X, y, epochs=epochs, resume=short, **arguments)
    np.testing.assert_array_equal(short.params.theta, long.params.theta)
    np.testing.assert_array_equal(short.params.statistics, long.params.statistics)
    assert short.history == long.history and short.state.epoch == long.state.epoch
    assert short.state.rng.bit_generator.state == long.state.rng.bit_generator.state


def test_a_run_can_be_continued_twice(task):
    net, params, X, y = task
    arguments = {"epochs": 3, "batch_size": 4, "validation": (X, y), "patience": 2}
    start = fit(net, params, X, y, **arguments)
    first, second = (fit(net, start.params, X, y, resume=start, **arguments) for _ in range(2))
    np.testing.assert_array_equal(first.params.theta, second.params.theta)
    assert len(start.history.cost) == 3 and start.state.epoch == 3
    assert fit(net, start.params, X, y, resume=start, overwrite=True, **arguments).params is start.params


def test_what_cannot_be_continued(task):
    net, params, X, y = task
    run = fit(net, params, X, y, epochs=1)
    with pytest.raises(ValueError, match=r"pass its own parameters: fit\(net, run\.params"):
        fit(net, params, X, y, resume=run)
    with pytest.raises(TypeError, match="resume must be what fit returned, not TrainState"):
        fit(net, run.params, X, y, resume=run.state)
    for made, other, message in [
        (Momentum(0.1), AdaGrad(0.1), r"made with Momentum\(beta=0.9, dampened=False\); .* AdaGrad\("),
        (RMSProp(), Momentum(), r"made with RMSProp\(.*\); it cannot be continued with Momentum\("),
        (
            Adam(),
            Adam(beta2=0.99),
            r"made with Adam\(beta1=0.9, beta2=0.999, .* Adam\(beta1=0.9, beta2=0.99,",
        ),
        (Adam(), Chain(ClipNorm(1), Adam()), r"it cannot be continued with Chain\(ClipNorm, Adam\("),
        (Chain(ClipNorm(1), Adam()), Adam(), r"made with Chain\(ClipNorm, Adam\("),
    ]:
        run = fit(net, params, X, y, epochs=1, optimizer=made)
        with pytest.raises(ValueError, match=message):
            fit(net, run.params, X, y, resume=run, optimizer=other)
    run = fit_quasi_newton(net, params, X, y, iterations=2)
    with pytest.raises(ValueError, match="the run was made with BFGS; it cannot be continued with Adam"):
        fit(net, run.params, X, y, resume=run)


def test_the_learning_rate_may_change_on_the_way(task):
    net, params, X, y = task
    for first, second in [
        (Adam(0.01), Adam(0.001)),
        (Momentum(InverseSqrt(0.1)), Momentum(0.01)),
        (Chain(ClipNorm(1.0), Adam(0.01)), Chain(ClipNorm(0.1), Adam(0.001))),
    ]:
        run = fit(net, params, X, y, epochs=3, optimizer=first)
        run = fit(net, run.params, X, y, epochs=3, optimizer=second, resume=run)
        assert run.state.epoch == 6 and len(run.history.cost) == 6


# Interruption.


@pytest.fixture(autouse=True)
def long_ago(monkeypatch):
    """Let no test's Ctrl-C be the second one after that of another test."""
    monkeypatch.setattr(Interrupts, "last", -math.inf)


def pressing(epochs, presses=1):
    """Return a metric that presses Ctrl-C in those epochs."""
    count = itertools.count(1)

    def metric(a, y):
        if next(count) in epochs:
            for _ in range(presses):
                signal.raise_signal(signal.SIGINT)
        return 0.0

    return {"presses": metric}


def test_an_interrupted_run_is_handed_back(task, capsys):
    net, params, X, y = task
    settings = {"batch_size": 5, "rng": 1}
    with pytest.warns(RuntimeWarning, match="interrupted: 3 of 10 epochs have been run"):
        run = fit(net, params, X, y, epochs=10, metrics=pressing([3]), **settings)
    assert "the run ends with this epoch" in capsys.readouterr().err
    assert run.interrupted and run.state.epoch == len(run.history.cost) == 3
    whole = fit(net, params, X, y, epochs=10, **settings)
    rest = fit(net, run.params, X, y, epochs=7, resume=run, **settings)
    np.testing.assert_array_equal(rest.params.theta, whole.params.theta)
    assert rest.history.cost == whole.history.cost and not rest.interrupted
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupted_run_with_patience_hands_back_the_best():
    net, params, X, y, arguments = overfitting()
    with pytest.warns(RuntimeWarning, match="interrupted: 30 of 500"):
        run = fit(net, params, X, y, epochs=500, patience=100, metrics=pressing([60]), **arguments)
    assert net.cost_of(run.params, *arguments["validation"]) == min(run.history.validation_cost)


def test_a_second_interruption_ends_it_at_once(task):
    net, params, X, y = task
    with pytest.raises(KeyboardInterrupt):
        fit(net, params, X, y, epochs=10, metrics=pressing([3], presses=2))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt):  # and where no run is on, everything is as ever
        signal.raise_signal(signal.SIGINT)


def test_an_interruption_in_the_last_epoch_is_told_as_well(task):
    """Whoever calls fit in a loop, an epoch at a time, has to know."""
    net, params, X, y = task
    with pytest.warns(RuntimeWarning, match="interrupted: 3 of 3 epochs have been run"):
        run = fit(net, params, X, y, epochs=3, metrics=pressing([3]))
    assert run.state.epoch == 3 and run.interrupted


def test_two_interruptions_end_a_loop_over_short_runs(task, monkeypatch):
    net, params, X, y = task
    metrics, runs = pressing([2, 5, 6]), []
    with pytest.warns(RuntimeWarning, match="interrupted"), pytest.raises(KeyboardInterrupt):
        for _ in range(4):
            runs.append(fit(net, params, X, y, epochs=4, metrics=metrics))
    assert [run.state.epoch for run in runs] == [2]
    monkeypatch.setattr(Interrupts, "SOON", 0.0)
    with pytest.warns(RuntimeWarning, match="interrupted"):
        runs = [fit(net, params, X, y, epochs=4, metrics=pressing([2])) for _ in range(2)]
    assert [run.state.epoch for run in runs] == [2, 2]


def test_interruptions_that_others_handle(task):
    net, params, X, y = task
    noted = []
    before = signal.signal(signal.SIGINT, lambda number, frame: noted.append(number))
    try:
        run = fit(net, params, X, y, epochs=4, metrics=pressing([2]))
    finally:
        signal.signal(signal.SIGINT, before)
    assert noted == [signal.SIGINT] and run.state.epoch == 4 and not run.interrupted
    with concurrent.futures.ThreadPoolExecutor(1) as pool:  # only the main thread may handle signals
        assert pool.submit(fit, net, params, X, y, epochs=2).result().state.epoch == 2


# Trouble.


def test_divergence_keeps_what_was_reached(task):
    net, params, X, y = task
    settings = {"optimizer": GradientDescent(StepDecay(1e-3, 1.0)), "batch_size": 1}
    good = fit(net, params, X, y, epochs=12, **settings)
    settings["optimizer"] = GradientDescent(Jump(1e-3, 12 * 23 + 5))
    with pytest.raises(DivergenceError) as caught:
        fit(net, params, X, y, epochs=40, **settings)
    error = pickle.loads(pickle.dumps(caught.value))
    assert str(error) == str(caught.value) and "in epoch 13, batch" in str(error)
    assert error.history.cost == good.history.cost
    kept = fit(net, params, X, y, epochs=10, **settings)  # of the epochs 5 and 10, 115 steps apart
    np.testing.assert_array_equal(error.params.theta, kept.params.theta)
    with pytest.raises(DivergenceError) as caught:
        fit(net, params.copy(), X, y, epochs=40, overwrite=True, **settings)
    assert caught.value.params is None and caught.value.history.cost == good.history.cost


@dataclasses.dataclass(frozen=True)
class Jump(Schedule):
    """A learning rate that is far too large from some step on."""

    eta: float
    step: int

    def __call__(self, t):
        return self.eta if t < self.step else 1e200


def test_divergence_says_where_and_what_to_try(task):
    _, _, X, y = task
    net = MLP((3, 6, 6, 2), "relu")
    with pytest.raises(FloatingPointError) as error:
        fit(net, net.init(), X, y, optimizer=GradientDescent(1e60), epochs=9, batch_size=10)
    message = str(error.value)
    assert message.startswith(
        "the cost is inf in epoch 1, batch 2. The outputs of layer 3 are finite, as large as"
    )
    assert "smaller learning rate" in message and "ClipNorm" in message


def test_divergence_in_each_place(task):
    net, params, X, y = task
    params.W[2] = np.finfo(float).max
    with pytest.raises(FloatingPointError, match=r"in epoch 1, batch 1\. Layer 2 is the first to overflow"):
        fit(net, params, X, y)
    params = net.init()
    params.W[3][0, 0] = np.nan
    with pytest.raises(ValueError, match=r"params\.theta must be finite, but params\.theta\[\d+\] is nan"):
        fit(net, params, X, y)
    params = net.init()
    with pytest.raises(FloatingPointError, match=r"The outputs of layer 3 are finite, as large as"):
        fit(net, params, X, 1e200 * y)
    with pytest.raises(FloatingPointError, match=r"not finite after epoch 1\. The parameters of layer 1"):
        fit(net, params, X, y, optimizer=Chain(GradientDescent(1e308)), l2=1e10, epochs=1)
    with pytest.raises(FloatingPointError, match=r"the validation cost is (inf|nan) after epoch 1"):
        fit(net, params, X, y, epochs=1, validation=(1e300 * X, 1e200 * y))


def test_clipping_saves_what_diverges(task):
    _, _, X, y = task
    net = MLP((3, 6, 6, 2), "relu")
    run = fit(net, net.init(), 100 * X, y, optimizer=Chain(ClipNorm(1.0), GradientDescent(0.01)), epochs=50)
    assert run.history.cost[-1] < run.history.cost[0]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"epochs": -1}, ValueError, "epochs must be at least 0, not -1"),
        ({"epochs": 1.5}, TypeError, "epochs must be an integer"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
        ({"optimizer": Adam}, TypeError, r"optimizer must be an object such as Adam\(0.001\), not ABCMeta"),
        ({"optimizer": "adam"}, TypeError, "optimizer must be an object"),
        ({"patience": 3}, ValueError, "early stopping by patience needs a validation set"),
        ({"patience": 0}, ValueError, "patience must be at least 1"),
        ({"l2": -1}, ValueError, "l2 must be >= 0"),
        ({"max_norm": 0}, ValueError, "max_norm must be > 0"),
        ({"rng": None}, TypeError, "rng must be a numpy"),
        (
            {"validation": ([[1, 2]], [[1, 2]])},
            ValueError,
            r"in validation = \(X, y\): X has 2 features",
        ),
        (
            {"validation": ([[1, 2, 3]], [[1, 2, 3]])},
            ValueError,
            r"in validation = \(X, y\): y must have shape",
        ),
        (
            {"validation": ([[1, 2, 3]], [["a", "b"]])},
            TypeError,
            r"in validation = .*y must hold real numbers",
        ),
        ({"validation": np.ones((2, 3))}, TypeError, r"validation must be a pair \(X, y\) .*, not ndarray"),
        ({"validation": ([[1, 2, 3]],)}, TypeError, r"validation must be a pair \(X, y\) .*, not 1 parts"),
        ({"validation": iris().split(0.2)}, TypeError, "validation must be a pair .*, not Split"),
        ({"validation": "ab"}, TypeError, "validation must be a pair .*, not str"),
        ({"X": [[1, 2, np.nan]]}, ValueError, r"X must be finite, but X\[0, 2\] is nan"),
        ({"X": np.empty((0, 3))}, ValueError, "X is empty"),
        ({"y": [[1, 2]]}, ValueError, "y has 1 rows, but X has 23"),
        ({"params": None}, TypeError, "params must be a Params"),
    ],
)
def test_arguments_that_make_no_sense(task, arguments, error, message):
    net, params, X, y = task
    with pytest.raises(error, match=message):
        fit(net, **{"params": params, "X": X, "y": y, "epochs": 1, **arguments})


def test_batch_norm_needs_two_rows_in_each_batch(task):
    _, _, X, y = task
    net = MLP((3, 4, 2), batch_norm=True)
    for batch_size in (1, 2, 11, 22):
        with pytest.raises(ValueError, match=f"needs 2 rows, but 23 in batches of {batch_size} leave 1"):
            fit(net, net.init(), X, y, batch_size=batch_size)


def test_progress(task, capsys):
    net, params, X, y = task
    fit(net, params, X, y, epochs=3)
    assert capsys.readouterr().err == ""
    fit(net, params, X, y, epochs=3, progress=True)
    bar = capsys.readouterr().err
    assert "3/3" in bar and "cost=" in bar


# Accuracy.


@pytest.mark.parametrize("optimizer", [Adam(0.01), GradientDescent(0.01), Chain(ClipNorm(1.0), Adam(0.01))])
def test_running_statistics_that_overflow_are_seen(optimizer, rng):
    # A column of stellar masses in kg: the cost falls, but the running variance is infinite.
    X = np.column_stack([rng.normal(size=200), 2e30 * rng.uniform(0.1, 10, 200)]).astype(np.float32)
    net = MLP((2, 8, 1), "tanh", batch_norm=True)
    params = net.init(rng=0, dtype=np.float32)
    with pytest.raises(
        FloatingPointError, match=r"the running mean .* after epoch 1: .*too large for float32"
    ):
        fit(net, params, X, X[:, :1], optimizer=optimizer, epochs=5, batch_size=20)
    run = fit(net, params.astype(np.float64), X, X[:, :1], optimizer=optimizer, epochs=5, batch_size=20)
    assert np.isfinite(net.predict(run.params, X)).all()


@pytest.mark.parametrize(
    ("output", "cost"),
    [
        ("sigmoid", "binary_cross_entropy"),
        ("softmax", "cross_entropy"),
        ("identity", "half_squared_error"),
        ("tanh", "hinge"),
    ],
)
def test_a_weight_is_a_repeated_sample(output, cost, rng):
    X, y = rng.normal(size=(12, 3)), one_hot(rng.integers(2, size=12))
    y = 2 * y - 1 if cost == "hinge" else y
    times = rng.integers(0, 4, 12)
    net = MLP((3, 4, 2), "tanh", output, cost)
    arguments = {
        "optimizer": GradientDescent(0.3),
        "epochs": 30,
        "l2": 0.01,
        "metrics": {"accuracy": accuracy},
    }
    held_out, weights = (X[:5], y[:5]), [1, 2, 0, 1, 3]
    weighted = fit(
        net, net.init(), X, y, sample_weight=0.1 * times, validation=(*held_out, weights), **arguments
    )
    held_out = tuple(part.repeat(weights, axis=0) for part in held_out)
    repeated = fit(
        net, net.init(), X.repeat(times, axis=0), y.repeat(times, axis=0), validation=held_out, **arguments
    )
    np.testing.assert_allclose(weighted.params.theta, repeated.params.theta, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(weighted.history.cost, repeated.history.cost, rtol=1e-9)
    np.testing.assert_allclose(weighted.history.validation_cost, repeated.history.validation_cost, rtol=1e-9)


def test_weights_stay_with_their_samples_in_batches(rng):
    X = rng.normal(size=(90, 1))
    y = np.where(
        np.arange(90)[:, np.newaxis] < 60, 2 * X, -5 * X
    )  # the last 30 samples speak for another slope
    net = MLP((1, 1))
    arguments = {"optimizer": GradientDescent(0.1), "epochs": 100, "batch_size": 7}
    for sample_weight, slope in ((np.arange(90) < 60, 2), (np.arange(90) >= 60, -5)):
        run = fit(net, net.init(), X, y, sample_weight=sample_weight, **arguments)
        np.testing.assert_allclose(run.params.theta, [slope, 0], atol=1e-3)
    with pytest.raises(ValueError, match=r"sample_weight must have shape \(90,\), not \(2,\)"):
        fit(net, net.init(), X, y, sample_weight=[1, 2])
    for bad in (-np.ones(90), np.zeros(90)):
        with pytest.raises(ValueError, match="sample_weight must be at least 0, and not 0 for all"):
            fit(net, net.init(), X, y, sample_weight=bad)


@pytest.mark.parametrize("optimizer", [Adam(), RMSProp(), AdaGrad()])
def test_squares_of_a_gradient_that_overflow_are_seen(optimizer):
    net = MLP((1, 1))
    with pytest.raises(
        FloatingPointError, match=r"optimizer remembers is not finite .* too large for float32"
    ):
        fit(net, net.init(dtype=np.float32), [[1.0]], [1e20], optimizer=optimizer, epochs=3)


@pytest.mark.parametrize("what", ["theta", "statistics", "memory"])
def test_whatever_a_run_keeps_is_watched(task, what):
    _, _, X, y = task
    net = MLP((3, 6, 2), "tanh", batch_norm=True)

    class Spoils(GradientDescent):
        vectors = 1

        def update(self, theta, g, memory, s, eta, t):
            array = {"theta": theta, "statistics": params.statistics, "memory": memory[0]}[what]
            array[-1] = np.inf

    params = net.init()
    with pytest.raises(FloatingPointError, match="not finite after epoch 1"):
        fit(net, params, X, y, optimizer=Chain(Spoils()), epochs=1, overwrite=True)


@pytest.mark.parametrize("hidden", ["sigmoid", "tanh", "relu"])
def test_grey_levels_into_sigmoids_are_warned_of_once(hidden, rng):
    X, net = rng.integers(0, 256, (10, 4)), MLP((4, 3, 1), hidden)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit(net, net.init(), X, X[:, :1] / 255, epochs=3, batch_size=2)
        fit(net, net.init(), X / 255, X[:, :1] / 255, epochs=1)
        fit(
            MLP((4, 3, 1), hidden, batch_norm=True),
            MLP((4, 3, 1), batch_norm=True).init(),
            X,
            X[:, :1],
            epochs=1,
        )
    if hidden == "relu":
        assert caught == []
    else:
        (warning,) = caught
        assert "X holds inputs as large as 25" in str(warning.message) and "Scale them" in str(
            warning.message
        )
        assert warning.filename == __file__


def test_accuracy_for_the_hinge_costs_targets():
    outputs, y = [[0.3], [-0.2], [0.4], [-2.0]], [[1], [1], [-1], [-1]]
    assert accuracy(outputs, y) == 0.5
    assert accuracy([[0.3], [0.7]], [[1], [1]]) == 0.5
    assert accuracy([[0.3], [0.7]], [[1], [1]], threshold=0) == 1.0


@pytest.mark.parametrize("outputs", [[[np.nan]], [[np.nan, 0.2]], [[np.inf, 0.2]]])
def test_no_accuracy_of_what_is_no_number(outputs):
    with pytest.raises(ValueError, match=r"outputs must be finite, but outputs\[0, 0\] is"):
        accuracy(outputs, np.ones_like(outputs))


def test_metrics_of_outputs_that_diverge_are_a_divergence():
    net = MLP((1, 1))
    rule = GradientDescent(1e200)
    with pytest.raises(FloatingPointError, match="the outputs are no longer finite"):
        fit(net, net.init(), [[1e150]], [1.0], optimizer=rule, epochs=1, metrics={"accuracy": accuracy})


def test_accuracy():
    assert accuracy([[0.2, 0.8], [0.9, 0.1], [0.4, 0.6]], [[0, 1], [0, 1], [0, 1]]) == pytest.approx(2 / 3)
    assert accuracy([[0.2], [0.6], [0.5]], [[0], [1], [1]]) == pytest.approx(2 / 3)
    for bad in (([0.2], [1]), ([[0.2]], [1])):
        with pytest.raises(ValueError, match="must both have shape"):
            accuracy(*bad)


def test_one_hot_targets_train_a_classifier(rng):
    labels = rng.integers(3, size=60)
    X = rng.normal(size=(60, 2)) + 3 * np.array([[0, 0], [1, 0], [0, 1]])[labels]
    net = MLP((2, 8, 3), "relu", "softmax", "cross_entropy")
    run = fit(net, net.init("he"), X, one_hot(labels), optimizer=Adam(0.02), epochs=60, batch_size=16)
    assert accuracy(net.predict(run.params, X), one_hot(labels)) > 0.9
