"""Google's answers that are no success, in our words and its own. Its addresses hold no secret."""

from typing import Final, Literal

import msgspec

from receiver.errors import (
    ObjectChanged,
    ObjectMissing,
    StoreDenied,
    StoreError,
    StoreUnavailable,
)

Need = Literal["list", "read", "write"]

NEEDS: Final[dict[Need, str]] = {
    "list": "storage.objects.list (in roles/storage.objectViewer)",
    "read": "storage.objects.get (in roles/storage.objectViewer)",
    "write": "storage.objects.create and storage.objects.delete (in roles/storage.objectUser)",
}

LIMITED: Final = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"})
"""Reasons of a 403 that ask for patience, not for a right."""

MESSAGE_CHARS_MAX: Final = 300


def refusal(status: int, said: bytes, *, name: str, need: Need) -> StoreError:
    """Return our error for an answer; `said` is its body, `name` the object or the bucket."""
    message, reason = _read(said)
    google = f"; Google says: {message}" if message else ""
    if status == 404:
        return ObjectMissing(f"{name}: no such bucket")
    if status in {412, 416}:  # 416: it was longer when it was listed
        return ObjectChanged(f"{name}: replaced while it was read")
    if status in {408, 429} or status >= 500 or reason in LIMITED:
        return StoreUnavailable(f"{name}: the server answered {status}{google}")
    if status == 401:
        return StoreDenied(
            f"{name}: the credentials are missing or refused; "
            f"the account needs {NEEDS[need]}{google}"
        )
    if status == 403:
        return StoreDenied(f"{name}: access denied; the account needs {NEEDS[need]}{google}")
    return StoreDenied(f"{name}: the server refuses the call ({status}){google}")


def words_of(error: BaseException) -> str:
    """Say a broken connection in the driver's words."""
    return f"the connection failed: {error or type(error).__name__}"


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
