"""Looking for a challenge among stored objects: real files, a fake for what they cannot show."""

import gzip
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from receiver.destination.destination import Destination
from receiver.destination.parse import parse_destination
from receiver.errors import (
    ConfigError,
    ObjectChanged,
    ObjectMissing,
    Reason,
    StoreDenied,
    StoreError,
    StoreUnavailable,
)
from receiver.limits import CHALLENGE_OTHERS_MAX, CHALLENGE_PAGES_MAX
from receiver.ownership.challenge import Challenge, NoChallenge
from receiver.ownership.store_search import StoreSearch
from receiver.store.local import open_local
from receiver.store.store import Object, Page, Properties, Unlisted
from tests.unit.ownership.moments import NOW, FakeClock, token_of, until

SHORT = "ownership-challenge.txt"


class FakeStore:
    """Objects in memory; a key or a listing that is among the errors fails so."""

    def __init__(self, objects: dict[str, bytes], errors: dict[str, StoreError]) -> None:
        self.objects = objects
        self.errors = errors
        self.unlisted: tuple[Unlisted, ...] = ()
        self.asked: list[str] = []

    @property
    def properties(self) -> Properties:
        return Properties(name="s3://b", after_walks=False)

    async def list(self, prefix: str, *, after: str = "", next: str | None = None) -> Page:
        self._ask(prefix)
        found = [self._object(key) for key in sorted(self.objects) if key.startswith(prefix)]
        return Page(objects=tuple(found), next=None, unlisted=self.unlisted)

    async def find(self, key: str) -> Object:
        self._ask(key)
        return self._object(key)

    @asynccontextmanager
    async def open(self, obj: Object) -> AsyncIterator[AsyncIterator[bytes]]:
        self._ask(obj.key)
        async with aclosing(self._chunks(obj)) as chunks:
            yield chunks

    async def _chunks(self, obj: Object) -> AsyncGenerator[bytes, None]:
        if self._object(obj.key) != obj:
            raise ObjectChanged(f"s3://b/{obj.key}: replaced while it was read")
        yield self.objects[obj.key]

    async def read(self, key: str, *, bytes_max: int) -> bytes:
        raise NotImplementedError

    async def put(self, key: str, body: bytes) -> Object:
        raise NotImplementedError

    def _ask(self, key: str) -> None:
        self.asked.append(key)
        if key in self.errors:
            raise self.errors[key]
        if not key.endswith("ownership-challenge") and key not in self.objects:
            raise ObjectMissing(f"s3://b/{key}: there is no such object")

    def _object(self, key: str) -> Object:
        etag = self.objects[key].decode(errors="replace")
        return Object(key=key, etag=etag, stored_bytes=len(self.objects[key]), arrived_at=NOW)


class EndlessStore(FakeStore):
    """Its listings have a next page always."""

    async def list(self, prefix: str, *, after: str = "", next: str | None = None) -> Page:
        self.asked.append(prefix)
        number = int(next or 0) + 1
        self.objects[f"{prefix}-{number}.txt"] = b"abc"
        return Page(objects=(self._object(f"{prefix}-{number}.txt"),), next=str(number))


def write(folder: Path, key: str, body: bytes, *, minutes_ago: float = 0) -> None:
    path = folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    time = (NOW - timedelta(minutes=minutes_ago)).timestamp()
    os.utime(path, (time, time))


async def look(
    folder: Path, *, path: str = "", filename: str | None = None
) -> Challenge | NoChallenge:
    destination = parse_destination(f"file://{folder}/{path}")
    async with open_local(destination) as store:
        return await StoreSearch(
            destination, store=store, clock=FakeClock(), filename=filename
        ).look()


async def found(
    folder: Path, *, path: str = "", filename: str | None = None
) -> tuple[str, str, Challenge]:
    challenge = await look(folder, path=path, filename=filename)
    assert isinstance(challenge, Challenge), challenge
    return challenge.token.text.reveal(), challenge.written.key, challenge


async def none_found(
    folder: Path, *, path: str = "", filename: str | None = None
) -> tuple[str, NoChallenge]:
    absent = await look(folder, path=path, filename=filename)
    assert isinstance(absent, NoChallenge), absent
    return absent.message, absent


