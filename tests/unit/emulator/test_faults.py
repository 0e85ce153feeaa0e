import gzip
import json
import random
import zlib
from typing import Any

import pytest

from receiver.emulator.batches import Batch, PlantedFault, WrittenBatch
from receiver.emulator.faults import FAULTS, plant
from receiver.emulator.line_faults import drop_field, insert_blank_lines
from receiver.emulator.records import RecordWriter
from receiver.errors import JobInvalid
from receiver.job.expectation import TimestampFormat
from receiver.limits import LINE_BYTES_MAX
from tests.unit.emulator.factories import batch, writer

NANO = TimestampFormat.UNIXNANO
RFC3339 = TimestampFormat.RFC3339


def spoil(
    name: str, form: TimestampFormat = NANO, *, cve_2021_44228: bool = False
) -> tuple[Batch, WrittenBatch, PlantedFault]:
    of = writer(form, cve_2021_44228=cve_2021_44228)
    clean = batch(of)
    spoiled = plant(name, clean, writer=of, rng=random.Random(1))
    (fault,) = spoiled.planted
    return clean, spoiled, fault


def lines_of(spoiled: WrittenBatch) -> list[bytes]:
    return gzip.decompress(spoiled.body).split(b"\n")[:-1]


def spoiled_values(name: str, form: TimestampFormat = NANO) -> tuple[Any, ...]:
    """What the fault wrote, having checked that it wrote it where it says and nowhere else."""
    clean, spoiled, fault = spoil(name, form)
    lines = lines_of(spoiled)
    changed = [
        n for n, pair in enumerate(zip(clean.lines, lines, strict=True), 1) if len(set(pair)) > 1
    ]
    assert changed == list(fault.lines)
    return tuple(json.loads(lines[number - 1]).get(fault.field) for number in fault.lines)


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_tells_its_code_its_key_and_its_lines(name: str) -> None:
    form = RFC3339 if name == "timestamp-precision" else NANO
    clean, spoiled, fault = spoil(name, form)
    assert fault.code == name.partition("/")[0]
    assert fault.key == spoiled.key
    assert fault.severity in {"error", "warning"}
    assert not fault.lines or fault.count == len(fault.lines)
    assert (spoiled.key, spoiled.body) != (clean.key, clean.write().body)


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_the_same_each_time(name: str) -> None:
    form = RFC3339 if name == "timestamp-precision" else NANO
    assert spoil(name, form)[1:] == spoil(name, form)[1:]


def test_a_missing_field_is_missing_where_it_says() -> None:
    _, spoiled, fault = spoil("field-missing")
    lines = lines_of(spoiled)
    lacking = [n for n, line in enumerate(lines, 1) if fault.field not in json.loads(line)]
    assert lacking == list(fault.lines)
    assert len(lacking) == 3


def test_types_are_spoiled_as_named() -> None:
    assert {type(value) for value in spoiled_values("field-type/quoted")} == {str}
    assert {type(value) for value in spoiled_values("field-type/fractional")} == {float}
    assert set(spoiled_values("field-type/null")) == {None}
    assert set(spoiled_values("field-null")) == {None}
    assert set(spoiled_values("field-value")) == {"teapot"}


def test_timestamps_are_spoiled_as_named() -> None:
    assert set(spoiled_values("timestamp-format/family")) == {"2026-11-22T10:00:00Z"}
    assert set(spoiled_values("timestamp-format/family", RFC3339)) == {1795341600000000000}
    assert set(spoiled_values("timestamp-format/unit")) == {1795341600}
    assert set(spoiled_values("timestamp-format/unit", RFC3339)) == {"2026-11-22 10:00:00"}
    assert set(spoiled_values("timestamp-precision", RFC3339)) == {"2026-11-22T10:00:00+00:00"}
    assert set(spoiled_values("timestamp-range/no-value")) == {0}
    assert set(spoiled_values("timestamp-range/long-ago", RFC3339)) == {"1999-01-01T00:00:00Z"}
    assert set(spoiled_values("timestamp-after-window", RFC3339)) == {"2026-11-22T10:15:00Z"}


def test_a_repeated_key_is_in_the_line_twice() -> None:
    _, spoiled, fault = spoil("line-key-repeated")
    for number in fault.lines:
        line = lines_of(spoiled)[number - 1]
        pairs = json.loads(line, object_pairs_hook=list)
        assert [key for key, _ in pairs].count(fault.field) == 2


