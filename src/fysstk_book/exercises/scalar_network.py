"""Exercises of the chapter on one hidden layer of scalars."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_nn.activations import sigmoid


def outputs(x: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    """Outputs of the hidden and of the output neuron."""
    a1 = sigmoid(w1 * x + b1)
    return a1, sigmoid(w2 * a1 + b2)


def limits(w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    """Limits between which the output lies, whatever the input."""
    return np.sort(sigmoid(np.array([b2, w2 + b2])))


def slope_of_input(a1: Any, a2: Any, y: Any, w1: Any, w2: Any, v: Any) -> Any:
    """Derivative of the cost with respect to an input that reaches the output directly as well."""
    return (a2 - y) * a2 * (1 - a2) * (w2 * a1 * (1 - a1) * w1 + v)


def shared_gradients(x: Any, y: Any, w: Any, b: Any) -> Any:
    """Both derivatives where the two neurons have the same weight and the same bias."""
    hidden, output = _shares(x, y, w, b)
    return hidden[0] + output[0], hidden[1] + output[1]


def _shares(
    x: Any, y: Any, w: Any, b: Any, *, back: Any = lambda w, a1: w * a1 * (1 - a1)
) -> tuple[Any, Any]:
    a1, a2 = outputs(x, w, b, w, b)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = delta2 * back(w, a1)
    return (delta1 * x, delta1), (delta2 * a1, delta2)


def _added(back: Any) -> Any:
    """Return `shared_gradients` with another way back to the hidden neuron."""

    def wrong(x: Any, y: Any, w: Any, b: Any) -> Any:
        hidden, output = _shares(x, y, w, b, back=back)
        return hidden[0] + output[0], hidden[1] + output[1]

    return wrong


def weighted_gradients(x: Any, y: Any, s: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    """All four derivatives with a linear output, for data with uncertainties."""
    a1 = sigmoid(w1 * x + b1)
    delta2 = (w2 * a1 + b2 - y) / s**2 / len(x)
    delta1 = delta2 * w2 * a1 * (1 - a1)
    return delta1 @ x, delta1.sum(), delta2 @ a1, delta2.sum()


def _weighted(
    *,
    power: int = 2,
    output_slope: bool = False,
    weight: bool = True,
    slope: bool = True,
    means: bool = False,
) -> Any:
    """Return `weighted_gradients` with one thing done wrong."""

    def wrong(x: Any, y: Any, s: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
        a1 = sigmoid(w1 * x + b1)
        a2 = w2 * a1 + b2
        delta2 = (a2 - y) / s**power / len(x) * (a2 * (1 - a2) if output_slope else 1)
        delta1 = delta2 * (w2 if weight else 1) * (a1 * (1 - a1) if slope else 1)
        if means:
            return delta1.sum() * x.mean(), delta1.sum(), delta2.sum() * a1.mean(), delta2.sum()
        return delta1 @ x, delta1.sum(), delta2 @ a1, delta2.sum()

    return wrong


def steady(a: Any) -> Any:
    """Weight and bias of a chain whose outputs are all a, and whose deltas are all equal."""
    w = 1 / (a * (1 - a))
    return w, np.log(a / (1 - a)) - w * a


def left_alone(w: Any, eta: Any, lam: Any, n: Any) -> Any:
    """A weight after n steps in which only a penalty pulls: with L2, and with L1."""
    return _pulled(w, eta, n, lambda v: lam * v), _pulled(w, eta, n, lambda v: lam * np.sign(v))


def _pulled(w: Any, eta: Any, n: Any, pull: Any) -> Any:
    for _ in range(n):
        w = w - eta * pull(w)
    return w


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


def _sigmoid_for_tanh(theta: Any, x: Any, y: Any) -> Any:
    w1, b1, w2, b2 = theta
    a1 = sigmoid(w1 * x + b1)
    delta2 = w2 * a1 + b2 - y
    delta1 = delta2 * w2 * a1 * (1 - a1)
    return np.array([delta1 * x, delta1, delta2 * a1, delta2])


def _tanh_without_slope(theta: Any, x: Any, y: Any) -> Any:
    w1, b1, w2, b2 = theta
    a1 = np.tanh(w1 * x + b1)
    delta2 = w2 * a1 + b2 - y
    return np.array([delta2 * w2 * x, delta2 * w2, delta2 * a1, delta2])


def _measured(rng: np.random.Generator) -> tuple[Any, ...]:
    n = int(rng.integers(2, 5))
    uncertainties = nice(rng, n, low=0.2, high=2.0)
    return nice(rng, n), nice(rng, n), uncertainties, nice(rng), nice(rng), nice(rng), nice(rng)


def _penalty(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw a weight, a learning rate, a strength and a number of steps; no step ends at zero or near it."""
    while True:
        w, n = nice(rng), int(rng.integers(2, 9))
        eta, lam = float(rng.choice([0.5, 0.8, 1.0])), nice(rng, low=0.1, high=0.7)
        if abs(abs(w) / (eta * lam) - np.arange(n + 1)).min() > 0.05:
            return w, eta, lam, n


