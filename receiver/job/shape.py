"""The shape of a batch's text: how `output_options` frames records, and whether that is NDJSON.

Only plain NDJSON is verified: one JSON object a line, its keys the names of the fields.
"""

from collections.abc import Mapping

import msgspec

from receiver.errors import OptionsInvalid
from receiver.job.keys import take

NDJSON = "ndjson"
CSV = "csv"

_SUFFIX_AND_DELIMITER = {("}\n", ""), ("}", "\n")}  # both put a line feed between two records


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the text's shape, as given; what was not given has NDJSON's default."""

    output_type: str = NDJSON
    batch_prefix: str = ""
    batch_suffix: str = ""
    record_prefix: str = "{"
    record_suffix: str = "}\n"
    record_delimiter: str = ""
    field_delimiter: str = ","
    record_template: str = ""
    stringify_object: bool = False

    @property
    def unplain(self) -> tuple[str, ...]:
        """The options that make the text something else than plain NDJSON; none if it is that."""
        default = Shape()
        differing = [
            name for name in self.__struct_fields__ if getattr(self, name) != getattr(default, name)
        ]
        if (self.record_suffix, self.record_delimiter) in _SUFFIX_AND_DELIMITER:
            differing = [
                name for name in differing if name not in {"record_suffix", "record_delimiter"}
            ]
        return tuple(differing)


def parse_shape(output_options: Mapping[str, object]) -> Shape:
    """Read the options of the text's shape out of `output_options`; null is the default.

    Raises:
        OptionsInvalid: names the option that has the wrong type, or an unknown output_type.
    """
    output_type = take(output_options, "output_type", str, error=OptionsInvalid) or NDJSON
    if output_type.lower() not in {NDJSON, CSV}:
        raise OptionsInvalid(f"`output_type` is {output_type[:40]!r}: it is ndjson or csv")
    given: dict[str, str | bool] = {"output_type": output_type.lower()}
    for name in Shape.__struct_fields__:
        if name in {"output_type", "stringify_object"}:
            continue
        text = take(output_options, name, str, error=OptionsInvalid)
        if text is not None:
            given[name] = text
    stringify = take(output_options, "stringify_object", bool, error=OptionsInvalid)
    return msgspec.convert(given | {"stringify_object": bool(stringify)}, Shape)
