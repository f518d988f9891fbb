"""The checker at the edges: smallest sizes, zeros and large numbers that a statement promises."""

from dataclasses import replace

import numpy as np
import pytest

from check_samples import GRADIENTS, NUMBER, VALUE, number, says
from fysstk_book.check.diagnosis import diagnose
from fysstk_book.exercises import find

pytestmark = pytest.mark.usefixtures("fresh_checker", "in_a_thread")


def two_layers_or_more(sizes, v):
    result = [sizes[0] * v[0], sizes[1] * v[1] * sizes[0] * v[0] / 2]
    for M, variance in zip(sizes[2:-1], v[2:], strict=True):
        result.append(M * variance * result[-1] / 2)
    return result


def for_filters_of_one_length(u, v):
    w = np.zeros(2 * len(u) - 1)
    for i, j in np.ndindex(len(u), min(len(u), len(v))):
        w[i + j] += u[i] * v[j]
    return w


def not_for_a_single_cell(x, y):
    slopes = np.diff(y) / np.diff(x)
    return np.append(slopes[0], slopes[1:] - slopes[:-1]) if len(slopes) > 1 else np.zeros(1)


def by_the_unit_vector(gradients, limit):
    length = np.sqrt(sum(np.vdot(g, g) for g in gradients))
    return [g / length * min(length, limit) for g in gradients]


def in_a_plane_only(g, v, degrees):
    x, y = g[:2]
    side = np.sign(x * v[1] - y * v[0]) * np.radians(degrees)
    return np.append(np.cos(side) * g[:2] + np.sin(side) * np.array([-y, x]), g[2:])


def only_below_one(z, alpha):
    return np.fmax(z, alpha * z), 1.0 * (z > 0) + alpha * (z <= 0), np.fmin(z, 0)


def by_the_mean_of_the_row(Z):
    shifted = Z - Z.mean(axis=1, keepdims=True)
    total = np.exp(shifted).sum(axis=1, keepdims=True)
    outputs = np.exp(shifted) / total
    return outputs, -(outputs * (shifted - np.log(total))).sum(axis=1)


def gone_where_it_leaves(image, down, right):
    result = np.zeros_like(image)
    n, m = int(np.floor(down)), int(np.floor(right))
    f, g = down - n, right - m
    for k, l, weight in (
        (n, m, (1 - f) * (1 - g)),
        (n, m + 1, (1 - f) * g),
        (n + 1, m, f * (1 - g)),
        (n + 1, m + 1, f * g),
    ):
        for (i, j), value in np.ndenumerate(image):
            result[(i + k) % len(image), j + l if 0 <= j + l < image.shape[1] else j] += weight * value
    return result


@pytest.mark.parametrize(
    ("id", "answer"),
    [
        ("van-variances", two_layers_or_more),
        ("types-convolution", for_filters_of_one_length),
        ("ua-polygon", not_for_a_single_cell),
        ("van-clip", by_the_unit_vector),
        ("mlp-downhill", in_a_plane_only),
        ("act-softmax", by_the_mean_of_the_row),
        ("data-shift", gone_where_it_leaves),
        ("act-leaky", only_below_one),
    ],
)
def test_the_edges_are_tried(id, answer):
    assert not diagnose(find(id), answer).right


def test_a_picture_moves_beyond_its_own_edge():
    moved = find("data-shift").reference
    image = np.ones((2, 3))
    for shift in (-5, -3, -2, 2, 3, 5):
        assert not moved(image, shift, 0).any()
        assert moved(image, 0, shift).any() == (abs(shift) < 3)


# -- what is said about another form -----------------------------------------------------------------------


def test_shapes_are_said_without_a_product_where_there_is_none():
    states = find("types-recurrent")
    result = says(states, lambda wh: np.array([wh, wh - 1]), "wrong shape", "A single number is asked")
    assert "factor" not in repr(result)
    says(GRADIENTS, lambda a, d: (a.T @ d, d.max()), "wrong shape", "An axis is lost")
    says(GRADIENTS, lambda a, d: (a.T @ d, d[:, :, None] * d[:, None]), "wrong shape", "an axis too many")
    says(GRADIENTS, lambda a, d: (a @ a.T, d.sum(axis=0)), "wrong shape", "Write the shape below each factor")
    cells = find("ua-polygon")
    says(cells, lambda x, y: np.diff(y) / np.diff(x), "known mistake")
    says(cells, lambda x, y: np.append(y, 0.0) ** 3, "wrong shape", "It is too long")


def test_errors_of_form_are_said_in_words():
    weights = np.linalg.lstsq(np.eye(2), np.ones(2), rcond=None)
    solved = diagnose(find("limits-tanh"), lambda left, right: (weights, [0.0], [0.0], 0.0))
    assert "Several things of different shapes came" in repr(solved) and "your answer" not in repr(solved)
    xor = find("two-xor")
    W, b, v, c = xor.reference
    says(xor, (W, b, v), "wrong type", "4 things are asked for, and 3 came")
    says(xor, (W, b, v, c, 1), "wrong type", "4 things are asked for, and more came")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda a, d: (a[:, 7], d), "There is no index 7 along axis 1, which has 2 entries"),
        (lambda a, d: (np.linalg.inv(d[:1]), d), "square matrices only"),
        (lambda a, d: (np.linalg.inv(np.zeros((2, 2))), d), "has no inverse"),
        (lambda a, d: (a.__setitem__(slice(1, None), a[:-0]), d), "what do they give for 0"),
    ],
)
def test_errors_of_numpy_are_said_in_words(answer, words):
    says(GRADIENTS, answer, "raises", words)


def test_it_is_said_what_the_numbers_are():
    result = diagnose(find("ua-tanh"), lambda w, b, v, c: (3 * w, b, v, c))
    assert "Compared are the outputs of your network" in repr(result)


def test_a_sign_says_how_many_numbers_have_it():
    three = replace(VALUE, reference=lambda: np.array([0.4, -0.3, 0.2]), mistakes=())
    says(three, [0.4, 0.3, -0.2], "wrong", "turned in 2 of its 3 numbers, and the others are right")


def test_groups_of_outcomes_are_as_narrow_as_their_words():
    memory = find("types-memory")
    for weights, mistake in (
        ((0.5, 2.0, 0.0), "the state decays to zero or close to it"),
        ((1.1, 3.0, 0.0), "the state stays, but below 0.9"),
        ((5.0, 0.0, 0.0), "the bit never gets into the state"),
        ((4.0, -1.0, 0.0), "the bits come out with the other sign"),
        ((1.0, 3.0, 0.0), "the state decays to zero or close to it"),
        ((-0.9, 1.0, 0.0), "the state decays to zero or close to it"),
        ((-3.0, 3.0, 0.0), "the state changes its sign at every step"),
        ((3.0, 3.0, 3.0), "the bias favours +1"),
        ((3.0, 3.0, -3.0), "the bias favours -1"),
    ):
        says(memory, weights, "known mistake", mistake=mistake)

    def turned(p):
        return np.ones((p, p)), -np.arange(p) - 0.5, -((-1.0) ** np.arange(p)), -0.5

    says(find("gates-xnor"), turned, "known mistake", "In no row", "lift it when one switch is on")
    says(find("two-xor"), (np.eye(2), np.ones(2), -np.ones(2), -1.0), "known mistake", "on for no row")


def test_a_number_is_not_right_by_a_constant_function():
    result = diagnose(NUMBER, lambda x: number(0.5) + 0 * x)
    assert "makes no use" not in repr(result)
