"""The equations of book/automatic-differentiation.md, as printed there."""

import math

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp

from fysstk_nn.activations import sigmoid as sigmoid_of_array
from fysstk_nn.autodiff import (
    Dual,
    Var,
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
)
from fysstk_nn.gradcheck import CUBE_ROOT_OF_EPSILON, central_difference, complex_step

EPS = float(np.finfo(np.float64).eps)
x, h, eps = sp.symbols("x h epsilon", real=True)
F = sp.sqrt(x**2 + sp.exp(x**2))
POINTS = np.linspace(0.4, 1.2, 400)


def f_numpy(x):
    return np.sqrt(x**2 + np.exp(x**2))


def zero(expression, discrepancy):
    """Record and assert that every entry of an expression simplifies to zero."""
    for entry in sp.Matrix([expression]):
        residual = sp.simplify(entry)
        discrepancy(residual)
        assert residual == 0


def close(printed, measured, discrepancy, tolerance=1e-12):
    error = np.max(np.abs(np.asarray(printed, dtype=float) - np.asarray(measured, dtype=float)))
    discrepancy(error)
    assert error < tolerance


# --- Programs as lists: an interpreter that owes nothing to the package ---

ELEMENTARY = {
    "+": (lambda u, v: u + v, lambda u, v: (1.0, 1.0)),
    "*": (lambda u, v: u * v, lambda u, v: (v, u)),
    "exp": (math.exp, lambda u: (math.exp(u),)),
    "sin": (math.sin, lambda u: (math.cos(u),)),
    "sqrt": (math.sqrt, lambda u: (0.5 / math.sqrt(u),)),
}
EXAMPLE = [("*", 0, 0), ("exp", 1), ("+", 1, 2), ("sqrt", 3)]  # sqrt(x^2 + exp(x^2)), numbered from 0


def random_program(rng, inputs, length):
    """Return instructions (name, parents) in which every variable is used by a later one."""
    program = []
    for j in range(inputs, inputs + length):
        name = str(rng.choice(["+", "*", "sin"]))
        parents = [j - 1, int(rng.integers(j))][: 1 if name == "sin" else 2]
        program.append((name, *parents))
    return program


def run_from(given, program, inputs):
    """Return the result when the first variables are given: the chapter's F_j(x_1, ..., x_j)."""
    values = list(given)
    for name, *parents in program[len(given) - inputs :]:
        values.append(ELEMENTARY[name][0](*(values[p] for p in parents)))
    return values[-1]


def values_and_locals(point, program):
    values, local = list(point), [()] * len(point)
    for name, *parents in program:
        operands = [values[p] for p in parents]
        values.append(ELEMENTARY[name][0](*operands))
        local.append(ELEMENTARY[name][1](*operands))
    return values, local


def children_sum(point, program):
    """Return the adjoints from the printed sum over children."""
    values, local = values_and_locals(point, program)
    parents = [()] * len(point) + [tuple(p) for _, *p in program]
    adjoint = [0.0] * len(values)
    adjoint[-1] = 1.0
    for i in reversed(range(len(values) - 1)):
        adjoint[i] = sum(
            adjoint[j] * slope
            for j in range(i + 1, len(values))
            for p, slope in zip(parents[j], local[j], strict=True)
            if p == i
        )
    return adjoint


def programs():
    rng = np.random.default_rng(6)
    yield [0.5], EXAMPLE
    for inputs in (1, 2, 3):
        for length in (3, 6, 9):
            yield rng.normal(size=inputs), random_program(rng, inputs, length)


@pytest.mark.equation("eq-autodiff-seed", method="central differences")
@pytest.mark.equation("eq-autodiff-adjoint", method="central differences")
def test_adjoints_are_derivatives_of_the_rest_of_the_program(discrepancy):
    for point, program in programs():
        inputs = len(point)
        values, _ = values_and_locals(point, program)
        for i, adjoint in enumerate(children_sum(point, program)):
            given = values[: max(i + 1, inputs)]

            def rest(v, given=given, i=i, program=program, inputs=inputs):
                return run_from([*given[:i], v, *given[i + 1 :]], program, inputs)

            close(adjoint, central_difference(rest, values[i]), discrepancy, 1e-7)