EXERCISES = (
    Exercise(
        id="scalar-forward",
        chapter="scalar-network",
        title="How far the output can go",
        difficulty=2,
        minutes=5,
        equation="def-scalar-output",
        hints=(
            "Between which two numbers does a₁ lie, whatever x is?",
            "a₂ only rises with a₁, or only falls. Which of the two it is depends on the sign of w₂.",
        ),
        reference=limits,
        inputs=lambda rng: (nice(rng), nice(rng), nice(rng), nice(rng)),
        cases=((1.0, 0.5, -1.5, 0.4),),
        mistakes=(
            Mistake(
                "said 0 and 1",
                lambda w1, b1, w2, b2: (0.0, 1.0),
                "Those are the limits of a sigmoid whose input can be any number. Here the input is w₂a₁ + b₂, and a₁ "
                "is an output itself.",
            ),
            Mistake(
                "did not put the smaller limit first",
                lambda w1, b1, w2, b2: tuple(sigmoid(np.array([b2, w2 + b2]))),
                "Where w₂ is negative, the output is largest when the hidden neuron is off.",
            ),
            Mistake(
                "let the hidden output begin at -1",
                lambda w1, b1, w2, b2: np.sort(sigmoid(np.array([b2 - w2, b2 + w2]))),
                "A sigmoid lies between 0 and 1; it is tanh that begins at -1.",
            ),
            Mistake(
                "put in x = 0 and x = 1",
                lambda w1, b1, w2, b2: np.sort([outputs(x, w1, b1, w2, b2)[1] for x in (0.0, 1.0)]),
                "The input may be any number, far below 0 and far above 1.",
            ),
            Mistake(
                "left the output linear",
                lambda w1, b1, w2, b2: np.sort([b2, w2 + b2]),
                "Those are the limits of z₂. The output neuron has a sigmoid.",
            ),
            Mistake(
                "forgot the bias",
                lambda w1, b1, w2, b2: np.sort(sigmoid(np.array([0.0, w2]))),
                "The output neuron adds b₂ whether the hidden neuron is on or off.",
            ),
        ),
    ),
    Exercise(
        id="scalar-delta",
        chapter="scalar-network",
        title="A way around the hidden neuron",
        difficulty=2,
        minutes=8,
        equation="eq-scalar-delta1",
        hints=(
            "Start from the output: what is δ₂?",
            "The input changes z₂ in two ways: directly, and through the hidden neuron. The contributions of two ways "
            "add up.",
            "Equation {eq}`eq-scalar-delta1` sends δ₂ back to z₁. One more factor leads from z₁ to the input.",
        ),
        reference=slope_of_input,
        inputs=lambda rng: (
            nice(rng, low=0.1, high=0.9),
            nice(rng, low=0.1, high=0.9),
            nice(rng, low=0.1, high=1.0),
            nice(rng),
            nice(rng),
            nice(rng),
        ),
        mistakes=(
            Mistake(
                "left out the direct way",
                lambda a1, a2, y, w1, w2, v: slope_of_input(a1, a2, y, w1, w2, 0.0),
                "That is what comes through the hidden neuron. The input reaches z₂ through v as well.",
            ),
            Mistake(
                "left out the way through the hidden neuron",
                lambda a1, a2, y, w1, w2, v: slope_of_input(a1, a2, y, 0.0, w2, v),
                "That is what comes through v. The input also changes a₁, and a₁ changes z₂.",
            ),
            Mistake(
                "multiplied the two ways",
                lambda a1, a2, y, w1, w2, v: slope_of_input(a1, a2, y, w1 * v, w2, 0.0),
                "Along one way the factors are multiplied; the two ways are added.",
            ),
            Mistake(
                "put a₁ where w₂ belongs",
                lambda a1, a2, y, w1, w2, v: slope_of_input(a1, a2, y, w1, a1, v),
                "Differentiate z₂ = w₂a₁ + vx + b₂ with respect to a₁: what is left?",
            ),
            Mistake(
                "forgot the hidden neuron's own slope",
                lambda a1, a2, y, w1, w2, v: (a2 - y) * a2 * (1 - a2) * (w2 * w1 + v),
                "You stopped at ∂C/∂a₁ on the way through the hidden neuron. One more factor leads from a₁ to z₁.",
            ),
            Mistake(
                "forgot the weight w₁",
                lambda a1, a2, y, w1, w2, v: slope_of_input(a1, a2, y, 1.0, w2, v),
                "On the way through the hidden neuron you have reached z₁. How does z₁ change with the input?",
            ),
            Mistake(
                "forgot the output neuron's slope",
                lambda a1, a2, y, w1, w2, v: (a2 - y) * (w2 * a1 * (1 - a1) * w1 + v),
                "δ₂ is not a₂ - y alone: the output neuron has a sigmoid, too.",
            ),
            Mistake(
                "the sign is turned",
                lambda *inputs: -slope_of_input(*inputs),
                "The derivative of ½(a₂ - y)² is a₂ - y.",
            ),
        ),
    ),
    Exercise(
        id="scalar-gradients",
        chapter="scalar-network",
        title="One weight for both neurons",
        difficulty=2,
        minutes=10,
        equation="eq-scalar-dw1",
        hints=(
            "Call the weights w₁ and w₂ for a moment. What are the four derivatives?",
            "A change of w changes w₁ and w₂ at the same time, and by the same amount.",
        ),
        reference=shared_gradients,
        inputs=lambda rng: (nice(rng), nice(rng, low=0.1, high=1.0), nice(rng), nice(rng)),
        mistakes=(
            Mistake(
                "left out the share of the hidden neuron",
                lambda *inputs: _shares(*inputs)[1],
                "Those are the derivatives of the output neuron. The hidden neuron uses w and b, too.",
            ),
            Mistake(
                "left out the share of the output neuron",
                lambda *inputs: _shares(*inputs)[0],
                "Those are the derivatives of the hidden neuron. The output neuron uses w and b, too.",
            ),
            Mistake(
                "took the mean of the two shares",
                lambda *inputs: tuple(g / 2 for g in shared_gradients(*inputs)),
                "The cost changes by what both neurons do to it together. Compare with a difference.",
            ),
            Mistake(
                "forgot the hidden neuron's slope",
                _added(lambda w, a1: w),
                "The share of the output neuron is right. δ₁ also has the factor a₁(1 - a₁).",
            ),
            Mistake(
                "put a₁ where the weight belongs",
                _added(lambda w, a1: a1 * a1 * (1 - a1)),
                "On the way back from z₂ to a₁ the factor is the weight: {eq}`eq-scalar-dz2-da1`.",
            ),
            Mistake(
                "the sign is turned",
                lambda *inputs: tuple(-g for g in shared_gradients(*inputs)),
                "Output minus target; the minus sign of descent belongs to the update.",
            ),
        ),
    ),
    Exercise(
        id="scalar-linear",
        chapter="scalar-network",
        title="Data with uncertainties",
        difficulty=3,
        minutes=15,
        equation="eq-scalar-delta2",
        hints=(
            "Which factor of δ₂ changes when a₂ = z₂? And what does the uncertainty of a sample do to its δ₂?",
            "One sample first: the square in the cost holds s², and s is a number that no parameter changes.",
            "Every sample has its own δ and its own input. Multiply sample by sample, then take the mean.",
        ),
        reference=weighted_gradients,
        inputs=_measured,
        mistakes=(
            Mistake(
                "kept the slope of the sigmoid at the output",
                _weighted(output_slope=True),
                "With a₂ = z₂ the slope of the output is 1.",
            ),
            Mistake(
                "divided by s instead of s²",
                _weighted(power=1),
                "The distance is divided by s before it is squared: differentiate ((a₂ - y)/s)²/2.",
            ),
            Mistake(
                "left the uncertainties out",
                _weighted(power=0),
                "A sample that is known well should pull more than one that is not.",
            ),
            Mistake(
                "took the sum for the mean",
                lambda x, *rest: tuple(len(x) * part for part in weighted_gradients(x, *rest)),
                "The cost is a mean over the n samples.",
            ),
            Mistake(
                "multiplied the means",
                _weighted(means=True),
                "The mean of a product is not the product of the means: each δ meets the input of its own sample.",
            ),
            Mistake(
                "dropped the slope of the hidden neuron as well",
                _weighted(slope=False),
                "Only the output is linear; the hidden neuron keeps its sigmoid.",
            ),
            Mistake(
                "forgot the weight w₂ on the way back",
                _weighted(weight=False),
                "The error travels back through w₂.",
            ),
            Mistake(
                "the sign is turned",
                lambda *inputs: tuple(-part for part in weighted_gradients(*inputs)),
                "Output minus target; the minus sign of descent belongs to the update.",
            ),
        ),
    ),
    Exercise(
        id="scalar-chain",
        chapter="scalar-network",
        title="A delta that keeps its size",
        difficulty=3,
        minutes=12,
        equation="eq-scalar-chain-delta",
        hints=(
            "One step back multiplies δ by two factors, {eq}`eq-scalar-chain-delta`. What has their product to be?",
            "The slope of a sigmoid follows from its output a alone.",
            "Which z does a sigmoid turn into a? And what is z in a neuron whose input is a?",
        ),
        reference=steady,
        inputs=lambda rng: (nice(rng, low=0.1, high=0.9),),
        cases=((0.8,), (0.3,)),
        mistakes=(
            Mistake(
                "took 4 for every weight",
                lambda a: (4.0, np.log(a / (1 - a)) - 4 * a),
                "4 cancels a slope of ¼, and a sigmoid has that slope only where its output is ½.",
            ),
            Mistake(
                "took the slope itself for the weight",
                lambda a: (a * (1 - a), np.log(a / (1 - a)) - a**2 * (1 - a)),
                "The product of the weight and the slope has to be 1.",
            ),
            Mistake(
                "made every z zero",
                lambda a: (steady(a)[0], -steady(a)[0] * a),
                "With z = 0 every neuron answers ½.",
            ),
            Mistake(
                "let z be a",
                lambda a: (steady(a)[0], a - steady(a)[0] * a),
                "a is the output of the sigmoid; z is what goes into it.",
            ),
            Mistake(
                "forgot what comes from the neuron before",
                lambda a: (steady(a)[0], np.log(a / (1 - a))),
                "z is wa + b: the bias only has to add what wa leaves open.",
            ),
            Mistake(
                "turned the fraction in the logarithm upside down",
                lambda a: (steady(a)[0], -np.log(a / (1 - a)) - steady(a)[0] * a),
                "Try a close to 1: z has to be large and positive there.",
            ),
            Mistake(
                "took the slope of tanh",
                lambda a: (1 / (1 - a**2), np.log(a / (1 - a)) - a / (1 - a**2)),
                "1 - a² is the slope of tanh. That of a sigmoid is a(1 - a).",
            ),
        ),
    ),
    Exercise(
        id="scalar-penalty",
        chapter="scalar-network",
        title="A weight that the fit does not need",
        difficulty=1,
        minutes=5,
        equation="eq-scalar-l2",
        hints=(
            "The gradient consists of the penalty's term alone, {eq}`eq-scalar-l2` or {eq}`eq-scalar-l1`.",
            "A step with the penalty L₁ always has the same length. What happens when the weight is closer to zero "
            "than that?",
        ),
        reference=left_alone,
        inputs=_penalty,
        cases=((0.5, 1.0, 0.2, 4), (-0.5, 1.0, 0.2, 3)),
        mistakes=(
            Mistake(
                "took 2λw for the L₂ term",
                lambda w, eta, lam, n: (w * (1 - 2 * eta * lam) ** n, left_alone(w, eta, lam, n)[1]),
                "The book's L₂ penalty has a ½, which cancels the 2.",
            ),
            Mistake(
                "let the weight stop at zero",
                lambda w, eta, lam, n: (
                    left_alone(w, eta, lam, n)[0],
                    np.sign(w) * max(abs(w) - n * eta * lam, 0.0),
                ),
                "A step of gradient descent does not know that zero lies on its way. Take the steps one by one.",
            ),
            Mistake(
                "went on beyond zero",
                lambda w, eta, lam, n: (
                    left_alone(w, eta, lam, n)[0],
                    w - n * eta * lam * np.sign(w),
                ),
                "On the other side of zero the sign of the weight is another one, and so is the direction of the pull.",
            ),
            Mistake(
                "forgot the sign in the L₁ term",
                lambda w, eta, lam, n: (left_alone(w, eta, lam, n)[0], w - n * eta * lam),
                "The L₁ term pulls towards zero, from either side.",
            ),
            Mistake(
                "exchanged the two penalties",
                lambda *inputs: left_alone(*inputs)[::-1],
                "The order asked for is L₂, L₁.",
            ),
            Mistake(
                "left out the learning rate",
                lambda w, eta, lam, n: left_alone(w, 1.0, lam, n),
                "A step is η times the gradient.",
            ),
            Mistake(
                "took one step only",
                lambda w, eta, lam, n: left_alone(w, eta, lam, 1),
                "That is the weight after one step. There are n.",
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
                _sigmoid_for_tanh,
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
