"""Exercises of the chapter on logic gates."""

from itertools import product
from typing import Any

import numpy as np
import scipy

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_nn.activations import sigmoid, step
from fysstk_nn.gates import INPUTS, design_matrix


def unseen(y: Any) -> Any:
    """What the line through three of the four targets says at the other corner of the square."""
    y00, y01, y10, y11 = y
    return np.array([y01 + y10 - y11, y00 + y11 - y10, y00 + y11 - y01, y01 + y10 - y00])


def _without_ones(y: Any) -> Any:
    """Return the same with no column of ones, by least squares."""
    kept = [np.delete(np.arange(4), i) for i in range(4)]
    return np.array([INPUTS[i] @ np.linalg.lstsq(INPUTS[k], y[k])[0] for i, k in enumerate(kept)])


def within_reach(W1: Any, b1: Any) -> Any:
    """How many of the 16 gates an output step neuron can compute behind two hidden ones."""
    points = len(np.unique(step(INPUTS @ W1 + b1), axis=0))
    return 14 if points == 4 else 2**points


def _points(W1: Any, b1: Any) -> int:
    """Return on how many different points the four inputs fall."""
    return len(np.unique(step(INPUTS @ W1 + b1), axis=0))


def _hidden_layer(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw two hidden step neurons whose sums are never 0."""
    return rng.integers(-2, 3, size=(2, 2)).astype(float), rng.integers(-2, 2, size=2) + 0.5


def signed(y: Any) -> Any:
    """Coefficients of 1, s1, s2 and s1 s2 in the polynomial through the four targets, with s = 2x - 1."""
    y00, y01, y10, y11 = y
    return (
        np.array([y00 + y01 + y10 + y11, y10 + y11 - y00 - y01, y01 + y11 - y00 - y10, y00 - y01 - y10 + y11])
        / 4
    )


def _unsigned(y: Any) -> Any:
    """Coefficients of the same polynomial in x1 and x2."""
    y00, y01, y10, y11 = y
    return np.array([y00, y10 - y00, y01 - y00, y00 - y01 - y10 + y11])


def signed_gradient(theta: Any, X: Any, s: Any, l2: Any) -> Any:
    """Gradient of the penalised logistic cost for targets -1 and +1; the first column of X is ones."""
    return _pull(-s * sigmoid(-s * (X @ theta)), theta, X, l2)


def _pull(deltas: Any, theta: Any, X: Any, l2: Any) -> Any:
    """Sum the derivatives of the rows' costs by z, and add the penalty on the slopes."""
    return X.T @ deltas + l2 * np.concatenate([[0.0], theta[1:]])


def _logistic_inputs(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw a few labelled points with one to three features, and a penalty."""
    n, features = int(rng.integers(1, 6)), int(rng.integers(1, 4))
    X = design_matrix(nice(rng, n, features))
    return nice(rng, features + 1), X, rng.choice([-1, 1], size=n), nice(rng, low=0.1, high=3.0)


def turning_point() -> float:
    """Value of C at which logistic regression gets the OR of three inputs right."""
    w = _or3_slope()
    return float(w / _or3_pull(w))


def _or3_slope() -> float:
    """Slope at which the seven rows with a 1 balance the row without, at intercept 0."""
    # Named in full, it is loaded when it is needed: who checks a gate does not wait for all of SciPy.
    find = scipy.optimize.brentq
    return float(find(lambda w: 3 * sigmoid(w) + 3 * sigmoid(2 * w) + sigmoid(3 * w) - 6.5, 0.1, 10.0))


def _or3_pull(w: float) -> float:
    """Sum of y - p over the four rows in which x1 is 1."""
    return float((1 - sigmoid(w)) + 2 * (1 - sigmoid(2 * w)) + (1 - sigmoid(3 * w)))


def parity(p: Any) -> Any:
    """Step network that says whether an odd number of its inputs is 1."""
    count = np.arange(p)
    return np.ones((p, p)), -count - 0.5, (-1.0) ** count, -0.5


def _with_output(W2: Any, b2: float = -0.5) -> Any:
    """Return `parity` with other output weights, a function of the numbers 0 to p - 1, and another bias."""
    return lambda p: (*parity(p)[:2], W2(np.arange(p)) + 0.0, b2)


def _lamp(network: Any, p: Any) -> Any:
    """Return what the student's network says to all rows of p inputs."""
    W1, b1, W2, b2 = (np.asarray(part, dtype=float) for part in network(p))
    if W1.shape != (p, p) or b1.shape != (p,) or W2.size != p or b2.size != 1:
        raise ValueError(
            f"W1, b1, W2, b2 must have the shapes {(p, p)}, {(p,)}, {(p,)} and (), "
            f"got {W1.shape}, {b1.shape}, {W2.shape} and {b2.shape}"
        )
    rows = np.array(list(product((0, 1), repeat=p)))
    return step(step(rows @ W1 + b1) @ W2.reshape(p) + b2.reshape(()))


EXERCISES = (
    Exercise(
        id="gates-nand-line",
        chapter="gates",
        title="NAND with a row missing",
        difficulty=2,
        minutes=12,
        equation="eq-gates-no-line",
        hints=(
            "Three targets, three numbers: the line hits all three. Begin with the row (1, 1) hidden. Then the row "
            "(0, 0) gives θ₀ at once.",
            "For any line z, what do you know about z(1, 0) + z(0, 1) and z(0, 0) + z(1, 1)?",
        ),
        reference=unseen,
        inputs=lambda rng: (nice(rng, 4),),
        cases=tuple(
            (np.array(y, dtype=float),) for y in ((1, 1, 1, 0), (0, 1, 1, 0), (0, 0, 1, 1), (1, 1, 1, 1))
        ),
        mistakes=(
            Mistake(
                "fitted the line to all four rows",
                lambda y: (3 * y + unseen(y)) / 4,
                "This line has seen every row. Leave out the row that you ask about.",
            ),
            Mistake(
                "gave the errors in place of the predictions",
                lambda y: y - unseen(y),
                "By so much the line is wrong. Return what it says.",
            ),
            Mistake(
                "turned the predictions into 0 and 1",
                lambda y: (unseen(y) > 0.5).astype(float),
                "These are the answers with the threshold 1/2. Return what the line says before that.",
            ),
            Mistake(
                "took the mean of the three others",
                lambda y: (y.sum() - y) / 3,
                "The best line uses the places of the three rows, too. Which of them lies across the square?",
            ),
            Mistake(
                "added the neighbours and forgot the corner across",
                lambda y: np.array([y[1] + y[2], y[0] + y[3], y[0] + y[3], y[1] + y[2]]),
                "Try your function on the gate that is always 1: a line with all slopes zero fits it.",
            ),
            Mistake(
                "forgot the column of ones",
                _without_ones,
                "Your lines pass through 0 at the origin. There are three numbers to choose, and θ₀ is one of them.",
            ),
            Mistake(
                "mixed up the rows (0, 1) and (1, 0)",
                lambda y: unseen(y)[[0, 2, 1, 3]],
                "The predictions for the rows (0, 1) and (1, 0) are exchanged. Which targets are their neighbours?",
            ),
        ),
    ),
    Exercise(
        id="gates-middle",
        chapter="gates",
        title="What the middle lets through",
        difficulty=3,
        minutes=15,
        equation="eq-gates-steps",
        hints=(
            "What can the output neuron do about two rows that fall on the same point of the hidden plane?",
            "Count the different points. Each may become a 0 or a 1; for how many of these choices is there a line?",
            "One, two or three corners of a square can always be separated as you like. Four cannot: which two "
            "tables fail?",
        ),
        reference=within_reach,
        inputs=_hidden_layer,
        cases=(
            (np.ones((2, 2)), np.array([-0.5, -1.5])),
            (np.eye(2), np.array([-0.5, -0.5])),
            (np.array([[1.0, 1.0], [0.0, 0.0]]), np.array([-0.5, -0.5])),
            (np.zeros((2, 2)), np.array([0.5, -0.5])),
        ),
        mistakes=(
            Mistake(
                "let a line separate four points in any way",
                lambda W1, b1: 2 ** _points(W1, b1),
                "With one, two or three points you are right. With four, the hidden plane looks like the plane of the "
                "inputs, and there two tables resist.",
            ),
            Mistake(
                "counted all tables",
                lambda W1, b1: 16,
                "Rows that fall on the same point get the same answer. How many tables respect that?",
            ),
            Mistake(
                "counted what a line can do in the plane of the inputs",
                lambda W1, b1: 14,
                "That is what a neuron can do that sees x1 and x2. The output neuron sees h1 and h2 only.",
            ),
            Mistake(
                "gave the number of points",
                lambda W1, b1: _points(W1, b1),
                "So many different points are left. Each of them may become a 0 or a 1.",
            ),
            Mistake(
                "took the weights of a neuron from a row of W1",
                lambda W1, b1: within_reach(W1.T, b1),
                "Hidden neuron j receives the inputs times *column* j of W1.",
            ),
        ),
    ),
    Exercise(
        id="gates-signs",
        chapter="gates",
        title="Other numbers for true and false",
        difficulty=2,
        minutes=10,
        equation="eq-gates-polynomial",
        hints=(
            "Write down the four equations, one for each row, and add them. What cancels?",
            "Add two of the four equations and subtract the other two, so that everything cancels but one coefficient. "
            "Mind the order of the targets: in the row (0, 1) it is the second input that is true.",
        ),
        reference=signed,
        inputs=lambda rng: (nice(rng, 4),),
        cases=tuple(
            (np.array(y, dtype=float),) for y in ((0, 1, 1, 0), (0, 1, 1, 1), (0, 0, 0, 1), (1, 1, 0, 1))
        ),
        mistakes=(
            Mistake(
                "gave the coefficients of x1 and x2",
                _unsigned,
                "This polynomial passes through the targets at x = 0 and 1. Put in s = -1 and s = 1.",
            ),
            Mistake(
                "took the difference of two means for a slope",
                lambda y: signed(y) * np.array([1.0, 2.0, 2.0, 1.0]),
                "From false to true s changes by 2, so the slopes are half as large as you think.",
            ),
            Mistake(
                "forgot the factor 1/4",
                lambda y: 4 * signed(y),
                "The combinations are right. In the sum of four equations the coefficient stands four times.",
            ),
            Mistake(
                "mixed up the two inputs",
                lambda y: signed(y)[[0, 2, 1, 3]],
                "The coefficients of s1 and s2 are exchanged: y01 is the target of x1 = 0, x2 = 1.",
            ),
            Mistake(
                "the sign of the product",
                lambda y: signed(y) * np.array([1.0, 1.0, 1.0, -1.0]),
                "The first three are right. In which two rows is s1 s2 positive?",
            ),
            Mistake(
                "took the target at the origin for the constant",
                lambda y: np.array([y[0], *signed(y)[1:]]),
                "The constant is the value at s1 = s2 = 0, in the middle between the four corners.",
            ),
        ),
    ),
    Exercise(
        id="gates-logistic-gradient",
        chapter="gates",
        title="Targets of plus and minus one",
        difficulty=2,
        minutes=12,
        equation="eq-gates-logistic-gradient",
        hints=(
            "Which probability does the model give to what really is the case, for s = 1 and for s = -1? "
            "With 1 - σ(z) = σ(-z) the two are one formula.",
            "The derivative of ln(1 + e^(-sz)) by z is -s e^(-sz)/(1 + e^(-sz)). Write the fraction as a σ.",
            "Then the chain rule, as before: times the row of X, summed over the rows, and the penalty.",
        ),
        reference=signed_gradient,
        inputs=_logistic_inputs,
        cases=(
            (np.array([0.5]), np.array([[2.0]]), np.array([1]), 0.5),
            (np.array([0.5, -1.0]), np.array([[1.0, 2.0]]), np.array([-1]), 0.5),
        ),
        mistakes=(
            Mistake(
                "penalised the intercept",
                lambda theta, X, s, l2: -X.T @ (s * sigmoid(-s * (X @ theta))) + l2 * theta,
                "Only the slopes are penalised; the first component of θ is the intercept.",
            ),
            Mistake(
                "forgot the penalty",
                lambda theta, X, s, l2: signed_gradient(theta, X, s, 0.0),
                "This is the gradient of the cross-entropy alone. The penalty has a derivative too.",
            ),
            Mistake(
                "the first term has the wrong sign",
                lambda theta, X, s, l2: _pull(s * sigmoid(-s * (X @ theta)), theta, X, l2),
                "If the target is +1, a larger z lowers the cost: the derivative by z is negative.",
            ),
            Mistake(
                "took the probability of the right answer",
                lambda theta, X, s, l2: _pull(-s * sigmoid(s * (X @ theta)), theta, X, l2),
                "A row that the model is sure about, and right, must hardly pull. What is e^(-sz)/(1 + e^(-sz))?",
            ),
            Mistake(
                "forgot the factor s in front",
                lambda theta, X, s, l2: _pull(-sigmoid(-s * (X @ theta)), theta, X, l2),
                "The inner derivative of -s z is -s: rows with s = -1 pull the other way.",
            ),
            Mistake(
                "put the targets ±1 where the page has 0 and 1",
                lambda theta, X, s, l2: _pull(sigmoid(X @ theta) - s, theta, X, l2),
                "p - y is for targets 0 and 1. No p comes near -1, so rows with s = -1 would pull for ever.",
            ),
            Mistake(
                "forgot the sign of the target within the sigmoid",
                lambda theta, X, s, l2: _pull(-s * sigmoid(-(X @ theta)), theta, X, l2),
                "For s = -1 the cost is ln(1 + e^z). Its derivative is σ(z), not σ(-z).",
            ),
            Mistake(
                "lost the factor 1/2 of the penalty",
                lambda theta, X, s, l2: signed_gradient(theta, X, s, 2 * l2),
                "The penalty is half of l2 times the squares; its derivative has no factor 2.",
            ),
            Mistake(
                "took the mean over the samples in the first term",
                lambda theta, X, s, l2: _pull(-s * sigmoid(-s * (X @ theta)) / len(s), theta, X, l2),
                "The cost {eq}`def-gates-cross-entropy` is a sum over the rows. With a mean the penalty would weigh more.",
            ),
        ),
    ),
    Exercise(
        id="gates-turning-point",
        chapter="gates",
        title="When the penalty lets go",
        difficulty=3,
        minutes=20,
        equation="eq-gates-turning",
        hints=(
            "At the turning point the row (0, 0, 0) has p = 1/2, so the intercept is 0. By symmetry the three "
            "slopes are one number w. How many rows have one, two, three ones?",
            "The first condition: all eight p add up to 7, the number of ones among the targets. "
            "Find w with `scipy.optimize.brentq`.",
            "The second condition is that of one slope: λw is the sum of 1 - p over the four rows with x1 = 1. "
            "One of them has a single 1, two have two, one has three.",
        ),
        reference=turning_point,
        rtol=1e-3,
        mistakes=(
            Mistake(
                "gave λ instead of C",
                lambda: 1 / turning_point(),
                "You found the strength of the penalty. `C` is its inverse.",
            ),
            Mistake(
                "the answer for two inputs",
                4.543633127,
                "This is the turning point of the chapter's OR, with four rows. Now there are eight.",
            ),
            Mistake(
                "gave the slope w",
                _or3_slope,
                "This is w at the turning point, the first half. The second condition turns it into `C`.",
            ),
            Mistake(
                "summed over all rows for the slope's condition",
                lambda: (
                    _or3_slope()
                    / (
                        3 * (1 - sigmoid(_or3_slope()))
                        + 3 * (1 - sigmoid(2 * _or3_slope()))
                        + 1
                        - sigmoid(3 * _or3_slope())
                    )
                ),
                "The derivative with respect to the first slope counts the rows with x1 = 1 only.",
            ),
            Mistake(
                "counted each kind of row once",
                lambda: (
                    _or3_slope()
                    / (
                        (1 - sigmoid(_or3_slope()))
                        + (1 - sigmoid(2 * _or3_slope()))
                        + 1
                        - sigmoid(3 * _or3_slope())
                    )
                ),
                "Two rows have x1 = 1 and exactly one of the other inputs on.",
            ),
        ),
    ),
    Exercise(
        id="gates-xnor",
        chapter="gates",
        title="One lamp, many switches",
        difficulty=2,
        minutes=15,
        equation="eq-gates-steps",
        hints=(
            "In the network for XOR the hidden neurons fire if at least one, and if at least two inputs are 1. "
            "What could a third one do?",
            "With n inputs on, the first n of such neurons fire. Which output weights make the sum jump up and down "
            "as n grows?",
        ),
        reference=parity,
        use=_lamp,
        compared="what your network says to all rows",
        cases=((2,), (3,), (1,), (4,), (5,)),
        mistakes=(
            Mistake(
                "subtracted all hidden neurons but the first",
                _with_output(lambda j: np.where(j == 0, 1, -1)),
                "With one or two switches this is right. With three on, the sum has to come up again.",
            ),
            Mistake(
                "added all hidden neurons",
                _with_output(lambda j: np.ones(len(j))),
                "The lamp is lit as soon as one switch is on. With two on, something has to pull the sum down.",
            ),
            Mistake(
                "lit for an even number",
                _with_output(lambda j: -((-1.0) ** j), 0.5),
                "This lamp is lit when the number is even: it is the negation of what you want.",
            ),
            Mistake(
                "gave all hidden neurons the same bias",
                lambda p: (np.ones((p, p)), np.full(p, -0.5), *parity(p)[2:]),
                "All your hidden neurons say the same. Each of them should wait for another number of switches.",
            ),
            Mistake(
                "put the thresholds on whole numbers",
                lambda p: (np.ones((p, p)), -np.arange(p) - 1.0, *parity(p)[2:]),
                "A sum of exactly 0 counts as 0. Does your first hidden neuron fire when one switch is on?",
            ),
            Mistake(
                "never lit",
                _with_output(lambda j: np.zeros(len(j))),
                "In no row does the sum of the output get above zero. What has to lift it when one switch is on?",
            ),
            Mistake(
                "always lit",
                _with_output(lambda j: np.zeros(len(j)), 0.5),
                "In every row the sum of the output is above zero. What has to hold it down when no switch is on?",
            ),
        ),
    ),
)
