"""The doctor before real stores: ours, readable, not public, in the right region, SAS in order."""

import asyncio
import json
import os
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from azure.storage.blob import generate_account_sas, generate_container_sas

from receiver.clock import SystemClock
from receiver.destination.destination import Destination
from receiver.destination.parse import parse_destination
from receiver.doctor.bodies import TEST_NAME, TEST_OBJECT
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.examine import examine
from receiver.doctor.waits import WAITS
from receiver.store.bounds import Bounds
from tests.conformance.test_store_azure import AzurePlace
from tests.conformance.test_store_gcs import GCSPlace
from tests.conformance.test_store_gcs import destination as gcs_destination
from tests.servers.azurite import AzureServer
from tests.servers.endpoint import HOST, Endpoint, rude_server, serving
from tests.servers.fake_gcs import GCSServer
from tests.servers.gcs_front import gcs_front
from tests.servers.launch import free_port
from tests.servers.proxy import FaultProxy, fault_proxy
from tests.servers.s3 import S3Server, User, bucket_policy
from tests.servers.s3 import destination as s3_destination

HOUR = timedelta(hours=1)
PROMPT = msgspec.structs.replace(
    WAITS, bounds=Bounds(call_seconds=15.0, stall_seconds=15.0, retry_seconds=0.01)
)


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No cloud's usual chain finds anything, unless a test gives it something."""
    for name in list(os.environ):
        if name.startswith(("AZURE_", "AWS_", "IDENTITY_", "MSI_", "GOOGLE_", "STORAGE_")):
            monkeypatch.delenv(name)
    nowhere = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"http://{nowhere}")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    monkeypatch.setenv("GCE_METADATA_IP", nowhere)
    monkeypatch.setenv("PATH", "")  # no az, no pwsh, no gcloud


async def examined(
    destination: Destination, url: str, *, write_probe: bool = False, secrets: Sequence[str] = ()
) -> dict[str, Checkup]:
    """Return the lines by name, of several the last; no secret is in any."""
    lines = await examine(
        destination,
        clock=SystemClock(),
        on_checkup=list[Checkup]().append,
        endpoint_url=url,
        write_probe=write_probe,
        waits=PROMPT,
    )
    shown = repr(lines)
    given = (destination.secret_access_key, destination.sas)
    hidden = [*secrets, *(each.reveal() for each in given if each)]
    hidden += [each.reveal().split("sig=")[1] for each in given if each and "sig=" in each.reveal()]
    assert not [secret for secret in hidden if secret in shown]
    return {each.name: each for each in lines}


def statuses(lines: dict[str, Checkup]) -> dict[str, str]:
    return {name: each.status.value for name, each in lines.items()}


def methods(proxy: FaultProxy) -> set[str]:
    sent = re.findall(rb"^([A-Z]+) \S+ HTTP/1\.1\r$", b"".join(proxy.requests), re.MULTILINE)
    assert sent
    return {method.decode() for method in sent}


# --- S3 ---


def s3_bucket(server: S3Server) -> str:
    """Make a bucket with one object."""
    bucket = server.make_bucket()
    server.client().put_object(Bucket=bucket, Key="logs/a.log.gz", Body=b"1")
    return bucket


def anybody(action: str, resource: str) -> dict[str, Any]:
    arn = f"arn:aws:s3:::{resource}"
    return {"Effect": "Allow", "Principal": "*", "Action": [action], "Resource": [arn]}


async def test_a_bucket_of_ours_is_asked_by_get_and_head_only(moto_server: S3Server) -> None:
    destination = moto_server.destination(s3_bucket(moto_server), path="logs/")
    async with fault_proxy(moto_server.port) as proxy:
        lines = await examined(destination, proxy.url)
    assert methods(proxy) <= {"GET", "HEAD"}
    found = statuses(lines)
    assert (found["list"], found["read"], found["write"]) == ("pass", "pass", "unknown")
    assert "1 object" in lines["list"].message


async def test_a_write_probe_puts_one_object_with_the_confs_keys(moto_server: S3Server) -> None:
    bucket = moto_server.make_bucket()
    destination = moto_server.destination(bucket, path="http/{DATE}/")
    async with fault_proxy(moto_server.port) as proxy:
        lines = await examined(destination, proxy.url, write_probe=True)
    assert methods(proxy) == {"GET", "HEAD", "PUT"}
    assert lines["write"].status is Status.PASS
    assert "with the conf's keys" in lines["write"].message
    (written,) = moto_server.client().list_objects_v2(Bucket=bucket)["Contents"]
    assert written["Key"] == f"http/{SystemClock().now():%Y%m%d}/{TEST_NAME}"
    body = moto_server.client().get_object(Bucket=bucket, Key=written["Key"])["Body"].read()
    assert body == TEST_OBJECT


