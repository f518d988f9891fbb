"""Exercises of the chapter on irises."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice


def confusion_matrix(y: Any, outputs: Any, least: Any) -> Any:
    """How often class i was called j, and how often it was refused."""
    return _counted(y, _answered(outputs, outputs.max(axis=1) < least), outputs.shape[1])


def _answered(outputs: Any, refused: Any) -> Any:
    return np.where(refused, outputs.shape[1], outputs.argmax(axis=1))


def _counted(y: Any, answers: Any, classes: int) -> Any:
    N = np.zeros((classes, classes + 1), int)
    np.add.at(N, (y, answers), 1)
    return N


def _once(y: Any, outputs: Any, least: Any) -> Any:
    N = np.zeros_like(confusion_matrix(y, outputs, least))
    N[y, _answered(outputs, outputs.max(axis=1) < least)] += 1
    return N


def _counted_twice(y: Any, outputs: Any, least: Any) -> Any:
    N = confusion_matrix(y, outputs, -np.inf)
    N[:, -1] = confusion_matrix(y, outputs, least)[:, -1]
    return N


def _left_out(y: Any, outputs: Any, least: Any) -> Any:
    N = confusion_matrix(y, outputs, least)
    N[:, -1] = 0
    return N


def in_centimetres(W: Any, b: Any, mean: Any, deviation: Any) -> Any:
    """Weights and biases that do the scaling, too."""
    V = W / deviation[:, None]
    return V, b - mean @ V


def precision_there(N: Any, shares: Any) -> Any:
    """Precision of each answer where the classes have other shares."""
    return _precision(N / N.sum(axis=1, keepdims=True) * shares[:, None])


def _precision(N: Any) -> Any:
    return np.diag(N) / N.sum(axis=0)


def difference(a: Any, b: Any) -> Any:
    """Difference of two accuracies on the same samples, and its standard deviation."""
    d = a - b
    return d.mean(), np.sqrt((np.mean(d**2) - d.mean() ** 2) / len(d))


def _independent(a: Any, b: Any) -> Any:
    p, q = a.mean(), b.mean()
    return p - q, np.sqrt((p * (1 - p) + q * (1 - q)) / len(a))


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
    outputs = np.array([rng.permutation(np.arange(1, 19))[:classes] for _ in range(n)]) / 20
    return y, outputs, float(rng.choice([0.6, 0.65, 0.7, 0.75]))


def _first_layer(rng: np.random.Generator) -> tuple[Any, ...]:
    m, n = rng.integers(1, 5, size=2)
    return nice(rng, m, n), nice(rng, n), nice(rng, m, low=0.5, high=6.0), nice(rng, m, low=0.2, high=3.0)


def _field(rng: np.random.Generator) -> tuple[Any, ...]:
    classes = int(rng.integers(2, 5))
    N = rng.integers(1, 9, (classes, classes)) + np.diag(rng.integers(5, 40, classes))
    parts = rng.multinomial(20 - classes, np.ones(classes) / classes) + 1
    return N, parts / 20


def _two_networks(rng: np.random.Generator) -> tuple[Any, ...]:
    n = int(rng.integers(8, 20))
    a = (rng.random(n) < 0.7).astype(float)
    b = np.where(rng.random(n) < 0.7, a, 1 - a)
    a[:2], b[:2] = (1, 0), (0, 0)  # each has a mistake, and they differ
    return a, b


def _classes(rng: np.random.Generator) -> tuple[Any, Any, Any]:
    y = rng.permutation(np.repeat([0, 1, 2], rng.integers(2, 6, size=3)))
    centres = nice(rng, 3, 2)
    X = centres[y] + np.round(rng.exponential(1.5, (len(y), 2)), 1)
    return X, y, nice(rng, 8, 2, low=-2, high=4)


EXERCISES = (
    Exercise(
        id="iris-confusion",
        chapter="iris",
        title="A confusion matrix with refusals",
        difficulty=2,
        minutes=8,
        equation="def-iris-confusion",
        hints=(
            "First find the answers: the place of the largest output, or the number `classes` for a refusal.",
            "Start from a matrix of zeros. A sample of class i with the answer j adds 1 in row i, column j.",
        ),
        reference=confusion_matrix,
        inputs=_answers,
        cases=(
            (np.array([0, 0, 0, 1]), np.array([[0.2, 0.7], [0.1, 0.8], [0.3, 0.4], [0.7, 0.2]]), 0.7),
            (np.array([2, 2]), np.array([[0.1, 0.3, 0.2], [0.4, 0.5, 0.9]]), 0.5),
            (np.array([1, 0]), np.array([[-0.9, 0.4], [-0.2, -0.8]]), 0.3),
        ),
        mistakes=(
            Mistake(
                "put the answers into the rows",
                lambda y, outputs, least: confusion_matrix(y, outputs, least).T,
                "In this book the truth is in the rows, and the answer in the columns.",
            ),
            Mistake(
                "each pair was counted once, however often it occurs",
                _once,
                "`N[y, answers] += 1` adds 1 to each element that is named, also if it is named three times.",
            ),
            Mistake(
                "let the network answer always",
                lambda y, outputs, least: confusion_matrix(y, outputs, -np.inf),
                "Where the largest output is less than `least`, there is no answer.",
            ),
            Mistake(
                "left the refused samples out",
                _left_out,
                "They are counted, too, in the last column.",
            ),
            Mistake(
                "counted the refused samples among the answers as well",
                _counted_twice,
                "Each sample is counted once: it is answered or refused.",
            ),
            Mistake(
                "asked for the output of the right class",
                lambda y, outputs, least: _counted(
                    y, _answered(outputs, outputs[np.arange(len(y)), y] < least), outputs.shape[1]
                ),
                "The network does not know which class is right. It looks at its largest output.",
            ),
            Mistake(
                "refused an output that is exactly as large as asked for",
                lambda y, outputs, least: _counted(
                    y, _answered(outputs, outputs.max(axis=1) <= least), outputs.shape[1]
                ),
                "Only what is less than `least` is refused.",
            ),
        ),
    ),
    Exercise(
        id="iris-scale",
        chapter="iris",
        title="A network for centimetres",
        difficulty=2,
        minutes=10,
        hints=(
            "Write the weighted sum of one node for a scaled x, and collect what multiplies xᵢ.",
            "What is left, without any xᵢ in it, is the new bias.",
        ),
        reference=in_centimetres,
        inputs=_first_layer,
        cases=((np.array([[2.0]]), np.array([1.0]), np.array([3.0]), np.array([0.5])),),
        mistakes=(
            Mistake(
                "left the biases as they were",
                lambda W, b, mean, deviation: (W / deviation[:, None], b),
                "The means are subtracted before the weights multiply. What do they add to z?",
            ),
            Mistake(
                "left the weights as they were",
                lambda W, b, mean, deviation: (W, b - mean @ (W / deviation[:, None])),
                "A step of one centimetre is not a step of one deviation.",
            ),
            Mistake(
                "multiplied by the deviations",
                lambda W, b, mean, deviation: (W * deviation[:, None], b - mean @ (W * deviation[:, None])),
                "Scaling divides by the deviation, so the new weight is wᵢⱼ over it.",
            ),
            Mistake(
                "the new bias has the wrong sign in it",
                lambda W, b, mean, deviation: (
                    W / deviation[:, None],
                    b + mean @ (W / deviation[:, None]),
                ),
                "Scaling subtracts the mean.",
            ),
            Mistake(
                "forgot the deviation in the bias",
                lambda W, b, mean, deviation: (W / deviation[:, None], b - mean @ W),
                "The mean is divided by the deviation as well.",
            ),
            Mistake(
                "subtracted the scaled means themselves from the weights' share",
                lambda W, b, mean, deviation: (W / deviation[:, None], b - (mean / deviation).sum()),
                "Each mean reaches z through the weight of its column.",
            ),
        ),
    ),
    Exercise(
        id="iris-recall",
        chapter="iris",
        title="Precision in another field",
        difficulty=2,
        minutes=10,
        equation="def-iris-confusion",
        hints=(
            "What carries over to the field are fractions of the rows: how often species i is called j.",
            "Multiply row i of these fractions by the share of species i. Then take the diagonal over the sums of the columns.",
        ),
        reference=precision_there,
        inputs=_field,
        cases=((np.array([[90, 10], [20, 80]]), np.array([0.9, 0.1])),),
        mistakes=(
            Mistake(
                "took the precision of the test",
                lambda N, shares: _precision(N),
                "In the field the species have other shares, and so have the answers that are wrong.",
            ),
            Mistake(
                "weighted the counts, and not the fractions of the rows",
                lambda N, shares: _precision(N * shares[:, None]),
                "The test had its own shares of the species. Divide each row by its sum first.",
            ),
            Mistake(
                "gave the recall",
                lambda N, shares: np.diag(N) / N.sum(axis=1),
                "The recall is the same in every field. Precision asks what an answer is worth.",
            ),
            Mistake(
                "gave the share of flowers that are of the class and called so",
                lambda N, shares: np.diag(N) / N.sum(axis=1) * shares,
                "Of all flowers, that is. Precision compares with all that are called so.",
            ),
            Mistake(
                "weighted the columns",
                lambda N, shares: _precision(N / N.sum(axis=1, keepdims=True) * shares),
                "The share belongs to the true species, which is the row.",
            ),
            Mistake(
                "multiplied the precision of the test by the shares",
                lambda N, shares: _precision(N) * shares,
                "A rare species changes which answers are wrong. Begin with the rows.",
            ),
        ),
    ),
    Exercise(
        id="iris-uncertainty",
        chapter="iris",
        title="Two networks, the same flowers",
        difficulty=2,
        minutes=10,
        equation="eq-iris-standard-error",
        hints=(
            "Let d be a - b, flower by flower. Which values can it have? The difference of the accuracies is its mean.",
            "The variance of a mean of n values is their variance over n.",
        ),
        reference=difference,
        inputs=_two_networks,
        cases=((np.array([1.0, 1.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0, 1.0])),),
        mistakes=(
            Mistake(
                "treated the two tests as independent",
                _independent,
                "They see the same flowers, and fail on many of them together. Look at the difference flower by flower.",
            ),
            Mistake(
                "forgot to divide by n",
                lambda a, b: (difference(a, b)[0], difference(a, b)[1] * np.sqrt(len(a))),
                "This is the deviation for a single flower; a mean of n is surer.",
            ),
            Mistake(
                "gave the variance",
                lambda a, b: (difference(a, b)[0], difference(a, b)[1] ** 2),
                "The standard deviation is its root.",
            ),
            Mistake(
                "the difference is taken the other way round",
                lambda a, b: (-difference(a, b)[0], difference(a, b)[1]),
                "The accuracy of A minus that of B is asked for.",
            ),
            Mistake(
                "divided by n - 1",
                lambda a, b: (difference(a, b)[0], np.std(a - b, ddof=1) / np.sqrt(len(a))),
                "The exercise asks for n. For a large n it hardly matters.",
            ),
            Mistake(
                "left out the square of the mean",
                lambda a, b: (difference(a, b)[0], np.sqrt(np.mean((a - b) ** 2) / len(a))),
                "The variance of d is the mean of d² minus the square of the mean of d.",
            ),
            Mistake(
                "counted, and did not divide",
                lambda a, b: (len(a) * difference(a, b)[0], len(a) * difference(a, b)[1]),
                "An accuracy is a fraction of the flowers.",
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
        title="Why do columns in centimetres do worse?",
        difficulty=2,
        minutes=10,
        hints=(
            "Compare means over 20 splits, and the scatter of a single one.",
            "Could a network on columns in centimetres have the same outputs as one on scaled columns, with other weights?",
        ),
    ),
)
