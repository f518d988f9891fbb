"""The estimators follow all of scikit-learn's conventions, and predict what its own networks predict."""

from __future__ import annotations

import math
import signal
import warnings

import joblib
import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn import neural_network
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits, load_iris, make_regression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score, learning_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from fysstk_nn._interrupt import Interrupts
from fysstk_nn.estimators import MLPClassifier, MLPRegressor, _hold_out
from fysstk_nn.optimizers import Adam, GradientDescent
from fysstk_nn.params import Params


def checks():
    """Yield all of scikit-learn's checks that are meant for our estimators, with several settings."""
    for settings in ({}, {"batch_norm": True}, {"patience": 5}, {"batch_norm": True, "patience": 20}):
        for model in (MLPClassifier, MLPRegressor):
            for estimator, check in estimator_checks_generator(model(epochs=40, eta=0.025, **settings)):
                name = check.func.__name__
                # There is no decision_function; and the mean and variance of a batch count all its samples
                # alike, so that with batch normalisation a weight of 2 is not the same as a sample twice.
                meant = not name.endswith("output_format_decision_function") and not (
                    estimator.batch_norm and name == "check_sample_weight_equivalence_on_dense_data"
                )
                if meant:
                    yield pytest.param(estimator, check, id=f"{model.__name__}-{name}-{settings}")


@pytest.mark.parametrize(("estimator", "check"), list(checks()))
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("patience", [None, 3])
@pytest.mark.parametrize("model", [MLPClassifier, MLPRegressor])
def test_a_weight_is_a_repeated_sample(model, patience, iris):
    X, y = iris
    times = np.random.default_rng(0).integers(0, 4, len(X))
    model = model(
        (6,), activation="tanh", epochs=40, batch_size=None, eta=0.02, patience=patience, random_state=0
    )
    weighted = clone(model).fit(X, y, sample_weight=0.5 * times)
    repeated = clone(model).fit(X.repeat(times, axis=0), y.repeat(times))
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-6)
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-6)
    if patience:
        costs = [fitted.run_.history.validation_cost for fitted in (weighted, repeated)]
        np.testing.assert_allclose(*costs, rtol=1e-6)
    pieces = clone(model).set_params(patience=None, epochs=3)
    for _ in range(3):
        pieces.partial_fit(X, y, sample_weight=times)
    whole = clone(model).set_params(patience=None, epochs=3).fit(X, y, sample_weight=times)
    np.testing.assert_array_equal(pieces.params_.theta, whole.params_.theta)


def test_class_weights_are_sample_weights(iris):
    X, y = iris[0][40:120], iris[1][40:120]  # 10, 50 and 20 of the three species
    model = MLPClassifier((5,), epochs=30, random_state=1)
    counts = np.bincount(y)
    balanced = clone(model).set_params(class_weight="balanced").fit(X, y)
    by_hand = clone(model).fit(X, y, sample_weight=1 / counts[y])
    np.testing.assert_allclose(balanced.predict_proba(X), by_hand.predict_proba(X), rtol=1e-9)
    both = (
        clone(model).set_params(class_weight={0: 2.0, 1: 1.0, 2: 0.0}).fit(X, y, sample_weight=1 / counts[y])
    )
    by_hand = clone(model).fit(X, y, sample_weight=np.array([2.0, 1.0, 0.0])[y] / counts[y])
    np.testing.assert_allclose(both.predict_proba(X), by_hand.predict_proba(X), rtol=1e-9)
    assert both.classes_.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match='class_weight="balanced" needs all samples at once'):
        clone(model).set_params(class_weight="balanced").partial_fit(X, y)
    with pytest.raises(ValueError, match=r"zero"):
        clone(model).fit(X, y, sample_weight=np.zeros(len(y)))


