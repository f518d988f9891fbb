"""Exercises of the chapter on hyperparameters."""

from functools import cache
from typing import Any

import numpy as np
from scipy.special import ndtr

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_book.exercises._measured import covering
from fysstk_nn._optional import needs


def plateau(share: float) -> float:
    """Cost of a network that knows how frequent two classes are, and nothing else."""
    return float(-share * np.log(share) - (1 - share) * np.log(1 - share))


@cache
def expected_best(n: int) -> float:
    """Mean of the largest of n standard normal numbers."""
    x = np.linspace(-9, 9, 4001)
    density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    return float(np.trapezoid(x * n * density * ndtr(x) ** (n - 1), x))


def gain(settings: Any, folds: Any, sigma: Any, s: Any) -> Any:
    """Expected true score of the setting with the highest mean, above that of an average setting."""
    return sigma**2 / np.sqrt(sigma**2 + s**2 / folds) * expected_best(settings)


def trials(side: Any, d: Any, p: Any) -> Any:
    """Random draws, and points of a grid, that hit a cube in d dimensions with probability p."""
    draws = np.log(1 - p) / np.log(1 - side**d)
    return int(np.ceil(draws)), int(np.ceil(p ** (1 / d) / side)) ** d


def log_uniform(u: Any, low: Any, high: Any) -> Any:
    """Log-uniform numbers from uniform ones."""
    return np.exp(np.log(low) + u * (np.log(high) - np.log(low)))


def _budget(rng: np.random.Generator) -> tuple[Any, ...]:
    settings, folds = int(rng.integers(2, 101)), int(rng.integers(2, 11))
    return settings, folds, nice(rng, low=0.2, high=2.0), nice(rng, low=0.2, high=4.0)


def _cube(rng: np.random.Generator) -> tuple[Any, ...]:
    p = float(rng.choice([0.5, 0.7, 0.9, 0.95, 0.98]))
    return float(rng.choice([0.15, 0.2, 0.25, 0.35, 0.4, 0.45])), int(rng.integers(2, 5)), p


def _split() -> Any:
    """Return images and digits for training and for the test, as arrays that may be changed."""
    return [part.copy() for part in _kept_split()]


@cache
def _kept_split() -> Any:
    with needs("this exercise"):
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split

    images, digits = load_digits(return_X_y=True)
    return train_test_split(images / 16, digits, train_size=600, random_state=0, stratify=digits)


def _test_digits(rng: np.random.Generator) -> tuple[Any, ...]:
    _, X_test, _, y_test = _split()
    return X_test, y_test


def _accuracy(predict: Any, X: Any, y: Any) -> float:
    answers = np.asarray(predict(X))
    return float(np.mean(answers == y)) if answers.shape == y.shape else 0.0


def _nearest(X: Any) -> Any:
    """Read digits by their nearest neighbour, which is good enough for the reference."""
    X_train, _, y_train, _ = _split()
    distances = (X**2).sum(axis=1)[:, None] - 2 * X @ X_train.T + (X_train**2).sum(axis=1)
    return y_train[distances.argmin(axis=1)]


