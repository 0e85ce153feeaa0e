"""A clock on which nothing waits: sleeping moves it, and a server in another thread may read it."""

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 22, 12, 0, 0, 500_000, tzinfo=UTC)


class VirtualClock:
    """Time passes by sleeping only."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self.seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.seconds)

    def timestamp(self) -> float:
        """The same as seconds since 1970, as a server wants it."""
        return self.now().timestamp()

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)
