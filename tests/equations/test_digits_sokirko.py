"""The equations of book/digits-sokirko.md, as the page prints them: counts, schedules, the mean, slant."""

from __future__ import annotations

import math

import numpy as np
import pytest

import digits
from fysstk_book.printed.numbers import samples
from fysstk_nn.activations import sigmoid, softmax
from fysstk_nn.datasets import deskew
from fysstk_nn.gradcheck import central_difference
from fysstk_nn.mlp import MLP


@pytest.mark.equation("eq-sokirko-parameters", method="numeric")
def test_number_of_parameters(printed):
    params = MLP((784, 16, 16, 16, 16, 10)).init()
    printed("eq-sokirko-parameters").holds({"P": params.theta.size})
    assert [W.size + b.size for W, b in zip(params.W[1:], params.b[1:], strict=True)] == [
        12_560,
        *[272] * 3,
        170,
    ]


@pytest.mark.equation("eq-sokirko-decay", method="numeric")
@pytest.mark.parametrize("e", [0, 1, 5, 30])
def test_learning_rate_after_some_epochs(e, printed):
    steps = math.ceil(60_000 / 64)
    rates = [digits.Program(k).learning_rate(steps * e) for k in (0.001, 0.01)]
    names = {r"\eta_\text{text}": rates[0], r"\eta_\text{program}": rates[1], "e": e}
    printed("eq-sokirko-decay").holds(names)


@pytest.mark.equation("eq-sokirko-squeezed", method="central differences")
@pytest.mark.parametrize("z", [-120.0, 0.0, 7.0, 300.0])
def test_slope_of_the_squeezed_sigmoid(z, printed):
    slope = central_difference(lambda z: float(sigmoid(z / 50)[0]), np.array([z]))[0]
    names = {"a_j": float(sigmoid(z / 50)), r"\frac{\partial a_j}{\partial z_j}": slope, "z_j": z}
    page = printed("eq-sokirko-squeezed")
    page.holds({key: names[key] for key in ("a_j", "z_j")}, also={r"\sigma": sigmoid}, only=0)
    page.holds({key: value for key, value in names.items() if key != "z_j"}, only=1, within=1e-9)


@pytest.mark.equation("eq-sokirko-mean", method="central differences")
def test_gradient_of_the_mean_over_the_outputs(rng, printed):
    a, y = rng.uniform(size=10), np.eye(10)[4]
    names = {"a_j": lambda j: a[j - 1], "y_j": lambda j: y[j - 1]}
    measured = central_difference(lambda a: float(np.mean((a - y) ** 2)) / 2, a)
    page = printed("eq-sokirko-mean")
    page.holds({r"C_\text{mean}": float(np.mean((a - y) ** 2)) / 2, **names}, only=0)
    slope = {r"\frac{\partial C_\text{mean}}{\partial a_j}": lambda j: measured[j - 1]}
    page.holds(slope | names, only=1, j=range(1, 11), within=1e-9)


@pytest.mark.equation("eq-sokirko-deltas", method="central differences")
@pytest.mark.parametrize("z", [np.linspace(-2, 1, 10), np.zeros(10)], ids=["random", "start"])
def test_errors_of_the_two_outputs(z, printed):
    y = np.eye(10)[7]
    squares = central_difference(lambda z: float(np.sum((sigmoid(z) - y) ** 2)) / 2, z)
    cross = central_difference(lambda z: -float(np.sum(y * np.log(softmax(z)))), z)
    page = printed("eq-sokirko-deltas")
    for k, (name, delta, a) in enumerate([("squares", squares, sigmoid(z)), ("softmax", cross, softmax(z))]):
        names = {rf"\delta_j^\text{{{name}}}": lambda j, delta=delta: delta[j], "a_j": a, "y_j": y}
        page.holds(names, only=k, j=range(10), within=1e-8)


def weighted(image):
    """The names of the moments' definitions for an image."""
    y, x = np.indices(image.shape)
    return {"I": samples(image.ravel()), "x": samples(x.ravel()), "y": samples(y.ravel())}


@pytest.mark.equation("eq-sokirko-slant", method="numeric")
@pytest.mark.parametrize("shape", [(28, 28), (5, 9)])
def test_slant_is_the_slope_of_weighted_least_squares(shape, rng, printed):
    image = rng.uniform(size=shape)
    y, x = np.indices(shape)
    # polyfit multiplies residuals, not their squares, by the weights.
    slope, _ = np.polyfit(y.ravel(), x.ravel(), 1, w=np.sqrt(image).ravel())
    page, where = printed("eq-sokirko-slant"), ["def-sokirko-moments"]
    page.holds({r"\alpha": slope}, also=weighted(image), where=where, within=1e-10)


@pytest.mark.equation("eq-sokirko-shear", method="numeric")
def test_shear_takes_the_mixed_moment_away(rng, printed, discrepancy):
    page, where = printed("eq-sokirko-shear"), ["def-sokirko-moments"]

    def sheared(image, alpha):
        y, x = np.indices(image.shape)
        moved = x - alpha * (y - np.average(y, weights=image))
        mixed = np.sum(
            image * (moved - np.average(moved, weights=image)) * (y - np.average(y, weights=image))
        )
        return {**weighted(image), r"\alpha": alpha, "x'": samples(moved.ravel()), r"\mu'_{xy}": mixed}

    for image in rng.uniform(size=(6, 7, 9)):  # rounding errors of both signs
        for alpha in (0.3, -1.2):  # the first two signs of equality hold for every shear
            names = sheared(image, alpha)
            expected, *sides = (page.value(also=names, where=where, side=side) for side in (0, 1, 2))
            error = max(abs(side - expected) for side in sides)
            discrepancy(error)
            assert error < 1e-10 < abs(expected)
        slant = printed("eq-sokirko-slant").value(also=weighted(image), where=where, side=1)
        page.holds(also=sheared(image, slant), where=where, within=1e-10)


@pytest.mark.equation("eq-sokirko-slant", method="numeric")
def test_deskewed_image_has_no_slant(rng, printed, discrepancy):
    image = np.zeros((28, 28))
    image[6:22, 9:19] = rng.uniform(size=(16, 10))
    straight = deskew(image.reshape(1, -1)).reshape(28, 28)
    where = ["def-sokirko-moments"]
    slant = printed("eq-sokirko-slant").value(also=weighted(straight), where=where, side=1)
    discrepancy(slant)
    assert abs(slant) < 1e-12


@pytest.mark.equation("def-sokirko-moments", method="numeric")
def test_moments_are_those_of_a_weighted_sample(rng, printed, discrepancy):
    I, x, y = rng.uniform(size=5), rng.normal(size=5), rng.normal(size=5)
    names = {"I": samples(I), "x": samples(x), "y": samples(y)}
    mx, my = np.average(x, weights=I), np.average(y, weights=I)
    expected = mx, my, I @ ((x - mx) * (y - my)), I @ (y - my) ** 2
    page, where = printed("def-sokirko-moments"), ["def-sokirko-moments"]
    for statement, value in enumerate(expected):
        discrepancy(page.value(also=names, where=where, statement=statement) - value, within=1e-12)
