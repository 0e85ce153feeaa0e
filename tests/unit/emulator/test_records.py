import json
import tracemalloc
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from receiver.emulator.records import RecordWriter
from receiver.emulator.timestamps import nanoseconds
from receiver.errors import JobInvalid
from receiver.job.catalogue import Dataset, dataset, datasets
from receiver.job.expectation import FieldType, TimestampFormat
from receiver.limits import MIB

START = datetime(2026, 11, 22, 10, tzinfo=UTC)
END = START + timedelta(minutes=5)
WINDOW = (nanoseconds(START), nanoseconds(END))
HTTP = tuple(dataset("http_requests").types())
SPECTRUM = tuple(dataset("spectrum_events").fields)

JSON_TYPES: dict[FieldType, tuple[type, ...]] = {
    FieldType.STRING: (str,),
    FieldType.INT: (int,),
    FieldType.FLOAT: (float, int),  # Go writes a whole float without a fraction
    FieldType.BOOL: (bool,),
    FieldType.OBJECT: (dict,),
    FieldType.ARRAY_STRING: (list,),
    FieldType.ARRAY_INT: (list,),
    FieldType.ARRAY_OBJECT: (list,),
    FieldType.TIMESTAMP: (int, str),
    FieldType.UNKNOWN: (str,),
}
ELEMENTS = {FieldType.ARRAY_STRING: str, FieldType.ARRAY_INT: int, FieldType.ARRAY_OBJECT: dict}


def read(writer: RecordWriter, count: int) -> list[dict[str, Any]]:
    return [json.loads(line) for line in writer.lines(START, END, count)]


@pytest.mark.parametrize("form", TimestampFormat)
@pytest.mark.parametrize("each", datasets(), ids=lambda each: each.name)
def test_every_data_set_in_every_format_has_exactly_the_asked_fields(
    each: Dataset, form: TimestampFormat
) -> None:
    fields = list(each.types())[::-1]
    for record in read(RecordWriter(each.name, fields, timestamps=form, seed=3), 20):
        assert list(record) == fields


@pytest.mark.parametrize("each", datasets(), ids=lambda each: each.name)
def test_every_value_is_of_its_documented_type_and_vocabulary(each: Dataset) -> None:
    types = each.types()
    for record in read(RecordWriter(each.name, list(types), seed=5), 200):
        for name, value in record.items():
            assert type(value) in JSON_TYPES[types[name]], name
            elements = value if types[name] in ELEMENTS else []
            assert all(type(element) is ELEMENTS[types[name]] for element in elements), name
            words = each.vocabulary.get(name)
            assert not words or value in (*words, ""), (name, value)
            element_words = each.vocabulary.get(f"{name}[]")
            assert not element_words or set(value) <= set(element_words), (name, value)


@pytest.mark.parametrize("name", ["http_requests", "spectrum_events", "dns_logs"])
def test_the_same_seed_gives_the_same_lines_and_another_one_others(name: str) -> None:
    fields = tuple(dataset(name).fields)
    first, again, other = (
        RecordWriter(name, fields, seed=seed).lines(START, END, 50) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("http_requests", "EdgeEndTimestamp"),
        ("spectrum_events", "Timestamp"),
        ("firewall_events", "Datetime"),
    ],
)
def test_events_happen_shortly_before_they_are_received_and_never_after(
    name: str, field: str
) -> None:
    times = [record[field] for record in read(RecordWriter(name, [field], seed=1), 3000)]
    assert max(times) < WINDOW[1]
    assert min(times) >= WINDOW[0] - 300 * 10**9
    usual = sum(time >= WINDOW[0] - 60 * 10**9 for time in times)
    assert usual / len(times) > 0.98


def test_the_event_time_field_is_the_first_one_asked_for() -> None:
    assert RecordWriter("http_requests", HTTP).event_time_field == "EdgeStartTimestamp"
    only_end = RecordWriter("http_requests", ["RayID", "EdgeEndTimestamp"])
    assert only_end.event_time_field == "EdgeEndTimestamp"
    assert RecordWriter("http_requests", ["RayID"]).event_time_field is None


def test_a_sample_keeps_about_its_share_by_independent_draws() -> None:
    writer = RecordWriter("http_requests", ["RayID"], sample=0.1, seed=1)
    kept = [len(read(writer, 1000)) for _ in range(40)]
    assert sum(kept) == pytest.approx(4000, abs=5 * 60)  # five standard deviations
    assert len(set(kept)) > 10


