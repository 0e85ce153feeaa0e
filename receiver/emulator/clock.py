"""The local Logpush's clock: it begins at any moment, and may run faster than the real one."""

import logging
from datetime import datetime, timedelta
from typing import Final

from receiver.clock import Clock

SPEED_MAX: Final = 100_000.0
"""A day in less than a second; no machine writes the batches of a faster one."""

AHEAD_MIN: Final = timedelta(seconds=1)
"""Less is no lead: the two clocks are not read at the same moment."""

_log = logging.getLogger(__name__)


class FastClock:
    """A clock that begins at `start` when it is made, and runs `speed` times as fast as `real`.

    Its seconds are its own: a sleep of 30 takes 30 / `speed` real ones.
    """

    def __init__(self, *, start: datetime, speed: float, real: Clock) -> None:
        self._start = start
        self._speed = speed
        self._real = real
        self._begun = real.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (self._real.monotonic() - self._begun) * self._speed

    async def sleep(self, seconds: float) -> None:
        await self._real.sleep(seconds / self._speed)

    @property
    def speed(self) -> float:
        """How many of its seconds pass in a real one."""
        return self._speed

    @property
    def warns(self) -> bool:
        """Whether it has passed the real time: what it dates now is rightly found implausible."""
        return self.now() > self._real.now() + AHEAD_MIN


async def warn_when_ahead(clock: FastClock) -> None:
    """Wait until the clock has passed the real time, and say so once."""
    while not clock.warns:
        await clock.sleep(clock.speed)
    _log.warning(
        "the clock has passed the real time, it is %s there: batches from now on come from the "
        "future, and a verifier finds them implausible; begin earlier (--start) or run slower "
        "(--speed)",
        f"{clock.now():%Y-%m-%d %H:%M} UTC",
    )
