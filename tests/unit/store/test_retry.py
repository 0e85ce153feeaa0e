"""Asking again: how often, how long between, and what is never asked twice."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random

import pytest

from receiver.destination.parse import parse_destination
from receiver.errors import ObjectMissing, StoreError, StoreUnavailable
from receiver.store.bounds import Bounds
from receiver.store.open import open_store
from receiver.store.retry import RetryingStore
from receiver.store.store import Object, Page, Properties
from tests.servers.answering import answering

OBJ = Object(key="k", etag="e", stored_bytes=3, arrived_at=datetime(2026, 11, 22, tzinfo=UTC))


class RecordingClock:
    """Sleeps no time and remembers how long it was asked to."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return OBJ.arrived_at

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class FailingStore:
    """Fails with these errors, one a call, then answers; `None` never answers."""

    def __init__(self, *errors: StoreError | None, breaks_after: int | None = None) -> None:
        self.calls = 0
        self.open_now = 0
        self._errors = list(errors)
        self._breaks_after = breaks_after

    @property
    def properties(self) -> Properties:
        return Properties(name="s3://bucket", after_walks=False)

    async def list(self, prefix: str, *, after: str = "", next: str | None = None) -> Page:
        await self._fail()
        return Page(objects=(OBJ,), next=None)

    async def find(self, key: str) -> Object:
        await self._fail()
        return OBJ

    @asynccontextmanager
    async def open(self, obj: Object) -> AsyncIterator[AsyncIterator[bytes]]:
        self.open_now += 1
        try:
            await self._fail()
            yield self._chunks()
        finally:
            self.open_now -= 1

    async def _chunks(self) -> AsyncIterator[bytes]:
        for number in range(3):
            if number == self._breaks_after:
                raise StoreUnavailable("broken in the middle")
            yield b"%d" % number

    async def read(self, key: str, *, bytes_max: int) -> bytes:
        await self._fail()
        return b"abc"[:bytes_max]

    async def put(self, key: str, body: bytes) -> Object:
        await self._fail()
        return OBJ

    async def _fail(self) -> None:
        self.calls += 1
        if self._errors:
            error = self._errors.pop(0)
            if error is None:
                await asyncio.Event().wait()
            else:
                raise error


DOWN = StoreUnavailable("down")


def asking(inner: FailingStore, *, attempts_max: int = 4) -> tuple[RetryingStore, RecordingClock]:
    clock = RecordingClock()
    bounds = Bounds(call_seconds=0.05, retry_seconds=0.5)
    store = RetryingStore(
        inner, clock=clock, random=Random(1), attempts_max=attempts_max, bounds=bounds
    )
    return store, clock


async def test_every_call_is_asked_again() -> None:
    store, _ = asking(FailingStore(DOWN, DOWN))
    assert (await store.list("")).objects == (OBJ,)
    store, _ = asking(FailingStore(DOWN, DOWN))
    assert await store.find("k") == OBJ
    store, _ = asking(FailingStore(DOWN, DOWN))
    assert await store.read("k", bytes_max=2) == b"ab"
    store, _ = asking(FailingStore(DOWN, DOWN))
    assert await store.put("k", b"abc") == OBJ


async def test_the_waits_double_and_are_cut_by_chance() -> None:
    store, clock = asking(FailingStore(DOWN, DOWN, DOWN))
    await store.find("k")
    assert len(clock.slept) == 3
    for slept, whole in zip(clock.slept, (0.5, 1.0, 2.0), strict=True):
        assert whole / 2 <= slept <= whole


async def test_after_the_last_attempt_the_error_is_told() -> None:
    inner = FailingStore(*[DOWN] * 9)
    store, clock = asking(inner, attempts_max=3)
    with pytest.raises(StoreUnavailable, match="down"):
        await store.find("k")
    assert (inner.calls, len(clock.slept)) == (3, 2)


async def test_what_asking_again_cannot_change_is_told_at_once() -> None:
    inner = FailingStore(ObjectMissing("k"))
    store, _ = asking(inner)
    with pytest.raises(ObjectMissing):
        await store.find("k")
    assert inner.calls == 1


async def test_a_call_without_an_answer_ends_and_is_asked_again() -> None:
    store, _ = asking(FailingStore(None))
    assert await store.find("k") == OBJ
    store, _ = asking(FailingStore(*[None] * 9), attempts_max=2)
    with pytest.raises(StoreUnavailable, match=r"s3://bucket: finding 'k': no answer in 0.05 s"):
        await store.find("k")


async def test_the_opening_of_a_stream_is_asked_again() -> None:
    inner = FailingStore(DOWN, None)
    store, _ = asking(inner)
    async with store.open(OBJ) as chunks:
        assert inner.open_now == 1
        assert [chunk async for chunk in chunks] == [b"0", b"1", b"2"]
    assert (inner.calls, inner.open_now) == (3, 0)


async def test_the_rest_of_a_stream_is_not_asked_again() -> None:
    inner = FailingStore(breaks_after=1)
    store, _ = asking(inner)
    async with store.open(OBJ) as chunks:
        assert await anext(chunks) == b"0"
        with pytest.raises(StoreUnavailable, match="middle"):
            await anext(chunks)
    assert (inner.calls, inner.open_now) == (1, 0)


async def test_cancelling_is_not_a_failure() -> None:
    inner = FailingStore(None)
    clock = RecordingClock()
    store = RetryingStore(inner, clock=clock, random=Random(1))
    task = asyncio.create_task(store.find("k"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (inner.calls, clock.slept) == (1, [])


async def test_only_we_say_that_it_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    """A driver's own log lines would stand amid a report."""
    async with answering() as server:
        server.status = 500
        for conf in (
            "s3://logs/http?region=x&access-key-id=AKIAMINE&secret-access-key=planted",
            "gs://logs/http",
            "azure://acme.blob.core.windows.net/logs/http",
        ):
            caplog.clear()
            async with open_store(
                parse_destination(conf),
                clock=RecordingClock(),
                endpoint_url=server.url,
                anonymous=True,
            ) as store:
                with caplog.at_level(logging.WARNING), pytest.raises(StoreUnavailable):
                    await store.list("")
            assert {record.name for record in caplog.records} == {"receiver.store.retry"}
            assert "answered 500; asking again in" in caplog.text
