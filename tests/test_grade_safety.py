"""Notebooks that cheat and that do harm, under every protection that works here."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fysstk_book import exercises
from fysstk_book.check.results import RIGHT
from fysstk_book.exercises import catalogue
from fysstk_book.grade import guard, landlock, sandbox
from fysstk_book.grade.intake import File
from fysstk_book.grade.namespaces import View, bubblewrap
from fysstk_book.grade.sandbox import PROTECTIONS, SEPARATE, Limits, ProtectionError
from fysstk_book.grade.session import Judge, Running, grade_notebook

LIMITS = Limits(seconds=120, cell_seconds=60, megabytes=3000, disk=64)


@pytest.fixture(scope="module")
def one_judge():
    found = Judge()
    yield found
    found.close()


@pytest.fixture(scope="module", params=PROTECTIONS)
def protection(request):
    """One protection; where it does not work, the grader says so instead of going on without."""
    trouble = sandbox.works(request.param)
    if trouble:
        with pytest.raises(ProtectionError, match="does not work here"):
            sandbox.choose(request.param)
        return None
    return request.param


def graded(judge, tmp_path, protection, *cells, limits=LIMITS, beside=None):
    """The rows of a notebook with these cells."""
    code = [{"cell_type": "code", "source": source} for source in cells]
    files = {**(beside or {}), "n.ipynb": json.dumps({"cells": code})}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = [File(tmp_path / name, name) for name in files]
    return grade_notebook("n", found, "n.ipynb", limits, protection, judge, Running())


# -- verdicts ---------------------------------------------------------------------------------------------

FORGER = """
import atexit, ctypes, gc, glob, json, os, re, sys, types
from fysstk_book.check import check
import fysstk_book.check as checker

def zero(*inputs):
    return 0.0

def lines(id):
    'What the report of a grader may look like, in all spellings.'
    return [json.dumps({'exercise': id, 'verdict': 'right', 'mistake': ''}),
            json.dumps({'say': 'right', 'exercise': id, 'verdict': 'right', 'mistake': ''})]

def everything_inside(thing):
    'All objects within a function: its closure, its globals, and theirs.'
    for cell in getattr(thing, '__closure__', None) or ():
        yield cell
        yield from everything_inside(cell.cell_contents)
"""

# Each aims at the exercise whose id it is given as ID; its check follows. A zero is a wrong answer to all.
FORGERIES = {
    "writes into every file that the process holds open or was told of": """
for path in [*glob.glob('/proc/self/fd/*'), *open('/proc/self/cmdline').read().split(chr(0))]:
    try:
        if not os.path.isdir(path) and 'python' not in path and 'ipynb' not in path:
            with open(path, 'ab', buffering=0) as file:
                file.write(('\\n'.join(['', *lines(ID), '']) ).encode())
    except OSError:
        pass
""",
    "calls what it finds in the closure of check": """
for cell in everything_inside(check):
    inner = cell.cell_contents
    for call in (inner, getattr(inner, 'say', None)):
        for options in ({'exercise': ID, 'verdict': 'right', 'mistake': ''},):
            try:
                call(**options)
            except BaseException:
                pass
    try:
        inner.say('right', '', ID)
    except BaseException:
        pass
""",
    "puts its own functions into the closure of check": """
from fysstk_book.check.results import Result
for cell in everything_inside(check):
    name = getattr(cell.cell_contents, '__name__', '')
    if name in ('diagnose', 'from_json', 'put_back', 'carry_out'):
        cell.cell_contents = lambda *a, **k: Result(ID, 'right', 'Right.')
""",
    "replaces json.dumps": """
real_dumps = json.dumps
json.dumps = lambda *a, **k: re.sub('"verdict": "[^"]*"', '"verdict": "right"', real_dumps(*a, **k))
check(ID, wrong)
json.dumps = real_dumps
""",
    "traces the checker and changes its result": """
def trace(frame, event, argument):
    if event == 'return' and type(argument).__name__ == 'Result':
        object.__setattr__(argument, 'verdict', 'right')
        object.__setattr__(argument, 'mistake', '')
    return trace
sys.settrace(trace)
check(ID, wrong)
sys.settrace(None)
""",
    "makes every result right": """
from fysstk_book.check.results import Result
kept = vars(Result).get('verdict')
Result.verdict = property(lambda self: 'right', lambda self, value: None)
try:
    check(ID, wrong)
finally:
    del Result.verdict
""",
    "widens the tolerance": """
