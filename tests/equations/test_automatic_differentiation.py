"""The equations of book/automatic-differentiation.md, as printed there.

Programs are lists of instructions, which an interpreter runs that owes nothing to the package. Variables are
counted from 1, as on the page, and x_i stands for its number where only parents are asked for.
"""

import math

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp

from fysstk_book.printed.names import from_one
from fysstk_book.printed.numbers import samples
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


def programs():
    rng = np.random.default_rng(6)
    yield [0.5], EXAMPLE
    for inputs in (1, 2, 3):
        for length in (3, 6, 9):
            yield rng.normal(size=inputs), random_program(rng, inputs, length)


def prefix_slopes(point, program):
    """Return a function of j and i: the derivative of F_j by x_i, by differences; numbers are from 1."""
    values, _ = values_and_locals(point, program)

    def slope(j, i):
        given = list(values[: max(j, len(point))])
        return central_difference(
            lambda v: run_from([*given[: i - 1], v, *given[i:]], program, len(point)), values[i - 1]
        )

    return slope


def instructions(point, program):
    """What the names of the page stand for in a program."""
    values, local = values_and_locals(point, program)
    parents = {j: set() for j in range(1, len(values) + 1)}
    slopes = {j: dict.fromkeys(parents, 0.0) for j in parents}
    for j, (_, *operands) in enumerate(program, start=len(point) + 1):
        parents[j] = {p + 1 for p in operands}
        for p, slope in zip(operands, local[j - 1], strict=True):
            slopes[j][p + 1] += slope
    return {
        "L": len(values),
        "l": len(point),
        "x_i": lambda i: i,
        r"\mathrm{Pa}": lambda j: parents[j],
        r"\frac{\partial g_j}{\partial x_i}": lambda j, i: slopes[j][i],
    }


@pytest.mark.equation("eq-autodiff-seed", method="central differences")
@pytest.mark.equation("eq-autodiff-adjoint", method="central differences")
def test_adjoints_are_derivatives_of_the_rest_of_the_program(printed):
    for point, program in programs():
        names, slope = instructions(point, program), prefix_slopes(point, program)
        everything = range(1, names["L"] + 1)
        rest = from_one([slope(max(i, len(point)), i) for i in everything])
        read = {r"\bar x_i": rest, r"\frac{\partial f}{\partial x_i}": rest}
        printed("eq-autodiff-seed").holds(read, also=names, within=1e-7)
        printed("eq-autodiff-adjoint").holds(read, also=names, within=1e-7, i=everything[:-1], j=everything)


@pytest.mark.equation("eq-autodiff-seed", method="autodiff")
@pytest.mark.equation("eq-autodiff-adjoint", method="autodiff")
def test_the_package_adds_over_children(printed):
    functions = {"exp": exp, "sin": sin, "sqrt": sqrt, "+": lambda u, v: u + v, "*": lambda u, v: u * v}
    for point, program in programs():
        nodes = [Var(float(v)) for v in point]
        for name, *parents in program:
            nodes.append(functions[name](*(nodes[p] for p in parents)))
        names, found = instructions(point, program), from_one([float(g) for g in grad(nodes[-1], nodes)])
        everything = range(1, names["L"] + 1)
        read = {r"\bar x_i": found, r"\frac{\partial f}{\partial x_i}": found}
        printed("eq-autodiff-seed").holds(read, also=names)
        printed("eq-autodiff-adjoint").holds(read, also=names, i=everything[:-1], j=everything)


@pytest.mark.equation("eq-autodiff-instruction", method="numeric")
def test_giving_a_variable_less_means_computing_it(printed):
    for point, program in programs():
        inputs, (values, _) = len(point), values_and_locals(point, program)

        def rest(j, given, program=program, inputs=inputs):
            assert len(given) == j  # F_j is a function of j variables
            return run_from(given, program, inputs)

        shifted = [v + 0.1 * i for i, v in enumerate(values)]  # the variables may have any values
        for j, (name, *parents) in enumerate(program, start=inputs + 1):
            names = {
                "F_j": lambda j, rest=rest: lambda *given: rest(j, given),
                "g_j": {j: lambda operands, name=name: ELEMENTARY[name][0](*operands)},
                r"x_{\mathrm{Pa}(x_j)}": [shifted[p] for p in parents],
                "x_i": from_one(shifted),
            }
            printed("eq-autodiff-instruction").holds(names, within=1e-15, j=[j])


