"""The ledger: every test here proves equations of the book, and a whole run writes down how well they hold.

A test is marked ``@pytest.mark.equation("eq-label", method="sympy")`` and hands its absolute errors to the
fixture ``discrepancy``. When all tests of this folder have run and passed, ``_build/ledger.json`` is
replaced; a run of some of them leaves it as it is. With ``-n`` (pytest-xdist) the workers measure and the
controller writes, if it was given this folder.
"""

import functools
import json
import os
from pathlib import Path

import pytest

from fysstk_book import sources

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LEDGER = ROOT / "_build" / "ledger.json"
METHODS = ("sympy", "central differences", "autograd", "autodiff", "numeric", "proof by cases")


@functools.cache
def printed_labels():
    """Return the labels of all equations, also of pages that are not in the table of contents yet."""
    entries = [entry for page in (ROOT / "book").glob("*.md") for entry in sources.labelled(page)]
    return {entry.label for entry in entries if entry.kind == "equation"}


@pytest.fixture
def discrepancy(request):
    """Return a function that records an absolute error of this test; the largest one goes into the ledger."""
    errors = []

    def record(error):
        error = abs(float(error))
        assert error < float("inf"), f"the discrepancy is {error}, not a finite number"
        errors.append(error)

    yield record
    assert errors, "this test measures nothing: call discrepancy(absolute_error)"
    request.node.user_properties.append(("discrepancy", max(errors)))


def pytest_runtest_setup(item):
    """Refuse a test that could not give a row of the ledger."""
    marks = list(item.iter_markers("equation"))
    if not marks:
        pytest.fail("a test in this folder needs @pytest.mark.equation(label, method=...)", pytrace=False)
    for mark in marks:
        method = mark.kwargs.get("method")
        if len(mark.args) != 1 or method not in METHODS:
            pytest.fail(f"{mark.args}: method={method!r} is none of {', '.join(METHODS)}", pytrace=False)
        if mark.args[0] not in printed_labels():
            pytest.fail(f"no page of the book prints an equation {mark.args[0]!r}", pytrace=False)
        item.user_properties.append(("equation", [mark.args[0], method]))
    if "discrepancy" not in item.fixturenames:
        pytest.fail(
            "a test in this folder measures: take the fixture `discrepancy` and call it", pytrace=False
        )


@pytest.hookimpl(tryfirst=True)  # before -k and -m take tests away
def pytest_collection_modifyitems(config, items):
    """Remember all tests of this folder, if all its files are here: a run of one file is not a whole one."""
    ours = [item for item in items if HERE in item.path.parents]
    whole = {item.path for item in ours} == set(HERE.glob("test_*.py"))
    config.stash[_expected] = [item.nodeid for item in ours] if whole else []


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

    def pytest_runtest_logreport(self, report):
        if report.when == "teardown" and report.passed and "discrepancy" in dict(report.user_properties):
            self.passed[report.nodeid] = report.user_properties

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        self.expected.update(getattr(node, "workeroutput", {}).get("equation_tests", []))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self):
        self.expected.update(self.config.stash.get(_expected, []))
        if self.expected and self.expected == set(self.passed):
            write_ledger(rows(self.passed))


def rows(passed):
    """Return one row per proved label, in the order of the book."""
    equations = sources.equations(ROOT)
    found = {label: {"methods": [], "discrepancies": [], "tests": []} for label in equations}
    for test, properties in sorted(passed.items()):
        errors = [value for name, value in properties if name == "discrepancy"]
        for label, method in [value for name, value in properties if name == "equation"]:
            row = found.get(label)
            if row is not None:
                row["methods"] += [method] if method not in row["methods"] else []
                row["discrepancies"] += errors
                row["tests"] += [test] if test not in row["tests"] else []
    return [
        {
            "label": label,
            "page": equations[label].page,
            "number": equations[label].number,
            "latex": equations[label].text,
            "methods": row["methods"],
            "discrepancy": max(row["discrepancies"], default=None),
            "tests": row["tests"],
        }
        for label, row in found.items()
        if row["tests"]
    ]


def write_ledger(table):
    """Replace the file in one step: whoever reads it sees the old table or the new one."""
    LEDGER.parent.mkdir(exist_ok=True)
    draft = LEDGER.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf8")
    draft.replace(LEDGER)
