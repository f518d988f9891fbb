"""Keys of values: what a page holds in place of an answer, so that nobody reads it there by accident.

A key is the hash of a rounded value. Its salt is the question, the set of numbers and the entry, so that one
value has another key wherever it stands. Whoever wants to can still try all values; a page without a server
cannot keep a secret. `book/_static/questions/keys.js` makes the same keys from what a reader types.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_UP, Decimal

from fysstk_book.questions.model import Value, entries

SMALLEST = 1e-9
"""What is smaller counts as zero."""


LENGTH = 4
"""Letters of a key: one of 1.7 million, so that hardly any answer has another one's key by chance."""


def digest(text: str) -> str:
    """Return a text's key in base 36: FNV-1a, with the last mixing of MurmurHash3."""
    bits = 0x811C9DC5
    for byte in text.encode():
        bits = (bits ^ byte) * 0x01000193 & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        bits = (bits ^ bits >> shift) * factor & 0xFFFFFFFF
    digits = [bits // 36**place % 36 for place in range(LENGTH)]
    return "".join("0123456789abcdefghijklmnopqrstuvwxyz"[digit] for digit in reversed(digits))


def rounded(number: float, digits: int) -> str:
    """Return a number rounded to significant digits, written in one way: "1.25e-1", and "0" for zero."""
    return _written(float(number), digits)


def accepted(number: float, digits: int) -> list[str]:
    """Return the roundings that count as this number, the nearest one first.

    A hash knows no "nearly", so the tolerance is decided here: right is what rounds to one of the two numbers
    of that many digits between which the exact value lies. Who rounds, cuts off, or loses a little in the
    last digit is right; and a value that needs no more digits, such as a count, has one rounding only.
    """
    exact = Decimal(repr(float(number)))
    if abs(exact) < SMALLEST:
        return ["0"]
    unit = Decimal(1).scaleb(exact.adjusted() + 1 - digits)
    both = [_written(exact.quantize(unit, way), digits) for way in (ROUND_DOWN, ROUND_UP)]
    return list(dict.fromkeys([rounded(number, digits), *both]))


def keys(value: Value, digits: int, salt: str) -> str:
    """Return the keys of a value: for each entry those of its roundings, with a blank between the entries."""
    return " ".join(
        "".join(digest(f"{salt}|{i}|{text}") for text in accepted(number, digits))
        for i, number in enumerate(entries(value))
    )


def coarse_keys(value: Value, digits: int, salt: str) -> str:
    """Return for each entry the key of its rounding to one digit fewer; "" where that is no help.

    A page says "nearly" to what has it. A whole number is right or wrong.
    """
    return " ".join(
        digest(f"{salt}|{i}|{rounded(number, digits - 1)}") if digits > 1 and number % 1 else ""
        for i, number in enumerate(entries(value))
    )


def _written(number: float | Decimal, digits: int) -> str:
    if abs(float(number)) < SMALLEST:
        return "0"
    factor, power = f"{number:.{digits - 1}e}".split("e")
    return f"{factor}e{int(power)}"
