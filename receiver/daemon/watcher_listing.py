"""One look at one stretch of a place: listed, and what is new noted in the ledger."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Final

from receiver.batch.name import read_name, reason_to_ignore
from receiver.clock import Clock
from receiver.daemon.days import Stretch, resume_key
from receiver.daemon.pace import walk_seconds
from receiver.daemon.watcher_memory import Remembered
from receiver.intake.insistence import Insistence
from receiver.intake.steps import At, Step
from receiver.ledger.ledger import Ledger, Position
from receiver.limits import (
    WATCH_MARGIN_SECONDS,
    WATCH_SKEW_SECONDS,
    WATCH_UNLISTED_MAX,
    WATCH_WALK_PAGES,
)
from receiver.store.store import Object, Page, Store, Unlisted

_MARGIN: Final = timedelta(seconds=WATCH_MARGIN_SECONDS)
_SKEW: Final = timedelta(seconds=WATCH_SKEW_SECONDS)

_log = logging.getLogger(__name__)


class Noting:
    """What a place's looks have in common: which objects are its batches, and where it is noted."""

    def __init__(
        self,
        place: str,
        *,
        ledger: Ledger,
        insistence: Insistence,
        remembered: Remembered,
        taken: Callable[[str], bool],
        at: At,
    ) -> None:
        self._place = place
        self._ledger = ledger
        self._insistence = insistence
        self._remembered = remembered
        self._taken = taken
        self._at = at
        self._unlisted: set[str] = set()
        self.last_arrival: datetime | None = None

    async def note(self, page: Page, *, since: datetime | None, now: datetime) -> int:
        """Note what of a page is a batch of this place; return how many the ledger did not know."""
        self._at(Step.LISTED)
        self._tell(page.unlisted)
        batches = [
            obj
            for obj in self._remembered.new(self._place, page.objects)
            if self._is_batch(obj.key) and (since is None or obj.arrived_at >= since)
        ]
        if not batches:
            return 0
        new = await self._insistence.ask(lambda: self._ledger.see(self._place, batches, now=now))
        self._at(Step.SEEN)
        self._remembered.add(self._place, batches)
        if new:
            arrived = max(obj.arrived_at for obj in batches)
            self.last_arrival = max(self.last_arrival or arrived, arrived)
        return new

    async def position(self, prefix: str) -> Position | None:
        """Return how far a prefix was listed, by whichever daemon."""
        return await self._insistence.ask(lambda: self._ledger.position(self._place, prefix))

    async def set_position(self, position: Position) -> None:
        """Note how far a prefix was listed."""
        await self._insistence.ask(lambda: self._ledger.set_position(self._place, position))
        self._at(Step.POSITIONED)

    def _is_batch(self, key: str) -> bool:
        return reason_to_ignore(key) is None and not self._taken(key)

    def closed_folder(self, page: Page) -> str:
        """Return why a folder that may hold batches cannot be looked into; "" if all can."""
        return next((each.error for each in page.unlisted if self._may_hold(each)), "")

    def _may_hold(self, unlisted: Unlisted) -> bool:
        return unlisted.key.endswith("/") and not self._taken(unlisted.key)

    def _tell(self, unlisted: tuple[Unlisted, ...]) -> None:
        """Tell once of what cannot be looked into and may be a batch, or a folder of some."""
        for each in unlisted:
            if not (self._may_hold(each) or self._is_batch(each.key)) or each.key in self._unlisted:
                continue
            if len(self._unlisted) < WATCH_UNLISTED_MAX:
                self._unlisted.add(each.key)
                _log.warning("%s", each.error)


