"""The equations of the chapter on the chain rule, as printed in book/chain-rule.md.

Where the page speaks of any functions, they are SymPy's functions without a formula; where it defines them,
its definitions are differentiated.
"""

import ast

import numpy as np
import pytest
import sympy as sp

from fysstk_book.printed.names import from_one
from fysstk_nn.activations import sigmoid
from fysstk_nn.autodiff import Var, count_operations, exp, gradients, sqrt

x, y, s, t, dx, dy = sp.symbols("x y s t dx dy", real=True)


def any_function(name):
    return sp.Function(name, real=True)


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
def test_the_two_moves_add_up(printed):
    names = {"f": any_function("f"), "x": x, "y": y, r"\Delta x": dx, r"\Delta y": dy}
    printed("eq-chain-telescope").holds(names)


# f of two variables which are functions of others, none of them with a formula
F, X, Y = map(any_function, ("F", "X", "Y"))
PATH = ["f = F(x, y)", "x = X(t)", "y = Y(t)"]
SURFACE = ["f = F(x, y)", "x = X(s, t)", "y = Y(s, t)"]


@pytest.mark.equation("eq-chain-total", method="sympy")
def test_total_derivative_of_any_function_along_any_path(printed):
    printed("eq-chain-total").holds(also={"F": F, "X": X, "Y": Y, "t": t}, where=PATH)


@pytest.mark.equation("eq-chain-total", method="central differences")
def test_total_derivative_numerically(printed):
    names = {
        "F": lambda x, y: np.sin(x) * y**2,
        "X": np.exp,
        "Y": lambda t: np.sin(2 * t),
    }
    for time in (0.3, -0.7, 1.9):
        printed("eq-chain-total").holds(also={**names, "t": time}, where=PATH, within=1e-8)


WALK = ["f = x^2 y", r"x = \cos t", r"y = \sin t"]


@pytest.mark.equation("eq-chain-circle", method="sympy")
def test_the_walk_on_the_circle(printed):
    printed("eq-chain-circle").holds({"t": t}, where=WALK)


@pytest.mark.equation("eq-chain-circle-max", method="sympy")
def test_the_warmest_point_of_the_walk(printed):
    warmest = sp.atan(1 / sp.sqrt(2))  # tan^2 t = 1/2
    f = sp.cos(t) ** 2 * sp.sin(t)
    assert sp.simplify(sp.diff(f, t).subs(t, warmest)) == 0
    assert abs(float(sp.deg(warmest)) - 35.26) < 5e-3
    printed("eq-chain-circle-max").holds({r"f_{\max}": sp.simplify(f.subs(t, warmest))})


@pytest.mark.equation("eq-chain-circle-max", method="numeric")
def test_no_point_of_the_walk_is_warmer(printed):
    angle = np.linspace(0, 2 * np.pi, 1_000_001)
    warmest = np.max(np.cos(angle) ** 2 * np.sin(angle))
    printed("eq-chain-circle-max").holds({r"f_{\max}": warmest}, within=1e-10)


@pytest.mark.equation("eq-chain-explicit", method="sympy")
def test_explicit_dependence(printed):
    """The last term moves t and holds x and y: the third slot of F alone."""
    slot = sp.Symbol("slot", real=True)
    explicit = sp.diff(F(X(t), Y(t), slot), slot).subs(slot, t)
    printed("eq-chain-explicit").holds(
        {r"\frac{\partial f}{\partial t}": explicit},
        also={"F": F, "X": X, "Y": Y, "t": t},
        where=["f = F(x, y, t)", "x = X(t)", "y = Y(t)"],
    )