def search_of(
    objects: dict[str, bytes],
    errors: dict[str, StoreError] | None = None,
    *,
    conf: str = "gs://b/logs",
    filename: str | None = None,
) -> tuple[StoreSearch, FakeStore]:
    store = FakeStore(objects, errors or {})
    destination: Destination = parse_destination(conf)
    return StoreSearch(destination, store=store, clock=FakeClock(), filename=filename), store


def denied(key: str) -> StoreDenied:
    return StoreDenied(f"{key}: access denied", reason=Reason.READ_DENIED, right="s3:GetObject")


# --- by listing


async def test_a_challenge_is_found_among_batches(tmp_path: Path) -> None:
    write(tmp_path, SHORT, b"abc\r\n")
    write(tmp_path, "20261122T100000Z_20261122T100100Z_9af500e2.log.gz", gzip.compress(b"{}"))
    write(tmp_path, "ownership-challenge-notes.md", b"no")
    text, key, challenge = await found(tmp_path)
    assert (text, key) == ("abc", SHORT)
    assert challenge.written.written_at == NOW
    assert challenge.others == ()
    assert challenge.notes == ()


async def test_the_newest_wins_and_the_others_are_named(tmp_path: Path) -> None:
    write(tmp_path, "ownership-challenge-a.txt", b"old", minutes_ago=20)
    write(tmp_path, "ownership-challenge-b.txt", b"new", minutes_ago=1)
    write(tmp_path, "ownership-challenge-c.txt", b"older", minutes_ago=30)
    text, key, challenge = await found(tmp_path)
    assert (text, key) == ("new", "ownership-challenge-b.txt")
    assert [each.key[-5] for each in challenge.others] == ["a", "c"]


async def test_of_two_of_one_time_the_answer_is_always_the_same(tmp_path: Path) -> None:
    for letter in "bca":
        write(tmp_path, f"ownership-challenge-{letter}.txt", letter.encode())
    assert (await found(tmp_path))[0] == "c"


@pytest.mark.parametrize("folder", ["", "20261122/", "20261121/", "{DATE}/"])
async def test_it_is_found_wherever_the_date_may_have_put_it(tmp_path: Path, folder: str) -> None:
    write(tmp_path, f"{folder}{SHORT}", b"abc")
    write(tmp_path, f"20261120/{SHORT}", b"elsewhere")
    assert (await found(tmp_path, path="{DATE}"))[1] == f"{folder}{SHORT}"


async def test_a_folder_beside_the_destination_is_not_its_folder(tmp_path: Path) -> None:
    write(tmp_path / "logs-staging", SHORT, b"abc")
    (tmp_path / "logs").mkdir()
    await none_found(tmp_path / "logs")


async def test_a_folder_that_is_not_there_yet_is_no_error(tmp_path: Path) -> None:
    message, absent = await none_found(tmp_path / "logs")
    assert message.startswith(f"{tmp_path}/logs: no challenge yet; ask Logpush")
    assert absent.brief == f"no challenge in file://{tmp_path}/logs yet"
    assert "--filename" in message
    assert absent.looked_in == ("ownership-challenge",)


async def test_of_a_dated_path_every_place_is_named_and_who_waits_is_told_shortly() -> None:
    search, _ = search_of({}, conf="gs://b/{DATE}")
    absent = await search.look()
    assert isinstance(absent, NoChallenge)
    places = "at the top or under 20261122/ or 20261121/ or {DATE}/"
    assert f"no challenge {places} yet; ask" in absent.message
    assert absent.brief == "no challenge in gs://b/{DATE} yet"


async def test_a_bucket_that_is_not_there_is_an_error() -> None:
    gone = ObjectMissing("gs://b: there is no such bucket", reason=Reason.BUCKET_MISSING)
    search, _ = search_of({}, {"logs/ownership-challenge": gone})
    with pytest.raises(ObjectMissing, match="no such bucket"):
        await search.look()


