"""What S3 and its driver say, translated: every error names the thing and the remedy.

A server's own message is left out: it may repeat the access key id or the string that was signed.
Its refusals are s3_denial.py's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import aiohttp
from botocore import exceptions as driver

from receiver.errors import (
    ObjectChanged,
    ObjectMissing,
    Reason,
    StoreDenied,
    StoreError,
    StoreUnavailable,
)
from receiver.store.s3_denial import Permission, answer_of, denial
from receiver.store.web import PROXY_REFUSES, lost, refused_by_proxy

LOOKED_FOR: Final = (
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile in ~/.aws, "
    "the role of a container or an instance"
)

_UNAVAILABLE: Final = {"SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable"}

_LOG_IN_AGAIN: Final = (driver.SSOError, driver.TokenRetrievalError, driver.LoginError)

_NO_KEYS: Final = (
    *_LOG_IN_AGAIN,
    driver.NoCredentialsError,
    driver.PartialCredentialsError,
    driver.CredentialRetrievalError,
    driver.ProfileNotFound,
    driver.NoAuthTokenError,
    driver.ConfigParseError,
)

_UNREADABLE: Final = (ValueError, OverflowError, RuntimeError, KeyError, TypeError, AttributeError)
"""What the driver's parsers, and ours, raise over an answer that is not S3's."""


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
        again = isinstance(error, _LOG_IN_AGAIN)
        raise StoreDenied(
            f"{name}: no usable {keys}: {_no_keys(error)}",
            reason=Reason.KEYS_EXPIRED if again else Reason.KEYS_MISSING,
        ) from None  # it may quote what somebody's own program said, a secret too
    except driver.ParamValidationError as error:
        of_bucket = "Invalid bucket name" in str(error)
        raise ObjectMissing(
            f"{name}: no {'bucket' if of_bucket else 'key'} can have such a name",
            reason=Reason.BUCKET_MISSING if of_bucket else None,
        ) from error
    except (driver.BotoCoreError, aiohttp.ClientError, OSError) as error:
        # What it was raised over is told: its own words repeat the whole address.
        raise lost(name, error.__cause__ or error.__context__ or error) from None
    except _UNREADABLE as error:
        raise StoreUnavailable(
            f"{name}: the answer makes no sense ({type(error).__name__}); does the server speak S3?"
        ) from error


def _answered(
    error: driver.ClientError, name: str, permission: Permission, keys: str
) -> StoreError:
    """Return our error for an answer that the server gave."""
    told = error.response.get("Error", {})
    code = str(told.get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if status == PROXY_REFUSES:
        return refused_by_proxy(name, status)
    if code in _UNAVAILABLE or (status >= 500 and status != 501) or status == 429:
        return StoreUnavailable(f"{name}: the store answered {answer_of(error)}")
    if code in {"NoSuchBucket", "InvalidBucketName"} or (
        status == 404 and permission is Permission.LIST
    ):
        return ObjectMissing(f"{name}: there is no such bucket", reason=Reason.BUCKET_MISSING)
    if status == 404:
        return ObjectMissing(f"{name}: there is no such object")
    if status in {412, 416}:  # 416: it is shorter now, and the server ignores If-Match
        return ObjectChanged(f"{name}: the object was replaced while it was read")
    return denial(error, name, permission, keys)


def _no_keys(error: driver.BotoCoreError) -> str:
    if isinstance(error, driver.NoCredentialsError):
        return f"none found (looked for {LOOKED_FOR})"
    if isinstance(error, driver.CredentialRetrievalError):
        provider = error.kwargs.get("provider", "a part of the chain")
        return f"{provider} gave none; {_REMEDIES.get(provider, 'ask it by hand to see why')}"
    return str(error)


_REMEDIES: Final = {
    "custom-process": "run the profile's credential_process by hand to see why",
}
