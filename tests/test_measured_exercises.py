"""Exercises in which students measure: honest intervals pass, and usual slips have names."""

import numpy as np
import pytest

from fysstk_book.check.diagnosis import diagnose
from fysstk_book.compare import interval
from fysstk_book.exercises import catalogue, find
from fysstk_book.measured import load

ASKED = {
    "gd-measure": ("decay-line", "falling", "constant"),
    "opt-measure": ("race-narrow", "momentum", "gradient descent"),
    "act-measure": ("activations-two-layers", "tanh", "ReLU"),
    "van-measure": ("starts", "ReLU, He", "tanh, Glorot"),
    "cost-measure": ("softmax-squares", "squared error", "cross-entropy"),
    "data-measure": ("whitening-floor", "60, with a floor", "20 components"),
    "reg-measure": ("l2-few", "L2", "none"),
    "hyper-measure": ("grid-or-dice", "random", "grid"),
    "limits-measure": ("small-tumours-100", "network", "logistic regression"),
}


def differences(id):
    name, first, second = ASKED[id]
    result = load(name)
    return result.scores(first) - result.scores(second)


def test_each_exercise_that_measures_is_here():
    assert set(ASKED) == {exercise.id for exercise in catalogue() if exercise.id.endswith("-measure")}


@pytest.mark.parametrize("id", ASKED)
@pytest.mark.parametrize("seeds", [10, 20])
def test_honest_intervals_pass(id, seeds, rng):
    d, use = differences(id), find(id).use
    drawn = [interval(rng.choice(d, seeds))[2:] for _ in range(100)]
    assert np.mean([use(ends) for ends in drawn]) > 0.9


@pytest.mark.parametrize("id", ASKED)
def test_slips_are_named(id, in_a_thread):
    mean, error, *_ = interval(differences(id))
    spread = differences(id).std(ddof=1)
    for answer, name in {
        mean: "a single number, or an interval of zero width",
        (mean + error, mean - error): "the high end before the low one",
        (mean - 1.96 * spread, mean + 1.96 * spread): "the standard deviation in place of the standard error",
        (mean - 50 * spread, mean + 50 * spread): "an interval that is too wide to say anything",
    }.items():
        assert diagnose(find(id), answer, trusted=True).mistake == name
