"""Change printed formulas in small ways, and see whether their tests notice.

    make mutants                            40 changes of each formula; the result is written and printed
    make mutants NAME=eq-gates-ols          of one formula, or several: NAME="eq-gates-ols eq-gates-and"
    make mutants NAME="--each 10 --jobs 2"  10 changes of each formula, two processes; --all for every change
    make mutants NAME="--draw 30"           30 of the changes of the stored result, as the tests do

A test that passes on a formula with a wrong sign proves nothing. Pins are off. A change that no test notices
has to be listed in tests/equations/survivors.yml, with the reason, and nothing else may be listed there.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import platform
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from joblib import Parallel, delayed
from tqdm import tqdm

from fysstk_book import sources
from fysstk_book.printed.tidy import UnreadableError
from fysstk_book.printed.tree import parse
from mutations import KINDS, Mutant, mutants

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests" / "equations"
LISTED = TESTS / "survivors.yml"
RESULT = ROOT / "book" / "measured" / "mutants.json"
PATIENCE = 10  # seconds of computing: what takes longer than this has gone wrong, and is noticed


@dataclass(frozen=True)
class Tried:
    """What came of a change: it was caught "by value", "by error" or not at all, ""."""

    label: str
    kind: str
    change: str
    text: str
    caught: str


def formulas() -> dict[str, str]:
    """Return the LaTeX of all claims that can be read, by label."""
    found = {}
    for label, entry in sources.equations(ROOT).items():
        with contextlib.suppress(UnreadableError):
            if label.startswith("eq-") and parse(entry.text):
                found[label] = entry.text
    return found


def chosen(latex: dict[str, str], each: int | None) -> dict[str, list[Mutant]]:
    """Return changes of each formula: all, or so many, and those that are listed.

    Which ones are drawn depends on this formula alone: whoever changes another one gets no surprise here.
    """
    listed = survivors_listed()
    found = {}
    for label, text in latex.items():
        everything = mutants(parse(text))
        if each is not None and len(everything) > each:
            few = random.Random(f"{label} {text}").sample(everything, each)
            everything = [m for m in everything if m in few or m.text in listed.get(label, {})]
        found[label] = everything
    return found


def drawn(latex: dict[str, str], each: int | None, count: int) -> dict[str, list[Mutant]]:
    """Return one change each of so many formulas, other ones if any formula changes, from those `chosen`."""
    dice = random.Random(repr(sorted(latex.items())))
    labels = dice.sample(sorted(latex), min(count, len(latex)))
    found = chosen({label: latex[label] for label in labels}, each)
    return {label: [dice.choice(changes)] for label, changes in found.items() if changes}


def stored_number() -> int | None:
    """Return how many changes of each formula were tried for the stored result."""
    number: int | None = json.loads(RESULT.read_text(encoding="utf8"))["provenance"]["each"]
    return number


def survivors_listed() -> dict[str, dict[str, str]]:
    """Return the reasons by label and changed LaTeX."""
    listed = yaml.safe_load(LISTED.read_text(encoding="utf8")) if LISTED.is_file() else {}
    return {label: {one["latex"]: one["reason"] for one in rows} for label, rows in (listed or {}).items()}


class Run:
    """A pytest plugin that runs the tests of each label on its mutants instead of all tests once."""

    def __init__(self, work: dict[str, list[Mutant]], place: int = 0) -> None:
        self.work, self.place = work, place
        self.tried: list[Tried] = []
        self.by_eye: list[str] = []
        self.untested: list[str] = []
        self.broken: dict[str, str] = {}
        self.raised: BaseException | None = None

    def pytest_exception_interact(self, call: pytest.CallInfo[None]) -> None:
        """Remember what stopped a test."""
        self.raised = call.excinfo.value if call.excinfo else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests that were collected on every mutant of their labels."""
        reader = next(p for p in session.config.pluginmanager.get_plugins() if hasattr(p, "MUTANTS"))
        items: dict[str, list[pytest.Item]] = {label: [] for label in self.work}
        for item in session.items:
            for mark in item.iter_markers("equation"):
                items.get(mark.args[0], []).append(item)
        total = sum(map(len, self.work.values()))
        with tqdm(total=total, unit="mutant", position=self.place, file=sys.__stderr__) as bar:
            for label, changes in self.work.items():
                tests = self._as_printed(label, items[label], reader)
                for mutant in changes if tests else []:
                    bar.set_description(label)
                    self._try(label, mutant, tests, reader)
                    bar.update()
                if not tests:
                    bar.total -= len(changes)
        return True

    def _as_printed(self, label: str, tests: list[pytest.Item], reader: Any) -> list[pytest.Item]:
        """Run the tests on the formula as it is, and return them, fastest first, if they read it by value."""
        proofs, seconds = [], {}
        for test in tests:
            begin = time.perf_counter()
            reports, raised = self._run(test)
            seconds[test.nodeid] = time.perf_counter() - begin
            if raised is not None:
                self.broken[label] = f"{test.nodeid}: {raised}"
                return []
            proofs.append((test.nodeid, "", reports[-1].user_properties))
        if not tests:
            self.untested.append(label)
            return []
        reading = reader.row(sources.equations(ROOT)[label], proofs)["reading"]
        if reading != "by value":
            (self.by_eye if reading else self.untested).append(label)
            return []
        return sorted(tests, key=lambda test: seconds[test.nodeid])

    def _try(self, label: str, mutant: Mutant, tests: list[pytest.Item], reader: Any) -> None:
        caught, tree = "", mutant.tree
        if tree is None:
            caught = "by error"
        elif tree != parse(sources.equations(ROOT)[label].text):
            reader.MUTANTS[label] = tree
            for test in tests:
                _, raised = self._run(test)
                if raised is not None:
                    by_value = isinstance(raised, AssertionError | pytest.fail.Exception)
                    caught = "by value" if by_value else "by error"
                    break
            if not caught:
                tqdm.write(f"{label}: {mutant.kind}, {mutant.change}\n    {mutant.text}", sys.__stderr__)
            del reader.MUTANTS[label]
        else:
            return  # only brackets differ
        self.tried.append(Tried(label, mutant.kind, mutant.change, mutant.text, caught))

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


