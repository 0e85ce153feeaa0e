"""Who we are to Google Cloud Storage: found, renewed, refused, and said so at once."""

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from receiver.errors import ObjectMissing, Reason, StoreDenied, StoreUnavailable
from receiver.store.gcs import open_gcs
from tests.conformance.store_suite import listed, whole
from tests.conformance.test_store_gcs import GCSPlace, destination
from tests.servers.fake_gcs import GCSServer
from tests.servers.gcs_front import GCSFront, gcs_front
from tests.servers.launch import free_port

READER, WRITER, GETTER = "reader@p.iam", "writer@p.iam", "getter@p.iam"
RIGHTS = {
    READER: frozenset({"list", "get"}),
    WRITER: frozenset({"create"}),
    GETTER: frozenset({"get"}),
    "owner@p.iam": frozenset({"list", "get", "create"}),
}

SKEWED = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
    "Check your iat and exp values in the JWT claim."
)

PROMPT_SECONDS = 6.0
"""gcsfs's own calls take half a minute to say that a credential is refused."""


class Accounts:
    """A bucket behind a front, and the key file that the usual chain finds."""

    def __init__(self, front: GCSFront, bucket: str, files: Path, patch: pytest.MonkeyPatch):
        self.front = front
        self.bucket = bucket
        self._files = files
        self._patch = patch

    def use(self, mail: str, *, forged: bool = False) -> None:
        path = self.front.write_key_file(self._files / "key.json", mail, forged=forged)
        self._patch.setenv("GOOGLE_APPLICATION_CREDENTIALS", path)


