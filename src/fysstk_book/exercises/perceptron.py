"""Exercises of the chapter on the perceptron."""

from itertools import product
from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_nn.activations import sigmoid


def full_adder(x1: Any, x2: Any, carry_in: Any) -> Any:
    """Binary digits of the sum of three bits, the lower one first."""
    total = x1 + x2 + carry_in
    return total % 2, total // 2


def _with_the_input_again(x1: Any, x2: Any, carry_in: Any) -> Any:
    return (x2 + carry_in) % 2, max(x1 * x2, x2 * carry_in)


def update(w: Any, b: Any, x: Any, y: Any, eta: Any) -> Any:
    """Weights and bias after one example of Rosenblatt's rule."""
    error = y - int(x @ w + b > 0)
    return w + eta * error * x, b + eta * error


def _update_inputs(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw a neuron and one example; half of the draws are mistakes."""
    p = int(rng.integers(1, 5))
    return nice(rng, p), nice(rng), nice(rng, p), int(rng.integers(0, 2)), nice(rng, low=0.1, high=2.0)


def most_corrections(X: Any, y: Any, w: Any, b: Any) -> Any:
    """Novikoff's bound from the longest example and the smallest margin."""
    return (_radius(X) / _margins(X, y, w, b).min()) ** 2


def _radius(X: Any) -> Any:
    return np.sqrt((X**2).sum(axis=1).max() + 1)


def _margins(X: Any, y: Any, w: Any, b: Any) -> Any:
    return (2 * y - 1) * (X @ w + b) / np.sqrt(w @ w + b * b)


def _separated(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw points, and a neuron with its own answers as the targets."""
    n, p = int(rng.integers(3, 7)), int(rng.integers(1, 4))
    while True:
        X, w, b = nice(rng, n, p), nice(rng, p), nice(rng)
        z = X @ w + b
        if np.abs(z).min() > 0.05 and 0 < (z > 0).sum() < n:
            return X, (z > 0).astype(int), w, b


def steepness(z: Any, tolerance: Any) -> Any:
    """Smallest scale at which the sigmoid is within the tolerance of the step."""
    return np.log(1 / tolerance - 1) / abs(z)


def nudge(w: Any, b: Any, x: Any, dw: Any, db: Any) -> Any:
    """First-order change of a sigmoid neuron's output."""
    return sigmoid.derivative(w @ x + b) * (x @ dw + db)


def _nudge_inputs(rng: np.random.Generator) -> tuple[Any, ...]:
    p = int(rng.integers(1, 5))
    return (
        nice(rng, p),
        nice(rng),
        nice(rng, p),
        nice(rng, p, low=-0.5, high=0.5),
        nice(rng, low=-0.5, high=0.5),
    )


EXERCISES = (
    Exercise(
        id="perceptron-full-adder",
        chapter="perceptron",
        title="The full adder",
        difficulty=2,
        minutes=15,
        equation="eq-perceptron-half-adder",
        hints=(
            "Add two of the bits with one half adder. What is left to add?",
            "Each of two half adders may produce a carry, but never both at once.",
            "The carry is the OR of the two carries. Equation {eq}`eq-perceptron-from-nand` makes OR from `nand`.",
        ),
        reference=full_adder,
        cases=tuple(product((0, 1), repeat=3)),
        mistakes=(
            Mistake(
                "a carry that is always 1",
                lambda x1, x2, carry_in: (full_adder(x1, x2, carry_in)[0], 1),
                "The two half adders never carry both. What does a single NAND of their carries give then?",
            ),
            Mistake(
                "joined the two carries by AND",
                lambda x1, x2, carry_in: (full_adder(x1, x2, carry_in)[0], 0),
                "The two half adders never carry both. When should the full adder carry?",
            ),
            Mistake(
                "turned the carry round",
                lambda x1, x2, carry_in: (
                    full_adder(x1, x2, carry_in)[0],
                    1 - full_adder(x1, x2, carry_in)[1],
                ),
                "Your carry is 1 where it should be 0, and the reverse. What does NAND give for (0, 0)?",
            ),
            Mistake(
                "gave the second half adder one of the inputs in place of the first one's sum",
                _with_the_input_again,
                "The second half adder adds the incoming carry to the sum of the first.",
            ),
            Mistake(
                "added the first two bits only",
                lambda x1, x2, carry_in: (x1 ^ x2, x1 & x2),
                "This is the half adder. The carry from the digit before has to be added to its sum bit.",
            ),
            Mistake(
                "lost the carry of the second addition",
                lambda x1, x2, carry_in: (x1 ^ x2 ^ carry_in, x1 & x2),
                "The total is right. A carry can also arise when `carry_in` is added.",
            ),
            Mistake(
                "lost the carry of the first addition",
                lambda x1, x2, carry_in: (x1 ^ x2 ^ carry_in, (x1 ^ x2) & carry_in),
                "The total is right. A carry can also arise when x1 and x2 are added.",
            ),
            Mistake(
                "carries only if all three bits are 1",
                lambda x1, x2, carry_in: (x1 ^ x2 ^ carry_in, x1 & x2 & carry_in),
                "The total is right. Two bits that are 1 are enough for a carry.",
            ),
            Mistake(
                "carries as soon as one bit is 1",
                lambda x1, x2, carry_in: (x1 ^ x2 ^ carry_in, x1 | x2 | carry_in),
                "The total is right. A single 1 gives the sum 1, which needs no second digit.",
            ),
            Mistake(
                "returned the carry first",
                lambda x1, x2, carry_in: full_adder(x1, x2, carry_in)[::-1],
                "Both digits are right. Return the lower one first: `(total, carry_out)`.",
            ),
        ),
    ),
    Exercise(
        id="perceptron-update",
        chapter="perceptron",
        title="One correction",
        difficulty=1,
        minutes=10,
        equation="eq-perceptron-rule",
        hints=(
            "First compute the output, 0 or 1, of the neuron as it is.",
            "The factor y - ŷ is 1, 0 or -1. It makes the case distinction for you.",
        ),
        reference=update,
        inputs=_update_inputs,
        cases=(
            (np.array([0.0, 0.0]), 0.0, np.array([1.0, 1.0]), 1, 1.0),
            (np.array([0.0, 0.0]), 0.0, np.array([1.0, 0.0]), 0, 1.0),
            (np.array([0.5, 0.0]), 0.2, np.array([1.0, 1.0]), 0, 0.5),
            (np.array([0.5, 0.0]), 0.2, np.array([1.0, 1.0]), 1, 0.5),
            (np.array([1.0]), -1.0, np.array([1.0]), 0, 0.5),
        ),
        mistakes=(
            Mistake(
                "forgot the bias",
                lambda w, b, x, y, eta: (update(w, b, x, y, eta)[0], b),
                "The weights are right. The bias is a weight too, with the constant input 1.",
            ),
            Mistake(
                "corrected after right answers too",
                lambda w, b, x, y, eta: (w + eta * (2 * y - 1) * x, b + eta * (2 * y - 1)),
                "The rule corrects only where the output differs from the target.",
            ),
            Mistake(
                "the sign is turned",
                lambda w, b, x, y, eta: (
                    2 * w - update(w, b, x, y, eta)[0],
                    2 * b - update(w, b, x, y, eta)[1],
                ),
                "If the output is 0 and should be 1, the sum must grow.",
            ),
            Mistake(
                "used the sum z as the output",
                lambda w, b, x, y, eta: (w + eta * (y - x @ w - b) * x, b + eta * (y - x @ w - b)),
                "You compare the target with z. Rosenblatt compares it with the step of z, which is 0 or 1.",
            ),
            Mistake(
                "the neuron fires at z = 0",
                lambda w, b, x, y, eta: (
                    w + eta * (y - int(x @ w + b >= 0)) * x,
                    b + eta * (y - int(x @ w + b >= 0)),
                ),
                "Right except on the boundary: the book's step is 0 at z = 0.",
            ),
            Mistake(
                "forgot the learning rate",
                lambda w, b, x, y, eta: update(w, b, x, y, 1.0),
                "Direction and cases are right. Each correction is multiplied by η.",
            ),
            Mistake(
                "used the sigmoid as the output",
                lambda w, b, x, y, eta: (
                    w + eta * (y - sigmoid(x @ w + b)) * x,
                    b + eta * (y - sigmoid(x @ w + b)),
                ),
                "Rosenblatt compares the target with the step of z, which is 0 or 1.",
            ),
            Mistake(
                "moved the weights along themselves",
                lambda w, b, x, y, eta: (
                    w + eta * (y - int(x @ w + b > 0)) * w,
                    b + eta * (y - int(x @ w + b > 0)),
                ),
                "The correction goes along the input: which weights had a part in the mistake?",
            ),
            Mistake(
                "added the example whenever its target is 1",
                lambda w, b, x, y, eta: (w + eta * y * x, b + eta * y),
                "A neuron that answers right is left alone, and one that fires wrongly must be held back.",
            ),
        ),
    ),
    Exercise(
        id="perceptron-bound",
        chapter="perceptron",
        title="How many corrections at most?",
        difficulty=2,
        minutes=15,
        equation="eq-perceptron-novikoff",
        hints=(
            "Give every example the constant input 1, and append b to w. Then R and γ are about these longer vectors.",
            "Turn 0 and 1 into s = -1 and +1. The margin is the smallest s times sum, divided by the length of (w, b).",
        ),
        reference=most_corrections,
        inputs=_separated,
        cases=((np.array([[2.0], [-1.0]]), np.array([1, 0]), np.array([1.0]), 0.0),),
        mistakes=(
            Mistake(
                "did not turn the labels 0 and 1 into signs",
                lambda X, y, w, b: (
                    (_radius(X) / (np.abs(y * (X @ w + b)) / np.sqrt(w @ w + b * b)).min()) ** 2
                ),
                "With the label 0 the margin of an example is 0, whatever the neuron says. The signs are −1 and +1.",
            ),
            Mistake(
                "forgot to square",
                lambda X, y, w, b: _radius(X) / _margins(X, y, w, b).min(),
                "This is R/γ. The last step of the proof squares it.",
            ),
            Mistake(
                "did not divide by the length of (w, b)",
                lambda X, y, w, b: (_radius(X) / ((2 * y - 1) * (X @ w + b)).min()) ** 2,
                "The margin belongs to a unit vector; your result changes when w and b are doubled.",
            ),
            Mistake(
                "left the bias out of the length",
                lambda X, y, w, b: (_radius(X) * np.sqrt(w @ w) / ((2 * y - 1) * (X @ w + b)).min()) ** 2,
                "You divided by the length of w. The proof's unit vector contains the bias.",
            ),
            Mistake(
                "left the constant input out of R",
                lambda X, y, w, b: (_radius(X) ** 2 - 1) / _margins(X, y, w, b).min() ** 2,
                "The margin is right. The longer examples have one more component, which is 1.",
            ),
            Mistake(
                "took the mean margin",
                lambda X, y, w, b: (_radius(X) / _margins(X, y, w, b).mean()) ** 2,
                "The proof needs a γ that no example falls below.",
            ),
            Mistake(
                "took the largest margin",
                lambda X, y, w, b: (_radius(X) / _margins(X, y, w, b).max()) ** 2,
                "The example that lies nearest to the boundary decides, not the farthest.",
            ),
        ),
    ),
    Exercise(
        id="perceptron-steepness",
        chapter="perceptron",
        title="How steep is steep enough?",
        difficulty=2,
        minutes=10,
        equation="eq-perceptron-gap",
        hints=(
            "The gap falls as c grows. At the smallest c that is allowed it is equal to the tolerance.",
            "Solve 1/(1 + exp(c|z|)) = tolerance for c.",
        ),
        reference=steepness,
        inputs=lambda rng: (nice(rng, low=-3.0, high=3.0), float(rng.integers(1, 45)) / 100),
        mistakes=(
            Mistake(
                "used the upper bound of the gap",
                lambda z, tolerance: np.log(1 / tolerance) / abs(z),
                "With this c the tolerance is kept, but a smaller c would do: solve for the gap itself, not for exp(-c|z|).",
            ),
            Mistake(
                "forgot the absolute value",
                lambda z, tolerance: np.log(1 / tolerance - 1) / z,
                "Right for positive z. A negative c would turn the neuron upside down.",
            ),
            Mistake(
                "the logarithm upside down",
                lambda z, tolerance: np.log(tolerance / (1 - tolerance)) / abs(z),
                "A negative scale makes the neuron say the opposite. Check the step from 1/(1 + e) to e.",
            ),
            Mistake(
                "used the logarithm to base 10",
                lambda z, tolerance: np.log10(1 / tolerance - 1) / abs(z),
                "The sigmoid has an exponential with base e, so the natural logarithm undoes it.",
            ),
            Mistake(
                "multiplied by |z|",
                lambda z, tolerance: np.log(1 / tolerance - 1) * abs(z),
                "The product of c and |z| is fixed by the tolerance: a small z needs a large c.",
            ),
        ),
    ),
    Exercise(
        id="perceptron-nudge",
        chapter="perceptron",
        title="A nudge",
        difficulty=1,
        minutes=10,
        equation="eq-perceptron-nudge",
        hints=(
            "First the change of the sum: each weight's change times its input, and the bias's change.",
            "Multiply by the slope σ′(z), which equation {eq}`eq-perceptron-sigmoid-derivative` writes through the output.",
        ),
        reference=nudge,
        inputs=_nudge_inputs,
        mistakes=(
            Mistake(
                "forgot σ′",
                lambda w, b, x, dw, db: x @ dw + db,
                "This is the change of z. The output follows with the slope of the sigmoid.",
            ),
            Mistake(
                "forgot the bias",
                lambda w, b, x, dw, db: sigmoid.derivative(w @ x + b) * (x @ dw),
                "The bias changes too, and its input is 1.",
            ),
            Mistake(
                "gave the exact change",
                lambda w, b, x, dw, db: sigmoid((w + dw) @ x + b + db) - sigmoid(w @ x + b),
                "This is the true difference. The exercise asks for its linear approximation; compare the two!",
            ),
            Mistake(
                "σ(z) in place of σ′(z)",
                lambda w, b, x, dw, db: sigmoid(w @ x + b) * (x @ dw + db),
                "You multiplied by the output. The slope is σ(1 - σ).",
            ),
            Mistake(
                "σ′(a) in place of σ′(z)",
                lambda w, b, x, dw, db: sigmoid.derivative(sigmoid(w @ x + b)) * (x @ dw + db),
                "The derivative is taken at z. Written through the output a it is a(1 - a), without a further sigmoid.",
            ),
            Mistake(
                "left the inputs out",
                lambda w, b, x, dw, db: sigmoid.derivative(w @ x + b) * (dw.sum() + db),
                "A weight's change reaches the sum multiplied by its input.",
            ),
            Mistake(
                "gave the new output",
                lambda w, b, x, dw, db: sigmoid(w @ x + b) + nudge(w, b, x, dw, db),
                "The change alone is asked for, without the output that it starts from.",
            ),
        ),
    ),
    Exercise(
        id="perceptron-scaling",
        chapter="perceptron",
        title="Scaling a whole network",
        difficulty=2,
        minutes=15,
        hints=(
            "Begin with the first layer: its inputs do not change. What about its outputs?",
            "Then the second layer. It is the same argument again: an induction.",
        ),
    ),
)
