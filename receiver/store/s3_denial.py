"""Why S3 refuses a call: told apart by its codes, those of other servers than AWS included."""

import re
from enum import StrEnum
from typing import Any, Final

from botocore.exceptions import ClientError

from receiver.errors import Reason, StoreDenied
from receiver.store.denial import DENIED
from receiver.store.s3_access import ANONYMOUS


class Permission(StrEnum):
    """What a call needs, in AWS's words; they hold for most of the servers that speak S3."""

    LIST = "s3:ListBucket on the bucket"
    GET = (
        "s3:GetObject on the object (or the object does not exist: "
        "without s3:ListBucket the store does not tell)"
    )
    PUT = "s3:PutObject on the object"

    @property
    def right(self) -> str:
        """The right alone: "s3:ListBucket"."""
        return self.value.partition(" ")[0]

    @property
    def denied(self) -> Reason:
        """Why a call fails that lacks it."""
        return _DENIED[self]


_DENIED: Final = {
    Permission.LIST: DENIED["list"],
    Permission.GET: DENIED["read"],
    Permission.PUT: DENIED["write"],
}

_REGION: Final = re.compile(r"[A-Za-z0-9-]{1,64}")

_UNKNOWN_ID: Final = (Reason.KEYS_WRONG, "the store does not know the access key id; correct")
_EXPIRED: Final = (Reason.KEYS_EXPIRED, "the session token has expired; renew")

_KEYS: Final = {
    "SignatureDoesNotMatch": (
        Reason.KEYS_WRONG,
        "the secret access key does not belong to the access key id; correct",
    ),
    "InvalidAccessKeyId": _UNKNOWN_ID,
    "Unauthorized": _UNKNOWN_ID,  # R2
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,  # of the service that gives out roles
    "TokenRefreshRequired": _EXPIRED,
    "InvalidToken": (Reason.KEYS_WRONG, "the session token is not valid; renew"),
}

_SKEWED: Final = {"RequestTimeTooSkewed", "RequestExpired", "ExpiredRequest"}  # the last is R2's

_OURS: Final = {"ListObjectsV2", "HeadObject", "GetObject", "PutObject", "HeadBucket"}

_ELSEWHERE: Final = {
    "PermanentRedirect",
    "TemporaryRedirect",
    "IllegalLocationConstraint",
    "IllegalLocationConstraintException",
    "InvalidRegionName",  # R2
}


def denial(error: ClientError, name: str, permission: Permission, keys: str) -> StoreDenied:
    """Say why a call was refused, as far as its code tells; see `translated` for the rest."""
    code = str(_told(error).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    region = region_in(error.response)
    malformed = code == "AuthorizationHeaderMalformed"
    if code in _ELSEWHERE or status in {301, 307} or (malformed and region):
        return StoreDenied(f"{name}: {_elsewhere(region)}", reason=Reason.REGION_WRONG)
    if keys == ANONYMOUS and status in {400, 401, 403}:  # 400: some miss the signature
        return StoreDenied(
            f"{name}: access denied to anonymous callers; it takes {permission}, for everybody",
            reason=permission.denied,
            right=permission.right,
        )
    if code == "InvalidObjectState":
        return StoreDenied(
            f"{name}: the object is archived; restore it before it can be read",
            reason=Reason.OBJECT_ARCHIVED,
        )
    if code in _SKEWED:
        return StoreDenied(
            f"{name}: this machine's clock and the store's differ; set it right{_time(error)}",
            reason=Reason.CLOCK_SKEW,
        )
    if code in _KEYS or malformed or _is_of_r2s_length(error):
        reason, words = _KEYS.get(code, _UNKNOWN_ID)
        return StoreDenied(f"{name}: {words} the {keys}", reason=reason)
    if error.operation_name not in _OURS:  # asked before the store is, for its keys
        return StoreDenied(
            f"{name}: no usable {keys}: {error.operation_name} is refused ({code}); "
            "correct the profile, or let its role be taken",
            reason=Reason.KEYS_WRONG,
        )
    if status in {401, 403}:
        return StoreDenied(
            f"{name}: access denied; the {keys} need {permission}",
            reason=permission.denied,
            right=permission.right,
        )
    return StoreDenied(f"{name}: the store refused with {answer_of(error)}")


def answer_of(error: ClientError) -> str:
    """Say an answer by its status and code; of a body without one the driver makes up the code."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = str(_told(error).get("Code", ""))
    return str(status) if code in {"", str(status)} else f"{status} {code}"


def region_in(answer: Any) -> str | None:
    """Return the region that an answer names, in its header or its body; None if it names none."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    named = headers.get("x-amz-bucket-region") or answer.get("Error", {}).get("Region")
    return named if named and _REGION.fullmatch(named) else None


def _told(error: ClientError) -> dict[str, Any]:
    told: dict[str, Any] = error.response.get("Error", {})
    return told


def _elsewhere(region: str | None) -> str:
    if region is None:
        return (
            "the server sends us elsewhere and names no region; put the bucket's `region` "
            "into the destination_conf, or name the endpoint that answers by itself"
        )
    return f"the bucket is in the region {region}; put region={region} into the destination_conf"


def _time(error: ClientError) -> str:
    """Say what time it is for the store, where it tells."""
    date = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return f" (it is {date} for the store)" if date else ""


def _is_of_r2s_length(error: ClientError) -> bool:
    """Whether R2 refuses the access key id unseen, for all of its own have 32 characters."""
    return "Credential access key has length" in str(_told(error).get("Message"))
