"""The command `python -m fysstk_book.grade`."""

import argparse
import collections
import sys
from pathlib import Path

from fysstk_book.grade import Limits, grade_folder, write_table


def main(arguments: list[str] | None = None) -> int:
    """Grade a folder; return the exit code."""
    usual = Limits()
    parser = argparse.ArgumentParser(
        prog="python -m fysstk_book.grade",
        description="Run all checks in a folder of returned notebooks and write a table as CSV.",
    )
    parser.add_argument("folder", type=Path, help="one folder or one notebook for each student")
    parser.add_argument("-o", "--output", type=Path, default=Path("table.csv"), help="the table (table.csv)")
    parser.add_argument("-j", "--jobs", type=int, default=1, help="notebooks at a time (1)")
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="for a notebook (%(default)g)")
    parser.add_argument(
        "--cell-seconds", type=float, default=usual.cell_seconds, help="for one cell (%(default)g)"
    )
    parser.add_argument("--megabytes", type=int, default=usual.megabytes, help="of memory (%(default)d)")
    options = parser.parse_args(arguments)
    limits = Limits(options.seconds, options.cell_seconds, options.megabytes)
    try:
        rows = grade_folder(options.folder, limits, options.jobs, lambda line: print(line, file=sys.stderr))
        write_table(rows, options.output)
    except OSError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    verdicts = collections.Counter(row.verdict for row in rows)
    print(
        f"{options.output}: {len(rows)} rows. "
        + ", ".join(f"{n} {name}" for name, n in verdicts.most_common())
    )
    return 0


if __name__ == "__main__":  # pragma: no cover - `main` is what the tests call
    sys.exit(main())
