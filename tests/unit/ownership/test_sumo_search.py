"""Challenges among Sumo's messages: which message counts, and what is said of the others."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import cast

import jwt
import msgspec
import pytest

from receiver.destination.parse import parse_destination
from receiver.errors import ConfigError, Reason, StoreDenied, StoreUnavailable
from receiver.ownership import waiting
from receiver.ownership.challenge import Challenge, NoChallenge
from receiver.ownership.sumo_search import SumoSearch
from receiver.store.sumo import SumoSearchJobs, open_sumo
from receiver.store.sumo_wire import Found
from tests.servers.sumo import ACCESS_ID, ACCESS_KEY, CODE, Source, Sumo, sumo_server
from tests.unit.ownership.moments import FakeClock
from tests.unit.virtual_clock import START, VirtualClock

CONF = f"sumo://endpoint4.collection.us2.sumologic.com/receiver/v1/http/{CODE}"
OTHER_CONF = "sumo://endpoint4.collection.us2.sumologic.com/receiver/v1/http/PlantedOther"
DESTINATION = parse_destination(CONF)
KEYS = {"SUMOLOGIC_ACCESSID": ACCESS_ID, "SUMOLOGIC_ACCESSKEY": ACCESS_KEY}
OLD_TOKEN = "00000000000000000000"


def token(**claims: object) -> str:
    """A token for our destination, but for what is given; None leaves a claim out."""
    said = {
        "destination_conf": CONF,
        "object_type": "zone",
        "exp": int((START + timedelta(days=7)).timestamp()),
        **claims,
    }
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(said, "k" * 32, algorithm="HS256")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def server(clock: VirtualClock) -> Iterator[Sumo]:
    with sumo_server(clock.timestamp) as sumo:
        yield sumo


@pytest.fixture
async def sumo(server: Sumo, clock: VirtualClock) -> AsyncIterator[SumoSearchJobs]:
    async with open_sumo(DESTINATION, clock=clock, endpoint_url=server.url, environ=KEYS) as opened:
        yield opened


@pytest.fixture
def search(sumo: SumoSearchJobs, clock: VirtualClock) -> SumoSearch:
    return SumoSearch(DESTINATION, sumo=sumo, clock=clock)


async def found(search: SumoSearch) -> Challenge:
    challenge = await search.look()
    assert isinstance(challenge, Challenge), challenge
    return challenge


async def nothing(search: SumoSearch) -> NoChallenge:
    answer = await search.look()
    assert isinstance(answer, NoChallenge), answer
    return answer


async def test_a_message_that_is_a_token_is_the_challenge(server: Sumo, search: SumoSearch) -> None:
    ids = server.put(token())
    challenge = await found(search)
    assert challenge.token.text.reveal() == token()
    assert challenge.written.key == f"_messageid:{ids[0]}"
    assert challenge.written.written_at == START
    assert (challenge.others, challenge.notes) == ((), ())


@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", "\n {} \n"])
async def test_line_ends_around_it_do_not_matter(
    server: Sumo, search: SumoSearch, around: str
) -> None:
    server.put(around.format(token()))
    assert (await found(search)).token.text.reveal() == token()


async def test_the_newest_wins_and_the_others_are_named(
    server: Sumo, search: SumoSearch, clock: VirtualClock
) -> None:
    now = clock.timestamp()
    oldest = server.put(token(n=1), at=now - 7200)
    newest = server.put(token(n=2), at=now - 60)
    middle = server.put(token(n=3), at=now - 3600)
    challenge = await found(search)
    assert challenge.token.text.reveal() == token(n=2)
    assert challenge.written.key == f"_messageid:{newest[0]}"
    assert [each.key for each in challenge.others] == [
        f"_messageid:{middle[0]}",
        f"_messageid:{oldest[0]}",
    ]


async def test_what_merely_contains_a_token_is_none(server: Sumo, search: SumoSearch) -> None:
    server.put(f"Authorization: Bearer {token()}")
    server.put(f"{token()}\n{token(n=2)}")
    server.put(f'{{"token":"{token()}"}}')
    server.put("test")
    server.put('{"content":"tests"}')
    server.put("eyJ not a token")
    server.put("eyJhbGciOi.not-json.x")
    server.put("eyJ" + "x" * (1 << 20))
    answer = await nothing(search)
    assert "no message of the last 7 days is a token" in answer.message
    assert "is it the account of the source? Live Tail shows" in answer.message
    assert answer.looked_in == (server.url,)


async def test_another_destinations_token_is_skipped_and_told(
    server: Sumo, search: SumoSearch
) -> None:
    ours = server.put(token(), at=START.timestamp() - 60)
    server.put(token(destination_conf=OTHER_CONF))
    challenge = await found(search)
    assert challenge.written.key == f"_messageid:{ours[0]}"
    assert challenge.others == ()
    assert challenge.notes == ("1 message was skipped: the token is for another destination",)


async def test_only_other_destinations_tokens_are_no_challenge(
    server: Sumo, search: SumoSearch
) -> None:
    server.put(token(destination_conf=OTHER_CONF))
    server.put(token(destination_conf="sumo://?"))
    answer = await nothing(search)
    assert "2 messages were skipped: the token is for another destination" in answer.message
    assert "PlantedOther" not in str(answer)


async def test_a_conf_written_otherwise_is_still_ours(server: Sumo, search: SumoSearch) -> None:
    server.put(token(destination_conf=CONF.replace("sumo://e", "SUMO://E") + "/"))
    assert (await found(search)).notes == ()


async def test_a_claim_that_is_our_destination_is_worth_more_than_a_newer_message(
    server: Sumo, search: SumoSearch
) -> None:
    ours = server.put(token(), at=START.timestamp() - 60)
    unknown = server.put(token(destination_conf=None))
    challenge = await found(search)
    assert challenge.written.key == f"_messageid:{ours[0]}"
    assert [each.key for each in challenge.others] == [f"_messageid:{unknown[0]}"]


async def test_a_token_that_names_no_destination_is_taken_with_a_note(
    server: Sumo, search: SumoSearch
) -> None:
    server.put(token(destination_conf=None, iss="https://example.com"))
    assert (await found(search)).notes == (
        "none of its claims is a destination_conf, as one of a token's is",
    )


async def test_an_expired_token_is_returned_with_a_note(server: Sumo, search: SumoSearch) -> None:
    server.put(token(exp=int(START.timestamp()) - 1))
    challenge = await found(search)
    assert challenge.notes == ("it expired at 2026-11-22T11:59:59Z; ask for a new challenge",)


async def test_a_token_that_is_no_jwt_counts_within_a_scope_only(
    server: Sumo, sumo: SumoSearchJobs, clock: VirtualClock
) -> None:
    server.put("test")
    server.put("error")
    server.put(OLD_TOKEN, at=START.timestamp() - 60)
    server.put("a/token+of.the-old_kind", at=START.timestamp() - 90)
    answer = await nothing(SumoSearch(DESTINATION, sumo=sumo, clock=clock))
    assert "found with --sumo-scope only" in answer.message
    scoped = SumoSearch(
        DESTINATION, sumo=sumo, clock=clock, scope="_sourceCategory=cloudflare/* OR _source=x"
    )
    challenge = await found(scoped)
    assert challenge.token.text.reveal() == OLD_TOKEN
    assert challenge.notes == ("it is no JWT, and any word in this scope would look like it",)
    assert len(challenge.others) == 1
    server.put(token(), at=START.timestamp() - 120)
    assert (await found(scoped)).token.text.reveal() == token()


async def test_a_scope_tells_sources_apart(
    server: Sumo, sumo: SumoSearchJobs, clock: VirtualClock
) -> None:
    server.sources["other"] = Source(category="apps")
    server.put(token(n=1))
    server.put(token(n=2), code="other")
    scoped = SumoSearch(DESTINATION, sumo=sumo, clock=clock, scope="_sourceCategory=apps")
    challenge = await found(scoped)
    assert challenge.token.text.reveal() == token(n=2)
    assert challenge.others == ()
    empty = SumoSearch(DESTINATION, sumo=sumo, clock=clock, scope='_sourceCategory="none such"')
    assert 'within _sourceCategory="none such"' in (await nothing(empty)).message


@pytest.mark.parametrize(
    "scope", ["a | count", "a\n| count", "a\rb", "a\u2028b", "a\x00b", "\ta | b"]
)
def test_a_scope_that_is_more_than_one_is_refused(
    sumo: SumoSearchJobs, clock: VirtualClock, scope: str
) -> None:
    with pytest.raises(ConfigError, match="--sumo-scope"):
        SumoSearch(DESTINATION, sumo=sumo, clock=clock, scope=scope)


async def test_a_filename_is_looked_for_in_the_source_name(
    server: Sumo, sumo: SumoSearchJobs, clock: VirtualClock
) -> None:
    server.put(token(n=1))
    server.put(token(n=2), name="logs/ownership-challenge-1.txt", at=START.timestamp() - 60)

    def named(filename: str) -> SumoSearch:
        return SumoSearch(DESTINATION, sumo=sumo, clock=clock, filename=filename)

    for filename in ("ownership-challenge-1.txt", "/logs/ownership-challenge-1.txt"):
        assert (await found(named(filename))).token.text.reveal() == token(n=2)
    answer = await nothing(named("ownership-challenge-2.txt"))
    assert "has the source name ownership-challenge-2.txt" in answer.message
    assert "look without --filename" in answer.message


async def test_it_looks_back_as_far_as_a_token_lives(
    server: Sumo, sumo: SumoSearchJobs, clock: VirtualClock
) -> None:
    server.put(token(), at=START.timestamp() - 8 * 86400)
    await nothing(SumoSearch(DESTINATION, sumo=sumo, clock=clock))
    server.put(token(), at=START.timestamp() - 6 * 86400)
    await found(SumoSearch(DESTINATION, sumo=sumo, clock=clock))


async def test_a_clock_that_was_never_set_looks_as_well(sumo: SumoSearchJobs) -> None:
    clock = FakeClock(datetime.min.replace(tzinfo=UTC))
    search = SumoSearch(DESTINATION, sumo=sumo, clock=clock)
    for _ in range(2):
        await nothing(search)


@pytest.mark.parametrize("name", ["", " ", "/", "//"])
def test_a_name_that_would_be_the_end_of_any_is_refused(
    sumo: SumoSearchJobs, clock: VirtualClock, name: str
) -> None:
    with pytest.raises(ConfigError, match="--filename names nothing"):
        SumoSearch(DESTINATION, sumo=sumo, clock=clock, filename=name)


async def test_the_end_of_a_name_is_not_the_name(
    server: Sumo, sumo: SumoSearchJobs, clock: VirtualClock
) -> None:
    server.put(token(), name="logs/no-ownership-challenge.txt")
    named = SumoSearch(DESTINATION, sumo=sumo, clock=clock, filename="ownership-challenge.txt")
    assert (await nothing(named)).brief == f"no token among the messages of {sumo.name} yet"


class Unnamed:
    """Sumo's messages, all without an id."""

    def __init__(self, sumo: SumoSearchJobs) -> None:
        self.name = sumo.name
        self._sumo = sumo

    async def messages(self, query: str, *, since: datetime, until: datetime) -> Found:
        found = await self._sumo.messages(query, since=since, until=until)
        messages = [msgspec.structs.replace(each, id="") for each in found.messages]
        return msgspec.structs.replace(found, messages=messages)