@pytest.mark.equation("eq-chain-counterexample", method="sympy")
def test_partial_derivatives_that_are_not_continuous(printed):
    h = sp.symbols("h", nonzero=True)

    def f(x, y):
        return printed("def-chain-counterexample").value({"x": x, "y": y})

    origin = printed("def-chain-counterexample").value(statement=1)
    assert origin == 0
    slopes = [sp.limit((value - origin) / h, h, 0) for value in (f(h, 0), f(0, h))]
    names = {
        r"\frac{\partial f}{\partial x}": slopes[0],
        r"\frac{\partial f}{\partial y}": slopes[1],
        "f": sp.simplify(f(t, t)),
        "t": t,
    }
    printed("eq-chain-counterexample").holds(names, where=["x = t", "y = t"])
    signs = (
        r"\frac{\partial f}{\partial x}",
        r"\frac{\partial f}{\partial y}",
        r"\frac{dx}{dt}",
        r"\frac{dy}{dt}",
    )
    letters = dict(zip(signs, sp.symbols("fx fy xt yt"), strict=True))  # the rule itself, where nothing is 0
    assert printed("eq-chain-counterexample").value(letters) == printed("eq-chain-total").value(letters)
    assert sp.diff(f(x, y), x).subs({x: h, y: h}).simplify() == sp.Rational(1, 2)  # not 0, as at the origin


# --- Jacobians ---


@pytest.mark.equation("eq-chain-partial-s", method="sympy")
@pytest.mark.equation("eq-chain-partial-t", method="sympy")
@pytest.mark.equation("eq-chain-matrix", method="sympy")
def test_two_inputs(printed):
    names = {"F": F, "X": X, "Y": Y, "s": s, "t": t}
    printed("eq-chain-partial-s").holds(also=names, where=SURFACE)
    printed("eq-chain-partial-t").holds(also=names, where=SURFACE)
    whole = F(X(s, t), Y(s, t))
    gradient = {r"\frac{df}{d(s, t)}": [[sp.diff(whole, s), sp.diff(whole, t)]]}
    printed("eq-chain-matrix").holds(gradient, also=names, where=SURFACE)


@pytest.mark.equation("eq-chain-components", method="sympy")
def test_components_of_a_jacobian(printed):
    names = {
        "G_i": lambda i: any_function(f"G{i}"),
        "H_j": lambda j: any_function(f"H{j}"),
        "u_k": from_one(list(sp.symbols("u1 u2", real=True))),
    }
    outer, inner = "F_i = G_i(x_1, x_2, x_3)", "x_j = H_j(u_1, u_2)"
    printed("eq-chain-components").holds(also=names, where=[outer, inner], i=(1, 2), k=(1, 2), j=(1, 2, 3))


@pytest.mark.equation("eq-chain-jacobian", method="sympy")
def test_jacobians_multiply(printed):
    u, v = sp.symbols("u:2"), sp.symbols("v:3")
    inner = sp.Matrix([u[0] * u[1], sp.sin(u[0]) + u[1] ** 2, sp.exp(u[1])])
    outer = sp.Matrix([v[0] * v[1] + v[2], v[0] ** 2 * v[2], sp.cos(v[1]), v[0] + v[1] + v[2] ** 3])

    def at(matrix, variables):
        return lambda point: matrix.subs(dict(zip(variables, point, strict=True)))

    both = outer.subs(dict(zip(v, inner, strict=True)))  # differentiate after putting one into the other
    names = {
        r"J_{\mathbf F \circ \mathbf G}": at(both.jacobian(u), u),
        r"J_{\mathbf F}": at(outer.jacobian(v), v),
        r"J_{\mathbf G}": at(inner.jacobian(u), u),
        r"\mathbf G": at(inner, u),
        r"\mathbf u": list(u),
    }
    printed("eq-chain-jacobian").holds(names)


@pytest.mark.equation("eq-chain-polar", method="sympy")
def test_polar_coordinates(printed):
    names = {"s": s, "t": t}
    f = ["f = x^2 y", r"x = s \cos t", r"y = s \sin t"]
    printed("eq-chain-polar").holds(names, where=f)
    formula = (s * sp.cos(t)) ** 2 * (s * sp.sin(t))
    assert sp.simplify(sp.diff(formula, s) - 3 * formula / s) == 0  # the remark below it


