"""How far a long command has come: a line on a terminal, and nothing where nobody watches."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from receiver.report.phrase import elided, visible

if TYPE_CHECKING:
    from rich.status import Status

_SPINNER_COLUMNS = 2
_ROOM_COLUMNS_MIN = 10


class Ticker:
    """Says where one is, on standard error; said anew, the line is replaced."""

    def __init__(self) -> None:
        self.watched = sys.stderr.isatty()
        self._status: Status | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def say(self, words: str, *, end: str = "") -> None:
        """Say it; where a line is too short for it, `end` stays whole."""
        if not self.watched:
            return
        from rich.console import Console  # only here: a pipe does not pay for it
        from rich.text import Text

        if self._status is None:
            self._status = Console(stderr=True).status("")
            self._status.start()
        room = self._status.console.width - _SPINNER_COLUMNS - len(end)
        self._status.update(Text(elided(visible(words), max(room, _ROOM_COLUMNS_MIN)) + end))
