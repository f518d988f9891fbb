"""The checker survives answers that lie, peek, break Python or break out."""

import builtins
import contextlib
import ctypes
import functools
import gc
import io
import itertools
import math
import os
import random
import subprocess
import sys
import threading
import time
import warnings
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

import fysstk_book.exercises
from check_samples import (
    ANY_WEIGHTS,
    GRADIENTS,
    NUMBER,
    PATIENCE,
    PLAIN,
    SAFE,
    SCORE,
    SLOPE,
    VALUE,
    WORD,
    forever,
    number,
    says,
    slope,
)
from fysstk_book.check import check, hint, running
from fysstk_book.check.diagnosis import diagnose
from fysstk_book.check.running import Returned
from fysstk_book.check.values import (
    MOST_PARTS,
)
from fysstk_book.exercises import Exercise, find, nice

pytestmark = pytest.mark.usefixtures("fresh_checker")


class EqualsAll:
    """Claims to equal everything, in every way."""

    __array_priority__ = 1e9
    shape = ()
    dtype = np.dtype(float)

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 0

    def always(self, *others):
        return self

    def true(self, *others):
        return True

    __sub__ = __rsub__ = __add__ = __radd__ = __mul__ = __abs__ = __array_ufunc__ = always
    __lt__ = __le__ = __gt__ = __ge__ = __bool__ = all = any = true
    __class__ = np.ndarray


class EqualArray(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, bool)

    def __array_ufunc__(self, *arguments, **options):
        return np.ones(self.shape, bool)

    def __sub__(self, other):
        return np.zeros(self.shape)

    def all(self, *arguments, **options):
        return True


class EqualFloat(float):
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__

    def __hash__(self):
        return 0


class EqualStr(str):
    def __eq__(self, other):
        return True

    def casefold(self):
        return "b"

    def __hash__(self):
        return 0


class EqualTuple(tuple):
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


class Lying:
    def __array__(self, *arguments, **options):
        return np.ones(3)

    def __float__(self):
        return 1.0


EQUAL_TO_ALL = pytest.mark.parametrize(
    "value",
    [
        EqualsAll(),
        (EqualsAll(), EqualsAll()),
        [EqualsAll()],
        np.zeros(3).view(EqualArray),
        EqualFloat(0.0),
        EqualTuple((0.0,)),
        {"dW": EqualsAll()},
        np.array([EqualsAll()], dtype=object),
        Lying(),
        True,
        np.ma.masked_all(3),
    ],
)


@EQUAL_TO_ALL
@pytest.mark.parametrize(
    "exercise", [NUMBER, SLOPE, GRADIENTS, VALUE, WORD], ids=lambda exercise: exercise.id
)
def test_objects_that_equal_everything_do_not_fool(exercise, value):
    answer = (lambda *xs: value) if exercise.takes_function else value
    assert not diagnose(exercise, answer).right


@EQUAL_TO_ALL
def test_objects_that_equal_everything_do_not_fool_a_score(value):
    scored = replace(SCORE, use=lambda predict, X: predict(X))
    assert diagnose(scored, lambda X: value).right is (value is True)


class Hostile:
    """Raises whatever it is asked, its class included."""

    @property
    def __class__(self):
        raise RuntimeError("no class")

    def __getattr__(self, name):
        raise RuntimeError("no attributes")

    def __repr__(self):
        raise RuntimeError("no repr")

    __str__ = __len__ = __iter__ = __bool__ = __float__ = __array__ = __repr__


class HostileMeta(type):
    def __getattribute__(cls, name):
        raise RuntimeError("no attributes")


def hostile_class():
    """Make a type that raises whatever it is asked. It must not outlive its test: Sphinx asks all objects."""

    class HostileClass(tuple, metaclass=HostileMeta):
        pass

    return HostileClass


HOSTILE = {
    "object": Hostile,
    "tuple": lambda: hostile_class()((1.0,)),
    "class": hostile_class,
    "in a list": lambda: [Hostile()],
    "in a tuple": lambda: (hostile_class()(),),
}


@pytest.mark.parametrize("name", list(HOSTILE))
@pytest.mark.parametrize("exercise", [NUMBER, VALUE, ANY_WEIGHTS], ids=lambda e: e.id)
def test_objects_that_raise_on_every_question(exercise, name, any_runner):
    value = HOSTILE[name]()
    answer = (lambda *xs: value) if exercise.takes_function else value
    result = diagnose(exercise, answer)
    assert not result.right
    repr(result)
    result._repr_html_()
    if exercise.takes_function:
        assert not diagnose(exercise, value).right


