"""The playground's algorithm against the package: same numbers, same runs, same data, and cells that run.

Its modules run under Node, once for all tests of this file; cases and results travel as JSON.
"""

import gzip
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "book" / "_ext"))
import book_playground
import book_scripts
from sphinx.errors import ExtensionError

from fysstk_book import sources
from fysstk_book.sources import Directive
from fysstk_nn.activations import ACTIVATIONS
from fysstk_nn.costs import COSTS
from fysstk_nn.datasets import gate, polynomial, scalar_curve
from fysstk_nn.files import from_json, to_json
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import Adam, GradientDescent, Momentum
from fysstk_nn.params import Params
from fysstk_nn.train import fit

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "book" / "_static" / "playground"
LARGEST = 40_000
"""Bytes of the playground's script and style sheet together, packed as hosts send them."""
LARGEST_ON_DISK = 80_000
"""The same, as the site carries them."""


def node():
    """Return the path of Node, which a CI run must have."""
    found = shutil.which("node")
    if found is None and os.environ.get("CI") != "true":
        pytest.skip("Node is not installed: the playground's JavaScript cannot be run")
    assert found, "a CI run has Node"
    return found


# The cases


def random_networks():
    """Networks of each depth, with each activation and cost."""
    rng = np.random.default_rng(41)
    activations = [name for name in ACTIVATIONS if name != "softmax"]
    outputs = [
        ("identity", "half_squared_error"),
        ("tanh", "mean_squared_error"),
        ("sigmoid", "half_squared_error"),
    ]
    outputs += [("sigmoid", "binary_cross_entropy"), ("softplus", "mean_squared_error")]
    for hidden, (output, cost), depth in itertools.product(activations, outputs, range(5)):
        sizes = [int(size) for size in rng.integers(1, 9, size=depth + 2)]
        n = int(rng.integers(1, 12))
        params = MLP(sizes).init("normal(0.7)", rng=rng)
        params.theta[:] += 0.1
        X = rng.normal(size=(n, sizes[0]))
        y = rng.uniform(size=(n, sizes[-1]))
        yield (sizes, {"hidden": hidden, "output": output, "cost": cost}, params, X, y)


def flat(array):
    return np.ravel(array).tolist()


NETWORKS = list(random_networks())
INITS = [
    (sizes, scheme, seed)
    for sizes in ([2, 1], [1, 8, 1], [2, 8, 8, 1], [2, 3, 4, 5, 6, 1])
    for scheme in ("glorot", "he", "lecun", "normal", "zeros")
    for seed in (0, 1, 2024)
]
SEEDS = [0, 1, 7, 12345, 2**32 - 1]
PYTHON = {"gd": GradientDescent, "momentum": Momentum, "adam": Adam}
RUNS = [
    ([2, 4, 1], "tanh", "sigmoid", "binary_cross_entropy", "gd", 0.5, 0, 0.0, 0.0, 300),
    ([2, 4, 1], "sigmoid", "sigmoid", "half_squared_error", "momentum", 0.1, 0, 0.001, 0.01, 300),
    ([2, 8, 8, 1], "tanh", "sigmoid", "binary_cross_entropy", "adam", 0.01, 10, 0.0, 0.001, 20),
    ([2, 8, 8, 1], "elu", "identity", "mean_squared_error", "adam", 0.003, 7, 0.002, 0.0, 20),
    ([2, 5, 4, 3, 2, 1], "leaky_relu", "identity", "half_squared_error", "gd", 0.05, 16, 0.001, 0.001, 30),
    ([2, 6, 1], "softplus", "tanh", "half_squared_error", "momentum", 0.02, 1, 0.0, 0.0, 5),
    ([2, 1], "identity", "sigmoid", "binary_cross_entropy", "gd", 1.0, 3, 0.05, 0.1, 50),
]
SITUATIONS = [
    "",
    "steps=500",
    "data=and&layers=&steps=40&eta=2",
    "data=circles&layers=4&optimizer=adam&eta=0.03&batch=20&steps=100&cost=binary_cross_entropy&point=17",
    "data=circles&layers=4&optimizer=adam&eta=0.03&batch=30&steps=100&l2=0.01&point=17",
    "data=spirals&layers=8,8&init=he&hidden=relu&optimizer=momentum&eta=0.01&batch=50&steps=40&seed=5&point=200",
    "data=polynomial&layers=3,2&output=identity&eta=0.01&steps=60&l2=0.001&point=100",
    "data=curve&layers=8&output=identity&cost=mean_squared_error&optimizer=adam&eta=0.01&steps=200&point=50",
    "data=curve&layers=2&output=identity&batch=8&eta=0.1&steps=11&l2=0.5&point=3",
    "data=points&points=1,2,2&layers=2&hidden=relu&output=identity&w=1,-1,0.5,1,2,-1,0,0.5,0.5&pass=backward",
    "data=points&points=2,1;-1,0;0.25,0.5&layers=1&hidden=sigmoid&w=0,2,0,-1&steps=7&eta=0.1",
    "data=or&layers=1,1,1,1&hidden=sigmoid&init=normal&seed=4294967295&optimizer=momentum&steps=9",
    "data=xor&w=1e-7,-3,1e11,0.1,2.5,-0,1,2,3&batch=1&steps=5&eta=0.001&hidden=sigmoid",
    "data=circles&noise=0.2&share=70&layers=4&batch=25&l1=0.001&l2=0.002&optimizer=momentum&eta=0.1&steps=30",
    "data=spirals&features=x1,x2,x1x1,x2x2,x1x2,sinx1,sinx2&share=50&layers=3&eta=0.2&steps=25&point=9",
    "data=curve&noise=0.3&features=x1,x1x1,sinx1&layers=&output=identity&l1=0.01&steps=40&eta=0.1",
    "data=xor&noise=0.1&features=x1x2&layers=&eta=1&steps=20&of=mean&at=3",
    "data=polynomial&noise=0.5&share=80&output=identity&eta=0.02&steps=30&race=momentum,0.01;adam,0.05",
    "data=circles&optimizer=adam&eta=0.01&batch=30&l1=0.01&steps=60&past=gd,0.5,0,0,0,10;adam,0.1,30,0,0,20"
    ";adam,0.1,40,0,0.1,15",
    "layers=3&eta=0.1&steps=50&past=momentum,0.2,3,0,0,7;gd,0.2,0,0,0,4;momentum,0.1,3,0,0,9&seed=9",
]
PAGES = [page for page in sources.pages(ROOT) if page.path.is_file()]


