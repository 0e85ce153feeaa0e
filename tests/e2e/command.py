"""The command as a user runs it: a process of its own, with pipes or a terminal around it."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

COMMAND = (sys.executable, "-m", "receiver.cli.main")
SECONDS_MAX = 60


class Ended(msgspec.Struct, frozen=True):
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def receiver(
    *arguments: str | Path, stdin: bytes = b"", environment: Mapping[str, str] | None = None
) -> Ended:
    """Run the command to its end, everything piped."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        timeout=SECONDS_MAX,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


class Terminal:
    """The command on a terminal of 80 columns."""

    def __init__(
        self, *arguments: str | Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self._process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", **(environment or {})},
        )
        os.close(slave)
        self.shown = ""

    def until(self, text: str) -> None:
        """Read until a text is shown."""
        for _ in self._pieces():
            if text in self.shown:
                return
        raise AssertionError(f"{text!r} was never shown, only {self.shown[-400:]!r}")

    def interrupt(self) -> None:
        """Do what Ctrl-C does to this process."""
        self._process.send_signal(signal.SIGINT)

    def end(self) -> int:
        """Read to the end; return the exit code."""
        for _ in self._pieces():
            pass
        os.close(self._master)
        return self._process.wait(SECONDS_MAX)

    def _pieces(self) -> Iterator[str]:
        deadline = time.monotonic() + SECONDS_MAX  # a spinner never falls silent
        while select.select([self._master], [], [], max(0, deadline - time.monotonic()))[0]:
            try:
                piece = os.read(self._master, 65536).decode(errors="replace")
            except OSError:  # all who held the other end are gone
                return
            if not piece:
                return
            self.shown += piece
            yield piece
        raise AssertionError(f"nothing more was shown: {self.shown[-400:]!r}")
