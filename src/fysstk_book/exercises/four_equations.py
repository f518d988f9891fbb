"""Exercises of the chapter on the four equations of backpropagation."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_nn.activations import sigmoid


def one_layer(a: Any, W: Any, b: Any) -> Any:
    """Outputs of a sigmoid layer for one sample, with Nielsen's order of the indices, to j from k."""
    return sigmoid(W @ a + b)


def output_delta(a: Any, y: Any, c: Any) -> Any:
    """Error of a tanh output layer for the mean of half squared errors with the weights c."""
    return c * (a - y) * (1 - a**2) / len(a)


def hidden_delta(delta_next: Any, W_next: Any, a: Any, mu: Any) -> Any:
    """Error of a sigmoid hidden layer from the error of the layer after it, with a price mu on activity."""
    return (delta_next @ W_next.T + mu * a / len(a)) * a * (1 - a)


def tied_gradients(X: Any, a: Any, delta1: Any, delta2: Any) -> Any:
    """Gradients of an autoencoder whose second matrix is the transpose of its first."""
    return X.T @ delta1 + delta2.T @ a, delta1.sum(axis=0), delta2.sum(axis=0)


def waves(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    """All gradients of a network with one hidden layer of sines and a linear output."""
    return _waves()(X, y, W1, b1, W2, b2)


def _waves(
    slope: Any = lambda z: np.cos(z),
    *,
    no_mean: bool = False,
    sign: float = 1.0,
    w: bool = True,
) -> Any:
    """Return `waves`, or the same with one thing done wrong."""

    def gradients(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
        z1 = X @ W1 + b1
        a1 = np.sin(z1)
        delta2 = sign * (a1 @ W2 + b2 - y) / (1 if no_mean else len(X))
        delta1 = delta2 @ (W2.T if w else np.ones_like(W2.T)) * slope(z1)
        return X.T @ delta1, delta1.sum(axis=0), a1.T @ delta2, delta2.sum(axis=0)

    return gradients


def _weights(sizes: Any) -> list[Any]:
    return [m * n for m, n in zip(sizes[:-1], sizes[1:], strict=True)]


def backward_multiplications(sizes: Any, f: Any) -> Any:
    """Multiplications of one backward pass for one sample, of which the first f layers are frozen."""
    return sum(_weights(sizes)[f:]) + sum(_weights(sizes)[f + 1 :])


def _frozen(rng: np.random.Generator) -> tuple[Any, ...]:
    sizes = tuple(int(m) for m in rng.integers(2, 9, size=rng.integers(3, 6)))
    return sizes, int(rng.integers(0, len(sizes) - 1))


def _one_sample(rng: np.random.Generator) -> tuple[Any, ...]:
    width = int(rng.integers(2, 5))
    return nice(rng, width), nice(rng, width, width), nice(rng, width)


def _batch(rng: np.random.Generator) -> tuple[Any, ...]:
    n, m = rng.integers(1, 5, size=2)
    targets = rng.integers(0, 2, size=(n, m)).astype(float)
    return nice(rng, n, m, low=0.1, high=0.9), targets, nice(rng, m, low=0.2, high=3.0)


def _hidden(rng: np.random.Generator) -> tuple[Any, ...]:
    n, here, ahead = rng.integers(1, 5, size=3)
    return (
        nice(rng, n, ahead),
        nice(rng, here, ahead),
        nice(rng, n, here, low=0.1, high=0.9),
        nice(rng, low=0.1, high=3.0),
    )


def _tied(rng: np.random.Generator) -> tuple[Any, ...]:
    n, outside, hidden = rng.integers(1, 5, size=3)
    return nice(rng, n, outside), nice(rng, n, hidden), nice(rng, n, hidden), nice(rng, n, outside)


def _network(rng: np.random.Generator) -> tuple[Any, ...]:
    n, inputs, hidden, outputs = rng.integers(1, 5, size=4)
    return (
        nice(rng, n, inputs),
        nice(rng, n, outputs),
        nice(rng, inputs, hidden),
        nice(rng, hidden),
        nice(rng, hidden, outputs),
        nice(rng, outputs),
    )


EXERCISES = (
    Exercise(
        id="four-by-hand",
        chapter="four-equations",
        title="Four derivatives in your head",
        difficulty=1,
        minutes=8,
        equation="eq-four-example-gradient",
        hints=(
            "Forward first: z¹ = (2.5, -0.5). The second hidden node is below zero.",
            "δ² = a² - y has two entries. Each hidden node adds up both, weighted by its row of W², and multiplies by the slope of ReLU at its z, "
            "which is 1 or 0.",
        ),
        reference=np.array([[6.0, 0.0], [3.0, 0.0]]),
        mistakes=(
            Mistake(
                "took the old input (1, 2) with the new error",
                np.array([[3.0, 0.0], [6.0, 0.0]]),
                "The exercise has another x than the example: each row of the gradient belongs to one input.",
            ),
            Mistake(
                "took the slope of ReLU as 1 although the node's input is negative",
                np.array([[6.0, -8.0], [3.0, -4.0]]),
                "Look at the sign of z¹ in the second hidden node: what does ReLU do there, and what is its slope?",
            ),
            Mistake(
                "let a negative z through ReLU on the way forward",
                np.array([[6.0, -13.0], [3.0, -6.5]]),
                "ReLU turns the second node's z¹ into 0 before it reaches the output.",
            ),
            Mistake(
                "forgot the weight on the way back",
                np.array([[4.0, 0.0], [2.0, 0.0]]),
                "The error δ² arrives at a hidden node multiplied by the weight that connects the two.",
            ),
            Mistake(
                "used the hidden outputs a¹ where the inputs x belong",
                np.array([[7.5, 0.0], [0.0, 0.0]]),
                "A weight of layer 1 multiplies an output of layer 0.",
            ),
            Mistake(
                "took the error of the first output only",
                np.array([[8.0, 0.0], [4.0, 0.0]]),
                "The hidden node feeds both outputs. Both errors come back to it, each along its own weight.",
            ),
            Mistake(
                "used the columns of W² on the way back",
                np.array([[10.0, 0.0], [5.0, 0.0]]),
                "The weights that lead out of hidden node 1 are the first row of W².",
            ),
        ),
    ),
    Exercise(
        id="four-components",
        chapter="four-equations",
        title="A layer by its components",
        difficulty=1,
        minutes=8,
        equation="def-four-z",
        hints=(
            "One loop over the nodes j of this layer, and in it a sum over the nodes k of the layer before.",
            "Which weight leads from node 2 of the layer before to node 1 of this one, w₁₂ or w₂₁? Read his order aloud.",
            "Node j adds its bⱼ and, for each k, the product of aₖ and the weight on the way; then the sigmoid of that one "
            "number.",
        ),
        reference=one_layer,
        inputs=_one_sample,
        cases=((np.array([0.5, 1.0]), np.array([[2.0, -1.0], [0.5, 1.5]]), np.array([-0.4, 0.1])),),
        mistakes=(
            Mistake(
                "took the weights in this book's order, from i to j",
                lambda a, W, b: sigmoid(a @ W + b),
                "In Nielsen's order the first index is where the weight ends. With equally wide layers no error message "
                "tells the two apart.",
            ),
            Mistake(
                "forgot the bias",
                lambda a, W, b: sigmoid(W @ a),
                "Each node adds its own bⱼ before the sigmoid.",
            ),
            Mistake(
                "returned z, without the sigmoid",
                lambda a, W, b: W @ a + b,
                "The output of the node is σ(zⱼ).",
            ),
            Mistake(
                "summed the sigmoids of the terms",
                lambda a, W, b: sigmoid(W * a + b[:, np.newaxis]).sum(axis=1),
                "First the whole sum, then one sigmoid: σ of a sum is not the sum of the σ.",
            ),
            Mistake(
                "added the bias once for each term of the sum",
                lambda a, W, b: sigmoid(W @ a + len(a) * b),
                "The bias stands outside of the sum over k.",
            ),
            Mistake(
                "took the bias for a threshold, and subtracted it",
                lambda a, W, b: sigmoid(W @ a - b),
                "A bias is added. It is minus the threshold.",
            ),
        ),
    ),
    Exercise(
        id="four-output-delta",
        chapter="four-equations",
        title="Outputs that matter differently",
        difficulty=1,
        minutes=6,
        equation="eq-four-matrix-delta-output",
        hints=(
            "Equation {eq}`eq-four-matrix-delta-output` is a product of two factors. For the first, put the cⱼ into "
            "{eq}`eq-four-matrix-cost-gradient`.",
            "The second factor is the slope of tanh, written through its output: 1 - a².",
        ),
        reference=output_delta,
        inputs=_batch,
        mistakes=(
            Mistake(
                "forgot the slope of the activation",
                lambda a, y, c: c * (a - y) / len(a),
                "This is dC/da. One more factor leads from a to z.",
            ),
            Mistake(
                "kept the slope of the sigmoid",
                lambda a, y, c: c * (a - y) * a * (1 - a) / len(a),
                "The outputs have a tanh here. Its slope is 1 - a².",
            ),
            Mistake(
                "the sign is turned",
                lambda a, y, c: -output_delta(a, y, c),
                "The derivative of (a - y)²/2 with respect to a is a - y.",
            ),
            Mistake(
                "let all outputs count alike",
                lambda a, y, c: output_delta(a, y, np.ones_like(c)),
                "The error of output j is weighted by cⱼ.",
            ),
            Mistake(
                "squared the weights of the outputs with the errors",
                lambda a, y, c: output_delta(a, y, c**2),
                "cⱼ stands in front of the square, not in it.",
            ),
            Mistake(
                "averaged over all entries instead of over the samples",
                lambda a, y, c: output_delta(a, y, c) * len(a) / a.size,
                "The mean runs over the samples, that is the rows; the cost of one sample is a sum over its outputs.",
            ),
            Mistake(
                "forgot that the ½ cancels",
                lambda a, y, c: 2 * output_delta(a, y, c),
                "Differentiating the square gives a 2, and the ½ in front of the cost takes it away.",
            ),
        ),
    ),
    Exercise(
        id="four-hidden-delta",
        chapter="four-equations",
        title="A price on activity",
        difficulty=2,
        minutes=10,
        equation="eq-four-matrix-delta-hidden",
        hints=(
            "In how many ways does an activation of layer l reach the cost now? Write ∂C/∂a for each way, and add.",
            "The new term alone gives ∂C/∂a = μ a/n. The slope a (1 - a) leads from ∂C/∂a to ∂C/∂z, whatever way it came.",
        ),
        reference=hidden_delta,
        inputs=_hidden,
        mistakes=(
            Mistake(
                "forgot the price",
                lambda delta_next, W_next, a, mu: hidden_delta(delta_next, W_next, a, 0),
                "This is equation 4 as it stands. The activations reach the cost directly as well.",
            ),
            Mistake(
                "added the price behind the slope",
                lambda delta_next, W_next, a, mu: hidden_delta(delta_next, W_next, a, 0) + mu * a / len(a),
                "μ a/n is a derivative with respect to a. One more factor leads from a to z.",
            ),
            Mistake(
                "forgot the mean in the price",
                lambda delta_next, W_next, a, mu: hidden_delta(delta_next, W_next, a, mu * len(a)),
                "The cost of the batch is a mean over its samples, that of the activity as well.",
            ),
            Mistake(
                "forgot the slope of the sigmoid",
                lambda delta_next, W_next, a, mu: delta_next @ W_next.T + mu * a / len(a),
                "You have reached dC/da of this layer. One more factor leads from a to z.",
            ),
            Mistake(
                "took σ′ at a instead of at z",
                lambda delta_next, W_next, a, mu: (
                    (delta_next @ W_next.T + mu * a / len(a)) * sigmoid(a) * (1 - sigmoid(a))
                ),
                "`a` is already the output of the sigmoid; its slope is a (1 - a).",
            ),
            Mistake(
                "rewarded activity instead of pricing it",
                lambda delta_next, W_next, a, mu: hidden_delta(delta_next, W_next, a, -mu),
                "The term is added to the cost, so its derivative is added, too.",
            ),
            Mistake(
                "forgot that the ½ cancels",
                lambda delta_next, W_next, a, mu: hidden_delta(delta_next, W_next, a, mu / 2),
                "The derivative of μ a²/2 is μ a.",
            ),
            Mistake(
                "summed the errors without their weights",
                lambda delta_next, W_next, a, mu: (
                    (delta_next.sum(axis=1, keepdims=True) + mu * a / len(a)) * a * (1 - a)
                ),
                "Each error ahead counts as much as the weight that connects it to this node.",
            ),
        ),
    ),
    Exercise(
        id="four-gradients",
        chapter="four-equations",
        title="One matrix for two layers",
        difficulty=2,
        minutes=10,
        equation="eq-four-matrix-dw",
        hints=(
            "First pretend that the two layers have matrices of their own, W¹ and W². {eq}`eq-four-matrix-dw` gives both gradients.",
            "v_ij is in W¹ at (i, j) and in W² at (j, i). The chain rule adds what both places give.",
        ),
        reference=tied_gradients,
        inputs=_tied,
        cases=((np.array([[1.0, 2.0]]), np.array([[0.5]]), np.array([[-1.0]]), np.array([[3.0, 1.0]])),),
        mistakes=(
            Mistake(
                "let V count in the first layer only",
                lambda X, a, delta1, delta2: (X.T @ delta1, delta1.sum(axis=0), delta2.sum(axis=0)),
                "V is in the second layer as well, and reaches the cost from there.",
            ),
            Mistake(
                "let V count in the second layer only",
                lambda X, a, delta1, delta2: (delta2.T @ a, delta1.sum(axis=0), delta2.sum(axis=0)),
                "V is in the first layer as well, and reaches the cost from there.",
            ),
            Mistake(
                "took the mean of the two layers",
                lambda X, a, delta1, delta2: (
                    (X.T @ delta1 + delta2.T @ a) / 2,
                    delta1.sum(axis=0),
                    delta2.sum(axis=0),
                ),
                "The chain rule adds over the ways; it does not average.",
            ),
            Mistake(
                "took the mean over the rows for the bias",
                lambda X, a, delta1, delta2: (
                    X.T @ delta1 + delta2.T @ a,
                    delta1.mean(axis=0),
                    delta2.mean(axis=0),
                ),
                "The 1/n is already inside δ; the rows are only summed.",
            ),
            Mistake(
                "divided by the number of samples once more",
                lambda X, a, delta1, delta2: (
                    (X.T @ delta1 + delta2.T @ a) / len(X),
                    delta1.mean(axis=0),
                    delta2.mean(axis=0),
                ),
                "The mean is in delta already: {eq}`eq-four-matrix-delta-output` carries the 1/n.",
            ),
            Mistake(
                "returned the gradient of c before that of b",
                lambda X, a, delta1, delta2: (
                    X.T @ delta1 + delta2.T @ a,
                    delta2.sum(axis=0),
                    delta1.sum(axis=0),
                ),
                "b belongs to the hidden nodes and to δ¹, c to the outputs and to δ².",
            ),
        ),
    ),
    Exercise(
        id="four-backprop",
        chapter="four-equations",
        title="The whole algorithm, with waves",
        difficulty=3,
        minutes=20,
        equation="eq-four-matrix-delta-hidden",
        hints=(
            "Five lines forward and back: Z¹, A¹, δ², δ¹, and the gradients.",
            "The output is linear, so f′ = 1 there and δ² = (a² - y)/n.",
            "δ¹ is {eq}`eq-four-matrix-delta-hidden` with f′(z) = cos z; the four gradients are {eq}`eq-four-matrix-dw` and "
            "{eq}`eq-four-matrix-db`, for each layer.",
        ),
        reference=waves,
        inputs=_network,
        mistakes=(
            Mistake(
                "forgot the slope in the hidden layer",
                _waves(np.ones_like),
                "Layer 2 is right. Going back to layer 1, the error is also multiplied by the slope of the sine.",
            ),
            Mistake(
                "kept the slope of the sigmoid",
                _waves(lambda z: np.sin(z) * (1 - np.sin(z))),
                "a (1 - a) is the slope of the sigmoid. What is the derivative of the sine?",
            ),
            Mistake(
                "took the slope at a¹ instead of at z¹",
                _waves(lambda z: np.cos(np.sin(z))),
                "The derivative is taken at the weighted sum: keep Z¹ on the way forward.",
            ),
            Mistake(
                "took √(1 - a²) for the slope",
                _waves(lambda z: np.abs(np.cos(z))),
                "That is the size of the slope. Where the sine falls, the slope is negative, and a does not tell.",
            ),
            Mistake(
                "the derivative of the sine has the wrong sign",
                _waves(lambda z: -np.cos(z)),
                "The sine rises at z = 0.",
            ),
            Mistake(
                "the sign is turned",
                _waves(sign=-1.0),
                "The derivative of (a² - y)²/2 is a² - y. The minus sign belongs to the update.",
            ),
            Mistake(
                "left W² out on the way back",
                _waves(w=False),
                "Each error of layer 2 arrives in layer 1 multiplied by the weight that connects them.",
            ),
            Mistake(
                "forgot the 1/n",
                _waves(no_mean=True),
                "The cost is the mean over the samples.",
            ),
            Mistake(
                "returned the gradients with layer 2 first",
                lambda X, y, W1, b1, W2, b2: (
                    *waves(X, y, W1, b1, W2, b2)[2:],
                    *waves(X, y, W1, b1, W2, b2)[:2],
                ),
                "The order asked for is dW1, db1, dW2, db2.",
            ),
            Mistake(
                "transposed the weight gradients",
                lambda *inputs: tuple(part.T for part in waves(*inputs)),
                "In this book dW has the shape of W: inputs in the rows.",
            ),
        ),
    ),
    Exercise(
        id="four-operations",
        chapter="four-equations",
        title="Fine-tuning: how much cheaper is the way back?",
        difficulty=2,
        minutes=10,
        equation="eq-four-operations",
        hints=(
            "Equation 2 needs one multiplication for each weight, in the layers that learn.",
            "Which is the lowest δ that is needed? Equation 4 needs one multiplication for each weight on the way there.",
        ),
        reference=backward_multiplications,
        inputs=_frozen,
        cases=(((784, 30, 10), 0), ((784, 100, 30, 10), 1)),
        mistakes=(
            Mistake(
                "let all layers learn",
                lambda sizes, f: backward_multiplications(sizes, 0),
                "The gradients of the first f layers are not asked for, nor are the errors below layer f + 1.",
            ),
            Mistake(
                "sent the error one layer too far back",
                lambda sizes, f: 2 * sum(_weights(sizes)[f:]),
                "The error of layer f + 1 is the last one that is needed; it is not sent on.",
            ),
            Mistake(
                "sent the error back through all layers",
                lambda sizes, f: sum(_weights(sizes)[f:]) + sum(_weights(sizes)[1:]),
                "Below the layers that learn no error is needed.",
            ),
            Mistake(
                "counted the gradients only",
                lambda sizes, f: sum(_weights(sizes)[f:]),
                "Equation 4 multiplies as well, with every weight through which the error goes back.",
            ),
            Mistake(
                "froze the last layers instead of the first",
                lambda sizes, f: backward_multiplications(sizes[: len(sizes) - f], 0),
                "Layers 1 to f are those next to the input.",
            ),
            Mistake(
                "counted the biases, too",
                lambda sizes, f: backward_multiplications(sizes, f) + sum(sizes[f + 1 :]),
                "A bias multiplies nothing: its gradient is the error itself.",
            ),
        ),
    ),
    Exercise(
        id="four-dead-node",
        chapter="four-equations",
        title="A node that never fires",
        difficulty=2,
        minutes=10,
        equation="eq-four-dw",
        hints=(
            "Write down a and f′(z) for such a node, and put them into the four equations.",
            "Look at the weights that end in the node and at those that start there.",
        ),
    ),
)
