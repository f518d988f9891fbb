"""Exercises of the chapter on regularization."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_book.exercises._measured import covering


def decay_step(w: Any, dC_dw: Any, eta: Any, l2: Any) -> Any:
    """One step of gradient descent on the cost with an L2 penalty."""
    return (1 - eta * l2) * w - eta * dC_dw


def project(W: Any, c: Any) -> Any:
    """Columns of W, cut back to length c."""
    return W * c / np.maximum(np.sqrt((W**2).sum(axis=0)), c)


def drop(a: Any, p: Any, u: Any) -> Any:
    """Outputs after inverted dropout of the nodes with u < p."""
    return a * (u >= p) / (1 - p)


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


def bn_gradient(u: Any, gamma: Any, delta: Any) -> Any:
    """Gradient through batch normalisation, with respect to what is normalised."""
    s = u.std(axis=0)
    uhat = (u - u.mean(axis=0)) / s
    return gamma / s * (delta - delta.mean(axis=0) - uhat * (delta * uhat).mean(axis=0))


def _centred_only(u: Any, gamma: Any, delta: Any) -> Any:
    s, uhat = u.std(axis=0), u - u.mean(axis=0)
    return gamma / s * (delta - delta.mean(axis=0) - uhat * (delta * uhat).mean(axis=0))


def _sample_deviation(u: Any, gamma: Any, delta: Any) -> Any:
    s = u.std(axis=0, ddof=1)
    uhat = (u - u.mean(axis=0)) / s
    return gamma / s * (delta - delta.mean(axis=0) - uhat * (delta * uhat).mean(axis=0))


def _through_the_variance_only(u: Any, gamma: Any, delta: Any) -> Any:
    s = u.std(axis=0)
    uhat = (u - u.mean(axis=0)) / s
    return gamma / s * (delta - uhat * (delta * uhat).mean(axis=0))


def _sums_for_means(u: Any, gamma: Any, delta: Any) -> Any:
    s = u.std(axis=0)
    uhat = (u - u.mean(axis=0)) / s
    return gamma / s * (delta - delta.sum(axis=0) - uhat * (delta * uhat).sum(axis=0))


def _decay(rng: np.random.Generator) -> tuple[Any, ...]:
    n, m = (int(k) for k in rng.integers(1, 4, size=2))
    return nice(rng, n, m), nice(rng, n, m), nice(rng, low=0.1, high=0.9), nice(rng, low=0.1, high=0.9)


def _dropout(rng: np.random.Generator) -> tuple[Any, ...]:
    n, m = int(rng.integers(1, 4)), int(rng.integers(2, 6))
    return nice(rng, n, m), float(rng.choice([0.1, 0.2, 0.3, 0.6])), rng.random((n, m)).round(2)


def _batch(rng: np.random.Generator) -> tuple[Any, ...]:
    n, m = int(rng.integers(3, 6)), int(rng.integers(1, 4))
    return rng.normal(size=(n, m)), nice(rng, m, low=0.5, high=2.0), nice(rng, n, m)


EXERCISES = (
    Exercise(
        id="reg-decay",
        chapter="regularization",
        title="A step with weight decay",
        difficulty=1,
        minutes=4,
        equation="eq-reg-decay",
        hints=("Add the two gradients of {eq}`eq-reg-l2-gradient` first, then take the step.",),
        reference=decay_step,
        inputs=_decay,
        mistakes=(
            Mistake(
                "took λ for the decay, without the learning rate",
                lambda w, dC_dw, eta, l2: (1 - l2) * w - eta * dC_dw,
                "The penalty is a part of the cost, so η multiplies its gradient as well.",
            ),
            Mistake(
                "let the weights grow",
                lambda w, dC_dw, eta, l2: (1 + eta * l2) * w - eta * dC_dw,
                "The step goes against the gradient of the penalty, too.",
            ),
            Mistake(
                "forgot the ½ of the penalty",
                lambda w, dC_dw, eta, l2: (1 - 2 * eta * l2) * w - eta * dC_dw,
                "The penalty is λ/2 times the square: the 2 of the derivative cancels.",
            ),
            Mistake(
                "forgot the penalty",
                lambda w, dC_dw, eta, l2: w - eta * dC_dw,
                "That is a step on the cost alone.",
            ),
            Mistake(
                "took the sign of the weight, as for L1",
                lambda w, dC_dw, eta, l2: w - eta * (dC_dw + l2 * np.sign(w)),
                "The derivative of a square is proportional to the weight itself.",
            ),
            Mistake(
                "walked uphill in the cost",
                lambda w, dC_dw, eta, l2: (1 - eta * l2) * w + eta * dC_dw,
                "Both terms of the gradient are subtracted.",
            ),
            Mistake(
                "halved λ",
                lambda w, dC_dw, eta, l2: decay_step(w, dC_dw, eta, l2 / 2),
                "The 2 of the derivative cancels the ½ of the penalty: nothing is left over of it.",
            ),
            Mistake(
                "shrank the weights after the step",
                lambda w, dC_dw, eta, l2: (1 - eta * l2) * (w - eta * dC_dw),
                "The gradient of the penalty is taken where the step begins, at the old weights.",
            ),
            Mistake(
                "added the penalty instead of its derivative",
                lambda w, dC_dw, eta, l2: w - eta * (dC_dw + l2 / 2 * np.sum(w**2)),
                "The gradient needs the derivative of the penalty with respect to each weight.",
            ),
            Mistake(
                "returned the gradient",
                lambda w, dC_dw, eta, l2: dC_dw + l2 * w,
                "That is the gradient, and a right one. Now take the step.",
            ),
        ),
    ),
    Exercise(
        id="reg-project",
        chapter="regularization",
        title="Max-norm as a projection",
        difficulty=2,
        minutes=8,
        equation="eq-reg-projection",
        hints=(
            "W has the shape (M_{l-1}, M_l). Are the weights into node j a row or a column?",
            "The factor of {eq}`eq-reg-projection` is c over the larger of c and the length.",
        ),
        reference=project,
        inputs=lambda rng: (
            nice(rng, *(int(k) for k in rng.integers(2, 5, size=2))),
            nice(rng, low=0.8, high=3.0),
        ),
        cases=((np.zeros((3, 2)), 1.0),),
        mistakes=(
            Mistake(
                "projected the rows, the weights out of a node",
                lambda W, c: project(W.T, c).T,
                "The column j holds the weights into node j.",
            ),
            Mistake(
                "gave every column the length c",
                lambda W, c: W * c / np.maximum(np.sqrt((W**2).sum(axis=0)), 1e-12),
                "Weights that are short enough stay as they are.",
            ),
            Mistake(
                "cut each weight by itself",
                lambda W, c: np.clip(W, -c, c),
                "The length of the whole vector is limited; its direction stays.",
            ),
            Mistake(
                "took the length of the whole matrix",
                lambda W, c: W * c / np.maximum(np.sqrt((W**2).sum()), c),
                "Each node has a limit of its own.",
            ),
            Mistake(
                "took the sum of the absolute values for the length",
                lambda W, c: W * c / np.maximum(np.abs(W).sum(axis=0), c),
                "The length is Euclid's.",
            ),
            Mistake(
                "forgot the root",
                lambda W, c: W * c / np.maximum((W**2).sum(axis=0), c),
                "The length is the root of the sum of squares.",
            ),
            Mistake(
                "cut long columns back to length 1",
                lambda W, c: W / np.where((W**2).sum(axis=0) > c**2, np.sqrt((W**2).sum(axis=0)), 1.0),
                "Divided by its length a vector has the length 1. It should have the length c.",
            ),
        ),
    ),
    Exercise(
        id="reg-dropout",
        chapter="regularization",
        title="Inverted dropout",
        difficulty=2,
        minutes=6,
        equation="eq-reg-inverted",
        hints=("`u >= p` is an array of True and False, which count as 1 and 0 in a product.",),
        reference=drop,
        inputs=_dropout,
        cases=((np.ones((1, 2)), 0.0, np.array([[0.0, 0.5]])),),
        mistakes=(
            Mistake(
                "did not scale, as in vanilla dropout",
                lambda a, p, u: a * (u >= p),
                "In inverted dropout the nodes that stay are scaled in training.",
            ),
            Mistake(
                "divided by the probability of being dropped",
                lambda a, p, u: a * (u >= p) / p if p else a * 1e9,
                "On average the next layer should see a. With which probability does a node stay?",
            ),
            Mistake(
                "multiplied by 1 - p instead of dividing",
                lambda a, p, u: a * (u >= p) * (1 - p),
                "Fewer nodes carry the signal, so each of them has to carry more.",
            ),
            Mistake(
                "kept the nodes that should be dropped",
                lambda a, p, u: a * (u < p) / (1 - p),
                "A node is dropped where u < p.",
            ),
            Mistake(
                "dropped whole samples",
                lambda a, p, u: a * (u[:, :1] >= p) / (1 - p),
                "Each sample and each node has a random number of its own.",
            ),
            Mistake(
                "used the same mask for all samples",
                lambda a, p, u: a * (u[:1] >= p) / (1 - p),
                "Each row of u belongs to one sample.",
            ),
            Mistake(
                "scaled, but dropped nothing",
                lambda a, p, u: a / (1 - p),
                "The nodes with u < p send 0.",
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
        id="reg-bn",
        chapter="regularization",
        title="Batch normalisation, backward",
        difficulty=2,
        minutes=15,
        equation="eq-reg-bn-backward",
        hints=(
            "Compute s and û first, along axis 0.",
            "The two sums of {eq}`eq-reg-bn-parameters`, divided by n, are means along axis 0.",
        ),
        reference=bn_gradient,
        inputs=_batch,
        cases=(
            (
                np.array([[0.0], [1.0], [0.5], [3.0]]),
                np.array([2.0]),
                np.array([[1.0], [0.5], [0.0], [-1.0]]),
            ),
        ),
        mistakes=(
            Mistake(
                "took the mean and the deviation for constants",
                lambda u, gamma, delta: gamma / u.std(axis=0) * delta,
                "Every sample has a part in the mean and in the variance; two more terms come from there.",
            ),
            Mistake(
                "forgot the way through the variance",
                lambda u, gamma, delta: gamma / u.std(axis=0) * (delta - delta.mean(axis=0)),
                "The sum of squares depends on u, too: the third term of {eq}`eq-reg-bn-backward`.",
            ),
            Mistake(
                "forgot the way through the mean",
                _through_the_variance_only,
                "Adding the same number to all u changes nothing, so the result must add up to zero.",
            ),
            Mistake(
                "took sums where means belong",
                _sums_for_means,
                "Both sums are divided by the number of samples.",
            ),
            Mistake(
                "forgot γ",
                lambda u, gamma, delta: bn_gradient(u, np.ones_like(gamma), delta),
                "The error reaches û through z = γû + b.",
            ),
            Mistake(
                "divided by the variance",
                lambda u, gamma, delta: bn_gradient(u, gamma, delta) / u.std(axis=0),
                "One factor 1/s is enough: û is divided by the deviation.",
            ),
            Mistake(
                "forgot to divide by the deviation in û",
                _centred_only,
                "û = (u - mean)/s. One 1/s stands before the bracket, and û carries its own.",
            ),
            Mistake(
                "divided by n - 1 in the variance",
                _sample_deviation,
                "Batch normalisation divides by n: it normalises this batch, and estimates nothing.",
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
