"""The step neuron, Rosenblatt's rule with Novikoff's bound, and the sigmoid neuron with one input."""

import doctest

import autograd.numpy as anp
import numpy as np
import pytest
import sympy
from autograd import grad as autograd_grad
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fysstk_nn import autodiff, perceptron
from fysstk_nn.autodiff import Var
from fysstk_nn.gates import AND, INPUTS, NAND, OR, XOR, design_matrix
from fysstk_nn.gradcheck import central_difference
from fysstk_nn.linear import is_separable
from fysstk_nn.perceptron import convergence_bound, rosenblatt, step_neuron, train

# --- the step neuron --------------------------------------------------------------------------------------


def test_step_neuron_is_nand():
    assert step_neuron(INPUTS, [-2, -2], 3).tolist() == NAND.y.tolist()


def test_step_neuron_gives_zero_on_its_line():
    assert step_neuron([[1.0, 1.0]], [1.0, 1.0], -2.0).tolist() == [0]


@given(st.floats(1e-6, 1e6))
def test_scaling_all_weights_changes_no_output(c):
    assert step_neuron(INPUTS, [-2 * c, -2 * c], 3 * c).tolist() == NAND.y.tolist()


def test_step_neuron_errors():
    with pytest.raises(ValueError, match="X has 2 features, the neuron has weights for 3"):
        step_neuron(INPUTS, [1.0, 2.0, 3.0], 0.0)
    with pytest.raises(TypeError, match="b must be a number"):
        step_neuron(INPUTS, [1.0, 2.0], None)


# --- Rosenblatt's rule ------------------------------------------------------------------------------------


def test_rosenblatts_rule_on_or_by_hand():
    # From zero, the output is 0 everywhere.
    # Epoch 1: (0,0) -> 0 right. (0,1) -> 0 wrong: w = (0, 1), b = 1. (1,0) and (1,1) give 1: right.
    # Epoch 2: (0,0): z = 1 -> wrong: b = 0. (0,1): z = 1 right. (1,0): z = 0 -> wrong: w = (1, 1), b = 1.
    # Epoch 3: (0,0): z = 1 -> wrong: b = 0. The others have z = 1, 1, 2: right. Epoch 4: no mistake.
    result = rosenblatt(OR.X, OR.y)
    assert result.converged
    assert result.mistakes == [1, 2, 1, 0]
    assert result.samples == [1, 0, 2, 0]
    assert [(w.tolist(), b) for w, b in result.history] == [
        ([0, 0], 0),
        ([0, 1], 1),
        ([0, 1], 0),
        ([1, 1], 1),
        ([1, 1], 0),
    ]
    assert (result.w.tolist(), result.b) == ([1, 1], 0)


@pytest.mark.parametrize("gate", [AND, OR, NAND], ids=lambda gate: gate.name)
def test_separable_gates_are_learned(gate):
    result = rosenblatt(gate.X, gate.y)
    assert result.converged
    assert step_neuron(gate.X, result.w, result.b).tolist() == gate.y.tolist()


def test_xor_is_never_learned():
    result = rosenblatt(XOR.X, XOR.y, epochs=50)
    assert not result.converged
    assert len(result.mistakes) == 50
    assert min(result.mistakes) > 0


def test_learning_rate_scales_the_line_and_changes_no_step():
    one, tenth = rosenblatt(AND.X, AND.y), rosenblatt(AND.X, AND.y, eta=0.125)
    assert tenth.samples == one.samples
    np.testing.assert_array_equal(tenth.w, 0.125 * one.w)
    assert tenth.b == 0.125 * one.b


def test_start_from_a_line_that_is_right_needs_no_correction():
    w = np.array([1.0, 1.0])
    result = rosenblatt(OR.X, OR.y, w=w, b=-0.5)
    assert result.mistakes == [0]
    assert len(result.history) == 1
    result.w[0] = 5.0
    assert w.tolist() == [1.0, 1.0]


def separable_samples(rng, n, p, gap):
    """Return samples at least `gap` away from a random plane, and that plane."""
    w, b = rng.normal(size=p), rng.normal()
    X = rng.normal(size=(n, p))
    z = X @ w + b
    X += np.outer(gap * np.where(z > 0, 1, -1), w / np.linalg.norm(w))
    return X, (z > 0).astype(int), w, b