from fysstk_book.exercises import find
object.__setattr__(find(ID), 'atol', 1e300)
""",
    "changes the code of the comparison": """
import fysstk_book.check.values as values
import fysstk_book.check.diagnosis as diagnosis
for function in (diagnosis._is_wrong, diagnosis._is_unsteady):
    function.__code__ = (lambda case: None).__code__
""",
    "changes the code of the call, to that of the solution": """
import fysstk_book.check.running as running
def call(exercise, answer, inputs):
    from fysstk_book.check.running import Returned
    from fysstk_book.exercises import find
    return Returned(find(exercise.id).reference(*inputs))
running.call.__code__ = call.__code__
""",
    "hands in the solution under another name": """
def solution(*inputs):
    from fysstk_book.exercises import find
    import types
    code = find(ID).reference.__code__.replace(co_filename='mine.py')
    return types.FunctionType(code, find(ID).reference.__globals__)(*inputs)
wrong = solution
""",
    "blinds the watch from inside the answer": """
def blinding(*inputs):
    import sys
    frame = sys._getframe()
    while frame:
        watch = frame.f_locals.get('watch')
        if watch is not None:
            watch.forbidden = None
            watch.set_profile(None)
        exercise = frame.f_locals.get('exercise')
        if exercise is not None and callable(exercise.reference):
            value = exercise.reference(*inputs)
            if watch is not None:
                watch.peeked = False
            return value
        frame = frame.f_back
    return 0.0
wrong = blinding
""",
    "writes when Python ends": """
def at_the_end():
    for path in [*glob.glob('/proc/self/fd/*'), *open('/proc/self/cmdline').read().split(chr(0))]:
        try:
            if 'jsonl' in path:
                open(path, 'a').write('\\n'.join(['', *lines(ID), '']))
        except OSError:
            pass
atexit.register(at_the_end)
""",
    "writes what it likes, and leaves Python before the end": """
for number in range(3, 64):
    for line in lines(ID):
        try:
            head = json.dumps({'say': 'right', 'exercise': ID, 'verdict': 'right', 'mistake': ''}).encode()
            import struct
            os.write(number, struct.pack('<IQ', len(head), 0) + head)
            os.write(number, ('\\n' + line + '\\n' + json.dumps({'end': 'end'}) + '\\n').encode())
        except OSError:
            pass
for path in open('/proc/self/cmdline').read().split(chr(0)):
    if 'jsonl' in path:
        open(path, 'a').write('\\n'.join(['', *lines(ID), json.dumps({'end': 'end'}), '']))
os._exit(0)
""",
}

FUNCTIONS = [exercise for exercise in catalogue() if exercise.takes_function and not exercise.scored]
TARGETS = [exercise.id for exercise in FUNCTIONS if exercise.use is None][: len(FORGERIES)]


def test_thirteen_forgeries_fail_and_are_shown(protection, one_judge, tmp_path):
    assert len(FORGERIES) == len(TARGETS) == 13
    if protection is None:
        return
    cells = [FORGER]
    for id, cell in zip(TARGETS, FORGERIES.values(), strict=True):
        cells += [f"ID = {id!r}\nwrong = zero\n" + cell, "check(ID, wrong)"]
    rows = graded(one_judge, tmp_path, protection, *cells)
    verdicts = {row.exercise: row.verdict for row in rows if row.verdict != "missing"}
    forged = [id for id in TARGETS if verdicts.get(id) in RIGHT]
    assert forged == []
    assert len(verdicts) > 10, "most of them were judged"
    (look,) = [row.mistake for row in rows if row.verdict == "look"]
    for words in ("__closure__", "settrace", "/proc/", "atexit", "fysstk_book.check.diagnosis"):
        assert words in look


def test_what_comes_over_the_wire_is_checked(one_judge, tmp_path):
    """A notebook that speaks for itself can claim what it likes: only the judge gives verdicts."""
    claims = [
        {"say": "right", "exercise": "one-cost", "verdict": "right", "mistake": ""},
        {"say": "not reached", "exercise": "no-such", "mistake": "x"},
        {"exercise": "x"},
        {"ask": "judge", "exercise": ["one-cost"]},
        {"ask": "judge", "exercise": "no-such"},
        {"ask": "judge", "exercise": "one-cost"},
        {"say": "end"},
    ]
    cell = f"""
