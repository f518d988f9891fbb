"""The equations of the chapter on logic gates, as printed in book/gates.md."""

from itertools import product

import numpy as np
import pytest
import sympy as sp
from scipy.optimize import brentq, linprog, minimize
from sklearn.linear_model import LogisticRegression

from fysstk_book.printed.names import from_one
from fysstk_nn.activations import relu, sigmoid, step
from fysstk_nn.gates import AND, OR, XOR
from fysstk_nn.gradcheck import central_difference, jacobian_central
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


# What the symbols are called on the page: rows are counted from 1, columns of X and coefficients from 0.
SYMBOLS = {
    "X": X,
    "X_{ik}": lambda i, k: X[i - 1, k],
    r"\theta": THETA,
    r"\theta_k": THETA,
    r"\boldsymbol y": TARGETS,
    "y_i": from_one(list(TARGETS)),
    r"\tilde y_i": from_one(list(X * THETA)),
    "y_{ij}": [[y00, y01], [y10, y11]],
}


@pytest.mark.equation("eq-gates-ols-gradient", method="sympy")
def test_gradient_of_the_squared_error(printed):
    cost = printed("def-gates-cost").value(also=SYMBOLS)
    printed("eq-gates-ols-gradient").holds(
        {r"\nabla\mathcal C": [sp.diff(cost, theta) for theta in THETA]},
        also=SYMBOLS,
        where=["def-gates-cost"],
        k=range(3),
    )


@pytest.mark.equation("eq-gates-ols", method="sympy")
def test_solution_of_the_normal_equations(printed):
    printed("eq-gates-ols").holds({r"\theta": exact_ols(TARGETS)}, also=SYMBOLS)


@pytest.mark.equation("eq-gates-ols", method="numeric")
def test_pseudo_inverse(printed):
    y = np.random.default_rng(0).normal(size=4)
    for best in (np.linalg.lstsq(OR.design, y)[0], ols(OR.design, y)):
        printed("eq-gates-ols").holds({r"\theta": best, "X": OR.design, r"\boldsymbol y": y})


@pytest.mark.equation("eq-gates-gram", method="sympy")
def test_gram_matrix_and_its_inverse(printed):
    printed("eq-gates-gram").holds({"X": X})


@pytest.mark.equation("eq-gates-thetas", method="numeric")
def test_three_lines(printed):
    def least(gate):
        return minimize(lambda t: np.sum((gate.design @ t - gate.y) ** 2), np.zeros(3), tol=1e-12).x

    for solve, within in (
        (lambda gate: exact_ols(sp.Matrix(gate.y)), 0),
        (lambda gate: ols(gate.design, gate.y), 1e-12),
        (least, 1e-6),
    ):
        names = {rf"\theta_{{\mathrm{{{gate.name}}}}}": solve(gate) for gate in (OR, AND, XOR)}
        printed("eq-gates-thetas").holds(names, within=within)


@pytest.mark.equation("eq-gates-effects", method="sympy")
def test_slopes_are_differences_of_means(printed):
    best = {r"\theta_k": exact_ols(TARGETS), r"\bar y": sum(TARGETS) / 4}
    printed("eq-gates-effects").holds({**best, "y_{ij}": SYMBOLS["y_{ij}"]})


@pytest.mark.equation("eq-gates-residual", method="sympy")
def test_residual_is_the_interaction(printed):
    printed("eq-gates-residual").holds({r"\theta": exact_ols(TARGETS)}, also=SYMBOLS)
    values = {gate.name: int(gate.y @ [1, -1, -1, 1]) for gate in (OR, AND, XOR)}
    assert values == {"OR": -1, "AND": 1, "XOR": -2}


def logistic(theta, y, l2):
    """What the names of the logistic model stand for, at coefficients theta."""
    z = [theta[0] + theta[1] * x1 + theta[2] * x2 for x1, x2 in CORNERS]
    return {
        r"\theta": theta,
        r"\theta_k": theta,
        "y_i": from_one(np.asarray(y)),
        "X_{ik}": lambda i, k: OR.design[i - 1, k],
        "z_i": from_one(z),
        r"\lambda": l2,
    }