@pytest.fixture
def accounts(
    gcs_server: GCSServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Accounts]:
    with gcs_front(gcs_server.port, RIGHTS) as front:
        yield Accounts(front, GCSPlace(gcs_server).bucket, tmp_path, monkeypatch)


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The usual chain finds nothing, unless a test gives it a key file."""
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    monkeypatch.setenv("GCE_METADATA_IP", f"127.0.0.1:{free_port()}")


async def test_a_service_account_reads_and_writes_with_one_token(accounts: Accounts) -> None:
    accounts.use("owner@p.iam")
    async with open_gcs(destination(accounts.bucket), endpoint_url=accounts.front.url) as store:
        written = await store.put("logs/a", b"12345")
        assert await listed(store, "") == ["logs/a"]
        assert await whole(store, written) == b"12345"
        assert await store.read("logs/a", bytes_max=3) == b"123"
        with pytest.raises(ObjectMissing, match="no such object"):
            await store.find("logs/no-such")
    assert accounts.front.tokens_given == 1


async def test_a_right_denied_names_the_permission_and_a_role(accounts: Accounts) -> None:
    url = accounts.front.url
    accounts.use(WRITER)
    async with open_gcs(destination(accounts.bucket), endpoint_url=url) as store:
        obj = await store.put("logs/a", b"1")
        with pytest.raises(
            StoreDenied, match=r"storage\.objects\.list .*storage\.objectViewer"
        ) as caught:
            await store.list("")
        assert caught.value.reason is Reason.LIST_DENIED
        assert caught.value.right == "storage.objects.list"
        for call in (store.find("logs/a"), store.read("logs/a", bytes_max=1), whole(store, obj)):
            with pytest.raises(
                StoreDenied, match=r"logs/a: .*storage\.objects\.get .*Viewer"
            ) as caught:
                await call
            assert caught.value.reason is Reason.READ_DENIED
            assert caught.value.right == "storage.objects.get"
    accounts.use(READER)
    async with open_gcs(destination(accounts.bucket), endpoint_url=url) as store:
        with pytest.raises(
            StoreDenied, match=r"storage\.objects\.create .*storage\.objectUser"
        ) as caught:
            await store.put("logs/a", b"1")
        assert caught.value.reason is Reason.WRITE_DENIED
        assert caught.value.right == "storage.objects.create"


async def test_without_the_right_to_list_a_missing_object_is_worded_with_care(
    accounts: Accounts,
) -> None:
    accounts.use(GETTER)
    async with open_gcs(destination(accounts.bucket), endpoint_url=accounts.front.url) as store:
        with pytest.raises(ObjectMissing, match="no such object, or no such bucket"):
            await store.find("logs/no-such")


async def test_a_key_that_google_does_not_know_is_denied_at_once(accounts: Accounts) -> None:
    accounts.use("owner@p.iam", forged=True)
    began = time.monotonic()
    async with open_gcs(destination(accounts.bucket), endpoint_url=accounts.front.url) as store:
        with pytest.raises(StoreDenied, match=r"invalid_grant.*is the key still valid") as caught:
            await store.list("")
    assert caught.value.reason is Reason.KEYS_WRONG
    assert time.monotonic() - began < PROMPT_SECONDS


async def test_a_token_that_is_refused_is_denied_at_once(accounts: Accounts) -> None:
    accounts.use("owner@p.iam")
    async with open_gcs(destination(accounts.bucket), endpoint_url=accounts.front.url) as store:
        await store.list("")
        (token,) = accounts.front.tokens
        accounts.front.tokens.clear()
        began = time.monotonic()
        with pytest.raises(StoreDenied, match="missing or refused") as caught:
            await store.list("")
    assert time.monotonic() - began < PROMPT_SECONDS
    assert caught.value.reason is Reason.KEYS_WRONG
    assert token not in repr(caught.value)


@pytest.mark.parametrize(
    ("words", "reason", "remedy"),
    [
        (SKEWED, Reason.CLOCK_SKEW, "set this machine's clock right"),
        ("Token has been expired or revoked.", Reason.KEYS_EXPIRED, "log in again"),
        ("Invalid grant: account not found", Reason.KEYS_WRONG, "is the key still valid"),
    ],
)
async def test_why_no_token_is_given_is_told_apart(
    accounts: Accounts, words: str, reason: Reason, remedy: str
) -> None:
    accounts.use("owner@p.iam")
    accounts.front.no_token = words
    async with open_gcs(destination(accounts.bucket), endpoint_url=accounts.front.url) as store:
        with pytest.raises(StoreDenied, match=remedy) as caught:
            await store.list("")
    assert caught.value.reason is reason


async def test_googles_own_words_tell_a_missing_bucket_from_a_missing_object(
    accounts: Accounts,
) -> None:
    accounts.use(GETTER)
    async with open_gcs(destination(accounts.bucket), endpoint_url=accounts.front.url) as store:
        accounts.front.refusal = (404, "notFound")
        for said, reason in (
            ("The specified bucket does not exist.", Reason.BUCKET_MISSING),
            (f"No such object: {accounts.bucket}/logs/a", Reason.OBJECT_MISSING),
        ):
            accounts.front.said = said
            for call in (store.find("logs/a"), store.read("logs/a", bytes_max=1)):
                with pytest.raises(ObjectMissing) as caught:
                    await call
                assert caught.value.reason is reason


async def test_an_account_that_is_disabled_lacks_no_right(accounts: Accounts) -> None:
    accounts.use("owner@p.iam")
    accounts.front.refusal = (403, "accountDisabled")
    async with open_gcs(destination(accounts.bucket), endpoint_url=accounts.front.url) as store:
        with pytest.raises(StoreDenied) as caught:
            await store.list("")
    assert (caught.value.reason, caught.value.right) == (Reason.REFUSED, "")


async def test_an_anonymous_caller_is_let_into_no_bucket_that_is_not_public(
    accounts: Accounts,
) -> None:
    accounts.use("owner@p.iam")
    name, url = destination(accounts.bucket), accounts.front.url
    async with open_gcs(name, endpoint_url=url, anonymous=True) as store:
        for call, reason in (
            (store.list(""), Reason.LIST_DENIED),
            (store.find("logs/a"), Reason.READ_DENIED),
        ):
            with pytest.raises(StoreDenied, match="denied to anonymous callers") as caught:
                await call
            assert caught.value.reason is reason
    assert accounts.front.tokens_given == 0


async def test_an_anonymous_caller_looks_for_no_credentials(
    accounts: Accounts, gcs_server: GCSServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/no/such/file")
    name, url = destination(accounts.bucket), gcs_server.url
    async with open_gcs(name, endpoint_url=url, anonymous=True) as store:
        assert await listed(store, "") == []


async def test_no_credentials_at_all_says_where_they_were_looked_for(accounts: Accounts) -> None:
    with pytest.raises(
        StoreDenied, match=r"GOOGLE_APPLICATION_CREDENTIALS.*gcloud.*metadata"
    ) as caught:
        async with open_gcs(destination(accounts.bucket)):
            pass
    assert caught.value.reason is Reason.KEYS_MISSING
    async with open_gcs(destination(accounts.bucket), endpoint_url=accounts.front.url) as store:
        with pytest.raises(StoreDenied, match="missing or refused") as caught:
            await store.list("")
    assert caught.value.reason is Reason.KEYS_MISSING


@pytest.mark.parametrize("text", [None, "no JSON", "{}", '{"type": "service_account"}'])
async def test_a_key_file_that_is_none_is_denied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    path = tmp_path / "key.json"
    if text is not None:
        path.write_text(text)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    with pytest.raises(StoreDenied, match=r"key\.json") as caught:
        async with open_gcs(destination("logs")):
            pass
    assert caught.value.reason is Reason.KEYS_MISSING


async def test_a_token_server_that_is_not_there_is_unavailable(accounts: Accounts) -> None:
    reached = accounts.front.url
    accounts.front.port = free_port()  # written into the key file
    accounts.use("owner@p.iam")
    async with open_gcs(destination(accounts.bucket), endpoint_url=reached) as store:
        with pytest.raises(StoreUnavailable, match="gives out tokens"):
            await store.list("")


async def test_a_token_server_that_says_nothing_is_given_up_soon(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one who asks waits in a thread, and a program that is told to end waits for that."""
    monkeypatch.setattr("receiver.store.gcs_access.TOKEN_SECONDS", 0.2)
    reached = accounts.front.url
    with socket.create_server(("127.0.0.1", 0)) as silent:
        accounts.front.port = silent.getsockname()[1]  # written into the key file
        accounts.use("owner@p.iam")
        began = time.monotonic()
        async with open_gcs(destination(accounts.bucket), endpoint_url=reached) as store:
            with pytest.raises(StoreUnavailable, match=r"nothing came in 0\.2 s"):
                await store.list("")
    assert time.monotonic() - began < PROMPT_SECONDS


