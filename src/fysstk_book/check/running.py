"""Runs an answer where it can do no harm: in a forked child, else in a thread, else under a trace.

An answer may loop for ever, eat the memory, end Python, print, plot, or replace parts of numpy. On Linux
it runs in a forked child process with limits of its own: nothing needs pickling on the way in, plain values
come back, and whatever it did to the process is gone with the child. Where forking is not safe (macOS,
Windows), or an answer needs threads of its process that a child has not, it runs in a thread that is told to
stop and, should it not listen, is left behind. Where there are
no threads either (in a browser) a trace function watches the clock. In the last two cases the global state
is put back afterwards.
"""

import builtins
import contextlib
import copy
import ctypes
import dis
import faulthandler
import functools
import io
import logging
import os
import pickle
import re
import selectors
import signal
import struct
import sys
import sysconfig
import threading
import time
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

import fysstk_nn
from fysstk_book.check.state import Names, altered, snapshot, untouched
from fysstk_book.check.values import plain, size, unchanged
from fysstk_book.exercises import Exercise

BOOK = str(Path(__file__).parents[1]) + os.sep
ALGEBRA = str(Path(fysstk_nn.__file__).parent) + os.sep
PACKAGES = (BOOK, ALGEBRA)
EXERCISES = BOOK + "exercises" + os.sep
LIBRARY = tuple(
    {sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {"<frozen"}
)
MOST_MEMORY = 2 * 1024**3
EXHAUSTING = ("RecursionError", "MemoryError")
LARGEST_MESSAGE = 256 * 1024**2
Inputs = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Returned:
    """The answer returned this (a plain value), and changed the arguments with these positions."""

    value: Any
    changed: tuple[int, ...] = ()


@dataclass(frozen=True)
class Raised:
    """The answer raised this; `line` is the answer's own line, empty when there is none."""

    kind: str
    message: str
    line: str = ""


@dataclass
class Notes:
    """What was noticed along the way; `signs` are the positions of mistakes whose sign the answer shows."""

    printed: int = 0
    warned: str = ""
    altered: str = ""
    peeked: bool = False
    signs: tuple[int, ...] = ()


@dataclass
class Run:
    """How the answer fared: one outcome for each input, as far as it came."""

    outcomes: list[Returned | Raised] = field(default_factory=list)
    again: Returned | Raised | None = None
    notes: Notes = field(default_factory=Notes)
    ended: str = ""
    still_running: bool = False


class Stop(BaseException):
    """Thrown into an answer that takes too long."""


class _Sink(io.TextIOBase):
    """Takes what an answer prints and counts the characters."""

    def __init__(self) -> None:
        self.count = 0

    def write(self, text: str) -> int:
        self.count += len(text)
        return len(text)

    def writable(self) -> bool:
        return True


# -- one call ---------------------------------------------------------------------------------------------


def _is_own(filename: str) -> bool:
    """Tell whether a file is the student's: neither this package's nor a library's."""
    return not filename.startswith(PACKAGES) and not filename.startswith(LIBRARY)


def _raised(error: BaseException) -> Raised:
    kind = str(type.__getattribute__(type(error), "__name__"))
    try:
        message = " ".join(str(error).split())
    except BaseException:
        message = ""
    try:
        frames = traceback.extract_tb(error.__traceback__, limit=-1000)
        own = [frame for frame in frames if _is_own(frame.filename)]
    except Exception:
        own = []
    lines = [f"line {frame.lineno}" + (f": {frame.line}" if frame.line else "") for frame in own]
    # Where a recursion ends is chance; the line that it passes most often is the one that recurs.
    line = max(lines, key=lines.count) if lines and kind == "RecursionError" else (lines or [""])[-1]
    return Raised(kind, message[:300], line[:200])


def _codes(value: Any) -> set[types.CodeType]:
    """Collect the code of all functions among the arguments; the answer may call those."""
    found: set[types.CodeType] = set()
    if isinstance(value, tuple | list):
        found.update(*(_codes(part) for part in value))
    elif isinstance(value, dict):
        found.update(*(_codes(part) for part in value.values()))
    elif isinstance(value, types.FunctionType):
        waiting = [value.__code__]
        while waiting:
            code = waiting.pop()
            found.add(code)
            waiting += [inner for inner in code.co_consts if isinstance(inner, types.CodeType)]
    return found


class _Watch:
    """Profile function that notices when the answer calls the catalogue's own solutions."""

    def __init__(self, exercise: Exercise, drawn: Inputs) -> None:
        self.allowed = _codes(drawn)
        self.forbidden = None if exercise.use else getattr(exercise.reference, "__code__", None)
        self.peeked = False
        self.set_profile = sys.setprofile

    def switch(self, function: object) -> None:
        """Stand in for `sys.setprofile`, with which an answer could end the watch; threads begin it."""
        if function is self:
            self.set_profile(self)
        else:
            self.peeked = True

    def __call__(  # pragma: no cover - coverage does not see inside a profile function
        self, frame: types.FrameType, event: str, argument: object
    ) -> None:
        """Look at one event; only calls of functions in the catalogue's files are of interest."""
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(EXERCISES) or code in self.allowed:
            return
        if code is self.forbidden:
            self.peeked = True
        caller = frame.f_back
        while caller is not None and not caller.f_code.co_filename.startswith(PACKAGES):
            if _is_own(caller.f_code.co_filename):
                self.peeked = True
                return
            caller = caller.f_back


def call(exercise: Exercise, answer: Any, inputs: tuple[Any, ...]) -> Returned | Raised:
    """Call the answer once, with its own copy of the inputs."""
    given = copy.deepcopy(inputs)
    try:
        with np.errstate(all="warn", under="ignore"):
            value = plain(exercise.apply(answer, given))
    except Stop:
        raise
    except BaseException as error:
        return _raised(error)
    changed = () if exercise.may_change_input else _changed(inputs, given)
    return Returned(value, changed)


def _changed(inputs: tuple[Any, ...], given: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(
        i for i, (before, after) in enumerate(zip(inputs, given, strict=True)) if not unchanged(before, after)
    )


def _signs(exercise: Exercise, answer: Any) -> tuple[int, ...]:
    """Return the positions of the mistakes whose sign the answer shows."""
    shown = []
    for i, mistake in enumerate(exercise.mistakes):
        with contextlib.suppress(Exception):
            if mistake.sign is not None and mistake.sign(answer):
                shown.append(i)
    return tuple(shown)


def asked_again(exercise: Exercise, drawn: Inputs) -> int:
    """Choose the input that the answer sees a second time: chance shows best where there is much to draw.

    The cases chosen by hand are the special ones, such as zeros; take one of the others where there are any.
    """
    begin = len(exercise.cases) if len(drawn) > len(exercise.cases) else 0
    return max(range(begin, len(drawn)), key=lambda i: size(drawn[i]))


def _try_all(
    exercise: Exercise, answer: Any, drawn: Inputs, names: Names, tell: Callable[[str, Any], None]
) -> None:
    """Call the answer with all inputs, and with one of them again; `tell` hears each outcome.

    An answer that exhausts the stack or the memory is not asked again. Afterwards the modules must have the
    names that they had before.
    """
    watch, sink = _Watch(exercise, drawn), _Sink()
    before = sys.getprofile()
    sys.setprofile = watch.switch
    before_in_threads = threading.getprofile()
    threading.setprofile(watch)
    with warnings.catch_warnings(record=True) as heard, _quiet(sink):
        warnings.simplefilter("always")
        # An answer that plots does so for every input: these figures are our doing.
        warnings.filterwarnings("ignore", "More than [0-9]+ figures")
        try:
            for i, inputs in enumerate([*drawn, drawn[asked_again(exercise, drawn)]]):
                # Python drops a profile function in which the recursion limit strikes: set it anew.
                watch.set_profile(watch)
                outcome = call(exercise, answer, inputs)
                tell("outcome" if i < len(drawn) else "again", outcome)
                if isinstance(outcome, Raised) and outcome.kind in EXHAUSTING:
                    break
            signs = _signs(exercise, answer)
        finally:
            # One that was left behind by an earlier check may come here late: it puts back its own only.
            if sys.setprofile == watch.switch:
                sys.setprofile = watch.set_profile
            if threading.getprofile() is cast(Any, watch):
                threading.setprofile(cast(Any, before_in_threads))
            if before is None or callable(before):  # a profiler written in C cannot be set
                watch.set_profile(before)
        warned = " ".join(str(heard[0].message).split())[:200] if heard else ""
    tell("notes", Notes(sink.count, warned, altered(names), watch.peeked, signs))


@contextlib.contextmanager
def _quiet(sink: _Sink) -> Iterator[None]:
    """Send what is printed to the sink, show no figures, and let `input()` fail at once."""
    old = sys.stdout, sys.stderr, sys.stdin, builtins.input
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    show = pyplot.show if pyplot else None
    sys.stdout = sys.stderr = cast(Any, sink)
    sys.stdin, builtins.input = io.StringIO(), _no_input
    if pyplot:
        pyplot.show = lambda *arguments, **options: None
    try:
        yield
    finally:
        if sys.stdout is sink:  # and not another check's, where this one was left behind
            sys.stdout, sys.stderr, sys.stdin, builtins.input = old
            if pyplot:
                pyplot.show = show


def _no_input(prompt: object = "") -> str:
    raise EOFError("the answer waits for input(); it should use its arguments instead")


# -- in a child process -----------------------------------------------------------------------------------


class PlainUnpickler(pickle.Unpickler):
    """Reads what comes from an answer's process, and nothing but plain values."""

    KNOWN = frozenset({"Returned", "Raised", "Notes", "Run", "Foreign", "Huge", "Blank"})
    NUMPY = frozenset({"_reconstruct", "ndarray", "dtype", "scalar", "_frombuffer"})

    def find_class(self, module: str, name: str) -> Any:
        """Return a class that plain values are made of."""
        if (
            (module.startswith("fysstk_book.check.") and name in self.KNOWN)
            or (module.startswith("numpy") and name in self.NUMPY)
            or (module, name) == ("builtins", "complex")
        ):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is not plain")


def _in_child(exercise: Exercise, answer: Any, drawn: Inputs, names: Names) -> Run:
    reading, writing = os.pipe()
    try:
        child = _fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        return _in_thread(exercise, answer, drawn, names)
    if child == 0:
        _be_child(exercise, answer, drawn, names, writing)
    os.close(writing)
    run = Run(ended="died")
    try:
        threads = _threads(os.getpid()) > 1
        _listen(run, child, reading, exercise.seconds, stays_behind=threads)
        if run.ended == "" and not _complete(run, len(drawn)):
            run.ended = "died"
    finally:
        os.close(reading)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)
    return _in_thread(exercise, answer, drawn, names) if run.ended == "waits" else run


def _fork() -> int:
    with warnings.catch_warnings():
        # Python 3.12 and later warn about forking beside threads; the child touches none of theirs.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _be_child(
    exercise: Exercise, answer: Any, drawn: Inputs, names: Names, writing: int
) -> None:  # pragma: no cover - runs in the child, where coverage cannot follow
    """Run the answer, send the outcomes, and leave without running anyone's clean-up."""
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.set_wakeup_fd(-1)
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        faulthandler.disable()
        logging.disable()
        _limit_memory()
        _use_one_thread()

        own = os.getpid()

        def tell(what: str, value: Any) -> None:
            if os.getpid() != own:  # the answer has forked
                os._exit(0)
            message = pickle.dumps((what, value), protocol=5)
            waiting = memoryview(struct.pack("<Q", len(message)) + message)
            while waiting:
                waiting = waiting[os.write(writing, waiting) :]

        _try_all(exercise, answer, drawn, names, tell)
    except BaseException:
        os._exit(1)
    finally:
        os._exit(0)


