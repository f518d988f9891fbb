"""IDX files, in which MNIST and its kin are handed out: found under all their names, and read."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fysstk_nn._validate import as_count, check_type

__all__ = ["find_idx", "read_idx"]

PLACES = ("", "raw", "MNIST/raw")
"""Where in a folder the files may lie; the last one is torchvision's."""


def find_idx(folder: Path, name: str, axes: int) -> Path:
    """Return the path of an IDX file of bytes.

    Parameters
    ----------
    folder : Path
        Where to look: here, in ``raw`` and in ``MNIST/raw``; each file may also lie in a folder of its own
        name, as archives of Kaggle unpack.
    name : str
        The first part of the file's name, ``"train-images"``.
    axes : int
        The number of axes, which the name goes on with: ``train-images-idx3-ubyte`` or
        ``train-images.idx3-ubyte``, with ``.gz`` or without.

    Raises
    ------
    FileNotFoundError
        If it is nowhere; the message says what is there.
    """
    check_type(folder, Path, "folder", "a Path")
    check_type(name, str, "name", "a string")
    axes = as_count(axes, "axes")
    names = [f"{name}{mark}idx{axes}-ubyte{ending}" for mark in "-." for ending in ("", ".gz")]
    for place in PLACES:
        for first in names:
            for path in (folder / place / first, *(folder / place / first / second for second in names)):
                if path.is_file():
                    return path
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {str(folder)!r}")
    there = ", ".join(sorted(p.name + "/" * p.is_dir() for p in folder.iterdir())[:8]) or "nothing"
    raise FileNotFoundError(f"{folder} holds no {names[0]}, packed (.gz) or not. It holds {there}")


def read_idx(path: Path, axes: int) -> npt.NDArray[np.uint8]:
    """Return the bytes of an IDX file as an array.

    The file begins with two zeros, 8 for "bytes", the number of axes, and the length of each axis in four
    bytes, the highest first; the numbers follow. Some programs write the header in the order of their
    machine, the lowest byte first: that is read as well. Whether the file is packed its first bytes say,
    for browsers unpack files and keep the name, or the reverse.

    Raises
    ------
    ValueError
        If the file is truncated, or is none of this kind.
    OSError
        If it cannot be read.
    """
    check_type(path, Path, "path", "a Path")
    axes = as_count(axes, "axes")
    content = _unpacked(path)
    start = 4 + 4 * axes
    magic = bytes([0, 0, 8, axes])
    if content[:4] not in (magic, magic[::-1]):
        raise ValueError(
            f"{path} is no IDX file of {_kind(axes)}: it {_beginning(content)}, not {magic.hex(' ')}"
        )
    if len(content) < start:
        raise ValueError(f"{path} is truncated: {len(content)} bytes, and its header alone takes {start}")
    order = ">u4" if content[:4] == magic else "<u4"
    shape = tuple(int(length) for length in np.frombuffer(content, order, axes, 4))
    expected = start + int(np.prod(shape, dtype=object))
    if len(content) != expected:
        what = "is truncated" if len(content) < expected else "holds more than it says"
        raise ValueError(f"{path} {what}: {len(content):,} bytes instead of {expected:,} for {shape}")
    if 0 in shape:
        raise ValueError(f"{path} is empty: its shape is {shape}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _unpacked(path: Path) -> bytes:
    """Return what a file holds, unpacked if it is packed."""
    content = path.read_bytes()
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} is truncated or damaged: it cannot be unpacked ({error})") from error


def _kind(axes: int) -> str:
    return {1: "labels", 3: "images"}.get(axes, f"{axes} axes")


def _beginning(content: bytes) -> str:
    """Say how a file begins, for those who saved something else under its name."""
    if content.lstrip()[:1] == b"<":
        return "is a web page: it begins with <"
    return f"begins with {content[:4].hex(' ') or 'nothing'}"
