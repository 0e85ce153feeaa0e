"""What a SAS lacks for a need, by its own words and by the service's."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec

from receiver.destination.azure import Sas
from receiver.errors import Reason
from receiver.store.denial import DENIED, Need

LETTER: Final[dict[Need, str]] = {"list": "l", "read": "r", "write": "w"}
RESOURCE_TYPE: Final[dict[Need, str]] = {"list": "c", "read": "o", "write": "o"}

_LETTERS: Final = re.compile("[a-z]+")

_FRAME: Final = re.compile(
    r"time frame: Start \[(?P<start>.*?)\] - Expiry \[(?P<end>.*?)\] - Current \[(?P<now>.*?)\]"
)


class Lack(msgspec.Struct, frozen=True, kw_only=True):
    """Why a SAS does not do; `right` is what it would have to say, where that is it."""

    words: str  # of the SAS: "expired at 2026-11-22 10:15 UTC"
    reason: Reason
    right: str = ""


def lack_of(sas: Sas, need: Need, now: datetime) -> Lack | None:
    """Say why a SAS does not do for a need, by its own words; None if it may do.

    A SAS that names a stored policy tells nothing of its rights: only the store knows them.
    """
    letter, types = LETTER[need], RESOURCE_TYPE[need]
    if sas.expires_at is not None and sas.expired(now):
        return _expired(sas.expires_at)
    if sas.starts_at is not None and sas.starts_at > now:
        return _early(sas.starts_at)
    if sas.permissions and not _LETTERS.fullmatch(sas.permissions):
        words = "is altered or not Azure's: its sp is not made of small letters"
        return Lack(words=words, reason=Reason.SAS_WRONG)
    if sas.permissions and letter not in sas.permissions:
        write_only = need != "write" and not {"r", "l"} & set(sas.permissions)
        lacks = f"lacks the permission to {need}"
        cannot = "can only write, and reads nothing back" if write_only else lacks
        return Lack(
            words=f"{cannot} (sp={sas.permissions} has no {letter})",
            reason=Reason.SAS_WRITE_ONLY if write_only else DENIED[need],
            right=f"sp={letter}",
        )
    if sas.resource_types and types not in sas.resource_types:
        return Lack(
            words=f"is for other resource types (srt={sas.resource_types}); "
            f"to {need} takes srt with {types}",
            reason=DENIED[need],
            right=f"srt={types}",
        )
    if sas.permissions and not (sas.by_policy or sas.resource or sas.resource_types):
        words = "says neither what it is for (sr) nor for which resource types (srt): not all of it"
        return Lack(words=f"{words} was copied", reason=Reason.SAS_WRONG)
    if (need == "list" and not sas.can_list) or (need == "read" and not sas.can_read):
        words = f"does not permit to {need}: it is not a container's (sr=c), nor for blobs (ss=b)"
        return Lack(words=words, reason=DENIED[need], right="sr=c")
    return None


def untimely(detail: str) -> Lack | None:
    """Read when a SAS is valid, in the words of the service that found it not to be now.

    A stored policy may have set the times, and the service's clock is the one that counts.
    """
    found = _FRAME.search(detail)
    if found is None:
        return None
    try:
        start, end, now = (parsedate_to_datetime(found[name]) for name in ("start", "end", "now"))
        return _early(start) if now < start else _expired(end)
    except (ValueError, TypeError, OverflowError):  # no dates, or without a zone
        return None


def _expired(at: datetime) -> Lack:
    return Lack(words=f"expired at {_minute(at)}", reason=Reason.SAS_EXPIRED)


def _early(at: datetime) -> Lack:
    return Lack(words=f"is not valid before {_minute(at)}", reason=Reason.SAS_EARLY)


def _minute(at: datetime) -> str:
    """Say a time; `isoformat`, for `strftime` writes the year 1 as it is.

    Raises:
        ValueError: it has no zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time without its zone")
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(' ', 'minutes')} UTC"
