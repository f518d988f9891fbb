"""Exercises of the chapter on what networks need and cannot do."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_book.exercises._measured import covering


def tanh_limit(W: Any, v: Any, b: Any, d: Any) -> Any:
    """Output of a tanh network far out in the direction d."""
    return b + v @ np.sign(d @ W)


def last_slope(W: Any, v: Any, d: Any) -> Any:
    """Slope of a ReLU network beyond its last kink in the direction d."""
    return v @ np.maximum(d @ W, 0)


def memorise(H: Any, Y: Any) -> Any:
    """Output weights that reproduce any targets."""
    return np.linalg.pinv(H) @ Y


def new_rate(eta: Any, c: Any) -> Any:
    """Learning rate that undoes a change of units."""
    return eta / c**2


def chance(K: Any, m: Any) -> Any:
    """Accuracy of guessing, and its standard deviation."""
    return 1 / K, np.sqrt((1 - 1 / K) / (K * m))


def _network(rng: np.random.Generator) -> tuple[Any, Any, Any]:
    inputs, nodes = int(rng.integers(1, 4)), int(rng.integers(2, 6))
    return rng.normal(size=(inputs, nodes)).round(2) + 0.003, nice(rng, nodes), nice(rng, inputs)


def _with_bias(rng: np.random.Generator) -> tuple[Any, ...]:
    W, v, d = _network(rng)
    return W, v, nice(rng), d


def _wide_layer(rng: np.random.Generator) -> tuple[Any, Any]:
    n = int(rng.integers(2, 5))
    return rng.normal(size=(n, n + int(rng.integers(0, 4)))), nice(rng, n, int(rng.integers(1, 4)))


EXERCISES = (
    Exercise(
        id="limits-tanh",
        chapter="limits",
        title="Where tanh ends up",
        difficulty=1,
        minutes=5,
        equation="eq-limits-tanh",
        hints=("The numbers α_j are `d @ W`; what is tanh of a very large number?",),
        reference=tanh_limit,
        inputs=_with_bias,
        cases=((np.array([[1.0, -2.0]]), np.array([3.0, 0.5]), 0.2, np.array([1.0])),),
        mistakes=(
            Mistake(
                "forgot the output's bias",
                lambda W, v, b, d: v @ np.sign(d @ W),
                "The output has a bias of its own, far out as well.",
            ),
            Mistake(
                "let all nodes saturate at +1",
                lambda W, v, b, d: b + v.sum(),
                "A node goes to +1 or to -1. What decides?",
            ),
            Mistake(
                "let the other nodes go to 0, as a sigmoid does",
                lambda W, v, b, d: b + v @ (d @ W > 0),
                "tanh has the limits +1 and -1.",
            ),
            Mistake(
                "took tanh at t = 1",
                lambda W, v, b, d: b + v @ np.tanh(d @ W),
                "Far out means t → ∞: every node is saturated.",
            ),
            Mistake(
                "turned the direction round",
                lambda W, v, b, d: b - v @ np.sign(d @ W),
                "The sign of α_j is that of w_j·d.",
            ),
            Mistake(
                "added up the signs of the weights into a node",
                lambda W, v, b, d: b + v @ np.sign(np.sign(W).sum(axis=0) + 1e-9),
                "A node sees the sum of weights times components of d, so first the product, then the sign.",
            ),
        ),
    ),
    Exercise(
        id="limits-relu",
        chapter="limits",
        title="The last slope of a ReLU network",
        difficulty=2,
        minutes=6,
        equation="eq-limits-relu",
        hints=("Which nodes are on for very large t? What is the slope of each of them?",),
        reference=last_slope,
        inputs=_network,
        cases=((np.array([[1.0, -2.0]]), np.array([3.0, 0.5]), np.array([1.0])),),
        mistakes=(
            Mistake(
                "put the output weights inside ReLU",
                lambda W, v, d: np.sum(np.maximum((d @ W) * v, 0)),
                "Whether a node is on is decided by its own z, before its output weight comes in.",
            ),
            Mistake(
                "kept all nodes on",
                lambda W, v, d: v @ (d @ W),
                "A node with α_j < 0 is off for large t.",
            ),
            Mistake(
                "counted the nodes without their slopes",
                lambda W, v, d: v @ (d @ W > 0),
                "A node that is on contributes v_j times α_j to the slope.",
            ),
            Mistake(
                "kept the nodes that are off",
                lambda W, v, d: v @ np.minimum(d @ W, 0),
                "For t → ∞ the nodes with positive α_j are on.",
            ),
            Mistake(
                "cut the output weights instead",
                lambda W, v, d: np.maximum(v, 0) @ (d @ W),
                "The ReLU acts in the hidden layer, not on the weights v.",
            ),
            Mistake(
                "forgot the output weights",
                lambda W, v, d: np.maximum(d @ W, 0).sum(),
                "The output adds up the nodes with the weights v_j.",
            ),
            Mistake(
                "took the size of α",
                lambda W, v, d: v @ np.abs(d @ W),
                "A ReLU is off on one side; it is no absolute value.",
            ),
        ),
    ),
    Exercise(
        id="limits-memory",
        chapter="limits",
        title="Learn anything by heart",
        difficulty=2,
        minutes=5,
        equation="eq-limits-memory",
        hints=(
            "H has at least as many columns as rows: many V solve H V = Y. One matrix gives the shortest.",
            "With H⁺, H H⁺ is the identity. NumPy computes it in `np.linalg`.",
            "Which shape must a matrix have that multiplies Y from the left and makes V? Try yours: `np.allclose(H @ V, Y)`.",
        ),
        reference=memorise,
        inputs=_wide_layer,
        cases=((np.array([[2.0]]), np.array([[1.0]])),),
        use=lambda f, H, Y: H @ f(H, Y),
        compared="the outputs H V with your V, which should equal Y",
        mistakes=(
            Mistake(
                "solved the normal equations of too few samples",
                lambda H, Y: np.linalg.solve(H.T @ H + 1e-2 * np.eye(H.shape[1]), H.T @ Y),
                "With more nodes than samples HᵀH has no inverse, and what is added to it keeps V from reproducing the targets. Is HHᵀ the better matrix?",
            ),
            Mistake(
                "took the transposed matrix for the inverse",
                lambda H, Y: H.T @ Y,
                "The transpose is the inverse only if the rows are orthonormal.",
            ),
            Mistake(
                "took the mean out of the targets first",
                lambda H, Y: np.linalg.pinv(H) @ (Y - Y.mean(axis=0)),
                "There is no bias that would put the mean back.",
            ),
            Mistake(
                "added a penalty",
                lambda H, Y: H.T @ np.linalg.solve(H @ H.T + np.eye(len(H)), Y),
                "A penalty keeps the weights from reproducing the targets exactly.",
            ),
            Mistake(
                "turned the sign",
                lambda H, Y: -memorise(H, Y),
                "Check your V: is H V equal to Y?",
            ),
        ),
    ),
    Exercise(
        id="limits-units",
        chapter="limits",
        title="From MeV to keV",
        difficulty=2,
        minutes=6,
        equation="eq-limits-units",
        hints=("How long is a step of w′, measured in w? Compare with the old step.",),
        reference=new_rate,
        inputs=lambda rng: (
            nice(rng, low=0.1, high=2.0),
            float(rng.choice([0.01, 0.1, 10.0, 100.0, 1000.0])),
        ),
        mistakes=(
            Mistake(
                "left the learning rate as it was",
                lambda eta, c: eta,
                "Gradient descent is not indifferent to units.",
            ),
            Mistake(
                "divided by c once",
                lambda eta, c: eta / c,
                "One factor comes from the gradient, another one from the weight.",
            ),
            Mistake(
                "multiplied by c²",
                lambda eta, c: eta * c**2,
                "The step has become c² times as long; undo that.",
            ),
            Mistake(
                "multiplied by c",
                lambda eta, c: eta * c,
                "Larger inputs make larger gradients, so the rate has to fall, and by more than one factor.",
            ),
            Mistake(
                "divided by the root of c",
                lambda eta, c: eta / np.sqrt(c),
                "Both the gradient and the weight carry a whole factor c.",
            ),
        ),
    ),
    Exercise(
        id="limits-chance",
        chapter="limits",
        title="How lucky can a guess be?",
        difficulty=2,
        minutes=6,
        equation="eq-limits-chance",
        hints=("The number of right answers is binomial with probability 1/K.",),
        reference=chance,
        inputs=lambda rng: (int(rng.integers(2, 12)), int(rng.integers(1, 500))),
        mistakes=(
            Mistake(
                "gave the largest deviation, that of one half",
                lambda K, m: (1 / K, 1 / (2 * np.sqrt(m))),
                "p (1 − p) is ¼ for p = ½. Here p is 1/K.",
            ),
            Mistake(
                "gave the variance for the deviation",
                lambda K, m: (1 / K, (1 - 1 / K) / (K * m)),
                "The standard deviation is the root of the variance.",
            ),
            Mistake(
                "forgot the number of samples",
                lambda K, m: (1 / K, np.sqrt((1 - 1 / K) / K)),
                "That is the deviation of a single answer. The mean of m answers scatters less.",
            ),
            Mistake(
                "gave the number of right answers, not their fraction",
                lambda K, m: (m / K, np.sqrt(m * (1 - 1 / K) / K)),
                "An accuracy is a fraction: divide by m.",
            ),
            Mistake(
                "took the variance of rare events, without the factor 1 - 1/K",
                lambda K, m: (1 / K, np.sqrt(1 / (K * m))),
                "With few classes a right answer is no rare event.",
            ),
            Mistake(
                "gave the accuracy of always being wrong",
                lambda K, m: (1 - 1 / K, np.sqrt((1 - 1 / K) / (K * m))),
                "A guess is right with the probability 1/K.",
            ),
            Mistake(
                "took p(1 - p) = 1 for the variance",
                lambda K, m: (1 / K, 1 / np.sqrt(m)),
                "A right answer has the probability p = 1/K: put it into p(1 - p)/m.",
            ),
        ),
    ),
    Exercise(
        id="limits-law",
        chapter="limits",
        title="Which law is it?",
        difficulty=3,
        minutes=15,
        equation="eq-limits-difference",
        hints=(
            "What is the root mean square of the difference, for Mars and for Mercury?",
            "n observations with the same noise see a difference √n times as clearly as one.",
        ),
    ),
    Exercise(
        id="limits-measure",
        chapter="limits",
        title="Measure: a hundred tumours",
        difficulty=3,
        minutes=25,
        hints=(
            "Tune C of the logistic regression as well: powers of ten from 0.01 to 10.",
            "For the network a few rates around 0.01, and penalties from 0 to 0.1.",
        ),
        **covering("small-tumours-100", "network", "logistic regression", widest=2.2),
    ),
)
