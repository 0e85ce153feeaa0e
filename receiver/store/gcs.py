"""Google Cloud Storage: the objects of a gs:// destination, by its JSON API.

The driver, gcsfs, makes the session; google-auth has the credentials (gcs_access.py).
The calls are made here: gcsfs's own try a refused token six times over half a minute, decode
bodies, cannot stream, and say by words alone whether a right is missing or the network broke.
"""

import io
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from datetime import datetime
from typing import Annotated, Final, TypeVar
from urllib.parse import quote, urlencode

import aiohttp
import msgspec
from yarl import URL

from receiver.destination.destination import Destination
from receiver.errors import ObjectChanged, ObjectMissing, StoreError, StoreUnavailable
from receiver.limits import READ_CHUNK_BYTES
from receiver.store.body import whole_body
from receiver.store.bounds import BOUNDS, Bounds
from receiver.store.denial import Need
from receiver.store.gcs_access import GCSAccess, open_access
from receiver.store.gcs_errors import refusal, says_what_is_missing
from receiver.store.stamp import in_utc
from receiver.store.store import Object, Page, Properties
from receiver.store.web import lost

FIELDS: Final = "name,generation,size,timeCreated"

CONNECT_SECONDS: Final = 10.0
"""A machine that has not answered by then is not there."""

RAW: Final = {"Accept-Encoding": "gzip"}
"""A body asked for so comes as stored. With `identity` Google gunzips it where its metadata says
gzip, and answers a range with the whole."""

PLAIN: Final = {"Accept-Encoding": "identity"}
"""For the API's own answers: the session decodes nothing, so none may come compressed."""


@asynccontextmanager
async def open_gcs(
    destination: Destination,
    *,
    endpoint_url: str | None = None,
    bounds: Bounds = BOUNDS,
    anonymous: bool = False,
) -> AsyncIterator["GCSStore"]:
    """Open a gs:// destination with Google's usual credentials; see `open_access` for emulators.

    `anonymous` asks without any.

    Raises:
        StoreDenied: there are no credentials, or they cannot be used.
    """
    name = f"gs://{destination.bucket}"
    async with open_access(name, endpoint_url=endpoint_url, anonymous=anonymous) as access:
        yield GCSStore(bucket=destination.bucket, access=access, bounds=bounds)


