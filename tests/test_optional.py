"""A library that is missing is said in one sentence, by name, with the command that installs it."""

import importlib
import sys

import pytest

from fysstk_book.check import check
from fysstk_book.exercises import building_the_mlp


def hide(monkeypatch, module):
    """Let an import of `module` fail, as where it is not installed."""
    for name in [name for name in sys.modules if name.partition(".")[0] == module]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, module, None)


@pytest.mark.parametrize(
    ("name", "module", "library"),
    [
        ("fysstk_nn.estimators", "sklearn", "scikit-learn"),
        ("fysstk_book.draw", "matplotlib", "matplotlib"),
        ("fysstk_book.printed", "lark", "lark"),
        ("fysstk_book.printed", "sympy", "sympy"),
    ],
)
def test_a_module_says_what_it_lacks(monkeypatch, name, module, library):
    hide(monkeypatch, module)
    monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module(name)
    assert str(caught.value) == f"{name} needs {library}, which is not installed: pip install {library}"


def test_so_does_an_exercise(monkeypatch):
    hide(monkeypatch, "sklearn")
    building_the_mlp._kept_digits.cache_clear()  # another test may have had them
    with pytest.raises(ModuleNotFoundError, match="exercise needs scikit-learn, which is not"):
        check("mlp-digits", lambda *a: 1)
