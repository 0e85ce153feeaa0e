"""Ownership tokens: JWTs that bind a destination to a zone or an account, for seven days.

Documented is what a token says: the kind of object and its id, the whole destination_conf, a
fingerprint of the destination, and its end. In which words and by which algorithm is not: the
names of the claims, HS256 and the fingerprint's making are ours.
"""

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from typing import Any, Final

import jwt

from receiver.destination.destination import Destination
from receiver.emulator.cloud import Scope

LIFE: Final = timedelta(days=7)
TOKEN_CHARS_MAX: Final = 4096
"""A longer one the API does not take: its own maxLength."""

_TOKEN: Final = re.compile(r"[a-zA-Z0-9/+.\-_]*")
_ALGORITHM: Final = "HS256"
_UNTIMED: Final[Any] = {"verify_exp": False, "verify_iat": False}  # by our clock, not the system's


def make_token(scope: Scope, destination: Destination, *, secret: bytes, now: datetime) -> str:
    """Return a token for exactly this destination_conf, good for seven days from now."""
    times = {"iat": int(now.timestamp()), "exp": int((now + LIFE).timestamp())}
    return jwt.encode(_claims(scope, destination) | times, secret, algorithm=_ALGORITHM)


def token_fault(
    token: str, scope: Scope, destination: Destination, *, secret: bytes, now: datetime
) -> str | None:
    """Name the first claim in which a token differs from what is asked for; None if it fits.

    "form" is what is no token at all, "signature" what is none of ours.
    """
    if len(token) > TOKEN_CHARS_MAX or not _TOKEN.fullmatch(token):
        return "form"
    try:
        said = jwt.decode(token, secret, algorithms=[_ALGORITHM], options=_UNTIMED)
    except jwt.InvalidSignatureError:
        return "signature"
    except jwt.InvalidTokenError:
        return "form"
    for name, value in _claims(scope, destination).items():
        if not hmac.compare_digest(str(said.get(name)).encode(), value.encode()):
            return name
    return None if said.get("exp", 0) > now.timestamp() else "exp"


def _claims(scope: Scope, destination: Destination) -> dict[str, Any]:
    return {
        "object_type": scope.kind.removesuffix("s"),
        "object_id": scope.id,
        "destination_conf": destination.conf.reveal(),
        "fingerprint": hashlib.sha256(destination.identity.encode()).hexdigest(),
    }
