"""Build the book: run the chapters, check the equations, render the site, export the notebooks.

The site is made in a folder of its own and moved to _build/html when all of it is there. While a build
is under way, and after one that failed, _build/html does not exist; the last complete site then waits in
_build/html-previous.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import fcntl
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import check_pages
import check_yaml
import launch
from inputs import ROOT, digest, machine

BUILD = ROOT / "_build"
SITE = BUILD / "html"
PREVIOUS = BUILD / "html-previous"
DRAFT = BUILD / ".draft-site"  # always the same: Sphinx remembers it
RENDERED = BUILD / "rendered"
PARTS = "parts.json"
LEDGER = BUILD / "ledger.json"
NOTEBOOKS = BUILD / "notebooks"
COMPLETE = ".complete.json"
UNREACHABLE = re.compile("NameResolution|name resolution|Name or service|unreachable|No route")
SOURCES = (
    "_config.yml",
    "_toc.yml",
    "book",
    "src",
    "tests/equations",
    "tools",
    "requirements.txt",
    "pyproject.toml",
)
SHARED = (
    "_config.yml",
    "_toc.yml",
    "book/_ext",
    "book/_static",
    "book/paths.yml",
    "book/questions",
    "book/references.bib",
    "requirements.txt",
)
PROGRAMS = ("tools/render.py", "book/_ext/*.py", "src/fysstk_book/questions/**/*.py")  # make pages


class BuildError(Exception):
    """The book is not right; the message says where."""


def build() -> None:
    """Build the book, unless the site that stands was made from the very same sources."""
    sources = made_from()
    if is_complete(SITE, sources) and LEDGER.is_file():
        print("Nothing has changed since the last build.")
        show(SITE)
        return
    remove_leftovers()
    if SITE.exists():
        shutil.rmtree(PREVIOUS, ignore_errors=True)
        SITE.rename(PREVIOUS)
    check_sources()
    chapters = run_chapters()
    check_numbers(chapters)
    check_equations()
    try:
        DRAFT.mkdir()
        made = render_site(chapters, DRAFT)
        export_notebooks()
        publish(DRAFT, sources, made)
    finally:
        remove_leftovers()
    forget_old_outputs(chapters)
    show(SITE)


def made_from() -> str:
    """Return a hash of all that a site is made from now."""
    return digest(*SOURCES, extra=(*machine(), *addresses()))


def addresses() -> tuple[str, str]:
    """Return where the book's repository and its site are, or nothing for each."""
    try:
        return launch.repository(), launch.site()
    except ValueError as error:
        raise BuildError(str(error)) from None


def check_sources() -> None:
    """Fail for faults of the sources that are seen without running anything."""
    wrong = check_pages.problems() + check_yaml.problems()
    if wrong:
        raise BuildError("\n".join(wrong))


def pages() -> list[Path]:
    """Return the source files of the pages, in the order of the table of contents."""
    return [ROOT / f"{name}.md" for name in check_pages.contents()]


def run_chapters() -> list:
    """Run the chapters whose outputs are not at hand, two at a time; return them all."""
    import run_chapters as runner

    with step("Chapters") as note, runner.calm_environment() as sockets:
        chapters = runner.read_all(pages())
        stale = [chapter for chapter in chapters if not chapter.fresh]
        jobs = max(
            2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
        )
        complaints = runner.run_all(stale, sockets, jobs)
        if complaints:
            raise BuildError("\n".join(complaints))
        note(f"{len(stale)} run, {len(chapters) - len(stale)} unchanged")
    return chapters


def check_numbers(chapters: list) -> None:
    """Fail for numbers in the text that are not what the run found, and for new ones that no run holds."""
    import held_numbers
    from fysstk_book import held

    with step("Numbers") as note:
        complaints = held_numbers.complaints(pages(), chapters, ROOT)
        complaints += [line for page in pages() for line in held_numbers.too_many(page, ROOT)]
        if complaints:
            raise BuildError("\n".join(complaints))
        note(
            f"{sum(len(held.find(page.read_text(encoding='utf-8'))) for page in pages())} held to their runs"
        )


def check_equations() -> None:
    """Run the tests of the book's equations, but for the files that would pass again as they have passed."""
    import proofs

    with step("Equations") as note:
        stale = proofs.stale()
        if stale:
            places = [path.relative_to(ROOT).as_posix() for path in stale]
            workers = "2" if len(stale) > 3 else "0"  # they need a few seconds to start
            command = [sys.executable, "-m", "pytest", *places, "-q", "-n", workers, "-p", "no:cacheprovider"]
            environment = {**os.environ, proofs.VARIABLE: str(proofs.STORE)}
            tests = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
            if tests.returncode:
                wrong = "\n".join(equations_that_fail(tests.stdout))
                raise BuildError(
                    f"{tests.stdout}{tests.stderr}\nThe equations' tests do not pass:\n{wrong}".rstrip()
                )
            proofs.keep(stale)
        table = proofs.table()
        if unread := [row["label"] for row in table if row["reading"] is None]:
            raise BuildError(f"No test reads all of these by value, and none pins them: {', '.join(unread)}")
        write_whole(LEDGER, json.dumps(table, indent=1, ensure_ascii=False) + "\n")
        files = f"{len(stale)} files run" if stale else "unchanged"
        note(f"{len(table)} checked, {files}")


