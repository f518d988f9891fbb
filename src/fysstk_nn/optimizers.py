"""Optimizers: rules that turn a gradient into a step downhill.

An optimizer is a frozen description. It sees all parameters of a network as one vector theta, which it
changes in place; what it has to remember from step to step is a `State` that the caller keeps::

    state = optimizer.init(theta)
    optimizer.step(theta, gradient, state)  # once for each gradient
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from fysstk_nn._validate import Array, check_flags, is_finite
from fysstk_nn.schedules import Schedule, check_fields

__all__ = [
    "AdaGrad",
    "Adam",
    "AdamW",
    "Chain",
    "ClipNorm",
    "ClipValue",
    "GradientDescent",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "RMSProp",
    "Rule",
    "State",
]


@dataclass
class State:
    """What an optimizer remembers between steps; `step` changes it.

    Attributes
    ----------
    kind : str
        The kind of the rule that made it: see `Rule.kind`.
    t : int
        The number of steps taken.
    size : int
        The size of the theta that it belongs to.
    memory : tuple of ndarray
        Vectors of theta's size: velocities, or moments of the gradient.
    scratch : ndarray
        Room for intermediate results; its contents mean nothing.
    parts : tuple of State
        The states of the rules in a `Chain`.
    """

    kind: str = ""
    t: int = 0
    size: int = 0
    memory: tuple[Array, ...] = ()
    scratch: Array = field(default_factory=lambda: np.empty(0), repr=False)
    parts: tuple[State, ...] = ()


class Rule(ABC):
    """Anything that acts on a gradient: an optimizer, a clipping, or a chain of them."""

    @cached_property
    def kind(self) -> str:
        """What the rule's state belongs to: its name, with all settings that its memory depends on."""
        return type(self).__name__

    @abstractmethod
    def init(self, theta: Array) -> State:
        """Return the state to start with, for parameters of theta's size and type."""

    @abstractmethod
    def step(self, theta: Array, gradient: Array, state: State) -> None:
        """Take one step.

        Parameters
        ----------
        theta : ndarray, shape (n,)
            The parameters: an optimizer changes them in place.
        gradient : ndarray, shape (n,)
            dC/dtheta, in theta's type. A clipping changes it in place.
        state : State
            From `init`; it is changed in place.

        Raises
        ------
        TypeError, ValueError
            If theta, gradient and state do not belong together.
        FloatingPointError
            In each hundredth step, if what the optimizer remembers is no longer finite: in float32 the square
            of 2e19 is not, and with it AdaGrad, RMSProp and Adam would never move again.
        """


class Optimizer(Rule):
    """A rule that moves theta.

    To add one, derive from this class, name its `vectors`, and write `update`.
    """

    CHUNK: ClassVar[int] = 32768
    """Numbers that are updated at a time. They stay in the cache between the operations of an update, which
    makes Adam 1.5 times as fast on large networks."""

    FLUSH: ClassVar[int] = 100
    """How many steps pass before numbers in the memory that have decayed to almost nothing are set to 0, and
    the others looked at for infinities."""

    vectors: ClassVar[int] = 0
    """How many vectors of theta's size it remembers, which start at 0."""

    eta: float | Schedule

    @cached_property
    def kind(self) -> str:
        """Its name and all settings but the learning rate, which may change from one run to the next."""
        mine: Any = fields(self) if is_dataclass(self) else ()
        settings = [f"{one.name}={getattr(self, one.name)!r}" for one in mine if one.name != "eta"]
        return f"{type(self).__name__}({', '.join(settings)})"

    @abstractmethod
    def update(self, theta: Array, g: Array, memory: tuple[Array, ...], s: Array, eta: float, t: int) -> None:
        """Update theta and the memory in place, for step number t = 1, 2, ...; `s` is for scratch."""

    def init(self, theta: Array) -> State:
        """Return the state to start with, for parameters of theta's size and type."""
        _check_vector(theta)
        memory = tuple(np.zeros_like(theta) for _ in range(self.vectors))
        return State(self.kind, 0, theta.size, memory, np.empty(min(theta.size, self.CHUNK), theta.dtype))

    def step(self, theta: Array, gradient: Array, state: State) -> None:
        """Change theta in place, by one step against the gradient; see `Rule.step`."""
        _check_fit(self, theta, gradient, state)
        eta = self.eta(state.t) if isinstance(self.eta, Schedule) else self.eta
        state.t += 1
        if theta.size <= self.CHUNK:
            self.update(theta, gradient, state.memory, state.scratch, eta, state.t)
        else:
            for i in range(0, theta.size, self.CHUNK):
                part = slice(i, i + self.CHUNK)
                memory = tuple([vector[part] for vector in state.memory])
                s = state.scratch[: theta[part].size]
                self.update(theta[part], gradient[part], memory, s, eta, state.t)
        if state.t % self.FLUSH == 0:
            _flush(state.memory, state.scratch)
            if not all(is_finite(vector) for vector in state.memory):
                raise _too_large(self, gradient, state.t)