def embedded():
    """Return (page, address) of every playground in the book."""
    return [
        (page.name, block.argument)
        for page in PAGES
        for block in sources.blocks(page.text)
        if isinstance(block, Directive) and block.name == "playground"
    ]


DATA = [
    *(f"data={name}" for name in ("and", "or", "xor", "polynomial", "circles", "spirals", "curve")),
    *(f"data={name}&noise=0.25&share=75" for name in ("and", "polynomial", "circles", "spirals", "curve")),
    "data=circles&features=x1,x2,x1x1,x2x2,x1x2,sinx1,sinx2&share=35",
    "data=curve&features=x1x1,sinx1,x2&noise=0",
    "data=circles&noise=0.25&share=30",
    "data=points&points=1,2;3,4;5,6&share=50",
]
"""Data sets, with noise, inputs and a share for training."""
ROWS = {
    "0 0 1\n1 1 0": [[0, 0, 1], [1, 1, 0]],
    "x1,x2,y\n0.5,1,0\n0.25,0,1\n": [[0.5, 1, 0], [0.25, 0, 1]],
    "0,0,0,\n1,1,1,\n": [[0, 0, 0], [1, 1, 1]],
    "\u22121 0 1\n1 0 0": [[-1, 0, 1], [1, 0, 0]],
    "0,5 1\n0,25 0": [[0.5, 1], [0.25, 0]],
    "0,5;1\n0,25;0": [[0.5, 1], [0.25, 0]],
    "x;y;klasse\n0,5;-1,5;1\n2;3,25;0;\n": [[0.5, -1.5, 1], [2, 3.25, 0]],
    "0,5\t1\t2\r\n1,5\t2\t3\r\n": [[0.5, 1, 2], [1.5, 2, 3]],
    "1, 2, 3\n4, 5, 6": [[1, 2, 3], [4, 5, 6]],
    "\ufeffa b\n1\u00a02\n\n3 4\n": [[1, 2], [3, 4]],
    "0,0,1;1,1,0": [[0, 0, 1], [1, 1, 0]],
    '"1","2"\n"3","4"': [[1, 2], [3, 4]],
    "1e-3 +2\n.5 -3.": [[0.001, 2], [0.5, -3]],
}
"""What people paste, and the rows that it means."""
BAD_ROWS = {
    "": "no row of numbers yet",
    "x,y": "no row of numbers yet",
    "1,2\n3,four": 'line 2: "four" is no number',
    "1;2;3\n4;;6": "line 2: number 2 is missing",
    "1 2\n1 2 3": "line 2 has 3 numbers, but the first row has 2",
    "1 2 3 4": "line 1 has 4 numbers",
    "1,5,2,0\n": "with decimal commas, put semicolons or blanks between them",
    "7": "line 1 has one number",
    "1 2\n3 9000000": "line 2 has a number beyond a million",
    "\n".join(["1 2"] * 501): "there are 501 rows, and at most 500 fit",
    "1 2\nx y": 'line 2: "x" is no number',
}
DEPTHS = (1, 2, 5)


def linked():
    """Return (page, address) of every link to a situation of the playground."""
    link = re.compile(r'href="(?:playground\.html)?#([^"]*=[^"]*)"')
    return [(page.name, address) for page in PAGES for address in link.findall(page.text)]