async def test_many_calls_at_once_ask_for_one_token(accounts: Accounts) -> None:
    accounts.use("owner@p.iam")
    async with open_gcs(destination(accounts.bucket), endpoint_url=accounts.front.url) as store:
        await asyncio.gather(*(store.list("") for _ in range(8)))
    assert accounts.front.tokens_given == 1


async def test_a_netrc_does_not_come_between(
    accounts: Accounts, gcs_server: GCSServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("default login a password b")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    accounts.use("owner@p.iam")
    async with open_gcs(destination(accounts.bucket), endpoint_url=accounts.front.url) as store:
        await store.put("logs/a", b"1")
        assert await listed(store, "") == ["logs/a"]
        assert await store.read("logs/a", bytes_max=1) == b"1"
    async with open_gcs(
        destination(accounts.bucket), endpoint_url=gcs_server.url, anonymous=True
    ) as store:
        assert await listed(store, "") == ["logs/a"]


@pytest.mark.parametrize(
    ("status", "reason"), [(429, "rateLimitExceeded"), (403, "userRateLimitExceeded"), (503, "x")]
)
async def test_a_server_that_has_too_much_to_do_is_unavailable(
    accounts: Accounts, status: int, reason: str
) -> None:
    accounts.use("owner@p.iam")
    accounts.front.refusal = (status, reason)
    async with open_gcs(destination(accounts.bucket), endpoint_url=accounts.front.url) as store:
        with pytest.raises(StoreUnavailable, match=str(status)):
            await store.list("")
