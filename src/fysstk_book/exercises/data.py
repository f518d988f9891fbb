"""Exercises of the chapter on data."""

from typing import Any

import numpy as np
from scipy.stats import binom

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_book.exercises._measured import covering

PROBLEMS = ("bias", "variance", "mismatch", "validation overused")


def standardise(X_train: Any, X_test: Any) -> Any:
    """Scale both sets with the numbers of the training set."""
    return _scale(X_train, X_train), _scale(X_test, X_train)


def variances(X: Any) -> Any:
    """Variances of the principal components."""
    return np.linalg.svd(X - X.mean(axis=0), compute_uv=False) ** 2 / (len(X) - 1)


def whiten(X_train: Any, X_new: Any, k: Any) -> Any:
    """Whitened principal components of new data."""
    return _whiten(X_train, X_new, k)


def moved(image: Any, down: Any, right: Any) -> Any:
    """Move a picture by whole pixels."""
    result = np.roll(image, (down, right), axis=(0, 1))
    result[: max(down, 0)] = 0
    result[max(len(image) + min(down, 0), 0) :] = 0
    result[:, : max(right, 0)] = 0
    result[:, max(image.shape[1] + min(right, 0), 0) :] = 0
    return result


def _without_the_first(image: Any, down: Any, right: Any) -> Any:
    whole = image.copy()
    whole[0], whole[:, 0] = 0, 0
    return moved(whole, down, right)


def best_of(K: Any, n: Any) -> Any:
    """Expected accuracy of the best of K coin-tossing classifiers."""
    return np.sum(1 - binom.cdf(np.arange(n), n, 0.5) ** K) / n


def largest_problem(best: Any, train: Any, val1: Any, val2: Any, test: Any) -> Any:
    """Name of the largest gap between neighbouring error rates."""
    return PROBLEMS[int(np.argmax(np.diff([best, train, val1, val2, test])))]


def _scale(X: Any, fitted_on: Any, ddof: int = 0, guarded: bool = True) -> Any:
    mean, deviation = fitted_on.mean(axis=0), fitted_on.std(axis=0, ddof=ddof)
    return (X - mean) / (np.where(deviation == 0, 1.0, deviation) if guarded else deviation)


def _whiten(
    X_train: Any,
    X_new: Any,
    k: Any,
    mean: Any = None,
    scaled: Any = None,
    dof: int = 1,
    columns: bool = False,
) -> Any:
    _, s, Ut = np.linalg.svd(X_train - X_train.mean(axis=0), full_matrices=False)
    Ut = Ut.T if columns else Ut
    projected = (X_new - (X_train.mean(axis=0) if mean is None else mean)) @ Ut[:k].T
    deviation = s[:k] / np.sqrt(len(X_train) - dof)
    return projected / deviation if scaled is None else projected / scaled(deviation)


def _two_sets(rng: np.random.Generator) -> tuple[Any, ...]:
    n, m, p = int(rng.integers(3, 6)), int(rng.integers(2, 4)), int(rng.integers(1, 4))
    return nice(rng, n, p, low=1, high=5), nice(rng, m, p, low=1, high=5)


def _samples(rng: np.random.Generator) -> tuple[Any, ...]:
    p = int(rng.integers(2, 4))
    return (nice(rng, p + int(rng.integers(2, 5)), p) + 3,)


def _to_whiten(rng: np.random.Generator) -> tuple[Any, ...]:
    p = int(rng.integers(2, 5))
    stretch = 2.0 ** -np.arange(p)  # well separated components
    X = rng.normal(size=(12, p)) * stretch + 2
    return X.round(3), (rng.normal(size=(int(rng.integers(2, 4)), p)) * stretch + 2).round(3), p - 1


def _picture(rng: np.random.Generator) -> tuple[Any, ...]:
    h, w = (int(size) for size in rng.integers(3, 6, size=2))
    down, right = (int(move) for move in rng.integers(-2, 3, size=2))
    return rng.integers(1, 10, size=(h, w)).astype(float), down, right