@pytest.mark.parametrize("patience", [None, 5])
def test_labels_that_may_apply_together(iris, patience):
    X, y = iris
    labels = np.column_stack([y > 0, y == 1, X[:, 0] > 0]).astype(int)
    model = MLPClassifier((10,), eta=0.02, epochs=150, patience=patience, random_state=0)
    whole = clone(model).fit(X, labels)
    assert whole.net_.C.name == "binary_cross_entropy" and str(whole.net_.f[-1]) == "sigmoid"
    assert whole.predict_proba(X).shape == (150, 3) and whole.classes_.tolist() == [0, 1, 2]
    assert set(np.unique(whole.predict(X))) == {0, 1} and whole.predict(X).dtype.kind == "i"
    assert whole.score(X, labels) > 0.9
    sparse = clone(model).fit(X, csr_array(labels))
    np.testing.assert_array_equal(sparse.params_.theta, whole.params_.theta)
    pieces = clone(model).partial_fit(X, labels).partial_fit(X, labels)
    np.testing.assert_array_equal(
        pieces.params_.theta, clone(model).set_params(epochs=2, patience=None).fit(X, labels).params_.theta
    )
    with pytest.raises(ValueError, match=r"y has shape \(150, 2\), but the first call"):
        pieces.partial_fit(X, labels[:, :2])
    with pytest.raises(ValueError, match="y has several columns that are not all zeros and ones"):
        clone(model).fit(X, labels + np.arange(3))


def test_a_tenth_that_is_smaller_than_the_number_of_classes_is_held_out_at_random():
    X = np.random.default_rng(0).normal(size=(40, 2))
    model = MLPClassifier((4,), epochs=5, patience=2, random_state=0).fit(X, np.arange(40) % 8)
    assert model.predict_proba(X).shape == (40, 8)
    with pytest.raises(ValueError, match="patience holds out a tenth of the samples, but of n_samples=1"):
        MLPClassifier((4,), patience=2).fit(X[:1], [0])
    with pytest.raises(ValueError, match="of n_samples=3 only one is different"):
        MLPClassifier((4,), patience=2).fit(X[[0, 0, 0]], [0, 0, 0])


def test_copies_of_a_sample_are_held_out_together():
    X = np.random.default_rng(0).normal(size=(40, 2)).repeat(5, axis=0)
    y = np.arange(200)[:, np.newaxis] // 5 % 2
    held_out = _hold_out(X, y, 0)
    assert held_out.sum() == 20 and y[held_out].sum() == 10
    assert not {row.tobytes() for row in X[held_out]} & {row.tobytes() for row in X[~held_out]}
    order = np.random.default_rng(1).permutation(200)
    np.testing.assert_array_equal(_hold_out(X[order], y[order], 0), held_out[order])


@pytest.mark.parametrize("model", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        (
            {"hidden": "ab"},
            TypeError,
            r"hidden must hold the size of each hidden layer, such as \(100,\), not str",
        ),
        ({"hidden": None}, TypeError, "hidden must hold .*, not NoneType"),
        ({"hidden": (3, 2.5)}, TypeError, r"hidden\[1\] must be an integer, not float"),
        ({"hidden": 0}, ValueError, r"hidden\[0\] must be at least 1"),
        ({"batch_size": "auto"}, TypeError, "batch_size must be an integer, not str"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
        ({"activation": np.tanh}, TypeError, "an activation is given by its name .*, not as ufunc"),
        ({"activation": None}, TypeError, "an activation is given by its name .*, not as NoneType"),
        ({"optimizer": "adam"}, TypeError, "optimizer must be an object such as"),
        ({"eta": "adaptive"}, TypeError, "eta must be a number"),
        ({"epochs": None}, TypeError, "epochs must be an integer"),
        ({"patience": True}, TypeError, "patience must be an integer"),
        ({"scheme": 3}, TypeError, "initialis"),
        ({"dropout": "no"}, TypeError, "dropout must be a number"),
        ({"l2": None}, TypeError, "l2 must be a number"),
    ],
)
def test_settings_that_make_no_sense_are_named(model, settings, error, message, iris):
    with pytest.raises(error, match=message):
        model(**{"hidden": (4,), "epochs": 1, **settings}).fit(*iris)


