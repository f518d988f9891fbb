"""Reverse and forward mode against sympy, autograd, complex steps and central differences."""

import doctest
import math
from fractions import Fraction

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from fysstk_nn import activations, autodiff
from fysstk_nn.autodiff import (
    Dual,
    Var,
    cos,
    count_operations,
    exp,
    forward_derivative,
    grad,
    gradients,
    graph,
    log,
    relu,
    sigmoid,
    sin,
    sqrt,
    tanh,
    trace_table,
)
from fysstk_nn.gradcheck import central_difference

# Each function of one variable twice: in our words and in sympy's, and where to differentiate it.
FUNCTIONS = {
    "exp": (exp, sympy.exp, (-2.0, 0.0, 1.5)),
    "log": (log, sympy.log, (0.1, 1.0, 7.0)),
    "sqrt": (sqrt, sympy.sqrt, (0.01, 1.0, 9.0)),
    "sin": (sin, sympy.sin, (-2.0, 0.0, 1.5)),
    "cos": (cos, sympy.cos, (-2.0, 0.0, 1.5)),
    "tanh": (tanh, sympy.tanh, (-2.0, 0.0, 1.5)),
    "sigmoid": (sigmoid, lambda x: 1 / (1 + sympy.exp(-x)), (-20.0, 0.0, 30.0)),
    "relu": (relu, lambda x: sympy.Piecewise((x, x > 0), (0, True)), (-2.0, 1.5)),
    "x + c": (lambda x: x + 3, lambda x: x + 3, (-2.0, 0.5)),
    "c + x": (lambda x: 3 + x, lambda x: 3 + x, (-2.0, 0.5)),
    "x - c": (lambda x: x - 3, lambda x: x - 3, (-2.0, 0.5)),
    "c - x": (lambda x: 3 - x, lambda x: 3 - x, (-2.0, 0.5)),
    "x c": (lambda x: x * 3, lambda x: x * 3, (-2.0, 0.5)),
    "c x": (lambda x: 3 * x, lambda x: 3 * x, (-2.0, 0.5)),
    "x / c": (lambda x: x / 3, lambda x: x / 3, (-2.0, 0.5)),
    "c / x": (lambda x: 3 / x, lambda x: 3 / x, (-2.0, 0.5)),
    "-x": (lambda x: -x, lambda x: -x, (-2.0, 0.5)),
    "x ** 2": (lambda x: x**2, lambda x: x**2, (-2.0, 0.0, 0.5)),
    "x ** 3": (lambda x: x**3, lambda x: x**3, (-2.0, 0.0, 0.5)),
    "x ** -1": (lambda x: x**-1, lambda x: x**-1, (-2.0, 0.5)),
    "x ** 1.5": (lambda x: x**1.5, lambda x: x ** sympy.Rational(3, 2), (0.0, 0.5, 4.0)),
    "x ** 0": (lambda x: x**0, lambda x: x**0, (-2.0, 0.0, 0.5)),
    "2 ** x": (lambda x: 2**x, lambda x: 2**x, (-2.0, 0.0, 0.5)),
    "x ** x": (lambda x: x**x, lambda x: x**x, (0.1, 1.0, 2.5)),
    "x x": (lambda x: x * x, lambda x: x * x, (-2.0, 0.0, 0.5)),
    "x - x": (lambda x: x - x, lambda x: x - x, (0.5,)),
    "x / x": (lambda x: x / x, lambda x: x / x, (0.5,)),
    "e^(x^2)": (lambda x: exp(x * x), lambda x: sympy.exp(x**2), (-1.0, 0.0, 0.7)),
}
CASES = [(name, *FUNCTIONS[name][:2], x) for name in FUNCTIONS for x in FUNCTIONS[name][2]]


@pytest.mark.parametrize(
    ("name", "ours", "theirs", "x"), CASES, ids=lambda v: v if isinstance(v, str) else ""
)
def test_value_and_derivative_agree_with_sympy(name, ours, theirs, x):
    symbol = sympy.symbols("x", real=True)
    expression = theirs(symbol)
    value = float(expression.subs(symbol, sympy.Rational(x)))
    derivative = float(sympy.diff(expression, symbol).subs(symbol, sympy.Rational(x)).evalf(30))

    variable = Var(x)
    f = ours(variable)
    assert f.value == pytest.approx(value, rel=1e-14, abs=1e-15)
    assert ours(x) == f.value  # a plain number goes through the same functions
    assert grad(f, [variable]) == [pytest.approx(derivative, rel=1e-13, abs=1e-15)]
    assert forward_derivative(ours, x) == pytest.approx(derivative, rel=1e-13, abs=1e-15)


