"""An object's time stamp in UTC, whatever a store says it is."""

from datetime import UTC, datetime
from typing import Final

EPOCH: Final = datetime.fromtimestamp(0, UTC)
"""Stands for a time that is in no calendar: older than all that was ever written."""


def from_seconds(seconds: float) -> datetime:
    """Return the time of so many seconds since 1970; EPOCH where no year of ours has it."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return EPOCH


def in_utc(time: datetime) -> datetime:
    """Return a time in UTC; EPOCH where its zone takes it out of the calendar."""
    try:
        return time.astimezone(UTC)
    except OverflowError:
        return EPOCH