async def test_messages_without_an_id_are_told_apart(
    server: Sumo, sumo: SumoSearchJobs, clock: VirtualClock
) -> None:
    server.put(token(n=1))
    server.put(token(n=2), at=START.timestamp() - 60)
    search = SumoSearch(DESTINATION, sumo=cast("SumoSearchJobs", Unnamed(sumo)), clock=clock)
    challenge = await found(search)
    assert challenge.token.text.reveal() == token(n=1)
    assert len(challenge.others) == 1
    assert await found(search) == challenge


class EndlessClock(VirtualClock):
    """Its first sleep, which is between two polls, has no end."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        if len(self.slept) == 1:
            await asyncio.Event().wait()


async def test_a_search_that_is_given_up_deletes_its_job(
    server: Sumo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "GRACE_SECONDS", 0.5)
    clock = EndlessClock()
    async with open_sumo(DESTINATION, clock=clock, endpoint_url=server.url, environ=KEYS) as sumo:
        with pytest.raises(StoreUnavailable, match=r"^sumo://x: no answer in 0 s"):
            await waiting.look_until(
                SumoSearch(DESTINATION, sumo=sumo, clock=clock),
                place="sumo://x",
                deadline_seconds=0.0,
                clock=clock,
                random=Random(4),
                on_wait=lambda words, left: None,
            )
    assert (len(server.created), server.delete_count, server.jobs_left) == (1, 1, 0)


async def test_a_message_that_is_indexed_late_is_found_by_a_later_look(
    server: Sumo, search: SumoSearch, clock: VirtualClock
) -> None:
    server.ingest_seconds = 600
    server.put(token())
    await nothing(search)
    clock.seconds += 300
    await nothing(search)
    clock.seconds += 300
    assert (await found(search)).token.text.reveal() == token()


async def test_a_later_look_reads_only_what_is_new_and_forgets_nothing(
    server: Sumo, search: SumoSearch, clock: VirtualClock
) -> None:
    old = server.put(token(n=1), at=START.timestamp() - 86400)
    await found(search)
    assert server.created[0]["from"] == "2026-11-15T12:00:00"
    new = server.put(token(n=2))
    challenge = await found(search)
    assert server.created[1]["from"] == "2026-11-22T11:45:00"
    assert challenge.written.key == f"_messageid:{new[0]}"
    assert [each.key for each in challenge.others] == [f"_messageid:{old[0]}"]


async def test_after_an_incomplete_look_all_is_looked_at_again(
    server: Sumo, search: SumoSearch
) -> None:
    server.pending_warnings = ["Some data was not scanned."]
    answer = await nothing(search)
    assert "Sumo warns: Some data was not scanned" in answer.message
    await nothing(search)
    assert str(server.created[1]["from"]).startswith("2026-11-15T12:00")


async def test_a_look_that_is_denied_is_no_missing_challenge(
    server: Sumo, search: SumoSearch
) -> None:
    server.capable.clear()
    with pytest.raises(StoreDenied) as raised:
        await search.look()
    assert raised.value.reason is Reason.LIST_DENIED


async def test_nothing_that_is_said_shows_a_secret(server: Sumo, search: SumoSearch) -> None:
    server.put(token(destination_conf=OTHER_CONF))
    shown = repr(await search.look())
    server.put(token())
    server.put(token(n=2))
    challenge = await search.look()
    shown += repr(challenge) + str(challenge)
    for secret in (CODE, "PlantedOther", ACCESS_ID, ACCESS_KEY, "eyJ"):
        assert secret not in shown