def test_signatures_that_are_none():
    def answer(x):
        return number(x)

    answer.__signature__ = "no signature"
    says(NUMBER, answer, "right")
    answer.__signature__ = None
    answer.__wrapped__ = answer
    says(NUMBER, answer, "right")


def test_a_list_that_contains_itself_is_no_stub():
    own = []
    own.append(own)
    says(VALUE, own, "wrong type", "a list")


def test_strings_that_equal_everything_do_not_fool():
    assert not diagnose(WORD, EqualStr("x")).right
    assert not diagnose(replace(NUMBER, reference=lambda x: "b", mistakes=()), lambda x: EqualStr("x")).right


def from_the_catalogue(x):
    from fysstk_book.exercises import find

    return find("four-hidden-delta").reference(*x)


def from_the_stack(*arguments):
    frame = sys._getframe()
    while frame is not None:
        exercise = frame.f_locals.get("exercise")
        if isinstance(exercise, Exercise):
            return exercise.reference(*arguments)
        frame = frame.f_back
    raise AssertionError("nothing on the stack")


def from_an_error(*arguments):
    try:
        raise ValueError
    except ValueError as error:
        frame = error.__traceback__.tb_frame
        while frame is not None:
            exercise = frame.f_locals.get("exercise")
            if isinstance(exercise, Exercise):
                return exercise.reference(*arguments)
            frame = frame.f_back
    raise AssertionError("nothing on the stack")


def from_the_heap(*arguments):
    for thing in gc.get_objects():
        if type(thing) is Exercise and thing.id == "four-hidden-delta":
            return thing.reference(*arguments)
    raise AssertionError("nothing on the heap")


def from_a_thread(*arguments):
    found = []
    reference = sys.modules["fysstk_book.exercises.four_equations"].hidden_delta
    thread = threading.Thread(target=lambda: found.append(reference(*arguments)))
    thread.start()
    thread.join()
    return found[0]


def unwatched(*arguments):
    sys.setprofile(None)
    return find("four-hidden-delta").reference(*arguments)


@pytest.fixture
def real():
    return find("four-hidden-delta")


@pytest.mark.parametrize("answer", [from_the_stack, from_an_error, from_the_heap, from_a_thread, unwatched])
def test_reading_the_solution_is_noticed(answer, real, any_runner):
    assert diagnose(replace(real, trials=2, seconds=60.0), answer).verdict == "copies the solution"


def test_handing_in_the_solution_is_noticed(real, any_runner):
    class Wrapped:
        def __call__(self, *arguments):
            return real.reference(*arguments)

    for answer in (
        real.reference,
        functools.partial(real.reference),
        functools.partial(functools.partial(real.reference)),
        lambda *xs: real.reference(*xs),
        lambda *xs: next(map(real.reference, *[[x] for x in xs])),
        Wrapped(),
        np.vectorize(real.reference, signature="(n,m),(k,m),(n,k),()->(n,k)"),
        real.mistakes[0].wrong,
    ):
        result = diagnose(real, answer)
        assert result.verdict == "copies the solution", answer
        assert not result.right


def test_functions_among_the_arguments_may_be_called():
    exercise = next(e for e in fysstk_book.exercises.catalogue() if e.id == "four-hidden-delta")
    helper = exercise.reference

    def using(rng):
        return (helper, nice(rng))

    given = replace(NUMBER, inputs=using, cases=(), reference=lambda f, x: x, mistakes=(), use=None)
    says(given, lambda f, x: x, "right")


