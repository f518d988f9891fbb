"""What a page holds of its questions, for its script: words, and keys in place of answers."""

from __future__ import annotations

import codecs
import re
from typing import Any

from fysstk_book.questions import keys
from fysstk_book.questions.markup import Math, to_html
from fysstk_book.questions.model import SelfCheck, Understanding, shape

SIGN = '<mo form="prefix">−</mo>'
NUMBER = re.compile(rf"(?:{SIGN})?<mn>[^<]*</mn>")
MARK = "\N{BULLET OPERATOR}"


def pack(question: SelfCheck | Understanding, math: Math) -> dict[str, Any]:
    """Return a question as JSON; `book/_static/questions/judge.js` reads it.

    What is said to a mistake stands once for all numbers of a question and names no value; it is turned by
    13 letters, as spoilers are, so that nobody reads the way to the answer by accident.
    """
    if isinstance(question, Understanding):
        right = next(i for i, choice in enumerate(question.choices) if choice.right)
        return {
            "right": keys.digest(f"{question.id}|{right}"),
            "say": [veiled(to_html(choice.say, math)) for choice in question.choices],
        }
    words: dict[tuple[str, str], int] = {}
    forms: dict[str, int] = {}
    packed = []
    for i, number in enumerate(question.numbers):
        salt, digits = f"{question.id}|{i}", question.digits
        form, values = taken_apart(to_html(number.given, math))
        wrong = [
            [
                words.setdefault((one.name, one.say), len(words)),
                keys.keys(one.value, digits, salt),
                *([list(shape(one.value))] if shape(one.value) != shape(number.right) else []),
            ]
            for one in number.wrong
        ]
        packed.append(
            {
                "given": [forms.setdefault(form, len(forms)), *values],
                "shape": list(shape(number.right)),
                "right": keys.keys(number.right, digits, salt),
                "near": keys.coarse_keys(number.right, digits, salt),
                "wrong": wrong,
            }
        )
    return {
        "digits": question.digits,
        "forms": list(forms),
        "numbers": packed,
        "words": [[veiled(to_html(part, math)) for part in pair] for pair in words],
    }


def taken_apart(markup: str) -> tuple[str, list[str]]:
    """Return HTML with a mark in place of each number in its formulas, and the numbers."""
    values: list[str] = []

    def take(match: re.Match[str]) -> str:
        values.append(match[0].replace(SIGN, "−").removesuffix("</mn>").replace("<mn>", ""))
        return MARK

    return NUMBER.sub(take, markup), values


def veiled(text: str) -> str:
    """Turn the letters of a text, tags and entities aside, by 13 places."""
    parts = re.split(r"(<[^>]*>|&#?\w+;)", text)
    return "".join(part if i % 2 else codecs.encode(part, "rot13") for i, part in enumerate(parts))
