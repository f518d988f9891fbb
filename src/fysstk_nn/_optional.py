"""What to say where a library is missing that the algebra itself can do without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

INSTALLED_AS = {"sklearn": "scikit-learn"}  # where pip knows a module by another name


@contextmanager
def needs(purpose: str) -> Iterator[None]:
    """Say in one sentence what an import inside is for, and how to install what it lacks.

    Parameters
    ----------
    purpose
        Begins the sentence: "fysstk_nn.estimators".

    Raises
    ------
    ModuleNotFoundError
        If a module that is imported inside is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        library = INSTALLED_AS.get(module, module)
        said = f"{purpose} needs {library}, which is not installed: pip install {library}"
        raise ModuleNotFoundError(said, name=error.name) from None