@pytest.mark.equation("eq-chain-brackets", method="sympy")
def test_brackets_do_not_change_a_product(printed):
    shapes = {3: (2, 2), 2: (2, 3), 1: (3, 4)}
    J = {k: np.array(sp.symbols(f"j{k}_:{m * n}")).reshape(m, n) for k, (m, n) in shapes.items()}
    printed("eq-chain-brackets").holds({"J_k": J})
    entries = printed("eq-chain-brackets").value({"J_k": J}, side=0)
    for i, k in np.ndindex(2, 4):  # every path through the two sums
        paths = sum(J[3][i, a] * J[2][a, b] * J[1][b, k] for a, b in np.ndindex(2, 3))
        assert sp.expand(entries[i, k] - paths) == 0


class Counted(float):
    """A number that counts the multiplications it takes part in."""

    count = 0

    def __mul__(self, other):
        Counted.count += 1
        return Counted(float(self) * float(other))

    def __add__(self, other):
        return Counted(float(self) + float(other))

    __radd__ = __add__


@pytest.mark.equation("eq-chain-bracket-cost", method="numeric")
@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_multiplications_of_the_two_brackets(n, printed):
    cost = printed("eq-chain-bracket-cost")
    rng = np.random.default_rng(n)
    J = {
        k: np.array([[Counted(v) for v in row] for row in rng.normal(size=shape)], dtype=object)
        for k, shape in {3: (1, n), 2: (n, n), 1: (n, n)}.items()
    }
    plain = [J[k].astype(float) for k in (3, 2, 1)]
    cost.holds({"n": n}, only=1)
    for brackets, formula in ((0, 1), (2, 3)):
        Counted.count = 0
        product = cost.value({"J_k": J}, statement=brackets)
        np.testing.assert_allclose(product.astype(float), np.linalg.multi_dot(plain), rtol=1e-10, atol=1e-12)
        assert Counted.count == cost.value({"n": n}, statement=formula)


# --- exp x^2 ---

EXP = ["eq-chain-exp-derivative", "def-chain-ab"]
STEPS = ["def-chain-ab", "f = b"]


@pytest.mark.equation("eq-chain-exp-derivative", method="sympy")
@pytest.mark.equation("eq-chain-exp-reuse", method="sympy")
def test_derivative_of_the_first_example(printed):
    printed("eq-chain-exp-derivative").holds({"x": x})
    printed("eq-chain-exp-reuse").holds({"x": x}, where=EXP)


def holds_counts(formula, derivative, shared, f, program):
    """Compare the four printed counts and their sums with what was counted."""
    formula.holds(only=1, approx=np.inf)  # the sums; an arrow leads from one count to another
    printed = [formula.value(side=0), formula.value(side=1)]
    assert printed == [derivative, shared]
    sums = [formula.value(statement=1, side=side) for side in range(4)]
    assert sums == [f + derivative, f + derivative, program + shared, program + shared]


@pytest.mark.equation("eq-chain-exp-counts", method="numeric")
def test_operations_of_the_first_example(printed):
    f = sp.exp(x * x)
    derivative = sp.diff(f, x)
    counts = [operations(str(e)) for e in (derivative, "2*x*b", f, "a = x**2\nb = exp(a)")]
    holds_counts(printed("eq-chain-exp-counts"), *counts)
    assert with_names([f, derivative]) == 4


@pytest.mark.equation("eq-chain-exp-counts", method="autodiff")
def test_operations_of_the_first_example_as_a_graph(printed, discrepancy):
    v = Var(0.5)
    b = exp(v**2)
    counts = [count_operations(exp(v**2), 2 * v * exp(v**2)), count_operations(b, 2 * v * b)]
    for side, count in zip((0, 2), counts, strict=True):
        formula = printed("eq-chain-exp-counts").value(statement=1, side=side)
        discrepancy(formula - count)
        assert formula == count


