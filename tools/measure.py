"""Make the book's long measurements, and write each into book/measured.

    make measure                        all of them
    make measure NAME=deep-sigmoid      one, or several: NAME="deep-sigmoid double-descent"
    make measure NAME=--missing         those of which there is no file yet

What is measured is declared in tools/experiments. The runs go to joblib, one at a time without --jobs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from experiments import EXPERIMENTS, Experiment
from fysstk_book import measured


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the measurements that are asked for, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(EXPERIMENTS))
    parser.add_argument("--missing", action="store_true", help="those of which there is no file yet")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time; -1 for one on each core")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in EXPERIMENTS]:
        parser.error(f"there is no experiment {unknown[0]!r}; choose from {', '.join(EXPERIMENTS)}")
    names = options.names or list(EXPERIMENTS)
    if options.missing:
        names = [name for name in names if not (measured.folder() / f"{name}.json").is_file()]
    failures = [name for name in names if not measure(name, EXPERIMENTS[name], options.jobs)]
    if failures:
        print(f"not written: {', '.join(failures)}", file=sys.stderr)
    return len(failures) > 0


def measure(name: str, experiment: Experiment, jobs: int) -> bool:
    """Make one measurement and write it; return whether it could be written."""
    print(f"\n{name}: {experiment.decides}")
    begin = time.perf_counter()
    try:
        result = experiment.measure(jobs)
    except ValueError as error:  # the best value lies at the end of its grid, say
        print(f"{name}: {error}", file=sys.stderr)
        return False
    seconds = time.perf_counter() - begin
    measured.save(name, result, data=experiment.data, decides=experiment.decides, seconds=seconds)
    print(measured.load(name))
    return True


if __name__ == "__main__":
    sys.exit(main())
