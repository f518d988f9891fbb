"""Exercises of the chapter on kinds of networks."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice


def convolution(x: Any, w: Any, b: Any) -> Any:
    """Slide a filter along a signal."""
    k = len(w)
    return np.array([w @ x[j : j + k] + b for j in range(len(x) - k + 1)])


def strided(w: Any, n: Any, s: Any) -> Any:
    """Weights of the dense layer that puts a filter on every s-th place of a signal."""
    starts = range(0, n - len(w) + 1, s)
    W = np.zeros((n, len(starts)))
    for j, start in enumerate(starts):
        W[start : start + len(w), j] = w
    return W


def _jumps(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw a filter, a signal's length with room for two nodes or more, and a stride."""
    k, s = int(rng.integers(2, 4)), int(rng.integers(1, 4))
    return nice(rng, k), k + s * int(rng.integers(1, 4)) + int(rng.integers(0, s)), s


def filter_gradient(x: Any, delta: Any) -> Any:
    """Gradient of a filter from the errors of its nodes."""
    return np.array([delta @ x[i : i + len(delta)] for i in range(len(x) - len(delta) + 1)])


def last_state(x: Any, wh: Any, wx: Any, b: Any) -> Any:
    """State of a recurrent unit after all readings."""
    h = 0.0
    for reading in x:
        h = np.tanh(wh * h + wx * reading + b)
    return h


def _linear_state(x: Any, wh: Any, wx: Any, b: Any) -> Any:
    h = 0.0
    for reading in x:
        h = wh * h + wx * reading + b
    return h


def _sigmoid_state(x: Any, wh: Any, wx: Any, b: Any) -> Any:
    h = 0.0
    for reading in x:
        h = 1 / (1 + np.exp(-(wh * h + wx * reading + b)))
    return h


def _first_reading_as_state(x: Any, wh: Any, wx: Any, b: Any) -> Any:
    h = x[0]
    for reading in x[1:]:
        h = np.tanh(wh * h + wx * reading + b)
    return h


def design(x: Any, centres: Any, s: Any) -> Any:
    """Design matrix of bell-shaped features."""
    return np.exp(-((x[:, None] - centres) ** 2) / (2 * s**2))


def _remembers(weights: Any) -> Any:
    """What becomes of each of the two bits in 100 steps."""
    wh, wx, b = (float(part) for part in weights)
    return tuple(_fate(bit, wh, wx, b) for bit in (-1.0, 1.0))


def _fate(bit: float, wh: float, wx: float, b: float) -> str:
    before, final, later = (
        bit * last_state(np.array([bit] + [0.0] * (steps - 1)), wh, wx, b) for steps in (99, 100, 1000)
    )
    if final >= 0.9:
        return "kept"
    if final == 0 and np.tanh(wx * bit + b) == 0:
        return "never written"
    if abs(later) < 0.1:
        return "faded"
    if before * final < 0:
        return "alternates"
    return "turned round" if final < 0 else "too small"


def _signal(rng: np.random.Generator) -> tuple[Any, Any]:
    n = int(rng.integers(4, 8))
    return nice(rng, n), nice(rng, int(rng.integers(2, 4)))


