"""A Change: one thing in which two Jobs differ."""

from typing import Any

import msgspec


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What was and what is, as JSON values; None where there is nothing. Shows no secret.

    Two secrets that differ are both "[redacted]".
    """

    field: str  # "enabled", "options.sample", "destination.region"
    before: Any
    after: Any
