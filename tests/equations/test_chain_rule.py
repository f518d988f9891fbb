"""The equations of the chapter on the chain rule, as printed in book/chain-rule.md."""

import ast

import numpy as np
import pytest
import sympy as sp

from fysstk_nn.activations import sigmoid
from fysstk_nn.autodiff import Var, count_operations, exp, gradients, sqrt
from fysstk_nn.gradcheck import central_difference

x, y, s, t = sp.symbols("x y s t", real=True)
F = sp.Function("f")  # any function, of two or three variables
X, Y = sp.Function("x"), sp.Function("y")


def zero(expression, discrepancy):
    """Record and assert that every entry of an expression simplifies to zero."""
    for entry in sp.Matrix([expression]):
        residual = sp.simplify(entry.doit())
        discrepancy(residual)
        assert residual == 0


def close(printed, measured, discrepancy, tolerance=1e-8):
    error = np.max(np.abs(np.asarray(printed, dtype=float) - np.asarray(measured, dtype=float)))
    discrepancy(error)
    assert error < tolerance


def operations(code):
    """Count operators and calls, as the chapter does."""
    kinds = (ast.BinOp, ast.UnaryOp, ast.Call)
    return sum(isinstance(node, kinds) for node in ast.walk(ast.parse(code)))


def with_names(expressions):
    """Count the operations of expressions that share their common parts."""
    names, reduced = sp.cse(expressions)
    return sum(operations(str(e)) for e in [*(e for _, e in names), *reduced])


# --- Total derivatives ---


@pytest.mark.equation("eq-chain-telescope", method="sympy")
def test_the_two_moves_add_up(discrepancy):
    dx, dy = sp.symbols("dx dy")
    only_x = F(x + dx, y + dy) - F(x, y + dy)
    only_y = F(x, y + dy) - F(x, y)
    zero(F(x + dx, y + dy) - F(x, y) - (only_x + only_y), discrepancy)


def partial(f, *at):
    """Return the partial derivatives of a function of symbols, evaluated at other expressions."""
    slots = sp.symbols(f"slot:{len(at)}")
    return [sp.diff(f(*slots), slot).subs(dict(zip(slots, at, strict=True))) for slot in slots]


@pytest.mark.equation("eq-chain-total", method="sympy")
def test_total_derivative_of_any_polynomial_along_any_path(discrepancy):
    c = sp.symbols("c:5")

    def f(x, y):
        return c[0] * x**3 + c[1] * x**2 * y + c[2] * x * y**2 + c[3] * y**3 + sp.sin(c[4] * x * y)

    fx, fy = partial(f, X(t), Y(t))
    row, column = sp.Matrix([[fx, fy]]), sp.Matrix([X(t).diff(t), Y(t).diff(t)])
    true = sp.diff(f(X(t), Y(t)), t)
    zero((row * column)[0] - true, discrepancy)
    zero(fx * X(t).diff(t) + fy * Y(t).diff(t) - true, discrepancy)


@pytest.mark.equation("eq-chain-total", method="central differences")
def test_total_derivative_numerically(discrepancy):
    for u in (0.3, -0.7, 1.9):
        px, py = np.exp(u), np.sin(2 * u)
        fx, fy = np.cos(px) * py**2, 2 * np.sin(px) * py
        printed = fx * np.exp(u) + fy * 2 * np.cos(2 * u)
        measured = central_difference(lambda u: np.sin(np.exp(u[0])) * np.sin(2 * u[0]) ** 2, np.array([u]))
        close(printed, measured[0], discrepancy)


@pytest.mark.equation("eq-chain-circle", method="sympy")
def test_the_walk_on_the_circle(discrepancy):
    first = (2 * x * y * -sp.sin(t) + x**2 * sp.cos(t)).subs({x: sp.cos(t), y: sp.sin(t)})
    second = sp.cos(t) ** 3 - 2 * sp.cos(t) * sp.sin(t) ** 2
    true = sp.diff(sp.cos(t) ** 2 * sp.sin(t), t)
    zero(first - true, discrepancy)
    zero(second - true, discrepancy)


