"""The equations of book/activations.md, as printed."""

import numpy as np
import pytest
import sympy as sp

from fysstk_book.printed.names import from_one
from fysstk_book.printed.numbers import samples
from fysstk_nn.activations import ELU, LeakyReLU, relu, sigmoid, softmax, softplus, tanh
from fysstk_nn.gradcheck import central_difference
from fysstk_nn.mlp import MLP

z = sp.Symbol("z", real=True)
SIZE, ALPHA = sp.symbols("p alpha", positive=True)
SIGMA = ["def-perceptron-sigmoid"]
SOFTPLUS = [r"\operatorname{softplus}(z) = \ln(1 + e^z)", *SIGMA]
Z = np.linspace(-6.05, 6.05, 122)  # no point at a kink
SIGNS = pytest.mark.parametrize("sign", [1, -1])


@pytest.mark.equation("eq-act-reflection", method="sympy")
def test_reflection(printed):
    printed("eq-act-reflection").holds({"z": z}, where=SIGMA)


@pytest.mark.equation("eq-act-tanh", method="sympy")
def test_tanh_is_a_scaled_sigmoid(printed):
    printed("eq-act-tanh").holds({"z": z}, where=SIGMA)


@pytest.mark.equation("eq-act-tanh", method="numeric")
def test_tanh_is_a_scaled_sigmoid_in_the_package(printed):
    printed("eq-act-tanh").holds({"z": samples(Z), r"\tanh": tanh, r"\sigma": sigmoid}, within=1e-14)


@pytest.mark.equation("eq-act-tanh-slope", method="sympy")
def test_slope_of_tanh(printed):
    printed("eq-act-tanh-slope").holds({"z": z}, where=[r"a = \tanh z"])


@SIGNS
@pytest.mark.equation("eq-act-leaky", method="proof by cases")
def test_leaky_relu_without_cases(sign, printed, discrepancy):
    names = {"z": sign * SIZE, r"\alpha": ALPHA}
    one, other = (printed("eq-act-leaky").value(names, where=["def-act-relu"], side=side) for side in (1, 2))
    residual = sp.simplify(one - other)
    discrepancy(residual)
    assert residual == 0
    assert other == (SIZE if sign > 0 else -ALPHA * SIZE)


@pytest.mark.equation("eq-act-leaky", method="numeric")
@pytest.mark.parametrize("alpha", [0.01, 0.3])
def test_leaky_relu_of_the_package(alpha, printed):
    for z in (*Z, 0.0):
        names = {r"\operatorname{leaky}": LeakyReLU(alpha), "z": z, r"\alpha": alpha}
        printed("eq-act-leaky").holds(names, where=["def-act-relu"], within=1e-14)


@SIGNS
@pytest.mark.equation("eq-act-elu-slope", method="proof by cases")
def test_slope_of_elu_from_its_output(sign, printed, discrepancy):
    known = {"z": sign * SIZE, r"\alpha": ALPHA}
    a = sp.Symbol("a", positive=sign > 0, negative=sign < 0)
    slope = printed("eq-act-elu-slope").value(also=known, where=["def-act-elu"], side=0)
    claimed = printed("eq-act-elu-slope").value({"a": a}, also=known)
    residual = sp.simplify(slope - sp.sympify(claimed).subs(a, printed("def-act-elu").value(known)))
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("eq-act-elu-slope", method="central differences")
@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_slope_of_elu_numerically(alpha, printed):
    names = {
        r"\operatorname{ELU}": ELU(alpha),
        r"\alpha": alpha,
        "z": samples(Z),
        "a": samples(ELU(alpha)(Z)),
    }
    printed("eq-act-elu-slope").holds(names, within=1e-8)
    exact = {**names, r"\operatorname{ELU}'": ELU(alpha).derivative}
    exact.pop(r"\operatorname{ELU}")
    printed("eq-act-elu-slope").holds(exact, within=1e-14)
    with pytest.raises(ValueError, match="none of the cases"):  # at the kink, the page gives no slope
        printed("eq-act-elu-slope").value({"a": 0, r"\alpha": alpha})


@pytest.mark.equation("eq-act-elu-smooth", method="sympy")
def test_slope_of_elu_is_continuous_for_alpha_one_only(printed):
    smooth, where = printed("eq-act-elu-smooth"), ["def-act-elu"]
    smooth.holds({r"\alpha": ALPHA}, where=where)
    left = smooth.value({r"\alpha": ALPHA}, where=where, side=0)
    right = printed("eq-act-elu-slope").value({"a": SIZE, r"\alpha": ALPHA})
    assert sp.solve(left - right, ALPHA) == [1]


@pytest.mark.equation("eq-act-softplus-slope", method="sympy")
def test_slope_of_softplus(printed):
    printed("eq-act-softplus-slope").holds({"z": z}, where=SOFTPLUS)


