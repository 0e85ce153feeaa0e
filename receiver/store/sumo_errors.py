"""Sumo Logic's answers that are no success, in our words and its own.

Its own are shown only with the keys hidden, and cut where they quote what looks like a token.
"""

import re
from collections.abc import Callable
from typing import Final, Literal

import msgspec

from receiver.errors import Reason, StoreDenied, StoreError, StoreUnavailable
from receiver.secret import REDACTED
from receiver.store.web import PROXY_REFUSES, refused_by_proxy

Need = Literal["search", "read"]

CAPABILITIES: Final = "Download Search Results, View Collectors, Manage Access Keys"
"""What a role needs for the Search Job API; Sumo does not say which call needs which."""

MESSAGE_CHARS_MAX: Final = 300

JOB_INVALID: Final = "jobid.invalid"

_TOKEN: Final = re.compile(r"eyJ[A-Za-z0-9_-]{8,}[A-Za-z0-9_.-]*")
_REASONS: Final[dict[Need, Reason]] = {"search": Reason.LIST_DENIED, "read": Reason.READ_DENIED}


class JobGone(Exception):
    """The job is no longer there: cancelled, or not kept alive."""


def refusal(
    status: int, said: bytes, *, name: str, need: Need, hide: Callable[[str], str]
) -> StoreError | JobGone:
    """Return our error for an answer; `said` is its body, `name` the API's address."""
    if status == PROXY_REFUSES:
        return refused_by_proxy(name, status)
    code, message = _read(said)
    words = words_of_sumo(message, hide=hide)
    sumo = f"; Sumo says: {words}" if words else ""
    if code.endswith(JOB_INVALID):
        return JobGone()
    if status in {408, 429} or status >= 500:
        return StoreUnavailable(f"{name}: the server answered {status}{sumo}")
    if status == 401:
        return StoreDenied(
            f"{name}: the access id or key is wrong, inactive or another deployment's{sumo}",
            reason=Reason.KEYS_WRONG,
        )
    if status == 403:
        return StoreDenied(
            f"{name}: the Search Job API is denied; the key's owner needs the role capabilities "
            f"{CAPABILITIES}, and the account an Enterprise plan{sumo}",
            reason=_REASONS[need],
            right=CAPABILITIES,
        )
    if status == 404:
        return StoreDenied(f"{name}: there is no Search Job API at this address{sumo}")
    return StoreDenied(f"{name}: the server refuses the call ({status}){sumo}")


def words_of_sumo(text: str, *, hide: Callable[[str], str]) -> str:
    """Return what Sumo says, on one line, cut, and without what must not be shown."""
    line = " ".join(_TOKEN.sub(REDACTED, hide(text)).split())
    return line[:MESSAGE_CHARS_MAX].rstrip(".")


class _Error(msgspec.Struct, frozen=True, kw_only=True):
    code: str = ""
    message: str = ""


class _Body(_Error, frozen=True, kw_only=True):
    """What the API says of an error, on the wire; newer calls list several."""

    errors: tuple[_Error, ...] = ()


def _read(said: bytes) -> tuple[str, str]:
    """Return an error's code and message; empty where the body is no JSON of theirs."""
    try:
        body = msgspec.json.decode(said, type=_Body)
    except (ValueError, RecursionError):
        return "", ""
    first = body.errors[0] if body.errors and not body.code else body
    return first.code, first.message
