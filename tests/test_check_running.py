"""How answers run: the same verdicts in a child, in a thread and in the browser, whatever came before."""

import os
import queue
import shutil
import subprocess
import sys
import textwrap
import threading
import time
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fysstk_book.check import running, state
from fysstk_book.check.diagnosis import diagnose
from fysstk_book.check.running import RUNNERS, openmp_in, runner
from fysstk_book.exercises import Exercise

EVERY_RUNNER = list(RUNNERS) if runner() == "process" else ["thread", "here"]
DOUBLE = Exercise(
    id="double",
    chapter="gates",
    title="Double",
    difficulty=1,
    minutes=1,
    reference=lambda x: 2 * x,
    inputs=lambda rng: (float(rng.normal()),),
    seconds=20.0,
)
QUICK = replace(DOUBLE, seconds=0.1)


@pytest.fixture(autouse=True)
def no_choice(monkeypatch):
    monkeypatch.setenv("FYSSTK_PROGRESS", "off")
    monkeypatch.delenv("FYSSTK_CHECK_RUNNER", raising=False)


@pytest.fixture(params=EVERY_RUNNER)
def any_runner(request, monkeypatch):
    monkeypatch.setenv("FYSSTK_CHECK_RUNNER", request.param)
    return request.param


def right(x):
    return x + x


def made(source):
    """Functions as a notebook's cell makes them."""
    names = {}
    exec(compile(textwrap.dedent(source), "<a cell>", "exec"), names)
    return names


LOOPS = {
    "a loop on one line": "def f(x):\n    while True: pass",
    "a loop on one line that counts": "def f(x):\n    n = 0\n    while True: n += 1",
    "a list without end": "def f(x): return [0 for _ in iter(int, 1)]",
    "a sum without end": "def f(x): return sum(1 for _ in iter(int, 1))",
    "a lambda that calls one": "def g():\n    while True: pass\nf = lambda x: g()",
    "a loop within a loop": "def f(x):\n    while True:\n        for i in range(3): pass",
    "a class with such a loop": "class F:\n    def __call__(self, x):\n        while 1: x = x\nf = F()",
}


@pytest.mark.parametrize("name", list(LOOPS))
def test_loops_without_end_are_stopped_everywhere(name, any_runner):
    assert diagnose(QUICK, made(LOOPS[name])["f"]).verdict == "too slow"
    assert diagnose(DOUBLE, right).verdict == "right"


def test_only_loops_on_one_line_are_watched_step_by_step():
    cell = made(
        "def a(x):\n    while True: pass\ndef b(x):\n    for i in range(3):\n        x += i\n    return x"
    )
    assert running._loops_on_a_line(cell["a"].__code__)
    assert not running._loops_on_a_line(cell["b"].__code__)
    assert not running._loops_on_a_line(textwrap.dedent.__code__), "a library's code is left alone"


def stubborn(enough):
    """An answer that cannot be stopped: in a thread it is left behind."""

    def answer(x):
        while not enough.is_set():
            try:
                while not enough.is_set():
                    time.sleep(0.001)
            except BaseException:
                pass
        return 0.0

    return answer


def test_an_answer_left_behind_disturbs_no_later_check(monkeypatch):
    monkeypatch.setenv("FYSSTK_CHECK_RUNNER", "thread")
    enough, before = threading.Event(), (sys.setprofile, sys.settrace, sys.stdout, threading.getprofile())
    try:
        left = diagnose(QUICK, stubborn(enough))
        assert left.verdict == "too slow"
        assert "still runs in the background" in repr(left)
        assert (sys.setprofile, sys.settrace, sys.stdout, threading.getprofile()) == before
        for how in EVERY_RUNNER:
            monkeypatch.setenv("FYSSTK_CHECK_RUNNER", how)
            assert diagnose(DOUBLE, right).verdict == "right"
        monkeypatch.setenv("FYSSTK_CHECK_RUNNER", "thread")

        def during(x):  # the first one ends while this one runs
            enough.set()
            time.sleep(0.02)
            print("what it prints is not shown")
            return 2 * x

        assert diagnose(DOUBLE, during).verdict == "right"
    finally:
        enough.set()
    time.sleep(0.1)
    assert (sys.setprofile, sys.settrace, sys.stdout, threading.getprofile()) == before


# -- beside threads ---------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """An answer that waits for a thread is found out in a fifth of the usual time."""
    monkeypatch.setattr(running, "WAITED_ENOUGH", running.WAITED_ENOUGH / 5)


@pytest.fixture
def helper():
    """A thread of the notebook that doubles numbers, as the pools of PyTorch and JAX compute theirs."""
    asked, answers = queue.Queue(), queue.Queue()

    def serve():
        while (x := asked.get()) is not None:
            answers.put(2 * x)

    thread = threading.Thread(target=serve)
    thread.start()

    def answer(x):
        asked.put(x)
        return answers.get()

    yield answer
    asked.put(None)
    thread.join()