@pytest.fixture
def names(printed):
    """A function that returns these names together with the probabilities, from their printed definition."""

    def names(theta, y, l2):
        known = logistic(theta, y, l2)
        p = [
            printed("def-gates-logistic").value({r"\theta_k": theta, "x_i": from_one(np.array(x))})
            for x in CORNERS
        ]
        return {**known, "p_i": from_one(np.array(p))}

    return names


@pytest.fixture
def logistic_cost(printed, names):
    """The cost as the chapter defines it."""
    return lambda theta, y, l2: printed("def-gates-cross-entropy").value(also=names(theta, y, l2))


@pytest.mark.equation("eq-gates-logistic-cost", method="numeric")
def test_cost_written_through_z(printed, names, logistic_cost):
    rng = np.random.default_rng(3)
    for y in ALL_GATES:
        theta = rng.normal(size=3)
        cost = {r"\mathcal C": lambda t, y=y: logistic_cost(t * np.ones(3), y, 0.7), r"\theta": theta}
        printed("eq-gates-logistic-cost").holds(cost, also=names(theta, y, 0.7))


@pytest.mark.equation("eq-gates-logistic-gradient", method="central differences")
@pytest.mark.parametrize("y", ALL_GATES, ids=str)
def test_logistic_gradient(y, printed, names, logistic_cost):
    theta = np.random.default_rng(1).normal(size=3)
    slopes = {
        r"\frac{\partial\mathcal C}{\partial\theta_k}": central_difference(
            lambda t: logistic_cost(t, y, 0.7), theta
        )
    }
    printed("eq-gates-logistic-gradient").holds(slopes, also=names(theta, y, 0.7), within=1e-8)


@pytest.mark.equation("eq-gates-mirror", method="numeric")
@pytest.mark.parametrize("l2", [0.01, 0.3, 1.0, 5.0])
def test_and_is_or_upside_down(l2, printed, logistic_cost):
    theta, mirrored = (logistic_regression(gate.design, gate.y, l2=l2) for gate in (OR, AND))
    names = {
        r"\theta_k": theta,
        r"\theta": theta,
        r"\theta_{\mathrm{OR}}": theta,
        r"\theta_{\mathrm{AND}}": mirrored,
    }
    printed("eq-gates-mirror").holds(names, within=1e-8)
    assert np.isclose(logistic_cost(theta, OR.y, l2), logistic_cost(mirrored, AND.y, l2), rtol=1e-12)
    assert all((x1 and x2) == 1 - ((1 - x1) or (1 - x2)) for x1, x2 in CORNERS)


@pytest.fixture(scope="module")
def turning_point():
    """Where the intercept of the fit to OR is zero, found by fitting: what the symbols are there."""
    strength = brentq(lambda C: logistic_regression(OR.design, OR.y, l2=1 / C)[0], 2, 10, xtol=1e-12)
    w = logistic_regression(OR.design, OR.y, l2=1 / strength)[1]
    return {"w": w, r"\texttt{C}": strength, r"\lambda": 1 / strength, r"\sigma": sigmoid}


@pytest.mark.equation("eq-gates-turning", method="numeric")
def test_turning_point_of_the_penalty(turning_point, printed):
    printed("eq-gates-turning").holds(turning_point, within=1e-8)


@pytest.mark.equation("eq-gates-turning-value", method="numeric")
def test_value_of_the_turning_point(turning_point, printed):
    printed("eq-gates-turning-value").holds(also=turning_point)


@pytest.mark.equation("eq-gates-turning-value", method="sympy")
def test_turning_point_is_the_root_of_the_cubic(printed):
    t = sp.symbols("t")
    cubic = 5 * t**3 + t**2 + 3 * t - 1
    condition = 2 / (1 + t) + 1 / (1 + t**2) - sp.Rational(5, 2)  # sigma(w) = 1/(1 + t) with t = exp(-w)
    assert sp.factor(sp.together(condition) + cubic / (2 * (1 + t) * (1 + t**2))) == 0
    (root,) = sp.Poly(cubic, t).real_roots()
    w = -sp.log(root)
    strength = w / (root / (1 + root) + root**2 / (1 + root**2))
    printed("eq-gates-turning-value").holds({"w": float(w), r"\texttt{C}": float(strength)})


