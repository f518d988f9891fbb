"""Self-checks of the chapter on one neuron."""

from fysstk_book.exercises import nice
from fysstk_book.questions.selfchecks import selfcheck

SELFCHECKS = (
    selfcheck(
        "one-cost",
        r"A neuron has the weight $w_1$ and the bias $b_1$, its input is $x$ and its target $y$. It fires below its "
        r"threshold: its output is $1 - \sigma(z_1)$. What is its cost, half the squared error?",
        "x, y, w_1, b_1",
    ),
    selfcheck(
        "one-delta",
        r"A sigmoid neuron has the output $a_1$. The target is $y$, and the cost is $C = \frac14(a_1 - y)^4$. "
        r"What is its delta $\delta_1 = \partial C/\partial z_1$?",
        "a_1, y",
    ),
    selfcheck(
        "one-gradients",
        r"A sigmoid neuron with the threshold $t$ and the width $s$ computes $a = \sigma\left(\frac{x - t}{s}\right)$. "
        r"Its target is $y$, and its cost $C$ half the squared error. Give the two derivatives $\partial C/\partial t$ "
        r"and $\partial C/\partial s$, in this order.",
        "x, y, t, s",
    ),
    selfcheck(
        "one-end",
        r"A sigmoid neuron starts with $w_1$ and $b_1$. It is trained by gradient descent, with a small learning rate, on "
        r"one sample with the input $x$ and the target $y$, until its answer is right. Where do $w_1$ and $b_1$ end? Give "
        r"both, in this order.",
        "x, y, w_1, b_1",
    ),
    selfcheck(
        "one-plateau",
        r"A sigmoid neuron should answer 0; its cost is half the squared error. Gradient descent with a small learning rate "
        r"$\eta$, on one sample with the input $x$, takes $z_1$ from $z_{\text{start}}$ down to $z_{\text{end}}$. How many "
        r"steps does that take, if you treat their number as continuous?",
        r"z_{\text{start}}, z_{\text{end}}, x, \eta",
    ),
    selfcheck(
        "one-batch",
        r"A neuron with the weight $w_1$ and the bias $b_1$ has the sigmoid for its activation. "
        r"It answers $a$ to the inputs $x$ and $c$ to the inputs $u$, two of each, and only the differences $d$ are known "
        r"that $a - c$ should have. The cost $C$ is the mean of $\frac12\left(a - c - d\right)^2$ over the two pairs. Give "
        r"$\partial C/\partial w_1$ and $\partial C/\partial b_1$, in this order.",
        "x, u, d, w_1, b_1",
        draw=lambda rng: (
            nice(rng, 2),
            nice(rng, 2),
            nice(rng, 2, low=-0.9, high=0.9),
            nice(rng),
            nice(rng),
        ),
    ),
    selfcheck(
        "one-tanh",
        r"A neuron with the activation $\tanh$ has the weight $w_1$, the bias $b_1$ and the target $y$, and learns by "
        r"gradient descent with the rate $\eta$. Beside it trains a sigmoid neuron with the same input, which at the start "
        r"and after every step answers $\frac12(1 + a)$ if the other one answers $a$. Both costs are half the squared "
        r"error. Give the weight and the bias of the sigmoid neuron at the start, its target and its learning rate, in this "
        r"order.",
        r"w_1, b_1, y, \eta",
    ),
)
