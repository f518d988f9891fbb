"""The equations of the chapter on the perceptron, as printed in book/perceptron.md."""

from itertools import product

import numpy as np
import pytest
import sympy as sp
from scipy.optimize import minimize

from fysstk_nn.activations import sigmoid, step
from fysstk_nn.gates import AND, GATES, INPUTS, OR, XOR, half_adder, nand, xor_from_nands
from fysstk_nn.gradcheck import central_difference
from fysstk_nn.linear import is_separable
from fysstk_nn.perceptron import convergence_bound, rosenblatt

BITS = (0, 1)


def NAND(x1, x2):
    """NAND by its definition in logic."""
    return int(not (x1 and x2))


@pytest.mark.equation("eq-perceptron-mcculloch-pitts", method="proof by cases")
def test_veto_as_a_weight(discrepancy):
    for n, m, threshold in product(range(4), range(3), range(5)):
        for x in product(BITS, repeat=n):
            for u in product(BITS, repeat=m):
                fires = int(sum(x) >= threshold and not any(u))
                printed = step(sum(x) - (n + 1) * sum(u) - threshold + 0.5)
                assert printed == fires
    discrepancy(0)


@pytest.mark.equation("eq-perceptron-distance", method="numeric")
def test_distance_from_the_boundary(discrepancy):
    rng = np.random.default_rng(0)
    for _ in range(5):
        w, b, x = rng.normal(size=3), rng.normal(), rng.normal(size=3)
        on_the_boundary = {"type": "eq", "fun": lambda p, w=w, b=b: p @ w + b}
        nearest = minimize(
            lambda p, x=x: np.sum((p - x) ** 2), np.zeros(3), constraints=on_the_boundary, tol=1e-14
        )
        printed = (w @ x + b) / np.linalg.norm(w)
        error = abs(abs(printed) - np.sqrt(nearest.fun))
        discrepancy(error)
        assert error < 1e-6
        assert abs((x - printed * w / np.linalg.norm(w)) @ w + b) < 1e-12  # the sign: go back along w
    assert np.isclose((np.array([2, 2]) @ [1, 1] - 3) / np.sqrt(8), 0.354, atol=5e-4)


@pytest.mark.equation("eq-perceptron-hull", method="sympy")
def test_sum_of_an_average(discrepancy):
    w1, w2, b, a1, a2 = sp.symbols("w1 w2 b alpha1 alpha2")
    alpha = [a1, a2, 1 - a1 - a2]
    points = [sp.symbols(f"x{i}_1 x{i}_2") for i in range(3)]

    def z(x):
        return w1 * x[0] + w2 * x[1] + b

    average = [sum(a * x[k] for a, x in zip(alpha, points, strict=True)) for k in range(2)]
    assert sp.expand(z(average) - sum(a * z(x) for a, x in zip(alpha, points, strict=True))) == 0
    discrepancy(0)


@pytest.mark.equation("eq-perceptron-xor-centre", method="numeric")
def test_diagonals_cross(discrepancy):
    on, off = XOR.X[XOR.y == 1], XOR.X[XOR.y == 0]
    error = max(np.abs(on.mean(axis=0) - [0.5, 0.5]).max(), np.abs(off.mean(axis=0) - [0.5, 0.5]).max())
    discrepancy(error)
    assert error == 0
    assert not is_separable(XOR.design, XOR.y)


@pytest.mark.equation("eq-perceptron-rule", method="proof by cases")
def test_rule_adds_subtracts_or_rests(discrepancy):
    rng = np.random.default_rng(1)
    seen = set()
    for _ in range(60):
        w, b, x, eta = rng.normal(size=2), rng.normal(), rng.normal(size=2), rng.uniform(0.1, 2)
        y, output = int(rng.integers(2)), int(step(w @ x + b))
        printed = np.append(w + eta * (y - output) * x, b + eta * (y - output))
        sign = {(1, 0): 1, (0, 1): -1}.get((y, output), 0)  # too small: add; too large: subtract
        expected = np.append(w, b) + sign * eta * np.append(x, 1.0)
        one = rosenblatt(x[np.newaxis], np.array([y]), epochs=1, eta=eta, w=w, b=b)
        error = max(np.abs(printed - expected).max(), np.abs(printed - np.append(one.w, one.b)).max())
        discrepancy(error)
        assert error < 1e-15
        seen.add((y, output))
    assert len(seen) == 4


