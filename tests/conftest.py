"""What all tests share: random numbers, and examples from hypothesis, that are the same in every run."""

import os

import hypothesis
import numpy as np
import pytest

# Before scipy is imported: without it scikit-learn would leave out two of its checks of our estimators.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

# No test writes into the home folder.
os.environ["FYSSTK_PROGRESS"] = "off"

# No deadline: a slow machine is no mistake.
hypothesis.settings.register_profile("book", deadline=None, derandomize=True)
hypothesis.settings.load_profile("book")


@pytest.fixture
def rng():
    """Return a random generator that gives the same numbers in every run."""
    return np.random.default_rng(2024)