def test_derivative_agrees_with_autograd_and_central_differences():
    def f(x, functions):
        return functions.sqrt(x[0] ** 2 + functions.exp(x[1] / x[2])) * functions.tanh(x[2]) - 2 * x[0]

    x = np.array([0.7, -0.4, 1.9])
    variables = [Var(v) for v in x]
    ours = grad(f(variables, autodiff), variables)
    np.testing.assert_allclose(ours, autograd.grad(lambda x: f(x, anp))(x), rtol=1e-14)
    np.testing.assert_allclose(ours, central_difference(lambda x: f(x, np), x), rtol=1e-9)


# A random program is a list of instructions: each takes two earlier results and appends a new one.
BINARY = [lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x / (1 + y * y)]
UNARY = [
    sin,
    cos,
    tanh,
    sigmoid,
    lambda x: sqrt(1 + x**2),
    lambda x: log(2 + x * x),
    lambda x: exp(tanh(x)),
    relu,
]
INSTRUCTION = st.tuples(
    st.sampled_from([*BINARY, *UNARY]), st.integers(min_value=0), st.integers(min_value=0)
)
PROGRAM = st.lists(INSTRUCTION, min_size=1, max_size=8)
POINT = st.lists(st.floats(-2, 2), min_size=1, max_size=3)


def run(program, inputs):
    results = list(inputs)
    for operation, i, j in program:
        x, y = results[i % len(results)], results[j % len(results)]
        results.append(operation(x, y) if operation in BINARY else operation(x))
    return results[-1]


@given(PROGRAM, POINT)
def test_forward_and_reverse_mode_agree_on_random_programs(program, point):
    variables = [Var(x) for x in point]
    f = run(program, variables)
    reverse = grad(f, variables)
    directions = np.eye(len(point))
    forward = [forward_derivative(lambda *x: run(program, x), point, d) for d in directions]
    assert f.value == run(program, point)
    np.testing.assert_allclose(reverse, forward, rtol=1e-11, atol=1e-12)


@given(PROGRAM, POINT)
def test_graph_has_parents_first_and_each_node_once(program, point):
    f = run(program, [Var(x) for x in point])
    nodes = graph(f)
    place = {node: i for i, node in enumerate(nodes)}
    assert len(place) == len(nodes)
    assert nodes[-1] is f
    assert all(place[parent] < place[node] for node in nodes for parent in node.parents)


def test_variable_used_twice_collects_both_contributions():
    x = Var(3.0)
    f = x * x
    assert f.parents == (x, x)
    assert f.local == (3.0, 3.0)
    assert grad(f, [x]) == [6.0]
    assert grad(x + x + x, [x]) == [3.0]


def test_gradients_has_all_adjoints_of_the_lectures_example():
    # f = sqrt(x^2 + exp(x^2)) at x = 1: a = 1, b = e, c = 1 + e, d = sqrt(1 + e).
    x = Var(1.0, "x")
    a = (x**2).named("a")
    b = exp(a).named("b")
    c = (a + b).named("c")
    d = sqrt(c).named("d")
    root = math.sqrt(1 + math.e)
    expected = {
        d: 1.0,
        c: 1 / (2 * root),
        b: 1 / (2 * root),
        a: (1 + math.e) / (2 * root),
        x: (1 + math.e) / root,
    }
    found = gradients(d)
    assert found.keys() == expected.keys()
    assert all(found[node] == pytest.approx(expected[node], rel=1e-15) for node in expected)
    assert [node.name for node in graph(d)] == ["x", "a", "b", "c", "d"]


def test_grad_is_zero_for_a_variable_that_is_not_used_and_one_for_itself():
    x, y = Var(1.0), Var(1.0)
    assert grad(x * 2, [y, x]) == [0.0, 2.0]
    assert grad(x, [x]) == [1.0]
    assert grad(x, []) == []


def test_gradient_is_not_stored_so_a_second_call_gives_the_same():
    x = Var(2.0)
    f = x**3
    assert gradients(f) == gradients(f)
    assert not any("grad" in name for name in dir(f))
    with pytest.raises(AttributeError):
        f.value = 1.0
    with pytest.raises((AttributeError, TypeError)):
        f.gradient = 1.0


