"""The equations of book/iris.md, as the page prints them: parameters, plateaus, accuracy and its scatter."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
import sympy.stats

from fysstk_nn.mlp import MLP
from fysstk_nn.train import accuracy


def parameters(*sizes):
    return MLP(sizes).init().theta.size


@pytest.mark.equation("eq-iris-parameters", method="numeric")
@pytest.mark.parametrize("sizes", [(4, 3, 3), (784, 30, 10), (5, 1), (2, 3, 4, 5)])
def test_number_of_parameters(sizes, printed):
    names = {"P": parameters(*sizes), "M_l": sizes, "L": len(sizes) - 1}
    printed("eq-iris-parameters").holds(names, only=0)


@pytest.mark.equation("eq-iris-parameters", method="numeric")
def test_number_of_parameters_of_the_example(printed):
    printed("eq-iris-parameters").holds({"P": parameters}, only=1)


@pytest.mark.equation("eq-iris-plateaus", method="sympy")
def test_best_constant_answers(printed):
    a = sp.symbols("a1:4")

    def best(classes):
        def one(c):
            return sum((a[j] - int(j == c)) ** 2 for j in range(3)) / 2

        cost = sum(map(one, classes)) / sp.Integer(len(classes))
        return cost.subs(sp.solve([sp.diff(cost, x) for x in a], a))

    knows_setosa = sp.Rational(2, 3) * best((1, 2))  # a third of the flowers costs nothing
    names = {r"C_\text{knows nothing}": best((0, 1, 2)), r"C_\text{knows setosa}": knows_setosa}
    printed("eq-iris-plateaus").holds(names)


@pytest.mark.equation("eq-iris-accuracy", method="numeric")
@pytest.mark.parametrize("classes", [2, 3, 10])
def test_accuracy_is_the_diagonal_over_the_sum(classes, rng, printed):
    y, outputs = rng.integers(0, classes, 50), rng.normal(size=(50, classes))
    N = np.zeros((classes, classes))
    np.add.at(N, (y, outputs.argmax(axis=1)), 1)
    names = {"p": accuracy(outputs, np.eye(classes)[y]), "N_{ij}": N, "n": 50}
    printed("eq-iris-accuracy").holds(names, i=range(classes))


@pytest.mark.equation("eq-iris-standard-error", method="sympy")
@pytest.mark.parametrize("n", [1, 4, 30])
@pytest.mark.parametrize("p", [sp.Rational(24, 25), sp.Rational(1, 3)])
def test_scatter_of_an_accuracy(n, p, printed):
    scatter = sp.sqrt(sp.stats.variance(sp.stats.Binomial("right", n, p))) / n
    printed("eq-iris-standard-error").holds({r"\sigma_p": scatter, "p": p, "n": n})