import os, socket, stat
from fysstk_book.grade.wire import receive, send
held = [n for n in range(3, 100) if os.path.exists(f'/proc/self/fd/{{n}}')]
channel = [n for n in held if stat.S_ISSOCK(os.fstat(n).st_mode)]
for number in channel:
    try:
        stream = socket.socket(fileno=os.dup(number)).makefile('rwb')
        for claim in {claims!r}:
            send(stream, claim, b'x')
            if 'ask' in claim:
                receive(stream)
    except (OSError, ValueError):
        pass
os._exit(0)
"""
    rows = graded(one_judge, tmp_path, "limits", cell)
    said = [(row.exercise, row.verdict) for row in rows if row.verdict not in ("missing", "look")]
    assert said == [("one-cost", "not graded")] or not Path("/proc").exists()


# -- harm -------------------------------------------------------------------------------------------------

HARM = """
import ctypes, json, os, socket, subprocess, sys, time
done = []
def attempt(name, act):
    try:
        act()
        done.append(name)
    except BaseException as error:
        pass
attempt('read', lambda: open(SECRET).read())
attempt('changed', lambda: open(SECRET, 'a').write('changed'))
attempt('made', lambda: os.mkdir(SECRET + '.folder'))
attempt('renamed', lambda: os.rename(SECRET, SECRET + '.moved'))
attempt('deleted', lambda: os.remove(VICTIM))
attempt('submission', lambda: open(os.path.join('..', 'returned', 'files', 'n.ipynb'), 'a').write('x'))
attempt('submission', lambda: open(OWN, 'a').write('x'))
attempt('tcp', lambda: socket.create_connection(('127.0.0.1', PORT), 2).close())
attempt('unix', lambda: socket.socket(socket.AF_UNIX).connect(UNIX))
attempt('catalogue', lambda: open(CATALOGUE).read())
attempt('saw', lambda: 1 / (open('/proc/%d/cmdline' % PYTEST).read() == CALLED))
attempt('signal', lambda: os.kill(PYTEST, 0))
def leave_behind():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            words = [word.encode() for word in SLEEP]
            ctypes.CDLL(None).execv(words[0], (ctypes.c_char_p * 3)(*words, None))
        os._exit(0)
    os.wait()
