"""What every store must do. A store joins by a subclass that says where its objects live.

    class TestMyStore(RemoteStoreSuite):
        @pytest.fixture
        def place(self, my_server):
            return MyPlace(my_server)

A Place is a fresh, empty bucket for each test. `RemoteStoreSuite` adds what a network can do; a
store that has none (local files) joins `StoreSuite`.
"""

import asyncio
import gzip
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import ClassVar, Protocol

import pytest

from receiver.clock import SystemClock
from receiver.errors import ObjectChanged, ObjectMissing, Reason, StoreUnavailable
from receiver.limits import MIB
from receiver.store.bounds import BOUNDS, Bounds
from receiver.store.retry import RetryingStore
from receiver.store.store import Object, Store
from tests.servers.proxy import Cut, FaultProxy, Faults, fault_proxy

ODD_KEYS = (
    "a b/c d.log.gz",
    "plus+percent%25and%/amp&hash#question?.gz",
    "quotes'\"(round)[square]{curly}.gz",
    "colon:equals=semicolon;at@dollar$comma,tilde~.gz",
    "é/日本/\U0001f600.gz",
    "two//slashes.gz",
    "<xml>&amp;.gz",
)

BYTE_ORDER = ("Z", "a!b", "a-b", "a.b", "a/b", "a/b.c", "a/b/c", "a0", "z", "é", "ｚ", "\U0001f600")
"""In S3's order: a dot sorts before a slash, and what UTF-16 sorts otherwise comes last."""

IMPATIENT = Bounds(call_seconds=2.0, stall_seconds=1.0, retry_seconds=0.01)


class Place(Protocol):
    """A fresh, empty bucket."""

    def open(
        self, *, through: FaultProxy | None = None, bounds: Bounds = BOUNDS
    ) -> AbstractAsyncContextManager[Store]:
        """Open the store under test, bare (no RetryingStore), maybe through a proxy."""
        ...

    def open_missing(self) -> AbstractAsyncContextManager[Store]:
        """Open a store of a bucket that does not exist, with the same rights."""
        ...

    def write_encoded(self, key: str, body: bytes) -> None:
        """Write an object with Content-Encoding gzip, by a client that is not the store."""
        ...


class RemotePlace(Place, Protocol):
    """A fresh, empty bucket on a server."""

    @property
    def port(self) -> int:
        """The server's port on the loopback, for a proxy in front of it."""
        ...


