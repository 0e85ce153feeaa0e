"""Azure's errors in our words, and what a SAS lacks.

Nothing of the driver's own errors is passed on, not even as a cause: they quote addresses, and the
address of a call holds the SAS.
"""

from datetime import datetime
from typing import Final, Literal

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    IncompleteReadError,
)

from receiver.destination.azure import Sas
from receiver.errors import (
    ObjectChanged,
    ObjectMissing,
    StoreDenied,
    StoreError,
    StoreUnavailable,
)

Need = Literal["list", "read", "write"]

LETTER: Final[dict[Need, str]] = {"list": "l", "read": "r", "write": "w"}
RESOURCE_TYPE: Final[dict[Need, str]] = {"list": "c", "read": "o", "write": "o"}
REMEDY: Final[dict[Need, str]] = {
    "list": "a SAS of the container with sp=rl, or the role Storage Blob Data Reader",
    "read": "a SAS of the container with sp=rl, or the role Storage Blob Data Reader",
    "write": "a SAS of the container with sp=rlw, or the role Storage Blob Data Contributor",
}


def lack_of(sas: Sas, need: Need, now: datetime) -> str:
    """Say why a SAS does not do for a need, by its own words; empty if it may do.

    A SAS that names a stored policy tells nothing of its rights: only the store knows them.
    """
    if sas.expires_at is not None and sas.expired(now):
        return f"expired at {sas.expires_at:%Y-%m-%d %H:%M} UTC"
    if sas.starts_at is not None and sas.starts_at > now:
        return f"is not valid before {sas.starts_at:%Y-%m-%d %H:%M} UTC"
    if sas.permissions and LETTER[need] not in sas.permissions:
        return f"lacks the permission to {need} (sp={sas.permissions} has no {LETTER[need]})"
    if sas.resource_types and RESOURCE_TYPE[need] not in sas.resource_types:
        return (
            f"is for other resource types (srt={sas.resource_types}); "
            f"to {need} takes srt with {RESOURCE_TYPE[need]}"
        )
    if (need == "list" and not sas.can_list) or (need == "read" and not sas.can_read):
        return f"does not permit to {need}: it is not a container's (sr=c), nor for blobs (ss=b)"
    return ""


def translate(
    error: Exception, *, name: str, need: Need, source: str, sas: Sas | None, now: datetime
) -> StoreError:
    """Return our error for the driver's; `source` is by whose right the call was made.

    `sas` is the SAS that it was made with, None where it was a key or an identity.
    """
    status = error.status_code if isinstance(error, HttpResponseError) else None
    code = _code(error)
    if status == 404:
        if code == "ContainerNotFound" or need == "list":
            return ObjectMissing(f"{name}: no such container")
        return ObjectMissing(f"{name}: no such object")
    if status in {412, 416}:  # 416: it was longer when it was listed
        return ObjectChanged(f"{name}: replaced while it was read")
    if status in {401, 403} or (status is None and isinstance(error, ClientAuthenticationError)):
        return StoreDenied(f"{name}: access denied; {_reason(code, need, source, sas, now)}")
    if status is not None and 400 <= status < 500 and status not in {408, 429}:
        return StoreDenied(f"{name}: the store refuses the call ({status} {code})")
    if status is not None:
        return StoreUnavailable(f"{name}: the store answered {status} {code}".rstrip())
    return StoreUnavailable(f"{name}: the connection failed: {_words(error)}")


def _reason(code: str, need: Need, source: str, sas: Sas | None, now: datetime) -> str:
    """Say what a 403 means; the same case has several codes, so they only help."""
    remedy = f"it takes {REMEDY[need]}"
    if sas is None:
        if code in {"AuthorizationPermissionMismatch", "InsufficientAccountPermissions"}:
            return f"{source} lacks the right to {need}; {remedy}"
        return (
            f"{source} is refused ({code or 'no code'}), by itself or by the account's "
            f"network rules; {remedy}"
        )
    if lack := lack_of(sas, need, now):
        return f"{source} {lack}; {remedy}"
    if code == "AuthorizationProtocolMismatch":
        return f"{source} allows https only (spr=https), and the endpoint is plain http"
    if code == "AuthorizationSourceIPMismatch":
        return f"{source} does not allow this machine's address (sip)"
    if code in {"AuthorizationPermissionMismatch", "AuthorizationResourceTypeMismatch"}:
        return f"{source} lacks the right to {need}; {remedy}"
    return (
        f"{source} is refused ({code or 'no code'}): signed with another key or for another "
        f"container, altered, revoked, or against the account's network rules; {remedy}"
    )


def _code(error: Exception) -> str:
    """Return the service's word for an error; the driver gives a string or a member of its enum."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")


def _words(error: Exception) -> str:
    """Say what broke, from words that cannot hold an address: the system's, or a class's name."""
    if isinstance(error, IncompleteReadError):
        return "the body broke off"
    inner: BaseException = error
    if isinstance(error, AzureError) and error.inner_exception is not None:
        inner = error.inner_exception
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror
    return type(inner).__name__