def _limit_memory() -> None:  # pragma: no cover - runs in the child
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + MOST_MEMORY
    hardest = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hardest != resource.RLIM_INFINITY:
        limit = min(limit, hardest)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hardest))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _use_one_thread() -> None:  # pragma: no cover - runs in the child
    """Keep OpenMP (scikit-learn uses it) to one thread: its other threads stayed behind in the parent."""
    for library in openmp_in(Path("/proc/self/maps").read_text()):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(library).omp_set_num_threads(1)


def openmp_in(maps: str) -> set[str]:
    """Return the paths of the OpenMP libraries in a process's list of what it has loaded."""
    lines = (line.split(maxsplit=5) for line in maps.splitlines())
    paths = {fields[5] for fields in lines if len(fields) == 6}
    return {path for path in paths if re.match(r"lib(?:gomp|omp|iomp5)", os.path.basename(path))}


def _threads(process: int) -> int:
    """Return how many threads a process has, as the system counts them."""
    try:
        return len(os.listdir(f"/proc/{process}/task"))
    except OSError:
        return 1


FUTEX = {"x86_64": "202", "aarch64": "98", "riscv64": "98", "ppc64le": "221", "s390x": "238"}
WAITED_ENOUGH = 1.0  # second


def _waits(child: int) -> bool:
    """Tell whether all threads of a child wait for another thread.

    Where the notebook had threads (PyTorch and JAX start some, and so does an import), the child has not, and
    an answer that needs them waits in vain.
    """
    number = FUTEX.get(os.uname().machine)
    try:
        calls = [path.read_text().split() for path in Path(f"/proc/{child}/task").glob("*/syscall")]
    except OSError:
        return False
    return bool(calls) and all(call[:1] == [number] for call in calls)


