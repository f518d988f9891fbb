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


def visits(w: Any, b: Any, x: Any, y: Any, eta: Any) -> Any:
    """Corrections until a step neuron gets one example right that it is shown again and again."""
    z, stride = w @ x + b, eta * (x @ x + 1)
    needed = np.floor(-z / stride) + 1 if y == 1 else np.ceil(z / stride)
    return max(0, int(needed))


def _fires_at_zero(w: Any, b: Any, x: Any, y: Any, eta: Any) -> Any:
    z, stride = w @ x + b, eta * (x @ x + 1)
    return max(0, int(np.ceil(-z / stride) if y == 1 else np.floor(z / stride) + 1))


def _other_stride(stride: Any) -> Any:
    """Return `visits` with another length of the stride, a function of x and eta."""

    def wrong(w: Any, b: Any, x: Any, y: Any, eta: Any) -> Any:
        z, length = w @ x + b, stride(x, eta)
        return max(0, int(np.floor(-z / length) + 1 if y == 1 else np.ceil(z / length)))

    return wrong


def _stubborn_example(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw a neuron and an example in numbers that a computer adds exactly; most are mistakes."""
    p = int(rng.integers(1, 4))
    w, x = rng.integers(-4, 5, size=p).astype(float), rng.choice([-2.0, -1.0, 1.0, 2.0], size=p)
    b, eta = float(rng.integers(-6, 7)), float(rng.choice([0.25, 0.5, 1.0, 2.0]))
    right = int(w @ x + b > 0)
    return w, b, x, right if rng.random() < 0.2 else 1 - right, eta


def most_corrections(X: Any, y: Any, w: Any, b: Any, start: Any) -> Any:
    """Novikoff's bound for weights that do not start from zero."""
    along = start @ np.append(w, b) / np.sqrt(w @ w + b * b)
    return _bound(_radius(X), _margins(X, y, w, b).min(), along, start @ start)


def _bound(radius: Any, margin: Any, along: Any, square: Any, sign: int = 1) -> Any:
    """Return where the straight line along + k margin meets the length; the square is that of the start's length."""
    half = (radius**2 - 2 * margin * along) / 2
    return (half + sign * np.sqrt(half**2 + margin**2 * (square - along**2))) / margin**2


def _other_bound(**other: Any) -> Any:
    """Return `most_corrections` with one of the numbers of `_bound` replaced: a function of X, y, w, b and start."""

    def wrong(X: Any, y: Any, w: Any, b: Any, start: Any) -> Any:
        length = np.sqrt(w @ w + b * b)
        right = {
            "radius": _radius(X),
            "margin": _margins(X, y, w, b).min(),
            "along": start @ np.append(w, b) / length,
            "square": start @ start,
        }
        return _bound(**right | {name: make(X, y, w, b, start) for name, make in other.items()})

    return wrong


def _radius(X: Any) -> Any:
    return np.sqrt((X**2).sum(axis=1).max() + 1)


def _margins(X: Any, y: Any, w: Any, b: Any) -> Any:
    return (2 * y - 1) * (X @ w + b) / np.sqrt(w @ w + b * b)


def _separated(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw points, a neuron with its own answers as the targets, and a start."""
    n, p = int(rng.integers(3, 7)), int(rng.integers(1, 4))
    while True:
        X, w, b = nice(rng, n, p), nice(rng, p), nice(rng)
        z = X @ w + b
        if np.abs(z).min() > 0.05 and 0 < (z > 0).sum() < n:
            return X, (z > 0).astype(int), w, b, nice(rng, p + 1)


def steepness(w: Any, b: Any, tolerance: Any) -> Any:
    """Smallest scale at which inputs within the tolerance give an output within the tolerance."""
    return np.log(1 / tolerance - 1) / (np.abs(_sums(w, b)).min() - tolerance * np.abs(w).sum())


def _sums(w: Any, b: Any) -> Any:
    """Return the sums of a neuron for all inputs of 0 and 1."""
    return np.array(list(product((0, 1), repeat=len(w)))) @ w + b


def _gate(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw a neuron and a tolerance that turns the sign of no sum."""
    while True:
        w = rng.choice([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0], size=int(rng.integers(1, 4)))
        b, tolerance = float(rng.integers(-4, 5)) + 0.5, float(rng.integers(1, 11)) / 100
        if np.abs(_sums(w, b)).min() > tolerance * np.abs(w).sum() + 0.05:
            return w, b, tolerance


def turn(a: Any, rise: Any) -> Any:
    """Change of the bias that raises a sigmoid neuron's output: to first order, and exactly."""
    exact = np.log((a + rise) / (1 - a - rise)) - np.log(a / (1 - a))
    return rise / (a * (1 - a)), exact


def _outputs(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw an output and another one to reach."""
    a, goal = rng.choice(np.arange(1, 20), size=2, replace=False) / 20
    return float(a), round(float(goal - a), 2)


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
        id="perceptron-visits",
        chapter="perceptron",
        title="How often must it be told?",
        difficulty=2,
        minutes=10,
        equation="eq-perceptron-effect",
        hints=(
            "By how much does one correction move the sum of this example? It is the same each time.",
            "For y = 1 the sum must become positive, for y = 0 it must not be positive. Where may it be 0?",
        ),
        reference=visits,
        inputs=_stubborn_example,
        cases=(
            (np.array([0.0, 0.0]), 0.0, np.array([1.0, 1.0]), 1, 1.0),
            (np.array([0.0, 0.0]), 0.0, np.array([1.0, 0.0]), 0, 1.0),
            (np.array([-4.0]), -2.0, np.array([1.0]), 1, 1.0),
            (np.array([4.0]), 2.0, np.array([1.0]), 0, 1.0),
            (np.array([4.0, 2.0]), 1.0, np.array([1.0, 1.0]), 0, 0.5),
        ),
        mistakes=(
            Mistake(
                "forgot the bias",
                _other_stride(lambda x, eta: eta * (x @ x)),
                "Each correction moves the bias as well, and the sum with it.",
            ),
            Mistake(
                "corrected after right answers too",
                lambda w, b, x, y, eta: max(1, visits(w, b, x, y, eta)),
                "A neuron that answers right needs no correction at all.",
            ),
            Mistake(
                "thought that one correction is enough",
                lambda w, b, x, y, eta: min(1, visits(w, b, x, y, eta)),
                "The sum moves in the right direction. How far does one correction move it, and is that far enough?",
            ),
            Mistake(
                "the neuron fires at z = 0",
                _fires_at_zero,
                "Right except where the sum lands on 0: there the book's step is 0.",
            ),
            Mistake(
                "forgot the learning rate",
                _other_stride(lambda x, eta: x @ x + 1),
                "Each correction is multiplied by η, and so is its effect.",
            ),
            Mistake(
                "took the length of x in place of its square",
                _other_stride(lambda x, eta: eta * (np.sqrt(x @ x) + 1)),
                "The weights move by ηx, and their sum with x by η times x·x.",
            ),
        ),
    ),
    Exercise(
        id="perceptron-bound",
        chapter="perceptron",
        title="A start that is not zero",
        difficulty=3,
        minutes=25,
        equation="eq-perceptron-novikoff",
        hints=(
            "Each correction still adds at least γ to the component along u, and at most R² to the squared length. "
            "From where do the two start now?",
            "Both estimates together say: something linear in k is at most the root of something linear in k. "
            "Square it. Which of the two roots of the quadratic equation in k is the bound?",
            "Mind the details: R and γ are about the vectors with the constant input 1, u has length 1 with the bias "
            "counted, and the signs are -1 and +1.",
        ),
        reference=most_corrections,
        inputs=_separated,
        cases=(
            (np.array([[2.0], [-1.0]]), np.array([1, 0]), np.array([1.0]), 0.0, np.array([0.0, 0.0])),
            (np.array([[2.0], [-1.0]]), np.array([1, 0]), np.array([2.0]), 0.0, np.array([0.0, 2.0])),
        ),
        mistakes=(
            Mistake(
                "started from zero all the same",
                _other_bound(along=lambda *_: 0.0, square=lambda *_: 0.0),
                "This is the bound of the page, (R/γ)². Where does `start` come in?",
            ),
            Mistake(
                "left the start out of the component along u",
                _other_bound(along=lambda *_: 0.0),
                "The length is right. The component along u has a value at the start, too: which?",
            ),
            Mistake(
                "took the length of the start for its component along u",
                _other_bound(along=lambda X, y, w, b, start: np.sqrt(start @ start)),
                "The start may point anywhere. Its component along u is a product of two vectors.",
            ),
            Mistake(
                "took the smaller root",
                lambda X, y, w, b, start: _bound(
                    _radius(X),
                    _margins(X, y, w, b).min(),
                    start @ np.append(w, b) / np.sqrt(w @ w + b * b),
                    start @ start,
                    sign=-1,
                ),
                "Between the two roots nothing is excluded. How far may k go up?",
            ),
            Mistake(
                "did not turn the labels 0 and 1 into signs",
                _other_bound(
                    margin=lambda X, y, w, b, start: np.abs(y * (X @ w + b)).min() / np.sqrt(w @ w + b * b)
                ),
                "With the label 0 the margin of an example is 0, whatever the neuron says. The signs are −1 and +1.",
            ),
            Mistake(
                "did not divide by the length of (w, b)",
                _other_bound(
                    margin=lambda X, y, w, b, start: ((2 * y - 1) * (X @ w + b)).min(),
                    along=lambda X, y, w, b, start: start @ np.append(w, b),
                ),
                "u is a unit vector; your result changes when w and b are doubled.",
            ),
            Mistake(
                "left the bias out of the length",
                _other_bound(
                    margin=lambda X, y, w, b, start: ((2 * y - 1) * (X @ w + b)).min() / np.sqrt(w @ w),
                    along=lambda X, y, w, b, start: start @ np.append(w, b) / np.sqrt(w @ w),
                ),
                "You divided by the length of w. The proof's unit vector contains the bias.",
            ),
            Mistake(
                "left the constant input out of R",
                _other_bound(radius=lambda X, y, w, b, start: np.sqrt(_radius(X) ** 2 - 1)),
                "The margin is right. The longer examples have one more component, which is 1.",
            ),
            Mistake(
                "took the largest margin",
                _other_bound(margin=lambda X, y, w, b, start: _margins(X, y, w, b).max()),
                "The example that lies nearest to the boundary decides, not the farthest.",
            ),
        ),
    ),
    Exercise(
        id="perceptron-steepness",
        chapter="perceptron",
        title="How steep is steep enough?",
        difficulty=2,
        minutes=15,
        equation="eq-perceptron-gap",
        hints=(
            "Begin with exact inputs. For which of the rows of 0 and 1 is the output farthest from the step's?",
            "By how much can the sum move if every input is off by τ, in the direction that does the most harm?",
            "The gap falls as c|z| grows. At the smallest c that is allowed, it is equal to τ for the smallest |z| "
            "that can occur.",
        ),
        reference=steepness,
        inputs=_gate,
        cases=(
            (np.array([-2.0, -2.0]), 3.0, 0.01),
            (np.array([2.0, -1.0]), -0.5, 0.1),
            (np.array([1.0]), -0.5, 0.05),
        ),
        mistakes=(
            Mistake(
                "took the inputs for exact",
                lambda w, b, tolerance: np.log(1 / tolerance - 1) / np.abs(_sums(w, b)).min(),
                "With exact inputs this c is right. How near to 0 can the sum come if each input is off by τ?",
            ),
            Mistake(
                "added the weights with their signs",
                lambda w, b, tolerance: (
                    np.log(1 / tolerance - 1) / (np.abs(_sums(w, b)).min() - tolerance * abs(w.sum()))
                ),
                "One input may be too large and another too small. Do two weights of opposite sign help each other?",
            ),
            Mistake(
                "let only one input be off",
                lambda w, b, tolerance: (
                    np.log(1 / tolerance - 1) / (np.abs(_sums(w, b)).min() - tolerance * np.abs(w).max())
                ),
                "All inputs may be off at the same time.",
            ),
            Mistake(
                "let the errors push the sum away from 0",
                lambda w, b, tolerance: (
                    np.log(1 / tolerance - 1) / (np.abs(_sums(w, b)).min() + tolerance * np.abs(w).sum())
                ),
                "Errors in this direction make the output better. Which ones make it worse?",
            ),
            Mistake(
                "took the row with the largest sum",
                lambda w, b, tolerance: (
                    np.log(1 / tolerance - 1) / (np.abs(_sums(w, b)).max() - tolerance * np.abs(w).sum())
                ),
                "There the output is nearest to the step's. Which row is the hardest?",
            ),
            Mistake(
                "used the upper bound of the gap",
                lambda w, b, tolerance: (
                    steepness(w, b, tolerance) * np.log(1 / tolerance) / np.log(1 / tolerance - 1)
                ),
                "With this c the tolerance is kept, but a smaller c would do: solve for the gap itself, not for exp(-c|z|).",
            ),
            Mistake(
                "the logarithm upside down",
                lambda w, b, tolerance: -steepness(w, b, tolerance),
                "A negative scale makes the neuron say the opposite. Check the step from 1/(1 + e) to e.",
            ),
            Mistake(
                "used the logarithm to base 10",
                lambda w, b, tolerance: steepness(w, b, tolerance) / np.log(10),
                "The sigmoid has an exponential with base e, so the natural logarithm undoes it.",
            ),
        ),
    ),
    Exercise(
        id="perceptron-turn",
        chapter="perceptron",
        title="How far to turn",
        difficulty=2,
        minutes=12,
        equation="eq-perceptron-nudge",
        hints=(
            "Only the bias changes. The slope σ′(z) can be written through the output that you know: "
            "{eq}`eq-perceptron-sigmoid-derivative`.",
            "For the exact answer find the sum z that belongs to an output: solve a = 1/(1 + e^(-z)) for z.",
        ),
        reference=turn,
        inputs=_outputs,
        mistakes=(
            Mistake(
                "multiplied by the slope",
                lambda a, rise: (rise * a * (1 - a), turn(a, rise)[1]),
                "The slope says how much the output changes for a given turn. Here the change is given.",
            ),
            Mistake(
                "gave the sum that is needed, not its change",
                lambda a, rise: (turn(a, rise)[0], np.log((a + rise) / (1 - a - rise))),
                "The neuron has a sum already. By how much must it grow?",
            ),
            Mistake(
                "returned the exact answer first",
                lambda a, rise: turn(a, rise)[::-1],
                "Both are right. The first-order answer comes first.",
            ),
            Mistake(
                "took the slope at the new output",
                lambda a, rise: (rise / ((a + rise) * (1 - a - rise)), turn(a, rise)[1]),
                "The formula uses the slope where the neuron is, before it is turned.",
            ),
            Mistake(
                "took the derivative of the sigmoid at a",
                lambda a, rise: (rise / sigmoid.derivative(a), turn(a, rise)[1]),
                "a is an output, not a sum. Written through the output the slope is a(1 - a).",
            ),
            Mistake(
                "the sign of the logarithm",
                lambda a, rise: (turn(a, rise)[0], -turn(a, rise)[1]),
                "To raise the output, must the bias grow or fall?",
            ),
            Mistake(
                "took the first-order answer twice",
                lambda a, rise: (turn(a, rise)[0], turn(a, rise)[0]),
                "The first number is right. For the second put it back: does the neuron really say a + r?",
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
