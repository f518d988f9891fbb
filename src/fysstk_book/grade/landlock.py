"""Closes the rest of the disk to a process, by Linux's Landlock: where namespaces are forbidden."""

import contextlib
import ctypes
import os
import stat
from collections.abc import Iterable, Iterator

from fysstk_book.grade import linux

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
TRUNCATE, IOCTL = 1 << 14, 1 << 15
# How many rights over files each version of Landlock knows: all bits below this one.
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scope", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("place", ctypes.c_int32))


def version() -> int:
    """Return the version of Landlock that this kernel offers, 0 for none."""
    try:
        return linux.call("syscall", linux.SYS_LANDLOCK, None, 0, 1)
    except OSError:
        return 0


def enter(  # pragma: no cover - runs in the guard's child
    read: Iterable[str], write: Iterable[str], without: str
) -> None:
    """From now on, this process and its children read and write in these places only.

    In the folder `without`, somewhere below one of them, they see the names and read `__init__.py`.

    They also connect to nothing by TCP and send no signals outside, where the kernel can forbid it.

    Raises
    ------
    OSError
        When the kernel does not offer Landlock.
    """
    known = version()
    if not known:
        raise OSError("this kernel does not offer Landlock")
    every = (1 << FILE_RIGHTS[min(known, 5)]) - 1
    rules = _Ruleset(every, 3 if known >= 4 else 0, 3 if known >= 6 else 0)
    size = 24 if known >= 6 else 16 if known >= 4 else 8
    ruleset = linux.call("syscall", linux.SYS_LANDLOCK, ctypes.byref(rules), size, 0)
    read = list(read)
    parts = [part for path in read for part in all_but(path, without)]
    look = READ_DIR  # Python lists the folders that it imports from
    for places, rights in ((parts, EXECUTE | READ_FILE | READ_DIR), (read, look), (write, every)):
        for path in places:
            with contextlib.suppress(FileNotFoundError):
                _allow(ruleset, path, rights & every)
    linux.no_new_rights()
    linux.call("syscall", linux.SYS_LANDLOCK + 2, ruleset, 0)
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:  # pragma: no cover - as above
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= OF_FILES
        if not rights:
            return
        rule = _Beneath(rights, place)
        linux.call("syscall", linux.SYS_LANDLOCK + 1, ruleset, 1, ctypes.byref(rule), 0)
    finally:
        os.close(place)


def all_but(folder: str, without: str) -> Iterator[str]:
    """List the parts of a folder that together are all of it except one folder inside."""
    if folder == without:
        yield os.path.join(folder, "__init__.py")
    elif without.startswith(folder.rstrip("/") + "/"):
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            yield from all_but(entry.path, without)
    else:
        yield folder
