"""A command that serves until it is told to end: started, heard, and ended by signals."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from tests.e2e.command import Ended

SECONDS_MAX = 30.0


class Serving:
    """A running process; `url` is what its first line ends with."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.out: list[str] = []
        self.err: list[str] = []
        self._readers = [
            threading.Thread(target=keep.extend, args=(stream,), daemon=True)
            for keep, stream in ((self.out, process.stdout), (self.err, process.stderr))
        ]
        for reader in self._readers:
            reader.start()
        until(lambda: bool(self.out) or process.poll() is not None)
        assert self.out, self.err
        self.url = self.out[0].split()[-1].rstrip("/")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it as nobody expects."""
        self._process.kill()
        self._process.wait()

    def end_within(self, seconds: float, number: int) -> Ended:
        """End it by a signal, in the time that it promises."""
        begun = time.monotonic()
        self._process.send_signal(number)
        code = self._process.wait(SECONDS_MAX)
        assert time.monotonic() - begun < seconds
        for reader in self._readers:
            reader.join(SECONDS_MAX)
        return Ended(code, "".join(self.out), "".join(self.err))


@contextmanager
def started(
    command: Sequence[object], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run a command until the block is left."""
    process = subprocess.Popen(
        [*map(str, command)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def until(done: Callable[[], bool]) -> None:
    """Wait until something is so, as it has to be soon."""
    deadline = time.monotonic() + SECONDS_MAX
    while not done():
        assert time.monotonic() < deadline, "it has not become so"
        time.sleep(0.05)
