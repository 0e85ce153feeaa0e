"""Records as Logpush's encoder writes them: one JSON object a line, in Go's spelling."""

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

import msgspec

_GO_ESCAPES: Final = (
    (b"&", b"\\u0026"),
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    ("\u2028".encode(), b"\\u2028"),
    ("\u2029".encode(), b"\\u2029"),
)
"""What Go's JSON encoder writes as an escape, so that JSON may stand inside HTML."""

_ENCODER: Final = msgspec.json.Encoder()
_CHUNK: Final = 1000  # records: those of a large batch do not all live at once


def encode_lines(records: Iterable[dict[str, Any]], *, cve_2021_44228: bool = False) -> list[bytes]:
    """Return each record's line, without its line end.

    With `cve_2021_44228`, `${` becomes `x{` everywhere: the job's option of that name.
    """
    remaining = iter(records)
    lines: list[bytes] = []
    while chunk := list(islice(remaining, _CHUNK)):
        block = _escaped(_ENCODER.encode_lines(chunk))
        if cve_2021_44228:
            block = disarmed(block)
        lines += block.split(b"\n")[:-1]
    return lines


def encode_line(record: dict[str, Any]) -> bytes:
    """Return one record's line, without its line end."""
    return encode_lines((record,))[0]


def encode_value(value: Any) -> bytes:
    """Return one value as it stands in a record's line."""
    return _escaped(_ENCODER.encode(value))


def disarmed(text: bytes) -> bytes:
    """Return the text as the option CVE-2021-44228 leaves it: `${` becomes `x{` everywhere."""
    return text.replace(b"${", b"x{")


def go_number(value: float) -> float | int:
    """Return a float as Go's encoder writes it: a whole one has no fraction, `1` and not `1.0`."""
    return int(value) if value.is_integer() else value


def _escaped(block: bytes) -> bytes:
    for raw, escaped in _GO_ESCAPES:  # on the whole block: neither can occur outside a string
        block = block.replace(raw, escaped)
    return block