@dataclass(frozen=True)
class GradientDescent(Optimizer):
    """θ ← θ - η g.

    Parameters
    ----------
    eta : float or Schedule
        The learning rate.
    """

    eta: float | Schedule = 0.1

    def __post_init__(self) -> None:
        check_fields(self, eta={"above": 0})

    def update(self, theta: Array, g: Array, memory: tuple[Array, ...], s: Array, eta: float, t: int) -> None:
        """Take one step."""
        np.multiply(g, eta, out=s)
        theta -= s


@dataclass(frozen=True)
class Momentum(Optimizer):
    """v ← β v + g, θ ← θ - η v: a heavy ball that keeps its velocity (Polyak 1964).

    Parameters
    ----------
    eta : float or Schedule
        The learning rate.
    beta : float
        How much of the velocity is kept in each step.
    dampened : bool
        Whether v ← β v + (1 - β) g instead: v is then a running mean of the gradients, and η has to
        be 1/(1 - β) times larger for the same path.
    """

    eta: float | Schedule = 0.1
    beta: float = 0.9
    dampened: bool = False
    vectors: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_fields(self, eta={"above": 0}, beta={"minimum": 0, "below": 1})
        check_flags(dampened=self.dampened)

    def update(self, theta: Array, g: Array, memory: tuple[Array, ...], s: Array, eta: float, t: int) -> None:
        """Take one step. The memory holds the v without dampening: (1 - beta) times it is the other one."""
        (v,) = memory
        v *= self.beta
        v += g
        np.multiply(v, eta * (1 - self.beta) if self.dampened else eta, out=s)
        theta -= s


@dataclass(frozen=True)
class Nesterov(Optimizer):
    """v ← β v + g, θ ← θ - η (g + β v): the gradient one step of the ball ahead.

    Nesterov (1983) takes the gradient at θ - η β v, where the velocity alone would carry the ball.
    Here θ stands for that point, so that any gradient at θ will do.

    Parameters
    ----------
    eta : float or Schedule
        The learning rate.
    beta : float
        How much of the velocity is kept in each step.
    """

    eta: float | Schedule = 0.1
    beta: float = 0.9
    vectors: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_fields(self, eta={"above": 0}, beta={"minimum": 0, "below": 1})

    def update(self, theta: Array, g: Array, memory: tuple[Array, ...], s: Array, eta: float, t: int) -> None:
        """Take one step."""
        (v,) = memory
        v *= self.beta
        v += g
        np.multiply(v, self.beta, out=s)
        s += g
        s *= eta
        theta -= s


@dataclass(frozen=True)
class AdaGrad(Optimizer):
    """G ← G + g², θ ← θ - η g / (√G + ε), for each parameter (Duchi et al. 2011).

    Parameters
    ----------
    eta : float or Schedule
        The learning rate.
    epsilon : float
        Keeps the division finite while G is 0.
    """

    eta: float | Schedule = 0.01
    epsilon: float = 1e-10
    vectors: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_fields(self, eta={"above": 0}, epsilon={"above": 0})

    def update(self, theta: Array, g: Array, memory: tuple[Array, ...], s: Array, eta: float, t: int) -> None:
        """Take one step."""
        (G,) = memory
        np.multiply(g, g, out=s)
        G += s
        np.sqrt(G, out=s)
        s += self.epsilon
        np.divide(g, s, out=s)
        s *= eta
        theta -= s


