"""Self-checks of the chapter on activation functions."""

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import number, typeset

SELFCHECKS = (
    selfcheck(
        "act-leaky",
        r"Leaky ReLU has the slope $\alpha$ for negative $z$, and learns it. Give a matrix of three rows: in the first one its "
        r"values at the two numbers in $z$, in the second one its slopes there, in the third one its derivatives by $\alpha$.",
        r"z, \alpha",
        draw=lambda rng: (
            rng.permutation([-1.0, 1.0]) * nice(rng, 2, low=0.2, high=3.0),
            float(rng.choice([0.01, 0.1, 0.2, 0.3])),
        ),
    ),
    selfcheck(
        "act-softsign",
        r"Softsign is $f(z) = z/(1+|z|)$. For two nodes you know the outputs $a$ alone. Give the two slopes $f'(z)$.",
        "a",
        draw=lambda rng: (rng.permutation([-1.0, 1.0]) * nice(rng, 2, low=0.1, high=0.8),),
    ),
    selfcheck(
        "act-logcosh",
        r"A function has the slope $\tanh z$, and is 0 at $z = 0$. Give its values at the two numbers in $z$.",
        "z",
        draw=lambda rng: (rng.permutation([-1.0, 1.0]) * nice(rng, 2, low=0.3, high=2.0),),
    ),
    selfcheck(
        "act-softmax",
        r"Each row of $Z$ belongs to a sample. Give a matrix with the same rows and three columns: the two outputs of softmax, "
        r"and their entropy $-\sum_ia_i\ln a_i$.",
        "Z",
        draw=lambda rng: (nice(rng, 2, 2),),
        part=lambda result: np.column_stack(result),
        say={"normalised the columns": "A sample is a row, so each row adds up to 1."},
    ),
    selfcheck(
        "act-pull-back",
        r"For one sample, $a = \operatorname{softmax}(z/\tau)$, and the cost $C$ has the derivatives $g = \partial C/\partial a$. "
        r"Give the two derivatives $\partial C/\partial z$ and then $\partial C/\partial\tau$, three numbers.",
        lambda g, z, tau: rf"For $z = {typeset(z)}$, $\tau = {number(tau)}$ and $g = {typeset(g)}$:",
        draw=lambda rng: (nice(rng, 1, 2), nice(rng, 1, 2), float(rng.choice([0.5, 2.0, 3.0]))),
        part=lambda result: [*result[0].ravel(), result[1]],
    ),
    selfcheck(
        "act-dead",
        r"A ReLU layer has one input and five nodes, with the weights $W$ and the biases $b$, one entry for each node. The "
        r"inputs of the three training samples are the entries of $x$. How many of the nodes are dead on these samples?",
        lambda X, W, b: rf"For $x = {typeset(X.T)}$, $W = {typeset(W)}$ and $b = {typeset(b)}$:",
        draw=lambda rng: (nice(rng, 3, 1), nice(rng, 1, 5), nice(rng, 5, low=-3.0, high=1.0)),
        few=True,
        say={
            "counted samples": "You asked which samples silence all nodes. Ask of each node whether all samples do.",
            "counted nodes that are silent for some sample": "A node that is silent for some samples is at work. Dead means silent for all of them.",
        },
    ),
    selfcheck(
        "act-convert",
        r"A network with one input and one hidden node computes $a = w_2\,\sigma(w_1x + b_1) + b_2$. Another one computes "
        r"the same for every $x$ as $a = v_2\tanh(v_1x + c_1) + c_2$, with $v_1$ of the same sign as $w_1$. Give $v_1$, "
        r"$c_1$, $v_2$ and $c_2$, in this order.",
        lambda W1, b1, W2, b2: (
            f"For $w_1 = {number(W1[0, 0])}$, $b_1 = {number(b1[0])}$, $w_2 = {number(W2[0, 0])}$ and "
            f"$b_2 = {number(b2[0])}$:"
        ),
        draw=lambda rng: (nice(rng, 1, 1), nice(rng, 1), nice(rng, 1, 1), nice(rng, 1)),
        part=lambda result: [np.asarray(array).item() for array in result],
    ),
)