def test_variables_with_equal_values_are_different_variables():
    x, y = Var(1.0), Var(1.0)
    assert x == y
    assert len({x, y}) == 2
    assert grad(3 * x + x * y, [x, y]) == [4.0, 1.0]


def test_graph_may_be_far_deeper_than_the_recursion_limit():
    x = Var(0.5)
    f = x
    for _ in range(5_000):
        f = f + 1
    assert len(graph(f)) == 5_001
    assert grad(f, [x]) == [1.0]


def test_shared_node_is_visited_once_however_many_paths_lead_to_it():
    f = Var(1.0)
    for _ in range(200):  # 2^200 paths from the output to the input
        f = f + f
    assert len(graph(f)) == 201
    assert gradients(f)[graph(f)[0]] == 2.0**200


def test_program_with_a_branch_and_a_loop():
    def f(x):
        y = x
        while y < 100:
            y = y * x
        return y if x > 2 else -y

    assert grad(f(x := Var(3.0)), [x]) == [5 * 3.0**4]  # 3^5 = 243 is the first power of 3 above 100
    assert forward_derivative(f, 3.0) == 5 * 3.0**4
    assert forward_derivative(f, 2.0) == -7 * 2.0**6


@pytest.mark.parametrize("kind", [Var, Dual])
def test_comparisons_look_at_values(kind):
    x, y = kind(1.0), kind(2.0)
    assert x < y and x <= y and y > x and y >= x
    assert x < 1.5 and x <= 1 and x > 0 and x >= 1
    assert not (x > y or x >= y or y < x or y <= x)
    assert not (x < 1 or x > 1)
    assert x == 1 and np.float64(1) == x and x == kind(1.0) and x != y and x != 0
    assert x != "1" and x != None  # noqa: E711
    assert x and not x - 1 and not kind(0.0)
    assert x != (Dual(1.0) if kind is Var else Var(1.0))


def test_a_branch_at_one_value_is_taken():
    def sinc(x):
        return sin(x) / x if x else 1 - x * x / 6

    def sinc_too(x):
        return 1 - x * x / 6 if x == 0 else sin(x) / x

    for f in (sinc, sinc_too):
        for at in (0.0, 0.5):
            assert forward_derivative(f, at) == grad(f(x := Var(at)), [x])[0]
        assert f(Var(0.0)).value == 1 and forward_derivative(f, 0.0) == 0


@pytest.mark.parametrize("x", [-7.3, -0.4, 0.4, 7.3])
@pytest.mark.parametrize(
    "f",
    [
        lambda x: +x,
        lambda x: 2 * abs(x),
        lambda x: abs(x) ** 1.5,
        lambda x: x % 3,
        lambda x: 50.1 % x,
        lambda x: x % (x + 10),
        lambda x: x // 3 * x,
        lambda x: 50.1 // x * x,
        lambda x: sum([x, x, abs(x)]),
        lambda x: max(x, 0.5 * x),
    ],
)
def test_the_rest_of_pythons_arithmetic(f, x):
    exact = (f(x + 1e-6) - f(x - 1e-6)) / 2e-6
    assert f(Var(x)).value == f(Dual(x)).value == f(x)
    assert forward_derivative(f, x) == pytest.approx(exact, rel=1e-6)
    assert grad(f(v := Var(x)), [v])[0] == pytest.approx(exact, rel=1e-6)