def test_spoiled_lines_are_what_their_codes_say() -> None:
    def spoiled_lines(name: str) -> list[bytes]:
        _, spoiled, fault = spoil(name)
        return [lines_of(spoiled)[number - 1] for number in fault.lines]

    assert set(spoiled_lines("line-blank")) == {b""}
    assert {type(json.loads(line)) for line in spoiled_lines("line-not-object")} == {list}
    for line in spoiled_lines("line-not-json"):
        with pytest.raises(json.JSONDecodeError):
            json.loads(line)
    for line in spoiled_lines("line-not-utf8"):
        with pytest.raises(UnicodeDecodeError):
            line.decode()
    (long,) = spoiled_lines("line-too-long")
    assert len(long) > LINE_BYTES_MAX


def test_repeated_records_are_a_second_copy() -> None:
    clean, spoiled, fault = spoil("record-repeated")
    lines = lines_of(spoiled)
    assert lines[: len(clean.lines)] == list(clean.lines)
    assert [lines[number - 1] in clean.lines for number in fault.lines] == [True] * 3


def test_an_unrewritten_record_holds_the_lookup_that_the_option_disarms() -> None:
    clean, spoiled, fault = spoil("record-unrewritten", cve_2021_44228=True)
    assert not any(b"${" in line for line in clean.lines)
    armed = [n for n, line in enumerate(lines_of(spoiled), 1) if b"${" in line]
    assert armed == list(fault.lines)


def test_another_data_sets_records_replace_all() -> None:
    clean, spoiled, fault = spoil("dataset-other")
    assert fault.count == len(clean.lines)
    assert {"RuleID", "Datetime"} <= json.loads(lines_of(spoiled)[0]).keys()


def test_a_cut_object_ends_inside_its_member() -> None:
    clean, spoiled, _ = spoil("gzip-truncated")
    reader = zlib.decompressobj(31)
    plain = reader.decompress(spoiled.body)
    assert not reader.eof
    assert (b"\n".join(clean.lines) + b"\n").startswith(plain)


def test_a_corrupt_object_gives_half_of_its_lines() -> None:
    clean, spoiled, _ = spoil("gzip-corrupt")
    reader = zlib.decompressobj(31)
    assert reader.decompress(spoiled.body).split(b"\n")[:-1] == list(clean.lines[:20])
    with pytest.raises(zlib.error, match="invalid block type"):
        zlib.decompressobj(31).decompress(reader.unused_data)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("gzip-crc", "CRC"), ("gzip-length", "length"), ("not-gzip", "gzipped"),
     ("gzip-garbage", "gzipped")],
)  # fmt: skip
def test_other_gzip_faults_are_seen_by_any_reader(name: str, complaint: str) -> None:
    _, spoiled, _ = spoil(name)
    with pytest.raises(gzip.BadGzipFile, match=complaint):
        gzip.decompress(spoiled.body)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("key-day", "logs/20261119/20261122T100000Z_20261122T100500Z_9af500e2.log.gz"),
        ("key-window", "logs/20261122/20261122T100500Z_20261122T100000Z_9af500e2.log.gz"),
        ("key-name", "logs/20261122/copy-of-9af500e2.log.gz"),
        ("date-unsubstituted", "logs/{DATE}/20261122T100000Z_20261122T100500Z_9af500e2.log.gz"),
    ],
)
def test_a_spoiled_key_keeps_the_content(name: str, key: str) -> None:
    clean, spoiled, _ = spoil(name)
    assert spoiled.key == key
    assert spoiled.body == clean.write().body


def test_an_inserted_line_moves_the_faults_planted_before_it() -> None:
    rng = random.Random(3)
    spoiled = drop_field(batch(writer()), "RayID", count=5, rng=rng)
    spoiled = insert_blank_lines(spoiled, count=8, rng=rng)
    missing, blank = spoiled.planted
    assert [spoiled.lines[number - 1] for number in blank.lines] == [b""] * 8
    for number in missing.lines:
        assert "RayID" not in json.loads(spoiled.lines[number - 1])


def test_a_fault_that_the_job_has_no_field_for_says_so() -> None:
    of = RecordWriter("http_requests", ["RayID"])
    with pytest.raises(JobInvalid, match="no field of type int"):
        plant("field-type/quoted", batch(of), writer=of, rng=random.Random(1))