async def test_what_holds_no_token_is_named_and_so_are_the_others(tmp_path: Path) -> None:
    write(tmp_path, "ownership-challenge-a.txt", b"good", minutes_ago=5)
    write(tmp_path, "ownership-challenge-b.txt", b"")
    message, absent = await none_found(tmp_path)
    assert "ownership-challenge-b.txt holds no token: it is empty" in message
    assert "--filename takes one: ownership-challenge-a.txt" in message
    assert absent.looked_in == ("ownership-challenge-b.txt",)


async def test_a_gigabyte_is_no_token_and_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, SHORT, b"")
    os.truncate(tmp_path / SHORT, 1 << 30)
    assert "longer than 4,096 characters" in (await none_found(tmp_path))[0]


async def test_an_expired_token_is_returned_and_said_to_be_expired(tmp_path: Path) -> None:
    write(tmp_path, SHORT, token_of(until(NOW - timedelta(hours=1))))
    _, _, challenge = await found(tmp_path)
    assert challenge.notes == ("it expired at 2026-11-22T09:00:00Z; ask for a new challenge",)


async def test_what_vanishes_while_it_is_read_is_no_challenge() -> None:
    gone = ObjectMissing("gone")
    search, _ = search_of({f"logs/{SHORT}": b"abc"}, {f"logs/{SHORT}": gone})
    absent = await search.look()
    assert isinstance(absent, NoChallenge)
    assert "was listed and is gone" in absent.message


class RacingStore(FakeStore):
    """Once it is known what lies there, another token takes its place."""

    async def find(self, key: str) -> Object:
        found = await super().find(key)
        self.objects[key] = b"another"
        return found

    async def list(self, prefix: str, *, after: str = "", next: str | None = None) -> Page:
        page = await super().list(prefix, after=after, next=next)
        self.objects.update(dict.fromkeys(self.objects, b"another"))
        return page


@pytest.mark.parametrize("filename", [None, f"logs/{SHORT}"])
async def test_no_token_is_given_with_the_time_of_another(filename: str | None) -> None:
    store = RacingStore({f"logs/{SHORT}": b"abc"}, {})
    destination = parse_destination("gs://b/logs")
    search = StoreSearch(destination, store=store, clock=FakeClock(), filename=filename)
    with pytest.raises(StoreUnavailable, match=r"was replaced while it was read; look again"):
        await search.look()
    assert isinstance(await search.look(), Challenge)  # now the other one, with its own time


async def test_of_a_sas_that_only_writes_the_remedy_comes_first() -> None:
    error = StoreDenied("azure://acmelogs/logs: no", reason=Reason.SAS_WRITE_ONLY, right="sp=l")
    search, _ = search_of({}, {"logs/ownership-challenge": error})
    with pytest.raises(StoreDenied) as told:
        await search.look()
    assert "AZURE_STORAGE_SAS_TOKEN" in str(told.value)[:80]
    assert "Storage Blob Data Reader" in str(told.value)[:220]
    assert str(told.value).endswith("azure://acmelogs/logs: no")
    assert (told.value.reason, told.value.right) == (Reason.SAS_WRITE_ONLY, "sp=l")


OWNED = "logs/ownership-challenge-x\n  ::error::owned.txt"


async def test_a_name_is_one_word_of_a_message_whatever_it_holds() -> None:
    shown = OWNED.replace("\n", "\\x0a").replace(" ", "\\x20")
    for objects, errors, filename in (
        ({OWNED: b""}, {}, None),
        ({OWNED: b"a", f"logs/{SHORT}": b""}, {}, None),
        ({OWNED: b"a"}, {OWNED: ObjectMissing("gone")}, None),
        ({}, {}, OWNED),
        ({OWNED: b""}, {}, OWNED),
    ):
        search, _ = search_of(objects, dict[str, StoreError](errors), filename=filename)
        absent = await search.look()
        assert isinstance(absent, NoChallenge)
        for told in (absent.message, absent.brief):
            assert "\n" not in told
            assert "  " not in told
        assert shown in absent.message
    search, store = search_of({})
    store.unlisted = (Unlisted(key=OWNED, error=f"b/{OWNED}: a link to nowhere"),)
    absent = await search.look()
    assert isinstance(absent, NoChallenge)
    assert f"b/{shown}: a link to nowhere" in absent.message
    other = OWNED.removeprefix("logs/")
    challenge = await search_of({other: b"abc"}, filename=other)[0].look()
    assert isinstance(challenge, Challenge)
    assert challenge.written.key == other  # as it is, for scripts
    assert "\n" not in challenge.notes[0]


