"""A bucket in memory, and stores of it that fail as they are told. For tests only."""

import asyncio
import bisect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from receiver.errors import ObjectChanged, ObjectMissing
from receiver.store.store import Object, Page, Properties, Unlisted


class Bucket:
    """Objects, and how often they were listed."""

    def __init__(self, now: Callable[[], datetime], *, page_objects: int = 100) -> None:
        self._now = now
        self.page_objects = page_objects
        self.objects: dict[str, Object] = {}
        self.bodies: dict[str, bytes] = {}
        self._keys: list[str] = []
        self._version = 0

    def write(self, key: str, body: bytes) -> Object:
        self._version += 1
        obj = Object(
            key=key,
            etag=f"e{self._version}",
            stored_bytes=len(body),
            arrived_at=self._now(),
        )
        if key not in self.objects:
            bisect.insort(self._keys, key)
        self.objects[key], self.bodies[key] = obj, body
        return obj

    def delete(self, key: str) -> None:
        del self.objects[key], self.bodies[key]
        self._keys.remove(key)

    def page(self, prefix: str, after: str) -> tuple[list[Object], str | None]:
        start = bisect.bisect_right(self._keys, after) if after else 0
        start = max(start, bisect.bisect_left(self._keys, prefix))
        end = start
        while end < len(self._keys) and self._keys[end].startswith(prefix):
            if end - start == self.page_objects:
                return self._of(start, end), self._keys[end - 1]
            end += 1
        return self._of(start, end), None

    def _of(self, start: int, end: int) -> list[Object]:
        return [self.objects[key] for key in self._keys[start:end]]


class Fault:
    """What a call may be told to do instead: raise, hang, or nothing."""

    def __init__(self) -> None:
        self.on_list: Callable[[str], Exception | float | None] = lambda prefix: None
        self.unlisted: tuple[Unlisted, ...] = ()
        self.on_open: Callable[[Object], Exception | float | None] = lambda obj: None
        self.amid: Callable[[Object], Exception | float | None] = lambda obj: None


class MemoryStore:
    """A Store of a Bucket."""

    def __init__(
        self, bucket: Bucket, fault: Fault | None = None, *, after_walks: bool = False
    ) -> None:
        self.bucket = bucket
        self.fault = fault or Fault()
        self.listed: list[tuple[str, str]] = []  # prefix and after of every listing begun
        self.pages = 0
        self.opened = 0
        self._after_walks = after_walks

    @property
    def properties(self) -> Properties:
        return Properties(name="memory", after_walks=self._after_walks)

    async def list(self, prefix: str, *, after: str = "", next: str | None = None) -> Page:
        await _do(self.fault.on_list(prefix))
        self.pages += 1
        if next is None:
            self.listed.append((prefix, after))
        objects, more = self.bucket.page(prefix, after if next is None else next)
        unlisted = tuple(each for each in self.fault.unlisted if each.key.startswith(prefix))
        return Page(objects=tuple(objects), next=more, unlisted=unlisted)

    async def find(self, key: str) -> Object:
        if key not in self.bucket.objects:
            raise ObjectMissing(f"{key}: no such object")
        return self.bucket.objects[key]

    @asynccontextmanager
    async def open(self, obj: Object) -> AsyncIterator[AsyncIterator[bytes]]:
        self.opened += 1
        await _do(self.fault.on_open(obj))
        there = await self.find(obj.key)
        if there.etag != obj.etag:
            raise ObjectChanged(f"{obj.key}: it was changed")
        chunks = self._chunks(obj, self.bucket.bodies[obj.key])
        try:
            yield chunks
        finally:
            await chunks.aclose()  # type: ignore[attr-defined]

    async def _chunks(self, obj: Object, body: bytes) -> AsyncIterator[bytes]:
        yield body[: len(body) // 2]
        await _do(self.fault.amid(obj))
        if self.bucket.objects.get(obj.key) != obj:
            raise ObjectChanged(f"{obj.key}: it was changed while it was read")
        yield body[len(body) // 2 :]

    async def read(self, key: str, *, bytes_max: int) -> bytes:
        raise NotImplementedError

    async def put(self, key: str, body: bytes) -> Object:
        return self.bucket.write(key, body)


async def _do(what: Exception | float | None) -> None:
    if isinstance(what, Exception):
        raise what
    if what is not None:
        await asyncio.sleep(what)
