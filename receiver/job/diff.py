"""What differs between two Jobs in its effect: the same wish written in another way is no change.

Not compared is what changes by itself (id, last_complete, last_error, error_message), and the
ownership_challenge, which no answer of the API has. A default and its value written out are the
same, but for the fields: the default ones may change at any time, a list of them does not.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from receiver.errors import OptionsInvalid
from receiver.job.change import Change
from receiver.job.diff_destination import diff_destinations
from receiver.job.job import Job, options_of
from receiver.job.options import CVE, Options
from receiver.job.shape import CSV

_PLAIN: Final = ("name", "kind", "enabled", "filter_attack_traffic", "transformer_id")
_COUNTS: Final = ("max_upload_bytes", "max_upload_records", "max_upload_interval_seconds")
_FREQUENCY: Final = "high"  # the default

# Of CSV the defaults are others; `output_options` of the API, "Custom log formatting".
_CSV_DEFAULTS: Final = {"record_prefix": "", "record_suffix": "\n"}


def diff(before: Job, after: Job) -> tuple[Change, ...]:
    """Return the Changes, none where both jobs do the same; exchanged jobs exchange the values."""
    return (
        *diff_destinations(before.destination_conf, after.destination_conf),
        *_unlike(_settings(before), _settings(after)),
        *_diff_options(before, after),
    )


def _settings(job: Job) -> dict[str, Any]:
    found: dict[str, Any] = {"dataset": job.dataset.lower()}  # the API minds no upper case
    found |= {name: getattr(job, name) for name in _PLAIN}
    found |= {name: getattr(job, name) or None for name in _COUNTS}  # 0 is the default too
    found["frequency"] = job.frequency or _FREQUENCY
    found["filter"] = _filter(job.filter)
    return found


def _filter(text: str) -> Any:
    """Return a filter's JSON; blanks and the order of keys are no part of it."""
    if not text.strip():
        return None
    try:
        return _effect(msgspec.json.decode(text))
    except (ValueError, RecursionError):
        return text


def _effect(part: Any) -> Any:
    """Return a part of a filter in the one writing of all that let the same records pass.

    The order in an `and`, an `or` and a list of values means nothing, an `and` of one is that
    one, and documents write a number as a string.
    """
    match part:
        case {"where": inner}:
            return part | {"where": _effect(inner)}
        case {"and": [one]} | {"or": [one]} if len(part) == 1:
            return _effect(one)
        case {"and": [*parts]} | {"or": [*parts]} if len(part) == 1:
            return {next(iter(part)): sorted(map(_effect, parts), key=_written)}
        case {"key": _, "value": [*values]}:
            return part | {"value": sorted(map(_text, values))}
        case {"key": _, "value": value}:
            return part | {"value": _text(value)}
    return part


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _written(value).decode()


def _diff_options(before: Job, after: Job) -> Iterator[Change]:
    try:
        one, other = options_of(before), options_of(after)
    except OptionsInvalid:  # then what is written has to do, even if only one cannot be read
        names = ("logpull_options", "output_options")
        yield from _unlike(
            *({name: getattr(job, name) for name in names} for job in (before, after))
        )
        return
    ordered = CSV in {one.shape.output_type, other.shape.output_type}
    yield from _unlike(_effects(before, one, ordered), _effects(after, other, ordered))


def _effects(job: Job, options: Options, ordered: bool) -> dict[str, Any]:
    """Return what the options amount to; the order of fields counts where columns have no names."""
    fields = options.fields.value
    if fields is not None:
        fields = fields if ordered else tuple(sorted(fields))
    return {
        "options.fields": None if fields is None else list(fields),
        "options.sample": options.sample.value,
        "options.timestamps": options.timestamps.value.value,
        f"options.{CVE}": options.cve_2021_44228.value,
        "options.merge_subrequests": options.merge_subrequests or job.subrequest_merging,
        **_shape(job, options),
    }


def _shape(job: Job, options: Options) -> dict[str, Any]:
    found = msgspec.structs.asdict(options.shape)
    if options.shape.output_type == CSV:
        given = {key for key, value in (job.output_options or {}).items() if value is not None}
        found |= {name: text for name, text in _CSV_DEFAULTS.items() if name not in given}
    if options.shape.record_template:
        del found["field_delimiter"]  # it is ignored then
    return {f"options.{name}": value for name, value in found.items()}


def _unlike(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys((*before, *after)):
        if _written(before.get(name)) != _written(after.get(name)):
            yield Change(field=name, before=before.get(name), after=after.get(name))


def _written(value: Any) -> bytes:
    """Return what two values of JSON have in common if they are one: to Python, true is 1."""
    return msgspec.json.encode(value, order="sorted")
