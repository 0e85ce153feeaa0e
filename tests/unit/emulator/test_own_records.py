import gzip
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from receiver.emulator.own_file import OwnFile, lines_of, read_time
from receiver.emulator.own_records import OwnRecords, empty_value
from receiver.emulator.timestamps import nanoseconds
from receiver.errors import SelectionInvalid
from receiver.job.catalogue import dataset, datasets
from receiver.job.expectation import FieldType, TimestampFormat

START = datetime(2026, 11, 22, 10, tzinfo=UTC)
END = START + timedelta(seconds=30)
WINDOW = (nanoseconds(START), nanoseconds(END))
FIELDS = ("ClientIP", "EdgeStartTimestamp", "EdgeEndTimestamp", "BotScore", "BotTags", "Cookies")
LINES: list[dict[str, Any]] = [
    {"ClientIP": "192.0.2.1", "EdgeStartTimestamp": "2020-01-01T00:00:00.250Z",
     "EdgeEndTimestamp": 1_577_836_801, "Unasked": 1},
    {"ClientIP": "192.0.2.2", "EdgeStartTimestamp": 1_577_836_800_000_000_007, "BotScore": 7},
    {"ClientIP": "192.0.2.3", "Cookies": {"a": "b"}},
]  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "own.ndjson", LINES)


def write(path: Path, lines: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def own(path: Path, fields: Sequence[str] = FIELDS, name: str = "http_requests") -> OwnRecords:
    known, form = dataset(name), TimestampFormat.UNIXNANO
    return OwnRecords(OwnFile(path), dataset=known, fields=fields, timestamps=form, seed=1)


def refusal(path: Path, text: bytes) -> str:
    path.write_bytes(text)
    with pytest.raises(SelectionInvalid) as caught:
        own(path)
    return str(caught.value)


def test_records_come_in_the_files_order_again_and_again(path: Path) -> None:
    records = own(path)
    seen: list[str] = []
    for number in range(4):
        start = START + number * timedelta(seconds=30)
        window = records.records_alone(start, start + timedelta(seconds=30), 5)
        seen += [record["ClientIP"][-1] for record in window]
    assert "".join(seen) in "123" * 8
    assert len(seen) == 20


def test_jobs_share_what_was_read_once(path: Path) -> None:
    source, known = OwnFile(path), dataset("http_requests")
    path.unlink()
    assert source.records(known) is source.records(known)
    (elsewhere, *_) = source.records(dataset("firewall_events"))
    assert elsewhere.values is source.records(known)[0].values
    assert elsewhere.times == {}


def test_times_move_into_the_window_and_keep_their_distances(path: Path) -> None:
    for record in own(path).records_alone(START, END, 300):
        start, end = record["EdgeStartTimestamp"], record["EdgeEndTimestamp"]
        assert WINDOW[0] - 300 * 10**9 <= max(start, end) < WINDOW[1]
        if record["ClientIP"].endswith("1"):
            assert end - start == 750_000_000
        else:  # the file has no end, and an event always has its time
            assert end == max(start, end)


def test_a_field_that_is_missing_has_its_empty_value_and_what_nobody_asked_for_is_left_out(
    path: Path,
) -> None:
    first, second, third = sorted(
        own(path).records_alone(START, END, 3), key=lambda record: str(record["ClientIP"])
    )
    assert list(first) == list(FIELDS)
    assert (first["BotScore"], first["BotTags"], first["Cookies"]) == (0, [], {})
    assert second["BotScore"] == 7
    assert third["Cookies"] == {"a": "b"}


def test_the_same_window_has_the_same_records_whatever_came_before(path: Path) -> None:
    records = own(path)
    first = list(records.records_alone(START, END, 20))
    list(records.records_alone(END, END + timedelta(seconds=30), 7))
    assert list(records.records_alone(START, END, 20)) == first
    assert list(own(path).records_alone(START, END, 20)) == first


def test_no_time_stays_no_time(tmp_path: Path) -> None:
    opened = {"Timestamp": 1_600_000_000, "ConnectTimestamp": "2020-09-13T12:26:40Z"}
    nothing = (0, "", None, "1970-01-01T00:00:00Z")
    lines = [opened | {"DisconnectTimestamp": value} for value in nothing]
    path = write(tmp_path / "own", lines)
    fields = ("Timestamp", "ConnectTimestamp", "DisconnectTimestamp")
    for record in own(path, fields, "spectrum_events").records_alone(START, END, 8):
        assert record["DisconnectTimestamp"] == 0
        assert record["ConnectTimestamp"] == record["Timestamp"] < WINDOW[1]


def test_milliseconds_stay_milliseconds(tmp_path: Path) -> None:
    path = write(tmp_path / "own", [{"EventTimestampMs": 1_600_000_000_123}])
    (record,) = own(path, ["EventTimestampMs"], "workers_trace_events").records_alone(START, END, 1)
    assert len(str(record["EventTimestampMs"])) == 13
    assert record["EventTimestampMs"] < WINDOW[1] // 10**6


def test_a_gzip_file_reads_as_what_is_inside(path: Path, tmp_path: Path) -> None:
    packed = tmp_path / "own.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()) + gzip.compress(b'\n{"ClientIP":"4"}'))
    assert [number for number, _ in lines_of(packed)] == [1, 2, 3, 5]
    assert len({r["ClientIP"] for r in own(packed).records_alone(START, END, 4)}) == 4


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b'{"ClientIP":"a"}\n\n{"secret', "line 3: not JSON that can be read"),
        (b'{"ClientIP":"a"}\n["secret"]', "line 2: not a JSON object"),
        (b'{"ClientIP":"secret\xff"}', "line 1: not JSON"),
        (b'{"EdgeStartTimestamp":"secret"}', "line 1: EdgeStartTimestamp is no time"),
        (b'{"EdgeEndTimestamp":1.5}', "line 1: EdgeEndTimestamp is no time"),
        (b"[" * 100_000, "line 1: not JSON"),
        (b"\n \n", "there is no record in it"),
        (b"\x1f\x8bnot gzip", "cannot be read"),
    ],
)
def test_a_bad_line_is_refused_by_its_number_and_never_shown(
    tmp_path: Path, text: bytes, told: str
) -> None:
    message = refusal(tmp_path / "own.ndjson", text)
    assert told in message
    assert "own.ndjson" in message
    assert "secret" not in message


