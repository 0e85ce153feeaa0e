"""A Watcher: looks at one place for new batches, and notes them in the ledger.

First started on a bucket that was there before, it takes up the days that are open, and nothing
older: history is for `verify`. Started again, it takes up what was open when it ended.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from random import Random
from typing import Final, TypeAlias

import msgspec

from receiver.clock import Clock
from receiver.daemon.days import Stretch, mark, stretches
from receiver.daemon.pace import Pace
from receiver.daemon.watcher_listing import Noting, StretchWatch
from receiver.errors import ConfigError, StoreError
from receiver.intake.alarm import Alarm
from receiver.ledger.ledger import Position
from receiver.limits import WATCH_MARK_SECONDS, WATCH_SKEW_SECONDS
from receiver.selection.target import Target
from receiver.store.store import Store

_SKEW: Final = timedelta(seconds=WATCH_SKEW_SECONDS)
_MARK: Final = timedelta(seconds=WATCH_MARK_SECONDS)

OpenStore: TypeAlias = Callable[[Target], AbstractAsyncContextManager[Store]]

_log = logging.getLogger(__name__)


class WatchState(msgspec.Struct, frozen=True, kw_only=True):
    """How the watching of one place is going."""

    place: str
    last_listed_at: datetime | None  # without an error, all of what is open
    last_arrival: datetime | None  # the store's time stamp of the newest batch found
    error: str  # why it, or a folder of it, cannot be listed now; "" while it can
    next_poll_at: datetime | None


class Watcher:
    """One place, looked at until it is cancelled.

    A store that fails is opened anew before the next look: keys may have been renewed. `on_new` is
    called with the place when something waits there that did not.
    """

    def __init__(
        self,
        target: Target,
        *,
        noting: Noting,
        open_: OpenStore,
        pace: Pace,
        lateness: timedelta,
        clock: Clock,
        random: Random,
        on_new: Callable[[str], None],
    ) -> None:
        self._target = target
        self._destination = target.destination
        self.place = target.destination.identity
        self._noting = noting
        self._open = open_
        self._pace = pace
        self._lateness = lateness
        self._clock = clock
        self._random = random
        self._on_new = on_new
        self._alarm = Alarm(clock)
        self._stretches: dict[str, StretchWatch] = {}
        self._watched_until: datetime | None = None
        self._marked_at: float | None = None
        self._last_listed_at: datetime | None = None
        self._next_poll_at: datetime | None = None
        self._error = self._reason = ""

    @property
    def _closed(self) -> str:
        return next((each.error for each in self._stretches.values() if each.error), "")

    @property
    def state(self) -> WatchState:
        """How it is going."""
        return WatchState(
            place=self.place,
            last_listed_at=self._last_listed_at,
            last_arrival=self._noting.last_arrival,
            error=self._error or self._closed,
            next_poll_at=self._next_poll_at,
        )

    def look_now(self) -> None:
        """Look at once, instead of when it is time."""
        self._alarm.ring()

    async def run(self) -> None:
        """Look again and again.

        Raises:
            LedgerInvalid: a person is needed.
        """
        watched = await self._noting.position(mark(self._destination))
        self._watched_until = watched.listed_at if watched else None
        while True:
            try:
                async with self._open(self._target) as store:
                    while True:
                        await self._wait(await self._look(store))
            except (StoreError, ConfigError) as error:
                self._fail(error)
            await self._wait(self._pace.failed())

    async def _look(self, store: Store) -> float:
        """Look at all that is open; return how long to wait then."""
        now, new, pages = self._clock.now(), 0, 0
        open_ = stretches(
            self._destination,
            watched_until=self._watched_until,
            now=now,
            lateness=self._lateness,
        )
        since = min(self._watched_until or now, now) - self._lateness - _SKEW
        for stretch in open_:
            found, listed = await self._of(stretch).look(store, stretch, since=since, now=now)
            new, pages = new + found, pages + listed
            if found:
                self._on_new(self.place)
        await self._close(open_, now)
        if self._error:
            _log.warning("%s: it can be listed again", self._destination)
            self._error = self._reason = ""
        self._last_listed_at = now
        return self._pace.looked(arrived=new, pages=pages)

    def _of(self, stretch: Stretch) -> StretchWatch:
        if stretch.prefix not in self._stretches:
            self._stretches[stretch.prefix] = StretchWatch(
                self._noting, clock=self._clock, random=self._random
            )
        return self._stretches[stretch.prefix]

    async def _close(self, looked_at: list[Stretch], now: datetime) -> None:
        """Forget the days that are over, and note until when the place was watched.

        One that cannot be looked into is not over: what lies there was never seen.
        """
        for stretch in looked_at:
            if not stretch.open and not self._stretches[stretch.prefix].error:
                del self._stretches[stretch.prefix]
        if self._closed and self._watched_until is not None:
            return
        self._watched_until = now
        monotonic = self._clock.monotonic()
        if (
            self._marked_at is None
            or monotonic - self._marked_at >= _MARK.total_seconds()
            or not all(stretch.open for stretch in looked_at)
        ):
            place_mark = Position(prefix=mark(self._destination), after="", listed_at=now)
            await self._noting.set_position(place_mark)
            self._marked_at = monotonic

    async def _wait(self, seconds: float) -> None:
        self._next_poll_at = self._clock.now() + timedelta(seconds=seconds)
        await self._alarm.wait(seconds)

    def _fail(self, error: StoreError | ConfigError) -> None:
        """Say why it cannot be listed: once, as long as the reason is the same."""
        reason = str(error.reason) if isinstance(error, StoreError) else str(error)
        if reason != self._reason:
            _log.warning("%s; it is tried again", error)
        self._error, self._reason = str(error), reason
