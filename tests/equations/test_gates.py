"""The equations of the chapter on logic gates, as printed in book/gates.md."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import sympy as sp
from scipy.optimize import linprog, minimize
from sklearn.linear_model import LogisticRegression

from fysstk_nn.activations import relu, sigmoid, step
from fysstk_nn.gates import AND, OR, XOR
from fysstk_nn.gradcheck import central_difference
from fysstk_nn.linear import accuracy, logistic_regression, ols

X = sp.Matrix([[1, 0, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1]])
y00, y01, y10, y11 = sp.symbols("y00 y01 y10 y11")
TARGETS = sp.Matrix([y00, y01, y10, y11])
THETA = sp.Matrix(sp.symbols("theta0:3"))
CORNERS = [(0, 0), (0, 1), (1, 0), (1, 1)]
ALL_GATES = list(product((0, 1), repeat=4))


def exact_ols(y):
    """Solve the normal equations in rational numbers."""
    return (X.T * X).LUsolve(X.T * y)


@pytest.mark.equation("eq-gates-ols-gradient", method="sympy")
def test_gradient_of_the_squared_error(discrepancy):
    cost = sum((p - t) ** 2 for p, t in zip(X * THETA, TARGETS, strict=True)) / 2
    derivative = sp.Matrix([sp.diff(cost, theta) for theta in THETA])
    printed = X.T * (X * THETA - TARGETS)
    with_indices = sp.Matrix(
        [sum(((X * THETA)[i] - TARGETS[i]) * X[i, k] for i in range(4)) for k in range(3)]
    )
    assert sp.expand(derivative - printed) == sp.zeros(3, 1)
    assert sp.expand(derivative - with_indices) == sp.zeros(3, 1)
    discrepancy(0)


@pytest.mark.equation("eq-gates-ols", method="sympy")
def test_solution_of_the_normal_equations(discrepancy):
    printed = (X.T * X).inv() * X.T * TARGETS
    assert sp.expand(X.T * (X * printed - TARGETS)) == sp.zeros(3, 1)
    assert (X.T * X).inv() * X.T == X.pinv()
    discrepancy(0)


@pytest.mark.equation("eq-gates-ols", method="numeric")
def test_pseudo_inverse(discrepancy):
    y = np.random.default_rng(0).normal(size=4)
    best = np.linalg.lstsq(OR.design, y)[0]
    error = max(np.abs(np.linalg.pinv(OR.design) @ y - best).max(), np.abs(ols(OR.design, y) - best).max())
    discrepancy(error)
    assert error < 1e-12


@pytest.mark.equation("eq-gates-gram", method="sympy")
def test_gram_matrix_and_its_inverse(discrepancy):
    gram = sp.Matrix([[4, 2, 2], [2, 2, 1], [2, 1, 2]])
    inverse = sp.Matrix([[3, -2, -2], [-2, 4, 0], [-2, 0, 4]]) / 4
    assert gram == X.T * X
    assert gram * inverse == sp.eye(3)
    discrepancy(0)


@pytest.mark.equation("eq-gates-thetas", method="numeric")
@pytest.mark.parametrize(
    ("gate", "printed"),
    [(OR, [0.25, 0.5, 0.5]), (AND, [-0.25, 0.5, 0.5]), (XOR, [0.5, 0.0, 0.0])],
    ids=["OR", "AND", "XOR"],
)
def test_three_lines(gate, printed, discrepancy):
    assert exact_ols(sp.Matrix(gate.y)) == sp.Matrix([sp.Rational(Fraction(t)) for t in printed])
    searched = minimize(lambda t: np.sum((gate.design @ t - gate.y) ** 2), np.zeros(3), tol=1e-12).x
    assert np.allclose(searched, printed, atol=1e-6)
    error = np.abs(ols(gate.design, gate.y) - printed).max()
    discrepancy(error)
    assert error < 1e-12


@pytest.mark.equation("eq-gates-effects", method="sympy")
def test_slopes_are_differences_of_means(discrepancy):
    theta1 = (y10 + y11) / 2 - (y00 + y01) / 2
    theta2 = (y01 + y11) / 2 - (y00 + y10) / 2
    theta0 = (y00 + y01 + y10 + y11) / 4 - (theta1 + theta2) / 2
    assert sp.expand(exact_ols(TARGETS) - sp.Matrix([theta0, theta1, theta2])) == sp.zeros(3, 1)
    discrepancy(0)


@pytest.mark.equation("eq-gates-residual", method="sympy")
def test_residual_is_the_interaction(discrepancy):
    interaction = y00 - y01 - y10 + y11
    printed = interaction / 4 * sp.Matrix([1, -1, -1, 1])
    assert sp.expand(TARGETS - X * exact_ols(TARGETS) - printed) == sp.zeros(4, 1)
    values = {gate.name: int(gate.y @ [1, -1, -1, 1]) for gate in (OR, AND, XOR)}
    assert values == {"OR": -1, "AND": 1, "XOR": -2}
    discrepancy(0)


def logistic_cost(theta, y, l2):
    """The cost as the chapter defines it."""
    p = sigmoid(np.column_stack([np.ones(4), OR.X]) @ theta)
    return -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)) + l2 / 2 * (theta[1] ** 2 + theta[2] ** 2)


def logistic_gradient(theta, y, l2):
    """Equation (eq-gates-logistic-gradient), component by component."""
    p = [1 / (1 + np.exp(-(theta[0] + theta[1] * x1 + theta[2] * x2))) for x1, x2 in CORNERS]
    intercept = sum(p[i] - y[i] for i in range(4))
    slopes = [sum((p[i] - y[i]) * CORNERS[i][k] for i in range(4)) + l2 * theta[k + 1] for k in range(2)]
    return np.array([intercept, *slopes])


@pytest.mark.equation("eq-gates-logistic-cost", method="numeric")
def test_cost_written_through_z(discrepancy):
    rng = np.random.default_rng(3)
    for y in ALL_GATES:
        theta, y = rng.normal(size=3), np.array(y)
        z = OR.design @ theta
        printed = sum(np.log(1 + np.exp(z)) - y * z) + 0.7 / 2 * (theta[1] ** 2 + theta[2] ** 2)
        error = abs(printed - logistic_cost(theta, y, 0.7))
        discrepancy(error)
        assert error < 1e-12


@pytest.mark.equation("eq-gates-logistic-cost", method="sympy")
@pytest.mark.equation("eq-gates-logistic-gradient", method="sympy")
def test_logistic_gradient_of_one_row(discrepancy):
    z, y = sp.symbols("z y", real=True)
    p = 1 / (1 + sp.exp(-z))
    entropy, printed = -(y * sp.log(p) + (1 - y) * sp.log(1 - p)), sp.log(1 + sp.exp(z)) - y * z
    assert sp.simplify(sp.diff(entropy, z) - (p - y)) == 0
    assert sp.simplify(sp.diff(printed, z) - (p - y)) == 0
    assert sp.simplify((entropy - printed).subs(z, 0)) == 0  # equal derivatives, equal at one point
    discrepancy(0)


@pytest.mark.equation("eq-gates-logistic-gradient", method="central differences")
@pytest.mark.parametrize("y", ALL_GATES, ids=str)
def test_logistic_gradient(y, discrepancy):
    theta = np.random.default_rng(1).normal(size=3)
    y = np.array(y)
    numeric = central_difference(lambda t: logistic_cost(t, y, 0.7), theta)
    error = np.abs(logistic_gradient(theta, y, 0.7) - numeric).max()
    discrepancy(error)
    assert error < 1e-8


@pytest.mark.equation("eq-gates-mirror", method="numeric")
@pytest.mark.parametrize("l2", [0.01, 0.3, 1.0, 5.0])
def test_and_is_or_upside_down(l2, discrepancy):
    theta = logistic_regression(OR.design, OR.y, l2=l2)
    printed = np.array([-theta[0] - theta[1] - theta[2], theta[1], theta[2]])
    error = np.abs(printed - logistic_regression(AND.design, AND.y, l2=l2)).max()
    discrepancy(error)
    assert error < 1e-8
    assert np.isclose(logistic_cost(theta, OR.y, l2), logistic_cost(printed, AND.y, l2), rtol=1e-12)
    assert all((x1 and x2) == 1 - ((1 - x1) or (1 - x2)) for x1, x2 in CORNERS)


@pytest.mark.equation("eq-gates-turning", method="numeric")
def test_turning_point_of_the_penalty(discrepancy):
    theta = np.array([0.0, 1.2945726116757665, 1.2945726116757665])
    w = theta[1]
    strength = w / ((1 - sigmoid(w)) + (1 - sigmoid(2 * w)))
    error = max(
        abs(2 * sigmoid(w) + sigmoid(2 * w) - 2.5),
        np.abs(central_difference(lambda t: logistic_cost(t, OR.y, 1 / strength), theta)).max(),
    )
    discrepancy(error)
    assert error < 1e-8


@pytest.mark.equation("eq-gates-turning-value", method="sympy")
def test_turning_point_is_the_root_of_the_cubic(discrepancy):
    t = sp.symbols("t")
    cubic = 5 * t**3 + t**2 + 3 * t - 1
    condition = 2 / (1 + t) + 1 / (1 + t**2) - sp.Rational(5, 2)  # sigma(w) = 1/(1 + t) with t = exp(-w)
    assert sp.factor(sp.together(condition) + cubic / (2 * (1 + t) * (1 + t**2))) == 0
    (root,) = sp.Poly(cubic, t).real_roots()
    w = -sp.log(root)
    strength = w / (root / (1 + root) + root**2 / (1 + root**2))
    printed = {sp.Float("0.2740"): root, sp.Float("1.2946"): w, sp.Float("4.544"): strength}
    error = max(abs(number - sp.N(exact)) for number, exact in printed.items())
    discrepancy(error)  # half a unit of the last digit that is printed
    assert [round(float(exact), digits) for exact, digits in ((root, 4), (w, 4), (strength, 3))] == [
        0.2740,
        1.2946,
        4.544,
    ]


@pytest.mark.equation("eq-gates-turning-value", method="numeric")
def test_scikit_learn_turns_there(discrepancy):
    below, above = (LogisticRegression(C=C, tol=1e-10).fit(OR.X, OR.y) for C in (4.543, 4.545))
    assert below.score(OR.X, OR.y) == 0.75
    assert above.score(OR.X, OR.y) == 1.0
    at_the_point = logistic_regression(OR.design, OR.y, l2=1 / 4.543633127)
    discrepancy(abs(at_the_point[0]))
    assert abs(at_the_point[0]) < 1e-6
    assert [LogisticRegression(C=C).fit(AND.X, AND.y).score(AND.X, AND.y) for C in (1, 1e6)] == [0.75, 1.0]


@pytest.mark.equation("eq-gates-xor-stationary", method="sympy")
def test_zero_is_stationary_for_xor(discrepancy):
    l2 = sp.symbols("lambda", nonnegative=True)
    p = [1 / (1 + sp.exp(-z)) for z in X * THETA]
    y = [0, 1, 1, 0]
    cost = -sum(t * sp.log(q) + (1 - t) * sp.log(1 - q) for t, q in zip(y, p, strict=True))
    cost += l2 / 2 * (THETA[1] ** 2 + THETA[2] ** 2)
    zero = dict.fromkeys(THETA, 0)
    assert all(sp.simplify(sp.diff(cost, theta).subs(zero)) == 0 for theta in THETA)
    assert sp.simplify(cost.subs(zero) - 4 * sp.log(2)) == 0
    assert round(float(4 * sp.log(2)), 3) == 2.773
    discrepancy(0)


@pytest.mark.equation("eq-gates-hessian", method="central differences")
@pytest.mark.parametrize("l2", [0.0, 0.8])
def test_second_derivatives(l2, discrepancy):
    rng = np.random.default_rng(2)
    for _ in range(5):
        theta = rng.normal(size=3)
        p = sigmoid(OR.design @ theta)
        printed = OR.design.T @ np.diag(p * (1 - p)) @ OR.design + l2 * np.diag([0.0, 1.0, 1.0])
        columns = [
            central_difference(lambda t, k=k: logistic_gradient(t, XOR.y, l2)[k], theta) for k in range(3)
        ]
        error = np.abs(printed - np.array(columns)).max()
        discrepancy(error)
        assert error < 1e-8
        assert np.linalg.eigvalsh(printed).min() > 0
        v = rng.normal(size=3)
        form = np.sum(p * (1 - p) * (OR.design @ v) ** 2) + l2 * (v[1] ** 2 + v[2] ** 2)
        assert np.isclose(v @ printed @ v, form, rtol=1e-12)


@pytest.mark.equation("eq-gates-no-line", method="sympy")
def test_the_two_sums_are_one_number(discrepancy):
    w1, w2, b = sp.symbols("w1 w2 b")
    z = {(x1, x2): w1 * x1 + w2 * x2 + b for x1, x2 in CORNERS}
    assert sp.expand(z[1, 0] + z[0, 1] - (w1 + w2 + 2 * b)) == 0
    assert sp.expand(z[0, 0] + z[1, 1] - (w1 + w2 + 2 * b)) == 0
    discrepancy(0)


@pytest.mark.equation("eq-gates-no-line", method="proof by cases")
def test_linear_programming_agrees(discrepancy):
    def separable(y):
        signs = 2 * np.array(y)[:, None] - 1
        return (
            linprog(np.zeros(3), A_ub=-signs * OR.design, b_ub=-np.ones(4), bounds=(None, None)).status == 0
        )

    assert [y for y in ALL_GATES if not separable(y)] == [(0, 1, 1, 0), (1, 0, 0, 1)]  # XOR and its negation
    best = accuracy(XOR.y, step(OR.design @ np.array([-0.5, 1.0, 1.0])))
    assert best == 0.75
    discrepancy(0)


@pytest.mark.equation("eq-gates-polynomial", method="proof by cases")
def test_polynomial_through_four_corners(discrepancy):
    for (x1, x2), target in zip(CORNERS, TARGETS, strict=True):
        printed = y00 + (y10 - y00) * x1 + (y01 - y00) * x2 + (y00 - y01 - y10 + y11) * x1 * x2
        assert sp.expand(printed - target) == 0
    assert sp.binomial(784, 2) == 306_936  # products of two among the pixels of a digit
    discrepancy(0)


@pytest.mark.equation("eq-gates-product", method="proof by cases")
@pytest.mark.equation("eq-gates-steps", method="proof by cases")
@pytest.mark.equation("eq-gates-relu", method="proof by cases")
def test_three_formulas_for_xor(discrepancy):
    for x1, x2 in CORNERS:
        xor = x1 ^ x2
        h1, h2 = step(x1 + x2 - 0.5), step(x1 + x2 - 1.5)
        errors = [
            x1 + x2 - 2 * x1 * x2 - xor,
            step(h1 - h2 - 0.5) - xor,
            relu(x1 + x2) - 2 * relu(x1 + x2 - 1) - xor,
        ]
        discrepancy(max(map(abs, errors)))
        assert errors == [0, 0, 0]
        assert (h1, h2) == (x1 or x2, x1 and x2)


@pytest.mark.equation("eq-gates-cross", method="sympy")
def test_boundary_of_the_product_feature(discrepancy):
    x1, x2 = sp.symbols("x1 x2")
    half = sp.Rational(1, 2)
    assert sp.expand(x1 + x2 - 2 * x1 * x2 - half + 2 * (x1 - half) * (x2 - half)) == 0
    discrepancy(0)


@pytest.mark.equation("eq-gates-confused", method="numeric")
@pytest.mark.parametrize(
    ("m", "ones", "exact", "printed"),
    [
        (4, 2, 4 * np.log(2), 2.773),
        (3, 1, 3 * np.log(3) - 2 * np.log(2), 1.910),
        (3, 2, 3 * np.log(3) - 2 * np.log(2), 1.910),
        (2, 1, 2 * np.log(2), 1.386),
    ],
)
def test_cost_of_confused_rows(m, ones, exact, printed, discrepancy):
    p = np.linspace(0.001, 0.999, 99_801)
    searched = np.min(-ones * np.log(p) - (m - ones) * np.log(1 - p))
    formula = -ones * np.log(ones / m) - (m - ones) * np.log(1 - ones / m)
    error = max(abs(searched - exact), abs(formula - exact))
    discrepancy(error)
    assert error < 1e-8
    assert round(exact, 3) == printed
    assert round(exact / 4, 3) in (0.693, 0.477, 0.347)