def _listen(run: Run, child: int, reading: int, seconds: float, stays_behind: bool = False) -> None:
    """Take the child's outcomes until it has told all, dies, is out of time, or waits for what it has not."""
    start = working = time.monotonic()
    received = bytearray()
    os.set_blocking(reading, False)
    with selectors.DefaultSelector() as selector:
        selector.register(reading, selectors.EVENT_READ)
        while True:
            if selector.select(timeout=0.05):
                working = time.monotonic()
                part = os.read(reading, 1 << 20)
                received += part
                if not _take_messages(run, received) or run.ended == "" or not part:
                    return
            elif not stays_behind or not _waits(child):
                working = time.monotonic()
            elif time.monotonic() - working > WAITED_ENOUGH:
                run.ended = "waits"
                return
            if _out_of_time(child, time.monotonic() - start, seconds):
                run.ended = "too slow"
                return


def _complete(run: Run, number: int) -> bool:
    """Tell whether the outcomes are as many as there are inputs, or end in one that ends them."""
    last = run.outcomes[-1] if run.outcomes else None
    return len(run.outcomes) == number or (isinstance(last, Raised) and last.kind in EXHAUSTING)


def _take_messages(run: Run, received: bytearray) -> bool:
    """Move whole messages from the buffer to the run; False when they make no sense."""
    while len(received) >= 8:
        (length,) = struct.unpack("<Q", received[:8])
        if length > LARGEST_MESSAGE:
            return False
        if len(received) < 8 + length:
            return True
        try:
            what, value = PlainUnpickler(io.BytesIO(received[8 : 8 + length])).load()
        except Exception:
            return False
        del received[: 8 + length]
        _note(run, what, value)
    return True


