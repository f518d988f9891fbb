"""The shared checks of arguments: what they let pass, and what they say about the rest."""

import tracemalloc

import numpy as np
import pytest

from fysstk_nn import _validate
from fysstk_nn._validate import (
    as_array,
    as_count,
    as_dtype,
    as_generator,
    as_matrix,
    as_number,
    as_targets,
    is_finite,
)


def test_floats_are_used_as_they_are_and_integers_become_float64():
    for dtype in (np.float32, np.float64):
        x = np.ones(3, dtype)
        assert as_array(x, "x") is x
    for x in ([1, 2], [True, False], np.ones(2, np.uint8), np.ones(2, np.float16)):
        assert as_array(x, "x").dtype == np.float64
    assert as_array([1.0], "x", dtype=np.float32).dtype == np.float32
    assert as_array([1.0], "x", shape=(1,), ndim=1) == 1.0


@pytest.mark.parametrize("value", ["abc", None, [1, None], [1j], ["a", "b"], object(), b"abc"])
def test_what_is_no_number_is_a_type_error(value):
    with pytest.raises(TypeError, match="x must hold real numbers, not "):
        as_array(value, "x")


@pytest.mark.parametrize(
    ("value", "keywords", "message"),
    [
        ([[1, 2], [3]], {}, "x must be rectangular, but its rows differ in length"),
        ([], {}, r"x is empty: its shape is \(0,\)"),
        ([1.0, np.nan], {}, r"x must be finite, but x\[1\] is nan"),
        ([[1.0, 2.0], [-np.inf, 0.0]], {}, r"x must be finite, but x\[1, 0\] is -inf"),
        ([1.0], {"ndim": 2}, r"x must have 2 axes, but its shape is \(1,\)"),
        (1.0, {"ndim": (1, 2)}, r"x must have 1 or 2 axes, but its shape is \(\)"),
        ([1.0], {"shape": (2,)}, r"x must have shape \(2,\), not \(1,\)"),
    ],
)
def test_bad_arrays(value, keywords, message):
    with pytest.raises(ValueError, match=message):
        as_array(value, "x", **keywords)


def test_a_sum_that_overflows_is_no_infinity():
    largest = np.full(5, np.finfo(np.float32).max)
    assert is_finite(largest) and is_finite(-largest)
    for bad in (np.inf, -np.inf, np.nan):
        assert not is_finite(np.append(largest, np.float32(bad)))
    assert not is_finite(np.array([np.inf, -np.inf]))


@pytest.mark.parametrize("number", [1.0, np.inf, -np.inf, np.nan])
def test_arrays_in_any_layout_are_looked_at_without_a_copy(number):
    table = np.ones((500, 200))
    for part in (table, table.T, table[:, :150], table[::2], np.asfortranarray(table), table[0, ::3]):
        table[...] = 1
        part[..., -1] = number
        tracemalloc.start()
        assert is_finite(part) == (number == 1)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 100_000


def test_infinity_passes_where_it_may():
    assert as_array(np.inf, "x", finite=False) == np.inf


def test_a_matrix_has_one_sample_in_each_row():
    assert as_matrix([[1, 2]], features=2).shape == (1, 2)
    with pytest.raises(ValueError, match=r"^X has 3 features, the network was built for 2$"):
        as_matrix([[1, 2, 3]], features=2)
    with pytest.raises(ValueError, match=r"^X has 1 feature, the network was built for 2$"):
        as_matrix([[1]], features=2)
    with pytest.raises(ValueError, match=r"^X must have 2 axes, one row for each sample, but its shape is"):
        as_matrix([1, 2])


def test_targets_have_a_row_for_each_sample():
    assert as_targets([1, 2, 3], samples=3, outputs=1).shape == (3, 1)
    assert as_targets(np.ones((3, 2)), samples=3, outputs=2).shape == (3, 2)
    with pytest.raises(ValueError, match=r"y must have shape \(3, 2\), not \(3,\) \(class numbers"):
        as_targets([1, 2, 3], samples=3, outputs=2)
    with pytest.raises(ValueError, match=r"y must have shape \(3, 1\), not \(3, 2\)$"):
        as_targets(np.ones((3, 2)), samples=3, outputs=1)
    with pytest.raises(ValueError, match="y has 2 rows, but X has 3"):
        as_targets([1, 2], samples=3, outputs=1)


@pytest.mark.parametrize("dtype", [np.float16, np.int64, np.longdouble, complex])
def test_only_two_types(dtype):
    with pytest.raises(TypeError, match="dtype must be float32 or float64"):
        as_dtype(dtype)


def test_numbers_become_python_floats():
    for value in (2, 2.0, np.float32(2), np.int8(2)):
        assert type(as_number(value, "eta")) is float
    for value in ("2", None, [2.0], True, 2j):
        with pytest.raises(TypeError, match="eta must be a number"):
            as_number(value, "eta")


@pytest.mark.parametrize(
    ("value", "bounds", "message"),
    [
        (-1, {"minimum": 0}, "eta must be >= 0, not -1"),
        (0, {"above": 0, "maximum": 1}, "eta must be > 0 and <= 1, not 0"),
        (2, {"above": 0, "maximum": 1}, "eta must be > 0 and <= 1, not 2"),
        (1, {"below": 1}, "eta must be < 1, not 1"),
        (np.nan, {}, "eta must be finite, not nan"),
        (np.inf, {"minimum": 0}, "eta must be >= 0, not inf"),
    ],
)
def test_numbers_out_of_range(value, bounds, message):
    with pytest.raises(ValueError, match=message):
        as_number(value, "eta", **bounds)


def test_counts():
    assert type(as_count(np.int32(3), "epochs")) is int
    for value in (2.0, "2", None, True):
        with pytest.raises(TypeError, match="epochs must be an integer"):
            as_count(value, "epochs")
    with pytest.raises(ValueError, match="epochs must be at least 1, not 0"):
        as_count(0, "epochs")


def test_generators():
    generator = np.random.default_rng(1)
    assert as_generator(generator) is generator
    assert as_generator(1).random() == np.random.default_rng(1).random()
    for value in (None, 1.5, "seed", True, np.random.RandomState(1)):
        with pytest.raises(TypeError, match=r"rng must be a numpy\.random\.Generator or an integer seed"):
            as_generator(value)
    with pytest.raises(ValueError, match="rng must be at least 0, not -1"):
        as_generator(-1)


def test_the_types_have_names_that_a_message_can_use():
    assert _validate._type_name(None, np.asarray(None)) == "NoneType"
    assert _validate._type_name(["a"], np.asarray(["a"])) == "strings"
    assert _validate._type_name([1j], np.asarray([1j])) == "complex numbers"
    dates = np.asarray(["2024-01-01"], dtype="datetime64[D]")
    assert _validate._type_name(dates, dates) == "datetime64[D]"


def test_integers_that_are_too_large_for_a_float():
    for value, came in ((10**400, "inf"), (-(10**400), "-inf")):
        with pytest.raises(ValueError, match=f"x must be finite, not {came}"):
            as_number(value, "x")
