"""Exercises of the chapter on regularization."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_book.exercises._measured import covering


def elastic(best: Any, h: Any, l1: Any, l2: Any) -> Any:
    """What both penalties leave of a weight."""
    return np.sign(best) * np.maximum(h * np.abs(best) - l1, 0) / (h + l2)


def walled(H: Any, best: Any, c: Any) -> Any:
    """Lowest point of a quadratic cost in the ball of radius c."""
    w, low, high = best, 0.0, np.linalg.norm(H @ best) / c
    for _ in range(60):
        l2 = (low + high) / 2
        w = np.linalg.solve(H + l2 * np.eye(len(H)), H @ best)
        low, high = (l2, high) if np.linalg.norm(w) > c else (low, l2)
    return w


def _cut(w: Any, c: Any) -> Any:
    return w * c / np.maximum(np.sqrt(w @ w), c)


def spread(a: Any, w: Any, group: Any, p: Any) -> Any:
    """Mean and variance of a linear output whose nodes are dropped by groups."""
    sums = np.array([np.sum((a * w)[group == g]) for g in np.unique(group)])
    return a @ w, p / (1 - p) * np.sum(sums**2)


def stop(costs: Any, patience: Any) -> Any:
    """Epoch in which training stops, and the best epoch until then."""
    best = epoch = 1
    for epoch in range(1, len(costs) + 1):
        if costs[epoch - 1] < costs[best - 1]:
            best = epoch
        if epoch - best >= patience:
            break
    return epoch, best


def _stop_at_first_rise(costs: Any, patience: Any) -> Any:
    best = epoch = 1
    for epoch in range(2, len(costs) + 1):
        if costs[epoch - 1] >= costs[epoch - 2]:
            return epoch, best
        best = epoch
    return epoch, best


def _count_all_failures(costs: Any, patience: Any) -> Any:
    best, bad, epoch = 1, 0, 1
    for epoch in range(2, len(costs) + 1):
        if costs[epoch - 1] < costs[best - 1]:
            best = epoch
        else:
            bad += 1
            if bad >= patience:
                break
    return epoch, best


def _count_rises(costs: Any, patience: Any) -> Any:
    rises, epoch = 0, 1
    for epoch in range(2, len(costs) + 1):
        rises = rises + 1 if costs[epoch - 1] >= costs[epoch - 2] else 0
        if rises >= patience:
            break
    return epoch, int(np.argmin(costs[:epoch])) + 1


def _equal_is_better(costs: Any, patience: Any) -> Any:
    best = epoch = 1
    for epoch in range(1, len(costs) + 1):
        if costs[epoch - 1] <= costs[best - 1]:
            best = epoch
        if epoch - best >= patience:
            break
    return epoch, best


def _beyond_the_end(costs: Any, patience: Any) -> Any:
    best = int(np.argmin(costs)) + 1
    return best + patience, best


def layer_norm_gradient(u: Any, gamma: Any, delta: Any) -> Any:
    """Gradient through layer normalisation, with respect to what is normalised."""
    s, uhat, e = _normalised(u, gamma, delta)
    return (e - _mean(e) - uhat * _mean(e * uhat)) / s


def _mean(x: Any) -> Any:
    return x.mean(axis=1, keepdims=True)


def _normalised(u: Any, gamma: Any, delta: Any) -> Any:
    s = u.std(axis=1, keepdims=True)
    return s, (u - _mean(u)) / s, gamma * delta


def _as_for_batches(u: Any, gamma: Any, delta: Any) -> Any:
    s, uhat, _ = _normalised(u, gamma, delta)
    return gamma / s * (delta - _mean(delta) - uhat * _mean(delta * uhat))


def _without_mean(u: Any, gamma: Any, delta: Any) -> Any:
    s, uhat, e = _normalised(u, gamma, delta)
    return (e - uhat * _mean(e * uhat)) / s


def _without_variance(u: Any, gamma: Any, delta: Any) -> Any:
    s, _, e = _normalised(u, gamma, delta)
    return (e - _mean(e)) / s


def _sums_for_means(u: Any, gamma: Any, delta: Any) -> Any:
    s, uhat, e = _normalised(u, gamma, delta)
    return (e - e.sum(axis=1, keepdims=True) - uhat * (e * uhat).sum(axis=1, keepdims=True)) / s


def _along_the_batch(u: Any, gamma: Any, delta: Any) -> Any:
    s, e = u.std(axis=0) + 1e-300, gamma * delta
    uhat = (u - u.mean(axis=0)) / s
    return (e - e.mean(axis=0) - uhat * (e * uhat).mean(axis=0)) / s


def _groups(rng: np.random.Generator) -> tuple[Any, ...]:
    n = int(rng.integers(4, 7))
    return nice(rng, n), nice(rng, n), np.arange(n) % 3, float(rng.choice([0.1, 0.2, 0.3, 0.6]))


def _valley(rng: np.random.Generator) -> tuple[Any, ...]:
    n = int(rng.integers(2, 4))
    A = nice(rng, n, n)
    return (
        (A @ A.T + 0.5 * np.eye(n)).round(2),
        nice(rng, n, low=-3.0, high=3.0),
        nice(rng, low=0.5, high=3.0),
    )


def _layer(rng: np.random.Generator) -> tuple[Any, ...]:
    n, m = int(rng.integers(2, 5)), int(rng.integers(3, 6))
    return rng.normal(size=(n, m)), nice(rng, m, low=0.5, high=2.0), nice(rng, n, m)


EXERCISES = (
    Exercise(
        id="reg-elastic",
        chapter="regularization",
        title="Both penalties at once",
        difficulty=2,
        minutes=8,
        equation="eq-reg-l1-soft",
        hints=(
            "As for {eq}`eq-reg-l1-soft`: take w > 0 first, and set the derivative to zero. When is the result positive?",
            "Three terms contain w or a constant; bring those with w to one side. The case w < 0 is the mirror image.",
        ),
        reference=elastic,
        inputs=lambda rng: (
            nice(rng, low=-3.0, high=3.0),
            nice(rng, low=0.5, high=2.0),
            nice(rng, low=0.1, high=1.0),
            nice(rng, low=0.1, high=2.0),
        ),
        cases=(
            (0.0, 1.0, 0.5, 1.0),
            (0.2, 1.0, 0.5, 1.0),
            (-2.0, 1.0, 0.5, 1.0),
            (1.5, 2.0, 0.0, 1.0),
            (1.5, 2.0, 0.5, 0.0),
        ),
        mistakes=(
            Mistake(
                "let the weight run through the kink to the other side",
                lambda best, h, l1, l2: np.sign(best) * (h * np.abs(best) - l1) / (h + l2),
                "If neither side has a minimum of its own, the minimum is the kink.",
            ),
            Mistake(
                "gave the solution for positive weights only",
                lambda best, h, l1, l2: np.maximum(h * best - l1, 0) / (h + l2),
                "For negative w the derivative of |w| is -1: the mirror image.",
            ),
            Mistake(
                "shrank first and subtracted afterwards",
                lambda best, h, l1, l2: np.sign(best) * np.maximum(np.abs(best) * h / (h + l2) - l1 / h, 0),
                "The two are not applied one after the other: write down one cost with both, and one derivative.",
            ),
            Mistake(
                "subtracted λ₁/h first and shrank with λ₂ alone",
                lambda best, h, l1, l2: np.sign(best) * np.maximum(np.abs(best) - l1 / h, 0) / (1 + l2),
                "λ₂ is to be compared with the curvature h, not with 1.",
            ),
            Mistake(
                "forgot the ½ before λ₂",
                lambda best, h, l1, l2: elastic(best, h, l1, 2 * l2),
                "The penalty is λ₂/2 times the square: the 2 of the derivative cancels.",
            ),
            Mistake(
                "halved λ₁, as if it had the ½, too",
                lambda best, h, l1, l2: elastic(best, h, l1 / 2, l2),
                "Only the square has a factor ½.",
            ),
            Mistake(
                "forgot the curvature before w*",
                lambda best, h, l1, l2: np.sign(best) * np.maximum(np.abs(best) - l1, 0) / (h + l2),
                "The derivative of the parabola is h(w - w*): h multiplies w* as well.",
            ),
            Mistake(
                "left L1 out",
                lambda best, h, l1, l2: h * best / (h + l2),
                "That is what L2 alone leaves.",
            ),
            Mistake(
                "left L2 out",
                lambda best, h, l1, l2: elastic(best, h, l1, 0.0),
                "That is what L1 alone leaves.",
            ),
        ),
    ),
    Exercise(
        id="reg-project",
        chapter="regularization",
        title="Where max-norm ends",
        difficulty=3,
        minutes=15,
        equation="eq-reg-projection",
        hints=(
            "Draw the ellipses of equal cost and the circle. At the lowest point of the circle, which way does the gradient point?",
            "The gradient points straight inwards or outwards there: it is a multiple of w. So H(w - w*) = -λw for some λ ≥ 0. Which penalty has the same minimum?",
            "The length of that minimum falls as λ grows. Halve an interval until you have the λ for which it is c. (Or go downhill in small steps, and project after each.)",
        ),
        reference=walled,
        inputs=_valley,
        cases=(
            (np.diag([1.0, 10.0]), np.array([3.0, 0.5]), 1.0),
            (np.diag([1.0, 10.0]), np.array([0.3, 0.5]), 1.0),
            (np.eye(2), np.array([3.0, -4.0]), 2.0),
        ),
        rtol=1e-4,
        atol=1e-5,
        mistakes=(
            Mistake(
                "projected the minimum of the cost without the wall",
                lambda H, best, c: _cut(best, c),
                "That is the point of the ball nearest to w*. The cost asks for another distance: steep directions count more.",
            ),
            Mistake(
                "went to the wall, wherever the minimum lies",
                lambda H, best, c: _cut(walled(H, best * max(1.0, 2 * c / np.linalg.norm(best)), c), c),
                "A minimum inside the ball does not feel the wall.",
            ),
            Mistake(
                "left the wall out",
                lambda H, best, c: best,
                "The length may be c at most.",
            ),
            Mistake(
                "cut each weight by itself",
                lambda H, best, c: np.clip(best, -c, c),
                "The length of the whole vector is limited.",
            ),
            Mistake(
                "took the weights for independent: only the diagonal of H",
                lambda H, best, c: walled(np.diag(np.diag(H)), best, c),
                "The elements beside the diagonal turn the ellipses. The gradient is H(w - w*).",
            ),
            Mistake(
                "took the square of the length for the length",
                lambda H, best, c: walled(H, best, np.sqrt(c)),
                "It is the length that may be c, not its square.",
            ),
            Mistake(
                "forgot the curvature before w*",
                lambda H, best, c: walled(H, np.linalg.solve(H, best), c),
                "The derivative of the cost is H(w - w*): H multiplies w* as well.",
            ),
        ),
    ),
    Exercise(
        id="reg-dropout",
        chapter="regularization",
        title="Dropout by groups",
        difficulty=2,
        minutes=8,
        equation="eq-reg-inverted",
        hints=(
            "Write the output as a sum over groups. What multiplies the mask of a group?",
            "Masks of different groups are independent, so their variances add; a number before a mask comes out squared.",
        ),
        reference=spread,
        inputs=_groups,
        cases=(
            (np.array([1.0, 2.0]), np.array([1.0, -0.5]), np.array([0, 0]), 0.5),
            (np.array([1.0, 2.0, 3.0]), np.ones(3), np.array([0, 1, 0]), 0.0),
        ),
        mistakes=(
            Mistake(
                "gave each node a mask of its own",
                lambda a, w, group, p: (a @ w, p / (1 - p) * np.sum((a * w) ** 2)),
                "Nodes of the same group are dropped together, so they are not independent. Add within the group first.",
            ),
            Mistake(
                "gave all nodes the same mask",
                lambda a, w, group, p: (a @ w, p / (1 - p) * (a @ w) ** 2),
                "Different groups have different masks.",
            ),
            Mistake(
                "took the variance of vanilla dropout, p(1 - p)",
                lambda a, w, group, p: (a @ w, (1 - p) ** 2 * spread(a, w, group, p)[1]),
                "What is kept is divided by 1 - p. What does this do to the variance of a mask?",
            ),
            Mistake(
                "scaled the mean by 1 - p, as in vanilla dropout",
                lambda a, w, group, p: ((1 - p) * (a @ w), spread(a, w, group, p)[1]),
                "Inverted dropout has scaled in training already. What is the mean of its mask?",
            ),
            Mistake(
                "gave the standard deviation for the variance",
                lambda a, w, group, p: (a @ w, np.sqrt(spread(a, w, group, p)[1])),
                "The variance is asked for: no root.",
            ),
            Mistake(
                "turned the fraction upside down",
                lambda a, w, group, p: (
                    a @ w,
                    spread(a, w, group, p)[1] * (1 - p) ** 2 / p**2 if p else 1e9,
                ),
                "If nothing is dropped, p = 0, the variance has to be zero.",
            ),
            Mistake(
                "left the weights out of the variance",
                lambda a, w, group, p: (a @ w, spread(a, np.ones_like(w), group, p)[1]),
                "What reaches the output is the product of a node's output and its weight.",
            ),
            Mistake(
                "took the mean within the groups",
                lambda a, w, group, p: (
                    a @ w,
                    p / (1 - p) * sum(np.mean((a * w)[group == g]) ** 2 for g in np.unique(group)),
                ),
                "The nodes of a group add up at the output.",
            ),
        ),
    ),
    Exercise(
        id="reg-stop",
        chapter="regularization",
        title="When to stop",
        difficulty=2,
        minutes=12,
        hints=(
            "Keep the best epoch so far, and update it when a cost is lower.",
            "After each epoch ask how many have passed since the best one. With a patience of 2 and the costs 3, 2, 2, 2: when do you stop?",
        ),
        reference=stop,
        inputs=lambda rng: (
            (rng.integers(1, 30, size=int(rng.integers(3, 12))) / 10).tolist(),
            int(rng.integers(1, 4)),
        ),
        cases=(([3.0, 2.0, 2.0, 2.0, 1.0], 2), ([3.0, 2.0, 2.5, 1.0, 1.5, 1.6], 2), ([1.0], 3)),
        mistakes=(
            Mistake(
                "took the best epoch of the whole list",
                lambda costs, patience: (
                    min(int(np.argmin(costs)) + 1 + patience, len(costs)),
                    int(np.argmin(costs)) + 1,
                ),
                "While it trains, nobody knows the later costs. It stops as soon as patience runs out.",
            ),
            Mistake(
                "returned the last epoch for the best one",
                lambda costs, patience: (stop(costs, patience)[0],) * 2,
                "The last parameters are worse than the best ones by construction.",
            ),
            Mistake(
                "looked into the future for the best epoch",
                lambda costs, patience: (stop(costs, patience)[0], int(np.argmin(costs)) + 1),
                "Training has stopped before it could see the end of the list.",
            ),
            Mistake(
                "stopped at the first rise",
                _stop_at_first_rise,
                "Patience means to go on for a while: the cost may fall again.",
            ),
            Mistake(
                "counted the epochs from 0",
                lambda costs, patience: tuple(k - 1 for k in stop(costs, patience)),
                "The first epoch has the number 1.",
            ),
            Mistake(
                "was patient for one epoch too long",
                lambda costs, patience: stop(costs, patience + 1),
                "Stop as soon as the distance to the best epoch has reached the patience.",
            ),
            Mistake(
                "returned the two in the other order",
                lambda costs, patience: stop(costs, patience)[::-1],
                "First the epoch in which training stops, then the best one.",
            ),
            Mistake(
                "never started to count anew after a better epoch",
                _count_all_failures,
                "Patience counts the epochs since the best one. After a new best one it is full again.",
            ),
            Mistake(
                "compared each epoch with the one before it",
                _count_rises,
                "Compare with the best cost so far: a cost can fall again and still be worse than the best.",
            ),
            Mistake(
                "took an equal cost for a better one",
                _equal_is_better,
                "A cost counts as better only if it is lower.",
            ),
            Mistake(
                "counted on beyond the end of the list, and looked at all of it",
                _beyond_the_end,
                "Training knows only the epochs up to now, and ends with the list at the latest. Go through it epoch by epoch.",
            ),
            Mistake(
                "looked at the whole list, without patience",
                lambda costs, patience: (len(costs), int(np.argmin(costs)) + 1),
                "Training stops as soon as the patience is used up. What comes later is never seen.",
            ),
        ),
    ),
    Exercise(
        id="reg-layer-norm",
        chapter="regularization",
        title="Layer normalisation, backward",
        difficulty=3,
        minutes=15,
        equation="eq-reg-bn-jacobian",
        hints=(
            "The Jacobian {eq}`eq-reg-bn-jacobian` has the same form. Over which axis do the means go now?",
            "In the chain rule γ_j stands inside of the sum over j. Multiply it with δ first.",
        ),
        reference=layer_norm_gradient,
        inputs=_layer,
        cases=(
            (
                np.array([[0.0, 1.0, 0.5, 3.0]]),
                np.array([2.0, 1.0, 0.5, 1.0]),
                np.array([[1.0, 0.5, 0.0, -1.0]]),
            ),
        ),
        mistakes=(
            Mistake(
                "pulled γ out of the sums, as for a batch",
                _as_for_batches,
                "In a batch all terms of the sum have the same γ. Here each node has its own.",
            ),
            Mistake(
                "took the mean and the deviation for constants",
                lambda u, gamma, delta: gamma * delta / u.std(axis=1, keepdims=True),
                "Every node has a part in the mean and in the variance; two more terms come from there.",
            ),
            Mistake(
                "forgot the way through the variance",
                _without_variance,
                "The deviation depends on u, too: there is a third term.",
            ),
            Mistake(
                "forgot the way through the mean",
                _without_mean,
                "Adding the same number to all u of a sample changes nothing, so the result must add up to zero.",
            ),
            Mistake(
                "normalised over the samples, as for a batch",
                _along_the_batch,
                "Layer normalisation takes its mean over the nodes of one sample: axis 1.",
            ),
            Mistake(
                "took sums where means belong",
                _sums_for_means,
                "Both sums are divided by the number of nodes.",
            ),
            Mistake(
                "forgot γ",
                lambda u, gamma, delta: layer_norm_gradient(u, np.ones_like(gamma), delta),
                "The error reaches û through z = γû + b.",
            ),
            Mistake(
                "divided by the variance",
                lambda u, gamma, delta: layer_norm_gradient(u, gamma, delta) / u.std(axis=1, keepdims=True),
                "One factor 1/s is enough: û is divided by the deviation.",
            ),
            Mistake(
                "divided by M - 1 in the variance",
                lambda u, gamma, delta: layer_norm_gradient(u, gamma, delta) * np.sqrt(1 - 1 / u.shape[1]),
                "The variance is divided by M: it normalises these nodes, and estimates nothing.",
            ),
        ),
    ),
    Exercise(
        id="reg-useless",
        chapter="regularization",
        title="The penalty that did nothing",
        difficulty=3,
        minutes=10,
        equation="eq-reg-bn-invariance",
        hints=(
            "What does a batch-normalised node compute if all weights into it are halved?",
            "Compare the gradients at w and at αw when the cost is the same at both.",
        ),
    ),
    Exercise(
        id="reg-measure",
        chapter="regularization",
        title="Measure: L2 on fewer digits",
        difficulty=3,
        minutes=25,
        hints=(
            "Two contestants: `none` with a grid of rates, and L2 with a grid of rates and of strengths.",
            "Strengths from 0.001 to 0.1, on a few tuning seeds that you do not use again.",
        ),
        **covering("l2-few", "L2", "none", widest=2.0, paired=True),
    ),
)
