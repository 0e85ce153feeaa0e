"""Servers that speak S3 and leave something out: it is made up for, or said clearly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from receiver.errors import (
    ObjectChanged,
    ObjectMissing,
    StoreDenied,
    StoreError,
    StoreUnavailable,
)
from receiver.limits import MIB
from receiver.store.bounds import Bounds
from receiver.store.s3 import S3Store, open_s3
from tests.servers.s3 import User, destination

DATE = "Sun, 22 Nov 2026 10:15:00 GMT"
LATER = "Sun, 22 Nov 2026 10:16:00 GMT"
USER = User(access_key_id="AKIASTRANGE", secret_access_key="planted-secret")


@dataclass
class StrangeServer:
    """One bucket with one object, `logs/a`, and a few bad habits."""

    body: bytes = bytes(range(256)) * (2 * MIB // 256)
    etag: str = '"abc"'
    date: str = DATE
    ranges: bool = True
    content_range: bool = True
    conditions: bool = True
    region: str | None = None
    cuts: int = 0  # so many answers end in the middle
    error: tuple[int, str] | None = None
    listing: str = ""
    url: str = ""
    seen: list[web.Request] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        if self.region and f"/{self.region}/s3/" not in request.headers["Authorization"]:
            headers = {"x-amz-bucket-region": self.region}
            return self._refused(request, 301, "PermanentRedirect", headers)
        if self.error:
            return self._refused(request, *self.error)
        if request.path.strip("/") == "logs":
            return web.Response(text=self._listing(), content_type="application/xml")
        if self.conditions and request.headers.get("If-Match", self.etag) != self.etag:
            return self._refused(request, 412, "PreconditionFailed")
        return await self._object(request)

    async def _object(self, request: web.Request) -> web.StreamResponse:
        begin = request.http_range.start if self.ranges and request.http_range.start else 0
        answer = web.StreamResponse(status=206 if begin else 200)
        answer.headers.update({"Last-Modified": self.date, "ETag": self.etag})
        if begin and self.content_range:
            size = len(self.body)
            answer.headers["Content-Range"] = f"bytes {begin}-{size - 1}/{size}"
        part = self.body[begin:]
        answer.content_length = len(part)
        await answer.prepare(request)
        if request.method == "GET" and self.cuts:
            self.cuts -= 1
            await answer.write(part[: len(part) // 2])
            assert request.transport
            request.transport.close()
        elif request.method == "GET":
            await answer.write(part)
        return answer

    def _refused(
        self, request: web.Request, status: int, code: str, headers: dict[str, str] | None = None
    ) -> web.Response:
        text = f"<Error><Code>{code}</Code><Message>AKIASTRANGE signed this</Message></Error>"
        body = None if request.method == "HEAD" else text.encode()
        return web.Response(
            status=status, body=body, headers=headers, content_type="application/xml"
        )

    def _listing(self) -> str:
        return self.listing or (
            "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>logs/a</Key>"
            f"<LastModified>2026-11-22T10:15:00.123Z</LastModified><ETag>{self.etag}</ETag>"
            f"<Size>{len(self.body)}</Size></Contents></ListBucketResult>"
        )


@pytest.fixture
async def server() -> AsyncIterator[StrangeServer]:
    strange = StrangeServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", strange.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    strange.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield strange
    await runner.cleanup()


def opening(server: StrangeServer) -> AbstractAsyncContextManager[S3Store]:
    bounds = Bounds(stall_seconds=2, retry_seconds=0.001)
    return open_s3(destination("logs", user=USER), endpoint_url=server.url, bounds=bounds)


async def read_all(server: StrangeServer) -> bytes:
    async with opening(server) as store:
        obj = (await store.list("")).objects[0]
        async with store.open(obj) as chunks:
            return b"".join([chunk async for chunk in chunks])


async def test_a_server_without_ranges_is_resumed_by_reading_anew(server: StrangeServer) -> None:
    server.ranges = False
    server.cuts = 1
    assert await read_all(server) == server.body


async def test_a_part_that_does_not_say_which_is_not_taken(server: StrangeServer) -> None:
    server.content_range = False
    server.cuts = 100
    with pytest.raises(StoreUnavailable, match="does not say which"):
        await read_all(server)


async def test_a_change_is_seen_where_if_match_is_ignored(server: StrangeServer) -> None:
    server.conditions = False
    async with opening(server) as store:
        obj = await store.find("logs/a")
        server.etag = '"another"'
        with pytest.raises(ObjectChanged):
            async with store.open(obj):
                pass


@pytest.mark.parametrize("etag", ['""', ""])
async def test_without_etags_size_and_time_stand_for_them(server: StrangeServer, etag: str) -> None:
    server.etag = etag
    server.cuts = 1
    assert await read_all(server) == server.body
    async with opening(server) as store:
        obj = await store.find("logs/a")
        assert (obj,) == (await store.list("")).objects
        server.date = LATER
        with pytest.raises(ObjectChanged):
            async with store.open(obj):
                pass


async def test_an_etag_is_the_same_with_and_without_quotes(server: StrangeServer) -> None:
    server.etag = '"abc"'
    async with opening(server) as store:
        listed = (await store.list("")).objects[0]
        server.listing = server._listing().replace('"abc"', "abc")
        assert (await store.list("")).objects[0] == listed == await store.find("logs/a")


async def test_a_listing_that_cannot_be_continued_is_said(server: StrangeServer) -> None:
    server.listing = "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"
    async with opening(server) as store:
        with pytest.raises(StoreDenied, match="does not speak ListObjectsV2"):
            await store.list("")


async def test_the_region_of_a_bucket_is_found(server: StrangeServer) -> None:
    server.region = "eu-west-3"
    assert await read_all(server) == server.body


@pytest.mark.parametrize(
    ("status", "code", "error", "words"),
    [
        (403, "AccessDenied", StoreDenied, "need s3:GetObject"),
        (401, "Unauthorized", StoreDenied, "need s3:GetObject"),
        (403, "SignatureDoesNotMatch", StoreDenied, "does not belong to the access key id"),
        (403, "InvalidAccessKeyId", StoreDenied, "does not know the access key id"),
        (403, "RequestTimeTooSkewed", StoreDenied, "clock"),
        (403, "InvalidObjectState", StoreDenied, "archived"),
        (400, "ExpiredToken", StoreDenied, "expired"),
        (501, "NotImplemented", StoreDenied, "refused with 501 NotImplemented"),
        (404, "NoSuchBucket", ObjectMissing, "no such bucket"),
        (404, "NoSuchKey", ObjectMissing, "no such object"),
        (416, "InvalidRange", ObjectChanged, "replaced"),
        (400, "RequestTimeout", StoreUnavailable, "400 RequestTimeout"),
        (429, "TooManyRequests", StoreUnavailable, "429"),
        (500, "InternalError", StoreUnavailable, "500 InternalError"),
        (503, "SlowDown", StoreUnavailable, "503 SlowDown"),
    ],
)
async def test_every_answer_has_its_error(
    server: StrangeServer, status: int, code: str, error: type[StoreError], words: str
) -> None:
    server.error = (status, code)
    async with opening(server) as store:
        for call in (store.read("logs/a", bytes_max=10), store.find("logs/a")):
            with pytest.raises(StoreError, match="s3://logs/logs/a") as caught:
                await call
            if status < 500 or status == 501:  # HEAD is not asked again after a 5xx: it may pass
                assert type(caught.value) is error
                assert words in str(caught.value)
            assert isinstance(caught.value, error)
            assert "AKIASTRANGE" not in str(caught.value)
            assert "planted-secret" not in str(caught.value)


async def test_a_page_of_a_proxy_is_no_answer(server: StrangeServer) -> None:
    server.listing = "<html>please log in"
    async with opening(server) as store:
        with pytest.raises(StoreUnavailable):
            await store.list("")


async def test_a_name_that_does_not_resolve_is_unavailable() -> None:
    async with open_s3(destination("b", user=USER), endpoint_url="http://no-such.invalid") as s:
        with pytest.raises(StoreUnavailable, match=r"no-such\.invalid"):
            async with asyncio.timeout(10):
                await s.list("")