def test_http_times_are_of_whole_milliseconds_and_in_order() -> None:
    for record in read(RecordWriter("http_requests", HTTP, seed=1), 300):
        assert record["EdgeStartTimestamp"] % 10**6 == 0
        assert record["EdgeStartTimestamp"] <= record["EdgeEndTimestamp"]


def test_http_looks_like_a_site() -> None:
    lines = RecordWriter("http_requests", HTTP, seed=1).lines(START, END, 5000)
    records = [json.loads(line) for line in lines]
    statuses = Counter(record["EdgeResponseStatus"] for record in records)
    assert statuses[200] > 0.6 * len(records)
    assert {301, 304, 403, 404, 500} <= statuses.keys()
    assert {"hit", "miss", "dynamic"} <= {record["CacheCacheStatus"] for record in records}
    assert any(b"\\u0026" in line for line in lines)
    assert not any(raw in line for line in lines for raw in (b"&", b"<", b">"))
    rays = {record["RayID"] for record in records}
    assert len(rays) == len(records)
    parents = {record["ParentRayID"] for record in records if record["WorkerSubrequest"]}
    assert parents & rays
    assert {r["ParentRayID"] for r in records if not r["WorkerSubrequest"]} == {"00"}
    for record in records:
        lengths = {len(record[name]) for name in ("SecurityActions", "SecurityRuleIDs")}
        assert lengths == {len(record["SecuritySources"])}
    unreached = [record for record in records if record["OriginResponseStatus"] == 0]
    assert {record["EdgeServerIP"] for record in unreached} == {""}


def test_many_jobs_share_one_site() -> None:
    RecordWriter("http_requests", HTTP)  # makes the site
    tracemalloc.start()
    writers = [RecordWriter("http_requests", HTTP, seed=seed) for seed in range(50)]
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(writers) == 50
    assert used < 5 * MIB


def test_about_one_default_record_in_a_hundred_is_not_ascii() -> None:
    fields = [name for name in HTTP if name not in {"Cookies", "RequestHeaders"}]
    lines = RecordWriter("http_requests", fields, seed=1).lines(START, END, 4000)
    assert 0.003 < sum(not line.isascii() for line in lines) / 4000 < 0.08


def test_a_connection_opens_without_an_end_and_ends_with_both_times() -> None:
    writer = RecordWriter("spectrum_events", SPECTRUM, seed=1)
    records = read(writer, 4000)
    events = Counter(record["Event"] for record in records)
    assert events["connect"] > 1500
    assert events["disconnect"] > 1000
    for record in records:
        if record["Event"] == "connect":
            assert (record["DisconnectTimestamp"], record["Status"]) == (0, 0)
            assert record["Timestamp"] == record["ConnectTimestamp"]
        else:
            assert record["Timestamp"] == record["DisconnectTimestamp"]
            assert record["ConnectTimestamp"] <= record["DisconnectTimestamp"]


def test_every_ending_belongs_to_a_connection_that_was_opened() -> None:
    writer = RecordWriter("spectrum_events", SPECTRUM, seed=1)
    records = read(writer, 1000)
    opened = {(r["ClientIP"], r["ClientPort"]) for r in records if r["Event"] == "connect"}
    ended = [r for r in records if r["Event"] in {"disconnect", "originError"}]
    assert ended
    assert {(r["ClientIP"], r["ClientPort"]) for r in ended} <= opened


def test_windows_follow_each_other_without_repeating_a_record() -> None:
    writer = RecordWriter("spectrum_events", SPECTRUM, seed=1)
    starts = [START + number * timedelta(minutes=5) for number in range(4)]
    lines = [line for a, b in pairwise(starts) for line in writer.lines(a, b, 300)]
    assert len(set(lines)) == len(lines) == 900


def test_trace_events_are_nested_and_keep_milliseconds_in_every_format() -> None:
    fields = tuple(dataset("workers_trace_events").fields)
    writer = RecordWriter("workers_trace_events", fields, timestamps=TimestampFormat.RFC3339)
    records = read(writer, 100)
    assert any(isinstance(record["Event"].get("Request"), dict) for record in records)
    at = [record["EventTimestampMs"] * 10**6 for record in records]
    assert all(WINDOW[0] - 300 * 10**9 <= each < WINDOW[1] for each in at)


def test_a_field_that_no_document_knows_is_written_all_the_same() -> None:
    (record,) = read(RecordWriter("http_requests", ["RayID", "BrandNew"]), 1)
    assert list(record) == ["RayID", "BrandNew"]
    assert isinstance(record["BrandNew"], str)


def test_a_data_set_that_no_document_knows_is_refused() -> None:
    with pytest.raises(JobInvalid, match="http_requests"):
        RecordWriter("http_request", ["RayID"])
