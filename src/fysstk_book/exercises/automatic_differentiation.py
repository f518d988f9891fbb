"""Exercises of the chapter on automatic differentiation."""

import math
from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice

MACHINE_EPSILON = float(np.finfo(np.float64).eps)


def backward_sweep(parents: Any, local: Any) -> Any:
    """Adjoints of all variables of a program, from the last one backwards."""
    adjoint = np.zeros(len(parents))
    adjoint[-1] = 1.0
    for j in reversed(range(len(parents))):
        for i, slope in zip(parents[j], local[j], strict=True):
            adjoint[i] += adjoint[j] * slope
    return adjoint


def _sweep_of_integers(parents: Any, local: Any) -> Any:
    adjoint = np.zeros(len(parents), dtype=int)
    adjoint[-1] = 1
    for j in reversed(range(len(parents))):
        for i, slope in zip(parents[j], local[j], strict=True):
            adjoint[i] = int(adjoint[i] + adjoint[j] * slope)
    return adjoint


def _sweep_wrong(
    *, overwrite: bool = False, forwards: bool = False, seed: Any = None, only_local: bool = False
) -> Any:
    """Return `backward_sweep` with one thing done wrong."""

    def wrong(parents: Any, local: Any) -> Any:
        adjoint = np.zeros(len(parents)) if seed is None else np.full(len(parents), seed)
        adjoint[-1] = 1.0
        for j in range(len(parents))[:: 1 if forwards else -1]:
            for i, slope in zip(parents[j], local[j], strict=True):
                sent = slope if only_local else adjoint[j] * slope
                adjoint[i] = sent if overwrite else adjoint[i] + sent
        return adjoint

    return wrong


def _sweep_of_first_parents(parents: Any, local: Any) -> Any:
    return backward_sweep([some[:1] for some in parents], [some[:1] for some in local])


def _forward_sweep(parents: Any, local: Any) -> Any:
    tangent = np.zeros(len(parents))
    tangent[0] = 1.0
    for j, some in enumerate(parents):
        for i, slope in zip(some, local[j], strict=True):
            tangent[j] += tangent[i] * slope
    return tangent


