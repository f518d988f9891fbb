"""Exercises of the chapter on irises."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice


def confusion_matrix(y: Any, answers: Any, classes: Any) -> Any:
    """How often class i was called j."""
    N = np.zeros((classes, classes), int)
    np.add.at(N, (y, answers), 1)
    return N


def _once(y: Any, answers: Any, classes: Any) -> Any:
    N = np.zeros((classes, classes), int)
    N[y, answers] += 1
    return N


def same_scale(X_train: Any, X_test: Any) -> Any:
    """Both parts, scaled by the training part."""
    mean, deviation = X_train.mean(axis=0), X_train.std(axis=0)
    return (X_train - mean) / deviation, (X_test - mean) / deviation


def _own_scale(X_train: Any, X_test: Any) -> Any:
    return tuple((X - X.mean(axis=0)) / X.std(axis=0) for X in (X_train, X_test))


def _common_scale(X_train: Any, X_test: Any) -> Any:
    both = np.concatenate([X_train, X_test])
    return tuple((X - both.mean(axis=0)) / both.std(axis=0) for X in (X_train, X_test))


def recall_and_precision(N: Any) -> Any:
    """Diagonal over the sums of rows and of columns."""
    right = np.diag(N)
    return right / N.sum(axis=1), right / N.sum(axis=0)


def uncertainty(right: Any, n: Any) -> Any:
    """Binomial standard deviation of an accuracy."""
    p = right / n
    return np.sqrt(p * (1 - p) / n)


def nearest_mean(X_train: Any, y_train: Any, X_test: Any) -> Any:
    """Class whose mean is nearest."""
    return _nearest(X_train, y_train, X_test)


def _nearest(X_train: Any, y_train: Any, X_test: Any, *, centre: Any = np.mean, power: int = 2) -> Any:
    means = np.array([centre(X_train[y_train == c], axis=0) for c in range(y_train.max() + 1)])
    return (np.abs(X_test[:, None, :] - means) ** power).sum(axis=2).argmin(axis=1)


def _signed_differences(X_train: Any, y_train: Any, X_test: Any) -> Any:
    means = np.array([X_train[y_train == c].mean(axis=0) for c in range(y_train.max() + 1)])
    return (X_test[:, None, :] - means).sum(axis=2).argmin(axis=1)


def _nearest_neighbour(X_train: Any, y_train: Any, X_test: Any) -> Any:
    distances = ((X_test[:, None, :] - X_train) ** 2).sum(axis=2)
    return y_train[distances.argmin(axis=1)]


def _answers(rng: np.random.Generator) -> tuple[Any, ...]:
    n, classes = int(rng.integers(5, 12)), int(rng.integers(2, 5))
    y = rng.integers(0, classes, n)
    return y, np.where(rng.random(n) < 0.6, y, rng.integers(0, classes, n)), classes


def _parts(rng: np.random.Generator) -> tuple[Any, Any]:
    features = int(rng.integers(1, 4))
    n, m = rng.integers(3, 7, size=2)
    size = rng.choice([0.1, 1.0, 10.0], features)
    return nice(rng, n, features) * size, nice(rng, m, features) * size + 1


def _table(rng: np.random.Generator) -> tuple[Any]:
    classes = int(rng.integers(2, 5))
    return (rng.integers(1, 9, (classes, classes)) + 10 * np.eye(classes, dtype=int),)


def _classes(rng: np.random.Generator) -> tuple[Any, Any, Any]:
    y = rng.permutation(np.repeat([0, 1, 2], rng.integers(2, 6, size=3)))
    centres = nice(rng, 3, 2)
    X = centres[y] + np.round(rng.exponential(1.5, (len(y), 2)), 1)
    return X, y, nice(rng, 8, 2, low=-2, high=4)


EXERCISES = (
    Exercise(
        id="iris-confusion",
        chapter="iris",
        title="The confusion matrix",
        difficulty=1,
        minutes=6,
        equation="def-iris-confusion",
        hints=(
            "Start from a matrix of zeros, and look at the samples one by one.",
            "A sample of class i with the answer j adds 1 in row i, column j.",
        ),
        reference=confusion_matrix,
        inputs=_answers,
        cases=((np.array([0, 0, 0]), np.array([1, 1, 1]), 3),),
        mistakes=(
            Mistake(
                "put the answers into the rows",
                lambda y, answers, classes: confusion_matrix(answers, y, classes),
                "In this book the truth is in the rows, and the answer in the columns.",
            ),
            Mistake(
                "each pair was counted once, however often it occurs",
                _once,
                "`N[y, answers] += 1` adds 1 to each element that is named, also if it is named three times.",
            ),
            Mistake(
                "divided by the number of samples",
                lambda y, answers, classes: confusion_matrix(y, answers, classes) / len(y),
                "The matrix holds counts; fractions can be taken later.",
            ),
            Mistake(
                "counted the right answers only",
                lambda y, answers, classes: np.diag(np.diag(confusion_matrix(y, answers, classes))),
                "The wrong ones belong beside the diagonal.",
            ),
            Mistake(
                "counted the wrong answers only",
                lambda y, answers, classes: (
                    confusion_matrix(y, answers, classes)
                    - np.diag(np.diag(confusion_matrix(y, answers, classes)))
                ),
                "The right ones belong on the diagonal.",
            ),
            Mistake(
                "divided each row by its sum",
                lambda y, answers, classes: (
                    confusion_matrix(y, answers, classes)
                    / confusion_matrix(y, answers, classes).sum(axis=1, keepdims=True)
                ),
                "The matrix counts samples. Fractions come later, as recall.",
            ),
        ),
    ),
    Exercise(
        id="iris-scale",
        chapter="iris",
        title="The same scale for both parts",
        difficulty=1,
        minutes=5,
        hints=("Compute mean and standard deviation of the columns once, and use them twice.",),
        reference=same_scale,
        inputs=_parts,
        cases=((np.array([[1.0], [3.0]]), np.array([[2.0], [5.0]])),),
        mistakes=(
            Mistake(
                "scaled to the range from 0 to 1",
                lambda X_train, X_test: tuple(
                    (X - X_train.min(axis=0)) / np.ptp(X_train, axis=0) for X in (X_train, X_test)
                ),
                "That is another scaling. Here the mean becomes 0 and the standard deviation 1.",
            ),
            Mistake(
                "scaled the test part by its own mean and deviation",
                _own_scale,
                "Then one flower would be changed by the flowers that happen to be tested with it.",
            ),
            Mistake(
                "used both parts for the mean and the deviation",
                _common_scale,
                "The test part must have no say in what is chosen before the test.",
            ),
            Mistake(
                "divided by the variance",
                lambda X_train, X_test: tuple(
                    (X - X_train.mean(axis=0)) / X_train.var(axis=0) for X in (X_train, X_test)
                ),
                "The variance has the unit squared; the deviation is its root.",
            ),
            Mistake(
                "forgot to subtract the mean",
                lambda X_train, X_test: (X_train / X_train.std(axis=0), X_test / X_train.std(axis=0)),
                "The columns have the right spread, but they are not centred.",
            ),
            Mistake(
                "forgot to divide by the deviation",
                lambda X_train, X_test: (X_train - X_train.mean(axis=0), X_test - X_train.mean(axis=0)),
                "The columns are centred, but each still has its own spread.",
            ),
            Mistake(
                "scaled the training part only",
                lambda X_train, X_test: (same_scale(X_train, X_test)[0], X_test),
                "A network that has learned on scaled columns needs them scaled in the test as well.",
            ),
        ),
    ),
    Exercise(
        id="iris-recall",
        chapter="iris",
        title="Recall and precision",
        difficulty=2,
        minutes=6,
        equation="def-iris-confusion",
        hints=(
            "Both start from the diagonal.",
            "Recall asks what became of the flowers of a species: a row. Precision asks what an answer is worth: a column.",
        ),
        reference=recall_and_precision,
        inputs=_table,
        cases=((np.array([[0, 2], [1, 3]]),),),
        mistakes=(
            Mistake(
                "recall and precision are exchanged",
                lambda N: recall_and_precision(N)[::-1],
                "Recall divides by all that *are* of the class, precision by all that were *called* so.",
            ),
            Mistake(
                "divided by all samples",
                lambda N: (np.diag(N) / N.sum(), np.diag(N) / N.sum()),
                "Each class is compared with its own row or column.",
            ),
            Mistake(
                "divided right by wrong",
                lambda N: (
                    np.diag(N) / (N.sum(axis=1) - np.diag(N)),
                    np.diag(N) / (N.sum(axis=0) - np.diag(N)),
                ),
                "A fraction of a row is compared with the whole row, right answers included.",
            ),
            Mistake(
                "gave the fractions that are wrong",
                lambda N: tuple(1 - part for part in recall_and_precision(N)),
                "Both are fractions of right answers.",
            ),
            Mistake(
                "took the rows for both",
                lambda N: (recall_and_precision(N)[0], recall_and_precision(N)[0]),
                "Precision looks at columns.",
            ),
        ),
    ),
    Exercise(
        id="iris-uncertainty",
        chapter="iris",
        title="The uncertainty of an accuracy",
        difficulty=1,
        minutes=4,
        equation="eq-iris-standard-error",
        hints=("Which p does equation {eq}`eq-iris-standard-error` need? Estimate it by the fraction.",),
        reference=uncertainty,
        inputs=lambda rng: (int(rng.integers(11, 19)), 20),
        cases=((0, 20), (9435, 10000), (30, 30)),
        mistakes=(
            Mistake("forgot the root", lambda right, n: uncertainty(right, n) ** 2, "This is the variance."),
            Mistake(
                "forgot to divide by n",
                lambda right, n: uncertainty(right, n) * np.sqrt(n),
                "This is the deviation for a single sample; a mean of n is surer.",
            ),
            Mistake(
                "gave the deviation of the count",
                lambda right, n: uncertainty(right, n) * n,
                "This is by how much the *number* of right answers scatters.",
            ),
            Mistake(
                "divided by n outside of the root",
                lambda right, n: uncertainty(right, n) / np.sqrt(n),
                "The n stands under the root.",
            ),
            Mistake(
                "left out the factor 1 - p",
                lambda right, n: np.sqrt(right / n / n),
                "That is the scatter of rare events. An accuracy of 1 would then be uncertain.",
            ),
            Mistake(
                "divided by n - 1",
                lambda right, n: np.sqrt(right / n * (1 - right / n) / (n - 1)),
                "The binomial distribution with this p has the variance p(1 - p)/n. For a large n it hardly matters.",
            ),
        ),
    ),
    Exercise(
        id="iris-nearest",
        chapter="iris",
        title="A baseline without training",
        difficulty=2,
        minutes=12,
        hints=(
            "First an array of means, one row for each class.",
            "`X_test[:, None, :] - means` has the shape (test samples, classes, features).",
        ),
        reference=nearest_mean,
        inputs=_classes,
        cases=(
            (
                np.array([[1.0, 0.0], [3.0, 0.0], [0.0, 1.0]]),
                np.array([0, 0, 1]),
                np.array([[1.8, 0.5], [0.2, 0.9]]),
            ),
        ),
        mistakes=(
            Mistake(
                "added the points of each class up, without their mean",
                lambda X_train, y_train, X_test: _nearest(X_train, y_train, X_test, centre=np.sum),
                "The centre of a class is the mean of its points.",
            ),
            Mistake(
                "added up signed differences",
                _signed_differences,
                "Differences of opposite signs cancel. A distance has squares in it.",
            ),
            Mistake(
                "took the class of the nearest single sample",
                _nearest_neighbour,
                "That is the method of the nearest neighbour. Here the samples of a class are averaged first.",
            ),
            Mistake(
                "took the farthest",
                lambda X_train, y_train, X_test: (
                    (
                        (
                            X_test[:, None, :]
                            - np.array([X_train[y_train == c].mean(axis=0) for c in range(y_train.max() + 1)])
                        )
                        ** 2
                    )
                    .sum(axis=2)
                    .argmax(axis=1)
                ),
                "The smallest distance wins.",
            ),
            Mistake(
                "took the median for the mean",
                lambda X_train, y_train, X_test: _nearest(X_train, y_train, X_test, centre=np.median),
                "The median is another centre; the exercise asks for the mean.",
            ),
            Mistake(
                "added up the differences without squares",
                lambda X_train, y_train, X_test: _nearest(X_train, y_train, X_test, power=1),
                "The nearest in Euclid's sense has the smallest sum of squares.",
            ),
            Mistake(
                "numbered the classes from 1",
                lambda X_train, y_train, X_test: _nearest(X_train, y_train, X_test) + 1,
                "The first class is 0.",
            ),
        ),
    ),
    Exercise(
        id="iris-patience",
        chapter="iris",
        title="What do columns in centimetres lack?",
        difficulty=2,
        minutes=10,
        hints=(
            "Compare means over 20 splits, and the scatter of a single one.",
            "Could a network on columns in centimetres have the same outputs as one on scaled columns, with other weights?",
        ),
    ),
)
