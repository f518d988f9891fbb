"""Training by JAX: the program, with autograd in the place of JAX; and what JAX itself gave."""

import re
import sys
from types import SimpleNamespace

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

import with_jax as tool
from fysstk_book import measured, with_jax


def by_hand(theta, X, y, eta, epochs):
    """The same with derivatives by hand, one layer of tanh and a linear output."""
    (W1, b1, W2, b2), costs = [p.copy() for p in theta], []
    for _ in range(epochs):
        a1 = np.tanh(X @ W1 + b1)
        delta2 = (a1 @ W2 + b2 - y) / len(X)
        delta1 = delta2 @ W2.T * (1 - a1**2)
        costs.append(np.sum(delta2**2) * len(X) / 2)
        W1, b1 = W1 - eta * X.T @ delta1, b1 - eta * delta1.sum(0)
        W2, b2 = W2 - eta * a1.T @ delta2, b2 - eta * delta2.sum(0)
    return [W1, b1, W2, b2], costs


@pytest.fixture
def stand_in(monkeypatch):
    """autograd under the name of JAX: the part of its interface that the program uses is the same."""
    fake = SimpleNamespace(
        numpy=anp,
        value_and_grad=autograd.value_and_grad,
        jit=lambda f: f,
        config=SimpleNamespace(update=lambda name, value: None),
        __version__="0",
    )
    monkeypatch.setitem(sys.modules, "jax", fake)
    monkeypatch.setitem(sys.modules, "jax.numpy", anp)


@pytest.mark.parametrize("name", tool.runs())
def test_the_program_differentiates_what_we_differentiate(stand_in, name):
    X, y, theta, eta = tool.runs()[name]
    trained, costs = with_jax.train(theta, X, y, eta, epochs=40)
    expected, expected_costs = by_hand(theta, X, y, eta, epochs=40)
    np.testing.assert_allclose(costs, expected_costs, rtol=1e-12)
    for p, q in zip(trained, expected, strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-10)


@pytest.mark.parametrize("name", tool.runs())
def test_jax_found_what_the_derivatives_by_hand_find(name):
    stored = measured.load("with-jax")
    X, y, theta, eta = tool.runs()[name]
    costs = by_hand(theta, X, y, eta, epochs=3000)[1][:: tool.EVERY]
    np.testing.assert_allclose(stored.runs(name)[0], costs, rtol=1e-6)  # stored to seven digits
    assert re.match(r"JAX \d+\.\d+", stored.budget)


def test_the_tool_stores_what_it_trains(stand_in, monkeypatch, tmp_path):
    monkeypatch.setattr(measured, "folder", lambda: tmp_path)
    monkeypatch.setattr(tool, "runs", lambda: {"1 tanh": tool_runs["1 tanh"]})
    tool.main()
    found = measured.load("with-jax")
    assert list(found.lines) == ["1 tanh"] and found.runs("1 tanh").shape == (1, 30)


tool_runs = tool.runs()
