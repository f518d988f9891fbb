"""The equations of book/costs-and-outputs.md, as printed: costs, the fused deltas, and their stable forms."""

from __future__ import annotations

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp
from scipy.stats import norm

from fysstk_book.printed.names import from_one
from fysstk_book.printed.numbers import samples
from fysstk_nn import costs
from fysstk_nn.activations import sigmoid, softmax
from fysstk_nn.costs import one_hot
from fysstk_nn.gradcheck import central_difference

a, p = sp.symbols("a p", positive=True)
y, z, f = sp.symbols("y z f", real=True)
NEURON = ["def-cost-bce", r"a = \sigma(z)", "def-perceptron-sigmoid"]
CLASSES = ["def-cost-softmax", "def-cost-ce"]
Z = sp.symbols("z1:4", real=True)


@pytest.mark.equation("eq-cost-wish", method="sympy")
def test_the_wish_and_the_cost_that_fulfils_it(printed):
    printed("eq-cost-wish").holds({"a": a, "y": y}, where=["def-cost-bce"])


@pytest.mark.equation("eq-cost-delta-sigmoid", method="sympy")
def test_delta_of_sigmoid_and_cross_entropy(printed):
    printed("eq-cost-delta-sigmoid").holds(also={"y": y, "z": z}, where=["def-cost-wish", *NEURON])


@pytest.mark.equation("eq-cost-delta-sigmoid", method="central differences")
def test_delta_of_sigmoid_and_cross_entropy_numerically(rng, printed):
    z, y = rng.normal(size=(5, 3)), rng.integers(0, 2, size=(5, 3)).astype(float)
    measured = central_difference(lambda z: costs.binary_cross_entropy(sigmoid(z), y), z)
    for delta in (measured, costs.binary_cross_entropy.output_delta(sigmoid, z, sigmoid(z), y)):
        names = {r"\delta": samples(5 * delta), "a": samples(sigmoid(z)), "y": samples(y)}
        printed("eq-cost-delta-sigmoid").holds(names, within=1e-8)


@pytest.fixture
def deltas(printed):
    """Deltas of a neuron with target 0, as functions of z: of the cross-entropy and of the squared error."""

    def of(cost):
        where = [cost, *NEURON[1:]]
        return lambda z: printed("def-cost-wish").value(also={"z": z, "y": 0}, where=where, side=1)

    return {"cross-entropy": of("def-cost-bce"), "squared": of(r"C = \frac{(a - y)^2}{2}")}


@pytest.mark.equation("eq-cost-time", method="numeric")
@pytest.mark.parametrize("end", [0.5, 2.0, 4.0])
def test_time_to_forget(end, printed, deltas):
    times = {
        rf"T_\text{{{cost}}}": printed("def-cost-time").value({"z_0": end, r"\delta": delta})
        for cost, delta in deltas.items()
    }
    printed("eq-cost-time").holds({**times, "z_0": end}, within=1e-8)


@pytest.mark.equation("eq-cost-time", method="sympy")
def test_speed_of_forgetting(printed, deltas, discrepancy):
    for statement, delta in enumerate(deltas.values()):
        time = printed("eq-cost-time").value({"z_0": z}, statement=statement)
        residual = sp.simplify(sp.diff(time, z) - 1 / (2 * delta(z)))
        discrepancy(abs(residual) + abs(time.subs(z, 0)))
        assert residual == 0
        assert time.subs(z, 0) == 0


@pytest.mark.equation("eq-cost-curvature", method="sympy")
def test_the_cross_entropy_is_convex(printed):
    printed("eq-cost-curvature").holds(also={"y": y, "z": z}, where=NEURON)


@pytest.mark.equation("eq-cost-likelihood", method="numeric")
@pytest.mark.parametrize("n", [1, 4, 30])
def test_cross_entropy_is_minus_the_log_likelihood(n, rng, printed):
    a, y = rng.uniform(0.05, 0.95, size=n), rng.integers(0, 2, size=n)
    likelihood = np.prod([ai if yi == 1 else 1 - ai for ai, yi in zip(a, y, strict=True)])
    for cost in (-np.log(likelihood) / n, costs.binary_cross_entropy(a, y)):
        printed("eq-cost-likelihood").holds({"C": cost, "a_i": from_one(a), "y_i": from_one(y), "n": n})


