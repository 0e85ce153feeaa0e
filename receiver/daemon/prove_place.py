"""One place of a proof: listed, what was judged there read again, the rest held against the ledger.

Of each object it tells once, as it comes.
"""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from receiver.batch.name import read_name
from receiver.daemon.prove_known import Known, Register, known_of
from receiver.errors import ObjectChanged, ObjectMissing, StoreError
from receiver.ledger.ledger import Ledger
from receiver.selection.listing import pages
from receiver.selection.span import Span
from receiver.selection.target import Target
from receiver.store.store import Object, Store
from receiver.workers.arriving import Arriving

READS_MAX: Final = 8
"""Objects that are read at once: each holds a chunk or two, and the way to a store is long."""

WAITING_MAX: Final = 64
"""Objects that wait to be read: the listing is ahead of the reading by so much."""

NEW_WITHIN: Final = timedelta(minutes=10)
"""What arrived so lately may not have been seen by a daemon yet: that is no addition."""


class Fate(StrEnum):
    """What has become of an object."""

    SAME = "same"
    CHANGED = "changed"  # another content than the one that was judged
    MISSING = "missing"
    ADDED = "added"  # the ledger does not know it, and it came while the ledger was kept
    OLDER = "older"  # the ledger does not know it: it came before, or retention took it
    NEW = "new"  # it came moments ago; the daemon will see it
    UNJUDGED = "unjudged"  # the ledger knows it and it was not judged yet
    UNREAD = "unread"  # an object, or a whole place


WRONG: Final = frozenset({Fate.CHANGED, Fate.MISSING, Fate.ADDED})


class Proved(msgspec.Struct, frozen=True, kw_only=True):
    """One object, or a place that could not be read: then `key` is empty."""

    fate: Fate
    place: str
    key: str
    etag: str = ""  # of what was judged; of what is not known, its own
    detail: str = ""
    segment: int | None = None  # that seals it; 0: none does yet; None: it was not judged


class PlaceProof:
    """One span's objects, place after place."""

    def __init__(
        self,
        ledger: Ledger,
        register: Register,
        *,
        span: Span,
        horizon: datetime,
        now: datetime,
        on_object: Callable[[Proved], None],
    ) -> None:
        self._ledger = ledger
        self._register = register
        self._span = span
        self._horizon = horizon
        self._now = now
        self._tell = on_object

    def unread(self, place: str, error: str) -> None:
        """Tell of a place that cannot be read."""
        self._tell(Proved(fate=Fate.UNREAD, place=place, key="", detail=error))

    async def prove_place(self, store: Store, target: Target, taken: Callable[[str], bool]) -> None:
        """List a place and read what was judged there, several objects at once."""
        waiting: asyncio.Queue[tuple[Object, Known]] = asyncio.Queue(WAITING_MAX)

        async def read() -> None:
            while True:
                obj, known = await waiting.get()
                self._tell(await _read(store, obj, known))
                waiting.task_done()

        async with asyncio.TaskGroup() as tasks:
            readers = [tasks.create_task(read()) for _ in range(READS_MAX)]
            try:
                await self._go_through(store, target, taken, waiting)
            except StoreError as error:  # what was not listed is not missing for that
                self.unread(target.destination.identity, str(error))
            await waiting.join()
            for reader in readers:
                reader.cancel()

    async def _go_through(
        self,
        store: Store,
        target: Target,
        taken: Callable[[str], bool],
        waiting: asyncio.Queue[tuple[Object, Known]],
    ) -> None:
        """Have everything read that was judged; tell of what is not there, or not known.

        Raises:
            StoreError: it cannot be listed to its end.
        """
        place = target.destination.identity
        selected = msgspec.structs.replace(target, span=self._span)
        async for picked in pages(store, selected):
            for each in picked.unread:
                if not taken(each.key):
                    self._tell(_unread(place, each.key, each.error))
            for obj in picked.objects:
                known = self._register.expected(place, obj.key, obj.etag)
                if known is None and not taken(obj.key):
                    known = await self._look_up(place, obj)
                if known is not None:
                    self._register.find(place, obj.key)
                    await waiting.put((obj, known))
        for known in self._register.not_found(place):
            try:
                await waiting.put((await store.find(known.key), known))
            except ObjectMissing as error:
                self._tell(_proved(Fate.MISSING, known, str(error)))
            except StoreError as error:
                self._tell(_proved(Fate.UNREAD, known, str(error)))

    async def _look_up(self, place: str, obj: Object) -> Known | None:
        """Return what an object should be that no segment speaks of; tell of what was not judged.

        One whose name claims no window is of the span if it came then.
        """
        if read_name(obj.key) is None and not self._span.holds(obj.arrived_at):
            return None
        entries = [each async for each in self._ledger.entries(place=place, key=obj.key)]
        judged = [each for each in entries if each.judged_at is not None]
        if judged:
            judged.sort(key=lambda each: (each.etag == obj.etag, each.judged_at, each.id))
            return known_of(judged[-1])
        if entries:
            fate, detail = Fate.UNJUDGED, f"the ledger has it as {entries[-1].state}"
        elif obj.arrived_at < self._horizon:
            fate, detail = Fate.OLDER, "it came before all that the ledger has yet"
        elif obj.arrived_at > self._now - NEW_WITHIN:
            fate, detail = Fate.NEW, "it came just now"
        else:
            fate, detail = Fate.ADDED, "the ledger does not know it"
        came = f"{detail}; it came {obj.arrived_at:%Y-%m-%d %H:%M:%S} UTC"
        self._tell(Proved(fate=fate, place=place, key=obj.key, etag=obj.etag, detail=came))
        return None


async def _read(store: Store, obj: Object, known: Known) -> Proved:
    """Read an object to its end, and hold it against what was judged."""
    for again in (True, False):
        digest = hashlib.sha256()
        try:
            async with store.open(obj) as chunks:
                async for _ in Arriving(chunks, obj, digest=digest):
                    pass
            return _judged(obj, known, digest.hexdigest())
        except ObjectChanged as error:
            if not again:
                return _proved(Fate.UNREAD, known, str(error))
            try:
                obj = await store.find(obj.key)
            except StoreError as other:
                fate = Fate.MISSING if isinstance(other, ObjectMissing) else Fate.UNREAD
                return _proved(fate, known, str(other))
        except ObjectMissing as error:
            return _proved(Fate.MISSING, known, str(error))
        except StoreError as error:
            return _proved(Fate.UNREAD, known, str(error))
    raise AssertionError("the second reading is the last")


def _judged(obj: Object, known: Known, digest: str) -> Proved:
    if digest == known.digest and obj.etag == known.etag:
        return _proved(Fate.SAME, known, "")
    came = f"written {obj.arrived_at:%Y-%m-%d %H:%M:%S} UTC"
    if digest == known.digest:
        return _proved(Fate.CHANGED, known, f"written again with the same content; {came}")
    etag = f"its etag is {obj.etag}" if obj.etag != known.etag else "its etag is the same"
    said = f"sha256 {digest}, and was {known.digest}; {etag}; {came}"
    return _proved(Fate.CHANGED, known, said)


def _proved(fate: Fate, known: Known, detail: str) -> Proved:
    return Proved(
        fate=fate,
        place=known.place,
        key=known.key,
        etag=known.etag,
        detail=detail,
        segment=known.segment,
    )


def _unread(place: str, key: str, error: str) -> Proved:
    return Proved(fate=Fate.UNREAD, place=place, key=key, detail=error)