def equations_that_fail(said: str) -> list[str]:
    """Return page, line and reason of each equation that a test has found wrong, from what pytest said."""
    from fysstk_book import sources

    equations, found = sources.equations(ROOT), {}
    for label, reason in re.findall(r"^E +\w+: (eq-[\w-]+): (.+)$", said, re.MULTILINE):
        if label in equations:
            page = ROOT / "book" / f"{equations[label].page}.md"
            lines = page.read_text(encoding="utf-8").split("\n")
            line = next((i for i, text in enumerate(lines, 1) if text.endswith(f"$$ ({label})")), 1)
            found.setdefault(label, f"book/{page.name}:{line}: {label}: {reason}")
    return list(found.values())


def render_site(chapters: list, draft: Path) -> dict[str, str]:
    """Render the site into `draft`/html; every warning is an error. Return what it was made from.

    Pages that are made from the same as those of the last site are taken from there. As that one had no
    fault, each fault is shown again until it is mended.
    """
    from render import render
    from run_chapters import fill_cache

    with step("Site") as note:
        now = parts(chapters)
        changed = take_over(draft, now)
        fill_cache(chapters, draft / "cache")
        good = render(
            draft / "html",
            draft / "doctrees",
            sys.stderr,
            strict=True,
            changed=changed,
            nb_execution_mode="cache",
            nb_execution_cache_path=str(draft / "cache"),
        )
        if not good:
            raise BuildError("The site has the faults above; each of them fails the build.")
        note(f"{len(pages())} pages" if changed is None else f"{', '.join(changed)} and what depends on it")
    return now


def parts(chapters: list) -> dict[str, str]:
    """Return hashes of what each page is made from, by its name, and under "" of what all pages share.

    What else a page looks into, Sphinx has noted itself.
    """
    import depends
    from fysstk_book import exercises, sources

    shown = {chapter.source: chapter.notes["shown"] for chapter in chapters}
    found = {
        page.relative_to(ROOT).with_suffix("").as_posix(): digest(str(page), extra=[shown.get(page, "")])
        for page in pages()
    }
    proved = [row["label"] for row in json.loads(LEDGER.read_text("utf-8"))] if LEDGER.is_file() else []
    entries = [
        f"{one.kind} {one.label} {one.page} {one.number} {one.text if one.kind == 'equation' else ''}"
        for one in sources.entries(ROOT).values()
    ]
    titles = [page.title for page in sources.pages(ROOT)]
    tasks = [f"{one.id} {one.chapter} {one.checked}" for one in exercises.catalogue()]
    programs = [path for place in PROGRAMS for path in ROOT.glob(place)]
    code = depends.reach(programs)
    modules = [depends.fingerprint(path) for path in sorted(code)]
    printed = (*proved, *entries, *titles, *tasks)
    found[""] = digest(*SHARED, extra=(*machine(), *addresses(), *printed, *modules))
    return found


