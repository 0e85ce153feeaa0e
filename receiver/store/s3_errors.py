"""What S3 and its driver say, translated: every error names the thing and the remedy.

A server's own message is left out: it may repeat the access key id or the string that was signed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final

import aiohttp
from botocore import exceptions as driver

from receiver.errors import (
    ObjectChanged,
    ObjectMissing,
    StoreDenied,
    StoreError,
    StoreUnavailable,
)


class Permission(StrEnum):
    """What a call needs, in AWS's words; they hold for most of the servers that speak S3."""

    LIST = "s3:ListBucket on the bucket"
    GET = (
        "s3:GetObject on the object (or the object does not exist: "
        "without s3:ListBucket the store does not tell)"
    )
    PUT = "s3:PutObject on the object"


LOOKED_FOR: Final = (
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile in ~/.aws, "
    "the role of a container or an instance"
)

_DENIED: Final = {
    "SignatureDoesNotMatch": "the secret access key does not belong to the access key id; correct",
    "InvalidAccessKeyId": "the store does not know the access key id; correct",
    "ExpiredToken": "the session token has expired; renew",
    "InvalidToken": "the session token is not valid; renew",
    "TokenRefreshRequired": "the session token has expired; renew",
}

_UNAVAILABLE: Final = {"SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable"}

_NO_KEYS: Final = (
    driver.NoCredentialsError,
    driver.PartialCredentialsError,
    driver.CredentialRetrievalError,
    driver.ProfileNotFound,
    driver.TokenRetrievalError,
    driver.NoAuthTokenError,
    driver.SSOError,
    driver.LoginError,
    driver.ConfigParseError,
)


@contextmanager
def translated(name: str, permission: Permission, keys: str) -> Iterator[None]:
    """Raise our errors for the driver's.

    `name` is the thing asked for, "s3://bucket/key"; `keys` whose keys are used, for the remedy.
    """
    try:
        yield
    except driver.ClientError as error:
        raise _answered(error, name, permission, keys) from error
    except _NO_KEYS as error:
        raise StoreDenied(f"{name}: no usable {keys}: {_no_keys(error)}") from error
    except driver.ParamValidationError as error:
        raise ObjectMissing(f"{name}: no bucket or key can have such a name") from error
    except (driver.BotoCoreError, aiohttp.ClientError, OSError) as error:
        reason = (
            error.__cause__ or error.__context__ or error
        )  # the driver's own words repeat the whole address
        raise StoreUnavailable(f"{name}: no answer: {reason or type(error).__name__}") from error


def _answered(
    error: driver.ClientError, name: str, permission: Permission, keys: str
) -> StoreError:
    """Return our error for an answer that the server gave."""
    told = error.response.get("Error", {})
    code = str(told.get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code == "NoSuchBucket":
        return ObjectMissing(f"{name}: there is no such bucket")
    if code == "InvalidObjectState":
        return StoreDenied(f"{name}: the object is archived; restore it before it can be read")
    if code == "RequestTimeTooSkewed":
        return StoreDenied(f"{name}: this machine's clock and the store's differ; set it right")
    if code in _DENIED:
        return StoreDenied(f"{name}: {_DENIED[code]} the {keys}")
    if code in {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraint"}:
        region = told.get("Region") or "unknown"
        return StoreDenied(
            f"{name}: the bucket is in another region ({region}); put it into the destination_conf"
        )
    if code in _UNAVAILABLE or (status >= 500 and status != 501) or status == 429:
        return StoreUnavailable(f"{name}: the store answered {status} {code}")
    if status == 404:
        return ObjectMissing(f"{name}: there is no such object")
    if status in {412, 416}:  # 416: it is shorter now, and the server ignores If-Match
        return ObjectChanged(f"{name}: the object was replaced while it was read")
    if status in {401, 403}:
        return StoreDenied(f"{name}: access denied; the {keys} need {permission}")
    return StoreDenied(f"{name}: the store refused with {status} {code}")


def _no_keys(error: driver.BotoCoreError) -> str:
    if isinstance(error, driver.NoCredentialsError):
        return f"none found (looked for {LOOKED_FOR})"
    return str(error)
