"""Sumo Logic's Search Job API on the wire: what is sent, what comes back, and a Message of ours.

Source: Sumo Logic, "Search Job APIs". Every value of a message is a string there, numbers too.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from receiver.secret import Secret
from receiver.store.stamp import EPOCH, from_seconds


class SearchJob(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What creates a search job; the times are local to `time_zone`."""

    query: str
    from_: str = msgspec.field(name="from")
    to: str
    time_zone: str
    by_receipt_time: bool
    requires_raw_messages: bool  # not the default since 2025-10, and messages are what we want


class Created(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to it."""

    id: Annotated[str, msgspec.Meta(min_length=1)]


class State(StrEnum):
    """The states that end the waiting; in all others the job goes on."""

    DONE = "DONE GATHERING RESULTS"
    FORCE_PAUSED = "FORCE PAUSED"  # at about 100,000 messages; those found can be read
    CANCELLED = "CANCELLED"


class Status(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How far a job is. Errors and warnings are told once, to the first who asks."""

    state: str
    message_count: int = 0
    pending_errors: tuple[str, ...] | None = None
    pending_warnings: tuple[str, ...] | None = None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One message as a page holds it: the names of its fields in small letters."""

    map: dict[str, object]

    def to_message(self) -> "Message":
        """Return it as ours; a field that is missing is empty, a time that makes no sense 1970."""
        return Message(
            id=self._text("_messageid"),
            received_at=self._time("_receipttime"),
            source_name=self._text("_sourcename"),
            raw=Secret(self._text("_raw")),
        )

    def _text(self, name: str) -> str:
        value = self.map.get(name)
        return "" if value is None else str(value)

    def _time(self, name: str) -> datetime:
        try:
            return from_seconds(int(self._text(name)) / 1000)
        except (ValueError, OverflowError):  # no number, or one past all floats
            return EPOCH


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """One page of messages."""

    messages: tuple[Row, ...]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One log message. What it says is a Secret: it may be a token."""

    id: str
    received_at: datetime  # UTC, by Sumo's clock
    source_name: str  # of its source, or what the sender put into X-Sumo-Name
    raw: Secret


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The messages of one search, in Sumo's order; `notes` say what may be missing."""

    messages: Sequence[Message]
    notes: tuple[str, ...] = ()  # whole clauses without a full stop
