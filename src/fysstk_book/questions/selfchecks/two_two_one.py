"""Self-checks of the chapter on the network with two inputs, two hidden nodes and one output."""

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck

SELFCHECKS = (
    selfcheck(
        "two-output",
        r"In a network with sigmoids, the two hidden nodes lead to the output with the weights $w_0^{(2)}$ and $w_1^{(2)}$, "
        r"and the output has the bias $b^{(2)}$. The signs of all weights into hidden node 0 and of its bias are turned. "
        r"Which $w_0^{(2)}$, $w_1^{(2)}$ and $b^{(2)}$ give the same output as before, for every input? Give all three, in "
        "this order.",
        lambda w2, b2: r"For $w_0^{{(2)}} = {:g}$, $w_1^{{(2)}} = {:g}$ and $b^{{(2)}} = {:g}$:".format(
            *w2, b2
        ),
        part=lambda result: (*result[0], result[1]),
    ),
    selfcheck(
        "two-delta",
        r"In a network with two hidden nodes and one output, all three with sigmoids, the hidden outputs are $a^{(1)}$, "
        r"and the output is $a^{(2)}$. The weights to the output are $w^{(2)}$, the target is $y$, and the "
        r"cost is half the squared error. Hidden node 0 also leads to hidden node 1, with the weight $u$. Give the "
        r"derivatives of the cost with respect to the weighted sums of the two hidden nodes, $\delta^{(1)}_0$ and "
        r"$\delta^{(1)}_1$.",
        "a^{(1)}, a^{(2)}, y, w^{(2)}, u",
    ),
    selfcheck(
        "two-gradients",
        r"A network has two inputs, two hidden nodes and two outputs, a sigmoid in each node, and biases that are all 0. "
        r"Row $i$, column $j$ of $W^{(1)}$ holds the weight from input $i$ to hidden node $j$, that of $W^{(2)}$ the weight "
        r"from hidden node $i$ to output $j$. The cost $C$ is half the sum of the squared errors of the two outputs. Give "
        r"the matrix $\partial C/\partial W^{(1)}$ for the input $x$ and the targets $y$, in the order of $W^{(1)}$.",
        "x, y, W^{(1)}, -, W^{(2)}, -",
        draw=lambda rng: (
            nice(rng, 2),
            nice(rng, 2, low=0.0, high=1.0),
            nice(rng, 2, 2),
            np.zeros(2),
            nice(rng, 2, 2),
            np.zeros(2),
        ),
        part=lambda result: result[0],
        say={
            "used the hidden outputs where the inputs belong, as it is printed on the lecture's slide": "A weight of "
            "layer 1 multiplies an output of layer 0, which is an input.",
            "used the other order of the indices in dW1": "Row i, column j belongs to the weight from input i to hidden "
            "node j.",
            "sent the errors back through the transposed weights": "The weights from hidden node j to the two outputs "
            "stand in row j of W⁽²⁾.",
        },
    ),
    selfcheck(
        "two-convention",
        r"A friend writes $Z = VA + b$ with one sample per column of $A$, and has the matrix $\Delta$ of the derivatives "
        r"of the cost with respect to $Z$. You write $W = V^T$. What is the matrix $\partial C/\partial W$?",
        r"A, \Delta",
        draw=lambda rng: (nice(rng, 2, 2), nice(rng, 3, 2)),
    ),
    selfcheck(
        "two-parameters",
        "A hidden node of a network with sigmoids can be turned: the signs of its bias and of the weights into it change, "
        "and what follows it makes up for that. Nodes of one layer can also exchange their places. How many networks with "
        "the same output for every input, the given one included, come about in this way, if the hidden layers have the "
        "sizes $M$?",
        "M",
        digits=4,
        draw=lambda rng: ([[2, 3], [3, 3], [2, 4], [3, 1]][rng.integers(4)],),
    ),
)
