"""SQLite joins the suite; below it, what a file can suffer."""

import asyncio
import os
import sqlite3
import subprocess
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from receiver.check.report import Verdict
from receiver.errors import LedgerInvalid, LedgerUnavailable
from receiver.ledger.database import Database
from receiver.ledger.ledger import Ledger, State
from receiver.ledger.open import open_ledger
from receiver.limits import LEDGER_TRY_SECONDS
from tests.conformance.ledger_suite import (
    ERROR,
    PLACE,
    LedgerSuite,
    at,
    claim_all,
    claim_one,
    judge,
    judgement,
    keys,
    listed,
    obj,
)


class SQLiteSite:
    """A file that is not there yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"

    def open(self) -> AbstractAsyncContextManager[Ledger]:
        return open_ledger(self.url)

    def run(self, statement: str) -> str:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            rows = connection.execute(statement).fetchall()
        return "".join("\t".join(map(str, row)) + "\n" for row in rows)


@pytest.fixture
def site(tmp_path: Path) -> SQLiteSite:
    return SQLiteSite(tmp_path / "a ledger %20?.db")


class TestSQLiteLedger(LedgerSuite):
    @pytest.fixture
    def site(self, site: SQLiteSite) -> SQLiteSite:
        return site


async def fill(ledger: Ledger, count: int = 4000, start: int = 0) -> int:
    page = [obj(f"{'x' * 900}{n:06}", etag=f"{n}") for n in range(start, start + count)]
    return await ledger.see(PLACE, page, now=at())


class TestAFile:
    async def test_it_is_for_this_user_only(self, site: SQLiteSite) -> None:
        async with site.open() as ledger:
            await ledger.see(PLACE, [obj()], now=at())
            for each in site.path.parent.iterdir():
                assert each.stat().st_mode & 0o777 == 0o600

    async def test_its_folder_must_be_there(self, tmp_path: Path) -> None:
        with pytest.raises(LedgerInvalid, match="it cannot be made: No such file"):
            async with SQLiteSite(tmp_path / "missing" / "x.db").open():
                pass

    async def test_a_folder_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(LedgerInvalid, match="it is no file"):
            async with SQLiteSite(tmp_path).open():
                pass

    async def test_a_file_that_is_no_database_is_refused_and_left_alone(
        self, site: SQLiteSite
    ) -> None:
        site.path.write_bytes(b"the diary of somebody" * 500)
        with pytest.raises(LedgerInvalid, match="no SQLite database"):
            async with site.open():
                pass
        assert site.path.read_bytes() == b"the diary of somebody" * 500

    async def test_another_programs_database_is_not_changed_by_a_byte(
        self, site: SQLiteSite
    ) -> None:
        site.run("CREATE TABLE invoices (id INTEGER)")
        before = site.path.read_bytes()
        with pytest.raises(LedgerInvalid, match="another program's database"):
            async with site.open():
                pass
        assert site.path.read_bytes() == before

    async def test_another_programs_mark_is_refused(self, site: SQLiteSite) -> None:
        site.run("PRAGMA application_id = 7")
        with pytest.raises(LedgerInvalid, match="another program's database"):
            async with site.open():
                pass

    async def test_a_damaged_one_is_our_error(self, site: SQLiteSite) -> None:
        async with site.open() as ledger:
            await fill(ledger, 500)
        pages = bytearray(site.path.read_bytes())
        pages[4096 * 8 :] = b"\xaa" * len(pages[4096 * 8 :])
        site.path.write_bytes(pages)
        with pytest.raises(LedgerInvalid):
            async with site.open() as ledger:
                await listed(ledger)

    async def test_one_that_cannot_be_written_is_our_error(self, site: SQLiteSite) -> None:
        async with site.open() as ledger:
            with closing(sqlite3.connect(site.path)) as other:
                other.execute("SELECT 1 FROM ledger_place").fetchall()
            event.listen(
                ledger._database._engine.sync_engine,  # type: ignore[attr-defined]
                "begin",
                lambda connection: connection.exec_driver_sql("PRAGMA query_only = ON"),
            )
            with pytest.raises(LedgerInvalid, match="cannot be written; give this user"):
                await ledger.see(PLACE, [obj()], now=at())

    async def test_one_that_others_have_locked_for_long_is_worth_asking_again(
        self, site: SQLiteSite, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("receiver.ledger.sqlite_connection.LEDGER_WAIT_SECONDS", 0.2)
        async with site.open() as ledger:
            await ledger.see(PLACE, [obj("a")], now=at())
            with closing(sqlite3.connect(site.path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                with pytest.raises(LedgerUnavailable, match="another process has it locked"):
                    await ledger.see(PLACE, [obj("b")], now=at())
                assert keys(await listed(ledger)) == ["a"]  # whoever reads does not wait
                other.execute("ROLLBACK")
            assert await ledger.see(PLACE, [obj("b")], now=at()) == 1

    async def test_one_that_others_have_locked_for_a_moment_is_waited_for(
        self, site: SQLiteSite
    ) -> None:
        async def see(key: str) -> int:
            async with site.open() as ledger:
                return await ledger.see(PLACE, [obj(key)], now=at())

        for key, begin in (("a", "EXCLUSIVE"), ("b", "IMMEDIATE"), ("c", "EXCLUSIVE")):
            with closing(sqlite3.connect(site.path, isolation_level=None)) as other:
                other.execute(f"BEGIN {begin}")
                seeing = asyncio.ensure_future(see(key))
                await asyncio.sleep(3 * LEDGER_TRY_SECONDS)
                assert not seeing.done()
                other.execute("ROLLBACK")
                assert await seeing == 1

    async def test_one_that_is_another_processs_alone_is_waited_for_by_readers(
        self, site: SQLiteSite
    ) -> None:
        async with site.open() as ledger:
            await ledger.see(PLACE, [obj("a")], now=at())

        async def read() -> list[str]:
            async with site.open() as ledger:
                return keys(await listed(ledger))

        other = sqlite3.connect(site.path, isolation_level=None)
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("COMMIT")  # and keeps it
        reading = asyncio.ensure_future(read())
        await asyncio.sleep(3 * LEDGER_TRY_SECONDS)
        assert not reading.done()
        other.close()
        assert await reading == ["a"]

    async def test_writers_of_a_process_wait_for_each_other_and_not_for_ever(
        self, site: SQLiteSite, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("receiver.ledger.database.LEDGER_WAIT_SECONDS", 0.2)
        async with site.open() as ledger:
            await ledger.see(PLACE, [obj("a")], now=at())
            database: Database = ledger._database  # type: ignore[attr-defined]
            async with database.writing():
                with pytest.raises(LedgerUnavailable, match="others write to it for too long"):
                    await ledger.see(PLACE, [obj("b")], now=at())
            assert await ledger.see(PLACE, [obj("b")], now=at()) == 1

    async def test_without_room_nothing_is_half_done_and_with_room_it_goes_on(
        self, site: SQLiteSite
    ) -> None:
        async with site.open() as ledger:
            await ledger.see(PLACE, [obj("a"), obj("b")], now=at())
            first, second = await claim_all(ledger)
            engine = ledger._database._engine.sync_engine  # type: ignore[attr-defined]
            pages = int(site.run("PRAGMA page_count"))
            limit = {"pages": pages + 3}

            def bound(connection: Connection) -> None:
                connection.exec_driver_sql(f"PRAGMA max_page_count = {limit['pages']}")

            event.listen(engine, "begin", bound)
            with pytest.raises(LedgerUnavailable, match="no room on its disk"):
                await fill(ledger)
            assert keys(await listed(ledger)) == ["a", "b"]
            assert await ledger.record(first, judgement(first), now=at())
            limit["pages"] = 1_000_000
            assert await fill(ledger) == 4000
            assert await ledger.record(second, judgement(second), now=at())

    @pytest.mark.skipif(os.geteuid() != 0, reason="not installed: only root mounts a small disk")
    async def test_on_a_full_disk_nothing_is_half_done(self, tmp_path: Path) -> None:
        disk = tmp_path / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(disk)]
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            pytest.skip("not installed: no disk can be mounted here")
        try:
            async with SQLiteSite(disk / "x.db").open() as ledger:
                await ledger.see(PLACE, [obj("a")], now=at())
                claim = await claim_one(ledger)
                filler = disk / "filler"
                with pytest.raises(OSError, match="No space"):
                    filler.write_bytes(bytes(8 << 20))
                with pytest.raises(LedgerUnavailable):
                    await fill(ledger)
                assert keys(await listed(ledger)) == ["a"]
                filler.unlink()
                assert await ledger.record(claim, judgement(claim), now=at())
                assert await fill(ledger, 500) == 500
            async with SQLiteSite(disk / "x.db").open() as ledger:
                assert len(await listed(ledger)) == 501
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)

    async def test_its_room_is_given_back(self, site: SQLiteSite) -> None:
        async with site.open() as ledger:
            await fill(ledger, 1200)
            for claim in await claim_all(ledger, entries_max=1200):
                await ledger.record(claim, judgement(claim), now=at())
            await ledger.seal(before=at(60))
            full = int(site.run("PRAGMA page_count"))
            while await ledger.prune(reports_before=at(90), entries_before=at(90)):
                pass
            assert int(site.run("PRAGMA page_count")) < full / 4

    async def test_the_plans_walk_through_no_table(self, site: SQLiteSite) -> None:
        """What the cost of ten million Entries hangs on: each statement has its index."""
        async with site.open() as ledger:
            await judge(ledger, obj("a"), obj("b"), findings=[ERROR])
            engine = ledger._database._engine.sync_engine  # type: ignore[attr-defined]
            seen: dict[str, str] = {}

            def note(connection: Connection, _c: Any, statement: str, given: Any, *_: Any) -> None:
                if statement.startswith(("SELECT", "UPDATE", "DELETE")):
                    many = given[0] if isinstance(given, list) else given
                    with closing(sqlite3.connect(site.path)) as other:
                        rows = other.execute(f"EXPLAIN QUERY PLAN {statement}", many).fetchall()
                    seen[statement] = " | ".join(row[3] for row in rows)

            event.listen(engine, "before_cursor_execute", note)
            await judge(ledger, obj("c"), findings=[ERROR], now=1)
            await ledger.take_up([1], now=at(1))
            await ledger.extend(await claim_all(ledger), until=at(9))
            for asked in (
                {},
                {"newest_first": True},
                {"state": State.PARKED},
                {"verdict": Verdict.FAIL},
                {"job": 146},
                {"key": "a"},
                {"window_from": at(-60), "window_to": at()},
            ):
                await listed(ledger, **asked)
            await ledger.seal(before=at(60))
            await ledger.prune(reports_before=at(90), entries_before=at(90))
            of_entries = {
                s: p for s, p in seen.items() if "FROM ledger_entry" in s or "UPDATE" in s
            }
            assert len(of_entries) > 10
            walked = {
                statement: plan
                for statement, plan in of_entries.items()
                if "SCAN ledger_entry" in plan
                and "USING INDEX ledger_entry_arrived" not in plan  # a listing of all
                and "USING INDEX ledger_entry_open" not in plan
                and "USING INDEX ledger_entry_failed" not in plan
            }
            assert walked == {}
            plans = " ".join(of_entries.values())
            for index in ("ready", "due", "open", "failed", "job", "begins", "settled"):
                assert f"ledger_entry_{index}" in plans, index