async def test_a_clock_that_was_never_set_looks_as_well() -> None:
    for now in (datetime.min, datetime.max):
        destination = parse_destination("gs://b/{DATE}")
        store = FakeStore({f"{{DATE}}/{SHORT}": b"abc"}, {})
        clock = FakeClock(now.replace(tzinfo=UTC))
        assert isinstance(
            await StoreSearch(destination, store=store, clock=clock).look(), Challenge
        )


async def test_a_challenge_that_may_be_listed_and_not_read_is_told_so() -> None:
    search, _ = search_of({f"logs/{SHORT}": b"abc"}, {f"logs/{SHORT}": denied("x")})
    with pytest.raises(StoreDenied, match="is there and cannot be read: x: access denied") as told:
        await search.look()
    assert (told.value.reason, told.value.right) == (Reason.READ_DENIED, "s3:GetObject")


async def test_a_folder_that_is_denied_is_noted_beside_what_was_found_elsewhere() -> None:
    search, _ = search_of(
        {f"20261122/{SHORT}": b"abc"}, {"ownership-challenge": denied("root")}, conf="gs://b/{DATE}"
    )
    challenge = await search.look()
    assert isinstance(challenge, Challenge)
    assert challenge.notes == ("a newer one may lie where we may not list: root: access denied",)


async def test_a_folder_that_is_denied_may_hold_what_was_not_found_elsewhere() -> None:
    search, _ = search_of({}, {"20261121/ownership-challenge": denied("x")}, conf="gs://b/{DATE}")
    with pytest.raises(StoreDenied):
        await search.look()


async def test_a_local_folder_that_is_shut_is_denied() -> None:
    search, store = search_of({})
    store.unlisted = (Unlisted(key="logs/", error="/x/logs: permission denied"),)
    with pytest.raises(StoreDenied, match="permission denied") as told:
        await search.look()
    assert told.value.reason is Reason.LIST_DENIED


async def test_a_name_that_could_not_be_listed_is_told() -> None:
    search, store = search_of({})
    store.unlisted = (
        Unlisted(key=f"logs/{SHORT}", error="a link to nowhere"),
        Unlisted(key="logs/ownership-challenge.d", error="a pipe"),
    )
    absent = await search.look()
    assert isinstance(absent, NoChallenge)
    assert "a link to nowhere" in absent.message
    assert "a pipe" not in absent.message


async def test_a_store_that_does_not_answer_is_an_error_whatever_else_was_found() -> None:
    search, _ = search_of(
        {SHORT: b"abc"},
        {"20261122/ownership-challenge": StoreUnavailable("x")},
        conf="gs://b/{DATE}",
    )
    with pytest.raises(StoreUnavailable):
        await search.look()


async def test_a_listing_without_end_is_given_up_and_told() -> None:
    store = EndlessStore({}, {})
    search = StoreSearch(parse_destination("gs://b/logs"), store=store, clock=FakeClock())
    store.objects = {}
    challenge = await search.look()
    assert isinstance(challenge, Challenge)
    assert store.asked.count("logs/ownership-challenge") == CHALLENGE_PAGES_MAX
    assert "give the name in the API's answer (--filename)" in challenge.notes[0]


async def test_no_more_others_are_named_than_a_person_reads(tmp_path: Path) -> None:
    for number in range(CHALLENGE_OTHERS_MAX + 3):
        write(tmp_path, f"ownership-challenge-{number}.txt", b"abc", minutes_ago=number)
    _, key, challenge = await found(tmp_path)
    assert key.endswith("-0.txt")
    assert len(challenge.others) == CHALLENGE_OTHERS_MAX
    assert challenge.notes == ("2 more are there, older still",)


# --- by name


