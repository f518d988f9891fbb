"""Self-checks of the chapter on the perceptron."""

from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.model import SelfCheck
from fysstk_book.questions.selfchecks import selfcheck, together

BITS = [(1, 1, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1), (0, 0, 1), (1, 0, 0)]


def _separated(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw three points, and a neuron that gets them right, with the neuron's own answers as the targets."""
    while True:
        X, w, b = rng.integers(-3, 4, size=(3, 2)), rng.integers(-3, 4, size=2), int(rng.integers(-3, 4))
        z = X @ w + b
        if z.all() and 0 < (z > 0).sum() < 3 and b and len({tuple(row) for row in X.tolist()}) == 3:
            return X, (z > 0).astype(int), w, b


def _steepness(sign: float) -> SelfCheck:
    """Ask for the scale at a positive or at a negative sum."""
    return selfcheck(
        "perceptron-steepness",
        r"You replace a step neuron by a sigmoid neuron and scale its sum $z$ by $c$. What is the smallest $c$ for which "
        r"$\sigma(cz)$ differs from the step of $z$ by at most $\tau$?",
        r"z, \tau",
        draw=lambda rng: (
            sign * nice(rng, low=0.5, high=3.0),
            float(rng.choice([0.01, 0.05, 0.2] if sign < 0 else [0.02, 0.1, 0.3])),
        ),
        count=3,
        twins={
            ("forgot the absolute value", "the logarithm upside down"): (
                "the sign is turned",
                "A negative scale would turn the neuron upside down. Is there an absolute value of z, and is the step from "
                "1/(1 + e) to e right?",
            )
        },
    )


SELFCHECKS = (
    selfcheck(
        "perceptron-full-adder",
        r"A full adder adds three bits, $x_1 + x_2 + c$, where $c$ is the carry from the digit before. Give its two outputs: "
        r"the total (the lower digit) and the carry, in this order.",
        "x_1, x_2, c",
        draw=lambda rng: tuple(int(bit) for bit in rng.choice(BITS, size=1)[0]),
        count=6,
        few=True,
        say={
            "lost the carry of the second addition": "The total is right. A carry can also arise when c is added.",
            "returned the carry first": "Both digits are right. The lower one is asked for first.",
        },
        twins=dict.fromkeys(
            [
                ("lost the carry of the second addition", "lost the carry of the first addition"),
                ("carries only if all three bits are 1", "lost the carry of the first addition"),
                ("carries only if all three bits are 1", "lost the carry of the second addition"),
                (
                    "carries only if all three bits are 1",
                    "lost the carry of the second addition",
                    "lost the carry of the first addition",
                ),
            ],
            ("lost the carry", "The total is right. Two bits that are 1 are enough for a carry."),
        )
        | {
            ("a carry that is always 1", "carries as soon as one bit is 1"): (
                "a carry where there is none",
                "The total is right. A single 1 gives the sum 1, which needs no second digit.",
            )
        },
    ),
    selfcheck(
        "perceptron-visits",
        r"A step neuron (its output is 0 at $z = 0$) has the weights $w$ and the bias $b$. It is shown the example $x$ with the "
        r"target $y$ again and again, and corrected by Rosenblatt's rule with the learning rate $\eta$ until it answers right. "
        r"How many corrections does it take?",
        r"w, b, x, y, \eta",
        count=6,
        few=True,
    ),
    selfcheck(
        "perceptron-bound",
        r"A step neuron with the weights $w$ and the bias $b$ gets the three examples in the rows of $X$ right; their targets "
        r"are $y$. What is Novikoff's bound $(R/\gamma)^2$ on the number of corrections, with the bias counted as a weight "
        r"of the constant input 1? (It may be a fraction.)",
        "X, y, w, b",
        draw=_separated,
    ),
    together(_steepness(-1.0), _steepness(1.0)),
    selfcheck(
        "perceptron-turn",
        r"A sigmoid neuron says $a$. By how much must its bias grow so that it says $a + r$? Give two answers: the one of the "
        r"first-order formula $\Delta a \approx \sigma'(z)\,\Delta b$, and the exact one.",
        "a, r",
    ),
)