@pytest.mark.equation("eq-chain-circle-max", method="sympy")
def test_the_warmest_point_of_the_walk(discrepancy):
    warmest = sp.atan(1 / sp.sqrt(2))  # tan^2 t = 1/2
    zero((sp.cos(t) ** 2 * sp.sin(t)).subs(t, warmest) - 2 / (3 * sp.sqrt(3)), discrepancy)
    assert abs(float(sp.deg(warmest)) - 35.26) < 5e-3
    assert abs(float(2 / (3 * sp.sqrt(3))) - 0.385) < 5e-4


@pytest.mark.equation("eq-chain-circle-max", method="numeric")
def test_no_point_of_the_walk_is_warmer(discrepancy):
    angle = np.linspace(0, 2 * np.pi, 1_000_001)
    close(2 / (3 * np.sqrt(3)), np.max(np.cos(angle) ** 2 * np.sin(angle)), discrepancy, 1e-10)


@pytest.mark.equation("eq-chain-explicit", method="sympy")
def test_explicit_dependence(discrepancy):
    def f(x, y, t):
        return sp.exp(x * t) * y**2 + sp.sin(y * t) + x * y

    fx, fy, ft = partial(f, X(t), Y(t), t)
    true = sp.diff(f(X(t), Y(t), t), t)
    zero(fx * X(t).diff(t) + fy * Y(t).diff(t) + ft - true, discrepancy)


@pytest.mark.equation("eq-chain-counterexample", method="sympy")
def test_partial_derivatives_that_are_not_continuous(discrepancy):
    f = x**2 * y / (x**2 + y**2)
    h = sp.symbols("h", nonzero=True)
    by_x = sp.limit(f.subs({x: h, y: 0}) / h, h, 0)
    by_y = sp.limit(f.subs({x: 0, y: h}) / h, h, 0)
    zero(by_x * 1 + by_y * 1 - 0, discrepancy)  # the rule's answer on the diagonal
    along = sp.simplify(f.subs({x: h, y: h}))
    zero(along - h / 2, discrepancy)
    zero(sp.limit(along / h, h, 0) - sp.Rational(1, 2), discrepancy)
    assert sp.diff(f, x).subs({x: h, y: h}).simplify() == sp.Rational(1, 2)  # not its value 0 at the origin


# --- Jacobians ---


def any_f(x, y):
    c = sp.symbols("c:4")
    return c[0] * x**2 * y + c[1] * x * y**2 + sp.exp(c[2] * x) + c[3] * y


@pytest.mark.equation("eq-chain-partial-s", method="sympy")
@pytest.mark.equation("eq-chain-partial-t", method="sympy")
@pytest.mark.equation("eq-chain-matrix", method="sympy")
def test_two_inputs(discrepancy):
    px, py = X(s, t), Y(s, t)
    fx, fy = partial(any_f, px, py)
    by_s, by_t = sp.diff(any_f(px, py), s), sp.diff(any_f(px, py), t)
    zero(fx * px.diff(s) + fy * py.diff(s) - by_s, discrepancy)
    zero(fx * px.diff(t) + fy * py.diff(t) - by_t, discrepancy)
    matrix = sp.Matrix([[px.diff(s), px.diff(t)], [py.diff(s), py.diff(t)]])
    zero(sp.Matrix([[fx, fy]]) * matrix - sp.Matrix([[by_s, by_t]]), discrepancy)


