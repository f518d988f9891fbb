"""Self-checks of the chapter on hyperparameters."""

from typing import Any

import numpy as np

from fysstk_book.questions.selfchecks import Family, selfcheck


def _grid(rng: np.random.Generator) -> tuple[Any, ...]:
    return {name: range(int(rng.integers(2, 7))) for name in ("eta", "l2", "nodes")}, int(rng.integers(3, 11))


SELFCHECKS = (
    selfcheck(
        "hyper-first",
        r"A network with a softmax output for $M$ equally frequent classes knows nothing yet. What should its first cost, "
        r"the mean cross-entropy (with the natural logarithm), be about?",
        "M",
        draw=lambda rng: (int(rng.integers(3, 60)),),
        family=Family(
            (26,),
            np.log,
            {
                "took the number for ten classes": lambda M: np.log(10),
                "took the logarithm to base 10": np.log10,
                "took the logarithm to base 2": np.log2,
                "gave the number of classes": float,
                "gave the probability of one class": lambda M: 1 / M,
                "added up the costs of all classes": lambda M: M * np.log(M),
                "added the costs of 26 yes-or-no questions": lambda M: (
                    np.log(M) - (M - 1) * np.log(1 - 1 / M)
                ),
                "gave the half squared error of equal outputs": lambda M: (1 - 1 / M) / 2,
            },
        ),
        say={
            "took the number for ten classes": "That is the cost for ten classes. How many are there here?",
            "added the costs of 26 yes-or-no questions": (
                "added the costs of M yes-or-no questions",
                "With softmax and cross-entropy the wrong classes add nothing: their targets are 0.",
            ),
        },
    ),
    selfcheck(
        "hyper-grid",
        r"A grid search tries $n_1$ learning rates, $n_2$ penalties and $n_3$ numbers of nodes, with $k$-fold "
        r"cross-validation, and trains the winner on all data at the end. How many networks does it train altogether?",
        lambda values, folds: (
            "For "
            + ", ".join(f"$n_{i} = {len(some)}$" for i, some in enumerate(values.values(), start=1))
            + f" and $k = {folds}$:"
        ),
        draw=_grid,
        digits=4,
    ),
    selfcheck(
        "hyper-draws",
        r"What is the smallest number of random draws with which you hit the best fraction $q$ of all settings with a "
        r"probability of at least $p$?",
        "q, p",
        draw=lambda rng: (
            float(rng.choice([0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3])),
            float(rng.choice([0.6, 0.7, 0.8, 0.9, 0.95, 0.99])),
        ),
        few=True,
        twins={
            ("rounded down", "rounded to the nearest whole number"): (
                "rounded down",
                "With fewer draws the probability is below p: round up.",
            )
        },
    ),
    selfcheck(
        "hyper-log",
        r"A generator has drawn $u$, uniform between 0 and 1. Turn it into a number that is log-uniform between $l$ and $h$.",
        "u, l, h",
        draw=lambda rng: (
            float(rng.integers(1, 10)) / 10,
            10.0 ** -int(rng.integers(1, 3)),
            10.0 ** int(rng.integers(0, 3)),
        ),
        say={
            "ran from the upper end down": "At u = 0 the result is the lower end, l.",
        },
    ),
)
