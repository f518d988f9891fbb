"""Small data, mixed tables, wide networks, double descent, and a law that is wrong."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import least_squares
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge

from experiments.kinds import Experiment, Race, Sweep
from experiments.learning import DIGITS, IN_PERCENT, PERCENT, accuracy, deal, images, learn, order
from fysstk_book.compare import Contestant
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import Adam
from fysstk_nn.quasi_newton import fit_quasi_newton

EXPERIMENTS: dict[str, Experiment] = {}


TABLES = {
    "digits": (load_digits, "the 1,797 digits"),
    "tumours": (load_breast_cancer, "the 569 tumours"),
    "diabetes": (load_diabetes, "the 442 patients"),
}


@functools.cache
def table(name: str) -> tuple[Any, Any]:
    """Return the samples of a table of scikit-learn, and their classes or values."""
    return TABLES[name][0](return_X_y=True)


def network_answers(X: Any, Y: Any, Z: Any, seed: int, eta: float, l2: float, epochs: int = 50) -> Any:
    """Return what a network of 50 ReLU answers."""
    ends = ("softmax", "cross_entropy") if Y.shape[1] > 1 else ("identity", "half_squared_error")
    net, params = learn(
        X, Y, seed, hidden=(50,), f="relu", optimizer=Adam(eta), epochs=epochs, batch=25, ends=ends, l2=l2
    )
    return net.predict(params, Z)


def one_per_row(model: Any, X: Any, Y: Any, Z: Any) -> Any:
    """Return the answers of a scikit-learn model as the network gives them."""
    if Y.shape[1] == 1:
        return model.fit(X, Y[:, 0]).predict(Z)[:, None]
    return np.eye(Y.shape[1])[model.fit(X, Y.argmax(axis=1)).predict(Z)]


def forest_answers(X: Any, Y: Any, Z: Any, seed: int, trees: int = 300) -> Any:
    """Return what a random forest answers, with scikit-learn's defaults but for the number of trees."""
    kind = RandomForestClassifier if Y.shape[1] > 1 else RandomForestRegressor
    return one_per_row(kind(trees, random_state=seed), X, Y, Z)


def linear_answers(X: Any, Y: Any, Z: Any, seed: int, C: float) -> Any:
    """Return what logistic regression (for a value: ridge regression) answers, with the penalty 1/C."""
    model = LogisticRegression(C=C, max_iter=2000) if Y.shape[1] > 1 else Ridge(1 / C)
    return one_per_row(model, X, Y, Z)


def random_answers(X: Any, Y: Any, Z: Any, seed: int, C: float) -> Any:
    """Return what the linear model answers on 500 random ReLU features."""
    rng = np.random.default_rng(seed)
    W, b = rng.normal(size=(X.shape[1], 500)) / X.shape[1] ** 0.5, rng.normal(size=500)
    return linear_answers(np.maximum(X @ W + b, 0), Y, np.maximum(Z @ W + b, 0), seed, C)


def small_data(seed: int, method: Callable[..., Any], name: str, n: int, **setting: Any) -> float:
    """Learn from n samples; return the percentage of wrong answers, or of the variance not explained."""
    X, y = table(name)
    rows = np.random.default_rng(seed).permutation(len(X))
    train, test = rows[:n], rows[n:]
    scale = X[train].std(axis=None if name == "digits" else 0)
    X = (X - X[train].mean(axis=0)) / np.where(scale > 0, scale, 1)
    if name == "diabetes":
        y = ((y - y[train].mean()) / y[train].std())[:, None]
        misses = method(X[train], y[train], X[test], seed, **setting) - y[test]
        return 100 * float(np.mean(misses**2) / y[test].var())
    answers = method(X[train], np.eye(y.max() + 1)[y[train]], X[test], seed, **setting)
    return 100 * float(np.mean(answers.argmax(axis=1) != y[test]))


STRENGTHS = tuple(float(f"{C:.1g}") for C in np.geomspace(1e-5, 1e3, 9))

for name, (_, what) in TABLES.items():
    for n in (50, 100, 300):
        quantity = "variance not explained in %" if name == "diabetes" else "test error in %"
        EXPERIMENTS[f"small-{name}-{n}"] = Race(
            f"Network, forest, linear model or random features on {n} samples ({name})?",
            f"{n} of {what} of scikit-learn; tested on the others",
            {
                "logistic regression" if name != "diabetes" else "ridge regression": Contestant(
                    partial(small_data, method=linear_answers, name=name, n=n), {"C": STRENGTHS}
                ),
                "network": Contestant(
                    partial(small_data, method=network_answers, name=name, n=n),
                    {"eta": (0.001, 0.003, 0.01, 0.03), "l2": (0.0, 0.001, 0.01, 0.03, 0.1, 0.3, 1.0)},
                ),
                "forest, 300 trees": Contestant(partial(small_data, method=forest_answers, name=name, n=n)),
                "forest, 20 trees": Contestant(
                    partial(small_data, method=forest_answers, name=name, n=n, trees=20)
                ),
                "random features": Contestant(
                    partial(small_data, method=random_answers, name=name, n=n), {"C": STRENGTHS}
                ),
            },
            tuning=range(100, 105),
            options={
                "quantity": quantity,
                "higher_is_better": False,
                "budget": "network: 50 ReLU, 50 epochs of Adam in batches of 25",
                "edge": "say",
            },
        )