@pytest.mark.equation("eq-chain-components", method="sympy")
@pytest.mark.equation("eq-chain-jacobian", method="sympy")
def test_jacobians_multiply(discrepancy):
    u = sp.symbols("u:2")
    v = sp.symbols("v:3")
    G = sp.Matrix([u[0] * u[1], sp.sin(u[0]) + u[1] ** 2, sp.exp(u[1])])
    outer = sp.Matrix([v[0] * v[1] + v[2], v[0] ** 2 * v[2], sp.cos(v[1]), v[0] + v[1] + v[2] ** 3])
    there = dict(zip(v, G, strict=True))
    true = outer.subs(there).jacobian(u)  # differentiate after putting one into the other
    J_outer, J_G = outer.jacobian(v).subs(there), G.jacobian(u)
    zero((J_outer * J_G - true).reshape(8, 1), discrepancy)
    for i in range(4):
        for k in range(2):
            path_sum = sum(J_outer[i, j] * J_G[j, k] for j in range(3))
            zero(path_sum - true[i, k], discrepancy)


@pytest.mark.equation("eq-chain-polar", method="sympy")
def test_polar_coordinates(discrepancy):
    f = (s * sp.cos(t)) ** 2 * (s * sp.sin(t))
    zero(3 * s**2 * sp.cos(t) ** 2 * sp.sin(t) - sp.diff(f, s), discrepancy)
    zero(s**3 * (sp.cos(t) ** 3 - 2 * sp.cos(t) * sp.sin(t) ** 2) - sp.diff(f, t), discrepancy)
    zero(sp.diff(f, s) - 3 * f / s, discrepancy)  # the remark below it


@pytest.mark.equation("eq-chain-brackets", method="numeric")
def test_brackets_do_not_change_a_product(discrepancy):
    rng = np.random.default_rng(0)
    J3, J2, J1 = (rng.integers(-9, 10, shape) for shape in ((2, 5), (5, 4), (4, 3)))
    close((J3 @ J2) @ J1, J3 @ (J2 @ J1), discrepancy, 1e-15)
    entries = [
        [sum(J3[i, a] * J2[a, b] * J1[b, k] for a in range(5) for b in range(4)) for k in range(3)]
        for i in range(2)
    ]
    close((J3 @ J2) @ J1, entries, discrepancy, 1e-15)


class Counted(float):
    """A number that counts the multiplications it takes part in."""

    count = 0

    def __mul__(self, other):
        Counted.count += 1
        return Counted(float(self) * float(other))

    def __add__(self, other):
        return Counted(float(self) + float(other))

    __radd__ = __add__


def counted_product(A, B):
    return [
        [sum(a * b for a, b in zip(row, column, strict=True)) for column in zip(*B, strict=True)] for row in A
    ]


@pytest.mark.equation("eq-chain-bracket-cost", method="numeric")
@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_multiplications_of_the_two_brackets(n, discrepancy):
    rng = np.random.default_rng(n)
    J3, J2, J1 = (
        [[Counted(v) for v in row] for row in rng.normal(size=shape)] for shape in ((1, n), (n, n), (n, n))
    )
    for product, printed in (
        (lambda: counted_product(counted_product(J3, J2), J1), 2 * n**2),
        (lambda: counted_product(J3, counted_product(J2, J1)), n**3 + n**2),
    ):
        Counted.count = 0
        product()
        discrepancy(Counted.count - printed)
        assert Counted.count == printed


# --- exp x^2 ---


@pytest.mark.equation("eq-chain-exp-derivative", method="sympy")
@pytest.mark.equation("eq-chain-exp-reuse", method="sympy")
def test_derivative_of_the_first_example(discrepancy):
    true = sp.diff(sp.exp(x * x), x)
    a = x**2
    b = sp.exp(a)
    zero(2 * x * sp.exp(x**2) - true, discrepancy)
    zero(2 * x * b - true, discrepancy)


@pytest.mark.equation("eq-chain-exp-counts", method="numeric")
def test_operations_of_the_first_example(discrepancy):
    f = sp.exp(x * x)
    derivative = sp.diff(f, x)
    counts = [
        operations(str(derivative)),
        operations("2*x*b"),
        operations(str(f)),
        operations("a = x**2\nb = exp(a)"),
    ]
    discrepancy(np.max(np.abs(np.array(counts) - [4, 2, 2, 2])))
    assert counts == [4, 2, 2, 2]
    assert with_names([f, derivative]) == 4


