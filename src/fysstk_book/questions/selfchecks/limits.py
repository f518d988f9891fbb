"""Self-checks of the chapter on what networks need and cannot do."""

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck

ONE_LAYER = (
    r"A network has two inputs, one layer of three {} nodes and one linear output. The columns of $W$ are the weights into "
    r"the nodes, and $v$ holds the weights from them to the output"
)

SELFCHECKS = (
    selfcheck(
        "limits-tanh",
        ONE_LAYER.format(r"$\tanh$")
        + r", whose bias is $b$. Which limit does the output have far out in the direction $d$?",
        "W, v, b, d",
        draw=lambda rng: (nice(rng, 2, 3), nice(rng, 3), nice(rng), nice(rng, 2)),
        say={
            "turned the direction round": "Each node saturates at the sign of its own w·d. Yours has the opposite one."
        },
    ),
    selfcheck(
        "limits-relu",
        ONE_LAYER.format("ReLU")
        + r". What is the slope of the output along $x_0 + t\,d$ beyond the last kink, for large $t$?",
        "W, v, d",
        draw=lambda rng: (nice(rng, 2, 3), nice(rng, 3), nice(rng, 2)),
        say={
            "kept all nodes on": "A node whose sum falls with t is off for large t.",
            "counted the nodes without their slopes": "A node that is on contributes its weight v times the slope of its own sum, w·d.",
            "kept the nodes that are off": "For t → ∞ those nodes are on whose sums rise.",
            "took the size of α": (
                "took the size of each node's slope",
                "A ReLU is off on one side; it is no absolute value.",
            ),
        },
    ),
    selfcheck(
        "limits-memory",
        r"The rows of $H$ are the outputs of two hidden nodes for two samples, whose targets are the entries of $y$. There is "
        r"no output bias. Which two output weights reproduce the targets exactly?",
        "H, y",
        draw=lambda rng: (nice(rng, 2, 2), nice(rng, 2)),
        say={"turned the sign": "Check your weights: do they reproduce the targets?"},
    ),
    selfcheck(
        "limits-units",
        r"A neuron has learned by gradient descent with the learning rate $\eta$. Now its input comes in a new unit, $x' = cx$, and the weight "
        r"starts from $w' = w/c$. Which learning rate for $w'$ makes training do exactly what it did before?",
        r"\eta, c",
        draw=lambda rng: (nice(rng, low=0.1, high=2.0), float(rng.choice([0.1, 0.2, 0.5, 2.0, 5.0, 10.0]))),
        say={
            "multiplied by c": "A larger input makes a larger gradient, so a rate that grows with c goes the wrong way, and more than one factor is missing."
        },
    ),
    selfcheck(
        "limits-chance",
        r"A network was trained on random labels of $K$ equally frequent classes. Give the accuracy to be expected on $m$ new "
        r"samples, and its standard deviation, both as fractions.",
        "K, m",
        draw=lambda rng: (int(rng.integers(3, 13)), int(rng.choice([20, 25, 50, 80, 100, 200, 400]))),
    ),
)
