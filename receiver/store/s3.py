"""A store on S3, R2 and every server that speaks S3, whatever it leaves out."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    aclosing,
    asynccontextmanager,
)
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from receiver.destination.destination import Destination
from receiver.errors import ObjectChanged, ObjectMissing, StoreDenied, StoreUnavailable
from receiver.limits import READ_CHUNK_BYTES
from receiver.store.body import whole_body
from receiver.store.bounds import BOUNDS, Bounds
from receiver.store.denial import most_telling
from receiver.store.s3_access import S3Access
from receiver.store.s3_denial import Permission
from receiver.store.s3_errors import translated
from receiver.store.stamp import in_utc
from receiver.store.store import Object, Page, Properties
from receiver.store.web import ProxyRefused

Answer = dict[str, Any]


@asynccontextmanager
async def open_s3(
    destination: Destination,
    *,
    endpoint_url: str | None = None,
    bounds: Bounds = BOUNDS,
    anonymous: bool = False,
) -> AsyncIterator["S3Store"]:
    """Open the bucket of an s3:// or r2:// destination.

    The conf's keys are used where they can read, else the usual chain of AWS; AWS_ENDPOINT_URL_S3
    holds where neither `endpoint_url` nor the conf names an endpoint. `anonymous` asks without any.
    """
    async with AsyncExitStack() as opened:
        access = S3Access(
            destination,
            endpoint_url=endpoint_url,
            bounds=bounds,
            opened=opened,
            anonymous=anonymous,
        )
        yield S3Store(destination, access=access, bounds=bounds)


class S3Store:
    """One bucket."""

    def __init__(self, destination: Destination, *, access: S3Access, bounds: Bounds) -> None:
        self._name = f"{destination.scheme}://{destination.bucket}"
        self._bucket = destination.bucket
        self._encryption = {"ServerSideEncryption": destination.sse} if destination.sse else {}
        self._access = access
        self._bounds = bounds
        self._keys: dict[Permission, str] = {}  # those that were not denied

    @property
    def properties(self) -> Properties:
        return Properties(name=self._name, after_walks=False)

    async def list(self, prefix: str, *, after: str = "", next: str | None = None) -> Page:
        start = {"ContinuationToken": next} if next is not None else {"StartAfter": after}
        answer = await self._ask(
            Permission.LIST,
            self._name,
            lambda client: client.list_objects_v2(
                Bucket=self._bucket,
                Prefix=prefix,
                MaxKeys=self._bounds.page_objects,
                **(start if next is not None or after else {}),
            ),
        )
        token = answer.get("NextContinuationToken") if answer.get("IsTruncated") else None
        if answer.get("IsTruncated") and not token:
            raise StoreDenied(
                f"{self._name}: the store cuts its listing and does not say how to go on; "
                "it does not speak ListObjectsV2"
            )
        with translated(self._name, Permission.LIST, ""):
            objects = tuple(
                _object(item["Key"], item, item["Size"]) for item in answer.get("Contents", ())
            )
        return Page(objects=objects, next=token)

    async def find(self, key: str) -> Object:
        try:
            answer = await self._ask(
                Permission.GET,
                f"{self._name}/{key}",
                lambda client: client.head_object(Bucket=self._bucket, Key=key),
            )
        except (ObjectMissing, StoreDenied):
            # an answer to HEAD has no body and so no reason: GET has one, and tells what is missing
            answer = await self._get(key)
            answer["Body"].close()
        with translated(f"{self._name}/{key}", Permission.GET, ""):
            return _object(key, answer, answer["ContentLength"])

    def open(self, obj: Object) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return whole_body(
            lambda offset: self._start(obj, offset),
            name=f"{self._name}/{obj.key}",
            stored_bytes=obj.stored_bytes,
            bounds=self._bounds,
        )

    async def read(self, key: str, *, bytes_max: int) -> bytes:
        answer = await self._get(key)
        body, taken = answer["Body"], bytearray()
        try:
            async with aclosing(_chunks(body, f"{self._name}/{key}", skip=0)) as chunks:
                async for chunk in chunks:
                    taken += chunk
                    if len(taken) >= bytes_max:
                        break
        finally:
            body.close()
        return bytes(taken[:bytes_max])

    async def put(self, key: str, body: bytes) -> Object:
        answer = await self._ask(
            Permission.PUT,
            f"{self._name}/{key}",
            lambda client: client.put_object(
                Bucket=self._bucket, Key=key, Body=body, **self._encryption
            ),
        )
        written_at = _date(answer)
        if not answer.get("ETag") or not written_at:
            return await self.find(key)  # some servers tell only when they are asked
        return _object(key, {**answer, "LastModified": written_at}, len(body))

    async def _ask(
        self,
        permission: Permission,
        name: str,
        call: Callable[[Any], Awaitable[Answer]],
    ) -> Answer:
        """Ask with the first keys that are let in; where none are, the error names them all.

        Writing is Logpush's part: it is tried with the keys that the job has, and no others.
        """
        first = self._keys.get(permission, self._access.keys[0])
        candidates = self._access.keys[self._access.keys.index(first) :]
        if permission is Permission.PUT:
            candidates = candidates[:1]
        denials = []
        for keys in candidates:
            try:
                with translated(name, permission, keys):
                    answer = await call(await self._access.client(keys))
            except ProxyRefused:
                raise  # other keys would not come further
            except StoreDenied as error:
                denials.append(error)
                continue
            self._keys[permission] = keys
            return answer
        if len(denials) == 1:
            raise denials[0]
        telling = most_telling(denials)
        raise StoreDenied(
            "; and ".join(str(error) for error in denials),
            reason=telling.reason,
            right=telling.right,
        ) from telling

    async def _get(self, key: str, **conditions: str) -> Answer:
        return await self._ask(
            Permission.GET,
            f"{self._name}/{key}",
            lambda client: client.get_object(Bucket=self._bucket, Key=key, **conditions),
        )

    @asynccontextmanager
    async def _start(self, obj: Object, offset: int) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open the object's body at a byte, of the same etag; see whole_body."""
        conditions = {}
        if not obj.etag.startswith(_WITHOUT_ETAG):
            conditions["IfMatch"] = f'"{obj.etag}"'
        if offset:
            conditions["Range"] = f"bytes={offset}-"
        answer = await self._get(obj.key, **conditions)
        body, name = answer["Body"], f"{self._name}/{obj.key}"
        try:
            with translated(name, Permission.GET, ""):
                begins_at, total_bytes = _extent(answer, name)
                etag = _etag(answer, total_bytes)
            if etag != obj.etag or begins_at > offset:
                raise ObjectChanged(f"{name}: the object was replaced while it was read")
            async with aclosing(_chunks(body, name, skip=offset - begins_at)) as chunks:
                yield chunks
        finally:
            body.close()


