"""Exercises of the chapter on costs and outputs."""

import math
from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_book.exercises._measured import covering
from fysstk_nn.activations import sigmoid, softmax

ENERGY = ("identity", "half_squared_error", 0.5)
PARTICLE = ("softmax", "cross_entropy", math.log(5))
FLAGS = ("sigmoid", "binary_cross_entropy", 12 * math.log(2))


def _pairs(energy: Any = ENERGY, particle: Any = PARTICLE, flags: Any = FLAGS) -> dict[str, Any]:
    return {"energy": energy, "particle": particle, "flags": flags}


def weighted_cost(z: Any, y: Any, w: Any) -> Any:
    """Mean cross-entropy of sigmoid outputs, from z, in which a miss weighs w times as much."""
    return _weighted(z, w * y, 1 - y)


def _weighted(z: Any, yes: Any, no: Any) -> Any:
    return np.mean(yes * np.logaddexp(0, -z) + no * np.logaddexp(0, z))


def counts_cost(z: Any, y: Any) -> Any:
    """Mean cost of counts with the Poisson mean exp(z), and its delta."""
    a = np.exp(z)
    return np.mean(a - y * z), (a - y) / len(z)


def cost_and_delta(z: Any, labels: Any) -> Any:
    """Mean cross-entropy of a softmax layer, and its delta."""
    return _cost(z, labels), _delta(z, labels)


def tanh_cost(a: Any, s: Any) -> Any:
    """Cost of the tanh outputs of one sample whose delta is a - s, for targets of plus and minus one."""
    return -np.sum(np.log((1 + s * a) / 2))


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
    w = float(rng.choice([2, 5, 10]))
    return nice(rng, n, low=-5, high=5), rng.integers(0, 2, size=n).astype(float), w


def _scores(rng: np.random.Generator) -> tuple[Any, ...]:
    n, M = int(rng.integers(1, 5)), int(rng.integers(2, 5))
    return nice(rng, n, M), rng.integers(0, M, size=n)


def _signs(rng: np.random.Generator) -> tuple[Any, ...]:
    M = int(rng.integers(1, 5))
    return nice(rng, M, low=-0.9, high=0.9), 2.0 * rng.integers(0, 2, size=M) - 1


