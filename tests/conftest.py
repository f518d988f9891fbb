"""Fixtures that all tests share."""

import numpy as np
import pytest


@pytest.fixture
def rng():
    """Return a random generator that gives the same numbers in every run."""
    return np.random.default_rng(2024)