async def test_a_missing_bucket_is_one_line_and_the_last(moto_server: S3Server) -> None:
    lines = await examined(moto_server.destination("no-such-bucket"), moto_server.url)
    assert statuses(lines) == {"list": "fail"}
    assert "no such bucket" in lines["list"].message


async def test_a_right_that_is_missing_is_named_and_the_rest_is_asked(rgw_server: S3Server) -> None:
    bucket = s3_bucket(rgw_server)
    getter = await examined(rgw_server.destination(bucket, user=rgw_server.getter), rgw_server.url)
    assert getter["list"].status is Status.FAIL
    assert "s3:ListBucket" in getter["list"].remedy
    assert getter["read"].status is getter["public"].status is Status.UNKNOWN


async def test_logpushs_own_keys_write_and_say_that_they_cannot_list(rgw_server: S3Server) -> None:
    writer = rgw_server.destination(rgw_server.make_bucket(), user=rgw_server.writer)
    lines = await examined(writer, rgw_server.url, write_probe=True)
    assert (lines["list"].status, lines["write"].status) == (Status.FAIL, Status.PASS)
    assert "over what may have lain there and could not be seen" in lines["write"].message
    assert lines["read"].message != "There is nothing to read yet."


async def test_keys_that_may_not_write_fail_the_write_probe(rgw_server: S3Server) -> None:
    reader = rgw_server.destination(s3_bucket(rgw_server), user=rgw_server.reader)
    lines = await examined(reader, rgw_server.url, write_probe=True)
    assert lines["write"].status is Status.FAIL
    assert "s3:PutObject" in lines["write"].message
    assert lines["read"].status is Status.PASS


async def test_a_private_bucket_passes(rgw_server: S3Server) -> None:
    lines = await examined(rgw_server.destination(s3_bucket(rgw_server)), rgw_server.url)
    assert lines["public"].status is Status.PASS
    assert set(statuses(lines).values()) == {"pass", "unknown"}


@pytest.mark.parametrize(
    ("action", "suffix", "words"),
    [
        ("s3:ListBucket", "", "Anybody on the internet may list it."),
        ("s3:GetObject", "/*", "Anybody on the internet may read its objects."),
    ],
)
async def test_a_bucket_that_a_policy_opens_to_anybody_fails(
    rgw_server: S3Server, action: str, suffix: str, words: str
) -> None:
    bucket = s3_bucket(rgw_server)
    policy = json.loads(bucket_policy(bucket))
    policy["Statement"].append(anybody(action, f"{bucket}{suffix}"))
    rgw_server.client().put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    lines = await examined(rgw_server.destination(bucket), rgw_server.url)
    assert lines["public"].status is Status.FAIL
    assert lines["public"].message == words
    assert "policy" in lines["public"].remedy


async def test_a_bucket_that_an_acl_opens_to_anybody_fails(rgw_server: S3Server) -> None:
    bucket = s3_bucket(rgw_server)
    rgw_server.client().put_bucket_acl(Bucket=bucket, ACL="public-read")
    lines = await examined(rgw_server.destination(bucket), rgw_server.url)
    assert lines["public"].status is Status.FAIL
    assert "may list it" in lines["public"].message


async def test_an_empty_bucket_does_not_pass_for_what_could_not_be_tried(
    rgw_server: S3Server,
) -> None:
    destination = rgw_server.destination(rgw_server.make_bucket())
    lines = await examined(destination, rgw_server.url)
    assert lines["public"].status is Status.UNKNOWN
    assert "Nobody may list it without keys; whether" in lines["public"].message
    lines = await examined(destination, rgw_server.url, write_probe=True)
    assert lines["public"].status is Status.PASS