@pytest.mark.equation("eq-autodiff-instruction", method="numeric")
def test_giving_a_variable_less_means_computing_it(discrepancy):
    for point, program in programs():
        values, _ = values_and_locals(point, program)
        for j in range(len(point), len(values)):
            name, *parents = program[j - len(point)]
            shifted = [v + 0.1 for v in values[:j]]
            computed = ELEMENTARY[name][0](*(shifted[p] for p in parents))
            left = run_from(shifted, program, len(point))
            close(left, run_from([*shifted, computed], program, len(point)), discrepancy, 1e-15)


@pytest.mark.equation("eq-autodiff-undo", method="central differences")
def test_undoing_one_instruction(discrepancy):
    for point, program in programs():
        inputs = len(point)
        values, local = values_and_locals(point, program)

        def slopes(j, program=program, inputs=inputs, values=values):
            """Return the gradient of F_j at the values of the first j variables."""
            return central_difference(lambda v: run_from(list(v), program, inputs), np.array(values[:j]))

        for j in range(inputs, len(values)):  # variable number j, counted from 0
            _, *parents = program[j - inputs]
            after = slopes(j + 1)
            printed = after[:j].copy()
            for p, slope in zip(parents, local[j], strict=True):
                printed[p] += after[j] * slope
            close(printed, slopes(j), discrepancy, 1e-7)


@pytest.mark.equation("eq-autodiff-adjoint", method="autodiff")
@pytest.mark.equation("eq-autodiff-seed", method="autodiff")
def test_the_package_adds_over_children(discrepancy):
    functions = {"exp": exp, "sin": sin, "sqrt": sqrt, "+": lambda u, v: u + v, "*": lambda u, v: u * v}
    for point, program in programs():
        nodes = [Var(float(v)) for v in point]
        for name, *parents in program:
            nodes.append(functions[name](*(nodes[p] for p in parents)))
        close(grad(nodes[-1], nodes), children_sum(point, program), discrepancy)


@pytest.mark.equation("eq-autodiff-example", method="sympy")
def test_the_example_in_reverse(discrepancy):
    values = [x, x**2, sp.exp(x**2), x**2 + sp.exp(x**2), F]
    x1, x2, _, x4, _ = values
    bar5 = sp.Integer(1)
    bar4 = bar5 / (2 * sp.sqrt(x4))
    bar3 = bar4
    bar2 = bar4 + bar3 * sp.exp(x2)
    bar1 = 2 * x1 * bar2
    given = sp.symbols("x2:6", positive=True)
    rest = [sp.sqrt(given[0] + sp.exp(given[0])), sp.sqrt(x2 + given[1]), sp.sqrt(given[2]), given[3]]
    zero(bar1 - sp.diff(F, x), discrepancy)
    for bar, variable, function, value in zip((bar2, bar3, bar4, bar5), given, rest, values[1:], strict=True):
        zero(bar - sp.diff(function, variable).subs(variable, value), discrepancy)


@pytest.mark.equation("eq-autodiff-paths", method="numeric")
@pytest.mark.parametrize("k", [1, 2, 3, 7, 12])
def test_paths_and_edges(k, discrepancy):
    start = node = Var(1.0)
    for _ in range(k):
        node = node * node
    paths = {start: 1}
    for other in graph(node)[1:]:
        paths[other] = sum(paths[parent] for parent in other.parents)
    edges = sum(len(other.parents) for other in graph(node))
    discrepancy(abs(paths[node] - 2**k) + abs(edges - 2 * k))
    assert paths[node] == 2**k
    assert edges == 2 * k
    assert grad(node, [start]) == [2.0**k]  # at 1 every path contributes 1


# --- One neuron ---


@pytest.mark.equation("eq-autodiff-neuron", method="sympy")
def test_one_neuron(discrepancy):
    w, b, y = sp.symbols("w b y", real=True)
    a = 1 / (1 + sp.exp(-(w * x + b)))
    C = (a - y) ** 2 / 2
    zero((a - y) * a * (1 - a) * x - sp.diff(C, w), discrepancy)
    zero((a - y) * a * (1 - a) - sp.diff(C, b), discrepancy)


@pytest.mark.equation("eq-autodiff-neuron", method="autodiff")
def test_one_neuron_by_reverse_mode(discrepancy):
    for w0, b0, x0, y in ((1.5, -0.5, 2.0, 0.0), (-0.3, 0.8, 1.2, 1.0)):
        w, b = Var(w0), Var(b0)
        a = sigmoid_of_array(w0 * x0 + b0)
        cost = 0.5 * (sigmoid(w * x0 + b) - y) ** 2
        close([(a - y) * a * (1 - a) * x0, (a - y) * a * (1 - a)], grad(cost, [w, b]), discrepancy)


