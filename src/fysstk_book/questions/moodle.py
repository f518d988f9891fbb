"""Writes the questions as Moodle XML, which learning platforms import, and as plain JSON.

A number becomes a numerical question; vectors and matrices become cloze questions with a field per entry;
a question of understanding becomes one with several choices. Each foreseen mistake keeps its words.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree

from fysstk_book import exercises
from fysstk_book.questions.loading import Questions
from fysstk_book.questions.markup import to_html
from fysstk_book.questions.model import Number, SelfCheck, Understanding, Value, entries, shape

TOP = "$course$/top/Neural networks, checked"


def to_xml(known: Questions, titles: dict[str, str]) -> str:
    """Return all questions as one Moodle XML file, with a category for each chapter of `titles`."""
    quiz = ElementTree.Element("quiz")
    for chapter, title in titles.items():
        own = [one for id, one in known.all().items() if known.chapter(id) == chapter]
        if own:
            category = ElementTree.SubElement(quiz, "question", type="category")
            _text(category, "category", f"{TOP}/{title.replace('/', '//')}")
        for one in own:
            for question in _written(one):
                quiz.append(question)
    ElementTree.indent(quiz)
    return ElementTree.tostring(quiz, encoding="unicode", xml_declaration=True) + "\n"


def to_json(known: Questions) -> str:
    """Return all questions as JSON, with their answers: for programs, not for pages."""
    found = [
        {
            "kind": "numbers" if isinstance(one, SelfCheck) else "choices",
            **asdict(one),
            "chapter": known.chapter(id),
        }
        for id, one in known.all().items()
    ]
    return (
        json.dumps({"version": 1, "questions": found, "sets": known.sets}, ensure_ascii=False, indent=1)
        + "\n"
    )


def unit(number: float, digits: int) -> float:
    """Return one unit of the last digit that is asked for, and 0 for a whole number."""
    if float(number).is_integer():
        return 0.0
    return float(10.0 ** (math.floor(math.log10(abs(number))) + 1 - digits))


def _written(one: SelfCheck | Understanding) -> Iterable[ElementTree.Element]:
    """Yield what becomes of a question: one for each set of numbers."""
    if isinstance(one, Understanding):
        yield _multichoice(one)
        return
    hints = [to_html(hint) for hint in exercises.find(one.exercise).hints]
    for i, number in enumerate(one.numbers, 1):
        many = shape(number.right) != ()
        question = _question("cloze" if many else "numerical", f"{one.id} {i}")
        asked = f"<p>{to_html(one.ask)}</p><p>{to_html(number.given)}</p>"
        digits = {float(entry).is_integer() for entry in entries(number.right)} == {True}
        asked += "" if digits else f"<p>{one.digits} significant digits.</p>"
        if many:
            _text(question, "questiontext", asked + _fields(number, one.digits), html=True)
        else:
            _text(question, "questiontext", asked, html=True)
            _answer(question, number.right, one.digits, 100, "Right.")
            for wrong in number.wrong:
                _answer(question, wrong.value, one.digits, 0, f"Looks like: {wrong.name}. {wrong.say}")
        for hint in hints:
            _text(question, "hint", hint, html=True)
        yield question


def _question(kind: str, name: str) -> ElementTree.Element:
    question = ElementTree.Element("question", type=kind)
    _text(question, "name", name)
    return question


def _multichoice(one: Understanding) -> ElementTree.Element:
    question = _question("multichoice", one.id)
    _text(question, "questiontext", f"<p>{to_html(one.ask)}</p>", html=True)
    ElementTree.SubElement(question, "single").text = "true"
    ElementTree.SubElement(question, "shuffleanswers").text = "true"
    for choice in one.choices:
        answer = ElementTree.SubElement(
            question, "answer", fraction="100" if choice.right else "0", format="html"
        )
        ElementTree.SubElement(answer, "text").text = to_html(choice.text)
        _text(answer, "feedback", to_html(choice.say), html=True)
    return question


def _answer(question: ElementTree.Element, value: Value, digits: int, fraction: int, say: str) -> None:
    (number,) = entries(value)
    answer = ElementTree.SubElement(question, "answer", fraction=str(fraction), format="moodle_auto_format")
    ElementTree.SubElement(answer, "text").text = f"{number:.10g}"
    ElementTree.SubElement(answer, "tolerance").text = f"{unit(number, digits):g}"
    _text(answer, "feedback", to_html(say), html=True)


def _fields(number: Number, digits: int) -> str:
    """Return the embedded fields of a vector or matrix, each with the words for its mistakes."""
    lines, sides = [], shape(number.right)
    columns = sides[-1]
    for i, right in enumerate(entries(number.right)):
        options = [f"={right:.10g}:{unit(right, digits):g}#Right."]
        taken = [right]
        for wrong in number.wrong:
            if shape(wrong.value) != sides:
                continue
            value = entries(wrong.value)[i]
            apart = 3 * max(unit(value, digits), unit(right, digits), 1e-9)
            if all(abs(value - other) > apart for other in taken):
                taken.append(value)
                say = _escaped(to_html(f"Looks like: {wrong.name}. {wrong.say}"))
                options.append(f"%0%{value:.10g}:{unit(value, digits):g}#{say}")
        name = f"Entry {i + 1}" if len(sides) == 1 else f"Row {i // columns + 1}, column {i % columns + 1}"
        lines.append(f"<p>{name}: {{1:NUMERICAL:{'~'.join(options)}}}</p>")
    return "".join(lines)


def _escaped(text: str) -> str:
    """Write the signs that mean something inside an embedded field."""
    return re.sub(r'([\\}#~/"])', r"\\\1", text)


def _text(parent: ElementTree.Element, name: str, text: str, *, html: bool = False) -> Any:
    element = ElementTree.SubElement(parent, name, {"format": "html"} if html else {})
    ElementTree.SubElement(element, "text").text = text
    return element