async def test_a_store_that_hangs_is_told_after_one_question() -> None:
    destination = s3_destination("logs", user=User(access_key_id="A", secret_access_key="pl4nted"))
    said: list[Checkup] = []

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with rude_server(hang) as port:
        begun = time.monotonic()
        await examine(
            destination,
            clock=SystemClock(),
            on_checkup=said.append,
            endpoint_url=f"http://{HOST}:{port}",
            waits=msgspec.structs.replace(PROMPT, question_seconds=0.5),
        )
    assert time.monotonic() - begun < 5.0
    assert [(each.name, each.status.value) for each in said] == [
        ("list", "fail"),
        ("write", "unknown"),
        ("read", "unknown"),
        ("region", "unknown"),
        ("public", "unknown"),
    ]
    assert "listing it: no answer in 0.5 s" in said[0].message
    assert said[0].remedy.startswith("Look at the endpoint's address")


async def test_nobody_waits_longer_for_one_question_than_a_person_would() -> None:
    assert WAITS.question_seconds <= 20.0


async def test_a_write_probe_leaves_alone_what_is_no_test_of_logpushs(
    moto_server: S3Server,
) -> None:
    bucket = moto_server.make_bucket()
    client = moto_server.client()
    client.put_object(Bucket=bucket, Key=f"logs/{TEST_NAME}", Body=b"somebody's own")
    destination = moto_server.destination(bucket, path="logs/")
    lines = await examined(destination, moto_server.url, write_probe=True)
    assert lines["write"].status is Status.UNKNOWN
    assert "it is not Logpush's test" in lines["write"].message
    body = client.get_object(Bucket=bucket, Key=f"logs/{TEST_NAME}")["Body"].read()
    assert body == b"somebody's own"


@pytest.mark.parametrize(
    ("lies_in", "said", "status"),
    [
        ("eu-west-1", "eu-west-1", Status.PASS),
        ("eu-west-1", "us-east-1", Status.FAIL),
        ("eu-west-1", None, Status.WARN),
        (None, "eu-west-1", Status.UNKNOWN),
    ],
)
async def test_the_region_is_compared_with_the_one_that_the_server_names(
    lies_in: str | None, said: str | None, status: Status
) -> None:
    answer = {"x-amz-bucket-region": lies_in} if lies_in else {}
    destination = msgspec.structs.replace(s3_destination("logs", user=None), region=said)
    async with serving(Endpoint(statuses=[403], answer_headers=answer), None) as server:
        lines = await examined(destination, f"http://{HOST}:{server.port}")
    assert lines["region"].status is status
    for region in (lies_in, said):
        assert not region or status is Status.UNKNOWN or region in lines["region"].message


async def test_a_store_that_does_not_answer_fails_with_every_line_said() -> None:
    user = User(access_key_id="AKIA", secret_access_key="pl4nted")
    destination = s3_destination("logs", user=user)
    lines = await examined(destination, f"http://{HOST}:{free_port()}")
    assert statuses(lines) == {
        "list": "fail",
        "write": "unknown",
        "read": "unknown",
        "region": "unknown",
        "public": "unknown",
    }


async def test_of_r2_it_says_where_a_public_bucket_would_answer(moto_server: S3Server) -> None:
    owner, bucket = moto_server.owner, s3_bucket(moto_server)
    keys = f"access-key-id={owner.access_key_id}&secret-access-key={owner.secret_access_key}"
    destination = parse_destination(f"r2://{bucket}/logs?account-id=0123456789abcdef&{keys}")
    lines = await examined(destination, moto_server.url)
    assert lines["list"].status is lines["read"].status is Status.PASS
    assert lines["public"].status is Status.UNKNOWN
    assert "r2.dev" in lines["public"].message
    assert "region" not in lines


# --- Azure ---


@pytest.fixture
def place(azure_server: AzureServer, monkeypatch: pytest.MonkeyPatch) -> AzurePlace:
    place = AzurePlace(azure_server)
    with place.service() as service:
        service.get_blob_client(place.container, "logs/a.log.gz").upload_blob(b"1")
    return place


def logpushs_sas(place: AzurePlace, **options: Any) -> str:
    given = {"expiry": datetime.now(UTC) + 2000 * 24 * HOUR, "permission": "w", **options}
    return generate_account_sas(
        place.server.account,
        account_key=place.server.account_key,
        resource_types="o",
        services="b",
        **given,
    )