def _rates(rng: np.random.Generator) -> tuple[Any, ...]:
    gaps = rng.permutation([0.01, 0.02, 0.03, 0.1])
    return tuple(float(rate) for rate in np.round(0.01 + np.cumsum([0.0, *gaps]), 3))


CONSTANT = np.array([[1.0, 2.0], [1.0, 4.0], [1.0, 9.0]])

EXERCISES = (
    Exercise(
        id="data-scale",
        chapter="data",
        title="Scaling without a leak",
        difficulty=1,
        minutes=7,
        equation="def-data-scale",
        hints=(
            "Compute mean and standard deviation once, from the training set, along axis 0.",
            "By which number can you divide a constant feature without changing it? `np.where` chooses, feature by feature.",
        ),
        reference=standardise,
        inputs=_two_sets,
        cases=(
            (np.array([[1.0], [4.0], [1.0]]), np.array([[2.0]])),
            (CONSTANT, np.array([[1.5, 3.0], [2.0, 5.0]])),
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
                "divided by n - 1 in the standard deviation",
                lambda X_train, X_test: (_scale(X_train, X_train, 1), _scale(X_test, X_train, 1)),
                "The exercise asks for n, which is NumPy's default.",
            ),
            Mistake(
                "took one mean and one deviation for all features",
                lambda X_train, X_test: tuple(
                    (X - X_train.mean()) / X_train.std() for X in (X_train, X_test)
                ),
                "Each feature has its own unit. Along which axis are the samples?",
            ),
            Mistake(
                "forgot to subtract the mean",
                lambda X_train, X_test: tuple(
                    _scale(X, X_train)
                    + X_train.mean(axis=0) / np.where(X_train.std(axis=0) == 0, 1.0, X_train.std(axis=0))
                    for X in (X_train, X_test)
                ),
                "Two steps: shift, then divide.",
            ),
            Mistake(
                "left the test set unscaled",
                lambda X_train, X_test: (standardise(X_train, X_test)[0], X_test),
                "The network has learned from scaled inputs, and has to meet scaled inputs again.",
            ),
            Mistake(
                "scaled to the range from 0 to 1",
                lambda X_train, X_test: tuple(
                    (X - X_train.min(axis=0))
                    / np.where(np.ptp(X_train, axis=0) == 0, 1, np.ptp(X_train, axis=0))
                    for X in (X_train, X_test)
                ),
                "That is another scaling. Here each feature gets the mean 0 and the standard deviation 1.",
            ),
            Mistake(
                "divided by a standard deviation of zero",
                lambda X_train, X_test: tuple(
                    (X - X_train.mean(axis=0)) / X_train.std(axis=0) for X in (X_train, X_test)
                ),
                "A feature that never changes has the deviation 0. What does the exercise ask you to do with it?",
            ),
        ),
    ),
    Exercise(
        id="data-variances",
        chapter="data",
        title="The variances of the principal components",
        difficulty=2,
        minutes=8,
        equation="eq-data-svd",
        hints=(
            "Subtract the mean of each feature first.",
            "The variances are the eigenvalues of the covariance matrix, or {eq}`eq-data-svd`.",
        ),
        reference=variances,
        inputs=_samples,
        cases=((np.array([[0.0, 0.0], [2.0, 1.0], [4.0, 5.0]]),),),
        mistakes=(
            Mistake(
                "did not subtract the mean",
                lambda X: np.linalg.svd(X, compute_uv=False) ** 2 / (len(X) - 1),
                "Without it the first component points at the mean, and its variance is far too large.",
            ),
            Mistake(
                "divided by n instead of n - 1",
                lambda X: variances(X) * (len(X) - 1) / len(X),
                "The covariance {eq}`def-data-cov` has n - 1.",
            ),
            Mistake(
                "returned the smallest first",
                lambda X: variances(X)[::-1],
                "`np.linalg.eigvalsh` sorts the other way round.",
            ),
            Mistake(
                "returned the singular values",
                lambda X: np.linalg.svd(X - X.mean(axis=0), compute_uv=False),
                "A variance is a square; see {eq}`eq-data-svd`.",
            ),
            Mistake(
                "returned standard deviations",
                lambda X: np.sqrt(variances(X)),
                "These are the roots of the variances.",
            ),
            Mistake(
                "returned the variances of the features",
                lambda X: np.sort(X.var(axis=0, ddof=1))[::-1],
                "These are the diagonal of the covariance matrix. Rotate to its eigenvectors.",
            ),
            Mistake(
                "gave the explained fractions",
                lambda X: np.linalg.svd(X - X.mean(axis=0))[1] ** 2 / np.sum((X - X.mean(axis=0)) ** 2),
                "These add up to 1. The variances themselves add up to the sum of the features' variances.",
            ),
            Mistake(
                "divided the features by their deviations first",
                lambda X: np.linalg.svd((X - X.mean(axis=0)) / X.std(axis=0))[1] ** 2 / (len(X) - 1),
                "The exercise asks for the components of the data as they are.",
            ),
        ),
    ),
    Exercise(
        id="data-whiten",
        chapter="data",
        title="Whitening with a limit",
        difficulty=3,
        minutes=12,
        equation="eq-data-white",
        hints=(
            "Three things are fitted on the training set: the mean, the directions, the deviations.",
            "`np.linalg.svd(centred, full_matrices=False)` returns Q, s and Uᵀ; its rows are the directions.",
            "The standard deviation of component j is sⱼ over the root of n - 1.",
        ),
        reference=whiten,
        inputs=_to_whiten,
        cases=((np.array([[0.0, 0.0], [2.0, 1.0], [4.0, 5.0], [1.0, 3.0]]), np.array([[1.0, 2.0]]), 1),),
        use=lambda f, X_train, X_new, k: np.abs(f(X_train, X_new, k)),
        rtol=1e-6,
        mistakes=(
            Mistake(
                "took the columns of Vᵀ where its rows belong",
                lambda X_train, X_new, k: _whiten(X_train, X_new, k, columns=True),
                "NumPy returns Vᵀ: the principal directions are its rows.",
            ),
            Mistake(
                "rotated, but did not divide",
                lambda X_train, X_new, k: _whiten(X_train, X_new, k, scaled=lambda s: 1.0),
                "These are the principal components. Whitened ones have the variance 1 on the training set.",
            ),
            Mistake(
                "divided by the variance instead of its root",
                lambda X_train, X_new, k: _whiten(X_train, X_new, k, scaled=lambda s: s**2),
                "The exponent in {eq}`def-data-white` is -1/2.",
            ),
            Mistake(
                "subtracted the mean of the new data",
                lambda X_train, X_new, k: _whiten(X_train, X_new, k, mean=X_new.mean(axis=0)),
                "The mean is fitted on the training set, as everything else.",
            ),
            Mistake(
                "divided by the singular values",
                lambda X_train, X_new, k: _whiten(
                    X_train, X_new, k, scaled=lambda s: s * np.sqrt(len(X_train) - 1)
                ),
                "A singular value grows with the number of samples; see {eq}`eq-data-svd`.",
            ),
            Mistake(
                "forgot to subtract the mean from the new data",
                lambda X_train, X_new, k: _whiten(X_train, X_new, k, mean=0.0),
                "The new data are shifted by the same mean as the training data.",
            ),
        ),
    ),
    Exercise(
        id="data-shift",
        chapter="data",
        title="A moved picture",
        difficulty=2,
        minutes=8,
        hints=(
            "`np.pad` surrounds a picture with rows and columns of zeros.",
            "To move down, the window is cut out further up.",
        ),
        reference=moved,
        inputs=_picture,
        cases=(
            (np.array([[1.0]]), 0, 0),
            (np.arange(1.0, 7.0).reshape(2, 3), 1, 0),
            (np.arange(1.0, 7.0).reshape(2, 3), 0, -1),
            (np.arange(1.0, 5.0).reshape(2, 2), 3, 0),
            (np.arange(1.0, 5.0).reshape(2, 2), 0, -2),
            (np.arange(1.0, 5.0).reshape(2, 2), -3, 1),
            (np.arange(1.0, 5.0).reshape(2, 2), 1, -2),
        ),
        mistakes=(
            Mistake(
                "lost the first row and the first column that come from the picture",
                _without_the_first,
                "Pixel 0 belongs to the picture as well: 0 is allowed.",
            ),
            Mistake(
                "moved down and right only",
                lambda image, down, right: moved(image, max(down, 0), max(right, 0)),
                "A negative number moves the picture up, or to the left.",
            ),
            Mistake(
                "let the picture come in again on the other side",
                lambda image, down, right: np.roll(image, (down, right), axis=(0, 1)),
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
                lambda K, n: np.sum(1 - binom.cdf(np.arange(1, n + 1), n, 0.5) ** K) / n,
                "The opposite of at least k is at most k - 1.",
            ),
        ),
    ),
    Exercise(
        id="data-next",
        chapter="data",
        title="What to do next?",
        difficulty=1,
        minutes=6,
        equation="eq-data-mismatch",
        hints=("Four differences of neighbours; `np.argmax` tells which is the largest.",),
        reference=largest_problem,
        inputs=_rates,
        cases=(
            (0.01, 0.1, 0.11, 0.12, 0.13),
            (0.01, 0.02, 0.03, 0.04, 0.2),
            (0.01, 0.05, 0.06, 0.2, 0.1),
            (0.01, 0.05, 0.02, 0.04, 0.06),
            (0.05, 0.1, 0.2, 0.02, 0.04),
        ),
        mistakes=(
            Mistake(
                "took the whole training error for the bias",
                lambda best, train, val1, val2, test: largest_problem(0.0, train, val1, val2, test),
                "Part of the training error cannot be avoided: the bias is what exceeds the best possible.",
            ),
            Mistake(
                "measured the variance from the best possible",
                lambda best, train, val1, val2, test: PROBLEMS[
                    int(np.argmax([train - best, val1 - best, val2 - val1, test - val2]))
                ],
                "The variance is the step from the training error to the first validation error.",
            ),
            Mistake(
                "exchanged variance and mismatch",
                lambda best, train, val1, val2, test: {"variance": "mismatch", "mismatch": "variance"}.get(
                    largest_problem(best, train, val1, val2, test),
                    largest_problem(best, train, val1, val2, test),
                ),
                "Variance shows between two sets of the same kind, mismatch between two of different kinds.",
            ),
            Mistake(
                "took the last gap always",
                lambda best, train, val1, val2, test: "validation overused",
                "Errors grow from set to set, but the question is where they grow most.",
            ),
            Mistake(
                "exchanged bias and variance",
                lambda best, train, val1, val2, test: {"bias": "variance", "variance": "bias"}.get(
                    largest_problem(best, train, val1, val2, test),
                    largest_problem(best, train, val1, val2, test),
                ),
                "Bias is what shows on the training set already.",
            ),
            Mistake(
                "looked for the smallest gap",
                lambda best, train, val1, val2, test: PROBLEMS[
                    int(np.argmin(np.diff([best, train, val1, val2, test])))
                ],
                "The largest gap promises the largest gain.",
            ),
            Mistake(
                "took the largest error for the largest gap",
                lambda best, train, val1, val2, test: PROBLEMS[int(np.argmax([train, val1, val2, test]))],
                "A problem shows in the step from one error to the next, not in the error itself.",
            ),
            Mistake(
                "took the size of each gap, whatever its sign",
                lambda best, train, val1, val2, test: PROBLEMS[
                    int(np.argmax(np.abs(np.diff([best, train, val1, val2, test]))))
                ],
                "An error that falls from one set to the next is no problem at all.",
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
