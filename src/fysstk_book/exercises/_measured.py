"""Exercises in which students measure: their interval has to meet that of the long runs."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from scipy.special import stdtrit

from fysstk_book.compare import Comparison, Difference, interval
from fysstk_book.exercises import Mistake
from fysstk_book.measured import load

__all__ = ["covering"]

SEEDS = 12
"""How many seeds a student takes, about, if an interval is judged by its width."""


def _scores(name: str, contestant: str) -> Any:
    result = load(name)
    assert isinstance(result, Comparison)
    return result.scores(contestant)


# Outside of `covering`, since what that returns is handed over to other processes, and a cache cannot be.
@cache
def _stored(name: str, first: str, second: str) -> Difference:
    return interval(_scores(name, first) - _scores(name, second))


def covering(
    name: str,
    first: str,
    second: str,
    widest: float,
    *,
    percent: bool = True,
    paired: bool = False,
    decided: bool = True,
) -> dict[str, Any]:
    """Return the fields of an `Exercise` whose answer is an interval (low, high) of first minus second.

    Parameters
    ----------
    name
        The stored comparison.
    first, second
        Two of its contestants.
    widest
        The largest width that still says something.
    percent
        Whether the scores are percentages, which somebody may give as fractions.
    paired
        Whether the scores are so much alike that an unpaired interval is wider than `widest`.
    decided
        Whether the long runs show a difference: around zero a turned sign cannot be seen.
    """
    narrowest = widest / 25  # it would take more than a thousand seeds

    def stored() -> Difference:
        return _stored(name, first, second)

    def of_width(width: float) -> tuple[float, float]:
        return stored().mean - width / 2, stored().mean + width / 2

    def usual_widths() -> dict[str, float]:
        one, other = _scores(name, first), _scores(name, second)
        apart, spread = np.hypot(one.std(ddof=1), other.std(ddof=1)), (one - other).std(ddof=1)
        unpaired = 2 * float(stdtrit(2 * SEEDS - 2, 0.975)) * apart / SEEDS**0.5
        return {"spread": 4 * spread} | ({"unpaired": unpaired} if paired else {})

    def ends(answer: Any) -> tuple[float, float]:
        low, high = (answer, answer) if np.ndim(answer) == 0 else answer
        return float(low), float(high)

    def meets(answer: Any) -> bool:
        low, high = ends(answer)
        return low <= stored().high and high >= stored().low

    def score(answer: Any) -> float:
        low, high = ends(answer)
        return float(narrowest <= high - low <= widest and meets(answer))

    def but(change: Callable[[Any], Any]) -> Callable[[Any], bool]:
        return lambda answer: not score(answer) and bool(score(change(ends(answer))))

    def looks(like: str) -> Callable[[Any], bool]:
        """Return whether an interval around the right value is as wide as one that is made in this way."""

        def sign(answer: Any) -> bool:
            low, high = ends(answer)
            width = max(high - low, 1e-300)
            far = {way: abs(math.log(width / usual)) for way, usual in usual_widths().items()}
            return width > widest and min(far, key=far.__getitem__) == like and far[like] < math.log(1.35)

        return sign

    def turned(pair: tuple[float, float]) -> tuple[float, float]:
        return -pair[1], -pair[0]

    mistakes = [
        Mistake(
            "a single number, or an interval of zero width",
            lambda: (stored().mean, stored().mean),
            "How far could another twenty seeds move it? Give the low and the high end.",
            sign=lambda answer: ends(answer)[0] == ends(answer)[1],
        ),
        Mistake(
            "the high end before the low one",
            lambda: (stored().high, stored().low),
            "First the low end, then the high one.",
            sign=lambda answer: ends(answer)[0] > ends(answer)[1],
        ),
        Mistake(
            f"{second} minus {first}",
            lambda: turned((stored().low, stored().high)),
            f"Asked for is {first} minus {second}.",
            sign=but(turned),
        ),
        Mistake(
            "fractions instead of percentage points"
            if percent
            else "an interval that is too narrow to be true",
            lambda: (stored().low / 100, stored().high / 100) if percent else of_width(narrowest / 2),
            "Multiply the accuracies by 100 first." if percent else "Did each seed bring a run of its own?",
            sign=lambda answer: 0 < ends(answer)[1] - ends(answer)[0] < narrowest,
        ),
        Mistake(
            "the standard deviation in place of the standard error",
            lambda: of_width(usual_widths()["spread"]),
            "The deviation says how far single seeds scatter. The mean of n seeds is known better, by √n.",
            sign=looks("spread"),
        ),
        Mistake(
            "the two errors added, as if the runs were not paired",
            lambda: of_width(usual_widths()["unpaired"]),
            "The two share their seeds, and with them their luck. Subtract first, seed by seed.",
            sign=looks("unpaired"),
        ),
        Mistake(
            "an interval that is too wide to say anything",
            lambda: of_width(12 * widest),
            f"More seeds make it narrower, like 1/√n. At most {widest:g} from end to end will do.",
            sign=lambda answer: ends(answer)[1] - ends(answer)[0] > widest,
        ),
        Mistake(
            "an interval that does not meet that of the long runs",
            lambda: (stored().high + 1.5 * widest, stored().high + 2.4 * widest),
            "One honest interval in twenty misses, so try other seeds. If it misses again, look at the rates: "
            "is each one the best, and inside its grid?",
            sign=lambda answer: not meets(answer),
        ),
    ]
    left_out = {f"{second} minus {first}"} if not decided else set()
    left_out |= {"the two errors added, as if the runs were not paired"} if not paired else set()
    return {
        "reference": lambda: (stored().low, stored().high),
        "use": score,
        "at_least": 1.0,
        "trials": 1,
        "mistakes": tuple(mistake for mistake in mistakes if mistake.name not in left_out),
    }
