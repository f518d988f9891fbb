"""Self-checks of the chapter on the four equations of backpropagation."""

from collections.abc import Callable
from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import Family, selfcheck
from fysstk_book.questions.selfchecks._typeset import number, typeset

ORDER = r"Row $i$, column $j$ of {} belongs to the way from node $i$ to node $j$. "
TWO_SAMPLES = "Each row belongs to one of two samples. "


def _sizes(rng: np.random.Generator) -> tuple[tuple[int, ...], int]:
    sizes = tuple(int(m) for m in rng.integers(2, 10, size=rng.integers(4, 6)))
    return sizes, int(rng.integers(1, len(sizes) - 2))


W1, B1 = np.array([[1.0, -1.0], [0.5, 1.0]]), np.array([0.0, 0.5])
W2, B2 = np.array([[2.0, 1.0], [-1.0, 2.0]]), np.array([0.5, -1.0])
"""The chapter's network that can be done in the head."""


def _by_hand(
    *, slope: bool = True, forward: bool = True, back: Any = W2.T, inputs: bool = True
) -> Callable[..., Any]:
    """Return the gradient of the first weights, with a step left out."""

    def gradient(x: Any, y: Any) -> Any:
        z = np.asarray(x) @ W1 + B1
        a = np.maximum(z, 0) if forward else z
        delta = (a @ W2 + B2 - y) @ back * (z > 0 if slope else 1.0)
        return np.outer(x if inputs else a, delta)

    return gradient


