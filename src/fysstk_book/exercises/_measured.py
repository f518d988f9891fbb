"""Exercises in which students measure: their interval has to meet that of the long runs."""

from collections.abc import Callable
from typing import Any

from fysstk_book.compare import Comparison
from fysstk_book.exercises import Mistake
from fysstk_book.measured import load

__all__ = ["covering"]


def covering(name: str, first: str, second: str, widest: float) -> dict[str, Any]:
    """Return the fields of an `Exercise` whose answer is an interval (low, high) of first minus second.

    Parameters
    ----------
    name
        The stored comparison.
    first, second
        Two of its contestants.
    widest
        The largest width that still says something.
    """

    def stored() -> tuple[float, float]:
        result = load(name)
        assert isinstance(result, Comparison)
        found = result.difference(first, second)
        return found.low, found.high

    def meets(answer: Any) -> bool:
        low, high = answer
        return bool(low <= stored()[1] and high >= stored()[0])

    def score(answer: Any) -> float:
        low, high = (float(end) for end in answer)
        return float(low < high and high - low <= widest and meets((low, high)))

    def but(change: Callable[[Any], Any]) -> Callable[[Any], bool]:
        return lambda answer: not score(answer) and bool(score(change(answer)))

    def changed(change: Callable[[tuple[float, float]], Any]) -> Callable[[], Any]:
        return lambda: change(stored())

    return {
        "reference": stored,
        "use": score,
        "at_least": 1.0,
        "trials": 1,
        "mistakes": (
            Mistake(
                f"{second} minus {first}",
                changed(lambda ends: (-ends[1], -ends[0])),
                f"Asked for is {first} minus {second}.",
                sign=but(lambda answer: (-answer[1], -answer[0])),
            ),
            Mistake(
                "fractions instead of percentage points",
                changed(lambda ends: (ends[0] / 100, ends[1] / 100)),
                "Multiply the accuracies by 100 first.",
                sign=but(lambda answer: (100 * answer[0], 100 * answer[1])),
            ),
            Mistake(
                "an interval that is too wide to say anything",
                changed(lambda ends: (ends[0] - widest, ends[1] + widest)),
                f"More seeds make it narrower, like 1/√n. At most {widest:g} from end to end will do.",
                sign=lambda answer: answer[1] - answer[0] > widest,
            ),
            Mistake(
                "an interval that does not meet that of the long runs",
                changed(lambda ends: (ends[1] + 1.5 * widest, ends[1] + 2.4 * widest)),
                "One honest interval in twenty misses, so try other seeds. If it misses again, look at the rates: "
                "is each one the best, and inside its grid?",
                sign=lambda answer: (
                    answer[0] < answer[1] <= answer[0] + widest
                    and not meets(answer)
                    and not any(
                        but(change)(answer)
                        for change in (lambda a: (-a[1], -a[0]), lambda a: (100 * a[0], 100 * a[1]))
                    )
                ),
            ),
        ),
    }
