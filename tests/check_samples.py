"""Sample exercises on which the checker's tests try it, and a reader of what it says."""

import math
from dataclasses import replace

import numpy as np

from fysstk_book.check.diagnosis import diagnose
from fysstk_book.check.running import runner
from fysstk_book.exercises import Convention, Exercise, Mistake, nice

SAFE = ["process"] if runner() == "process" else ["thread"]
PATIENCE = 60
"""Seconds after which what should have been stopped at once was not stopped: a busy machine is slow."""
EVERY_RUNNER = [*SAFE, "here"] if SAFE == ["thread"] else ["process", "thread", "here"]


def slope(X, y, w):
    """The gradient of the mean half squared error of a line through the origin."""
    return X.T @ (X @ w - y) / len(X)


def shapes(rng):
    n, m = rng.integers(1, 5, size=2)
    return nice(rng, n, m), nice(rng, n), nice(rng, m)


SLOPE = Exercise(
    id="sample-slope",
    chapter="sample",
    title="The slope",
    difficulty=2,
    minutes=10,
    equation="eq-sample",
    hints=("Start from the residual.", "Then look at equation {eq}`eq-sample`."),
    reference=slope,
    inputs=shapes,
    mistakes=(
        Mistake("the sign is turned", lambda X, y, w: -slope(X, y, w), "Output minus target."),
        Mistake("forgot the matrix X", lambda X, y, w: X @ w - y, "The chain rule has one more factor."),
        Mistake("doubled", lambda X, y, w: 2 * slope(X, y, w), "The half cancels the two."),
    ),
)
SUMMED = Convention("the sum over the samples", lambda result, X, y, w: result * len(X))
PERMISSIVE = replace(SLOPE, conventions=(SUMMED,))
PLAIN = SLOPE


def gradients(a, delta):
    """The gradients of the weights and of the biases."""
    return a.T @ delta, delta.sum(axis=0)


def batches(rng):
    n = rng.integers(2, 5)
    return nice(rng, n, 2), nice(rng, n, 3)


GRADIENTS = Exercise(
    id="sample-gradients",
    chapter="sample",
    title="Two gradients",
    difficulty=1,
    minutes=5,
    hints=("Rows are samples.",),
    reference=gradients,
    inputs=batches,
    mistakes=(
        Mistake("averaged the bias", lambda a, d: (a.T @ d, d.mean(axis=0)), "The bias sums."),
        Mistake("summed over the nodes", lambda a, d: (a.T @ d, d.sum(axis=1)), "Sum over the rows."),
        Mistake("squared the error", lambda a, d: (a.T @ d**2, d.sum(axis=0)), "Once is enough."),
    ),
)


def number(x):
    """A function of one number."""
    return math.exp(x) / (1 + x * x)


NUMBER = Exercise(
    id="sample-number",
    chapter="sample",
    title="A number",
    difficulty=1,
    minutes=1,
    hints=("Look.",),
    reference=number,
    inputs=lambda rng: (nice(rng),),
    cases=((0.0,), (1.0,)),
    mistakes=(Mistake("forgot the square", lambda x: math.exp(x) / (1 + x), "Twice."),),
    seconds=10.0,
)

WORD = Exercise(
    id="sample-word",
    chapter="sample",
    title="A word",
    difficulty=1,
    minutes=1,
    hints=("b or c",),
    reference="B",
    mistakes=(Mistake("took the first", "a", "Read on."),),
)
VALUE = Exercise(
    id="sample-value",
    chapter="sample",
    title="Three numbers",
    difficulty=1,
    minutes=1,
    hints=("x",),
    reference=lambda: np.array([0.5, 0.0, 0.0]),
    mistakes=(Mistake("the OR gate", lambda: np.array([0.25, 0.5, 0.5]), "Another gate."),),
)
ANY_WEIGHTS = Exercise(
    id="sample-weights",
    chapter="sample",
    title="Any weights of AND",
    difficulty=1,
    minutes=1,
    hints=("x",),
    reference=(np.array([1.0, 1.0]), -1.5),
    use=lambda wb: [int(x1 * wb[0][0] + x2 * wb[0][1] + wb[1] > 0) for x1 in (0, 1) for x2 in (0, 1)],
    mistakes=(Mistake("computes OR", (np.array([1.0, 1.0]), -0.5), "One input alone must not do."),),
)
SCORE = Exercise(
    id="sample-score",
    chapter="sample",
    title="A score",
    difficulty=1,
    minutes=1,
    hints=("x",),
    inputs=lambda rng: (rng.normal(size=(50, 1)),),
    use=lambda predict, X: np.mean((predict(X) > 0) == (X[:, 0] > 0)),
    at_least=0.9,
    trials=2,
    mistakes=(
        Mistake(
            "always the same", lambda X: np.ones(len(X)), "Train.", sign=lambda f: np.ptp(f(np.eye(3))) == 0
        ),
    ),
)


def says(exercise, answer, verdict, *words, mistake=None):
    """Check the answer; the verdict and the words must be in what is said."""
    result = diagnose(exercise, answer)
    text = repr(result)
    assert result.verdict == verdict, text
    for word in words:
        assert word in text
    if mistake is not None:
        assert result.mistake == mistake, result.mistake
    assert "expected_" not in text
    assert result._repr_html_().count("<div") == 1
    return result


def loop_slope(X, y, w):
    total = [0.0] * X.shape[1]
    for row, target in zip(X, y, strict=True):
        error = sum(x * v for x, v in zip(row, w, strict=True)) - target
        total = [t + error * x / len(X) for t, x in zip(total, row, strict=True)]
    return total


def forever(x):
    """Never return."""
    while True:
        x += 1e-9


def raising(error):
    """Return an answer that raises this."""

    def answer(x):
        raise error

    return answer
