"""Variations of a batch that a job may show at any time: a verifier must not mind one of them."""

import random
from collections.abc import Callable
from typing import Final

import msgspec

from receiver.emulator.batches import Batch, Packing, WrittenBatch, pack
from receiver.emulator.lines import encode_line
from receiver.emulator.visitors import hexadecimal

Variation = Callable[[Batch, random.Random], tuple[WrittenBatch, ...]]


def companions(path: str, rng: random.Random) -> tuple[WrittenBatch, ...]:
    """Return what stands beside the batches of a destination: Logpush's test, and a challenge."""
    folder = path.partition("{DATE}")[0]
    token = ".".join(hexadecimal(rng, digits) for digits in (36, 200, 86))
    return (
        WrittenBatch(key=folder + "test.txt.gz", body=pack(b'{"content":"test"}\n', Packing())),
        WrittenBatch(key=folder + "ownership-challenge.txt", body=token.encode()),
    )


def _packed(packing: Packing) -> Variation:
    return lambda batch, _: (msgspec.structs.replace(batch, packing=packing).write(),)


def _reordered(batch: Batch, rng: random.Random) -> tuple[WrittenBatch, ...]:
    lines = tuple(rng.sample(batch.lines, len(batch.lines)))
    return (msgspec.structs.replace(batch, lines=lines).write(),)


def _keys_shuffled(batch: Batch, rng: random.Random) -> tuple[WrittenBatch, ...]:
    def shuffle(line: bytes) -> bytes:
        pairs = list(msgspec.json.decode(line).items())
        return encode_line(dict(rng.sample(pairs, len(pairs))))

    return (msgspec.structs.replace(batch, lines=tuple(map(shuffle, batch.lines))).write(),)


def _split(batch: Batch, rng: random.Random) -> tuple[WrittenBatch, ...]:
    parts = (batch.lines[first::3] for first in range(3))
    return tuple(
        msgspec.structs.replace(batch, lines=lines, batch_id=hexadecimal(rng, 8)).write()
        for lines in parts
        if lines
    )


HARMLESS: Final[dict[str, Variation]] = {
    "several gzip members": _packed(Packing(members=5)),
    "zeros after the gzip": _packed(Packing(padding_bytes=512)),
    "stored, not compressed": _packed(Packing(level=0)),
    "no final newline": _packed(Packing(final_newline=False)),
    "records in another order": _reordered,
    "keys in another order": _keys_shuffled,
    "several objects for one window": _split,
}
"""By name. The last gives several objects for one batch."""