@given(
    st.integers(0, 10_000), st.integers(2, 30), st.integers(1, 4), st.floats(0.05, 2.0), st.floats(0.1, 10)
)
def test_novikoffs_bound_holds(seed, n, p, gap, eta):
    X, y, w, b = separable_samples(np.random.default_rng(seed), n, p, gap)
    bound = convergence_bound(X, y, w, b)
    result = rosenblatt(X, y, epochs=int(bound) + 2, eta=eta)
    assert result.converged
    assert len(result.samples) == sum(result.mistakes) <= bound
    assert step_neuron(X, result.w, result.b).tolist() == y.tolist()


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(-2, 2), st.integers(-2, 2), st.booleans()), min_size=2, max_size=8))
def test_rule_converges_exactly_where_a_line_exists(samples):
    X, y = np.array([s[:2] for s in samples], dtype=float), np.array([s[2] for s in samples])
    assume(0 < y.sum() < len(y))
    assert rosenblatt(X, y, epochs=1000).converged == is_separable(design_matrix(X), y)


def test_bound_by_hand():
    # OR with the line x1 + x2 = 1/2: R^2 = 1 + 1 + 1 = 3 and gamma = (1/2) / sqrt(1 + 1 + 1/4) = 1/3.
    assert convergence_bound(OR.X, OR.y, [1, 1], -0.5) == pytest.approx(27, rel=1e-15)
    assert convergence_bound(OR.X, OR.y, [10, 10], -5) == pytest.approx(27, rel=1e-15)


def test_bound_needs_a_line_that_separates():
    with pytest.raises(
        ValueError, match="the line does not separate the classes: sample 3 is on the wrong side"
    ):
        convergence_bound(XOR.X, XOR.y, [1, 1], -0.5)
    with pytest.raises(ValueError, match="or on it"):
        convergence_bound(OR.X, OR.y, [1, 1], 0)


def test_rosenblatt_errors():
    with pytest.raises(ValueError, match="the targets must be 0 and 1, y holds -1"):
        rosenblatt(OR.X, 2 * OR.y - 1)
    with pytest.raises(ValueError, match=r"y must have shape \(4,\), not \(3,\)"):
        rosenblatt(OR.X, OR.y[:3])
    with pytest.raises(ValueError, match=r"w must have shape \(2,\), not \(3,\)"):
        rosenblatt(OR.X, OR.y, w=np.zeros(3))
    with pytest.raises(ValueError, match="epochs must be at least 1"):
        rosenblatt(OR.X, OR.y, epochs=0)
    with pytest.raises(ValueError, match="eta must be > 0"):
        rosenblatt(OR.X, OR.y, eta=0)


# --- the sigmoid neuron with one input --------------------------------------------------------------------

X_BATCH, Y_BATCH = np.array([-1.0, 0.5, 2.0]), np.array([0.0, 1.0, 0.3])


def test_forward_and_gradients_by_hand():
    # x = 2, y = 1, w1 = 1/2, b1 = -1: z1 = 0, a1 = 1/2, C = 1/8.
    # delta1 = (1/2 - 1) * 1/4 = -1/8, dC/dw1 = -1/8 * 2 = -1/4, dC/db1 = -1/8.
    assert perceptron.forward(2.0, 0.5, -1.0) == (0.0, 0.5)
    assert perceptron.cost(2.0, 1.0, 0.5, -1.0) == 0.125
    assert perceptron.gradients(2.0, 1.0, 0.5, -1.0) == (-0.25, -0.125)


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-3, 3), st.floats(-3, 3))
def test_gradients_agree_with_autodiff_and_differences(x, y, w1, b1):
    found = perceptron.gradients(x, y, w1, b1)
    w, b = Var(w1), Var(b1)
    C = perceptron.cost(x, y, w, b, f1=autodiff.sigmoid)
    np.testing.assert_allclose(found, autodiff.grad(C, [w, b]), rtol=1e-12, atol=1e-16)
    numeric = central_difference(lambda t: perceptron.cost(x, y, *t), [w1, b1])
    np.testing.assert_allclose(found, numeric, rtol=1e-6, atol=1e-9)