@pytest.mark.equation("eq-perceptron-effect", method="sympy")
def test_effect_on_the_same_example(discrepancy):
    w1, w2, b, x1, x2, eta, y, out = sp.symbols("w1 w2 b x1 x2 eta y yhat")
    z = w1 * x1 + w2 * x2 + b
    correction = eta * (y - out)
    after = (w1 + correction * x1) * x1 + (w2 + correction * x2) * x2 + b + correction
    assert sp.expand(after - (z + eta * (y - out) * (x1**2 + x2**2 + 1))) == 0
    discrepancy(0)


def separable_runs():
    """Runs of Rosenblatt's rule with a unit vector u that separates the data."""
    for gate, line in ((AND, [2, 2, -3]), (OR, [2, 2, -1])):
        yield gate.X, gate.y, np.array(line) / np.linalg.norm(line)
    rng = np.random.default_rng(2)
    for p in (1, 2, 5):
        X, u = rng.uniform(-1, 1, size=(40, p)), rng.normal(size=p + 1)
        u[-1] = -np.median(X @ u[:-1])
        z = X @ u[:-1] + u[-1]
        X, z = X[np.abs(z) > 0.1], z[np.abs(z) > 0.1]
        yield X, (z > 0).astype(int), u / np.linalg.norm(u)


@pytest.mark.equation("eq-perceptron-lower", method="numeric")
@pytest.mark.equation("eq-perceptron-upper", method="numeric")
@pytest.mark.equation("eq-perceptron-novikoff", method="numeric")
def test_the_two_bounds_and_the_third(discrepancy):
    for X, y, u in separable_runs():
        assert 0 < y.sum() < len(y)
        points = np.column_stack([X, np.ones(len(X))])
        margin = ((2 * y - 1) * (points @ u)).min()
        radius = np.linalg.norm(points, axis=1).max()
        run = rosenblatt(X, y, epochs=1000)
        assert run.converged
        w = np.array([[*w, b] for w, b in run.history])
        k = np.arange(len(w))
        violation = max(
            (k * margin - w @ u).max(),
            (np.diff((w**2).sum(axis=1)) - radius**2).max(),
            ((w**2).sum(axis=1) - k * radius**2).max(),
            len(run.samples) - (radius / margin) ** 2,
        )
        discrepancy(max(violation, 0.0))
        assert violation < 1e-9
        assert np.isclose(convergence_bound(X, y, u[:-1], u[-1]), (radius / margin) ** 2, rtol=1e-12)


@pytest.mark.equation("eq-perceptron-upper", method="sympy")
def test_square_of_the_correction(discrepancy):
    w, x = sp.Matrix(sp.symbols("w1:4")), sp.Matrix(sp.symbols("x1:4"))
    for s in (-1, 1):
        after = w + s * x
        assert sp.expand(after.dot(after) - (w.dot(w) + 2 * s * w.dot(x) + x.dot(x))) == 0
    discrepancy(0)


