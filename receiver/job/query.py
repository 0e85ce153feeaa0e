"""A `logpull_options` text cut into its parameters; what people get wrong in it is pointed at.

Knows how the text is separated and encoded, and not what any value means.
"""

import re
from typing import Final
from urllib.parse import unquote_plus

import msgspec

from receiver.errors import OptionsInvalid

TEXT_CHARS_MAX: Final = 4096
"""The documented length of `logpull_options`; the API takes no longer one."""

_CONTEXT_CHARS: Final = 35  # each side of the caret: all fits 80 columns, and field lists are long

_URL_HEAD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^?]*\??|[^?=&,]*\?")
_GLUED = re.compile(
    r"[,;?\s]+(?=(?:fields|sample|timestamps|CVE-2021-44228|start|end|count"
    r"|field_names|sample_rate|timestamp_format)=)"
)


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One `name=value`, percent-decoded, and where its name and its value begin in the text."""

    name: str
    value: str
    name_at: int
    value_at: int


def query_of(text: str) -> str:
    """Return the query of a Logpull URL, or the text itself without a leading `?`.

    Raises:
        OptionsInvalid: the text is longer than the API takes.
    """
    if len(text) > TEXT_CHARS_MAX:
        raise OptionsInvalid(
            f"it has {len(text):,} characters; Logpush takes up to {TEXT_CHARS_MAX:,}:"
            " use output_options for a longer list of fields"
        )
    head = _URL_HEAD.match(text)
    return text[head.end() :] if head else text


def split_query(query: str) -> tuple[Parameter, ...]:
    """Cut a query string into its parameters, in their order; empty ones are skipped.

    Raises:
        OptionsInvalid: shows the place, and what to write there.
    """
    parameters = []
    at = 0
    for part in query.split("&"):
        if part.strip():
            parameters.append(_parameter(query, part, at))
        at += len(part) + 1
    return tuple(parameters)


def pointed(text: str, at: int, message: str) -> OptionsInvalid:
    """Return an error with a caret under the character that it speaks of."""
    start, end = max(0, at - _CONTEXT_CHARS), min(len(text), at + _CONTEXT_CHARS)
    before = "..." if start else ""
    after = "..." if end < len(text) else ""
    line = "".join(char if char.isprintable() else "?" for char in text[start:end])
    caret = " " * (len(before) + at - start) + "^"
    return OptionsInvalid(f"{message}\n  {before}{line}{after}\n  {caret}")


def _parameter(text: str, part: str, at: int) -> Parameter:
    if part.startswith("amp;"):
        raise pointed(text, at, "`&amp;` is an `&` escaped for HTML: write `&`")
    glued = _GLUED.search(part)
    if glued:
        after = re.split(r"=", part[glued.end() :], maxsplit=1)[0]
        mark = glued.group().strip()[:1] or " "
        raise pointed(
            text,
            at + glued.start(),
            f"parameters are separated by `&`, and `{mark}` stands before"
            f" `{after}=`: write `&{after}=`",
        )
    name, equals, value = part.partition("=")
    if not equals:
        raise pointed(text, at, _without_value(part))
    return Parameter(
        name=_decode(text, name, at).strip(),
        value=_decode(text, value, at + len(name) + 1),
        name_at=at,
        value_at=at + len(name) + 1,
    )


def _without_value(part: str) -> str:
    if "%3d" in part.lower():
        return "the text is percent-encoded as a whole: write it with its own `=` and `&`"
    if "," in part:
        return "a list of fields needs its name: write `fields=` before it"
    return "a parameter is written `name=value`, and this has no `=`"


def _decode(text: str, part: str, at: int) -> str:
    try:
        return unquote_plus(part, errors="strict")
    except UnicodeDecodeError:
        raise pointed(text, at, "the percent-encoding here is no UTF-8") from None
