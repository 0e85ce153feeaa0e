"""The pusher: every window of every job once, on time, whatever happens to one destination."""

import gzip
import logging
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from receiver.emulator.batches import Batch
from receiver.emulator.pusher.delivery import Delivery, Outage
from receiver.emulator.pusher.faultless import Faultless
from receiver.emulator.pusher.manifest import Counted, Delivered, Manifest, read_manifest
from receiver.emulator.pusher.upload import UploadFailed
from receiver.emulator.records import RecordWriter
from receiver.emulator.state import SqliteState
from tests.unit.emulator.pusher.pushing import (
    FIELDS,
    START,
    FakePlace,
    Pushing,
    add_job,
    audit,
    minutes,
    names,
    written,
)

CONF = "s3://logs/http/{DATE}?region=eu-west-1"
DOWN = UploadFailed("error writing object: error uploading (down)", retry=True)
HALF = timedelta(seconds=30)


@pytest.fixture
def pushing() -> Pushing:
    return Pushing()


@pytest.fixture
def place(pushing: Pushing) -> FakePlace:
    place = FakePlace()
    pushing.open_uploader = place.open
    return place


def starts(place: FakePlace) -> list[str]:
    """When the windows of what was taken begin, as the names have it."""
    return [key.rpartition("/")[2][9:15] for key in place.keys]


class TestPushing:
    async def test_batches_come_every_30_seconds_named_and_laid_out_as_logpushs(
        self, pushing: Pushing, tmp_path: Path
    ) -> None:
        add_job(pushing.state, f"file://{tmp_path}/http/{{DATE}}")
        await pushing.until(START + minutes(2))
        assert [path.parent.name for path in tmp_path.rglob("*.gz")] == ["20261122"] * 4
        windows = [name.rpartition("_")[0] for name in names(tmp_path)]
        assert windows == [
            "20261122T100000Z_20261122T100030Z",
            "20261122T100030Z_20261122T100100Z",
            "20261122T100100Z_20261122T100130Z",
            "20261122T100130Z_20261122T100200Z",
        ]
        for text in written(tmp_path).values():
            record = msgspec.json.decode(text.splitlines()[0])
            assert set(record) == {"RayID", "EdgeStartTimestamp", "ClientIP", "BotScore"}

    async def test_a_day_folder_is_that_of_the_windows_start(self, tmp_path: Path) -> None:
        pushing = Pushing(start=datetime.fromisoformat("2026-11-22T23:59:30Z"))
        add_job(pushing.state, f"file://{tmp_path}/{{DATE}}")
        await pushing.until(START + timedelta(hours=14, minutes=0.5))
        assert list(written(tmp_path)) == [
            f"20261122/{names(tmp_path)[0]}",
            f"20261123/{names(tmp_path)[1]}",
        ]
        assert names(tmp_path)[0].startswith("20261122T235930Z_20261123T000000Z_")

    async def test_the_same_seed_gives_the_same_bytes(self, tmp_path: Path) -> None:
        for name, seed, offset in (("a", 1, 0), ("b", 1, 41), ("c", 2, 0)):
            pushing = Pushing(start=START + timedelta(seconds=offset))
            pushing.seed = seed
            add_job(pushing.state, f"file://{tmp_path}/{name}")
            await pushing.until(START + minutes(3))
        one, later, other = (written(tmp_path / name) for name in "abc")
        assert len(one) == 6
        assert later == {key: one[key] for key in sorted(one)[2:]}  # begun 41 s later
        assert not set(one) & set(other)

    async def test_there_are_more_records_in_the_evening(
        self, pushing: Pushing, place: FakePlace
    ) -> None:
        pushing.rate, pushing.look_seconds = 100, 300.0
        add_job(pushing.state, CONF, max_upload_interval_seconds=300)
        await pushing.until(START + timedelta(hours=24))
        counts: Counter[str] = Counter()
        for upload in place.taken:
            hour = upload.key.rpartition("/")[2][9:11]
            counts[hour] += gzip.decompress(upload.body).count(b"\n")
        assert counts["20"] > 3 * counts["08"]
        assert 100 * 60 * 0.9 < counts["20"] < 100 * 60 * 1.1

    async def test_limits_split_a_window_into_objects_of_different_ids(
        self, pushing: Pushing, place: FakePlace
    ) -> None:
        pushing.rate = 12_000
        add_job(pushing.state, CONF, max_upload_records=1000)
        await pushing.until(START + HALF)
        assert len(place.keys) == len(set(place.keys)) > 1
        assert set(starts(place)) == {"100000"}
        assert all(gzip.decompress(each.body).count(b"\n") <= 1000 for each in place.taken)

    async def test_of_nothing_nothing_is_uploaded_and_the_job_is_complete_all_the_same(
        self, pushing: Pushing, place: FakePlace
    ) -> None:
        pushing.rate = 0
        add_job(pushing.state, CONF)
        await pushing.until(START + minutes(1))
        assert not place.keys
        assert pushing.job().fields["last_complete"] == "2026-11-22T10:01:00Z"


