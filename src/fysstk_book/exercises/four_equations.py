"""Exercises of the chapter on the four equations of backpropagation."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_nn.activations import sigmoid


def one_layer(a: Any, W: Any, b: Any) -> Any:
    """Outputs of a sigmoid layer for one sample."""
    return sigmoid(a @ W + b)


def output_delta(a: Any, y: Any, c: Any) -> Any:
    """Error of a tanh output layer for the mean of half squared errors with the weights c."""
    return c * (a - y) * (1 - a**2) / len(a)


def hidden_delta(delta_next: Any, W_next: Any, a: Any) -> Any:
    """Error of a sigmoid hidden layer from the error of the layer after it."""
    return (delta_next @ W_next.T) * a * (1 - a)


def layer_gradients(a_before: Any, delta: Any) -> Any:
    """Gradients of a layer's weights and biases from its error."""
    return a_before.T @ delta, delta.sum(axis=0)


def two_layers(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    """All gradients of a network with one sigmoid hidden layer and a linear output."""
    a1 = sigmoid(X @ W1 + b1)
    delta2 = (a1 @ W2 + b2 - y) / len(X)
    delta1 = (delta2 @ W2.T) * a1 * (1 - a1)
    return X.T @ delta1, delta1.sum(axis=0), a1.T @ delta2, delta2.sum(axis=0)


def _two_layers_wrong(
    *,
    slope_of_a: bool = False,
    no_slope: bool = False,
    no_mean: bool = False,
    sign: float = 1.0,
    w: bool = True,
    output_slope: bool = False,
) -> Any:
    """Return `two_layers` with one thing done wrong."""

    def wrong(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
        a1 = sigmoid(X @ W1 + b1)
        delta2 = sign * (a1 @ W2 + b2 - y) / (1 if no_mean else len(X))
        if output_slope:
            a2 = a1 @ W2 + b2
            delta2 = delta2 * a2 * (1 - a2)
        delta1 = delta2 @ (W2.T if w else np.ones_like(W2.T))
        if not no_slope:
            delta1 = delta1 * (sigmoid(a1) * (1 - sigmoid(a1)) if slope_of_a else a1 * (1 - a1))
        return X.T @ delta1, delta1.sum(axis=0), a1.T @ delta2, delta2.sum(axis=0)

    return wrong


def _weights(sizes: Any) -> list[Any]:
    return [m * n for m, n in zip(sizes[:-1], sizes[1:], strict=True)]


def backward_multiplications(sizes: Any, f: Any) -> Any:
    """Multiplications of one backward pass for one sample, of which the first f layers are frozen."""
    return sum(_weights(sizes)[f:]) + sum(_weights(sizes)[f + 1 :])


def _frozen(rng: np.random.Generator) -> tuple[Any, ...]:
    sizes = tuple(int(m) for m in rng.integers(2, 9, size=rng.integers(3, 6)))
    return sizes, int(rng.integers(0, len(sizes) - 1))


def _one_sample(rng: np.random.Generator) -> tuple[Any, ...]:
    before, here = rng.integers(2, 5, size=2)
    return nice(rng, before), nice(rng, before, here), nice(rng, here)


def _batch(rng: np.random.Generator) -> tuple[Any, ...]:
    n, m = rng.integers(1, 5, size=2)
    targets = rng.integers(0, 2, size=(n, m)).astype(float)
    return nice(rng, n, m, low=0.1, high=0.9), targets, nice(rng, m, low=0.2, high=3.0)


def _hidden(rng: np.random.Generator) -> tuple[Any, ...]:
    n, here, ahead = rng.integers(1, 5, size=3)
    return nice(rng, n, ahead), nice(rng, here, ahead), nice(rng, n, here, low=0.1, high=0.9)


def _layer(rng: np.random.Generator) -> tuple[Any, ...]:
    n, before, here = rng.integers(1, 5, size=3)
    return nice(rng, n, before), nice(rng, n, here)


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
        equation="eq-four-matrix-forward",
        hints=(
            "One loop over the nodes j of this layer, and in it a sum over the nodes i of the layer before.",
            "Node j: z = bⱼ + Σᵢ aᵢ wᵢⱼ, then the sigmoid of that one number.",
        ),
        reference=one_layer,
        inputs=_one_sample,
        cases=((np.array([0.5]), np.array([[2.0]]), np.array([-0.4])),),
        mistakes=(
            Mistake(
                "forgot the bias",
                lambda a, W, b: sigmoid(a @ W),
                "Each node adds its own bⱼ before the sigmoid.",
            ),
            Mistake(
                "returned z, without the sigmoid",
                lambda a, W, b: a @ W + b,
                "The output of the node is σ(zⱼ).",
            ),
            Mistake(
                "summed the sigmoids of the terms",
                lambda a, W, b: sigmoid(a[:, np.newaxis] * W + b).sum(axis=0),
                "First the whole sum, then one sigmoid: σ of a sum is not the sum of the σ.",
            ),
            Mistake(
                "added the bias once for each term of the sum",
                lambda a, W, b: sigmoid(a @ W + len(a) * b),
                "The bias stands outside of the sum over i.",
            ),
            Mistake(
                "took the bias for a threshold, and subtracted it",
                lambda a, W, b: sigmoid(a @ W - b),
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
        title="One layer back",
        difficulty=2,
        minutes=8,
        equation="eq-four-matrix-delta-hidden",
        hints=(
            "Start with the shapes: `delta_next` is (n, M_next) and the result is (n, M).",
            "Equation {eq}`eq-four-matrix-delta-hidden`: a matrix product, and then an element-wise one.",
        ),
        reference=hidden_delta,
        inputs=_hidden,
        mistakes=(
            Mistake(
                "forgot the slope of the sigmoid",
                lambda delta_next, W_next, a: delta_next @ W_next.T,
                "You have reached dC/da of this layer. One more factor leads from a to z.",
            ),
            Mistake(
                "took σ′ at a instead of at z",
                lambda delta_next, W_next, a: (delta_next @ W_next.T) * sigmoid(a) * (1 - sigmoid(a)),
                "`a` is already the output of the sigmoid; its slope is a (1 - a).",
            ),
            Mistake(
                "multiplied by a alone",
                lambda delta_next, W_next, a: (delta_next @ W_next.T) * a,
                "The slope of the sigmoid is a (1 - a): it vanishes at both ends.",
            ),
            Mistake(
                "the sign is turned",
                lambda delta_next, W_next, a: (delta_next @ W_next.T) * a * (a - 1),
                "The slope of the sigmoid is positive: a (1 - a).",
            ),
            Mistake(
                "summed the errors without their weights",
                lambda delta_next, W_next, a: delta_next.sum(axis=1, keepdims=True) * a * (1 - a),
                "Each error ahead counts as much as the weight that connects it to this node.",
            ),
        ),
    ),
    Exercise(
        id="four-gradients",
        chapter="four-equations",
        title="From errors to gradients",
        difficulty=1,
        minutes=5,
        equation="eq-four-matrix-dw",
        hints=(
            "The gradient of W has the shape of W: (M_before, M).",
            "See {eq}`eq-four-matrix-dw` and {eq}`eq-four-matrix-db`; the 1/n is already inside δ.",
        ),
        reference=layer_gradients,
        inputs=_layer,
        cases=((np.array([[1.0, 2.0]]), np.array([[3.0, 0.5, -1.0]])),),
        mistakes=(
            Mistake(
                "took the mean over the rows for the bias",
                lambda a_before, delta: (a_before.T @ delta, delta.mean(axis=0)),
                "The 1/n is already inside δ; the rows are only summed.",
            ),
            Mistake(
                "left the bias gradient with one row per sample",
                lambda a_before, delta: (a_before.T @ delta, delta),
                "There is one bias per node, and all samples contribute to its gradient: sum over the rows.",
            ),
            Mistake(
                "summed over the nodes instead of the samples",
                lambda a_before, delta: (a_before.T @ delta, delta.sum(axis=1)),
                "Rows are samples (axis 0), columns are nodes. Sum over the samples.",
            ),
            Mistake(
                "used only the first sample",
                lambda a_before, delta: (np.outer(a_before[0], delta[0]), delta[0]),
                "Every row contributes; the matrix product does the sum for you.",
            ),
            Mistake(
                "divided by the number of samples once more",
                lambda a, delta: (a.T @ delta / len(a), delta.mean(axis=0)),
                "The mean is in delta already: {eq}`eq-four-matrix-delta-output` carries the 1/n.",
            ),
        ),
    ),
    Exercise(
        id="four-backprop",
        chapter="four-equations",
        title="The whole algorithm for one hidden layer",
        difficulty=3,
        minutes=20,
        equation="eq-four-matrix-delta-hidden",
        hints=(
            "Four lines forward and back: a1, the output, δ² and δ¹.",
            "The output is linear, so f′ = 1 there and δ² = (a² - y)/n.",
            "δ¹ is {eq}`eq-four-matrix-delta-hidden`; the four gradients are {eq}`eq-four-matrix-dw` and "
            "{eq}`eq-four-matrix-db`, for each layer.",
        ),
        reference=two_layers,
        inputs=_network,
        mistakes=(
            Mistake(
                "forgot σ′ in the hidden layer",
                _two_layers_wrong(no_slope=True),
                "Layer 2 is right. Going back to layer 1, the error is also multiplied by the slope of its sigmoid.",
            ),
            Mistake(
                "took σ′ at a¹ instead of at z¹",
                _two_layers_wrong(slope_of_a=True),
                "a¹ is already the output of the sigmoid; its slope is a¹ (1 - a¹).",
            ),
            Mistake(
                "the sign is turned",
                _two_layers_wrong(sign=-1.0),
                "The derivative of (a² - y)²/2 is a² - y. The minus sign belongs to the update.",
            ),
            Mistake(
                "left W² out on the way back",
                _two_layers_wrong(w=False),
                "Each error of layer 2 arrives in layer 1 multiplied by the weight that connects them.",
            ),
            Mistake(
                "returned the gradients with layer 2 first",
                lambda X, y, W1, b1, W2, b2: (
                    *two_layers(X, y, W1, b1, W2, b2)[2:],
                    *two_layers(X, y, W1, b1, W2, b2)[:2],
                ),
                "The order asked for is dW1, db1, dW2, db2.",
            ),
            Mistake(
                "kept the slope of the sigmoid at the linear output",
                _two_layers_wrong(output_slope=True),
                "With a linear output the slope of the last layer is 1.",
            ),
            Mistake(
                "transposed the weight gradients",
                lambda *inputs: tuple(part.T for part in two_layers(*inputs)),
                "In this book dW has the shape of W: inputs in the rows.",
            ),
        ),
    ),
    Exercise(
        id="four-operations",
        chapter="four-equations",
        title="Fine-tuning: what a shorter way back costs",
        difficulty=2,
        minutes=10,
        equation="eq-four-operations",
        hints=(
            "Equation 2 needs one multiplication for each weight, in the layers that learn.",
            "Which is the lowest δ that anybody asks for? Equation 4 needs one multiplication for each weight on the way there.",
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
                "Below the layers that learn nobody needs an error.",
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