SELFCHECKS = (
    selfcheck(
        "four-by-hand",
        r"A network has two inputs, two ReLU hidden nodes and two linear outputs, with "
        rf"$W^1 = {typeset(W1)}$, $b^1 = {typeset(B1)}$, $W^2 = {typeset(W2)}$ and $b^2 = {typeset(B2)}$; row $i$ of a "
        r"matrix belongs to the node from which the weights lead. The cost is half the sum of the squared errors. Give the matrix "
        r"$\partial C/\partial W^1$ for the input $x$ and the target $y$.",
        "x, y",
        draw=lambda rng: (rng.integers(-4, 5, size=2), rng.integers(-3, 8, size=2) / 2),
        family=Family(
            (np.array([2.0, 1.0]), np.array([3.5, 2.5])),
            _by_hand(),
            {
                "took the slope of ReLU as 1 although the node's input is negative": _by_hand(slope=False),
                "let a negative z through ReLU on the way forward": _by_hand(slope=False, forward=False),
                "forgot the weight on the way back": _by_hand(back=np.eye(2)),
                "used the hidden outputs a¹ where the inputs x belong": _by_hand(inputs=False),
                "took the error of the first output only": _by_hand(back=np.array([[2.0, -1.0], [0.0, 0.0]])),
                "used the columns of W² on the way back": _by_hand(back=W2),
            },
        ),
        say={
            "took the slope of ReLU as 1 although the node's input is negative": "Look at the sign of z¹ in both hidden "
            "nodes: what does ReLU do there, and what is its slope?",
            "let a negative z through ReLU on the way forward": "ReLU turns a negative z¹ into 0 before it reaches the "
            "output.",
        },
    ),
    selfcheck(
        "four-components",
        r"A sigmoid layer with the weights $W$ and the biases $b$ gets the values $a$ from the layer before. The program is "
        "by Nielsen: row $j$, column $k$ of $W$ holds the weight *to* node $j$ *from* node $k$ of the layer before. "
        "Give the outputs of its two nodes.",
        "a, W, b",
        draw=lambda rng: (nice(rng, 2), nice(rng, 2, 2), nice(rng, 2)),
    ),
    selfcheck(
        "four-output-delta",
        TWO_SAMPLES + r"The outputs of two $\tanh$ nodes are $A$, their targets $Y$. The cost of a sample is "
        r"$\frac12\sum_j c_j(a_j - y_j)^2$, with $c = (c_1, c_2)$, and that of the batch is the mean over the samples. Give "
        r"the matrix $\delta$ of the output layer.",
        "A, Y, c",
        draw=lambda rng: (
            nice(rng, 2, 2, low=0.1, high=0.9),
            rng.integers(0, 2, size=(2, 2)).astype(float),
            nice(rng, 2, low=0.2, high=3.0),
        ),
    ),
    selfcheck(
        "four-hidden-delta",
        r"For one sample, the two nodes of layer $l+1$ have the errors $\delta^{l+1}$, and the two sigmoid nodes of layer "
        r"$l$ the outputs $a^l$. The weights between them are $W^{l+1}$. "
        + ORDER.format("$W^{l+1}$")
        + r"The cost of the sample has the additional term $\frac{\mu}{2}\sum_j (a_j^l)^2$, a price on activity. Give the two "
        r"errors $\delta^l$.",
        r"\delta^{l+1}, W^{l+1}, a^l, \mu",
        draw=lambda rng: (
            nice(rng, 1, 2),
            nice(rng, 2, 2),
            nice(rng, 1, 2, low=0.1, high=0.9),
            nice(rng, low=0.1, high=3.0),
        ),
        say={
            "took σ′ at a instead of at z": "aˡ is the output of the sigmoid already; its slope is a (1 - a)."
        },
    ),
    selfcheck(
        "four-gradients",
        r"Each row belongs to one of three samples. "
        r"An autoencoder with two inputs and one hidden node uses one matrix $V$ twice: the hidden sums are $XV + b$, "
        r"the outputs $A^1V^T + c$. The errors are $\delta^1$ and $\delta^2$, in which the $1/n$ of the mean is contained. "
        r"Give the two entries of $\partial C/\partial V$.",
        r"X, A^1, \delta^1, \delta^2",
        draw=lambda rng: tuple(nice(rng, 3, m) for m in (2, 1, 1, 2)),
        part=lambda result: result[0][:, 0],
        say={"divided by the number of samples once more": "The 1/n of the mean is in δ already."},
    ),
    selfcheck(
        "four-backprop",
        r"A network has two inputs, two hidden nodes that are sines, $a = \sin z$ with $z$ in radians, and one linear output. "
        + ORDER.format("$W^1$")
        + r"The hidden biases are $b^1$, the weights to the output $w^2$, and its bias is $b^2$. For one sample with the "
        r"input $x$ and the target $y$ the cost is half the squared error. Give the matrix $\partial C/\partial W^1$.",
        lambda X, y, W1, b1, W2, b2: (
            rf"For $x = {typeset(X)}$, $y = {number(y.item())}$, $W^1 = {typeset(W1)}$, $b^1 = {typeset(b1)}$, "
            rf"$w^2 = {typeset(W2.T)}$ and $b^2 = {number(b2.item())}$:"
        ),
        draw=lambda rng: (
            nice(rng, 1, 2),
            nice(rng, 1, 1),
            nice(rng, 2, 2),
            nice(rng, 2),
            nice(rng, 2, 1),
            nice(rng, 1),
        ),
        part=lambda result: result[0],
        say={
            "returned the gradients with layer 2 first": (
                "gave the gradient of the output's weights",
                "That is ∂C/∂w². The one for the weights of the hidden layer is asked for.",
            ),
            "transposed the weight gradients": "∂C/∂W¹ has the order of W¹: inputs in the rows.",
        },
        twins={
            ("the derivative of the sine has the wrong sign", "the sign is turned"): (
                "a sign is turned",
                "The derivative of (a - y)²/2 is a - y, and that of sin z is + cos z. The minus sign belongs to the update.",
            )
        },
    ),
    selfcheck(
        "four-operations",
        r"The first $f$ layers of a network are frozen: only the others learn. Count the multiplications of one backward pass for one sample: those that send the errors back through the weights (equation 4) and those that make the weights' gradients (equation 2), without those of the activations' slopes. The network has the layers $(M_0, M_1, \dots, M_L)$.",
        lambda sizes, f: rf"For $(M_0, M_1, \dots, M_L) = {sizes}$ and $f = {f}$:",
        draw=_sizes,
        digits=4,
    ),
)
