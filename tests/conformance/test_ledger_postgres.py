"""PostgreSQL joins the suite; below it, what a server and a network can do."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from random import Random
from urllib.parse import quote

import pytest
from sqlalchemy import text

from receiver.errors import LedgerInvalid, LedgerUnavailable
from receiver.ledger.ledger import Claim, Ledger, State
from receiver.ledger.open import open_ledger
from receiver.limits import LEDGER_CONNECTIONS_MAX
from tests.conformance.ledger_suite import (
    ERROR,
    PLACE,
    LedgerSuite,
    at,
    claim_all,
    judgement,
    listed,
    obj,
)
from tests.servers.postgres import PASSWORD, PostgresServer
from tests.servers.proxy import Cut, FaultProxy, fault_proxy
from tests.unit.ledger.test_migrate import differences


class PostgresSite:
    """A fresh database of the cluster."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self.database = server.make_database()
        self.url = server.url(self.database)

    def open(self, *, through: FaultProxy | None = None) -> AbstractAsyncContextManager[Ledger]:
        port = through.port if through else None
        return open_ledger(self.server.url(self.database, port=port))

    def run(self, statement: str) -> str:
        return self.server.run(self.database, statement)


@pytest.fixture
def site(postgres_server: PostgresServer) -> PostgresSite:
    return PostgresSite(postgres_server)


@pytest.fixture
async def proxy(site: PostgresSite) -> AsyncIterator[FaultProxy]:
    async with fault_proxy(site.server.port) as proxy:
        yield proxy


def assert_no_secret(error: BaseException) -> None:
    """Nothing of an error, or of those that it came from, shows the password."""
    told = "".join(traceback.format_exception(error))
    for form in (PASSWORD, quote(PASSWORD, safe=""), PASSWORD.replace("%", "%25")):
        assert form not in told


class TestPostgresLedger(LedgerSuite):
    @pytest.fixture
    def site(self, site: PostgresSite) -> PostgresSite:
        return site


