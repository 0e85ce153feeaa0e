"""What is timed, side by side: our verifier, the bare loop it is held against, and gunzip alone.

The bare loop inflates, splits and decodes each line into a struct of exactly the job's fields: the
least that any program must do to know that the fields are there. It sees a missing field and a
wrong type, but not which line, and it stops there.
"""

import gc
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from isal import isal_zlib

from receiver.check.plan import Plan
from receiver.check.verifier import BatchVerifier
from receiver.job.expectation import Expectation, FieldType, TimestampFormat
from tests.bench.batches import ARRIVED, NAME

IN_BYTES = 64 << 10
OUT_BYTES = 256 << 10
CHUNK_BYTES = 256 << 10

Loop = Callable[[], int]

_TYPES: dict[FieldType, Any] = {
    FieldType.STRING: str,
    FieldType.INT: int,
    FieldType.FLOAT: float,
    FieldType.BOOL: bool,
    FieldType.OBJECT: dict[str, Any],
    FieldType.ARRAY_STRING: list[str],
    FieldType.ARRAY_INT: list[int],
    FieldType.ARRAY_OBJECT: list[dict[str, Any]],
    FieldType.UNKNOWN: Any,
}


def gunzip_loop(batch: bytes) -> Loop:
    """Inflate with isal and throw the bytes away; returns how many there were."""

    def run() -> int:
        inflate = isal_zlib.decompressobj(31)
        plain = 0
        for start in range(0, len(batch), IN_BYTES):
            data = batch[start : start + IN_BYTES]
            while True:
                block = inflate.decompress(data, OUT_BYTES)
                plain += len(block)
                data = inflate.unconsumed_tail
                if not data and len(block) < OUT_BYTES:
                    break
        return plain

    return run


def bare_loop(batch: bytes, expectation: Expectation) -> Loop:
    """Inflate, split, decode each line into a struct; returns the number of records."""
    assert expectation.fields is not None
    integers = expectation.timestamps in {TimestampFormat.UNIX, TimestampFormat.UNIXNANO}
    types = _TYPES | {FieldType.TIMESTAMP: int if integers else str}
    struct = msgspec.defstruct(
        "Record",
        [(name, types[field_type]) for name, field_type in expectation.fields.items()],
        forbid_unknown_fields=True,
        gc=False,
    )
    decode = msgspec.json.Decoder(struct).decode

    def run() -> int:
        inflate = isal_zlib.decompressobj(31)
        records = 0
        tail = b""
        for start in range(0, len(batch), IN_BYTES):
            data = batch[start : start + IN_BYTES]
            while True:
                block = inflate.decompress(data, OUT_BYTES // 2)
                lines = (tail + block).split(b"\n")
                tail = lines.pop()
                records += len(list(map(decode, lines)))
                data = inflate.unconsumed_tail
                if not data and len(block) < OUT_BYTES // 2:
                    break
        return records

    return run


def verify_loop(batch: bytes, expectation: Expectation) -> Loop:
    """Verify the batch whole; returns the number of records."""
    plan = Plan([expectation])

    def run() -> int:
        verifier = BatchVerifier(plan, key=NAME, arrived_at=ARRIVED)
        for start in range(0, len(batch), CHUNK_BYTES):
            verifier.feed(batch[start : start + CHUNK_BYTES])
        return verifier.close().records

    return run


def best_in_turns(loops: Sequence[Loop], rounds: int) -> list[float]:
    """Run all loops in turn, several times; the least CPU seconds of each."""
    best = [float("inf")] * len(loops)
    for _ in range(rounds):
        for place, loop in enumerate(loops):
            gc.collect()
            begun = time.process_time()
            loop()
            best[place] = min(best[place], time.process_time() - begun)
    return best
