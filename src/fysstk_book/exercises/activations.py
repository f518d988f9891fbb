"""Exercises of the chapter on activation functions."""

from typing import Any

import numpy as np
from scipy.special import entr

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_book.exercises._measured import covering
from fysstk_nn.activations import sigmoid, softmax


def leaky(z: Any, alpha: Any) -> Any:
    """Value of leaky ReLU, and its derivatives by z and by alpha."""
    return np.where(z > 0, z, alpha * z), np.where(z > 0, 1.0, alpha), np.where(z > 0, 0.0, z)


def softsign_slope(a: Any) -> Any:
    """Slope of softsign from its output."""
    return (1 - np.abs(a)) ** 2


def tanh_integral(z: Any) -> Any:
    """Logarithm of the hyperbolic cosine, without overflow."""
    return np.abs(z) + np.log1p(np.exp(-2 * np.abs(z))) - np.log(2)


def row_softmax(Z: Any) -> Any:
    """Softmax of each row, and the entropy of each row."""
    shifted = Z - Z.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    total = powers.sum(axis=1, keepdims=True)
    return powers / total, -np.sum(powers / total * (shifted - np.log(total)), axis=1)


def _with_entropy(A: Any) -> Any:
    return A, entr(A).sum(axis=1)


def _without_maximum(Z: Any, largest: Any) -> Any:
    powers = np.exp(Z - largest)
    return _with_entropy(powers / powers.sum(axis=1, keepdims=True))


def through_softmax(g: Any, z: Any, tau: Any) -> Any:
    """Derivatives with respect to z and tau from those with respect to a = softmax(z / tau)."""
    return _from_scaled(_pulled_back(g, softmax(z / tau)), z, tau)


def _pulled_back(g: Any, a: Any) -> Any:
    return a * (g - (g * a).sum(axis=1, keepdims=True))


def _from_scaled(du: Any, z: Any, tau: Any) -> Any:
    return du / tau, -np.sum(du * z) / tau**2


def count_dead(X: Any, W: Any, b: Any) -> Any:
    """Return how many nodes of a ReLU layer are dead."""
    return int(np.all(X @ W + b <= 0, axis=0).sum())