def run(work: dict[str, list[Mutant]], place: int = 0) -> Run:
    """Run the tests of these labels on their mutants.

    Raises
    ------
    ValueError
        If the tests cannot be collected, or fail without any change.
    """
    files = [
        str(path)
        for path in sorted(TESTS.glob("test_*.py"))
        if any(f'"{label}"' in path.read_text(encoding="utf8") for label in work)
    ]
    plugin = Run(work, place)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        status = pytest.main(
            [*files, f"--rootdir={ROOT}", "-n0", "-q", "-p", "no:cacheprovider", "--no-header"],
            plugins=[plugin],
        )
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise ValueError(said.getvalue())
    return plugin


def _part(
    work: dict[str, list[Mutant]], place: int
) -> tuple[list[Tried], list[str], list[str], dict[str, str]]:
    sys.path.insert(0, str(ROOT / "tools"))
    done = run(work, place)
    return done.tried, done.by_eye, done.untested, done.broken


def complaints(tried: list[Tried]) -> list[str]:
    """Return the survivors that are not listed, and what is listed and was caught or is no change at all."""
    listed = survivors_listed()
    found = [
        f"{one.label}: nothing notices {one.kind}, {one.change}\n    {one.text}"
        for one in tried
        if not one.caught and one.text not in listed.get(one.label, {})
    ]
    caught = {one.label: {o.text for o in tried if o.label == one.label and o.caught} for one in tried}
    for label, texts in caught.items():
        known = {m.text for m in mutants(parse(sources.equations(ROOT)[label].text))}
        for text in listed.get(label, {}):
            if text in texts or text not in known:
                why = "is caught" if text in texts else "is no change of the formula any more"
                found.append(f"{label}: this is listed in {LISTED.name} and {why}\n    {text}")
    return found


def summary(tried: list[Tried], by_eye: list[str], provenance: dict[str, Any]) -> dict[str, Any]:
    """Return what is stored: counts for each kind and label, and the survivors with their reasons."""
    listed = survivors_listed()

    def counts(key: str, names: Any) -> dict[str, list[int]]:
        table = Counter((getattr(one, key), one.caught) for one in tried)
        return {name: [table[name, how] for how in ("by value", "by error", "")] for name in names}

    return {
        "provenance": provenance,
        "by eye": sorted(by_eye),
        "kinds": counts("kind", KINDS),
        "labels": counts("label", dict.fromkeys(one.label for one in tried)),
        "survivors": [
            {
                "label": one.label,
                "change": one.change,
                "latex": one.text,
                "reason": listed.get(one.label, {}).get(one.text, ""),
            }
            for one in tried
            if not one.caught
        ],
    }


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, change and run, and say what survived."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("labels", nargs="*", metavar="label", help="all, if none is named")
    many = parser.add_mutually_exclusive_group()
    many.add_argument("--each", type=int, default=40, help="changes of each formula, at most (40)")
    many.add_argument("--all", action="store_true", help="every change of each formula")
    many.add_argument("--draw", type=int, help="so many changes of all formulas together")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    options = parser.parse_args(arguments)
    latex = formulas()
    if unknown := [label for label in options.labels if label not in latex]:
        parser.error(f"no page prints a claim {unknown[0]!r} that can be read")
    latex = {label: text for label, text in latex.items() if label in (options.labels or latex)}
    each = None if options.all else options.each
    work = drawn(latex, stored_number(), options.draw) if options.draw else chosen(latex, each)
    begin = time.perf_counter()
    shares = [dict(list(work.items())[k :: options.jobs]) for k in range(options.jobs)]
    parts = Parallel(n_jobs=options.jobs)(delayed(_part)(share, k) for k, share in enumerate(shares))
    tried = [one for part in parts for one in part[0]]
    tried.sort(key=lambda one: list(latex).index(one.label))
    by_eye, untested, broken = (
        [label for part in parts for label in part[1]],
        [label for part in parts for label in part[2]],
        {label: why for part in parts for label, why in part[3].items()},
    )
    found = [f"{label} fails without any change: {why}" for label, why in broken.items()] + complaints(tried)
    print(*found, sep="\n", end="\n" if found else "")
    how = Counter(one.caught for one in tried)
    print(
        f"{how['by value']} of {len(tried)} mutants caught by value, {how['by error']} by an error, "
        f"{how['']} not; {len(by_eye)} formulas are read by eye, {len(untested)} not yet from the page"
    )
    if not options.labels and not options.draw:
        how_many = "--all" if each is None else f"--each {each}"
        provenance = {
            "command": "make mutants" + ("" if each == 40 else f' NAME="{how_many}"'),
            "each": each,
            "date": date.today().isoformat(),
            "seconds": round(time.perf_counter() - begin),
            "python": platform.python_version(),
        }
        stored = json.dumps(summary(tried, by_eye, provenance), ensure_ascii=False, indent=1)
        draft = RESULT.with_suffix(".tmp")
        draft.write_text(stored + "\n", encoding="utf8")
        os.replace(draft, RESULT)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