EXERCISES = (
    Exercise(
        id="types-convolution",
        chapter="network-types",
        title="Slide a filter",
        difficulty=1,
        minutes=8,
        equation="def-types-convolution",
        hints=(
            "The filter fits at n - k + 1 places: j = 0, ..., n - k.",
            "At place j it sees `x[j : j + k]`.",
        ),
        reference=convolution,
        inputs=lambda rng: (*_signal(rng), nice(rng)),
        cases=(
            (np.array([1.0, 2.0]), np.array([0.5, -1.0]), 0.5),
            (np.array([1.0, 2.0]), np.array([0.5]), 0.5),
        ),
        mistakes=(
            Mistake(
                "ran through the filter backwards",
                lambda x, w, b: convolution(x, w[::-1], b),
                "Mathematicians' convolution turns the filter around; here w₀ meets x_j.",
            ),
            Mistake(
                "forgot the bias",
                lambda x, w, b: convolution(x, w, 0.0),
                "The same bias is added at each place.",
            ),
            Mistake(
                "stopped one place too early",
                lambda x, w, b: convolution(x, w, b)[:-1],
                "The filter also fits at j = n - k.",
            ),
            Mistake(
                "continued the signal with zeros",
                lambda x, w, b: convolution(np.concatenate([x, np.zeros(len(w) - 1)]), w, b),
                "Only places where the whole filter fits into the signal count.",
            ),
            Mistake(
                "took every k-th place only",
                lambda x, w, b: convolution(x, w, b)[:: len(w)],
                "The filter moves on by one input at a time.",
            ),
            Mistake(
                "added the bias once for each weight",
                lambda x, w, b: convolution(x, w, len(w) * b),
                "The bias stands outside the sum over the filter.",
            ),
        ),
    ),
    Exercise(
        id="types-matrix",
        chapter="network-types",
        title="A filter that jumps",
        difficulty=2,
        minutes=10,
        equation="eq-types-matrix",
        hints=(
            "In which row does the filter of node j start? Where is the last start that leaves room for it?",
            "`range(0, n - k + 1, s)` lists the starts. Make zeros with a column for each, and fill one after the other.",
        ),
        reference=strided,
        inputs=_jumps,
        cases=(
            (np.array([0.5, -1.0]), 5, 2),
            (np.array([0.5, -1.0]), 6, 2),
            (np.array([1.0, 2.0, 3.0]), 10, 2),
        ),
        mistakes=(
            Mistake(
                "put the filter into the columns backwards",
                lambda w, n, s: strided(w[::-1], n, s),
                "In column j the weight w₀ stands first, at the top.",
            ),
            Mistake(
                "let the filter slide one place at a time",
                lambda w, n, s: strided(w, n, 1),
                "With the stride s the next node starts s places further down.",
            ),
            Mistake(
                "left out the last node",
                lambda w, n, s: strided(w, n, s)[:, :-1],
                "There is room for one more: the node that starts at 0 counts as well.",
            ),
            Mistake(
                "put the filter into the first rows of every column",
                lambda w, n, s: np.tile(strided(w, n, s)[:, :1], strided(w, n, s).shape[1]),
                "Each node sees another part of the signal: the filter moves down from column to column.",
            ),
            Mistake(
                "used ones instead of the filter's weights",
                lambda w, n, s: strided(np.ones_like(w), n, s),
                "The places are right; fill in the weights.",
            ),
        ),
    ),
    Exercise(
        id="types-shared",
        chapter="network-types",
        title="The gradient of a shared weight",
        difficulty=2,
        minutes=10,
        equation="eq-types-shared",
        hints=(
            "k follows from the two lengths: n - (n - k + 1) + 1.",
            "∂C/∂w_i sums δ_j x_{j+i} over all places j.",
        ),
        reference=filter_gradient,
        inputs=lambda rng: (lambda x, w: (x, nice(rng, len(x) - len(w) + 1)))(*_signal(rng)),
        cases=(
            (np.array([1.0, 2.0, 3.0]), np.array([2.0])),
            (np.array([1.0, 2.0]), np.array([0.5, -1.0])),
        ),
        mistakes=(
            Mistake(
                "took the mean over the places instead of the sum",
                lambda x, delta: filter_gradient(x, delta) / len(delta),
                "All places change together when the weight changes: their effects add up.",
            ),
            Mistake(
                "ran through the errors backwards",
                lambda x, delta: filter_gradient(x, delta[::-1]),
                "The error at place j goes with the inputs that the node at place j has seen.",
            ),
            Mistake(
                "used the first place only",
                lambda x, delta: delta[0] * x[: len(x) - len(delta) + 1],
                "The weight is used at all places.",
            ),
            Mistake(
                "returned the gradient with the last weight first",
                lambda x, delta: filter_gradient(x, delta)[::-1],
                "Entry i belongs to w_i.",
            ),
        ),
    ),
    Exercise(
        id="types-count",
        chapter="network-types",
        title="Count the parameters",
        difficulty=1,
        minutes=3,
        equation="eq-types-count",
        hints=("How many numbers does one filter have, its bias included?",),
        reference=832,
        mistakes=(
            Mistake(
                "took 32 channels at the input, too",
                32 * 32 * 25 + 32,
                "How many channels has the picture that this layer reads?",
            ),
            Mistake("forgot the biases", 800, "Each filter has a bias of its own."),
            Mistake(
                "counted a single bias for all filters", 801, "There are 32 biases, one for each filter."
            ),
            Mistake("counted one filter only", 26, "There are 32 filters."),
            Mistake(
                "took 5 weights for each filter, or a caret for a power",
                192,
                "A filter of 5×5 has 25 weights; in Python the square of 5 is `5**2`.",
            ),
        ),
    ),
    Exercise(
        id="types-recurrent",
        chapter="network-types",
        title="Run a recurrent unit",
        difficulty=1,
        minutes=6,
        equation="def-types-recurrent",
        hints=("A loop over the readings with one line in it; start from h = 0.",),
        reference=last_state,
        inputs=lambda rng: (nice(rng, int(rng.integers(2, 6))), nice(rng), nice(rng), nice(rng)),
        cases=((np.array([0.5]), 2.0, 1.4, 0.3),),
        mistakes=(
            Mistake(
                "forgot the tanh",
                _linear_state,
                "The unit squeezes its state with tanh at every step.",
            ),
            Mistake(
                "forgot the state",
                lambda x, wh, wx, b: np.tanh(wx * x[-1] + b),
                "The new state depends on the old one, with the weight wh.",
            ),
            Mistake(
                "exchanged the two weights",
                lambda x, wh, wx, b: last_state(x, wx, wh, b),
                "wh goes with the state, wx with the reading.",
            ),
            Mistake(
                "left out the last reading",
                lambda x, wh, wx, b: last_state(x[:-1], wh, wx, b),
                "There is one update for each reading.",
            ),
            Mistake(
                "forgot the bias",
                lambda x, wh, wx, b: last_state(x, wh, wx, 0.0),
                "The bias is added at every step.",
            ),
            Mistake(
                "took the readings from the last to the first",
                lambda x, wh, wx, b: last_state(x[::-1], wh, wx, b),
                "x₁ comes first; the last reading has the freshest say.",
            ),
            Mistake(
                "squeezed with the sigmoid instead of tanh",
                _sigmoid_state,
                "The state of this unit lies between -1 and 1.",
            ),
            Mistake(
                "took the first reading for the state",
                _first_reading_as_state,
                "Before the first reading the state is 0, and the first reading enters through wx like the others.",
            ),
        ),
    ),
    Exercise(
        id="types-memory",
        chapter="network-types",
        title="A memory of your own",
        difficulty=3,
        minutes=12,
        equation="def-types-fixed-point",
        hints=(
            "In the silence the state follows h ← tanh(wh h). When does it not decay?",
            "Both signs must be treated alike. Which b does that?",
            "Put h = 0.9 into {eq}`def-types-fixed-point` and solve for wh.",
        ),
        reference=(2.0, 1.0, 0.0),
        use=_remembers,
        compared="what becomes of the bits −1 and +1 in 100 steps",
        mistakes=(
            Mistake(
                "the state decays to zero or close to it",
                (0.9, 1.0, 0.0),
                "Neither bit survives. Up to wh = 1 the state decays; well above it stays.",
            ),
            Mistake(
                "the state stays, but below 0.9",
                (1.2, 1.0, 0.0),
                "What survives is less than the size that is asked for. With b = 0, which wh has 0.9 as its fixed point?",
            ),
            Mistake(
                "the bit never gets into the state",
                (3.0, 0.0, 0.0),
                "The state starts at 0 and stays there. Which of the three numbers lets the reading in?",
            ),
            Mistake(
                "the bias favours +1",
                (2.0, 1.0, 2.0),
                "Only the bit +1 survives. The two signs must be treated alike.",
            ),
            Mistake(
                "the bias favours -1",
                (2.0, 1.0, -2.0),
                "Only the bit -1 survives. The two signs must be treated alike.",
            ),
            Mistake(
                "the bits come out with the other sign",
                (2.0, -1.0, 0.0),
                "Both are kept, but +1 as −1 and the reverse. Which of the three numbers decides the sign at the start?",
            ),
            Mistake(
                "the state changes its sign at every step",
                (-2.0, 1.0, 0.0),
                "In the silence h ← tanh(wh h + b). Which sign must wh have for h to keep its own?",
            ),
        ),
    ),
    Exercise(
        id="types-rbf",
        chapter="network-types",
        title="The design matrix of bells",
        difficulty=2,
        minutes=6,
        equation="def-types-rbf",
        hints=("`x[:, None] - centres` is the table of all differences, with shape (n, m).",),
        reference=design,
        inputs=lambda rng: (
            nice(rng, int(rng.integers(2, 5))),
            nice(rng, int(rng.integers(2, 5))),
            nice(rng, low=0.3, high=2.0),
        ),
        cases=((np.array([0.5]), np.array([1.0]), 0.5),),
        mistakes=(
            Mistake(
                "forgot the 2 under the fraction",
                lambda x, centres, s: np.exp(-((x[:, None] - centres) ** 2) / s**2),
                "The exponent is -(x - c)²/(2s²).",
            ),
            Mistake(
                "divided by s instead of s²",
                lambda x, centres, s: np.exp(-((x[:, None] - centres) ** 2) / (2 * s)),
                "The width enters squared, like the distance.",
            ),
            Mistake(
                "forgot to square the distance",
                lambda x, centres, s: np.exp(-np.abs(x[:, None] - centres) / (2 * s**2)),
                "A bell is smooth at its top; |x - c| has a kink there.",
            ),
            Mistake(
                "forgot the minus sign",
                lambda x, centres, s: np.exp((x[:, None] - centres) ** 2 / (2 * s**2)),
                "The bell falls off with the distance.",
            ),
            Mistake(
                "normalised the bells to area 1",
                lambda x, centres, s: design(x, centres, s) / (s * np.sqrt(2 * np.pi)),
                "The bell has the height 1 at its centre.",
            ),
            Mistake(
                "multiplied by s² instead of dividing",
                lambda x, centres, s: np.exp(-((x[:, None] - centres) ** 2) / 2 * s**2),
                "In Python `a / 2 * b` is (a/2)·b. Put brackets around what stands below the line.",
            ),
        ),
    ),
)
