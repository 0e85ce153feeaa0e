"""The contract of a store: a destination's objects, listed a page at a time and read raw.

Every implementation and every wrapper joins `tests/conformance/store_suite.py`. A key is the
object's whole name in its bucket (of local files: its path below the folder, with `/`). Listing
is in the order of the keys' UTF-8 bytes.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

import msgspec


class Object(msgspec.Struct, frozen=True, kw_only=True):
    """One object as a listing tells of it."""

    key: str
    etag: str  # what the store calls this content; compared, never interpreted
    stored_bytes: int  # as stored, so of a batch the compressed size
    arrived_at: datetime  # the store's time stamp, UTC


class Unlisted(msgspec.Struct, frozen=True, kw_only=True):
    """What lies among the objects and cannot be one, and why; a folder's key ends in a slash."""

    key: str
    error: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One answer to a listing; `next` is opaque, None on the last page."""

    objects: tuple[Object, ...]
    next: str | None
    unlisted: tuple[Unlisted, ...] = ()  # of local files only: a bucket has nothing of the kind


class Properties(msgspec.Struct, frozen=True, kw_only=True):
    """What a store can and cannot do, so that nobody asks which one it is."""

    name: str  # as an error names it: "s3://bucket", "azure://account/container"
    after_walks: bool  # listing after a key costs a walk over the keys before it


class Store(Protocol):
    """A destination's objects. Safe for several readers at once in one event loop.

    Every call raises StoreError's children and nothing else: ObjectMissing (no such object or
    bucket), StoreDenied (names the permission to grant), StoreUnavailable (worth asking again).
    """

    @property
    def properties(self) -> Properties: ...

    async def list(self, prefix: str, *, after: str = "", next: str | None = None) -> Page:
        """Return one page of the objects whose keys begin with `prefix`.

        From the start; or `after` a key (that key excluded, whether or not it exists); or from
        a Page's `next`, which wins over `after` and belongs to the same prefix.
        """
        ...

    async def find(self, key: str) -> Object:
        """Return the object of exactly this key."""
        ...

    def open(self, obj: Object) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Stream the object's stored bytes, whatever its metadata claims.

        The chunks are exactly the content of `obj.etag`, or the reading raises: after a broken
        connection it resumes by range if the object is still the same, ObjectChanged if not,
        StoreUnavailable if it cannot; a short body is never taken for the end. Leave when you like.
        """
        ...

    async def read(self, key: str, *, bytes_max: int) -> bytes:
        """Return a small object's bytes, cut after `bytes_max`."""
        ...

    async def put(self, key: str, body: bytes) -> Object:
        """Write an object, replacing what was there; it is whole or not there at all."""
        ...
