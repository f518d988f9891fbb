"""Self-checks of the chapter on one neuron."""

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck

NEURON = (
    r"A neuron with the weight $w_1$ and the bias $b_1$ has the sigmoid for its activation. "
    r"Its input is $x$, its target $y$, and its cost $C$ half the squared error. "
)

SELFCHECKS = (
    selfcheck("one-cost", NEURON + "What is its cost?", "x, y, w_1, b_1"),
    selfcheck(
        "one-delta",
        r"A sigmoid neuron has the output $a_1$. The target is $y$, and the cost is $C = \frac14(a_1 - y)^4$. "
        r"What is its error $\delta_1 = \partial C/\partial z_1$?",
        "a_1, y",
    ),
    selfcheck(
        "one-gradients",
        NEURON
        + r"Give the two derivatives $\partial C/\partial w_1$ and $\partial C/\partial b_1$, in this order.",
        "x, y, w_1, b_1",
    ),
    selfcheck(
        "one-step",
        NEURON + r"It takes one step of gradient descent with the learning rate $\eta$. "
        r"What are $w_1$ and $b_1$ after it? Give both, in this order.",
        r"x, y, w_1, b_1, \eta",
    ),
    selfcheck(
        "one-batch",
        r"A neuron with the weight $w_1$ and the bias $b_1$ has the sigmoid for its activation. "
        r"It sees two samples, whose inputs are the entries of $x$ and whose targets are those of $y$. The cost $C$ is "
        r"the mean over the samples of half the squared error. Give $\partial C/\partial w_1$ and "
        r"$\partial C/\partial b_1$, in this order.",
        "x, y, w_1, b_1",
        draw=lambda rng: (nice(rng, 2), nice(rng, 2, low=0.1, high=1.0), nice(rng), nice(rng)),
    ),
    selfcheck(
        "one-tanh",
        r"A neuron with the weight $w_1$ and the bias $b_1$ has $\tanh$ for its activation. Its input is $x$, its target "
        r"$y$, and its cost $C$ half the squared error. Give $\partial C/\partial w_1$ and $\partial C/\partial b_1$, in "
        r"this order.",
        "x, y, w_1, b_1",
    ),
)