class TestChanges:
    async def test_a_job_that_is_not_enabled_is_left_alone(
        self, pushing: Pushing, place: FakePlace
    ) -> None:
        add_job(pushing.state, CONF, enabled=False)
        await pushing.until(START + minutes(2))
        assert not place.tries
        assert pushing.job().pushed_until is None

    async def test_an_update_holds_from_the_next_window_on_without_a_gap(
        self, pushing: Pushing, place: FakePlace
    ) -> None:
        job = add_job(pushing.state, CONF)
        changed = msgspec.structs.replace(
            job, fields=job.fields | {"max_upload_interval_seconds": 120}
        )

        def update_once() -> bool:
            if pushing.clock.now() >= START + timedelta(seconds=70) and pushing.job().changed == 1:
                pushing.state.update(changed, audit())
            return pushing.clock.now() >= START + minutes(4)

        await pushing.until(update_once)
        assert starts(place) == ["100000", "100030", "100100", "100200"]
        assert [key.rpartition("/")[2][26:32] for key in place.keys] == [
            "100030", "100100", "100200", "100400",
        ]  # fmt: skip

    async def test_what_a_disabled_job_missed_is_lost(
        self, pushing: Pushing, place: FakePlace
    ) -> None:
        job = add_job(pushing.state, CONF)

        def switch() -> bool:
            passed = pushing.clock.now() - START
            enabled = not minutes(1.2) < passed < minutes(3.2)
            now = pushing.job()
            if now.enabled is not enabled:
                pushing.state.update(
                    msgspec.structs.replace(now, fields=now.fields | {"enabled": enabled}), audit()
                )
            if minutes(3.3) < passed < minutes(3.4):
                assert pushing.job().fields["last_complete"] is None  # it has just been enabled
            return passed >= minutes(4.5)

        await pushing.until(switch)
        assert job.id == 1
        assert starts(place) == ["100000", "100030", "100330", "100400"]

    async def test_a_deleted_jobs_pushing_ends(self, pushing: Pushing, place: FakePlace) -> None:
        job = add_job(pushing.state, CONF)

        def delete() -> bool:
            if pushing.clock.now() > START + minutes(1) and pushing.state.job(job.id):
                pushing.state.remove(job.id, audit())
            return pushing.clock.now() >= START + minutes(5)

        await pushing.until(delete)
        assert len(place.keys) == 2

    async def test_a_job_that_cannot_be_understood_says_so_until_it_is_changed(
        self, pushing: Pushing, place: FakePlace
    ) -> None:
        job = add_job(pushing.state, CONF, dataset="no_such_logs")
        await pushing.until(START + minutes(2))
        message = pushing.job().fields["error_message"]
        assert message.startswith("logpush-receiver emulate: ")
        assert "no_such_logs" in message
        pushing.state.update(job, audit())


class TestRestart:
    async def test_it_goes_on_without_gap_or_repeat(self, tmp_path: Path) -> None:
        kept, logs = tmp_path / "state", tmp_path / "logs"
        before = Pushing(SqliteState(kept))
        add_job(before.state, f"file://{logs}")
        await before.until(START + minutes(2.7))
        first = names(logs)
        before.state.close()  # type: ignore[attr-defined]
        after = Pushing(SqliteState(kept), start=START + minutes(5.2))
        await after.until(START + minutes(6.1))
        assert len(names(logs)) == len(set(names(logs))) == 12
        assert names(logs)[: len(first)] == first
        whole = Pushing()
        add_job(whole.state, f"file://{tmp_path}/whole")
        await whole.until(START + minutes(6.1))
        assert written(tmp_path / "whole") == written(logs)

    async def test_what_was_missed_for_more_than_a_day_is_lost(
        self, pushing: Pushing, place: FakePlace
    ) -> None:
        pushing.rate = 6
        add_job(pushing.state, CONF, max_upload_interval_seconds=300)
        pushing.state.progress(1, pushed_until=START - timedelta(days=3))
        await pushing.until(START + minutes(1))
        assert place.keys[0].startswith("http/20261121/20261121T100000Z_")
        assert len(place.keys) == 24 * 12

    async def test_a_clock_that_was_set_back_is_waited_for(
        self, pushing: Pushing, place: FakePlace, caplog: pytest.LogCaptureFixture
    ) -> None:
        add_job(pushing.state, CONF)
        pushing.state.progress(1, pushed_until=START + minutes(10))
        await pushing.until(START + minutes(11))
        assert starts(place) == ["101000", "101030"]
        assert "the clock is not there yet" in caplog.text


