"""The equations of the chapter on the perceptron, as printed in book/perceptron.md."""

from itertools import product

import numpy as np
import pytest
import sympy as sp
from scipy.optimize import minimize

from fysstk_book.printed.names import from_one
from fysstk_book.printed.numbers import samples
from fysstk_nn.activations import sigmoid, step
from fysstk_nn.gates import AND, GATES, INPUTS, OR, XOR, half_adder, nand, xor_from_nands
from fysstk_nn.gradcheck import central_difference
from fysstk_nn.linear import is_separable
from fysstk_nn.perceptron import convergence_bound, rosenblatt

BITS = (0, 1)
# The reader computes with exact fractions, the package with floats.
STEP, SIGMOID = {r"\operatorname{step}": lambda z: step(float(z))}, ["def-perceptron-sigmoid"]


def NAND(x1, x2):
    """NAND by its definition in logic."""
    return int(not (x1 and x2))


@pytest.mark.equation("eq-perceptron-mcculloch-pitts", method="proof by cases")
def test_veto_as_a_weight(printed):
    formula = printed("eq-perceptron-mcculloch-pitts")
    for n, m, threshold in product(range(4), range(3), range(5)):
        for x, u in product(product(BITS, repeat=n), product(BITS, repeat=m)):
            fires = int(sum(x) >= threshold and not any(u))
            names = {"a": fires, "n": n, r"\vartheta": threshold}
            inputs = {"x_i": from_one(x), "v_j": from_one(u)}
            formula.holds(names, also={**inputs, **STEP}, i=range(1, n + 1), j=range(1, m + 1))


@pytest.mark.equation("eq-perceptron-distance", method="numeric")
def test_distance_from_the_boundary(printed):
    rng = np.random.default_rng(0)
    for _ in range(5):
        w, b, x = rng.normal(size=3), rng.normal(), rng.normal(size=3)
        on_the_boundary = {"type": "eq", "fun": lambda p, w=w, b=b: p @ w + b}
        nearest = minimize(
            lambda p, x=x: np.sum((p - x) ** 2), np.zeros(3), constraints=on_the_boundary, tol=1e-14
        )
        side = np.sign((x - nearest.x) @ w)  # positive where w points
        d = side * np.sqrt(nearest.fun)
        printed("eq-perceptron-distance").holds({"d": d, "w": w, "x": x, "b": b}, within=1e-6)
    example = {"w": np.array([2, 2]), "x": np.array([1, 1]), "b": -3}
    assert np.isclose(printed("eq-perceptron-distance").value(example), 0.354, atol=5e-4)


@pytest.mark.equation("eq-perceptron-hull", method="sympy")
def test_sum_of_an_average(printed):
    w1, w2, b, a1, a2 = sp.symbols("w1 w2 b alpha1 alpha2")
    points = [np.array(sp.symbols(f"x{i}_1 x{i}_2")) for i in range(3)]
    names = {
        "z": lambda x: w1 * x[0] + w2 * x[1] + b,
        r"\alpha_i": [a1, a2, 1 - a1 - a2],
        "x_i": points,
    }
    printed("eq-perceptron-hull").holds(names, i=range(3))


@pytest.mark.equation("eq-perceptron-xor-centre", method="numeric")
def test_diagonals_cross(printed):
    formula = printed("eq-perceptron-xor-centre")
    formula.holds(within=0)
    on, off = XOR.X[XOR.y == 1], XOR.X[XOR.y == 0]
    for side, centre in enumerate((on.mean(axis=0), [0.5, 0.5], off.mean(axis=0))):
        assert np.array_equal(formula.value(side=side), centre)
    assert not is_separable(XOR.design, XOR.y)


