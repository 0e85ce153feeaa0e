"""Every kind of fault does what it says, byte by byte, and shows as the manifest claims."""

import gzip
import json
import zlib
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from receiver.check.codes import MEANINGS, Code
from receiver.emulator.pusher.delivery import Delivery
from receiver.emulator.pusher.kinds import KINDS
from receiver.emulator.pusher.record_faults import read_time
from receiver.emulator.timestamps import NANOS, timestamp_writer
from receiver.job.expectation import TimestampFormat
from receiver.job.job import Job
from receiver.limits import LINE_BYTES_MAX
from tests.unit.emulator.pusher.planning import (
    FIELDS,
    MINUTE,
    NANO,
    START,
    claimed,
    deliver,
    fault,
    fault_plan,
    found_in,
    job,
    lines_of,
    records_of,
    window,
)

OF_THE_ISSUE = [
    "gap", "late", "duplicate-object", "duplicate-records", "overlap", "wrong-day-folder",
    "field-missing", "field-extra", "field-type", "timestamp-format", "sample-wrong",
    "filter-ignored", "cve-lost", "gzip-truncated", "gzip-crc", "gzip-garbage", "not-gzip",
    "batch-empty", "line-huge", "line-not-utf8", "dataset-wrong", "clock-skew", "silence",
    "partial-loss", "upload-stalled", "permission-lost", "gzip-members", "reordered",
    "zero-padding", "many-objects",
]  # fmt: skip
UNJUDGED = {
    "gap", "late", "duplicate-object", "overlap", "filter-ignored", "silence", "partial-loss",
    "upload-stalled", "permission-lost",
}  # fmt: skip
DELIVERED = [name for name, kind in KINDS.items() if kind.deliver is not None]
FORMATS = tuple(TimestampFormat)


def planted(kind: str, form: TimestampFormat = NANO, **settings: object) -> list[Delivery]:
    return deliver(fault_plan(fault(kind, **settings), of=job(form)), 0, form=form)


def clean_lines(form: TimestampFormat = NANO) -> list[bytes]:
    return list(window(0, form)[0].lines)


def changed(delivery: Delivery) -> int:
    pairs = zip(clean_lines(), lines_of(delivery), strict=True)
    return sum(before != after for before, after in pairs)


def test_every_kind_is_there_and_says_what_it_does_and_what_shows_it() -> None:
    assert list(KINDS) == OF_THE_ISSUE
    for name, kind in KINDS.items():
        assert kind.does, name
        assert all(f"`{setting}`" in kind.does for setting in kind.takes), name
        assert not kind.shown_by or Code(kind.shown_by) in MEANINGS, name
    unjudged = {name for name, kind in KINDS.items() if "yet" in kind.judged}
    assert unjudged == UNJUDGED


@pytest.mark.parametrize("kind", DELIVERED)
def test_the_same_seed_gives_the_same_bytes(kind: str) -> None:
    first, again = (planted(kind), planted(kind))
    assert first == again
    other = deliver(fault_plan(fault(kind), seed=2, of=job()), 0)
    assert [each.window for each in other] == [each.window for each in first]


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        (kind, form)
        for kind in DELIVERED
        for form in (FORMATS if kind != "line-huge" else [NANO])  # 16 MiB each teach nothing new
    ],
)
def test_the_verifier_finds_exactly_what_is_claimed(kind: str, form: TimestampFormat) -> None:
    found = planted(kind, form)
    claims = claimed(tuple(fault for each in found for fault in each.planted))
    assert found_in(found, job(form)) == claims
    codes = {code for _, code, _, _ in claims}
    shown_by = KINDS[kind].shown_by
    assert codes == ({shown_by} - {"", "sample-rate"})
    assert all(each.kind == kind for each in found)


@pytest.mark.parametrize("kind", [name for name in DELIVERED if KINDS[name].shown_by])
def test_a_share_of_all_records_shows_as_claimed_too(kind: str) -> None:
    if "share" in KINDS[kind].takes and kind != "sample-wrong":
        found = planted(kind, share=1)
        (claim,) = (fault for each in found for fault in each.planted)
        assert claim.count == 40
        assert found_in(found, job()) == claimed((claim,))


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.harmless])
def test_harmless_kinds_change_the_bytes_and_keep_the_records(kind: str) -> None:
    found = planted(kind)
    assert found_in(found, job()) == Counter()
    assert sorted(line for each in found for line in lines_of(each)) == sorted(clean_lines())
    assert sum(each.records for each in found) == 40
    assert [each.body for each in found] != [window()[0].write().body]
    assert not any(each.planted for each in found)