@pytest.mark.equation("eq-chain-three-factors", method="sympy")
@pytest.mark.equation("eq-chain-two-modes", method="sympy")
def test_three_factors_in_both_orders(printed):
    printed("eq-chain-three-factors").holds({"x": x}, where=STEPS)
    printed("eq-chain-two-modes").holds(also={"x": x}, where=STEPS)
    out, middle, into = sp.symbols("out middle into")  # where none of the three is 1
    chain = {
        r"\frac{df}{dx}": out * middle * into,
        r"\frac{df}{db}": out,
        r"\frac{db}{da}": middle,
        r"\frac{da}{dx}": into,
    }
    printed("eq-chain-two-modes").holds(chain)


# --- sqrt(x^2 + exp x^2) ---

ROOT = sp.sqrt(x * x + sp.exp(x * x))
ROOT_STEPS = ["def-chain-abcd", "f = d"]


@pytest.mark.equation("eq-chain-root-derivative", method="sympy")
@pytest.mark.equation("eq-chain-root-reuse", method="sympy")
def test_derivative_of_the_second_example(printed):
    printed("eq-chain-root-derivative").holds({"x": x})
    printed("eq-chain-root-reuse").holds({"x": x}, where=ROOT_STEPS)


@pytest.mark.equation("eq-chain-root-derivative", method="central differences")
@pytest.mark.equation("eq-chain-root-reuse", method="central differences")
@pytest.mark.parametrize("at", [-1.3, -0.2, 0.0, 0.5, 1.1])
def test_derivative_of_the_second_example_numerically(at, printed):
    printed("eq-chain-root-derivative").holds({"x": at}, within=1e-8)
    printed("eq-chain-root-reuse").holds({"x": at}, where=ROOT_STEPS, within=1e-8)


@pytest.mark.equation("eq-chain-root-local", method="sympy")
def test_local_derivatives(printed):
    """Each instruction alone: what it reads has a value of its own."""
    a, b, c = sp.symbols("a b c", positive=True)
    own = [{"x": x}, {"a": a}, {"a": a, "b": b}, {"a": a, "b": b}, {"c": c}, {"d": sp.Symbol("d")}]
    for statement, names in enumerate(own):
        printed("eq-chain-root-local").holds(also=names, where=ROOT_STEPS, only=statement)


BACKWARDS = ["eq-chain-root-c", "eq-chain-root-b", "eq-chain-root-a", "eq-chain-root-x"]


@pytest.mark.equation("eq-chain-root-c", method="sympy")
@pytest.mark.equation("eq-chain-root-b", method="sympy")
@pytest.mark.equation("eq-chain-root-a", method="sympy")
@pytest.mark.equation("eq-chain-root-x", method="sympy")
def test_steps_backwards(printed):
    """Each step against differentiating the rest of the program as one formula."""
    holding_b = {r"\frac{\partial c}{\partial a}": 1}  # the direct path, as eq-chain-root-local has it
    for label in BACKWARDS:
        printed(label).holds(also={"x": x, **holding_b}, where=ROOT_STEPS)


@pytest.mark.equation("eq-chain-three-factors", method="sympy")
@pytest.mark.equation("eq-chain-root-c", method="sympy")
@pytest.mark.equation("eq-chain-root-b", method="sympy")
@pytest.mark.equation("eq-chain-root-a", method="sympy")
@pytest.mark.equation("eq-chain-root-x", method="sympy")
def test_the_same_steps_in_any_program(printed, discrepancy):
    """In which no local derivative is 1, so that none can stand for another."""
    k = sp.symbols("k:3", real=True)
    functions = {name: any_function(name) for name in "ABDE"} | {"x": x}
    functions["C"] = lambda a, b: k[0] * a + k[1] * a * b + k[2] * b
    longer = ["a = A(x)", "b = B(a)", "c = C(a, b)", "d = D(c)", "f = E(d)"]
    direct = k[0] + k[1] * functions["B"](functions["A"](x))  # of C by its first argument alone
    only_direct = {r"\frac{\partial c}{\partial a}": direct}
    shorter = ["a = A(x)", "b = B(a)", "f = E(b)"]
    for label, where in [("eq-chain-three-factors", shorter), *((label, longer) for label in BACKWARDS)]:
        whole, steps = (
            printed(label).value(also=functions | only_direct, where=where, side=side) for side in (0, 1)
        )
        residual = sp.simplify((whole - steps).doit())
        discrepancy(residual)
        assert residual == 0


