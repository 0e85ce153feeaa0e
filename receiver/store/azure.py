"""Azure Blob Storage: the objects of an azure:// destination, by Azure's own driver.

A blob is an object, a container the bucket. By whose right a call is made is azure_access.py's.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    aclosing,
    asynccontextmanager,
    contextmanager,
)
from typing import Any, Final

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import AzureError
from azure.storage.blob import BlobProperties

from receiver.clock import Clock
from receiver.destination.destination import Destination
from receiver.errors import ObjectChanged
from receiver.limits import READ_CHUNK_BYTES
from receiver.store.azure_access import PIECE_BYTES_MAX, AzureAccess, Way
from receiver.store.body import whole_body
from receiver.store.bounds import BOUNDS, Bounds
from receiver.store.denial import Need
from receiver.store.stamp import in_utc
from receiver.store.store import Object, Page, Properties

PIECE_BYTES_FIRST: Final = READ_CHUNK_BYTES
"""The driver brings a body in pieces, whole or not at all. They begin small and double, so that a
connection that breaks now and then gets somewhere, and a good one waits for few answers."""


@asynccontextmanager
async def open_azure(
    destination: Destination,
    *,
    endpoint_url: str | None = None,
    clock: Clock,
    bounds: Bounds = BOUNDS,
    anonymous: bool = False,
) -> AsyncIterator["AzureStore"]:
    """Open an azure:// destination; nothing is asked before the first call.

    `anonymous` asks without any credentials.

    `endpoint_url` takes the place of the account's address, its account's name included where the
    server wants it: "http://127.0.0.1:10000/devstoreaccount1".

    Raises:
        DestinationInvalid: no account is named, here or in the environment.
    """
    async with AsyncExitStack() as opened:
        access = AzureAccess(
            destination,
            endpoint_url=endpoint_url,
            clock=clock,
            bounds=bounds,
            opened=opened,
            anonymous=anonymous,
        )
        yield AzureStore(access=access, bounds=bounds)


class AzureStore:
    """A container of Azure Blob Storage. An object's time stamp is its last change's."""

    def __init__(self, *, access: AzureAccess, bounds: Bounds) -> None:
        self._access = access
        self._bounds = bounds

    @property
    def properties(self) -> Properties:
        return Properties(name=self._access.name, after_walks=True)

    async def list(self, prefix: str, *, after: str = "", next: str | None = None) -> Page:
        place = msgspec.json.decode(next, type=_Place) if next is not None else _Place(after=after)
        way = await self._access.way("list")
        with self._translating(way, "list", self._access.name):
            blobs_of = way.container.list_blobs(
                name_starts_with=prefix, results_per_page=self._bounds.page_objects
            )
            pages: Any = blobs_of.by_page(continuation_token=place.marker)  # typed too narrowly
            blobs = [blob async for blob in await anext(pages)]
            # The service cannot begin after a key: pages before it are walked, and come out empty.
            start = place.after.encode()
            objects = tuple(_object(blob) for blob in blobs if blob.name.encode() > start)
        if not pages.continuation_token:
            return Page(objects=objects, next=None)
        rest = _Place(marker=pages.continuation_token, after=place.after)
        return Page(objects=objects, next=msgspec.json.encode(rest).decode())

    async def find(self, key: str) -> Object:
        way = await self._access.way("read")
        with self._translating(way, "read", self._named(key)):
            return _object(await way.container.get_blob_client(key).get_blob_properties())

    def open(self, obj: Object) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        @asynccontextmanager
        async def start(offset: int) -> AsyncIterator[AsyncIterator[bytes]]:
            async with aclosing(self._chunks(obj, offset)) as chunks:
                yield chunks  # nothing is asked yet: a piece that breaks is for whole_body to mend

        name = self._named(obj.key)
        return whole_body(start, name=name, stored_bytes=obj.stored_bytes, bounds=self._bounds)

    async def read(self, key: str, *, bytes_max: int) -> bytes:
        found = await self.find(key)
        return await self._piece(found, 0, bytes_max)

    async def put(self, key: str, body: bytes) -> Object:
        way = await self._access.way("write")
        with self._translating(way, "write", self._named(key)):
            written = await way.container.get_blob_client(key).upload_blob(body, overwrite=True)
            return Object(
                key=key,
                etag=_plain(written["etag"]),
                stored_bytes=len(body),
                arrived_at=in_utc(written["last_modified"]),
            )

    async def _chunks(self, obj: Object, offset: int) -> AsyncGenerator[bytes, None]:
        """Yield a body from `offset` on, one piece after the other, in chunks."""
        piece_bytes = PIECE_BYTES_FIRST
        while piece := await self._piece(obj, offset, piece_bytes):
            for begin in range(0, len(piece), READ_CHUNK_BYTES):
                yield piece[begin : begin + READ_CHUNK_BYTES]
            offset += len(piece)
            piece_bytes = min(2 * piece_bytes, PIECE_BYTES_MAX)

    async def _piece(self, obj: Object, offset: int, piece_bytes: int) -> bytes:
        """Read a part of an object, in one call; nothing where it ends."""
        piece_bytes = min(piece_bytes, obj.stored_bytes - offset)
        if offset and not piece_bytes:
            return b""
        way = await self._access.way("read")
        try:
            with self._translating(way, "read", self._named(obj.key)):
                download = await way.container.download_blob(
                    obj.key,
                    # A range of an empty blob is refused, so that one is asked for as a whole.
                    offset=offset if piece_bytes else None,
                    length=piece_bytes or None,
                    etag=f'"{obj.etag}"',
                    match_condition=MatchConditions.IfNotModified,
                    decompress=False,
                )
                return await download.readall()
        except ObjectChanged:
            await self.find(obj.key)  # a blob that is gone has another etag too
            raise

    @contextmanager
    def _translating(self, way: Way, need: Need, name: str) -> Iterator[None]:
        """Raise our errors for the driver's."""
        try:
            yield
        except (AzureError, *_UNREADABLE) as error:
            raise self._access.explain(error, way, need, name) from None  # see azure_errors

    def _named(self, key: str) -> str:
        return f"{self._access.name}/{key}"


_UNREADABLE: Final = (ValueError, OverflowError, TypeError, AttributeError)
"""What the driver raises over an answer without its headers, or that is not Azure's."""


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a listing goes on: the service's marker, and the key after which it began."""

    marker: str | None = None
    after: str = ""


def _object(blob: BlobProperties) -> Object:
    return Object(
        key=blob.name,
        etag=_plain(blob.etag),
        stored_bytes=blob.size,
        arrived_at=in_utc(blob.last_modified),
    )


def _plain(etag: str) -> str:
    """Return an etag without the quotes that a header has and a listing has not."""
    return etag.strip('"')