@pytest.mark.equation("eq-gates-turning-value", method="numeric")
def test_scikit_learn_turns_there(printed):
    fits = {C: LogisticRegression(C=C, tol=1e-10).fit(OR.X, OR.y) for C in (4.543, 4.545)}
    assert [fit.score(OR.X, OR.y) for fit in fits.values()] == [0.75, 1.0]
    names = {"w": np.mean([fit.coef_ for fit in fits.values()]), r"\texttt{C}": np.mean(list(fits))}
    printed("eq-gates-turning-value").holds(names)
    assert [LogisticRegression(C=C).fit(AND.X, AND.y).score(AND.X, AND.y) for C in (1, 1e6)] == [0.75, 1.0]


@pytest.mark.equation("eq-gates-xor-stationary", method="sympy")
def test_zero_is_stationary_for_xor(printed, logistic_cost):
    l2 = sp.symbols("lambda", nonnegative=True)
    cost = logistic_cost(THETA, XOR.y, l2)

    def at(value, theta):
        return value.subs(dict.fromkeys(THETA, theta))

    printed("eq-gates-xor-stationary").holds(
        {
            r"\nabla\mathcal C_{\mathrm{XOR}}": lambda theta: [at(sp.diff(cost, t), theta) for t in THETA],
            r"\mathcal C_{\mathrm{XOR}}": lambda theta: at(cost, theta),
            r"\lambda": l2,
        }
    )


@pytest.mark.equation("eq-gates-hessian", method="central differences")
@pytest.mark.parametrize("l2", [0.0, 0.8])
def test_second_derivatives(l2, printed, names):
    rng = np.random.default_rng(2)

    def gradient(theta):
        slope = printed("eq-gates-logistic-gradient").value
        also = names(theta, XOR.y, l2)
        return np.array([slope(also=also), *(slope(also=also, statement=1, k=k) for k in (1, 2))])

    for _ in range(5):
        theta = rng.normal(size=3)
        H = jacobian_central(gradient, theta)
        also = names(theta, XOR.y, l2)
        printed("eq-gates-hessian").holds({"H": H, "X": OR.design}, also=also, within=1e-8, i=range(1, 5))
        assert np.linalg.eigvalsh(H).min() > 0
        v, p = rng.normal(size=3), sigmoid(OR.design @ theta)
        form = np.sum(p * (1 - p) * (OR.design @ v) ** 2) + l2 * (v[1] ** 2 + v[2] ** 2)
        assert np.isclose(v @ H @ v, form, rtol=1e-7)


@pytest.mark.equation("eq-gates-no-line", method="sympy")
def test_the_two_sums_are_one_number(printed):
    w1, w2, b = sp.symbols("w1 w2 b")
    printed("eq-gates-no-line").holds(
        {"z": lambda x1, x2: w1 * x1 + w2 * x2 + b, "w_1": w1, "w_2": w2, "b": b}
    )


@pytest.mark.equation("eq-gates-no-line", method="proof by cases")
def test_linear_programming_agrees(printed):
    def separable(y):
        signs = 2 * np.array(y)[:, None] - 1
        line = linprog(np.zeros(3), A_ub=-signs * OR.design, b_ub=-np.ones(4), bounds=(None, None))
        return line.x if line.status == 0 else None

    lines = {y: separable(y) for y in ALL_GATES}
    assert [y for y, line in lines.items() if line is None] == [(0, 1, 1, 0), (1, 0, 0, 1)]  # XOR, negated
    for b, w1, w2 in (line for line in lines.values() if line is not None):
        names = {"z": lambda x1, x2, w1=w1, w2=w2, b=b: w1 * x1 + w2 * x2 + b, "w_i": [None, w1, w2], "b": b}
        printed("eq-gates-no-line").holds(names)
    assert accuracy(XOR.y, step(OR.design @ np.array([-0.5, 1.0, 1.0]))) == 0.75


