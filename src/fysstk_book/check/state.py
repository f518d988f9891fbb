"""The global state of a Python process: notice what an answer altered, and put it back."""

import builtins
import contextlib
import functools
import gc
import math
import os
import random
import sys
import threading
import time
import types
import warnings
from collections.abc import Iterator
from typing import Any, cast

import numpy as np

Names = list[tuple[types.ModuleType, dict[str, Any]]]

WATCHED = (np, np.linalg, np.random, math, random, builtins, time)
# Python and IPython set these themselves, or the runner does.
FREE = frozenset({"_", "__", "___", "input", "open", "print", "display", "get_ipython"})


def snapshot() -> Names:
    """Remember the names in numpy, in a few modules of Python, and in the book's packages."""
    own = _own_modules(len(sys.modules), next(reversed(sys.modules)))
    return [(module, dict(vars(module))) for module in (*WATCHED, *own)]


@functools.lru_cache(maxsize=1)
def _own_modules(count: int, last: str) -> list[types.ModuleType]:
    """Find the modules of the book's packages among thousands, anew when others have been imported."""
    ours = ("fysstk_nn.", "fysstk_book.")
    return [module for name, module in list(sys.modules.items()) if name.startswith(ours)]


# As they were when this package was first imported.
ORIGINAL: Names = [(module, dict(vars(module))) for module in (np, np.linalg, math)]


def altered(before: Names) -> str:
    """Name the first function that is no longer what it was, such as "numpy.exp"; empty if none is."""
    for module, names in before:
        now = vars(module)
        for name, value in names.items():
            if now.get(name) is not value and callable(value) and name not in FREE:
                return f"{module.__name__}.{name}"
    return ""


def put_back(before: Names) -> None:
    """Give the modules their names back."""
    for module, names in before:
        vars(module).update(names)


def watch_again(tracing: Any, profiling: Any) -> None:
    """Set the trace and profile functions again; a profiler written in C cannot be set, and must be kept."""
    if sys.gettrace() is not tracing:
        sys.settrace(tracing)
    if sys.getprofile() is not profiling and (profiling is None or callable(profiling)):
        sys.setprofile(profiling)


@contextlib.contextmanager
def untouched(modules: Names) -> Iterator[None]:
    """Put the process's global state back as it was, and the modules' names, whatever happens inside."""
    numpy_errors, numpy_print = np.geterr(), np.get_printoptions()
    numpy_random, python_random = np.random.get_state(), random.getstate()  # noqa: NPY002
    filters, show_warning = warnings.filters[:], warnings.showwarning
    streams = sys.stdout, sys.stderr, sys.stdin, sys.displayhook, sys.excepthook
    path, depth, collecting = sys.path[:], sys.getrecursionlimit(), gc.isenabled()
    folder, environment = os.getcwd(), dict(os.environ)
    tracing, profiling = sys.gettrace(), sys.getprofile()
    setters = sys.settrace, sys.setprofile
    in_threads = threading.gettrace(), threading.getprofile()
    shown = cast(Any, warnings)._showwarnmsg_impl
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    figures = set(pyplot.get_fignums()) if pyplot else set()
    parameters = dict.copy(pyplot.rcParams) if pyplot else {}  # as they are kept: to ask would check each
    show = pyplot.show if pyplot else None
    try:
        yield
    finally:
        put_back(modules)
        sys.settrace, sys.setprofile = setters
        watch_again(tracing, profiling)
        threading.settrace(cast(Any, in_threads[0]))
        threading.setprofile(cast(Any, in_threads[1]))
        np.seterr(**cast(Any, numpy_errors))
        np.set_printoptions(**cast(Any, numpy_print))
        np.random.set_state(numpy_random)  # noqa: NPY002
        random.setstate(python_random)
        cast(list[Any], warnings.filters)[:] = filters
        warnings.showwarning = show_warning
        cast(Any, warnings)._showwarnmsg_impl = shown
        sys.stdout, sys.stderr, sys.stdin, sys.displayhook, sys.excepthook = streams
        sys.path[:] = path
        sys.setrecursionlimit(depth)
        (gc.enable if collecting else gc.disable)()
        os.chdir(folder)
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        if pyplot:
            pyplot.show = show
            dict.update(pyplot.rcParams, parameters)
            for number in set(pyplot.get_fignums()) - figures:
                pyplot.close(number)
