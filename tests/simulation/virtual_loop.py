"""An event loop on which nothing waits: when all wait for a time, it is that time.

`asyncio.sleep`, `asyncio.timeout` and the daemon's clock all go by it, so that a month passes as
fast as its work is done. While something is at work in a thread, time stands still.
"""

import asyncio
import selectors
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

_THREAD_SECONDS = 10.0  # real ones: what a thread does is done by then

Result = TypeVar("Result")


class _Selector(selectors.DefaultSelector):  # type: ignore[misc,valid-type,unused-ignore]
    """Waits for nothing but for threads; tells how long it would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.waited = 0.0
        self.outside = 0

    def select(self, timeout: float | None = None) -> list[Any]:
        if self.outside:
            return super().select(_THREAD_SECONDS if timeout is None or timeout > 0 else timeout)
        events = super().select(0)
        if not events and timeout is None:
            events = super().select(_THREAD_SECONDS)
            if not events:
                raise AssertionError("all wait for something that cannot come")
        if not events and timeout:
            self.waited += timeout
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time is what was waited for."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.waited

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Hold the time while something happens that is not of this loop."""
        self._virtual.outside += 1
        try:
            yield
        finally:
            self._virtual.outside -= 1


class LoopClock:
    """A machine's clock in that time; somebody may set it."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self.set_by = timedelta()

    def now(self) -> datetime:
        return self._start + self.set_by + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def simulate(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end, in no time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)
