"""Exercises of the first chapter on handwritten digits."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice


def schedule(e1: Any, r1: Any, e2: Any, r2: Any, n: Any, m: Any) -> Any:
    """Initial rate and k of a schedule eta0 / (1 + sqrt(k t)), from the rates after two numbers of epochs."""
    s1, s2 = np.sqrt(np.array([e1, e2]) * np.ceil(n / m))
    slope = (1 / r2 - 1 / r1) / (s2 - s1)
    start = 1 / r1 - slope * s1
    return 1 / start, (slope / start) ** 2


def _line(e1: Any, r1: Any, e2: Any, r2: Any, steps: Any, root: Any = np.sqrt) -> Any:
    """Return where the straight line of 1/r against the root of t starts, and its slope."""
    s1, s2 = root(e1 * steps), root(e2 * steps)
    slope = (1 / r2 - 1 / r1) / (s2 - s1)
    return 1 / r1 - slope * s1, slope


def _by_steps(steps: Any) -> Any:
    """Return the answer with another number of steps in an epoch."""

    def answer(e1: Any, r1: Any, e2: Any, r2: Any, n: Any, m: Any) -> Any:
        start, slope = _line(e1, r1, e2, r2, steps(n, m))
        return 1 / start, (slope / start) ** 2

    return answer


def _by_line(combine: Any, root: Any = np.sqrt) -> Any:
    """Return the answer that is made of the start and the slope of the line in another way."""
    return lambda e1, r1, e2, r2, n, m: combine(*_line(e1, r1, e2, r2, np.ceil(n / m), root))


def _from_the_first_entry(e1: Any, r1: Any, e2: Any, r2: Any, n: Any, m: Any) -> Any:
    return r1, (r1 / r2 - 1) ** 2 / ((e2 - e1) * np.ceil(n / m))


def plain_sigmoid(W: Any, eta: Any, c: Any) -> Any:
    """Weights and learning rate of a plain sigmoid that does what one stretched by c does."""
    return W / c, eta / c**2


def times_to_half(z0: Any) -> Any:
    """Times until the output is 1/2: squares, cross-entropy."""
    squares = 2.5 - 3 * z0 + np.exp(-z0) - 3 * np.exp(z0) - np.exp(2 * z0) / 2
    return squares, 1 - z0 - np.exp(z0)


def _until(z: float) -> Any:
    """Return the answer for another end."""
    return lambda z0: tuple(np.subtract(times_to_half(z0), times_to_half(z)))


def turn(image: Any) -> Any:
    """Angle in degrees that stands the long axis of the ink upright."""
    y, x = np.indices(image.shape)
    x = x - (image * x).sum() / image.sum()
    y = y - (image * y).sum() / image.sum()
    xx, xy, yy = (image * x * x).sum(), (image * x * y).sum(), (image * y * y).sum()
    return np.degrees(np.arctan2(2 * xy, yy - xx)) / 2


def _moments(
    image: Any, *, centred: bool = True, weighted: bool = True, middle: bool = False
) -> tuple[Any, Any, Any]:
    weight = image if weighted else (image > 0).astype(float)
    y, x = np.indices(image.shape).astype(float)
    if middle:
        x, y = x - x.mean(), y - y.mean()
    elif centred:
        x -= (weight * x).sum() / weight.sum()
        y -= (weight * y).sum() / weight.sum()
    return (weight * x * x).sum(), (weight * x * y).sum(), (weight * y * y).sum()


def _turn(angle: Any = lambda xx, xy, yy: np.degrees(np.arctan2(2 * xy, yy - xx)) / 2, **changes: Any) -> Any:
    """Return a function for the angle, right by default."""
    return lambda image: angle(*_moments(image, **changes))


def _stretched(rng: np.random.Generator) -> tuple[Any, ...]:
    m, n = rng.integers(1, 5, size=2)
    return nice(rng, m, n), nice(rng, low=0.1, high=2.0), float(rng.choice([0.5, 2.5, 4.0, 10.0, 50.0]))


def _log(rng: np.random.Generator) -> tuple[Any, ...]:
    eta0, k = nice(rng, low=0.1, high=1.0), float(rng.choice([0.001, 0.01, 0.1]))
    n, m = 100 * int(rng.integers(5, 30)) + 7, int(rng.choice([10, 32, 64]))
    e1, e2 = sorted(int(e) for e in rng.choice(np.arange(1, 12), size=2, replace=False))
    r1, r2 = (float(eta0 / (1 + np.sqrt(k * e * np.ceil(n / m)))) for e in (e1, e2))
    return e1, r1, e2, r2, n, m


def _image(rng: np.random.Generator) -> tuple[Any]:
    rows, columns = (int(side) for side in rng.integers(3, 8, size=2))
    image = np.round(rng.uniform(size=(rows, columns)) * (rng.random((rows, columns)) < 0.6), 1)
    image[0, 0], image[-1, -1] = 0.5, 1.0
    return (image,)


EXERCISES = (
    Exercise(
        id="sokirko-decay",
        chapter="digits-sokirko",
        title="Two lines of a log",
        difficulty=2,
        minutes=12,
        equation="eq-sokirko-decay",
        hints=(
            "How many steps make an epoch, if the last batch may be smaller?",
            "Write the schedule for 1/η instead of η. Against which function of t is it a straight line?",
            "Two points give the straight line. Where does it start, and how steep is it, in terms of η₀ and k?",
        ),
        reference=schedule,
        inputs=_log,
        cases=(
            (0, 0.1, 5, 0.1 / (1 + 46.9**0.5), 60_000, 64),
            (1, 0.05, 4, 0.03, 20, 10),
            (1, 0.05, 4, 0.03, 21, 10),
        ),
        rtol=1e-6,
        mistakes=(
            Mistake(
                "gave the root of k",
                _by_line(lambda start, slope: (1 / start, slope / start)),
                "The slope of the straight line holds the root of k.",
            ),
            Mistake(
                "forgot that the slope is divided by the initial rate",
                _by_line(lambda start, slope: (1 / start, slope**2)),
                "1/η is (1 + √(kt))/η₀: the η₀ stands below both terms.",
            ),
            Mistake(
                "gave 1/η₀ for η₀",
                _by_line(lambda start, slope: (start, (slope / start) ** 2)),
                "Where the line starts, at t = 0, it has the value 1/η₀.",
            ),
            Mistake(
                "counted from the first entry of the log",
                _from_the_first_entry,
                "At the first entry steps have been taken already: that rate is not η₀.",
            ),
            Mistake(
                "rounded up over all epochs together",
                lambda e1, r1, e2, r2, n, m: _by_line(lambda start, slope: (1 / start, (slope / start) ** 2))(
                    np.ceil(e1 * n / m), r1, np.ceil(e2 * n / m), r2, 1, 1
                ),
                "Every epoch ends with its own smaller batch: round up within one epoch.",
            ),
            Mistake(
                "dropped the last batch of each epoch",
                _by_steps(lambda n, m: n // m),
                "A batch with fewer samples is a step, too.",
            ),
            Mistake(
                "took fractions of a step",
                _by_steps(lambda n, m: n / m),
                "Each epoch has a whole number of steps.",
            ),
            Mistake(
                "counted epochs instead of steps",
                _by_steps(lambda n, m: 1),
                "Here t counts the steps: {eq}`eq-sokirko-decay` has 938 of them in each epoch.",
            ),
            Mistake(
                "counted samples instead of steps",
                _by_steps(lambda n, m: n),
                "There is one step for each batch, not for each sample.",
            ),
            Mistake(
                "forgot the square root",
                _by_line(lambda start, slope: (1 / start, slope / start), root=lambda t: 1.0 * t),
                "That is another schedule. Here the rate is divided by 1 plus the root of kt.",
            ),
        ),
    ),
    Exercise(
        id="sokirko-stretch",
        chapter="digits-sokirko",
        title="The sigmoid, unstretched",
        difficulty=3,
        minutes=10,
        equation="eq-sokirko-squeezed",
        hints=(
            "Which V gives aV the value of (aW)/c, whatever a is?",
            "A step changes W by -η ∂C/∂W, and V = W/c by a c-th of that. Now express ∂C/∂W by ∂C/∂V.",
        ),
        reference=plain_sigmoid,
        inputs=_stretched,
        cases=((np.array([[100.0, -50.0]]), 0.1, 50.0),),
        mistakes=(
            Mistake(
                "kept the learning rate",
                lambda W, eta, c: (W / c, eta),
                "The weights V are on another scale than W, and so are their steps.",
            ),
            Mistake(
                "divided the learning rate by c only once",
                lambda W, eta, c: (W / c, eta / c),
                "c enters twice: ∂C/∂W is a c-th of ∂C/∂V, and the change of V is a c-th of that of W.",
            ),
            Mistake(
                "multiplied the learning rate by c squared",
                lambda W, eta, c: (W / c, eta * c**2),
                "V is smaller than W for c > 1, and its gradient is larger. Do its steps have to be longer?",
            ),
            Mistake(
                "let the two factors cancel the wrong way",
                lambda W, eta, c: (W / c, eta * c),
                "∂C/∂W is ∂C/∂V divided by c, since V = W/c.",
            ),
            Mistake(
                "multiplied the weights",
                lambda W, eta, c: (W * c, eta / c**2),
                "The stretched sigmoid sees z/c.",
            ),
            Mistake(
                "kept the weights",
                lambda W, eta, c: (1.0 * W, eta / c**2),
                "A plain sigmoid does not divide z: the weights have to.",
            ),
        ),
    ),
    Exercise(
        id="sokirko-deltas",
        chapter="digits-sokirko",
        title="How long does a no last?",
        difficulty=3,
        minutes=20,
        equation="eq-sokirko-deltas",
        hints=(
            "Separate the variables: dt = -dz/δ. Write δ with z alone.",
            "1/a = 1 + exp(-z), and 1/(1 - a) = 1 + exp(z). Multiply the brackets out; each term can be integrated.",
        ),
        reference=times_to_half,
        inputs=lambda rng: (nice(rng, low=-7.0, high=-0.5),),
        cases=((-1.0,), (-5.0,)),
        rtol=1e-3,
        mistakes=(
            Mistake(
                "forgot the slope of the sigmoid",
                lambda z0: (times_to_half(z0)[1],) * 2,
                "The squared error does not cancel σ′.",
            ),
            Mistake(
                "integrated over a as if it were z",
                lambda z0: (times_to_half(z0)[1], np.log(2 / (1 + np.exp(z0)))),
                "δ is the speed of z. How fast does a move, then?",
            ),
            Mistake(
                "the sign is turned",
                lambda z0: tuple(-t for t in times_to_half(z0)),
                "z rises from z₀ to its end, and δ is negative: a time is positive.",
            ),
            Mistake(
                "put in one end only",
                lambda z0: (times_to_half(z0)[0] - 2.5, times_to_half(z0)[1] - 1),
                "An integral has two ends. Which z belongs to a = ½, and what is the antiderivative there?",
            ),
            Mistake(
                "kept only the largest term",
                lambda z0: (np.exp(-z0), -z0),
                "That is right for very negative z₀. Keep the other terms as well.",
            ),
            Mistake(
                "went to z = ½",
                _until(0.5),
                "The end is at a = ½, not at z = ½.",
            ),
            Mistake(
                "took the speed at the start for constant",
                lambda z0: (-z0 * np.exp(-z0) * (1 + np.exp(z0)) ** 3, -z0 * (1 + np.exp(z0))),
                "On the way δ changes, and with it the speed.",
            ),
            Mistake(
                "exchanged the two",
                lambda z0: times_to_half(z0)[::-1],
                "First the squares, then the cross-entropy.",
            ),
        ),
    ),
    Exercise(
        id="sokirko-slant",
        chapter="digits-sokirko",
        title="Turned instead of sheared",
        difficulty=3,
        minutes=20,
        equation="def-sokirko-moments",
        hints=(
            "Write μ′_xy after the turn by the three moments before it. Products of sine and cosine are functions of 2φ.",
            "You know tan 2φ now. Two angles φ, 90° apart, have this tangent: one stands the long axis upright, the other one "
            "lays it flat. `np.arctan2` with the right two arguments knows which is which.",
        ),
        reference=turn,
        inputs=_image,
        cases=(
            (np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]),),
            (np.array([[0.2, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.5]]),),
        ),
        mistakes=(
            Mistake(
                "gave the angle of the slant",
                _turn(lambda xx, xy, yy: np.degrees(np.arctan2(xy, yy))),
                "A shear moves the ink sideways only. A turn changes μ_xy in another way: work it out.",
            ),
            Mistake(
                "gave 2φ",
                _turn(lambda xx, xy, yy: np.degrees(np.arctan2(2 * xy, yy - xx))),
                "It is the tangent of 2φ that you know.",
            ),
            Mistake(
                "gave the angle in radians",
                _turn(lambda xx, xy, yy: np.arctan2(2 * xy, yy - xx) / 2),
                "The angle is asked for in degrees.",
            ),
            Mistake(
                "took the arctangent of the quotient",
                _turn(lambda xx, xy, yy: np.degrees(np.arctan(2 * xy / (yy - xx))) / 2),
                "A digit that lies down keeps lying: the arctangent of the quotient never gives more than 45°.",
            ),
            Mistake(
                "laid the long axis flat",
                _turn(lambda xx, xy, yy: np.degrees(np.arctan2(-2 * xy, xx - yy)) / 2),
                "μ′_xy is zero, but the larger spread should be along y.",
            ),
            Mistake(
                "forgot the factor 2 of the mixed moment",
                _turn(lambda xx, xy, yy: np.degrees(np.arctan2(xy, yy - xx)) / 2),
                "sin φ cos φ = ½ sin 2φ: where does the ½ go?",
            ),
            Mistake(
                "the sign is turned",
                lambda image: -turn(image),
                "Look at the signs in x′ and y′: try one pixel on the way down to the right.",
            ),
            Mistake(
                "took the middle of the picture for the centre of the ink",
                _turn(middle=True),
                "The turn is about the centre of the ink: each pixel counts by its value in both means.",
            ),
            Mistake(
                "did not subtract the centre",
                _turn(centred=False),
                "The moments are taken around the centre of the ink.",
            ),
            Mistake(
                "all pixels with ink count the same",
                _turn(weighted=False),
                "Each pixel counts by its grey value.",
            ),
        ),
    ),
    Exercise(
        id="sokirko-images",
        chapter="digits-sokirko",
        title="How many test images does it take?",
        difficulty=2,
        minutes=10,
        hints=(
            "Equation {eq}`eq-iris-standard-error` gives the uncertainty of one error rate. What is that of a difference?",
        ),
    ),
)
