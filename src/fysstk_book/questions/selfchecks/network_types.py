"""Self-checks of the chapter on kinds of networks."""

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import Family, selfcheck

SELFCHECKS = (
    selfcheck(
        "types-convolution",
        r"The filter $u$ slides along a signal, $z_j = \sum_iu_ix_{j+i}$, and then the filter $v$ in the same way along the "
        r"result, without biases and without an activation function. A single filter does the same to the signal. Give its "
        r"weights.",
        "u, v",
        draw=lambda rng: (nice(rng, 2), nice(rng, 2)),
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
        r"A filter of two weights is put on every second place of the signal $x$: node 0 starts at $x_0$ and node 1 at $x_2$. "
        r"The derivatives of the cost with respect to $z_0$ and $z_1$ are $\delta$. Give those with respect to the weights "
        r"$w_0$ and $w_1$.",
        r"x, \delta, -, -",
        draw=lambda rng: (nice(rng, 4), nice(rng, 2), 2, 2),
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
        r"The state of a recurrent unit without input follows $h \leftarrow \tanh(w_hh + b)$. With $b = 0$ it can rest in "
        r"either of two states, one positive and one negative. Above which $b > 0$ is only one left?",
        "w_h",
        draw=lambda rng: (nice(rng, low=1.4, high=5.0),),
    ),
    selfcheck(
        "types-rbf",
        r"Two bells $e^{-(x - c)^2/2\ell^2}$ have their centres at the distance $d$. The $2\times2$ matrix of their values at the "
        r"two centres has two eigenvalues, and the larger is $\kappa$ times the smaller. How large is the width $\ell$?",
        r"d, \kappa",
        draw=lambda rng: (nice(rng, low=0.5, high=3.0), float(rng.integers(2, 40))),
    ),
)
