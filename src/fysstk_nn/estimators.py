"""scikit-learn estimators: the network inside pipelines, cross-validation and hyperparameter searches.

They add no mathematics. Each one checks its data as scikit-learn does, chooses the output layer and the cost
that suit the task, and calls `train.fit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import check_is_fitted, validate_data

from fysstk_nn._validate import Array
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import Adam, Rule
from fysstk_nn.params import Initialiser, Params
from fysstk_nn.runs import Fit
from fysstk_nn.train import fit

__all__ = ["MLPClassifier", "MLPRegressor"]

FLOATS = (np.float64, np.float32)


class _Network(BaseEstimator):  # type: ignore[misc]
    """What the classifier and the regressor share."""

    net_: MLP
    run_: Fit
    n_features_in_: int

    def __init__(
        self,
        hidden: Sequence[int] = (100,),
        activation: str = "relu",
        eta: float = 0.001,
        optimizer: Rule | None = None,
        epochs: int = 200,
        batch_size: int = 200,
        l2: float = 0.0,
        dropout: float = 0.0,
        batch_norm: bool = False,
        scheme: str | Initialiser = "glorot",
        patience: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.eta = eta
        self.optimizer = optimizer
        self.epochs = epochs
        self.batch_size = batch_size
        self.l2 = l2
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.scheme = scheme
        self.patience = patience
        self.random_state = random_state

    @property
    def params_(self) -> Params:
        """The trained parameters."""
        return self.run_.params

    @property
    def n_iter_(self) -> int:
        """How many epochs have been run."""
        return self.run_.state.epoch

    @property
    def loss_curve_(self) -> list[float]:
        """The training cost in each epoch."""
        return self.run_.history.cost

    def _train(self, X: Array, y: Array, stratify: Any, output: str, cost: str) -> Self:
        """Make a network for this data and train it from the start."""
        sizes = (X.shape[1], *self.hidden, y.shape[1])
        self.net_ = MLP(sizes, self.activation, output, cost, self.dropout, self.batch_norm)
        # scikit-learn's random states are of NumPy's older kind; one number from it seeds ours.
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1))
        start = self.net_.init(self.scheme, rng=rng, dtype=X.dtype)
        validation = None
        if self.patience is not None:
            seed = int(rng.integers(2**31 - 1))
            X, X_val, y, y_val = train_test_split(X, y, test_size=0.1, random_state=seed, stratify=stratify)
            validation = (X_val, y_val)
        self.run_ = fit(
            self.net_,
            start,
            X,
            y,
            optimizer=self._rule(),
            epochs=self.epochs,
            batch_size=self._batch_size(len(X)),
            rng=rng,
            validation=validation,
            patience=self.patience,
            l2=self.l2,
        )
        return self

    def _go_on(self, X: Array, y: Array) -> Self:
        """Train one epoch more, from where the last one ended."""
        self.run_ = fit(
            self.net_,
            self.run_.params,
            X,
            y,
            optimizer=self._rule(),
            epochs=1,
            batch_size=self._batch_size(len(X)),
            l2=self.l2,
            resume=self.run_,
        )
        return self

    def _rule(self) -> Rule:
        return Adam(self.eta) if self.optimizer is None else self.optimizer

    def _batch_size(self, n: int) -> int:
        """Return the batch size, larger by 1 where batch normalisation would be left with a single row."""
        size = min(self.batch_size, n)
        while self.batch_norm and size < n and n % size == 1:
            size += 1
        return size

    def _outputs(self, X: Any) -> Array:
        """Return the network's outputs for checked samples."""
        check_is_fitted(self, "run_")
        X = validate_data(self, X, dtype=FLOATS, reset=False)
        return self.net_.predict(self.params_, X)