@pytest.mark.equation("eq-autodiff-undo", method="central differences")
def test_undoing_one_instruction(printed):
    for point, program in programs():
        names = instructions(point, program)
        slopes = {r"\frac{\partial F_j}{\partial x_i}": prefix_slopes(point, program)}
        printed("eq-autodiff-undo").holds(
            slopes,
            also=names,
            within=1e-7,
            j=range(len(point) + 1, names["L"] + 1),
            i=lambda j: range(1, j),
        )


@pytest.mark.equation("eq-autodiff-example", method="sympy")
def test_the_example_in_reverse(printed):
    values = [x, x**2, sp.exp(x**2), x**2 + sp.exp(x**2), F]
    given = sp.symbols("x1:6", positive=True)
    rest = [  # the program from each variable on
        sp.sqrt(given[0] ** 2 + sp.exp(given[0] ** 2)),
        sp.sqrt(given[1] + sp.exp(given[1])),
        sp.sqrt(values[1] + given[2]),
        sp.sqrt(given[3]),
        given[4],
    ]
    bars = [sp.diff(r, v).subs(v, at) for r, v, at in zip(rest, given, values, strict=True)]
    printed("eq-autodiff-example").holds({r"\bar x_i": from_one(bars), "x_i": from_one(values)})


@pytest.mark.equation("eq-autodiff-paths", method="numeric")
@pytest.mark.parametrize("k", [1, 2, 3, 7, 12])
def test_paths_and_edges(k, printed):
    start = node = Var(1.0)
    for _ in range(k):
        node = node * node
    paths = {start: 1}
    for other in graph(node)[1:]:
        paths[other] = sum(paths[parent] for parent in other.parents)
    edges = sum(len(other.parents) for other in graph(node))
    names = {r"\text{number of paths}": paths[node], r"\text{number of edges}": edges, "k": k}
    printed("eq-autodiff-paths").holds(names)
    assert grad(node, [start]) == [2.0**k]  # at 1 every path contributes 1


# --- One neuron ---


@pytest.mark.equation("eq-autodiff-neuron", method="sympy")
def test_one_neuron(printed):
    names = dict(zip("wbxy", sp.symbols("w b x y", real=True), strict=True))
    names[r"\sigma"] = lambda z: printed("def-perceptron-sigmoid").value({"z": z})
    printed("eq-autodiff-neuron").holds(also=names, where=["def-autodiff-neuron"])


@pytest.mark.equation("eq-autodiff-neuron", method="autodiff")
def test_one_neuron_by_reverse_mode(printed):
    for w0, b0, x0, y in ((1.5, -0.5, 2.0, 0.0), (-0.3, 0.8, 1.2, 1.0)):
        w, b = Var(w0), Var(b0)
        a = sigmoid(w * x0 + b)
        dw, db = map(float, grad(0.5 * (a - y) ** 2, [w, b]))
        slopes = {r"\frac{\partial C}{\partial w}": dw, r"\frac{\partial C}{\partial b}": db}
        printed("eq-autodiff-neuron").holds({**slopes, "a": float(a.value), "x": x0, "y": y})


# --- Forward mode ---


def tangents(point, direction, program):
    """Return all tangents, by differences along the direction."""

    def variable(s, j):
        return values_and_locals(np.asarray(point) + s * direction, program)[0][j]

    return [central_difference(lambda s, j=j: variable(s, j), 0.0) for j in range(len(point) + len(program))]


