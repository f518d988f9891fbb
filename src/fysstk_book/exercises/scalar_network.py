"""Exercises of the chapter on one hidden layer of scalars."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_nn.activations import sigmoid


def outputs(x: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    """Outputs of the hidden and of the output neuron."""
    a1 = sigmoid(w1 * x + b1)
    return a1, sigmoid(w2 * a1 + b2)


def hidden_delta(a1: Any, a2: Any, y: Any, w2: Any) -> Any:
    """Error of the hidden neuron."""
    return (a2 - y) * a2 * (1 - a2) * w2 * a1 * (1 - a1)


def gradients(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    """All four derivatives with sigmoids in both layers."""
    a1 = sigmoid(w1 * x + b1)
    a2 = sigmoid(w2 * a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = delta2 * w2 * a1 * (1 - a1)
    return delta1 * x, delta1, delta2 * a1, delta2


def linear_gradients(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    """All four derivatives with a linear output."""
    a1 = sigmoid(w1 * x + b1)
    delta2 = w2 * a1 + b2 - y
    delta1 = delta2 * w2 * a1 * (1 - a1)
    return delta1 * x, delta1, delta2 * a1, delta2


def _printed_on_the_slide(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    a1, a2 = outputs(x, w1, b1, w2, b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    slope1 = a1 * (1 - a1)
    return delta2 * a1 * slope1 * x, delta2 * slope1, delta2 * a1, delta2


def _without_hidden_slope(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    a1, a2 = outputs(x, w1, b1, w2, b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    return delta2 * w2 * x, delta2 * w2, delta2 * a1, delta2


def _without_output_slope(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    a1, a2 = outputs(x, w1, b1, w2, b2)
    delta1 = (a2 - y) * w2 * a1 * (1 - a1)
    return delta1 * x, delta1, (a2 - y) * a1, a2 - y


def _sigmoid_slope_at_a_linear_output(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    a1 = sigmoid(w1 * x + b1)
    a2 = w2 * a1 + b2
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = delta2 * w2 * a1 * (1 - a1)
    return delta1 * x, delta1, delta2 * a1, delta2


def first_delta(x: Any, y: Any, w: Any, b: Any) -> Any:
    """Error of the first neuron in a chain of sigmoid neurons."""
    a = [x]
    for weight, bias in zip(w, b, strict=True):
        a.append(sigmoid(weight * a[-1] + bias))
    delta = (a[-1] - y) * a[-1] * (1 - a[-1])
    for l in range(len(w) - 1, 0, -1):
        delta = delta * w[l] * a[l] * (1 - a[l])
    return delta


def _chain(*, shift: int = 0, slopes: bool = True, output_slope: bool = True, weights: bool = True) -> Any:
    """Return `first_delta` with one thing done wrong."""

    def wrong(x: Any, y: Any, w: Any, b: Any) -> Any:
        a = [x]
        for weight, bias in zip(w, b, strict=True):
            a.append(sigmoid(weight * a[-1] + bias))
        delta = (a[-1] - y) * (a[-1] * (1 - a[-1]) if output_slope else 1)
        for l in range(len(w) - 1, 0, -1):
            delta = delta * (w[l - shift] if weights else 1) * (a[l] * (1 - a[l]) if slopes else 1)
        return delta

    return wrong


def penalised(dC_dw: Any, w: Any, l1: Any, l2: Any) -> Any:
    """Derivative of the cost with both penalties."""
    return dC_dw + l2 * w + l1 * np.sign(w)


def tanh_gradient(theta: Any, x: Any, y: Any) -> Any:
    """Gradient for a tanh hidden neuron and a linear output."""
    w1, b1, w2, b2 = theta
    a1 = np.tanh(w1 * x + b1)
    delta2 = w2 * a1 + b2 - y
    delta1 = delta2 * w2 * (1 - a1**2)
    return np.array([delta1 * x, delta1, delta2 * a1, delta2])


def _tanh_with_sigmoid_slope(theta: Any, x: Any, y: Any) -> Any:
    w1, b1, w2, b2 = theta
    a1 = np.tanh(w1 * x + b1)
    delta2 = w2 * a1 + b2 - y
    delta1 = delta2 * w2 * a1 * (1 - a1)
    return np.array([delta1 * x, delta1, delta2 * a1, delta2])


def _tanh_without_slope(theta: Any, x: Any, y: Any) -> Any:
    w1, b1, w2, b2 = theta
    a1 = np.tanh(w1 * x + b1)
    delta2 = w2 * a1 + b2 - y
    return np.array([delta2 * w2 * x, delta2 * w2, delta2 * a1, delta2])


def _network(rng: np.random.Generator) -> tuple[Any, ...]:
    return nice(rng), nice(rng, low=0.1, high=1.0), nice(rng), nice(rng), nice(rng), nice(rng)


def _long_chain(rng: np.random.Generator) -> tuple[Any, ...]:
    L = int(rng.integers(2, 6))
    return nice(rng), nice(rng, low=0.1, high=1.0), nice(rng, L), nice(rng, L)


def _penalty(rng: np.random.Generator) -> tuple[Any, ...]:
    n = int(rng.integers(2, 6))
    return nice(rng, n), nice(rng, n), nice(rng, low=0.1, high=1.0), nice(rng, low=0.1, high=1.0)


EXERCISES = (
    Exercise(
        id="scalar-forward",
        chapter="scalar-network",
        title="Forward through two neurons",
        difficulty=1,
        minutes=4,
        equation="def-scalar-output",
        hints=("The output of the hidden neuron is the input of the output neuron.",),
        reference=outputs,
        inputs=lambda rng: (nice(rng), nice(rng), nice(rng), nice(rng), nice(rng)),
        mistakes=(
            Mistake(
                "left the output linear",
                lambda x, w1, b1, w2, b2: (sigmoid(w1 * x + b1), w2 * sigmoid(w1 * x + b1) + b2),
                "In this exercise both neurons have a sigmoid.",
            ),
            Mistake(
                "left the hidden neuron linear",
                lambda x, w1, b1, w2, b2: (w1 * x + b1, sigmoid(w2 * (w1 * x + b1) + b2)),
                "The hidden neuron has a sigmoid, too.",
            ),
            Mistake(
                "fed x into the output neuron",
                lambda x, w1, b1, w2, b2: (sigmoid(w1 * x + b1), sigmoid(w2 * x + b2)),
                "The output neuron sees a₁, not x.",
            ),
            Mistake(
                "fed z₁ into the output neuron",
                lambda x, w1, b1, w2, b2: (sigmoid(w1 * x + b1), sigmoid(w2 * (w1 * x + b1) + b2)),
                "What travels on is a₁ = σ(z₁).",
            ),
            Mistake(
                "forgot the biases",
                lambda x, w1, b1, w2, b2: outputs(x, w1, 0, w2, 0),
                "Each neuron adds its bias before the sigmoid.",
            ),
        ),
    ),
    Exercise(
        id="scalar-delta",
        chapter="scalar-network",
        title="The error of the hidden neuron",
        difficulty=2,
        minutes=8,
        equation="eq-scalar-delta1",
        hints=(
            "Start from the output: what is δ₂?",
            "Equation {eq}`eq-scalar-delta1` sends δ₂ back through one weight and one slope.",
        ),
        reference=hidden_delta,
        inputs=lambda rng: (
            nice(rng, low=0.1, high=0.9),
            nice(rng, low=0.1, high=0.9),
            nice(rng, low=0.1, high=1.0),
            nice(rng),
        ),
        mistakes=(
            Mistake(
                "forgot the weight w₂",
                lambda a1, a2, y, w2: (a2 - y) * a2 * (1 - a2) * a1 * (1 - a1),
                "The hidden neuron reaches the cost only through w₂.",
            ),
            Mistake(
                "put a₁ where w₂ belongs",
                lambda a1, a2, y, w2: (a2 - y) * a2 * (1 - a2) * a1 * a1 * (1 - a1),
                "Differentiate z₂ = w₂a₁ + b₂ with respect to a₁: what is left?",
            ),
            Mistake(
                "forgot the hidden neuron's own slope",
                lambda a1, a2, y, w2: (a2 - y) * a2 * (1 - a2) * w2,
                "You stopped at ∂C/∂a₁. One more step leads from a₁ to z₁.",
            ),
            Mistake(
                "forgot the output neuron's slope",
                lambda a1, a2, y, w2: (a2 - y) * w2 * a1 * (1 - a1),
                "δ₂ is not a₂ - y alone: the output neuron has a sigmoid, too.",
            ),
            Mistake(
                "the sign is turned",
                lambda a1, a2, y, w2: -hidden_delta(a1, a2, y, w2),
                "The derivative of ½(a₂ - y)² is a₂ - y.",
            ),
        ),
    ),
    Exercise(
        id="scalar-gradients",
        chapter="scalar-network",
        title="Four derivatives",
        difficulty=2,
        minutes=10,
        equation="eq-scalar-dw1",
        hints=(
            "Forward first; then δ₂ by {eq}`eq-scalar-delta2` and δ₁ by {eq}`eq-scalar-delta1`.",
            "In each layer the weight's derivative is δ times what came in, and the bias's is δ.",
        ),
        reference=gradients,
        inputs=_network,
        mistakes=(
            Mistake(
                "used the formulas as they are printed on the lecture's slide",
                _printed_on_the_slide,
                "The slide has a slip: between the layers stands ∂z₂/∂a₁. Compare with {eq}`eq-scalar-dz2-da1`.",
            ),
            Mistake(
                "forgot the hidden neuron's slope",
                _without_hidden_slope,
                "The output layer is right. δ₁ also has the factor a₁(1 - a₁).",
            ),
            Mistake(
                "forgot the output neuron's slope",
                _without_output_slope,
                "The output neuron has a sigmoid: δ₂ has two factors.",
            ),
            Mistake(
                "returned the output layer first",
                lambda *inputs: (*gradients(*inputs)[2:], *gradients(*inputs)[:2]),
                "The order asked for is dw1, db1, dw2, db2.",
            ),
            Mistake(
                "the sign is turned",
                lambda *inputs: tuple(-g for g in gradients(*inputs)),
                "Output minus target; the minus sign of descent belongs to the update.",
            ),
        ),
    ),
    Exercise(
        id="scalar-linear",
        chapter="scalar-network",
        title="A linear output",
        difficulty=2,
        minutes=8,
        equation="eq-scalar-delta2",
        hints=("Which factor of δ₂ changes when a₂ = z₂?",),
        reference=linear_gradients,
        inputs=_network,
        mistakes=(
            Mistake(
                "kept the slope of the sigmoid at the output",
                _sigmoid_slope_at_a_linear_output,
                "With a₂ = z₂ the slope of the output is 1.",
            ),
            Mistake(
                "kept the sigmoid at the output",
                gradients,
                "In this exercise the output is a₂ = z₂.",
            ),
            Mistake(
                "dropped the slope of the hidden neuron as well",
                lambda x, y, w1, b1, w2, b2: (
                    linear_gradients(x, y, w1, b1, w2, b2)[3] * w2 * x,
                    linear_gradients(x, y, w1, b1, w2, b2)[3] * w2,
                    *linear_gradients(x, y, w1, b1, w2, b2)[2:],
                ),
                "Only the output is linear; the hidden neuron keeps its sigmoid.",
            ),
            Mistake(
                "forgot the weight w₂ on the way back",
                lambda x, y, w1, b1, w2, b2: (
                    linear_gradients(x, y, w1, b1, w2, b2)[0] / w2,
                    linear_gradients(x, y, w1, b1, w2, b2)[1] / w2,
                    *linear_gradients(x, y, w1, b1, w2, b2)[2:],
                ),
                "The error travels back through w₂.",
            ),
            Mistake(
                "the sign is turned",
                lambda *inputs: tuple(-part for part in linear_gradients(*inputs)),
                "Output minus target; the minus sign of descent belongs to the update.",
            ),
        ),
    ),
    Exercise(
        id="scalar-chain",
        chapter="scalar-network",
        title="Any number of hidden layers",
        difficulty=3,
        minutes=15,
        equation="eq-scalar-chain-delta",
        hints=(
            "Go forward and keep all outputs in a list, with x in front.",
            "Start with δ of the last neuron and apply {eq}`eq-scalar-chain-delta` until you reach the first.",
            "Python counts from 0: in an array `w`, the weight w₁ is `w[0]`.",
        ),
        reference=first_delta,
        inputs=_long_chain,
        cases=((0.5, 0.9, np.array([0.7]), np.array([0.1])),),
        mistakes=(
            Mistake(
                "used each layer's own weight instead of the next layer's",
                _chain(shift=1),
                "The error comes back through the weight that leads out of the neuron, w of layer l + 1.",
            ),
            Mistake(
                "forgot the slopes of the hidden neurons",
                _chain(slopes=False),
                "Each neuron on the way contributes its own slope.",
            ),
            Mistake(
                "forgot the slope of the last neuron",
                _chain(output_slope=False),
                "The chain starts with δ of the output neuron, which has a slope as well.",
            ),
            Mistake(
                "forgot the weights",
                _chain(weights=False),
                "Between two neurons the error is multiplied by their weight.",
            ),
            Mistake(
                "returned the derivative for w₁",
                lambda x, y, w, b: first_delta(x, y, w, b) * x,
                "That is δ₁ times x. The question asks for δ₁.",
            ),
        ),
    ),
    Exercise(
        id="scalar-penalty",
        chapter="scalar-network",
        title="Two penalties",
        difficulty=1,
        minutes=5,
        equation="eq-scalar-l2",
        hints=("Add one term for each penalty: {eq}`eq-scalar-l2` and {eq}`eq-scalar-l1`.",),
        reference=penalised,
        inputs=_penalty,
        cases=((np.array([1.0, 0.5, 0.2]), np.array([0.0, -2.0, 1.0]), 0.3, 0.1),),
        mistakes=(
            Mistake(
                "took 2λw for the L₂ term",
                lambda dC_dw, w, l1, l2: dC_dw + 2 * l2 * w + l1 * np.sign(w),
                "The book's L₂ penalty has a ½, which cancels the 2.",
            ),
            Mistake(
                "took |w| for the derivative of |w|",
                lambda dC_dw, w, l1, l2: dC_dw + l2 * w + l1 * np.abs(w),
                "What is the slope of |w| on either side of zero?",
            ),
            Mistake(
                "used the sum of the weights instead of each weight",
                lambda dC_dw, w, l1, l2: dC_dw + l2 * np.sum(w) + l1 * np.sign(w),
                "Each weight feels only its own penalty.",
            ),
            Mistake(
                "forgot the sign in the L₁ term",
                lambda dC_dw, w, l1, l2: dC_dw + l2 * w + l1,
                "The L₁ term pulls towards zero, from either side.",
            ),
            Mistake(
                "exchanged the two strengths",
                lambda dC_dw, w, l1, l2: penalised(dC_dw, w, l2, l1),
                "The argument l1 belongs to the L₁ norm.",
            ),
            Mistake(
                "gave |w| the slope 1 at zero",
                lambda dC_dw, w, l1, l2: dC_dw + l2 * w + l1 * np.where(w >= 0, 1.0, -1.0),
                "At w = 0 the penalty has no slope to either side: `np.sign` gives 0 there.",
            ),
        ),
    ),
    Exercise(
        id="scalar-autograd",
        chapter="scalar-network",
        title="Another activation, with or without automatic differentiation",
        difficulty=2,
        minutes=12,
        equation="eq-scalar-chain",
        hints=(
            "With `autograd`: write the cost with `anp.tanh` as a function of theta alone, and let `autograd.grad` make its gradient.",
            "By hand: σ₁′ becomes 1 - a₁², and σ₂′ becomes 1.",
        ),
        reference=tanh_gradient,
        inputs=lambda rng: (nice(rng, 4), nice(rng), nice(rng)),
        mistakes=(
            Mistake(
                "kept the slope of the sigmoid",
                _tanh_with_sigmoid_slope,
                "The slope of tanh is 1 - a², not a(1 - a).",
            ),
            Mistake(
                "forgot the factor ½ of the cost",
                lambda theta, x, y: 2 * tanh_gradient(theta, x, y),
                "The cost is ½(a₂ - y)².",
            ),
            Mistake(
                "used the sigmoid in the hidden neuron",
                lambda theta, x, y: np.array(linear_gradients(x, y, *theta)),
                "The hidden neuron has a tanh here.",
            ),
            Mistake(
                "the sign is turned",
                lambda theta, x, y: -tanh_gradient(theta, x, y),
                "Output minus target.",
            ),
            Mistake(
                "forgot the slope of the hidden neuron",
                _tanh_without_slope,
                "Between a₁ and z₁ lies tanh; its slope is a factor of the first two derivatives.",
            ),
        ),
    ),
    Exercise(
        id="scalar-discuss",
        chapter="scalar-network",
        title="Data, learning rate and penalty together",
        difficulty=3,
        minutes=30,
        equation="eq-scalar-l2",
        hints=(
            "Change one thing at a time, and repeat every setting with several seeds.",
            "With few points, compare the error on the training points with the error on new points.",
        ),
    ),
)
