"""Exercises of the chapter on data."""

from typing import Any

import numpy as np
from scipy.special import bdtr

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_book.exercises._measured import covering

PROBLEMS = ("bias", "variance", "mismatch", "validation overused")


def standardise(X_train: Any, X_test: Any) -> Any:
    """Scale both sets with the known numbers of the training set, and fill the gaps with the mean."""
    return _scale(X_train, X_train), _scale(X_test, X_train)


def variances(G: Any) -> Any:
    """Variances of the principal components from scalar products."""
    centred = G - G.mean(axis=0) - G.mean(axis=1)[:, None] + G.mean()
    return np.linalg.eigvalsh(centred)[:0:-1] / (len(G) - 1)


def whiten(X_train: Any, X_new: Any) -> Any:
    """Whitened new data, turned back."""
    values, U = np.linalg.eigh(np.cov(X_train.T))
    return (X_new - X_train.mean(axis=0)) @ (U / np.sqrt(values)) @ U.T


def moved(image: Any, down: Any, right: Any) -> Any:
    """Move a picture by any distance."""
    return _along(_along(image, down).T, right).T


def _along(image: Any, by: Any) -> Any:
    whole = int(np.floor(by))
    part = by - whole
    return (1 - part) * _by_rows(image, whole) + part * _by_rows(image, whole + 1)


def _by_rows(image: Any, rows: int) -> Any:
    result = np.roll(image, rows, axis=0)
    result[: max(rows, 0)] = 0
    result[max(len(image) + min(rows, 0), 0) :] = 0
    return result


def _roll(image: Any, by: Any) -> Any:
    whole = int(np.floor(by))
    return (1 - by + whole) * np.roll(image, whole, axis=0) + (by - whole) * np.roll(image, whole + 1, axis=0)


def _towards_zero(image: Any, by: Any) -> Any:
    whole = int(by)
    part = abs(by - whole)
    return (1 - part) * _by_rows(image, whole) + part * _by_rows(image, whole + 1)


def _parts_exchanged(image: Any, by: Any) -> Any:
    whole = int(np.floor(by))
    part = by - whole
    return part * _by_rows(image, whole) + (1 - part) * _by_rows(image, whole + 1)


def best_of(K: Any, n: Any) -> Any:
    """Expected accuracy of the best of K coin-tossing classifiers."""
    return np.sum(1 - bdtr(np.arange(n), n, 0.5) ** K) / n


def largest_problem(errors: Any, sizes: Any) -> Any:
    """Name of the largest gap between neighbouring error rates of those that can be seen."""
    gaps, variances = np.diff(errors), _variances(errors, sizes)
    return _largest(gaps, np.sqrt(np.append(0, variances[:-1] + variances[1:])))


def _variances(errors: Any, sizes: Any) -> Any:
    """Variances of the training error, which is exact, and of the three measured ones."""
    measured = np.array(errors[2:])
    return np.append(0, measured * (1 - measured) / sizes)


def _largest(gaps: Any, uncertain: Any, times: float = 2.0) -> str:
    seen = np.where(gaps > times * uncertain, gaps, 0)
    return PROBLEMS[int(np.argmax(seen))] if seen.any() else "larger sets"


def _scale(X: Any, fitted_on: Any, ddof: int = 0, guarded: bool = True) -> Any:
    mean, deviation = np.nanmean(fitted_on, axis=0), np.nanstd(fitted_on, axis=0, ddof=ddof)
    scaled = (X - mean) / (np.where(deviation == 0, 1.0, deviation) if guarded else deviation)
    return np.where(np.isnan(X), 0.0, scaled)


def _filled(X: Any, by: Any) -> Any:
    return np.where(np.isnan(X), by, X)


def _root(X_train: Any, power: float = -0.5, dof: int = 1) -> Any:
    values, U = np.linalg.eigh(np.cov(X_train.T, ddof=dof))
    return (U * values**power) @ U.T