@dataclass(frozen=True)
class RMSProp(Optimizer):
    """v ← ρ v + (1 - ρ) g², θ ← θ - η g / (√v + ε) (Tieleman and Hinton 2012).

    Parameters
    ----------
    eta : float or Schedule
        The learning rate.
    rho : float
        How much of the mean square is kept in each step.
    epsilon : float
        Keeps the division finite while v is 0.
    """

    eta: float | Schedule = 0.001
    rho: float = 0.9
    epsilon: float = 1e-8
    vectors: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_fields(self, eta={"above": 0}, rho={"minimum": 0, "below": 1}, epsilon={"above": 0})

    def update(self, theta: Array, g: Array, memory: tuple[Array, ...], s: Array, eta: float, t: int) -> None:
        """Take one step."""
        (v,) = memory
        np.multiply(g, g, out=s)
        s *= 1 - self.rho
        v *= self.rho
        v += s
        np.sqrt(v, out=s)
        s += self.epsilon
        np.divide(g, s, out=s)
        s *= eta
        theta -= s


@dataclass(frozen=True)
class Adam(Optimizer):
    """Running means of g and g², corrected for their start at 0 (Kingma and Ba 2015).

    m ← β₁ m + (1 - β₁) g and v ← β₂ v + (1 - β₂) g²; then, in step t, θ ← θ - η m̂ / (√v̂ + ε), with
    m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ).

    Parameters
    ----------
    eta : float or Schedule
        The learning rate.
    beta1, beta2 : float
        How much of the two means is kept in each step.
    epsilon : float
        Keeps the division finite while v is 0.
    """

    eta: float | Schedule = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    vectors: ClassVar[int] = 2

    def __post_init__(self) -> None:
        decay = {"minimum": 0, "below": 1}
        check_fields(self, eta={"above": 0}, beta1=decay, beta2=decay, epsilon={"above": 0})

    def update(self, theta: Array, g: Array, memory: tuple[Array, ...], s: Array, eta: float, t: int) -> None:
        """Take one step.

        With c = √(1 - β₂ᵗ), m̂ / (√v̂ + ε) is c m / (√v + c ε) / (1 - β₁ᵗ), which needs no v̂ in memory.
        """
        m, v = memory
        c = math.sqrt(1 - self.beta2**t)
        m *= self.beta1
        m += np.multiply(g, 1 - self.beta1, out=s)
        np.multiply(g, g, out=s)
        s *= 1 - self.beta2
        v *= self.beta2
        v += s
        np.sqrt(v, out=s)
        s += c * self.epsilon
        np.divide(m, s, out=s)
        s *= eta * c / (1 - self.beta1**t)
        theta -= s


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam that also shrinks θ ← (1 - η λ) θ before each step (Loshchilov and Hutter 2019).

    In `Adam`, the gradient of an L2 penalty is divided by √v̂ like any other, so that a weight with steep
    slopes hardly decays. Here the decay is decoupled from the gradient, and alike for all of theta, biases
    included.

    Parameters
    ----------
    eta, beta1, beta2, epsilon
        As for `Adam`.
    decay : float
        λ: in 1 / (η λ) steps without a gradient, theta falls to 1/e.
    """

    decay: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fields(self, decay={"minimum": 0})

    def update(self, theta: Array, g: Array, memory: tuple[Array, ...], s: Array, eta: float, t: int) -> None:
        """Take one step."""
        theta *= 1 - eta * self.decay
        super().update(theta, g, memory, s, eta, t)


@dataclass(frozen=True)
class ClipValue(Rule):
    """Clip each component of the gradient to [-limit, limit]; used in front of an optimizer, in a `Chain`."""

    limit: float

    def __post_init__(self) -> None:
        check_fields(self, limit={"above": 0})

    def init(self, theta: Array) -> State:
        """Return a state in which there is nothing to remember."""
        return State(self.kind)

    def step(self, theta: Array, gradient: Array, state: State) -> None:
        """Clip `gradient` in place; theta stays as it is."""
        np.clip(gradient, -self.limit, self.limit, out=gradient)


@dataclass(frozen=True)
class ClipNorm(Rule):
    """Shorten a gradient that is longer than `limit` to that length, in the same direction, in a `Chain`."""

    limit: float

    def __post_init__(self) -> None:
        check_fields(self, limit={"above": 0})

    def init(self, theta: Array) -> State:
        """Return a state in which there is nothing to remember."""
        return State(self.kind)

    def step(self, theta: Array, gradient: Array, state: State) -> None:
        """Shorten `gradient` in place; theta stays as it is."""
        with np.errstate(over="ignore"):
            norm = float(np.linalg.norm(gradient))
        if norm == math.inf:  # the squares are too large for the type, which does not make the length so
            norm = float(np.linalg.norm(gradient.astype(np.longdouble)))
        if norm > self.limit:
            gradient *= self.limit / norm


@dataclass(frozen=True)
class Chain(Rule):
    """One rule after the other, such as ``Chain(ClipNorm(1.0), Adam())``.

    Parameters
    ----------
    *rules : Rule
        Clippings, and an optimizer as the last one.

    Raises
    ------
    TypeError
        If the last rule is no optimizer, or another one is: theta would not move, or move twice.
    """

    rules: tuple[Rule, ...]

    def __init__(self, *rules: Rule) -> None:
        if not rules or not all(isinstance(rule, Rule) for rule in rules):
            raise TypeError("a chain is made of rules, such as Chain(ClipNorm(1.0), Adam())")
        if [isinstance(rule, Optimizer) for rule in rules] != [False] * (len(rules) - 1) + [True]:
            raise TypeError("a chain needs exactly one optimizer, and it must be the last rule")
        object.__setattr__(self, "rules", rules)

    @cached_property
    def kind(self) -> str:
        """The kinds of all its rules."""
        return f"Chain({', '.join(rule.kind for rule in self.rules)})"

    def init(self, theta: Array) -> State:
        """Return the states of all rules to start with."""
        return State(self.kind, parts=tuple(rule.init(theta) for rule in self.rules))

    def step(self, theta: Array, gradient: Array, state: State) -> None:
        """Let each rule act in turn; see `Rule.step`."""
        if state.kind != self.kind:
            raise ValueError(f"the state belongs to {state.kind}, not to {self.kind}")
        state.t += 1
        for rule, part in zip(self.rules, state.parts, strict=True):
            rule.step(theta, gradient, part)


def _flush(memory: tuple[Array, ...], scratch: Array) -> None:
    """Set to 0 what is almost 0, before it gets denormal.

    The gradient of a weight at a pixel that is always black is exactly 0, and its moments decay by a factor
    in each step. Below 1e-38 in float32 the processor needs many times as long for each operation: an epoch
    of digits took three times as long after ten epochs. No step is large enough to notice the difference.
    """
    for vector in memory:
        tiny = float(np.finfo(vector.dtype).tiny) * 1e8
        for i in range(0, vector.size, scratch.size):
            part = vector[i : i + scratch.size]
            part *= np.abs(part, out=scratch[: part.size]) > tiny


def _too_large(rule: Optimizer, gradient: Array, t: int) -> FloatingPointError:
    """Return the error for a memory that is not finite, and what to try."""
    name, largest = type(rule).__name__, float(np.abs(gradient).max())
    return FloatingPointError(
        f"what {name} remembers is not finite after step {t}: a gradient, now as large as {largest:.0e}, or "
        f"the sum of its squares was too large for {gradient.dtype}. Try ClipNorm(1.0) in front of the "
        "optimizer, inputs and targets scaled to about 1, or float64"
    )


def _check_vector(theta: Any) -> None:
    """Raise a TypeError unless `theta` is a contiguous vector of floats."""
    if (
        not isinstance(theta, np.ndarray)
        or theta.ndim != 1
        or theta.dtype.kind != "f"
        or not theta.flags.c_contiguous
    ):
        raise TypeError("theta must be a contiguous 1-D array of floats, because it is changed in place")


def _check_fit(rule: Optimizer, theta: Any, gradient: Any, state: Any) -> None:
    """Raise an error unless theta, gradient and state belong together."""
    try:
        alike = gradient.shape == theta.shape and gradient.dtype == theta.dtype
        kind, size = state.kind, state.size
    except AttributeError:
        came = ", ".join(type(value).__name__ for value in (theta, gradient, state))
        raise TypeError(f"theta and gradient must be arrays, and state a State, not {came}") from None
    if not alike:
        expected, came = (f"{array.dtype} {array.shape}" for array in (theta, gradient))
        raise ValueError(f"theta is {expected}, but its gradient is {came}")
    if kind != rule.kind:
        raise ValueError(f"the state belongs to {kind or 'no optimizer'}, not to {rule.kind}")
    if size != theta.size:
        raise ValueError(f"the state belongs to {size} parameters, but theta has {theta.size}")