EXERCISES = (
    Exercise(
        id="hyper-first",
        chapter="hyperparameters",
        title="A cost that has learned nothing",
        difficulty=2,
        minutes=6,
        equation="eq-hyper-first-cost",
        hints=(
            "A network that does not look at its inputs says the same to every event: the probability q for a signal.",
            "What does it cost, on average, where 3 % of the events are signal? Which q makes this smallest?",
        ),
        reference=plateau(0.03),
        rtol=0.005,
        mistakes=(
            Mistake(
                "gave the first cost",
                float(np.log(2)),
                "That is the cost of equal outputs. A network can learn how frequent the classes are without any input.",
            ),
            Mistake(
                "counted the background only",
                -float(np.log(0.97)),
                "The signal is rare, but each missed event is expensive.",
            ),
            Mistake(
                "left the rare class with its share, and forgot the other one",
                -float(0.03 * np.log(0.03)),
                "The background costs something, too: its probability is 0.97, not 1.",
            ),
            Mistake(
                "gave the mean of the two costs, as if the classes were equally frequent",
                -float(np.log(0.03) + np.log(0.97)) / 2,
                "97 of 100 events have the smaller cost. Weight the two costs by how often they occur.",
            ),
            Mistake(
                "exchanged the two weights",
                -float(0.97 * np.log(0.03) + 0.03 * np.log(0.97)),
                "Each class has the logarithm of its own probability.",
            ),
            Mistake(
                "took the logarithm to base 2",
                plateau(0.03) / float(np.log(2)),
                "The cross-entropy has the natural logarithm.",
            ),
            Mistake(
                "gave the share of wrong answers",
                0.03,
                "That is the error rate. The cost is a mean of logarithms.",
            ),
        ),
    ),
    Exercise(
        id="hyper-grid",
        chapter="hyperparameters",
        title="Many settings, or many folds?",
        difficulty=3,
        minutes=15,
        equation="eq-hyper-winner",
        hints=(
            "The measured mean is a true score plus an error. What is the variance of each, and of their sum? How high is the highest of the sums?",
            "Of the winner's measured score a part is merit and a part is luck. If a sum of two independent normal numbers is known, how much of it is the first one, on average? Their variances say it.",
        ),
        reference=gain,
        inputs=_budget,
        cases=((1, 3, 1.0, 1.0), (100, 1, 1.0, 1.0), (20, 5, 1.0, 1.0), (20, 5, 1.0, 2.0)),
        rtol=5e-3,
        mistakes=(
            Mistake(
                "gave the measured score of the winner",
                lambda settings, folds, sigma, s: np.sqrt(sigma**2 + s**2 / folds) * expected_best(settings),
                "That is what you would report. A part of it is luck, which the true score does not have.",
            ),
            Mistake(
                "chose by the true scores",
                lambda settings, folds, sigma, s: sigma * expected_best(settings),
                "You know measured scores only, and the highest of them need not belong to the best setting.",
            ),
            Mistake(
                "took the error of a single training for that of the mean",
                lambda settings, folds, sigma, s: gain(settings, 1, sigma, s),
                "You compare means over the folds. What is the variance of a mean?",
            ),
            Mistake(
                "divided the deviation of the error by the number of folds",
                lambda settings, folds, sigma, s: gain(settings, folds**2, sigma, s),
                "The *variance* of a mean of k numbers is the k-th part; the deviation falls with the root.",
            ),
            Mistake(
                "took the winner of all trainings",
                lambda settings, folds, sigma, s: (
                    gain(settings, folds, sigma, s)
                    / (expected_best(settings) or 1)
                    * expected_best(settings * folds)
                ),
                "The folds of one setting are no contestants of their own: only the settings are.",
            ),
            Mistake(
                "shrank the best of the true scores",
                lambda settings, folds, sigma, s: (
                    sigma**3 / (sigma**2 + s**2 / folds) * expected_best(settings)
                ),
                "The share of merit applies to the winner's measured score, and that scatters more than the true ones.",
            ),
            Mistake(
                "took the luck of the winner for its merit",
                lambda settings, folds, sigma, s: (
                    s**2 / folds / np.sqrt(sigma**2 + s**2 / folds) * expected_best(settings)
                ),
                "This part of its measured score is error. The other part is asked for.",
            ),
        ),
    ),
    Exercise(
        id="hyper-draws",
        chapter="hyperparameters",
        title="How many trials, if all of them matter?",
        difficulty=2,
        minutes=10,
        equation="eq-hyper-draws",
        hints=(
            "Which fraction of all random draws lies in the cube? Then the probability that none of n does.",
            "Along one axis the values of the shifted grid have the distance 1/m. With which probability does one of them fall into an interval of the length `side`? All d axes must succeed.",
        ),
        reference=trials,
        inputs=_cube,
        cases=((0.5, 1, 0.5), (0.3, 1, 0.5), (0.2, 2, 0.95), (0.2, 3, 0.95), (0.5, 2, 0.3)),
        mistakes=(
            Mistake(
                "counted the values of the grid, not its points",
                lambda side, d, p: (trials(side, d, p)[0], round(trials(side, d, p)[1] ** (1 / d))),
                "Each of m values along one axis is combined with each along the others.",
            ),
            Mistake(
                "drew as if only one of the hyperparameters mattered",
                lambda side, d, p: (trials(side, 1, p)[0], trials(side, d, p)[1]),
                "A good trial lies in the right interval for every one of them: which fraction does?",
            ),
            Mistake(
                "built a grid that cannot miss",
                lambda side, d, p: (trials(side, d, p)[0], int(np.ceil(1 / side)) ** d),
                "It is enough to hit with the probability p.",
            ),
            Mistake(
                "asked for the probability p along each axis of the grid",
                lambda side, d, p: (trials(side, d, p)[0], int(np.ceil(p / side)) ** d),
                "All d axes must succeed at once: their probabilities multiply.",
            ),
            Mistake(
                "rounded down",
                lambda side, d, p: (
                    int(np.log(1 - p) / np.log(1 - side**d)),
                    int(p ** (1 / d) / side) ** d,
                ),
                "With fewer trials the probability is below p: round up.",
            ),
            Mistake(
                "used the logarithm of p instead of 1 - p",
                lambda side, d, p: (int(np.ceil(np.log(p) / np.log(1 - side**d))), trials(side, d, p)[1]),
                "1 - p is the probability that you may miss.",
            ),
            Mistake(
                "took the points of the grid for independent draws",
                lambda side, d, p: (trials(side, d, p)[0],) * 2,
                "The points of a grid do not fall close together by chance, so fewer of them are enough.",
            ),
            Mistake(
                "exchanged the two numbers",
                lambda side, d, p: trials(side, d, p)[::-1],
                "The random draws come first.",
            ),
        ),
    ),
    Exercise(
        id="hyper-log",
        chapter="hyperparameters",
        title="Every factor of ten alike",
        difficulty=2,
        minutes=5,
        equation="eq-hyper-loguniform",
        hints=("Which quantity should be uniform, and between which two numbers? Make that first.",),
        reference=log_uniform,
        inputs=lambda rng: (
            rng.uniform(size=int(rng.integers(1, 5))),
            10.0 ** -int(rng.integers(3, 6)),
            10.0 ** -int(rng.integers(0, 3)),
        ),
        cases=((np.array([0.0, 0.5, 1.0]), 0.01, 1.0),),
        mistakes=(
            Mistake(
                "made the numbers uniform",
                lambda u, low, high: low + (high - low) * u,
                "Nine of ten of these are above a tenth of the upper end.",
            ),
            Mistake(
                "returned the logarithms",
                lambda u, low, high: np.log(low) + np.log(high / low) * u,
                "One more step: the exponential.",
            ),
            Mistake(
                "took the power of ten instead of e",
                lambda u, low, high: 10 ** (np.log(low) + np.log(high / low) * u),
                "The logarithm and the exponential must have the same base.",
            ),
            Mistake(
                "ran from the upper end down",
                lambda u, low, high: high * (low / high) ** u,
                "At u = 0 the result is `low`.",
            ),
            Mistake(
                "forgot the lower end",
                lambda u, low, high: (high / low) ** u,
                "At u = 0 the result is the lower end of the range.",
            ),
            Mistake(
                "raised 10 to uniform numbers between the ends",
                lambda u, low, high: 10 ** (low + (high - low) * u),
                "The exponent is to be uniform, between the logarithms of both ends.",
            ),
        ),
    ),
    Exercise(
        id="hyper-digits",
        chapter="hyperparameters",
        title="A good digit reader",
        difficulty=3,
        minutes=25,
        equation="eq-hyper-draws",
        hints=(
            "Start from the best setting of the fine search, and train for more epochs.",
            "A wider hidden layer and a small l2 help a little. Let cross-validation on X_train decide.",
        ),
        reference=_nearest,
        inputs=_test_digits,
        use=_accuracy,
        at_least=0.955,
        trials=1,
        mistakes=(
            Mistake(
                "the answer is the same digit for every image",
                lambda X: np.zeros(len(X), dtype=int),
                "The network has not learned anything. Is the learning rate far too large, or far too small?",
                sign=lambda predict: len(np.unique(predict(_split()[0][:100]))) == 1,
            ),
            Mistake(
                "the answers are probabilities, not digits",
                lambda X: np.eye(10)[_nearest(X)],
                "Hand in `predict`, not `predict_proba`.",
                sign=lambda predict: np.ndim(predict(_split()[0][:5])) == 2,
            ),
            Mistake(
                "the model has learned only a part: many answers are wrong even on the training images",
                lambda X: np.where(np.arange(len(X)) % 2 == 0, _nearest(X), (_nearest(X) + 3) % 10),
                "Train longer, or with a larger learning rate.",
                sign=lambda predict: bool(0.15 < np.mean(predict(_split()[0]) == _split()[2]) < 0.8),
            ),
        ),
    ),
    Exercise(
        id="hyper-report",
        chapter="hyperparameters",
        title="An honest report",
        difficulty=2,
        minutes=10,
        equation="eq-hyper-winner",
        hints=(
            "Compare the gain with the spread, and think of what choosing the best of 400 does to its score.",
        ),
    ),
    Exercise(
        id="hyper-measure",
        chapter="hyperparameters",
        title="Measure: nine trials, on a grid or at random",
        difficulty=3,
        minutes=25,
        equation="eq-hyper-distinct",
        hints=(
            "There is nothing to tune: each contestant is a function of the seed with an empty grid.",
            "Look at the differences seed by seed before you take their mean.",
        ),
        **covering("grid-or-dice", "random", "grid", widest=5.0, decided=False),
    ),
)
