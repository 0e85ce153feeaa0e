"""Both ways to sign in: X-Auth-Email with X-Auth-Key, and a bearer token."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

import msgspec

from receiver.emulator.api.rules import Actor
from receiver.secret import Secret

_ID_CHARS: Final = 32  # as Cloudflare's ids have
_BEARER: Final = "bearer "


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Who may ask: everybody who has one of these may do all."""

    tokens: tuple[Secret, ...] = ()
    keys: tuple[tuple[str, Secret], ...] = ()  # email and its key

    def actor(self, headers: Mapping[str, str], ip: str) -> Actor | None:
        """Return who asks, or None: nobody that is known. Headers ignore upper and lower case."""
        email, key = headers.get("X-Auth-Email"), headers.get("X-Auth-Key")
        if email is not None and key is not None:
            for known, secret in self.keys:
                # Both are compared whatever the first one gives: time tells nothing.
                if _same(known.lower(), email.lower()) & _same(secret.reveal(), key):
                    return Actor(email=known, id=_id_of(f"user {known}"), ip=ip)
        given = headers.get("Authorization", "")
        if given[: len(_BEARER)].lower() == _BEARER:
            for number, token in enumerate(self.tokens):
                if _same(token.reveal(), given[len(_BEARER) :].strip()):
                    return Actor(email="", id=_id_of(f"token {number}"), ip=ip)
        return None


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(
        one.encode(errors="surrogateescape"), other.encode(errors="surrogateescape")
    )


def _id_of(who: str) -> str:
    """Make an id that shows no secret; a token's is of its place in the list."""
    return hashlib.sha256(who.encode()).hexdigest()[:_ID_CHARS]
