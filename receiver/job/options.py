"""Options: a job's `logpull_options` or `output_options` understood, each value with its origin."""

import difflib
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Generic, TypeVar

import msgspec

from receiver.errors import OptionsInvalid
from receiver.job.expectation import TimestampFormat
from receiver.job.keys import take
from receiver.job.query import Parameter, pointed, query_of, split_query
from receiver.job.shape import Shape, parse_shape
from receiver.job.values import quoted, read_fields, read_sample, read_sample_text, read_timestamps

T = TypeVar("T")

CVE: Final = "CVE-2021-44228"
CVE_MISSPELLED: Final = "CVE-2021-4428"  # as the API's specification of 2024 had it

_LOGPULL = ("fields", "sample", "timestamps", CVE)
_IGNORED = ("start", "end", "count")  # Logpull's own: Logpush supplies the first two itself
_PLAIN = ("field_names", "sample_rate", "timestamp_format", CVE, CVE_MISSPELLED)
_OUTPUT = (*_PLAIN, "merge_subrequests", *Shape.__struct_fields__)
_OUTPUT_NAMES = {"fields": "field_names", "sample": "sample_rate", "timestamps": "timestamp_format"}
_LOGPULL_NAMES = {output: logpull for logpull, output in _OUTPUT_NAMES.items()}


class Origin(StrEnum):
    """Whether the job says so, or Logpush does where the job is silent."""

    EXPLICIT = "explicit"
    DEFAULT = "default"


class Setting(msgspec.Struct, Generic[T], frozen=True):
    """An option's effective value, and where it comes from."""

    value: T
    origin: Origin = Origin.DEFAULT


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a job asks of its records. With no field given, all is Logpush's default."""

    fields: Setting[tuple[str, ...] | None] = Setting(None)  # None: the data set's default fields
    sample: Setting[float] = Setting(1.0)  # share of records kept
    timestamps: Setting[TimestampFormat] = Setting(TimestampFormat.UNIXNANO)
    cve_2021_44228: Setting[bool] = Setting(False)
    merge_subrequests: bool = False
    shape: Shape = Shape()
    notes: tuple[str, ...] = ()  # what is unusual and was read all the same


def parse_logpull_options(text: str | None) -> Options:
    """Read a job's `logpull_options`: a query string, or the whole URL of a Logpull request.

    `start`, `end` and `count` are ignored with a note. None and "" are all defaults.
    Source: Logpush API, "Options".

    Raises:
        OptionsInvalid: names the option, quotes its value and says what to write.
    """
    found: dict[str, Setting[object]] = {}
    notes: list[str] = []
    seen: set[str] = set()
    try:
        query = query_of(text or "")
        for parameter in split_query(query):
            if parameter.name in seen:
                message = f"`{parameter.name}=` is given twice: write it once"
                raise pointed(query, parameter.name_at, message)
            seen.add(parameter.name)
            found |= _read_parameter(query, parameter, notes)
    except OptionsInvalid as error:
        raise OptionsInvalid(f"logpull_options: {error}") from None
    return msgspec.structs.replace(Options(notes=tuple(notes)), **found)


def parse_output_options(output_options: Mapping[str, object]) -> Options:
    """Read a job's `output_options`; a null is a default, an unknown key gets a note.

    Raises:
        OptionsInvalid: names the option and says what to write.
    """
    found: dict[str, Setting[object]] = {}
    notes: list[str] = []
    try:
        found |= _read_output(output_options, notes)
        merge = take(output_options, "merge_subrequests", bool, error=OptionsInvalid)
        shape = parse_shape(output_options)
    except OptionsInvalid as error:
        raise OptionsInvalid(f"output_options: {error}") from None
    notes += [_unknown_key_note(key) for key in output_options if key not in _OUTPUT]
    if shape.unplain:
        names = ", ".join(f"`{name}`" for name in shape.unplain)
        notes.append(f"{names}: the batch is not plain NDJSON, and its records are not checkable")
    options = Options(merge_subrequests=bool(merge), shape=shape, notes=tuple(notes))
    return msgspec.structs.replace(options, **found)


def _read_parameter(
    query: str, parameter: Parameter, notes: list[str]
) -> dict[str, Setting[object]]:
    name, value = parameter.name, parameter.value
    if name in _IGNORED:
        notes.append(f"`{name}` is of Logpull and means nothing to Logpush: ignored")
        return {}
    if name not in _LOGPULL:
        raise pointed(query, parameter.name_at, _unknown_parameter(name))
    if name == "fields":
        fields = read_fields(name, value.split(","), notes)
        return {"fields": _explicit(fields)} if fields else {}
    if not value.strip():
        message = f"`{name}=` has no value: write one, or leave it out for the default"
        raise pointed(query, parameter.value_at, message)
    if name == "sample":
        return {"sample": _explicit(read_sample_text(name, value, notes))}
    if name == "timestamps":
        return {
            "timestamps": _explicit(
                read_timestamps(name, value, notes, any_case=False, documented_late=False)
            )
        }
    if value.strip() not in {"true", "false"}:
        raise OptionsInvalid(f"`{name}` is {quoted(value)}: write true or false")
    return {"cve_2021_44228": _explicit(value.strip() == "true")}


def _read_output(source: Mapping[str, object], notes: list[str]) -> dict[str, Setting[object]]:
    found: dict[str, Setting[object]] = {}
    names = source.get("field_names")
    if names is not None:
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise OptionsInvalid("`field_names` is not a list of strings")
        fields = read_fields("field_names", names, notes)
        if fields:
            found["fields"] = _explicit(fields)
    sample = source.get("sample_rate")
    if sample is not None:
        if isinstance(sample, bool) or not isinstance(sample, int | float):
            raise OptionsInvalid("`sample_rate` is not a number: write a share such as 0.1")
        found["sample"] = _explicit(read_sample("sample_rate", _float(sample), notes))
    text = take(source, "timestamp_format", str, error=OptionsInvalid)
    if text:
        found["timestamps"] = _explicit(
            read_timestamps("timestamp_format", text, notes, any_case=True, documented_late=True)
        )
    for name in (CVE_MISSPELLED, CVE):  # the right spelling wins
        flag = take(source, name, bool, error=OptionsInvalid)
        if flag is not None:
            found["cve_2021_44228"] = _explicit(flag)
            if name == CVE_MISSPELLED:
                notes.append(f"`{name}` is an old misspelling: write `{CVE}`")
    return found


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf")


def _explicit(value: object) -> Setting[object]:
    return Setting(value, Origin.EXPLICIT)


def _unknown_parameter(name: str) -> str:
    if name in _LOGPULL_NAMES:
        return f"`{name}` belongs to output_options: write `{_LOGPULL_NAMES[name]}`"
    near = _near(name, _LOGPULL)
    hint = f"did you mean `{near}`?" if near else f"it has {', '.join(_LOGPULL)}"
    return f"unknown parameter {quoted(name)}: {hint}"


def _unknown_key_note(key: str) -> str:
    if key in _OUTPUT_NAMES:
        return f"`{key}` belongs to logpull_options and does nothing here: `{_OUTPUT_NAMES[key]}`"
    near = _near(key, _OUTPUT)
    return f"unknown key {quoted(key)} is ignored" + (f": did you mean `{near}`?" if near else "")


def _near(name: str, known: tuple[str, ...]) -> str | None:
    lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return lower[near[0]] if near else None
