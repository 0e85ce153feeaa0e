"""The gzip layer alone: what comes out, in which order, and that it comes in small blocks."""

import gzip
import zlib

import pytest

from receiver.batch.gunzip import Gunzip, GzipFault, GzipState
from receiver.limits import INFLATE_OUTPUT_BYTES

TEXT = b"".join(b'{"n":%d}\n' % number for number in range(20_000))


def parts_of(data: bytes, chunk: int = 1 << 20) -> tuple[Gunzip, list[bytes | GzipFault]]:
    gunzip = Gunzip()
    parts: list[bytes | GzipFault] = []
    for at in range(0, len(data), chunk):
        parts += gunzip.feed(data[at : at + chunk])
    return gunzip, parts + list(gunzip.close())


def plain_of(parts: list[bytes | GzipFault]) -> bytes:
    return b"".join(part for part in parts if isinstance(part, bytes))


@pytest.mark.parametrize("level", [0, 1, 6, 9])
@pytest.mark.parametrize("chunk", [1, 1000, 1 << 20])
def test_what_gzip_wrote_is_read(level: int, chunk: int) -> None:
    text = TEXT if chunk > 1 else TEXT[:3000]
    gunzip, parts = parts_of(gzip.compress(text, level), chunk)
    assert plain_of(parts) == text
    assert not any(isinstance(part, GzipFault) for part in parts)
    assert gunzip.plain_bytes == len(text)


def test_plain_text_comes_in_small_blocks_whatever_came_in() -> None:
    _, parts = parts_of(gzip.compress(b" " * 5_000_000), 1 << 20)
    assert max(len(part) for part in parts if isinstance(part, bytes)) <= INFLATE_OUTPUT_BYTES


def test_a_fault_stands_at_its_place_in_the_stream() -> None:
    first, second = gzip.compress(b"a\n"), gzip.compress(b"b\n")
    _, parts = parts_of(first[:-8] + b"0000" + first[-4:] + second + b"rest")
    assert [part if isinstance(part, bytes) else part.state for part in parts] == [
        b"a\n",
        GzipState.CRC,
        b"b\n",
        GzipState.GARBAGE,
    ]


def test_after_what_cannot_be_read_the_bytes_are_only_counted() -> None:
    data = gzip.compress(TEXT) + b"garbage" + gzip.compress(TEXT)
    gunzip, parts = parts_of(data)
    assert plain_of(parts) == TEXT
    assert gunzip.compressed_bytes == len(data)


@pytest.mark.parametrize("cut", range(1, 18))
def test_any_cut_is_seen(cut: int) -> None:
    gunzip, parts = parts_of(gzip.compress(b"{}\n")[:-cut])
    assert [part.state for part in parts if isinstance(part, GzipFault)] == [GzipState.TRUNCATED]
    assert gunzip.cut


def test_a_deflate_stream_that_looks_back_too_far_is_corrupt() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=TEXT[:5000])
    body = packer.compress(TEXT[:5000]) + packer.flush()
    gunzip, parts = parts_of(gzip.compress(b"")[:10] + body + b"\0" * 8)
    assert [part.state for part in parts if isinstance(part, GzipFault)] == [GzipState.CORRUPT]
    assert gunzip.cut


def test_a_name_without_an_end_is_no_header() -> None:
    _, parts = parts_of(b"\x1f\x8b\x08\x08" + b"\0" * 6 + b"n" * 200_000)
    assert [part.state for part in parts if isinstance(part, GzipFault)] == [GzipState.CORRUPT]
