"""How long a store waits and how much it asks for at once: limits.py, unless a test gives less."""

from typing import Final

import msgspec

from receiver.limits import (
    LISTING_PAGE_OBJECTS,
    STORE_ATTEMPTS_MAX,
    STORE_CALL_SECONDS,
    STORE_RETRY_SECONDS,
    STORE_STALL_SECONDS,
)


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds of one store; every `open_...` takes them as `bounds`."""

    page_objects: int = LISTING_PAGE_OBJECTS
    call_seconds: float = STORE_CALL_SECONDS
    stall_seconds: float = STORE_STALL_SECONDS
    retry_seconds: float = STORE_RETRY_SECONDS
    attempts_max: int = STORE_ATTEMPTS_MAX


BOUNDS: Final = Bounds()