@pytest.mark.equation("eq-perceptron-rule", method="proof by cases")
def test_rule_adds_subtracts_or_rests(printed):
    rng = np.random.default_rng(1)
    seen = set()
    for _ in range(60):
        w, b, x, eta = rng.normal(size=2), rng.normal(), rng.normal(size=2), rng.uniform(0.1, 2)
        y, output = int(rng.integers(2)), int(step(w @ x + b))
        sign = {(1, 0): 1, (0, 1): -1}.get((y, output), 0)  # too small: add; too large: subtract
        one = rosenblatt(x[np.newaxis], np.array([y]), epochs=1, eta=eta, w=w, b=b)
        names = {"w": w, "b": b, "x": x, r"\eta": eta, "y": y, r"\hat y": output}
        for after in ({"w": w + sign * eta * x, "b": b + sign * eta}, {"w": one.w, "b": one.b}):
            printed("eq-perceptron-rule").holds(names, after=after, within=1e-15)
        seen.add((y, output))
    assert len(seen) == 4


@pytest.mark.equation("eq-perceptron-effect", method="sympy")
def test_effect_on_the_same_example(printed):
    x, w = (np.array(sp.symbols(f"{name}1 {name}2")) for name in "xw")
    b, eta, y, out = sp.symbols("b eta y yhat")
    names = {"w": w, "b": b, "x": x, r"\eta": eta, "y": y, r"\hat y": out}
    new_w, new_b = (printed("eq-perceptron-rule").value(also=names, statement=k) for k in (0, 1))
    printed("eq-perceptron-effect").holds({"z'": new_w @ x + new_b, "z": w @ x + b}, also=names)


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
def test_the_two_bounds_and_the_third(printed):
    for X, y, u in separable_runs():
        assert 0 < y.sum() < len(y)
        points = np.column_stack([X, np.ones(len(X))])
        signs = 2 * y - 1
        run = rosenblatt(X, y, epochs=1000)
        assert run.converged
        names = {
            "u": u,
            r"\tilde w_k": [np.append(w, b) for w, b in run.history],
            r"\gamma": (signs * (points @ u)).min(),
            "R": np.linalg.norm(points, axis=1).max(),
        }
        printed("eq-perceptron-lower").holds(also=names, within=1e-9, k=range(len(run.history)))
        for k, sample in enumerate(run.samples, start=1):
            example = {r"\tilde x": points[sample], "s": signs[sample]}
            printed("eq-perceptron-upper").holds(example, also=names, within=1e-9, k=[k])
        printed("eq-perceptron-novikoff").holds({"k": len(run.samples)}, also=names)
        bound = convergence_bound(X, y, u[:-1], u[-1])
        assert np.isclose(bound, printed("eq-perceptron-novikoff").value(also=names), rtol=1e-12)


@pytest.mark.equation("eq-perceptron-upper", method="sympy")
def test_square_of_the_correction(printed, discrepancy):
    w, x, R = np.array(sp.symbols("w1:4")), np.array(sp.symbols("x1:4")), sp.symbols("R")
    for s in (-1, 1):
        names = {r"\tilde w_k": [w, w + s * x], r"\tilde x": x, "s": s}
        left, right = (printed("eq-perceptron-upper").value(names, side=side, k=1) for side in (0, 1))
        assert sp.expand(left - right) == 0
        # on a mistake the middle term is not positive, and the last one is at most R squared
        right, bound = (
            printed("eq-perceptron-upper").value({**names, "R": R}, side=side, k=1) for side in (1, 2)
        )
        assert sp.expand(bound - right - (R**2 - x @ x) + 2 * s * (w @ x)) == 0
    discrepancy(0)


@pytest.mark.equation("eq-perceptron-gate-bounds", method="numeric")
def test_bounds_of_the_gates(printed):
    lines = {"AND": (2, 2, -3), "OR": (2, 2, -1)}
    bounds = {
        name: convergence_bound(GATES[name].X, GATES[name].y, line[:2], line[2])
        for name, line in lines.items()
    }
    names = {rf"\left(\frac R\gamma\right)^2_{{\mathrm{{{name}}}}}": bound for name, bound in bounds.items()}
    printed("eq-perceptron-gate-bounds").holds(names, within=1e-9)
    for name, combination in (("AND", (0, 5, 5, 7)), ("OR", (5, 2, 2, 0))):
        widest_margin(GATES[name], lines[name], combination)
        assert len(rosenblatt(GATES[name].X, GATES[name].y).samples) <= bounds[name]


