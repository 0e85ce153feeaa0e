"""The standard streams: they may be closed or full, or nobody may be at their other end."""

import logging
import os
import sys
from collections.abc import Iterable
from typing import Final, TextIO

from receiver.report.phrase import visible

NAME: Final = "logpush-receiver"


class Complaints(logging.Handler):
    """Says what modules log, above the progress bar where one is drawn."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say one record."""
        complain(self.format(record))


def prepare_streams() -> None:
    """Make the streams fit for any text, and give closed ones a place that swallows all.

    Else the next file or socket would take a closed one's number, and be printed into. Standard
    input stays None in `sys`, for whoever wants to read it shall know.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # it takes the lowest free one
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a TextIOWrapper


def complain(message: str) -> None:
    """Say on standard error what went wrong, in one line; below it only a caret and its text."""
    lines = message.splitlines() or [""]
    shown: list[str] = []
    if len(lines) > 2 and set(lines[-1].strip()) == {"^"}:  # a text and the caret below it
        lines, shown = lines[:-2], lines[-2:]
    words = " ".join(" ".join(lines).split())
    tell([f"{NAME}: {words}", *shown])  # if nobody is told, the exit code still tells


def tell(lines: Iterable[str]) -> None:
    """Say on standard error what a person may want to know and no script reads."""
    try:
        sys.stderr.write("".join(f"{visible(line)}\n" for line in lines))
        sys.stderr.flush()
    except OSError:  # nobody is there to be told
        silence(sys.stderr)


def silence(stream: TextIO) -> None:
    """Let a stream that cannot be written swallow all that is left in it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