def test_a_file_that_is_not_there_or_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SelectionInvalid, match="none: cannot be read"):
        own(tmp_path / "none")
    monkeypatch.setattr("receiver.emulator.own_file.PLAIN_BYTES_MAX", 10)
    assert "take a part of it" in refusal(tmp_path / "own", b'{"ClientIP":"a"}')


@pytest.mark.parametrize(
    ("value", "nanos"),
    [
        (1_600_000_000, 1_600_000_000 * 10**9),
        (1_600_000_000_123_456_789, 1_600_000_000_123_456_789),
        ("2020-09-13T12:26:40Z", 1_600_000_000 * 10**9),
        ("2020-09-13T12:26:40.123456789Z", 1_600_000_000_123_456_789),
        ("2020-09-13t14:26:40.5+02:00", 1_600_000_000_500_000_000),
        ("0001-01-01T00:00:00Z", 0),
        ("", 0), (None, 0), (0, 0),
        ("1600000000", None), (True, None), (-1, None), (1.5, None), ("2020-13-01T00:00:00Z", None),
        ("2020-09-13T12:26:40", None), ({}, None),
    ],
)  # fmt: skip
def test_times_are_read_in_every_format_that_logpush_writes(value: Any, nanos: int | None) -> None:
    assert read_time(value) == nanos


def test_every_documented_type_has_an_empty_value() -> None:
    kinds = {kind for each in datasets() for kind in each.types().values()}
    for kind in kinds - {FieldType.TIMESTAMP}:
        assert not empty_value(kind)