def widest_margin(gate, line, combination):
    """Check that no line has a wider margin for this gate."""
    signed = (2 * gate.y - 1)[:, None] * np.column_stack([gate.X, np.ones(4)])
    # The shortest vector with all margins at least 1 is a combination of the rows that have margin 1, with
    # coefficients that are not negative. That makes it the one with the widest margin.
    margins = signed @ line
    assert margins.min() == 1
    assert all(
        coefficient == 0 or margin == 1 for coefficient, margin in zip(combination, margins, strict=True)
    )
    assert np.array_equal(np.array(combination) @ signed, line)


@pytest.mark.equation("eq-perceptron-nand", method="proof by cases")
@pytest.mark.equation("eq-perceptron-from-nand", method="proof by cases")
@pytest.mark.equation("eq-perceptron-xor", method="proof by cases")
@pytest.mark.equation("eq-perceptron-half-adder", method="proof by cases")
def test_circuits(printed):
    gates = {
        r"\mathrm{NAND}": NAND,
        r"\mathrm{NOT}": lambda x: 1 - x,
        r"\mathrm{AND}": lambda x1, x2: x1 and x2,
        r"\mathrm{OR}": lambda x1, x2: x1 or x2,
        r"\mathrm{XOR}": lambda x1, x2: x1 ^ x2,
    }
    sums = []
    for x in product(BITS, repeat=2):
        names = {**gates, "x_i": from_one(x), "x": x[0]}
        recorded = {r"\operatorname{step}": lambda z: sums.append(z) or step(float(z))}
        printed("eq-perceptron-nand").holds(recorded, also=names, only=0)
        printed("eq-perceptron-from-nand").holds(also=names)
        printed("eq-perceptron-xor").holds(also=names)
        digits = list(half_adder(*x))
        printed("eq-perceptron-half-adder").holds({"m": NAND(*x), "d_i": digits}, also=names)
        assert NAND(*x) == nand(*x)
        assert x[0] ^ x[1] == xor_from_nands(*x)
    for x in product(BITS, repeat=2):
        printed("eq-perceptron-half-adder").holds({"m": NAND(*x)}, also={**gates, "x_i": from_one(x)})
    printed("eq-perceptron-nand").holds({"z": sums}, only=1)


@pytest.mark.equation("eq-perceptron-loop", method="numeric")
def test_a_closed_loop_adds_up_to_nothing(printed):
    run = rosenblatt(XOR.X, XOR.y, epochs=4)
    turn = [np.append(XOR.X[i], 1) * (2 * XOR.y[i] - 1) for i in sorted(run.samples[-4:])]
    assert np.array_equal(run.history[-1][0], run.history[-5][0]) and run.history[-1][1] == run.history[-5][1]
    printed("eq-perceptron-loop").holds()
    assert np.array_equal(printed("eq-perceptron-loop").value(side=0), np.sum(turn, axis=0))


@pytest.mark.equation("eq-perceptron-merge", method="proof by cases")
def test_two_edges_are_one(printed):
    for m in BITS:
        printed("eq-perceptron-merge").holds({"m": m, **STEP})
        assert printed("eq-perceptron-merge").value({"m": m, **STEP}) == 1 - m
    printed("eq-perceptron-merge").holds({"m": sp.Symbol("m"), r"\operatorname{step}": lambda z: z})


@pytest.mark.equation("eq-perceptron-scaling", method="numeric")
def test_scaling_changes_nothing(printed):
    rng = np.random.default_rng(3)
    for c in (1e-3, 0.5, 7.0, 1e4):
        w, b = rng.normal(size=3), rng.normal()
        for x in rng.normal(size=(50, 3)):
            printed("eq-perceptron-scaling").holds({"c": c, "w": w, "b": b, "x": x, **STEP}, within=0)
    assert np.array_equal(step(INPUTS @ [-20, -20] + 30), GATES["NAND"].y)


