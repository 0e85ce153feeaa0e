"""The headers that a conf asks for: does each value, once decoded, look as it was meant to.

Names are shown, values never.
"""

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from receiver.destination.destination import Destination
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.words import line

_ESCAPE: Final = re.compile("%[0-9A-Fa-f]{2}")
_PLUS: Final = re.compile(r"(?:basic|bearer|splunk|token)\+", re.IGNORECASE)
_BASIC: Final = re.compile(r"basic +(.*)", re.IGNORECASE | re.DOTALL)
# What a parameter holds as it is only by mistake: the API takes the conf for a URI.
_BARE: Final = re.compile(r"[^\x21-\x7e]|[\"<>\\^`{|}]")


def judge_headers(destination: Destination) -> Iterator[Checkup]:
    """Yield a warning for each header that seems wrong, or one line that names them all."""
    names = [name for name, _ in destination.headers]
    if not names:
        return
    warnings = [*_repeated(names), *_strange(destination)]
    for message, remedy in warnings:
        yield line("headers", Status.WARN, message, remedy)
    if not warnings:
        yield line("headers", Status.PASS, f"sent with every push: {', '.join(names)}")


def _repeated(names: list[str]) -> Iterator[tuple[str, str]]:
    for name, times in Counter(name.lower() for name in names).items():
        if times > 1:
            yield f"`header_{name}` is given {times} times", "Leave one."


def _strange(destination: Destination) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a value, and the remedy; the raw text tells what was not encoded."""
    query = destination.conf.reveal().partition("?")[2]
    raw = [item.partition("=")[2] for item in query.split("&") if item.startswith("header_")]
    for (name, secret), written in zip(destination.headers, raw, strict=False):
        value = secret.reveal()
        for fault, remedy in _faults(value, written):
            yield f"the value of `header_{name}` {fault}", remedy


def _faults(value: str, written: str) -> Iterator[tuple[str, str]]:
    basic = _BASIC.fullmatch(value)
    if not value:
        yield "is empty", "Write the value, or leave the header out."
    elif _ESCAPE.search(value):
        yield "still holds an escape once it is decoded", "Encode it once: %20 for a blank."
    elif _BARE.search(written):
        yield "holds a character that is not encoded", "Encode it: %20 for a blank."
    elif value != value.strip():
        yield "begins or ends with a blank", "Leave the blank out."
    elif _PLUS.match(value):
        yield "has a + where a blank belongs: it stays a +", "Write %20 for a blank."
    elif basic and not _is_user_and_password(basic.group(1)):
        yield (
            "says Basic, and what follows is not base64 of user:password",
            "Encode user:password as base64 first, then for the conf.",
        )


def _is_user_and_password(text: str) -> bool:
    try:
        return b":" in base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
