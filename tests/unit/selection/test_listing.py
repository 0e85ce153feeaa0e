"""Which objects of a Target are taken, which are ignored, and what is said of the rest."""

import os
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from receiver.errors import ObjectMissing
from receiver.limits import SPAN_DAYS_MAX
from receiver.selection.listing import Picked, pages
from receiver.selection.span import Span
from receiver.selection.target import Target
from receiver.store.bounds import Bounds
from receiver.store.local import LocalStore
from receiver.store.store import Object, Page, Properties, Unlisted
from tests.unit.sweeping import name, target, write

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = Span(start=MIDNIGHT, end=MIDNIGHT + 24 * HOUR)


class Watched:
    """A store of local files, two a page, that keeps what was listed."""

    def __init__(self, root: Path) -> None:
        self._store = LocalStore(root, bounds=Bounds(page_objects=2))
        self.listed: list[str] = []

    @property
    def properties(self) -> Properties:
        return self._store.properties

    async def list(self, prefix: str, *, after: str = "", next: str | None = None) -> Page:
        if next is None:
            self.listed.append(prefix)
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
    assert set(store.listed) == {"20261122/", "20261123/"}
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
    assert set(store.listed) == {"20261122/http/", "20261123/http/"}


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


@pytest.mark.parametrize(
    "other",
    [
        "20261121-export.log.gz",  # without a window, and the name sorts before the span
        f"20261121/{name('20261122T0001')}",  # so does a folder
        f"20261122T000000Z/{name('20261122T0001')}",
        "20261129-export.log.gz",  # or after it
        f"other/{name('20261122T0003')}",
    ],
)
async def test_what_lies_between_names_that_are_times_is_never_skipped(
    tmp_path: Path, other: str
) -> None:
    span = Span(start=MIDNIGHT, end=MIDNIGHT + timedelta(minutes=4))
    files(tmp_path, [*minutes(180), other])
    found = await taken(Watched(tmp_path), target(tmp_path, span=span))
    assert sorted(found) == sorted([*minutes(180)[60:64], other])


@pytest.mark.parametrize("microseconds", [0, 1, 999_999])
async def test_a_batch_that_begins_at_the_start_of_a_span_is_in_it_and_one_at_its_end_is_not(
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
    assert store.listed == [""]


async def told(store: Watched, of: Target) -> tuple[dict[str, str], dict[str, str]]:
    found = await picked(store, of)
    unread = {each.key: each.error for page in found for each in page.unread}
    return unread, {each.key: each.reason for page in found for each in page.ignored}


async def test_a_batch_that_is_a_link_to_nowhere_is_unread_and_what_is_no_batch_is_ignored(
    tmp_path: Path,
) -> None:
    lost, old = name("20261122T0000"), name("20260101T0000")
    for each in (lost, old, "latest"):
        (tmp_path / each).symlink_to(tmp_path / "gone" / each)
    os.mkfifo(tmp_path / "pipe")
    unread, ignored = await told(Watched(tmp_path), target(tmp_path))
    assert list(unread) == [old, lost]
    assert "a link to nowhere" in unread[lost]
    assert list(ignored) == ["latest", "pipe"]
    assert "no plain file" in ignored["pipe"]
    within_day, _ = await told(Watched(tmp_path), target(tmp_path, span=DAY))
    assert list(within_day) == [lost]


class Shut(Watched):
    """A store in which some folders are shut to us."""

    def __init__(self, root: Path, *folders: str) -> None:
        super().__init__(root)
        self._shut = folders

    async def list(self, prefix: str, *, after: str = "", next: str | None = None) -> Page:
        page = await super().list(prefix, after=after, next=next)
        shut = [Unlisted(key=each, error="denied") for each in self._shut]
        return msgspec.structs.replace(page, unlisted=tuple(shut if page.next is None else ()))


async def test_a_folder_that_is_shut_is_unread_where_batches_of_the_job_may_lie_in_it(
    tmp_path: Path,
) -> None:
    shut = ["20261122/", "20261122/http/", "20261122/http/x/", "lost+found/", "today/http/"]
    others = ["20261122/dns/", "20261122/dns/x/", "today/http/x/"]
    store = Shut(tmp_path, *shut, *others)
    unread, _ = await told(store, target(tmp_path / "{DATE}" / "http"))
    assert list(unread) == shut
    unread, _ = await told(store, target(tmp_path))
    assert list(unread) == [*shut, *others]


async def test_nothing_is_said_of_days_where_a_place_could_not_be_listed(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with pytest.raises(ObjectMissing):
        await anext(pages(Watched(gone), target(gone / "{DATE}", span=DAY)))


async def test_one_batch_left_out_is_told_of_in_the_singular(tmp_path: Path) -> None:
    files(tmp_path, [f"20261122/dns/{name('20261122T0200')}"])
    said = await notes(Watched(tmp_path), target(tmp_path / "{DATE}" / "http"))
    assert "1 other batch lies below it" in said
    assert "it was left out" in said