@pytest.mark.equation("eq-chain-exp-counts", method="autodiff")
def test_operations_of_the_first_example_as_a_graph(discrepancy):
    v = Var(0.5)
    assert count_operations(exp(v**2), 2 * v * exp(v**2)) == 6
    b = exp(v**2)
    assert count_operations(b, 2 * v * b) == 4
    discrepancy(count_operations(b, 2 * v * b) - 4)


@pytest.mark.equation("eq-chain-three-factors", method="sympy")
@pytest.mark.equation("eq-chain-two-modes", method="sympy")
def test_three_factors_in_both_orders(discrepancy):
    a, b = sp.symbols("a b")
    df_db = sp.diff(b, b)
    db_da = sp.diff(sp.exp(a), a)
    da_dx = sp.diff(x**2, x)
    zero([df_db - 1, db_da - sp.exp(a), da_dx - 2 * x], discrepancy)
    true = sp.diff(sp.exp(x**2), x)
    zero(((df_db * db_da) * da_dx).subs(a, x**2) - true, discrepancy)
    zero((df_db * (db_da * da_dx)).subs(a, x**2) - true, discrepancy)
    zero(
        (df_db * db_da).subs(a, x**2) - sp.diff(sp.exp(a), a).subs(a, x**2), discrepancy
    )  # the bracket is df/da
    zero((db_da * da_dx).subs(a, x**2) - true, discrepancy)  # the bracket is db/dx


# --- sqrt(x^2 + exp x^2) ---

ROOT = sp.sqrt(x * x + sp.exp(x * x))


@pytest.mark.equation("eq-chain-root-derivative", method="sympy")
@pytest.mark.equation("eq-chain-root-reuse", method="sympy")
def test_derivative_of_the_second_example(discrepancy):
    true = sp.diff(ROOT, x)
    zero(x * (1 + sp.exp(x**2)) / sp.sqrt(x**2 + sp.exp(x**2)) - true, discrepancy)
    a = x**2
    b = sp.exp(a)
    d = sp.sqrt(a + b)
    zero(x * (1 + b) / d - true, discrepancy)


@pytest.mark.equation("eq-chain-root-derivative", method="central differences")
@pytest.mark.equation("eq-chain-root-reuse", method="central differences")
@pytest.mark.parametrize("at", [-1.3, -0.2, 0.0, 0.5, 1.1])
def test_derivative_of_the_second_example_numerically(at, discrepancy):
    measured = central_difference(lambda v: np.sqrt(v[0] ** 2 + np.exp(v[0] ** 2)), np.array([at]))[0]
    b = np.exp(at**2)
    close(at * (1 + b) / np.sqrt(at**2 + b), measured, discrepancy)


@pytest.mark.equation("eq-chain-root-local", method="sympy")
def test_local_derivatives(discrepancy):
    a, b, c, d = sp.symbols("a b c d", positive=True)
    zero(sp.diff(x**2, x) - 2 * x, discrepancy)
    zero(sp.diff(sp.exp(a), a) - sp.exp(a), discrepancy)
    zero([sp.diff(a + b, a) - 1, sp.diff(a + b, b) - 1], discrepancy)
    zero(sp.diff(sp.sqrt(c), c) - 1 / (2 * sp.sqrt(c)), discrepancy)
    zero(sp.diff(d, d) - 1, discrepancy)


