"""Self-checks of the chapter on the perceptron."""

from typing import Any

import numpy as np

from fysstk_book.questions.selfchecks import selfcheck

BITS = [(1, 1, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1), (0, 0, 1), (1, 0, 0)]


def _separated(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw three points, a neuron that gets them right, with its own answers as the targets, and a start."""
    while True:
        X, w, b = rng.integers(-3, 4, size=(3, 2)), rng.integers(-3, 4, size=2), int(rng.integers(-3, 4))
        z = X @ w + b
        if z.all() and 0 < (z > 0).sum() < 3 and b and len({tuple(row) for row in X.tolist()}) == 3:
            return X, (z > 0).astype(int), w, b, rng.integers(-3, 4, size=3)


def _gate(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw a neuron with two inputs and a tolerance that turns the sign of no sum."""
    while True:
        w, b = rng.choice([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0], size=2), float(rng.integers(-4, 5)) + 0.5
        tolerance = float(rng.choice([0.01, 0.02, 0.05]))
        sums = np.abs([b, b + w[0], b + w[1], b + w.sum()])
        if sums.min() > tolerance * np.abs(w).sum() + 0.1:
            return w, b, tolerance


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
        r"are $y$. Rosenblatt's rule is to learn them, with $\eta = 1$, and starts from $s$: two weights and the bias. What "
        r"is the bound on the number of corrections that Novikoff's proof gives then, with the bias counted as a weight of "
        r"the constant input 1? (It may be a fraction.)",
        "X, y, w, b, s",
        draw=_separated,
        say={"started from zero all the same": "This is the bound (R/γ)². Where does the start come in?"},
    ),
    selfcheck(
        "perceptron-steepness",
        r"A sigmoid neuron with the weights $cw$ and the bias $cb$ takes the place of a step neuron with $w$ and $b$. Its two "
        r"inputs should be 0 or 1, but each may be off by up to $\tau$, in either direction. What is the smallest $c$ for "
        r"which its output is within $\tau$ of what the step neuron says to the exact inputs, whatever they are?",
        r"w, b, \tau",
        draw=_gate,
    ),
    selfcheck(
        "perceptron-turn",
        r"A sigmoid neuron says $a$. By how much must its bias grow so that it says $a + r$? Give two answers: the one of the "
        r"first-order formula $\Delta a \approx \sigma'(z)\,\Delta b$, and the exact one.",
        "a, r",
    ),
)