class StoreSuite:
    """The contract of receiver/store/store.py."""

    odd_keys: ClassVar[tuple[str, ...]] = ODD_KEYS
    byte_order: ClassVar[tuple[str, ...]] = BYTE_ORDER

    @pytest.fixture
    def place(self) -> Place:
        raise NotImplementedError

    @pytest.fixture
    async def store(self, place: Place) -> AsyncIterator[Store]:
        async with place.open() as store:
            yield store

    # --- listing ---

    async def test_an_empty_bucket_lists_one_empty_page(self, store: Store) -> None:
        page = await store.list("")
        assert (page.objects, page.next) == ((), None)

    async def test_a_prefix_that_nothing_has_lists_one_empty_page(self, store: Store) -> None:
        await store.put("logs/a", b"1")
        page = await store.list("other/folder/")
        assert (page.objects, page.next) == ((), None)

    async def test_pages_follow_each_other_until_all_is_told(self, place: Place) -> None:
        async with place.open(bounds=Bounds(page_objects=7)) as store:
            keys = await put_all(store, [f"logs/{number:03}" for number in range(25)])
            page = await store.list("logs/")
            assert len(page.objects) == 7
            assert await listed(store, "logs/") == keys

    async def test_a_page_that_is_just_full_is_not_followed_by_others_with_objects(
        self, place: Place
    ) -> None:
        async with place.open(bounds=Bounds(page_objects=7)) as store:
            keys = await put_all(store, [f"logs/{number:03}" for number in range(14)])
            assert await listed(store, "logs/") == keys

    async def test_the_same_page_can_be_asked_for_again(self, place: Place) -> None:
        async with place.open(bounds=Bounds(page_objects=3)) as store:
            await put_all(store, [f"{number}" for number in range(9)])
            first = await store.list("")
            second = await store.list("", next=first.next)
            again = await store.list("", next=first.next)
            assert [obj.key for obj in second.objects] == ["3", "4", "5"]
            assert again.objects == second.objects

    @pytest.mark.parametrize("after", ["logs/005", "logs/0055", "logs/005/x", "logs/005.log"])
    async def test_a_listing_begins_after_a_key_whether_or_not_it_exists(
        self, place: Place, after: str
    ) -> None:
        async with place.open(bounds=Bounds(page_objects=4)) as store:
            keys = await put_all(store, [f"logs/{number:03}" for number in range(12)])
            assert await listed(store, "logs/", after=after) == keys[6:]

    async def test_after_the_last_key_nothing_is_listed(self, store: Store) -> None:
        await put_all(store, ["logs/1", "logs/2", "more/3"])
        assert await listed(store, "logs/", after="logs/2") == []

    async def test_a_key_before_the_prefix_hides_nothing(self, store: Store) -> None:
        await put_all(store, ["logs/1", "logs/2"])
        assert await listed(store, "logs/", after="aaa") == ["logs/1", "logs/2"]

    async def test_a_prefix_is_a_string_and_not_a_folder(self, store: Store) -> None:
        await put_all(store, ["logs-old/a", "logs/2025/a", "logs/20261122", "logs/2026/b", "lo"])
        assert await listed(store, "logs/2026") == ["logs/2026/b", "logs/20261122"]
        assert await listed(store, "logs") == [
            *("logs-old/a", "logs/2025/a", "logs/2026/b", "logs/20261122")
        ]
        assert await listed(store, "logs/20261122") == ["logs/20261122"]

    async def test_keys_come_in_the_order_of_their_bytes(self, place: Place) -> None:
        keys = list(self.byte_order)
        assert keys == sorted(keys, key=str.encode)
        writable = [key for key in keys if not any(other.startswith(f"{key}/") for other in keys)]
        async with place.open(bounds=Bounds(page_objects=2)) as store:
            await put_all(store, writable)
            assert await listed(store, "") == writable
            for number, key in enumerate(writable):
                assert await listed(store, "", after=key) == writable[number + 1 :]

    async def test_odd_characters_in_a_key_survive_every_call(self, store: Store) -> None:
        for key in self.odd_keys:
            await store.put(key, key.encode())
        assert await listed(store, "") == sorted(self.odd_keys, key=str.encode)
        for key in self.odd_keys:
            assert await store.read(key, bytes_max=1000) == key.encode()
            assert await whole(store, await store.find(key)) == key.encode()
            assert await listed(store, key) == [key]

    # --- one object ---

    async def test_put_find_and_list_tell_the_same(self, store: Store) -> None:
        put = await store.put("logs/a", b"12345")
        found = await store.find("logs/a")
        page = await store.list("logs/")
        assert (found,) == page.objects
        assert (put.key, put.etag, put.stored_bytes) == (found.key, found.etag, 5)
        assert found.arrived_at.utcoffset() == timedelta(0)
        assert abs(found.arrived_at - datetime.now(UTC)) < timedelta(minutes=5)
        assert abs(put.arrived_at - found.arrived_at) < timedelta(seconds=5)

    async def test_an_object_that_is_not_there_is_missing(self, store: Store) -> None:
        gone = await store.put("logs/other", b"1")
        missing = Object(
            key="logs/no-such",
            etag=gone.etag,
            stored_bytes=1,
            arrived_at=gone.arrived_at,
        )
        with pytest.raises(ObjectMissing, match="logs/no-such"):
            await store.find("logs/no-such")
        with pytest.raises(ObjectMissing, match="logs/no-such"):
            await store.read("logs/no-such", bytes_max=10)
        with pytest.raises(ObjectMissing, match="logs/no-such"):
            await whole(store, missing)

    async def test_a_missing_object_has_its_reason(self, store: Store) -> None:
        await store.put("logs/other", b"1")
        for call in (store.find("logs/no-such"), store.read("logs/no-such", bytes_max=10)):
            with pytest.raises(ObjectMissing) as caught:
                await call
            assert caught.value.reason is Reason.OBJECT_MISSING

    async def test_a_folder_is_no_object(self, store: Store) -> None:
        await store.put("logs/a", b"1")
        with pytest.raises(ObjectMissing):
            await store.find("logs")

    async def test_a_bucket_that_is_not_there_is_missing(self, place: Place) -> None:
        async with place.open_missing() as store:
            with pytest.raises(ObjectMissing, match=r"bucket|container|folder"):
                await store.list("")
            with pytest.raises(ObjectMissing, match=r"bucket|container|folder"):
                await store.find("key")

    async def test_a_missing_bucket_has_its_reason(self, place: Place) -> None:
        async with place.open_missing() as store:
            for call in (store.list(""), store.find("key"), store.read("key", bytes_max=10)):
                with pytest.raises(ObjectMissing) as caught:
                    await call
                assert caught.value.reason is Reason.BUCKET_MISSING

    @pytest.mark.parametrize("size", [0, 1, 3 * MIB + 17])
    async def test_a_stream_brings_every_byte(self, store: Store, size: int) -> None:
        body = noise(size)
        obj = await store.put("logs/a", body)
        assert obj.stored_bytes == size
        assert await whole(store, obj) == body
        assert await whole(store, await store.find("logs/a")) == body

    async def test_an_object_that_says_it_is_gzip_comes_as_it_is_stored(self, place: Place) -> None:
        body = gzip.compress(noise(100_000))
        place.write_encoded("logs/a.log.gz", body)
        async with place.open() as store:
            obj = await store.find("logs/a.log.gz")
            assert obj.stored_bytes == len(body)
            assert await whole(store, obj) == body
            assert await store.read("logs/a.log.gz", bytes_max=len(body) + 1) == body

    async def test_a_small_read_is_cut(self, store: Store) -> None:
        await store.put("logs/a", noise(1 * MIB))
        assert await store.read("logs/a", bytes_max=1000) == noise(1 * MIB)[:1000]
        await store.put("empty", b"")
        assert await store.read("empty", bytes_max=1000) == b""

    async def test_put_replaces_what_was_there(self, store: Store) -> None:
        before = await store.put("logs/a", b"before")
        after = await store.put("logs/a", b"after, and longer")
        assert before.etag != after.etag
        assert await store.read("logs/a", bytes_max=100) == b"after, and longer"
        assert await listed(store, "") == ["logs/a"]

    async def test_an_object_replaced_since_it_was_listed_has_changed(self, store: Store) -> None:
        before = await store.put("logs/a", b"1" * 1000)
        await store.put("logs/a", b"2" * 1000)
        with pytest.raises(ObjectChanged, match="logs/a"):
            await whole(store, before)

    async def test_leaving_a_stream_early_leaves_nothing_open(self, store: Store) -> None:
        obj = await store.put("logs/a", noise(3 * MIB))
        before = open_descriptors()
        for _ in range(20):
            async with store.open(obj) as chunks:
                assert await anext(chunks)
        assert open_descriptors() <= before + 2  # a connection kept for the next call is fine
        assert await whole(store, obj) == noise(3 * MIB)

    async def test_several_readers_at_once_do_not_meet(self, store: Store) -> None:
        objects = [await store.put(f"logs/{n}", noise(MIB, seed=n)) for n in range(6)]
        bodies = await asyncio.gather(*(whole(store, obj) for obj in objects))
        assert bodies == [noise(MIB, seed=n) for n in range(6)]