async def _chunks(body: Any, name: str, *, skip: int) -> AsyncGenerator[bytes, None]:
    """Yield a body as it came over the wire, without its first `skip` bytes."""
    while True:
        with translated(name, Permission.GET, ""):
            chunk: bytes = await body.read(READ_CHUNK_BYTES)
        if not chunk:
            return
        if skip < len(chunk):
            yield chunk[skip:] if skip else chunk
        skip = max(0, skip - len(chunk))


def _extent(answer: Answer, name: str) -> tuple[int, int]:
    """Return where an answer's body begins in the object, and the size of the whole object.

    A server that knows no ranges answers with all of it, which is as good.
    """
    if answer["ResponseMetadata"]["HTTPStatusCode"] != 206:
        return 0, answer["ContentLength"]
    try:
        span, total = answer["ContentRange"].removeprefix("bytes ").split("/")
        return int(span.split("-")[0]), int(total)
    except (KeyError, ValueError) as error:
        raise StoreUnavailable(f"{name}: the store sent a part and does not say which") from error


def _date(answer: Answer) -> datetime | None:
    """Return when the server answered; None where it does not say, or not with its zone."""
    try:
        date = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    return date if date.tzinfo else None


_WITHOUT_ETAG = "no-etag-"


def _etag(answer: Answer, stored_bytes: int) -> str:
    """Return the etag, plain; of a server that gives none, size and time stand for it."""
    given = str(answer.get("ETag") or "").removeprefix("W/").strip('"')
    arrived_at: datetime = answer["LastModified"]
    return given or f"{_WITHOUT_ETAG}{stored_bytes}-{arrived_at:%Y%m%dT%H%M%SZ}"


def _object(key: str, answer: Answer, stored_bytes: int) -> Object:
    arrived_at: datetime = answer["LastModified"]
    return Object(
        key=key,
        etag=_etag(answer, stored_bytes),
        stored_bytes=stored_bytes,
        arrived_at=in_utc(arrived_at).replace(microsecond=0),  # HEAD tells no finer
    )
