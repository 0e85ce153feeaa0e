"""Where a bucket lies, learnt without credentials from a server that answers as AWS does."""

from collections.abc import AsyncIterator

import pytest

from receiver.clock import SystemClock
from receiver.destination.parse import parse_destination
from receiver.errors import ObjectMissing, Reason, StoreUnavailable
from receiver.store.bounds import Bounds
from receiver.store.open import find_region
from tests.servers.answering import Answering, answering

KEYS = "access-key-id=AKIAPLANTED&secret-access-key=planted-secret"
CONF = f"s3://logs/http?region=eu-west-1&{KEYS}"
IMPATIENT = Bounds(call_seconds=2.0, stall_seconds=1.0, retry_seconds=0.001)


@pytest.fixture(autouse=True)
def keys_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that nobody is to see."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAPLANTED")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret")


@pytest.fixture
async def server() -> AsyncIterator[Answering]:
    async with answering() as server:
        yield server


async def region_from(server: Answering, conf: str = CONF) -> str | None:
    destination = parse_destination(conf)
    return await find_region(
        destination, clock=SystemClock(), endpoint_url=server.url, bounds=IMPATIENT
    )


@pytest.mark.parametrize("status", [200, 301, 307, 400, 403])
async def test_the_region_is_named_even_where_the_bucket_is_shut(
    server: Answering, status: int
) -> None:
    server.status, server.headers = status, {"x-amz-bucket-region": "ap-southeast-2"}
    assert await region_from(server) == "ap-southeast-2"
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("HEAD", "/logs")
    assert "Authorization" not in asked.headers
    assert not any("AKIAPLANTED" in value for value in asked.headers.values())


async def test_where_an_answer_leads_is_not_followed(server: Answering) -> None:
    async with answering() as elsewhere:
        server.status = 301
        server.headers = {"x-amz-bucket-region": "eu-west-3", "Location": f"{elsewhere.url}/logs"}
        assert await region_from(server) == "eu-west-3"
        assert not elsewhere.asked
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [200, 301, 400, 403, 405, 501])
async def test_a_server_that_does_not_say_gives_none(server: Answering, status: int) -> None:
    server.status = status
    assert await region_from(server) is None


@pytest.mark.parametrize("named", ["eu west", "../eu", "x" * 65])
async def test_what_cannot_be_a_region_is_none(server: Answering, named: str) -> None:
    server.status, server.headers = 403, {"x-amz-bucket-region": named}
    assert await region_from(server) is None


async def test_a_bucket_that_is_not_there_is_missing(server: Answering) -> None:
    server.status = 404
    with pytest.raises(ObjectMissing, match="s3://logs: there is no such bucket") as caught:
        await region_from(server)
    assert caught.value.reason is Reason.BUCKET_MISSING


async def test_a_server_that_has_too_much_to_do_is_asked_again(server: Answering) -> None:
    server.status = 503
    with pytest.raises(StoreUnavailable, match="503"):
        await region_from(server)
    assert len(server.asked) == 4


async def test_a_server_that_says_nothing_is_not_waited_for(server: Answering) -> None:
    server.silent = True
    with pytest.raises(StoreUnavailable, match="no answer"):
        await region_from(server)


@pytest.mark.parametrize(
    "conf",
    [
        f"r2://logs/http?account-id=abc&{KEYS}",
        "gs://logs/http",
        "azure://acme.blob.core.windows.net/logs/http?sig=planted",
        "file:///nowhere/at/all",
    ],
)
async def test_of_schemes_without_regions_nothing_is_asked(server: Answering, conf: str) -> None:
    assert await region_from(server, conf) is None
    assert not server.asked