def _note(run: Run, what: str, value: Any) -> None:
    if what == "outcome":
        run.outcomes.append(value)
    elif what == "again":
        run.again = value
    else:
        run.notes = value
        run.ended = ""


def _out_of_time(child: int, wall: float, seconds: float) -> bool:
    """Tell whether the child has had its time.

    On a busy machine a child that computes gets up to three times as long, so that the verdict does not
    depend on the neighbours; one that merely sleeps does not.
    """
    if wall < seconds:
        return False
    try:
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return True
    return used > 0.8 * seconds or used < 0.1 * wall or wall > 3 * seconds


# -- in a thread, or right here ---------------------------------------------------------------------------


def _in_thread(exercise: Exercise, answer: Any, drawn: Inputs, names: Names) -> Run:
    run = Run(ended="died")
    open_run = [run]

    def tell(what: str, value: Any) -> None:
        for listening in open_run:
            _note(listening, what, value)

    def work() -> None:
        # Stop may arrive at any moment, also between the calls.
        with contextlib.suppress(Stop):
            _try_all(exercise, answer, drawn, names, tell)

    thread = threading.Thread(target=work, daemon=True)
    with untouched(names):
        thread.start()
        thread.join(exercise.seconds)
        if thread.is_alive():
            open_run.clear()
            run.ended = "too slow"
            _stop(thread)
            run.still_running = thread.is_alive()
    return run


