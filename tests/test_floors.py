"""The package is a house: each module may import from lower floors only. The imports are read, not run."""

import ast
import graphlib
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "fysstk_nn"

# Lowest first. A module or subpackage that is not listed here fails the test: give it a floor.
FLOORS = [
    "_validate",
    "activations",
    "gates",
    "autodiff",
    "gradcheck",
    "optimizers",
    "params",
    "linear",
    "perceptron",
    "scalar",
    "costs",
    "mlp",
    "train",
    "estimators",
    "datasets",
    "longruns",
    "draw",
    "_sources",
    "_book",
    "exercises",
    "check",
    "grade",
]
FLOOR = {name: number for number, name in enumerate(FLOORS)}

# What `pip install fysstk-nn` brings along; anything else may be imported inside a function that needs it.
INSTALLED = {
    "numpy",
    "scipy",
    "matplotlib",
    "tqdm",
    "mpl_toolkits",
    "cycler",
}  # the last two come with matplotlib
ALSO_ALLOWED = {"estimators": {"sklearn"}}


def module_name(path):
    """Return ``draw.plots`` for .../draw/plots.py and ``draw`` for .../draw/__init__.py."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


TREES = {
    module_name(path): ast.parse(path.read_text(encoding="utf8")) for path in sorted(PACKAGE.rglob("*.py"))
}
MODULES = [name for name in TREES if name]  # without the package's own __init__, which is no floor


def imported(nodes, module):
    """Yield the full dotted name of everything that these syntax nodes import."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import in line {node.lineno}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_imports(module):
    """Return the modules of this package that a module imports, anywhere in its code."""
    found = set()
    for name in imported(ast.walk(TREES[module]), module):
        top, _, rest = name.partition(".")
        if top == "fysstk_nn":
            while rest and rest not in TREES:
                rest = rest.rpartition(".")[0]  # a function or class: the module that holds it
            found.add(rest)
    return found - {""}


def floor(module):
    return FLOOR[module.partition(".")[0]]


def reachable(module):
    """Return all modules that are loaded because of this one."""
    found, waiting = set(), [module]
    while waiting:
        for name in own_imports(waiting.pop()) - found:
            found.add(name)
            waiting.append(name)
    return found


def test_every_module_has_a_floor():
    assert {name.partition(".")[0] for name in MODULES} <= set(FLOORS)


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_downwards_only(module):
    own = module.partition(".")[0]
    for name in own_imports(module):
        below = floor(name) < floor(module)
        neighbour = name.partition(".")[0] == own and name != module  # another file of the same subpackage
        assert below or neighbour, f"{module} imports {name}, which is not on a lower floor"


def test_no_circles_between_the_files_of_a_subpackage():
    graph = {module: own_imports(module) for module in MODULES}
    order = list(graphlib.TopologicalSorter(graph).static_order())
    assert set(order) >= set(MODULES)


def test_package_itself_imports_nothing():
    assert list(imported(ast.walk(TREES[""]), "__init__")) == []


@pytest.mark.parametrize("oracle", ["autodiff", "gradcheck"])
def test_oracles_stay_independent_of_what_they_check(oracle):
    assert reachable(oracle) == {"_validate"}
    for network in {"params", "costs", "mlp", "train"} & set(MODULES):
        assert oracle not in reachable(network)


@pytest.mark.parametrize("module", MODULES)
def test_importing_needs_nothing_but_the_declared_dependencies(module):
    allowed = INSTALLED | set(sys.stdlib_module_names) | {"fysstk_nn"} | ALSO_ALLOWED.get(module, set())
    outermost = {name.partition(".")[0] for name in imported(TREES[module].body, module)}
    assert outermost <= allowed


def test_the_reader_of_imports_sees_all_kinds():
    tree = ast.parse("import a.b\nfrom c import d as e, f\ndef g():\n    import h")
    assert list(imported(ast.walk(tree), "example")) == ["a.b", "c.d", "c.f", "h"]
    with pytest.raises(AssertionError, match="relative import in line 1"):
        list(imported(ast.parse("from . import x").body, "example"))
