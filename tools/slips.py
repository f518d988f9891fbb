"""Try the slips of students on every exercise: `python tools/slips.py` writes the table, with ids only those.

Two sources are read: the catalogue's reference, whose variants are tried on many more inputs than the checker
draws, to find those that it would accept, and the chapter's solution, whose variants are checked as a
student's answers are. Of these the table counts how many are named. `tests/slips.json` holds the table;
the tests keep it from getting worse.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import sys
import tempfile
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fysstk_book import sources
from fysstk_book.check.case import Case, outcomes_of, show
from fysstk_book.check.diagnosis import diagnose
from fysstk_book.check.running import Returned, call
from fysstk_book.check.slips import slips
from fysstk_book.check.values import fit, size
from fysstk_book.exercises import Exercise, Mistake, catalogue
from fysstk_book.sources import Directive

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "tests" / "slips.json"
SAMPLE = 3
"""How many variants of each chapter's solution are checked."""


def with_functions() -> list[Exercise]:
    """Return the exercises whose answers are functions that are compared with a reference."""
    return [e for e in catalogue() if e.checked and e.takes_function and not e.scored]


# -- inputs that the checker does not draw ----------------------------------------------------------------


def edges(inputs: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield the inputs with one of them at an edge: zero, one, equal or whole numbers, the sign turned."""
    for i, value in enumerate(inputs):
        others: list[Any] = []
        if type(value) is float:
            others = [0.0, 1.0, 0.5, -value, float(round(value))]
        elif type(value) is int:
            others = [0, 1, 2, value + 1]
        elif isinstance(value, np.ndarray) and value.dtype.kind in "if" and value.size:
            first = value.copy()
            first.flat[0] = 0
            tie = value.copy()
            tie.flat[-1] = tie.flat[0]
            others = [
                np.zeros_like(value),
                np.full_like(value, value.flat[0]),
                first,
                tie,
                np.round(value),
            ]
            if value.dtype.kind == "f":  # whole numbers are labels, and have no sign
                others.append(-value)
            if value.ndim == 2:
                constant = value.copy()
                constant[:, 0] = constant[0, 0]
                others.append(constant)
        for other in others:
            yield (*inputs[:i], other, *inputs[i + 1 :])


def further_inputs(exercise: Exercise) -> list[tuple[tuple[Any, ...], Any]]:
    """Return many more inputs and what the reference makes of them, where it raises and warns of nothing."""
    seed = int.from_bytes(exercise.id.encode(), "little")
    tried = [case for drawn in exercise.draw_inputs()[:6] for case in edges(drawn)]
    if exercise.inputs is not None:
        tried += [exercise.inputs(np.random.default_rng([trial, seed])) for trial in range(20, 120)]
    found = []
    for inputs in tried:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            outcome = call(exercise, exercise.reference, inputs)
        if isinstance(outcome, Returned) and not heard and "j" not in show(outcome.value):
            found.append((inputs, outcome.value))
    return sorted(found, key=lambda pair: (size(pair[0]), len(show(pair[0]))))


def accepted(exercise: Exercise) -> list[str]:
    """Return the slips in the reference that pass the check although they differ for some other input."""
    drawn, further = exercise.draw_inputs(), further_inputs(exercise)
    truth = outcomes_of(exercise, exercise.reference, drawn)
    case = Case(exercise, None, drawn, expected=[o.value for o in truth if isinstance(o, Returned)])

    def same(slip: Mistake, inputs: tuple[Any, ...], expected: Any) -> bool:
        (outcome,) = outcomes_of(exercise, slip.wrong, [inputs])
        return isinstance(outcome, Returned) and case.agrees(expected, fit(expected, outcome.value))

    found = []
    for slip in slips(exercise.reference):
        if all(same(slip, inputs, value) for inputs, value in zip(drawn, case.expected, strict=True)):
            other = next((inputs for inputs, value in further if not same(slip, inputs, value)), None)
            if other is not None:
                found.append(f"{slip.name}: {show(other)}")
    return found


# -- slips in the chapters' solutions ---------------------------------------------------------------------


def solutions(chapter: str) -> dict[str, Any]:
    """Run a chapter's solutions as a module, so that their source can be read, and return what they check."""
    cells: list[str] = []
    solution: list[str] | None = None
    for block in sources.blocks((ROOT / "book" / f"{chapter}.md").read_text(encoding="utf8")):
        if not isinstance(block, Directive):
            continue
        tags = block.options.get("tags", [])
        if block.name == "solution-start":
            solution = []
        elif block.name == "solution-end":
            cells += solution if any("check(" in cell for cell in solution or ()) and solution else []
            solution = None
        elif block.name == "code-cell" and solution is not None and "solution" in tags:
            solution.append(block.body)
        elif block.name == "code-cell" and (not cells or "setup" in tags):
            cells.append(block.body)
    given: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"solutions_{chapter.replace('-', '_')}.py"
        path.write_text("\n\n".join(cells), encoding="utf8")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        import fysstk_book.check as checker

        check, checker.check = checker.check, lambda id, answer: given.setdefault(id, answer)  # type: ignore
        try:
            spec.loader.exec_module(module)
            for answer in given.values():
                if type(answer) is types.FunctionType and answer.__module__ == path.stem:
                    next(slips(answer), None)  # while the source is there
        finally:
            checker.check = check
    return given


def tried(exercise: Exercise, solution: Any, number: int) -> list[tuple[str, str, str]]:
    """Check variants of a solution that differ: the slip, the verdict and the mistake that is named."""
    everything = list(slips(solution))
    chosen = random.Random(exercise.id).sample(everything, min(3 * number, len(everything)))
    drawn = exercise.draw_inputs()
    truth = outcomes_of(exercise, exercise.reference, drawn)
    case = Case(exercise, None, drawn, expected=[o.value for o in truth if isinstance(o, Returned)])
    found: list[tuple[str, str, str]] = []
    for slip in chosen:
        outcomes = outcomes_of(exercise, slip.wrong, drawn)
        works = all(isinstance(outcome, Returned) for outcome in outcomes)
        if not works or all(
            isinstance(o, Returned) and case.agrees(value, fit(value, o.value))
            for o, value in zip(outcomes, case.expected, strict=True)
        ):
            continue  # it stops with an error, which is told, or it is right
        result = diagnose(exercise, slip.wrong)
        found.append((slip.name, result.verdict, result.mistake))
        if len(found) == number:
            break
    return found


def main(ids: list[str]) -> int:
    """Print the table, by chapter, and write it when all exercises were tried."""
    os.environ["FYSSTK_CHECK_RUNNER"] = "thread"  # our own code needs no process of its own
    table: dict[str, list[int]] = {}
    wrong = 0
    answers: dict[str, dict[str, Any]] = {}
    for exercise in with_functions():
        if ids and exercise.id not in ids:
            continue
        if exercise.chapter not in answers:
            answers[exercise.chapter] = solutions(exercise.chapter)
        passing = accepted(exercise)
        found = tried(exercise, answers[exercise.chapter].get(exercise.id), SAMPLE)
        named = [mistake for _, _, mistake in found if mistake]
        right = [name for name, verdict, _ in found if verdict.startswith("right")]
        wrong += len(right)
        table[exercise.id] = [sum(1 for _ in slips(exercise.reference)), len(passing), len(found), len(named)]
        print(f"{exercise.id:24} variants {table[exercise.id][0]:4}  accepted {len(passing)}  "
              f"checked {len(found):3}  named {len(named):3}", flush=True)  # fmt: skip
        for line in (*passing, *(f"right: {name}" for name in right)):
            print(f"    {line}")
        for name, verdict, mistake in found:
            if not mistake:
                print(f"    no name: {name} ({verdict})")
    if not ids:
        TABLE.write_text(json.dumps(table, indent=0) + "\n", encoding="utf8")
    totals = [sum(row[k] for row in table.values()) for k in range(4)]
    print("variants {}, accepted {}, checked {}, named {}".format(*totals))
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
