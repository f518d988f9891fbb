"""The messages between grader, notebook and judge: a head in JSON and a body of bytes."""

import json
import struct
from typing import Any, BinaryIO

LARGEST_HEAD = 1024**2
LARGEST_BODY = 256 * 1024**2
LENGTHS = struct.Struct("<IQ")

Head = dict[str, Any]


class WireError(ValueError):
    """What arrived is no message."""


def send(stream: BinaryIO, head: Head, body: bytes = b"") -> None:
    """Write one message at once."""
    text = json.dumps(head).encode("ascii")
    stream.write(LENGTHS.pack(len(text), len(body)) + text + body)
    stream.flush()


def receive(stream: BinaryIO) -> tuple[Head, bytes] | None:
    """Read one message; None where the other side has ended.

    Raises
    ------
    WireError
        When the lengths are beyond all measure or the head is not a JSON object.
    """
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    head_size, body_size = LENGTHS.unpack(lengths)
    if head_size > LARGEST_HEAD or body_size > LARGEST_BODY:
        raise WireError(f"a message of {head_size} and {body_size} bytes")
    text, body = stream.read(head_size), stream.read(body_size)
    if len(text) < head_size or len(body) < body_size:
        return None
    try:
        head = json.loads(text)
    except (ValueError, RecursionError):
        raise WireError("a message whose head is not JSON") from None
    if not isinstance(head, dict):
        raise WireError("a message whose head is not an object")
    return head, body
