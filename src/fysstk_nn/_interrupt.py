"""Ctrl-C, noted instead of obeyed at once: a run then ends with a whole epoch, and nothing is lost."""

from __future__ import annotations

import contextlib
import math
import signal
import sys
import threading
import time
from types import FrameType, TracebackType
from typing import ClassVar, Self


class Interrupts:
    """Notes the first Ctrl-C while it is open; a second one soon after raises KeyboardInterrupt as usual.

    That holds from one run to the next: who wants a loop over short runs to end presses it twice. Where
    Python handles signals otherwise, or in another thread than the main one, all of it does nothing.

    Attributes
    ----------
    asked : bool
        Whether Ctrl-C, or the notebook's stop button, has been pressed.
    """

    SOON: ClassVar[float] = 10.0
    """How many seconds later a second Ctrl-C is still the second one."""

    last: ClassVar[float] = -math.inf
    asked = False

    def __enter__(self) -> Self:
        usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        self.active = usual and threading.current_thread() is threading.main_thread()
        if self.active:
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.active:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        """Take the signal."""
        before, Interrupts.last = Interrupts.last, time.monotonic()
        if self.asked or Interrupts.last - before < self.SOON:
            raise KeyboardInterrupt
        self.asked = True
        with contextlib.suppress(RuntimeError):  # Python was just writing there
            print(
                "\nInterrupted: the run ends with this epoch. Once more ends everything now.", file=sys.stderr
            )
