"""Activation functions: each one is an object that knows its value and its derivative.

An activation `f` can be asked for three things, of numbers and of arrays:

* ``f(z)``, the activation a = f(z);
* ``f.derivative(z)``, the derivative f'(z) from the input z;
* ``f.slope(a)``, the same derivative from the output a. For the sigmoid it is a(1 - a): backpropagation
  has a at hand, and needs no second exponential.

Softmax is the exception: each of its outputs depends on all inputs of a row, so it has a Jacobian matrix
where the others have a derivative.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fysstk_nn._validate import Array, as_number, as_rectangle

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "Activation",
    "LeakyReLU",
    "activation",
    "elu",
    "identity",
    "leaky_relu",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
    "step",
    "tanh",
]


def _floats(z: Any, name: str = "z") -> Any:
    """Return `z` as an array of floats: integers become float64, other types of numbers stay."""
    z = as_rectangle(z, name)
    if z.dtype.kind not in "biufc":
        raise TypeError(f"{name} must hold numbers, not {z.dtype}")
    return z.astype(np.float64) if z.dtype.kind in "biu" else z


def _name_with_alpha(name: str, alpha: float, usual: float) -> str:
    """Return the name that `activation` turns back into the same function."""
    return name if alpha == usual else f"{name}({alpha!r})"


class Activation(ABC):
    """What all activation functions have in common.

    To add one, derive from this class and write `name`, `into`, `derivative` and `slope`.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """The name that `activation` looks it up by."""

    @abstractmethod
    def into(self, z: Array, out: Array) -> None:
        """Write f(z) into `out`, which may be `z` itself: the form that training calls.

        An exponential may overflow on the way to a finite result; callers silence that warning.
        """

    @abstractmethod
    def derivative(self, z: Any) -> Any:
        """Return f'(z), element by element, in the shape of `z`."""

    @abstractmethod
    def slope(self, a: Any) -> Any:
        """Return f'(z), element by element, written through the output a = f(z)."""

    def __call__(self, z: Any) -> Any:
        """Return a = f(z).

        Parameters
        ----------
        z : array_like, any shape
            Integers are taken as float64; float32 stays float32.

        Returns
        -------
        float or ndarray
            In the shape of `z`.
        """
        z = _floats(z)
        a = np.empty_like(z)
        with np.errstate(over="ignore"):
            self.into(z, a)
        return a[()]  # an array stays an array, and a number becomes a number again

    def pull_back(self, delta: Array, a: Array) -> None:
        """Turn ∂C/∂a into ∂C/∂z in place: δ ← δ ∘ f'(z).

        This is the last factor of equation (eq-four-matrix-delta-hidden).

        Parameters
        ----------
        delta : ndarray, shape (n, M_l)
            ∂C/∂a when called, ∂C/∂z on return.
        a : ndarray, shape (n, M_l)
            The outputs f(z); they are not changed.
        """
        delta *= self.slope(a)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Identity(Activation):
    """f(z) = z: a node without an activation function, as in the output layer of a regression."""

    name = "identity"

    def into(self, z: Array, out: Array) -> None:
        """Write z into `out`."""
        if out is not z:
            np.copyto(out, z)

    def derivative(self, z: Any) -> Any:
        """Return f'(z) = 1."""
        return np.ones_like(_floats(z))[()]

    def slope(self, a: Any) -> Any:
        """Return f'(z) = 1."""
        return np.ones_like(_floats(a, "a"))[()]

    def pull_back(self, delta: Array, a: Array) -> None:
        """Leave delta as it is: f'(z) = 1."""


@dataclass(frozen=True)
class Step(Activation):
    """f(z) = 1 for z > 0, else 0: the perceptron's activation function.

    Its derivative is 0 wherever it has one, so no gradient passes through it, and 0 is what the methods
    return at the jump as well.
    """

    name = "step"

    def into(self, z: Array, out: Array) -> None:
        """Write 1 where z > 0 and 0 elsewhere into `out`."""
        np.greater(z, 0, out=out)

    def derivative(self, z: Any) -> Any:
        """Return f'(z) = 0."""
        return np.zeros_like(_floats(z))[()]

    def slope(self, a: Any) -> Any:
        """Return f'(z) = 0."""
        return np.zeros_like(_floats(a, "a"))[()]


