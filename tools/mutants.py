"""Change printed formulas in small ways, and see whether their tests notice.

    make mutants                            12 changes of each formula; the result is written and printed
    make mutants NAME=eq-gates-ols          of one formula, or several: NAME="eq-gates-ols eq-gates-and"
    make mutants NAME="--each 40 --jobs 2"  40 changes of each formula, two processes; --all for every change
    make mutants NAME="eq-gates-ols --keep" of one formula, into the stored result, after its test has changed
    make mutants NAME="eq-gates-ols --show" of one formula, with what its tests say to each
    make mutants NAME="--draw 30"           30 of the changes of the stored result, as the tests do

A test that passes on a formula with a wrong sign proves nothing. First the tests have to pass on what is
printed. Then pins are off, and so is the rule that what a test binds has to be printed: only where no value
differs does this rule count, as an error. A change whose sides have the printed values, whatever its names
stand for, is no mutant, but an equivalent. Any other that no test notices has to be listed in
tests/equations/survivors.yml, with the reason, and nothing else may be listed there.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import json
import os
import random
import signal
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from joblib import Parallel, delayed
from tqdm import tqdm

from fysstk_book import measured, sources
from fysstk_book.printed import ledger
from fysstk_book.printed.formula import ShapesError
from fysstk_book.printed.tidy import UnreadableError
from fysstk_book.printed.tree import Node, parse
from mutations import Mutant, mutants
from stand_ins import Notes, is_equivalent, watching

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests" / "equations"
LISTED = TESTS / "survivors.yml"
RESULT = ROOT / "book" / "measured" / "mutants.json"
PATIENCE = 10  # seconds of computing: what takes longer than this has gone wrong, and is noticed


@dataclass(frozen=True)
class Tried:
    """A change and what came of it: noticed "by value", "by error" or not at all (""), or "equivalent"."""

    label: str
    kind: str
    change: str
    text: str
    caught: str
    message: str = ""  # of the test that noticed it


@dataclass
class Outcome:
    """What came of all changes of some formulas."""

    tried: list[Tried] = field(default_factory=list)
    by_eye: list[str] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  # what tests say without any change
    gone: dict[str, list[str]] = field(default_factory=dict)  # what is listed and is no change of a formula
    changes: dict[str, list[str]] = field(default_factory=dict)  # the keys of those that were tried
    left_out: dict[str, list[int]] = field(default_factory=dict)  # changes that fit, and others

    def join(self, other: Outcome) -> None:
        """Take in what another process has found."""
        for one in ("tried", "by_eye", "untested", "broken"):
            getattr(self, one).extend(getattr(other, one))
        self.gone |= other.gone
        self.changes |= other.changes
        self.left_out |= other.left_out


def formulas() -> dict[str, str]:
    """Return the LaTeX of all claims that can be read, by label."""
    found = {}
    for label, entry in sources.equations(ROOT).items():
        with contextlib.suppress(UnreadableError):
            if label.startswith("eq-") and parse(entry.text):
                found[label] = entry.text
    return found


def chosen(label: str, everything: list[Mutant], each: int | None, seed: str = "") -> list[Mutant]:
    """Return changes of a formula: all, or so many and those that are listed; with a seed, one of these.

    Which ones are drawn depends on this formula alone: whoever changes another one gets no surprise here.
    """
    listed = survivors_listed().get(label, {})
    if each is not None and len(everything) > each:
        text = " ".join(m.text for m in everything)
        few = random.Random(f"{label} {text}").sample(everything, each)
        everything = [m for m in everything if m in few or m.text in listed]
    return [random.Random(f"{label} {seed}").choice(everything)] if seed and everything else everything


def drawn(latex: dict[str, str], count: int) -> tuple[list[str], str]:
    """Return so many labels, and a seed to change them: both are others if any formula changes."""
    seed = f"{zlib.crc32(repr(sorted(latex.items())).encode()):08x}"
    return random.Random(seed).sample(sorted(latex), min(count, len(latex))), seed


def key(latex: str, mutant: Mutant) -> str:
    """Return what is stored of a change: another one if the formula is printed in another way."""
    return f"{zlib.crc32(f'{latex} {mutant.text}'.encode()):08x}"


@functools.cache
def stored_changes() -> dict[str, list[str]]:
    """Return the keys of the changes of the stored result, by label."""
    return dict(json.loads(RESULT.read_text(encoding="utf8"))["changes"])


def kept(label: str, latex: str) -> list[Mutant]:
    """Return the changes of the stored result; none if it is of another formula.

    Else the tests run on the formula as it is printed to tell which changes there are: that takes longest.
    """
    tree, keys = parse(latex), stored_changes().get(label, [])
    found = {key(latex, one): one for one in mutants(tree, Notes(label, tree).others)}
    return [found[one] for one in keys] if found.keys() >= {*keys} else []


def survivors_listed() -> dict[str, dict[str, str]]:
    """Return the reasons by label and changed LaTeX."""
    return _listed(LISTED.read_text(encoding="utf8") if LISTED.is_file() else "")


@functools.cache
def _listed(text: str) -> dict[str, dict[str, str]]:
    listed = yaml.safe_load(text) or {}
    return {label: {one["latex"]: one["reason"] for one in rows} for label, rows in listed.items()}


class Run:
    """A pytest plugin that runs the tests of each label on its mutants instead of all tests once."""

    def __init__(self, labels: list[str], each: int | None, seed: str = "", place: int = 0) -> None:
        self.labels, self.each, self.seed, self.place = labels, each, seed, place
        self.outcome = Outcome()
        self.raised: BaseException | None = None

    def pytest_exception_interact(self, call: pytest.CallInfo[None]) -> None:
        """Remember what stopped a test; what its fixtures say afterwards follows from it."""
        self.raised = self.raised or (call.excinfo.value if call.excinfo else None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests that were collected on their formulas as printed, then on every mutant of these."""
        self.reader = next(p for p in session.config.pluginmanager.get_plugins() if hasattr(p, "MUTANTS"))
        items: dict[str, list[pytest.Item]] = {label: [] for label in self.labels}
        for item in session.items:
            for mark in item.iter_markers("equation"):
                items.get(mark.args[0], []).append(item)
        work = []
        for label in self._bar(self.labels, "as printed"):
            if self.seed and (known := kept(label, sources.equations(ROOT)[label].text)):
                work.append((label, items[label], None, chosen(label, known, self.each, self.seed)))
                continue
            tests, notes = self._as_printed(label, items[label])
            work.append((label, tests, notes, self._changes(label, notes) if tests else []))
        if self.outcome.broken:
            return True
        for label, tests, notes, mutant in self._bar(
            [(label, tests, notes, mutant) for label, tests, notes, few in work for mutant in few], "mutants"
        ):
            self._try(label, mutant, tests, notes)
        return True

    def _bar(self, what: list[Any], name: str) -> Any:
        return tqdm(what, desc=name, position=self.place, file=sys.__stderr__, mininterval=1)

    def _as_printed(self, label: str, tests: list[pytest.Item]) -> tuple[list[pytest.Item], Notes]:
        """Run the tests on the formula as it is, and return them, fastest first, if they read it by value."""
        equation = sources.equations(ROOT)[label]
        proofs, seconds, notes = {}, {}, Notes(label, parse(equation.text))
        for test in tests:
            with watching(notes):
                reports, raised = self._run(test)
            if raised is not None:  # a test that counts operations counts those of the notes as well
                reports, raised = self._run(test)
            seconds[test.nodeid] = sum(report.duration for report in reports)
            if raised is not None:
                self.outcome.broken.append(f"{label}: {test.nodeid} fails without any change: {raised}")
            proofs[test.nodeid] = [*reports[-1].user_properties]
        if not tests:
            self.outcome.untested.append(label)
        elif not self.outcome.broken:
            (row,) = ledger.rows(proofs, {label: equation}, self.reader.tree_of)
            reading = row["reading"]
            if reading == "by value":
                return sorted(tests, key=lambda test: seconds[test.nodeid]), notes
            (self.outcome.by_eye if reading else self.outcome.untested).append(label)
        return [], notes

    def _changes(self, label: str, notes: Notes) -> list[Mutant]:
        everything = mutants(notes.tree, notes.changeable())
        if not self.seed:  # what is drawn is not stored
            possible = mutants(notes.tree, {node: notes.others[node] for node in notes.stand_ins})
            self.outcome.left_out[label] = [len(everything), len(possible) - len(everything)]
        texts = {m.text for m in everything}
        self.outcome.gone[label] = [t for t in survivors_listed().get(label, {}) if t not in texts]
        few = chosen(label, everything, self.each, self.seed)
        self.outcome.changes[label] = [key(sources.equations(ROOT)[label].text, one) for one in few]
        return few

    def _try(self, label: str, mutant: Mutant, tests: list[pytest.Item], notes: Notes | None) -> None:
        tree = mutant.tree
        caught, message = self._noticed(label, tree, tests) if tree else ("by error", "it cannot be read")
        if tree and not caught and is_equivalent(notes or self._as_printed(label, tests)[1], tree):
            caught = "equivalent"
        if not caught:
            tqdm.write(f"{label}: {mutant.kind}, {mutant.change}\n    {mutant.text}", sys.__stderr__)
        self.outcome.tried.append(Tried(label, mutant.kind, mutant.change, mutant.text, caught, message))

    def _noticed(self, label: str, tree: Node, tests: list[pytest.Item]) -> tuple[str, str]:
        """Return how the tests notice another formula, by its value if any of them does, and what it says."""
        self.reader.MUTANTS[label] = tree
        self.reader.FORGIVEN.add(label)
        try:
            errors = []
            for strict in (False, True):  # first, a formula may lack a name that the test binds
                if strict:
                    self.reader.FORGIVEN.clear()
                for test in tests:
                    _, raised = self._run(test)
                    differ = isinstance(raised, AssertionError | pytest.fail.Exception)
                    if differ and not isinstance(raised, ShapesError):
                        return "by value", str(raised)
                    errors += [f"{type(raised).__name__}: {raised}"] if raised else []
                if errors:
                    return "by error", errors[0]
            return "", ""
        finally:
            self.reader.FORGIVEN.clear()
            del self.reader.MUTANTS[label]

    def _run(self, test: pytest.Item) -> tuple[list[pytest.TestReport], BaseException | None]:
        from _pytest.runner import runtestprotocol

        self.raised = None
        test.user_properties.clear()
        with time_limit(PATIENCE):
            reports = runtestprotocol(test, log=False, nextitem=None)
        failed = next((report for report in reports if report.failed), None)
        return reports, None if failed is None else self.raised or RuntimeError(failed.longreprtext)


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Stop what computes for longer than this, where the platform can."""

    def stop(*_: Any) -> None:
        raise TimeoutError(f"more than {seconds} seconds")

    if not hasattr(signal, "SIGVTALRM"):
        yield
        return
    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def run(labels: list[str], each: int | None, seed: str = "", place: int = 0) -> Outcome:
    """Run the tests of these labels on mutants of their formulas: so many each, or one each with a seed.

    Raises
    ------
    ValueError
        If the tests cannot be collected.
    """
    files = [
        str(path)
        for path in sorted(TESTS.glob("test_*.py"))
        if any(f'"{label}"' in path.read_text(encoding="utf8") for label in labels)
    ]
    plugin = Run(labels, each, seed, place)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        status = pytest.main(
            [
                *files,
                f"--rootdir={ROOT}",
                "-n0",
                "-q",
                "-p",
                "no:cacheprovider",
                "--no-header",
                "--tb=native",
            ],
            plugins=[plugin],
        )
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise ValueError(said.getvalue())
    return plugin.outcome


def complaints(outcome: Outcome) -> list[str]:
    """Return the survivors that are not listed, and what is listed and was noticed or is no change at all."""
    listed = survivors_listed()
    found = [
        f"{one.label}: nothing notices {one.kind}, {one.change}\n    {one.text}"
        for one in outcome.tried
        if not one.caught and one.text not in listed.get(one.label, {})
    ]
    why = {"by value": "is caught", "by error": "is caught", "equivalent": "has the printed formula's value"}
    lost = [(o.label, o.text, why[o.caught]) for o in outcome.tried if o.caught]
    lost = [(label, text, reason) for label, text, reason in lost if text in listed.get(label, {})]
    for label, texts in outcome.gone.items():
        lost += [(label, text, "is no change of the formula any more") for text in texts]
    return found + [
        f"{label}: this is listed in {LISTED.name} and {reason}\n    {text}" for label, text, reason in lost
    ]


def summary(outcome: Outcome, each: int | None, seconds: float) -> dict[str, Any]:
    """Return what is stored: for each formula and kind the counts, and what was not noticed, with the reason.

    The counts are those of the changes that were noticed by value, by an error, and not at all. Changes that
    are equivalent to what is printed stand apart; they are no mutants.
    """
    listed = survivors_listed()
    labels: dict[str, dict[str, list[int]]] = {}
    for one in outcome.tried:
        if one.caught != "equivalent":
            counts = labels.setdefault(one.label, {}).setdefault(one.kind, [0, 0, 0])
            counts[("by value", "by error", "").index(one.caught)] += 1

    def rows(caught: str) -> list[dict[str, str]]:
        found = [one for one in outcome.tried if one.caught == caught]
        return [{"label": one.label, "change": one.change, "latex": one.text} for one in found]

    return {
        "provenance": measured.provenance(
            command="make mutants" + ("" if each == 12 else f' NAME="{how_many(each)}"'),
            data=f"{len(labels)} claims of the book, {how_many(each)}",
            decides="Do the tests notice a printed formula that is wrong in one small way?",
            seconds=seconds,
        ),
        "each": each,
        "by eye": sorted(outcome.by_eye),
        "left out": outcome.left_out,
        "changes": outcome.changes,
        "labels": labels,
        "equivalent": rows("equivalent"),
        "survivors": [
            {**row, "reason": listed.get(row["label"], {}).get(row["latex"], "")} for row in rows("")
        ],
    }


def how_many(each: int | None) -> str:
    """Return the option for so many changes of each formula."""
    return "--all" if each is None else f"--each {each}"


def join(stored: dict[str, Any], new: dict[str, Any], labels: list[str], order: list[str]) -> dict[str, Any]:
    """Return a stored result in which some labels have the new one, with the reasons that are listed now.

    What is no longer in the book's `order` of labels is left out.
    """
    old = {*order} - {*labels}
    counts = {label: row for label, row in stored["labels"].items() if label in old} | new["labels"]
    rows = {
        key: [row for row in stored[key] if row["label"] in old] + new[key]
        for key in ("equivalent", "survivors")
    }
    for row in rows["survivors"]:
        row["reason"] = survivors_listed().get(row["label"], {}).get(row["latex"], "")
    made = {
        **new["provenance"],
        "command": stored["provenance"]["command"],
        "data": f"{len(counts)} claims of the book, {how_many(new['each'])}",
        "seconds": round(stored["provenance"]["seconds"] + new["provenance"]["seconds"], 1),
    }
    return {
        **new,
        "provenance": made,
        "by eye": sorted({*stored["by eye"]} & old | {*new["by eye"]}),
        **{
            what: {label: one for label, one in stored[what].items() if label in old} | new[what]
            for what in ("left out", "changes")
        },
        "labels": dict(sorted(counts.items(), key=lambda row: order.index(row[0]))),
        **{key: sorted(found, key=lambda row: order.index(row["label"])) for key, found in rows.items()},
    }


def store(result: dict[str, Any]) -> None:
    """Replace the stored result in one step."""
    draft = RESULT.with_suffix(".tmp")
    draft.write_text(json.dumps(result, ensure_ascii=False) + "\n", encoding="utf8")
    os.replace(draft, RESULT)


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, change and run, and say what survived."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("labels", nargs="*", metavar="label", help="all, if none is named")
    many = parser.add_mutually_exclusive_group()
    many.add_argument("--each", type=int, default=12, help="changes of each formula, at most (12)")
    many.add_argument("--all", action="store_true", help="every change of each formula")
    many.add_argument("--draw", type=int, help="so many changes of all formulas together")
    parser.add_argument("--keep", action="store_true", help="put what these labels give into the result")
    parser.add_argument("--show", action="store_true", help="print each change and what the tests say")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    options = parser.parse_args(arguments)
    latex = formulas()
    if unknown := [label for label in options.labels if label not in latex]:
        parser.error(f"no page prints a claim {unknown[0]!r} that can be read")
    labels = options.labels or list(latex)
    each, seed = None if options.all else options.each, ""
    if options.draw:
        stored = json.loads(RESULT.read_text(encoding="utf8"))
        labels, seed = drawn(
            {label: latex[label] for label in stored["labels"] if label in latex}, options.draw
        )
        each = stored["each"]
    begin = time.perf_counter()
    parts = Parallel(n_jobs=options.jobs)(
        delayed(run)(labels[k :: options.jobs], each, seed, k) for k in range(options.jobs)
    )
    outcome = Outcome()
    for part in parts:
        outcome.join(part)
    if outcome.broken:
        print(*outcome.broken, "Nothing was changed: mend these tests first.", sep="\n")
        return 1
    outcome.tried.sort(key=lambda one: list(latex).index(one.label))
    for one in outcome.tried if options.show else []:
        print(f"{one.label}: {one.kind}, {one.change}, noticed {one.caught or 'by nothing'}\n    {one.text}")
        print("    " + one.message.splitlines()[0] if one.message else "")
    found = complaints(outcome)
    print(*found, sep="\n", end="\n" if found else "")
    how = Counter(one.caught for one in outcome.tried)
    print(
        f"{how['by value']} of {len(outcome.tried) - how['equivalent']} mutants caught by value, "
        f"{how['by error']} by an error, {how['']} not; {how['equivalent']} more are equivalent; "
        f"{len(outcome.by_eye)} formulas are read by eye, {len(outcome.untested)} not yet from the page"
    )
    if options.keep or not (options.labels or options.draw):
        result = summary(outcome, each, time.perf_counter() - begin)
        if options.labels:
            stored = json.loads(RESULT.read_text(encoding="utf8"))
            if stored["each"] != each:
                parser.error(f"the stored result is one of {how_many(stored['each'])}: give that as well")
            result = join(stored, result, labels, list(latex))
        store(result)
    return bool(found)


if __name__ == "__main__":
    import mutants as by_name  # other processes find its functions by their names

    sys.exit(by_name.main())