def to_tanh(W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    """Weights and biases of the tanh network that equals a sigmoid network."""
    return W1 / 2, b1 / 2, W2 / 2, b2 + W2.sum(axis=0) / 2


def _with_alpha(rng: np.random.Generator) -> tuple[Any, ...]:
    return nice(rng, int(rng.integers(1, 4)), int(rng.integers(2, 5))), float(rng.choice([0.01, 0.1, 0.3]))


def _softsign_outputs(rng: np.random.Generator) -> tuple[Any, ...]:
    return (nice(rng, int(rng.integers(1, 4)), int(rng.integers(3, 6)), low=-0.9, high=0.9),)


def _rows(rng: np.random.Generator) -> tuple[Any, ...]:
    n, m = rng.integers(1, 5), rng.integers(2, 6)
    return (nice(rng, int(n), int(m)),)


def _behind_softmax(rng: np.random.Generator) -> tuple[Any, ...]:
    n, m = int(rng.integers(1, 5)), int(rng.integers(2, 6))
    return nice(rng, n, m), nice(rng, n, m), float(rng.choice([0.5, 2.0, 3.0]))


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
        title="Leaky ReLU that learns its leak",
        difficulty=1,
        minutes=7,
        equation="eq-act-leaky",
        hints=(
            "The second line of equation {eq}`eq-act-leaky` has two cases, and so have its derivatives.",
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
                lambda z, alpha: (np.maximum(z, alpha * z), *leaky(z, alpha)[1:]),
                "That is the same for alpha below 1. Which of the two is larger for z = −2 and alpha = 1.5?",
            ),
            Mistake(
                "plain ReLU, without the leak",
                lambda z, alpha: (np.maximum(z, 0), np.where(z > 0, 1.0, 0.0), 0.0 * z),
                "For negative z something should come through: alpha times z, with the slope alpha.",
            ),
            Mistake(
                "the slope of the negative side is alpha times z",
                lambda z, alpha: (
                    leaky(z, alpha)[0],
                    np.where(z > 0, 1.0, alpha * z),
                    leaky(z, alpha)[2],
                ),
                "That is the value again. What is the derivative of alpha z?",
            ),
            Mistake(
                "the slope of the positive side is z",
                lambda z, alpha: (
                    leaky(z, alpha)[0],
                    np.where(z > 0, z, alpha),
                    leaky(z, alpha)[2],
                ),
                "For positive z the value is z. What is its derivative?",
            ),
            Mistake(
                "the sign of the negative side is turned",
                lambda z, alpha: (
                    np.where(z > 0, z, -alpha * z),
                    np.where(z > 0, 1.0, -alpha),
                    np.where(z > 0, 0.0, -z),
                ),
                "Negative inputs should give small negative outputs: the function rises everywhere.",
            ),
            Mistake(
                "the constant −alpha for negative z",
                lambda z, alpha: (
                    np.where(z > 0, z, -alpha),
                    np.where(z > 0, 1.0, 0.0),
                    np.where(z > 0, 0.0, -1.0),
                ),
                "The left branch is a line with the slope alpha, not a constant.",
            ),
            Mistake(
                "the derivative by alpha is z on both sides",
                lambda z, alpha: (*leaky(z, alpha)[:2], 1.0 * z),
                "The first two are right. Is there an alpha in f where z is positive?",
            ),
            Mistake(
                "the derivative by alpha is 1 on the negative side",
                lambda z, alpha: (*leaky(z, alpha)[:2], np.where(z > 0, 0.0, 1.0)),
                "The first two are right. What is the derivative of alpha z by alpha?",
            ),
            Mistake(
                "the derivative by alpha has the slope in it",
                lambda z, alpha: (*leaky(z, alpha)[:2], np.where(z > 0, 0.0, alpha * z)),
                "The first two are right. The derivative of alpha z by alpha has no alpha any more.",
            ),
        ),
    ),
    Exercise(
        id="act-softsign",
        chapter="activations",
        title="The slope of softsign from its output",
        difficulty=2,
        minutes=10,
        equation="eq-act-tanh-slope",
        hints=(
            "Use the quotient rule for z > 0 first, and then for z < 0, where |z| = -z.",
            "Both give the same power of 1 + |z|. Express 1 + |z| through a: what is 1 - |a|?",
        ),
        reference=softsign_slope,
        inputs=_softsign_outputs,
        mistakes=(
            Mistake(
                "took the output for the input",
                lambda a: 1 / (1 + np.abs(a)) ** 2,
                "The slope at z is right, but you inserted a for z. Express 1 + |z| through a.",
            ),
            Mistake(
                "forgot the absolute value",
                lambda a: (1 - a) ** 2,
                "f is odd, so its slope is the same at z and at -z.",
            ),
            Mistake(
                "forgot the square",
                lambda a: 1 - np.abs(a),
                "This is 1/(1 + |z|). The quotient rule has the square of the denominator.",
            ),
            Mistake(
                "the slope of tanh",
                lambda a: 1 - a**2,
                "This is right for tanh. Softsign fades more slowly.",
            ),
            Mistake(
                "took the slope of |z| for 1 on both sides",
                lambda a: np.where(a > 0, (1 - a) ** 2, 1 - a**2),
                "For positive z it is right. On the other side, which slope does |z| have?",
            ),
            Mistake(
                "a negative slope on the left",
                lambda a: np.sign(a) * (1 - np.abs(a)) ** 2,
                "The function rises everywhere, so its slope is positive on both sides.",
            ),
        ),
    ),
    Exercise(
        id="act-logcosh",
        chapter="activations",
        title="The function whose slope is tanh",
        difficulty=2,
        minutes=10,
        equation="eq-act-softplus-stable",
        hints=(
            "tanh is sinh over cosh. Which of the two is the derivative of the other?",
            "cosh z is half of the sum of two exponentials. Take the larger one, exp(|z|), out of the sum.",
            "`np.log1p` is ln(1 + x), and exp(-2|z|) never overflows.",
        ),
        reference=tanh_integral,
        inputs=lambda rng: (nice(rng, int(rng.integers(1, 6)), low=-4, high=4),),
        cases=(
            (np.array([-1000.0, 1.0, 1000.0]),),
            (np.array([0.5]),),
            (np.array([1e4]),),
            (np.array([-1e4, 40.0]),),
        ),
        mistakes=(
            Mistake(
                "forgot the absolute value in the exponential",
                lambda z: np.abs(z) + np.log1p(np.exp(-2 * z)) - np.log(2),
                "At z = −1000 the exponent is +2000. It should be negative on both sides.",
            ),
            Mistake(
                "cut z off at a large number",
                lambda z: np.log(np.cosh(np.clip(z, -700, 700))),
                "It no longer overflows, but beyond the cut it stays where it is. The function goes on rising with the slope 1.",
            ),
            Mistake(
                "forgot the constant of integration",
                lambda z: np.abs(z) + np.log1p(np.exp(-2 * np.abs(z))),
                "The slope is right. What is your function at z = 0?",
            ),
            Mistake(
                "lost the logarithm",
                lambda z: np.abs(z) - np.log(2),
                "That is the function far out. Near 0 a second term matters.",
            ),
            Mistake(
                "lost the 2 in the exponent",
                lambda z: np.abs(z) + np.log1p(np.exp(-np.abs(z))) - np.log(2),
                "If exp(|z|) is taken out of exp(-|z|), what is left?",
            ),
            Mistake(
                "lost the absolute value of the first term",
                lambda z: z + np.log1p(np.exp(-2 * np.abs(z))) - np.log(2),
                "tanh is odd, so its integral from 0 is even: the same at z and at -z.",
            ),
            Mistake(
                "the derivative of tanh",
                lambda z: 1 - np.tanh(z) ** 2,
                "That is the slope of tanh. The function is asked for whose slope is tanh.",
            ),
            Mistake(
                "left cosh without the logarithm",
                np.cosh,
                "The derivative of cosh is sinh. For sinh/cosh the cosh has to be inside of something.",
            ),
            Mistake(
                "the formula as it stands, which overflows",
                lambda z: np.log(np.cosh(z)),
                "At z = 1000 the hyperbolic cosine is infinite, and its logarithm is only about 999. Take the large part out first.",
            ),
        ),
    ),
    Exercise(
        id="act-softmax",
        chapter="activations",
        title="How sure is a softmax?",
        difficulty=2,
        minutes=12,
        equation="eq-act-softmax-shift",
        hints=(
            "By equation {eq}`eq-act-softmax-shift` you may subtract any number from a row. Which one is best?",
            "`Z.max(axis=1, keepdims=True)` is a column with the largest number of each row.",
            "For the entropy, do not take the logarithm of a: write ln a with the shifted z and the sum of the exponentials.",
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
                lambda Z: _with_entropy(softmax(Z.T).T),
                "A sample is a row, so each row adds up to 1. Which axis does the sum run along?",
            ),
            Mistake(
                "normalised over the whole batch",
                lambda Z: _with_entropy(softmax(Z.ravel()).reshape(Z.shape)),
                "All entries together add up to 1. It should be each row.",
            ),
            Mistake(
                "left the normalisation out",
                lambda Z: _with_entropy(np.exp(Z - Z.max(axis=1, keepdims=True))),
                "These are the numerators. Each row must add up to 1.",
            ),
            Mistake(
                "a sigmoid for each entry",
                lambda Z: _with_entropy(sigmoid(Z)),
                "Each entry is squeezed by itself. Softmax compares the entries of a row with each other.",
            ),
            Mistake(
                "the largest entry only",
                lambda Z: _with_entropy(np.eye(Z.shape[1])[Z.argmax(axis=1)]),
                "Softmax is soft: the smaller entries get a share as well.",
            ),
            Mistake(
                "the formula as it stands, which overflows",
                lambda Z: _without_maximum(Z, 0.0),
                "Softmax does not change when a number is subtracted from a whole row. Which number keeps every exponential finite?",
            ),
            Mistake(
                "took the logarithm of an output that is 0",
                lambda Z: (row_softmax(Z)[0], -np.sum(softmax(Z) * np.log(softmax(Z)), axis=1)),
                "The first is right. Far below the largest z an output is 0 in the computer, and 0 times infinity is not a number. Write ln a without a.",
            ),
            Mistake(
                "cut the outputs off before the logarithm",
                lambda Z: (row_softmax(Z)[0], -np.sum(np.log(softmax(Z) + 1e-3), axis=1) / Z.shape[1]),
                "The first is right. Each logarithm has its own output as a weight, and needs no help: write ln a without a.",
            ),
            Mistake(
                "lost the sign of the entropy",
                lambda Z: (row_softmax(Z)[0], -row_softmax(Z)[1]),
                "The first is right. Logarithms of numbers below 1 are negative; the entropy is not.",
            ),
            Mistake(
                "took the logarithm to base 2",
                lambda Z: (row_softmax(Z)[0], row_softmax(Z)[1] / np.log(2)),
                "The first is right. The entropy is asked for with the natural logarithm.",
            ),
            Mistake(
                "took the mean over the outputs",
                lambda Z: (row_softmax(Z)[0], row_softmax(Z)[1] / Z.shape[1]),
                "The first is right. The outputs are the weights already, so it is their sum.",
            ),
            Mistake(
                "took the logarithm of the largest output alone",
                lambda Z: (row_softmax(Z)[0], -np.log(softmax(Z).max(axis=1))),
                "The first is right. The entropy is the mean of -ln a over all classes, each with its own probability.",
            ),
        ),
    ),
    Exercise(
        id="act-pull-back",
        chapter="activations",
        title="Back through a softmax with a temperature",
        difficulty=3,
        minutes=15,
        equation="eq-act-softmax-pull-back",
        hints=(
            "Call z/τ u. Equation {eq}`eq-act-softmax-pull-back` gives the derivatives with respect to u.",
            "The sum in it runs along a row. With `keepdims=True` it stays a column, which goes with every entry of its row.",
            "τ is in every u of every sample: add up all that comes back, each with its ∂u/∂τ.",
        ),
        reference=through_softmax,
        inputs=_behind_softmax,
        mistakes=(
            Mistake(
                "only the diagonal of the Jacobian",
                lambda g, z, tau: _from_scaled(g * softmax(z / tau) * (1 - softmax(z / tau)), z, tau),
                "That is the sigmoid's rule. With softmax each output depends on all inputs.",
            ),
            Mistake(
                "left the sum out",
                lambda g, z, tau: _from_scaled(g * softmax(z / tau), z, tau),
                "The off-diagonal part of the Jacobian is missing: something is subtracted from g.",
            ),
            Mistake(
                "left the temperature out of the forward pass",
                lambda g, z, tau: _from_scaled(_pulled_back(g, softmax(z)), z, tau),
                "The outputs are those of softmax at z/τ.",
            ),
            Mistake(
                "summed over the samples",
                lambda g, z, tau: _from_scaled(
                    softmax(z / tau) * (g - (g * softmax(z / tau)).sum(axis=0)), z, tau
                ),
                "The sum runs over the outputs of one sample, along a row.",
            ),
            Mistake(
                "stopped at u",
                lambda g, z, tau: (tau * through_softmax(g, z, tau)[0], through_softmax(g, z, tau)[1]),
                "The second derivative is right. From u to z there is one more factor.",
            ),
            Mistake(
                "the sign of the temperature's derivative is turned",
                lambda g, z, tau: (through_softmax(g, z, tau)[0], -through_softmax(g, z, tau)[1]),
                "What is the derivative of z/τ with respect to τ? Mind its sign.",
            ),
            Mistake(
                "divided by the temperature once",
                lambda g, z, tau: (through_softmax(g, z, tau)[0], tau * through_softmax(g, z, tau)[1]),
                "The derivative of 1/τ has a square in it.",
            ),
            Mistake(
                "left z out of the temperature's derivative",
                lambda g, z, tau: (
                    through_softmax(g, z, tau)[0],
                    -np.sum(_pulled_back(g, softmax(z / tau))) / tau**2,
                ),
                "This is 0, or nearly: the derivatives of a row add up to zero. Each of them comes with its own ∂u/∂τ.",
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
