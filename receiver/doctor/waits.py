"""How long the doctor waits, layer by layer: a person sits before it."""

from typing import Final

import msgspec

from receiver.store.bounds import Bounds


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """The waits of one examination; a test gives less."""

    lookup_seconds: float = 10.0  # a resolver gives up on its own after about so long
    connect_seconds: float = 10.0  # a machine that has not answered by then is not there
    handshake_seconds: float = 10.0  # a few round trips, on the slowest of lines
    answer_seconds: float = 30.0  # the batch behind a test takes longer to upload, not to answer
    bounds: Bounds = Bounds(call_seconds=15.0, stall_seconds=15.0)  # a store is asked four times


WAITS: Final = Waits()
