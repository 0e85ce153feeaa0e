"""The parameters of a destination_conf: split, decoded, and held against the known ones."""

import difflib
import re
from collections.abc import Set as AbstractSet
from typing import Final
from urllib.parse import unquote

from receiver.destination.parts import Parts
from receiver.secret import Secret

_HEADER: Final = "header_"
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110 5.6.2, a token


def decoded(parts: Parts, text: str) -> str:
    """Decode percent escapes; a `+` is a `+` (keys and base64 hold it, and never a blank).

    Raises:
        DestinationInvalid: the escapes are not UTF-8 or hide a control character.
    """
    try:
        plain = unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise parts.invalid(
            "a percent escape is not UTF-8; write %25 for a percent sign"
        ) from error
    if any(char < " " or char == "\x7f" for char in plain):
        raise parts.invalid("a percent escape hides a control character; leave it out")
    return plain


def known_parameters(parts: Parts, known: AbstractSet[str]) -> dict[str, str]:
    """Return the parameters, decoded, of a scheme that has these and no others.

    Raises:
        DestinationInvalid: an unknown name, one given twice, or one without a value.
    """
    found: dict[str, str] = {}
    for item in parts.query.reveal().split("&") if parts.query else ():
        name, _, value = item.partition("=")
        if not item:
            continue
        if name not in known:
            raise parts.invalid(_unknown(name, known))
        if name in found:
            raise parts.invalid(f"`{name}` is given twice")
        if not value:
            raise parts.invalid(f"`{name}` has no value")
        found[name] = decoded(parts, value)
    return found


def passed_on(
    parts: Parts,
) -> tuple[tuple[tuple[str, Secret], ...], tuple[tuple[str, Secret], ...]]:
    """Return the headers that header_ parameters ask for, and all the other parameters, decoded.

    Raises:
        DestinationInvalid: a header's name that no request can have.
    """
    headers, others = [], []
    for item in parts.query.reveal().split("&") if parts.query else ():
        name, _, value = item.partition("=")
        if name.startswith(_HEADER):
            header = decoded(parts, name.removeprefix(_HEADER))
            if not _HEADER_NAME.fullmatch(header):
                raise parts.invalid("the name of a `header_` parameter is no header's name")
            headers.append((header, Secret(decoded(parts, value))))
        elif value.strip("="):
            others.append((decoded(parts, name), Secret(decoded(parts, value))))
        elif item:  # `?c2VjcmV0==` is a value without a name, and names are shown
            others.append(("", Secret(decoded(parts, item))))
    return tuple(headers), tuple(others)


def _unknown(name: str, known: AbstractSet[str]) -> str:
    """Explain an unknown name; quoted only if it is nearly a known one, for it may be a secret."""
    if not known:
        return "it has parameters and takes none; leave out the `?` and what follows"
    near = difflib.get_close_matches(name.lower().replace("_", "-"), known, n=1, cutoff=0.75)
    if near:
        return f"`{name}` is not a parameter; did you mean `{near[0]}`?"
    return f"there is a parameter that is none of {', '.join(sorted(known))}"
