"""Comparisons of methods, on made-up scores whose truth is known."""

import math

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fysstk_book.compare import Comparison, Contestant, compare, interval


def luck(seed, salt, spread=1.0):
    """Return the luck of one run: part of it the seed's data, which all methods share, part its own."""
    own = np.random.default_rng([seed, *np.ravel(salt)])
    return 5 * np.random.default_rng(seed).normal() + spread * own.normal()


def method(salt, gain=0.0):
    """Return a method whose score has a parabola's top at log10(eta) = -1."""

    def score(seed, eta=0.1):
        return gain - (math.log10(eta) + 1) ** 2 + luck(seed, [salt, round(1e6 * eta)])

    return score


RATES = (0.001, 0.01, 0.1, 1.0, 10.0)


def test_interval_by_hand():
    # 1, 2, 3: mean 2, s = 1, and t_0.975 with 2 degrees of freedom is 4.3027.
    mean, error, low, high = interval([1, 2, 3])
    assert (mean, error) == (2, pytest.approx(1 / math.sqrt(3)))
    assert (low, high) == pytest.approx((2 - 4.3027 / math.sqrt(3), 2 + 4.3027 / math.sqrt(3)), abs=1e-4)
    assert interval([1, 2, 3], 0.5).high < high


@pytest.mark.parametrize("grid", [{}, {"eta": RATES}], ids=["without a choice", "each with its grid"])
def test_equals_differ_as_rarely_as_the_interval_says(grid):
    found, trials = 0, 200
    for trial in range(trials):
        equals = {name: (method(2 * trial + k), grid) for k, name in enumerate("AB")}
        offset = 1000 * trial
        result = compare(
            equals, seeds=range(offset, offset + 8), tuning=range(offset + 500, offset + 504), edge="say"
        )
        # Where the choice fell on different rates, the truth is the difference of their parabolas.
        truth = np.diff(
            [-((math.log10(result.rows[name].setting.get("eta", 0.1)) + 1) ** 2) for name in "AB"]
        )
        low, high = result.difference("B")[2:]
        found += not low <= truth[0] <= high
    assert 0.015 * trials <= found <= 0.10 * trials  # 5 % with a standard deviation of 1.5 %


def test_the_winner_of_a_large_grid_is_not_favoured():
    def noise(seed, k=0):
        return np.random.default_rng([seed, k]).normal()

    gains = [
        compare(
            {"one": (noise, {}), "best of 20": (noise, {"k": tuple(range(1, 21))})},
            seeds=range(100 * trial, 100 * trial + 10),
            tuning=range(100 * trial + 50, 100 * trial + 53),
            edge="say",
        ).difference("best of 20")
        for trial in range(40)
    ]
    assert abs(np.mean([gain.mean for gain in gains])) < 3 * math.sqrt(2 / 10 / 40)
    with pytest.raises(ValueError, match="seed 2 would choose a setting and judge it as well"):
        compare({"a": (noise, {}), "b": (noise, {"k": (1, 2)})}, seeds=range(3), tuning=(2, 3))


def test_a_planted_difference_is_found_by_pairs():
    result = compare(
        {"plain": (method(1), {"eta": RATES}), "better": (method(2, 2.0), {"eta": RATES})},
        seeds=range(20),
        tuning=range(20, 30),
    )
    mean, error, low, high = result.difference("better")
    assert low < 2 < high and low > 0 and result.verdict("better") == "better"
    assert result.verdict("plain", "better") == "worse"
    assert result.rows["better"].setting == {"eta": 0.1}
    alone = interval(result.scores("better"))
    assert alone.error > 3 * error  # the spread of the scores hides what the pairs show


def test_lower_is_better_turns_choice_and_verdict():
    def error(seed, eta):
        return -method(3)(seed, eta)

    result = compare(
        {"large": (lambda seed: 30.0 + luck(seed, 9), {}), "small": (error, {"eta": RATES})},
        seeds=range(10),
        tuning=range(10, 20),
        higher_is_better=False,
    )
    assert result.rows["small"].setting == {"eta": 0.1}
    assert result.difference("small").mean < 0 and result.verdict("small") == "better"


def test_no_difference_needs_an_interval_within_the_margin():
    pair = {"A": (lambda seed: luck(seed, 1), {}), "B": (lambda seed: luck(seed, 2), {})}
    assert compare(pair, seeds=range(12)).verdict("B") == "open: 0 is inside"
    assert compare(pair, seeds=range(12), margin=0.01).verdict("B") == "open: 0 is inside"
    assert compare(pair, seeds=range(12), margin=3).verdict("B") == "equal within 3"


def test_an_optimum_at_the_edge_is_refused_or_said():
    short = {"A": (method(1), {"eta": (0.1,)}), "B": (method(2), {"eta": (0.0001, 0.001, 0.01)})}
    with pytest.raises(
        ValueError, match=r"the best eta of 'B' is 0\.01, the end of \(0\.0001, 0\.001, 0\.01\)"
    ):
        compare(short, seeds=range(5), tuning=range(5, 15))
    result = compare(short, seeds=range(5), tuning=range(5, 15), edge="say")
    assert result.rows["B"].edges == ["eta"]
    assert "eta at the end of its grid" in repr(result)