class TestFlow:
    @pytest.mark.parametrize("kind", ["gap", "silence"])
    def test_nothing_comes(self, kind: str) -> None:
        assert planted(kind) == []

    def test_a_late_batch_is_itself_and_late(self) -> None:
        ((late,), (later,)) = planted("late"), planted("late", seconds=7200)
        assert (late.key, late.body) == (window()[0].key, window()[0].write().body)
        assert late.after == timedelta(minutes=15)
        assert later.after == timedelta(hours=2)

    def test_a_duplicate_has_the_same_bytes_under_another_id(self) -> None:
        first, twin = planted("duplicate-object")
        assert first.body == twin.body == window()[0].write().body
        assert first.key != twin.key
        assert first.key[:-16] == twin.key[:-16]

    def test_an_overlap_brings_half_of_the_records_again_in_a_window_that_overlaps(self) -> None:
        first, second = planted("overlap")
        assert lines_of(first) == clean_lines()
        assert lines_of(second) == clean_lines()[20:]
        assert second.window == (START + MINUTE / 2, START + 1.5 * MINUTE)
        assert "20260322T100030Z_20260322T100130Z_" in second.key
        assert second.after == MINUTE / 2

    @pytest.mark.parametrize(("kind", "kept"), [("partial-loss", 0.8), ("sample-wrong", 0.5)])
    def test_records_are_left_out_each_by_its_own_draw(self, kind: str, kept: float) -> None:
        plan = fault_plan(fault(kind), of=job())
        lines = [line for each in deliver(plan, *range(50)) for line in lines_of(each)]
        deviation = (2000 * kept * (1 - kept)) ** 0.5
        assert abs(len(lines) - 2000 * kept) < 6 * deviation

    def test_of_a_share_that_leaves_nothing_no_empty_batch_comes(self) -> None:
        assert planted("partial-loss", share=1) == []

    def test_an_ignored_filter_brings_more_of_the_jobs_records(self) -> None:
        (mixed,) = planted("filter-ignored", share=0.5)
        lines = lines_of(mixed)
        assert len(set(lines)) == 60
        assert set(clean_lines()) < set(lines)
        assert {tuple(record) for record in records_of(mixed)} == {FIELDS}


class TestObjects:
    def test_the_object_is_spoiled_as_named(self) -> None:
        ((cut,), (crc,), (garbage,)) = map(planted, ("gzip-truncated", "gzip-crc", "gzip-garbage"))
        reader = zlib.decompressobj(31)
        reader.decompress(cut.body)
        assert not reader.eof
        whole = window()[0].write().body
        assert cut.body == whole[: len(cut.body)]
        assert [at for at in range(len(whole)) if whole[at] != crc.body[at]] == [len(whole) - 8]
        assert garbage.body.startswith(whole)
        (bare,) = planted("not-gzip")
        assert bare.body.splitlines() == clean_lines()
        (empty,) = planted("batch-empty")
        assert (gzip.decompress(empty.body), empty.records) == (b"", 0)

    def test_the_folder_is_of_another_day(self) -> None:
        (lost,) = planted("wrong-day-folder")
        assert lost.key == window()[0].key.replace("/20260322/", "/20260319/")
        assert lost.body == window()[0].write().body

    def test_harmless_gzip_is_as_named(self) -> None:
        (members,) = planted("gzip-members")
        reader, count, rest = None, 0, members.body
        while rest:
            reader = zlib.decompressobj(31)
            reader.decompress(rest)
            rest, count = reader.unused_data, count + 1
        assert count == 5
        (padded,) = planted("zero-padding")
        assert padded.body.endswith(bytes(512))
        assert len({each.key for each in planted("many-objects")}) == 3
        (shuffled,) = planted("reordered")
        assert lines_of(shuffled) != clean_lines()


