"""What a run of training leaves behind: its result, its history, and what it takes to continue."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from fysstk_nn.optimizers import State
from fysstk_nn.params import Params

__all__ = ["Fit", "History", "TrainState"]


@dataclass
class History:
    """What was measured in each epoch: lists with one number for each.

    Attributes
    ----------
    cost : list of float
        The training cost, penalty included: the mean over the epoch's samples, each with the parameters
        of the moment, with its dropped nodes. In a full-batch run it is the cost before the epoch's step.
    validation_cost : list of float
        The cost on the validation set after the epoch, without penalty; empty without such a set.
    metrics, validation_metrics : dict of str to list of float
        The metrics on the training and the validation set after the epoch.
    """

    cost: list[float] = field(default_factory=list)
    validation_cost: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    validation_metrics: dict[str, list[float]] = field(default_factory=dict)


@dataclass
class TrainState:
    """What a run needs to be continued as if it had never stopped.

    Attributes
    ----------
    epoch : int
        How many epochs have been run.
    optimizer : State
        What the optimizer remembers.
    rng : numpy.random.Generator
        The source of the next epoch's shuffling and dropped nodes.
    latest : Params or None
        The parameters after the last epoch, where early stopping handed out better ones.
    best : Params or None
        The parameters with the lowest validation cost so far, where that is watched.
    best_epoch : int
        The epoch, counted from 1, after which they were found.
    best_cost : float
        Their validation cost.
    """

    epoch: int
    optimizer: State
    rng: np.random.Generator
    latest: Params | None = None
    best: Params | None = None
    best_epoch: int = 0
    best_cost: float = math.inf


@dataclass(frozen=True)
class Fit:
    """The result of a run.

    Attributes
    ----------
    params : Params
        The trained parameters; with early stopping those with the lowest validation cost.
    history : History
        What was measured in each epoch.
    state : TrainState
        What it takes to continue.
    interrupted : bool
        Whether Ctrl-C, or a notebook's stop button, has ended it.
    """

    params: Params
    history: History
    state: TrainState
    interrupted: bool = False
