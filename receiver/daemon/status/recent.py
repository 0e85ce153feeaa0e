"""Views kept for a moment: whether one person looks or thirty, the ledger is asked once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

from receiver.clock import Clock
from receiver.limits import STATUS_CALL_SECONDS, STATUS_KEPT, STATUS_KEPT_SECONDS

T = TypeVar("T")


class Recent:
    """Makes a value once for all who ask for it at about the same time; bounded."""

    def __init__(self, clock: Clock, *, seconds: float = STATUS_KEPT_SECONDS) -> None:
        self._clock = clock
        self._seconds = seconds
        self._kept: dict[Hashable, tuple[float, Any]] = {}
        self._turns: dict[Hashable, asyncio.Lock] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """Return what was made a moment ago, or make it; whoever asks meanwhile waits for it.

        Raises:
            TimeoutError: it is not there in STATUS_CALL_SECONDS.
        """
        turn = self._turns.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(STATUS_CALL_SECONDS), turn:
                kept = self._kept.get(key)
                if kept is not None and self._clock.monotonic() - kept[0] < self._seconds:
                    known: T = kept[1]
                    return known
                made = await make()
                self._kept.pop(key, None)
                self._kept[key] = (self._clock.monotonic(), made)
                return made
        finally:
            self._tidy()

    def _tidy(self) -> None:
        for key in list(self._kept)[:-STATUS_KEPT]:
            del self._kept[key]
        for key in [key for key, turn in self._turns.items() if not turn.locked()]:
            if key not in self._kept:
                del self._turns[key]