@pytest.mark.equation("eq-act-softplus-slope", method="central differences")
def test_slope_of_softplus_numerically(printed):
    names = {r"\operatorname{softplus}": softplus, r"\sigma": sigmoid, "z": samples(Z)}
    printed("eq-act-softplus-slope").holds(names, within=1e-9)


@SIGNS
@pytest.mark.equation("eq-act-softplus-stable", method="proof by cases")
def test_stable_softplus(sign, printed, discrepancy):
    one, other = (
        printed("eq-act-softplus-stable").value({"z": sign * SIZE}, where=SOFTPLUS, side=side)
        for side in (0, 1)
    )
    ratio = sp.simplify(sp.exp(one) / sp.exp(other))
    discrepancy(ratio - 1)
    assert ratio == 1


@pytest.mark.equation("eq-act-softplus-stable", method="numeric")
def test_stable_softplus_far_out(printed):
    for z in (*Z, 0.0, -1e4, 1e4):
        printed("eq-act-softplus-stable").holds({r"\operatorname{softplus}": softplus, "z": z}, within=1e-14)
    rest = softplus(Z) - np.maximum(0, Z)
    assert (rest > 0).all() and (rest < np.log(2)).all()


@pytest.fixture
def soft(printed):
    """Softmax of a row of symbols or numbers, as the page defines it."""

    def soft(row):
        nodes = range(1, len(row) + 1)
        value = printed("def-act-softmax").value
        return np.array([value({"z_i": from_one(np.asarray(row))}, i=i, k=nodes) for i in nodes])

    return soft


@pytest.mark.equation("eq-act-softmax-shift", method="sympy")
def test_softmax_sees_differences_only(printed, soft):
    names = {"z": sp.symbols("x:3", real=True), "c": sp.Symbol("c", real=True)}
    printed("eq-act-softmax-shift").holds({r"\operatorname{softmax}": soft, **names})


@pytest.mark.equation("eq-act-softmax-shift", method="numeric")
def test_softmax_of_the_package_sees_differences_only(rng, printed):
    names = {r"\operatorname{softmax}": softmax, "z": rng.normal(size=(5, 4)), "c": 1000.0}
    printed("eq-act-softmax-shift").holds(names)


def nodes(*letters, M):
    return {name: range(1, M + 1) for name in letters}


SLOPE_BY_OUTPUT = r"g_i = \frac{\partial C}{\partial a_i}"


@pytest.mark.equation("eq-act-softmax-pull-back", method="sympy")
def test_delta_through_softmax_for_any_cost(printed):
    names = {"z_i": from_one(sp.symbols("x:2", real=True)), "K": sp.Function("K")}
    where = ["def-act-softmax", "C = K(a_1, a_2)", SLOPE_BY_OUTPUT]
    printed("eq-act-softmax-pull-back").holds(also=names, where=where, **nodes(*"ijk", M=2))


@pytest.mark.equation("eq-act-softmax-pull-back", method="central differences")
def test_delta_through_softmax(rng, printed):
    names = {"z_i": from_one(rng.normal(size=5)), "y_i": from_one(rng.normal(size=5))}
    where = ["def-act-softmax", r"C = \frac12\sum_i (a_i - y_i)^2", SLOPE_BY_OUTPUT]
    printed("eq-act-softmax-pull-back").holds(also=names, where=where, within=1e-9, **nodes(*"ijk", M=5))


@pytest.mark.equation("eq-act-dead", method="central differences")
def test_a_dead_unit_has_no_gradient(rng, printed):
    net, dead = MLP((3, 4, 2), hidden="relu"), 3
    params, X, y = net.init("he", rng=rng), rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
    params.b[1][dead - 1] = -100.0

    def cost(theta):
        changed = params.copy()
        changed.theta[:] = theta
        return net.cost_of(changed, X, y)

    slopes = params.copy()
    slopes.theta[:] = central_difference(cost, params.theta)
    for gradient in (slopes, net.gradient(params, X, y)):
        names = {
            "z_j": lambda j: samples(net.forward(params, X).z[1][:, j - 1]),
            r"\frac{\partial\mathcal C}{\partial w_{ij}}": from_one(gradient.W[1]),
            r"\frac{\partial\mathcal C}{\partial b_j}": from_one(gradient.b[1]),
        }
        printed("eq-act-dead").holds(names, within=0, i=(1, 2, 3), j=[dead])
        edge = float(printed("eq-act-dead").value(names, j=dead))
        assert [relu.derivative(edge), relu.derivative(edge + 1e-9)] == [0, 1]
        for alive in (1, 2, 4):
            with pytest.raises(AssertionError, match="does not hold"):
                printed("eq-act-dead").holds(names, within=0, i=(1, 2, 3), j=[alive])
