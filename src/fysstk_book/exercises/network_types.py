"""Exercises of the chapter on kinds of networks."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice


def one_filter(u: Any, v: Any) -> Any:
    """Filter that does what two do, one after the other."""
    return np.convolve(u, v)


def _longer(u: Any, v: Any) -> int:
    return max(len(u), len(v))


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


def filter_gradient(x: Any, delta: Any, k: Any, s: Any) -> Any:
    """Gradient of a filter with a stride from the errors of its nodes."""
    places = s * np.arange(len(delta))
    return np.array([delta @ x[places + i] for i in range(k)])


def _errors(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw a signal, the errors of two nodes or more, a filter's length and a stride."""
    k, s, nodes = (int(rng.integers(2, 4)) for _ in range(3))
    return nice(rng, k + s * (nodes - 1) + int(rng.integers(0, s))), nice(rng, nodes), k, s


def last_state(x: Any, wh: Any, wx: Any, b: Any) -> Any:
    """State of a recurrent unit after all readings."""
    h = 0.0
    for reading in x:
        h = np.tanh(wh * h + wx * reading + b)
    return h


def forgetting_bias(wh: Any) -> Any:
    """Bias at which a recurrent unit keeps only one state of rest."""
    touch = np.sqrt(1 - 1 / wh)
    return wh * touch - np.arctanh(touch)


def widest(d: Any, kappa: Any) -> Any:
    """Width of two bells at a distance whose matrix has a given condition number."""
    return d / np.sqrt(2 * np.log((kappa + 1) / (kappa - 1)))


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


