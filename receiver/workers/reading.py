"""One object read and verified: the same in a worker and in the process that has no workers."""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import msgspec

from receiver.check.plan import Plan
from receiver.check.report import Report
from receiver.check.verifier import BatchVerifier
from receiver.destination.destination import Destination
from receiver.errors import ObjectChanged, Reason, ReceiverError, StoreError
from receiver.job.expectation import Expectation
from receiver.limits import FEED_BYTES, FEED_BYTES_MIN, FEED_SECONDS
from receiver.store.store import Object, Store
from receiver.workers.arriving import Arriving

_log = logging.getLogger(__name__)


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """Where batches lie, and what they are held against; a worker is told it when it starts."""

    destination: Destination
    expectations: tuple[Expectation, ...]
    copy: bool = False  # not where a job writes, so {DATE} says nothing of a key's day
    endpoint_url: str | None = None
    digests: bool = False  # the SHA-256 of what is read is wanted, too


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one object: its Report, or why there is none."""

    etag: str  # of what was read: another than the listing's where the object has changed since
    report: Report | None = None
    digest: str = ""  # of the bytes that the Report is about, as hex, where it was wanted
    arrived_at: datetime | None = None  # of what was read, where it has changed since the listing
    error: str = ""
    reason: Reason | None = None  # a store's; None where the mistake is another's, ours too
    of_place: bool = False  # nothing can be read there, whichever object was asked for


class Desks:
    """The open stores of some Assignments, each with the plan of its batches."""

    def __init__(self, assignments: Sequence[Assignment]) -> None:
        self._assignments = assignments
        self._stores: dict[int, Store] = {}
        self._plans: dict[tuple[int, ...], Plan] = {}

    def __contains__(self, place: int) -> bool:
        return place in self._stores

    def put(self, place: int, store: Store) -> None:
        """Take the open store of an Assignment; whoever opened it closes it."""
        self._stores[place] = store

    async def answer(self, place: int, obj: Object) -> Answer:
        """Verify one object; if it changed meanwhile, once more from the beginning."""
        store, arrived_at = self._stores[place], None
        for again in (True, False):
            try:
                answer = await self._verify(store, place, obj)
                return msgspec.structs.replace(answer, arrived_at=arrived_at)
            except ObjectChanged as error:
                if not again:
                    return unread(obj, error)
            except StoreError as error:
                return unread(obj, error)
            except Exception as error:  # noqa: BLE001 (ours; it must not cost the other batches)
                _log.exception("%s: a mistake of this program while it was verified", obj.key)
                return unread(obj, error)
            try:
                obj = await store.find(obj.key)
            except StoreError as error:
                return unread(obj, error)
            arrived_at = obj.arrived_at
        raise AssertionError("the second reading is the last")

    async def _verify(self, store: Store, place: int, obj: Object) -> Answer:
        assignment = self._assignments[place]
        digest = hashlib.sha256() if assignment.digests else None
        report = await verify_object(
            store,
            obj,
            plan=self._plan(assignment),
            destination=None if assignment.copy else assignment.destination,
            digest=digest,
        )
        return Answer(
            etag=obj.etag, report=report, digest="" if digest is None else digest.hexdigest()
        )

    def _plan(self, assignment: Assignment) -> Plan:
        """Places that hold their batches against the same Expectations share a plan."""
        same = tuple(map(id, assignment.expectations))
        if same not in self._plans:
            self._plans[same] = Plan(assignment.expectations)
        return self._plans[same]


def unread(obj: Object, error: Exception, *, of_place: bool = False) -> Answer:
    """Return the Answer where there is no Report: whose mistake it is, and which."""
    if isinstance(error, ReceiverError):
        reason = error.reason if isinstance(error, StoreError) else None
        return Answer(etag=obj.etag, error=str(error), reason=reason, of_place=of_place)
    said = f"a mistake of this program, not of the batch: {type(error).__name__}: {error}"
    return Answer(etag=obj.etag, error=said, of_place=of_place)


async def verify_object(
    store: Store,
    obj: Object,
    *,
    plan: Plan,
    destination: Destination | None = None,
    digest: "hashlib._Hash | None" = None,
) -> Report:
    """Read one object and verify it; the next chunk is on its way while one is judged.

    `destination` is where the object lies, None of a copy without a conf. `digest` is fed with
    the very bytes that are verified.

    Raises:
        StoreError: it could not be read to its end: there is no Report of a part.
    """
    verifier = BatchVerifier(plan, key=obj.key, arrived_at=obj.arrived_at, destination=destination)
    async with store.open(obj) as chunks:
        await feed(verifier, Arriving(chunks, obj, digest=digest))
    return verifier.close()


async def feed(verifier: BatchVerifier, chunks: AsyncIterator[bytes]) -> None:
    """Feed a stream to its end. In slices: the loop is shared, and has the next chunk to fetch.

    What a slice takes depends on what is packed into it, so slices that take long are followed by
    shorter ones: even amid a bomb the loop can be interrupted.
    """
    seconds = asyncio.get_running_loop().time
    slice_bytes = FEED_BYTES
    coming = asyncio.ensure_future(_next(chunks))
    try:
        while (chunk := await coming) is not None:
            coming = asyncio.ensure_future(_next(chunks))
            await asyncio.sleep(0)  # or the next chunk is asked for only when this one is judged
            start = 0
            while start < len(chunk):
                began = seconds()
                verifier.feed(chunk[start : start + slice_bytes])
                start += slice_bytes
                if seconds() - began > FEED_SECONDS:
                    slice_bytes = max(slice_bytes // 2, FEED_BYTES_MIN)
                else:
                    slice_bytes = min(slice_bytes * 2, FEED_BYTES)
                await asyncio.sleep(0)
    finally:
        coming.cancel()
        await asyncio.wait((coming,))


async def _next(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)