@pytest.mark.equation("eq-chain-root-c", method="sympy")
@pytest.mark.equation("eq-chain-root-b", method="sympy")
@pytest.mark.equation("eq-chain-root-a", method="sympy")
@pytest.mark.equation("eq-chain-root-x", method="sympy")
def test_steps_backwards(discrepancy):
    a, b, c = sp.symbols("a b c", positive=True)
    local = 1 / (2 * sp.sqrt(c))
    by_c, by_b = 1 * local, 1 * local * 1
    by_a = by_c * 1 + by_b * sp.exp(a)
    by_x = by_a * 2 * x
    # what each step claims, against differentiating the rest of the program as one formula
    zero(by_c - sp.diff(sp.sqrt(c), c), discrepancy)
    zero(by_b.subs(c, a + b) - sp.diff(sp.sqrt(a + b), b), discrepancy)
    rest = sp.diff(sp.sqrt(a + sp.exp(a)), a)
    zero(by_a.subs(c, a + sp.exp(a)) - rest, discrepancy)
    zero(((1 + sp.exp(a)) / (2 * sp.sqrt(c))).subs(c, a + sp.exp(a)) - rest, discrepancy)
    whole = sp.diff(ROOT, x)
    values = [(c, a + sp.exp(a)), (a, x**2)]
    zero(by_x.subs(values) - whole, discrepancy)
    zero((x * (1 + sp.exp(a)) / sp.sqrt(c)).subs(values) - whole, discrepancy)


@pytest.mark.equation("eq-chain-root-c", method="autodiff")
@pytest.mark.equation("eq-chain-root-b", method="autodiff")
@pytest.mark.equation("eq-chain-root-a", method="autodiff")
@pytest.mark.equation("eq-chain-root-x", method="autodiff")
def test_steps_backwards_by_reverse_mode(discrepancy):
    v = Var(0.5)
    a = v**2
    b = exp(a)
    c = a + b
    adjoint = gradients(sqrt(c))
    half = 1 / (2 * np.sqrt(c.value))
    printed = {c: half, b: half, a: (1 + b.value) * half, v: 0.5 * (1 + b.value) / np.sqrt(c.value)}
    for node, number in printed.items():
        close(number, adjoint[node], discrepancy, 1e-15)


@pytest.mark.equation("eq-chain-root-counts", method="numeric")
def test_operations_of_the_second_example(discrepancy):
    derivative = sp.diff(ROOT, x)
    counts = [
        operations(str(derivative)),
        operations("x*(1 + b)/d"),
        operations(str(ROOT)),
        operations("a = x**2\nb = exp(a)\nc = a + b\nd = sqrt(c)"),
    ]
    discrepancy(np.max(np.abs(np.array(counts) - [10, 3, 5, 4])))
    assert counts == [10, 3, 5, 4]
    assert with_names([ROOT, derivative]) == 7  # sympy.cse finds the same names
    assert [sp.count_ops(ROOT), sp.count_ops(derivative)] == [6, 11]  # SymPy's own counter, as the text says


# --- Expression swell ---


def nested(k):
    result = x
    for _ in range(k):
        result = 1 / (1 + sp.exp(-result))
    return result


@pytest.mark.equation("eq-chain-nested-derivative", method="sympy")
@pytest.mark.parametrize("k", [1, 2, 3])
def test_derivative_of_nested_sigmoids(k, discrepancy):
    product = sp.prod([sp.exp(-nested(j)) / (1 + sp.exp(-nested(j))) ** 2 for j in range(k)])
    zero(product - sp.diff(nested(k), x), discrepancy)


@pytest.mark.equation("eq-chain-swell", method="numeric")
@pytest.mark.equation("eq-chain-names", method="numeric")
@pytest.mark.parametrize("k", range(1, 11))
def test_operations_of_nested_sigmoids(k, discrepancy):
    f = nested(k)
    derivative = sp.diff(f, x)
    assert operations(str(f)) == 4 * k
    for counted, printed in (
        (operations(str(derivative)), 4 * k**2 + 4 * k - 1),
        (4 * k * (k + 1) - 2 * k + 2 * k - 1, 4 * k**2 + 4 * k - 1),
        (with_names([f, derivative]), 7 * k - 1),
    ):
        discrepancy(counted - printed)
        assert counted == printed


