"""The equations of one sigmoid neuron, as printed in book/one-neuron.md.

The page's own definitions say what z_1, a_1 and C are; SymPy, central differences and autograd differentiate
them.
"""

from __future__ import annotations

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp

from fysstk_book.printed.names import from_one
from fysstk_book.printed.numbers import samples
from fysstk_nn.gradcheck import central_difference

# delta_1 and sigma_1' are introduced in words and in the claims themselves.
DEFINED = [
    "def-one-z",
    "def-one-a",
    "def-one-cost",
    r"\delta_1 = \frac{\partial C}{\partial z_1}",
    r"\sigma_1' = \sigma'(z_1)",
]
x, y, w, b, z, eta = sp.symbols("x y w b z eta", real=True)
ANY_NEURON = {"x": x, "y": y, "w_1": w, "b_1": b, r"\eta": eta, r"\sigma": sp.Function("f")}
SAMPLES = [(2.0, 1.0, 0.3, -0.2), (-1.5, 0.0, 1.2, 0.7), (0.4, 0.5, -2.0, 1.0)]


def s(z):
    return 1 / (1 + anp.exp(-z))


def cost(parameters, x, y):
    return 0.5 * (s(parameters[0] * x + parameters[1]) - y) ** 2


def neuron(x, y, w, b):
    return {"x": x, "y": y, "w_1": w, "b_1": b, r"\sigma": s}


@pytest.fixture
def sigmoid(printed):
    """The sigmoid as the page defines it."""
    return lambda z: printed("def-one-a").value({"z_1": z})


@pytest.mark.equation("eq-one-sigmoid-derivative", method="sympy")
def test_slope_of_the_sigmoid(printed, sigmoid):
    printed("eq-one-sigmoid-derivative").holds({r"\sigma": sigmoid, "z": z})


@pytest.mark.equation("eq-one-sigmoid-derivative", method="central differences")
def test_slope_of_the_sigmoid_numerically(printed):
    printed("eq-one-sigmoid-derivative").holds({r"\sigma": s}, z=np.linspace(-6, 6, 13), within=1e-9)


@pytest.mark.equation("eq-one-sigmoid-bound", method="sympy")
def test_the_slope_is_at_most_a_quarter(printed, discrepancy):
    a = sp.symbols("a", positive=True)
    slope = a * (1 - a)  # on 0 < a < 1, and zero only at its ends
    assert sp.solve(slope, a) == [1] and sp.solve(sp.diff(slope, a), a) == [sp.Rational(1, 2)]
    largest = slope.subs(a, sp.Rational(1, 2))
    printed = printed("eq-one-sigmoid-bound").value()
    discrepancy(printed - largest)
    assert printed == largest


@pytest.mark.equation("eq-one-sigmoid-bound", method="numeric")
def test_the_slope_is_at_most_a_quarter_numerically(printed):
    slope = {r"\sigma'": lambda z: s(z) * (1 - s(z))}
    printed("eq-one-sigmoid-bound").holds(slope, z=np.linspace(-30, 30, 601), within=0)


@pytest.mark.equation("eq-one-chain", method="sympy")
@pytest.mark.equation("eq-one-dc-da", method="sympy")
@pytest.mark.equation("eq-one-delta", method="sympy")
@pytest.mark.equation("eq-one-dw", method="sympy")
@pytest.mark.equation("eq-one-db", method="sympy")
def test_derivatives_for_any_activation(printed):
    for label in ("eq-one-chain", "eq-one-dc-da", "eq-one-delta", "eq-one-dw", "eq-one-db"):
        printed(label).holds(also=ANY_NEURON, where=DEFINED)


@pytest.mark.equation("eq-one-chain", method="central differences")
@pytest.mark.equation("eq-one-dc-da", method="central differences")
@pytest.mark.equation("eq-one-delta", method="central differences")
@pytest.mark.equation("eq-one-dw", method="central differences")
@pytest.mark.equation("eq-one-db", method="central differences")
@pytest.mark.parametrize("sample", SAMPLES)
def test_derivatives_numerically(sample, printed):
    for label in ("eq-one-chain", "eq-one-dc-da", "eq-one-delta", "eq-one-dw", "eq-one-db"):
        printed(label).holds(also=neuron(*sample), where=DEFINED, within=1e-9)


@pytest.mark.equation("eq-one-dw", method="autograd")
@pytest.mark.equation("eq-one-db", method="autograd")
@pytest.mark.parametrize("sample", SAMPLES)
def test_derivatives_by_autograd(sample, printed):
    x, y, w, b = sample
    dw, db = autograd.grad(cost)(np.array([w, b]), x, y)
    names = neuron(*sample) | {r"\sigma'": lambda z: s(z) * (1 - s(z)), r"\delta_1": db}
    for label, slope in (("eq-one-dw", {"w_1": dw}), ("eq-one-db", {"b_1": db})):
        slope = {rf"\frac{{\partial C}}{{\partial {name}}}": value for name, value in slope.items()}
        printed(label).holds(slope, also=names, where=DEFINED, within=1e-15)


