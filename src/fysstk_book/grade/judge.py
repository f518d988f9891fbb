"""Judges answers in a process that never runs a line of a student's: inputs go out, plain values come in."""

import hashlib
import os
import re
import sys
from pathlib import Path
from typing import BinaryIO

from fysstk_book.grade import handover
from fysstk_book.grade.reading import NotANotebookError, read_cells
from fysstk_book.grade.wire import Head, receive, send

# Words that an honest answer has no use for, and somebody who wants another verdict has.
INSIDES = re.compile(
    r"""fysstk_book\s*\.\s*(?:grade|exercises)|fysstk_book\s*\.\s*check\s*\.\s*\w+
    |\bfrom\s+fysstk_book(?:\.check)?\s+import\s+[^\n#]*\b(?:grade|exercises|diagnosis|running|state|record|case)\b
    |\b_getframe\b|\bf_back\b|\bsettrace\b|\bsetprofile\b|\bget_referrers\b|\bget_objects\b|\baddaudithook\b
    |\bctypes\b|\b_posixsubprocess\b|/proc/|\bos\._exit\b|\batexit\b|__closure__|\bcell_contents\b
    |\bco_code\b|\bcheck\s*\.\s*__\w+__|\bmemfd_create\b|\bptrace\b""",
    re.VERBOSE,
)


# What was said to each answer: a wrong one takes up to a second to recognise, and many students give it.
VERDICTS: dict[tuple[str, bytes], Head] = {}


def scan(path: Path) -> Head:
    """Return what in a notebook touches the insides of the checker or of Python, or why it is no notebook."""
    try:
        cells = read_cells(path)
    except (NotANotebookError, OSError) as error:
        return {"unreadable": str(error)}
    found: dict[str, int] = {}
    for number, source in enumerate(cells, start=1):
        for match in INSIDES.finditer(source):
            found.setdefault(" ".join(match[0].split()), number)
    return {"found": [f"{words} in code cell {number}" for words, number in found.items()]}


def reply(head: Head, body: bytes) -> tuple[Head, bytes]:
    """Answer one question of the grader's."""
    question, id = head.get("ask"), head.get("exercise")
    if question == "scan":
        return scan(Path(os.fsdecode(bytes.fromhex(head["path"])))), b""
    try:
        if not isinstance(id, str):
            raise LookupError("an exercise is named by a text")
        if question == "task":
            return {}, handover.task(id)
        same = id, hashlib.sha256(body).digest()
        if same not in VERDICTS:
            VERDICTS[same] = handover.as_json(handover.judged(id, body))
        return VERDICTS[same], b""
    except LookupError as error:
        return {"unknown": str(error.args[0]) if error.args else "?"}, b""
    except Exception as error:
        return {"trouble": f"{type(error).__name__}: {error}"[:300]}, b""


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer questions until there are no more."""
    while (message := receive(questions)) is not None:
        send(answers, *reply(*message))


def main() -> int:  # pragma: no cover - runs in the judge's process
    """Serve on a copy of stdout, so that nothing printed by the way disturbs the messages."""
    from fysstk_book.grade.guard import be_private

    be_private()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers)
    return 0


if __name__ == "__main__":  # pragma: no cover - as above
    sys.exit(main())