@pytest.mark.equation("eq-chain-names", method="numeric")
def test_operations_with_names_written_out(discrepancy):
    k = 6
    lines = [f"s{j} = 1/(1 + exp(-s{j - 1}))" for j in range(1, k + 1)]
    lines += [f"d{j} = s{j}*(1 - s{j})" for j in range(1, k + 1)]
    lines += ["slope = " + "*".join(f"d{j}" for j in range(1, k + 1))]
    discrepancy(operations("\n".join(lines)) - (7 * k - 1))
    assert operations("\n".join(lines)) == 7 * k - 1
    numbers = {"s0": 0.7, "exp": np.exp}
    exec("\n".join(lines), numbers)
    close(numbers["slope"], float(sp.diff(nested(k), x).subs(x, 0.7)), discrepancy, 1e-15)


# --- One layer ---


@pytest.fixture
def layer():
    rng = np.random.default_rng(0)
    return rng.normal(size=3), rng.normal(size=(3, 2)), rng.normal(size=2), np.array([0.0, 1.0])


@pytest.mark.equation("eq-chain-layer-local", method="sympy")
def test_local_derivatives_of_a_layer(discrepancy):
    w = sp.MatrixSymbol("w", 3, 2).as_explicit()
    a = sp.MatrixSymbol("a", 3, 1).as_explicit()
    b = sp.MatrixSymbol("b", 2, 1).as_explicit()
    for j in range(2):
        z_j = sum(w[i, j] * a[i] for i in range(3)) + b[j]
        zero(sp.diff(z_j, b[j]) - 1, discrepancy)
        for i in range(3):
            zero(sp.diff(z_j, w[i, j]) - a[i], discrepancy)
            zero(sp.diff(z_j, a[i]) - w[i, j], discrepancy)
            zero(sp.diff(z_j, w[i, 1 - j]), discrepancy)  # weights of the other node do not occur


@pytest.mark.equation("eq-chain-sigmoid", method="sympy")
def test_derivative_of_the_sigmoid(discrepancy):
    z = sp.symbols("z", real=True)
    a = 1 / (1 + sp.exp(-z))
    true = sp.diff(a, z)
    zero(sp.exp(-z) / (1 + sp.exp(-z)) ** 2 - true, discrepancy)
    zero(1 / (1 + sp.exp(-z)) * (sp.exp(-z) / (1 + sp.exp(-z))) - true, discrepancy)
    zero(a * (1 - a) - true, discrepancy)


@pytest.mark.equation("eq-chain-sigmoid", method="central differences")
def test_derivative_of_the_sigmoid_numerically(discrepancy):
    for z in np.linspace(-6, 6, 25):
        a = sigmoid(z)
        close(a * (1 - a), central_difference(lambda v: sigmoid(v[0]), np.array([z]))[0], discrepancy)


@pytest.mark.equation("eq-chain-layer-cost", method="central differences")
def test_gradient_of_the_last_layer(layer, discrepancy):
    a_before, W, b, target = layer

    def cost(W):
        return 0.5 * np.sum((sigmoid(a_before @ W + b) - target) ** 2)

    a = sigmoid(a_before @ W + b)
    printed = [[(a[j] - target[j]) * a[j] * (1 - a[j]) * a_before[i] for j in range(2)] for i in range(3)]
    close(printed, central_difference(cost, W), discrepancy)


@pytest.mark.equation("eq-chain-layer-cost", method="sympy")
def test_gradient_of_the_last_layer_with_symbols(discrepancy):
    w = sp.MatrixSymbol("w", 3, 2).as_explicit()
    before, b, target = (
        sp.MatrixSymbol(name, n, 1).as_explicit() for name, n in (("a", 3), ("b", 2), ("y", 2))
    )
    a = [1 / (1 + sp.exp(-(sum(w[i, j] * before[i] for i in range(3)) + b[j]))) for j in range(2)]
    cost = sum((a[j] - target[j]) ** 2 for j in range(2)) / 2
    for i, j in ((0, 0), (2, 1)):
        zero((a[j] - target[j]) * a[j] * (1 - a[j]) * before[i] - sp.diff(cost, w[i, j]), discrepancy)
