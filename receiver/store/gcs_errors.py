"""Google's answers that are no success, in our words and its own. Its addresses hold no secret."""

from enum import Enum
from typing import Final

import msgspec

from receiver.errors import (
    ObjectChanged,
    ObjectMissing,
    Reason,
    StoreDenied,
    StoreError,
    StoreUnavailable,
)
from receiver.store.denial import DENIED, Need
from receiver.store.web import PROXY_REFUSES, refused_by_proxy


class Caller(Enum):
    """Who we are to Google."""

    ACCOUNT = "with credentials"
    NOBODY = "without credentials, for the server is an emulator"
    ANONYMOUS = "without credentials, to see whether anybody may"


NEEDS: Final[dict[Need, str]] = {
    "list": "storage.objects.list (in roles/storage.objectViewer)",
    "read": "storage.objects.get (in roles/storage.objectViewer)",
    "write": "storage.objects.create and storage.objects.delete (in roles/storage.objectUser)",
}

LIMITED: Final = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"})
"""Reasons of a 403 that ask for patience, not for a right."""

OWN_REASONS: Final = frozenset(
    {
        *("accountDisabled", "userProjectAccountProblem", "userProjectAccessDenied"),
        *("countryBlocked", "sslRequired", "retentionPolicyNotMet", "objectUnderActiveHold"),
    }
)
"""Reasons of a 403 that no right helps against."""

NO_BUCKET: Final = b"bucket does not exist"
NO_OBJECT: Final = b"No such object"

MESSAGE_CHARS_MAX: Final = 300


def refusal(status: int, said: bytes, *, name: str, need: Need, caller: Caller) -> StoreError:
    """Return our error for an answer; `said` is its body, `name` the object or the bucket."""
    if status == PROXY_REFUSES:
        return refused_by_proxy(name, status)
    message, reason = _read(said)
    google = f"; Google says: {message}" if message else ""
    if status == 404:
        if need == "read" and NO_OBJECT in said:
            return ObjectMissing(f"{name}: no such object")
        return ObjectMissing(f"{name}: no such bucket", reason=Reason.BUCKET_MISSING)
    if status in {412, 416}:  # 416: it was longer when it was listed
        return ObjectChanged(f"{name}: replaced while it was read")
    if status in {408, 429} or status >= 500 or reason in LIMITED:
        return StoreUnavailable(f"{name}: the server answered {status}{google}")
    if status in {401, 403} and caller is Caller.ANONYMOUS:
        return StoreDenied(
            f"{name}: access denied to anonymous callers; it takes {NEEDS[need]}, "
            f"for allUsers{google}",
            reason=DENIED[need],
            right=right_of(need),
        )
    if status == 401:
        return StoreDenied(
            f"{name}: the credentials are missing or refused; "
            f"the account needs {NEEDS[need]}{google}",
            reason=Reason.KEYS_MISSING if caller is Caller.NOBODY else Reason.KEYS_WRONG,
        )
    if status == 403 and reason not in OWN_REASONS:
        return StoreDenied(
            f"{name}: access denied; the account needs {NEEDS[need]}{google}",
            reason=DENIED[need],
            right=right_of(need),
        )
    return StoreDenied(f"{name}: the server refuses the call ({status}){google}")


def says_what_is_missing(said: bytes) -> bool:
    """Whether a 404's body tells the bucket from the object; the real server's does."""
    return NO_BUCKET in said or NO_OBJECT in said


def right_of(need: Need) -> str:
    """Return the permission alone: "storage.objects.list"."""
    return NEEDS[need].partition(" ")[0]


class _Reason(msgspec.Struct, frozen=True, kw_only=True):
    reason: str = ""


class _Error(msgspec.Struct, frozen=True, kw_only=True):
    message: str = ""
    errors: tuple[_Reason, ...] = ()


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    """What the API says of an error, on the wire."""

    error: _Error = _Error()


def _read(said: bytes) -> tuple[str, str]:
    """Return an error's message, cut, and its first reason; empty where the body is no JSON."""
    try:
        error = msgspec.json.decode(said, type=_Body).error
    except ValueError:
        return "", ""
    return error.message[:MESSAGE_CHARS_MAX], error.errors[0].reason if error.errors else ""
