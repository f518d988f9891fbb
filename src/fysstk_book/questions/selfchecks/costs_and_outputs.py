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
        r"A sigmoid output has the weighted sums $z$ for two samples, whose targets are the entries of $y$. What is the "
        r"mean of the two binary cross-entropies (with the natural logarithm)?",
        "z, y",
        draw=lambda rng: (nice(rng, 2), rng.integers(0, 2, size=2).astype(float)),
        say={
            "took the hinge instead of its smooth version": "A third term, ln(1 + exp(-|z|)), is missing; it matters near "
            "z = 0."
        },
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
        r"For one sample with two scores $f$ and labels $s$ of plus or minus one, the cost is "
        r"$C = \sum_j\ln(1 + e^{-s_jf_j})$. Give the two derivatives $\partial C/\partial f_j$.",
        "f, s",
        draw=lambda rng: (nice(rng, 2), rng.choice([-1.0, 1.0], size=2)),
        say={
            "took the gradient of the hinge loss": "That is the slope of the hinge loss. The logistic loss has a smooth "
            "derivative.",
            "the sign is turned, as the source prints it": (
                "the sign is turned",
                "This is the gradient of the log-likelihood. For s = 1 the loss falls when f grows.",
            ),
        },
    ),
)