def _program(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw a program of some variables, in which each one uses the one before and perhaps others."""
    parents: list[list[int]] = [[]]
    for j in range(1, int(rng.integers(3, 7))):
        older = [int(i) for i in np.flatnonzero(rng.random(j - 1) < 0.5)]
        parents.append([*older, j - 1])
    return parents, [[nice(rng) for _ in some] for some in parents]


def dual_quotient(u: Any, v: Any) -> Any:
    """Quotient of two dual numbers, given as pairs of value and tangent."""
    quotient = u[0] / v[0]
    return quotient, (u[1] - quotient * v[1]) / v[0]


def _quotient_wrong(tangent: Any) -> Any:
    """Return `dual_quotient` with another formula for the tangent."""
    return lambda u, v: (u[0] / v[0], tangent(u[0], u[1], v[0], v[1]))


def best_step(f: Any, f5: Any, eps: Any) -> Any:
    """Step that minimises the error bound of the difference of fourth order."""
    return (45 / 4 * eps * f / f5) ** (1 / 5)


def rounds(x: Any, k: Any) -> Any:
    """Babylonian square root after k rounds, and its derivative."""
    y, slope = x, 1.0
    for _ in range(k):
        y, slope = (y + x / y) / 2, (slope + 1 / y - x * slope / y**2) / 2
    return y, slope


def _rounds_wrong(new_slope: Any, start: float = 1.0) -> Any:
    """Return `rounds` with another start or another formula for the new slope."""

    def wrong(x: Any, k: Any) -> Any:
        y, slope = x, start
        for _ in range(k):
            y_new = (y + x / y) / 2
            slope = new_slope(x, y, slope, y_new)
            y = y_new
        return y, slope

    return wrong


def _right_slope(x: Any, y: Any, slope: Any, y_new: Any) -> Any:
    return (slope + 1 / y - x * slope / y**2) / 2


def descent_step(w1: Any, w2: Any, x: Any, y: Any, eta: Any) -> Any:
    """One step of gradient descent for two weights in a row."""
    error = w2 * w1 * x - y
    return w1 - eta * error * w2 * x, w2 - eta * error * w1 * x


def _last_weight_first(w1: Any, w2: Any, x: Any, y: Any, eta: Any) -> Any:
    error = w2 * w1 * x - y
    w2 = w2 - eta * error * w1 * x
    return w1 - eta * error * w2 * x, w2


def _first_weight_first(w1: Any, w2: Any, x: Any, y: Any, eta: Any) -> Any:
    error = w2 * w1 * x - y
    w1 = w1 - eta * error * w2 * x
    return w1, w2 - eta * error * w1 * x


def _forward_again(w1: Any, w2: Any, x: Any, y: Any, eta: Any) -> Any:
    w2 = w2 - eta * (w2 * w1 * x - y) * w1 * x
    return w1 - eta * (w2 * w1 * x - y) * w2 * x, w2


def _forward_again_from_the_first(w1: Any, w2: Any, x: Any, y: Any, eta: Any) -> Any:
    w1 = w1 - eta * (w2 * w1 * x - y) * w2 * x
    return w1, w2 - eta * (w2 * w1 * x - y) * w1 * x


def _without_the_other_weight(w1: Any, w2: Any, x: Any, y: Any, eta: Any) -> Any:
    error = w2 * w1 * x - y
    return w1 - eta * error * x, w2 - eta * error * x


def _without_the_input(w1: Any, w2: Any, x: Any, y: Any, eta: Any) -> Any:
    error = w2 * w1 * x - y
    return w1 - eta * error * w2, w2 - eta * error * w1


EXERCISES = (
    Exercise(
        id="autodiff-sweep",
        chapter="automatic-differentiation",
        title="The backward sweep",
        difficulty=2,
        minutes=15,
        equation="eq-autodiff-undo",
        hints=(
            "Which adjoint do you know before you start? Equation {eq}`eq-autodiff-seed` says.",
            "Undo the variables one by one, the last one first. What does undoing variable j give to each of its "
            "parents, by equation {eq}`eq-autodiff-undo`?",
            "A variable may have several children. What happens to what it has received from the first one when the "
            "second one sends something?",
        ),
        reference=backward_sweep,
        inputs=_program,
        cases=(
            ([[]], [[]]),
            ([[], [0, 0]], [[], [3.0, 3.0]]),
            ([[], [0], [0], [1]], [[], [2.0], [5.0], [0.5]]),
            ([[], [0], [1], [1, 2], [3]], [[], [1.0], [1.5], [1.0, 1.0], [0.5]]),
        ),
        mistakes=(
            Mistake(
                "did not start with 1 at the last variable",
                lambda parents, local: np.zeros(len(parents)),
                "The last variable is the result itself: what is its derivative by itself?",
            ),
            Mistake(
                "kept whole numbers only",
                _sweep_of_integers,
                "An array of whole numbers cuts off the decimals of what is put into it.",
            ),
            Mistake(
                "overwrote what a variable had received before",
                _sweep_wrong(overwrite=True),
                "A variable with two children gets something from each of them. What must happen to the two?",
            ),
            Mistake(
                "went through the variables from first to last",
                _sweep_wrong(forwards=True),
                "A variable can pass its adjoint on only when it is complete. Which variable's is complete at the start?",
            ),
            Mistake(
                "started with 1 everywhere",
                _sweep_wrong(seed=1.0),
                "Only the result reacts to itself with rate 1. The others have received nothing yet.",
            ),
            Mistake(
                "passed on the local derivatives without the child's adjoint",
                _sweep_wrong(only_local=True),
                "The local derivative says how the child reacts. How the result reacts to the child is another factor.",
            ),
            Mistake(
                "served only the first parent of each variable",
                _sweep_of_first_parents,
                "A sum or a product has two parents, and both get their share.",
            ),
            Mistake(
                "ran in forward mode",
                _forward_sweep,
                "These are the derivatives of every variable with respect to the first one. "
                "Wanted are those of the last one with respect to every variable.",
            ),
        ),
    ),
    Exercise(
        id="autodiff-quotient",
        chapter="automatic-differentiation",
        title="Divide two dual numbers",
        difficulty=1,
        minutes=8,
        equation="eq-autodiff-dual-product",
        hints=(
            "Call the quotient (q, q̇). By {eq}`eq-autodiff-dual-product`, its product with v has the value qv and the "
            "tangent q̇v + qv̇.",
            "Set the two equal to the value and the tangent of u, and solve for q first.",
        ),
        reference=dual_quotient,
        inputs=lambda rng: ((nice(rng), nice(rng)), (nice(rng), nice(rng))),
        mistakes=(
            Mistake(
                "divided the tangents like the values",
                _quotient_wrong(lambda u, du, v, dv: du / dv),
                "The derivative of a quotient is not the quotient of the derivatives. Try u = v: what must come out?",
            ),
            Mistake(
                "left out how the denominator moves",
                _quotient_wrong(lambda u, du, v, dv: du / v),
                "That holds for a constant denominator. Here v has a tangent of its own.",
            ),
            Mistake(
                "the two terms are added",
                _quotient_wrong(lambda u, du, v, dv: (du + u / v * dv) / v),
                "When the denominator grows, does the quotient grow or fall?",
            ),
            Mistake(
                "the two terms are swapped",
                _quotient_wrong(lambda u, du, v, dv: (u / v * dv - du) / v),
                "When the numerator grows, the quotient of positive numbers grows. Check the sign.",
            ),
            Mistake(
                "forgot to divide by v²",
                _quotient_wrong(lambda u, du, v, dv: du * v - u * dv),
                "This is the numerator of the quotient rule. What stands below it?",
            ),
            Mistake(
                "took the tangent of the product",
                _quotient_wrong(lambda u, du, v, dv: du * v + u * dv),
                "This is what {eq}`eq-autodiff-dual-product` gives for uv. Use it to find u/v.",
            ),
            Mistake(
                "did not square the denominator",
                lambda u, v: (u[0] / v[0], (u[1] * v[0] - u[0] * v[1]) / v[0]),
                "The numerator is right. Try v = 2 with the tangent 0: how fast does u/2 move?",
            ),
        ),
    ),
    Exercise(
        id="autodiff-step",
        chapter="automatic-differentiation",
        title="The best step",
        difficulty=2,
        minutes=12,
        equation="eq-autodiff-best-step",
        hints=(
            "At the minimum of the bound its derivative with respect to h is zero. Follow the steps that lead to "
            "{eq}`eq-autodiff-best-step`.",
            "The derivatives of the two terms are 4h³|f⁽⁵⁾|/30 and -3ε|f|/(2h²). Solve for h⁵.",
        ),
        reference=best_step,
        inputs=lambda rng: (
            nice(rng, low=0.1, high=3.0),
            nice(rng, low=0.1, high=3.0),
            float(rng.choice([MACHINE_EPSILON, 1e-7, 1e-3])),
        ),
        atol=1e-12,
        mistakes=(
            Mistake(
                "lost the factor 4 of the derivative of h⁴, or set the two terms equal",
                lambda f, f5, eps: (45 * eps * f / f5) ** (1 / 5),
                "The slope of the sum vanishes at the minimum. What is the derivative of each of the two terms?",
            ),
            Mistake(
                "took the formula for the central difference of second order",
                lambda f, f5, eps: (3 * eps * f / f5) ** (1 / 3),
                "That balances h² against 1/h. Here the truncation error grows as h⁴.",
            ),
            Mistake(
                "lost the numerical factor",
                lambda f, f5, eps: (eps * f / f5) ** (1 / 5),
                "The order of magnitude is right. Keep the factors 1/30, 3/2 and the 4 from the derivative.",
            ),
            Mistake(
                "turned the ratio of f and its fifth derivative around",
                lambda f, f5, eps: (45 / 4 * eps * f5 / f) ** (1 / 5),
                "A function that bends more needs a smaller step. Does yours get smaller?",
            ),
            Mistake(
                "took the fourth root",
                lambda f, f5, eps: (45 / 4 * eps * f / f5) ** (1 / 4),
                "One side carries h³, the other 1/h². Which power of h do they make together?",
            ),
        ),
    ),
    Exercise(
        id="autodiff-loop",
        chapter="automatic-differentiation",
        title="Differentiate a loop",
        difficulty=2,
        minutes=15,
        equation="eq-autodiff-loop",
        hints=(
            "Equation {eq}`eq-autodiff-loop` has the rule for one round. What is the tangent before the first round?",
            "Both new numbers are made from the old ones. `y, slope = ..., ...` computes the right sides before it "
            "assigns.",
        ),
        reference=rounds,
        inputs=lambda rng: (nice(rng, low=0.5, high=4.0), int(rng.integers(1, 5))),
        cases=((1.0, 0), (2.0, 0), (4.0, 1)),
        mistakes=(
            Mistake(
                "started with the tangent 0",
                _rounds_wrong(_right_slope, start=0.0),
                "The start y = x is not a constant. How fast does it move when x moves?",
            ),
            Mistake(
                "left out that x stands in the quotient itself",
                _rounds_wrong(lambda x, y, slope, y_new: (slope - x * slope / y**2) / 2),
                "x/y depends on x in two ways: through y, and directly.",
            ),
            Mistake(
                "left out that the denominator moves",
                _rounds_wrong(lambda x, y, slope, y_new: (slope + 1 / y) / 2),
                "x/y depends on x in two ways: directly, and through y.",
            ),
            Mistake(
                "used the new value in the tangent of the same round",
                _rounds_wrong(lambda x, y, slope, y_new: (slope + 1 / y_new - x * slope / y_new**2) / 2),
                "The new tangent belongs to the operations that were just done, and they used the old y.",
            ),
            Mistake(
                "forgot the factor 1/2 in the tangent",
                _rounds_wrong(lambda x, y, slope, y_new: slope + 1 / y - x * slope / y**2),
                "The whole bracket is halved, so its derivative is, too.",
            ),
            Mistake(
                "returned the slope of the exact square root",
                lambda x, k: (rounds(x, k)[0], 1 / (2 * math.sqrt(x))),
                "That is the limit for many rounds. Wanted is the derivative of what the loop has computed so far.",
            ),
        ),
    ),
    Exercise(
        id="autodiff-update",
        chapter="automatic-differentiation",
        title="First all gradients, then the update",
        difficulty=2,
        minutes=10,
        equation="eq-autodiff-adjoint",
        hints=(
            "Compute the error w2 w1 x - y once. Both slopes are this error times what the weight is multiplied with.",
            "Compute both slopes before you change either weight.",
        ),
        reference=descent_step,
        inputs=lambda rng: (
            nice(rng),
            nice(rng),
            nice(rng),
            nice(rng),
            nice(rng, low=0.1, high=0.5),
        ),
        mistakes=(
            Mistake(
                "updated w2 first and passed the error back through the new w2",
                _last_weight_first,
                "The error went forward through the old w2. On its way back it must meet the same weight.",
            ),
            Mistake(
                "updated w1 first and used the new w1 for the slope by w2",
                _first_weight_first,
                "The slope by w2 contains w1 as it was on the way forward.",
            ),
            Mistake(
                "ran forward again between the two updates",
                _forward_again,
                "These are two steps, each along one weight, at two different points. Wanted is one step along the gradient.",
            ),
            Mistake(
                "climbed instead of descending",
                lambda w1, w2, x, y, eta: descent_step(w1, w2, x, y, -eta),
                "The gradient points uphill.",
            ),
            Mistake(
                "left the other weight out of each slope",
                _without_the_other_weight,
                "What is w1 multiplied with, before the result is compared with y? And w2?",
            ),
            Mistake(
                "left the input out of the slopes",
                _without_the_input,
                "x multiplies both weights, so it multiplies both slopes.",
            ),
            Mistake(
                "changed w1, and used the new one for everything that follows",
                _forward_again_from_the_first,
                "These are two steps, each along one weight, at two different points. Wanted is one step along the gradient.",
            ),
            Mistake(
                "multiplied each slope by its own weight",
                lambda w1, w2, x, y, eta: (
                    w1 - eta * (w2 * w1 * x - y) * w1 * x,
                    w2 - eta * (w2 * w1 * x - y) * w2 * x,
                ),
                "What is w1 multiplied with, before the result is compared with y? And w2?",
            ),
            Mistake(
                "doubled the slopes",
                lambda w1, w2, x, y, eta: descent_step(w1, w2, x, y, 2 * eta),
                "The 1/2 in the cost cancels the 2 of the square.",
            ),
        ),
    ),
    Exercise(
        id="autodiff-mode",
        chapter="automatic-differentiation",
        title="Which mode?",
        difficulty=1,
        minutes=6,
        equation="eq-autodiff-modes",
        hints=(
            "Count inputs and outputs; equation {eq}`eq-autodiff-modes` says what each mode pays for them.",
            "A direction is given: how many sweeps does forward mode need for one direction?",
        ),
    ),
)
