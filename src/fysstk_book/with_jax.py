"""Trains a network with one hidden layer by JAX: only the forward pass is written down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["train"]


def train(theta: Sequence[Any], X: Any, y: Any, eta: float, epochs: int) -> Any:
    """Return the parameters after full-batch descent, and the cost before each step.

    Parameters
    ----------
    theta : W1 (M0, M1), b1 (M1,), W2 (M1, M2), b2 (M2,); tanh hidden, linear output
    X, y : inputs of shape (n, M0), targets of shape (n, M2)
    """
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)  # else JAX computes in single precision

    def cost(theta: Sequence[Any]) -> Any:
        W1, b1, W2, b2 = theta
        return jnp.mean((jnp.tanh(X @ W1 + b1) @ W2 + b2 - y) ** 2) / 2

    cost_and_gradient = jax.jit(jax.value_and_grad(cost))  # compiled at the first call
    theta, costs = list(theta), []
    for _ in range(epochs):
        C, gradient = cost_and_gradient(theta)
        theta = [p - eta * dC_dp for p, dC_dp in zip(theta, gradient, strict=True)]
        costs.append(float(C))
    return theta, costs