@pytest.mark.equation("eq-perceptron-gate-bounds", method="numeric")
@pytest.mark.parametrize(
    ("gate", "line", "bound", "combination"),
    [(AND, (2, 2, -3), 51, (0, 5, 5, 7)), (OR, (2, 2, -1), 27, (5, 2, 2, 0))],
    ids=["AND", "OR"],
)
def test_bounds_of_the_gates(gate, line, bound, combination, discrepancy):
    signed = (2 * gate.y - 1)[:, None] * np.column_stack([gate.X, np.ones(4)])
    error = abs(convergence_bound(gate.X, gate.y, line[:2], line[2]) - bound)
    discrepancy(error)
    assert error < 1e-9
    # The shortest vector with all margins at least 1 is a combination of the rows that have margin 1, with
    # coefficients that are not negative. That makes it the one with the widest margin.
    margins = signed @ line
    assert margins.min() == 1
    assert all(
        coefficient == 0 or margin == 1 for coefficient, margin in zip(combination, margins, strict=True)
    )
    assert np.array_equal(np.array(combination) @ signed, line)
    assert len(rosenblatt(gate.X, gate.y).samples) <= bound


@pytest.mark.equation("eq-perceptron-nand", method="proof by cases")
@pytest.mark.equation("eq-perceptron-from-nand", method="proof by cases")
@pytest.mark.equation("eq-perceptron-xor", method="proof by cases")
@pytest.mark.equation("eq-perceptron-half-adder", method="proof by cases")
def test_circuits(discrepancy):
    sums = [3 - 2 * x1 - 2 * x2 for x1, x2 in product(BITS, repeat=2)]
    assert sums == [3, 1, 1, -1]
    for x1, x2 in product(BITS, repeat=2):
        assert step(3 - 2 * x1 - 2 * x2) == NAND(x1, x2) == nand(x1, x2)
        assert NAND(x1, x1) == 1 - x1
        assert NAND(NAND(x1, x2), NAND(x1, x2)) == (x1 and x2)
        assert NAND(NAND(x1, x1), NAND(x2, x2)) == (x1 or x2)
        m = NAND(x1, x2)
        s, c = NAND(NAND(x1, m), NAND(m, x2)), NAND(m, m)
        assert s == x1 ^ x2 == xor_from_nands(x1, x2)
        assert 2 * c + s == x1 + x2
        assert (s, c) == half_adder(x1, x2)
    discrepancy(0)


@pytest.mark.equation("eq-perceptron-merge", method="proof by cases")
def test_two_edges_are_one(discrepancy):
    for m in BITS:
        assert step(-2 * m - 2 * m + 3) == step(-4 * m + 3) == 1 - m
    discrepancy(0)


@pytest.mark.equation("eq-perceptron-scaling", method="numeric")
def test_scaling_changes_nothing(discrepancy):
    rng = np.random.default_rng(3)
    for c in (1e-3, 0.5, 7.0, 1e4):
        X, w, b = rng.normal(size=(200, 3)), rng.normal(size=3), rng.normal()
        error = np.abs(step(X @ (c * w) + c * b) - step(X @ w + b)).max()
        discrepancy(error)
        assert error == 0
    assert np.array_equal(step(INPUTS @ [-20, -20] + 30), GATES["NAND"].y)


@pytest.mark.equation("eq-perceptron-sigmoid-derivative", method="sympy")
def test_derivative_of_the_sigmoid(discrepancy):
    z = sp.symbols("z", real=True)
    s = 1 / (1 + sp.exp(-z))
    assert sp.simplify(sp.diff(s, z) - sp.exp(-z) / (1 + sp.exp(-z)) ** 2) == 0
    assert sp.simplify(sp.diff(s, z) - s * (1 - s)) == 0
    assert (s * (1 - s)).subs(z, 0) == sp.Rational(1, 4)
    assert sp.simplify(sp.diff(s, z, 2) - s * (1 - s) * (1 - 2 * s)) == 0
    discrepancy(0)


@pytest.mark.equation("eq-perceptron-sigmoid-derivative", method="central differences")
def test_derivative_of_the_sigmoid_numerically(discrepancy):
    for z in np.linspace(-6, 6, 13):
        numeric = central_difference(lambda t: float(1 / (1 + np.exp(-t[0]))), np.array([z]))[0]
        error = abs(sigmoid(z) * (1 - sigmoid(z)) - numeric)
        discrepancy(error)
        assert error < 1e-9