@pytest.mark.equation("eq-chain-root-c", method="autodiff")
@pytest.mark.equation("eq-chain-root-b", method="autodiff")
@pytest.mark.equation("eq-chain-root-a", method="autodiff")
@pytest.mark.equation("eq-chain-root-x", method="autodiff")
def test_steps_backwards_by_reverse_mode(printed):
    v = Var(0.5)
    a = v**2
    b = exp(a)
    c = a + b
    adjoint = gradients(sqrt(c))
    names = {
        rf"\frac{{\partial f}}{{\partial {name}}}": adjoint[node]
        for name, node in zip("xabc", (v, a, b, c), strict=True)
    }
    local = {r"\frac{\partial c}{\partial a}": 1, r"\frac{\partial c}{\partial b}": 1, "x": 0.5}
    for label in BACKWARDS:
        printed(label).holds(also={**names, **local}, where=ROOT_STEPS, within=1e-9)


@pytest.mark.equation("eq-chain-root-counts", method="numeric")
def test_operations_of_the_second_example(printed):
    derivative = sp.diff(ROOT, x)
    program = "a = x**2\nb = exp(a)\nc = a + b\nd = sqrt(c)"
    counts = [operations(str(e)) for e in (derivative, "x*(1 + b)/d", ROOT, program)]
    holds_counts(printed("eq-chain-root-counts"), *counts)
    assert with_names([ROOT, derivative]) == 7  # sympy.cse finds the same names
    assert [sp.count_ops(ROOT), sp.count_ops(derivative)] == [6, 11]  # SymPy's own counter, as the text says


# --- Expression swell ---


def nested(k):
    result = x
    for _ in range(k):
        result = 1 / (1 + sp.exp(-result))
    return result


@pytest.mark.equation("eq-chain-nested-derivative", method="sympy")
def test_derivative_of_nested_sigmoids(printed):
    printed("eq-chain-nested-derivative").holds(also={"x": x}, where=["def-chain-nested"], k=(1, 2))


@pytest.mark.equation("eq-chain-nested-derivative", method="central differences")
def test_derivative_of_nested_sigmoids_numerically(printed):
    for at in (-1.2, 0.7):
        printed("eq-chain-nested-derivative").holds(
            also={"x": at}, where=["def-chain-nested"], k=range(1, 6), within=1e-9
        )


@pytest.mark.equation("eq-chain-swell", method="numeric")
@pytest.mark.equation("eq-chain-names", method="numeric")
@pytest.mark.parametrize("k", range(1, 11))
def test_operations_of_nested_sigmoids(k, printed):
    f = nested(k)
    derivative = sp.diff(f, x)
    assert operations(str(f)) == 4 * k
    formula, names = operations(str(derivative)), with_names([f, derivative])
    printed("eq-chain-swell").holds({r"N_{\text{formula}}": lambda k: formula}, k=[k])
    printed("eq-chain-names").holds({r"N_{\text{names}}": lambda k: names}, k=[k])


@pytest.mark.equation("eq-chain-names", method="numeric")
def test_operations_with_names_written_out(printed):
    k = 6
    lines = [f"s{j} = 1/(1 + exp(-s{j - 1}))" for j in range(1, k + 1)]
    lines += [f"d{j} = s{j}*(1 - s{j})" for j in range(1, k + 1)]
    lines += ["slope = " + "*".join(f"d{j}" for j in range(1, k + 1))]
    counted = operations("\n".join(lines))
    printed("eq-chain-names").holds({r"N_{\text{names}}": lambda k: counted}, k=[k])
    numbers = {"s0": 0.7, "exp": np.exp}
    exec("\n".join(lines), numbers)
    assert abs(numbers["slope"] - float(sp.diff(nested(k), x).subs(x, 0.7))) < 1e-15


