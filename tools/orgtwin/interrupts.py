"""Ctrl-C and SIGTERM for the command line: exit codes 130 and 143, as a shell tells them, and never a trace.

end_at_once()       while modules are imported: there is nothing to tidy up
raise_interrupts()  from then on Ctrl-C raises KeyboardInterrupt, SIGTERM SystemExit, so that `finally` ends what was started
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM


def end_at_once() -> None:
    """Ctrl-C ends the process, even inside an import that would swallow an exception."""
    signal.signal(signal.SIGINT, _end)


def raise_interrupts() -> None:
    """Python's own way again, if `end_at_once` was asked for; otherwise whoever called has handlers of his own."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGTERM, _exit)
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(_number: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)


def _exit(_number: int, _frame: FrameType | None) -> None:
    sys.exit(TERMINATED)