EXERCISES = (
    Exercise(
        id="types-convolution",
        chapter="network-types",
        title="Two filters, one after the other",
        difficulty=2,
        minutes=12,
        equation="def-types-convolution",
        hints=(
            "How many inputs does one node of the second layer see? That is the length of the filter you look for.",
            "Put the first sum into the second: z_j = Σ_m Σ_i v_m u_i x_{j+i+m}. Which pairs (i, m) meet the input x_{j+r}?",
        ),
        reference=one_filter,
        inputs=lambda rng: (nice(rng, int(rng.integers(2, 5))), nice(rng, int(rng.integers(2, 5)))),
        cases=(
            (np.array([1.0, 2.0]), np.array([3.0, -1.0])),
            (np.array([2.0]), np.array([0.5, -1.0, 1.0])),
            (np.array([0.5, -1.0, 1.0]), np.array([2.0, 1.0])),
        ),
        mistakes=(
            Mistake(
                "slid the one filter along the other",
                lambda u, v: np.correlate(u, v, "full"),
                "Which weights meet x_j, the first input? Only u₀ and v₀, and so their product stands first.",
            ),
            Mistake(
                "kept the length of the longer filter",
                lambda u, v: np.convolve(u, v)[: _longer(u, v)],
                "A node of the second layer sees len(v) outputs, and their inputs reach over len(u) + len(v) - 1 places.",
            ),
            Mistake(
                "put the one behind the other",
                lambda u, v: np.concatenate([u, v]),
                "The second filter reads what the first one has made; it does not see other inputs.",
            ),
            Mistake(
                "returned the filter backwards",
                lambda u, v: np.convolve(u, v)[::-1],
                "Entry r belongs to x_{j+r}: the product u₀v₀ stands first.",
            ),
            Mistake(
                "added the filters",
                lambda u, v: np.pad(u, (0, _longer(u, v) - len(u))) + np.pad(v, (0, _longer(u, v) - len(v))),
                "That is two filters side by side, with their outputs added. One after the other, weights multiply.",
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
        title="The gradient of a filter that jumps",
        difficulty=2,
        minutes=10,
        equation="eq-types-shared",
        hints=(
            "Which input does node j multiply by w_i, if it starts at sj?",
            "The inputs that meet w_i are s places apart, and the first of them is x_i: one for each node.",
        ),
        reference=filter_gradient,
        inputs=_errors,
        cases=(
            (np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([2.0, -1.0]), 3, 2),
            (np.array([1.0, 2.0, 4.0, 7.0]), np.array([0.5, -1.0]), 2, 2),
            (np.array([1.0, 3.0, 4.0, 7.0]), np.array([0.5, -1.0, 2.0]), 2, 1),
            (np.array([1.0, 2.0, 3.0, 5.0]), np.array([2.0]), 3, 2),
        ),
        mistakes=(
            Mistake(
                "let the errors meet neighbouring inputs",
                lambda x, delta, k, s: filter_gradient(x, delta, k, 1),
                "Node j starts at input sj, not at j.",
            ),
            Mistake(
                "took the mean over the places instead of the sum",
                lambda x, delta, k, s: filter_gradient(x, delta, k, s) / len(delta),
                "All places change together when the weight changes: their effects add up.",
            ),
            Mistake(
                "ran through the errors backwards",
                lambda x, delta, k, s: filter_gradient(x, delta[::-1], k, s),
                "The error at place j goes with the inputs that the node at place j has seen.",
            ),
            Mistake(
                "used the first place only",
                lambda x, delta, k, s: delta[0] * x[:k],
                "The weight is used at all places.",
            ),
            Mistake(
                "returned the gradient with the last weight first",
                lambda x, delta, k, s: filter_gradient(x, delta, k, s)[::-1],
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
        title="How much bias wipes a memory",
        difficulty=3,
        minutes=15,
        equation="def-types-fixed-point",
        hints=(
            "At the last moment the straight line h touches the curve tanh(wh h + b): they share a point and a slope.",
            "The slope of the curve is wh(1 - h²), where h is the point itself. For which negative h is it 1?",
            "Now put that h into artanh h = wh h + b.",
        ),
        reference=forgetting_bias,
        inputs=lambda rng: (nice(rng, low=1.2, high=5.0),),
        cases=((2.0,), (1.5,), (4.0,)),
        mistakes=(
            Mistake(
                "forgot the artanh",
                lambda wh: wh * np.sqrt(1 - 1 / wh),
                "wh h + b is not 0 where line and curve touch: its tanh is h.",
            ),
            Mistake(
                "added the artanh",
                lambda wh: wh * np.sqrt(1 - 1 / wh) + np.arctanh(np.sqrt(1 - 1 / wh)),
                "They touch at a negative h, and the artanh there is negative, too: b = artanh h - wh h.",
            ),
            Mistake(
                "the sign is turned",
                lambda wh: -forgetting_bias(wh),
                "That bias wipes the other state: a positive one makes the state for -1 give way.",
            ),
            Mistake(
                "gave the state instead of the bias",
                lambda wh: np.sqrt(1 - 1 / wh),
                "That is the size of the state where line and curve touch. Which b puts the point on the curve?",
            ),
            Mistake(
                "forgot the square root",
                lambda wh: wh - 1 - np.arctanh(1 - 1 / wh),
                "From wh(1 - h²) = 1 follows h² = 1 - 1/wh.",
            ),
            Mistake(
                "took tanh for its inverse",
                lambda wh: wh * np.sqrt(1 - 1 / wh) - np.tanh(np.sqrt(1 - 1 / wh)),
                "h = tanh(wh h + b) is solved for what is in the brackets by the inverse, `np.arctanh`.",
            ),
            Mistake(
                "took the slope at h = 0",
                lambda wh: wh - 1,
                "The slope at 0 tells whether there are two states without a bias. With one, line and curve touch elsewhere.",
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
        title="How wide may the bells be?",
        difficulty=2,
        minutes=12,
        equation="def-types-rbf",
        hints=(
            "Which two numbers stand in the matrix? Call the one beside the diagonal q.",
            "Multiply the matrix by (1, 1) and by (1, -1). Which factors come out?",
            "Solve (1 + q)/(1 - q) = kappa for q, and then q = exp(-d²/(2ℓ²)) for ℓ.",
        ),
        reference=widest,
        inputs=lambda rng: (nice(rng, low=0.3, high=3.0), nice(rng, low=2.0, high=60.0)),
        cases=((1.0, 10.0), (2.0, 3.0)),
        mistakes=(
            Mistake(
                "forgot the 2 under the fraction",
                lambda d, kappa: d / np.sqrt(np.log((kappa + 1) / (kappa - 1))),
                "The exponent is -d²/(2ℓ²).",
            ),
            Mistake(
                "gave the square of the width",
                lambda d, kappa: widest(d, kappa) ** 2,
                "Take the root: s² = d²/(2 ln(1/q)).",
            ),
            Mistake(
                "put the overlap at 1/kappa",
                lambda d, kappa: d / np.sqrt(2 * np.log(kappa)),
                "The condition number compares eigenvalues, 1 + q and 1 - q, not the entries of the matrix.",
            ),
            Mistake(
                "compared the smaller eigenvalue with 1",
                lambda d, kappa: d / np.sqrt(2 * np.log(kappa / (kappa - 1))),
                "The larger eigenvalue is 1 + q, not 1.",
            ),
            Mistake(
                "forgot the distance",
                lambda d, kappa: widest(1.0, kappa),
                "Points twice as far apart allow bells twice as wide.",
            ),
            Mistake(
                "gave the overlap of the bells",
                lambda d, kappa: (kappa - 1) / (kappa + 1),
                "That is q, the value of one bell at the centre of the other. Which width makes it so?",
            ),
        ),
    ),
)
