"""Self-checks of the chapter on hyperparameters."""

from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.exercises.hyperparameters import expected_best, plateau
from fysstk_book.questions.selfchecks import Family, selfcheck


def _budget(rng: np.random.Generator) -> tuple[Any, ...]:
    settings = int(rng.choice([9, 13, 16, 18, 55, 75]))  # E has four digits there, and then zeros
    folds = int(rng.integers(2, 6))
    return settings, folds, nice(rng, low=0.5, high=2.0), nice(rng, low=0.5, high=4.0)


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
        r"The true scores of $m$ settings are normal with the standard deviation $\sigma$. Each is measured in $k$ folds, each "
        r"time with an independent normal error of the standard deviation $s$, and the setting with the highest mean is "
        r"chosen. By how much is its *true* score above the average of all settings, on average? $E$ is the mean of the largest "
        r"of $m$ standard normal numbers.",
        lambda settings, folds, sigma, s: (
            rf"For $m = {settings}$, $E = {expected_best(settings):.3f}$, $k = {folds}$, $\sigma = {sigma}$ and $s = {s}$:"
        ),
        draw=_budget,
    ),
    selfcheck(
        "hyper-draws",
        r"Of $d$ hyperparameters all matter: a trial is good if each lies in the right interval, which has the length $a$, "
        r"somewhere in its range from 0 to 1. How many random draws, at least, contain a good one with the probability $p$? "
        r"And how many points has the smallest grid, with as many values for each hyperparameter and shifted at random, "
        r"that does?",
        "a, d, p",
        draw=lambda rng: (
            float(rng.choice([0.15, 0.2, 0.25, 0.3, 0.4])),
            int(rng.integers(2, 4)),
            float(rng.choice([0.6, 0.7, 0.8, 0.9, 0.95])),
        ),
        digits=4,
        few=True,
        say={
            "counted the values of the grid, not its points": "Each value for one hyperparameter is combined with each for the others.",
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