def test_what_has_nothing_beyond_it_is_no_edge():
    def score(seed, l2=0.0, kind="plain", width=5):
        return -l2 + (kind == "plain") + luck(seed, 1, 0)

    grid = {"l2": (0.0, 0.1, 0.2), "kind": ("plain", "odd"), "width": (5,)}
    result = compare({"A": (score, grid), "B": (score, {})}, seeds=range(3), tuning=range(5, 8))
    assert result.rows["A"].setting == {"l2": 0.0, "kind": "plain", "width": 5}
    assert result.rows["A"].edges == []
    # Of two values that are equally good, one inside is taken.
    flat = compare(
        {"A": (lambda seed, l2: 1.0 + seed, {"l2": (1, 2, 3)}), "B": (score, {})}, seeds=range(2), tuning=(7,)
    )
    assert flat.rows["A"].setting == {"l2": 2}


@pytest.mark.parametrize("end", [math.nan, math.inf, -math.inf, FloatingPointError])
def test_a_run_that_diverges_is_a_bad_score_and_no_crash(end):
    def fragile(seed, eta):
        if eta > 1 or (eta == 0.1 and seed == 3):
            if end is FloatingPointError:
                raise FloatingPointError("the cost is inf")
            return end
        return method(1, 9.0)(seed, eta)

    pair = {"safe": (method(2), {}), "fragile": (fragile, {"eta": (0.01, 0.1, 10.0)})}
    result = compare(pair, seeds=range(5), tuning=range(20, 26))
    row = result.rows["fragile"]
    assert row.setting == {"eta": 0.1} and row.diverged == 1
    others = [
        score for name in pair for i, score in enumerate(result.scores(name)) if (name, i) != ("fragile", 3)
    ]
    assert row.scores[3] == min(others)
    assert "1 diverged" in repr(result)
    chance = compare(pair, seeds=range(5), tuning=range(20, 26), failed=-50.0)
    assert chance.rows["fragile"].scores[3] == -50
    lost = {name: (lambda seed: math.nan, {}) for name in "AB"}
    with pytest.raises(ValueError, match="every run diverged"):
        compare(lost, seeds=range(2))


def test_a_longer_budget_shows_whether_there_is_a_plateau():
    def training(seed, epochs, speed):
        return 10 * (1 - math.exp(-speed * epochs)) + luck(seed, epochs, 0.001)

    result = compare(
        {
            "slow": (training, {"epochs": (20,), "speed": (0.05,)}),
            "fast": (training, {"epochs": (20,), "speed": (1.0,)}),
        },
        seeds=range(10),
        longer={"epochs": 40},
    )
    gain = result.gain_with_longer_budget("slow")
    assert gain.mean == pytest.approx(10 * (math.exp(-1) - math.exp(-2)), abs=0.01) and gain.low > 0
    assert abs(result.gain_with_longer_budget("fast").mean) < 0.01
    assert "gain with longer budget" in repr(result)
    with pytest.raises(ValueError, match="no longer budget was tried"):
        compare({"A": (method(1), {}), "B": (method(2), {})}, seeds=range(2)).gain_with_longer_budget("A")


@pytest.fixture
def result():
    return compare(
        {"<plain>": (method(1), {"eta": RATES}), "better": Contestant(method(2, 2.0), {"eta": RATES})},
        seeds=range(20),
        tuning=range(20, 30),
        quantity="score in points",
        budget="no time",
    )


def test_the_table_as_text_and_html(result):
    *caption, head, first, second = repr(result).splitlines()
    assert [len(line) <= 88 for line in caption] == [True, True]
    assert " ".join(caption) == (
        "Score in points; no time; 20 seeds; settings chosen on 10 others. "
        "Differences are paired, with 95% intervals."
    )
    assert head.split()[-1] == "verdict" and "minus <plain>" in head
    mean, error, low, high = result.difference("better")
    assert f"{mean:+.2f} [{low:+.2f}, {high:+.2f}]" in second
    assert "eta = 0.1" in first and second.rstrip().endswith("better")
    html = result._repr_html_()
    assert "<td>&lt;plain&gt;</td>" in html and html.count("<tr>") == 3


def test_the_figure_shows_each_seed_and_the_interval(result):
    ax = result.draw()
    dots, bar, mean, zero = ax.get_lines()
    np.testing.assert_allclose(dots.get_xdata(), result.scores("better") - result.scores("<plain>"))
    np.testing.assert_allclose(bar.get_xdata(), result.difference("better")[2:])
    assert mean.get_xdata() == [pytest.approx(result.difference("better").mean)]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["better"]
    assert ax.get_xlabel() == "score in points: difference from <plain>"


