"""Copies, another scanner, disguises of the pixels, and scales."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from experiments.kinds import Experiment, Race
from experiments.learning import DIGITS, IN_PERCENT, PERCENT, accuracy, images, learn, order
from fysstk_book.compare import Contestant
from fysstk_nn.datasets import shift
from fysstk_nn.optimizers import Adam, GradientDescent

EXPERIMENTS: dict[str, Experiment] = {}


MOVES = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))


def moved(X: Any, moves: Sequence[tuple[int, int]]) -> Any:
    """Return the images, moved by each of the moves in turn."""
    return np.concatenate([shift(X, *move) for move in moves])


def augmented(
    seed: int, n: int, width: int, copies: bool, usual: bool, eta: float, epochs: int = 50
) -> float:
    """Learn from n digits, with or without four moved copies of each; return the accuracy on the others."""
    X, y, Y = images()
    rows = order(seed)
    train, test = rows[:n], rows[n:]
    moves = MOVES if copies else MOVES[:1]
    trained = learn(
        moved(X[train], moves), np.tile(Y[train], (len(moves), 1)), seed, hidden=(width,), f="tanh",
        optimizer=Adam(eta), epochs=epochs, batch=25,
    )  # fmt: skip
    if usual:
        return accuracy(trained, X[test], y[test])
    return accuracy(trained, moved(X[test], MOVES[1:]), np.tile(y[test], 4))


def augmentation(n: int, width: int, usual: bool, seeds: Sequence[int], tuning: Sequence[int]) -> Race:
    """Return the comparison with and without moved copies."""
    return Race(
        f"Do moved copies of {n} digits help with {'the usual' if usual else 'moved'} digits?",
        f"{n} of {DIGITS}; tested on the others{'' if usual else ', moved by a pixel'}",
        {
            name: Contestant(
                partial(augmented, n=n, width=width, copies=copies, usual=usual, **more),
                {"eta": (0.001, 0.003, 0.01, 0.03, 0.1)},
            )
            for name, copies, more in (
                ("plain", False, {"epochs": 50}),
                ("plain, as many steps", False, {"epochs": 250}),
                ("with copies", True, {"epochs": 50}),
            )
        },
        seeds,
        tuning,
        {
            **IN_PERCENT,
            "budget": f"one hidden layer of {width} tanh, Adam in batches of 25, 50 epochs (plain also 250)",
            "edge": "say",
        },
    )


EXPERIMENTS["augmentation-100"] = augmentation(100, 30, True, range(20), range(100, 110))

EXPERIMENTS["augmentation-400"] = augmentation(400, 100, True, range(20), range(100, 103))

EXPERIMENTS["augmentation-100-wide"] = augmentation(100, 100, True, range(20), range(100, 105))
EXPERIMENTS["augmentation-100-moved"] = augmentation(100, 30, False, range(20), range(100, 103))

EXPERIMENTS["augmentation-400-moved"] = augmentation(400, 100, False, range(20), range(100, 103))


def scanner(X: Any, rng: np.random.Generator) -> Any:
    """Return what a worse scanner makes of the images: less contrast, and noise."""
    noise = rng.normal(0, 0.12, size=X.shape)
    return np.clip(0.6 * X + 0.15 + noise, 0, 1).astype(X.dtype)


def scanned(
    seed: int, what: str, recipe: str = "", eta: float = 0.01, epochs: int = 20, **options: Any
) -> float:
    """Learn from 700 clean digits; return the test error on scanned ones, or its excess over clean ones."""
    X, y, Y = images()
    rng = np.random.default_rng(seed)
    train, val1, val2, test, few = np.split(rng.permutation(len(X))[:1700], [700, 1000, 1300, 1600])
    samples, targets = X[train], Y[train]
    if recipe == "added":
        samples, targets = np.concatenate([samples, scanner(X[few], rng)]), np.concatenate([targets, Y[few]])
    if recipe == "imitated":
        samples, targets = np.concatenate([samples, scanner(samples, rng)]), np.tile(targets, (2, 1))
    trained = learn(
        samples,
        targets,
        seed,
        hidden=(30,),
        f="tanh",
        optimizer=Adam(eta),
        epochs=epochs,
        batch=25,
        **options,
    )
    error1, error2, error = (
        100 - accuracy(trained, *pair)
        for pair in ((X[val1], y[val1]), (scanner(X[val2], rng), y[val2]), (scanner(X[test], rng), y[test]))
    )
    return error2 - error1 if what == "mismatch" else error


SCANNER = f"700 of {DIGITS} to train on; 300 clean, 300 scanned and 300 more scanned to test"
STRENGTHS = {"l2": (0.0, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)}
MISMATCH: dict[str, tuple[str, dict[str, Any]]] = {
    "clean digits only": ("", {}),
    "clean, with L2": ("", STRENGTHS),
    "100 new digits added": ("added", {}),
    "100 added, with L2": ("added", STRENGTHS),
    "scanner imitated": ("imitated", {}),
    "imitated, with L2": ("imitated", STRENGTHS),
}
EXPERIMENTS["mismatch-error"] = Race(
    "Does a penalty lower the error when the test digits come from another scanner?",
    SCANNER,
    {
        name: Contestant(
            partial(scanned, what="error", recipe=recipe), {"eta": (0.001, 0.003, 0.01, 0.03), **grid}
        )
        for name, (recipe, grid) in MISMATCH.items()
    },
    tuning=range(100, 105),
    options={
        "quantity": "test error in %",
        "budget": "one hidden layer of 30 tanh, 20 epochs of Adam in batches of 25",
        "higher_is_better": False,
        "edge": "say",
        "longer": {"epochs": 40},
    },
)

# A gap can be made small by learning nothing, so nothing is tuned for it: one rate, and some strengths.
EXPERIMENTS["mismatch-gap"] = Race(
    "Does a penalty lower the mismatch, the excess of the error on scanned digits over that on clean ones?",
    SCANNER,
    {
        "clean digits only": Contestant(partial(scanned, what="mismatch")),
        **{
            f"L2, {l2:g}": Contestant(partial(scanned, what="mismatch", l2=l2)) for l2 in (0.001, 0.003, 0.01)
        },
        "100 new digits added": Contestant(partial(scanned, what="mismatch", recipe="added")),
        "scanner imitated": Contestant(partial(scanned, what="mismatch", recipe="imitated")),
    },
    options={
        "quantity": "mismatch in percentage points",
        "budget": "one hidden layer of 30 tanh, 20 epochs of Adam at 0.01 in batches of 25",
        "higher_is_better": False,
    },
)

DISGUISES: dict[str, Callable[[], Any]] = {
    "pixels": partial(StandardScaler, with_mean=False, with_std=False),
    "each pixel scaled": StandardScaler,
    "20 components": partial(PCA, 20, svd_solver="full"),
    "20, whitened": partial(PCA, 20, whiten=True, svd_solver="full"),
    "40, whitened": partial(PCA, 40, whiten=True, svd_solver="full"),
    "60, whitened": partial(PCA, 60, whiten=True, svd_solver="full"),
}


def disguised(seed: int, name: str, noise: float, eta: float, epochs: int = 30) -> float:
    """Learn from 400 digits in a disguise, and return the accuracy on others, which may be noisy."""
    X, y, Y = images()
    rows, rng = order(seed), np.random.default_rng(seed)
    train, test = rows[:400], rows[400:]
    fitted = DISGUISES[name]().fit(X[train])
    seen = fitted.transform(X[train]).astype(np.float32)
    new = fitted.transform(X[test] + rng.normal(0, noise, size=X[test].shape).astype(np.float32))
    trained = learn(
        seen, Y[train], seed, hidden=(30,), f="tanh", optimizer=Adam(eta), epochs=epochs, batch=25
    )
    return accuracy(trained, new.astype(np.float32), y[test])


for label, noise in (("clean", 0.0), ("noisy", 0.1)):
    EXPERIMENTS[f"disguises-{label}"] = Race(
        f"Which preparation of the pixels serves {label} test digits best?",
        f"400 of {DIGITS}; tested on the others, with noise of {noise:g}",
        {
            name: Contestant(
                partial(disguised, name=name, noise=noise), {"eta": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)}
            )
            for name in DISGUISES
        },
        tuning=range(100, 105),
        options={
            **IN_PERCENT,
            "budget": "one hidden layer of 30 tanh, 30 epochs of Adam in batches of 25",
            "edge": "say",
            "longer": {"epochs": 60},
        },
    )


def whitened(seed: int, k: int, floor: float, eta: float) -> float:
    """Learn from 400 digits, whitened with λ + floor; return the accuracy on others with noise of 0.1."""
    X, y, Y = images()
    rows, rng = order(seed), np.random.default_rng(seed)
    train, test = rows[:400], rows[400:]
    pca = PCA(k, svd_solver="full").fit(X[train])
    scale = np.sqrt(pca.explained_variance_ + floor)
    seen = (pca.transform(X[train]) / scale).astype(np.float32)
    new = (pca.transform(X[test] + rng.normal(0, 0.1, size=X[test].shape)) / scale).astype(np.float32)
    trained = learn(seen, Y[train], seed, hidden=(30,), f="tanh", optimizer=Adam(eta), epochs=30, batch=25)
    return accuracy(trained, new, y[test])


EXPERIMENTS["whitening-floor"] = Race(
    "Does a floor below the eigenvalues rescue the last whitened components?",
    f"400 of {DIGITS}; tested on the others, with noise of 0.1",
    {
        name: Contestant(
            partial(whitened, k=k, floor=floor), {"eta": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)}
        )
        for name, k, floor in (("20 components", 20, 0.0), ("60, with a floor", 60, 0.01), ("60", 60, 0.0))
    },
    range(40),
    range(100, 110),
    {
        **IN_PERCENT,
        "budget": "one hidden layer of 30 tanh, 30 epochs of Adam in batches of 25; floor 0.01",
        "edge": "say",
    },
)


def wines(seed: int, scaled: bool, rule: Callable[[float], Any], eta: float, epochs: int = 100) -> float:
    """Learn 107 wines, and return the accuracy on 71."""
    wine = load_wine()
    a, b, d_a, d_b = train_test_split(
        wine.data, wine.target, test_size=0.4, stratify=wine.target, random_state=seed
    )
    if scaled:
        scaler = StandardScaler().fit(a)
        a, b = scaler.transform(a), scaler.transform(b)
    with warnings.catch_warnings():
        if not scaled:
            warnings.filterwarnings("ignore", "X holds inputs")  # that is what is measured
        trained = learn(
            a, np.eye(3)[d_a], seed, hidden=(10,), f="tanh", optimizer=rule(eta), epochs=epochs, batch=20
        )
    return accuracy(trained, b, d_b)


EXPERIMENTS["wine-scaling"] = Race(
    "Does a network learn from features of very different scale, at its own rate?",
    "the 178 wines of scikit-learn: 107 to train on, 71 to test",
    {
        f"{'scaled' if scaled else 'raw'}, {rule_name}": Contestant(
            partial(wines, scaled=scaled, rule=rule),
            {"eta": (1e-5, 1e-4, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)},
        )
        for rule_name, rule in (("descent", GradientDescent), ("Adam", Adam))
        for scaled in (True, False)
    },
    options={
        "quantity": PERCENT,
        "failed": 33.3,
        "budget": "one hidden layer of 10 tanh, 100 epochs in batches of 20",
        "edge": "say",
        "longer": {"epochs": 400},
    },
)
