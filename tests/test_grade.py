"""Grading a folder of returned notebooks, good, bad and hostile ones."""

import csv
import io
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import fysstk_book.check as checker
from fysstk_book.check.diagnosis import diagnose
from fysstk_book.check.results import VERDICTS as CHECK_VERDICTS
from fysstk_book.exercises import catalogue
from fysstk_book.grade import (
    VERDICTS,
    Limits,
    Row,
    _cell,
    _matplotlib_folder,
    _read,
    grade_folder,
    grade_notebook,
    submissions,
    write_table,
)
from fysstk_book.grade.__main__ import main
from fysstk_book.grade.worker import NotANotebookError, Reporter, as_python, describe, read_cells, run_cells
from fysstk_book.numbers import book

IMPORT = "from fysstk_book.check import check, hint"
COST = """
def one_cost(x, y, w1, b1):
    from math import exp
    return 0.5 * (1 / (1 + exp(-w1 * x - b1)) - y) ** 2
"""
RIGHT = COST + "check('one-cost', one_cost)"
WRONG = COST.replace("0.5 * ", "") + "check('one-cost', one_cost)"


def notebook(*cells):
    """A notebook with these code cells, as Jupyter writes it."""
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [
                {"cell_type": "markdown", "metadata": {}, "source": ["# check('one-cost', not_code)"]},
                *(
                    {"cell_type": "code", "metadata": {}, "outputs": [], "source": source.splitlines(True)}
                    for source in (IMPORT, *cells)
                ),
            ],
        }
    )