def test_one_hidden_layer_may_be_a_number_and_a_batch_all_samples(iris):
    X, y = iris
    ours, written_out = (
        MLPClassifier(8, batch_size=None, epochs=2),
        MLPClassifier((8,), batch_size=150, epochs=2),
    )
    for model in (ours, written_out):
        model.set_params(random_state=0).fit(X, y)
    np.testing.assert_array_equal(ours.params_.theta, written_out.params_.theta)
    with pytest.raises(
        ValueError, match=r"batch_norm needs at least 2 samples to train on, .* but n_samples=1"
    ):
        MLPRegressor((4,), batch_norm=True).fit(X[:1], y[:1])


def test_partial_fit_with_other_classes_is_refused(iris):
    X, y = iris
    model = MLPClassifier((4,)).partial_fit(X, y, classes=[0, 1, 2]).partial_fit(X, y, classes=[2, 1, 0])
    with pytest.raises(ValueError, match=r"classes=\[0, 1, 2, 3\] is not the same as in the first call"):
        model.partial_fit(X, y, classes=[0, 1, 2, 3])


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.mark.parametrize("activation, theirs", [("tanh", "tanh"), ("relu", "relu"), ("sigmoid", "logistic")])
@pytest.mark.parametrize("classes", [2, 3])
def test_same_weights_same_probabilities(activation, theirs, classes, iris):
    X, y = iris
    X, y = X[y < classes], y[y < classes]
    ours = MLPClassifier((6, 5), activation=activation, epochs=20, random_state=1).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = neural_network.MLPClassifier((6, 5), activation=theirs, max_iter=1).fit(X, y)
    peer.coefs_, peer.intercepts_ = ours.params_.W[1:], ours.params_.b[1:]
    np.testing.assert_allclose(ours.predict_proba(X), peer.predict_proba(X), rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(ours.predict(X), peer.predict(X))


def test_same_weights_same_regression():
    X, y = make_regression(60, 4, n_targets=2, random_state=0)
    ours = MLPRegressor((7,), activation="tanh", epochs=5, random_state=0).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = neural_network.MLPRegressor(hidden_layer_sizes=(7,), activation="tanh", max_iter=1).fit(X, y)
    peer.coefs_, peer.intercepts_ = ours.params_.W[1:], ours.params_.b[1:]
    np.testing.assert_allclose(ours.predict(X), peer.predict(X), rtol=1e-12)


@pytest.mark.parametrize("model", [MLPClassifier, MLPRegressor])
def test_partial_fit_is_fit_in_pieces(model, iris):
    X, y = iris
    whole = model((5,), epochs=7, batch_size=32, random_state=3).fit(X, y)
    pieces = model((5,), epochs=7, batch_size=32, random_state=3)
    for _ in range(7):
        pieces.partial_fit(X, y)
    np.testing.assert_array_equal(whole.params_.theta, pieces.params_.theta)
    assert whole.n_iter_ == pieces.n_iter_ == 7
    assert whole.loss_curve_ == pieces.loss_curve_
    assert pieces.epochs == 7


def test_partial_fit_wants_to_know_all_classes(iris):
    X, y = iris
    model = MLPClassifier((4,), random_state=0).partial_fit(X[:60], y[:60], classes=[0, 1, 2])
    model.partial_fit(X, y)
    assert model.predict_proba(X).shape == (150, 3)
    with pytest.raises(ValueError, match=r"y holds \[2\], but the classes are \[0, 1\]"):
        MLPClassifier((4,)).partial_fit(X[:100], y[:100]).partial_fit(X, y)


def test_labels_may_be_strings(iris):
    X, y = iris
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    model = MLPClassifier((10,), eta=0.01, epochs=150, random_state=0).fit(X, names)
    assert model.score(X, names) > 0.95
    assert model.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X), atol=1e-15)


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not(iris):
    X, y = iris
    model = MLPClassifier((5,), epochs=3, dropout=0.2, random_state=5)
    first, second = clone(model).fit(X, y), clone(model).fit(X, y)
    np.testing.assert_array_equal(first.params_.theta, second.params_.theta)
    other = clone(model).set_params(random_state=6).fit(X, y)
    assert not np.array_equal(first.params_.theta, other.params_.theta)
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - that it is left alone is the point
    clone(model).fit(X, y)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_patience_stops_early_and_keeps_the_best(iris):
    X, y = iris
    model = MLPClassifier((20,), eta=0.05, epochs=500, patience=5, random_state=0).fit(X, y)
    assert model.n_iter_ < 500
    assert len(model.run_.history.validation_cost) == model.n_iter_
    assert model.score(X, y) > 0.9


