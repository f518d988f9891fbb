"""Exercises of the chapter on activation functions."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_book.exercises._measured import covering
from fysstk_nn.activations import sigmoid, softmax, softplus


def leaky(z: Any, alpha: Any) -> Any:
    """Value and slope of leaky ReLU."""
    return np.where(z > 0, z, alpha * z), np.where(z > 0, 1.0, alpha)


def elu_slope(a: Any, alpha: Any) -> Any:
    """Slope of ELU from its output."""
    return np.where(a > 0, 1.0, a + alpha)


def stable_softplus(z: Any) -> Any:
    """Softplus without overflow."""
    return np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))


def row_softmax(Z: Any) -> Any:
    """Softmax of each row."""
    powers = np.exp(Z - Z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _without_maximum(Z: Any, largest: Any) -> Any:
    powers = np.exp(Z - largest)
    return powers / powers.sum(axis=1, keepdims=True)


def through_softmax(g: Any, a: Any) -> Any:
    """Derivatives with respect to z from those with respect to a = softmax(z)."""
    return a * (g - (g * a).sum(axis=1, keepdims=True))


def count_dead(X: Any, W: Any, b: Any) -> Any:
    """Return how many nodes of a ReLU layer are dead."""
    return int(np.all(X @ W + b <= 0, axis=0).sum())


def to_tanh(W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    """Weights and biases of the tanh network that equals a sigmoid network."""
    return W1 / 2, b1 / 2, W2 / 2, b2 + W2.sum(axis=0) / 2


def _with_alpha(rng: np.random.Generator) -> tuple[Any, ...]:
    return nice(rng, int(rng.integers(1, 4)), int(rng.integers(2, 5))), float(rng.choice([0.01, 0.1, 0.3]))


def _elu_outputs(rng: np.random.Generator) -> tuple[Any, ...]:
    alpha = float(rng.choice([0.5, 1.5, 2.0]))
    z = nice(rng, int(rng.integers(1, 4)), int(rng.integers(3, 6)))
    return np.where(z > 0, z, alpha * np.expm1(z)), alpha


def _rows(rng: np.random.Generator) -> tuple[Any, ...]:
    n, m = rng.integers(1, 5), rng.integers(2, 6)
    return (nice(rng, int(n), int(m)),)


def _behind_softmax(rng: np.random.Generator) -> tuple[Any, ...]:
    n, m = int(rng.integers(1, 5)), int(rng.integers(2, 6))
    return nice(rng, n, m), softmax(nice(rng, n, m))


def _layer(rng: np.random.Generator) -> tuple[Any, ...]:
    n, features, nodes = int(rng.integers(2, 5)), int(rng.integers(1, 4)), int(rng.integers(4, 8))
    return nice(rng, n, features), nice(rng, features, nodes), nice(rng, nodes, low=-4, high=1)


def _two_layers(rng: np.random.Generator) -> tuple[Any, ...]:
    inputs, hidden, outputs = (int(size) for size in rng.integers(1, 5, size=3))
    return nice(rng, inputs, hidden), nice(rng, hidden), nice(rng, hidden, outputs), nice(rng, outputs)


def _tanh_network(answer: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    V1, c1, V2, c2 = answer(W1, b1, W2, b2)
    X = np.linspace(-1.5, 2.0, 3 * len(W1)).reshape(3, len(W1))
    return np.tanh(X @ V1 + c1) @ V2 + c2


EXERCISES = (
    Exercise(
        id="act-leaky",
        chapter="activations",
        title="Leaky ReLU and its slope",
        difficulty=1,
        minutes=5,
        equation="eq-act-leaky",
        hints=(
            "The second line of equation {eq}`eq-act-leaky` has two cases, and so has the slope.",
            "`np.where(z > 0, this, that)` chooses element by element.",
        ),
        reference=leaky,
        inputs=_with_alpha,
        cases=(
            (np.array([-2.0, 3.0]), 1.5),
            (np.array([0.0]), 0.01),
        ),
        mistakes=(
            Mistake(
                "the larger of z and alpha z",
                lambda z, alpha: (np.maximum(z, alpha * z), np.where(z > 0, 1.0, alpha)),
                "That is the same for alpha below 1. Which of the two is larger for z = −2 and alpha = 1.5?",
            ),
            Mistake(
                "plain ReLU, without the leak",
                lambda z, alpha: (np.maximum(z, 0), np.where(z > 0, 1.0, 0.0)),
                "For negative z something should come through: alpha times z, with the slope alpha.",
            ),
            Mistake(
                "the slope of the negative side is alpha times z",
                lambda z, alpha: (leaky(z, alpha)[0], np.where(z > 0, 1.0, alpha * z)),
                "That is the value again. What is the derivative of alpha z?",
            ),
            Mistake(
                "the slope of the positive side is z",
                lambda z, alpha: (leaky(z, alpha)[0], np.where(z > 0, z, alpha)),
                "For positive z the value is z. What is its derivative?",
            ),
            Mistake(
                "the sign of the negative side is turned",
                lambda z, alpha: (np.where(z > 0, z, -alpha * z), np.where(z > 0, 1.0, -alpha)),
                "Negative inputs should give small negative outputs: the function rises everywhere.",
            ),
            Mistake(
                "the constant −alpha for negative z",
                lambda z, alpha: (np.where(z > 0, z, -alpha), np.where(z > 0, 1.0, 0.0)),
                "The left branch is a line with the slope alpha, not a constant.",
            ),
        ),
    ),
    Exercise(
        id="act-elu",
        chapter="activations",
        title="The slope of ELU from its output",
        difficulty=2,
        minutes=8,
        equation="eq-act-elu-slope",
        hints=(
            "Which branch the input was on can be seen from the sign of the output.",
            "On the left, f′ = alpha eᶻ. Express eᶻ through a = alpha(eᶻ − 1).",
        ),
        reference=elu_slope,
        inputs=_elu_outputs,
        mistakes=(
            Mistake(
                "took the output for the input",
                lambda a, alpha: np.where(a > 0, 1.0, alpha * np.exp(np.minimum(a, 0))),
                "alpha eᶻ is right, but you inserted a for z. Express eᶻ through a instead.",
            ),
            Mistake(
                "left alpha out",
                lambda a, alpha: np.where(a > 0, 1.0, a + 1),
                "That is right for alpha = 1 only.",
            ),
            Mistake(
                "the sign of alpha is turned",
                lambda a, alpha: np.where(a > 0, 1.0, a - alpha),
                "a lies between −alpha and 0 there, and the slope must come out positive.",
            ),
            Mistake(
                "the slope of ReLU",
                lambda a, alpha: np.where(a > 0, 1.0, 0.0),
                "On the left side ELU is not constant: its slope is alpha eᶻ.",
            ),
            Mistake(
                "the slope of leaky ReLU",
                lambda a, alpha: np.where(a > 0, 1.0, alpha),
                "On the left side ELU is not a line: its slope is alpha eᶻ, and alpha only at z = 0.",
            ),
        ),
    ),
    Exercise(
        id="act-softplus",
        chapter="activations",
        title="A softplus that never overflows",
        difficulty=1,
        minutes=6,
        equation="eq-act-softplus-stable",
        hints=(
            "Use the form of equation {eq}`eq-act-softplus-stable`: its exponent is never positive.",
            "`np.abs`, `np.maximum` and `np.log1p` are all you need.",
        ),
        reference=stable_softplus,
        inputs=lambda rng: (nice(rng, int(rng.integers(1, 6)), low=-9, high=9),),
        cases=(
            (np.array([-1000.0, 1.0, 1000.0]),),
            (np.array([0.0]),),
            (np.array([1e4]),),
            (np.array([-1e4, 40.0]),),
        ),
        mistakes=(
            Mistake(
                "forgot the absolute value in the exponential",
                lambda z: np.maximum(z, 0.0) + np.log1p(np.exp(-z)),
                "At z = −1000 the exponent is +1000. Which sign does the exponent have in equation {eq}`eq-act-softplus-stable`, on both sides?",
            ),
            Mistake(
                "cut z off at a large number",
                lambda z: np.log1p(np.exp(np.clip(z, -700, 700))),
                "It no longer overflows, but beyond the cut it stays where it is. What is softplus at z = 10 000?",
            ),
            Mistake(
                "ReLU, without the logarithm",
                lambda z: np.maximum(z, 0.0),
                "That is the first term of equation {eq}`eq-act-softplus-stable`. The second one is missing.",
            ),
            Mistake(
                "the sigmoid",
                sigmoid,
                "That is the derivative of softplus.",
            ),
            Mistake(
                "the absolute value in the first term as well",
                lambda z: np.abs(z) + np.log1p(np.exp(-np.abs(z))),
                "Far out on the left softplus tends to 0. Your first term grows there.",
            ),
            Mistake(
                "lost the maximum",
                lambda z: np.log1p(np.exp(-np.abs(z))),
                "For large z softplus is close to z; yours goes to 0 on both sides.",
            ),
            Mistake(
                "softplus of −z",
                lambda z: softplus(-z),
                "Yours falls. Check the signs.",
            ),
            Mistake(
                "gave z itself for every positive z",
                lambda z: np.where(z > 0, z, np.log1p(np.exp(np.minimum(z, 0)))),
                "For positive z the logarithm adds a little to z: how much at z = 1?",
            ),
            Mistake(
                "the formula as it stands, which overflows",
                lambda z: np.log(1 + np.exp(z)),
                "At z = 1000 the exponential is infinite, and softplus is 1000. Take the large part out first.",
            ),
        ),
    ),
    Exercise(
        id="act-softmax",
        chapter="activations",
        title="Softmax for a batch",
        difficulty=2,
        minutes=8,
        equation="eq-act-softmax-shift",
        hints=(
            "By equation {eq}`eq-act-softmax-shift` you may subtract any number from a row. Which one is best?",
            "`Z.max(axis=1, keepdims=True)` is a column with the largest number of each row.",
        ),
        reference=row_softmax,
        inputs=_rows,
        cases=(
            (np.array([[-1e4, -9999.0]]),),
            (np.array([[1e4, 0.0, -1e4]]),),
            (np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 1e4]]),),
        ),
        mistakes=(
            Mistake(
                "subtracted the largest absolute value",
                lambda Z: _without_maximum(Z, np.abs(Z).max(axis=1, keepdims=True)),
                "In a row of very negative numbers all exponentials become 0 then, and 0/0 follows. What should the largest exponent of each row be?",
            ),
            Mistake(
                "subtracted the largest number of the whole batch",
                lambda Z: _without_maximum(Z, Z.max()),
                "A row that lies far below the others becomes 0/0. Each row has its own largest number.",
            ),
            Mistake(
                "normalised the columns",
                lambda Z: softmax(Z.T).T,
                "A sample is a row, so each row adds up to 1. Which axis does the sum run along?",
            ),
            Mistake(
                "normalised over the whole batch",
                lambda Z: softmax(Z.ravel()).reshape(Z.shape),
                "All entries together add up to 1. It should be each row.",
            ),
            Mistake(
                "left the normalisation out",
                lambda Z: np.exp(Z - Z.max(axis=1, keepdims=True)),
                "These are the numerators. Each row must add up to 1.",
            ),
            Mistake(
                "a sigmoid for each entry",
                sigmoid,
                "Each entry is squeezed by itself. Softmax compares the entries of a row with each other.",
            ),
            Mistake(
                "the largest entry only",
                lambda Z: np.eye(Z.shape[1])[Z.argmax(axis=1)],
                "Softmax is soft: the smaller entries get a share as well.",
            ),
            Mistake(
                "the formula as it stands, which overflows",
                lambda Z: np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True),
                "Softmax does not change when a number is subtracted from a whole row. Which number keeps every exponential finite?",
            ),
        ),
    ),
    Exercise(
        id="act-pull-back",
        chapter="activations",
        title="Back through softmax",
        difficulty=2,
        minutes=10,
        equation="eq-act-softmax-pull-back",
        hints=(
            "Equation {eq}`eq-act-softmax-pull-back` has one sum for each sample, the same for all j.",
            "The sum runs along a row. With `keepdims=True` it stays a column, which goes with every entry of its row.",
        ),
        reference=through_softmax,
        inputs=_behind_softmax,
        mistakes=(
            Mistake(
                "only the diagonal of the Jacobian",
                lambda g, a: g * a * (1 - a),
                "That is the sigmoid's rule. With softmax each output depends on all inputs.",
            ),
            Mistake(
                "left the sum out",
                lambda g, a: g * a,
                "The off-diagonal part of the Jacobian is missing: something is subtracted from g.",
            ),
            Mistake(
                "subtracted the sum of g without the weights a",
                lambda g, a: a * (g - g.sum(axis=1, keepdims=True)),
                "In the sum each g is weighted with its a.",
            ),
            Mistake(
                "subtracted outside of the product with a",
                lambda g, a: a * g - (g * a).sum(axis=1, keepdims=True),
                "The difference is multiplied by a as a whole. Check the brackets.",
            ),
            Mistake(
                "summed over the samples",
                lambda g, a: a * (g - (g * a).sum(axis=0)),
                "The sum runs over the outputs of one sample, along a row.",
            ),
            Mistake(
                "the sign is turned",
                lambda g, a: -through_softmax(g, a),
                "Your gradient points the other way.",
            ),
        ),
    ),
    Exercise(
        id="act-dead",
        chapter="activations",
        title="Count the dead",
        difficulty=2,
        minutes=8,
        equation="eq-act-dead",
        hints=(
            "Compute z for all samples and all nodes first. What shape is it?",
            "`np.all(..., axis=0)` asks something of every entry of each column.",
        ),
        reference=count_dead,
        inputs=_layer,
        cases=((np.array([[1.0]]), np.array([[1.0, -1.0]]), np.array([-1.0, 0.5])),),
        mistakes=(
            Mistake(
                "counted samples",
                lambda X, W, b: int(np.all(X @ W + b <= 0, axis=1).sum()),
                "You asked which samples silence all nodes. A node is a column: ask along axis 0.",
            ),
            Mistake(
                "counted nodes that are silent for some sample",
                lambda X, W, b: int(np.any(X @ W + b <= 0, axis=0).sum()),
                "A unit that is silent for some samples is at work. Dead means silent for all of them.",
            ),
            Mistake(
                "counted the zeros in the activations",
                lambda X, W, b: int((X @ W + b <= 0).sum()),
                "You counted pairs of sample and node. A node counts once, if it is silent for all samples.",
            ),
            Mistake(
                "counted the living",
                lambda X, W, b: W.shape[1] - count_dead(X, W, b),
                "These are the others: the nodes that answer at least one sample.",
            ),
            Mistake(
                "forgot the biases",
                lambda X, W, b: int(np.all(X @ W <= 0, axis=0).sum()),
                "z has a bias in it, and a very negative one is the usual cause of death.",
            ),
        ),
    ),
    Exercise(
        id="act-convert",
        chapter="activations",
        title="The same network with tanh",
        difficulty=3,
        minutes=15,
        equation="eq-act-tanh",
        hints=(
            "Solve equation {eq}`eq-act-tanh` for σ, and put the argument z in place of 2z.",
            "σ(z) = ½ + ½ tanh(z/2). Insert it into the output layer and multiply out.",
            "The constant ½ of each hidden node is multiplied by W2: where can that go?",
        ),
        reference=to_tanh,
        inputs=_two_layers,
        use=_tanh_network,
        compared="the outputs of your tanh network for three samples",
        mistakes=(
            Mistake(
                "left the output bias as it was",
                lambda W1, b1, W2, b2: (W1 / 2, b1 / 2, W2 / 2, b2),
                "The scaling is right. But σ is ½ where tanh is 0; that constant has to go somewhere.",
            ),
            Mistake(
                "left the weights of the output layer as they were",
                lambda W1, b1, W2, b2: (W1 / 2, b1 / 2, W2, b2 + W2.sum(axis=0) / 2),
                "tanh runs from −1 to 1, twice the range of σ. Something in the output layer must make up for it.",
            ),
            Mistake(
                "left the hidden layer as it was",
                lambda W1, b1, W2, b2: (W1, b1, W2 / 2, b2 + W2.sum(axis=0) / 2),
                "tanh is steeper than σ by more than its range explains. What is the argument of tanh?",
            ),
            Mistake(
                "doubled the hidden layer instead of halving it",
                lambda W1, b1, W2, b2: (2 * W1, 2 * b1, W2 / 2, b2 + W2.sum(axis=0) / 2),
                "tanh z contains σ(2z). So which argument of tanh gives σ(z)?",
            ),
            Mistake(
                "forgot to halve the hidden biases",
                lambda W1, b1, W2, b2: (W1 / 2, b1, W2 / 2, b2 + W2.sum(axis=0) / 2),
                "All of z is halved, and the bias is a part of z.",
            ),
            Mistake(
                "the whole sum of the weights in the bias",
                lambda W1, b1, W2, b2: (W1 / 2, b1 / 2, W2 / 2, b2 + W2.sum(axis=0)),
                "Each hidden node contributes its weight times a constant. Which constant?",
            ),
        ),
    ),
    Exercise(
        id="act-measure",
        chapter="activations",
        title="Measure: tanh or ReLU in two layers?",
        difficulty=3,
        minutes=20,
        hints=(
            "`five_epochs` returns the share of silent units and the accuracy in %: take the second.",
            "Try rates from 0.05 to 0.5 for both.",
        ),
        **covering("activations-two-layers", "tanh", "ReLU", widest=3.6, decided=False),
    ),
)
