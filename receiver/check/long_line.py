"""A line too long to decode among others: its keys and short values, the long ones left as text.

A value costs many times its text in memory, so what is long is known by its JSON type alone.
"""

import codecs
from typing import Any

import msgspec

from receiver.check.explain import BLANK_LINE, Explainer, Judgement, not_json, not_object, not_utf8
from receiver.check.json_text import Unreadable
from receiver.limits import KIB, LONG_LINE_VALUES_MAX

_SHORT_BYTES = 64 * KIB  # a value up to this is decoded
_UTF8_STEP_BYTES = 64 * KIB
_STANDS_FOR: dict[bytes, Any] = {b'"': "...", b"[": [], b"{": {}}


class LongRead(msgspec.Struct, frozen=True, kw_only=True):
    """A long line read: as a Judgement, or as a record with what could not be looked into."""

    found: Judgement | None = None
    record: dict[str, Any] | None = None
    note: str = ""

    def judgement(self, explainer: Explainer) -> Judgement:
        """What is wrong with the line, as far as it was read."""
        if self.record is None:
            return self.found or Judgement()
        departures = tuple(explainer.explain(self.record))
        return Judgement(record=self.record, departures=departures, shapely=False)


def read_long_line(line: bytes) -> LongRead:
    """Read a long line, at most a few times its bytes in memory."""
    try:
        decoder = codecs.getincrementaldecoder("utf-8")()
        for start in range(0, len(line), _UTF8_STEP_BYTES):
            decoder.decode(line[start : start + _UTF8_STEP_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return LongRead(found=Judgement(departures=(not_utf8(error),)))
    if not line.strip(b" \t\r"):
        return LongRead(found=BLANK_LINE)
    if line.count(b",") + line.count(b":") > LONG_LINE_VALUES_MAX:
        return LongRead(note="too many values in a line this long: it was not checked")
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
        if line.lstrip(b" \t\r")[:1] != b"{":
            kind = _STANDS_FOR.get(line.lstrip(b" \t\r")[:1], 0)
            return LongRead(found=Judgement(departures=(not_object(kind),)))
        values = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
        long = [name for name, raw in values.items() if len(memoryview(raw)) > _SHORT_BYTES]
        record = {name: _value(raw) for name, raw in values.items()}
    except (ValueError, RecursionError) as error:
        return LongRead(found=Judgement(departures=(not_json(line, Unreadable(str(error))),)))
    note = f"what is inside the long values of {', '.join(sorted(long)[:3])} was not checked"
    return LongRead(record=record, note=note if long else "")


def _value(raw: msgspec.Raw) -> Any:
    text = memoryview(raw)
    if len(text) <= _SHORT_BYTES:
        return msgspec.json.decode(raw)
    return _STANDS_FOR.get(bytes(text[:1]), 0)
