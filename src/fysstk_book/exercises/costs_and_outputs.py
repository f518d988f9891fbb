"""Exercises of the chapter on costs and outputs."""

import math
from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_book.exercises._measured import covering
from fysstk_nn.activations import sigmoid, softmax

ENERGY = ("identity", "half_squared_error")
PARTICLE = ("softmax", "cross_entropy")
FLAGS = ("sigmoid", "binary_cross_entropy")


def _pairs(energy: Any = ENERGY, particle: Any = PARTICLE, flags: Any = FLAGS) -> dict[str, Any]:
    return {"energy": energy, "particle": particle, "flags": flags}


def yes_no_cost(z: Any, y: Any) -> Any:
    """Mean cross-entropy of sigmoid outputs, from z."""
    return np.mean(np.logaddexp(0, z) - y * z)


def counts_cost(z: Any, y: Any) -> Any:
    """Mean cost of counts with the Poisson mean exp(z), and its delta."""
    a = np.exp(z)
    return np.mean(a - y * z), (a - y) / len(z)


def cost_and_delta(z: Any, labels: Any) -> Any:
    """Mean cross-entropy of a softmax layer, and its delta."""
    return _cost(z, labels), _delta(z, labels)


def attribute_gradient(f: Any, s: Any) -> Any:
    """Derivative of the logistic loss for labels of plus and minus one."""
    return -s * sigmoid(-s * f)


def _cost(z: Any, labels: Any) -> Any:
    shifted = z - z.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(z)), labels])


def _targets(z: Any, labels: Any) -> Any:
    return (np.arange(z.shape[1]) == np.asarray(labels)[:, np.newaxis]).astype(float)


def _delta(z: Any, labels: Any) -> Any:
    return (softmax(z) - _targets(z, labels)) / len(z)


def _one_in_every_row(z: Any, labels: Any) -> Any:
    delta = softmax(z)
    delta[:, labels] -= 1
    return _cost(z, labels), delta / len(z)


def _from_shifted(z: Any, labels: Any, largest: Any) -> Any:
    shifted = z - largest
    logs = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    cost = np.mean(logs[:, 0] - shifted[np.arange(len(z)), labels])
    return cost, (np.exp(shifted - logs) - _targets(z, labels)) / len(z)


def _by_the_largest_of_all(z: Any, labels: Any) -> Any:
    return _from_shifted(z, labels, z.max())


def _by_the_largest_size(z: Any, labels: Any) -> Any:
    powers = np.exp(z - np.abs(z).max(axis=1, keepdims=True))
    a = powers / powers.sum(axis=1, keepdims=True)
    return -np.mean(np.log(a[np.arange(len(z)), labels])), (a - _targets(z, labels)) / len(z)


def _log_of_softmax(z: Any, labels: Any) -> Any:
    return -np.mean(np.log(softmax(z)[np.arange(len(z)), labels])), _delta(z, labels)


def _yes_no(rng: np.random.Generator) -> tuple[Any, ...]:
    n = int(rng.integers(1, 5))
    return nice(rng, n, low=-5, high=5), rng.integers(0, 2, size=n).astype(float)


def _scores(rng: np.random.Generator) -> tuple[Any, ...]:
    n, M = int(rng.integers(1, 5)), int(rng.integers(2, 5))
    return nice(rng, n, M), rng.integers(0, M, size=n)


def _signs(rng: np.random.Generator) -> tuple[Any, ...]:
    M = int(rng.integers(1, 5))
    return nice(rng, M), 2.0 * rng.integers(0, 2, size=M) - 1


