"""Exercises of the chapter on the network with two inputs, two hidden nodes and one output."""

import math
from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_nn.activations import sigmoid
from fysstk_nn.datasets import polynomial
from fysstk_nn.gates import XOR


def output(x: Any, W1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    """Output of the network for one sample."""
    return sigmoid(sigmoid(x @ W1 + b1) @ w2 + b2)


def hidden_deltas(a1: Any, a2: Any, y: Any, w2: Any, u: Any) -> Any:
    """Deltas of two hidden nodes, the first of which also feeds the second."""
    return _hidden_deltas()(a1, a2, y, w2, u)


def _hidden_deltas(back: Any = None, *, output_slope: bool = True) -> Any:
    """Return `hidden_deltas`, or a version that puts the deltas together in another way.

    `back(w2, u, slopes, delta2)` returns the two deltas.
    """

    def right(w2: Any, u: Any, slopes: Any, delta2: Any) -> tuple[Any, Any]:
        second = w2[1] * slopes[1] * delta2
        return (w2[0] * delta2 + u * second) * slopes[0], second

    def deltas(a1: Any, a2: Any, y: Any, w2: Any, u: Any) -> Any:
        delta2 = (a2 - y) * (a2 * (1 - a2) if output_slope else 1.0)
        return np.array((back or right)(w2, u, a1 * (1 - a1), delta2))

    return deltas


def _side_lost(w2: Any, u: Any, slopes: Any, delta2: Any) -> Any:
    return w2 * slopes * delta2


def _side_turned(w2: Any, u: Any, slopes: Any, delta2: Any) -> Any:
    first = w2[0] * slopes[0] * delta2
    return first, (w2[1] * delta2 + u * first) * slopes[1]


def _side_from_output(w2: Any, u: Any, slopes: Any, delta2: Any) -> Any:
    return (w2[0] + u) * slopes[0] * delta2, w2[1] * slopes[1] * delta2


def _side_without_slope_there(w2: Any, u: Any, slopes: Any, delta2: Any) -> Any:
    return (w2[0] + u * w2[1]) * slopes[0] * delta2, w2[1] * slopes[1] * delta2


def _side_without_slope_here(w2: Any, u: Any, slopes: Any, delta2: Any) -> Any:
    second = w2[1] * slopes[1] * delta2
    return w2[0] * slopes[0] * delta2 + u * second, second


def _side_without_slopes(w2: Any, u: Any, slopes: Any, delta2: Any) -> Any:
    return (w2[0] + u * w2[1]) * delta2, w2[1] * delta2


def turned(w2: Any, b2: Any) -> Any:
    """Output parameters that make up for a hidden node 0 whose incoming numbers have changed their sign."""
    return w2 * np.array([-1, 1]), b2 + w2[0]


def gradients(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    """All twelve derivatives of a network with two outputs."""
    return _gradients()(x, y, W1, b1, W2, b2)


def _gradients(
    *,
    hidden_outputs: bool = False,
    shared: bool = False,
    transposed: bool = False,
    no_slope: bool = False,
    forth: bool = False,
    first_only: bool = False,
) -> Any:
    """Return `gradients`, or a version with one thing done wrong."""

    def derivatives(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
        a1 = sigmoid(x @ W1 + b1)
        a2 = sigmoid(a1 @ W2 + b2)
        delta2 = (a2 - y) * a2 * (1 - a2)
        back = W2[:, 0] * delta2[0] if first_only else delta2 @ W2 if forth else W2 @ delta2
        delta1 = back * (1 if no_slope else a1 * (1 - a1))
        if shared:
            delta1 = np.full(2, delta1[0])
        dW1 = np.outer(a1 if hidden_outputs else x, delta1)
        return (dW1.T if transposed else dW1), delta1, np.outer(a1, delta2), delta2

    return derivatives


def our_gradient(A: Any, Delta: Any) -> Any:
    """Gradient for "from i to j" from a batch whose samples are columns."""
    return A @ Delta.T


def twins(hidden: Any) -> Any:
    """Number of networks that exchanged and turned hidden nodes make from one, itself included."""
    return math.prod(2**M * math.factorial(M) for M in hidden)


def _rows_and_diagonal(answer: Any) -> Any:
    """Say for the four rows whether the output is on, and then whether it is on anywhere on the diagonal."""
    W1, b1, w2, b2 = (np.asarray(part, dtype=float) for part in answer)
    diagonal = np.repeat(np.linspace(0, 1, 11)[:, None], 2, axis=1)
    X = np.concatenate([XOR.X, diagonal])
    on = output(X, W1.reshape(2, 2), b1.reshape(2), w2.reshape(2), b2.reshape(())) > 0.5
    return np.append(on[:4], on[4:].any())


def _one_sample(rng: np.random.Generator) -> tuple[Any, ...]:
    y = nice(rng, 2, low=0.1, high=1.0)
    return nice(rng, 2), y, nice(rng, 2, 2), nice(rng, 2), nice(rng, 2, 2), nice(rng, 2)


def _columns(rng: np.random.Generator) -> tuple[Any, ...]:
    n = int(rng.integers(2, 5))
    return nice(rng, int(rng.integers(2, 5)), n), nice(rng, int(rng.integers(2, 5)), n)


def _unseen(rng: np.random.Generator) -> tuple[Any, ...]:
    return polynomial(n=200, rng=rng)


def _error(predict: Any, X: Any, y: Any) -> float:
    return float(np.sqrt(np.mean((np.ravel(predict(X)) - y) ** 2)))


def _polynomial(X: Any) -> Any:
    """The lecture's function."""
    return X[:, 0] ** 2 + 3 * X[:, 0] * X[:, 1] + X[:, 1] ** 2 + 5


def _scaled_error(predict: Any) -> float:
    """Error of the predictions after the best factor and shift."""
    X, y = _unseen(np.random.default_rng(9))
    values = np.ravel(predict(X))
    return _error(lambda X: np.polyval(np.polyfit(values, y, 1), values), X, y)


def _least_squares(columns: Any) -> Any:
    """Return a prediction by least squares on the given columns of the inputs."""
    X, y = polynomial(n=100, rng=0)
    theta = np.linalg.lstsq(columns(X), y)[0]
    return lambda X: columns(X) @ theta


def _nonlinearity(predict: Any) -> float:
    """Share of the prediction that no plane explains."""
    X, _ = polynomial(n=100, rng=9)
    values = np.ravel(predict(X))
    A = np.column_stack([np.ones(len(X)), X])
    residual = values - A @ np.linalg.lstsq(A, values)[0]
    return float(np.std(residual) / (np.std(values) + 1e-12))


EXERCISES = (
    Exercise(
        id="two-output",
        chapter="two-two-one",
        title="The same output from other weights",
        difficulty=2,
        minutes=8,
        equation="def-two-output",
        hints=(
            "With the signs turned, the sum into hidden node 0 becomes its negative. What becomes of its output?",
            "Put the new output of the node into {eq}`def-two-output` and multiply out. One term no longer depends on the "
            "input.",
        ),
        reference=turned,
        inputs=lambda rng: (nice(rng, 2), nice(rng)),
        mistakes=(
            Mistake(
                "turned the weight and left the bias",
                lambda w2, b2: (w2 * np.array([-1, 1]), b2),
                "That would be right for tanh, which turns its sign with its input. For the sigmoid there is a 1 as well.",
            ),
            Mistake(
                "left the weight as it was",
                lambda w2, b2: (w2, b2 + w2[0]),
                "Where the node was on, it is off now: what it sends to the output has to change its sign.",
            ),
            Mistake(
                "left both as they were",
                lambda w2, b2: (w2, b2),
                "Try an input: the hidden node has another output now.",
            ),
            Mistake(
                "subtracted from the bias",
                lambda w2, b2: (w2 * np.array([-1, 1]), b2 - w2[0]),
                "Look at an input for which the turned node is fully on: before the turn it sent nothing.",
            ),
            Mistake(
                "turned both weights",
                lambda w2, b2: (-w2, b2 + w2.sum()),
                "Hidden node 1 has kept its incoming weights and its bias.",
            ),
            Mistake(
                "took the other hidden node",
                lambda w2, b2: (w2 * np.array([1, -1]), b2 + w2[1]),
                "Hidden node 0 is the one that is turned.",
            ),
        ),
    ),
    Exercise(
        id="two-delta",
        chapter="two-two-one",
        title="One hidden node feeds the other",
        difficulty=2,
        minutes=8,
        equation="eq-two-delta1",
        hints=(
            "Draw the two hidden nodes and the output with their three lines. In how many ways does each hidden node "
            "reach the output?",
            "One of the two deltas is as in the text. The other needs it: it is the rate at which the cost changes with "
            "that node's z.",
            "Along each line a delta comes back through the weight of the line. Add up what arrives in a node, and "
            "multiply by the node's own slope.",
        ),
        reference=hidden_deltas,
        inputs=lambda rng: (
            nice(rng, 2, low=0.1, high=0.9),
            nice(rng, low=0.1, high=0.9),
            nice(rng, low=0.0, high=1.0),
            nice(rng, 2),
            nice(rng),
        ),
        mistakes=(
            Mistake(
                "left out the way through the other hidden node",
                _hidden_deltas(_side_lost),
                "Node 0 changes the output in two ways now: directly, and by changing node 1.",
            ),
            Mistake(
                "sent the delta against the new line",
                _hidden_deltas(_side_turned),
                "The line leads from node 0 to node 1. A nudge of which node changes the other one?",
            ),
            Mistake(
                "multiplied the new weight by the delta of the output",
                _hidden_deltas(_side_from_output),
                "The new line does not end in the output. Which delta stands at its end?",
            ),
            Mistake(
                "left out the slope of hidden node 1 on the way through it",
                _hidden_deltas(_side_without_slope_there),
                "The second way leads through the sigmoid of node 1, which has a slope.",
            ),
            Mistake(
                "left out the slope of hidden node 0 on the new way",
                _hidden_deltas(_side_without_slope_here),
                "What comes back along *both* lines arrives at the output of node 0; its own slope leads on to z.",
            ),
            Mistake(
                "forgot the slopes of the hidden nodes",
                _hidden_deltas(_side_without_slopes),
                "You stopped at the outputs of the hidden nodes. One more factor leads from each to its z.",
            ),
            Mistake(
                "forgot the slope of the output",
                _hidden_deltas(output_slope=False),
                "The output is a sigmoid as well: its delta has the factor a (1 - a).",
            ),
        ),
    ),
    Exercise(
        id="two-gradients",
        chapter="two-two-one",
        title="Two outputs",
        difficulty=3,
        minutes=20,
        equation="eq-two-dw1",
        hints=(
            "Forward, then the two errors of the outputs: each is that of a single output.",
            "A hidden node reaches the cost through both outputs. What two ways contribute is added.",
            "`np.outer(a, b)` has the entries a_i b_j. Which of the two is x, if W1[i, j] leads from i to j?",
        ),
        reference=gradients,
        inputs=_one_sample,
        mistakes=(
            Mistake(
                "used the hidden outputs where the inputs belong, as it is printed on the lecture's slide",
                _gradients(hidden_outputs=True),
                "A weight of layer 1 multiplies an output of layer 0: {eq}`eq-two-dw1`.",
            ),
            Mistake(
                "used the other order of the indices in dW1",
                _gradients(transposed=True),
                "`dW1[i, j]` belongs to the weight from input i to hidden node j.",
            ),
            Mistake(
                "sent the errors back through the transposed weights",
                _gradients(forth=True),
                "Hidden node j has the weights `W2[j, 0]` and `W2[j, 1]` to the outputs: a row, not a column.",
            ),
            Mistake(
                "left out the second output on the way back",
                _gradients(first_only=True),
                "The second output depends on the hidden nodes as well, and it is part of the cost.",
            ),
            Mistake(
                "took the same error for both hidden nodes",
                _gradients(shared=True),
                "Each hidden node has its own weights to the outputs and its own slope.",
            ),
            Mistake(
                "forgot the slopes of the hidden nodes",
                _gradients(no_slope=True),
                "Going back through a hidden node, the error is multiplied by its slope.",
            ),
            Mistake(
                "took the mean over the outputs",
                lambda *inputs: tuple(part / 2 for part in gradients(*inputs)),
                "The cost of a sample is half the sum of the squares over its outputs.",
            ),
            Mistake(
                "the sign is turned",
                lambda *inputs: tuple(-part for part in gradients(*inputs)),
                "Output minus target; the minus sign of descent belongs to the update.",
            ),
        ),
    ),
    Exercise(
        id="two-convention",
        chapter="two-two-one",
        title="A friend's columns",
        difficulty=2,
        minutes=8,
        equation="eq-two-dv",
        hints=(
            "One sample and one entry first: to which node does W[i, j] lead, and from which?",
            "Entry (i, j) is a sum over the samples, which stand in the columns of both arrays.",
        ),
        reference=our_gradient,
        inputs=_columns,
        cases=((np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([[0.5, 1.0], [-1.0, 2.0]])),),
        mistakes=(
            Mistake(
                "gave the friend's gradient",
                lambda A, Delta: Delta @ A.T,
                "That is the gradient of V, whose first index is where the weight ends. W is its transpose.",
            ),
            Mistake(
                "took the mean over the samples",
                lambda A, Delta: A @ Delta.T / A.shape[1],
                "The division by n is in the deltas already: the contributions of the samples are added.",
            ),
            Mistake(
                "took one sample only",
                lambda A, Delta: np.outer(A[:, 0], Delta[:, 0]),
                "That is the contribution of the first sample. Every column is one.",
            ),
            Mistake(
                "added the samples up before multiplying",
                lambda A, Delta: np.outer(A.sum(axis=1), Delta.sum(axis=1)),
                "The delta of a sample meets the output of the same sample: multiply first, then add.",
            ),
            Mistake(
                "the sign is turned",
                lambda A, Delta: -A @ Delta.T,
                "The convention is only about names; the signs stay.",
            ),
        ),
    ),
    Exercise(
        id="two-xor",
        chapter="two-two-one",
        title="XOR as gradient descent found it",
        difficulty=2,
        minutes=15,
        equation="def-two-xor",
        hints=(
            "On the diagonal the inputs are equal. Which combination of the two inputs is the same on all of it?",
            "Each border of the band is one hidden node. What is the node on for, beyond its border: for which of the four "
            "rows?",
            "Weights of opposite sign make a node ask for the difference of the inputs. Where between 0 and 1 should its "
            "limit be? Make the weights large, so that the sigmoids are nearly 0 or 1.",
        ),
        reference=(
            np.array([[20.0, -20.0], [-20.0, 20.0]]),
            np.array([-10.0, -10.0]),
            np.array([20.0, 20.0]),
            -10.0,
        ),
        use=_rows_and_diagonal,
        mistakes=(
            Mistake(
                "the band lies across the diagonal",
                (
                    np.array([[20.0, 20.0], [20.0, 20.0]]),
                    np.array([-10.0, -30.0]),
                    np.array([20.0, -20.0]),
                    -10.0,
                ),
                "The four rows are right, but in the middle of the square the output is on. Your hidden nodes look at the "
                "sum of the inputs; the picture shows another combination.",
            ),
            Mistake(
                "the hidden nodes ask the same question",
                (
                    np.array([[20.0, 20.0], [-20.0, -20.0]]),
                    np.array([-10.0, -10.0]),
                    np.array([20.0, 20.0]),
                    -10.0,
                ),
                "The output is on for (1, 0), and not for (0, 1). The band has two borders.",
            ),
            Mistake(
                "the hidden nodes ask the same question, with the inputs exchanged",
                (
                    np.array([[-20.0, -20.0], [20.0, 20.0]]),
                    np.array([-10.0, -10.0]),
                    np.array([20.0, 20.0]),
                    -10.0,
                ),
                "The output is on for (0, 1), and not for (1, 0). The band has two borders.",
            ),
            Mistake(
                "built OR",
                (
                    np.array([[20.0, 20.0], [20.0, 20.0]]),
                    np.array([-10.0, -30.0]),
                    np.array([20.0, 20.0]),
                    -10.0,
                ),
                "The output is on for (1, 1), too. Both hidden nodes should be off there.",
            ),
            Mistake(
                "built the opposite of XOR",
                (
                    np.array([[20.0, -20.0], [-20.0, 20.0]]),
                    np.array([-10.0, -10.0]),
                    np.array([-20.0, -20.0]),
                    10.0,
                ),
                "All four rows are exactly wrong: change the sign of the output's weights and bias.",
            ),
            Mistake(
                "the output is on for no row",
                (np.zeros((2, 2)), np.zeros(2), np.zeros(2), 0.0),
                "It stays at or below ½ for all four. Choose the hidden nodes first, with weights so large that the "
                "sigmoids are nearly 0 or 1, and look at what they give. One of them should be enough to switch the "
                "output on.",
            ),
            Mistake(
                "the output is on for every row",
                (np.array([[20.0, -20.0], [-20.0, 20.0]]), np.zeros(2), np.array([20.0, 20.0]), -10.0),
                "On the diagonal both hidden nodes should be off, not halfway: look at their biases. Then the output's "
                "bias alone decides.",
            ),
        ),
    ),
    Exercise(
        id="two-polynomial",
        chapter="two-two-one",
        title="The lecture's function from a sigmoid",
        difficulty=3,
        minutes=25,
        equation="def-two-polynomial",
        hints=(
            "A sigmoid gets near 0 and 1 only where it is saturated. Into which smaller interval would you scale the "
            "targets?",
            "Train with the scaled targets, and undo the scaling in `predict`: first the shift or first the factor?",
            "Scaled targets and the slope of the output make small gradients. Try a learning rate of 1 or more, and "
            "watch the cost.",
        ),
        reference=_polynomial,
        inputs=_unseen,
        use=_error,
        at_most=0.1,
        trials=3,
        mistakes=(
            Mistake(
                "the predictions have not been scaled back",
                lambda X: 0.1 + 0.8 * (_polynomial(X) - 5) / 5,
                "They lie between 0 and 1, as the outputs of a sigmoid do. Undo the scaling of the targets in `predict`.",
                sign=lambda predict: bool(np.all(np.ravel(predict(polynomial(n=50, rng=9)[0])) <= 1.0)),
            ),
            Mistake(
                "the predictions have the right shape, but another scale",
                lambda X: 5 * (0.1 + 0.8 * (_polynomial(X) - 5) / 5) + 5,
                "A straight line turns your predictions into the right ones: undo both the factor and the shift.",
                sign=lambda predict: (
                    _error(predict, *_unseen(np.random.default_rng(9))) > 0.2 and _scaled_error(predict) < 0.1
                ),
            ),
            Mistake(
                "it predicts the same number for every input",
                lambda X: np.full(len(X), 6.4),
                "The network has learned the mean of the targets only. Train longer, or start from larger weights.",
                sign=lambda predict: bool(np.std(np.ravel(predict(polynomial(n=50, rng=9)[0]))) < 1e-3),
            ),
            Mistake(
                "it fits a plane: the network is in effect linear",
                _least_squares(lambda X: np.column_stack([np.ones(len(X)), X])),
                "The error is that of the best linear fit. Check the activation of the hidden layer, or train longer.",
                sign=lambda predict: bool(_nonlinearity(predict) < 1e-3),
            ),
            Mistake(
                "it is close, but the training has not come far enough",
                lambda X: _polynomial(X) + 0.13,
                "The error is below 0.2 already. Train for more steps, or with a larger learning rate, and watch the cost.",
                sign=lambda predict: 0.1 < _error(predict, *_unseen(np.random.default_rng(9))) < 0.2,
            ),
        ),
    ),
    Exercise(
        id="two-parameters",
        chapter="two-two-one",
        title="How many networks are one and the same?",
        difficulty=2,
        minutes=8,
        equation="def-two-hidden",
        hints=(
            "One hidden layer with two nodes first: write the eight networks down.",
            "Each node is turned or not, and the nodes stand in some order. How many choices are that for M nodes?",
            "What you choose in one layer leaves the choice in the other layers free.",
        ),
        reference=twins,
        inputs=lambda rng: ([int(M) for M in rng.permutation([2, 3, 4])[: rng.integers(1, 3)]],),
        cases=(([2],), ([3, 2],)),
        mistakes=(
            Mistake(
                "forgot that nodes can be turned",
                lambda hidden: math.prod(math.factorial(M) for M in hidden),
                "Those are the orders of the nodes. The exercise on turned signs gives more for each order.",
            ),
            Mistake(
                "forgot that nodes can exchange their places",
                lambda hidden: 2 ** sum(hidden),
                "Each of these networks stays the same if two nodes of a layer exchange their places, with all their lines.",
            ),
            Mistake(
                "turned all nodes of a layer together or none",
                lambda hidden: math.prod(2 * math.factorial(M) for M in hidden),
                "Each node can be turned by itself, whatever the others do.",
            ),
            Mistake(
                "added the layers up",
                lambda hidden: sum(2**M * math.factorial(M) for M in hidden),
                "Each choice in one layer can be combined with each choice in the other.",
            ),
            Mistake(
                "mixed the nodes of different layers",
                lambda hidden: 2 ** sum(hidden) * math.factorial(sum(hidden)),
                "Only nodes of the same layer can exchange their places.",
            ),
            Mistake(
                "left the network itself out",
                lambda hidden: twins(hidden) - 1,
                "Nothing turned and nothing exchanged is one of the choices.",
            ),
            Mistake(
                "added where the choices combine",
                lambda hidden: math.prod(2**M + math.factorial(M) for M in hidden),
                "For each order of the nodes there are all the ways to turn them.",
            ),
        ),
    ),
    Exercise(
        id="two-symmetry",
        chapter="two-two-one",
        title="Copies for ever",
        difficulty=3,
        minutes=15,
        equation="eq-two-symmetry",
        hints=(
            "What is the output of every node if all parameters are 0? And what is then the mean of δ over the rows?",
            "Which of the quantities in {eq}`eq-two-delta1` differ between the two nodes?",
            "For the last part, write the cost of the three rows as a function of their common answer.",
        ),
    ),
)
