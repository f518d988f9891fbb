"""The multilayer perceptron in plain NumPy: the lecture's equations alone.

W[l] and b[l] belong to layer l = 1, ..., L; index 0 is empty. A row of X
is a sample.
"""

from itertools import pairwise

import numpy as np


def identity(z):
    """Hand z on as it is."""
    return z


def sigmoid(z):
    """Squeeze z between 0 and 1."""
    return 1 / (1 + np.exp(-z))


def relu(z):
    """Cut off what is negative."""
    return np.maximum(z, 0)


def slope(f, a):
    """Return f'(z), written with the output a = f(z)."""
    if f is sigmoid:
        return a * (1 - a)
    if f is np.tanh:
        return 1 - a**2
    if f is relu:
        return a > 0
    return np.ones_like(a)


def half_squared_error(a, y):
    """Return the mean cost of the samples."""
    return ((a - y) ** 2).sum() / 2 / len(y)


def binary_cross_entropy(a, y):
    """Return the mean cost of the samples."""
    return -(y * np.log(a) + (1 - y) * np.log(1 - a)).sum() / len(y)


def derivative(cost, a, y):
    """Return dC/da."""
    if cost is binary_cross_entropy:
        return (a - y) / (a * (1 - a)) / len(y)
    return (a - y) / len(y)


def init(sizes, rng):
    """Return random weights, and biases that are 0."""
    W, b = [None], [None]
    for m, n in pairwise(sizes):
        W.append(rng.normal(0, np.sqrt(2 / (m + n)), (m, n)))
        b.append(np.zeros(n))
    return W, b


def forward(X, W, b, f):
    """Return a[0], ..., a[L]: the outputs of all layers."""
    a = [X]
    for l in range(1, len(W)):
        z = a[l - 1] @ W[l] + b[l]
        a.append(f[l](z))
    return a


def backprop(a, y, W, f, cost):
    """Return dC/dW and dC/db of all layers: the four equations."""
    L = len(W) - 1
    dW, db = [None] * (L + 1), [None] * (L + 1)
    delta = derivative(cost, a[L], y) * slope(f[L], a[L])  # equation 1
    for l in range(L, 0, -1):
        dW[l] = a[l - 1].T @ delta  # equation 2
        db[l] = delta.sum(axis=0)  # equation 3
        if l > 1:
            delta = (delta @ W[l].T) * slope(f[l - 1], a[l - 1])  # equation 4
    return dW, db


def train(X, y, W, b, f, cost, eta, epochs, batch_size, rng):
    """Take steps along the gradient of a batch, and change W and b."""
    for _ in range(epochs):
        order = rng.permutation(len(X))
        for i in range(0, len(X), batch_size):
            rows = order[i : i + batch_size]
            a = forward(X[rows], W, b, f)
            dW, db = backprop(a, y[rows], W, f, cost)
            for l in range(1, len(W)):
                W[l] -= eta * dW[l]
                b[l] -= eta * db[l]
