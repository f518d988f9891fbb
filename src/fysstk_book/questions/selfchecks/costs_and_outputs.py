"""Self-checks of the chapter on costs and outputs."""

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import number, typeset

FUSED = (
    r"Each row of $Z$ belongs to one of two samples. The output is softmax, and the cost $C$ is the mean over the samples of "
    r"the cross-entropy, with the natural logarithm. The right classes, counted from 0, are the entries of $k$. "
)
WHOLE_ARRAY = {
    "took softmax over the whole array": "Each row is a sample of its own: its exponentials are divided by their own sum."
}


def _scores(rng: np.random.Generator) -> tuple[object, ...]:
    return nice(rng, 2, 2), rng.integers(0, 2, size=2)


def _given(z: object, labels: object) -> str:
    return rf"For $Z = {typeset(z)}$ and $k = {typeset(labels)}$:"


SELFCHECKS = (
    selfcheck(
        "cost-stable",
        r"A sigmoid output $a$ has the weighted sums $z$ for two samples, whose targets are the entries of $y$. A sample costs "
        r"$-w\,y\ln a - (1-y)\ln(1-a)$. What is the mean cost of the two?",
        "z, y, w",
        draw=lambda rng: (nice(rng, 2), rng.permutation([0.0, 1.0]), float(rng.choice([2, 5, 10]))),
    ),
    selfcheck(
        "cost-counts",
        r"A network predicts the mean $a = e^z$ of a number of counts, which are Poisson distributed. For one sample with "
        r"$y$ counts, take minus the log-likelihood without the term that does not depend on $z$. Give this cost and its "
        r"derivative $\delta = \partial C/\partial z$, in this order.",
        lambda z, y: rf"For $z = {number(z[0])}$ and $y = {number(y[0])}$:",
        draw=lambda rng: (nice(rng, 1, low=0.2, high=1.5), rng.integers(2, 7, size=1).astype(float)),
        part=lambda result: (result[0], result[1][0]),
    ),
    selfcheck(
        "cost-fused",
        FUSED + r"Give the matrix $\delta = \partial C/\partial Z$, which has the shape of $Z$.",
        _given,
        draw=_scores,
        part=lambda result: result[1],
        say=WHOLE_ARRAY,
    ),
    selfcheck(
        "cost-fused/b",
        FUSED + "What is the cost?",
        _given,
        draw=_scores,
        part=lambda result: result[0],
        say={
            **WHOLE_ARRAY,
            "added the costs up instead of taking their mean": "The mean of the two costs is asked for.",
        },
    ),
    selfcheck(
        "cost-signs",
        r"Two outputs $a = \tanh z$ have the targets $s$, which are plus or minus one. The cost $C$ of a sample is a sum over its "
        r"outputs, with $\partial C/\partial z_j = a_j - s_j$, and is 0 for a perfect answer. What is $C$?",
        "a, s",
        draw=lambda rng: (nice(rng, 2, low=-0.9, high=0.9), rng.choice([-1.0, 1.0], size=2)),
    ),
)