async def test_logpushs_own_sas_passes_and_the_container_is_read_by_the_accounts_key(
    place: AzurePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_KEY", place.server.account_key)
    destination = place.destination(sas=logpushs_sas(place))
    key = place.server.account_key
    lines = await examined(destination, place.server.url, write_probe=True, secrets=[key])
    assert set(statuses(lines).values()) == {"pass"}
    assert "with the conf's SAS" in lines["write"].message


async def test_logpushs_own_sas_alone_says_that_it_cannot_list(place: AzurePlace) -> None:
    destination = place.destination(sas=logpushs_sas(place))
    async with fault_proxy(place.port) as proxy:
        lines = await examined(destination, f"{proxy.url}/{place.server.account}")
    assert methods(proxy) <= {"GET", "HEAD"}
    assert statuses(lines) == {
        "sas": "pass",
        "list": "fail",
        "write": "unknown",
        "read": "unknown",
        "public": "unknown",
    }
    assert "sp=w" in lines["list"].message


async def test_a_sas_that_has_expired_fails_by_its_own_words_and_in_use(
    place: AzurePlace,
) -> None:
    sas = logpushs_sas(place, expiry=datetime.now(UTC) - HOUR)
    lines = await examined(place.destination(sas=sas), place.server.url)
    assert (lines["sas"].status, lines["list"].status) == (Status.FAIL, Status.FAIL)
    assert "expired at" in lines["sas"].message


async def test_a_sas_for_reading_reads_and_fails_as_logpushs(place: AzurePlace) -> None:
    sas = generate_container_sas(
        place.server.account,
        place.container,
        account_key=place.server.account_key,
        permission="rl",
        expiry=datetime.now(UTC) + HOUR,
    )
    lines = await examine(
        place.destination(sas=sas),
        clock=SystemClock(),
        on_checkup=list[Checkup]().append,
        endpoint_url=place.server.url,
        waits=PROMPT,
    )
    assert [(each.name, each.status.value) for each in lines] == [
        ("sas", "fail"),  # no w
        ("sas", "warn"),  # of a container
        ("sas", "warn"),  # an hour left
        ("list", "pass"),
        ("read", "pass"),
        ("write", "unknown"),
        ("public", "pass"),
    ]


@pytest.mark.parametrize(
    ("access", "words"),
    [
        ("container", "Anybody on the internet may list it and read its objects."),
        ("blob", "Anybody on the internet may read its objects."),
    ],
)
async def test_a_container_with_public_access_fails(
    place: AzurePlace, monkeypatch: pytest.MonkeyPatch, access: str, words: str
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_KEY", place.server.account_key)
    with place.service() as service:
        container = service.get_container_client(place.container)
        container.set_container_access_policy({}, public_access=access)
    lines = await examined(place.destination(), place.server.url)
    assert lines["public"].status is Status.FAIL
    assert lines["public"].message == words
    assert "private" in lines["public"].remedy


# --- Google ---


async def test_a_bucket_that_asks_for_no_credentials_is_public(gcs_server: GCSServer) -> None:
    place = GCSPlace(gcs_server)
    async with place.open() as store:
        await store.put("logs/a.log.gz", b"1")
    async with fault_proxy(gcs_server.port) as proxy:
        lines = await examined(gcs_destination(place.bucket), proxy.url)
    assert methods(proxy) <= {"GET", "HEAD"}
    assert statuses(lines) == {
        "list": "pass",
        "write": "unknown",
        "read": "pass",
        "public": "fail",
    }
    assert "allUsers" in lines["public"].remedy


async def test_a_bucket_that_wants_a_token_is_not_public(
    gcs_server: GCSServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rights = {"reader@p.iam": frozenset({"list", "get"})}
    place = GCSPlace(gcs_server)
    async with place.open() as store:
        await store.put("logs/a.log.gz", b"1")
    with gcs_front(gcs_server.port, rights) as front:
        path = front.write_key_file(tmp_path / "key.json", "reader@p.iam")
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", path)
        destination = gcs_destination(place.bucket)
        lines = await examined(destination, front.url, secrets=list(front.tokens))
        tried = await examined(destination, front.url, write_probe=True)
        assert not [token for token in front.tokens if token in repr((lines, tried))]
    assert statuses(lines) == {"list": "pass", "write": "unknown", "read": "pass", "public": "pass"}
    assert tried["write"].status is Status.FAIL
    assert "storage.objects.create" in tried["write"].message


async def test_without_credentials_a_bucket_is_still_asked_whether_it_is_public(
    gcs_server: GCSServer,
) -> None:
    with gcs_front(gcs_server.port, {}) as front:
        lines = await examined(gcs_destination(GCSPlace(gcs_server).bucket), front.url)
    assert lines["list"].status is Status.FAIL
    assert lines["public"].status is Status.UNKNOWN  # shut to listing; nothing to try reading with
