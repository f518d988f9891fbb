"""Exercises of the chapter on what networks need and cannot do."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_book.exercises._measured import covering


def ends(left: Any, right: Any) -> Any:
    """Two tanh nodes that are zero on [-3, 3] and have the given limits."""
    return _two_steps(-left / 2, right / 2, (left + right) / 2)


def _two_steps(v1: Any, v2: Any, c: Any, where: float = 5.0, steep: float = 5.0) -> Any:
    return np.array([steep, steep]), np.array([steep, -steep]) * where, np.array([v1, v2]), c


def _says(answer: Any, left: Any, right: Any) -> Any:
    w, b, v, c = (np.asarray(part, dtype=float) for part in answer(left, right))
    x = np.array([-1e3, -3.0, -1.5, 0.0, 1.5, 3.0, 1e3])
    return c + np.tanh(np.multiply.outer(x, w) + b) @ v


def far_slopes(W: Any, d: Any) -> Any:
    """Slopes of a deep ReLU network along a line, far to the left and far to the right."""
    return -_without_biases(W, -d), _without_biases(W, d)


def _without_biases(W: Any, x: Any, f: Any = lambda z: np.maximum(z, 0)) -> Any:
    for hidden in W[:-1]:
        x = f(x @ hidden)
    return (x @ W[-1]).item()


def found(H: Any, Y: Any, V0: Any) -> Any:
    """Weights at which gradient descent ends: the solution nearest to its start."""
    return V0 + np.linalg.pinv(H) @ (Y - H @ V0)


def _product(W: Any) -> Any:
    return np.linalg.multi_dot(W) if len(W) > 1 else W[0]


def new_settings(eta: Any, penalty: Any, rate: Any, decay: Any, c: Any) -> Any:
    """Settings of gradient descent and of AdamW that undo a change of units."""
    return eta / c**2, penalty * c**2, rate / c, decay * c


def observations(e: Any, noise: Any, k: Any) -> Any:
    """So many observations make chi-squared too large by k standard deviations."""
    return int(np.ceil(2 * k**2 * _per_noise(e, noise) ** 2))


def _per_noise(e: Any, noise: Any) -> Any:
    return 32 * np.radians(noise / 60) ** 2 / e**4


def _deep(rng: np.random.Generator) -> tuple[Any, Any]:
    sizes = [int(n) for n in rng.integers(2, 6, size=int(rng.integers(2, 5)))]
    W = [rng.normal(size=shape).round(2) + 0.003 for shape in zip(sizes, [*sizes[1:], 1], strict=True)]
    return W, nice(rng, sizes[0])


def _settings(rng: np.random.Generator) -> tuple[Any, ...]:
    return *(nice(rng, low=0.1, high=2.0) for _ in range(4)), float(rng.choice([0.01, 0.1, 10.0, 100.0]))


def _wide_layer(rng: np.random.Generator) -> tuple[Any, ...]:
    n, more, outputs = (int(k) for k in rng.integers((2, 1, 1), (5, 5, 4)))
    return rng.normal(size=(n, n + more)), nice(rng, n, outputs), nice(rng, n + more, outputs)


EXERCISES = (
    Exercise(
        id="limits-tanh",
        chapter="limits",
        title="Ends of your choice",
        difficulty=2,
        minutes=10,
        equation="eq-limits-tanh",
        hints=(
            "A node that changes from -1 to 1 far to the right of 3, and steeply, is constant on [-3, 3]. Where is a second one needed?",
            "Write down the output inside, far left and far right with two nodes: three equations for v_1, v_2 and c.",
        ),
        reference=ends,
        inputs=lambda rng: (nice(rng), nice(rng)),
        cases=((1.0, -2.0), (0.0, 1.0)),
        use=_says,
        compared="the outputs of your network far to the left, at five points from -3 to 3, and far to the right",
        atol=0.01,
        mistakes=(
            Mistake(
                "took the limits themselves for the output weights",
                lambda left, right: _two_steps(-left, right, left + right),
                "tanh goes from -1 to 1, so a step is twice as high as its output weight.",
            ),
            Mistake(
                "forgot the output's bias",
                lambda left, right: _two_steps(-left / 2, right / 2, 0.0),
                "On [-3, 3] the two nodes say 1 and -1, or the other way round. What has to make up for them?",
            ),
            Mistake(
                "put the steps at the ends of the interval",
                lambda left, right: _two_steps(-left / 2, right / 2, (left + right) / 2, where=3.0),
                "In the middle of a step the node is at 0, not at its limit. Move the steps farther out.",
            ),
            Mistake(
                "made the steps so soft that they reach into the interval",
                lambda left, right: _two_steps(-left / 2, right / 2, (left + right) / 2, steep=0.5),
                "The tail of tanh falls like {eq}`eq-limits-tanh-rate`: a larger weight makes it shorter.",
            ),
            Mistake(
                "turned the left step round",
                lambda left, right: _two_steps(left / 2, right / 2, (right - left) / 2),
                "To the left of its step a node with a positive weight says -1.",
            ),
            Mistake(
                "exchanged the two ends",
                lambda left, right: ends(right, left),
                "`left` is the limit for x to minus infinity.",
            ),
        ),
    ),
    Exercise(
        id="limits-relu",
        chapter="limits",
        title="Both ends of a deep ReLU network",
        difficulty=2,
        minutes=8,
        equation="eq-limits-homogeneous",
        hints=(
            "For large t the inputs are t·d, and all biases are small beside them. What does {eq}`eq-limits-homogeneous` say then?",
            "Far to the left t is negative, and c in {eq}`eq-limits-homogeneous` must not be. In which direction does one walk there, and what does the slope in t become?",
        ),
        reference=far_slopes,
        inputs=_deep,
        cases=(
            ([np.array([[1.0, -2.0]]), np.array([[3.0], [0.5]])], np.array([1.0])),
            (
                [np.array([[1.0, -2.0]]), np.array([[1.0, -1.0], [-1.0, 2.0]]), np.array([[2.0], [1.0]])],
                np.array([1.0]),
            ),
        ),
        mistakes=(
            Mistake(
                "gave the slope outwards at the left end, not that in t",
                lambda W, d: (_without_biases(W, -d), _without_biases(W, d)),
                "Walking to the left, t falls: the change of the output for a growing t has the other sign.",
            ),
            Mistake(
                "gave both ends the same slope",
                lambda W, d: (_without_biases(W, d),) * 2,
                "To the left other nodes are on: those that rise along -d.",
            ),
            Mistake(
                "took the left end for the mirror image of the right one",
                lambda W, d: (-_without_biases(W, d), _without_biases(W, d)),
                "That would be an even function. To the left other nodes are on.",
            ),
            Mistake(
                "multiplied all matrices, as if every node were on",
                lambda W, d: (_without_biases(W, d, lambda z: z),) * 2,
                "A node whose sum falls along the line is off in the end.",
            ),
            Mistake(
                "cut off in the first layer only",
                lambda W, d: (
                    -_without_biases([W[0], _product(W[1:])], -d),
                    _without_biases([W[0], _product(W[1:])], d),
                ),
                "The nodes of the later layers are ReLU, too: those whose sums fall are off as well.",
            ),
            Mistake(
                "put a ReLU at the output",
                lambda W, d: (-max(_without_biases(W, -d), 0.0), max(_without_biases(W, d), 0.0)),
                "The output is linear: it may fall.",
            ),
            Mistake(
                "exchanged the two ends",
                lambda W, d: far_slopes(W, d)[::-1],
                "The left end, for large negative t, comes first.",
            ),
            Mistake(
                "took the size of every sum",
                lambda W, d: (-_without_biases(W, -d, np.abs), _without_biases(W, d, np.abs)),
                "A ReLU is off on one side; it is no absolute value.",
            ),
        ),
    ),
    Exercise(
        id="limits-memory",
        chapter="limits",
        title="Which of the many?",
        difficulty=3,
        minutes=12,
        equation="eq-limits-memory",
        hints=(
            "The gradient is Hᵀ(HV - Y). Which part of the start can a step never change?",
            "V - V0 is a combination of the rows of H, and so is each column of H⁺. Which error of the start has it to repair?",
        ),
        reference=found,
        inputs=_wide_layer,
        cases=((np.array([[3.0, 4.0]]), np.array([[5.0]]), np.array([[1.0], [0.0]])),),
        mistakes=(
            Mistake(
                "gave the shortest solution, whatever the start",
                lambda H, Y, V0: np.linalg.pinv(H) @ Y,
                "That is where the start V0 = 0 leads. A part of another start is seen by no sample, and stays.",
            ),
            Mistake(
                "added the shortest solution to the start",
                lambda H, Y, V0: V0 + np.linalg.pinv(H) @ Y,
                "Check: is H V equal to Y? The start gives outputs already.",
            ),
            Mistake(
                "kept only what no sample sees of the start",
                lambda H, Y, V0: V0 - np.linalg.pinv(H) @ H @ V0,
                "That part stays, indeed. Something has to make the outputs equal to Y.",
            ),
            Mistake(
                "took the transpose for the pseudo-inverse",
                lambda H, Y, V0: V0 + H.T @ (Y - H @ V0),
                "That is one step of gradient descent with η = 1, not its end.",
            ),
            Mistake(
                "turned the sign of the correction",
                lambda H, Y, V0: V0 - np.linalg.pinv(H) @ (Y - H @ V0),
                "The outputs of the start lack Y - H V0.",
            ),
            Mistake(
                "added a penalty",
                lambda H, Y, V0: V0 + H.T @ np.linalg.solve(H @ H.T + np.eye(len(H)), Y - H @ V0),
                "There is no penalty in this cost, so the targets are reproduced exactly.",
            ),
        ),
    ),
    Exercise(
        id="limits-units",
        chapter="limits",
        title="From MeV to keV, with a penalty and with AdamW",
        difficulty=3,
        minutes=12,
        equation="eq-limits-units",
        hints=(
            "Write down one step of w = c w′. In gradient descent, which factor stands before the slope of the data, and which before w itself? Both must be what they were.",
            "The penalty on w′ has the slope λ′ w′ in w′. What does it do to w?",
            "The direction u of AdamW is a gradient divided by its own recent size. What becomes of it if every gradient is multiplied by c?",
        ),
        reference=new_settings,
        inputs=_settings,
        cases=((0.1, 0.01, 0.001, 0.1, 1000.0),),
        mistakes=(
            Mistake(
                "took AdamW for gradient descent",
                lambda eta, penalty, rate, decay, c: (
                    eta / c**2,
                    penalty * c**2,
                    rate / c**2,
                    decay * c**2,
                ),
                "Adam divides the gradient by its own size, so one of the two factors is not there.",
            ),
            Mistake(
                "took gradient descent for AdamW",
                lambda eta, penalty, rate, decay, c: (eta / c, penalty * c, rate / c, decay * c),
                "In gradient descent one factor comes from the gradient, another one from the weight.",
            ),
            Mistake(
                "left the penalty and the decay as they were",
                lambda eta, penalty, rate, decay, c: (eta / c**2, penalty, rate / c, decay),
                "In a step w shrinks by the factor 1 minus rate times strength. The rate has changed.",
            ),
            Mistake(
                "changed the penalty and the decay with the rates, not against them",
                lambda eta, penalty, rate, decay, c: (eta / c**2, penalty / c**2, rate / c, decay / c),
                "Rate times strength has to stay what it was.",
            ),
            Mistake(
                "left AdamW as it was, since it divides by the size of the gradient",
                lambda eta, penalty, rate, decay, c: (eta / c**2, penalty * c**2, rate, decay),
                "The step of w′ is then as long as before. But how long must it be, for w′ = w/c?",
            ),
            Mistake(
                "turned the direction round",
                lambda eta, penalty, rate, decay, c: (eta * c**2, penalty / c**2, rate * c, decay / c),
                "With larger inputs the steps of w have become longer; undo that.",
            ),
            Mistake(
                "divided the rate by c once",
                lambda eta, penalty, rate, decay, c: (eta / c, penalty * c**2, rate / c, decay * c),
                "The penalty is right. In the rate, one factor comes from the gradient, another one from the weight.",
            ),
        ),
    ),
    Exercise(
        id="limits-chi",
        chapter="limits",
        title="How long must you observe?",
        difficulty=3,
        minutes=12,
        equation="eq-limits-difference",
        hints=(
            "What does one observation add to χ², on average, if the law is off by d and the noise is s? Average d² over M.",
            "The excess grows with n, the spread with √n. Set the excess equal to k times the spread, and mind the units.",
        ),
        reference=observations,
        inputs=lambda rng: (
            round(float(rng.uniform(0.05, 0.25)), 3),
            float(rng.integers(2, 15)),
            float(rng.integers(2, 6)),
        ),
        cases=((0.0934, 10.0, 3.0),),
        mistakes=(
            Mistake(
                "took √n for the spread of χ²",
                lambda e, noise, k: int(np.ceil(k**2 * _per_noise(e, noise) ** 2)),
                "The square of a normal number with deviation 1 has the variance 2.",
            ),
            Mistake(
                "compared the two laws with each other",
                lambda e, noise, k: int(np.ceil(k**2 * _per_noise(e, noise))),
                "With the right law at hand you would need so few. Here only χ² and its spread are known.",
            ),
            Mistake(
                "took the largest difference for its root mean square",
                lambda e, noise, k: int(np.ceil(2 * k**2 * (_per_noise(e, noise) / 2) ** 2)),
                "The observations are spread over all M: average the square of sin 2M.",
            ),
            Mistake(
                "took the difference in place of its square",
                lambda e, noise, k: int(np.ceil(2 * k**2 * _per_noise(e, noise))),
                "χ² adds up squares: the difference over the noise, squared.",
            ),
            Mistake(
                "took one standard deviation",
                lambda e, noise, k: observations(e, noise, 1),
                "It is to be too large by k standard deviations.",
            ),
            Mistake(
                "did not square the number of standard deviations",
                lambda e, noise, k: observations(e, noise, np.sqrt(k)),
                "Divide by √n first, and square both sides.",
            ),
            Mistake(
                "left the noise in degrees",
                lambda e, noise, k: int(np.ceil(2 * k**2 * (32 * (noise / 60) ** 2 / e**4) ** 2)),
                "The difference {eq}`eq-limits-difference` is in radians.",
            ),
        ),
    ),
    Exercise(
        id="limits-law",
        chapter="limits",
        title="Which law is it?",
        difficulty=3,
        minutes=15,
        equation="eq-limits-difference",
        hints=(
            "What is the root mean square of the difference, for Mars and for Mercury?",
            "n observations with the same noise see a difference √n times as clearly as one.",
        ),
    ),
    Exercise(
        id="limits-measure",
        chapter="limits",
        title="Measure: a hundred tumours",
        difficulty=3,
        minutes=25,
        hints=(
            "Tune C of the logistic regression as well: powers of ten from 0.01 to 10.",
            "For the network a few rates around 0.01, and penalties from 0 to 0.1.",
        ),
        **covering("small-tumours-100", "network", "logistic regression", widest=2.2),
    ),
)
