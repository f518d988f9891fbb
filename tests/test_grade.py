"""Grading returned notebooks, good, bad and broken ones: from the folder to the table."""

import contextlib
import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

import fysstk_book.check as checker
from fysstk_book.check.diagnosis import diagnose
from fysstk_book.check.results import VERDICTS as CHECK_VERDICTS
from fysstk_book.exercises import catalogue, find
from fysstk_book.grade import handover, intake, judge, kernel, sandbox, session, worker
from fysstk_book.grade.__main__ import main, parser
from fysstk_book.grade.course import Way, grade_all
from fysstk_book.grade.intake import File, collect
from fysstk_book.grade.journal import Journal
from fysstk_book.grade.reading import NotANotebookError, read_cells
from fysstk_book.grade.sandbox import Limits
from fysstk_book.grade.session import Heard, Judge, JudgeError, grade_notebook
from fysstk_book.grade.table import (
    VERDICTS,
    Row,
    safe,
    try_place,
    write_rows,
    write_table,
    write_whole,
)
from fysstk_book.grade.wire import WireError, receive, send
from fysstk_book.numbers import book

IMPORT = "from fysstk_book.check import check, hint"
COST = """
def one_cost(x, y, w1, b1):
    from math import exp
    return 0.5 * (1 - 1 / (1 + exp(-w1 * x - b1)) - y) ** 2
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


FORMULA = "=cmd|' _C calc'!A0"  # a student's name
NOTEBOOKS = {
    "ada": notebook(RIGHT, "hint('one-cost')\nprint('x' * 10**6)", "f = ...", "check('one-delta', f)"),
    "ben": notebook(WRONG),
    "cem": notebook(
        "def broken(:", "check('one-cost', undefined)", "1 / 0", RIGHT, "check('one-delta', gone)"
    ),
    "dag": notebook(RIGHT, "import os\nos._exit(7)", "check('one-delta', ...)"),
    "eve": notebook("import ctypes\nctypes.string_at(0)"),
    "gil": "no notebook at all",
    "hal": json.dumps([1, 2]),
    "ida": "",
    "kim": notebook("1 + 1"),
    "nils": notebook(
        "import numpy, fysstk_book.check.diagnosis as d\nfrom fysstk_book.exercises import find\n"
        "d.is_wrong = lambda case: None\nnumpy.abs = lambda *a: 0\n" + WRONG,
        "check = lambda *a: None\n" + RIGHT.replace("one-cost", "one-delta"),
    ),
    "sun": notebook(  # half of a character in an error
        "raise ValueError(b'\\x3d\\xd8'.decode('utf-16-le', 'surrogatepass'))",
        "check('one-delta', gone)",
        RIGHT,
    ),
    FORMULA: notebook(
        "import sys\nsys.exit()",
        "raise KeyboardInterrupt",
        "input()",
        "check('no-such-exercise', 1)",
        "import numpy as np\nx = np.ones(10**10)",
        "x = 'x' * 10**11",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(9999,)).start()",
        "from os import environ\nassert 'SECRET' not in environ\n" + RIGHT,
    ),
}


@pytest.fixture(scope="module")
def protection():
    return sandbox.choose()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("returned")
    for name, text in NOTEBOOKS.items():
        (root / f"{name}.ipynb").write_text(text)
    (root / "quentin" / "deep" / ".ipynb_checkpoints").mkdir(parents=True)
    (root / "quentin" / "deep" / "work.ipynb").write_text(
        notebook("import neighbour\nassert open('data.txt').read() == neighbour.WORDS\n" + RIGHT)
    )
    (root / "quentin" / "deep" / "neighbour.py").write_text("WORDS = 'words'")
    (root / "quentin" / "deep" / "data.txt").write_text("words")
    (root / "quentin" / "deep" / ".ipynb_checkpoints" / "work.ipynb").write_text("no")
    (root / "rosa").mkdir()
    (root / "rosa" / "answer.pdf").write_bytes(b"%PDF")
    (root / "sam.ipynb").write_bytes(bytes(range(256)) * 100)
    (root / "tor").mkdir()
    (root / "tor" / "1.ipynb").write_text(notebook(RIGHT, "check('one-delta', ...)"))
    (root / "tor" / "2.ipynb").write_text(
        notebook(WRONG, "check('one-delta', 1.0)", "import os\nos._exit(1)")
    )
    (root / "uma.ipynb").symlink_to(root / "nowhere.ipynb")
    (root / ".DS_Store").write_text("")
    return root


@pytest.fixture(scope="module")
def table(folder, protection, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET", "1")
        found = collect(folder, tmp_path_factory.mktemp("scratch"))
        way = Way(Limits(seconds=300, cell_seconds=15, megabytes=4096), protection, jobs=2)
        return grade_all(found.submissions, way)


def of(table, student, missing=False):
    return [
        (row.exercise, row.verdict, row.mistake)
        for row in table
        if row.student == student and (missing or row.verdict not in ("missing", "look"))
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


def test_errors_end_their_cell_only_and_the_first_is_quoted(table):
    (right, (exercise, verdict, mistake)) = of(table, "cem")
    assert right == COST_RIGHT
    assert (exercise, verdict) == ("one-delta", "not reached")
    assert mistake.startswith("SyntaxError in code cell 2: ")
    assert mistake.endswith("; then NameError in code cell 6: name 'gone' is not defined")


def test_a_crash_is_one_row(table):
    assert of(table, "dag") == [COST_RIGHT, ("", "crashes", "dag.ipynb: Python was left with exit code 7")]
    assert of(table, "eve") == [("", "crashes", "eve.ipynb: Python was ended by SIGSEGV")]


def test_what_is_no_notebook_is_one_row(table):
    assert of(table, "gil") == [("", "not a notebook", "gil.ipynb: it is not written in JSON")]
    assert of(table, "hal") == [("", "not a notebook", "hal.ipynb: it has no list of cells")]
    assert of(table, "ida") == [("", "not a notebook", "ida.ipynb: it is empty")]
    assert of(table, "sam") == [("", "not a notebook", "sam.ipynb: it is not written in JSON")]
    assert of(table, "rosa") == [("", "no notebook", "what was returned: answer.pdf")]
    assert of(table, "uma") == [("", "not a notebook", "uma.ipynb: it is a link, and links are not followed")]
    assert of(table, "kim") == [("", "no checks", "kim.ipynb: no exercise is checked in it")]


def test_after_whatever_happens_in_a_cell_the_others_run(table):
    """Exits, interrupts, questions, too much memory, a thread left behind; nobody sees our environment."""
    assert of(table, FORMULA) == [COST_RIGHT]


def test_half_a_character_in_an_error_harms_nobody(table):
    (right, (exercise, verdict, mistake)) = of(table, "sun")
    assert right == COST_RIGHT
    assert "\\ud83d" in mistake


def test_tampering_changes_nothing_and_is_shown(table):
    first, second = of(table, "nils")
    assert first[:2] == ("one-cost", "known mistake")
    assert second[:2] == ("one-delta", "not reached")
    (look,) = [row.mistake for row in table if row.student == "nils" and row.verdict == "look"]
    assert "fysstk_book.check.diagnosis in code cell 2" in look
    assert not [row for row in table if row.student == "ada" and row.verdict == "look"]


def test_folders_are_students_and_neighbours_are_there(table):
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


def test_a_cell_that_hangs_is_one_row_and_the_others_run(tmp_path, protection):
    path = tmp_path / "fia.ipynb"
    path.write_text(notebook("import time\nwhile True:\n    time.sleep(0.1)", RIGHT))
    one = Judge()
    rows = grade_notebook("fia", [File(path, "fia.ipynb")], "fia.ipynb", Limits(300, 2), protection, one)
    one.close()
    assert of(rows, "fia") == [
        COST_RIGHT,
        ("", "hangs", "fia.ipynb: code cell 2 did not end in 2 seconds"),
    ]


def test_a_cell_that_cannot_be_stopped_is_ended_with_its_notebook(tmp_path, protection):
    stubborn = "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\nwhile True: pass"
    path = tmp_path / "tom.ipynb"
    path.write_text(notebook(stubborn, RIGHT))
    start = time.monotonic()
    one = Judge()
    rows = grade_notebook("tom", [File(path, "tom.ipynb")], "tom.ipynb", Limits(2, 1), protection, one)
    one.close()
    assert time.monotonic() - start < 60
    assert rows == [Row("tom", "", "hangs", "tom.ipynb: stopped after 2 seconds")]


# -- nothing is lost --------------------------------------------------------------------------------------


def test_table_is_a_csv_file_that_a_spreadsheet_can_trust(table, tmp_path):
    path = tmp_path / "table.csv"
    assert write_table(table, path) == path
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["student", "exercise", "verdict", "mistake"]
    assert len(rows) == len(table) + 1
    assert {row[0] for row in rows if "cmd" in row[0]} == {f"'{FORMULA}"}


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("+1", "'+1"),
        ("two\nlines", "two lines"),
        ("semi;=1+1", "semi;'=1+1"),
        ("semi; =1+1", "semi;' =1+1"),
        ('quote;"=1+1"', 'quote;\'"=1+1"'),
        ("a,@SUM(A1)", "a,'@SUM(A1)"),
        ("full ＝1", "full ＝1"),
        ("＝1", "'＝1"),
        ("x - 1 = 2", "x - 1 = 2"),
        ("J\udcf8rgen", "J\\xf8rgen"),
        ("half \ud83d", "half \\ud83d"),
        ("nul\0", "nul\\x00"),
        ("a\u030a", "å"),
        ("blåbær 🫐", "blåbær 🫐"),
    ],
)
def test_any_text_can_stand_in_a_cell(text, cell, tmp_path):
    assert safe(text) == cell
    write_rows([[text, 1.5, 2]], tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [[cell, "1.5", "2"]]


def test_a_table_is_replaced_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    path.write_text("last week's")

    def fail(*arguments):
        raise PermissionError("a spreadsheet has it open")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fail)
        with pytest.raises(PermissionError):
            write_whole(path, b"new")
    with monkeypatch.context() as patch:
        patch.setattr("os.replace", fail)
        with pytest.raises(PermissionError, match="cannot be replaced"):
            write_whole(path, b"new")
    assert path.read_text() == "last week's"
    real = os.replace
    monkeypatch.setattr("os.replace", lambda a, b: fail() if b == path else real(a, b))
    assert write_whole(path, b"new") == tmp_path / "table-2.csv"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["table-2.csv", "table.csv"]


def test_the_place_is_tried_first(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        try_place(tmp_path / "no" / "table.csv")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        try_place(tmp_path)
    (tmp_path / "t.csv").write_text("x")
    try_place(tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "x"


def test_command(tmp_path, capsys):
    returned = tmp_path / "returned"
    returned.mkdir()
    (returned / "ada.ipynb").write_text(notebook(RIGHT))
    output = tmp_path / "table.csv"
    command = [str(returned), "-o", str(output), "-j", "2", "--cell-seconds", "30", "--protection", "limits"]
    assert main(command) == 0
    told = capsys.readouterr()
    assert "1 right" in told.out
    assert "ada: 1 right" in told.err
    assert "Protection: limits of time and memory only" in told.err
    first = output.read_bytes()
    assert first.decode("utf-8-sig").splitlines()[1] == "ada,one-cost,right,"
    assert main(command) == 0
    assert "kept from before" in capsys.readouterr().err
    assert output.read_bytes() == first
    assert main([*command, "--fresh"]) == 0
    assert "kept from before" not in capsys.readouterr().err
    (returned / "ada.ipynb").write_text(notebook(WRONG))  # returned again
    assert main(command) == 0
    assert "ada: 0 right" in capsys.readouterr().err


def test_a_wrong_command_line_is_told_at_once(tmp_path, capsys):
    returned = tmp_path / "returned"
    returned.mkdir()
    for command, words in (
        ([str(tmp_path / "nowhere")], "is neither a folder nor a zip archive"),
        ([str(returned), "-o", str(tmp_path / "no" / "such" / "folder.csv")], "there is no folder"),
        ([str(returned), "--names", "("], "is no regular expression"),
        ([str(returned), "--names", "x"], "has no group"),
        ([str(returned), "--report", str(returned), "-o", str(tmp_path / "t.csv")], "is a folder"),
    ):
        assert main(command) == 2
        assert words in capsys.readouterr().err


def test_command_line():
    told = subprocess.run(
        [sys.executable, "-m", "fysstk_book.grade", "--help"], capture_output=True, text=True, check=True
    )
    assert "one notebook for each student" in " ".join(told.stdout.split())


def test_a_run_that_is_stopped_goes_on_where_it_was(tmp_path, protection):
    """Killed or interrupted at any moment: who was graded stays graded, and no process is left."""
    returned, output = tmp_path / "returned", tmp_path / "table.csv"
    go, marker = returned / "b" / "go.txt", f"987{os.getpid()}.25"
    (returned / "b").mkdir(parents=True)
    (returned / "a.ipynb").write_text(notebook(RIGHT))
    # A program started by the notebook, where programs may be started: it has to end as well.
    programs = protection in sandbox.SEPARATE
    program = "subprocess.run" if programs else "time.sleep(9999); print"
    wait = f"import os, subprocess, time\nif not os.path.exists('go.txt'): {program}(['sleep', '{marker}'])"
    (returned / "b" / "b.ipynb").write_text(notebook(wait, WRONG))
    (returned / "c.ipynb").write_text(notebook("check('one-delta', ...)"))
    command = [sys.executable, "-m", "fysstk_book.grade", str(returned), "-o", str(output)]
    command += ["--cell-seconds", "300"]
    kept = Journal(output.with_suffix(".results")).place("a")
    at_work = marker if programs else os.fsencode("b/b.ipynb").hex()
    for how, code in ((signal.SIGKILL, -9), (signal.SIGINT, 130)):
        run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        _until(kept.exists, seconds=60)
        assert kept.exists()
        _until(lambda: _processes_with(at_work), seconds=60 if Path("/proc").exists() else 5)
        run.send_signal(how)
        told = run.communicate(timeout=60)[1]
        assert run.returncode == code
        _until(lambda: not _processes_with(marker), seconds=30)
        assert not _processes_with(marker)
        assert not output.exists()
    assert "a: 1 right, kept from before" in told
    assert "the same command goes on" in told
    go.write_text("")
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "a: 1 right, kept from before" in done.stderr
    with output.open(encoding="utf-8-sig") as file:
        rows = [row for row in csv.reader(file) if row[2] not in ("missing",)]
    assert [row[:3] for row in rows[1:]] == [
        ["a", "one-cost", "right"],
        ["b", "one-cost", "known mistake"],
        ["c", "one-delta", "not attempted"],
    ]


def _until(happens, seconds):
    """Wait until something happens, but no longer than so many seconds."""
    patience = time.monotonic() + seconds
    while not happens() and time.monotonic() < patience:
        time.sleep(0.05)


def _processes_with(word):
    """The command lines with a word in them, of all processes, where there is a /proc."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in found if word in line]