def _stop(thread: threading.Thread) -> None:
    """Throw `Stop` into the thread, again and again for a second in case it is caught."""
    for _ in range(20):
        if thread.ident is None or not thread.is_alive():
            return
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Stop))
        thread.join(0.05)


def _right_here(exercise: Exercise, answer: Any, drawn: Inputs, names: Names) -> Run:
    """Run under a trace function that looks at the clock on every line, and in each turn of a short loop."""
    run = Run(ended="died")
    end = time.monotonic() + exercise.seconds

    def trace(frame: types.FrameType, event: str, argument: object) -> Any:  # pragma: no cover - nor a trace
        if time.monotonic() > end:
            raise Stop
        if event == "call" and _loops_on_a_line(frame.f_code):
            frame.f_trace_opcodes = True
        return trace

    with untouched(names):
        sys.settrace(trace)
        try:
            _try_all(exercise, answer, drawn, names, lambda what, value: _note(run, what, value))
        except Stop:
            run.ended = "too slow"
    return run


@functools.cache
def _loops_on_a_line(code: types.CodeType) -> bool:
    """Tell whether a piece of code jumps back within one line, as `while True: pass`: none is traced then."""
    if not _is_own(code.co_filename):
        return False
    lines = {}
    line = None
    for step in dis.get_instructions(code):
        line = step.positions.lineno if step.positions and step.positions.lineno else line
        lines[step.offset] = line
        back = step.opcode in dis.hasjrel and isinstance(step.argval, int) and step.argval <= step.offset
        if back and lines.get(step.argval) == line:
            return True
    return False


ON_PLATFORM = {"linux": "process", "emscripten": "here"}
RUNNERS = {"process": _in_child, "thread": _in_thread, "here": _right_here}


def runner() -> str:
    """Name the way in which answers run here; the variable FYSSTK_CHECK_RUNNER overrides the choice."""
    chosen = os.environ.get("FYSSTK_CHECK_RUNNER", "")
    return chosen if chosen in RUNNERS else ON_PLATFORM.get(sys.platform, "thread")


_busy: list[bool] = []


def refuse_inside_an_answer() -> None:
    """Raise an error when an answer that is being checked calls the checker."""
    if _busy:
        raise RuntimeError("an answer must not call check or hint")


def run_answer(exercise: Exercise, answer: Any, drawn: Inputs) -> Run:
    """Run the answer on all inputs and return how it fared; never raises what the answer raises."""
    refuse_inside_an_answer()
    _busy.append(True)
    try:
        # Copies, so that an answer that finds them on the stack changes nothing.
        return RUNNERS[runner()](replace(exercise), answer, copy.deepcopy(drawn), snapshot())
    finally:
        _busy.clear()