class StretchWatch:
    """How far a stretch was listed, and when it is to be listed from its beginning again.

    A poll begins a little before the newest window seen. A walk begins at the beginning, and goes
    on from look to look, some pages each time.
    """

    def __init__(self, noting: Noting, *, clock: Clock, random: Random) -> None:
        self._noting = noting
        self._clock = clock
        self._random = random
        self._begun = False
        self._newest: datetime | None = None  # the start of the newest window seen here
        self._after = ""
        self._walked_at: datetime | None = None
        self._walk_due = 0.0  # on the clock that nobody sets
        self._walk_next: str | None = None
        self._walk_pages = 0
        self._walk_closed = ""  # by what the walk under way has found
        self._errors = {"poll": "", "walk": ""}  # by the last whole ones

    @property
    def error(self) -> str:
        """Why a day's folder, or one below, could not be looked into lately; "" if it could.

        What else lies below a place without {DATE} may be anybody's, and is told once only.
        """
        return self._errors["poll"] or self._errors["walk"]

    async def look(
        self, store: Store, stretch: Stretch, *, since: datetime, now: datetime
    ) -> tuple[int, int]:
        """Look for what is new; return how much there was, and how many pages were listed.

        `since` is of the whole place: what arrived before is older than the watching.

        Raises:
            StoreError: it cannot be listed; what was listed until then is noted.
        """
        if not self._begun:
            await self._begin(stretch, now)
        if stretch.day is not None:
            oldest = None
        else:
            oldest = min(since, self._walked_at - _SKEW) if self._walked_at else since
        new = pages = 0
        if stretch.polled:
            new, pages, whole = await self._poll(store, stretch, now)
            if whole and self._clock.monotonic() >= self._walk_due:
                self._walk_pages = pages
                self._errors["walk"] = self._errors["poll"]
                await self._walked(stretch, now)
                return new, pages
        if not stretch.open or self._clock.monotonic() >= self._walk_due:
            more, listed = await self._walk(store, stretch, oldest, now)
            new, pages = new + more, pages + listed
        if new:
            await self._note_position(stretch, now)
        return new, pages

    async def _begin(self, stretch: Stretch, now: datetime) -> None:
        """Go on from where the ledger says that somebody has come."""
        position = await self._noting.position(stretch.prefix)
        self._begun = True
        if position is None:
            return
        self._learn(stretch, position.after, now)
        self._walked_at = position.walked_at
        if position.walked_at is not None and position.walked_at <= now:
            due = walk_seconds(polled=stretch.polled, pages=0, random=self._random)
            left = due - (now - position.walked_at).total_seconds()
            self._walk_due = self._clock.monotonic() + max(left, 0.0)

    async def _poll(self, store: Store, stretch: Stretch, now: datetime) -> tuple[int, int, bool]:
        """List what may be new; tell also whether that was all there is."""
        after = closed = ""
        if not store.properties.after_walks and self._newest is not None:
            after = resume_key(stretch.stem, self._newest - _MARGIN)
        new, pages, next_ = 0, 0, None
        while True:
            page = await store.list(stretch.prefix, after=after, next=next_)
            new += await self._noting.note(page, since=None, now=now)
            self._learn_all(stretch, page.objects, now)
            closed = closed or self._closed(stretch, page)
            pages += 1
            if (next_ := page.next) is None:
                self._errors["poll"] = closed
                return new, pages, not after

    async def _walk(
        self, store: Store, stretch: Stretch, since: datetime | None, now: datetime
    ) -> tuple[int, int]:
        """List some pages from where the walk has come; of what is closed, all that are left."""
        new = pages = 0
        next_, self._walk_next = self._walk_next, None  # if this fails, from the beginning
        if next_ is None:
            self._walk_closed = ""
        while pages < WATCH_WALK_PAGES or not stretch.open:
            page = await store.list(stretch.prefix, next=next_)
            new += await self._noting.note(page, since=since, now=now)
            self._learn_all(stretch, page.objects, now)
            self._walk_closed = self._walk_closed or self._closed(stretch, page)
            pages += 1
            self._walk_pages += 1
            if (next_ := page.next) is None:
                self._errors = {"poll": "", "walk": self._walk_closed}  # it saw all there is
                await self._walked(stretch, now)
                break
        self._walk_next = next_
        return new, pages

    async def _walked(self, stretch: Stretch, now: datetime) -> None:
        seconds = walk_seconds(polled=stretch.polled, pages=self._walk_pages, random=self._random)
        self._walk_pages = 0
        self._walk_due = self._clock.monotonic() + seconds
        self._walked_at = now
        await self._note_position(stretch, now)

    async def _note_position(self, stretch: Stretch, now: datetime) -> None:
        await self._noting.set_position(
            Position(
                prefix=stretch.prefix,
                after=self._after,
                listed_at=now,
                walked_at=self._walked_at,
            )
        )

    def _learn_all(self, stretch: Stretch, objects: tuple[Object, ...], now: datetime) -> None:
        """Learn from a page how far the windows have come; the latest is mostly its last."""
        for obj in reversed(objects):
            if self._learn(stretch, obj.key, now):
                self._after = max(self._after, obj.key)  # of a test object, which lies behind, no
                break

    def _closed(self, stretch: Stretch, page: Page) -> str:
        return self._noting.closed_folder(page) if stretch.day is not None else ""

    def _learn(self, stretch: Stretch, key: str, now: datetime) -> bool:
        """Learn from one key. A window that is still to come is somebody's mistake, or ours."""
        name = read_name(key) if "/" not in key.removeprefix(stretch.stem) else None
        if name is None or name.start > now + _SKEW:
            return False
        self._newest = max(self._newest or name.start, name.start)
        return True