@pytest.mark.equation("eq-autodiff-tangent", method="central differences")
@pytest.mark.equation("eq-autodiff-forward", method="central differences")
def test_tangents_of_all_variables(printed):
    rng = np.random.default_rng(1)
    for point, program in programs():
        names, slope = instructions(point, program), prefix_slopes(point, program)
        read = {r"\dot x_i": from_one(tangents(point, rng.normal(size=len(point)), program))}
        L, inputs = names["L"], len(point)
        printed("eq-autodiff-tangent").holds(read, also=names, within=1e-7, p=range(1, L + 1))
        for i in range(inputs + 1, L + 1):  # the printed range has all of them
            printed("eq-autodiff-tangent").holds(read, also=names, within=1e-7, p=range(1, L + 1), i=[i])
        rest = from_one([slope(inputs, i) for i in range(1, inputs + 1)])
        read[r"\frac{\partial f}{\partial x_i}"] = rest
        printed("eq-autodiff-forward").holds(read, also=names, within=1e-7)


@pytest.mark.equation("eq-autodiff-forward", method="autodiff")
def test_forward_and_reverse_mode_of_the_package_agree(printed):
    def f(u, v, w):
        return tanh(u * v) / (1.0 + exp(w)) + log(u * u + 1.0) ** 2 - sin(v * w)

    point, direction = [0.3, -1.1, 0.7], [1.0, -2.0, 0.5]
    inputs = [Var(v) for v in point]
    slopes = from_one([float(g) for g in grad(f(*inputs), inputs)])
    tangent = from_one([*direction, float(forward_derivative(f, point, direction))])
    names = {r"\frac{\partial f}{\partial x_i}": slopes, r"\dot x_i": tangent, "l": 3, "L": 4}
    printed("eq-autodiff-forward").holds(names)


EPSILON = np.array([[0, 1], [0, 0]])  # a matrix whose square is zero


def dual_names(**values):
    """Numbers as multiples of the unit matrix, with which sums and products are those of dual numbers."""
    names = {k.replace("d", r"\dot "): np.array([[v, 0], [0, v]]) for k, v in values.items()}
    return names | {r"\epsilon": EPSILON}


@pytest.mark.equation("eq-autodiff-dual-product", method="sympy")
def test_product_of_dual_numbers(printed):
    u, du, v, dv = sp.symbols("u du v dv")
    printed("eq-autodiff-dual-product").holds(dual_names(u=u, du=du, v=v, dv=dv))


@pytest.mark.equation("eq-autodiff-dual-product", method="autodiff")
@pytest.mark.equation("eq-autodiff-dual-function", method="autodiff")
def test_dual_numbers_of_the_package(printed, discrepancy):
    def as_matrix(number):
        return number.value * np.eye(2) + number.tangent * EPSILON

    product = Dual(0.4, -1.5) * Dual(2.0, 0.3)
    for side in (0, 1):
        names = dual_names(u=0.4, du=-1.5, v=2.0, dv=0.3)
        read = printed("eq-autodiff-dual-product").value(names, side=side)
        close(read, as_matrix(product), discrepancy, 1e-15)
    functions = {
        "g": lambda v: np.tanh(v[0, 0]) * np.eye(2),
        "g'": lambda v: (1 - np.tanh(v[0, 0]) ** 2) * np.eye(2),
    }
    read = printed("eq-autodiff-dual-function").value({**functions, **dual_names(v=0.4, dv=-1.5)})
    close(read, as_matrix(tanh(Dual(0.4, -1.5))), discrepancy, 1e-15)


@pytest.mark.equation("eq-autodiff-dual-function", method="sympy")
@pytest.mark.parametrize(
    ("g", "slope"),
    [
        (lambda m: m**3 - 2 * m, lambda m: 3 * m**2 - 2 * sp.eye(2)),
        (lambda m: m.inv(), lambda m: -(m.inv() ** 2)),
        (lambda m: m.exp(), lambda m: m.exp()),
    ],
)
def test_functions_of_dual_numbers(g, slope, printed):
    v, dv = sp.symbols("v dv", nonzero=True)
    functions = {"g": lambda m: g(sp.Matrix(m)), "g'": lambda m: slope(sp.Matrix(m))}
    printed("eq-autodiff-dual-function").holds({**functions, **dual_names(v=v, dv=dv)})


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
def test_operations_of_both_modes(n, m, printed, discrepancy):
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

    modes = printed("eq-autodiff-modes")
    assert (forward, reverse) == (modes.value({"E": E, "n": n}), modes.value({"E": E, "m": m}, statement=1))
    close(np.array(columns).T, rows, discrepancy)


