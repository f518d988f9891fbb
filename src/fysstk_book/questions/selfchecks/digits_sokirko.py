"""Self-checks of the first chapter on handwritten digits."""

from typing import Any

import numpy as np

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck
from fysstk_book.questions.selfchecks._typeset import number, typeset


def _image(rng: np.random.Generator) -> tuple[Any]:
    """Draw a picture of three rows and three columns with ink in four pixels."""
    image = np.zeros(9)
    image[rng.permutation(9)[:4]] = rng.choice([0.2, 0.5, 0.8, 1.0], size=4)
    return (image.reshape(3, 3),)


def _log(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw two lines of a log, with rates that are pleasant to type."""
    n, m = int(rng.integers(21, 60)), int(rng.choice([10, 20]))
    e1, e2 = sorted(int(e) for e in rng.choice(np.arange(1, 9), size=2, replace=False))
    eta0, k = nice(rng, low=0.3, high=2.0), float(rng.choice([0.02, 0.05, 0.1]))
    r1, r2 = (round(float(eta0 / (1 + np.sqrt(k * e * np.ceil(n / m)))), 3) for e in (e1, e2))
    return e1, r1, e2, r2, n, m


SELFCHECKS = (
    selfcheck(
        "sokirko-decay",
        r"The learning rate in step $t$ is $\eta_0/(1 + \sqrt{kt})$. There are $n$ samples, in batches of $m$; the last batch of "
        r"an epoch may be smaller. A log shows the learning rate $r_1$ after $E_1$ epochs and $r_2$ after $E_2$. What are "
        r"$\eta_0$ and $k$?",
        "E_1, r_1, E_2, r_2, n, m",
        draw=_log,
        say={"counted epochs instead of steps": "Here t counts the steps. How many of them make an epoch?"},
    ),
    selfcheck(
        "sokirko-stretch",
        r"An output layer $a = \sigma(z/c)$, $z = a^{L-1}W$, is trained by gradient descent with the right derivative and the "
        r"learning rate $\eta$. A plain sigmoid layer with the weights $V$ and another learning rate gives the same outputs "
        r"in every step. Give the two weights in $V$ at the start, and then that learning rate.",
        lambda W, eta, c: rf"For $W = {typeset(W[:, 0])}$, $\eta = {number(eta)}$ and $c = {number(c)}$:",
        draw=lambda rng: (
            nice(rng, 2, 1),
            nice(rng, low=0.1, high=2.0),
            float(rng.choice([2.5, 4.0, 5.0, 8.0])),
        ),
        part=lambda result: [*result[0][:, 0], result[1]],
    ),
    selfcheck(
        "sokirko-deltas",
        r"An output $a = \sigma(z)$ with the target 1 starts at $z_0$. Its $z$ follows $dz/dt = -\delta$. How long does it take "
        r"until $a = \frac12$? Give two times: with half the squared error, $\delta = (a - 1)\,a(1 - a)$, and with the "
        r"cross-entropy, $\delta = a - 1$.",
        "z_0",
        draw=lambda rng: (nice(rng, low=-6.0, high=-0.5),),
    ),
    selfcheck(
        "sokirko-slant",
        r"The ink of an image has the grey values $I$; rows are $y$, counted downwards, and columns are $x$. About the centre of "
        r"the ink each piece is turned, $x' = x\cos\varphi - y\sin\varphi$ and $y' = x\sin\varphi + y\cos\varphi$, so that the "
        r"moment $\mu'_{xy}$ vanishes and $\mu'_{yy}$ becomes as large as it can. What is $\varphi$, in degrees between $-90$ "
        r"and $90$?",
        "I",
        draw=_image,
        twins={
            ("took the arctangent of the quotient", "laid the long axis flat"): (
                "laid the long axis flat",
                "μ′_xy is zero, but the larger spread should be along y. The arctangent of a quotient cannot tell the two apart.",
            )
        },
    ),
)
