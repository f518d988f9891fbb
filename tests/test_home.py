"""Nothing of the package writes to the home folder but the student's own check, and that one file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
READ = """
import pkgutil, sys
import fysstk_book, fysstk_nn
sys.path.insert(0, {tools!r})
import build_book, held_numbers, launch, notebooks, questions, run_chapters
from fysstk_book import draw, grade, longruns, measured, sources
from fysstk_book.check import progress
from fysstk_book.questions import loading
progress()
progress("gates")
"""
CHECK = """
from fysstk_book.check import check, progress
print(check("one-delta", lambda x, y, w1, b1: 0.0))
print(progress("one-neuron"))
"""


@pytest.fixture
def home(tmp_path):
    """A fresh home folder, in which Matplotlib's and IPython's own files are elsewhere."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def run(home, script, *arguments):
    """Run Python with that home folder; return what it printed."""
    environment = {k: v for k, v in os.environ.items() if k not in ("FYSSTK_PROGRESS", "XDG_CONFIG_HOME")}
    environment |= {"HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    elsewhere = home.parent / "elsewhere"
    environment |= {"MPLCONFIGDIR": str(elsewhere), "IPYTHONDIR": str(elsewhere)}
    command = [sys.executable, *(["-c", script] if script else []), *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_imported_and_read_leaves_nothing_there(home):
    run(home, READ.format(tools=str(ROOT / "tools")))
    assert os.listdir(home) == []


def test_grading_leaves_nothing_there(home, tmp_path):
    (tmp_path / "returned").mkdir()
    cell = (
        '{"cell_type": "code", "source": ["SOURCE"], "metadata": {}, "outputs": [], "execution_count": null}'
    )
    cell = cell.replace("SOURCE", "from fysstk_book.check import check; check('one-delta', lambda *a: 0.0)")
    text = f'{{"cells": [{cell}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 4}}'
    (tmp_path / "returned" / "ann.ipynb").write_text(text)
    run(home, "", "-m", "fysstk_book.grade", str(tmp_path / "returned"), "-o", str(tmp_path / "table.csv"))
    assert "ann" in (tmp_path / "table.csv").read_text()
    assert os.listdir(home) == []


def test_a_check_leaves_the_file_of_progress_alone(home):
    assert "1 try" in run(home, CHECK)
    assert os.listdir(home) == [".fysstk-nn-progress.json"]


def test_a_home_that_cannot_be_written_to_costs_the_memory_alone(home, tmp_path):
    nowhere = tmp_path / "file"
    nowhere.write_text("no folder can be made below a file, by whomever")
    assert "1 try" in run(nowhere / "home", CHECK)
    assert nowhere.read_text().startswith("no folder")
    home.chmod(0o500)
    assert "1 try" in run(home, CHECK)
    home.chmod(0o700)
