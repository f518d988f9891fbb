"""Holds a number in the text to the run that it comes from: ``{n}`0.149 <- spread["relu"]```.

The reader sees what stands before the arrow. What stands behind it is computed when the chapter runs, in its
kernel, below the last code cell that begins above the number; ``page: expression`` is computed at the end of
that page. The two have to agree, by rounding to the digits shown. Words without a number are a statement, as
``{n}`scatters less <- a.std() < b.std()```. ``{n}`5 % <- @key``` marks a number that is quoted from a work of
the bibliography.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

__all__ = ["Held", "Number", "disagreement", "find", "numbers", "plain"]

ROLE = re.compile(r"\{n\}`([^`\n]+?) +<- +([^`\n]+?)`")
START = "{n}`"
ELSEWHERE = re.compile(r"([a-z][a-z0-9-]*): +(.+)")

MINUS = "-−"
SPACES = "[ \u00a0\u2009\u202f]"
SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--")
POWER = rf"(?:\^\{{?(?P<power%d>[{MINUS}]?\d+)\}}?|(?P<raised%d>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))"
NUMBER = re.compile(
    rf"""(?<![\w.])10{POWER % (0, 0)}
    |(?P<sign>(?<![\d.%}}])[{MINUS}+])?(?<![\w.])
    (?P<digits>\d{{1,3}}(?:(?:,|\\,|\u2009|\u202f)\d{{3}})+(?!\d)|\d+)
    (?:\.(?P<decimals>\d+))?
    (?:e(?P<e>[{MINUS}+]?\d+)|{SPACES}*(?:\\cdot|\\times|·|×)\s*10{POWER % (1, 1)})?""",
    re.VERBOSE,
)
COUNTS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen twenty"""
UNITS = COUNTS.split()[1:10]
WORDS = {word: float(i) for i, word in enumerate(COUNTS.split())}
WORDS |= {"no": 0.0, "none": 0.0, "once": 1.0, "twice": 2.0, "hundred": 100.0, "thousand": 1000.0}
TENS = ("thir", "for", "fif", "six", "seven", "eigh", "nine")
WORDS |= {f"{ten}ty": 10.0 * i for i, ten in enumerate(TENS, 3)}
WORDS |= {
    f"{ten}ty-{one}": 10.0 * i + WORDS[one] for i, ten in enumerate(("twen", *TENS), 2) for one in UNITS
}
WORDS |= {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "tenth": 1 / 10}
ABOUT = re.compile(r"\b(about|around|roughly|some|nearly|almost)\s+(\w+\s+)?$|[≈~]\s*$", re.IGNORECASE)
LESS = re.compile(
    r"\b(less than|fewer than|below|under|at most|up to|nearly|almost|within)\s+$", re.IGNORECASE
)
MORE = re.compile(r"\b(more than|above|over|at least)\s+$", re.IGNORECASE)
EQUAL_TOO = re.compile(r"\b(at most|at least|up to|within)\s+$", re.IGNORECASE)
PERCENT = re.compile(rf"{SPACES}?\\?%|{SPACES}per ?cent\b")


@dataclass(frozen=True)
class Held:
    """A number in a page's source: its line (from 1), what is shown, and where it comes from.

    `page` is the page at whose end the expression is computed, "" for this page and this place. A quoted
    number has the key of a work as its `source` and no expression.
    """

    line: int
    shown: str
    expression: str
    page: str = ""
    source: str = ""


@dataclass(frozen=True)
class Number:
    """A number as it is written: its value, how far off the true one may be, and on which side ("<", ">")."""

    value: float
    tolerance: float
    side: str = ""
    is_count: bool = False

    def admits(self, value: float) -> bool:
        """Tell whether a computed value may be written like this."""
        slack = 1e-9 * max(abs(self.value), abs(value), 1e-300)
        if self.side and not {"<": value < self.value, ">": value > self.value}[self.side[0]]:
            return "=" in self.side and abs(value - self.value) <= slack
        if self.is_count and value == round(value) and self.value == round(self.value):
            return value == self.value  # a count
        return abs(value - self.value) <= self.tolerance + slack


