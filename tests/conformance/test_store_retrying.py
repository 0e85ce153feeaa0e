"""RetryingStore joins the suite over a store whose every call fails once."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from random import Random
from typing import ClassVar

import pytest

from receiver.clock import SystemClock
from receiver.errors import StoreUnavailable
from receiver.store.bounds import BOUNDS, Bounds
from receiver.store.retry import RetryingStore
from receiver.store.store import Object, Page, Properties, Store
from tests.conformance.store_suite import IMPATIENT, StoreSuite
from tests.conformance.test_store_local import FILE_KEYS, LocalPlace
from tests.servers.proxy import FaultProxy


class Stumbling:
    """A store that is unavailable at every other call."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stumbled = False

    @property
    def properties(self) -> Properties:
        return self._store.properties

    async def list(self, prefix: str, *, after: str = "", next: str | None = None) -> Page:
        self._stumble()
        return await self._store.list(prefix, after=after, next=next)

    async def find(self, key: str) -> Object:
        self._stumble()
        return await self._store.find(key)

    @asynccontextmanager
    async def open(self, obj: Object) -> AsyncIterator[AsyncIterator[bytes]]:
        async with self._store.open(obj) as chunks:
            self._stumble()
            yield chunks

    async def read(self, key: str, *, bytes_max: int) -> bytes:
        self._stumble()
        return await self._store.read(key, bytes_max=bytes_max)

    async def put(self, key: str, body: bytes) -> Object:
        self._stumble()
        return await self._store.put(key, body)

    def _stumble(self) -> None:
        self._stumbled = not self._stumbled
        if self._stumbled:
            raise StoreUnavailable("stumbled")


class RetryingPlace:
    """A folder behind a store that stumbles."""

    def __init__(self, local: LocalPlace) -> None:
        self._local = local
        self.write_encoded = local.write_encoded

    def open(
        self, *, through: FaultProxy | None = None, bounds: Bounds = BOUNDS
    ) -> AbstractAsyncContextManager[Store]:
        return _retrying(self._local.open(through=through, bounds=bounds))

    def open_missing(self) -> AbstractAsyncContextManager[Store]:
        return _retrying(self._local.open_missing())


class TestRetryingStore(StoreSuite):
    odd_keys: ClassVar[tuple[str, ...]] = FILE_KEYS

    @pytest.fixture
    def place(self, tmp_path: Path) -> RetryingPlace:
        return RetryingPlace(LocalPlace(tmp_path))


@asynccontextmanager
async def _retrying(opening: AbstractAsyncContextManager[Store]) -> AsyncIterator[Store]:
    async with opening as store:
        yield RetryingStore(
            Stumbling(store),
            clock=SystemClock(),
            random=Random(1),
            attempts_max=20,  # several calls at once may take each other's stumbles
            bounds=IMPATIENT,
        )
