"""The checker: slips that nobody listed, made from the reference's own source, and slips of the keyboard."""

import math
from dataclasses import replace

import numpy as np
import pytest

from check_samples import GRADIENTS, NUMBER, PLAIN, VALUE, WORD, number, says, slope
from fysstk_book.check.diagnosis import diagnose
from fysstk_book.check.slips import read, slips, two_slips
from fysstk_book.exercises import Exercise, find, nice

pytestmark = pytest.mark.usefixtures("fresh_checker", "in_a_thread")


def energy(m, v, h, g):
    """A function with a little of everything."""
    kinetic = 0.5 * m * v**2
    if h > 0:
        kinetic += m * g * h
    return kinetic - math.floor(h)


def chained(x, w):
    """Call a helper of the same module."""
    return energy(x, w, 1.0, 9.81) * np.sum([x, w], axis=0)


ENERGY = Exercise(
    id="sample-energy",
    chapter="sample",
    title="An energy",
    difficulty=1,
    minutes=1,
    hints=("Look.",),
    reference=energy,
    inputs=lambda rng: (nice(rng), nice(rng), nice(rng), nice(rng)),
    cases=((1.0, 1.0, 0.0, 2.0), (1.0, 2.0, 3.0, 4.0)),
)


def test_the_slips_of_a_function():
    names = {slip.name for slip in slips(energy)}
    for name in (
        "the factor `0.5` left out",
        "the power `v ** 2` left out",
        "`>=` where `>` belongs",
        "a condition left out",
        "a step in the opposite direction",
        "`ceil` where `floor` belongs",
        "`g` where `h` belongs",
        "`m` and `v` exchanged",
        "`^` where `**` belongs",
        "`h` one too large",
    ):
        assert name in names, name
    assert {"no `axis`", "the sum of `x` where each of its entries belongs"} <= {
        s.name for s in slips(chained)
    }
    assert all(slip.say.endswith((".", "?")) for slip in slips(energy))


def test_the_source_is_whole_again_after_each_slip():
    made = [slip.wrong for slip in slips(energy)]
    assert read(energy).function()(1.0, 2.0, 3.0, 4.0) == energy(1.0, 2.0, 3.0, 4.0)
    assert len({function.__code__ for function in made}) > 20


def test_functions_without_a_source_or_with_a_while_have_none():
    def endless(x):
        while x > 0:
            x -= 1
        return x

    for function in (endless, math.exp, eval("lambda x: x + 1")):
        assert read(function) is None
        assert not list(slips(function)) and not list(two_slips(function))


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (
            lambda m, v, h, g: m * v**2 + (m * g * h if h > 0 else 0) - math.floor(h),
            "the factor 0.5 left out",
        ),
        (lambda m, v, h, g: 0.5 * m * v**2 + m * g * h - math.floor(h), "a condition left out"),
        (
            lambda m, v, h, g: 0.5 * m * v + (m * g if h > 0 else 0) - math.floor(h),
            "the factor h left out, and the power v ** 2 left out",
        ),
    ],
)
def test_slips_are_named_with_an_example(answer, mistake):
    result = says(ENERGY, answer, "known mistake", "expected", "got")
    assert mistake in result.mistake


def test_slips_that_cannot_be_told_apart_are_named_together():

    def equal(rng):
        height = nice(rng)
        return nice(rng), nice(rng), height, height

    same = replace(ENERGY, inputs=equal, cases=())
    result = says(
        same,
        lambda m, v, h, g: 0.5 * m * v**2 + (m * h if h > 0 else 0) - math.floor(h),
        "known mistake",
        "the factor `g` left out, or the factor `h` left out",
    )
    assert result.mistake.count(", or ") <= 2


def test_a_slip_in_one_part_says_which():
    result = says(GRADIENTS, lambda a, d: (a.T @ d, d.sum(axis=0) + 1.5), "wrong", "in the second part")
    assert result.mistake
    says(GRADIENTS, lambda a, d: (d[:, :2], d.sum(axis=0)), "wrong shape", "`[0]`")


def test_relations_of_values():
    three = replace(VALUE, reference=lambda: np.array([0.4, -0.3, 0.2]), mistakes=())
    says(three, [-0.4, 0.3, -0.2], "wrong", "The sign is turned.", mistake="the sign is turned")
    says(three, [0.4, 0.3, 0.2], "wrong", "sign")
    says(three, [0.2, 0.4, -0.3], "wrong", mistake="in another order")
    says(three, [0.8, -0.6, 0.4], "wrong", mistake="a factor 2")
    lone = replace(VALUE, reference=lambda: math.log(10), mistakes=())
    says(lone, 1.0, "wrong", "Which logarithm")
    says(lone, 1 / math.log(10), "wrong", mistake="the reciprocal")
    says(lone, 2.3, "wrong", mistake="rounded to 1 decimals")
    says(lone, math.degrees(math.log(10)), "wrong", "degrees")
    says(lone, 230.2585, "wrong", mistake="a power of ten")
    count = replace(VALUE, reference=lambda: 12, mistakes=())
    says(count, 13, "wrong", mistake="off by one")