class RemoteStoreSuite(StoreSuite):
    """What a network may do to a store: the bytes are whole all the same, or an error says so."""

    body: ClassVar[bytes] = Random(1).randbytes(2 * MIB)

    @pytest.fixture
    def place(self) -> RemotePlace:
        raise NotImplementedError

    @pytest.fixture
    async def proxy(self, place: RemotePlace) -> AsyncIterator[FaultProxy]:
        async with fault_proxy(place.port) as proxy:
            yield proxy

    @pytest.fixture
    async def broken(self, place: RemotePlace, proxy: FaultProxy) -> AsyncIterator[Store]:
        """The store behind the proxy; `obj` is written past it."""
        async with place.open(through=proxy, bounds=IMPATIENT) as store:
            yield store

    @pytest.fixture
    async def obj(self, store: Store) -> Object:
        return await store.put("logs/a", self.body)

    @pytest.mark.parametrize("cut", list(Cut), ids=lambda cut: cut.name)
    @pytest.mark.parametrize("cut_after", [10, 300, 5_000, 700_000, 2 * MIB - 1])
    async def test_a_body_cut_once_is_whole_or_an_error(
        self, broken: Store, proxy: FaultProxy, obj: Object, cut: Cut, cut_after: int
    ) -> None:
        proxy.faults = Faults(cut_after=cut_after, cut=cut, cuts=1)
        try:
            body = await whole(broken, obj)
        except StoreUnavailable:
            assert cut_after < 1_000  # before the body began: asking again is RetryingStore's part
        else:
            assert body == self.body

    async def test_a_body_cut_again_and_again_is_whole(
        self, broken: Store, proxy: FaultProxy, obj: Object
    ) -> None:
        proxy.faults = Faults(cut_after=300_000)
        assert await whole(broken, obj) == self.body

    async def test_a_body_that_never_gets_further_is_an_error(
        self, broken: Store, proxy: FaultProxy, obj: Object
    ) -> None:
        proxy.faults = Faults(cut_after=300_000)
        async with broken.open(obj) as chunks:
            await anext(chunks)
            proxy.faults = Faults(cut_after=0)
            with pytest.raises(StoreUnavailable, match="logs/a"):
                await drained(chunks)

    async def test_an_object_replaced_between_a_cut_and_the_resuming_has_changed(
        self, broken: Store, store: Store, proxy: FaultProxy, obj: Object
    ) -> None:
        proxy.faults = Faults(cut_after=1_000_000, cuts=1)
        async with broken.open(obj) as chunks:
            await anext(chunks)
            await store.put("logs/a", self.body[::-1])
            with pytest.raises(ObjectChanged, match="logs/a"):
                await drained(chunks)

    async def test_a_body_that_stalls_is_resumed(
        self, broken: Store, proxy: FaultProxy, obj: Object
    ) -> None:
        proxy.faults = Faults(stall_after=1_000_000, stalls=1)
        assert await whole(broken, obj) == self.body

    async def test_a_listing_cut_is_an_error_and_never_a_shorter_listing(
        self, broken: Store, store: Store, proxy: FaultProxy
    ) -> None:
        await put_all(store, [f"logs/{number:03}" for number in range(20)])
        for cut in Cut:
            proxy.faults = Faults(cut_after=1_500, cut=cut)
            with pytest.raises(StoreUnavailable):
                await broken.list("logs/")

    async def test_a_server_that_never_answers_is_unavailable(
        self, broken: Store, proxy: FaultProxy, obj: Object
    ) -> None:
        proxy.faults = Faults(blackhole=True)
        patient = retrying(broken, attempts_max=2)
        with pytest.raises(StoreUnavailable):
            await patient.list("")
        with pytest.raises(StoreUnavailable):
            await patient.find("logs/a")
        with pytest.raises(StoreUnavailable):
            await whole(patient, obj)

    async def test_a_server_that_is_not_there_is_unavailable(
        self, place: RemotePlace, proxy: FaultProxy
    ) -> None:
        nobody = FaultProxy(upstream_port=0, port=proxy.port)
        async with place.open(through=nobody, bounds=IMPATIENT) as store:
            proxy.faults = Faults(cut_after=0, cut=Cut.RST)
            with pytest.raises(StoreUnavailable):
                await store.list("")

    async def test_asking_again_gets_over_a_burst_of_503(
        self, broken: Store, proxy: FaultProxy, obj: Object
    ) -> None:
        patient = retrying(broken, attempts_max=4)
        for call in ("list", "find", "open"):
            proxy.faults = Faults(unavailable=2)
            if call == "list":
                assert await listed(patient, "") == ["logs/a"]
            elif call == "find":
                assert await patient.find("logs/a") == await broken.find("logs/a")
            else:
                assert await whole(patient, obj) == self.body

    async def test_a_burst_of_503_is_unavailable_to_who_asks_once(
        self, broken: Store, proxy: FaultProxy
    ) -> None:
        proxy.faults = Faults(unavailable=1_000)
        with pytest.raises(StoreUnavailable):
            await broken.list("")


def retrying(store: Store, *, attempts_max: int) -> RetryingStore:
    return RetryingStore(
        store, clock=SystemClock(), random=Random(1), attempts_max=attempts_max, bounds=IMPATIENT
    )


async def put_all(store: Store, keys: list[str]) -> list[str]:
    await asyncio.gather(*(store.put(key, b"x") for key in keys))
    return keys


async def listed(store: Store, prefix: str, *, after: str = "") -> list[str]:
    """Return all keys of all pages."""
    page = await store.list(prefix, after=after)
    keys = [obj.key for obj in page.objects]
    while page.next is not None:
        page = await store.list(prefix, after=after, next=page.next)
        keys += [obj.key for obj in page.objects]
    return keys


async def whole(store: Store, obj: Object) -> bytes:
    async with store.open(obj) as chunks:
        return await drained(chunks)


async def drained(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


def noise(size: int, *, seed: int = 7) -> bytes:
    return Random(seed).randbytes(size)


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
