"""The API's envelope: `success`, `errors`, `messages`, `result`; and an answer that is no success.

Source: Cloudflare API, "Responses". Old answers have null where there are no errors or messages.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from receiver.errors import ApiDenied, ApiError, ApiRefused, ApiUnavailable

_NOT_ALLOWED: Final = 1004  # Logpush's own: it knows who asks, and this they may not have
_HEADERS_WRONG: Final = 6003  # answered with 400: the credentials have not even the right form
_ERRORS_MAX: Final = 5


class ErrorSaid(msgspec.Struct, frozen=True, kw_only=True):
    """One error of the API's."""

    code: int = 0
    message: str | None = ""


class _Counts(msgspec.Struct, frozen=True, kw_only=True):
    count: int | None = None
    total_count: int | None = None


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, its result unread; `result` is shown to nobody: it may be a job, secrets and all.

    What is not documented to be there may be absent.
    """

    success: bool = True
    errors: tuple[ErrorSaid, ...] | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    result_info: _Counts | None = None

    def __repr__(self) -> str:
        return f"Envelope(success={self.success})"

    @property
    def left_out(self) -> int:
        """How many the API has beyond those that it listed."""
        info = self.result_info
        return max(0, (info.total_count or 0) - (info.count or 0)) if info and info.count else 0


def read_envelope(said: bytes, *, name: str, hide: Callable[[str], str]) -> Envelope:
    """Read the answer to a call that succeeded as far as HTTP goes.

    Raises:
        ApiRefused: it says that it is no success.
        ApiError: it is no envelope.
    """
    envelope = _decode(said)
    if envelope is None:
        raise ApiError(f"{name}: the answer is not the API's; does the address end in /client/v4?")
    if not envelope.success:
        raise ApiRefused(_words(name, envelope, 200, hide), status=200, code=_code(envelope))
    return envelope


def refusal(status: int, said: bytes, *, name: str, hide: Callable[[str], str]) -> ApiError:
    """Return our error for an answer that is no success; `said` is its body."""
    envelope = _decode(said) or Envelope()
    code = _code(envelope)
    words = _words(name, envelope, status, hide)
    if status in {408, 429} or status >= 500:
        return ApiUnavailable(words, status=status, code=code)
    if status == 401 or code == _HEADERS_WRONG or (status == 403 and code != _NOT_ALLOWED):
        remedy = f"the credentials are wrong, or lack the right {ApiDenied.right} here"
        return ApiDenied(f"{words}; {remedy}", status=status, code=code)
    if not 400 <= status < 500 or (status in {404, 405} and not envelope.errors):
        return ApiError(f"{words}; there is no Logpush API at this address", status=status)
    return ApiRefused(words, status=status, code=code)


def _words(name: str, envelope: Envelope, status: int, hide: Callable[[str], str]) -> str:
    """Return what the API says; where it says nothing, its status."""
    said = [hide(each.message or "") for each in (envelope.errors or ())[:_ERRORS_MAX]]
    told = "; ".join(filter(None, said)) or "it does not say why"
    numbers = f"HTTP {status}" + (f", code {_code(envelope)}" if _code(envelope) else "")
    return f"{name}: {told} ({numbers})"


def _code(envelope: Envelope) -> int:
    return envelope.errors[0].code if envelope.errors else 0


def _decode(said: bytes) -> Envelope | None:
    try:
        return msgspec.json.decode(said, type=Envelope, strict=False)  # a code may be a string
    except (ValueError, RecursionError):
        return None