def test_slips_of_the_keyboard():
    half = replace(VALUE, reference=lambda: 0.5, mistakes=())
    says(half, (0, 5), "wrong type", mistake="a decimal comma")
    says(half, "0,5", "right", "decimal point")
    says(half, (0.5,), "right", "a comma at the end")
    says(NUMBER, lambda x: print(number(x)), "wrong type", "`return` hands it over")

    def leaves(x):
        if x > 1e9:
            exit()

    says(NUMBER, leaves, "wrong type", "end with `return`")
    says(NUMBER, lambda x: x ^ 2, "raises", "write `**`")
    says(replace(WORD, reference="cross_entropy", mistakes=()), "Cross-Entropy", "right")
    says(
        replace(WORD, reference="cross_entropy", mistakes=()),
        "crossentrpy",
        "wrong",
        mistake="a misspelt word",
    )
    says(NUMBER, lambda x: round(number(x), 3), "wrong", mistake="rounded to 3 decimals")
    says(NUMBER, lambda x: number(0.5), "wrong", mistake="the same result for every input")


def test_numbers_that_are_not_finite_do_not_hide_a_mistake():
    def squared(X, y, w):
        result = -slope(X, y, w)
        result[:1] = np.nan
        return result

    wide = replace(PLAIN, inputs=lambda rng: (nice(rng, 3, 4), nice(rng, 3), nice(rng, 4)))
    says(wide, squared, "known mistake", "the sign is turned", "Besides, the result is not finite here:")


def hidden_delta(a1, a2, y, w2):
    """Error of the hidden neuron of the scalar network."""
    return (a2 - y) * a2 * (1 - a2) * w2 * a1 * (1 - a1)


def test_the_catalogue_is_not_needed_to_name_a_slip():
    bare = replace(ENERGY, id="sample-delta", reference=hidden_delta, cases=())
    result = diagnose(bare, lambda a1, a2, y, w2: (a2 - y) * a2 * (1 - a2) * a1 * (1 - a1))
    assert (result.verdict, result.mistake) == ("known mistake", "the factor w2 left out")


def neuron(theta, x, y):
    """Gradient of a tanh neuron below a linear output, with an angle and a root for good measure."""
    w1, b1, w2, b2 = theta
    a1 = np.tanh(w1 * x + b1)
    delta = w2 * a1 + b2 - y
    return np.array([delta * w2 * (1 - a1**2) * x, math.cos(x), np.sqrt(2 + x**2), np.exp(w1)])


NEURON = replace(
    ENERGY,
    id="sample-neuron",
    reference=neuron,
    inputs=lambda rng: (nice(rng, 4), nice(rng), nice(rng)),
    cases=(),
)


def _neuron_with(a=np.tanh, slope=lambda z, a: 1 - a**2, out=lambda z: z, order=(0, 1, 2, 3), **other):
    def wrong(theta, x, y):
        w1, b1, w2, b2 = (theta[k] for k in order)
        z = w1 * x + b1
        delta = out(w2 * a(z) + b2) - y
        return np.array(
            [
                delta * w2 * slope(z, a(z)) * x,
                other.get("cos", math.cos)(x),
                other.get("root", lambda x: np.sqrt(2 + x**2))(x),
                other.get("exp", np.exp)(w1),
            ]
        )

    return wrong


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (_neuron_with(slope=lambda z, a: 1 - z**2), "the slope taken from z, as 1 − z², where a belongs"),
        (_neuron_with(slope=lambda z, a: z * (1 - z)), "the slope taken from z, as z (1 − z)"),
        (_neuron_with(out=np.tanh), "a tanh at the output, which is linear here"),
        (_neuron_with(order=(0, 2, 1, 3)), "b1 and w2 taken apart in the wrong order"),
        (_neuron_with(cos=lambda x: math.cos(math.radians(x))), "an angle in degrees"),
        (_neuron_with(exp=lambda w: 10**w), "a power of 10 where one of e belongs"),
        (_neuron_with(root=lambda x: np.sqrt(2) + abs(x)), "the root of each term"),
    ],
)
def test_slips_that_need_no_catalogue(answer, mistake):
    result = says(NEURON, answer, "known mistake", "expected", "got")
    assert mistake in result.mistake and "another slip" not in result.mistake, result.mistake


def counted(x, n):
    """A product with a bare number in it."""
    return (x + 3) * n


def test_a_bare_number_of_the_reference_is_no_name():
    """That a 3 became a 4 says nothing to somebody who wrote neither."""
    bare = replace(ENERGY, reference=counted, inputs=lambda rng: (nice(rng), nice(rng)), cases=())
    names = [slip.name for slip in slips(counted)]
    assert "" in names and not [name for name in names if name.startswith("4 in place")]
    result = says(bare, lambda x, n: (x + 4) * n, "wrong", "expected")
    assert "in place of" not in repr(result)