# --- Forward mode ---


def tangents(point, directions, program):
    """Return all tangents from the printed sum over parents."""
    _, local = values_and_locals(point, program)
    dot = list(directions)
    for j, (_, *parents) in enumerate(program, start=len(point)):
        dot.append(sum(slope * dot[p] for p, slope in zip(parents, local[j], strict=True)))
    return dot


@pytest.mark.equation("eq-autodiff-tangent", method="central differences")
def test_tangents_of_all_variables(discrepancy):
    rng = np.random.default_rng(1)
    for point, program in programs():
        direction = rng.normal(size=len(point))
        for j, dot in enumerate(tangents(point, direction, program)):

            def variable(s, point=point, direction=direction, program=program, j=j):
                return values_and_locals(np.asarray(point) + s * direction, program)[0][j]

            close(dot, central_difference(variable, 0.0), discrepancy, 1e-7)


@pytest.mark.equation("eq-autodiff-forward", method="numeric")
def test_forward_mode_gives_the_directional_derivative(discrepancy):
    rng = np.random.default_rng(2)
    for point, program in programs():
        direction = rng.normal(size=len(point))
        gradient = children_sum(point, program)[: len(point)]
        close(tangents(point, direction, program)[-1], np.dot(gradient, direction), discrepancy)


@pytest.mark.equation("eq-autodiff-forward", method="autodiff")
def test_forward_and_reverse_mode_of_the_package_agree(discrepancy):
    def f(u, v, w):
        return tanh(u * v) / (1.0 + exp(w)) + log(u * u + 1.0) ** 2 - sin(v * w)

    point, direction = [0.3, -1.1, 0.7], [1.0, -2.0, 0.5]
    inputs = [Var(v) for v in point]
    printed = np.dot(grad(f(*inputs), inputs), direction)
    close(printed, forward_derivative(f, point, direction), discrepancy)


@pytest.mark.equation("eq-autodiff-dual-product", method="sympy")
def test_product_of_dual_numbers(discrepancy):
    u, du, v, dv = sp.symbols("u du v dv")
    product = (
        sp.expand((u + du * eps) * (v + dv * eps)).coeff(eps, 0),
        (sp.expand((u + du * eps) * (v + dv * eps)).coeff(eps, 1)),
    )
    zero([product[0] - u * v, product[1] - (du * v + u * dv)], discrepancy)

    def matrix(value, tangent):  # numbers with epsilon^2 = 0 that exist: triangular matrices
        return sp.Matrix([[value, tangent], [0, value]])

    left, right = matrix(u, du) * matrix(v, dv), matrix(u * v, du * v + u * dv)
    zero((left - right).reshape(4, 1), discrepancy)


@pytest.mark.equation("eq-autodiff-dual-product", method="autodiff")
@pytest.mark.equation("eq-autodiff-dual-function", method="autodiff")
def test_dual_numbers_of_the_package(discrepancy):
    product = Dual(0.4, -1.5) * Dual(2.0, 0.3)
    close([0.4 * 2.0, -1.5 * 2.0 + 0.4 * 0.3], [product.value, product.tangent], discrepancy)
    image = tanh(Dual(0.4, -1.5))
    close([math.tanh(0.4), (1 - math.tanh(0.4) ** 2) * -1.5], [image.value, image.tangent], discrepancy)


@pytest.mark.equation("eq-autodiff-dual-function", method="sympy")
@pytest.mark.parametrize("g", [sp.exp, sp.sin, lambda z: sp.sqrt(1 + z**2), lambda z: z**3 - 2 * z])
def test_functions_of_dual_numbers(g, discrepancy):
    v, dv = sp.symbols("v dv", real=True)
    z = sp.symbols("z", real=True)
    series = sp.series(g(v + dv * eps), eps, 0, 2).removeO()
    printed = g(v) + sp.diff(g(z), z).subs(z, v) * dv * eps
    zero(series - printed, discrepancy)


# --- Costs ---


class Tally(float):
    """A number that counts products and sums."""

    count = 0

    def __mul__(self, other):
        Tally.count += 1
        return Tally(float(self) * float(other))

    def __add__(self, other):
        Tally.count += 1
        return Tally(float(self) + float(other))


