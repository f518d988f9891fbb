"""The table of slips does not get worse: a sample of what `python tools/slips.py` finds for all exercises."""

import json
import random

import pytest

import slips as tool
from fysstk_book.check.slips import slips
from fysstk_book.exercises import find

TABLE = json.loads(tool.TABLE.read_text(encoding="utf8"))


def test_the_table_has_every_exercise():
    assert set(TABLE) == {exercise.id for exercise in tool.with_functions()}


@pytest.mark.parametrize("id", random.Random(41).sample(sorted(TABLE), 8))
def test_no_more_slips_are_accepted_than_the_table_says(id):
    exercise = find(id)
    assert len(tool.accepted(exercise)) <= TABLE[id][1]
    assert sum(1 for _ in slips(exercise.reference)) >= TABLE[id][0]


@pytest.mark.parametrize("id", random.Random(42).sample(sorted(TABLE), 3))
def test_no_slip_in_a_solution_is_accepted(id, monkeypatch):
    monkeypatch.setenv("FYSSTK_CHECK_RUNNER", "thread")
    exercise = find(id)
    found = tool.tried(exercise, tool.solutions(exercise.chapter)[id], tool.SAMPLE)
    assert found
    assert not [name for name, verdict, _ in found if verdict.startswith("right")]
