"""Azure's errors in our words.

Nothing of the driver's own errors is passed on, not even as a cause: they quote addresses, and the
address of a call holds the SAS.
"""

from datetime import datetime
from typing import Final

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
    Reason,
    StoreDenied,
    StoreError,
    StoreUnavailable,
)
from receiver.store.azure_sas import LETTER, RESOURCE_TYPE, lack_of, untimely
from receiver.store.denial import DENIED, Need
from receiver.store.web import PROXY_REFUSES, lost, refused_by_proxy

ANONYMOUS: Final = "an anonymous caller"

ROLE: Final[dict[Need, str]] = {
    "list": "Storage Blob Data Reader",
    "read": "Storage Blob Data Reader",
    "write": "Storage Blob Data Contributor",
}
REMEDY: Final[dict[Need, str]] = {
    "list": f"a SAS of the container with sp=rl, or the role {ROLE['list']}",
    "read": f"a SAS of the container with sp=rl, or the role {ROLE['read']}",
    "write": f"a SAS of the container with sp=rlw, or the role {ROLE['write']}",
}

PUBLIC: Final[dict[Need, str]] = {
    "list": "the container's public access level Container",
    "read": "the container's public access level Blob or Container",
    "write": "credentials, for nobody writes without",
}


def translate(
    error: Exception, *, name: str, need: Need, source: str, sas: Sas | None, now: datetime
) -> StoreError:
    """Return our error for the driver's; `source` is by whose right the call was made.

    `sas` is the SAS that it was made with, None where it was a key or an identity.
    """
    status = error.status_code if isinstance(error, HttpResponseError) else None
    code = _code(error)
    if status == PROXY_REFUSES:
        return refused_by_proxy(name, status)
    if source == ANONYMOUS and (status in {401, 403, 409} or code == "ResourceNotFound"):
        # What is shut to the public is told to be missing, or not to permit it.
        return StoreDenied(
            f"{name}: access denied to anonymous callers; it takes {PUBLIC[need]}",
            reason=DENIED[need],
        )
    if status == 404:
        if code == "ContainerNotFound" or need == "list":
            return ObjectMissing(f"{name}: no such container", reason=Reason.BUCKET_MISSING)
        return ObjectMissing(f"{name}: no such object")
    if status in {412, 416}:  # 416: it was longer when it was listed
        return ObjectChanged(f"{name}: replaced while it was read")
    if code == "BlobArchived":
        return StoreDenied(
            f"{name}: the object is archived; rehydrate it before it can be read",
            reason=Reason.OBJECT_ARCHIVED,
        )
    if status in {401, 403} or (status is None and isinstance(error, ClientAuthenticationError)):
        words, reason, right = (
            _credential_refused(code, _detail(error), need, source)
            if sas is None
            else _sas_refused(code, _detail(error), need, source, sas, now)
        )
        return StoreDenied(f"{name}: access denied; {words}", reason=reason, right=right)
    if status is not None and 400 <= status < 500 and status not in {408, 429}:
        return StoreDenied(f"{name}: the store refuses the call ({status} {code})")
    if status is not None:
        return StoreUnavailable(f"{name}: the store answered {status} {code}".rstrip())
    if isinstance(error, IncompleteReadError):
        return StoreUnavailable(f"{name}: no answer: the body broke off")
    if not isinstance(error, AzureError):
        return StoreUnavailable(
            f"{name}: the answer makes no sense ({type(error).__name__}); is it Azure's?"
        )
    return lost(name, error.inner_exception or error)


_Refusal = tuple[str, Reason, str]  # words, the reason, and the right that is missing


def _credential_refused(code: str, detail: str, need: Need, source: str) -> _Refusal:
    """Say what a 403 means for a key or an identity."""
    remedy = f"it takes {REMEDY[need]}"
    if code in {"AuthorizationPermissionMismatch", "InsufficientAccountPermissions"}:
        return f"{source} lacks the right to {need}; {remedy}", DENIED[need], ROLE[need]
    if code in _OWN_CODES:
        return f"{source}: {_OWN_CODES[code]}", Reason.REFUSED, ""
    if "date header" in detail.lower():  # "Request date header too old: ..."
        words = f"{source}: this machine's clock and the store's differ; set it right"
        return words, Reason.CLOCK_SKEW, ""
    if "expired" in detail.lower():  # "Lifetime validation failed. The token is expired."
        return f"{source}: its token has expired; log in again", Reason.KEYS_EXPIRED, ""
    words = (
        f"{source} is refused ({code or 'no code'}), by itself or by the account's network rules"
    )
    return f"{words}; {remedy}", Reason.KEYS_WRONG, ""


def _sas_refused(
    code: str, detail: str, need: Need, source: str, sas: Sas, now: datetime
) -> _Refusal:
    """Say what a 403 means for a SAS; the same case has several codes, so they only help."""
    remedy = f"it takes {REMEDY[need]}"
    if lack := lack_of(sas, need, now) or untimely(detail):
        return f"{source} {lack.words}; {remedy}", lack.reason, lack.right
    if code == "AuthorizationProtocolMismatch":
        words = f"{source} allows https only (spr=https), and the endpoint is plain http"
        return words, Reason.REFUSED, ""
    if code == "AuthorizationSourceIPMismatch":
        return f"{source} does not allow this machine's address (sip)", Reason.REFUSED, ""
    if code in _OWN_CODES:
        return f"{source}: {_OWN_CODES[code]}", Reason.REFUSED, ""
    if code == "AuthorizationPermissionMismatch":
        words = f"{source} lacks the right to {need}; {remedy}"
        return words, DENIED[need], f"sp={LETTER[need]}"
    if code == "AuthorizationResourceTypeMismatch":
        words = f"{source} lacks the right to {need}; {remedy}"
        return words, DENIED[need], f"srt={RESOURCE_TYPE[need]}"
    words = (
        f"{source} is refused ({code or 'no code'}): signed with another key or for another "
        f"container, altered, revoked, or against the account's network rules; {remedy}"
    )
    return words, Reason.SAS_WRONG, ""


_OWN_CODES: Final = {
    "KeyBasedAuthenticationNotPermitted": (
        "the account permits neither keys nor a SAS (shared key access is disabled); "
        "ask as an identity with a role"
    ),
    "AccountIsDisabled": "the account is disabled",
}


def _code(error: Exception) -> str:
    """Return the service's word for an error; the driver gives a string or a member of its enum."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")


def _detail(error: Exception) -> str:
    """Return what the service says of a refusal; only read, for it quotes what was signed."""
    told = getattr(error, "additional_info", None)
    return str(told.get("authenticationerrordetail") or "") if isinstance(told, dict) else ""
