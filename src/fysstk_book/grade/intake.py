"""Finds out who returned what, in a folder or an archive as learning platforms hand them out."""

import os
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from fysstk_book.grade.table import readable

# How platforms name what they hand out: a file `name_LATE_12345_67890_file.ipynb` (Canvas), a folder
# `Name_12345_assignsubmission_file_` or a file that begins so (Moodle).
PRESETS = {
    "moodle": r"(?P<student>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)(?:_(?P<file>.*))?",
    "canvas": r"(?P<student>[^_]+)(?P<late>_LATE)?_(?P<id>\d+)_\d+_(?P<file>.+)",
    "folders": r"(?!)",  # matches nothing: a student is a folder, or a file
}
NOTEBOOK = re.compile(
    r"(?P<stem>.*)\.ipynb(?: ?\(\d+\))?(?:\.(?:txt|json|download))?", re.IGNORECASE | re.DOTALL
)
JUNK = re.compile(
    r"\..*|__MACOSX|__pycache__|Thumbs\.db|ehthumbs\.db|desktop\.ini|Icon\r|\$RECYCLE\.BIN|System Volume.*"
    r"|~\$.*|.*~|.*\.tmp|.*\.results",
    re.IGNORECASE | re.DOTALL,
)
MOST_FILES, MOST_BYTES, DEEPEST = 5000, 500 * 1024**2, 3
A_LINK = "it is a link, and links are not followed"


@dataclass(frozen=True)
class File:
    """One file that was returned, and the name under which the notebook finds it."""

    path: Path
    name: str


@dataclass
class Submission:
    """What one student returned; `faults` are names and what is wrong with them, `late` what is late."""

    student: str
    id: str = ""
    files: list[File] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    late: list[str] = field(default_factory=list)

    @property
    def notebooks(self) -> list[str]:
        """The names of the notebooks among the files."""
        return [file.name for file in self.files if NOTEBOOK.fullmatch(PurePosixPath(file.name).name)]


@dataclass
class Found:
    """Everybody who returned something, sorted by name, and what belongs to nobody, with the reason."""

    submissions: list[Submission] = field(default_factory=list)
    ignored: list[tuple[str, str]] = field(default_factory=list)


def pattern(names: str) -> re.Pattern[str]:
    """Return the pattern of file names: that of a preset, of all presets, or one of your own.

    Raises
    ------
    ValueError
        When your own is no regular expression with a group called `student`.
    """
    if names == "auto":
        names = "|".join(
            re.sub(r"\(\?P<(\w+)>", rf"(?P<\1_{i}>", text) for i, text in enumerate(PRESETS.values())
        )
    names = PRESETS.get(names, names)
    try:
        compiled = re.compile(names, re.DOTALL)
    except re.error as error:
        raise ValueError(f"--names: {names!r} is no regular expression: {error}") from None
    if not any(group.startswith("student") for group in compiled.groupindex) and names != PRESETS["folders"]:
        raise ValueError(f"--names: {names!r} has no group (?P<student>...)")
    return compiled


def collect(source: Path, scratch: Path, names: str = "auto") -> Found:
    """Find all submissions in a folder, or in an archive of all; archives are unpacked into `scratch`.

    Raises
    ------
    NotADirectoryError
        When `source` is neither a folder nor a zip archive.
    ValueError
        When `names` is neither a preset nor a pattern.
    """
    form = pattern(names)
    unpacking = _Unpacking(scratch)
    root = source
    if source.is_file() and zipfile.is_zipfile(source):
        root, faults = unpacking.open(source)
        inside = list(root.iterdir())
        if len(inside) == 1 and inside[0].is_dir() and not form.fullmatch(inside[0].name):
            root = inside[0]
        found = Found(ignored=faults)
    elif source.is_dir():
        found = Found()
    else:
        raise NotADirectoryError(f"{source} is neither a folder nor a zip archive")
    by_key: dict[str, Submission] = {}
    for entry in sorted(root.iterdir(), key=lambda path: path.name):
        _take(entry, form, unpacking, by_key, found.ignored)
    found.submissions = sorted(by_key.values(), key=lambda one: (one.student.casefold(), one.student, one.id))
    counts: dict[str, int] = {}
    for one in found.submissions:
        counts[one.student] = counts.get(one.student, 0) + 1
    for one in found.submissions:
        if counts[one.student] > 1:  # two people of one name
            one.student = f"{one.student} ({one.id or 'no number'})"
    return found


