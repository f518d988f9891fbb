"""Runs that are killed, again and again, and end at the same bits as a run that nobody disturbed."""

import random
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from fysstk_nn.files import load_run

EPOCHS = 120

CHILD = f"""
import os, signal, sys
import numpy as np
from fysstk_nn import files
from fysstk_nn.files import Checkpoint, load_run
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import Adam, Chain, ClipNorm
from fysstk_nn.schedules import InverseTime
from fysstk_nn.train import fit

path, place, call = sys.argv[1:]
rng = np.random.default_rng(0)
X = rng.normal(size=(120, 6))
y = np.sin(X[:, :1]) * X[:, 1:2] + 0.3 * rng.normal(size=(120, 1))
net = MLP((6, 20, 10, 1), "tanh", dropout=0.2, batch_norm=True)
settings = dict(
    optimizer=Chain(ClipNorm(1.0), Adam(InverseTime(0.01))), batch_size=16, l2=1e-3, rng=7,
    validation=(X[:30], y[:30]), patience=1000, metrics={{"largest": lambda a, y: np.abs(a - y).max()}},
    checkpoint=Checkpoint(path, every=3),
)

calls = {{"savez": 0, "fsync": 0, "replace": 0}}

def deadly(owner, name):
    function = getattr(owner, name)
    def wrapper(*arguments, **keywords):
        calls[name] += 1
        if name == place and calls[name] == int(call):
            if name == "savez":
                arguments[0].write(b"half a ru")
                arguments[0].flush()
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **keywords)
    setattr(owner, name, wrapper)

for owner, name in [(np, "savez"), (os, "fsync"), (os, "replace")]:
    deadly(owner, name)

if os.path.exists(path):
    net, run = load_run(path)
    params, done = run.params, run.state.epoch
else:
    run, params, done = None, net.init(rng=1), 0
print(done, flush=True)
run = fit(net, params, X, y, epochs={EPOCHS} - done, resume=run, **settings)
"""


def start(path, place="nowhere", call=0):
    """Start the child; return its process when it has begun to train, and the epoch that it began at."""
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(path), place, str(call)],
        stdout=subprocess.PIPE,
        text=True,
    )
    return child, int(child.stdout.readline())


def finish(child):
    """Wait for the child; return how it ended."""
    with child:
        return child.wait(timeout=120)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGKILL")
def test_a_killed_run_ends_at_the_same_bits(tmp_path):
    whole, path = tmp_path / "whole", tmp_path / "killed"
    assert finish(start(whole)[0]) == 0
    begun = []
    for place, call in [("savez", 1), ("savez", 4), ("fsync", 3), ("replace", 5)]:  # in the middle of writing
        child, epoch = start(path, place, call)
        begun.append(epoch)
        assert finish(child) == -9
    chance = random.Random(1)
    for _ in range(4):  # and at any moment
        child, epoch = start(path)
        begun.append(epoch)
        time.sleep(chance.uniform(0, 0.05))
        child.kill()
        finish(child)
    child, epoch = start(path)
    assert finish(child) == 0
    begun.append(epoch)
    assert begun[:4] == [0, 0, 6, 9] and begun == sorted(begun)

    (_, one), (_, other) = load_run(whole), load_run(path)
    for name in ("theta", "statistics"):
        np.testing.assert_array_equal(getattr(one.params, name), getattr(other.params, name))
        np.testing.assert_array_equal(getattr(one.state.latest, name), getattr(other.state.latest, name))
    assert one.history == other.history and len(one.history.cost) == EPOCHS
    assert one.state.rng.bit_generator.state == other.state.rng.bit_generator.state
    for vector, theirs in zip(
        one.state.optimizer.parts[1].memory, other.state.optimizer.parts[1].memory, strict=True
    ):
        np.testing.assert_array_equal(vector, theirs)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["killed", "whole"]
