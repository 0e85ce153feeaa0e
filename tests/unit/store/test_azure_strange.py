"""What Azure's own service says and no emulator does, each told apart by word and reason."""

import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from receiver.clock import SystemClock
from receiver.destination.azure import read_sas
from receiver.destination.parse import parse_destination
from receiver.errors import ObjectMissing, Reason, StoreDenied, StoreError
from receiver.store.azure import AzureStore, open_azure
from receiver.store.azure_sas import lack_of, untimely
from tests.servers.answering import Answering, answering

HOST = "acme.blob.core.windows.net"
SIGNATURE = "cGxhbnRlZC1zaWduYXR1cmU%3D"
SAS = f"sv=2024-11-04&sr=c&sp=rl&se=2999-01-01T00:00:00Z&sig={SIGNATURE}"
KEY = "cGxhbnRlZC1rZXk="
FRAME = (
    "Signature not valid in the specified time frame: Start [{start}] - Expiry [{end}] - "
    "Current [Sun, 22 Nov 2026 10:15:00 GMT]"
)
THEN, NOON, LATER = (
    f"Sun, 22 Nov 2026 {hour} GMT" for hour in ("08:00:00", "10:00:00", "12:00:00")
)


@pytest.fixture
async def server() -> AsyncIterator[Answering]:
    async with answering() as server:
        yield server


