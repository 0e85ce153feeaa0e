"""A watcher: finds every batch, wherever it appears, and lists no more than it must."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from random import Random

import msgspec
import pytest

from receiver.daemon.watcher import WatchState
from receiver.daemon.watcher_group import WatcherGroup
from receiver.destination.parse import parse_destination
from receiver.errors import ConfigError, Reason, StoreDenied, StoreUnavailable
from receiver.intake.insistence import Insistence
from receiver.selection.target import Target
from receiver.store.store import Page, Store, Unlisted
from tests.simulation.memory_ledger import MemoryLedger
from tests.simulation.memory_store import Bucket, MemoryStore
from tests.simulation.virtual_loop import START, LoopClock, simulate
from tests.unit.sweeping import CSV, HTTP

DATED, PLAIN = "s3://b/logs/{DATE}", "s3://b/plain"


def target(conf: str) -> Target:
    destination = parse_destination(f"{conf}?region=us-east-1")
    return Target(destination=destination, expectations=(HTTP,), span=None)


class Scene:
    """One bucket and a ledger, and whoever watches."""

    def __init__(self, *confs: str, lateness_hours: float = 3, after_walks: bool = False) -> None:
        self.clock = LoopClock()
        self.ledger = MemoryLedger()
        self.bucket = Bucket(self.clock.now, page_objects=10)
        self.targets = [target(each) for each in confs or (DATED,)]
        self.stores: dict[str, MemoryStore] = {}
        self.told: list[str] = []
        self.opened = 0
        self.open_error: ConfigError | None = None
        self._lateness = timedelta(hours=lateness_hours)
        self._after_walks = after_walks
        self.group = self._group()

    def store(self, conf: str = DATED) -> MemoryStore:
        place = target(conf).destination.identity
        if place not in self.stores:
            self.stores[place] = MemoryStore(self.bucket, after_walks=self._after_walks)
        return self.stores[place]

    def write(self, at: datetime, number: int = 0, *, folder: str | None = None) -> str:
        """Have a batch whose window began then."""
        day = f"logs/{at:%Y%m%d}" if folder is None else folder
        end = at + timedelta(minutes=1)
        key = f"{day}/{at:%Y%m%dT%H%M%SZ}_{end:%Y%m%dT%H%M%SZ}_{number:08x}.log.gz"
        self.bucket.write(key, b"x")
        return key

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[WatcherGroup]:
        """Watch, as a process that has just been started."""
        self.group = self._group()
        watching = asyncio.ensure_future(self.group.run(self.targets))
        await asyncio.sleep(0.1)
        try:
            yield self.group
            assert not watching.done(), watching
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    def seen(self, conf: str = DATED) -> list[str]:
        place = target(conf).destination.identity
        rows = self.ledger.rows.values()
        return sorted(row.entry.key for row in rows if row.entry.place == place)

    def state(self) -> WatchState:
        (state,) = self.group.states()
        return state

    def _group(self) -> WatcherGroup:
        random = Random(1)
        return WatcherGroup(
            ledger=self.ledger,
            insistence=Insistence(clock=self.clock, random=random),
            clock=self.clock,
            random=random,
            lateness=self._lateness,
            poll_min=timedelta(seconds=2),
            poll_max=timedelta(seconds=60),
            on_new=self.told.append,
            open_=self._open,
        )

    @asynccontextmanager
    async def _open(self, target: Target) -> AsyncIterator[Store]:
        self.opened += 1
        if self.open_error is not None:
            raise self.open_error
        conf = {each.destination.identity: each for each in self.targets}
        assert target in conf.values()
        place = target.destination.identity
        self.stores.setdefault(place, MemoryStore(self.bucket, after_walks=self._after_walks))
        yield self.stores[place]


def minutes_ago(minutes: float) -> datetime:
    return START - timedelta(minutes=minutes)


def test_what_is_there_and_what_comes_is_seen_and_told_of() -> None:
    async def life() -> None:
        scene = Scene()
        keys = [scene.write(minutes_ago(10))]
        async with scene.watching():
            await asyncio.sleep(1)
            assert scene.seen() == keys
            for number in range(50):
                await asyncio.sleep(60)
                keys.append(scene.write(scene.clock.now() - timedelta(minutes=1), number))
            await asyncio.sleep(60)
            assert scene.seen() == sorted(keys)
            assert len(scene.told) == 51
            state = scene.state()
            assert state.error == ""
            assert state.last_arrival == scene.bucket.objects[keys[-1]].arrived_at
            assert state.next_poll_at is not None
            assert state.next_poll_at > scene.clock.now()

    simulate(life())


def test_a_busy_place_is_looked_at_every_few_seconds() -> None:
    async def life() -> None:
        scene = Scene()
        async with scene.watching():
            keys = []
            for number in range(100):
                keys.append(scene.write(scene.clock.now(), number))
                await asyncio.sleep(2.5)
                assert set(keys[:-2]) <= set(scene.seen())

    simulate(life())


def test_where_nothing_comes_little_is_listed_and_nothing_written() -> None:
    async def life() -> None:
        scene = Scene()
        scene.write(minutes_ago(10))
        async with scene.watching():
            await asyncio.sleep(600)
            pages, writes = scene.store().pages, scene.ledger.writes
            await asyncio.sleep(3600)
            assert scene.store().pages - pages < 3600 / 50 + 15
            assert scene.ledger.writes - writes <= 12 + 6 + 2  # walks and marks

    simulate(life())


def test_a_poll_begins_shortly_before_the_newest_batch() -> None:
    async def life() -> None:
        scene = Scene()
        for minutes in range(1, 600):
            scene.write(minutes_ago(minutes))
        async with scene.watching():
            await asyncio.sleep(5)
            scene.store().listed.clear()
            await asyncio.sleep(60)
            assert set(scene.store().listed) == {
                ("logs/20261122/", "logs/20261122/20261122T114400")
            }

    simulate(life())


def test_what_appears_late_behind_the_others_is_found_by_a_walk() -> None:
    async def life() -> None:
        scene = Scene()
        async with scene.watching():
            scene.write(minutes_ago(1))
            await asyncio.sleep(100)
            late = scene.write(minutes_ago(5 * 60))
            odd = "logs/20261122/0.log.gz"
            scene.bucket.write(odd, b"x")
            await asyncio.sleep(400)
            assert {late, odd} <= set(scene.seen())

    simulate(life())


def test_what_appears_late_in_yesterdays_folder_is_found_until_it_is_closed() -> None:
    async def life() -> None:
        scene = Scene(lateness_hours=3)
        async with scene.watching():
            await asyncio.sleep(14 * 3600)  # it is two o'clock
            keys = [scene.write(START, 1)]
            await asyncio.sleep(3600)
            assert scene.seen() == keys
            keys.append(scene.write(START, 2))  # a moment before it is closed
            await asyncio.sleep(3600)
            assert scene.seen() == keys
            scene.store().listed.clear()
            scene.write(START, 3)
            await asyncio.sleep(3600)
            assert scene.seen() == keys
            assert {prefix for prefix, _ in scene.store().listed} == {"logs/20261123/"}

    simulate(life())


def test_the_first_time_only_what_is_open_is_taken_up() -> None:
    async def life() -> None:
        scene = Scene(DATED, PLAIN)
        scene.write(START - timedelta(days=3))
        scene.write(START - timedelta(days=300), folder="plain")
        dated, plain = scene.write(minutes_ago(5)), scene.write(minutes_ago(5), folder="plain")
        scene.clock.set_by = timedelta(hours=4)  # it lay there before we came, and is today's
        scene.bucket.write("plain/a.log.gz", b"x")
        async with scene.watching():
            await asyncio.sleep(2 * 3600)
            assert scene.seen() == [dated]
            assert scene.seen(PLAIN) == [plain, "plain/a.log.gz"]

    simulate(life())


def test_without_date_a_batch_is_found_whatever_its_name() -> None:
    async def life() -> None:
        scene = Scene(PLAIN)
        for day in range(300):
            scene.write(START - timedelta(days=100, minutes=day), folder="plain")
        async with scene.watching():
            await asyncio.sleep(3600)
            keys = ["plain/0.log.gz", "plain/deep/er.log.gz", "plain/z.log.gz"]
            for key in keys:
                scene.bucket.write(key, b"x")
            await asyncio.sleep(3600 * 1.5)
            assert len(scene.seen(PLAIN)) == 3 + 300  # all were written when the world began
            assert set(keys) <= set(scene.seen(PLAIN))

    simulate(life())


def test_started_again_it_goes_on_where_it_was() -> None:
    async def life() -> None:
        scene = Scene()
        for minutes in range(1, 300):
            scene.write(minutes_ago(minutes))
        async with scene.watching():
            await asyncio.sleep(30)
        scene.store().listed.clear()
        new = scene.write(scene.clock.now())
        async with scene.watching():
            await asyncio.sleep(1)
            assert new in scene.seen()
            assert scene.store().listed == [("logs/20261122/", "logs/20261122/20261122T114400")]

    simulate(life())


def test_after_days_of_absence_what_came_meanwhile_is_found() -> None:
    async def life() -> None:
        scene = Scene()
        async with scene.watching():
            await asyncio.sleep(60)
        keys = []
        for _ in range(5):
            await asyncio.sleep(20 * 3600)
            keys.append(scene.write(scene.clock.now()))
        async with scene.watching():
            await asyncio.sleep(5)
            assert scene.seen() == sorted(keys)

    simulate(life())


def test_what_is_no_batch_and_what_is_anothers_is_left_alone() -> None:
    async def life() -> None:
        scene = Scene("s3://b/{DATE}", "s3://b/{DATE}/deep", "s3://b/20261122")
        for key in ("test.txt.gz", "ownership-challenge-1.txt", "notes.md"):
            scene.bucket.write(f"20261122/{key}", b"x")
        here = scene.write(START, folder="20261122")
        deep = scene.write(START, folder="20261122/deep")
        async with scene.watching():
            await asyncio.sleep(3600)
            found = {each: scene.seen(each) for each in ("s3://b/{DATE}", "s3://b/{DATE}/deep")}
            found["plain"] = scene.seen("s3://b/20261122")
        assert sorted(key for keys in found.values() for key in keys) == sorted([here, deep])
        assert found["s3://b/{DATE}/deep"] == [deep]

    simulate(life())


@pytest.mark.parametrize(
    "set_by", [timedelta(hours=-5), timedelta(hours=5), timedelta(days=400), timedelta(days=-40)]
)
def test_a_clock_that_is_set_makes_it_neither_busy_nor_blind(set_by: timedelta) -> None:
    async def life() -> None:
        scene = Scene(lateness_hours=24)
        async with scene.watching():
            await asyncio.sleep(600)
            scene.clock.set_by = set_by
            pages = scene.store().pages
            keys = []
            for number in range(30):
                keys.append(scene.write(START, number))
                await asyncio.sleep(60)
            scene.clock.set_by = timedelta()
            keys.append(scene.write(START, 99))
            await asyncio.sleep(400)
            assert scene.seen() == sorted(keys)
            assert scene.store().pages - pages < 1000 + 401

    simulate(life())


def test_a_store_that_fails_is_told_of_once_and_asked_ever_more_seldom(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def life() -> None:
        scene = Scene(DATED, "s3://b/other/{DATE}")
        scene.store().fault.on_list = lambda prefix: StoreUnavailable("s3://b: 503")
        async with scene.watching() as group:
            key = scene.write(START, folder="other/20261122")
            await asyncio.sleep(4 * 3600)
            assert scene.seen("s3://b/other/{DATE}") == [key]
            states = {state.place: state.error for state in group.states()}
            assert sorted(states.values()) == ["", "s3://b: 503"]
            assert scene.opened < 4 * 3600 / 150 + 20
            denied = StoreDenied("s3://b: denied", reason=Reason.LIST_DENIED)
            scene.store().fault.on_list = lambda prefix: denied
            await asyncio.sleep(3600)
            scene.store().fault.on_list = lambda prefix: None
            found = scene.write(scene.clock.now())
            await asyncio.sleep(400)
            assert scene.seen() == [found]
            assert {state.error for state in group.states()} == {""}

    simulate(life())
    assert caplog.text.count("503") == caplog.text.count("denied") == 1
    assert caplog.text.count("can be listed again") == 1


@pytest.mark.parametrize("days_ago", [0, 1])
def test_a_days_folder_that_cannot_be_looked_into_is_an_error_until_it_can(
    days_ago: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def life() -> None:
        scene = Scene(lateness_hours=24)
        day = START - timedelta(days=days_ago)
        scene.write(day - timedelta(minutes=1))
        async with scene.watching():
            await asyncio.sleep(60)
            assert scene.state().error == ""
            scene.store().fault.unlisted = (
                Unlisted(key=f"logs/{day:%Y%m%d}/", error="/logs: permission denied"),
            )
            await asyncio.sleep(2 * 3600)
            assert scene.state().error == "/logs: permission denied"
            assert caplog.messages.count("/logs: permission denied") == 1
            scene.store().fault.unlisted = ()
            await asyncio.sleep(2 * 3600)
            assert scene.state().error == ""

    simulate(life())


@pytest.mark.parametrize("hours", [30, 40])
def test_a_day_is_not_over_while_its_folder_is_closed(hours: int) -> None:
    async def life() -> None:
        scene = Scene(lateness_hours=3)
        plain, day = scene.store().list, f"logs/{START:%Y%m%d}/"
        closed = (Unlisted(key=day, error="permission denied"),)

        async def denied(prefix: str, *, after: str = "", next: str | None = None) -> Page:
            page = await plain(prefix, after=after, next=next)
            if prefix.startswith(day):
                return msgspec.structs.replace(page, objects=(), unlisted=closed)
            return page

        scene.store().list = denied  # type: ignore[method-assign]
        key = scene.write(START, 1)
        async with scene.watching():
            await asyncio.sleep(hours * 3600)
            assert scene.state().error == "permission denied"
            assert scene.seen() == []
        async with scene.watching():  # as well by another process
            await asyncio.sleep(60)
            scene.store().list = plain  # type: ignore[method-assign]
            await asyncio.sleep(3 * 3600)
            assert scene.state().error == ""
        assert scene.seen() == [key]

    simulate(life())


def test_a_folder_mended_when_it_is_seldom_looked_at_is_no_error_any_more() -> None:
    async def life() -> None:
        scene = Scene(lateness_hours=72)
        scene.write(START - timedelta(minutes=1))
        async with scene.watching():
            scene.store().fault.unlisted = (
                Unlisted(key=f"logs/{START:%Y%m%d}/", error="permission denied"),
            )
            await asyncio.sleep(40 * 3600)
            assert scene.state().error == "permission denied"
            scene.store().fault.unlisted = ()
            await asyncio.sleep(4 * 3600)
            assert scene.state().error == ""

    simulate(life())


def test_a_change_that_comes_after_the_end_begins_nothing() -> None:
    async def life() -> None:
        scene = Scene()
        async with scene.watching() as group:
            await asyncio.sleep(10)
        await group.change([target(PLAIN)])
        await asyncio.sleep(60)
        assert scene.opened == 1

    simulate(life())


def test_a_folder_of_somebody_else_that_cannot_be_looked_into_is_no_error_of_the_place() -> None:
    async def life() -> None:
        scene = Scene(PLAIN)
        scene.store(PLAIN).fault.unlisted = (
            Unlisted(key="plain/lost+found/", error="/plain/lost+found: permission denied"),
        )
        async with scene.watching():
            await asyncio.sleep(3 * 3600)
            assert scene.state().error == ""

    simulate(life())


def test_what_cannot_be_opened_is_an_error_of_its_place() -> None:
    async def life() -> None:
        scene = Scene()
        scene.open_error = ConfigError("s3://b: no such profile")
        async with scene.watching():
            await asyncio.sleep(100)
            assert scene.state().error == "s3://b: no such profile"
            scene.open_error = None
            await asyncio.sleep(300)
            assert scene.state().error == ""

    simulate(life())


def test_where_after_walks_a_poll_is_a_walk_and_counts_as_one() -> None:
    async def life() -> None:
        scene = Scene(after_walks=True)
        async with scene.watching():
            scene.write(minutes_ago(1))
            await asyncio.sleep(100)
            late = scene.write(minutes_ago(300))
            await asyncio.sleep(70)
            assert late in scene.seen()
            assert {after for _, after in scene.store().listed} == {""}

    simulate(life())


def test_a_long_walk_does_not_hold_up_what_arrives() -> None:
    async def life() -> None:
        scene = Scene(PLAIN)
        for number in range(3000):  # 300 pages
            scene.bucket.write(f"plain/old-{number:04}.log.gz", b"x")
        scene.store(PLAIN).fault.on_list = lambda prefix: 1.0
        scene.clock.set_by = timedelta(days=3)
        async with scene.watching():
            await asyncio.sleep(60)
            key = scene.write(scene.clock.now(), folder="plain")
            await asyncio.sleep(60)
            assert key in scene.seen(PLAIN)
            assert scene.store(PLAIN).pages < 150

    simulate(life())


def test_a_change_disturbs_only_whom_it_concerns() -> None:
    async def life() -> None:
        scene = Scene(DATED)
        async with scene.watching() as group:
            await asyncio.sleep(10)
            (watched,) = scene.targets
            again = Target(destination=watched.destination, expectations=(CSV, HTTP), span=None)
            scene.targets = [again]
            await group.change(scene.targets)
            await asyncio.sleep(10)
            assert scene.opened == 1
            scene.targets = [again, target(PLAIN)]
            await group.change(scene.targets)
            key = scene.write(START, folder="plain")
            await asyncio.sleep(10)
            assert scene.seen(PLAIN) == [key]
            await group.change([])
            assert group.states() == []

    simulate(life())


def test_whoever_wants_it_looked_at_now_need_not_wait() -> None:
    async def life() -> None:
        scene = Scene()
        async with scene.watching() as group:
            await asyncio.sleep(3000)
            key = scene.write(scene.clock.now())
            group.look_now()
            await asyncio.sleep(0.1)
            assert scene.seen() == [key]

    simulate(life())


def test_a_test_object_that_lies_behind_all_batches_hides_none_that_comes() -> None:
    async def life() -> None:
        scene = Scene()
        scene.bucket.write(f"logs/{START:%Y%m%d}/test.txt.gz", b"x")
        async with scene.watching():
            await asyncio.sleep(1)
            key = scene.write(minutes_ago(1))
            await asyncio.sleep(10)
            assert scene.seen() == [key]
        async with scene.watching():
            later = scene.write(minutes_ago(0), 1)
            await asyncio.sleep(10)
            assert scene.seen() == [key, later]

    simulate(life())