def _take(
    entry: Path,
    form: re.Pattern[str],
    unpacking: "_Unpacking",
    by_key: dict[str, Submission],
    ignored: list[tuple[str, str]],
) -> None:
    """Add one entry of the folder to its student's submission, or to what is ignored."""
    if JUNK.fullmatch(entry.name):
        ignored.append((readable(entry.name), "left there by a system or an editor"))
        return
    said = _groups(form.fullmatch(entry.name))
    notebook = NOTEBOOK.fullmatch(entry.name)
    is_zip = entry.suffix.lower() == ".zip"
    is_folder = entry.is_dir() and not entry.is_symlink()
    if not said and not (notebook or is_zip or entry.is_dir()):
        ignored.append((readable(entry.name), "neither a folder, a notebook nor a zip archive"))
        return
    student = said.get("student") or (notebook["stem"] if notebook else entry.stem if is_zip else entry.name)
    student, id = readable(student), said.get("id", "")
    one = by_key.setdefault(f"{id}\0" if id else student, Submission(student, id))
    inner = said.get("file") or entry.name
    if entry.is_symlink():
        one.faults.append((readable(entry.name), A_LINK))
        return
    before = len(one.files)
    if is_folder:
        _walk(entry, "", one, unpacking, 0)
    elif is_zip:
        _unzip(entry, "", one, unpacking, 0)
    else:
        _add(entry, inner, one)
    if said.get("late"):
        one.late += [file.name for file in one.files[before:] if file.name in one.notebooks]


def _groups(match: re.Match[str] | None) -> dict[str, str]:
    """Return what a pattern found; in the pattern of all presets, the groups carry a number."""
    found = match.groupdict() if match else {}
    return {name.split("_")[0]: text for name, text in found.items() if text}


def _add(path: Path, name: str, one: Submission) -> None:
    """Add a file; one of the same name gets a folder of its own."""
    taken = {file.name for file in one.files}
    number, unique = 1, name
    while unique in taken:
        number += 1
        unique = f"{number}/{name}"
    one.files.append(File(path, unique))


def _walk(folder: Path, prefix: str, one: Submission, unpacking: "_Unpacking", depth: int) -> None:
    """Add all files of a folder, at any depth; links are passed over."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        one.faults.append((readable(prefix or folder.name), f"it cannot be read: {error.strerror}"))
        return
    for entry in entries:
        name, path = prefix + entry.name, Path(entry.path)
        if JUNK.fullmatch(entry.name):
            continue
        if entry.is_symlink():
            one.faults.append((readable(name), A_LINK))
        elif entry.is_dir(follow_symlinks=False):
            _walk(path, name + "/", one, unpacking, depth)
        elif path.suffix.lower() == ".zip":
            _unzip(path, prefix, one, unpacking, depth)
        elif len(one.files) >= MOST_FILES:
            one.faults.append((readable(name), f"more than {MOST_FILES} files"))
            return
        elif entry.is_file(follow_symlinks=False):
            _add(path, name, one)


def _unzip(path: Path, prefix: str, one: Submission, unpacking: "_Unpacking", depth: int) -> None:
    """Add what is in an archive, as if it had been unpacked where it lies."""
    if depth >= DEEPEST:
        one.faults.append((readable(path.name), "an archive in an archive in an archive"))
        return
    folder, faults = unpacking.open(path)
    one.faults += faults
    _walk(folder, prefix, one, unpacking, depth + 1)


class _Unpacking:
    """Unpacks archives into folders of their own, within limits, and never outside of them."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.number = 0

    def open(self, path: Path) -> tuple[Path, list[tuple[str, str]]]:
        """Return the folder with an archive's files, and what could not be unpacked."""
        self.number += 1
        folder = self.scratch / str(self.number)
        folder.mkdir(parents=True)
        faults: list[tuple[str, str]] = []
        try:
            with zipfile.ZipFile(path) as archive:
                left = MOST_BYTES
                for member, parts in self._members(archive, faults):
                    target = folder.joinpath(*parts)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(member) as source, target.open("wb") as file:
                        while part := source.read(min(left + 1, 1024**2)):
                            left -= len(part)
                            if left < 0:
                                raise ValueError(f"it holds more than {MOST_BYTES // 1024**2} MB")
                            file.write(part)
        except Exception as error:  # zipfile raises all kinds of errors on archives that are damaged
            faults.append((readable(path.name), f"the archive cannot be unpacked: {error}"[:200]))
        return folder, faults

    def _members(
        self, archive: zipfile.ZipFile, faults: list[tuple[str, str]]
    ) -> Iterator[tuple[zipfile.ZipInfo, list[str]]]:
        """Go through the files of an archive that may be unpacked, with the parts of their paths."""
        for count, member in enumerate(archive.infolist()):
            if count > MOST_FILES:
                raise ValueError(f"it holds more than {MOST_FILES} files")
            parts = member.filename.replace("\\", "/").split("/")
            if member.is_dir() or any(JUNK.fullmatch(part) for part in parts if part not in ("", ".", "..")):
                continue
            if stat.S_ISLNK(member.external_attr >> 16):
                faults.append((readable(member.filename), A_LINK))
            elif ".." in parts or member.filename.startswith(("/", "\\")) or ":" in parts[0]:
                faults.append((readable(member.filename), "its name leads out of the archive"))
            elif member.flag_bits & 1:
                faults.append((readable(member.filename), "it is encrypted"))
            else:
                yield member, [part for part in parts if part not in ("", ".")]