def test_a_loop_downwards_has_one_too_many_where_it_ends_later():
    def down(n):
        total = 0.0
        for i in range(n, 0, -1):
            total = total + 1 / (i + 1)
        return total

    globals()["down"] = down
    many = [s for s in slips(down) if s.name == "a loop with one too many"]
    assert many and many[0].wrong(2) == pytest.approx(1 / 3 + 1 / 2 + 1)


def test_a_length_of_the_wrong_axis_is_said_as_one_thing():
    shapes = replace(GRADIENTS, reference=lambda a, d: d / len(d), mistakes=())
    shapes = replace(shapes, inputs=lambda rng: (nice(rng, 2, 2), nice(rng, *rng.integers(1, 5, size=2))))
    result = says(shapes, lambda a, d: d / d.shape[1], "known mistake")
    assert result.mistake == "divided by the number of columns of d where the number of rows of d belongs"


def test_no_argument_is_called_unused_that_is_used():
    one = replace(NUMBER, reference=lambda x: float(round(math.sin(x), 6)), mistakes=())
    result = diagnose(one, lambda x: math.floor(x) * 0.0)
    assert "makes no use" not in repr(result)
    says(one, lambda x: 3.0, "wrong", "makes no use of `x`")


# -- a root written as a power without brackets -----------------------------------------------------------
def glorot_without_brackets(rng, n_in, n_out):
    r = (12 / (n_in + n_out)) ** 1 / 2
    return rng.triangular(-r, 0, r, (n_in, n_out))


def difference_without_brackets(a, b):
    d = a.astype(float) - b
    return d.mean(), ((np.mean(d**2) - d.mean() ** 2) / len(d)) ** 1 / 2


def decay_without_brackets(e1, r1, e2, r2, n, m):
    s1, s2 = (np.array([e1, e2]) * np.ceil(n / m)) ** 1 / 2
    slope = (1 / r2 - 1 / r1) / (s2 - s1)
    start = 1 / r1 - slope * s1
    return 1 / start, (slope / start) ** 2


@pytest.mark.parametrize(
    ("name", "answer", "power"),
    [
        ("autodiff-step", lambda f, f5, eps: (45 * eps * f / (4 * f5)) ** 1 / 5, "1/5"),
        ("van-leaky", lambda n_in, alpha: (2 / ((1 + alpha**2) * n_in)) ** 1 / 2, "1/2"),
        ("van-glorot", glorot_without_brackets, "1/2"),
        ("sokirko-decay", decay_without_brackets, "1/2"),
        ("iris-uncertainty", difference_without_brackets, "1/2"),
    ],
)
def test_a_root_as_a_power_without_brackets(name, answer, power):
    words = f"Looks like: `**{power}` without brackets.", f"Write `x**({power})`."
    says(find(name), answer, "known mistake", *words)


def powers(a, b, c):
    return a**0.75 + b ** (-1 / 2) + c ** (4 / 2) + a**2


def test_which_powers_lose_their_brackets():
    found = {slip.name: slip.wrong for slip in slips(powers) if "without brackets" in slip.name}
    assert list(found) == ["`**3/4` without brackets"]
    assert found["`**3/4` without brackets"](2.0, 4.0, 3.0) == 2.0**3 / 4 + 0.5 + 9 + 4


# -- slips that give the same numbers ---------------------------------------------------------------------
def inner_derivative_forgotten(x):
    e = np.exp(-(x**2))
    return np.log(1 + x**2 * e), (2 * x * e - x**2 * e) / (1 + x**2 * e)


def bracket_forgotten(x):
    a, b = x**2, np.exp(-(x**2))
    return np.log(1 + a * b), (2 * x * b - a * b) / (1 + a * b)


def nothing_refused(outputs, labels, person, misrouted):
    return misrouted * np.mean(outputs.argmax(axis=1) != labels)


def charged_though_refused(outputs, labels, person, misrouted):
    sure, wrong = outputs.max(axis=1), outputs.argmax(axis=1) != labels
    return min(person * np.mean(sure < limit) + misrouted * np.mean(wrong) for limit in (0, *sure, np.inf))


@pytest.mark.parametrize(
    ("name", "answer", "mistake"),
    [
        ("chain-names", inner_derivative_forgotten, "the factor 2x at one of the two paths only"),
        ("chain-names", bracket_forgotten, "the factor 2x at one of the two paths only"),
        ("nielsen-sure", nothing_refused, "let the network answer always"),
        ("nielsen-sure", charged_though_refused, "let the network answer always"),
    ],
)
def test_slips_with_the_same_numbers_have_words_that_fit_all_of_them(name, answer, mistake):
    says(find(name), answer, "known mistake", mistake=mistake)