def memory(seed: int, shuffled: bool, width: int, eta: float = 0.01, epochs: int = 80) -> float:
    """Learn 300 digits, perhaps with random labels, and return the accuracy on new ones."""
    X, y, _ = images()
    rows, one_hot = order(seed), np.eye(10, dtype=np.float32)
    labels = np.random.default_rng(seed + 10**6).integers(0, 10, len(y)) if shuffled else y
    trained = learn(
        X[rows[:300]], one_hot[labels[rows[:300]]], seed, hidden=(width,), f="relu", optimizer=Adam(eta),
        epochs=epochs, batch=100,
    )  # fmt: skip
    return accuracy(trained, X[rows[300:]], labels[rows[300:]])


EXPERIMENTS["widths"] = Race(
    "Do wider networks overfit clean digits?",
    f"300 of {DIGITS}; tested on the others",
    {
        f"{width} nodes": Contestant(
            partial(memory, shuffled=False, width=width), {"eta": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)}
        )
        for width in (16, 4, 64, 256)
    },
    tuning=range(100, 105),
    options={
        **IN_PERCENT,
        "budget": "one hidden layer of ReLU, 80 epochs of Adam in batches of 100",
        "edge": "say",
        "longer": {"epochs": 320},
    },
)

FEATURES = (
    10,
    20,
    40,
    60,
    80,
    100,
    120,
    130,
    140,
    145,
    150,
    155,
    160,
    170,
    185,
    200,
    250,
    300,
    500,
    1000,
    2000,
    4000,
)


@functools.cache
def double_descent(wrong: float, seed: int) -> dict[str, list[float]]:
    """Return the test errors and the size of the output weights of M random features, for all FEATURES."""
    labels, train, _, test = deal(seed, wrong)
    X = 2 * (images()[0].astype(float) - 0.3)
    rng = np.random.default_rng(seed)
    W, b = rng.normal(size=(64, FEATURES[-1])) / 8, rng.normal(size=FEATURES[-1]) / 2
    H = np.tanh(X @ W + b)
    found: dict[str, list[float]] = {"new digits": [], "training digits": [], "size": []}
    for M in FEATURES:
        V = np.linalg.pinv(H[train, :M]) @ np.eye(10)[labels[train]]
        for key, rows in (("new digits", test), ("training digits", train)):
            answers = (H[rows, :M] @ V).argmax(axis=1)
            found[key].append(100 * float(np.mean(answers != labels[rows])))
        found["size"].append(float(np.log10(np.linalg.norm(V))))
    return found


CLEAN, NOISY = partial(double_descent, 0.0), partial(double_descent, 0.2)

EXPERIMENTS["double-descent"] = Sweep(
    "What happens when random features become more numerous than the samples?",
    f"150 of {DIGITS}, tested on 1,497; also with 20 % wrong labels in training",
    {
        "training digits": (FEATURES, CLEAN, "training digits"),
        "new digits": (FEATURES, CLEAN, "new digits"),
        "20 % wrong labels, new digits": (FEATURES, NOISY, "new digits"),
    },
    "random features M",
    "error in %",
    "M random tanh features, output weights by the pseudo-inverse",
    range(20),
)

EXPERIMENTS["double-descent-size"] = Sweep(
    "How large are the output weights of the random features?",
    f"150 of {DIGITS}",
    {"right labels": (FEATURES, CLEAN, "size"), "20 % wrong labels": (FEATURES, NOISY, "size")},
    "random features M",
    "log10 of the length of all output weights",
    "M random tanh features, output weights by the pseudo-inverse",
    range(20),
)


def measurements(n: int, rng: np.random.Generator) -> tuple[dict[str, Any], Any]:
    """Return a simulated table of a detector, raw, scaled and prepared, and whether it responded."""
    material, count = rng.integers(0, 12, n), rng.poisson(4, n)
    energy, angle = 10 ** rng.uniform(-2, 4, n), rng.uniform(0, 180, n)
    responds = np.where(np.isin(material, [1, 4, 5, 9, 11]), energy > 10, count >= 4)
    raw = np.stack([material, count, energy, angle], axis=1)
    numbers = np.stack([count, np.log10(energy), angle], axis=1)
    scale = lambda X: (X - X.mean(axis=0)) / X.std(axis=0)  # noqa: E731
    tables = {"raw": raw, "scaled": scale(raw), "prepared": np.hstack([np.eye(12)[material], scale(numbers)])}
    return tables, (responds ^ (rng.random(n) < 0.05)).astype(int)


