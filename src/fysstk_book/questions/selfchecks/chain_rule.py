"""Self-checks of the chapter on the chain rule."""

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck

SELFCHECKS = (
    selfcheck(
        "chain-walk",
        r"You walk along the unit circle, $x = \cos t$ and $y = \sin t$, over a plate that cools: its temperature is "
        r"$f(x, y, t) = x^2y\,e^{-t}$. Give $\partial f/\partial t$ at the place where you are at the time $t$ (in "
        r"radians), and $df/dt$, in this order.",
        "t",
    ),
    selfcheck(
        "chain-polar",
        r"At the point $x = s\cos t$, $y = s\sin t$ (with $t$ in radians), a function has the derivatives "
        r"$\partial f/\partial s$ and $\partial f/\partial t$. Give $\partial f/\partial x$ and $\partial f/\partial y$, in "
        r"this order.",
        lambda gradient, s, t: (
            rf"For $\partial f/\partial s = {gradient[0]:g}$, $\partial f/\partial t = {gradient[1]:g}$, "
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
        r"The two nodes of an output layer share one weight $w$: node $j$ computes $\tanh(wa_j + b_j)$ from its own input "
        r"$a_j$. The inputs are the entries of $a$, the biases those of $b$, the targets those of $y$, and the cost $C$ is "
        r"half the sum of the two squared errors. What is $\partial C/\partial w$?",
        "w, a, b, y",
        draw=lambda rng: (nice(rng), nice(rng, 2), nice(rng, 2), nice(rng, 2, low=-0.9, high=0.9)),
    ),
)
