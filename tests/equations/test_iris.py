"""The equations of book/iris.md: parameters, plateaus, accuracy and its scatter."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
import sympy.stats

from fysstk_nn.mlp import MLP
from fysstk_nn.train import accuracy


@pytest.mark.equation("eq-iris-parameters", method="numeric")
@pytest.mark.parametrize("sizes", [(4, 3, 3), (784, 30, 10), (5, 1), (2, 3, 4, 5)])
def test_number_of_parameters(sizes, discrepancy):
    printed = sum((sizes[l - 1] + 1) * sizes[l] for l in range(1, len(sizes)))
    discrepancy(abs(printed - MLP(sizes).init().theta.size))
    assert printed == MLP(sizes).init().theta.size
    assert MLP((4, 3, 3)).init().theta.size == 5 * 3 + 4 * 3 == 27


@pytest.mark.equation("eq-iris-plateaus", method="sympy")
def test_best_constant_answers(discrepancy):
    a = sp.symbols("a1:4")

    def cost(classes):
        return sum(
            sum((a[j] - (1 if j == c else 0)) ** 2 for j in range(3)) / 2 for c in classes
        ) / sp.Integer(len(classes))

    def best(classes):
        solution = sp.solve([sp.diff(cost(classes), x) for x in a], a)
        return cost(classes).subs(solution), tuple(solution[x] for x in a)

    nothing, answer = best((0, 1, 2))
    two, answer_to_two = best((1, 2))
    assert answer == (sp.Rational(1, 3),) * 3
    assert answer_to_two == (0, sp.Rational(1, 2), sp.Rational(1, 2))
    assert two == sp.Rational(1, 4)
    setosa = sp.Rational(2, 3) * two
    discrepancy(abs(nothing - sp.Rational(1, 3)) + abs(setosa - sp.Rational(1, 6)))
    assert (nothing, setosa) == (sp.Rational(1, 3), sp.Rational(1, 6))


@pytest.mark.equation("eq-iris-accuracy", method="numeric")
def test_accuracy_is_the_diagonal_over_the_sum(rng, discrepancy):
    for classes in (2, 3, 10):
        y, outputs = rng.integers(0, classes, 50), rng.normal(size=(50, classes))
        N = np.array(
            [
                [np.sum((y == i) & (outputs.argmax(axis=1) == j)) for j in range(classes)]
                for i in range(classes)
            ]
        )
        error = abs(np.trace(N) / N.sum() - accuracy(outputs, np.eye(classes)[y]))
        discrepancy(error)
        assert error < 1e-14


@pytest.mark.equation("eq-iris-standard-error", method="sympy")
@pytest.mark.parametrize("n", [1, 4, 30])
def test_scatter_of_an_accuracy(n, discrepancy):
    for p in (Fraction(24, 25), Fraction(1, 3)):
        right = sp.stats.Binomial("right", n, sp.Rational(p.numerator, p.denominator))
        residual = sp.simplify(
            sp.stats.variance(right) / n**2
            - sp.Rational(p.numerator, p.denominator) * (1 - sp.Rational(p.numerator, p.denominator)) / n
        )
        discrepancy(residual)
        assert residual == 0
    assert abs(np.sqrt(0.96 * 0.04 / 30) - 0.036) < 5e-4
