"""The book's long measurements, by chapter: what each decides, who takes part, and what they may choose from.

`tools/measure.py` makes them. Each module has its own `EXPERIMENTS`; here they are together.
"""

from experiments import (
    activations,
    costs_and_outputs,
    data,
    digits,
    gradient_descent,
    hyperparameters,
    limits,
    optimizers,
    regularization,
    residual,
    scalar_network,
    universal_approximation,
    vanishing_gradients,
)
from experiments.kinds import Experiment, Race, Sweep

__all__ = ["EXPERIMENTS", "Experiment", "Race", "Sweep"]

CHAPTERS = [
    universal_approximation,
    scalar_network,
    gradient_descent,
    optimizers,
    activations,
    vanishing_gradients,
    residual,
    costs_and_outputs,
    data,
    regularization,
    hyperparameters,
    limits,
    digits,
]

EXPERIMENTS: dict[str, Experiment] = {
    name: experiment for chapter in CHAPTERS for name, experiment in chapter.EXPERIMENTS.items()
}
"""All of them by name, in the order of the chapters."""
