"""Self-checks of the chapter on hyperparameters."""

from typing import Any

import numpy as np

from fysstk_book.exercises.hyperparameters import plateau
from fysstk_book.questions.selfchecks import Family, selfcheck


def _grid(rng: np.random.Generator) -> tuple[Any, ...]:
    return {name: range(int(rng.integers(2, 7))) for name in ("eta", "l2", "nodes")}, int(rng.integers(3, 11))


SELFCHECKS = (
    selfcheck(
        "hyper-first",
        r"Of the events of a detector the share $p$ is signal, the rest is background. A network has two softmax outputs and "
        r"the cross-entropy (with the natural logarithm) for its cost. Below which cost must it come before you can say that "
        r"it has looked at its inputs?",
        "p",
        draw=lambda rng: (float(rng.choice([0.01, 0.02, 0.04, 0.05, 0.08, 0.1, 0.15, 0.2])),),
        family=Family(
            (0.03,),
            plateau,
            {
                "gave the first cost": lambda p: np.log(2),
                "counted the background only": lambda p: -np.log(1 - p),
                "left the rare class with its share, and forgot the other one": lambda p: -p * np.log(p),
                "gave the mean of the two costs, as if the classes were equally frequent": lambda p: (
                    -np.log(p * (1 - p)) / 2
                ),
                "exchanged the two weights": lambda p: -(1 - p) * np.log(p) - p * np.log(1 - p),
                "took the logarithm to base 2": lambda p: plateau(p) / np.log(2),
                "gave the share of wrong answers": lambda p: p,
            },
        ),
        say={
            "gave the mean of the two costs, as if the classes were equally frequent": "The classes are not equally frequent. Weight the two costs by how often they occur.",
            "left the rare class with its share, and forgot the other one": "The background costs something, too: its probability is below 1.",
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