class MLPClassifier(ClassifierMixin, _Network):  # type: ignore[misc]
    """A multilayer perceptron that chooses one of several classes.

    Two classes have one sigmoid output and the binary cross-entropy, more classes have softmax outputs and
    the cross-entropy, as in scikit-learn's estimator of the same name. With the same weights both predict
    the same.

    Parameters
    ----------
    hidden : sequence of int
        The number of nodes in each hidden layer; empty for logistic regression.
    activation : str
        The activation function of the hidden layers.
    eta : float
        The learning rate of Adam, where no `optimizer` is given.
    optimizer : Rule, optional
        Any optimizer of `fysstk_nn.optimizers`.
    epochs : int
        How many times each sample is used.
    batch_size : int
        Samples in a mini-batch; all of them where there are fewer.
    l2 : float
        Strength of the penalty 1/2 l2 |W|^2 on the weights.
    dropout : float
        The probability that a hidden node is dropped in training.
    batch_norm : bool
        Whether the hidden layers are batch-normalised.
    scheme : str or Initialiser
        How the weights are drawn.
    patience : int, optional
        Stop early: hold out a tenth of the samples, and stop when their cost has not fallen for so many
        epochs.
    random_state : int, RandomState or None
        As everywhere in scikit-learn.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        The class labels.
    net_ : MLP
        The network.
    run_ : Fit
        What `train.fit` returned: the parameters, the history, the state.
    params_ : Params
        The trained parameters.
    n_iter_ : int
        How many epochs have been run.
    loss_curve_ : list of float
        The training cost in each epoch.
    n_features_in_ : int
        The number of features.

    Examples
    --------
    >>> from fysstk_nn.gates import XOR
    >>> from fysstk_nn.optimizers import Adam
    >>> model = MLPClassifier((8,), activation="tanh", eta=0.1, random_state=0).fit(XOR.X, XOR.y)
    >>> model.score(XOR.X, XOR.y)
    1.0
    """

    classes_: npt.NDArray[Any]

    def fit(self, X: Any, y: Any) -> Self:
        """Train a new network on samples `X`, shape (n, n_features), with class labels `y`, shape (n,).

        Raises
        ------
        TypeError, ValueError
            If the data are not what scikit-learn expects, or a parameter is out of range.
        FloatingPointError
            If the cost becomes infinite in training.
        """
        X, y = validate_data(self, X, y, dtype=FLOATS)
        check_classification_targets(y)
        self.classes_ = unique_labels(y)
        stratify = y if len(y) >= 20 and np.unique(y, return_counts=True)[1].min() >= 2 else None
        return self._train(X, self._encode(y, X.dtype), stratify, *self._output_layer())

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Train for one more epoch; the first call makes the network and needs all `classes`.

        Repeated calls with the same data give bit for bit what `fit` gives with as many epochs.
        """
        first = not hasattr(self, "run_")
        X, y = validate_data(self, X, y, dtype=FLOATS, reset=first)
        check_classification_targets(y)
        if first:
            self.classes_ = unique_labels(y if classes is None else classes)
        unknown = np.setdiff1d(y, self.classes_)
        if unknown.size:
            raise ValueError(f"y holds {unknown.tolist()}, but the classes are {self.classes_.tolist()}")
        if not first:
            return self._go_on(X, self._encode(y, X.dtype))
        epochs, self.epochs, patience, self.patience = self.epochs, 1, self.patience, None
        try:
            return self._train(X, self._encode(y, X.dtype), None, *self._output_layer())
        finally:
            self.epochs, self.patience = epochs, patience

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, shape (n, n_classes)."""
        p = self._outputs(X)
        return np.hstack([1 - p, p]) if p.shape[1] == 1 and len(self.classes_) == 2 else p

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithms of `predict_proba`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the most probable class of each sample, shape (n,)."""
        best = self.predict_proba(X).argmax(axis=1)
        labels: npt.NDArray[Any] = self.classes_[best]
        return labels

    def _encode(self, y: npt.NDArray[Any], dtype: npt.DTypeLike) -> Array:
        """Return the targets: 0 or 1 for two classes, one-hot rows for more."""
        chosen = self.classes_[1:] if len(self.classes_) == 2 else self.classes_
        targets: Array = (y[:, np.newaxis] == chosen).astype(dtype)
        return targets

    def _output_layer(self) -> tuple[str, str]:
        """Return the activation of the output layer and the cost."""
        if len(self.classes_) == 2:
            return "sigmoid", "binary_cross_entropy"
        return "softmax", "cross_entropy"


class MLPRegressor(RegressorMixin, _Network):  # type: ignore[misc]
    """A multilayer perceptron that predicts one number, or several, with a linear output.

    The cost is the half squared error, as in scikit-learn's estimator of the same name. The parameters and
    the attributes are those of `MLPClassifier`, without ``classes_``. Scale the targets, too, if they are
    large.

    Examples
    --------
    >>> from fysstk_nn.datasets import polynomial
    >>> X, y = polynomial(n=200, rng=0)
    >>> model = MLPRegressor((20,), activation="tanh", eta=0.01, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.99
    True
    """

    _one_output: bool

    def fit(self, X: Any, y: Any) -> Self:
        """Train a new network on samples `X`, shape (n, n_features), and targets `y`, shape (n,) or (n, m).

        Raises
        ------
        TypeError, ValueError
            If the data are not what scikit-learn expects, or a parameter is out of range.
        FloatingPointError
            If the cost becomes infinite in training.
        """
        X, targets = self._checked(X, y, reset=True)
        return self._train(X, targets, None, "identity", "half_squared_error")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def partial_fit(self, X: Any, y: Any) -> Self:
        """Train for one more epoch; the first call makes the network.

        Repeated calls with the same data give bit for bit what `fit` gives with as many epochs.
        """
        first = not hasattr(self, "run_")
        X, targets = self._checked(X, y, reset=first)
        if not first:
            return self._go_on(X, targets)
        epochs, self.epochs, patience, self.patience = self.epochs, 1, self.patience, None
        try:
            return self._train(X, targets, None, "identity", "half_squared_error")
        finally:
            self.epochs, self.patience = epochs, patience

    def predict(self, X: Any) -> Array:
        """Return the predictions, with the shape that the targets had."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self._one_output else outputs

    def _checked(self, X: Any, y: Any, *, reset: bool) -> tuple[Array, Array]:
        X, y = validate_data(self, X, y, dtype=FLOATS, multi_output=True, y_numeric=True, reset=reset)
        targets = np.asarray(y, dtype=X.dtype)
        self._one_output = targets.ndim == 1
        return X, targets.reshape(len(targets), -1)