NOTEBOOKS = {
    "ada": notebook(RIGHT, "hint('one-cost')\nprint('x' * 10**6)", "f = ...", "check('one-delta', f)"),
    "ben": notebook(WRONG),
    "cem": notebook(
        "def broken(:", "check('one-cost', undefined)", "1 / 0", RIGHT, "check('one-delta', gone)"
    ),
    "dag": notebook(RIGHT, "import os\nos._exit(7)", "check('one-delta', ...)"),
    "eve": notebook("import ctypes\nctypes.string_at(0)"),
    "fia": notebook("import time\nwhile True:\n    time.sleep(0.1)", RIGHT),
    "gil": "no notebook at all",
    "hal": json.dumps([1, 2]),
    "ida": "",
    "jon": notebook(
        "%matplotlib inline\n!pip install nothing", "%%time\n" + RIGHT, "%%bash\nrm x", "display(1)"
    ),
    "kim": notebook("1 + 1"),
    "lea": notebook(
        "from urllib.request import urlopen\nurlopen('http://127.0.0.1:9/')",
        "import socket\nsocket.create_connection(('127.0.0.1', 9))",
        "import subprocess\nsubprocess.run(['true'])\nreached = True",
        "import os\nos.system('true')\nreached = True",
        "assert 'reached' not in globals()\n" + RIGHT,
    ),
    "max": notebook("import sys\nsys.exit()", "raise KeyboardInterrupt", "input()", RIGHT),
    "nils": notebook(
        "import numpy, fysstk_book.check.diagnosis as d\nfrom fysstk_book.exercises import find\n"
        "d._is_wrong = lambda case: None\nnumpy.abs = lambda *a: 0\n" + WRONG,
        "check = lambda *a: None\n" + RIGHT.replace("one-cost", "one-delta"),
    ),
    "ola": notebook("import numpy as np\nx = np.ones(10**10)", "x = 'x' * 10**11", RIGHT),
    "pia": notebook("from os import environ\nassert 'SECRET' not in environ\n" + RIGHT),
    "=cmd|' /C calc'!A0": notebook(RIGHT),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("returned")
    for name, text in NOTEBOOKS.items():
        (root / f"{name.replace('/', '_')}.ipynb").write_text(text)
    (root / "quentin" / "deep" / ".ipynb_checkpoints").mkdir(parents=True)
    (root / "quentin" / "deep" / "work.ipynb").write_text(notebook(RIGHT))
    (root / "quentin" / "deep" / ".ipynb_checkpoints" / "work.ipynb").write_text("no")
    (root / "rosa").mkdir()
    (root / "rosa" / "answer.pdf").write_bytes(b"%PDF")
    (root / "sam.ipynb").write_bytes(bytes(range(256)) * 100)
    (root / "tor").mkdir()
    (root / "tor" / "1.ipynb").write_text(notebook(RIGHT, "check('one-delta', ...)"))
    (root / "tor" / "2.ipynb").write_text(
        notebook(WRONG, "check('one-delta', 1.0)", "import os\nos._exit(1)")
    )
    (root / "tor" / "3.ipynb").write_text(notebook("check('one-delta', 2)"))
    (root / "uma.ipynb").symlink_to(root / "nowhere.ipynb")
    (root / "ved.ipynb").symlink_to("/dev/zero")
    (root / ".DS_Store").write_text("")
    return root


@pytest.fixture(scope="module")
def table(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET", "1")
        return grade_folder(folder, Limits(seconds=300, cell_seconds=15, megabytes=4096), jobs=2)


def of(table, student, missing=False):
    return [
        (row.exercise, row.verdict, row.mistake)
        for row in table
        if row.student == student and (missing or row.verdict != "missing")
    ]


COST_RIGHT = ("one-cost", "right", "")


def test_right_wrong_and_not_attempted(table):
    assert of(table, "ada") == [COST_RIGHT, ("one-delta", "not attempted", "")]
    ((exercise, verdict, mistake),) = of(table, "ben")
    assert (exercise, verdict) == ("one-cost", "known mistake")
    assert mistake


def test_exercises_of_the_chapter_without_a_check_are_missing(table):
    rows = of(table, "ada", missing=True)
    chapter = [
        exercise.id for exercise in catalogue() if exercise.checked and exercise.chapter == "one-neuron"
    ]
    assert sorted(row[0] for row in rows) == sorted(chapter)


def test_errors_end_their_cell_only(table):
    assert of(table, "cem") == [
        COST_RIGHT,
        ("one-delta", "not reached", "NameError in code cell 6: name 'gone' is not defined"),
    ]
    assert of(table, "max") == [COST_RIGHT]


def test_crashes_and_hangs_are_one_row(table):
    assert of(table, "dag") == [COST_RIGHT, ("", "crashes", "dag.ipynb: Python was left with exit code 7")]
    assert of(table, "eve") == [("", "crashes", "eve.ipynb: Python was ended by SIGSEGV")]
    assert of(table, "fia") == [
        COST_RIGHT,
        ("", "hangs", "fia.ipynb: code cell 2 did not end in 15 seconds"),
    ]


def test_what_is_no_notebook_is_one_row(table):
    assert of(table, "gil") == [("", "not a notebook", "gil.ipynb: it is not written in JSON")]
    assert of(table, "hal") == [("", "not a notebook", "hal.ipynb: it has no list of cells")]
    assert of(table, "ida") == [("", "not a notebook", "ida.ipynb: it is not written in JSON")]
    assert of(table, "sam") == [("", "not a notebook", "sam.ipynb: it is not written in JSON")]
    assert of(table, "rosa") == [("", "no notebook", "the folder holds no .ipynb file")]
    for name in ("uma", "ved"):
        told = f"{name}.ipynb: it is no file, or a link that leads nowhere"
        assert of(table, name) == [("", "not a notebook", told)]
    assert of(table, "kim") == [("", "no checks", "kim.ipynb: no exercise is checked in it")]


def test_magics_are_passed_over(table):
    assert of(table, "jon") == [COST_RIGHT]


def test_there_is_no_network_and_no_other_program(table):
    assert of(table, "lea") == [COST_RIGHT]


def test_memory_is_limited(table):
    assert of(table, "ola") == [COST_RIGHT]


def test_the_environment_is_not_passed_on(table):
    assert of(table, "pia") == [COST_RIGHT]


def test_tampering_changes_nothing(table):
    first, second = of(table, "nils")
    assert first[:2] == ("one-cost", "known mistake")
    assert second == ("one-delta", "not reached", "its check did not run")


def test_folders_are_students(table):
    assert of(table, "quentin") == [COST_RIGHT]
    assert [row.student for row in table] == sorted(row.student for row in table)


def test_the_best_of_several_notebooks_counts(table):
    assert [row[:2] for row in of(table, "tor")] == [
        ("one-cost", "right"),
        ("one-delta", "wrong type"),
        ("", "crashes"),
    ]
    pairs = [(row.student, row.exercise) for row in table if row.exercise]
    assert len(pairs) == len(set(pairs))


def test_a_cell_that_cannot_be_stopped_is_ended_with_its_notebook(tmp_path):
    stubborn = "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\nwhile True: pass"
    path = tmp_path / "tom.ipynb"
    path.write_text(notebook(RIGHT, stubborn, RIGHT))
    start = time.monotonic()
    rows = grade_notebook("tom", path, Limits(seconds=6, cell_seconds=1))
    assert time.monotonic() - start < 60
    assert rows[-1] == Row("tom", "", "hangs", "tom.ipynb: stopped after 6 seconds")
    assert len(rows) <= 2


def test_table_is_a_csv_file_that_a_spreadsheet_can_trust(table, tmp_path):
    path = tmp_path / "table.csv"
    write_table(table, path)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["student", "exercise", "verdict", "mistake"]
    assert len(rows) == len(table) + 1
    assert {row[0] for row in rows if "cmd" in row[0]} == {"'=cmd|' _C calc'!A0"}
    assert _cell("+1") == "'+1"
    assert _cell("two\nlines") == "two lines"


def test_command(tmp_path, capsys):
    returned = tmp_path / "returned"
    returned.mkdir()
    (returned / "ada.ipynb").write_text(notebook(RIGHT))
    output = tmp_path / "table.csv"
    assert main([str(returned), "-o", str(output), "-j", "2", "--cell-seconds", "30"]) == 0
    told = capsys.readouterr()
    assert "1 right" in told.out
    assert "ada: ada.ipynb: 1 right" in told.err
    assert output.read_text().splitlines()[1] == "ada,one-cost,right,"
    assert main([str(tmp_path / "nowhere"), "-o", str(output)]) == 2
    assert "is not a folder" in capsys.readouterr().err
    assert main([str(returned), "-o", str(tmp_path / "no" / "such" / "folder.csv"), "--seconds", "0.01"]) == 2


def test_command_line():
    told = subprocess.run(
        [sys.executable, "-m", "fysstk_book.grade", "--help"], capture_output=True, text=True, check=True
    )
    assert "one notebook for each student" in told.stdout


def test_submissions(folder):
    found = dict(submissions(folder))
    assert found["rosa"] is None
    assert found["quentin"].name == "work.ipynb"
    assert ".DS_Store" not in found


def test_running_cells_in_this_process(monkeypatch):
    """What the worker does, without its process: the same reports, line by line."""
    monkeypatch.setattr(checker, "check", checker.check)
    monkeypatch.setattr(checker, "hint", checker.hint)
    stream = io.StringIO()
    sources = [
        IMPORT,
        RIGHT,
        "hint('one-cost')",
        "while True: pass",
        "check('one-delta', gone)",
        WRONG,
        "x = ]",
    ]
    run_cells(sources, Reporter(stream), 3.0)
    said = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["exercise"], line["verdict"]) for line in said] == [
        ("one-cost", "right"),
        ("one-cost", "known mistake"),
        ("one-delta", "not reached"),
        ("", "hangs"),
    ]
    assert said[2]["mistake"] == "NameError in code cell 5: name 'gone' is not defined"
    assert said[3]["mistake"] == "code cell 4 did not end in 3 seconds"