class GCSStore:
    """A bucket of Google Cloud Storage. An object's etag is its generation."""

    def __init__(self, *, bucket: str, access: GCSAccess, bounds: Bounds) -> None:
        self._properties = Properties(name=access.name, after_walks=False)
        self._access = access
        self._bounds = bounds
        connect_seconds = min(CONNECT_SECONDS, bounds.call_seconds)
        self._in_time = aiohttp.ClientTimeout(
            total=bounds.call_seconds, sock_connect=connect_seconds
        )
        self._alive = aiohttp.ClientTimeout(
            total=None, sock_connect=connect_seconds, sock_read=bounds.stall_seconds
        )
        objects = f"storage/v1/b/{quote(bucket, safe='')}/o"
        self._objects_url = f"{access.base_url}/{objects}"
        self._bodies_url = f"{access.base_url}/download/{objects}"
        self._upload_url = f"{access.base_url}/upload/{objects}"

    @property
    def properties(self) -> Properties:
        return self._properties

    async def list(self, prefix: str, *, after: str = "", next: str | None = None) -> Page:
        parameters = {
            "prefix": prefix,
            "maxResults": str(self._bounds.page_objects),
            "fields": f"items({FIELDS}),nextPageToken",
        }
        skipped = None
        if next is not None:
            parameters["pageToken"] = next
        elif after:
            parameters["startOffset"] = skipped = after  # inclusive, hence skipped
        listing = await self._tell(_Listing, "GET", self._objects_url, parameters, need="list")
        objects = tuple(item.to_object() for item in listing.items if item.name != skipped)
        return Page(objects=objects, next=listing.next_page_token or None)

    async def find(self, key: str) -> Object:
        url = f"{self._objects_url}/{quote(key, safe='')}"
        return (await self._tell(_Item, "GET", url, {"fields": FIELDS}, key=key)).to_object()

    def open(self, obj: Object) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        @asynccontextmanager
        async def start(offset: int) -> AsyncIterator[AsyncIterator[bytes]]:
            parameters = {"alt": "media", "ifGenerationMatch": obj.etag}
            ranged = {"Range": f"bytes={offset}-"} if offset else {}
            async with self._body(obj.key, parameters, RAW | ranged, self._alive) as response:
                # Beside the condition: not every server minds it, but all name the generation.
                if response.headers.get("x-goog-generation", obj.etag) != obj.etag:
                    raise ObjectChanged(f"{self._named(obj.key)}: replaced while it was read")
                if offset and response.status != 206:
                    raise StoreUnavailable(
                        f"{self._named(obj.key)}: the server cannot go on at byte {offset:,}"
                    )
                async with aclosing(self._chunks(response, obj.key)) as chunks:
                    yield chunks

        return whole_body(
            start,
            name=self._named(obj.key),
            stored_bytes=obj.stored_bytes,
            bounds=self._bounds,
        )

    async def read(self, key: str, *, bytes_max: int) -> bytes:
        kept = bytearray()
        async with (
            self._body(key, {"alt": "media"}, RAW, self._in_time) as response,
            aclosing(self._chunks(response, key)) as chunks,
        ):
            async for chunk in chunks:
                kept += chunk
                if len(kept) >= bytes_max:
                    break
        return bytes(kept[:bytes_max])

    async def put(self, key: str, body: bytes) -> Object:
        parameters = {"uploadType": "media", "name": key, "fields": FIELDS}
        item = await self._tell(
            _Item, "POST", self._upload_url, parameters, key=key, need="write", body=body
        )
        return item.to_object()

    # --- calls ---

    async def _tell(
        self,
        answer: "type[_Answer]",
        method: str,
        url: str,
        parameters: Mapping[str, str],
        *,
        key: str = "",
        need: Need = "read",
        body: bytes | None = None,
    ) -> "_Answer":
        """Ask the API and return its answer as a value."""
        response = await self._ask(
            method, url, parameters, PLAIN, self._in_time, key=key, need=need, body=body
        )
        try:
            async with aclosing(self._chunks(response, key)) as chunks:
                told = b"".join([chunk async for chunk in chunks])
        finally:
            response.close()
        try:
            return msgspec.json.decode(told, type=answer)
        except ValueError as error:
            raise StoreUnavailable(
                f"{self._named(key)}: the server's answer is not the API's: {error}"
            ) from error

    @asynccontextmanager
    async def _body(
        self,
        key: str,
        parameters: Mapping[str, str],
        headers: Mapping[str, str],
        patience: aiohttp.ClientTimeout,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Open an object's body; leaving it closes the connection unless the body was read."""
        url = f"{self._bodies_url}/{quote(key, safe='')}"
        response = await self._ask("GET", url, parameters, headers, patience, key=key)
        try:
            yield response
        finally:
            response.close()

    async def _ask(
        self,
        method: str,
        url: str,
        parameters: Mapping[str, str],
        headers: Mapping[str, str],
        patience: aiohttp.ClientTimeout,
        *,
        key: str,
        need: Need = "read",
        body: bytes | None = None,
    ) -> aiohttp.ClientResponse:
        """Return an answer that is a success, its body unread; anything else is raised."""
        who = await self._access.headers()
        try:
            response = await self._access.session.request(
                method,
                URL(f"{url}?{urlencode(parameters, quote_via=quote, safe='')}", encoded=True),
                headers={**headers, **who},
                data=None if body is None else io.BytesIO(body),
                timeout=patience,
                proxy=self._access.proxy,
            )
            if response.status < 300:
                return response
            try:
                said = await response.read()
            finally:
                response.close()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise lost(self._named(key), error) from None
        if response.status == 404 and need == "read" and not says_what_is_missing(said):
            raise await self._missing(key)
        name, caller = self._named(key), self._access.caller
        raise refusal(response.status, said, name=name, need=need, caller=caller)

    async def _chunks(
        self, response: aiohttp.ClientResponse, key: str
    ) -> AsyncGenerator[bytes, None]:
        """Yield a body as it comes; a break is StoreUnavailable."""
        try:
            async for chunk in response.content.iter_chunked(READ_CHUNK_BYTES):
                yield chunk
        except (aiohttp.ClientError, TimeoutError) as error:
            raise lost(self._named(key), error) from None

    async def _missing(self, key: str) -> StoreError:
        """Find out what a 404 for an object means: only a listing tells of the bucket alone."""
        try:
            await self.list(key)
        except ObjectMissing as error:
            return error
        except StoreError:  # we may not list, or cannot now: say what is certain
            return ObjectMissing(f"{self._named(key)}: no such object, or no such bucket")
        return ObjectMissing(f"{self._named(key)}: no such object")

    def _named(self, key: str) -> str:
        return f"{self._access.name}/{key}" if key else self._access.name


class _Item(msgspec.Struct, frozen=True, kw_only=True):
    """An object's metadata on the wire, where numbers of 64 bits are strings."""

    name: str
    generation: str
    size: Annotated[str, msgspec.Meta(pattern="^[0-9]{1,19}$")]
    arrived_at: Annotated[datetime, msgspec.Meta(tz=True)] = msgspec.field(
        name="timeCreated"  # of this generation
    )

    def to_object(self) -> Object:
        return Object(
            key=self.name,
            etag=self.generation,
            stored_bytes=int(self.size),
            arrived_at=in_utc(self.arrived_at),
        )


class _Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a listing on the wire; one without objects has no `items`."""

    items: tuple[_Item, ...] = ()
    next_page_token: str = msgspec.field(name="nextPageToken", default="")


_Answer = TypeVar("_Answer", _Item, _Listing)
