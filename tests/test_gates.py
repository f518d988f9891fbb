"""The truth tables, and the circuits that are built from NAND gates."""

import doctest

import numpy as np
import pytest

from fysstk_nn import gates
from fysstk_nn.gates import (
    AND,
    GATES,
    INPUTS,
    NAND,
    OR,
    XOR,
    Gate,
    design_matrix,
    half_adder,
    nand,
    truth_table,
    xor_from_nands,
)


def test_inputs_are_in_the_order_of_a_truth_table():
    np.testing.assert_array_equal(INPUTS, [[0, 0], [0, 1], [1, 0], [1, 1]])


@pytest.mark.parametrize(
    ("gate", "logic"),
    [
        (AND, lambda x1, x2: x1 and x2),
        (OR, lambda x1, x2: x1 or x2),
        (XOR, lambda x1, x2: x1 != x2),
        (NAND, lambda x1, x2: not (x1 and x2)),
    ],
    ids=lambda v: v.name if isinstance(v, Gate) else "",
)
def test_gates_follow_boolean_logic(gate, logic):
    assert gate.y.tolist() == [int(logic(bool(x1), bool(x2))) for x1, x2 in gate.X]
    assert gate.y.dtype == int
    assert GATES[gate.name] is gate


def test_design_matrix_has_ones_in_front():
    np.testing.assert_array_equal(XOR.design, [[1, 0, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1]])
    np.testing.assert_array_equal(design_matrix([[2], [3]]), [[1, 2], [1, 3]])
    assert design_matrix(np.ones((2, 2), dtype=np.float32)).dtype == np.float32


@pytest.mark.parametrize("wrong", [[1.0, 2.0], [[np.nan]], np.empty((0, 2))])
def test_design_matrix_refuses_what_is_not_a_finite_matrix(wrong):
    with pytest.raises(ValueError, match="X"):
        design_matrix(wrong)


def test_shared_arrays_are_read_only_but_a_design_matrix_is_ones_own():
    for array in (INPUTS, XOR.X, XOR.y):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    design = XOR.design
    design[0, 0] = 7
    assert XOR.design[0, 0] == 1


def test_own_gate_is_a_copy_and_is_checked():
    y = np.array([1.0, 0.0, 0.0, 0.0])
    nor = Gate("NOR", y)
    y[0] = 0
    assert nor.y.tolist() == [1, 0, 0, 0]
    with pytest.raises(ValueError, match=r"a gate has 4 outputs, y has shape \(3,\)"):
        Gate("short", [0, 1, 1])
    with pytest.raises(ValueError, match="y must be 0 or 1"):
        Gate("two", [0, 1, 1, 2])
    with pytest.raises(ValueError, match="y must be 0 or 1"):
        Gate("text", ["0", "1", "1", "0"])
    with pytest.raises(AttributeError):
        nor.name = "AND"


def test_nand_is_the_step_neuron_with_weights_minus_two_and_bias_three():
    z = INPUTS @ np.array([-2, -2]) + 3
    assert z.tolist() == [3, 1, 1, -1]
    assert nand(*INPUTS.T).tolist() == NAND.y.tolist()


@pytest.mark.parametrize(("circuit", "gate"), [(nand, NAND), (xor_from_nands, XOR)])
def test_circuits_take_bits_and_arrays_of_bits(circuit, gate):
    assert truth_table(circuit)[:, 2].tolist() == gate.y.tolist()
    assert circuit(*INPUTS.T).tolist() == gate.y.tolist()
    assert type(circuit(1, 0)) is int


def test_half_adder_adds():
    for x1, x2, total, carry in truth_table(half_adder):
        assert 2 * carry + total == x1 + x2
    assert half_adder(1, 1) == (0, 1)
    total, carry = half_adder(*INPUTS.T)
    assert total.tolist() == XOR.y.tolist()
    assert carry.tolist() == AND.y.tolist()


@pytest.mark.parametrize("wrong", [2, 0.5, -1, "1", None, np.array([0, 3])])
def test_circuits_refuse_what_is_not_a_bit(wrong):
    with pytest.raises(ValueError, match="x1 must be 0 or 1"):
        nand(wrong, 0)
    with pytest.raises(ValueError, match="x2 must be 0 or 1"):
        half_adder(1, wrong)


def test_truth_table_has_inputs_and_all_outputs():
    table = truth_table(lambda x1, x2: (x1 and x2, x1 or x2, True))
    np.testing.assert_array_equal(table, [[0, 0, 0, 0, 1], [0, 1, 0, 1, 1], [1, 0, 0, 1, 1], [1, 1, 1, 1, 1]])
    with pytest.raises(ValueError, match="the output must be 0 or 1"):
        truth_table(lambda x1, x2: x1 + x2)


def test_examples_in_the_docstrings():
    assert doctest.testmod(gates).failed == 0