# --- One layer ---

LAYER = ["def-chain-layer", "def-chain-cost"]
EDGES = {"i": (1, 2, 3), "j": (1, 2)}


def symbols(name, *shape):
    return np.array(sp.symbols(name + "".join(f"_(:{n})" for n in shape), real=True)).reshape(shape)


@pytest.mark.equation("eq-chain-layer-local", method="sympy")
def test_local_derivatives_of_a_layer(printed):
    names = {
        "w_{ij}^l": from_one([None, symbols("w", 3, 2)]),
        "b_j^l": from_one([None, symbols("b", 2)]),
        "a_i^l": from_one([symbols("a", 3)]),
        "M_l": (3, 2),
    }
    printed("eq-chain-layer-local").holds(also=names, where=LAYER, l=[1], **EDGES)


@pytest.mark.equation("eq-chain-sigmoid", method="sympy")
def test_derivative_of_the_sigmoid(printed):
    z = sp.Symbol("z", real=True)
    printed("eq-chain-sigmoid").holds({"z_j^l": lambda j, l: z}, where=LAYER, j=[1], l=[1])


@pytest.mark.equation("eq-chain-sigmoid", method="central differences")
def test_derivative_of_the_sigmoid_numerically(printed):
    z = np.linspace(-6, 6, 24).reshape(3, 8)
    printed("eq-chain-sigmoid").holds(
        {"z_j^l": from_one(list(z))}, where=LAYER, j=range(1, 9), l=(0, 1, 2), within=1e-9
    )


@pytest.fixture
def layer(rng):
    """What the names stand for in the last layer, which is the second."""
    return {
        "w_{ij}^l": from_one([None, None, rng.normal(size=(3, 2))]),
        "b_j^l": from_one([None, None, rng.normal(size=2)]),
        "a_i^1": from_one(rng.normal(size=3)),
        "y_j": from_one([0.0, 1.0]),
        "M_l": (4, 3, 2),
        "L": 2,
    }


@pytest.mark.equation("eq-chain-layer-cost", method="central differences")
def test_gradient_of_the_last_layer(layer, printed):
    printed("eq-chain-layer-cost").holds(also=layer, where=LAYER, within=1e-8, **EDGES)


@pytest.mark.equation("eq-chain-layer-cost", method="sympy")
def test_gradient_of_the_last_layer_with_symbols(printed):
    names = {
        "w_{ij}^l": from_one([None, None, symbols("w", 1, 2)]),
        "b_j^l": from_one([None, None, symbols("b", 2)]),
        "a_i^1": from_one(symbols("a", 1)),
        "y_j": from_one(symbols("y", 2)),
        "M_l": (4, 1, 2),
        "L": 2,
    }
    printed("eq-chain-layer-cost").holds(also=names, where=LAYER, i=[1], j=(1, 2))


@pytest.mark.equation("def-chain-jacobian", method="sympy")
def test_a_row_of_the_jacobian_is_one_output(printed, discrepancy):
    x = sp.symbols("x1:4")
    F = sp.Matrix([x[0] ** 2 * x[1], sp.sin(x[2]) + x[0]])
    J = F.jacobian(x)
    assert J.shape == (2, 3)
    names = {"x_j": from_one(np.array(x)), "F_i": from_one(np.array(list(F)))}
    for i, j in np.ndindex(*J.shape):
        found = printed("def-chain-jacobian").value(also=names, i=i + 1, j=j + 1)
        discrepancy(sp.simplify(found - J[i, j]), within=1e-12)
    assert str(printed("def-chain-jacobian").statements[1].sides[1]) == r"\mathbb{R}^{m \times n}"


@pytest.mark.equation("def-chain-nested", method="numeric")
def test_each_link_is_the_sigmoid_of_the_one_before(printed):
    s = [0.4]
    for _ in range(3):
        s.append(float(sigmoid(s[-1])))
    printed("def-chain-nested").holds({"s_j": s, "x": 0.4, r"\sigma": sigmoid, "k": 3})
