"""Which server is asked, in which region, and with whose keys."""

from contextlib import AsyncExitStack
from typing import Any

import pytest

from receiver.destination.destination import Destination
from receiver.destination.parse import parse_destination
from receiver.errors import ConfigError
from receiver.store.bounds import BOUNDS
from receiver.store.s3_access import CONF_KEYS, USUAL_KEYS, S3Access

KEYS = "access-key-id=AKIAMINE&secret-access-key=planted"


async def client_of(destination: Destination, *, endpoint_url: str | None = None) -> Any:
    async with AsyncExitStack() as opened:
        access = S3Access(destination, endpoint_url=endpoint_url, bounds=BOUNDS, opened=opened)
        return await access.client(access.keys[0])


def keys_of(conf: str) -> tuple[str, ...]:
    destination = parse_destination(conf)
    access = S3Access(destination, endpoint_url=None, bounds=BOUNDS, opened=AsyncExitStack())
    return access.keys


@pytest.mark.parametrize(
    ("conf", "url", "region"),
    [
        ("s3://b/p?region=eu-west-3", "https://s3.eu-west-3.amazonaws.com", "eu-west-3"),
        (
            f"s3://b/p?region=x&endpoint=store.example.com&{KEYS}",
            "https://store.example.com",
            "x",
        ),
        (
            f"s3://b/p?region=x&endpoint=http://127.0.0.1:9000&{KEYS}",
            "http://127.0.0.1:9000",
            "x",
        ),
        (f"r2://b/p?account-id=abc&{KEYS}", "https://abc.r2.cloudflarestorage.com", "auto"),
    ],
)
async def test_the_conf_names_the_server(conf: str, url: str, region: str) -> None:
    client = await client_of(parse_destination(conf))
    assert client.meta.endpoint_url == url
    assert client.meta.region_name == region


async def test_an_endpoint_given_goes_before_the_conf() -> None:
    destination = parse_destination(f"r2://b/p?account-id=abc&{KEYS}")
    client = await client_of(destination, endpoint_url="http://127.0.0.1:1")
    assert client.meta.endpoint_url == "http://127.0.0.1:1"


async def test_a_region_that_the_conf_lacks_is_the_environments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    client = await client_of(parse_destination("s3://b/p"))
    assert client.meta.region_name == "eu-north-1"


def test_the_confs_keys_come_first_and_the_usual_chain_always_follows() -> None:
    assert keys_of(f"s3://b/p?region=x&{KEYS}") == (CONF_KEYS, USUAL_KEYS)
    assert keys_of("s3://b/p?region=x") == (USUAL_KEYS,)


async def test_a_region_that_none_can_be_is_the_operators_to_mend(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu west")
    with pytest.raises(ConfigError, match="the region is not the name of a region"):
        await client_of(parse_destination("s3://b/p"))