@pytest.mark.equation("eq-autodiff-cheap", method="numeric")
@pytest.mark.parametrize("n", [1, 5, 40])
def test_one_reverse_sweep_does_not_depend_on_the_number_of_inputs(n, printed):
    for seed in range(5):
        _, outputs, order = recorded(np.random.default_rng(seed), n, 1, length=60)
        N = count_operations(*outputs)
        E = sum(len(node.parents) for node in order)
        assert all(len(node.parents) <= 2 for node in order)
        printed("eq-autodiff-cheap").holds({"E": E, "N": N}, only=0)
    assert printed("eq-autodiff-cheap").value({"n": n}, statement=1) == n  # "for any n"


@pytest.mark.equation("eq-autodiff-cheap", method="numeric")
def test_instructions_with_two_operands_reach_the_bound(printed, discrepancy):
    node = Var(1.0)
    for _ in range(5):
        node = node * node
    work = printed("eq-autodiff-cheap").value({"E": sum(len(v.parents) for v in graph(node))}, side=0)
    bound = printed("eq-autodiff-cheap").value({"N": count_operations(node)}, side=1)
    discrepancy(work - bound)
    assert work == bound


@pytest.mark.equation("eq-autodiff-cheap", method="numeric")
@pytest.mark.parametrize("n", [1, 10, 100, 1000])
def test_counts_of_the_neuron(n, printed):
    z = Var(0.0)
    for _ in range(n):
        z = z + Var(0.01) * 1.0
    cost = 0.5 * (sigmoid(z) - 1.0) ** 2
    N, E = count_operations(cost), sum(len(node.parents) for node in graph(cost))
    printed("eq-autodiff-cheap").holds({"E": E, "N": N}, only=0)
    assert (2 * n + 4, 3 * n + 4) == (N, E)
    assert 2 * E < 3 * N


# --- Finite differences ---


@pytest.mark.equation("eq-autodiff-one-sided", method="sympy")
@pytest.mark.equation("eq-autodiff-symmetric", method="sympy")
@pytest.mark.parametrize("g", [sp.exp, sp.sin, lambda z: z**5 - 2 * z**4 + z])
def test_expansions_in_the_step(g, printed):
    for label in ("eq-autodiff-one-sided", "eq-autodiff-symmetric"):
        printed(label).holds({"f": g, "x": x, "h": h, "O": sp.Order})


@pytest.mark.equation("eq-autodiff-complex-step", method="sympy")
@pytest.mark.parametrize("g", [sp.exp, lambda z: z**5 - 2 * z**4 + z])
def test_expansion_in_a_complex_step(g, printed):
    names = {"f": lambda z: sp.expand(g(z), complex=True), "x": x, "h": h, "i": sp.I, "O": sp.Order}
    printed("eq-autodiff-complex-step").holds(names)


def differences(step):
    right, left = POINTS + step, POINTS - step
    one_sided = (f_numpy(right) - f_numpy(POINTS)) / (right - POINTS)
    central = (f_numpy(right) - f_numpy(left)) / (right - left)
    exact = POINTS * (1 + np.exp(POINTS**2)) / f_numpy(POINTS)
    return np.abs(one_sided - exact).max(), np.abs(central - exact).max()


STEPS = np.logspace(-15, -0.5, 146)


@pytest.mark.equation("eq-autodiff-central", method="numeric")
def test_central_differences_stay_below_the_bound(printed):
    third = sp.lambdify(x, sp.diff(F, x, 3))
    fifth = sp.lambdify(x, sp.diff(F, x, 5))
    around = np.linspace(0.3, 1.3, 1001)
    for step in STEPS[STEPS < 0.1]:
        names = {
            r"\text{error}": differences(step)[1],
            "h": step,
            "f'''": np.abs(third(POINTS)).max(),
            "f": f_numpy(POINTS).max(),
            r"\varepsilon": EPS,
        }
        next_order = step**4 / 120 * np.abs(fifth(around)).max()
        printed("eq-autodiff-central").holds(names, within=next_order)


