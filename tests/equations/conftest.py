"""The ledger: every test here proves equations of the book, and a whole run writes down how well they hold.

A test is marked ``@pytest.mark.equation("eq-label", method="sympy")``, takes the formula from the page with
the fixture ``printed`` and asks whether it holds; its absolute errors are recorded. What cannot be read by
value is read by eye: the mark then carries the LaTeX, ``printed=r"..."``, so that a change of the page is
noticed, and the test hands its errors to the fixture ``discrepancy``. When all tests of this folder have run
and passed, ``_build/ledger.json`` is replaced; a run of some of them leaves it as it is. With ``-n``
(pytest-xdist) the workers measure and the controller writes, if it was given this folder.
"""

import functools
import json
import os
from pathlib import Path

import pytest

from fysstk_book import sources
from fysstk_book.printed.formula import Formula
from fysstk_book.printed.ledger import files_of, rows
from fysstk_book.printed.tidy import tidy
from fysstk_book.printed.tree import parse

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LEDGER = ROOT / "_build" / "ledger.json"
PROOFS = "BOOK_PROOFS"  # names a folder: the proofs of each whole file are written there, and no ledger
METHODS = ("sympy", "central differences", "autograd", "autodiff", "numeric", "proof by cases")


@functools.cache
def printed_latex():
    """Return the LaTeX of all equations by label, also of pages that are not in the table of contents yet."""
    entries = [entry for page in (ROOT / "book").glob("*.md") for entry in sources.labelled(page)]
    return {entry.label: entry.text for entry in entries if entry.kind == "equation"}


MUTANTS = {}  # labels with the trees that tools/mutants.py puts in the place of what the page prints
FORGIVEN = set()  # labels whose formula may lack a name that the test binds, so that its value is compared


def tree_of(label):
    """Return the parsed formula of a label."""
    if label in MUTANTS:
        return MUTANTS[label]
    if label not in printed_latex():
        raise ValueError(f"no page of the book prints an equation {label!r}")
    return parse(printed_latex()[label])


SIDES = pytest.StashKey()  # of a test: for each label, the sides of its formula that were evaluated
ASKED = pytest.StashKey()  # of a test: the labels of all formulas that it took from the pages


@pytest.fixture
def errors(request):
    """Return the list of this test's absolute errors; afterwards, refuse a test that proved nothing."""
    found, sides, asked = [], {}, set()
    request.node.stash[SIDES], request.node.stash[ASKED] = sides, asked
    yield found
    assert found, "this test measures nothing: ask printed(label).holds(...), or call discrepancy(error)"
    for mark in request.node.iter_markers("equation"):
        label = mark.args[0]
        assert sides.get(label) or "printed" in mark.kwargs, (
            f"{label} is marked and not read: take it from the page with printed({label!r}), or pin it"
        )
    request.node.user_properties.append(("discrepancy", max(found)))
    request.node.user_properties += [("read", [label, sorted(places)]) for label, places in sides.items()]
    request.node.user_properties += [("asked", label) for label in sorted(asked)]


@pytest.fixture
def discrepancy(errors):
    """Return a function that records an absolute error of this test, which may be no larger than `within`."""

    def record(error, within=float("inf")):
        assert not getattr(error, "free_symbols", ()), f"{error} is left over"
        error = abs(float(error))
        assert error < float("inf"), f"the discrepancy is {error}, not a finite number"
        assert error <= within, f"the discrepancy is {error}, which is more than {within}"
        errors.append(error)

    return record


@pytest.fixture
def printed(request, discrepancy):
    """Return a function that reads the formula with a label from its page."""

    def find(label):
        request.node.stash[ASKED].add(label)
        return tree_of(label)

    def read(label):
        places = request.node.stash[SIDES].setdefault(label, set())
        return Formula(label, find(label), find, discrepancy, places, label not in FORGIVEN)

    return read


def pytest_runtest_setup(item):
    """Refuse a test that could not give a row of the ledger."""
    marks = list(item.iter_markers("equation"))
    if not marks:
        pytest.fail("a test in this folder needs @pytest.mark.equation(label, method=...)", pytrace=False)
    for mark in marks:
        method = mark.kwargs.get("method")
        if len(mark.args) != 1 or method not in METHODS:
            pytest.fail(f"{mark.args}: method={method!r} is none of {', '.join(METHODS)}", pytrace=False)
        label, pin = mark.args[0], mark.kwargs.get("printed")
        if label not in printed_latex():
            pytest.fail(f"no page of the book prints an equation {label!r}", pytrace=False)
        if pin is not None and label not in MUTANTS and tidy(pin) != tidy(printed_latex()[label]):
            pytest.fail(
                f"the page prints {label} differently now. If this test still proves it, its mark says\n"
                f'    printed=r"{" ".join(printed_latex()[label].split())}"',
                pytrace=False,
            )
        item.user_properties.append(("equation", [label, method]))
        item.user_properties += [("pinned", label)] if pin is not None else []
    if not {"discrepancy", "printed"} & set(item.fixturenames):
        pytest.fail(
            "a test in this folder measures: take the fixture `printed`, or `discrepancy` and call it",
            pytrace=False,
        )


@pytest.hookimpl(tryfirst=True)  # before -k and -m take tests away
def pytest_collection_modifyitems(config, items):
    """Remember all tests of this folder's files, if whole files were asked for."""
    ours = [item.nodeid for item in items if HERE in item.path.parents]
    config.stash[_expected] = [] if any("::" in argument for argument in config.args) else ours


_expected = pytest.StashKey()


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Ledger(config), "ledger")


def pytest_sessionfinish(session):
    if hasattr(session.config, "workerinput"):
        session.config.workeroutput["equation_tests"] = session.config.stash.get(_expected, [])


class Ledger:
    """Collects what the tests report and writes the file at the end of a whole run."""

    def __init__(self, config):
        self.config = config
        self.expected = set()
        self.passed = {}
        self.unread = []

    def pytest_runtest_logreport(self, report):
        if report.when == "teardown" and report.passed and "discrepancy" in dict(report.user_properties):
            self.passed[report.nodeid] = report.user_properties

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        self.expected.update(getattr(node, "workeroutput", {}).get("equation_tests", []))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        self.expected.update(self.config.stash.get(_expected, []))
        files = {}
        for test in self.expected:
            files.setdefault(Path(test.partition("::")[0]).name, set()).add(test)
        done = {name for name, tests in files.items() if tests <= set(self.passed)}
        table = rows(self.passed, sources.equations(ROOT), tree_of)
        self.unread = [r["label"] for r in table if r["reading"] is None and files_of(r["tests"]) <= done]
        if self.unread:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        elif PROOFS in os.environ:
            for name in done:
                proofs = {test: self.passed[test] for test in sorted(files[name])}
                write_whole(Path(os.environ[PROOFS], f"{Path(name).stem}.json"), proofs)
        elif done == {path.name for path in HERE.glob("test_*.py")}:
            write_whole(LEDGER, table)

    def pytest_terminal_summary(self, terminalreporter):
        for label in self.unread:
            terminalreporter.write_line(
                f"{label}: no test reads all of it by value, and none pins it", red=True
            )


def write_whole(path, content):
    """Replace a file in one step: whoever reads it sees the old table or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf8")
    draft.replace(path)
