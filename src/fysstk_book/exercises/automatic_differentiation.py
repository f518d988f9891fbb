"""Exercises of the chapter on automatic differentiation."""

import math
from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice

MACHINE_EPSILON = float(np.finfo(np.float64).eps)


def count_paths(parents: Any) -> Any:
    """Number of paths from each variable of a program to the last one, by one sweep from the end."""
    paths = [0] * len(parents)
    paths[-1] = 1
    for j in reversed(range(len(parents))):
        for i in parents[j]:
            paths[i] += paths[j]
    return paths


def _count_wrong(*, overwrite: bool = False, forwards: bool = False, everywhere: bool = False) -> Any:
    """Return `count_paths` with one thing done wrong."""

    def wrong(parents: Any) -> Any:
        paths = [int(everywhere)] * len(parents)
        paths[-1] = 1
        for j in range(len(parents))[:: 1 if forwards else -1]:
            for i in parents[j]:
                paths[i] = paths[j] if overwrite else paths[i] + paths[j]
        return paths

    return wrong


def _edges_out(parents: Any) -> Any:
    return [sum(some.count(i) for some in parents) for i in range(len(parents))]


def _paths_from_the_first(parents: Any) -> Any:
    paths = [1] + [0] * (len(parents) - 1)
    for j, some in enumerate(parents):
        paths[j] += sum(paths[i] for i in some)
    return paths