@pytest.mark.equation("eq-autodiff-central", method="numeric")
@pytest.mark.parametrize(("step", "ratio"), [(2.0**-3, 1 + 1e-9), (1e-9, 30)])
def test_a_large_cubic_reaches_the_bound_or_nearly(step, ratio, printed, discrepancy):
    """For a large step the bound is the error; for a small one rounding stays below it, but not by far."""
    right, left = POINTS + step, POINTS - step
    measured = np.abs(1000 * (right**3 - left**3) / (right - left) - 3000 * POINTS**2).max()
    names = {"h": step, "f'''": 6000.0, "f": 1000 * POINTS.max() ** 3, r"\varepsilon": EPS}
    bound = printed("eq-autodiff-central").value(names)
    discrepancy(max(0.0, measured - bound))
    assert bound / ratio < measured < bound * (1 + 1e-9)


@pytest.mark.equation("eq-autodiff-best-step", method="sympy")
@pytest.mark.equation("eq-autodiff-best-error", method="sympy")
def test_best_central_step(printed, discrepancy):
    e, f, f3, s = sp.symbols("e f f3 s", positive=True)
    names = {r"\varepsilon": e, "f": f, "f'''": f3}
    bound = printed("eq-autodiff-central").value({**names, "h": s})
    best = printed("eq-autodiff-best-step").value(names, side=1)
    least = printed("eq-autodiff-best-error").value({"f'''": f3, "h_*": best}, side=1)
    assert sp.diff(bound, s, 2).is_positive  # so there is one minimum
    for residual in (sp.diff(bound, s).subs(s, best), bound.subs(s, best) - least):
        discrepancy(sp.simplify(residual))
        assert sp.simplify(residual) == 0


@pytest.mark.equation("eq-autodiff-best-step", method="numeric")
@pytest.mark.equation("eq-autodiff-best-error", method="numeric")
@pytest.mark.equation("eq-autodiff-one-sided-step", method="numeric")
def test_sizes_of_best_steps_and_errors(printed):
    """With f and its derivatives such that the factors before the powers of epsilon are 1."""
    names = {r"\varepsilon": EPS, "h_*": EPS ** (1 / 3), "f": 1.0, "f'''": 3.0}
    printed("eq-autodiff-best-step").holds(names, approx=1e-7)
    names = {
        r"\varepsilon": EPS,
        "h_*": EPS ** (1 / 3),
        "f'''": 2.0,
        r"\text{error at}": 0.5 * EPS ** (1 / 3),
    }
    printed("eq-autodiff-best-error").holds(names, within=1e-20, approx=4e-12)
    names = {r"\varepsilon": EPS, "h_*": EPS ** (1 / 2), "f": 1.0, "f''": 4.0}
    printed("eq-autodiff-one-sided-step").holds(names, approx=1.5e-10)


@pytest.mark.equation("eq-autodiff-best-step", method="numeric")
@pytest.mark.equation("eq-autodiff-best-error", method="numeric")
@pytest.mark.equation("eq-autodiff-one-sided-step", method="numeric")
def test_measured_best_steps(printed, discrepancy):
    one_sided, central = np.array([differences(step) for step in STEPS]).T
    best_one_sided, best_central = STEPS[one_sided.argmin()], STEPS[central.argmin()]
    discrepancy(abs(best_central - CUBE_ROOT_OF_EPSILON))
    assert EPS ** (1 / 3) / 3 < best_central < 3 * EPS ** (1 / 3)
    assert EPS ** (1 / 2) / 3 < best_one_sided < 3 * EPS ** (1 / 2)
    third, second = (np.abs(sp.lambdify(x, sp.diff(F, x, k))(POINTS)).max() for k in (3, 2))
    largest = f_numpy(POINTS).max()
    names = {r"\varepsilon": EPS, "f": largest}
    best = printed("eq-autodiff-best-step").value({**names, "f'''": third}, side=1)
    assert central.min() <= printed("eq-autodiff-best-error").value({"f'''": third, "h_*": best}, side=1)
    best = printed("eq-autodiff-one-sided-step").value({**names, "f''": second}, side=1)
    assert one_sided.min() <= second * best  # both terms of its bound at the best step
    assert best / 3 < best_one_sided < 3 * best


