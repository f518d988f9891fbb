"""Self-checks of the chapter on what networks need and cannot do."""

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import number, typeset

ONE_LAYER = (
    r"A network has two inputs, one layer of three {} nodes and one linear output. The columns of $W$ are the weights into "
    r"the nodes, and $v$ holds the weights from them to the output"
)

SELFCHECKS = (
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
        r"Two hidden nodes have the outputs $h$ for the only sample, whose target is $y$. The two output weights (there is no "
        r"bias) are trained by gradient descent on $\frac12(h\cdot v - y)^2$ from the start $v_0$, with a small rate, to the "
        r"end. Where does it end?",
        lambda H, Y, V0: (
            f"For $h = {typeset(H[0])}$, $y = {number(Y[0, 0])}$ and $v_0 = {typeset(V0[:, 0])}$:"
        ),
        draw=lambda rng: (nice(rng, 1, 2), nice(rng, 1, 1), nice(rng, 2, 1)),
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
        "limits-chi",
        r"Kepler's and Ptolemy's longitudes differ by $\frac14e^2\sin2M$, in radians. You know only Ptolemy's law, and the "
        r"noise of your observations, a standard deviation of $s$ minutes of arc. How many observations, all around the "
        r"orbit, make $\chi^2$ too large by $k\sqrt{2n}$, on average? Give the smallest $n$.",
        "e, s, k",
        draw=lambda rng: (
            round(float(rng.uniform(0.07, 0.2)), 2),
            float(rng.integers(4, 15)),
            float(rng.integers(2, 6)),
        ),
    ),
)