@pytest.mark.equation("eq-perceptron-sigmoid-derivative", method="sympy")
def test_derivative_of_the_sigmoid(printed):
    z = sp.Symbol("z", real=True)
    derivative = printed("eq-perceptron-sigmoid-derivative")
    derivative.holds({"z": z}, where=["def-perceptron-sigmoid"])


@pytest.mark.equation("eq-perceptron-sigmoid-derivative", method="sympy")
def test_slope_of_the_sigmoid_in_the_middle_and_its_own_slope(printed, discrepancy):
    z = sp.Symbol("z", real=True)
    slope = printed("eq-perceptron-sigmoid-derivative").value({"z": z}, where=SIGMOID)
    s = printed("def-perceptron-sigmoid").value({"z": z})
    assert slope.subs(z, 0) == sp.Rational(1, 4)
    discrepancy(sp.simplify(sp.diff(s, z, 2) - s * (1 - s) * (1 - 2 * s)))
    assert sp.simplify(sp.diff(s, z, 2) - s * (1 - s) * (1 - 2 * s)) == 0


@pytest.mark.equation("eq-perceptron-sigmoid-derivative", method="central differences")
def test_derivative_of_the_sigmoid_numerically(printed):
    for z in np.linspace(-6, 6, 13):
        printed("eq-perceptron-sigmoid-derivative").holds({"z": z, r"\sigma": sigmoid}, within=1e-9)


@pytest.mark.equation("eq-perceptron-limit", method="sympy")
@pytest.mark.parametrize("sign", [1, -1, 0])
def test_limit_of_a_steep_sigmoid(sign, printed):
    z = sign * sp.symbols("z", positive=True)
    printed("eq-perceptron-limit").holds({"z": z}, where=SIGMOID)


@pytest.mark.equation("eq-perceptron-gap", method="sympy")
def test_gap_to_the_step(printed, discrepancy):
    c, z = sp.symbols("c z", positive=True)
    for sum_, on in ((z, 1), (-z, 0)):
        names = {"c": c, "z": sum_, r"\operatorname{step}": lambda z, on=on: on}
        left, gap, bound = (
            printed("eq-perceptron-gap").value(names, where=SIGMOID, side=side) for side in range(3)
        )
        assert sp.simplify(left**2 - gap**2) == 0  # neither of them is negative
        assert sp.simplify(bound / gap - 1 - sp.exp(-c * z)) == 0  # the ratio is larger than 1
    discrepancy(0)


@pytest.mark.equation("eq-perceptron-gap", method="numeric")
def test_gap_numerically(printed):
    for c, z in product((0.3, 1.0, 10.0), (-3.0, -0.2, 0.0, 0.2, 3.0)):
        names = {"c": c, "z": z, r"\sigma": sigmoid, **STEP}
        if z == 0:  # here it does not hold, as the page says
            with pytest.raises(ValueError, match="no index satisfies"):
                printed("eq-perceptron-gap").holds(names)
        else:
            printed("eq-perceptron-gap").holds(names, within=1e-14)


@pytest.mark.equation("eq-perceptron-nudge", method="central differences")
def test_first_order_change(printed):
    rng = np.random.default_rng(4)
    for _ in range(5):
        w, x, dw = rng.normal(size=(3, 3))
        b, db = rng.normal(size=2)
        slope = central_difference(lambda p, x=x: sigmoid(p[:3] @ x + p[3]), np.append(w, b))
        names = {
            r"\frac{\partial a}{\partial w}": slope[:3],
            r"\frac{\partial a}{\partial b}": slope[3],
            r"\sigma": sigmoid,
            "z": w @ x + b,
            "x": x,
        }
        for h in (1.0, 1e-4):
            change = sigmoid((w + h * dw) @ x + b + h * db) - sigmoid(w @ x + b)
            nudges = {r"\Delta a": change, r"\Delta w": h * dw, r"\Delta b": h * db}
            printed("eq-perceptron-nudge").holds({**names, **nudges}, within=1e-8, approx=10 * h**2)