@pytest.mark.parametrize("higher", [True, False])
def test_ranked_rows_go_from_the_best_to_the_worst(higher):
    scores = {"a": 0.0, "b": 2.0, "c": 5.0, "d": -1.0}
    noise = np.random.default_rng(0).normal(0, 0.1, size=20)
    race = {name: (lambda seed, mean=mean: mean + noise[seed], {}) for name, mean in scores.items()}
    measured = compare(race, seeds=range(20), higher_is_better=higher)
    for ranked, names in ((False, "bcd"), (True, "cbd" if higher else "dbc")):
        assert [label.get_text() for label in measured.draw(ranked=ranked).get_yticklabels()] == list(names)


def test_it_can_be_stored(result):
    again = Comparison.from_dict(result.as_dict())
    assert again == result and repr(again) == repr(result)
    for damaged in ({}, {"rows": {"a": {}}}, {"rows": 3}, {**result.as_dict(), "more": 1}):
        with pytest.raises(ValueError, match="no stored comparison"):
            Comparison.from_dict(damaged)


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.integers(2, 6))
def test_the_verdict_turns_with_the_order(seed, n):
    pair = {"A": (lambda seed: luck(seed, 1), {}), "B": (lambda seed: luck(seed, 2), {})}
    result = compare(pair, seeds=range(seed, seed + n))
    there, back = result.difference("A", "B"), result.difference("B", "A")
    assert there.mean == pytest.approx(-back.mean) and there.low == pytest.approx(-back.high)
    swap = {"better": "worse", "worse": "better"}
    assert result.verdict("A", "B") == swap.get(result.verdict("B", "A"), result.verdict("B", "A"))


def test_the_result_does_not_depend_on_where_it_runs(result):
    race = {"<plain>": (method(1), {"eta": RATES}), "better": (method(2, 2.0), {"eta": RATES})}
    settings = {
        "seeds": range(20),
        "tuning": range(20, 30),
        "quantity": "score in points",
        "budget": "no time",
    }
    with joblib.parallel_config("threading", n_jobs=2):
        assert compare(race, **settings) == result
    assert compare(race, **settings, n_jobs=2, progress=True) == result


@pytest.mark.filterwarnings("default")
def test_on_a_dask_cluster(result):
    distributed = pytest.importorskip("distributed")
    race = {"<plain>": (method(1), {"eta": RATES}), "better": (method(2, 2.0), {"eta": RATES})}
    settings = {
        "seeds": range(20),
        "tuning": range(20, 30),
        "quantity": "score in points",
        "budget": "no time",
    }
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0", silence_logs=50
        ) as cluster,
        distributed.Client(cluster.scheduler_address),
        joblib.parallel_config("dask"),
    ):
        assert compare(race, **settings) == result


def nothing(seed):
    return 0.0


@pytest.mark.parametrize(
    "arguments, kind, message",
    [
        ({"contestants": {"A": (nothing, {})}}, TypeError, "a mapping of two or more names"),
        ({"contestants": [nothing, nothing]}, TypeError, "a mapping of two or more names"),
        ({"seeds": [1]}, ValueError, "two or more different ones"),
        ({"seeds": [1, 1, 2]}, ValueError, "two or more different ones"),
        ({"seeds": [1, -2]}, ValueError, "a seed must be at least 0"),
        ({"seeds": [1, 0.5]}, TypeError, "a seed must be an integer"),
        ({"reference": "C"}, ValueError, "there is no contestant 'C'; choose from A, B"),
        ({"edge": "ignore"}, ValueError, "edge must be 'refuse' or 'say', not 'ignore'"),
        (
            {"contestants": {"A": (nothing, {"x": (1, 2)}), "B": (nothing, {})}},
            ValueError,
            "needs tuning seeds",
        ),
        (
            {"contestants": {"A": (nothing, {"x": 3}), "B": (nothing, {})}},
            TypeError,
            "must name values such as",
        ),
        (
            {"contestants": {"A": (nothing, {"x": ()}), "B": (nothing, {})}},
            TypeError,
            "must name values such as",
        ),
        ({"contestants": {"A": (str, {"object": (1,)}), "B": (nothing, {})}}, TypeError, "'seed'"),
        ({"contestants": {"A": (lambda seed: "7", {}), "B": (nothing, {})}}, TypeError, "must be one number"),
        (
            {"contestants": {"A": (lambda seed: True, {}), "B": (nothing, {})}},
            TypeError,
            "must be one number",
        ),
    ],
)
def test_arguments_that_make_no_sense(arguments, kind, message):
    pair = {"A": (nothing, {}), "B": (nothing, {})}
    with pytest.raises(kind, match=message):
        compare(**{"contestants": pair, "seeds": range(3), **arguments})


def test_intervals_of_what_is_none():
    for values in ([1.0], [], [[1, 2]], [1, math.nan]):
        with pytest.raises(ValueError, match="two or more finite numbers"):
            interval(values)
    scores = compare({"A": (nothing, {}), "B": (nothing, {})}, seeds=range(3))
    with pytest.raises(ValueError, match="there is no contestant 'C'; choose from A, B"):
        scores.scores("C")
    assert scores.verdict("B") == "open: 0 is inside" and "0.000" in repr(scores)
