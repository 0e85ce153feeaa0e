"""Uploads as an endpoint or a folder sees them, and what is said of those that fail."""

import asyncio
import gzip
import resource
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import trustme
from aiohttp import web

from receiver.clock import SystemClock
from receiver.destination.parse import parse_destination
from receiver.doctor.waits import WAITS
from receiver.emulator.pusher.http_uploader import open_http_uploader
from receiver.emulator.pusher.upload import Upload, UploadFailed
from receiver.emulator.pusher.uploaders import open_uploader
from tests.servers.endpoint import HOST, Endpoint, context_of, rude_server, serving, trust
from tests.servers.launch import free_port
from tests.servers.sumo import CODE, Sumo

SECRETS = ("pl4nted", "dXNlcjpwbGFudGVk", CODE)
HEADERS = "header_Authorization=Basic%20dXNlcjpwbGFudGVk&header_X-Key=pl4nted%2Fkey"
TAGS = "tags=host:a,dataset:http_requests&plain=pl4nted%2f%7e"
TEST = Upload(kind="test", key="test.txt.gz", body=gzip.compress(b'{"content":"tests"}'))
BATCH = Upload(kind="batch", key="20261122/a.log.gz", body=gzip.compress(b'{"RayID":"1"}\n'))
SHORT = msgspec.structs.replace(
    WAITS, connect_seconds=1.0, handshake_seconds=0.5, answer_seconds=0.5
)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(autouse=True)
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(trust(authority, tmp_path / "ca.pem")))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))


@pytest.fixture
async def endpoint(authority: trustme.CA) -> AsyncIterator[Endpoint]:
    async with serving(Endpoint(), context_of(authority.issue_cert(HOST))) as running:
        yield running


async def put(conf: str, *uploads: Upload) -> None:
    async with open_uploader(parse_destination(conf), clock=SystemClock()) as uploader:
        for upload in uploads:
            await uploader.put(upload)


async def failure(conf: str, upload: Upload = BATCH) -> UploadFailed:
    with pytest.raises(UploadFailed) as raised:
        await put(conf, upload)
    assert not any(secret in str(raised.value) for secret in SECRETS)
    return raised.value


class Reading(Endpoint):
    """Reads a body piece by piece, to see one that does not end."""

    def __init__(self) -> None:
        super().__init__()
        self.ended, self.seen = asyncio.Event(), b""
        self.length: int | None = None

    async def take(self, request: web.BaseRequest) -> web.StreamResponse:
        self.length = request.content_length
        try:
            async for chunk in request.content.iter_any():
                self.seen += chunk
        finally:
            self.ended.set()
        return await super().take(request)


def conf(endpoint: Endpoint) -> str:
    return f"https://{HOST}:{endpoint.port}/in/http?{HEADERS}&{TAGS}"