def recorded(rng, n, m, length=8):
    """Return a random program of the package with n inputs and m outputs, as one graph."""
    inputs = [Var(v) for v in rng.normal(size=n)]
    nodes = list(inputs)
    for j in range(length):
        u, v = nodes[j % len(nodes)], nodes[int(rng.integers(len(nodes)))]
        nodes.append([u + v, u * v, sin(u), u - 0.5 * v][int(rng.integers(4))])
    outputs = [node + inputs[0] for node in nodes[-m:]]
    order = []
    for output in outputs:
        order += [node for node in graph(output) if node not in order]
    return inputs, outputs, order


@pytest.mark.equation("eq-autodiff-modes", method="numeric")
@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 1), (1, 3), (4, 2)])
def test_operations_of_both_modes(n, m, discrepancy):
    inputs, outputs, order = recorded(np.random.default_rng(n + 10 * m), n, m)
    E = sum(len(node.parents) for node in order)

    Tally.count, columns = 0, []
    for chosen in inputs:
        dot = {node: Tally(node is chosen) for node in [*inputs, *order]}
        for node in order:
            for parent, slope in zip(node.parents, node.local, strict=True):
                dot[node] = dot[node] + dot[parent] * slope
        columns.append([dot[output] for output in outputs])
    forward = Tally.count

    Tally.count, rows = 0, []
    for output in outputs:
        bar = {node: Tally(node is output) for node in [*inputs, *order]}
        for node in reversed(order):
            for parent, slope in zip(node.parents, node.local, strict=True):
                bar[parent] = bar[parent] + bar[node] * slope
        rows.append([bar[chosen] for chosen in inputs])
    reverse = Tally.count

    discrepancy(abs(forward - 2 * E * n) + abs(reverse - 2 * E * m))
    assert (forward, reverse) == (2 * E * n, 2 * E * m)
    close(np.array(columns).T, rows, discrepancy)


@pytest.mark.equation("eq-autodiff-cheap", method="numeric")
@pytest.mark.parametrize("n", [1, 5, 40])
def test_one_reverse_sweep_does_not_depend_on_the_number_of_inputs(n, discrepancy):
    for seed in range(5):
        _, outputs, order = recorded(np.random.default_rng(seed), n, 1, length=60)
        N = count_operations(*outputs)
        E = sum(len(node.parents) for node in order)
        discrepancy(max(0, 2 * E - 4 * N))
        assert all(len(node.parents) <= 2 for node in order)
        assert 2 * E <= 4 * N


@pytest.mark.equation("eq-autodiff-cheap", method="numeric")
@pytest.mark.parametrize("n", [1, 10, 100, 1000])
def test_counts_of_the_neuron(n, discrepancy):
    z = Var(0.0)
    for _ in range(n):
        z = z + Var(0.01) * 1.0
    cost = 0.5 * (sigmoid(z) - 1.0) ** 2
    N, E = count_operations(cost), sum(len(node.parents) for node in graph(cost))
    discrepancy(abs(N - (2 * n + 4)) + abs(E - (3 * n + 4)))
    assert (2 * n + 4, 3 * n + 4) == (N, E)
    assert 2 * E < 3 * N


# --- Finite differences ---


@pytest.mark.equation("eq-autodiff-one-sided", method="sympy")
@pytest.mark.equation("eq-autodiff-symmetric", method="sympy")
@pytest.mark.equation("eq-autodiff-complex-step", method="sympy")
@pytest.mark.parametrize("g", [sp.exp(sp.sin(x)), sp.sqrt(x**2 + 1), x**5 - 2 * x**4 + x])
def test_expansions_in_the_step(g, discrepancy):
    first, second, third = (sp.diff(g, x, k) for k in (1, 2, 3))
    right, left, upward = (g.subs(x, x + s) for s in (h, -h, sp.I * h))
    # each remainder, times the denominator, vanishes with so many of its derivatives at h = 0
    one_sided = right - g - h * (first + h / 2 * second)
    symmetric = right - left - 2 * h * (first + h**2 / 6 * third)
    real = g - h**2 / 2 * second + h**4 / 24 * sp.diff(g, x, 4)
    complex_step = upward - real - sp.I * h * (first - h**2 / 6 * third)
    for remainder, order in ((one_sided, 3), (symmetric, 5), (complex_step, 5)):
        zero([sp.diff(remainder, h, k).subs(h, 0) for k in range(order)], discrepancy)