@pytest.mark.equation("eq-one-example", method="central differences")
def test_the_example(printed):
    printed("eq-one-example").holds(also=neuron(x=2.0, y=1.0, w=0.0, b=0.0), where=DEFINED, within=1e-9)


@pytest.mark.equation("eq-one-decrease", method="sympy")
def test_first_order_decrease(printed):
    """The term of the change that is linear in eta, of the step and the cost that the page defines."""
    after = [printed("def-one-update").value(also=ANY_NEURON, where=DEFINED, statement=k) for k in (0, 1)]
    cost = printed("def-one-cost").value(also={**ANY_NEURON, "w_1": after[0], "b_1": after[1]}, where=DEFINED)
    change = eta * sp.diff(cost, eta).subs(eta, 0).doit()
    printed("eq-one-decrease").holds({r"\Delta C": change}, also=ANY_NEURON, where=DEFINED, approx=0)


@pytest.mark.equation("eq-one-decrease", method="numeric")
@pytest.mark.parametrize("rate", [0.1, 1e-3])
def test_first_order_decrease_numerically(rate, printed):
    x, y, w, b = SAMPLES[0]
    slope = autograd.grad(cost)(np.array([w, b]), x, y)
    change = cost([w, b] - rate * slope, x, y) - cost([w, b], x, y)
    names = {r"\Delta C": change, r"\eta": rate}
    printed("eq-one-decrease").holds(
        names, also=neuron(x, y, w, b), where=DEFINED, within=1e-9, approx=0.1 * rate**2
    )


# --- a target of zero ---


@pytest.fixture
def zero_target(sigmoid):
    return {"y": 0, "z_1": z, r"\sigma": sigmoid}


@pytest.mark.equation("eq-one-delta-zero-target", method="sympy")
@pytest.mark.equation("eq-one-curvature", method="sympy")
def test_slope_and_curvature_for_the_target_zero(printed, zero_target):
    for label in ("eq-one-delta-zero-target", "eq-one-curvature"):
        printed(label).holds(also=zero_target, where=DEFINED)


@pytest.mark.equation("eq-one-delta-max", method="sympy")
def test_largest_delta(printed):
    def largest(delta):
        (best,) = sp.solve(sp.diff(delta, a), a)  # 0 at both ends of 0 < a < 1, and positive between them
        assert best == sp.Rational(2, 3)
        return delta.subs(a, best)

    a = sp.symbols("a", positive=True)
    delta = printed("eq-one-delta-zero-target").value({"a_1": a})
    printed("eq-one-delta-max").holds({r"\max": largest, r"\delta_1": delta})


@pytest.mark.equation("eq-one-delta-max", method="numeric")
def test_largest_delta_numerically(printed):
    a = s(np.linspace(-5, 5, 200_001))
    printed("eq-one-delta-max").holds({r"\delta_1": samples(a * a * (1 - a))}, within=1e-9)


@pytest.mark.equation("eq-one-delta-tail", method="sympy")
def test_tail_of_delta(printed, zero_target, discrepancy):
    tail = printed("eq-one-delta-tail")
    delta, estimate = (tail.value(also=zero_target, where=DEFINED, side=side) for side in (0, 1))
    ratio = sp.limit(sp.simplify(delta / estimate), z, sp.oo)
    discrepancy(ratio - 1)
    assert ratio == 1


@pytest.mark.equation("eq-one-delta-tail", method="numeric")
@pytest.mark.parametrize("far", [6.0, 12.0])
def test_tail_of_delta_numerically(far, printed):
    delta = s(far) ** 2 * (1 - s(far))
    names = {r"\delta_1": delta, "z_1": far}
    printed("eq-one-delta-tail").holds(names, approx=4 * np.exp(-2 * far))


# --- a batch ---


@pytest.mark.equation("eq-one-batch", method="central differences")
def test_gradient_of_the_mean_cost(rng, printed):
    for _ in range(4):
        x, y, parameters = rng.normal(size=6), rng.uniform(size=6), rng.normal(size=2)
        dw, db = central_difference(lambda p, x=x, y=y: np.mean(cost(p, x, y)), parameters)
        z = parameters[0] * x + parameters[1]
        delta = [central_difference(lambda z, y=y[i]: 0.5 * (s(z) - y) ** 2, z[i]) for i in range(6)]
        names = {
            r"\frac{\partial C}{\partial w_1}": dw,
            r"\frac{\partial C}{\partial b_1}": db,
            "n": 6,
            r"\delta_{1,i}": [None, *delta],
            "x_i": from_one(x),
        }
        printed("eq-one-batch").holds(names, within=1e-9)
