"""Exercises of the chapter on hyperparameters."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_book.exercises._measured import covering
from fysstk_nn._optional import needs


def plateau(share: float) -> float:
    """Cost of a network that knows how frequent two classes are, and nothing else."""
    return float(-share * np.log(share) - (1 - share) * np.log(1 - share))


def trainings(values: Any, folds: Any) -> Any:
    """Trainings of a grid search with a final one on all data."""
    return folds * int(np.prod([len(choices) for choices in values.values()])) + 1


def draws(q: Any, p: Any) -> Any:
    """Random draws that hit the best fraction q with probability p."""
    return int(np.ceil(np.log(1 - p) / np.log(1 - q)))


def log_uniform(u: Any, low: Any, high: Any) -> Any:
    """Log-uniform numbers from uniform ones."""
    return np.exp(np.log(low) + u * (np.log(high) - np.log(low)))


def _grid(rng: np.random.Generator) -> tuple[Any, ...]:
    names = ("eta", "l2", "hidden", "batch_size")[: int(rng.integers(2, 5))]
    return {name: list(range(int(rng.integers(2, 6)))) for name in names}, int(rng.integers(2, 6))


def _split() -> Any:
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
        title="How long will the grid take?",
        difficulty=1,
        minutes=5,
        equation="eq-hyper-grid",
        hints=(
            "How many combinations are there? How often is each of them trained? And what is trained at the end?",
        ),
        reference=trainings,
        inputs=_grid,
        mistakes=(
            Mistake(
                "counted the hyperparameters, not their values",
                lambda values, folds: folds * len(values) + 1,
                "Each combination of values is trained: how many values has each hyperparameter?",
            ),
            Mistake(
                "forgot the final training",
                lambda values, folds: trainings(values, folds) - 1,
                "The winner is trained once more, on all data.",
            ),
            Mistake(
                "added the numbers of values up",
                lambda values, folds: folds * sum(len(choices) for choices in values.values()) + 1,
                "A grid tries every combination: the numbers multiply.",
            ),
            Mistake(
                "forgot the folds",
                lambda values, folds: (trainings(values, folds) - 1) // folds + 1,
                "Each combination is trained once for each fold.",
            ),
            Mistake(
                "counted the final training once per fold",
                lambda values, folds: trainings(values, folds) - 1 + folds,
                "The final training uses all data, once.",
            ),
        ),
    ),
    Exercise(
        id="hyper-draws",
        chapter="hyperparameters",
        title="How many draws?",
        difficulty=2,
        minutes=6,
        equation="eq-hyper-draws",
        hints=(
            "First the probability that none of n draws is good.",
            "Take logarithms of both sides. The result has to be a whole number.",
        ),
        reference=draws,
        inputs=lambda rng: (nice(rng, low=0.1, high=0.5) / 2, 1 - nice(rng, low=0.1, high=0.9) / 4),
        cases=((0.9, 0.5), (0.05, 0.95), (0.01, 0.99), (0.5, 0.75), (0.5, 0.5)),
        mistakes=(
            Mistake(
                "rounded down",
                lambda q, p: int(np.floor(np.log(1 - p) / np.log(1 - q))),
                "With fewer draws the probability is below p: round up.",
            ),
            Mistake(
                "used the logarithm of p instead of 1 - p",
                lambda q, p: int(np.ceil(np.log(p) / np.log(1 - q))),
                "1 - p is the probability that you may miss.",
            ),
            Mistake(
                "multiplied the fraction by the number of draws",
                lambda q, p: int(np.ceil(p / q)),
                "Chances of several draws do not add up: they may hit twice.",
            ),
            Mistake(
                "used the logarithm of q instead of 1 - q",
                lambda q, p: int(np.ceil(np.log(1 - p) / np.log(q))),
                "1 - q is the probability that one draw misses.",
            ),
            Mistake(
                "left a fraction of a draw",
                lambda q, p: float(np.log(1 - p) / np.log(1 - q)),
                "The formula is right; the answer is a whole number of draws, and at least so many.",
            ),
            Mistake(
                "rounded to the nearest whole number",
                lambda q, p: round(np.log(1 - p) / np.log(1 - q)),
                "With fewer draws the probability is below p: round up.",
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