def test_a_journal_forgets_what_is_damaged_or_of_another_key(tmp_path):
    kept = Journal(tmp_path / "results")
    kept.start(fresh=False)
    rows = [Row("a/b", "one-cost", "right", "")]
    kept.write("a/b", "key", rows)
    assert kept.read("a/b", "key") == rows
    assert kept.read("a/b", "other") is None
    assert kept.read("A/b", "key") is None
    assert kept.place("a/b").parent == tmp_path / "results"
    assert kept.place("..").parent == tmp_path / "results"
    kept.place("a/b").write_text('{"student": "a/b", "key": "key", "rows": [3]}')
    assert kept.read("a/b", "key") is None
    kept.start(fresh=True)
    assert list((tmp_path / "results").iterdir()) == []


def test_a_guard_that_has_ended_is_no_trouble(tmp_path):
    """What is told to it then gets lost; it is not the grader that fails."""
    sandbox.prepare(tmp_path)
    for _ in range(3):
        guard = sandbox.start([sys.executable, "-c", ""], tmp_path, "limits", Limits())
        guard.wait(60)
        session._end(guard)
        session._let_go(guard)
        assert sandbox.wait(guard)[0]["ended"] == "exit"


def test_one_students_trouble_is_not_the_others(tmp_path, monkeypatch):
    """Whatever goes wrong in the grader itself: the others have their rows."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.ipynb").write_text(notebook())
    found = collect(tmp_path, tmp_path / "scratch")

    def grade(student, *arguments):
        if student == "a":
            raise RuntimeError("broken \ud83d")
        return [Row(student, "one-cost", "right", "")]

    monkeypatch.setattr("fysstk_book.grade.course.grade_notebook", grade)
    kept = Journal(tmp_path / "results")
    kept.start(fresh=False)
    rows = grade_all(found.submissions, Way(), kept)
    assert [(row.student, row.verdict) for row in rows] == [("a", "not graded"), ("b", "right")]
    assert kept.place("b").exists()
    assert not kept.place("a").exists(), "the next run tries again"
    monkeypatch.setattr("fysstk_book.grade.journal.key", lambda one, *rest: one.nothing)
    rows = grade_all(found.submissions, Way())
    assert {row.verdict for row in rows} == {"not graded"}
    assert "AttributeError" in rows[0].mistake


# -- who returned what ------------------------------------------------------------------------------------


def zipped(**files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return stream.getvalue()


def found_in(root, tmp_path_factory, names="auto"):
    return collect(root, tmp_path_factory.mktemp("scratch"), names)


def test_names_of_platforms(tmp_path, tmp_path_factory):
    one = notebook()
    for name in (
        "doejane_12345_678901_one-neuron.ipynb",
        "doejane_12345_678902_gates.ipynb",
        "doejane_LATE_12345_678903_one-neuron-1.ipynb",
        "doejane_99_678903_one-neuron.ipynb",
        "Kari Nordmann_471_assignsubmission_file_one-neuron.ipynb",
        "plain.ipynb",
    ):
        (tmp_path / name).write_text(one)
    (tmp_path / "Ola Hansen_472_assignsubmission_file_").mkdir()
    (tmp_path / "Ola Hansen_472_assignsubmission_file_" / "x.ipynb").write_text(one)
    (tmp_path / "smithjo_555_1_work.zip").write_bytes(zipped(**{"a.ipynb": one, "sub/b.ipynb": one}))
    found = {s.student: s for s in found_in(tmp_path, tmp_path_factory).submissions}
    assert found["doejane (12345)"].notebooks == ["one-neuron.ipynb", "gates.ipynb", "one-neuron-1.ipynb"]
    assert found["doejane (12345)"].late == ["one-neuron-1.ipynb"]
    assert found["doejane (99)"].notebooks == ["one-neuron.ipynb"]
    assert found["Kari Nordmann"].id == "471"
    assert found["Kari Nordmann"].notebooks == ["one-neuron.ipynb"]
    assert found["Ola Hansen"].notebooks == ["x.ipynb"]
    assert found["smithjo"].notebooks == ["a.ipynb", "sub/b.ipynb"]
    assert found["plain"].notebooks == ["plain.ipynb"]
    assert len(found) == 6
    plain = {s.student for s in found_in(tmp_path, tmp_path_factory, "folders").submissions}
    assert "doejane_12345_678901_one-neuron" in plain
    own = found_in(tmp_path, tmp_path_factory, r"(?P<student>[a-z]+)_.*?(?P<file>[^_]+)").submissions
    assert "doejane" in {s.student for s in own}


def test_what_browsers_and_systems_make_of_names(tmp_path, tmp_path_factory):
    for number, ending in enumerate((".ipynb.json", ".ipynb.txt", ".IPYNB", ".ipynb (1)", ".ipynb.download")):
        (tmp_path / f"top{number}{ending}").write_text(notebook())
        (tmp_path / f"in{number}").mkdir()
        (tmp_path / f"in{number}" / f"work{ending}").write_text(notebook())
    (tmp_path / "in0" / "__MACOSX").mkdir()
    (tmp_path / "in0" / "__MACOSX" / "._work.ipynb").write_text("")
    (tmp_path / "in0" / "~$x.ipynb").write_text("")
    for junk in ("Thumbs.db", "desktop.ini", "index.html", "README.md", "table.csv", "._a.ipynb", "Icon\r"):
        (tmp_path / junk).write_text("x")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "table.results").mkdir()
    found = found_in(tmp_path, tmp_path_factory)
    students = sorted(f"{where}{number}" for where in ("in", "top") for number in range(5))
    assert [one.student for one in found.submissions] == students
    assert all(len(one.notebooks) == 1 for one in found.submissions)
    junk = {"Thumbs.db", "desktop.ini", "index.html", "README.md", "table.csv", "._a.ipynb"}
    assert {name for name, _ in found.ignored} == junk | {"Icon\r", "__MACOSX", "table.results"}


def test_archives(tmp_path, tmp_path_factory):
    one, returned = notebook(), tmp_path / "returned"
    returned.mkdir()
    inner = zipped(**{"deep.ipynb": one})
    (returned / "zed.zip").write_bytes(
        zipped(**{"a.ipynb": one, "more.zip": inner, "__MACOSX/._a.ipynb": "x"})
    )
    (returned / "zoe").mkdir()
    (returned / "zoe" / "work.zip").write_bytes(zipped(**{"a.ipynb": one, "data.csv": "1"}))
    evil = io.BytesIO()
    with zipfile.ZipFile(evil, "w") as archive:
        archive.writestr("../../out.ipynb", "x")
        archive.writestr("/abs.ipynb", "x")
        link = zipfile.ZipInfo("link.ipynb")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("good.ipynb", one)
    (returned / "eve.zip").write_bytes(evil.getvalue())
    (returned / "bad.zip").write_bytes(b"PK\x03\x04 broken")
    nest = inner
    for _ in range(4):
        nest = zipped(**{"more.zip": nest})
    (returned / "nest.zip").write_bytes(nest)
    found = {s.student: s for s in found_in(returned, tmp_path_factory).submissions}
    assert found["zed"].notebooks == ["a.ipynb", "deep.ipynb"]
    assert found["zoe"].notebooks == ["a.ipynb"]
    assert len(found["zoe"].files) == 2
    assert found["eve"].notebooks == ["good.ipynb"]
    assert {words for _, words in found["eve"].faults} == {intake.A_LINK, "its name leads out of the archive"}
    assert "cannot be unpacked" in found["bad"].faults[0][1]
    assert "an archive in an archive" in found["nest"].faults[0][1]
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for path in returned.rglob("*"):
            archive.write(path, Path("submissions") / path.relative_to(returned))
    (tmp_path / "all.zip").write_bytes(whole.getvalue())
    again = {s.student: s for s in found_in(tmp_path / "all.zip", tmp_path_factory).submissions}
    assert again.keys() == found.keys()
    assert again["zoe"].notebooks == ["a.ipynb"]


def test_an_archive_has_its_limits(tmp_path, tmp_path_factory, monkeypatch):
    (tmp_path / "a.zip").write_bytes(zipped(**{"a.ipynb": "x" * 1000, "b.ipynb": "y" * 1000}))
    monkeypatch.setattr(intake, "MOST_BYTES", 1500)
    (one,) = found_in(tmp_path, tmp_path_factory).submissions
    assert "holds more than" in one.faults[0][1]
    monkeypatch.setattr(intake, "MOST_FILES", 0)
    (one,) = found_in(tmp_path, tmp_path_factory).submissions
    assert "more than 0 files" in one.faults[0][1]


def test_links_are_not_followed(tmp_path, tmp_path_factory):
    home = tmp_path / "home"
    home.mkdir()
    (home / "mine.ipynb").write_text(notebook())
    returned = tmp_path / "returned"
    returned.mkdir()
    (returned / "ann").symlink_to(home)
    (returned / "bob").mkdir()
    (returned / "bob" / "loop").symlink_to(returned / "bob")
    (returned / "bob" / "x.ipynb").symlink_to(home / "mine.ipynb")
    (returned / "bob" / "own.ipynb").write_text(notebook())
    os.mkfifo(returned / "bob" / "pipe.ipynb")
    ann, bob = found_in(returned, tmp_path_factory).submissions
    assert ann.files == []
    assert ann.faults == [("ann", intake.A_LINK)]
    assert bob.notebooks == ["own.ipynb"]
    assert [name for name, _ in bob.faults] == ["loop", "x.ipynb"]


def test_a_name_that_is_no_unicode(tmp_path, tmp_path_factory):
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/J\xf8rgen.ipynb")).write_text(notebook())
    except (OSError, UnicodeError):  # this file system wants Unicode
        (tmp_path / "J\\xf8rgen.ipynb").write_text(notebook())
    (one,) = found_in(tmp_path, tmp_path_factory).submissions
    assert one.student == "J\\xf8rgen"


def test_a_dry_run_runs_nothing(tmp_path, capsys):
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "a.ipynb").write_text("broken")
    (tmp_path / "ada" / "a.py").write_text("")
    (tmp_path / "ben_LATE_1_2_b.ipynb").write_text("broken")
    (tmp_path / "README.md").write_text("")
    assert main([str(tmp_path), "--dry-run", "-o", str(tmp_path / "no" / "t.csv")]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "ada: a.ipynb; 1 other file",
        "ben: b.ipynb; late: b.ipynb",
        "2 students. Nothing was run.",
    ]
    assert "ignored: README.md: neither a folder, a notebook nor a zip archive" in told.err


def test_reading_cells(tmp_path):
    path = tmp_path / "x.ipynb"
    text = '{"cells": [{"cell_type": "code", "source": "a = \\"blåbær\\""}, 3, {"cell_type": "raw"}]}'
    for codec in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"):
        path.write_bytes(text.encode(codec))
        assert read_cells(path) == ['a = "blåbær"']
    old = {
        "worksheets": [
            {"cells": [{"cell_type": "code", "input": ["a = 1\n", "b"]}, {"cell_type": "markdown"}]}
        ]
    }
    path.write_text(json.dumps(old))
    assert read_cells(path) == ["a = 1\nb"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"\xff\xfe", "it is empty"),
        (b"[" * 10**6, "it is not written in JSON"),
        (b"<<<<<<< HEAD\n{}", "marks of a merge conflict"),
        (b"<!doctype html>", "it is a web page"),
        (b"PK\x03\x04", "it is a zip archive"),
        (b"%PDF-1.4", "it is a PDF"),
        (b'{"cells": [{"cell_type"', "cut off or damaged"),
        (b"{}", "it has no list of cells"),
        (b'{"worksheets": 3}', "it has no list of cells"),
    ],
)
def test_what_is_no_notebook_is_told(content, words, tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_bytes(content)
    with pytest.raises(NotANotebookError, match=words):
        read_cells(path)


def test_a_notebook_that_is_too_large(tmp_path):
    path = tmp_path / "x.ipynb"
    with path.open("wb") as file:
        file.truncate(60 * 1024**2)
    with pytest.raises(NotANotebookError, match="larger than 50 MB"):
        read_cells(path)
    with pytest.raises(NotANotebookError, match="no file"):
        read_cells(tmp_path)


# -- in this process, line by line ------------------------------------------------------------------------


class InProcess(Judge):
    """The judge, without its process."""

    def ask(self, head, body=b""):
        return judge.reply(head, body)


@pytest.fixture
def shell(monkeypatch, tmp_path):
    """Whatever IPython and the worker do to this process is put back."""
    monkeypatch.setattr(checker, "check", checker.check)
    monkeypatch.setattr(checker, "hint", checker.hint)
    monkeypatch.setattr(checker, "progress", checker.progress)
    monkeypatch.setattr("builtins.input", input)
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    before = dict(sys.modules)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    hooks = sys.displayhook, sys.excepthook
    handler = signal.getsignal(signal.SIGALRM)
    yield
    signal.signal(signal.SIGALRM, handler)
    sys.displayhook, sys.excepthook = hooks
    kernel.Kernel.clear_instance()
    InteractiveShell.clear_instance()
    for name in [name for name, module in sys.modules.items() if isinstance(module, kernel.StandIn)]:
        del sys.modules[name]
    sys.modules.pop("tqdm.notebook", None)
    sys.modules |= {name: before[name] for name in ("tqdm.notebook",) if name in before}


def heard_from(sources, programs=False, cell_seconds=10.0):
    """What the grader hears of a notebook with these cells."""
    heard, known = Heard(), {exercise.id for exercise in catalogue()}
    ours, theirs = socket.socketpair()
    relay = threading.Thread(target=session._relay, args=(ours, InProcess(), heard, known))
    relay.start()
    channel = worker.Channel(theirs.makefile("rwb"))
    try:
        worker.run_cells(sources, channel, cell_seconds, programs)
        channel.say("end")
    finally:
        channel.stream.close()
        theirs.close()
        relay.join(60)
        ours.close()
    return heard


def test_running_cells_in_this_process(shell):
    heard = heard_from(
        [
            IMPORT,
            RIGHT,
            "hint('one-cost')",
            "check('one-delta', gone)",
            "# check('one-end', x)\ncheck('one-batch', ",
            WRONG,
            "x = ]",
            "files = !ls\n%pip install x\nlen?",
            "%%nonsense\nx",
            "from ipywidgets import interact, FloatSlider\n@interact\ndef f(x=1): return x\n"
            "@interact(x=3)\ndef g(x): return x\nwith FloatSlider(value=3).out as out: out()\n"
            "assert FloatSlider(value=3).value == 3",
            "import matplotlib.pyplot as plt\n%matplotlib inline\nplt.plot([1])\n1",
            "import fysstk_book.check.values\nfysstk_book.check.values.agree = None",
        ]
    )
    assert heard.ended
    assert heard.checked["one-cost"][0] == "known mistake"
    assert heard.unreached.keys() == {"one-delta", "one-batch"}
    assert heard.unreached["one-delta"] == "NameError in code cell 4: name 'gone' is not defined"
    assert heard.troubles == []
    assert heard.looks == ["code cell 12 replaces fysstk_book.check.values.agree"]


def test_a_cell_that_hangs_in_this_process(shell):
    heard = heard_from([IMPORT, "while True: pass", "check('one-delta', gone)"], cell_seconds=1.0)
    assert heard.ended
    assert heard.unreached == {
        "one-delta": "code cell 2 did not end in 1 seconds; "
        "then NameError in code cell 3: name 'gone' is not defined"
    }
    assert heard.troubles == [("hangs", "code cell 2 did not end in 1 seconds")]


def test_programs_run_where_they_are_shut_in(shell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("")
    cells = ["files = !ls *.txt\nassert list(files) == ['a.txt']", "!exit 3\nassert _exit_code == 3"]
    cells += ["out = get_ipython().getoutput('echo {files[0]}', split=False)\nassert out == 'a.txt\\n', out"]
    heard = heard_from([*cells, "check('one-delta', gone)"], programs=True)
    assert heard.unreached == {"one-delta": "NameError in code cell 4: name 'check' is not defined"}
    monkeypatch.setattr(kernel, "PROGRAM_SECONDS", 0.01)
    heard = heard_from(["!sleep 1\nassert _exit_code == 1", "check('one-delta', gone)"], programs=True)
    assert "cell 2" in heard.unreached["one-delta"]


def test_unknown_exercises_and_troubles_are_told(shell):
    heard = heard_from(
        [
            IMPORT,
            "try:\n    check('one-costs', 1)\n    assert False\n"
            "except LookupError as error:\n    assert 'one-cost' in str(error)",
            "check('one-delta', gone)",
        ]
    )
    assert heard.unreached == {"one-delta": "NameError in code cell 3: name 'gone' is not defined"}
    assert heard.checked == {}


def test_describing_errors():
    class Mute(Exception):  # noqa: N818
        def __str__(self):
            raise ValueError

    assert worker.describe(Mute(), 3) == "Mute in code cell 3"
    assert worker.describe(ValueError("no"), 1) == "ValueError in code cell 1: no"


def test_messages():
    stream = io.BytesIO()
    send(stream, {"a": "ø"}, b"body")
    stream.seek(0)
    assert receive(stream) == ({"a": "ø"}, b"body")
    assert receive(stream) is None
    whole = stream.getvalue()
    for cut in range(1, len(whole)):
        assert receive(io.BytesIO(whole[:cut])) is None
    for bad in (b"\xff" * 12, b"\x01\0\0\0" + bytes(8) + b"{", b"\x01\0\0\0" + bytes(8) + b"3"):
        with pytest.raises(WireError):
            receive(io.BytesIO(bad))


def test_a_judge_that_dies_is_replaced(monkeypatch):
    one = Judge()
    try:
        task, body = one.ask({"ask": "task", "exercise": "one-cost"})
        assert body
        one.process.kill()
        with pytest.raises(JudgeError):
            one.ask({"ask": "task", "exercise": "one-cost"})
        assert one.ask({"ask": "judge", "exercise": "one-cost"}, b"spoilt")[0] == {
            "trouble": "ValueError: what the notebook handed over is spoilt (UnpicklingError)"
        }
    finally:
        one.close()


def test_the_judge_thinks_once_about_what_many_hand_in(monkeypatch):
    """Of the same answer to the same exercise it knows the verdict; of any other it finds one."""
    monkeypatch.setattr(judge, "VERDICTS", {})
    real, judged = handover.judged, []
    monkeypatch.setattr(handover, "judged", lambda id, body: judged.append(id) or real(id, body))

    def said(id, answer):
        body = handover.carry_out(handover.task(id), answer)
        return judge.reply({"ask": "judge", "exercise": id}, body)[0]["verdict"]

    exec(COST, students := {})
    assert [said("one-cost", students["one_cost"]) for _ in range(3)] == ["right"] * 3
    assert [said("one-cost", lambda *inputs: 0.0) for _ in range(2)] == ["wrong"] * 2
    assert said("one-delta", ...) == said("one-cost", ...) == "not attempted"
    assert judged == ["one-cost", "one-cost", "one-delta", "one-cost"]
    spoilt = {"ask": "judge", "exercise": "one-cost"}, b"spoilt"
    assert "trouble" in judge.reply(*spoilt)[0]
    assert "trouble" in judge.reply(*spoilt)[0]


def test_without_a_list_of_fonts(tmp_path, monkeypatch):
    monkeypatch.setattr("matplotlib.get_cachedir", lambda: str(tmp_path / "nowhere"))
    sandbox.prepare(tmp_path)
    assert list((tmp_path / "returned" / ".matplotlib").iterdir()) == []


@pytest.mark.parametrize("exercise", [exercise.id for exercise in catalogue() if exercise.checked])
def test_a_judge_elsewhere_says_what_the_checker_says(exercise, in_a_thread):
    """A known mistake and a stub, handed over as plain values, get the very same words."""
    found, task = find(exercise), handover.task(exercise)
    answers = [...]
    answers += [found.make(found.mistakes[0].wrong)] if found.mistakes else []
    for answer in answers:
        content = handover.carry_out(task, answer)
        said = json.dumps(handover.as_json(handover.judged(exercise, content)))
        assert handover.from_json(json.loads(said)) == diagnose(found, answer)


# -- the page for instructors -----------------------------------------------------------------------------

PAGE = (Path(__file__).parents[1] / "book" / "instructors.md").read_text("utf-8")


def test_the_page_explains_every_verdict():
    tables = re.findall(r"^\| Verdict \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    names = re.findall(r"^\| ([^|]+) \|", "".join(tables), re.MULTILINE)
    assert {name.strip() for row in names for name in row.split(",")} == {*CHECK_VERDICTS, *VERDICTS}


def test_the_page_names_every_option_and_protection():
    options = {
        option for action in parser()._actions for option in action.option_strings if option[:2] == "--"
    }
    assert [option for option in options - {"--help", "--output"} if option not in PAGE] == []
    for protection in sandbox.PROTECTIONS:
        assert f"| `{protection}` |" in PAGE


def test_the_page_states_the_limits():
    usual = Limits()
    assert f"{usual.seconds:g} seconds in all" in PAGE
    assert f"{usual.cell_seconds:g} seconds for one cell" in PAGE
    assert f"{usual.megabytes} megabytes" in PAGE
    assert f"`--disk {usual.disk}`" in PAGE


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
