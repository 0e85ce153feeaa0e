"""What is inside of a batch."""

import gzip

from receiver.emulator.batches import Batch


def plain_of(batch: Batch) -> bytes:
    return gzip.decompress(batch.write().body)