@pytest.mark.equation("eq-cost-gauss", method="sympy")
def test_squared_error_is_gaussian_noise(printed):
    printed("eq-cost-gauss").holds({"a": a, "y": y, r"\tau": sp.Symbol("tau", positive=True)})


@pytest.mark.equation("eq-cost-gauss", method="numeric")
def test_density_of_gaussian_noise(printed, discrepancy):
    for a, y, tau in ((0.3, 1.0, 0.5), (-1.0, 2.0, 3.0), (0.0, 0.0, 1.0)):
        for side in (0, 1):
            found = printed("eq-cost-gauss").value({"a": a, "y": y, r"\tau": tau}, side=side)
            error = abs(found + norm.logpdf(y, loc=a, scale=tau))
            discrepancy(error)
            assert error < 1e-14


@pytest.mark.equation("eq-cost-calibrated", method="sympy")
def test_the_best_answer_is_the_probability(printed):
    printed("eq-cost-calibrated").holds({"a": a, "p": p})
    slope = printed("eq-cost-calibrated").value({"a": a, "p": p}, side=0)
    assert sp.solve(slope, a) == [p]
    mean = sum(
        weight * printed("def-cost-bce").value({"a": a, "y": target})
        for target, weight in ((1, p), (0, 1 - p))
    )
    assert sp.simplify(sp.diff(mean, a) - slope) == 0
    assert sp.simplify(mean.subs({a: sp.Rational(1, 2), p: sp.Rational(1, 2)}) - sp.log(2)) == 0


@pytest.mark.equation("eq-cost-brier", method="sympy")
def test_the_squared_error_agrees(printed):
    def expectation(values):
        return (1 - p) * values[0] + p * values[1]

    printed("eq-cost-brier").holds({"a": a, "p": p, "y": [0, 1], r"\mathbb E": expectation})


@pytest.fixture
def soft(printed):
    """Softmax of a row of symbols or numbers, as the page defines it."""

    def soft(row):
        nodes = range(1, len(row) + 1)
        value = printed("def-cost-softmax").value
        return np.array([value({"z_i": from_one(np.asarray(row))}, i=i, k=nodes, where=[]) for i in nodes])

    return soft


@pytest.mark.equation("eq-cost-shift", method="sympy")
def test_a_constant_changes_nothing(printed, soft):
    names = {r"\operatorname{softmax}": soft, "z": Z, "c": sp.Symbol("c", real=True)}
    printed("eq-cost-shift").holds(names)


@pytest.mark.equation("eq-cost-two-classes", method="sympy")
def test_two_classes_are_a_sigmoid(printed):
    names = {"z_i": from_one(Z[:2])}
    printed("eq-cost-two-classes").holds(
        names, where=["def-cost-softmax", "def-perceptron-sigmoid"], k=(1, 2)
    )


NODES = {"i": range(1, 4), "j": range(1, 4)}
KRONECKER = {r"\delta_{ij}": lambda i, j: int(i == j)}


@pytest.mark.equation("eq-cost-jacobian-cases", method="sympy")
@pytest.mark.equation("eq-cost-jacobian", method="sympy")
def test_jacobian(printed):
    names = {"z_i": from_one(Z), **KRONECKER}
    where = ["def-cost-softmax", r"S = \sum_k e^{z_k}"]
    for label in ("eq-cost-jacobian-cases", "eq-cost-jacobian"):
        printed(label).holds(also=names, where=where, k=range(1, 4), **NODES)


@pytest.mark.equation("eq-cost-jacobian", method="central differences")
def test_jacobian_numerically(rng, printed):
    for M in (2, 3, 7):
        z, nodes = rng.normal(size=M), range(1, M + 1)
        printed("eq-cost-jacobian").holds(
            also={"z_i": from_one(z), **KRONECKER},
            where=["def-cost-softmax"],
            within=1e-9,
            i=nodes,
            j=nodes,
            k=nodes,
        )
        a = softmax(z)
        known = {
            "a_i": from_one(a),
            r"\frac{\partial a_i}{\partial z_j}": lambda i, j, z=z: softmax.jacobian(z[None])[0][
                i - 1, j - 1
            ],
        }
        printed("eq-cost-jacobian").holds(known, also=KRONECKER, i=nodes, j=nodes)