class TestAServer:
    @pytest.mark.parametrize(
        ("url", "kind", "told"),
        [
            ("postgresql://postgres:wrong-{planted}@{host}/postgres", LedgerInvalid, "password"),
            ("postgresql://nobody:{planted}@{host}/postgres", LedgerInvalid, "password"),
            ("postgresql://postgres:{planted}@{host}/nowhere", LedgerInvalid, "no such database"),
            ("postgresql://postgres:{planted}@127.0.0.1:1/d", LedgerUnavailable, "be reached"),
            ("postgresql://postgres:{planted}@127.0.0.1:x/d", LedgerInvalid, "URL"),
            ("postgresql://postgres:{planted}@{host}/d?sslmode=maybe", LedgerInvalid, "URL"),
            ("postgresql://u:{planted}@no-such-host.invalid/d", LedgerUnavailable, "be reached"),
        ],
    )
    async def test_who_is_not_let_in_is_told_why_and_no_password(
        self, site: PostgresSite, url: str, kind: type[Exception], told: str
    ) -> None:
        planted = PASSWORD.replace("%", "%25")
        with pytest.raises(kind, match=told) as caught:
            async with open_ledger(
                url.format(planted=planted, host=f"127.0.0.1:{site.server.port}")
            ):
                pass
        assert_no_secret(caught.value)

    async def test_a_server_that_never_answers_is_waited_for_so_long(
        self, site: PostgresSite, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("receiver.ledger.postgres_server.LEDGER_WAIT_SECONDS", 0.3)
        proxy.faults.blackhole = True
        with pytest.raises(LedgerUnavailable, match="does not answer in time") as caught:
            async with site.open(through=proxy):
                pass
        assert_no_secret(caught.value)

    async def test_a_server_that_falls_silent_is_given_up(
        self, site: PostgresSite, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with site.open():
            pass
        monkeypatch.setattr("receiver.ledger.postgres_server.LEDGER_CALL_SECONDS", 0.5)
        monkeypatch.setattr("receiver.ledger.postgres_server.LEDGER_WAIT_SECONDS", 0.5)
        proxy.faults.stall_after = 2500
        with pytest.raises(LedgerUnavailable):
            async with site.open(through=proxy) as ledger:
                await see_all(ledger)

    @pytest.mark.parametrize("cut", Cut)
    async def test_a_connection_cut_anywhere_doubles_and_loses_nothing(
        self, site: PostgresSite, proxy: FaultProxy, cut: Cut
    ) -> None:
        """The outcome of a COMMIT whose answer was cut off is not known: it is asked again."""
        async with site.open() as direct:
            cuts = range(300, 4300, 125)
            await direct.see(PLACE, [obj(f"{n}") for n in cuts], now=at())
            claims = await claim_all(direct)
            outcomes = set()
            proxy.faults.cut = cut
            for number, claim in zip(cuts, claims, strict=True):
                proxy.faults.cut_after = number
                told = judgement(claim, ERROR)
                try:
                    async with site.open(through=proxy) as ledger:
                        assert await ledger.record(claim, told, now=at(1))
                except LedgerUnavailable as error:
                    assert_no_secret(error)
                    outcomes.add((await direct.report(claim.entry.id)) is not None)
                assert await direct.record(claim, told, now=at(1))
            assert False in outcomes
            entries = await listed(direct)
            assert {(each.state, each.judgements) for each in entries} == {(State.JUDGED, 1)}
            (hour,) = await direct.hours(start=at(-60), end=at(60))
            assert (hour.batches, hour.failed) == (len(cuts), len(cuts))

    async def test_after_a_crash_of_the_server_it_goes_on(self, site: PostgresSite) -> None:
        async with site.open() as ledger:
            await ledger.see(PLACE, [obj(f"{n:03}") for n in range(50)], now=at())
            claims = await claim_all(ledger)
            await ledger.record(claims[0], judgement(claims[0]), now=at())
            site.server.crash()
            with pytest.raises(LedgerUnavailable):
                await record_all(ledger, claims * 100)
            await eventually(lambda: ledger.see(PLACE, [obj("new")], now=at(1)))
            for claim in claims:
                assert await ledger.record(claim, judgement(claim), now=at(1))
            (hour,) = await ledger.hours(start=at(-60), end=at(60))
            assert hour.batches == 50

    async def test_what_somebody_else_holds_for_long_is_worth_asking_again(
        self, site: PostgresSite, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = {"lock_timeout": "200ms", "application_name": "x"}
        monkeypatch.setattr("receiver.ledger.postgres_server._SETTINGS", settings)
        async with site.open() as ledger:
            await ledger.see(PLACE, [obj("a")], now=at())
            (claim,) = await claim_all(ledger)
            engine = ledger._database._engine  # type: ignore[attr-defined]
            async with engine.begin() as other:
                await other.execute(text("SELECT 1 FROM ledger_entry FOR UPDATE"))
                with pytest.raises(LedgerUnavailable, match="locked for too long"):
                    await ledger.record(claim, judgement(claim), now=at())
            assert await ledger.record(claim, judgement(claim), now=at())

    async def test_more_calls_than_connections_wait_in_turn(self, site: PostgresSite) -> None:
        async with site.open() as ledger:
            await ledger.see(PLACE, [obj(f"{n:03}") for n in range(100)], now=at())
            claims = await claim_all(ledger)
            done = (ledger.record(each, judgement(each), now=at()) for each in claims)
            assert all(await asyncio.gather(*done))
            connections = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            assert int(site.run(connections)) <= LEDGER_CONNECTIONS_MAX + 1

    async def test_the_tables_are_those_that_the_code_knows(self, site: PostgresSite) -> None:
        async with site.open() as ledger:
            engine = ledger._database._engine  # type: ignore[attr-defined]
            async with engine.connect() as connection:
                assert await connection.run_sync(differences) == []


async def see_all(ledger: Ledger) -> None:
    for number in range(100):
        await ledger.see(PLACE, [obj(f"{number}")], now=at())


async def record_all(ledger: Ledger, claims: Sequence[Claim]) -> None:
    for claim in claims:
        await ledger.record(claim, judgement(claim), now=at())


async def eventually(call: Callable[[], Awaitable[object]]) -> None:
    """Call until it is done, 20 s at most."""
    async with asyncio.timeout(20):
        while True:
            with suppress(LedgerUnavailable):
                await call()
                return
            await asyncio.sleep(0.05)


async def test_names_that_are_rewritten_and_replayed_lock_nobody_out(site: PostgresSite) -> None:
    """A verdict locks all contents of its name, a replay Entries of many names: in one order."""
    names, contents, random = 8, 30, Random(1)
    every = list(range(1, names * contents + 1))
    async with site.open() as ledger, site.open() as other:
        for content in range(contents):
            found = [obj(f"{name}.log.gz", f"e{content}") for name in range(names)]
            await ledger.see(PLACE, found, now=at(content))
        for minute in range(100, 112):
            claims = await claim_all(ledger, now=minute, entries_max=len(every))
            random.shuffle(claims)
            replays = [random.sample(every, 40) for _ in range(4)]
            await asyncio.gather(
                *(ledger.record(each, judgement(each), now=at(minute)) for each in claims),
                *(other.take_up(each, now=at(minute)) for each in replays),
            )
