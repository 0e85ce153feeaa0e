"""The Token out of a challenge's bytes, and what it says of itself if it is a JWT."""

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec

from receiver.limits import TOKEN_BODY_BYTES_MAX
from receiver.secret import REDACTED, Secret

TOKEN_CHARS_MAX: Final = 4096
"""A longer one is no token: the API's own maxLength."""

_NO_TOKEN_BYTE: Final = re.compile(rb"[^a-zA-Z0-9/+.\-_]")
_JWT: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*")  # RFC 7515 7.1

# A claim's name is shown where it is made of words, as `objectId` and `destination_conf` are: a key
# has digits and capitals in the midst of its letters, or more letters in a row than any word.
_WORDS: Final = r"(?:[a-z]{1,20}|[A-Z][a-z]{2,19})(?:[A-Z][a-z]{2,19}|I[dD])*[0-9]{0,2}"
_PLAIN_NAME: Final = re.compile(rf"{_WORDS}(?:[._-]{_WORDS})*")
_NAME_CHARS_MAX: Final = 40
_BLANKS: Final = b" \t\r\n"
_UTF_8_MARK: Final = b"\xef\xbb\xbf"
_UTF_16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")

_CLAIM_DEPTH_MAX: Final = 4
"""Claims within claims are named one by one so deep; their number a token's length bounds."""

_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})?")
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One claim of a JWT, as it stands there. Printing it shows no secret."""

    name: str  # of a claim within a claim: "object.id"; show `shown_name`
    value: Secret  # a string as it is, anything else as its JSON text; may be a destination_conf

    @property
    def shown_name(self) -> str:
        """The name as it may be shown: what is no plain words may be a conf or a key."""
        plain = len(self.name) <= _NAME_CHARS_MAX and _PLAIN_NAME.fullmatch(self.name)
        return self.name if plain else REDACTED

    def __repr__(self) -> str:
        return f"Claim(name={self.shown_name!r}, value={self.value!r})"


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token as the API takes it, line ends removed."""

    text: Secret
    claims: tuple[Claim, ...] | None = None  # None: it is no JWT
    issued_at: datetime | None = None  # the claim `iat`, RFC 7519
    expires_at: datetime | None = None  # the claim `exp`, RFC 7519

    def expired(self, now: datetime) -> bool:
        """Whether it says that its end is past."""
        return self.expires_at is not None and self.expires_at <= now


class NoToken(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes hold no token; `reason` is a clause: "it is empty"."""

    reason: str


def read_token(body: bytes) -> Token | NoToken:
    """Read a challenge's body: one line, whatever line ends stand around it.

    A JWT's claims are read and never trusted: nobody but Cloudflare can verify the signature.
    Source: Logpush API, `ownership_challenge`: at most 4096 characters of `a-zA-Z0-9/+.-_`.
    """
    line = body.strip(_BLANKS)
    reason = _fault(body, line)
    if reason:
        return NoToken(reason=reason)
    text = line.decode("ascii")
    payload = _payload(text)
    if payload is None:
        return Token(text=Secret(text))
    return Token(
        text=Secret(text),
        claims=tuple(_claims(payload)),
        issued_at=numeric_date(payload.get("iat", "")),
        expires_at=numeric_date(payload.get("exp", "")),
    )


def numeric_date(written: str) -> datetime | None:
    """Read a claim's JSON text as a time, RFC 7519 2; None if it is no number, or no near year."""
    if not _NUMBER.fullmatch(written):
        return None
    seconds = float(written)  # exact to the microsecond in these years
    if not _EARLIEST.timestamp() <= seconds < _LATEST.timestamp():
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _fault(body: bytes, line: bytes) -> str | None:
    """Say why the bytes can be no token; of what stands there, one character is shown at most."""
    if body.startswith(_UTF_8_MARK):
        return "it begins with a byte order mark (UTF-8 BOM), which no token has"
    if body.startswith(_UTF_16_MARKS):
        return "it begins with a byte order mark (UTF-16), which no token has"
    if not body:
        return "it is empty"
    if len(body) >= TOKEN_BODY_BYTES_MAX:  # what was not read may be anything
        return f"it is longer than {TOKEN_CHARS_MAX:,} characters, the most that the API takes"
    if not line:
        return "it holds nothing but blanks and line ends"
    if b"\n" in line or b"\r" in line:
        return "it has more than one line"
    wrong = _NO_TOKEN_BYTE.search(line)
    if wrong:
        return f"it holds {_visible(line[wrong.start() :])}, which no token has"
    if len(line) > TOKEN_CHARS_MAX:
        return f"it is longer than {TOKEN_CHARS_MAX:,} characters, the most that the API takes"
    return None


def _visible(rest: bytes) -> str:
    """Name the first character; a byte that begins none is named as a byte."""
    for length in range(1, 5):
        try:
            char = rest[:length].decode()
        except UnicodeDecodeError:
            continue
        return f"{char!a} (U+{ord(char):04X})"
    return f"the byte 0x{rest[0]:02X}"


def _payload(text: str) -> dict[str, str] | None:
    """Return a JWT's claims as they are written; None where it is no JWT."""
    segments = _JWT.fullmatch(text)
    if segments is None:
        return None
    header, payload = (_read_segment(segment) for segment in segments.groups())
    return None if header is None else payload


def _read_segment(segment: str) -> dict[str, str] | None:
    try:
        return _read_object(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    except binascii.Error:  # one character too many
        return None


def _claims(members: dict[str, str], within: str = "", depth: int = 1) -> Iterator[Claim]:
    """Yield each claim in the order of its writing, those within it under dotted names."""
    for name, written in members.items():
        inner = _read_object(written.encode()) if depth < _CLAIM_DEPTH_MAX else None
        if inner:
            yield from _claims(inner, f"{within}{name}.", depth + 1)
        else:
            yield Claim(name=within + name, value=Secret(_value(written)))


def _value(written: str) -> str:
    """Return a string as it is and anything else as it is written: no digit of a number is lost."""
    return msgspec.json.decode(written, type=str) if written.startswith('"') else written


def _read_object(plain: bytes) -> dict[str, str] | None:
    """Return each member's JSON text; None if it is no JSON object, or is nested too deep.

    Of a name given twice the last counts, RFC 7519 4.
    """
    try:
        members = msgspec.json.decode(plain, type=dict[str, msgspec.Raw])
        return {name: bytes(written).decode().strip() for name, written in members.items()}
    except (ValueError, RecursionError):
        return None