class TestFailures:
    async def test_an_upload_that_fails_is_tried_again_with_longer_and_longer_waits(
        self, pushing: Pushing, place: FakePlace
    ) -> None:
        tried: list[float] = []

        def refuse() -> UploadFailed | None:
            tried.append((pushing.clock.now() - START).total_seconds())
            return DOWN if pushing.clock.now() < START + minutes(2) else None

        place.refuse = refuse
        add_job(pushing.state, CONF)
        await pushing.until(START + minutes(1.5))
        fields = pushing.job().fields
        assert fields["error_message"] == str(DOWN)
        assert fields["last_error"] == "2026-11-22T10:01:15Z"
        assert fields["last_complete"] is None
        pushing.state.progress(1, pushed_until=START)
        await pushing.until(START + minutes(4))
        assert tried[:3] == [30.0, 45.0, 75.0]
        assert starts(place)[:3] == ["100000", "100030", "100100"]  # nothing is lost
        fields = pushing.job().fields
        assert fields["error_message"] is None
        assert fields["last_error"] is None

    async def test_after_five_minutes_a_batch_is_dropped_whole(
        self, pushing: Pushing, place: FakePlace, caplog: pytest.LogCaptureFixture
    ) -> None:
        place.refuse = lambda: DOWN if pushing.clock.now() < START + minutes(8.2) else None
        add_job(pushing.state, CONF)
        await pushing.until(START + minutes(12))
        lost = [record for record in caplog.records if "is lost" in record.message]
        assert place.tries.count(place.tries[0]) == 5
        assert starts(place)[0] >= "100300"
        assert starts(place)[-1] == "101130"  # it has caught up
        assert len(lost) + len(place.keys) == 24
        assert 5 <= len(lost) <= 8

    async def test_what_is_not_worth_trying_again_is_dropped_at_once(
        self, pushing: Pushing, place: FakePlace
    ) -> None:
        place.refuse = lambda: UploadFailed("no", retry=False, status=403)
        add_job(pushing.state, CONF)
        await pushing.until(START + minutes(2))
        assert len(place.tries) == len(set(place.tries)) == 4
        assert pushing.job().pushed_until == START + minutes(2)
        assert pushing.job().fields["last_complete"] is None

    async def test_a_job_is_disabled_after_24_hours_of_failing(
        self, pushing: Pushing, place: FakePlace, caplog: pytest.LogCaptureFixture
    ) -> None:
        place.refuse = lambda: DOWN
        pushing.rate, pushing.look_seconds = 6, 60.0
        add_job(pushing.state, CONF, max_upload_interval_seconds=300)
        disabled_at: list[datetime] = []

        def disabled() -> bool:
            if not pushing.job().enabled:
                disabled_at.append(pushing.clock.now())
            return bool(disabled_at) or pushing.clock.now() > START + timedelta(hours=25)

        await pushing.until(disabled)
        assert timedelta(hours=24) <= disabled_at[0] - START < timedelta(hours=24, minutes=20)
        assert pushing.job().fields["error_message"] == str(DOWN)
        assert "disabled after 24 hours" in caplog.text

    async def test_24_hours_of_failing_may_have_a_restart_among_them(
        self, pushing: Pushing, place: FakePlace
    ) -> None:
        place.refuse = lambda: DOWN
        add_job(
            pushing.state, CONF, last_complete="2026-11-21T10:30:00Z",
            last_error="2026-11-22T09:00:00Z",
        )  # fmt: skip
        pushing.state.progress(1, pushed_until=START)
        await pushing.until(START + minutes(20))
        assert pushing.job().enabled
        await pushing.until(START + minutes(40))
        assert not pushing.job().enabled

    async def test_a_job_that_is_enabled_again_has_24_hours_again(
        self, pushing: Pushing, place: FakePlace
    ) -> None:
        place.refuse = lambda: DOWN
        job = add_job(pushing.state, CONF, last_error="2026-11-20T00:00:00Z", enabled=False)

        def enable() -> bool:
            if pushing.clock.now() > START + minutes(1) and pushing.job().changed == 1:
                fields = pushing.job().fields | {"enabled": True}
                pushing.state.update(msgspec.structs.replace(job, fields=fields), audit())
            return pushing.clock.now() > START + minutes(10)

        await pushing.until(enable)
        assert place.tries
        assert pushing.job().enabled

    async def test_a_sick_destination_holds_up_nobody(
        self, pushing: Pushing, tmp_path: Path
    ) -> None:
        sick = FakePlace(lambda: DOWN)
        well = pushing.open_uploader
        pushing.open_uploader = lambda destination, *, clock: (
            sick.open(destination, clock=clock)
            if destination.bucket == "logs"
            else well(destination, clock=clock)
        )
        add_job(pushing.state, CONF)
        add_job(pushing.state, f"file://{tmp_path}")
        await pushing.until(START + minutes(10))
        assert len(names(tmp_path)) == 20
        assert pushing.job(1).fields["error_message"]
        assert pushing.job(2).fields["error_message"] is None