EXERCISES = (
    Exercise(
        id="cost-pairs",
        chapter="costs-and-outputs",
        title="Which output, which cost?",
        difficulty=2,
        minutes=8,
        equation="eq-cost-delta-softmax",
        hints=(
            "For each task ask: is the answer a number, one of several classes, or several answers at once?",
            "The table under {eq}`eq-cost-delta-softmax` has one row for each.",
            "For the start, put z = 0 into the output layer: what does each output say? Then into the cost of a sample, with all of its outputs.",
        ),
        reference=_pairs(),
        mistakes=(
            Mistake(
                "named the cost before the output",
                _pairs(*((cost, output, start) for output, cost, start in (ENERGY, PARTICLE, FLAGS))),
                "The choices are right. The exercise asks for the output first, then for the cost.",
            ),
            Mistake(
                "gave the squared error another package's name",
                _pairs(energy=("identity", "mse", 0.5)),
                "The choice is right. The exercise names the costs as this book's package does: `half_squared_error`, with its factor ½.",
            ),
            Mistake(
                "took softmax for the detectors",
                _pairs(flags=("softmax", "cross_entropy", math.log(12))),
                "Softmax outputs add up to 1. How many of the twelve detectors may be on at the same time?",
            ),
            Mistake(
                "took separate sigmoids for the particle",
                _pairs(particle=("sigmoid", "binary_cross_entropy", 5 * math.log(2))),
                "A track was made by exactly one of the five. Which output knows that?",
            ),
            Mistake(
                "gave the energy a sigmoid",
                _pairs(energy=("sigmoid", "half_squared_error", 0.5)),
                "A sigmoid never leaves the interval from 0 to 1. Does an energy?",
            ),
            Mistake(
                "judged the classes by a squared error",
                _pairs(
                    particle=("softmax", "half_squared_error", math.log(5)),
                    flags=("sigmoid", "half_squared_error", 12 * math.log(2)),
                ),
                "This can be trained, but the slope of the output does not cancel. Which cost makes it?",
            ),
            Mistake(
                "exchanged the two classifications",
                _pairs(particle=FLAGS, flags=PARTICLE),
                "Which of the two tasks has answers that exclude each other?",
            ),
            Mistake(
                "counted one of the twelve questions",
                _pairs(flags=(*FLAGS[:2], math.log(2))),
                "The outputs and costs are right. A sample has twelve answers, and its cost is the sum over them.",
            ),
            Mistake(
                "forgot the ½ of the squared error",
                _pairs(energy=(*ENERGY[:2], 1.0)),
                "The outputs and costs are right. The variance of the energies is 1, and the cost has a factor ½.",
            ),
            Mistake(
                "took the start to be perfect where z = 0",
                _pairs(energy=(*ENERGY[:2], 0.0)),
                "The outputs and costs are right. The mean of the energies is 0, but each of them misses it.",
            ),
            Mistake(
                "gave the probabilities instead of the costs",
                _pairs(particle=(*PARTICLE[:2], 0.2), flags=(*FLAGS[:2], 0.5)),
                "The outputs and costs are right. This is what the outputs say at z = 0; the cost has a logarithm of it.",
            ),
            Mistake(
                "took the logarithm to base 10",
                _pairs(particle=(*PARTICLE[:2], math.log10(5)), flags=(*FLAGS[:2], 12 * math.log10(2))),
                "The outputs and costs are right. The cross-entropy has the natural logarithm.",
            ),
        ),
    ),
    Exercise(
        id="cost-stable",
        chapter="costs-and-outputs",
        title="A miss costs more than a false alarm",
        difficulty=2,
        minutes=12,
        equation="eq-cost-stable-sigmoid",
        hints=(
            "For the pencil: {eq}`eq-cost-calibrated`, with the weight in its first term.",
            "For the code: write -ln σ(z) and -ln(1 - σ(z)) as logarithms of 1 + exp(...). Each of them has its own factor.",
            "`np.logaddexp(0, u)` is ln(1 + exp(u)), and does not overflow.",
        ),
        reference=weighted_cost,
        inputs=_yes_no,
        cases=(
            (np.array([1000.0]), np.array([0.0]), 2.0),
            (np.array([-1000.0]), np.array([1.0]), 10.0),
            (np.array([1000.0, -1000.0, 0.5]), np.array([1.0, 0.0, 1.0]), 5.0),
        ),
        mistakes=(
            Mistake(
                "the sign is turned",
                lambda z, y, w: -weighted_cost(z, y, w),
                "This is the log-likelihood. A cost is small when the prediction is good.",
            ),
            Mistake(
                "left the weight out",
                lambda z, y, w: weighted_cost(z, y, 1),
                "This is the cost in which a miss and a false alarm count the same.",
            ),
            Mistake(
                "weighted the false alarms",
                lambda z, y, w: _weighted(z, y, w * (1 - y)),
                "A miss is a sample with y = 1 that gets a small a. Which of the two terms is that?",
            ),
            Mistake(
                "weighted both terms",
                lambda z, y, w: w * weighted_cost(z, y, 1),
                "A factor before the whole cost does not change which answer is best. Only one term has it.",
            ),
            Mistake(
                "put the weight into the short form of the cost",
                lambda z, y, w: np.mean(np.logaddexp(0, z) - w * y * z),
                "ln(1 + exp(z)) - y z is the sum of both terms, and falls apart when one of them has a factor: for y = 1 and a large z this cost is negative.",
            ),
            Mistake(
                "divided by the sum of the weights",
                lambda z, y, w: weighted_cost(z, y, w) / np.mean(w * y + 1 - y),
                "That is a weighted mean. The exercise asks for the mean over the n samples.",
            ),
            Mistake(
                "exchanged the targets 0 and 1",
                lambda z, y, w: weighted_cost(z, 1 - y, w),
                "For y = 1 a large positive z must cost nearly nothing.",
            ),
            Mistake(
                "took the hinge instead of its smooth version",
                lambda z, y, w: np.mean(w * y * np.maximum(-z, 0) + (1 - y) * np.maximum(z, 0)),
                "ln(1 + exp(z)) is the larger of z and 0 only if z is far from 0.",
            ),
            Mistake(
                "cut the probability off to avoid the logarithm of 0",
                lambda z, y, w: (
                    -np.mean(
                        w * y * np.log(np.clip(sigmoid(z), 1e-12, 1))
                        + (1 - y) * np.log(np.clip(sigmoid(-z), 1e-12, 1))
                    )
                ),
                "That avoids infinity, but the cost is wrong where z is large: at z = 1000 and y = 0 it is 1000.",
            ),
            Mistake(
                "the formula as it stands, which overflows",
                lambda z, y, w: np.mean(w * y * np.log(1 + np.exp(-z)) + (1 - y) * np.log(1 + np.exp(z))),
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
        title="The wish for tanh",
        difficulty=2,
        minutes=12,
        equation="eq-cost-wish",
        hints=(
            "What is the derivative of C with respect to a, if its product with the slope of tanh is to be a - s?",
            "s² = 1. So 1 - a² is (1 - s a)(1 + s a), and a - s has one of the brackets as a factor.",
            "The constant of integration: put a = s into what you have found.",
        ),
        reference=tanh_cost,
        inputs=_signs,
        mistakes=(
            Mistake(
                "put the labels ±1 where y = 0 or 1 belongs",
                lambda a, s: -np.sum(s * np.log((1 + a) / 2) + (1 - s) * np.log((1 - a) / 2)),
                "The factors of the two logarithms are 1 and 0 in turn. How are they made from s?",
            ),
            Mistake(
                "forgot the constant of integration",
                lambda a, s: -np.sum(np.log(1 + s * a)),
                "The delta is right. What does this cost for a perfect answer, a = s?",
            ),
            Mistake(
                "the sign is turned",
                lambda a, s: -tanh_cost(a, s),
                "This falls when the answer gets worse. What is the sign of the derivative with respect to a, for s = 1?",
            ),
            Mistake(
                "forgot the slope of tanh",
                lambda a, s: np.sum((a - s) ** 2) / 2,
                "This has a - s for its derivative with respect to a. The wish is about z.",
            ),
            Mistake(
                "lost the factor ½ of the partial fractions",
                lambda a, s: 2 * tanh_cost(a, s),
                "Differentiate it again: is it a - s, or twice as much?",
            ),
            Mistake(
                "exchanged the two labels",
                lambda a, s: tanh_cost(a, -s),
                "For s = 1 an output close to 1 must cost nearly nothing.",
            ),
            Mistake(
                "took the mean over the outputs",
                lambda a, s: tanh_cost(a, s) / len(a),
                "The sum over the outputs is asked for.",
            ),
            Mistake(
                "gave the delta",
                lambda a, s: a - s,
                "This is the wish itself. The cost that fulfils it is asked for.",
            ),
        ),
    ),
    Exercise(
        id="cost-hinge",
        chapter="costs-and-outputs",
        title="Which samples count?",
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