def _two_sets(rng: np.random.Generator) -> tuple[Any, ...]:
    n, m, p = int(rng.integers(4, 7)), int(rng.integers(2, 4)), int(rng.integers(1, 4))
    X_train, X_test = nice(rng, n, p, low=1, high=5), nice(rng, m, p, low=1, high=5)
    X_train[rng.permutation(n)[:2], rng.integers(0, p, size=2)] = np.nan
    X_test[int(rng.integers(0, m)), int(rng.integers(0, p))] = np.nan
    return X_train, X_test


def _products(rng: np.random.Generator) -> tuple[Any, ...]:
    n = int(rng.integers(3, 6))
    X = rng.integers(-2, 5, size=(n, n + int(rng.integers(0, 3)))).astype(float)
    return (X @ X.T,)


def _to_whiten(rng: np.random.Generator) -> tuple[Any, ...]:
    p = int(rng.integers(2, 4))
    X = rng.normal(size=(8, p)) @ rng.normal(size=(p, p)) + 2
    return X.round(2), (rng.normal(size=(int(rng.integers(2, 4)), p)) + 2).round(2)


def _picture(rng: np.random.Generator) -> tuple[Any, ...]:
    h, w = (int(size) for size in rng.integers(3, 6, size=2))
    down, right = (int(move) / 4 for move in rng.integers(-8, 9, size=2))
    return rng.integers(1, 10, size=(h, w)).astype(float), down, right


def _rates(rng: np.random.Generator) -> tuple[Any, ...]:
    errors = np.round(0.01 + np.cumsum([0.0, *rng.permutation([-0.01, 0.02, 0.05, 0.08])]), 3)
    return tuple(errors.tolist()), tuple(int(n) for n in rng.choice([50, 200, 1000, 10_000], size=3))


CONSTANT = np.array([[1.0, 2.0], [np.nan, 4.0], [1.0, 9.0], [1.0, np.nan]])

