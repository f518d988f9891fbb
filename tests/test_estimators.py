"""The estimators follow all of scikit-learn's conventions, and predict what its own networks predict."""

from __future__ import annotations

import warnings

import joblib
import numpy as np
import pytest
from sklearn import neural_network
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits, load_iris, make_regression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score, learning_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from fysstk_nn.estimators import MLPClassifier, MLPRegressor
from fysstk_nn.optimizers import GradientDescent
from fysstk_nn.params import Params


@parametrize_with_checks([MLPClassifier(epochs=100, eta=0.01), MLPRegressor(epochs=100, eta=0.01)])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


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