def take_over(draft: Path, now: dict[str, str]) -> list[str] | None:
    """Copy the last site and what Sphinx knows of it into `draft`; return which pages have changed since.

    Return None, and copy nothing, if it is of no use.
    """
    try:
        before = json.loads((RENDERED / PARTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    same_pages = before["parts"].keys() == now.keys() and before["parts"][""] == now[""]
    if not same_pages or not is_complete(PREVIOUS, before["sources"]):
        return None
    shutil.copytree(PREVIOUS, draft / "html", ignore=shutil.ignore_patterns("_static"))  # made each time
    shutil.copytree(RENDERED, draft, dirs_exist_ok=True)
    changed = [name for name in now if now[name] != before["parts"][name]]
    # What Sphinx finds itself comes on top. With no page at all it would leave the site half finished.
    return changed or [pages()[0].relative_to(ROOT).with_suffix("").as_posix()]


def export_notebooks() -> None:
    """Write the chapters as notebooks, with and without solutions."""
    if not (ROOT / "tools" / "notebooks.py").is_file():
        return
    import notebooks

    with step("Notebooks") as note:
        if problems := notebooks.write_both():
            raise BuildError("\n".join(["The notebooks could not be written:", "", *problems]))
        note(f"{len(list(NOTEBOOKS.glob('student/*.ipynb')))} for students, in _build/notebooks")


def publish(draft: Path, sources: str, made: dict[str, str]) -> None:
    """Move a finished site to its place; it says itself what it was made from and how large it is.

    What Sphinx knows of it is kept beside it, for the next build.
    """
    html = draft / "html"
    write_whole(html / COMPLETE, json.dumps({"sources": sources, "size": size(html)}))
    html.rename(SITE)
    shutil.rmtree(PREVIOUS, ignore_errors=True)
    shutil.rmtree(RENDERED, ignore_errors=True)
    shutil.rmtree(draft / "cache", ignore_errors=True)
    write_whole(draft / PARTS, json.dumps({"sources": sources, "parts": made}))
    draft.rename(RENDERED)


def forget_old_outputs(chapters: list) -> None:
    """Remove what earlier versions of the chapters printed and drew."""
    kept = {chapter.kept.stem for chapter in chapters}
    for path in {path for chapter in chapters for path in chapter.kept.parent.iterdir()}:
        if path.stem not in kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def is_complete(site: Path, sources: str) -> bool:
    """Tell whether `site` was made from `sources`, and all of it is still there."""
    try:
        made = json.loads((site / COMPLETE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return made == {"sources": sources, "size": size(site)}


def size(site: Path) -> list[int]:
    """Return the number of files of a site and of their bytes."""
    sizes = [p.stat().st_size for p in site.rglob("*") if p.is_file() and p.name != COMPLETE]
    return [len(sizes), sum(sizes)]


def write_whole(path: Path, text: str) -> None:
    """Replace a file in one step, or leave it as it is, with its date, if it says the same already."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    draft = path.with_name(f"{path.name}.tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def remove_leftovers() -> None:
    """Remove drafts, also those of builds that were killed."""
    for leftover in BUILD.glob(".draft-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def linkcheck() -> None:
    """Follow the links that leave the book; nothing is executed, and nothing else is looked at."""
    from render import render

    with tempfile.TemporaryDirectory(prefix="links-") as scratch:
        out, said = Path(scratch, "out"), io.StringIO()  # figures, and what refers to them, are missing here
        render(out, Path(scratch, "doctrees"), said, builder="linkcheck", nb_execution_mode="off")
        report = out / "output.json"
        if not report.is_file():
            raise BuildError(said.getvalue())
        links = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    links = [link for link in links if link["status"] not in {"ignored", "unchecked", "local"}]
    broken = [link for link in links if link["status"] in {"broken", "timeout"}]
    if broken and len(broken) == len(links) and all(UNREACHABLE.search(link["info"]) for link in broken):
        raise BuildError(f"No host of the {len(links)} links could be found: is there a network?")
    for link in broken:
        print(f"{link['filename']}:{link['lineno']}: {link['uri']}: {link['info']}")
    if broken:
        raise BuildError(f"{len(broken)} of {len(links)} links are broken.")
    print(f"All {len(links)} links lead somewhere.")


def show(site: Path) -> None:
    """Say where the book is."""
    print(f"Open {site / 'index.html'}")


@contextlib.contextmanager
def step(name: str) -> Iterator[Callable[[str], None]]:
    """Say what is being done, and at the end how it went and how long it took."""
    notes: list[str] = []
    print(f"{name} ...", flush=True)
    start = time.perf_counter()
    yield notes.append
    print(f"{name}: {' '.join(notes)} ({time.perf_counter() - start:.0f} s)", flush=True)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold the lock of the build folder, waiting for another build to end."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another `make book` in this folder ...", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def disk_is_full(error: BaseException | None) -> bool:
    """Tell whether a full disk is what caused `error`, however it was wrapped."""
    while error is not None:
        if getattr(error, "errno", None) == errno.ENOSPC or "disk is full" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def failed(reason: str, job: Callable[[], None]) -> int:
    """Say what went wrong, and that there is no new site; return the exit status of a failure."""
    print(f"\n{reason}", file=sys.stderr)
    if job is build:
        print("\nThe book was not built.", file=sys.stderr)
    if job is build and PREVIOUS.is_dir():
        print(f"The last complete one is in {PREVIOUS.relative_to(ROOT)}.", file=sys.stderr)
    sys.stderr.flush()
    return 1


def main() -> int:
    """Read the command line, build, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--linkcheck", action="store_true", help="only follow the links that leave the book")
    job = linkcheck if parser.parse_args().linkcheck else build
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` cleans up as Ctrl-C does
    try:
        with alone():
            job()
    except BuildError as failure:
        return failed(str(failure), job)
    except Exception as error:
        if not disk_is_full(error):
            raise
        return failed("The disk is full.", job)
    except KeyboardInterrupt:
        failed("Interrupted.", job)
        os._exit(130)  # at once: the threads that wait for a chapter would hold the process
    return 0


if __name__ == "__main__":
    sys.exit(main())