@pytest.mark.equation("eq-cost-delta-softmax", method="sympy")
def test_delta_of_softmax_and_cross_entropy(printed):
    targets = sp.symbols("y1:3", real=True)
    targets = (*targets, 1 - sum(targets))  # they add up to 1
    names = {"z_i": from_one(Z), "y_i": from_one(targets), **KRONECKER}
    delta = r"\delta_j = \frac{\partial C}{\partial z_j}"
    printed("eq-cost-delta-softmax").holds(also=names, where=[*CLASSES, delta], k=range(1, 4), j=range(1, 4))


@pytest.mark.equation("eq-cost-delta-softmax", method="autograd")
def test_delta_of_softmax_and_cross_entropy_by_autograd(rng, printed):
    z, y = rng.normal(size=4), one_hot(rng.integers(0, 4, size=1), 4)[0]

    def cost(z):
        a = anp.exp(z) / anp.sum(anp.exp(z))
        return -anp.sum(y * anp.log(a))

    names = {
        r"\delta_j": from_one(autograd.grad(cost)(z)),
        "z_i": from_one(z),
        "y_i": from_one(y),
        **KRONECKER,
    }
    nodes = range(1, 5)
    printed("eq-cost-delta-softmax").holds(also=names, where=CLASSES, within=1e-7, k=nodes, j=nodes)


@pytest.mark.equation("eq-cost-stable-sigmoid", method="proof by cases")
@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("sign", [-1, 1])
def test_forms_of_the_binary_cross_entropy(target, sign, printed, discrepancy):
    names = {"z": sign * p, "y": target}
    C, first, second = (
        printed("eq-cost-stable-sigmoid").value(also=names, where=NEURON, side=side) for side in range(3)
    )
    for form in (first, second):
        ratio = sp.simplify(sp.exp(C) / sp.exp(form))
        discrepancy(ratio - 1)
        assert ratio == 1


@pytest.mark.equation("eq-cost-stable-sigmoid", method="numeric")
def test_stable_form_far_out(printed, discrepancy):
    for z in (-800.0, -36.0, -3.5, 0.0, 0.25, 2.0, 40.0, 800.0):
        exact = sp.Float(z, 400)
        for target in (0, 1):
            true = -sp.log(1 / (1 + sp.exp(-exact)) if target else 1 / (1 + sp.exp(exact)))
            stable = printed("eq-cost-stable-sigmoid").value({"z": z, "y": target}, side=2)
            error = abs(sp.Float(stable) - true)
            discrepancy(error)
            assert error < 1e-12
            if abs(z) < 30:
                printed("eq-cost-stable-sigmoid").holds(also={"z": z, "y": target}, where=NEURON)


@pytest.mark.equation("eq-cost-stable-softmax", method="sympy")
def test_forms_of_the_cross_entropy(printed, discrepancy):
    for r in (1, 2, 3):
        names = {
            "z_i": from_one(Z),
            "m": sp.Symbol("m", real=True),
            "y_j": from_one(np.eye(3, dtype=int)[r - 1]),
        }
        C, first, second = (
            printed("eq-cost-stable-softmax").value(
                also=names, where=CLASSES, side=side, r=r, j=range(1, 4), k=range(1, 4)
            )
            for side in range(3)
        )
        for form in (first, second):
            ratio = sp.simplify(sp.exp(C) / sp.exp(form))
            discrepancy(ratio - 1)
            assert ratio == 1


@pytest.mark.equation("eq-cost-stable-softmax", method="numeric")
def test_stable_form_for_softmax(rng, printed, discrepancy):
    rows = [rng.normal(size=5), np.array([1000.0, 0.0, -1000.0]), np.array([-2000.0, -2001.0])]
    for row in rows:
        exact = [sp.Float(zk, 1200) for zk in row]
        total = sum(sp.exp(zk) for zk in exact)
        nodes = range(1, len(row) + 1)
        for r in nodes:
            names = {"z_i": from_one(row), "m": row.max()}
            stable = printed("eq-cost-stable-softmax").value(names, r=r, k=nodes)
            error = abs(sp.Float(stable) + sp.log(sp.exp(exact[r - 1]) / total))
            discrepancy(error)
            assert error < 1e-12
    z = rng.normal(size=3)
    for r in (1, 2, 3):
        names = {"z_i": from_one(z), "m": z.max(), "y_j": from_one(np.eye(3, dtype=int)[r - 1])}
        ranges = {"r": [r], "j": range(1, 4), "k": range(1, 4)}
        printed("eq-cost-stable-softmax").holds(also=names, where=CLASSES, **ranges)