@pytest.mark.parametrize("name", ["x.txt", "logs/x.txt", "my logs/ownership.txt"])
async def test_a_name_is_taken_as_it_is_given(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, b"abc")
    write(tmp_path, SHORT, b"other")
    assert (await found(tmp_path, filename=name))[1] == name


async def test_a_name_not_found_is_never_another_file_s_token(tmp_path: Path) -> None:
    write(tmp_path, SHORT, b"other")
    message, absent = await none_found(tmp_path, filename="ownership-challenge-1.txt")
    assert "there is no " in message
    assert absent.looked_in == ("ownership-challenge-1.txt",)


async def test_a_local_file_may_be_named_with_its_whole_path(tmp_path: Path) -> None:
    write(tmp_path, f"20261122/{SHORT}", b"abc")
    for name in (f"{tmp_path}/20261122/{SHORT}", f"{tmp_path}/20261122/{SHORT}"[1:]):
        assert (await found(tmp_path, path="{DATE}", filename=name))[1] == f"20261122/{SHORT}"


async def test_a_name_that_would_leave_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreDenied):
        await look(tmp_path, filename="../x.txt")


async def test_a_name_with_the_bucket_in_front_is_found_without_it() -> None:
    search, store = search_of({f"logs/{SHORT}": b"abc"}, filename=f"b/logs/{SHORT}")
    challenge = await search.look()
    assert isinstance(challenge, Challenge)
    assert challenge.written.key == f"logs/{SHORT}"
    assert store.asked[0] == f"b/logs/{SHORT}"


async def test_both_ways_to_read_a_name_are_told_when_neither_is_there() -> None:
    search, _ = search_of({SHORT: b"abc"}, filename="b/logs/x.txt")
    absent = await search.look()
    assert isinstance(absent, NoChallenge)
    assert absent.looked_in == ("b/logs/x.txt", "logs/x.txt")
    assert "no s3://b/b/logs/x.txt and no s3://b/logs/x.txt (yet)" in absent.message


async def test_a_denial_of_one_way_does_not_hide_the_other() -> None:
    errors: dict[str, StoreError] = {"b/logs/x.txt": denied("b/logs/x.txt")}
    search, _ = search_of({"logs/x.txt": b"abc"}, errors, filename="b/logs/x.txt")
    assert isinstance(await search.look(), Challenge)


@pytest.mark.parametrize("second_denied", [True, False])
async def test_a_denial_is_raised_when_neither_way_can_be_read(second_denied: bool) -> None:
    errors: dict[str, StoreError] = {"b/x.txt": denied("b/x.txt")}
    if second_denied:
        errors["x.txt"] = denied("x.txt")
    search, _ = search_of({}, errors, filename="b/x.txt")
    with pytest.raises(StoreDenied, match=r"^b/x\.txt"):
        await search.look()


async def test_a_named_file_without_a_token_says_why(tmp_path: Path) -> None:
    write(tmp_path, "x.txt", b"two\nlines")
    message, _ = await none_found(tmp_path, filename="x.txt")
    assert "x.txt holds no token: it has more than one line" in message


async def test_a_file_elsewhere_in_the_bucket_is_read_and_noted() -> None:
    search, _ = search_of({"other/x.txt": b"abc"}, filename="other/x.txt")
    challenge = await search.look()
    assert isinstance(challenge, Challenge)
    assert challenge.notes == (
        "other/x.txt lies outside of gs://b/logs: was it made for another destination_conf?",
    )


@pytest.mark.parametrize("name", ["", "  "])
def test_an_empty_name_is_a_mistake_and_not_a_search(name: str) -> None:
    with pytest.raises(ConfigError, match="--filename is empty"):
        search_of({}, filename=name)


async def test_no_secret_of_the_conf_is_in_what_is_said() -> None:
    conf = "azure://a.blob.core.windows.net/c/logs?sp=w&sig=PLANTED"
    search, _ = search_of({f"logs/{SHORT}": b"PLANTED two"}, conf=conf)
    assert "PLANTED" not in repr(await search.look())
    search, _ = search_of({"x.txt": b"PLANTED-TOKEN"}, conf=conf, filename="x.txt")
    assert "PLANTED" not in repr(await search.look())
