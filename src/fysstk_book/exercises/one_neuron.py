"""Exercises of the chapter on one neuron."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_nn.activations import sigmoid


def neuron_cost(x: Any, y: Any, w1: Any, b1: Any) -> Any:
    """Half squared error of a sigmoid neuron."""
    return 0.5 * (sigmoid(w1 * x + b1) - y) ** 2


def delta(a1: Any, y: Any) -> Any:
    """Error of a sigmoid neuron from its output."""
    return (a1 - y) * a1 * (1 - a1)


def quartic_delta(a1: Any, y: Any) -> Any:
    """Error of a sigmoid neuron whose cost is a quarter of the fourth power."""
    return (a1 - y) ** 3 * a1 * (1 - a1)


def gradients(x: Any, y: Any, w1: Any, b1: Any) -> Any:
    """Derivatives of the cost with respect to the weight and the bias."""
    a1 = sigmoid(w1 * x + b1)
    error = (a1 - y) * a1 * (1 - a1)
    return error * x, error


def step(x: Any, y: Any, w1: Any, b1: Any, eta: Any) -> Any:
    """One step of gradient descent."""
    dw1, db1 = gradients(x, y, w1, b1)
    return w1 - eta * dw1, b1 - eta * db1


def _update_in_turn(x: Any, y: Any, w1: Any, b1: Any, eta: Any) -> Any:
    w1 = w1 - eta * gradients(x, y, w1, b1)[0]
    return w1, b1 - eta * gradients(x, y, w1, b1)[1]


def mean_gradients(x: Any, y: Any, w1: Any, b1: Any) -> Any:
    """Derivatives of the mean cost of several samples."""
    a1 = sigmoid(w1 * x + b1)
    error = (a1 - y) * a1 * (1 - a1)
    return np.mean(error * x), np.mean(error)


def tanh_gradients(x: Any, y: Any, w1: Any, b1: Any) -> Any:
    """Derivatives of the cost of a neuron whose activation is tanh."""
    a1 = np.tanh(w1 * x + b1)
    error = (a1 - y) * (1 - a1**2)
    return error * x, error


def _sample(rng: np.random.Generator) -> tuple[Any, ...]:
    return nice(rng), nice(rng, low=0.1, high=1.0), nice(rng), nice(rng)


def _samples(rng: np.random.Generator) -> tuple[Any, ...]:
    n = int(rng.integers(1, 6))
    return nice(rng, n), nice(rng, n, low=0.1, high=1.0), nice(rng), nice(rng)


EXERCISES = (
    Exercise(
        id="one-cost",
        chapter="one-neuron",
        title="From the input to the cost",
        difficulty=1,
        minutes=4,
        equation="def-one-cost",
        hints=("Three lines: {eq}`def-one-z`, {eq}`def-one-a` and {eq}`def-one-cost`.",),
        reference=neuron_cost,
        inputs=_sample,
        mistakes=(
            Mistake(
                "took the cross-entropy for the cost",
                lambda x, y, w1, b1: (
                    -y * np.log(sigmoid(w1 * x + b1)) - (1 - y) * np.log(1 - sigmoid(w1 * x + b1))
                ),
                "This chapter's cost is half of the squared error.",
            ),
            Mistake(
                "forgot the factor ½",
                lambda x, y, w1, b1: 2 * neuron_cost(x, y, w1, b1),
                "The book's cost has a ½ in front of the square.",
            ),
            Mistake(
                "left the sigmoid out",
                lambda x, y, w1, b1: 0.5 * (w1 * x + b1 - y) ** 2,
                "You compare z with y. The output is a = σ(z).",
            ),
            Mistake(
                "forgot the bias",
                lambda x, y, w1, b1: neuron_cost(x, y, w1, 0.0),
                "z₁ has two terms.",
            ),
            Mistake(
                "took the absolute value instead of the square",
                lambda x, y, w1, b1: 0.5 * abs(sigmoid(w1 * x + b1) - y),
                "The error is squared.",
            ),
            Mistake(
                "turned the sign in the exponent",
                lambda x, y, w1, b1: neuron_cost(x, y, -w1, -b1),
                "σ(z) = 1/(1 + exp(-z)): for large z the exponential must vanish.",
            ),
        ),
    ),
    Exercise(
        id="one-delta",
        chapter="one-neuron",
        title="A cost that forgives small errors",
        difficulty=1,
        minutes=5,
        equation="eq-one-delta",
        hints=(
            "Equation {eq}`eq-one-delta` has two factors. Which of them knows the cost?",
            "Differentiate ¼(a - y)⁴ with respect to a; the slope of the sigmoid stays a₁(1 - a₁).",
        ),
        reference=quartic_delta,
        inputs=lambda rng: (nice(rng, low=0.1, high=0.9), nice(rng, low=0.1, high=1.0)),
        cases=((0.5, 1.0), (0.98, 0.0)),
        mistakes=(
            Mistake(
                "kept the squared error",
                delta,
                "The cost of this exercise has the fourth power: its derivative is not a - y.",
            ),
            Mistake(
                "forgot the slope of the sigmoid",
                lambda a1, y: (a1 - y) ** 3,
                "This is dC/da₁. One more factor leads from a₁ to z₁.",
            ),
            Mistake(
                "the sign is turned",
                lambda a1, y: -quartic_delta(a1, y),
                "The derivative of ¼(a - y)⁴ with respect to a is (a - y)³.",
            ),
            Mistake(
                "took σ′ at a₁ instead of at z₁",
                lambda a1, y: (a1 - y) ** 3 * sigmoid(a1) * (1 - sigmoid(a1)),
                "a₁ is already the output of the sigmoid; no second sigmoid is needed.",
            ),
            Mistake(
                "forgot that the ¼ cancels",
                lambda a1, y: 4 * quartic_delta(a1, y),
                "The 4 of the power and the ¼ of the cost cancel.",
            ),
            Mistake(
                "left the fourth power as it is",
                lambda a1, y: (a1 - y) ** 4 * a1 * (1 - a1),
                "The derivative of a fourth power is four times a third power.",
            ),
            Mistake(
                "multiplied by a₁ alone",
                lambda a1, y: (a1 - y) ** 3 * a1,
                "The slope vanishes at both ends, at a = 0 and at a = 1.",
            ),
        ),
    ),
    Exercise(
        id="one-gradients",
        chapter="one-neuron",
        title="Two derivatives",
        difficulty=1,
        minutes=6,
        equation="eq-one-dw",
        hints=(
            "First the output a₁, then δ₁.",
            "The weight's derivative is δ₁ times something; the bias's is δ₁ itself: {eq}`eq-one-dw` and {eq}`eq-one-db`.",
        ),
        reference=gradients,
        inputs=_sample,
        mistakes=(
            Mistake(
                "forgot the slope of the sigmoid",
                lambda x, y, w1, b1: ((sigmoid(w1 * x + b1) - y) * x, sigmoid(w1 * x + b1) - y),
                "Between a₁ and z₁ lies the sigmoid; its slope is a factor in both derivatives.",
            ),
            Mistake(
                "multiplied the bias's derivative by x as well",
                lambda x, y, w1, b1: (gradients(x, y, w1, b1)[0], gradients(x, y, w1, b1)[0]),
                "∂z₁/∂b₁ is 1, not x.",
            ),
            Mistake(
                "multiplied by w₁ where x belongs",
                lambda x, y, w1, b1: (gradients(x, y, w1, b1)[1] * w1, gradients(x, y, w1, b1)[1]),
                "Differentiate z₁ = w₁x + b₁ with respect to w₁: what is left?",
            ),
            Mistake(
                "the sign is turned",
                lambda x, y, w1, b1: (-gradients(x, y, w1, b1)[0], -gradients(x, y, w1, b1)[1]),
                "Output minus target. The minus sign of descent belongs to the update.",
            ),
            Mistake(
                "returned the two in the other order",
                lambda x, y, w1, b1: gradients(x, y, w1, b1)[::-1],
                "First the weight, then the bias.",
            ),
            Mistake(
                "took σ′ at a₁ instead of at z₁",
                lambda x, y, w1, b1: tuple(
                    (sigmoid(w1 * x + b1) - y) * sigmoid.derivative(sigmoid(w1 * x + b1)) * factor
                    for factor in (x, 1.0)
                ),
                "The slope belongs to the input of the neuron. From the output it is a₁(1 - a₁), which is the derivative already.",
            ),
        ),
    ),
    Exercise(
        id="one-step",
        chapter="one-neuron",
        title="One step of gradient descent",
        difficulty=2,
        minutes=6,
        equation="def-one-update",
        hints=(
            "Compute both derivatives first, and only then change w₁ and b₁.",
            "The update is {eq}`def-one-update`.",
        ),
        reference=step,
        inputs=lambda rng: (*_sample(rng), nice(rng, low=0.1, high=3.0)),
        mistakes=(
            Mistake(
                "walked uphill",
                lambda x, y, w1, b1, eta: step(x, y, w1, b1, -eta),
                "The gradient points uphill; the step goes against it.",
            ),
            Mistake(
                "updated w₁ before computing the derivative for b₁",
                _update_in_turn,
                "Both derivatives belong to the same point: compute them first.",
            ),
            Mistake(
                "left out the learning rate",
                lambda x, y, w1, b1, eta: step(x, y, w1, b1, 1.0),
                "The step is η times the derivative.",
            ),
            Mistake(
                "updated the weight only",
                lambda x, y, w1, b1, eta: (step(x, y, w1, b1, eta)[0], b1),
                "The bias is a parameter, too.",
            ),
            Mistake(
                "returned the steps instead of the new parameters",
                lambda x, y, w1, b1, eta: (
                    -eta * gradients(x, y, w1, b1)[0],
                    -eta * gradients(x, y, w1, b1)[1],
                ),
                "Add the step to the old value.",
            ),
        ),
    ),
    Exercise(
        id="one-batch",
        chapter="one-neuron",
        title="Several samples",
        difficulty=2,
        minutes=6,
        equation="eq-one-batch",
        hints=("Compute δ₁ for all samples at once; then see {eq}`eq-one-batch`.",),
        reference=mean_gradients,
        inputs=_samples,
        mistakes=(
            Mistake(
                "took the mean of the products as the product of the means",
                lambda x, y, w1, b1: (
                    np.mean(delta(sigmoid(w1 * x + b1), y)) * np.mean(x),
                    np.mean(delta(sigmoid(w1 * x + b1), y)),
                ),
                "Each sample's δ is multiplied by the same sample's x, and then the mean is taken.",
            ),
            Mistake(
                "used the mean input and the mean target",
                lambda x, y, w1, b1: gradients(np.mean(x), np.mean(y), w1, b1),
                "The mean of the derivatives is not the derivative at the mean, since σ is curved.",
            ),
            Mistake(
                "returned one derivative for each sample",
                lambda x, y, w1, b1: gradients(x, y, w1, b1),
                "There is one weight and one bias: the derivatives of the mean cost are two numbers.",
            ),
            Mistake(
                "forgot the slope of the sigmoid",
                lambda x, y, w1, b1: (
                    np.mean((sigmoid(w1 * x + b1) - y) * x),
                    np.mean(sigmoid(w1 * x + b1) - y),
                ),
                "δ₁ has two factors: how wrong, and how movable.",
            ),
            Mistake(
                "the sign is turned",
                lambda *inputs: tuple(-part for part in mean_gradients(*inputs)),
                "Output minus target; the minus sign of descent belongs to the update.",
            ),
        ),
    ),
    Exercise(
        id="one-tanh",
        chapter="one-neuron",
        title="Another activation",
        difficulty=2,
        minutes=8,
        equation="eq-one-chain",
        hints=(
            "Only one of the three factors of {eq}`eq-one-chain` changes.",
            "The derivative of tanh z is 1 - tanh² z.",
        ),
        reference=tanh_gradients,
        inputs=_sample,
        mistakes=(
            Mistake(
                "kept the slope of the sigmoid",
                lambda x, y, w1, b1: (
                    delta(np.tanh(w1 * x + b1), y) * x,
                    delta(np.tanh(w1 * x + b1), y),
                ),
                "a (1 - a) is the slope of the sigmoid only. What is the derivative of tanh?",
            ),
            Mistake(
                "forgot the slope of tanh",
                lambda x, y, w1, b1: ((np.tanh(w1 * x + b1) - y) * x, np.tanh(w1 * x + b1) - y),
                "Between a₁ and z₁ lies the activation; its slope is a factor.",
            ),
            Mistake(
                "took the slope at a₁ instead of at z₁",
                lambda x, y, w1, b1: (
                    (np.tanh(w1 * x + b1) - y) * (1 - np.tanh(np.tanh(w1 * x + b1)) ** 2) * x,
                    (np.tanh(w1 * x + b1) - y) * (1 - np.tanh(np.tanh(w1 * x + b1)) ** 2),
                ),
                "1 - a₁² is the slope already; no second tanh is needed.",
            ),
            Mistake(
                "wrote 1 - a for the slope",
                lambda x, y, w1, b1: (
                    (np.tanh(w1 * x + b1) - y) * (1 - np.tanh(w1 * x + b1)) * x,
                    (np.tanh(w1 * x + b1) - y) * (1 - np.tanh(w1 * x + b1)),
                ),
                "Square the output: the slope of tanh is 1 at z = 0 and falls off on both sides.",
            ),
            Mistake(
                "the sign is turned",
                lambda *inputs: tuple(-part for part in tanh_gradients(*inputs)),
                "Output minus target; the minus sign of descent belongs to the update.",
            ),
        ),
    ),
    Exercise(
        id="one-fastest",
        chapter="one-neuron",
        title="Where a neuron learns fastest",
        difficulty=2,
        minutes=8,
        equation="eq-one-delta",
        hints=(
            "Write |δ₁| for y = 1 as a function of a₁ alone.",
            "Set its derivative with respect to a₁ to zero. There are two roots; one is a minimum.",
        ),
        reference=1 / 3,
        rtol=5e-3,
        mistakes=(
            Mistake(
                "gave the place for the target 0",
                2 / 3,
                "That is the maximum for y = 0. Do the same for y = 1.",
            ),
            Mistake(
                "maximised the slope of the sigmoid alone",
                1 / 2,
                "The slope is largest at ½, but δ₁ has another factor, the distance from the target.",
            ),
            Mistake(
                "gave the place where the output is most wrong",
                0.0,
                "At a = 0 the neuron is saturated: its slope is zero.",
            ),
            Mistake(
                "took the other root, where the error vanishes",
                1.0,
                "At a = 1 the answer is right and nothing is left to learn: that is the minimum of |δ₁|.",
            ),
            Mistake(
                "gave the size of the error instead of the place",
                4 / 27,
                "That is the largest value of |δ₁|. The question asks for the output a₁ at which it occurs.",
            ),
        ),
    ),
)