@pytest.mark.equation("eq-perceptron-nudge-error", method="sympy")
def test_largest_second_derivative(printed, discrepancy):
    s = sp.symbols("s", positive=True)
    second = s * (1 - s) * (1 - 2 * s)
    assert sp.expand(second - (s - 3 * s**2 + 2 * s**3)) == 0
    extremes = sp.solve(sp.diff(second, s), s)
    assert sorted(extremes) == [sp.Rational(1, 2) - 1 / sp.sqrt(12), sp.Rational(1, 2) + 1 / sp.sqrt(12)]
    largest = max(sp.Abs(sp.simplify(second.subs(s, extreme))) for extreme in extremes)
    assert sp.simplify(largest - 1 / (6 * sp.sqrt(3))) == 0
    dz = sp.symbols("dz", positive=True)
    printed = printed("eq-perceptron-nudge-error").value({r"\Delta z": dz}, side=1)
    assert sp.simplify(largest / 2 * dz**2 - printed) == 0
    discrepancy(0)


@pytest.mark.equation("eq-perceptron-nudge-error", method="numeric")
def test_error_of_the_linear_prediction(printed):
    z, dz = map(samples, np.meshgrid(np.linspace(-8, 8, 401), np.linspace(-3, 3, 301)))
    change = sigmoid(z + dz) - sigmoid(z)
    names = {r"\Delta a": change, r"\sigma'": sigmoid.derivative, "z": z, r"\Delta z": dz}
    printed("eq-perceptron-nudge-error").holds(names, within=1e-15)
    error = np.abs(change - sigmoid.derivative(z) * dz)
    assert error[np.abs(dz) <= 0.1].max() < 0.0005


@pytest.mark.equation("def-perceptron-neuron", method="numeric")
@pytest.mark.equation("def-perceptron-tilde", method="numeric")
def test_a_neuron_weighs_adds_and_squashes_also_with_the_bias_among_the_weights(rng, printed, discrepancy):
    w, x, b = rng.normal(size=3), rng.normal(size=3), rng.normal()
    names = {"w_i": from_one(w), "x_i": from_one(x), "w": w, "x": x, "b": b, "p": 3, "f": sigmoid}
    z = b + sum(w[i] * x[i] for i in range(3))
    for side in (1, 2):
        discrepancy(
            printed("def-perceptron-neuron").value(also=names, statement=1, side=side) - z, within=1e-12
        )
    discrepancy(printed("def-perceptron-neuron").value({"z": z}, also=names) - sigmoid(z), within=1e-12)
    tilde = printed("def-perceptron-tilde")
    rows = [str(statement.sides[1]) for statement in tilde.statements]
    assert rows[:2] == [r"( x_{1}, \ldots, x_{p}, 1 )", r"( w_{1}, \ldots, w_{p}, b )"]
    longer = {r"\tilde w": np.array([*w, b]), r"\tilde x": np.array([*x, 1.0])}
    discrepancy(tilde.value(longer, statement=2) - z, within=1e-12)


@pytest.mark.equation("def-perceptron-step", method="numeric")
def test_the_step_is_zero_at_zero(printed, discrepancy):
    for z in (-2.0, -1e-9, 0.0, 1e-9, 2.0):
        discrepancy(printed("def-perceptron-step").value({"z": z}) - step(z), within=1e-12)


@pytest.mark.equation("def-perceptron-correction", method="numeric")
def test_corrections_begin_at_zero_and_add_up(rng, printed, discrepancy):
    s, x = rng.choice([-1.0, 1.0], size=4), rng.normal(size=(4, 3))
    w = [printed("def-perceptron-correction").value(statement=1) * np.ones(3)]
    for k in range(1, 5):
        names = {r"\tilde w_k": w, "s": s[k - 1], r"\tilde x": x[k - 1]}
        w.append(printed("def-perceptron-correction").value(names, k=k))
    discrepancy(np.abs(w[-1] - s @ x).max(), within=1e-12)