def _program(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw a program of some variables, in which each one uses the one before and perhaps others."""
    parents: list[list[int]] = [[]]
    for j in range(1, int(rng.integers(4, 8))):
        older = [int(i) for i in np.flatnonzero(rng.random(j) < 0.5)]
        parents.append([*older, j - 1])
    return (parents,)


def soft_maximum(p: Any, q: Any) -> Any:
    """Value of log(exp p + exp q) and its two local derivatives."""
    top = max(p, q)
    of_p, of_q = math.exp(p - top), math.exp(q - top)
    return top + math.log(of_p + of_q), of_p / (of_p + of_q), of_q / (of_p + of_q)


def _soft_wrong(slopes: Any) -> Any:
    """Return `soft_maximum` with other slopes, made from p, q and the two right ones."""

    def wrong(p: Any, q: Any) -> Any:
        value, by_p, by_q = soft_maximum(p, q)
        return value, *slopes(p, q, by_p, by_q)

    return wrong


def _soft_as_it_stands(p: Any, q: Any) -> Any:
    with np.errstate(all="ignore"):
        total = np.exp(p) + np.exp(q)
        return np.log(total), np.exp(p) / total, np.exp(q) / total


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


def kepler(M: Any, e: Any, k: Any) -> Any:
    """Eccentric anomaly after k rounds of Kepler's iteration, and its derivative by the eccentricity."""
    E, slope = M, 0.0
    for _ in range(k):
        E, slope = M + e * math.sin(E), math.sin(E) + e * math.cos(E) * slope
    return E, slope


def _kepler_wrong(new_slope: Any, start: float = 0.0) -> Any:
    """Return `kepler` with another start or another formula for the new slope."""

    def wrong(M: Any, e: Any, k: Any) -> Any:
        E, slope = M, start
        for _ in range(k):
            E_new = M + e * math.sin(E)
            slope = new_slope(e, E, slope, E_new)
            E = E_new
        return E, slope

    return wrong


def _limit_of_kepler(M: Any, e: Any, k: Any) -> Any:
    E = kepler(M, e, k)[0]
    return E, math.sin(E) / (1 - e * math.cos(E))


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
        title="Count the paths without walking them",
        difficulty=2,
        minutes=15,
        equation="eq-autodiff-adjoint",
        hints=(
            "How many paths lead from the last variable to itself? By {eq}`eq-autodiff-seed`, that is where a sweep begins.",
            "A path from variable i begins with an edge to one of its children. How many paths go on from there?",
            "It is the backward sweep {eq}`eq-autodiff-adjoint` with the local derivative 1 on each edge: the last "
            "variable first, and each variable adds its number to that of each of its parents.",
        ),
        seconds=5.0,
        reference=count_paths,
        inputs=_program,
        cases=(
            ([[]],),
            ([[], [0, 0]],),
            ([[], [0], [0], [1], [3]],),
            ([[], [0], [1], [1, 2], [3]],),
            ([[], *([j, j] for j in range(60))],),  # 2^60 paths
        ),
        mistakes=(
            Mistake(
                "did not start with 1 at the last variable",
                lambda parents: [0] * len(parents),
                "From the last variable to itself leads one path, the one without any edge.",
            ),
            Mistake(
                "overwrote what a variable had received before",
                _count_wrong(overwrite=True),
                "A variable with two children gets paths from each of them. What must happen to the two numbers?",
            ),
            Mistake(
                "went through the variables from first to last",
                _count_wrong(forwards=True),
                "A variable can pass its number on only when it is complete. Which variable's is complete at the start?",
            ),
            Mistake(
                "started with 1 everywhere",
                _count_wrong(everywhere=True),
                "Only the last variable has arrived before it sets out. The others have no path yet.",
            ),
            Mistake(
                "served only the first parent of each variable",
                lambda parents: count_paths([some[:1] for some in parents]),
                "A sum or a product has two parents, and both get their share.",
            ),
            Mistake(
                "counted two edges between the same variables as one",
                lambda parents: count_paths([sorted(set(some)) for some in parents]),
                "In y · y the product has two edges to y, and a path takes one of them.",
            ),
            Mistake(
                "counted the edges that leave each variable",
                _edges_out,
                "That is the number of ways for the first step. Each of them can branch again.",
            ),
            Mistake(
                "counted the paths from the first variable",
                _paths_from_the_first,
                "These are the paths that lead from the first variable to each one. "
                "Wanted are those from each variable to the last one.",
            ),
        ),
    ),
    Exercise(
        id="autodiff-soft",
        chapter="automatic-differentiation",
        title="A maximum that shares",
        difficulty=2,
        minutes=12,
        equation="def-autodiff-program",
        hints=(
            "The derivative of a logarithm is one over what stands inside, times the inner derivative.",
            "What do the two slopes add up to? That is a check before the check.",
            "exp 1000 is more than the machine can hold. Take the larger of p and q out of both exponentials: "
            "log(exp p + exp q) = m + log(exp(p - m) + exp(q - m)).",
        ),
        reference=soft_maximum,
        inputs=lambda rng: (nice(rng), nice(rng)),
        cases=((1.0, -0.5), (1000.0, 998.0), (-1000.0, -999.5), (900.0, -800.0), (-800.0, 900.0)),
        mistakes=(
            Mistake(
                "the formula as it stands, which overflows",
                _soft_as_it_stands,
                "Right for small numbers. But exp 1000 is infinite in the machine, and exp(-1000) is 0: "
                "take the larger of p and q out first.",
            ),
            Mistake(
                "left the sum out of the slopes",
                lambda p, q: (soft_maximum(p, q)[0], math.exp(min(p, 700)), math.exp(min(q, 700))),
                "These are the inner derivatives. The logarithm puts 1/(exp p + exp q) in front of them.",
            ),
            Mistake(
                "left the inner derivatives out",
                _soft_wrong(lambda p, q, by_p, by_q: (by_p * math.exp(-max(p, -700)),) * 2),
                "1/(exp p + exp q) is the outer derivative alone. How fast does exp p change with p?",
            ),
            Mistake(
                "returned the slope of q first",
                _soft_wrong(lambda p, q, by_p, by_q: (by_q, by_p)),
                "The larger parent has the larger share.",
            ),
            Mistake(
                "gave everything to the larger parent",
                _soft_wrong(lambda p, q, by_p, by_q: (float(p > q), float(q > p))),
                "So does the hard maximum. This one lets both parents through.",
            ),
            Mistake(
                "shared in equal parts",
                _soft_wrong(lambda p, q, by_p, by_q: (0.5, 0.5)),
                "That is right for p = q only. Which parent has more influence on the sum?",
            ),
            Mistake(
                "the value of the hard maximum",
                lambda p, q: (max(p, q), *soft_maximum(p, q)[1:]),
                "The slopes are right. The value of log(exp p + exp q) lies above both p and q.",
            ),
            Mistake(
                "multiplied each slope by its parent's value",
                _soft_wrong(lambda p, q, by_p, by_q: (p * by_p, q * by_q)),
                "The exponent is p itself, and its derivative by p is 1.",
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
        title="Kepler's equation, differentiated as it runs",
        difficulty=2,
        minutes=15,
        equation="eq-autodiff-tangent",
        hints=(
            "Differentiate one round with respect to e, as {eq}`eq-autodiff-loop` does for another loop. In e sin E "
            "two things depend on e.",
            "Both new numbers are made from the old ones. `E, slope = ..., ...` computes the right sides before it "
            "assigns. And how fast does the start move when e does?",
        ),
        reference=kepler,
        inputs=lambda rng: (
            nice(rng, low=0.1, high=3.0),
            nice(rng, low=0.1, high=0.9),
            int(rng.integers(2, 6)),
        ),
        cases=((1.0, 0.5, 0), (2.0, 0.0, 3), (0.5, 0.9, 1)),
        mistakes=(
            Mistake(
                "started with the tangent 1",
                _kepler_wrong(lambda e, E, slope, E_new: math.sin(E) + e * math.cos(E) * slope, start=1.0),
                "The start is E = M. How fast does it move when e moves?",
            ),
            Mistake(
                "left out that E moves in the sine",
                _kepler_wrong(lambda e, E, slope, E_new: math.sin(E)),
                "e acts on the new E in two ways: directly, and through the old E.",
            ),
            Mistake(
                "left out that e stands in front of the sine",
                _kepler_wrong(lambda e, E, slope, E_new: e * math.cos(E) * slope),
                "e acts on the new E in two ways: through the old E, and directly.",
            ),
            Mistake(
                "forgot the slope of the old E",
                _kepler_wrong(lambda e, E, slope, E_new: math.sin(E) + e * math.cos(E)),
                "The inner derivative is missing: sin E changes by cos E times the change of E.",
            ),
            Mistake(
                "used the new value in the tangent of the same round",
                _kepler_wrong(lambda e, E, slope, E_new: math.sin(E_new) + e * math.cos(E_new) * slope),
                "The new tangent belongs to the operations that were just done, and they used the old E.",
            ),
            Mistake(
                "the derivative of the sine has the wrong sign",
                _kepler_wrong(lambda e, E, slope, E_new: math.sin(E) - e * math.cos(E) * slope),
                "For a small angle the sine rises.",
            ),
            Mistake(
                "added up the slopes of all rounds",
                _kepler_wrong(lambda e, E, slope, E_new: slope + math.sin(E) + e * math.cos(E) * slope),
                "Each round makes E anew, from M and the old E; the old E itself is not kept as a summand.",
            ),
            Mistake(
                "returned the slope of the exact solution",
                _limit_of_kepler,
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