EXERCISES = (
    Exercise(
        id="cost-pairs",
        chapter="costs-and-outputs",
        title="Which output, which cost?",
        difficulty=1,
        minutes=5,
        equation="eq-cost-delta-softmax",
        hints=(
            "For each task ask: is the answer a number, one of several classes, or several answers at once?",
            "The table under {eq}`eq-cost-delta-softmax` has one row for each.",
        ),
        reference=_pairs(),
        mistakes=(
            Mistake(
                "named the cost before the output",
                _pairs(*(pair[::-1] for pair in (ENERGY, PARTICLE, FLAGS))),
                "The pairs are right. The exercise asks for the output first, and then for the cost.",
            ),
            Mistake(
                "gave the squared error another package's name",
                _pairs(energy=("identity", "mse")),
                "The choice is right. The exercise names the costs as this book's package does: `half_squared_error`, with its factor ½.",
            ),
            Mistake(
                "took softmax for the detectors",
                _pairs(flags=PARTICLE),
                "Softmax outputs add up to 1. How many of the twelve detectors may be on at the same time?",
            ),
            Mistake(
                "took separate sigmoids for the particle",
                _pairs(particle=FLAGS),
                "A track was made by exactly one of the five. Which output knows that?",
            ),
            Mistake(
                "gave the energy a sigmoid",
                _pairs(energy=("sigmoid", "half_squared_error")),
                "A sigmoid never leaves the interval from 0 to 1. Does an energy?",
            ),
            Mistake(
                "judged the classes by a squared error",
                _pairs(particle=("softmax", "half_squared_error"), flags=("sigmoid", "half_squared_error")),
                "This can be trained, but the slope of the output does not cancel. Which cost makes it?",
            ),
            Mistake(
                "exchanged the two classifications",
                _pairs(particle=FLAGS, flags=PARTICLE),
                "Which of the two tasks has answers that exclude each other?",
            ),
        ),
    ),
    Exercise(
        id="cost-stable",
        chapter="costs-and-outputs",
        title="A cost that never overflows",
        difficulty=2,
        minutes=8,
        equation="eq-cost-stable-sigmoid",
        hints=(
            "Do not compute σ(z). Use one of the two forms of {eq}`eq-cost-stable-sigmoid`.",
            "Which of exp(|z|) and exp(-|z|) can overflow? `np.log1p` keeps the small one exact.",
        ),
        reference=yes_no_cost,
        inputs=_yes_no,
        cases=(
            (np.array([1000.0]), np.array([0.0])),
            (np.array([-1000.0]), np.array([1.0])),
            (np.array([1000.0, -1000.0, 0.5]), np.array([1.0, 0.0, 1.0])),
        ),
        mistakes=(
            Mistake(
                "the sign is turned",
                lambda z, y: -yes_no_cost(z, y),
                "This is the log-likelihood. A cost is small when the prediction is good.",
            ),
            Mistake(
                "exchanged the targets 0 and 1",
                lambda z, y: yes_no_cost(z, 1 - y),
                "For y = 1 a large positive z must cost nearly nothing.",
            ),
            Mistake(
                "left out the term with y",
                lambda z, y: np.mean(np.logaddexp(0, z)),
                "This is the cost for y = 0 only.",
            ),
            Mistake(
                "took the hinge instead of its smooth version",
                lambda z, y: np.mean(np.maximum(z, 0) - y * z),
                "The third term of {eq}`eq-cost-stable-sigmoid` is missing; it matters near z = 0.",
            ),
            Mistake(
                "cut the probability off to avoid the logarithm of 0",
                lambda z, y: (
                    -np.mean(
                        y * np.log(np.clip(sigmoid(z), 1e-12, 1))
                        + (1 - y) * np.log(np.clip(sigmoid(-z), 1e-12, 1))
                    )
                ),
                "That avoids infinity, but the cost is wrong where z is large: at z = 1000 and y = 0 it is 1000.",
            ),
            Mistake(
                "the formula as it stands, which overflows",
                lambda z, y: np.mean(np.log(1 + np.exp(z)) - y * z),
                "At z = 1000 the exponential is infinite. Take the large part out of the logarithm.",
            ),
        ),
    ),
    Exercise(
        id="cost-counts",
        chapter="costs-and-outputs",
        title="A cost for counts",
        difficulty=2,
        minutes=12,
        equation="eq-cost-delta-softmax",
        hints=(
            "Minus the logarithm of the probability: which of its three terms does not depend on a?",
            "With a = exp(z), what are ln a and da/dz?",
        ),
        reference=counts_cost,
        inputs=lambda rng: (
            nice(rng, n := int(rng.integers(2, 6)), low=-1.0, high=2.0),
            rng.integers(0, 7, size=n).astype(float),
        ),
        cases=((np.array([0.0]), np.array([3.0])), (np.array([1.0, -0.5]), np.array([0.0, 2.0]))),
        mistakes=(
            Mistake(
                "kept ln y! in the cost",
                lambda z, y: (
                    counts_cost(z, y)[0] + np.mean([math.lgamma(one + 1) for one in y]),
                    counts_cost(z, y)[1],
                ),
                "It does not depend on z. The exercise leaves it out.",
            ),
            Mistake(
                "gave the derivative with respect to a",
                lambda z, y: (counts_cost(z, y)[0], (1 - y / np.exp(z)) / len(z)),
                "One factor is missing on the way to z: da/dz.",
            ),
            Mistake(
                "multiplied the delta by the slope of the output twice",
                lambda z, y: (counts_cost(z, y)[0], (np.exp(z) - y) * np.exp(z) / len(z)),
                "The slope a of the output cancels the 1/a of the cost. What is left?",
            ),
            Mistake(
                "forgot the 1/n of the mean in the delta",
                lambda z, y: (counts_cost(z, y)[0], np.exp(z) - y),
                "The cost is a mean over the samples: each contributes an n-th.",
            ),
            Mistake(
                "turned the sign of the delta",
                lambda z, y: (counts_cost(z, y)[0], (y - np.exp(z)) / len(z)),
                "If a is larger than the count, the cost has to fall when z falls.",
            ),
            Mistake(
                "turned all signs: the log-likelihood",
                lambda z, y: (-counts_cost(z, y)[0], -counts_cost(z, y)[1]),
                "A cost is small where the probability is large: minus the logarithm.",
            ),
            Mistake(
                "took the half squared error",
                lambda z, y: (
                    np.mean((np.exp(z) - y) ** 2) / 2,
                    (np.exp(z) - y) * np.exp(z) / len(z),
                ),
                "It assumes the same scatter for all counts. Start from Poisson's probability.",
            ),
        ),
    ),
    Exercise(
        id="cost-fused",
        chapter="costs-and-outputs",
        title="Softmax and cross-entropy in one",
        difficulty=3,
        minutes=15,
        equation="eq-cost-delta-softmax",
        hints=(
            "Subtract the largest z of each row; {eq}`eq-cost-shift` says that nothing changes.",
            "`shifted[np.arange(n), labels]` picks the entry of the right class in each row.",
            "The delta is a - y over n; y need not be built, subtract 1 at the right class.",
        ),
        reference=cost_and_delta,
        inputs=_scores,
        cases=(
            (np.array([[-1000.0, -1001.0]]), np.array([0])),
            (np.array([[1000.0, 0.0, -1000.0]]), np.array([2])),
            (np.array([[1000.0, 1000.0], [0.0, -1000.0]]), np.array([0, 1])),
        ),
        mistakes=(
            Mistake(
                "the sign of the cost is turned",
                lambda z, labels: (-_cost(z, labels), _delta(z, labels)),
                "The logarithm of a probability is negative. A cost is small, and not negative, when the prediction is good.",
            ),
            Mistake(
                "subtracted 1 in every row for every label",
                _one_in_every_row,
                "`delta[:, labels]` means all rows, for each of the labels. Row i has one label: which index goes with it?",
            ),
            Mistake(
                "subtracted the largest number of the whole batch",
                _by_the_largest_of_all,
                "A row that lies far below the others becomes log 0. Each row has its own largest number.",
            ),
            Mistake(
                "took the logarithm of a rounded probability",
                _log_of_softmax,
                "The softmax of a hopeless class is 0 in the computer, and its logarithm is infinite. Take the logarithm before anything is rounded away.",
            ),
            Mistake(
                "subtracted the largest absolute value",
                _by_the_largest_size,
                "In a row of very negative numbers all exponentials become 0. What should the largest exponent of each row be?",
            ),
            Mistake(
                "forgot the 1/n in the delta",
                lambda z, labels: (_cost(z, labels), len(z) * _delta(z, labels)),
                "The cost is a mean over the samples, and the delta is the derivative of that cost.",
            ),
            Mistake(
                "the sign of the delta is turned",
                lambda z, labels: (_cost(z, labels), -_delta(z, labels)),
                "Output minus target.",
            ),
            Mistake(
                "returned the outputs as the delta",
                lambda z, labels: (_cost(z, labels), softmax(z) / len(z)),
                "The targets are missing: subtract 1 at the right class of each row.",
            ),
            Mistake(
                "added the costs up instead of taking their mean",
                lambda z, labels: (len(z) * _cost(z, labels), _delta(z, labels)),
                "The delta is that of the mean; the cost must be the mean too.",
            ),
            Mistake(
                "took softmax over the whole array",
                lambda z, labels: (
                    np.mean(np.log(np.exp(z - z.max()).sum()) - (z - z.max())[np.arange(len(z)), labels]),
                    (softmax(z.ravel()).reshape(z.shape) - _targets(z, labels)) / len(z),
                ),
                "Each row is a sample: sum along axis 1, and keep the dimension.",
            ),
            Mistake(
                "multiplied the delta by the slope a(1 - a) as well",
                lambda z, labels: (
                    cost_and_delta(z, labels)[0],
                    cost_and_delta(z, labels)[1] * softmax(z) * (1 - softmax(z)),
                ),
                "For softmax with cross-entropy the slope has cancelled already.",
            ),
            Mistake(
                "took softmax down the columns",
                lambda z, labels: (
                    cost_and_delta(z, labels)[0],
                    (softmax(z.T).T - np.eye(z.shape[1])[labels]) / len(z),
                ),
                "Rows are samples: each row of the outputs adds up to 1.",
            ),
        ),
    ),
    Exercise(
        id="cost-signs",
        chapter="costs-and-outputs",
        title="The gradient for labels of plus and minus one",
        difficulty=2,
        minutes=6,
        equation="eq-cost-logistic",
        hints=(
            "Differentiate ln(1 + exp(-s f)) with the chain rule; the outer derivative is one over the bracket.",
            "exp(-u)/(1 + exp(-u)) is σ(-u).",
        ),
        reference=attribute_gradient,
        inputs=_signs,
        mistakes=(
            Mistake(
                "the sign is turned, as the source prints it",
                lambda f, s: -attribute_gradient(f, s),
                "This is the gradient of the log-likelihood. For s = 1 the loss falls when f grows.",
            ),
            Mistake(
                "put the labels ±1 where y = 0 or 1 belongs",
                lambda f, s: sigmoid(f) - s,
                "σ(f) - y needs y = 0 or 1. How is y made from s?",
            ),
            Mistake(
                "forgot the inner derivative",
                lambda f, s: -sigmoid(-s * f),
                "The exponent is -s f; its derivative with respect to f is not -1 for every sample.",
            ),
            Mistake(
                "took σ at +s f",
                lambda f, s: -s * sigmoid(s * f),
                "A sample with a large margin s f must have a small gradient.",
            ),
            Mistake(
                "took the gradient of the hinge loss",
                lambda f, s: -s * (s * f < 1),
                "That is {eq}`eq-cost-hinge-slope`. The logistic loss has a smooth derivative.",
            ),
            Mistake(
                "gave the cost",
                lambda f, s: np.log1p(np.exp(-s * f)),
                "This is the cost of each score. Its derivative is asked for.",
            ),
        ),
    ),
    Exercise(
        id="cost-hinge",
        chapter="costs-and-outputs",
        title="Who is listened to",
        difficulty=3,
        minutes=10,
        hints=(
            "What is the margin of a sample with a wrong label, once the model is good?",
            "Compare the three slopes with respect to f at s f = -6.",
        ),
    ),
    Exercise(
        id="cost-measure",
        chapter="costs-and-outputs",
        title="Measure: is it softmax, or the cross-entropy?",
        difficulty=3,
        minutes=25,
        equation="eq-cost-jacobian",
        hints=(
            "The squared error wants a rate several times as large as the cross-entropy.",
            "Rates from 1 to 10; if the best one is the largest, go on.",
        ),
        **covering("softmax-squares", "squared error", "cross-entropy", widest=28.0),
    ),
)