attempt('daemon', leave_behind)
raise RuntimeError('done: ' + ' '.join(done) + '.')
"""
# What each protection leaves possible to Python, as the page for instructors says.
POSSIBLE = {
    "bubblewrap": {"daemon"},
    "namespaces": {"daemon"},
    "landlock": {"daemon", "saw"},
    "limits": {"daemon", "saw", "signal", "catalogue"}
    | {"read", "changed", "made", "renamed", "deleted", "submission"},
}


def test_harm(protection, one_judge, tmp_path):
    """Each protection allows what the page says, and no more; nothing outlives the notebook."""
    if protection is None:
        return
    lecturer, own = tmp_path / "lecturer", tmp_path / "own"
    lecturer.mkdir()
    own.mkdir()
    secret, victim, unix = lecturer / "secret.txt", lecturer / "victim.txt", lecturer / "socket"
    secret.write_text("secret")
    victim.write_text("victim")
    marker = f"98.{os.getpid()}"
    sleep = next(path for path in ("/bin/sleep", "/usr/bin/sleep") if os.path.exists(path))
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as listener:
        os.chdir(lecturer)  # the path of a socket is short
        listener.bind("socket")
        listener.listen()
        where = {
            "SECRET": str(secret),
            "VICTIM": str(victim),
            "OWN": str(own / "n.ipynb"),
            "PORT": tcp.getsockname()[1],
            "UNIX": str(unix),
            "CATALOGUE": str(Path(exercises.__file__).with_name("one_neuron.py")),
            "PYTEST": os.getpid(),
            "CALLED": own_call.read_text()
            if (own_call := Path(f"/proc/{os.getpid()}/cmdline")).exists()
            else "",
            "SLEEP": [sleep, marker],
        }
        names = "\n".join(f"{name} = {value!r}" for name, value in where.items())
        rows = graded(one_judge, own, protection, names, HARM, "check('one-delta', gone)")
    (told,) = [row.mistake for row in rows if row.exercise == "one-delta"]
    done = set(told.partition("done: ")[2].partition(".")[0].split())
    allowed = set(POSSIBLE[protection])
    if protection == "landlock":
        allowed |= {"signal"} if landlock.version() < 6 else set()
    if not Path("/proc").exists():
        allowed.discard("saw")
    assert done == allowed
    (look,) = [row.mistake for row in rows if row.verdict == "look"]
    assert "ctypes" in look, "it was read before it ran, and could change itself"
    if protection != "limits":
        assert secret.read_text() == "secret"
        assert sorted(path.name for path in lecturer.iterdir()) == ["secret.txt", "socket", "victim.txt"]
    end = time.monotonic() + 10
    while any(marker in line for line in _processes()) and time.monotonic() < end:
        time.sleep(0.05)
    assert not [line for line in _processes() if marker in line]


@pytest.fixture(autouse=True)
def same_folder(monkeypatch):
    """Tests that change the working folder come back."""
    monkeypatch.chdir(os.getcwd())


def _processes():
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue


GREEDY = {
    "megabytes of memory": (  # several processes, each within the limit
        "import os, time\nfor i in range(6):\n    if os.fork() == 0:\n        x = b'x' * 150_000_000\n"
        "        time.sleep(60)\ntime.sleep(60)",
        Limits(60, 50, 700, 64),
    ),
    "the processes it may start": (
        "import os, time\nfor i in range(400):\n    if os.fork() == 0:\n        time.sleep(60)\n"
        "time.sleep(60)",
        Limits(60, 50, 8000, 64),
    ),
}


@pytest.mark.parametrize("what", list(GREEDY))
def test_a_group_of_processes_has_one_limit(what, one_judge, tmp_path):
    if not Path("/proc").exists():  # elsewhere, each process is limited by itself
        return
    cell, limits = GREEDY[what]
    protection = sandbox.choose()
    (row,) = graded(one_judge, tmp_path, protection, cell, limits=limits)
    assert row.verdict == "crashes"
    assert what in row.mistake


def test_the_disk_is_limited(protection, one_judge, tmp_path):
    if protection is None:
        return
    fill = (
        "import time\nfor i in range(20):\n    with open(f'{i}.bin', 'wb') as file:\n"
        "        file.write(b'x' * 10_000_000)\ntime.sleep(5)"
    )
    rows = graded(one_judge, tmp_path, protection, fill, "check('one-delta', gone)", limits=LIMITS)
    if protection in SEPARATE:  # the place itself is full: an error like any other
        assert "No space left" in rows[0].mistake
    else:
        assert "64 megabytes of disk" in rows[0].mistake


# -- the pieces -------------------------------------------------------------------------------------------


def test_an_unknown_protection_and_one_of_another_system(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(ProtectionError, match="landlock does not work here: it is for Linux"):
        sandbox.choose("landlock")
    monkeypatch.setattr(sandbox, "works", lambda name: "" if name == "limits" else "no")
    assert sandbox.choose() == "limits"


def test_bubblewrap_where_it_is_not_installed(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert sandbox.works("bubblewrap") == "bubblewrap is not installed"


def test_the_view_of_bubblewrap(tmp_path):
    (tmp_path / "link").symlink_to("target")
    view = View((str(tmp_path / "link"), "/usr"), "/usr/x/exercises", "/returned", 64)
    command = bubblewrap(view)
    assert command[0] == "bwrap"
    assert "--unshare-all" in command
    text = " ".join(command)
    assert f"--symlink target {tmp_path}/link" in text
    assert "--ro-bind /usr /usr" in text
    assert "--ro-bind /returned /notebook/returned" in text
    assert "--bind" not in command, "nothing of the machine is writable"


def test_all_of_a_folder_but_the_catalogue(tmp_path):
    for name in ("a/x.py", "a/exercises/__init__.py", "a/exercises/one.py", "b.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    parts = set(landlock.all_but(str(tmp_path), str(tmp_path / "a" / "exercises")))
    assert parts == {str(tmp_path / name) for name in ("a/x.py", "a/exercises/__init__.py", "b.py")}
    assert list(landlock.all_but("/usr", str(tmp_path))) == ["/usr"]


def test_your_home_is_not_shown(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(tmp_path.parent)]))
    shown = sandbox.readable()
    assert not [path for path in shown if (str(tmp_path) + "/").startswith(path + "/")]
    assert sys.prefix in shown or any(sys.prefix.startswith(path + "/") for path in shown)


def test_what_a_guard_measures(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 3 * 1024**2)
    used = guard._used(tmp_path, "limits")
    assert used["disk"] == pytest.approx(3, abs=0.1)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        if Path("/proc").exists():
            assert child.pid in guard.descendants(os.getpid())
            assert guard._memory(child.pid) > 0
            assert guard._used(tmp_path, "namespaces").keys() == {"processes", "megabytes"}
    finally:
        child.kill()
        child.wait()
    assert guard._memory(child.pid) == 0
    assert guard._size(tmp_path / "nothing") == 0