class TestRecords:
    def test_a_named_field_is_missing_from_the_share_named(self) -> None:
        (lacking,) = planted("field-missing", field="BotScore", share=0.25)
        assert sum("BotScore" not in record for record in records_of(lacking)) == 10

    def test_a_named_field_is_there_unasked(self) -> None:
        (more,) = planted("field-extra", field="Trace", share=1)
        assert all(record["Trace"] == "a<b" for record in records_of(more))
        assert b'"Trace":"a\\u003cb"}' in lines_of(more)[0]

    @pytest.mark.parametrize(
        ("field", "type_"),
        [("BotScore", str), ("ClientIP", int), ("CacheTieredFill", str), ("RequestHeaders", str),
         ("BotTags", str), ("EdgeResponseCompressionRatio", str)],
    )  # fmt: skip
    def test_a_named_field_is_of_another_type(self, field: str, type_: type) -> None:
        found = planted("field-type", field=field, share=1)
        assert {type(record[field]) for record in records_of(found[0])} == {type_}
        assert found_in(found, job()) == claimed(found[0].planted)

    @pytest.mark.parametrize("form", FORMATS)
    def test_a_named_time_is_in_the_other_format(self, form: TimestampFormat) -> None:
        found = planted("timestamp-format", form, field="EdgeEndTimestamp")
        numbers = form in {TimestampFormat.UNIX, TimestampFormat.UNIXNANO}
        wrong = [
            record["EdgeEndTimestamp"]
            for record in records_of(found[0])
            if isinstance(record["EdgeEndTimestamp"], str) is numbers
        ]
        assert len(wrong) == 3
        assert found_in(found, job(form)) == claimed(found[0].planted)

    def test_lines_are_spoiled_as_named(self) -> None:
        ((huge,), (latin,), (twice,), (armed,)) = map(
            planted, ("line-huge", "line-not-utf8", "duplicate-records", "cve-lost")
        )
        assert max(map(len, lines_of(huge))) > LINE_BYTES_MAX
        assert sum(b"\xfc" in line for line in lines_of(latin)) == 3
        assert Counter(Counter(lines_of(twice)).values()) == {1: 37, 2: 3}
        assert twice.records == 43
        assert sum(b"${jndi" in line for line in lines_of(armed)) == 3
        assert not any(b"${" in line for line in clean_lines())
        assert changed(armed) == 3

    def test_another_data_sets_records_come(self) -> None:
        (other,) = planted("dataset-wrong")
        assert len(lines_of(other)) == 40
        assert not any("EdgeStartTimestamp" in record for record in records_of(other))

    @pytest.mark.parametrize("form", FORMATS)
    def test_a_skewed_clock_moves_every_time_by_as_much(self, form: TimestampFormat) -> None:
        (ahead,) = planted("clock-skew", form, seconds=4000)
        before = [_times(json.loads(line), form) for line in clean_lines(form)]
        after = [_times(record, form) for record in records_of(ahead)]
        moved = {
            late - early
            for earlier, later in zip(before, after, strict=True)
            for early, late in zip(earlier, later, strict=True)
        }
        assert moved <= {4000 * NANOS, 0}  # no value stays none
        assert 4000 * NANOS in moved

    def test_a_skew_that_clocks_may_have_is_claimed_by_nobody(self) -> None:
        (ahead,) = planted("clock-skew", seconds=200)
        assert ahead.planted == ()
        assert found_in([ahead], job()) == Counter()

    @pytest.mark.parametrize("seconds", [310, 330, 350, 600, 80_000])
    def test_a_skew_is_claimed_for_the_records_it_makes_too_late(self, seconds: int) -> None:
        found = planted("clock-skew", seconds=seconds)
        assert found_in(found, job()) == claimed(found[0].planted)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("time", [1_771_234_567_120_000_000, 1_771_234_567_000_000_000])
@pytest.mark.parametrize("trimmed", [True, False])
def test_a_time_is_read_as_it_was_written(form: TimestampFormat, time: int, trimmed: bool) -> None:
    whole = form in {TimestampFormat.UNIX, TimestampFormat.RFC3339}
    written = timestamp_writer(form, trimmed=trimmed)(time)
    assert read_time(written, form) == (time // NANOS * NANOS if whole else time)


class TestDefaultFields:
    """Cloudflare may change default fields: a verifier only warns, where anybody knows them."""

    @pytest.mark.parametrize("kind", ["field-missing", "field-extra"])
    def test_what_would_be_an_error_is_claimed_as_a_warning(self, kind: str) -> None:
        of = job(logpull_options=None)
        found = deliver(fault_plan(fault(kind), of=of), 0)
        assert {one.severity for each in found for one in each.planted} == {"warning"}

    def test_where_nobody_knows_them_nothing_is_claimed(self) -> None:
        of = Job(id=146, dataset="dns_logs")
        found = deliver(fault_plan(fault("field-missing"), of=of), 0)
        assert found[0].planted == ()
        assert changed(found[0]) == 3


def _times(record: dict[str, Any], form: TimestampFormat) -> list[int]:
    names = ("EdgeStartTimestamp", "EdgeEndTimestamp")
    return [read_time(record[name], form) for name in names]