def test_a_report_that_was_spoilt_is_read_as_far_as_it_goes(tmp_path):
    report = tmp_path / "report"
    report.write_bytes(b'{"exercise": "a", "verdict": "right", "mistake": ""}\n\xff{\n[1]\n{"exercise": 3}\n')
    assert _read(report) == [{"exercise": "a", "verdict": "right", "mistake": ""}]


def test_without_a_list_of_fonts(tmp_path, monkeypatch):
    monkeypatch.setattr("matplotlib.get_cachedir", lambda: str(tmp_path / "nowhere"))
    assert list(_matplotlib_folder(tmp_path).iterdir()) == []


def test_reading_cells(tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_text('{"cells": [{"cell_type": "code", "source": "a = 1"}, 3, {"cell_type": "raw"}]}')
    assert read_cells(path) == ["a = 1"]
    path.write_text("[" * 10**6)
    with pytest.raises(NotANotebookError):
        read_cells(path)
    with path.open("wb") as file:
        file.truncate(60 * 1024**2)
    with pytest.raises(NotANotebookError, match="larger than 50 MB"):
        read_cells(path)


def test_taking_out_magics():
    assert as_python("a = 1\n%magic\nif a:\n    !ls\n") == "a = 1\npass\nif a:\n    pass"
    assert as_python("%%timeit\na = 1") == "a = 1"
    assert as_python("%%html\n<b>") == ""
    assert as_python("x = 5 % 3") == "x = 5 % 3"


def test_describing_errors():
    class Mute(Exception):  # noqa: N818
        def __str__(self):
            raise ValueError

    assert describe(Mute(), 3) == "Mute in code cell 3"
    assert describe(ValueError("no"), 1) == "ValueError in code cell 1: no"


# -- the page for instructors -----------------------------------------------------------------------------

PAGE = (Path(__file__).parents[1] / "book" / "instructors.md").read_text("utf-8")


def test_the_page_explains_every_verdict():
    listed = {
        name.strip() for row in re.findall(r"^\| ([^|]+) \|", PAGE, re.MULTILINE) for name in row.split(",")
    }
    assert listed == {"Verdict", *CHECK_VERDICTS, *VERDICTS}


def test_the_page_states_the_limits():
    usual = Limits()
    assert f"{usual.seconds:g} seconds in all" in PAGE
    assert f"{usual.cell_seconds:g} seconds for one cell" in PAGE
    assert f"{usual.megabytes} megabytes" in PAGE


def test_the_example_on_the_page_works():
    """The entry is one that the checker takes, and its mistakes are told apart."""
    source = next(
        block for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "EXERCISES" in block
    )
    namespace = {}
    exec(source, namespace)
    (exercise,) = namespace["EXERCISES"]
    assert exercise.equation in book().equations
    assert f":label: ex-{exercise.id}" in PAGE
    assert f"{{exercise}} {exercise.title}\n" in PAGE
    assert diagnose(exercise, lambda a1, y: a1 - y).verdict == "right"
    for mistake in exercise.mistakes:
        assert diagnose(exercise, mistake.wrong).mistake == mistake.name
