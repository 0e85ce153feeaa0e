"""Servers that speak S3 and leave something out: it is made up for, or said clearly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from receiver.errors import (
    ObjectChanged,
    ObjectMissing,
    Reason,
    StoreDenied,
    StoreError,
    StoreUnavailable,
)
from receiver.limits import MIB
from receiver.store.bounds import Bounds
from receiver.store.s3 import S3Store, open_s3
from tests.servers.answering import answering
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
    error_region: str = ""
    location: str = ""
    message: str = "AKIASTRANGE signed this"
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
        region = f"<Region>{self.error_region}</Region>" if self.error_region else ""
        inside = f"<Code>{code}</Code><Message>{self.message}</Message>{region}"
        text = f"<Error>{inside}</Error>"
        if request.method == "POST":  # as the service that gives out roles says it
            text = f"<ErrorResponse>{text}</ErrorResponse>"
        body = None if request.method == "HEAD" else text.encode()
        headers = {**(headers or {}), **({"Location": self.location} if self.location else {})}
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
    ("status", "code", "error", "reason", "words"),
    [
        (403, "AccessDenied", StoreDenied, Reason.READ_DENIED, "need s3:GetObject"),
        (401, "AccessDenied", StoreDenied, Reason.READ_DENIED, "need s3:GetObject"),
        (401, "Unauthorized", StoreDenied, Reason.KEYS_WRONG, "does not know the access key id"),
        (403, "SignatureDoesNotMatch", StoreDenied, Reason.KEYS_WRONG, "does not belong to"),
        (403, "InvalidAccessKeyId", StoreDenied, Reason.KEYS_WRONG, "does not know the access"),
        (400, "InvalidToken", StoreDenied, Reason.KEYS_WRONG, "not valid; renew"),
        (400, "ExpiredToken", StoreDenied, Reason.KEYS_EXPIRED, "expired; renew"),
        (403, "RequestTimeTooSkewed", StoreDenied, Reason.CLOCK_SKEW, "GMT for the store"),
        (400, "ExpiredRequest", StoreDenied, Reason.CLOCK_SKEW, "clock"),
        (403, "InvalidObjectState", StoreDenied, Reason.OBJECT_ARCHIVED, "archived; restore it"),
        (501, "NotImplemented", StoreDenied, Reason.REFUSED, "refused with 501 NotImplemented"),
        (404, "NoSuchBucket", ObjectMissing, Reason.BUCKET_MISSING, "no such bucket"),
        (400, "InvalidBucketName", ObjectMissing, Reason.BUCKET_MISSING, "no such bucket"),
        (404, "NoSuchKey", ObjectMissing, Reason.OBJECT_MISSING, "no such object"),
        (416, "InvalidRange", ObjectChanged, Reason.OBJECT_CHANGED, "replaced"),
        (400, "RequestTimeout", StoreUnavailable, Reason.UNAVAILABLE, "400 RequestTimeout"),
        (429, "TooManyRequests", StoreUnavailable, Reason.UNAVAILABLE, "429"),
        (500, "InternalError", StoreUnavailable, Reason.UNAVAILABLE, "500 InternalError"),
        (503, "SlowDown", StoreUnavailable, Reason.UNAVAILABLE, "503 SlowDown"),
    ],
)
async def test_every_answer_has_its_error(
    server: StrangeServer,
    status: int,
    code: str,
    error: type[StoreError],
    reason: Reason,
    words: str,
) -> None:
    server.error = (status, code)
    async with opening(server) as store:
        for call in (
            lambda: store.read("logs/a", bytes_max=10),
            lambda: store.find("logs/a"),
        ):
            with pytest.raises(StoreError, match="s3://logs/logs/a") as caught:
                await call()
            if status < 500 or status == 501:  # HEAD is not asked again after a 5xx: it may pass
                assert type(caught.value) is error
                assert words in str(caught.value)
            assert isinstance(caught.value, error)
            assert caught.value.reason is reason
            assert caught.value.right == ("s3:GetObject" if "need" in words else "")
            assert "AKIASTRANGE" not in repr(caught.value)
            assert "planted-secret" not in repr(caught.value)


async def test_each_call_names_the_right_that_it_lacks(server: StrangeServer) -> None:
    server.error = (403, "AccessDenied")
    async with opening(server) as store:
        for call, reason, right in (
            (lambda: store.list(""), Reason.LIST_DENIED, "s3:ListBucket"),
            (lambda: store.read("a", bytes_max=1), Reason.READ_DENIED, "s3:GetObject"),
            (lambda: store.put("a", b"1"), Reason.WRITE_DENIED, "s3:PutObject"),
        ):
            with pytest.raises(StoreDenied, match=right) as caught:
                await call()
            assert (caught.value.reason, caught.value.right) == (reason, right)


@pytest.mark.parametrize(
    ("status", "code"), [(301, "PermanentRedirect"), (400, "AuthorizationHeaderMalformed")]
)
async def test_a_region_that_is_named_and_does_not_help_is_told(
    server: StrangeServer, status: int, code: str
) -> None:
    server.error, server.error_region = (status, code), "eu-west-3"
    async with opening(server) as store:
        for call in (lambda: store.list(""), lambda: store.find("logs/a")):
            with pytest.raises(StoreDenied, match=r"region eu-west-3; put region=eu-w") as caught:
                await call()
            assert caught.value.reason is Reason.REGION_WRONG


async def test_a_region_that_is_wrong_and_not_named_is_told(server: StrangeServer) -> None:
    server.error = (301, "PermanentRedirect")
    async with opening(server) as store:
        with pytest.raises(
            StoreDenied, match="names no region; put the bucket's `region`"
        ) as caught:
            await store.list("")
    assert caught.value.reason is Reason.REGION_WRONG
    assert len(server.seen) < 5  # the driver looks for the region, once


async def test_a_server_that_sends_us_elsewhere_is_not_followed(server: StrangeServer) -> None:
    async with answering() as elsewhere:
        server.error, server.location = (307, "TemporaryRedirect"), f"{elsewhere.url}/logs"
        async with opening(server) as store:
            for call in (lambda: store.list(""), lambda: store.put("logs/a", b"1")):
                with pytest.raises(StoreDenied, match="sends us elsewhere"):
                    await call()
        assert not elsewhere.asked


async def test_keys_that_the_server_cannot_read_are_wrong_ones(server: StrangeServer) -> None:
    for code, message in (
        ("AuthorizationHeaderMalformed", "The credential is mal-formed"),
        ("InvalidArgument", "Credential access key has length 11, should be 32"),  # R2
    ):
        server.error, server.message = (400, code), message
        async with opening(server) as store:
            with pytest.raises(StoreDenied, match="correct the keys of the dest") as caught:
                await store.list("")
        assert caught.value.reason is Reason.KEYS_WRONG


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidArgument", "Unauthorized"])
async def test_an_anonymous_caller_shows_no_keys_and_is_told_so(
    server: StrangeServer, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", USER.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", USER.secret_access_key)
    bounds = Bounds(stall_seconds=2, retry_seconds=0.001)
    conf = destination("logs", user=USER)
    async with open_s3(conf, endpoint_url=server.url, bounds=bounds, anonymous=True) as store:
        assert len((await store.list("")).objects) == 1
        server.error = ({"AccessDenied": 403, "Unauthorized": 401}.get(code, 400), code)
        for call, reason in (
            (lambda: store.list(""), Reason.LIST_DENIED),
            (lambda: store.read("logs/a", bytes_max=1), Reason.READ_DENIED),
        ):
            with pytest.raises(StoreDenied, match="denied to anonymous callers") as caught:
                await call()
            assert caught.value.reason is reason
    assert not any("Authorization" in request.headers for request in server.seen)


async def test_a_service_that_gives_out_roles_and_refuses_is_named(
    server: StrangeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile sweeping]\nrole_arn = arn:aws:iam::1:role/reader\nsource_profile = own\n"
        "[profile own]\naws_access_key_id = AKIASTRANGE\n"
        "aws_secret_access_key = planted-secret\nregion = us-east-1\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "sweeping")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.url)
    for code, reason in (
        ("AccessDenied", Reason.KEYS_WRONG),
        ("ExpiredTokenException", Reason.KEYS_EXPIRED),
    ):
        server.error = (403, code)
        async with open_s3(destination("logs", user=None), endpoint_url=server.url) as store:
            with pytest.raises(StoreDenied, match="usual chain") as caught:
                await store.list("")
        assert caught.value.reason is reason
        assert ("AssumeRole is refused" in str(caught.value)) is (reason is Reason.KEYS_WRONG)
        assert "AKIASTRANGE" not in repr(caught.value)


async def test_a_profile_that_is_not_there_is_no_keys(
    server: StrangeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "no-such")
    async with open_s3(destination("logs", user=None), endpoint_url=server.url) as store:
        with pytest.raises(StoreDenied, match="no-such") as caught:
            await store.list("")
    assert caught.value.reason is Reason.KEYS_MISSING


@pytest.mark.parametrize("exit_code", [0, 1])
async def test_what_a_credential_process_says_is_not_passed_on(
    server: StrangeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, exit_code: int
) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho planted-out; echo planted-err >&2; exit {exit_code}\n")
    program.chmod(0o700)
    _use_process(monkeypatch, tmp_path, program)
    async with open_s3(destination("logs", user=None), endpoint_url=server.url) as store:
        with pytest.raises(StoreDenied, match="no usable keys of the usual chain") as caught:
            await store.list("")
    assert caught.value.reason is Reason.KEYS_MISSING
    assert "planted" not in f"{caught.value!r}{caught.value.__cause__!r}"
    assert ("credential_process by hand" in str(caught.value)) is (exit_code == 1)


async def test_a_credential_process_that_is_not_there_is_no_keys(
    server: StrangeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _use_process(monkeypatch, tmp_path, tmp_path / "no-such")
    async with open_s3(destination("logs", user=None), endpoint_url=server.url) as store:
        with pytest.raises(StoreDenied, match="FileNotFoundError") as caught:
            await store.list("")
    assert caught.value.reason is Reason.KEYS_MISSING


def _use_process(monkeypatch: pytest.MonkeyPatch, folder: Path, program: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    config = folder / "config"
    config.write_text(f"[default]\ncredential_process = {program}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("2026-11-22T10:15:00.123Z", "yesterday"),
        ("2026-11-22T10:15:00.123Z", "99999-01-01T00:00:00Z"),
        ("2026-11-22T10:15:00.123Z", "9" * 40),
        ("2026-11-22T10:15:00.123Z", ""),
        ("<LastModified>2026-11-22T10:15:00.123Z</LastModified>", ""),
        ("<Size>2097152</Size>", "<Size>many</Size>"),
        ("<Size>2097152</Size>", ""),
        ("<Key>logs/a</Key>", ""),
    ],
)
async def test_a_listing_that_makes_no_sense_is_unavailable(
    server: StrangeServer, right: str, wrong: str
) -> None:
    assert right in server._listing()
    server.listing = server._listing().replace(right, wrong)
    async with opening(server) as store:
        with pytest.raises(StoreUnavailable, match="makes no sense"):
            await store.list("")


async def test_a_head_that_makes_no_sense_is_unavailable(server: StrangeServer) -> None:
    for date in ("yesterday", "Mon, 01 Jan 99999999999 00:00:00 GMT"):
        server.date = date
        async with opening(server) as store:
            for call in (store.find("logs/a"), store.read("logs/a", bytes_max=1)):
                with pytest.raises(StoreUnavailable, match="makes no sense"):
                    await call


async def test_a_time_at_the_calendars_end_is_taken(server: StrangeServer) -> None:
    for said, year in (("9999-12-31T23:59:59Z", 9999), ("9999-12-31T23:59:59-05:00", 1970)):
        server.listing = ""
        server.listing = server._listing().replace("2026-11-22T10:15:00.123Z", said)
        async with opening(server) as store:
            assert (await store.list("")).objects[0].arrived_at.year == year


async def test_an_error_without_a_body_tells_its_status_once(server: StrangeServer) -> None:
    conf = destination("logs", user=USER)
    async with answering() as bare, open_s3(conf, endpoint_url=bare.url) as store:
        for bare.status, words in ((500, r"answered 500$"), (418, r"refused with 418(;|$)")):
            with pytest.raises(StoreError, match=words):
                await store.list("")


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