def test_batch_is_the_mean_over_samples():
    pairs = list(zip(X_BATCH, Y_BATCH, strict=True))
    costs = [perceptron.cost(x, y, 0.7, -0.2) for x, y in pairs]
    assert perceptron.cost(X_BATCH, Y_BATCH, 0.7, -0.2) == pytest.approx(np.mean(costs), rel=1e-15)
    gradients = [perceptron.gradients(x, y, 0.7, -0.2) for x, y in pairs]
    np.testing.assert_allclose(
        perceptron.gradients(list(X_BATCH), list(Y_BATCH), 0.7, -0.2), np.mean(gradients, axis=0), rtol=1e-14
    )


def test_formulas_take_symbols_and_autograds_boxes():
    x, y, w1, b1 = sympy.symbols("x y w1 b1")
    C = perceptron.cost(x, y, w1, b1, f1=lambda z: 1 / (1 + sympy.exp(-z)))
    derivative = sympy.diff(C, w1).subs({x: 2.0, y: 1.0, w1: 0.5, b1: -1.0})
    assert float(derivative) == pytest.approx(-0.25, rel=1e-15)

    def cost(w1):
        return perceptron.cost(X_BATCH, Y_BATCH, w1, -0.2, f1=lambda z: 1 / (1 + anp.exp(-z)))

    assert autograd_grad(cost)(0.7) == pytest.approx(perceptron.gradients(X_BATCH, Y_BATCH, 0.7, -0.2)[0])


def test_numbers_come_out_as_python_floats():
    results = [
        perceptron.cost(1, 0, 2, 3),
        perceptron.cost(X_BATCH, Y_BATCH, 2, 3),
        *perceptron.gradients(1, 0, 2, 3),
        *perceptron.gradients(X_BATCH, Y_BATCH, 2, 3),
    ]
    assert {type(number) for number in results} == {float}


def test_train_follows_the_gradient_and_records_its_course():
    run = train(1.0, 0.0, w1=0.6, b1=0.9, eta=0.15, epochs=300)
    assert run.w1.shape == run.b1.shape == run.cost.shape == (301,)
    assert (run.w1[0], run.b1[0]) == (0.6, 0.9)
    assert run.cost[0] == perceptron.cost(1.0, 0.0, 0.6, 0.9)
    dC_dw1, dC_db1 = perceptron.gradients(1.0, 0.0, 0.6, 0.9)
    assert (run.w1[1], run.b1[1]) == pytest.approx((0.6 - 0.15 * dC_dw1, 0.9 - 0.15 * dC_db1), rel=1e-15)
    assert (np.diff(run.cost) < 0).all()


def test_train_starts_slowly_where_the_neuron_is_saturated():
    # Nielsen's two starts: the output is 0.82 in the first run and 0.98 in the second; the target is 0.
    mild, bad = (train(1.0, 0.0, w1=w1, b1=b1, eta=0.15, epochs=100) for w1, b1 in [(0.6, 0.9), (2.0, 2.0)])
    assert mild.cost[100] < 0.1 * mild.cost[0]
    assert bad.cost[100] > 0.9 * bad.cost[0]


def test_sigmoid_neuron_errors():
    with pytest.raises(ValueError, match=r"x has shape \(3,\), y has shape \(\)"):
        perceptron.gradients(X_BATCH, 1.0, 0.5, 0.5)
    with pytest.raises(ValueError, match="x must have 0 or 1 axes"):
        perceptron.gradients(np.ones((2, 1)), np.ones((2, 1)), 0.5, 0.5)
    with pytest.raises(TypeError, match="w1 must be a number"):
        perceptron.gradients(1.0, 1.0, "0.5", 0.5)
    with pytest.raises(ValueError, match="y must be finite"):
        train(1.0, np.nan, 0.5, 0.5)
    with pytest.raises(ValueError, match="eta must be > 0"):
        train(1.0, 1.0, 0.5, 0.5, eta=-1.0)
    with pytest.raises(TypeError, match="epochs must be an integer"):
        train(1.0, 1.0, 0.5, 0.5, epochs=1.5)
    with pytest.raises(TypeError, match="b1 must be a number"):
        train(1.0, 1.0, 0.5, "0.5")


def test_examples_in_the_docstrings():
    assert doctest.testmod(perceptron).failed == 0
