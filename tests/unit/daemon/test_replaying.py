"""Replays: nothing is taken up that cannot be judged; every verdict is told, whoever gives it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import cast

import pytest

from receiver.check.report import Verdict
from receiver.daemon.replaying import FAILURES_MAX, PAGE, Replay
from receiver.daemon.replaying_wait import TRIES_MAX, Fate, Pending, Replayed
from receiver.daemon.roster import Roster
from receiver.errors import StoreUnavailable
from receiver.intake.insistence import Insistence
from receiver.intake.intake import Intake
from receiver.ledger.ledger import Entry, Judgement, State
from receiver.ledger.open import open_ledger
from receiver.selection.span import Span
from receiver.selection.target import Target
from receiver.store.store import Store
from tests.unit.daemon.proving import PLACE, STEP, Kept, key, report, target


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    async with open_ledger(f"sqlite:///{tmp_path / 'receiver.db'}") as ledger:
        yield Kept(ledger)


class NoIntake:
    """Judges nothing: whatever is taken up waits."""

    def __init__(self) -> None:
        self.woken: list[str] = []

    async def run(self, _: list[Target]) -> None:
        pass

    async def drain(self, _: float) -> None:
        pass

    def wake(self, place: str) -> None:
        self.woken.append(place)


def insistence(kept: Kept) -> Insistence:
    return Insistence(clock=kept.clock, random=Random(1))


async def entries(kept: Kept) -> list[Entry]:
    return [each async for each in kept.ledger.entries()]


def pending(kept: Kept, told: list[Replayed]) -> Pending:
    return Pending(kept.ledger, insistence=insistence(kept), clock=kept.clock, tell=told.append)


async def take_up(kept: Kept, waiting: Pending) -> None:
    found = await entries(kept)
    for each in found:
        waiting.add(each)
    await kept.ledger.take_up([each.id for each in found], now=kept.clock.now())


async def test_a_place_that_fails_is_left_alone_and_keeps_its_verdicts(kept: Kept) -> None:
    count = PAGE + 7
    await kept.judge(*(kept.write(key(number)) for number in range(100)))
    await kept.judge(*(kept.write(key(number)) for number in range(100, count)))
    asked = 0

    class Away:
        async def find(self, of: str) -> None:
            nonlocal asked
            asked += 1
            raise StoreUnavailable("s3://acme: no answer")

    @asynccontextmanager
    async def open_(_: Target) -> AsyncIterator[Store]:
        yield cast("Store", Away())

    told: list[Replayed] = []
    totals: list[int] = []
    replay = Replay(
        kept.ledger,
        targets=[target()],
        span=Span(start=None, end=kept.clock.now() + STEP * 1000),
        job=None,
        clock=kept.clock,
        insistence=insistence(kept),
        open_=open_,
        make_intake=lambda *_: cast("Intake", NoIntake()),
        absence=Roster().absence,
        on_entry=told.append,
        on_total=totals.append,
    )
    kept.clock.seconds += 1
    replay._began = kept.clock.now()
    assert await replay.run()
    assert totals == [count]
    assert [each.fate for each in told] == [Fate.UNREAD] * count
    assert asked < count / 2
    assert asked >= FAILURES_MAX
    assert all(each.state is State.JUDGED for each in await entries(kept))


async def test_what_another_daemon_judges_is_told(kept: Kept) -> None:
    await kept.judge(kept.write(key(1)), kept.write(key(2)))
    told: list[Replayed] = []
    waiting = pending(kept, told)
    await take_up(kept, waiting)
    await kept.judge(verdict=Verdict.FAIL)
    await waiting.wait_until(0)
    assert [(each.fate, each.now and each.now.verdict) for each in told] == [
        (Fate.VERDICT, Verdict.FAIL)
    ] * 2


async def test_what_another_daemon_cannot_read_is_told_after_some_tries(kept: Kept) -> None:
    await kept.judge(kept.write(key(1)))
    told: list[Replayed] = []
    waiting = pending(kept, told)
    await take_up(kept, waiting)
    for _ in range(TRIES_MAX):
        (claim,) = await kept.ledger.claim(
            PLACE,
            owner="another",
            now=kept.clock.now(),
            until=kept.clock.now() + STEP,
            entries_max=1,
            bytes_max=1,
        )
        await kept.ledger.put_back(claim, error="denied", next_try_at=kept.clock.now())
    await waiting.wait_until(0)
    assert [(each.fate, each.detail) for each in told] == [
        (Fate.UNREAD, "denied; the daemon tries it again")
    ]


async def test_a_content_that_was_rewritten_is_an_entry_of_its_own(kept: Kept) -> None:
    await kept.judge(kept.write(key(1)))
    told: list[Replayed] = []
    waiting = pending(kept, told)
    await take_up(kept, waiting)
    (claim,) = await kept.ledger.claim(
        PLACE,
        owner="another",
        now=kept.clock.now(),
        until=kept.clock.now() + STEP,
        entries_max=1,
        bytes_max=1,
    )
    judgement = Judgement(report=report(key(1)), etag="e9", digest="ff")
    assert await kept.ledger.record(claim, judgement, now=kept.clock.now())
    await waiting.wait_until(0)
    assert [each.fate for each in told] == [Fate.UNREAD]
    assert "its new content is an entry of its own" in told[0].detail


async def test_an_observer_without_entries_is_one_all_the_same(kept: Kept) -> None:
    assert bool(pending(kept, []))
