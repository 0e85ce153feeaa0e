"""What every ledger must do. A ledger joins by a subclass that says where it is.

    class TestMyLedger(LedgerSuite):
        @pytest.fixture
        def site(self, my_server):
            return MySite(my_server)

A Site is a fresh, empty database for each test, which may be opened several times at once.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from itertools import chain, permutations
from pathlib import Path
from random import Random
from typing import BinaryIO, Protocol

import msgspec
import pytest

from receiver.check.report import Example, Finding, Report, Severity, Verdict
from receiver.errors import LedgerInvalid
from receiver.ledger.chain import ChainCheck, check_chain
from receiver.ledger.ledger import Claim, Entry, Judgement, Ledger, Position, Segment, State
from receiver.limits import GIB
from receiver.store.store import Object

PLACE = "s3://acme-logs/http/{DATE}/"
OTHER = "s3://acme-logs/dns/{DATE}/"
START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ODD_KEYS = ("nul\0.gz", "half\ud83d.gz", "back\\slash", "\\u0000", "é/日本/\U0001f600", "'; --", "")

ERROR = Finding(
    code="field-missing",
    severity=Severity.ERROR,
    field="BotScore",
    count=3,
    examples=(Example(line=7, got="half of \ud83d"),),
)
WARNING = Finding(code="field-null", severity=Severity.WARNING, field="RayID", count=2)


class Site(Protocol):
    """A fresh, empty database."""

    @property
    def url(self) -> str: ...

    def open(self) -> AbstractAsyncContextManager[Ledger]:
        """Open the ledger that is there."""
        ...

    def run(self, statement: str) -> str:
        """Run a statement by a client that is not the ledger; returns its rows, tab-separated."""
        ...


def at(minutes: float = 0) -> datetime:
    return START + timedelta(minutes=minutes)


def obj(key: str = "a.log.gz", etag: str = "e1", *, size: int = 100, arrived: float = 0) -> Object:
    return Object(key=key, etag=etag, stored_bytes=size, arrived_at=at(arrived))


def judgement(
    claim: Claim,
    *findings: Finding,
    etag: str | None = None,
    job: int | None = 146,
    window: float | None = -5,
    records: int = 10,
    notes: Sequence[str] = (),
    digest: str = "d1",
) -> Judgement:
    """What came of reading a claim's object; `window` is the minute that it began."""
    failed = any(each.severity is Severity.ERROR for each in findings)
    report = Report(
        key=claim.entry.key,
        job=job,
        verdict=Verdict.FAIL if failed else Verdict.PASS,
        records=records,
        plain_bytes=records * 100,
        compressed_bytes=records * 10,
        window=None if window is None else (at(window), at(window + 1)),
        event_time=(at(window or 0), at((window or 0) + 0.5)),
        findings=findings,
        notes=tuple(notes),
    )
    return Judgement(report=report, etag=etag or claim.entry.etag, digest=digest)


async def claim_all(
    ledger: Ledger,
    *,
    place: str = PLACE,
    owner: str = "a",
    now: float = 0,
    until: float | None = None,
    entries_max: int = 100,
    bytes_max: int = GIB,
) -> list[Claim]:
    return await ledger.claim(
        place,
        owner=owner,
        now=at(now),
        until=at(now + 5 if until is None else until),
        entries_max=entries_max,
        bytes_max=bytes_max,
    )


async def claim_one(ledger: Ledger, *, owner: str = "a", now: float = 0) -> Claim:
    (claim,) = await claim_all(ledger, owner=owner, now=now)
    return claim


async def judge(
    ledger: Ledger, *objects: Object, findings: Sequence[Finding] = (), now: float = 0
) -> list[Entry]:
    """See objects and judge all that waits; returns the Entries as they are then."""
    await ledger.see(PLACE, objects, now=at(now))
    for claim in await claim_all(ledger, now=now, entries_max=100_000):
        assert await ledger.record(claim, judgement(claim, *findings), now=at(now))
    return await listed(ledger)


async def listed(ledger: Ledger, **asked: object) -> list[Entry]:
    return [each async for each in ledger.entries(**asked)]  # type: ignore[arg-type]


async def sealed(ledger: Ledger) -> list[Segment]:
    return [each async for each in ledger.segments()]


def keys(of: Sequence[Entry] | Sequence[Claim]) -> list[str]:
    return [each.key if isinstance(each, Entry) else each.entry.key for each in of]


