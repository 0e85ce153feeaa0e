"""A spinner while something is waited for; where nobody watches, a line when the reason changes."""

import sys
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from receiver.cli.streams import complain
from receiver.clock import Clock
from receiver.report.phrase import elided, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

_SPINNER_COLUMNS = 2
_ROOM_COLUMNS_MIN = 10


class Spinner:
    """Says what is waited for, and until when."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._status: Status | None = None
        self._said = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._status:
            self._status.stop()

    def say(self, words: str, seconds_left: float) -> None:
        """Say it; `words` are a clause: "no challenge in gs://b/logs yet"."""
        until = self._clock.now() + timedelta(seconds=seconds_left)
        if not sys.stderr.isatty():
            if words != self._said:
                complain(f"{words}; waiting until {until:%H:%M:%S} UTC")
            self._said = words
            return
        if self._status is None:
            console = _console()
            self._status = console.status("")
            self._status.start()
        end = f" (until {until:%H:%M:%S} UTC)"
        room = max(self._status.console.width - _SPINNER_COLUMNS - len(end), _ROOM_COLUMNS_MIN)
        from rich.text import Text

        self._status.update(Text(elided(visible(words), room) + end))


def _console() -> "Console":
    """Rich is loaded only here: a script in a pipe does not pay for it."""
    from rich.console import Console

    return Console(stderr=True)