def differences(step):
    right, left = POINTS + step, POINTS - step
    one_sided = (f_numpy(right) - f_numpy(POINTS)) / (right - POINTS)
    central = (f_numpy(right) - f_numpy(left)) / (right - left)
    exact = POINTS * (1 + np.exp(POINTS**2)) / f_numpy(POINTS)
    return np.abs(one_sided - exact).max(), np.abs(central - exact).max()


STEPS = np.logspace(-15, -0.5, 146)


@pytest.mark.equation("eq-autodiff-central", method="numeric")
def test_central_differences_stay_below_the_bound(discrepancy):
    third = sp.lambdify(x, sp.diff(F, x, 3))
    fifth = sp.lambdify(x, sp.diff(F, x, 5))
    around = np.linspace(0.3, 1.3, 1001)
    excess = []
    for step in STEPS[STEPS < 0.1]:
        printed = step**2 / 6 * np.abs(third(POINTS)).max() + EPS * f_numpy(POINTS).max() / step
        next_order = step**4 / 120 * np.abs(fifth(around)).max()
        excess.append(differences(step)[1] - printed - next_order)
    discrepancy(max(0.0, *excess))
    assert max(excess) <= 0


@pytest.mark.equation("eq-autodiff-best-step", method="sympy")
@pytest.mark.equation("eq-autodiff-best-error", method="sympy")
def test_best_central_step(discrepancy):
    e, f, f3, s = sp.symbols("e f f3 s", positive=True)
    bound = s**2 / 6 * f3 + e * f / s
    best = (3 * e * f / f3) ** sp.Rational(1, 3)
    zero(sp.diff(bound, s).subs(s, best), discrepancy)
    assert sp.diff(bound, s, 2).is_positive  # so it is the only minimum
    zero(bound.subs(s, best) - f3 * best**2 / 2, discrepancy)
    assert round(EPS ** (1 / 3) * 1e6) == 6
    assert round(EPS ** (2 / 3) * 1e11) == 4


@pytest.mark.equation("eq-autodiff-best-step", method="numeric")
@pytest.mark.equation("eq-autodiff-best-error", method="numeric")
@pytest.mark.equation("eq-autodiff-one-sided-step", method="numeric")
def test_measured_best_steps(discrepancy):
    one_sided, central = np.array([differences(step) for step in STEPS]).T
    best_one_sided, best_central = STEPS[one_sided.argmin()], STEPS[central.argmin()]
    discrepancy(abs(best_central - CUBE_ROOT_OF_EPSILON))
    assert EPS ** (1 / 3) / 3 < best_central < 3 * EPS ** (1 / 3)
    assert EPS ** (1 / 2) / 3 < best_one_sided < 3 * EPS ** (1 / 2)
    third, second = (np.abs(sp.lambdify(x, sp.diff(F, x, k))(POINTS)).max() for k in (3, 2))
    largest = f_numpy(POINTS).max()
    best = (3 * EPS * largest / third) ** (1 / 3)
    assert central.min() <= third * best**2 / 2
    best = 2 * math.sqrt(EPS * largest / second)
    assert one_sided.min() <= second * best  # both terms of its bound at the best step
    assert best / 3 < best_one_sided < 3 * best


@pytest.mark.equation("eq-autodiff-one-sided-step", method="sympy")
def test_best_one_sided_step(discrepancy):
    e, f, f2, s = sp.symbols("e f f2 s", positive=True)
    bound = s / 2 * f2 + 2 * e * f / s
    best = 2 * sp.sqrt(e * f / f2)
    zero(sp.diff(bound, s).subs(s, best), discrepancy)
    assert sp.diff(bound, s, 2).is_positive
    assert round(EPS ** (1 / 2) * 1e9) == 15


@pytest.mark.equation("eq-autodiff-complex-step", method="numeric")
def test_complex_step_has_no_cancellation(discrepancy):
    exact = POINTS * (1 + np.exp(POINTS**2)) / f_numpy(POINTS)
    for step in (1e-9, 1e-20, 1e-100):
        close(f_numpy(POINTS + 1j * step).imag / step, exact, discrepancy, 1e-14)
    close(complex_step(f_numpy, 0.7), float(sp.diff(F, x).subs(x, 0.7)), discrepancy, 1e-15)