@pytest.fixture(autouse=True)
def a_key_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual chain has a key."""
    for name in list(os.environ):
        if name.startswith("AZURE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_STORAGE_KEY", KEY)


def opening(
    server: Answering, query: str = "", *, anonymous: bool = False
) -> AbstractAsyncContextManager[AzureStore]:
    destination = parse_destination(f"azure://{HOST}/logs/http" + (f"?{query}" if query else ""))
    return open_azure(
        destination, endpoint_url=server.url, clock=SystemClock(), anonymous=anonymous
    )


def says(server: Answering, status: int, code: str, detail: str = "") -> None:
    server.status = status
    server.headers = {"x-ms-error-code": code}
    inside = f"<Code>{code}</Code><Message>No: {SIGNATURE}</Message>"
    if detail:
        inside += f"<AuthenticationErrorDetail>{detail}</AuthenticationErrorDetail>"
    server.body = f'<?xml version="1.0" encoding="utf-8"?><Error>{inside}</Error>'


async def refused(store: AzureStore) -> StoreError:
    """Return what a listing says; it shows no secret."""
    with pytest.raises(StoreError) as caught:
        await store.list("")
    for secret in (SIGNATURE, KEY, "planted"):
        assert secret not in str(caught.value) + repr(caught.value)
    assert caught.value.__cause__ is None
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "detail", "reason", "words"),
    [
        (403, "AuthenticationFailed", "Signature did not match", Reason.SAS_WRONG, "altered"),
        (403, "AuthorizationFailure", "", Reason.SAS_WRONG, "network rules"),
        (
            *(403, "AuthenticationFailed", FRAME.format(start=THEN, end=NOON)),
            *(Reason.SAS_EXPIRED, "expired at 2026-11-22 10:00 UTC"),
        ),
        (
            *(403, "AuthenticationFailed", FRAME.format(start=LATER, end=LATER)),
            *(Reason.SAS_EARLY, "not valid before 2026-11-22 12:00 UTC"),
        ),
        (403, "AuthorizationPermissionMismatch", "", Reason.LIST_DENIED, "lacks the right to list"),
        (403, "AuthorizationProtocolMismatch", "", Reason.REFUSED, "https only"),
        (403, "AuthorizationSourceIPMismatch", "", Reason.REFUSED, "this machine's address"),
        (403, "KeyBasedAuthenticationNotPermitted", "", Reason.REFUSED, "as an identity"),
        (403, "AccountIsDisabled", "", Reason.REFUSED, "the account is disabled"),
        (404, "ContainerNotFound", "", Reason.BUCKET_MISSING, "no such container"),
        (409, "ContainerBeingDeleted", "", Reason.REFUSED, "409 ContainerBeingDeleted"),
        (500, "InternalError", "", Reason.UNAVAILABLE, "500 InternalError"),
    ],
)
async def test_every_refusal_of_a_sas_has_its_reason(
    server: Answering, status: int, code: str, detail: str, reason: Reason, words: str
) -> None:
    says(server, status, code, detail)
    async with opening(server, SAS) as store:
        error = await refused(store)
    assert error.reason is reason
    assert words in str(error)
    assert error.right == ("sp=l" if reason is Reason.LIST_DENIED else "")


@pytest.mark.parametrize(
    ("status", "code", "detail", "reason", "words"),
    [
        (403, "AuthenticationFailed", "The MAC signature differs", Reason.KEYS_WRONG, "is refused"),
        (
            *(403, "AuthenticationFailed", "Request date header too old: 'Sun, 22 Nov 2026'"),
            *(Reason.CLOCK_SKEW, "this machine's clock"),
        ),
        (
            *(401, "InvalidAuthenticationInfo", "Lifetime validation failed. The token is expired"),
            *(Reason.KEYS_EXPIRED, "log in again"),
        ),
        (403, "AuthorizationPermissionMismatch", "", Reason.LIST_DENIED, "Storage Blob Data Rea"),
        (403, "KeyBasedAuthenticationNotPermitted", "", Reason.REFUSED, "as an identity"),
    ],
)
async def test_every_refusal_of_a_key_or_an_identity_has_its_reason(
    server: Answering, status: int, code: str, detail: str, reason: Reason, words: str
) -> None:
    says(server, status, code, detail)
    async with opening(server) as store:
        error = await refused(store)
    assert error.reason is reason
    assert words in str(error)
    assert error.right == ("Storage Blob Data Reader" if reason is Reason.LIST_DENIED else "")


async def test_why_the_sas_was_passed_over_hides_not_why_the_key_is_refused(
    server: Answering,
) -> None:
    says(server, 403, "AuthorizationPermissionMismatch")
    async with opening(server, SAS.replace("sp=rl", "sp=w")) as store:
        error = await refused(store)
    assert (error.reason, error.right) == (Reason.LIST_DENIED, "Storage Blob Data Reader")
    assert "AZURE_STORAGE_KEY lacks the right to list" in str(error)
    assert "can only write, and reads nothing back (sp=w has no l)" in str(error)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "ResourceNotFound"),  # as a container that is not public has it
        (409, "PublicAccessNotPermitted"),
        (401, "NoAuthenticationInformation"),
        (403, "AuthenticationFailed"),
    ],
)
async def test_what_is_shut_to_the_public_is_denied(
    server: Answering, status: int, code: str
) -> None:
    says(server, status, code)
    async with opening(server, SAS, anonymous=True) as store:
        error = await refused(store)
        assert isinstance(error, StoreDenied)
        assert error.reason is Reason.LIST_DENIED
        assert "denied to anonymous callers" in str(error)
        with pytest.raises(StoreDenied) as caught:
            await store.find("a")
        assert caught.value.reason is Reason.READ_DENIED
    for asked in server.asked:
        assert "Authorization" not in asked.headers
        assert "sig" not in asked.query


async def test_an_anonymous_caller_is_told_what_is_missing_where_it_may_know(
    server: Answering,
) -> None:
    says(server, 404, "BlobNotFound")
    async with opening(server, SAS, anonymous=True) as store:
        with pytest.raises(ObjectMissing, match="no such object"):
            await store.find("a")


async def test_an_archived_object_is_told(server: Answering) -> None:
    says(server, 409, "BlobArchived")
    async with opening(server, SAS) as store:
        assert (await refused(store)).reason is Reason.OBJECT_ARCHIVED


@pytest.mark.parametrize(
    "detail", ["", "Signature did not match.", FRAME.format(start="soon", end="never")]
)
def test_words_without_times_say_nothing_of_them(detail: str) -> None:
    assert untimely(detail) is None


def test_the_times_of_a_sas_are_the_services() -> None:
    lack = untimely(FRAME.format(start=THEN, end=NOON))
    assert lack is not None
    assert lack.words == f"expired at {datetime(2026, 11, 22, 10, tzinfo=UTC):%Y-%m-%d %H:%M} UTC"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", NOON),
        ("Sun, 22 Nov 2026 08:00:00", NOON),  # no zone
        (THEN, "Sun, 22 Nov 2026 10:00:00"),
    ],
)
def test_times_of_no_calendar_say_nothing(start: str, end: str) -> None:
    assert untimely(FRAME.format(start=start, end=end)) is None


NOW = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)


def test_a_sas_that_is_not_whole_says_so() -> None:
    for need in ("list", "read", "write"):
        lack = lack_of(read_sas("sp=rlw&sig=x"), need, NOW)
        assert lack is not None
        assert lack.reason is Reason.SAS_WRONG
        assert "neither" in lack.words
        assert "(sr)" in lack.words
        assert "(srt)" in lack.words
    assert lack_of(read_sas("si=policy&sig=x"), "read", NOW) is None
    assert lack_of(read_sas("sp=r&si=policy&sr=c&sig=x"), "read", NOW) is None


def test_permissions_that_are_no_letters_of_azures_are_not_counted() -> None:
    for permissions in ("W", "r,l", "%1B[31m", "rL"):
        for need in ("list", "read", "write"):
            lack = lack_of(read_sas(f"sp={permissions}&sr=c&sig=x"), need, NOW)
            assert lack is not None
            assert lack.reason is Reason.SAS_WRONG
            assert "sp is not made of small letters" in lack.words


def test_the_year_one_is_written_in_four_digits() -> None:
    lack = lack_of(read_sas("sp=rl&sr=c&se=0001-01-01T00:00:00Z&sig=x"), "read", NOW)
    assert lack is not None
    assert lack.words == "expired at 0001-01-01 00:00 UTC"


def listing(modified: str, etag: str = "<Etag>0x1</Etag>") -> str:
    inside = f"{modified}{etag}<Content-Length>3</Content-Length><BlobType>BlockBlob</BlobType>"
    blob = f"<Blob><Name>a</Name><Properties>{inside}</Properties></Blob>"
    return (
        '<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>'
        f"{blob}</Blobs><NextMarker/></EnumerationResults>"
    )


@pytest.mark.parametrize("when", ["yesterday", "Mon, 01 Jan 99999999999 00:00:00 GMT", None])
async def test_a_listing_that_makes_no_sense_is_unavailable(
    server: Answering, when: str | None
) -> None:
    server.body = listing("" if when is None else f"<Last-Modified>{when}</Last-Modified>")
    async with opening(server, SAS) as store:
        error = await refused(store)
    assert error.reason is Reason.UNAVAILABLE
    assert "makes no sense" in str(error)


async def test_a_time_at_the_calendars_end_is_taken(server: Answering) -> None:
    server.body = listing("<Last-Modified>Fri, 31 Dec 9999 23:59:59 GMT</Last-Modified>")
    async with opening(server, SAS) as store:
        assert (await store.list("")).objects[0].arrived_at.year == 9999


async def test_a_netrc_does_not_come_between(
    server: Answering, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("default login a password b")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.body = listing("<Last-Modified>Sun, 22 Nov 2026 10:15:00 GMT</Last-Modified>")
    for query in ("", SAS):
        async with opening(server, query) as store:
            assert len((await store.list("")).objects) == 1
    key, sas = (request.headers.get("Authorization", "") for request in server.asked)
    assert key.startswith("SharedKey ")
    assert sas == ""
