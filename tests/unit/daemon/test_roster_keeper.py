"""Keeping the roster: what the jobs are is learned when it is due, and when a batch doubts it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import cast

import pytest

from receiver.daemon.roster_keeper import RosterKeeper
from receiver.daemon.settings import read_settings
from receiver.intake.insistence import Insistence
from receiver.job.job import Job
from receiver.ledger.ledger import Ledger
from receiver.limits import SOURCE_DOUBT_SECONDS
from receiver.selection.target import Target
from tests.servers.logpush_api import TOKEN, ZONE, Answer, LogpushServer, logpush_server
from tests.simulation.memory_ledger import MemoryLedger
from tests.unit.daemon.configuring import CONF, SMALLEST, write
from tests.unit.virtual_clock import VirtualClock

RAYS = "fields=RayID"
STATUS = "fields=RayID,EdgeResponseStatus"


class HeldClock(VirtualClock):
    """A clock whose sleepers wake when they are told to: the keeper's next look never comes."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def server() -> Iterator[LogpushServer]:
    with logpush_server() as running:
        running.add(destination_conf=CONF, enabled=True, logpull_options=RAYS)
        yield running


@asynccontextmanager
async def kept(
    folder: Path, server: LogpushServer, clock: VirtualClock, *, others: int = 0
) -> AsyncIterator[tuple[RosterKeeper, list[tuple[Target, ...]]]]:
    (folder / "token").write_text(TOKEN)
    lines = f'zone = "{ZONE}"\napi_url = "{server.url}"\ntoken = "@token"'
    text = SMALLEST.replace('file = "job.json"', lines)
    for number in range(others):
        text += f"\n[[jobs]]\n{lines.replace(ZONE, f'{number:032x}')}\n"
    settings = read_settings(write(folder, text))
    told: list[tuple[Target, ...]] = []

    async def take(targets: tuple[Target, ...]) -> None:
        told.append(targets)

    keeper = RosterKeeper(
        settings.jobs,
        ledger=cast("Ledger", MemoryLedger()),
        insistence=Insistence(clock=clock, random=Random(1)),
        clock=clock,
        random=Random(1),
        on_targets=take,
    )
    await keeper.start()
    running = asyncio.ensure_future(keeper.run())
    try:
        yield keeper, told
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_doubt_ends_when_the_change_is_known_and_was_handed_on(
    tmp_path: Path, server: LogpushServer
) -> None:
    clock = HeldClock()
    async with kept(tmp_path, server, clock) as (keeper, told):
        (place,) = {watch.place for watch in keeper.roster.watches}
        server.jobs[146]["logpull_options"] = STATUS
        clock.pass_by(SOURCE_DOUBT_SECONDS)
        async with asyncio.timeout(30):
            await asyncio.gather(*(keeper.doubt(place) for _ in range(20)))
        assert len(server.asked) == 2  # once for all who doubt
        assert len(told) == 2
        ((target,),) = told[1:]
        assert [(set(each.fields or ()), each.former) for each in target.expectations] == [
            ({"RayID", "EdgeResponseStatus"}, False),
            ({"RayID"}, True),
        ]


async def test_a_doubt_soon_after_an_answer_asks_nobody(
    tmp_path: Path, server: LogpushServer
) -> None:
    clock = HeldClock()
    async with kept(tmp_path, server, clock) as (keeper, _):
        (place,) = {watch.place for watch in keeper.roster.watches}
        clock.pass_by(SOURCE_DOUBT_SECONDS - 1)
        async with asyncio.timeout(30):
            await keeper.doubt(place)
            await keeper.doubt("no place of ours")
        assert len(server.asked) == 1


async def test_where_the_api_does_not_answer_a_doubt_ends_all_the_same(
    tmp_path: Path, server: LogpushServer
) -> None:
    clock = HeldClock()
    async with kept(tmp_path, server, clock) as (keeper, told):
        (place,) = {watch.place for watch in keeper.roster.watches}
        clock.pass_by(SOURCE_DOUBT_SECONDS)
        server.script = [Answer(status=403, body="{}")]
        async with asyncio.timeout(30):
            await keeper.doubt(place)
        assert len(told) == 1
        assert keeper.sources.states[0].error


async def test_a_doubt_waits_until_what_was_answered_is_handed_on(
    tmp_path: Path, server: LogpushServer
) -> None:
    clock, handing_on = HeldClock(), asyncio.Event()
    async with kept(tmp_path, server, clock) as (keeper, told):
        (place,) = {watch.place for watch in keeper.roster.watches}
        hand_on = keeper._on_targets

        async def slowly(targets: tuple[Target, ...]) -> None:
            await handing_on.wait()
            await hand_on(targets)

        keeper._on_targets = slowly
        server.jobs[146]["logpull_options"] = STATUS
        clock.pass_by(SOURCE_DOUBT_SECONDS)
        doubts = [asyncio.ensure_future(keeper.doubt(place))]
        while len(server.asked) < 2:  # noqa: ASYNC110 (another thread's)
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)  # it is being handed on
        doubts.append(asyncio.ensure_future(keeper.doubt(place)))
        await asyncio.sleep(0.2)
        assert not any(doubt.done() for doubt in doubts)
        handing_on.set()
        async with asyncio.timeout(30):
            await asyncio.gather(*doubts)
        assert len(told) == 2


async def test_a_doubt_waits_for_what_was_answered_while_another_source_is_slow(
    tmp_path: Path, server: LogpushServer
) -> None:
    clock, slow = HeldClock(), asyncio.Event()
    async with kept(tmp_path, server, clock, others=1) as (keeper, told):
        (place,) = {watch.place for watch in keeper.roster.watches}
        other = keeper.sources.sources[1]
        ask = other._ask

        async def slowly() -> list[Job]:
            await slow.wait()
            return await ask()

        other._ask = slowly  # type: ignore[method-assign]
        server.jobs[146]["logpull_options"] = STATUS
        asked = len(server.asked)
        clock.pass_by(1e6)  # both are due
        keeper._taken.set()
        while len(server.asked) == asked:  # noqa: ASYNC110 (another thread's)
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        doubt = asyncio.ensure_future(keeper.doubt(place))
        await asyncio.sleep(0.2)
        assert not doubt.done()
        slow.set()
        async with asyncio.timeout(30):
            await doubt
        assert len(told) == 2


async def test_a_doubt_given_up_costs_the_others_nothing(
    tmp_path: Path, server: LogpushServer
) -> None:
    clock = HeldClock()
    async with kept(tmp_path, server, clock) as (keeper, told):
        (place,) = {watch.place for watch in keeper.roster.watches}
        server.jobs[146]["logpull_options"] = STATUS
        clock.pass_by(SOURCE_DOUBT_SECONDS)
        one, other = (asyncio.ensure_future(keeper.doubt(place)) for _ in range(2))
        await asyncio.sleep(0)
        one.cancel()
        async with asyncio.timeout(30):
            await other
        assert one.cancelled()
        assert len(told) == 2