BAD = {
    "colour=red": 'The address has no "colour"',
    "data=moons": "Data set must be one of and, or, xor",
    "layers=9": "Units in each layer must be a whole number from 1 to 8",
    "layers=1,2,3,4,5": "Units in each layer must be at most 4 numbers",
    "layers=2.5": "Units in each layer must be a whole number from 1 to 8, not",
    "eta=0": "Learning rate η must be a number from 1e-9 to 1000",
    "eta=x": 'Learning rate η must be a number from 1e-9 to 1000, not "x"',
    "eta=0x10": 'not "0x10"',
    "eta=Infinity": 'not "Infinity"',
    "w=1,2": "Weights and biases: there are 2 of them, but the network 2-2-1 has 9",
    "w=1,,2": 'Weights and biases must be a number from -1000000000000 to 1000000000000, not ""',
    "data=points&points=1": "Rows must have one or two inputs and a target",
    "data=points&points=1,2;1,2,3": "in all rows alike",
    "data=polynomial&cost=binary_cross_entropy": "needs targets between 0 and 1",
    "output=identity&cost=binary_cross_entropy": "needs outputs between 0 and 1",
    "seed=-1": "Seed must be a whole number from 0 to 4294967295",
    "features=": "Inputs must be one of x1, x2",
    "share=5": "Training % must be a whole number from 10 to 100",
    "noise=-1": "Noise must be a number from 0 to 1",
    "past=gd,1,0,0,0,5": "Earlier settings have more steps than all Steps together",
    "past=gd,1&steps=9": "Earlier settings must be rows of 6 entries",
    "race=sgd,1": "Race must be one of gd, momentum, adam",
}
GARBLED = [
    "%E0%A4%A",
    "%",
    "layers=4%2C4%2C4&eta=1%2",
    "=",
    "&&&",
    "data",
    "data=",
    "layers=,,",
    "w=NaN",
    "w=" + "1," * 5000,
    "point=1e99&unit=9,9,9",
    "unit=",
    "at=99&pass=sideways",
    "steps=999999999",
    "<script>alert(1)</script>",
    "data=points&points=;;;",
    "\u2603=\u2603&eta=\u2212\u0033",
    "__proto__=1&constructor=2",
    "data=xor&data=moons&layers=2;3",
    "past=" + "gd,1,0,0,0,1;" * 300,
    "eta=0.5eta=0.5",
]
"""Addresses that were cut, mistyped or made up."""
NETWORK = MLP((2, 3, 1), "relu", "sigmoid", "half_squared_error")
JSON = to_json(NETWORK, NETWORK.init(rng=3))


def changed(**change):
    return json.dumps({**json.loads(JSON), **change})


BAD_JSON = {
    "[": "this is no JSON",
    "3": 'the format must be "fysstk_nn weights, version 1"',
    changed(format="another"): 'not "another"',
    changed(sizes=[3, 3, 1]): "has 2 inputs and 1 output, but this one is 3,3,1",
    changed(sizes=[2, 4, 1]): "layer 1 must have 2 x 4 weights and 4 biases",
    changed(sizes=[2, 9, 1]): "layer 1 must have 2 x 9",
    changed(sizes=[2, 3, 3, 1], hidden=["relu", "tanh"]): "all hidden layers have the same activation",
    changed(hidden=["sine"]): "Activation must be one of identity",
    changed(cost="hinge"): "Cost must be one of half_squared_error",
    changed(layers=3): "sizes, hidden and layers must be lists",
    changed(layers=[{"W": [["1", 1, 1], [1, 1, 1]], "b": [1, 1, 1]}, {"W": [[1], [1], [1]], "b": [1]}]):
        "all weights and biases must be numbers",
}  # fmt: skip


def samples():
    """Return forty samples of two inputs and one target between 0 and 1."""
    rng = np.random.default_rng(8)
    X = rng.normal(size=(40, 2))
    return X, (X[:, :1] * X[:, 1:] > 0).astype(float)


@pytest.fixture(scope="module")
def start():
    """Where each run of training starts."""
    return [MLP(sizes).init("normal(0.5)", rng=k) for k, (sizes, *_) in enumerate(RUNS)]


