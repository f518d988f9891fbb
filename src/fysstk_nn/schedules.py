"""Schedules: learning rates that change from step to step."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fysstk_nn._validate import as_count, as_number

__all__ = [
    "Constant",
    "Cosine",
    "ExponentialDecay",
    "InverseSqrt",
    "InverseTime",
    "Schedule",
    "StepDecay",
    "WarmUp",
]


class Schedule(ABC):
    """A learning rate that depends on the number t = 0, 1, 2, ... of the step."""

    @abstractmethod
    def __call__(self, t: int) -> float:
        """Return eta for step t."""


@dataclass(frozen=True)
class Constant(Schedule):
    """η_t = η: what a plain number for eta means as well."""

    eta: float

    def __post_init__(self) -> None:
        check_fields(self, eta={"above": 0})

    def __call__(self, t: int) -> float:
        """Return eta for step t."""
        return self.eta


@dataclass(frozen=True)
class StepDecay(Schedule):
    """η_t = η factor^⌊t / every⌋: the rate drops by `factor` after each `every` steps."""

    eta: float
    factor: float = 0.5
    every: int = 1000

    def __post_init__(self) -> None:
        check_fields(self, eta={"above": 0}, factor={"above": 0, "maximum": 1})
        as_count(self.every, "every")

    def __call__(self, t: int) -> float:
        """Return eta for step t."""
        return self.eta * self.factor ** (t // self.every)


@dataclass(frozen=True)
class ExponentialDecay(Schedule):
    """η_t = η exp(-decay t)."""

    eta: float
    decay: float = 0.001

    def __post_init__(self) -> None:
        check_fields(self, eta={"above": 0}, decay={"minimum": 0})

    def __call__(self, t: int) -> float:
        """Return eta for step t."""
        return self.eta * math.exp(-self.decay * t)


@dataclass(frozen=True)
class InverseTime(Schedule):
    """η_t = η / (1 + decay t)."""

    eta: float
    decay: float = 0.001

    def __post_init__(self) -> None:
        check_fields(self, eta={"above": 0}, decay={"minimum": 0})

    def __call__(self, t: int) -> float:
        """Return eta for step t."""
        return self.eta / (1 + self.decay * t)


@dataclass(frozen=True)
class InverseSqrt(Schedule):
    """η_t = η / √(1 + decay t)."""

    eta: float
    decay: float = 0.001

    def __post_init__(self) -> None:
        check_fields(self, eta={"above": 0}, decay={"minimum": 0})

    def __call__(self, t: int) -> float:
        """Return eta for step t."""
        return self.eta / math.sqrt(1 + self.decay * t)


@dataclass(frozen=True)
class Cosine(Schedule):
    """η_t = last + (η - last) (1 + cos(π t / steps)) / 2: half a wave down, then `last` (Loshchilov 2017)."""

    eta: float
    steps: int = 1000
    last: float = 0.0

    def __post_init__(self) -> None:
        check_fields(self, eta={"above": 0}, last={"minimum": 0})
        as_count(self.steps, "steps")

    def __call__(self, t: int) -> float:
        """Return eta for step t."""
        return self.last + (self.eta - self.last) * (1 + math.cos(math.pi * min(t / self.steps, 1))) / 2


@dataclass(frozen=True)
class WarmUp(Schedule):
    """Another rate times min(1, (t + 1) / steps): it rises in equal parts over the first `steps` steps.

    Parameters
    ----------
    eta : float or Schedule
        The rate without warm-up: ``WarmUp(Cosine(0.01, 1000), 50)`` rises for 50 steps and then falls.
    steps : int
        The step that first has the whole rate.
    """

    eta: float | Schedule
    steps: int = 100

    def __post_init__(self) -> None:
        check_fields(self, eta={"above": 0})
        as_count(self.steps, "steps")

    def __call__(self, t: int) -> float:
        """Return eta for step t."""
        eta = self.eta(t) if isinstance(self.eta, Schedule) else self.eta
        return eta * min(1, (t + 1) / self.steps)


def check_fields(rule: Any, **bounds: Mapping[str, float]) -> None:
    """Check the numbers among the fields of a frozen dataclass, and store them as Python floats."""
    for name, bound in bounds.items():
        value = getattr(rule, name)
        if not isinstance(value, Schedule):
            object.__setattr__(rule, name, as_number(value, name, **bound))
