"""The bytes that a job's `output_options` make of its records: NDJSON, CSV, or a form of one's own.

The emulator's own reading of the options. What no document says of them is chosen here, and is
ours: in CSV a `"` inside a string is doubled, nothing else in it is escaped, an object or an
array is the string of its JSON, and `true`, `false` and `null` stand unquoted; with
`stringify_object` an object is the string of its JSON in NDJSON too. A template's values are
written as their output type writes them.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from receiver.emulator.batches import Frame
from receiver.emulator.lines import disarmed, encode_lines, encode_value
from receiver.emulator.template import Template, parse_template
from receiver.errors import OptionsInvalid
from receiver.job.job import Job, label, options_of

_NDJSON: Final = {"record_prefix": "{", "record_suffix": "}\n"}
_CSV: Final = {"record_prefix": "", "record_suffix": "\n"}
_PLAIN_ENDS: Final = {("}\n", ""), ("}", "\n")}  # suffix and delimiter: one line feed in each

Record = Mapping[str, Any]


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """How a job's records become text."""

    frame: Frame
    plain: bool  # NDJSON: every line is one JSON object, its keys the names of the fields
    cve_2021_44228: bool
    csv: bool
    stringify_object: bool
    record_prefix: bytes
    record_end: bytes  # what of record_suffix is left before its line feed
    field_delimiter: bytes
    template: Template | None

    def lines(self, records: Iterable[dict[str, Any]]) -> list[bytes]:
        """Return each record's text, without the frame's line end."""
        if self.plain:
            return encode_lines(records, cve_2021_44228=self.cve_2021_44228)
        texts = (self._text(record) for record in records)
        return [disarmed(text) for text in texts] if self.cve_2021_44228 else list(texts)

    def write(self, records: Iterable[dict[str, Any]]) -> bytes:
        """Return the bytes of one batch."""
        return self.frame.join(self.lines(records))

    def _text(self, record: Record) -> bytes:
        write = self._csv_value if self.csv else self._json_value
        if self.template is not None:
            body = self.template.render({name: write(value) for name, value in record.items()})
        elif self.csv:
            body = self.field_delimiter.join(map(write, record.values()))
        else:
            body = self.field_delimiter.join(
                encode_value(name) + b":" + write(value) for name, value in record.items()
            )
        return self.record_prefix + body + self.record_end

    def _json_value(self, value: Any) -> bytes:
        if self.stringify_object and isinstance(value, dict):
            return encode_value(encode_value(value).decode())
        return encode_value(value)

    def _csv_value(self, value: Any) -> bytes:
        if isinstance(value, str):
            text = value.encode(errors="replace")
        elif isinstance(value, dict | list):
            text = encode_value(value)
        else:
            return encode_value(value)
        return b'"' + text.replace(b'"', b'""') + b'"'


def shape_of(job: Job) -> Shape:
    """Read the shape of a job's batches; `logpull_options` know plain NDJSON only.

    Raises:
        OptionsInvalid: names the job and the option.
    """
    cve = options_of(job).cve_2021_44228.value  # judges the types of all options too
    given = {name: value for name, value in (job.output_options or {}).items() if value is not None}
    csv = str(given.get("output_type", "")).lower() == "csv"
    default = _CSV if csv else _NDJSON

    def text(name: str) -> str:
        return str(given.get(name, default.get(name, "")))

    template = text("record_template")
    suffix, delimiter = text("record_suffix"), text("record_delimiter")
    field_delimiter = str(given.get("field_delimiter", ","))
    stringify = given.get("stringify_object") is True
    plain = (
        not (csv or template or stringify or text("batch_prefix") or text("batch_suffix"))
        and text("record_prefix") == "{"
        and (suffix, delimiter) in _PLAIN_ENDS
        and field_delimiter == ","
    )
    write: Callable[[str], bytes] = _disarmed if cve else _encoded
    return Shape(
        frame=Frame(
            prefix=write(text("batch_prefix")),
            line_end=b"\n" if suffix.endswith("\n") else b"",
            delimiter=write(delimiter),
            suffix=write(text("batch_suffix")),
        ),
        plain=plain,
        cve_2021_44228=cve,
        csv=csv,
        stringify_object=stringify,
        record_prefix=_encoded(text("record_prefix")),
        record_end=_encoded(suffix.removesuffix("\n")),
        field_delimiter=_encoded(field_delimiter),
        template=_template(job, template) if template else None,
    )


def _template(job: Job, text: str) -> Template:
    try:
        return parse_template(text)
    except OptionsInvalid as error:
        raise OptionsInvalid(f"{label(job)}: output_options: {error}") from None


def _encoded(text: str) -> bytes:
    return text.encode(errors="replace")


def _disarmed(text: str) -> bytes:
    return disarmed(_encoded(text))
