"""What is wrong with the gzip of a batch, beside what is wrong with its lines."""

import bz2
import gzip
import lzma
import zipfile
import zlib
from io import BytesIO

import pytest

from tests.unit.check.factories import found, http_job, lines, only, record, report_of

TEXT = lines(*(record(ClientIP=f"203.0.113.{number}") for number in range(200)))
PACKED = gzip.compress(TEXT, 6, mtime=0)


def test_a_whole_object_is_fine_and_its_bytes_are_counted() -> None:
    report = report_of(b"", packed=PACKED)
    assert (report.findings, report.records) == ((), 200)
    assert (report.plain_bytes, report.compressed_bytes) == (len(TEXT), len(PACKED))


@pytest.mark.parametrize("padding", [b"", b"\0", b"\0" * 70_000])
def test_members_and_padding_are_all_of_a_batch(padding: bytes) -> None:
    middle = gzip.compress(TEXT[1000:1001], mtime=0)
    packed = [gzip.compress(TEXT[:1000]), gzip.compress(b""), middle, gzip.compress(TEXT[1001:])]
    report = report_of(b"", packed=b"".join(part + padding for part in packed))
    assert (report.findings, report.records) == ((), 200)


@pytest.mark.parametrize("kept", [1, 2, 5, 9, 10, 12, -9, -8, -1])
def test_an_object_that_ends_inside_a_member_is_truncated(kept: int) -> None:
    report = report_of(b"", packed=PACKED[:kept])
    assert found(report) == [("gzip-truncated", "error", "", 1)]
    assert only(report).examples[0].line == 0


def test_an_object_without_bytes_is_truncated() -> None:
    assert found(report_of(b"", packed=b"")) == [("gzip-truncated", "error", "", 1)]


def test_of_a_cut_batch_the_last_line_is_not_judged() -> None:
    whole = gzip.compress(TEXT + b'{"ClientIP":', 0)
    report = report_of(b"", packed=whole[:-8])
    assert (found(report), report.records) == ([("gzip-truncated", "error", "", 1)], 200)
    assert only(report).examples[0].got == "after line 200"
    assert ("line-not-json", "error", "", 1) in found(report_of(b"", packed=whole))


def test_a_wrong_checksum_costs_no_record() -> None:
    report = report_of(b"", packed=PACKED[:-8] + b"\1\2\3\4" + PACKED[-4:])
    assert (found(report), report.records) == ([("gzip-crc", "error", "", 1)], 200)
    assert only(report).expected == "04030201 (the trailer's)"
    assert only(report).got == f"{zlib.crc32(TEXT):08x}"


def test_a_wrong_length_costs_no_record() -> None:
    report = report_of(b"", packed=PACKED[:-4] + b"\0\0\0\0")
    assert (found(report), report.records) == ([("gzip-length", "error", "", 1)], 200)
    assert only(report).got == str(len(TEXT))


@pytest.mark.parametrize("after", [b"x", b"\x1f", b"PK\x03\x04", b"\0\0x", b"\x1e\x8b" * 50_000])
def test_what_follows_the_gzip_data_is_not_read(after: bytes) -> None:
    report = report_of(b"", packed=PACKED + after)
    assert (found(report), report.records) == ([("gzip-garbage", "error", "", 1)], 200)


def test_a_member_that_begins_and_ends_at_once_is_truncated() -> None:
    report = report_of(b"", packed=PACKED + b"\x1f\x8b")
    assert (found(report), report.records) == ([("gzip-truncated", "error", "", 1)], 200)
    assert only(report).got == "it ends inside member 2"


@pytest.mark.parametrize(
    "header",
    [
        b"\x1f\x8b\x07" + b"\0" * 7,
        b"\x1f\x8b\x08\x80" + b"\0" * 6,
        b"\x1f\x8b\x08\x02" + b"\0" * 6 + b"xx",
    ],
)
def test_a_header_that_no_gzip_has_is_corrupt(header: bytes) -> None:
    assert found(report_of(b"", packed=header + PACKED[10:])) == [("gzip-corrupt", "error", "", 1)]


def test_data_that_are_no_deflate_end_what_can_be_read() -> None:
    stored = gzip.compress(TEXT, 0)
    report = report_of(b"", packed=PACKED + stored[:10] + b"\xff" * 100)
    assert (found(report), report.records) == ([("gzip-corrupt", "error", "", 1)], 200)


def test_every_optional_part_of_a_header_is_read_over() -> None:
    flags = b"\x1f\x8b\x08\x1e\0\0\0\0\0\xff" + b"\3\0abc" + b"name\0" + b"comment\0"
    header = flags + (zlib.crc32(flags) & 0xFFFF).to_bytes(2, "little")
    assert report_of(b"", packed=header + PACKED[10:]).findings == ()
    wrong = report_of(b"", packed=flags + b"\0\0" + PACKED[10:])
    assert only(wrong).code == "gzip-corrupt"


def test_plain_text_is_told_and_checked_all_the_same() -> None:
    report = report_of(b"", packed=TEXT + b"{")
    assert found(report) == [("line-not-json", "error", "", 1), ("not-gzip", "error", "", 1)]
    assert (report.records, report.plain_bytes) == (200, len(TEXT) + 1)


def zipped() -> bytes:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("batch.log", TEXT)
    return archive.getvalue()


@pytest.mark.parametrize(
    ("packed", "what"),
    [
        (bz2.compress(TEXT), "bzip2 data"),
        (lzma.compress(TEXT), "xz data"),
        (zipped(), "a zip archive"),
        (b"\x28\xb5\x2f\xfd" + TEXT, "zstd data"),
        (b"\x04\x22\x4d\x18" + TEXT, "lz4 data"),
    ],
)
def test_what_another_program_compressed_has_no_lines(packed: bytes, what: str) -> None:
    report = report_of(b"", packed=packed)
    assert found(report) == [("not-gzip", "error", "", 1)]
    assert (only(report).got, report.records, report.plain_bytes) == (what, 0, 0)
    assert report.compressed_bytes == len(packed)


def test_gzip_of_gzip_is_no_lines() -> None:
    report = report_of(PACKED)
    assert report.records == 0
    assert report.verdict == "fail"


@pytest.mark.parametrize("packed", [gzip.compress(b""), gzip.compress(b"") * 3 + b"\0" * 9])
def test_a_batch_without_a_line_is_a_warning(packed: bytes) -> None:
    report = report_of(b"", packed=packed)
    assert found(report) == [("batch-empty", "warning", "", 1)]
    assert report.verdict == "pass"


def test_a_batch_of_blank_lines_is_not_empty() -> None:
    assert found(report_of(b"\n\n")) == [("line-blank", "warning", "", 2)]


def test_a_bomb_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("receiver.check.verifier.PLAIN_BYTES_MAX", 10_000)
    report = report_of(b"{}\n" + b" " * 1_000_000, http_job())
    assert ("batch-too-large", "error", "", 1) in found(report)
    assert "line-blank" not in {code for code, *_ in found(report)}