@pytest.fixture
def the_world():
    """What an answer could disturb; compared before and after the test."""

    def state():
        return (
            np.geterr(),
            {key: value for key, value in np.get_printoptions().items() if key != "override_repr"},
            np.random.get_state()[1].tolist(),  # noqa: NPY002
            random.getstate(),
            warnings.filters[:],
            warnings.showwarning,
            (sys.stdout, sys.stderr, sys.stdin, sys.displayhook, sys.excepthook),
            sys.path[:],
            sys.getrecursionlimit(),
            gc.isenabled(),
            os.getcwd(),
            {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
            sys.gettrace(),
            sys.getprofile(),
            dict(plt.rcParams),
            plt.get_fignums(),
            dict(vars(np)),
            dict(vars(np.linalg)),
            dict(vars(math)),
            dict(vars(builtins)),
            dict(vars(np.random)),
        )

    before = state()
    yield
    for one, other in zip(before, state(), strict=True):
        assert one == other


def disturb(x):
    np.seterr(all="raise")
    np.set_printoptions(precision=1)
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    warnings.simplefilter("error")
    warnings.showwarning = print
    sys.stdout = io.StringIO()
    sys.excepthook = print
    sys.path.append("nowhere")
    sys.setrecursionlimit(10**6)
    gc.disable()
    os.chdir("/")
    os.environ["HOME"] = "nowhere"
    plt.rcParams["figure.dpi"] = 1
    plt.figure(1)
    return number(x)


def test_global_state_is_put_back(any_runner, the_world):
    says(NUMBER, disturb, "right")


def test_global_state_is_put_back_after_an_error(any_runner, the_world):
    says(NUMBER, lambda x: disturb(x) / 0, "raises")


def test_global_state_is_put_back_after_a_stop(any_runner, the_world):
    says(replace(NUMBER, seconds=0.3), lambda x: forever(disturb(x)), "too slow")


def always_true(*arguments, **options):
    return True


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (np, "allclose"),
        (np, "exp"),
        (np, "abs"),
        (np.linalg, "inv"),
        (math, "exp"),
        (builtins, "all"),
        (builtins, "abs"),
        (fysstk_book.check.values, "agree"),
        (fysstk_book.check.values, "close"),
        (fysstk_book.check.diagnosis, "is_wrong"),
    ],
)
def test_replacing_functions_is_told_and_undone(module, name, any_runner, the_world):
    original = getattr(module, name)

    def replacing(x):
        setattr(module, name, always_true)
        return 0.0

    says(NUMBER, replacing, "alters numpy", f"{module.__name__}.{name}", "another name")
    assert getattr(module, name) is original


def test_a_notebook_that_replaced_a_function_is_told(monkeypatch):
    monkeypatch.setattr(np, "exp", always_true)
    says(NUMBER, number, "alters numpy", "Somewhere above", "`numpy.exp`", "restart")


def test_settings_of_the_notebook_do_not_matter(monkeypatch):
    def formatter(value):
        raise RuntimeError("no numbers")

    calm = repr(diagnose(PLAIN, lambda *xs: slope(*xs) ** 2))
    printing = np.printoptions(formatter={"float": formatter}, precision=1)
    with printing, np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert repr(diagnose(PLAIN, lambda *xs: slope(*xs) ** 2)) == calm
        assert diagnose(NUMBER, lambda x: np.float64(1) / np.float64(0)).verdict == "not a number"


def test_inputs_on_the_stack_are_copies(any_runner):
    def spoil(X, y, w):
        frame = sys._getframe()
        while frame is not None:
            for name in ("drawn", "inputs"):
                arrays = frame.f_locals.get(name)
                for part in arrays if type(arrays) in (list, tuple) else ():
                    for array in part if type(part) is tuple else (part,):
                        if type(array) is np.ndarray:
                            array[...] = 0
            exercise = frame.f_locals.get("exercise")
            if type(exercise) is Exercise:
                object.__setattr__(exercise, "rtol", 1e9)
                object.__setattr__(exercise, "atol", 1e9)
            if frame.f_code.co_name in ("work", "_right_here", "_be_child"):
                break
            frame = frame.f_back
        return 0 * w

    assert not diagnose(PLAIN, spoil).right


def test_random_answers_are_told(any_runner):
    generator = np.random.default_rng()
    says(NUMBER, lambda x: number(x) + generator.normal(), "depends on chance", "random numbers")
    calls = itertools.count()
    says(NUMBER, lambda x: number(x) + (next(calls) > 21), "depends on chance", "first", "later")
    calls = itertools.count()
    says(NUMBER, lambda x: number(x) if next(calls) < 22 else 1 / 0, "depends on chance", "an error")
    calls = itertools.count()
    says(SCORE, lambda X: X[:, 0] if next(calls) < 2 else -X[:, 0], "depends on chance")
    calls = itertools.count()
    says(SLOPE, lambda *xs: slope(*xs)[:, None] * (next(calls) < 20), "depends on chance")


def test_an_answer_that_checks_itself_is_an_error(any_runner):
    says(NUMBER, lambda x: check("one-cost", number), "raises", "must not call check")
    says(NUMBER, lambda x: hint("one-cost"), "raises", "must not call check")
    says(NUMBER, number, "right")


@pytest.mark.parametrize(
    "value",
    [np.broadcast_to(0.0, (10**6, 10**6)), [0.0] * (MOST_PARTS + 1), range(10**12), 10**5000, "x" * 10**8],
    ids=["array", "list", "range", "integer", "string"],
)
def test_huge_results(value, any_runner):
    assert diagnose(NUMBER, lambda x: value).verdict in ("wrong shape", "wrong type")


def test_results_that_contain_themselves(any_runner):
    own = []
    own += [own] * 10
    assert diagnose(NUMBER, lambda x: own).verdict == "wrong type"
    table = {}
    table["again"] = table
    assert diagnose(NUMBER, lambda x: table).verdict == "wrong type"


