"""By whose right an Azure container is asked: the conf's SAS where it may, else the usual chain."""

import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.storage.blob import (
    AccessPolicy,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

from receiver.clock import SystemClock
from receiver.destination.destination import Destination, Scheme
from receiver.destination.parse import parse_destination
from receiver.errors import (
    DestinationInvalid,
    ObjectMissing,
    Reason,
    StoreDenied,
    StoreUnavailable,
)
from receiver.secret import Secret
from receiver.store.azure import open_azure
from tests.conformance.store_suite import listed, whole
from tests.conformance.test_store_azure import AzurePlace
from tests.servers.azurite import AzureServer
from tests.servers.launch import free_port

HOUR = timedelta(hours=1)
WRONG_KEY = "A" * 86 + "=="
LOOKED_FOR = "AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN"


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual chain finds nothing, unless a test gives it something."""
    for name in list(os.environ):
        if name.startswith(("AZURE_", "IDENTITY_", "MSI_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("PATH", "")  # no az, no pwsh


@pytest.fixture
def place(azure_server: AzureServer) -> AzurePlace:
    place = AzurePlace(azure_server)
    with place.service() as service:
        service.get_blob_client(place.container, "logs/a").upload_blob(b"12345")
    return place


def container_sas(place: AzurePlace, permission: str | None = "rl", **options: Any) -> str:
    options = {
        "container_name": place.container,
        "account_key": place.server.account_key,
        "expiry": datetime.now(UTC) + HOUR,
        **options,
    }
    return generate_container_sas(place.server.account, permission=permission, **options)


def account_sas(place: AzurePlace, permission: str, types: str) -> str:
    return generate_account_sas(
        place.server.account,
        account_key=place.server.account_key,
        resource_types=types,
        permission=permission,
        expiry=datetime.now(UTC) + HOUR,
    )


def signature(sas: str) -> str:
    return sas.split("sig=")[1].partition("&")[0]


async def refused(
    place: AzurePlace, sas: str, need: str = "list", *, reason: Reason, right: str = ""
) -> str:
    """Return what is said of a SAS that does not do for a need; it shows nothing of the secret."""
    async with place.open(sas=sas) as store:
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "list": lambda: store.list(""),
            "read": lambda: store.find("logs/a"),
            "write": lambda: store.put("logs/b", b"1"),
        }
        with pytest.raises(StoreDenied) as caught:
            await calls[need]()
    said = str(caught.value)
    assert (caught.value.reason, caught.value.right) == (reason, right)
    assert signature(sas) not in said + repr(caught.value)
    assert "sig" not in said.replace("signed", "")
    assert caught.value.__cause__ is None  # a driver's error may quote the address
    return said


# --- the conf's SAS ---


async def test_a_sas_that_may_read_and_list_does_both(place: AzurePlace) -> None:
    for sas in (container_sas(place), account_sas(place, "rl", "co")):
        async with place.open(sas=sas) as store:
            assert await listed(store, "") == ["logs/a"]
            assert await whole(store, await store.find("logs/a")) == b"12345"
            with pytest.raises(ObjectMissing, match="no such object"):
                await store.find("logs/no-such")


async def test_logpushs_own_sas_writes_and_says_why_it_does_not_read(place: AzurePlace) -> None:
    sas = account_sas(place, "w", "o")
    async with place.open(sas=sas) as store:
        assert (await store.put("logs/b", b"1")).stored_bytes == 1
    for need, words in (("list", "sp=w has no l"), ("read", "sp=w has no r")):
        right = f"sp={need[0]}"
        said = await refused(place, sas, need, reason=Reason.SAS_WRITE_ONLY, right=right)
        assert words in said
        assert "can only write, and reads nothing back" in said
        assert LOOKED_FOR in said
        assert "sp=rl" in said
        assert "Storage Blob Data Reader" in said


async def test_a_sas_for_reading_says_that_it_does_not_write(place: AzurePlace) -> None:
    said = await refused(
        place, container_sas(place), "write", reason=Reason.WRITE_DENIED, right="sp=w"
    )
    assert "sp=rl has no w" in said


async def test_a_sas_for_reading_alone_says_that_it_does_not_list(place: AzurePlace) -> None:
    sas = container_sas(place, "r")
    async with place.open(sas=sas) as store:
        assert await store.read("logs/a", bytes_max=3) == b"123"
    said = await refused(place, sas, reason=Reason.LIST_DENIED, right="sp=l")
    assert "sp=r has no l" in said


async def test_a_sas_without_containers_says_that_it_does_not_list(place: AzurePlace) -> None:
    said = await refused(
        place, account_sas(place, "rl", "o"), reason=Reason.LIST_DENIED, right="srt=c"
    )
    assert "srt=o" in said
    assert "srt with c" in said


async def test_a_sas_of_one_blob_says_that_it_does_not_list(place: AzurePlace) -> None:
    sas = generate_blob_sas(
        place.server.account,
        place.container,
        "logs/a",
        account_key=place.server.account_key,
        permission="rl",
        expiry=datetime.now(UTC) + HOUR,
    )
    async with place.open(sas=sas) as store:
        assert await store.read("logs/a", bytes_max=3) == b"123"
    said = await refused(place, sas, reason=Reason.LIST_DENIED, right="sr=c")
    assert "does not permit to list" in said


async def test_a_sas_out_of_its_time_says_so(place: AzurePlace) -> None:
    now = datetime.now(UTC)
    expired = container_sas(place, expiry=now - HOUR)
    said = await refused(place, expired, reason=Reason.SAS_EXPIRED)
    assert f"expired at {now - HOUR:%Y-%m-%d %H:%M} UTC" in said
    early = container_sas(place, start=now + HOUR, expiry=now + 2 * HOUR)
    said = await refused(place, early, reason=Reason.SAS_EARLY)
    assert f"not valid before {now + HOUR:%Y-%m-%d %H:%M} UTC" in said


async def test_a_sas_that_the_service_refuses_says_what_may_be_wrong(place: AzurePlace) -> None:
    for sas in (
        container_sas(place, account_key=WRONG_KEY),
        container_sas(place, container_name="other"),
        container_sas(place).replace("sig=", "sig=AA"),
    ):
        for need in ("list", "read"):
            said = await refused(place, sas, need, reason=Reason.SAS_WRONG)
            assert "the SAS of the destination_conf is refused" in said
            assert "another key" in said
            assert "another container" in said


async def test_a_sas_for_https_only_says_so(place: AzurePlace) -> None:
    sas = container_sas(place, protocol="https")
    said = await refused(place, sas, reason=Reason.REFUSED)
    assert "https only (spr=https)" in said


async def test_a_stored_policy_is_believed_until_it_is_revoked(place: AzurePlace) -> None:
    now = datetime.now(UTC)
    sas = container_sas(place, None, expiry=None, policy_id="reading")
    with place.service() as service:
        container = service.get_container_client(place.container)
        policy = AccessPolicy(permission="rl", start=now - HOUR, expiry=now + HOUR)
        container.set_container_access_policy({"reading": policy})
        async with place.open(sas=sas) as store:
            assert await listed(store, "") == ["logs/a"]
        container.set_container_access_policy({})
    assert "revoked" in await refused(place, sas, reason=Reason.SAS_WRONG)


async def test_a_stored_policy_that_only_writes_is_told_by_the_store(place: AzurePlace) -> None:
    now = datetime.now(UTC)
    sas = container_sas(place, None, expiry=None, policy_id="writing")
    with place.service() as service:
        policy = AccessPolicy(permission="w", start=now - HOUR, expiry=now + HOUR)
        service.get_container_client(place.container).set_container_access_policy(
            {"writing": policy}
        )
    await refused(place, sas, reason=Reason.LIST_DENIED, right="sp=l")
    await refused(place, sas, "read", reason=Reason.READ_DENIED, right="sp=r")


# --- nobody's right ---


async def test_an_anonymous_caller_is_let_into_no_container_that_is_not_public(
    place: AzurePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_KEY", place.server.account_key)
    async with place.open(sas=container_sas(place), anonymous=True) as store:
        for call, reason in (
            (store.list(""), Reason.LIST_DENIED),
            (store.find("logs/a"), Reason.READ_DENIED),
            (store.read("logs/a", bytes_max=1), Reason.READ_DENIED),
        ):
            with pytest.raises(StoreDenied, match="denied to anonymous callers") as caught:
                await call
            assert caught.value.reason is reason


async def test_an_anonymous_caller_reads_what_is_public(place: AzurePlace) -> None:
    with place.service() as service:
        container = service.get_container_client(place.container)
        container.set_container_access_policy({}, public_access="container")
    async with place.open(anonymous=True) as store:
        assert await listed(store, "") == ["logs/a"]
        assert await store.read("logs/a", bytes_max=3) == b"123"


# --- the usual chain ---


def connection_string(place: AzurePlace, account: str | None = None) -> str:
    server = place.server
    return (
        f"DefaultEndpointsProtocol=http;AccountName={account or server.account};"
        f"AccountKey={server.account_key};BlobEndpoint={server.url};"
    )


async def test_a_sas_that_only_writes_gives_way_to_the_usual_chain_for_reading(
    place: AzurePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = {
        "AZURE_STORAGE_CONNECTION_STRING": connection_string(place),
        "AZURE_STORAGE_KEY": place.server.account_key,
        "AZURE_STORAGE_SAS_TOKEN": f"?{container_sas(place)}",
    }
    for name, value in reading.items():
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            async with place.open(sas=account_sas(place, "w", "o")) as store:
                assert await listed(store, "") == ["logs/a"]
                assert await whole(store, await store.find("logs/a")) == b"12345"
                assert await store.put("logs/a", b"12345")  # with the conf's own SAS


async def test_a_connection_string_says_where_its_account_answers(
    place: AzurePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection_string(place))
    async with open_azure(place.destination(), clock=SystemClock()) as store:
        assert await listed(store, "") == ["logs/a"]


async def test_what_belongs_to_another_account_is_not_taken(
    place: AzurePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection_string(place, "other"))
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "other")
    monkeypatch.setenv("AZURE_STORAGE_KEY", place.server.account_key)
    async with place.open() as store:
        with pytest.raises(StoreDenied, match=r"CONNECTION_STRING \(.*\), .*KEY \(.*\)") as caught:
            await store.list("")
    assert caught.value.reason is Reason.KEYS_MISSING
    assert place.server.account_key not in repr(caught.value)


async def test_a_key_that_is_wrong_or_none_is_denied(
    place: AzurePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in (WRONG_KEY, "no key at all"):
        monkeypatch.setenv("AZURE_STORAGE_KEY", key)
        async with place.open(sas=account_sas(place, "w", "o")) as store:
            with pytest.raises(StoreDenied, match=r"AZURE_STORAGE_KEY is refused.*sp=w") as caught:
                await store.list("")
        assert caught.value.reason is Reason.KEYS_WRONG
        assert key not in repr(caught.value)


async def test_no_identity_is_said_with_all_that_was_looked_for(
    place: AzurePlace, capfd: pytest.CaptureFixture[str]
) -> None:
    conf = place.destination(sas=account_sas(place, "w", "o"))
    nowhere = f"https://127.0.0.1:{free_port()}"
    async with open_azure(conf, endpoint_url=nowhere, clock=SystemClock()) as store:
        with pytest.raises(StoreDenied, match=f"sp=w has no l.*{LOOKED_FOR}, an identity"):
            await store.list("")
    assert capfd.readouterr().err == ""


async def test_the_short_form_takes_its_account_from_the_environment(
    place: AzurePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = Destination(
        conf=Secret("azure://logs/"), scheme=Scheme.AZURE, bucket=place.container, path=""
    )
    with pytest.raises(DestinationInvalid, match="AZURE_STORAGE_ACCOUNT"):
        async with open_azure(short, clock=SystemClock()):
            pass
    with monkeypatch.context() as patch:
        patch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection_string(place))
        async with open_azure(short, clock=SystemClock()) as store:
            assert await listed(store, "") == ["logs/a"]
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", place.server.account)
    monkeypatch.setenv("AZURE_STORAGE_KEY", place.server.account_key)
    url = place.server.url
    async with open_azure(short, endpoint_url=url, clock=SystemClock()) as store:
        assert await listed(store, "") == ["logs/a"]


async def test_a_test_servers_address_may_stand_in_the_conf(place: AzurePlace) -> None:
    server = place.server
    conf = f"azure://127.0.0.1:{server.port}/{server.account}/{place.container}/logs?"
    destination = parse_destination(conf + container_sas(place))
    async with open_azure(destination, clock=SystemClock()) as store:
        assert await listed(store, destination.prefix_literal) == ["logs/a"]


async def test_a_server_that_is_not_there_shows_nothing_of_the_sas(place: AzurePlace) -> None:
    sas = container_sas(place)
    nowhere = f"http://127.0.0.1:{free_port()}/{place.server.account}"
    conf = place.destination(sas=sas)
    async with open_azure(conf, endpoint_url=nowhere, clock=SystemClock()) as store:
        with pytest.raises(StoreUnavailable, match="no answer: ") as caught:
            await store.list("")
    assert signature(sas) not in str(caught.value)
    assert caught.value.__cause__ is None
