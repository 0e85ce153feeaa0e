"""What looking for a challenge gives: the Challenge with its Token, or why there is none."""

from datetime import datetime
from typing import Protocol

import msgspec

from receiver.ownership.token import Token


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """That Logpush wrote a challenge: its key in the bucket (of Sumo, what names the message)."""

    key: str
    written_at: datetime  # UTC, by the store's clock


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """A challenge that was read."""

    written: Written
    token: Token
    others: tuple[Written, ...] = ()  # older ones that were met and not read, newest first
    notes: tuple[str, ...] = ()  # whole clauses without a full stop


class NoChallenge(msgspec.Struct, frozen=True, kw_only=True):
    """It was looked, and there is none; or what is there holds no token."""

    message: str  # names where was looked, and the remedy
    brief: str = ""  # a short clause for who waits: "no challenge in gs://b/logs yet"
    looked_in: tuple[str, ...] = ()  # prefixes or keys


class Search(Protocol):
    """A way to look for the challenge of one destination."""

    async def look(self) -> Challenge | NoChallenge:
        """Look once.

        Raises:
            StoreError: it could not be looked.
        """
        ...
