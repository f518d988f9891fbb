"""Runs cells as Jupyter runs them: IPython's own shell, without a screen, a network or anybody to ask."""

import ast
import contextlib
import re
import shlex
import subprocess
import sys
import types
from typing import Any, cast

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import SList
from traitlets import Type
from traitlets.config import Config

PROGRAM_SECONDS = 20
INSTALLERS = re.compile(r"\b(pip3?|conda|mamba|uv|apt|apt-get|brew|git|wget|curl)\b")
# Magics that would ask, install, show, or run another language: here they do nothing.
IDLE_LINES = """
pip conda mamba micromamba uv debug pdb tb edit gui colors config connect_info load_ext reload_ext unload_ext
autoreload notebook qtconsole history rerun recall less more man clear tensorboard watermark store
pinfo pinfo2 psource pdoc pfile
"""
IDLE_CELLS = """
! bash sh script system sx html HTML svg SVG javascript js latex markdown perl ruby R cython
"""


class Silent(DisplayPublisher):
    """Takes what a cell displays, and shows nothing."""

    def publish(self, data: Any, *arguments: Any, **options: Any) -> None:
        """Show nothing."""

    def clear_output(self, wait: bool = False) -> None:
        """Clear nothing."""


class Mute(DisplayHook):
    """Keeps the value of a cell's last line in `_` and `Out`, and prints nothing."""

    def write_output_prompt(self) -> None:
        """Print nothing."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        """Print nothing."""


class Kernel(InteractiveShell):
    """IPython's shell, set to be harmless.

    Whatever a student would see is dropped. Installers and other languages do nothing; other programs run for
    a few seconds at most, and only where the notebook is shut in (`programs`).
    """

    display_pub_class = Type(Silent)
    displayhook_class = Type(Mute)
    programs = False

    def system(self, cmd: str) -> None:
        """Run a program whose output nobody reads (`!ls`)."""
        self.user_ns["_exit_code"] = self._program(cmd)[0]

    system_raw = system_piped = system

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """Run a program and return what it prints (`files = !ls`)."""
        output = self._program(cmd)[1]
        return SList(output.splitlines()) if split else output

    def _program(self, command: str) -> tuple[int, str]:
        with contextlib.suppress(Exception):
            command = cast(Any, self).var_expand(command, depth=2)
        if not self.programs or INSTALLERS.search(command):
            return 0, ""
        try:
            done = subprocess.run(
                command,
                shell=True,
                capture_output=True,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                timeout=PROGRAM_SECONDS,
            )
        except (OSError, subprocess.SubprocessError):
            return 1, ""
        return done.returncode, done.stdout

    def enable_gui(self, gui: Any = None) -> None:
        """Open no windows."""

    def enable_matplotlib(self, gui: Any = None) -> tuple[str, str]:
        """Keep the backend that draws into memory."""
        return "agg", "agg"

    def showtraceback(self, *arguments: Any, **options: Any) -> None:
        """Show no errors; the grader asks for them."""

    showsyntaxerror = showindentationerror = showtraceback

    def ask_exit(self) -> None:
        """Go on: `exit` and `quit` end a kernel at home, and here the checks that come after."""

    def set_next_input(self, text: str, replace: bool = False) -> None:
        """Write no cells (`%load`)."""

    def show_usage(self) -> None:
        """Open no pager."""

    def _inspect(self, meth: Any, oname: str, namespaces: Any = None, **options: Any) -> Any:
        """Open no pager for `np.exp?`."""


class StandIn(types.ModuleType):
    """A module of which everything can be asked, and which does nothing: widgets, Colab."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing

    @staticmethod
    def interact(*arguments: Any, **options: Any) -> Any:
        """Return the function that sliders were to move; also as a decorator."""
        if arguments and callable(arguments[0]):
            return arguments[0]
        return lambda function: function

    interactive = interactive_output = interact


class Nothing:
    """A widget that is none."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        vars(self).update(options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing()

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Do nothing."""
        return Nothing()

    def __enter__(self) -> "Nothing":
        return self

    def __exit__(self, *error: object) -> None:
        return None


def provide_stand_ins() -> None:
    """Let notebooks import widgets and Colab's module where they are not installed."""
    for name in ("ipywidgets", "google.colab", "google.colab.drive", "google.colab.files", "ipympl"):
        try:
            __import__(name)
        except ImportError:
            module = StandIn(name)
            module.__path__ = []
            sys.modules[name] = module
            parent, _, child = name.rpartition(".")
            if parent:
                container = sys.modules.setdefault(parent, StandIn(parent))
                setattr(container, child, module)
    import tqdm

    sys.modules["tqdm.notebook"] = notebook = types.ModuleType("tqdm.notebook")
    vars(notebook).update(tqdm=tqdm.tqdm, trange=tqdm.trange, tqdm_notebook=tqdm.tqdm, tnrange=tqdm.trange)


def start(programs: bool) -> Kernel:
    """Return a kernel whose `__main__` is the notebook."""
    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.autocall = 0
    settings.InteractiveShell.colors = "nocolor"
    settings.InteractiveShell.ast_node_interactivity = "last_expr"
    Kernel.programs = programs
    shell = Kernel.instance(config=settings)
    magics = shell.magics_manager.magics
    magics["line"].update(dict.fromkeys(IDLE_LINES.split(), _idle))
    magics["cell"].update(dict.fromkeys(IDLE_CELLS.split(), _idle))
    provide_stand_ins()
    return shell


def _idle(line: str = "", cell: str | None = None) -> None:
    """Do nothing: a magic that has no meaning without a reader."""


def run_cell(shell: Kernel, source: str) -> BaseException | None:
    """Run one cell; return what it raised."""
    with contextlib.suppress(Exception):
        source = _without_unknown_magic(shell, source)
    result = cast(Any, shell).run_cell(source, store_history=True)
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:  # Jupyter closes the figures that it has shown
        with contextlib.suppress(Exception):
            pyplot.close("all")
    error: BaseException | None = result.error_before_exec or result.error_in_exec
    return error


def _without_unknown_magic(shell: Kernel, source: str) -> str:
    """Take out the cell magic of a language that is not installed here, together with its cell."""
    first = source.lstrip().split("\n", 1)[0]
    if first.startswith("%%"):
        name = shlex.split(first[2:], posix=False)[0]
        if name not in shell.magics_manager.magics["cell"]:
            return ""
    return source


def checks_in(shell: Kernel, source: str) -> list[str]:
    """Return the exercises that a cell checks, in its order; comments and texts do not count."""
    try:
        tree = ast.parse(cast(Any, shell).transform_cell(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        lines = [line for line in source.splitlines() if not line.lstrip().startswith("#")]
        return re.findall(r"""\bcheck\(\s*["']([\w-]+)["']""", "\n".join(lines))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name == "check" and isinstance(node.args[0].value, str):
                found.append(node.args[0].value)
    return found