if "process" in SAFE:

    class TestOnlyAProcessSurvives:
        @pytest.mark.parametrize(
            "end",
            [
                lambda x: os._exit(0),
                lambda x: os._exit(3),
                lambda x: os.kill(os.getpid(), 9),
                lambda x: os.kill(os.getpid(), 11),
                lambda x: ctypes.string_at(0),
                lambda x: os.abort(),
            ],
        )
        def test_sudden_ends(self, end):
            says(NUMBER, end, "stops Python", "unharmed")

        def test_end_on_a_later_input(self):
            says(NUMBER, lambda x: number(x) if x != 1.0 else os._exit(0), "stops Python", "x  1")

        def test_end_when_it_is_asked_again(self):
            calls = itertools.count()
            says(NUMBER, lambda x: number(x) if next(calls) < 22 else os._exit(0), "stops Python")

        def test_answers_that_fork(self):
            def forking(x):
                os.fork()
                return number(x)

            assert diagnose(replace(NUMBER, trials=1, cases=()), forking).verdict in ("right", "stops Python")

        def test_an_answer_that_reports_for_itself(self):
            def forged(x):
                frame = sys._getframe()
                while "tell" not in frame.f_locals:
                    frame = frame.f_back
                for _ in range(3):
                    frame.f_locals["tell"]("outcome", Returned(number(1.0)))
                return number(x)

            says(NUMBER, forged, "stops Python")

        def test_without_another_process(self, monkeypatch):
            def full():
                raise OSError("no more processes")

            monkeypatch.setattr(os, "fork", full)
            before = os.listdir("/proc/self/fd")
            says(NUMBER, number, "right")
            assert len(os.listdir("/proc/self/fd")) == len(before)

        def test_too_much_memory(self):
            says(NUMBER, lambda x: np.ones(10**10).sum(), "raises", "more memory than there is")
            says(NUMBER, lambda x: len("x" * 10**11), "raises", "more memory than there is")

        def test_growing_memory(self, monkeypatch):
            monkeypatch.setattr(running, "MOST_MEMORY", 256 * 1024**2)

            def grow(x):
                heap = []
                while True:
                    heap.append(np.ones(10**7))

            says(replace(NUMBER, seconds=300.0), grow, "raises", "more memory than there is")

        def test_recursion_without_limit(self, monkeypatch):
            monkeypatch.setattr(running, "MOST_MEMORY", 16 * 1024**2)

            def again(x):
                sys.setrecursionlimit(10**9)
                return [again(x)]

            result = diagnose(replace(NUMBER, seconds=2.0), again)
            assert result.verdict in ("raises", "recursion", "stops Python", "too slow")

        def test_one_long_call_in_c(self):
            start = time.monotonic()
            says(replace(NUMBER, seconds=0.3), lambda x: 10 ** (10**9), "too slow")
            assert time.monotonic() - start < PATIENCE

        def test_children_end_with_it(self):
            name = f"1{os.getpid():09}"

            def leave_behind(x):
                subprocess.Popen(["sleep", name])
                return number(x)

            def running():
                return subprocess.run(["ps", "ax"], capture_output=True, text=True, check=True).stdout

            diagnose(NUMBER, leave_behind)
            end = time.monotonic() + PATIENCE
            while name in running() and time.monotonic() < end:
                time.sleep(0.05)
            assert name not in running()

        def test_garbage_in_the_pipe(self):
            def pipes():
                found = {}
                for descriptor in os.listdir("/proc/self/fd"):
                    with contextlib.suppress(OSError):
                        found[os.readlink(f"/proc/self/fd/{descriptor}")] = int(descriptor)
                return {name: number for name, number in found.items() if name.startswith("pipe:")}

            others = pipes()

            def write_everywhere(x):
                for name, descriptor in pipes().items():
                    if name not in others:
                        os.write(descriptor, b"\xff" * 64)
                return number(x)

            assert not diagnose(NUMBER, write_everywhere).right

        def test_only_plain_values_are_unpickled(self):
            import pickle

            from fysstk_book.check.running import Run, _take_messages

            for thing in (subprocess.Popen, os.system, eval):
                message = pickle.dumps(("outcome", thing))
                run = Run()
                assert not _take_messages(run, bytearray(len(message).to_bytes(8, "little") + message))
                assert not run.outcomes

        def test_nothing_is_left_open(self):
            children = Path("/proc/thread-self/children")
            before, alive = os.listdir("/proc/self/fd"), children.read_text()
            for _ in range(5):
                diagnose(NUMBER, number)
            assert len(os.listdir("/proc/self/fd")) == len(before)
            assert children.read_text() == alive
