"""Ctrl-C, noted instead of obeyed at once: a run then ends with a whole epoch, and nothing is lost."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Self


class Interrupts:
    """Notes the first Ctrl-C while it is open; a second one raises KeyboardInterrupt as usual.

    Where Python handles signals otherwise, or in another thread than the main one, it does nothing.

    Attributes
    ----------
    asked : bool
        Whether Ctrl-C, or the notebook's stop button, has been pressed.
    """

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
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        with contextlib.suppress(RuntimeError):  # Python was just writing there
            print("\nInterrupted: the run ends with this epoch. Once more ends it now.", file=sys.stderr)