def test_an_answer_that_needs_a_thread_of_the_notebook(helper):
    """A forked child has no such thread: the answer waits in vain, and then runs beside it."""
    start = time.monotonic()
    assert diagnose(DOUBLE, helper).verdict == "right"
    assert time.monotonic() - start < DOUBLE.seconds, "it does not wait until all its time is over"


def test_an_answer_that_sleeps_is_not_taken_for_one(helper):
    threads = threading.active_count()
    assert diagnose(replace(DOUBLE, seconds=0.5), lambda x: time.sleep(600)).verdict == "too slow"
    if runner() == "process":
        assert threading.active_count() == threads, "it ended with its process"


def test_an_answer_that_imports_what_a_thread_is_importing(tmp_path, monkeypatch):
    (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(1.5)\nTWO = 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    thread = threading.Thread(target=lambda: __import__("slow_to_import"))
    thread.start()
    time.sleep(0.3)

    def answer(x):
        import slow_to_import

        return slow_to_import.TWO * x

    assert diagnose(DOUBLE, answer).verdict == "right"
    thread.join()
    del sys.modules["slow_to_import"]


def test_a_matrix_product_after_one_with_two_threads():
    """In a process of its own, whose numpy has its own threads."""
    program = """
    import numpy as np
    from threadpoolctl import threadpool_limits
    from fysstk_book.check.diagnosis import diagnose
    from fysstk_book.exercises import Exercise
    exercise = Exercise(id="x", chapter="gates", title="x", difficulty=1, minutes=1, seconds=20.0,
                        reference=lambda A: A @ A.T, inputs=lambda rng: (rng.normal(size=(300, 300)),))
    with threadpool_limits(2):
        A = np.ones((600, 600))
        A @ A
        print(diagnose(exercise, lambda A: np.matmul(A, A.T)).verdict)
        np.linalg.svd(A)
        print(diagnose(exercise, lambda A: np.einsum("ij,kj->ik", A, A, optimize=True)).verdict)
    """
    environment = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        env=environment | {"FYSSTK_PROGRESS": "off"},
        timeout=200,
    )
    assert done.stdout.split() == ["right", "right"], done.stderr


# -- OpenMP -----------------------------------------------------------------------------------------------

MAPS = """\
7f00-7f01 r-xp 00000000 fe:01 1234  /home/a student/with blanks/lib/libgomp-a49a47f9.so.1.0.0
7f01-7f02 r--p 00000000 fe:01 1234  /home/a student/with blanks/lib/libgomp-a49a47f9.so.1.0.0
7f02-7f03 r-xp 00000000 fe:01 1235                     /opt/intel/libiomp5.so
7f03-7f04 r-xp 00000000 fe:01 1236                     /usr/lib/llvm/libomp.so.5
7f04-7f05 rw-p 00000000 00:00 0
7f05-7f06 r-xp 00000000 fe:01 1237                     /home/libgomp/innocent.so
7ffc-7ffd rw-p 00000000 00:00 0                        [stack]
"""


def test_a_module_that_is_imported_later_is_remembered(monkeypatch):
    def remembered():
        return {module.__name__ for module, _ in state.snapshot()}

    before = remembered()
    assert {"numpy", "fysstk_nn.activations", "fysstk_book.check.state"} <= before
    monkeypatch.setitem(sys.modules, "fysstk_book.later", types.ModuleType("fysstk_book.later"))
    assert remembered() == before | {"fysstk_book.later"}


def test_libraries_of_openmp_are_found_whatever_their_path():
    assert openmp_in(MAPS) == {
        "/home/a student/with blanks/lib/libgomp-a49a47f9.so.1.0.0",
        "/opt/intel/libiomp5.so",
        "/usr/lib/llvm/libomp.so.5",
    }


@pytest.mark.parametrize("place", ["plain", "with a blank"])
def test_openmp_from_a_path_with_a_blank(place, tmp_path):
    """scikit-learn's own OpenMP, from a folder of that name, is found and told to use one thread."""
    import sklearn.cluster  # noqa: F401

    if not Path("/proc/self/maps").exists():
        return
    found = [path for path in openmp_in(Path("/proc/self/maps").read_text()) if "gomp" in path]
    if not found:
        return
    original = found[0]
    folder = tmp_path / place
    folder.mkdir()
    copy = folder / os.path.basename(original)
    shutil.copy(original, copy)
    program = f"""
    import ctypes
    ctypes.CDLL({str(copy)!r}, mode=ctypes.RTLD_GLOBAL)
    from pathlib import Path
    from fysstk_book.check import running
    assert {str(copy)!r} in running.openmp_in(Path("/proc/self/maps").read_text())
    running._use_one_thread()
    print(ctypes.CDLL({str(copy)!r}).omp_get_max_threads())
    """
    environment = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        env=environment | {"OMP_NUM_THREADS": "3"},
        timeout=100,
    )
    assert done.stdout.split() == ["1"], done.stderr


def test_what_an_array_answer_does_beside_threads(helper, any_runner):
    assert diagnose(DOUBLE, lambda x: float(np.add(x, x))).verdict == "right"
