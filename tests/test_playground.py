"""The playground's algorithm against the package: same numbers, same runs, same data, and cells that run.

Its modules run under Node, once for all tests of this file; cases and results travel as JSON.
"""

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
LARGEST = 60_000
"""Bytes that all files of the playground may have together, as the site carries them."""


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
    ([2, 4, 1], "tanh", "sigmoid", "binary_cross_entropy", "gd", 0.5, 0, 0.0, 300),
    ([2, 4, 1], "sigmoid", "sigmoid", "half_squared_error", "momentum", 0.1, 0, 0.01, 300),
    ([2, 8, 8, 1], "tanh", "sigmoid", "binary_cross_entropy", "adam", 0.01, 10, 0.001, 20),
    ([2, 8, 8, 1], "elu", "identity", "mean_squared_error", "adam", 0.003, 7, 0.0, 20),
    ([2, 5, 4, 3, 2, 1], "leaky_relu", "identity", "half_squared_error", "gd", 0.05, 16, 0.001, 30),
    ([2, 6, 1], "softplus", "tanh", "half_squared_error", "momentum", 0.02, 1, 0.0, 5),
    ([2, 1], "identity", "sigmoid", "binary_cross_entropy", "gd", 1.0, 3, 0.1, 50),
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


BAD = {
    "colour=red": 'the address has no key "colour"',
    "data=moons": "data must be one of and, or, xor",
    "layers=9": "layers must be a whole number from 1 to 8",
    "layers=1,2,3,4,5": "layers must be at most 4 numbers",
    "layers=2.5": "layers must be a whole number from 1 to 8, not",
    "eta=0": "eta must be a number from 1e-9 to 1000",
    "eta=x": 'eta must be a number from 1e-9 to 1000, not "x"',
    "w=1,2": "w has 2 numbers, but the network 2,2,1 has 9 parameters",
    "w=1,,2": 'w must be a number from -1000000000000 to 1000000000000, not ""',
    "data=points&points=1": "points must have one or two inputs and a target",
    "data=points&points=1,2;1,2,3": "in all rows alike",
    "data=polynomial&cost=binary_cross_entropy": "needs targets between 0 and 1",
    "output=identity&cost=binary_cross_entropy": "needs outputs between 0 and 1",
    "seed=-1": "seed must be a whole number from 0 to 4294967295",
}
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
    changed(hidden=["sine"]): "hidden must be one of identity",
    changed(cost="hinge"): "cost must be one of half_squared_error",
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
                "settings": {"optimizer": optimizer, "eta": eta, "batch": batch, "l2": l2, "seed": 3},
                "steps": epochs * -(-len(X) // (batch or len(X))),
            }
            for params, (sizes, hidden, output, cost, optimizer, eta, batch, l2, epochs) in zip(
                start, RUNS, strict=True
            )
        ],
        "data": [
            {"name": name} for name in ("and", "or", "xor", "polynomial", "circles", "spirals", "curve")
        ],
        "situation": [{"address": address} for address in SITUATIONS],
        "parse": [{"address": address} for address in [*BAD, *(address for _, address in embedded())]],
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
    script = book_playground.bundle(book_playground.SCRIPT)
    sheet = book_playground.lean((FOLDER / "playground.css").read_text("utf8"))
    assert len((script + sheet).encode()) < LARGEST


def test_the_script_is_classic_and_has_every_module(tmp_path):
    script = book_playground.bundle(book_playground.SCRIPT)
    assert not re.search(r"^(import|export) ", script, re.MULTILINE)
    assert set(book_playground.modules(book_playground.SCRIPT)) == {path.name for path in FOLDER.glob("*.js")}
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
def test_what_no_bundle_can_take(tmp_path, monkeypatch, modules, problem):
    monkeypatch.setattr(book_playground, "FOLDER", tmp_path)
    for name, text in modules.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ExtensionError, match=problem):
        book_playground.bundle("a.js")


def test_what_the_site_leaves_out():
    text = "// A comment\n  /** Another. */\n\n  const a = 1; // one\n/* of CSS */\n.b {}\n"
    assert book_playground.lean(text) == "const a = 1; // one\n.b {}"


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
        sizes, hidden, output, cost, optimizer, eta, batch, l2, epochs = run
        net = MLP(sizes, hidden, output, cost)
        rule = PYTHON[optimizer](eta)
        fitted = fit(net, params, X, y, optimizer=rule, epochs=epochs, batch_size=batch or None, l2=l2, rng=3)
        assert np.abs(fitted.params.theta - params.theta).max() > 0.1, "the run moves"
        np.testing.assert_allclose(theta, fitted.params.theta, rtol=1e-9, atol=1e-9)
        worst = max(worst, float(np.abs(theta - fitted.params.theta).max()))
    print(f"{len(RUNS)} runs: largest difference {worst:.1e}")


def test_data_are_those_of_their_python(results):
    known = {"np": np, "gate": gate, "polynomial": polynomial, "scalar_curve": scalar_curve}
    for given in results["data"]:
        names = dict(known)
        exec("\n".join(given["python"]), names)
        np.testing.assert_allclose(given["X"], np.ravel(names["X"]), rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(given["y"], names["y"], rtol=1e-13, atol=1e-14)
        assert names["X"].shape[1] == given["inputs"]


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
    assert all(given["same"] for given in results["situation"])
    assert results["situation"][0]["address"] == ""
    assert results["situation"][1]["address"] == SITUATIONS[1]


def test_what_no_address_may_say(results):
    for expected, given in zip(BAD.values(), results["parse"], strict=False):
        assert expected in given["error"]


def test_the_addresses_in_the_book_are_good(results):
    for (page, address), given in zip(embedded(), results["parse"][len(BAD) :], strict=True):
        assert "address" in given, f"{page}: {address}: {given}"


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
