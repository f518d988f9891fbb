"""The digit pages: codes of four bits, and the Notes' network for longer than five epochs.

The long runs on many more digits are in tools/digits.py.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from experiments.kinds import Experiment, Sweep
from fysstk_nn.datasets import mnist
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import Adam, GradientDescent
from fysstk_nn.train import fit

SAMPLE = "MNIST, sample of 5,000 digits: 4,000 to train on, 1,000 to test"


def four_bits(drawn: bool, seed: int) -> dict[str, list[float]]:
    """Train 784-30-4 on the digits' codes, binary or drawn; return the errors of two ways to read them."""
    data = mnist("sample")
    codes = np.random.default_rng(seed).permutation(16)[:10] if drawn else np.arange(10)
    bits = ((codes[:, np.newaxis] >> np.arange(4)) & 1).astype(np.float32)
    net = MLP((784, 30, 4), hidden="sigmoid", output="sigmoid")
    start = net.init("lecun", rng=seed, dtype=np.float32)
    run = fit(
        net,
        start,
        data.train.X,
        bits[data.train.y],
        optimizer=GradientDescent(3.0),
        epochs=30,
        batch_size=10,
        rng=seed,
    )
    outputs = net.predict(run.params, data.test.X)
    rounded = ((outputs > 0.5) != bits[data.test.y]).any(axis=1)
    nearest = ((outputs[:, np.newaxis, :] - bits) ** 2).sum(axis=2).argmin(axis=1) != data.test.y
    return {"rounded": [100 * rounded.mean()], "nearest": [100 * nearest.mean()]}


def notes(seed: int) -> list[float]:
    """Train the Notes' network for twenty epochs; return the test error in percent after each."""
    data = mnist("sample")
    net = MLP((784, 512, 10), hidden="relu", output="softmax", cost="cross_entropy")
    params, run, errors = net.init("glorot", rng=seed, dtype=np.float32), None, []
    rng = np.random.default_rng(seed)
    for _ in range(20):
        run = fit(
            net,
            params,
            data.train.X,
            data.train.targets,
            optimizer=Adam(),
            epochs=1,
            batch_size=128,
            rng=rng,
            resume=run,
        )
        params = run.params
        answers = net.predict(params, data.test.X).argmax(axis=1)
        errors.append(100 * float(np.mean(answers != data.test.y)))
    return errors


BINARY, DRAWN = partial(four_bits, False), partial(four_bits, True)

EXPERIMENTS: dict[str, Experiment] = {
    "four-bit-codes": Sweep(
        "Are the binary numbers a bad code for ten digits, or are four bits too few?",
        SAMPLE,
        {
            "binary numbers": ([30], BINARY, "rounded"),
            "binary numbers, nearest code": ([30], BINARY, "nearest"),
            "drawn by chance": ([30], DRAWN, "rounded"),
            "drawn by chance, nearest code": ([30], DRAWN, "nearest"),
        },
        "epoch",
        "test error, %",
        budget="30 epochs, batches of 10, η = 3, small first weights; another table for each seed",
    ),
    "notes-network": Sweep(
        "How far does the Notes' network get on the sample if it is trained for longer?",
        SAMPLE,
        {"784-512-10": (range(1, 21), notes)},
        "epoch",
        "test error, %",
        budget="Adam, batches of 128",
    ),
}
