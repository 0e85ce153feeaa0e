"""Faults of the object around the lines: its gzip, and its key."""

import random
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from receiver.emulator.batches import Batch, PlantedFault, WrittenBatch, name_time, pack
from receiver.emulator.line_faults import ERROR, WARNING

_TRAILER_BYTES = 8  # RFC 1952 2.3.1: CRC32, then the plain length, both little endian


def cut_object(batch: Batch, rng: random.Random) -> WrittenBatch:
    """The upload was cut: the object ends inside its gzip member."""
    whole = _plainly_packed(batch).write()
    cut = int(len(whole.body) * rng.uniform(0.4, 0.8))
    return _with_body(whole, whole.body[:cut], "gzip-truncated")


def corrupt_object(batch: Batch) -> WrittenBatch:
    """The second half of the lines is in a gzip member that cannot be inflated."""
    half = len(batch.lines) // 2
    first, second = (_text(lines) for lines in (batch.lines[:half], batch.lines[half:]))
    member = bytearray(pack(second, batch.packing))
    member[10] = 0b111  # RFC 1951 3.2.3: block type 3 is an error, right after the 10 header bytes
    whole = batch.write()
    return _with_body(whole, pack(first, batch.packing) + bytes(member), "gzip-corrupt")


def falsify_crc(batch: Batch) -> WrittenBatch:
    """The member's checksum is not that of its content."""
    whole = _plainly_packed(batch).write()
    return _with_body(whole, _flip(whole.body, len(whole.body) - _TRAILER_BYTES), "gzip-crc")


def falsify_length(batch: Batch) -> WrittenBatch:
    """The member's length is not that of its content."""
    whole = _plainly_packed(batch).write()
    return _with_body(whole, _flip(whole.body, len(whole.body) - 4), "gzip-length")


def append_garbage(batch: Batch) -> WrittenBatch:
    """Bytes that are neither zeros nor another member follow the last one."""
    whole = _plainly_packed(batch).write()
    return _with_body(whole, whole.body + b"<!-- 4 KB left -->", "gzip-garbage")


def leave_unpacked(batch: Batch) -> WrittenBatch:
    """The object holds the bare lines: somebody unpacked them on the way."""
    return _with_body(batch.write(), _text(batch.lines), "not-gzip")


def misplace_day(batch: Batch) -> WrittenBatch:
    """The object is in the folder of a day that its name has nothing to do with."""
    elsewhere = batch.path.replace("{DATE}", f"{batch.start - timedelta(days=3):%Y%m%d}")
    return _with_key(batch, elsewhere + batch.name, "key-day", ERROR)


def leave_token(batch: Batch) -> WrittenBatch:
    """The folder is literally called {DATE}."""
    return _with_key(batch, batch.path + batch.name, "date-unsubstituted", ERROR)


def turn_window(batch: Batch) -> WrittenBatch:
    """The name's window ends before it starts."""
    name = f"{name_time(batch.end)}_{name_time(batch.start)}_{batch.batch_id}.log.gz"
    return _with_key(batch, _folder(batch) + name, "key-window", ERROR)


def rename(batch: Batch) -> WrittenBatch:
    """The name is not one that Logpush gives: somebody copied the object."""
    return _with_key(batch, f"{_folder(batch)}copy-of-{batch.batch_id}.log.gz", "key-name", WARNING)


def _folder(batch: Batch) -> str:
    return batch.key.removesuffix(batch.name)


def _plainly_packed(batch: Batch) -> Batch:
    """One member and no padding: then the trailer is the object's end."""
    packing = msgspec.structs.replace(batch.packing, members=1, padding_bytes=0)
    return msgspec.structs.replace(batch, packing=packing)


def _text(lines: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _flip(body: bytes, at: int) -> bytes:
    return body[:at] + bytes([body[at] ^ 0x01]) + body[at + 1 :]


def _with_body(whole: WrittenBatch, body: bytes, code: str) -> WrittenBatch:
    fault = PlantedFault(key=whole.key, code=code, severity=ERROR)
    return msgspec.structs.replace(whole, body=body, planted=(*whole.planted, fault))


def _with_key(batch: Batch, key: str, code: str, severity: str) -> WrittenBatch:
    whole = batch.write()
    fault = PlantedFault(key=key, code=code, severity=severity)
    moved = tuple(msgspec.structs.replace(each, key=key) for each in whole.planted)
    return WrittenBatch(key=key, body=whole.body, planted=(*moved, fault))
