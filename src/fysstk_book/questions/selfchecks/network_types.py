"""Self-checks of the chapter on kinds of networks."""

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import Family, selfcheck

SELFCHECKS = (
    selfcheck(
        "types-convolution",
        r"A filter with the weights $w$ and the bias $b$ slides along the signal $x$, one step at a time, as far as it fits "
        r"as a whole. Give its sums $z_0, z_1, \dots$ (before any activation).",
        "x, w, b",
        draw=lambda rng: (nice(rng, 4), nice(rng, 2), nice(rng)),
        say={"stopped one place too early": "The filter also fits at the very end of the signal."},
    ),
    selfcheck(
        "types-matrix",
        r"A filter $w$ of two weights is put on every second place of a signal $x$ of four numbers: at the start, and two "
        r"places further on. Write it as a dense layer $z = xW$, and give the matrix $W$.",
        "w, -, -",
        draw=lambda rng: (nice(rng, 2), 4, 2),
        say={
            "let the filter slide one place at a time": "The second node starts two places further down, and there is no third.",
        },
    ),
    selfcheck(
        "types-shared",
        r"A filter of two weights slides along the signal $x$. Its places have the errors $\delta$, the derivatives of the "
        r"cost with respect to $z_0, z_1, \dots$ Give the derivatives of the cost with respect to the weights $w_0$ and "
        r"$w_1$.",
        r"x, \delta",
        draw=lambda rng: (nice(rng, 4), nice(rng, 3)),
    ),
    selfcheck(
        "types-count",
        r"A layer has $F$ filters of $k\times k$ weights, each with a bias of its own, and looks at one grey image. How many "
        r"parameters does it have?",
        "F, k",
        draw=lambda rng: (int(rng.integers(4, 33)), int(rng.integers(3, 8))),
        digits=4,
        family=Family(
            (32, 5),
            lambda F, k: F * (k * k + 1),
            {
                "forgot the biases": lambda F, k: F * k * k,
                "counted a single bias for all filters": lambda F, k: F * k * k + 1,
                "counted one filter only": lambda F, k: k * k + 1,
                "took 5 weights for each filter, or a caret for a power": lambda F, k: F * (k + 1),
                "took 32 channels at the input, too": lambda F, k: F * (F * k * k + 1),
            },
        ),
        say={
            "counted a single bias for all filters": "There is one bias for each filter.",
            "counted one filter only": "There are F filters.",
            "took 32 channels at the input, too": (
                "took F channels at the input, too",
                "How many channels has a grey image?",
            ),
            "took 5 weights for each filter, or a caret for a power": (
                "took k weights for each filter",
                "A filter of k×k has k² weights.",
            ),
        },
    ),
    selfcheck(
        "types-recurrent",
        r"A recurrent unit updates its state by $h_t = \tanh(w_hh_{t-1} + w_xx_t + b)$ and begins with $h_0 = 0$. What is its "
        r"state after the two readings in $x$?",
        "x, w_h, w_x, b",
        draw=lambda rng: (nice(rng, 2), nice(rng), nice(rng), nice(rng, low=-1.0, high=1.0)),
        say={
            "took the readings from the last to the first": "The first reading comes first; the last one has the "
            "freshest say."
        },
        least=0.1,
    ),
    selfcheck(
        "types-rbf",
        r"Two bells $\phi_j$, of the height 1 and the width $s$ (the $\sigma$ of a Gaussian), stand at the centres $c$. Give "
        r"the $2\times2$ matrix of their values at the two numbers in $x$: row $i$ for $x_i$, column $j$ for $\phi_j$.",
        "x, c, s",
        draw=lambda rng: (nice(rng, 2), nice(rng, 2), nice(rng, low=0.8, high=2.0)),
        say={
            "multiplied by s² instead of dividing": "The width stands below the line: the wider the bell, the slower it "
            "falls."
        },
    ),
)