@dataclass(frozen=True)
class Sigmoid(Activation):
    """f(z) = 1 / (1 + exp(-z)), the logistic function, with values between 0 and 1."""

    name = "sigmoid"

    def into(self, z: Array, out: Array) -> None:
        """Write 1 / (1 + exp(-z)) into `out`; where exp(-z) overflows, the quotient is the correct 0."""
        np.negative(z, out=out)
        np.exp(out, out=out)
        out += 1
        np.reciprocal(out, out=out)

    def derivative(self, z: Any) -> Any:
        """Return f'(z) = f(z) f(-z), which is f(z) (1 - f(z)) without its rounding error at large z."""
        z = _floats(z)
        return self(z) * self(-z)

    def slope(self, a: Any) -> Any:
        """Return f'(z) = a (1 - a)."""
        a = _floats(a, "a")
        return a * (1 - a)

    def pull_back(self, delta: Array, a: Array) -> None:
        """Multiply delta by a (1 - a)."""
        delta *= a * (1 - a)


@dataclass(frozen=True)
class Tanh(Activation):
    """f(z) = tanh(z), with values between -1 and 1; it is 2 sigmoid(2z) - 1."""

    name = "tanh"

    def into(self, z: Array, out: Array) -> None:
        """Write tanh(z) into `out`."""
        np.tanh(z, out=out)

    def derivative(self, z: Any) -> Any:
        """Return f'(z) = 1 - tanh(z)^2 = 4 sigmoid(2z) sigmoid(-2z), free of rounding error at large z."""
        return 4 * sigmoid.derivative(2 * _floats(z))

    def slope(self, a: Any) -> Any:
        """Return f'(z) = 1 - a^2."""
        a = _floats(a, "a")
        return 1 - a * a


@dataclass(frozen=True)
class ReLU(Activation):
    """f(z) = max(0, z), the rectified linear unit; at the kink its derivative is taken as 0."""

    name = "relu"

    def into(self, z: Array, out: Array) -> None:
        """Write max(0, z) into `out`."""
        np.maximum(z, 0, out=out)

    def derivative(self, z: Any) -> Any:
        """Return f'(z) = 1 for z > 0, else 0."""
        return step(z)

    def slope(self, a: Any) -> Any:
        """Return f'(z) = 1 for a > 0, else 0."""
        return step(_floats(a, "a"))

    def pull_back(self, delta: Array, a: Array) -> None:
        """Set delta to 0 where a is 0."""
        delta *= a > 0


@dataclass(frozen=True)
class LeakyReLU(Activation):
    """f(z) = z for z > 0, else α z; at the kink its derivative is taken as α.

    Parameters
    ----------
    alpha : float
        The slope for negative z, at least 0.
    """

    alpha: float = 0.01

    def __post_init__(self) -> None:
        object.__setattr__(self, "alpha", as_number(self.alpha, "alpha", minimum=0))

    @property
    def name(self) -> str:
        """The name, with alpha where it is not the usual 0.01."""
        return _name_with_alpha("leaky_relu", self.alpha, 0.01)

    def into(self, z: Array, out: Array) -> None:
        """Write max(0, z) + alpha min(0, z) into `out`."""
        negative = np.minimum(z, 0)
        np.maximum(z, 0, out=out)
        out += self.alpha * negative

    def derivative(self, z: Any) -> Any:
        """Return f'(z) = 1 for z > 0, else alpha."""
        z = _floats(z)
        return np.where(z > 0, z.dtype.type(1), z.dtype.type(self.alpha))[()]

    def slope(self, a: Any) -> Any:
        """Return f'(z), which a tells as well as z does: 1 for a > 0, else alpha."""
        return self.derivative(_floats(a, "a"))


@dataclass(frozen=True)
class ELU(Activation):
    """f(z) = z for z > 0, else α (exp(z) - 1), the exponential linear unit.

    For α = 1 the derivative is continuous; otherwise it is taken as α at the kink.

    Parameters
    ----------
    alpha : float
        Minus the value that f tends to for very negative z, at least 0.
    """

    alpha: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "alpha", as_number(self.alpha, "alpha", minimum=0))

    @property
    def name(self) -> str:
        """The name, with alpha where it is not the usual 1."""
        return _name_with_alpha("elu", self.alpha, 1.0)

    def into(self, z: Array, out: Array) -> None:
        """Write max(0, z) + alpha (exp(min(0, z)) - 1) into `out`: no exponential of a positive number."""
        negative = np.minimum(z, 0)
        np.maximum(z, 0, out=out)
        out += self.alpha * np.expm1(negative)

    def derivative(self, z: Any) -> Any:
        """Return f'(z) = 1 for z > 0, else alpha exp(z)."""
        z = _floats(z)
        return np.where(z > 0, z.dtype.type(1), self.alpha * np.exp(np.minimum(z, 0)))[()]

    def slope(self, a: Any) -> Any:
        """Return f'(z) = 1 for a > 0, else a + alpha."""
        a = _floats(a, "a")
        return np.where(a > 0, a.dtype.type(1), a + self.alpha)[()]