class TestEndpoints:
    async def test_a_batch_is_posted_as_logpush_does(self, endpoint: Endpoint) -> None:
        await put(conf(endpoint), BATCH, BATCH)
        first, second = endpoint.requests
        assert first == second
        assert (first.method, first.body) == ("POST", BATCH.body)
        assert first.target == f"/in/http?{TAGS}"
        assert first.headers == {
            "host": f"{HOST}:{endpoint.port}",
            "user-agent": "Cloudflare-Logpush/1.0",
            "content-encoding": "gzip",
            "authorization": "Basic dXNlcjpwbGFudGVk",
            "x-key": "pl4nted/key",
            "content-length": str(len(BATCH.body)),
        }

    async def test_of_a_batch_that_halts_it_sees_half_and_then_the_end(
        self, authority: trustme.CA
    ) -> None:
        running = Reading()
        async with serving(running, context_of(authority.issue_cert(HOST))):
            halting = msgspec.structs.replace(BATCH, halts=True)
            assert (await failure(conf(running), halting)).retry
            await asyncio.wait_for(running.ended.wait(), 5)
        assert running.length == len(BATCH.body)
        assert running.seen == BATCH.body[: len(BATCH.body) // 2]
        assert running.requests == []

    async def test_of_a_batch_that_halts_no_answer_brings_the_rest(
        self, authority: trustme.CA
    ) -> None:
        class Hasty(Endpoint):
            async def take(self, request: web.BaseRequest) -> web.StreamResponse:
                lengths.append(request.content_length)
                return web.Response()

        lengths: list[int | None] = []
        running = Hasty()
        async with serving(running, context_of(authority.issue_cert(HOST))):
            with suppress(UploadFailed):
                await put(conf(running), msgspec.structs.replace(BATCH, halts=True))
        assert lengths == [len(BATCH.body)]

    async def test_a_test_is_a_plain_text_and_then_gzip(self, endpoint: Endpoint) -> None:
        await put(conf(endpoint), TEST)
        plain, packed = endpoint.requests
        assert (plain.body, plain.headers["content-type"]) == (b"test", "application/json")
        assert "content-encoding" not in plain.headers
        assert (packed.body, packed.headers["content-encoding"]) == (TEST.body, "gzip")

    @pytest.mark.parametrize("scheme", ["splunk", "datadog", "sentinelone"])
    async def test_its_kin_are_posted_to_as_well(self, endpoint: Endpoint, scheme: str) -> None:
        host = f"{HOST}:{endpoint.port}"
        await put(f"{scheme}://{host}/services/collector/raw?channel=c&{HEADERS}", BATCH)
        assert endpoint.requests[0].target == "/services/collector/raw?channel=c"

    async def test_splunk_may_be_told_not_to_mind_the_certificate(self, tmp_path: Path) -> None:
        stranger = trustme.CA()
        async with serving(Endpoint(), context_of(stranger.issue_cert(HOST))) as endpoint:
            address = f"splunk://{HOST}:{endpoint.port}/services/collector/raw?channel=c"
            assert "certificate" in str(await failure(address))
            await put(f"{address}&insecure-skip-verify=true", BATCH)
        assert len(endpoint.requests) == 1

    @pytest.mark.parametrize(
        ("status", "retry"),
        [(301, False), (400, False), (403, False), (408, True), (429, True), (503, True)],
    )
    async def test_any_status_but_2xx_is_a_failure(
        self, endpoint: Endpoint, status: int, retry: bool
    ) -> None:
        endpoint.statuses = [status]
        endpoint.answer_headers = {"Location": "/elsewhere"}
        error = await failure(conf(endpoint))
        assert (error.status, error.retry) == (status, retry)
        assert str(error) == (
            "error writing object: error uploading "
            f"(logpush-receiver emulate: {HOST}:{endpoint.port} answered {status})"
        )
        assert len(endpoint.requests) == 1
        endpoint.statuses = [204]
        await put(conf(endpoint), BATCH)

    async def test_a_name_that_is_not_found_is_a_dns_error(self) -> None:
        error = await failure(f"https://logs.invalid/?{HEADERS}")
        assert "DNSError" in str(error)
        assert error.retry

    async def test_nobody_there_and_no_answer_are_told_and_tried_again(
        self, authority: trustme.CA
    ) -> None:
        error = await failure(f"https://{HOST}:{free_port()}/")
        assert error.retry
        assert "no connection came about" in str(error)

        async def hang_up(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None: ...

        async with rude_server(hang_up) as port:
            assert (await failure(f"https://{HOST}:{port}/")).retry

    async def test_who_does_not_answer_is_not_waited_for(self, endpoint: Endpoint) -> None:
        endpoint.wait_seconds = 5
        destination = parse_destination(conf(endpoint))
        async with open_http_uploader(destination, waits=SHORT) as uploader:
            with pytest.raises(UploadFailed, match=r"no answer in 0.5 s") as raised:
                await uploader.put(BATCH)
        assert raised.value.retry

    async def test_sumo_gets_a_challenge_as_text_and_batches_as_gzip(
        self, authority: trustme.CA
    ) -> None:
        sumo = Sumo(lambda: datetime.now(UTC).timestamp())
        runner = web.AppRunner(sumo.app())
        await runner.setup()
        context = context_of(authority.issue_cert(HOST))
        await web.TCPSite(runner, HOST, 0, ssl_context=context).start()
        try:
            address = f"sumo://{HOST}:{runner.addresses[0][1]}/receiver/v1/http/"
            await put(address + CODE, Upload(kind="challenge", key="c.txt", body=b"a.b.c"))
            await put(address + CODE, TEST, BATCH)
            error = await failure(address + "pl4nted")
        finally:
            await runner.cleanup()
        said = ["a.b.c", '{"content":"tests"}', '{"RayID":"1"}\n']
        assert [message["_raw"] for message in sumo.messages] == said
        assert (error.status, error.retry) == (401, False)

    async def test_what_it_cannot_push_to_is_refused(self) -> None:
        error = await failure(
            "kinesis://stream?region=eu-west-1&sts-assume-role-arn=arn:aws:iam::1"
        )
        assert "logpush-receiver emulate: it does not push to kinesis://" in str(error)
        assert not error.retry


class TestStores:
    async def test_of_a_batch_that_halts_nothing_is_there(self, tmp_path: Path) -> None:
        await put(f"file://{tmp_path}/logs", msgspec.structs.replace(BATCH, halts=True))
        assert not list(tmp_path.rglob("*.gz"))

    async def test_a_folder_holds_what_was_written(self, tmp_path: Path) -> None:
        await put(f"file://{tmp_path}/new/{{DATE}}", BATCH, TEST)
        assert (tmp_path / "new" / BATCH.key).read_bytes() == BATCH.body
        assert (tmp_path / "new" / TEST.key).read_bytes() == TEST.body

    async def test_a_place_that_takes_nothing_now_may_take_it_later(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        error = await failure(f"file://{tmp_path}/file/logs")
        assert str(error).startswith("error writing object: error uploading (logpush-receiver")
        assert error.retry

    async def test_a_disk_that_is_full_is_told_and_no_half_batch_is_left(
        self, tmp_path: Path
    ) -> None:
        large = msgspec.structs.replace(BATCH, body=bytes(100_000))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))  # as good as a full disk
        try:
            error = await failure(f"file://{tmp_path}/logs", large)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert error.retry
        assert "File too large" in str(error)
        assert not [path for path in (tmp_path / "logs").rglob("*") if path.is_file()]

    @pytest.mark.parametrize(
        ("sas", "said"),
        [
            ("", "has no SAS"),
            ("?sp=w&ss=b&srt=sco&sig=pl4nted", "signedResourceTypes must be Object only (srt=o)"),
            ("?sp=r&ss=b&srt=o&sig=pl4nted", "sp=r has no w"),
            ("?sp=w&ss=b&srt=o&se=2020-01-01&sig=pl4nted", "expired at 2020-01-01"),
        ],
    )
    async def test_azure_is_written_by_the_confs_sas_or_not_at_all(
        self, sas: str, said: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AZURE_STORAGE_KEY", "c2VjcmV0")  # it would do, and is not Logpush's
        error = await failure(f"azure://acme.blob.core.windows.net/logs/http{sas}")
        assert said in str(error)
        assert not error.retry
