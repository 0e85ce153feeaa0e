"""`emulate` writes to real stores and endpoints, and `verify` passes what it wrote there."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import trustme
from aiohttp import web

from tests.e2e.command import Ended
from tests.e2e.emulating import START, Emulating, emulating, verify
from tests.e2e.places import AzurePlace, GCSPlace, S3Place
from tests.servers.azurite import AzureServer
from tests.servers.endpoint import HOST, Endpoint, context_of, serving, trust
from tests.servers.fake_gcs import GCSServer
from tests.servers.s3 import S3Server
from tests.servers.sumo import CODE, Sumo

FAST = ("--start", START, "--speed", "600", "--rate", "300")
SPAN = ("--from", "2026-11-20", "--to", "2026-11-22")


def pushed(
    conf: str,
    folder: Path,
    *,
    read: str,
    environment: Mapping[str, str] | None = None,
    challenged: bool = True,
    **fields: Any,
) -> Ended:
    """Have a quarter of an hour pushed and verify it, as somebody who may read there."""
    with emulating(*FAST, environment=environment) as emulator:
        token = None
        if challenged:
            token = emulator.challenge(conf, read=read, environment=environment)
        emulator.create(conf, token=token, **fields)
        emulator.push_for(minutes=12)
        job = emulator.job()
        ended = emulator.end()
    assert (ended.code, ended.err) == (0, "")
    verified = verify(job | {"destination_conf": read}, folder, *SPAN, environment=environment)
    assert verified.code == 0, verified
    assert verified.json["totals"]["batches"] >= 20
    assert verified.json["totals"]["warnings"] == 0
    return verified


class TestStores:
    def test_s3_with_encryption_at_rest(self, moto_server: S3Server, tmp_path: Path) -> None:
        place = S3Place(moto_server)
        conf = place.conf("http/{DATE}", user=moto_server.writer) + "&sse=AES256"
        pushed(conf, tmp_path, read=place.conf("http/{DATE}"), challenged=False)
        client = moto_server.client()
        objects = client.list_objects_v2(Bucket=place.bucket)["Contents"]
        heads = [client.head_object(Bucket=place.bucket, Key=each["Key"]) for each in objects[:3]]
        assert {head["ServerSideEncryption"] for head in heads} == {"AES256"}

    def test_s3_with_this_machines_own_keys(self, moto_server: S3Server, tmp_path: Path) -> None:
        place, user = S3Place(moto_server), moto_server.owner
        keys = {
            "AWS_ENDPOINT_URL_S3": moto_server.url,
            "AWS_ACCESS_KEY_ID": user.access_key_id,
            "AWS_SECRET_ACCESS_KEY": user.secret_access_key,
        }
        conf = f"s3://{place.bucket}/logs?region=us-east-1"
        pushed(conf, tmp_path, read=conf, environment=keys)

    def test_google_cloud_storage(self, gcs_server: GCSServer, tmp_path: Path) -> None:
        place = GCSPlace(gcs_server)
        conf = place.conf("http/{DATE}")
        pushed(conf, tmp_path, read=conf, environment=place.environment)

    def test_azure_by_a_sas_that_may_only_write(
        self, azure_server: AzureServer, tmp_path: Path
    ) -> None:
        place = AzurePlace(azure_server)
        conf = place.conf("http/{DATE}", permission="w")
        pushed(conf, tmp_path, read=place.conf("http/{DATE}"))


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA, tmp_path: Path) -> dict[str, str]:
    """The environment of a machine that trusts the tests' authority."""
    return {"SSL_CERT_FILE": str(trust(authority, tmp_path / "ca.pem"))}


@pytest.fixture
async def endpoint(authority: trustme.CA) -> AsyncIterator[Endpoint]:
    async with serving(Endpoint(), context_of(authority.issue_cert(HOST))) as running:
        yield running


def job_at(emulator: Emulating, conf: str, token: str | None) -> dict[str, Any]:
    emulator.create(conf, token=token)
    emulator.push_for(minutes=12)
    return emulator.job()


async def verified(bodies: list[bytes], job: dict[str, Any], folder: Path) -> Ended:
    """Verify pushes, written down as they came, a file each."""
    batches = folder / "pushed"
    batches.mkdir()
    for number, body in enumerate(bodies):
        (batches / f"{number:05}.log.gz").write_bytes(body)
    return await asyncio.to_thread(verify, job, folder, batches)