def test_batch_norm_never_meets_a_single_row(iris):
    X, y = iris
    model = MLPClassifier((5,), batch_norm=True, batch_size=50, epochs=2, random_state=0)
    assert model.fit(X[:101], y[:101]).score(X[:101], y[:101]) > 0.3


def test_float32_stays_float32(iris):
    X, y = iris
    model = MLPClassifier((5,), epochs=2, random_state=0).fit(X.astype(np.float32), y)
    assert model.params_.dtype == np.float32
    assert model.predict_proba(X.astype(np.float32)).dtype == np.float32


def test_any_optimizer_of_the_package(iris):
    X, y = iris
    model = MLPClassifier((5,), optimizer=GradientDescent(0.3), epochs=100, random_state=0)
    assert clone(model).get_params()["optimizer"] == GradientDescent(0.3)
    assert model.fit(X, y).score(X, y) > 0.9


def test_a_model_survives_joblib(iris, tmp_path):
    X, y = iris
    model = MLPClassifier((5,), epochs=5, random_state=0).fit(X, y)
    joblib.dump(model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert isinstance(loaded.params_, Params)


def test_searches_curves_and_calibration(iris):
    X, y = iris
    pipeline = make_pipeline(StandardScaler(), MLPClassifier((5,), epochs=20, eta=0.02, random_state=0))
    grid = GridSearchCV(pipeline, {"mlpclassifier__hidden": [(2,), (8,)]}, cv=3).fit(X, y)
    assert grid.best_params_["mlpclassifier__hidden"] == (8,)
    draws = {"mlpclassifier__eta": [0.0001, 0.02], "mlpclassifier__activation": ["tanh", "relu"]}
    search = RandomizedSearchCV(pipeline, draws, n_iter=3, cv=3, random_state=0).fit(X, y)
    assert search.best_score_ > 0.8
    assert cross_val_score(pipeline, X, y, cv=3).min() > 0.7
    sizes, _, scores = learning_curve(
        pipeline, X, y, cv=3, train_sizes=[0.3, 1.0], shuffle=True, random_state=0
    )
    assert len(sizes) == 2 and scores.shape == (2, 3)
    calibrated = CalibratedClassifierCV(pipeline, cv=3).fit(X, y)
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)


def test_digits():
    X, y = load_digits(return_X_y=True)
    model = MLPClassifier((40,), eta=0.005, epochs=20, batch_size=32, random_state=0).fit(
        X[:1200] / 16, y[:1200]
    )
    assert model.score(X[1200:] / 16, y[1200:]) > 0.9


def test_the_cost_that_diverges_says_so(iris):
    X, y = iris
    with pytest.raises(FloatingPointError, match="smaller learning rate"):
        MLPRegressor((5,), optimizer=GradientDescent(1e6), epochs=50, activation="identity").fit(100 * X, y)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_ctrl_c_ends_what_the_estimator_is_a_part_of(method, monkeypatch):
    """The model keeps what it has learned; a search, or a loop, ends."""
    monkeypatch.setattr(Interrupts, "last", -math.inf)
    X, y = load_iris(return_X_y=True)
    model = MLPClassifier((5,), epochs=50, random_state=0)
    if method == "partial_fit":
        model.partial_fit(X, y)
    step = Adam.update

    def press(self, theta, g, memory, s, eta, t):
        if t == 3:
            signal.raise_signal(signal.SIGINT)
        step(self, theta, g, memory, s, eta, t)

    monkeypatch.setattr(Adam, "update", press)
    with pytest.warns(RuntimeWarning, match="interrupted"), pytest.raises(KeyboardInterrupt):
        for _ in range(9):
            getattr(model, method)(X, y)
    assert model.n_iter_ == 3 and model.predict(X).shape == y.shape
