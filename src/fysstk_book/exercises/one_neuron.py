"""Exercises of the chapter on one neuron."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_nn.activations import sigmoid


def neuron_cost(x: Any, y: Any, w1: Any, b1: Any) -> Any:
    """Half squared error of a neuron that fires below its threshold."""
    return 0.5 * (1 - sigmoid(w1 * x + b1) - y) ** 2


def delta(a1: Any, y: Any) -> Any:
    """Error of a sigmoid neuron from its output."""
    return (a1 - y) * a1 * (1 - a1)


def quartic_delta(a1: Any, y: Any) -> Any:
    """Error of a sigmoid neuron whose cost is a quarter of the fourth power."""
    return (a1 - y) ** 3 * a1 * (1 - a1)


def gradients(x: Any, y: Any, t: Any, s: Any) -> Any:
    """Derivatives of the cost with respect to the threshold and the width."""
    error = delta(sigmoid((x - t) / s), y)
    return -error / s, -error * (x - t) / s**2


def _gradients_wrong(error: Any) -> Any:
    """Return `gradients` with another formula for the delta, made from the output and the target."""

    def wrong(x: Any, y: Any, t: Any, s: Any) -> Any:
        change = error(sigmoid((x - t) / s), y)
        return -change / s, -change * (x - t) / s**2

    return wrong


def end_of_training(x: Any, y: Any, w1: Any, b1: Any) -> Any:
    """Point at which the line through the start, in the direction (x, 1), meets the right answer."""
    way = (np.log(y / (1 - y)) - w1 * x - b1) / (1 + x**2)
    return w1 + way * x, b1 + way


def _end_wrong(way: Any) -> Any:
    """Return `end_of_training` with another formula for the length of the way."""

    def wrong(x: Any, y: Any, w1: Any, b1: Any) -> Any:
        step = way(x, y, w1 * x + b1)
        return w1 + step * x, b1 + step

    return wrong


def steps_needed(start: Any, end: Any, x: Any, eta: Any) -> Any:
    """Steps of gradient descent from one z to a smaller one, for the target 0, as if steps were continuous."""
    return _steps(
        start, end, eta * (1 + x**2), lambda z: np.exp(z) + 3 * z - 3 * np.exp(-z) - np.exp(-2 * z) / 2
    )


def _steps(start: Any, end: Any, rate: Any, integral: Any) -> Any:
    return (integral(start) - integral(end)) / rate


def _steps_wrong(integral: Any) -> Any:
    """Return `steps_needed` with another integral of one over delta."""
    return lambda start, end, x, eta: _steps(start, end, eta * (1 + x**2), integral)


def pair_gradients(x: Any, u: Any, d: Any, w1: Any, b1: Any) -> Any:
    """Derivatives of the mean cost of pairs of which only the difference is known."""
    at_x, at_u = _pairs(x, u, d, w1, b1)
    return np.mean(at_x * x + at_u * u), np.mean(at_x + at_u)


def _pairs(x: Any, u: Any, d: Any, w1: Any, b1: Any, *, slope: Any = lambda a: a * (1 - a)) -> Any:
    """Return the deltas at both ends of each pair."""
    a, c = sigmoid(w1 * x + b1), sigmoid(w1 * u + b1)
    return (a - c - d) * slope(a), -(a - c - d) * slope(c)


def _pairs_wrong(join: Any) -> Any:
    """Return `pair_gradients` with another way from the deltas at both ends to the two derivatives."""

    def wrong(x: Any, u: Any, d: Any, w1: Any, b1: Any) -> Any:
        return join(*_pairs(x, u, d, w1, b1), x, u)

    return wrong


def _pairs_without_slopes(x: Any, u: Any, d: Any, w1: Any, b1: Any) -> Any:
    at_x, at_u = _pairs(x, u, d, w1, b1, slope=lambda a: 1.0)
    return np.mean(at_x * x + at_u * u), np.mean(at_x + at_u)


def _as_one_neuron(x: Any, u: Any, d: Any, w1: Any, b1: Any) -> Any:
    a = sigmoid(w1 * (x - u) + b1)
    return np.mean((a - d) * a * (1 - a) * (x - u)), np.mean((a - d) * a * (1 - a))


def sigmoid_twin(w1: Any, b1: Any, y: Any, eta: Any) -> Any:
    """Weight, bias, target and learning rate of a sigmoid neuron that keeps in step with a tanh neuron."""
    return 2 * w1, 2 * b1, (1 + y) / 2, 16 * eta


def _sample(rng: np.random.Generator) -> tuple[Any, ...]:
    return nice(rng), nice(rng, low=0.1, high=1.0), nice(rng), nice(rng)


def _some_pairs(rng: np.random.Generator) -> tuple[Any, ...]:
    n = int(rng.integers(2, 6))
    return nice(rng, n), nice(rng, n), nice(rng, n, low=-0.9, high=0.9), nice(rng), nice(rng)


EXERCISES = (
    Exercise(
        id="one-cost",
        chapter="one-neuron",
        title="A neuron that fires below its threshold",
        difficulty=1,
        minutes=4,
        equation="def-one-cost",
        hints=(
            "Three lines, {eq}`def-one-z`, {eq}`def-one-a` and {eq}`def-one-cost`; which of them changes?",
            "When the sigmoid answers 0.9, this neuron answers 0.1.",
        ),
        reference=neuron_cost,
        inputs=_sample,
        mistakes=(
            Mistake(
                "kept the neuron that fires above its threshold",
                lambda x, y, w1, b1: 0.5 * (sigmoid(w1 * x + b1) - y) ** 2,
                "For a large z₁ this neuron should be silent. What does yours answer there?",
            ),
            Mistake(
                "forgot the factor ½",
                lambda x, y, w1, b1: 2 * neuron_cost(x, y, w1, b1),
                "The book's cost has a ½ in front of the square.",
            ),
            Mistake(
                "left the sigmoid out",
                lambda x, y, w1, b1: 0.5 * (1 - (w1 * x + b1) - y) ** 2,
                "z is any number; the answer of the neuron lies between 0 and 1.",
            ),
            Mistake(
                "turned the sign of the answer",
                lambda x, y, w1, b1: 0.5 * (-sigmoid(w1 * x + b1) - y) ** 2,
                "An answer below 0 is not what is asked for: it should be near 1 where the sigmoid is near 0.",
            ),
            Mistake(
                "turned the sign of the weight alone",
                lambda x, y, w1, b1: 0.5 * (sigmoid(-w1 * x + b1) - y) ** 2,
                "At which x is your neuron undecided? It should be where w₁x + b₁ = 0.",
            ),
            Mistake(
                "forgot the bias",
                lambda x, y, w1, b1: neuron_cost(x, y, w1, 0.0),
                "z₁ has two terms.",
            ),
            Mistake(
                "took the absolute value instead of the square",
                lambda x, y, w1, b1: 0.5 * abs(1 - sigmoid(w1 * x + b1) - y),
                "The error is squared.",
            ),
        ),
    ),
    Exercise(
        id="one-delta",
        chapter="one-neuron",
        title="A cost that forgives small errors",
        difficulty=1,
        minutes=5,
        equation="eq-one-delta",
        hints=(
            "Equation {eq}`eq-one-delta` has two factors. Which of them knows the cost?",
            "Differentiate ¼(a - y)⁴ with respect to a; the slope of the sigmoid stays a₁(1 - a₁).",
        ),
        reference=quartic_delta,
        inputs=lambda rng: (nice(rng, low=0.1, high=0.9), nice(rng, low=0.1, high=1.0)),
        cases=((0.5, 1.0), (0.98, 0.0)),
        mistakes=(
            Mistake(
                "kept the squared error",
                delta,
                "The cost of this exercise has the fourth power: its derivative is not a - y.",
            ),
            Mistake(
                "forgot the slope of the sigmoid",
                lambda a1, y: (a1 - y) ** 3,
                "This is dC/da₁. One more factor leads from a₁ to z₁.",
            ),
            Mistake(
                "the sign is turned",
                lambda a1, y: -quartic_delta(a1, y),
                "The derivative of ¼(a - y)⁴ with respect to a is (a - y)³.",
            ),
            Mistake(
                "took σ′ at a₁ instead of at z₁",
                lambda a1, y: (a1 - y) ** 3 * sigmoid(a1) * (1 - sigmoid(a1)),
                "a₁ is already the output of the sigmoid; no second sigmoid is needed.",
            ),
            Mistake(
                "forgot that the ¼ cancels",
                lambda a1, y: 4 * quartic_delta(a1, y),
                "The 4 of the power and the ¼ of the cost cancel.",
            ),
            Mistake(
                "left the fourth power as it is",
                lambda a1, y: (a1 - y) ** 4 * a1 * (1 - a1),
                "The derivative of a fourth power is four times a third power.",
            ),
            Mistake(
                "multiplied by a₁ alone",
                lambda a1, y: (a1 - y) ** 3 * a1,
                "The slope vanishes at both ends, at a = 0 and at a = 1.",
            ),
        ),
    ),
    Exercise(
        id="one-gradients",
        chapter="one-neuron",
        title="Two derivatives, by threshold and width",
        difficulty=2,
        minutes=7,
        equation="eq-one-chain",
        hints=(
            "Only the third factor of {eq}`eq-one-chain` changes: differentiate z₁ = (x - t)/s by t, then by s.",
            "∂z₁/∂t = -1/s, and ∂z₁/∂s = -(x - t)/s². The other two factors make δ₁, as in {eq}`eq-one-delta`.",
        ),
        reference=gradients,
        inputs=lambda rng: (
            nice(rng),
            nice(rng, low=0.1, high=1.0),
            nice(rng),
            nice(rng, low=0.5, high=3.0),
        ),
        mistakes=(
            Mistake(
                "forgot the slope of the sigmoid",
                _gradients_wrong(lambda a, y: a - y),
                "Between a₁ and z₁ lies the sigmoid; its slope is a factor in both derivatives.",
            ),
            Mistake(
                "took σ′ at a₁ instead of at z₁",
                _gradients_wrong(lambda a, y: (a - y) * sigmoid.derivative(a)),
                "The slope belongs to the input of the neuron. From the output it is a₁(1 - a₁), which is the derivative already.",
            ),
            Mistake(
                "the sign is turned",
                lambda x, y, t, s: tuple(-part for part in gradients(x, y, t, s)),
                "A higher threshold lowers z₁, and for x > t a larger width does, too.",
            ),
            Mistake(
                "forgot the minus sign in front of t",
                lambda x, y, t, s: (-gradients(x, y, t, s)[0], gradients(x, y, t, s)[1]),
                "When the threshold rises, does z₁ rise or fall?",
            ),
            Mistake(
                "forgot that t is divided by s",
                lambda x, y, t, s: (s * gradients(x, y, t, s)[0], gradients(x, y, t, s)[1]),
                "z₁ = x/s - t/s. What is its derivative with respect to t?",
            ),
            Mistake(
                "did not square the width",
                lambda x, y, t, s: (gradients(x, y, t, s)[0], s * gradients(x, y, t, s)[1]),
                "The derivative of 1/s is -1/s².",
            ),
            Mistake(
                "took the derivatives by weight and bias",
                lambda x, y, t, s: (
                    delta(sigmoid((x - t) / s), y) * x,
                    delta(sigmoid((x - t) / s), y),
                ),
                "Those are δ₁x and δ₁. Here z₁ depends on t and s: how?",
            ),
            Mistake(
                "returned the two in the other order",
                lambda x, y, t, s: gradients(x, y, t, s)[::-1],
                "First the threshold, then the width.",
            ),
        ),
    ),
    Exercise(
        id="one-end",
        chapter="one-neuron",
        title="Where the training ends",
        difficulty=2,
        minutes=12,
        equation="def-one-update",
        hints=(
            "By {eq}`def-one-update`, each step changes (w₁, b₁) by a multiple of (x, 1). So does the sum of all steps.",
            "The answer is y where z₁ has the value log(y/(1 - y)), which inverts {eq}`def-one-a`.",
            "Put w₁ + sx and b₁ + s into {eq}`def-one-z`, and solve for s.",
        ),
        reference=end_of_training,
        inputs=lambda rng: (nice(rng), nice(rng, low=0.1, high=0.9), nice(rng), nice(rng)),
        cases=((0.0, 0.5, 1.0, 2.0), (2.0, 0.5, 1.0, -2.0)),
        mistakes=(
            Mistake(
                "moved the bias alone",
                lambda x, y, w1, b1: (w1, np.log(y / (1 - y)) - w1 * x),
                "This neuron answers y as well, but training changes the weight, too, unless x = 0.",
            ),
            Mistake(
                "moved the weight alone",
                lambda x, y, w1, b1: ((np.log(y / (1 - y)) - b1) / x if x else w1, b1),
                "This neuron answers y as well, but training changes the bias, too.",
            ),
            Mistake(
                "put the target in the place of z₁",
                _end_wrong(lambda x, y, z: (y - z) / (1 + x**2)),
                "It is the answer a₁ that has to be y. Which z₁ gives this answer?",
            ),
            Mistake(
                "turned the logarithm round",
                _end_wrong(lambda x, y, z: (np.log((1 - y) / y) - z) / (1 + x**2)),
                "Try y = 0.9: z₁ must be positive for that.",
            ),
            Mistake(
                "forgot that the weight moves z₁, too",
                _end_wrong(lambda x, y, z: np.log(y / (1 - y)) - z),
                "Put your answer into z₁ = w₁x + b₁: the step of the bias adds s, and the step of the weight adds more.",
            ),
            Mistake(
                "forgot that the bias moves z₁, too",
                _end_wrong(lambda x, y, z: (np.log(y / (1 - y)) - z) / x**2 if x else 0.0),
                "Put your answer into z₁ = w₁x + b₁: the step of the weight adds sx², and the step of the bias adds more.",
            ),
            Mistake(
                "started at zero",
                lambda x, y, w1, b1: end_of_training(x, y, 0.0, 0.0),
                "The training begins at w₁ and b₁, and so does the line.",
            ),
            Mistake(
                "returned the way instead of its end",
                lambda x, y, w1, b1: (
                    end_of_training(x, y, w1, b1)[0] - w1,
                    end_of_training(x, y, w1, b1)[1] - b1,
                ),
                "Add the way to where you started.",
            ),
            Mistake(
                "took one step, with the learning rate 1",
                lambda x, y, w1, b1: (
                    w1 - delta(sigmoid(w1 * x + b1), y) * x,
                    b1 - delta(sigmoid(w1 * x + b1), y),
                ),
                "One step leads along the line, but where do many steps end? There δ₁ is zero.",
            ),
        ),
    ),
    Exercise(
        id="one-plateau",
        chapter="one-neuron",
        title="How long is the plateau?",
        difficulty=3,
        minutes=15,
        equation="eq-one-delta-zero-target",
        hints=(
            "The step changes w₁ by -ηδ₁x and b₁ by -ηδ₁. By how much does it change z₁ = w₁x + b₁?",
            "So dn = -dz/(η(1 + x²)δ₁), to be integrated from start to end. Write 1/δ₁ = (1 + exp(-z))³ exp z and multiply it "
            "out: four exponentials, one of which is exp 0.",
        ),
        reference=steps_needed,
        inputs=lambda rng: (
            nice(rng, low=2.0, high=5.0),
            nice(rng, low=-1.0, high=1.5),
            nice(rng, low=0.5, high=2.0),
            nice(rng, low=0.05, high=0.5),
        ),
        cases=((4.0, 0.0, 1.0, 0.15),),
        mistakes=(
            Mistake(
                "took the exponential tail for the whole delta",
                _steps_wrong(np.exp),
                "exp(-z) is right for large z₁. On the last part of the way the other terms of 1/δ₁ count.",
            ),
            Mistake(
                "forgot that the weight moves, too",
                lambda start, end, x, eta: steps_needed(start, end, 0.0, eta),
                "z₁ = w₁x + b₁ falls because the bias falls, and also because the weight does.",
            ),
            Mistake(
                "forgot that the bias moves, too",
                lambda start, end, x, eta: steps_needed(start, end, x, eta) * (1 + x**2) / x**2,
                "z₁ = w₁x + b₁ falls because the weight falls, and also because the bias does.",
            ),
            Mistake(
                "did not square the input",
                lambda start, end, x, eta: steps_needed(start, end, x, eta) * (1 + x**2) / (1 + x),
                "x enters twice: in the change of the weight, and when the weight is multiplied by x.",
            ),
            Mistake(
                "left the learning rate out",
                lambda start, end, x, eta: eta * steps_needed(start, end, x, eta),
                "With half the learning rate it takes twice as many steps.",
            ),
            Mistake(
                "the sign is turned",
                lambda start, end, x, eta: -steps_needed(start, end, x, eta),
                "z₁ falls, so a positive number of steps leads from the larger value to the smaller one.",
            ),
            Mistake(
                "left one factor a₁ out of the delta",
                _steps_wrong(lambda z: np.exp(z) + 2 * z - np.exp(-z)),
                "For the target 0 the error is a₁ itself, and the slope a₁(1 - a₁): a₁ stands in δ₁ twice.",
            ),
            Mistake(
                "did not integrate",
                _steps_wrong(lambda z: (1 + np.exp(-z)) ** 3 * np.exp(z)),
                "1/δ₁ says how many steps a unit of z₁ costs here. The cost changes on the way: add it up by an integral.",
            ),
            Mistake(
                "the signs of the falling exponentials got lost",
                _steps_wrong(lambda z: np.exp(z) + 3 * z + 3 * np.exp(-z) + np.exp(-2 * z) / 2),
                "The integral of exp(-z) is -exp(-z).",
            ),
        ),
    ),
    Exercise(
        id="one-batch",
        chapter="one-neuron",
        title="Only differences are known",
        difficulty=3,
        minutes=10,
        equation="eq-one-batch",
        hints=(
            "One pair first: differentiate the cost with respect to the answer at x, and to the answer at u.",
            "A change of w₁ changes both answers, and the two contributions add up. Each has its own slope and its own "
            "input.",
            "Compute both deltas for all pairs at once; then take means as in {eq}`eq-one-batch`.",
        ),
        reference=pair_gradients,
        inputs=_some_pairs,
        mistakes=(
            Mistake(
                "left out the second answer's contribution",
                _pairs_wrong(lambda at_x, at_u, x, u: (np.mean(at_x * x), np.mean(at_x))),
                "The answer at u changes with the parameters as well.",
            ),
            Mistake(
                "gave both contributions the same sign",
                _pairs_wrong(lambda at_x, at_u, x, u: (np.mean(at_x * x - at_u * u), np.mean(at_x - at_u))),
                "The answer at u is subtracted in the cost: where it grows, the difference shrinks.",
            ),
            Mistake(
                "took the input difference with the slope at x",
                _pairs_wrong(lambda at_x, at_u, x, u: (np.mean(at_x * (x - u)), 0.0)),
                "Each of the two answers has a slope of its own, and so the bias does not drop out either.",
            ),
            Mistake(
                "put the difference of the inputs into one neuron",
                _as_one_neuron,
                "The difference of two sigmoids is not the sigmoid of the difference.",
            ),
            Mistake(
                "forgot the slopes of the sigmoid",
                _pairs_without_slopes,
                "A delta has two factors: how wrong, and how movable. The second one is the slope at its own z.",
            ),
            Mistake(
                "took the mean of the products as the product of the means",
                _pairs_wrong(
                    lambda at_x, at_u, x, u: (
                        np.mean(at_x) * np.mean(x) + np.mean(at_u) * np.mean(u),
                        np.mean(at_x + at_u),
                    )
                ),
                "Each delta is multiplied by its own input, and then the mean is taken.",
            ),
            Mistake(
                "returned one derivative for each pair",
                _pairs_wrong(lambda at_x, at_u, x, u: (at_x * x + at_u * u, at_x + at_u)),
                "There is one weight and one bias: the derivatives of the mean cost are two numbers.",
            ),
            Mistake(
                "took the sum for the mean",
                _pairs_wrong(lambda at_x, at_u, x, u: (np.sum(at_x * x + at_u * u), np.sum(at_x + at_u))),
                "The cost is the mean over the n pairs.",
            ),
            Mistake(
                "the sign is turned",
                lambda *inputs: tuple(-part for part in pair_gradients(*inputs)),
                "The derivative of half the square of a - c - d with respect to a is a - c - d.",
            ),
        ),
    ),
    Exercise(
        id="one-tanh",
        chapter="one-neuron",
        title="In step with a tanh",
        difficulty=3,
        minutes=12,
        equation="eq-one-chain",
        hints=(
            "Write (1 + tanh z)/2 with exponentials. It is the sigmoid of which argument?",
            "Now compare the two costs, and the two deltas, when both neurons answer the same.",
            "The two deltas differ by a fixed factor. And how far does the weight of the sigmoid neuron have to move when "
            "that of the tanh neuron moves by Δw?",
        ),
        reference=sigmoid_twin,
        inputs=lambda rng: (
            nice(rng),
            nice(rng),
            nice(rng, low=-0.9, high=0.9),
            nice(rng, low=0.05, high=0.5),
        ),
        mistakes=(
            Mistake(
                "kept the learning rate",
                lambda w1, b1, y, eta: (2 * w1, 2 * b1, (1 + y) / 2, eta),
                "The two agree at the start. Take one step with each and look again.",
            ),
            Mistake(
                "took only the slope, or only the cost, into account in the learning rate",
                lambda w1, b1, y, eta: (2 * w1, 2 * b1, (1 + y) / 2, 4 * eta),
                "Write both updates out. The errors differ, the slopes differ, and the weights have different distances to go.",
            ),
            Mistake(
                "forgot that the weight has twice as far to go",
                lambda w1, b1, y, eta: (2 * w1, 2 * b1, (1 + y) / 2, 8 * eta),
                "With that rate the weights of both neurons move by the same amount. But one of them is always twice the other.",
            ),
            Mistake(
                "divided the learning rate",
                lambda w1, b1, y, eta: (2 * w1, 2 * b1, (1 + y) / 2, eta / 16),
                "The slope of tanh at 0 is 1, that of the sigmoid a quarter. Which of the two is slower at the same rate?",
            ),
            Mistake(
                "kept the weight and the bias",
                lambda w1, b1, y, eta: (w1, b1, (1 + y) / 2, 16 * eta),
                "Compare (1 + tanh z)/2 with σ(z) at z = 1, say: the one is steeper than the other.",
            ),
            Mistake(
                "kept the target",
                lambda w1, b1, y, eta: (2 * w1, 2 * b1, y, 16 * eta),
                "The answers are shifted and halved. If the targets are not, the two want different things.",
            ),
            Mistake(
                "halved the target without the shift",
                lambda w1, b1, y, eta: (2 * w1, 2 * b1, y / 2, 16 * eta),
                "A tanh neuron that should answer -1 has a twin that should answer 0.",
            ),
        ),
    ),
    Exercise(
        id="one-fastest",
        chapter="one-neuron",
        title="Where a neuron learns fastest",
        difficulty=2,
        minutes=8,
        equation="eq-one-delta",
        hints=(
            "Write δ₁ for y = 0 and this cost as a function of a₁ alone.",
            "Set its derivative with respect to a₁ to zero. Besides a₁ = 0, which is a minimum, there is one root.",
        ),
        reference=4 / 5,
        rtol=5e-3,
        mistakes=(
            Mistake(
                "gave the place for the squared error",
                2 / 3,
                "That is the maximum for the cost of the text. Here (a - y)³ takes the place of a - y.",
            ),
            Mistake(
                "maximised the slope of the sigmoid alone",
                1 / 2,
                "The slope is largest at ½, but δ₁ has another factor, and it grows with a₁.",
            ),
            Mistake(
                "gave the place where the output is most wrong",
                1.0,
                "At a = 1 the neuron is saturated: its slope is zero.",
            ),
            Mistake(
                "left the fourth power as it is",
                5 / 6,
                "The derivative of ¼(a - y)⁴ with respect to a is (a - y)³.",
            ),
            Mistake(
                "forgot the factor a of the slope",
                3 / 4,
                "The slope is a(1 - a): one more power of a.",
            ),
            Mistake(
                "took the other root, where nothing is left to learn",
                0.0,
                "At a = 0 the answer is right: that is the minimum of δ₁.",
            ),
            Mistake(
                "gave the size of the delta instead of the place",
                (4 / 5) ** 4 / 5,
                "That is the largest value of δ₁. The question asks for the output a₁ at which it occurs.",
            ),
        ),
    ),
)
