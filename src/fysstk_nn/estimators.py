"""scikit-learn estimators: the network inside pipelines, cross-validation and hyperparameter searches.

They add no mathematics. Each one checks its data as scikit-learn does, chooses the output layer and the cost
that suit the task, and calls `train.fit`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any, Self
from zlib import crc32

import numpy as np
import numpy.typing as npt

from fysstk_nn._optional import needs
from fysstk_nn._validate import Array, as_count, check_unmasked
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import Adam, Rule
from fysstk_nn.params import Initialiser, Params
from fysstk_nn.runs import Fit
from fysstk_nn.train import fit

with needs("fysstk_nn.estimators"):
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.model_selection import train_test_split
    from sklearn.utils import check_random_state
    from sklearn.utils.class_weight import compute_sample_weight
    from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, column_or_1d, validate_data

__all__ = ["MLPClassifier", "MLPRegressor"]

FLOATS = (np.float64, np.float32)


class _Network(BaseEstimator):  # type: ignore[misc]
    """What the classifier and the regressor share."""

    net_: MLP
    run_: Fit
    n_features_in_: int

    def __init__(
        self,
        hidden: Sequence[int] | int = (100,),
        activation: str = "relu",
        eta: float = 0.001,
        optimizer: Rule | None = None,
        epochs: int = 200,
        batch_size: int | None = 200,
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

    def _train(self, X: Array, y: Array, weights: Array | None, output: str, cost: str) -> Self:
        """Make a network for this data and train it from the start."""
        self.net_ = MLP(self._sizes(X, y), self.activation, output, cost, self.dropout, self.batch_norm)
        # scikit-learn's random states are of NumPy's older kind; one number from it seeds ours.
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1))
        start = self.net_.init(self.scheme, rng=rng, dtype=X.dtype)
        validation = None
        if self.patience is not None:
            held_out = _hold_out(X, y, int(rng.integers(2**31 - 1)))
            validation = [part[held_out] for part in (X, y, weights) if part is not None]
            X, y, weights = X[~held_out], y[~held_out], None if weights is None else weights[~held_out]
        run = fit(
            self.net_,
            start,
            X,
            y,
            optimizer=self._rule(),
            epochs=self.epochs,
            batch_size=self._batch_size(len(X)),
            rng=rng,
            sample_weight=weights,
            validation=validation,
            patience=self.patience,
            l2=self.l2,
        )
        return self._keep(run)

    def _go_on(self, X: Array, y: Array, weights: Array | None) -> Self:
        """Train one epoch more, from where the last one ended."""
        run = fit(
            self.net_,
            self.run_.params,
            X,
            y,
            optimizer=self._rule(),
            epochs=1,
            batch_size=self._batch_size(len(X)),
            sample_weight=weights,
            l2=self.l2,
            resume=self.run_,
        )
        return self._keep(run)

    def _keep(self, run: Fit) -> Self:
        """Keep a run. If Ctrl-C has ended it, whatever it is a part of, a search perhaps, ends as well."""
        self.run_ = run
        if run.interrupted:
            raise KeyboardInterrupt
        return self

    def _one_epoch(
        self, first: bool, X: Array, y: Array, weights: Array | None, output: str, cost: str
    ) -> Self:
        """Train one epoch, the first or one more, without holding out samples."""
        if not first:
            return self._go_on(X, y, weights)
        epochs, self.epochs, patience, self.patience = self.epochs, 1, self.patience, None
        try:
            return self._train(X, y, weights, output, cost)
        finally:
            self.epochs, self.patience = epochs, patience

    def _sizes(self, X: Array, y: Array) -> tuple[int, ...]:
        """Return the sizes of all layers."""
        hidden: Any = [self.hidden] if isinstance(self.hidden, Integral) else self.hidden
        if isinstance(hidden, str) or not isinstance(hidden, Iterable):
            what = (
                f"hidden must hold the size of each hidden layer, such as (100,), not {type(hidden).__name__}"
            )
            raise TypeError(what)
        return X.shape[1], *(as_count(size, f"hidden[{l}]") for l, size in enumerate(hidden)), y.shape[1]

    def _rule(self) -> Rule:
        return Adam(self.eta) if self.optimizer is None else self.optimizer

    def _batch_size(self, n: int) -> int:
        """Return the batch size, larger by 1 where batch normalisation would be left with a single row."""
        if self.batch_norm and n < 2:
            raise ValueError(
                f"batch_norm needs at least 2 samples to train on, for their variance, but n_samples={n}"
            )
        size = n if self.batch_size is None else min(as_count(self.batch_size, "batch_size"), n)
        while self.batch_norm and size < n and n % size == 1:
            size += 1
        return size

    def _outputs(self, X: Any) -> Array:
        """Return the network's outputs for checked samples."""
        check_is_fitted(self, "run_")
        check_unmasked(X, "X")
        X = validate_data(self, X, dtype=FLOATS, reset=False)
        return self.net_.predict(self.params_, X)