@dataclass(frozen=True)
class Softplus(Activation):
    """f(z) = log(1 + exp(z)), a smooth ReLU whose derivative is the sigmoid."""

    name = "softplus"

    def into(self, z: Array, out: Array) -> None:
        """Write log(exp(0) + exp(z)) into `out`, without forming the exponentials."""
        np.logaddexp(0, z, out=out)

    def derivative(self, z: Any) -> Any:
        """Return f'(z) = sigmoid(z)."""
        return sigmoid(z)

    def slope(self, a: Any) -> Any:
        """Return f'(z) = 1 - exp(-a)."""
        return -np.expm1(-_floats(a, "a"))


@dataclass(frozen=True)
class Softmax(Activation):
    """f(z)_j = exp(z_j) / Σ_k exp(z_k) along the last axis: positive numbers that add up to 1."""

    name = "softmax"

    def into(self, z: Array, out: Array) -> None:
        """Write the softmax of each row of z into `out`.

        The largest z of a row is subtracted first. The quotient does not change, and no exponential
        overflows.
        """
        z = z.T.copy()  # NumPy sums a few long rows faster than many short ones
        z -= z.max(axis=0)
        np.exp(z, out=z)
        z /= z.sum(axis=0)
        out[...] = z.T

    def __call__(self, z: Any) -> Any:
        """Return the softmax of each row of `z`, shape (M,) or (n, M).

        Raises
        ------
        ValueError
            If `z` is a single number.
        """
        z = _floats(z)
        if z.ndim == 0:
            raise ValueError("softmax needs a whole row of numbers, shape (M,) or (n, M), not a single one")
        if z.size == 0:
            raise ValueError(f"z is empty: its shape is {z.shape}")
        return super().__call__(z)

    def jacobian(self, z: Any) -> Array:
        """Return the matrix ∂a_i/∂z_j = a_i (1 if i = j else 0) - a_i a_j, for each row of `z`.

        Parameters
        ----------
        z : array_like, shape (..., M)

        Returns
        -------
        ndarray, shape (..., M, M)
            Symmetric, and each row adds up to 0: adding a constant to all z changes nothing.
        """
        a = self(z)
        jacobian: Array = a[..., :, np.newaxis] * (np.eye(a.shape[-1], dtype=a.dtype) - a[..., np.newaxis, :])
        return jacobian

    def derivative(self, z: Any) -> Any:
        """Raise a TypeError: softmax has a Jacobian matrix, see `jacobian`."""
        raise TypeError(
            "softmax has no elementwise derivative, because each output depends on all inputs: "
            "use softmax.jacobian(z)"
        )

    def slope(self, a: Any) -> Any:
        """Raise a TypeError: softmax has a Jacobian matrix, see `jacobian`."""
        return self.derivative(a)

    def pull_back(self, delta: Array, a: Array) -> None:
        """Turn ∂C/∂a into ∂C/∂z in place: δ_j ← a_j (δ_j - Σ_k δ_k a_k), row by row.

        It is the product with the Jacobian matrix, without forming the matrix.
        """
        delta -= np.einsum("...k,...k->...", delta, a)[..., np.newaxis]
        delta *= a


identity = Identity()
step = Step()
sigmoid = Sigmoid()
tanh = Tanh()
relu = ReLU()
leaky_relu = LeakyReLU()
elu = ELU()
softplus = Softplus()
softmax = Softmax()

ACTIVATIONS: dict[str, Activation] = {
    f.name: f for f in (identity, step, sigmoid, tanh, relu, leaky_relu, elu, softplus, softmax)
}
"""All activation functions by name."""

_WITH_ALPHA: dict[str, Callable[[float], Activation]] = {"leaky_relu": LeakyReLU, "elu": ELU}


def activation(name: str | Activation) -> Activation:
    """Return the activation function of that name; an activation function is returned as it is.

    Parameters
    ----------
    name : str or Activation
        A key of `ACTIVATIONS`. Leaky ReLU and ELU may carry their alpha: ``"leaky_relu(0.2)"``.

    Raises
    ------
    ValueError
        If there is no activation function of that name.
    TypeError
        If `name` is neither a string nor an activation function.
    """
    if isinstance(name, Activation):
        return name
    if not isinstance(name, str):
        raise TypeError(f"an activation is given by its name or as an object, not as {type(name).__name__}")
    if name in ACTIVATIONS:
        return ACTIVATIONS[name]
    match = re.fullmatch(r"(leaky_relu|elu)\((\d[\d.e+-]*)\)", name)
    if match is None:
        raise ValueError(f"there is no activation {name!r}; choose from {', '.join(ACTIVATIONS)}")
    return _WITH_ALPHA[match[1]](float(match[2]))