EXERCISES = (
    Exercise(
        id="data-scale",
        chapter="data",
        title="Scaling with gaps, and without a leak",
        difficulty=2,
        minutes=10,
        equation="def-data-scale",
        hints=(
            "`np.nanmean` and `np.nanstd` leave the gaps out. From which set do both numbers come, for both sets?",
            "What does a value become, scaled, that is equal to the mean? Fill the gaps at the end.",
            "By which number can you divide a constant feature without changing it? `np.where` chooses, feature by feature.",
        ),
        reference=standardise,
        inputs=_two_sets,
        cases=(
            (np.array([[1.0], [4.0], [np.nan], [1.0]]), np.array([[2.0], [np.nan]])),
            (CONSTANT, np.array([[1.5, 3.0], [2.0, np.nan]])),
        ),
        mistakes=(
            Mistake(
                "scaled the test set with its own numbers",
                lambda X_train, X_test: (_scale(X_train, X_train), _scale(X_test, X_test)),
                "A single new sample has no standard deviation. Which numbers are known when the network is used?",
            ),
            Mistake(
                "fitted the scaling on both sets together",
                lambda X_train, X_test: tuple(
                    _scale(X, np.concatenate([X_train, X_test])) for X in (X_train, X_test)
                ),
                "The test set takes part in it: a leak, if a small one.",
            ),
            Mistake(
                "filled the gaps first, and took the deviation of what was filled",
                lambda X_train, X_test: tuple(
                    _scale(
                        _filled(X, np.nanmean(X_train, axis=0)), _filled(X_train, np.nanmean(X_train, axis=0))
                    )
                    for X in (X_train, X_test)
                ),
                "Values that were put at the mean make the deviation too small. Only the known ones scatter.",
            ),
            Mistake(
                "put zeros into the gaps before scaling",
                lambda X_train, X_test: tuple(
                    _scale(_filled(X, 0.0), _filled(X_train, 0.0)) for X in (X_train, X_test)
                ),
                "Zero may be far from all values of a feature. After the scaling it is the mean.",
            ),
            Mistake(
                "filled the gaps of the test set with its own mean",
                lambda X_train, X_test: (
                    _scale(X_train, X_train),
                    _scale(_filled(X_test, np.nan_to_num(np.nanmean(X_test, axis=0))), X_train),
                ),
                "The mean of the test set is not known when a single sample comes. Which one is?",
            ),
            Mistake(
                "left the gaps as they were",
                lambda X_train, X_test: tuple(
                    np.where(np.isnan(X), np.nan, _scale(X, X_train)) for X in (X_train, X_test)
                ),
                "A network cannot compute with NaN. What is the scaled value of the mean?",
            ),
            Mistake(
                "divided by n - 1 in the standard deviation",
                lambda X_train, X_test: (_scale(X_train, X_train, 1), _scale(X_test, X_train, 1)),
                "The exercise asks for n, which is NumPy's default.",
            ),
            Mistake(
                "divided by a standard deviation of zero",
                lambda X_train, X_test: tuple(_scale(X, X_train, guarded=False) for X in (X_train, X_test)),
                "A feature that never changes has the deviation 0. What does the exercise ask you to do with it?",
            ),
        ),
    ),
    Exercise(
        id="data-variances",
        chapter="data",
        title="The variances from scalar products",
        difficulty=3,
        minutes=12,
        equation="eq-data-svd",
        hints=(
            "With the mean subtracted, X = QSUᵀ. What are the eigenvalues of XXᵀ?",
            "Each sample has to lose the mean of all samples. Which scalar products have (xᵢ - x̄) and (xⱼ - x̄)? Multiply out: the means of rows, of columns and of all of G come in.",
            "`np.linalg.eigvalsh` sorts the eigenvalues in rising order; the first of them is zero.",
        ),
        reference=variances,
        inputs=_products,
        cases=((np.array([[0.0, 0.0, 0.0], [0.0, 5.0, 13.0], [0.0, 13.0, 41.0]]),),),
        rtol=1e-5,
        atol=1e-7,
        mistakes=(
            Mistake(
                "did not subtract the mean",
                lambda G: np.linalg.eigvalsh(G)[:0:-1] / (len(G) - 1),
                "These samples have a mean, and without it the first component points there.",
            ),
            Mistake(
                "subtracted the mean along one axis only",
                lambda G: np.linalg.eigvalsh(G - G.mean(axis=0))[:0:-1] / (len(G) - 1),
                "Both samples of a scalar product lose the mean.",
            ),
            Mistake(
                "subtracted the mean of all scalar products",
                lambda G: np.linalg.eigvalsh(G - G.mean())[:0:-1] / (len(G) - 1),
                "Multiply (xᵢ - x̄)·(xⱼ - x̄) out: there are four terms.",
            ),
            Mistake(
                "returned the eigenvalues",
                lambda G: variances(G) * (len(G) - 1),
                "A variance is a sum of squares over n - 1.",
            ),
            Mistake(
                "divided by n instead of n - 1",
                lambda G: variances(G) * (len(G) - 1) / len(G),
                "The covariance {eq}`def-data-cov` has n - 1.",
            ),
            Mistake(
                "returned the smallest first",
                lambda G: variances(G)[::-1],
                "`np.linalg.eigvalsh` sorts the other way round.",
            ),
            Mistake(
                "returned standard deviations",
                lambda G: np.sqrt(np.maximum(variances(G), 0)),
                "These are the roots of the variances.",
            ),
            Mistake(
                "returned the squares of the variances",
                lambda G: variances(G) ** 2,
                "The eigenvalues of XXᵀ are squares of singular values already.",
            ),
        ),
    ),
    Exercise(
        id="data-whiten",
        chapter="data",
        title="Whitening that leaves pictures pictures",
        difficulty=3,
        minutes=12,
        equation="eq-data-white",
        hints=(
            "The matrix of {eq}`def-data-white` is UΛ^(-1/2). It may be multiplied by any rotation from the right. Which one makes it symmetric?",
            "To be symmetric the matrix needs the same rotation on both sides. What undoes U?",
            "Mean and covariance are fitted on the training set; `np.linalg.eigh` returns Λ and U.",
        ),
        reference=whiten,
        inputs=_to_whiten,
        cases=((np.array([[0.0, 0.0], [2.0, 1.0], [4.0, 5.0], [1.0, 3.0]]), np.array([[1.0, 2.0]])),),
        rtol=1e-6,
        mistakes=(
            Mistake(
                "stopped at the whitened components",
                lambda X_train, X_new: (
                    (X_new - X_train.mean(axis=0))
                    @ (np.linalg.eigh(np.cov(X_train.T))[1] / np.sqrt(np.linalg.eigvalsh(np.cov(X_train.T))))
                ),
                "These are white, but its matrix is not symmetric. Which rotation leads back to the pixels?",
            ),
            Mistake(
                "divided by the variance instead of its root",
                lambda X_train, X_new: (X_new - X_train.mean(axis=0)) @ _root(X_train, -1.0),
                "The exponent in {eq}`def-data-white` is -1/2.",
            ),
            Mistake(
                "multiplied by the deviations instead of dividing",
                lambda X_train, X_new: (X_new - X_train.mean(axis=0)) @ _root(X_train, 0.5),
                "White data have the variance 1 in every direction: divide by the deviation.",
            ),
            Mistake(
                "divided each feature by its own deviation",
                lambda X_train, X_new: (X_new - X_train.mean(axis=0)) / X_train.std(axis=0, ddof=1),
                "The features are still correlated then. The covariance has to become the identity.",
            ),
            Mistake(
                "took the triangular root of Cholesky",
                lambda X_train, X_new: (
                    (X_new - X_train.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(X_train.T))).T
                ),
                "This is white as well. But the matrix has to be symmetric.",
            ),
            Mistake(
                "subtracted the mean of the new data",
                lambda X_train, X_new: (X_new - X_new.mean(axis=0)) @ _root(X_train),
                "The mean is fitted on the training set, as everything else.",
            ),
            Mistake(
                "forgot to subtract the mean",
                lambda X_train, X_new: X_new @ _root(X_train),
                "The new data are shifted by the same mean as the training data.",
            ),
            Mistake(
                "divided by n instead of n - 1",
                lambda X_train, X_new: (X_new - X_train.mean(axis=0)) @ _root(X_train, dof=0),
                "The covariance {eq}`def-data-cov` has n - 1.",
            ),
            Mistake(
                "fitted the covariance without subtracting the mean",
                lambda X_train, X_new: (
                    (X_new - X_train.mean(axis=0))
                    @ _root(
                        np.concatenate([X_train, -X_train])
                        * np.sqrt((2 * len(X_train) - 1) / (2 * len(X_train) - 2))
                    )
                ),
                "The covariance is about the mean. Subtract it from the training data first.",
            ),
        ),
    ),
    Exercise(
        id="data-shift",
        chapter="data",
        title="Less than a pixel",
        difficulty=2,
        minutes=12,
        hints=(
            "Move along one axis first. A move by 0.3 is a mean of two moves by whole pixels: of which two, with which weights?",
            "A move by -0.3 lies between -1 and 0: `np.floor` finds the lower one, `int` does not.",
            "For a whole move surround the picture with zeros (`np.pad`), and cut out a window of the old size.",
        ),
        reference=moved,
        inputs=_picture,
        cases=(
            (np.array([[1.0]]), 0, 0),
            (np.array([[0.0, 4.0, 0.0]]), 0, 0.25),
            (np.array([[0.0, 4.0, 0.0]]), 0, -0.25),
            (np.arange(1.0, 7.0).reshape(2, 3), 1, 0),
            (np.arange(1.0, 7.0).reshape(2, 3), 0, -1),
            (np.arange(1.0, 5.0).reshape(2, 2), 3, 0),
            (np.arange(1.0, 5.0).reshape(2, 2), 0, -2),
            (np.arange(1.0, 5.0).reshape(2, 2), -3, 1),
            (np.arange(1.0, 5.0).reshape(2, 2), 1, -2),
        ),
        mistakes=(
            Mistake(
                "rounded to whole pixels",
                lambda image, down, right: moved(image, np.rint(down), np.rint(right)),
                "Half a pixel is not a whole one, nor none: the ink is divided.",
            ),
            Mistake(
                "cut negative moves off towards zero",
                lambda image, down, right: _towards_zero(_towards_zero(image, down).T, right).T,
                "`int(-0.3)` is 0, but the move by -0.3 lies between -1 and 0.",
            ),
            Mistake(
                "exchanged the two weights",
                lambda image, down, right: _parts_exchanged(_parts_exchanged(image, down).T, right).T,
                "After a move by 0.3 the larger part of a pixel is still in its old place.",
            ),
            Mistake(
                "let the picture come in again on the other side",
                lambda image, down, right: _roll(_roll(image, down).T, right).T,
                "`np.roll` is cyclic. What comes in from outside has to be 0.",
            ),
            Mistake(
                "moved the other way",
                lambda image, down, right: moved(image, -down, -right),
                "Row 0 is at the top: moving down makes the row numbers larger.",
            ),
            Mistake(
                "exchanged the two directions",
                lambda image, down, right: moved(image, right, down),
                "Rows are the first axis, and down is along the rows.",
            ),
            Mistake(
                "moved down only",
                lambda image, down, right: moved(image, down, 0),
                "There are two moves to make.",
            ),
            Mistake(
                "moved to the right only",
                lambda image, down, right: moved(image, 0, right),
                "There are two moves to make.",
            ),
            Mistake(
                "moved down and right only",
                lambda image, down, right: moved(image, max(down, 0), max(right, 0)),
                "A negative number moves the picture up, or to the left.",
            ),
        ),
    ),
    Exercise(
        id="data-coins",
        chapter="data",
        title="The best of many coins",
        difficulty=3,
        minutes=12,
        equation="eq-data-max-bound",
        hints=(
            "When has the best of K classifiers fewer than k right answers?",
            "If all of them have; they are independent, so the probabilities multiply.",
            "`binom.cdf(k - 1, n, 0.5)` is the probability of fewer than k right answers out of n.",
        ),
        reference=best_of,
        inputs=lambda rng: (int(rng.integers(2, 60)), int(rng.integers(2, 60))),
        cases=((1, 1), (2, 1), (100, 50)),
        mistakes=(
            Mistake(
                "gave the accuracy of a single one",
                lambda K, n: 0.5,
                "Each has one half on average. The best of them, on the same average, has more.",
            ),
            Mistake(
                "returned the number of right answers",
                lambda K, n: n * best_of(K, n),
                "The accuracy is this number over n.",
            ),
            Mistake(
                "took the worst instead of the best",
                lambda K, n: 1 - best_of(K, n),
                "The probability that all have at least k is that for the smallest. Think of the largest.",
            ),
            Mistake(
                "used the bound for Gaussian errors",
                lambda K, n: 0.5 + np.sqrt(2 * np.log(K)) / (2 * np.sqrt(n)),
                "{eq}`eq-data-max-bound` is an upper bound, and for Gaussians. The exact answer is smaller.",
            ),
            Mistake(
                "took the probability of at most k for that of fewer than k",
                lambda K, n: np.sum(1 - bdtr(np.arange(1, n + 1), n, 0.5) ** K) / n,
                "The opposite of at least k is at most k - 1.",
            ),
        ),
    ),
    Exercise(
        id="data-next",
        chapter="data",
        title="What to do next?",
        difficulty=2,
        minutes=12,
        equation="eq-data-mismatch",
        hints=(
            "What is the variance of a measured error rate, by {eq}`eq-data-binomial`? And that of a difference of two such rates, on different samples?",
            "Strike out the gaps that are not larger than twice their standard deviation. Only then ask which is the largest, and mind that none may be left.",
        ),
        reference=largest_problem,
        inputs=_rates,
        cases=(
            ((0.01, 0.02, 0.04, 0.09, 0.1), (10_000, 10_000, 10_000)),
            ((0.01, 0.02, 0.04, 0.09, 0.1), (10_000, 60, 10_000)),
            ((0.01, 0.01, 0.02, 0.04, 0.05), (100, 100, 100)),
            ((0.01, 0.02, 0.08, 0.09, 0.24), (10_000, 50, 50)),
            ((0.01, 0.012, 0.112, 0.115, 0.12), (50, 200, 200)),
            ((0.05, 0.03, 0.1, 0.14, 0.13), (200, 100, 1000)),
            ((0.01, 0.02, 0.03, 0.15, 0.15), (100, 100, 100)),
            ((0.01, 0.01, 0.01, 0.1, 0.2), (10_000, 10_000, 100)),
            ((0.05, 0.1, 0.2, 0.02, 0.04), (200, 200, 200)),
            ((0.4, 0.4, 0.43, 0.51, 0.51), (1000, 5, 1000)),
            ((0.01, 0.06, 0.08, 0.16, 0.15), (50, 200, 200)),
        ),
        mistakes=(
            Mistake(
                "took the largest gap, however uncertain",
                lambda errors, sizes: PROBLEMS[int(np.argmax(np.diff(errors)))],
                "On small sets an error rate is uncertain. Can the gap be seen at all?",
            ),
            Mistake(
                "counted the uncertainty of the later set only",
                lambda errors, sizes: _largest(
                    np.diff(errors), np.sqrt(np.append(0, _variances(errors, sizes)[1:]))
                ),
                "Both sets of a gap are samples: their variances add up.",
            ),
            Mistake(
                "added the deviations, not their squares",
                lambda errors, sizes: _largest(
                    np.diff(errors),
                    np.append(
                        0, np.sqrt(_variances(errors, sizes))[:-1] + np.sqrt(_variances(errors, sizes))[1:]
                    ),
                ),
                "Of independent numbers the variances add up, not the deviations.",
            ),
            Mistake(
                "was content with one standard deviation",
                lambda errors, sizes: _largest(
                    np.diff(errors),
                    np.sqrt(np.append(0, _variances(errors, sizes)[:-1] + _variances(errors, sizes)[1:])),
                    1.0,
                ),
                "Twice its standard deviation, says the exercise: one is exceeded by chance too often.",
            ),
            Mistake(
                "always named a gap, although none can be seen",
                lambda errors, sizes: (
                    PROBLEMS[int(np.argmax(np.diff(errors)))]
                    if largest_problem(errors, sizes) == "larger sets"
                    else largest_problem(errors, sizes)
                ),
                "If no gap is large enough to be seen, larger sets are what you need.",
            ),
            Mistake(
                "took the deviation for its square",
                lambda errors, sizes: _largest(
                    np.diff(errors),
                    np.append(0, _variances(errors, sizes)[:-1] + _variances(errors, sizes)[1:]),
                ),
                "{eq}`eq-data-binomial` is a variance. Compare the gap with its root.",
            ),
            Mistake(
                "took the whole training error for the bias",
                lambda errors, sizes: largest_problem((0.0, *errors[1:]), sizes),
                "Part of the training error cannot be avoided: the bias is what exceeds the best possible.",
            ),
            Mistake(
                "took the size of each gap, whatever its sign",
                lambda errors, sizes: _largest(
                    np.abs(np.diff(errors)),
                    np.sqrt(np.append(0, _variances(errors, sizes)[:-1] + _variances(errors, sizes)[1:])),
                ),
                "An error that falls from one set to the next is no problem at all.",
            ),
            Mistake(
                "exchanged variance and mismatch",
                lambda errors, sizes: {"variance": "mismatch", "mismatch": "variance"}.get(
                    largest_problem(errors, sizes), largest_problem(errors, sizes)
                ),
                "Variance shows between two sets of the same kind, mismatch between two of different kinds.",
            ),
        ),
    ),
    Exercise(
        id="data-measure",
        chapter="data",
        title="Measure: whitening with a floor",
        difficulty=3,
        minutes=25,
        equation="eq-data-noise",
        hints=(
            "How much of component j is digit, and how much is noise, once both are divided?",
            "Try rates from 0.001 to 0.03; three or more tuning seeds.",
        ),
        **covering("whitening-floor", "60, with a floor", "20 components", widest=4.5),
    ),
)