@pytest.mark.equation("eq-cost-logistic", method="proof by cases")
@pytest.mark.parametrize("s", [1, -1])
def test_labels_of_plus_and_minus_one(s, printed):
    printed("eq-cost-logistic").holds({"s": s, "f": f}, where=["def-perceptron-sigmoid"])


@pytest.mark.equation("eq-cost-logistic", method="numeric")
@pytest.mark.parametrize("s", [1, -1])
def test_logistic_cost_is_the_cross_entropy(s, printed):
    where = ["def-cost-bce", r"a = \sigma(f)", "def-perceptron-sigmoid"]
    for f in (-3.0, -0.1, 0.4, 2.0):
        printed("eq-cost-logistic").holds({"s": s, "f": f}, where=where, within=1e-8)


@pytest.mark.equation("eq-cost-hinge-slope", method="central differences")
@pytest.mark.parametrize("s", [1, -1])
@pytest.mark.parametrize("f", [-3.1, -0.6, 0.4, 0.9, 1.2, 2.7])
def test_slope_of_the_hinge(f, s, printed):
    names = {"f": f, "s": s}
    printed("eq-cost-hinge-slope").holds(names, where=["def-cost-hinge"], within=1e-8)
    slope = costs.hinge.gradient(np.array([[f]]), np.array([[float(s)]]))[0, 0]
    printed("eq-cost-hinge-slope").holds({r"\frac{\partial C}{\partial f}": slope, **names})


@pytest.mark.equation("eq-cost-bounds", method="numeric")
@pytest.mark.parametrize("s", [1, -1])
def test_both_losses_lie_above_the_mistakes(s, printed, discrepancy):
    for f in (-30.0, -2.0, -1.0, -0.1, 0.0, 0.1, 0.9, 1.0, 1.1, 3.0, 30.0):
        names = {"s": s, "f": f}
        printed("eq-cost-bounds").holds(names)
        losses = [printed("eq-cost-bounds").value(names, statement=k) for k in (0, 1)]
        hinge, logistic = (printed(label).value(names) for label in ("def-cost-hinge", "eq-cost-logistic"))
        error = max(abs(losses[0] - hinge), abs(losses[1] - logistic / np.log(2)))
        mistakes = [printed("eq-cost-bounds").value(names, statement=k, side=0) for k in (0, 1)]
        discrepancy(error)
        assert error < 1e-13
        assert mistakes == [s * f <= 0] * 2
        if f == 0:
            assert np.allclose(losses, 1, rtol=0, atol=1e-15)


@pytest.mark.equation("eq-cost-mean", method="sympy")
def test_the_squared_error_asks_for_the_mean(printed):
    targets, weights = sp.symbols("y1:4", real=True), sp.symbols("p1:3", positive=True)
    weights = (*weights, 1 - sum(weights))  # any probabilities of three targets

    def mean(values):
        return sum(w * v for w, v in zip(weights, values, strict=True))

    names = {
        "a": a,
        "y": targets,
        r"\mathbb E": mean,
        r"\operatorname{Var}": lambda values: mean((values - mean(values)) ** 2),
        r"\mu": mean(targets),
    }
    printed("eq-cost-mean").holds(names)


@pytest.mark.equation("eq-cost-median", method="central differences")
def test_the_absolute_error_asks_for_the_median(rng, printed):
    values = rng.normal(size=9)
    for a in (*rng.normal(size=20), -10.0, 10.0):
        assert np.abs(values - a).min() > 1e-4
        names = {"a": a, "y_i": from_one(values), "n": 9}
        printed("eq-cost-median").holds(names, within=1e-8, i=range(1, 10))
    totals = [np.abs(values - v).sum() for v in values]
    assert values[np.argmin(totals)] == np.median(values)


@pytest.mark.equation("def-cost-wish", method="numeric")
def test_the_wish_is_answer_minus_truth(printed, discrepancy):
    discrepancy(printed("def-cost-wish").value({"a": 0.7, "y": 0.2}) - 0.5, within=1e-12)