def plain(text: str) -> str:
    """Return a page's source as the reader is to see it: held numbers alone; the lines stay."""
    return ROLE.sub(lambda role: role[1], text)


def find(text: str) -> list[Held]:
    """Return the held numbers of a page's source, in order.

    One that has no arrow, or does not stand on one line, shows nothing.
    """
    found = []
    for i, line in enumerate(text.split("\n"), 1):
        if START in ROLE.sub("", line):
            found.append(Held(i, "", ""))
        for role in ROLE.finditer(line):
            shown, origin = role[1], role[2].strip()
            if origin.startswith("@"):
                found.append(Held(i, shown, "", source=origin[1:]))
            elif elsewhere := ELSEWHERE.fullmatch(origin):
                found.append(Held(i, shown, elsewhere[2], page=elsewhere[1]))
            else:
                found.append(Held(i, shown, origin))
    return found


def numbers(shown: str) -> list[Number]:
    """Return the numbers in a piece of text, in order.

    ``"−0.30"`` is one, to within 0.005; ``"8 to 14 of 41"`` are three. A percent sign makes hundredths of all
    of them. ``"about 90"`` is 90 to within 5; ``"more than 90"`` has no upper limit, ``"nearly 90"`` is below
    it. Words serve as well: ``"three"`` is a count, ``"half"`` is 0.5 to within a tenth of it.
    """
    unit = 0.01 if PERCENT.search(shown) else 1.0
    found = []
    word = re.compile(rf"(?<![\w-])({'|'.join(sorted(WORDS, key=len, reverse=True))})s?(?!\w)", re.IGNORECASE)
    for match in sorted([*NUMBER.finditer(shown), *word.finditer(shown)], key=re.Match.start):
        before = shown[: match.start()].rstrip("$")
        is_word = match.re is word
        about = bool(ABOUT.search(before))
        value, tolerance = _word(match) if is_word else _digits(match, about)
        side = "<" if LESS.search(before) else ">" if MORE.search(before) else ""
        if side:
            side += "=" if EQUAL_TOO.search(before) else ""
            tolerance = tolerance if about else math.inf
        found.append(Number(unit * value, unit * tolerance, side, is_word and not about))
    return found


def _word(match: re.Match[str]) -> tuple[float, float]:
    value = WORDS[match[1].lower()]
    return value, value / 10


def _digits(match: re.Match[str], about: bool) -> tuple[float, float]:
    """Return a written number and half a unit of its last digit; about: of its last digit that is not 0."""
    raised = next(filter(None, map(match.group, ("power0", "raised0", "power1", "raised1", "e"))), "0")
    exponent = int(raised.translate(SUPERSCRIPT))
    if match["digits"] is None:
        return 10.0**exponent, 10.0**exponent / 2
    digits, decimals = re.sub(r"\D", "", match["digits"]), match["decimals"] or ""
    place = -len(decimals)
    if about and not decimals and digits.strip("0"):
        place = len(digits) - len(digits.rstrip("0"))
    sign = -1 if (match["sign"] or "+") in MINUS else 1
    return sign * float(f"{digits}.{decimals}e{exponent}"), float(f"0.5e{place + exponent}")


def disagreement(shown: str, values: list[float]) -> str:
    """Say how what is shown differs from the values that were computed; nothing if it does not.

    Words without a number are a statement, and hold if all values are true.
    """
    written = numbers(shown)
    if not written and set(values) <= {0.0, 1.0}:
        return "" if all(values) else "computed: it does not hold"
    if len(written) != len(values):
        return f"{_count(written, 'number')} shown, {_count(values, 'value')} computed: {_list(values)}"
    wrong = [value for number, value in zip(written, values, strict=True) if not number.admits(value)]
    return f"computed: {_list(values)}" if wrong else ""


def _count(things: list[Number] | list[float], what: str) -> str:
    return f"{len(things)} {what}{'s' if len(things) != 1 else ''}"


def _list(values: list[float]) -> str:
    return ", ".join(f"{value:.10g}" for value in values)
