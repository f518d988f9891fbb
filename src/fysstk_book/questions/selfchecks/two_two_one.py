"""Self-checks of the chapter on the network with two inputs, two hidden nodes and one output."""

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck

NETWORK = (
    r"A network has two inputs, two hidden nodes and one output, and a sigmoid in each node. Row $i$, column $j$ of "
    r"$W^{(1)}$ holds the weight from input $i$ to hidden node $j$; $b^{(1)}$ holds the hidden biases, $w^{(2)}$ the "
    r"weights to the output, and $b^{(2)}$ is the output's bias. "
)

SELFCHECKS = (
    selfcheck(
        "two-output",
        NETWORK + "What is its output for the input $x$?",
        "x, W^{(1)}, b^{(1)}, w^{(2)}, b^{(2)}",
        say={
            "used the other order of the indices": "Row i of W⁽¹⁾ belongs to input i, and column j to hidden node j: "
            "the two weights into a hidden node stand below each other."
        },
    ),
    selfcheck(
        "two-delta",
        r"In a network with two $\tanh$ hidden nodes and one linear output, the hidden outputs are $a^{(1)}$ and the "
        r"output is $a^{(2)}$. The weights to the output are $w^{(2)}$, the target is $y$, and the cost is half the "
        r"squared error. Give the errors of the two hidden nodes, $\delta^{(1)}_0$ and $\delta^{(1)}_1$.",
        "a^{(1)}, a^{(2)}, y, w^{(2)}",
    ),
    selfcheck(
        "two-gradients",
        NETWORK
        + r"The cost $C$ is half the squared error. Give the matrix $\partial C/\partial W^{(1)}$ for the input "
        r"$x$ and the target $y$, in the order of $W^{(1)}$.",
        "x, y, W^{(1)}, b^{(1)}, w^{(2)}, b^{(2)}",
        part=lambda result: result[0],
        say={
            "used the hidden outputs where the inputs belong, as it is printed on the lecture's slide": "A weight of "
            "layer 1 multiplies an output of layer 0, which is an input.",
            "used the other order of the indices in dW1": "Row i, column j belongs to the weight from input i to hidden "
            "node j.",
        },
    ),
    selfcheck(
        "two-convention",
        r"A friend writes $z = Va + b$ with a column $a$, where you write $z = aW + b$ with a row $a$, and gives you the matrix $\partial C/\partial V$. What is the matrix $\partial C/\partial W$?",
        r"\partial C/\partial V",
        draw=lambda rng: (nice(rng, 2, 3),),
        say={
            "changed the shape but not the order": "You have filled the numbers into the other shape row by row. Rows "
            "have to become columns."
        },
    ),
    selfcheck(
        "two-parameters",
        "How many weights and biases together does a network have that has $M_0$ inputs, one hidden layer of $M_1$ nodes "
        "and $M_2$ outputs?",
        "M_0, M_1, M_2",
        digits=4,
    ),
)