class LedgerSuite:
    """The contract of receiver/ledger/ledger.py."""

    @pytest.fixture
    def site(self) -> Site:
        raise NotImplementedError

    @pytest.fixture
    async def ledger(self, site: Site) -> AsyncIterator[Ledger]:
        async with site.open() as ledger:
            yield ledger

    # --- seeing ---

    async def test_what_is_seen_first_waits(self, ledger: Ledger) -> None:
        assert await ledger.see(PLACE, [obj(size=7, arrived=-1)], now=at()) == 1
        (entry,) = await listed(ledger)
        assert entry == Entry(
            id=entry.id,
            place=PLACE,
            key="a.log.gz",
            etag="e1",
            state=State.WAITING,
            stored_bytes=7,
            arrived_at=at(-1),
            seen_at=at(),
        )

    async def test_what_is_known_stays_as_it_is(self, ledger: Ledger) -> None:
        before = await judge(ledger, obj())
        assert await ledger.see(PLACE, [obj(), obj(size=9), obj()], now=at(1)) == 0
        assert await listed(ledger) == before

    async def test_an_object_that_is_overwritten_is_new_and_says_what_it_rewrites(
        self, ledger: Ledger
    ) -> None:
        await judge(ledger, obj(etag="e1"))
        assert await ledger.see(PLACE, [obj(etag="e2"), obj(etag="e3")], now=at(1)) == 2
        assert [(each.etag, each.rewrites) for each in await listed(ledger)] == [
            ("e1", ""),
            ("e2", "e1"),
            ("e3", "e2"),
        ]

    async def test_the_same_name_in_another_place_is_another(self, ledger: Ledger) -> None:
        await ledger.see(PLACE, [obj()], now=at())
        assert await ledger.see(OTHER, [obj()], now=at()) == 1
        assert keys(await claim_all(ledger, place=OTHER)) == ["a.log.gz"]
        assert len(await listed(ledger, place=PLACE)) == 1

    async def test_any_name_is_kept_as_it_is(self, ledger: Ledger) -> None:
        objects = [obj(key, etag=key, arrived=number) for number, key in enumerate(ODD_KEYS)]
        place = "file:///\udcff\0/"
        await ledger.see(place, objects, now=at())
        assert await ledger.see(place, objects, now=at()) == 0
        claims = await claim_all(ledger, place=place)
        assert sorted(keys(claims)) == sorted(ODD_KEYS)
        assert {each.entry.place for each in claims} == {place}
        for claim in claims:
            error = claim.entry.key + claim.entry.key
            await ledger.put_back(claim, error=error, next_try_at=None)
        assert [each.error for each in await listed(ledger)] == [each * 2 for each in ODD_KEYS]
        for key in ODD_KEYS:
            assert keys(await listed(ledger, key=key)) == [key]

    async def test_more_than_a_page_is_seen_at_once(self, ledger: Ledger) -> None:
        objects = [obj(f"{number:05}") for number in range(2500)]
        assert await ledger.see(PLACE, objects[:1200], now=at()) == 1200
        assert await ledger.see(PLACE, objects, now=at()) == 1300
        assert len({each.key for each in await listed(ledger)}) == 2500

    async def test_nothing_is_seen_in_an_empty_page(self, ledger: Ledger) -> None:
        assert await ledger.see(PLACE, [], now=at()) == 0
        assert await claim_all(ledger) == []

    async def test_a_replaced_content_that_is_back_waits_again(self, ledger: Ledger) -> None:
        await ledger.see(PLACE, [obj(etag="e1")], now=at())
        claim = await claim_one(ledger)
        await ledger.record(claim, judgement(claim, etag="e2"), now=at())
        assert await ledger.see(PLACE, [obj(etag="e2")], now=at(1)) == 0
        assert await ledger.see(PLACE, [obj(etag="e1")], now=at(1)) == 1
        assert (await claim_one(ledger, now=1)).entry.etag == "e1"

    # --- claiming ---

    async def test_those_seen_first_come_first(self, ledger: Ledger) -> None:
        await ledger.see(PLACE, [obj("b"), obj("c")], now=at(0))
        await ledger.see(PLACE, [obj("a", arrived=-9)], now=at(1))
        assert keys(await claim_all(ledger, now=2)) == ["b", "c", "a"]

    async def test_a_claim_takes_so_many_entries_and_bytes(self, ledger: Ledger) -> None:
        await ledger.see(PLACE, [obj(key, size=10) for key in "abcdefg"], now=at())
        assert keys(await claim_all(ledger, entries_max=2)) == ["a", "b"]
        assert keys(await claim_all(ledger, bytes_max=29)) == ["c", "d"]
        assert keys(await claim_all(ledger, bytes_max=30)) == ["e", "f", "g"]
        assert await claim_all(ledger, entries_max=0) == []

    async def test_one_is_taken_however_large(self, ledger: Ledger) -> None:
        await ledger.see(PLACE, [obj("a", size=5 * GIB), obj("b", size=1)], now=at())
        assert keys(await claim_all(ledger, bytes_max=10)) == ["a"]

    async def test_a_large_one_is_not_passed_by_smaller_ones(self, ledger: Ledger) -> None:
        sizes = {"a": 1, "b": 100, "c": 1}
        await ledger.see(PLACE, [obj(key, size=size) for key, size in sizes.items()], now=at())
        assert keys(await claim_all(ledger, bytes_max=50)) == ["a"]
        assert keys(await claim_all(ledger, bytes_max=50)) == ["b"]

    async def test_what_is_claimed_is_nobody_elses_until_it_expires(self, ledger: Ledger) -> None:
        await ledger.see(PLACE, [obj()], now=at())
        claim = await claim_one(ledger, owner="a")
        assert (claim.owner, claim.until, claim.number) == ("a", at(5), 1)
        assert await claim_all(ledger, owner="b", now=4.99) == []
        again = await claim_one(ledger, owner="b", now=5)
        assert (again.entry.id, again.owner, again.number) == (claim.entry.id, "b", 2)

    async def test_who_holds_an_older_claim_has_lost_it(self, ledger: Ledger) -> None:
        await ledger.see(PLACE, [obj()], now=at())
        old = await claim_one(ledger)
        new = await claim_one(ledger, now=6)  # the same owner's, after a restart
        assert await ledger.extend([old, new], until=at(20)) == [
            msgspec.structs.replace(new, until=at(20))
        ]
        assert not await ledger.put_back(old, error="slow", next_try_at=None)
        assert not await ledger.record(old, judgement(old), now=at(7))
        assert await ledger.record(new, judgement(new), now=at(7))
        assert not await ledger.record(old, judgement(old, ERROR), now=at(8))
        assert (await listed(ledger))[0].verdict is Verdict.PASS

    async def test_a_claim_that_expired_and_was_not_taken_still_counts(
        self, ledger: Ledger
    ) -> None:
        await ledger.see(PLACE, [obj()], now=at())
        claim = await claim_one(ledger)
        assert await ledger.record(claim, judgement(claim), now=at(60))

    async def test_a_claim_is_held_longer(self, ledger: Ledger) -> None:
        await ledger.see(PLACE, [obj("a"), obj("b")], now=at())
        claims = await claim_all(ledger)
        longer = await ledger.extend(claims[:1], until=at(10))
        assert [each.until for each in longer] == [at(10)]
        assert keys(await claim_all(ledger, owner="b", now=6)) == ["b"]
        assert await ledger.record(longer[0], judgement(longer[0]), now=at(7))
        assert await ledger.extend(longer, until=at(20)) == []
        assert await ledger.extend([], until=at(20)) == []

    async def test_what_is_put_back_is_due_then(self, ledger: Ledger) -> None:
        await ledger.see(PLACE, [obj("a")], now=at(0))
        await ledger.see(PLACE, [obj("b")], now=at(1))
        claim = (await claim_all(ledger, now=1))[0]
        assert await ledger.put_back(claim, error="no answer", next_try_at=at(3))
        (entry, _) = await listed(ledger)
        assert (entry.state, entry.tries, entry.error) == (State.WAITING, 1, "no answer")
        assert entry.next_try_at == at(3)
        assert await claim_all(ledger, now=2) == []
        await ledger.see(PLACE, [obj("c")], now=at(8))
        assert keys(await claim_all(ledger, now=9)) == ["a", "b", "c"]  # b's claim has expired too

    async def test_giving_up_without_an_error_counts_no_try(self, ledger: Ledger) -> None:
        await ledger.see(PLACE, [obj("a"), obj("b")], now=at())
        claims = await claim_all(ledger)
        for claim in reversed(claims):
            assert await ledger.put_back(claim, next_try_at=None)
        again = await claim_all(ledger)
        assert keys(again) == ["a", "b"]
        assert [each.entry.tries for each in again] == [0, 0]

    async def test_what_is_parked_waits_for_a_person(self, ledger: Ledger) -> None:
        await ledger.see(PLACE, [obj()], now=at())
        claim = await claim_one(ledger)
        assert await ledger.put_back(claim, error="no right", next_try_at=None, park=True)
        assert await claim_all(ledger, now=600) == []
        (entry,) = await listed(ledger, state=State.PARKED)
        assert (entry.error, entry.tries) == ("no right", 1)
        assert await ledger.take_up([entry.id], now=at(700)) == 1
        again = await claim_one(ledger, now=700)
        assert (again.entry.tries, again.entry.error) == (0, "")

    async def test_a_call_whose_outcome_was_not_known_is_made_again(self, ledger: Ledger) -> None:
        await ledger.see(PLACE, [obj("a"), obj("b")], now=at())
        first, second = await claim_all(ledger)
        for _ in range(2):
            assert await ledger.put_back(first, error="no", next_try_at=at(9))
            assert await ledger.record(second, judgement(second, ERROR), now=at())
        one, two = await listed(ledger)
        assert (one.tries, two.judgements) == (1, 1)
        assert [each.entries for each in await ledger.seal(before=at(60))] == [1]
        (hour,) = await ledger.hours(start=at(-60), end=at(60))
        assert hour.batches == 1

    async def test_clocks_that_differ_judge_nothing_twice(self, ledger: Ledger) -> None:
        await ledger.see(PLACE, [obj()], now=at())
        late = await claim_one(ledger, owner="late", now=0)
        early = await claim_one(ledger, owner="early", now=5.1)  # its clock goes before
        assert await claim_all(ledger, owner="third", now=0) == []
        assert not await ledger.record(late, judgement(late), now=at(1))
        assert await ledger.record(early, judgement(early), now=at(6))
        assert (await listed(ledger))[0].judgements == 1

    async def test_a_clock_set_back_keeps_nothing_waiting_that_was_just_seen(
        self, ledger: Ledger
    ) -> None:
        await ledger.see(PLACE, [obj()], now=at(60))
        claim = await claim_one(ledger, now=0)
        assert await ledger.record(claim, judgement(claim), now=at(0))

    # --- recording ---

    async def test_a_verdict_stands_with_all_that_it_is_about(self, ledger: Ledger) -> None:
        await ledger.see(PLACE, [obj(arrived=-1)], now=at())
        claim = await claim_one(ledger)
        told = judgement(claim, ERROR, WARNING, notes=["not checked"])
        assert await ledger.record(claim, told, now=at(1))
        (entry,) = await listed(ledger)
        assert entry == msgspec.structs.replace(
            claim.entry,
            state=State.JUDGED,
            job=146,
            verdict=Verdict.FAIL,
            records=10,
            plain_bytes=1000,
            compressed_bytes=100,
            errors=3,
            warnings=2,
            window=(at(-5), at(-4)),
            event_time=(at(-5), at(-4.5)),
            digest="d1",
            judged_at=at(1),
            judgements=1,
        )
        assert await ledger.report(entry.id) == told.report

    @pytest.mark.parametrize("notes", [[], ["not checked"]])
    async def test_a_clean_batch_has_a_report_too(self, ledger: Ledger, notes: list[str]) -> None:
        await ledger.see(PLACE, [obj()], now=at())
        claim = await claim_one(ledger)
        assert await ledger.report(claim.entry.id) is None
        told = judgement(claim, notes=notes, window=None, job=None)
        await ledger.record(claim, told, now=at(1))
        assert await ledger.report(claim.entry.id) == told.report
        assert await ledger.report(claim.entry.id + 1) is None

    async def test_content_that_changed_is_judged_as_what_it_is(self, ledger: Ledger) -> None:
        await ledger.see(PLACE, [obj(etag="e1")], now=at())
        claim = await claim_one(ledger)
        told = msgspec.structs.replace(judgement(claim, etag="e2"), arrived_at=at(0.5))
        for _ in range(2):
            assert await ledger.record(claim, told, now=at(1))
        old, new = await listed(ledger)
        assert (old.state, old.verdict, old.judged_at) == (State.REPLACED, None, None)
        assert (new.state, new.etag, new.rewrites) == (State.JUDGED, "e2", "e1")
        assert (new.arrived_at, new.judgements) == (at(0.5), 1)
        assert await ledger.see(PLACE, [obj(etag="e2")], now=at(2)) == 0

    async def test_content_that_changed_to_what_somebody_judges_is_judged_once(
        self, ledger: Ledger
    ) -> None:
        await ledger.see(PLACE, [obj(etag="e1"), obj(etag="e2")], now=at())
        first, second = await claim_all(ledger)
        assert await ledger.record(first, judgement(first, etag="e2"), now=at(1))
        assert not await ledger.record(second, judgement(second, ERROR), now=at(2))
        assert [each.state for each in await listed(ledger)] == [State.REPLACED, State.JUDGED]
        assert (await listed(ledger))[1].judgements == 1

    async def test_content_that_changed_to_what_is_judged_leaves_that_alone(
        self, ledger: Ledger
    ) -> None:
        await judge(ledger, obj(etag="e2"))
        await ledger.see(PLACE, [obj(etag="e1")], now=at(1))
        claim = await claim_one(ledger, now=1)
        assert await ledger.record(claim, judgement(claim, ERROR, etag="e2"), now=at(1))
        judged, replaced = await listed(ledger)
        assert (judged.verdict, judged.judgements) == (Verdict.PASS, 1)
        assert replaced.state is State.REPLACED

    async def test_a_replay_judges_once_more(self, ledger: Ledger) -> None:
        (entry,) = await judge(ledger, obj(), findings=[ERROR])
        assert await ledger.take_up([entry.id, 999], now=at(10)) == 1
        assert await ledger.take_up([entry.id], now=at(10)) == 0
        claim = await claim_one(ledger, now=10)
        assert claim.entry.verdict is Verdict.FAIL
        await ledger.record(claim, judgement(claim), now=at(11))
        (again,) = await listed(ledger)
        assert (again.verdict, again.errors, again.judgements) == (Verdict.PASS, 0, 2)
        assert again.judged_at == at(11)
        assert await ledger.report(entry.id) == judgement(claim).report

    async def test_a_replay_waits_behind_what_was_seen_before(self, ledger: Ledger) -> None:
        (entry,) = await judge(ledger, obj("a"))
        await ledger.see(PLACE, [obj("b")], now=at(5))
        await ledger.take_up([entry.id], now=at(10))
        await ledger.see(PLACE, [obj("c")], now=at(15))
        assert keys(await claim_all(ledger, now=20)) == ["b", "a", "c"]

    async def test_a_replay_of_what_was_overwritten_leaves_its_verdict(
        self, ledger: Ledger
    ) -> None:
        (entry,) = await judge(ledger, obj(etag="e1"))
        await ledger.take_up([entry.id], now=at(1))
        claim = await claim_one(ledger, now=1)
        assert await ledger.record(claim, judgement(claim, ERROR, etag="e2"), now=at(2))
        old, new = sorted(await listed(ledger), key=lambda each: each.id)
        assert old == entry
        assert (new.etag, new.verdict) == ("e2", Verdict.FAIL)

    # --- memories ---

    async def test_a_memory_is_the_last_one_kept(self, ledger: Ledger) -> None:
        assert await ledger.recall("roster") is None
        for content in (b"", b"\0\xff" * 100_000, b"{}"):
            await ledger.remember("roster", content)
            assert await ledger.recall("roster") == content
        assert await ledger.recall("other") is None

    # --- positions ---

    async def test_a_position_is_the_last_one_noted(self, ledger: Ledger) -> None:
        assert await ledger.position(PLACE, "http/20261122/") is None
        first = Position(prefix="http/20261122/", after="k1", listed_at=at())
        second = Position(prefix="http/20261122/", after="k\0", listed_at=at(1), walked_at=at(2))
        for each in (first, second):
            await ledger.set_position(PLACE, each)
            assert await ledger.position(PLACE, "http/20261122/") == each
        assert await ledger.position(OTHER, "http/20261122/") is None
        assert await ledger.position(PLACE, "http/") is None

    # --- listing ---

    async def test_entries_come_by_arrival(self, ledger: Ledger) -> None:
        arrivals = {"a": 3, "b": 1, "c": 2, "d": 1}
        await ledger.see(PLACE, [obj(k, arrived=n) for k, n in arrivals.items()], now=at())
        assert keys(await listed(ledger)) == ["b", "d", "c", "a"]
        assert keys(await listed(ledger, newest_first=True)) == ["a", "c", "d", "b"]
        assert keys(await listed(ledger, newest_first=True, limit=2)) == ["a", "c"]
        assert await listed(ledger, limit=0) == []

    async def test_more_than_a_page_is_listed_each_once(self, ledger: Ledger) -> None:
        objects = [obj(f"{n:05}", arrived=n % 7) for n in range(2500)]
        await ledger.see(PLACE, objects, now=at())
        expected = [each.key for each in sorted(objects, key=lambda each: each.arrived_at)]
        assert keys(await listed(ledger)) == expected
        assert keys(await listed(ledger, newest_first=True)) == expected[::-1]
        assert keys(await listed(ledger, limit=1500)) == expected[:1500]

    async def test_entries_are_all_that_was_asked_for(self, ledger: Ledger) -> None:
        await ledger.see(PLACE, [obj(key) for key in "abcd"], now=at())
        claims = await claim_all(ledger, entries_max=3)
        told = (
            judgement(claims[0], ERROR, window=-90),
            judgement(claims[1], window=-30),
            judgement(claims[2], WARNING, window=-10, job=None),
        )
        for claim, each in zip(claims, told, strict=True):
            await ledger.record(claim, each, now=at())
        for asked, expected in (
            ({"verdict": Verdict.FAIL}, "a"),
            ({"verdict": Verdict.PASS}, "bc"),
            ({"state": State.WAITING}, "d"),
            ({"state": State.JUDGED}, "abc"),
            ({"state": State.PARKED}, ""),
            ({"job": 146}, "ab"),
            ({"job": 7}, ""),
            ({"window_from": at(-30)}, "bc"),
            ({"window_to": at(-30)}, "a"),
            ({"window_from": at(-90), "window_to": at(-10)}, "ab"),
            ({"window_from": at(-90), "window_to": at(-10), "newest_first": True}, "ba"),
            ({"key": "b"}, "b"),
            ({"key": "b", "place": PLACE}, "b"),
            ({"key": "b", "place": OTHER}, ""),
            ({"place": PLACE, "job": 146, "state": State.JUDGED, "verdict": Verdict.FAIL}, "a"),
        ):
            assert "".join(keys(await listed(ledger, **asked))) == expected, asked

    async def test_an_entry_is_found_by_its_number(self, ledger: Ledger) -> None:
        await judge(ledger, obj("a"), findings=[ERROR])
        await ledger.see(OTHER, [obj("b")], now=at())
        for entry in await listed(ledger):
            assert await ledger.entry(entry.id) == entry
        assert await ledger.entry(999) is None
        assert await ledger.entry(0) is None
        assert await ledger.entry(10**18 - 1) is None

    async def test_listing_may_be_left_and_hinders_nobody(self, ledger: Ledger) -> None:
        await ledger.see(PLACE, [obj(f"{n:05}") for n in range(1500)], now=at())
        async for entry in ledger.entries():
            (claim,) = await claim_all(ledger, entries_max=1)
            assert claim.entry == entry
            break
        assert await ledger.record(claim, judgement(claim), now=at())

    # --- sums ---

    async def test_hours_add_up_what_was_judged(self, ledger: Ledger) -> None:
        objects = [obj("a", arrived=0), obj("b", arrived=1), obj("c"), obj("d")]
        await ledger.see(PLACE, objects, now=at())
        claims = {each.entry.key: each for each in await claim_all(ledger)}
        for key, told in {
            "a": judgement(claims["a"], ERROR, window=-5),
            "b": judgement(claims["b"], WARNING, window=-4, records=5),
            "c": judgement(claims["c"], window=-5, job=None),
            "d": judgement(claims["d"], window=None),
        }.items():
            await ledger.record(claims[key], told, now=at())
        nameless, named = await ledger.hours(start=at(-60), end=at(60))
        assert (named.job, named.place, named.start) == (146, PLACE, at(-60))
        assert (named.batches, named.failed, named.warned, named.records) == (2, 1, 1, 15)
        assert (named.plain_bytes, named.compressed_bytes) == (1500, 150)
        assert (named.lateness_max, named.lateness_sum) == (240.0, 480.0)
        assert (nameless.job, nameless.batches) == (None, 1)
        assert await ledger.hours(start=at(-60), end=at(60), job=146) == [named]
        assert await ledger.hours(start=at(-59), end=at(60)) == []

    async def test_a_replay_counts_in_the_place_of_what_it_judges_again(
        self, ledger: Ledger
    ) -> None:
        (entry,) = await judge(ledger, obj(), findings=[ERROR])
        await ledger.take_up([entry.id], now=at())
        claim = await claim_one(ledger)
        await ledger.record(claim, judgement(claim, WARNING, records=8), now=at())
        (hour,) = await ledger.hours(start=at(-60), end=at(60))
        assert (hour.batches, hour.failed, hour.warned, hour.records) == (1, 0, 1, 8)
        await ledger.take_up([entry.id], now=at())
        claim = await claim_one(ledger)
        await ledger.record(claim, judgement(claim, job=7), now=at())
        (hour,) = await ledger.hours(start=at(-60), end=at(60))
        assert (hour.job, hour.batches, hour.lateness_sum) == (7, 1, 240.0)

    @pytest.mark.parametrize("order", [*permutations("123")], ids="".join)
    @pytest.mark.parametrize("again", ["", "1", "2", "3", "21"])
    async def test_of_a_name_that_was_overwritten_the_content_seen_last_counts(
        self, ledger: Ledger, order: Sequence[str], again: str
    ) -> None:
        """Whatever order they are judged in, and however often."""
        told: dict[str, tuple[tuple[Finding, ...], int]] = {
            "1": ((ERROR,), 1),
            "2": ((WARNING,), 2),
            "3": ((), 3),
        }
        await ledger.see(PLACE, [obj("other"), *(obj(etag=etag) for etag in told)], now=at())
        claims = {each.entry.etag: each for each in await claim_all(ledger)}
        await ledger.record(claims["e1"], judgement(claims["e1"], records=10), now=at())
        judged: set[str] = set()
        for etag in order:
            findings, records = told[etag]
            done = judgement(claims[etag], *findings, records=records)
            assert await ledger.record(claims[etag], done, now=at(1))
            judged.add(etag)
            (hour,) = await ledger.hours(start=at(-60), end=at(60))
            assert (hour.batches, hour.records) == (2, 10 + told[max(judged)][1])
        for etag in again:
            await ledger.take_up([claims[etag].entry.id], now=at(2))
            claim = await claim_one(ledger, now=2)
            done = judgement(claim, records=20 + int(etag), job=147)
            assert await ledger.record(claim, done, now=at(2))
        hours = await ledger.hours(start=at(-60), end=at(60))
        expected = {146: (1, 10), 147: (1, 23)} if "3" in again else {146: (2, 13)}
        assert {each.job: (each.batches, each.records) for each in hours} == expected
        assert sum(each.failed + each.warned for each in hours) == 0

    async def test_content_that_changed_while_it_was_read_counts_in_the_place_of_the_former(
        self, ledger: Ledger
    ) -> None:
        (entry,) = await judge(ledger, obj(etag="e1"), findings=[ERROR])
        await ledger.take_up([entry.id], now=at(1))
        claim = await claim_one(ledger, now=1)
        await ledger.record(claim, judgement(claim, etag="e2", records=7), now=at(2))
        (hour,) = await ledger.hours(start=at(-60), end=at(60))
        assert (hour.batches, hour.failed, hour.records) == (1, 0, 7)

    async def test_contents_of_a_name_judged_at_once_by_several_count_once(
        self, site: Site
    ) -> None:
        names, etags = [f"{n:02}" for n in range(20)], ("e1", "e2", "e3")
        async with site.open() as one, site.open() as two:
            for etag in etags:
                await one.see(PLACE, [obj(name, etag) for name in names], now=at())
            claims = await claim_all(one)
            Random(3).shuffle(claims)

            async def record(number: int, claim: Claim) -> bool:
                told = judgement(claim, records=int(claim.entry.etag[1:]))
                return await (one, two)[number % 2].record(claim, told, now=at())

            assert all(await asyncio.gather(*(record(n, each) for n, each in enumerate(claims))))
            (hour,) = await two.hours(start=at(-60), end=at(60))
            assert (hour.batches, hour.records) == (20, 60)

    async def test_what_has_no_window_is_of_the_span_that_it_came_in(self, ledger: Ledger) -> None:
        await ledger.see(PLACE, [obj("a", arrived=-30), obj("b", arrived=-2)], now=at())
        for claim in await claim_all(ledger):
            await ledger.record(claim, judgement(claim, window=None), now=at())
        await ledger.see(PLACE, [obj("waiting", arrived=-30)], now=at())
        span = {"window_from": at(-40), "window_to": at(-20)}
        assert keys(await listed(ledger, **span)) == ["a"]
        assert keys(await listed(ledger, **span, job=146, verdict=Verdict.PASS)) == ["a"]
        assert keys(await listed(ledger, window_from=at(-20))) == ["b"]
        assert await ledger.hours(start=at(-60), end=at(60)) == []

    # --- the manifest ---

    async def test_what_was_judged_is_sealed_by_the_hour(self, ledger: Ledger) -> None:
        await judge(ledger, obj("a"), obj("b"), now=1)
        await judge(ledger, obj("c"), now=61)
        await judge(ledger, obj("d"), now=121)
        made = await ledger.seal(before=at(120))
        assert [(each.number, each.start, each.end) for each in made] == [
            (1, at(0), at(60)),
            (2, at(60), at(120)),
        ]
        assert await ledger.seal(before=at(120)) == []
        assert [each.entries for each in await ledger.seal(before=at(180))] == [1]
        segments = await sealed(ledger)
        assert check_chain(segments) == []
        lines = [msgspec.json.decode(line) for line in (segments[0].lines or b"").splitlines()]
        assert lines == [
            {
                "digest": "d1",
                "etag": "e1",
                "job": 146,
                "judged_at": "2026-11-22T10:01:00.000000Z",
                "key": key,
                "place": PLACE,
                "records": 10,
                "verdict": "pass",
            }
            for key in "ab"
        ]

    async def test_what_is_recorded_late_or_again_goes_into_a_segment_of_its_own(
        self, ledger: Ledger
    ) -> None:
        (entry,) = await judge(ledger, obj("a"), findings=[ERROR], now=1)
        await ledger.seal(before=at(60))
        await ledger.take_up([entry.id], now=at(61))
        await judge(ledger, obj("b"), now=2)  # by a clock that goes after
        await ledger.seal(before=at(120))
        segments = await sealed(ledger)
        assert check_chain(segments) == []
        assert [(each.start, each.entries) for each in segments] == [(at(0), 1), (at(0), 2)]
        assert b'"verdict":"fail"' in (segments[0].lines or b"")

    async def test_segments_are_found_by_their_time(self, ledger: Ledger) -> None:
        for hour in range(15):
            await judge(ledger, obj(f"{hour}"), now=60 * hour + 30)
        await ledger.seal(before=at(6000))
        asked = ledger.segments(start=at(60), end=at(180))
        assert [each.number async for each in asked] == [2, 3]
        assert [each.number for each in await sealed(ledger)] == list(range(1, 16))

    async def test_a_busy_hour_has_several_segments(
        self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("receiver.ledger.sealing.SEGMENT_LINES_MAX", 20)
        monkeypatch.setattr("receiver.ledger.sealing.LEDGER_PAGE_ROWS", 10)
        await judge(ledger, *(obj(f"{n:03}") for n in range(45)))
        assert [each.entries for each in await ledger.seal(before=at(60))] == [20, 20, 5]
        assert check_chain(await sealed(ledger)) == []

    async def test_of_several_that_seal_at_once_one_does(self, site: Site) -> None:
        async with site.open() as one, site.open() as two:
            await judge(one, *(obj(f"{n:03}", arrived=n) for n in range(40)))
            for hour in range(4):
                await judge(one, obj(f"late-{hour}"), now=60 * hour + 1)
            both = await asyncio.gather(*(each.seal(before=at(600)) for each in (one, two) * 3))
            made = [*chain.from_iterable(both), *await one.seal(before=at(600))]
            assert sorted(each.number for each in made) == [1, 2, 3, 4]
            segments = await sealed(two)
            assert check_chain(segments) == []
            assert sum(each.entries for each in segments) == 44

    async def test_whoever_changes_a_segment_is_found_out(self, site: Site) -> None:
        async with site.open() as ledger:
            for hour in range(3):
                await judge(ledger, obj(f"{hour}"), now=60 * hour + 30)
            await ledger.seal(before=at(600))
            site.run("UPDATE ledger_segment SET hash = 'beef' WHERE number = 2")
            check = ChainCheck()
            found = [p for each in await sealed(ledger) for p in check.feed(each)]
            assert [each.split(":")[0] for each in found] == ["segment 2", "segment 3"]

    # --- forgetting ---

    async def test_what_is_old_is_forgotten_and_what_is_not_done_is_kept(
        self, ledger: Ledger
    ) -> None:
        await judge(ledger, *(obj(f"old-{n}") for n in range(5)), findings=[ERROR])
        await judge(ledger, obj("new"), findings=[ERROR], now=600)
        await ledger.see(PLACE, [obj("waiting"), obj("parked")], now=at())
        for claim in await claim_all(ledger, now=1):
            if claim.entry.key == "parked":
                await ledger.put_back(claim, error="no right", next_try_at=None, park=True)
        old = (await listed(ledger, key="old-0"))[0]
        before = await ledger.hours(start=at(-600), end=at(600))

        async def prune(reports: float, entries: float) -> int:
            return await ledger.prune(reports_before=at(reports), entries_before=at(entries))

        assert await prune(-1, -1) == 0
        assert await prune(300, -1) == 5
        assert await ledger.report(old.id) is None
        assert (await listed(ledger, key="old-0"))[0] == old
        assert await prune(300, 300) == 0  # not yet sealed
        await ledger.seal(before=at(600))
        total = 0
        while count := await prune(300, 300):
            total += count
        assert total == 6  # five Entries and the lines of one segment
        assert sorted(keys(await listed(ledger))) == ["new", "parked", "waiting"]
        assert await ledger.report((await listed(ledger, key="new"))[0].id) is not None
        assert [each.lines for each in await sealed(ledger)] == [None]
        assert check_chain(await sealed(ledger)) == []
        assert await ledger.hours(start=at(-600), end=at(600)) == before
        assert await ledger.see(PLACE, [obj("old-0")], now=at(700)) == 1

    async def test_pruning_goes_by_steps(
        self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("receiver.ledger.pruning.PRUNE_ROWS_MAX", 10)
        await judge(ledger, *(obj(f"{n}") for n in range(25)))
        await ledger.set_position(PLACE, Position(prefix="", after="", listed_at=at()))
        await ledger.seal(before=at(60))
        steps = [await ledger.prune(reports_before=at(90), entries_before=at(90)) for _ in range(4)]
        assert steps == [10, 10, 7, 0]
        assert await ledger.position(PLACE, "") is None

    async def test_of_too_many_entries_the_oldest_judged_go_early(self, ledger: Ledger) -> None:
        for hour in range(6):
            await judge(ledger, obj(f"{hour}", arrived=hour), now=60 * hour + 1)
        await ledger.see(OTHER, [obj("waiting", arrived=-9)], now=at())
        await ledger.see(PLACE, [obj("x", etag="e1", arrived=9)], now=at())
        claim = await claim_one(ledger)
        await ledger.record(claim, judgement(claim, etag="e2"), now=at(400))

        async def prune(entries_max: int) -> int:
            return await ledger.prune(
                reports_before=at(-1), entries_before=at(-1), entries_max=entries_max
            )

        assert await prune(5) == 0  # not yet sealed
        await ledger.seal(before=at(300))
        assert await prune(9) == 0
        assert await prune(7) == 2
        assert await prune(7) == 0
        assert keys(await listed(ledger)) == ["waiting", "2", "3", "4", "5", "x", "x"]
        assert await prune(1) == 3
        assert keys(await listed(ledger)) == ["waiting", "5", "x", "x"]  # unsealed
        await ledger.seal(before=at(600))
        assert await prune(1) == 3
        assert keys(await listed(ledger)) == ["waiting"]

    async def test_what_is_listed_yet_does_not_go_early(self, ledger: Ledger) -> None:
        for minute in range(6):
            await judge(ledger, obj(f"{minute}"), now=minute)
        await ledger.seal(before=at(60))
        for entries_max, early_before, forgotten in ((4, 0, 0), (4, 1, 1), (4, 9, 1), (0, 5, 3)):
            assert forgotten == await ledger.prune(
                reports_before=at(-1),
                entries_before=at(-1),
                entries_max=entries_max,
                early_before=at(early_before),
            )
        assert keys(await listed(ledger)) == ["5"]

    async def test_a_number_is_not_given_twice(self, ledger: Ledger) -> None:
        """A claim may outlive its Entry: it must not find another in its place."""
        (entry,) = await judge(ledger, obj())
        await ledger.seal(before=at(60))
        await ledger.prune(reports_before=at(90), entries_before=at(90))
        (again,) = await judge(ledger, obj())
        assert again.id > entry.id

    # --- several at once ---

    async def test_what_is_recorded_is_there_for_whoever_opens_it_next(self, site: Site) -> None:
        async with site.open() as ledger:
            before = await judge(ledger, obj(), findings=[ERROR])
        async with site.open() as ledger:
            assert await listed(ledger) == before
            assert await ledger.report(before[0].id) is not None

    async def test_opened_by_many_at_once_it_is_made_once(self, site: Site) -> None:
        async def use(number: int) -> int:
            async with site.open() as ledger:
                return await ledger.see(PLACE, [obj(f"{number}")], now=at())

        assert await asyncio.gather(*(use(number) for number in range(6))) == [1] * 6

    async def test_of_many_that_claim_at_once_no_two_get_the_same(self, site: Site) -> None:
        async with site.open() as one, site.open() as two:
            await one.see(PLACE, [obj(f"{n:03}") for n in range(200)], now=at())
            taken: list[str] = []

            async def work(ledger: Ledger, owner: str) -> None:
                idle = 0
                while idle < 3:  # what others hold for the moment may still come
                    claims = await claim_all(ledger, owner=owner, entries_max=3)
                    idle = 0 if claims else idle + 1
                    for claim in claims:
                        taken.append(claim.entry.key)
                        assert await ledger.record(claim, judgement(claim), now=at())

            await asyncio.gather(*(work((one, two)[n % 2], f"{n}") for n in range(8)))
            assert sorted(taken) == [f"{n:03}" for n in range(200)]
            (hour,) = await one.hours(start=at(-60), end=at(60))
            assert (hour.batches, hour.records) == (200, 2000)

    async def test_many_see_the_same_at_once_and_it_is_new_once(self, site: Site) -> None:
        page = [obj(f"{n:03}") for n in range(300)]
        async with site.open() as one, site.open() as two:
            new = await asyncio.gather(
                *((one, two)[n % 2].see(PLACE, page[:: (-1) ** n], now=at()) for n in range(6))
            )
            assert sum(new) == 300
            assert len(await listed(one)) == 300

    async def test_a_call_that_is_cancelled_is_done_whole_or_not_at_all(
        self, ledger: Ledger
    ) -> None:
        await ledger.see(PLACE, [obj(f"{n:03}") for n in range(60)], now=at())
        for number, claim in enumerate(await claim_all(ledger)):
            task = asyncio.create_task(ledger.record(claim, judgement(claim, ERROR), now=at()))
            for _ in range(number):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        for claim in await claim_all(ledger, now=6):
            assert await ledger.record(claim, judgement(claim, ERROR), now=at(6))
        entries = await listed(ledger)
        assert {(each.state, each.judgements) for each in entries} == {(State.JUDGED, 1)}
        (hour,) = await ledger.hours(start=at(-60), end=at(60))
        assert hour.batches == 60
        assert sum(each.entries for each in await ledger.seal(before=at(600))) == 60

    async def test_processes_that_are_killed_lose_and_double_nothing(
        self, site: Site, tmp_path: Path
    ) -> None:
        count = 400
        async with site.open() as ledger:
            await ledger.see(PLACE, [obj(f"{n:03}") for n in range(count)], now=at())
        (tmp_path / "url").write_text(site.url)
        chance = Random(7)
        said = tmp_path / "said"
        with said.open("ab") as output:
            workers = [_start_worker(tmp_path / "url", f"{n}", output) for n in range(3)]
            await asyncio.sleep(2.5)  # they start
            for number in range(6):
                await asyncio.sleep(chance.uniform(0.05, 0.4))
                workers[number % 3].kill()
                workers[number % 3].wait()
                workers[number % 3] = _start_worker(tmp_path / "url", f"{number}'", output)
            for worker in workers:
                assert await asyncio.to_thread(worker.wait, 120) == 0
        judged = said.read_text().split()
        assert len(judged) == len(set(judged))  # no claim was two's
        async with site.open() as ledger:
            entries = await listed(ledger)
            assert {each.key for each in entries} == {f"{n:03}" for n in range(count)}
            assert {(each.state, each.judgements) for each in entries} == {(State.JUDGED, 1)}
            (hour,) = await ledger.hours(start=at(-60), end=at(60))
            assert (hour.batches, hour.records) == (count, 10 * count)
            made = await ledger.seal(before=datetime.now(UTC) + timedelta(days=1))
            assert sum(each.entries for each in made) == count

    # --- other versions ---

    async def test_a_newer_versions_ledger_is_refused_by_name(self, site: Site) -> None:
        async with site.open():
            pass
        site.run("UPDATE ledger_version SET version_num = '9999'")
        with pytest.raises(LedgerInvalid, match=r"ledger.*: a newer version .* 9999"):
            async with site.open():
                pass

    async def test_another_programs_database_is_refused_and_left_alone(self, site: Site) -> None:
        site.run("CREATE TABLE invoices (id INTEGER)")
        with pytest.raises(LedgerInvalid, match="another program's"):
            async with site.open():
                pass
        assert site.run("SELECT count(*) FROM invoices").strip() == "0"

    async def test_tables_that_are_gone_are_our_error(self, site: Site) -> None:
        async with site.open() as ledger:
            await ledger.see(PLACE, [obj()], now=at())
            site.run("DROP TABLE ledger_entry")
            with pytest.raises(LedgerInvalid):
                await claim_all(ledger)

    async def test_numbers_that_no_database_holds_are_our_error(self, ledger: Ledger) -> None:
        with pytest.raises(LedgerInvalid):
            await ledger.see(PLACE, [obj(size=1 << 70)], now=at())
        assert await ledger.see(PLACE, [obj()], now=at()) == 1


def _start_worker(url: Path, owner: str, output: BinaryIO) -> subprocess.Popen[bytes]:
    command = (sys.executable, "-m", "tests.conformance.ledger_worker", str(url), owner)
    return subprocess.Popen(command, stdout=output, cwd=Path(__file__).parents[2])