class Plan(Faultless):
    """A gap, a batch that is late, one that comes twice, and a time without permission."""

    def deliveries(
        self, batches: list[Batch], *, writer: RecordWriter, now: datetime
    ) -> list[Delivery]:
        found = super().deliveries(batches, writer=writer, now=now)
        match batches[0].start - START:
            case span if span == HALF:
                return []
            case span if span == 2 * HALF:
                return [msgspec.structs.replace(found[0], after=timedelta(seconds=75))]
            case span if span == 3 * HALF:
                return found * 2
        return found

    def outage(self, now: datetime) -> Outage | None:
        return Outage(why="permission lost") if now > START + minutes(4.1) else None


async def test_a_fault_plan_is_followed(
    pushing: Pushing, place: FakePlace, caplog: pytest.LogCaptureFixture
) -> None:
    pushing.faults = lambda *_: Plan()
    add_job(pushing.state, CONF, name="planned")
    with caplog.at_level(logging.WARNING):
        await pushing.until(START + minutes(5))
    #        gap 100030, 100100 after its 75 s, 100130 twice, then no permission
    assert starts(place) == [
        "100000", "100130", "100130", "100200", "100100", "100230", "100300", "100330",
    ]  # fmt: skip
    assert pushing.job().fields["error_message"] == "permission lost"


async def test_an_upload_that_is_to_stall_is_begun_and_tried_again(
    pushing: Pushing, place: FakePlace
) -> None:
    class Stalled(Faultless):
        def outage(self, now: datetime) -> Outage | None:
            return Outage(why="stalled", halts=True) if now < START + minutes(1) else None

    pushing.faults = lambda *_: Stalled()
    add_job(pushing.state, CONF)
    await pushing.until(lambda: bool(place.taken))
    assert pushing.job().fields["error_message"] == "stalled"
    await pushing.until(START + minutes(2))
    halted = [upload.key for upload in place.taken if upload.halts]
    whole = [upload.key for upload in place.taken if not upload.halts]
    assert halted
    assert set(halted) < set(whole)
    assert pushing.job().fields["error_message"] is None


async def test_what_a_plan_holds_back_is_lost_with_us_and_that_is_told(
    pushing: Pushing, place: FakePlace, caplog: pytest.LogCaptureFixture
) -> None:
    pushing.faults = lambda *_: Plan()
    add_job(pushing.state, CONF)
    await pushing.until(START + minutes(2))  # of 100100, which is due at 100245
    assert "100100" not in starts(place)
    assert "job 1: late batches that go nowhere: 1" in caplog.text
    caplog.clear()
    await pushing.until(START + minutes(4))
    assert "100100" not in starts(place)
    assert caplog.text == ""


async def test_the_manifest_tells_what_arrived_and_of_how_many_records(
    pushing: Pushing, place: FakePlace, tmp_path: Path
) -> None:
    place.refuse = lambda: UploadFailed("no", retry=False) if len(place.tries) == 2 else None
    pushing.rate, pushing.manifest = 2000, Manifest(tmp_path / "manifest")
    add_job(pushing.state, CONF, logpull_options="fields=RayID,BotScore&sample=0.1")
    await pushing.until(START + minutes(1.5))
    entries = read_manifest(tmp_path / "manifest")
    arrived = [entry for entry in entries if isinstance(entry, Delivered)]
    counted = [entry for entry in entries if isinstance(entry, Counted)]
    assert [entry.key for entry in arrived] == place.keys
    assert [entry.records for entry in arrived] == [counted[0].kept, counted[2].kept]
    assert all(entry.kept < entry.before_sample / 5 for entry in counted)


async def test_two_jobs_of_one_data_set_see_the_same_requests(
    pushing: Pushing, tmp_path: Path
) -> None:
    add_job(pushing.state, f"file://{tmp_path}/all")
    sampled = f"fields={FIELDS}&sample=0.5"
    add_job(pushing.state, f"file://{tmp_path}/half", logpull_options=sampled)
    await pushing.until(START + minutes(2))
    whole, half = (
        {line for text in written(tmp_path / name).values() for line in text.splitlines()}
        for name in ("all", "half")
    )
    assert half < whole