@pytest.fixture(scope="module")
def results(start):
    """What the playground's modules answer, by kind of case."""
    X, y = samples()
    cases = {
        "names": [{}],
        "random": [{"seed": seed} for seed in SEEDS],
        "network": [
            {
                "sizes": sizes,
                "functions": functions,
                "theta": flat(params.theta),
                "X": flat(X),
                "y": flat(y),
                "n": len(X),
            }
            for sizes, functions, params, X, y in NETWORKS
        ],
        "init": [{"sizes": sizes, "scheme": scheme, "seed": seed} for sizes, scheme, seed in INITS],
        "training": [
            {
                "sizes": sizes,
                "functions": {"hidden": hidden, "output": output, "cost": cost},
                "theta": flat(params.theta),
                "X": flat(X),
                "y": flat(y),
                "n": len(X),
                "settings": {
                    "optimizer": optimizer,
                    "eta": eta,
                    "batch": batch,
                    "l1": l1,
                    "l2": l2,
                    "seed": 3,
                },
                "steps": epochs * -(-len(X) // (batch or len(X))),
            }
            for params, (sizes, hidden, output, cost, optimizer, eta, batch, l1, l2, epochs) in zip(
                start, RUNS, strict=True
            )
        ],
        "data": [{"address": address} for address in DATA],
        "rows": [{"text": text} for text in (*ROWS, *BAD_ROWS)],
        "moments": [{"L": L} for L in DEPTHS],
        "situation": [{"address": address} for address in SITUATIONS],
        "parse": [
            {"address": address}
            for address in [*BAD, *GARBLED, *(address for _, address in embedded() + linked())]
        ],
        "json": [{"text": text, "address": "steps=5"} for text in (JSON, *BAD_JSON)],
    }
    asked = [{"what": what, **case} for what, given in cases.items() for case in given]
    run = subprocess.run(
        [node(), Path(__file__).with_suffix(".mjs")],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    answers = iter(json.loads(run.stdout))
    return {what: [next(answers) for _ in given] for what, given in cases.items()}


def test_all_files_together_are_small():
    script = book_scripts.bundle(FOLDER / book_playground.SCRIPT)
    sheet = book_scripts.minified((FOLDER / "playground.css").read_text("utf8"), "style")
    packed = [len(gzip.compress(text.encode(), 6)) for text in (script, sheet)]
    print(f"{len((script + sheet).encode())} bytes, {sum(packed)} packed")
    assert sum(packed) < LARGEST
    assert len((script + sheet).encode()) < LARGEST_ON_DISK


def test_the_script_is_classic_and_has_every_module(tmp_path):
    script = book_scripts.bundle(FOLDER / book_playground.SCRIPT)
    assert not re.search(r"^(import|export) ", script, re.MULTILINE)
    assert set(book_scripts.modules(FOLDER / book_playground.SCRIPT)) == {
        path.name for path in FOLDER.glob("*.js")
    }
    path = tmp_path / "bundle.cjs"
    path.write_text(script, encoding="utf8")
    subprocess.run([node(), "--check", path], check=True, timeout=60)


@pytest.mark.parametrize(
    ("modules", "problem"),
    [
        ({"a.js": 'import { b } from "./b.js";\nconst c = 1;\n', "b.js": "const c = 2;\n"}, "both define c"),
        ({"a.js": 'import b from "./b.js";\n'}, "cannot take 'import b from"),
        ({"a.js": "export default 1;\n"}, "cannot take 'export default"),
    ],
)
def test_what_no_bundle_can_take(tmp_path, modules, problem):
    for name, text in modules.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ExtensionError, match=problem):
        book_scripts.bundle(tmp_path / "a.js")


def test_what_the_site_leaves_out():
    text = "// A comment\n  /** Another. */\n\n  const a = 1; // one\n/* of CSS */\n.b {}\n"
    assert book_scripts.lean(text) == "const a = 1; // one\n.b {}"


def test_what_the_site_carries_says_the_same_in_fewer_bytes():
    script = book_scripts.minified(
        "(() => {\n  /** One. */\n  const a = 1 + x; // two\n  f(a, a);\n})();", "script"
    )
    assert script == "(()=>{let a=1+x;f(a,a)})();"
    assert book_scripts.minified("/* A. */\n.b { color: #ff0000; }\n", "style") == ".b{color:red}"


def test_no_file_asks_another_host():
    for path in FOLDER.iterdir():
        text = path.read_text("utf8").replace("http://www.w3.org/", "")
        assert not re.search(r"https?:|\bfetch\(|XMLHttpRequest|WebSocket|@import", text), path.name


def test_names_are_those_of_the_package(results):
    (names,) = results["names"]
    assert set(names["activations"]) == set(ACTIVATIONS) - {"softmax"}
    assert set(names["costs"]) == set(COSTS) - {"cross_entropy", "hinge"}


def test_random_numbers_are_those_of_numpy(results):
    for seed, given in zip(SEEDS, results["random"], strict=True):
        rng = np.random.default_rng(seed)
        np.testing.assert_allclose(given["normal"], rng.normal(1, 2, size=2000), rtol=1e-13, atol=1e-13)
        assert given["uniform"] == rng.uniform(-1, 3)
        for n, order in zip([57, 200, 1, 2], given["orders"], strict=True):
            assert order == rng.permutation(n).tolist()


def test_outputs_deltas_and_gradients_are_those_of_the_package(results):
    worst = 0.0
    for (sizes, functions, params, X, y), given in zip(NETWORKS, results["network"], strict=True):
        net = MLP(sizes, **functions)
        trace = net.forward(params, X)
        delta = net.deltas(params, trace, y)
        gradient = net.backprop(params, trace, y)
        pairs = [(gradient.theta, given["gradient"]), (net.cost_of(params, X, y), given["cost"])]
        for l in range(1, net.L + 1):
            pairs += [(trace.z[l], given["z"][l]), (trace.a[l], given["a"][l]), (delta[l], given["delta"][l])]
            pairs.append((np.linalg.norm(gradient.W[l]), given["norms"][l - 1]))
            pairs.append((np.sqrt(np.mean((len(X) * delta[l]) ** 2)), given["errors"][l - 1]))
        for ours, theirs in pairs:
            ours = np.ravel(ours)
            np.testing.assert_allclose(theirs, ours, rtol=1e-12, atol=1e-12)
            worst = max(worst, float(np.abs(np.ravel(theirs) - ours).max()))
    print(f"{len(NETWORKS)} networks: largest difference {worst:.1e}")


def test_initial_weights_are_those_of_the_package(results):
    for (sizes, scheme, seed), theta in zip(INITS, results["init"], strict=True):
        expected = MLP(sizes).init(scheme, rng=seed).theta
        np.testing.assert_allclose(theta, expected, rtol=1e-13, atol=1e-14)


def test_runs_are_those_of_the_package(results, start):
    X, y = samples()
    worst = 0.0
    for run, params, theta in zip(RUNS, start, results["training"], strict=True):
        sizes, hidden, output, cost, optimizer, eta, batch, l1, l2, epochs = run
        net = MLP(sizes, hidden, output, cost)
        rule = PYTHON[optimizer](eta)
        fitted = fit(
            net, params, X, y, optimizer=rule, epochs=epochs, batch_size=batch or None, l1=l1, l2=l2, rng=3
        )
        assert np.abs(fitted.params.theta - params.theta).max() > 0.1, "the run moves"
        np.testing.assert_allclose(theta, fitted.params.theta, rtol=1e-9, atol=1e-9)
        worst = max(worst, float(np.abs(theta - fitted.params.theta).max()))
    print(f"{len(RUNS)} runs: largest difference {worst:.1e}")


def test_data_are_those_of_their_python(results):
    known = {"np": np, "gate": gate, "polynomial": polynomial, "scalar_curve": scalar_curve}
    for given in results["data"]:
        names = dict(known)
        exec("\n".join(given["python"]), names)
        X, y = names["X"], names["y"]
        np.testing.assert_allclose(given["X"], np.ravel(X), rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(given["y"], y, rtol=1e-13, atol=1e-14)
        assert X.shape[1] == given["inputs"]
        for part in ("train", "test"):
            if part in names:
                np.testing.assert_allclose(given[part]["X"], np.ravel(X[names[part]]), rtol=1e-13, atol=1e-14)
                np.testing.assert_allclose(given[part]["y"], y[names[part]], rtol=1e-13, atol=1e-14)
        if "train" not in names:
            assert given["test"] is None and given["train"]["X"] == given["X"]
    assert sum(given["test"] is not None for given in results["data"]) == 8


def test_rows_are_read_in_all_spellings_or_refused_by_their_line(results):
    good, bad = results["rows"][: len(ROWS)], results["rows"][len(ROWS) :]
    for (text, expected), given in zip(ROWS.items(), good, strict=True):
        assert given == {"rows": expected}, text
    for (text, expected), given in zip(BAD_ROWS.items(), bad, strict=True):
        assert expected in given["error"], text


def test_the_moments_lead_forward_and_back_through_every_layer(results):
    for L, given in zip(DEPTHS, results["moments"], strict=True):
        kinds = [moment["kind"] for moment in given["row"]]
        hidden = ["carry", "sum", "delta"]
        assert kinds == ["input", *["z", "a"] * L, "cost", "output", *hidden * (L - 1), "gradient", "step"]
        assert kinds[given["back"]] == "output"
        shown, flows = given["shown"], given["flows"]
        assert shown[0] == ["a"] + [None] * L
        assert shown[given["back"] - 1] == ["a"] * (L + 1)
        assert shown[-2] == ["a"] + ["delta"] * L and flows[-2] == ["gradient"] * L
        assert flows[-1] == ["w"] * L
        for m, moment in enumerate(given["row"]):
            l = moment["l"]
            if moment["kind"] in ("z", "a", "sum", "delta"):
                assert shown[m][l] == moment["kind"]
                assert shown[m][l + 1 :] == ([None] * (L - l) if m < given["back"] else ["delta"] * (L - l))
            if moment["kind"] == "carry":
                assert flows[m] == ["w"] * l + ["carry"] * (L - l)


@pytest.mark.parametrize("number", range(len(SITUATIONS)), ids=SITUATIONS)
def test_the_cell_reproduces_the_situation(results, number, capsys):
    given = results["situation"][number]
    names = {}
    exec(given["code"], names)
    said = capsys.readouterr().out
    np.testing.assert_allclose(names["params"].theta, given["theta"], rtol=1e-9, atol=1e-9)
    assert float(said.splitlines()[0].removeprefix("cost:")) == pytest.approx(given["cost"], rel=1e-9)
    for l in range(1, names["net"].L + 1):
        for key in ("z", "a", "delta"):
            ours = getattr(names["trace"], key)[l] if key != "delta" else names["delta"][l]
            np.testing.assert_allclose(given[key][l], ours[0], rtol=1e-9, atol=1e-9)
    assert said.count("delta") == names["net"].L


def test_whole_epochs_are_left_to_fit(results):
    assert (
        "fit(net, params, X, y, optimizer=GradientDescent(0.5), epochs=500)"
        in results["situation"][1]["code"]
    )


def test_an_address_describes_what_it_was_made_from(results):
    assert all(given["same"] and not given["said"] for given in results["situation"])
    assert results["situation"][0]["address"] == ""
    assert results["situation"][1]["address"] == SITUATIONS[1]


def test_what_no_address_may_say(results):
    for (address, expected), given in zip(BAD.items(), results["parse"], strict=False):
        assert expected in given["said"][0], address


def test_an_address_gives_a_network_and_a_sentence_however_garbled(results):
    given = results["parse"][len(BAD) : len(BAD) + len(GARBLED)]
    for address, found in zip(GARBLED, given, strict=True):
        assert found["sizes"][0] in (1, 2) and found["sizes"][-1] == 1
        assert found["said"] or address == "&&&", address
        assert all(len(sentence) < 400 for sentence in found["said"]), address


def test_the_addresses_in_the_book_are_good(results):
    assert len(linked()) >= 10
    for (page, address), given in zip(
        embedded() + linked(), results["parse"][len(BAD) + len(GARBLED) :], strict=True
    ):
        assert given["said"] == [], f"{page}: {address}"


def test_weights_travel_as_json(results):
    good, *bad = results["json"]
    net, params = from_json(good["text"])
    assert net == NETWORK
    np.testing.assert_array_equal(params.theta, NETWORK.init(rng=3).theta)
    assert "steps" not in good["address"]
    for expected, given in zip(BAD_JSON.values(), bad, strict=True):
        assert expected in given.get("error", ""), given


def test_the_weights_of_an_address_are_those_of_params(results):
    given = results["situation"][9]
    params = Params(np.array(given["theta"]), (2, 2, 1))
    assert params.W[1].tolist() == [[1, -1], [0.5, 1]] and params.b[2].tolist() == [0.5]


# What the chapters answer to their questions


def situation(page):
    """Return the network, parameters, samples and learning rate of a chapter's playground."""
    key = {
        name: values[0] for name, values in parse_qs(dict(embedded())[page], keep_blank_values=True).items()
    }
    if key["data"] == "points":
        points = np.array([[float(x) for x in row.split(",")] for row in key["points"].split(";")])
        X, y = points[:, :-1], points[:, -1]
    else:
        X, y = gate(key["data"])
    layers = [int(size) for size in key.get("layers", "2").split(",") if size]
    net = MLP((X.shape[1], *layers, 1), key.get("hidden", "tanh"), key.get("output", "sigmoid"))
    theta = np.array([float(w) for w in key["w"].split(",")])
    return net, Params(theta, net.sizes), X, y, GradientDescent(float(key.get("eta", 0.5)))


def test_one_neuron_has_its_largest_error_in_between():
    net, params, X, y, _ = situation("one-neuron")
    biases = np.linspace(2, -4, 6001)
    delta = []
    for bias in biases:
        params.b[1] = bias
        delta.append(net.deltas(params, net.forward(params, X), y)[1].item())
    best = int(np.argmax(delta))
    assert delta[0] == pytest.approx(0.017, abs=5e-4)
    assert (biases[best], delta[best]) == (pytest.approx(-1.307, abs=1e-3), pytest.approx(4 / 27))
    assert (np.diff(delta[:best]) > 0).all() and (np.diff(delta[best + 1 :]) < 0).all()


def test_a_weight_of_zero_stops_the_hidden_neuron_for_one_step():
    net, params, X, y, descent = situation("scalar-network")
    params.W[2] = 0
    gradient = net.gradient(params, X, y)
    assert gradient.W[1].item() == gradient.b[1].item() == 0
    assert gradient.W[2].item() != 0 and gradient.b[2].item() != 0
    after = fit(net, params, X, y, optimizer=descent, epochs=1).params
    assert net.gradient(after, X, y).W[1].item() != 0


def test_one_weight_breaks_the_symmetry_and_the_output_bias_does_not():
    net, params, X, y, descent = situation("two-two-one")
    copies = fit(net, params, X, y, optimizer=descent, epochs=500).params
    np.testing.assert_array_equal(copies.W[1][:, 0], copies.W[1][:, 1])
    for weight in range(9):
        for start in (params, copies):
            changed = start.copy()
            changed.theta[weight] += 0.1
            run = fit(net, changed, X, y, optimizer=descent, epochs=2000).params
            right = ((net.predict(run, X).ravel() > 0.5) == y).all()
            assert right == (weight != 8), weight


def test_copies_that_have_trained_for_long_stay_where_they_are():
    net, params, X, y, descent = situation("two-two-one")
    late = fit(net, params, X, y, optimizer=descent, epochs=1000).params
    for weight in range(9):
        changed = late.copy()
        changed.theta[weight] += 0.1
        run = fit(net, changed, X, y, optimizer=descent, epochs=2000).params
        assert not ((net.predict(run, X).ravel() > 0.5) == y).all(), weight


def test_a_silent_unit_takes_four_derivatives_with_it():
    net, params, X, y, _ = situation("four-equations")
    params.b[1][1] = -2
    trace, gradient = net.forward(params, X), net.gradient(params, X, y)
    assert trace.z[1][0, 1] == -1 and trace.output.item() == 4.5
    assert gradient.W[1][:, 1].tolist() == [0, 0] and gradient.b[1][1] == gradient.W[2][1, 0] == 0
    before = net.gradient(situation("four-equations")[1], X, y).theta
    others = gradient.theta != 0
    assert others.sum() == 5
    assert (np.abs(gradient.theta[others]) > np.abs(before[others])).all()
    assert net.deltas(params, trace, y)[2].item() == 2.5


def test_a_linear_neuron_hits_its_target_in_one_step_or_never():
    net, params, X, y, _ = situation("gradient-descent")
    for eta in (0.1, 0.2, 0.39, 0.4, 0.41):
        after = fit(net, params, X, y, optimizer=GradientDescent(eta), epochs=1).params
        error = net.predict(after, X).item() - y.item()
        assert error == pytest.approx(-(1 - 5 * eta), abs=1e-15)


def test_a_dead_unit_keeps_its_weights_and_wakes_above_minus_one():
    net, params, X, y, descent = situation("activations")
    assert net.forward(params, X).z[1][:, 1].max() == -2
    after = fit(net, params, X, y, optimizer=descent, epochs=500).params
    still = [[0, 1], [1, 1]]
    assert after.W[1][tuple(np.transpose(still))].tolist() == [-1, 1]
    assert after.b[1][1] == -3 and after.W[2][1, 0] == 1
    assert after.W[1][0, 0] != 1 and after.b[2][0] != 0
    for bias, alive in ((-1.0, False), (-0.9, True)):
        params.b[1][1] = bias
        after = fit(net, params, X, y, optimizer=descent, epochs=1000).params
        assert bool(((net.predict(after, X).ravel() > 0.5) == y).all()) == alive


def errors(net, params, X, y):
    """The size of delta in each layer l = 1, ..., L, as the playground's table has it."""
    delta = net.deltas(params, net.forward(params, X), y)
    return [np.sqrt(np.mean((len(X) * delta[l]) ** 2)) for l in range(1, net.L + 1)]


@pytest.fixture(scope="module")
def rings(results):
    """The playground's circles, as they come, and with the noise and the share of the embed on L2."""
    given = [
        results["data"][DATA.index(name)] for name in ("data=circles", "data=circles&noise=0.25&share=30")
    ]
    return [
        [(np.reshape(part["X"], (-1, 2)), np.array(part["y"])) for part in parts]
        for parts in ([given[0]["train"]], [given[1]["train"], given[1]["test"]])
    ]


def test_deep_sigmoids_stall_and_tanh_does_not(rings):
    [[(X, y)], _] = rings
    ratio = {}
    for hidden, scheme in (("sigmoid", "glorot"), ("sigmoid", "he"), ("tanh", "glorot")):
        net = MLP((2, 8, 8, 8, 8, 1), hidden, "sigmoid")
        sizes = [errors(net, net.init(scheme, rng=seed), X, y) for seed in (1, 2, 3, 4, 5)]
        ratio[hidden, scheme] = [size[-1] / size[0] for size in sizes]
        if (hidden, scheme) == ("sigmoid", "glorot"):
            assert min(size[l + 1] / size[l] for size in sizes[:1] for l in range(4)) > 3
    assert ratio["sigmoid", "glorot"][0] == pytest.approx(1000, rel=0.05)
    assert ratio["sigmoid", "he"][0] == pytest.approx(425, abs=0.5) and min(ratio["sigmoid", "he"]) > 250
    assert ratio["tanh", "glorot"][0] == pytest.approx(3.3, rel=0.05) and max(ratio["tanh", "glorot"]) < 15.5
    net = MLP((2, 8, 8, 8, 8, 1), "sigmoid", "sigmoid")
    stalled = fit(net, net.init(rng=1), X, y, optimizer=GradientDescent(0.5), epochs=300).params
    assert np.abs(net.predict(stalled, X) - 0.5).max() < 0.001
    net = MLP((2, 8, 8, 8, 8, 1), "tanh", "sigmoid")
    learned = fit(net, net.init(rng=1), X, y, optimizer=GradientDescent(0.5), epochs=300).params
    assert np.mean((net.predict(learned, X).ravel() > 0.5) == y) == pytest.approx(0.865)
    # The demonstration: tanh with the weights at which the sigmoids stalled.
    size = errors(net, stalled, X, y)
    assert size[-1] / size[0] < 6
    after = fit(net, stalled, X, y, optimizer=GradientDescent(0.5), epochs=1200).params
    assert np.mean((net.predict(after, X).ravel() > 0.5) == y) == 1


def test_adam_tells_the_spirals_apart(results):
    """The situation on the playground's own page."""
    given = results["data"][DATA.index("data=spirals")]["train"]
    X, y = np.reshape(given["X"], (-1, 2)), np.array(given["y"])
    net = MLP((2, 8, 8, 1), "tanh", "sigmoid", "binary_cross_entropy")
    learned = fit(net, net.init(rng=1), X, y, optimizer=Adam(0.02), epochs=600).params
    assert ((net.predict(learned, X).ravel() > 0.5) == y).all()


def test_a_race_is_won_by_the_rate(rings):
    [[(X, y)], _] = rings
    net = MLP((2, 4, 1), "tanh", "sigmoid", "binary_cross_entropy")

    def steps(rule):
        run = fit(net, net.init(rng=1), X, y, optimizer=rule, epochs=3000)
        return int(np.argmax(np.array(run.history.cost) < 0.1)) if min(run.history.cost) < 0.1 else None

    assert steps(Adam(0.05)) == pytest.approx(80, abs=5)
    assert steps(Momentum(0.05)) == pytest.approx(650, abs=5)
    assert steps(GradientDescent(0.05)) is None
    assert steps(GradientDescent(0.5)) == pytest.approx(620, abs=5)
    assert steps(GradientDescent(2)) == pytest.approx(160, abs=5)


def test_l2_gives_the_noisy_rings_a_smooth_boundary(rings):
    [_, [(X, y), (X_test, y_test)]] = rings
    net = MLP((2, 8, 8, 1), "tanh", "sigmoid", "binary_cross_entropy")

    def right(params, X, y):
        return np.mean((net.predict(params, X).ravel() > 0.5) == y)

    free = fit(net, net.init(rng=1), X, y, optimizer=Adam(0.03), epochs=1000).params
    assert (len(X), len(X_test)) == (60, 140)
    assert right(free, X, y) == 1
    assert net.cost_of(free, X_test, y_test) == pytest.approx(1.8, abs=0.05)
    assert right(free, X_test, y_test) == pytest.approx(0.81, abs=0.005)
    tied = fit(net, free, X, y, optimizer=Adam(0.03), epochs=1000, l2=0.01).params
    assert np.linalg.norm(free.weights) / np.linalg.norm(tied.weights) == pytest.approx(4.4, abs=0.2)
    assert right(tied, X, y) == pytest.approx(0.9)
    assert net.cost_of(tied, X_test, y_test) == pytest.approx(0.39, abs=0.005)
    assert right(tied, X_test, y_test) == pytest.approx(0.85)


def test_the_demonstrations_for_lecturers():
    X, y = gate("xor")
    cost = "binary_cross_entropy"
    line, three = MLP((2, 1), "tanh", "sigmoid", cost), MLP((2, 3, 1), "tanh", "sigmoid", cost)
    stopped = fit(line, line.init(rng=1), X, y, optimizer=GradientDescent(1), epochs=500).params
    assert line.cost_of(stopped, X, y) == pytest.approx(np.log(2))
    np.testing.assert_allclose(line.predict(stopped, X), 0.5, atol=1e-6)
    solved = fit(three, three.init(rng=1), X, y, optimizer=GradientDescent(1), epochs=100).params
    assert ((three.predict(solved, X).ravel() > 0.5) == y).all()
    X = np.column_stack([X, X[:, 0] * X[:, 1]])
    product = MLP((3, 1), "tanh", "sigmoid", cost)
    solved = fit(product, product.init(rng=1), X, y, optimizer=GradientDescent(1), epochs=500).params
    assert ((product.predict(solved, X).ravel() > 0.5) == y).all()
    net, params, X, y, _ = situation("four-equations")
    after = fit(net, params, X, y, optimizer=GradientDescent(0.02), epochs=1).params
    assert net.predict(params, X).item() == 3 and net.cost_of(params, X, y) == 0.5
    assert net.predict(after, X).item() == pytest.approx(2.26, abs=0.005)
    assert net.cost_of(after, X, y) == pytest.approx(0.034, abs=5e-4)


def test_equations_have_been_met_where_they_are_quoted():
    """Every equation of a playground stands above it, or on a page before."""
    known = sources.equations(ROOT)
    order = {page.name: number for number, page in enumerate(PAGES)}
    texts = {page.name: page.text for page in PAGES}

    def place(page, words):
        return order[page], texts[page].index(words)

    for page, address in embedded():
        if page == "playground":
            continue  # it stands before all chapters, and shows what they derive
        for label in book_playground.equations_of(page).values():
            met = place(known[label].page, f"({label})")
            assert met < place(page, "{playground} " + address), f"{page} quotes {label}"


def test_what_the_page_says_of_its_situations():
    X, y = gate("xor")
    small, large = MLP((2, 2, 1), "tanh", "sigmoid"), MLP((2, 3, 1), "tanh", "sigmoid")
    descent = GradientDescent(1)
    stuck = fit(small, small.init(rng=1), X, y, optimizer=descent, epochs=2000).params
    assert small.cost_of(stuck, X, y) == pytest.approx(0.063, abs=5e-4)
    assert np.linalg.norm(small.gradient(stuck, X, y).theta) < 1e-3
    solved = fit(large, large.init(rng=1), X, y, optimizer=descent, epochs=1000).params
    assert ((large.predict(solved, X).ravel() > 0.5) == y).all()
    deep = MLP((2, 4, 4, 4, 4, 1), "sigmoid", "sigmoid")
    gradient = deep.gradient(deep.init(rng=1), X, y)
    assert np.linalg.norm(gradient.W[5]) / np.linalg.norm(gradient.W[1]) == pytest.approx(2000, rel=0.05)
