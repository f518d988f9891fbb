"""Self-checks of the chapter on the chain rule."""

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck

SELFCHECKS = (
    selfcheck(
        "chain-walk",
        r"You walk along $x = \cos t$, $y = t^2$ over the landscape $f(x, y, t) = xy + ty$, which rises with time. What is "
        r"$df/dt$ at the time $t$ (in radians)?",
        "t",
    ),
    selfcheck(
        "chain-polar",
        r"At the point $x = s\cos t$, $y = s\sin t$ (with $t$ in radians), a function has the derivatives "
        r"$\partial f/\partial x$ and $\partial f/\partial y$. Give $\partial f/\partial s$ and $\partial f/\partial t$, in "
        r"this order.",
        lambda gradient, s, t: (
            rf"For $\partial f/\partial x = {gradient[0]:g}$, $\partial f/\partial y = {gradient[1]:g}$, "
            rf"$s = {s:g}$ and $t = {t:g}$:"
        ),
    ),
    selfcheck(
        "chain-names",
        r"What is the derivative of $f(x) = \ln\left(1 + x^2 e^{-x^2}\right)$ at $x$? (Name the steps "
        r"$a = x^2$, $b = e^{-a}$, $c = ab$, $d = 1 + c$, and go back from $\ln d$.)",
        "x",
        draw=lambda rng: (nice(rng, low=0.2, high=2.0),),
        part=lambda result: result[1],
    ),
    selfcheck(
        "chain-product",
        r"The product $f = x_1x_2x_3$ is taken of the entries of $x$. Give its three derivatives "
        r"$\partial f/\partial x_1$, $\partial f/\partial x_2$ and $\partial f/\partial x_3$.",
        "x",
        draw=lambda rng: (
            nice(rng, 3, low=-3.0, high=3.0) * np.where(np.arange(3) == rng.integers(0, 6), 0.0, 1.0),
        ),
        say={
            "the products after each factor are in the reverse order": "Behind x₁ stand two factors, behind x₃ none: you have them the other way round.",
            "kept the factor itself in the product": "xᵢ does not occur in its own derivative: it is the one factor "
            "that drops out.",
        },
    ),
    selfcheck(
        "chain-layer",
        r"An output layer of two sigmoid nodes gets the outputs $a$ of the layer before. Row $i$, column $j$ of its weights "
        r"$W$ belongs to the way from node $i$ to node $j$; its biases are $b$ and its targets $y$. The cost $C$ is half "
        r"the sum of the two squared errors. Give the matrix $\partial C/\partial W$, in the order of $W$.",
        "a, W, b, y",
        draw=lambda rng: (nice(rng, 2), nice(rng, 2, 2), nice(rng, 2), rng.permutation([0.0, 1.0])),
    ),
)
