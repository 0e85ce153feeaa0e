"""Where an endpoint's conf leads: host and port, and the address that Logpush posts to."""

import re
from typing import Final
from urllib.parse import quote

import msgspec

from receiver.destination.destination import Destination, Scheme
from receiver.secret import Secret

_HOST: Final = re.compile(r"(.*?)(?::([0-9]+))?")
_HTTPS_PORT: Final = 443
_HEADER: Final = "header_"
_SKIP: Final = "insecure-skip-verify"
# What may stand in an address as it is (RFC 3986), and a `%` that begins no escape.
_SPECIAL: Final = re.compile(r"[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]+|%(?![0-9A-Fa-f]{2})")


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint; `url` is a Secret, for a path or a parameter may be one."""

    host: str  # without brackets, as a resolver takes it
    port: int
    url: Secret
    root: str  # the address without path and parameters, which holds no secret
    skips_verifying: bool  # splunk: Logpush is told not to mind the certificate


def address_of(destination: Destination) -> Address:
    """Read the address out of the conf, byte for byte: an escape stays the escape it was.

    The header_ parameters are left out, the others passed on, what no address may hold encoded.
    Splunk's insecure-skip-verify is taken for Logpush's own and left out too: that is a guess.
    """
    host, port = _split(destination.bucket)
    rest = destination.conf.reveal().partition("://")[2]
    address, _, query = rest.partition("?")
    path = address.partition("/")[2]
    splunk = destination.scheme is Scheme.SPLUNK
    kept = [
        item
        for item in query.split("&")
        if not item.startswith(_HEADER) and not (splunk and item.startswith(f"{_SKIP}="))
    ]
    root = f"https://{destination.bucket}"
    passed_on = "&".join(kept)
    return Address(
        host=host,
        port=port,
        url=Secret(encode_specials(f"{root}/{path}" + (f"?{passed_on}" if passed_on else ""))),
        root=root,
        skips_verifying=splunk and _says_true(destination, _SKIP),
    )


def encode_specials(url: str) -> str:
    """Encode what no address may hold; brackets of an IPv6 host stand in the root only."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}{slash}{_SPECIAL.sub(lambda found: quote(found.group()), path)}"


def _split(authority: str) -> tuple[str, int]:
    match = _HOST.fullmatch(authority)
    assert match  # it matches any text
    host, port = match.groups()
    return host.removeprefix("[").removesuffix("]"), int(port or _HTTPS_PORT)


def _says_true(destination: Destination, name: str) -> bool:
    return any(
        given == name and value.reveal().lower() in {"true", "1"}
        for given, value in destination.parameters
    )
