"""Waiting on an injected clock, until a time or until somebody rings."""

import asyncio

from receiver.clock import Clock


class Alarm:
    """One waits, others ring. What was rung while nobody waited ends the next wait at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """End the wait."""
        self._rung.set()

    async def wait(self, seconds: float) -> bool:
        """Wait so long at most; tell whether it was rung."""
        if not self._rung.is_set():
            ends = (
                asyncio.ensure_future(self._rung.wait()),
                asyncio.ensure_future(self._clock.sleep(seconds)),
            )
            try:
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for end in ends:
                    end.cancel()
        rung = self._rung.is_set()
        self._rung.clear()
        return rung
