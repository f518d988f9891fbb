"""Logic gates: two inputs that are 0 or 1, one output, and all four cases in a truth table.

They are the smallest data sets on which a straight line succeeds (AND, OR, NAND) or fails (XOR); and one of
them, NAND, is a neuron from which every other gate can be built.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fysstk_nn._validate import Array, as_matrix

__all__ = [
    "AND",
    "GATES",
    "INPUTS",
    "NAND",
    "OR",
    "XOR",
    "Gate",
    "design_matrix",
    "half_adder",
    "nand",
    "truth_table",
    "xor_from_nands",
]


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the array, protected from being changed: all chapters share it."""
    array.setflags(write=False)
    return array


def design_matrix(X: npt.ArrayLike) -> Array:
    """Return `X` with a column of ones in front, which multiplies the intercept.

    Parameters
    ----------
    X : array_like, shape (n, p)
        One sample in each row.

    Returns
    -------
    ndarray, shape (n, p + 1)

    Raises
    ------
    TypeError, ValueError
        If `X` is not a finite (n, p) matrix of numbers.

    Examples
    --------
    >>> design_matrix([[2.0, 3.0]])
    array([[1., 2., 3.]])
    """
    X = as_matrix(X)
    return np.column_stack([np.ones(len(X), dtype=X.dtype), X])


INPUTS: Array = _read_only(np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]))
"""The four inputs (x1, x2) of a gate, shape (4, 2), in the order of a truth table. Read-only."""


@dataclass(frozen=True, eq=False)
class Gate:
    """A logic gate as a data set of four samples.

    Parameters
    ----------
    name : str
        What the gate is called.
    y : sequence of int, length 4
        The outputs for the inputs (0, 0), (0, 1), (1, 0) and (1, 1); kept as a read-only array.

    Raises
    ------
    ValueError
        If there are not four outputs, or one of them is neither 0 nor 1.

    Examples
    --------
    >>> XOR.y
    array([0, 1, 1, 0])
    """

    name: str
    y: npt.NDArray[np.int_]

    def __post_init__(self) -> None:
        y = np.array(self.y)
        if y.shape != (4,):
            raise ValueError(f"a gate has 4 outputs, y has shape {y.shape}")
        object.__setattr__(self, "y", _read_only(_bits(y, "y")))

    @property
    def X(self) -> Array:  # noqa: N802 (the lecture's letter)
        """The inputs, shape (4, 2)."""
        return INPUTS

    @property
    def design(self) -> Array:
        """The design matrix: the inputs with a column of ones in front, shape (4, 3)."""
        return design_matrix(INPUTS)


def _bits(values: Any, name: str) -> Any:
    """Return zeros and ones as integers; a single one as a Python int."""
    bits = np.asarray(values)
    if bits.dtype.kind not in "biuf" or not np.isin(bits, (0, 1)).all():
        raise ValueError(f"{name} must be 0 or 1, got {values}")
    return bits.astype(int) if bits.ndim else int(bits)


AND = Gate("AND", np.array([0, 0, 0, 1]))
OR = Gate("OR", np.array([0, 1, 1, 1]))
XOR = Gate("XOR", np.array([0, 1, 1, 0]))
NAND = Gate("NAND", np.array([1, 1, 1, 0]))

GATES: dict[str, Gate] = {gate.name: gate for gate in (AND, OR, XOR, NAND)}
"""The gates by name."""


def nand(x1: Any, x2: Any) -> Any:
    """Return NOT (x1 AND x2), computed by a step neuron with weights -2, -2 and bias 3.

    Its weighted input is 3, 1, 1 and -1 for the four inputs (equation eq-perceptron-nand; Nielsen 2015,
    chapter 1).

    Parameters
    ----------
    x1, x2 : 0 or 1, or arrays of these
        The inputs.

    Returns
    -------
    int or ndarray of int
        1 where the weighted input is positive, else 0.

    Raises
    ------
    ValueError
        If an input is neither 0 nor 1.
    """
    z = -2 * _bits(x1, "x1") - 2 * _bits(x2, "x2") + 3
    return _bits(z > 0, "output")


def xor_from_nands(x1: Any, x2: Any) -> Any:
    """Return x1 XOR x2, built from four NAND gates. Arguments and errors as for `nand`."""
    both = nand(x1, x2)
    return nand(nand(x1, both), nand(both, x2))


def half_adder(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Return the sum bit and the carry bit of x1 + x2, built from five NAND gates.

    The sum is x1 XOR x2. The carry is x1 AND x2: one more NAND, which reads the first one twice.
    Arguments and errors as for `nand`.

    Examples
    --------
    >>> half_adder(1, 1)  # one and one is two, in binary 10
    (0, 1)
    """
    both = nand(x1, x2)
    total = nand(nand(x1, both), nand(both, x2))
    return total, nand(both, both)


def truth_table(f: Callable[[int, int], Any]) -> npt.NDArray[np.int_]:
    """Return the truth table of a function of two bits.

    Parameters
    ----------
    f : callable
        Called as ``f(x1, x2)`` with Python integers; returns 0 or 1, or a tuple of these.

    Returns
    -------
    ndarray of int, shape (4, 2 + number of outputs)
        In each row x1, x2 and the outputs.

    Raises
    ------
    ValueError
        If `f` returns something else than zeros and ones.

    Examples
    --------
    >>> truth_table(nand)
    array([[0, 0, 1],
           [0, 1, 1],
           [1, 0, 1],
           [1, 1, 0]])
    """
    inputs = [(0, 0), (0, 1), (1, 0), (1, 1)]
    rows = [np.concatenate([(x1, x2), np.atleast_1d(_bits(f(x1, x2), "the output"))]) for x1, x2 in inputs]
    return np.array(rows)
