"""Two rooms and one arrow: the book's package imports the algebra, which knows nothing of the book.

In each of them, a module may import from lower floors only. The imports are read, not run.
"""

import ast
import functools
import graphlib
import io
import subprocess
import sys
import tokenize
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import depends

SOURCE = Path(__file__).parents[1] / "src"

# Lowest first. A module or subpackage that is not listed here fails the test: give it a floor.
ALGEBRA = [
    "_optional",
    "plain",
    "_validate",
    "_interrupt",
    "activations",
    "gates",
    "autodiff",
    "gradcheck",
    "schedules",
    "optimizers",
    "params",
    "linear",
    "perceptron",
    "scalar",
    "costs",
    "trace",
    "dropout_batch_norm",
    "mlp",
    "runs",
    "files",
    "divergence",
    "train",
    "quasi_newton",
    "estimators",
    "idx",
    "datasets",
]
BOOK = [
    "draw",
    "compare",
    "measured",
    "with_jax",
    "longruns",
    "held",
    "sources",
    "numbers",
    "printed",
    "paths",
    "exercises",
    "check",
    "questions",
    "grade",
]
ORDER = [
    "fysstk_nn",
    *(f"fysstk_nn.{name}" for name in ALGEBRA),
    "fysstk_book",
    *(f"fysstk_book.{name}" for name in BOOK),
]
FLOOR = {name: number for number, name in enumerate(ORDER)}

# What `pip install fysstk-nn` brings along; anything else may be imported inside a function that needs it.
INSTALLED = {"numpy", "scipy", "tqdm", "fysstk_nn"}
ALSO_ALLOWED = {
    "fysstk_nn.estimators": {"sklearn"},
    "fysstk_book": {"fysstk_book"},
    "fysstk_book.printed": {"lark", "sympy"},
    "fysstk_book.grade": {"IPython", "traitlets"},  # the second comes with the first
    "fysstk_book.draw": {"matplotlib", "mpl_toolkits", "cycler"},  # the last two come with matplotlib
}


def module_name(path):
    """Return ``fysstk_book.draw.plots`` for .../draw/plots.py, ``fysstk_book.draw`` for its __init__.py."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


PATHS = {module_name(path): path for path in sorted(SOURCE.rglob("*.py"))}
MODULES = list(PATHS)


@functools.cache
def tree(module):
    """Return the syntax tree of a module."""
    return ast.parse(PATHS[module].read_text(encoding="utf8"))


def imported(nodes, module):
    """Yield the full dotted name of everything that these syntax nodes import."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import in line {node.lineno}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@functools.cache
def own_imports(module):
    """Return the modules of both packages that a module imports, anywhere in its code."""
    found = set()
    for name in imported(depends.statements(tree(module)), module):
        if name.partition(".")[0] in {"fysstk_nn", "fysstk_book"}:
            while name not in PATHS:
                name = name.rpartition(".")[0]  # a function or class: the module that holds it
            found.add(name)
    return found


def house(module):
    """Return the part of the house that a file belongs to: a package, or a module or subpackage of one."""
    return ".".join(module.split(".")[:2])


def reachable(module):
    """Return all modules that are loaded because of this one."""
    found, waiting = set(), [module]
    while waiting:
        for name in own_imports(waiting.pop()) - found:
            found.add(name)
            waiting.append(name)
    return found


def test_every_module_has_a_floor():
    assert {house(name) for name in MODULES} == set(ORDER)


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_downwards_only(module):
    own = house(module)
    for name in own_imports(module):
        below = FLOOR[house(name)] < FLOOR[own]
        neighbour = house(name) == own and name != module  # another file of the same subpackage
        assert below or neighbour, f"{module} imports {name}, which is not on a lower floor"


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("fysstk_nn")])
def test_the_algebra_knows_nothing_of_the_book(module):
    assert not {name for name in reachable(module) if name.startswith("fysstk_book")}


def test_no_circles_between_the_files_of_a_subpackage():
    graph = {module: own_imports(module) for module in MODULES}
    order = list(graphlib.TopologicalSorter(graph).static_order())
    assert set(order) >= set(MODULES)


@pytest.mark.parametrize("package", ["fysstk_nn", "fysstk_book"])
def test_packages_themselves_import_nothing(package):
    assert list(imported(depends.statements(tree(package)), package)) == []


@pytest.mark.parametrize("oracle", ["fysstk_nn.autodiff", "fysstk_nn.gradcheck"])
def test_oracles_stay_independent_of_what_they_check(oracle):
    assert reachable(oracle) == {"fysstk_nn._validate"}
    for network in ("params", "costs", "mlp", "train"):
        assert oracle not in reachable(f"fysstk_nn.{network}")


@pytest.mark.parametrize("module", MODULES)
def test_importing_needs_nothing_but_the_declared_dependencies(module):
    allowed = INSTALLED | set(sys.stdlib_module_names)
    for place in (module.partition(".")[0], house(module)):
        allowed |= ALSO_ALLOWED.get(place, set())
    outermost = {name.partition(".")[0] for name in imported(tree(module).body, module)}
    assert outermost <= allowed


def lines_of_code(source):
    """Count the lines that are neither empty, nor comments, nor docstrings."""
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    code = {
        line
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in quiet | {tokenize.ENDMARKER}
        for line in range(token.start[0], token.end[0] + 1)
    }
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            code -= set(range(node.lineno, node.end_lineno + 1))
    return len(code)


@pytest.mark.parametrize("path", sorted(SOURCE.glob("fysstk_nn/*.py")), ids=lambda path: path.stem)
def test_no_file_of_the_algebra_is_longer_than_one_can_read_at_a_sitting(path):
    assert lines_of_code(path.read_text(encoding="utf8")) <= 300


def test_the_count_leaves_out_what_is_no_code():
    source = (
        '"""A module."""\n\n# why\nx = """two\nlines"""\n\n\ndef f():\n    """Do."""\n    return x  # here\n'
    )
    assert lines_of_code(source) == 4


WITHOUT = """
import importlib, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent}:
            raise ModuleNotFoundError(f"{{name}} is not installed", name=name)

sys.meta_path.insert(0, Absent())
for module in {modules}:
    importlib.import_module(module)
"""


def test_the_algebra_needs_numpy_scipy_and_tqdm_alone():
    """Import it where nothing else can be imported, whatever is installed."""
    modules = [module for module in MODULES if module.startswith("fysstk_nn") and "estimators" not in module]
    others = set(packages_distributions()) - INSTALLED
    assert {"sklearn", "matplotlib"} <= others
    for absent, missing in [(others, ""), (others | {"tqdm"}, "tqdm is not installed")]:
        code = WITHOUT.format(absent=absent, modules=modules)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert missing in done.stderr and (done.returncode == 0) == (missing == ""), done.stderr


def test_the_reader_of_imports_sees_all_kinds():
    deep = "try:\n  pass\nexcept E:\n  match x:\n    case 1:\n      def g(): import h"
    tree = ast.parse(f"import a.b\nfrom c import d as e, f\n{deep}")
    assert list(imported(depends.statements(tree), "example")) == ["a.b", "c.d", "c.f", "h"]
    with pytest.raises(AssertionError, match="relative import in line 1"):
        list(imported(ast.parse("from . import x").body, "example"))