@pytest.mark.equation("eq-autodiff-example", method="autograd")
def test_five_witnesses(discrepancy):
    def f(v):
        a = v**2
        return sqrt(a + exp(a))

    truth = float(sp.diff(F, x).subs(x, sp.Rational(1, 2)))
    v = Var(0.5)
    by_autograd = autograd.grad(lambda u: anp.sqrt(u**2 + anp.exp(u**2)))(0.5)
    answers = [grad(f(v), [v])[0], forward_derivative(f, 0.5), by_autograd, complex_step(f_numpy, 0.5)]
    close(answers, truth, discrepancy, 3e-16)
    assert abs(central_difference(f_numpy, 0.5) - truth) < 1e-10


# --- Loops, branches, kinks ---


@pytest.mark.equation("eq-autodiff-loop", method="sympy")
@pytest.mark.equation("eq-autodiff-loop-limit", method="sympy")
def test_one_round_of_the_babylonian_root(discrepancy):
    s, y, dy = sp.symbols("s y dy", positive=True)
    Y = sp.Function("y")(s)
    true = sp.diff((Y + s / Y) / 2, s).subs(sp.diff(Y, s), dy).subs(Y, y)
    printed = (dy + 1 / y - s * dy / y**2) / 2
    zero(printed - true, discrepancy)
    zero(printed.subs(s, y**2) - 1 / (2 * y), discrepancy)
    zero(1 / (2 * y) - 1 / (2 * sp.sqrt(y**2)), discrepancy)


@pytest.mark.equation("eq-autodiff-loop", method="autodiff")
@pytest.mark.equation("eq-autodiff-loop-limit", method="autodiff")
def test_rounds_of_the_loop(discrepancy):
    v = y = Dual(10.0, 1.0)
    value, slope = 10.0, 1.0
    for _ in range(9):
        y = (y + v / y) / 2
        value, slope = (value + 10.0 / value) / 2, (slope + 1 / value - 10.0 * slope / value**2) / 2
        close([value, slope], [y.value, y.tangent], discrepancy)
    close(slope, 1 / (2 * math.sqrt(10.0)), discrepancy, 1e-15)
    root = math.sqrt(10.0)
    for any_slope in (-3.0, 0.0, 100.0):  # one round at the converged value
        close((any_slope + 1 / root - 10.0 * any_slope / root**2) / 2, 1 / (2 * root), discrepancy, 1e-12)


@pytest.mark.equation("eq-autodiff-branch", method="sympy")
def test_slope_at_the_patch(discrepancy):
    zero(sp.limit(sp.diff((sp.exp(x) - 1) / x, x), x, 0) - sp.Rational(1, 2), discrepancy)
    zero(sp.series((sp.exp(x) - 1) / x, x, 0, 3).removeO() - (1 + x / 2 + x**2 / 6), discrepancy)


@pytest.mark.equation("eq-autodiff-branch", method="autodiff")
def test_the_patched_branch_is_constant(discrepancy):
    def patched(v, there):
        if not (v < 0 or v > 0):
            return there(v)
        return (exp(v) - 1.0) / v

    assert forward_derivative(lambda v: patched(v, lambda v: 1.0), 0.0) == 0.0
    repaired = forward_derivative(lambda v: patched(v, lambda v: 1.0 + v / 2), 0.0)
    discrepancy(repaired - 0.5)
    assert repaired == 0.5


@pytest.mark.equation("eq-autodiff-kink", method="proof by cases")
def test_identity_from_two_kinks(discrepancy):
    p = sp.symbols("p", positive=True)
    for case in (p, -p, sp.Integer(0)):
        zero(sp.Max(0, case) - sp.Max(0, -case) - case, discrepancy)
    for v in (-2.0, -0.1, 0.0, 0.3):
        assert relu(v) - relu(-v) == v
    assert forward_derivative(lambda v: relu(v) - relu(-1.0 * v), 0.1) == 1.0
    assert forward_derivative(lambda v: relu(v) - relu(-1.0 * v), 0.0) == 0.0  # the trap in the text


@pytest.mark.equation("eq-autodiff-adjoint", method="autodiff")
def test_printed_numbers_of_the_figures(discrepancy):
    v = Var(0.5)
    a = v**2
    b = exp(a)
    c = a + b
    adjoint = gradients(sqrt(c))
    close([adjoint[c], adjoint[b], adjoint[a]], [0.404, 0.404, 0.922], discrepancy, 5e-4)