def mixed(seed: int, method: Callable[..., Any], kind: str, **setting: Any) -> float:
    """Learn from 500 rows of the detector's table, and return the accuracy on 1,500."""
    tables, y = measurements(2000, np.random.default_rng(seed))
    X = tables[kind]
    answers = method(X[:500], np.eye(2)[y[:500]], X[500:], seed, **setting)
    return 100 * float(np.mean(answers.argmax(axis=1) == y[500:]))


def boosting_answers(X: Any, Y: Any, Z: Any, seed: int, trees: int, rate: float) -> Any:
    """Return what gradient boosting answers."""
    model = GradientBoostingClassifier(n_estimators=trees, learning_rate=rate, random_state=seed)
    return one_per_row(model, X, Y, Z)


NETWORK_GRID = {
    "eta": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3),
    "l2": (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3),
}

EXPERIMENTS["mixed-table"] = Race(
    "Networks or trees on a table of mixed types?",
    "2,000 simulated measurements: 500 to train on, 1,500 to test; 95 % is the best possible",
    {
        "forest, raw": Contestant(partial(mixed, method=forest_answers, kind="raw")),
        "forest, prepared": Contestant(partial(mixed, method=forest_answers, kind="prepared")),
        "boosting, raw": Contestant(
            partial(mixed, method=boosting_answers, kind="raw"),
            {"trees": (25, 50, 100, 200, 400), "rate": (0.03, 0.1, 0.3)},
        ),
        **{
            f"network, {kind}": Contestant(partial(mixed, method=network_answers, kind=kind), NETWORK_GRID)
            for kind in ("raw", "scaled", "prepared")
        },
    },
    tuning=range(100, 103),
    options={
        "quantity": PERCENT,
        "failed": 50.0,
        "margin": 0.5,
        "budget": "forests of 300 trees; networks of 50 ReLU, 50 epochs of Adam in batches of 25",
        "edge": "say",
    },
)


def kepler(M: Any, e: float) -> Any:
    """Return the planet's angle minus M by Kepler's law."""
    E = M.copy()
    for _ in range(12):
        E = M + e * np.sin(E)
    return 2 * np.arctan2((1 + e) ** 0.5 * np.sin(E / 2), (1 - e) ** 0.5 * np.cos(E / 2)) - M


def equant(M: Any, e: float) -> Any:
    """Return the planet's angle minus M by Ptolemy's law."""
    rho = e * np.cos(M) + np.sqrt(1 - e**2 * np.sin(M) ** 2)
    return np.arctan2(rho * np.sin(M), rho * np.cos(M) - 2 * e) - M


LAWS = {"Kepler": kepler, "equant": equant}


def chi_squared(seed: int, truth: str, noise: float, model: str, l2: float = 1e-5, hidden: int = 8) -> float:
    """Fit a law or a network to 200 angles with a noise in arc minutes; return χ²/n on 1,000 new ones."""
    rng, arcminute = np.random.default_rng(seed), np.pi / (180 * 60)
    M, M_new = rng.uniform(-3.1, 3.1, 200), rng.uniform(-3.1, 3.1, 1000)
    seen, new = (LAWS[truth](m, 0.0934) + noise * arcminute * rng.normal(size=len(m)) for m in (M, M_new))
    if model in LAWS:
        law = LAWS[model]
        answer = law(M_new, least_squares(lambda e: law(M, e[0]) - seen, [0.05]).x[0])
    else:
        net = MLP((2, hidden, 1), hidden="tanh")
        circle = lambda m: np.stack([np.cos(m), np.sin(m)], axis=1)  # noqa: E731
        run = fit_quasi_newton(net, net.init(rng=seed), circle(M), 5 * seen, iterations=300, l2=l2)
        answer = net.predict(run.params, circle(M_new))[:, 0] / 5
    return float(np.mean(((answer - new) / (noise * arcminute)) ** 2))


for noise, truth in itertools.product((10, 2), ("Kepler", "equant")):
    EXPERIMENTS[f"law-{truth.lower()}-{noise}"] = Race(
        f"Do predictions to {noise} arc minutes tell the wrong law from the right one ({truth}'s world)?",
        f"200 simulated angles with a noise of {noise} arc minutes; tested on 1,000",
        {
            **{
                f"{law}, its e fitted": Contestant(partial(chi_squared, truth=truth, noise=noise, model=law))
                for law in LAWS
            },
            "network": Contestant(
                partial(chi_squared, truth=truth, noise=noise, model="network"),
                {"l2": (0.0, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4), "hidden": (2, 3, 4, 6, 8, 12)},
            ),
        },
        options={
            "quantity": "χ²/n on new observations",
            "budget": "network: 2 to 12 tanh, 300 iterations of BFGS",
            "higher_is_better": False,
            "reference": f"{truth}, its e fitted",
            "edge": "say",
        },
    )
