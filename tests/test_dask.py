"""The same search gives the same result in this process, in two processes, and on a Dask cluster."""

from __future__ import annotations

import os
import signal
import threading
import time

import dask
import joblib
import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.model_selection import RandomizedSearchCV

from fysstk_nn.estimators import MLPClassifier

distributed = pytest.importorskip("distributed")

# Dask's and joblib's worker processes come and go, and say so in warnings of their own.
pytestmark = pytest.mark.filterwarnings("default")


def search(epochs=10, n_iter=4):
    X, y = load_iris(return_X_y=True)
    model = MLPClassifier((6,), epochs=epochs, batch_size=32, random_state=0)
    draws = {"eta": loguniform(1e-3, 1e-1), "l2": loguniform(1e-5, 1e-1)}
    return RandomizedSearchCV(model, draws, n_iter=n_iter, cv=3, random_state=0), X / X.mean(axis=0), y


def scores(fitted):
    return np.array([fitted.cv_results_[f"split{k}_test_score"] for k in range(3)])


@pytest.fixture(scope="module")
def cluster():
    # Every two seconds Dask's memory manager deletes copies of data that lie on several workers. If the one
    # worker that is left with them dies, they are lost.
    settings = {
        "distributed.scheduler.active-memory-manager.start": False,
        "distributed.worker.multiprocessing-method": "forkserver",  # which imports once for all workers
    }
    with dask.config.set(settings):
        distributed.utils.get_mp_context().set_forkserver_preload(["distributed", "fysstk_nn.estimators"])
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as cluster:
            yield cluster


def test_the_result_does_not_depend_on_where_it_runs(cluster):
    model, X, y = search()
    here = model.fit(X, y)
    expected, best = scores(here), here.best_params_
    with joblib.parallel_config("loky", n_jobs=2):
        np.testing.assert_array_equal(scores(search()[0].fit(X, y)), expected)
    with distributed.Client(cluster.scheduler_address), joblib.parallel_config("dask"):
        there = search()[0].fit(X, y)
    np.testing.assert_array_equal(scores(there), expected)
    assert there.best_params_ == best


def test_a_worker_that_dies_does_not_lose_the_search(cluster):
    model, X, y = search(epochs=60, n_iter=8)
    expected = scores(model.fit(X, y))
    with distributed.Client(cluster.scheduler_address) as client:
        client.wait_for_workers(2)
        pids = list(client.run(os.getpid).values())
        killed = threading.Event()

        def kill_one():
            while not any(client.processing().values()):  # until the workers have something to do
                time.sleep(0.01)
            os.kill(pids[0], signal.SIGKILL)
            killed.set()

        killer = threading.Thread(target=kill_one, daemon=True)
        killer.start()
        with joblib.parallel_config("dask", scatter=[X, y]):  # each worker has its own copy of the data
            survived = search(epochs=60, n_iter=8)[0].fit(X, y)
        assert killed.wait(60), "the search was over before the worker could be killed"
        client.wait_for_workers(2)
        assert pids[0] not in client.run(os.getpid).values()
    np.testing.assert_array_equal(scores(survived), expected)
