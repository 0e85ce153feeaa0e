"""Which objects of a Target are taken, which are ignored, and what is said of the rest."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from receiver.limits import SPAN_DAYS_MAX
from receiver.selection.listing import Picked, pages
from receiver.selection.span import Span
from receiver.selection.target import Target
from receiver.store.bounds import Bounds
from receiver.store.local import LocalStore
from receiver.store.store import Object, Page, Properties
from tests.unit.sweeping import name, target, write

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = Span(start=MIDNIGHT, end=MIDNIGHT + 24 * HOUR)


class Watched:
    """A store of local files, two a page, that keeps what was listed."""

    def __init__(self, root: Path, *, after_walks: bool = False) -> None:
        self._store = LocalStore(root, bounds=Bounds(page_objects=2))
        self._after_walks = after_walks
        self.listed: list[tuple[str, str]] = []
        self.pages = 0

    @property
    def properties(self) -> Properties:
        return msgspec.structs.replace(self._store.properties, after_walks=self._after_walks)

    async def list(self, prefix: str, *, after: str = "", next: str | None = None) -> Page:
        self.pages += 1
        if next is None:
            self.listed.append((prefix, after))
        return await self._store.list(prefix, after=after, next=next)

    async def find(self, key: str) -> Object:
        return await self._store.find(key)

    def open(self, obj: Object) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        raise AssertionError("a listing opens nothing")

    async def read(self, key: str, *, bytes_max: int) -> bytes:
        raise AssertionError("a listing reads nothing")

    async def put(self, key: str, body: bytes) -> Object:
        raise AssertionError("a listing writes nothing")


def files(root: Path, keys: Iterable[str]) -> None:
    for key in keys:
        write(root / key, b"x")


async def picked(store: Watched, of: Target) -> list[Picked]:
    return [each async for each in pages(store, of)]


async def taken(store: Watched, of: Target) -> list[str]:
    return [obj.key for each in await picked(store, of) for obj in each.objects]


async def notes(store: Watched, of: Target) -> str:
    return "\n".join(note for each in await picked(store, of) for note in each.notes)


async def test_of_a_dated_conf_and_a_span_only_the_days_folders_are_listed(tmp_path: Path) -> None:
    inside = [
        f"20261122/{name('20261122T0000')}",
        f"20261122/{name('20261122T2358')}",
        f"20261123/{name('20261122T2359', '20261123T0000')}",  # in the folder of its window's end
    ]
    outside = [
        f"20261121/{name('20261122T0100')}",  # strayed
        f"20261122/{name('20261121T2359')}",
        f"20261123/{name('20261123T0000')}",
        f"20261124/{name('20261122T0200')}",
    ]
    files(tmp_path, inside + outside)
    store = Watched(tmp_path)
    dated = target(tmp_path / "{DATE}", span=DAY)
    assert await taken(store, dated) == inside
    assert {prefix for prefix, _ in store.listed} == {"20261122/", "20261123/"}
    assert "found without --from" in await notes(store, dated)
    everything = target(tmp_path / "{DATE}")
    assert sorted(await taken(store, everything)) == sorted(inside + outside)
    assert await notes(store, everything) == ""


async def test_a_batch_whose_name_has_no_window_is_judged_and_not_skipped(tmp_path: Path) -> None:
    keys = ["20261122/odd.log.gz", f"20261122/{name('20261122T0000')}"]
    files(tmp_path, keys)
    found = await taken(Watched(tmp_path), target(tmp_path / "{DATE}", span=DAY))
    assert sorted(found) == sorted(keys)


async def test_what_is_no_batch_is_ignored_with_the_reason(tmp_path: Path) -> None:
    files(tmp_path, ["20261122/test.txt.gz", "ownership-challenge-1f.txt", "20261122/x.json"])
    found = [
        each for page in await picked(Watched(tmp_path), target(tmp_path)) for each in page.ignored
    ]
    assert {each.key: each.reason for each in found} == {
        "20261122/test.txt.gz": "Logpush's test of the destination",
        "20261122/x.json": "its name does not end in .log.gz",
        "ownership-challenge-1f.txt": "an ownership challenge",
    }


async def test_an_object_named_outright_is_taken_whatever_its_name_and_window(
    tmp_path: Path,
) -> None:
    files(tmp_path, ["test.txt.gz", name("20200101T0000")])
    named = target(tmp_path, span=DAY, keys=["test.txt.gz", name("20200101T0000")])
    assert await taken(Watched(tmp_path), named) == list(named.keys)


async def test_an_object_named_outright_that_is_missing_is_unread(tmp_path: Path) -> None:
    (page,) = await picked(Watched(tmp_path), target(tmp_path, keys=["gone.log.gz"]))
    assert [(each.key, "no such file" in each.error) for each in page.unread] == [
        ("gone.log.gz", True)
    ]


async def test_a_token_in_the_middle_is_each_days_folder(tmp_path: Path) -> None:
    files(
        tmp_path,
        [
            f"20261122/http/{name('20261122T0100')}",
            f"20261122/dns/{name('20261122T0200')}",
            f"20261123/http/{name('20261122T2359', '20261123T0000')}",
        ],
    )
    store = Watched(tmp_path)
    http = target(tmp_path / "{DATE}" / "http", span=DAY)
    assert [key.split("/")[1] for key in await taken(store, http)] == ["http", "http"]
    assert {prefix for prefix, _ in store.listed} == {"20261122/http/", "20261123/http/"}


async def test_without_a_span_what_strayed_is_found_and_other_jobs_folders_are_left_out(
    tmp_path: Path,
) -> None:
    own = [
        f"20261122/http/{name('20261122T0100')}",
        f"20261130/http/{name('20261122T0101')}",
        f"{{DATE}}/http/{name('20261122T0102')}",
        f"today/http/{name('20261122T0103')}",
    ]
    others = [
        f"20261122/dns/{name('20261122T0200')}",
        f"archive/http/20261122/{name('20261122T0200')}",
        name("20261122T0300"),
    ]
    files(tmp_path, own + others)
    store = Watched(tmp_path)
    http = target(tmp_path / "{DATE}" / "http")
    assert sorted(await taken(store, http)) == sorted(own)
    assert "3 other batches lie below it" in await notes(store, http)


async def test_a_prefix_is_a_folder_and_not_the_beginning_of_a_name(tmp_path: Path) -> None:
    files(tmp_path, [f"logs/{name('20261122T0100')}", f"logs-staging/{name('20261122T0100')}"])
    found = await taken(Watched(tmp_path / "logs"), target(tmp_path / "logs"))
    assert found == [name("20261122T0100")]


def minutes(count: int) -> list[str]:
    times = (MIDNIGHT - HOUR + timedelta(minutes=n) for n in range(count))
    return [name(f"{time:%Y%m%dT%H%M}") for time in times]


async def test_where_names_are_times_what_lies_outside_the_span_is_leapt_over(
    tmp_path: Path,
) -> None:
    last = f"other/{name('20261122T0003')}"  # a folder among the names is looked into all the same
    files(tmp_path, [*minutes(180), last])
    span = Span(start=MIDNIGHT, end=MIDNIGHT + timedelta(minutes=4))
    store = Watched(tmp_path)
    found = await taken(store, target(tmp_path, span=span))
    assert found == [*minutes(180)[60:64], last]
    assert store.pages < 8


async def test_where_a_start_costs_a_walk_all_is_listed(tmp_path: Path) -> None:
    files(tmp_path, minutes(20))
    store = Watched(tmp_path, after_walks=True)
    span = Span(start=MIDNIGHT - timedelta(minutes=41), end=MIDNIGHT)
    assert await taken(store, target(tmp_path, span=span)) == minutes(20)[19:]
    assert store.pages == 10


@pytest.mark.parametrize("microseconds", [0, 1, 999_999])
async def test_a_leap_misses_nothing_at_the_edges_of_a_span(
    tmp_path: Path, microseconds: int
) -> None:
    files(tmp_path, minutes(61))
    start = MIDNIGHT - timedelta(minutes=10) + timedelta(microseconds=microseconds)
    found = await taken(Watched(tmp_path), target(tmp_path, span=Span(start=start, end=MIDNIGHT)))
    assert found == minutes(61)[51 if microseconds else 50 : 60]


async def test_day_folders_in_an_undated_folder_are_all_looked_into(tmp_path: Path) -> None:
    files(tmp_path, [f"202611{day}/{name(f'202611{day}T0000')}" for day in range(20, 25)])
    found = await taken(Watched(tmp_path), target(tmp_path, span=DAY))
    assert found == [f"20261122/{name('20261122T0000')}"]


async def test_of_very_many_days_the_whole_is_listed_once(tmp_path: Path) -> None:
    files(tmp_path, [f"20261122/{name('20261122T0000')}"])
    store = Watched(tmp_path)
    span = Span(start=NOON - timedelta(days=SPAN_DAYS_MAX), end=NOON)
    assert len(await taken(store, target(tmp_path / "{DATE}", span=span))) == 1
    assert store.listed == [("", "")]
