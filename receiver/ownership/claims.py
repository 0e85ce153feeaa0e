"""What a claim of a token speaks of, as far as its name and value tell: no names are published.

Logpush documents what a token says, and not in which words: the destination_conf, the kind of
object (zone, account, tenant) and its id, a fingerprint of the destination, and an expiry.
"""

import re
from enum import Enum, auto
from typing import Final

from receiver.destination.destination import Scheme
from receiver.destination.parse import looks_like_conf, parse_destination
from receiver.errors import DestinationInvalid
from receiver.ownership.token import Claim, numeric_date
from receiver.secret import REDACTED

TIMES: Final = frozenset({"exp", "iat", "nbf"})  # RFC 7519 4.1
KINDS: Final = frozenset({"zone", "account", "tenant"})

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_HEX_ID: Final = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)

_KIND_WORDS: Final = frozenset({"type", "kind", "scope"})
_ID_WORDS: Final = frozenset({"id", "tag", "sub"})
_OBJECT_WORDS: Final = KINDS | {"object", "obj", "resource", "entity", "owner", "scope", "subject"}
_TIME_WORDS: Final = TIMES | {"at", "time", "date", "expires", "expiry", "expiration", "until"}
_CONF_WORDS: Final = frozenset({"destination", "dest", "conf"})

# An `iss` or an `aud` is an address as well: where the value can be one, the name must speak.
_ADDRESSES: Final = frozenset({Scheme.HTTPS, Scheme.WSS})


class Subject(Enum):
    """What a claim speaks of."""

    TIME = auto()
    CONF = auto()
    KIND = auto()  # of object
    OBJECT_ID = auto()
    UNKNOWN = auto()


def subject_of(claim: Claim) -> Subject:
    """Tell what a claim speaks of; UNKNOWN unless both its name and its value say so."""
    value = claim.value.reveal()
    words = words_of(claim.name)
    if claim.name in TIMES:
        return Subject.TIME
    if looks_like_conf(value):
        is_address = value.partition("://")[0].lower() in _ADDRESSES
        return Subject.UNKNOWN if is_address and not words & _CONF_WORDS else Subject.CONF
    if value.lower() in KINDS and words & _KIND_WORDS:
        return Subject.KIND
    if is_hex_id(value) and _names_an_object(words):
        return Subject.OBJECT_ID
    return Subject.UNKNOWN


def _names_an_object(words: frozenset[str]) -> bool:
    """Tell whether these are words for an object's id; `id` or `sub` alone may be of anything."""
    return bool(words & _ID_WORDS and words & _OBJECT_WORDS) and words <= _ID_WORDS | _OBJECT_WORDS


def kind_named(claim: Claim) -> str | None:
    """Return the kind of object that a claim's name speaks of: zone, of `zone_id`."""
    named = words_of(claim.name) & KINDS
    return next(iter(named)) if len(named) == 1 else None


def is_hex_id(value: str) -> bool:
    """Tell whether a value has the form of a zone's or an account's id."""
    return _HEX_ID.fullmatch(value) is not None


def words_of(name: str) -> frozenset[str]:
    """Return the words of a name, in small letters: `zone_id`, `zoneID` and `zoneid` have two."""
    words = set()
    for word in _WORD.findall(name):
        word = word.lower()
        tail = next((each for each in _ID_WORDS if word.endswith(each)), "")
        head = word.removesuffix(tail)
        words |= {head, tail} if head in _OBJECT_WORDS and tail else {word}
    return frozenset(words)


def shown(claim: Claim) -> str:
    """Return a claim's value as it may be shown: of what is unknown nothing is, it may be a key."""
    value = claim.value.reveal()
    if looks_like_conf(value):
        return shown_conf(value)
    if value in {"true", "false", "null", "{}", "[]", ""}:
        return value
    if numeric_date(value) and words_of(claim.name) & _TIME_WORDS:
        return value
    if subject_of(claim) in {Subject.KIND, Subject.OBJECT_ID}:
        return value
    return REDACTED


def shown_conf(conf: str) -> str:
    """Return a destination_conf without what is secret in it."""
    try:
        return str(parse_destination(conf))
    except DestinationInvalid:
        return f"{conf.partition('://')[0].strip().lower()}://{REDACTED}"