@pytest.mark.equation("eq-perceptron-limit", method="sympy")
def test_limit_of_a_steep_sigmoid(discrepancy):
    c, z = sp.symbols("c z", positive=True)
    for sum_, printed in ((z, 1), (-z, 0), (sp.Integer(0), sp.Rational(1, 2))):
        assert sp.limit(1 / (1 + sp.exp(-c * sum_)), c, sp.oo) == printed
    discrepancy(0)


@pytest.mark.equation("eq-perceptron-gap", method="sympy")
def test_gap_to_the_step(discrepancy):
    c, z = sp.symbols("c z", positive=True)

    def scaled(z):
        return 1 / (1 + sp.exp(-c * z))

    printed = 1 / (1 + sp.exp(c * z))
    assert sp.simplify(1 - scaled(z) - printed) == 0
    assert sp.simplify(scaled(-z) - printed) == 0
    assert sp.simplify(sp.exp(-c * z) / printed - 1 - sp.exp(-c * z)) == 0  # the ratio is larger than 1
    discrepancy(0)


@pytest.mark.equation("eq-perceptron-gap", method="numeric")
def test_gap_numerically(discrepancy):
    for c, z in product((0.3, 1.0, 10.0), (-3.0, -0.2, 0.2, 3.0)):
        printed = 1 / (1 + np.exp(c * abs(z)))
        error = abs(abs(sigmoid(c * z) - step(z)) - printed)
        discrepancy(error)
        assert error < 1e-14
        assert printed < np.exp(-c * abs(z))


@pytest.mark.equation("eq-perceptron-nudge", method="central differences")
def test_first_order_change(discrepancy):
    rng = np.random.default_rng(4)
    for _ in range(5):
        w, b, x, dw, db = (
            rng.normal(size=3),
            rng.normal(),
            rng.normal(size=3),
            rng.normal(size=3),
            rng.normal(),
        )
        numeric = central_difference(lambda p, x=x: sigmoid(p[:3] @ x + p[3]), np.append(w, b))
        a = sigmoid(w @ x + b)
        error = abs(numeric @ np.append(dw, db) - a * (1 - a) * (x @ dw + db))
        discrepancy(error)
        assert error < 1e-8


@pytest.mark.equation("eq-perceptron-nudge-error", method="sympy")
def test_largest_second_derivative(discrepancy):
    s = sp.symbols("s", positive=True)
    second = s * (1 - s) * (1 - 2 * s)
    assert sp.expand(second - (s - 3 * s**2 + 2 * s**3)) == 0
    extremes = sp.solve(sp.diff(second, s), s)
    assert sorted(extremes) == [sp.Rational(1, 2) - 1 / sp.sqrt(12), sp.Rational(1, 2) + 1 / sp.sqrt(12)]
    largest = max(sp.Abs(sp.simplify(second.subs(s, extreme))) for extreme in extremes)
    assert sp.simplify(largest - 1 / (6 * sp.sqrt(3))) == 0
    assert sp.simplify(largest / 2 - 1 / (12 * sp.sqrt(3))) == 0
    assert round(float(1 / (12 * sp.sqrt(3))), 3) == 0.048
    discrepancy(0)


@pytest.mark.equation("eq-perceptron-nudge-error", method="numeric")
def test_error_of_the_linear_prediction(discrepancy):
    z, dz = np.meshgrid(np.linspace(-8, 8, 401), np.linspace(-3, 3, 301))
    error = np.abs(sigmoid(z + dz) - sigmoid(z) - sigmoid.derivative(z) * dz)
    excess = (error - dz**2 / (12 * np.sqrt(3))).max()
    discrepancy(max(excess, 0.0))
    assert excess < 1e-15
    assert error[np.abs(dz) <= 0.1].max() < 0.0005
