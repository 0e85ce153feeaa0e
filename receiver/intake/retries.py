"""What becomes of an object that could not be read: when it is tried again, if it is."""

from datetime import datetime, timedelta
from random import Random
from typing import Final

import msgspec

from receiver.errors import Reason
from receiver.intake.backoff import backoff_seconds
from receiver.ledger.ledger import Entry
from receiver.limits import (
    INTAKE_PAUSE_SECONDS_MAX,
    INTAKE_RETRY_SECONDS,
    INTAKE_RETRY_SECONDS_MAX,
)
from receiver.workers.reading import Answer

_OF_OBJECT: Final = frozenset(
    {Reason.OBJECT_MISSING, Reason.OBJECT_CHANGED, Reason.OBJECT_ARCHIVED}
)
_OF_PLACE: Final = frozenset(
    {
        Reason.BUCKET_MISSING,
        Reason.KEYS_MISSING,
        Reason.KEYS_WRONG,
        Reason.KEYS_EXPIRED,
        Reason.REGION_WRONG,
        Reason.SAS_EXPIRED,
        Reason.SAS_EARLY,
        Reason.SAS_WRITE_ONLY,
        Reason.SAS_WRONG,
        Reason.CLOCK_SKEW,
    }
)


class Retries(msgspec.Struct, frozen=True, kw_only=True):
    """How often, and for how long, what cannot be read is tried: until both have passed."""

    tries: int = 8
    park_after: timedelta = timedelta(hours=24)


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done with an Entry."""

    next_try_at: datetime | None
    park: bool


def retry_of(
    entry: Entry, answer: Answer, *, retries: Retries, now: datetime, random: Random
) -> Retry:
    """Decide on an object that could not be read.

    One that is gone, or that will never be readable (archived, refused), is parked at once. One
    that shares its trouble with all of its place is never parked: that is for a person to mend,
    and then it goes on by itself.
    """
    of_place = _is_of_place(answer)
    if parked_at_once(answer):
        return Retry(next_try_at=None, park=True)
    tries = entry.tries + 1
    if not of_place and tries >= retries.tries and now - entry.seen_at >= retries.park_after:
        return Retry(next_try_at=None, park=True)
    longest = INTAKE_PAUSE_SECONDS_MAX if of_place else INTAKE_RETRY_SECONDS_MAX
    seconds = backoff_seconds(tries, first=INTAKE_RETRY_SECONDS, longest=longest, random=random)
    return Retry(next_try_at=now + timedelta(seconds=seconds), park=False)


def parked_at_once(answer: Answer) -> bool:
    """Tell whether no other try of the object could end otherwise."""
    return not _is_of_place(answer) and _hopeless(answer.reason)


def doubts_place(answer: Answer) -> bool:
    """Tell whether another object of the place may well be read no better."""
    return answer.of_place or (answer.reason is not None and answer.reason not in _OF_OBJECT)


def _is_of_place(answer: Answer) -> bool:
    return answer.of_place or answer.reason in _OF_PLACE


def _hopeless(reason: Reason | None) -> bool:
    if reason is None:  # ours, or a worker's end
        return False
    return reason is Reason.OBJECT_MISSING or not (
        reason.may_pass or reason is Reason.OBJECT_CHANGED
    )
