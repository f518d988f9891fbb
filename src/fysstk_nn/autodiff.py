r"""Automatic differentiation of scalar programs: reverse mode on a graph, forward mode on dual numbers.

Each operation states its value and its local derivatives side by side, in one line. A `Var` remembers them
as a node of the computational graph; a `Dual` applies the chain rule to them at once; for a plain number only
the value is left.
The chapter ``automatic-differentiation`` builds this module up, after Baydin et al. (2018).

>>> x = Var(1.0, "x")
>>> f = exp(x**2)
>>> grad(f, [x])
[5.43656365691809]
>>> forward_derivative(lambda x: exp(x**2), 1.0)
5.43656365691809
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, Self, TypeVar

from fysstk_nn._validate import as_number, check_type

__all__ = [
    "Dual",
    "Var",
    "cos",
    "count_operations",
    "exp",
    "forward_derivative",
    "grad",
    "gradients",
    "graph",
    "log",
    "relu",
    "sigmoid",
    "sin",
    "sqrt",
    "tanh",
    "trace_table",
]


class _Differentiable(ABC):
    """The arithmetic that `Var` and `Dual` share: every line holds a value and its local derivatives."""

    __slots__ = ()
    __array_ufunc__ = None  # NumPy leaves `np.float64(2) * x` to __rmul__ below

    value: float

    @abstractmethod
    def _combine(self, op: str, value: float, *terms: "tuple[Self | float, float]") -> Self:
        """Return the result of `op`, given its value and pairs (operand, d value / d operand)."""

    def _number(self, other: Any) -> float:
        """Return the value of an operand, which is a number or of the same kind as `self`."""
        if isinstance(other, type(self)):
            return float(other.value)
        if isinstance(other, float | Real):  # float comes first because it is recognised much faster
            return float(other)
        kind, came = type(self).__name__, type(other).__name__
        raise TypeError(f"a {kind} combines with numbers and with other {kind}s, not with {came}")

    def __add__(self, other: Self | float) -> Self:
        return self._combine("+", self.value + self._number(other), (self, 1.0), (other, 1.0))

    def __radd__(self, other: float) -> Self:
        return self._combine("+", self._number(other) + self.value, (other, 1.0), (self, 1.0))

    def __sub__(self, other: Self | float) -> Self:
        return self._combine("-", self.value - self._number(other), (self, 1.0), (other, -1.0))

    def __rsub__(self, other: float) -> Self:
        return self._combine("-", self._number(other) - self.value, (other, 1.0), (self, -1.0))

    def __mul__(self, other: Self | float) -> Self:
        x, y = self.value, self._number(other)
        return self._combine("*", x * y, (self, y), (other, x))

    def __rmul__(self, other: float) -> Self:
        x, y = self._number(other), self.value
        return self._combine("*", x * y, (other, y), (self, x))

    def __truediv__(self, other: Self | float) -> Self:
        x, y = self.value, self._number(other)
        return self._combine("/", x / y, (self, 1.0 / y), (other, -x / y / y))

    def __rtruediv__(self, other: float) -> Self:
        x, y = self._number(other), self.value
        return self._combine("/", x / y, (other, 1.0 / y), (self, -x / y / y))

    def __pow__(self, other: Self | float) -> Self:
        x, y = self.value, self._number(other)
        value = _power(x, y)
        by_exponent = _slope_by_exponent(x, y) if isinstance(other, type(self)) else 0.0
        return self._combine("**", value, (self, _slope_by_base(x, y)), (other, by_exponent))

    def __rpow__(self, other: float) -> Self:
        x, y = self._number(other), self.value
        return self._combine("**", _power(x, y), (other, 0.0), (self, _slope_by_exponent(x, y)))

    def __neg__(self) -> Self:
        return self._combine("neg", -self.value, (self, -1.0))

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        """Return |x|; at the kink its derivative is taken as 0, as for an l1 penalty."""
        return self._combine("abs", abs(self.value), (self, float((self.value > 0) - (self.value < 0))))

    def __mod__(self, other: Self | float) -> Self:
        x, y = self.value, self._number(other)
        return self._combine("%", x % y, (self, 1.0), (other, -(x // y)))

    def __rmod__(self, other: float) -> Self:
        x, y = self._number(other), self.value
        return self._combine("%", x % y, (other, 1.0), (self, -(x // y)))

    def __floordiv__(self, other: Self | float) -> Self:
        return self._combine("//", self.value // self._number(other), (self, 0.0), (other, 0.0))

    def __rfloordiv__(self, other: float) -> Self:
        return self._combine("//", self._number(other) // self.value, (other, 0.0), (self, 0.0))

    # Comparisons look at the values, so that a program with an `if` can be differentiated. As keys of a
    # dictionary two variables with the same value are still two variables: there each is itself alone.
    def __bool__(self) -> bool:
        return self.value != 0

    def __eq__(self, other: object) -> bool:
        if isinstance(other, type(self)):
            return bool(self.value == other.value)
        return self.value == other if isinstance(other, float | Real) else NotImplemented

    __hash__ = object.__hash__

    def __lt__(self, other: Self | float) -> bool:
        return self.value < self._number(other)

    def __le__(self, other: Self | float) -> bool:
        return self.value <= self._number(other)

    def __gt__(self, other: Self | float) -> bool:
        return self.value > self._number(other)

    def __ge__(self, other: Self | float) -> bool:
        return self.value >= self._number(other)


def _power(x: float, y: float) -> float:
    if x < 0 and not y.is_integer():
        raise ValueError(f"({x:g}) ** {y:g} is not a real number: the base is negative")
    return float(x**y)


def _slope_by_base(x: float, y: float) -> float:
    r"""Return :math:`\partial x^y / \partial x = y x^{y-1}`."""
    if y == 0:
        return 0.0
    if x == 0 and y < 1:
        raise ValueError(f"x ** {y:g} has no finite derivative at x = 0")
    return float(y * x ** (y - 1))


def _slope_by_exponent(x: float, y: float) -> float:
    r"""Return :math:`\partial x^y / \partial y = x^y \ln x`."""
    if x < 0 or (x == 0 and y <= 0):
        raise ValueError(f"({x:g}) ** y has no derivative by y at y = {y:g}: the base must be positive")
    return float(x**y * math.log(x)) if x > 0 else 0.0


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Var(_Differentiable):
    r"""A node :math:`v_i` of a computational graph: a value, and how it came from other nodes.

    ``Var(2.0, "x")`` is an input. Arithmetic on it makes further nodes; constants are written into the
    operation (``x ** 2`` has one parent and the operation ``"** 2"``). A node never stores a gradient:
    `gradients` returns them.

    Parameters
    ----------
    value : float
        The number that the node holds; it must be finite.
    name : str, optional
        What to call the node in figures and tables.

    Attributes
    ----------
    op : str
        The operation that made the node, ``"input"`` for a variable.
    parents : tuple of Var
        The nodes that the operation read, left to right (``x * x`` has ``x`` twice).
    local : tuple of float
        One local derivative :math:`\partial v_i / \partial v_j` for each parent :math:`v_j`.

    Raises
    ------
    TypeError
        If the value is not a real number.
    ValueError
        If the value, given or computed, is NaN or infinite.
    """

    value: float
    name: str | None = None
    op: str = "input"
    parents: tuple["Var", ...] = ()
    local: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", _finite(self.value, "the value of a Var"))
        if self.name is not None:
            check_type(self.name, str, "name", "a string")

    def _combine(self, op: str, value: float, *terms: "tuple[Var | float, float]") -> "Var":
        parents = tuple([term for term, _ in terms if isinstance(term, Var)])
        local = tuple([slope for term, slope in terms if isinstance(term, Var)])
        if len(parents) < len(terms):
            op = _with_constant(op, [term for term, _ in terms])
        return Var(value, None, op, parents, local)

    def named(self, name: str) -> "Var":
        """Return a copy of this node under a name, for figures; go on computing with the copy.

        >>> a = (Var(3.0, "x") ** 2).named("a")
        """
        return replace(self, name=name)

    def __repr__(self) -> str:
        name = "" if self.name is None else f", name={self.name!r}"
        op = "" if self.op == "input" else f", op={self.op!r}"
        return f"Var({self.value:.6g}{name}{op})"


@dataclass(frozen=True, eq=False, slots=True)
class Dual(_Differentiable):
    r"""A dual number :math:`v + \dot v \epsilon` with :math:`\epsilon^2 = 0`: a value and its tangent.

    The tangent is the derivative along the direction in which the inputs were set moving, which
    `forward_derivative` does. Both numbers travel through the program together, so no graph is kept.

    Parameters
    ----------
    value : float
        The value :math:`v`.
    tangent : float, default 0
        The derivative :math:`\dot v` of the value along the chosen direction; 0 for a constant.

    Raises
    ------
    TypeError
        If one of the two is not a real number.
    ValueError
        If one of the two is NaN or infinite.
    """

    value: float
    tangent: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", _finite(self.value, "the value of a Dual"))
        object.__setattr__(self, "tangent", _finite(self.tangent, "the tangent of a Dual"))

    def _combine(self, op: str, value: float, *terms: "tuple[Dual | float, float]") -> "Dual":
        tangent = sum(slope * term.tangent for term, slope in terms if isinstance(term, Dual))
        return Dual(value, tangent)


Number = TypeVar("Number", float, Var, Dual)


def _apply(op: str, x: Number, value: float, slope: float) -> Number:
    """Return the result of a function of one argument: a node, a dual number or just the value."""
    if isinstance(x, _Differentiable):
        return x._combine(op, value, (x, slope))
    return value


def exp(x: Number) -> Number:
    r"""Return :math:`e^x`, whose derivative is :math:`e^x` itself."""
    y = math.exp(_argument(x))
    return _apply("exp", x, y, y)


def log(x: Number) -> Number:
    r"""Return the natural logarithm of :math:`x > 0`; its derivative is :math:`1/x`."""
    v = _argument(x)
    if v <= 0:
        raise ValueError(f"log needs a positive number, got {v:g}")
    return _apply("log", x, math.log(v), 1.0 / v)


def sqrt(x: Number) -> Number:
    r"""Return :math:`\sqrt{x}`; its derivative is :math:`1/(2\sqrt{x})`, which does not exist at 0."""
    v = _argument(x)
    if v < 0:
        raise ValueError(f"sqrt needs a number that is not negative, got {v:g}")
    y = math.sqrt(v)
    if y > 0:
        return _apply("sqrt", x, y, 1.0 / (2.0 * y))
    if isinstance(x, _Differentiable):
        raise ValueError("sqrt has no finite derivative at 0")
    return y


def sin(x: Number) -> Number:
    r"""Return :math:`\sin x`; its derivative is :math:`\cos x`."""
    v = _argument(x)
    return _apply("sin", x, math.sin(v), math.cos(v))


def cos(x: Number) -> Number:
    r"""Return :math:`\cos x`; its derivative is :math:`-\sin x`."""
    v = _argument(x)
    return _apply("cos", x, math.cos(v), -math.sin(v))


def tanh(x: Number) -> Number:
    r"""Return :math:`\tanh x`; its derivative is :math:`1 - \tanh^2 x`."""
    y = math.tanh(_argument(x))
    return _apply("tanh", x, y, 1.0 - y * y)


def sigmoid(x: Number) -> Number:
    r"""Return :math:`\sigma(x) = 1/(1+e^{-x})`; its derivative is :math:`\sigma(x)\,\sigma(-x)`.

    That is :math:`\sigma(1 - \sigma)`, without losing digits where :math:`\sigma` is nearly 1.
    """
    v = _argument(x)
    return _apply("sigmoid", x, _sigmoid(v), _sigmoid(v) * _sigmoid(-v))


def relu(x: Number) -> Number:
    r"""Return :math:`\max(0, x)`; its derivative is 1 for :math:`x > 0`, else 0 (by convention also at 0)."""
    v = _argument(x)
    return _apply("relu", x, max(0.0, v), 1.0 if v > 0 else 0.0)


def graph(f: Var) -> list[Var]:
    """Return the nodes that `f` depends on, each after all its parents; `f` itself comes last.

    Parameters
    ----------
    f : Var
        The output.

    Returns
    -------
    list of Var
        The nodes in topological order. Each node occurs once, however often it is used.

    Raises
    ------
    TypeError
        If `f` is not a Var.
    """
    return _topological_order([f])


def gradients(f: Var) -> dict[Var, float]:
    r"""Return the adjoint :math:`\partial f / \partial v` of every node :math:`v` in the graph: reverse mode.

    From the output backwards, each node hands its adjoint on to its parents, times the local derivative
    (equation eq-autodiff-adjoint). In this order all its own contributions have come in before.

    Parameters
    ----------
    f : Var
        The output.

    Returns
    -------
    dict from Var to float
        One adjoint per node, beginning with :math:`\partial f / \partial f = 1`.

    Raises
    ------
    TypeError
        If `f` is not a Var.
    """
    order = graph(f)
    adjoint = {f: 1.0}
    for node in reversed(order):
        for parent, slope in zip(node.parents, node.local, strict=True):
            adjoint[parent] = adjoint.get(parent, 0.0) + adjoint[node] * slope
    return adjoint


def grad(f: Var, variables: Sequence[Var]) -> list[float]:
    r"""Return :math:`\partial f / \partial x` for each variable :math:`x`, 0.0 if `f` does not use it.

    Parameters
    ----------
    f : Var
        The output.
    variables : sequence of Var
        The inputs (or inner nodes) to differentiate by.

    Returns
    -------
    list of float
        One derivative for each variable, in their order.

    Raises
    ------
    TypeError
        If `f` or one of the variables is not a Var.
    """
    check_type(variables, Iterable, "variables", "a sequence of Vars")
    adjoint = gradients(f)
    return [adjoint.get(_var(x, "grad differentiates with respect to"), 0.0) for x in variables]


def forward_derivative(
    fun: Callable[..., Dual | float],
    x: float | Sequence[float],
    direction: float | Sequence[float] = 1.0,
) -> float:
    r"""Return the derivative of `fun` at `x` along a direction: forward mode.

    It is :math:`\sum_i \dot x_i \, \partial f / \partial x_i` (equation eq-autodiff-forward).

    Parameters
    ----------
    fun : callable
        Takes as many numbers as `x` has and returns one; it may use the operators and functions of this
        module.
    x : float or sequence of float
        Where to differentiate.
    direction : float or sequence of float, default 1
        The tangents of the inputs; ``[0, 1]`` gives the derivative by the second of two.

    Returns
    -------
    float
        The directional derivative; 0.0 if `fun` returns a constant.

    Raises
    ------
    TypeError
        If `fun` returns something that is neither a Dual nor a number.
    ValueError
        If `x` and `direction` have different lengths.

    Examples
    --------
    >>> forward_derivative(lambda x0, x1: x0 * x1, [2.0, 5.0], [1.0, 0.0])
    5.0
    """
    check_type(fun, Callable, "fun", "a function")
    point = list(x) if isinstance(x, Iterable) else [x]
    tangents = list(direction) if isinstance(direction, Iterable) else [direction]
    if len(point) != len(tangents):
        raise ValueError(f"x has {len(point)} numbers, direction has {len(tangents)}")
    f = fun(*(Dual(v, t) for v, t in zip(point, tangents, strict=True)))
    if isinstance(f, Dual):
        return f.tangent
    as_number(f, "a result that is not a Dual")
    return 0.0


def count_operations(*outputs: Var) -> int:
    """Return how many operations it takes to compute all the outputs, where shared nodes count once.

    Parameters
    ----------
    *outputs : Var
        One or more results.

    Returns
    -------
    int
        The number of nodes that are not inputs.

    Examples
    --------
    >>> x = Var(1.0)
    >>> count_operations(exp(x * x), 2 * x * exp(x * x))
    6
    >>> b = exp(x * x)
    >>> count_operations(b, 2 * x * b)
    4
    """
    return sum(node.op != "input" for node in _topological_order(outputs))


def trace_table(f: Var) -> str:
    """Return a table of the forward pass, top to bottom, and the adjoints of the reverse pass beside it.

    Parameters
    ----------
    f : Var
        The output.

    Returns
    -------
    str
        One line per node: its name (``v3`` for the third if it has none), operation, value and adjoint.

    Examples
    --------
    >>> x = Var(1.0, "x")
    >>> print(trace_table(exp(x**2)))
    node  operation     value     df/dnode
    x     input             1      5.43656
    v2    x ** 2            1      2.71828
    v3    exp(v2)     2.71828            1
    """
    order = graph(f)
    adjoint = gradients(f)
    names = {node: node.name or f"v{i}" for i, node in enumerate(order, start=1)}
    made = {node: _expression(node.op, [names[parent] for parent in node.parents]) for node in order}
    first = max(len(text) for text in ["node", *names.values()])
    second = max(len(text) for text in ["operation", *made.values()])
    lines = [f"{'node':{first}}  {'operation':{second}}  {'value':>8}  {'df/dnode':>11}"]
    for node in order:
        numbers = f"{node.value:8.6g}  {adjoint[node]:11.6g}"
        lines.append(f"{names[node]:{first}}  {made[node]:{second}}  {numbers}")
    return "\n".join(lines)


def _topological_order(outputs: Sequence[Var]) -> list[Var]:
    """Return all nodes that the outputs need, parents first; no recursion, so the graph may be deep."""
    order: list[Var] = []
    seen: set[Var] = set()
    stack = [(_var(f, "a computational graph ends in"), False) for f in reversed(outputs)]
    while stack:
        node, parents_are_done = stack.pop()
        if parents_are_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((parent, False) for parent in reversed(node.parents))
    return order


def _var(x: Any, purpose: str) -> Var:
    if isinstance(x, Var):
        return x
    raise TypeError(f"{purpose} a Var, not {type(x).__name__}")


def _finite(x: Any, what: str) -> float:
    """Return a finite number as a Python float, at once if it is one."""
    return x if type(x) is float and math.isfinite(x) else as_number(x, what)


def _argument(x: Any) -> float:
    """Return the value of a function's argument: a Var, a Dual or a number."""
    if isinstance(x, _Differentiable):
        return x.value
    if isinstance(x, float | Real):
        return float(x)
    raise TypeError(f"the argument must be a number, a Var or a Dual, not {type(x).__name__}")


def _sigmoid(v: float) -> float:
    """Return 1 / (1 + exp(-v)); exp never gets a positive argument, so it cannot overflow."""
    small = math.exp(-abs(v))
    return (1.0 if v >= 0 else small) / (1.0 + small)


_INFIX = ("+", "-", "*", "/", "**", "//", "%")


def _with_constant(op: str, terms: "Sequence[Var | float]") -> str:
    """Return the operation with its constant on the right side of it: ``"** 2"``, ``"1 -"``."""
    return " ".join(op if isinstance(term, Var) else f"{float(term):g}" for term in terms)


def _expression(op: str, parents: Sequence[str]) -> str:
    """Return an operation with the names of its parents filled in: ``x ** 2``, ``v2 + v3``, ``exp(v2)``."""
    if not parents:
        return op
    if op in _INFIX:
        return f"{parents[0]} {op} {parents[1]}"
    if op.startswith(tuple(f"{symbol} " for symbol in _INFIX)):
        return f"{parents[0]} {op}"
    if op.endswith(tuple(f" {symbol}" for symbol in _INFIX)):
        return f"{op} {parents[0]}"
    return f"{op}({parents[0]})"