class TestEndpoints:
    async def test_https_with_headers(
        self, endpoint: Endpoint, trusting: dict[str, str], tmp_path: Path
    ) -> None:
        secret = quote("Bearer pl4nted/secret", safe="")
        conf = f"https://{HOST}:{endpoint.port}/in?header_Authorization={secret}&tag=a"
        with emulating(*FAST, environment=trusting) as emulator:
            job = await asyncio.to_thread(job_at, emulator, conf, None)
            ended = await asyncio.to_thread(emulator.end)
        assert "pl4nted" not in ended.out + ended.err
        plain, packed, *batches = endpoint.requests
        assert (plain.body, packed.headers["content-encoding"]) == (b"test", "gzip")
        for sent in batches:
            assert sent.target == "/in?tag=a"
            assert sent.headers["authorization"] == "Bearer pl4nted/secret"
            assert sent.headers["user-agent"] == "Cloudflare-Logpush/1.0"
        outcome = await verified([sent.body for sent in batches], job, tmp_path)
        assert outcome.code == 0, outcome
        assert outcome.json["totals"]["batches"] == len(batches) >= 20

    async def test_an_endpoint_that_is_down_for_a_while_loses_nothing(
        self, endpoint: Endpoint, trusting: dict[str, str], tmp_path: Path
    ) -> None:
        conf = f"https://{HOST}:{endpoint.port}/in"
        endpoint.statuses = [200, 200, 200, 503, 503, 200]
        with emulating("--start", START, "--speed", "300", environment=trusting) as emulator:
            await asyncio.to_thread(job_at, emulator, conf, None)
            await asyncio.to_thread(emulator.end)
        bodies = [sent.body for sent in endpoint.requests[2:]]
        assert bodies[1] == bodies[2] == bodies[3]
        assert len(set(bodies)) == len(bodies) - 2

    async def test_one_that_never_answers_holds_up_nobody_nor_the_end(
        self, endpoint: Endpoint, trusting: dict[str, str], tmp_path: Path
    ) -> None:
        with emulating(*FAST, environment=trusting) as emulator:
            conf = f"https://{HOST}:{endpoint.port}/in"
            await asyncio.to_thread(emulator.create, conf)
            endpoint.wait_seconds = 60.0
            folder = f"file://{tmp_path}/logs"
            token = await asyncio.to_thread(emulator.challenge, folder)
            await asyncio.to_thread(emulator.create, folder, token=token)
            await asyncio.to_thread(emulator.push_for, minutes=5, job_id=2)
            ended = await asyncio.to_thread(emulator.end)  # within 5 seconds
        assert ended.code == 0
        assert len(endpoint.requests) >= 3  # two of the test, and one that waits

    async def test_sumo_gets_its_challenge_and_its_batches(
        self, authority: trustme.CA, trusting: dict[str, str]
    ) -> None:
        sumo = Sumo(lambda: 0.0)
        sumo.sources[CODE].one_message_per_request = True
        runner = web.AppRunner(sumo.app())
        await runner.setup()
        context = context_of(authority.issue_cert(HOST))
        await web.TCPSite(runner, HOST, 0, ssl_context=context).start()
        conf = f"sumo://{HOST}:{runner.addresses[0][1]}/receiver/v1/http/{CODE}"
        try:
            with emulating(*FAST, "--rate", "60", environment=trusting) as emulator:
                asked = {"destination_conf": conf}
                found = await asyncio.to_thread(emulator.result, "POST", "ownership", asked)
                assert found["valid"], found
                token = sumo.messages[0]["_raw"]
                await asyncio.to_thread(job_at, emulator, conf, token)
                ended = await asyncio.to_thread(emulator.end)
        finally:
            await runner.cleanup()
        assert CODE not in ended.out + ended.err
        _, test, *batches = (message["_raw"] for message in sumo.messages)
        assert json.loads(test) == {"content": "tests"}
        records = [json.loads(line) for batch in batches for line in batch.splitlines()]
        assert len(records) > 100
        assert all("RayID" in record for record in records)