@pytest.mark.equation("eq-autodiff-one-sided-step", method="sympy")
def test_best_one_sided_step(printed, discrepancy):
    e, f, f2, s = sp.symbols("e f f2 s", positive=True)
    bound = s / 2 * f2 + 2 * e * f / s
    best = printed("eq-autodiff-one-sided-step").value({r"\varepsilon": e, "f": f, "f''": f2}, side=1)
    residual = sp.simplify(sp.diff(bound, s).subs(s, best))
    discrepancy(residual)
    assert residual == 0
    assert sp.diff(bound, s, 2).is_positive


@pytest.mark.equation("eq-autodiff-complex-step", method="numeric")
def test_complex_step_has_no_cancellation(printed, discrepancy):
    exact = POINTS * (1 + np.exp(POINTS**2)) / f_numpy(POINTS)
    for step in (1e-9, 1e-20, 1e-100):
        names = {"f": f_numpy, "x": samples(POINTS), "h": step, "i": 1j}
        close(printed("eq-autodiff-complex-step").value(names, side=0), exact, discrepancy, 1e-14)
    close(complex_step(f_numpy, 0.7), float(sp.diff(F, x).subs(x, 0.7)), discrepancy, 1e-15)


@pytest.mark.equation("eq-autodiff-example", method="autograd")
def test_five_witnesses(printed, discrepancy):
    def f(v):
        a = v**2
        return sqrt(a + exp(a))

    values = from_one([0.5, 0.25, math.exp(0.25), 0.25 + math.exp(0.25)])
    bars = [None] * 6
    for statement, i in enumerate((5, 4, 3, 2, 1)):
        names = {r"\bar x_i": bars, "x_i": values}
        bars[i] = printed("eq-autodiff-example").value(also=names, statement=statement)
    truth = bars[1]
    v = Var(0.5)
    by_autograd = autograd.grad(lambda u: anp.sqrt(u**2 + anp.exp(u**2)))(0.5)
    answers = [grad(f(v), [v])[0], forward_derivative(f, 0.5), by_autograd, complex_step(f_numpy, 0.5)]
    close(answers, truth, discrepancy, 3e-16)
    assert abs(central_difference(f_numpy, 0.5) - truth) < 1e-10


# --- Loops, branches, kinks ---


@pytest.mark.equation("eq-autodiff-loop", method="sympy")
@pytest.mark.equation("eq-autodiff-loop-limit", method="sympy")
def test_one_round_of_the_babylonian_root(printed):
    """Differentiate the first formula, in which y_k depends on x in any way."""
    s, dy = sp.symbols("s dy", positive=True)
    y = sp.Function("y", positive=True)(s)
    following = (y + s / y) / 2  # the next value of Babylonian root finding, from its program
    names = {"y_k": [y, following], r"\dot y_k": [sp.diff(y, s), sp.diff(following, s)], "x": s}
    printed("eq-autodiff-loop").holds(names, k=[0])
    at_the_root = {"y_k": [sp.sqrt(s)], r"\dot y_k": [dy], "x": s}  # dy: any slope
    slope = printed("eq-autodiff-loop").value(also=at_the_root, statement=1, k=0)
    printed("eq-autodiff-loop-limit").holds({**at_the_root, r"\dot y_k": [dy, slope]}, k=[0])