def test_absolute_value_at_its_kink_and_in_tables():
    assert grad(abs(x := Var(0.0)), [x]) == [0.0]
    x = Var(-7.0, "x")
    assert (
        "abs(x)" in trace_table(abs(x))
        and "x % 3" in trace_table(x % 3)
        and "50 // x" in trace_table(50 // x)
    )
    for f in (lambda x: x % 0, lambda x: x // 0):
        with pytest.raises(ZeroDivisionError):
            f(x)


def test_dual_numbers_follow_their_algebra():
    # (2 + 3e)(5 + 7e) = 10 + (15 + 14)e, because e^2 = 0
    product = Dual(2.0, 3.0) * Dual(5.0, 7.0)
    assert (product.value, product.tangent) == (10.0, 29.0)
    assert Dual(2.0).tangent == 0.0


def test_directional_derivative_is_the_gradient_times_the_direction():
    def f(x, y, z):
        return x * y + sin(z) / x

    variables = [Var(v) for v in (1.5, -0.5, 2.0)]
    direction = [0.3, -1.0, 2.5]
    expected = np.dot(grad(f(*variables), variables), direction)
    assert forward_derivative(f, (1.5, -0.5, 2.0), direction) == pytest.approx(expected, rel=1e-14)
    assert forward_derivative(f, np.array([1.5, -0.5, 2.0]), np.array(direction)) == pytest.approx(expected)


def test_forward_derivative_of_a_constant_is_zero():
    assert forward_derivative(lambda x: 4, 1.0) == 0.0


def test_forward_derivative_refuses_what_is_not_a_number():
    with pytest.raises(TypeError, match="a result that is not a Dual must be a number, not str"):
        forward_derivative(lambda x: "four", 1.0)
    with pytest.raises(ValueError, match="x has 2 numbers, direction has 1"):
        forward_derivative(lambda x, y: x, [1.0, 2.0])


def test_operation_counts_of_the_chain_rule_chapter():
    x = Var(0.8)
    f = exp(x * x)
    assert count_operations(x) == 0
    assert count_operations() == 0
    assert count_operations(f) == 2
    assert count_operations(2 * x * exp(x * x)) == 4
    assert count_operations(2 * x * f) - count_operations(f) == 2
    assert count_operations(f, 2 * x * f) == 4
    root = sqrt(x * x + exp(x * x))
    slope = x * (1 + exp(x * x)) / sqrt(x * x + exp(x * x))
    assert count_operations(root) == 5
    assert count_operations(slope) == 10
    assert count_operations(root, slope) == 15
    a = x * x
    b = exp(a)
    d = sqrt(a + b)
    assert count_operations(d) == 4
    assert count_operations(d, x * (1 + b) / d) == 7


@pytest.mark.parametrize(
    ("make", "op"),
    [
        (lambda x: x + 2, "+ 2"),
        (lambda x: 2 + x, "2 +"),
        (lambda x: x - 0.5, "- 0.5"),
        (lambda x: -1 * x, "-1 *"),
        (lambda x: x * -1, "* -1"),
        (lambda x: x / 3, "/ 3"),
        (lambda x: 1 / x, "1 /"),
        (lambda x: x**2, "** 2"),
        (lambda x: 2**x, "2 **"),
        (lambda x: x * Fraction(1, 2), "* 0.5"),
        (lambda x: x * x, "*"),
        (lambda x: -x, "neg"),
        (lambda x: exp(x), "exp"),
        (lambda x: x, "input"),
    ],
)
def test_constant_is_written_into_the_operation(make, op):
    x = Var(1.5)
    f = make(x)
    assert f.op == op
    assert set(f.parents) <= {x}
    assert len(f.parents) == len(f.local)


def test_trace_table_shows_both_passes():
    x, y = Var(2.0, "x"), Var(5.0)
    f = sin(x - 1) * (1 / y) + y
    lines = trace_table(f).splitlines()
    assert [line.split("  ")[0].strip() for line in lines] == [
        "node",
        "x",
        "v2",
        "v3",
        "v4",
        "v5",
        "v6",
        "v7",
    ]
    made = [line.split("  ", 1)[1].strip().split("   ")[0] for line in lines[1:]]
    assert made == ["input", "x - 1", "sin(v2)", "input", "1 / v4", "v3 * v5", "v6 + v4"]
    assert lines[1].endswith(f"{math.cos(1) / 5:.6g}")


def test_repr_names_value_name_and_operation():
    assert repr(Var(2, "x")) == "Var(2, name='x')"
    assert repr(Var(2.0) ** 2) == "Var(4, op='** 2')"
    assert repr(Dual(2.0, 1.0)) == "Dual(value=2.0, tangent=1.0)"


@pytest.mark.parametrize("number", [2, np.float64(2), np.float32(2), np.int64(2), Fraction(2)])
@pytest.mark.parametrize("kind", [Var, Dual])
def test_all_real_numbers_are_constants(kind, number):
    x = kind(3.0)
    for result, value in [
        (number * x, 6.0),
        (x * number, 6.0),
        (number - x, -1.0),
        (x - number, 1.0),
        (number / x, 2 / 3),
        (x**number, 9.0),
        (number**x, 8.0),
        (number + x, 5.0),
    ]:
        assert type(result) is kind
        assert type(result.value) is float
        assert result.value == pytest.approx(value, rel=1e-15)
    assert kind(number).value == 2.0


@pytest.mark.parametrize("other", ["1", None, 1j, np.ones(2), Dual(1.0)])
def test_var_combines_with_numbers_and_vars_only(other):
    for combine in (
        lambda x, y: x + y,
        lambda x, y: x * y,
        lambda x, y: x / y,
        lambda x, y: x**y,
        lambda x, y: x < y,
    ):
        with pytest.raises(TypeError, match="combines with numbers and with other"):
            combine(Var(1.0), other)
    for combine in (lambda x, y: y - x, lambda x, y: y * x, lambda x, y: y**x):
        with pytest.raises(TypeError, match="combines with numbers and with other"):
            combine(Var(1.0), other)


@pytest.mark.parametrize("function", [exp, log, sqrt, sin, cos, tanh, sigmoid, relu])
def test_functions_refuse_what_is_not_a_number(function):
    with pytest.raises(TypeError, match="must be a number, a Var or a Dual, not list"):
        function([1.0])


def test_numpy_functions_and_math_do_not_lose_the_derivative_silently():
    with pytest.raises(TypeError):
        np.exp(Var(1.0))
    with pytest.raises(TypeError):
        math.exp(Var(1.0))


@pytest.mark.parametrize("kind", [Var, Dual, float])
def test_domain_errors(kind):
    with pytest.raises(ValueError, match="log needs a positive number, got 0"):
        log(kind(0.0))
    with pytest.raises(ValueError, match="log needs a positive number, got -1"):
        log(kind(-1.0))
    with pytest.raises(ValueError, match="sqrt needs a number that is not negative, got -4"):
        sqrt(kind(-4.0))
    with pytest.raises(ZeroDivisionError):
        1 / kind(0.0)
    with pytest.raises(ZeroDivisionError):
        kind(0.0) ** -1


@pytest.mark.parametrize("kind", [Var, Dual])
def test_errors_where_the_value_exists_but_the_derivative_does_not(kind):
    with pytest.raises(ValueError, match="sqrt has no finite derivative at 0"):
        sqrt(kind(0.0))
    with pytest.raises(ValueError, match=r"x \*\* 0.5 has no finite derivative at x = 0"):
        kind(0.0) ** 0.5
    with pytest.raises(ValueError, match=r"\(-2\) \*\* 0.5 is not a real number"):
        kind(-2.0) ** 0.5
    with pytest.raises(ValueError, match="the base must be positive"):
        (-2) ** kind(2.0)
    with pytest.raises(ValueError, match="the base must be positive"):
        kind(-2.0) ** kind(2.0)
    with pytest.raises(ValueError, match="the base must be positive"):
        0 ** kind(0.0)
    assert sqrt(0.0) == 0.0


def test_zero_to_a_variable_positive_power_has_derivative_zero():
    y = Var(2.0)
    assert grad(0**y, [y]) == [0.0]


@pytest.mark.parametrize("kind", [Var, Dual])
def test_values_must_be_finite_numbers(kind):
    with pytest.raises(TypeError, match="must be a number, not str"):
        kind("1")
    with pytest.raises(TypeError, match="must be a number, not ndarray"):
        kind(np.ones(1))
    with pytest.raises(ValueError, match="must be finite, not nan"):
        kind(math.nan)
    with pytest.raises(ValueError, match="must be finite, not inf"):
        kind(1e200) * 1e200
    with pytest.raises(OverflowError):
        exp(kind(1000.0))


def test_dual_tangent_must_be_finite():
    with pytest.raises(ValueError, match="the tangent of a Dual must be finite"):
        Dual(1.0, math.inf)


@pytest.mark.parametrize("f", [1.0, None, Dual(1.0)])
def test_reverse_mode_starts_from_a_var(f):
    for function in (graph, gradients, trace_table, count_operations):
        with pytest.raises(TypeError, match=f"a computational graph ends in a Var, not {type(f).__name__}"):
            function(f)
    with pytest.raises(TypeError, match="grad differentiates with respect to a Var, not"):
        grad(Var(1.0), [f])


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "relu"])
@pytest.mark.parametrize("z", [-800.0, -3.0, 0.0, 0.2, 40.0, 800.0])
def test_activations_agree_with_the_arrays_ones(name, z):
    ours, theirs = getattr(autodiff, name), getattr(activations, name)
    x = Var(z)
    assert ours(z) == pytest.approx(theirs(z), rel=1e-15)
    assert grad(ours(x), [x])[0] == pytest.approx(theirs.derivative(z), rel=1e-12, abs=1e-15)


def test_examples_in_the_docstrings():
    assert doctest.testmod(autodiff).failed == 0
