"""The command `python -m fysstk_book.grade`."""

import argparse
import collections
import sys
import tempfile
from pathlib import Path

from tqdm import tqdm

from fysstk_book.grade import intake, points, report, sandbox, table
from fysstk_book.grade.course import Way, grade_all
from fysstk_book.grade.journal import Journal
from fysstk_book.grade.sandbox import Limits, ProtectionError
from fysstk_book.grade.table import readable


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    usual = Limits()
    reader = argparse.ArgumentParser(
        prog="python -m fysstk_book.grade",
        description="Run all checks in a folder of returned notebooks and write a table as CSV.",
    )
    add = reader.add_argument
    add("folder", type=Path, help="one folder or one notebook for each student, or a zip archive of all")
    add("-o", "--output", type=Path, default=Path("table.csv"), help="the table (%(default)s)")
    add("-j", "--jobs", type=int, default=1, help="notebooks at a time (%(default)d)")
    add("--names", default="auto", metavar="HOW", help="how files are named: auto, folders, canvas, moodle, "
        "or a regular expression with the group (?P<student>...) (%(default)s)")  # fmt: skip
    add("--dry-run", action="store_true", help="only say who was found and what is ignored")
    add("--fresh", action="store_true", help="grade everybody anew, also who was graded before")
    add("--points", type=Path, metavar="CSV", help="what the exercises are worth: exercise,points")
    add("--roster", type=Path, metavar="CSV", help="the list of the course, as Canvas or Moodle exports it")
    add("--assignment", default="Week 41", help="the name of the points in Canvas (%(default)s)")
    add("--report", type=Path, metavar="HTML", help="a page for the lecture, with the commonest mistakes")
    add("--seconds", type=float, default=usual.seconds, help="for a notebook (%(default)g)")
    add("--cell-seconds", type=float, default=usual.cell_seconds, help="for one cell (%(default)g)")
    add("--megabytes", type=int, default=usual.megabytes, help="of memory for a notebook (%(default)d)")
    add("--disk", type=int, default=usual.disk, help="megabytes that a notebook may write (%(default)d)")
    add("--protection", default="auto", choices=("auto", *sandbox.PROTECTIONS), help="(%(default)s)")
    return reader


def main(arguments: list[str] | None = None) -> int:
    """Grade a folder; return the exit code: 0, 2 for a wrong command line, 130 where Ctrl-C stopped it."""
    reader = parser()
    options = reader.parse_args(arguments)
    try:
        return _grade(options)
    except (OSError, ValueError, ProtectionError) as error:
        print(f"{reader.prog}: {readable(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            f"\nStopped. What was graded is kept in {_results(options)}; the same command goes on there.",
            file=sys.stderr,
        )
        return 130


def _results(options: argparse.Namespace) -> Path:
    """Return the folder of results that belongs to a table."""
    output: Path = options.output
    return output.with_suffix(".results")


def _grade(options: argparse.Namespace) -> int:
    """Do what the command line says."""
    with tempfile.TemporaryDirectory(prefix="returned-", ignore_cleanup_errors=True) as scratch:
        found = intake.collect(options.folder, Path(scratch), options.names)
        people = points.read_roster(options.roster) if options.roster else []
        worth = points.read_points(options.points) if options.points else {}
        persons, strangers = points.match(people, found.submissions)
        for name, reason in found.ignored:
            _tell(f"ignored: {name}: {reason}")
        if people:
            _tell(f"{len(persons)} of {len(people)} on the list returned something")
        for student in strangers if people else ():
            _tell(f"not on the list: {student}")
        if options.dry_run:
            for one in found.submissions:
                print(_describe(one))
            print(f"{len(found.submissions)} students. Nothing was run.")
            return 0
        for place in (options.output, options.report):
            if place:
                table.try_place(place)
        protection = sandbox.choose(options.protection)
        _tell(f"Protection: {sandbox.WORDS[protection]}.")
        kept = Journal(_results(options))
        kept.start(fresh=options.fresh)
        limits = Limits(options.seconds, options.cell_seconds, options.megabytes, options.disk)
        with tqdm(total=len(found.submissions), unit="student", file=sys.stderr) as bar:
            rows = grade_all(
                found.submissions, Way(limits, protection, options.jobs), kept, _tell, lambda: bar.update()
            )
    rows += points.absent(people, persons)
    _write(options, rows, people, persons, worth)
    return 0


def _tell(line: str) -> None:
    """Say something above the progress bar."""
    tqdm.write(line.encode(sys.stderr.encoding or "utf-8", "replace").decode(sys.stderr.encoding or "utf-8"),
               file=sys.stderr)  # fmt: skip


def _describe(one: intake.Submission) -> str:
    """Say what was found of one student."""
    others = len(one.files) - len(one.notebooks)
    said = [", ".join(readable(name) for name in one.notebooks) or "no notebook"]
    said += [f"{others} other file{'s' * (others != 1)}"] if others else []
    said += [f"late: {readable(name)}" for name in one.late]
    said += [f"{name}: {words}" for name, words in one.faults]
    return f"{one.student}: {'; '.join(said)}"


def _write(
    options: argparse.Namespace,
    rows: list[table.Row],
    people: list[points.Person],
    persons: dict[str, points.Person],
    worth: dict[str, float],
) -> None:
    """Write the table, and whatever else was asked for; say where it is."""
    output: Path = options.output
    verdicts = collections.Counter(row.verdict for row in rows)
    counted = ", ".join(f"{n} {name}" for name, n in verdicts.most_common())
    print(f"{table.write_table(rows, output)}: {len(rows)} rows. {counted}")
    if worth:
        scores = points.score(rows, worth)
        students = list(dict.fromkeys(row.student for row in rows if row.verdict != "nothing returned"))
        lines = points.overview(scores, students)
        print(table.write_rows(lines, output.with_stem(f"{output.stem}-points")))
        platform = points.for_platform(scores, people, persons, options.assignment) if people else None
        if platform:
            name, lines = platform
            print(f"{table.write_rows(lines, output.with_stem(f'{output.stem}-{name}'))}, for {name.title()}")
    if options.report:
        print(table.write_whole(options.report, report.page(rows).encode()))


if __name__ == "__main__":  # pragma: no cover - `main` is what the tests call
    sys.exit(main())