@pytest.mark.equation("eq-autodiff-loop", method="autodiff")
@pytest.mark.equation("eq-autodiff-loop-limit", method="autodiff")
def test_rounds_of_the_loop(printed):
    v = Dual(10.0, 1.0)
    rounds = [v]
    for _ in range(9):
        rounds.append((rounds[-1] + v / rounds[-1]) / 2)
    names = {"y_k": [y.value for y in rounds], r"\dot y_k": [y.tangent for y in rounds], "x": 10.0}
    printed("eq-autodiff-loop").holds(names, k=range(9))
    printed("eq-autodiff-loop-limit").holds(names, k=[8])


@pytest.mark.equation("eq-autodiff-branch", method="sympy")
def test_slope_at_the_patch(printed):
    printed("eq-autodiff-branch").holds()
    assert sp.series((sp.exp(x) - 1) / x, x, 0, 3).removeO() == 1 + x / 2 + x**2 / 6


@pytest.mark.equation("eq-autodiff-branch", method="autodiff")
def test_the_patched_branch_is_constant(printed, discrepancy):
    def patched(v, there):
        if not (v < 0 or v > 0):
            return there(v)
        return (exp(v) - 1.0) / v

    assert forward_derivative(lambda v: patched(v, lambda v: 1.0), 0.0) == 0.0
    repaired = forward_derivative(lambda v: patched(v, lambda v: 1.0 + v / 2), 0.0)
    slope = printed("eq-autodiff-branch").value()
    discrepancy(repaired - slope)
    assert repaired == slope


@pytest.mark.equation("eq-autodiff-kink", method="proof by cases")
def test_identity_from_two_kinks(printed):
    p = sp.symbols("p", positive=True)
    for case in (p, -p, sp.Integer(0)):
        printed("eq-autodiff-kink").holds({r"\operatorname{relu}": lambda v: sp.Max(0, v), "x": case})
    for v in (-2.0, -0.1, 0.0, 0.3):
        printed("eq-autodiff-kink").holds({r"\operatorname{relu}": relu, "x": v}, within=0)
    assert forward_derivative(lambda v: relu(v) - relu(-1.0 * v), 0.1) == 1.0
    assert forward_derivative(lambda v: relu(v) - relu(-1.0 * v), 0.0) == 0.0  # the trap in the text


@pytest.mark.equation("eq-autodiff-example", method="autodiff")
def test_printed_numbers_of_the_figures(printed):
    v = Var(0.5)
    a = v**2
    b = exp(a)
    c = a + b
    root = sqrt(c)
    adjoint, nodes = gradients(root), (v, a, b, c, root)
    bars = from_one([float(adjoint[node]) for node in nodes])
    values = from_one([float(node.value) for node in nodes])
    printed("eq-autodiff-example").holds({r"\bar x_i": bars, "x_i": values})
    assert [round(float(adjoint[node]), 3) for node in (c, b, a)] == [0.404, 0.404, 0.922]


@pytest.mark.equation("def-autodiff-adjoint", method="sympy")
def test_an_adjoint_is_the_slope_of_the_rest_of_the_program(printed, discrepancy):
    x1, x2 = sp.symbols("x1:3")
    rest = [sp.exp(sp.sin(x1)), sp.exp(x2)]  # F_1 begins at x_1, F_2 at x_2 = sin(x_1)
    for i, slope in enumerate([sp.cos(x1) * sp.exp(sp.sin(x1)), sp.exp(x2)], 1):
        names = {"x_i": from_one(np.array([x1, x2])), "F_i": from_one(np.array(rest))}
        discrepancy(sp.simplify(printed("def-autodiff-adjoint").value(names, i=i) - slope), within=1e-12)


@pytest.mark.equation("def-autodiff-program", method="numeric")
def test_a_program_ends_with_its_last_variable(printed, discrepancy):
    program = printed("def-autodiff-program")
    said = [str(side) for statement in program.statements[:2] for side in statement.sides]
    assert said == ["x_{i}", r"g_{i} ( x_{\mathrm{Pa} ( x_{i} )} )", "i", r"l + 1, \ldots, L"]
    x = [0.5, 0.25, math.exp(0.25)]
    names = {"x_i": from_one(np.array(x)), "l": 2, "L": 3}
    discrepancy(program.value(also=names, statement=2) - x[-1], within=1e-12)