@pytest.mark.equation("eq-gates-polynomial", method="proof by cases")
def test_polynomial_through_four_corners(printed):
    for x, target in zip(CORNERS, TARGETS, strict=True):
        names = {"y": target, "x_i": from_one(x), "y_{ij}": SYMBOLS["y_{ij}"]}
        printed("eq-gates-polynomial").holds(names)
    assert sp.binomial(784, 2) == 306_936  # products of two among the pixels of a digit


def step_of(z):
    return step(float(z))


@pytest.mark.equation("eq-gates-product", method="proof by cases")
@pytest.mark.equation("eq-gates-steps", method="proof by cases")
@pytest.mark.equation("eq-gates-relu", method="proof by cases")
def test_three_formulas_for_xor(printed):
    gates = {r"\mathrm{XOR}": lambda x1, x2: x1 ^ x2}
    for x in CORNERS:
        names = {**gates, "x_i": from_one(x)}
        printed("eq-gates-product").holds(names)
        printed("eq-gates-relu").holds({**names, r"\operatorname{relu}": relu})
        hidden = {"h_1": x[0] or x[1], "h_2": x[0] and x[1]}
        printed("eq-gates-steps").holds({**names, **hidden, r"\operatorname{step}": step_of})
    for x in CORNERS:
        printed("eq-gates-steps").holds({**gates, "x_i": from_one(x), r"\operatorname{step}": step_of})


@pytest.mark.equation("eq-gates-cross", method="sympy")
def test_boundary_of_the_product_feature(printed):
    printed("eq-gates-cross").holds({"x_i": from_one(sp.symbols("x1 x2"))})


@pytest.mark.equation("eq-gates-confused", method="numeric")
def test_cost_of_confused_rows(printed):
    printed("eq-gates-confused").holds(r=(1, 2))
    p = np.linspace(0.001, 0.999, 99_801)
    for statement, (m, r) in enumerate([(4, 2), (3, 1), (2, 1)]):
        searched = np.min(-r * np.log(p) - (m - r) * np.log(1 - p))
        for side in (0, 1):
            formula = printed("eq-gates-confused").value(statement=statement, side=side, r=r)
            assert abs(formula - searched) < 1e-8


@pytest.mark.equation("def-gates-four-inequalities", method="numeric")
def test_the_four_inequalities_say_that_a_neuron_computes_xor(rng, printed, discrepancy):
    rows = printed("def-gates-four-inequalities")
    for (x1, x2), fires, statement in zip(
        ((1, 0), (0, 1), (0, 0), (1, 1)), (1, 1, 0, 0), range(4), strict=True
    ):
        assert fires == x1 ^ x2
        w, b = rng.normal(size=2), rng.normal()
        names = {"z": lambda *x, w=w, b=b: w @ x + b, "w_i": from_one(w), "b": b}
        left, right, zero = (rows.value(also=names, statement=statement, side=side) for side in range(3))
        discrepancy(left - right, within=1e-12)
        discrepancy(left - (w @ [x1, x2] + b), within=1e-12)
        assert (rows.statements[statement].relations[-1], zero) == (">" if fires else r"\leq", 0)


@pytest.mark.equation("def-gates-line", method="numeric")
@pytest.mark.equation("def-gates-design", method="numeric")
def test_a_row_of_the_design_matrix_gives_the_line(rng, printed, discrepancy):
    theta = rng.normal(size=3)
    X = printed("def-gates-design").value(statement=0)
    np.testing.assert_array_equal(X, np.column_stack([np.ones(4), AND.X]))
    predicted = printed("def-gates-design").value({r"\theta": theta}, where=["def-gates-design"], statement=1)
    for row, y in zip(X, predicted, strict=True):
        names = {r"\theta_i": theta, "x_i": row}
        discrepancy(printed("def-gates-line").value(names) - y, within=1e-12)
        discrepancy(y - theta @ row, within=1e-12)