def _hold_out(X: Array, y: Array, seed: int) -> npt.NDArray[np.bool_]:
    """Return which samples are held out for early stopping: a tenth, with the same share of each class.

    Equal samples stay together, known by their checksums: a copy of a sample to train on would tell nothing
    new. So a weight of 2 is the same as a sample twice here, too. Where a class is too rare for both sides,
    or the targets are no classes, all samples are dealt at random.
    """
    sums = [crc32(target.tobytes(), crc32(row.tobytes())) for row, target in zip(X, y, strict=True)]
    _, first, group = np.unique(sums, return_index=True, return_inverse=True)
    if len(first) < 2:
        raise ValueError(
            f"patience holds out a tenth of the samples, but of n_samples={len(X)} only one is different"
        )
    _, label, counts = np.unique(y[first], axis=0, return_inverse=True, return_counts=True)
    rare = counts.min() < 2 or len(counts) > -(-len(first) // 10)
    _, chosen = train_test_split(
        np.arange(len(first)), test_size=0.1, random_state=seed, stratify=None if rare else label.ravel()
    )
    held_out: npt.NDArray[np.bool_] = np.isin(group, chosen)
    return held_out


def _weights(sample_weight: Any, X: Array) -> Array | None:
    """Return the checked weights of the samples, if there are any."""
    if sample_weight is None:
        return None
    check_unmasked(sample_weight, "sample_weight")
    weights: Array = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    if not weights.any():
        raise ValueError("sample_weight is zero for all samples")
    return weights


def _without_weightless(X: Array, y: Array, weights: Array | None) -> tuple[Array, Array, Array | None]:
    """Return the samples that count: one of weight 0 is as good as none."""
    if weights is None or weights.all():
        return X, y, weights
    return X[weights > 0], y[weights > 0], weights[weights > 0]


class MLPClassifier(ClassifierMixin, _Network):  # type: ignore[misc]
    """A multilayer perceptron that chooses one of several classes, or says which of several labels apply.

    Two classes have one sigmoid output and the binary cross-entropy, more classes have softmax outputs and
    the cross-entropy, as in scikit-learn's estimator of the same name. Labels, given as a matrix of zeros and
    ones with a column for each, have a sigmoid each. With the same weights both estimators predict the same.

    Parameters
    ----------
    hidden : sequence of int
        The number of nodes in each hidden layer; empty for logistic regression. A number is one layer.
    activation : str
        The activation function of the hidden layers.
    eta : float
        The learning rate of Adam, where no `optimizer` is given.
    optimizer : Rule, optional
        Any optimizer of `fysstk_nn.optimizers`.
    epochs : int
        How many times each sample is used.
    batch_size : int or None
        Samples in a mini-batch; all of them where there are fewer, or for None.
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
    class_weight : dict or "balanced", optional
        How much the samples of each class count, as everywhere in scikit-learn; ``"balanced"`` lets all
        classes count alike, however many samples each has.
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
    >>> model = MLPClassifier((8,), activation="tanh", eta=0.1, random_state=0)
    >>> model.fit(XOR.X, XOR.y).score(XOR.X, XOR.y)
    1.0
    """

    classes_: npt.NDArray[Any]
    multilabel_: bool

    def __init__(
        self,
        hidden: Sequence[int] | int = (100,),
        activation: str = "relu",
        eta: float = 0.001,
        optimizer: Rule | None = None,
        epochs: int = 200,
        batch_size: int | None = 200,
        l2: float = 0.0,
        dropout: float = 0.0,
        batch_norm: bool = False,
        scheme: str | Initialiser = "glorot",
        patience: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        class_weight: dict[Any, float] | str | None = None,
    ) -> None:
        super().__init__(
            hidden=hidden,
            activation=activation,
            eta=eta,
            optimizer=optimizer,
            epochs=epochs,
            batch_size=batch_size,
            l2=l2,
            dropout=dropout,
            batch_norm=batch_norm,
            scheme=scheme,
            patience=patience,
            random_state=random_state,
        )
        self.class_weight = class_weight

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train a new network on samples `X`, shape (n, n_features).

        Parameters
        ----------
        X : array_like, shape (n, n_features)
            The samples.
        y : array_like, shape (n,) or (n, n_labels)
            Their classes; or, for labels that may apply together, zeros and ones.
        sample_weight : array_like, shape (n,), optional
            How much each sample counts, besides `class_weight`; see `train.fit`.

        Raises
        ------
        TypeError, ValueError
            If the data are not what scikit-learn expects, or a parameter is out of range.
        FloatingPointError
            If the cost becomes infinite in training.
        """
        X, y = self._checked(X, y, reset=True)
        self.multilabel_ = y.ndim == 2
        self.classes_ = unique_labels(y)
        X, y, weights = _without_weightless(X, y, self._all_weights(X, y, sample_weight))
        return self._train(X, self._encode(y, X.dtype), weights, *self._output_layer())

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train for one more epoch; the first call makes the network and needs all `classes`.

        Repeated calls with the same data give bit for bit what `fit` gives with as many epochs.
        """
        first = not hasattr(self, "run_")
        X, y = self._checked(X, y, reset=first)
        if self.class_weight == "balanced":
            raise ValueError('class_weight="balanced" needs all samples at once: give the weights as a dict')
        if first:
            self.multilabel_ = y.ndim == 2
            self.classes_ = unique_labels(y if classes is None else classes)
        elif classes is not None and not np.array_equal(unique_labels(classes), self.classes_):
            came, known = np.asarray(classes).tolist(), self.classes_.tolist()
            raise ValueError(
                f"classes={came} is not the same as in the first call of partial_fit, which was {known}"
            )
        self._check_known(y)
        X, y, weights = _without_weightless(X, y, self._all_weights(X, y, sample_weight))
        return self._one_epoch(first, X, self._encode(y, X.dtype), weights, *self._output_layer())

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, shape (n, n_classes); or that each label applies."""
        p = self._outputs(X)
        if self.multilabel_:
            return p
        return np.hstack([1 - p, p]) if p.shape[1] == 1 and len(self.classes_) == 2 else p

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithms of `predict_proba`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the most probable class of each sample, shape (n,); or 1 for labels that rather apply."""
        p = self.predict_proba(X)
        labels: npt.NDArray[Any] = (
            (p > 0.5).astype(int) if self.multilabel_ else self.classes_[p.argmax(axis=1)]
        )
        return labels

    def _checked(self, X: Any, y: Any, *, reset: bool) -> tuple[Array, npt.NDArray[Any]]:
        """Return checked samples, and their classes (n,) or labels (n, n_labels)."""
        check_unmasked(X, "X")
        check_unmasked(y, "y")
        X, y = validate_data(self, X, y, dtype=FLOATS, multi_output=True, reset=reset)
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y")
        if kind == "multilabel-indicator":
            return X, y.toarray() if hasattr(y, "toarray") else y
        if kind == "multiclass-multioutput":
            raise ValueError(
                "y has several columns that are not all zeros and ones: only labels may be several"
            )
        return X, column_or_1d(y, warn=True)

    def _all_weights(self, X: Array, y: npt.NDArray[Any], sample_weight: Any) -> Array | None:
        """Return the weights of the samples and their classes together."""
        weights = _weights(sample_weight, X)
        if self.class_weight is None:
            return weights
        by_class: Array = compute_sample_weight(self.class_weight, y)
        return by_class if weights is None else weights * by_class

    def _check_known(self, y: npt.NDArray[Any]) -> None:
        """Raise a ValueError if `y` holds classes, or labels, that the first call did not name."""
        if (y.ndim == 2) != self.multilabel_ or (self.multilabel_ and y.shape[1] != len(self.classes_)):
            raise ValueError(f"y has shape {y.shape}, but the first call of partial_fit had another form")
        unknown = np.setdiff1d(y, self.classes_)
        if not self.multilabel_ and unknown.size:
            raise ValueError(f"y holds {unknown.tolist()}, but the classes are {self.classes_.tolist()}")

    def _encode(self, y: npt.NDArray[Any], dtype: npt.DTypeLike) -> Array:
        """Return the targets: 0 or 1 for two classes and for labels, one-hot rows for more classes."""
        if self.multilabel_:
            return y.astype(dtype)
        chosen = self.classes_[1:] if len(self.classes_) == 2 else self.classes_
        targets: Array = (y[:, np.newaxis] == chosen).astype(dtype)
        return targets

    def _output_layer(self) -> tuple[str, str]:
        """Return the activation of the output layer and the cost."""
        if self.multilabel_ or len(self.classes_) == 2:
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
    >>> model = MLPRegressor((20,), activation="tanh", eta=0.01, random_state=0)
    >>> model.fit(X, y).score(X, y) > 0.99
    True
    """

    _one_output: bool

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train a new network on samples `X`, shape (n, n_features), and targets `y`, shape (n,) or (n, m).

        Parameters
        ----------
        X : array_like, shape (n, n_features)
            The samples.
        y : array_like, shape (n,) or (n, m)
            The targets.
        sample_weight : array_like, shape (n,), optional
            How much each sample counts; see `train.fit`.

        Raises
        ------
        TypeError, ValueError
            If the data are not what scikit-learn expects, or a parameter is out of range.
        FloatingPointError
            If the cost becomes infinite in training.
        """
        X, targets = self._checked(X, y, reset=True)
        X, targets, weights = _without_weightless(X, targets, _weights(sample_weight, X))
        return self._train(X, targets, weights, "identity", "half_squared_error")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one more epoch; the first call makes the network.

        Repeated calls with the same data give bit for bit what `fit` gives with as many epochs.
        """
        first = not hasattr(self, "run_")
        X, targets = self._checked(X, y, reset=first)
        X, targets, weights = _without_weightless(X, targets, _weights(sample_weight, X))
        return self._one_epoch(first, X, targets, weights, "identity", "half_squared_error")

    def predict(self, X: Any) -> Array:
        """Return the predictions, with the shape that the targets had."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self._one_output else outputs

    def _checked(self, X: Any, y: Any, *, reset: bool) -> tuple[Array, Array]:
        check_unmasked(X, "X")
        check_unmasked(y, "y")
        X, y = validate_data(self, X, y, dtype=FLOATS, multi_output=True, y_numeric=True, reset=reset)
        targets = np.asarray(y, dtype=X.dtype)
        self._one_output = targets.ndim == 1
        return X, targets.reshape(len(targets), -1)
